/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"

#include <string.h>

#include "../base/text.h"

static const char *const levels[] = {
	[P2P_BENCH_NOTHING] = "nothing", [P2P_BENCH_ALLOWED] = "allowed", [P2P_BENCH_WORKS] = "works",
	[P2P_BENCH_INTACT] = "intact",	 [P2P_BENCH_FASTER] = "faster",
};

const char *p2p_bench_level_name(enum p2p_bench_level level)
{
	return levels[level];
}

bool p2p_bench_level_find(const char *name, enum p2p_bench_level *ret)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (!strcmp(levels[i], name)) {
			*ret = (enum p2p_bench_level)i;
			return true;
		}
	return false;
}

/* Bytes arrived that were not looked for, or other ones than should have. */
static bool is_damaged(const struct p2p_bench_proof *proof)
{
	return proof->done && (proof->wrong || proof->outside);
}

static bool reached(const struct p2p_bench_cell *cell, enum p2p_bench_level level)
{
	if (cell->problem || cell->peer.error || !cell->peer.ns || !cell->peer.bytes || level < P2P_BENCH_WORKS)
		return false;
	if (level >= P2P_BENCH_INTACT && (!cell->proof.done || !cell->proof.checked || is_damaged(&cell->proof)))
		return false;
	return level < P2P_BENCH_FASTER || cell->faster == P2P_YES;
}

const struct p2p_bench_cell *p2p_bench_best(const struct p2p_bench_result *result, double *ret)
{
	const struct p2p_bench_cell *best = NULL;
	double most = 0;

	for (size_t i = 0; i < result->cell_count; i++) {
		const struct p2p_bench_cell *cell = &result->cells[i];

		if (!reached(cell, result->level))
			continue;
		double rate = (double)cell->peer.bytes * 1e9 / (double)cell->peer.ns;

		if (best && rate <= most)
			continue;
		best = cell;
		most = rate;
	}
	if (best)
		*ret = most;
	return best;
}

bool p2p_bench_is_bad(const struct p2p_bench_result *result)
{
	if (result->level == P2P_BENCH_ALLOWED || result->hung || result->refused)
		return true;
	for (size_t i = 0; i < result->cell_count; i++)
		if (is_damaged(&result->cells[i].proof) || (result->cells[i].peer.error && !result->cells[i].problem))
			return true;
	return false;
}

void p2p_bench_cell_name(const struct p2p_bench_cell *cell, struct p2p_buf *ret)
{
	p2p_text_size(ret, cell->bs);
	p2p_buf_printf(ret, " x %u", cell->depth);
	if (cell->jobs != 1)
		p2p_buf_printf(ret, " x %u jobs", cell->jobs);
	if (cell->random)
		p2p_buf_puts(ret, ", random");
}
