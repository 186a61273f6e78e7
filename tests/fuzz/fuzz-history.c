/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the history, and what p2pctl tells of its changes of ACS: what reads
 * is the same when it is written and read again.
 *
 *     fuzz-history tests/fuzz/corpus/history
 *
 * Input that begins with 1 is the latter; its first line is put before it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/io/acs-changes.h"
#include "../../core/io/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that must hold whatever the text was. */
static void must(bool so)
{
	if (!so)
		abort();
}

static void try_changes(struct p2p_arena *arena, const char *data, size_t size)
{
	struct p2p_buf text = P2P_BUF_INIT, again = P2P_BUF_INIT;
	struct p2p_acs_event *events = NULL;
	size_t count = 0, line = 0;

	p2p_acs_changes_format(&text, "fuzz", NULL, 0);
	p2p_buf_add(&text, data, size);
	if (!p2p_acs_changes_parse(arena, text.text, text.len, "fuzz", &events, &count, &line)) {
		p2p_acs_changes_format(&again, "fuzz", events, count);
		must(text.len == again.len && !memcmp(text.text, again.text, text.len));
	}
	p2p_buf_free(&text);
	p2p_buf_free(&again);
}

static void try_line(struct p2p_arena *arena, const char *data, size_t size)
{
	struct p2p_history_record record = { 0 }, second = { 0 }, third = { 0 };
	struct p2p_buf one = P2P_BUF_INIT, two = P2P_BUF_INIT, three = P2P_BUF_INIT;

	/* What is no UTF-8 is written as an escape once; from then on it is a character. */
	if (!p2p_history_parse(arena, data, size, &record)) {
		p2p_history_format(&one, &record);
		must(!p2p_history_parse(arena, one.text, one.len - 1, &second));
		p2p_history_format(&two, &second);
		must(!p2p_history_parse(arena, two.text, two.len - 1, &third));
		p2p_history_format(&three, &third);
		must(two.len == three.len && !memcmp(two.text, three.text, two.len));
	}
	p2p_buf_free(&one);
	p2p_buf_free(&two);
	p2p_buf_free(&three);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p2p_arena *arena = p2p_arena_new();

	if (size && *data == '1')
		try_changes(arena, (const char *)data + 1, size - 1);
	else
		try_line(arena, (const char *)data, size);
	p2p_arena_free(arena);
	return 0;
}
