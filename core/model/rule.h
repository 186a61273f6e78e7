/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule: everything the kernel's P2PDMA decides by, one row each, and the names
 * of what can be missing to follow it.  Floor 1 (model).
 *
 * A new kernel rule is one row here and the lines in core/engine/ that apply it.
 */
#ifndef P2P_MODEL_RULE_H
#define P2P_MODEL_RULE_H

#include <stddef.h>

#include "kernel.h"

enum p2p_rule {
	P2P_RULE_NONE = 0,
	/* decisions */
	P2P_RULE_COMMON_CLEAN,
	P2P_RULE_REDIRECT_REFUSED,
	P2P_RULE_NO_COMMON_BRIDGE,
	P2P_RULE_ZEN_ROOT_COMPLEX,
	P2P_RULE_NOT_ZEN_ROOT_COMPLEX,
	P2P_RULE_IOMMU_PRESENT,
	P2P_RULE_CPU_ZEN,
	P2P_RULE_ALLOWLISTED,
	P2P_RULE_SAME_HOST_BRIDGE_ONLY,
	P2P_RULE_NOT_ALLOWLISTED,
	P2P_RULE_NO_ROOT_DEVICE,
	P2P_RULE_KERNEL_WITHOUT_P2PDMA,
	P2P_RULE_KERNEL_BEFORE_P2PDMA,
	/* reasons that go with a decision */
	P2P_RULE_ACS_REDIRECT,
	/* what is missing */
	P2P_RULE_ACS_UNKNOWN,
	P2P_RULE_PLACE_UNKNOWN,
	P2P_RULE_PROCESSOR_UNKNOWN,
	P2P_RULE_ROOT_DEVICE_UNKNOWN,
	P2P_RULE_ROW_UNKNOWN,
	P2P_RULE_IOMMU_UNKNOWN,
	P2P_RULE_P2PDMA_UNKNOWN,
	P2P_RULE_KERNEL_UNKNOWN,
	P2P_RULE_KERNEL_NEWER,
	P2P_RULE_RULES_DISAGREE,
	P2P_RULE_COUNT,
};

struct p2p_rule_row {
	enum p2p_rule rule;
	const char *id;       /* in JSON and messages; never changes */
	const char *first, *last; /* mainline releases in which it holds; "" is open */
	const char *cite;     /* kernel file:function */
	const char *says;     /* one sentence, for people */
	const char *remedy;   /* what helps, for people; NULL: nothing */
};

/* The row of a rule; never NULL. */
const struct p2p_rule_row *p2p_rule_row(enum p2p_rule rule);

/* How a release decides (KERNEL.md 1.2).  Zero is none that is known. */
enum p2p_ruleset {
	P2P_RULESET_NONE = 0,
	P2P_RULESET_R0, /* 4.20 - 5.1: a common bridge without redirect, nothing else */
	P2P_RULESET_R1, /* 5.2 - 5.3: or two first-generation Zen root complexes without an IOMMU */
	P2P_RULESET_R2, /* 5.4 - 5.8: the allowlist, map types */
	P2P_RULESET_R3, /* 5.9 - 5.13: Zen processors */
	P2P_RULESET_R4, /* 5.14 - 5.18: the first function of the root bus, at 00.0 */
	P2P_RULESET_R5, /* 5.19 - 7.0: or a root port at any address */
	P2P_RULESET_R6, /* 7.1 - 7.3: rows for any device of a vendor */
};

/* Which function of a root bus is looked up (KERNEL.md 1.4). */
enum p2p_root_lookup {
	P2P_ROOT_NONE = 0,
	P2P_ROOT_SLOT_0,        /* the function at 00.0 wherever it is in the list */
	P2P_ROOT_FIRST_AT_0,    /* the first of the list, if it is 00.0 */
	P2P_ROOT_FIRST_OR_PORT, /* the first of the list, if it is 00.0 or a root port */
};

struct p2p_ruleset_row {
	enum p2p_ruleset set;
	const char *id;
	struct p2p_release first, last;
	enum p2p_root_lookup lookup;
	const char *says;
};

/* The rule set of a mainline release; NULL: before 4.20, after the newest known, or never released (4.21). */
const struct p2p_ruleset_row *p2p_ruleset_of(struct p2p_release release);

/* The newest release whose rules are known, and the first with P2PDMA. */
struct p2p_release p2p_release_newest(void);
struct p2p_release p2p_release_first(void);
bool p2p_release_before_p2pdma(struct p2p_release release);

/* The mainline series after that one: 6.19 after 6.18, 7.0 after 6.19. */
struct p2p_release p2p_release_next(struct p2p_release release);

#endif
