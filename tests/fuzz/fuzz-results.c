/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of bench results: parse anything; what is taken says the same when it
 * is written and read again, and is asked about everything.
 *
 *     fuzz-results tests/fuzz/corpus/results
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/engine/bench-identity.h"
#include "../../core/io/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that must hold whatever the text was. */
static void must(bool so)
{
	if (!so)
		abort();
}

static void ask(const struct p2p_bench_result *result)
{
	struct p2p_machine machine = { .arena = NULL };
	struct p2p_buf text = P2P_BUF_INIT;
	double rate = -1;

	must(result->backend && p2p_bench_level_name(result->level));
	must(!p2p_bench_best(result, &rate) == (rate < 0));
	p2p_bench_is_bad(result);
	for (size_t i = 0; i < result->cell_count; i++)
		p2p_bench_cell_name(&result->cells[i], &text);
	p2p_buf_reset(&text);
	/* On a machine of which nothing is known nothing holds. */
	must(p2p_bench_holds(&machine, result, &text) != P2P_YES && text.len);
	p2p_buf_reset(&text);
	must(!p2p_bench_differs(result, result, &text));
	p2p_buf_free(&text);
}

static void again(const struct p2p_bench_result *result)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_buf first = P2P_BUF_INIT, second = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_results results;

	p2p_results_format(result, &first);
	must(!memchr(first.text, '\n', first.len));
	must(!p2p_results_parse("fuzz", first.text, first.len, arena, &problem, &results));
	must(results.count == 1 && !results.bad_count);
	p2p_results_format(&results.list[0], &second);
	must(!strcmp(first.text, second.text));
	p2p_results_free(&results);
	p2p_buf_free(&first);
	p2p_buf_free(&second);
	p2p_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_problem problem = { "" };
	struct p2p_results results = { 0 };
	/* A copy of its exact size: a byte read past the end is caught. */
	char *exact = malloc(size ? size : 1);

	must(exact);
	if (size)
		memcpy(exact, data, size);
	int error = p2p_results_parse("fuzz", exact, size, arena, &problem, &results);

	free(exact); /* what was taken is the arena's */
	must(!error || !strncmp(problem.text, "fuzz:", 5));
	for (size_t i = 0; !error && i < results.count; i++) {
		ask(&results.list[i]);
		again(&results.list[i]);
	}
	must(!results.bad_count || !strncmp(p2p_names_next(&results.bad, NULL), "fuzz:", 5));
	p2p_results_free(&results);
	p2p_arena_free(arena);
	return 0;
}
