/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "width.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "../base/text.h"

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
