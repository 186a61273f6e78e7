/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Check: the least a unit test needs.  Each test is a program; CHECK counts,
 * and a main ends in `return check_done();`, which prints `N passed, N failed`.
 */
#ifndef P2P_TESTS_UNIT_CHECK_H
#define P2P_TESTS_UNIT_CHECK_H

#include <stdio.h>

static unsigned long check_passed, check_failed;

#define CHECK(condition)                                                                      \
	do {                                                                                  \
		if (condition) {                                                              \
			check_passed++;                                                       \
		} else {                                                                      \
			check_failed++;                                                       \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
		}                                                                             \
	} while (0)

/* What main returns. */
static inline int check_done(void)
{
	printf("%lu passed, %lu failed\n", check_passed, check_failed);
	return check_failed ? 1 : 0;
}

#endif
