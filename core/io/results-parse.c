/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results out of text: what is not right is left out as a whole line, and said. */
#include <errno.h>
#include <string.h>

#include "../base/bdf.h"
#include "../base/time.h"
#include "json-read.h"
#include "results-internal.h"

/* How many sentences about damaged lines are kept; all are counted. */
#define BAD_MOST 3

struct parse {
	struct p2p_arena *arena;
	struct p2p_results *results;
	size_t room;
	struct p2p_problem *problem;
};

/* A result that is being read, and where in it. */
struct reading {
	struct p2p_arena *arena;
	struct p2p_bench_result *result;
	struct p2p_bench_cell *cells, *cell;
	struct p2p_bench_way *way;
	double *rates;
	struct p2p_bench_damage *damage;
	const char **faults;
	struct p2p_bench_word *words;
	size_t word_room;
};

/* ------------------------------------------------------------------ members */

/* A member must be there; `null` says whether it may be null, which leaves what it is read into as it was. */
static int check(const struct p2p_json_read_item *item, const char *name, int error, bool null)
{
	if (error == -ENODATA)
		return p2p_json_read_complain(item, NULL, "\"%s\" is missing", name);
	if (error == -ENOENT)
		return null ? 0 : p2p_json_read_complain(item, name, "\"%s\" is null", name);
	return error;
}

static int read_text(struct p2p_arena *arena, const struct p2p_json_read_item *item, const char *name, bool null,
		     const char **into)
{
	const char *text = NULL;
	int error = p2p_json_read_text(item, name, &text);

	if (!error)
		*into = p2p_arena_strdup(arena, text);
	return check(item, name, error, null);
}

static int read_number(const struct p2p_json_read_item *item, const char *name, uint64_t most, uint64_t *into)
{
	int64_t value = 0;
	int error = p2p_json_read_number(item, name, 0, most > INT64_MAX ? INT64_MAX : (int64_t)most, &value);

	if (!error)
		*into = (uint64_t)value;
	return check(item, name, error, false);
}

static int read_bool(const struct p2p_json_read_item *item, const char *name, bool *into)
{
	return check(item, name, p2p_json_read_bool(item, name, into), false);
}

/* ---------------------------------------------------------------- the parts */

static int take_rate(void *context, const struct p2p_json_read_item *item)
{
	struct reading *reading = context;
	double *rate = &reading->rates[reading->way->rate_count];
	int error = p2p_json_read_real(item, NULL, rate);

	if (error)
		return check(item, "rates", error, false);
	if (*rate < 0)
		return p2p_json_read_complain(item, NULL, "a rate is below zero");
	reading->way->rate_count++;
	return 0;
}

static int take_way(void *context, const struct p2p_json_read_item *item)
{
	struct reading *reading = context;
	struct p2p_bench_way *way = reading->way;
	const struct {
		const char *name;
		uint64_t *into;
	} numbers[] = {
		{ "ops", &way->ops }, { "bytes", &way->bytes }, { "ns", &way->ns },	{ "cpu_ns", &way->cpu_ns },
		{ "p50", &way->p50 }, { "p99", &way->p99 },	{ "p999", &way->p999 }, { "max", &way->max },
	};
	int64_t number = 0;
	int error = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers) && !error; i++)
		error = read_number(item, numbers[i].name, INT64_MAX, numbers[i].into);
	if (error)
		return error;
	way->rates = reading->rates =
		p2p_arena_array(reading->arena, p2p_json_read_length(item, "rates"), sizeof(*reading->rates));
	error = check(item, "rates", p2p_json_read_list(item, "rates", take_rate, reading), false);
	if (!error)
		error = check(item, "errno", p2p_json_read_number(item, "errno", 1, 4095, &number), true);
	way->error = (int)-number;
	return error;
}

static int take_ratio(void *context, const struct p2p_json_read_item *item)
{
	struct p2p_bench_cell *cell = ((struct reading *)context)->cell;
	int error = check(item, "value", p2p_json_read_real(item, "value", &cell->ratio), false);

	if (!error)
		error = check(item, "low", p2p_json_read_real(item, "low", &cell->ratio_low), false);
	if (!error)
		error = check(item, "high", p2p_json_read_real(item, "high", &cell->ratio_high), false);
	if (!error)
		cell->ratio_fact = p2p_fact_of(0, P2P_ORIGIN_READ);
	return error;
}

static int take_damage(void *context, const struct p2p_json_read_item *item)
{
	struct reading *reading = context;
	struct p2p_bench_damage *damage = &reading->damage[reading->cell->proof.damage_count++];
	int error = read_text(reading->arena, item, "kind", false, &damage->kind);

	if (!error)
		error = read_number(item, "count", INT64_MAX, &damage->count);
	return error ? error : read_number(item, "first", INT64_MAX, &damage->first);
}

static int take_proof(void *context, const struct p2p_json_read_item *item)
{
	struct reading *reading = context;
	struct p2p_bench_proof *proof = &reading->cell->proof;
	int error = read_number(item, "checked", INT64_MAX, &proof->checked);

	proof->done = true;
	if (!error)
		error = read_number(item, "wrong", INT64_MAX, &proof->wrong);
	if (!error)
		error = read_number(item, "distinct", INT64_MAX, &proof->distinct);
	if (!error)
		error = read_number(item, "outside", INT64_MAX, &proof->outside);
	if (error)
		return error;
	proof->damage = reading->damage =
		p2p_arena_array(reading->arena, p2p_json_read_length(item, "damage"), sizeof(*reading->damage));
	return check(item, "damage", p2p_json_read_list(item, "damage", take_damage, reading), false);
}

static int read_way(struct reading *reading, const struct p2p_json_read_item *item, const char *name,
		    struct p2p_bench_way *way)
{
	reading->way = way;
	return check(item, name, p2p_json_read_object(item, name, take_way, reading), true);
}

static int read_cell_numbers(const struct p2p_json_read_item *item, struct p2p_bench_cell *cell)
{
	uint64_t bs = 0, depth = 0, jobs = 0;
	int error = read_number(item, "bs", UINT32_MAX, &bs);

	if (!error)
		error = read_number(item, "depth", 65536, &depth);
	if (!error)
		error = read_number(item, "jobs", 65536, &jobs);
	if (!error)
		error = read_number(item, "avoided", INT64_MAX, &cell->avoided);
	if (!error)
		error = read_bool(item, "random", &cell->random);
	cell->bs = (uint32_t)bs;
	cell->depth = (unsigned)depth;
	cell->jobs = (unsigned)jobs;
	return error;
}

static int take_cell(void *context, const struct p2p_json_read_item *item)
{
	struct reading *reading = context;
	struct p2p_bench_cell *cell = reading->cell = &reading->cells[reading->result->cell_count];
	bool faster = false;
	int error = read_cell_numbers(item, cell);

	if (!error)
		error = read_way(reading, item, "peer", &cell->peer);
	if (!error)
		error = read_way(reading, item, "bounce", &cell->bounce);
	if (!error)
		error = check(item, "ratio", p2p_json_read_object(item, "ratio", take_ratio, reading), true);
	if (!error)
		error = p2p_json_read_bool(item, "faster", &faster);
	if (!error)
		cell->faster = faster ? P2P_YES : P2P_NO;
	error = check(item, "faster", error, true);
	if (!error)
		error = check(item, "proof", p2p_json_read_object(item, "proof", take_proof, reading), true);
	if (!error)
		error = read_text(reading->arena, item, "problem", true, &cell->problem);
	reading->result->cell_count += !error;
	return error;
}

static int take_fault(void *context, const struct p2p_json_read_item *item)
{
	struct reading *reading = context;
	const char *text = NULL;
	int error = p2p_json_read_text(item, NULL, &text);

	if (error)
		return check(item, "faults", error, false);
	reading->faults[reading->result->fault_count++] = p2p_arena_strdup(reading->arena, text);
	return 0;
}

static int take_word(void *context, const char *name, const char *text)
{
	struct reading *reading = context;
	size_t count = reading->result->identity_count;

	if (count == reading->word_room) {
		struct p2p_bench_word *more = p2p_arena_array(reading->arena, 2 * count + 32, sizeof(*more));

		if (count)
			memcpy(more, reading->words, count * sizeof(*more));
		reading->words = more;
		reading->word_room = 2 * count + 32;
	}
	reading->words[count] = (struct p2p_bench_word){ p2p_arena_strdup(reading->arena, name),
							 text ? p2p_arena_strdup(reading->arena, text) : NULL };
	reading->result->identity_count++;
	return 0;
}

/* An address with its domain, or null. */
static int read_address(struct reading *reading, const struct p2p_json_read_item *item, const char *name,
			const char **into)
{
	struct p2p_bdf bdf;
	char again[P2P_BDF_TEXT];
	int error = read_text(reading->arena, item, name, true, into);

	if (!error && *into && (p2p_bdf_parse(*into, &bdf) || strcmp(p2p_bdf_format(bdf, true, again), *into) != 0))
		return p2p_json_read_complain(item, name, "\"%s\" is not an address such as 0000:03:00.0", name);
	return error;
}

static int read_ends(struct reading *reading, const struct p2p_json_read_item *item)
{
	struct p2p_bench_result *result = reading->result;
	struct p2p_arena *arena = reading->arena;
	int error = read_address(reading, item, "provider", &result->provider);

	if (!error)
		error = read_address(reading, item, "src", &result->src);
	if (!error)
		error = read_address(reading, item, "dst", &result->dst);
	if (!error)
		error = read_text(arena, item, "src_path", true, &result->src_path);
	if (!error)
		error = read_text(arena, item, "dst_path", true, &result->dst_path);
	if (!error)
		error = read_text(arena, item, "backend", false, &result->backend);
	return error ? error : read_text(arena, item, "engine", true, &result->engine);
}

static int read_head(struct reading *reading, const struct p2p_json_read_item *item)
{
	struct p2p_bench_result *result = reading->result;
	const char *schema = "", *when = "", *level = "";
	int error = check(item, "schema", p2p_json_read_text(item, "schema", &schema), false);

	if (!error && strcmp(schema, P2P_RESULTS_SCHEMA) != 0)
		return p2p_json_read_complain(item, "schema", "the schema is not \"" P2P_RESULTS_SCHEMA "\"");
	if (!error)
		error = check(item, "when", p2p_json_read_text(item, "when", &when), false);
	if (!error && p2p_time_parse(when, &result->when))
		return p2p_json_read_complain(item, "when", "\"when\" is not a time such as 2026-11-20T19:49:00Z");
	if (!error)
		error = check(item, "level", p2p_json_read_text(item, "level", &level), false);
	if (!error && !p2p_bench_level_find(level, &result->level))
		return p2p_json_read_complain(item, "level", "there is no such level");
	return error ? error : read_ends(reading, item);
}

static int read_outcome(struct reading *reading, const struct p2p_json_read_item *item)
{
	struct p2p_bench_result *result = reading->result;
	int64_t limit = 0;
	int error = read_text(reading->arena, item, "why", true, &result->why);

	if (!error)
		error = read_number(item, "bytes_per_second", INT64_MAX, &result->bytes_per_second);
	if (!error) {
		error = p2p_json_read_number(item, "limit", 0, INT64_MAX, &limit);
		result->limit = (struct p2p_number){ p2p_fact_of(error, P2P_ORIGIN_READ), (uint64_t)limit };
		error = check(item, "limit", error, true);
	}
	if (!error)
		error = read_text(reading->arena, item, "limit_link", true, &result->limit_link);
	if (!error)
		error = read_bool(item, "refused", &result->refused);
	if (!error)
		error = read_bool(item, "hung", &result->hung);
	return error ? error : read_bool(item, "interrupted", &result->interrupted);
}

int p2p_results_item(struct p2p_arena *arena, const struct p2p_json_read_item *item, struct p2p_bench_result *ret)
{
	struct p2p_bench_result result = { 0 };
	struct reading reading = { .arena = arena, .result = &result };
	int error = read_head(&reading, item);

	if (!error)
		error = read_outcome(&reading, item);
	if (error)
		return error;
	result.cells = reading.cells =
		p2p_arena_array(arena, p2p_json_read_length(item, "cells"), sizeof(*reading.cells));
	result.faults = reading.faults =
		p2p_arena_array(arena, p2p_json_read_length(item, "faults"), sizeof(*reading.faults));
	error = check(item, "cells", p2p_json_read_list(item, "cells", take_cell, &reading), false);
	if (!error)
		error = check(item, "faults", p2p_json_read_list(item, "faults", take_fault, &reading), false);
	if (!error)
		error = check(item, "identity", p2p_json_read_words(item, "identity", take_word, &reading), false);
	result.identity = reading.words;
	if (!error)
		*ret = result;
	return error;
}

/* -------------------------------------------------------------- whole texts */

static int take_result(void *context, const struct p2p_json_read_item *item)
{
	struct parse *parse = context;
	struct p2p_results *results = parse->results;
	struct p2p_bench_result result;
	int error = p2p_results_item(parse->arena, item, &result);

	if (error)
		return error;
	if (results->count == parse->room) {
		struct p2p_bench_result *more = p2p_arena_array(parse->arena, 2 * parse->room + 16, sizeof(*more));

		if (results->count)
			memcpy(more, results->list, results->count * sizeof(*more));
		results->list = more;
		parse->room = 2 * parse->room + 16;
	}
	results->list[results->count++] = result;
	return 0;
}

static void take_bad(void *context, const struct p2p_problem *problem)
{
	struct p2p_results *results = ((struct parse *)context)->results;

	if (results->bad_count++ < BAD_MOST)
		p2p_names_add(&results->bad, problem->text);
}

/* What bench --json prints: its results are a member. */
static int take_document(void *context, const struct p2p_json_read_item *item)
{
	const char *schema = "";
	int error = check(item, "schema", p2p_json_read_text(item, "schema", &schema), false);

	if (!error && !strcmp(schema, P2P_RESULTS_SCHEMA))
		return take_result(context, item);
	if (!error && strcmp(schema, "p2pctl/1") != 0)
		return p2p_json_read_complain(item, "schema", "this is no result of p2pctl bench");
	return error ? error : check(item, "bench", p2p_json_read_list(item, "bench", take_result, context), false);
}

/* One object over several lines, and not one a line. */
static bool is_document(const char *text, size_t len)
{
	const char *newline = memchr(text, '\n', len);
	size_t first = newline ? (size_t)(newline - text) : len;

	while (first && strchr(" \t\r", text[first - 1]))
		first--;
	return first && text[first - 1] == '{';
}

int p2p_results_parse(const char *path, const char *text, size_t len, struct p2p_arena *arena,
		      struct p2p_problem *problem, struct p2p_results *ret)
{
	struct p2p_results results = { .bad = P2P_NAMES_INIT };
	struct parse parse = { arena, &results, 0, problem };
	int error = is_document(text, len)
			    ? p2p_json_read_whole(path, text, len, problem, take_document, &parse)
			    : p2p_json_read_lines(path, text, len, take_result, take_bad, &parse);

	if (error == -ENOTSUP)
		p2p_problem_set(problem, error, "%s: this program was built without json-c, and reads no results",
				path);
	if (error) {
		p2p_names_free(&results.bad);
		return error;
	}
	*ret = results;
	return 0;
}

void p2p_results_free(struct p2p_results *results)
{
	p2p_names_free(&results->bad);
}
