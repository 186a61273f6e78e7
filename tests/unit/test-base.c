/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base floor: arena, buf, names, addresses, text. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/arena.h"
#include "../../core/base/bdf.h"
#include "../../core/base/names.h"
#include "../../core/base/problem.h"
#include "../../core/base/text.h"
#include "check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void test_arena(void)
{
	static const size_t sizes[] = { 0, 1, 2, 15, 16, 17, 4095, 65535, 65536, 65537, 1 << 20, 3 };
	struct p2p_arena *arena = p2p_arena_new();
	char *before[LENGTH(sizes)];

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		char *memory = before[i] = p2p_arena_alloc(arena, sizes[i]);
		bool zero = true;

		CHECK(memory && (uintptr_t)memory % _Alignof(max_align_t) == 0);
		for (size_t k = 0; k < sizes[i]; k++)
			zero = zero && !memory[k];
		CHECK(zero);
		memset(memory, (int)i + 1, sizes[i]);
	}
	/* Nobody's memory was another's. */
	for (size_t i = 0; i < LENGTH(sizes); i++)
		CHECK(!sizes[i] || (before[i][0] == (char)(i + 1) && before[i][sizes[i] - 1] == (char)(i + 1)));
	CHECK(!strcmp(p2p_arena_strndup(arena, "abcdef", 3), "abc"));
	CHECK(!strcmp(p2p_arena_strdup(arena, ""), ""));
	CHECK(!strcmp(p2p_arena_printf(arena, "%s-%05d", "x", 42), "x-00042"));
	CHECK(strlen(p2p_arena_printf(arena, "%*s", 100000, "x")) == 100000);
	CHECK(p2p_arena_array(arena, 0, 8) && p2p_arena_array(arena, 8, 0));
	p2p_arena_free(arena);
	p2p_arena_free(NULL);
	free(p2p_malloc(0));
	free(p2p_realloc(p2p_malloc(1), 0, 8));
}

static void test_buf(void)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	CHECK(!strcmp(p2p_buf_text(&buf), "") && !buf.text);
	p2p_buf_reset(&buf);
	p2p_buf_add(&buf, NULL, 0);
	CHECK(!strcmp(p2p_buf_text(&buf), "") && buf.len == 0);
	/* Every length over the first few sizes of the buffer. */
	for (size_t n = 1; n <= 600; n++) {
		p2p_buf_putc(&buf, 'x');
		CHECK(buf.len == n && buf.size > n && !buf.text[n]);
	}
	p2p_buf_reset(&buf);
	CHECK(!strcmp(p2p_buf_text(&buf), "") && buf.size > 600);
	p2p_buf_printf(&buf, "%d%%", 12);
	p2p_buf_puts(&buf, "");
	p2p_buf_puts(&buf, "|");
	p2p_buf_printf(&buf, "%*d", 5000, 7);
	CHECK(buf.len == 5004 && !strncmp(buf.text, "12%| ", 5) && buf.text[5003] == '7');
	p2p_buf_add(&buf, "a\0b", 3);
	CHECK(buf.len == 5007 && !memcmp(buf.text + 5004, "a\0b", 4));
	p2p_buf_free(&buf);
	CHECK(!buf.text && !buf.len && !buf.size);
	p2p_buf_free(&buf);
}

static void test_names(void)
{
	struct p2p_names names = P2P_NAMES_INIT;

	CHECK(!p2p_names_next(&names, NULL));
	for (int round = 0; round < 2; round++) {
		static const char *const want[] = { "b", "", "a", "a" };
		const char *name = NULL;
		size_t n = 0;

		for (size_t i = 0; i < LENGTH(want); i++)
			p2p_names_add(&names, want[i]);
		CHECK(names.count == LENGTH(want));
		while ((name = p2p_names_next(&names, name))) {
			CHECK(n < LENGTH(want) && !strcmp(name, want[n]));
			n++;
		}
		CHECK(n == LENGTH(want));
		p2p_names_reset(&names);
		CHECK(!names.count && !p2p_names_next(&names, NULL));
	}
	p2p_names_free(&names);
	CHECK(!p2p_names_next(&names, NULL));
}

static void test_bdf_parse(void)
{
	static const struct {
		const char *text;
		int error;
		struct p2p_bdf bdf;
	} cases[] = {
		{ "0000:03:00.0", 0, { 0, 3, 0 } },
		{ "03:00.0", 0, { 0, 3, 0 } },
		{ "0001:ff:1f.7", 0, { 1, 0xff, 0xff } },
		{ "10000:e1:02.1", 0, { 0x10000, 0xe1, 0x11 } },
		{ "ffffffff:AB:0a.3", 0, { 0xffffffff, 0xab, 0x53 } },
		{ "", -EINVAL, { 0 } },
		{ "0000:03:00", -EINVAL, { 0 } },
		{ "0000:03:00.", -EINVAL, { 0 } },
		{ "0000:03:00.8", -EINVAL, { 0 } },
		{ "0000:03:20.0", -EINVAL, { 0 } },
		{ "0000:03:00.0 ", -EINVAL, { 0 } },
		{ " 0000:03:00.0", -EINVAL, { 0 } },
		{ "0000:03:00.00", -EINVAL, { 0 } },
		{ "000:03:00.0", -EINVAL, { 0 } },
		{ "100000000:03:00.0", -EINVAL, { 0 } },
		{ "0000:3:00.0", -EINVAL, { 0 } },
		{ "0000:003:00.0", -EINVAL, { 0 } },
		{ "0000:03:0.0", -EINVAL, { 0 } },
		{ "0000-03-00.0", -EINVAL, { 0 } },
		{ "0x00:03:00.0", -EINVAL, { 0 } },
		{ "0000:0g:00.0", -EINVAL, { 0 } },
		{ ":03:00.0", -EINVAL, { 0 } },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct p2p_bdf bdf = { 1, 2, 3 };
		int error = p2p_bdf_parse(cases[i].text, &bdf);

		CHECK(error == cases[i].error);
		CHECK(p2p_bdf_compare(bdf, error ? (struct p2p_bdf){ 1, 2, 3 } : cases[i].bdf) == 0);
	}
	static const struct {
		const char *text;
		int error;
		struct p2p_bdf bdf;
	} typed[] = {
		{ "3:0.0", 0, { 0, 3, 0 } },
		{ "3:00.0", 0, { 0, 3, 0 } },
		{ "03:1f.7", 0, { 0, 3, 0xff } },
		{ "0:3:0.1", 0, { 0, 3, 1 } },
		{ "10000:e1:2.1", 0, { 0x10000, 0xe1, 0x11 } },
		{ "0000:03:00.0", 0, { 0, 3, 0 } },
		{ "", -EINVAL, { 0 } },
		{ ":", -EINVAL, { 0 } },
		{ ":3:0.0", -EINVAL, { 0 } },
		{ "3:.0", -EINVAL, { 0 } },
		{ "3:0", -EINVAL, { 0 } },
		{ "3:0.", -EINVAL, { 0 } },
		{ "3:0.8", -EINVAL, { 0 } },
		{ "3:0.0 ", -EINVAL, { 0 } },
		{ "3:0.00", -EINVAL, { 0 } },
		{ "3:20.0", -EINVAL, { 0 } },
		{ "003:0.0", -EINVAL, { 0 } },
		{ "3:000.0", -EINVAL, { 0 } },
		{ "0:0:3:0.0", -EINVAL, { 0 } },
		{ "100000000:3:0.0", -EINVAL, { 0 } },
		{ "0x3:0.0", -EINVAL, { 0 } },
	};

	for (size_t i = 0; i < LENGTH(typed); i++) {
		struct p2p_bdf at = { 1, 2, 3 };
		int error = p2p_bdf_parse_typed(typed[i].text, &at);

		CHECK(error == typed[i].error);
		CHECK(p2p_bdf_compare(at, error ? (struct p2p_bdf){ 1, 2, 3 } : typed[i].bdf) == 0);
	}
	struct p2p_bdf bdf = { 0 };

	CHECK(p2p_bdf_parse_prefix("0000:03:00.1/config", &bdf) == 12 && bdf.devfn == 1);
	CHECK(p2p_bdf_parse_prefix("10000:03:00.1", &bdf) == 13 && bdf.domain == 0x10000);
	CHECK(p2p_bdf_parse_prefix("03:00.1", &bdf) == -EINVAL);
}

static void test_bdf_format(void)
{
	static const struct p2p_bdf order[] = {
		{ 0, 0, 0 }, { 0, 0, 1 }, { 0, 0, 0xff }, { 0, 1, 0 }, { 0, 0xff, 0xff }, { 1, 0, 0 },
		{ 0xffff, 0xff, 0xff }, { 0x10000, 0, 0 }, { 0xffffffff, 0xff, 0xff },
	};
	char text[P2P_BDF_TEXT];

	for (size_t i = 0; i < LENGTH(order); i++) {
		struct p2p_bdf back = { 9, 9, 9 };

		CHECK(!p2p_bdf_parse(p2p_bdf_format(order[i], true, text), &back));
		CHECK(p2p_bdf_number(back) == p2p_bdf_number(order[i]));
		CHECK(!p2p_bdf_parse(p2p_bdf_format(order[i], false, text), &back));
		CHECK(p2p_bdf_compare(back, order[i]) == 0);
		for (size_t k = 0; k < LENGTH(order); k++) {
			int is = p2p_bdf_compare(order[i], order[k]);

			CHECK((is > 0) - (is < 0) == (i > k) - (i < k));
			CHECK((p2p_bdf_number(order[i]) < p2p_bdf_number(order[k])) == (i < k));
		}
	}
	CHECK(!strcmp(p2p_bdf_format(order[2], false, text), "00:1f.7"));
	CHECK(!strcmp(p2p_bdf_format(order[2], true, text), "0000:00:1f.7"));
	CHECK(!strcmp(p2p_bdf_format(order[7], false, text), "10000:00:00.0"));
	CHECK(!strcmp(p2p_bdf_format(order[8], false, text), "ffffffff:ff:1f.7"));
}

static int hostbridge(const char *name, uint32_t *ret_domain, uint8_t *ret_bus)
{
	return p2p_hostbridge_name_parse(name, strlen(name), ret_domain, ret_bus);
}

static void test_hostbridge(void)
{
	static const char *const wrong[] = {
		"", "pci", "pci0000", "pci0000:", "pci0000:0", "pci000:00", "pci0000:000", "pci0000:00/", "PCI0000:00",
		"pci0000:0g", "pci0000-00", "pci_bus:00", "pci123456789:00", "acpi0000:00", "0000:00:00.0",
	};
	uint32_t domain = 7;
	uint8_t bus = 7;

	for (size_t i = 0; i < LENGTH(wrong); i++)
		CHECK(hostbridge(wrong[i], &domain, &bus) == -EINVAL && domain == 7 && bus == 7);
	CHECK(!hostbridge("pci0000:00", &domain, &bus) && domain == 0 && bus == 0);
	CHECK(!hostbridge("pci10000:e0", &domain, &bus) && domain == 0x10000 && bus == 0xe0);
	CHECK(!hostbridge("pciffffffff:ff", &domain, &bus) && domain == 0xffffffff && bus == 0xff);
	/* Only the first `len` bytes are the name. */
	CHECK(!p2p_hostbridge_name_parse("pci0001:20/0001:20:00.0", 10, &domain, &bus) && domain == 1 && bus == 0x20);
}

static void test_number(void)
{
	static const struct {
		const char *text;
		int base;
		uint64_t max;
		int error;
		uint64_t value;
	} cases[] = {
		{ "0", 10, 0, 0, 0 },
		{ " 42\n", 10, UINT64_MAX, 0, 42 },
		{ "\t7 \r\n", 0, 7, 0, 7 },
		{ "0x1f", 0, 0xff, 0, 0x1f },
		{ "0x1f", 16, 0xff, 0, 0x1f },
		{ "ff", 16, 0xff, 0, 0xff },
		{ "18446744073709551615", 10, UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", 10, UINT64_MAX, -ERANGE, 0 },
		{ "8", 10, 7, -ERANGE, 0 },
		{ "", 10, 9, -EINVAL, 0 },
		{ "\n", 10, 9, -EINVAL, 0 },
		{ "-1", 10, UINT64_MAX, -EINVAL, 0 },
		{ "+1", 10, UINT64_MAX, -EINVAL, 0 },
		{ " -1", 10, UINT64_MAX, -EINVAL, 0 },
		{ "1 2", 10, 99, -EINVAL, 0 },
		{ "1x", 10, 99, -EINVAL, 0 },
		{ "0x", 16, 99, -EINVAL, 0 },
		{ "a", 10, 99, -EINVAL, 0 },
		{ "0x10", 10, 99, -EINVAL, 0 },
		{ "1.5", 10, 99, -EINVAL, 0 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t value = 77;

		CHECK(p2p_text_number(cases[i].text, cases[i].base, cases[i].max, &value) == cases[i].error);
		CHECK(value == (cases[i].error ? 77 : cases[i].value));
	}
}

static void test_signed(void)
{
	int64_t value = 77;

	CHECK(p2p_text_signed("", &value) == -EINVAL && p2p_text_signed("-", &value) == -EINVAL);
	CHECK(p2p_text_signed("1 2", &value) == -EINVAL && p2p_text_signed("1x", &value) == -EINVAL);
	CHECK(p2p_text_signed("9223372036854775808", &value) == -ERANGE && value == 77);
	CHECK(!p2p_text_signed("-1\n", &value) && value == -1);
	CHECK(!p2p_text_signed("-9223372036854775808", &value) && value == INT64_MIN);
	CHECK(!p2p_text_signed("9223372036854775807\n", &value) && value == INT64_MAX);
}

static void test_utf8(void)
{
	static const struct {
		const char *text;
		int len;
		uint32_t c;
	} cases[] = {
		{ "", 0, 0 },
		{ "a", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		/* Longer than need be, surrogates, too large, cut short, out of place. */
		{ "\xc0\x80", 0, 0 },
		{ "\xc1\xbf", 0, 0 },
		{ "\xe0\x9f\xbf", 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 },
		{ "\xed\xbf\xbf", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 },
		{ "\xf5\x80\x80\x80", 0, 0 },
		{ "\xff", 0, 0 },
		{ "\x80", 0, 0 },
		{ "\xc3", 0, 0 },
		{ "\xe2\x82", 0, 0 },
		{ "\xf0\x90\x80", 0, 0 },
		{ "\xc3(", 0, 0 },
		{ "\xe2\x82(", 0, 0 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint32_t c = 0;

		/* A copy of its exact size: reading past its end is caught. */
		char *text = strdup(cases[i].text);

		CHECK(p2p_text_utf8(text, &c) == cases[i].len);
		CHECK(!cases[i].len || c == cases[i].c);
		free(text);
	}
}

/* `text` comes out as `terminal`, as `ascii` with only ASCII, and as `json`. */
static void shown(const char *text, const char *terminal, const char *ascii, const char *json)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	p2p_text_visible(&buf, text, false);
	CHECK(!strcmp(p2p_buf_text(&buf), terminal));
	p2p_buf_reset(&buf);
	p2p_text_visible(&buf, text, true);
	CHECK(!strcmp(p2p_buf_text(&buf), ascii));
	p2p_buf_reset(&buf);
	p2p_text_json(&buf, text);
	CHECK(!strcmp(p2p_buf_text(&buf), json));
	p2p_buf_free(&buf);
}

/* What a shell keeps of it inside "...". */
static void quoted(const char *text, bool ascii, const char *wanted)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	p2p_text_shell(&buf, text, ascii);
	CHECK(!strcmp(p2p_buf_text(&buf), wanted));
	p2p_buf_free(&buf);
}

static void test_shell(void)
{
	quoted("", false, "");
	quoted("plain '~ *?!", false, "plain '~ *?!");
	quoted("a\"b$(c)`d`\\", false, "a\\x22b\\x24(c)\\x60d\\x60\\x5c");
	quoted("Ger\xc3\xa4t\n\x1b\xff", false, "Ger\xc3\xa4t\\x0a\\x1b\\xff");
	quoted("Ger\xc3\xa4t", true, "Ger\\xc3\\xa4t");
	quoted("x\xe2\x80\xaey", false, "x\\xe2\\x80\\xaey");
}

static void test_hostile(void)
{
	shown("", "", "", "");
	shown("plain ~", "plain ~", "plain ~", "plain ~");
	shown("a\\\"b", "a\\\"b", "a\\\"b", "a\\\\\\\"b");
	shown("Ger\xc3\xa4t", "Ger\xc3\xa4t", "Ger\\xc3\\xa4t", "Ger\xc3\xa4t");
	shown("\x1b[31m", "\\x1b[31m", "\\x1b[31m", "\\u001b[31m");
	shown("a\nb\rc\td\x7f", "a\\x0ab\\x0dc\\x09d\\x7f", "a\\x0ab\\x0dc\\x09d\\x7f",
	      "a\\u000ab\\u000dc\\u0009d\\u007f");
	/* C1 (CSI in one character), as UTF-8 and as a bare byte. */
	shown("\xc2\x9b" "31m", "\\xc2\\x9b31m", "\\xc2\\x9b31m", "\\u009b31m");
	shown("\x9b" "31m", "\\x9b31m", "\\x9b31m", "\\ufffd31m");
	/* Right-to-left override, isolate, line separator, zero-width space, byte order mark, soft hyphen. */
	shown("\xe2\x80\xae", "\\xe2\\x80\\xae", "\\xe2\\x80\\xae", "\\u202e");
	shown("\xe2\x81\xa6", "\\xe2\\x81\\xa6", "\\xe2\\x81\\xa6", "\\u2066");
	shown("\xe2\x80\xa8", "\\xe2\\x80\\xa8", "\\xe2\\x80\\xa8", "\\u2028");
	shown("\xe2\x80\x8b", "\\xe2\\x80\\x8b", "\\xe2\\x80\\x8b", "\\u200b");
	shown("\xef\xbb\xbf", "\\xef\\xbb\\xbf", "\\xef\\xbb\\xbf", "\\ufeff");
	shown("\xc2\xad", "\\xc2\\xad", "\\xc2\\xad", "\\u00ad");
	/* Not UTF-8: each byte by itself, and reading goes on behind it. */
	shown("\xff\xc3(", "\\xff\\xc3(", "\\xff\\xc3(", "\\ufffd\\ufffd(");
	shown("\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd");
	shown("\xe2\x82", "\\xe2\\x82", "\\xe2\\x82", "\\ufffd\\ufffd");
	shown("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\\xf0\\x9f\\x98\\x80", "\xf0\x9f\x98\x80");
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void test_natural(void)
{
	static const char *const order[] = {
		"", "0", "1", "2", "10", "99999999999999999999998", "99999999999999999999999", "Nvme1", "a",
		"a1b2", "a1b10", "a2", "nvme", "nvme0", "nvme0n1", "nvme0n2", "nvme0n10", "nvme2", "nvme10",
		"nvme10n1", "z", "\xc3\xa4",
	};

	for (size_t i = 0; i < LENGTH(order); i++)
		for (size_t k = 0; k < LENGTH(order); k++)
			CHECK(sign(p2p_text_natural(order[i], order[k])) == (i > k) - (i < k));
	/* Zeros before a number do not make it larger. */
	CHECK(p2p_text_natural("card007", "card8") < 0 && p2p_text_natural("card08", "card7") > 0);
}

static void test_problem(void)
{
	struct p2p_problem problem = { "" };
	char *word = p2p_malloc(2000);

	memset(word, 'x', 1999);
	word[1999] = '\0';
	CHECK(p2p_problem_set(&problem, -EINVAL, "%s:%d:%d: %s", "f", 1, 2, "no") == -EINVAL);
	CHECK(!strcmp(problem.text, "f:1:2: no"));
	CHECK(p2p_problem_set(&problem, -EIO, "%s", word) == -EIO);
	CHECK(strlen(problem.text) == sizeof(problem.text) - 1);
	CHECK(!strcmp(p2p_problem_errno(-EACCES), p2p_problem_errno(EACCES)));
	free(word);
}

int main(void)
{
	test_arena();
	test_buf();
	test_names();
	test_bdf_parse();
	test_bdf_format();
	test_hostbridge();
	test_number();
	test_signed();
	test_utf8();
	test_hostile();
	test_shell();
	test_natural();
	test_problem();
	return check_done();
}
