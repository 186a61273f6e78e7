/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Problem: one sentence for a person about what went wrong, where, and what to
 * do next.  Floor 0 (base).  A function that can fail for reasons that a
 * person must hear takes one; core itself prints nothing.
 */
#ifndef P2P_BASE_PROBLEM_H
#define P2P_BASE_PROBLEM_H

struct p2p_problem {
	char text[512]; /* "" when there is none; may hold foreign bytes: print it made visible */
};

/* Sets the text and returns `error` (a negative errno), so that callers can say `return p2p_problem_set(...)`. */
int p2p_problem_set(struct p2p_problem *problem, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The words for a negative errno, strerror's. */
const char *p2p_problem_errno(int error);

#endif
