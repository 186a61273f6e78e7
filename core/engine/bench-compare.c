/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two runs against each other, cell by cell: Mann and Whitney's test, Hodges and Lehmann's ratio, Holm's family. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "bench-stat.h"
#include "stat-internal.h"

/* ------------------------------------------------------------------ ranks */

/* A sample of both sets together. */
struct ranked {
	double value;
	bool from_b;
	size_t twice; /* twice its rank from 1: the mean of the ranks of all that are equal */
};

static int by_value(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;

	return (x > y) - (x < y);
}

/* All samples in order; *ret_ties is the sum of t^3 - t over groups of t equal ones.  The caller frees them. */
static struct ranked *rank_all(const double *a, size_t a_count, const double *b, size_t b_count, double *ret_ties)
{
	size_t count = a_count + b_count;
	struct ranked *all = p2p_malloc(count * sizeof(*all));

	for (size_t i = 0; i < count; i++) {
		all[i].value = i < a_count ? a[i] : b[i - a_count];
		all[i].from_b = i >= a_count;
	}
	qsort(all, count, sizeof(*all), by_value);
	*ret_ties = 0;
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && all[next].value == all[i].value;)
			next++;
		double t = (double)(next - i);

		*ret_ties += t * t * t - t;
		for (size_t k = i; k < next; k++)
			all[k].twice = i + 1 + next;
	}
	return all;
}

/*
 * The chance of every sum of `take` numbers out of `count`, when all ways to
 * take them are as likely: chances[s] for sums up to the sum of all, of which
 * there are *ret.  The caller frees it.
 */
static double *sums_of(const size_t *numbers, size_t count, size_t take, size_t *ret)
{
	size_t most = 0;

	for (size_t i = 0; i < count; i++)
		most += numbers[i];
	size_t width = most + 1;
	double *ways = p2p_malloc((take + 1) * width * sizeof(*ways));

	memset(ways, 0, (take + 1) * width * sizeof(*ways));
	ways[0] = 1;
	for (size_t i = 0, top = 0; i < count; i++) {
		top += numbers[i];
		for (size_t taken = i < take ? i + 1 : take; taken > 0; taken--)
			for (size_t sum = numbers[i]; sum <= top; sum++)
				ways[taken * width + sum] += ways[(taken - 1) * width + sum - numbers[i]];
	}
	memmove(ways, ways + take * width, width * sizeof(*ways));
	double all = 0;

	for (size_t sum = 0; sum < width; sum++)
		all += ways[sum];
	for (size_t sum = 0; sum < width; sum++)
		ways[sum] /= all;
	*ret = width;
	return ways;
}

/* Twice the smaller tail of the sum of b's ranks, as it would be if all ways to deal them out were as likely. */
static double exact_p(const struct ranked *all, size_t count, size_t b_count, size_t sum)
{
	size_t width, *numbers = p2p_malloc(count * sizeof(*numbers));
	double low = 0, high = 0;

	for (size_t i = 0; i < count; i++)
		numbers[i] = all[i].twice;
	double *chances = sums_of(numbers, count, b_count, &width);

	for (size_t s = 0; s < width; s++) {
		if (s <= sum)
			low += chances[s];
		if (s >= sum)
			high += chances[s];
	}
	free(chances);
	free(numbers);
	double p = 2 * (low < high ? low : high);

	return p < 1 ? p : 1;
}

/* With the correction for ties, and for sums going in steps. */
static double normal_p(double u, double a_count, double b_count, double ties)
{
	double count = a_count + b_count;
	double spread = sqrt(a_count * b_count / 12 * (count + 1 - ties / (count * (count - 1))));
	double off = fabs(u - a_count * b_count / 2) - 0.5;

	if (!(spread > 0) || off <= 0)
		return 1;
	return erfc(off / spread / sqrt(2));
}

double p2p_stat_mann_whitney(const double *a, size_t a_count, const double *b, size_t b_count, double *ret_u,
			     bool *ret_exact)
{
	double ties;
	struct ranked *all = rank_all(a, a_count, b, b_count, &ties);
	size_t sum = 0, count = a_count + b_count;

	for (size_t i = 0; i < count; i++)
		sum += all[i].from_b ? all[i].twice : 0;
	*ret_u = (double)sum / 2 - (double)b_count * (double)(b_count + 1) / 2;
	*ret_exact = count <= P2P_STAT_EXACT_BOTH;
	double p = *ret_exact ? exact_p(all, count, b_count, sum)
			      : normal_p(*ret_u, (double)a_count, (double)b_count, ties);

	free(all);
	return p;
}

/* -------------------------------------------------------------- the ratio */

/* How many differences b[j] - a[i] are not over `value`. */
static uint64_t differences_up_to(const struct p2p_two_sets *sets, double value)
{
	uint64_t count = 0;
	size_t end = 0; /* of b: what is before it is not over, with a[i]; it grows with i */

	for (size_t i = 0; i < sets->a_count; i++) {
		while (end < sets->b_count && sets->b[end] - sets->a[i] <= value)
			end++;
		count += end;
	}
	return count;
}

/* As bound_of() of one set: which of the sorted differences bounds the interval; 0: none. */
static size_t bound_of(size_t a_count, size_t b_count, double confidence, double *ret_confidence)
{
	size_t count = a_count + b_count, least = b_count * (b_count + 1) / 2, width, *numbers;
	double tail = (1 - confidence) / 2, below;

	if (count > P2P_STAT_EXACT_BOTH) {
		double pairs = (double)a_count * (double)b_count, spread = sqrt(pairs * (double)(count + 1) / 12);

		*ret_confidence = confidence;
		double cut = floor(pairs / 2 - 0.5 - p2p_stat_normal_quantile(tail) * spread);

		return cut < 0 ? 0 : (size_t)cut + 1;
	}
	numbers = p2p_malloc(count * sizeof(*numbers));
	for (size_t i = 0; i < count; i++)
		numbers[i] = i + 1;
	double *chances = sums_of(numbers, count, b_count, &width);
	/* No sum of ranks is less than that of the lowest. */
	size_t cut = p2p_stat_cut(chances + least, width - least, tail, &below);

	free(chances);
	free(numbers);
	*ret_confidence = 1 - 2 * below;
	return cut;
}

static struct p2p_interval ratio_of(const struct p2p_two_sets *sets)
{
	struct p2p_interval ret = { 0 };
	uint64_t pairs = (uint64_t)sets->a_count * sets->b_count;
	size_t bound = bound_of(sets->a_count, sets->b_count, 0.95, &ret.confidence);
	double low = sets->b[0] - sets->a[sets->a_count - 1], high = sets->b[sets->b_count - 1] - sets->a[0];

	if (!bound)
		return (struct p2p_interval){ 0 };
	ret.known = true;
	ret.estimate = exp2(p2p_stat_middle_of(differences_up_to, sets, low, high, pairs));
	ret.low = exp2(p2p_stat_kth(differences_up_to, sets, low, high, bound));
	ret.high = exp2(p2p_stat_kth(differences_up_to, sets, low, high, pairs + 1 - bound));
	return ret;
}

/* ------------------------------------------------------------ the family */

/* The least p that any outcome of so many samples has, all different: 2 / (a + b over a). */
static double least_p(size_t a_count, size_t b_count)
{
	double ways = 1;

	for (size_t i = 1; i <= a_count; i++)
		ways *= (double)(b_count + i) / (double)i;
	return ways < 2 ? 1 : 2 / ways;
}

static size_t needed_each(double alpha)
{
	size_t n = 1;

	while (n < 1000 && least_p(n, n) > alpha)
		n++;
	return n;
}

static void look_at(struct p2p_stat_cell *cell)
{
	struct p2p_two_sets sets = { .a_count = cell->a_count, .b_count = cell->b_count };
	double *a = p2p_stat_logs(cell->a, NULL, cell->a_count), *b = p2p_stat_logs(cell->b, NULL, cell->b_count);

	cell->answer = P2P_STAT_TOO_FEW;
	cell->sound = a && b && cell->a_count && cell->b_count;
	cell->exact = false;
	cell->u = 0;
	cell->p = cell->adjusted = 1;
	cell->ratio = (struct p2p_interval){ 0 };
	cell->needed = 0;
	if (cell->sound) {
		cell->p = p2p_stat_mann_whitney(cell->a, cell->a_count, cell->b, cell->b_count, &cell->u, &cell->exact);
		sets.a = a;
		sets.b = b;
		cell->ratio = ratio_of(&sets);
	}
	free(a);
	free(b);
}

static int by_p(const void *a, const void *b)
{
	double x = (*(struct p2p_stat_cell *const *)a)->p, y = (*(struct p2p_stat_cell *const *)b)->p;

	return (x > y) - (x < y);
}

static void decide(struct p2p_stat_cell *cell, double alpha, double least, size_t family)
{
	double pairs = (double)cell->a_count * (double)cell->b_count;

	if (cell->adjusted > alpha) {
		/* What no outcome could have shown has not been looked for. */
		bool could = least_p(cell->a_count, cell->b_count) * (double)family <= alpha;

		cell->answer = could ? P2P_STAT_SAME : P2P_STAT_TOO_FEW;
		cell->needed = could ? 0 : needed_each(alpha / (double)family);
		return;
	}
	bool more = cell->u > pairs / 2;
	bool small = cell->ratio.known && cell->ratio.estimate <= 1 + least && cell->ratio.estimate * (1 + least) >= 1;

	if (small && least > 0)
		cell->answer = P2P_STAT_SAME;
	else
		cell->answer = more == cell->less_is_better ? P2P_STAT_WORSE : P2P_STAT_BETTER;
}

void p2p_stat_compare(struct p2p_stat_cell *cells, size_t count, double alpha, double least)
{
	struct p2p_stat_cell **family = p2p_malloc((count + 1) * sizeof(*family));
	size_t size = 0;
	double worst = 0;

	for (size_t i = 0; i < count; i++) {
		look_at(&cells[i]);
		if (cells[i].sound)
			family[size++] = &cells[i];
		else
			cells[i].needed = 0;
	}
	qsort(family, size, sizeof(*family), by_p);
	for (size_t i = 0; i < size; i++) {
		double adjusted = family[i]->p * (double)(size - i);

		worst = adjusted > worst ? adjusted : worst;
		family[i]->adjusted = worst < 1 ? worst : 1;
	}
	for (size_t i = 0; i < size; i++)
		decide(family[i], alpha, least, size);
	free(family);
}
