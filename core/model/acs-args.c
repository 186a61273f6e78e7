/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's word is seldom known: the kernel has written over it.  So all
 * words that it can have been are tried, with all that is not known of either
 * boot.  Those that would have left what is there now are carried through the
 * other boot, and the bits in which all of them agree are known.
 */
#include "acs-args.h"

#include <errno.h>
#include <string.h>

#include "acs-match.h"
#include "acs-request.h"
#include "acs.h"
#include "cmdline.h"
#include "host.h"

#define SV 0x01
#define TB 0x02
#define RR 0x04
#define CR 0x08
#define UF 0x10
#define ALL_BITS 0x7f

static bool is_series(struct p2p_release release, unsigned major, unsigned minor)
{
	return release.major == major && release.minor == minor;
}

/*
 * KERNEL: "PCI: Extend ACS configurability" (47c8846a49ba, 6.11) got the masks
 * wrong, "PCI/ACS: Fix 'pci=config_acs=' parameter" (9cf8a952d57b, 6.15) right;
 * the latter is in 6.12.23 (8ba27aa51286) and 6.13.11 (005b98de01b8).  6.14.2
 * was to get it too; that it did was not seen.
 */
enum p2p_acs_args p2p_acs_args_of(struct p2p_release release)
{
	static const struct p2p_release broken = { 6, 11, 0, false }, mended = { 6, 15, 0, false };
	static const struct {
		uint16_t minor, patch;
		enum p2p_acs_args from_there;
	} backports[] = {
		{ 12, 23, P2P_ACS_ARGS_CONFIG_ACS },
		{ 13, 11, P2P_ACS_ARGS_CONFIG_ACS },
		{ 14, 2, P2P_ACS_ARGS_UNSURE },
	};

	if (p2p_release_compare_series(release, broken) < 0)
		return P2P_ACS_ARGS_DISABLE_REDIR;
	if (p2p_release_compare_series(release, mended) >= 0)
		return P2P_ACS_ARGS_CONFIG_ACS;
	for (size_t i = 0; i < sizeof(backports) / sizeof(*backports); i++)
		if (is_series(release, 6, backports[i].minor)) {
			if (!release.patch_known)
				return P2P_ACS_ARGS_UNSURE;
			return release.patch >= backports[i].patch ? backports[i].from_there : P2P_ACS_ARGS_BROKEN;
		}
	return P2P_ACS_ARGS_BROKEN;
}

#define KIND(kind) (1u << (kind))

/* Every way in which the arguments may be taken there. */
static unsigned kinds_of(const struct p2p_boot *boot)
{
	enum p2p_acs_args args = boot->release.major ? p2p_acs_args_of(boot->release) : P2P_ACS_ARGS_NONE;
	unsigned later = KIND(P2P_ACS_ARGS_CONFIG_ACS) | KIND(P2P_ACS_ARGS_BROKEN);

	if (args == P2P_ACS_ARGS_NONE)
		return later | KIND(P2P_ACS_ARGS_DISABLE_REDIR);
	if (args == P2P_ACS_ARGS_UNSURE)
		return later;
	/* A vendor's kernel may have the code of any release since. */
	return boot->vendor && args != P2P_ACS_ARGS_CONFIG_ACS ? later | KIND(args) : KIND(args);
}

/* ------------------------------------------------------------- one boot */

struct p2p_boot p2p_acs_args_boot(struct p2p_arena *arena, const struct p2p_host *host)
{
	struct p2p_boot boot = {
		.vendor = p2p_host_vendor(host) != NULL,
		.cmdline = p2p_known(host->cmdline.fact) ? host->cmdline.text : NULL,
	};

	if (p2p_host_release(host, &boot.release))
		boot.release = (struct p2p_release){ 0 };
	p2p_acs_request_read(arena, host, &boot);
	return boot;
}

struct p2p_boot p2p_acs_args_booted(struct p2p_arena *arena, const struct p2p_host *host)
{
	struct p2p_boot boot = p2p_acs_args_boot(arena, host);

	/* A kernel that was itself assumed, for a dump, left nothing behind. */
	if (host->kernel.fact.origin != P2P_ORIGIN_READ)
		boot.release = (struct p2p_release){ 0 };
	return boot;
}

/* A boot with its command line taken apart. */
struct plan {
	const struct p2p_boot *boot;
	const char *redir, *config; /* lists of entries; NULL: not given */
	bool unknown;               /* the command line is not known */
	unsigned kinds;
	uint16_t defaults;          /* bits that the kernel sets where an IOMMU asks for ACS */
	bool nommconf;              /* x86 without memory-mapped access: no extended capability is found */
	bool old_release;           /* before 6.19 for sure: at enumeration, whatever is bound */
	bool new_release;           /* from 6.19 on for sure: when the IOMMU or a driver takes the function */
};

/* What a boot does to one function. */
struct treatment {
	enum p2p_answer touched; /* is it configured at all */
	enum p2p_acs_match redir, config, config_broken;
	uint16_t mask, flags, mask_broken, flags_broken;
};

static void plan_boot(struct p2p_arena *arena, const struct p2p_boot *boot, struct plan *ret)
{
	static const struct p2p_release at_bind = { 6, 19, 0, true }, noats = { 5, 15, 0, true };
	struct p2p_cmdline cmdline = { 0 };

	*ret = (struct plan){ .boot = boot, .kinds = kinds_of(boot), .defaults = SV | RR | CR | UF,
			      .unknown = !boot->cmdline };
	if (boot->release.major) {
		ret->new_release = p2p_release_compare_series(boot->release, at_bind) >= 0;
		ret->old_release = !ret->new_release && !boot->vendor;
	}
	if (!boot->cmdline)
		return;
	p2p_cmdline_split(arena, boot->cmdline, &cmdline);
	ret->redir = p2p_cmdline_pci(&cmdline, "disable_acs_redir=");
	ret->config = p2p_cmdline_pci(&cmdline, "config_acs=");
	ret->nommconf = p2p_cmdline_pci(&cmdline, "nommconf") && !*p2p_cmdline_pci(&cmdline, "nommconf");
	if (p2p_cmdline_pci(&cmdline, "noats") && p2p_release_compare_series(boot->release, noats) >= 0)
		ret->defaults |= TB;
}

static struct treatment treat(const struct p2p_machine *machine, int index, const struct plan *plan)
{
	struct treatment ret = { .touched = P2P_YES };

	if (plan->unknown)
		ret.redir = ret.config = ret.config_broken = P2P_ACS_MATCH_MAYBE;
	ret.redir = plan->redir ? p2p_acs_match_list(machine, index, plan->redir) : ret.redir;
	if (plan->config && plan->kinds & KIND(P2P_ACS_ARGS_CONFIG_ACS))
		ret.config = p2p_acs_match_flags(machine, index, plan->config, false, &ret.mask, &ret.flags);
	if (plan->config && plan->kinds & KIND(P2P_ACS_ARGS_BROKEN))
		ret.config_broken = p2p_acs_match_flags(machine, index, plan->config, true, &ret.mask_broken,
							&ret.flags_broken);
	/* From 6.19 on that is done as an IOMMU or a driver takes the function, whoever requested it. */
	if (!plan->old_release && plan->boot->iommu != P2P_YES &&
	    !p2p_known(machine->functions[index].driver.fact)) {
		bool surely = plan->new_release && plan->boot->iommu == P2P_NO &&
			      p2p_absent(machine->functions[index].driver.fact);

		ret.touched = surely ? P2P_NO : P2P_MAYBE;
	}
	return ret;
}

/* Could not be told whether it names the function. */
static bool is_unclear(const struct treatment *treatment)
{
	return treatment->redir == P2P_ACS_MATCH_MAYBE || treatment->config == P2P_ACS_MATCH_MAYBE ||
	       treatment->config_broken == P2P_ACS_MATCH_MAYBE;
}

/* All that need not be known of a boot. */
struct guess {
	enum p2p_acs_args kind;
	bool requested, touched;
	bool outside; /* of both boots: the port leads outside, so TB is set too */
};

/* KERNEL: __pci_config_acs before it was mended: bits of the mask are the firmware's, and flags are set. */
static uint16_t broken(uint16_t word, uint16_t found, uint16_t mask, uint16_t flags)
{
	return (uint16_t)((word & ~mask) | (found & mask) | flags);
}

/* What a boot makes of the firmware's word.  KERNEL: pci_enable_acs */
static uint16_t boot_word(uint16_t found, uint16_t cap, const struct plan *plan, const struct treatment *treatment,
			  struct guess guess)
{
	bool redir = treatment->redir == P2P_ACS_MATCH_YES;
	uint16_t word = found;

	if (!guess.touched)
		return found;
	if (guess.requested)
		word |= cap & (plan->defaults | (guess.outside ? TB : 0));
	switch (guess.kind) {
	case P2P_ACS_ARGS_BROKEN:
		if (redir)
			word = broken(word, found, P2P_ACS_REDIRECT, ALL_BITS & ~P2P_ACS_REDIRECT);
		if (treatment->config_broken == P2P_ACS_MATCH_YES)
			word = broken(word, found, treatment->mask_broken, treatment->flags_broken);
		break;
	case P2P_ACS_ARGS_CONFIG_ACS:
		/* Each starts again from what was found, without the kernel's own bits. */
		if (redir)
			word = found & (uint16_t)~P2P_ACS_REDIRECT;
		if (treatment->config == P2P_ACS_MATCH_YES)
			word = (uint16_t)((found & ~treatment->mask) | treatment->flags);
		break;
	default:
		if (redir)
			word &= (uint16_t)~P2P_ACS_REDIRECT;
	}
	return word & cap; /* a bit that the hardware does not have is not retained */
}

static bool may(enum p2p_answer answer, bool yes)
{
	return answer == P2P_MAYBE || (answer == P2P_YES) == yes;
}

/* One function in both boots. */
struct both {
	const struct plan *before, *after;
	struct treatment was, is;
	uint16_t cap;
	int now;             /* the word that is there; -1: any */
	bool same_kernel;
	uint16_t ones, zeros; /* bits that were 1, and 0, in some word that is left */
	bool found[2];        /* any, by whether ACS was requested */
};

static void try_words(struct both *both, struct guess was, struct guess is)
{
	for (uint16_t found = 0; found <= ALL_BITS; found++) {
		if (found & ~both->cap)
			continue;
		if (both->now >= 0 && boot_word(found, both->cap, both->before, &both->was, was) != both->now)
			continue;
		uint16_t word = boot_word(found, both->cap, both->after, &both->is, is);

		both->found[was.requested] = true;
		both->ones |= word;
		both->zeros |= (uint16_t)~word;
	}
}

/* Both boots may differ only in what need not be the same. */
static bool may_both(const struct both *both, struct guess was, struct guess is)
{
	const struct plan *before = both->before, *after = both->after;
	bool changes = after->boot->may_gain || after->boot->may_lose;
	bool one_touched = both->was.touched == P2P_MAYBE && both->is.touched == P2P_MAYBE && !changes;

	if (before->boot->requested == P2P_MAYBE && after->boot->requested == P2P_MAYBE &&
	    ((is.requested && !was.requested && !after->boot->may_gain) ||
	     (!is.requested && was.requested && !after->boot->may_lose)))
		return false;

	return may(before->boot->requested, was.requested) && may(after->boot->requested, is.requested) &&
	       may(both->was.touched, was.touched) && may(both->is.touched, is.touched) &&
	       before->kinds & KIND(was.kind) && after->kinds & KIND(is.kind) &&
	       !(both->same_kernel && was.kind != is.kind) &&
	       !(one_touched && was.touched != is.touched);
}

static struct guess guess_of(unsigned number)
{
	return (struct guess){ .kind = P2P_ACS_ARGS_DISABLE_REDIR + number / 4, .requested = number & 1,
			       .touched = (number & 2) != 0 };
}

#define GUESSES (4u * P2P_ACS_ARGS_CONFIG_ACS)

static void try_all(struct both *both)
{
	both->ones = both->zeros = 0;
	both->found[false] = both->found[true] = false;
	for (unsigned i = 0; i < GUESSES; i++)
		for (unsigned j = 0; j < GUESSES; j++) {
			struct guess was = guess_of(i), is = guess_of(j);

			if (!may_both(both, was, is))
				continue;
			try_words(both, was, is);
			was.outside = is.outside = true;
			try_words(both, was, is);
		}
}

/* -------------------------------------------------------------- machines */

static bool is_cpu(const struct p2p_host *host, const char *vendor)
{
	return p2p_known(host->cpu_vendor.fact) && !strcmp(host->cpu_vendor.text, vendor);
}

/*
 * Intel Sunrise Point root ports have another layout; the kernel configures
 * them by a quirk, and the word that P2PDMA reads does not change
 * (KERNEL: drivers/pci/quirks.c:pci_quirk_enable_intel_spt_pch_acs).
 */
static bool has_other_layout(const struct p2p_function *function)
{
	static const struct { uint16_t first, last; } ranges[] = { { 0xa110, 0xa11f }, { 0xa167, 0xa16a },
								   { 0xa290, 0xa29f }, { 0xa2e7, 0xa2ee },
								   { 0x9d10, 0x9d1b } };

	if (function->vendor.value != 0x8086)
		return false;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (function->device.value >= ranges[i].first && function->device.value <= ranges[i].last)
			return true;
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* `acs` is that function's as it is now, and becomes what it is then. */
static void apply_one(const struct p2p_machine *machine, int index, const struct plan *before,
		      const struct plan *after, struct p2p_acs *acs)
{
	const struct p2p_boot *a = before->boot, *b = after->boot;
	bool known = p2p_known(acs->fact);
	struct both both = {
		.before = before, .after = after,
		.was = treat(machine, index, before), .is = treat(machine, index, after),
		.cap = known ? acs->cap & ALL_BITS : ALL_BITS,
		.now = known ? acs->ctrl & acs->cap & ALL_BITS : -1,
		.same_kernel = a->release.major && a->release.patch_known == b->release.patch_known &&
			       !p2p_release_compare_series(a->release, b->release) &&
			       a->release.patch == b->release.patch && a->vendor == b->vendor,
	};

	if (is_unclear(&both.is) && both.same_kernel && a->iommu == b->iommu && a->requested == b->requested &&
	    !b->may_gain && !b->may_lose && same_text(before->redir, after->redir) &&
	    same_text(before->config, after->config))
		return; /* whatever it did, it does again */
	if (is_unclear(&both.was))
		both.now = -1;
	try_all(&both);
	if (!both.found[true] && (!both.found[false] || a->rewritten)) { /* somebody has written to it since */
		both.now = -1;
		try_all(&both);
	}
	uint16_t open = is_unclear(&both.is) ? ALL_BITS : both.ones & both.zeros;
	uint16_t word = both.ones & (uint16_t)~open;

	if (known) {
		acs->assumed |= (acs->ctrl ^ word) & ALL_BITS & (uint16_t)~open;
		acs->unsure = open & acs->cap;
	} else {
		/* Which bits it has is not known; it may have no ACS at all. */
		acs->assumed = ALL_BITS & (uint16_t)~both.ones & (uint16_t)~open;
	}
	acs->ctrl = (uint16_t)((acs->ctrl & ~ALL_BITS) | word);
	if (!known)
		acs->ctrl = 0;
}

/*
 * KERNEL: arch/x86/pci/common.c:pcibios_setup (nommconf), direct.c:pci_direct_init,
 * amd_bus.c:pci_io_ecs_init (AMD has another way).  A VMD's domain has its own.
 */
static void apply_nommconf(struct p2p_machine *machine, bool before, bool after)
{
	bool intel = is_cpu(&machine->host, "GenuineIntel");

	if (before == after || p2p_absent(machine->host.cpu_vendor.fact))
		return;
	for (size_t i = 0; i < machine->function_count; i++) {
		struct p2p_function *function = &machine->functions[i];
		struct p2p_acs *acs = &function->acs;

		if (function->bdf.domain > 0xffff)
			continue;
		if (after && intel)
			*acs = (struct p2p_acs){ .fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_ASSUMED) };
		else if (after || (p2p_absent(acs->fact) && p2p_known(function->port_type.fact)))
			*acs = (struct p2p_acs){ .fact = p2p_fact_of(-ENODATA, P2P_ORIGIN_ASSUMED) };
	}
}

void p2p_acs_args_apply(struct p2p_machine *machine, const struct p2p_boot *before, const struct p2p_boot *after)
{
	struct p2p_arena *scratch = p2p_arena_new();
	struct plan was, is;

	plan_boot(scratch, before, &was);
	plan_boot(scratch, after, &is);
	for (size_t i = 0; i < machine->function_count; i++)
		if (!p2p_absent(machine->functions[i].acs.fact) && !has_other_layout(&machine->functions[i]))
			apply_one(machine, (int)i, &was, &is, &machine->functions[i].acs);
	apply_nommconf(machine, was.nommconf, is.nommconf);
	p2p_arena_free(scratch);
}

void p2p_acs_args_after(const struct p2p_machine *machine, const int *indices, size_t count,
			const struct p2p_boot *before, const struct p2p_boot *after, struct p2p_acs *ret)
{
	struct p2p_arena *scratch = p2p_arena_new();
	struct plan was, is;

	plan_boot(scratch, before, &was);
	plan_boot(scratch, after, &is);
	for (size_t i = 0; i < count; i++) {
		ret[i] = machine->functions[indices[i]].acs;
		if (!p2p_absent(ret[i].fact) && !has_other_layout(&machine->functions[indices[i]]))
			apply_one(machine, indices[i], &was, &is, &ret[i]);
	}
	p2p_arena_free(scratch);
}

bool p2p_acs_args_given(struct p2p_arena *arena, const char *text)
{
	struct p2p_cmdline cmdline;

	p2p_cmdline_split(arena, text, &cmdline);
	return p2p_cmdline_pci(&cmdline, "disable_acs_redir=") || p2p_cmdline_pci(&cmdline, "config_acs=");
}
