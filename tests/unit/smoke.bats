#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The least that any build must do, be it without the optional libraries or an installed one. The program is $P2PTOPO.

machines=$BATS_TEST_DIRNAME/../machines

setup_file() {
	[ -x "${P2PTOPO:?the program to test}" ]
}

@test "it says its version and its options" {
	run "$P2PTOPO" --version
	[ "$status" -eq 0 ]
	[[ $output == 'p2ptopo '* ]]
	run "$P2PTOPO" --help
	[ "$status" -eq 0 ]
	[[ $output == *'--from FILE'* ]]
}

@test "it finds its hardware rows from any folder" {
	cd /
	run "$P2PTOPO" allowlist -F "$machines/skylake.snap"
	[ "$status" -eq 0 ]
	[[ $output == *8086:2030* ]]
}

@test "it draws this machine" {
	run "$P2PTOPO"
	[ "$status" -eq 0 ]
	[ -n "$output" ]
}

@test "it reads a snapshot, and answers for each pair" {
	run "$P2PTOPO" pairs -a -J -F "$machines/switch.snap"
	[ "$status" -eq 0 ]
	[ "$(jq '.pairs | length > 0' <<<"$output")" = true ]
}

@test "a snapshot of a snapshot is the same snapshot" {
	"$P2PTOPO" snapshot -F "$machines/switch.snap" >"$BATS_TEST_TMPDIR/again"
	cmp "$BATS_TEST_TMPDIR/again" "$machines/switch.snap" || {
		"$P2PTOPO" snapshot -F "$BATS_TEST_TMPDIR/again" | cmp - "$BATS_TEST_TMPDIR/again"
	}
}

@test "a dump of rdma_topo is read, or it is said which library that needs" {
	"$BATS_TEST_DIRNAME/../bats/as-rdma-topo" "$machines/vera.snap" >"$BATS_TEST_TMPDIR/dump.json"
	run "$P2PTOPO" -a -D -F "$BATS_TEST_TMPDIR/dump.json"
	if [ "$status" -eq 3 ]; then
		[[ $output == *"built without json-c"* || $output == *"built without zlib"* ]]
		[ "${#lines[@]}" -eq 1 ]
	else
		[ "$status" -eq 0 ]
		[[ $output == *0002:01:00.0* ]]
	fi
}

@test "p2pctl bench has an I/O engine, whatever was left out, and names those it has" {
	for ctl in "${P2PTOPO%/*}/p2pctl" "${P2PTOPO%/*/*}/p2pctl/p2pctl"; do [ ! -x "$ctl" ] || break; done
	run "$ctl" bench --backend null --bs 4k --iodepth 1 --runtime 1
	[ "$status" -eq 0 ]
	head -c 65536 /dev/urandom >"$BATS_TEST_TMPDIR/file"
	sync "$BATS_TEST_TMPDIR/file"
	for engine in io_uring libaio psync; do
		run "$ctl" bench --backend bounce --bs 4k --iodepth 2 --runtime 1 --ioengine $engine - "$BATS_TEST_TMPDIR/file"
		if [ $engine = io_uring ] && [[ $output == *'this build has libaio, psync' ]]; then
			[ "$status" -eq 2 ]
		else
			[ "$status" -eq 0 ]
			[[ $output == *'bounce'* ]]
		fi
	done
	run "$ctl" bench --backend bounce --bs 4k --iodepth 2 --runtime 1 - "$BATS_TEST_TMPDIR/file"
	[ "$status" -eq 0 ]
}

@test "what cannot be read is said, with exit status 3" {
	run "$P2PTOPO" -F "$BATS_TEST_TMPDIR/nothing"
	[ "$status" -eq 3 ]
	[[ $output == *nothing* ]]
}
