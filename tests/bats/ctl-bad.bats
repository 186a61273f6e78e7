#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# p2pctl where somebody, or nobody, has prepared its folders: links, files of others, a disk that is really full.
# What only a kernel can show is tests/vm/check-bad.

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

setup() {
	cd "$BATS_TEST_TMPDIR"
	echo "$POLICY" >policy.yaml
	cp "$(snap switch-acs)" machine.snap
	mkdir victim
	echo precious >victim/file
	chmod 600 victim/file
}

ctl() {
	local verb=$1
	shift
	p2pctl "$verb" -F machine.snap --policy policy.yaml --state state --overlay overlay "$@"
}

# Nothing was written through a link, and nothing of the machine was changed.
untouched() {
	is "$(<victim/file)" precious
	is "$(stat -c %a victim/file)" 600
	is "$(ls -A victim)" file
	[ ! -e overlay ] || is "$(<overlay)" 'p2p-overlay 1'
}

@test "links in the folder of state are never followed: each is named, with its exit status" {
	local name where
	for name in lock journal disabled; do
		for where in ../victim/file nowhere "$PWD/victim" /dev/null; do
			rm -rf state
			mkdir -m 755 state
			ln -s "$where" "state/$name"
			ctl enable
			case $name in
			lock) exits 5; complains 'state/lock: a symbolic link, which is not followed; remove it' ;;
			journal) exits 5; complains 'state/journal: no regular file of ours' ;;
			disabled) exits 3; complains 'state/disabled: no regular file of ours' ;;
			esac
			untouched
			[ -L "state/$name" ]
		done
	done
	# To look at it is refused the same way.
	ctl plan
	exits 3
	rm -r state
	mkdir -m 755 state
	ln -s ../victim/file state/journal
	ctl status
	exits 3
	complains 'state/journal: no regular file of ours'
}

@test "what is written beside a file, and hold, are not followed either, and are no obstacle" {
	mkdir -m 755 state
	ln -s ../victim/file state/.journal.new
	ln -s ../victim/file state/.hold.new
	ln -s ../victim/file state/.disabled.new
	ln -s ../victim/file state/hold
	# A hold is one, whatever it is.
	ctl enable --auto
	exits 0
	complains 'held: undo took the last run back'
	untouched
	ctl enable
	exits 0
	says '0000:02:08.0 146.w 001d->(000c)->0011'
	[ ! -L state/hold ]
	ln -s ../victim/file state/hold
	ctl undo
	exits 0
	[ ! -L state/hold ]
	is "$(<state/hold)" undo
	ctl disable nvme0
	exits 0
	[ ! -L state/disabled ]
	untouched
}

@test "no folder, no regular file: a file, a FIFO, folders in the place of files" {
	echo >state
	ctl enable
	exits 5
	complains 'state: not a folder, or a symbolic link'
	rm state
	local name
	for name in lock journal; do
		mkdir -m 755 -p state
		mkfifo "state/$name"
		ctl enable
		exits 5
		complains "state/$name: no regular file of ours"
		rm -r "state/$name"
		mkdir "state/$name"
		ctl enable
		exits 5
		complains "state/$name: "
		rm -r state
	done
	untouched
}

@test "a folder, a lock or a journal that is somebody else's, or that others may write" {
	mkdir -m 755 state
	: >state/lock
	chmod 666 state/lock
	ctl enable
	exits 5
	complains 'state/lock: no regular file of ours, or others may write it; remove it'
	chmod 600 state/lock
	ctl undo
	exits 0
	chmod 620 state/journal
	for verb in enable undo disable; do
		ctl $verb
		exits 5
		complains 'state/journal: no regular file of ours, or others may write it'
	done
	ctl status
	exits 3
	chmod 600 state/journal
	[ "$(id -u)" = 0 ] || return 0
	chown 65534 state/journal
	ctl enable
	exits 5
	complains 'state/journal: no regular file of ours'
	ctl status
	exits 3
	chown 0 state/journal
	chown 65534 state/lock
	ctl enable
	exits 5
	complains 'state/lock: no regular file of ours'
	chown 0 state/lock
	chown 65534 state
	ctl enable
	exits 5
	complains 'state: belongs to somebody else'
	untouched
}

# `alone SCRIPT`: as root of namespaces of its own, with a /run and a /var/lib that nobody else has.
alone() {
	program unshare --mount --map-root-user bash -euc '
		mount -t tmpfs -o size=1m run /run
		mount -t tmpfs -o size=1m lib /var/lib
		'"$1" - "$P2PCTL" "$PWD"
}

@test "/run/p2pctl and /var/lib/p2pctl themselves: no links, and nobody else's" {
	unshare --mount --map-root-user true || skip 'no user namespaces here'
	# shellcheck disable=SC2016
	alone 'ln -s "$2/victim" /run/p2pctl; "$1" undo'
	exits 5
	complains '/run/p2pctl: not a folder, or a symbolic link'
	# shellcheck disable=SC2016
	alone 'ln -s nowhere /run/p2pctl; "$1" publish'
	exits 5
	# shellcheck disable=SC2016
	alone 'mkdir -m 777 /run/p2pctl; "$1" status; "$1" enable --policy "$2/policy.yaml" --auto'
	exits 5
	complains '/run/p2pctl: belongs to somebody else, or others may write in it'
	local where
	for where in '$2/victim' nowhere; do
		alone "ln -s $where /var/lib/p2pctl"'; "$1" plan --policy "$2/policy.yaml"'
		exits 3
		complains '/var/lib/p2pctl: not a folder, or a symbolic link'
		alone "ln -s $where /var/lib/p2pctl"'; "$1" enable --policy "$2/policy.yaml"'
		exits 3
		complains '/var/lib/p2pctl: not a folder, or a symbolic link'
	done
	untouched
}

# The script that udev calls, as meson installs it, with programs that only say that they were called.
event() {
	mkdir -p bin
	sed "s|@P2PCTL@|$PWD/bin/p2pctl|" "$TOP/udev/p2pctl-event.in" >bin/p2pctl-event
	printf '#!/bin/sh\necho "p2pctl $*"\n' >bin/p2pctl
	chmod 755 bin/*
}

@test "p2pctl-event: links where its folders and logs are to be are not followed" {
	unshare --mount --map-root-user true || skip 'no user namespaces here'
	event
	local name
	for name in . pending event.log event.wait event.run; do
		# shellcheck disable=SC2016
		alone '[ '$name' = . ] && ln -s "$2/victim" /run/p2pctl || { mkdir /run/p2pctl; ln -s "$2/victim/'$name'" /run/p2pctl/'$name'; }
			[ '$name' != pending ] || mkdir "$2/victim/pending"
			rc=0
			"$2/bin/p2pctl-event" note 0000:03:00.0 || rc=$?
			sleep 0.3
			[ '$name' != pending ] || rmdir "$2/victim/pending"
			exit $rc'
		exits 5
		complains 'a symbolic link, which is not followed'
		untouched
	done
	# An event whose file is there already is noted already, whatever that file is.
	# shellcheck disable=SC2016
	alone 'mkdir -p /run/p2pctl/pending /run/systemd/system
		ln -s "$2/victim/file" /run/p2pctl/pending/a
		ln -s "$2/victim/new" /run/p2pctl/pending/b
		for name in a b c; do "$2/bin/p2pctl-event" note $name; done
		ls /run/p2pctl/pending'
	exits 0
	is "$output" $'a\nb\nc'
	untouched
}

# A disk of so many pages, one more each time, until there is room for it: every page boundary that a run can meet.
@test "a disk that is really full, at every page: all is taken back, exit 5, and the journal tells the truth" {
	unshare --mount --map-root-user true || skip 'no user namespaces here'
	local name
	name=$(head -c 400 /dev/zero | tr '\0' n)
	printf 'schema: p2p-policy/1\nrules:\n  - { name: %s, do: allow, acs-redirect: off, acs-by: runtime }\n' "$name" >policy.yaml
	cp "$(snap dgx)" machine.snap
	cat >full.sh <<-'END'
		set -eu
		ctl() {
			local verb=$1 status=0
			shift
			"$program" "$verb" -F machine.snap --policy policy.yaml --state state --overlay overlay "$@" >out 2>err || status=$?
			case $(<err) in *Sanitizer*) cat err >&2; exit 99 ;; esac
			return $status
		}
		bad() { echo "$verb, $pages pages: $*: $(cat out err)" >&2; exit 1; }
		changed() { [ -e overlay ] && [ "$(grep -c ^word overlay)" != 0 ]; }
		program=$1 verb=$2 full=0
		mkdir -p state
		for pages in {1..40}; do
			rm -f overlay
			mount -t tmpfs -o "size=1m,mode=755" state state
			if [ "$verb" != enable ]; then ctl enable; [ "$(grep -c ^word overlay)" = 24 ]; fi
			head -c $((($(stat -f -c %f state) - pages + 1) * 4096)) /dev/zero >state/filler
			[ "$(stat -f -c %f state)" = $((pages - 1)) ]
			status=0
			ctl "$verb" || status=$?
			rm state/filler
			if [ $status = 0 ]; then
				if [ "$verb" = enable ]; then changed || bad 'no change'; else ! changed || bad 'still changed'; fi
				umount state
				break
			fi
			full=$((full + 1))
			[ $status = 5 ] || bad "exit status $status"
			# Two of them may be of the history, and of what the kernel may have cached.
			[ "$(wc -l <err)" -le 5 ] || bad 'too many words'
			grep -q 'No space left on device' err || bad 'not why'
			# What is in force is what was: all or nothing, and status says so.
			case $verb in
			enable)
				! changed || bad 'still changed'
				COLUMNS=900 ctl status || bad 'status does not read'
				# Of a run whose end could not be written either: nothing of it is in place.
				grep -q 'Nothing of ours is in force' out || grep -q ' 0 of its changes' out || bad 'status'
				if grep -q drifted out; then bad 'status calls it drifted'; fi
				ctl status --json
				jq -e '(.in_force | length) == 0 and all(.open[]; .left == 0)' out >/dev/null || bad 'status --json'
				ctl enable || bad 'enable, when there is room'
				[ "$(grep -c ^word overlay)" = 24 ] || bad 'not all'
				ctl undo || bad 'undo of it'
				! changed || bad 'not undone'
				;;
			*)
				COLUMNS=900 ctl status || bad 'status does not read'
				if changed; then
					[ "$(grep -c ^word overlay)" = 24 ] || bad 'half undone'
					[ "$(grep -c 'in force, by' out)" = 24 ] || bad 'status'
				elif [ "$verb" = undo ]; then
					grep -q ' 0 of its changes' out || bad 'status'
				fi
				ctl undo || bad 'undo, when there is room'
				! changed || bad 'not undone'
				;;
			esac
			ctl status || bad status
			grep -q 'Nothing of ours is in force' out || bad 'status at the end'
			umount state
		done
		[ $full -ge "$3" ] || { echo "$verb: only $full times full" >&2; exit 1; }
		echo "$verb: $full times full"
	END
	program unshare --mount --map-root-user bash full.sh "$P2PCTL" enable 3
	exits 0
	program unshare --mount --map-root-user bash full.sh "$P2PCTL" undo 1
	exits 0
	program unshare --mount --map-root-user bash full.sh "$P2PCTL" disable 1
	exits 0
}
