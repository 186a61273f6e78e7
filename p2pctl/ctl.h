/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every verb of p2pctl needs: the machine, or a rehearsal of it; the
 * policy; the folder of state with its lock and its journal.  Floor 6.
 */
#ifndef P2PCTL_CTL_H
#define P2PCTL_CTL_H

#include "core/engine/policy.h"
#include "core/io/apply.h"
#include "core/io/policy.h"
#include "core/topo/topo.h"

/* Where policies are, lowest first; ends with NULL (paths.c). */
extern const char *const ctl_policy_places[];

/* What a plan may depend on, and the names of devices. */
#define CTL_WANT                                                                                                       \
	(P2P_WANT_CHILDREN | P2P_WANT_MEMORY | P2P_WANT_NUMA | P2P_WANT_POLICY | P2P_WANT_TARGETS | P2P_WANT_RUNNING)

struct ctl {
	const struct p2p_cli *cli;
	struct topo topo;
	bool rehearsal;	      /* on a snapshot: nothing of this machine is touched */
	struct p2p_sink *sink;
	struct p2p_policy *policy;
	enum p2p_answer *applies; /* by rule: does it mean this host? */
	enum p2p_answer *nvmet_applies; /* the same by nvmet wish */
	struct p2p_matcher *matcher; /* of the policy and the machine; NULL: not asked yet */
	bool *disabled;	      /* by function: left out of every wish; NULL: not read */
	struct p2p_names disabled_gone; /* paths of those that are not here now */
	const char *state;    /* the folder that dies with the boot */
	int state_fd, lock_fd;
	struct p2p_buf boot;
	struct p2p_journal *journal;
	struct history *history; /* what this run leaves there (history.h) */
	int history_fd;		 /* its folder, where it is not ctl_kept_folder(); -1 */
	bool history_failed;	 /* it cannot be written, which was said */
};

/*
 * Opens the machine that -F names, behind an overlay, or this one; nothing is
 * read yet.  ctl_close() is due in any case.
 */
enum p2p_exit ctl_begin(const struct p2p_cli *cli, struct ctl *ctl);

/* Scans it and makes it ready to be judged: after ctl_open_state, for that may change it. */
enum p2p_exit ctl_look(struct ctl *ctl, unsigned want);

/*
 * The policy of --policy, or of the usual places, and which of it means this
 * host; the machine need not be scanned.  Every mistake is printed; where there
 * are only such, it is P2P_EXIT_USAGE.
 */
enum p2p_exit ctl_open_policy(struct ctl *ctl);

/* The same in two steps, for who prints the mistakes otherwise. */
enum p2p_exit ctl_read_policy(struct ctl *ctl, struct p2p_problems *problems);
void ctl_print_problems(const struct ctl *ctl, const struct p2p_problems *problems);

/*
 * What the policy, less what is disabled, wishes at runtime of the machine that
 * `judge` is about: ctl->topo.judge, or one of a copy with the same functions.
 */
const struct p2p_plan *ctl_plan_policy(struct ctl *ctl, const struct p2p_judge *judge);

/* The folder that outlives the boot: what is disabled, and the history. */
const char *ctl_kept_folder(const struct ctl *ctl);

/*
 * Which functions are disabled, into ctl->disabled, from the folder that
 * outlives the boot; needs the machine.
 */
enum p2p_exit ctl_read_disabled(struct ctl *ctl);

/* Writes ctl->disabled there.  Functions that are not here now stay disabled. */
enum p2p_exit ctl_write_disabled(struct ctl *ctl);

/* The state folder, locked, with its journal, and a sink.  What a killed run left is put right first. */
enum p2p_exit ctl_open_state(struct ctl *ctl);

/*
 * Leaves for all to read which ACS words were changed and put back so far, as the journal has it, and when
 * (core/io/acs-changes.h).  A failure is said; it is no reason to stop.
 */
void ctl_tell_acs_changes(struct ctl *ctl);

void ctl_close(struct ctl *ctl);

/*
 * From here to ctl_end_changing Ctrl-C and SIGTERM do not end the program in the
 * middle of a change: what takes back is finished, what makes changes stops and
 * takes back.  What the apply of the return value needs, with --forget.
 */
struct p2p_apply ctl_begin_changing(struct ctl *ctl);
void ctl_end_changing(void);

/* Not 0: it was asked to stop, between the two. */
const volatile int *ctl_asked(void);

/* Was it asked to stop meanwhile?  Then it is said. */
bool ctl_stopped(const struct ctl *ctl);

/* What was left as it is, because --forget says so, is told. */
void ctl_say_left(const struct ctl *ctl, const struct p2p_problem *problem);

/*
 * A change was not taken back, or that could not be written: says why, once for
 * all of the same, which `last` keeps.  P2P_EXIT_HUMAN, or P2P_EXIT_REFUSED
 * where only the journal does not know of it: the next run notes it.
 */
enum p2p_exit ctl_say_stuck(const struct ctl *ctl, const struct p2p_edit *edit, const struct p2p_problem *problem,
			    struct p2p_problem *last);

/* Is what udev has run held by an undo? */
bool ctl_is_held(const struct ctl *ctl);

/* The journal for reading only, without the lock; ctl->journal stays NULL when nothing was ever changed. */
enum p2p_exit ctl_read_state(struct ctl *ctl);

/* Says one sentence on stderr, after the program's name. */
void ctl_say(const struct ctl *ctl, const char *text);

/* Prints the problem; the exit code for a negative errno of changing something. */
enum p2p_exit ctl_complain(const struct ctl *ctl, int error, const struct p2p_problem *problem);

#endif
