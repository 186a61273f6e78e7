/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy microbenchmark: what its parts say to each other.  Floor 6.
 *
 * A copy goes from an end (a disk, a file) into memory and from there to
 * another end; either leg may be left out.  A *backend* says whose memory it
 * is (bench-WORD.c), a *ring* how the system is asked (ring-WORD.c), a *unit*
 * is one thread with memory and ring of its own, and a *slice* is what all
 * units do for a short time.  A *cell* is one size and depth: slices through
 * peer memory and slices through the host's, in turn, so that drift hits both.
 *
 * All I/O is in a child process (bench-child.c): one that hangs in the kernel
 * is a result and not a hung tool.
 */
#ifndef P2PCTL_BENCH_H
#define P2PCTL_BENCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/histogram.h"
#include "core/base/problem.h"

/* Zero is the safe value: nothing moves. */
enum bench_leg {
	BENCH_LEG_NONE = 0,
	BENCH_LEG_READ,  /* source -> memory */
	BENCH_LEG_WRITE, /* memory -> destination */
};

/* One end of a copy.  fd -1: that leg is left out. */
struct bench_end {
	const char *path; /* borrowed */
	int fd;		  /* opened with O_DIRECT */
	int function;	  /* that the path belongs to; P2P_NOBODY */
	uint64_t offset, length; /* the bytes that may be used */
	uint32_t block;	  /* what transfers are a multiple of, bytes */
	uint32_t unit;	  /* a stamped block: `block`, or less where the other end's is */
	int host_fd;	  /* the same again, for what is not measured */
	uint64_t size;	  /* of the disk or file, bytes; the range is in it */
	bool written;	  /* --write names it */
};

struct bench_ring;
struct bench_backend;

/* What is to be done.  Sizes in bytes, times in ns. */
struct bench_job {
	const struct bench_backend *backend;
	const struct bench_ring *ring; /* what --ioengine says; a backend may have its own */
	const char *allocate;	       /* the provider's p2pmem/allocate; NULL: no provider */
	struct bench_end src, dst;
	uint32_t bs;
	unsigned depth, jobs;
	bool random;   /* else each unit goes through its part in order, again and again */
	uint64_t seed;
	uint64_t ns, bytes;  /* a slice ends after either; 0: no such end */
};

/* One thread of a slice. */
struct bench_unit {
	const struct bench_job *job;
	unsigned number;	    /* from 0 to job->jobs - 1 */
	unsigned char *memory;	    /* the backend's; NULL: it needs none */
	size_t size;		    /* bytes of it */
	unsigned char *own;	    /* of a backend that copies by CPU: the host's side of a slot, as big */
	void *ring;		    /* the ring's */
};

/* From one slot to the next: a page between them shows what is written beside one. */
size_t bench_stride(const struct bench_job *job);
static inline unsigned char *bench_slot(const struct bench_unit *unit, unsigned slot)
{
	return unit->memory + slot * bench_stride(unit->job);
}

/* One transfer that ended: of which slot, and its bytes or a negative errno. */
struct bench_done {
	unsigned slot;
	int result;
};

/*
 * How the system is asked.  `start` takes a transfer in; `reap` hands over what
 * was started, waits until one at least has ended, and returns how many of
 * `ret` it filled.  Negative errnos are of the ring itself: nothing goes on.
 */
struct bench_ring {
	const char *word, *says;
	int (*open)(struct bench_unit *unit, struct p2p_problem *problem);
	int (*start)(struct bench_unit *unit, unsigned slot, enum bench_leg leg, uint64_t offset);
	int (*reap)(struct bench_unit *unit, struct bench_done *ret, unsigned most);
	void (*close)(struct bench_unit *unit);
};

/* Whose memory the bytes go through. */
struct bench_backend {
	const char *word, *says;
	bool peer;		       /* the provider's: needs job->allocate */
	bool cpu;		       /* the CPU is the other end: no disk is asked */
	bool files;		       /* its ends are files, and no disks */
	const struct bench_ring *ring; /* NULL: the job's */
	const struct bench_backend *control; /* what it is compared with; NULL: nothing */
	/* Sets unit->memory; -ENOMEM: the provider has not that much left. */
	int (*open)(struct bench_unit *unit, struct p2p_problem *problem);
	void (*close)(struct bench_unit *unit);
};

extern const struct bench_backend bench_backend_bounce; /* the control of most */

/* By their words; NULL: there is none of that name. */
const struct bench_backend *bench_find_backend(const char *word);
const struct bench_ring *bench_find_ring(const char *word);
extern const struct bench_backend *const bench_backends[]; /* ends with NULL */
extern const struct bench_ring *const bench_rings[];	   /* ends with NULL; the best first */

/* Memory of a mapped file for every slot of the unit, and back (bench-memory.c). */
int bench_map(struct bench_unit *unit, const char *path, struct p2p_problem *problem);
void bench_unmap(struct bench_unit *unit);

/* What slices did, added up.  In memory that the child shares with its parent. */
struct bench_side {
	uint64_t ops, bytes, ns, cpu_ns;
	int error;	    /* negative errno of the first transfer that failed; the slice ended there */
	enum bench_leg leg; /* which */
	uint64_t offset;    /* and where */
	struct p2p_histogram latency; /* of a whole copy, ns */
};

/*
 * Called by a slice's threads around a block; a negative errno ends the slice.
 * `block` counts blocks of job->bs from the start of the ends' ranges.
 */
struct bench_hooks {
	void *context;
	int (*before)(void *context, struct bench_unit *unit, unsigned slot,
		      uint64_t block); /* nothing has moved yet */
	int (*after)(void *context, struct bench_unit *unit, unsigned slot, uint64_t block);  /* it all has */
	int (*open)(void *context, struct bench_unit *unit);   /* its memory is there, and nobody has begun */
	void (*close)(void *context, struct bench_unit *unit); /* it is still there, and all is over */
};

#define BENCH_JOBS_MAX 256

/* What a child and its parent see of each other. */
struct bench_pulse {
	_Atomic uint64_t beats; /* grows while I/O completes */
	_Atomic bool stop;	/* the parent's: end soon */
	/* What each thread waits for, by leg, since it last asked for what has ended: who hangs is seen from outside.
	 */
	struct {
		_Atomic unsigned flying[BENCH_LEG_WRITE + 1];
	} units[BENCH_JOBS_MAX];
};

/*
 * Runs one slice and adds what it did to *ret.  0 even where a transfer
 * failed: that is a result, ret->error.  A negative errno with the problem set
 * when the copy could not begin.
 */
int bench_copy(const struct bench_job *job, const struct bench_hooks *hooks, struct bench_pulse *pulse,
	       struct bench_side *ret, struct p2p_problem *problem);

/* One after the other: times add up. */
void bench_side_add(struct bench_side *into, const struct bench_side *side);

/* How a child ended. */
enum bench_end_kind {
	BENCH_UNKNOWN = 0,
	BENCH_ENDED,  /* by itself; its status is the work's return value */
	BENCH_DIED,   /* by a signal */
	BENCH_KILLED, /* it made no progress, and SIGKILL ended it */
	BENCH_HUNG,   /* not even SIGKILL ended it: it waits in the kernel */
};

struct bench_child {
	int (*work)(void *context); /* in the child; returns an exit status */
	void *context;		    /* what both see must be in shared memory */
	struct bench_pulse *pulse;
	unsigned stall_seconds;	    /* without a beat: it hangs */
	void (*tick)(void *context); /* some times a second, in the parent; may be NULL */
	const volatile int *asked;   /* not 0: asked to stop; may be NULL */
	int lock_fd; /* a lock of the parent's, which a child that is left behind must not keep; 0: none */
	enum bench_end_kind ended;  /* out */
	int status;		    /* out: the exit status, or the signal */
	int pid;
};

/* Forks, waits, and fills in how it ended; bounded whatever the child does.  A negative errno when it cannot begin. */
int bench_supervise(struct bench_child *child);

/* Now, in ns; the clock of all of this. */
uint64_t bench_now(void);

#endif
