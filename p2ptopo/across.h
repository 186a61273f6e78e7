/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Across: one machine under several kernels, read once and judged once each.
 * Floor 5.
 */
#ifndef P2PTOPO_ACROSS_H
#define P2PTOPO_ACROSS_H

#include "core/topo/topo.h"

struct across {
	struct topo *topo;
	struct across_kernel {
		const char *release; /* as it was given */
		struct p2p_machine *machine;
		struct p2p_judge *judge;
	} *kernels;
	size_t count;
	bool all; /* the program chose them: those that say nothing new may go */
};

/* What --across names.  An exit code other than P2P_EXIT_OK: the complaint was printed; close all the same. */
enum p2p_exit across_open(struct topo *topo, struct across *across);
void across_close(struct across *across);

/* Takes one kernel out of the list. */
void across_drop(struct across *across, size_t index);

/* The verdicts of all kernels about a pair, into `ret`; true: they are not the same answer. */
bool across_judge(const struct across *across, int provider, int client, struct p2p_verdict *ret);

#endif
