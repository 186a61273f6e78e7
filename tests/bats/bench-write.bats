#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# p2pctl bench that writes: to files here, without root; what keeps a disk from being written is bench-disk.bats.
# tests/shim/disturb.c is the disk that misbehaves, and the kill that comes at a bad time.

load helper

setup_file() {
	"${CC:-cc}" -shared -fPIC -O1 -o "$BATS_FILE_TMPDIR/disturb.so" "$TOP/tests/shim/disturb.c" -ldl
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	head -c 16M /dev/urandom >src
	head -c 16M /dev/urandom >dst
	cp dst before
	copy=(./src ./dst --write ./dst) stamped=(./src ./dst --write ./dst --write ./src) only=(- ./dst --write ./dst)
}

teardown() {
	[ ! "${running-}" ] || kill -9 "$running" 2>/dev/null || true
}

# `bench ARG...`: short, by pread and pwrite.
bench() {
	p2pctl bench --backend bounce --ioengine psync --state state --bs 4k --iodepth 4 --runtime 1 --size 1M - "$@"
}

# `disturbed WHAT:N ARG...`; killed is no failure here.
disturbed() {
	local what=$1
	shift
	status=0
	output=$(DISTURB=$what LD_PRELOAD=$BATS_FILE_TMPDIR/disturb.so ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS \
		timeout -s KILL 60 "$P2PCTL" bench --backend bounce --ioengine psync --state state --bs 4k --iodepth 4 \
		--runtime 1 --size 1M - "$@" 2>errors) || status=$?
	errors=$(<errors)
	case $errors in *Sanitizer* | *"runtime error"*) echo "$errors" >&2; return 99 ;; esac
}

is_as_before() {
	cmp dst before || fail "the destination is not as before"
}

is_put_away() {
	is "$(ls -A state/saved)" ''
}

saved() {
	ls state/saved
}

@test "a copy between files is intact, and the destination is as before" {
	bench "${copy[@]}"
	exits 0
	says 'intact: 256 of 256 blocks are right, 256 different'
	is_as_before
	is_put_away
	is "$(stat -c %a state/saved)" 700
}

@test "with --write for both, source and destination hold stamps meanwhile, and neither does afterwards" {
	cp src source
	bench "${stamped[@]}"
	exits 0
	says 'intact: 256 of 256 blocks are right'
	cmp src source
	is_as_before
	is_put_away
}

@test "each leg alone" {
	bench ./src
	exits 0
	says 'intact: '
	bench "${only[@]}"
	exits 0
	says 'intact: '
	is_as_before
	is_put_away
}

@test "every engine, odd sizes, depths and threads" {
	for engine in libaio psync; do
		for args in "${copy[*]}" "${only[*]}" ./src; do
			# shellcheck disable=SC2086 # words
			p2pctl bench --backend bounce --ioengine $engine --state state --bs 512,5k,1M --iodepth 7 --numjobs 2 \
				--size 4M --runtime 1 - $args
			exits 0
			is "$(grep -c intact <<<"$output")" 3
			is_as_before
			is_put_away
		done
	done
}

@test "the source and the destination may be one file, in two ranges" {
	bench ./dst ./dst --write ./dst
	exits 0
	says 'intact: '
	is_as_before
	bench ./dst ./dst --write ./dst --offset 4M
	exits 2
	complains 'has no room for both ranges'
}

@test "--offset and --size say what is written, and nothing else is" {
	bench "${copy[@]}" --offset 0
	exits 0
	is_as_before
	p2pctl bench --backend bounce --state state --bs 4k --iodepth 1 --runtime 1 --offset 12M --size 4M - "${copy[@]}"
	exits 0
	is_as_before
	for wrong in '--offset 1000' '--offset 16M' '--offset 15M --size 2M' '--size 100' '--size 0' '--size x'; do
		# shellcheck disable=SC2086 # words
		p2pctl bench --backend bounce --state state $wrong - "${copy[@]}"
		exits 2
	done
	is_as_before
}

@test "a source of zeros proves nothing" {
	dd if=/dev/zero of=zeros bs=1M count=16 conv=fsync status=none
	bench ./zeros ./dst --write ./dst
	exits 0
	says_not 'intact'
	output=${output//$'\n'/ }
	says 'only 1 different block'
	bench ./zeros ./dst --write ./dst --write ./zeros
	says 'intact'
	is_as_before
}

@test "nothing is written that --write does not name" {
	bench ./src ./dst
	exits 5
	complains 'nothing is written to ./dst without --write ./dst'
	bench ./src ./dst --write ./src
	exits 5
	bench ./src ./dst --write ./before
	exits 2
	complains '--write ./before: that is neither the source nor the destination'
	bench ./src --write ./src
	exits 2
	complains 'it is only read here'
	[ ! -e state/saved ]
	is_as_before
	bench ./src ./dst --write "$PWD/dst"
	exits 0
}

@test "every way to get it wrong is seen, named, and put back" {
	while read -r what word; do
		for args in "${copy[*]}" "${stamped[*]}" "${only[*]}"; do
			# shellcheck disable=SC2086 # words
			disturbed "$what:100" $args
			exits 7
			says 'WRONG DATA'
			says "$word, the first at byte 8"
			is_as_before
			is_put_away
		done
	done <<-'EOF'
		swap 2 swapped
		drop 1 missing
		duplicate 1 duplicated
		flip 1 flipped
		zero 1 zeroed
		tear 1 torn
	EOF
}

@test "the first place that is wrong is the one where it was done" {
	# The range begins at 8M, one transfer is on its way at a time.
	for what in drop flip zero; do
		status=0
		output=$(DISTURB=$what:101 LD_PRELOAD=$BATS_FILE_TMPDIR/disturb.so \
			ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS "$P2PCTL" bench --backend bounce --ioengine psync \
			--state state --bs 4k --iodepth 1 --runtime 1 --size 1M - "${copy[@]}") || status=$?
		exits 7
		says "the first at byte $((8388608 + 100 * 4096))"
	done
}

@test "what goes wrong in the timed part is seen too" {
	# 256 writes of the proof; the first slice writes the first of all again.
	disturbed blank:260 "${stamped[@]}"
	exits 7
	says 'after a timed slice'
	says 'zeroed'
	is_as_before
}

@test "a read that moves nothing is seen" {
	disturbed stale:20 ./src
	exits 7
	says '1 missing'
	disturbed stale:20 "${stamped[@]}"
	exits 7
	says '1 stale'
	says 'nothing was read into it'
	is_as_before
}

@test "a write beside the range is seen, and put back" {
	DISTURB_SHIFT=1048576 disturbed beside:1 "${stamped[@]}"
	exits 7
	says 'bytes changed beside the written range'
	is_as_before
	is_put_away
}

@test "a write that fails is told" {
	disturbed fail:50 "${copy[@]}"
	says 'write to ./dst at byte 8'
	says 'Input/output error'
	is_as_before
	is_put_away
}

# killed_everywhere WHAT FROM STEP TO ARG...
killed_everywhere() {
	local what=$1 from=$2 step=$3 to=$4 at changed=0
	shift 4
	for ((at = from; at <= to; at += step)); do
		disturbed "$what:$at" "$@"
		[ "$status" -eq 137 ] || break
		cmp -s dst before || changed=$((changed + 1))
		bench ./src
		exits 0
		is_as_before
		is_put_away
	done
	is $((changed > 0)) 1
	reached=$at
}

@test "killed anywhere: the next run puts it back" {
	killed_everywhere kill 1 3 24 "${copy[@]}"
	killed_everywhere killio 1 131 400 "${copy[@]}"
	cp src source
	killed_everywhere kill 5 9 40 "${stamped[@]}"
	cmp src source
}

@test "killed while it puts back: the next run does" {
	disturbed killio:300 "${copy[@]}"
	cmp -s dst before && fail "nothing was written"
	cp -a state kept
	cp dst written
	for at in 1 2 3; do
		rm -rf state
		cp -a kept state
		cp written dst.new
		cat dst.new >dst
		disturbed "kill:$at" ./src
		is "$status" 137
		bench ./src
		exits 0
		is_as_before
		is_put_away
	done
}

@test "a block that a user wrote since is left alone, and said" {
	disturbed killio:300 "${copy[@]}"
	is "$status" 137
	p2pctl status --state state
	says "$PWD/dst: a bench run that wrote there did not end"
	printf 'mine' | dd of=dst bs=1 seek=$((8388608 + 5 * 4096)) conv=notrunc status=none
	cp dst theirs
	bench ./src
	exits 6
	complains '1 blocks of the range'
	complains "at byte $((8388608 + 5 * 4096))"
	complains "state/saved/$(saved)"
	is "$(cmp -l dst before | awk '{ print int(($1 - 1) / 4096) }' | sort -u)" $((2048 + 5))
	# Nothing is written there before a person has looked.
	bench "${copy[@]}"
	exits 6
	complains 'what an earlier run saved of it is still in'
	rm -r state/saved
	bench "${copy[@]}"
	exits 0
}

@test "a file that was moved away is kept for when it is back" {
	disturbed killio:300 "${copy[@]}"
	mv dst away
	bench ./src
	exits 0
	complains 'its disk is not here now'
	mv away dst
	bench ./src
	exits 0
	is_as_before
	is_put_away
}

@test "a file of another size, or under the same name, is not written" {
	disturbed killio:300 "${copy[@]}"
	truncate -s 17M dst
	bench ./src
	exits 6
	complains 'it has not the size that it had'
	mv dst gone
	cp before dst
	bench ./src
	complains 'its disk is not here now'
	cmp dst before
}

@test "what was saved and is damaged is not put back" {
	disturbed killio:300 "${copy[@]}"
	cp dst written
	for at in 0 20 70 5000 1000000; do
		cp "state/saved/$(saved)" kept
		printf '\377\376' | dd of="state/saved/$(saved)" bs=1 seek="$at" conv=notrunc status=none
		bench ./src
		exits 6
		complains 'damaged, or no file of ours'
		cmp dst written
		cat kept >"state/saved/$(saved)"
	done
	truncate -s 5000 "state/saved/$(saved)"
	bench ./src
	exits 6
	: >"state/saved/$(saved)"
	bench ./src
	exits 6
	cat kept >"state/saved/$(saved)"
	chmod 666 "state/saved/$(saved)"
	bench ./src
	exits 6
	complains 'others may write it'
	chmod 600 "state/saved/$(saved)"
	bench ./src
	exits 0
	is_as_before
}

# A run of its own group that lasts; $running.
begin_long() {
	# A shell lets what it runs in the background ignore Ctrl-C.
	setsid env --default-signal=INT "$P2PCTL" bench --backend bounce --ioengine psync --state state --bs 4k --iodepth 1 --runtime 60 --size 1M - \
		"$@" >out 2>err &
	running=$!
	for ((i = 0; i < 100; i++)); do
		cmp -s dst before || return 0
		sleep 0.1
	done
	fail "nothing was written: $(<err)"
}

@test "Ctrl-C and SIGTERM: everything is put back before it ends" {
	for signal in INT TERM HUP; do
		begin_long "${copy[@]}"
		kill -s $signal -- "-$running"
		status=0
		wait "$running" || status=$?
		running=
		exits 4
		is_as_before
		is_put_away
	done
}

@test "the child alone is killed: what it left is put back by who is left" {
	begin_long "${copy[@]}"
	kill -9 "$(pgrep -P "$running")"
	status=0
	wait "$running" || status=$?
	running=
	is_as_before
	is_put_away
}

@test "two runs do not write one file, and the second leaves what the first has saved" {
	begin_long "${copy[@]}"
	bench "${copy[@]}"
	exits 6
	complains 'another program has it open for writing'
	bench ./src
	exits 0
	kill -9 -- "-$running"
	wait "$running" || true
	running=
	bench ./src
	exits 0
	is_as_before
}

@test "a file that somebody has open for writing is not written" {
	exec 8>>dst
	bench "${copy[@]}"
	exec 8>&-
	exits 5
	complains 'another program has it open for writing'
	is_as_before
}

@test "a file that holds a signature needs --force" {
	mkfs.ext4 -q dst
	# Without holes, of which nothing is read from a disk.
	cp --sparse=never dst before
	cat before >dst
	bench "${copy[@]}"
	exits 5
	complains 'on it is ext4'
	complains '--force writes all the same'
	bench "${copy[@]}" --force
	exits 0
	is_as_before
}

@test "where it cannot be saved, nothing is written" {
	mkdir -p state
	: >state/saved
	bench "${copy[@]}"
	exits 5
	is_as_before
	rm state/saved
	mkdir state/saved
	chmod 777 state/saved
	bench "${copy[@]}"
	exits 5
	complains 'others may write in it'
	is_as_before
}
