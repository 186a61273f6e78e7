#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What keeps p2pctl bench from writing to a disk, on loop devices: that needs root. Who holds a disk by device-mapper,
# and who exports it by nvmet, is in tests/vm.

load helper

setup() {
	[ "$EUID" -eq 0 ] && [ -e /dev/loop-control ] || skip 'needs root and loop devices'
	cd "$BATS_TEST_TMPDIR"
	head -c 32M /dev/urandom >image
	disk=$(losetup -f --show image) || skip 'no loop device to be had'
	head -c 32M /dev/urandom >src
	cp image before
}

teardown() {
	[ ! "${running-}" ] || kill -9 "$running" 2>/dev/null || true
	[ ! "${swap-}" ] || swapoff "$swap" || true
	[ ! "${mounted-}" ] || umount "$mounted" || true
	[ ! "${second-}" ] || losetup -d "$second" || true
	[ ! "${parts-}" ] || { delpart "$disk" 1; delpart "$disk" 2; }
	[ ! "${disk-}" ] || losetup -d "$disk" || true
	[ ! "${parts-}" ] || rm -f "${made[@]}"
}

bench() {
	p2pctl bench --backend bounce --state state --bs 4k --iodepth 4 --runtime 1 --size 1M - ./src "$disk" \
		--write "$disk" "$@"
}

is_as_before() {
	cmp image "${1-before}" || fail "the disk is not as before"
}

@test "a free disk is written, and is as before afterwards" {
	bench
	exits 0
	says 'intact: '
	is_as_before
	is "$(ls -A state/saved)" ''
}

@test "a mounted disk is not written, with --force neither" {
	mkfs.ext4 -q "$disk"
	mkdir "$BATS_TEST_TMPDIR/a b"
	mounted=$BATS_TEST_TMPDIR/'a b'
	mount "$disk" "$mounted"
	for force in '' --force; do
		# shellcheck disable=SC2086 # none or a word
		bench $force
		exits 5
		complains "$disk is not written: it is mounted on $BATS_TEST_TMPDIR/a b"
	done
	umount "$mounted"
	mounted=
	# Of what is left, all is said.
	bench
	exits 5
	complains 'on it is ext4'
	complains '--force writes all the same'
	cp image before
	bench --force
	exits 0
	is_as_before
}

@test "a disk that is mounted elsewhere only is not written" {
	mkfs.ext4 -q "$disk"
	mkdir there
	unshare -m sh -c "mount $disk there && touch is-mounted && sleep 60" &
	running=$!
	for ((i = 0; i < 50; i++)); do
		[ -e is-mounted ] && break
		sleep 0.1
	done
	bench --force
	exits 5
	complains 'something has it for itself'
}

@test "swap is not written" {
	mkswap "$disk" >/dev/null
	swapon "$disk" || skip 'swap cannot be used here'
	swap=$disk
	bench --force
	exits 5
	complains 'it is swap'
}

@test "what is behind a loop device is not written, be it a disk or a file" {
	second=$(losetup -f --show "$disk")
	bench --force
	exits 5
	complains "it is what is behind ${second#/dev/}"
	p2pctl bench --backend bounce --state state --runtime 1 - ./src ./image --write ./image --force
	exits 5
	complains "it is what is behind ${disk#/dev/}"
}

@test "a read-only disk is not written" {
	losetup -d "$disk"
	disk=$(losetup -r -f --show image)
	bench
	exits 5
	complains 'it is read-only'
}

@test "a partition is written when nothing else of its disk is used" {
	losetup -d "$disk"
	disk=''
	# A table with two partitions of 12M each, from 1M and 13M on.
	head -c 512 /dev/zero | dd of=image conv=notrunc status=none
	printf '\0\0\0\0\x83\0\0\0\0\x08\0\0\0\x60\0\0\0\0\0\0\x83\0\0\0\0\x68\0\0\0\x60\0\0' |
		dd of=image bs=1 seek=446 conv=notrunc status=none
	printf '\x55\xaa' | dd of=image bs=1 seek=510 conv=notrunc status=none
	cp image before
	disk=$(losetup -f --show image)
	made=() parts=yes
	addpart "$disk" 1 2048 24576
	addpart "$disk" 2 26624 24576
	# Where no udev makes them.
	for part in p1 p2; do
		[ -e "$disk$part" ] || made+=("$disk$part")
		[ -e "$disk$part" ] || mknod "$disk$part" b $(tr : ' ' <"/sys/class/block/${disk#/dev/}$part/dev")
	done
	bench
	exits 5
	complains 'on it is a dos partition table'
	p2pctl bench --backend bounce --state state --bs 4k --iodepth 4 --runtime 1 - ./src "${disk}p2" --write "${disk}p2"
	exits 0
	is_as_before
	mkfs.ext4 -q "${disk}p1"
	mkdir m
	mounted=$BATS_TEST_TMPDIR/m
	mount "${disk}p1" m
	p2pctl bench --backend bounce --state state --bs 4k --iodepth 4 --runtime 1 - ./src "${disk}p2" --write "${disk}p2"
	exits 5
	complains "it is mounted on $mounted (${disk#/dev/}p1)"
}

# A run that lasts; $running, its process group.
begin_long() {
	setsid "$P2PCTL" bench --backend bounce --state state --bs 4k --iodepth 1 --runtime 60 --size 1M - ./src "$disk" \
		--write "$disk" >out 2>err &
	running=$!
	for ((i = 0; i < 100; i++)); do
		cmp -s image before || return 0
		sleep 0.1
	done
	fail "nothing was written: $(<err)"
}

@test "while it is written nobody mounts it, and a run that was killed is put right on whichever node it is then" {
	begin_long
	! mount "$disk" /mnt 2>/dev/null
	bench
	exits 6
	complains 'something has it for itself'
	complains 'what an earlier run saved of it is still in'
	kill -9 -- "-$running"
	wait "$running" || true
	running=
	losetup -d "$disk"
	second=$(losetup -f --show src)
	disk=$(losetup -f --show image)
	p2pctl bench --backend null --state state --runtime 1
	exits 0
	complains 'is as it was before'
	is_as_before
}

@test "a run that was killed is not put right on a disk that is used since" {
	begin_long
	kill -9 -- "-$running"
	wait "$running" || true
	running=
	mkswap "$disk" >/dev/null
	swapon "$disk" || skip 'swap cannot be used here'
	swap=$disk
	p2pctl bench --backend null --state state --runtime 1
	exits 6
	complains 'it is swap'
	swapoff "$disk"
	swap=
	p2pctl bench --backend null --state state --runtime 1
	exits 0
	# All but the head of the swap is as before.
	cmp --ignore-initial=1M image before
}
