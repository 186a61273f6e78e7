#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# p2pctl on overlays of recorded machines: nothing here touches this machine.

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
}

# `ctl MACHINE VERB ARG...`; MACHINE is one of tests/machines, or a file.
ctl() {
	local machine=$1 verb=$2
	shift 2
	[ -e "$machine" ] || machine=$(snap "$machine")
	p2pctl "$verb" -F "$machine" "$@"
}

with_state() { ctl "$@" --policy policy.yaml --state state; }

@test "plan A B: the changes in setpci's notation, what the pair becomes, and the price" {
	ctl switch-acs plan nvme0 nvme1
	exits 0
	says '0000:02:08.0 146.w 001d->(000c)->0011'
	says '0000:02:09.0 146.w 001d->(000c)->0011'
	says 'NOT_SUPPORTED becomes BUS_ADDR'
	says '04:00.0 (nvme1), 05:00.0 (eth0)'
	says 'pci=config_acs=x0100x1@0000:00:01.0/00.0/08.0;x0100x1@0000:00:01.0/00.0/09.0'
}

@test "plan A: one device is a mistake of the command line, for bootargs too" {
	for verb in plan bootargs; do
		p2pctl $verb -F "$(snap switch-acs)" nvme0
		exits 2
		complains "'$verb' takes [PROVIDER CLIENT]: one is missing"
	done
}

@test "plan A B: what the rules say is no promise where the kernel cannot, or may not" {
	p2pctl plan -F "$(snap without-p2pdma)" nvme0 nvme1
	says 'This one cannot: all stays'
	p2pctl plan -F "$(snap kernel-unknown)" nvme0 nvme1
	says 'whether this one can is not'
	p2pctl plan -F "$(snap switch-acs)" nvme0 nvme1
	says_not 'what the rules say'
}

@test "plan A B: where no change helps it says so, and an empty plan says so" {
	ctl root-port-acs plan nvme0 nvme2
	says 'no ACS change helps:'
	says 'Nothing is to be changed.'
	ctl switch plan nvme0 nvme1
	exits 0
	says 'BUS_ADDR stays: no hop'
	says 'Nothing is to be changed.'
}

@test "plan A B: on a machine whose ACS is not known nothing is changed on a guess" {
	ctl unprivileged plan nvme0 nvme1
	says 'nothing is changed on a guess'
	says 'Nothing is to be changed.'
}

@test "what plan promises is what p2ptopo says of the machine after enable" {
	with_state switch-acs plan --json
	exits 0
	json_ok
	local promised
	promised=$(get -c '[.plan.pairs[] | [.provider, .client, .after]] | sort')
	with_state switch-acs enable --save after.snap
	exits 0
	p2ptopo pairs -F after.snap --json
	is "$(get -c '[.pairs[] | select(.map == "BUS_ADDR") | [.provider, .client, .map]] | sort')" "$promised"
}

@test "enable twice changes nothing the second time; undo gives the machine back; then events are held" {
	with_state switch-acs enable --save after.snap
	with_state after.snap enable
	exits 0
	says 'Nothing is to be changed: it is as the policy wishes.'
	with_state after.snap status
	says '0000:02:08.0 146.w 001d->(000c)->0011: in force, by disks since'
	with_state after.snap undo
	exits 0
	says '0000:02:09.0 146.w 0011->(000c)->001d'
	with_state switch-acs status
	says 'Nothing of ours is in force.'
	says 'Held by undo'
	with_state switch-acs enable --auto
	exits 0
	complains 'held: undo took the last run back'
	with_state switch-acs enable
	exits 0
	says '0000:02:08.0 146.w 001d->(000c)->0011'
	with_state switch-acs status
	says_not 'Held by undo'
}

@test "enable --auto leaves in the log what it changed, and not each pair" {
	ctl switch-acs enable --auto --policy policy.yaml --state state
	exits 0
	says '0000:02:08.0 146.w 001d->(000c)->0011'
	says_not 'Pairs'
	says_not 'Price'
	# What is refused it says, with whose price it is.
	sed '/^end /d' "$(snap switch-acs)" >owned.snap
	echo 'read sys/bus/pci/devices/0000:05:00.0/driver_override = vfio-pci' >>owned.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' owned.snap)" >>owned.snap
	ctl owned.snap enable --auto --policy policy.yaml --state other
	exits 5
	says 'Refused for its price'
	says 'REFUSED: 05:00.0 (eth0), its driver_override is a driver'
}

@test "plan: other pairs whose answer changes, as the rules say it where the kernel has no P2PDMA" {
	sed 's/^read kernel.p2pdma = .*/read kernel\/p2pdma = n config/' "$(snap switch-acs)" >without.snap
	ctl without.snap plan nvme0 nvme1
	says 'Other pairs whose answer changes'
	says 'NOT_SUPPORTED becomes BUS_ADDR'
	says_not 'NOT_SUPPORTED becomes NOT_SUPPORTED'
}

@test "enable --auto says nothing when there is no policy, or all is as it wishes" {
	mkdir none
	ctl switch-acs enable --auto --policy none --state state
	exits 0
	is "$output" ''
	silent
	with_state switch-acs enable --save after.snap
	with_state after.snap enable --auto
	exits 0
	is "$output" ''
	silent
}

@test "status tells what has drifted, enable --auto heals it, and one undo takes back both" {
	with_state switch-acs enable
	with_state switch-acs status # the machine as before: somebody put ACS back
	says 'drifted: it is as before the change'
	says 'The kernel sets ACS anew when a function is reset'
	with_state switch-acs enable --auto --save after.snap
	says '0000:02:08.0 146.w 001d->(000c)->0011'
	with_state after.snap status --json
	json_ok
	is "$(get '[.in_force[] | .now] | unique | join(" ")')" after
	with_state after.snap undo
	exits 0
	with_state switch-acs status
	says 'Nothing of ours is in force.'
}

@test "disable DEVICE takes back what only it needs, and holds until enable DEVICE" {
	with_state switch-acs enable --save after.snap
	with_state after.snap disable nvme1
	exits 0
	says '0000:02:09.0 146.w 0011->(000c)->001d'
	is "$(<state/disabled)" 0000:00:01.0/00.0/09.0/00.0
	with_state switch-acs enable
	exits 0
	says 'The policy wishes no change'
	with_state switch-acs enable nvme1
	says '0000:02:09.0 146.w 001d->(000c)->0011'
	[ ! -s state/disabled ]
}

@test "what the policy no longer wishes is taken back" {
	with_state switch-acs enable --save after.snap
	sed -i 's/acs-redirect: off/acs-redirect: leave/; /acs-by/d' policy.yaml
	with_state after.snap enable
	exits 0
	says 'No longer wished or allowed, taken back:'
	says '0000:02:09.0 146.w 0011->(000c)->001d'
}

@test "what a new owner of a device forbids by now is taken back, and said to be refused" {
	with_state switch-acs enable --save after.snap
	sed 's/DRIVER=mlx5_core/DRIVER=vfio-pci/; s/mlx5_core/vfio-pci/g' after.snap >owned.snap
	with_state owned.snap enable --auto --save back.snap
	exits 5
	says '0000:02:09.0 146.w 0011->(000c)->001d'
	says 'REFUSED: 05:00.0'
	with_state back.snap status
	says 'Nothing of ours is in force.'
	with_state back.snap enable
	exits 5
	says_not 'taken back'
}

@test "--dry-run changes and writes nothing" {
	with_state switch-acs enable --dry-run
	exits 0
	says '0000:02:08.0'
	[ ! -e state ]
}

@test "every mistake of a policy at once, with file:line:column" {
	cat >policy.yaml <<-'EOF'
		schema: p2p-policy/1
		rules:
		  - name: disks
		    do: alow
		    provider: [{ driver: nvme }]
		    clients: [{ clas: "0108", id: zz }]
		  - name: other
		    do: deny
		    within: swich
	EOF
	with_state switch-acs enable
	exits 2
	complains "policy.yaml:4:9: 'do' must be allow or deny"
	complains "policy.yaml:5:5: unknown key 'provider', did you mean 'providers'?"
	complains "policy.yaml:6:17: unknown key 'clas', did you mean 'class'?"
	complains "policy.yaml:6:35: 'id' must be like \"144d:a80a\" or \"144d:\""
	complains "policy.yaml:9:13: 'within' must be system, node, host-bridge, root-port or switch"
	[ ! -e state/journal ] || [ "$(wc -l <state/journal)" = 1 ]
}

@test "a rehearsal needs a state folder of its own; --save needs a rehearsal" {
	p2pctl enable -F "$(snap switch-acs)" --policy policy.yaml
	exits 2
	complains 'give --state a folder of its own'
	p2pctl enable --policy policy.yaml --state state --save x
	exits 2
	complains '--save goes with --from'
}

@test "publish writes decoded words for every function, one a line; without ACS there is nothing to publish" {
	ctl switch-acs publish --state state
	exits 3 # a snapshot has no boot that goes on
	complains 'this boot and its events cannot be told'
	[ ! -e state/state.json ]
}

# `owned CMDLINE [LINE...]`: switch-acs with that on its command line, and sed's words for its third device.
owned() {
	sed "s|^read proc/cmdline = .*|read proc/cmdline = $1|" "$(snap switch-acs)" >owned.snap
	[ -z "${2-}" ] || sed -i "$2" owned.snap
	ctl owned.snap plan nvme0 nvme1
}

@test "a device that a guest or a process will own is not exposed, however its owner spells it" {
	local line id=15b3:101d
	[ "$(grep -c "PCI_ID=${id^^}" "$(snap switch-acs)")" = 1 ] || fail "the third device is another"
	for line in "vfio-pci.ids=$id" "vfio_pci.ids=8086:1,$id" 'vfio-pci.ids=0x15b3:0x101d' "vfio-pci.ids=\"$id\"" \
		"vfio-pci.ids=15b3:ffffffff" "pci-stub.ids=$id:ffffffff:ffffffff" 'xen-pciback.hide=(05:00.0)' \
		'xen-pciback.hide=(0000:05:00.*)(06:00.0)' 'xen-pciback.hide=(05:*.*)'; do
		owned "quiet $line"
		[ "$status" = 5 ] || fail "not refused with $line: $output"
		says 'REFUSED: 05:00.0'
		says 'accept-exposure: [{ address: "0000:05:00.0" }]'
		says_not 'At every boot'
	done
	for line in vfio-pci.ids=15b3:101e "vfio-pci.ids=$id:1:2:0:0" 'xen-pciback.hide=(05:00.1)' 'xen-pciback.hide=(0001:05:00.0)' \
		"quiet -- vfio-pci.ids=$id"; do
		owned "quiet $line"
		[ "$status" = 0 ] || fail "refused with $line: $output"
	done
	local driver
	for driver in vfio-pci mlx5_vfio_pci pci-stub pciback uio_pci_generic; do
		owned quiet "s/DRIVER=mlx5_core/DRIVER=$driver/"
		[ "$status" = 5 ] || fail "not refused with $driver: $output"
	done
}

# `edited SED`: switch-acs with a line of it changed, planned for.
edited() {
	sed "$1" "$(snap switch-acs)" | sed '$d' >edited.snap
	echo "end $(grep -cE '^(read|text|hex|link|list|fail) ' edited.snap)" >>edited.snap
	ctl edited.snap plan nvme0 nvme1
}

@test "who owns a device, or where it hangs, cannot be told: it is not taken for nobody's, or for nowhere" {
	edited '/^link sys.bus.pci.devices.0000:05:00.0 ->/i fail sys/bus/pci/devices/0000:05:00.0/driver_override EIO'
	exits 5
	says 'REFUSED: 05:00.0'
	edited 's|^link sys.bus.pci.devices.0000:05:00.0 -> .*|fail sys/bus/pci/devices/0000:05:00.0 EIO|'
	says '02:08.0: 03:00.0 (nvme0) reaches 04:00.0 (nvme1), 05:00.0'
}

@test "what a snapshot never recorded of a device's owner refuses nothing, is not counted, and is told" {
	edited ''
	exits 0
	says 'not recorded, and not counted: whether driver_override or the like gives to a'
	says '03:00.0 (nvme0), 04:00.0 (nvme1), 05:00.0 (eth0); on the machine'
	p2pctl plan -F edited.snap nvme0 nvme1 --json
	json_ok
	is "$(get '[.plan.price[].not_recorded | length] | join(" ")')" '3 3'
	local bdf words=''
	for bdf in 03:00.0 04:00.0 05:00.0; do
		words+="\\|^link sys.bus.pci.devices.0000:$bdf ->|i read sys/bus/pci/devices/0000:$bdf/driver_override = (null)"$'\n'
		grep -q "0000:$bdf/removable" "$(snap switch-acs)" ||
			words+="\\|^link sys.bus.pci.devices.0000:$bdf ->|i fail sys/bus/pci/devices/0000:$bdf/removable ENOENT"$'\n'
	done
	edited "$words"
	exits 0
	says_not 'not recorded'
	says '02:09.0: 04:00.0 (nvme1) reaches 03:00.0 (nvme0), 05:00.0 (eth0)'
}

@test "plan and status print what schema/p2pctl-1.json says" {
	json_all_ok
}
