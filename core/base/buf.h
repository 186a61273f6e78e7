/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buf: a text that grows.  Floor 0 (base).
 *
 *     struct p2p_buf buf = P2P_BUF_INIT;
 *     p2p_buf_printf(&buf, "%d", 1);
 *     p2p_buf_free(&buf);
 *
 * `text` is always terminated once something was added; NULL before that.
 */
#ifndef P2P_BASE_BUF_H
#define P2P_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct p2p_buf {
	char *text;
	size_t len, size;
};

#define P2P_BUF_INIT { NULL, 0, 0 }

void p2p_buf_add(struct p2p_buf *buf, const void *bytes, size_t len);
void p2p_buf_puts(struct p2p_buf *buf, const char *text);
void p2p_buf_putc(struct p2p_buf *buf, char c);
void p2p_buf_printf(struct p2p_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void p2p_buf_vprintf(struct p2p_buf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Empties the text and keeps the memory. */
void p2p_buf_reset(struct p2p_buf *buf);

/* The text as it is now; "" when nothing was added.  Owned by `buf`. */
const char *p2p_buf_text(const struct p2p_buf *buf);

void p2p_buf_free(struct p2p_buf *buf);

#endif
