/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static size_t shared_size(size_t cell_count)
{
	return sizeof(struct bench_shared) + cell_count * sizeof(struct bench_cell);
}

int bench_run_init(struct bench_run *run, size_t cell_count)
{
	void *memory = mmap(NULL, shared_size(cell_count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	run->shared = memory;
	run->cell_count = cell_count;
	return 0;
}

void bench_run_free(struct bench_run *run)
{
	if (run->shared)
		munmap(run->shared, shared_size(run->cell_count));
	run->shared = NULL;
}

/* A slice one way; false: nothing more of this cell. */
static bool slice(struct bench_run *run, struct bench_cell *cell, enum bench_way way, struct bench_side *scratch)
{
	struct bench_job job = run->job;
	unsigned round = atomic_load(&cell->rounds);

	job.bs = cell->bs;
	job.depth = cell->depth;
	job.ns = run->slice_ns;
	job.seed += round; /* both ways go to the same places */
	if (way == BENCH_CONTROL)
		job.backend = run->control;
	if (!job.backend)
		return true;
	memset(scratch, 0, sizeof(*scratch));
	cell->error = bench_copy(&job, NULL, &run->shared->pulse, scratch, &cell->problem);
	if (cell->error)
		return false;
	cell->rates[way][round] = scratch->ns ? (double)scratch->bytes * 1e9 / (double)scratch->ns : 0;
	bench_side_add(&cell->sides[way], scratch);
	return !scratch->error;
}

/* The control is first every other time, so that who comes second is not always the same. */
static void run_cell(struct bench_run *run, struct bench_cell *cell, struct bench_side *scratch)
{
	for (unsigned round = 0; round < run->rounds; round++) {
		enum bench_way first = round % 2 ? BENCH_MEASURED : BENCH_CONTROL;

		if (atomic_load(&run->shared->pulse.stop) || !slice(run, cell, first, scratch) ||
		    !slice(run, cell, first == BENCH_CONTROL ? BENCH_MEASURED : BENCH_CONTROL, scratch))
			return;
		if (atomic_load(&run->shared->pulse.stop))
			return; /* the last slice was cut short */
		atomic_store(&cell->rounds, round + 1);
	}
}

static int work(void *context)
{
	struct bench_run *run = context;
	struct bench_side *scratch = calloc(1, sizeof(*scratch));

	if (!scratch)
		return 1;
	for (size_t i = 0; i < run->cell_count && !atomic_load(&run->shared->pulse.stop); i++) {
		atomic_store(&run->shared->cell, (unsigned)i);
		run_cell(run, &run->shared->cells[i], scratch);
	}
	free(scratch);
	return 0;
}

static void tick(void *context)
{
	struct bench_run *run = context;

	if (run->tick)
		run->tick(run);
}

int bench_run_all(struct bench_run *run)
{
	run->child = (struct bench_child){ .work = work, .context = run, .pulse = &run->shared->pulse, .tick = tick,
					   .asked = run->asked, .stall_seconds = run->stall_seconds,
					   .lock_fd = run->lock_fd };
	return bench_supervise(&run->child);
}
