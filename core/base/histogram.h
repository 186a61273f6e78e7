/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Histogram: how long many things took, in nanoseconds.  Floor 0 (base).
 *
 * Fixed size and without pointers: it may lie in memory that two processes
 * share.  All zero is an empty one.  One thread adds; whoever reads meanwhile
 * sees figures that may be one sample apart, and nothing worse.
 *
 * Values below 128 ns have a bucket each; above, each power of two is cut into
 * 64 (log-linear).  A percentile is never less than the true one, and more
 * by less than 1/64 of it.  Smallest, greatest, count and sum are exact.
 */
#ifndef P2P_BASE_HISTOGRAM_H
#define P2P_BASE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define P2P_HISTOGRAM_FINE 6	 /* 2^6 buckets a power of two */
#define P2P_HISTOGRAM_TOP 48	 /* from 2^48 ns (78 hours) on everything is in the last bucket */
#define P2P_HISTOGRAM_BUCKETS ((P2P_HISTOGRAM_TOP - P2P_HISTOGRAM_FINE + 1) << P2P_HISTOGRAM_FINE)

struct p2p_histogram {
	uint64_t count;
	uint64_t min, max; /* ns; meaningless when count is 0 */
	uint64_t sum;	   /* ns; 584 years fit */
	uint64_t buckets[P2P_HISTOGRAM_BUCKETS];
};

_Static_assert(sizeof(struct p2p_histogram) <= 32768, "fits the first-level cache");

/* The bucket of a time. */
static inline size_t p2p_histogram_bucket(uint64_t ns)
{
	if (ns >> P2P_HISTOGRAM_TOP)
		return P2P_HISTOGRAM_BUCKETS - 1;
	/* The highest bit that is set, but not below FINE: there each value has its own bucket. */
	unsigned shift = 63 - (unsigned)__builtin_clzll(ns | 1 << P2P_HISTOGRAM_FINE) - P2P_HISTOGRAM_FINE;

	return ((size_t)shift << P2P_HISTOGRAM_FINE) + (size_t)(ns >> shift);
}

/* One more sample; a few instructions, no loop. */
static inline void p2p_histogram_add(struct p2p_histogram *histogram, uint64_t ns)
{
	if (histogram->count == 0 || ns < histogram->min)
		histogram->min = ns;
	if (ns > histogram->max)
		histogram->max = ns;
	histogram->count++;
	histogram->sum += ns;
	histogram->buckets[p2p_histogram_bucket(ns)]++;
}

/* Empties it. */
void p2p_histogram_clear(struct p2p_histogram *histogram);

/* Adds all samples of `from`. */
void p2p_histogram_merge(struct p2p_histogram *into, const struct p2p_histogram *from);

/* How many samples it holds. */
uint64_t p2p_histogram_count(const struct p2p_histogram *histogram);

/*
 * The least time that at least `fraction` (0 to 1) of the samples did not
 * exceed, rounded up to the end of its bucket but not over the greatest sample;
 * 0 is the smallest sample, 1 the greatest.  False, and *ret untouched: no
 * sample, or `fraction` is none.
 */
bool p2p_histogram_percentile(const struct p2p_histogram *histogram, double fraction, uint64_t *ret);

/* False, and *ret untouched: no sample. */
bool p2p_histogram_min(const struct p2p_histogram *histogram, uint64_t *ret);
bool p2p_histogram_max(const struct p2p_histogram *histogram, uint64_t *ret);
bool p2p_histogram_mean(const struct p2p_histogram *histogram, double *ret);

#endif
