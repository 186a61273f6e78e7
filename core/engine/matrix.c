/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding: which sorts have the same answers to everybody.
 *
 * X and Y are alike if their rows of codes are equal but for the two places
 * of X and Y themselves, and if what is said between X and Y, both ways, is
 * also said within each of them that has several members.  Let that answer be
 * w: with w put at each one's own place the rows are equal as a whole.  So
 * every sort gets one hash for each w that can be, equal hashes are
 * candidates, and these are compared in full.
 */
#include "matrix.h"

#include <stdlib.h>
#include <string.h>

#include "matrix-internal.h"

struct candidate {
	uint64_t hash;
	int sort;
	uint16_t code; /* of w, there and back */
};

static int candidate_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->sort > y->sort) - (x->sort < y->sort);
}

static uint64_t own_hash(const struct sort *sort)
{
	uint64_t hash = p2p_matrix_mix(sort->class);

	hash = p2p_matrix_mix(hash + (uint64_t)sort->client);
	hash = p2p_matrix_mix(hash + (uint64_t)sort->offer.kind * 8 + (uint64_t)sort->offer.published * 2 +
			      (sort->offer.available != 0));
	return p2p_matrix_mix(hash + sort->self);
}

/* Every sort with every w that it may have with another one; the number of candidates is returned. */
static size_t find_candidates(const struct fold *fold, struct candidate **ret)
{
	struct candidate *list = NULL;
	size_t count = 0, room = 0;

	for (size_t i = 0; i < fold->count; i++) {
		const struct sort *sort = &fold->sorts[i];
		uint64_t hash = sort->hash + own_hash(sort), stands = p2p_matrix_mix(~(uint64_t)i);

		for (size_t code = 0; code < fold->pair_count; code++) {
			uint16_t there = fold->pairs[code].there;

			if (there != fold->pairs[code].back || !(sort->seen >> (code % 64) & 1) ||
			    (sort->count > 1 && sort->within != there))
				continue;
			if (count == room) {
				room = room ? 2 * room : 256;
				list = p2p_realloc(list, room, sizeof(*list));
			}
			list[count++] =
				(struct candidate){ hash + p2p_matrix_mix(code) * stands, (int)i, (uint16_t)code };
		}
	}
	if (count)
		qsort(list, count, sizeof(*list), candidate_order);
	*ret = list;
	return count;
}

static bool alike(const struct fold *fold, size_t a, size_t b, uint16_t code)
{
	const struct sort *x = &fold->sorts[a], *y = &fold->sorts[b];
	const uint16_t *p = fold->codes + a * fold->count, *q = fold->codes + b * fold->count;
	size_t low = a < b ? a : b, high = a < b ? b : a;

	if (x->class != y->class || x->client != y->client || x->self != y->self ||
	    p2p_matrix_offer_order(&x->offer, &y->offer) || p[b] != code || q[a] != code)
		return false;
	/* w within those of several members: find_candidates() saw to that. */
	return !memcmp(p, q, low * sizeof(*p)) &&
	       !memcmp(p + low + 1, q + low + 1, (high - low - 1) * sizeof(*p)) &&
	       !memcmp(p + high + 1, q + high + 1, (fold->count - high - 1) * sizeof(*p));
}

/* For each sort the first one that is like it, or itself. */
static int *find_leaders(const struct fold *fold)
{
	int *leaders = p2p_arena_array(fold->arena, fold->count, sizeof(*leaders));
	struct candidate *list = NULL;
	size_t count = fold->flags & P2P_MATRIX_NO_FOLD ? 0 : find_candidates(fold, &list);

	for (size_t i = 0; i < fold->count; i++)
		leaders[i] = (int)i;
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && list[end].hash == list[i].hash; end++) {
			for (size_t j = i; j < end; j++) {
				size_t leader = (size_t)list[j].sort, sort = (size_t)list[end].sort;

				if (leaders[leader] != (int)leader || leader == sort ||
				    !alike(fold, leader, sort, list[end].code))
					continue;
				leaders[sort] = (int)leader;
				break;
			}
		}
	}
	free(list);
	return leaders;
}

static int int_order(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Every function is a group. */
static struct p2p_group *groups_apart(const struct fold *fold, struct p2p_matrix *matrix)
{
	size_t functions = fold->judge->machine->function_count;
	struct p2p_group *groups = p2p_arena_array(matrix->arena, matrix->functions, sizeof(*groups));
	const struct sort **of = p2p_arena_array(fold->arena, functions, sizeof(*of));

	for (size_t i = 0; i < fold->count; i++)
		for (size_t j = 0; j < fold->sorts[i].count; j++)
			of[fold->sorts[i].members[j]] = &fold->sorts[i];
	for (size_t i = 0; i < functions; i++) {
		if (!of[i])
			continue;
		int *member = p2p_arena_array(matrix->arena, 1, sizeof(*member));
		struct p2p_group *group = &groups[matrix->count++];

		*member = (int)i;
		*group = (struct p2p_group){ .members = member, .count = 1, .client = of[i]->client,
					     .self = of[i]->self, .of = (int)(of[i] - fold->sorts) };
		p2p_judge_offer(fold->judge, (int)i, &group->offer);
	}
	return groups;
}

/* The sorts that follow one leader are one group. */
static struct p2p_group *groups_folded(const struct fold *fold, struct p2p_matrix *matrix, uint16_t *within)
{
	const int *leaders = find_leaders(fold);
	struct p2p_group *groups = p2p_arena_array(matrix->arena, fold->count, sizeof(*groups));
	int **members = p2p_arena_array(fold->arena, fold->count, sizeof(*members));
	size_t *sizes = p2p_arena_array(fold->arena, fold->count, sizeof(*sizes));
	int *place = p2p_arena_array(fold->arena, fold->count, sizeof(*place));

	for (size_t i = 0; i < fold->count; i++)
		sizes[leaders[i]] += fold->sorts[i].count;
	for (size_t i = 0; i < fold->count; i++) {
		const struct sort *sort = &fold->sorts[i];
		size_t leader = (size_t)leaders[i];

		if (leader == i) {
			place[i] = (int)matrix->count;
			members[i] = p2p_arena_array(matrix->arena, sizes[i], sizeof(int));
			groups[matrix->count++] = (struct p2p_group){
				.members = members[i], .client = sort->client, .offer = sort->offer,
				.self = sort->self, .of = (int)i
			};
		} else {
			within[leader] = fold->pairs[fold->codes[leader * fold->count + i]].there;
		}
		struct p2p_group *group = &groups[place[leader]];

		if (leader != i) {
			group->offer.bytes += sort->offer.bytes;
			group->offer.available += sort->offer.available;
		}
		memcpy(members[leader] + group->count, sort->members, sort->count * sizeof(int));
		group->count += sort->count;
	}
	for (size_t i = 0; i < matrix->count; i++)
		qsort(members[groups[i].of], groups[i].count, sizeof(int), int_order);
	return groups;
}

struct p2p_matrix *p2p_judge_matrix(const struct p2p_judge *judge, const bool *among, unsigned flags)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_matrix *matrix = p2p_arena_alloc(arena, sizeof(*matrix));
	struct fold fold = { .judge = judge, .arena = p2p_arena_new(), .flags = flags };
	uint16_t *within;

	matrix->arena = arena;
	p2p_matrix_sorts(&fold, among);
	if (fold.count > P2P_MATRIX_MOST) {
		p2p_arena_free(fold.arena);
		p2p_arena_free(arena);
		return NULL;
	}
	p2p_matrix_fill(&fold);
	within = p2p_arena_array(arena, fold.count, sizeof(*within));
	for (size_t i = 0; i < fold.count; i++) {
		within[i] = fold.sorts[i].within;
		matrix->functions += fold.sorts[i].count;
	}
	matrix->groups =
		flags & P2P_MATRIX_NO_FOLD ? groups_apart(&fold, matrix) : groups_folded(&fold, matrix, within);
	matrix->within = within;
	matrix->codes = fold.codes;
	matrix->sorts = fold.count;
	matrix->pairs = fold.pairs;
	matrix->cells = fold.cells;
	matrix->cell_count = fold.cell_count;
	p2p_arena_free(fold.arena);
	return matrix;
}

void p2p_matrix_free(struct p2p_matrix *matrix)
{
	if (!matrix)
		return;
	free((void *)matrix->codes);
	free((void *)matrix->pairs);
	free((void *)matrix->cells);
	p2p_arena_free(matrix->arena);
}
