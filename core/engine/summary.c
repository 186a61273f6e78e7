/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A verdict depends on where the two walks meet and on whether anything on
 * them redirects, or on the two host bridges when they do not meet.  So at
 * every bridge the functions below are counted by the state of their path up
 * to there; functions with one state are alike for whatever comes from
 * elsewhere, and one real pair of each kind is judged for all of them.
 */
#include "summary.h"

#include <stdlib.h>

#include "judge-internal.h"

enum state { CLEAN, REDIRECTS, UNSURE, STATES };

/* Functions that are alike: how many, and one of them. */
struct alike {
	uint64_t count;
	int example;
};

struct below {
	struct alike by[STATES];
};

struct summary {
	const struct p2p_judge *judge;
	struct p2p_count *counts;
	size_t count;
};

bool p2p_count_alike(const struct p2p_count *a, const struct p2p_count *b)
{
	return a->map == b->map && a->supported == b->supported && a->rule == b->rule && a->would_be == b->would_be;
}

static void count_answer(struct summary *summary, const struct p2p_verdict *verdict, uint64_t pairs)
{
	struct p2p_count answer = { verdict->map, verdict->supported, verdict->would, verdict->would_be,
				    verdict->rule, pairs };

	for (size_t i = 0; i < summary->count; i++)
		if (p2p_count_alike(&summary->counts[i], &answer)) {
			summary->counts[i].pairs += pairs;
			return;
		}
	if (summary->count == P2P_COUNTS_MAX)
		abort(); /* maps x answers x rules are fewer */
	summary->counts[summary->count++] = answer;
}

/* All ordered pairs between two kinds, both ways. */
static void count_between(struct summary *summary, const struct alike *a, const struct alike *b)
{
	struct p2p_verdict verdict;

	if (!a->count || !b->count)
		return;
	p2p_judge_pair(summary->judge, a->example, b->example, &verdict);
	count_answer(summary, &verdict, a->count * b->count);
	p2p_judge_pair(summary->judge, b->example, a->example, &verdict);
	count_answer(summary, &verdict, a->count * b->count);
}

static void add_alike(struct alike *to, const struct alike *from)
{
	if (!to->count)
		to->example = from->example;
	to->count += from->count;
}

/* Pairs between what was gathered so far and one more branch; then that branch is part of it. */
static void join(struct summary *summary, struct below *gathered, const struct below *branch)
{
	for (int i = 0; i < STATES; i++)
		for (int j = 0; j < STATES; j++)
			count_between(summary, &gathered->by[i], &branch->by[j]);
	for (int i = 0; i < STATES; i++)
		add_alike(&gathered->by[i], &branch->by[i]);
}

/* The paths of all functions below now pass through a function that redirects, or may. */
static void pass(struct below *below, enum p2p_answer redirects)
{
	if (redirects == P2P_YES) {
		add_alike(&below->by[REDIRECTS], &below->by[CLEAN]);
		add_alike(&below->by[REDIRECTS], &below->by[UNSURE]);
		below->by[CLEAN].count = below->by[UNSURE].count = 0;
	} else if (redirects == P2P_MAYBE) {
		add_alike(&below->by[UNSURE], &below->by[CLEAN]);
		below->by[CLEAN].count = 0;
	}
}

struct by_depth {
	unsigned depth;
	int index;
};

static int deepest_first(const void *a, const void *b)
{
	const struct by_depth *x = a, *y = b;

	if (x->depth != y->depth)
		return x->depth > y->depth ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Functions whose place is unknown, by the host bridge that their path names, after the root buses themselves. */
static size_t group_of(const struct p2p_judge *judge, int index)
{
	size_t hosts = judge->machine->hostbridge_count + 1;
	size_t host = (size_t)(judge->machine->functions[index].hostbridge + 1);

	return judge->functions[index].placed ? host : hosts + host;
}

/* From the leaves up: each function's branch joins that of the function above, or of its root bus. */
static void count_branches(struct summary *summary, const bool *among, struct below *below, struct below *groups)
{
	const struct p2p_judge *judge = summary->judge;
	size_t count = judge->machine->function_count;
	struct by_depth *order = p2p_realloc(NULL, count, sizeof(*order));

	for (size_t i = 0; i < count; i++)
		order[i] = (struct by_depth){ judge->functions[i].depth, (int)i };
	qsort(order, count, sizeof(*order), deepest_first);
	for (size_t i = 0; i < count; i++) {
		int index = order[i].index, up = p2p_up(judge, index);
		bool placed = judge->functions[index].placed;
		struct below own = { { [CLEAN] = { 1, index } } };

		if (among[index])
			join(summary, &below[index], &own);
		pass(&below[index], judge->functions[index].redirects);
		join(summary, placed && up != P2P_NOBODY ? &below[up] : &groups[group_of(judge, index)],
		     &below[index]);
	}
	free(order);
}

size_t p2p_judge_summary(const struct p2p_judge *judge, const bool *among, bool self,
			 struct p2p_count ret[P2P_COUNTS_MAX])
{
	struct summary summary = { judge, ret, 0 };
	size_t count = judge->machine->function_count, groups = 2 * (judge->machine->hostbridge_count + 1);
	struct p2p_arena *arena = p2p_arena_new();
	struct below *below = p2p_arena_array(arena, count, sizeof(*below));
	struct below *roots = p2p_arena_array(arena, groups, sizeof(*roots));

	count_branches(&summary, among, below, roots);
	/* Between host bridges every pair of host bridges is a case of its own. */
	for (size_t i = 0; i < groups; i++)
		for (size_t j = i + 1; j < groups; j++) {
			struct below copy = roots[i];

			join(&summary, &copy, &roots[j]);
		}
	for (size_t i = 0; self && i < count; i++) {
		struct p2p_verdict verdict;

		if (!among[i])
			continue;
		p2p_judge_pair(judge, (int)i, (int)i, &verdict);
		count_answer(&summary, &verdict, 1);
	}
	p2p_arena_free(arena);
	return summary.count;
}
