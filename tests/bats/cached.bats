#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel may still answer because it decided before ACS changed: from what p2pctl told of its changes.
# That the kernel does so is tests/vm/check-cached.

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
	export TZ=UTC COLUMNS=1000 # so that nothing is wrapped
}

ctl() {
	local verb=$1
	shift
	p2pctl "$verb" -F "$(snap switch-acs)" --policy policy.yaml --state state --overlay overlay "$@"
	exits 0
}

# `told BASE` is that snapshot with what p2pctl has told, as machine.snap.
told() {
	sed '/^end /d' "$1" >machine.snap
	{
		echo "read proc/sys/kernel/random/boot_id = ${OF-$BOOT}"
		echo 'text published/acs-changes'
		sed 's/^/\t/' state/acs-changes
	} >>machine.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' machine.snap)" >>machine.snap
}

# The machine as the rehearsal left it, with what was told.
now() {
	cp "$(snap switch-acs)" base.snap
	if grep -q '^word .*02:08.0' overlay 2>/dev/null; then
		p2pctl enable -F "$(snap switch-acs)" --policy policy.yaml --state other --save base.snap
		rm -r other
	fi
	told base.snap
}

pair() { p2ptopo why -F machine.snap "${1-nvme0}" "${2-nvme1}" --json; }
cached() { get '.pairs[0] | [.map, (.cached.maps // ["null"] | join("+"))] | join(" ")'; }

@test "where nothing was ever changed, or nothing is told of it, cached is null" {
	on switch-acs why nvme0 nvme1 --json
	json_ok
	is "$(cached)" 'NOT_SUPPORTED null'
	on switch-acs why nvme0 nvme1
	says 'if this pair was used since boot and ACS changed after that'
	on switch-acs pairs --json
	json_ok
	is "$(get '[.pairs[].cached] | unique | tostring')" '[null]'
}

@test "after enable: the refusal from before may still be acted on; since when, and what asks again" {
	ctl enable
	now
	pair
	json_ok
	is "$(cached)" 'BUS_ADDR NOT_SUPPORTED'
	is "$(get '.pairs[0].cached.since')" "$(awk '$1 == "made" { print $4; exit }' state/acs-changes)"
	# Who had no memory has nothing cached; nor has who is reached by no hop that changed.
	pair nvme1 nvme0
	is "$(cached)" 'BUS_ADDR null'
	pair nvme0 eth0
	is "$(cached)" 'NOT_SUPPORTED null'
	p2ptopo pairs -F machine.snap --json
	json_ok
	is "$(get '[.pairs[] | select(.cached) | .provider + " " + .client] | join(", ")')" '0000:03:00.0 0000:04:00.0'
	sed -i -E 's/^(\tmade [0-9]+ [0-9]+) [0-9]+ /\1 1795176060 /' machine.snap
	p2ptopo why -F machine.snap nvme0 nvme1
	says 'may still be NOT_SUPPORTED: if this pair was used before ACS changed at 2026-11-20 12:01:00, the kernel still acts'
	says '0000:03:00.0 asks again'
}

@test "after undo: the permission from before may still be acted on" {
	ctl enable
	ctl undo
	now
	pair
	json_ok
	is "$(cached)" 'NOT_SUPPORTED BUS_ADDR'
	is "$(get '.pairs[0].cached.since')" "$(awk '$1 == "back" { print $4; exit }' state/acs-changes)"
}

@test "somebody else put ACS back: the answer of the time between may still be acted on, since nobody knows when" {
	ctl enable
	cp "$(snap switch-acs)" base.snap
	told base.snap
	pair
	json_ok
	is "$(cached)" 'NOT_SUPPORTED BUS_ADDR'
	is "$(get '.pairs[0].cached.since')" null
	p2ptopo why -F machine.snap nvme0 nvme1
	says 'while changes of p2pctl held that'
	# And put right again by p2pctl: then it is the refusal of that time.
	rm overlay
	ctl enable
	now
	pair
	is "$(cached)" 'BUS_ADDR NOT_SUPPORTED'
}

@test "a provider that had no memory when ACS changed has nothing of before; one of which that is not known may" {
	ctl enable
	now
	local was
	was=$(<machine.snap)
	sed -i -E 's/^(\tmade .* 0011) 0000:03:00.0$/\1 -/; s/^(\tmade .* 0011) =$/\1 -/' machine.snap
	pair
	is "$(cached)" 'BUS_ADDR null'
	sed -E 's/^(\tmade .* 0011) (0000:03:00.0|=)$/\1 */' <<<"$was" >machine.snap
	pair
	is "$(cached)" 'BUS_ADDR NOT_SUPPORTED'
}

@test "not of a kernel that keeps no verdicts, nor of one without P2PDMA, nor where something is assumed" {
	ctl enable
	now
	local was
	was=$(<machine.snap)
	sed -i 's/^read proc\/sys\/kernel\/osrelease = .*/read proc\/sys\/kernel\/osrelease = 5.3.18/' machine.snap
	pair
	is "$(get '.pairs[0].cached')" null
	sed 's/^read kernel\/p2pdma = .*/read kernel\/p2pdma = n config/' <<<"$was" >machine.snap
	pair
	is "$(get '.pairs[0].cached')" null
	echo "$was" >machine.snap
	p2ptopo why -F machine.snap nvme0 nvme1 --json --assume kernel=7.1
	is "$(get '.pairs[0].cached')" null
	pair
	is "$(cached)" 'BUS_ADDR NOT_SUPPORTED'
}

@test "a function that is another one now, or whose ACS is elsewhere, is left out" {
	ctl enable
	now
	sed -i -E 's/^(\tmade .*) 146 /\1 246 /' machine.snap
	pair
	is "$(cached)" 'BUS_ADDR null'
	now
	sed -i -E 's/^(\tmade .*) 0000:02:0/\1 0000:77:0/' machine.snap
	pair
	is "$(cached)" 'BUS_ADDR null'
}

@test "of another boot, cut short or damaged: nothing of it is used; damaged is said" {
	ctl enable
	OF=another-boot now
	pair
	is "$(cached)" 'BUS_ADDR null'
	silent
	now
	sed -i -E 's/^(\tmade 1 1 .*) 000c 0011 =$/\1 000c/' machine.snap
	pair
	is "$(cached)" 'BUS_ADDR null'
	get '.messages[0]' | grep -q 'published/acs-changes:3: what p2pctl wrote down of its changes does not read'
}

@test "a snapshot has it and answers the same; an anonymous one does not have it" {
	ctl enable
	now
	p2ptopo pairs -F machine.snap --json
	local first
	first=$(get '[.pairs[].cached]')
	p2ptopo snapshot -F machine.snap
	exits 0
	echo "$output" >again.snap
	p2ptopo pairs -F again.snap --json
	is "$(get '[.pairs[].cached]')" "$first"
	p2ptopo snapshot -F machine.snap --anonymize
	says_not "$BOOT"
	says_not 'made 1 0'
	echo "$output" >anonymous.snap
	p2ptopo pairs -F anonymous.snap --json
	json_ok
	is "$(get '[.pairs[].cached] | unique | tostring')" '[null]'
}

@test "what is told is for all to read, is of this boot, and is made anew from the journal where it is lost or damaged" {
	ctl enable
	is "$(stat -c %a state/acs-changes)" 644
	is "$(head -1 state/acs-changes)" "p2p-acs-changes 1 $BOOT"
	local was
	was=$(<state/acs-changes)
	rm state/acs-changes
	ctl enable
	is "$(sed 's/ [^ ]*$//' state/acs-changes)" "$(sed 's/ [^ ]*$//' <<<"$was")"
	echo damaged >>state/acs-changes
	ctl enable
	is "$(grep -c . state/acs-changes)" 3
	mkdir -p other/acs-changes
	chmod 700 other
	p2pctl enable -F "$(snap switch-acs)" --policy policy.yaml --state other
	exits 0
	complains 'acs-changes: '
	complains 'p2ptopo will not know what the kernel may have cached'
}

@test "JSON of all this is as its schema says" {
	json_all_ok
}
