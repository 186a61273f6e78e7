/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "choice.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "../base/closest.h"

static int unknown_column(const struct p2p_column *all, size_t count, const char *name, struct p2p_problem *problem)
{
	struct p2p_closest closest = { .word = name };

	for (size_t i = 0; i < count; i++)
		p2p_closest_offer(&closest, all[i].name);
	if (closest.best)
		return p2p_problem_set(problem, -EINVAL, "no column '%s', did you mean %s?", name, closest.best);
	return p2p_problem_set(problem, -EINVAL, "no column '%s'", name);
}

static void take(const struct p2p_column *all, size_t column, struct p2p_choice *choice)
{
	if (choice->at[column] >= 0)
		return;
	choice->at[column] = (int)choice->count;
	choice->columns[choice->count++] = all[column];
}

int p2p_choice_make(struct p2p_arena *arena, const struct p2p_column *all, size_t count, const char *spec,
		    struct p2p_problem *problem, struct p2p_choice *ret)
{
	struct p2p_choice choice = { .columns = p2p_arena_array(arena, count, sizeof(*choice.columns)),
				     .at = p2p_arena_array(arena, count, sizeof(*choice.at)) };

	for (size_t i = 0; i < count; i++)
		choice.at[i] = -1;
	if (!spec || *spec == '+')
		for (size_t i = 0; i < count; i++)
			if (!(all[i].flags & P2P_COLUMN_EXTRA))
				take(all, i, &choice);
	for (const char *at = spec ? spec + (*spec == '+') : ""; *at;) {
		size_t len = strcspn(at, ","), i = 0;
		const char *name = p2p_arena_strndup(arena, at, len);

		while (i < count && strcasecmp(all[i].name, name) != 0)
			i++;
		if (i == count)
			return unknown_column(all, count, name, problem);
		take(all, i, &choice);
		at += len + (at[len] == ',');
	}
	if (!choice.count)
		return p2p_problem_set(problem, -EINVAL, "no column was named");
	*ret = choice;
	return 0;
}

void p2p_choice_insert(struct p2p_choice *choice, const struct p2p_column *all, size_t count, size_t column,
		       size_t place)
{
	if (choice->at[column] >= 0)
		return;
	place = place < choice->count ? place : choice->count;
	memmove(&choice->columns[place + 1], &choice->columns[place],
		(choice->count - place) * sizeof(*choice->columns));
	for (size_t i = 0; i < count; i++)
		if (choice->at[i] >= (int)place)
			choice->at[i]++;
	choice->columns[place] = all[column];
	choice->at[column] = (int)place;
	choice->count++;
}
