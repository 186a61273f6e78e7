#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's rules: every row reached, and the answers of every rule set.

load helper

# MACHINE ASSUMPTION: together these reach every rule.
combinations() {
	cat <<-'END'
		switch                 kernel=7.2.12          common-clean
		switch-acs             kernel=5.3.0           redirect-refused acs-redirect
		rciep                  kernel=5.1.0           no-common-bridge
		naples                 kernel=5.2.0           zen-root-complex
		zen                    kernel=5.2.0           not-zen-root-complex
		naples-iommu           kernel=5.3.0           iommu-present
		naples-iommu-unknown   kernel=5.2.0           iommu-unknown
		zen                    kernel=5.9.0           cpu-zen
		icelake                kernel=5.18.0          allowlisted
		haswell                kernel=5.4.0           same-host-bridge-only
		icelake                kernel=5.17.0          not-allowlisted
		not-reordered          kernel=7.2.12          no-root-device
		without-p2pdma         p2pdma=no              kernel-without-p2pdma
		linux-4.19             p2pdma=yes             kernel-before-p2pdma
		unprivileged           kernel=7.2.12          acs-unknown
		misplaced              kernel=7.2.12          place-unknown
		processor-unknown      kernel=7.2.12          processor-unknown
		order-unknown          kernel=7.2.12          root-device-unknown
		accelerator            kernel=7.0.5           row-unknown
		rciep                  p2pdma=yes             not-allowlisted
		kernel-unknown         p2pdma=yes             kernel-unknown
		linux-7.9              p2pdma=yes             kernel-newer
		el9                    p2pdma=yes             rules-disagree
		linux-5.10.100         p2pdma=yes             rules-disagree
	END
}

@test "every rule of core/model/rule.c is reached by some machine" {
	local machine assumption rules reached=p2pdma-unknown$'\n' rule
	on p2pdma-unknown pairs -aJ # without an assumption: there is none for not knowing
	grep -q p2pdma-unknown < <(get '.pairs[].reasons[].rule,.pairs[].rule')
	while read -r machine assumption rules; do
		on "$machine" pairs -aJ --assume "$assumption"
		local told
		told=$(get '[.pairs[]|.rule,.reasons[].rule]|unique[]')
		for rule in $rules; do
			grep -qx "$rule" <<<"$told" || fail "$machine with $assumption does not reach $rule, but: $told"
		done
		reached+=$told$'\n'
	done < <(combinations)
	local all
	all=$(grep -o 'P2P_RULE_[A-Z0-9_]*, "[a-z0-9-]*"' "$TOP/core/model/rule.c" | cut -d'"' -f2 | grep -vx none | sort -u)
	[ "$(wc -l <<<"$all")" -ge 24 ]
	is "$(comm -23 <(echo "$all") <(sort -u <<<"$reached"))" ""
}

@test "the schema's list of rules is that of core/model/rule.c" {
	is "$(jq -r '."$defs".rule.enum|sort[]' "$TOP/schema/p2ptopo-1.json")" \
		"$(grep -o 'P2P_RULE_[A-Z0-9_]*, "[a-z0-9-]*"' "$TOP/core/model/rule.c" | cut -d'"' -f2 | grep -vx none | sort -u)"
}

@test "answers worked out by hand, for every release from 4.20 to 7.3" {
	run "$BATS_TEST_DIRNAME/verdicts"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == *"0 wrong" ]]
	[ "${lines[-1]%% *}" -ge 1900 ]
	echo "# ${lines[-1]}" >&3
}

@test "the corpus: what a real kernel decided, 28 hierarchies and two processors" {
	tar -C "$BATS_TEST_TMPDIR" -xf "$MACHINES/corpus.tar.xz"
	run "$BATS_TEST_DIRNAME/kernel-rules" corpus "$BATS_TEST_TMPDIR/corpus"
	echo "$output"
	[ "$status" -eq 0 ]
	is "${lines[-1]}" "9580 pairs compared, 0 differ"
	echo "# ${lines[-1]}" >&3
}

@test "a second judge, the summary and the islands agree, for the machines here and every rule set" {
	local machines="" machine
	for machine in $("$MACHINES/make" --list | grep -v -x -e unprivileged -e unprivileged-zen -e '.*-unknown' -e misplaced \
		-e asleep -e dead -e no-pci -e running-table -e nvmeof-target-user); do
		machines+=,$(snap "$machine")
	done
	run "$BATS_TEST_DIRNAME/kernel-rules" compare 4.20.0,5.2.0,5.4.0,5.7.0,5.9.0,5.14.0,5.18.0,5.19.0,7.1.0,7.3.0 "${machines#,}"
	echo "$output"
	[ "$status" -eq 0 ]
	echo "# ${lines[-1]}" >&3
}

@test "a second judge, the summary and the islands agree on the corpus's hierarchies for other releases" {
	tar -C "$BATS_TEST_TMPDIR" -xf "$MACHINES/corpus.tar.xz"
	local dumps
	dumps=$(printf ',%s' "$BATS_TEST_TMPDIR"/corpus/*.lspci)
	for line in "GenuineIntel/6 5.1.0,5.3.0,5.8.0,5.13.0,5.18.0" "AuthenticAMD/25 5.8.0,5.9.0"; do
		run "$BATS_TEST_DIRNAME/kernel-rules" compare "${line#* }" "${dumps#,}" --assume "cpu=${line% *}"
		echo "$output"
		[ "$status" -eq 0 ]
		echo "# ${lines[-1]}" >&3
	done
}

@test "islands and summary agree with the pairs where much is unknown" {
	local machines="" machine
	for machine in unprivileged unprivileged-zen nvmeof-target-user misplaced asleep dead order-unknown processor-unknown naples-iommu-unknown \
		p2pdma-unknown el9 linux-5.10.100 linux-7.9 linux-4.19 without-p2pdma kernel-unknown; do
		machines+=" $machine"
	done
	for machine in $machines; do
		"$BATS_TEST_DIRNAME/kernel-rules" islands "$(snap "$machine")"
	done
}

@test "the machines are what their descriptions make" {
	"$MACHINES/make" --into "$BATS_TEST_TMPDIR"
	for machine in $("$MACHINES/make" --list); do
		cmp "$BATS_TEST_TMPDIR/$machine.snap" "$(snap "$machine")"
	done
	is "$(cd "$MACHINES" && ls -- *.snap)" "$(cd "$BATS_TEST_TMPDIR" && ls -- *.snap)"
}
