/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diff: two judged machines in, typed changes out, and which of them changed
 * which answers.  Floor 2 (engine): pure.
 *
 * Functions are matched and facts compared in n log n.  Answers are asked for
 * each pair of kinds of functions: those that hang alike on both sides are one
 * kind (diff-answers.c).  A cause is found by judging the second machine again
 * with facts of the first one put back.
 */
#ifndef P2P_ENGINE_DIFF_H
#define P2P_ENGINE_DIFF_H

#include "../model/change.h"
#include "judge.h"

/* One of the two sides; all of it must outlive the diff. */
struct p2p_diff_side {
	const struct p2p_judge *judge;
	const bool *among;   /* by function: is it a provider and a client */
	const bool *matches; /* by function: does it match -s and -d; NULL: nothing was chosen */
};

struct p2p_diff_options {
	const struct p2p_hardware *hardware;
	bool self;    /* a function and itself are a pair too */
	bool list;    /* p2p_diff_each_pair() will be called */
	bool moments; /* facts that change by themselves count too */
};

struct p2p_diff *p2p_diff_new(const struct p2p_diff_side *before, const struct p2p_diff_side *after,
			      const struct p2p_diff_options *options);

/* NULL is fine. */
void p2p_diff_free(struct p2p_diff *diff);

/* Every pair whose answer changed, with the index of its answer change; functions by their indices after. */
void p2p_diff_each_pair(const struct p2p_diff *diff,
			void (*each)(void *context, size_t answer, int provider, int client), void *context);

#endif
