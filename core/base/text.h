/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text: numbers out of text, and foreign text made safe to print.
 * Floor 0 (base).
 */
#ifndef P2P_BASE_TEXT_H
#define P2P_BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/*
 * A whole number that fills `text` but for white space around it.  `base` as
 * strtoull's.  -EINVAL: not a number (a sign is not); -ERANGE: over `max`.
 */
int p2p_text_number(const char *text, int base, uint64_t max, uint64_t *ret);

/* The same, negative numbers allowed (numa_node is -1 where there is none). */
int p2p_text_signed(const char *text, int64_t *ret);

/*
 * Foreign bytes for a terminal: C0, DEL, C1, bidirectional marks, line
 * separators and bytes that are not UTF-8 come out as \xNN; a backslash stays
 * as it is.  With `ascii` every byte over 0x7e is written as \xNN.
 */
void p2p_text_visible(struct p2p_buf *buf, const char *text, bool ascii);

/*
 * Foreign bytes as the inside of a shell's "...": as p2p_text_visible, and the
 * characters that mean something there (" $ ` and the backslash) too are \xNN,
 * so that `eval` takes it as text and `printf %b` gives the bytes back.
 */
void p2p_text_shell(struct p2p_buf *buf, const char *text, bool ascii);

/* Foreign bytes as the inside of a JSON string; bad UTF-8 becomes U+FFFD. */
void p2p_text_json(struct p2p_buf *buf, const char *text);

/*
 * Foreign text as a scalar of YAML that every reader takes for that text: bare
 * where it is a plain word, else in double quotes.
 */
void p2p_text_yaml(struct p2p_buf *buf, const char *text);

/* The bytes of the UTF-8 character at `text`, 0 when it is not one. */
int p2p_text_utf8(const char *text, uint32_t *ret);

/* Does `pattern` fit the whole text?  * is any bytes, ? any one; there is no escape. */
bool p2p_text_glob(const char *pattern, const char *text);

/*
 * A size as fio takes it: a whole number, with k, M, G or T (powers of 1024; in
 * either case, an i and a B behind it may be there).  Errors as p2p_text_number.
 */
int p2p_text_bytes(const char *text, uint64_t max, uint64_t *ret);

/*
 * "4k,64k,1M": at most `room` sizes between commas, each from 1 to `max`.
 * -EINVAL, -ERANGE; -E2BIG: there are more.  Untouched on failure: *ret_count.
 */
int p2p_text_sizes(const char *text, uint64_t max, uint64_t *ret, size_t room, size_t *ret_count);

/* 16 MiB -> "16M"; exact sizes only get a unit. */
void p2p_text_size(struct p2p_buf *buf, uint64_t bytes);

/*
 * Compares names with numbers in them as people do: nvme2 before nvme10.
 * <0, 0, >0.
 */
int p2p_text_natural(const char *a, const char *b);

#endif
