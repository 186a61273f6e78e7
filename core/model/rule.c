/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule.h"

#define P2PDMA "drivers/pci/p2pdma.c:"

static const struct p2p_rule_row rules[P2P_RULE_COUNT] = {
	[P2P_RULE_NONE] = { P2P_RULE_NONE, "none", "", "", "", "nothing was decided", NULL },
	[P2P_RULE_COMMON_CLEAN] = {
		P2P_RULE_COMMON_CLEAN, "common-clean", "4.20", "",
		P2PDMA "calc_map_type_and_dist (5.14-), __upstream_bridge_distance (5.4-5.13), "
		"upstream_bridge_distance (4.20-5.3)",
		"the paths meet below a host bridge and no hop on the way, the meeting point included, "
		"redirects", NULL },
	[P2P_RULE_REDIRECT_REFUSED] = {
		P2P_RULE_REDIRECT_REFUSED, "redirect-refused", "4.20", "5.3",
		P2PDMA "upstream_bridge_distance",
		"ACS redirects on the way, and this release then refuses, whatever the host bridge is",
		"clear ACS redirect on the hops named" },
	[P2P_RULE_NO_COMMON_BRIDGE] = {
		P2P_RULE_NO_COMMON_BRIDGE, "no-common-bridge", "4.20", "5.1",
		P2PDMA "upstream_bridge_distance",
		"there is no bridge above both, and this release knows no way through a host bridge",
		"a newer kernel, or a slot below the same switch" },
	[P2P_RULE_ZEN_ROOT_COMPLEX] = {
		P2P_RULE_ZEN_ROOT_COMPLEX, "zen-root-complex", "5.2", "5.3",
		P2PDMA "root_complex_whitelist",
		"both root complexes are AMD Zen (1022:1450) and no IOMMU is registered", NULL },
	[P2P_RULE_NOT_ZEN_ROOT_COMPLEX] = {
		P2P_RULE_NOT_ZEN_ROOT_COMPLEX, "not-zen-root-complex", "5.2", "5.3",
		P2PDMA "root_complex_whitelist",
		"there is no bridge above both, and not both root complexes are AMD Zen (1022:1450 at 00.0)",
		"a newer kernel, or a slot below the same switch" },
	[P2P_RULE_IOMMU_PRESENT] = {
		P2P_RULE_IOMMU_PRESENT, "iommu-present", "5.2", "5.3",
		P2PDMA "upstream_bridge_distance",
		"there is no bridge above both, and an IOMMU is registered on the PCI bus",
		"a kernel from 5.4 on, which does not ask for the IOMMU" },
	[P2P_RULE_CPU_ZEN] = {
		P2P_RULE_CPU_ZEN, "cpu-zen", "5.9", "", P2PDMA "cpu_supports_p2pdma",
		"the processor is AMD Zen (vendor AuthenticAMD, family 23 or later): any host bridge will do", NULL },
	[P2P_RULE_ALLOWLISTED] = {
		P2P_RULE_ALLOWLISTED, "allowlisted", "5.4", "", P2PDMA "host_bridge_whitelist",
		"the kernel's allowlist has the first function of the root bus on both sides", NULL },
	[P2P_RULE_SAME_HOST_BRIDGE_ONLY] = {
		P2P_RULE_SAME_HOST_BRIDGE_ONLY, "same-host-bridge-only", "5.4", "",
		P2PDMA "__host_bridge_whitelist",
		"the allowlist's row allows traffic inside one host bridge only (REQ_SAME_HOST_BRIDGE), "
		"and these are two",
		"slots below the same host bridge" },
	[P2P_RULE_NOT_ALLOWLISTED] = {
		P2P_RULE_NOT_ALLOWLISTED, "not-allowlisted", "5.4", "", P2PDMA "__host_bridge_whitelist",
		"the kernel's allowlist has no row for the first function of the root bus",
		"slots below the same switch" },
	[P2P_RULE_NO_ROOT_DEVICE] = {
		P2P_RULE_NO_ROOT_DEVICE, "no-root-device", "5.4", "", P2PDMA "pci_host_bridge_dev",
		"the root bus has no function that the kernel would look up in its allowlist",
		"slots below the same switch" },
	[P2P_RULE_KERNEL_WITHOUT_P2PDMA] = {
		P2P_RULE_KERNEL_WITHOUT_P2PDMA, "kernel-without-p2pdma", "4.20", "",
		"include/linux/pci-p2pdma.h (the stubs), drivers/pci/Kconfig:PCI_P2PDMA",
		"this kernel is built without P2PDMA", "a kernel built with CONFIG_PCI_P2PDMA=y" },
	[P2P_RULE_KERNEL_BEFORE_P2PDMA] = {
		P2P_RULE_KERNEL_BEFORE_P2PDMA, "kernel-before-p2pdma", "", "4.19", "drivers/pci/ (no p2pdma.c)",
		"P2PDMA came with Linux 4.20; this kernel is older", "a kernel from 4.20 on" },
	[P2P_RULE_ACS_REDIRECT] = {
		P2P_RULE_ACS_REDIRECT, "acs-redirect", "4.20", "", P2PDMA "pci_bridge_has_acs_redir",
		"its ACS control word has a redirecting bit (ReqRedir, CmpltRedir or EgressCtrl)",
		"clear ReqRedir, CmpltRedir and EgressCtrl there" },
	[P2P_RULE_ACS_UNKNOWN] = {
		P2P_RULE_ACS_UNKNOWN, "acs-unknown", "4.20", "", P2PDMA "pci_bridge_has_acs_redir",
		"whether its ACS redirects could not be read",
		"run as root, or have the snapshot taken as root" },
	[P2P_RULE_PLACE_UNKNOWN] = {
		P2P_RULE_PLACE_UNKNOWN, "place-unknown", "4.20", "", P2PDMA "calc_map_type_and_dist",
		"its place in the hierarchy could not be read", "a complete and consistent dump" },
	[P2P_RULE_PROCESSOR_UNKNOWN] = {
		P2P_RULE_PROCESSOR_UNKNOWN, "processor-unknown", "5.9", "", P2PDMA "cpu_supports_p2pdma",
		"the processor is not known, and a Zen would decide otherwise than another",
		"--assume cpu=AuthenticAMD/25 or cpu=GenuineIntel/6" },
	[P2P_RULE_ROOT_DEVICE_UNKNOWN] = {
		P2P_RULE_ROOT_DEVICE_UNKNOWN, "root-device-unknown", "5.2", "", P2PDMA "pci_host_bridge_dev",
		"which function the kernel looks up in its allowlist for this host bridge could not be read",
		"run as root" },
	[P2P_RULE_ROW_UNKNOWN] = {
		P2P_RULE_ROW_UNKNOWN, "row-unknown", "5.4", "", P2PDMA "pci_p2pdma_whitelist",
		"whether this release's allowlist has that row is not known",
		"--assume kernel= with a release that is known" },
	[P2P_RULE_IOMMU_UNKNOWN] = {
		P2P_RULE_IOMMU_UNKNOWN, "iommu-unknown", "5.2", "5.3", P2PDMA "upstream_bridge_distance",
		"whether an IOMMU is registered could not be read", NULL },
	[P2P_RULE_P2PDMA_UNKNOWN] = {
		P2P_RULE_P2PDMA_UNKNOWN, "p2pdma-unknown", "4.20", "", "drivers/pci/Kconfig:PCI_P2PDMA",
		"whether this kernel is built with P2PDMA could not be read", "--assume p2pdma=yes or p2pdma=no" },
	[P2P_RULE_KERNEL_UNKNOWN] = {
		P2P_RULE_KERNEL_UNKNOWN, "kernel-unknown", "", "", "Makefile:KERNELRELEASE",
		"the kernel's release is not known", "--assume kernel= with what uname -r says on that machine" },
	[P2P_RULE_KERNEL_NEWER] = {
		P2P_RULE_KERNEL_NEWER, "kernel-newer", "7.4", "", P2PDMA "calc_map_type_and_dist",
		"this kernel is newer than the newest rules known here",
		"a newer p2ptopo; what the newest rules known say is in `would be`" },
	[P2P_RULE_RULES_DISAGREE] = {
		P2P_RULE_RULES_DISAGREE, "rules-disagree", "4.20", "", P2PDMA "calc_map_type_and_dist",
		"this vendor's or stable kernel may follow one of several releases' rules, and they disagree here",
		"--assume kernel= with the mainline release whose rules it carries" },
};

static const struct p2p_ruleset_row rulesets[] = {
	{ P2P_RULESET_R0, "R0", { 4, 20, 0, true }, { 5, 1, 0, false }, P2P_ROOT_NONE,
	  "a common bridge without ACS redirect" },
	{ P2P_RULESET_R1, "R1", { 5, 2, 0, true }, { 5, 3, 0, false }, P2P_ROOT_SLOT_0,
	  "or, without an IOMMU, two AMD Zen root complexes" },
	{ P2P_RULESET_R2, "R2", { 5, 4, 0, true }, { 5, 8, 0, false }, P2P_ROOT_SLOT_0,
	  "or host bridges whose 00.0 is in the allowlist" },
	{ P2P_RULESET_R3, "R3", { 5, 9, 0, true }, { 5, 13, 0, false }, P2P_ROOT_SLOT_0,
	  "or any host bridge of an AMD Zen processor" },
	{ P2P_RULESET_R4, "R4", { 5, 14, 0, true }, { 5, 18, 0, false }, P2P_ROOT_FIRST_AT_0,
	  "the first function of the root bus counts, at 00.0 only" },
	{ P2P_RULESET_R5, "R5", { 5, 19, 0, true }, { 7, 0, 0, false }, P2P_ROOT_FIRST_OR_PORT,
	  "or a root port that is first, at any address" },
	{ P2P_RULESET_R6, "R6", { 7, 1, 0, true }, { 7, 3, 0, false }, P2P_ROOT_FIRST_OR_PORT,
	  "rows may stand for any device of a vendor" },
};

#define RULESET_COUNT (sizeof(rulesets) / sizeof(*rulesets))

const struct p2p_rule_row *p2p_rule_row(enum p2p_rule rule)
{
	return &rules[rule < P2P_RULE_COUNT ? rule : P2P_RULE_NONE];
}

struct p2p_release p2p_release_newest(void)
{
	return rulesets[RULESET_COUNT - 1].last;
}

struct p2p_release p2p_release_first(void)
{
	return rulesets[0].first;
}

bool p2p_release_before_p2pdma(struct p2p_release release)
{
	return p2p_release_compare_series(release, p2p_release_first()) < 0;
}

/* The last minor of each major of mainline that has ended. */
static const struct { uint16_t major, last; } majors[] = { { 4, 20 }, { 5, 19 }, { 6, 19 } };

struct p2p_release p2p_release_next(struct p2p_release release)
{
	for (size_t i = 0; i < sizeof(majors) / sizeof(*majors); i++)
		if (release.major == majors[i].major && release.minor >= majors[i].last)
			return (struct p2p_release){ (uint16_t)(release.major + 1), 0, 0, false };
	return (struct p2p_release){ release.major, (uint16_t)(release.minor + 1), 0, false };
}

/* 4.21, 5.20 or 6.30 were never released. */
static bool never_was(struct p2p_release release)
{
	for (size_t i = 0; i < sizeof(majors) / sizeof(*majors); i++)
		if (release.major == majors[i].major && release.minor > majors[i].last)
			return true;
	return false;
}

const struct p2p_ruleset_row *p2p_ruleset_of(struct p2p_release release)
{
	for (size_t i = 0; i < RULESET_COUNT && !never_was(release); i++)
		if (p2p_release_compare_series(release, rulesets[i].first) >= 0 &&
		    p2p_release_compare_series(release, rulesets[i].last) <= 0)
			return &rulesets[i];
	return NULL;
}
