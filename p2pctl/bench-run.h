/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pair's run: cell after cell, each in rounds of one slice through peer
 * memory and one through the host's.  Floor 6.
 */
#ifndef P2PCTL_BENCH_RUN_H
#define P2PCTL_BENCH_RUN_H

#include "bench.h"

#define BENCH_ROUNDS_MAX 64
#define BENCH_CELLS_MAX 256

/* The two ways that are compared. */
enum bench_way {
	BENCH_MEASURED = 0, /* what --backend says: p2pmem */
	BENCH_CONTROL,	    /* the bounce */
	BENCH_WAYS,
};

/* In shared memory, so without pointers. */
struct bench_cell {
	uint32_t bs;
	unsigned depth;
	_Atomic unsigned rounds;		     /* that are whole */
	struct bench_side sides[BENCH_WAYS];	     /* of all rounds together */
	double rates[BENCH_WAYS][BENCH_ROUNDS_MAX];  /* bytes/s of each */
	int error;				     /* why it could not begin */
	struct p2p_problem problem;
};

struct bench_shared {
	struct bench_pulse pulse;
	_Atomic unsigned cell; /* the one that runs */
	struct bench_cell cells[];
};

struct bench_run {
	struct bench_job job; /* all but bs and depth */
	const struct bench_backend *control; /* NULL: none */
	unsigned rounds;
	uint64_t slice_ns;
	size_t cell_count;
	struct bench_shared *shared;
	void (*tick)(struct bench_run *run); /* may be NULL */
	const volatile int *asked;
	unsigned stall_seconds;
	int lock_fd; /* that the child closes; 0: none */
	struct bench_child child; /* out: how it ended */
};

/* Shared memory for so many cells; all else is the caller's to fill.  0 or a negative errno. */
int bench_run_init(struct bench_run *run, size_t cell_count);
void bench_run_free(struct bench_run *run);

/* All cells, in a child.  0: run->child says how it ended; a negative errno: it did not begin. */
int bench_run_all(struct bench_run *run);

#endif
