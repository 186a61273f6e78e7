/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matcher: which rule of a policy decides a pair, and what the policy then
 * wishes.  Floor 2 (engine): pure.
 */
#ifndef P2P_ENGINE_POLICY_H
#define P2P_ENGINE_POLICY_H

#include "../model/policy.h"
#include "plan.h"

struct p2p_matcher;

/* Is the way between the two no wider than that? */
enum p2p_answer p2p_is_within(const struct p2p_judge *judge, enum p2p_within within, int provider, int client);

/*
 * `applies` has one entry a rule: does it mean this host?  MAYBE where the name
 * of the host is not known.  Linear in functions times rules.  Memory from
 * `arena`; all of them must outlive it.
 */
struct p2p_matcher *p2p_matcher_new(const struct p2p_policy *policy, const enum p2p_answer *applies,
				    const struct p2p_judge *judge, struct p2p_arena *arena);

/*
 * The first rule that means the pair; NULL: unmanaged.  Where it is not known
 * whether a rule means it, no later one decides instead: it is unmanaged too,
 * for nothing is done on a guess.
 */
const struct p2p_policy_rule *p2p_matcher_rule(const struct p2p_matcher *matcher, int provider, int client);

struct p2p_match {
	size_t rule;
	enum p2p_answer means; /* YES, MAYBE */
};

/*
 * Every rule that means the pair, or may, in their order: *at starts at 0;
 * false at the end.  The first decides, if it is YES.
 */
bool p2p_matcher_next(const struct p2p_matcher *matcher, int provider, int client, size_t *at,
		      struct p2p_match *ret);

const struct p2p_policy *p2p_matcher_policy(const struct p2p_matcher *matcher);
const struct p2p_judge *p2p_matcher_judge(const struct p2p_matcher *matcher);

/*
 * Hands the policy's wishes of that kind for pairs to the planner, and who may
 * be exposed.
 */
void p2p_matcher_wish(const struct p2p_matcher *matcher, enum p2p_wish_by by, struct p2p_planner *planner);

/* How many functions a rule's selectors match, or may, as providers and as clients: for rules that never match. */
void p2p_matcher_count(const struct p2p_matcher *matcher, size_t rule, size_t *ret_providers, size_t *ret_clients);

#endif
