#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What if: another boot, another kernel's point releases, other drivers.

load helper

# pair WANT MACHINE A B ASSUMPTION...: "MAP RULE" of a pair.
pair() {
	local want=$1 machine=$2 a=$3 b=$4 words=()
	shift 4
	for word; do words+=(--assume "$word"); done
	on "$machine" why -J "$a" "$b" "${words[@]}"
	json_ok
	is "$(get '.pairs[0]|[.map // "unknown",.rule]|join(" ")')" "$want"
}

# acs WANT MACHINE FUNCTION ASSUMPTION...: its ACS word after that, as lspci writes it but with two letters a bit.
acs() {
	local want=$1 machine=$2 function=$3 words=()
	shift 3
	for word; do words+=(--assume "$word"); done
	on "$machine" tree -aJ "${words[@]}"
	json_ok
	is "$(get --arg f "0000:$function" '.devices[]|select(.bdf==$f)|.acs.text' |
		sed 's/SrcValid/SV/;s/TransBlk/TB/;s/ReqRedir/RR/;s/CmpltRedir/CR/;s/UpstreamFwd/UF/;s/EgressCtrl/EC/;s/DirectTrans/DT/')" "$want"
}

refuses() { # ASSUMPTION...
	local words=()
	for word; do words+=(--assume "$word"); done
	on switch-acs why nvme0 nvme1 "${words[@]}"
	exits 2
	is "$output" ""
}

# --- given twice ---

@test "a key with one value is given once: the other one would be ignored in silence" {
	for pair in "kernel=6.1 kernel=6.2" "kernel=6.1 kernel=6.1" "p2pdma=yes p2pdma=no" "cpu=GenuineIntel/6 cpu=AuthenticAMD/25" \
		"cmdline=a cmdline=b" "cmdline= cmdline=b" "iommu=none iommu=intel" "driver:03:00.0=nvme driver:0000:03:00.0=none" \
		"p2pmem:03:00.0=1M p2pmem:03:00.0=none"; do
		# shellcheck disable=SC2086 # two words
		refuses $pair
		complains "once"
		complains "${pair#* }"
	done
}

@test "a bit is not set and cleared, by whatever spelling" {
	for pair in "acs:02:08.0=RR+ acs:02:08.0=RR-" "acs:02:08.0=1d acs:02:08.0=ReqRedir-" "acs:*=RR+ acs:*=0:4"; do
		# shellcheck disable=SC2086 # two words
		refuses $pair
		complains "opposite"
	done
	pair "BUS_ADDR common-clean" switch-acs nvme0 nvme1 acs:02:08.0=RR- acs:02:08.0=CR- acs:02:09.0=0:2c
}

@test "a bit that one word sets and clears: that it is named twice is said" {
	refuses acs:02:08.0=RR-,ReqRedir+
	complains "one bit is named twice"
}

@test "a function is named by a device of it, as everywhere else" {
	on switch why -J nvme1 nvme0 --assume p2pmem:nvme1=16M
	json_ok
	is "$(get '.assumptions|join("|")')" "p2pmem of 0000:04:00.0: 16M, published"
	on switch pairs --summary --assume driver:/dev/nvme0n1=vfio-pci
	exits 0
	says "Assumed: driver of 0000:03:00.0: vfio-pci."
	on endpoint-acs why card0 card0 --assume acs:card0=0
	exits 0
	says "Assumed: ACS of 0000:01:00.0"
	refuses acs:nvme9=RR+
	complains "no such device; expected an address such as 0000:03:00.0"
	refuses driver:nvme0=nvme driver:03:00.0=none
	complains "given twice, by name and by address"
	on endpoint-acs tree --assume acs:card0=RR+ --assume acs:01:00.0=RR-
	exits 2
	complains "by name and address"
}

@test "a kernel without P2PDMA has no pool" {
	for words in p2pdma=no kernel=4.19; do
		on switch why -J nvme0 nvme1 --assume $words
		json_ok
		is "$(get '.pairs[0].offer|.kind+": "+.why')" "none: a kernel without P2PDMA has no pool of peer memory"
		on switch list nvme0 -o DEVICE,P2PMEM --assume $words
		says_not 16M
	done
	on switch providers nvme1 --assume p2pdma=no
	exits 1
	# The others of --across keep theirs.
	on switch pairs -a --across 4.19,7.2 --assume p2pdma=yes
	exits 0
	refuses p2pdma=no p2pmem:03:00.0=1M
	complains "has no peer memory"
	on switch tree --assume p2pdma=no --assume p2pmem:03:00.0=none
	exits 0
}

@test "wrong words say what was expected" {
	for word in acs:*=RR acs:*= acs:02:08.0=80 acs:02:08.0=0:0 acs:02:08.0=1d:xx acs:02:08.0=-1 acs:02:08.0=1d: \
		driver:03:00.0 driver:03:00.0= driver:zz=nvme driver:=x p2pmem:03:00.0=0 p2pmem:03:00.0=16X p2pmem:03:00.0=16MM \
		p2pmem:03:00.0=99999999999999999999 p2pmem:03:00.0=99999999999T p2pmem:03:00.0=M p2pmem: iommu=arm iommu= iommu; do
		refuses "$word"
		complains "expected"
	done
	refuses driver:77:00.0=nvme
	complains "no such function"
	refuses p2pmem:77:00.0=1M
	complains "no such function"
	on switch why nvme0 nvme1 --assume acs:*=RR- --assume acs:03:00.0=RR-
	exits 2
	complains "no ACS capability"
	on zen tree --assume acs:*=RR-
	exits 2
	complains "no function of this machine"
}

# --- ACS, bit by bit ---

@test "acs: every bit by both names, and by the word" {
	acs "SV- TB+ RR- CR- UF- EC+ DT+" switch-acs 02:08.0 acs:02:08.0=SV-,TB+,RR-,CR-,UF-,EC+,DT+
	acs "SV- TB- RR+ CR+ UF+ EC- DT+" switch-acs 02:08.0 acs:02:08.0=SrcValid-,DirectTrans+
	acs "SV+ TB- RR- CR- UF+ EC- DT+" switch-acs 02:08.0 acs:02:08.0=51
	acs "SV+ TB- RR- CR- UF+ EC- DT+" switch-acs 02:08.0 acs:02:08.0=0x51
	acs "SV+ TB- RR- CR- UF+ EC- DT-" switch-acs 02:08.0 acs:02:08.0=0:2c
}

@test "acs: each of RR CR EC redirects, none of the others does" {
	for bit in SV TB RR CR UF EC DT; do
		case $bit in
		RR | CR | EC) want="NOT_SUPPORTED not-allowlisted" ;;
		*) want="BUS_ADDR common-clean" ;;
		esac
		pair "$want" switch-acs nvme0 nvme1 acs:*=0 "acs:02:08.0=$bit+"
	done
}

@test "acs:*= is every function with ACS, and what is said of one counts over it, in whatever order" {
	pair "BUS_ADDR common-clean" switch-acs nvme0 nvme1 acs:*=0:2c
	pair "NOT_SUPPORTED not-allowlisted" switch-acs nvme0 nvme1 acs:*=0:2c acs:02:08.0=RR+
	pair "NOT_SUPPORTED not-allowlisted" switch-acs nvme0 nvme1 acs:02:08.0=RR+ acs:*=0:2c
	pair "BUS_ADDR common-clean" unprivileged nvme0 nvme1 acs:*=0:2c
	is "$(get '.assumptions[0]')" "ACS of every function: ReqRedir- CmpltRedir- EgressCtrl-"
}

# --- a boot ---

A=pci=config_acs=
D=pci=disable_acs_redir=

@test "cmdline= nothing: what the kernel sets with an IOMMU stays set" {
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 cmdline=
	pair "NOT_SUPPORTED not-allowlisted" switch-acs nvme0 nvme1 cmdline=quiet
	pair "BUS_ADDR common-clean" switch nvme0 nvme1 cmdline=quiet
}

@test "disable_acs_redir= by release: clears; keeps the firmware's and sets the rest; starts from the firmware's" {
	acs "SV+ TB- RR- CR- UF+ EC- DT-" switch-acs 02:08.0 kernel=6.8.0 cmdline=${D}02:08.0
	acs "SV+ TB+ RR? CR? UF+ EC- DT+" switch-acs 02:08.0 kernel=6.12.8 cmdline=${D}02:08.0
	acs "SV? TB- RR- CR- UF? EC- DT-" switch-acs 02:08.0 kernel=6.12.23 cmdline=${D}02:08.0
	acs "SV? TB- RR- CR- UF? EC- DT-" switch-acs 02:08.0 kernel=7.2.6 cmdline=${D}02:08.0
	acs "SV? TB? RR? CR? UF? EC- DT?" switch-acs 02:08.0 kernel=6.12 cmdline=${D}02:08.0
	pair "unknown acs-unknown" switch-acs nvme0 nvme1 kernel=6.12.8 "cmdline=${D}02:08.0;02:09.0"
	pair "BUS_ADDR common-clean" switch-acs nvme0 nvme1 kernel=6.12.23 "cmdline=${D}02:08.0;02:09.0"
	pair "unknown acs-unknown" switch-acs nvme0 nvme1 kernel=6.12 "cmdline=${D}02:08.0;02:09.0"
	get '.pairs[0].remedy.says' | grep -q '6\.12\.23'
}

@test "config_acs= by release: not known; first entry only, 0 is the firmware's; as it says, x is the firmware's" {
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 kernel=6.10.0 cmdline=${A}1100010@02:08.0
	acs "SV? TB+ RR? CR? UF? EC- DT+" switch-acs 02:08.0 kernel=6.11.0 cmdline=${A}1100010@02:08.0
	acs "SV- TB+ RR- CR- UF- EC- DT+" switch-acs 02:08.0 kernel=6.15 cmdline=${A}1100010@02:08.0
	acs "SV+ TB- RR? CR? UF? EC- DT-" switch-acs 02:08.0 kernel=6.15 cmdline=${A}xx1@02:08.0
	acs "SV- TB- RR- CR- UF? EC- DT-" switch-acs 02:09.0 kernel=6.15 "cmdline=${A}0@02:08.0;0000@02:09.0"
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:09.0 kernel=6.11.0 "cmdline=${A}0@02:08.0;0000@02:09.0"
}

@test "config_acs= starts anew after disable_acs_redir=; entries end at the first that the kernel cannot parse" {
	acs "SV+ TB- RR+ CR+ UF? EC- DT-" switch-acs 02:08.0 "cmdline=${D}02:08.0 ${A}11x1@02:08.0"
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 "cmdline=${A}0000000@zz;0000000@02:08.0"
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 "cmdline=${A}02:09.0;0000000@02:08.0"
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 "cmdline=${A}00000000@02:08.0"
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 "cmdline=${A}0000000@02:08.0 ${A%=}="
	# The right end of a path is looked at first: whoever sits elsewhere never sees that its left end is malformed.
	acs "SV- TB- RR- CR- UF- EC- DT-" switch-acs 02:08.0 "cmdline=${A}0@zz:01.0/00.0/09.0;0000000@02:08.0"
}

@test "quotes: around the value or the word they are taken off, inside the value they spoil it" {
	acs "SV- TB- RR- CR- UF- EC- DT-" switch-acs 02:08.0 "cmdline=\"${A}0000000@02:08.0\""
	acs "SV- TB- RR- CR- UF- EC- DT-" switch-acs 02:08.0 "cmdline=pci=\"config_acs=0000000@02:08.0\""
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 "cmdline=${A}\"0000000@02:08.0\""
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 "cmdline=init -- ${A}0000000@02:08.0"
}

@test "noats: TB too, where an IOMMU has the kernel set ACS, from 5.15 on" {
	acs "SV+ TB+ RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 cmdline=pci=noats
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 kernel=5.14 cmdline=pci=noats
	acs "SV- TB- RR- CR- UF- EC- DT-" switch 00:01.0 cmdline=pci=noats
}

@test "the IOMMU: off leaves the firmware's bits, on may set them, pt changes nothing" {
	acs "SV? TB- RR? CR? UF? EC- DT-" switch-acs 02:08.0 cmdline=intel_iommu=off
	is "$(get .host.iommu.kind)" null # tboot may force it on
	is "$(get '.host.assumed|contains(["cmdline"])')" true
	acs "SV? TB- RR? CR? UF? EC- DT-" switch-acs 02:08.0 cmdline=iommu=off
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 cmdline=iommu=pt
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 cmdline=amd_iommu=off
	pair "unknown acs-unknown" switch-acs nvme0 nvme1 cmdline=intel_iommu=off
	acs "SV? TB? RR? CR? UF? EC- DT-" switch 00:01.0 cmdline=intel_iommu=on
	is "$(get .host.iommu.kind)" null
	acs "SV- TB- RR- CR- UF- EC- DT-" switch 00:01.0 cmdline=intel_iommu=off
	acs "SV- TB- RR- CR- UF- EC- DT-" switch 00:01.0 cmdline=amd_iommu=on
}

@test "amd_iommu=off takes the IOMMU away, and the kernel sets ACS all the same" {
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs-zen 02:08.0 cmdline=amd_iommu=off
	is "$(get '[.host.iommu.kind,.host.iommu.groups]|map(tostring)|join(" ")')" "none 0"
	pair "THRU_HOST_BRIDGE cpu-zen" switch-acs-zen nvme0 nvme1 cmdline=amd_iommu=off
	pair "NOT_SUPPORTED not-allowlisted" switch-acs-zen nvme0 nvme1 cmdline=amd_iommu=off cpu=AuthenticAMD/21
	# Whether iommu=off does depends on interrupt remapping; what later releases do is not known.
	pair "unknown acs-unknown" switch-acs-zen nvme0 nvme1 cmdline=iommu=off cpu=AuthenticAMD/21
	acs "SV? TB- RR? CR? UF? EC- DT-" switch-acs-zen 02:08.0 cmdline=amd_iommu=off kernel=7.9
	# From 6.19 on that is done when a driver binds, or an IOMMU takes the function.
	acs "SV? TB- RR? CR? UF? EC- DT-" switch-acs-zen 02:08.0 cmdline=amd_iommu=off kernel=6.19.6 driver:02:08.0=none
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs-zen 02:08.0 cmdline=amd_iommu=off kernel=6.18.5 driver:02:08.0=none
}

# cleared CMDLINE SED...: switch-acs-zen, booted with that too, before Zen, and every ACS word is zero.
cleared() {
	sed -e "/^read proc\/cmdline/s|\$| $1|" -e '/cpu family/s/25/21/' \
		-e '/^\t140: 0d 00/s/5f 00 1d 00/5f 00 00 00/' "${@:2}" "$TOP/tests/machines/switch-acs-zen.snap" \
		>"$BATS_TEST_TMPDIR/cleared.snap"
	! cmp -s "$BATS_TEST_TMPDIR/cleared.snap" "$TOP/tests/machines/switch-acs-zen.snap"
}

# then_map WANT ASSUMPTION...: what it says of nvme0 and nvme1.
then_map() {
	local want=$1 words=()
	shift
	for word; do words+=(--assume "$word"); done
	p2ptopo why -JF "$BATS_TEST_TMPDIR/cleared.snap" nvme0 nvme1 "${words[@]}"
	is "$(get '.pairs[0]|[.map // "unknown",.rule]|join(" ")')" "$want"
}

@test "words that an argument cleared come back with amd_iommu=off; those cleared under it are not believed" {
	cleared "pci=config_acs=xxxxxxx@pci:10b5:8747"
	then_map "BUS_ADDR common-clean"
	then_map "NOT_SUPPORTED not-allowlisted" cmdline=quiet
	then_map "NOT_SUPPORTED not-allowlisted" cmdline=amd_iommu=off
	then_map "unknown acs-unknown" cmdline=iommu=off
	# ACS was requested in that boot if there is an IOMMU: zeros are the firmware's, or somebody wrote them.
	cleared amd_iommu=off -e '/class\/iommu/s/ : .*/ :/' -e '/kernel\/iommu_groups :/s/ : .*/ :/' \
		-e 's|^read \(sys/kernel/iommu_groups/[0-9]*/type\) = .*|fail \1 ENOENT|' \
		-e 's|^link \(.*/iommu_group\) -> .*|fail \1 ENOENT link|'
	then_map "BUS_ADDR common-clean"
	is "$(get .host.iommu.kind)" none
	then_map "unknown acs-unknown" cmdline=quiet
	then_map "unknown acs-unknown" "cmdline=amd_iommu=off quiet"
}

@test "iommu= sets SV RR CR UF wherever there is ACS, or leaves it to the firmware" {
	acs "SV+ TB? RR+ CR+ UF+ EC- DT-" switch 00:01.0 iommu=intel
	is "$(get '[.host.iommu.kind,.host.iommu.groups,(.host.assumed|contains(["iommu"]))]|map(tostring)|join(" ")')" "intel null true"
	acs "SV? TB- RR? CR? UF? EC- DT-" switch-acs 02:08.0 iommu=none
	acs "SV+ TB- RR+ CR+ UF+ EC- DT-" switch-acs 02:08.0 iommu=intel
	acs "SV+" root-port-acs 00:01.0 iommu=amd | cut -c1-3
	pair "BUS_ADDR zen-root-complex" naples 01:00.0 41:00.0 kernel=5.2.0
	pair "NOT_SUPPORTED iommu-present" naples 01:00.0 41:00.0 kernel=5.2.0 iommu=amd
	pair "BUS_ADDR zen-root-complex" naples-iommu 01:00.0 41:00.0 kernel=5.2.0 iommu=none
	pair "BUS_ADDR zen-root-complex" naples-iommu 01:00.0 41:00.0 kernel=5.2.0 cmdline=iommu=off
	pair "NOT_SUPPORTED iommu-present" naples-iommu 01:00.0 41:00.0 kernel=5.2.0 cmdline=iommu=pt
}

@test "from 6.19 on and without an IOMMU, only what a driver binds to is configured" {
	acs "SV+ TB- RR- CR- UF- EC- DT-" switch 00:01.0 kernel=6.18.5 cmdline=${A}1@00:01.0
	acs "SV+ TB- RR- CR- UF- EC- DT-" switch 00:01.0 kernel=6.19.6 cmdline=${A}1@00:01.0
	acs "SV- TB- RR- CR- UF- EC- DT-" switch 00:01.0 kernel=6.19.6 driver:00:01.0=none cmdline=${A}1@00:01.0
	acs "SV- TB- RR- CR- UF- EC- DT-" switch-acs 02:08.0 kernel=6.19.6 driver:02:08.0=none cmdline=${A}0000000@02:08.0
}

@test "nommconf: on Intel no ACS is found at all, elsewhere that is not known" {
	pair "BUS_ADDR common-clean" switch-acs nvme0 nvme1 cmdline=pci=nommconf
	pair "NOT_SUPPORTED not-allowlisted" switch-acs nvme0 nvme1 cmdline=pci=nommconfx
	pair "unknown acs-unknown" switch-acs-zen nvme0 nvme1 kernel=5.8.0 cmdline=pci=nommconf
}

@test "kernel= alone leaves ACS as it is, unless the recorded command line has arguments about it" {
	pair "NOT_SUPPORTED not-allowlisted" switch-acs nvme0 nvme1 kernel=6.8.0
	sed "s|^read proc/cmdline = .*|read proc/cmdline = quiet ${A}xx000xx@02:08.0;xx000xx@02:09.0|" "$(snap switch)" |
		sed "s|^read proc/sys/kernel/osrelease = .*|read proc/sys/kernel/osrelease = 6.17.0|" >"$BATS_TEST_TMPDIR/box.snap"
	p2ptopo tree -F "$BATS_TEST_TMPDIR/box.snap" --assume kernel=6.8.0
	grep -q "^read proc/cmdline = quiet pci" "$BATS_TEST_TMPDIR/box.snap"
	says "the recorded command line's ACS arguments"
	p2ptopo tree -F "$BATS_TEST_TMPDIR/box.snap" --assume cpu=GenuineIntel/6
	says_not "recorded command line"
}

@test "what nobody could read stays unknown, but for what the arguments clear" {
	pair "unknown acs-unknown" unprivileged nvme0 nvme1 cmdline=quiet
	pair "BUS_ADDR common-clean" unprivileged nvme0 nvme1 kernel=6.8.0 cmdline=${D}pci:0:0
	pair "unknown acs-unknown" unprivileged nvme0 nvme1 kernel=6.8.0 cmdline=${D}02:08.0
}

# --- point releases ---

@test "kernel= without a point release: agreement is an answer, and what changes it is said" {
	pair "THRU_HOST_BRIDGE allowlisted" icelake nvme0 eth0 kernel=6.12
	pair "unknown row-unknown" icelake nvme0 eth0 kernel=5.15
	is "$(get '.pairs[0].remedy.says')" "--assume kernel= with the point release: 5.15.0 NOT_SUPPORTED, from 5.15.1 on not known"
	pair "unknown row-unknown" accelerator e9:00.0 ea:00.0 kernel=7.1
	is "$(get '.pairs[0].remedy.says')" "--assume kernel= with the point release: 7.1.0 NOT_SUPPORTED, from 7.1.3 on THRU_HOST_BRIDGE"
}

# --- drivers and memory ---

@test "driver: changes what is offered and taken; what the other driver had is gone" {
	on switch why -J nvme0 nvme1 --assume driver:04:00.0=ahci
	json_ok
	is "$(get '.pairs[0].client_can')" no
	on switch why -J nvme0 nvme1 --assume driver:03:00.0=vfio-pci
	json_ok
	is "$(get '.pairs[0].offer.kind')" dma-buf
	is "$(get '.devices[]|select(.bdf=="0000:03:00.0")|[.driver,.p2pmem,(.assumed|contains(["driver","p2pmem"]))]|map(tostring)|join(" ")')" \
		"vfio-pci false true"
	on switch why -J nvme0 nvme1 --assume driver:03:00.0=none
	json_ok
	is "$(get '.pairs[0].offer|[.kind,.why]|join(": ")')" "none: no driver is bound to it"
	on switch why -J nvme0 nvme1 --assume driver:03:00.0=nvme
	is "$(get '.pairs[0].offer.kind')" p2pmem
	on switch why nvme0 nvme1 --assume driver:03:00.0=vfio-pci
	says "Assumed: driver of 0000:03:00.0: vfio-pci."
}

@test "p2pmem: is memory that the function offers" {
	on switch why -J nvme1 nvme0 --assume p2pmem:04:00.0=16M
	json_ok
	is "$(get '.pairs[0].offer|[.kind,.bytes,.available,.published]|map(tostring)|join(" ")')" "p2pmem 16777216 16777216 true"
	on switch why -J nvme0 nvme1 --assume p2pmem:03:00.0=none
	json_ok
	is "$(get '.pairs[0].offer.kind')" none
	on switch why -J nvme0 nvme1 --assume driver:03:00.0=vfio-pci --assume p2pmem:03:00.0=4096
	is "$(get '.pairs[0].offer.bytes')" 4096
}

@test "a dump whose command line nobody recorded: that none of its arguments is about ACS is listed" {
	tar -C "$BATS_TEST_TMPDIR" -xf "$MACHINES/corpus.tar.xz" corpus/1051.lspci
	p2ptopo tree -JF "$BATS_TEST_TMPDIR/corpus/1051.lspci" --assume iommu=intel
	exits 0
	json_ok
	is "$(get '.assumptions|map(select(test("no ACS arguments")))|length')" 1
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
