/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACS match: which function an entry of pci=disable_acs_redir= or
 * pci=config_acs= names.  Floor 1 (model).
 *
 * KERNEL: drivers/pci/pci.c:__pci_config_acs (6.11-), pci_disable_acs_redir
 * (4.20-6.10), pci_dev_str_match, pci_dev_str_match_path.
 */
#ifndef P2P_MODEL_ACS_MATCH_H
#define P2P_MODEL_ACS_MATCH_H

#include "machine.h"

enum p2p_acs_match {
	P2P_ACS_MATCH_NO = 0, /* or the kernel stops at an entry that it cannot parse */
	P2P_ACS_MATCH_YES,
	P2P_ACS_MATCH_MAYBE, /* it asks for ids or for edges that were not read */
};

/* The list that disable_acs_redir= gives; the first entry that names the function counts.  NULL: none. */
enum p2p_acs_match p2p_acs_match_list(const struct p2p_machine *machine, int index, const char *list);

/*
 * The list that config_acs= gives, and the bits that the entry sets to
 * `flags` in `mask`.  `first_only`: as in the releases that take the flags
 * of the first entry for those of all that follow.
 */
enum p2p_acs_match p2p_acs_match_flags(const struct p2p_machine *machine, int index, const char *list,
				       bool first_only, uint16_t *ret_mask, uint16_t *ret_flags);

#endif
