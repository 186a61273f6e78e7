#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Long output on a terminal goes through a pager; every test has a real terminal (a pty).

load helper

setup() {
	export TERM=xterm
	unset P2P_PAGER PAGER LESS LV COLUMNS LESSSECURE
	command -v less >/dev/null || skip "no less here"
}

# terminal LINES KEYS ARGUMENT...: p2ptopo on a terminal of 80 columns.
terminal() {
	output=$("$TOP/tests/bats/terminal" 80 "$1" "$2" "$P2PTOPO" "${@:3}")
	case $output in *Sanitizer* | *"runtime error"*) fail "$output" ;; esac
}

# The same, through a pager that writes to a file what it is given.
into_file() {
	export P2P_PAGER="cat >'$BATS_TEST_TMPDIR/paged'"
	rm -f "$BATS_TEST_TMPDIR/paged"
	terminal "$@"
}

@test "what is longer than the screen waits in less, and the exit status is the verb's" {
	terminal 10 q -F "$(snap switch-acs)" why nvme0 nvme1
	says "provider   nvme0"
	says_not "remedy"
	says "status 1"
	terminal 10 ' qq' -F "$(snap switch)" why nvme0 nvme1
	says "status 0"
	terminal 10 q -F "$(snap switch-acs)" pairs -J
	says '"schema": "p2ptopo/1"'
	says_not '"measured"'
	terminal 10 q --help
	says Usage
	says_not --version
}

@test "what fits on the screen is left there, and no key is needed" {
	terminal 60 '' -F "$(snap switch-acs)" why nvme0 nvme1
	says "remedy"
	says "host       Linux"
	says "status 1"
}

@test "no pager: not on a terminal, --no-pager, an empty name, cat, a terminal that cannot" {
	local wanted
	# No key is pressed: whatever waited for one would fail.
	terminal 10 '' --no-pager -F "$(snap switch-acs)" why nvme0 nvme1
	says "remedy"
	wanted=$output
	PAGER='' terminal 10 '' -F "$(snap switch-acs)" why nvme0 nvme1
	is "$output" "$wanted"
	PAGER=cat terminal 10 '' -F "$(snap switch-acs)" why nvme0 nvme1
	is "$output" "$wanted"
	P2P_PAGER='' PAGER=false terminal 10 '' -F "$(snap switch-acs)" why nvme0 nvme1
	is "$output" "$wanted"
	TERM=dumb terminal 10 '' -F "$(snap switch-acs)" why nvme0 nvme1
	says "remedy"
	P2P_PAGER=false p2ptopo -F "$(snap switch-acs)" why nvme0 nvme1
	says "remedy"
	exits 1
	P2P_PAGER=false terminal 10 '' --version
	says "p2ptopo "
}

@test "no pager where the terminal is what is read, and how to end that is said" {
	# A file with no line is no machine: what matters is that Ctrl-D ends it.
	terminal 10 '\x04' -F - tree
	says "p2ptopo: reading from the terminal, end with Ctrl-D"
	says "status 3"
	terminal 10 '\x04' diff "$(snap switch)" -
	says "reading from the terminal, end with Ctrl-D"
	says "status 3"
	p2ptopo -F - tree <"$(snap switch)"
	exits 0
	silent
	p2ptopo -F - tree --help
	exits 0
	silent
}

@test "P2P_PAGER comes before PAGER, and is a command of the shell" {
	PAGER=false P2P_PAGER="sed 's/^/> /'" terminal 10 '' -F "$(snap switch)" why nvme0 nvme1
	says "> provider"
	says "status 0"
	PAGER="sed 's/^/> /'" terminal 10 '' -F "$(snap switch)" why nvme0 nvme1
	says "> provider"
}

@test "a pager that is not there is said, and missed no further" {
	P2P_PAGER=/nonexistent/pager terminal 10 '' -F "$(snap switch-acs)" why nvme0 nvme1
	says "the pager that P2P_PAGER or PAGER names is not there"
	says "remedy"
	says "status 1"
}

@test "colours and width are those of the terminal" {
	into_file 10 '' -F "$(snap switch-acs)" tree
	says "status 0"
	grep -q $'\e\[' "$BATS_TEST_TMPDIR/paged"
	is "$(sed 's/\x1b\[[0-9;]*m//g' "$BATS_TEST_TMPDIR/paged")" "$(COLUMNS=80 "$P2PTOPO" -F "$(snap switch-acs)" tree)"
	NO_COLOR=1 into_file 10 '' -F "$(snap switch-acs)" tree
	! grep -q $'\e\[' "$BATS_TEST_TMPDIR/paged"
}

@test "messages stand among the output, in their place" {
	into_file 10 '' -F /nonexistent tree
	says "status 3"
	grep -q /nonexistent "$BATS_TEST_TMPDIR/paged"
}

@test "LESS is FRX and LV -c unless they are set; root's less is a safe one" {
	# shellcheck disable=SC2016
	P2P_PAGER='echo "$LESS $LV ${LESSSECURE-none}"' terminal 10 '' -F "$(snap switch)" tree
	if [ "$(id -u)" = 0 ]; then says "FRX -c 1"; else says "FRX -c none"; fi
	# shellcheck disable=SC2016
	LESS=S LV=-x P2P_PAGER='echo "$LESS $LV"' terminal 10 '' -F "$(snap switch)" tree
	says "S -x"
}

@test "a pager that is left, or dies, changes no exit status" {
	local pager
	for pager in true false 'head -n 1' 'kill -9 $$'; do
		P2P_PAGER=$pager terminal 10 '' -F "$(snap switch)" why nvme0 nvme1
		says "status 0"
		P2P_PAGER=$pager terminal 10 '' -F "$(snap switch-acs)" why nvme0 nvme1 -J
		says "status 1"
		P2P_PAGER=$pager terminal 10 '' -F "$(snap unprivileged)" why nvme0 nvme1
		says "status 4"
		# More than a pipe holds.
		P2P_PAGER=$pager terminal 10 '' -F "$(snap offers)" pairs -aJ
		says "status 0"
	done
}

@test "interrupted, it waits for the pager, and ends by the signal" {
	terminal 10 '\x03q' -F "$(snap switch-acs)" why nvme0 nvme1
	says "provider   nvme0"
	[[ $output == *"status 1" || $output == *"status 130" ]] || fail "$output"
}
