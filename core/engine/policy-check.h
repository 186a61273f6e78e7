/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check: a machine against a policy.  Is every pair that a rule allows
 * possible, none that a rule denies, and does what a rule expects hold?
 * Floor 2 (engine): pure.
 */
#ifndef P2P_ENGINE_POLICY_CHECK_H
#define P2P_ENGINE_POLICY_CHECK_H

#include "policy.h"

enum p2p_condition {
	P2P_CONDITION_PAIR = 0, /* allowed and possible, or denied and not */
	P2P_CONDITION_MATCH,	/* it is known whether the rule means the pair */
	P2P_CONDITION_LINK,	/* no link between the two is degraded */
	P2P_CONDITION_P2PMEM,	/* the provider has so much */
	P2P_CONDITION_PROVED,	/* these two are known only by measuring */
	P2P_CONDITION_SPEED,
};

/* One condition that does not hold, or of which that is not known. */
struct p2p_finding {
	size_t rule;
	enum p2p_condition condition;
	enum p2p_answer answer; /* NO, MAYBE */
	int provider, client;	/* PAIR, MATCH: both; LINK, P2PMEM: whose it is, and P2P_NOBODY; else P2P_NOBODY */
	enum p2p_map map;	/* PAIR */
	enum p2p_rule why;	/* PAIR: what decided it, or what is missing */
	unsigned redirects;	/* PAIR: hops between them that redirect */
};

struct p2p_rule_state {
	size_t providers, clients; /* functions that its selectors name here */
	size_t means, decides;	   /* ordered pairs; it decides those that no rule before it means, or may mean */
	size_t met, not_met, unknown;
};

struct p2p_check {
	struct p2p_rule_state *rules; /* one a rule */
	struct p2p_finding *findings; /* by rule, then condition, then function */
	size_t finding_count;
	size_t met, not_met, unknown;
};

/* Memory from `arena`.  Every ordered pair of functions is asked for. */
void p2p_policy_check(const struct p2p_matcher *matcher, struct p2p_arena *arena, struct p2p_check *ret);

/* "pair", "match", "link", "p2pmem", "proved", "bytes-per-second". */
const char *p2p_condition_name(enum p2p_condition condition);

#endif
