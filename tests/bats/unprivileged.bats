#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Without privilege: it works, and never contradicts what root sees.

load helper

releases="5.2.0 5.10.100"

nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }

@test "what only root may read: what to do is said once below a listing" {
	for verb in tree pairs; do
		on unprivileged $verb
		is "$(grep -c "take the snapshot as root" <<<"$output")" 1
		on switch-acs $verb
		says_not "as root"
	done
}

@test "nobody sees this machine, and nothing that root sees otherwise" {
	[ "$(id -u)" = 0 ] || skip "not root"
	nobody test -x "$P2PTOPO" || skip "the program is where nobody may not run it"
	nobody test -r "$TOP/policy/allowlist.yaml" || skip "the rows are where nobody may not read them"
	"$P2PTOPO" snapshot >"$BATS_TEST_TMPDIR/root.snap"
	nobody "$P2PTOPO" snapshot >"$BATS_TEST_TMPDIR/nobody.snap"
	for words in "" "--assume kernel=7.2.12" "--assume kernel=7.2.12 --assume cpu=AuthenticAMD/25"; do
		# shellcheck disable=SC2086
		"$BATS_TEST_DIRNAME/kernel-rules" hidden "$BATS_TEST_TMPDIR/root.snap" "$BATS_TEST_TMPDIR/nobody.snap" $words
	done
	nobody "$P2PTOPO" tree >/dev/null
	nobody "$P2PTOPO" tree -aJ >"$BATS_TEST_TMPDIR/tree.json"
	json_ok "$(<"$BATS_TEST_TMPDIR/tree.json")"
}

@test "64 bytes of configuration space: every machine, several releases, no contradiction" {
	local here=$BATS_TEST_TMPDIR whole="" less=""
	for machine in $("$MACHINES/make" --list | grep -v -x -e no-pci); do
		"$BATS_TEST_DIRNAME/cut-config" "$(snap "$machine")" >"$here/$machine.snap"
		whole+=,$(snap "$machine")
		less+=,$here/$machine.snap
	done
	"$BATS_TEST_DIRNAME/kernel-rules" hidden "${whole#,}" "${less#,}"
	for kernel in $releases; do
		"$BATS_TEST_DIRNAME/kernel-rules" hidden "${whole#,}" "${less#,}" --assume kernel="$kernel"
	done
}

@test "64 bytes of configuration space: the corpus, no contradiction" {
	local here=$BATS_TEST_TMPDIR whole="" less=""
	tar -C "$here" -xf "$MACHINES/corpus.tar.xz"
	for dump in "$here"/corpus/*.lspci; do
		"$BATS_TEST_DIRNAME/cut-config" "$dump" >"$dump.cut"
		whole+=,$dump
		less+=,$dump.cut
	done
	for cpu in GenuineIntel/6 AuthenticAMD/25; do
		"$BATS_TEST_DIRNAME/kernel-rules" hidden "${whole#,}" "${less#,}" --assume kernel=7.2.12 --assume cpu=$cpu
	done
}

@test "ACS that cannot be read is unknown, not none" {
	on unprivileged tree -aJ
	exits 0
	json_ok
	is "$(get '[.devices[]|select(.bdf!="0000:00:00.0")|.acs]|unique|tostring')" "[null]"
	is "$(get '.devices[]|select(.bdf=="0000:02:08.0")|.unknown.acs')" EACCES
	on unprivileged tree -a
	says "?"
}

@test "the answer is unknown only where ACS matters" {
	on unprivileged pairs -aJ
	is "$(get '[.pairs[]|select(.provider!=.client)|.rule]|unique|join(" ")')" "acs-unknown not-allowlisted"
	on unprivileged-zen pairs -J
	is "$(get '[.pairs[].supported]|unique|tostring')" "[true]"
	"$BATS_TEST_DIRNAME/cut-config" "$(snap icelake)" >"$BATS_TEST_TMPDIR/cut.snap"
	p2ptopo pairs -JF "$BATS_TEST_TMPDIR/cut.snap"
	is "$(get '[.pairs[].map]|unique|join(" ")')" THRU_HOST_BRIDGE
}

@test "links are known without privilege, from attributes that all may read" {
	on unprivileged tree -J
	is "$(get '[.devices[]|select(.class=="010802")|.link.speed]|unique|join(" ")')" 16
}

@test "why says what to do" {
	on unprivileged why nvme0 nvme1
	exits 4
	says "run as root"
}

@test "with any one record hidden or refused, nothing known becomes something else" {
	local here=$BATS_TEST_TMPDIR machine whole less copy
	for machine in sriov vmd skylake; do
		rm -rf "$here/less"
		mkdir "$here/less"
		"$BATS_TEST_DIRNAME/without-one" "$(snap "$machine")" "$here/less"
		whole="" less=""
		for copy in "$here"/less/*; do
			whole+=,$(snap "$machine")
			less+=,$copy
		done
		"$BATS_TEST_DIRNAME/kernel-rules" hidden "${whole#,}" "${less#,}" --assume kernel=5.18.0
	done
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
