/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU itself, with loads and stores to the provider's memory: no disk is at
 * the other end.  Every access is of 8 bytes and aligned, which PCI Express
 * carries whole; so is each compared with the same to the host's memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

struct transfer {
	unsigned slot;
	enum bench_leg leg;
};

struct cpu {
	unsigned count;
	struct transfer started[];
};

/* The leg into the memory is a store, the one out of it a load. */
static void move(const struct bench_unit *unit, const struct transfer *transfer)
{
	volatile uint64_t *there = (volatile uint64_t *)bench_slot(unit, transfer->slot);
	uint64_t *here = (uint64_t *)(unit->own + transfer->slot * bench_stride(unit->job));
	size_t words = unit->job->bs / sizeof(*here);

	if (transfer->leg == BENCH_LEG_READ)
		for (size_t i = 0; i < words; i++)
			there[i] = here[i];
	else
		for (size_t i = 0; i < words; i++)
			here[i] = there[i];
}

static int open_ring(struct bench_unit *unit, struct p2p_problem *problem)
{
	unit->ring = calloc(1, sizeof(struct cpu) + unit->job->depth * sizeof(struct transfer));
	if (!unit->ring)
		return p2p_problem_set(problem, -ENOMEM, "no memory for %u blocks", unit->job->depth);
	return 0;
}

static int start(struct bench_unit *unit, unsigned slot, enum bench_leg leg, uint64_t offset)
{
	struct cpu *cpu = unit->ring;

	(void)offset;
	cpu->started[cpu->count++] = (struct transfer){ slot, leg };
	return 0;
}

static int reap(struct bench_unit *unit, struct bench_done *ret, unsigned most)
{
	struct cpu *cpu = unit->ring;

	if (!cpu->count || !most)
		return 0;
	const struct transfer *next = &cpu->started[--cpu->count];

	move(unit, next);
	*ret = (struct bench_done){ next->slot, (int)unit->job->bs };
	return 1;
}

static void close_ring(struct bench_unit *unit)
{
	free(unit->ring);
	unit->ring = NULL;
}

static const struct bench_ring ring = {
	.word = "cpu",
	.says = "loads and stores",
	.open = open_ring,
	.start = start,
	.reap = reap,
	.close = close_ring,
};

static int open_both(struct bench_unit *unit, const char *path, struct p2p_problem *problem)
{
	int error = bench_map(unit, path, problem);

	/* KERNEL: drivers/pci/pci-sysfs.c:pci_mmap_resource asks iomem_is_exclusive() (3.19-) */
	if (error == -EINVAL && path && !strstr(path, "/p2pmem/"))
		return p2p_problem_set(problem, error,
				       "%s: %zu bytes of it cannot be mapped: it is smaller, or a driver that is bound "
				       "holds it for itself",
				       path, bench_stride(unit->job) * unit->job->depth);
	if (error)
		return error;
	unit->own = mmap(NULL, unit->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (unit->own != MAP_FAILED)
		return 0;
	error = -errno;
	unit->own = NULL;
	bench_unmap(unit);
	return p2p_problem_set(problem, error, "host memory: %s", p2p_problem_errno(error));
}

static int open_peer(struct bench_unit *unit, struct p2p_problem *problem)
{
	return open_both(unit, unit->job->allocate, problem);
}

static int open_host(struct bench_unit *unit, struct p2p_problem *problem)
{
	return open_both(unit, NULL, problem);
}

static void close_both(struct bench_unit *unit)
{
	if (unit->own)
		munmap(unit->own, unit->size);
	unit->own = NULL;
	bench_unmap(unit);
}

static const struct bench_backend host = {
	.word = "host",
	.says = "loads and stores to the host's memory",
	.ring = &ring,
	.cpu = true,
	.open = open_host,
	.close = close_both,
};

const struct bench_backend bench_backend_mmio = {
	.word = "mmio",
	.says = "loads and stores of the CPU to the provider's memory",
	.peer = true,
	.cpu = true,
	.ring = &ring,
	.control = &host,
	.open = open_peer,
	.close = close_both,
};
