/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML in: the door of libyaml.  The library's events become a small tree of
 * nodes that know their line and column; what the tree may say is for the
 * readers of each schema.
 */
#include "policy-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaml.h>

#include "../base/closest.h"

#define MOST_BYTES (1024 * 1024)
#define MOST_NODES 65536
#define MOST_DEPTH 8
#define MOST_KEYS 64 /* of one mapping: these are compared pairwise */

struct reader {
	const struct p2p_yaml_file *file;
	const char *text;
	size_t len, nodes;
	yaml_parser_t parser;
};

static int fail_v(const struct p2p_yaml_file *file, size_t line, size_t column, const char *format, va_list args)
	__attribute__((format(printf, 4, 0)));

static int fail_v(const struct p2p_yaml_file *file, size_t line, size_t column, const char *format, va_list args)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	p2p_buf_vprintf(&buf, format, args);
	p2p_problem_set(file->problem, 0, "%s:%zu:%zu: %s", file->path, line, column, p2p_buf_text(&buf));
	if (file->all)
		p2p_problems_add(file->all, file->problem->text);
	p2p_buf_free(&buf);
	return -EINVAL;
}

int p2p_yaml_fail(const struct p2p_yaml_file *file, const struct p2p_yaml *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_v(file, at->line, at->column, format, args);
	va_end(args);
	return -EINVAL;
}

/* The library counts lines and columns from 0. */
static int fail_mark(const struct reader *reader, yaml_mark_t mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail_mark(const struct reader *reader, yaml_mark_t mark, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_v(reader->file, mark.line + 1, mark.column + 1, format, args);
	va_end(args);
	return -EINVAL;
}

/* The library stopped: its words, at its place. */
static int fail_parser(const struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return p2p_problem_set(reader->file->problem, -ENOMEM, "%s: out of memory", reader->file->path);
	if (parser->error == YAML_READER_ERROR) {
		/* Only an offset: bytes that are not UTF-8, or characters that YAML forbids. */
		mark = (yaml_mark_t){ 0 };
		for (size_t i = 0; i < parser->problem_offset && i < reader->len; i++) {
			mark.line += reader->text[i] == '\n';
			mark.column = reader->text[i] == '\n' ? 0 : mark.column + 1;
		}
	}
	if (parser->error == YAML_SCANNER_ERROR && mark.index < reader->len && reader->text[mark.index] == '\t')
		return fail_mark(reader, mark, "a tab: YAML indents with blanks");
	return fail_mark(reader, mark, "%s%s%s", parser->problem ? parser->problem : "not YAML",
			 parser->context ? " " : "", parser->context ? parser->context : "");
}

static int next_event(struct reader *reader, yaml_event_t *ret)
{
	return yaml_parser_parse(&reader->parser, ret) ? 0 : fail_parser(reader);
}

/* A node out of an event; refuses what no file of ours may hold. */
static int make_node(struct reader *reader, const yaml_event_t *event, struct p2p_yaml **ret)
{
	struct p2p_yaml *node = p2p_arena_alloc(reader->file->nodes, sizeof(*node));
	const yaml_char_t *anchor = NULL, *tag = NULL;
	const char *text;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor, tag = event->data.scalar.tag;
		text = (const char *)event->data.scalar.value;
		if (memchr(text, 0, event->data.scalar.length))
			return fail_mark(reader, event->start_mark, "a NUL in the text");
		node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		node->text = p2p_arena_strndup(reader->file->nodes, text, event->data.scalar.length);
		break;
	case YAML_SEQUENCE_START_EVENT:
		node->kind = P2P_YAML_LIST;
		anchor = event->data.sequence_start.anchor, tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		node->kind = P2P_YAML_MAP;
		anchor = event->data.mapping_start.anchor, tag = event->data.mapping_start.tag;
		break;
	case YAML_ALIAS_EVENT:
		return fail_mark(reader, event->start_mark, "an alias (*) is not allowed: write it out");
	default:
		return fail_mark(reader, event->start_mark, "a value is missing");
	}
	if (anchor)
		return fail_mark(reader, event->start_mark, "an anchor (&) is not allowed: write it out");
	if (tag)
		return fail_mark(reader, event->start_mark, "a tag (!) is not allowed");
	if (++reader->nodes > MOST_NODES)
		return fail_mark(reader, event->start_mark, "more than %d values", MOST_NODES);
	node->line = (unsigned)event->start_mark.line + 1;
	node->column = (unsigned)event->start_mark.column + 1;
	*ret = node;
	return 0;
}

static int read_node(struct reader *reader, unsigned depth, struct p2p_yaml **ret);

/* `key` was read as the next child of `map`; its value follows. */
static int read_value(struct reader *reader, unsigned depth, const struct p2p_yaml *map, const struct p2p_yaml *key,
		      struct p2p_yaml **ret)
{
	const struct p2p_yaml *other = key->kind == P2P_YAML_SCALAR ? p2p_yaml_find(map, key->text) : NULL;
	struct p2p_yaml *value = NULL;

	if (key->kind != P2P_YAML_SCALAR)
		return p2p_yaml_fail(reader->file, key, "a key must be a word");
	if (map->count >= MOST_KEYS)
		return p2p_yaml_fail(reader->file, key, "more than %d keys in one place", MOST_KEYS);
	if (other)
		return p2p_yaml_fail(reader->file, key, "'%.60s' a second time, the first is in line %u", key->text,
				     other->key->line);
	int error = read_node(reader, depth, &value);

	if (error)
		return error;
	value->key = key;
	*ret = value;
	return 0;
}

static int read_children(struct reader *reader, unsigned depth, struct p2p_yaml *parent)
{
	for (;;) {
		struct p2p_yaml *child = NULL;
		int error = read_node(reader, depth, &child);

		if (!error && child && parent->kind == P2P_YAML_MAP)
			error = read_value(reader, depth, parent, child, &child);
		if (error || !child)
			return error;
		if (parent->last)
			parent->last->next = child;
		else
			parent->first = child;
		parent->last = child;
		parent->count++;
	}
}

/* The next value with all below it; NULL when what it would be in ends instead. */
static int read_node(struct reader *reader, unsigned depth, struct p2p_yaml **ret)
{
	struct p2p_yaml *node = NULL;
	yaml_event_t event;
	int error = next_event(reader, &event);

	if (error)
		return error;
	bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;

	if (!end)
		error = make_node(reader, &event, &node);
	yaml_event_delete(&event);
	if (error || end) {
		if (!error)
			*ret = NULL;
		return error;
	}
	if (node->kind != P2P_YAML_SCALAR && depth >= MOST_DEPTH)
		return p2p_yaml_fail(reader->file, node, "nested deeper than %d", MOST_DEPTH);
	if (node->kind != P2P_YAML_SCALAR)
		error = read_children(reader, depth + 1, node);
	if (!error)
		*ret = node;
	return error;
}

/* Skips one event that must be `wanted`; `instead` is said when it is not. */
static int expect_event(struct reader *reader, yaml_event_type_t wanted, const char *instead)
{
	yaml_event_t event;
	int error = next_event(reader, &event);

	if (error)
		return error;
	if (event.type != wanted)
		error = fail_mark(reader, event.start_mark, "%s", instead);
	yaml_event_delete(&event);
	return error;
}

static int read_document(struct reader *reader, struct p2p_yaml **ret)
{
	struct p2p_yaml *node = NULL;
	int error = expect_event(reader, YAML_STREAM_START_EVENT, "not YAML");

	if (!error)
		error = expect_event(reader, YAML_DOCUMENT_START_EVENT, "there is nothing in this file");
	if (!error)
		error = read_node(reader, 0, &node);
	if (!error)
		error = expect_event(reader, YAML_DOCUMENT_END_EVENT, "the document should end here");
	if (!error)
		error = expect_event(reader, YAML_STREAM_END_EVENT, "a second document is not allowed");
	if (!error)
		*ret = node;
	return error;
}

int p2p_yaml_parse(const struct p2p_yaml_file *file, const char *text, size_t len, const struct p2p_yaml **ret)
{
	struct reader reader = { .file = file, .text = text, .len = len };
	struct p2p_yaml *node = NULL;

	if (len > MOST_BYTES)
		return p2p_problem_set(file->problem, -EINVAL, "%s: larger than 1 MiB", file->path);
	/* Some editors begin a file with a byte order mark, and YAML lets them; the library only where it may guess. */
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		reader.text = text += 3;
		reader.len = len -= 3;
	}
	if (!yaml_parser_initialize(&reader.parser))
		return p2p_problem_set(file->problem, -ENOMEM, "%s: out of memory", file->path);
	/* Or the first two bytes could declare UTF-16. */
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
	int error = read_document(&reader, &node);

	yaml_parser_delete(&reader.parser);
	if (!error)
		*ret = node;
	return error;
}

const struct p2p_yaml *p2p_yaml_find(const struct p2p_yaml *map, const char *word)
{
	if (map->kind != P2P_YAML_MAP)
		return NULL;
	for (const struct p2p_yaml *value = map->first; value; value = value->next)
		if (!strcmp(value->key->text, word))
			return value;
	return NULL;
}

bool p2p_yaml_is(const struct p2p_yaml *value, const char *word)
{
	return value->kind == P2P_YAML_SCALAR && value->plain && !strcmp(value->text, word);
}

/* Digits of that kind, one at least, to the end. */
static bool all_of(const char *text, const char *digits)
{
	return *text && !text[strspn(text, digits)];
}

/* [-+]?(.5 | 5 | 5. | 5.5)(e[-+]?5)?, or an infinity. */
static bool is_number(const char *text)
{
	static const char *const infinities[] = { ".inf", ".Inf", ".INF" };

	if (text[0] == '0' && (text[1] == 'o' || text[1] == 'x'))
		return all_of(text + 2, text[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF");
	text += *text == '-' || *text == '+';
	for (size_t i = 0; i < sizeof(infinities) / sizeof(*infinities); i++)
		if (!strcmp(text, infinities[i]))
			return true;
	size_t whole = strspn(text, "0123456789"), part = 0;

	text += whole;
	if (*text == '.') {
		part = strspn(text + 1, "0123456789");
		text += 1 + part;
	}
	if (!whole && !part)
		return false;
	if (*text != 'e' && *text != 'E')
		return !*text;
	text++;
	return all_of(text + (*text == '-' || *text == '+'), "0123456789");
}

bool p2p_yaml_is_text(const struct p2p_yaml *value)
{
	static const char *const words[] = { "",     "~",    "null", "Null",  "NULL",  "true",	"True",
					     "TRUE", ".nan", ".NaN", ".NAN", "false", "False", "FALSE" };

	if (value->kind != P2P_YAML_SCALAR)
		return false;
	for (size_t i = 0; value->plain && i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(value->text, words[i]))
			return false;
	return !value->plain || !is_number(value->text);
}

static int unknown_key(const struct p2p_yaml_file *file, const struct p2p_yaml *key,
		       const struct p2p_yaml_field *fields, size_t count)
{
	struct p2p_closest closest = { .word = key->text };

	for (size_t i = 0; i < count; i++)
		p2p_closest_offer(&closest, fields[i].word);
	if (closest.best)
		return p2p_yaml_fail(file, key, "unknown key '%.60s', did you mean '%s'?", key->text, closest.best);
	return p2p_yaml_fail(file, key, "unknown key '%.60s'", key->text);
}

static int take_value(const struct p2p_yaml_file *file, const struct p2p_yaml *value,
		      const struct p2p_yaml_field *fields, size_t count, void *into)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(fields[i].word, value->key->text))
			return fields[i].take(file, value, into);
	return unknown_key(file, value->key, fields, count);
}

int p2p_yaml_take(const struct p2p_yaml_file *file, const struct p2p_yaml *map, const char *what,
		  const struct p2p_yaml_field *fields, size_t count, void *into)
{
	int failed = 0;

	if (map->kind != P2P_YAML_MAP)
		return p2p_yaml_fail(file, map, "%s must be 'key: value' pairs", what);
	for (const struct p2p_yaml *value = map->first; value; value = value->next) {
		int error = take_value(file, value, fields, count, into);

		if (error && !file->all)
			return error;
		failed = failed ? failed : error;
	}
	for (size_t i = 0; i < count; i++) {
		if (!fields[i].needed || p2p_yaml_find(map, fields[i].word))
			continue;
		failed = p2p_yaml_fail(file, map, "'%s' is missing in %s", fields[i].word, what);
		if (!file->all)
			return failed;
	}
	return failed;
}

int p2p_yaml_check_schema(const struct p2p_yaml_file *file, const struct p2p_yaml *top, const char *schema)
{
	const struct p2p_yaml *found = p2p_yaml_find(top, "schema");

	if (!found)
		return p2p_yaml_fail(file, top, "this file must start with 'schema: %s'", schema);
	if (found->kind != P2P_YAML_SCALAR || strcmp(found->text, schema) != 0)
		return p2p_yaml_fail(file, found, "the schema is '%.40s', not '%s'",
				     found->kind == P2P_YAML_SCALAR ? found->text : "a list", schema);
	return 0;
}

int p2p_yaml_take_schema(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	(void)file, (void)value, (void)into; /* p2p_yaml_check_schema did */
	return 0;
}

static int read_all(int fd, size_t size, struct p2p_buf *buf)
{
	char chunk[16384];

	while (buf->len <= size) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return 0;
		p2p_buf_add(buf, chunk, (size_t)got);
	}
	return -EFBIG;
}

int p2p_yaml_read(int fd, const char *path, struct p2p_problem *problem, struct p2p_buf *ret)
{
	struct p2p_buf buf = P2P_BUF_INIT;
	struct stat st;
	int error = 0;

	if (fstat(fd, &st))
		error = p2p_problem_set(problem, -errno, "%s: %s", path, p2p_problem_errno(-errno));
	else if (!S_ISREG(st.st_mode))
		error = p2p_problem_set(problem, -EINVAL, "%s: not a regular file", path);
	else if ((error = read_all(fd, MOST_BYTES, &buf)) == -EFBIG)
		error = p2p_problem_set(problem, -EINVAL, "%s: larger than 1 MiB", path);
	else if (error)
		p2p_problem_set(problem, error, "%s: %s", path, p2p_problem_errno(error));
	if (error) {
		p2p_buf_free(&buf);
		return error;
	}
	p2p_buf_free(ret);
	*ret = buf;
	return 0;
}

int p2p_yaml_load(const char *path, struct p2p_problem *problem, struct p2p_buf *ret)
{
	/* O_NONBLOCK: a FIFO must not hang us before it is seen to be none of ours. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return p2p_problem_set(problem, -errno, "%s: %s", path, p2p_problem_errno(-errno));
	int error = p2p_yaml_read(fd, path, problem, ret);

	close(fd);
	return error;
}
