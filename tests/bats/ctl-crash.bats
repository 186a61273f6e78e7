#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# p2pctl when something stands in its way: a full disk, another run, a damaged journal, somebody else's value.
# What becomes of it when it is killed is tests/crash.

load helper

POLICY='schema: p2p-policy/1
rules:
  - name: disks
    do: allow
    providers: [{ driver: nvme }]
    clients: [{ class: "0108" }]
    within: switch
    acs-redirect: off
    acs-by: runtime
    pin-power: true'
POWER=sys/bus/pci/devices/0000:03:00.0/power/control

setup() {
	cd "$BATS_TEST_TMPDIR"
	echo "$POLICY" >policy.yaml
	sed "/^end /d" "$(snap switch-acs)" >machine.snap
	echo "read $POWER = auto" >>machine.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' machine.snap)" >>machine.snap
}

teardown() {
	[ ! "${holder-}" ] || kill "$holder" 2>/dev/null || true
}

ctl() {
	local verb=$1
	shift
	p2pctl "$verb" -F machine.snap --policy policy.yaml --state state --overlay overlay "$@"
}

# Nothing is changed but the overlay's first line.
is_old() {
	[ ! -e overlay ] || is "$(<overlay)" 'p2p-overlay 1'
}

is_new() {
	is "$(grep -c '^word .* 146 0011$' overlay)" 2
	is "$(grep -c "^text $POWER on%0a\$" overlay)" 1
}

@test "--overlay: enable, status and undo of one machine, each a process of its own" {
	ctl enable
	exits 0
	is_new
	ctl enable
	says 'Nothing is to be changed'
	ctl status --json
	is "$(get '[.in_force[].now] | join(" ")')" 'after after after'
	ctl undo
	exits 0
	is_old
	ctl status
	says 'Nothing of ours is in force.'
}

@test "--overlay: needs --from, and what does not read is named by its line" {
	p2pctl status --overlay overlay --state state
	exits 2
	complains '--overlay goes with --from'
	ctl enable
	echo 'word x' >>overlay
	ctl status
	exits 3
	complains "overlay:5: neither"
	echo 'something' >overlay
	ctl undo
	exits 3
	complains 'overlay:1: no overlay'
	printf 'p2p-overlay 1\nword sys/x 146 00' >overlay
	ctl plan
	exits 3
	complains 'overlay:2: cut short'
	ctl status --overlay no/such/folder
	exits 2
}

# No file may grow: what it says comes through the pipe of its standard output.
full() {
	program bash -c 'ulimit -f 0; exec "$@" 2>&1' - "$P2PCTL" "$1" -F machine.snap --policy policy.yaml --state state \
		--overlay overlay
}

@test "a full disk: nothing is changed, exit status 5, and the journal reads afterwards" {
	ctl undo # a journal, a hold and a lock are there
	full enable
	exits 5
	says 'the journal cannot be written: File too large'
	is_old
	ctl status
	exits 0
	says 'Nothing of ours is in force.'
	ctl enable
	exits 0
	is_new
	full undo
	exits 5
	says 'nothing was taken back'
	is_new
	ctl undo
	exits 0
	is_old
}

@test "another run that is at work is waited for, and then named; one that died holds nothing" {
	mkdir -m 700 state
	python3 - <<-'EOF' 3>&- &
		import fcntl, os, struct, sys, time
		lock = os.open('state/lock', os.O_RDWR | os.O_CREAT, 0o600)
		fcntl.fcntl(lock, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
		os.write(lock, b'%d enable\n' % os.getpid())
		time.sleep(60)
	EOF
	holder=$!
	while [ ! -s state/lock ]; do sleep 0.05; done
	ctl enable --wait 0
	exits 5
	complains "another run is at work there: process $holder (python3 enable), since 20"
	complains 'it was waited for 0 s'
	[ ! -e overlay ]
	local begun=$SECONDS
	ctl enable --wait 2
	exits 5
	[ $((SECONDS - begun)) -ge 2 ]
	# Who only looks does not wait.
	ctl status
	exits 0
	ctl undo --dry-run
	exits 0
	kill -9 "$holder"
	wait "$holder" || true
	ctl enable --wait 0
	exits 0
	is_new
	ctl undo --wait ten
	exits 2
	complains '--wait takes a number of seconds'
}

@test "a third value: said each time with exit status 6, until undo --forget leaves it so" {
	ctl enable
	sed -i "s|^text $POWER .*|text $POWER third%0a|" overlay
	ctl undo
	exits 6
	complains "$POWER: 'on' -> 'auto': somebody has given it a third value"
	complains '`p2pctl undo --forget`'
	says '0000:02:08.0 146.w 0011->(000c)->001d'
	says_not 'power/control'
	ctl enable
	exits 6
	complains 'nothing else is done before that'
	ctl undo
	exits 6
	ctl undo --forget
	exits 0
	complains 'is left as it is, and is ours no longer'
	ctl status
	exits 0
	says 'Nothing of ours is in force.'
	is "$(tail -n +2 overlay)" "text $POWER third%0a"
	ctl enable
	exits 0
	ctl undo
	exits 0
	is "$(tail -n +2 overlay)" "text $POWER third%0a"
}

@test "a damaged journal, or one of a newer p2pctl: nothing is done, exit status 6" {
	ctl enable
	cp state/journal journal
	sed -i '3s/001d/001c/' state/journal
	local verb
	for verb in enable undo disable status; do
		ctl "$verb"
		exits 6
		complains 'state/journal:3: does not read'
	done
	is_new
	sed 's/^p2p-journal 1/p2p-journal 2/' journal >state/journal
	ctl undo
	exits 6
	complains 'written by a newer p2pctl'
	# Cut off by a crash in its last line: that is none.
	head -c -3 journal >state/journal
	ctl undo
	exits 0
	is_old
}

@test "--dry-run takes back nothing that a killed run has left" {
	ctl enable
	sed -i '/^end /d' state/journal
	local before
	before=$(cksum state/* overlay)
	ctl status
	exits 0
	says 'Run 1, enable of '
	says 'has not ended: 3 of'
	says_not 'in force, by'
	ctl status --json
	json_ok
	is "$(get -c '[.in_force, .open[].left]')" '[[],3]'
	ctl undo --dry-run
	exits 0
	says 'Would be taken back'
	ctl disable --dry-run
	is "$(cksum state/* overlay)" "$before"
	ctl undo
	exits 0
	complains 'a run that did not end was taken back first'
	is_old
}

# `enable --dry-run` and then `enable`: both say the same, but that the one would and the other did. Arguments are for both.
same_as_dry() {
	local before dry
	export COLUMNS=1000 # so that nothing is wrapped
	before=$(cksum state/* overlay 2>/dev/null || true)
	ctl enable --dry-run "$@"
	is "$(cksum state/* overlay 2>/dev/null || true)" "$before"
	dry=$(sed 's/, would be taken back: /, taken back: /' <<<"$output")
	local code=$status
	ctl enable "$@"
	exits "$code"
	is "$dry" "$output"
}

@test "enable --dry-run says what enable then says: anew, again, drifted, disabled, named, and with another policy" {
	same_as_dry
	says '001d->(000c)->0011'
	same_as_dry
	says 'Nothing is to be changed'
	sed -i '/^word .*02:08.0/d' overlay # somebody put it back
	same_as_dry
	says '0000:02:08.0 146.w 001d->(000c)->0011'
	says_not '0000:02:09.0 146.w'
	ctl disable nvme1
	same_as_dry
	says_not '0000:02:08.0'
	same_as_dry nvme1
	says '0000:02:09.0 146.w 001d->(000c)->0011'
	# The rule goes: what it had done is taken back first.
	sed -i 's/^    within: switch/    within: node/; s/driver: nvme/driver: none/' policy.yaml
	same_as_dry
	says 'No longer wished or allowed, taken back: 0000:02:08.0 146.w 0011->(000c)->001d'
	is_old
}

@test "enable --dry-run after undo: it would end the hold, --auto would do nothing, and neither writes" {
	ctl enable
	ctl undo
	ctl enable --dry-run
	exits 0
	says 'Held by undo: that would end.'
	says '001d->(000c)->0011'
	is_old
	same_as_dry --auto
	complains 'held: undo took the last run back'
	is "$output" ''
	ctl status
	says 'Held by undo'
}

@test "enable --dry-run where a run died: what would be taken back first, and all that is made then" {
	ctl enable
	sed -i '/^end /d' state/journal
	local before
	before=$(cksum state/* overlay)
	ctl enable --dry-run
	exits 0
	is "$(head -1 <<<"$output")" 'A run that did not end would be taken back first'
	says '0000:02:09.0 146.w 0011->(000c)->001d'
	local dry=$output
	is "$(cksum state/* overlay)" "$before"
	ctl enable
	complains 'a run that did not end was taken back first'
	is "$(tail -n +5 <<<"$dry")" "$output"
	is_new
}

@test "an attribute that is wished to be another than we made it: the old one is taken back, then the new one is made" {
	local space=sys/kernel/config/nvmet/subsystems
	sed -i '/^end /d' machine.snap
	cat >>machine.snap <<-EOF
		list $space : s
		list $space/s/namespaces : 1
		read $space/s/namespaces/1/device_path = /dev/nvme1n1
		read $space/s/namespaces/1/enable = 1
		read $space/s/namespaces/1/p2pmem = 0
	EOF
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' machine.snap)" >>machine.snap
	cat >>policy.yaml <<-'EOF'

		nvmet:
		  - name: exported
		    subsystem: "*"
		    p2pmem: { address: "0000:03:00.0" }
		    live: restart
	EOF
	ctl enable
	exits 0
	grep -q "p2pmem 0000:03:00.0%0a" overlay
	sed -i 's/p2pmem: .*/p2pmem: auto/' policy.yaml
	same_as_dry
	exits 0
	grep -q "p2pmem 1%0a" overlay
	is "$(grep -c "1/enable 0" overlay)" 0
	ctl undo # each run of its own
	exits 0
	ctl undo
	exits 0
	ctl status
	says 'Nothing of ours is in force.'
}

@test "a state folder that others may write, or a symbolic link, is not used" {
	mkdir -m 777 state
	chmod 777 state
	ctl enable
	exits 5
	complains 'others may write in it'
	rmdir state
	mkdir -m 700 real
	ln -s real state
	ctl enable
	exits 5
	complains 'symbolic link'
	[ ! -e overlay ]
}

@test "what it says on a terminal is broken at the terminal's width; elsewhere a message is one line" {
	ctl enable --wait ten
	is "$(wc -l <<<"$errors")" 1
	mkdir -m 777 open
	chmod 777 open
	local columns
	for columns in 40 80 200; do
		output=$(COLUMNS='' "$TOP/tests/bats/terminal" $columns 24 '' "$P2PCTL" enable -F machine.snap --policy policy.yaml \
			--state ./open/../open --overlay overlay)
		is "$(tail -n 1 <<<"$output")" 'status 5'
		output=$(head -n -1 <<<"$output")
		[ "$(awk '{ if (length > most) most = length } END { print most }' <<<"$output")" -le $columns ]
		is "$(tr -s ' \n' ' ' <<<"$output")" \
			'p2pctl: ./open/../open: belongs to somebody else, or others may write in it; it is not used '
		[ $columns = 200 ] || [ "$(wc -l <<<"$output")" -gt 1 ]
	done
}

@test "status prints what schema/p2pctl-1.json says" {
	json_all_ok
}
