/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables and trees: the door of libsmartcols.
 */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <libsmartcols.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/text.h"

#define ROLE_OFF "\033[0m"
#define TREE_STEP 2 /* columns of the lines that each level of a tree adds */

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
	struct libscols_line **lines; /* by row number, to find parents */
	size_t *depths;               /* by row number */
	size_t *widths;               /* of the columns; NULL: as wide as needed */
	struct p2p_buf text;
	bool tree;
};

/* Text that p2p_text_visible would copy as it is: nearly all, so it is not copied. */
static bool is_plain(const char *text)
{
	while (*text >= 0x20 && *text < 0x7f)
		text++;
	return !*text;
}

/* The cell's text, safe to print; until the next call. */
static const char *visible_text(struct fill *fill, const struct p2p_report_row *row, size_t column,
				enum p2p_role *ret_role)
{
	const char *text = p2p_report_text(row, column, ret_role);

	if (is_plain(text))
		return text;
	p2p_buf_reset(&fill->text);
	p2p_text_visible(&fill->text, text, fill->style->ascii);
	return p2p_buf_text(&fill->text);
}

/*
 * The bytes at the start of `text` that fit into `width` columns, and in
 * *ret_width how many columns these take.  Terminals disagree on characters
 * that the locale does not know; one column is the usual guess.
 */
static size_t fitting_bytes(const char *text, size_t width, size_t *ret_width)
{
	size_t at = 0, used = 0;

	while (text[at]) {
		uint32_t c = 0;
		int len = p2p_text_utf8(text + at, &c);
		int columns = (unsigned char)text[at] < 0x80 ? 1 : wcwidth((wchar_t)c);
		size_t step = columns < 0 ? 1 : (size_t)columns;

		if (used + step > width)
			break;
		used += step;
		at += len > 0 ? (size_t)len : 1;
	}
	*ret_width = used;
	return at;
}

static size_t text_width(const char *text)
{
	size_t width;

	fitting_bytes(text, SIZE_MAX, &width);
	return width;
}

/* Columns that the tree's lines take before the text of this cell. */
static size_t lines_width(const struct fill *fill, const struct p2p_report_row *row, size_t column)
{
	bool tree = p2p_report_column(fill->report, column)->flags & P2P_COLUMN_TREE;

	return tree ? fill->depths[p2p_report_number(row)] * TREE_STEP : 0;
}

static void measure_columns(struct fill *fill)
{
	const struct p2p_report_row *row = NULL;
	size_t count = p2p_report_column_count(fill->report);

	for (size_t i = 0; i < count; i++)
		fill->widths[i] = text_width(p2p_report_column(fill->report, i)->name);
	while ((row = p2p_report_next(fill->report, row)))
		for (size_t i = 0; i < count; i++) {
			enum p2p_role role;
			size_t width = text_width(visible_text(fill, row, i, &role)) + lines_width(fill, row, i);

			if (width > fill->widths[i])
				fill->widths[i] = width;
		}
}

/* The widest column that may be cut and is wider than its heading; -1 when there is none. */
static int widest_column(const struct fill *fill)
{
	int widest = -1;

	for (size_t i = 0; i < p2p_report_column_count(fill->report); i++) {
		const struct p2p_column *column = p2p_report_column(fill->report, i);

		if ((column->flags & P2P_COLUMN_TRIM) && fill->widths[i] > text_width(column->name) &&
		    (widest < 0 || fill->widths[i] > fill->widths[widest]))
			widest = (int)i;
	}
	return widest;
}

/*
 * Decides the widths here and cuts the texts, instead of leaving it to the
 * library: which of its releases takes how much from which column differs,
 * and it does not mark what it cuts.
 */
static void fit_columns(struct fill *fill)
{
	size_t count = p2p_report_column_count(fill->report), total = count ? count - 1 : 0;
	int widest;

	measure_columns(fill);
	for (size_t i = 0; i < count; i++)
		total += fill->widths[i];
	for (; total > (size_t)fill->style->width && (widest = widest_column(fill)) >= 0; total--)
		fill->widths[widest]--;
}

/*
 * The library asks the locale whether it may draw with Unicode; here -i and
 * the caller decide, so both kinds of lines are spelled out.
 */
static int set_symbols(const struct fill *fill)
{
	struct libscols_symbols *symbols = scols_new_symbols();
	bool ascii = fill->style->ascii;

	if (!symbols)
		return -ENOMEM;
	int error = scols_symbols_set_branch(symbols, ascii ? "|-" : "├─");

	if (!error)
		error = scols_symbols_set_vertical(symbols, ascii ? "| " : "│ ");
	if (!error)
		error = scols_symbols_set_right(symbols, ascii ? "`-" : "└─");
	if (!error)
		error = scols_table_set_symbols(fill->table, symbols);
	scols_unref_symbols(symbols);
	return error;
}

static int set_options(const struct fill *fill)
{
	const struct p2p_style *style = fill->style;
	struct libscols_table *table = fill->table;
	int error = set_symbols(fill);

	if (!error)
		error = scols_table_enable_colors(table, style->color);
	if (!error)
		error = scols_table_enable_ascii(table, style->ascii);
	if (!error)
		error = scols_table_enable_noheadings(table, !style->headings);
	/* The text is made visible here, before; the library need not look at it again. */
	if (!error)
		error = scols_table_enable_noencoding(table, 1);
	if (!error)
		error = scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	return error;
}

static int add_column(const struct fill *fill, const struct p2p_column *column)
{
	int flags = 0;

	if (column->flags & P2P_COLUMN_RIGHT)
		flags |= SCOLS_FL_RIGHT;
	if (column->flags & P2P_COLUMN_TREE)
		flags |= SCOLS_FL_TREE;
	struct libscols_column *made = scols_table_new_column(fill->table, column->name, 0, flags);

	if (!made)
		return -ENOMEM;
	return fill->style->color ? scols_cell_set_color(scols_column_get_header(made),
							 role_sequence(P2P_ROLE_TITLE)) : 0;
}

/* Cuts the text to the column's width, with a mark at the end. */
static const char *trim_text(struct fill *fill, const char *text, size_t width)
{
	const char *mark = fill->style->ascii ? ".." : "…";
	size_t marked = fill->style->ascii ? 2 : 1, used;

	if (text_width(text) <= width)
		return text;
	if (width <= marked) {
		mark = "";
		marked = 0;
	}
	struct p2p_buf cut = P2P_BUF_INIT;

	p2p_buf_add(&cut, text, fitting_bytes(text, width - marked, &used));
	p2p_buf_puts(&cut, mark);
	p2p_buf_free(&fill->text);
	fill->text = cut;
	return p2p_buf_text(&fill->text);
}

static int set_cell(struct fill *fill, struct libscols_line *line, const struct p2p_report_row *row, size_t column)
{
	enum p2p_role role;
	const char *text = visible_text(fill, row, column, &role);

	if (!*text)
		return 0;
	if (fill->widths && p2p_report_column(fill->report, column)->flags & P2P_COLUMN_TRIM) {
		size_t lines = lines_width(fill, row, column), width = fill->widths[column];

		text = trim_text(fill, text, width > lines ? width - lines : 0);
	}
	int error = scols_line_set_data(line, column, text);
	const char *sequence = role_sequence(role);

	if (!error && fill->style->color && sequence)
		error = scols_cell_set_color(scols_line_get_cell(line, column), sequence);
	return error;
}

static int add_row(struct fill *fill, const struct p2p_report_row *row)
{
	const struct p2p_report_row *parent = fill->tree ? p2p_report_parent(row) : NULL;
	struct libscols_line *line =
		scols_table_new_line(fill->table, parent ? fill->lines[p2p_report_number(parent)] : NULL);
	int error = line ? 0 : -ENOMEM;

	fill->lines[p2p_report_number(row)] = line;
	for (size_t i = 0; !error && i < p2p_report_column_count(fill->report); i++)
		error = set_cell(fill, line, row, i);
	return error;
}

static int fill_table(struct fill *fill)
{
	const struct p2p_report_row *row = NULL;
	int error = set_options(fill);

	for (size_t i = 0; !error && i < p2p_report_column_count(fill->report); i++)
		error = add_column(fill, p2p_report_column(fill->report, i));
	while (!error && (row = p2p_report_next(fill->report, row)))
		error = add_row(fill, row);
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
		if (p2p_report_row_count(fill->report))
			write_lines(out, text);
		if (ferror(out) || fflush(out))
			error = -EIO;
	}
	free(text);
	return error;
}

/* Depths, and whether it is a tree at all. */
static void note_shape(struct fill *fill)
{
	const struct p2p_report_row *row = NULL;

	for (size_t i = 0; i < p2p_report_column_count(fill->report); i++)
		fill->tree = fill->tree || (p2p_report_column(fill->report, i)->flags & P2P_COLUMN_TREE);
	while ((row = p2p_report_next(fill->report, row))) {
		const struct p2p_report_row *parent = p2p_report_parent(row);

		fill->depths[p2p_report_number(row)] = parent ? fill->depths[p2p_report_number(parent)] + 1 : 0;
	}
}

int p2p_view_table(FILE *out, const struct p2p_report *report, const struct p2p_style *style)
{
	size_t rows = p2p_report_row_count(report), columns = p2p_report_column_count(report);
	struct fill fill = { .report = report, .style = style, .table = scols_new_table() };

	if (!fill.table)
		return -ENOMEM;
	fill.lines = p2p_realloc(NULL, rows, sizeof(*fill.lines));
	fill.depths = p2p_realloc(NULL, rows, sizeof(*fill.depths));
	note_shape(&fill);
	if (style->width > 0) {
		fill.widths = p2p_realloc(NULL, columns, sizeof(*fill.widths));
		fit_columns(&fill);
	}
	int error = fill_table(&fill);

	if (!error)
		error = print_table(&fill, out);
	free(fill.lines);
	free(fill.depths);
	free(fill.widths);
	p2p_buf_free(&fill.text);
	scols_unref_table(fill.table);
	return error;
}
