/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cmdline: a kernel command line taken apart as the kernel does it.
 * Floor 1 (model).
 *
 * KERNEL: lib/cmdline.c:next_arg (quotes), kernel/params.c:parse_args (what
 * follows -- is not the kernel's), drivers/pci/pci.c:pci_setup (pci= is a list).
 */
#ifndef P2P_MODEL_CMDLINE_H
#define P2P_MODEL_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/arena.h"

struct p2p_cmdline {
	struct p2p_argument {
		const char *name, *value; /* value NULL: there is no '=' */
	} *arguments;
	size_t count;
	const char **pci; /* every option of every pci=, in order */
	size_t pci_count;
};

/* Memory from `arena`; any text will do. */
void p2p_cmdline_split(struct p2p_arena *arena, const char *text, struct p2p_cmdline *ret);

/* The argument of that name after *at (which starts at 0), where - and _ are the same; NULL: no more. */
const struct p2p_argument *p2p_cmdline_next(const struct p2p_cmdline *cmdline, const char *name, size_t *at);

/* What follows `start` ("config_acs=") in the last option of pci= that starts so; NULL: none does. */
const char *p2p_cmdline_pci(const struct p2p_cmdline *cmdline, const char *start);

/* Does one of the words that commas separate start with `start`? */
bool p2p_cmdline_lists(const char *list, const char *start);

/* What a command line says of the IOMMU on x86.  Zero is not known. */
enum p2p_cmdline_said {
	P2P_SAID_UNKNOWN = 0,
	P2P_SAID_OFF,
	P2P_SAID_NOTHING,
	P2P_SAID_ON,
};

/*
 * KERNEL: arch/x86/kernel/pci-dma.c:iommu_setup (`iommu=off` holds for all),
 * drivers/iommu/intel/iommu.c:intel_iommu_setup (the last on or off counts),
 * drivers/iommu/amd/init.c:parse_amd_iommu_options (off, and there is no on).
 */
enum p2p_cmdline_said p2p_cmdline_intel_iommu(const struct p2p_cmdline *cmdline);
enum p2p_cmdline_said p2p_cmdline_amd_iommu(const struct p2p_cmdline *cmdline);
bool p2p_cmdline_iommu_off(const struct p2p_cmdline *cmdline); /* iommu=off */

#endif
