#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: a clear message with file:line:column or key, the right exit status, no crash, no hang, nothing half.

load helper

dump() { "$BATS_TEST_DIRNAME/dump" "$@" >"$BATS_TEST_TMPDIR/dump"; }

# A snapshot of the given lines is refused at LINE:COLUMN with WORDS.
refused() { # LINE:COLUMN WORDS, then the snapshot's lines
	local place=$1 words=$2
	shift 2
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/bad.snap"
	p2ptopo tree -F "$BATS_TEST_TMPDIR/bad.snap"
	exits 3
	complains "bad.snap:$place: "
	complains "$words"
	is "$output" ""
	is "$(wc -l <<<"$errors")" 1
}

# ------------------------------------------------------------------ snapshots

@test "snapshots: what is wrong is named by line and column, and nothing is printed" {
	local one="p2p-snapshot 1"
	refused 1:14 "version 2" "p2p-snapshot 2" "end 0"
	refused 2:1 "cut short" "$one"
	refused 3:1 "cut short" "$one" "read proc/version = Linux"
	refused 2:5 "0 records" "$one" "end 1"
	refused 3:1 "nothing may follow" "$one" "end 0" "end 0"
	refused 2:1 "unknown" "$one" "reed proc/version = Linux" "end 1"
	refused 2:1 "unknown" "$one" "" "end 0"
	refused 2:6 "a key is missing" "$one" "read " "end 1"
	refused 2:6 "not a key" "$one" "read /proc/version = x" "end 1"
	refused 2:6 "not a key" "$one" "read proc/../version = x" "end 1"
	refused 2:6 "not a key" "$one" "read proc//version = x" "end 1"
	refused 3:6 "a second record" "$one" "read proc/version = x" "read proc/version = y" "end 2"
	refused 2:25 "NUL" "$one" 'read proc/version = x \x00' "end 1"
	refused 2:21 "backslash" "$one" 'read proc/version = \q' "end 1"
	refused 2:23 "two hex digits" "$one" 'read proc/version = \xg0' "end 1"
	refused 2:19 "not the name of an error" "$one" "fail proc/version EWHAT" "end 1"
	refused 3:2 "hex offset" "$one" "hex a/config" "	zz: 00" "end 1"
	refused 3:6 "two hex digits" "$one" "hex a/config" "	00: 0" "end 1"
	refused 4:2 "not after" "$one" "hex a/config" "	10: 00 00" "	11: 00" "end 1"
	refused 4:2 "bytes after the end" "$one" "hex a/config" "	end 10" "	20: 00" "end 1"
	refused 3:1 "no bytes and no end" "$one" "hex a/config" "end 1"
	refused 2:1 "a tab begins a line only" "$one" "	00: 00" "end 1"
	refused 2:19 "slash" "$one" "list sys/class/net : a/b" "end 1" || refused 2:22 "slash" "$one" "list sys/class/net : a/b" "end 1"
}

@test "snapshots: bytes that are not text are refused where they are" {
	printf 'p2p-snapshot 1\nread proc/version = a\x01b\nend 1\n' >"$BATS_TEST_TMPDIR/bad.snap"
	p2ptopo tree -F "$BATS_TEST_TMPDIR/bad.snap"
	exits 3
	complains "bad.snap:2:22: "
	printf 'p2p-snapshot 1\nread proc/version = a\xffb\nend 1\n' >"$BATS_TEST_TMPDIR/bad.snap"
	p2ptopo tree -F "$BATS_TEST_TMPDIR/bad.snap"
	exits 3
	complains "bad.snap:2:22: "
}

@test "snapshots: cut anywhere, it is refused as a whole" {
	local size
	size=$(stat -c %s "$(snap switch)")
	for part in 1 13 15 100 $((size / 3)) $((size / 2)) $((size - 9)) $((size - 3)); do
		head -c "$part" "$(snap switch)" >"$BATS_TEST_TMPDIR/cut.snap"
		p2ptopo tree -aJF "$BATS_TEST_TMPDIR/cut.snap"
		exits 3
		complains "cut.snap:"
		is "$output" ""
	done
}

# --------------------------------------------------------------- not a machine

@test "nothing, noise, a directory, a device, a missing file, one that may not be read" {
	local here=$BATS_TEST_TMPDIR
	: >"$here/empty"
	p2ptopo tree -F "$here/empty"
	exits 3
	complains "empty:1:1: "
	head -c 100000 /dev/urandom >"$here/noise"
	p2ptopo tree -F "$here/noise"
	exits 3
	complains "noise:"
	p2ptopo tree -F "$here"
	exits 3
	complains "directory"
	p2ptopo tree -F /dev/zero
	exits 3
	p2ptopo tree -F "$here/none"
	exits 3
	complains "No such file"
	p2ptopo tree --root "$here/none"
	exits 3
	complains "No such file"
	p2ptopo tree -F - <"$here/empty"
	exits 3
	complains "standard input:1:1: "
	is "$output" ""
	if [ "$(id -u)" != 0 ]; then
		cp "$(snap switch)" "$here/mine"
		chmod 0 "$here/mine"
		p2ptopo tree -F "$here/mine"
		exits 3
		complains "Permission denied"
	fi
}

@test "a hundred megabytes: of noise, of one line, of a machine" {
	local here=$BATS_TEST_TMPDIR
	head -c 5000000 /dev/urandom >"$here/part"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat "$here/part"; done >"$here/big"
	p2ptopo tree -F "$here/big"
	exits 3
	complains "big:"
	head -c 100000000 /dev/zero | tr '\0' x >"$here/big"
	p2ptopo tree -F "$here/big"
	exits 3
	complains "big:1:"
	# 7600 functions with 4 KiB each.
	"$BATS_TEST_DIRNAME/dump" 0000:00:00.0=end | sed 1d >"$here/part"
	awk -v part="$here/part" 'BEGIN { while ((getline line < part) > 0) body = body line "\n"
		for (i = 0; i < 7600; i++) printf "%04x:%02x:%02x.%x Class 0108: 8086:1234\n%s", int(i / 256), 0, int(i / 8) % 32, i % 8, body }' \
		>"$here/big"
	[ "$(stat -c %s "$here/big")" -gt 100000000 ]
	p2ptopo pairs --summary -aJF "$here/big"
	exits 0
	is "$(get '[.summary[].pairs]|add')" $((7600 * 7600))
	rm "$here/big"
}

# ----------------------------------------------------------------------- dumps

@test "dumps: missing rows, rows twice, short rows, a missing address line" {
	local here=$BATS_TEST_TMPDIR
	dump 0000:00:01.0=end 0000:00:02.0=end
	local line
	for line in "s/^20: .*//" "/^20:/{p}" "s/^\(20: .*\) 00$/\1/" "s/^\(20: .*\)$/\1 00/" "s/^20: 00/20: 0g/" "300,\$d" \
		"/^0000:00:02.0/d" "s/^0000:00:02.0/0000:00:01.0/"; do
		sed "$line" "$here/dump" >"$here/bad"
		p2ptopo pairs -aF "$here/bad"
		exits 3
		grep -qE 'bad:[0-9]+:[0-9]+: ' <<<"$errors" || fail "no place in: $errors"
		is "$output" ""
	done
	sed 's/^20: 00/20: 0g/' "$here/dump" >"$here/bad"
	p2ptopo pairs -aF "$here/bad"
	complains "bad:4:5: "
	dump 0000:00:01.0=end
	sed '/^[0-9a-f]*: /d' "$here/dump" >"$here/bad"
	p2ptopo pairs -aF "$here/bad"
	exits 3
	complains "-xxxx"
}

@test "dumps: a NUL byte, UTF-16" {
	dump 0000:00:01.0=end
	iconv -f UTF-8 -t UTF-16LE "$BATS_TEST_TMPDIR/dump" >"$BATS_TEST_TMPDIR/bad"
	p2ptopo pairs -aF "$BATS_TEST_TMPDIR/bad"
	exits 3
	complains "bad:1:"
	(cat "$BATS_TEST_TMPDIR/dump"; printf '\0') >"$BATS_TEST_TMPDIR/bad"
	p2ptopo pairs -aF "$BATS_TEST_TMPDIR/bad"
	exits 3
	complains "NUL"
}

@test "dumps: 64 bytes are what anybody may see: unknown, not refused" {
	dump 0000:00:01.0=port:0:1:1 0000:01:00.0=end 0000:01:00.1=end
	grep -E '^(0000|[0-3]0:|$)' "$BATS_TEST_TMPDIR/dump" >"$BATS_TEST_TMPDIR/few"
	p2ptopo pairs -JF "$BATS_TEST_TMPDIR/few" --assume cpu=GenuineIntel/6
	exits 0
	is "$(get '[.pairs[].map]|unique|tostring')" "[null]"
	json_ok
}

# -------------------------------------------------------------------- bridges

maps() { # functions; the map of 0000:01:00.0 and 0000:01:00.1, and whether it complained
	dump "$@"
	p2ptopo pairs -aJF "$BATS_TEST_TMPDIR/dump" --assume cpu=GenuineIntel/6
	exits 0
	json_ok
	get '.pairs[]|select(.provider=="0000:01:00.0" and .client=="0000:01:00.1")|.map'
}

@test "bridges that make sense" {
	is "$(maps 0000:00:01.0=port:0:1:1 0000:01:00.0=end 0000:01:00.1=end)" BUS_ADDR
	p2ptopo pairs -aF "$BATS_TEST_TMPDIR/dump"
	silent
}

@test "bridges with zero, inverted or overlapping bus numbers, or their own: unknown, and said" {
	local numbers
	for numbers in 0:1:0 0:0:0 0:2:1 0:0:1 1:1:1 0:1:1,0:1:1 0:1:2,0:1:1 0:1:3,0:2:4 ; do
		local words=() slot=1 one
		for one in ${numbers//,/ }; do
			words+=("0000:00:0$slot.0=port:$one")
			slot=$((slot + 1))
		done
		local map
		map=$(maps "${words[@]}" 0000:01:00.0=end 0000:01:00.1=end 0000:02:00.0=end)
		# Where the bridge above is in doubt, the two may still be known to be on one bus; never a wrong refusal in silence.
		p2ptopo pairs -aF "$BATS_TEST_TMPDIR/dump"
		case $map in
		null) complains "the place in the hierarchy cannot be told" ;;
		*) is "$numbers $map" "$numbers NOT_SUPPORTED" || is "$numbers $map" "$numbers BUS_ADDR" ;;
		esac
	done
}

@test "two bridges to one bus: nobody can tell which" {
	is "$(maps 0000:00:01.0=port:0:1:1 0000:00:02.0=port:0:1:1 0000:01:00.0=end 0000:01:00.1=end)" null
}

@test "a bridge to its own bus, bridges in a ring" {
	dump 0000:00:01.0=port:0:0:0 0000:00:02.0=end
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/dump"
	exits 0
	json_ok
	dump 0000:01:00.0=port:1:2:2 0000:02:00.0=port:2:1:1 0000:01:01.0=end
	p2ptopo tree -aF "$BATS_TEST_TMPDIR/dump"
	exits 0
	p2ptopo pairs -aJF "$BATS_TEST_TMPDIR/dump"
	exits 0
	json_ok
}

@test "a device that is its own ancestor is shown, with all that is fine" {
	on misplaced tree -a
	exits 0
	complains "0000:02:00.0"
	on misplaced pairs -aJ
	exits 0
	json_ok
	is "$(get '.pairs[]|select(.provider=="0000:01:00.0" and .client=="0000:01:00.1")|.map')" BUS_ADDR
	is "$(get '[.pairs[]|select(.provider=="0000:02:00.1")|.distance]|unique|map(tostring)|join(" ")')" "null 0"
}

@test "paths in a ring, and a VF of itself" {
	local here=$BATS_TEST_TMPDIR
	sed -e 's,^link sys/bus/pci/devices/0000:02:08.0 .*,link sys/bus/pci/devices/0000:02:08.0 -> ../../../devices/pci0000:00/0000:03:00.0/0000:02:08.0,' \
		"$(snap switch)" >"$here/ring.snap"
	p2ptopo tree -aF "$here/ring.snap"
	exits 0
	complains "0000:02:08.0"
	says "04:00.0"
	p2ptopo tree -aJF "$here/ring.snap"
	json_ok
	sed -e 's,^link sys/bus/pci/devices/0000:02:00.1/physfn .*,link sys/bus/pci/devices/0000:02:00.1/physfn -> ../0000:02:00.1,' \
		"$(snap sriov)" >"$here/vf.snap"
	p2ptopo tree -aF "$here/vf.snap"
	exits 0
	p2ptopo pairs -aJF "$here/vf.snap"
	exits 0
	json_ok
}

@test "paths deeper than any machine end" {
	local here=$BATS_TEST_TMPDIR
	{
		echo "p2p-snapshot 1"
		local path=../../../devices/pci0000:00 names="" n
		for n in $(seq 0 19); do
			for f in $(seq 0 15); do
				local bdf
				bdf=$(printf '%04x:%02x:%02x.0' $((n)) $((f)) 1)
				path+=/$bdf
				names+=" $bdf"
				[ ${#path} -lt 900 ] || path=../../../devices/pci0000:00/$bdf
				echo "link sys/bus/pci/devices/$bdf -> $path"
			done
		done
		echo "list sys/bus/pci/devices :$names"
		echo "end 321"
	} >"$here/deep.snap"
	p2ptopo tree -aF "$here/deep.snap"
	exits 0
	p2ptopo pairs --summary -aF "$here/deep.snap"
	exits 0
}

# --------------------------------------------------------- capability chains

acs() { # patches of the port; its ACS control word
	dump "0000:00:01.0=port:0:1:1$1" 0000:01:00.0=end 0000:01:00.1=end
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/dump"
	exits 0
	json_ok
	get '.devices[]|select(.bdf=="0000:00:01.0")|if .acs then .acs.control else .acs end|tostring'
}

@test "capability chains: looping, backwards, truncated, absurd" {
	is "$(acs "")" 0
	is "$(acs ":14e=2c00")" 44
	is "$(acs ":100=01000110:148=00000000")" false   # to itself
	is "$(acs ":100=01008114:148=0b000110")" false   # in a ring
	is "$(acs ":100=0100c1ff:148=00000000")" false   # to the last dword
	is "$(acs ":100=01008114:148=0d000100:14e=0400")" 4
	is "$(acs ":100=00000000")" false                # none
	is "$(acs ":100=ffffffff")" false                # not there
	is "$(acs ":100=01000112:120=0d000110:126=0800")" 8  # on, and back again
	is "$(acs ":100=01000140:400=0d000112:406=0400:120=00000000")" 4 # backwards from there
	is "$(acs ":100=0100c1ff:ffc=0d000100")" null    # it begins, and the space ends
	is "$(acs ":100=010041ff")" false                # below: the end of the chain
	is "$(acs ":100=0100010f")" false                # into the legacy space
}

@test "legacy chains: looping, absurd, cut; then there is no PCI Express, and no hang" {
	local type
	for patches in 34=40:40=01400000 34=ff 34=00 34=3c 34=40:40=ff00 34=fc:fc=01fc0000 06=0000; do
		dump "0000:00:01.0=end:$patches"
		p2ptopo tree -aJF "$BATS_TEST_TMPDIR/dump"
		exits 0
		json_ok
		type=$(get '.devices[0].type|tostring')
		is "$patches $type" "$patches false"
	done
}

@test "all ones: a device that is gone, in a dump and in a snapshot" {
	dump 0000:00:01.0=port:0:1:1 0000:01:00.0=ones 0000:01:00.1=end
	p2ptopo tree -aF "$BATS_TEST_TMPDIR/dump"
	exits 0
	p2ptopo pairs -aJF "$BATS_TEST_TMPDIR/dump" --assume cpu=GenuineIntel/6
	exits 0
	json_ok
	is "$(get '.pairs[]|select(.provider=="0000:01:00.0" and .client=="0000:01:00.1")|.map')" null
	on dead why nvme0 nvme1
	exits 4
}

# ------------------------------------------------------------- odd attributes

@test "attributes of a kind nobody expects are unknown, one by one" {
	local here=$BATS_TEST_TMPDIR line
	for line in 's,^\(read .*/numa_node\) = .*,\1 = banana,' 's,^\(read .*/p2pmem/size\) = .*,\1 = 99999999999999999999999,' \
		's,^\(read .*/p2pmem/available\) = .*,\1 = ,' 's,^\(link .*/iommu_group\) -> .*,\1 -> ../../nothing,' \
		's,^	0x.*,	zz,' 's,^\(read .*/current_link_width\) = .*,\1 = -1,' 's,^	PCI_ID=.*,	PCI_ID=,' \
		's,^	PCI_CLASS=.*,	PCI_CLASS=zz,' 's,^read proc/cmdline.*,fail proc/cmdline EIO,' \
		's,^read sys/devices/system/node/online.*,read sys/devices/system/node/online = 3-1\,x,' \
		's,^read kernel/p2pdma.*,read kernel/p2pdma = perhaps,' 's,^read kernel/list-order.*,read kernel/list-order = any,' \
		's,^	cpu family.*,	cpu family	: many,' 's,^	vendor_id.*,	vendor_id,' \
		's,^read proc/sys/kernel/osrelease.*,read proc/sys/kernel/osrelease = banana,' \
		's,^read proc/sys/kernel/osrelease.*,read proc/sys/kernel/osrelease = 99999999.1.2,' \
		's,^read proc/sys/kernel/osrelease.*,fail proc/sys/kernel/osrelease EACCES,' \
		's,^read sys/class/dmi.*sys_vendor.*,fail sys/class/dmi/id/sys_vendor EISDIR,' \
		's,^list sys/class/nvme :.*,list sys/class/nvme : nvme0 nvme0 x,'; do
		sed "$line" "$(snap switch-acs)" >"$here/odd.snap"
		! cmp -s "$here/odd.snap" "$(snap switch-acs)" || fail "changes nothing: $line"
		for words in "tree -a" "tree -aJ" "pairs -aJ" "pairs --summary -a" allowlist "why 03:00.0 04:00.0"; do
			# shellcheck disable=SC2086
			p2ptopo $words -F "$here/odd.snap" || fail "$line: $words"
			[ "$status" -lt 5 ] || fail "$line: $words: status $status"
			says_not '(null)'
			case $words in *J) json_ok ;; esac
		done
	done
}

@test "names in the list of functions that are no addresses, and one twice" {
	local here=$BATS_TEST_TMPDIR
	sed 's,^list sys/bus/pci/devices :,& banana 0000:03:00.0 0000:zz:00.0,' "$(snap switch)" >"$here/odd.snap"
	p2ptopo tree -aF "$here/odd.snap"
	exits 0
	complains banana
	complains "listed twice"
	is "$(grep -c 03:00.0 <<<"$output")" 1
}

# ------------------------------------------------------------------------ rows

# The program with another allowlist.yaml in its place, in a mount namespace of its own.
with_rows() {
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/rows.yaml"
	status=0
	# shellcheck disable=SC2016
	output=$(timeout 20 unshare -m sh -c 'mount --bind "$1" "$2" && exec "$3" allowlist -F "$4"' sh \
		"$BATS_TEST_TMPDIR/rows.yaml" "$TOP/policy/allowlist.yaml" "$P2PTOPO" "$(snap switch)" \
		2>"$BATS_TEST_TMPDIR/errors") || status=$?
	errors=$(<"$BATS_TEST_TMPDIR/errors")
}

refused_rows() { # LINE:COLUMN WORDS, then the file's lines
	local place=$1 words=$2
	shift 2
	with_rows "$@"
	exits 3
	complains "allowlist.yaml:$place"
	complains "$words"
	is "$output" ""
}

@test "rows: unknown keys, duplicates, wrong types, anchors: refused by line and column" {
	unshare -m true 2>/dev/null || skip "no mount namespace here"
	[ "$P2PTOPO" = "$TOP/build-dev/p2ptopo/p2ptopo" ] || [ "$P2PTOPO" = "$TOP/build/p2ptopo/p2ptopo" ] ||
		grep -q "$TOP/policy" "$P2PTOPO" || skip "this program reads its rows elsewhere"
	local schema="schema: p2p-hardware/1" row='  - { vendor: 0x8086, device: 0x2030, first: "5.6", name: "n", cite: "c" }'
	with_rows "$schema" "rows:" "$row"
	exits 0
	refused_rows "" "" ""
	refused_rows 1: schema "schema: p2p-policy/1" "rows:" "$row"
	refused_rows 3: colour "$schema" "rows:" '  - { vendor: 0x8086, device: 0x2030, first: "5.6", name: "n", cite: "c", colour: red }'
	refused_rows 4: "" "$schema" "rows:" "$row" "$row"
	refused_rows 3: vendor "$schema" "rows:" '  - { vendor: [1], device: 0x2030, first: "5.6", name: "n", cite: "c" }'
	refused_rows 3: quotes "$schema" "rows:" '  - { vendor: 0x8086, device: 0x2030, first: 5.10, name: "n", cite: "c" }'
	refused_rows 3: "" "$schema" "rows:" '  - { vendor: 0x18086, device: 0x2030, first: "5.6", name: "n", cite: "c" }'
	refused_rows 3: "" "$schema" "rows:" '  - { vendor: 0x8086, first: "5.6", name: "n", cite: "c" }'
	refused_rows "" "" "$schema" "rows: banana"
	refused_rows "" "" "$schema" 'rows: [unclosed'
	refused_rows "" "" "a: &a [x,x]" "b: &b [*a,*a]" "c: &c [*b,*b]" "d: [*c,*c]"
	refused_rows "" "" "$schema" "rows:" "$row" "---" "$schema"
}

@test "rows that are not there: exit 3, never an answer" {
	local program
	for program in "$TOP"/build-dev/p2ptopo/installed/p2ptopo "$TOP"/build/p2ptopo/installed/p2ptopo; do
		[ -x "$program" ] && [ ! -e /usr/local/share/p2ptopo/allowlist.yaml ] || continue
		P2PTOPO=$program on switch why nvme0 nvme1
		exits 3
		complains allowlist.yaml
		is "$output" ""
		return 0
	done
	skip "no program here without its rows"
}

# ---------------------------------------------------------------- command line

@test "command lines that are wrong: exit 2, one line, nothing printed" {
	local words
	for words in "--nothing" "-Z" "nothing" "tree extra" "why nvme0" "why a b c" "tree -F" "tree --summary" \
		"pairs --color=red" "why --all a b" "snapshot -J" "tree -s zz:zz" "tree -d zzzz" "tree --all=yes" \
		"tree -o" "why -o RULE a b" "pairs -s 100:00.0"; do
		# shellcheck disable=SC2086
		p2ptopo $words
		exits 2
		is "$output" ""
		is "$words: $(wc -l <<<"$errors")" "$words: 1"
	done
}

@test "an output that cannot be written is a failure" {
	[ -w /dev/full ] || skip "no /dev/full"
	for words in "tree -a" "tree -aJ" "pairs -aJ" pairs allowlist "allowlist -J" snapshot "why 03:00.0 04:00.0" --help; do
		status=0
		# shellcheck disable=SC2086
		"$P2PTOPO" $words -F "$(snap switch)" >/dev/full 2>"$BATS_TEST_TMPDIR/errors" || status=$?
		exits 3
		grep -q "cannot write the output" "$BATS_TEST_TMPDIR/errors" || fail "$words: $(cat "$BATS_TEST_TMPDIR/errors")"
	done
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
