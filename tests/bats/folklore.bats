#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Advice in circulation that is wrong for this machine.

load helper

# tree_has "ID ID" MACHINE ASSUMPTION...: exactly these, of the machine.
tree_has() {
	local want=$1 machine=$2 words=()
	shift 2
	for word; do words+=(--assume "$word"); done
	on "$machine" tree -J "${words[@]}"
	json_ok
	is "$(get '[.folklore[].id]|join(" ")')" "$want"
}

# why_has "ID ID" MACHINE A B ASSUMPTION...: of the pair.
why_has() {
	local want=$1 machine=$2 a=$3 b=$4 words=()
	shift 4
	for word; do words+=(--assume "$word"); done
	on "$machine" why -J "$a" "$b" "${words[@]}"
	json_ok
	is "$(get '[.folklore[].id]|join(" ")')" "$want"
}

@test "an ordinary machine hears none" {
	for machine in switch switch-acs zen icelake laptop no-pci unprivileged; do
		tree_has "" "$machine"
	done
	on switch tree
	says_not Folklore
	on switch why nvme0 nvme1
	says_not folklore
}

@test "SrcValid and the like do no harm: where nothing redirects, and only there" {
	why_has harmless-bits switch-acs nvme0 nvme1 acs:*=0:2c
	get '.folklore[0].says' | grep -q '^SrcValid+ UpstreamFwd+ of 02:08.0 and another do no harm'
	is "$(get '.folklore[0].cite')" drivers/pci/p2pdma.c:pci_bridge_has_acs_redir
	why_has harmless-bits switch-acs nvme0 nvme1 acs:02:08.0=1
	get '.folklore[0].says' | grep -q '^SrcValid+ of 02:08.0 does no harm'
	why_has harmless-bits switch-acs nvme0 nvme1 acs:*=0 acs:02:09.0=40
	get '.folklore[0].says' | grep -q '^DirectTrans+ of 02:09.0 does no harm'
	why_has "" switch-acs nvme0 nvme1
	# Above the meeting point nothing is tested, and between host bridges nothing at all.
	why_has "" switch-acs nvme0 nvme1 acs:02:08.0=0 acs:02:09.0=0 acs:00:01.0=1
	tree_has harmless-bits switch-acs acs:02:08.0=1
	why_has "" icelake nvme0 eth0
	# What was not read, or an assumed boot leaves open, is not called harmless.
	tree_has "" unprivileged acs:02:08.0=SV+
	on switch-acs why nvme0 nvme1 --assume acs:*=0:2c
	says "folklore   SrcValid+ UpstreamFwd+ of 02:08.0 and another do no harm"
}

@test "every ACS word cleared, though the IOMMU has the kernel set them" {
	tree_has all-cleared switch-acs acs:*=0
	tree_has harmless-bits switch-acs acs:*=0:2c
	tree_has "" switch-acs acs:*=0 acs:02:08.0=RR+
	tree_has "" switch acs:*=0
	# An argument that clears is a boot: groups are made after it.
	tree_has "" switch-acs "cmdline=pci=config_acs=0000000@pci:0:0"
	on switch-acs tree --assume acs:*=0
	says "Folklore: every ACS word is zero"
}

@test "pci=noacs does not exist" {
	tree_has pci-noacs switch cmdline=pci=noacs
	why_has pci-noacs switch nvme0 nvme1 "cmdline=quiet pci=noats,noacs"
	tree_has "" switch "cmdline=noacs quiet=pci=noacs"
	tree_has "" switch "cmdline=quiet -- pci=noacs"
	on switch why nvme0 nvme1 --assume cmdline=pci=noacs
	says "folklore   pci=noacs does not exist"
}

@test "pcie_acs_override= changes groups only" {
	tree_has pcie-acs-override switch "cmdline=pcie_acs_override=downstream,multifunction"
	tree_has pcie-acs-override zen "cmdline=pcie_acs_override=id:1234:5678"
}

@test "the IOMMU: off, pt, and words that do not exist" {
	tree_has iommu-off switch cmdline=iommu=off
	tree_has iommu-off switch cmdline=intel_iommu=off
	get '.folklore[0].says' | grep -q 'firmware that asks for DMA protection'
	tree_has iommu-off zen cmdline=amd_iommu=off
	get '.folklore[0].says' | grep -q '^amd_iommu=off does not help'
	tree_has iommu-off zen cmdline=iommu=off
	get '.folklore[0].says' | grep -q '^iommu=off need not help'
	# What does nothing there, and what is not known.
	tree_has "" switch cmdline=amd_iommu=off
	tree_has "" zen cmdline=intel_iommu=off
	tree_has "" zen cmdline=amd_iommu=off kernel=7.9
	tree_has "" switch "cmdline=intel_iommu=off intel_iommu=on"
	tree_has "" switch cmdline=iommu=off kernel=5.3.0 # which does ask
	tree_has iommu-pt switch-acs cmdline=iommu=pt
	why_has iommu-pt switch-acs nvme0 nvme1 "cmdline=intel_iommu=on iommu=pt"
	tree_has "" switch cmdline=iommu=pt
	tree_has amd-iommu-on zen cmdline=amd_iommu=on
	tree_has "" zen cmdline=amd_iommu=force_enable
	tree_has iommu-on switch cmdline=iommu=on
	# Not on other processors.
	tree_has "" arm64 "cmdline=iommu=on iommu=off amd_iommu=on"
}

@test "disable_acs_redir= and config_acs= by release" {
	D="cmdline=pci=disable_acs_redir=99:00.0" A="cmdline=pci=config_acs=0@99:00.0"
	tree_has "" switch "$D" kernel=6.10.0
	tree_has disable-acs-redir switch "$D" kernel=6.12.22
	get '.folklore[0].says' | grep -q 'does not clear redirect'
	tree_has disable-acs-redir switch "$D" kernel=6.12.23
	get '.folklore[0].says' | grep -q 'clears more than redirect'
	tree_has "" switch "$D" kernel=6.12 # which of the two is not known
	tree_has config-acs switch "$A" kernel=6.10.0
	get '.folklore[0].says' | grep -q 'came with 6.11'
	tree_has config-acs switch "$A" kernel=6.14.1
	get '.folklore[0].says' | grep -q 'only the first entry'
	tree_has "" switch "$A" kernel=6.14.2
	tree_has "" el9 "$A"
}

@test "use_cmb_sqes and pcie_bus_peer2peer decide nothing" {
	tree_has use-cmb-sqes switch cmdline=nvme.use_cmb_sqes=0
	tree_has use-cmb-sqes switch cmdline=nvme.use_cmb_sqs=1
	get '.folklore[0].says' | grep -q 'does not exist'
	tree_has pcie-bus-peer2peer switch cmdline=pci=pcie_bus_peer2peer
}

@test "several at once, in one order; lines fit the terminal" {
	tree_has "pci-noacs pcie-acs-override iommu-off" switch "cmdline=iommu=off pcie_acs_override=downstream pci=noacs"
	on switch tree --assume "cmdline=iommu=off pcie_acs_override=downstream pci=noacs"
	while IFS= read -r line; do [ ${#line} -le 80 ] || fail "too wide: $line"; done <<<"$output"
	is "$(grep -c '^Folklore: ' <<<"$output")" 3
}

@test "every id is in the manual page with its citation, and the page has no other" {
	local in_program in_page
	in_program=$(sed -nE '/^\} rows\[\] = \{/,/^\};/s/^\t\{ "([a-z0-9-]+)".*/\1/p' "$TOP/core/engine/folklore.c" | sort)
	in_page=$(sed -nE '/^\.Sh FOLKLORE/,/^\.Sh EXAMPLES/s/^\.It Cm //p' "$TOP/man/p2ptopo.8" | sort)
	is "$in_program" "$in_page"
	is "$(jq -r '.["$defs"].folklore.items.properties.id.enum[]' "$TOP/schema/p2ptopo-1.json" | sort)" "$in_program"
	# Every citation of the rows stands there too.
	while IFS= read -r cite; do
		grep -qF "$cite" "$TOP/man/p2ptopo.8" || fail "the page lacks $cite"
	done < <(grep -oE '"(drivers|arch)/[^"]*"' "$TOP/core/engine/folklore.c" | tr -d '"')
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
