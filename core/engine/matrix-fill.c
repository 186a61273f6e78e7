/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answers between the sorts.  From the leaves up, each branch joins what
 * was gathered at its junction; sorts that look alike from there are in one
 * bucket, and one pair of functions is judged for two buckets.
 */
#include <stdlib.h>

#include "matrix-internal.h"

/* Sorts that look alike from the node at which they were gathered. */
struct bucket {
	struct sight sight;
	int example;       /* a function of them */
	int first, last;   /* sorts, linked */
	uint64_t stands;   /* the sum of what stands for each sort in a hash */
	struct bucket *next;
};

struct fill {
	struct fold *fold;
	struct bucket **at; /* by node: what was gathered */
	struct bucket *unused;
};

static bool same_cell(const struct p2p_cell *a, const struct p2p_cell *b)
{
	return a->map == b->map && a->supported == b->supported && a->would == b->would && a->would_be == b->would_be &&
	       a->would_supported == b->would_supported && a->rule == b->rule && a->locality == b->locality;
}

static enum p2p_answer would_supported(const struct p2p_verdict *verdict)
{
	unsigned no = 1u << P2P_MAP_NOT_SUPPORTED;

	if (!verdict->would)
		return P2P_MAYBE;
	return verdict->would_possible == no ? P2P_NO : verdict->would_possible & no ? P2P_MAYBE : P2P_YES;
}

static uint16_t judge(struct fold *fold, int provider, int client)
{
	struct p2p_verdict verdict;

	p2p_judge_pair(fold->judge, provider, client, &verdict);
	struct p2p_cell cell = { verdict.map, verdict.supported, verdict.would, verdict.would_be,
				 would_supported(&verdict), verdict.rule, verdict.locality };

	for (size_t i = 0; i < fold->cell_count; i++)
		if (same_cell(&fold->cells[i], &cell))
			return (uint16_t)i;
	if (fold->cell_count == fold->cell_room) {
		fold->cell_room = fold->cell_room ? 2 * fold->cell_room : 32;
		fold->cells = p2p_realloc(fold->cells, fold->cell_room, sizeof(*fold->cells));
	}
	fold->cells[fold->cell_count] = cell;
	return (uint16_t)fold->cell_count++;
}

/* The number of two cells, there and back. */
static uint16_t code_of(struct fold *fold, uint16_t there, uint16_t back)
{
	for (size_t i = 0; i < fold->pair_count; i++)
		if (fold->pairs[i].there == there && fold->pairs[i].back == back)
			return (uint16_t)i;
	if (fold->pair_count == P2P_CELL_NONE)
		abort(); /* pairs of maps x rules x localities that one machine has are fewer */
	if (fold->pair_count == fold->pair_room) {
		fold->pair_room = fold->pair_room ? 2 * fold->pair_room : 64;
		fold->pairs = p2p_realloc(fold->pairs, fold->pair_room, sizeof(*fold->pairs));
	}
	fold->pairs[fold->pair_count] = (struct p2p_code){ there, back };
	return (uint16_t)fold->pair_count++;
}

/* The answers of all sorts of `a` to those of `b`. */
static void fill_codes(struct fold *fold, const struct bucket *a, const struct bucket *b, uint16_t code)
{
	uint64_t part = p2p_matrix_mix(code) * b->stands;

	for (int i = a->first; i != P2P_NOBODY; i = fold->sorts[i].next) {
		uint16_t *row = fold->codes + (size_t)i * fold->count;

		fold->sorts[i].hash += part;
		fold->sorts[i].seen |= (uint64_t)1 << (code % 64);
		for (int j = b->first; j != P2P_NOBODY; j = fold->sorts[j].next)
			row[j] = code;
	}
}

static void link_buckets(struct fold *fold, const struct bucket *a, const struct bucket *b)
{
	uint16_t there = judge(fold, a->example, b->example), back = judge(fold, b->example, a->example);

	fill_codes(fold, a, b, code_of(fold, there, back));
	fill_codes(fold, b, a, code_of(fold, back, there));
}

/* Adds a bucket to those of a node, or to the one there that looks alike. */
static void put(struct fill *fill, size_t node, struct bucket *bucket)
{
	struct bucket *same = fill->at[node];

	while (same && p2p_matrix_sight_order(&same->sight, &bucket->sight))
		same = same->next;
	if (!same) {
		bucket->next = fill->at[node];
		fill->at[node] = bucket;
		return;
	}
	fill->fold->sorts[same->last].next = bucket->first;
	same->last = bucket->last;
	same->stands += bucket->stands;
	bucket->next = fill->unused;
	fill->unused = bucket;
}

/* One more branch, as it looks from `node`: its answers to what was gathered there, and then it is part of that. */
static void join(struct fill *fill, size_t node, struct bucket *branch)
{
	for (const struct bucket *a = fill->at[node]; a; a = a->next)
		for (const struct bucket *b = branch; b; b = b->next)
			link_buckets(fill->fold, a, b);
	for (struct bucket *next; branch; branch = next) {
		next = branch->next;
		put(fill, node, branch);
	}
}

/* A sort joins at its junction; all of its members do, for they are alike. */
static void join_sort(struct fill *fill, int index)
{
	struct fold *fold = fill->fold;
	struct sort *sort = &fold->sorts[index];
	struct bucket *bucket = fill->unused;

	if (bucket)
		fill->unused = bucket->next;
	else
		bucket = p2p_arena_alloc(fold->arena, sizeof(*bucket));
	*bucket =
		(struct bucket){ sort->sight, sort->members[0], index, index, p2p_matrix_mix(~(uint64_t)index), NULL };
	sort->next = P2P_NOBODY;
	join(fill, (size_t)sort->junction, bucket);
	if (sort->count > 1)
		sort->within = judge(fold, sort->members[0], sort->members[1]);
	if (fold->flags & P2P_MATRIX_SELF)
		sort->self = judge(fold, sort->members[0], sort->members[0]);
}

/* What was gathered at a node is a branch of the one above. */
static void rise(struct fill *fill, size_t node)
{
	struct fold *fold = fill->fold;
	size_t above = p2p_matrix_above(fold, node);
	struct bucket *branch = fill->at[node], *next;

	/* Through the node: what differed only below it may look alike now. */
	fill->at[node] = NULL;
	for (; branch; branch = next) {
		next = branch->next;
		p2p_matrix_pass(fold, node, &branch->sight);
		p2p_matrix_reach(fold, above, &branch->sight);
		put(fill, node, branch);
	}
	branch = fill->at[node];
	fill->at[node] = NULL;
	join(fill, above, branch);
}

/* The sorts of each junction, linked by `next`; P2P_NOBODY ends. */
static int *by_junction(struct fold *fold)
{
	size_t nodes = p2p_matrix_roof(fold) + 1;
	int *first = p2p_arena_array(fold->arena, nodes, sizeof(*first));

	for (size_t i = 0; i < nodes; i++)
		first[i] = P2P_NOBODY;
	for (size_t i = fold->count; i--;) {
		fold->sorts[i].next = first[fold->sorts[i].junction];
		first[fold->sorts[i].junction] = (int)i;
	}
	return first;
}

static void gather(struct fill *fill, const int *first, size_t node)
{
	for (int i = first[node], next; i != P2P_NOBODY; i = next) {
		next = fill->fold->sorts[i].next;
		join_sort(fill, i);
	}
}

void p2p_matrix_fill(struct fold *fold)
{
	size_t functions = fold->judge->machine->function_count, roof = p2p_matrix_roof(fold);
	struct fill fill = { .fold = fold, .at = p2p_arena_array(fold->arena, roof + 1, sizeof(struct bucket *)) };
	const int *deepest = p2p_matrix_deepest(fold), *first = by_junction(fold);

	fold->codes =
		p2p_realloc(NULL, fold->count * fold->count + 1, sizeof(*fold->codes)); /* the diagonal is not used */
	for (size_t i = 0; i < functions; i++) {
		gather(&fill, first, (size_t)deepest[i]);
		rise(&fill, (size_t)deepest[i]);
	}
	for (size_t node = functions; node < roof; node++) {
		gather(&fill, first, node);
		rise(&fill, node);
	}
	gather(&fill, first, roof);
}
