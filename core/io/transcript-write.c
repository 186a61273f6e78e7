/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of p2p-snapshot(5).  Nothing in it depends on the order or the size of the reads. */
#include "transcript.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/text.h"
#include "source.h"

#define HEX_LINE 16

/* The length of the UTF-8 character at `bytes`, 0 when it is none; a terminated copy of it, or of the bad byte. */
static int character(const char *bytes, size_t len, char copy[5])
{
	uint32_t c;

	memset(copy, 0, 5);
	memcpy(copy, bytes, len < 4 ? len : 4);
	int n = p2p_text_utf8(copy, &c);

	copy[n ? n : 1] = '\0';
	return n;
}

/* A value keeps its blanks, but for one at the end, which editors and mail drop. */
static bool is_plain(const char *bytes, size_t i, size_t len, bool value)
{
	unsigned char c = (unsigned char)bytes[i];

	if (c == ' ' || c == '\t')
		return value && i + 1 < len;
	return c > 0x20 && c < 0x7f && c != '\\';
}

static void put_escaped(struct p2p_buf *ret, const char *bytes, size_t len, bool value)
{
	for (size_t i = 0; i < len;) {
		size_t start = i;
		char copy[5];

		while (i < len && is_plain(bytes, i, len, value))
			i++;
		p2p_buf_add(ret, bytes + start, i - start);
		if (i == len)
			break;
		if ((unsigned char)bytes[i] < 0x80) {
			p2p_buf_printf(ret, "\\x%02x", (unsigned char)bytes[i++]);
			continue;
		}
		int n = character(bytes + i, len - i, copy);

		p2p_text_visible(ret, copy, false);
		i += n ? (size_t)n : 1;
	}
}

static void put_head(struct p2p_buf *ret, const char *word, const char *key)
{
	p2p_buf_puts(ret, word);
	p2p_buf_putc(ret, ' ');
	put_escaped(ret, key, strlen(key), false);
}

static void put_error(struct p2p_buf *ret, int error)
{
	const char *name = strerrorname_np(-error);

	if (name)
		p2p_buf_puts(ret, name);
	else
		p2p_buf_printf(ret, "%d", -error); /* the kernel's own, as ENOTSUPP 524 */
}

/* Text is what reads as text: no control characters but blanks and line ends, all of it UTF-8. */
static bool is_text(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)bytes[i];
		char copy[5];
		int n = 1;

		if (c < 0x20 ? c != '\t' && c != '\n' && c != '\r' : c == 0x7f)
			return false;
		if (c >= 0x80)
			n = character(bytes + i, len - i, copy);
		if (!n)
			return false;
		i += (size_t)n;
	}
	return true;
}

/* One line, its newline or the mark of a missing one. */
static const char *put_line(struct p2p_buf *ret, const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	const char *stop = newline ? newline : end;

	put_escaped(ret, at, (size_t)(stop - at), true);
	p2p_buf_puts(ret, newline ? "\n" : "\\\n");
	return newline ? newline + 1 : end;
}

static void put_text(struct p2p_buf *ret, const char *key, const char *text, size_t len)
{
	const char *end = text + len, *newline = len ? memchr(text, '\n', len) : NULL;

	if (len && (!newline || newline + 1 == end)) {
		put_head(ret, "read", key);
		p2p_buf_puts(ret, newline == text ? " =" : " = ");
		put_line(ret, text, end);
		return;
	}
	put_head(ret, "text", key);
	p2p_buf_putc(ret, '\n');
	while (text < end) {
		p2p_buf_putc(ret, '\t');
		text = put_line(ret, text, end);
	}
}

/* A line of bytes ends where the next multiple of HEX_LINE begins, whatever the ranges were that were read. */
static void put_bytes(struct p2p_buf *ret, const struct p2p_record *record)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t next = P2P_END_UNKNOWN;

	for (size_t i = 0; i < record->count; i++) {
		const struct p2p_extent *extent = &record->extents[i];

		for (uint32_t j = 0; j < extent->len; j++) {
			unsigned char c = (unsigned char)record->bytes[extent->at + j];
			char byte[3] = { ' ', digits[c >> 4], digits[c & 15] };
			uint64_t offset = extent->offset + j;

			if (offset != next || offset % HEX_LINE == 0)
				p2p_buf_printf(ret, "%s\t%03" PRIx64 ":", i || j ? "\n" : "", offset);
			p2p_buf_add(ret, byte, sizeof(byte));
			next = offset + 1;
		}
	}
	if (record->count)
		p2p_buf_putc(ret, '\n');
}

static void put_hex(struct p2p_buf *ret, const struct p2p_record *record)
{
	put_head(ret, "hex", record->key);
	p2p_buf_putc(ret, '\n');
	put_bytes(ret, record);
	if (record->end != P2P_END_UNKNOWN)
		p2p_buf_printf(ret, "\tend %03" PRIx64 "\n", record->end);
	if (record->error) {
		p2p_buf_puts(ret, "\tfail ");
		put_error(ret, record->error);
		p2p_buf_putc(ret, '\n');
	}
}

/* The whole file from its first byte to its end, in `copy` when it is in pieces; NULL: not all of it is known. */
static const char *whole(const struct p2p_record *record, struct p2p_buf *copy)
{
	uint64_t known = 0;

	if (record->end == P2P_END_UNKNOWN || record->error)
		return NULL;
	for (size_t i = 0; i < record->count && record->extents[i].offset == known; i++)
		known += record->extents[i].len;
	if (known != record->end)
		return NULL;
	if (record->count <= 1)
		return record->count ? record->bytes + record->extents[0].at : "";
	for (size_t i = 0; i < record->count; i++)
		p2p_buf_add(copy, record->bytes + record->extents[i].at, record->extents[i].len);
	return copy->text;
}

static void put_read(struct p2p_buf *ret, const struct p2p_record *record)
{
	struct p2p_buf copy = P2P_BUF_INIT;
	const char *text = whole(record, &copy);

	if (text && is_text(text, (size_t)record->end))
		put_text(ret, record->key, text, (size_t)record->end);
	else
		put_hex(ret, record);
	p2p_buf_free(&copy);
}

static void put_names(struct p2p_buf *ret, const struct p2p_record *record)
{
	put_head(ret, "list", record->key);
	p2p_buf_puts(ret, " :");
	for (size_t at = 0; at < record->len;) {
		size_t len = strlen(record->bytes + at);

		p2p_buf_putc(ret, ' ');
		put_escaped(ret, record->bytes + at, len, false);
		at += len + 1;
	}
	p2p_buf_putc(ret, '\n');
}

static void put_failure(struct p2p_buf *ret, const struct p2p_record *record)
{
	static const char *const words[] = {
		[P2P_VERB_READ] = "",
		[P2P_VERB_LINK] = " link",
		[P2P_VERB_LIST] = " list",
	};

	put_head(ret, "fail", record->key);
	p2p_buf_putc(ret, ' ');
	put_error(ret, record->error);
	p2p_buf_puts(ret, words[record->verb]);
	p2p_buf_putc(ret, '\n');
}

static void put_record(struct p2p_buf *ret, const struct p2p_record *record)
{
	if (record->error && !record->count && record->end == P2P_END_UNKNOWN) {
		put_failure(ret, record);
	} else if (record->verb == P2P_VERB_READ) {
		put_read(ret, record);
	} else if (record->verb == P2P_VERB_LIST) {
		put_names(ret, record);
	} else {
		put_head(ret, "link", record->key);
		p2p_buf_puts(ret, " -> ");
		put_escaped(ret, record->bytes, record->len, false);
		p2p_buf_putc(ret, '\n');
	}
}

static int by_key(const void *a, const void *b)
{
	const struct p2p_record *x = *(const struct p2p_record *const *)a, *y = *(const struct p2p_record *const *)b;
	int order = p2p_source_key_compare(x->key, y->key);

	return order ? order : (int)x->verb - (int)y->verb;
}

void p2p_transcript_write(const struct p2p_transcript *transcript, struct p2p_buf *ret)
{
	size_t count;
	const struct p2p_record *records = p2p_transcript_records(transcript, &count);
	const struct p2p_record **sorted = p2p_realloc(NULL, count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &records[i];
	qsort(sorted, count, sizeof(*sorted), by_key);
	p2p_buf_reset(ret);
	p2p_buf_puts(ret, "p2p-snapshot 1\n");
	for (size_t i = 0; i < count; i++)
		put_record(ret, sorted[i]);
	p2p_buf_printf(ret, "end %zu\n", count);
	free(sorted);
}
