/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Report: what a verb found, as rows of typed cells, before anyone decided how
 * it looks.  Floor 1 (model).
 */
#ifndef P2P_MODEL_REPORT_H
#define P2P_MODEL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a cell means, not which colour it has; the view knows the colours. */
enum p2p_role {
	P2P_ROLE_PLAIN = 0,
	P2P_ROLE_TITLE,  /* a heading */
	P2P_ROLE_DIM,    /* less important, unknown */
	P2P_ROLE_GOOD,   /* can */
	P2P_ROLE_WARN,   /* degraded, redirected, look here */
	P2P_ROLE_BAD,    /* cannot */
};

enum p2p_column_flags {
	P2P_COLUMN_RIGHT = 1, /* numbers */
	P2P_COLUMN_TREE = 2,  /* the tree's lines go here */
	P2P_COLUMN_TRIM = 4,  /* may be cut when the terminal is narrow */
	P2P_COLUMN_EXTRA = 8, /* only when it is asked for */
};

struct p2p_column {
	const char *name; /* the heading, upper case */
	const char *help; /* one line for --list-columns */
	unsigned flags;
};

struct p2p_report;
struct p2p_report_row;

/* `columns` must outlive the report.  The caller frees it. */
struct p2p_report *p2p_report_new(const struct p2p_column *columns, size_t count);
void p2p_report_free(struct p2p_report *report);

/* A new row below `parent`, or at the top when it is NULL. */
struct p2p_report_row *p2p_report_add(struct p2p_report *report, struct p2p_report_row *parent);

/* Sets a cell; the text is copied; foreign bytes are fine, the view makes them visible. */
void p2p_report_set(struct p2p_report *report, struct p2p_report_row *row, size_t column, enum p2p_role role,
		    const char *text);

/* For views. */
size_t p2p_report_column_count(const struct p2p_report *report);
const struct p2p_column *p2p_report_column(const struct p2p_report *report, size_t column);
const struct p2p_report_row *p2p_report_next(const struct p2p_report *report, const struct p2p_report_row *row);
const struct p2p_report_row *p2p_report_parent(const struct p2p_report_row *row);
size_t p2p_report_row_count(const struct p2p_report *report);
size_t p2p_report_number(const struct p2p_report_row *row); /* from 0, in the order of p2p_report_add */
const char *p2p_report_text(const struct p2p_report_row *row, size_t column, enum p2p_role *ret_role);

#endif
