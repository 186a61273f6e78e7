/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view-grid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/text.h"
#include "width.h"

/* Without a terminal, names stand over the columns up to this width. */
#define WIDTH_UNSAID 80
/* A label is not cut to less. */
#define LABEL_LEAST 12

struct text {
	char *text;
	size_t width;
};

struct drawing {
	const struct p2p_grid *grid;
	const struct p2p_style *style;
	struct p2p_arena *arena;
	struct text *labels;
	bool names, brief;
	size_t label, number, cell, block; /* widths of labels and numbers (0: none) and cells; columns in a block */
	struct text *cells;                /* as they are printed, padded and coloured */
	struct p2p_buf line;
};

/* "nvme0..7 (8)", in `most` columns or fewer. */
static struct text label_of(const struct drawing *drawing, const struct p2p_grid_line *line, size_t most)
{
	struct p2p_buf text = P2P_BUF_INIT, whole = P2P_BUF_INIT;
	const char *mark = drawing->style->ascii ? ".." : "…";
	size_t marked = drawing->style->ascii ? 2 : 1, used;
	char count[32] = "";

	if (line->members > 1)
		snprintf(count, sizeof(count), " (%zu)", line->members);
	p2p_text_visible(&text, line->label, drawing->style->ascii);
	size_t width = p2p_view_width(p2p_buf_text(&text)), room = most > strlen(count) ? most - strlen(count) : 0;

	if (width <= room) {
		p2p_buf_puts(&whole, p2p_buf_text(&text));
	} else {
		room = room > marked ? room - marked : 0;
		p2p_buf_add(&whole, p2p_buf_text(&text), p2p_view_fitting(p2p_buf_text(&text), room, &used));
		p2p_buf_puts(&whole, mark);
	}
	p2p_buf_puts(&whole, count);
	struct text label = { p2p_arena_strdup(drawing->arena, p2p_buf_text(&whole)),
			      p2p_view_width(p2p_buf_text(&whole)) };

	p2p_buf_free(&text);
	p2p_buf_free(&whole);
	return label;
}

static size_t label_most(const struct drawing *drawing)
{
	size_t third = (size_t)drawing->style->width / 3;

	if (!drawing->style->width)
		return SIZE_MAX;
	return third > LABEL_LEAST ? third : LABEL_LEAST;
}

static void make_labels(struct drawing *drawing)
{
	const struct p2p_grid *grid = drawing->grid;
	size_t most = label_most(drawing);

	drawing->labels = p2p_arena_array(drawing->arena, grid->count, sizeof(*drawing->labels));
	drawing->label = strlen(grid->rows) > strlen(grid->columns) ? strlen(grid->rows) : strlen(grid->columns);
	for (size_t i = 0; i < grid->count; i++) {
		drawing->labels[i] = label_of(drawing, &grid->lines[i], most);
		if (drawing->labels[i].width > drawing->label)
			drawing->label = drawing->labels[i].width;
	}
}

/* ---------------------------------------------------------------- layout */

static size_t digits(size_t number)
{
	char text[24];

	return (size_t)snprintf(text, sizeof(text), "%zu", number);
}

static size_t cell_width(const struct drawing *drawing)
{
	size_t widest = 1;

	for (size_t i = 0; i < drawing->grid->cell_count; i++) {
		const struct p2p_grid_cell *cell = &drawing->grid->cells[i];
		size_t where = strlen(cell->where), width = 1 + (drawing->brief ? (where > 0) : where);

		width += cell->mark || (where && !drawing->brief);

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* Columns before the first cell: number, label, mark, and two blanks. */
static size_t side_width(const struct drawing *drawing)
{
	return (drawing->number ? drawing->number + 1 : 0) + drawing->label + 2 + 1;
}

static size_t width_of(const struct drawing *drawing, size_t column)
{
	size_t width = drawing->labels[column].width;

	return drawing->names && width > drawing->cell ? width : drawing->cell;
}

static bool fits(struct drawing *drawing, bool names, bool brief, size_t room)
{
	size_t total;

	drawing->names = names;
	drawing->brief = brief;
	drawing->number = names ? 0 : digits(drawing->grid->count);
	drawing->cell = cell_width(drawing);
	if (!names && drawing->number > drawing->cell)
		drawing->cell = drawing->number;
	total = side_width(drawing);
	for (size_t i = 0; i < drawing->grid->count && total <= room; i++)
		total += 1 + width_of(drawing, i);
	return total <= room;
}

static void lay_out(struct drawing *drawing)
{
	size_t width = (size_t)drawing->style->width;

	drawing->block = drawing->grid->count;
	if (fits(drawing, true, false, width ? width : WIDTH_UNSAID) ||
	    fits(drawing, false, false, width ? width : SIZE_MAX) || fits(drawing, false, true, width))
		return;
	size_t side = side_width(drawing);

	drawing->block = width > side ? (width - side) / (drawing->cell + 1) : 0;
	drawing->block += !drawing->block;
}

/* --------------------------------------------------------------- printing */

static void pad(struct p2p_buf *line, size_t count)
{
	static const char blanks[] = "                                ";

	for (size_t step; count; count -= step) {
		step = count < sizeof(blanks) - 1 ? count : sizeof(blanks) - 1;
		p2p_buf_add(line, blanks, step);
	}
}

static void put(struct p2p_buf *line, const char *text, size_t width, size_t room)
{
	p2p_buf_puts(line, text);
	pad(line, room > width ? room - width : 0);
}

/* Ends a line: without blanks at its end. */
static void end_line(struct drawing *drawing, FILE *out)
{
	struct p2p_buf *line = &drawing->line;

	while (line->len && line->text[line->len - 1] == ' ')
		line->len--;
	p2p_buf_putc(line, '\n');
	fwrite(line->text, 1, line->len, out);
	p2p_buf_reset(line);
}

static void make_cells(struct drawing *drawing)
{
	const struct p2p_grid *grid = drawing->grid;

	drawing->cells = p2p_arena_array(drawing->arena, grid->cell_count, sizeof(*drawing->cells));
	for (size_t i = 0; i < grid->cell_count; i++) {
		const struct p2p_grid_cell *cell = &grid->cells[i];
		struct p2p_buf text = P2P_BUF_INIT;

		char mark = cell->mark ? cell->mark : ' ';

		p2p_buf_putc(&text, cell->letter);
		if (drawing->brief && *cell->where)
			p2p_buf_putc(&text, cell->digit);
		if (cell->mark || (!drawing->brief && *cell->where))
			p2p_buf_putc(&text, mark);
		if (!drawing->brief)
			p2p_buf_puts(&text, cell->where);
		size_t width = text.len;
		char *whole =
			p2p_arena_printf(drawing->arena, " %s%s%s%*s", p2p_view_role_on(drawing->style, cell->role),
					 p2p_buf_text(&text), p2p_view_role_off(drawing->style, cell->role),
					 drawing->names ? 0 : (int)(drawing->cell - width), "");

		drawing->cells[i] = (struct text){ whole, drawing->names ? width : strlen(whole) };
		p2p_buf_free(&text);
	}
}

static void heading(struct drawing *drawing, FILE *out, const char *title, bool marks, size_t first, size_t last)
{
	struct p2p_buf *line = &drawing->line;

	if (drawing->number)
		pad(line, drawing->number + 1);
	p2p_buf_puts(line, p2p_view_role_on(drawing->style, P2P_ROLE_TITLE));
	put(line, title, strlen(title), drawing->label + 1);
	p2p_buf_putc(line, marks ? drawing->grid->mark : ' ');
	p2p_buf_putc(line, ' ');
	for (size_t i = first; i < last; i++) {
		char number[24];

		snprintf(number, sizeof(number), "%zu", i + 1);
		p2p_buf_putc(line, ' ');
		if (marks)
			put(line, (const char[]){ drawing->grid->lines[i].column, '\0' }, 1, width_of(drawing, i));
		else if (drawing->names)
			put(line, drawing->labels[i].text, drawing->labels[i].width, width_of(drawing, i));
		else
			put(line, number, strlen(number), drawing->cell);
	}
	while (line->len && line->text[line->len - 1] == ' ')
		line->len--;
	p2p_buf_puts(line, p2p_view_role_off(drawing->style, P2P_ROLE_TITLE));
	end_line(drawing, out);
}

static void row(struct drawing *drawing, FILE *out, size_t index, size_t first, size_t last)
{
	const struct p2p_grid *grid = drawing->grid;
	struct p2p_buf *line = &drawing->line;

	if (drawing->number)
		p2p_buf_printf(line, "%*zu ", (int)drawing->number, index + 1);
	put(line, drawing->labels[index].text, drawing->labels[index].width, drawing->label + 1);
	p2p_buf_putc(line, grid->lines[index].row);
	p2p_buf_putc(line, ' ');
	for (size_t i = first; i < last; i++) {
		const struct text *cell = &drawing->cells[grid->at(grid->of, index, i)];

		if (drawing->names)
			put(line, cell->text, cell->width, width_of(drawing, i));
		else
			p2p_buf_add(line, cell->text, cell->width);
	}
	end_line(drawing, out);
}

int p2p_view_grid(FILE *out, const struct p2p_grid *grid, const struct p2p_style *style, bool *ret_short)
{
	struct drawing drawing = { .grid = grid, .style = style, .arena = p2p_arena_new() };

	make_labels(&drawing);
	lay_out(&drawing);
	make_cells(&drawing);
	for (size_t first = 0, last; first < grid->count; first = last) {
		last = grid->count - first > drawing.block ? first + drawing.block : grid->count;
		if (first)
			putc('\n', out);
		heading(&drawing, out, grid->columns, false, first, last);
		heading(&drawing, out, grid->rows, true, first, last);
		for (size_t i = 0; i < grid->count; i++)
			row(&drawing, out, i, first, last);
	}
	*ret_short = drawing.brief;
	p2p_buf_free(&drawing.line);
	p2p_arena_free(drawing.arena);
	return ferror(out) || fflush(out) ? -EIO : 0;
}

size_t p2p_view_grid_blocks(const struct p2p_grid *grid, const struct p2p_style *style)
{
	struct drawing drawing = { .grid = grid, .style = style, .arena = p2p_arena_new() };

	make_labels(&drawing);
	lay_out(&drawing);
	p2p_arena_free(drawing.arena);
	return drawing.block ? (grid->count + drawing.block - 1) / drawing.block : 0;
}
