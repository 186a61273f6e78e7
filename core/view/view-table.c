/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables and trees: the door of libsmartcols.
 *
 * The library pads, aligns and colours.  Widths, cutting and the lines of a
 * tree are decided here: its releases differ in how much they take from which
 * column, they do not mark what they cut, and from 2.41 on a tree of n rows
 * costs them n * n.
 */
#include "view.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libsmartcols.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/text.h"
#include "tree.h"
#include "width.h"

#define ROLE_OFF "\033[0m"

/* The eight basic colours only: they are legible in every palette and background. */
static const char *role_sequence(enum p2p_role role)
{
	switch (role) {
	case P2P_ROLE_TITLE:
		return "\033[1m";
	case P2P_ROLE_DIM:
		return "\033[2m";
	case P2P_ROLE_GOOD:
		return "\033[32m";
	case P2P_ROLE_WARN:
		return "\033[33m";
	case P2P_ROLE_BAD:
		return "\033[31m";
	case P2P_ROLE_PLAIN:
		break;
	}
	return NULL;
}

const char *p2p_view_role_on(const struct p2p_style *style, enum p2p_role role)
{
	const char *sequence = style->color ? role_sequence(role) : NULL;

	return sequence ? sequence : "";
}

const char *p2p_view_role_off(const struct p2p_style *style, enum p2p_role role)
{
	return style->color && role_sequence(role) ? ROLE_OFF : "";
}

/* What is needed while the library's table is filled. */
struct fill {
	const struct p2p_report *report;
	const struct p2p_style *style;
	struct libscols_table *table;
	struct p2p_tree tree;
	size_t *widths, total; /* of the columns, and of a whole line */
	struct p2p_buf text, cell;
};

/* The cell's text, safe to print; until the next call. */
static const char *visible_text(struct fill *fill, const struct p2p_report_row *row, size_t column,
				enum p2p_role *ret_role)
{
	const char *text = p2p_report_text(row, column, ret_role);

	if (p2p_view_plain(text))
		return text;
	p2p_buf_reset(&fill->text);
	p2p_text_visible(&fill->text, text, fill->style->ascii);
	return p2p_buf_text(&fill->text);
}

/* Screen columns that the tree's lines take before the text of this cell. */
static size_t lines_width(const struct fill *fill, const struct p2p_tree_row *row, size_t column)
{
	bool tree = p2p_report_column(fill->report, column)->flags & P2P_COLUMN_TREE;

	return tree ? row->depth * P2P_TREE_STEP : 0;
}

static void measure_columns(struct fill *fill)
{
	size_t count = p2p_report_column_count(fill->report);

	/* The library makes no column narrower than its heading, nor than 1. */
	for (size_t i = 0; i < count; i++) {
		fill->widths[i] = p2p_view_width(p2p_report_column(fill->report, i)->name);
		fill->widths[i] += !fill->widths[i];
	}
	for (size_t k = 0; k < fill->tree.count; k++)
		for (size_t i = 0; i < count; i++) {
			const struct p2p_tree_row *row = &fill->tree.rows[k];
			enum p2p_role role;
			size_t width =
				p2p_view_width(visible_text(fill, row->row, i, &role)) + lines_width(fill, row, i);

			if (width > fill->widths[i])
				fill->widths[i] = width;
		}
	fill->total = count ? count - 1 : 0;
	for (size_t i = 0; i < count; i++)
		fill->total += fill->widths[i];
}

/* Where lines are too long however much is cut, a column keeps that much: three letters of a name say nothing. */
#define TRIM_LEAST 12

/* The widest column that may be cut and is wider than its heading; -1 when there is none. */
static int widest_column(const struct fill *fill, size_t least)
{
	int widest = -1;

	for (size_t i = 0; i < p2p_report_column_count(fill->report); i++) {
		const struct p2p_column *column = p2p_report_column(fill->report, i);

		if ((column->flags & P2P_COLUMN_TRIM) && fill->widths[i] > p2p_view_width(column->name) &&
		    fill->widths[i] > least && (widest < 0 || fill->widths[i] > fill->widths[widest]))
			widest = (int)i;
	}
	return widest;
}

/* How long lines are when all is cut that may be: to the headings. */
static size_t narrowest(const struct fill *fill)
{
	size_t total = fill->total;

	for (size_t i = 0; i < p2p_report_column_count(fill->report); i++) {
		const struct p2p_column *column = p2p_report_column(fill->report, i);
		size_t heading = p2p_view_width(column->name);

		if ((column->flags & P2P_COLUMN_TRIM) && fill->widths[i] > (heading ? heading : 1))
			total -= fill->widths[i] - (heading ? heading : 1);
	}
	return total;
}

static void fit_columns(struct fill *fill)
{
	size_t room = fill->style->width > 0 ? (size_t)fill->style->width : SIZE_MAX;
	int widest;

	measure_columns(fill);
	size_t least = narrowest(fill) > room ? TRIM_LEAST : 1;

	for (; fill->total > room && (widest = widest_column(fill, least)) >= 0; fill->total--)
		fill->widths[widest]--;
}

static int set_options(const struct fill *fill)
{
	struct libscols_table *table = fill->table;
	int error = scols_table_enable_colors(table, fill->style->color);

	if (!error)
		error = scols_table_enable_noheadings(table, !fill->style->headings);
	/* The text is made visible here, before; the library need not look at it again. */
	if (!error)
		error = scols_table_enable_noencoding(table, 1);
	/*
	 * The width is what is needed, so that nothing is cut there.  It is
	 * said all the same: 2.41 clears a buffer of this size, else of 8 KiB,
	 * for every cell.
	 */
	if (!error)
		error = scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
	if (!error)
		error = scols_table_set_termwidth(table, fill->total);
	return error;
}

static int add_column(const struct fill *fill, const struct p2p_column *column)
{
	int flags = column->flags & P2P_COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0;
	struct libscols_column *made = scols_table_new_column(fill->table, column->name, 0, flags);

	if (!made)
		return -ENOMEM;
	return fill->style->color ? scols_cell_set_color(scols_column_get_header(made),
							 role_sequence(P2P_ROLE_TITLE)) : 0;
}

/* Adds the text, cut to `width` with a mark at the end. */
static void add_trimmed(struct fill *fill, const char *text, size_t width)
{
	const char *mark = fill->style->ascii ? ".." : "…";
	size_t marked = fill->style->ascii ? 2 : 1, used;

	if (p2p_view_width(text) <= width) {
		p2p_buf_puts(&fill->cell, text);
		return;
	}
	if (width <= marked) {
		mark = "";
		marked = 0;
	}
	p2p_buf_add(&fill->cell, text, p2p_view_fitting(text, width - marked, &used));
	p2p_buf_puts(&fill->cell, mark);
}

static int set_cell(struct fill *fill, struct libscols_line *line, size_t number, size_t column)
{
	const struct p2p_tree_row *row = &fill->tree.rows[number];
	unsigned flags = p2p_report_column(fill->report, column)->flags;
	enum p2p_role role;
	const char *text = visible_text(fill, row->row, column, &role);

	if (flags & (P2P_COLUMN_TREE | P2P_COLUMN_TRIM)) {
		size_t width = fill->widths[column], lines = lines_width(fill, row, column);

		p2p_buf_reset(&fill->cell);
		if (flags & P2P_COLUMN_TREE)
			p2p_tree_lines(&fill->tree, number, fill->style->ascii, &fill->cell);
		add_trimmed(fill, text, width > lines ? width - lines : 0);
		text = p2p_buf_text(&fill->cell);
	}
	if (!*text)
		return 0;
	int error = scols_line_set_data(line, column, text);
	const char *sequence = role_sequence(role);

	if (!error && fill->style->color && sequence)
		error = scols_cell_set_color(scols_line_get_cell(line, column), sequence);
	return error;
}

static int add_row(struct fill *fill, size_t number)
{
	struct libscols_line *line = scols_table_new_line(fill->table, NULL);
	int error = line ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < p2p_report_column_count(fill->report); i++)
		error = set_cell(fill, line, number, i);
	return error;
}

static int fill_table(struct fill *fill)
{
	int error = set_options(fill);

	for (size_t i = 0; !error && i < p2p_report_column_count(fill->report); i++)
		error = add_column(fill, p2p_report_column(fill->report, i));
	for (size_t i = 0; !error && i < fill->tree.count; i++)
		error = add_row(fill, i);
	return error;
}

/* The end of the line that starts at `line` and ends before `end`, without blanks. */
static const char *trimmed_end(const char *line, const char *end)
{
	while (end > line && end[-1] == ' ')
		end--;
	return end;
}

/*
 * Writes the text without the blanks at the end of lines: cells are padded
 * even if only empty ones follow.  A coloured cell's blanks come before the
 * sequence that ends the colour; these are cut too.  The library puts line
 * breaks between lines only.
 */
static void write_lines(FILE *out, const char *text)
{
	const size_t off = strlen(ROLE_OFF);

	for (bool more = true; more;) {
		const char *newline = text + strcspn(text, "\n");
		const char *end = trimmed_end(text, newline);
		bool colored = (size_t)(end - text) >= off && !memcmp(end - off, ROLE_OFF, off);

		if (colored)
			end = trimmed_end(text, end - off);
		fwrite(text, 1, (size_t)(end - text), out);
		if (colored)
			fputs(ROLE_OFF, out);
		putc('\n', out);
		more = *newline == '\n';
		text = newline + 1;
	}
}

static int print_table(const struct fill *fill, FILE *out)
{
	char *text = NULL;
	int error = scols_print_table_to_string(fill->table, &text);

	if (!error && text) {
		write_lines(out, text);
		if (ferror(out) || fflush(out))
			error = -EIO;
	}
	free(text);
	return error;
}

static bool is_tree(const struct p2p_report *report)
{
	for (size_t i = 0; i < p2p_report_column_count(report); i++)
		if (p2p_report_column(report, i)->flags & P2P_COLUMN_TREE)
			return true;
	return false;
}

int p2p_view_table(FILE *out, const struct p2p_report *report, const struct p2p_style *style)
{
	struct fill fill = { .report = report, .style = style };

	/* Headings over nothing help nobody: the caller says what is missing. */
	if (!p2p_report_row_count(report) || !p2p_report_column_count(report))
		return 0;
	fill.table = scols_new_table();
	if (!fill.table)
		return -ENOMEM;
	fill.widths = p2p_realloc(NULL, p2p_report_column_count(report), sizeof(*fill.widths));
	p2p_tree_make(report, is_tree(report), &fill.tree);
	fit_columns(&fill);
	int error = fill_table(&fill);

	if (!error)
		error = print_table(&fill, out);
	free(fill.widths);
	p2p_tree_free(&fill.tree);
	p2p_buf_free(&fill.text);
	p2p_buf_free(&fill.cell);
	scols_unref_table(fill.table);
	return error;
}
