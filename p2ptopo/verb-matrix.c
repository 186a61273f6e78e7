/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix: providers by clients, those with equal answers folded into one row and one column. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/view/view-grid.h"
#include "matrix-parts.h"
#include "measured.h"

struct matrix {
	struct topo *topo;
	struct p2p_matrix *matrix;
	/*
	 * As the matrix's; then the same of a function to itself, which is nowhere;
	 * then the one that is no pair.
	 */
	struct p2p_grid_cell *cells;
	size_t cell_count;
	const struct p2p_bench_index *measured; /* NULL: nothing was */
	uint8_t *marks; /* by row and column: an index of measured_marks; NULL: none at all */
	size_t base; /* cells without a mark; as many with each mark follow */
	size_t contradictions;
	struct p2p_grid_line *lines;
	bool mixed; /* groups of functions of several kinds, for want of room */
};

/* ---------------------------------------------------------------- marks */

/* A mark, and what it means: what is not printed is not in the legend.  What can more comes first. */
struct mark {
	char mark;
	const char *says;
};

static const struct mark offers[] = {
	{ 'M', "memory for peers (p2pmem)" },
	{ 'D', "its driver exports BARs (dma-buf)" },
	{ 'i', "its driver decides by itself" },
	{ 'm', "p2pmem, but not published, or none of it free" },
	{ '?', "not known" },
	{ '.', "nothing" },
};

static const struct mark clients[] = {
	{ 'y', "its driver takes peer memory" },
	{ 'i', "its driver decides by itself" },
	{ '?', "not known" },
	{ 'n', "its driver does not" },
};

#define OFFERS (sizeof(offers) / sizeof(*offers))
#define CLIENTS (sizeof(clients) / sizeof(*clients))

static const struct mark routes[] = {
	{ 'B', "bus address, without the host bridge" },
	{ 'H', "through the host bridge" },
	{ 'E', "allowed, B or H is not known" },
	{ '-', "not supported" },
	{ '?', "not known" },
	{ 'b', "would be B" },
	{ 'h', "would be H" },
	{ 'e', "would be B or H" },
	{ 'n', "would not be supported" },
	{ '~', "what it would be is not known" },
	{ 'X', "itself, no pair" },
};

/* By enum p2p_locality; the marks are for narrow cells. */
static const struct mark places[] = {
	[P2P_LOCALITY_UNKNOWN] = { '?', "not known" },
	[P2P_LOCALITY_PIX] = { '1', "one switch at most" },
	[P2P_LOCALITY_PXB] = { '2', "several switches" },
	[P2P_LOCALITY_PHB] = { '3', "a host bridge" },
	[P2P_LOCALITY_NODE] = { '4', "host bridges of one NUMA node" },
	[P2P_LOCALITY_SYS] = { '5', "NUMA nodes" },
};

static char offer_mark(const struct p2p_offer *offer)
{
	switch (offer->kind) {
	case P2P_OFFER_P2PMEM:
		return offer->published == P2P_NO || !offer->available ? 'm' : offer->published == P2P_YES ? 'M' : '?';
	case P2P_OFFER_DMABUF:
		return 'D';
	case P2P_OFFER_ITSELF:
		return 'i';
	case P2P_OFFER_NONE:
		return '.';
	case P2P_OFFER_UNKNOWN:
		break;
	}
	return '?';
}

static char client_mark(enum p2p_client_kind client)
{
	static const char marks[] = { '?', 'n', 'y', 'i' };

	return marks[client];
}

/* The mark that comes first in the order of its table, over all members. */
static char best_mark(const struct matrix *matrix, const struct p2p_group *group, const struct mark *marks,
		      size_t count, bool as_client)
{
	size_t best = count;

	for (size_t i = 0; i < group->count; i++) {
		struct p2p_client client;
		struct p2p_offer offer;

		if (as_client)
			p2p_judge_client(matrix->topo->judge, group->members[i], &client);
		else
			p2p_judge_offer(matrix->topo->judge, group->members[i], &offer);
		char mark = as_client ? client_mark(client.kind) : offer_mark(&offer);

		for (size_t j = 0; j < best; j++)
			if (marks[j].mark == mark)
				best = j;
	}
	return marks[best].mark;
}

static char letter(enum p2p_map map, enum p2p_answer supported)
{
	static const char letters[] = { '?', '-', 'B', 'H' };

	return map == P2P_MAP_UNKNOWN && supported == P2P_YES ? 'E' : letters[map];
}

/* What the rules say where this kernel does not go by them, or may not. */
static char would_letter(const struct p2p_cell *cell)
{
	char would = letter(cell->would_be, cell->would_supported);

	if (would == '?')
		return '~';
	if (would == '-')
		return cell->map == P2P_MAP_NOT_SUPPORTED ? '-' : 'n';
	return (char)(would - 'A' + 'a');
}

static enum p2p_role role_of(char letter)
{
	return strchr("BHE", letter) ? P2P_ROLE_GOOD : strchr("-n", letter) ? P2P_ROLE_BAD
		       : strchr("bhe", letter)				     ? P2P_ROLE_WARN
									     : P2P_ROLE_DIM;
}

/* The worst news, or the most that is proved, of the pairs that a cell stands for. */
static void make_marks(struct matrix *matrix)
{
	const struct p2p_matrix *of = matrix->matrix;
	size_t functions = matrix->topo->machine->function_count;
	size_t *group_of;

	matrix->marks = NULL;
	if (!matrix->measured)
		return;
	group_of = p2p_arena_array(matrix->topo->arena, functions, sizeof(*group_of));
	matrix->marks = p2p_arena_array(matrix->topo->arena, of->count * of->count, 1);
	memset(matrix->marks, (int)measured_mark_count, of->count * of->count);
	matrix->contradictions = 0;
	for (size_t i = 0; i < functions; i++)
		group_of[i] = SIZE_MAX;
	for (size_t i = 0; i < of->count; i++)
		for (size_t k = 0; k < of->groups[i].count; k++)
			group_of[of->groups[i].members[k]] = i;
	for (size_t at = 0; at < p2p_bench_index_pairs(matrix->measured); at++) {
		struct p2p_verdict verdict;
		int provider, client;
		struct p2p_bench_proved proved =
			p2p_bench_index_pair(matrix->measured, at, &provider, &client);
		size_t mark = measured_mark_of(&proved);

		if (group_of[provider] == SIZE_MAX || group_of[client] == SIZE_MAX || !proved.result)
			continue;
		uint8_t *cell = &matrix->marks[group_of[provider] * of->count + group_of[client]];

		*cell = mark < *cell ? (uint8_t)mark : *cell;
		p2p_judge_pair(matrix->topo->judge, provider, client, &verdict);
		matrix->contradictions += p2p_bench_contradicts(&proved, &verdict);
	}
}

/* The same cells again with each mark; not where they would be more than a place of the square can name. */
static void mark_cells(struct matrix *matrix)
{
	if (!matrix->marks || matrix->base * (measured_mark_count + 1) > UINT16_MAX)
		return;
	for (size_t mark = 0; mark < measured_mark_count; mark++)
		for (size_t i = 0; i < matrix->base; i++) {
			matrix->cells[matrix->cell_count] = matrix->cells[i];
			matrix->cells[matrix->cell_count++].mark = measured_marks[mark].mark;
		}
}

static void make_cells(struct matrix *matrix)
{
	size_t count = matrix->matrix->cell_count;

	make_marks(matrix);
	matrix->base = matrix->cell_count = 2 * count + 1;
	matrix->cells = p2p_arena_array(matrix->topo->arena, matrix->base * (measured_mark_count + 1),
					sizeof(*matrix->cells));
	for (size_t i = 0; i < count; i++) {
		const struct p2p_cell *cell = &matrix->matrix->cells[i];
		char mark = cell->would ? would_letter(cell) : letter(cell->map, cell->supported);
		const char *where = p2p_locality_name(cell->locality);

		matrix->cells[i] = (struct p2p_grid_cell){ mark, where ? where : "?", places[cell->locality].mark,
							   0, role_of(mark) };
		matrix->cells[count + i] = (struct p2p_grid_cell){ mark, "", ' ', 0, role_of(mark) };
	}
	matrix->cells[2 * count] = (struct p2p_grid_cell){ 'X', "", ' ', 0, P2P_ROLE_DIM };
	mark_cells(matrix);
}

static uint16_t cell_at(const void *of, size_t row, size_t column)
{
	const struct matrix *matrix = of;
	uint16_t cell = p2p_matrix_at(matrix->matrix, row, column);

	if (cell == P2P_CELL_NONE)
		return (uint16_t)(matrix->base - 1);
	if (row == column && matrix->matrix->groups[row].count == 1)
		cell = (uint16_t)(cell + matrix->matrix->cell_count);
	if (matrix->cell_count == matrix->base)
		return cell;
	size_t mark = matrix->marks[row * matrix->matrix->count + column];

	return (uint16_t)(mark == measured_mark_count ? cell : cell + (mark + 1) * matrix->base);
}

/* --------------------------------------------------------------- legend */

/* Which cells were printed. */
static bool *find_used(const struct matrix *matrix)
{
	size_t groups = matrix->matrix->count;
	bool *used = p2p_arena_array(matrix->topo->arena, matrix->cell_count, sizeof(*used));

	for (size_t i = 0; i < groups; i++)
		for (size_t j = 0; j < groups; j++)
			used[cell_at(matrix, i, j)] = true;
	return used;
}

static void add(struct p2p_buf *text, const char *mark, const char *says)
{
	p2p_buf_printf(text, "%s%s=%s", text->len ? ", " : "", mark, says);
}

static void print_line(const struct matrix *matrix, const char *title, struct p2p_buf *text)
{
	char first[16];

	snprintf(first, sizeof(first), "%-10s", title);
	if (text->len)
		topo_print_text(matrix->topo, first, "           ", p2p_buf_text(text));
	p2p_buf_reset(text);
}

static void print_marks(const struct matrix *matrix, const char *title, const struct mark *marks, size_t count,
			const char *seen)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < count; i++)
		if (strchr(seen, marks[i].mark))
			add(&text, (const char[]){ marks[i].mark, '\0' }, marks[i].says);
	print_line(matrix, title, &text);
	p2p_buf_free(&text);
}

/* A set of characters, as a string. */
static void see(char *seen, char mark)
{
	size_t len = strlen(seen);

	if (!strchr(seen, mark)) {
		seen[len] = mark;
		seen[len + 1] = '\0';
	}
}

#define MARKS_MOST 16

static void print_cell_legend(const struct matrix *matrix, bool brief)
{
	const bool *used = find_used(matrix);
	bool localities[sizeof(places) / sizeof(*places)] = { false };
	struct p2p_buf text = P2P_BUF_INIT;
	char seen[MARKS_MOST] = "", proved[MARKS_MOST] = "";

	for (size_t i = 0; i < matrix->cell_count; i++) {
		if (!used[i])
			continue;
		size_t cell = i % matrix->base;

		see(seen, matrix->cells[i].letter);
		if (matrix->cells[i].mark)
			see(proved, matrix->cells[i].mark);
		if (cell < matrix->matrix->cell_count)
			localities[matrix->matrix->cells[cell].locality] = true;
	}
	print_marks(matrix, "route", routes, sizeof(routes) / sizeof(*routes), seen);
	for (size_t i = 1; i <= sizeof(places) / sizeof(*places); i++) {
		size_t place = i % (sizeof(places) / sizeof(*places)); /* the unknown one last */
		const char *name = p2p_locality_name((enum p2p_locality)place);

		if (!localities[place])
			continue;
		if (brief && name)
			p2p_buf_printf(&text, "%s%c=%s (%s)", text.len ? ", " : "", places[place].mark, name,
				       places[place].says);
		else
			add(&text, name ? name : "?", places[place].says);
	}
	print_line(matrix, "through", &text);
	for (size_t i = 0; i < measured_mark_count; i++)
		if (strchr(proved, measured_marks[i].mark))
			add(&text, (const char[]){ measured_marks[i].mark, '\0' }, measured_marks[i].says);
	if (text.len && matrix->matrix->count < matrix->matrix->functions)
		p2p_buf_puts(&text, "; of several pairs the first of these that one of them has");
	print_line(matrix, "proved", &text);
	p2p_buf_free(&text);
}

/* Why small letters, and where there are any (`would`) what they stand for. */
static void put_caveat(const struct topo *topo, bool would, struct p2p_buf *text)
{
	enum p2p_kernel_kind kind = p2p_judge_candidates(topo->judge)->kind;
	const struct p2p_number *p2pdma = &topo->machine->host.p2pdma;
	const char *says, *would_be = "what the newest rules known say";

	if (kind == P2P_KERNEL_BEFORE)
		says = "This kernel is older than P2PDMA (4.20) and refuses every pair";
	else if (p2p_known(p2pdma->fact) && !p2pdma->value)
		says = "This kernel is built without P2PDMA and refuses every pair",
		would_be = "what one with it decides";
	else if (kind == P2P_KERNEL_NEWER || kind == P2P_KERNEL_UNKNOWN)
		says = "The rules of this kernel are not known";
	else if (!p2p_known(p2pdma->fact))
		says = "Whether this kernel has P2PDMA is not known", would_be = "what it decides if so";
	else
		return;
	p2p_buf_puts(text, says);
	if (would)
		p2p_buf_printf(text, "; \"would be\" is %s", would_be);
	p2p_buf_putc(text, '.');
}

/* Is a letter on the screen that says what would be? */
static bool has_would(const struct matrix *matrix)
{
	const bool *used = find_used(matrix);
	bool would = false;

	for (size_t i = 0; i < matrix->cell_count; i++)
		would = would || (used[i] && strchr("bhen~", matrix->cells[i].letter));
	return would;
}

static void print_legend(const struct matrix *matrix, const struct p2p_grid *grid, bool brief)
{
	const struct topo *topo = matrix->topo;
	char seen_offers[MARKS_MOST] = "", seen_clients[MARKS_MOST] = "";
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < grid->count; i++) {
		see(seen_offers, grid->lines[i].row);
		see(seen_clients, grid->lines[i].column);
	}
	putchar('\n');
	print_cell_legend(matrix, brief);
	print_marks(matrix, "offer (O)", offers, OFFERS, seen_offers);
	print_marks(matrix, "client", clients, CLIENTS, seen_clients);
	p2p_buf_printf(&text, "%zu function%s", matrix->matrix->functions, matrix->matrix->functions == 1 ? "" : "s");
	if (matrix->matrix->count < matrix->matrix->functions)
		p2p_buf_printf(&text, " in %zu group%s, each with the same answers to and from everybody; on the "
			       "diagonal, between its members", matrix->matrix->count,
			       matrix->matrix->count == 1 ? "" : "s");
	if (matrix->mixed)
		p2p_buf_puts(&text, ". For want of room a group is of several kinds; its marks are those of the "
				    "members that can most, and a wider terminal tells them apart");
	p2p_buf_puts(&text, ". `p2ptopo why PROVIDER CLIENT` explains a pair.");
	topo_print_text(topo, "", "", p2p_buf_text(&text));
	p2p_buf_reset(&text);
	put_caveat(topo, has_would(matrix), &text);
	if (text.len)
		topo_print_text(topo, "", "", p2p_buf_text(&text));
	if (topo->machine->host.hypervisor.value)
		topo_print_text(topo, "", "", "In a virtual machine the host's routing cannot be seen from here.");
	measured_print_contradictions(topo, matrix->contradictions);
	topo_print_assumptions(topo);
	p2p_buf_free(&text);
}

static struct p2p_grid make_grid(struct matrix *matrix)
{
	size_t count = matrix->matrix->count;

	matrix->lines = p2p_arena_array(matrix->topo->arena, count, sizeof(*matrix->lines));
	for (size_t i = 0; i < count; i++) {
		const struct p2p_group *group = &matrix->matrix->groups[i];

		matrix->lines[i] = (struct p2p_grid_line){
			matrix_label(matrix->topo, group), group->count,
			matrix->mixed ? best_mark(matrix, group, offers, OFFERS, false) : offer_mark(&group->offer),
			matrix->mixed ? best_mark(matrix, group, clients, CLIENTS, true) : client_mark(group->client),
		};
	}
	make_cells(matrix);
	return (struct p2p_grid){ .rows = "PROVIDER", .columns = "CLIENT", .mark = 'O', .lines = matrix->lines,
				  .count = count, .cells = matrix->cells, .cell_count = matrix->cell_count,
				  .at = cell_at, .of = matrix };
}

static enum p2p_exit print_text(struct matrix *matrix, const bool *among, unsigned flags)
{
	const struct p2p_style *style = &matrix->topo->style;
	bool brief;

	if (!matrix->matrix->count) {
		puts(!matrix->topo->machine->function_count ? "No PCI functions here."
		     : matrix->topo->filter		    ? "No function matches."
							    : "No likely peers here; --all takes every function.");
		return P2P_EXIT_OK;
	}
	struct p2p_grid grid = make_grid(matrix);

	if (!(flags & P2P_MATRIX_NO_FOLD) && p2p_view_grid_blocks(&grid, style) > 1) {
		p2p_matrix_free(matrix->matrix);
		matrix->matrix = p2p_judge_matrix(matrix->topo->judge, among, flags | P2P_MATRIX_BY_ANSWER);
		matrix->mixed = true;
		grid = make_grid(matrix);
	}
	if (p2p_view_grid(stdout, &grid, style, &brief))
		return P2P_EXIT_CANNOT_READ;
	print_legend(matrix, &grid, brief);
	return P2P_EXIT_OK;
}

static enum p2p_exit print(struct topo *topo)
{
	const struct p2p_machine *machine = topo->machine;
	bool *among = p2p_arena_array(topo->arena, machine->function_count, sizeof(*among));
	unsigned flags =
		(topo->all ? P2P_MATRIX_SELF : 0) | (p2p_cli_has(topo->cli, "no-fold") ? P2P_MATRIX_NO_FOLD : 0);
	struct matrix matrix = { .topo = topo };
	enum p2p_exit code;

	for (size_t i = 0; i < machine->function_count; i++)
		among[i] = topo_shows(topo, (int)i) && !p2p_function_is_bridge(&machine->functions[i]);
	matrix.matrix = p2p_judge_matrix(topo->judge, among, flags);
	if (!matrix.matrix) {
		struct p2p_problem problem;

		p2p_problem_set(&problem, 0, "more than %d sorts of functions are too many for a matrix; choose some "
				"with -s or -d, or take `p2ptopo pairs`", P2P_MATRIX_MOST);
		p2p_cli_complain(topo->cli, stderr, &problem);
		return P2P_EXIT_USAGE;
	}
	matrix.measured = measured_open(topo);
	code = p2p_cli_has(topo->cli, "json") ? matrix_print_json(topo, matrix.matrix, matrix.measured)
					      : print_text(&matrix, among, flags);
	p2p_matrix_free(matrix.matrix);
	return code;
}

static int run(const struct p2p_cli *cli)
{
	struct topo topo;
	unsigned want = P2P_WANT_CHILDREN | P2P_WANT_MEMORY | P2P_WANT_NUMA | P2P_WANT_RUNNING |
			P2P_WANT_RESULTS;
	enum p2p_exit code = topo_open(cli, want, &topo);

	if (code == P2P_EXIT_OK)
		code = print(&topo);
	topo_close(&topo);
	return code;
}

const struct p2p_verb p2p_verb_matrix = {
	.word = "matrix",
	.summary = "providers by clients as a square, equal rows and columns folded",
	.details = "A cell has the route and the locality as `nvidia-smi topo -m` words it; O is what the provider "
		   "offers, and the line under the clients says whether their drivers take it. Functions of one class "
		   "that have the same answers to and from everybody are one row and one column; --no-fold shows each. "
		   "--all takes every function that is no bridge. The legend is below.",
	.run = run,
};
