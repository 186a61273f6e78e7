/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What samples of a benchmark allow to say, by ranks: nothing is taken to be
 * normal, and an outlier is one sample.  Floor 2 (engine): pure.
 *
 * Samples are rates or times: numbers over 0, in any unit.  Where two sets
 * are compared, what is estimated is a ratio: 1.05 is five percent more.
 * Intervals and tests are exact, from the counted distribution, up to the sizes
 * below; above, the normal approximation serves.
 */
#ifndef P2P_ENGINE_BENCH_STAT_H
#define P2P_ENGINE_BENCH_STAT_H

#include <stdbool.h>
#include <stddef.h>

#define P2P_STAT_EXACT_PAIRS 100 /* signed ranks: pairs */
#define P2P_STAT_EXACT_BOTH 50	 /* two sets: samples of both together */

enum p2p_stat_answer {
	P2P_STAT_TOO_FEW = 0, /* no outcome of so few samples could tell; `needed` says how many would */
	P2P_STAT_NOISY,	      /* enough samples, and they contradict each other too much to tell */
	P2P_STAT_SAME,	      /* no difference seen: one larger than the interval says is unlikely */
	P2P_STAT_WORSE,
	P2P_STAT_BETTER,
};

/* "too-few", "noisy", "same", "worse", "better". */
const char *p2p_stat_answer_name(enum p2p_stat_answer answer);

struct p2p_interval {
	bool known;	    /* else the rest means nothing */
	double estimate;
	double low, high;   /* by which the truth is enclosed ... */
	double confidence;  /* ... with this probability or more: 0.95 or the next one that so many samples allow */
};

/* False, and *ret untouched: no samples, or one that is no number. */
bool p2p_stat_median(const double *samples, size_t count, double *ret);

/*
 * The middle of one set of samples: the Hodges-Lehmann estimate (median of the
 * means of all pairs, on logarithms) with its interval at `confidence` from
 * Wilcoxon's signed ranks.  Unknown when there are too few for that confidence
 * (6 for 0.95), or a sample is not over 0.  It takes samples to be spread
 * evenly, as ratios, around their middle; nothing else.
 */
struct p2p_interval p2p_stat_middle(const double *samples, size_t count, double confidence);

/* The same for a[i] / b[i]: two measurements each, one after the other, so that drift hits both. */
struct p2p_interval p2p_stat_paired(const double *a, const double *b, size_t count, double confidence);

/* How many samples p2p_stat_middle and p2p_stat_paired need at least. */
size_t p2p_stat_needed(double confidence);

/*
 * One run by itself.  NOISY when its middle is not known to within
 * `tolerance` (0.05: five percent down or up); TOO_FEW for no interval at all;
 * else SAME: the samples agree.
 */
enum p2p_stat_answer p2p_stat_steady(const double *samples, size_t count, double tolerance);

/*
 * a against b, paired, where more is better: BETTER or WORSE when all of the
 * interval is over or under 1.  Else SAME when it stays within `tolerance` of
 * 1, and NOISY when it does not.  *ret is the interval, known unless TOO_FEW.
 */
enum p2p_stat_answer p2p_stat_faster(const double *a, const double *b, size_t count, double tolerance,
				     struct p2p_interval *ret);

/* One cell of a comparison of two runs: the first five are given, the rest is the answer. */
struct p2p_stat_cell {
	const double *a, *b; /* before and after; not paired */
	size_t a_count, b_count;
	bool less_is_better; /* times; else rates */

	enum p2p_stat_answer answer;
	bool sound;		   /* there are samples on both sides, and all are numbers over 0; else TOO_FEW */
	double u;		   /* pairs of which b's is greater, half of those that are equal */
	double p;		   /* Mann-Whitney, two-sided */
	bool exact;		   /* counted, ties and all; else approximated */
	double adjusted;	   /* Holm: p with regard to all cells */
	struct p2p_interval ratio; /* b / a: the median of all ratios; unknown with too few for 95 % */
	size_t needed;		   /* TOO_FEW: samples on each side that could tell, among so many cells */
};

/*
 * Judges all cells, with a chance of at most `alpha` (0.05) that any of them is
 * called WORSE or BETTER though nothing changed (Holm-Bonferroni).  A change of
 * less than `least` (0.02: two percent; 0: none) is SAME, however certain.
 */
void p2p_stat_compare(struct p2p_stat_cell *cells, size_t count, double alpha, double least);

/* Mann-Whitney by itself: the two-sided p; *ret_u and *ret_exact as in a cell.  Both counts are over 0. */
double p2p_stat_mann_whitney(const double *a, size_t a_count, const double *b, size_t b_count, double *ret_u,
			     bool *ret_exact);

#endif
