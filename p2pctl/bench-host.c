/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-host.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>

void *bench_host_memory(size_t bytes)
{
	void *memory = NULL;

	bytes = (bytes + BENCH_HOST_ALIGN - 1) / BENCH_HOST_ALIGN * BENCH_HOST_ALIGN;
	return posix_memalign(&memory, BENCH_HOST_ALIGN, bytes ? bytes : BENCH_HOST_ALIGN) ? NULL : memory;
}

static int transfer(ssize_t (*move)(int, const struct iovec *, int, off_t), int fd, void *memory, size_t bytes,
		    uint64_t offset, struct bench_pulse *pulse)
{
	unsigned char *at = memory;

	while (bytes) {
		struct iovec piece = { at, bytes < BENCH_HOST_MOST ? bytes : BENCH_HOST_MOST };
		ssize_t moved = move(fd, &piece, 1, (off_t)offset);

		if (moved < 0 && errno == EINTR)
			continue;
		if (moved <= 0)
			return moved < 0 ? -errno : -EIO;
		at += moved;
		bytes -= (size_t)moved;
		offset += (uint64_t)moved;
		if (pulse)
			atomic_fetch_add_explicit(&pulse->beats, 1, memory_order_relaxed);
	}
	return 0;
}

int bench_host_read(int fd, void *memory, size_t bytes, uint64_t offset, struct bench_pulse *pulse)
{
	return transfer(preadv, fd, memory, bytes, offset, pulse);
}

int bench_host_write(int fd, const void *memory, size_t bytes, uint64_t offset, struct bench_pulse *pulse)
{
	return transfer(pwritev, fd, (void *)(uintptr_t)memory, bytes, offset, pulse);
}

void bench_device_load(void *host, const void *device, size_t bytes)
{
	const volatile uint64_t *from = device;
	uint64_t *to = host;

	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] = from[i];
}

void bench_device_store(void *device, const void *host, size_t bytes)
{
	const uint64_t *from = host;
	volatile uint64_t *to = device;

	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] = from[i];
	/* What was stored is on its way to the device before it is told to send it. */
	atomic_thread_fence(memory_order_seq_cst);
}
