/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sorts of functions: those that cannot but have the same answers, by
 * their place alone.
 *
 * A verdict depends on where two walks meet, on whether anything on them
 * redirects, on the two host bridges, and, for the locality, on the number of
 * steps and the NUMA nodes (judge.c).  A junction is where several branches
 * with functions come together.  Two functions that are alone in their
 * branches below one junction, and look the same from there, meet everybody
 * else at or above that junction, in the same way.
 */
#include <stdlib.h>

#include "matrix-internal.h"

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

int *p2p_matrix_deepest(const struct fold *fold)
{
	size_t count = fold->judge->machine->function_count;
	struct by_depth *order = p2p_realloc(NULL, count + 1, sizeof(*order));
	int *deepest = p2p_arena_array(fold->arena, count, sizeof(*deepest));

	for (size_t i = 0; i < count; i++)
		order[i] = (struct by_depth){ fold->judge->functions[i].depth, (int)i };
	qsort(order, count, sizeof(*order), deepest_first);
	for (size_t i = 0; i < count; i++)
		deepest[i] = order[i].index;
	free(order);
	return deepest;
}

/* How many branches with functions each node has; a function is a branch of itself. */
static unsigned *count_branches(const struct fold *fold, const bool *among)
{
	size_t count = fold->judge->machine->function_count;
	unsigned *branches = p2p_arena_array(fold->arena, p2p_matrix_roof(fold) + 1, sizeof(*branches));
	const int *deepest = p2p_matrix_deepest(fold);

	for (size_t i = 0; i < count; i++) {
		size_t node = (size_t)deepest[i];

		branches[node] += among[node];
		branches[p2p_matrix_above(fold, node)] += branches[node] != 0;
	}
	return branches;
}

/* All that decides of which sort a function is. */
struct keyed {
	size_t junction;
	struct sight sight;
	enum p2p_answer redirects; /* itself, where that is a pair */
	uint32_t class;
	enum p2p_client_kind client;
	struct p2p_offer offer;
	int index;
};

int p2p_matrix_offer_order(const struct p2p_offer *a, const struct p2p_offer *b)
{
	bool a_now = a->available != 0, b_now = b->available != 0;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->published != b->published)
		return a->published < b->published ? -1 : 1;
	return a_now - b_now;
}

static int sort_order(const struct keyed *x, const struct keyed *y)
{
	int order = p2p_matrix_sight_order(&x->sight, &y->sight);

	if (x->junction != y->junction)
		return x->junction < y->junction ? -1 : 1;
	if (order)
		return order;
	if (x->redirects != y->redirects)
		return x->redirects < y->redirects ? -1 : 1;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	return p2p_matrix_offer_order(&x->offer, &y->offer);
}

static int keyed_order(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = sort_order(x, y);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

#define CLASS_UNKNOWN UINT32_MAX

static void key_of(const struct fold *fold, const unsigned *branches, int index, struct keyed *key)
{
	const struct p2p_function *function = &fold->judge->machine->functions[index];
	const struct judge_function *judged = &fold->judge->functions[index];
	size_t functions = fold->judge->machine->function_count, node = (size_t)index;
	struct p2p_client client;

	*key = (struct keyed){ .index = index };
	key->sight = (struct sight){ P2P_NO, judged->depth, judged->placed, function->hostbridge, function->numa_node };
	while (node < functions && branches[node] < 2) {
		p2p_matrix_pass(fold, node, &key->sight);
		node = p2p_matrix_above(fold, node);
	}
	p2p_matrix_reach(fold, node, &key->sight);
	key->junction = node;
	key->redirects = fold->flags & P2P_MATRIX_SELF ? judged->redirects : P2P_NO;
	if (fold->flags & P2P_MATRIX_BY_ANSWER)
		return;
	key->class = p2p_known(function->class.fact) ? (uint32_t)(function->class.value >> 8) : CLASS_UNKNOWN;
	p2p_judge_client(fold->judge, index, &client);
	key->client = client.kind;
	p2p_judge_offer(fold->judge, index, &key->offer);
}

static int first_order(const void *a, const void *b)
{
	const struct sort *x = a, *y = b;

	return (x->members[0] > y->members[0]) - (x->members[0] < y->members[0]);
}

static void make_sort(struct fold *fold, const struct keyed *keys, size_t count, struct sort *sort)
{
	*sort = (struct sort){
		.members = p2p_arena_array(fold->arena, count, sizeof(int)), .count = count,
		.junction = (int)keys->junction, .offer = keys->offer, .client = keys->client, .class = keys->class,
		.within = P2P_CELL_NONE, .self = P2P_CELL_NONE,
	};
	sort->offer.bytes = sort->offer.available = 0;
	for (size_t i = 0; i < count; i++) {
		sort->members[i] = keys[i].index;
		sort->offer.bytes += keys[i].offer.bytes;
		sort->offer.available += keys[i].offer.available;
	}
}

void p2p_matrix_sorts(struct fold *fold, const bool *among)
{
	size_t functions = fold->judge->machine->function_count, count = 0;
	const unsigned *branches = count_branches(fold, among);
	struct keyed *keys = p2p_realloc(NULL, functions + 1, sizeof(*keys));

	for (size_t i = 0; i < functions; i++)
		if (among[i])
			key_of(fold, branches, (int)i, &keys[count++]);
	qsort(keys, count, sizeof(*keys), keyed_order);
	fold->sorts = p2p_arena_array(fold->arena, count, sizeof(*fold->sorts));
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && !sort_order(&keys[i], &keys[end]); end++)
			;
		make_sort(fold, &keys[i], end - i, &fold->sorts[fold->count]);
		fold->sorts[fold->count++].sight = keys[i].sight;
	}
	qsort(fold->sorts, fold->count, sizeof(*fold->sorts), first_order);
	free(keys);
}
