#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# pairs: the answer for every provider and client.

load helper

@test "every ordered pair of likely peers, none with itself" {
	on switch pairs
	exits 0
	is "$(grep -c ' BUS_ADDR ' <<<"$output")" 6
	on switch pairs -J
	json_ok
	is "$(get '.pairs|length')" 6
	is "$(get '[.pairs[]|select(.provider==.client)]|length')" 0
}

@test "with --all every function that is no bridge, itself included" {
	on switch pairs -aJ
	json_ok
	is "$(get '.pairs|length')" 16
	is "$(get '[.pairs[]|select(.provider==.client)]|length')" 4
	is "$(get '[.devices[]|select(.bridge)]|length')" 0
}

@test "a line has map, distance, locality, offer, client and rule" {
	on switch pairs
	grep -qE '^03:00.0 +04:00.0 +BUS_ADDR +4 +PIX +p2pmem +yes +common-clean$' <<<"$output"
	on icelake pairs
	grep -qE '^01:00.0 +02:00.0 +THRU_HOST_BRIDGE +4 +PHB +p2pmem +yes +allowlisted$' <<<"$output"
}

@test "-o and -H" {
	p2ptopo pairs -H
	for column in PROVIDER CLIENT MAP DIST LOC OFFER RULE; do says "$column"; done
	on switch pairs -o PROVIDER,CLIENT,RULE
	is "$(sed -n 2p <<<"$output" | xargs)" "03:00.0 04:00.0 common-clean"
	on without-p2pdma pairs -o +WOULD
	says NOT_SUPPORTED
}

@test "-s and -d choose pairs of which one side at least matches, and the summary counts the same" {
	local filter count
	for line in "-d 144d:|6" "-s 05:|4" "-s 03:00.0|4" "-s 7f:|0" "-d 15b3:101d:0200|4"; do
		IFS='|' read -r filter count <<<"$line"
		# shellcheck disable=SC2086
		on switch pairs -J $filter
		exits 0
		json_ok
		is "$filter $(get '.pairs|length')" "$filter $count"
		# shellcheck disable=SC2086
		on switch pairs --summary -J $filter
		json_ok
		is "$filter $(get '[.summary[].pairs]|add//0')" "$filter $count"
	done
}

@test "localities as nvidia-smi topo means them" {
	on deep pairs -J
	is "$(get '[.pairs[].locality]|unique|join(" ")')" PXB
	on haswell pairs -J
	is "$(get '.pairs[]|select(.provider=="0000:01:00.0")|.client+" "+.locality')" "0000:02:00.0 PHB
0000:81:00.0 SYS"
	on skylake pairs -J
	is "$(get '.pairs[]|select(.provider=="0000:17:00.0")|.client+" "+.locality')" "0000:21:00.0 NODE
0000:65:00.0 SYS
0000:66:00.0 SYS"
	on switch pairs -aJ
	is "$(get '[.pairs[]|select(.provider==.client)|.locality]|unique|tostring')" "[null]"
}

@test "locality is not known where the host bridge or the NUMA node is not" {
	on misplaced pairs -J
	is "$(get '[.pairs[]|select(.provider=="0000:02:00.0")|.locality]|unique|tostring')" "[null]"
	local copy=$BATS_TEST_TMPDIR/copy.snap
	sed 's/^read sys\/devices\/system\/node\/online = .*/read sys\/devices\/system\/node\/online = 0-1/' "$(snap zen)" |
		sed 's/^\(read .*numa_node\) = .*/\1 = -1/' >"$copy"
	p2ptopo pairs -JF "$copy"
	is "$(get '[.pairs[].locality]|unique|tostring')" "[null]"
}

@test "what is not known is null, and supported may be true all the same" {
	on unprivileged-zen pairs -J
	json_ok
	is "$(get '[.pairs[]|[.map,.supported,.rule]|tostring]|unique[]')" '[null,true,"acs-unknown"]'
	on unprivileged-zen pairs
	says_not "NOT_SUPPORTED"
}

@test "a kernel without P2PDMA refuses all, and would_be says what its rules say" {
	on without-p2pdma pairs -J
	json_ok
	is "$(get '[.pairs[]|[.map,.would_be,.rule]|join(" ")]|unique[]')" "NOT_SUPPORTED NOT_SUPPORTED kernel-without-p2pdma"
	on laptop pairs -aJ
	is "$(get '.pairs[]|select(.provider==.client)|.would_be' | sort -u)" BUS_ADDR
}

@test "a domain in every address of JSON, however many digits" {
	on vmd pairs -J
	json_ok
	is "$(get '[.pairs[]|.provider]|unique|join(" ")')" "0000:01:00.0 10000:e1:00.0 10000:e2:00.0"
}

@test "what providers offer and clients take, driver by driver" {
	on offers pairs -aJ
	json_ok
	is "$(get '[.pairs[]|.provider[5:]+" "+(.offer.kind|tostring)]|unique[]' | grep -v 00:00.0)" "03:00.0 p2pmem
03:00.1 p2pmem
03:00.2 none
03:00.3 none
03:00.4 none
04:00.0 itself
04:00.1 dma-buf
04:00.2 none
04:00.3 none
04:00.4 none"
	is "$(get '[.pairs[]|.client[5:]+" "+(.client_can|tostring)]|unique[]' | grep -v 00:00.0)" "03:00.0 yes
03:00.1 yes
03:00.2 yes
03:00.3 no
03:00.4 no
04:00.0 itself
04:00.1 yes
04:00.2 yes
04:00.3 itself
04:00.4 no"
	is "$(get '.pairs[]|select(.client=="0000:03:00.0" and .offer.kind=="p2pmem")|.offer|[.bytes,.available,.published]|tostring')" \
		"[16777216,16711680,true]
[16777216,16777216,false]"
}

@test "vfio exports BARs since 6.19, mlx5 since 7.0, multipath heads take peer pages since 7.2" {
	local kind
	for line in 6.18:none:none:no 6.19:dma-buf:none:no 7.1:dma-buf:dma-buf:no 7.2:dma-buf:dma-buf:yes; do
		IFS=: read -r kernel vfio mlx5 head <<<"$line"
		on offers pairs -aJ --assume "kernel=$kernel.0"
		kind=$(get '[(.pairs[]|select(.provider=="0000:04:00.3" and .client=="0000:03:00.3")|.offer.kind,.client_can),
			(.pairs[]|select(.provider=="0000:04:00.2" and .client=="0000:03:00.3")|.offer.kind)]|join(" ")')
		is "$kernel: $kind" "$kernel: $vfio $head $mlx5"
	done
}

@test "--summary counts without listing" {
	on icelake pairs --summary
	exits 0
	says THRU_HOST_BRIDGE
	says "2 ordered pairs of 2 functions"
	on icelake pairs --summary -J
	json_ok
	is "$(get '.summary[0]|[.pairs,.map,.supported,.rule]|join(" ")')" "2 THRU_HOST_BRIDGE true allowlisted"
	says_not '"provider"'
}

@test "a short remedy, and what it leads to" {
	on switch-acs pairs -J
	is "$(get '.pairs[0].remedy|[.kind,.becomes]|join(" ")')" "acs BUS_ADDR"
	on icelake pairs -J --assume kernel=5.10.13
	is "$(get '.pairs[0].remedy|[.kind,.becomes]|join(" ")')" "kernel THRU_HOST_BRIDGE"
	on unprivileged pairs -J
	is "$(get '.pairs[0].remedy|[.kind,.becomes]|tostring')" '["look",null]'
	on rciep pairs -aJ
	is "$(get '[.pairs[]|select(.rule=="not-allowlisted")|.remedy.kind]|unique|join(" ")')" move
	on switch pairs -J
	is "$(get '[.pairs[].remedy]|unique|tostring')" "[null]"
}

@test "the short remedy of pairs is the remedy of why" {
	for machine in switch-acs icelake unprivileged without-p2pdma misplaced naples linux-7.9 endpoint-acs; do
		on "$machine" pairs -J
		local pair=$output provider client
		provider=$(get '.pairs[0].provider')
		client=$(get '.pairs[0].client')
		on "$machine" why -J "$provider" "$client"
		is "$(get '.pairs[0]|.remedy|if . then {kind,becomes} else . end|tostring')" \
			"$(jq -r '.pairs[0]|.remedy|tostring' <<<"$pair")"
		is "$(get '.pairs[0]|del(.remedy)|tojson')" "$(jq -r '.pairs[0]|del(.remedy)|tojson' <<<"$pair")"
	done
}

@test "text and JSON say the same" {
	for machine in asleep sriov; do
		on "$machine" pairs -aJ
		local wanted
		wanted=$(get '.pairs[]|[.provider[5:],.client[5:],(.map//"unknown"),(.distance//"?"),.rule]|join(" ")')
		on "$machine" pairs -a
		is "$(awk 'NR > 1 { print $1, $2, $3, $4, $NF }' <<<"$output")" "$wanted"
	done
}

@test "no likely peers: one line says how to see more" {
	on sunrise-point pairs -s 00:00.0
	exits 0
	on no-pci pairs
	exits 0
	is "$(wc -l <<<"$output")" 1
}

@test "JSON of all machines" {
	for machine in $("$MACHINES/make" --list); do
		for words in "-aJ" "--summary -aJ"; do
			# shellcheck disable=SC2086
			on "$machine" pairs $words
			exits 0
			json_ok
		done
	done
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
