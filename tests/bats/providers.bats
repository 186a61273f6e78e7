#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# providers: whom pci_p2pmem_find_many() would choose.

load helper

# Three switches: the second below the first, the third on another root port; a CMB below each.
three() { # nothing, or `0` to leave the first unpublished
	cat >"$BATS_TEST_TMPDIR/three.txt" <<-END
		machine three
		  about three providers at three distances, and two that are equal
		  cpu AuthenticAMD/25
		  pci0000:00
		    00.0 1022:1480 host
		    01.0 1022:1483 port
		      00.0 10b5:8747 upstream
		        00.0 10b5:8747 downstream
		          00.0 144d:a824 nvme driver=nvme dev=nvme0,nvme0n1 p2pmem=16M/16711680/${1:-1} cmb=2/1000f
		        01.0 10b5:8747 downstream
		          00.0 15b3:101d nic driver=mlx5_core dev=mlx5_0,eth0
		        02.0 10b5:8747 downstream
		          00.0 10b5:8747 upstream
		            00.0 10b5:8747 downstream
		              00.0 144d:a824 nvme driver=nvme dev=nvme1,nvme1n1 p2pmem=16M/0/1 cmb=2/1000f
		            01.0 10b5:8747 downstream
		              00.0 144d:a824 nvme driver=nvme dev=nvme2,nvme2n1 p2pmem=16M/16M/1 cmb=2/1000f
		            02.0 10b5:8747 downstream
		              00.0 144d:a824 nvme driver=nvme dev=nvme3,nvme3n1
		    02.0 1022:1483 port
		      00.0 144d:a824 nvme driver=nvme dev=nvme4,nvme4n1 p2pmem=16M/16711680/1 cmb=2/1000f
		      00.1 8086:2922 ahci driver=ahci
	END
	"$MACHINES/make" --from "$BATS_TEST_TMPDIR/three.txt" --into "$BATS_TEST_TMPDIR"
}

among() { # CLIENT...: on the machine above
	p2ptopo providers -F "$BATS_TEST_TMPDIR/three.snap" "$@"
}

picks() { # provider:pick:distance of each row
	is "$(awk 'NR == 1 { next } !NF { exit } { printf "%s%s:%s:%s", sep, $2, $1, $3; sep = " " }' <<<"$output")" "$*"
}

@test "the nearest first: itself, one switch, two switches, the host bridge" {
	three
	among nvme0
	exits 0
	picks 03:00.0:yes:0 07:00.0:-:6 08:00.0:-:6 0a:00.0:-:6
	says "The kernel takes 03:00.0."
	among eth0
	picks 03:00.0:yes:4 07:00.0:-:6 08:00.0:-:6 0a:00.0:-:6
}

@test "the sum over all clients counts, and equals are drawn at random" {
	three
	among eth0 nvme3
	exits 0
	picks 03:00.0:yes:10 07:00.0:yes:10 08:00.0:yes:10 0a:00.0:-:14
	says "one of the 3 nearest at random"
	# A client named twice counts twice.
	among nvme3 nvme3 eth0
	picks 07:00.0:yes:14 08:00.0:yes:14 03:00.0:-:16 0a:00.0:-:22
	says "one of the 2 nearest at random"
}

@test "how much is free plays no part, but is said" {
	three
	among nvme1
	picks 07:00.0:yes:0 08:00.0:-:4 03:00.0:-:6 0a:00.0:-:8
	says "an allocation then fails"
}

@test "what is not published is no choice" {
	three 0
	among eth0
	exits 0
	says "unpublished"
	picks 07:00.0:yes:6 08:00.0:yes:6 0a:00.0:yes:6 03:00.0:no:4
	says "one of the 3 nearest at random"
}

@test "one client that cannot be reached is enough" {
	three
	among eth0 00:00.0 --assume cpu=GenuineIntel/6
	exits 1
	says "not-allowlisted (00:00.0)"
	says "None of these can be used."
	says "\`p2ptopo why "
	among eth0 --assume cpu=GenuineIntel/6
	exits 0
	says "The kernel takes 03:00.0."
	is "$(awk '$2 == "0a:00.0" { print $1, $7 }' <<<"$output")" "no not-allowlisted"
}

@test "a driver that takes no peer memory is said, for the kernel's choice does not ask" {
	three
	among 0a:00.1
	exits 0
	says "Client 0a:00.1: its block queues do not take peer pages."
}

@test "exit status: 0 there is one, 1 none, 4 not known, 2 no such client" {
	on switch providers nvme1
	exits 0
	on switch-acs providers eth0
	exits 1
	on laptop providers -- 00:00.0
	exits 1
	says "Nothing here offers peer memory"
	on unprivileged providers eth0
	exits 4
	says "What the kernel takes is not known."
	on switch providers nvme9
	exits 2
	complains "no such device"
	on switch providers
	exits 2
}

@test "without P2PDMA nothing is taken; what is not known of a kernel is not known" {
	on switch providers nvme1 --assume p2pdma=no
	exits 1
	says "Nothing here offers peer memory"
	on kernel-unknown providers eth0
	exits 4
}

@test "one that may be nearer leaves the choice open" {
	three
	# Whether the port above 03:00.0 redirects cannot be read.
	sed -i '/nvme0/{x;s/.*//;x};s/\(00.0 10b5:8747 downstream\)$/\1 config=unprivileged/;t done;b;:done;n;:rest;n;b rest' \
		"$BATS_TEST_TMPDIR/three.txt"
	is "$(grep -c unprivileged "$BATS_TEST_TMPDIR/three.txt")" 1
	"$MACHINES/make" --from "$BATS_TEST_TMPDIR/three.txt" --into "$BATS_TEST_TMPDIR"
	among eth0 --assume cpu=GenuineIntel/6
	exits 0 # 07:00.0 can be used; that it is, is not known
	is "$(awk '{ print $2, $1, $3 }' <<<"$output" | sed -n 2,5p | paste -sd,)" "07:00.0 ? 6,08:00.0 ? 6,03:00.0 ? 4,0a:00.0 no 6"
	says "What the kernel takes is not known."
	among nvme3 --assume cpu=GenuineIntel/6
	exits 0
	picks 07:00.0:yes:4 08:00.0:yes:4 03:00.0:-:6 0a:00.0:no:8
}

@test "a dump does not tell who has memory" {
	"$BATS_TEST_DIRNAME/dump" 0000:00:01.0=port:0:1:1 0000:01:00.0=end 0000:00:02.0=port:0:2:2 0000:02:00.0=end \
		>"$BATS_TEST_TMPDIR/dump.txt"
	p2ptopo providers -F "$BATS_TEST_TMPDIR/dump.txt" 01:00.0
	exits 4
	says "Whether 2 functions have peer memory"
	p2ptopo providers -JF "$BATS_TEST_TMPDIR/dump.txt" 01:00.0
	is "$(get '[.providers[].memory]|unique[]')" null
	json_ok
}

@test "distances and answers are those of pairs" {
	three
	p2ptopo pairs -aJF "$BATS_TEST_TMPDIR/three.snap"
	local pairs=$output
	among -J eth0 nvme3 nvme0
	json_ok
	is "$(get '.providers[]|.provider as $p|.clients[]|[$p,.client,.map,.supported,.distance,.locality,.rule]|join(" ")' | sort)" \
		"$(jq -r '.pairs[]|select(.provider|IN("0000:03:00.0","0000:07:00.0","0000:08:00.0","0000:0a:00.0"))
			|select(.client|IN("0000:04:00.0","0000:09:00.0","0000:03:00.0"))
			|[.provider,.client,.map,.supported,.distance,.locality,.rule]|join(" ")' <<<"$pairs" | sort)"
	is "$(get '.providers[]|select(.distance != ([.clients[].distance]|add))')" ""
	is "$(get '[.providers[]|.picked]|map(tostring)|join(" ")')" "true false false false"
}

@test "JSON, also on a machine with nothing" {
	local machine
	for machine in switch switch-acs unprivileged kernel-unknown el9; do
		on "$machine" providers -J eth0
		json_ok
	done
	on laptop providers -J 00:00.0
	is "$(get '.providers|length')" 0
	json_ok
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
