/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line asks p2pctl bench to do, in fio's words.  Floor 6. */
#ifndef P2PCTL_BENCH_REQUEST_H
#define P2PCTL_BENCH_REQUEST_H

#include "bench.h"
#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/cli/cli.h"

#define BENCH_LIST_MAX 16
#define BENCH_ROUNDS 10

/* --rw: its order is taken as said; its direction must be the one that the arguments say, or is mmio's. */
enum bench_direction {
	BENCH_DIRECTION_ANY = 0, /* not given */
	BENCH_DIRECTION_READ,
	BENCH_DIRECTION_WRITE,
	BENCH_DIRECTION_COPY,
};

struct bench_request {
	const struct bench_backend *backend;
	const struct bench_ring *ring;
	bool alone; /* nothing is measured beside it */
	uint32_t sizes[BENCH_LIST_MAX];
	unsigned depths[BENCH_LIST_MAX];
	size_t size_count, depth_count;
	unsigned jobs;
	uint64_t runtime; /* seconds a cell */
	unsigned timeout; /* seconds without progress, after which it hangs */
	enum bench_direction direction;
	bool random;
	uint64_t seed;
	const char *bar;  /* the device of --bar; NULL: not given */
	unsigned bar_number;
};

/* P2P_EXIT_OK, or the complaint was printed. */
enum p2p_exit bench_request_read(const struct p2p_cli *cli, struct p2p_arena *arena, struct bench_request *ret);

/* All that what is measured depends on, one line: two requests with the same are the same campaign. */
void bench_request_format(const struct bench_request *request, struct p2p_buf *ret);

/* What a pair takes when nothing stalls, seconds. */
uint64_t bench_request_seconds(const struct bench_request *request);

#endif
