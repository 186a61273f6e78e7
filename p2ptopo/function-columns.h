/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Columns about one function, for `tree` and `list`: one entry of the table in
 * function-columns.c is one column.  Floor 6.
 */
#ifndef P2PTOPO_FUNCTION_COLUMNS_H
#define P2PTOPO_FUNCTION_COLUMNS_H

#include "core/engine/bench-identity.h"
#include "core/topo/topo.h"

/* How cells of a column compare: as numbers, as names with numbers in them, or byte by byte. */
enum function_order {
	FUNCTION_BY_NAME = 0,
	FUNCTION_BY_NUMBER,
	FUNCTION_BY_BYTES,
};

/* What the columns are made of. */
struct function_facts {
	const struct topo *topo;
	bool *among;  /* of each function: is it asked for its island */
	int *islands; /* p2p_judge_islands() of those */
	const struct p2p_bench_index *measured; /* NULL: nothing was */
	bool bytes;   /* numbers of bytes as they are, not 16M */
};

/* One cell; `text` is empty unless the fact is KNOWN, and may hold foreign bytes. */
struct function_cell {
	enum p2p_know know;
	enum p2p_role role;
	enum function_order order;
	uint64_t number; /* FUNCTION_BY_NUMBER: what it is sorted by */
	struct p2p_buf text;
};

struct function_column;

/* What a maker makes its cell of. */
struct function_at {
	const struct function_facts *facts;
	const struct function_column *column;
	const struct p2p_machine *machine;
	const struct p2p_function *function;
	int index; /* of the function */
};

enum function_usual {
	FUNCTION_IN_TREE = 1, /* among the usual columns of `tree` */
	FUNCTION_IN_LIST = 2,
};

struct function_column {
	struct p2p_column column; /* name, help, flags but for P2P_COLUMN_EXTRA */
	unsigned usual;           /* enum function_usual */
	unsigned want;            /* enum p2p_want: what must have been read */
	void (*make)(const struct function_at *at, struct function_cell *cell);
	size_t fact;              /* for makers of many columns: where in struct p2p_function */
	unsigned detail;          /* for them: a mask, a number of digits, a kind */
};

extern const struct function_column function_columns[];
extern const size_t function_column_count;

/*
 * -o, -O and -H of a verb whose usual columns are `usual`, before anything is
 * read.  P2P_EXIT_OK with ret->count 0: they were listed, and that was all.
 */
enum p2p_exit function_columns_choose(const struct p2p_cli *cli, struct p2p_arena *arena, enum function_usual usual,
				      struct p2p_choice *ret);

/* One column more, in front of another one; nothing where it was chosen already. */
void function_columns_insert(const char *name, const char *before, struct p2p_arena *arena, struct p2p_choice *choice);

/* What must be read for the columns chosen. */
unsigned function_columns_want(const struct p2p_choice *choice);

/* The place of a column in the table; it must be there (asserted). */
size_t function_column_named(const char *name);

/* The place of the column that a user named, in any case.  -EINVAL: no such column, with the nearest name. */
int function_column_find(struct p2p_arena *arena, const char *name, struct p2p_problem *problem, int *ret);

/* Decides who is among the functions that have islands, and which; lives as long as `topo`. */
void function_facts_make(const struct topo *topo, bool bytes, struct function_facts *ret);

/* Makes a cell, in place of what was in it before.  The first time it is all zero. */
void function_cell_make(const struct function_facts *facts, size_t column, int index, struct function_cell *cell);
void function_cell_free(struct function_cell *cell);

/* For a table: the text; "?" for UNKNOWN, "" for ABSENT. */
const char *function_cell_text(const struct function_cell *cell);

#endif
