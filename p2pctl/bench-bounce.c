/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's memory: what a copy without peer-to-peer goes through, and what each one is compared with. */
#include "bench.h"

static int open_memory(struct bench_unit *unit, struct p2p_problem *problem)
{
	return bench_map(unit, NULL, problem);
}

const struct bench_backend bench_backend_bounce = {
	.word = "bounce",
	.says = "through the host's memory",
	.open = open_memory,
	.close = bench_unmap,
};
