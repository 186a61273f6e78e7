#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The gallery (tests/machines/README.md): each machine says what its paragraph says, and all of them are told.
# That the outputs in it are the program's, tests/lint/examples sees to.

load helper

GALLERY=$MACHINES/README.md

# MACHINE PROVIDER CLIENT STATUS MAP RULE: a pair that the paragraph speaks of.
told() {
	cat <<-'END'
		dgx                 card1  mlx5_0  0 THRU_HOST_BRIDGE allowlisted
		dgx                 card1  card8   0 THRU_HOST_BRIDGE allowlisted
		nvmeof-target       nvme0  mlx5_0  1 NOT_SUPPORTED    not-allowlisted
		nvmeof-target       nvme0  nvme2   1 NOT_SUPPORTED    not-allowlisted
		nvmeof-target-user  nvme0  mlx5_0  4 null             acs-unknown
		two-gpus            card1  card2   0 THRU_HOST_BRIDGE cpu-zen
		vm                  nvme0  card0   0 THRU_HOST_BRIDGE cpu-zen
		arm-server          nvme0  nvme1   1 NOT_SUPPORTED    not-allowlisted
		vmd-el9             nvme0  nvme1   0 THRU_HOST_BRIDGE allowlisted
		vmd-el9             nvme0  mlx5_0  4 null             rules-disagree
		mtca                03:00.0 nvme0  1 NOT_SUPPORTED    kernel-without-p2pdma
		direct-nic          0008:03:00.0 card1 1 NOT_SUPPORTED not-allowlisted
	END
}

@test "every machine answers as its paragraph says" {
	local machine provider client wanted map rule seen=''
	while read -r machine provider client wanted map rule; do
		on "$machine" why -J "$provider" "$client"
		exits "$wanted"
		is "$machine $(get '.pairs[0]|"\(.map) \(.rule)"')" "$machine $map $rule"
		json_ok
		seen+=$machine$'\n'
	done < <(told)
	is "$(sort -u <<<"${seen%$'\n'}")" "$(sed -n 's/^## //p' "$GALLERY" | sort)"
}

@test "every machine of the gallery has a row in its table, a paragraph, commands, and where it is from" {
	local machine section
	for machine in $(sed -n 's/^## //p' "$GALLERY"); do
		grep -q "^| \[$machine\](#$machine) |" "$GALLERY" || fail "$machine is not in the table"
		section=$(sed -n "/^## $machine\$/,/^## /p" "$GALLERY")
		grep -q "^\$ p2ptopo -F $machine.snap " <<<"$section" || fail "$machine: no command"
		grep -q '^From: ' <<<"$section" || fail "$machine: not said where it is from"
	done
	is "$(grep -c '^## ' "$GALLERY")" 9
}

@test "each machine runs another kernel, or shows another side of one" {
	local kernels
	kernels=$(for machine in $(sed -n 's/^## //p' "$GALLERY"); do
		on "$machine" tree -J
		get .host.kernel
	done | sort -u | wc -l)
	[ "$kernels" -ge 7 ]
}

@test "what the paragraphs say beside the answers" {
	# dgx: direct without the two bits; refused on 5.15.
	on dgx why -J card1 mlx5_0 --assume acs:17:03.0=ReqRedir-,CmpltRedir- --assume acs:17:00.0=ReqRedir-,CmpltRedir-
	is "$(get '.pairs[0].map')" BUS_ADDR
	on dgx pairs -J --summary --assume kernel=5.15.0
	is "$(get '[.summary[].map]|unique|join(" ")')" NOT_SUPPORTED
	# nvmeof-target: the remedy is two ports, and makes it direct; nothing helps in the other slot.
	on nvmeof-target why nvme0 mlx5_0
	says "pci=config_acs="
	says "becomes    BUS_ADDR"
	on nvmeof-target why nvme0 nvme2
	says "no setting and no released kernel helps"
	# two-gpus: not with another processor; the narrow slot is marked.
	on two-gpus why card1 card2 --assume cpu=GenuineIntel/6
	exits 1
	on two-gpus tree
	says "16x4~"
	# vm: what cannot be seen is said.
	on vm tree
	says "routing cannot be seen from here"
	# arm-server: not even the newest kernel.
	on arm-server why nvme0 nvme1 --assume kernel=7.3.4
	exits 1
	# mtca: what it would be.
	on mtca why -J 03:00.0 nvme0
	is "$(get '.pairs[0].would_be')" BUS_ADDR
	# vmd-el9: named, the release decides.
	on vmd-el9 why nvme0 mlx5_0 --assume kernel=5.14.0
	exits 1
	on vmd-el9 why nvme0 mlx5_0 --assume kernel=5.19.0
	exits 0
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
