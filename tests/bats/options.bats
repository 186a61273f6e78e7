#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line as such: where options may stand, help, exit status.

load helper

@test "tests/lint/examples writes an example that has no output yet, and leaves the next one alone" {
	local copy=$BATS_TEST_TMPDIR/copy
	mkdir -p "$copy"/{man,tests/lint}
	cp "$TOP/tests/lint/examples" "$copy/tests/lint/"
	ln -s "$TOP/tests/machines" "$copy/tests/machines"
	printf '```\n$ p2ptopo -F no-pci.snap tree\n```\n' >"$copy/README.md"
	printf '.Bd -literal\n%s\n.Ed\n.Bd -literal\n%s\nold\n.Ed\n' '$ p2ptopo -F no-pci.snap tree' \
		'$ p2ptopo -F no-pci.snap list' >"$copy/man/p2ptopo.8"
	run python3 "$copy/tests/lint/examples" "$P2PTOPO"
	[ "$status" -eq 1 ]
	sed -i 's|"tests/machines/README.md", readme|"README.md", readme|' "$copy/tests/lint/examples"
	python3 "$copy/tests/lint/examples" --update "$P2PTOPO"
	is "$(grep -c '^No PCI functions here.$' "$copy/man/p2ptopo.8")" 2
	is "$(grep -c '^[$] p2ptopo' "$copy/man/p2ptopo.8")" 2
}

@test "options before and after the verb, short ones in one word, values glued or not" {
	local file wanted words
	file=$(snap switch)
	p2ptopo pairs -a -J -F "$file"
	wanted=$output
	for words in "-a -J -F $file pairs" "-aJ pairs -F $file" "pairs -aJF $file" "pairs --all --json --from $file" \
		"pairs --all --json --from=$file" "-F$file pairs -Ja" "--from=$file pairs -aJ --"; do
		# shellcheck disable=SC2086
		p2ptopo $words
		exits 0
		is "$output" "$wanted"
	done
	p2ptopo why -F "$file" -- nvme0 nvme1
	exits 0
}

@test "help of the program names every verb and option, help of a verb its own" {
	p2ptopo --help
	exits 0
	local verb
	for verb in tree list matrix pairs why providers snapshot allowlist; do says "$verb"; done
	for verb in tree list matrix pairs why providers snapshot allowlist; do
		p2ptopo "$verb" --help
		exits 0
		says "Usage: p2ptopo"
		says "$verb"
		[ "$(wc -L <<<"$output")" -le 80 ]
	done
	p2ptopo -h
	exits 0
	p2ptopo why -h
	says "0 the kernel allows it, 1 it does not, 4"
}

@test "what programs can read: --dump-cli has each verb and option once" {
	p2ptopo --dump-cli
	exits 0
	is "$(grep -c ^verb <<<"$output")" 9
	is "$(cut -f3 <<<"$(grep ^option <<<"$output")" | sort | uniq -d)" ""
	local option
	for option in --all --slot --id --summary --no-fold --from --root --assume --wake --json --output --list-columns --domain --numeric \
		--ascii --color --anonymize --output-all --pairs --bytes --sort --noheadings --help --version; do
		says "$option"
	done
}

@test "the version" {
	p2ptopo --version
	exits 0
	says "p2ptopo $(sed -n "s/^ *version: '\(.*\)',/\1/p" "$TOP/meson.build")"
	p2ptopo -V
	exits 0
}

@test "exit status: shown 0, yes 0, no 1, usage 2, cannot read 3, unknown 4" {
	on switch-acs pairs
	exits 0
	on switch why nvme0 nvme1
	exits 0
	on switch-acs why nvme0 nvme1
	exits 1
	p2ptopo --nothing
	exits 2
	p2ptopo -F /nonexistent
	exits 3
	on unprivileged why nvme0 nvme1
	exits 4
	on kernel-unknown why nvme0 nvme1
	exits 4
}

@test "a misspelt verb or option is recognised" {
	p2ptopo pair
	exits 2
	complains pairs
	p2ptopo tree --jsn
	exits 2
	complains --json
}

@test "--stats is on standard error, and leaves the output alone" {
	on switch tree
	local plain=$output
	on switch tree --stats
	is "$output" "$plain"
	for word in functions=9 reads= links= lists= bytes= config_reads= config_bytes=; do complains "$word"; done
}

@test "an option that does not go with a verb says with which it does" {
	on switch why --all nvme0 nvme1
	exits 2
	complains tree
	complains pairs
}

@test "output to a closed pipe ends quietly" {
	local out
	out=$("$P2PTOPO" pairs -aJ -F "$(snap switch)" 2>&1 | head -1)
	is "$out" "{"
}

@test "an empty file or folder name is said to be empty" {
	p2ptopo -F '' tree
	exits 2
	complains "--from needs the name of a file"
	p2ptopo --root= pairs
	exits 2
	complains "--root needs the name of a folder"
}

@test "a column that is not there: the message names the verb, and what lists its columns" {
	on switch tree -o nothing
	exits 2
	complains "tree: no column 'nothing'"
	complains "p2ptopo tree -H"
	on switch pairs -o mapp
	exits 2
	complains "pairs: no column 'mapp', did you mean MAP?"
	on switch allowlist -o ''
	exits 2
	complains "p2ptopo allowlist -H"
}

@test "a device may be typed with fewer digits, as for lspci" {
	local wanted word
	on switch-acs why 03:00.0 04:00.0
	wanted=$output
	for word in 3:0.0 3:00.0 03:0.0 0:3:0.0 0000:3:00.0; do
		on switch-acs why "$word" 4:0.0
		exits 1
		is "$output" "$wanted"
	done
	for word in 3:0 3:0.8 3:20.0 003:0.0 :3:0.0 3:.0; do
		on switch-acs why "$word" 04:00.0
		exits 2
		complains "$word"
	done
	on switch-acs why 3:0.0 4:0.0 --assume acs:2:8.0=RR-,CR- --assume acs:0:2:9.0=RR-,CR-
	says BUS_ADDR
	exits 0
}
