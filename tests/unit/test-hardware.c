/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Releases, rows, and the file they come from.  The argument is the shipped
 * policy/allowlist.yaml.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../core/base/buf.h"
#include "../../core/io/policy-yaml.h"
#include "check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct p2p_release release_of(const char *text)
{
	struct p2p_release release = { 0 };

	CHECK(p2p_release_parse(text, &release) == 0);
	return release;
}

static void test_release(void)
{
	static const char *const wrong[] = {
		"", ".", "6", "6.", ".12", "6.12.", "6.12.1.", "6.12.1.2", "6.12-rc1", "6.12.1-amd64", " 6.12", "6.12 ",
		"+6.12", "6.-1", "06.12", "6.012", "65535.1", "6.99999999999999999999", "v6.12", "6.12\n",
	};
	struct p2p_release release = { 1, 2, 3, true };
	char text[P2P_RELEASE_TEXT];

	for (size_t i = 0; i < LENGTH(wrong); i++)
		CHECK(p2p_release_parse(wrong[i], &release) == -EINVAL && release.major == 1);
	release = release_of("6.12");
	CHECK(release.major == 6 && release.minor == 12 && !release.patch_known);
	CHECK(!strcmp(p2p_release_format(release, text), "6.12"));
	release = release_of("6.12.107");
	CHECK(release.patch == 107 && release.patch_known);
	CHECK(!strcmp(p2p_release_format(release, text), "6.12.107"));
	CHECK(!strcmp(p2p_release_format(release_of("7.0.0"), text), "7.0.0"));
	CHECK(!strcmp(p2p_release_format(release_of("65534.65534.65534"), text), "65534.65534.65534"));
	CHECK(p2p_release_compare_series(release_of("5.9"), release_of("5.10")) < 0);
	CHECK(p2p_release_compare_series(release_of("6.0"), release_of("5.19")) > 0);
	CHECK(p2p_release_compare_series(release_of("6.1.2"), release_of("6.1.9")) == 0);
}

/* A file with one row; `more` are further lines of it. */
static int parse_row(const char *more, struct p2p_problem *problem, struct p2p_hardware **ret)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	p2p_buf_printf(&buf, "schema: p2p-hardware/1\nrows:\n  - vendor: 0x8086\n%s    name: x\n    cite: y\n", more);
	int error = p2p_hardware_parse("rows.yaml", buf.text, buf.len, problem, ret);

	p2p_buf_free(&buf);
	return error;
}

/* '?' maybe, 'n' no, 'y' yes, one for each release. */
static void check_row(const char *more, const char *const releases[], const char *expected)
{
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;

	CHECK(parse_row(more, &problem, &hardware) == 0);
	if (!hardware) {
		fprintf(stderr, "  it says: %s\n", problem.text);
		return;
	}
	for (size_t i = 0; releases[i]; i++) {
		char answer = "?ny"[p2p_row_in_release(&hardware->rows[0], release_of(releases[i]))];

		CHECK(answer == expected[i]);
		if (answer != expected[i])
			fprintf(stderr, "  %s: %c, not %c\n", releases[i], answer, expected[i]);
	}
	p2p_hardware_free(hardware);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_rows(void)
{
	check_row("    device: 0x2030\n    first: \"5.6\"\n",
		  LIST("5.5.9", "5.5", "5.6", "5.6.0", "5.6.1", "5.10.251", "7.3", "99.0"), "nnyyyyyy");
	check_row("    device: any\n    first: \"5.2\"\n    last: \"5.8\"\n",
		  LIST("5.1.21", "5.2", "5.8.18", "5.8", "5.9", "5.10.1"), "nyyynn");
	check_row("    device: 0x0b25\n    first: \"7.2\"\n    stable: [\"7.1.3+\"]\n"
		  "    unknown: [\"6.12.108+\", \"6.6\", \"6.1.5\", \"5.15.2-5.15.4\"]\n",
		  LIST("7.1.2", "7.1.3", "7.1.99", "7.1", "7.2", "6.12.107", "6.12.108", "6.12", "6.6", "6.6.0"),
		  "nyy?yn????");
	check_row("    device: 0x0b25\n    first: \"7.2\"\n    unknown: [\"6.1.5\", \"5.15.2-5.15.4\"]\n",
		  LIST("6.1.4", "6.1.5", "6.1.6", "6.1", "5.15.1", "5.15.2", "5.15.4", "5.15.5", "5.16"), "n?n?n??nn");
	/* What was seen beats what nobody looked at; all of a series needs no patch level. */
	check_row("    device: 0x0b25\n    first: \"7.2\"\n    stable: [\"7.1.3\", \"6.12\"]\n    unknown: [\"7.1\"]\n",
		  LIST("7.1.2", "7.1.3", "7.1.4", "7.1", "6.12"), "?y??y");
	/* Nobody looked, though mainline's numbers would say yes. */
	check_row("    device: 0x0b25\n    first: \"5.4\"\n    last: \"5.8\"\n    unknown: [\"5.4.250+\"]\n",
		  LIST("5.4.249", "5.4.250", "5.4"), "y??");
}

/* `text` as a whole file is refused, with this sentence. */
static void check_refused(const char *text, const char *sentence)
{
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;

	CHECK(p2p_hardware_parse("rows.yaml", text, strlen(text), &problem, &hardware) == -EINVAL && !hardware);
	CHECK(!strcmp(problem.text, sentence));
	if (strcmp(problem.text, sentence))
		fprintf(stderr, "  it says: %s\n", problem.text);
}

/* The same for one row. */
static void check_row_refused(const char *more, const char *sentence)
{
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;

	CHECK(parse_row(more, &problem, &hardware) == -EINVAL && !hardware);
	CHECK(!strcmp(problem.text, sentence));
	if (strcmp(problem.text, sentence))
		fprintf(stderr, "  it says: %s\n", problem.text);
}

#define TOP "schema: p2p-hardware/1\n"

static void test_documents(void)
{
	check_refused("", "rows.yaml:1:1: there is nothing in this file");
	check_refused("# only a comment\n", "rows.yaml:2:1: there is nothing in this file");
	check_refused("rows: []\n", "rows.yaml:1:1: this file must start with 'schema: p2p-hardware/1'");
	check_refused("- schema\n", "rows.yaml:1:1: this file must start with 'schema: p2p-hardware/1'");
	check_refused("schema: p2p-policy/1\nrules: []\n",
		      "rows.yaml:1:9: the schema is 'p2p-policy/1', not 'p2p-hardware/1'");
	check_refused("schema: [1]\n", "rows.yaml:1:9: the schema is 'a list', not 'p2p-hardware/1'");
	check_refused(TOP, "rows.yaml:1:1: 'rows' is missing in the file");
	check_refused(TOP "rows: []\n", "rows.yaml:2:7: 'rows' must be a list with at least one row");
	check_refused(TOP "rows:\n", "rows.yaml:2:6: 'rows' must be a list with at least one row");
	check_refused(TOP "rows: [1]\n", "rows.yaml:2:8: a row must be 'key: value' pairs");
	check_refused(TOP "row: []\n", "rows.yaml:2:1: unknown key 'row', did you mean 'rows'?");
	check_refused(TOP "xyzzy: []\n", "rows.yaml:2:1: unknown key 'xyzzy'");
	check_refused(TOP TOP, "rows.yaml:2:1: 'schema' a second time, the first is in line 1");
	check_refused(TOP "rows: []\n---\nschema: x\n", "rows.yaml:3:1: a second document is not allowed");
	check_refused(TOP "rows: &a [*a]\n", "rows.yaml:2:7: an anchor (&) is not allowed: write it out");
	check_refused(TOP "rows: *a\n", "rows.yaml:2:7: an alias (*) is not allowed: write it out");
	check_refused(TOP "rows: !!seq []\n", "rows.yaml:2:7: a tag (!) is not allowed");
	check_refused(TOP "? [a]\n: b\n", "rows.yaml:2:3: a key must be a word");
	check_refused(TOP "rows: [[[[[[[[[[1]]]]]]]]]]\n", "rows.yaml:2:14: nested deeper than 8");
	check_refused("schema: \"p2p\\0\"\n", "rows.yaml:1:9: a NUL in the text");
	check_refused("schema: x\xff\n", "rows.yaml:1:10: invalid leading UTF-8 octet");
	check_refused("\xff\xfe" "s\0", "rows.yaml:1:1: invalid leading UTF-8 octet");
	check_refused("schema: a\n\tb: c\n",
		      "rows.yaml:2:1: a tab: YAML indents with blanks");
	check_refused("schema: \"open\n",
		      "rows.yaml:2:1: found unexpected end of stream while scanning a quoted scalar");
}

static void test_values(void)
{
	check_row_refused("    devise: 0x2030\n", "rows.yaml:4:5: unknown key 'devise', did you mean 'device'?");
	check_row_refused("    device: 0x2030\n", "rows.yaml:3:5: 'first' is missing in a row");
	check_row_refused("    device: 2030\n", "rows.yaml:4:13: 'device' must be 0x and four hex digits");
	check_row_refused("    device: 0x02030\n", "rows.yaml:4:13: 'device' must be 0x and four hex digits");
	check_row_refused("    device: 0x+030\n", "rows.yaml:4:13: 'device' must be 0x and four hex digits");
	check_row_refused("    device: 0x 30 \n", "rows.yaml:4:13: 'device' must be 0x and four hex digits");
	check_row_refused("    device: \"0x2030\"\n", "rows.yaml:4:13: 'device' must be 0x and four hex digits");
	check_row_refused("    device: ANY\n", "rows.yaml:4:13: 'device' must be 0x and four hex digits");
	check_row_refused("    device: [any]\n", "rows.yaml:4:13: 'device' must be 0x and four hex digits");
	check_row_refused("    same-host-bridge: yes\n", "rows.yaml:4:23: 'same-host-bridge' must be true or false");
	check_row_refused("    first: 5.10\n",
			  "rows.yaml:4:12: put quotes around 5.10: without them it is a number, and 5.10 is 5.1");
	check_row_refused("    first: \"5.10.1\"\n", "rows.yaml:4:12: '5.10.1' is not a mainline release, as \"5.18\"");
	check_row_refused("    first: \"next\"\n", "rows.yaml:4:12: 'next' is not a mainline release, as \"5.18\"");
	check_row_refused("    first:\n", "rows.yaml:4:11: this must be a mainline release, as \"5.18\"");
	check_row_refused("    device: any\n    first: \"5.10\"\n    last: \"5.9\"\n",
			  "rows.yaml:6:11: 'last' is before 'first'");
	check_row_refused("    stable: \"7.1.3+\"\n",
			  "rows.yaml:4:13: 'stable' must be a list of releases, as [\"6.1.177+\", \"6.6\"]");
	check_row_refused("    unknown: []\n",
			  "rows.yaml:4:14: 'unknown' must be a list of releases, as [\"6.1.177+\", \"6.6\"]");
	check_row_refused("    unknown: [6.6]\n",
			  "rows.yaml:4:15: put quotes around 6.6: without them it is a number, and 5.10 is 5.1");
	check_row_refused("    device: any\n    first: \"5.6\"\n    stable: [\"5.4.3+\", \"5.6.1+\"]\n",
			  "rows.yaml:6:24: 5.6.1+ is not before 'first', so it needs no backport");
	static const char *const wrong[] = { "6.6+", "6.6-6.6.9", "6.6.9-6.6.3", "6.6.1-6.7.2", "6.6.1-", "6.6.1++",
					     "6.6.1-6.6", "+", "-", "6", "6.6.1+2", "7.1.3 +" };

	for (size_t i = 0; i < LENGTH(wrong); i++) {
		char more[64], sentence[128];

		snprintf(more, sizeof(more), "    unknown: [\"%s\"]\n", wrong[i]);
		snprintf(sentence, sizeof(sentence), "rows.yaml:4:15: '%s' is not like \"6.6\", \"7.1.3\", "
			 "\"7.1.3+\" or \"7.1.3-7.1.9\"", wrong[i]);
		check_row_refused(more, sentence);
	}
	check_refused(TOP "rows: [{ name: '' }]\n", "rows.yaml:2:16: 'name' must be a text");
	check_refused(TOP "rows: [{ cite: [a] }]\n", "rows.yaml:2:16: 'cite' must be a text");
}

#define ROW(device, releases) "  - { vendor: 0x8086, device: " device ", name: n, cite: c, " releases " }\n"

static void test_twice(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;
	static const char apart[] = TOP "rows:\n" ROW("0x0001", "first: \"5.2\", last: \"5.8\"")
				    ROW("0x0001", "first: \"5.9\"") ROW("any", "first: \"5.2\"");

	check_refused(TOP "rows:\n" ROW("0x0001", "first: \"5.2\"") ROW("0x0002", "first: \"5.2\"")
			  ROW("0x0001", "first: \"6.2\""),
		      "rows.yaml:5:5: the row of line 3 again: same vendor and device, and a release with both");
	check_refused(TOP "rows:\n" ROW("any", "first: \"5.2\", last: \"5.8\"")
			  ROW("any", "first: \"5.8\", last: \"5.9\""),
		      "rows.yaml:4:5: the row of line 3 again: same vendor and device, and a release with both");
	CHECK(p2p_hardware_parse("rows.yaml", apart, strlen(apart), &problem, &hardware) == 0);
	CHECK(hardware && hardware->row_count == 3 && hardware->rows[2].device == P2P_DEVICE_ANY);
	CHECK(hardware && hardware->rows[1].line == 4 && !strcmp(hardware->path, "rows.yaml"));
	p2p_hardware_free(hardware);
	p2p_hardware_free(NULL);
}

/* Too much of anything ends soon, with a sentence. */
static void test_limits(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;
	struct p2p_buf buf = P2P_BUF_INIT;

	p2p_buf_puts(&buf, TOP "rows: [");
	while (buf.len < 1024 * 1024 - 10)
		p2p_buf_puts(&buf, "1,");
	p2p_buf_puts(&buf, "1]\n");
	CHECK(p2p_hardware_parse("big", buf.text, buf.len, &problem, &hardware) == -EINVAL);
	CHECK(strstr(problem.text, "more than 65536 values"));
	while (buf.len <= 1024 * 1024)
		p2p_buf_putc(&buf, '\n');
	CHECK(p2p_hardware_parse("big", buf.text, buf.len, &problem, &hardware) == -EINVAL);
	CHECK(!strcmp(problem.text, "big: larger than 1 MiB"));
	p2p_buf_reset(&buf);
	for (int i = 0; i < 70; i++)
		p2p_buf_printf(&buf, "key%d: 1\n", i);
	CHECK(p2p_hardware_parse("keys", buf.text, buf.len, &problem, &hardware) == -EINVAL);
	CHECK(!strcmp(problem.text, "keys:65:1: more than 64 keys in one place"));
	p2p_buf_reset(&buf);
	while (buf.len < 1024 * 1024)
		p2p_buf_putc(&buf, '[');
	CHECK(p2p_hardware_parse("deep", buf.text, buf.len, &problem, &hardware) == -EINVAL);
	CHECK(!strcmp(problem.text, "deep:1:9: nested deeper than 8"));
	CHECK(!hardware);
	p2p_buf_free(&buf);
}

static void test_files(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;

	CHECK(p2p_hardware_load("/nonexistent/rows.yaml", &problem, &hardware) == -ENOENT);
	CHECK(!strcmp(problem.text, "/nonexistent/rows.yaml: No such file or directory"));
	CHECK(p2p_hardware_load("/", &problem, &hardware) == -EINVAL && strstr(problem.text, "not a regular file"));
	CHECK(p2p_hardware_load("/dev/zero", &problem, &hardware) == -EINVAL && !hardware);
}

/* What KERNEL facts say of the shipped rows, at the releases where something changes. */
static void test_shipped(const char *path)
{
	static const struct {
		uint16_t vendor;
		uint32_t device;
		const char *release;
		char answer;
	} cases[] = {
		{ 0x1022, 0x1450, "5.2", 'y' },      { 0x1022, 0x1450, "5.9", 'n' },
		{ 0x1022, 0x15d0, "5.8", 'y' },      { 0x1022, 0x1630, "5.9", 'n' },
		{ 0x8086, 0x3c00, "5.3", 'n' },      { 0x8086, 0x2f01, "5.4", 'y' },
		{ 0x8086, 0x2030, "5.6", 'y' },      { 0x8086, 0x2031, "5.6.0", 'n' },
		{ 0x8086, 0x2033, "5.7", 'y' },      { 0x8086, 0x2020, "5.4.200", 'n' },
		{ 0x8086, 0x09a2, "5.18", 'y' },     { 0x8086, 0x09a2, "5.10.251", 'n' },
		{ 0x8086, 0x09a2, "5.15.100", '?' }, { 0x8086, 0x0b25, "7.1.2", 'n' },
		{ 0x8086, 0x4948, "7.1.3", 'y' },    { 0x8086, 0x1216, "7.2", 'y' },
		{ 0x8086, 0x4940, "6.18.15", 'n' },  { 0x8086, 0x4940, "6.18.16", '?' },
		{ 0x8086, 0x4942, "6.12.107", 'n' }, { 0x8086, 0x4944, "6.6.80", '?' },
		{ 0x1ae0, P2P_DEVICE_ANY, "7.0.0", 'n' }, { 0x1ae0, P2P_DEVICE_ANY, "7.1", 'y' },
		{ 0x10de, 0x2f95, "7.2.13", 'n' },   { 0x10de, 0x2f98, "7.2.14", '?' },
		{ 0x10de, 0x2f96, "7.3.4", 'y' },    { 0x10de, 0x2f97, "7.1.13", 'n' },
	};
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;

	CHECK(p2p_hardware_load(path, &problem, &hardware) == 0);
	if (!hardware) {
		fprintf(stderr, "  it says: %s\n", problem.text);
		return;
	}
	CHECK(hardware->row_count == 28);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct p2p_row *row = NULL;

		for (size_t k = 0; k < hardware->row_count && !row; k++)
			if (hardware->rows[k].vendor == cases[i].vendor && hardware->rows[k].device == cases[i].device)
				row = &hardware->rows[k];
		CHECK(row && "?ny"[p2p_row_in_release(row, release_of(cases[i].release))] == cases[i].answer);
	}
	for (size_t k = 0; k < hardware->row_count; k++) {
		const struct p2p_row *row = &hardware->rows[k];

		/* Only these four ask for one host bridge. */
		CHECK(row->same_host_bridge == (row->vendor == 0x8086 && ((row->device & ~1u) == 0x3c00 ||
									  (row->device & ~1u) == 0x2f00)));
	}
	p2p_hardware_free(hardware);
}

/* The example of the manual page is a file that is taken, as the page says it. */
static void test_example(const char *page)
{
	char text[16384];
	FILE *file = fopen(page, "r");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;

	if (file)
		fclose(file);
	text[len] = '\0';
	char *start = strstr(text, "\n.Bd -literal\n"), *end = start ? strstr(start, "\n.Ed\n") : NULL;

	CHECK(end);
	if (!end)
		return;
	start += strlen("\n.Bd -literal\n");
	CHECK(p2p_hardware_parse("example", start, (size_t)(end + 1 - start), &problem, &hardware) == 0);
	if (!hardware) {
		fprintf(stderr, "  it says: %s\n", problem.text);
		return;
	}
	const struct p2p_row *row = hardware->rows;

	CHECK(hardware->row_count == 2 && row[0].same_host_bridge && !row[1].same_host_bridge);
	CHECK(row[1].device == P2P_DEVICE_ANY && row[1].backport_count == 2 && row[1].unknown_count == 2);
	CHECK(p2p_row_in_release(&row[1], release_of("7.1.4")) == P2P_YES);
	CHECK(p2p_row_in_release(&row[1], release_of("6.18.10")) == P2P_NO);
	CHECK(p2p_row_in_release(&row[1], release_of("6.6.1")) == P2P_MAYBE);
	p2p_hardware_free(hardware);
}

int main(int argc, char *argv[])
{
	alarm(60); /* none of this may hang */
	test_release();
	test_rows();
	test_documents();
	test_values();
	test_twice();
	test_limits();
	test_files();
	test_shipped(argc > 1 ? argv[1] : "policy/allowlist.yaml");
	test_example(argc > 2 ? argv[2] : "man/p2p-allowlist.5");
	return check_done();
}
