/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "diff-internal.h"

static bool matches(const struct diff *diff, int side, int index)
{
	const bool *list = diff->sides[side]->matches;

	return index != P2P_NOBODY && list && list[index];
}

static bool is_shown(const struct diff *diff, enum p2p_change_of of, int before, int after)
{
	if (!diff->sides[0]->matches)
		return true;
	if (of == P2P_CHANGE_OF_NAMESPACE) {
		/* Of the functions that its disk is. */
		before = before == P2P_NOBODY ? P2P_NOBODY : diff->machines[0]->namespaces[before].function;
		after = after == P2P_NOBODY ? P2P_NOBODY : diff->machines[1]->namespaces[after].function;
	} else if (of != P2P_CHANGE_OF_FUNCTION) {
		return false;
	}
	return matches(diff, 0, before) || matches(diff, 1, after);
}

struct p2p_change *diff_add(struct diff *diff, enum p2p_change_kind kind, enum p2p_change_of of, int before, int after)
{
	int number = (int)diff->change_count;

	if (diff->change_count == diff->change_size)
		diff->changes = p2p_realloc(diff->changes, diff->change_size = diff->change_size * 2 + 64,
					    sizeof(*diff->changes));
	if (of == P2P_CHANGE_OF_FUNCTION) {
		if (before != P2P_NOBODY && diff->first[0][before] == P2P_NOBODY)
			diff->first[0][before] = number;
		if (after != P2P_NOBODY && diff->first[1][after] == P2P_NOBODY)
			diff->first[1][after] = number;
	}
	struct p2p_change *change = &diff->changes[diff->change_count++];

	*change = (struct p2p_change){ .kind = kind, .of = of, .before = before, .after = after, .counts = true };
	change->shown = is_shown(diff, of, before, after);
	return change;
}

static void make_firsts(struct diff *diff)
{
	for (int side = 0; side < 2; side++) {
		size_t count = diff->machines[side]->function_count;

		diff->first[side] = p2p_arena_array(diff->arena, count, sizeof(**diff->first));
		for (size_t i = 0; i < count; i++)
			diff->first[side][i] = P2P_NOBODY;
	}
}

static void conclude(struct diff *diff)
{
	struct p2p_diff *ret = diff->ret;
	struct p2p_change *changes = p2p_arena_array(diff->arena, diff->change_count, sizeof(*changes));

	if (diff->change_count)
		memcpy(changes, diff->changes, diff->change_count * sizeof(*changes));
	ret->changes = changes;
	ret->change_count = diff->change_count;
	ret->partner_before = diff->match.functions[0];
	ret->partner_after = diff->match.functions[1];
	for (size_t i = 0; i < ret->change_count; i++)
		if (changes[i].shown)
			*(changes[i].counts ? &ret->counted : &ret->gaps) += 1;
	for (size_t i = 0; i < ret->answer_count; i++)
		*(ret->answers[i].counts ? &ret->pairs : &ret->pairs_unknown) += ret->answers[i].pairs;
	ret->result = ret->counted || ret->pairs	 ? P2P_DIFF_DIFFERS
		      : ret->gaps || ret->pairs_unknown ? P2P_DIFF_UNKNOWN
							 : P2P_DIFF_SAME;
}

struct p2p_diff *p2p_diff_new(const struct p2p_diff_side *before, const struct p2p_diff_side *after,
			      const struct p2p_diff_options *options)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_diff *ret = p2p_arena_alloc(arena, sizeof(*ret));
	struct diff diff = { .ret = ret, .arena = arena, .sides = { before, after }, .options = options };

	ret->arena = arena;
	ret->before = diff.machines[0] = p2p_judge_machine(before->judge);
	ret->after = diff.machines[1] = p2p_judge_machine(after->judge);
	make_firsts(&diff);
	diff_match_make(arena, ret->before, ret->after, &diff.match);
	diff_facts(&diff);
	diff_namespaces(&diff);
	diff_answers(&diff);
	conclude(&diff);
	free(diff.changes);
	return ret;
}

void p2p_diff_free(struct p2p_diff *diff)
{
	if (diff)
		p2p_arena_free(diff->arena);
}
