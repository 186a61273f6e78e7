/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * History: what p2pctl changed, who asked for it, by which rules, and what came
 * of it, over boots; nothing is taken back by it.  Floor 2 (io).
 *
 * The file is JSON lines (schema p2p-history/1), only ever appended to, each
 * line in one write and synced.  A run that changes something leaves two: a
 * "begin" before the first change, and an "end" with all of it again and what
 * came of it.  A begin without an end is a run that died; the next one says in
 * its own end, under "ended", what became of that.  A last line that was cut
 * off is passed over, and closed before the next one is written.
 *
 * A file that has grown too large becomes NAME.old, in place of the one before.
 */
#ifndef P2P_IO_HISTORY_H
#define P2P_IO_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/problem.h"

#define P2P_HISTORY_NAME "history"
#define P2P_HISTORY_OLD "history.old"

/* A file larger than this is put aside; a line names no more changes than that. */
#define P2P_HISTORY_ROTATE (1u << 20)
#define P2P_HISTORY_CHANGES 2000

struct p2p_history_change {
	const char *edit;  /* as p2p_edit_format() has it */
	const char *key;   /* of the source */
	const char *rule;  /* NULL: of no rule */
	const char *state; /* "made", "not made", "taken back", "left", "stuck"; NULL: of a begin */
	int64_t run;       /* the journal's run from which it takes something back; 0: it makes it */
};

struct p2p_history_ended {
	const char *id;	 /* the run that died */
	const char *how; /* "taken-back", "finished", "made", "none", "partly", "unknown" */
	int64_t stands;	 /* how many of its changes hold now */
};

/* One line.  Texts may hold foreign bytes; NULL, 0, false: not there. */
struct p2p_history_record {
	const char *event; /* "begin", "end" */
	const char *id;    /* of the run, the same in both */
	const char *time;  /* UTC, "2026-11-20T12:01:00Z" */
	const char *boot, *verb;
	int64_t pid;
	bool automatic;	     /* by an event or a boot, not by a person */
	bool recovery;	     /* it takes back, or finishes, what runs before it left */
	int64_t uid;
	bool has_login;
	int64_t login;	     /* the user that logged in (loginuid); has_login: it is known */
	const char *sudo;    /* the user that sudo names */
	const char *outcome; /* "done", "refused", "rolled-back", "stuck", "failed"; NULL: of a begin */
	const char *says;    /* why */
	int64_t refused;     /* changes that were wished and refused */
	const char *hold;    /* "set", "ended" */
	const char **enabled, **disabled; /* paths of slots */
	size_t enabled_count, disabled_count;
	const char **files;  /* of the boot loader, and what was done to each */
	size_t file_count;
	struct p2p_history_change *changes;
	size_t change_count;
	int64_t more;	     /* changes that are not named */
	struct p2p_history_ended *ended;
	size_t ended_count;
};

/* The line, with its newline. */
void p2p_history_format(struct p2p_buf *buf, const struct p2p_history_record *record);

/* -EBADMSG: it is no line of ours; -ENOTSUP: it is of a newer schema.  Texts are of `arena`. */
int p2p_history_parse(struct p2p_arena *arena, const char *line, size_t len, struct p2p_history_record *ret);

/* "2026-11-20T12:01:00Z"; buffer of P2P_HISTORY_TIME bytes.  Back: -EINVAL. */
#define P2P_HISTORY_TIME 32
void p2p_history_time_format(int64_t time, char text[P2P_HISTORY_TIME]);
int p2p_history_time_parse(const char *text, int64_t *ret);

/*
 * Appends one line to DIR/history.  Any failure leaves the file as it was, as
 * far as can be had.  -EPERM: it is no regular file of ours.  Only a line that
 * `may_rotate` finds the file too large.
 */
int p2p_history_append(int dir_fd, const char *line, size_t len, bool may_rotate);

/* For every line that reads, oldest first; `record` and its texts live as long as the arena. */
typedef void (*p2p_history_each)(void *context, const struct p2p_history_record *record);

/*
 * DIR/NAME from its first line; 0 where there is none.  *ret_bad: lines that do
 * not read, the number of the first of them in *ret_first.
 */
int p2p_history_read(int dir_fd, const char *name, struct p2p_arena *arena, p2p_history_each each, void *context,
		     size_t *ret_bad, size_t *ret_first);

/* Who runs this program: uid, login, sudo. */
void p2p_history_who(struct p2p_arena *arena, struct p2p_history_record *ret);

#endif
