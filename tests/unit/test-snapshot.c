/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots and the tee: what was answered once is answered so again, and no file of a stranger does harm. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/arena.h"
#include "../../core/io/source.h"
#include "check-source.h"

static struct p2p_source *parse(const char *text)
{
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	int error = p2p_source_parse_snapshot("box.snap", text, strlen(text), &problem, &source);

	if (error)
		fprintf(stderr, "%s\n", problem.text);
	CHECK(error == 0);
	return source;
}

#define FIRST "p2p-snapshot 1\n"

static void test_snapshot_answers(void)
{
	char buffer[64];
	struct p2p_source *source = parse(FIRST
		"read a = one line\n"
		"read b =\n"
		"read c = no newline\\\n"
		"read d =  two  blanks\\x20\n"
		"text e\n"
		"text f\n\tfirst\n\t\n\tb\\x5cs\ttab\\x09\n\tlast\\\n"
		"hex g\n\t000: 86 80 FF\n\t003: 00\n\t040: 01 02\n\tend 042\n"
		"hex h\n\t000: 01\n"
		"hex i\n\tend 0100\n"
		"hex j\n\t000: 01 02 03 04\n\tend 10\n\tfail EIO\n"
		"link k -> ../..\\x20x/\xc3\xa4\n"
		"list k : b a 0000:00:00.0\n"
		"read k = all three\n"
		"list l :\n"
		"fail m EACCES\n"
		"fail m ENOENT link\n"
		"fail m 524 list\n"
		"read with\\x20blank\\x5c = 1\n"
		"end 18\n");

	CHECK(text_is(source, "a", "one line\n") && text_is(source, "b", "\n") && text_is(source, "c", "no newline"));
	CHECK(text_is(source, "d", " two  blanks \n") && text_is(source, "e", ""));
	CHECK(text_is(source, "f", "first\n\nb\\s\ttab\t\nlast"));
	CHECK(range(source, "g", 0, 4, buffer) == 4 && memcmp(buffer, "\x86\x80\xff\0", 4) == 0);
	CHECK(range(source, "g", 2, 2, buffer) == 2 && memcmp(buffer, "\xff\0", 2) == 0);
	CHECK(range(source, "g", 0, 5, buffer) == -ENODATA);
	CHECK(range(source, "g", 0x3f, 2, buffer) == -ENODATA);
	CHECK(range(source, "g", 0x41, 8, buffer) == 1 && buffer[0] == 2);
	CHECK(range(source, "g", 0x42, 8, buffer) == 0 && range(source, "g", 0x9999, 8, buffer) == 0);
	CHECK(text_error(source, "g") == -ENODATA);
	CHECK(range(source, "h", 0, 1, buffer) == 1 && range(source, "h", 0, 2, buffer) == -ENODATA);
	CHECK(range(source, "i", 0xff, 1, buffer) == -ENODATA && range(source, "i", 0x100, 1, buffer) == 0);
	CHECK(range(source, "j", 0, 4, buffer) == 4 && range(source, "j", 0, 5, buffer) == -EIO &&
	      range(source, "j", 16, 5, buffer) == 0);
	CHECK(link_is(source, "k", "../.. x/\xc3\xa4") && list_is(source, "k", "b a 0000:00:00.0 ") &&
	      text_is(source, "k", "all three\n") && list_is(source, "l", ""));
	CHECK(text_error(source, "m") == -EACCES && link_error(source, "m") == -ENOENT &&
	      list_error(source, "m") == -524);
	CHECK(text_is(source, "with blank\\", "1\n"));
	CHECK(text_error(source, "never") == -ENODATA && link_error(source, "a") == -ENODATA &&
	      list_error(source, "a") == -ENODATA && text_error(source, "../a") == -EINVAL);
	p2p_source_free(source);
	source = parse("p2p-snapshot 1\r\nread a = x\r\ntext b\r\n\ty\r\n\tz\\x0d\r\nend 2");
	CHECK(text_is(source, "a", "x\n") && text_is(source, "b", "y\nz\r\n"));
	p2p_source_free(source);
	source = parse(FIRST "end 0\n");
	CHECK(text_error(source, "a") == -ENODATA);
	p2p_source_free(source);
}

static const struct bad_row {
	const char *text, *says;
} bad_rows[] = {
	{ "", ":1:1: empty" },
	{ "p2p-snap", ":1:1: the first line" },
	{ "p2p-snapshot 2\nend 0\n", ":1:14: version 2" },
	{ "p2p-snapshot 10\nend 0\n", ":1:14: version 10" },
	{ "p2p-snapshot ", ":1:14: version" },
	{ FIRST, ":2:1: cut short" },
	{ FIRST "read a = 1\n", ":3:1: cut short" },
	{ FIRST "read a = 1", ":3:1: cut short" },
	{ FIRST "end 1\n", ":2:5: the file has 0 records" },
	{ FIRST "read a = 1\nend 12", ":3:6: the file has 1" },
	{ FIRST "end\n", ":2:1: unknown" },
	{ FIRST "end 0 \n", ":2:6: the file has 0" },
	{ FIRST "end 0\n\n", ":3:1: nothing may follow" },
	{ FIRST "end 0\nread a = 1\nend 1\n", ":3:1: nothing may follow" },
	{ FIRST "\nend 0\n", ":2:1: unknown" },
	{ FIRST "Read a = 1\nend 1\n", ":2:1: unknown" },
	{ FIRST "read\nend 1\n", ":2:1: unknown" },
	{ FIRST "read \nend 1\n", ":2:6: a key is missing" },
	{ FIRST "read  = x\nend 1\n", ":2:6: a key is missing" },
	{ FIRST "read a\nend 1\n", ":2:7: \" =\" should follow" },
	{ FIRST "read a =x\nend 1\n", ":2:9: a space" },
	{ FIRST "read a = 1\nread a = 1\nend 2\n", ":3:6: a second record" },
	{ FIRST "read a = 1\nfail a EIO\nend 2\n", ":3:6: a second record" },
	{ FIRST "read a = 1\nhex a\n\t0: 00\nend 2\n", ":3:5: a second record" },
	{ FIRST "read /a = 1\nend 1\n", ":2:6: not a key" },
	{ FIRST "read a/../b = 1\nend 1\n", ":2:6: not a key" },
	{ FIRST "read a\\x00 = 1\nend 1\n", ":2:9: a NUL" },
	{ FIRST "read a\\x0 = 1\nend 1\n", ":2:9: \\x needs" },
	{ FIRST "read a\\n = 1\nend 1\n", ":2:7: a backslash" },
	{ FIRST "read a = \\q\nend 1\n", ":2:10: a backslash" },
	{ FIRST "read a = \\x\nend 1\n", ":2:12: \\x needs" },
	{ FIRST "read a = \x1b[2J\nend 1\n", ":2:10: byte 0x1b has to be written as \\x1b" },
	{ FIRST "read a = x\xff\nend 1\n", ":2:11: byte 0xff" },
	{ FIRST "read a = x\xe2\x82\nend 1\n", ":2:11: byte 0xe2" },
	{ FIRST "read a = x\ry\nend 1\n", ":2:11: byte 0x0d" },
	{ FIRST "read a\tb = x\nend 1\n", ":2:7: byte 0x09" },
	{ FIRST "read a = 1\n\tx\nend 1\n", ":3:1: a tab begins" },
	{ FIRST "\tx\nend 1\n", ":2:1: a tab begins" },
	{ FIRST "text a x\nend 1\n", ":2:7: the line should end" },
	{ FIRST "text a\n\tx\\\n\ty\nend 1\n", ":4:2: a line after" },
	{ FIRST "hex a\nend 1\n", ":3:1: the record above has no bytes" },
	{ FIRST "hex a\n\tfail EIO\nend 1\n", ":4:1: the record above has no bytes and no end: that is \"fail\"" },
	{ FIRST "hex a\n\t0:\nend 1\n", ":3:4: no bytes" },
	{ FIRST "hex a\n\t0: 0\nend 1\n", ":3:5: bytes are two" },
	{ FIRST "hex a\n\t0: 0g\nend 1\n", ":3:5: bytes are two" },
	{ FIRST "hex a\n\t0: 00  00\nend 1\n", ":3:8: bytes are two" },
	{ FIRST "hex a\n\t0: 0000\nend 1\n", ":3:7: bytes are two" },
	{ FIRST "hex a\n\t0: 00 \nend 1\n", ":3:8: bytes are two" },
	{ FIRST "hex a\n\t 0: 00\nend 1\n", ":3:2: a hex offset" },
	{ FIRST "hex a\n\tx: 00\nend 1\n", ":3:2: a hex offset" },
	{ FIRST "hex a\n\t0 00\nend 1\n", ":3:3: \":\" should follow" },
	{ FIRST "hex a\n\t10: 00\n\t0: 00\nend 1\n", ":4:2: 0x0 is not after 0x10" },
	{ FIRST "hex a\n\t0: 00 01\n\t1: 00\nend 1\n", ":4:2: 0x1 is not after 0x1" },
	{ FIRST "hex a\n\t10000000000000000: 00\nend 1\n", ":3:2: the offset is too big" },
	{ FIRST "hex a\n\t7fffffffffffffff: 00\nend 1\n", ":3:2: the record is too big" },
	{ FIRST "hex a\n\t0: 00 01\n\tend 1\nend 1\n", ":4:2: 0x2 bytes are known" },
	{ FIRST "hex a\n\tend 1\n\tend 1\nend 1\n", ":4:2: a second end" },
	{ FIRST "hex a\n\tend 1\n\t0: 00\nend 1\n", ":4:2: bytes after the end" },
	{ FIRST "hex a\n\tend x\nend 1\n", ":3:6: a hex offset" },
	{ FIRST "hex a\n\tend 1 \nend 1\n", ":3:7: the line should end" },
	{ FIRST "hex a\n\t0: 00\n\tfail EIO\n\tfail EIO\nend 1\n", ":5:2: a second failure" },
	{ FIRST "hex a\n\t0: 00\n\tfail EIO\n\tend 1\nend 1\n", ":5:2: a second end" },
	{ FIRST "link a\nend 1\n", ":2:7: \" -> \" should follow" },
	{ FIRST "link a -> \nend 1\n", ":2:11: the link's target is missing" },
	{ FIRST "link a -> b c\nend 1\n", ":2:12: the line should end" },
	{ FIRST "list a\nend 1\n", ":2:7: \" :\" should follow" },
	{ FIRST "list a :x\nend 1\n", ":2:9: one space" },
	{ FIRST "list a : x  y\nend 1\n", ":2:12: a name is missing" },
	{ FIRST "list a : x \nend 1\n", ":2:12: a name is missing" },
	{ FIRST "list a : x/y\nend 1\n", ":2:10: not a name" },
	{ FIRST "list a : x ..\nend 1\n", ":2:12: not a name" },
	{ FIRST "fail a\nend 1\n", ":2:7: the name of an error" },
	{ FIRST "fail a \nend 1\n", ":2:8: the name of an error" },
	{ FIRST "fail a EWHAT\nend 1\n", ":2:8: \"EWHAT\" is not" },
	{ FIRST "fail a 0\nend 1\n", ":2:8: \"0\" is not" },
	{ FIRST "fail a 4096\nend 1\n", ":2:8: \"4096\" is not" },
	{ FIRST "fail a -2\nend 1\n", ":2:8: \"-2\" is not" },
	{ FIRST "fail a ENOENT read\nend 1\n", ":2:14: the line should end" },
	{ FIRST "fail a ENOENT link \nend 1\n", ":2:19: the line should end" },
};

static void refused(const char *text, size_t len, const char *says)
{
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	char want[128];
	int error = p2p_source_parse_snapshot("box.snap", text, len, &problem, &source);

	snprintf(want, sizeof(want), "box.snap%s", says);
	CHECK(error == -EINVAL && !source);
	if (strncmp(problem.text, want, strlen(want)) != 0)
		fprintf(stderr, "want: %s\nis:   %s\n", want, problem.text);
	CHECK(strncmp(problem.text, want, strlen(want)) == 0);
	p2p_source_free(source);
}

static void test_snapshot_hostile(void)
{
	static const char nul[] = FIRST "read a = x\0y\nend 1\n", nul_key[] = FIRST "read a\0b = x\nend 1\n";
	static const char good[] = FIRST "read a = 1\nhex b\n\t000: 01 02\n\tend 002\nlink c -> d\nend 3\n";
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(*bad_rows); i++)
		refused(bad_rows[i].text, strlen(bad_rows[i].text), bad_rows[i].says);
	refused(nul, sizeof(nul) - 1, ":2:11: a NUL");
	refused(nul_key, sizeof(nul_key) - 1, ":2:7: a NUL");
	/* Cut anywhere, even within the last line, it is not taken for a whole one; the last newline may go. */
	for (size_t len = 0; len < sizeof(good) - 2; len++)
		refused(good, len, ":");
	p2p_buf_puts(&text, FIRST "hex a\n\t0:");
	for (int i = 0; i < 33; i++)
		p2p_buf_puts(&text, " 00");
	p2p_buf_puts(&text, "\nend 1\n");
	refused(text.text, text.len, ":3:101: more than 32 bytes");
	p2p_buf_reset(&text);
	p2p_buf_puts(&text, FIRST "read ");
	for (int i = 0; i < 100000; i++)
		p2p_buf_puts(&text, "aaaaaaaaaa");
	p2p_buf_puts(&text, " = x\nend 1\n");
	refused(text.text, text.len, ":2:6: not a key");
	p2p_buf_free(&text);
}

/* ------------------------------------------------------------------ the tee */

static uint64_t random_state;

static uint64_t any(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

#define FAKE_KEYS 12

/* A machine of a dozen files; when it is restless they change, shrink, grow and fail as they like. */
struct fake {
	struct p2p_source source;
	bool restless;
	size_t len[FAKE_KEYS];
	unsigned char bytes[FAKE_KEYS][256];
	int error[FAKE_KEYS];
};

static const char *const fake_keys[FAKE_KEYS] = {
	"a/config", "a/uevent", "a/odd name\\", "a/driver", "b/config", "b/\x01\xff", "b/x", "b/y", "b/nvme2",
	"b/nvme10", "0000:1a:00.0", "0000:02:00.0",
};

static size_t fake_key(const char *key)
{
	size_t i = 0;

	while (strcmp(fake_keys[i], key) != 0)
		i++;
	return i;
}

static void fake_fill(struct fake *fake, size_t key)
{
	static const char letters[] = "ab \t\n\n\\\xc3\xa4";
	uint64_t kind = any(5);
	bool first = !fake->len[key] && !fake->error[key];

	/* What nobody can tell does not come and go: that is what the word means. */
	if (fake->error[key] == -ENODATA)
		return;
	fake->len[key] = any(4) ? any(sizeof(fake->bytes[key])) : any(3);
	for (size_t i = 0; i < fake->len[key]; i++)
		fake->bytes[key][i] = kind ? (unsigned char)letters[any(kind < 3 ? 3 : sizeof(letters) - 1)] :
					     (unsigned char)any(256);
	if (fake->len[key] && any(2))
		fake->bytes[key][fake->len[key] - 1] = '\n';
	fake->error[key] = any(6) ? 0 : any(4) ? -ENOENT : first ? -ENODATA : -524;
}

static int fake_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
		     size_t *ret)
{
	struct fake *fake = (struct fake *)source;
	size_t i = fake_key(key);

	if (fake->restless && any(4) == 0)
		fake_fill(fake, i);
	if (fake->error[i])
		return fake->error[i];
	if (fake->restless && length > any(1000))
		return -EIO;
	size_t left = offset < fake->len[i] ? fake->len[i] - (size_t)offset : 0;

	*ret = left < length ? left : length;
	if (*ret)
		memcpy(buffer, fake->bytes[i] + offset, *ret);
	return 0;
}

static int fake_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	struct fake *fake = (struct fake *)source;
	size_t i = fake_key(key);

	if (fake->restless && any(4) == 0)
		fake_fill(fake, i);
	if (fake->error[i] || i % 3 == 0)
		return fake->error[i] ? fake->error[i] : -EINVAL;
	p2p_buf_reset(ret);
	p2p_buf_printf(ret, "../t %zu\n\\", fake->len[i]);
	return 0;
}

static int fake_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	struct fake *fake = (struct fake *)source;
	size_t i = fake_key(key);

	if (fake->restless && any(4) == 0)
		fake_fill(fake, i);
	if (fake->error[i] || i % 3 == 1)
		return fake->error[i] ? fake->error[i] : -ENOTDIR;
	p2p_names_reset(ret);
	for (size_t j = fake->len[i] % 5; j > 0; j--) {
		char name[16];

		snprintf(name, sizeof(name), "n %zu\x7f", j);
		p2p_names_add(ret, name);
	}
	return 0;
}

static void fake_free(struct p2p_source *source)
{
	free(source);
}

static const struct p2p_source_ops fake_ops = { fake_read, fake_link, fake_list, fake_free };

static struct p2p_source *fake_new(bool restless)
{
	struct fake *fake = p2p_malloc(sizeof(*fake));

	memset(fake, 0, sizeof(*fake));
	fake->source.ops = &fake_ops;
	fake->restless = restless;
	for (size_t i = 0; i < FAKE_KEYS; i++)
		fake_fill(fake, i);
	return &fake->source;
}

/* A program: the same questions for the same `seed`, all answers written down. */
static void run(struct p2p_source *source, uint64_t seed, struct p2p_buf *answers)
{
	uint64_t state = seed * 2654435761 + 1;

	for (int i = 0; i < 60; i++) {
		unsigned char buffer[512];
		struct p2p_buf text = P2P_BUF_INIT;
		struct p2p_names names = P2P_NAMES_INIT;
		size_t got = 0;

		state = state * 6364136223846793005 + 1442695040888963407;
		const char *key = fake_keys[(state >> 60) % FAKE_KEYS];
		uint64_t offset = (state >> 50 & 3) ? state >> 40 & 0x7f : 0;
		size_t length = (state >> 48 & 3) ? state >> 32 & 0xf : 512;

		if ((state >> 56 & 7) == 0) {
			p2p_buf_printf(answers, "link %d ", p2p_source_link(source, key, &text));
		} else if ((state >> 56 & 7) == 1) {
			p2p_buf_printf(answers, "list %d ", p2p_source_list(source, key, &names));
			p2p_buf_add(&text, names.text.text, names.text.len);
		} else {
			p2p_buf_printf(answers, "read %d ", p2p_source_read(source, key, offset, buffer, length, &got));
			p2p_buf_add(&text, buffer, got);
		}
		p2p_buf_add(answers, p2p_buf_text(&text), text.len);
		p2p_buf_putc(answers, '\n');
		p2p_buf_free(&text);
		p2p_names_free(&names);
	}
}

static bool same(const struct p2p_buf *a, const struct p2p_buf *b)
{
	return a->len == b->len && memcmp(p2p_buf_text(a), p2p_buf_text(b), a->len) == 0;
}

static void test_round_trip(uint64_t seed, bool restless)
{
	struct p2p_buf answers[4] = { P2P_BUF_INIT, P2P_BUF_INIT, P2P_BUF_INIT, P2P_BUF_INIT };
	struct p2p_buf text[2] = { P2P_BUF_INIT, P2P_BUF_INIT };
	struct p2p_problem problem = { "" };
	struct p2p_source *source, *replay = NULL;

	random_state = seed + 1;
	source = fake_new(restless);
	if (!restless)
		run(source, seed, &answers[3]);
	source = p2p_source_record(source);
	run(source, seed, &answers[0]);
	p2p_source_transcript(source, &text[0]);
	p2p_source_free(source);
	CHECK(restless || same(&answers[0], &answers[3]));
	CHECK(p2p_source_parse_snapshot("x", text[0].text, text[0].len, &problem, &replay) == 0);
	if (!replay) {
		fprintf(stderr, "%s\n%s", problem.text, text[0].text);
		return;
	}
	run(replay, seed, &answers[1]);
	CHECK(same(&answers[0], &answers[1]));
	replay = p2p_source_record(replay);
	run(replay, seed, &answers[2]);
	CHECK(same(&answers[0], &answers[2]));
	p2p_source_transcript(replay, &text[1]);
	CHECK(same(&text[0], &text[1]));
	p2p_source_free(replay);
	for (int i = 0; i < 4; i++)
		p2p_buf_free(&answers[i]);
	p2p_buf_free(&text[0]);
	p2p_buf_free(&text[1]);
}

static void test_transcript(void)
{
	struct p2p_source *source = parse(FIRST
		"read sys/b = x\\\nread sys/a/10 =\ntext sys/a/9\n\t \\x20 a\\x20\n\t\\x20\n"
		"read sys/a/e = \xc3\xa4\\xff\n"
		"hex c\n\t00: 01 02 03\n\t003: 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12\n\t020: ff\n"
		"hex d\n\tend 100\n\tfail EIO\nfail d ENOENT list\nread u = \\xe2\\x80\\xae\nlist e :\n"
		"hex f\n\t000: 01 02\n\tfail EACCES\nend 10\n");
	static const char want[] = FIRST
		"hex c\n\t000: 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10\n\t010: 11 12\n\t020: ff\n"
		"hex d\n\tend 100\n\tfail EIO\nfail d ENOENT list\nlist e :\n"
		"hex f\n\t000: 01\n\tfail EACCES\n"
		"text sys/a/9\n\t   a\\x20\n\t\\x20\nread sys/a/10 =\n"
		"hex sys/a/e\n\t000: c3 a4 ff 0a\n\tend 004\nread sys/b = x\\\n"
		"read u = \\xe2\\x80\\xae\nend 10\n";
	struct p2p_source *record = p2p_source_record(source);
	struct p2p_buf text = P2P_BUF_INIT;
	char buffer[64];

	CHECK(text_is(record, "u", "\xe2\x80\xae\n") && text_is(record, "sys/b", "x"));
	CHECK(range(record, "c", 0x20, 1, buffer) == 1);
	for (int i = 17; i >= 0; i--) /* backwards, byte by byte: the text is the same */
		CHECK(range(record, "c", (uint64_t)i, 1, buffer) == 1 && buffer[0] == i + 1);
	CHECK(text_is(record, "sys/a/10", "\n") && text_is(record, "sys/a/9", "   a \n \n"));
	CHECK(text_error(record, "sys/a/e") == 0);
	CHECK(range(record, "d", 0x100, 4, buffer) == 0 && range(record, "d", 0, 4, buffer) == -EIO);
	CHECK(list_error(record, "d") == -ENOENT && list_is(record, "e", ""));
	/* A part may be read of what cannot be read as a whole. */
	CHECK(text_error(record, "f") == -EACCES && range(record, "f", 0, 1, buffer) == 1 &&
	      range(record, "f", 0, 3, buffer) == -EACCES);
	CHECK(text_error(record, "never") == -ENODATA && link_error(record, "x/../y") == -EINVAL);
	p2p_source_transcript(record, &text);
	if (strcmp(text.text, want) != 0)
		fprintf(stderr, "%s", text.text);
	CHECK(strcmp(text.text, want) == 0);
	CHECK(record->stats.reads == 30 && record->stats.lists == 2 && record->stats.links == 1);
	p2p_source_free(record);
	p2p_buf_free(&text);
}

static void test_tee(void)
{
	test_transcript();
	for (uint64_t seed = 0; seed < 400; seed++) {
		test_round_trip(seed, false);
		test_round_trip(seed, true);
	}
}

int main(void)
{
	test_snapshot_answers();
	test_snapshot_hostile();
	test_tee();
	return check_done();
}
