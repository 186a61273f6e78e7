#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# p2pctl bench where there is no peer memory: what moves nothing, files through the host's memory, and snapshots.
# With real peer memory it is tests/vm/check-bench that looks.

load helper

setup_file() {
	# O_DIRECT: not every /tmp has it.
	local dir
	for dir in "$BATS_FILE_TMPDIR" /var/tmp; do
		WORK=$(mktemp -d "$dir/bench.XXXXXX") || continue
		dd if=/dev/urandom of="$WORK/file" bs=1M count=8 conv=fsync status=none
		! dd if="$WORK/file" of=/dev/null iflag=direct bs=4k count=1 status=none 2>/dev/null || break
		rm -rf "$WORK"
	done
	[ -e "$WORK/file" ] || { echo 'no folder with O_DIRECT' >&2; return 1; }
	export WORK
}

teardown_file() { rm -rf "$WORK"; }

setup() { cd "$BATS_TEST_TMPDIR"; }

# `bench ARG...`: short, its state in a folder of its own.
bench() { p2pctl bench --runtime 1 --state state "$@"; }

# The file of this test, so that none reads what another writes.
bounce() { bench --backend bounce --bs 4k --iodepth 2 "$@" - "$WORK/file"; }

# `wrong SENTENCE ARG...`: a usage error that says so.
wrong() {
	local sentence=$1
	shift
	bench "$@"
	exits 2
	complains "$sentence"
	is "$output" ''
}

# Starts bench in the background; $bench is it and $child the process that copies. `ended SECONDS` waits for its end.
start() {
	"$P2PCTL" bench --state state "$@" >out 2>errors 3>&- &
	bench=$!
	for _ in $(seq 100); do
		child=$(pgrep -P $bench) && return
		sleep 0.1
	done
	fail "no child: $(<errors)"
}

ended() {
	local begun=$SECONDS
	status=0
	wait $bench || status=$?
	[ $((SECONDS - begun)) -le "$1" ] || fail "it took $((SECONDS - begun)) s"
	output=$(<out) errors=$(<errors)
}

@test "null: what the harness costs, without a device" {
	bench --backend null --bs 4k --iodepth 1
	exits 0
	says ' bs iodepth '
	says ' 4K       1  null '
}

@test "bounce: a file is read through the host's memory, each size and depth a row" {
	bench --backend bounce --bs 4k,12k,1M --iodepth 1,3 - "$WORK/file"
	exits 0
	says '→ host memory'
	for row in '4K       1' '4K       3' '12K       1' '12K       3' '1M       1' '1M       3'; do says " $row  bounce "; done
	says 'CPU s/GB'
	[ "$(awk 'length > 80' <<<"$output")" = '' ] || fail "wider than 80 columns: $output"
}

@test "the figures agree with each other: bytes = ops x bs, p50 <= p99 <= p99.9 <= max, a rate a round" {
	bench --backend bounce --bs 8k --iodepth 4 --json - "$WORK/file"
	exits 0
	json_ok
	is "$(get '.bench[0].cells[0].bounce | .ops * 8192 == .bytes and .p50 <= .p99 and .p99 <= .p999 and .p999 <= .max and
		(.rates | length) == 20 and .errno == null')" true
	is "$(get '.bench[0] | .level, .provider, .src_path, .backend')" "$(printf 'nothing\nnull\n%s\nbounce' "$WORK/file")"
}

@test "JSON of what moves nothing: no engine" {
	bench --backend null --bs 4k,64k --iodepth 1 --json
	exits 0
	json_ok
	is "$(get '.bench[0].engine')" null
	is "$(get '.bench[0].cells | length')" 2
}

@test "a size that is an odd multiple of the block is a size; one that is none is refused" {
	bench --backend bounce --bs 20k,28k --iodepth 3 - "$WORK/file"
	exits 0
	says ' 28K       3  bounce '
	bench --backend bounce --bs 1000 - "$WORK/file"
	exits 2
	complains '--bs: 1000 is no multiple of '
	bench --backend bounce --bs 16M - "$WORK/file"
	exits 2
	complains 'has 8388608 bytes, and 16777216 are asked for'
}

@test "more than half of the host's memory is not taken" {
	wrong "of the host's memory; half of it" --backend bounce --bs 16M --iodepth 4096 --numjobs 256 - "$WORK/file"
}

@test "every option's mistake is said" {
	wrong "--bs takes a list such as 4k,64k,1M, each number from 1 to 16777216, not '0'" --bs 0
	wrong "not '4k,,8k'" --bs 4k,,8k
	wrong "not 'x'" --bs x
	wrong "not '32M'" --bs 32M
	wrong '--bs takes at most 16 numbers' --bs 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1
	wrong "--iodepth takes a list such as 1,8,32, each number from 1 to 4096, not '-1'" --iodepth=-1
	wrong "--numjobs takes a number from 1 to 256, not '257'" --numjobs 257
	wrong "--timeout takes a number from 1 to 86400, not '0'" --timeout 0
	wrong "--randseed takes a number from 0 to 18446744073709551615, not '-3'" --randseed=-3
	wrong "--rw" --rw sideways
	wrong "--backend" --backend nowhere
	wrong "--ioengine" --ioengine sync
	wrong '--backend=null asks the system nothing' --backend null --ioengine psync
	wrong '--bar goes with --backend=mmio' --bar nvme0:0
	wrong "--bar takes a device and the number of its BAR, 0 to 5: nvme0:4, not 'nvme0:6'" --backend mmio --bar nvme0:6
	wrong 'a read of a register may do something' --backend mmio --bar nvme0:0
	wrong '--bs: 12 is no multiple of 8' --backend mmio --bs 12 nvme0
	status=0
	p2pctl bench --runtime 0
	exits 2
	complains "--runtime takes a number from 1 to 86400, not '0'"
}

@test "what is named must fit the backend and --rw" {
	wrong 'whose memory?' - "$WORK/file"
	wrong 'use no provider: give -' --backend bounce nvme0 "$WORK/file"
	wrong '--backend=null moves nothing: it takes no disk' --backend null - "$WORK/file"
	wrong 'name a disk or a file' --backend bounce - -
	wrong 'what is named says --rw=read' --backend bounce --rw randwrite - "$WORK/file"
	wrong 'name PROVIDER, SRC or -, and DST' --rw write
	wrong 'go with many pairs' --backend bounce --resume - "$WORK/file"
	bench --backend bounce - "$WORK/none"
	exits 3
	complains 'none: No such file or directory'
}

@test "random: --rw=randread, of every engine of this build" {
	for engine in $("$P2PCTL" bench --ioengine psync --backend bounce - /dev/null 2>/dev/null; echo libaio psync); do
		bounce --rw randread --ioengine "$engine" --json
		exits 0
		is "$(get '.bench[0].engine, .bench[0].cells[0].random')" "$(printf '%s\ntrue' "$engine")"
	done
}

@test "a file with a hole, or preallocated, is refused: the disk would not be read" {
	truncate -s 1M "$WORK/hole"
	bench --backend bounce --bs 4k - "$WORK/hole"
	exits 1
	complains 'bytes from 0 on are a hole'
	dd if=/dev/urandom of="$WORK/half" bs=64k count=4 conv=fsync status=none
	truncate -s 1M "$WORK/half"
	bench --backend bounce --bs 4k - "$WORK/half"
	exits 1
	complains 'bytes from 262144 on are a hole'
	if fallocate -l 1M "$WORK/empty" 2>/dev/null; then
		bench --backend bounce --bs 4k - "$WORK/empty"
		exits 1
		complains 'preallocated and never written'
	fi
}

@test "peer memory that is not there: who lacks it and why" {
	bench
	exits 1
	complains 'there is no pair to measure: nothing here offers peer memory'
	is "$output" ''
}

@test "Ctrl-C: what was measured is shown, exit 4" {
	run timeout --preserve-status -s INT 2 "$P2PCTL" bench --backend bounce --bs 4k --iodepth 1 --runtime 20 \
		--state state - "$WORK/file"
	says 'It was ended before it was done'
	is "$status" 4
}

@test "SIGTERM: the same, and no process is left" {
	start --backend bounce --bs 4k --iodepth 1 --runtime 60 - "$WORK/file"
	sleep 1
	kill -TERM $bench
	ended 10
	exits 4
	says 'It was ended before it was done'
	! kill -0 "$child" 2>/dev/null || fail 'the child is left'
}

@test "a child that is killed is a result: exit 1, which signal" {
	start --backend bounce --bs 4k --iodepth 1 --runtime 60 - "$WORK/file"
	kill -KILL "$child"
	ended 10
	exits 1
	says 'was ended by signal 9'
}

@test "a child that stands still is killed after --timeout: exit 8, and which device" {
	start --backend bounce --bs 4k --iodepth 1 --runtime 60 --timeout 2 - "$WORK/file"
	sleep 0.5
	kill -STOP "$child"
	ended 15
	exits 8
	output=${output//$'\n'/ }
	says 'made no progress for 2 s'
	says "process $child was killed"
	says "read of $WORK/file"
}

@test "the parent is killed: its child ends too" {
	start --backend bounce --bs 4k --iodepth 1 --runtime 60 - "$WORK/file"
	kill -KILL $bench
	for _ in $(seq 50); do
		kill -0 "$child" 2>/dev/null || return 0
		sleep 0.1
	done
	fail 'the child is left'
}

@test "--dry-run: the pairs of a machine, what they take, and what is left out" {
	p2pctl bench -F "$(snap switch-acs)" --dry-run --bs 4k,64k --iodepth 1 --runtime 30
	exits 0
	says '1 pair, each 60 s, together 60 s'
	says '  03:00.0 <- /dev/nvme0n1 (03:00.0)'
	says 'left out: 1 pair that the kernel refuses'
	p2pctl bench -F "$(snap switch-acs)" --dry-run nvme1
	exits 1
	complains 'there is no pair to measure'
	p2pctl bench -F "$(snap switch-acs)"
	exits 2
	complains '--dry-run shows what would be measured there'
}

@test "--dry-run: what the policy denies is left out" {
	cat >policy.yaml <<-'EOF'
		schema: p2p-policy/1
		rules:
		  - name: never
		    do: deny
		    providers: [{ driver: nvme }]
		    clients: [{ driver: nvme }]
	EOF
	p2pctl bench -F "$(snap switch-acs)" --dry-run --policy policy.yaml
	exits 1
	complains 'left out: 1 pair that the kernel refuses'
	complains '1 pair that the policy denies'
}

# A campaign that was ended after its only pair.
campaign() {
	mkdir -p state
	printf '%s\n' 'p2pctl-bench-campaign 1' "${1-$OPTIONS}" \
		$'03:00.0 <- /dev/nvme0n1 (03:00.0)\t0\tit was fine\t{}' >state/bench-campaign
	chmod 600 state/bench-campaign
}

resume() { p2pctl bench -F "$(snap switch-acs)" --dry-run --resume --state state --ioengine libaio --bs 4k --iodepth 1 "$@"; }

OPTIONS='--backend=p2pmem --ioengine=libaio --rw=read --bs=4K --iodepth=1 --numjobs=1 --runtime=2 --randseed=1'

@test "--resume: pairs that have their result are not measured again; other options, or damage, are refused" {
	campaign
	resume
	exits 0
	says '03:00.0 <- /dev/nvme0n1 (03:00.0)  done'
	resume --runtime 3
	exits 2
	complains "--resume goes on with what was begun, and that was with other options: $OPTIONS"
	echo torn >>state/bench-campaign
	resume
	exits 2
	complains 'bench-campaign is damaged: begin anew, without --resume'
	printf 'p2pctl-bench-campaign 1' >state/bench-campaign
	resume
	exits 2
	complains 'is damaged'
	chmod 666 state/bench-campaign
	resume
	exits 3
	rm state/bench-campaign
	resume
	exits 2
	complains 'nothing was begun that could be resumed'
}

@test "a bar on a terminal, and nothing of it elsewhere" {
	bounce
	exits 0
	silent
	run "$TOP/tests/bats/terminal" 80 24 '' "$P2PCTL" bench --runtime 2 --backend bounce --bs 4k --iodepth 1 \
		--state state - "$WORK/file"
	[[ $output == *'] bs=4K iodepth=1, '*' left'* ]] || fail "no bar: $output"
}

@test "everything printed as JSON is what the schema says" {
	json_all_ok
}
