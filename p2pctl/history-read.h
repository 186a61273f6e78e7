/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history as runs, for who shows it.  Floor 6. */
#ifndef P2PCTL_HISTORY_READ_H
#define P2PCTL_HISTORY_READ_H

#include "core/io/history.h"

struct history_run {
	struct p2p_history_record last; /* its end; where it has none, its begin */
	int64_t began, end;		/* seconds since 1970; `end` only where it ended */
	bool ended;
	const char *how;		/* of one that died: struct p2p_history_ended; NULL: nobody has said */
	int64_t stands;
	const char *by;			/* the verb that found it dead, */
	int64_t found;			/* and when */
};

struct history_runs {
	struct history_run *list; /* oldest first */
	size_t count;
	size_t bad[2], first[2];  /* lines that do not read, and the first: of history.old, of history */
};

/* All of the folder; memory of the arena.  Nothing there is no error. */
int history_read(const char *folder, struct p2p_arena *arena, struct p2p_problem *problem, struct history_runs *ret);

/*
 * "done" and so on; "died", "not-ended" (this boot: it is at work, or died), "boot-ended".  `boot`: this boot's id,
 * NULL: not known.
 */
const char *history_run_outcome(const struct history_run *run, const char *boot);

#endif
