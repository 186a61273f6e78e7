/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run proved, as it is kept and shown.  Floor 6. */
#ifndef P2PCTL_BENCH_RESULT_H
#define P2PCTL_BENCH_RESULT_H

#include "bench-request.h"
#include "bench-run.h"
#include "core/model/bench.h"
#include "ctl.h"

/* What was run, and what is known beside it. */
struct bench_found {
	const struct topo *topo;
	const struct bench_request *request;
	const struct bench_run *run; /* ended */
	int provider;		     /* P2P_NOBODY: none */
	bool interrupted;	     /* a person asked it to end */
	bool overtime;		     /* it took much longer than it should, and was asked to end */
	struct p2p_names stacks;     /* of a child that hangs: where its threads are in the kernel */
	struct p2p_names faults;     /* what the kernel's log says of the pair */
};

/* From the arena of the topo.  Borrows nothing of `found`. */
struct p2p_bench_result *bench_result_new(const struct bench_found *found);

/* The exit status that says the same: 8, 7, 1, 4 or 0. */
enum p2p_exit bench_result_exit(const struct p2p_bench_result *result);

/* The graver of two, for many pairs: 7 before 8, then 6, 5, 3, 2, 1, 4. */
enum p2p_exit bench_exit_worse(enum p2p_exit a, enum p2p_exit b);

/* bytes/s of a way. */
double bench_way_rate(const struct p2p_bench_way *way);

#endif
