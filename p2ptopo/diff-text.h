/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `diff` compares, and its output for people.  Floor 5. */
#ifndef P2PTOPO_DIFF_TEXT_H
#define P2PTOPO_DIFF_TEXT_H

#include "core/engine/diff.h"
#include "core/topo/topo.h"

struct differ {
	const struct p2p_cli *cli;
	struct topo sides[2];
	const char *names[2];
	struct p2p_diff *diff;
	const char *arrow;
	size_t *below[2]; /* by function that came or went: how many below it did so too */
};

/* All of it to standard output. */
void diff_text_print(struct differ *differ);

#endif
