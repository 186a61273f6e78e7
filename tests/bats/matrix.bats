#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# matrix: the same answers as pairs, folded; what is drawn at which width.

load helper

# 8 host bridges with SWITCHES switches each, and so many devices below each: 256 in all.
big() { # SWITCHES KINDS
	"$BATS_TEST_DIRNAME/big-machine" "${3-8}" "$1" "$2" >"$BATS_TEST_TMPDIR/big.txt"
	"$MACHINES/make" --from "$BATS_TEST_TMPDIR/big.txt" --into "$BATS_TEST_TMPDIR"
	echo "$BATS_TEST_TMPDIR/big.snap"
}

widest() { wc -L <<<"$output"; }

exact() { # FILE,FILE WORD...
	run "$BATS_TEST_DIRNAME/matrix-exact" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == *" 0 differ"* ]]
	echo "# ${lines[-1]}" >&3
}

@test "every cell of every machine here is what pairs says, and nothing is left apart that could be one" {
	local machines="" machine
	for machine in $("$MACHINES/make" --list); do machines+=,$(snap "$machine"); done
	exact "${machines#,}"
}

@test "the same for other releases and processors, and where facts are missing" {
	local machines="" machine words
	for machine in switch-acs root-port-acs endpoint-acs sriov vmd skylake haswell naples offers unprivileged misplaced twins deep; do
		machines+=,$(snap "$machine")
	done
	for words in kernel=4.20.0 kernel=5.2.0 kernel=5.4.0 kernel=7.9 p2pdma=no cpu=AuthenticAMD/25; do
		exact "${machines#,}" --assume "$words"
	done
}

@test "the same for the corpus's hierarchies" {
	tar -C "$BATS_TEST_TMPDIR" -xf "$MACHINES/corpus.tar.xz"
	local dumps
	dumps=$(printf ',%s' "$BATS_TEST_TMPDIR"/corpus/*.lspci)
	exact "${dumps#,}" --assume cpu=GenuineIntel/6
	exact "${dumps#,}" --assume cpu=GenuineIntel/6 --assume kernel=5.8.0
	exact "${dumps#,}" --assume cpu=AuthenticAMD/25
}

@test "the same for machines of many switches" {
	exact "$(big 2 gpu=2,nvme=3,nic=2 3)"
	exact "$(big 2 gpu=2,nvme=3,nic=2 3)" --assume cpu=GenuineIntel/6
}

@test "256 devices fit 80 columns" {
	local file
	file=$(big 1 gpu=8,nvme=24)
	p2ptopo matrix -F "$file"
	exits 0
	[ "$(widest)" -le 80 ]
	[ "$(wc -l <<<"$output")" -le 24 ]
	says "256 functions in 8 groups"
	says "For want of room"
	COLUMNS=120 p2ptopo matrix -F "$file"
	[ "$(widest)" -le 120 ]
	says "256 functions in 24 groups"
	says "nvme1..23 (23)"
	says_not "For want of room"
	file=$(big 4 gpu=2,nvme=4,nic=2)
	p2ptopo matrix -F "$file"
	[ "$(widest)" -le 80 ]
	says "256 functions in 32 groups"
}

@test "lines are never broken: columns that do not fit come in blocks" {
	local file width
	file=$(big 4 gpu=2,nvme=4,nic=2)
	for width in 40 60 80 100 132 200; do
		COLUMNS=$width p2ptopo matrix -F "$file" --no-fold
		[ "$(widest)" -le "$width" ]
		# Every client has its number over one column.
		is "$(awk '/^ *CLIENT +[0-9]/ { for (i = 2; i <= NF; i++) print $i }' <<<"$output")" "$(seq 256)"
	done
}

@test "without a terminal it is as wide as needed, and numbered only if it has to be" {
	unset COLUMNS
	on switch matrix
	says "CLIENT      nvme0 nvme1 eth0"
	p2ptopo matrix -F "$(big 2 nvme=16)"
	is "$(grep -c '^ *CLIENT' <<<"$output")" 1
	[ "$(widest)" -gt 150 ]
}

@test "the letters, and the legend of what was printed" {
	on switch matrix
	says "B=bus address"
	says "PIX=one switch at most"
	says_not "H="
	says_not "SYS="
	on haswell matrix
	says "H PHB"
	says "- SYS"
	says "H=through the host bridge, -=not supported"
	on unprivileged matrix
	says "? PIX"
	says "?=not known"
	on unprivileged-zen matrix
	says "E PIX"
	says "E=allowed, B or H is not known"
}

@test "what would be is told where the kernel does not say" {
	on switch matrix --assume p2pdma=no
	says "b PIX"
	says "b=would be B"
	says "This kernel is built without P2PDMA"
	on without-p2pdma matrix
	says "- PIX" # neither this kernel nor one with it
	on linux-7.9 matrix
	says "The rules of this kernel are not known"
	on el9 matrix --assume p2pdma=no
	says "~ PHB"
	says "~=what it would be is not known"
	on linux-4.19 matrix
	says "older than P2PDMA (4.20)"
	on p2pdma-unknown matrix
	says "Whether this kernel has P2PDMA is not known"
}

@test "offer and client marks" {
	on offers matrix
	is "$(awk '$2 == "nvme0" { print $3 } $2 == "nvme1" { print $3 } $2 == "card0" { print $3 } $2 == "card1" { print $3 }' <<<"$output" |
		paste -sd' ')" "M m i D"
	says "m=p2pmem, but not published"
	is "$(sed -n '2s/.*O  //p' <<<"$output" | tr -s ' ')" "y y y n i y y i"
}

@test "the diagonal: between members, or nothing; with --all to itself" {
	on endpoint-acs matrix
	says "X=itself"
	on endpoint-acs matrix -a
	says_not "X=itself"
	on endpoint-acs matrix -aJ
	json_ok
	is "$(get '[.groups[]|select(.members|length == 1)|.self]|map(type)|unique[]')" number
	on endpoint-acs matrix -J
	json_ok
	is "$(get '[.groups[].self]|unique[]')" null
}

@test "filters choose providers and clients, --no-fold shows each, -n names by address" {
	on sriov matrix -aJ -s 02:
	json_ok
	is "$(get '.groups[].members[]')" $'0000:02:00.0\n0000:02:00.1'
	on sriov matrix -a -s 02: --no-fold
	says "nvme0"
	says "nvme1"
	says "2 functions."
	on sriov matrix -a -s 02:
	says "nvme0..1 (2)"
	on sriov matrix -an -s 02:
	says "02:00.0..1 (2)"
	on sriov matrix -anD -s 02:
	says "0000:02:00.0..1 (2)"
	on sriov matrix -d 10de:
	says "No function matches."
	exits 0
	on no-pci matrix
	exits 0
	is "$output" "No PCI functions here."
	on no-pci pairs
	is "$output" "No PCI functions here."
	# What is not on the screen is not explained.
	on without-p2pdma matrix
	grep -q "would be" <<<"$(sed -n "/^route/p" <<<"$output")" || says_not "would be"
}

@test "hostile names stay in their cells, in ASCII and not" {
	local words
	for words in "" -i; do
		# shellcheck disable=SC2086
		on hostile matrix -a --no-fold $words
		exits 0
		[ "$(widest)" -le 80 ]
		! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output" || fail "control characters in: $output"
	done
	! LC_ALL=C grep -q '[^ -~]' <<<"$output" || fail "not ASCII: $output"
}

# COUNT functions, no two of one class, on as many root buses as it takes.
all_different() { # COUNT
	python3 - "$1" >all.snap <<-'END'
		import sys
		count = int(sys.argv[1])
		addresses = [f'{i >> 8:04x}:00:{i >> 3 & 31:02x}.{i & 7}' for i in range(count)]
		folder = 'sys/bus/pci/devices'
		print('p2p-snapshot 1')
		print('read proc/sys/kernel/osrelease = 7.2.0')
		print('read kernel/p2pdma = y symbol')
		print(f'list {folder} : {" ".join(addresses)}')
		for i, address in enumerate(addresses):
		    print(f'link {folder}/{address} -> ../../../devices/pci{address[:7]}/{address}')
		    print(f'text {folder}/{address}/uevent\n\tPCI_CLASS={(i + 0x1000) << 8:x}\n\tPCI_ID=1234:5678')
		print(f'end {3 + 2 * count}')
	END
}

@test "as many different rows as there may be, and one more" {
	cd "$BATS_TEST_TMPDIR"
	all_different 300
	p2ptopo matrix -aJ -F all.snap
	exits 0
	is "$(get '.groups|length')" 300
	all_different 8193
	p2ptopo matrix -a -F all.snap
	exits 2
	complains 'more than 8192 sorts of functions are too many for a matrix; choose some with -s or -d, or take `p2ptopo pairs`'
	# Those that are chosen are few again.
	p2ptopo matrix -a -F all.snap -s 0001::
	exits 0
	says '256 functions'
}

@test "colours only where asked, and the same text without them" {
	on haswell matrix
	local plain=$output
	on haswell matrix --color=always
	says $'\033[32mH PHB\033[0m'
	is "$(sed 's/\x1b\[[0-9]*m//g' <<<"$output")" "$plain"
}

@test "JSON of all machines" {
	for machine in $("$MACHINES/make" --list); do
		on "$machine" matrix -aJ
		exits 0
		json_ok
		on "$machine" matrix -J
		json_ok
	done
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
