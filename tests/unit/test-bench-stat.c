/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics of benchmarks, against R's published examples, against all
 * outcomes counted one by one, and against themselves: how often an interval
 * holds the truth, how often a comparison cries wolf.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "core/engine/bench-stat.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool near(double a, double b)
{
	bool so = fabs(a - b) <= 1e-9 * (1 + fabs(b));

	if (!so)
		fprintf(stderr, "  %.12g, not %.12g\n", a, b);
	return so;
}

static uint64_t random_state = 88172645463325252u;

static double uniform(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (double)(random_state >> 11) * 0x1p-53;
}

/* Cauchy: half of it within +-scale, and tails without a variance. */
static double wild(double scale)
{
	return scale * tan(3.14159265358979 * (uniform() - 0.5));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ----------------------------------------------------------- one and pairs */

static void check_median(void)
{
	double ret = 7, odd[] = { 5, 1, 3 }, even[] = { 4, 1, 3, 2 }, none[] = { 1, NAN }, far[] = { 1, INFINITY };

	CHECK(!p2p_stat_median(odd, 0, &ret) && ret == 7);
	CHECK(!p2p_stat_median(none, 2, &ret) && ret == 7);
	CHECK(!p2p_stat_median(far, 2, &ret) && ret == 7);
	CHECK(p2p_stat_median(odd, 1, &ret) && ret == 5);
	CHECK(p2p_stat_median(odd, 3, &ret) && ret == 3);
	CHECK(p2p_stat_median(even, 4, &ret) && ret == 2.5);
}

/* R: wilcox.test(x, y, paired = TRUE, conf.int = TRUE), depression scale of Hollander and Wolfe (1973). */
static void check_paired_known(void)
{
	static const double x[] = { 1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
	static const double y[] = { 0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };
	double a[9], b[9];

	for (size_t i = 0; i < 9; i++) {
		a[i] = exp(x[i]);
		b[i] = exp(y[i]);
	}
	struct p2p_interval got = p2p_stat_paired(a, b, 9, 0.95);

	CHECK(got.known);
	CHECK(near(log(got.estimate), 0.46) && near(log(got.low), 0.010) && near(log(got.high), 0.786));
	CHECK(near(got.confidence, 1 - 2 * 10.0 / 512));
	struct p2p_interval same = { 0 };

	CHECK(p2p_stat_faster(a, b, 9, 0.05, &same) == P2P_STAT_BETTER && near(same.low, got.low));
	CHECK(p2p_stat_faster(b, a, 9, 0.05, &same) == P2P_STAT_WORSE && near(same.high, 1 / got.low));
	a[4] = 0;
	CHECK(p2p_stat_faster(a, b, 9, 0.05, &same) == P2P_STAT_TOO_FEW && !same.known);
	CHECK(!p2p_stat_paired(b, a, 9, 0.95).known);
}

/* Against all means written down and sorted, and all signs counted. */
static void check_paired_brute(size_t n, bool ties)
{
	double samples[12], means[78];
	size_t count = 0, cut = 0, below = 0, ways[80] = { 0 };

	for (size_t i = 0; i < n; i++)
		samples[i] = exp2(ties ? floor(4 * uniform()) : wild(1));
	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			means[count++] = (log2(samples[i]) + log2(samples[j])) / 2;
	qsort(means, count, sizeof(*means), compare);
	for (size_t signs = 0; signs < (size_t)1 << n; signs++) {
		size_t sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += signs >> i & 1 ? i + 1 : 0;
		ways[sum]++;
	}
	while (40 * (below + ways[cut]) <= (size_t)1 << n)
		below += ways[cut++];
	struct p2p_interval got = p2p_stat_middle(samples, n, 0.95);

	CHECK(got.known == (cut > 0) && got.known == (n >= p2p_stat_needed(0.95)));
	if (!cut)
		return;
	CHECK(near(got.estimate, exp2((means[(count - 1) / 2] + means[count / 2]) / 2)));
	CHECK(near(got.low, exp2(means[cut - 1])) && near(got.high, exp2(means[count - cut])));
	CHECK(near(got.confidence, 1 - 2 * (double)below / (double)((size_t)1 << n)));
}

/* How often the interval holds the truth, with errors that have no variance; large sets by approximation. */
static void check_coverage(size_t n, unsigned trials)
{
	double *samples = malloc(n * sizeof(*samples));
	unsigned inside = 0;
	double confidence = 0;

	if (!samples)
		abort();
	for (unsigned t = 0; t < trials; t++) {
		for (size_t i = 0; i < n; i++)
			samples[i] = 1000 * exp2(fmax(-300, fmin(300, wild(0.05))));
		struct p2p_interval got = p2p_stat_middle(samples, n, 0.95);

		inside += got.known && got.low <= 1000 && got.high >= 1000;
		confidence = got.confidence;
	}
	double share = inside / (double)trials, error = sqrt(confidence * (1 - confidence) / trials);

	CHECK(confidence >= 0.95);
	CHECK(fabs(share - confidence) < 4 * error);
	free(samples);
}

static void check_steady(void)
{
	double few[] = { 100, 100, 100, 100, 100 }, calm[] = { 100, 101, 99, 100, 102, 98, 100, 5000 };
	double loud[] = { 100, 150, 70, 100, 130, 60, 90, 200 }, up[] = { 100, 103, 106, 109, 112, 115, 118, 121 };
	struct p2p_interval ret;

	CHECK(p2p_stat_steady(few, 5, 0.05) == P2P_STAT_TOO_FEW);
	CHECK(p2p_stat_needed(0.95) == 6 && p2p_stat_needed(0.99) == 8);
	CHECK(p2p_stat_steady(loud, 8, 0.05) == P2P_STAT_NOISY);
	CHECK(p2p_stat_steady(loud, 8, 2) == P2P_STAT_SAME);
	CHECK(p2p_stat_steady(up, 8, 0.05) == P2P_STAT_NOISY);
	/* One outlier among seven pulls some means, and does not reach the middle. */
	CHECK(p2p_stat_middle(calm, 8, 0.95).estimate < 103);
	CHECK(p2p_stat_steady(calm, 7, 0.05) == P2P_STAT_SAME);
	/* Nothing seen: the same, or too wide to say. */
	CHECK(p2p_stat_faster(calm, calm, 7, 0.05, &ret) == P2P_STAT_SAME && ret.low == 1 && ret.high == 1);
	double other[] = { 90, 160, 80, 95, 120, 75, 95, 180 };

	CHECK(p2p_stat_faster(loud, other, 8, 0.05, &ret) == P2P_STAT_NOISY && ret.low < 1 && ret.high > 1);
}

/* ------------------------------------------------------------- two sets */

/* R: wilcox.test(x, y, conf.int = TRUE): permeability constants of Hollander and Wolfe; W = 35. */
static void check_two_known(void)
{
	static const double x[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
	static const double y[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	double a[10], b[5], u;
	bool exact;

	CHECK(near(p2p_stat_mann_whitney(y, 5, x, 10, &u, &exact), 764.0 / 3003) && u == 35 && exact);
	CHECK(near(p2p_stat_mann_whitney(x, 10, y, 5, &u, &exact), 764.0 / 3003) && u == 15);
	for (size_t i = 0; i < 10; i++)
		a[i] = exp(x[i]);
	for (size_t i = 0; i < 5; i++)
		b[i] = exp(y[i]);
	struct p2p_stat_cell cell = { .a = b, .a_count = 5, .b = a, .b_count = 10 };

	p2p_stat_compare(&cell, 1, 0.05, 0);
	CHECK(cell.answer == P2P_STAT_SAME && near(cell.p, 764.0 / 3003) && near(cell.adjusted, cell.p));
	CHECK(near(log(cell.ratio.estimate), 0.305));
	CHECK(near(log(cell.ratio.low), -0.15) && near(log(cell.ratio.high), 0.76));
}

/* R: wilcox.test(Ozone ~ Month, airquality, subset = Month %in% c(5, 8)): W = 127.5, p-value = 0.0001208, with ties. */
static void check_two_large(void)
{
	static const double may[] = { 41, 36, 12, 18, 28, 23, 19, 8,  7,  16, 11, 14, 18,
				      14, 34, 6,  30, 11, 1,  11, 4,  32, 23, 45, 115, 37 };
	static const double august[] = { 39, 9,  16, 78, 35, 66, 122, 89, 110, 44, 28,	65, 22,
					 59, 23, 31, 44, 21, 9,	 45,  168, 73, 76, 118, 84, 85 };
	double u;
	bool exact;
	double p = p2p_stat_mann_whitney(august, COUNT(august), may, COUNT(may), &u, &exact);

	CHECK(u == 127.5 && !exact);
	CHECK(fabs(p - 0.0001208) < 0.5e-7);
}

/* All ways to deal the samples out, ties and all. */
static void check_two_brute(size_t na, size_t nb, unsigned values)
{
	double all[12], u, want_u = 0;
	size_t low = 0, high = 0, total = 0;
	bool exact;

	for (size_t i = 0; i < na + nb; i++)
		all[i] = 1 + floor(values * uniform());
	for (size_t i = 0; i < na; i++)
		for (size_t j = na; j < na + nb; j++)
			want_u += (all[j] > all[i]) + (all[j] == all[i]) / 2.0;
	for (unsigned set = 0; set < 1u << (na + nb); set++) {
		double other = 0;

		if ((size_t)__builtin_popcount(set) != nb)
			continue;
		for (size_t i = 0; i < na + nb; i++)
			for (size_t j = 0; j < na + nb; j++)
				if (!(set >> i & 1) && set >> j & 1)
					other += (all[j] > all[i]) + (all[j] == all[i]) / 2.0;
		total++;
		low += other <= want_u;
		high += other >= want_u;
	}
	double want = 2 * (double)(low < high ? low : high) / (double)total;

	CHECK(near(p2p_stat_mann_whitney(all, na, all + na, nb, &u, &exact), want < 1 ? want : 1));
	CHECK(exact && u == want_u);
}

/* The ratio's interval against all ratios sorted, and what it should cover. */
static void check_ratio(size_t na, size_t nb, unsigned trials)
{
	double a[80], b[80], ratios[6400];
	unsigned inside = 0;
	double confidence = 0;

	for (unsigned t = 0; t < trials; t++) {
		size_t count = 0;

		for (size_t i = 0; i < na; i++)
			a[i] = 50 * exp2(fmax(-300, fmin(300, wild(0.1))));
		for (size_t i = 0; i < nb; i++)
			b[i] = 60 * exp2(fmax(-300, fmin(300, wild(0.1))));
		struct p2p_stat_cell cell = { .a = a, .b = b, .a_count = na, .b_count = nb };

		p2p_stat_compare(&cell, 1, 0.05, 0);
		for (size_t i = 0; i < na; i++)
			for (size_t j = 0; j < nb; j++)
				ratios[count++] = log2(b[j]) - log2(a[i]);
		qsort(ratios, count, sizeof(*ratios), compare);
		if (t < 20)
			CHECK(near(cell.ratio.estimate, exp2((ratios[(count - 1) / 2] + ratios[count / 2]) / 2)));
		inside += cell.ratio.known && cell.ratio.low <= 1.2 && cell.ratio.high >= 1.2;
		confidence = cell.ratio.confidence;
	}
	double share = inside / (double)trials, error = sqrt(confidence * (1 - confidence) / trials);

	CHECK(confidence >= 0.95);
	CHECK(fabs(share - confidence) < 4 * error);
}

/*
 * Which value bounds an interval, by counting the values up to it; and which
 * one should, by adding up the chances.  Exact up to the limit, near it above.
 */
static void check_bounds_one(size_t n)
{
	size_t most = n * (n + 1) / 2, want = 0, got = 0;
	double *ways = calloc(most + 1, sizeof(*ways)), *samples = calloc(n, sizeof(*samples)), sum = 0;

	if (!ways || !samples)
		abort();
	ways[0] = 1;
	for (size_t rank = 1; rank <= n; rank++)
		for (size_t s = most + 1; s-- > 0;)
			ways[s] = (ways[s] + (s >= rank ? ways[s - rank] : 0)) / 2;
	while (sum + ways[want] <= 0.025)
		sum += ways[want++];
	for (size_t i = 0; i < n; i++)
		samples[i] = exp2(wild(1) / 100);
	struct p2p_interval interval = p2p_stat_middle(samples, n, 0.95);

	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			got += (log2(samples[i]) + log2(samples[j])) / 2 <= log2(interval.low) + 1e-13;
	/* Tables of critical values have 25 and 1955 for two-sided 0.05. */
	CHECK((n != 100 || want == 1956) && (n != 15 || want == 26));
	CHECK(n <= P2P_STAT_EXACT_PAIRS ? got == want : got + 3 >= want && got <= want + 3);
	free(ways);
	free(samples);
}

static void check_bounds_two(size_t na, size_t nb)
{
	size_t pairs = na * nb, want = 0, got = 0;
	double *ways = calloc((nb + 1) * (pairs + 1), sizeof(*ways)), all = 0, sum = 0, a[80], b[80];

	if (!ways)
		abort();
	/* A way to take nb of na + nb is a path; what is left out before each that is taken adds up to U. */
	ways[0] = 1;
	for (size_t left = 0; left <= na; left++)
		for (size_t taken = 1; taken <= nb; taken++)
			for (size_t u = left; u <= pairs; u++)
				ways[taken * (pairs + 1) + u] += ways[(taken - 1) * (pairs + 1) + u - left];
	for (size_t u = 0; u <= pairs; u++)
		all += ways[nb * (pairs + 1) + u];
	while (sum + ways[nb * (pairs + 1) + want] <= 0.025 * all)
		sum += ways[nb * (pairs + 1) + want++];
	for (size_t i = 0; i < na; i++)
		a[i] = exp2(wild(1) / 100);
	for (size_t i = 0; i < nb; i++)
		b[i] = exp2(wild(1) / 100);
	struct p2p_stat_cell cell = { .a = a, .b = b, .a_count = na, .b_count = nb };

	p2p_stat_compare(&cell, 1, 0.05, 0);
	for (size_t i = 0; i < na; i++)
		for (size_t j = 0; j < nb; j++)
			got += log2(b[j]) - log2(a[i]) <= log2(cell.ratio.low) + 1e-13;
	CHECK(na + nb <= P2P_STAT_EXACT_BOTH ? got == want : got + 2 >= want && got <= want + 2);
	free(ways);
}

/* ------------------------------------------------------------ the family */

/* Six samples each, b's all over a's: p = 2/924. */
static double less[] = { 100, 101, 102, 103, 104, 105 }, more[] = { 110, 111, 112, 113, 114, 115 };

static struct p2p_stat_cell cell_of(double *a, size_t a_count, double *b, size_t b_count, bool less_is_better)
{
	return (struct p2p_stat_cell){
		.a = a, .b = b, .a_count = a_count, .b_count = b_count, .less_is_better = less_is_better
	};
}

static void check_answers(void)
{
	struct p2p_stat_cell cells[30];

	cells[0] = cell_of(less, 6, more, 6, false);
	cells[1] = cell_of(more, 6, less, 6, false);
	cells[2] = cell_of(less, 6, more, 6, true);
	cells[3] = cell_of(more, 6, less, 6, true);
	cells[4] = cell_of(less, 6, less, 6, false);
	p2p_stat_compare(cells, 5, 0.05, 0);
	CHECK(cells[0].answer == P2P_STAT_BETTER && cells[1].answer == P2P_STAT_WORSE);
	CHECK(cells[2].answer == P2P_STAT_WORSE && cells[3].answer == P2P_STAT_BETTER);
	CHECK(cells[4].answer == P2P_STAT_SAME && cells[4].p == 1 && cells[4].ratio.estimate == 1);
	CHECK(near(cells[0].p, 2.0 / 924) && near(cells[0].adjusted, 5 * 2.0 / 924));
	CHECK(cells[0].u == 36 && cells[1].u == 0 && cells[0].ratio.low > 1 && cells[1].ratio.high < 1);
	/* Certain, and too small to matter. */
	p2p_stat_compare(cells, 5, 0.05, 0.2);
	for (size_t i = 0; i < 5; i++)
		CHECK(cells[i].answer == P2P_STAT_SAME);
	p2p_stat_compare(cells, 5, 0.05, 0.02);
	CHECK(cells[0].answer == P2P_STAT_BETTER && cells[1].answer == P2P_STAT_WORSE);

	/* Among many cells the same six cannot tell, whatever they say; eight would. */
	for (size_t i = 0; i < 30; i++)
		cells[i] = cell_of(less, 6, less, 6, false);
	cells[7] = cell_of(less, 6, more, 6, false);
	p2p_stat_compare(cells, 30, 0.05, 0);
	for (size_t i = 0; i < 30; i++)
		CHECK(cells[i].answer == P2P_STAT_TOO_FEW && cells[i].needed == 7);
	p2p_stat_compare(cells, 23, 0.05, 0);
	CHECK(cells[7].answer == P2P_STAT_BETTER && cells[8].answer == P2P_STAT_SAME && cells[8].needed == 0);

	/* Three and three: no outcome is rare enough. */
	cells[0] = cell_of(less, 3, more, 3, false);
	p2p_stat_compare(cells, 1, 0.05, 0);
	CHECK(cells[0].answer == P2P_STAT_TOO_FEW && cells[0].needed == 4 && !cells[0].ratio.known);
	CHECK(near(cells[0].p, 0.1));
	p2p_stat_compare(cells, 0, 0.05, 0);
}

static void check_unsound(void)
{
	double zero[] = { 100, 0, 100, 100, 100, 100 }, none[] = { 100, 101, NAN, 103, 104, 105 };
	double far[] = { 100, 101, INFINITY, 103, 104, 105 }, under[] = { 100, 101, -1, 103, 104, 105 };
	struct p2p_stat_cell cells[6] = {
		cell_of(zero, 6, more, 6, false), cell_of(less, 6, none, 6, false), cell_of(far, 6, more, 6, false),
		cell_of(less, 6, under, 6, false), cell_of(less, 6, more, 0, false), cell_of(less, 6, more, 6, false),
	};

	p2p_stat_compare(cells, 6, 0.05, 0);
	for (size_t i = 0; i < 5; i++)
		CHECK(!cells[i].sound && cells[i].answer == P2P_STAT_TOO_FEW && !cells[i].ratio.known);
	/* They are no part of the family. */
	CHECK(cells[5].answer == P2P_STAT_BETTER && near(cells[5].adjusted, cells[5].p));
}

/* R: p.adjust(p, "holm"), computed by its definition on cells of several sizes. */
static void check_holm(void)
{
	double a[40], b[40];
	struct p2p_stat_cell cells[5];
	size_t rank[5];

	for (size_t i = 0; i < 40; i++) {
		a[i] = 100 + uniform();
		b[i] = 100.2 + uniform();
	}
	for (size_t i = 0; i < 5; i++)
		cells[i] = cell_of(a + 5 * i, 8 + 2 * i, b + 3 * i, 20 - 2 * i, false);
	p2p_stat_compare(cells, 5, 0.05, 0);
	for (size_t i = 0; i < 5; i++) {
		rank[i] = 0;
		for (size_t j = 0; j < 5; j++)
			rank[i] += cells[j].p < cells[i].p;
	}
	for (size_t i = 0; i < 5; i++) {
		double want = 0;

		for (size_t j = 0; j < 5; j++)
			if (rank[j] <= rank[i])
				want = fmax(want, cells[j].p * (double)(5 - rank[j]));
		CHECK(near(cells[i].adjusted, fmin(want, 1)));
	}
}

/* Nothing changed in nine cells: how often is any called a change? */
static void check_wolf(void)
{
	double a[9][10], b[9][10];
	unsigned cries = 0, trials = 400;

	for (unsigned t = 0; t < trials; t++) {
		struct p2p_stat_cell cells[9];
		bool cry = false;

		for (size_t c = 0; c < 9; c++) {
			for (size_t i = 0; i < 10; i++) {
				a[c][i] = exp2(fmax(-300, fmin(300, wild(0.1))));
				b[c][i] = exp2(fmax(-300, fmin(300, wild(0.1))));
			}
			cells[c] = cell_of(a[c], 10, b[c], 10, false);
		}
		p2p_stat_compare(cells, 9, 0.05, 0);
		for (size_t c = 0; c < 9; c++)
			cry |= cells[c].answer != P2P_STAT_SAME;
		cries += cry;
	}
	CHECK(cries < trials * 8 / 100 && cries > trials / 100);
}

int main(void)
{
	check_median();
	check_paired_known();
	for (size_t n = 1; n <= 12; n++)
		for (size_t i = 0; i < 6; i++)
			check_paired_brute(n, i % 2);
	check_coverage(6, 1000);
	check_coverage(15, 500);
	check_coverage(300, 200);
	check_steady();
	check_two_known();
	check_two_large();
	for (size_t na = 1; na <= 6; na++)
		for (size_t nb = 1; nb <= 6; nb++)
			for (unsigned values = 1; values <= 16; values *= 4)
				check_two_brute(na, nb, values);
	check_ratio(5, 7, 500);
	check_ratio(30, 40, 100);
	check_bounds_one(15);
	check_bounds_one(100);
	check_bounds_one(101);
	check_bounds_one(250);
	check_bounds_two(20, 30);
	check_bounds_two(21, 30);
	check_bounds_two(40, 35);
	check_answers();
	check_unsound();
	check_holm();
	check_wolf();
	for (enum p2p_stat_answer answer = P2P_STAT_TOO_FEW; answer <= P2P_STAT_BETTER; answer++)
		CHECK(p2p_stat_answer_name(answer)[0]);
	return check_done();
}
