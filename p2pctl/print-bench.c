/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print-bench.h"

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

static double per_second(const struct bench_side *side, uint64_t what)
{
	return side->ns ? (double)what * 1e9 / (double)side->ns : 0;
}

/* 8.5 us, 1.2 ms: three figures at most. */
static void print_time(uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double value = (double)ns;
	size_t unit = 0;

	for (; value >= 1000 && unit < 3; unit++)
		value /= 1000;
	printf(" %5.*f %-2s", value < 10 && unit ? 1 : 0, value, units[unit]);
}

static uint64_t percentile(const struct bench_side *side, double fraction)
{
	uint64_t ns = 0;

	p2p_histogram_percentile(&side->latency, fraction, &ns);
	return ns;
}

static void print_side(const char *word, const struct bench_side *side)
{
	printf("  %-8s %9.1f MB/s %9.0f IOPS", word, per_second(side, side->bytes) / 1e6, per_second(side, side->ops));
	print_time(percentile(side, 0.5));
	print_time(percentile(side, 0.99));
	print_time(percentile(side, 1));
	if (side->bytes)
		printf(" %6.2f", (double)side->cpu_ns / (double)side->bytes);
	putchar('\n');
	if (side->error)
		printf("    %s at byte %llu: %s\n", side->leg == BENCH_LEG_WRITE ? "write" : "read",
		       (unsigned long long)side->offset, p2p_problem_errno(side->error));
}

void bench_print(const struct ctl *ctl, const struct bench_run *run, const struct bench_names *names)
{
	printf("%s -> %s -> %s\n", names->src ? names->src : "-", names->provider ? names->provider : "-",
	       names->dst ? names->dst : "-");
	for (size_t i = 0; i < run->cell_count; i++) {
		const struct bench_cell *cell = &run->shared->cells[i];
		struct p2p_buf size = P2P_BUF_INIT;

		p2p_text_size(&size, cell->bs);
		printf("bs=%s iodepth=%u\n", p2p_buf_text(&size), cell->depth);
		p2p_buf_free(&size);
		if (cell->error)
			topo_print_text(&ctl->topo, "  ", "  ", cell->problem.text);
		for (int way = 0; way < BENCH_WAYS; way++)
			if (cell->sides[way].ns)
				print_side(way == BENCH_MEASURED ? run->job.backend->word : run->control->word,
					   &cell->sides[way]);
	}
}

static void json_side(struct p2p_json *json, const char *key, const struct bench_side *side)
{
	p2p_json_object(json, key, true);
	p2p_json_number(json, "ops", side->ops);
	p2p_json_number(json, "bytes", side->bytes);
	p2p_json_number(json, "ns", side->ns);
	p2p_json_number(json, "cpu_ns", side->cpu_ns);
	p2p_json_number(json, "p50_ns", percentile(side, 0.5));
	p2p_json_number(json, "p99_ns", percentile(side, 0.99));
	p2p_json_number(json, "p999_ns", percentile(side, 0.999));
	p2p_json_number(json, "max_ns", percentile(side, 1));
	p2p_json_signed(json, "error", side->error);
	p2p_json_object_end(json);
}

void bench_json(struct p2p_json *json, const struct bench_run *run, const struct bench_names *names)
{
	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "provider", names->provider);
	p2p_json_text(json, "source", names->src);
	p2p_json_text(json, "destination", names->dst);
	p2p_json_array(json, "cells", false);
	for (size_t i = 0; i < run->cell_count; i++) {
		const struct bench_cell *cell = &run->shared->cells[i];

		p2p_json_object(json, NULL, false);
		p2p_json_number(json, "bs", cell->bs);
		p2p_json_number(json, "iodepth", cell->depth);
		p2p_json_text(json, "problem", cell->error ? cell->problem.text : NULL);
		for (int way = 0; way < BENCH_WAYS; way++)
			if (cell->sides[way].ns)
				json_side(json, way == BENCH_MEASURED ? run->job.backend->word : run->control->word,
					  &cell->sides[way]);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_object_end(json);
}
