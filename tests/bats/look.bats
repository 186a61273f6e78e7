#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# How every verb that draws looks: on narrow and wide terminals, in ASCII, with colours.

load helper

# Each verb on a few machines; runs its arguments with verb and words.
for_all() {
	local machine
	for machine in switch-acs vmd skylake hostile offers; do
		"$@" "$machine" tree -a
		"$@" "$machine" pairs
		"$@" "$machine" pairs --summary
		"$@" "$machine" allowlist
	done
	"$@" switch-acs why nvme0 nvme1
	"$@" skylake why nvme0 nvme1
}

no_colour_and_ascii() {
	LC_ALL=$locale COLUMNS=$width on "$@"
	[ "$status" -ne 2 ] || [ "$2" = why ] || fail "$errors"
	! LC_ALL=C grep -q $'\e' <<<"$output" || fail "an escape sequence: $output"
	if [ "$locale" = C ]; then ! LC_ALL=C grep -q $'[\x80-\xff]' <<<"$output" || fail "not ASCII: $output"; fi
	! grep -qE ' $' <<<"$output" || fail "blanks at the end of a line of $*: $output"
}

@test "in C and UTF-8, at 40, 80 and 200 columns: no escapes, ASCII where it must be, no blanks at ends" {
	local locale width
	for locale in C C.UTF-8; do
		for width in 40 80 200; do for_all no_colour_and_ascii; done
	done
}

fits() {
	COLUMNS=$width on "$@"
	# What is to be typed is never broken: an argument, a command, the name of a source.
	output=$(grep -vE '^(boot with|or now|source|           setpci)' <<<"$output")
	# Two addresses with their domains, and names of rules, which are not cut.
	[ "$1 $2" != "vmd pairs" ] || return 0
	[ "$(wc -L <<<"$output")" -le "$width" ] || fail "$* is wider than $width: $output"
}

@test "80 columns are enough for all, 60 for sentences" {
	local width=80
	for_all fits
	width=60
	fits switch-acs why nvme0 nvme1
}

@test "a narrow terminal leaves names long enough to be known" {
	COLUMNS=40 on switch-acs tree
	says "nvme0 nvme0…"
	says "eth0 mlx5_0…"
}

@test "colour is by role: what is refused red, what is allowed green, and nothing but colour" {
	local plain words
	for words in "skylake pairs --summary" "skylake pairs" "switch-acs tree -a" "skylake allowlist" "switch-acs why nvme0 nvme1" \
		"switch why nvme0 nvme1"; do
		# shellcheck disable=SC2086
		on $words
		plain=$output
		# shellcheck disable=SC2086
		on $words --color=always
		is "$(sed 's/\x1b\[[0-9;]*m//g; s/ *$//' <<<"$output")" "$plain"
		[ "$output" != "$plain" ] || fail "no colour: $words"
	done
	on skylake pairs --summary --color=always
	says $'\e[31mNOT_SUPPORTED'
	says $'\e[32mTHRU_HOST_BRIDGE'
	NO_COLOR=1 on skylake pairs --summary --color=auto
	! grep -q $'\e' <<<"$output"
}
