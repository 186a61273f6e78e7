/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the diff share.  Floor 2 (engine); nobody else includes it. */
#ifndef P2P_ENGINE_DIFF_INTERNAL_H
#define P2P_ENGINE_DIFF_INTERNAL_H

#include "diff.h"

/* How a function of the first machine was found again. */
enum diff_how {
	DIFF_NOT = 0,
	DIFF_PLACE,    /* same slot, same device */
	DIFF_REPLACED, /* same slot, another device */
	DIFF_MOVED,    /* another slot, same device */
	DIFF_ADDRESS,  /* its place is not known on one side or both: same address, same device */
};

/* Which function, and which host bridge, is which: indices of the other side or P2P_NOBODY. */
struct diff_match {
	int *functions[2];   /* [0] from before to after, [1] back */
	int *hostbridges[2];
	enum diff_how *how;  /* by function before */
};

/* diff-match.c: memory from `arena`. */
void diff_match_make(struct p2p_arena *arena, const struct p2p_machine *before, const struct p2p_machine *after,
		     struct diff_match *ret);

/*
 * diff-bridges.c: the host bridge after of every one before, or P2P_NOBODY;
 * without those below functions.  `ret` has room for those before.
 */
void diff_match_hostbridges(const struct p2p_machine *before, const struct p2p_machine *after, int *ret);

uint64_t diff_mix(uint64_t hash, uint64_t value);

/* A diff that is being made. */
struct diff {
	struct p2p_diff *ret;
	struct p2p_arena *arena;
	const struct p2p_diff_side *sides[2];
	const struct p2p_machine *machines[2];
	const struct p2p_diff_options *options;
	struct diff_match match;
	struct p2p_change *changes; /* on the heap while it grows */
	size_t change_count, change_size;
	/* First change of each function, before and after; the others that diff_facts() found follow it. */
	int *first[2];
};

/* diff.c: a new change, all zero but for kind, of, before, after, counts and shown. */
struct p2p_change *diff_add(struct diff *diff, enum p2p_change_kind kind, enum p2p_change_of of, int before, int after);

/* diff-facts.c: host, host bridges, functions. */
void diff_facts(struct diff *diff);

/* A field of what both sides have: the change, or NULL where it is the same. */
struct p2p_change *diff_field(struct diff *diff, enum p2p_change_of of, int before, int after,
			      const struct p2p_field *field, const void *a, const void *b);

/* diff-nvmet.c: namespaces of the NVMe target; after the others. */
void diff_namespaces(struct diff *diff);

/* Is the order of members of two host bridges alike, by the members that both have? */
bool diff_order_same(const struct diff *diff, int before, int after);

/* diff-causes.c: judges of the second machine with some groups of facts as the first has them. */
struct diff_hybrids;

struct diff_hybrids *diff_hybrids_new(struct diff *diff);
void diff_hybrids_free(struct diff_hybrids *hybrids);

/* The groups of facts in which any change was found: bits (1 << group). */
unsigned diff_hybrids_groups(const struct diff_hybrids *hybrids);

/* The second machine with those groups put back. */
const struct p2p_judge *diff_hybrid(struct diff_hybrids *hybrids, unsigned groups);

/*
 * The smallest set of groups that explains why something is not what it was.
 * `same` says whether it is with a hybrid.  0: no group, or none alone, and the
 * machine itself is another: *ret_structure.
 */
unsigned diff_explain(struct diff_hybrids *hybrids, unsigned groups,
		      bool (*same)(void *context, const struct p2p_judge *hybrid), void *context, bool *ret_structure);

#define DIFF_BIT(group) (1u << (group))

/* What the decision for a pair asks for. */
#define DIFF_ROUTE_GROUPS                                                                                             \
	(DIFF_BIT(P2P_GROUP_KERNEL) | DIFF_BIT(P2P_GROUP_P2PDMA) | DIFF_BIT(P2P_GROUP_CPU) |                           \
	 DIFF_BIT(P2P_GROUP_IOMMU) | DIFF_BIT(P2P_GROUP_RUNNING) | DIFF_BIT(P2P_GROUP_ROOT) |                          \
	 DIFF_BIT(P2P_GROUP_ACS))

/* Answers that are being compared. */
struct diff_answers {
	struct diff *diff;
	struct diff_hybrids *hybrids;
	int *causes; /* of the answer at hand */
	size_t cause_count, cause_size;
	bool *changed; /* by change: did it change an answer */
};

/* The same two ends in two machines. */
struct diff_pair {
	struct p2p_verdict verdicts[2];
	bool compare_would; /* both say what they would decide */
};

/* The function above on the kernel's walk; P2P_NOBODY: none that is known. */
static inline int diff_up_of(const struct p2p_machine *machine, int index)
{
	const struct p2p_edge *up = &machine->functions[index].up;

	return p2p_known(up->fact) ? up->to : P2P_NOBODY;
}

/* diff-answers.c: offers, clients, pairs. */
void diff_answers(struct diff *diff);

/* What a function offers, and what it takes. */
void diff_abilities(struct diff_answers *answers, int before, int after);

/* Which changes gave a pair another answer, into answers->causes; the groups of facts they are about are returned. */
unsigned diff_causes_of_pair(struct diff_answers *answers, struct diff_pair *pair);

/* One more cause; then all of them in order, each once. */
void diff_cause_add(struct diff_answers *answers, size_t change);
void diff_causes_settle(struct diff_answers *answers);

/* A copy for good. */
const int *diff_causes_keep(struct diff_answers *answers);

/* Is any of them a difference, and not only a gap? */
bool diff_causes_count(const struct diff_answers *answers);

/* diff-routes.c: every pair. */
void diff_routes(struct diff_answers *answers);

#endif
