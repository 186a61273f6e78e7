#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a shell offers after TAB: asked of the program, then of a real bash, zsh and fish.

load helper

setup() {
	cd "$TOP" || return
}

# What the program offers for the last of these words; only the texts.
offers() {
	p2ptopo --dump-cli=complete "$@"
	exits 0
	silent
	texts=$(cut -f2 <<<"$output")
}

has() {
	local word
	for word in "$@"; do grep -qxF -e "$word" <<<"$texts" || fail "'$word' is not offered: $texts"; done
}

lacks() {
	local word
	for word in "$@"; do ! grep -qxF -e "$word" <<<"$texts" || fail "'$word' is offered: $texts"; done
}

# press SHELL KEYS: what stands on the screen, and the line in the end.
press() {
	command -v "$1" >/dev/null || skip "no $1 here"
	if [ "$1" = bash ]; then [ -e /usr/share/bash-completion/bash_completion ] || skip "no bash-completion here"; fi
	# The sanitizers' program is slow to start, never wrong.
	output=$("$TOP/tests/bats/press" "$1" "$2")
}

ask_fish() {
	command -v fish >/dev/null || skip "no fish here"
	output=$(PATH=$(dirname "$P2PTOPO"):$PATH fish --no-config -c "source completions/p2ptopo.fish; complete -C '$1'")
}

@test "verbs, and every option that a verb has and no other, as the tables say" {
	local verb wanted
	p2ptopo --dump-cli
	local dump=$output
	offers ''
	is "$texts" "$(awk -F '\t' '$1 == "verb" { print $2 }' <<<"$dump")"
	while read -r verb; do
		offers "$verb" --
		wanted=$(awk -F '\t' -v verb="$verb" '$1 == "option" && $3 != "--dump-cli" &&
			($5 == "*" || index(" " $5 " ", " " verb " ")) { print $3 }' <<<"$dump")
		is "$texts" "$wanted"
	done < <(awk -F '\t' '$1 == "verb" { print $2 }' <<<"$dump")
	offers pairs -
	has -a --all -F --from
}

@test "an option that counts once is not offered again" {
	offers -F box.snap --f
	is "$texts" ""
	offers --assume kernel=6.12 --ass
	has --assume
}

@test "columns of the verb, in lists, after a plus, in the case in which they are begun" {
	offers pairs -o ''
	is "$texts" "$(on switch pairs -H; cut -d ' ' -f1 <<<"$output")"
	local begun
	begun=$(on switch tree -H; cut -d ' ' -f1 <<<"$output" | sed -n 's/^N.*/\L&/p')
	offers -o n
	is "$texts" "$begun"
	offers tree --output=+DRIVER,MRR
	is "$texts" --output=+DRIVER,MRRS
	offers -onamE,MRR
	is "$texts" -onamE,MRRS
	offers tree -o name,n
	is "$texts" "$(sed '/^name$/d; s/^/name,/' <<<"$begun")"
	offers why -o ''
	is "$texts" ""
}

@test "values: choices, files, folders, releases, the words of --assume" {
	offers --color ''
	is "$texts" "auto
always
never"
	offers --color=n
	is "$texts" --color=never
	offers -F ''
	is "$output" $'files\t'
	offers -aF x
	is "$output" $'files\t'
	offers --from=/x
	is "$output" $'files\t--from='
	offers --root ''
	is "$output" $'folders\t'
	offers --assume ''
	has kernel= p2pdma= cpu= iommu= cmdline= acs: driver: p2pmem:
	offers --assume kernel=
	has kernel=4.20 kernel=5.0 kernel=5.19 kernel=6.19 kernel=7.3
	lacks kernel=4.19 kernel=4.21 kernel=5.20 kernel=7.4
	offers --assume p2pdma=
	is "$texts" "p2pdma=yes
p2pdma=no"
	offers --assume cpu=A
	is "$texts" cpu=AuthenticAMD/
	offers --assume iommu=
	is "$texts" "iommu=intel
iommu=amd
iommu=none"
	offers -F "$(snap switch-acs)" --assume driver:
	has driver:03:00.0= driver:05:00.0=
	lacks driver:02:08.0=
	offers -F "$(snap switch-acs)" --assume p2pmem:03:00.0=
	has p2pmem:03:00.0=none
	offers -F "$(snap switch-acs)" --assume acs:02:
	has acs:02:08.0= acs:02:09.0=
	# Devices by their names; of those without the capability there is nothing to assume.
	offers -F "$(snap switch-acs)" --assume driver:n
	has driver:nvme0= driver:nvme0n1= driver:nvme1=
	offers -F "$(snap switch-acs)" --assume acs:
	lacks acs:nvme0=
	offers -F "$(snap sriov)" --assume acs:e
	is "$texts" acs:eth0=
	offers --assume acs:02:08.0=SrcValid-,R
	is "$texts" "acs:02:08.0=SrcValid-,ReqRedir-
acs:02:08.0=SrcValid-,ReqRedir+"
}

@test "whatever is offered for --assume is taken" {
	local word
	offers --assume kernel=
	local words=$texts
	offers --assume p2pdma=
	words+=$'\n'$texts
	offers --assume cpu=
	words+=$'\n'$(sed 's|/$|/23|' <<<"$texts")
	offers -F "$(snap switch-acs)" --assume acs:
	for word in $texts; do
		offers -F "$(snap switch-acs)" --assume "$word"
		words+=$'\n'$texts
	done
	offers --assume iommu=
	words+=$'\n'$texts
	offers -F "$(snap switch-acs)" --assume driver:03:00.0=
	words+=$'\n'$texts
	offers -F "$(snap switch-acs)" --assume p2pmem:03:00.0=
	words+=$'\n'$texts
	offers -F "$(snap switch-acs)" --assume driver:nvme0=
	words+=$'\n'$texts
	[ "$(wc -l <<<"$words")" -gt 60 ]
	while read -r word; do
		on switch-acs allowlist --assume "$word"
		exits 0
	done <<<"$words"
	offers -F "$(snap sriov)" --assume acs:eth0=
	for word in $texts; do
		on sriov allowlist --assume "$word"
		exits 0
	done
}

@test "devices are those of the machine that the line names" {
	offers why -F "$(snap switch-acs)" ''
	has nvme0 nvme0n1 eth0 mlx5_0 03:00.0
	lacks 02:08.0 00:00.0 0000:03:00.0
	offers -F "$(snap switch-acs)" why nvme0 0000:0
	has 0000:03:00.0 0000:00:00.0
	lacks 0000:02:08.0
	offers -F "$(snap vmd)" why nvme0 1
	has 10000:e1:00.0 10000:e2:00.0
	offers -F "$(snap switch-acs)" why nvme0 nvme1 ''
	is "$texts" ""
	offers -F "$(snap switch-acs)" -s 02:
	has 02:08.0 02:09.0
	offers -F "$(snap switch-acs)" -d 144d
	has 144d:a824
	# Without a file it is this machine, and every name that is offered is known.
	offers why ''
}

@test "what cannot be read offers nothing, at once" {
	offers why -F /nonexistent ''
	is "$texts" ""
	offers why -F - ''
	is "$texts" ""
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	offers why -F "$BATS_TEST_TMPDIR/pipe" ''
	is "$texts" ""
	echo nonsense >"$BATS_TEST_TMPDIR/nonsense"
	offers why -F "$BATS_TEST_TMPDIR/nonsense" ''
	is "$texts" ""
	offers why --root /dev/null ''
	is "$texts" ""
	offers -- why -
	is "$texts" ""
	p2ptopo --dump-cli=complete
	exits 0
	offers --nothing x -Z pears --=
	is "$texts" ""
}

@test "a name that a shell would run is not offered" {
	# shellcheck disable=SC2016
	sed 's/nvme0n1/$(id)`id`;x/g; s/\bnvme0\b/a\\x20b/g' "$(snap switch-acs)" >"$BATS_TEST_TMPDIR/box.snap"
	p2ptopo -F "$BATS_TEST_TMPDIR/box.snap" tree
	exits 0
	says "id"
	offers why -F "$BATS_TEST_TMPDIR/box.snap" ''
	has nvme1 03:00.0
	! grep -q '[$`; ]' <<<"$texts" || fail "$texts"
}

@test "p2pctl is asked the same way" {
	p2pctl --dump-cli=complete en
	is "$(cut -f 1,2 <<<"$output")" $'word\tenable'
	p2pctl --dump-cli=complete plan -F "$(snap switch-acs)" nvme0 ml
	is "$(cut -f 2 <<<"$output")" mlx5_0
	p2pctl --dump-cli=complete disable -F "$(snap switch-acs)" nvme0 nvme1 ml
	is "$(cut -f 2 <<<"$output")" mlx5_0
	p2pctl --dump-cli=complete --state ''
	is "$output" $'folders\t'
	if command -v fish >/dev/null; then
		is "$(PATH=$(dirname "$P2PCTL"):$PATH fish --no-config -c "source completions/p2ptopo.fish; complete -C 'p2pctl stat'" |
			cut -f 1)" status
	fi
}

@test "bash: verbs, options, columns, devices, files" {
	press bash 'p2ptopo wh\t'
	says "[[p2ptopo why ]]"
	press bash 'p2ptopo pairs --summ\t'
	says "[[p2ptopo pairs --summary ]]"
	press bash 'p2ptopo --color=al\t'
	says "[[p2ptopo --color=always ]]"
	press bash 'p2ptopo -o name,p2p\t'
	says "[[p2ptopo -o name,p2pmem]]"
	press bash 'p2ptopo -F tests/machines/switch-acs.snap why nvme0 \t'
	says mlx5_0
	says 05:00.0
	press bash 'p2ptopo why --from=tests/machines/vmd.snap 10000:e1\t'
	says "why --from=tests/machines/vmd.snap 10000:e1:00.0 ]]"
	press bash 'p2ptopo --from=tests/machines/skyl\t'
	says "[[p2ptopo --from=tests/machines/skylake.snap ]]"
	press bash 'p2ptopo --root tests/mach\t'
	says "[[p2ptopo --root tests/machines/]]"
	press bash 'p2ptopo -F tests/machines/switch-acs.snap --assume acs:02:1\tReqRedir-\t'
	says "acs:02:10.0=ReqRedir-]]"
	press bash 'p2ptopo -F "tests/machines/switch-acs.snap" why ml\t'
	says "why mlx5_0 ]]"
}

@test "zsh: verbs, options, columns, devices, files" {
	press zsh 'p2ptopo wh\t'
	says "[[p2ptopo why ]]"
	press zsh 'p2ptopo pairs --summ\t'
	says "[[p2ptopo pairs --summary ]]"
	press zsh 'p2ptopo --color=al\t'
	says "[[p2ptopo --color=always ]]"
	press zsh 'p2ptopo -o name,p2p\t'
	says "[[p2ptopo -o name,p2pmem]]"
	press zsh 'p2ptopo -F tests/machines/switch-acs.snap why nvme0 \t'
	says mlx5_0
	says 05:00.0
	says ConnectX-6
	press zsh 'p2ptopo why --from=tests/machines/vmd.snap 10000:e1\t'
	says "why --from=tests/machines/vmd.snap 10000:e1:00.0 ]]"
	press zsh 'p2ptopo --from=tests/machines/skyl\t'
	says "[[p2ptopo --from=tests/machines/skylake.snap ]]"
	press zsh 'p2ptopo --root tests/mach\t'
	says "[[p2ptopo --root tests/machines/"
	press zsh 'p2ptopo -F tests/machines/switch-acs.snap --assume acs:02:1\tReqRedir-'
	says "acs:02:10.0=ReqRedir-]]"
	press zsh 'p2ptopo -F "tests/machines/switch-acs.snap" why ml\t'
	says "why mlx5_0 ]]"
}

@test "fish: verbs, options, columns, devices, files" {
	ask_fish 'p2ptopo wh'
	is "$output" $'why\texplain one pair: hop by hop, the rule that decided, and what to type'
	ask_fish 'p2ptopo pairs --summ'
	is "$output" $'--summary\tcount the pairs by answer'
	ask_fish 'p2ptopo --color=al'
	is "${output%$'\t'}" --color=always
	ask_fish 'p2ptopo -o name,p2p'
	says name,p2pmem
	ask_fish 'p2ptopo -F tests/machines/switch-acs.snap why nvme0 ml'
	is "$output" $'mlx5_0\tMT2892 Family [ConnectX-6 Dx]'
	ask_fish 'p2ptopo why --from=tests/machines/vmd.snap 10000:e1'
	is "${output%%$'\t'*}" 10000:e1:00.0
	ask_fish 'p2ptopo --from=tests/machines/skyl'
	is "${output%%$'\t'*}" --from=tests/machines/skylake.snap
	ask_fish 'p2ptopo --root tests/mach'
	says tests/machines/
	ask_fish 'p2ptopo -F "tests/machines/switch-acs.snap" why ml'
	says mlx5_0
}

@test "they name no verb, option or column themselves" {
	local word
	p2ptopo --dump-cli
	for word in $(awk -F '\t' '$1 == "verb" { print $2 } $1 == "option" && $3 != "--dump-cli" { print $3 }' <<<"$output"); do
		! grep -nwF -e "$word" completions/* | grep -vE ':[[:space:]]*#|--dump-cli=complete|complete -' | grep -F -e "$word" ||
			fail "a completion names $word"
	done
}
