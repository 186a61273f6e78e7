#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What p2pctl bench proved, beside what is judged: shown while all that it rests on is the same, and void after that.

load helper

setup_file() {
	export MAKE=${P2PTOPO%/*/*}/tests/unit/make-result
	[ -x "$MAKE" ] || { echo "not built: ninja -C ${P2PTOPO%/*/*} unit" >&2; return 1; }
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	drives switch
}

mutate() { "$BATS_TEST_DIRNAME/mutate" "$@"; }

# drives MACHINE: $PWD/base.snap, in which all is known that a result of nvme0 and nvme1 rests on.
drives() {
	mutate "$(snap "$1")" add sys/class/nvme/nvme0/serial 'S0' add sys/class/nvme/nvme1/serial 'S1  ' \
		add sys/class/nvme/nvme0/firmware_rev F0 add sys/class/nvme/nvme1/firmware_rev F1 >base.snap
}

# measured KEY=VALUE...: one more result of nvme1 read into the memory of nvme0.
measured() { "$MAKE" base.snap 0000:03:00.0 0000:04:00.0 - "$@" >>results; }

# seen OPERATION...: box.snap has the results, and these changes.
seen() {
	mutate base.snap file results/bench.jsonl "$PWD/results" >box.snap
	[ $# = 0 ] || mutate box.snap "$@" >new.snap
	[ $# = 0 ] || mv new.snap box.snap
}

# The member measured of nvme0's memory and nvme1.
of_pair() { get ".pairs[]|select(.provider == \"0000:03:00.0\" and .client == \"0000:04:00.0\").measured|$1"; }

pairs_json() {
	p2ptopo pairs -JF box.snap "$@"
	exits 0
	json_ok
}

@test "nothing was measured: no column, no line, null" {
	for verb in pairs tree matrix 'why nvme0 nvme1'; do
		p2ptopo $verb -F base.snap
		says_not PROVED
		says_not measured
		says_not proved=
	done
	p2ptopo pairs -JF base.snap
	is "$(get '[.pairs[].measured]|unique|tostring')" "[null]"
	json_ok
}

@test "what was proved is in pairs, tree, list, matrix and why" {
	measured
	seen
	p2ptopo pairs -F box.snap
	exits 0
	silent
	says "PROVED RULE"
	says "03:00.0  04:00.0 BUS_ADDR    4 PIX p2pmem  yes   faster common-clean"
	says "04:00.0  03:00.0 BUS_ADDR    4 PIX none    yes   -      common-clean"
	p2ptopo pairs -F box.snap -o PROVIDER,RATE,WHEN
	says "03:00.0  2.0 GB/s 2026-11-20T19:49:00Z"
	p2ptopo tree -F box.snap
	says "1 faster nvme0"
	says "1 faster nvme1"
	p2ptopo list -F box.snap -o DEVICE,FIRMWARE,PROVED
	says "03:00.0 F0       faster"
	p2ptopo list -P -F box.snap -o DEVICE,FIRMWARE,PROVED 05:00.0
	says 'FIRMWARE="" PROVED=""'
	p2ptopo matrix -F box.snap
	says "B>PIX"
	says "proved    >=intact, and faster than through host memory"
	p2ptopo matrix -JF box.snap
	json_ok
	is "$(get '.measured|map([.provider,.client,.measured.level]|join(" "))|tostring')" '["0000:03:00.0 0000:04:00.0 faster"]'
	COLUMNS=0 p2ptopo why -F box.snap nvme0 nvme1
	exits 0
	says "measured   faster: /dev/nvme1n1 read into the provider's memory"
	says "2026-11-20 19:49 UTC"
	says "the bytes were seen to arrive"
	says_not ago
	p2ptopo why -JF box.snap nvme0 nvme1
	json_ok
	is "$(of_pair '[.level,.bytes_per_second,.when,.void,.holds,.failed,.contradicts,.ratio]|tostring')" \
		'["faster",2000000000,"2026-11-20T19:49:00Z",null,true,false,false,2]'
}

@test "--output names its columns, and then no other is added" {
	measured
	seen
	p2ptopo pairs -F box.snap -o PROVIDER,CLIENT
	says_not PROVED
	p2ptopo tree -F box.snap -o DEVICE,NAME
	says_not PROVED
	p2ptopo pairs -F box.snap -o +PROVED
	is "$(head -n 1 <<<"$output" | grep -o PROVED | wc -l)" 1
}

# voids SENTENCE OPERATION...: with these changes the result is void, and says why.
voids() {
	local says=$1
	shift
	seen "$@"
	pairs_json
	is "$(of_pair .holds)" false
	case $(of_pair .void) in *"$says"*) ;; *) fail "'$says' is not in: $(of_pair .void)" ;; esac
	p2ptopo pairs -F box.snap
	says " void "
	p2ptopo matrix -F box.snap
	says_not "B>PIX"
	p2ptopo why -F box.snap nvme0 nvme1
	says "measured   void: faster ("
	says_not "seen to arrive"
}

@test "it is void when the device, its firmware or its driver is another" {
	measured
	voids "the source's serial number was S1, is S2" set sys/class/nvme/nvme1/serial S2
	voids "the provider's firmware was F0, is F9" set sys/class/nvme/nvme0/firmware_rev F9
	voids "the source's device id was 144d:a824, is 144d:a825" \
		sub sys/bus/pci/devices/0000:04:00.0/uevent 144D:A824 144D:A825
}

@test "it is void when the kernel or its command line is another" {
	measured
	voids "the kernel was 7.2.12, is 7.2.13" set proc/sys/kernel/osrelease 7.2.13
	voids "the kernel is another build of the same release" set proc/version "Linux version 7.2.12 (me@here) #2 SMP"
	voids "what the command line says of PCI, IOMMU and NVMe was none, is pci=noats iommu=pt" \
		set proc/cmdline "BOOT_IMAGE=/vmlinuz pci=noats root=/dev/sda quiet iommu=pt"
	# What has nothing to do with it changes nothing.
	seen set proc/cmdline "BOOT_IMAGE=/other root=/dev/sda mitigations=off"
	pairs_json
	is "$(of_pair .holds)" true
}

@test "it is void when the BIOS is another, or a link trained lower" {
	measured
	voids "the BIOS was 1.0, is 1.1" set sys/class/dmi/id/bios_version 1.1
	# The link status register: 5 GT/s x4 where it was 8 GT/s x4.
	voids "the link of 04:00.0 was 8 GT/s x4, is 5 GT/s x4" byte sys/bus/pci/devices/0000:04:00.0/config 52 4200
}

@test "it is void when an ACS word on the way is another, and the function is named" {
	: >results
	drives switch-acs
	measured level=intact
	seen
	pairs_json
	is "$(of_pair .holds)" true
	p2ptopo list -F base.snap -o ACS-OFFSET 02:08.0
	local offset
	offset=$(printf '%x' $((0x${output##*$'\n'} + 6)))
	seen byte sys/bus/pci/devices/0000:02:08.0/config "$offset" 1100
	pairs_json
	is "$(of_pair .holds)" false
	is "$(of_pair .void)" "ACS of 02:08.0 was 001d, is 0011"
}

@test "what cannot be told is neither proved nor void: not known then, not known now" {
	measured
	seen set sys/class/dmi/id/bios_version x fail sys/class/dmi/id/bios_version EACCES
	pairs_json
	is "$(of_pair .holds)" null
	is "$(of_pair .void)" "the BIOS is not known now"
	p2ptopo pairs -F box.snap
	says "faster?"
	p2ptopo matrix -F box.snap
	says "B?PIX"
	says "?=proved once, and whether that holds cannot be told"
	p2ptopo why -F box.snap nvme0 nvme1
	says "whether that still holds cannot be told: the BIOS is not known now"
	says_not "seen to arrive"
	# One change is enough, whatever else is not known.
	seen fail sys/class/dmi/id/bios_version EACCES set proc/sys/kernel/osrelease 6.1
	pairs_json
	is "$(of_pair .holds)" false
}

@test "a device that moved takes nothing with it, and one that is gone proves nothing" {
	"$MAKE" base.snap 0000:03:00.0 0000:04:00.0 - | sed 's/"src": "0000:04:00.0"/"src": "0000:44:00.0"/' >results
	# Buses that are numbered anew: the slots are the same.
	seen
	pairs_json
	is "$(of_pair .holds)" true
	"$MAKE" base.snap 0000:03:00.0 0000:04:00.0 - | sed 's|01.0/00.0/09.0/00.0|01.0/00.0/0b.0/00.0|g; s/"src.serial": "S1"/"src.serial": "SX"/' >results
	sed -i 's/"src": "0000:04:00.0"/"src": "0000:44:00.0"/' results
	seen
	p2ptopo pairs -F box.snap
	says_not faster
}

@test "the newest word that it failed is not outweighed by an older proof" {
	measured when=2026-11-19T00:00:00Z
	measured when=2026-11-20T00:00:00Z level=works wrong=3 why='3 blocks are zeroed, the first at 512'
	seen
	pairs_json
	is "$(of_pair '[.level,.failed]|tostring')" '["works",true]'
	p2ptopo pairs -F box.snap
	says damaged
	p2ptopo matrix -F box.snap
	says "B!PIX"
	COLUMNS=0 p2ptopo why -F box.snap nvme0 nvme1
	says "measured   damaged: "
	says "3 blocks are zeroed, the first at 512"
	says "all the same it failed"
	# A newer one that did not look at the bytes does not either; one that did, does.
	measured when=2026-11-21T00:00:00Z level=works
	seen
	pairs_json
	is "$(of_pair .failed)" true
	measured when=2026-11-22T00:00:00Z level=intact
	seen
	pairs_json
	is "$(of_pair '[.level,.failed]|tostring')" '["intact",false]'
}

@test "the higher level counts, not the newer one; what only bounced proves nothing" {
	measured when=2026-11-19T00:00:00Z level=intact
	measured when=2026-11-20T00:00:00Z level=works
	measured when=2026-11-21T00:00:00Z backend=bounce
	measured when=2026-11-22T00:00:00Z level=nothing
	seen
	pairs_json
	is "$(of_pair '[.level,.when]|tostring')" '["intact","2026-11-19T00:00:00Z"]'
}

@test "hung, failed and refused have words of their own" {
	for words in 'hung level=allowed hung=1' 'failed level=allowed errno=5' 'refused level=nothing refused=1'; do
		: >results
		# shellcheck disable=SC2086 # a list
		measured ${words#* }
		seen
		p2ptopo pairs -F box.snap
		says " ${words%% *} "
	done
}

@test "both legs of a pair: what one proved is not said of the other" {
	measured level=intact
	"$MAKE" base.snap 0000:03:00.0 - 0000:04:00.0 level=works wrong=1 >>results
	seen
	p2ptopo why -F box.snap nvme0 nvme1
	says "measured   intact: /dev/nvme1n1 read into"
	says "           damaged: /dev/nvme2n1 written from"
	pairs_json
	is "$(of_pair .failed)" true
}

@test "what contradicts the verdict is said loudly" {
	drives switch-acs
	measured
	seen
	pairs_json
	is "$(of_pair .contradicts)" true
	p2ptopo pairs -F box.snap
	says "1 pair was measured otherwise than judged"
	p2ptopo matrix -F box.snap
	says "1 pair was measured otherwise than judged"
	p2ptopo why -F box.snap nvme0 nvme1
	exits 1
	says "CONTRARY"
	says "NOT_SUPPORTED"
	# What was assumed is not what was measured.
	p2ptopo pairs -F box.snap --assume acs:02:08.0=ReqRedir-
	says_not "otherwise than judged"
	# And the other way round.
	: >results
	drives switch
	measured level=nothing refused=1
	seen
	p2ptopo why -F box.snap nvme0 nvme1
	exits 0
	says "the kernel refused this pair"
}

@test "damaged lines are left out and said; what is no text is not used" {
	measured
	{ echo '{"schema": "p2p-bench/1"'; head -c 300 results; echo; echo 7; cat results; } >more
	mv more results
	seen
	p2ptopo pairs -F box.snap
	exits 0
	says faster
	complains "3 of the lines that bench left are damaged and left out: results/bench.jsonl:1:"
	echo '{' >results
	seen
	p2ptopo pairs -F box.snap
	exits 0
	says_not PROVED
	complains "what bench found is not used: results/bench.jsonl:"
}

@test "10 MB are not believed" {
	measured
	yes "$(cat results)" | head -c 10485760 | sed '$d' >more
	mv more results
	seen
	p2ptopo pairs -F box.snap
	exits 0
	says_not PROVED
	complains "larger than any that p2pctl writes"
}

@test "hostile words in a result are made visible" {
	measured why=$'\e[31mred\u202e'
	sed -i 's/"kernel": "7.2.12"/"kernel": "\\u001b[1m\\u202e"/' results
	seen
	COLUMNS=0 p2ptopo why -F box.snap nvme0 nvme1
	says '\x1b[1m\xe2\x80\xae, is 7.2.12'
	case $output in *$'\e'* | *$'\u202e'*) fail "it came through" ;; esac
	pairs_json
}

@test "a snapshot has the results; --anonymize leaves out whose they are and keeps what they prove" {
	"$MAKE" base.snap 0000:03:00.0 0000:04:00.0 - why="of alice" >results
	sed -i 's|"faults": \[\]|"faults": ["secret of bob"]|; s|/dev/nvme1n1|/srv/alice/x|; s|"identity": {|"identity": {"site": "carol", |' results
	seen
	p2ptopo snapshot -F box.snap
	printf '%s\n' "$output" >again.snap
	p2ptopo pairs -F box.snap
	local before=$output
	p2ptopo pairs -F again.snap
	is "$output" "$before"
	says faster
	sed -i 's|"identity": {"site": "carol", |"identity": {|' results
	seen
	p2ptopo snapshot --anonymize -F box.snap
	is "$(grep -c -e alice -e bob -e carol -e '"S[01]"' -e '= S[01]' -e build@ <<<"$output")" 0
	printf '%s\n' "$output" >other.snap
	mv other.snap box.snap
	pairs_json
	is "$(of_pair '[.level,.holds]|tostring')" '["faster",true]'
}

# ----------------------------------------------------------------- --compare

compare() { p2pctl bench --compare "$@"; }

@test "--compare: the same, a regression, an improvement" {
	measured
	mv results a.json
	measured rates=1e9,1.01e9,1.02e9,1.03e9,1.04e9,1.05e9,1.06e9,1.001e9,1.002e9,1.003e9
	mv results b.json
	compare a.json a.json
	exits 0
	says "no difference"
	compare a.json b.json
	exits 1
	says "regression"
	says "2.00 GB/s 1.01 GB/s"
	compare b.json a.json
	exits 0
	says "improvement"
	compare -J b.json a.json
	json_ok
	is "$(get '.compare.answer')" better
	is "$(get '.compare.pairs[0].cells[0].answer')" better
}

@test "--compare: too few samples cannot be told, and how many are needed is said" {
	measured rates=1e9,1.1e9
	compare results results
	exits 4
	says "too few samples: 2 and 2, 4 each needed"
	compare -J results results
	exits 4
	json_ok
	is "$(get '[.compare.answer,.compare.pairs[0].cells[0].needed]|tostring')" '["unknown",4]'
}

@test "--compare: what fails now is a regression, whatever its speed" {
	measured
	mv results a.json
	measured level=works wrong=3 why='3 blocks are zeroed'
	compare a.json results
	exits 1
	says "regression: it was faster, and fails now: 3 blocks are zeroed"
	compare -J a.json results
	json_ok
	is "$(get '.compare.pairs[0].lost')" true
}

@test "--compare: other identities are named, missing pairs too, and only the newest counts" {
	measured when=2026-11-19T00:00:00Z rates=1,1,1,1,1,1,1,1
	measured when=2026-11-20T00:00:00Z
	sed 's/"kernel": "7.2.12"/"kernel": "7.3"/' results >b.json
	compare results b.json
	exits 0
	says "not the same before and after: the kernel: 7.2.12, 7.3"
	"$MAKE" base.snap 0000:03:00.0 - 0000:04:00.0 >c.json
	compare results c.json
	exits 4
	says "Only in the first file: /dev/nvme1n1"
	says "Only in the second file: - -> 0000:03:00.0 -> /dev/nvme2n1"
	compare -J results c.json
	json_ok
}

@test "--compare: what cannot be read, and wrong use" {
	compare nowhere nowhere
	exits 3
	complains "nowhere: No such file"
	echo '{}' >no.json
	compare no.json no.json
	exits 3
	complains "no result"
	compare .
	exits 2
	compare . .
	exits 3
	complains "Is a directory"
	compare /dev/null /dev/null
	exits 3
	measured
	ln -s results link
	compare link - <results
	exits 0
}

@test "the lines are as their schema says" {
	measured
	measured level=works wrong=3 errno=5 refused=1
	"$MAKE" base.snap 0000:03:00.0 0000:04:00.0 0000:05:00.0 >>results
	while read -r line; do json_ok "$line"; done <results
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
