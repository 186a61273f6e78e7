#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Dumps of rdma_topo: read as a source, and where its masks and the kernel's P2PDMA agree and where not.
#
# Facts about rdma_topo are from rdma-core:kernel-boot/rdma_topo of 2026-08.  The ACS control words that it wants, bit 0
# (SV) rightmost, x is any:
#
#   DMA-based   (NVCX_DMA_Complex.compute_acs)       port above the NIC's DMA function    xx110x1
#               an NVIDIA GPU and that function      port towards the GPU                 xx101x1
#               below a root port of Grace           root port                            xx111x0
#   inline      (NVCX_Inline_Complex.compute_acs)    without virtual machines: both ports xx000x0, root port xx000x0
#               both below the NIC's own switch      with them: port above the NIC        1x111x1, the rest as below
#   NUMA-based  (NVCX_NUMA_Complex.compute_acs)      nothing of its own
#   every other port of such a switch, every root port of Grace (PCITopo.compute_acs)     xx111x1; inline, without
#               virtual machines                                                          xx000x0
#   root ports of Vera (kernel_acs_isolated)                                              xx101x1
#
# The kernel (drivers/pci/p2pdma.c:pci_bridge_has_acs_redir, -7.3) counts a hop whose word has any of 0x2c (RR CR EC), up to
# where the two ways meet, that hop included, and no others.

load helper

# The dump of a machine, with other control words: dump_of MACHINE [BDF=HEX...]
dump_of() {
	local machine=$1
	shift
	"$BATS_TEST_DIRNAME/as-rdma-topo" "$(snap "$machine")" "$@" >"$BATS_TEST_TMPDIR/dump.json"
}

# What is decided for a pair in that dump: PROVIDER CLIENT RELEASE PROCESSOR MAP RULE; without the last two, any.
decides() {
	p2ptopo why -JF "$BATS_TEST_TMPDIR/dump.json" "$1" "$2" --assume "kernel=$3" --assume "cpu=$4"
	json_ok
	is "${5-$(get '.pairs[0].map')} ${6-$(get '.pairs[0].rule')}" "$(get '.pairs[0]|"\(.map) \(.rule)"')"
}

# The hops that redirect, of the pair just decided.
redirecting() {
	get '[.pairs[0].reasons[]|select(.rule=="acs-redirect").device]|sort|join(" ")'
}

not_direct() {
	is "$(get '.pairs[0].map!="BUS_ADDR"')" true
}

# Without json-c and zlib there is nothing to test but that this is said.
setup() {
	dump_of vera
	"$P2PTOPO" -F "$BATS_TEST_TMPDIR/dump.json" >/dev/null || fail "it does not read $BATS_TEST_TMPDIR/dump.json"
}

# -------------------------------------------------------------------- the form

@test "a dump is told by its content: in any order, however it is laid out, and not for a bracket alone" {
	local here=$BATS_TEST_TMPDIR wanted
	dump_of direct-nic
	p2ptopo pairs -aJF "$here/dump.json"
	exits 0
	silent
	wanted=$output
	json_ok
	for program in 'reverse' '.[]|=(to_entries|reverse|from_entries)' '.[].extra={"a":[1,{"b":null}]}'; do
		jq -c "$program" "$here/dump.json" >"$here/box.snap"
		p2ptopo pairs -aJF "$here/box.snap"
		is "$output" "$wanted"
	done
	printf ' \n\t[ \r\n' >"$here/spaced"
	tail -c +2 "$here/dump.json" >>"$here/spaced"
	p2ptopo pairs -aJF - <"$here/spaced"
	is "$output" "$wanted"
	tar -C "$here" -xf "$MACHINES/corpus.tar.xz" corpus/1051.lspci
	(echo '[root@box ~]# lspci -D -xxxx'; cat "$here/corpus/1051.lspci") >"$here/pasted"
	p2ptopo tree -F "$here/pasted"
	exits 0
}

@test "a dump knows what the machine's snapshot knows of hierarchy, ACS, links, names, groups, nodes and VFs" {
	local facts='[.devices[]|[.bdf,.up,.physfn,.vendor,.device,.class,.type,.acs,.ats,.link,.iommu_group,.numa_node,
		[.children[]?|select(.kind!="block" and .kind!="accel")|.name]]]'
	local compared=0 machine
	for machine in direct-nic vera inline-nic sriov switch-acs dgx vmd deep; do
		dump_of "$machine"
		p2ptopo tree -anJF "$BATS_TEST_TMPDIR/dump.json"
		local from_dump
		from_dump=$(get -c "$facts")
		on "$machine" tree -anJ
		# What rdma_topo leaves out, host bridges above all, is not compared.
		is "$from_dump" "$(get -c --argjson there "$(jq -c 'map(.[0])' <<<"$from_dump")" \
			"$facts|map(select(.[0] as \$b|\$there|index(\$b)))")"
		compared=$((compared + $(jq length <<<"$from_dump")))
	done
	[ "$compared" -ge 120 ]
}

@test "a dump never says otherwise than the snapshot of the same machine, only less" {
	local machine known=0 unknown=0
	# Left out: machines that rdma_topo could not have dumped, or whose list order is not that of the addresses.
	for machine in $("$MACHINES/make" --list | grep -v -x -e 'unprivileged.*' -e '.*-user' -e '.*-unknown' -e asleep -e dead \
		-e misplaced -e no-pci -e 'reordered' -e 'not-reordered' -e hostile -e twins -e skylake -e 'linux-.*' -e running-table \
		-e without-p2pdma); do
		dump_of "$machine"
		for cpu in GenuineIntel/6 AuthenticAMD/25; do
			p2ptopo pairs -aJF "$BATS_TEST_TMPDIR/dump.json" --assume kernel=7.3.4 --assume cpu=$cpu --assume p2pdma=yes
			exits 0
			get -c '.pairs[]|[.provider,.client,.map,.distance]' >"$BATS_TEST_TMPDIR/less"
			on "$machine" pairs -aJ --assume kernel=7.3.4 --assume cpu=$cpu --assume p2pdma=yes
			get -c '.pairs[]|[.provider,.client,.map,.distance]' | sort >"$BATS_TEST_TMPDIR/more"
			grep -v ',null,' "$BATS_TEST_TMPDIR/less" | sort >"$BATS_TEST_TMPDIR/said" || true
			is "$machine $cpu: $(comm -23 "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR/more" | head -3)" "$machine $cpu: "
			known=$((known + $(wc -l <"$BATS_TEST_TMPDIR/said")))
			unknown=$((unknown + $(grep -c ',null,' "$BATS_TEST_TMPDIR/less" || true)))
		done
	done
	echo "# $known answers are the same, $unknown are unknown in the dump" >&3
	[ "$known" -gt 500 ] && [ "$unknown" -gt 20 ]
}

@test "what rdma_topo leaves out: which function is first is not known, unless 00.0 is there" {
	dump_of icelake
	p2ptopo why -JF "$BATS_TEST_TMPDIR/dump.json" nvme0 eth0 --assume cpu=GenuineIntel/6
	exits 4
	complains "which function is first on its bus is not recorded"
	is "$(get '.pairs[0].rule')" root-device-unknown
	json_ok
	# On Zen it does not matter.
	p2ptopo why -F "$BATS_TEST_TMPDIR/dump.json" nvme0 eth0 --assume cpu=AuthenticAMD/25
	exits 0
	# Grace and Vera have a root port at 00.0.
	dump_of vera
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/dump.json"
	silent
	is "$(get '[.hostbridges[].order]|unique|join(" ")')" address
}

@test "what a dump does not have is unknown, not absent" {
	dump_of direct-nic
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/dump.json"
	is "$(get '[.devices[].driver]|unique|tostring')" '[null]'
	is "$(get '[.devices[]|select(.class|test("^06")|not)|.p2pmem]|unique|tostring')" '[null]'
	is "$(get '[.host.cpu[]]|unique|tostring')" '[null]'
	is "$(get '[.assumptions[]]|join(" ")|test("kernel 7.3")')" true
	json_ok
}

@test "a snapshot of a dump prints the same" {
	for machine in direct-nic sriov icelake; do
		dump_of "$machine"
		"$P2PTOPO" snapshot -F "$BATS_TEST_TMPDIR/dump.json" >"$BATS_TEST_TMPDIR/again.snap" 2>/dev/null
		for words in "tree -aJ" "pairs -aJ" "tree -a"; do
			# shellcheck disable=SC2086
			cmp <("$P2PTOPO" $words -F "$BATS_TEST_TMPDIR/dump.json" 2>&1) \
				<("$P2PTOPO" $words -F "$BATS_TEST_TMPDIR/again.snap" 2>&1)
		done
	done
}

@test "VPD, where serial numbers are, is not read" {
	dump_of vera
	jq '.[1].vpd="not even base64"' "$BATS_TEST_TMPDIR/dump.json" >"$BATS_TEST_TMPDIR/vpd.json"
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/vpd.json"
	exits 0
	"$P2PTOPO" snapshot -F "$BATS_TEST_TMPDIR/vpd.json" >"$BATS_TEST_TMPDIR/vpd.snap"
	! grep -qi vpd "$BATS_TEST_TMPDIR/vpd.snap"
}

# ---------------------------------------------------------------- wanted masks

@test "inline, without virtual machines: at the wanted masks the pair is direct, with a redirect on its way it is not" {
	local nic=0000:83:00.0 gpu=0000:86:00.0 clean="0000:82:00.0=0 0000:82:01.0=0 0000:85:00.0=0"
	local cpu answer bit port
	# As the kernel leaves the registers, rdma_topo says FAIL.
	dump_of inline-nic
	decides "$gpu" "$nic" 7.2.12 GenuineIntel/6 null root-device-unknown
	decides "$gpu" "$nic" 7.2.12 AuthenticAMD/25 THRU_HOST_BRIDGE cpu-zen
	# shellcheck disable=SC2086 # words
	for cpu in GenuineIntel/6 AuthenticAMD/25; do
		# x is any: TB, EC and DT.  EC is the one that the kernel counts all the same.
		for answer in 0 2 40 42; do
			dump_of inline-nic ${clean//=0/=$answer} 0000:80:01.0=$answer
			decides "$gpu" "$nic" 7.2.12 $cpu BUS_ADDR common-clean
			decides "$nic" "$gpu" 7.2.12 $cpu BUS_ADDR common-clean
		done
		dump_of inline-nic $clean 0000:80:01.0=0 0000:82:01.0=20
		decides "$gpu" "$nic" 7.2.12 $cpu
		not_direct
		# A failing value that the kernel counts, on each port of the way: never direct.
		for port in 0000:82:00.0 0000:82:01.0 0000:85:00.0; do
			for bit in 4 8 1d c; do
				dump_of inline-nic $clean 0000:80:01.0=0 $port=$bit
				decides "$gpu" "$nic" 7.2.12 $cpu
				not_direct
				is "$(redirecting)" "$port"
			done
			# One that rdma_topo refuses and the kernel does not look at: SV, UF.
			for bit in 1 10 11; do
				dump_of inline-nic $clean 0000:80:01.0=0 $port=$bit
				decides "$gpu" "$nic" 7.2.12 $cpu BUS_ADDR common-clean
			done
		done
		# The root port is above where the ways meet: rdma_topo wants it clear, the kernel does not ask it.
		dump_of inline-nic $clean 0000:80:01.0=1d
		decides "$gpu" "$nic" 7.2.12 $cpu BUS_ADDR common-clean
	done
}

@test "inline, with virtual machines: rdma_topo wants redirects and DT; the kernel, up to 7.3, sees a redirect" {
	dump_of inline-nic 0000:82:00.0=5d 0000:82:01.0=1d 0000:85:00.0=1d 0000:80:01.0=1d
	decides 0000:86:00.0 0000:83:00.0 7.3.4 AuthenticAMD/25 THRU_HOST_BRIDGE cpu-zen
	decides 0000:86:00.0 0000:83:00.0 7.3.4 GenuineIntel/6
	is "$(redirecting)" \
		"0000:82:00.0 0000:82:01.0 0000:85:00.0"
}

@test "DMA-based: at rdma_topo's wanted masks the kernel, up to 7.3, refuses; clear of redirects it allows" {
	local dma=0008:03:00.0 gpu=0008:06:00.0
	dump_of direct-nic 0008:02:00.0=19 0008:02:01.0=15 0008:05:00.0=1d 0008:00:00.0=1c
	decides "$gpu" "$dma" 7.3.4 none/0 NOT_SUPPORTED not-allowlisted
	is "$(redirecting)" \
		"0008:02:00.0 0008:02:01.0 0008:05:00.0"
	decides "$dma" "$gpu" 7.3.4 none/0 NOT_SUPPORTED not-allowlisted
	# The same port counts for either bit alone; the root port is above where they meet.
	dump_of direct-nic 0008:02:00.0=11 0008:02:01.0=11 0008:05:00.0=11 0008:00:00.0=1c
	decides "$gpu" "$dma" 7.3.4 none/0 BUS_ADDR common-clean
	dump_of direct-nic 0008:02:00.0=19 0008:02:01.0=11 0008:05:00.0=11
	decides "$gpu" "$dma" 7.3.4 none/0 NOT_SUPPORTED not-allowlisted
	dump_of direct-nic 0008:02:00.0=11 0008:02:01.0=15 0008:05:00.0=11
	decides "$gpu" "$dma" 7.3.4 none/0 NOT_SUPPORTED not-allowlisted
}

@test "NUMA-based: the ways do not meet, so no mask matters; Vera passes from 7.3 on, Grace never" {
	local word
	for word in 15 0 1d 3f; do
		dump_of vera "0000:00:00.0=$word" "0002:00:00.0=$word"
		decides card1 mlx5_0 7.3.4 none/0 THRU_HOST_BRIDGE allowlisted
		decides card1 mlx5_0 7.2.12 none/0 NOT_SUPPORTED not-allowlisted
		dump_of direct-nic "0000:00:00.0=$word" "0008:00:00.0=$word"
		decides card1 mlx5_0 7.3.4 none/0 NOT_SUPPORTED not-allowlisted
	done
}

@test "a chain of capabilities that steps back: rdma_topo ends there (parse_ext_cap), the kernel and p2ptopo do not" {
	"$BATS_TEST_DIRNAME/as-rdma-topo" "$(snap inline-nic)" 0000:82:00.0=0 0000:85:00.0=0 --moved 0000:82:01.0 \
		>"$BATS_TEST_TMPDIR/dump.json"
	decides 0000:86:00.0 0000:83:00.0 7.2.12 AuthenticAMD/25
	is "$(redirecting)" 0000:82:01.0
}

# ------------------------------------------------------------------- bad input

# jq PROGRAM on a good dump, one item a line, is refused at LINE:COLUMN, or what that begins with, with WORDS.
refused() { # LINE:COLUMN WORDS PROGRAM
	dump_of vera
	jq -c "$3" "$BATS_TEST_TMPDIR/dump.json" | sed -E 's/\},\{"(realpath|config)/},\n{"\1/g' >"$BATS_TEST_TMPDIR/bad.json"
	refuses "$1" "$2"
}

refuses() { # LINE:COLUMN WORDS: what is in bad.json
	p2ptopo tree -F "$BATS_TEST_TMPDIR/bad.json"
	exits 3
	case $errors in *"bad.json:$1"*"$2"*) ;; *) fail "not $1 $2: $errors" ;; esac
	is "$output" ""
	is "$(wc -l <<<"$errors")" 1
}

@test "members that are missing, null, or of another kind" {
	local long
	refused 2:1 '"realpath" is missing' 'del(.[1].realpath)'
	refused 1:3 '"realpath" is missing' '.[0].realpath=null'
	refused 1:3 '"realpath" is not text' '.[0].realpath=7'
	refused 1:3 '"realpath" is not text' '.[0].realpath="/sys/devices/pci0000:00/0000:00:00.0\u0000x"'
	refused 1:3 "not a PCI function's folder" '.[0].realpath="/sys/devices/pci0000:00"'
	refused 1:3 "not a PCI function's folder" '.[0].realpath="/sys/devices/platform/0000:00:00.0"'
	refused 1:3 "not a PCI function's folder" '.[0].realpath="/sys/devices/pci0000:00/../0000:00:00.0"'
	refused 1:3 "not a PCI function's folder" '.[0].realpath="/sys/devices/pci0000:00/0000:00:00.8"'
	refused 1:3 "not a PCI function's folder" '.[0].realpath="/sys/devices/pci0000:00/0:0:0.0"'
	refused 1:3 "not a PCI function's folder" '.[0].realpath=("/sys/devices/pci0000:00/"+("a/"*600)+"0000:00:00.0")'
	refused 2:2 "is there twice" '.[1].realpath=.[0].realpath'
	refused 1:53 '"config" is missing' '.[0].config=null'
	refused 1:53 '"config" cannot be unpacked' '.[0].config="!"'
	refused 1:53 '"config" cannot be unpacked' '.[0].config="AAAA"'
	refused 1:53 '"config" cannot be unpacked' '.[0].config="=AAA"'
	refused 1:53 '"config" cannot be unpacked' '.[0].config=(.[0].config|.[0:-8])'
	refused 1:53 '"config" cannot be unpacked' ".[0].config=\"$(python3 -c '
import base64, zlib; print(base64.b64encode(zlib.compress(bytes(1 << 26))).decode())')\""
	refused 1:53 '"config" has 65 bytes' ".[0].config=\"$(python3 -c '
import base64, zlib; print(base64.b64encode(zlib.compress(bytes(65))).decode())')\""
	refused 1:53 '"config" has 0 bytes' ".[0].config=\"$(python3 -c '
import base64, zlib; print(base64.b64encode(zlib.compress(b"")).decode())')\""
	refused 2:1 '"modalias" is missing' 'del(.[1].modalias)'
	local number
	for number in '"0"' true 1.5 -2 4294967296 99999999999999999999; do
		refused 2: '"numa_node" is not such a number' ".[1].numa_node=$number" || fail "$number"
	done
	refused 2: '"iommu_group" is not such a number' '.[1].iommu_group=-1'
	refused 2: '"subsystems" is not an object' '.[1].subsystems=["net"]'
	refused 2: 'what is in it is not a list' '.[1].subsystems={"net":"eth0"}'
	refused 2: 'a name in it is not text' '.[1].subsystems={"net":[1]}'
	refused 2: 'a name in it is none' '.[1].subsystems={"net":["a/b"]}'
	refused 2: 'a name in it is none' '.[1].subsystems={"net":[".."]}'
	refused 2: 'net ibp1s0 is there twice' '.[1].subsystems={"net":["ibp1s0","ibp1s0"]}'
	refused 1: 'not an object' '.[1]=7'
}

@test "text that is not JSON, is cut short, or goes on" {
	local here=$BATS_TEST_TMPDIR
	dump_of vera
	head -c 700 "$here/dump.json" >"$here/bad.json"
	refuses "" "cut short"
	head -c -1 "$here/dump.json" >"$here/bad.json"
	refuses "" "cut short"
	(cat "$here/dump.json"; cat "$here/dump.json") >"$here/bad.json"
	refuses "" "is it two files"
	printf '[]' >"$here/bad.json"
	refuses 1:1 "no function in it"
	printf '[\n{"realpath": "x",\n "realpath": "y"}]' >"$here/bad.json"
	refuses 3:2 '"realpath" is there twice'
	printf '[{"realpath": nul}]' >"$here/bad.json"
	refuses 1:18 "not JSON"
	printf "[{'realpath': 1}]" >"$here/bad.json"
	refuses 1:3 "not JSON"
	(jq -c . "$here/dump.json" | sed 's/},{"realpath/} {"realpath/') >"$here/bad.json"
	refuses 1: '"," or "]" is missing'
	printf '[{"a": "\xff"}]' >"$here/bad.json"
	refuses 1: "not JSON"
	printf '[{"a":%s' "$(printf '[%.0s' {1..100000})" >"$here/bad.json"
	refuses 1: "not JSON"
	jq -c '.[0].extra=[[[[[[[[[1]]]]]]]]]' "$here/dump.json" >"$here/bad.json"
	refuses 1: "nesting too deep"
	(jq -c . "$here/dump.json" | sed 's/]$/,]/') >"$here/bad.json"
	refuses 1: 'nothing after ","'
	printf '{"schema": 1}' >"$here/bad.json"
	refuses 1:1 "neither a snapshot"
}

@test "hostile names stay names" {
	dump_of vera
	jq '.[1].subsystems={"net":["\u001b[31m\u202e","eth0\"}]"]}|.[1].modalias="pci:v\u001b"' "$BATS_TEST_TMPDIR/dump.json" \
		>"$BATS_TEST_TMPDIR/names.json"
	p2ptopo tree -aF "$BATS_TEST_TMPDIR/names.json"
	exits 0
	says_not $'\e'
	says_not $'\u202e'
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/names.json"
	json_ok
	"$P2PTOPO" snapshot -F "$BATS_TEST_TMPDIR/names.json" >"$BATS_TEST_TMPDIR/names.snap"
	cmp <("$P2PTOPO" tree -aJF "$BATS_TEST_TMPDIR/names.json") <("$P2PTOPO" tree -aJF "$BATS_TEST_TMPDIR/names.snap")
}

@test "paths that make no sense are unknown, and the rest of the machine is there" {
	dump_of vera
	jq '.[1].realpath="/sys/devices/pci0000:00/0000:07:00.0/0000:01:00.0"' "$BATS_TEST_TMPDIR/dump.json" >"$BATS_TEST_TMPDIR/place.json"
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/place.json"
	exits 0
	complains "place in the hierarchy cannot be told"
	is "$(get '.devices|length')" 4
	json_ok
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
