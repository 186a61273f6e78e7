#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole outputs, byte for byte.  P2P_UPDATE_GOLDEN=1 writes tests/golden/ anew; look at the difference before you keep it.

load helper

GOLDEN=$TOP/tests/golden

golden() { # NAME COLUMNS MACHINE WORDS...
	local file=$GOLDEN/$1.txt width=$2 machine=$3 status=0
	shift 3
	{
		echo "$ COLUMNS=$width p2ptopo -F $machine.snap ${*//"$MACHINES"\//}"
		COLUMNS=$width "$P2PTOPO" -F "$(snap "$machine")" "$@" 2>&1 || status=$?
		echo "[$status]"
	} >"$BATS_TEST_TMPDIR/now"
	if [ -n "${P2P_UPDATE_GOLDEN-}" ]; then
		mkdir -p "$GOLDEN"
		cp "$BATS_TEST_TMPDIR/now" "$file"
	fi
	diff -u "$file" "$BATS_TEST_TMPDIR/now"
}

@test "tree at 80 and 120 columns, in ASCII" {
	for machine in switch-acs skylake sriov vmd; do
		golden "tree-$machine-80" 80 "$machine" tree -a
		golden "tree-$machine-120" 120 "$machine" tree -a
		golden "tree-$machine-ascii" 80 "$machine" tree -ai
	done
	golden tree-unprivileged-80 80 unprivileged tree
	golden tree-laptop-80 80 laptop tree
	golden tree-asleep-80 80 asleep tree
	golden tree-misplaced-80 80 misplaced tree
	golden tree-no-pci-80 80 no-pci tree
	golden tree-hostile-80 80 hostile tree
	golden tree-dgx-120 120 dgx tree
	golden tree-direct-nic-80 80 direct-nic tree -a
	golden tree-arm-server-ascii 80 arm-server tree -ai
}

@test "list at 60, 80 and 120 columns, in ASCII, with everything, for a shell" {
	golden list-switch-acs-60 60 switch-acs list
	golden list-switch-acs-80 80 switch-acs list
	golden list-switch-acs-120 120 switch-acs list -a
	golden list-switch-ports-80 80 switch-acs list -s 02: -o DEVICE,ACS-CTL,PATH,LINK-STATE
	golden list-unprivileged-80 80 unprivileged list -a -o DEVICE,ACS,ACS-CTL,ATS,HOST,PATH
	golden list-offers-80 80 offers list -x BAR
	golden list-vmd-ascii 80 vmd list -ai
	golden list-sriov-all 80 sriov list -O 01:00.0 01:00.2
	golden list-sriov-pairs 80 sriov list -OP 01:00.0 01:00.2
	golden list-hostile-pairs 80 hostile list -P -o DEVICE,DRIVER,NET,NET-STATE,DEVICE-NAME
	golden list-asleep-80 80 asleep list -a -o DEVICE,LINK,POWER,ASLEEP,NAME
}

@test "pairs and their summary" {
	golden pairs-switch-acs-80 80 switch-acs pairs
	golden pairs-skylake-80 80 skylake pairs
	golden pairs-vmd-120 120 vmd pairs
	golden pairs-offers-80 80 offers pairs -a -s 03:
	golden pairs-vmd-el9-80 80 vmd-el9 pairs
	golden summary-sriov-80 80 sriov pairs --summary -a
	golden summary-el9-80 80 el9 pairs --summary -a
}

@test "matrix: names, numbers, blocks; providers" {
	golden matrix-skylake-80 80 skylake matrix
	golden matrix-skylake-120 120 skylake matrix -a
	golden matrix-sriov-80 80 sriov matrix -a
	golden matrix-sriov-ascii 60 sriov matrix -ai
	golden matrix-offers-80 80 offers matrix
	golden matrix-offers-40 40 offers matrix --no-fold
	golden matrix-el9-80 80 el9 matrix
	golden matrix-unprivileged-80 80 unprivileged matrix
	golden matrix-p2pdma-unknown-80 80 p2pdma-unknown matrix -a
	golden providers-offers-80 80 offers providers eth0 nvme0
	golden providers-switch-acs-80 80 switch-acs providers eth0
}

@test "why: each kind of answer, each kind of remedy" {
	golden why-clean-80 80 switch why nvme0 nvme1
	golden why-redirect-80 80 switch-acs why nvme0 nvme1
	golden why-redirect-120 120 switch-acs why nvme0 nvme1
	golden why-redirect-ascii 80 switch-acs why -i nvme0 nvme1
	golden why-redirect-6.8-80 80 switch-acs why nvme0 nvme1 --assume kernel=6.8.12
	golden why-redirect-6.12.8-80 80 switch-acs why nvme0 nvme1 --assume kernel=6.12.8
	golden why-redirect-6.14-80 80 switch-acs why nvme0 nvme1 --assume kernel=6.14
	golden why-zen-80 80 switch-acs-zen why nvme0 nvme1
	golden why-unprivileged-80 80 unprivileged why nvme0 nvme1
	golden why-unprivileged-zen-80 80 unprivileged-zen why nvme0 nvme1
	golden why-allowlisted-80 80 icelake why nvme0 eth0
	golden why-older-80 80 icelake why nvme0 eth0 --assume kernel=5.10.13
	golden why-same-host-80 80 haswell why nvme0 nvme1
	golden why-no-root-device-80 80 not-reordered why nvme0 nvme1
	golden why-without-p2pdma-80 80 without-p2pdma why nvme0 nvme1
	golden why-newer-80 80 linux-7.9 why nvme0 nvme1
	golden why-vendor-80 80 el9 why nvme0 eth0
	golden why-vf-80 80 sriov why 01:00.1 01:00.2
	golden why-self-80 80 endpoint-acs why card0 card0
	golden why-vm-80 80 vm why card0 nvme0
}

@test "diff: two machines, at 80 and 120 columns, in ASCII, all of it" {
	golden diff-switch-80 80 switch-acs diff "$(snap switch)"
	golden diff-switch-120 120 switch-acs diff "$(snap switch)"
	golden diff-switch-ascii 80 switch-acs diff -i "$(snap switch)"
	golden diff-switch-all-80 80 switch-acs diff -a "$(snap switch)"
	golden diff-moved-80 80 icelake diff "$(snap switch-acs)"
	golden diff-host-80 80 switch-acs-zen diff "$(snap switch-acs)"
	golden diff-same-80 80 vmd diff "$(snap vmd)"
	golden diff-unprivileged-80 80 unprivileged diff "$(snap switch-acs)"
}

@test "allowlist" {
	golden allowlist-icelake-80 80 icelake allowlist
	golden allowlist-skylake-120 120 skylake allowlist
	golden allowlist-zen-80 80 zen allowlist
	golden allowlist-haswell-ascii 80 haswell allowlist -i
}

@test "help" {
	golden help-80 80 switch --help
	golden help-why-80 80 switch why --help
	golden help-list-80 80 switch list --help
	golden help-matrix-80 80 switch matrix --help
	golden help-providers-80 80 switch providers --help
	golden help-diff-80 80 switch diff --help
}

@test "no golden file is left that no test compares" {
	local name
	for name in "$GOLDEN"/*.txt; do
		grep -q -e "golden $(basename "$name" .txt) " -e "golden \"$(basename "$name" .txt | sed -E 's/-(switch-acs|skylake|sriov|vmd)-/-$machine-/')\"" \
			"$BATS_TEST_FILENAME" || fail "nothing compares $name"
	done
}
