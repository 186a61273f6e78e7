#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# allowlist: the rows, which apply to this kernel, and which this machine's hosts match.

load helper

@test "all rows, in the kernel's order" {
	on switch allowlist -J
	exits 0
	json_ok
	is "$(get '[.allowlist[]|.vendor+":"+.device]|join(" ")')" "1022:1450 1022:15d0 1022:1630 8086:3c00 8086:3c01 \
8086:2f00 8086:2f01 8086:2030 8086:2031 8086:2032 8086:2033 8086:2020 8086:09a2 8086:0b25 8086:0cfe 8086:11fb \
8086:1212 8086:1216 8086:4940 8086:4942 8086:4944 8086:4946 8086:4948 1ae0:any 10de:2f95 10de:2f96 10de:2f97 10de:2f98"
}

@test "REQ_SAME_HOST_BRIDGE is on four rows" {
	on switch allowlist -J
	is "$(get '[.allowlist[]|select(.same_host_bridge)|.device]|join(" ")')" "3c00 3c01 2f00 2f01"
	on switch allowlist
	is "$(grep -c REQ_SAME <<<"$output")" 4
}

@test "which rows a release has" {
	local wanted
	for line in "4.20.0 0" "5.1.0 0" "5.4.0 5" "5.6.0 7" "5.7.0 10" "5.8.0 12" "5.9.0 9" "5.17.0 9" "5.18.0 10" "7.0.0 10" \
		"7.1.0 11" "7.1.2 11" "7.1.3 21" "7.2.0 21" "7.2.13 21" "7.3.0 25" "6.12.107 10" "5.10.251 9" "6.1.176 10"; do
		read -r kernel wanted <<<"$line"
		on switch allowlist -J --assume "kernel=$kernel"
		is "$kernel $(get '[.allowlist[]|select(.applies)]|length')" "$kernel $wanted"
		is "$kernel $(get '[.allowlist[]|select(.applies==null)]|length')" "$kernel 0"
	done
}

@test "releases that nobody has looked at are not guessed" {
	on switch allowlist -J --assume kernel=6.18.20
	is "$(get '.allowlist[]|select(.device=="0b25")|.applies')" null
	on switch allowlist -J --assume kernel=5.15.77
	is "$(get '.allowlist[]|select(.device=="09a2")|.applies')" null
	is "$(get '.allowlist[]|select(.device=="2f00")|.applies')" true
}

@test "which hosts match" {
	on icelake allowlist -J
	is "$(get '.allowlist[]|select(.matches!=[])|.device+" "+(.matches|join(" "))')" "09a2 pci0000:00"
	on skylake allowlist -J
	is "$(get '.allowlist[]|select(.matches!=[])|.device+" "+(.matches|join(" "))')" "2030 pci0000:16
2031 pci0000:20"
	on arm64 allowlist -J
	is "$(get '.allowlist[]|select(.matches!=[])|.device+" "+(.matches|join(" "))')" "any pci0000:00 pci0001:00
2f95 pci0002:00"
	json_ok
	on icelake allowlist
	grep -q '8086:09a2.*pci0000:00' <<<"$output"
}

@test "what is looked up for each host, whether it has a row or not" {
	on switch allowlist
	says "8086:0d57 is not in the list"
	on not-reordered allowlist
	says "neither 00.0 nor a root port"
	on haswell allowlist
	says "inside this host bridge"
	on order-unknown allowlist
	says "not known"
}

@test "a Zen needs no row" {
	on zen allowlist
	says "from 5.9 on"
	on hygon allowlist
	says_not "from 5.9 on"
}

@test "vendors' and unknown kernels: what their table has is not claimed" {
	on el9 allowlist -J
	is "$(get '.allowlist[]|select(.device=="09a2")|.applies')" null
	is "$(get '.allowlist[]|select(.device=="2f00")|.applies')" true
	on linux-7.9 allowlist -J
	is "$(get '[.allowlist[].applies]|unique|tostring')" "[null]"
	on linux-4.19 allowlist -J
	is "$(get '[.allowlist[].applies]|unique|tostring')" "[false]"
}

@test "every row has a name and says where it was seen" {
	on switch allowlist -J
	is "$(get '[.allowlist[]|select((.name|length)<3 or (.cite|length)<8)]|length')" 0
}

@test "-o and -H" {
	p2ptopo allowlist -H
	says MATCHES
	on switch allowlist -o ID,CITE
	exits 0
	is "$(head -1 <<<"$output" | xargs)" "ID CITE"
}

@test "JSON of all machines" {
	for machine in $("$MACHINES/make" --list); do
		on "$machine" allowlist -J
		exits 0
		json_ok
	done
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
