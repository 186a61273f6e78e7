#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tree: the hierarchy on one screen.

load helper

@test "tree is what p2ptopo does when it is told nothing" {
	p2ptopo -F "$(snap switch)"
	exits 0
	local bare=$output
	on switch tree
	is "$bare" "$output"
}

@test "likely peers and what is above them are shown, the rest is left out" {
	on switch tree
	exits 0
	says "03:00.0"
	says "02:08.0"
	says "00:01.0"
	says_not "00:00.0"
}

@test "--all shows every function" {
	on switch tree --all
	says "00:00.0"
	is "$(grep -c '[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]\.[0-7]' <<<"$output")" 9
}

@test "a machine without likely peers is drawn all the same" {
	on rciep tree -d :0b25
	exits 0
	says "00:01.0"
	says_not "01:00.0"
}

@test "links: degraded is marked, limited by the partner is not called degraded" {
	on switch tree
	says "8x4!"
	says "8x8~"
	says_not "8x8!"
	is "$(grep 05:00.0 <<<"$output" | grep -c '!')" 0
}

@test "an empty slot has no speed" {
	on twins tree -a -o DEVICE,LINK
	is "$(grep 00:03.0 <<<"$output" | grep -c x)" 0
}

@test "ACS: redirecting bits by their letters, a dash for none of them, nothing for no ACS" {
	on switch-acs tree -a -o DEVICE,ACS
	grep -q '02:08.0.*RR CR' <<<"$output"
	on root-port-acs tree -a -o DEVICE,ACS
	grep -q '00:01.0.*RR$' <<<"$output"
	grep -q '03:00.0.*-' <<<"$output"
	on endpoint-acs tree -a -o DEVICE,ACS
	grep -q '01:00.1.*EC' <<<"$output"
	on switch tree -a -o DEVICE,ACS
	is "$(grep 02:08.0 <<<"$output" | grep -c -e RR -e ' -')" 0
}

@test "ACS that may not be read is a question mark, not none" {
	on unprivileged tree -a -o DEVICE,ACS
	grep -q '02:08.0.*?' <<<"$output"
	is "$(grep -c 'RR' <<<"$output")" 0
}

@test "peer memory is shown with its size" {
	on switch tree
	grep -q '03:00.0.*16M' <<<"$output"
}

@test "an island is a number, nobody else a dash, not known a question mark" {
	on switch tree -J
	is "$(get '[.devices[]|select(.island)|.island]|unique|join(" ")')" 1
	on switch-acs tree -J
	is "$(get '[.devices[]|select(.island)|.island]|unique|join(" ")')" -1
	on haswell tree -aJ
	is "$(get '[.devices[]|select(.bdf|test("^0000:(01|02|81)"))|.island]|join(" ")')" "1 1 2"
	on unprivileged tree -J
	is "$(get '[.devices[]|select(.class=="010802")|.island]|unique|tostring')" "[null]"
	says_not '"island": 1'
}

@test "a nested host bridge is drawn below its function" {
	on vmd tree
	local before
	before=$(grep -n '0000:00:0e.0' <<<"$output" | cut -d: -f1)
	is "$(grep -n 'pci10000:e0' <<<"$output" | cut -d: -f1)" $((before + 1))
}

@test "VFs are folded, and shown with --all below their PF" {
	on sriov tree
	says_not "02:00.1"
	on sriov tree -a
	says "02:00.1"
	on sriov tree -aJ
	is "$(get '.devices[]|select(.bdf=="0000:02:00.1")|[.up,.under,.physfn]|join(" ")')" \
		"0000:00:02.0 0000:02:00.0 0000:02:00.0"
}

@test "what is bound to vfio is a likely peer, even a VF" {
	on sriov tree
	says "01:00.2"
}

@test "-s and -d choose as lspci does" {
	on switch tree -s 03:00.0
	says "03:00.0"
	says_not "04:00.0"
	on switch tree -d 15b3:
	says "05:00.0"
	says_not "03:00.0"
	on switch tree -d ::0108
	says "04:00.0"
	says_not "05:00.0"
	on switch tree -J -s 02:
	is "$(get '.devices|length')" 3
	on switch tree -s 7f:
	exits 0
}

@test "the domain is left out where 0000 is the only one, and there with -D" {
	on switch tree
	says_not "0000:03:00.0"
	on switch tree -D
	says "0000:03:00.0"
	on vmd tree
	says "0000:01:00.0"
}

@test "-n prints ids instead of names" {
	on switch tree -n
	says "144d:a824"
	says_not "Samsung"
	says_not "PM173X"
}

@test "-i prints nothing but ASCII, and so does a locale without UTF-8" {
	on vmd tree -i
	is "$(LC_ALL=C grep -c -P '[^\x00-\x7f]' <<<"$output")" 0
	local ascii=$output
	LC_ALL=C on vmd tree
	is "$output" "$ascii"
}

@test "--color=always colours, never does not, NO_COLOR is honoured" {
	on switch-acs tree --color=always
	says $'\e['
	on switch-acs tree --color never
	says_not $'\e'
	on switch-acs tree
	says_not $'\e'
	NO_COLOR=1 on switch-acs tree --color=auto
	says_not $'\e'
}

@test "colours change nothing but colours" {
	on switch-acs tree
	local plain=$output
	on switch-acs tree --color=always
	is "$(sed 's/\x1b\[[0-9;]*m//g' <<<"$output")" "$plain"
}

@test "-o chooses columns, -o + adds to the usual ones, -H lists them" {
	on switch tree -o DEVICE,ID,DRIVER
	is "$(head -1 <<<"$output" | xargs)" "DEVICE ID DRIVER"
	says "144d:a824"
	says "mlx5_core"
	on switch tree -o +POWER
	head -1 <<<"$output" | grep -q 'NAME.*POWER'
	p2ptopo tree -H
	exits 0
	for column in DEVICE LINK ACS ATS GRP P2PMEM ISLE NAME; do says "$column"; done
	on switch tree -o NOTHING
	exits 2
	complains NOTHING
}

@test "no column of the tree hides behind its help: every one that -H lists can be printed" {
	p2ptopo tree -H
	local columns
	columns=$(awk '{ print $1 }' <<<"$output" | paste -sd,)
	on switch-acs tree -a -o "$columns"
	exits 0
	is "$(head -1 <<<"$output" | wc -w)" "$(tr , ' ' <<<"$columns" | wc -w)"
}

@test "a line is at most as wide as the terminal says" {
	for columns in 80 100 132; do
		COLUMNS=$columns on switch-acs tree -a
		[ "$(wc -L <<<"$output")" -le "$columns" ] || fail "wider than $columns: $output"
	done
}

@test "the host in a sentence: kernel, P2PDMA, processor, IOMMU" {
	on switch-acs-zen tree
	says "Linux 7.2.12, P2PDMA built in; AuthenticAMD family 25; IOMMU amd (DMA-FQ)."
	on arm64 tree
	says "not x86"
	on naples-iommu tree
	says "(identity)"
}

@test "groups of different types: the mode is mixed, not that of the first" {
	sed 's|^\(read sys/kernel/iommu_groups/3/type = \).*|\1identity|' "$MACHINES/switch-acs.snap" >"$BATS_TEST_TMPDIR/box"
	p2ptopo -F "$BATS_TEST_TMPDIR/box" tree
	exits 0
	says "IOMMU intel (mixed)"
}

@test "a kernel without an IOMMU layer has no mode, and none is made up" {
	local copy=$BATS_TEST_TMPDIR/copy.snap
	sed 's/^list sys\/kernel\/iommu_groups :.*/fail sys\/kernel\/iommu_groups ENOENT list/' "$(snap switch)" >"$copy"
	p2ptopo -F "$copy"
	exits 0
	says "IOMMU none"
	says_not null
	p2ptopo -JF "$copy"
	is "$(get '.host.iommu|[.kind,.groups]|join(" ")')" "none 0"
}

@test "a laptop: the hierarchy, then that nothing here offers peer memory and the kernel has no P2PDMA" {
	on laptop tree
	exits 0
	says "00:03.0"
	says "Nothing here offers peer memory"
	says "built without P2PDMA"
	says "the host's routing cannot be seen from here"
}

@test "no /sys/bus/pci: one line, exit 0" {
	on no-pci tree
	exits 0
	silent
	is "$(wc -l <<<"$output")" 1
}

@test "a sleeper is not woken, and says that it sleeps" {
	on asleep tree -a
	exits 0
	grep '03:00.0' <<<"$output" | grep -q asleep
	grep '05:00.0' <<<"$output" | grep -q asleep # below a port that sleeps
	on asleep tree -aJ
	is "$(get '.devices[]|select(.bdf=="0000:03:00.0")|.unknown.acs')" asleep
}

@test "--wake reads a sleeper all the same" {
	on asleep tree -aJ --wake
	exits 0
	is "$(get '.devices[]|select(.bdf=="0000:02:02.0")|.acs.control')" 0
	json_ok
}

@test "a device that reads all ones is said to be gone, and the rest is shown" {
	on dead tree -a
	exits 0
	complains "0000:01:00.0"
	says "01:00.1"
}

@test "a subtree that makes no sense is named and does not take the rest with it" {
	on misplaced tree -a
	exits 0
	complains "0000:02:00.0"
	grep -q '01:00.1.*1 ' <<<"$output"
	says "02:00.1"
}

@test "JSON has every function, every host bridge, and null only with a reason" {
	on sriov tree -J
	exits 0
	json_ok
	is "$(get '.devices|length')" 10
	is "$(get '.hostbridges[0].members|length')" 5
	is "$(get '.host.dmi.vendor')" Example
	is "$(get '.devices[]|select(.bdf=="0000:01:00.0")|[.vfs,.vfs_max]|join("/")')" 2/8
}

@test "JSON of all machines" {
	for machine in $("$MACHINES/make" --list); do
		on "$machine" tree -aJ
		exits 0
		json_ok
	done
}

@test "JSON: facts of a GPU with a resizable BAR, of a NIC with ATS, of CXL" {
	on endpoint-acs tree -aJ
	is "$(get '.devices[]|select(.bdf=="0000:01:00.0")|.bars[0]|[.kind,.size,.resizable_mib]|join(" ")')" "memory 16384 16128"
	on switch-acs tree -aJ
	is "$(get '.devices[]|select(.bdf=="0000:05:00.0")|[.ats.enabled,.pri.enabled,.pasid.enabled]|join(" ")')" \
		"true false false"
	is "$(get '.devices[]|select(.bdf=="0000:05:00.0")|.children|map(.kind+":"+.name)|join(" ")')" \
		"net:eth0 infiniband:mlx5_0"
	is "$(get '.devices[]|select(.bdf=="0000:03:00.0")|[.iommu_group,.iommu_type,.mps,.mrrs]|join(" ")')" "4 DMA-FQ 256 512"
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
