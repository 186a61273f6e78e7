/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KERNEL (5.10.262, 6.1.192, 6.12.117):
 *
 * AMD: drivers/iommu/amd/init.c:state_next calls detect_ivrs, which requests
 * ACS wherever there is an IVRS table, before it looks at amd_iommu=off.  With
 * iommu=off amd_iommu_detect does nothing, but
 * drivers/iommu/irq_remapping.c:irq_remapping_prepare comes to the same states
 * through amd_iommu_prepare, unless interrupt remapping is not built or off.
 *
 * Intel: drivers/iommu/intel/dmar.c:dmar_required (5.10: in
 * detect_intel_iommu) requests ACS with intel_iommu=off too where the firmware
 * asks for DMA protection.  In 6.1 and 6.12 tboot overrules iommu=off.  A later
 * word can then turn the IOMMU on (drivers/iommu/intel/iommu.c:
 * tboot_force_iommu, platform_optin_force_iommu).
 */
#include "acs-request.h"

#include <string.h>

#include "cmdline.h"

/* What an IOMMU's driver goes by.  With all else the same, a higher one requests ACS wherever a lower one does. */
enum level { LEVEL_ALL_OFF, LEVEL_OFF, LEVEL_DEFAULT, LEVEL_ON };

static bool is_cpu(const struct p2p_host *host, const char *vendor)
{
	return p2p_known(host->cpu_vendor.fact) && !strcmp(host->cpu_vendor.text, vendor);
}

static bool may_be_intel(const struct p2p_host *host)
{
	return !is_cpu(host, "AuthenticAMD") && !is_cpu(host, "HygonGenuine");
}

static bool may_be_amd(const struct p2p_host *host)
{
	return !is_cpu(host, "GenuineIntel");
}

static enum level intel_level(const struct p2p_cmdline *cmdline)
{
	if (p2p_cmdline_iommu_off(cmdline))
		return LEVEL_ALL_OFF;
	switch (p2p_cmdline_intel_iommu(cmdline)) {
	case P2P_SAID_OFF:
		return LEVEL_OFF;
	case P2P_SAID_ON:
		return LEVEL_ON;
	default:
		return LEVEL_DEFAULT;
	}
}

static enum level amd_level(const struct p2p_cmdline *cmdline)
{
	if (p2p_cmdline_iommu_off(cmdline))
		return LEVEL_ALL_OFF;
	return p2p_cmdline_amd_iommu(cmdline) == P2P_SAID_OFF ? LEVEL_OFF : LEVEL_DEFAULT;
}

/* KERNEL: 7.3 was measured; a change to that was proposed for later ones. */
enum p2p_answer p2p_acs_request_amd_off(struct p2p_release release)
{
	static const struct p2p_release measured = { 7, 3, 0, true };

	return release.major && p2p_release_compare_series(release, measured) <= 0 ? P2P_YES : P2P_MAYBE;
}

static enum p2p_answer is_there(const struct p2p_host *host)
{
	if (!p2p_known(host->iommu))
		return P2P_MAYBE;
	switch (host->iommu_kind) {
	case P2P_IOMMU_NONE:
		return P2P_NO;
	case P2P_IOMMU_INTEL:
	case P2P_IOMMU_AMD:
		return P2P_YES;
	default:
		return P2P_MAYBE; /* not all of them request ACS, nor all soon enough */
	}
}

/* ------------------------------------------------------ the boot that was read */

void p2p_acs_request_read(struct p2p_arena *arena, const struct p2p_host *host, struct p2p_boot *boot)
{
	struct p2p_cmdline cmdline = { 0 };

	boot->requested = boot->iommu = is_there(host);
	if (p2p_absent(host->cpu_vendor.fact) || boot->iommu == P2P_MAYBE)
		return;
	if (boot->cmdline)
		p2p_cmdline_split(arena, boot->cmdline, &cmdline);
	enum level intel = intel_level(&cmdline), amd = amd_level(&cmdline);

	switch (host->iommu_kind) {
	case P2P_IOMMU_INTEL:
		/* Off, and there all the same: forced on, which may have been too late. */
		if (boot->cmdline && intel < LEVEL_DEFAULT)
			boot->requested = P2P_MAYBE;
		break;
	case P2P_IOMMU_NONE:
		/* With tboot it would be there. */
		if (!boot->cmdline || may_be_amd(host) || intel != LEVEL_ALL_OFF)
			boot->requested = P2P_MAYBE;
		boot->rewritten = boot->cmdline && !may_be_intel(host) && amd < LEVEL_DEFAULT;
		break;
	default:
		break;
	}
}

/* ------------------------------------------------------------ another boot */

/* Two command lines. */
struct change {
	const struct p2p_host *host;
	bool old_known;
	struct p2p_cmdline old, new;
};

static bool same_words(const struct change *change, const char *name)
{
	const struct p2p_argument *old, *new;
	size_t i = 0, j = 0;

	do {
		old = p2p_cmdline_next(&change->old, name, &i);
		new = p2p_cmdline_next(&change->new, name, &j);
		if (!old != !new || (old && !old->value != !new->value) ||
		    (old && old->value && strcmp(old->value, new->value) != 0))
			return false;
	} while (old);
	return true;
}

/* KERNEL: drivers/iommu/irq_remapping.c:setup_irqremap, arch/x86/kernel/apic/apic.c:enable_IR_x2apic */
static bool same_irq_remapping(const struct change *change)
{
	return same_words(change, "nointremap") && same_words(change, "intremap") && same_words(change, "noapic") &&
	       same_words(change, "nolapic") && same_words(change, "disableapic");
}

static bool says_noforce(const struct p2p_cmdline *cmdline)
{
	const struct p2p_argument *argument;
	size_t at = 0;

	while ((argument = p2p_cmdline_next(cmdline, "intel_iommu", &at)))
		if (argument->value && p2p_cmdline_lists(argument->value, "tboot_noforce"))
			return true;
	return false;
}

static void compare_levels(const struct change *change, struct p2p_boot *after)
{
	enum level intel = intel_level(&change->new), amd = amd_level(&change->new);

	if (may_be_intel(change->host)) {
		enum level old = intel_level(&change->old);
		bool noforce = says_noforce(&change->old) != says_noforce(&change->new);

		after->may_gain |= noforce || !change->old_known || intel > old;
		after->may_lose |= noforce || (change->old_known ? intel < old : intel < LEVEL_ON);
	}
	if (may_be_amd(change->host)) {
		enum level old = amd_level(&change->old);
		bool remapping = old == LEVEL_ALL_OFF && amd == LEVEL_ALL_OFF && !same_irq_remapping(change);
		/* It need not be so that amd_iommu=off changes nothing. */
		bool off = p2p_acs_request_amd_off(after->release) != P2P_YES;

		after->may_gain |= remapping || !change->old_known || ((off || old == LEVEL_ALL_OFF) && amd > old);
		after->may_lose |= remapping || (change->old_known ? (off || amd == LEVEL_ALL_OFF) && amd < old
								   : off || amd == LEVEL_ALL_OFF);
	}
}

/*
 * Up to some release before 6.1 the firmware's asking for DMA protection
 * overrules iommu=off, but not intel_iommu=off
 * (KERNEL: drivers/iommu/intel/iommu.c:platform_optin_force_iommu).
 */
static bool may_overrule(const struct change *change, struct p2p_release release)
{
	static const struct p2p_release later = { 6, 1, 0, true };

	return intel_level(&change->new) == LEVEL_ALL_OFF &&
	       (!release.major || p2p_release_compare_series(release, later) < 0) &&
	       !(change->old_known && intel_level(&change->old) == LEVEL_ALL_OFF && same_words(change, "intel_iommu"));
}

/* Is it there, where none was?  The driver must be asked for more than it was. */
static enum p2p_answer appears(const struct change *change, struct p2p_release release)
{
	enum level intel = intel_level(&change->new), amd = amd_level(&change->new);
	bool intel_more = !change->old_known || intel > intel_level(&change->old);
	bool amd_more = !change->old_known || amd > amd_level(&change->old);

	intel_more = ((intel_more && intel >= LEVEL_DEFAULT) || may_overrule(change, release) ||
		      says_noforce(&change->old) != says_noforce(&change->new)) &&
		     may_be_intel(change->host);
	amd_more = amd_more && amd >= LEVEL_DEFAULT && may_be_amd(change->host);
	return intel_more || amd_more ? P2P_MAYBE : P2P_NO;
}

static enum p2p_answer intel_stays(const struct change *change)
{
	enum level now = intel_level(&change->new);
	enum level old = intel_level(&change->old);

	if (now == LEVEL_ON)
		return P2P_YES;
	if (!change->old_known || now < old || says_noforce(&change->old) != says_noforce(&change->new))
		return P2P_MAYBE;
	/* What overrules the one need not overrule the other. */
	if (now < LEVEL_DEFAULT && (now != old || !same_words(change, "intel_iommu")))
		return P2P_MAYBE;
	return P2P_YES;
}

void p2p_acs_request_foretell(struct p2p_arena *arena, const struct p2p_host *host, const struct p2p_boot *before,
			      struct p2p_boot *after)
{
	struct change change = { .host = host, .old_known = before->cmdline != NULL };
	enum p2p_iommu_kind kind = p2p_known(host->iommu) ? host->iommu_kind : P2P_IOMMU_UNKNOWN;

	after->iommu = before->iommu;
	after->requested = before->requested;
	if (p2p_absent(host->cpu_vendor.fact) || kind == P2P_IOMMU_ARM || kind == P2P_IOMMU_OTHER)
		return;
	if (before->cmdline)
		p2p_cmdline_split(arena, before->cmdline, &change.old);
	p2p_cmdline_split(arena, after->cmdline, &change.new);
	compare_levels(&change, after);
	switch (kind) {
	case P2P_IOMMU_INTEL:
		after->iommu = intel_stays(&change);
		if (intel_level(&change.new) == LEVEL_ON)
			after->requested = P2P_YES;
		else if (after->iommu != P2P_YES)
			after->requested = P2P_MAYBE;
		break;
	case P2P_IOMMU_AMD:
		after->iommu = amd_level(&change.new) == LEVEL_DEFAULT ? P2P_YES : P2P_NO;
		if (amd_level(&change.new) == LEVEL_ALL_OFF)
			after->requested = P2P_MAYBE;
		else if (amd_level(&change.new) == LEVEL_OFF)
			after->requested = p2p_acs_request_amd_off(after->release);
		break;
	case P2P_IOMMU_NONE:
		after->iommu = appears(&change, after->release);
		if (after->may_gain || after->may_lose)
			after->requested = P2P_MAYBE;
		break;
	default:
		break;
	}
}
