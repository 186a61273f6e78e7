/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list: functions one a line, every fact of them a column. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/view/json-machine.h"
#include "core/view/json-verdict.h"
#include "function-columns.h"

/* What a function is sorted by. */
struct key {
	int index;
	enum p2p_know know;
	enum function_order order;
	uint64_t number;
	const char *text;
};

struct list {
	struct topo *topo;
	const struct p2p_choice *choice; /* among function_columns */
	int sort;                        /* the column of -x, or P2P_NOBODY */
	struct function_facts facts;
	struct function_cell cell;       /* scratch */
	int *rows;                       /* the functions shown, in order */
	size_t row_count;
};

/* ------------------------------------------------------------ which, where */

/* The devices that were named; NULL: none was.  P2P_EXIT_USAGE: one of them is not there. */
static enum p2p_exit named_devices(const struct topo *topo, const bool **ret)
{
	bool *named = p2p_arena_array(topo->arena, topo->machine->function_count, sizeof(*named));

	for (size_t i = 0; i < topo->cli->arg_count; i++) {
		int index = topo_device(topo, topo->cli->args[i]);

		if (index == P2P_NOBODY)
			return P2P_EXIT_USAGE;
		named[index] = true;
	}
	*ret = topo->cli->arg_count ? named : NULL;
	return P2P_EXIT_OK;
}

/* Those named, or likely peers, or all with -a; of these what -s and -d leave.  Where no peer is, everything. */
static enum p2p_exit choose_rows(struct list *list)
{
	const struct topo *topo = list->topo;
	const bool *named = NULL;
	enum p2p_exit code = named_devices(topo, &named);
	bool everything = false;

	if (code != P2P_EXIT_OK)
		return code;
	list->rows = p2p_arena_array(topo->arena, topo->machine->function_count, sizeof(*list->rows));
	for (;;) {
		for (size_t i = 0; i < topo->machine->function_count; i++)
			if (named ? named[i] && topo_matches(topo, (int)i) : everything || topo_shows(topo, (int)i))
				list->rows[list->row_count++] = (int)i;
		if (list->row_count || named || topo->filter || everything)
			return P2P_EXIT_OK;
		everything = true;
	}
}

/* Known values first, then those that are absent, then those that nobody knows. */
static int know_rank(enum p2p_know know)
{
	return know == P2P_KNOWN ? 0 : know == P2P_ABSENT ? 1 : 2;
}

static int compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = know_rank(x->know) - know_rank(y->know);

	if (!order && x->know == P2P_KNOWN && x->order == FUNCTION_BY_NUMBER)
		order = (x->number > y->number) - (x->number < y->number);
	else if (!order && x->know == P2P_KNOWN)
		order = x->order == FUNCTION_BY_BYTES ? strcmp(x->text, y->text) : p2p_text_natural(x->text, y->text);
	/* What is equal stays as it was: by address. */
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static void sort_rows(struct list *list)
{
	struct p2p_arena *arena = list->topo->arena;
	struct key *keys = p2p_arena_array(arena, list->row_count, sizeof(*keys));

	for (size_t i = 0; i < list->row_count; i++) {
		const struct function_cell *cell = &list->cell;

		function_cell_make(&list->facts, (size_t)list->sort, list->rows[i], &list->cell);
		keys[i] = (struct key){ .index = list->rows[i], .know = cell->know, .order = cell->order,
					.number = cell->number,
					.text = cell->order == FUNCTION_BY_NUMBER
							? NULL
							: p2p_arena_strdup(arena, p2p_buf_text(&cell->text)) };
	}
	qsort(keys, list->row_count, sizeof(*keys), compare);
	for (size_t i = 0; i < list->row_count; i++)
		list->rows[i] = keys[i].index;
}

/* ---------------------------------------------------------------- printing */

/* The column that is printed at a place of the line. */
static size_t column_at(const struct p2p_choice *choice, size_t place)
{
	size_t column = 0;

	while (choice->at[column] != (int)place)
		column++;
	return column;
}

static enum p2p_exit print_table(struct list *list)
{
	struct topo *topo = list->topo;
	struct p2p_report *report = p2p_report_new(list->choice->columns, list->choice->count);

	for (size_t i = 0; i < list->row_count; i++) {
		struct p2p_report_row *row = p2p_report_add(report, NULL);

		for (size_t place = 0; place < list->choice->count; place++) {
			function_cell_make(&list->facts, column_at(list->choice, place), list->rows[i], &list->cell);
			p2p_report_set(report, row, place, list->cell.role, function_cell_text(&list->cell));
		}
	}
	topo->style.headings = !p2p_cli_has(topo->cli, "noheadings");
	int error = p2p_view_table(stdout, report, &topo->style);

	p2p_report_free(report);
	return error ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

/* `LINK-STATE` is no name of a variable. */
static void put_variable(struct p2p_buf *buf, const char *name)
{
	for (; *name; name++)
		p2p_buf_putc(buf, *name == '-' ? '_' : *name);
}

/* COLUMN="value" COLUMN="value" */
static enum p2p_exit print_pairs(struct list *list)
{
	struct p2p_buf line = P2P_BUF_INIT;

	for (size_t i = 0; i < list->row_count; i++) {
		p2p_buf_reset(&line);
		for (size_t place = 0; place < list->choice->count; place++) {
			function_cell_make(&list->facts, column_at(list->choice, place), list->rows[i], &list->cell);
			p2p_buf_puts(&line, place ? " " : "");
			put_variable(&line, list->choice->columns[place].name);
			p2p_buf_puts(&line, "=\"");
			p2p_text_shell(&line,
				       list->cell.know == P2P_UNKNOWN ? "unknown" : p2p_buf_text(&list->cell.text),
				       list->topo->style.ascii);
			p2p_buf_putc(&line, '"');
		}
		puts(p2p_buf_text(&line));
	}
	p2p_buf_free(&line);
	return P2P_EXIT_OK;
}

static void json_peer(const struct list *list, struct p2p_json *json, int index, struct p2p_buf *text)
{
	struct p2p_client client;
	struct p2p_offer offer;

	if (list->facts.among[index] && list->facts.islands[index])
		p2p_json_signed(json, "island", list->facts.islands[index]);
	else
		p2p_json_null(json, "island");
	p2p_buf_reset(text);
	p2p_judge_offer(list->topo->judge, index, &offer);
	p2p_json_offer_format(text, &offer);
	p2p_json_raw(json, "offer", text->text, text->len);
	p2p_buf_reset(text);
	p2p_judge_client(list->topo->judge, index, &client);
	p2p_json_client_format(text, &client);
	p2p_json_raw(json, "client_can", text->text, text->len);
}

static enum p2p_exit print_json(struct list *list)
{
	struct p2p_json *json = p2p_json_new(stdout);
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_json_envelope(json, "p2ptopo/1", list->topo->machine);
	p2p_json_array(json, "devices", false);
	for (size_t i = 0; i < list->row_count; i++) {
		p2p_json_device(json, list->topo->machine, list->rows[i]);
		json_peer(list, json, list->rows[i], &text);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	p2p_buf_free(&text);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

/* For programs: rows and nothing else on standard output. */
static enum p2p_exit print_plain(struct list *list)
{
	enum p2p_exit code = p2p_cli_has(list->topo->cli, "pairs") ? print_pairs(list) : print_table(list);

	for (size_t i = 0; i < list->topo->machine->assumption_count; i++) {
		struct p2p_problem problem;

		p2p_problem_set(&problem, 0, "assumed: %s", list->topo->machine->assumptions[i]);
		p2p_cli_complain(list->topo->cli, stderr, &problem);
	}
	return code;
}

static enum p2p_exit print(struct list *list)
{
	const struct p2p_cli *cli = list->topo->cli;

	if (p2p_cli_has(cli, "json"))
		return print_json(list);
	if (p2p_cli_has(cli, "pairs") || p2p_cli_has(cli, "noheadings"))
		return print_plain(list);
	if (!list->row_count) {
		puts(list->topo->machine->function_count ? "No function matches." : "No PCI functions here.");
		return P2P_EXIT_OK;
	}
	enum p2p_exit code = print_table(list);

	topo_print_assumptions(list->topo);
	return code;
}

/* -------------------------------------------------------- the command line */

/* The column of -x: P2P_NOBODY without it. */
static enum p2p_exit choose_sort(const struct p2p_cli *cli, struct p2p_arena *arena, int *ret)
{
	const char *name = p2p_cli_value(cli, "sort");
	struct p2p_problem problem = { "" }, said;

	*ret = P2P_NOBODY;
	if (!name || !function_column_find(arena, name, &problem, ret))
		return P2P_EXIT_OK;
	p2p_problem_set(&said, 0, "list --sort: %.200s (p2ptopo list -H lists its columns)", problem.text);
	p2p_cli_complain(cli, stderr, &said);
	return P2P_EXIT_USAGE;
}

static enum p2p_exit check_options(const struct p2p_cli *cli)
{
	struct p2p_problem problem = { "" };

	if (p2p_cli_has(cli, "json") && p2p_cli_has(cli, "pairs"))
		p2p_problem_set(&problem, 0, "--json and --pairs are two formats; give one of them");
	else if (p2p_cli_has(cli, "output-all") && p2p_cli_has(cli, "output"))
		p2p_problem_set(&problem, 0, "--output-all prints every column, --output some; give one of them");
	else
		return P2P_EXIT_OK;
	p2p_cli_complain(cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

static enum p2p_exit look(const struct p2p_cli *cli, const struct p2p_choice *choice, int sort)
{
	/* Who is a peer depends on its memory, and a device's name on what its driver made. */
	unsigned want = P2P_WANT_MEMORY | function_columns_want(choice);
	struct topo topo;
	struct list list = { .topo = &topo, .choice = choice, .sort = sort };

	if (cli->arg_count)
		want |= P2P_WANT_CHILDREN;
	if (sort != P2P_NOBODY)
		want |= function_columns[sort].want;
	if (p2p_cli_has(cli, "json"))
		want = P2P_WANT_ALL | P2P_WANT_RUNNING;
	enum p2p_exit code = topo_open(cli, want, &topo);

	if (code == P2P_EXIT_OK)
		code = choose_rows(&list);
	if (code == P2P_EXIT_OK) {
		function_facts_make(&topo, p2p_cli_has(cli, "bytes"), &list.facts);
		if (sort != P2P_NOBODY)
			sort_rows(&list);
		code = print(&list);
	}
	function_cell_free(&list.cell);
	topo_close(&topo);
	return code;
}

static int run(const struct p2p_cli *cli)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_choice choice;
	int sort;
	enum p2p_exit code = check_options(cli);

	if (code == P2P_EXIT_OK)
		code = choose_sort(cli, arena, &sort);
	if (code == P2P_EXIT_OK)
		code = function_columns_choose(cli, arena, FUNCTION_IN_LIST, &choice);
	if (code == P2P_EXIT_OK && choice.count)
		code = look(cli, &choice, sort);
	p2p_arena_free(arena);
	return code;
}

const struct p2p_verb p2p_verb_list = {
	.word = "list",
	.args = "[DEVICE...]",
	.summary = "list functions, one a line; every fact of a function is a column",
	.details = "Without a DEVICE: likely peers, as tree chooses them; where there are none, or with --all, every "
		   "function. -o chooses columns, -H lists them. Empty: it has none; ? not known. With --pairs a "
		   "value that is not known is the word unknown.\n"
		   "\n"
		   "  p2ptopo list -o +ACS-CTL,PATH\n"
		   "  p2ptopo list -a -x BAR -o DEVICE,BAR,NAME\n"
		   "  p2ptopo list -P -b -o DEVICE,P2PMEM,NUMA nvme0",
	.run = run,
};
