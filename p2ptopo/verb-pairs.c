/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pairs: the answer for every provider and client.
 *
 * Their number is the square of the functions, so each is printed when it is
 * judged, and what many share (a reason, an offer) is made into text once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time.h"
#include "core/engine/cached.h"
#include "core/view/json-machine.h"
#include "core/view/json-verdict.h"
#include "measured.h"
#include "pairs.h"

enum {
	COL_PROVIDER, COL_CLIENT, COL_MAP, COL_DIST, COL_LOC, COL_OFFER, COL_TAKES, COL_RULE, COL_WOULD,
	COL_PROVED, COL_RATE, COL_WHEN,
	COL_COUNT,
};

struct pairs {
	struct topo *topo;
	struct p2p_arena *arena;
	int *list; /* the functions that are shown */
	size_t count;
	bool self; /* a function and itself are a pair too */
	bool *matches; /* by function: does it match -s and -d */
	int widths[COL_COUNT]; /* of the columns for people */
	struct p2p_reason *reasons;
	size_t reasons_max;
	/* Fragments by function, host bridge or rule; NULL: not made yet. */
	const char **address, **offer, **client, **hop, **meeting, **host;
	const char *rule[P2P_RULE_COUNT];
	const char *remedy[8][4];
	struct p2p_cached *past; /* what the kernel may have decided before ACS changed; NULL: not known */
	const struct p2p_bench_index *measured; /* NULL: nothing was */
	size_t contradictions;
	struct p2p_buf text, scratch, cached, proved;
};

/* Is that pair to be listed?  With -s or -d one of its sides must match. */
static bool is_asked(const struct pairs *pairs, size_t provider, size_t client)
{
	return (provider != client || pairs->self) &&
	       (pairs->matches[pairs->list[provider]] || pairs->matches[pairs->list[client]]);
}

static const char *keep(struct pairs *pairs)
{
	return p2p_arena_strndup(pairs->arena, p2p_buf_text(&pairs->scratch), pairs->scratch.len);
}

static const char **fragments(struct pairs *pairs, size_t count)
{
	return p2p_arena_array(pairs->arena, count, sizeof(const char *));
}

static void prepare_function(struct pairs *pairs, int index)
{
	const struct p2p_judge *judge = pairs->topo->judge;
	char address[P2P_BDF_TEXT];
	struct p2p_offer offer;
	struct p2p_client client;

	p2p_bdf_format(pairs->topo->machine->functions[index].bdf, true, address);
	pairs->address[index] = p2p_arena_strdup(pairs->arena, address);
	p2p_buf_reset(&pairs->scratch);
	p2p_judge_offer(judge, index, &offer);
	p2p_json_offer_format(&pairs->scratch, &offer);
	pairs->offer[index] = keep(pairs);
	p2p_buf_reset(&pairs->scratch);
	p2p_judge_client(judge, index, &client);
	p2p_json_client_format(&pairs->scratch, &client);
	pairs->client[index] = keep(pairs);
}

static void prepare(struct pairs *pairs)
{
	const struct p2p_machine *machine = pairs->topo->machine;
	size_t functions = machine->function_count;

	pairs->arena = pairs->topo->arena;
	pairs->address = fragments(pairs, functions);
	pairs->offer = fragments(pairs, functions);
	pairs->client = fragments(pairs, functions);
	pairs->hop = fragments(pairs, functions);
	pairs->meeting = fragments(pairs, functions);
	pairs->host = fragments(pairs, machine->hostbridge_count);
	pairs->reasons_max = p2p_judge_reasons_max(pairs->topo->judge);
	pairs->reasons = p2p_arena_array(pairs->arena, pairs->reasons_max, sizeof(*pairs->reasons));
	for (size_t i = 0; i < pairs->count; i++)
		prepare_function(pairs, pairs->list[i]);
}

/* Where the text of a reason is kept: a function says one thing as a hop and one as the meeting point. */
static const char **place_of(struct pairs *pairs, const struct p2p_reason *reason)
{
	if (reason->rule == P2P_RULE_ACS_REDIRECT || reason->rule == P2P_RULE_ACS_UNKNOWN)
		return &pairs->hop[reason->function];
	if (reason->rule == P2P_RULE_COMMON_CLEAN && reason->function != P2P_NOBODY)
		return &pairs->meeting[reason->function];
	if (reason->hostbridge != P2P_NOBODY)
		return &pairs->host[reason->hostbridge];
	return &pairs->rule[reason->rule];
}

static const char *reason_text(struct pairs *pairs, const struct p2p_reason *reason)
{
	const char **place = place_of(pairs, reason);
	struct p2p_buf says = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	/* A place-unknown reason names one of many functions by its rule: it is not kept. */
	if (*place && reason->rule != P2P_RULE_PLACE_UNKNOWN)
		return *place;
	p2p_judge_says(pairs->topo->judge, reason, &says);
	if (reason->function != P2P_NOBODY)
		p2p_bdf_format(pairs->topo->machine->functions[reason->function].bdf, true, address);
	p2p_buf_reset(&pairs->scratch);
	p2p_json_reason_format(&pairs->scratch, p2p_rule_row(reason->rule)->id,
			       reason->function != P2P_NOBODY ? address : NULL, p2p_buf_text(&says));
	p2p_buf_free(&says);
	if (reason->rule == P2P_RULE_PLACE_UNKNOWN)
		return p2p_buf_text(&pairs->scratch);
	return *place = keep(pairs);
}

static const char *remedy_text(struct pairs *pairs, const struct p2p_verdict *verdict)
{
	enum p2p_map becomes;
	enum p2p_remedy_kind kind = p2p_judge_remedy_kind(pairs->topo->judge, verdict, &becomes);

	if (!pairs->remedy[kind][becomes]) {
		p2p_buf_reset(&pairs->scratch);
		p2p_json_remedy_short(&pairs->scratch, kind, becomes);
		pairs->remedy[kind][becomes] = keep(pairs);
	}
	return pairs->remedy[kind][becomes];
}

/* A JSON value; NULL: nothing is known of it.  Valid until the next call. */
static const char *cached_text(struct pairs *pairs, const struct p2p_verdict *verdict)
{
	struct p2p_cached_answer answer;
	struct p2p_buf says = P2P_BUF_INIT;

	if (!p2p_cached_pair(pairs->past, verdict, &answer))
		return NULL;
	p2p_cached_says(pairs->topo->judge, verdict, &answer, NULL, &says);
	p2p_buf_reset(&pairs->cached);
	p2p_json_cached_format(&pairs->cached, &answer, p2p_buf_text(&says));
	p2p_buf_free(&says);
	return p2p_buf_text(&pairs->cached);
}

static void json_pair(struct pairs *pairs, struct p2p_json *json, int provider, int client, struct p2p_buf *reasons)
{
	struct p2p_verdict verdict;

	p2p_judge_pair(pairs->topo->judge, provider, client, &verdict);
	size_t count = p2p_judge_reasons(pairs->topo->judge, &verdict, pairs->reasons, pairs->reasons_max);

	p2p_buf_reset(reasons);
	for (size_t i = 0; i < count; i++) {
		if (i)
			p2p_buf_puts(reasons, ", ");
		p2p_buf_puts(reasons, reason_text(pairs, &pairs->reasons[i]));
	}
	struct p2p_json_pair pair = {
		.provider = pairs->address[provider], .client = pairs->address[client], .verdict = &verdict,
		.reasons = p2p_buf_text(reasons), .remedy = remedy_text(pairs, &verdict),
		.offer = pairs->offer[provider], .client_can = pairs->client[client],
		.cached = cached_text(pairs, &verdict),
	};
	const struct p2p_bench_proved proved = measured_pair(pairs->measured, provider, client);

	p2p_buf_reset(&pairs->proved);
	if (measured_json(&proved, &verdict, &pairs->proved))
		pair.measured = p2p_buf_text(&pairs->proved);
	p2p_buf_reset(&pairs->text);
	p2p_json_pair_format(&pairs->text, &pair);
	p2p_json_raw(json, NULL, pairs->text.text, pairs->text.len);
}

static enum p2p_exit print_json(struct pairs *pairs)
{
	const struct p2p_machine *machine = pairs->topo->machine;
	struct p2p_json *json = p2p_json_new(stdout);
	struct p2p_buf reasons = P2P_BUF_INIT;

	prepare(pairs);
	pairs->past = p2p_cached_new(pairs->topo->judge, pairs->topo->hardware);
	p2p_json_envelope(json, "p2ptopo/1", machine);
	p2p_json_array(json, "devices", false);
	for (size_t i = 0; i < pairs->count; i++) {
		p2p_json_device(json, machine, pairs->list[i]);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_array(json, "pairs", false);
	for (size_t i = 0; i < pairs->count; i++)
		for (size_t j = 0; j < pairs->count; j++)
			if (is_asked(pairs, i, j))
				json_pair(pairs, json, pairs->list[i], pairs->list[j], &reasons);
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	p2p_buf_free(&reasons);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static const char *map_text(enum p2p_map map, enum p2p_answer supported)
{
	if (map != P2P_MAP_UNKNOWN)
		return p2p_map_name(map);
	return supported == P2P_YES ? "allowed, either" : "unknown";
}

/* ----------------------------------------------------------- for people */

static const struct p2p_column columns[] = {
	[COL_PROVIDER] = { "PROVIDER", "the function with the memory", 0 },
	[COL_CLIENT] = { "CLIENT", "the function that reads or writes it", 0 },
	[COL_MAP] = { "MAP", "what the kernel's P2PDMA decides", 0 },
	[COL_DIST] = { "DIST", "the kernel's distance", P2P_COLUMN_RIGHT },
	[COL_LOC] = { "LOC", "PIX one switch, PXB several, PHB a host bridge, NODE, SYS", 0 },
	[COL_OFFER] = { "OFFER", "what the provider has for peers", 0 },
	[COL_TAKES] = { "TAKES", "does the client's driver take it: yes, no, itself (it decides)", 0 },
	[COL_RULE] = { "RULE", "what decided, or what is missing", 0 },
	[COL_WOULD] = { "WOULD", "what a kernel with P2PDMA would decide", P2P_COLUMN_EXTRA },
	[COL_PROVED] = { "PROVED", "what p2pctl bench proved: works, intact, faster; void, or how it failed",
			 P2P_COLUMN_EXTRA },
	[COL_RATE] = { "RATE", "bytes a second that it measured", P2P_COLUMN_EXTRA | P2P_COLUMN_RIGHT },
	[COL_WHEN] = { "WHEN", "when it measured that", P2P_COLUMN_EXTRA },
};

/* One cell, padded to its width unless it is the last of the line. */
static void print_cell(const struct pairs *pairs, size_t column, bool last, enum p2p_role role, const char *text)
{
	const struct p2p_style *style = &pairs->topo->style;
	int pad = pairs->widths[column] - (int)strlen(text);

	if (columns[column].flags & P2P_COLUMN_RIGHT && pad > 0)
		printf("%*s", pad, "");
	printf("%s%s%s", p2p_view_role_on(style, role), text, p2p_view_role_off(style, role));
	if (!last && !(columns[column].flags & P2P_COLUMN_RIGHT) && pad > 0)
		printf("%*s", pad, "");
	putchar(last ? '\n' : ' ');
}

static enum p2p_role role_of(enum p2p_answer supported)
{
	return supported == P2P_YES ? P2P_ROLE_GOOD : supported == P2P_NO ? P2P_ROLE_BAD : P2P_ROLE_DIM;
}

/* What was measured of it, and when; room for any of these. */
#define CELL_TEXT 32

static const char *proved_text(const struct p2p_bench_proved *proved, size_t column, char text[CELL_TEXT])
{
	struct p2p_buf buf = P2P_BUF_INIT;

	if (column == COL_PROVED || !proved->result)
		return measured_word(proved, text);
	if (column == COL_WHEN)
		return p2p_time_format(proved->result->when, text);
	measured_rate((double)proved->result->bytes_per_second, &buf);
	snprintf(text, CELL_TEXT, "%s", proved->result->bytes_per_second ? p2p_buf_text(&buf) : "-");
	p2p_buf_free(&buf);
	return text;
}

/* The text of one cell of a pair. */
static const char *cell_text(const struct pairs *pairs, size_t column, const struct p2p_verdict *verdict,
			     char text[CELL_TEXT])
{
	struct p2p_bench_proved proved;
	struct p2p_offer offer;
	struct p2p_client client;

	switch (column) {
	case COL_PROVIDER:
		return topo_address(pairs->topo, verdict->provider, text);
	case COL_CLIENT:
		return topo_address(pairs->topo, verdict->client, text);
	case COL_MAP:
		return map_text(verdict->map, verdict->supported);
	case COL_DIST:
		snprintf(text, CELL_TEXT, "%d", verdict->distance);
		return verdict->distance < 0 ? "?" : text;
	case COL_LOC:
		return verdict->locality ? p2p_locality_name(verdict->locality) : "-";
	case COL_OFFER:
		p2p_judge_offer(pairs->topo->judge, verdict->provider, &offer);
		return offer.kind ? p2p_offer_name(offer.kind) : "?";
	case COL_TAKES:
		p2p_judge_client(pairs->topo->judge, verdict->client, &client);
		return client.kind ? p2p_client_name(client.kind) : "?";
	case COL_WOULD:
		return !verdict->would ? "-" : verdict->would_be ? p2p_map_name(verdict->would_be) : "unknown";
	case COL_PROVED:
	case COL_RATE:
	case COL_WHEN:
		proved = measured_pair(pairs->measured, verdict->provider, verdict->client);
		return proved_text(&proved, column, text);
	default:
		return p2p_rule_row(verdict->rule)->id;
	}
}

/* Judging twice is cheaper than keeping all lines to see how wide they are; not for a listing nobody reads whole. */
#define MEASURE_MOST 1000

static void measure(struct pairs *pairs)
{
	char text[CELL_TEXT];
	struct p2p_verdict verdict;

	for (size_t i = 0; i < COL_COUNT; i++)
		pairs->widths[i] = (int)strlen(columns[i].name);
	for (size_t i = 0; i < pairs->count && i < MEASURE_MOST; i++)
		for (size_t j = 0; j < pairs->count && j < MEASURE_MOST; j++) {
			if (!is_asked(pairs, i, j))
				continue;
			p2p_judge_pair(pairs->topo->judge, pairs->list[i], pairs->list[j], &verdict);
			for (size_t column = 0; column < COL_COUNT; column++) {
				int width = (int)strlen(cell_text(pairs, column, &verdict, text));

				if (width > pairs->widths[column])
					pairs->widths[column] = width;
			}
		}
}

/* The column that is printed at a place of the line. */
static size_t column_at(const struct p2p_choice *choice, size_t place)
{
	size_t column = 0;

	while (choice->at[column] != (int)place)
		column++;
	return column;
}

static void text_pair(struct pairs *pairs, const struct p2p_choice *choice, int provider, int client)
{
	const struct p2p_bench_proved proved = measured_pair(pairs->measured, provider, client);
	struct p2p_verdict verdict;
	char text[CELL_TEXT];

	p2p_judge_pair(pairs->topo->judge, provider, client, &verdict);
	pairs->contradictions += p2p_bench_contradicts(&proved, &verdict);
	for (size_t i = 0; i < choice->count; i++) {
		size_t column = column_at(choice, i);
		enum p2p_role role = column == COL_MAP	    ? role_of(verdict.supported)
				     : column == COL_PROVED ? measured_role(&proved)
							    : P2P_ROLE_PLAIN;

		print_cell(pairs, column, i + 1 == choice->count, role, cell_text(pairs, column, &verdict, text));
	}
}

static bool has_pairs(const struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (pairs->matches[pairs->list[i]])
			return pairs->count > 1 || pairs->self;
	return false;
}

static enum p2p_exit print_text(struct pairs *pairs)
{
	struct p2p_choice choice;
	enum p2p_exit code = topo_columns(pairs->topo, columns, sizeof(columns) / sizeof(*columns), &choice);

	if (code != P2P_EXIT_OK || !choice.count)
		return code;
	const char *spec = p2p_cli_value(pairs->topo->cli, "output");

	/* Where nothing was ever measured a column for it is only in the way. */
	if (pairs->measured && (!spec || *spec == '+'))
		p2p_choice_insert(&choice, columns, COL_COUNT, COL_PROVED, (size_t)choice.at[COL_RULE]);
	if (!has_pairs(pairs)) {
		puts(!pairs->topo->machine->function_count ? "No PCI functions here."
		     : pairs->topo->filter		   ? "No pair matches."
					   : "A pair needs two likely peers; --all takes every function.");
		return P2P_EXIT_OK;
	}
	measure(pairs);
	for (size_t i = 0; i < choice.count; i++)
		print_cell(pairs, column_at(&choice, i), i + 1 == choice.count, P2P_ROLE_TITLE,
			   choice.columns[i].name);
	for (size_t i = 0; i < pairs->count; i++)
		for (size_t j = 0; j < pairs->count; j++)
			if (is_asked(pairs, i, j))
				text_pair(pairs, &choice, pairs->list[i], pairs->list[j]);
	measured_print_contradictions(pairs->topo, pairs->contradictions);
	topo_print_privilege(pairs->topo);
	topo_print_assumptions(pairs->topo);
	return P2P_EXIT_OK;
}

static void json_counts(struct p2p_json *json, const struct p2p_count *counts, size_t count)
{
	p2p_json_array(json, "summary", false);
	for (size_t i = 0; i < count; i++) {
		p2p_json_object(json, NULL, true);
		p2p_json_number(json, "pairs", counts[i].pairs);
		p2p_json_text(json, "map", p2p_map_name(counts[i].map));
		p2p_json_answer(json, "supported", counts[i].supported);
		p2p_json_text(json, "would_be", counts[i].would ? p2p_map_name(counts[i].would_be) : NULL);
		p2p_json_text(json, "rule", p2p_rule_row(counts[i].rule)->id);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void text_counts(struct pairs *pairs, const struct p2p_count *counts, size_t count)
{
	uint64_t total = 0;

	const struct p2p_style *style = &pairs->topo->style;

	printf("%s%12s %-20s %-20s %s%s\n", p2p_view_role_on(style, P2P_ROLE_TITLE), "PAIRS", "MAP", "WOULD BE", "RULE",
	       p2p_view_role_off(style, P2P_ROLE_TITLE));
	for (size_t i = 0; i < count; i++) {
		enum p2p_role role = role_of(counts[i].supported);

		total += counts[i].pairs;
		printf("%12llu %s%-20s%s %-20s %s\n", (unsigned long long)counts[i].pairs,
		       p2p_view_role_on(style, role), map_text(counts[i].map, counts[i].supported),
		       p2p_view_role_off(style, role),
		       !counts[i].would ? "" : counts[i].would_be ? p2p_map_name(counts[i].would_be) : "unknown",
		       p2p_rule_row(counts[i].rule)->id);
	}
	printf("%12llu ordered pairs of %zu functions\n", (unsigned long long)total, pairs->count);
	topo_print_assumptions(pairs->topo);
}

static struct pair_list list_of(const struct pairs *pairs)
{
	return (struct pair_list){ pairs->topo, pairs->list, pairs->count, pairs->matches, pairs->self };
}

static enum p2p_exit print_summary(struct pairs *pairs)
{
	const struct p2p_machine *machine = pairs->topo->machine;
	struct pair_list list = list_of(pairs);
	struct p2p_count counts[P2P_COUNTS_MAX];
	size_t count = pair_counts(&list, pairs->topo->judge, counts);

	if (!p2p_cli_has(pairs->topo->cli, "json")) {
		text_counts(pairs, counts, count);
		return P2P_EXIT_OK;
	}
	struct p2p_json *json = p2p_json_new(stdout);

	p2p_json_envelope(json, "p2ptopo/1", machine);
	json_counts(json, counts, count);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static void choose(struct pairs *pairs)
{
	const struct p2p_machine *machine = pairs->topo->machine;


	pairs->list = p2p_arena_array(pairs->topo->arena, machine->function_count, sizeof(*pairs->list));
	pairs->matches = p2p_arena_array(pairs->topo->arena, machine->function_count, sizeof(*pairs->matches));
	pairs->self = pairs->topo->all;
	for (size_t i = 0; i < machine->function_count; i++) {
		if (p2p_function_is_bridge(&machine->functions[i]))
			continue;
		pairs->matches[i] = topo_matches(pairs->topo, (int)i);
		if (!pairs->topo->all && !p2p_function_is_peer(&machine->functions[i]) &&
		    !(pairs->topo->filter && pairs->matches[i]))
			continue;
		pairs->list[pairs->count++] = (int)i;
	}
}

static enum p2p_exit print(struct topo *topo)
{
	struct pairs pairs = { .topo = topo, .measured = measured_open(topo) };
	enum p2p_exit code;

	choose(&pairs);
	struct pair_list list = list_of(&pairs);

	if (p2p_cli_has(topo->cli, "across"))
		code = pairs_across(&list);
	else if (p2p_cli_has(topo->cli, "summary"))
		code = print_summary(&pairs);
	else
		code = p2p_cli_has(topo->cli, "json") ? print_json(&pairs) : print_text(&pairs);
	p2p_buf_free(&pairs.text);
	p2p_buf_free(&pairs.scratch);
	p2p_buf_free(&pairs.cached);
	p2p_cached_free(pairs.past);
	p2p_buf_free(&pairs.proved);
	return code;
}

static int run(const struct p2p_cli *cli)
{
	unsigned want = P2P_WANT_CHILDREN | P2P_WANT_MEMORY | P2P_WANT_NUMA | P2P_WANT_RUNNING |
			P2P_WANT_RESULTS;
	struct topo topo;

	if (p2p_cli_has(cli, "list-columns") && !p2p_cli_has(cli, "across"))
		return topo_list_columns(cli, columns, sizeof(columns) / sizeof(*columns));
	if (p2p_cli_has(cli, "json"))
		want |= P2P_WANT_CHANGES;
	if (p2p_cli_has(cli, "summary"))
		want = P2P_WANT_MEMORY | P2P_WANT_RUNNING;
	enum p2p_exit code = topo_open(cli, want, &topo);

	if (code == P2P_EXIT_OK)
		code = print(&topo);
	topo_close(&topo);
	return code;
}

const struct p2p_verb p2p_verb_pairs = {
	.word = "pairs",
	.summary = "the answer for every provider and client: map, distance, offer, and the rule",
	.details = "A provider has memory, a client reads or writes it. MAP is what the kernel's P2PDMA decides "
		   "between the two, DIST its distance, LOC the locality as `nvidia-smi topo -m` words it. OFFER is "
		   "what the provider has for peers, TAKES whether the client's driver takes peer pages. --all takes "
		   "every function that is no bridge, each with itself too. --across lists only pairs that "
		   "several kernels answer differently, and with --all the others too.",
	.run = run,
};
