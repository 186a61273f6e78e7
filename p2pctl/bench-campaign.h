/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A campaign: all pairs, one after the other, and which of them have their
 * result, kept so that a later run can go on.  Floor 6.
 */
#ifndef P2PCTL_BENCH_CAMPAIGN_H
#define P2PCTL_BENCH_CAMPAIGN_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/problem.h"
#include "core/cli/cli.h"

#define BENCH_CAMPAIGN_DIR "/var/lib/p2pctl"

/* A pair that is done. */
struct bench_entry {
	const char *key;      /* what tells it from others: addresses and paths */
	enum p2p_exit code;
	const char *headline; /* for people, one line */
	const char *json;     /* the same as in a result's file, one line; "" where it could not begin */
	struct bench_entry *next;
};

struct bench_campaign {
	struct p2p_arena *arena;
	int dir_fd, lock_fd;  /* -1: not opened */
	const char *dir;
	const char *options;  /* bench_request_format's */
	struct bench_entry *first, **end;
	size_t count;
};

/*
 * Opens `dir` and locks it.  With `resume` what an earlier run has left is
 * read: -ENOENT there is none, -EINVAL it had other options, or is damaged.
 * Without it, what is there is forgotten.  bench_campaign_close is due in any case.
 */
int bench_campaign_open(struct bench_campaign *campaign, const char *dir, const char *options, bool resume,
			struct p2p_arena *arena, struct p2p_problem *problem);
void bench_campaign_close(struct bench_campaign *campaign);

/* NULL: that pair is still to be done. */
const struct bench_entry *bench_campaign_find(const struct bench_campaign *campaign, const char *key);

/* One more is done, and is on the disk before this returns. */
int bench_campaign_add(struct bench_campaign *campaign, const struct bench_entry *entry, struct p2p_problem *problem);

/* All are: nothing is left to resume. */
void bench_campaign_finish(struct bench_campaign *campaign);

#endif
