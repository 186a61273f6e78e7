/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot leaves in the ACS control words: the kernel's own bits where an
 * IOMMU has it set them, then pci=disable_acs_redir= (4.20-) and
 * pci=config_acs= (6.11-), by release.  Floor 1 (model).
 *
 * KERNEL: drivers/pci/pci.c:pci_enable_acs, pci_std_enable_acs,
 * __pci_config_acs (6.11-), pci_disable_acs_redir (4.20-6.10).
 */
#ifndef P2P_MODEL_ACS_ARGS_H
#define P2P_MODEL_ACS_ARGS_H

#include "kernel.h"
#include "machine.h"

/* What a release does with the two arguments. */
enum p2p_acs_args {
	P2P_ACS_ARGS_NONE = 0,
	P2P_ACS_ARGS_DISABLE_REDIR, /* up to 6.10: clears RR, CR, EC and keeps the rest */
	/* 6.11, up to 6.12.22, 6.13.10, 6.14.1: masks are misapplied, neither argument does what it says */
	P2P_ACS_ARGS_BROKEN,
	P2P_ACS_ARGS_UNSURE,	 /* 6.12 to 6.14 without a point release */
	P2P_ACS_ARGS_CONFIG_ACS, /* mended: config_acs= with every bit that is to stay spelled out */
};

enum p2p_acs_args p2p_acs_args_of(struct p2p_release release);

/* How a machine was booted, or would be. */
struct p2p_boot {
	struct p2p_release release; /* major 0: not known */
	bool vendor;                /* may have what any later release has */
	const char *cmdline;        /* NULL: not known */
	enum p2p_answer iommu;     /* is there one that takes functions */
	enum p2p_answer requested; /* was the kernel asked to set ACS, before functions were found */
	/* Where that is MAYBE in both boots, can this one have it where the other had not, and the other way round? */
	bool may_gain, may_lose;
	bool rewritten; /* likely requested: words that speak against it may have been written since */
};

/* The boot of that host's release and command line; and the one that left what is there: less may be known of it. */
struct p2p_boot p2p_acs_args_boot(struct p2p_arena *arena, const struct p2p_host *host);
struct p2p_boot p2p_acs_args_booted(struct p2p_arena *arena, const struct p2p_host *host);

/*
 * Puts the words that `after` would leave in place of those that `before`
 * left.  Bits that keep the firmware's value, where the kernel or an
 * argument has overwritten that, become unsure.
 */
void p2p_acs_args_apply(struct p2p_machine *machine, const struct p2p_boot *before, const struct p2p_boot *after);

/* The same for some functions alone, of a machine that stays as it is; one entry of `ret` for each. */
void p2p_acs_args_after(const struct p2p_machine *machine, const int *indices, size_t count,
			const struct p2p_boot *before, const struct p2p_boot *after, struct p2p_acs *ret);

/* Does that command line name ACS at all? */
bool p2p_acs_args_given(struct p2p_arena *arena, const char *cmdline);

#endif
