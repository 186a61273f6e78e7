/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for the slots of a unit: the host's, or a provider's by its p2pmem/allocate. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

static size_t needed(const struct bench_unit *unit)
{
	return bench_stride(unit->job) * unit->job->depth;
}

/* "needs 32M of peer memory in one piece, 15.9M are free". */
static int lacks(const struct bench_unit *unit, size_t size, struct p2p_problem *problem)
{
	const char *allocate = unit->job->allocate, *slash = strrchr(allocate, '/');
	char path[4096], text[32] = "";

	snprintf(path, sizeof(path), "%.*s/available", slash ? (int)(slash - allocate) : 0, allocate);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? strcspn(text, "\n") : 0] = '\0';
	return p2p_problem_set(problem, -ENOMEM, "needs %.1f MiB of peer memory in one piece%s%s%s",
			       (double)size / 0x100000, *text ? ", " : "", text, *text ? " bytes are free" : "");
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
	if (error == -ENOMEM && path)
		return lacks(unit, size, problem);
	if (error)
		return p2p_problem_set(problem, error, "%s: %zu bytes: %s", path ? path : "host memory", size,
				       p2p_problem_errno(error));
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
