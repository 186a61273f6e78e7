/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <stdint.h>
#include <stdlib.h>

#include "../base/arena.h"

#define NONE SIZE_MAX

/* By row number: the row's own place among the others. */
struct node {
	const struct p2p_report_row *row;
	size_t parent, child, last_child, sibling;
};

static struct node *make_nodes(const struct p2p_report *report, bool nested, size_t *ret_first)
{
	size_t count = p2p_report_row_count(report), first = NONE, last_top = NONE;
	struct node *nodes = p2p_realloc(NULL, count, sizeof(*nodes));
	const struct p2p_report_row *row = NULL;

	while ((row = p2p_report_next(report, row))) {
		const struct p2p_report_row *parent = nested ? p2p_report_parent(row) : NULL;
		size_t me = p2p_report_number(row), up = parent ? p2p_report_number(parent) : NONE;
		size_t *last = up != NONE ? &nodes[up].last_child : &last_top;
		size_t *start = up != NONE ? &nodes[up].child : &first;

		nodes[me] = (struct node){ row, up, NONE, NONE, NONE };
		if (*last != NONE)
			nodes[*last].sibling = me;
		else
			*start = me;
		*last = me;
	}
	*ret_first = first;
	return nodes;
}

void p2p_tree_make(const struct p2p_report *report, bool nested, struct p2p_tree *ret)
{
	size_t at, depth = 0, deepest = 0, count = p2p_report_row_count(report);
	struct node *nodes = make_nodes(report, nested, &at);
	struct p2p_tree tree = { .rows = p2p_realloc(NULL, count, sizeof(*tree.rows)) };

	while (at != NONE) {
		struct node *node = &nodes[at];

		tree.rows[tree.count++] = (struct p2p_tree_row){ node->row, depth, node->sibling == NONE };
		deepest = depth > deepest ? depth : deepest;
		if (node->child != NONE) {
			at = node->child;
			depth++;
			continue;
		}
		while (at != NONE && nodes[at].sibling == NONE) {
			at = nodes[at].parent;
			depth -= at != NONE;
		}
		at = at != NONE ? nodes[at].sibling : NONE;
	}
	free(nodes);
	tree.ends = p2p_realloc(NULL, deepest + 1, sizeof(*tree.ends));
	*ret = tree;
}

void p2p_tree_free(struct p2p_tree *tree)
{
	free(tree->rows);
	free(tree->ends);
	*tree = (struct p2p_tree){ 0 };
}

void p2p_tree_lines(struct p2p_tree *tree, size_t i, bool ascii, struct p2p_buf *buf)
{
	const struct p2p_tree_row *row = &tree->rows[i];

	tree->ends[row->depth] = row->last;
	if (!row->depth)
		return;
	for (size_t depth = 1; depth < row->depth; depth++)
		p2p_buf_puts(buf, tree->ends[depth] ? "  " : ascii ? "| " : "│ ");
	if (row->last)
		p2p_buf_puts(buf, ascii ? "`-" : "└─");
	else
		p2p_buf_puts(buf, ascii ? "|-" : "├─");
}
