/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * View: prints a report.  Floor 3 (view): knows base and model, never where
 * the data came from.
 */
#ifndef P2P_VIEW_VIEW_H
#define P2P_VIEW_VIEW_H

#include <stdio.h>

#include "../model/report.h"

struct p2p_style {
	bool ascii;     /* no characters beyond ASCII (-i, or the locale is not UTF-8) */
	bool color;     /* --color, NO_COLOR and whether it is a terminal, decided by the caller */
	int width;      /* columns to fit into; 0: as wide as needed (a pipe) */
	bool headings;
};

/* A table, or a tree when a column has P2P_COLUMN_TREE and rows have parents.  -EIO: could not be written. */
int p2p_view_table(FILE *out, const struct p2p_report *report, const struct p2p_style *style);

/*
 * Running text as lines of `width` columns, broken at blanks; 0: one line.  The
 * first begins with `first`, the others with `rest`.  What a terminal would
 * obey is made visible.
 */
void p2p_view_text(FILE *out, const char *first, const char *rest, const char *text, size_t width, bool ascii);

/* Starts and ends a role inside running text, for verbs that print sentences ("" without colour). */
const char *p2p_view_role_on(const struct p2p_style *style, enum p2p_role role);
const char *p2p_view_role_off(const struct p2p_style *style, enum p2p_role role);

#endif
