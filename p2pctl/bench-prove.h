/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proof that the bytes of a cell arrived: asked of who should have them.
 * Floor 6.
 *
 * Before a cell is timed its copy is made once through what is measured, with
 * the same size, depth and engine, over blocks that say what they are:
 *
 * copy        the source's stamps, or its own content; the destination holds other stamps before, and is read back
 *             through host memory by a descriptor of its own
 * write only  memory is stamped by the processor for each block; the same
 * read only   memory is poisoned by the processor before each transfer, and compared by it afterwards with what the
 *             disk says through host memory
 *
 * After each timed slice the first blocks of each thread's part are looked at
 * again.  Between the slots of peer memory are bytes that nobody writes, and
 * around a written range too (bench-scratch.h).
 */
#ifndef P2PCTL_BENCH_PROVE_H
#define P2PCTL_BENCH_PROVE_H

#include "bench-run.h"

/* Bytes a cell, and of those that the processor loads from a device's memory: that is slow, a microsecond for 8 of
 * them. */
#define BENCH_VERIFY_USUAL (UINT64_C(16) << 20)
#define BENCH_VERIFY_LOADS (UINT64_C(1) << 20)
#define BENCH_VERIFY_ALL UINT64_MAX

/* Whose stamps they are: so a block also says how far it came. */
enum bench_pair {
	BENCH_PAIR_SOURCE = 0, /* what is on the source */
	BENCH_PAIR_BEFORE,     /* what was on the destination before */
	BENCH_PAIR_OWN,	       /* what the processor put into memory to be written */
	BENCH_PAIR_SLOT,       /* what was in memory before anything was read into it */
};

struct bench_prover;

/* In the child.  NULL: no memory. */
struct bench_prover *bench_prover_new(struct bench_run *run);
/* NULL is fine. */
void bench_prover_free(struct bench_prover *prover);

/* Puts stamps into the source's range, when that may be written. */
int bench_prove_source(struct bench_prover *prover, struct p2p_problem *problem);

/* The proof of a cell; `side` is room.  False: nothing more of this cell. */
bool bench_prove_cell(struct bench_prover *prover, struct bench_cell *cell, unsigned number, struct bench_side *side);

/* Around a timed slice; `job` is what it does.  What `before` returns is for the slice; it lasts until `after`. */
const struct bench_hooks *bench_prove_before(struct bench_prover *prover, struct bench_cell *cell,
					     const struct bench_job *job);
void bench_prove_after(struct bench_prover *prover, struct bench_cell *cell, const struct bench_job *job,
		       enum bench_way way, const struct bench_side *side);

#endif
