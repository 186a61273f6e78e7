/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of the history as JSON and back.  It must read in every build, and
 * as fast as every run needs it: so not by json-c.
 */
#include "history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/text.h"

#define SCHEMA "p2p-history/1"
#define DEPTH_MAX 8

enum kind { TEXT, NUMBER, FLAG, TEXTS, CHANGES, ENDED };

/* A member of an object; of lists `count` is where their number is. */
struct member {
	const char *name;
	enum kind kind;
	size_t at, count;
};

#define AT(field) offsetof(struct p2p_history_record, field)
static const struct member record_members[] = {
	{ "event", TEXT, AT(event), 0 },
	{ "id", TEXT, AT(id), 0 },
	{ "time", TEXT, AT(time), 0 },
	{ "boot", TEXT, AT(boot), 0 },
	{ "verb", TEXT, AT(verb), 0 },
	{ "pid", NUMBER, AT(pid), 0 },
	{ "automatic", FLAG, AT(automatic), 0 },
	{ "recovery", FLAG, AT(recovery), 0 },
	{ "uid", NUMBER, AT(uid), 0 },
	{ "has_login", FLAG, AT(has_login), 0 },
	{ "login", NUMBER, AT(login), 0 },
	{ "sudo", TEXT, AT(sudo), 0 },
	{ "outcome", TEXT, AT(outcome), 0 },
	{ "says", TEXT, AT(says), 0 },
	{ "refused", NUMBER, AT(refused), 0 },
	{ "hold", TEXT, AT(hold), 0 },
	{ "enabled", TEXTS, AT(enabled), AT(enabled_count) },
	{ "disabled", TEXTS, AT(disabled), AT(disabled_count) },
	{ "files", TEXTS, AT(files), AT(file_count) },
	{ "changes", CHANGES, AT(changes), AT(change_count) },
	{ "more", NUMBER, AT(more), 0 },
	{ "ended", ENDED, AT(ended), AT(ended_count) },
};
#undef AT

#define AT(field) offsetof(struct p2p_history_change, field)
static const struct member change_members[] = {
	{ "edit", TEXT, AT(edit), 0 },	 { "key", TEXT, AT(key), 0 },	{ "rule", TEXT, AT(rule), 0 },
	{ "state", TEXT, AT(state), 0 }, { "run", NUMBER, AT(run), 0 },
};
#undef AT

#define AT(field) offsetof(struct p2p_history_ended, field)
static const struct member ended_members[] = {
	{ "id", TEXT, AT(id), 0 }, { "how", TEXT, AT(how), 0 }, { "stands", NUMBER, AT(stands), 0 },
};
#undef AT

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What the objects of a list are made of. */
struct shape {
	const struct member *members;
	size_t count, size;
};

static const struct shape record_shape = { record_members, COUNT(record_members), sizeof(struct p2p_history_record) };

static const struct shape *shape_of(enum kind kind)
{
	static const struct shape change = { change_members, COUNT(change_members),
					     sizeof(struct p2p_history_change) };
	static const struct shape ended = { ended_members, COUNT(ended_members), sizeof(struct p2p_history_ended) };

	return kind == CHANGES ? &change : &ended;
}

/* ----------------------------------------------------------------- writing */

static void put_text(struct p2p_buf *buf, const char *text)
{
	p2p_buf_putc(buf, '"');
	p2p_text_json(buf, text);
	p2p_buf_putc(buf, '"');
}

static void put_object(struct p2p_buf *buf, const struct shape *shape, const void *object, bool first);

static void put_list(struct p2p_buf *buf, const struct member *member, const void *object, size_t count)
{
	const void *list = *(void *const *)((const char *)object + member->at);
	const struct shape *shape = shape_of(member->kind);

	p2p_buf_putc(buf, '[');
	for (size_t i = 0; i < count; i++) {
		p2p_buf_puts(buf, i ? "," : "");
		if (member->kind == TEXTS) {
			put_text(buf, ((const char *const *)list)[i]);
			continue;
		}
		p2p_buf_putc(buf, '{');
		put_object(buf, shape, (const char *)list + i * shape->size, true);
		p2p_buf_putc(buf, '}');
	}
	p2p_buf_putc(buf, ']');
}

/* What is empty is left out. */
static bool is_empty(const struct member *member, const char *object)
{
	switch (member->kind) {
	case TEXT:
		return !*(const char *const *)(object + member->at);
	case NUMBER:
		return !*(const int64_t *)(object + member->at);
	case FLAG:
		return !*(const bool *)(object + member->at);
	default:
		return !*(const size_t *)(object + member->count);
	}
}

static void put_object(struct p2p_buf *buf, const struct shape *shape, const void *object, bool first)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct member *member = &shape->members[i];
		const char *at = (const char *)object + member->at;

		if (is_empty(member, object))
			continue;
		p2p_buf_printf(buf, "%s\"%s\":", first ? "" : ",", member->name);
		first = false;
		if (member->kind == TEXT)
			put_text(buf, *(const char *const *)at);
		else if (member->kind == NUMBER)
			p2p_buf_printf(buf, "%lld", (long long)*(const int64_t *)at);
		else if (member->kind == FLAG)
			p2p_buf_puts(buf, "true");
		else
			put_list(buf, member, object, *(const size_t *)((const char *)object + member->count));
	}
}

void p2p_history_format(struct p2p_buf *buf, const struct p2p_history_record *record)
{
	p2p_buf_puts(buf, "{\"schema\":\"" SCHEMA "\"");
	put_object(buf, &record_shape, record, false);
	p2p_buf_puts(buf, "}\n");
}

/* ----------------------------------------------------------------- reading */

struct reader {
	struct p2p_arena *arena;
	const char *at, *end;
	struct p2p_buf text; /* scratch */
};

static bool skip(struct reader *reader, char c)
{
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

static bool skip_word(struct reader *reader, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0)
		return false;
	reader->at += len;
	return true;
}

/* Four hexadecimal digits. */
static bool take_unit(struct reader *reader, uint32_t *ret)
{
	char digits[5] = "";
	uint64_t unit = 0;

	if (reader->end - reader->at < 4)
		return false;
	memcpy(digits, reader->at, 4);
	if (strspn(digits, "0123456789abcdefABCDEF") != 4 || p2p_text_number(digits, 16, 0xffff, &unit))
		return false;
	reader->at += 4;
	*ret = (uint32_t)unit;
	return true;
}

static void put_utf8(struct p2p_buf *buf, uint32_t code)
{
	static const uint8_t heads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	char bytes[4];

	for (int i = len; --i > 0; code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)(heads[len] | code);
	p2p_buf_add(buf, bytes, (size_t)len);
}

/* Behind its backslash and u: one character, which may be two surrogates. */
static bool take_escape(struct reader *reader)
{
	uint32_t code, low;

	if (!take_unit(reader, &code) || !code || (code >= 0xdc00 && code < 0xe000))
		return false;
	if (code >= 0xd800 && code < 0xdc00) {
		if (!skip_word(reader, "\\u") || !take_unit(reader, &low) || low < 0xdc00 || low >= 0xe000)
			return false;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	put_utf8(&reader->text, code);
	return true;
}

static bool take_text(struct reader *reader, const char **ret)
{
	static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";

	p2p_buf_reset(&reader->text);
	if (!skip(reader, '"'))
		return false;
	while (reader->at < reader->end && *reader->at != '"') {
		char c = *reader->at++;
		const char *letter;

		if ((unsigned char)c < 0x20)
			return false;
		if (c != '\\') {
			p2p_buf_putc(&reader->text, c);
			continue;
		}
		if (reader->at == reader->end)
			return false;
		c = *reader->at++;
		letter = c ? strchr(letters, c) : NULL;
		if (letter)
			p2p_buf_putc(&reader->text, means[letter - letters]);
		else if (c != 'u' || !take_escape(reader))
			return false;
	}
	if (ret)
		*ret = p2p_arena_strndup(reader->arena, p2p_buf_text(&reader->text), reader->text.len);
	return skip(reader, '"');
}

static bool take_number(struct reader *reader, int64_t *ret)
{
	char digits[24];
	size_t len = 0;

	while (len < sizeof(digits) - 1 && reader->at < reader->end &&
	       (*reader->at == '-' || (*reader->at >= '0' && *reader->at <= '9')))
		digits[len++] = *reader->at++;
	digits[len] = '\0';
	return !p2p_text_signed(digits, ret);
}

static bool take_object(struct reader *reader, const struct shape *shape, void *object, int depth);

/* `item` of each element; the list is made anew as it grows. */
static bool take_list(struct reader *reader, const struct member *member, void *object, int depth)
{
	size_t *count = (size_t *)((char *)object + member->count), room = 0;
	void **list = (void **)((char *)object + member->at);
	const struct shape *shape = shape_of(member->kind);
	size_t size = member->kind == TEXTS ? sizeof(char *) : shape->size;

	*count = 0;
	if (!skip(reader, '['))
		return false;
	if (skip(reader, ']'))
		return true;
	do {
		if (*count == room) {
			void *old = *list;

			room = room ? room * 2 : 8;
			*list = p2p_arena_array(reader->arena, room, size);
			if (*count)
				memcpy(*list, old, *count * size);
		}
		void *item = (char *)*list + *count * size;

		if (member->kind == TEXTS ? !take_text(reader, item) : !take_object(reader, shape, item, depth + 1))
			return false;
		(*count)++;
	} while (skip(reader, ','));
	return skip(reader, ']');
}

/* A value that a later version may have added. */
static bool skip_value(struct reader *reader, int depth)
{
	int64_t number;

	if (depth > DEPTH_MAX || reader->at == reader->end)
		return false;
	if (*reader->at == '"')
		return take_text(reader, NULL);
	if (skip_word(reader, "true") || skip_word(reader, "false") || skip_word(reader, "null"))
		return true;
	if (skip(reader, '{'))
		return skip(reader, '}') || (reader->at--, take_object(reader, NULL, NULL, depth));
	if (!skip(reader, '['))
		return take_number(reader, &number);
	if (skip(reader, ']'))
		return true;
	do {
		if (!skip_value(reader, depth + 1))
			return false;
	} while (skip(reader, ','));
	return skip(reader, ']');
}

static bool take_value(struct reader *reader, const struct member *member, void *object, int depth)
{
	char *at = (char *)object + member->at;

	switch (member->kind) {
	case TEXT:
		return take_text(reader, (const char **)at);
	case NUMBER:
		return take_number(reader, (int64_t *)at);
	case FLAG:
		*(bool *)at = skip_word(reader, "true");
		return *(bool *)at || skip_word(reader, "false");
	default:
		return take_list(reader, member, object, depth);
	}
}

static bool take_object(struct reader *reader, const struct shape *shape, void *object, int depth)
{
	if (depth > DEPTH_MAX || !skip(reader, '{'))
		return false;
	if (skip(reader, '}'))
		return true;
	do {
		const struct member *member = NULL;
		const char *name;

		if (!take_text(reader, &name) || !skip(reader, ':'))
			return false;
		for (size_t i = 0; shape && i < shape->count && !member; i++)
			if (!strcmp(shape->members[i].name, name))
				member = &shape->members[i];
		if (member ? !take_value(reader, member, object, depth) : !skip_value(reader, depth + 1))
			return false;
	} while (skip(reader, ','));
	return skip(reader, '}');
}

/* What every line of ours has, and every object in it. */
static bool is_whole(const struct p2p_history_record *record)
{
	int64_t time;

	if (!record->event || !record->id || !record->time || !record->boot || !record->verb ||
	    p2p_history_time_parse(record->time, &time))
		return false;
	if (strcmp(record->event, "begin") != 0 && (strcmp(record->event, "end") != 0 || !record->outcome))
		return false;
	for (size_t i = 0; i < record->change_count; i++)
		if (!record->changes[i].edit || !record->changes[i].key)
			return false;
	for (size_t i = 0; i < record->ended_count; i++)
		if (!record->ended[i].id || !record->ended[i].how)
			return false;
	return true;
}

int p2p_history_parse(struct p2p_arena *arena, const char *line, size_t len, struct p2p_history_record *ret)
{
	static const char head[] = "{\"schema\":\"p2p-history/", own[] = "{\"schema\":\"" SCHEMA "\"";
	struct reader reader = { .arena = arena, .at = line, .end = line + len };
	struct p2p_history_record record = { 0 };

	/* A NUL would hide what stands after it. */
	if (memchr(line, '\0', len))
		return -EBADMSG;
	if (!skip_word(&reader, own))
		return skip_word(&reader, head) ? -ENOTSUP : -EBADMSG;
	reader.at = line;
	bool good = take_object(&reader, &record_shape, &record, 0) && reader.at == reader.end && is_whole(&record);

	p2p_buf_free(&reader.text);
	if (!good)
		return -EBADMSG;
	*ret = record;
	return 0;
}

/* -------------------------------------------------------------------- time */

void p2p_history_time_format(int64_t time, char text[P2P_HISTORY_TIME])
{
	time_t at = (time_t)time;
	struct tm tm = { 0 };

	if (!gmtime_r(&at, &tm) || !strftime(text, P2P_HISTORY_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(text, P2P_HISTORY_TIME, "1970-01-01T00:00:00Z");
}

int p2p_history_time_parse(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	char again[P2P_HISTORY_TIME];

	if (!end || *end)
		return -EINVAL;
	time_t time = timegm(&tm);

	p2p_history_time_format(time, again);
	if (strcmp(again, text) != 0)
		return -EINVAL;
	*ret = time;
	return 0;
}
