#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Policies: merged, suggested, checked; what each selector names; what is refused.

load helper

setup() { cd "$BATS_TEST_TMPDIR"; }

# `rules RULE...`: policy.yaml of these rules, one a line, in braces.
rules() {
	printf 'schema: p2p-policy/1\nrules:\n' >policy.yaml
	[ $# = 0 ] || printf '  - { %s }\n' "$@" >>policy.yaml
}

# `ctl MACHINE VERB ARG...` with policy.yaml.
ctl() {
	local machine=$1 verb=$2
	shift 2
	[ -e "$machine" ] || machine=$(snap "$machine")
	p2pctl "$verb" -F "$machine" --policy policy.yaml "$@"
}

# `pairs RULE`: "provider>client ..." of the pairs whose ACS the plan would clear, or set, for that rule.
pairs() {
	get --arg rule "$1" '[.plan.pairs[] | select(.rule == $rule) | (.provider + ">" + .client) | gsub("0000:"; "")] | sort | join(" ")'
}

# The pairs that an allow rule of this selector means on switch-acs, as providers for the network card.
means() {
	rules "name: r, do: allow, providers: $1, clients: { driver: mlx5_core }, acs-redirect: off, acs-by: runtime" \
		"name: rest, do: allow, acs-redirect: off, acs-by: boot"
	ctl switch-acs plan --json
	exits 0
	json_ok
	pairs r
}

OFF='acs-redirect: off, acs-by: runtime'

# ------------------------------------------------------------------ suggest

@test "policy suggest A B is a policy, and its plan is that of plan A B" {
	for pair in "switch-acs nvme0 nvme1" "switch-acs nvme0 eth0" "root-port-acs nvme0 nvme2" "switch nvme0 nvme1" \
		"sriov nvme0 eth0" "vmd nvme0 nvme1" "skylake nvme0 nvme1"; do
		read -r machine a b <<<"$pair"
		p2pctl policy suggest -F "$(snap "$machine")" "$a" "$b"
		[ "$status" = 0 ] || { fail "$pair: $errors"; }
		silent
		echo "$output" >policy.yaml
		p2pctl plan -F "$(snap "$machine")" "$a" "$b" --json
		local wanted
		wanted=$status:$(get -c '.plan | walk(if type == "object" then del(.rule) else . end)')
		ctl "$machine" plan --json
		is "$status:$(get -c '.plan | walk(if type == "object" then del(.rule) else . end)')" "$wanted"
		ctl "$machine" policy
		exits 0
		ctl "$machine" check
		[ "$status" != 2 ]
	done
}

@test "policy suggest: by slot, and the lines in comments are taken too" {
	p2pctl policy suggest -F "$(snap switch-acs)" nvme0 eth0
	exits 0
	says '- slot: "0000:00:01.0/00.0/08.0/00.0"'
	says '# - id: "144d:a824"'
	says 'within: switch'
	# Instead of the slots, the kind of device: both drives.
	sed '/- slot:/d; s/# \(- id:\)/\1/; s/# \(pin-power\|expect\)/\1/' <<<"$output" >policy.yaml
	ctl switch-acs plan --json
	exits 0
	is "$(pairs 'nvme0 to eth0')" "03:00.0>05:00.0 04:00.0>05:00.0"
	ctl switch-acs policy --json
	json_ok
	is "$(get '.rules[0].pin_power, .rules[0].expect.link')" "true
not-degraded"
}

@test "policy suggest: no bridge, not one device twice, no JSON, and all three words" {
	p2pctl policy suggest -F "$(snap switch-acs)" nvme0 nvme0
	exits 2
	complains 'two different devices'
	p2pctl policy suggest -F "$(snap switch-acs)" 02:08.0 nvme0
	exits 2
	complains 'is a bridge'
	p2pctl policy suggest -F "$(snap switch-acs)" 00:00.0 nvme0
	exits 2
	p2pctl policy suggest -F "$(snap switch-acs)" nvme0
	exits 2
	complains 'takes [suggest PROVIDER CLIENT]: one is missing'
	p2pctl policy sugest -F "$(snap switch-acs)" nvme0 nvme1
	exits 2
	complains 'policy suggest PROVIDER CLIENT'
	p2pctl policy suggest -F "$(snap switch-acs)" nvme0 nvme1 --json
	exits 2
	p2pctl policy suggest -F "$(snap switch-acs)" nvme0 nvme99
	exits 2
}

@test "policy suggest: names of devices cannot end their comment" {
	p2ptopo list -F "$(snap hostile)" --json
	local devices
	mapfile -t devices < <(get '[.devices[].bdf] | .[0:2] | .[]')
	is "${#devices[@]}" 2
	p2pctl policy suggest -F "$(snap hostile)" "${devices[@]}"
	exits 0
	echo "$output" >policy.yaml
	[[ $output != *[$'\x01'-$'\x09'$'\x0b'-$'\x1f']* ]]
	ctl hostile plan
	exits 0
}

# ------------------------------------------------------------------- merged

@test "policy: what is printed is a policy that says the same" {
	awk '/^\.Bd -literal$/ { on = 1; next } /^\.Ed/ { on = 0 } on' "$TOP/man/p2p-policy.5" >policy.yaml
	ctl switch policy --json
	exits 0
	json_ok
	local wanted
	wanted=$(get -c 'del(.files, .rules[].where, .nvmet[].where)')
	is "$(get '[.rules[].name, .nvmet[].name] | join(",")')" "guests,disks to the network,exported,others"
	is "$(get '.rules[0].where.line')" 5
	ctl switch policy
	exits 0
	says '# policy.yaml:5:5'
	echo "$output" >again.yaml
	p2pctl policy -F "$(snap switch)" --policy again.yaml --json
	is "$(get -c 'del(.files, .rules[].where, .nvmet[].where)')" "$wanted"
}

@test "policy: several files of a folder, replaced by name, later files first" {
	mkdir d
	printf 'schema: p2p-policy/1\nrules:\n  - { name: a, do: deny }\n  - { name: b, do: deny }\n' >d/10.yaml
	printf 'schema: p2p-policy/1\nrules:\n  - { name: c, do: allow }\n  - { name: a, do: allow }\n' >d/20.yaml
	p2pctl policy --policy d --json
	exits 0
	json_ok
	is "$(get '[.rules[] | .name + .do] | join(" ")')" "callow aallow bdeny"
	is "$(get -c '.replaced')" '[{"name":"a","where":{"file":"d/10.yaml","line":3,"column":5},"by":{"file":"d/20.yaml","line":4,"column":5}}]'
	p2pctl policy --policy d
	says '# replaced: a of d/10.yaml:3:5, by d/20.yaml:4:5'
	says '# d/20.yaml:3:5'
}

@test "policy: without a file there is none, and one that is named must be there" {
	mkdir empty
	p2pctl policy --policy empty
	exits 0
	says 'There is no policy'
	for verb in policy check plan; do
		p2pctl "$verb" -F "$(snap switch)" --policy polcy
		exits 3
		complains 'polcy: No such file'
	done
	p2pctl enable -F "$(snap switch)" --policy polcy.d --state st
	exits 3
}

# ----------------------------------------------------------------- selectors

@test "selectors: each key alone, and several together" {
	is "$(means '{ driver: nvme }')" "03:00.0>05:00.0 04:00.0>05:00.0"
	is "$(means '{ address: "0000:03:00.0" }')" "03:00.0>05:00.0"
	is "$(means '{ address: "04:00.0" }')" "04:00.0>05:00.0"
	is "$(means '{ slot: "0000:00:01.0/00.0/09.0/00.0" }')" "04:00.0>05:00.0"
	is "$(means '{ id: "144d:" }')" "03:00.0>05:00.0 04:00.0>05:00.0"
	is "$(means '{ id: "144D:A824" }')" "03:00.0>05:00.0 04:00.0>05:00.0"
	is "$(means '{ id: "144d:a825" }')" ""
	is "$(means '{ class: "01" }')" "03:00.0>05:00.0 04:00.0>05:00.0"
	is "$(means '{ class: "010802" }')" "03:00.0>05:00.0 04:00.0>05:00.0"
	is "$(means '{ class: "010801" }')" ""
	is "$(means '{ class: "02" }')" ""
	is "$(means '{ driver: nvme, slot: "0000:00:01.0/00.0/09.0/00.0" }')" "04:00.0>05:00.0"
	is "$(means '{ driver: mlx5_core, slot: "0000:00:01.0/00.0/09.0/00.0" }')" ""
	is "$(means '[{ address: "0000:03:00.0" }, { address: "0000:04:00.0" }]')" "03:00.0>05:00.0 04:00.0>05:00.0"
	is "$(means '{ serial: "none" }')" ""
}

@test "selectors: node and serial" {
	rules "name: r, do: allow, providers: { node: 0 }, clients: { class: \"02\" }" "name: s, do: allow, providers: { serial: S1 }"
	ctl skylake check --json
	json_ok
	local all
	all=$(get '.check.rules[0].providers')
	rules "name: r, do: allow, providers: { node: 1 }, clients: { class: \"02\" }"
	ctl skylake check --json
	p2ptopo tree -F "$(snap skylake)" --json
	local zero one
	zero=$(get '[.devices[] | select(.numa_node == 0)] | length') one=$(get '[.devices[] | select(.numa_node == 1)] | length')
	[ "$((zero + one))" -gt 0 ]
	[ "$all" -le "$zero" ]
}

@test "within: each value, and the first rule that means a pair decides it" {
	local within wanted
	for within in switch root-port host-bridge system; do
		rules "name: near, do: allow, within: $within, $OFF"
		ctl switch-acs plan --json
		json_ok
		is "$(pairs near | wc -w)" 6
	done
	# Two below one root port each: not within a switch, nor one root port.
	for within in switch root-port; do
		rules "name: near, do: allow, providers: { driver: nvme }, clients: { driver: nvme }, within: $within, $OFF"
		ctl root-port-acs plan --json
		wanted=$(pairs near)
		[[ $wanted != *"03:00.0>01:00.0"* ]]
	done
	rules "name: first, do: allow, providers: { address: \"0000:03:00.0\" }, $OFF" "name: second, do: allow, within: switch, $OFF"
	ctl switch-acs plan --json
	is "$(pairs first)" "03:00.0>04:00.0 03:00.0>05:00.0"
	is "$(pairs second | wc -w)" 4
	rules "name: second, do: allow, within: switch, $OFF" "name: first, do: allow, providers: { address: \"0000:03:00.0\" }, $OFF"
	ctl switch-acs plan --json
	is "$(pairs first)" ""
	is "$(pairs second | wc -w)" 6
}

@test "pairs that meet at no switch: a few of each rule are listed, the others are counted" {
	"$TOP/tests/bats/big-machine" 2 1 nvme=5 >big.txt
	"$MACHINES/make" --from big.txt --into .
	echo 'schema: p2p-policy/1
rules:
  - { name: all, do: allow, within: system, acs-redirect: off, acs-by: runtime }' >policy.yaml
	p2pctl plan -F big.snap --policy policy.yaml --json
	json_ok
	# 5 by 5 disks on two sockets, both ways.
	is "$(get -c '.plan|[(.pairs|map(select(.says|tostring|test("no switch")))|length), .beyond]')" \
		'[16,[{"rule":"all","pairs":34,"says":"no ACS change helps: they meet at no switch"}]]'
	is "$(get '.plan.pairs|length')" 56
	p2pctl plan -F big.snap --policy policy.yaml
	says '  34 more pairs of rule all stay: no ACS change helps: they meet at no switch'
}

@test "a denied pair is not helped, and redirect is set where its rule wishes it" {
	rules "name: no, do: deny, providers: { driver: nvme }, clients: { driver: mlx5_core }" \
		"name: yes, do: allow, $OFF"
	ctl switch-acs plan --json
	is "$(pairs yes)" "03:00.0>04:00.0 04:00.0>03:00.0 05:00.0>03:00.0 05:00.0>04:00.0"
	# A switch without redirect gets it, and it wins over a rule that would clear it.
	rules "name: disks, do: allow, $OFF" >policy.yaml
	ctl switch-acs enable --state st --save clear.snap
	exits 0
	rules "name: apart, do: deny, providers: { driver: nvme }, clients: { driver: mlx5_core }, acs-redirect: on, acs-by: runtime" \
		"name: rest, do: allow, $OFF"
	ctl clear.snap plan
	exits 0
	says 'BUS_ADDR becomes NOT_SUPPORTED'
	says '(apart)'
	says '04:00.0 (nvme1) → 03:00.0 (nvme0): BUS_ADDR becomes NOT_SUPPORTED: another'
	# So says the machine after it.
	ctl clear.snap enable --state st2 --save apart.snap
	p2ptopo pairs -F apart.snap --json
	is "$(get '[.pairs[] | select(.provider != .client) | .map] | unique | join(" ")')" NOT_SUPPORTED
}

@test "accept-exposure lets a change through that would be refused; pin-power keeps both awake" {
	sed 's/driver=mlx5_core/driver=vfio-pci/; s/mlx5_core/vfio-pci/g' "$(snap switch-acs)" >vfio.snap
	local rule="name: disks, do: allow, providers: { driver: nvme }, clients: { driver: nvme }, $OFF"
	rules "$rule"
	ctl vfio.snap plan
	exits 5
	says 'REFUSED: 05:00.0'
	# What it says is to be added does it.
	rules "$rule, $(grep -o 'accept-exposure: .*' <<<"$output")"
	ctl vfio.snap plan
	exits 0
	says 'accepted: 05:00.0'
	says_not 'accept-exposure'
	rules "$rule, accept-exposure: { driver: vfio-pci }"
	ctl vfio.snap plan
	exits 0
	says 'accepted: 05:00.0'
	rules "$rule, accept-exposure: { driver: other }"
	ctl vfio.snap plan
	exits 5
	# A snapshot of a machine whose drives may sleep.
	rules "name: awake, do: allow, providers: { driver: nvme }, clients: { driver: nvme }, pin-power: true"
	sed '$d' "$(snap switch-acs)" | grep -v /power/control >sleepy.snap
	printf 'read sys/bus/pci/devices/0000:0%s:00.0/power/control = auto\n' 3 4 >>sleepy.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' sleepy.snap)" >>sleepy.snap
	ctl sleepy.snap plan
	exits 0
	says "0000:03:00.0/power/control: 'auto' -> 'on'"
	says "0000:04:00.0/power/control: 'auto' -> 'on'"
	says "(awake)"
}

# `named MACHINE NAME`: named.snap, that machine with a name.
named() {
	sed '/^read proc.sys.kernel.hostname/d; /^end /d' "$(snap "$1")" >named.snap
	echo "read proc/sys/kernel/hostname = $2" >>named.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' named.snap)" >>named.snap
}

@test "hosts: patterns of this host's name" {
	named switch-acs storage-7
	local pattern
	for pattern in 'storage-7' 'storage-?' '*-7' '[other, "st*"]' '*'; do
		[[ $pattern == \[* ]] || pattern="\"$pattern\""
		rules "name: r, do: allow, hosts: $pattern, $OFF"
		ctl named.snap plan --json
		exits 0
		is "$(pairs r | wc -w)" 6
	done
	for pattern in 'storage' 'Storage-7' '?' 'storage-7?' '[other]'; do
		[[ $pattern == \[* ]] || pattern="\"$pattern\""
		rules "name: r, do: allow, hosts: $pattern, $OFF"
		ctl named.snap plan --json
		is "$(pairs r | wc -w)" 0
		ctl named.snap check
		says 'not for this host'
	done
}

@test "hosts: where the name of this host is not known, what such a rule may mean is left alone, and no later rule decides" {
	sed '/^read proc.sys.kernel.hostname/d; /^end /d' "$(snap switch-acs)" >nameless.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' nameless.snap)" >>nameless.snap
	# A denial that was left out would let the next rule allow.
	rules "name: guests, do: deny, hosts: \"virt*\", providers: { driver: nvme }" "name: rest, do: allow, $OFF"
	local verb
	for verb in plan 'enable --state st' 'bootargs --kernel 7.2'; do
		# shellcheck disable=SC2086
		ctl nameless.snap $verb
		complains "the name of this host is not known, so nor is what rules with 'hosts' mean"
	done
	ctl nameless.snap plan --json
	exits 0
	json_ok
	is "$(pairs guests)" ""
	is "$(pairs rest)" "05:00.0>03:00.0 05:00.0>04:00.0"
	ctl nameless.snap check --json
	json_ok
	is "$(get '.check.rules[0].applies, .check.rules[0].unknown, .check.rules[1].pairs')" "null
4
2"
	ctl nameless.snap policy
	says 'perhaps not for this host, whose name is not known'
	ctl nameless.snap policy --json
	json_ok
	# What it accepts counts only where it is sure to mean this host.
	sed -i 's/driver=mlx5_core/driver=vfio-pci/; s/mlx5_core/vfio-pci/g' nameless.snap
	local disks="do: allow, providers: { driver: nvme }, clients: { driver: nvme }"
	rules "name: here, hosts: here, $disks, $OFF, accept-exposure: { driver: vfio-pci }" "name: disks, $disks, within: switch, $OFF"
	ctl nameless.snap plan --json
	exits 0
	is "$(get '.plan.changes | length')" 0
	# Every name fits this one.
	rules "name: all, hosts: ['x', '*'], $disks, $OFF, accept-exposure: { driver: vfio-pci }"
	ctl nameless.snap plan --json
	exits 0
	silent
	is "$(pairs all | wc -w)" 2
	# A namespace that such a wish may mean stays too.
	printf 'schema: p2p-policy/1\nnvmet:\n  - { name: a, subsystem: s, p2pmem: off, hosts: a* }\n  - { name: b, subsystem: "*", p2pmem: auto }\n' >policy.yaml
	target nameless.snap 0
	ctl target.snap plan --json
	exits 0
	json_ok
	is "$(get -c '.plan.namespaces[0] | [.rule, .after, .says]')" \
		'["a",null,"the name of this host is not known, so nor is whether it is wished here"]'
	ctl target.snap check
	exits 4
	says 's 1 (/dev/nvme1n1): p2pmem 0: the name of this host is not known'
}

# --------------------------------------------------------------------- check

# `target MACHINE P2PMEM [ENABLE]`: target.snap, a machine that offers its second disk, with that p2pmem.
target() {
	local at=sys/kernel/config/nvmet/subsystems
	sed "/^end /d; /^[a-z]* sys.kernel.config/d" "$1" >target.snap
	cat >>target.snap <<-END
		list $at : s
		list $at/s/namespaces : 1
		read $at/s/namespaces/1/device_path = /dev/nvme1n1
		read $at/s/namespaces/1/enable = ${3-0}
	END
	case $2 in
	EACCES | ENOENT) echo "fail $at/s/namespaces/1/p2pmem $2" >>target.snap ;;
	*) echo "read $at/s/namespaces/1/p2pmem = $2" >>target.snap ;;
	esac
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' target.snap)" >>target.snap
}

# `wish P2PMEM`: policy.yaml with that wish for s, on the last target.
wish() {
	printf 'schema: p2p-policy/1\nnvmet:\n  - { name: w, subsystem: s, p2pmem: %s }\n' "$1" >policy.yaml
	ctl target.snap check --json
	json_ok
}

# `answers EXIT SAYS`: of the one namespace.
answers() {
	exits "$1"
	is "$(get '[.check.findings[] | select(.condition == "nvmet") | .says] | join(" ")')" "$2"
}

@test "check: namespaces of nvmet against what is wished for them" {
	local disk='s 1 (/dev/nvme1n1): p2pmem'
	target "$(snap offers)" 0
	local provider
	provider=$(sed -n 's|^read sys/bus/pci/devices/\([^/]*\)/p2pmem/published = 1.*|\1|p' target.snap | head -n 1)
	[ "$provider" ] || fail 'no provider on that machine'
	wish off
	answers 0 ''
	wish auto
	answers 1 "$disk 0, wished 1"
	is "$(get -c '.check.nvmet[0] | [.namespaces, .met, .not_met, .unknown]')" '[1,0,1,0]'
	ctl target.snap check
	exits 1
	says 'w (policy.yaml:3:5): nvmet, 1 namespace; 0 met, 1 not met, 0 not known'
	says "  $disk 0, wished 1"
	wish '{ driver: nvm }'
	answers 1 "$disk 0: the selector of its p2pmem names no device here"
	wish '{ class: "01" }'
	answers 1 "$disk 0: the selector of its p2pmem names several devices"
	wish "{ address: \"$provider\" }"
	[ "$status" = 1 ] && says "$disk 0"
	target "$(snap offers)" 1 1
	wish auto
	answers 0 ''
	wish off
	answers 1 "$disk 1, wished 0"
	# A kernel without p2pmem has it off; what may not be read is not known.
	target "$(snap offers)" ENOENT
	wish off
	answers 0 ''
	wish auto
	answers 1 "$disk ?, wished 1: this kernel's nvmet has no p2pmem"
	target "$(snap offers)" EACCES
	wish auto
	answers 4 "$disk ?, wished 1: what it is set to cannot be read"
	# The first wish that names it decides.
	printf 'schema: p2p-policy/1\nnvmet:\n  - { name: a, subsystem: "s*", namespace: 1, p2pmem: off }\n  - { name: b, subsystem: s, p2pmem: auto }\n' >policy.yaml
	target "$(snap offers)" 0
	ctl target.snap check --json
	exits 0
	json_ok
	is "$(get -c '[.check.nvmet[] | .namespaces]')" '[1,0]'
	get '.check.warnings[0]' | grep -q "nvmet wish 'b' decides nothing on this machine: wishes before it"
}

@test "check: without nvmet, or where its namespaces cannot be listed" {
	local at=sys/kernel/config/nvmet/subsystems
	target "$(snap offers)" 0
	sed -i "\|^[a-z]* $at/s|d; s|^list $at .*|fail $at ENOENT list|; /^end /d" target.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' target.snap)" >>target.snap
	wish auto
	exits 0
	get '.check.warnings[0]' | grep -q "nvmet is not loaded, or configfs is not mounted"
	ctl target.snap plan
	exits 0
	sed -i "s|^fail $at ENOENT|fail $at EACCES|" target.snap
	wish auto
	answers 4 'which namespaces there are is not known'
	target "$(snap offers)" 0
	sed -i "s|^list $at/s/namespaces .*|fail $at/s/namespaces EACCES list|" target.snap
	wish auto
	answers 4 'which namespaces there are is not known'
	wish '"off"'
	exits 4
	target "$(snap offers)" 0
	printf 'schema: p2p-policy/1\nnvmet:\n  - { name: w, subsystem: other, p2pmem: auto }\n' >policy.yaml
	ctl target.snap check --json
	exits 0
	get '.check.warnings[0]' | grep -q "names no namespace of this machine"
}

@test "check: as the policy says, not so, not known; exit 0, 1, 4" {
	rules "name: r, do: allow, providers: { driver: nvme }, clients: { driver: nvme }"
	ctl switch check
	exits 0
	says 'As the policy says'
	ctl switch-acs check
	exits 1
	says '03:00.0 (nvme0) → 04:00.0 (nvme1): allowed, and refused'
	says 'Not as the policy says: 0 met, 2 not met, 0 not known.'
	ctl switch-acs check --json
	exits 1
	json_ok
	is "$(get '.check.answer, (.check.findings | length), .check.findings[0].met')" "not met
2
false"
	ctl unprivileged check
	exits 4
	says 'not known'
	ctl unprivileged check --json
	json_ok
	is "$(get .check.answer)" unknown
	rules "name: r, do: deny, providers: { driver: nvme }, clients: { driver: nvme }"
	ctl switch check
	exits 1
	says 'denied, and possible: BUS_ADDR'
	ctl switch-acs check
	exits 0
	rules
	echo 'schema: p2p-policy/1' >policy.yaml
	ctl switch check
	exits 0
	says 'p2pctl policy suggest'
	ctl switch check --json
	json_ok
}

@test "check: what a rule means is not guessed, and no later rule decides instead" {
	rules "name: near, do: deny, within: switch" "name: rest, do: allow, $OFF"
	ctl unprivileged check --json
	exits 4
	json_ok
	is "$(get '[.check.findings[] | select(.rule == "rest")] | length')" 0
	ctl unprivileged check
	says 'not known whether the rule means it'
	ctl unprivileged plan
	exits 0
	says 'Nothing is to be changed.'
}

@test "check: what rules expect" {
	rules "name: r, do: allow, providers: { driver: nvme }, clients: { driver: nvme }, expect: { p2pmem: 1T }"
	ctl offers check --json
	exits 1
	json_ok
	get '.check.findings[] | select(.condition == "p2pmem") | .says' | grep -q 'expected at least 1T'
	rules "name: r, do: allow, providers: { driver: nvme }, clients: { driver: nvme }, expect: { proved: intact, bytes-per-second: 1G }"
	ctl switch check --json
	exits 4
	json_ok
	is "$(get '[.check.findings[].condition] | join(" ")')" "proved bytes-per-second"
	ctl switch check
	says 'nothing was measured'
	# Of every machine whose links p2ptopo calls degraded, check says so.
	rules "name: r, do: allow, expect: { link: not-degraded }"
	local machine seen=''
	for machine in "$MACHINES"/*.snap; do
		p2ptopo tree -F "$machine" --json
		local ends
		ends=$(get '[.devices[] | select(.link and .link.state == "degraded") | .bdf] | sort | join(" ")')
		[ "$ends" ] || continue
		seen=yes
		p2pctl check -F "$machine" --policy policy.yaml --json
		exits 1
		json_ok
		local address
		for address in $(get '.check.findings[] | select(.condition == "link" and .met == false) | .device'); do
			[[ " $ends " == *" $address "* ]]
		done
		[ "$(get '[.check.findings[] | select(.condition == "link" and .met == false)] | length')" -gt 0 ]
	done
	[ "$seen" ]
}

@test "check: rules that can never match are mistakes; what names nothing here is a warning" {
	rules "name: all, do: allow, providers: { driver: nvme }" \
		"name: less, do: deny, providers: [{ driver: nvme, node: 0 }, { driver: nvme, class: \"0108\" }], within: switch" \
		"name: more, do: deny, providers: [{ driver: nvme }, { driver: mlx5_core }]"
	echo 'nvmet:
  - { name: one, subsystem: "a*", p2pmem: auto }
  - { name: two, subsystem: "ab", namespace: 3, p2pmem: off }' >>policy.yaml
	ctl switch-acs check
	exits 2
	complains "policy.yaml:4:5: rule 'less' can never match: 'all' before it (policy.yaml:3:5)"
	complains "policy.yaml:8:5: nvmet wish 'two' can never match: 'one' before it"
	[[ $errors != *"'more'"* ]]
	is "$output" ""
	ctl switch-acs check --json
	exits 2
	json_ok
	is "$(get '.check.answer, (.check.mistakes | length)')" "wrong policy
2"
	rules "name: r, do: allow, providers: [{ driver: nvm }, { driver: nvme }], clients: [{ address: \"0000:99:00.0\" }]" \
		"name: s, do: allow, hosts: [\"[abc]\"]" \
		"name: t, do: allow, providers: { driver: nvme }, clients: { driver: nvme }, within: switch" \
		"name: u, do: allow, providers: { id: \"144d:a824\" }, clients: { id: \"144d:a824\" }, within: root-port"
	named switch-acs storage-7
	COLUMNS=300 ctl named.snap check
	says "names no device of this machine under 'providers': { driver: nvm }; did you mean driver: nvme?"
	says "{ address: \"0000:99:00.0\" }"
	says "is for hosts '[abc]', which no host is called"
	says "rule 'u' decides nothing on this machine: rules before it decide all its pairs"
	ctl named.snap check --json
	json_ok
	is "$(get '.check.warnings | length')" 4
}

@test "check: every mistake at once, with the nearest word for keys and values" {
	cat >policy.yaml <<-'EOF'
		schema: p2p-policy/1
		ruls: []
		rules:
		  - name: disks
		    do: alow
		    provider: [{ driver: nvme }]
		    clients: [{ clas: "0108", id: zz }]
		    acs-redirect: of
		  - name: disks
		    do: deny
		    within: swich
		    expect: { prove: works, link: degraded }
		nvmet:
		  - name: x
		    subsystem: s
		    p2pmem: autp
		    live: restrt
	EOF
	ctl switch-acs check
	exits 2
	complains "policy.yaml:2:1: unknown key 'ruls', did you mean 'rules'?"
	complains "policy.yaml:5:9: 'do' must be allow or deny, did you mean 'allow'?"
	complains "policy.yaml:6:5: unknown key 'provider', did you mean 'providers'?"
	complains "policy.yaml:7:17: unknown key 'clas', did you mean 'class'?"
	complains "policy.yaml:7:35: 'id' must be like"
	complains "policy.yaml:8:19: 'acs-redirect' must be leave, off or on, did you mean 'off'?"
	complains "did you mean 'switch'?"
	complains "unknown key 'prove', did you mean 'proved'?"
	complains "did you mean 'not-degraded'?"
	complains "did you mean 'auto'?"
	complains "did you mean 'restart'?"
	ctl switch-acs check --json
	exits 2
	json_ok
	[ "$(get '.check.mistakes | length')" -ge 11 ]
}

# --------------------------------------------------------------- bad input

# `refused STATUS WORDS`: policy.yaml, or PLACE, by every verb that reads it.
refused() {
	local verb
	for verb in policy check plan enable; do
		p2pctl "$verb" -F "$(snap switch)" --policy "${3-policy.yaml}" $([ "$verb" = enable ] && echo --state st)
		exits "$1"
		complains "$2"
		[ ! -e st/journal ] || [ "$(wc -l <st/journal)" -le 1 ]
	done
}

@test "hostile files: too large, too deep, anchors, tags, twice, NUL, bad UTF-8, control characters, UTF-16" {
	head -c 10485760 /dev/zero | tr '\0' '#' >policy.yaml
	refused 2 'larger than 1 MiB'
	{ echo 'schema: p2p-policy/1'; printf 'rules: '; head -c 100000 /dev/zero | tr '\0' '['; } >policy.yaml
	refused 2 'nested deeper than 8'
	{ echo 'schema: p2p-policy/1'; printf 'rules: '; for i in {1..40}; do printf '{a: '; done; } >policy.yaml
	refused 2 'nested deeper than 8'
	printf 'schema: p2p-policy/1\nrules: &a [ *a ]\n' >policy.yaml
	refused 2 'policy.yaml:2:8: an anchor (&) is not allowed'
	printf 'schema: p2p-policy/1\nrules: [ *a ]\n' >policy.yaml
	refused 2 'policy.yaml:2:10: an alias (*) is not allowed'
	printf 'schema: p2p-policy/1\nrules: !!python/object:os.system [ x ]\n' >policy.yaml
	refused 2 'a tag (!) is not allowed'
	rules "name: a, do: allow" "name: a, do: deny"
	refused 2 "policy.yaml:4:13: the name 'a' a second time, the first is in line 3"
	rules "name: a, do: allow, do: deny"
	refused 2 "'do' a second time"
	printf 'schema: p2p-policy/1\nrules:\n  - { name: "a\\0", do: deny }\n' >policy.yaml
	refused 2 'a NUL in the text'
	printf 'schema: p2p-policy/1\nrules:\n  - { name: a\0, do: deny }\n' >policy.yaml
	refused 2 'policy.yaml:3:'
	printf 'schema: p2p-policy/1\nrules:\n  - { name: "\xff", do: deny }\n' >policy.yaml
	refused 2 'policy.yaml:3:14'
	printf 'schema: p2p-policy/1\nrules:\n  - { name: "\\e[2J", do: deny }\n' >policy.yaml
	refused 2 "policy.yaml:3:13: 'name' holds a control character"
	printf 'schema: p2p-policy/1\nrules:\n  - { name: a, do: deny, hosts: ["\\a"] }\n' >policy.yaml
	refused 2 "'hosts' holds a control character"
	printf 'schema: p2p-policy/1\n' | iconv -t UTF-16 >policy.yaml
	refused 2 'policy.yaml:1:1'
	: >policy.yaml
	refused 2 'there is nothing in this file'
	printf 'schema: p2p-policy/2\nruls: 5\n' >policy.yaml
	refused 2 "policy.yaml:1:9: the schema is 'p2p-policy/2', not 'p2p-policy/1'"
	printf 'schema: p2p-policy/1\nrules:\n\t- { name: a, do: deny }\n' >policy.yaml
	refused 2 'policy.yaml:3:1: a tab: YAML indents with blanks'
	printf 'schema: p2p-policy/1\nrules:\n  - name: a\n\t    do: deny\n' >policy.yaml
	refused 2 'policy.yaml:4:1: a tab'
	printf 'schema: p2p-policy/1\n\xef\xbb\xbfrules: []\n' >policy.yaml
	refused 2 'policy.yaml:2:'
	# What laughs a billion times in other readers.
	{
		printf 'schema: p2p-policy/1\na: &a [x, x, x]\n'
		for i in b c d e f g h; do printf '%s: &%s [*a, *a, *a]\n' $i $i; done
	} >policy.yaml
	refused 2 'policy.yaml:2:4: an anchor (&) is not allowed'
	printf 'schema: p2p-policy/1\n---\nschema: p2p-policy/1\n' >policy.yaml
	refused 2 'a second document is not allowed'
}

@test "very many rules, in one file and in many, end in a sentence, and soon" {
	{ echo 'schema: p2p-policy/1'; echo 'rules:'; seq -f '- {name: r%.0f, do: deny}' 1000000; } >policy.yaml
	refused 2 'larger than 1 MiB'
	{ echo 'schema: p2p-policy/1'; echo 'rules:'; seq -f '- {name: r%.0f, do: deny}' 12000; } >policy.yaml
	refused 2 'policy.yaml:3:1: more than 4096 rules'
	mkdir many
	for i in {1..5}; do
		{ echo 'schema: p2p-policy/1'; echo 'rules:'; seq -f "- {name: r$i.%.0f, do: deny}" 1000; } >"many/$i.yaml"
	done
	refused 2 'more rules, in all its files together' many
	mkdir crowd
	for i in {1..1100}; do echo 'schema: p2p-policy/1' >"crowd/$i.yaml"; done
	refused 2 'more policy files than are read' crowd
	# As many as may be: they are all tried for every pair.
	{ echo 'schema: p2p-policy/1'; echo 'rules:'; seq 4096 | sed 's/.*/- {name: r&, do: deny, providers: {serial: s&}}/'; } >policy.yaml
	ctl dgx plan
	exits 0
}

@test "a byte order mark at the start, and lines that end as on Windows, are a file like any other" {
	printf '\xef\xbb\xbfschema: p2p-policy/1\r\nrules:\r\n  - { name: a, do: deny }\r\n' >policy.yaml
	ctl switch policy --json
	exits 0
	silent
	is "$(get -c '.rules[0] | [.name, .where.line, .where.column]')" '["a",3,5]'
	printf '\xef\xbb\xbfschma: p2p-policy/1\n' >policy.yaml
	refused 2 'policy.yaml:1:1: '
}

@test "files that are small enough one by one, and too much together" {
	local i long
	long=$(head -c 2000 /dev/zero | tr '\0' x)
	mkdir many few
	for i in {1..5}; do
		{ echo 'schema: p2p-policy/1'; echo 'rules:'; seq 120 | sed "s/.*/- {name: r$i-&, do: deny, providers: {serial: $long}}/"; } >many/$i.yaml
	done
	refused 2 'more than one file may hold: 1 MiB, 65536 values' many
	# As values: 8 a rule are more than 65536.
	rm many/*
	for i in {1..4}; do
		{
			echo 'schema: p2p-policy/1'
			echo 'rules:'
			seq 1000 | sed "s/.*/- {name: r$i-&, do: deny, providers: [{node: 0}, {node: 1}, {node: 2}, {node: 3}]}/"
		} >many/$i.yaml
	done
	refused 2 'more than one file may hold: 1 MiB, 65536 values' many
	# What is taken reads back.
	cp many/[123].yaml few
	p2pctl policy --policy few
	exits 0
	echo "$output" >whole.yaml
	[ "$(stat -c %s whole.yaml)" -gt 131072 ]
	p2pctl policy --policy whole.yaml --json
	exits 0
	is "$(get '.rules | length')" 3000
}

@test "what is no file: a FIFO, a device, a folder in a folder, links that lead nowhere or round" {
	mkfifo policy.yaml
	refused 2 'policy.yaml: not a regular file'
	if [ "$(id -u)" = 0 ]; then
		refused 3 "/dev/zero is not root's, or others may write it" /dev/zero
	else
		refused 2 '/dev/zero: not a regular file' /dev/zero
	fi
	rm policy.yaml
	mkdir -p d/10.yaml
	refused 2 'd/10.yaml: not a regular file' d
	rmdir d/10.yaml
	mkfifo d/10.yaml
	refused 2 'd/10.yaml: not a regular file' d
	rm d/10.yaml
	ln -s nowhere d/10.yaml
	refused 3 'd/10.yaml: No such file' d
	ln -sf 10.yaml d/10.yaml
	refused 3 'Too many levels of symbolic links' d
	ln -sfn "$PWD/d" d/10.yaml
	refused 2 'd/10.yaml: not a regular file' d
	rm d/10.yaml
	rules "name: linked, do: deny"
	ln -s ../policy.yaml d/10.yaml
	ln -s "$PWD/d" e
	p2pctl policy --policy e
	exits 0
	says 'linked'
	p2pctl policy --policy d/
	says 'linked'
	p2pctl policy --policy "../${PWD##*/}/./policy.yaml"
	says 'linked'
	refused 3 'No such file' ''
	refused 3 'File name too long' "$(head -c 300 /dev/zero | tr '\0' a)"
}

@test "root reads only what root alone could have written; others read what they may" {
	if [ "$(id -u)" != 0 ]; then
		# Nothing of it holds for others: the file is theirs.
		rules "name: mine, do: deny"
		chmod 666 policy.yaml
		ctl switch policy
		exits 0
		return
	fi
	mkdir -p safe/d
	rules "name: r, do: deny"
	mv policy.yaml safe/d/x.yaml
	p2pctl policy --policy safe/d
	exits 0
	for what in safe safe/d safe/d/x.yaml; do
		chmod o+w "$what"
		refused 3 "$what is not root's, or others may write it" safe/d/x.yaml
		refused 3 "is not root's" safe/d
		chmod o-w,g+w "$what"
		refused 3 "is not root's" safe/d/x.yaml
		chmod g-w "$what"
		chown 65534 "$what"
		refused 3 "is not root's" safe/d/x.yaml
		chown 0 "$what"
		p2pctl policy --policy safe/d/x.yaml
		exits 0
	done
	# A folder in which others could have put or removed a file, even when nothing is in it.
	mkdir open
	chmod 777 open
	refused 3 'open: not read: ' open
	# As in /tmp, what is root's cannot be replaced there; but what is a stranger's is refused, links too.
	chmod 1777 open
	cp safe/d/x.yaml open/x.yaml
	p2pctl policy --policy open/x.yaml
	exits 0
	ln -s ../safe/d/x.yaml open/mine.yaml
	p2pctl policy --policy open/mine.yaml
	exits 0
	ln -s ../safe/d/x.yaml open/theirs.yaml
	chown -h 65534 open/theirs.yaml
	refused 3 'open/theirs.yaml is not root' open/theirs.yaml
	# A link elsewhere is as good as where it leads, and as the way there.
	mkdir -p theirs/d
	cp safe/d/x.yaml theirs/d/x.yaml
	ln -s ../../theirs/d/x.yaml safe/d/y.yaml
	p2pctl policy --policy safe/d/y.yaml
	exits 0
	chown 65534 theirs
	refused 3 'theirs is not root' safe/d/y.yaml
	refused 3 'theirs is not root' safe/d/../d/y.yaml
}

@test "names that would change a terminal are made visible, in text and JSON, and read back" {
	printf 'schema: p2p-policy/1\nrules:\n  - { name: "\\u202e\\u0085x", do: deny }\n' >policy.yaml
	mv policy.yaml $'a\nb.yaml'
	p2pctl policy --policy $'a\nb.yaml'
	exits 0
	says '# read: a\x0ab.yaml'
	says '- name: "\u202E\u0085x"'
	echo "$output" >policy.yaml
	ctl switch policy --json
	exits 0
	json_ok
	is "$(get '.rules[0].name | explode | map(tostring) | join(" ")')" "8238 133 120"
	ctl switch check
	[[ $output != *$'\xe2\x80\xae'* ]]
}

@test "what the program takes and what schema/p2p-policy-1.json takes is the same" {
	awk '/^\.Bd -literal$/ { on = 1; next } /^\.Ed/ { on = 0 } on' "$TOP/man/p2p-policy.5" >good-page.yaml
	p2pctl policy suggest -F "$(snap switch-acs)" nvme0 nvme1
	echo "$output" >good-suggested.yaml
	p2pctl policy --policy good-page.yaml
	echo "$output" >good-printed.yaml
	awk '/^\.Bd -literal -offset indent$/ { on = 1; next } /^\.Ed/ { on = 0 } on' "$TOP/man/p2pctl.8" >good-short.yaml
	printf 'schema: p2p-policy/2\n' >bad-schema.yaml
	printf 'rules: []\n' >bad-none.yaml
	printf 'schema: p2p-policy/1\nrules: {}\n' >bad-map.yaml
	printf 'schema: p2p-policy/1\nnvmet:\n' >bad-null.yaml
	printf '[]\n' >bad-list.yaml
	"$TOP/tests/schema/policy" "$P2PCTL" ./*.yaml
}

@test "plan, status, policy and check print what schema/p2pctl-1.json says" {
	json_all_ok
}
