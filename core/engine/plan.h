/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Planner: wishes in, a plan out.  Floor 2 (engine): pure.
 *
 *     struct p2p_planner *planner = p2p_planner_new(judge, arena);
 *     p2p_planner_clear_acs(planner, provider, client, NULL);
 *     plan = p2p_planner_finish(planner);
 *
 * Nothing is changed that does not have to be: only hops that redirect, only
 * the bits that redirect, and only where all hops of a pair can be mended.
 */
#ifndef P2P_ENGINE_PLAN_H
#define P2P_ENGINE_PLAN_H

#include "../model/plan.h"
#include "../model/policy.h"
#include "judge.h"

struct p2p_planner;

/* Memory from `arena`; judge and machine must outlive the plan. */
struct p2p_planner *p2p_planner_new(const struct p2p_judge *judge, struct p2p_arena *arena);

/* Wish: no hop between the two redirects.  `rule` NULL: asked for on the command line. */
void p2p_planner_clear_acs(struct p2p_planner *planner, int provider, int client, const char *rule);

/* Wish: the ports where the ways of the two part redirect, as far as they can; it wins over one to clear. */
void p2p_planner_set_acs(struct p2p_planner *planner, int provider, int client, const char *rule);

/*
 * The same wishes, of two that are known to meet at no bridge: beyond the first
 * few of a rule they are counted.  `rule` is not copied, and known by its place.
 */
void p2p_planner_beyond(struct p2p_planner *planner, int provider, int client, const char *rule, bool set);

/* Nothing is wished for that function from now on: pairs and namespaces with it are left as they are. */
void p2p_planner_leave(struct p2p_planner *planner, int function);

/* That function may be exposed, whoever owns it. */
void p2p_planner_accept(struct p2p_planner *planner, int function);

/* Wish: an attribute reads `after`; nothing when it does already. */
void p2p_planner_text(struct p2p_planner *planner, const char *key, const char *before, const char *after,
		      const char *rule);

/*
 * Wishes for nvmet namespaces, as a policy has them: the first that names a
 * namespace decides it.  `applies` has one entry a wish: does it mean this host?
 */
void p2p_planner_nvmet(struct p2p_planner *planner, const struct p2p_nvmet_wish *wishes,
		       const enum p2p_answer *applies, size_t count);

/*
 * The wish that decides the namespace; NULL: none.  Where it is not known
 * whether it means this host (*ret_means MAYBE), no later one decides instead.
 */
const struct p2p_nvmet_wish *p2p_nvmet_wish_for(const struct p2p_nvmet_wish *wishes, const enum p2p_answer *applies,
						size_t count, const struct p2p_namespace *namespace,
						enum p2p_answer *ret_means);

/*
 * What that namespace's p2pmem is to read by the wish: "0", "1" or an address.
 * NULL with a reason where it cannot be so, or where that is not known
 * (*ret_answer NO, MAYBE).  Memory from `arena`.
 */
const char *p2p_nvmet_wished(const struct p2p_judge *judge, const struct p2p_nvmet_wish *wish,
			     const struct p2p_namespace *namespace, struct p2p_arena *arena, const char **ret_says,
			     enum p2p_answer *ret_answer);

/* Wish: that function does not go to sleep at runtime. */
void p2p_planner_pin(struct p2p_planner *planner, int function, const char *rule);

/* The plan of all that was wished.  Nothing may be wished afterwards. */
const struct p2p_plan *p2p_planner_finish(struct p2p_planner *planner);

#endif
