/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Journal: what this boot's runs changed, so that it can be taken back after
 * any end of the program.  Floor 2 (io).
 *
 * The file is text, one record a line, only ever appended to, each record
 * synced before what it announces is done.  A last line that a crash cut off
 * is dropped; anything else that does not read, or does not follow from what
 * stands before it, is for a human (-EBADMSG).
 *
 *     p2p-journal 1 BOOT
 *     run N TIME PID auto|asked VERB
 *     intent N K word KEY OFFSET BEFORE MASK AFTER RULE
 *     intent N K text KEY BEFORE AFTER RULE
 *     done N K          it was written and read back
 *     end N             the run is whole
 *     undo N            its changes are being taken back
 *     undone N K
 *     left N K          it could not be taken back, and a person said to leave it so
 *     over N            all of them are taken back, or left
 *
 * It lives in a folder that dies with the boot, as the registers do; one of
 * another boot is dropped.
 */
#ifndef P2P_IO_JOURNAL_H
#define P2P_IO_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/arena.h"
#include "../base/problem.h"
#include "../model/plan.h"

enum p2p_entry_state {
	P2P_ENTRY_INTENDED = 0, /* it may have been written, or not */
	P2P_ENTRY_DONE,
	P2P_ENTRY_UNDONE,
	P2P_ENTRY_LEFT, /* given up: not ours any more */
};

/* Is there nothing left to take back of it? */
static inline bool p2p_entry_settled(enum p2p_entry_state state)
{
	return state == P2P_ENTRY_UNDONE || state == P2P_ENTRY_LEFT;
}

struct p2p_entry {
	struct p2p_edit change;
	enum p2p_entry_state state;
};

struct p2p_run {
	unsigned number;    /* from 1 */
	int64_t time;	    /* seconds since 1970 */
	long pid;
	bool automatic;     /* udev's, not a person's */
	const char *verb;
	bool ended;	    /* all of its changes were made */
	bool undoing, over; /* they are being, or have been, taken back */
	struct p2p_entry *entries;
	size_t count, size;
	struct p2p_run *next;
};

/* Did it not end, or its undoing not?  Then it died, and is to be taken back. */
static inline bool p2p_run_is_open(const struct p2p_run *run)
{
	return !run->over && (!run->ended || run->undoing);
}

struct p2p_journal;

/*
 * Opens, or begins, DIR/journal; the lock of DIR must be held.  A file that
 * others can write, a symbolic link, or one that is no regular file is -EPERM.
 */
int p2p_journal_open(const char *dir, const char *boot, struct p2p_problem *problem, struct p2p_journal **ret);

/* The same for reading, without a lock: what was complete when it was read.  -ENOENT: nothing was ever changed. */
int p2p_journal_read(const char *dir, const char *boot, struct p2p_problem *problem, struct p2p_journal **ret);

/* NULL is fine. */
void p2p_journal_free(struct p2p_journal *journal);

/* Oldest first. */
struct p2p_run *p2p_journal_runs(const struct p2p_journal *journal);

/*
 * Begins a run; the others append to it or to the run named.  Each is on disk
 * when it returns 0; when it does not, the journal is as before.  -EIO, from
 * then on, when even that could not be had.
 */
int p2p_journal_begin(struct p2p_journal *journal, bool automatic, const char *verb, struct p2p_run **ret);
int p2p_journal_intent(struct p2p_journal *journal, struct p2p_run *run, const struct p2p_edit *change);
int p2p_journal_done(struct p2p_journal *journal, struct p2p_run *run, size_t entry);
int p2p_journal_end(struct p2p_journal *journal, struct p2p_run *run);
int p2p_journal_undo(struct p2p_journal *journal, struct p2p_run *run);
int p2p_journal_undone(struct p2p_journal *journal, struct p2p_run *run, size_t entry);
int p2p_journal_left(struct p2p_journal *journal, struct p2p_run *run, size_t entry);
int p2p_journal_over(struct p2p_journal *journal, struct p2p_run *run);

#endif
