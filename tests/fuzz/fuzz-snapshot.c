/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots: parse anything; what is taken answers the same after it was
 * recorded, written and parsed again, and is written the same again.
 *
 *     fuzz-snapshot tests/fuzz/corpus/snapshot
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/io/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim about the source that must hold whatever the text was. */
static void must(bool so)
{
	if (!so)
		abort();
}

/* The answer to a question, on the end of all answers. */
static void note(struct p2p_buf *answers, int error, const char *bytes, size_t len)
{
	p2p_buf_printf(answers, "%d %zu ", error, len);
	p2p_buf_add(answers, bytes, len);
}

static int ask_range(struct p2p_source *source, const char *key, uint64_t offset, size_t length,
		     struct p2p_buf *answers)
{
	char buffer[4096];
	size_t got = 0;
	int error = p2p_source_read(source, key, offset, buffer, length, &got);

	must(got <= length && (!error || !got));
	note(answers, error, buffer, got);
	return error;
}

static void ask_key(struct p2p_source *source, const char *key, struct p2p_buf *answers)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_source_link(source, key, &text);

	note(answers, error, p2p_buf_text(&text), text.len);
	error = p2p_source_list(source, key, &names);
	note(answers, error, p2p_buf_text(&names.text), names.text.len);
	p2p_buf_reset(&text);
	error = p2p_source_read_text(source, key, 100000, &text);
	note(answers, error, p2p_buf_text(&text), text.len);
	ask_range(source, key, 0, 4096, answers);
	ask_range(source, key, 4, 4, answers);
	p2p_buf_free(&text);
	p2p_names_free(&names);
}

/* The key in a record's line, its escapes undone; "" when it has a byte that no key may have. */
static void key_of(const char *line, const char *end, struct p2p_buf *key)
{
	const char *at = memchr(line, ' ', (size_t)(end - line));

	p2p_buf_reset(key);
	for (at = at ? at + 1 : end; at < end && *at != ' ' && *at != '\r'; at++) {
		char digits[3] = "";

		if (*at == '\\' && end - at > 3) {
			memcpy(digits, at + 2, 2);
			at += 3;
		}
		p2p_buf_putc(key, *digits ? (char)strtoul(digits, NULL, 16) : *at);
	}
	if (strlen(p2p_buf_text(key)) != key->len)
		p2p_buf_reset(key);
}

/* Asks for all that the text speaks of: every key, every byte of a range and what is around it. */
static void ask_all(struct p2p_source *source, const char *text, size_t size, struct p2p_buf *answers)
{
	struct p2p_buf key = P2P_BUF_INIT;

	for (const char *line = text, *end = text + size; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;

		if (*line != '\t') {
			key_of(line, stop, &key);
			ask_key(source, p2p_buf_text(&key), answers);
		} else {
			char number[20] = "";
			const char *from = stop - line > 5 && memcmp(line, "\tend ", 5) == 0 ? line + 5 : line + 1;

			memcpy(number, from, (size_t)(stop - from) < 19 ? (size_t)(stop - from) : 19);
			uint64_t offset = strtoull(number, NULL, 16);

			ask_range(source, p2p_buf_text(&key), offset - 1, 3, answers);
			for (size_t i = 0; i < 32 && !ask_range(source, p2p_buf_text(&key), offset + i, 1, answers);)
				i++;
		}
		line = newline ? newline + 1 : end;
	}
	p2p_buf_free(&key);
}

static bool same(const struct p2p_buf *a, const struct p2p_buf *b)
{
	return a->len == b->len && memcmp(p2p_buf_text(a), p2p_buf_text(b), a->len) == 0;
}

/* `source` is the parsed `text`; takes it. */
static void round_trip(struct p2p_source *source, const char *text, size_t size)
{
	struct p2p_buf answers[3] = { P2P_BUF_INIT, P2P_BUF_INIT, P2P_BUF_INIT };
	struct p2p_buf written[2] = { P2P_BUF_INIT, P2P_BUF_INIT };
	struct p2p_problem problem = { "" };
	struct p2p_source *again = NULL;

	ask_all(source, text, size, &answers[0]);
	source = p2p_source_record(source);
	ask_all(source, text, size, &answers[1]);
	must(same(&answers[0], &answers[1]));
	p2p_source_transcript(source, &written[0]);
	must(!p2p_source_parse_snapshot("again", written[0].text, written[0].len, &problem, &again));
	again = p2p_source_record(again);
	ask_all(again, text, size, &answers[2]);
	must(same(&answers[0], &answers[2]));
	p2p_source_transcript(again, &written[1]);
	must(same(&written[0], &written[1]));
	p2p_source_free(source);
	p2p_source_free(again);
	for (int i = 0; i < 3; i++)
		p2p_buf_free(&answers[i]);
	p2p_buf_free(&written[0]);
	p2p_buf_free(&written[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char first[] = "p2p-snapshot 1\n";
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	struct p2p_buf text = P2P_BUF_INIT;

	/* Input that begins with 1 needs neither the first line nor the right count in the last one. */
	if (size && data[0] == '1') {
		size_t records = 0;

		p2p_buf_puts(&text, first);
		p2p_buf_add(&text, data + 1, size - 1);
		for (size_t i = 1; i < size; i++)
			records += data[i] != '\t' && (i == 1 || data[i - 1] == '\n');
		p2p_buf_printf(&text, "%send %zu\n", size > 1 && data[size - 1] != '\n' ? "\n" : "", records);
	} else {
		p2p_buf_add(&text, data, size);
	}
	/* A copy of its exact size: a byte read past the end is caught. */
	char *exact = malloc(text.len ? text.len : 1);

	must(exact);
	if (text.len)
		memcpy(exact, text.text, text.len);
	int error = p2p_source_parse_snapshot("fuzz", exact, text.len, &problem, &source);

	free(exact); /* the source has copied what it needs */
	if (!error) {
		must(source && !problem.text[0]);
		round_trip(source, text.text, text.len);
	} else {
		must(!source && !strncmp(problem.text, "fuzz:", 5));
	}
	p2p_buf_free(&text);
	return 0;
}
