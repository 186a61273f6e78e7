#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Sources: live, snapshot, a copied tree, a dump; the same machine is the same output.

load helper

# Standard output, standard error and status of each line of words, for one way to look at a machine.
all_of() { # WHERE WORDS
	local where=$1
	shift
	# shellcheck disable=SC2086
	"$P2PTOPO" $1 $where 2>&1 && echo "status 0" || echo "status $?"
}

two_functions() {
	"$P2PTOPO" pairs -aJ | jq -r '[.devices[0].bdf,.devices[-1].bdf]|join(" ")'
}

@test "live = replay = a copied tree, byte for byte" {
	local here=$BATS_TEST_TMPDIR a b words
	[ -d /sys/bus/pci/devices ] || skip "no PCI here"
	"$P2PTOPO" snapshot >"$here/live.snap"
	mkdir "$here/root"
	"$BATS_TEST_DIRNAME/unpack" "$here/live.snap" "$here/root"
	read -r a b < <(two_functions)
	for words in tree "tree -a" "tree -aDi" "tree -J" "tree -aJ" pairs "pairs -a" "pairs -aJ" "pairs --summary -aJ" \
		"why $a $b" "why -J $a $b" "why $b $b" allowlist "allowlist -J" snapshot; do
		all_of "" "$words" >"$here/1"
		all_of "-F $here/live.snap" "$words" >"$here/2"
		cmp "$here/1" "$here/2" || fail "replay of: $words"
		[ "$words" != snapshot ] || continue # the tree has what stands for kernel/ and net/
		all_of "--root $here/root" "$words" >"$here/3"
		cmp "$here/1" "$here/3" || fail "--root of: $words"
	done
}

@test "replay = a copied tree for the machines here" {
	local here=$BATS_TEST_TMPDIR machine words
	# Left out: what root cannot be refused; two root buses that /proc/bus/pci/devices cannot tell apart.
	for machine in $("$MACHINES/make" --list | grep -v -x -e order-unknown -e arm64 -e kernel-unknown -e hostile \
		-e processor-unknown -e naples-iommu-unknown -e running-table); do
		rm -rf "$here/root"
		mkdir "$here/root"
		"$BATS_TEST_DIRNAME/unpack" "$(snap "$machine")" "$here/root"
		for words in "tree -naJ" "pairs -aJ" "allowlist -J"; do
			all_of "-F $(snap "$machine")" "$words" >"$here/1"
			all_of "--root $here/root" "$words" >"$here/2"
			cmp "$here/1" "$here/2" || fail "$machine: $words: $(diff "$here/1" "$here/2" | head -5)"
		done
	done
}

@test "a copied tree does not lead out of itself" {
	local root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root"
	"$BATS_TEST_DIRNAME/unpack" "$(snap switch)" "$root"
	echo "9.9.9-outside" >"$BATS_TEST_TMPDIR/outside"
	rm "$root/proc/sys/kernel/osrelease"
	ln -s "$BATS_TEST_TMPDIR/outside" "$root/proc/sys/kernel/osrelease"
	p2ptopo tree -J --root "$root"
	says_not 9.9.9
	ln -sf ../../../../outside "$root/proc/sys/kernel/osrelease"
	p2ptopo tree -J --root "$root"
	says_not 9.9.9
	json_ok
}

@test "a copied tree with a FIFO or a device in it is read without waiting" {
	local root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root"
	"$BATS_TEST_DIRNAME/unpack" "$(snap switch)" "$root"
	rm "$root/proc/cmdline"
	mkfifo "$root/proc/cmdline"
	p2ptopo tree -J --root "$root"
	exits 0
	is "$(get .host.cmdline)" null
	json_ok
}

@test "files that vanish while they are read: the function is left out, and that is said" {
	local root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root"
	"$BATS_TEST_DIRNAME/unpack" "$(snap switch)" "$root"
	rm -r "$root/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:09.0/0000:04:00.0"
	p2ptopo tree -aJ --root "$root"
	exits 0
	complains "0000:04:00.0"
	is "$(get '[.devices[].bdf]|index("0000:04:00.0")|tostring')" null
	json_ok
}

@test "the forms of a file are told apart by content, whatever they are called" {
	local here=$BATS_TEST_TMPDIR
	tar -C "$here" -xf "$MACHINES/corpus.tar.xz" corpus/1051.lspci
	cp "$here/corpus/1051.lspci" "$here/box.snap"
	cp "$(snap switch)" "$here/box.lspci"
	p2ptopo tree -F "$here/box.snap"
	exits 0
	p2ptopo tree -F "$here/box.lspci"
	exits 0
	says nvme0
	"$BATS_TEST_DIRNAME/as-rdma-topo" "$(snap switch)" >"$here/box.txt"
	p2ptopo tree -F "$here/box.txt"
	exits 0
	says nvme1
}

@test "lspci -xxxx with and without domains is the same machine" {
	local here=$BATS_TEST_TMPDIR
	tar -C "$here" -xf "$MACHINES/corpus.tar.xz" corpus/1001.lspci corpus/1051.lspci
	p2ptopo pairs -aJF "$here/corpus/1051.lspci"
	local wanted=$output
	sed 's/^0000://' "$here/corpus/1051.lspci" >"$here/short"
	p2ptopo pairs -aJF "$here/short"
	is "$output" "$wanted"
}

@test "a dump out of a mail: CRLF, quoting marks, a sentence around it, a byte order mark" {
	local here=$BATS_TEST_TMPDIR
	tar -C "$here" -xf "$MACHINES/corpus.tar.xz" corpus/1051.lspci
	p2ptopo pairs -aJF "$here/corpus/1051.lspci"
	local wanted=$output
	sed 's/$/\r/' "$here/corpus/1051.lspci" >"$here/crlf"
	p2ptopo pairs -aJF "$here/crlf"
	is "$output" "$wanted"
	(echo "Hello, 00:01.0 is my card."; echo; sed 's/^/> /' "$here/corpus/1051.lspci"; echo "-- "; echo "me") >"$here/mail"
	p2ptopo pairs -aJF "$here/mail"
	is "$output" "$wanted"
	(printf '\xef\xbb\xbf'; cat "$here/corpus/1051.lspci") >"$here/bom"
	p2ptopo pairs -aJF "$here/bom"
	is "$output" "$wanted"
}

@test "a snapshot with CRLF is the same machine" {
	sed 's/$/\r/' "$(snap switch)" >"$BATS_TEST_TMPDIR/crlf.snap"
	on switch tree -aJ
	local wanted=$output
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/crlf.snap"
	is "$output" "$wanted"
}

@test "--from and --root are two machines" {
	p2ptopo tree -F "$(snap switch)" --root /
	exits 2
	complains "--root"
}

@test "what is read of configuration space: at most 256 bytes a function" {
	for machine in switch-acs sriov deep; do
		on "$machine" tree -a --stats
		local functions bytes
		functions=$(sed -n 's/^functions=//p' <<<"$errors")
		bytes=$(sed -n 's/^config_bytes=//p' <<<"$errors")
		[ "$bytes" -le $((256 * functions)) ]
	done
}

@test "list order: of the kernel where it is known, by address and assumed where not" {
	on reordered tree -aJ
	is "$(get '.hostbridges[0]|.order+" "+(.members|join(" "))')" "kernel 0000:80:02.0 0000:80:03.0 0000:80:01.0"
	json_ok
	on order-unknown tree -aJ
	complains "pci0000:00"
	is "$(get '.hostbridges[0].order')" null
	json_ok
	sed 's/^read kernel\/list-order = .*/read kernel\/list-order = name/' "$(snap reordered)" >"$BATS_TEST_TMPDIR/copy.snap"
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/copy.snap"
	is "$(get '.hostbridges[0].order')" address
	is "$(get '.assumptions|length')" 1
	json_ok
}

@test "a conventional function needs no privilege to be known as one without ACS" {
	on conventional tree -aJ
	is "$(get '[.devices[]|select(.bdf=="0000:02:00.0")|.acs,.type,.link]|unique|tostring')" "[false]"
	json_ok
}

@test "vendors' kernels: the stable release behind the name" {
	on ubuntu why nvme0 eth0
	exits 0
	on debian why nvme0 eth0
	exits 0
	on el9 why -J nvme0 eth0
	exits 4
	is "$(get '.pairs[0].rule')" rules-disagree
	json_ok
}

@test "the running kernel's own table beats what its release should have" {
	on running-table why -J nvme0 nvme1
	exits 0
	is "$(get '.pairs[0]|[.map,.rule]|join(" ")')" "THRU_HOST_BRIDGE allowlisted"
	json_ok
	on running-table why -J nvme0 nvme1 --assume kernel=7.2.12
	exits 1
	on running-table allowlist
	says "8086:0d57"
	on running-table allowlist -J
	is "$(get '.allowlist[]|select(.device=="2f00")|.running')" true
	is "$(get '.allowlist[]|select(.device=="09a2")|[.running,.applies]|tostring')" "[false,false]"
	is "$(get '.allowlist[]|select(.device=="0d57")|[.running,.applies]|tostring')" "[true,true]"
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}

@test "a copied tree without the IOMMU's folders has an IOMMU that is not known, here and in its snapshot" {
	local root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root"
	"$BATS_TEST_DIRNAME/unpack" "$(snap switch)" "$root"
	p2ptopo tree --root "$root"
	says "IOMMU none"
	rm -r "$root/sys/class/iommu"
	p2ptopo tree --root "$root"
	exits 0
	says "IOMMU not known"
	p2ptopo snapshot --root "$root"
	cp <(echo "$output") "$BATS_TEST_TMPDIR/box.snap"
	p2ptopo tree -F "$BATS_TEST_TMPDIR/box.snap"
	says "IOMMU not known"
	# Where that decides, it is not guessed.
	p2ptopo pairs --root "$root" --assume kernel=5.3 -J
	is "$(get .host.iommu.kind)" null
}
