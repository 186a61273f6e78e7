/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Complete: what may stand at the end of an unfinished command line.  The
 * shells' completions ask the program (p2p_cli_complete in cli.h), so that what
 * they offer is always what this version takes.  Floor 4 (cli).
 */
#ifndef P2P_CLI_COMPLETE_H
#define P2P_CLI_COMPLETE_H

#include "../base/buf.h"
#include "cli.h"

/* What is asked of a program: the words for one value of an option, or one argument of a verb. */
struct p2p_complete {
	/* What stands before: the verb, NULL for none yet, and the options that are whole.  The rest is empty. */
	const struct p2p_cli *cli;
	const char *kind;   /* what the tables call it: "FILE", "PROVIDER", "KEY=VALUE" */
	const char *before; /* what stands before it in the same word: "--from=", "NAME,"; printed with each offer */
	const char *typed;  /* of itself: only what begins so is offered */
	FILE *out;
};

/* One offer; nothing is printed if `text` does not begin with what was typed, or has a character that shells know. */
void p2p_complete_word(const struct p2p_complete *ask, const char *text, const char *help);

/* The same, and more follows in the same word. */
void p2p_complete_part(const struct p2p_complete *ask, const char *text, const char *help);

void p2p_complete_files(const struct p2p_complete *ask);
void p2p_complete_folders(const struct p2p_complete *ask);

/*
 * A list with commas: `ret` asks for its last item.  The caller frees the
 * buffer, which holds the text of ret->before.
 */
void p2p_complete_last_item(const struct p2p_complete *ask, struct p2p_buf *before, struct p2p_complete *ret);

#endif
