/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/view/view.h"
#include "check.h"

static const struct p2p_column columns[] = {
	{ "SLOT", "address", P2P_COLUMN_TREE },
	{ "NAME", "what it is", P2P_COLUMN_TRIM },
	{ "MEM", "bytes", P2P_COLUMN_RIGHT },
	{ "NOTE", "anything", 0 },
};

static struct p2p_report_row *add(struct p2p_report *report, struct p2p_report_row *parent, const char *slot,
				  const char *name, const char *mem, const char *note)
{
	struct p2p_report_row *row = p2p_report_add(report, parent);

	p2p_report_set(report, row, 0, P2P_ROLE_PLAIN, slot);
	p2p_report_set(report, row, 1, P2P_ROLE_DIM, name);
	p2p_report_set(report, row, 2, P2P_ROLE_GOOD, mem);
	p2p_report_set(report, row, 3, P2P_ROLE_BAD, note);
	return row;
}

static struct p2p_report *make_tree(void)
{
	struct p2p_report *report = p2p_report_new(columns, 4);
	struct p2p_report_row *root = add(report, NULL, "00:01.0", "Root Port", NULL, "");
	struct p2p_report_row *port = add(report, root, "01:00.0", "Switch", "", NULL);

	add(report, port, "02:00.0", "NVMe Controller", "16M", "no");
	/* The order of the rows need not be that of the tree. */
	add(report, root, "01:00.1", "Ger\xc3\xa4t \x1b[31m", "1", "");
	add(report, port, "02:01.0", "Ethernet", "", "no");
	return report;
}

/* What is printed; the caller frees. */
static char *print(const struct p2p_report *report, struct p2p_style style)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	CHECK(p2p_view_table(file, report, &style) == 0);
	fclose(file);
	return text;
}

static void check_print(const struct p2p_report *report, struct p2p_style style, const char *expected)
{
	char *text = print(report, style);

	CHECK(!strcmp(text, expected));
	if (strcmp(text, expected))
		fprintf(stderr, "it is\n%s", text);
	free(text);
}

static void test_report(void)
{
	struct p2p_report *report = make_tree();
	const struct p2p_report_row *row = p2p_report_next(report, NULL), *parent = row;
	enum p2p_role role;

	CHECK(p2p_report_column_count(report) == 4 && p2p_report_row_count(report) == 5);
	CHECK(!strcmp(p2p_report_column(report, 2)->name, "MEM"));
	CHECK(!p2p_report_parent(row) && p2p_report_number(row) == 0);
	CHECK(!strcmp(p2p_report_text(row, 2, &role), "") && role == P2P_ROLE_GOOD);
	row = p2p_report_next(report, row);
	CHECK(p2p_report_parent(row) == parent && p2p_report_number(row) == 1);
	CHECK(!strcmp(p2p_report_text(row, 1, &role), "Switch") && role == P2P_ROLE_DIM);
	for (int i = 0; i < 3; i++)
		row = p2p_report_next(report, row);
	CHECK(row && !p2p_report_next(report, row));
	p2p_report_free(report);
	p2p_report_free(NULL);
}

static void test_tree(void)
{
	struct p2p_report *report = make_tree();

	check_print(report, (struct p2p_style){ .ascii = true, .headings = true },
		    "SLOT        NAME                  MEM NOTE\n"
		    "00:01.0     Root Port\n"
		    "|-01:00.0   Switch\n"
		    "| |-02:00.0 NVMe Controller       16M no\n"
		    "| `-02:01.0 Ethernet                  no\n"
		    "`-01:00.1   Ger\\xc3\\xa4t \\x1b[31m   1\n");
	check_print(report, (struct p2p_style){ .width = 40 },
		    "00:01.0     Root Port\n"
		    "\u251c\u2500" "01:00.0   Switch\n"
		    "\u2502 \u251c\u2500" "02:00.0 NVMe Controller 16M no\n"
		    "\u2502 \u2514\u2500" "02:01.0 Ethernet            no\n"
		    "\u2514\u2500" "01:00.1   Ger\xc3\xa4t \\x1b[31m    1\n");
	p2p_report_free(report);
}

/* Only the TRIM column gives way, and not below its heading. */
static void test_width(void)
{
	struct p2p_report *report = make_tree();

	check_print(report, (struct p2p_style){ .ascii = true, .width = 31, .headings = true },
		    "SLOT        NAME       MEM NOTE\n"
		    "00:01.0     Root Port\n"
		    "|-01:00.0   Switch\n"
		    "| |-02:00.0 NVMe Con.. 16M no\n"
		    "| `-02:01.0 Ethernet       no\n"
		    "`-01:00.1   Ger\\xc3\\..   1\n");
	check_print(report, (struct p2p_style){ .width = 26 },
		    "00:01.0     Root\u2026\n"
		    "\u251c\u2500" "01:00.0   Swit\u2026\n"
		    "\u2502 \u251c\u2500" "02:00.0 NVMe\u2026 16M no\n"
		    "\u2502 \u2514\u2500" "02:01.0 Ethe\u2026     no\n"
		    "\u2514\u2500" "01:00.1   Ger\xc3\xa4\u2026   1\n");
	char *narrow = print(report, (struct p2p_style){ .ascii = true, .width = 5 });

	CHECK(strstr(narrow, "| |-02:00.0 ") && strstr(narrow, "16M no\n"));
	free(narrow);
	p2p_report_free(report);
}

static void test_color(void)
{
	static const struct p2p_column plain[] = { { "A", "", 0 }, { "LONG", "", 0 }, { "C", "", 0 } };
	struct p2p_report *report = p2p_report_new(plain, 3);
	struct p2p_report_row *row = p2p_report_add(report, NULL);
	struct p2p_style style = { .color = true, .ascii = true, .headings = true };

	p2p_report_set(report, row, 0, P2P_ROLE_WARN, "x");
	p2p_report_set(report, row, 1, P2P_ROLE_GOOD, "yes");
	char *text = print(report, style);

	CHECK(!strcmp(text, "\033[1mA\033[0m \033[1mLONG\033[0m \033[1mC\033[0m\n"
			    "\033[33mx\033[0m \033[32myes\033[0m\n"));
	free(text);
	style.color = false;
	check_print(report, style, "A LONG C\nx yes\n");
	CHECK(!strcmp(p2p_view_role_on(&style, P2P_ROLE_BAD), ""));
	CHECK(!strcmp(p2p_view_role_off(&style, P2P_ROLE_BAD), ""));
	style.color = true;
	CHECK(!strcmp(p2p_view_role_on(&style, P2P_ROLE_BAD), "\033[31m"));
	CHECK(!strcmp(p2p_view_role_off(&style, P2P_ROLE_BAD), "\033[0m"));
	CHECK(!strcmp(p2p_view_role_on(&style, P2P_ROLE_PLAIN), ""));
	CHECK(!strcmp(p2p_view_role_off(&style, P2P_ROLE_PLAIN), ""));
	p2p_report_free(report);
}

/* A column of the library's that is hidden when narrow, empty tables, a line break in a cell. */
static void test_edges(void)
{
	static const struct p2p_column one[] = { { "ONLY", "", P2P_COLUMN_TRIM } };
	struct p2p_report *report = p2p_report_new(one, 1);
	struct p2p_style style = { .ascii = true, .headings = true };

	check_print(report, style, "");
	p2p_report_set(report, p2p_report_add(report, NULL), 0, P2P_ROLE_PLAIN, "two\nlines\t\\");
	p2p_report_add(report, NULL);
	check_print(report, style, "ONLY\ntwo\\x0alines\\x09\\\n\n");
	style.headings = false;
	style.width = 6;
	check_print(report, style, "two\\..\n\n");
	FILE *full = fopen("/dev/full", "w");

	if (full) {
		CHECK(p2p_view_table(full, report, &style) == -EIO);
		fclose(full);
	}
	p2p_report_free(report);
}

/* Deep and wide: no line ends in a blank, and all rows are there. */
static void test_many(void)
{
	struct p2p_report *report = p2p_report_new(columns, 4);
	struct p2p_report_row *parent = NULL;
	size_t lines = 0, blanks = 0;

	for (int i = 0; i < 2000; i++)
		parent = add(report, i % 40 ? parent : NULL, "0000:00:00.0", i % 3 ? "name" : "", i % 2 ? "1" : "", "");
	char *text = print(report, (struct p2p_style){ .headings = true, .width = 120 });

	for (const char *at = text; *at; at++) {
		lines += *at == '\n';
		blanks += *at == '\n' && at > text && at[-1] == ' ';
	}
	CHECK(lines == 2001);
	CHECK(blanks == 0);
	free(text);
	p2p_report_free(report);
}

int main(void)
{
	/* The table library measures characters by the locale. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "en_US.UTF-8");
	test_report();
	test_tree();
	test_width();
	test_color();
	test_edges();
	test_many();
	return check_done();
}
