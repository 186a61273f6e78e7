/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What p2pctl tells of its changes of ACS: it reads again, and nothing is guessed of what was touched. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../../core/io/acs-changes.h"
#include "check.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define HEAD "p2p-acs-changes 1 " BOOT "\n"

static struct p2p_arena *arena;

static int parse(const char *text, size_t len, struct p2p_acs_event **ret, size_t *ret_count, size_t *ret_line)
{
	return p2p_acs_changes_parse(arena, text, len, BOOT, ret, ret_count, ret_line);
}

static int parse_text(const char *text)
{
	struct p2p_acs_event *events;
	size_t count, line;

	return parse(text, strlen(text), &events, &count, &line);
}

static void test_again(void)
{
	const struct p2p_bdf memory[] = { { 0, 3, 0 }, { 0x10000, 0x81, 0xff } };
	const struct p2p_acs_event clear = { .time = 1795205619, .offset = 0x146, .before = 0x1d, .mask = 0xc,
					     .after = 0x11, .run = 1, .memory_known = true, .memory = memory,
					     .memory_count = 2 };
	struct p2p_acs_event events[] = { clear, clear,
		{ .time = 1795205700, .bdf = { 0, 2, 0x40 }, .offset = 0x146, .before = 0x11, .mask = 0xc,
		  .after = 0x1d, .back = true, .run = 1, .entry = 0 },
		{ .bdf = { 0, 2, 0x40 }, .offset = 0x146, .run = 2, .memory_known = true },
	};
	struct p2p_buf text = P2P_BUF_INIT, again = P2P_BUF_INIT;
	struct p2p_acs_event *read = NULL;
	size_t count = 0, line = 0;

	events[0].bdf = (struct p2p_bdf){ 0, 2, 0x40 };
	events[1].bdf = (struct p2p_bdf){ 0, 2, 0x48 };
	events[1].entry = 1;
	p2p_acs_changes_format(&text, BOOT, events, 4);
	CHECK(strstr(p2p_buf_text(&text), " 0000:03:00.0,10000:81:1f.7\n"
					  "made 1 1 1795205619 0000:02:09.0 146 001d 000c 0011 =\n"));
	CHECK(!parse(text.text, text.len, &read, &count, &line) && count == 4);
	CHECK(read[1].memory_count == 2 && read[1].memory[1].domain == 0x10000);
	CHECK(!read[2].memory_known && read[2].back);
	p2p_acs_changes_format(&again, BOOT, read, count);
	CHECK(text.len == again.len && !memcmp(text.text, again.text, text.len));
	/* Cut off anywhere: all before that line was whole, or nothing is taken. */
	for (size_t len = 0; len < text.len; len++) {
		int error = parse(text.text, len, &read, &count, &line);

		CHECK(error ? error == -EBADMSG : text.text[len - 1] == '\n');
	}
	p2p_buf_free(&text);
	p2p_buf_free(&again);
}

static void test_strange(void)
{
	CHECK(!parse_text(HEAD));
	CHECK(parse_text("") == -EBADMSG);
	CHECK(parse_text("p2p-acs-changes 2 " BOOT "\n") == -EBADMSG);
	CHECK(parse_text("p2p-acs-changes 1 another-boot\n") == -ESTALE);
	CHECK(parse_text("p2p-acs-changes 1 " BOOT "x\n") == -ESTALE);
	CHECK(!parse_text(HEAD "made 1 0 5 0000:02:08.0 146 001d 000c 0011 *\n"));
	CHECK(parse_text(HEAD "made 1 0 5 0000:02:08.0 146 001d 000c 0011\n") == -EBADMSG);
	CHECK(parse_text(HEAD "made 1 0 5 0000:02:08.0 146 001d 000c 0011 * \n") == -EBADMSG);
	CHECK(parse_text(HEAD "made 1 0 5 0000:02:08.0 146 001d 000c 0011 =\n") == -EBADMSG);
	CHECK(parse_text(HEAD "made 1 0 5 02:08.0 146 001d 000c 0011 *\n") == -EBADMSG);
	CHECK(parse_text(HEAD "made 1 0 5 0000:02:08.0 146 1001d 000c 0011 *\n") == -EBADMSG);
	CHECK(parse_text(HEAD "made 1 0 5 0000:02:08.0 fff 001d 000c 0011 *\n") == -EBADMSG);
	CHECK(parse_text(HEAD "made 1 0 -5 0000:02:08.0 146 001d 000c 0011 *\n") == -EBADMSG);
	CHECK(parse_text(HEAD "made 1 0 5 0000:02:08.0 146 001d 000c 0011 0000:03:00.0,\n") == -EBADMSG);
	CHECK(parse_text(HEAD "made 1 0 5 0000:02:08.0 146 001d 000c 0011 0000:03:00.0,x\n") == -EBADMSG);
	CHECK(parse_text(HEAD "left 1 0 5 0000:02:08.0 146 001d 000c 0011 *\n") == -EBADMSG);
	CHECK(parse_text(HEAD "\n") == -EBADMSG);
}

int main(void)
{
	arena = p2p_arena_new();
	test_again();
	test_strange();
	p2p_arena_free(arena);
	return check_done();
}
