#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --across: several kernels at once.

load helper

@test "pairs: only what differs, with a column for each kernel" {
	on skylake pairs --across 5.4,5.19,7.2
	exits 0
	silent
	says "PROVIDER CLIENT   5.4           5.19             7.2"
	says "17:00.0  21:00.0  NOT_SUPPORTED THRU_HOST_BRIDGE THRU_HOST_BRIDGE"
	says_not "17:00.0  17:01.0"
	says "2 of 12 pairs differ"
	says "Assumed: kernels 5.4, 5.19, 7.2, each in turn."
	says "Assumed: P2PDMA built in."
}

@test "pairs: kernels that agree say so; --all lists the rest" {
	on switch pairs --across 5.4,7.2
	exits 0
	says "All these kernels answer each of 6 pairs alike"
	says_not PROVIDER
	on switch pairs -a --across 5.4,7.2
	says "03:00.0  03:00.0  BUS_ADDR      BUS_ADDR"
	is "$(grep -c ^0 <<<"$output")" "$(("$(on switch pairs -a; grep -c ^0 <<<"$output")"))"
}

@test "each column is what --assume kernel= says" {
	for machine in skylake haswell naples accelerator arm64 sriov switch-acs-zen unprivileged; do
		on "$machine" pairs -aJ --across 4.20,5.2,5.10,5.17.0,6.1,7.1,7.3
		json_ok
		local across=$output kernel
		for kernel in 4.20 5.2 5.10 5.17.0 6.1 7.1 7.3; do
			on "$machine" pairs -aJ --assume "kernel=$kernel"
			is "$kernel $(get -c '[.pairs[]|[.provider,.client,.map,.supported,.rule]]')" \
				"$kernel $(jq -c --arg k "$kernel" '[.across[]|.provider as $p|.client as $c|.answers[]|select(.kernel==$k)|[$p,$c,.map,.supported,.rule]]' <<<"$across")"
		done
	done
}

@test "differs: false where all are alike, and those are listed with --all only" {
	on skylake pairs -aJ --across 5.4,5.19
	json_ok
	is "$(get '[.across[]|.differs==(([.answers[]|[.map,.supported]]|unique|length)>1)]|all')" true
	is "$(get '[.across[].differs]|unique|length')" 2
	on skylake pairs -J --across 5.4,5.19
	json_ok
	is "$(get -c '[.across[].differs]|unique')" "[true]"
}

@test "an answer that is not known differs from one that is" {
	on accelerator pairs -J --across 7.1,7.2
	json_ok
	is "$(get -c '.across[0].answers|map(.map)')" '[null,"THRU_HOST_BRIDGE"]'
	on accelerator pairs --across 7.1,7.2
	says "unknown THRU_HOST_BRIDGE"
}

@test "--summary counts for each kernel what its own --summary counts" {
	on skylake pairs -a --summary -J --across 5.4,5.19,7.2
	json_ok
	local across=$output kernel
	for kernel in 5.4 5.19 7.2; do
		on skylake pairs -a --summary -J --assume "kernel=$kernel"
		is "$(get -c '[.summary[]|[.pairs,.map,.supported,.rule]]')" \
			"$(jq -c --arg k "$kernel" '[.across_summary[]|select(.kernel==$k)|[.pairs,.map,.supported,.rule]]' <<<"$across")"
	done
	on skylake pairs --summary --across 5.4,5.19
	says "KERNEL           PAIRS MAP                  RULE"
	says "5.19                 2 THRU_HOST_BRIDGE     allowlisted"
	on skylake pairs --summary --across 5.4,5.19 -s 21:00.0
	json=$output
	is "$(awk '$1=="5.4"{n+=$2}END{print n}' <<<"$json")" 6
}

@test "all: mainline releases at which an answer here changes" {
	on icelake pairs -J --across all
	json_ok
	is "$(get -c .kernels)" '["4.20.0","5.18.0"]'
	on naples pairs -J --across all
	json_ok
	is "$(get -c .kernels)" '["4.20.0","5.2.0","5.4.0"]'
	on switch pairs --across all
	says "All these kernels answer each of 6 pairs alike"
	on zen why nvme0 eth0 --across all
	exits 1
	says "5.9.0     THRU_HOST_BRIDGE     4 cpu-zen"
	is "$(grep -c '^[4-7]' <<<"$output")" 4
	says "Each line holds for mainline up to the next one, the last up to 7.3"
	says "Assumed: mainline kernels from 4.20.0 to 7.3, each in turn."
}

@test "why: a line for each kernel; yes if all allow it, no if one refuses" {
	on icelake why nvme0 eth0 --across 5.10.13,6.1.176
	exits 1
	says "6.1.176   THRU_HOST_BRIDGE     4 allowlisted"
	on icelake why nvme0 eth0 --across 6.1.176,7.2.6
	exits 0
	on icelake why nvme0 eth0 --across 5.15,7.2.6
	exits 4
	on icelake why -J nvme0 eth0 --across 5.10.13,6.1.176
	exits 1
	json_ok
	is "$(get -c '.across|map([.provider,.client,.differs])')" '[["0000:01:00.0","0000:02:00.0",true]]'
}

@test "kernels before 4.20 have no P2PDMA" {
	on switch why -J nvme0 nvme1 --across 4.18,4.19.304,4.20
	exits 1
	json_ok
	is "$(get -c '.across[0].answers|map([.map,.rule])')" \
		'[["NOT_SUPPORTED","kernel-before-p2pdma"],["NOT_SUPPORTED","kernel-before-p2pdma"],["BUS_ADDR","common-clean"]]'
	is "$(get '.assumptions|join("|")')" "kernels 4.18, 4.19.304, 4.20, each in turn|P2PDMA built in, from 4.20 on"
	on switch why nvme0 nvme1 --across 4.18,4.19
	says_not "built in"
}

@test "ACS arguments that the machine has are taken as each kernel takes them" {
	sed "s|^read proc/cmdline = .*|read proc/cmdline = pci=disable_acs_redir=02:08.0;02:09.0|; s|^read proc/sys/kernel/osrelease = .*|read proc/sys/kernel/osrelease = 6.8.12|" \
		"$(snap switch-acs)" >"$BATS_TEST_TMPDIR/box.snap"
	p2ptopo why -JF "$BATS_TEST_TMPDIR/box.snap" nvme0 nvme1 --across 6.8.12,6.12.8,6.12.107
	exits 4
	json_ok
	is "$(get -c '.across[0].answers|map(.map)')" '["BUS_ADDR",null,"BUS_ADDR"]'
	p2ptopo why -JF "$(snap switch-acs)" nvme0 nvme1 --across 6.8.12,6.12.8,6.12.107 \
		--assume "cmdline=pci=config_acs=xx000xx@02:08.0;xx000xx@02:09.0"
	is "$(get -c '.across[0].answers|map(.map)')" '["NOT_SUPPORTED","NOT_SUPPORTED","BUS_ADDR"]'
}

@test "other assumptions hold for all" {
	on switch-acs why -J nvme0 nvme1 --across 6.1,7.2 --assume cpu=AuthenticAMD/25
	exits 0
	on switch-acs why -J nvme0 nvme1 --across 6.1,7.2 --assume acs:*=0
	exits 0
	is "$(get -c '[.across[0].answers[].map]')" '["BUS_ADDR","BUS_ADDR"]'
	on switch-acs why -J nvme0 nvme1 --across 6.1,7.2 --assume p2pdma=no
	exits 1
	is "$(get -c '[.across[0].answers[].rule]|unique')" '["kernel-without-p2pdma"]'
	on switch-acs pairs --across 6.1,7.2 --assume acs:77:00.0=RR+
	exits 2
	complains "no such function"
}

@test "short words where the long ones do not fit the terminal, with their meaning" {
	COLUMNS=80 on skylake pairs --across 5.4,5.19,6.1,6.12.107,7.2
	exits 0
	says "17:00.0  21:00.0  no  THRU THRU THRU     THRU"
	says "THRU=THRU_HOST_BRIDGE, yes=one of these, no=NOT_SUPPORTED"
	while IFS= read -r line; do [ ${#line} -le 80 ] || fail "too wide: $line"; done <<<"$output"
}

@test "wrong words: exit 2 and what was expected" {
	for words in "" 6.1 6.1,6.1 6.1, ,6.1 6.1,banana all,6.1 6.1,06.2 "6.1 6.2" "$(seq -s, -f 5.%g 1 70)"; do
		on switch pairs --across "$words"
		exits 2
		complains "--across"
		is "$output" ""
	done
	on switch pairs --across 6.1,7.2 --assume kernel=6.2
	exits 2
	complains "leave --assume kernel= out"
	on switch pairs --across 6.1,7.2 -o map
	exits 2
	complains "leave -o and -H out"
	on switch tree --across 6.1,7.2
	exits 2
}

@test "a dump: nothing of a kernel is assumed beside those" {
	tar -C "$BATS_TEST_TMPDIR" -xf "$MACHINES/corpus.tar.xz" corpus/1051.lspci
	p2ptopo pairs -aJF "$BATS_TEST_TMPDIR/corpus/1051.lspci" --across 5.4,7.2
	exits 0
	json_ok
	is "$(get '.host.kernel')" null
	is "$(get '.assumptions|map(select(test("^kernel")))|join("|")')" "kernels 5.4, 7.2, each in turn"
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
