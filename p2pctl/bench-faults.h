/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel logs of a pair while it is measured.  Floor 6. */
#ifndef P2PCTL_BENCH_FAULTS_H
#define P2PCTL_BENCH_FAULTS_H

#include "ctl.h"

struct bench_faults;

/* From now on.  Where the log cannot be read that is said, once a run of the program; then NULL. */
struct bench_faults *bench_faults_begin(const struct ctl *ctl);

/*
 * Until now: the lines about these functions (P2P_NOBODY: none) or a port above
 * one of them.  `ret` NULL: nobody asks.  Frees `faults`; NULL is
 * fine.
 */
void bench_faults_end(struct bench_faults *faults, const int *functions, size_t count, struct p2p_names *ret);

#endif
