/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A range that a run may write: who permits it, what was there before, what is
 * around it, and that it is there again afterwards.  Floor 6.
 *
 *   |        disk                                          |
 *        | before |  offset, length: written  | after |
 *        |<------------- saved ---------------------->|
 *
 * Nothing of ours writes `before` and `after`: what changes there was written
 * past where it belongs.
 */
#ifndef P2PCTL_BENCH_SCRATCH_H
#define P2PCTL_BENCH_SCRATCH_H

#include "bench-saved.h"
#include "bench.h"
#include "ctl.h"

struct bench_scratch {
	struct bench_end *end; /* its offset and length are the range */
	struct p2p_disk disk;
	char key[P2P_DISK_KEY];
	const char *path;      /* absolute, borrowed */
	uint64_t disk_length;  /* of the whole disk, or the file */
	uint64_t before, after;
	int claim; /* open with O_EXCL as long as the run; -1: a file, or the other end's is of the same disk */
	/* The child's: */
	struct bench_saved saved;
	bool is_saved;
	unsigned char *around; /* what stood before and after, as last seen */
};

/* What became of a range that was saved; in shared memory. */
enum bench_fate {
	BENCH_FATE_NONE = 0,   /* nothing was saved, nothing written */
	BENCH_FATE_SAVED,      /* saved, maybe written, not put back yet */
	BENCH_FATE_RESTORED,   /* all of it is there again, and the file is gone */
	BENCH_FATE_LEFT,       /* some blocks were somebody else's: left alone, the file is kept */
	BENCH_FATE_FAILED,     /* it could not be put back: the file is kept */
	BENCH_FATE_GONE,       /* its disk is not here now: the file is kept */
	BENCH_FATE_USED,       /* somebody uses its disk now: the file is kept */
	BENCH_FATE_ALIVE,      /* its run is alive: none of ours */
};

struct bench_restored {
	enum bench_fate fate;
	char name[BENCH_SAVED_NAME + 1]; /* of the file */
	char path[256];			 /* of the disk */
	struct bench_saved_count count;
	struct p2p_problem problem;
};

/* ------------------------------------------------------- in the parent */

/* --write, --force, --offset, --size, --verify as they were given. */
struct bench_permit {
	bool has_offset, has_size, force;
	uint64_t offset, size;
	struct bench_scratch src, dst; /* `end` NULL: that one is not written */
};

enum p2p_exit bench_permit_read(struct ctl *ctl, struct bench_permit *permit);

/*
 * Chooses the ranges of both ends, and opens those for writing that --write
 * names, after everything that speaks against it was looked for; each is said.
 * bench_permit_close is due in any case.
 */
enum p2p_exit bench_permit(struct ctl *ctl, struct bench_permit *permit, struct bench_job *job);
void bench_permit_close(struct bench_permit *permit);

/* The ranges, once it is known which ends are written. */
enum p2p_exit bench_choose_ranges(struct ctl *ctl, struct bench_permit *permit, struct bench_job *job);

/* May this be written?  What speaks against it is printed.  `held`: another end of the same disk, or NULL. */
enum p2p_exit bench_may_write(struct ctl *ctl, const struct bench_permit *permit, struct bench_scratch *scratch,
			      const struct bench_scratch *held);

/* Where what was saved is: DIR/saved of --state, or the usual place. */
void bench_saved_place(const struct ctl *ctl, struct p2p_buf *ret);

/*
 * Puts right what runs left that did not end, in a child, and says what became of each.  P2P_EXIT_OK;
 * P2P_EXIT_HUMAN: something was left alone; P2P_EXIT_HUNG.
 */
enum p2p_exit bench_recover(struct ctl *ctl);

/* What runs left that did not end: calls `tell` for each, with the path of its disk then ("" when damaged) and its
 * file. */
void bench_each_left(const struct ctl *ctl, void (*tell)(void *context, const char *path, const char *file),
		     void *context);

/* Says what became of one. */
void bench_say_fate(const struct ctl *ctl, const char *dir, const struct bench_restored *restored);

/* -------------------------------------------------------- in the child */

/* Saves; `source`: what is copied there, when it has no stamps; NULL: only stamps are written. */
int bench_scratch_save(struct bench_scratch *scratch, int dir_fd, uint64_t run, const struct bench_end *source,
		       struct bench_pulse *pulse, struct bench_restored *ret, struct p2p_problem *problem);

/* How many bytes around it are not what they were when last looked at; *ret_first is the first's place. */
int bench_scratch_look_around(struct bench_scratch *scratch, struct bench_pulse *pulse, uint64_t *ret_changed,
			      uint64_t *ret_first);

/* Puts back what was saved. */
void bench_scratch_restore(struct bench_scratch *scratch, struct bench_pulse *pulse, struct bench_restored *ret);

#endif
