/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the judge share.  Floor 2 (engine); nobody else includes it. */
#ifndef P2P_ENGINE_JUDGE_INTERNAL_H
#define P2P_ENGINE_JUDGE_INTERNAL_H

#include "../model/acs-args.h"
#include "judge.h"

/* One host bridge under one candidate. */
struct judge_host {
	enum p2p_answer same, across; /* allowed inside it; between it and another */
	enum p2p_answer is_1450;      /* 5.2-5.3: is its 00.0 1022:1450 */
	enum p2p_rule why;            /* NOT_ALLOWLISTED, NO_ROOT_DEVICE, ALLOWLISTED, or what is unknown */
	int root, row; /* row: of the hardware's rows; P2P_NOBODY: none, or one that only the kernel has */
	bool same_only;               /* the row asks for the same host bridge */
};

struct judge_function {
	enum p2p_answer redirects;
	bool placed;       /* every edge up to the root bus is known */
	uint16_t depth;    /* functions on its chain, itself included */
	uint32_t yes, maybe; /* of those, how many redirect for sure, or perhaps */
	int up, top;       /* the one above, or P2P_NOBODY; the last on its chain, maybe itself */
	uint32_t first;    /* of a top: where those below it begin in judge->by_top */
	uint32_t below;    /* of a top: how many they are, itself included */
};

struct p2p_judge {
	struct p2p_arena *arena;
	const struct p2p_machine *machine;
	const struct p2p_hardware *hardware;
	struct p2p_candidates candidates;
	enum p2p_answer p2pdma, zen, iommu;
	struct judge_function *functions;
	int *by_top; /* all functions; those of one top together, in the order of their indices */
	struct judge_host *hosts; /* candidate-major */
	struct judge_host nowhere; /* the host bridge of a function whose place is unknown */
	uint16_t depth_max;
};

/* The function above on the kernel's walk; P2P_NOBODY at the root bus. */
static inline int p2p_up(const struct p2p_judge *judge, int index)
{
	return judge->functions[index].up;
}

/*
 * Who may meet that function at a bridge, itself included, in the order of
 * their indices: all with the same function at the root bus.  Nobody else does.
 */
static inline const int *p2p_judge_near(const struct p2p_judge *judge, int index, size_t *ret_count)
{
	const struct judge_function *top = &judge->functions[judge->functions[index].top];

	*ret_count = top->below;
	return &judge->by_top[top->first];
}

static inline const struct judge_host *p2p_judge_host(const struct p2p_judge *judge, size_t candidate, int hostbridge)
{
	if (hostbridge == P2P_NOBODY)
		return &judge->nowhere;
	return &judge->hosts[candidate * judge->machine->hostbridge_count + (size_t)hostbridge];
}

/* judge-roots.c: fills judge->hosts. */
void p2p_judge_roots(struct p2p_judge *judge);

/*
 * The first release after this kernel by whose rules the pair has a way, and
 * the map it then has.  NULL: none that is known.
 */
const struct p2p_candidate *p2p_judge_later(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
					    enum p2p_map *ret_map);

/*
 * What the point releases decide from the `at`-th candidate of them on: the
 * first of those that agree, with the map that they have (UNKNOWN: not known),
 * and the candidate after them.  NULL: no more.
 */
const struct p2p_candidate *p2p_judge_point(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
					    size_t *at, enum p2p_map *ret_map);

/*
 * remedy-boot.c: what to boot with so that nothing on the walk of that verdict
 * redirects afterwards, both sides meeting below a root port; NULL: nothing is
 * promised to.  `ret_says`: what is to be said of either, left alone where nothing is.
 */
const char *p2p_judge_bootargs(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
			       enum p2p_acs_args args, struct p2p_arena *arena, const char **ret_says);

/* Where both walks meet; P2P_NOBODY: they do not. */
int p2p_judge_common(const struct p2p_judge *judge, int a, int b);

#endif
