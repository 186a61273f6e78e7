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

/*
 * `applies` has one entry a rule: does it mean this host?  Linear in functions
 * times rules.  Memory from `arena`; all of them must outlive it.
 */
struct p2p_matcher *p2p_matcher_new(const struct p2p_policy *policy, const bool *applies,
				    const struct p2p_judge *judge, struct p2p_arena *arena);

/* The first rule that matches the pair; NULL: unmanaged. */
const struct p2p_policy_rule *p2p_matcher_rule(const struct p2p_matcher *matcher, int provider, int client);

/*
 * Hands the policy's wishes of that kind for pairs to the planner, and who may
 * be exposed.
 */
void p2p_matcher_wish(const struct p2p_matcher *matcher, enum p2p_wish_by by, struct p2p_planner *planner);

/* How many functions a rule's selectors match as providers and as clients: for rules that can never match. */
void p2p_matcher_count(const struct p2p_matcher *matcher, size_t rule, size_t *ret_providers, size_t *ret_clients);

#endif
