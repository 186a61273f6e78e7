/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACS arguments of the kernel's command line: pci=disable_acs_redir= (4.20-)
 * and pci=config_acs= (6.11-).  Floor 1 (model).
 *
 * KERNEL: drivers/pci/pci.c:__pci_config_acs, pci_dev_str_match,
 * pci_dev_str_match_path.
 */
#ifndef P2P_MODEL_ACS_ARGS_H
#define P2P_MODEL_ACS_ARGS_H

#include "kernel.h"
#include "machine.h"

/* How far a release can be trusted with them. */
enum p2p_acs_args {
	P2P_ACS_ARGS_NONE = 0,
	P2P_ACS_ARGS_DISABLE_REDIR, /* up to 6.10: clears RR, CR, EC and keeps the rest */
	P2P_ACS_ARGS_BROKEN,	    /* 6.11-6.14: masks are misapplied, neither argument does what it says */
	P2P_ACS_ARGS_UNSURE,	 /* mended between 6.14 and 6.17, and between 6.12.8 and 6.12.107; where is not known */
	P2P_ACS_ARGS_CONFIG_ACS, /* mended: config_acs= with every bit that is to stay spelled out */
};

enum p2p_acs_args p2p_acs_args_of(struct p2p_release release);

/*
 * What the ACS control words would be after a boot with `cmdline` instead of
 * `before` (NULL: not known).  Bits that keep the firmware's value, which is
 * not known where an IOMMU or an argument has changed it, become unsure.
 */
void p2p_acs_args_apply(struct p2p_machine *machine, struct p2p_release release, const char *before,
			const char *cmdline);

#endif
