/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware rows, schema p2p-hardware/1.  The format is explained in
 * policy/allowlist.yaml, for those who write it.
 */
#include "policy-yaml.h"

#include <errno.h>
#include <string.h>

#include "../base/text.h"
#include "policy-internal.h"

#define SCHEMA "p2p-hardware/1"
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Hex as in lspci: 0x and four digits, so that 2030 is never taken for a decimal number. */
static int take_id(const struct p2p_yaml_file *file, const struct p2p_yaml *value, uint16_t *ret)
{
	uint64_t id = 0;

	if (value->kind != P2P_YAML_SCALAR || !value->plain || strlen(value->text) != 6 ||
	    strncmp(value->text, "0x", 2) != 0 || strspn(value->text + 2, "0123456789abcdefABCDEF") != 4 ||
	    p2p_text_number(value->text + 2, 16, 0xffff, &id))
		return p2p_yaml_fail(file, value, "'%s' must be 0x and four hex digits", value->key->text);
	*ret = (uint16_t)id;
	return 0;
}

static int take_vendor(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;

	return take_id(file, value, &row->vendor);
}

static int take_device(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;
	uint16_t id = 0;

	if (p2p_yaml_is(value, "any")) {
		row->device = P2P_DEVICE_ANY;
		return 0;
	}
	int error = take_id(file, value, &id);

	row->device = id;
	return error;
}

static int take_same(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;

	row->same_host_bridge = p2p_yaml_is(value, "true");
	if (row->same_host_bridge || p2p_yaml_is(value, "false"))
		return 0;
	return p2p_yaml_fail(file, value, "'%s' must be true or false", value->key->text);
}

/* Quotes are required: for other readers of YAML a bare 5.10 is the number 5.1. */
static int check_quoted(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char *what)
{
	if (value->kind != P2P_YAML_SCALAR || !*value->text)
		return p2p_yaml_fail(file, value, "this must be %s", what);
	if (value->plain)
		return p2p_yaml_fail(file, value, "put quotes around %.40s: without them it is a number, and 5.10 "
				     "is 5.1", value->text);
	return 0;
}

static int take_mainline(const struct p2p_yaml_file *file, const struct p2p_yaml *value, struct p2p_release *ret)
{
	int error = check_quoted(file, value, "a mainline release, as \"5.18\"");

	if (error)
		return error;
	if (p2p_release_parse(value->text, ret) || ret->patch_known || !ret->major)
		return p2p_yaml_fail(file, value, "'%.40s' is not a mainline release, as \"5.18\"", value->text);
	return 0;
}

static int take_first(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;

	return take_mainline(file, value, &row->first);
}

static int take_last(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;

	return take_mainline(file, value, &row->last);
}

/* The end of a range, "+" or "-7.1.9" behind its start. */
static int parse_end(const char *text, struct p2p_release from, uint16_t *ret)
{
	struct p2p_release to;

	if (!strcmp(text, "+")) {
		*ret = 0xffff;
		return 0;
	}
	if (*text != '-' || p2p_release_parse(text + 1, &to) || !to.patch_known ||
	    p2p_release_compare_series(from, to) || to.patch < from.patch)
		return -EINVAL;
	*ret = to.patch;
	return 0;
}

/* "6.6", "7.1.3", "7.1.3+", "7.1.3-7.1.9" */
static int parse_series(const char *text, struct p2p_series *ret)
{
	size_t len = strcspn(text, "+-");
	struct p2p_release from;
	char start[P2P_RELEASE_TEXT];

	if (len >= sizeof(start))
		return -EINVAL;
	memcpy(start, text, len);
	start[len] = '\0';
	if (p2p_release_parse(start, &from))
		return -EINVAL;
	struct p2p_series series = { from.major, from.minor, from.patch, from.patch };

	if (!from.patch_known)
		series.to = 0xffff;
	/* "6.6+" would look like all later releases, and is none of these forms. */
	if (text[len] && (!from.patch_known || parse_end(text + len, from, &series.to)))
		return -EINVAL;
	*ret = series;
	return 0;
}

static int take_series(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const struct p2p_series **ret,
		       size_t *ret_count)
{
	if (value->kind != P2P_YAML_LIST || !value->count)
		return p2p_yaml_fail(file, value, "'%s' must be a list of releases, as [\"6.1.177+\", \"6.6\"]",
				     value->key->text);
	struct p2p_series *series = p2p_arena_array(file->keep, value->count, sizeof(*series));
	size_t count = 0;

	for (const struct p2p_yaml *item = value->first; item; item = item->next) {
		int error = check_quoted(file, item, "a release, as \"6.1.177+\"");

		if (!error && parse_series(item->text, &series[count++]))
			error = p2p_yaml_fail(file, item, "'%.40s' is not like \"6.6\", \"7.1.3\", \"7.1.3+\" or "
					      "\"7.1.3-7.1.9\"", item->text);
		if (error)
			return error;
	}
	*ret = series;
	*ret_count = count;
	return 0;
}

static int take_stable(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;

	return take_series(file, value, &row->backports, &row->backport_count);
}

static int take_unknown(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;

	return take_series(file, value, &row->unknown, &row->unknown_count);
}

static int take_text(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char **ret)
{
	if (value->kind != P2P_YAML_SCALAR || !*value->text)
		return p2p_yaml_fail(file, value, "'%s' must be a text", value->key->text);
	*ret = p2p_arena_strdup(file->keep, value->text);
	return 0;
}

static int take_name(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;

	return take_text(file, value, &row->name);
}

static int take_cite(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_row *row = into;

	return take_text(file, value, &row->cite);
}

static const struct p2p_yaml_field row_fields[] = {
	{ "vendor", true, take_vendor },
	{ "device", true, take_device },
	{ "same-host-bridge", false, take_same },
	{ "first", true, take_first },
	{ "last", false, take_last },
	{ "stable", false, take_stable },
	{ "unknown", false, take_unknown },
	{ "name", true, take_name },
	{ "cite", true, take_cite },
};

/* Do both rows stand in one mainline release? */
static bool rows_overlap(const struct p2p_row *a, const struct p2p_row *b)
{
	return (!a->last.major || p2p_release_compare_series(b->first, a->last) <= 0) &&
	       (!b->last.major || p2p_release_compare_series(a->first, b->last) <= 0);
}

/* What is right in each value and wrong together. */
static int check_row(const struct p2p_yaml_file *file, const struct p2p_yaml *map, const struct p2p_row *rows,
		     size_t count)
{
	const struct p2p_row *row = &rows[count];
	const struct p2p_yaml *stable = p2p_yaml_find(map, "stable");
	size_t backport = 0;

	if (row->last.major && p2p_release_compare_series(row->last, row->first) < 0)
		return p2p_yaml_fail(file, p2p_yaml_find(map, "last"), "'last' is before 'first'");
	for (const struct p2p_yaml *at = stable ? stable->first : NULL; at; at = at->next, backport++) {
		const struct p2p_series *range = &row->backports[backport];
		struct p2p_release series = { .major = range->major, .minor = range->minor };

		if (p2p_release_compare_series(series, row->first) >= 0)
			return p2p_yaml_fail(file, at, "%s is not before 'first', so it needs no backport", at->text);
	}
	for (size_t i = 0; i < count; i++)
		if (rows[i].vendor == row->vendor && rows[i].device == row->device && rows_overlap(&rows[i], row))
			return p2p_yaml_fail(file, map, "the row of line %u again: same vendor and device, and a "
					     "release with both", rows[i].line);
	return 0;
}

static int take_rows(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_hardware *hardware = into;

	if (value->kind != P2P_YAML_LIST || !value->count)
		return p2p_yaml_fail(file, value, "'rows' must be a list with at least one row");
	struct p2p_row *rows = p2p_arena_array(file->keep, value->count, sizeof(*rows));
	size_t count = 0;

	for (const struct p2p_yaml *map = value->first; map; map = map->next) {
		int error = p2p_yaml_take(file, map, "a row", row_fields, LENGTH(row_fields), &rows[count]);

		rows[count].line = map->line;
		if (!error)
			error = check_row(file, map, rows, count);
		if (error)
			return error;
		count++;
	}
	hardware->rows = rows;
	hardware->row_count = count;
	return 0;
}

static const struct p2p_yaml_field top_fields[] = {
	{ "schema", true, p2p_yaml_take_schema },
	{ "rows", true, take_rows },
};

int p2p_hardware_parse(const char *path, const char *text, size_t len, struct p2p_problem *problem,
		       struct p2p_hardware **ret)
{
	struct p2p_arena *keep = p2p_arena_new();
	struct p2p_yaml_file file = { .path = path, .problem = problem, .nodes = p2p_arena_new(), .keep = keep };
	struct p2p_hardware *hardware = p2p_arena_alloc(keep, sizeof(*hardware));
	const struct p2p_yaml *top = NULL;
	int error = p2p_yaml_parse(&file, text, len, &top);

	hardware->arena = keep;
	hardware->path = p2p_arena_strdup(keep, path);
	if (!error)
		error = p2p_yaml_check_schema(&file, top, SCHEMA);
	if (!error)
		error = p2p_yaml_take(&file, top, "the file", top_fields, LENGTH(top_fields), hardware);
	p2p_arena_free(file.nodes);
	if (error)
		p2p_arena_free(keep);
	else
		*ret = hardware;
	return error;
}

int p2p_hardware_load(const char *path, struct p2p_problem *problem, struct p2p_hardware **ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_yaml_load(path, problem, &text);

	if (!error)
		error = p2p_hardware_parse(path, p2p_buf_text(&text), text.len, problem, ret);
	p2p_buf_free(&text);
	return error;
}
