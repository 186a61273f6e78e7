/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this run leaves in the history (core/io/history.h).  Floor 6.
 *
 * A verb says what it is about to change, calls history_begin, changes it, and
 * calls history_end.  That the history cannot be written is said once, on
 * standard error, and stops nothing: what takes back must not depend on a disk,
 * and a change is in the journal whatever becomes of its history.
 */
#ifndef P2PCTL_HISTORY_H
#define P2PCTL_HISTORY_H

#include "core/io/history.h"
#include "ctl.h"

/* One change of this run. */
struct history_change {
	const struct p2p_edit *edit; /* what is made */
	struct p2p_run *run;	     /* it takes back this entry of it; NULL: it makes the edit */
	size_t entry;
};

struct history {
	struct p2p_history_record record; /* verbs set hold, enabled, disabled, files, refused */
	struct history_change *changes;
	size_t count, room;
	unsigned before;		  /* the journal's last run before this one */
	bool begun;
};

/* Begins anew, for this verb or, `recovery`, for what dead runs left. */
void history_new(struct ctl *ctl, bool recovery);

void history_make(struct ctl *ctl, const struct p2p_edit *edits, size_t count);
void history_take_back(struct ctl *ctl, struct p2p_run *run, size_t entry);

/* All entries of the run that are not settled, newest first. */
void history_take_back_run(struct ctl *ctl, struct p2p_run *run);

/* The slot of that function is enabled, or disabled. */
void history_slot(struct ctl *ctl, int function, bool enabled);

/* Writes what is about to be changed; nothing where nothing is. */
void history_begin(struct ctl *ctl);

/* Writes what came of it, by the journal; nothing where nothing was begun and `outcome` is "done". */
void history_end(struct ctl *ctl, const char *outcome, const char *says);

/* The outcome in words for an exit code of changing something. */
const char *history_outcome(enum p2p_exit code);

/* history-dead.c: which runs of this boot began and did not end; before anything is recovered. */
struct history_dead;
struct history_dead *history_find_dead(struct ctl *ctl);

/* The recovery's record for them, once it has been carried out. */
void history_bury(struct ctl *ctl, struct history_dead *dead, const char *outcome, const char *says);

/* Once: it cannot be written, and why. */
void history_say_unwritten(struct ctl *ctl, const char *why);

/* The open folder of the history; negative errno, and it was said. */
int history_folder(struct ctl *ctl);

#endif
