/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Histogram: every bucket's ends, and percentiles against sorted samples. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/base/histogram.h"

static struct p2p_histogram h, other;

static uint64_t random_state = 1;

static uint64_t any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The sample of which at least `part` of `whole` are not greater, counted without doubles. */
static uint64_t exact(const uint64_t *sorted, size_t count, uint64_t part, uint64_t whole)
{
	size_t rank = (size_t)((part * count + whole - 1) / whole);

	return sorted[rank ? rank - 1 : 0];
}

static uint64_t percentile(double fraction)
{
	uint64_t value = 0xdead;

	return p2p_histogram_percentile(&h, fraction, &value) ? value : 0xdead;
}

static void check_empty(void)
{
	uint64_t value = 77;
	double mean = 77;

	p2p_histogram_clear(&h);
	CHECK(p2p_histogram_count(&h) == 0);
	CHECK(!p2p_histogram_percentile(&h, 0.5, &value) && value == 77);
	CHECK(!p2p_histogram_min(&h, &value) && value == 77);
	CHECK(!p2p_histogram_max(&h, &value) && value == 77);
	CHECK(!p2p_histogram_mean(&h, &mean) && mean == 77);

	/* Nothing added to nothing is nothing: no smallest sample of 0 comes of it. */
	p2p_histogram_merge(&h, &other);
	CHECK(!p2p_histogram_min(&h, &value) && value == 77);
	p2p_histogram_add(&other, 500);
	p2p_histogram_merge(&h, &other);
	CHECK(p2p_histogram_min(&h, &value) && value == 500);
	p2p_histogram_clear(&other);
	p2p_histogram_merge(&h, &other);
	CHECK(p2p_histogram_min(&h, &value) && value == 500);
}

static void check_one(void)
{
	static const double fractions[] = { 0, 0.001, 0.5, 0.999, 1 };
	uint64_t value;
	double mean;

	p2p_histogram_clear(&h);
	p2p_histogram_add(&h, 123457);
	for (size_t i = 0; i < sizeof(fractions) / sizeof(*fractions); i++)
		CHECK(percentile(fractions[i]) == 123457);
	CHECK(p2p_histogram_min(&h, &value) && value == 123457);
	CHECK(p2p_histogram_max(&h, &value) && value == 123457);
	CHECK(p2p_histogram_mean(&h, &mean) && mean == 123457);
	/* What is no fraction. */
	CHECK(percentile(-0.1) == 0xdead);
	CHECK(percentile(1.1) == 0xdead);
	CHECK(percentile(__builtin_nan("")) == 0xdead);
}

/* Times and their buckets ascend together, no bucket is left out, and none is wider than a 64th of what it holds. */
static void check_buckets(void)
{
	size_t last = 0;
	uint64_t starts_at = 0;
	bool in_order = true, narrow = true;

	for (uint64_t ns = 1; ns < UINT64_C(1) << P2P_HISTOGRAM_TOP;) {
		size_t bucket = p2p_histogram_bucket(ns);

		if (bucket != last) {
			in_order &= bucket == last + 1 && p2p_histogram_bucket(ns - 1) == last;
			narrow &= (ns - 1 - starts_at) * 64 <= starts_at;
			last = bucket;
			starts_at = ns;
		}
		/* Up to 128 one by one, then from start to start. */
		ns += ns < 128 ? 1 : UINT64_C(1) << (63 - __builtin_clzll(ns) - P2P_HISTOGRAM_FINE);
	}
	CHECK(in_order);
	CHECK(narrow);
	CHECK(last == P2P_HISTOGRAM_BUCKETS - 1);
	CHECK(p2p_histogram_bucket(0) == 0);
	CHECK(p2p_histogram_bucket(UINT64_MAX) == P2P_HISTOGRAM_BUCKETS - 1);
	/* An hour is far from the end. */
	CHECK(p2p_histogram_bucket(UINT64_C(3600) * 1000000000) < P2P_HISTOGRAM_BUCKETS - 1);
}

/* `spread`: samples have up to so many bits, each number of bits as often. */
static void check_random(size_t count, unsigned spread)
{
	static const struct { uint64_t part, whole; } asked[] = {
		{ 0, 1 }, { 1, 100 }, { 7, 100 }, { 1, 4 }, { 1, 2 }, { 3, 4 }, { 9, 10 }, { 99, 100 }, { 999, 1000 },
		{ 9999, 10000 }, { 1, 1 },
	};
	uint64_t *samples = calloc(count, sizeof(*samples)), value, sum = 0;
	double mean;

	if (!samples)
		abort();
	p2p_histogram_clear(&h);
	p2p_histogram_clear(&other);
	for (size_t i = 0; i < count; i++) {
		samples[i] = any() >> (64 - 1 - any() % spread);
		sum += samples[i];
		/* Half of them come by another histogram. */
		p2p_histogram_add(i % 2 ? &h : &other, samples[i]);
	}
	p2p_histogram_merge(&h, &other);
	qsort(samples, count, sizeof(*samples), compare);
	CHECK(p2p_histogram_count(&h) == count);
	CHECK(p2p_histogram_min(&h, &value) && value == samples[0]);
	CHECK(p2p_histogram_max(&h, &value) && value == samples[count - 1]);
	CHECK(p2p_histogram_mean(&h, &mean) && mean == (double)sum / (double)count);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		uint64_t want = exact(samples, count, asked[i].part, asked[i].whole);

		value = percentile((double)asked[i].part / (double)asked[i].whole);
		CHECK(value >= want);
		CHECK((double)value <= (double)want * (1 + 1.0 / 64));
		CHECK(want >= 128 || value == want);
	}
	free(samples);
}

/* Longer than any bucket: the greatest sample is still exact, and is the percentile. */
static void check_beyond(void)
{
	p2p_histogram_clear(&h);
	p2p_histogram_add(&h, 1001);
	p2p_histogram_add(&h, UINT64_C(1) << 60);
	p2p_histogram_add(&h, (UINT64_C(1) << 60) + 1);
	CHECK(percentile(0.3) == 1001);
	CHECK(percentile(1) == (UINT64_C(1) << 60) + 1);
	CHECK(percentile(0.6) == (UINT64_C(1) << 60) + 1);
}

int main(void)
{
	CHECK(sizeof(struct p2p_histogram) <= 32768);
	check_empty();
	check_one();
	check_buckets();
	for (unsigned spread = 1; spread <= 47; spread += 2) {
		check_random(1, spread);
		check_random(100, spread);
		check_random(1000, spread);
		check_random(12345, spread);
	}
	check_beyond();
	return check_done();
}
