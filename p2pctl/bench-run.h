/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pair's run: cell after cell, each in rounds of one slice through peer
 * memory and one through the host's.  Floor 6.
 */
#ifndef P2PCTL_BENCH_RUN_H
#define P2PCTL_BENCH_RUN_H

#include "bench-scratch.h"
#include "bench.h"
#include "core/base/proof.h"

#define BENCH_ROUNDS_MAX 64
#define BENCH_CELLS_MAX 256

/* The two ways that are compared. */
enum bench_way {
	BENCH_MEASURED = 0, /* what --backend says: p2pmem */
	BENCH_CONTROL,	    /* the bounce */
	BENCH_WAYS,
};

/* What was found when a cell's bytes were looked at.  In shared memory. */
struct bench_check {
	bool done;	 /* the proof was carried out, and `proof` is its result */
	bool by_owner;	 /* places are of the destination, which was read back; else of the source */
	bool stamped;	 /* by stamps; else by the source's own content */
	uint32_t block;	 /* bytes of a block of the proof */
	struct p2p_proof_result proof;
	struct p2p_proof_result slices[BENCH_WAYS]; /* what was found after timed slices */
	bool weak;	 /* most blocks should hold what others should too: that all is right says little */
	uint64_t moved;	 /* blocks that were not judged: somebody else changed the source meanwhile */
	uint64_t outside, outside_at; /* bytes that changed beside the written range, and where the first is */
	bool outside_of_source;	      /* ... on the source, not on the destination */
	uint64_t canary, canary_at;   /* bytes that changed between slots of peer memory, and how far into it */
	int error;	 /* why it could not be carried out */
	struct p2p_problem problem;
};

/* In shared memory, so without pointers. */
struct bench_cell {
	uint32_t bs;
	unsigned depth;
	_Atomic unsigned rounds;		     /* that are whole */
	struct bench_side sides[BENCH_WAYS];	     /* of all rounds together */
	double rates[BENCH_WAYS][BENCH_ROUNDS_MAX];  /* bytes/s of each */
	struct bench_check check;
	int error;				     /* why it could not begin */
	struct p2p_problem problem;
};

struct bench_shared {
	struct bench_pulse pulse;
	_Atomic unsigned cell; /* the one that runs */
	struct bench_restored restored[2]; /* of the source, of the destination */
	int error;	       /* why no cell was begun */
	struct p2p_problem problem;
	struct bench_cell cells[];
};

struct bench_run {
	struct bench_job job; /* all but bs and depth */
	const struct bench_backend *control; /* NULL: none */
	unsigned rounds;
	uint64_t slice_ns;
	size_t cell_count;
	struct bench_shared *shared;
	struct bench_scratch *scratch[2]; /* of the source, of the destination; NULL: it is only read */
	int saved_fd;	 /* where what was there is saved */
	uint64_t id;	 /* in all stamps of this run */
	uint64_t verify; /* bytes a cell; 0: off; BENCH_VERIFY_ALL */
	uint64_t verify_loads; /* of those, through loads from peer memory */
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

/*
 * What a run needs of what was permitted: ranges that are written, where they are saved, its number, --verify; and
 * afterwards, once the child is no more, what became of them.  OK; HUMAN: not all is as it was.
 */
enum p2p_exit bench_permit_run(struct ctl *ctl, struct bench_permit *permit, struct bench_run *run);
enum p2p_exit bench_conclude(struct ctl *ctl, struct bench_permit *permit, struct bench_run *run, bool ended);

/* Did bytes of the cell arrive wrong, or change where none should? */
bool bench_cell_is_wrong(const struct bench_cell *cell);

/* Is it proved that they arrived? */
bool bench_cell_is_intact(const struct bench_cell *cell);

#endif
