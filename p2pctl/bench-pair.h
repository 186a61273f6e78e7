/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pair measured: ends opened, child run, result made.  Floor 6. */
#ifndef P2PCTL_BENCH_PAIR_H
#define P2PCTL_BENCH_PAIR_H

#include "bench-progress.h"
#include "bench-result.h"

struct bench_pair {
	int provider;		/* P2P_NOBODY: none */
	const char *src, *dst;	/* what is typed for it: nvme1, /dev/nvme1n1, a file; NULL: that leg is left out */
	int lock_fd;		/* of the campaign, for the child to close; 0: none */
	int client;		/* of a pair that was found, not typed; else P2P_NOBODY */
};

/*
 * Measures it; bounded in time.  *ret is of the arena of ctl's topo, and NULL
 * where it could not begin: then the complaint was printed.  The exit status is
 * the pair's.
 */
enum p2p_exit bench_pair_run(struct ctl *ctl, const struct bench_request *request, const struct bench_pair *pair,
			     struct bench_progress *progress, const struct p2p_bench_result **ret);

/* From here on Ctrl-C, SIGTERM and SIGHUP ask what runs to end; a second one ends the program. */
void bench_catch_signals(void);

/* Was it asked to end? */
bool bench_asked(void);

#endif
