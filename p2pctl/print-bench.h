/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What p2pctl bench measured, for people.  Floor 6. */
#ifndef P2PCTL_PRINT_BENCH_H
#define P2PCTL_PRINT_BENCH_H

#include "bench-request.h"
#include "core/model/bench.h"
#include "ctl.h"

/* All of a result: the headline, its cells, what arrived wrong, and what the kernel's log says. */
void bench_print(const struct ctl *ctl, const struct p2p_bench_result *result, const struct p2p_names *damage);

/*
 * One line without control characters: "/dev/nvme1n1 -> 03:00.0: intact, 1.84 x
 * the bounce (1.79-1.90) at bs=64k iodepth=8, 71 % of the narrowest link ...".
 */
void bench_headline(const struct ctl *ctl, const struct p2p_bench_result *result, struct p2p_buf *ret);

/* What a guest's figures are worth; nothing where it is none. */
void bench_print_guest(const struct ctl *ctl);

#endif
