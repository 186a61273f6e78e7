/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's older asynchronous I/O, asked without a library; called as fio calls it. */
#include <errno.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

struct aio {
	aio_context_t context;
	struct iocb *blocks;	 /* one a slot */
	struct iocb **waiting;	 /* started, and not submitted */
	unsigned count;
	struct io_event *events;
};

static void free_aio(struct aio *aio)
{
	if (!aio)
		return;
	if (aio->context)
		syscall(SYS_io_destroy, aio->context);
	free(aio->blocks);
	free(aio->waiting);
	free(aio->events);
	free(aio);
}

static int open_ring(struct bench_unit *unit, struct p2p_problem *problem)
{
	unsigned depth = unit->job->depth;
	struct aio *aio = calloc(1, sizeof(*aio));
	int error = -ENOMEM;

	if (aio) {
		aio->blocks = calloc(depth, sizeof(*aio->blocks));
		aio->waiting = calloc(depth, sizeof(*aio->waiting));
		aio->events = calloc(depth, sizeof(*aio->events));
		if (aio->blocks && aio->waiting && aio->events)
			error = syscall(SYS_io_setup, depth, &aio->context) ? -errno : 0;
	}
	if (error) {
		free_aio(aio);
		return p2p_problem_set(problem, error, "io_setup: %s%s", p2p_problem_errno(error),
				       error == -EAGAIN ? "; sysctl fs.aio-max-nr is used up" : "");
	}
	unit->ring = aio;
	return 0;
}

static int start(struct bench_unit *unit, unsigned slot, enum bench_leg leg, uint64_t offset)
{
	struct aio *aio = unit->ring;
	struct iocb *block = &aio->blocks[slot];

	memset(block, 0, sizeof(*block));
	block->aio_data = slot;
	block->aio_lio_opcode = leg == BENCH_LEG_READ ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
	block->aio_fildes = (unsigned)(leg == BENCH_LEG_READ ? unit->job->src.fd : unit->job->dst.fd);
	block->aio_buf = (uintptr_t)bench_slot(unit, slot);
	block->aio_nbytes = unit->job->bs;
	block->aio_offset = (int64_t)offset;
	aio->waiting[aio->count++] = block;
	return 0;
}

/* What cannot be submitted ends with the reason; what could not yet, waits for the next time. */
static int submit(struct bench_unit *unit, struct bench_done *ret)
{
	struct aio *aio = unit->ring;
	unsigned at = 0;
	int failed = 0;

	while (at < aio->count) {
		long took = syscall(SYS_io_submit, aio->context, (long)(aio->count - at), aio->waiting + at);

		if (took > 0) {
			at += (unsigned)took;
		} else if (took < 0 && errno == EAGAIN) {
			break;
		} else if (!took || errno != EINTR) {
			unsigned slot = (unsigned)aio->waiting[at++]->aio_data;

			ret[failed++] = (struct bench_done){ slot, took ? -errno : -EIO };
		}
	}
	memmove(aio->waiting, aio->waiting + at, (aio->count - at) * sizeof(*aio->waiting));
	aio->count -= at;
	return failed;
}

static int reap(struct bench_unit *unit, struct bench_done *ret, unsigned most)
{
	struct aio *aio = unit->ring;
	int count = submit(unit, ret);

	if (count)
		return count;
	long got = syscall(SYS_io_getevents, aio->context, 1L, (long)most, aio->events, NULL);

	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	for (long i = 0; i < got; i++)
		ret[i] = (struct bench_done){ (unsigned)aio->events[i].data, (int)aio->events[i].res };
	return (int)got;
}

static void close_ring(struct bench_unit *unit)
{
	free_aio(unit->ring);
	unit->ring = NULL;
}

const struct bench_ring bench_ring_libaio = {
	.word = "libaio",
	.says = "the kernel's older asynchronous I/O",
	.open = open_ring,
	.start = start,
	.reap = reap,
	.close = close_ring,
};
