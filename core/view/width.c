/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "width.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "../base/text.h"
#include "view.h"

bool p2p_view_plain(const char *text)
{
	while (*text >= 0x20 && *text < 0x7f)
		text++;
	return !*text;
}

size_t p2p_view_fitting(const char *text, size_t width, size_t *ret_width)
{
	size_t at = 0, used = 0;

	while (text[at]) {
		uint32_t c = 0;
		int len = p2p_text_utf8(text + at, &c);
		int columns = (unsigned char)text[at] < 0x80 ? 1 : wcwidth((wchar_t)c);
		size_t step = columns < 0 ? 1 : (size_t)columns;

		if (used + step > width)
			break;
		used += step;
		at += len > 0 ? (size_t)len : 1;
	}
	*ret_width = used;
	return at;
}

size_t p2p_view_width(const char *text)
{
	size_t width;

	if (p2p_view_plain(text))
		return strlen(text);
	p2p_view_fitting(text, SIZE_MAX, &width);
	return width;
}

void p2p_view_text(FILE *out, const char *first, const char *rest, const char *text, size_t width, bool ascii)
{
	struct p2p_buf visible = P2P_BUF_INIT, lines = P2P_BUF_INIT;
	size_t column = p2p_view_width(first);
	bool start = true;

	p2p_buf_puts(&lines, first);
	p2p_text_visible(&visible, text, ascii);
	for (char *at = visible.text; at && *at;) {
		size_t length = strcspn(at, " ");
		bool more = at[length];

		at[length] = '\0';
		size_t columns = p2p_view_width(at);

		if (!start && width && column + 1 + columns > width) {
			p2p_buf_printf(&lines, "\n%s", rest);
			column = p2p_view_width(rest);
			start = true;
		}
		p2p_buf_printf(&lines, "%s%s", start ? "" : " ", at);
		column += columns + !start;
		start = false;
		at += length + more;
	}
	p2p_buf_putc(&lines, '\n');
	/* In one piece: others may be writing to the same log. */
	fputs(p2p_buf_text(&lines), out);
	p2p_buf_free(&visible);
	p2p_buf_free(&lines);
}
