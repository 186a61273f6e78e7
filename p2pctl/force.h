/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in force: the changes that the journal says were made and not taken
 * back, and which of them nobody wishes any more.  Floor 6.
 */
#ifndef P2PCTL_FORCE_H
#define P2PCTL_FORCE_H

#include "ctl.h"

struct force {
	struct p2p_run *run;
	size_t entry;
	const struct p2p_edit *edit;
	bool superseded; /* a later change of the same place speaks for it */
};

/* All of them, oldest first; memory from the arena of ctl->topo.  The number there are. */
size_t force_list(const struct ctl *ctl, struct force **ret);

/* The machine as it was before our changes: what the policy is asked about. */
const struct p2p_machine *force_original(struct ctl *ctl, const struct force *list, size_t count);

/*
 * Marks those of `list` that the policy, less what is disabled, does not wish:
 * ret[i].  Needs machine and policy.
 */
void force_unwanted(struct ctl *ctl, const struct force *list, size_t count, bool *ret);

#endif
