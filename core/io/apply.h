/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Apply: carries changes out through a sink and leaves a journal; takes them
 * back.  Floor 2 (io).  The lock of the state folder must be held.
 *
 * For each change: read again (not `before`: -ESTALE), intent on disk, write,
 * read back (not `after`: -EIO), done on disk.  A failure takes back what was
 * done, newest first, and only the bits that were changed.
 */
#ifndef P2P_IO_APPLY_H
#define P2P_IO_APPLY_H

#include <signal.h>

#include "journal.h"
#include "sink.h"

struct p2p_apply {
	struct p2p_source *source; /* to read again; what it answers must be what the sink writes */
	struct p2p_sink *sink;
	struct p2p_journal *journal;
	bool forget; /* what cannot be taken back is left as it is, and is no longer ours */
	const volatile sig_atomic_t *stop; /* when it is not 0, no further change is made; NULL: nothing stops it */
};

/*
 * All changes, or none.  On failure the first problem is in `problem`, and
 * *ret_stuck is how many changes could not be taken back: 0 is "as before".
 * -ESTALE the machine moved; -EIO a register did not keep what was written;
 * -EPERM lockdown; -ENOSPC the journal's disk is full; -ENODEV it is gone;
 * -EINTR it was told to stop.
 */
int p2p_apply_run(const struct p2p_apply *apply, const struct p2p_edit *changes, size_t count, bool automatic,
		  const char *verb, struct p2p_problem *problem, size_t *ret_stuck);

/*
 * Takes back what is in force of `run`, newest first.  A bit that somebody has
 * put back already stays; an attribute that somebody has given a third value
 * is left, and is one that is stuck.  With `forget` nothing is stuck: 0 and a
 * problem that is not empty say what was left.  `problem` must be empty before;
 * the first one is kept.
 */
int p2p_apply_undo(const struct p2p_apply *apply, struct p2p_run *run, struct p2p_problem *problem,
		   size_t *ret_stuck);

/* The same of one of its changes. */
int p2p_apply_undo_entry(const struct p2p_apply *apply, struct p2p_run *run, size_t entry,
			 struct p2p_problem *problem);

/* What a run that was killed left: runs that did not end are taken back, undoing that did not end is finished. */
int p2p_apply_recover(const struct p2p_apply *apply, struct p2p_problem *problem, size_t *ret_stuck,
		      size_t *ret_recovered);

/* How the place of a change reads now; for `status` too. */
enum p2p_place_now {
	P2P_PLACE_UNKNOWN = 0, /* it cannot be read */
	P2P_PLACE_BEFORE,
	P2P_PLACE_AFTER,
	P2P_PLACE_OTHER, /* neither: somebody else wrote it */
	P2P_PLACE_GONE,	 /* the function is not there */
};

enum p2p_place_now p2p_apply_look(struct p2p_source *source, const struct p2p_edit *change);

#endif
