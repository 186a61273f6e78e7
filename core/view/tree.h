/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tree: the rows of a report in the order in which a tree is drawn, and the
 * lines before each.  Floor 3 (view), for views.
 */
#ifndef P2P_VIEW_TREE_H
#define P2P_VIEW_TREE_H

#include "../base/buf.h"
#include "../model/report.h"

/* Screen columns of the lines that each level adds. */
#define P2P_TREE_STEP 2

struct p2p_tree_row {
	const struct p2p_report_row *row;
	size_t depth; /* 0: at the top, no lines */
	bool last;    /* of its parent's children */
};

struct p2p_tree {
	struct p2p_tree_row *rows; /* parents before children, siblings in the report's order */
	size_t count;
	bool *ends; /* by depth: is the branch that leads to the row being drawn the last one? */
};

/* `nested` false: the report's order, nothing below anything. */
void p2p_tree_make(const struct p2p_report *report, bool nested, struct p2p_tree *ret);
void p2p_tree_free(struct p2p_tree *tree);

/* Adds the lines before the text of row `i`.  To be called for each row in turn, from 0. */
void p2p_tree_lines(struct p2p_tree *tree, size_t i, bool ascii, struct p2p_buf *buf);

#endif
