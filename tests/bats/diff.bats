#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# diff: what is different between two machines, and which answers that changed.

load helper

MUTATE=$TOP/tests/bats/mutate
D=sys/bus/pci/devices/0000

# A copy of MACHINE in $copy with OPERATION...
mutate() {
	copy=$BATS_TEST_TMPDIR/copy.snap
	"$MUTATE" "$(snap "$1")" "${@:2}" >"$copy"
}

# What is different and known on both sides, as "WHAT FACT: BEFORE > AFTER; ...", without what follows from it for drivers.
changes() { # [back]
	get --arg back "${1-}" '[.diff.changes[]|select(.known and .kind!="offer" and .kind!="client")|
		(if $back=="" then [.before,.after] else [.after,.before] end) as [$from,$to]|
		"\(.device.after // .device.before // .hostbridge.after // .of) \(.fact // .kind): \($from) > \($to)"]|join("; ")'
}

# Which answers changed: "PAIRS BEFORE > AFTER CAUSE, CAUSE; ..."
answers() {
	get '.diff.changes as $changes|[.diff.answers[]|select(.known)|
		"\(.pairs) \(.before.map) > \(.after.map) \([.causes[] as $c|$changes[]|select(.number==$c)|
			(.device.after // .device.before // .hostbridge.after // .of)+" "+(.fact // .kind)]|join(", "))"]|join("; ")'
}

# `one MACHINE EXPECTED OPERATION...`: the mutation is named, and nothing else is, both ways round.
one() {
	local machine=$1 expected=$2
	mutate "$machine" "${@:3}"
	p2ptopo diff -aJ "$(snap "$machine")" "$copy"
	exits 1
	json_ok
	is "$(changes)" "$expected"
	echo "$expected" >>"$BATS_FILE_TMPDIR/seen"
	p2ptopo diff -aJ "$copy" "$(snap "$machine")"
	exits 1
	is "$(changes back)" "$expected"
}

# Nothing is different, and all is known.
none() {
	mutate "$@"
	p2ptopo diff -aJ "$(snap "$1")" "$copy"
	exits 0
	json_ok
	is "$(get '.diff.result + " \(.diff.changes|length) \(.diff.answers|length)"')" "same 0 0"
	p2ptopo diff "$(snap "$1")" "$copy"
	exits 0
	is "$output" "No difference."
}

@test "a machine is what it is: every machine of the tests" {
	for file in "$MACHINES"/*.snap; do
		p2ptopo diff -a "$file" "$file"
		[ "$status" -eq 0 ] || fail "$file: $status: $output"
		is "$(head -n 1 <<<"$output")" "No difference."
	done
}

@test "one mutation of the host is named, and nothing else" {
	one switch-acs "host kernel: 7.2.12 > 6.12.107" set proc/sys/kernel/osrelease 6.12.107
	one switch-acs "host version: Linux version 7.2.12 (build@example.org) #1 SMP > other" set proc/version other
	one switch-acs "host signature: false > Ubuntu 7.2.0" set proc/version_signature "Ubuntu 7.2.0"
	one switch-acs "host p2pdma: yes > no" set kernel/p2pdma "n symbol"
	one running-table "host running_allowlist: 8086:0d57 8086:2f00/same-host-bridge > 8086:0d57 8086:2f00" \
		sub kernel/allowlist "2f00 1" "2f00 0"
	one switch-acs "host cpu_vendor: GenuineIntel > CentaurHauls" sub proc/cpuinfo GenuineIntel CentaurHauls
	one switch-acs "host cpu_family: 6 > 7" sub proc/cpuinfo "family	: 6" "family	: 7"
	one switch-acs "host cpu_model: Some processor > Other" sub proc/cpuinfo "Some processor" Other
	one switch-acs "host virtual: no > yes" sub proc/cpuinfo vme hypervisor
	one switch-acs "host cmdline: BOOT_IMAGE=/vmlinuz root=/dev/nvme0n1p2 ro quiet > quiet" set proc/cmdline quiet
	one switch-acs "host iommu: intel > amd" list sys/class/iommu ivhd0
	one switch-acs "host iommu_groups: some > none; host iommu_mode: DMA-FQ > false" \
		fail sys/kernel/iommu_groups "ENOENT list"
	one switch-acs "host iommu_mode: DMA-FQ > identity" all DMA-FQ identity
	one switch-acs "host numa_nodes: 1 > 2" set sys/devices/system/node/online 0-1
	for name in sys_vendor product_name board_name bios_version; do
		case $name in
		sys_vendor) fact=dmi_vendor ;;
		bios_version) fact=dmi_bios ;;
		*) fact=dmi_${name%_name} ;;
		esac
		before=$("$MUTATE" "$(snap switch-acs)" forget proc/cmdline | sed -n "s/^read sys\/class\/dmi\/id\/$name = //p")
		one switch-acs "host $fact: $before > Other" set sys/class/dmi/id/$name Other
	done
}

@test "one mutation of a host bridge is named, and nothing else" {
	one skylake "pci0000:64 order: 05.0 00.0 03.0 > 00.0 05.0 03.0" \
		list sys/devices/pci0000:64 "0000:64:00.0 0000:64:05.0 0000:64:03.0"
	# What hangs from it has the node too.
	one skylake "pci0000:16 numa_node: 0 > 1; 0000:16:00.0 numa_node: 0 > 1" set $D:16:00.0/numa_node 1
}

@test "one mutation of a function is named, and nothing else" {
	local nvme=$D:03:00.0 nic=$D:05:00.0 port=$D:02:08.0
	one switch-acs "0000:03:00.0 replaced: 144d:a824 (144d:a824) > 144d:a825 (144d:a824)" sub $nvme/uevent PCI_ID=144D:A824 PCI_ID=144D:A825
	one switch-acs "0000:03:00.0 replaced: 144d:a824 (144d:a824) > 144e:a824 (144d:a824)" sub $nvme/uevent PCI_ID=144D PCI_ID=144E
	one switch-acs "0000:03:00.0 replaced: 144d:a824 (144d:a824) > 144d:a824 (144d:0001)" sub $nvme/uevent SUBSYS_ID=144D:A824 SUBSYS_ID=144D:1
	one switch-acs "0000:03:00.0 revision: 01 > 02" byte $nvme/config 8 02
	one switch-acs "0000:03:00.0 class: 010802 > 010803" sub $nvme/uevent CLASS=10802 CLASS=10803
	one switch-acs "0000:00:00.0 header: type 0 > type 2" byte $D:00:00.0/config e 02
	one switch-acs "0000:03:00.0 type: endpoint > legacy endpoint" byte $nvme/config 42 12
	one switch-acs "0000:03:00.0 alive: answers > reads all ones" \
		byte $nvme/config 0 "$(printf 'ff%.0s' {1..64})"
	one switch-acs "0000:03:00.0 driver: nvme > vfio-pci" sub $nvme/uevent DRIVER=nvme DRIVER=vfio-pci
	one switch-acs "0000:05:00.0 children: eth0 mlx5_0 > mlx5_0" fail sys/class/net/eth0 "ENOENT link"
	one switch-acs "0000:05:00.0 children: eth0 mlx5_0 > eth0(down) mlx5_0" sub net/eth0 operstate=up operstate=down
	one switch-acs "0000:02:08.0 acs: SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans- > SrcValid+ TransBlk- ReqRedir- CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-" \
		byte $port/config 146 19
	one switch-acs "0000:02:08.0 acs_capability: 0x005f at 0x140 > 0x007f at 0x140" byte $port/config 144 7f
	one switch-acs "0000:05:00.0 ats: on (0x8000) > off (0x0000)" byte $nic/config 167 00
	one switch-acs "0000:05:00.0 pri: off (0x0000) > on (0x0001)" byte $nic/config 174 01
	one switch-acs "0000:05:00.0 pasid: off (0x0000) > on (0x0001)" byte $nic/config 186 01
	one switch-acs "0000:03:00.0 link: 16 GT/s x16 > 8 GT/s x16" byte $nvme/config 52 03
	one switch-acs "0000:03:00.0 link: 16 GT/s x16 > 16 GT/s x8" byte $nvme/config 52 8400
	one switch-acs "0000:03:00.0 link_max: 16 GT/s x16 > 32 GT/s x16" byte $nvme/config 4c 05
	one switch-acs "0000:03:00.0 mps: 256 bytes > 512 bytes" byte $nvme/config 48 50
	one switch-acs "0000:03:00.0 mps_max: 256 bytes > 512 bytes" byte $nvme/config 44 02
	one switch-acs "0000:03:00.0 mrrs: 512 bytes > 4096 bytes" byte $nvme/config 49 50
	one switch-acs "0000:03:00.0 resizable: false > yes" byte $nvme/config 100 15
	one switch-acs "0000:03:00.0 cxl_dvsec: false > 0x1" byte $nvme/config 100 23000100981e
	one switch-acs "0000:03:00.0 numa_node: false > 1" set $nvme/numa_node 1
	one switch-acs "0000:03:00.0 iommu_group: 4 > 6" link $nvme/iommu_group ../../../kernel/iommu_groups/6
	one switch-acs "0000:03:00.0 iommu_type: DMA-FQ > identity" set sys/kernel/iommu_groups/4/type identity
	one switch-acs "0000:03:00.0 p2pmem: 16777216 bytes > 8388608 bytes" set $nvme/p2pmem/size 8388608
	one switch-acs "0000:03:00.0 p2pmem_available: 16711680 bytes > 0 bytes" set $nvme/p2pmem/available 0
	one switch-acs "0000:03:00.0 p2pmem_published: yes > no" set $nvme/p2pmem/published 0
	one switch-acs "0000:03:00.0 cmbsz: 0x1000f > 0x2000f" sub sys/class/nvme/nvme0/cmb 0x0001000f 0x0002000f
	one switch-acs "0000:03:00.0 cmbloc: 0x2 > 0x3" sub sys/class/nvme/nvme0/cmb 0x00000002 0x00000003
	one sriov "0000:01:00.0 vfs: 2 > 3" byte $D:01:00.0/config 1a0 03
	one sriov "0000:01:00.0 vfs_max: 8 > 9" byte $D:01:00.0/config 19e 09
	one switch-acs "0000:03:00.0 power_state: D0 > D3hot" set $nvme/power_state D3hot
	one switch-acs "0000:03:00.0 removable: false > removable" set $nvme/removable removable
	one switch-acs "0000:03:00.0 bars: 0:16384,64bit 4:16777216,64bit,prefetchable > 0:4096,64bit 4:16777216,64bit,prefetchable" \
		sub $nvme/resource 3fff 0fff
}

# The same, of a record that the machines here lack: KEY is BEFORE on one side and AFTER on the other.
added() { # EXPECTED KEY BEFORE AFTER
	mutate switch-acs add "$2" "$3"
	cp "$copy" "$BATS_TEST_TMPDIR/1.snap"
	mutate switch-acs add "$2" "$4"
	p2ptopo diff -aJ "$BATS_TEST_TMPDIR/1.snap" "$copy"
	exits 1
	json_ok
	is "$(changes)" "$1"
	echo "$1" >>"$BATS_FILE_TMPDIR/seen"
}

@test "one mutation of what not every machine has" {
	added "0000:03:00.0 driver_override: false > vfio-pci" $D:03:00.0/driver_override "(null)" vfio-pci
	added "0000:03:00.0 power_control: auto > on" $D:03:00.0/power/control auto on
	# Another serial number is another drive.
	added "0000:03:00.0 replaced: 144d:a824 (144d:a824) S1 > 144d:a824 (144d:a824) S2" sys/class/nvme/nvme0/serial S1 S2
}

@test "drives that are alike are told apart by serial numbers" {
	mutate switch-acs add sys/class/nvme/nvme0/serial S1 add sys/class/nvme/nvme1/serial S2
	cp "$copy" "$BATS_TEST_TMPDIR/1.snap"
	mutate switch-acs add sys/class/nvme/nvme0/serial S2 add sys/class/nvme/nvme1/serial S1
	p2ptopo diff -J "$BATS_TEST_TMPDIR/1.snap" "$copy"
	is "$(get '[.diff.changes[]|select(.kind=="moved")|.device.before+" "+.device.after]|join(", ")')" \
		"0000:03:00.0 0000:04:00.0, 0000:04:00.0 0000:03:00.0"
	# One side that does not have them says nothing.
	p2ptopo diff "$BATS_TEST_TMPDIR/1.snap" "$(snap switch-acs)"
	exits 0
}

# A target with namespace 1 of subsystem s: `target FILE DISK P2PMEM ENABLED [MACHINE]`.
target() {
	local space=sys/kernel/config/nvmet/subsystems
	sed '/^end /d' "${5-$(snap switch-acs)}" >"$1"
	cat >>"$1" <<-END
		list $space : s
		list $space/s/namespaces : 1
		read $space/s/namespaces/1/device_path = $2
		read $space/s/namespaces/1/p2pmem = $3
		read $space/s/namespaces/1/enable = $4
	END
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' "$1")" >>"$1"
}

# What is different between these two, each as the words of `target`.
targets() { # EXPECTED BEFORE AFTER
	local before after
	read -ra before <<<"$2"
	read -ra after <<<"$3"
	cd "$BATS_TEST_TMPDIR"
	target 1.snap "${before[@]}"
	target 2.snap "${after[@]}"
	p2ptopo diff -aJ 1.snap 2.snap
	exits 1
	json_ok
	is "$(changes)" "$1"
	is "$(get '[.diff.changes[].namespace|"\(.subsystem) \(.number)"]|join("; ")')" "s 1"
	echo "$1" >>"$BATS_FILE_TMPDIR/seen"
}

@test "one mutation of a namespace of the NVMe target" {
	targets "namespace nvmet_device_path: /dev/nvme0n1 > /dev/nvme1n1" "/dev/nvme0n1 0 1" "/dev/nvme1n1 0 1"
	targets "namespace nvmet_p2pmem: 0 > 0000:03:00.0" "/dev/nvme1n1 0 1" "/dev/nvme1n1 0000:03:00.0 1"
	targets "namespace nvmet_p2pmem: 0000:03:00.0 > 0000:04:00.0" "/dev/nvme1n1 0000:03:00.0 1" "/dev/nvme1n1 0000:04:00.0 1"
	targets "namespace nvmet_enabled: no > yes" "/dev/nvme1n1 1 0" "/dev/nvme1n1 1 1"
	p2ptopo diff 1.snap 2.snap
	says $'nvmet s 1\n  enabled             no → yes'
	p2ptopo diff 1.snap 1.snap
	exits 0
	# Only of the functions that are chosen.
	p2ptopo diff -s 04:00.0 1.snap 2.snap
	exits 1
	p2ptopo diff -s 03:00.0 1.snap 2.snap
	exits 0
}

@test "namespaces that came, went or were never recorded; a provider that has another address now" {
	cd "$BATS_TEST_TMPDIR"
	target 1.snap /dev/nvme1n1 0000:03:00.0 1
	sed 's/^\(list .*nvmet.subsystems :\) s/\1/; /nvmet.*\/s\//d; /^end /d' 1.snap >none.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' none.snap)" >>none.snap
	p2ptopo diff -aJ none.snap 1.snap
	exits 1
	json_ok
	is "$(changes)" "namespace appeared: false > /dev/nvme1n1"
	p2ptopo diff 1.snap none.snap
	exits 1
	says $'nvmet s 1\n  vanished            /dev/nvme1n1'
	# What was never asked is no difference.
	p2ptopo diff -aJ "$(snap switch-acs)" 1.snap
	exits 4
	json_ok
	is "$(get '[.diff.changes[]|"\(.kind) \(.known) \(.before) \(.after)"]|join("; ")')" "appeared false null /dev/nvme1n1"
	# The whole switch on other buses.
	sed 's/0000:03:00/0000:0a:00/g; s/pci_bus\/0000:03/pci_bus\/0000:0a/g' 1.snap >moved.snap
	p2ptopo diff 1.snap moved.snap
	exits 0
}

@test "every fact of the schema has a mutation above" {
	local fact
	for fact in $(jq -r '."$defs".change.properties.fact.enum[]|select(.)' "$TOP/schema/p2ptopo-1.json"); do
		case $fact in
		# Another device is one change, whichever of these differs; a place is known or not, and moves.
		vendor | device | subsystem_vendor | subsystem_device | place) continue ;;
		esac
		grep -q " $fact: " "$BATS_FILE_TMPDIR/seen" || fail "no mutation of $fact"
	done
}

@test "buses, domains and IOMMU groups that are numbered anew, and addresses of BARs, are no difference" {
	none switch-acs all 0000:01: 0000:11: all 0000:02: 0000:12: all 0000:03: 0000:13: all 0000:04: 0000:14: \
		all 0000:05: 0000:25:
	none skylake all pci0000:64 pci0000:70 all 0000:64: 0000:70: all 0000:65: 0000:71: all 0000:66: 0000:72:
	none vmd all 10000: 10001:
	none sriov all 0000:01: 0000:31: all 0000:02: 0000:41:
	mutate switch-acs all iommu_groups/4 iommu_groups/40 all iommu_groups/6 iommu_groups/4 \
		list sys/kernel/iommu_groups "0 1 2 3 40 5 4 7 8"
	p2ptopo diff -a "$(snap switch-acs)" "$copy"
	exits 0
	mutate switch-acs sub $D:03:00.0/resource 0x0000002048 0x0000003048
	p2ptopo diff -a "$(snap switch-acs)" "$copy"
	exits 0
}

@test "names of pci.ids are those of the computer that read them: no difference" {
	none switch-acs set names/device/144d:a824 "Another name" set names/vendor/8086 Intel set names/class/0108 SSD
}

# Two machines from standard input, as tests/machines/machines.txt describes them, called before and after: $a, $b.
pair() {
	cat >"$BATS_TEST_TMPDIR/machines"
	"$MACHINES/make" --from "$BATS_TEST_TMPDIR/machines" --into "$BATS_TEST_TMPDIR"
	a=$BATS_TEST_TMPDIR/before.snap b=$BATS_TEST_TMPDIR/after.snap
	p2ptopo diff -J "$a" "$b"
	json_ok
}

# Root buses as `pair` takes them; what is on a bus is the same whatever its number is.
first() { # BUS
	cat <<-END
		  pci0000:$1
		    00.0 8086:09a2 host
		    01.0 8086:352a port acs=5f/1d
		      00.0 10de:20b2 gpu driver=amdgpu
		    02.0 8086:352a port acs=5f/${2-0}
		      00.0 15b3:101d nic driver=mlx5_core dev=mlx5_0,eth0
	END
}
second() { # BUS
	cat <<-END
		  pci0000:$1
		    00.0 8086:0d57 host
		    01.0 8086:352a port acs=5f/0
		      00.0 10de:20b2 gpu driver=amdgpu
		    02.0 8086:352a port acs=5f/0
		      00.0 15b3:101d nic driver=mlx5_core dev=mlx5_1,eth1
	END
}
drive() { # BUS SLOT [CTRL]
	cat <<-END
		  pci0000:$1
		    00.0 8086:0d57 host
		    $2.0 8086:352a port acs=5f/${3-0}
		      00.0 144d:a824 nvme driver=nvme
	END
}

# Sockets that only their cards and their ACS tell apart: `socket BUS DEVICE KIND CTRL`.
socket() {
	cat <<-END
		  pci0000:$1
		    00.0 8086:09a2 host
		    01.0 8086:352a port acs=5f/$4
		      00.0 $2 $3
	END
}

@test "a root bus may have the number that another one had: no difference" {
	pair < <(echo machine before; drive 00 01; first 15; second 37
		echo; echo machine after; drive 00 01; first 37; second 59)
	exits 0
	p2ptopo diff "$a" "$b"
	exits 0
	is "$output" "No difference."
	p2ptopo diff -a "$b" "$a"
	exits 0
	# No host bridge device is the only one of its kind, as in machines of equal sockets: by the cards, and in order.
	pair < <(echo machine before; socket 15 10de:20b2 gpu 1d; socket 37 15b3:101d nic 0; socket 59 144d:a824 nvme 10
		echo; echo machine after; socket 37 10de:20b2 gpu 1d; socket 59 15b3:101d nic 0; socket 80 144d:a824 nvme 10)
	exits 0
	# The same with nothing to tell them apart but what may change.
	pair < <(echo machine before; socket 15 10de:20b2 gpu 1d; socket 37 10de:20b2 gpu 0
		echo; echo machine after; socket 37 10de:20b2 gpu 1d; socket 59 10de:20b2 gpu 0)
	exits 0
	# Domains too.
	pair < <(echo machine before; first 15; second 37
		echo; echo machine after; { first 37; second 15; } | sed s/0000/0001/)
	exits 0
}

@test "numbers that moved on, and one change: that one is named" {
	pair < <(echo machine before; drive 00 01; first 15; second 37
		echo; echo machine after; drive 00 01; first 37 1d; second 59)
	exits 1
	is "$(changes)" "0000:37:02.0 acs: SrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans- > SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-"
	is "$(get '.diff.changes[0].device|.before+" "+.after')" "0000:15:02.0 0000:37:02.0"
	is "$(answers)" ""
	# A card was added on one of them, with the port that firmware hides while nothing is in its slot.
	pair < <(echo machine before; drive 00 01; socket 15 10de:20b2 gpu 1d; socket 37 15b3:101d nic 0
		echo; echo machine after; drive 00 01; socket 37 10de:20b2 gpu 1d
		printf '    02.0 8086:352a port\n      00.0 144d:a824 nvme\n'; socket 59 15b3:101d nic 0)
	exits 1
	is "$(changes)" "0000:37:02.0 appeared: false > 0000:37:02.0; 0000:39:00.0 appeared: false > 0000:37:02.0/00.0"
	p2ptopo diff -J "$b" "$a"
	is "$(changes)" "0000:37:02.0 vanished: 0000:37:02.0 > false; 0000:39:00.0 vanished: 0000:37:02.0/00.0 > false"
}

@test "a socket in front of the others, or one less, moves none of them" {
	pair < <(echo machine before; first 15; second 37
		echo; echo machine after; drive 15 03; first 37; second 59)
	exits 1
	is "$(changes)" "0000:15:00.0 appeared: false > 0000:15:00.0; 0000:15:03.0 appeared: false > 0000:15:03.0; 0000:16:00.0 appeared: false > 0000:15:03.0/00.0"
	is "$(answers)" ""
	p2ptopo diff -J "$b" "$a"
	is "$(get '[.diff.changes[].kind]|unique|join(" ")') $(answers)" "vanished "
	# Of equal sockets the cards say which one is new.
	pair < <(echo machine before; socket 15 10de:20b2 gpu 1d; socket 37 15b3:101d nic 0
		echo; echo machine after; socket 15 144d:a824 nvme 0; socket 37 10de:20b2 gpu 1d; socket 59 15b3:101d nic 0)
	is "$(changes)" "0000:15:00.0 appeared: false > 0000:15:00.0; 0000:15:01.0 appeared: false > 0000:15:01.0; 0000:16:00.0 appeared: false > 0000:15:01.0/00.0"
	# Of those with the same cards the numbers do.
	pair < <(echo machine before; socket 15 10de:20b2 gpu 1d; socket 59 10de:20b2 gpu 0
		echo; echo machine after; socket 15 10de:20b2 gpu 1d; socket 37 10de:20b2 gpu 10; socket 59 10de:20b2 gpu 0)
	is "$(changes)" "0000:37:00.0 appeared: false > 0000:37:00.0; 0000:37:01.0 appeared: false > 0000:37:01.0; 0000:38:00.0 appeared: false > 0000:37:01.0/00.0"
	# One less, and other cards on the others.
	pair < <(echo machine before; for bus in 15 37 59; do socket $bus 10de:20b2 gpu 0; done
		echo; echo machine after; for bus in 37 59; do socket $bus 15b3:101d nic 0; done)
	is "$(get '[.diff.changes[]|select(.kind=="vanished" or .kind=="replaced")|"\(.device.before) \(.kind)"]|join("; ")')" \
		"0000:15:00.0 vanished; 0000:15:01.0 vanished; 0000:16:00.0 vanished; 0000:38:00.0 replaced; 0000:5a:00.0 replaced"
}

@test "cards that changed places between equal sockets have moved, the sockets have not" {
	pair < <(echo machine before; socket 15 10de:20b2 gpu 0; socket 37 15b3:101d nic 0
		echo; echo machine after; socket 15 15b3:101d nic 0; socket 37 10de:20b2 gpu 0)
	exits 1
	is "$(changes)" "0000:38:00.0 moved: 0000:15:01.0/00.0 > 0000:37:01.0/00.0; 0000:16:00.0 moved: 0000:37:01.0/00.0 > 0000:15:01.0/00.0"
	# Also where firmware shows only ports with a card in their slot.
	pair < <(echo machine before; drive 15 01 1d; drive 37 02; echo; echo machine after; drive 15 02; drive 37 01 1d)
	exits 1
	p2ptopo diff "$a" "$b"
	says "moved"
}

@test "of equal sockets each is the one with its number" {
	pair < <(echo machine before; socket 15 10de:20b2 gpu 0; socket 37 10de:20b2 gpu 1d
		echo; echo machine after; socket 15 10de:20b2 gpu 0; socket 37 10de:20b2 gpu 10)
	exits 1
	is "$(get '[.diff.changes[]|"\(.device.before) \(.fact)"]|join("; ")')" "0000:37:01.0 acs"
	pair < <(echo machine before; socket 15 10de:20b2 gpu 0; socket 37 10de:20b2 gpu 1d
		echo; echo machine after; socket 15 10de:20b2 gpu 1d; socket 37 10de:20b2 gpu 0)
	is "$(get '[.diff.changes[]|"\(.device.before) \(.fact)"]|join("; ")')" "0000:15:01.0 acs; 0000:37:01.0 acs"
	# One that replaces its host bridge device keeps its number.
	pair < <(echo machine before; first 15; second 37; echo; echo machine after
		first 15; second 37 | sed s/8086:0d57/8086:09a2/)
	is "$(get '[.diff.changes[]|select(.kind!="fact")|"\(.device.before) \(.kind)"]|join("; ")')" "0000:37:00.0 replaced"
}

@test "a card in another slot has moved" {
	pair <<-'END'
		machine before
		  pci0000:00
		    00.0 8086:0d57 host
		    01.0 8086:352a port acs=5f/0
		      00.0 10b5:8747 upstream
		        00.0 10b5:8747 downstream
		          00.0 144d:a824 nvme driver=nvme
		        01.0 10b5:8747 downstream
		          00.0 15b3:101d nic driver=mlx5_core
		        02.0 10b5:8747 downstream acs=5f/1d
		machine after
		  pci0000:00
		    00.0 8086:0d57 host
		    01.0 8086:352a port acs=5f/0
		      00.0 10b5:8747 upstream
		        00.0 10b5:8747 downstream
		        01.0 10b5:8747 downstream
		          00.0 15b3:101d nic driver=mlx5_core
		        02.0 10b5:8747 downstream acs=5f/1d
		          00.0 144d:a824 nvme driver=nvme
	END
	exits 1
	is "$(changes)" "0000:05:00.0 moved: 0000:00:01.0/00.0/00.0/00.0 > 0000:00:01.0/00.0/02.0/00.0"
	is "$(answers)" "2 BUS_ADDR > NOT_SUPPORTED 0000:05:00.0 moved"
	is "$(get '.diff.changes[0]|.device.before+" "+.device.after+" \(.matters)"')" "0000:03:00.0 0000:05:00.0 true"
	p2ptopo diff "$a" "$b"
	says "05:00.0 (was 03:00.0) NVMe SSD Controller PM173X"
}

@test "a card with a switch on it moves as one; what is below it is not named" {
	pair <<-'END'
		machine before
		  pci0000:00
		    00.0 8086:0d57 host
		    01.0 8086:352a port
		      00.0 10b5:8747 upstream
		        00.0 10b5:8747 downstream
		          00.0 1002:740c gpu
		        01.0 10b5:8747 downstream
		          00.0 1002:740c gpu
		    02.0 8086:352a port
		    03.0 8086:352a port
		      00.0 1002:740c gpu
		machine after
		  pci0000:00
		    00.0 8086:0d57 host
		    01.0 8086:352a port
		    02.0 8086:352a port
		      00.0 10b5:8747 upstream
		        00.0 10b5:8747 downstream
		          00.0 1002:740c gpu
		        01.0 10b5:8747 downstream
		          00.0 1002:740c gpu
		    03.0 8086:352a port
		      00.0 1002:740c gpu
	END
	exits 1
	is "$(changes)" "0000:02:00.0 moved: 0000:00:01.0/00.0 > 0000:00:02.0/00.0"
	is "$(answers)" ""
}

@test "another model of switch in the same slot does not move what is below it" {
	pair <<-'END'
		machine before
		  pci0000:00
		    00.0 8086:0d57 host
		    01.0 8086:352a port
		      00.0 10b5:8747 upstream
		        00.0 10b5:8747 downstream
		          00.0 1002:740c gpu
		    02.0 8086:352a port
		      00.0 144d:a824 nvme
		machine after
		  pci0000:00
		    00.0 8086:0d57 host
		    01.0 8086:352a port
		      00.0 10b5:9749 upstream
		        00.0 10b5:9749 downstream
		          00.0 1002:740c gpu
		    02.0 8086:352a port
		      00.0 15b3:101d nic
	END
	exits 1
	is "$(changes)" "0000:01:00.0 replaced: 10b5:8747 (10b5:8747) > 10b5:9749 (10b5:9749); 0000:02:00.0 replaced: 10b5:8747 (10b5:8747) > 10b5:9749 (10b5:9749); 0000:04:00.0 replaced: 144d:a824 (144d:a824) > 15b3:101d (15b3:101d)"
}

@test "what came and what went, with what is below it" {
	pair <<-'END'
		machine before
		  pci0000:00
		    00.0 8086:0d57 host
		    01.0 8086:352a port
		      00.0 144d:a824 nvme
		machine after
		  pci0000:00
		    00.0 8086:0d57 host
		    01.0 8086:352a port
		      00.0 144d:a824 nvme
		    02.0 8086:352a port
		      00.0 15b3:101d nic
		      00.1 15b3:101d nic
	END
	exits 1
	is "$(changes)" "0000:00:02.0 appeared: false > 0000:00:02.0; 0000:02:00.0 appeared: false > 0000:00:02.0/00.0; 0000:02:00.1 appeared: false > 0000:00:02.0/00.1"
	p2ptopo diff "$a" "$b"
	says "appeared            0000:00:02.0, and 2 below it"
	says_not "02:00.1"
	p2ptopo diff "$b" "$a"
	exits 1
	says "vanished            0000:00:02.0, and 2 below it"
	p2ptopo diff -a "$b" "$a"
	says "02:00.1"
}

@test "VFs are numbered within their PF" {
	mutate sriov all "0000:01:00.2" "0000:01:00.4"
	p2ptopo diff "$(snap sriov)" "$copy"
	exits 0
	p2ptopo diff -J "$(snap sriov)" <("$MUTATE" "$(snap sriov)" sub sys/bus/pci/devices " 0000:01:00.2" "")
	is "$(changes)" "0000:01:00.2 vanished: 0000:01:00.2 > false"
}

@test "a link that both ends could do better is degraded, and mended the other way" {
	mutate switch-acs byte $D:03:00.0/config 52 03 byte $D:02:08.0/config 52 03
	p2ptopo diff "$(snap switch-acs)" "$copy"
	exits 1
	is "$(grep -c '16 GT/s x16 → 8 GT/s x16  degraded' <<<"$output")" 2
	p2ptopo diff -J "$copy" "$(snap switch-acs)"
	is "$(get '[.diff.changes[].link]|join(" ")')" "mended mended"
	# At one end it is a fact, but the other one says that it can do no better.
	mutate switch-acs byte $D:03:00.0/config 4c 0301
	p2ptopo diff -J "$(snap switch-acs)" "$copy"
	is "$(get '[.diff.changes[]|.fact,.link]|map(tostring)|join(" ")')" "link_max null"
}

@test "which change changed an answer" {
	mutate switch-acs byte $D:02:08.0/config 146 11 byte $D:02:09.0/config 146 11
	p2ptopo diff -J "$(snap switch-acs)" "$copy"
	is "$(answers)" "2 NOT_SUPPORTED > BUS_ADDR 0000:02:08.0 acs, 0000:02:09.0 acs"
	# A bit that does not redirect is a change, but not of an answer.
	mutate switch-acs byte $D:02:08.0/config 146 1f
	p2ptopo diff -J "$(snap switch-acs)" "$copy"
	is "$(answers)|$(get '.diff.changes[0].matters')" "|false"
	# Of the three, only the processor did it.
	mutate switch-acs sub proc/cpuinfo GenuineIntel AuthenticAMD sub proc/cpuinfo "family	: 6" "family	: 25" \
		byte $D:02:08.0/config 146 1f set proc/sys/kernel/osrelease 7.2.13
	p2ptopo diff -J "$(snap switch-acs)" "$copy"
	is "$(answers)" "6 NOT_SUPPORTED > THRU_HOST_BRIDGE host cpu_vendor, host cpu_family"
	# Without either it would not have changed: a release with the row, and redirect that asks for it.
	pair <<-'END'
		machine before
		  kernel 5.4.100
		  pci0000:00
		    00.0 8086:09a2 host
		    01.0 8086:352a port
		      00.0 144d:a824 nvme
		    02.0 8086:352a port
		      00.0 15b3:101d nic
		machine after
		  kernel 7.2.12
		  pci0000:00
		    00.0 8086:09a2 host
		    01.0 8086:352a port
		      00.0 144d:a824 nvme
		    02.0 8086:352a port
		      00.0 15b3:101d nic
	END
	is "$(answers)" "2 NOT_SUPPORTED > THRU_HOST_BRIDGE host kernel, host version"
	mutate icelake set kernel/p2pdma "n config"
	p2ptopo diff -J "$(snap icelake)" "$copy"
	is "$(answers)" "2 THRU_HOST_BRIDGE > NOT_SUPPORTED host p2pdma"
	mutate icelake sub $D:00:00.0/uevent PCI_ID=8086:09A2 PCI_ID=8086:0D57
	p2ptopo diff -J "$(snap icelake)" "$copy"
	is "$(answers)" "2 THRU_HOST_BRIDGE > NOT_SUPPORTED 0000:00:00.0 replaced"
	p2ptopo diff -J "$(snap reordered)" "$(snap not-reordered)"
	is "$(answers)" "2 THRU_HOST_BRIDGE > NOT_SUPPORTED pci0000:80 order"
	mutate naples-iommu set proc/sys/kernel/osrelease 5.3.18
	cp "$copy" "$BATS_TEST_TMPDIR/iommu.snap"
	mutate naples set proc/sys/kernel/osrelease 5.3.18
	p2ptopo diff -J "$copy" "$BATS_TEST_TMPDIR/iommu.snap"
	is "$(answers)" "4 BUS_ADDR > NOT_SUPPORTED host iommu, host iommu_groups"
	mutate running-table sub kernel/allowlist 8086:0d57 8086:0d58
	p2ptopo diff -J "$(snap running-table)" "$copy"
	is "$(answers)" "$(get '.diff.answers[0].pairs') THRU_HOST_BRIDGE > NOT_SUPPORTED host running_allowlist"
}

@test "a root device that is gone is the cause of what it had allowed" {
	mutate icelake sub sys/bus/pci/devices "0000:00:00.0 " "" sub sys/devices/pci0000:00 "0000:00:00.0 " ""
	p2ptopo diff -J "$(snap icelake)" "$copy"
	exits 1
	is "$(answers)" "2 THRU_HOST_BRIDGE > NOT_SUPPORTED 0000:00:00.0 vanished"
}

@test "offers and clients, and what changed them" {
	mutate switch-acs sub $D:03:00.0/uevent DRIVER=nvme DRIVER=vfio-pci fail $D:03:00.0/p2pmem/size ENOENT
	p2ptopo diff -J "$(snap switch-acs)" "$copy"
	exits 1
	is "$(get '.diff.changes as $c|[$c[]|select(.kind=="offer" or .kind=="client")|"\(.kind) \(.before) \(.after) "+
		([.causes[] as $n|$c[]|select(.number==$n).fact]|join(","))]|join("; ")')" \
		"offer p2pmem dma-buf p2pmem; client yes itself driver"
	p2ptopo diff "$(snap switch-acs)" "$copy"
	says "03:00.0 offers: p2pmem → dma-buf"
	says "03:00.0 takes peer pages: yes → itself"
	# Functions that are alike in that are counted.
	p2ptopo diff "$(snap switch)" "$(snap linux-4.19)"
	says "3 functions take peer pages: yes → no"
}

@test "what is known on one side only is no difference, whatever it is" {
	local key
	cp "$(snap switch-acs)" "$BATS_TEST_TMPDIR/whole.snap"
	# Of keys that differ in numbers only, the first and the last.
	"$MUTATE" "$(snap switch-acs)" keys |
		awk '{ kind = $0; gsub(/[0-9]+/, "N", kind); gsub(/[0-9a-fN]{4}:[0-9a-fN]{2}:/, "N:", kind) }
			!(kind in last) { print } { last[kind] = $0 } END { for (kind in last) print last[kind] }' |
		sort -u >"$BATS_TEST_TMPDIR/keys"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/keys")" -gt 70 ]
	while IFS= read -r key; do
		# Without it there is no PCI, and nobody can tell that from a machine that has none.
		[ "$key" != sys/bus/pci/devices ] || continue
		mutate switch-acs forget "$key"
		p2ptopo diff -J "$(snap switch-acs)" "$copy"
		[ "$status" -eq 0 ] || [ "$status" -eq 4 ] || fail "without $key: $status: $(changes) $(answers)"
	done <"$BATS_TEST_TMPDIR/keys"
}

@test "without privilege: 4, one line, and --all says what" {
	p2ptopo diff "$(snap switch-acs)" "$(snap unprivileged)"
	exits 4
	is "$output" "No difference in what is known on both sides.
71 facts and the answers for 6 pairs are known on one side only; --all shows
them."
	p2ptopo diff -a "$(snap switch-acs)" "$(snap unprivileged)"
	exits 4
	says "? 2 pairs: NOT_SUPPORTED → unknown"
	says "not known (only root may read it)"
	# The same two, one of them with a difference.
	mutate unprivileged set proc/cmdline quiet
	p2ptopo diff "$(snap switch-acs)" "$copy"
	exits 1
	says "command line"
}

@test "what was assumed for a dump is not known of it" {
	"$TOP/tests/bats/as-lspci" "$(snap switch-acs)" >"$BATS_TEST_TMPDIR/dump"
	p2ptopo diff -J "$(snap switch-acs)" "$BATS_TEST_TMPDIR/dump"
	is "$(changes)|$(answers)" "|"
	exits 4
	p2ptopo diff "$BATS_TEST_TMPDIR/dump" "$BATS_TEST_TMPDIR/dump"
	exits 0
	says "Assumed of $BATS_TEST_TMPDIR/dump: kernel"
}

@test "--assume goes for both" {
	p2ptopo diff --assume kernel=7.2.12 --assume cpu=GenuineIntel/6 "$(snap switch-acs)" "$(snap switch-acs-zen)"
	exits 1
	says_not NOT_SUPPORTED
	says "IOMMU"
	p2ptopo diff --assume acs:02:08.0=RR- "$(snap switch-acs)" "$(snap icelake)"
	exits 2
	complains "icelake.snap: --assume acs:0000:02:08.0: this machine has no such function"
}

@test "-s and -d choose devices, and pairs of which one side matches" {
	mutate switch-acs byte $D:02:08.0/config 146 11 byte $D:02:09.0/config 146 11 set proc/cmdline quiet
	p2ptopo diff -J -s 04:00.0 "$(snap switch-acs)" "$copy"
	exits 1
	json_ok
	is "$(answers)" "2 NOT_SUPPORTED > BUS_ADDR 0000:02:08.0 acs, 0000:02:09.0 acs"
	is "$(get '[.diff.changes[].fact]|join(" ")')" "acs acs"
	p2ptopo diff -s 05:00.0 "$(snap switch-acs)" "$copy"
	exits 0
	p2ptopo diff -d 10b5: "$(snap switch-acs)" "$copy"
	says "ReqRedir+ CmpltRedir+ → ReqRedir- CmpltRedir-"
	says_not "command line"
}

@test "what changes by itself counts only with --all" {
	mutate switch-acs set $D:03:00.0/p2pmem/available 0 set $D:03:00.0/power_state D3hot
	p2ptopo diff "$(snap switch-acs)" "$copy"
	exits 0
	p2ptopo diff --all "$(snap switch-acs)" "$copy"
	exits 1
	says "p2pmem free"
	says "D0 → D3hot"
}

@test "every pair with --all, as many as are counted" {
	for machine in "switch-acs switch" "skylake reordered" "icelake without-p2pdma" "offers switch-acs" "root-port-acs deep"; do
		# shellcheck disable=SC2086
		set -- $machine
		p2ptopo diff -aJ "$(snap "$1")" "$(snap "$2")"
		json_ok
		is "$(get '[.diff.answers[].pairs]|add//0')" "$(get '.diff.pairs|length')"
		is "$(get '.diff.answers|to_entries|map("\(.key) \(.value.pairs)")|join("; ")')" \
			"$(get '[.diff.pairs[].answer]|group_by(.)|map("\(.[0]) \(length)")|join("; ")')"
	done
}

@test "the pairs are those whose answers differ when every pair of either machine is asked" {
	local line machine
	while read -r machine line; do
		# shellcheck disable=SC2086
		mutate "$machine" $line
		"$P2PTOPO" pairs -aJ -F "$(snap "$machine")" >"$BATS_TEST_TMPDIR/1"
		"$P2PTOPO" pairs -aJ -F "$copy" >"$BATS_TEST_TMPDIR/2"
		p2ptopo diff -aJ "$(snap "$machine")" "$copy"
		exits 1
		jq -nr --slurpfile a "$BATS_TEST_TMPDIR/1" --slurpfile b "$BATS_TEST_TMPDIR/2" '
			($a[0].pairs|map({key: (.provider+" "+.client), value: .map})|from_entries) as $before|
			$b[0].pairs[]|(.provider+" "+.client) as $key|select($before[$key] and .map and .map!=$before[$key])|$key' |
			sort >"$BATS_TEST_TMPDIR/wanted"
		get '.diff|.answers as $answers|.pairs[]|select($answers[.answer].known)|.provider+" "+.client' |
			sort >"$BATS_TEST_TMPDIR/found"
		[ -s "$BATS_TEST_TMPDIR/wanted" ] || fail "$machine $line: no answer changed"
		diff "$BATS_TEST_TMPDIR/wanted" "$BATS_TEST_TMPDIR/found" || fail "$machine $line"
	done <<-END
		switch-acs byte $D:02:08.0/config 146 11 byte $D:02:09.0/config 146 11
		switch-acs set proc/sys/kernel/osrelease 5.3.18 byte $D:02:08.0/config 146 11 byte $D:02:10.0/config 146 11
		sriov byte $D:00:01.0/config 146 11
		sriov byte $D:01:00.0/config 146 0c
		sriov byte $D:00:02.0/config 146 1d
		root-port-acs byte $D:00:01.0/config 146 00 byte $D:00:02.0/config 146 00
		endpoint-acs byte $D:01:00.1/config 146 00
		skylake sub $D:16:00.0/uevent PCI_ID=8086:2030 PCI_ID=8086:1
		haswell set proc/sys/kernel/osrelease 5.3.18
		zen sub proc/cpuinfo AuthenticAMD HygonGenuine
		naples sub proc/cpuinfo AuthenticAMD HygonGenuine
	END
}

@test "one file and what -F or --root names; standard input; a pipe" {
	p2ptopo diff "$(snap vmd)" -F "$(snap vmd)"
	exits 0
	p2ptopo diff -F - "$(snap vmd)" <"$(snap vmd)"
	exits 0
	p2ptopo diff - "$(snap vmd)" <"$(snap vmd)"
	exits 0
	p2ptopo diff "$(snap vmd)" <(cat "$(snap vmd)")
	exits 0
	p2ptopo diff <(cat "$(snap vmd)") <(cat "$(snap vmd)")
	exits 0
	mkdir -p "$BATS_TEST_TMPDIR/root/proc/sys/kernel"
	echo 7.2.12 >"$BATS_TEST_TMPDIR/root/proc/sys/kernel/osrelease"
	p2ptopo diff "$(snap no-pci)" --root "$BATS_TEST_TMPDIR/root"
	[ "$status" -eq 1 ] || [ "$status" -eq 4 ]
	p2ptopo diff "$(snap vmd)"
	[ "$status" -eq 1 ]
	silent
}

@test "bad input" {
	p2ptopo diff
	exits 2
	p2ptopo diff a b c
	exits 2
	p2ptopo diff "$(snap vmd)" "$(snap vmd)" -F "$(snap vmd)"
	exits 2
	complains "three are named"
	p2ptopo diff - - <"$(snap vmd)"
	exits 2
	complains "can be read only once"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	p2ptopo diff "$BATS_TEST_TMPDIR/fifo" "$BATS_TEST_TMPDIR/fifo"
	exits 2
	p2ptopo diff "$(snap vmd)" "$BATS_TEST_TMPDIR/none"
	exits 3
	complains "none: cannot open it"
	p2ptopo diff "$(snap vmd)" "$BATS_TEST_TMPDIR"
	exits 3
	head -c 3000 "$(snap vmd)" >"$BATS_TEST_TMPDIR/cut"
	p2ptopo diff "$BATS_TEST_TMPDIR/cut" "$(snap vmd)"
	exits 3
	complains "cut:"
	head -c 5000 "$P2PTOPO" >"$BATS_TEST_TMPDIR/binary"
	p2ptopo diff "$(snap vmd)" "$BATS_TEST_TMPDIR/binary"
	exits 3
	: >"$BATS_TEST_TMPDIR/empty"
	p2ptopo diff "$BATS_TEST_TMPDIR/empty" "$(snap vmd)"
	exits 3
	p2ptopo diff "$(snap vmd)" /dev/null
	exits 3
}

@test "foreign bytes are made visible" {
	mutate switch-acs set proc/cmdline $'quiet \\x1b[31mred\\xe2\\x80\\xae' set sys/class/dmi/id/bios_version $'\\x1b]0;x\\x07'
	p2ptopo diff "$(snap switch-acs)" "$copy"
	exits 1
	! grep -q $'[\x01-\x09\x0b-\x1f]' <<<"$output" || fail "control characters: $output"
	says '\x1b[31mred\xe2\x80\xae'
	p2ptopo diff -J "$(snap switch-acs)" "$copy"
	json_ok
	p2ptopo diff -a "$(snap hostile)" "$(snap switch-acs)"
	! grep -q $'[\x01-\x09\x0b-\x1f]' <<<"$output" || fail "control characters: $output"
	p2ptopo diff -aJ "$(snap hostile)" "$(snap misplaced)"
	json_ok
}

@test "any machine with any other: an answer, and the other way round the same number of changes" {
	local first last='' forth turn=0
	for first in "$MACHINES"/*.snap; do
		turn=$((turn + 1))
		[ $((turn % 2)) = 0 ] || continue
		if [ "$last" ]; then
			p2ptopo diff -aJ "$last" "$first"
			[ "$status" -le 4 ] && [ "$status" -ne 2 ] && [ "$status" -ne 3 ] || fail "$last $first: $status"
			json_ok
			forth=$(get '.diff|"\([.changes[]|select(.kind!="offer" and .kind!="client")]|length) \([.answers[].pairs]|add//0)"')
			p2ptopo diff -aJ "$first" "$last"
			is "$last $first $(get '.diff|"\([.changes[]|select(.kind!="offer" and .kind!="client")]|length) \([.answers[].pairs]|add//0)"')" \
				"$last $first $forth"
		fi
		last=$first
	done
}

@test "all JSON above is as the schema says" {
	json_all_ok
}
