/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stood on a disk where we write, kept in a file until it stands there
 * again.  Floor 6.
 *
 * Before the first write the bytes of the range, and of what is around it, are
 * in a file in DIR, synced.  Afterwards they are put back, read back, and the
 * file is removed.  A run that did not come so far is put right by the next
 * one: by then somebody may have written there, so only logical blocks are put
 * back that carry our stamp, or hold what we would have copied there.
 *
 * The file is locked (flock) as long as its run lives: a file without a lock is
 * one that was left.
 */
#ifndef P2PCTL_BENCH_SAVED_H
#define P2PCTL_BENCH_SAVED_H

#include <limits.h>

#include "bench.h"
#include "core/io/disk.h"

#define BENCH_SAVED_DIR "/var/lib/p2pctl/saved"
#define BENCH_SAVED_MAGIC "P2PSAVED"
#define BENCH_SAVED_VERSION 1
#define BENCH_SAVED_NAME 255

/* The first bytes of the file; what was saved comes right after.  In this machine's byte order. */
struct bench_saved_header {
	char magic[8];
	uint32_t version, size; /* of this header */
	uint64_t run;		/* the run's number, which is in its stamps */
	int64_t when;		/* seconds since 1970 */
	uint64_t base;		/* where the partition that was named begins on its disk */
	uint64_t from, length;	/* what is saved: bytes of the disk, or of the file */
	uint64_t write_from, write_length; /* of that, what is written */
	uint64_t disk_length;	/* of the whole disk, or the file */
	uint32_t unit;		/* a stamped block */
	uint32_t is_file;
	uint64_t bytes_sum;	/* of what is saved */
	uint64_t source_count; /* pairs of sums, one a unit of write_length, of what would be copied there; 0: stamps */
	uint64_t source_sum;	/* of those */
	char key[P2P_DISK_KEY];
	char path[3072]; /* as it was named then, absolute */
	char reserved[744];
	uint64_t header_sum;	/* of all before */
};

_Static_assert(sizeof(struct bench_saved_header) == 4096, "what is saved is aligned behind it");

/* A range that is written, and the file that keeps what was there. */
struct bench_saved {
	int dir_fd, fd;
	char name[BENCH_SAVED_NAME + 1];
	struct bench_saved_header header; /* all but the sums is the caller's to fill */
};

/*
 * Reads the range by `disk_fd`, from header.from - `shift` on, and keeps it in
 * dir_fd, synced and locked.  With `source_fd` not -1: what would be copied
 * there is at `source_offset` of it.  -EEXIST: an earlier run's is still there.
 */
int bench_saved_make(struct bench_saved *saved, int disk_fd, uint64_t shift, int source_fd, uint64_t source_offset,
		     struct bench_pulse *pulse, struct p2p_problem *problem);

/* How much of it is put back, and how carefully. */
enum bench_saved_care {
	BENCH_SAVED_ONLY_OURS = 0, /* only what is evidently ours */
	BENCH_SAVED_ALL_WRITTEN, /* all of the written range, for nobody else could write there; around it only ours */
};

#define BENCH_LEFT_MOST 8

struct bench_saved_count {
	uint64_t restored; /* units */
	uint64_t left;	   /* that are neither as saved nor ours */
	uint64_t around;   /* of the restored ones: beside the written range */
	uint64_t left_at[BENCH_LEFT_MOST]; /* bytes of the disk; the first of them */
};

/* Puts back, syncs, reads back.  0: the file may go, if nothing was left.  -EIO: what was put back does not read back.
 */
int bench_saved_restore(struct bench_saved *saved, int disk_fd, uint64_t shift, enum bench_saved_care care,
			struct bench_pulse *pulse, struct bench_saved_count *ret, struct p2p_problem *problem);

/* Removes the file, and closes it. */
int bench_saved_forget(struct bench_saved *saved);

/* Closes it; the file stays. */
void bench_saved_close(struct bench_saved *saved);

/*
 * Opens one that was left.  -EBUSY: its run lives; -EBADMSG: it is damaged, or no file of ours, and
 * the problem says what.
 */
int bench_saved_open(int dir_fd, const char *name, struct bench_saved *ret, struct p2p_problem *problem);

/* The folder, made if `make`; -ENOENT when it is not there. */
int bench_saved_dir(const char *path, bool make, struct p2p_problem *problem, int *ret);

/* Removes what runs left that were killed before they had saved all, and so had not written anything. */
void bench_saved_clean(int dir_fd);

/* The names of what is in it, files of runs only. */
int bench_saved_list(int dir_fd, struct p2p_names *ret);

#endif
