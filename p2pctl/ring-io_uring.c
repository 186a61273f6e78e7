/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place that includes liburing.  Buffers are not registered: that pins
 * them for long, which pages of p2pmem refuse
 * (KERNEL: mm/gup.c:check_and_migrate_movable_pages with FOLL_LONGTERM and
 * FOLL_PCI_P2PDMA, 6.2-).  Files are.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "bench.h"

struct uring {
	struct io_uring ring;
};

/* The end of a leg among the registered files. */
static int file_of(enum bench_leg leg)
{
	return leg == BENCH_LEG_WRITE;
}

static int set_up(struct uring *uring, unsigned depth)
{
	/* Only this thread submits; completions are taken when it waits.  An older kernel knows none of these. */
	static const unsigned flags[] = {
#ifdef IORING_SETUP_DEFER_TASKRUN
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
#endif
#ifdef IORING_SETUP_COOP_TASKRUN
		IORING_SETUP_COOP_TASKRUN,
#endif
		0,
	};
	int error = -EINVAL;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags) && error == -EINVAL; i++)
		error = io_uring_queue_init(depth, &uring->ring, flags[i]);
	return error;
}

static int open_ring(struct bench_unit *unit, struct p2p_problem *problem)
{
	const int files[] = { unit->job->src.fd, unit->job->dst.fd };
	struct uring *uring = calloc(1, sizeof(*uring));
	int error = uring ? set_up(uring, unit->job->depth) : -ENOMEM;

	if (error) {
		free(uring);
		return p2p_problem_set(problem, error, "io_uring: %s%s", p2p_problem_errno(error),
				       error == -EPERM ? "; sysctl kernel.io_uring_disabled may forbid it, "
							 "--ioengine=libaio does without"
						       : "");
	}
	error = io_uring_register_files(&uring->ring, files, 2);
	if (error) {
		io_uring_queue_exit(&uring->ring);
		free(uring);
		return p2p_problem_set(problem, error, "io_uring: files: %s", p2p_problem_errno(error));
	}
	unit->ring = uring;
	return 0;
}

static int start(struct bench_unit *unit, unsigned slot, enum bench_leg leg, uint64_t offset)
{
	struct uring *uring = unit->ring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	if (!sqe)
		return -EBUSY;
	if (leg == BENCH_LEG_READ)
		io_uring_prep_read(sqe, file_of(leg), bench_slot(unit, slot), unit->job->bs, offset);
	else
		io_uring_prep_write(sqe, file_of(leg), bench_slot(unit, slot), unit->job->bs, offset);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = slot;
	return 0;
}

static int reap(struct bench_unit *unit, struct bench_done *ret, unsigned most)
{
	struct uring *uring = unit->ring;
	struct io_uring_cqe *cqe;
	unsigned head, count = 0;
	int error = io_uring_submit_and_wait(&uring->ring, 1);

	/* For the last two there is no room now: what has ended is taken, and then it is tried again. */
	if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY)
		return error;
	io_uring_for_each_cqe(&uring->ring, head, cqe) {
		if (count == most)
			break;
		ret[count++] = (struct bench_done){ (unsigned)cqe->user_data, cqe->res };
	}
	io_uring_cq_advance(&uring->ring, count);
	return (int)count;
}

static void close_ring(struct bench_unit *unit)
{
	struct uring *uring = unit->ring;

	io_uring_queue_exit(&uring->ring);
	free(uring);
	unit->ring = NULL;
}

const struct bench_ring bench_ring_io_uring = {
	.word = "io_uring",
	.says = "io_uring, through liburing",
	.open = open_ring,
	.start = start,
	.reap = reap,
	.close = close_ring,
};
