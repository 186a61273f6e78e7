#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# snapshot: what was read, as text, for another machine.

load helper

@test "a snapshot begins with its version and ends with its number of records" {
	p2ptopo snapshot
	exits 0
	silent
	is "$(head -1 <<<"$output")" "p2p-snapshot 1"
	is "$(tail -1 <<<"$output")" "end $(grep -c -e '^read' -e '^text' -e '^hex' -e '^link' -e '^list' -e '^fail' <<<"$output")"
}

@test "a snapshot of a snapshot is that snapshot" {
	for machine in $("$MACHINES/make" --list); do
		on "$machine" snapshot
		exits 0
		printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/once.snap"
		"$P2PTOPO" snapshot -F "$BATS_TEST_TMPDIR/once.snap" 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/once.snap"
	done
}

@test "a snapshot of a machine shows what the machine shows" {
	for machine in switch-acs sriov vmd asleep misplaced hostile; do
		on "$machine" snapshot
		printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/copy.snap"
		for words in "tree -a" "tree -aJ" "pairs -aJ" allowlist; do
			# shellcheck disable=SC2086
			on "$machine" $words
			local wanted=$status$output$errors
			# shellcheck disable=SC2086
			p2ptopo $words -F "$BATS_TEST_TMPDIR/copy.snap"
			is "$status$output$errors" "$wanted"
		done
	done
}

@test "every record of the machines here is asked for by a snapshot: no machine has dead text" {
	local allowed='/current_link_\|/max_link_\|sys/class/net/.*/operstate\|/numa_node\|/p2pmem/size\|/physfn\|/resource\|/driver'
	on switch-acs snapshot
	is "$(comm -13 <(grep -v '^	' <<<"$output" | cut -d' ' -f1,2 | sort) \
		<(grep -v '^	' "$(snap switch-acs)" | cut -d' ' -f1,2 | sort) | grep -v -e "$allowed" -e '^end')" ""
}

@test "keys are sorted, addresses as numbers" {
	on switch snapshot
	grep '^link sys/bus/pci/devices/[^/]* ' <<<"$output" | cut -d' ' -f2 | sort -c
	local last
	last=$(grep -n '^read proc/cmdline' <<<"$output" | cut -d: -f1)
	[ "$last" -gt "$(grep -n '^read kernel/p2pdma' <<<"$output" | cut -d: -f1)" ]
}

@test "standard input is a file like any other" {
	output=$("$P2PTOPO" tree -F - <"$(snap switch)")
	local piped=$output
	on switch tree
	is "$piped" "$output"
}

@test "--anonymize keeps every verdict and no name of a site" {
	local copy=$BATS_TEST_TMPDIR/anonymous.snap
	for machine in switch-acs sriov vmd haswell without-p2pdma; do
		"$P2PTOPO" snapshot --anonymize -F "$(snap "$machine")" >"$copy"
		is "$(grep -c -e root=/dev -e build@example.org "$copy")" 0
		on "$machine" pairs -aJ
		local wanted
		wanted=$(get '.pairs[]|[.provider,.client,.map,.distance,.rule,.offer.kind,.client_can]|tostring')
		p2ptopo pairs -aJF "$copy"
		exits 0
		is "$(get '.pairs[]|[.provider,.client,.map,.distance,.rule,.offer.kind,.client_can]|tostring')" "$wanted"
		json_ok
	done
	is "$(grep -c eth0 "$copy")" 0
}

@test "--anonymize twice gives other names: its key is of the run" {
	"$P2PTOPO" snapshot --anonymize -F "$(snap switch)" | grep ^text.net >"$BATS_TEST_TMPDIR/1"
	"$P2PTOPO" snapshot --anonymize -F "$(snap switch)" | grep ^text.net >"$BATS_TEST_TMPDIR/2"
	! cmp -s "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/2"
}

@test "a kernel's list of symbols is never in it" {
	p2ptopo snapshot
	is "$(grep -c kallsyms <<<"$output")" 0
	is "$(grep -c kcore <<<"$output")" 0
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
