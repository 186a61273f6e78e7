/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench-stat.c and bench-compare.c share.  Floor 2 (engine). */
#ifndef P2P_ENGINE_STAT_INTERNAL_H
#define P2P_ENGINE_STAT_INTERNAL_H

#include <stdint.h>

#include "bench-stat.h"

/* Sorted logarithms; `b` may be NULL. */
struct p2p_two_sets {
	const double *a, *b;
	size_t a_count, b_count;
};

/*
 * The binary logarithms of samples, or of their ratios to `over`, sorted; the
 * caller frees them.  NULL: one is no number over 0.
 */
double *p2p_stat_logs(const double *samples, const double *over, size_t count);

/* How many of the values that are made of the sets are not over `value`. */
typedef uint64_t p2p_stat_rank(const struct p2p_two_sets *sets, double value);

/* The k-th (from 1) of the values that `rank` counts, all between `low` and `high`; they are never written down. */
double p2p_stat_kth(p2p_stat_rank *rank, const struct p2p_two_sets *sets, double low, double high, uint64_t k);

/* The median of `count` of them. */
double p2p_stat_middle_of(p2p_stat_rank *rank, const struct p2p_two_sets *sets, double low, double high,
			  uint64_t count);

/* How many of the first chances sum up to no more than `tail`; *ret is their sum. */
size_t p2p_stat_cut(const double *chances, size_t count, double tail, double *ret);

double p2p_stat_normal_quantile(double tail);

#endif
