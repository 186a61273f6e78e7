/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "style.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../base/text.h"
#include "pager.h"

#define WIDTH_UNSAID 80     /* of a terminal that does not say its own */
#define WIDTH_MOST 100000   /* more is a mistake */

static bool decide_color(const struct p2p_surroundings *surroundings)
{
	const char *color = surroundings->color, *term = surroundings->term;

	if (color && strcmp(color, "auto") != 0)
		return !strcmp(color, "always");
	/* https://no-color.org: "when present and not an empty string" */
	if (surroundings->no_color && *surroundings->no_color)
		return false;
	return surroundings->terminal && !(term && !strcmp(term, "dumb"));
}

static int decide_width(const struct p2p_surroundings *surroundings)
{
	uint64_t columns;

	if (surroundings->columns && !p2p_text_number(surroundings->columns, 10, WIDTH_MOST, &columns) && columns)
		return (int)columns;
	if (!surroundings->terminal)
		return 0;
	return surroundings->terminal_width > 0 ? surroundings->terminal_width : WIDTH_UNSAID;
}

struct p2p_style p2p_style_decide(const struct p2p_surroundings *surroundings)
{
	const char *codeset = surroundings->codeset;
	bool utf8 = codeset && (!strcasecmp(codeset, "UTF-8") || !strcasecmp(codeset, "utf8"));

	return (struct p2p_style){
		.ascii = surroundings->ascii || !utf8,
		.color = decide_color(surroundings),
		.width = decide_width(surroundings),
		.headings = true,
	};
}

struct p2p_style p2p_style_of(FILE *out, const char *color, bool ascii)
{
	static bool ready;
	struct winsize size = { 0 };
	int fd = fileno(out);

	/* Only what characters are: numbers and messages stay as they are everywhere. */
	if (!ready)
		setlocale(LC_CTYPE, "");
	ready = true;
	bool terminal = fd >= 0 && isatty(fd);
	int columns = 0;

	if (terminal && !ioctl(fd, TIOCGWINSZ, &size))
		columns = size.ws_col;
	if (fd == STDOUT_FILENO && p2p_pager_is_terminal(&columns))
		terminal = true;
	const struct p2p_surroundings surroundings = {
		.color = color,
		.no_color = getenv("NO_COLOR"),
		.term = getenv("TERM"),
		.columns = getenv("COLUMNS"),
		.codeset = nl_langinfo(CODESET),
		.ascii = ascii,
		.terminal = terminal,
		.terminal_width = columns,
	};

	return p2p_style_decide(&surroundings);
}
