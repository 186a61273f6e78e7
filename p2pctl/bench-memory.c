/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for the slots of a unit: the host's, or a provider's by its p2pmem/allocate. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

static size_t needed(const struct bench_unit *unit)
{
	return bench_stride(unit->job) * unit->job->depth;
}

/*
 * One mapping is one piece of the provider's pool
 * (KERNEL: drivers/pci/p2pdma.c:p2pmem_alloc_mmap, 6.2-; shared and from
 * offset 0, or it is refused).  The host's is touched before anything is timed.
 */
int bench_map(struct bench_unit *unit, const char *path, struct p2p_problem *problem)
{
	size_t size = needed(unit);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1, flags = MAP_SHARED;

	if (path && fd < 0) {
		int error = -errno;

		return p2p_problem_set(problem, error, "%s: %s%s", path, p2p_problem_errno(error),
				       error == -EACCES ? "; only root may allocate of it" : "");
	}
	if (!path)
		flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	int error = memory == MAP_FAILED ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (error)
		return p2p_problem_set(problem, error, "%s: %zu bytes in one piece: %s", path ? path : "host memory", size,
				       error == -ENOMEM && path ? "the provider has not that much left"
								: p2p_problem_errno(error));
	unit->memory = memory;
	unit->size = size;
	return 0;
}

void bench_unmap(struct bench_unit *unit)
{
	if (unit->memory)
		munmap(unit->memory, unit->size);
	unit->memory = NULL;
}
