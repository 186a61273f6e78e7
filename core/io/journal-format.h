/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record of the journal as a line of text and back.  Floor 2 (io); only for
 * core/io/journal*.c and its tests.
 *
 * Words are separated by one space; in a word %XX stands for what would end
 * it.  The last word is the checksum of the line before it.
 */
#ifndef P2P_IO_JOURNAL_FORMAT_H
#define P2P_IO_JOURNAL_FORMAT_H

#include "journal.h"

enum p2p_record_kind {
	P2P_RECORD_NONE = 0,
	P2P_RECORD_RUN,
	P2P_RECORD_INTENT,
	P2P_RECORD_DONE,
	P2P_RECORD_END,
	P2P_RECORD_UNDO,
	P2P_RECORD_UNDONE,
	P2P_RECORD_OVER,
	P2P_RECORD_LEFT,
};

struct p2p_journal_record {
	enum p2p_record_kind kind;
	unsigned run;
	size_t entry;		  /* INTENT, DONE, UNDONE, LEFT: from 0 */
	int64_t time;		  /* RUN */
	long pid;		  /* RUN */
	bool automatic;		  /* RUN */
	const char *verb;	  /* RUN */
	struct p2p_edit change; /* INTENT */
};

void p2p_journal_put_head(struct p2p_buf *buf, const char *boot);

/* 0; -ESTALE: of another boot; -ENOTSUP: of a newer version; -EBADMSG: no journal. */
int p2p_journal_check_head(const char *line, const char *boot);

/* With its newline. */
void p2p_journal_record_format(struct p2p_buf *buf, const struct p2p_journal_record *record);

/*
 * `line` without its newline is taken apart in place; texts are copied to
 * `arena`.  -EBADMSG: it is not, to the byte, what p2p_journal_record_format
 * writes.
 */
int p2p_journal_record_parse(struct p2p_arena *arena, char *line, struct p2p_journal_record *ret);

/* One word, with a space before it, and back: `word` is changed in place, *ret is of the arena. */
void p2p_journal_put_word(struct p2p_buf *buf, const char *word);
int p2p_journal_take_word(struct p2p_arena *arena, char *word, const char **ret);

#endif
