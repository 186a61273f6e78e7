/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of `pairs` share, and `why --across`.  Floor 5. */
#ifndef P2PTOPO_PAIRS_H
#define P2PTOPO_PAIRS_H

#include "core/engine/summary.h"
#include "core/topo/topo.h"

/* Which pairs are asked for. */
struct pair_list {
	struct topo *topo;
	const int *list; /* functions */
	size_t count;
	const bool *matches; /* by function: -s and -d; with them one side must match */
	bool self;
};

bool pair_asked(const struct pair_list *pairs, size_t provider, size_t client);

/* Their answers counted, most first. */
size_t pair_counts(const struct pair_list *pairs, const struct p2p_judge *judge,
		   struct p2p_count counts[P2P_COUNTS_MAX]);

/* pairs --across, also --summary and --json. */
enum p2p_exit pairs_across(const struct pair_list *pairs);

/* why A B --across: yes if all kernels allow it, no if one refuses. */
enum p2p_exit why_across(struct topo *topo, int provider, int client);

#endif
