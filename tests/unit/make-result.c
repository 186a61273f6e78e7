/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make-result SNAPSHOT PROVIDER SRC DST [KEY=VALUE...] - a line of JSON as
 * `p2pctl bench` keeps it, of a copy that was never made, resting on what the
 * snapshot has.  For tests of what is shown; - leaves an end out.  Keys: level,
 * when, rate, ratio, backend, wrong, errno, refused, hung, rates (with commas).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/time.h"
#include "../../core/engine/bench-identity.h"
#include "../../core/io/results.h"
#include "../../core/io/scan.h"

struct asked {
	struct p2p_bench_result result;
	struct p2p_bench_cell cell;
	double rates[64];
};

static int usage(const char *what)
{
	fprintf(stderr, "make-result: %s\n", what);
	return 2;
}

static void set_rates(struct asked *asked, const char *value)
{
	struct p2p_bench_way *way = &asked->cell.peer;

	for (way->rate_count = 0; way->rate_count < 64 && *value; way->rate_count++) {
		char *end;

		asked->rates[way->rate_count] = strtod(value, &end);
		value = *end ? end + 1 : end;
	}
}

static int set(struct asked *asked, const char *word)
{
	struct p2p_bench_result *result = &asked->result;
	const char *value = strchr(word, '=');
	size_t length = value ? (size_t)(value - word) : 0;

	if (!value++)
		return -1;
#define IS(name) (length == strlen(name) && !strncmp(word, name, length))
	if (IS("level"))
		return p2p_bench_level_find(value, &result->level) ? 0 : -1;
	if (IS("when"))
		return p2p_time_parse(value, &result->when);
	if (IS("rate"))
		asked->cell.peer.bytes = result->bytes_per_second = strtoull(value, NULL, 10);
	else if (IS("ratio"))
		asked->cell.ratio = asked->cell.ratio_low = asked->cell.ratio_high = strtod(value, NULL);
	else if (IS("backend"))
		result->backend = value;
	else if (IS("wrong"))
		asked->cell.proof.wrong = strtoull(value, NULL, 10);
	else if (IS("errno"))
		asked->cell.peer.error = -atoi(value);
	else if (IS("refused"))
		result->refused = true;
	else if (IS("hung"))
		result->hung = true;
	else if (IS("why"))
		result->why = value;
	else if (IS("rates"))
		set_rates(asked, value);
	else
		return -1;
#undef IS
	return 0;
}

static void make_cell(struct asked *asked)
{
	asked->cell = (struct p2p_bench_cell){
		.bs = 65536, .depth = 8, .jobs = 1,
		.peer = { .ops = 30000, .bytes = 2000000000, .ns = 1000000000, .rates = asked->rates,
			  .rate_count = 10 },
		.bounce = { .ops = 15000, .bytes = 1000000000, .ns = 1000000000 },
		.ratio_fact = p2p_fact_of(0, P2P_ORIGIN_READ), .ratio = 2, .ratio_low = 1.9, .ratio_high = 2.1,
		.faster = P2P_YES, .avoided = 4000000000,
		.proof = { .done = true, .checked = 30000, .distinct = 30000 },
	};
	for (size_t i = 0; i < 10; i++)
		asked->rates[i] = 2e9 + 1e6 * (double)i;
}

static int find(const struct p2p_machine *machine, const char *word)
{
	struct p2p_bdf bdf;

	return p2p_bdf_parse(word, &bdf) ? P2P_NOBODY : p2p_machine_find(machine, bdf);
}

static int print(const struct p2p_machine *machine, char **argv, struct asked *asked)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_buf text = P2P_BUF_INIT;
	int at[3];

	for (int i = 0; i < 3; i++) {
		at[i] = find(machine, argv[2 + i]);
		if (at[i] == P2P_NOBODY && strcmp(argv[2 + i], "-") != 0) {
			p2p_arena_free(arena);
			return usage("no such function");
		}
	}
	asked->result.provider = at[0] == P2P_NOBODY ? NULL : argv[2];
	asked->result.src = at[1] == P2P_NOBODY ? NULL : argv[3];
	asked->result.dst = at[2] == P2P_NOBODY ? NULL : argv[4];
	asked->result.src_path = at[1] == P2P_NOBODY ? NULL : "/dev/nvme1n1";
	asked->result.dst_path = at[2] == P2P_NOBODY ? NULL : "/dev/nvme2n1";
	asked->result.identity_count =
		p2p_bench_identity(machine, at[0], at[1], at[2], arena, &asked->result.identity);
	p2p_results_format(&asked->result, &text);
	puts(text.text);
	p2p_buf_free(&text);
	p2p_arena_free(arena);
	return 0;
}

int main(int argc, char **argv)
{
	const struct p2p_scan_options options = { .want = P2P_WANT_ALL };
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	struct p2p_machine *machine = NULL;
	struct asked asked = { .result = { .when = 1795204140, .backend = "p2pmem", .engine = "io_uring",
					   .level = P2P_BENCH_FASTER, .bytes_per_second = 2000000000,
					   .limit = p2p_number_read(4000000000),
					   .limit_link = "03:00.0: 16.0 GT/s x2, 128b/130b, 256-byte payloads" } };

	if (argc < 5)
		return usage("SNAPSHOT PROVIDER SRC DST [KEY=VALUE...]");
	make_cell(&asked);
	asked.result.cells = &asked.cell;
	asked.result.cell_count = 1;
	for (int i = 5; i < argc; i++)
		if (set(&asked, argv[i]))
			return usage(argv[i]);
	if (asked.result.level < P2P_BENCH_FASTER)
		asked.cell.faster = P2P_NO;
	if (asked.result.level < P2P_BENCH_INTACT && !asked.cell.proof.wrong)
		asked.cell.proof = (struct p2p_bench_proof){ 0 };
	if (p2p_source_open_file(argv[1], &problem, &source) || p2p_scan(source, &options, &problem, &machine)) {
		p2p_source_free(source);
		return usage(problem.text);
	}
	int code = print(machine, argv, &asked);

	p2p_machine_free(machine);
	p2p_source_free(source);
	return code;
}
