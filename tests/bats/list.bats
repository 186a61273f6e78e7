#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# list: functions one a line, every fact a column.

load helper

# One cell of a listing without headings: cell MACHINE COLUMN DEVICE...
cell() {
	local machine=$1 column=$2
	shift 2
	on "$machine" list --noheadings -o "$column" "$@"
	exits 0
}

column_names() {
	p2ptopo list -H
	cut -d' ' -f1 <<<"$output"
}

@test "options of which one would be ignored are refused" {
	for words in "list -H -J" "list -H -P" "tree -H -J" "pairs -H -J" "pairs --summary -o MAP" "pairs --summary -H" \
		"allowlist -H -J"; do
		# shellcheck disable=SC2086 # words
		p2ptopo $words
		exits 2
		complains "give one of the two"
	done
	on switch list -x FOO
	complains "(p2ptopo list -H lists its columns)"
	for verb in pairs allowlist; do
		p2ptopo $verb -H -F /nonexistent
		exits 0
	done
}

@test "likely peers, one a line, in the order of their addresses" {
	on switch list
	exits 0
	is "$(sed 1d <<<"$output" | cut -d' ' -f1 | xargs)" "03:00.0 04:00.0 05:00.0"
	says "DEVICE"
	says "nvme0n1"
}

@test "--all lists every function; where nothing is a likely peer, so does list alone" {
	on switch list -a --noheadings
	is "$(wc -l <<<"$output")" 9
	"$BATS_TEST_DIRNAME/dump" 0000:00:01.0=port:0:1:1 0000:00:02.0=port:0:2:2 >"$BATS_TEST_TMPDIR/dump"
	p2ptopo list --noheadings -o DEVICE -F "$BATS_TEST_TMPDIR/dump"
	exits 0
	is "$(xargs <<<"$output")" "00:01.0 00:02.0"
	p2ptopo list -s 7f: -F "$BATS_TEST_TMPDIR/dump"
	says_not "00:01.0"
}

@test "what is usual fits 80 columns, also with long names and domains" {
	local machine
	for machine in switch-acs sriov vmd skylake hostile offers icelake; do
		on "$machine" list -a
		exits 0
		[ "$(wc -L <<<"$output")" -le 80 ] || fail "$machine: $output"
	done
}

@test "devices that are named are listed, peers or not; several, by any of their names" {
	on switch list --noheadings -o DEVICE 00:01.0
	is "$output" "00:01.0"
	on switch list --noheadings -o DEVICE eth0 /dev/nvme0n1 0000:02:08.0 nvme0
	is "$(xargs <<<"$output")" "02:08.0 03:00.0 05:00.0"
	on switch list nvme7
	exits 2
	complains "nvme7"
}

@test "-s and -d choose as lspci does, and restrict what is named" {
	on switch list --noheadings -o DEVICE -s 02:
	is "$(wc -l <<<"$output")" 3
	on switch list --noheadings -o DEVICE -d 15b3:
	is "$output" "05:00.0"
	on switch list --noheadings -o DEVICE -d 144d: nvme1 eth0
	is "$output" "04:00.0"
	on switch list -s 7f:
	exits 0
	says "No function matches."
	on switch list -s 7f: --noheadings
	exits 0
	is "$output" ""
	on switch list -J -s 7f:
	is "$(get '.devices|length')" 0
	json_ok
}

@test "-o chooses columns and their order, + adds, -O takes all, -H lists them without reading a machine" {
	on switch list -o name,device nvme0
	is "$(head -1 <<<"$output" | xargs)" "NAME DEVICE"
	on switch list -o +PATH nvme0
	says "0000:00:01.0/00.0/08.0/00.0"
	says "DRIVER"
	on switch list -O nvme0
	is "$(head -1 <<<"$output" | wc -w)" "$(column_names | wc -l)"
	says "NVMe SSD Controller PM173X" # nothing is cut: it does not fit anyway
	p2ptopo list -H -F /nonexistent
	exits 0
	says "ACS-CTL-BITS"
	on switch list -o NMAE
	exits 2
	complains "did you mean NAME"
	on switch list -O -o NAME
	exits 2
}

@test "every column that -H lists can be printed and sorted by, alone, on every kind of machine" {
	local column machine
	for column in $(column_names); do
		for machine in hostile asleep unprivileged; do
			on "$machine" list -a -b -x "$column" -o "$column"
			exits 0
		done
	done
}

@test "every column is in the manual page, and every one there is a column" {
	local columns
	columns=$(column_names | sort)
	is "$(sed -nE '/^\.Ss tree, list/,/^\.Ss pairs/s/^\.It Cm ([A-Z].*)/\1/p' "$TOP/man/p2ptopo.8" | sed 's/\\//g; s/ , /\n/g' | sort)" "$columns"
}

@test "sizes have a unit, and with -b none" {
	cell switch P2PMEM,P2PMEM-FREE,BAR,BAR-SIZES nvme0
	is "$(xargs <<<"$output")" "16M 16320K 16M 0:16K 4:16M"
	cell switch P2PMEM,P2PMEM-FREE,BAR,BAR-SIZES -b nvme0
	is "$(xargs <<<"$output")" "16777216 16711680 16777216 0:16384 4:16777216"
}

@test "identity: ids, revision, class, names, port type, header, driver" {
	cell switch ID,SUBSYS,REV,CLASS,HEADER,TYPE,DRIVER nvme0
	is "$(xargs <<<"$output")" "144d:a824 144d:a824 01 010802 0 endpoint nvme"
	cell switch HEADER,TYPE 02:08.0
	is "$(xargs <<<"$output")" "1 switch downstream port"
	cell switch DEVICE-NAME nvme0
	says "PM173X"
	cell switch VENDOR-NAME,DEVICE-NAME,CLASS-NAME -n nvme0
	is "$(xargs <<<"$output")" "144d a824 0108"
}

@test "children by kind, and what state a network interface is in" {
	cell switch NVME,BLOCK nvme0
	is "$(xargs <<<"$output")" "nvme0 nvme0n1"
	cell switch NET,NET-STATE,RDMA eth0
	is "$(xargs <<<"$output")" "eth0 up mlx5_0"
	cell switch DRM,ACCEL nvme0
	is "$output" ""
}

@test "edges: above by the kernel's walk and as drawn, the PF, the host bridge, the path of slots" {
	cell sriov DEVICE,UP,UNDER,PF,HOST,PATH -a -s 01:00.2
	is "$(xargs <<<"$output")" "01:00.2 00:01.0 01:00.0 01:00.0 pci0000:00 0000:01:00.2"
	cell vmd UP,HOST,PATH nvme0
	is "$(xargs <<<"$output")" "10000:e0:02.0 pci10000:e0 10000:e0:02.0/00.0"
	on switch-acs list -J 02:09.0
	is "$(get '.devices[0].path')" "0000:00:01.0/00.0/09.0"
	json_ok
	# An edge that cannot be read: no path, rather than half of one.
	on misplaced list -aJ
	json_ok
	is "$(get '[.devices[]|select(.up==null and .path!=null)]|length')" 0
	[ "$(get '[.devices[]|select(.path==null)]|length')" -gt 0 ]
}

@test "the path that list prints is the one that the remedy names" {
	on switch-acs why nvme0 nvme1
	local path
	for path in $("$P2PTOPO" list -F "$(snap switch-acs)" --noheadings -o PATH 02:08.0 02:09.0); do says "@$path"; done
}

@test "ACS: its words in hex as setpci prints them and as lspci does, empty where there is none" {
	cell switch-acs ACS,ACS-CAP,ACS-CTL 02:08.0
	is "$(xargs <<<"$output")" "RR CR 005f 001d"
	cell switch-acs ACS-CTL-BITS 02:08.0
	is "$output" "SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-"
	cell switch-acs ACS-CAP-BITS 02:08.0
	is "$output" "SrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+"
	cell switch ACS,ACS-CTL,ACS-CTL-BITS 02:08.0
	is "$output" ""
	cell unprivileged ACS,ACS-CAP,ACS-CTL,ACS-CTL-BITS 02:08.0
	is "$(xargs <<<"$output")" "? ? ? ?"
}

@test "of ACS that is assumed in part, the bits that nobody knows are marked, and the word is unknown" {
	cell unprivileged ACS-CTL-BITS --assume acs:02:08.0=RR-,SV+ 02:08.0
	is "$output" "SrcValid+ TransBlk? ReqRedir- CmpltRedir? UpstreamFwd? EgressCtrl? DirectTrans?"
	complains "assumed: ACS of 0000:02:08.0"
	cell unprivileged ACS-CTL --assume acs:02:08.0=RR-,SV+ 02:08.0
	is "$output" "?"
}

@test "links: now and possible, and why it is not more" {
	cell switch LINK,SPEED,WIDTH,SPEED-MAX,WIDTH-MAX,LINK-STATE nvme1
	is "$(xargs <<<"$output")" "8x4! 8 4 16 4 degraded"
	cell switch LINK,LINK-STATE 02:10.0
	is "$(xargs <<<"$output")" "8x8~ partner"
	cell switch LINK,LINK-STATE eth0
	is "$(xargs <<<"$output")" "8x8 full"
	cell twins LINK,SPEED,WIDTH,LINK-STATE 00:03.0
	is "$(awk '{ print $NF }' <<<"$output")" none
}

@test "ATS, PRI, PASID, payload, NUMA, IOMMU group, power, SR-IOV, CXL" {
	cell switch-acs ATS,PRI,PASID eth0
	is "$(xargs <<<"$output")" "+ - -"
	cell switch-acs MPS,MPS-MAX,MRRS,GRP,GRP-TYPE,POWER,ASLEEP,DEAD nvme0
	is "$(xargs <<<"$output")" "256 256 512 4 DMA-FQ D0 no no"
	cell sriov VFS,VFS-MAX 01:00.0
	is "$(xargs <<<"$output")" "2 8"
	on skylake list -aP -o HEADER,NUMA
	is "$(sort -u <<<"$output")" "$(printf 'HEADER="%s" NUMA="%s"\n' 0 0 0 1 1 0 1 1)"
	on asleep list -a -P -o DEVICE,ASLEEP
	says 'ASLEEP="yes"'
	on dead list -a -P -o DEVICE,DEAD
	says 'DEAD="yes"'
}

@test "the controller memory buffer: from its registers, and none where it is no NVMe controller" {
	cell switch CMB,CMB-BAR,CMB-OFFSET,CMBSZ,CMBLOC nvme0
	is "$(xargs <<<"$output")" "64K 2 0B 0001000f 00000002"
	cell switch CMB,CMBSZ eth0
	is "$output" ""
	# 3 * 16 MiB at 5 * 16 MiB, and a unit that has no meaning.
	sed 's/cmbloc : 0x00000002/cmbloc : 0x00005004/; s/cmbsz  : 0x0001000f/cmbsz  : 0x0000330f/' "$(snap switch)" >"$BATS_TEST_TMPDIR/cmb.snap"
	p2ptopo list --noheadings -F "$BATS_TEST_TMPDIR/cmb.snap" -o CMB,CMB-BAR,CMB-OFFSET nvme0
	is "$(xargs <<<"$output")" "48M 4 80M"
	sed 's/cmbsz  : 0x0001000f/cmbsz  : 0x0000370f/' "$(snap switch)" >"$BATS_TEST_TMPDIR/cmb.snap"
	p2ptopo list -P -F "$BATS_TEST_TMPDIR/cmb.snap" -o CMB,CMB-OFFSET,CMBSZ nvme0
	is "$output" 'CMB="unknown" CMB_OFFSET="unknown" CMBSZ="0000370f"'
}

@test "offer, client and island are those of pairs and tree" {
	cell switch OFFER,TAKES,ISLE
	is "$(xargs <<<"$output")" "p2pmem yes 1 none yes 1 dma-buf yes 1"
	cell switch-acs ISLE
	is "$(xargs <<<"$output")" "- - -"
	cell unprivileged ISLE
	is "$(xargs <<<"$output")" "? ? ?"
	on offers list -aJ
	json_ok
	local listed=$output
	on offers pairs -aJ
	is "$(jq -c '[.devices[]|select(.bridge|not)|{bdf,kind:.offer.kind,client_can}]' <<<"$listed")" \
		"$(get -c '[.devices[].bdf as $d|{bdf:$d,kind:[.pairs[]|select(.provider==$d)][0].offer.kind,client_can:[.pairs[]|select(.client==$d)][0].client_can}]')"
}

@test "-x sorts by number where the column has numbers, by name where it has names" {
	# 8x4, then 16x4 and 8x8, which are equal.
	cell switch DEVICE -x LINK
	is "$(xargs <<<"$output")" "04:00.0 03:00.0 05:00.0"
	cell switch-acs DEVICE -x BAR
	is "$(xargs <<<"$output")" "04:00.0 05:00.0 03:00.0"
	cell switch DEVICE -a -x DRIVER
	is "$(tail -n 1 <<<"$output")" "00:00.0"
	# 9 before 10 in a name, and 2 before 10 in a number.
	sed 's/nvme0/nvme10/g; s/nvme1\([^0]\|$\)/nvme9\1/g' "$(snap switch)" >"$BATS_TEST_TMPDIR/ten.snap"
	p2ptopo list --noheadings -o NVME -x nvme -F "$BATS_TEST_TMPDIR/ten.snap"
	is "$(xargs <<<"$output")" "nvme9 nvme10"
}

@test "-x is stable, puts what is absent after what is known, and what is unknown last" {
	on asleep list -aP -x SPEED -o DEVICE,SPEED
	is "$(sed -E 's/.*SPEED="(.*)"/\1/; s/^[0-9.]+$/known/; s/^$/absent/' <<<"$output" | uniq | xargs)" "known absent unknown"
	on switch list -a --noheadings -o DEVICE -x HEADER
	is "$(head -4 <<<"$output" | sort -c && echo sorted)" sorted
	on switch list -a --noheadings -o DEVICE -x DEAD
	is "$(sort <<<"$output")" "$output"
}

@test "-x takes one column, in any case, also one that is not printed" {
	on switch list -x GRPP
	exits 2
	complains "did you mean GRP"
	on switch list -x ''
	exits 2
	on switch list -x GRP,BAR
	exits 2
	complains "one column to sort by"
	on switch list -x +GRP
	exits 2
}

@test "-P prints pairs: empty for absent, the word unknown for unknown, - in a column's name is _" {
	on switch-acs list -P -o DEVICE,ACS-CTL,P2PMEM nvme0
	is "$output" 'DEVICE="03:00.0" ACS_CTL="" P2PMEM="16M"'
	on unprivileged list -P -o ACS-CTL,NET-STATE 02:08.0
	is "$output" 'ACS_CTL="unknown" NET_STATE=""'
	on switch list -PJ
	exits 2
	complains "--pairs"
}

@test "-P is safe in a shell, whatever a device or driver is called" {
	sed 's/^read names\/device\/144d:a824 = .*/read names\/device\/144d:a824 = a"; touch $HOME\/pwned; $(exit 3) `exit 4` \\x5c ! \\x27 *\\x0aNAME="b/' \
		"$(snap hostile)" >"$BATS_TEST_TMPDIR/one.snap"
	p2ptopo list -P -o DEVICE,DEVICE-NAME,DRIVER 01:00.0 -F "$BATS_TEST_TMPDIR/one.snap"
	exits 0
	is "$(wc -l <<<"$output")" 1
	local DEVICE='' DEVICE_NAME='' DRIVER='' HOME=$BATS_TEST_TMPDIR
	eval "$output"
	[ ! -e "$BATS_TEST_TMPDIR/pwned" ]
	is "$DEVICE" 01:00.0
	is "$(printf %b "$DEVICE_NAME")" 'a"; touch $HOME/pwned; $(exit 3) `exit 4` \ ! '"' *"$'\n''NAME="b'
	is "$(printf %b "$DRIVER")" $'nv\e[5mme'
}

@test "what was assumed is said, and where rows are for programs, on standard error" {
	on switch-acs list --assume kernel=6.1
	says "Assumed: "
	on switch-acs list --assume kernel=6.1 -P
	says_not "ssumed"
	complains "assumed: "
	on switch-acs list --assume kernel=6.1 --noheadings
	says_not "ssumed"
	complains "assumed: "
}

@test "JSON has whole devices whatever -o says, in the order of -x, and every fact that has a column" {
	on switch list -J
	json_ok
	local whole=$output
	on switch list -J -o DEVICE -b
	is "$output" "$whole"
	on switch list -J -x LINK
	is "$(get '[.devices[].bdf]|join(" ")')" "0000:04:00.0 0000:03:00.0 0000:05:00.0"
	json_ok
	local machine
	for machine in hostile unprivileged asleep dead vmd sriov misplaced no-pci; do
		on "$machine" list -aJ
		exits 0
		json_ok
	done
	on switch list -J nvme0
	is "$(get '.devices[0]|[.revision,.header,.asleep,.dead,.offer.kind,.client_can,.island]|map(tostring)|join(" ")')" \
		"01 0 false false p2pmem yes 1"
}

@test "a machine without PCI" {
	on no-pci list
	exits 0
	says "No PCI functions here."
}

@test "a dump: what it does not hold is unknown, not none" {
	"$BATS_TEST_DIRNAME/dump" 0000:00:01.0=port:0:1:1 0000:01:00.0=end >"$BATS_TEST_TMPDIR/dump"
	p2ptopo list -P -F "$BATS_TEST_TMPDIR/dump" -o DRIVER,NVME,P2PMEM,NUMA,POWER,GRP,OFFER,TAKES,ASLEEP,DEAD,UP 01:00.0
	exits 0
	is "$(sed 's/="unknown"/?/g' <<<"$output")" \
		'DRIVER? NVME? P2PMEM? NUMA? POWER? GRP? OFFER? TAKES? ASLEEP="no" DEAD="no" UP="00:01.0"'
	# An end of all ones is dead; nothing else of it is known.
	"$BATS_TEST_DIRNAME/dump" 0000:00:01.0=ones >"$BATS_TEST_TMPDIR/dump"
	p2ptopo list -P -F "$BATS_TEST_TMPDIR/dump" -o ID,ACS,LINK,DEAD 00:01.0
	exits 0
	is "$output" 'ID="unknown" ACS="unknown" LINK="unknown" DEAD="yes"'
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
