/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-compare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/cli/style.h"
#include "core/engine/bench-identity.h"

#define ALPHA 0.05 /* the chance that anything is called a change though nothing changed */
#define LEAST 0.02 /* two percent: less is no difference, however certain */

/* ---------------------------------------------------------------- which is which */

/* A word of the end's, which stays when buses are numbered anew; else its address. */
static const char *end_name(const struct p2p_bench_result *result, unsigned end)
{
	const char *const addresses[] = { result->provider, result->src, result->dst };
	char name[32];

	snprintf(name, sizeof(name), "%s.path", p2p_bench_ends[end]);
	for (size_t i = 0; addresses[end] && i < result->identity_count; i++)
		if (!strcmp(result->identity[i].name, name) && result->identity[i].value)
			return result->identity[i].value;
	return addresses[end] ? addresses[end] : "";
}

static bool same_pair(const struct p2p_bench_result *a, const struct p2p_bench_result *b)
{
	for (unsigned i = 0; i < P2P_BENCH_ENDS; i++)
		if (strcmp(end_name(a, i), end_name(b, i)) != 0)
			return false;
	return !strcmp(a->backend, b->backend);
}

static bool same_cell(const struct p2p_bench_cell *a, const struct p2p_bench_cell *b)
{
	return a->bs == b->bs && a->depth == b->depth && a->jobs == b->jobs && a->random == b->random;
}

/* Only the newest of a pair, which is the last, counts; NULL: there is none. */
static const struct p2p_bench_result *newest(const struct p2p_results *results, const struct p2p_bench_result *like)
{
	const struct p2p_bench_result *found = NULL;

	for (size_t i = 0; i < results->count; i++)
		if (same_pair(&results->list[i], like) && (!found || results->list[i].when >= found->when))
			found = &results->list[i];
	return found;
}

/* -------------------------------------------------------------------- comparing */

/* What was measured: peer memory where that was; a bounce alone has none. */
static const struct p2p_bench_way *measured_way(const struct p2p_bench_cell *a, const struct p2p_bench_cell *b,
						const struct p2p_bench_cell *of)
{
	return a->peer.rate_count || b->peer.rate_count ? &of->peer : &of->bounce;
}

static void add_cell(struct compare_pair *pair, const struct p2p_bench_cell *a, const struct p2p_bench_cell *b,
		     struct p2p_stat_cell *stat)
{
	const struct p2p_bench_way *before = measured_way(a, b, a), *after = measured_way(a, b, b);
	struct compare_cell *cell = &pair->cells[pair->count++];
	double was = 0, is = 0;

	*cell = (struct compare_cell){ .a = a, .b = b, .stat = stat };
	*stat = (struct p2p_stat_cell){ .a = before->rates, .a_count = before->rate_count, .b = after->rates,
					.b_count = after->rate_count };
	p2p_stat_median(before->rates, before->rate_count, &cell->a_median);
	p2p_stat_median(after->rates, after->rate_count, &cell->b_median);
	if (before != &a->bounce && p2p_stat_median(a->bounce.rates, a->bounce.rate_count, &was) &&
	    p2p_stat_median(b->bounce.rates, b->bounce.rate_count, &is) && was > 0)
		cell->bounce = is / was;
}

static void add_cells(struct compare_pair *pair, struct p2p_stat_cell *stats, size_t *count, struct p2p_arena *arena)
{
	pair->cells = p2p_arena_array(arena, pair->a->cell_count, sizeof(*pair->cells));
	for (size_t i = 0; i < pair->a->cell_count; i++) {
		const struct p2p_bench_cell *a = &pair->a->cells[i], *b = NULL;

		for (size_t k = 0; k < pair->b->cell_count && !b; k++)
			if (same_cell(a, &pair->b->cells[k]))
				b = &pair->b->cells[k];
		if (b)
			add_cell(pair, a, b, &stats[(*count)++]);
		else
			pair->gone++;
	}
}

/* Was it seen to go well once, and to fail now?  That nobody looked at the bytes is no failure. */
static bool is_lost(const struct p2p_bench_result *a, const struct p2p_bench_result *b)
{
	return p2p_bench_is_bad(b) && !p2p_bench_is_bad(a) && a->level >= P2P_BENCH_WORKS;
}

static void find_pairs(struct compare *compare)
{
	struct p2p_arena *arena = compare->topo.arena;

	for (int side = 0; side < 2; side++)
		compare->only[side] = p2p_arena_array(arena, compare->results[side].count, sizeof(**compare->only));
	compare->pairs = p2p_arena_array(arena, compare->results[0].count, sizeof(*compare->pairs));
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < compare->results[side].count; i++) {
			const struct p2p_bench_result *one = &compare->results[side].list[i];
			const struct p2p_bench_result *other = newest(&compare->results[!side], one);

			if (newest(&compare->results[side], one) != one)
				continue;
			if (!other)
				compare->only[side][compare->only_count[side]++] = one;
			else if (!side)
				compare->pairs[compare->count++] = (struct compare_pair){ .a = one, .b = other };
		}
}

static void judge_pairs(struct compare *compare)
{
	struct p2p_arena *arena = compare->topo.arena;
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_stat_cell *stats;
	size_t most = 0, count = 0;

	for (size_t i = 0; i < compare->count; i++)
		most += compare->pairs[i].a->cell_count;
	stats = p2p_arena_array(arena, most, sizeof(*stats));
	for (size_t i = 0; i < compare->count; i++) {
		struct compare_pair *pair = &compare->pairs[i];

		add_cells(pair, stats, &count, arena);
		pair->lost = is_lost(pair->a, pair->b);
		p2p_buf_reset(&text);
		if (p2p_bench_differs(pair->a, pair->b, &text))
			pair->differs = p2p_arena_strdup(arena, p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
	/* All cells of all pairs share one chance of a false alarm. */
	p2p_stat_compare(stats, count, ALPHA, LEAST);
}

/* WORSE if anything is; else whether all could be told. */
static enum p2p_stat_answer answer_of(const struct compare *compare)
{
	bool better = false, unsure = !compare->count || compare->only_count[0];

	for (size_t i = 0; i < compare->count; i++)
		if (compare->pairs[i].lost)
			return P2P_STAT_WORSE;
	for (size_t i = 0; i < compare->count; i++) {
		unsure = unsure || compare->pairs[i].gone || !compare->pairs[i].count;
		for (size_t k = 0; k < compare->pairs[i].count; k++) {
			enum p2p_stat_answer answer = compare->pairs[i].cells[k].stat->answer;

			if (answer == P2P_STAT_WORSE)
				return answer;
			better = better || answer == P2P_STAT_BETTER;
			unsure = unsure || answer == P2P_STAT_TOO_FEW || answer == P2P_STAT_NOISY;
		}
	}
	return unsure ? P2P_STAT_TOO_FEW : better ? P2P_STAT_BETTER : P2P_STAT_SAME;
}

/* ----------------------------------------------------------------------- the verb */

static enum p2p_exit complain(const struct p2p_cli *cli, enum p2p_exit code, const char *text)
{
	struct p2p_problem problem;

	p2p_problem_set(&problem, 0, "%s", text);
	p2p_cli_complain(cli, stderr, &problem);
	return code;
}

static enum p2p_exit read_side(struct compare *compare, int side)
{
	const struct p2p_cli *cli = compare->topo.cli;
	struct p2p_results *results = &compare->results[side];
	struct p2p_problem problem = { "" };
	const char *bad = NULL;

	compare->paths[side] = cli->args[side];
	if (p2p_results_open(cli->args[side], compare->topo.arena, &problem, results)) {
		p2p_cli_complain(cli, stderr, &problem);
		return P2P_EXIT_CANNOT_READ;
	}
	while ((bad = p2p_names_next(&results->bad, bad)))
		complain(cli, P2P_EXIT_OK, bad);
	if (!results->count) {
		p2p_problem_set(&problem, 0, "%s: no result is in it", cli->args[side]);
		p2p_cli_complain(cli, stderr, &problem);
		return P2P_EXIT_CANNOT_READ;
	}
	return P2P_EXIT_OK;
}

static enum p2p_exit run(struct compare *compare)
{
	const struct p2p_cli *cli = compare->topo.cli;
	enum p2p_exit code = read_side(compare, 0);

	if (code == P2P_EXIT_OK)
		code = read_side(compare, 1);
	if (code != P2P_EXIT_OK)
		return code;
	find_pairs(compare);
	judge_pairs(compare);
	compare->answer = answer_of(compare);
	if (!p2p_cli_has(cli, "json"))
		compare_print(compare);
	else
		code = compare_print_json(compare);
	if (code != P2P_EXIT_OK)
		return code;
	return compare->answer == P2P_STAT_WORSE     ? P2P_EXIT_NO
	       : compare->answer == P2P_STAT_TOO_FEW ? P2P_EXIT_UNKNOWN
						     : P2P_EXIT_OK;
}

enum p2p_exit bench_compare(const struct p2p_cli *cli)
{
	struct compare compare = { .topo = { .cli = cli } };

	if (cli->arg_count != 2)
		return complain(cli, P2P_EXIT_USAGE,
				"--compare takes two files, before and after: p2pctl bench --compare A.json B.json");
	compare.topo.arena = p2p_arena_new();
	compare.topo.style = p2p_style_of(stdout, p2p_cli_value(cli, "color"), p2p_cli_has(cli, "ascii"));
	enum p2p_exit code = run(&compare);

	for (int side = 0; side < 2; side++)
		p2p_results_free(&compare.results[side]);
	p2p_arena_free(compare.topo.arena);
	return code;
}
