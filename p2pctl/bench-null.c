/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves nothing: every transfer has ended as soon as it is started.  What is left is what the harness itself costs. */
#include <errno.h>
#include <stdlib.h>

#include "bench.h"

struct null {
	unsigned count;
	unsigned slots[];
};

static int open_ring(struct bench_unit *unit, struct p2p_problem *problem)
{
	unit->ring = calloc(1, sizeof(struct null) + unit->job->depth * sizeof(unsigned));
	if (!unit->ring)
		return p2p_problem_set(problem, -ENOMEM, "no memory for %u blocks", unit->job->depth);
	return 0;
}

static int start(struct bench_unit *unit, unsigned slot, enum bench_leg leg, uint64_t offset)
{
	struct null *null = unit->ring;

	(void)leg;
	(void)offset;
	null->slots[null->count++] = slot;
	return 0;
}

static int reap(struct bench_unit *unit, struct bench_done *ret, unsigned most)
{
	struct null *null = unit->ring;
	unsigned count = null->count < most ? null->count : most;

	for (unsigned i = 0; i < count; i++)
		ret[i] = (struct bench_done){ null->slots[--null->count], (int)unit->job->bs };
	return (int)count;
}

static void close_ring(struct bench_unit *unit)
{
	free(unit->ring);
	unit->ring = NULL;
}

static const struct bench_ring ring = {
	.word = "null",
	.says = "moves nothing",
	.open = open_ring,
	.start = start,
	.reap = reap,
	.close = close_ring,
};

static int open_memory(struct bench_unit *unit, struct p2p_problem *problem)
{
	(void)unit;
	(void)problem;
	return 0;
}

static void close_memory(struct bench_unit *unit)
{
	(void)unit;
}

const struct bench_backend bench_backend_null = {
	.word = "null",
	.says = "moves nothing: what the harness costs",
	.ring = &ring,
	.open = open_memory,
	.close = close_memory,
};
