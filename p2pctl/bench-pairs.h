/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pairs of this machine can be measured.  Floor 6. */
#ifndef P2PCTL_BENCH_PAIRS_H
#define P2PCTL_BENCH_PAIRS_H

#include "bench-pair.h"

struct bench_pairs {
	struct bench_course *list; /* of the arena of ctl's topo, in order of providers, then clients */
	size_t count;
	/* Left out, each counted once, by the first that keeps it out. */
	size_t providers;	/* functions with peer memory; 0: no pair can be */
	size_t no_disk;		/* clients that take peer memory and have no disk: nothing to read */
	size_t refused, unsure; /* pairs that the kernel refuses; of which that is not known */
	size_t denied;		/* by the policy */
};

/*
 * Every provider of peer memory, or the one of that index (P2P_NOBODY: all),
 * with every disk whose driver takes it, itself included, that the kernel allows
 * and the policy does not deny.  The first disk of each client is read.
 */
void bench_pairs_find(struct ctl *ctl, int provider, struct bench_pairs *ret);

/* What was left out, one sentence; "" when nothing was. */
void bench_pairs_left(const struct bench_pairs *pairs, struct p2p_buf *ret);

/* "03:00.0 <- /dev/nvme1n1 (04:00.0)". */
void bench_pair_name(const struct ctl *ctl, const struct bench_course *pair, struct p2p_buf *ret);

#endif
