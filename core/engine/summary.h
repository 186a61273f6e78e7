/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Summary: how many pairs have which answer, without asking about each: the
 * number of pairs grows with the square of functions, this does not.
 * Floor 2 (engine).
 */
#ifndef P2P_ENGINE_SUMMARY_H
#define P2P_ENGINE_SUMMARY_H

#include "judge.h"

/* Pairs that have one answer for one reason. */
struct p2p_count {
	enum p2p_map map;
	enum p2p_answer supported;
	bool would;
	enum p2p_map would_be;
	enum p2p_rule rule;
	uint64_t pairs;
};

/* The same answer for the same reason? */
bool p2p_count_alike(const struct p2p_count *a, const struct p2p_count *b);

/* More kinds of answers than there can be. */
#define P2P_COUNTS_MAX 256

/*
 * Counts the ordered pairs among the functions that `among` marks; with each
 * one to itself when `self`.  The number of entries in `ret` is returned.
 */
size_t p2p_judge_summary(const struct p2p_judge *judge, const bool *among, bool self,
			 struct p2p_count ret[P2P_COUNTS_MAX]);

#endif
