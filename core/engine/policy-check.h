/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check: a machine against a policy.  Is every pair that a rule allows
 * possible, none that a rule denies, and does what a rule expects hold?  Is the
 * p2pmem of nvmet's namespaces what is wished?  Floor 2 (engine): pure.
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

/* A namespace whose p2pmem is not as wished, or of which that is not known. */
struct p2p_nvmet_finding {
	size_t wish;
	int namespace;		/* P2P_NOBODY: whether there are any is not known */
	enum p2p_answer answer; /* NO, MAYBE */
	const char *wished;	/* what p2pmem is to read; NULL: `says` why that cannot be told */
	const char *says;	/* NULL: it reads otherwise */
};

struct p2p_wish_state {
	size_t means, decides; /* namespaces; it decides those that no wish before it means, or may mean */
	size_t met, not_met, unknown;
};

struct p2p_check {
	struct p2p_rule_state *rules; /* one a rule */
	struct p2p_wish_state *wishes; /* one an nvmet wish */
	struct p2p_nvmet_finding *nvmet; /* by wish, then namespace */
	size_t nvmet_count;
	struct p2p_finding *findings; /* by rule, then condition, then function */
	size_t finding_count;
	size_t met, not_met, unknown;
};

/* Memory from `arena`.  Every ordered pair of functions is asked for. */
void p2p_policy_check(const struct p2p_matcher *matcher, struct p2p_arena *arena, struct p2p_check *ret);

/* The namespaces too, into what that has begun; `applies` has one entry an nvmet wish. */
void p2p_policy_check_nvmet(const struct p2p_matcher *matcher, const enum p2p_answer *applies,
			    struct p2p_arena *arena, struct p2p_check *ret);

/* "pair", "match", "link", "p2pmem", "proved", "bytes-per-second". */
const char *p2p_condition_name(enum p2p_condition condition);

#endif
