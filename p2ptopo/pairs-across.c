/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pairs --across, why --across: where the answers of several kernels differ. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "across.h"
#include "core/view/json-machine.h"
#include "pairs.h"

bool pair_asked(const struct pair_list *pairs, size_t provider, size_t client)
{
	return (provider != client || pairs->self) &&
	       (pairs->matches[pairs->list[provider]] || pairs->matches[pairs->list[client]]);
}

static int count_order(const void *a, const void *b)
{
	const struct p2p_count *x = a, *y = b;

	if (x->pairs != y->pairs)
		return x->pairs > y->pairs ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* With -s or -d: all pairs, less those of which neither side matches. */
static size_t take_away(const struct pair_list *pairs, const struct p2p_judge *judge, bool *among,
			struct p2p_count *counts, size_t count)
{
	struct p2p_count others[P2P_COUNTS_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < pairs->count; i++)
		among[pairs->list[i]] = !pairs->matches[pairs->list[i]];
	size_t other_count = p2p_judge_summary(judge, among, pairs->self, others);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < other_count; j++)
			if (p2p_count_alike(&counts[i], &others[j]))
				counts[i].pairs -= others[j].pairs;
		if (counts[i].pairs)
			counts[kept++] = counts[i];
	}
	return kept;
}

size_t pair_counts(const struct pair_list *pairs, const struct p2p_judge *judge,
		   struct p2p_count counts[P2P_COUNTS_MAX])
{
	bool *among = p2p_arena_array(pairs->topo->arena, pairs->topo->machine->function_count, sizeof(*among));

	for (size_t i = 0; i < pairs->count; i++)
		among[pairs->list[i]] = true;
	size_t count = p2p_judge_summary(judge, among, pairs->self, counts);

	if (pairs->topo->filter)
		count = take_away(pairs, judge, among, counts, count);
	qsort(counts, count, sizeof(*counts), count_order);
	return count;
}

/* ------------------------------------------------------------------ words */

static const char *map_text(const struct p2p_verdict *verdict, bool narrow)
{
	static const char *const narrows[] = { "?", "no", "BUS", "THRU" };

	if (verdict->map == P2P_MAP_UNKNOWN && verdict->supported == P2P_YES)
		return narrow ? "yes" : "allowed, either";
	if (narrow)
		return narrows[verdict->map];
	return verdict->map ? p2p_map_name(verdict->map) : "unknown";
}

static enum p2p_role role_of(enum p2p_answer supported)
{
	return supported == P2P_YES ? P2P_ROLE_GOOD : supported == P2P_NO ? P2P_ROLE_BAD : P2P_ROLE_DIM;
}

struct table {
	const struct pair_list *pairs;
	struct topo *topo;
	struct across *across;
	struct p2p_verdict *verdicts; /* of one pair, by kernel */
	int address, *widths;	      /* of the columns */
	bool narrow;
	size_t listed, asked;
};

static bool is_listed(struct table *table, size_t i, size_t j)
{
	if (!pair_asked(table->pairs, i, j))
		return false;
	return across_judge(table->across, table->pairs->list[i], table->pairs->list[j], table->verdicts) ||
	       table->topo->all;
}

/* Of kernels that the program chose, those stay that answer a pair otherwise than the one before. */
static void drop_alike(struct table *table)
{
	struct across *across = table->across;
	bool *new = p2p_arena_array(table->topo->arena, across->count, sizeof(*new));

	for (size_t i = 0; i < table->pairs->count; i++)
		for (size_t j = 0; j < table->pairs->count; j++) {
			if (!pair_asked(table->pairs, i, j))
				continue;
			across_judge(across, table->pairs->list[i], table->pairs->list[j], table->verdicts);
			for (size_t k = 1; k < across->count; k++)
				if (table->verdicts[k].map != table->verdicts[k - 1].map ||
				    table->verdicts[k].supported != table->verdicts[k - 1].supported)
					new[k] = true;
		}
	for (size_t k = across->count; k-- > 1;)
		if (!new[k])
			across_drop(across, k);
}

/* --------------------------------------------------------------- for people */

/* Judging twice is cheaper than keeping all lines; not for a listing nobody reads whole. */
#define MEASURE_MOST 1000

static void measure_cells(struct table *table)
{
	for (size_t k = 0; k < table->across->count; k++) {
		int width = (int)strlen(map_text(&table->verdicts[k], table->narrow));

		if (width > table->widths[k])
			table->widths[k] = width;
	}
}

static int measure(struct table *table)
{
	const struct pair_list *pairs = table->pairs;
	char text[P2P_BDF_TEXT];
	int all;

	table->address = (int)strlen("PROVIDER");
	for (size_t k = 0; k < table->across->count; k++)
		table->widths[k] = (int)strlen(table->across->kernels[k].release);
	for (size_t i = 0; i < pairs->count && i < MEASURE_MOST; i++) {
		int width = (int)strlen(topo_address(pairs->topo, pairs->list[i], text));

		if (width > table->address)
			table->address = width;
		for (size_t j = 0; j < pairs->count && j < MEASURE_MOST; j++)
			if (is_listed(table, i, j))
				measure_cells(table);
	}
	all = 2 * table->address + 1;
	for (size_t k = 0; k < table->across->count; k++)
		all += 1 + table->widths[k];
	return all;
}

static void print_row(const struct table *table, size_t i, size_t j)
{
	const struct topo *topo = table->topo;
	char a[P2P_BDF_TEXT], b[P2P_BDF_TEXT];

	printf("%-*s %-*s", table->address, topo_address(topo, table->pairs->list[i], a), table->address,
	       topo_address(topo, table->pairs->list[j], b));
	for (size_t k = 0; k < table->across->count; k++) {
		enum p2p_role role = role_of(table->verdicts[k].supported);
		const char *text = map_text(&table->verdicts[k], table->narrow);
		bool last = k + 1 == table->across->count;

		printf(" %s%s%s%*s", p2p_view_role_on(&topo->style, role), text,
		       p2p_view_role_off(&topo->style, role), last ? 0 : table->widths[k] - (int)strlen(text), "");
	}
	putchar('\n');
}

static void print_head(const struct table *table)
{
	const struct p2p_style *style = &table->topo->style;

	printf("%s%-*s %-*s", p2p_view_role_on(style, P2P_ROLE_TITLE), table->address, "PROVIDER", table->address,
	       "CLIENT");
	for (size_t k = 0; k < table->across->count; k++)
		printf(" %-*s", k + 1 == table->across->count ? 0 : table->widths[k],
		       table->across->kernels[k].release);
	printf("%s\n", p2p_view_role_off(style, P2P_ROLE_TITLE));
}

static void print_rows(struct table *table)
{
	for (size_t i = 0; i < table->pairs->count; i++)
		for (size_t j = 0; j < table->pairs->count; j++) {
			if (!pair_asked(table->pairs, i, j))
				continue;
			table->asked++;
			if (!is_listed(table, i, j))
				continue;
			if (!table->listed++)
				print_head(table);
			print_row(table, i, j);
		}
}

/* Of kernels that the program chose: that each stands for those up to the next. */
static void print_ranges(const struct table *table, const char *what)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char newest[P2P_RELEASE_TEXT];

	if (!table->across->all || table->across->count < 2)
		return;
	p2p_release_format(p2p_release_newest(), newest);
	p2p_buf_printf(&text, "Each %s holds for mainline up to the next one, the last up to %s, the newest known.",
		       what, newest);
	topo_print_text(table->topo, "", "", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void print_text(struct table *table)
{
	const struct topo *topo = table->topo;
	struct p2p_buf text = P2P_BUF_INIT;

	if (measure(table) > topo->style.width && topo->style.width) {
		table->narrow = true;
		measure(table);
	}
	print_rows(table);
	if (table->listed && table->narrow)
		topo_print_text(topo, "", "", "BUS=BUS_ADDR, THRU=THRU_HOST_BRIDGE, yes=one of these, "
					      "no=NOT_SUPPORTED, ?=unknown.");
	if (!table->asked)
		p2p_buf_puts(&text, "A pair needs two likely peers; --all takes every function.");
	else if (!table->listed)
		p2p_buf_printf(&text, "All these kernels answer each of %zu pairs alike; --all lists them too.",
			       table->asked);
	else if (!topo->all)
		p2p_buf_printf(&text, "%zu of %zu pairs differ; --all lists the others too.", table->listed,
			       table->asked);
	if (text.len)
		topo_print_text(topo, "", "", p2p_buf_text(&text));
	if (table->listed)
		print_ranges(table, "column");
	topo_print_privilege(topo);
	topo_print_assumptions(topo);
	p2p_buf_free(&text);
}

static void text_counts(const struct table *table)
{
	struct p2p_count counts[P2P_COUNTS_MAX];

	printf("%-9s %12s %-20s %s\n", "KERNEL", "PAIRS", "MAP", "RULE");
	for (size_t k = 0; k < table->across->count; k++) {
		const struct across_kernel *kernel = &table->across->kernels[k];
		size_t count = pair_counts(table->pairs, kernel->judge, counts);

		for (size_t i = 0; i < count; i++) {
			struct p2p_verdict verdict = { .map = counts[i].map, .supported = counts[i].supported };

			printf("%-9s %12llu %-20s %s\n", kernel->release, (unsigned long long)counts[i].pairs,
			       map_text(&verdict, false), p2p_rule_row(counts[i].rule)->id);
		}
	}
	print_ranges(table, "release");
	topo_print_assumptions(table->topo);
}

/* --------------------------------------------------------------------- JSON */

static void json_answer(struct p2p_json *json, const char *release, enum p2p_map map, enum p2p_answer supported,
			enum p2p_rule rule)
{
	if (release)
		p2p_json_text(json, "kernel", release);
	p2p_json_text(json, "map", p2p_map_name(map));
	p2p_json_answer(json, "supported", supported);
	p2p_json_text(json, "rule", p2p_rule_row(rule)->id);
}

static void json_pair(const struct table *table, struct p2p_json *json, int provider, int client, bool differs)
{
	const struct p2p_machine *machine = table->topo->machine;
	char text[P2P_BDF_TEXT];

	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "provider", p2p_bdf_format(machine->functions[provider].bdf, true, text));
	p2p_json_text(json, "client", p2p_bdf_format(machine->functions[client].bdf, true, text));
	p2p_json_bool(json, "differs", differs);
	p2p_json_array(json, "answers", false);
	for (size_t k = 0; k < table->across->count; k++) {
		const struct p2p_verdict *verdict = &table->verdicts[k];

		p2p_json_object(json, NULL, true);
		json_answer(json, table->across->kernels[k].release, verdict->map, verdict->supported, verdict->rule);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_object_end(json);
}

static void json_pairs(struct table *table, struct p2p_json *json)
{
	const struct pair_list *pairs = table->pairs;

	p2p_json_array(json, "across", false);
	for (size_t i = 0; i < pairs->count; i++)
		for (size_t j = 0; j < pairs->count; j++) {
			if (!pair_asked(pairs, i, j))
				continue;
			bool differs = across_judge(table->across, pairs->list[i], pairs->list[j], table->verdicts);

			if (differs || pairs->topo->all)
				json_pair(table, json, pairs->list[i], pairs->list[j], differs);
		}
	p2p_json_array_end(json);
}

static void json_counts(const struct table *table, struct p2p_json *json)
{
	struct p2p_count counts[P2P_COUNTS_MAX];

	p2p_json_array(json, "across_summary", false);
	for (size_t k = 0; k < table->across->count; k++) {
		size_t count = pair_counts(table->pairs, table->across->kernels[k].judge, counts);

		for (size_t i = 0; i < count; i++) {
			p2p_json_object(json, NULL, true);
			p2p_json_number(json, "pairs", counts[i].pairs);
			json_answer(json, table->across->kernels[k].release, counts[i].map, counts[i].supported,
				    counts[i].rule);
			p2p_json_object_end(json);
		}
	}
	p2p_json_array_end(json);
}

static struct p2p_json *json_begin(const struct table *table)
{
	struct p2p_json *json = p2p_json_new(stdout);

	p2p_json_envelope(json, "p2ptopo/1", table->topo->machine);
	p2p_json_array(json, "kernels", true);
	for (size_t k = 0; k < table->across->count; k++)
		p2p_json_text(json, NULL, table->across->kernels[k].release);
	p2p_json_array_end(json);
	return json;
}

static enum p2p_exit json_end(struct p2p_json *json)
{
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static enum p2p_exit print_json(struct table *table, bool summary)
{
	struct p2p_json *json = json_begin(table);

	if (summary)
		json_counts(table, json);
	else
		json_pairs(table, json);
	return json_end(json);
}

/* ----------------------------------------------------------------- the verbs */

static struct table make_table(const struct pair_list *pairs, struct across *across)
{
	struct p2p_arena *arena = pairs->topo->arena;
	struct table table = {
		.pairs = pairs, .topo = pairs->topo, .across = across,
		.verdicts = p2p_arena_array(arena, across->count, sizeof(*table.verdicts)),
		.widths = p2p_arena_array(arena, across->count, sizeof(*table.widths)),
	};

	if (across->all)
		drop_alike(&table);
	return table;
}

static enum p2p_exit print(const struct pair_list *pairs, struct across *across)
{
	const struct p2p_cli *cli = pairs->topo->cli;
	struct table table = make_table(pairs, across);

	if (p2p_cli_has(cli, "json"))
		return print_json(&table, p2p_cli_has(cli, "summary"));
	if (p2p_cli_has(cli, "summary"))
		text_counts(&table);
	else
		print_text(&table);
	return P2P_EXIT_OK;
}

enum p2p_exit pairs_across(const struct pair_list *pairs)
{
	struct p2p_problem problem;
	struct across across;

	if (p2p_cli_has(pairs->topo->cli, "output") || p2p_cli_has(pairs->topo->cli, "list-columns")) {
		p2p_problem_set(&problem, 0, "--across has a column for each kernel; leave -o and -H out");
		p2p_cli_complain(pairs->topo->cli, stderr, &problem);
		return P2P_EXIT_USAGE;
	}
	enum p2p_exit code = across_open(pairs->topo, &across);

	if (code == P2P_EXIT_OK)
		code = print(pairs, &across);
	across_close(&across);
	return code;
}

static void print_kernels(const struct table *table)
{
	const struct topo *topo = table->topo;

	printf("%-9s %-16s %5s %s\n", "KERNEL", "MAP", "DIST", "RULE");
	for (size_t k = 0; k < table->across->count; k++) {
		const struct p2p_verdict *verdict = &table->verdicts[k];
		enum p2p_role role = role_of(verdict->supported);

		printf("%-9s %s%-16s%s ", table->across->kernels[k].release, p2p_view_role_on(&topo->style, role),
		       map_text(verdict, false), p2p_view_role_off(&topo->style, role));
		if (verdict->distance < 0)
			printf("%5s", "?");
		else
			printf("%5d", verdict->distance);
		printf(" %s\n", p2p_rule_row(verdict->rule)->id);
	}
	print_ranges(table, "line");
	topo_print_assumptions(topo);
}

static enum p2p_exit answer(const struct table *table)
{
	enum p2p_exit code = P2P_EXIT_OK;

	for (size_t k = 0; k < table->across->count; k++) {
		if (table->verdicts[k].supported == P2P_NO)
			return P2P_EXIT_NO;
		if (table->verdicts[k].supported == P2P_MAYBE)
			code = P2P_EXIT_UNKNOWN;
	}
	return code;
}

static enum p2p_exit answer_pair(struct table *table, int provider, int client)
{
	struct across *across = table->across;
	enum p2p_exit code = P2P_EXIT_OK;

	across_judge(across, provider, client, table->verdicts);
	/* Of kernels that the program chose, those stay that say something new. */
	for (size_t k = across->count; k-- > 1 && across->all;)
		if (table->verdicts[k].map == table->verdicts[k - 1].map &&
		    table->verdicts[k].supported == table->verdicts[k - 1].supported &&
		    table->verdicts[k].rule == table->verdicts[k - 1].rule)
			across_drop(across, k);
	bool differs = across_judge(across, provider, client, table->verdicts);

	if (p2p_cli_has(table->topo->cli, "json")) {
		struct p2p_json *json = json_begin(table);

		p2p_json_array(json, "across", false);
		json_pair(table, json, provider, client, differs);
		p2p_json_array_end(json);
		code = json_end(json);
	} else {
		print_kernels(table);
	}
	return code == P2P_EXIT_OK ? answer(table) : code;
}

enum p2p_exit why_across(struct topo *topo, int provider, int client)
{
	struct across across;
	enum p2p_exit code = across_open(topo, &across);

	if (code == P2P_EXIT_OK) {
		struct table table = { .topo = topo, .across = &across };

		table.verdicts = p2p_arena_array(topo->arena, across.count, sizeof(*table.verdicts));
		code = answer_pair(&table, provider, client);
	}
	across_close(&across);
	return code;
}
