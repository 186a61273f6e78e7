/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pager: long output on a terminal is shown by less, or what the user prefers.
 * The only place where another program is started for output.  Floor 4 (cli).
 *
 *   P2P_PAGER, else PAGER, else less; empty or "cat": none.  It is a command
 *   for the shell, as for git and man.
 *   LESS is FRX and LV -c where they are not set: less then ends by itself
 *   when all fits on one screen, leaves colours alone, and leaves the text on
 *   the screen.  As root LESSSECURE is 1: no shell, no editor, no files.
 */
#ifndef P2P_CLI_PAGER_H
#define P2P_CLI_PAGER_H

#include <stdbool.h>

/* All that decides, gathered; so that the decision itself can be tested. */
struct p2p_pager_surroundings {
	bool terminal;         /* standard output is one */
	const char *term;      /* $TERM */
	const char *p2p_pager; /* $P2P_PAGER */
	const char *pager;     /* $PAGER */
};

/* The command, or NULL: none. */
const char *p2p_pager_decide(const struct p2p_pager_surroundings *surroundings);

/*
 * Puts the pager between this program and the terminal, if there is one and it
 * is wanted: standard output becomes a pipe to it, and so does standard error
 * where that is the terminal too, so that messages stand where they belong.
 * Before anything is printed.  Without a pager nothing happens; if one is
 * named that is not there, that is said, with the program's name.
 */
void p2p_pager_start(const char *name);

/*
 * Is standard output, though a pipe, a terminal to those who look at it?
 * `ret_columns` is then its width, 0 where it does not say; else untouched.
 */
bool p2p_pager_is_terminal(int *ret_columns);

/* After the last output: waits until the user has seen enough. */
void p2p_pager_wait(void);

#endif
