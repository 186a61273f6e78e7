/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pair measured: ends opened, child run, result made.  Floor 6. */
#ifndef P2PCTL_BENCH_PAIR_H
#define P2PCTL_BENCH_PAIR_H

#include "bench-progress.h"
#include "bench-result.h"

struct bench_course {
	int provider;		/* P2P_NOBODY: none */
	const char *src, *dst;	/* what is typed for it: nvme1, /dev/nvme1n1, a file; NULL: that leg is left out */
	int lock_fd;		/* of the campaign, for the child to close; 0: none */
	int client;		/* of a pair that was found, not typed; else P2P_NOBODY */
};

/* What measuring a pair left. */
struct bench_outcome {
	const struct p2p_bench_result *result; /* of the arena of ctl's topo; NULL: it could not begin, as was said */
	struct p2p_names damage;	       /* what arrived wrong, a sentence each */
};

/*
 * Measures it; bounded in time.  The exit status is the pair's.  What is in
 * `ret` is freed with bench_outcome_free.  Called between ctl_begin_changing and
 * ctl_end_changing.
 */
enum p2p_exit bench_pair_run(struct ctl *ctl, const struct bench_request *request, const struct bench_course *pair,
			     struct bench_progress *progress, struct bench_outcome *ret);
void bench_outcome_free(struct bench_outcome *outcome);

/* Was it asked to end? */
bool bench_asked(void);

#endif
