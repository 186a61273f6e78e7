/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far it is, on a terminal; nothing elsewhere.  Floor 6. */
#ifndef P2PCTL_BENCH_PROGRESS_H
#define P2PCTL_BENCH_PROGRESS_H

#include "bench-run.h"
#include "core/base/buf.h"
#include "core/cli/cli.h"
#include "core/cli/style.h"

struct bench_progress {
	struct p2p_style style;
	bool on, drawn;
	size_t pair, pairs;   /* which of how many, from 0 */
	const char *name;     /* of the pair */
	uint64_t seconds;     /* that one pair should take */
	uint64_t last;	      /* when it was drawn, ns */
};

/* On when standard error is a terminal, and no dumb one. */
void bench_progress_begin(const struct p2p_cli *cli, struct bench_progress *ret);

/* Draws it anew, some times a second at most. */
void bench_progress_draw(struct bench_progress *progress, const struct bench_run *run);

/* Wipes it away, so that something else can be printed. */
void bench_progress_clear(struct bench_progress *progress);

/* The line itself, without control characters; for tests.  `done` from 0 to 1. */
void bench_progress_format(const struct bench_progress *progress, double done, uint32_t bs, unsigned depth,
			   struct p2p_buf *ret);

/* "41 s", "12 min", "3 h 20 min". */
void bench_progress_time(uint64_t seconds, struct p2p_buf *ret);

#endif
