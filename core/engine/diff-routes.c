/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which routes changed.
 *
 * A route depends on what is above a function, on whether the function itself
 * redirects, and on its host bridge.  Functions that are alike in that on both
 * sides are one class; a pair of classes is judged once for all its pairs.
 */
#include <stdlib.h>
#include <string.h>

#include "diff-internal.h"

/* Sets of causes of one kind of answer change that are kept apart: when all pairs are listed, and otherwise. */
#define SETS_LISTED 4096
#define SETS_MOST 4

struct class {
	size_t first, count; /* in `members` */
	bool matches;
};

/* What makes functions alike. */
struct member {
	int before, after;
	int up[2], hostbridge[2];
	enum p2p_answer redirects[2];
	int alone; /* not 0: like no other */
	bool matches;
};

struct row {
	struct p2p_answer_change change;
	unsigned groups; /* with `many`: what its causes are about */
	size_t number;   /* in the order of making */
	struct row *next; /* of those in one bucket */
};

/* All pairs of a class with a class. */
struct block {
	size_t row, provider, client;
	bool self; /* each with itself, and not each with every other */
};

struct p2p_diff_pairs {
	const struct member *members;
	const struct class *classes;
	const struct block *blocks;
	size_t block_count;
	const size_t *place; /* by row: where it is among the answer changes */
};

#define BUCKETS 1024

/* What is found, while it is made. */
struct routes {
	struct diff *diff;
	struct diff_answers *answers; /* has the causes of the pair at hand */
	struct member *members;
	struct class *classes;
	size_t member_count, class_count;
	struct row *buckets[BUCKETS], **rows;
	size_t row_count, row_size;
	struct block *blocks;
	size_t block_count, block_size;
};

/* ---------------------------------------------------------------- classes */

static int member_order(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->alone != y->alone)
		return x->alone < y->alone ? -1 : 1;
	if (x->matches != y->matches)
		return x->matches < y->matches ? -1 : 1;
	for (int side = 0; side < 2; side++) {
		if (x->up[side] != y->up[side])
			return x->up[side] < y->up[side] ? -1 : 1;
		if (x->hostbridge[side] != y->hostbridge[side])
			return x->hostbridge[side] < y->hostbridge[side] ? -1 : 1;
		if (x->redirects[side] != y->redirects[side])
			return x->redirects[side] < y->redirects[side] ? -1 : 1;
	}
	return 0;
}

/* The same, and which is first. */
static int member_order_whole(const void *a, const void *b)
{
	int order = member_order(a, b);
	int x = ((const struct member *)a)->after, y = ((const struct member *)b)->after;

	return order ? order : (x > y) - (x < y);
}

static struct member member_of(const struct diff *diff, int before, int after)
{
	const int indices[2] = { before, after };
	struct member member = { .before = before, .after = after };

	for (int side = 0; side < 2; side++) {
		const struct p2p_function *function = &diff->machines[side]->functions[indices[side]];
		const bool *matches = diff->sides[side]->matches;

		member.up[side] = diff_up_of(diff->machines[side], indices[side]);
		member.hostbridge[side] = function->hostbridge;
		member.redirects[side] = p2p_function_redirects(function);
		member.matches |= !matches || matches[indices[side]];
		if (function->up.fact.know == P2P_UNKNOWN)
			member.alone = after + 1;
	}
	if (member.redirects[0] != member.redirects[1] || diff->match.how[before] != DIFF_PLACE)
		member.alone = after + 1;
	return member;
}

static void make_classes(struct routes *routes)
{
	const struct diff *diff = routes->diff;
	size_t functions = diff->machines[0]->function_count;

	routes->members = p2p_arena_array(diff->arena, functions, sizeof(*routes->members));
	routes->classes = p2p_arena_array(diff->arena, functions, sizeof(*routes->classes));
	for (size_t i = 0; i < functions; i++) {
		int other = diff->match.functions[0][i];

		if (other == P2P_NOBODY || !(diff->sides[0]->among[i] || diff->sides[1]->among[other]) ||
		    p2p_function_is_bridge(&diff->machines[0]->functions[i]) ||
		    p2p_function_is_bridge(&diff->machines[1]->functions[other]))
			continue;
		routes->members[routes->member_count++] = member_of(diff, (int)i, other);
	}
	if (routes->member_count)
		qsort(routes->members, routes->member_count, sizeof(*routes->members), member_order_whole);
	for (size_t i = 0; i < routes->member_count; i++) {
		if (!i || member_order(&routes->members[i], &routes->members[i - 1]))
			routes->classes[routes->class_count++] =
				(struct class){ i, 0, routes->members[i].matches };
		routes->classes[routes->class_count - 1].count++;
	}
}

/* ----------------------------------------------------------------- routes */

/* Two sets of maps that have one in common may be the same answer. */
static enum p2p_compared compare_maps(uint8_t a, uint8_t b)
{
	return a == b ? P2P_SAME : a & b ? P2P_ONE_SIDED : P2P_DIFFERS;
}

static enum p2p_compared compare_routes(const struct diff_pair *pair)
{
	const struct p2p_verdict *a = &pair->verdicts[0], *b = &pair->verdicts[1];
	enum p2p_compared is = compare_maps(a->possible, b->possible);
	enum p2p_compared would = pair->compare_would ? compare_maps(a->would_possible, b->would_possible) : P2P_SAME;

	return is == P2P_DIFFERS || would == P2P_SAME ? is : would;
}

static struct p2p_answered answered(const struct p2p_verdict *verdict)
{
	return (struct p2p_answered){ verdict->map, verdict->supported, verdict->would, verdict->would_be,
				      verdict->rule };
}

static bool same_answered(const struct p2p_answered *a, const struct p2p_answered *b)
{
	return a->map == b->map && a->supported == b->supported && a->would == b->would &&
	       a->would_be == b->would_be && a->rule == b->rule;
}

/* Changes of the same answer into the same one, known or not. */
static bool same_kind_of_row(const struct p2p_answer_change *a, const struct p2p_answer_change *b)
{
	return a->counts == b->counts && same_answered(&a->before, &b->before) && same_answered(&a->after, &b->after);
}

static struct row *row_add(struct routes *routes, const struct p2p_answer_change *change, unsigned groups,
			   size_t bucket)
{
	struct row *row = p2p_arena_alloc(routes->diff->arena, sizeof(*row));

	if (routes->row_count == routes->row_size)
		routes->rows = p2p_realloc(routes->rows, routes->row_size = routes->row_size * 2 + 16,
					    sizeof(struct row *));
	*row = (struct row){ .change = *change, .groups = groups, .number = routes->row_count,
			     .next = routes->buckets[bucket] };
	row->change.pairs = 0;
	row->change.causes = diff_causes_keep(routes->answers);
	row->change.cause_count = routes->answers->cause_count;
	routes->buckets[bucket] = row;
	routes->rows[routes->row_count++] = row;
	return row;
}

/* More causes for a row that is about many sets of them. */
static void row_join(struct routes *routes, struct row *row)
{
	size_t had = row->change.cause_count;

	for (size_t i = 0; i < had; i++)
		diff_cause_add(routes->answers, (size_t)row->change.causes[i]);
	diff_causes_settle(routes->answers);
	if (routes->answers->cause_count == had)
		return;
	row->change.causes = diff_causes_keep(routes->answers);
	row->change.cause_count = routes->answers->cause_count;
}

static size_t bucket_of(const int *causes, size_t count)
{
	size_t hash = count;

	for (size_t i = 0; i < count; i++)
		hash = hash * 31 + (size_t)causes[i];
	return hash % BUCKETS;
}

/* The row for that change of an answer and the causes at hand. */
static struct row *row_find(struct routes *routes, const struct p2p_answer_change *change, unsigned groups)
{
	size_t bucket = bucket_of(routes->answers->causes, routes->answers->cause_count), sets = 0;
	struct row *many = NULL;

	for (struct row *row = routes->buckets[bucket]; row; row = row->next)
		if (!row->change.many && row->groups == groups && same_kind_of_row(&row->change, change) &&
		    row->change.cause_count == routes->answers->cause_count &&
		    (!routes->answers->cause_count ||
		     !memcmp(row->change.causes, routes->answers->causes,
			     routes->answers->cause_count * sizeof(*routes->answers->causes))))
			return row;
	for (size_t i = 0; i < routes->row_count; i++)
		if (routes->rows[i]->groups == groups && same_kind_of_row(&routes->rows[i]->change, change)) {
			sets++;
			many = routes->rows[i]->change.many ? routes->rows[i] : many;
		}
	if (many) {
		row_join(routes, many);
		return many;
	}
	struct row *row = row_add(routes, change, groups, bucket);

	row->change.many = sets >= (routes->diff->options->list ? SETS_LISTED : SETS_MOST);
	return row;
}

/* The same two ends in two machines. */
static void judge_both(const struct routes *routes, const struct member *provider, const struct member *client,
		       struct diff_pair *ret)
{
	const struct diff *diff = routes->diff;

	p2p_judge_pair(diff->sides[0]->judge, provider->before, client->before, &ret->verdicts[0]);
	p2p_judge_pair(diff->sides[1]->judge, provider->after, client->after, &ret->verdicts[1]);
	ret->compare_would = ret->verdicts[0].would && ret->verdicts[1].would;
}

static void add_block(struct routes *routes, size_t row, size_t provider, size_t client, bool self)
{
	if (!routes->diff->options->list)
		return;
	if (routes->block_count == routes->block_size)
		routes->blocks = p2p_realloc(routes->blocks, routes->block_size = routes->block_size * 2 + 64,
					      sizeof(*routes->blocks));
	routes->blocks[routes->block_count++] = (struct block){ row, provider, client, self };
}

/* All pairs of two classes, or each function of one with itself. */
static void compare_classes(struct routes *routes, size_t p, size_t c, bool self)
{
	const struct class *x = &routes->classes[p], *y = &routes->classes[c];
	const struct member *provider = &routes->members[x->first];
	const struct member *client = &routes->members[y->first + (p == c && !self)];
	uint64_t pairs = self ? x->count : p == c ? (uint64_t)x->count * (x->count - 1) : (uint64_t)x->count * y->count;
	struct diff_pair pair;

	if (!pairs || !(x->matches || y->matches))
		return;
	judge_both(routes, provider, client, &pair);
	enum p2p_compared compared = compare_routes(&pair);

	if (compared == P2P_SAME)
		return;
	struct p2p_answer_change change = {
		.before = answered(&pair.verdicts[0]), .after = answered(&pair.verdicts[1]),
		.provider = provider->after, .client = client->after,
	};
	unsigned groups = diff_causes_of_pair(routes->answers, &pair);

	change.counts = compared == P2P_DIFFERS && diff_causes_count(routes->answers);
	for (size_t i = 0; change.counts && i < routes->answers->cause_count; i++)
		routes->answers->changed[routes->answers->causes[i]] = true;
	struct row *row = row_find(routes, &change, groups);

	row->change.pairs += pairs;
	add_block(routes, row->number, p, c, self);
}

/* Could any route be another one? */
static bool may_differ(const struct routes *routes)
{
	const struct diff *diff = routes->diff;

	if (diff_hybrids_groups(routes->answers->hybrids) & DIFF_ROUTE_GROUPS)
		return true;
	for (size_t i = 0; i < diff->change_count; i++)
		if (diff->changes[i].kind != P2P_CHANGE_FACT)
			return true;
	for (size_t i = 0; i < diff->machines[0]->function_count; i++)
		if (diff->match.how[i] == DIFF_ADDRESS)
			return true;
	return false;
}

static void compare_pairs(struct routes *routes)
{
	if (!may_differ(routes))
		return;
	for (size_t i = 0; i < routes->class_count; i++) {
		for (size_t j = 0; j < routes->class_count; j++)
			compare_classes(routes, i, j, false);
		if (routes->diff->options->self)
			compare_classes(routes, i, i, true);
	}
}

static int row_order(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;

	if (x->change.counts != y->change.counts)
		return x->change.counts ? -1 : 1;
	if (x->change.pairs != y->change.pairs)
		return x->change.pairs > y->change.pairs ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* Rows and blocks into what is handed out. */
static void hand_out(struct routes *routes)
{
	struct diff *diff = routes->diff;
	struct p2p_answer_change *list = p2p_arena_array(diff->arena, routes->row_count, sizeof(*list));
	size_t *place = p2p_arena_array(diff->arena, routes->row_count, sizeof(*place));
	struct block *blocks = p2p_arena_array(diff->arena, routes->block_count, sizeof(*blocks));
	struct p2p_diff_pairs *pairs = p2p_arena_alloc(diff->arena, sizeof(*pairs));

	if (routes->row_count)
		qsort(routes->rows, routes->row_count, sizeof(struct row *), row_order);
	for (size_t i = 0; i < routes->row_count; i++) {
		list[i] = routes->rows[i]->change;
		place[routes->rows[i]->number] = i;
	}
	if (routes->block_count)
		memcpy(blocks, routes->blocks, routes->block_count * sizeof(*blocks));
	*pairs = (struct p2p_diff_pairs){ routes->members, routes->classes, blocks, routes->block_count, place };
	diff->ret->answers = list;
	diff->ret->answer_count = routes->row_count;
	diff->ret->list = pairs;
}

void diff_routes(struct diff_answers *answers)
{
	struct routes routes = { .diff = answers->diff, .answers = answers };

	make_classes(&routes);
	compare_pairs(&routes);
	for (size_t i = 0; i < routes.member_count; i++)
		diff_abilities(answers, routes.members[i].before, routes.members[i].after);
	hand_out(&routes);
	free(routes.rows);
	free(routes.blocks);
}

void p2p_diff_each_pair(const struct p2p_diff *diff,
			void (*each)(void *context, size_t answer, int provider, int client), void *context)
{
	const struct p2p_diff_pairs *list = diff->list;

	for (size_t i = 0; i < list->block_count; i++) {
		const struct block *block = &list->blocks[i];
		const struct class *x = &list->classes[block->provider], *y = &list->classes[block->client];

		for (size_t j = 0; j < x->count; j++)
			for (size_t k = 0; k < y->count; k++)
				if ((block->provider == block->client && j == k) == block->self)
					each(context, list->place[block->row], list->members[x->first + j].after,
					     list->members[y->first + k].after);
	}
}
