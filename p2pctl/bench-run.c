/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench-prove.h"

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
static bool slice(struct bench_run *run, struct bench_prover *prover, struct bench_cell *cell, enum bench_way way,
		  struct bench_side *scratch)
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
	const struct bench_hooks *hooks = bench_prove_before(prover, cell, &job);

	cell->error = bench_copy(&job, hooks, &run->shared->pulse, scratch, &cell->problem);
	if (cell->error)
		return false;
	bench_prove_after(prover, cell, &job, way, scratch);
	cell->rates[way][round] = scratch->ns ? (double)scratch->bytes * 1e9 / (double)scratch->ns : 0;
	bench_side_add(&cell->sides[way], scratch);
	return !scratch->error;
}

static bool fits(struct bench_cell *cell, const struct bench_end *end)
{
	if (end->fd < 0 || cell->bs % end->block == 0)
		return true;
	cell->error =
		p2p_problem_set(&cell->problem, -EINVAL, "%s has blocks of %u bytes: transfers are multiples of that",
				end->path, end->block);
	return false;
}

/* The control is first every other time, so that who comes second is not always the same. */
static void run_rounds(struct bench_run *run, struct bench_prover *prover, struct bench_cell *cell,
		       struct bench_side *scratch)
{
	const _Atomic bool *stop = &run->shared->pulse.stop;

	for (unsigned round = 0; round < run->rounds; round++) {
		enum bench_way first = round % 2 ? BENCH_MEASURED : BENCH_CONTROL;

		if (atomic_load(stop) || !slice(run, prover, cell, first, scratch) ||
		    !slice(run, prover, cell, first == BENCH_CONTROL ? BENCH_MEASURED : BENCH_CONTROL, scratch))
			return;
		if (atomic_load(stop))
			return; /* the last slice was cut short */
		atomic_store(&cell->rounds, round + 1);
	}
}

/* Nothing of ours is written around the ranges; what changed there is told, once. */
static void look_around(struct bench_run *run, struct bench_cell *cell)
{
	for (int i = 0; i < 2; i++) {
		uint64_t changed = 0, first = 0;

		if (!run->scratch[i] || !run->scratch[i]->is_saved)
			continue;
		int error = bench_scratch_look_around(run->scratch[i], &run->shared->pulse, &changed, &first);

		if (error && !cell->check.error)
			cell->check.error = p2p_problem_set(&cell->check.problem, error, "%s: around the range: %s",
							    run->scratch[i]->path, p2p_problem_errno(error));
		if (changed && !cell->check.outside) {
			cell->check.outside_at = first;
			cell->check.outside_of_source = !i;
		}
		cell->check.outside += changed;
	}
}

static void run_cell(struct bench_run *run, struct bench_prover *prover, unsigned number, struct bench_side *scratch)
{
	struct bench_cell *cell = &run->shared->cells[number];

	if (!fits(cell, &run->job.src) || !fits(cell, &run->job.dst))
		return;
	if (bench_prove_cell(prover, cell, number, scratch))
		run_rounds(run, prover, cell, scratch);
	else if (cell->sides[BENCH_MEASURED].error && run->control)
		slice(run, prover, cell, BENCH_CONTROL, scratch); /* is it only peer memory that is refused? */
	look_around(run, cell);
}

static int save_all(struct bench_run *run)
{
	struct bench_shared *shared = run->shared;

	for (int i = 0; i < 2; i++) {
		/* What is copied to the destination has stamps only if they may be put on the source. */
		bool content = i && run->job.src.fd >= 0 && !run->scratch[0];
		int error = run->scratch[i] ? bench_scratch_save(run->scratch[i], run->saved_fd, run->id,
								 content ? &run->job.src : NULL, &shared->pulse,
								 &shared->restored[i], &shared->problem)
					    : 0;

		if (error)
			return error;
	}
	return 0;
}

static int work(void *context)
{
	struct bench_run *run = context;
	struct bench_shared *shared = run->shared;
	struct bench_side *scratch = calloc(1, sizeof(*scratch));
	struct bench_prover *prover = bench_prover_new(run);

	if (!scratch || !prover)
		shared->error = p2p_problem_set(&shared->problem, -ENOMEM, "no memory to begin");
	else
		shared->error = save_all(run);
	if (!shared->error)
		shared->error = bench_prove_source(prover, &shared->problem);
	for (size_t i = 0; !shared->error && i < run->cell_count && !atomic_load(&shared->pulse.stop); i++) {
		atomic_store(&shared->cell, (unsigned)i);
		run_cell(run, prover, (unsigned)i, scratch);
	}
	for (int i = 0; i < 2; i++)
		if (run->scratch[i])
			bench_scratch_restore(run->scratch[i], &shared->pulse, &shared->restored[i]);
	bench_prover_free(prover);
	free(scratch);
	return 0;
}

bool bench_cell_is_wrong(const struct bench_cell *cell)
{
	const struct bench_check *check = &cell->check;

	return (check->done && check->proof.bad) || check->slices[BENCH_MEASURED].bad ||
	       check->slices[BENCH_CONTROL].bad || check->outside || check->canary;
}

bool bench_cell_is_intact(const struct bench_cell *cell)
{
	const struct bench_check *check = &cell->check;

	/* Where much of the source changed meanwhile, too little could be judged. */
	return check->done && !check->weak && !check->error && check->proof.blocks &&
	       check->moved * 16 <= check->proof.blocks && !bench_cell_is_wrong(cell);
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
