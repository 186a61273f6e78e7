/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Islands: who can reach whom, without asking about every pair.
 *
 * "Can reach" is an equivalence under every rule set from 5.4 on, and in
 * 4.20-5.1:
 *   - by bus addresses: the path in the tree is clean, so both functions hang
 *     below the same clean stretch.  `top` is the highest function of that
 *     stretch; equal tops are one island.
 *   - through a host bridge: all of a Zen, all below an allowed host bridge,
 *     and all allowed host bridges whose row does not ask for the same one.
 * 5.2-5.3 are not (redirect refuses inside, none is asked between hosts); they
 * are UNKNOWN where their Zen rule could apply.
 *
 * Missing facts: each can only join islands or leave them apart.  So the
 * islands are found twice, with every missing fact at its worst and at its
 * best; a function whose island is the same in both is known.
 */
#include <stdlib.h>
#include <string.h>

#include "judge-internal.h"

/* What stands for an island while they are being found: a host bridge, all of them, or the top of a clean stretch. */
#define KEY_UNKNOWN (-1L)
#define KEY_ALONE (-2L)
#define KEY_EVERYBODY (-3L)

/* First member of an island, where it is none: */
#define FIRST_UNKNOWN (-2)

struct islands {
	const struct p2p_judge *judge;
	const bool *among;
	int *top;  /* highest function of the clean stretch; P2P_NOBODY: it redirects itself */
	bool *done;
	bool best; /* missing facts at their best */
};

/* A missing fact at its best or its worst. */
static bool yes(const struct islands *islands, enum p2p_answer answer)
{
	return answer == P2P_YES || (answer == P2P_MAYBE && islands->best);
}

static void find_top(struct islands *islands, int index)
{
	enum p2p_answer redirects = islands->judge->functions[index].redirects;
	int up = p2p_up(islands->judge, index);

	if (islands->done[index])
		return;
	islands->done[index] = true;
	islands->top[index] = P2P_NOBODY;
	if (redirects == P2P_YES || (redirects == P2P_MAYBE && !islands->best))
		return;
	islands->top[index] = index;
	if (up == P2P_NOBODY)
		return;
	find_top(islands, up); /* depth is bounded by the scanner */
	if (islands->top[up] != P2P_NOBODY)
		islands->top[index] = islands->top[up];
}

/* The key of one function under one candidate. */
static long key_of(const struct islands *islands, size_t candidate, int index)
{
	const struct p2p_judge *judge = islands->judge;
	int hostbridge = judge->machine->functions[index].hostbridge;
	const struct judge_host *host = p2p_judge_host(judge, candidate, hostbridge);
	enum p2p_ruleset set = judge->candidates.list[candidate].set->set;

	if (!judge->functions[index].placed)
		return KEY_UNKNOWN;
	if (set >= P2P_RULESET_R3 && yes(islands, judge->zen))
		return KEY_EVERYBODY;
	if (set == P2P_RULESET_R1 && host->is_1450 != P2P_NO && judge->iommu != P2P_YES)
		return KEY_UNKNOWN;
	if (set >= P2P_RULESET_R2 && yes(islands, host->across))
		return KEY_EVERYBODY; /* all hosts with such a row */
	if (set >= P2P_RULESET_R2 && yes(islands, host->same))
		return (long)judge->machine->function_count + hostbridge;
	return islands->top[index] == P2P_NOBODY ? KEY_ALONE : islands->top[index];
}

struct keyed {
	long key;
	int index;
};

static int keyed_order(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* The first member of each function's island; P2P_NOBODY: alone. */
static void partition(struct islands *islands, size_t candidate, struct keyed *sorted, int *ret)
{
	size_t count = 0, functions = islands->judge->machine->function_count;

	memset(islands->done, 0, functions * sizeof(*islands->done));
	for (size_t i = 0; i < functions; i++) {
		find_top(islands, (int)i);
		if (islands->among[i])
			sorted[count++] = (struct keyed){ key_of(islands, candidate, (int)i), (int)i };
	}
	qsort(sorted, count, sizeof(*sorted), keyed_order);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && sorted[end].key == sorted[i].key; end++)
			;
		int first = sorted[i].key == KEY_UNKNOWN			? FIRST_UNKNOWN
			    : sorted[i].key == KEY_ALONE || end == i + 1 ? P2P_NOBODY
									 : sorted[i].index;

		for (size_t j = i; j < end; j++)
			ret[sorted[j].index] = first;
	}
}

/*
 * An island with a member that may belong elsewhere is not known as a whole:
 * equal first members are not enough.
 */
static void doubt(size_t count, const bool *among, const int *worst, const int *best, int *ret)
{
	bool *open = p2p_malloc(count * sizeof(*open));

	memset(open, 0, count * sizeof(*open));
	for (size_t i = 0; i < count; i++) {
		if (!among[i] || worst[i] == best[i])
			continue;
		if (worst[i] >= 0)
			open[worst[i]] = true;
		if (best[i] >= 0)
			open[best[i]] = true;
		ret[i] = FIRST_UNKNOWN;
	}
	for (size_t i = 0; i < count; i++)
		if (among[i] && ((worst[i] >= 0 && open[worst[i]]) || (best[i] >= 0 && open[best[i]])))
			ret[i] = FIRST_UNKNOWN;
	free(open);
}

/* Numbers islands in the order of their first member. */
static void number(size_t count, const bool *among, const int *first, int *ret)
{
	int last = 0;

	for (size_t i = 0; i < count; i++) {
		if (!among[i] || first[i] == FIRST_UNKNOWN)
			ret[i] = 0;
		else if (first[i] == P2P_NOBODY)
			ret[i] = -1;
		else
			ret[i] = first[i] == (int)i ? ++last : ret[first[i]];
	}
}

void p2p_judge_islands(const struct p2p_judge *judge, const bool *among, int *ret)
{
	size_t count = judge->machine->function_count;
	struct p2p_arena *arena = p2p_arena_new();
	struct islands islands = { .judge = judge, .among = among };
	struct keyed *sorted = p2p_arena_array(arena, count, sizeof(*sorted));
	int *first = p2p_arena_array(arena, count, sizeof(*first)),
	    *base = p2p_arena_array(arena, count, sizeof(*base));
	int *other = p2p_arena_array(arena, count, sizeof(*other));

	islands.top = p2p_arena_array(arena, count, sizeof(*islands.top));
	islands.done = p2p_arena_array(arena, count, sizeof(*islands.done));
	partition(&islands, 0, sorted, base);
	memcpy(first, base, count * sizeof(*first));
	/* Every other candidate, and each with the missing facts at their best, must say the same. */
	for (size_t i = 0; i < 2 * judge->candidates.count; i++) {
		islands.best = i & 1;
		if (!i)
			continue;
		partition(&islands, i / 2, sorted, other);
		doubt(count, among, base, other, first);
	}
	number(count, among, first, ret);
	p2p_arena_free(arena);
}
