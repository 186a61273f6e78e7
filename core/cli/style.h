/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Style: how output may look here, out of options, environment, terminal and
 * locale.  Floor 4 (cli).
 */
#ifndef P2P_CLI_STYLE_H
#define P2P_CLI_STYLE_H

#include <stdbool.h>
#include <stdio.h>

#include "../view/view.h"

/* All that decides, gathered; so that the decision itself can be tested. */
struct p2p_surroundings {
	const char *color;    /* --color=: "auto", "always", "never"; NULL: not given */
	const char *no_color; /* $NO_COLOR */
	const char *term;     /* $TERM */
	const char *columns;  /* $COLUMNS */
	const char *codeset;  /* nl_langinfo(CODESET) */
	bool ascii;           /* -i */
	bool terminal;        /* the output is one */
	int terminal_width;   /* as it says itself; 0: it does not */
};

/*
 * Colour: --color, else NO_COLOR (any value but ""), else only on a terminal
 * that is not "dumb".  Width: COLUMNS where it is set (watch sets it for a
 * pipe), else the terminal's, else 80; 0, no limit, when it is no terminal.
 */
struct p2p_style p2p_style_decide(const struct p2p_surroundings *surroundings);

/*
 * The same for a stream of this process.  Calls setlocale(LC_CTYPE, "") the
 * first time: the table library measures characters by the locale.
 */
struct p2p_style p2p_style_of(FILE *out, const char *color, bool ascii);

#endif
