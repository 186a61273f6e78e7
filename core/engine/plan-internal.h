/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the planner share.  Floor 2 (engine); nobody else includes it. */
#ifndef P2P_ENGINE_PLAN_INTERNAL_H
#define P2P_ENGINE_PLAN_INTERNAL_H

#include "../model/cmdline.h"
#include "plan.h"

struct plan_wish {
	int provider, client;
	const char *rule;
	bool set; /* redirect is wanted, not the lack of it */
};

struct plan_text {
	const char *key, *before, *after, *rule;
};

struct p2p_planner {
	const struct p2p_judge *judge;
	struct p2p_arena *arena;
	struct plan_wish *wishes;
	struct plan_text *texts;
	size_t wish_count, wish_size, text_count, text_size;
	struct p2p_beyond *beyond;
	size_t beyond_count, beyond_size;
	bool *accepted;
	int *price_of;	      /* by function: its place among `prices`; P2P_NOBODY: not asked */
	const char **cleared; /* by function: the rule that clears it, "" from the command line; NULL: stays */
	bool *left;           /* by function: nothing is wished for it */
	bool *pinned;         /* by function */
	const char **set;     /* the same for a rule that wants it to redirect */
	struct p2p_price *prices;
	size_t price_count;
	int *hops;
	struct p2p_cmdline cmdline; /* of this boot; nothing when it is not known */
	enum p2p_sensitive *sensitive; /* by function, once it is known */
	bool *sensitive_known;
	bool any_unplaced;    /* a function may be anywhere */
	int *from, *to;       /* by p2p_plan_price, of the last port */
	struct p2p_exposed *exposed;
	size_t exposed_count;
	const struct p2p_nvmet_wish *nvmet;
	const enum p2p_answer *nvmet_applies;
	size_t nvmet_count;
};

/*
 * plan-price.c: the price of a hop that stops redirecting: who then reaches
 * whom.
 */
void p2p_plan_price(struct p2p_planner *planner, int port, struct p2p_price *ret);

/*
 * plan-nvmet.c: what comes of the wishes for namespaces, by `after`, the judge
 * of the machine as it will be; changes become texts of the planner.
 */
void p2p_plan_targets(struct p2p_planner *planner, const struct p2p_judge *after, struct p2p_plan *plan);

#endif
