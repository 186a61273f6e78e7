/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grid: a square of short cells, the same things as its rows and its columns.
 * Floor 1 (model).  Cells are few and used many times: a place of the square
 * names one of them.
 */
#ifndef P2P_MODEL_GRID_H
#define P2P_MODEL_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "report.h"

/*
 * One answer.  Drawn as "B PIX", or "B1" where there is little room.  Between
 * the two parts (after both of them where there is little room, and where there
 * is no second one) a blank is kept: the place of the mark of what was proved.
 */
struct p2p_grid_cell {
	char letter;       /* of the route */
	const char *where; /* the locality; "": nothing to say */
	char digit;        /* the same in one character; ' ' for "" */
	char mark;         /* of what was proved; '\0' nothing */
	enum p2p_role role;
};

struct p2p_grid_line {
	const char *label; /* may hold foreign bytes */
	size_t members;    /* more than one: printed after the label */
	char row, column;  /* marks: of the thing as a row, and as a column */
};

struct p2p_grid {
	const char *rows, *columns; /* what they are, for the heading */
	char mark;                  /* heading over the marks of rows */
	const struct p2p_grid_line *lines;
	size_t count;
	const struct p2p_grid_cell *cells;
	size_t cell_count;
	uint16_t (*at)(const void *of, size_t row, size_t column); /* an index into `cells` */
	const void *of;
};

#endif
