/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Estimates and intervals; bench-compare.c has the comparison of two runs. */
#include "bench-stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "stat-internal.h"

const char *p2p_stat_answer_name(enum p2p_stat_answer answer)
{
	static const char *const names[] = { "too-few", "noisy", "same", "worse", "better" };

	return names[answer];
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double *p2p_stat_logs(const double *samples, const double *over, size_t count)
{
	double *logs = p2p_malloc((count + 1) * sizeof(*logs));

	for (size_t i = 0; i < count; i++) {
		double ratio = over ? samples[i] / over[i] : samples[i];

		if (!(samples[i] > 0) || (over && !(over[i] > 0)) || !(ratio > 0) || !isfinite(ratio)) {
			free(logs);
			return NULL;
		}
		logs[i] = log2(ratio);
	}
	qsort(logs, count, sizeof(*logs), compare);
	return logs;
}

bool p2p_stat_median(const double *samples, size_t count, double *ret)
{
	double *sorted = p2p_malloc((count + 1) * sizeof(*sorted));
	bool numbers = count > 0;

	for (size_t i = 0; i < count; i++) {
		sorted[i] = samples[i];
		numbers = numbers && isfinite(samples[i]);
	}
	if (numbers) {
		qsort(sorted, count, sizeof(*sorted), compare);
		*ret = sorted[(count - 1) / 2] / 2 + sorted[count / 2] / 2;
	}
	free(sorted);
	return numbers;
}

/* ------------------------------------- the k-th of many values, unwritten */

/* Doubles as numbers of the same order; -0 is below 0, and stands for the same. */
static uint64_t ordinal(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double from_ordinal(uint64_t number)
{
	uint64_t bits = number >> 63 ? number & ~(UINT64_C(1) << 63) : ~number;
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

double p2p_stat_kth(p2p_stat_rank *rank, const struct p2p_two_sets *sets, double low, double high, uint64_t k)
{
	uint64_t from = ordinal(low), to = ordinal(high);

	/* The least value that k are not over: it is one of them. */
	while (from < to) {
		uint64_t middle = from + (to - from) / 2;

		if (rank(sets, from_ordinal(middle)) >= k)
			to = middle;
		else
			from = middle + 1;
	}
	return from_ordinal(from);
}

double p2p_stat_middle_of(p2p_stat_rank *rank, const struct p2p_two_sets *sets, double low, double high,
			  uint64_t count)
{
	double a = p2p_stat_kth(rank, sets, low, high, (count + 1) / 2);

	return count % 2 ? a : (a + p2p_stat_kth(rank, sets, low, high, count / 2 + 1)) / 2;
}

/* How many means of two samples (each with itself, too) are not over `value`. */
static uint64_t means_up_to(const struct p2p_two_sets *sets, double value)
{
	const double *x = sets->a;
	uint64_t count = 0;
	size_t end = sets->a_count; /* x[i] and what is before `end` is not over; it falls as i grows */

	for (size_t i = 0; i < sets->a_count; i++) {
		while (end > i && (x[i] + x[end - 1]) / 2 > value)
			end--;
		if (end <= i)
			break;
		count += end - i;
	}
	return count;
}

/* ---------------------------------------------------------- signed ranks */

/* z with a chance of `tail` to be over it. */
double p2p_stat_normal_quantile(double tail)
{
	double low = 0, high = 40;

	for (int i = 0; i < 100; i++) {
		double middle = (low + high) / 2;

		if (erfc(middle / sqrt(2)) / 2 > tail)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/*
 * How many of the 2^n ways to sign the ranks 1..n have a sum of `k` positive
 * ones, divided by 2^n: n (n + 1) / 2 + 1 of them.  The caller frees it.
 */
static double *signed_ranks(size_t n)
{
	size_t most = n * (n + 1) / 2;
	double *ways = p2p_malloc((most + 1) * sizeof(*ways));

	memset(ways, 0, (most + 1) * sizeof(*ways));
	ways[0] = 1;
	for (size_t rank = 1, top = 0; rank <= n; rank++) {
		top += rank;
		for (size_t sum = top; sum >= rank; sum--)
			ways[sum] = (ways[sum] + ways[sum - rank]) / 2;
		for (size_t sum = 0; sum < rank; sum++)
			ways[sum] /= 2;
	}
	return ways;
}

size_t p2p_stat_cut(const double *chances, size_t count, double tail, double *ret)
{
	double sum = 0;
	size_t cut = 0;

	while (cut < count && sum + chances[cut] <= tail * (1 + 1e-12))
		sum += chances[cut++];
	*ret = sum;
	return cut;
}

/*
 * Which of the sorted means bounds the interval from below, counted from 1; the
 * same from the other end bounds it from above.  0: no interval.
 */
static size_t bound_of(size_t n, double confidence, double *ret_confidence)
{
	double tail = (1 - confidence) / 2, below;

	if (n > P2P_STAT_EXACT_PAIRS) {
		double middle = (double)n * (double)(n + 1) / 4;
		double spread = sqrt((double)n * (double)(n + 1) * (double)(2 * n + 1) / 24);

		*ret_confidence = confidence;
		double cut = floor(middle - 0.5 - p2p_stat_normal_quantile(tail) * spread);

		return cut < 0 ? 0 : (size_t)cut + 1;
	}
	double *chances = signed_ranks(n);
	size_t cut = p2p_stat_cut(chances, n * (n + 1) / 2 + 1, tail, &below);

	free(chances);
	*ret_confidence = 1 - 2 * below;
	return cut;
}

size_t p2p_stat_needed(double confidence)
{
	size_t n = 1;

	for (double tail = 0.5; tail > (1 - confidence) / 2 * (1 + 1e-12) && n < P2P_STAT_EXACT_PAIRS; tail /= 2)
		n++;
	return n;
}

static struct p2p_interval middle_of_logs(const double *logs, size_t count, double confidence)
{
	struct p2p_two_sets sets = { .a = logs, .a_count = count };
	struct p2p_interval ret = { 0 };
	uint64_t means = (uint64_t)count * (count + 1) / 2;
	size_t bound = count ? bound_of(count, confidence, &ret.confidence) : 0;

	if (!bound)
		return (struct p2p_interval){ 0 };
	double low = logs[0], high = logs[count - 1];

	ret.known = true;
	ret.estimate = exp2(p2p_stat_middle_of(means_up_to, &sets, low, high, means));
	ret.low = exp2(p2p_stat_kth(means_up_to, &sets, low, high, bound));
	ret.high = exp2(p2p_stat_kth(means_up_to, &sets, low, high, means + 1 - bound));
	return ret;
}

struct p2p_interval p2p_stat_paired(const double *a, const double *b, size_t count, double confidence)
{
	double *logs = p2p_stat_logs(a, b, count);
	struct p2p_interval ret = { 0 };

	if (logs)
		ret = middle_of_logs(logs, count, confidence);
	free(logs);
	return ret;
}

struct p2p_interval p2p_stat_middle(const double *samples, size_t count, double confidence)
{
	return p2p_stat_paired(samples, NULL, count, confidence);
}

enum p2p_stat_answer p2p_stat_steady(const double *samples, size_t count, double tolerance)
{
	struct p2p_interval middle = p2p_stat_middle(samples, count, 0.95);

	if (!middle.known)
		return P2P_STAT_TOO_FEW;
	double most = 1 + tolerance;
	bool within = middle.high <= middle.estimate * most && middle.low * most >= middle.estimate;

	return within ? P2P_STAT_SAME : P2P_STAT_NOISY;
}

enum p2p_stat_answer p2p_stat_faster(const double *a, const double *b, size_t count, double tolerance,
				     struct p2p_interval *ret)
{
	*ret = p2p_stat_paired(a, b, count, 0.95);
	if (!ret->known)
		return P2P_STAT_TOO_FEW;
	if (ret->low > 1)
		return P2P_STAT_BETTER;
	if (ret->high < 1)
		return P2P_STAT_WORSE;
	return ret->high <= 1 + tolerance && ret->low * (1 + tolerance) >= 1 ? P2P_STAT_SAME : P2P_STAT_NOISY;
}
