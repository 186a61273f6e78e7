/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The provider's own memory: the devices copy into and out of it without touching the host's. */
#include "bench.h"

static int open_memory(struct bench_unit *unit, struct p2p_problem *problem)
{
	return bench_map(unit, unit->job->allocate, problem);
}

const struct bench_backend bench_backend_p2pmem = {
	.word = "p2pmem",
	.says = "device to device, through the provider's memory",
	.peer = true,
	.control = &bench_backend_bounce,
	.open = open_memory,
	.close = bench_unmap,
};
