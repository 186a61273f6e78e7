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
 */
#include <stdlib.h>
#include <string.h>

#include "judge-internal.h"

/* What stands for an island while they are being found: a host bridge, all of them, or the top of a clean stretch. */
#define KEY_UNKNOWN (-1L)
#define KEY_ALONE (-2L)
#define KEY_EVERYBODY (-3L)

struct tops {
	int *top;      /* highest function of the clean stretch; P2P_NOBODY: it redirects itself */
	bool *unsure;  /* the stretch ends at a function of which nobody knows whether it redirects */
};

static void find_top(const struct p2p_judge *judge, int index, struct tops *tops, bool *done)
{
	enum p2p_answer redirects = judge->functions[index].redirects;
	int up = p2p_up(judge, index);

	if (done[index])
		return;
	done[index] = true;
	if (redirects != P2P_NO) {
		tops->top[index] = P2P_NOBODY;
		tops->unsure[index] = redirects == P2P_MAYBE;
		return;
	}
	tops->top[index] = index;
	tops->unsure[index] = !judge->functions[index].placed && up == P2P_NOBODY;
	if (up == P2P_NOBODY)
		return;
	find_top(judge, up, tops, done); /* depth is bounded by the scanner */
	if (tops->top[up] != P2P_NOBODY)
		tops->top[index] = tops->top[up];
	tops->unsure[index] = tops->unsure[up];
}

/* The key of one function under one candidate. */
static long key_of(const struct p2p_judge *judge, size_t candidate, const struct tops *tops, int index)
{
	const struct p2p_function *function = &judge->machine->functions[index];
	const struct judge_host *host = p2p_judge_host(judge, candidate, function->hostbridge);
	enum p2p_ruleset set = judge->candidates.list[candidate].set->set;
	bool one_host = judge->machine->hostbridge_count == 1;

	if (set >= P2P_RULESET_R3 && judge->zen == P2P_YES)
		return KEY_EVERYBODY;
	if (set == P2P_RULESET_R1 && host->is_1450 != P2P_NO && judge->iommu != P2P_YES)
		return KEY_UNKNOWN;
	if (set >= P2P_RULESET_R2 && host->same == P2P_YES && (host->across == P2P_YES || one_host))
		return KEY_EVERYBODY; /* all hosts with such a row; a single host is all there is */
	if (set >= P2P_RULESET_R3 && judge->zen == P2P_MAYBE)
		return KEY_UNKNOWN;
	if (set >= P2P_RULESET_R2 && host->same == P2P_YES && host->across == P2P_NO)
		return (long)judge->machine->function_count + function->hostbridge;
	if (set >= P2P_RULESET_R2 && host->same != P2P_NO)
		return KEY_UNKNOWN;
	if (tops->unsure[index])
		return KEY_UNKNOWN;
	return tops->top[index] == P2P_NOBODY ? KEY_ALONE : tops->top[index];
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

/*
 * Under one candidate: the first member of each function's island in `ret`;
 * P2P_NOBODY: alone; -2: not known.
 */
static void partition(const struct p2p_judge *judge, size_t candidate, const struct tops *tops, const bool *among,
		      struct keyed *sorted, int *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < judge->machine->function_count; i++)
		if (among[i])
			sorted[count++] = (struct keyed){ key_of(judge, candidate, tops, (int)i), (int)i };
	qsort(sorted, count, sizeof(*sorted), keyed_order);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && sorted[end].key == sorted[i].key; end++)
			;
		int first = sorted[i].key == KEY_UNKNOWN			? -2
			    : sorted[i].key == KEY_ALONE || end == i + 1 ? P2P_NOBODY
									 : sorted[i].index;

		for (size_t j = i; j < end; j++)
			ret[sorted[j].index] = first;
	}
}

/* Numbers islands in the order of their first member. */
static void number(size_t count, const bool *among, const int *first, int *ret)
{
	int last = 0;

	for (size_t i = 0; i < count; i++) {
		if (!among[i] || first[i] == -2)
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
	struct tops tops = { p2p_arena_array(arena, count, sizeof(int)), p2p_arena_array(arena, count, sizeof(bool)) };
	bool *done = p2p_arena_array(arena, count, sizeof(bool));
	struct keyed *sorted = p2p_arena_array(arena, count, sizeof(*sorted));
	int *first = p2p_arena_array(arena, count, sizeof(int));
	int *other = p2p_arena_array(arena, count, sizeof(int));

	for (size_t i = 0; i < count; i++)
		find_top(judge, (int)i, &tops, done);
	partition(judge, 0, &tops, among, sorted, first);
	for (size_t i = 1; i < judge->candidates.count; i++) {
		partition(judge, i, &tops, among, sorted, other);
		for (size_t j = 0; j < count; j++)
			if (among[j] && first[j] != other[j])
				first[j] = -2; /* the candidates disagree */
	}
	number(count, among, first, ret);
	p2p_arena_free(arena);
}
