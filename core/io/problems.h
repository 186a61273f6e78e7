/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Problems: all that is wrong with an input, not only the first.  Floor 2 (io).
 */
#ifndef P2P_IO_PROBLEMS_H
#define P2P_IO_PROBLEMS_H

#include "../base/names.h"

/* After so many a person has stopped reading; the rest are counted. */
#define P2P_PROBLEMS_MAX 100

struct p2p_problems {
	struct p2p_names texts; /* a sentence each, "file:line:column: ..." */
	size_t count;		/* of all, kept or not */
};

void p2p_problems_add(struct p2p_problems *problems, const char *text);
void p2p_problems_free(struct p2p_problems *problems);

#endif
