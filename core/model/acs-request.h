/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the kernel is asked to set ACS, on x86, and whether an IOMMU is
 * there: two facts.  An IOMMU that the command line turns off may have had
 * ACS requested before that was looked at.  Floor 1 (model).
 */
#ifndef P2P_MODEL_ACS_REQUEST_H
#define P2P_MODEL_ACS_REQUEST_H

#include "acs-args.h"

/* Sets `iommu`, `requested` and `rewritten` of the boot that was read, by its release and command line. */
void p2p_acs_request_read(struct p2p_arena *arena, const struct p2p_host *host, struct p2p_boot *boot);

/* Sets `iommu`, `requested`, `may_gain` and `may_lose` of a boot with another command line than `before`. */
void p2p_acs_request_foretell(struct p2p_arena *arena, const struct p2p_host *host, const struct p2p_boot *before,
			      struct p2p_boot *after);

/* Does AMD's driver request ACS with amd_iommu=off, in that release?  It does with an IVRS, or it is not known. */
enum p2p_answer p2p_acs_request_amd_off(struct p2p_release release);

#endif
