/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of sources ask with: each compares or returns the error, and sees that a failure touches nothing. */
#ifndef P2P_TESTS_UNIT_CHECK_SOURCE_H
#define P2P_TESTS_UNIT_CHECK_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../core/io/source.h"
#include "check.h"

static inline bool text_is(struct p2p_source *source, const char *key, const char *want)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_source_read_text(source, key, 1 << 20, &text);
	bool same = !error && strcmp(p2p_buf_text(&text), want) == 0;

	if (!same)
		fprintf(stderr, "%s: %d \"%s\"\n", key, error, p2p_buf_text(&text));
	p2p_buf_free(&text);
	return same;
}

static inline int text_error(struct p2p_source *source, const char *key)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_puts(&text, "before");
	int error = p2p_source_read_text(source, key, 1 << 20, &text);

	if (error && strcmp(text.text, "before") != 0)
		error = 1; /* touched */
	p2p_buf_free(&text);
	return error;
}

static inline bool link_is(struct p2p_source *source, const char *key, const char *want)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_source_link(source, key, &text);
	bool same = !error && strcmp(p2p_buf_text(&text), want) == 0;

	p2p_buf_free(&text);
	return same;
}

static inline int link_error(struct p2p_source *source, const char *key)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_source_link(source, key, &text);

	if (error && text.text)
		error = 1;
	p2p_buf_free(&text);
	return error;
}

/* The names, each followed by a space. */
static inline bool list_is(struct p2p_source *source, const char *key, const char *want)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_buf text = P2P_BUF_INIT;
	const char *name = NULL;
	int error = p2p_source_list(source, key, &names);

	while (!error && (name = p2p_names_next(&names, name)))
		p2p_buf_printf(&text, "%s ", name);
	bool same = !error && strcmp(p2p_buf_text(&text), want) == 0;

	if (!same)
		fprintf(stderr, "%s: %d \"%s\"\n", key, error, p2p_buf_text(&text));
	p2p_names_free(&names);
	p2p_buf_free(&text);
	return same;
}

static inline int list_error(struct p2p_source *source, const char *key)
{
	struct p2p_names names = P2P_NAMES_INIT;
	int error = p2p_source_list(source, key, &names);

	p2p_names_free(&names);
	return error;
}

/* Reads `length` bytes; the number that came, or the error; 1000 when a failure touched *ret. */
static inline int64_t range(struct p2p_source *source, const char *key, uint64_t offset, size_t length, void *buffer)
{
	size_t got = 12345;
	int error = p2p_source_read(source, key, offset, buffer, length, &got);

	if (error)
		return got == 12345 ? error : 1000;
	return (int64_t)got;
}

#endif
