/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/text.h"

#define BUFFER_SIZE 65536

/* One open object or array. */
struct level {
	bool array, compact, filled;
};

struct p2p_json {
	FILE *out;
	int error; /* the first one; nothing is written after it */
	struct level *levels;
	size_t depth, room;
	bool filled; /* the top value was begun */
	struct p2p_buf scratch; /* for the rare text that must be escaped */
	size_t used;
	char buffer[BUFFER_SIZE];
};

/*
 * Bytes that a JSON string and a terminal take as they are.  Everything else,
 * also all UTF-8, goes through p2p_text_json, which knows what is hostile.
 */
static inline bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void write_out(struct p2p_json *json, const char *bytes, size_t len)
{
	if (json->error || !len)
		return;
	errno = 0;
	if (fwrite(bytes, 1, len, json->out) != len)
		json->error = errno ? -errno : -EIO;
}

static void flush(struct p2p_json *json)
{
	write_out(json, json->buffer, json->used);
	json->used = 0;
}

/* Room for `len` bytes, which is less than the buffer. */
static inline char *reserve(struct p2p_json *json, size_t len)
{
	if (BUFFER_SIZE - json->used < len)
		flush(json);
	return json->buffer + json->used;
}

static void put(struct p2p_json *json, const char *bytes, size_t len)
{
	if (len > BUFFER_SIZE) {
		flush(json);
		write_out(json, bytes, len);
		return;
	}
	memcpy(reserve(json, len), bytes, len);
	json->used += len;
}

static inline void put_char(struct p2p_json *json, char c)
{
	*reserve(json, 1) = c;
	json->used++;
}

static void put_newline(struct p2p_json *json)
{
	put_char(json, '\n');
	for (size_t i = 0; i < json->depth; i++)
		put(json, "  ", 2);
}

/* Copies what is plain in stretches that fit the buffer; the rest the slow way. */
static void put_string(struct p2p_json *json, const char *text)
{
	put_char(json, '"');
	for (;;) {
		char *to = reserve(json, 256), *end = to + 256, *at = to;

		while (at < end && is_plain(*text))
			*at++ = *text++;
		json->used += (size_t)(at - to);
		if (at < end)
			break;
	}
	if (*text) {
		p2p_buf_reset(&json->scratch);
		p2p_text_json(&json->scratch, text);
		put(json, json->scratch.text, json->scratch.len);
	}
	put_char(json, '"');
}

/* What comes before a value: comma, line break, key. */
static void begin_value(struct p2p_json *json, const char *key)
{
	if (!json->depth) {
		assert(!key && !json->filled); /* one value at the top, without a key */
		json->filled = true;
		return;
	}
	struct level *level = &json->levels[json->depth - 1];

	assert(level->array ? !key : key != NULL);
	if (level->filled)
		put_char(json, ',');
	if (level->compact)
		put_char(json, ' ');
	else
		put_newline(json);
	level->filled = true;
	if (!key)
		return;
	put_string(json, key);
	put(json, ": ", 2);
}

static void begin_level(struct p2p_json *json, const char *key, bool array, bool compact)
{
	begin_value(json, key);
	put_char(json, array ? '[' : '{');
	if (json->depth == json->room) {
		json->room = json->room ? json->room * 2 : 16;
		json->levels = p2p_realloc(json->levels, json->room, sizeof(*json->levels));
	}
	compact = compact || (json->depth && json->levels[json->depth - 1].compact);
	json->levels[json->depth++] = (struct level){ .array = array, .compact = compact };
}

static void end_level(struct p2p_json *json, bool array)
{
	assert(json->depth && json->levels[json->depth - 1].array == array);
	struct level level = json->levels[--json->depth];

	if (level.filled && level.compact)
		put_char(json, ' ');
	else if (level.filled)
		put_newline(json);
	put_char(json, array ? ']' : '}');
}

struct p2p_json *p2p_json_new(FILE *out)
{
	struct p2p_json *json = p2p_malloc(sizeof(*json));

	/* Not the buffer: clearing it would touch 64 KiB for nothing. */
	memset(json, 0, offsetof(struct p2p_json, buffer));
	json->out = out;
	return json;
}

int p2p_json_end(struct p2p_json *json)
{
	assert(!json->depth);
	put_char(json, '\n');
	flush(json);
	errno = 0;
	if (!json->error && (fflush(json->out) || ferror(json->out)))
		json->error = errno ? -errno : -EIO;
	int error = json->error;

	p2p_buf_free(&json->scratch);
	free(json->levels);
	free(json);
	return error;
}

void p2p_json_object(struct p2p_json *json, const char *key, bool compact)
{
	begin_level(json, key, false, compact);
}

void p2p_json_object_end(struct p2p_json *json)
{
	end_level(json, false);
}

void p2p_json_array(struct p2p_json *json, const char *key, bool compact)
{
	begin_level(json, key, true, compact);
}

void p2p_json_array_end(struct p2p_json *json)
{
	end_level(json, true);
}

void p2p_json_raw(struct p2p_json *json, const char *key, const char *text, size_t len)
{
	begin_value(json, key);
	put(json, text, len);
}

void p2p_json_text(struct p2p_json *json, const char *key, const char *text)
{
	begin_value(json, key);
	if (text)
		put_string(json, text);
	else
		put(json, "null", 4);
}

/* Digits from the end; 20 are enough for 64 bits. */
static void put_number(struct p2p_json *json, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put(json, digits + at, sizeof(digits) - at);
}

void p2p_json_number(struct p2p_json *json, const char *key, uint64_t value)
{
	begin_value(json, key);
	put_number(json, value);
}

void p2p_json_signed(struct p2p_json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	if (value < 0)
		put_char(json, '-');
	/* Negated as unsigned: INT64_MIN has no positive int64_t. */
	put_number(json, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void p2p_json_bool(struct p2p_json *json, const char *key, bool value)
{
	p2p_json_raw(json, key, value ? "true" : "false", value ? 4 : 5);
}

void p2p_json_null(struct p2p_json *json, const char *key)
{
	p2p_json_raw(json, key, "null", 4);
}

void p2p_json_fact_number(struct p2p_json *json, const char *key, struct p2p_number number)
{
	if (p2p_known(number.fact))
		p2p_json_number(json, key, number.value);
	else
		p2p_json_null(json, key);
}

void p2p_json_fact_word(struct p2p_json *json, const char *key, struct p2p_word word)
{
	p2p_json_text(json, key, p2p_known(word.fact) ? word.text : NULL);
}

void p2p_json_answer(struct p2p_json *json, const char *key, enum p2p_answer answer)
{
	if (answer == P2P_MAYBE)
		p2p_json_null(json, key);
	else
		p2p_json_bool(json, key, answer == P2P_YES);
}
