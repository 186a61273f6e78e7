#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# why A B: hop by hop, the rule that decided, and what to type.

load helper

@test "yes: exit 0, and where the paths meet" {
	on switch why nvme0 nvme1
	exits 0
	says "map        BUS_ADDR"
	says "distance   4"
	says "locality   PIX"
	says "rule       common-clean"
	says "01:00.0"
	says_not "remedy"
}

@test "no: exit 1, each hop with its ACS words, and which of them redirect" {
	on switch-acs why nvme0 nvme1
	exits 1
	says "map        NOT_SUPPORTED"
	says "ReqRedir+ CmpltRedir+ EgressCtrl-"
	says "02:08.0"
	says "02:09.0"
	on switch-acs why -J nvme0 nvme1
	exits 1
	json_ok
	is "$(get '[.pairs[0].reasons[]|select(.rule=="acs-redirect")|.device]|join(" ")')" "0000:02:08.0 0000:02:09.0"
}

@test "not known: exit 4, and what is missing" {
	on unprivileged why nvme0 nvme1
	exits 4
	says "unknown"
	says "acs-unknown"
	on unprivileged why -J nvme0 nvme1
	exits 4
	json_ok
	get '.pairs[0].reasons[0].says' | grep -q 'only root may read it'
	on p2pdma-unknown why nvme0 nvme1
	exits 1 # refused whatever is built in
	on misplaced why nvme2 nvme0
	exits 4
	says "place-unknown"
}

@test "allowed, but by which way is not known: exit 0" {
	on unprivileged-zen why nvme0 nvme1
	exits 0
	says "allowed"
}

@test "a device is an address with or without domain, or a name that its driver gave" {
	on switch why -J 03:00.0 05:00.0
	local wanted
	wanted=$(get '.pairs[0]|.provider+" "+.client')
	for words in "0000:03:00.0 0000:05:00.0" "nvme0 eth0" "nvme0n1 mlx5_0" "nvme0 05:00.0"; do
		# shellcheck disable=SC2086
		on switch why -J $words
		is "$(get '.pairs[0]|.provider+" "+.client')" "$wanted"
	done
	on endpoint-acs why -J card0 card0
	is "$(get '.pairs[0].provider')" "0000:01:00.0"
}

@test "a device that is not there: exit 2, and how to list what is" {
	for words in "nvme7 nvme0" "nvme0 0000:77:00.0" "nvme0 7:0" "nvme0 ''"; do
		eval "on switch why $words"
		exits 2
		complains "tree --all"
		is "$output" ""
	done
}

@test "addresses of 13 characters shift nothing, and no device is looked for in the file that was named" {
	on vmd why 10000:e1:00.0 10000:e1:00.0
	is "$(grep -c '^  10000:e1:00.0 endpoint' <<<"$output")" 1
	on switch why nvme7 nvme0
	complains "switch.snap has no such device; \`p2ptopo -F $(snap switch) tree --all\`"
}

@test "a name with several functions is an error that lists them" {
	local copy=$BATS_TEST_TMPDIR/copy.snap
	# Two functions of one name cannot come from one class: a NIC renamed to a disk's name can.
	sed -e 's/eth0/nvme0/g' "$(snap switch)" >"$copy"
	p2ptopo why -F "$copy" nvme0 nvme1
	exits 2
	complains "0000:03:00.0"
	complains "0000:05:00.0"
}

@test "order matters to the words, not to the answer" {
	on switch-acs why -J nvme1 nvme0
	is "$(get '.pairs[0]|.provider+" "+.map')" "0000:04:00.0 NOT_SUPPORTED"
	is "$(get '[.pairs[0].reasons[]|select(.rule=="acs-redirect")|.device]|join(" ")')" "0000:02:09.0 0000:02:08.0"
}

@test "a function and itself" {
	on endpoint-acs why 01:00.2 01:00.2
	exits 0
	says "distance   0"
	on endpoint-acs why 01:00.0 01:00.0
	exits 1
	says "01:00.0"
	on endpoint-acs why -J 01:00.0 01:00.0
	json_ok
	is "$(get '[.pairs[0].reasons[].device]|map(select(.))|join(" ")')" "0000:01:00.0"
}

@test "a bridge is a function too" {
	on switch why -J 00:01.0 03:00.0
	exits 0
	json_ok
	is "$(get '.pairs[0]|[.map,.distance]|join(" ")')" "BUS_ADDR 3"
}

@test "devices of JSON are those on both walks" {
	on switch-acs why -J nvme0 nvme1
	is "$(get '[.devices[].bdf[5:]]|join(" ")')" "00:01.0 01:00.0 02:08.0 02:09.0 03:00.0 04:00.0"
}

@test "through the host bridge: both sides to their host bridge, and what is looked up there" {
	on icelake why nvme0 eth0
	exits 0
	says "THRU_HOST_BRIDGE"
	says "8086:09a2"
	says "pci0000:00"
	on skylake why nvme2 nvme3
	exits 1
	says "no-root-device"
	on haswell why nvme0 nvme1
	exits 1
	says "same-host-bridge-only"
}

@test "ten hops and more are all named" {
	on deep why -J nvme0 nvme1
	json_ok
	is "$(get '[.pairs[0].reasons[]|select(.rule=="acs-redirect")]|length')" 11
	is "$(get '.pairs[0].remedy.setpci|length')" 11
}

@test "offer and client are said, and do not change the route" {
	on offers why nvme1 nvme0
	exits 0
	says "not published"
	on offers why nvme3 nvme0
	says "CMB"
	on offers why 03:00.4 nvme0
	says "no driver is bound"
	on offers why nvme0 sda
	exits 0
	says "no:"
	on offers why nvme0 card0
	says "itself:"
}

@test "in a guest it is said that the host cannot be seen" {
	on laptop why 00:03.0 00:03.0
	exits 1
	says "virtual machine"
	says "would be   BUS_ADDR"
}

# ------------------------------------------------------------------ remedies

PATHS="0000:00:01.0/00.0/08.0 0000:00:01.0/00.0/09.0"

@test "up to 6.10: disable_acs_redir, which keeps the other bits" {
	for kernel in 4.20.0 5.3.0 5.10.13 6.1.176 6.8.12 6.10.14; do
		on switch-acs why -J nvme0 nvme1 --assume "kernel=$kernel"
		json_ok
		is "$(get '.pairs[0].remedy|[.kind,.becomes,.bootargs]|join(" ")')" \
			"acs BUS_ADDR pci=disable_acs_redir=${PATHS/ /;}"
	done
}

@test "6.11 to 6.12.22, 6.13.10 and 6.14.1: neither argument is right, and that is said" {
	for kernel in 6.11 6.11.0 6.11.5 6.12.0 6.12.8 6.12.22 6.13.3 6.13.10 6.14.1; do
		on switch-acs why -J nvme0 nvme1 --assume "kernel=$kernel"
		json_ok
		is "$(get '.pairs[0].remedy|[.kind,.becomes,(.bootargs|tostring)]|join(" ")')" "acs BUS_ADDR null"
		get '.pairs[0].remedy.says' | grep -q '6\.11 to 6\.14'
		is "$(get '.pairs[0].remedy.setpci[0]')" "setpci -s 0000:02:08.0 ECAP_ACS+6.w=0:2c"
	done
}

@test "6.12 to 6.14 without a point release, and 6.14.2 and later: whether they are right is not known" {
	for kernel in 6.12 6.13 6.14 6.14.2 6.14.11; do
		on switch-acs why -J nvme0 nvme1 --assume "kernel=$kernel"
		json_ok
		is "$(get '.pairs[0].remedy|[.kind,.becomes,(.bootargs|tostring)]|join(" ")')" "acs BUS_ADDR null"
		get '.pairs[0].remedy.says' | grep -q 'not known'
	done
}

@test "6.12.23, 6.13.11 and from 6.15 on: config_acs with what is on now spelled out" {
	for kernel in 6.12.23 6.12.107 6.13.11 6.13.12 6.15 6.15.0 6.16.9 6.17.0 6.19.6 7.0.0 7.3.4; do
		on switch-acs why -J nvme0 nvme1 --assume "kernel=$kernel"
		json_ok
		is "$(get '.pairs[0].remedy|[.kind,.becomes,.bootargs]|join(" ")')" \
			"acs BUS_ADDR pci=config_acs=x0100x1@${PATHS/ /;x0100x1@}"
	done
}

@test "flags: RR CR EC off, other bits that are on are 1, the rest as found" {
	on root-port-acs why -J nvme3 nvme4
	is "$(get '.pairs[0].remedy.bootargs')" "pci=config_acs=x0x0011@0000:00:02.0/00.0/02.0"
	on root-port-acs why -J nvme0 nvme1
	is "$(get '.pairs[0].remedy.bootargs')" "pci=config_acs=x0x00xx@0000:00:01.0"
	on root-port-acs why -J nvme0 nvme1 --assume acs:00:01.0=DirectTrans+,EgressCtrl+
	is "$(get '.pairs[0].remedy.bootargs')" "pci=config_acs=10x00xx@0000:00:01.0"
}

@test "the remedy that why names is the remedy: with it assumed, the pair becomes what was promised" {
	for line in "switch-acs nvme0 nvme1" "root-port-acs nvme0 nvme1" "root-port-acs nvme3 nvme4" "deep nvme0 nvme1" \
		"endpoint-acs 01:00.0 01:00.1" "sriov 01:00.1 01:00.2"; do
		read -r machine a b <<<"$line"
		for kernel in 6.8.0 7.2.12; do
			on "$machine" why -J "$a" "$b" --assume kernel=$kernel
			local bootargs becomes words=()
			bootargs=$(get '.pairs[0].remedy.bootargs')
			becomes=$(get '.pairs[0].remedy.becomes')
			while read -r bdf; do words+=(--assume "acs:$bdf=ReqRedir-,CmpltRedir-,EgressCtrl-"); done \
				< <(get '.pairs[0].remedy.setpci[]' | awk '{ print $3 }')
			on "$machine" why -J "$a" "$b" --assume kernel=$kernel "${words[@]}"
			is "$line: $(get '.pairs[0].map')" "$line: $becomes"
			# From 6.19 on, without an IOMMU, no argument reaches what no driver binds to: none is named.
			[[ $machine/$kernel == endpoint-acs/7.2.12 ]] && { is "$bootargs" null; continue; }
			on "$machine" why -J "$a" "$b" --assume kernel=$kernel --assume "cmdline=quiet $bootargs"
			is "$line $bootargs: $(get '.pairs[0].map')" "$line $bootargs: $becomes"
		done
	done
}

# switch-acs with 02:08.0 cleared since boot, as the setpci line does; with that command line.
cleared() {
	sed -e "s|^read proc/cmdline = .*|read proc/cmdline = $1|" "$(snap switch-acs)" |
		awk '/^hex / { here = /0000:02:08\.0\/config/ } here && /5f 00 1d 00/ { sub(/1d 00/, "11 00"); changed = 1 } { print }
			END { exit !changed }' >"$BATS_TEST_TMPDIR/box.snap"
}

# The argument that is printed, and what the same machine answers after a boot with it.
boots_to() { # CMDLINE [OPTION...]
	local cmdline=$1
	shift
	p2ptopo why -JF "$BATS_TEST_TMPDIR/box.snap" nvme0 nvme1 "$@"
	json_ok
	bootargs=$(get '.pairs[0].remedy.bootargs')
	says=$(get '.pairs[0].remedy.says')
	p2ptopo why -JF "$BATS_TEST_TMPDIR/box.snap" nvme0 nvme1 "$@" --assume "cmdline=$cmdline $bootargs"
	get '.pairs[0].map'
}

@test "the argument also names a hop that is clear now and redirects again after a boot" {
	local bootargs says
	cleared quiet
	p2ptopo why -JF "$BATS_TEST_TMPDIR/box.snap" nvme0 nvme1
	is "$(get '[.pairs[0].reasons[]|select(.rule=="acs-redirect")|.device]|join(" ")')" "0000:02:09.0"
	boots_to quiet >"$BATS_TEST_TMPDIR/map"
	is "$(<"$BATS_TEST_TMPDIR/map") $bootargs" "BUS_ADDR pci=config_acs=x0100x1@${PATHS/ /;x0100x1@}"
	grep -q "also names a hop, clear now" <<<"$says"
	boots_to quiet --assume kernel=6.8.0 >"$BATS_TEST_TMPDIR/map"
	is "$(<"$BATS_TEST_TMPDIR/map") $bootargs" "BUS_ADDR pci=disable_acs_redir=${PATHS/ /;}"
	# Where nothing is known of the boot, all that may redirect after one is named.
	sed -i 's/^read proc\/cmdline.*/fail proc\/cmdline EACCES/' "$BATS_TEST_TMPDIR/box.snap"
	p2ptopo why -JF "$BATS_TEST_TMPDIR/box.snap" nvme0 nvme1
	is "$(get '.pairs[0].remedy.bootargs')" "pci=config_acs=x0100x1@${PATHS/ /;x0100x1@}"
}

@test "an argument that the command line has is merged into the new one, which replaces it" {
	local bootargs says first second old
	read -r first second <<<"$PATHS"
	for old in "x0100x1@$first" "x0100x1@$first;xxxxxx1@pci:144d:a824" "xx000xx@0000:02:08.0;xx1xxxx@0000:00:01.0"; do
		cleared "quiet pci=noats,config_acs=$old"
		boots_to "quiet pci=noats,config_acs=$old" >"$BATS_TEST_TMPDIR/map"
		is "$(<"$BATS_TEST_TMPDIR/map") $bootargs" "BUS_ADDR pci=config_acs=x0100x1@$second;$old"
		grep -q "replaces the config_acs= of the command line" <<<"$says"
	done
	# Of a hop that is named anew what the old entry says of other bits stays, and the entry itself goes.
	cleared "pci=config_acs=00111x1@$second;x0100x1@$first"
	boots_to "pci=config_acs=00111x1@$second;x0100x1@$first" >"$BATS_TEST_TMPDIR/map"
	is "$(<"$BATS_TEST_TMPDIR/map") $bootargs" "BUS_ADDR pci=config_acs=00100x1@$second;x0100x1@$first"
	sed -i 's/^read proc\/sys\/kernel\/osrelease = .*/read proc\/sys\/kernel\/osrelease = 6.8.12/
		s/^read proc\/cmdline = .*/read proc\/cmdline = pci=disable_acs_redir=02:08.0/' "$BATS_TEST_TMPDIR/box.snap"
	boots_to "pci=disable_acs_redir=02:08.0" >"$BATS_TEST_TMPDIR/map"
	is "$(<"$BATS_TEST_TMPDIR/map") $bootargs" "BUS_ADDR pci=disable_acs_redir=$second;02:08.0"
	grep -q "replaces the disable_acs_redir= of the command line" <<<"$says"
}

@test "what cannot be promised is not printed, and why is said" {
	local bootargs says
	cleared 'pci=config_acs=xx0x0xx@$(reboot)'
	p2ptopo why -JF "$BATS_TEST_TMPDIR/box.snap" nvme0 nvme1
	is "$(get '.pairs[0].remedy|[.bootargs,.becomes]|map(tostring)|join(" ")')" "null BUS_ADDR"
	get '.pairs[0].remedy.says' | grep -q "no boot argument: it would replace the config_acs="
	on endpoint-acs why -J 01:00.0 01:00.1
	is "$(get '.pairs[0].remedy.bootargs')" null
	get '.pairs[0].remedy.says' | grep -q "no boot argument: without an IOMMU"
}

@test "where no ACS change helps, the first release that allows it is named" {
	on icelake why -J nvme0 eth0 --assume kernel=5.10.13
	is "$(get '.pairs[0].remedy|[.kind,.becomes]|join(" ")')" "kernel THRU_HOST_BRIDGE"
	get '.pairs[0].remedy.says' | grep -q '5\.18'
	on accelerator why -J nvme0 nvme1 --assume kernel=7.0.0
	get '.pairs[0].remedy.says' | grep -q '7\.[12]'
	on skylake why -J nvme0 nvme1 --assume kernel=5.10.13
	get '.pairs[0].remedy.says' | grep -q '5\.19'
	on naples why -J nvme0 eth0 --assume kernel=5.1.0
	get '.pairs[0].remedy.says' | grep -q '5\.2'
}

@test "where nothing helps, that is said" {
	on haswell why -J nvme0 nvme1
	is "$(get '.pairs[0].remedy|[.kind,(.becomes|tostring),(.bootargs|tostring)]|join(" ")')" "move null null"
	on rciep why 00:01.0 00:02.0
	says "no setting"
}

@test "a vendor's kernel: what its command line does is not promised" {
	local copy=$BATS_TEST_TMPDIR/copy.snap
	sed 's/^read proc\/sys\/kernel\/osrelease = .*/read proc\/sys\/kernel\/osrelease = 5.14.0-503.11.1.el9_5.x86_64/' \
		"$(snap switch-acs)" >"$copy"
	p2ptopo why -JF "$copy" nvme0 nvme1
	exits 1
	json_ok
	is "$(get '.pairs[0].remedy|[.kind,(.bootargs|tostring)]|join(" ")')" "acs null"
}

@test "some hops redirect, of others nobody knows: no promise" {
	local copy=$BATS_TEST_TMPDIR/copy.snap
	awk '/^hex .*0000:02:09.0\/config/ { print "fail sys/bus/pci/devices/0000:02:09.0/config EACCES"; skip = 1; next }
		skip && /^\t/ { next } { skip = 0; print }' "$(snap switch-acs)" >"$copy"
	p2ptopo why -JF "$copy" nvme0 nvme1
	exits 1
	is "$(get '.pairs[0].remedy|[.kind,(.becomes|tostring)]|join(" ")')" "look null"
}

@test "no P2PDMA in the kernel: first such a kernel, then what its rules ask for" {
	on without-p2pdma why nvme0 nvme1
	exits 1
	says "would be   NOT_SUPPORTED"
	says "CONFIG_PCI_P2PDMA"
	on without-p2pdma why -J nvme0 nvme1
	is "$(get '.pairs[0].remedy|[.kind,.becomes,.bootargs]|join(" ")')" \
		"kernel BUS_ADDR pci=config_acs=x0100x1@${PATHS/ /;x0100x1@}"
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
