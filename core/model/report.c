/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <assert.h>

#include "../base/arena.h"

struct cell {
	const char *text; /* NULL: empty */
	enum p2p_role role;
};

struct p2p_report_row {
	struct p2p_report_row *parent, *next;
	size_t number;
	struct cell cells[];
};

struct p2p_report {
	struct p2p_arena *arena; /* owns rows and texts, and this struct */
	const struct p2p_column *columns;
	size_t column_count, row_count;
	struct p2p_report_row *first, *last;
};

struct p2p_report *p2p_report_new(const struct p2p_column *columns, size_t count)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_report *report = p2p_arena_alloc(arena, sizeof(*report));

	report->arena = arena;
	report->columns = columns;
	report->column_count = count;
	return report;
}

void p2p_report_free(struct p2p_report *report)
{
	if (report)
		p2p_arena_free(report->arena);
}

struct p2p_report_row *p2p_report_add(struct p2p_report *report, struct p2p_report_row *parent)
{
	struct p2p_report_row *row =
		p2p_arena_alloc(report->arena, sizeof(*row) + report->column_count * sizeof(row->cells[0]));

	row->parent = parent;
	row->number = report->row_count++;
	if (report->last)
		report->last->next = row;
	else
		report->first = row;
	report->last = row;
	return row;
}

void p2p_report_set(struct p2p_report *report, struct p2p_report_row *row, size_t column, enum p2p_role role,
		    const char *text)
{
	assert(column < report->column_count);
	row->cells[column].role = role;
	row->cells[column].text = text && *text ? p2p_arena_strdup(report->arena, text) : NULL;
}

size_t p2p_report_column_count(const struct p2p_report *report)
{
	return report->column_count;
}

const struct p2p_column *p2p_report_column(const struct p2p_report *report, size_t column)
{
	assert(column < report->column_count);
	return &report->columns[column];
}

const struct p2p_report_row *p2p_report_next(const struct p2p_report *report, const struct p2p_report_row *row)
{
	return row ? row->next : report->first;
}

const struct p2p_report_row *p2p_report_parent(const struct p2p_report_row *row)
{
	return row->parent;
}

size_t p2p_report_number(const struct p2p_report_row *row)
{
	return row->number;
}

size_t p2p_report_row_count(const struct p2p_report *report)
{
	return report->row_count;
}

const char *p2p_report_text(const struct p2p_report_row *row, size_t column, enum p2p_role *ret_role)
{
	*ret_role = row->cells[column].role;
	return row->cells[column].text ? row->cells[column].text : "";
}
