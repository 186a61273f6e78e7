/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench --compare A B: the newest result of each pair in two files, cell by
 * cell, by ranks.  Floor 6.
 */
#ifndef P2PCTL_BENCH_COMPARE_H
#define P2PCTL_BENCH_COMPARE_H

#include "core/engine/bench-stat.h"
#include "core/io/results.h"
#include "core/topo/topo.h"

/* What is said of a change: the ranks' answer, or that B's run failed where A's did not. */
struct compare_cell {
	const struct p2p_bench_cell *a, *b;
	double a_median, b_median; /* bytes/s; 0: not known */
	double bounce;		   /* B's median through host memory : A's; 0: not known */
	struct p2p_stat_cell *stat;
};

/* One pair that is in both files. */
struct compare_pair {
	const struct p2p_bench_result *a, *b;
	struct compare_cell *cells;
	size_t count;
	size_t gone;	     /* cells of A that B lacks */
	bool lost;	     /* what A proved B does not */
	const char *differs; /* in what they rest on; NULL: nothing is seen to */
};

struct compare {
	struct topo topo; /* its command line, style and arena; no machine is open */
	const char *paths[2];
	struct p2p_results results[2];
	struct compare_pair *pairs;
	size_t count;
	const struct p2p_bench_result **only[2]; /* pairs that the other file lacks */
	size_t only_count[2];
	enum p2p_stat_answer answer; /* of all; NOISY and TOO_FEW: it cannot be told */
};

/* The verb, when --compare is given. */
enum p2p_exit bench_compare(const struct p2p_cli *cli);

/* print-compare.c */
void compare_print(const struct compare *compare);
enum p2p_exit compare_print_json(const struct compare *compare);

#endif
