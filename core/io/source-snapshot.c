/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot: the transcript of another run, out of the text of p2p-snapshot(5). */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/text.h"
#include "transcript.h"

#define HEX_LINE_MAX 32
#define ERRNO_MAX 4095

struct snapshot {
	struct p2p_source source;
	struct p2p_transcript *transcript;
};

/* Which lines that begin with a tab may follow. */
enum body { BODY_NONE, BODY_TEXT, BODY_HEX };

struct parser {
	const char *path;
	struct p2p_problem *problem;
	struct p2p_transcript *transcript;
	const char *next, *end;      /* what is left of the file */
	const char *line, *line_end; /* without its end */
	const char *at;              /* in the line */
	size_t number;               /* of the line */
	enum body body;
	struct p2p_record *record; /* whose body it is */
	bool closed;               /* no more text may follow in it */
	struct p2p_buf key, value; /* scratch; a text's lines gather in `value` */
	size_t count;
	bool done; /* the last line was read */
};

static int complain(const struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int complain(const struct parser *parser, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return p2p_problem_set(parser->problem, -EINVAL, "%s:%zu:%zu: %s", parser->path, parser->number,
			       (size_t)(parser->at - parser->line) + 1, what);
}

static bool next_line(struct parser *parser)
{
	if (parser->next == parser->end)
		return false;
	const char *newline = memchr(parser->next, '\n', (size_t)(parser->end - parser->next));

	parser->line = parser->at = parser->next;
	parser->line_end = newline ? newline : parser->end;
	parser->next = newline ? newline + 1 : parser->end;
	if (parser->line_end > parser->line && parser->line_end[-1] == '\r')
		parser->line_end--;
	parser->number++;
	return true;
}

static size_t left(const struct parser *parser)
{
	return (size_t)(parser->line_end - parser->at);
}

/* Steps over `text` if it is next. */
static bool take(struct parser *parser, const char *text)
{
	size_t len = strlen(text);

	if (left(parser) < len || memcmp(parser->at, text, len) != 0)
		return false;
	parser->at += len;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Two hex digits; a negative number when they are not. */
static int hex_byte(const struct parser *parser)
{
	int high = left(parser) >= 2 ? hex_digit(parser->at[0]) : -1;
	int low = high >= 0 ? hex_digit(parser->at[1]) : -1;

	return low < 0 ? -1 : high << 4 | low;
}

/* A byte that is not itself: \xNN, or a character of more than one byte. */
static int take_special(struct parser *parser, struct p2p_buf *ret)
{
	char copy[5] = { 0 };
	uint32_t c;

	if (take(parser, "\\x")) {
		int byte = hex_byte(parser);

		if (byte <= 0)
			return complain(parser, byte ? "\\x needs two hex digits" : "a NUL has no place in text");
		p2p_buf_putc(ret, (char)byte);
		parser->at += 2;
		return 0;
	}
	memcpy(copy, parser->at, left(parser) < 4 ? left(parser) : 4);
	int n = (unsigned char)*copy < 0x80 ? 0 : p2p_text_utf8(copy, &c);

	if (!*copy)
		return complain(parser, "a NUL has no place in text");
	if (!n)
		return complain(parser, *copy == '\\' ? "a backslash that is not \\xNN (a backslash itself is \\x5c)" :
							"byte 0x%02x has to be written as \\x%02x",
				(unsigned char)*copy, (unsigned char)*copy);
	p2p_buf_add(ret, copy, (size_t)n);
	parser->at += n;
	return 0;
}

/* Up to a space or the end of the line; replaces what `ret` held. */
static int take_word(struct parser *parser, const char *what, struct p2p_buf *ret)
{
	p2p_buf_reset(ret);
	while (left(parser) && *parser->at != ' ') {
		const char *start = parser->at;

		while (left(parser) && *parser->at > ' ' && *parser->at < 0x7f && *parser->at != '\\')
			parser->at++;
		p2p_buf_add(ret, start, (size_t)(parser->at - start));
		if (left(parser) && *parser->at != ' ') {
			int error = take_special(parser, ret);

			if (error)
				return error;
		}
	}
	return ret->len ? 0 : complain(parser, "%s is missing", what);
}

/* The rest of the line as text; it is the last when a backslash ends it. */
static int take_text(struct parser *parser, struct p2p_buf *ret)
{
	if (parser->closed)
		return complain(parser, "a line after the one whose end is a backslash: there is no newline");
	while (left(parser)) {
		const char *start = parser->at;

		while (left(parser) && ((*parser->at >= ' ' && *parser->at < 0x7f && *parser->at != '\\') ||
					*parser->at == '\t'))
			parser->at++;
		p2p_buf_add(ret, start, (size_t)(parser->at - start));
		if (!left(parser))
			break;
		if (*parser->at == '\\' && left(parser) == 1) {
			parser->closed = true;
			return 0;
		}
		int error = take_special(parser, ret);

		if (error)
			return error;
	}
	p2p_buf_putc(ret, '\n');
	return 0;
}

static int take_end(const struct parser *parser)
{
	return left(parser) ? complain(parser, "the line should end here") : 0;
}

/* A symbol as in errno.h, or a number where there is none. */
static int take_errno(struct parser *parser, int *ret)
{
	size_t len = 0;
	uint64_t number;
	char word[32];

	while (len < left(parser) && parser->at[len] != ' ')
		len++;
	if (len >= sizeof(word) || !len)
		return complain(parser, "the name of an error is missing, as ENOENT");
	memcpy(word, parser->at, len);
	word[len] = '\0';
	for (int i = 1; i < 256; i++) {
		const char *name = strerrorname_np(i);

		if (name && strcmp(name, word) == 0) {
			parser->at += len;
			*ret = -i;
			return 0;
		}
	}
	if (p2p_text_number(word, 10, ERRNO_MAX, &number) || !number)
		return complain(parser, "\"%s\" is not the name of an error, as ENOENT", word);
	parser->at += len;
	*ret = -(int)number;
	return 0;
}

/* A hex number that fits a file. */
static int take_offset(struct parser *parser, uint64_t *ret)
{
	const char *start = parser->at;
	uint64_t value = 0;

	while (left(parser) && hex_digit(*parser->at) >= 0) {
		if (value > INT64_MAX >> 4) {
			parser->at = start;
			return complain(parser, "the offset is too big");
		}
		value = value << 4 | (uint64_t)hex_digit(*parser->at++);
	}
	if (parser->at == start)
		return complain(parser, "a hex offset is missing");
	*ret = value;
	return 0;
}

/* A record for the key in `parser->key`, which began at `start`. */
static int new_record(struct parser *parser, enum p2p_verb verb, const char *start)
{
	const char *key = p2p_buf_text(&parser->key);

	parser->at = start;
	if (p2p_source_key_check(key))
		return complain(parser, "not a key: it is a relative path without empty, \".\" or \"..\" parts, of at "
					"most %d bytes", P2P_SOURCE_KEY_MAX);
	if (p2p_transcript_find(parser->transcript, verb, key))
		return complain(parser, "a second record for this key");
	if (parser->count >= P2P_TRANSCRIPT_MAX)
		return complain(parser, "more than %zu records", P2P_TRANSCRIPT_MAX);
	parser->count++;
	parser->record = p2p_transcript_add(parser->transcript, verb, key);
	parser->closed = false;
	return 0;
}

/* "KEY" and what separates it from the rest; leaves the parser behind it. */
static int take_key(struct parser *parser, enum p2p_verb verb, const char *separator)
{
	const char *start = parser->at;
	int error = take_word(parser, "a key", &parser->key);

	if (error)
		return error;
	if (!take(parser, separator))
		return complain(parser, "\"%s\" should follow the key", separator);
	const char *rest = parser->at;

	error = new_record(parser, verb, start);
	if (!error)
		parser->at = rest;
	return error;
}

static void set_text(struct parser *parser)
{
	/* One more was asked for than came: so the end is known. */
	p2p_record_data(parser->record, 0, parser->value.text, parser->value.len, parser->value.len + 1);
}

static int parse_read(struct parser *parser)
{
	int error = take_key(parser, P2P_VERB_READ, " =");

	if (!error && left(parser) && !take(parser, " "))
		return complain(parser, "a space should follow the \"=\"");
	p2p_buf_reset(&parser->value);
	if (!error)
		error = take_text(parser, &parser->value);
	if (!error)
		set_text(parser);
	return error;
}

static int parse_text(struct parser *parser)
{
	p2p_buf_reset(&parser->value);
	parser->body = BODY_TEXT;
	int error = take_key(parser, P2P_VERB_READ, "");

	return error ? error : take_end(parser);
}

static int parse_hex(struct parser *parser)
{
	parser->body = BODY_HEX;
	int error = take_key(parser, P2P_VERB_READ, "");

	return error ? error : take_end(parser);
}

static int parse_link(struct parser *parser)
{
	int error = take_key(parser, P2P_VERB_LINK, " -> ");

	if (!error)
		error = take_word(parser, "the link's target", &parser->value);
	if (!error)
		p2p_record_bytes(parser->record, parser->value.text, parser->value.len, 0);
	return error ? error : take_end(parser);
}

static int parse_list(struct parser *parser)
{
	struct p2p_names names = P2P_NAMES_INIT;
	int error = take_key(parser, P2P_VERB_LIST, " :");

	while (!error && left(parser)) {
		const char *start = parser->at;

		if (!take(parser, " ")) {
			error = complain(parser, "one space should be before each name");
			break;
		}
		error = take_word(parser, "a name", &parser->value);
		if (error)
			break;
		const char *name = p2p_buf_text(&parser->value);

		if (strchr(name, '/') || p2p_source_key_check(name)) {
			parser->at = start + 1;
			error = complain(parser, "not a name: it has a slash, or is \".\" or \"..\", or is too long");
		}
		p2p_names_add(&names, name);
	}
	if (!error)
		p2p_record_bytes(parser->record, names.text.text, names.text.len, names.count);
	p2p_names_free(&names);
	return error;
}

/* fail KEY ERRNO [link|list]: the verb comes last, so the record is made then. */
static int parse_fail(struct parser *parser)
{
	const char *start = parser->at;
	enum p2p_verb verb = P2P_VERB_READ;
	int value, error = take_word(parser, "a key", &parser->key);

	if (error)
		return error;
	if (!take(parser, " "))
		return complain(parser, "the name of an error is missing, as ENOENT");
	error = take_errno(parser, &value);
	if (error)
		return error;
	if (take(parser, " link"))
		verb = P2P_VERB_LINK;
	else if (take(parser, " list"))
		verb = P2P_VERB_LIST;
	error = take_end(parser);
	if (!error)
		error = new_record(parser, verb, start);
	if (!error)
		parser->record->error = value;
	return error;
}

/* end COUNT */
static int parse_end(struct parser *parser)
{
	char expected[32];

	snprintf(expected, sizeof(expected), "%zu", parser->count);
	if (!take(parser, expected) || left(parser))
		return complain(parser, "the file has %zu records, its last line says otherwise: it is not complete",
				parser->count);
	parser->done = true;
	if (!next_line(parser))
		return 0;
	return complain(parser, "nothing may follow the last line");
}

/* Where the known bytes of the record stop. */
static uint64_t record_top(const struct p2p_record *record)
{
	const struct p2p_extent *last = record->count ? &record->extents[record->count - 1] : NULL;

	return last ? last->offset + last->len : 0;
}

static int hex_range(struct parser *parser)
{
	struct p2p_record *record = parser->record;
	unsigned char bytes[HEX_LINE_MAX];
	const char *start = parser->at;
	uint64_t offset;
	size_t count = 0;
	int error = take_offset(parser, &offset);

	if (error)
		return error;
	if (!take(parser, ":"))
		return complain(parser, "\":\" should follow the offset");
	while (left(parser)) {
		int byte = take(parser, " ") ? hex_byte(parser) : -1;

		if (byte < 0)
			return complain(parser, "bytes are two hex digits each, after one space");
		if (count == sizeof(bytes))
			return complain(parser, "more than %d bytes in a line", HEX_LINE_MAX);
		bytes[count++] = (unsigned char)byte;
		parser->at += 2;
	}
	if (!count)
		return complain(parser, "no bytes");
	parser->at = start;
	if (record->end != P2P_END_UNKNOWN || record->error)
		return complain(parser, "bytes after the end of the record");
	if (offset < record_top(record))
		return complain(parser, "0x%" PRIx64 " is not after 0x%" PRIx64 ": ranges ascend and do not overlap",
				offset, record_top(record) - 1);
	if (offset > INT64_MAX - (uint64_t)count || record->len > P2P_RECORD_MAX - count)
		return complain(parser, "the record is too big");
	p2p_record_data(record, offset, bytes, count, count);
	return 0;
}

static int hex_end(struct parser *parser)
{
	struct p2p_record *record = parser->record;
	uint64_t end;
	int error = take_offset(parser, &end);

	if (!error)
		error = take_end(parser);
	if (error)
		return error;
	parser->at = parser->line + 1;
	if (record->end != P2P_END_UNKNOWN || record->error)
		return complain(parser, "a second end");
	if (end < record_top(record))
		return complain(parser, "0x%" PRIx64 " bytes are known of it: it does not end there",
				record_top(record));
	record->end = end;
	return 0;
}

static int hex_fail(struct parser *parser)
{
	int value, error = take_errno(parser, &value);

	if (!error)
		error = take_end(parser);
	if (error)
		return error;
	if (parser->record->error) {
		parser->at = parser->line + 1;
		return complain(parser, "a second failure");
	}
	parser->record->error = value;
	return 0;
}

static int parse_body(struct parser *parser)
{
	if (parser->body == BODY_NONE)
		return complain(parser, "a tab begins a line only below \"text\" and \"hex\"");
	parser->at++;
	if (parser->body == BODY_TEXT) {
		if (parser->value.len >= P2P_RECORD_MAX)
			return complain(parser, "the record is too big");
		return take_text(parser, &parser->value);
	}
	if (take(parser, "end "))
		return hex_end(parser);
	return take(parser, "fail ") ? hex_fail(parser) : hex_range(parser);
}

static int close_body(struct parser *parser)
{
	const struct p2p_record *record = parser->record;

	if (parser->body == BODY_TEXT)
		set_text(parser);
	if (parser->body == BODY_HEX && !record->count && record->end == P2P_END_UNKNOWN)
		return complain(parser, "the record above has no bytes and no end%s",
				record->error ? ": that is \"fail\"" : "");
	parser->body = BODY_NONE;
	return 0;
}

static int parse_line(struct parser *parser)
{
	static const struct {
		const char *word;
		int (*parse)(struct parser *parser);
	} words[] = {
		{ "read ", parse_read }, { "text ", parse_text }, { "hex ", parse_hex }, { "link ", parse_link },
		{ "list ", parse_list }, { "fail ", parse_fail }, { "end ", parse_end },
	};

	if (left(parser) && *parser->at == '\t')
		return parse_body(parser);
	int error = close_body(parser);

	if (error)
		return error;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (take(parser, words[i].word))
			return words[i].parse(parser);
	return complain(parser, "unknown: a line begins with read, text, hex, link, list, fail, end or a tab");
}

static int parse_first(struct parser *parser)
{
	if (!next_line(parser))
		return p2p_problem_set(parser->problem, -EINVAL, "%s:1:1: empty", parser->path);
	if (!take(parser, "p2p-snapshot "))
		return complain(parser, "the first line is not \"p2p-snapshot 1\"");
	if (left(parser) != 1 || *parser->at != '1')
		return complain(parser, "version %.*s of the format; this program reads version 1",
				(int)(left(parser) < 20 ? left(parser) : 20), parser->at);
	return 0;
}

static int parse_all(struct parser *parser)
{
	int error = parse_first(parser);

	while (!error && !parser->done && next_line(parser))
		error = parse_line(parser);
	if (error || parser->done)
		return error;
	parser->line = parser->at = parser->end;
	parser->number++;
	return complain(parser, "cut short: the last line, \"end COUNT\", is missing");
}

static int snapshot_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
			 size_t *ret)
{
	return p2p_transcript_read(((struct snapshot *)source)->transcript, key, offset, buffer, length, ret);
}

static int snapshot_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	return p2p_transcript_link(((struct snapshot *)source)->transcript, key, ret);
}

static int snapshot_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	return p2p_transcript_list(((struct snapshot *)source)->transcript, key, ret);
}

static void snapshot_free(struct p2p_source *source)
{
	p2p_transcript_free(((struct snapshot *)source)->transcript);
	free(source);
}

static const struct p2p_source_ops snapshot_ops = {
	.read = snapshot_read,
	.link = snapshot_link,
	.list = snapshot_list,
	.free = snapshot_free,
};

int p2p_source_parse_snapshot(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			      struct p2p_source **ret)
{
	struct parser parser = { .path = path, .problem = problem, .transcript = p2p_transcript_new(),
				 .next = text, .end = text + len, .key = P2P_BUF_INIT, .value = P2P_BUF_INIT };
	int error = parse_all(&parser);

	p2p_buf_free(&parser.key);
	p2p_buf_free(&parser.value);
	if (error) {
		p2p_transcript_free(parser.transcript);
		return error;
	}
	struct snapshot *snapshot = p2p_malloc(sizeof(*snapshot));

	*snapshot = (struct snapshot){ .source.ops = &snapshot_ops, .transcript = parser.transcript };
	*ret = &snapshot->source;
	return 0;
}
