/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run of p2pctl bench measured, for people and as JSON.  Floor 6. */
#ifndef P2PCTL_PRINT_BENCH_H
#define P2PCTL_PRINT_BENCH_H

#include "bench-run.h"
#include "core/view/json.h"
#include "ctl.h"

/* Words for both; "-" where a leg is left out. */
struct bench_names {
	const char *provider, *src, *dst; /* NULL: none */
};

void bench_print(const struct ctl *ctl, const struct bench_run *run, const struct bench_names *names);
void bench_json(struct p2p_json *json, const struct bench_run *run, const struct bench_names *names);

#endif
