#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Names and file contents that would move the cursor, change colours or reorder text: never raw in any output.

load helper

# No control character but newline, no C1, no character that hides or reorders, nothing that is not UTF-8.
clean() {
	python3 - "$1" <<-'END'
		import sys, unicodedata
		data = open(sys.argv[1], 'rb').read()
		try:
		    text = data.decode('utf-8')
		except UnicodeDecodeError as error:
		    sys.exit('not UTF-8: %s' % error)
		bad = {c for c in text if c != '\n' and unicodedata.category(c) in ('Cc', 'Cf', 'Zl', 'Zp', 'Co', 'Cs', 'Cn') and c != '�'}
		sys.exit('raw: ' + ' '.join('U+%04X' % ord(c) for c in sorted(bad)) if bad else 0)
	END
}

everything() { # FILE: all outputs of all verbs, standard error too, each clean
	local words
	for words in "tree -a" "tree -ai" "tree -aJ" "tree -a -o DEVICE,NAME,DRIVER,POWER" "list -aO" "list -aOi" "list -aOP" "list -aJ" pairs "pairs -aJ" "pairs --summary -aJ" \
		"why 01:00.0 01:00.1" "why -J 01:00.0 01:00.1" allowlist "allowlist -J" snapshot "snapshot --anonymize"; do
		echo "$words"
		# shellcheck disable=SC2086
		timeout 20 "$P2PTOPO" $words -F "$1" 2>&1 || [ $? -lt 5 ]
	done | tr -d '\t' >"$BATS_TEST_TMPDIR/out" # tabs are a snapshot's own
	clean "$BATS_TEST_TMPDIR/out"
}

@test "drivers, network names, DMI, command line, names of devices: visible, never raw" {
	everything "$(snap hostile)"
	on hostile tree
	says '\x1b[31m'
	on hostile tree -J
	json_ok
	is "$(get '.host.dmi.vendor' | od -An -tx1 | tr -d ' \n')" "41434d451b5b33316d070a"
}

@test "every character that is dangerous, in a name" {
	local here=$BATS_TEST_TMPDIR hex
	# C0, DEL, C1, soft hyphen, ALM, zero width, LRM, line separator, bidi, invisible operators, BOM, interlinear, tags, broken UTF-8
	for hex in 01 07 08 0d 1b 7f c280 c29b c2ad d89c e2808b e2808e e2808f e280a8 e280aa e280ae e281a0 e281a6 e281a9 efbbbf \
		efbfb9 f3a08081 f3a081bf c0af eda080 f4908080 ff; do
		sed "s/^read names\/device\/144d:a824 = .*/read names\/device\/144d:a824 = a$(sed 's/../\\\\x&/g' <<<"$hex")b/;
			s/mlx5_core/x$(sed 's/../\\\\x&/g' <<<"$hex")y/" "$(snap hostile)" >"$here/one.snap"
		for words in "tree -a" "tree -aJ" "tree -a -o DEVICE,DRIVER" "list -aOP"; do
			echo "$words with $hex"
			# shellcheck disable=SC2086
			"$P2PTOPO" $words -F "$here/one.snap"
		done
	done >"$here/out"
	clean "$here/out"
}

@test "names that people have are left as they are" {
	sed 's/^read names\/device\/144d:a824 = .*/read names\/device\/144d:a824 = Größe 日本語 𝄞/' "$(snap hostile)" >"$BATS_TEST_TMPDIR/one.snap"
	p2ptopo tree -F "$BATS_TEST_TMPDIR/one.snap"
	says "Größe 日本語 𝄞"
	p2ptopo tree -JF "$BATS_TEST_TMPDIR/one.snap"
	is "$(get '.devices[]|select(.bdf=="0000:01:00.0")|.device_name')" "Größe 日本語 𝄞"
	p2ptopo tree -iF "$BATS_TEST_TMPDIR/one.snap"
	says_not "ö"
}

@test "file names and words of the command line in complaints" {
	local file=$BATS_TEST_TMPDIR/a$'\e[31m'b
	echo noise >"$file"
	for words in "tree -F $file" "tree -F $file.none" "why -F $(snap switch) nv$'\e'[5m nvme0"; do
		eval "p2ptopo ${words//$'\e'/\$\'\\e\'}" || true
		printf '%s' "$errors" >"$BATS_TEST_TMPDIR/out"
		clean "$BATS_TEST_TMPDIR/out"
	done
	p2ptopo $'nothing\e[31m'
	exits 2
	printf '%s' "$errors" >"$BATS_TEST_TMPDIR/out"
	clean "$BATS_TEST_TMPDIR/out"
}

@test "a name in a snapshot comes back byte for byte" {
	on hostile snapshot
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/again.snap"
	p2ptopo tree -aJF "$BATS_TEST_TMPDIR/again.snap"
	local again=$output
	on hostile tree -aJ
	is "$again" "$output"
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
