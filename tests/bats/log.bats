#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# p2pctl log: what was changed, over boots. That a killed run is told of, at every point, is tests/crash.

load helper

POLICY='schema: p2p-policy/1
rules:
  - name: disks
    do: allow
    providers: [{ driver: nvme }]
    clients: [{ class: "0108" }]
    within: switch
    acs-redirect: off
    acs-by: runtime'
BOOT=$(</proc/sys/kernel/random/boot_id)

setup() {
	cd "$BATS_TEST_TMPDIR"
	echo "$POLICY" >policy.yaml
	unset SUDO_USER
	export TZ=UTC
}

ctl() {
	local verb=$1
	shift
	p2pctl "$verb" -F "$(snap "${MACHINE-switch-acs}")" --policy policy.yaml --state state --overlay overlay "$@"
}

outcomes() { get '[.log[] | "\(.verb) \(.outcome)"] | join(", ")'; }

# A line of the history: `line EVENT ID TIME BOOT VERB [MORE]`.
line() {
	printf '{"schema":"p2p-history/1","event":"%s","id":"%s","time":"%s","boot":"%s","verb":"%s"%s}\n' "$1" "$2" "$3" "$4" "$5" "${6-}"
}

@test "nothing was ever changed: it says so, exit status 0, and makes no folder" {
	ctl log
	exits 0
	says 'The history is empty.'
	[ ! -e state ]
	ctl log --json
	json_ok
	is "$(get '.log | length')" 0
}

@test "enable, undo, enable by sudo, disable, enable again: each once, with rule, edit and outcome, the newest last" {
	ctl enable
	ctl enable # nothing is to be changed, and nothing is told
	ctl undo
	SUDO_USER=alice ctl enable
	ctl disable nvme1
	ctl enable nvme1
	ctl log --json
	exits 0
	json_ok
	is "$(outcomes)" 'enable done, undo done, enable done, disable done, enable done'
	is "$(get '.log | map(.hold // "-") | join(" ")')" '- set ended - -'
	is "$(get '.log[2].sudo_user')" alice
	is "$(get '.log[0].changes[0] | [.edit, .rule, .state] | join("|")')" \
		'0000:02:08.0 146.w 001d->(000c)->0011|disks|made'
	is "$(get '.log[1].changes[0].edit')" '0000:02:09.0 146.w 0011->(000c)->001d'
	is "$(get '[.log[3].disabled[], .log[4].enabled[]] | unique | join(" ")')" '0000:00:01.0/00.0/09.0/00.0'
	is "$(get '[.log[].this_boot] | unique | join(" ")')" true
	ctl log
	says "-- boot ${BOOT%%-*}, this one --"
	says 'undo by root: done; held'
	says 'enable by alice (sudo): done; the hold ended'
	says '    0000:02:08.0 146.w 001d->(000c)->0011  (disks)'
	is "$(stat -c %a state/history)" 600
}

@test "a name that sudo gives cannot write on the terminal or break the line" {
	SUDO_USER=$'x"\\\n\e[2J\xff' ctl enable
	is "$(wc -l <state/history)" 2
	ctl log
	exits 0
	[[ $output != *$'\e'* ]]
	says 'x"\\x0a\x1b[2J'
	ctl log --json
	json_ok
	is "$(get '.log[0].sudo_user' | head -c 3)" 'x"\'
}

@test "what is refused is told, with what forbids it; of an event that is refused again, once" {
	cat >refusing.yaml <<-'YAML'
		schema: p2p-policy/1
		rules:
		  - name: disks
		    do: allow
		    providers: [{ address: "0000:03:00.0" }]
		    clients: [{ address: "0000:04:00.0" }]
		    within: switch
		    acs-redirect: off
		    acs-by: runtime
	YAML
	# The network function is a guest's.
	sed '/^text .*0000:05:00.0\/uevent/,/PCI_CLASS/s/DRIVER=.*/DRIVER=vfio-pci/' "$(snap switch-acs)" >guest.snap
	p2pctl enable -F guest.snap --policy refusing.yaml --state state
	exits 5
	local i
	for i in 1 2 3; do
		p2pctl enable -F guest.snap --policy refusing.yaml --state state --auto
		exits 5
	done
	p2pctl log -F guest.snap --state state --json
	json_ok
	is "$(outcomes)" 'enable refused, enable refused'
	is "$(get '[.log[].automatic] | join(" ")')" 'false true'
	is "$(get '.log[0].refused')" 2
	[[ $(get '.log[0].says') == *'05:00.0'*'its driver hands it'* ]]
	p2pctl log -F guest.snap --state state
	says 'enable by an event or the boot: refused'
}

@test "a run that died is told of by the next one: taken back, finished, made" {
	ctl enable
	# It died in the middle: the journal has no end of it, nor has the history.
	sed -i '/^end /d' state/journal
	sed -i '$d' state/history
	ctl log --json
	json_ok
	is "$(outcomes)" 'enable not-ended'
	ctl undo
	ctl log --json
	json_ok
	is "$(get '.log[0] | [.outcome, .died.how, .died.by, .died.stands] | join(" ")')" 'died taken-back undo 0'
	is "$(get '.log[1] | [.verb, .recovery, .outcome] | join(" ")')" 'undo true done'
	is "$(get '[.log[1].changes[].edit] | join(", ")')" \
		'0000:02:09.0 146.w 0011->(000c)->001d, 0000:02:08.0 146.w 0011->(000c)->001d'
	ctl log
	says 'enable by root: died; taken back by undo at '
	says 'undo, before anything else, by root: done'
	# It died after the last change, and before it could say so.
	ctl enable
	sed -i '$d' state/history
	ctl status
	ctl enable
	ctl log
	says 'all was made, but it did not get to say so'
}

@test "one that died with its boot is told so, and other boots are set apart" {
	mkdir -m 700 state
	{
		line begin a 2026-01-01T10:00:00Z old-boot-1 enable ',"changes":[{"edit":"0000:02:08.0 146.w 001d->(000c)->0011","key":"sys/bus/pci/devices/0000:02:08.0/config","rule":"disks"}]'
		line begin b 2026-01-02T10:00:00Z old-boot-2 undo ',"hold":"set"'
		line end b 2026-01-02T10:00:05Z old-boot-2 undo ',"hold":"set","outcome":"done"'
	} >state/history
	ctl log
	exits 0
	says '-- boot old-boot --'
	says '2026-01-01 10:00:00  enable by root: died with its boot'
	says '0000:02:08.0 146.w 001d->(000c)->0011  (disks)'
	ctl log --json
	json_ok
	is "$(outcomes)" 'enable boot-ended, undo done'
	is "$(get '.log[1] | .ended - .began')" 5
	# No run of this boot speaks for those of another.
	ctl enable
	ctl log --json
	is "$(outcomes)" 'enable boot-ended, undo done, enable done'
}

@test "--since, --number and devices choose; what does not read as a time or a number is refused" {
	mkdir -m 700 state
	local i
	for i in 1 2 3 4; do
		line end "r$i" "2026-01-0${i}T10:00:00Z" old enable \
			",\"outcome\":\"done\",\"changes\":[{\"edit\":\"e$i\",\"key\":\"sys/bus/pci/devices/0000:02:$(printf %02x $((i + 6))).0/config\"}]"
	done >state/history
	number() { get '[.log[].changes[0].edit] | join(" ")'; }
	ctl log --json -n 2
	is "$(number)" 'e3 e4'
	ctl log --json --since 2026-01-03
	is "$(number)" 'e3 e4'
	ctl log --json --since '2026-01-03 10:00:01'
	is "$(number)" 'e4'
	ctl log --json --since 2026-01-02T10:00 -n 1
	is "$(number)" 'e4'
	ctl log --json --since boot
	is "$(number)" ''
	ctl log --json --since 9999d
	is "$(number)" 'e1 e2 e3 e4'
	ctl log --json nvme0
	is "$(number)" 'e2'
	ctl log --json 2:a.0
	is "$(number)" 'e4'
	ctl log --json 0000:77:00.0 # gone, or never there
	is "$(number)" ''
	ctl log 0000:77:00.0
	says 'Nothing in the history is of that time or device.'
	for i in 2026-02-30 '' 3x -1d 99999999d noon 2026-01-01x; do
		ctl log --since "$i"
		exits 2
		complains '--since takes'
	done
	for i in x -1 1.5 ''; do
		ctl log -n "$i"
		exits 2
	done
	ctl log no-such-device
	exits 2
}

@test "a line that a crash cut off is left out and said; the next run closes it" {
	ctl enable
	local size
	size=$(stat -c %s state/history)
	truncate -s $((size - 5)) state/history
	ctl log --json
	exits 0
	json_ok
	is "$(get .damaged_lines)" 1
	is "$(outcomes)" 'enable not-ended'
	complains 'state/history:2: cut short or damaged'
	ctl undo
	ctl log --json
	is "$(get .damaged_lines)" 1
	is "$(outcomes)" 'enable died, undo done'
	is "$(get '.log[0].died.how')" made
}

@test "a history that cannot be written stops neither enable nor undo; it is said once" {
	mkdir -m 700 state
	mkdir state/history
	ctl enable
	exits 0
	is "$(grep -c 'will not tell of this run' <<<"$errors")" 1
	is "$(grep -c '^word .* 146 0011$' overlay)" 2
	ctl undo
	exits 0
	complains 'no regular file of ours'
	is "$(<overlay)" 'p2p-overlay 1'
	ctl log
	exits 3
	complains 'state/history: '
}

@test "a history that others may write, a link or a fifo is neither read nor written" {
	ctl enable
	chmod 666 state/history
	ctl log
	exits 3
	complains 'others may write it'
	ctl undo
	exits 0
	complains 'will not tell of this run'
	is "$(wc -l <state/history)" 2
	rm state/history
	ln -s ../elsewhere state/history
	ctl enable
	exits 0
	complains 'no regular file of ours'
	[ ! -e elsewhere ]
	rm state/history
	mkfifo state/history
	ctl undo
	exits 0
	ctl log
	exits 3
}

@test "bootargs --write and --remove are in the history of the system that they write to" {
	umask 022
	mkdir -p image/etc/kernel image/var/lib
	echo 'root=/dev/vda1 quiet' >image/etc/kernel/cmdline
	sed -i 's/runtime/boot/' policy.yaml
	p2pctl bootargs -F "$(snap switch-acs)" --policy policy.yaml --image image --kernel 6.12.107 --write
	exits 0
	p2pctl bootargs -F "$(snap switch-acs)" --policy policy.yaml --image image --kernel 6.12.107 --write
	exits 0
	p2pctl bootargs -F "$(snap switch-acs)" --policy policy.yaml --image image --remove
	exits 0
	p2pctl log -F "$(snap switch-acs)" --state image/var/lib/p2pctl --json
	json_ok
	is "$(outcomes)" 'bootargs done, bootargs done'
	[[ $(get '.log[0] | .says') == pci=config_acs=* ]]
	[[ $(get '.log[0].files[0]') == *etc/kernel/cmdline* ]]
}

@test "a rehearsal leaves the history of this machine alone; lines are no wider than the terminal" {
	p2pctl log -F "$(snap switch-acs)"
	exits 2
	complains 'give --state a folder of its own'
	ctl enable
	ctl undo
	ctl log
	is "$(awk 'length > 80' <<<"$output")" ''
	COLUMNS=40 ctl log
	is "$(awk 'length > 40' <<<"$output")" ''
}

@test "JSON of all this is as its schema says" {
	json_all_ok
}
