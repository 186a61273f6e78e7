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

/* The same of what a run that died may have changed, which the next one takes back first. */
size_t force_dead(const struct ctl *ctl, struct force **ret);

/*
 * The machine as it is once the next run has taken back what dead ones left.
 * For a dry run, which leaves that to others: what it would be is printed.
 */
const struct p2p_machine *force_recovered(struct ctl *ctl);

/* A copy of the machine without those of the changes that `which` marks; NULL: without any of them. */
const struct p2p_machine *force_without(struct ctl *ctl, const struct p2p_machine *machine, const struct force *list,
					size_t count, const bool *which);

/*
 * Marks those of `list` that the policy, less what is disabled, does not wish:
 * ret[i].  Needs machine and policy.
 */
void force_unwanted(struct ctl *ctl, const struct p2p_machine *machine, const struct force *list, size_t count,
		    bool *ret);

/* One change on a line of its own, behind `says`. */
void force_print(const struct ctl *ctl, const char *says, const struct p2p_edit *edit);

#endif
