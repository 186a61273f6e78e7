/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

static void buf_reserve(struct p2p_buf *buf, size_t more)
{
	if (buf->size - buf->len > more)
		return;
	size_t size = buf->size ? buf->size * 2 : 128;

	while (size - buf->len <= more)
		size *= 2;
	buf->text = p2p_realloc(buf->text, size, 1);
	buf->size = size;
}

void p2p_buf_add(struct p2p_buf *buf, const void *bytes, size_t len)
{
	buf_reserve(buf, len);
	if (len)
		memcpy(buf->text + buf->len, bytes, len);
	buf->len += len;
	buf->text[buf->len] = '\0';
}

void p2p_buf_puts(struct p2p_buf *buf, const char *text)
{
	p2p_buf_add(buf, text, strlen(text));
}

void p2p_buf_putc(struct p2p_buf *buf, char c)
{
	p2p_buf_add(buf, &c, 1);
}

void p2p_buf_vprintf(struct p2p_buf *buf, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);

	if (len < 0)
		abort();
	buf_reserve(buf, (size_t)len);
	vsnprintf(buf->text + buf->len, (size_t)len + 1, format, again);
	va_end(again);
	buf->len += (size_t)len;
}

void p2p_buf_printf(struct p2p_buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	p2p_buf_vprintf(buf, format, args);
	va_end(args);
}

void p2p_buf_reset(struct p2p_buf *buf)
{
	buf->len = 0;
	if (buf->text)
		buf->text[0] = '\0';
}

const char *p2p_buf_text(const struct p2p_buf *buf)
{
	return buf->text ? buf->text : "";
}

void p2p_buf_free(struct p2p_buf *buf)
{
	free(buf->text);
	*buf = (struct p2p_buf)P2P_BUF_INIT;
}
