/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side: what is read and written for a proof, through host memory
 * and by a descriptor that nothing measured uses; and what the processor copies
 * from and to device memory.  Floor 6.
 */
#ifndef P2PCTL_BENCH_HOST_H
#define P2PCTL_BENCH_HOST_H

#include "bench.h"

/* A transfer is at most this; buffers for O_DIRECT of any disk are aligned to BENCH_HOST_ALIGN. */
#define BENCH_HOST_MOST (1u << 20)
#define BENCH_HOST_ALIGN 4096

/* Memory for transfers; free() it.  NULL: there is none. */
void *bench_host_memory(size_t bytes);

/*
 * All bytes, in transfers of at most BENCH_HOST_MOST, each a beat.  0 or a
 * negative errno; -EIO too when a file or disk ends before.  *pulse may be NULL.
 */
int bench_host_read(int fd, void *memory, size_t bytes, uint64_t offset, struct bench_pulse *pulse);
int bench_host_write(int fd, const void *memory, size_t bytes, uint64_t offset, struct bench_pulse *pulse);

/*
 * Between host memory and memory of a device.  memcpy may read or write a byte
 * twice, in any order, in pieces of any size and alignment: a device's memory
 * may be mapped so that such an access faults (Device memory of arm64) or is
 * cut into many.  Here each 8 bytes are accessed once, aligned, in ascending
 * order.  Addresses and `bytes` are multiples of 8.
 */
void bench_device_load(void *host, const void *device, size_t bytes);
void bench_device_store(void *device, const void *host, size_t bytes);

#endif
