/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-read.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Deep enough for all that is read; what is deeper is refused before it costs memory. */
#define DEPTH_ITEMS 8
#define DEPTH_MOST 12

/* json-c counts in int. */
#define TEXT_MAX ((size_t)INT_MAX)

struct reader {
	const char *path, *text, *end;
	struct p2p_problem *problem;
	size_t before; /* lines of the file before `text` */
};

struct p2p_json_read_item {
	const struct reader *reader;
	const char *text, *end; /* in the file; empty where that is not known */
	json_object *object;
	bool doubled; /* an object in which a name is there twice */
};

/* -------------------------------------------------------------- complaints */

static int complain_at(const struct reader *reader, const char *at, const char *format, va_list args)
{
	size_t line = reader->before + 1;
	const char *start = reader->text;
	char what[256];

	for (const char *c = start; c < at && (c = memchr(c, '\n', (size_t)(at - c))); start = ++c)
		line++;
	vsnprintf(what, sizeof(what), format, args);
	return p2p_problem_set(reader->problem, -EINVAL, "%s:%zu:%zu: %s", reader->path, line,
			       (size_t)(at - start) + 1, what);
}

static int complain(const struct reader *reader, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int complain(const struct reader *reader, const char *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int error = complain_at(reader, at, format, args);

	va_end(args);
	return error;
}

/* ---------------------------------------------------------- where members are */

/* After a string's closing quote; `at` is its opening one.  json-c has accepted the text, so it ends. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at < end ? at + 1 : end;
}

/* A name in single quotes: json-c 0.16 lets it pass for a name, strict or not.  NULL: there is none. */
static const char *find_single_quote(const char *at, const char *end)
{
	while (at < end && *at != '\'')
		at = *at == '"' ? skip_string(at, end) : at + 1;
	return at < end ? at : NULL;
}

/*
 * The `nth` name of that spelling among the object's own; NULL: there are
 * fewer.  json-c keeps neither positions nor, of two of one name, the first.
 * *seen counts the names that were passed, of any spelling.
 */
static const char *walk_members(const struct p2p_json_read_item *item, const char *name, int nth, int *seen)
{
	size_t len = strlen(name);
	int depth = 0;
	bool names = false; /* the next string is a name, not a value */

	for (const char *at = item->text; at < item->end;) {
		char c = *at;

		if (c == '"') {
			const char *after = skip_string(at, item->end);

			*seen += depth == 1 && names;
			if (depth == 1 && names && (size_t)(after - at) == len + 2 && !memcmp(at + 1, name, len) &&
			    !nth--)
				return at;
			names = false;
			at = after;
			continue;
		}
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		names = depth == 1 && (c == '{' || c == ',' || (names && c != ':'));
		at++;
	}
	return NULL;
}

static const char *find_member(const struct p2p_json_read_item *item, const char *name, int nth)
{
	int seen = 0;

	return walk_members(item, name, nth, &seen);
}

/* Behind the value at `at`: behind its last byte, or at what cannot be one. */
static const char *skip_value(const char *at, const char *end)
{
	int depth = 0;

	while (at < end) {
		char c = *at;

		if (!depth && (c == ',' || c == ']' || c == '}'))
			return at;
		at = c == '"' ? skip_string(at, end) : at + 1;
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		if (!depth && (c == '"' || c == '}' || c == ']'))
			return at;
	}
	return at;
}

static const char *skip_blanks(const struct reader *reader, const char *at)
{
	while (at < reader->end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* Where a member's value starts; NULL: its name is spelled with escapes. */
static const char *find_value(const struct p2p_json_read_item *item, const char *name)
{
	const char *at = find_member(item, name, 0);

	if (!at)
		return NULL;
	at = skip_blanks(item->reader, skip_string(at, item->end));
	return at < item->end && *at == ':' ? skip_blanks(item->reader, at + 1) : NULL;
}

/* An item whose object and place are set. */
static void item_finish(struct p2p_json_read_item *item)
{
	int seen = 0;

	if (!json_object_is_type(item->object, json_type_object))
		return;
	walk_members(item, "", INT_MAX, &seen);
	item->doubled = seen > json_object_object_length(item->object);
}

int p2p_json_read_complain(const struct p2p_json_read_item *item, const char *name, const char *format, ...)
{
	const char *at = name ? find_member(item, name, 0) : NULL;
	va_list args;

	va_start(args, format);
	int error = complain_at(item->reader, at ? at : item->text, format, args);

	va_end(args);
	return error;
}

/* ----------------------------------------------------------------- members */

static int member(const struct p2p_json_read_item *item, const char *name, json_object **ret)
{
	const char *again = name && item->doubled ? find_member(item, name, 1) : NULL;

	if (!name) {
		*ret = item->object;
		return *ret ? 0 : -ENOENT;
	}
	if (again)
		return complain(item->reader, again, "\"%s\" is there twice; one of them is wrong", name);
	if (!json_object_object_get_ex(item->object, name, ret))
		return -ENODATA;
	return *ret ? 0 : -ENOENT;
}

/* What a complaint calls it. */
static const char *called(const char *name)
{
	return name ? name : "an element";
}

static bool is_text(json_object *value)
{
	return json_object_is_type(value, json_type_string) &&
	       strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

int p2p_json_read_text(const struct p2p_json_read_item *item, const char *name, const char **ret)
{
	json_object *value;
	int error = member(item, name, &value);

	if (error)
		return error;
	if (!is_text(value))
		return p2p_json_read_complain(item, name, "\"%s\" is not text; it should be a string without NUL",
					      called(name));
	*ret = json_object_get_string(value);
	return 0;
}

int p2p_json_read_number(const struct p2p_json_read_item *item, const char *name, int64_t min, int64_t max,
			 int64_t *ret)
{
	json_object *value;
	int error = member(item, name, &value);

	if (error)
		return error;
	/* A number beyond 64 bits is cut to their largest by json-c: outside of every range that is asked for. */
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < min ||
	    json_object_get_int64(value) > max)
		return p2p_json_read_complain(item, name,
					 "\"%s\" is not such a number; it should be a whole one from %lld to %lld",
					 called(name), (long long)min, (long long)max);
	*ret = json_object_get_int64(value);
	return 0;
}

int p2p_json_read_real(const struct p2p_json_read_item *item, const char *name, double *ret)
{
	json_object *value;
	int error = member(item, name, &value);

	if (error)
		return error;
	if ((!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double)) ||
	    !isfinite(json_object_get_double(value)))
		return p2p_json_read_complain(item, name, "\"%s\" is not a number", called(name));
	*ret = json_object_get_double(value);
	return 0;
}

int p2p_json_read_bool(const struct p2p_json_read_item *item, const char *name, bool *ret)
{
	json_object *value;
	int error = member(item, name, &value);

	if (error)
		return error;
	if (!json_object_is_type(value, json_type_boolean))
		return p2p_json_read_complain(item, name, "\"%s\" is neither true nor false", called(name));
	*ret = json_object_get_boolean(value);
	return 0;
}

/* What is inside of an item, from `at` on. */
static struct p2p_json_read_item inner_item(const struct p2p_json_read_item *item, json_object *object, const char *at)
{
	struct p2p_json_read_item inner = { .reader = item->reader, .object = object };

	inner.text = at ? at : item->text;
	inner.end = at ? skip_value(at, item->end) : inner.text;
	item_finish(&inner);
	return inner;
}

int p2p_json_read_object(const struct p2p_json_read_item *item, const char *name, p2p_json_read_item_fn each,
			 void *context)
{
	json_object *value;
	int error = member(item, name, &value);

	if (error)
		return error;
	if (!json_object_is_type(value, json_type_object))
		return p2p_json_read_complain(item, name, "\"%s\" is not an object", called(name));
	struct p2p_json_read_item inner = inner_item(item, value, name ? find_value(item, name) : item->text);

	return each(context, &inner);
}

int p2p_json_read_list(const struct p2p_json_read_item *item, const char *name, p2p_json_read_item_fn each,
		       void *context)
{
	json_object *value;
	int error = member(item, name, &value);

	if (error)
		return error;
	if (!json_object_is_type(value, json_type_array))
		return p2p_json_read_complain(item, name, "\"%s\" is not a list", called(name));
	const char *at = name ? find_value(item, name) : item->text;

	for (size_t i = 0; i < json_object_array_length(value) && !error; i++) {
		/* Behind "[" or ",". */
		if (at)
			at = skip_blanks(item->reader, at + 1);
		struct p2p_json_read_item inner = inner_item(item, json_object_array_get_idx(value, i), at);

		error = each(context, &inner);
		if (at)
			at = skip_blanks(item->reader, inner.end);
	}
	return error;
}

int p2p_json_read_words(const struct p2p_json_read_item *item, const char *name, p2p_json_read_text_fn each,
			void *context)
{
	json_object *value;
	int error = member(item, name, &value);

	if (error)
		return error;
	if (!json_object_is_type(value, json_type_object))
		return p2p_json_read_complain(item, name, "\"%s\" is not an object", called(name));
	struct p2p_json_read_item inner = inner_item(item, value, name ? find_value(item, name) : item->text);
	struct json_object_iterator at = json_object_iter_begin(value), end = json_object_iter_end(value);

	for (; !error && !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at), *text = NULL;

		error = p2p_json_read_text(&inner, key, &text);
		if (!error || error == -ENOENT)
			error = each(context, key, text);
	}
	return error;
}

void p2p_json_read_raw(const struct p2p_json_read_item *item, const char **ret, size_t *ret_len)
{
	*ret = item->text;
	*ret_len = (size_t)(item->end - item->text);
}

size_t p2p_json_read_length(const struct p2p_json_read_item *item, const char *name)
{
	json_object *value;

	return !member(item, name, &value) && json_object_is_type(value, json_type_array)
		       ? json_object_array_length(value)
		       : 0;
}

static int texts_of(const struct p2p_json_read_item *item, const char *name, const char *key, json_object *list,
		    p2p_json_read_text_fn each, void *context)
{
	if (!json_object_is_type(list, json_type_array))
		return p2p_json_read_complain(item, name,
					      "\"%s\": what is in it is not a list; it should be one of names", name);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		json_object *text = json_object_array_get_idx(list, i);

		if (!is_text(text))
			return p2p_json_read_complain(
				item, name, "\"%s\": a name in it is not text; it should be a string without NUL",
				name);
		int error = each(context, key, json_object_get_string(text));

		if (error)
			return error;
	}
	return 0;
}

int p2p_json_read_texts(const struct p2p_json_read_item *item, const char *name, p2p_json_read_text_fn each,
			void *context)
{
	json_object *value;
	int error = member(item, name, &value);

	if (error)
		return error;
	if (!json_object_is_type(value, json_type_object))
		return p2p_json_read_complain(item, name, "\"%s\" is not an object; it should be one of lists of names",
					      name);
	/* json-c's own macro for this is no ISO C. */
	struct json_object_iterator at = json_object_iter_begin(value), end = json_object_iter_end(value);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		error = texts_of(item, name, json_object_iter_peek_name(&at), json_object_iter_peek_value(&at), each,
				 context);
		if (error)
			return error;
	}
	return 0;
}

/* ------------------------------------------------------------------- items */

/* One value from *at on, which moves behind it. */
static int item_parse(const struct reader *reader, json_tokener *tokener, const char **at, json_object **ret)
{
	size_t left = (size_t)(reader->end - *at);

	json_tokener_reset(tokener);
	*ret = json_tokener_parse_ex(tokener, *at, (int)(left < TEXT_MAX ? left : TEXT_MAX));
	enum json_tokener_error error = json_tokener_get_error(tokener);
	const char *stop = *at + json_tokener_get_parse_end(tokener);

	if (error == json_tokener_continue)
		return complain(reader, reader->end, "it ends in the middle; the file was cut short");
	if (error != json_tokener_success)
		return complain(reader, stop, "this is not JSON (%s); was it changed?", json_tokener_error_desc(error));
	const char *quote = find_single_quote(*at, stop);

	if (quote)
		return complain(reader, quote, "this is not JSON (single quotes); was it changed?");
	*at = stop;
	return 0;
}

static int items(const struct reader *reader, json_tokener *tokener, p2p_json_read_item_fn each, void *context)
{
	const char *at = skip_blanks(reader, reader->text);

	if (at == reader->end || *at != '[')
		return complain(reader, at, "this is not a list; it should begin with [");
	at = skip_blanks(reader, at + 1);
	while (at < reader->end && *at != ']') {
		struct p2p_json_read_item item = { .reader = reader, .text = at };
		int error = *at == '{' ? item_parse(reader, tokener, &at, &item.object) :
					 complain(reader, at, "this is not an object; all in the list should be one");

		item.end = at;
		if (!error) {
			item_finish(&item);
			error = each(context, &item);
		}
		json_object_put(item.object);
		if (error)
			return error;
		at = skip_blanks(reader, at);
		if (at < reader->end && *at != ',' && *at != ']')
			return complain(reader, at, "this is not JSON (\",\" or \"]\" is missing); was it changed?");
		if (at < reader->end && *at == ',') {
			at = skip_blanks(reader, at + 1);
			if (at < reader->end && *at == ']')
				return complain(reader, at, "this is not JSON (nothing after \",\"); was it changed?");
		}
	}
	if (at == reader->end)
		return complain(reader, at, "it ends in the middle; the file was cut short");
	at = skip_blanks(reader, at + 1);
	return at == reader->end ? 0 : complain(reader, at, "more after the list; is it two files?");
}

static json_tokener *tokener_new(int depth)
{
	json_tokener *tokener = json_tokener_new_ex(depth);

	if (tokener)
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
							JSON_TOKENER_VALIDATE_UTF8);
	return tokener;
}

int p2p_json_read_items(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			p2p_json_read_item_fn each, void *context)
{
	struct reader reader = { path, text, text + len, problem, 0 };
	json_tokener *tokener = tokener_new(DEPTH_ITEMS);

	if (!tokener)
		return -ENOMEM;
	int error = items(&reader, tokener, each, context);

	json_tokener_free(tokener);
	return error;
}

/* All up to the reader's end is one object, `at` being its start. */
static int one_object(const struct reader *reader, json_tokener *tokener, const char *at, p2p_json_read_item_fn each,
		      void *context)
{
	struct p2p_json_read_item item = { .reader = reader, .text = at };
	int error = at < reader->end && *at == '{' ? item_parse(reader, tokener, &at, &item.object) :
						     complain(reader, at, "this is not an object");

	item.end = at;
	at = skip_blanks(reader, at);
	if (!error && at != reader->end)
		error = complain(reader, at, "more after the object");
	if (!error) {
		item_finish(&item);
		error = each(context, &item);
	}
	json_object_put(item.object);
	return error;
}

int p2p_json_read_whole(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			p2p_json_read_item_fn each, void *context)
{
	struct reader reader = { path, text, text + len, problem, 0 };
	json_tokener *tokener = tokener_new(DEPTH_MOST);

	if (!tokener)
		return -ENOMEM;
	int error = one_object(&reader, tokener, skip_blanks(&reader, text), each, context);

	json_tokener_free(tokener);
	return error;
}

int p2p_json_read_lines(const char *path, const char *text, size_t len, p2p_json_read_item_fn each,
			p2p_json_read_bad_fn bad, void *context)
{
	json_tokener *tokener = tokener_new(DEPTH_MOST);
	struct p2p_problem problem;
	size_t before = 0;

	if (!tokener)
		return -ENOMEM;
	for (const char *line = text, *end = text + len; line < end; before++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		struct reader reader = { path, line, newline ? newline : end, &problem, before };
		const char *start = skip_blanks(&reader, line);

		problem.text[0] = '\0';
		if (start < reader.end && one_object(&reader, tokener, start, each, context))
			bad(context, &problem);
		line = newline ? newline + 1 : end;
	}
	json_tokener_free(tokener);
	return 0;
}
