/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "histogram.h"

#include <string.h>

void p2p_histogram_clear(struct p2p_histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}

void p2p_histogram_merge(struct p2p_histogram *into, const struct p2p_histogram *from)
{
	if (from->count == 0)
		return;
	if (into->count == 0 || from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->count += from->count;
	into->sum += from->sum;
	for (size_t i = 0; i < P2P_HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

uint64_t p2p_histogram_count(const struct p2p_histogram *histogram)
{
	return histogram->count;
}

/* The greatest time of a bucket. */
static uint64_t bucket_end(size_t bucket)
{
	if (bucket == P2P_HISTOGRAM_BUCKETS - 1)
		return UINT64_MAX;
	size_t octave = bucket >> P2P_HISTOGRAM_FINE;
	unsigned shift = octave ? (unsigned)octave - 1 : 0;

	/* The inverse of p2p_histogram_bucket: ns >> shift is bucket - (shift << FINE). */
	return ((uint64_t)(bucket - ((size_t)shift << P2P_HISTOGRAM_FINE) + 1) << shift) - 1;
}

/* Which sample it is, counted from 1 in order of size. */
static uint64_t rank_of(double fraction, uint64_t count)
{
	/* 0.07 * 100 is a little over 7 in a double, and is meant as 7. */
	double rank = fraction * (double)count * (1 - 0x1p-50);

	if (rank >= (double)count)
		return count;
	uint64_t whole = (uint64_t)rank;

	if ((double)whole < rank)
		whole++;
	return whole > count ? count : whole;
}

bool p2p_histogram_percentile(const struct p2p_histogram *histogram, double fraction, uint64_t *ret)
{
	uint64_t count = histogram->count;

	if (count == 0 || !(fraction >= 0 && fraction <= 1))
		return false;
	uint64_t rank = rank_of(fraction, count), below = 0, value = histogram->max;

	if (rank <= 1) {
		*ret = histogram->min;
		return true;
	}
	for (size_t i = 0; rank < count && i < P2P_HISTOGRAM_BUCKETS; i++) {
		below += histogram->buckets[i];
		if (below < rank)
			continue;
		value = bucket_end(i);
		break;
	}
	*ret = value < histogram->max ? value : histogram->max;
	return true;
}

bool p2p_histogram_min(const struct p2p_histogram *histogram, uint64_t *ret)
{
	if (histogram->count == 0)
		return false;
	*ret = histogram->min;
	return true;
}

bool p2p_histogram_max(const struct p2p_histogram *histogram, uint64_t *ret)
{
	if (histogram->count == 0)
		return false;
	*ret = histogram->max;
	return true;
}

bool p2p_histogram_mean(const struct p2p_histogram *histogram, double *ret)
{
	if (histogram->count == 0)
		return false;
	*ret = (double)histogram->sum / (double)histogram->count;
	return true;
}
