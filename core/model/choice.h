/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Choice: which columns of a report a user wants, and in which order (-o).
 * Floor 1 (model).
 */
#ifndef P2P_MODEL_CHOICE_H
#define P2P_MODEL_CHOICE_H

#include "../base/arena.h"
#include "../base/problem.h"
#include "report.h"

struct p2p_choice {
	struct p2p_column *columns; /* those chosen, in the order chosen */
	size_t count;
	int *at; /* for each column there is: its place among those, or -1 */
};

/*
 * `spec` is "COL,COL" to have just these, "+COL,COL" to have them after the
 * default ones, or NULL; names in any case.  Columns with P2P_COLUMN_EXTRA are
 * not among the defaults.  -EINVAL: no such column, with the nearest name.
 */
int p2p_choice_make(struct p2p_arena *arena, const struct p2p_column *all, size_t count, const char *spec,
		    struct p2p_problem *problem, struct p2p_choice *ret);

/* Puts one more column, of the same list, in that place; nothing where it was chosen already. */
void p2p_choice_insert(struct p2p_choice *choice, const struct p2p_column *all, size_t count, size_t column,
		       size_t place);

#endif
