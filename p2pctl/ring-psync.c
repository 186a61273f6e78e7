/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pread and pwrite, one after the other: a depth of more than 1 only takes more memory. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

struct transfer {
	unsigned slot;
	enum bench_leg leg;
	uint64_t offset;
};

struct psync {
	unsigned count;
	struct transfer started[];
};

static int open_ring(struct bench_unit *unit, struct p2p_problem *problem)
{
	unit->ring = calloc(1, sizeof(struct psync) + unit->job->depth * sizeof(struct transfer));
	if (!unit->ring)
		return p2p_problem_set(problem, -ENOMEM, "no memory for %u blocks", unit->job->depth);
	return 0;
}

static int start(struct bench_unit *unit, unsigned slot, enum bench_leg leg, uint64_t offset)
{
	struct psync *psync = unit->ring;

	psync->started[psync->count++] = (struct transfer){ slot, leg, offset };
	return 0;
}

static int reap(struct bench_unit *unit, struct bench_done *ret, unsigned most)
{
	struct psync *psync = unit->ring;
	const struct bench_job *job = unit->job;

	if (!psync->count || !most)
		return 0;
	const struct transfer *next = &psync->started[--psync->count];
	ssize_t done;

	do {
		done = next->leg == BENCH_LEG_READ
			       ? pread(job->src.fd, bench_slot(unit, next->slot), job->bs, (off_t)next->offset)
			       : pwrite(job->dst.fd, bench_slot(unit, next->slot), job->bs, (off_t)next->offset);
	} while (done < 0 && errno == EINTR);
	*ret = (struct bench_done){ next->slot, done < 0 ? -errno : (int)done };
	return 1;
}

static void close_ring(struct bench_unit *unit)
{
	free(unit->ring);
	unit->ring = NULL;
}

const struct bench_ring bench_ring_psync = {
	.word = "psync",
	.says = "pread and pwrite, one at a time",
	.open = open_ring,
	.start = start,
	.reap = reap,
	.close = close_ring,
};
