/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/closest.h"
#include "../../core/cli/cli.h"
#include "../../core/cli/pager.h"
#include "../../core/cli/style.h"
#include "check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int run_nothing(const struct p2p_cli *cli)
{
	return cli->arg_count ? P2P_EXIT_NO : P2P_EXIT_OK;
}

static const struct p2p_verb verbs[] = {
	{ .word = "tree", .summary = "draw the hierarchy", .run = run_nothing },
	{ .word = "why", .args = "A B", .summary = "explain the answer for one pair", .run = run_nothing,
	  .details = "First words that are long enough that they must be wrapped at the end of the line, twice.\n"
		     "  p2ptopo why nvme0 eth0\n" },
	{ .word = "pairs", .args = "[PROVIDER [CLIENT]]", .summary = "list pairs", .run = run_nothing },
	{ .word = "fleet", .args = "DIR FILE...", .summary = "compare hosts", .run = run_nothing },
};

static const struct p2p_option options[] = {
	{ 'a', "all", NULL, "every function, not only those that are likely to be peers of each other", NULL, 0 },
	{ 'F', "from", "FILE", "read a snapshot or an lspci dump", NULL, 0 },
	{ 'J', "json", NULL, "print JSON", "tree why pairs", 0 },
	{ 0, "summary", NULL, "count by answer", "pairs", 0 },
	{ 0, "color", "[auto|always|never]", "colours", NULL, P2P_OPTION_LAST },
	{ 0, "channel", "bootargs|runtime", "how", NULL, 0 },
	{ 0, "assume", "KEY=VALUE", "assume a fact", NULL, P2P_OPTION_MANY },
};

static const struct p2p_program program = {
	.name = "p2ptopo", .version = "0.1.0", .summary = "which devices can reach each other", .fallback = "tree",
	.verbs = verbs, .verb_count = LENGTH(verbs), .options = options, .option_count = LENGTH(options),
};

#define MOST_WORDS 12

/* Parses "p2ptopo" and the words up to the first NULL. */
static int parse(struct p2p_cli *ret, struct p2p_problem *problem, const char *const words[])
{
	char *argv[MOST_WORDS + 2] = { (char *)(uintptr_t)"p2ptopo" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return p2p_cli_parse(&program, argc, argv, problem, ret);
}

#define WORDS(...) ((const char *const[MOST_WORDS + 1]){ __VA_ARGS__ })

/* It is refused, with exactly this sentence. */
static void check_refused(const char *const words[], const char *sentence)
{
	struct p2p_problem problem = { "" };
	struct p2p_cli cli;

	CHECK(parse(&cli, &problem, words) == -EINVAL);
	CHECK(!strcmp(problem.text, sentence));
	if (strcmp(problem.text, sentence))
		fprintf(stderr, "  it says: %s\n", problem.text);
}

/* Everything as an admin would mix it. */
static void test_parse(void)
{
	static const struct {
		const char *words[MOST_WORDS];
		const char *verb, *from;
		size_t args;
		bool all, json;
	} cases[] = {
		{ { NULL }, "tree", NULL, 0, false, false },
		{ { "-a" }, "tree", NULL, 0, true, false },
		{ { "why", "a", "b" }, "why", NULL, 2, false, false },
		{ { "-aJF", "x", "why", "a", "b" }, "why", "x", 2, true, true },
		{ { "why", "a", "-Fx", "b", "-J" }, "why", "x", 2, false, true },
		{ { "why", "--from=x", "a", "b", "--all" }, "why", "x", 2, true, false },
		{ { "--from", "x", "pairs" }, "pairs", "x", 0, false, false },
		{ { "-F", "-", "pairs", "-" }, "pairs", "-", 1, false, false },
		{ { "-F", "--json" }, "tree", "--json", 0, false, false },
		{ { "--from=", "tree" }, "tree", "", 0, false, false },
		{ { "--", "why", "--all", "-J" }, "why", NULL, 2, false, false },
		{ { "why", "--", "--", "b" }, "why", NULL, 2, false, false },
		{ { "-a", "-a", "--all" }, "tree", NULL, 0, true, false },
		{ { "fleet", "dir", "a", "b", "c", "d" }, "fleet", NULL, 5, false, false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct p2p_problem problem = { "" };
		struct p2p_cli cli;

		CHECK(parse(&cli, &problem, cases[i].words) == 0);
		const char *from = p2p_cli_value(&cli, "from");

		CHECK(!strcmp(cli.verb->word, cases[i].verb) && cli.task == P2P_CLI_RUN);
		CHECK(cli.arg_count == cases[i].args && !cli.args[cli.arg_count]);
		CHECK(p2p_cli_has(&cli, "all") == cases[i].all && p2p_cli_has(&cli, "json") == cases[i].json);
		CHECK(cases[i].from ? from && !strcmp(from, cases[i].from) : !from);
		p2p_cli_free(&cli);
	}
}

static void test_values(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_cli cli;
	size_t at = 0;

	CHECK(parse(&cli, &problem,
		    WORDS("--assume=kernel=6.12", "--color=never", "-a", "--assume", "cpu=x", "--color")) == 0);
	CHECK(!strcmp(p2p_cli_next(&cli, "assume", &at), "kernel=6.12"));
	CHECK(!strcmp(p2p_cli_next(&cli, "assume", &at), "cpu=x"));
	CHECK(!p2p_cli_next(&cli, "assume", &at));
	CHECK(p2p_cli_has(&cli, "color") && !p2p_cli_value(&cli, "color")); /* the last one has none */
	CHECK(!strcmp(p2p_cli_value(&cli, "assume"), "cpu=x"));
	p2p_cli_free(&cli);
	CHECK(parse(&cli, &problem, WORDS("--channel=runtime", "--color=always", "--color=auto")) == 0);
	CHECK(!strcmp(p2p_cli_value(&cli, "channel"), "runtime") && !strcmp(p2p_cli_value(&cli, "color"), "auto"));
	p2p_cli_free(&cli);
}

static void test_refused(void)
{
	check_refused(WORDS("tre"), "unknown verb 'tre', did you mean 'tree'? (try p2ptopo --help)");
	check_refused(WORDS("nvme0"), "unknown verb 'nvme0' (try p2ptopo --help)");
	check_refused(WORDS("--jsno"), "unknown option --jsno, did you mean --json? (try p2ptopo --help)");
	check_refused(WORDS("why", "--sum=3"),
		      "unknown option --sum, did you mean --summary? (try p2ptopo why --help)");
	check_refused(WORDS("--xyzzy"), "unknown option --xyzzy (try p2ptopo --help)");
	check_refused(WORDS("-x"), "unknown option -x (try p2ptopo --help)");
	check_refused(WORDS("-ax"), "unknown option -x (try p2ptopo --help)");
	check_refused(WORDS("-json"), "unknown option -json, did you mean --json? (try p2ptopo --help)");
	check_refused(WORDS("--json=1"), "--json takes no value, but was given '1' (try p2ptopo --help)");
	check_refused(WORDS("-aF"), "--from needs a value: --from FILE (try p2ptopo --help)");
	check_refused(WORDS("--from"), "--from needs a value: --from FILE (try p2ptopo --help)");
	check_refused(WORDS("-Fx", "--from=y"), "--from is given twice: 'x' and 'y' (try p2ptopo --help)");
	check_refused(WORDS("--color=alway"),
		      "--color is one of auto|always|never, not 'alway' (try p2ptopo --help)");
	check_refused(WORDS("--channel", "grub"),
		      "--channel is one of bootargs|runtime, not 'grub' (try p2ptopo --help)");
	check_refused(WORDS("--channel="), "--channel is one of bootargs|runtime, not '' (try p2ptopo --help)");
	check_refused(WORDS("--channel=bootargs|runtime"),
		      "--channel is one of bootargs|runtime, not 'bootargs|runtime' (try p2ptopo --help)");
	check_refused(WORDS("tree", "--summary"), "--summary does not go with 'tree', only with: pairs "
						  "(try p2ptopo tree --help)");
	check_refused(WORDS("why", "a"), "'why' needs A B (try p2ptopo why --help)");
	check_refused(WORDS("why", "a", "b", "c"), "'why' takes A B, and 'c' is too many (try p2ptopo why --help)");
	check_refused(WORDS("tree", "x"), "'tree' takes no argument, but was given 'x' (try p2ptopo tree --help)");
	check_refused(WORDS("pairs", "a", "b", "c"), "'pairs' takes [PROVIDER [CLIENT]], and 'c' is too many "
						     "(try p2ptopo pairs --help)");
	check_refused(WORDS("fleet", "dir"), "'fleet' needs DIR FILE... (try p2ptopo fleet --help)");
}

/* Help and version never fail for what else is missing, but a typo beside them is still one. */
static void test_tasks(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_cli cli;

	CHECK(parse(&cli, &problem, WORDS("-h")) == 0 && cli.task == P2P_CLI_HELP && !cli.verb);
	p2p_cli_free(&cli);
	CHECK(parse(&cli, &problem, WORDS("why", "--help")) == 0 && cli.task == P2P_CLI_HELP && cli.verb == &verbs[1]);
	p2p_cli_free(&cli);
	CHECK(parse(&cli, &problem, WORDS("-V", "--help", "why")) == 0 && cli.task == P2P_CLI_HELP && cli.verb);
	p2p_cli_free(&cli);
	CHECK(parse(&cli, &problem, WORDS("-V")) == 0 && cli.task == P2P_CLI_VERSION);
	p2p_cli_free(&cli);
	CHECK(parse(&cli, &problem, WORDS("--dump-cli")) == 0 && cli.task == P2P_CLI_DUMP);
	p2p_cli_free(&cli);
	check_refused(WORDS("--help", "--bogus"), "unknown option --bogus (try p2ptopo --help)");
}

/* A very long word on the command line is cut, and what to try is still said. */
static void test_long(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_cli cli;
	char word[4096];

	memset(word, 'x', sizeof(word));
	memcpy(word, "--", 2);
	word[sizeof(word) - 1] = '\0';
	CHECK(parse(&cli, &problem, WORDS(word)) == -EINVAL);
	CHECK(strstr(problem.text, " (try p2ptopo --help)"));
}

static char *print_help(const struct p2p_verb *verb)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	p2p_cli_print_help(file, &program, verb);
	fclose(file);
	return text;
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (const char *at = text; *at;) {
		size_t n = strcspn(at, "\n");

		longest = n > longest ? n : longest;
		CHECK(!n || at[n - 1] != ' ');
		at += n + (at[n] == '\n');
	}
	return longest;
}

static void test_help(void)
{
	char *text = print_help(NULL);

	CHECK(longest_line(text) <= 80);
	CHECK(!strncmp(text, "Usage: p2ptopo [OPTION]... [VERB [ARGUMENT]...]\n\nwhich devices can", 66));
	CHECK(strstr(text, "\n  tree                    draw the hierarchy (default)\n"));
	CHECK(strstr(text, "\n  why A B                 explain the answer for one pair\n"));
	CHECK(strstr(text, "\n  -F, --from FILE         read a snapshot or an lspci dump\n"));
	CHECK(strstr(text, "\n      --summary           count by answer (pairs)\n"));
	CHECK(strstr(text, "\n  -J, --json              print JSON (not fleet)\n"));
	CHECK(strstr(text, "\n      --color[=auto|always|never]\n                          colours\n"));
	CHECK(strstr(text, "assume a fact; may be repeated\n"));
	CHECK(strstr(text, "\n  -h, --help ") && strstr(text, "\n  -V, --version "));
	free(text);
	text = print_help(&verbs[1]);
	CHECK(longest_line(text) <= 80);
	CHECK(!strncmp(text, "Usage: p2ptopo [OPTION]... why A B\n\nexplain the answer for one pair\n", 68));
	CHECK(!strstr(text, "--summary") && strstr(text, "--json") && !strstr(text, "Verbs:"));
	CHECK(strstr(text, "\n  p2ptopo why nvme0 eth0\n"));
	free(text);
}

static void test_dump(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	p2p_cli_print_dump(file, &program);
	fclose(file);
	CHECK(!strcmp(text, "program\tp2ptopo\t0.1.0\twhich devices can reach each other\n"
			    "verb\ttree\t-\tdefault\tdraw the hierarchy\n"
			    "verb\twhy\tA B\t-\texplain the answer for one pair\n"
			    "verb\tpairs\t[PROVIDER [CLIENT]]\t-\tlist pairs\n"
			    "verb\tfleet\tDIR FILE...\t-\tcompare hosts\n"
			    "option\t-a\t--all\t-\t*\tonce\tevery function, not only those that are likely to be "
			    "peers of each other\n"
			    "option\t-F\t--from\tFILE\t*\tonce\tread a snapshot or an lspci dump\n"
			    "option\t-J\t--json\t-\ttree why pairs\tonce\tprint JSON\n"
			    "option\t-\t--summary\t-\tpairs\tonce\tcount by answer\n"
			    "option\t-\t--color\t[auto|always|never]\t*\tlast\tcolours\n"
			    "option\t-\t--channel\tbootargs|runtime\t*\tonce\thow\n"
			    "option\t-\t--assume\tKEY=VALUE\t*\tmany\tassume a fact\n"
			    "option\t-h\t--help\t-\t*\tlast\tprint this help; after a verb, the verb's\n"
			    "option\t-V\t--version\t-\t*\tlast\tprint the version\n"
			    "option\t-\t--dump-cli\t-\t*\tlast\tprint verbs and options for programs\n"
			    "option\t-\t--no-pager\t-\t*\tlast\tdo not show long output on a terminal with less "
			    "(P2P_PAGER, PAGER)\n"));
	free(text);
}

/* Tables with one mistake each. */
static void test_check(void)
{
	static const struct p2p_option letter[] = { { 'h', "hosts", NULL, "x", NULL, 0 } };
	static const struct p2p_option word[] = { { 0, "version", NULL, "x", NULL, 0 } };
	static const struct p2p_option verb[] = { { 0, "other", NULL, "x", "tree wyh", 0 } };
	static const struct p2p_option tab[] = { { 0, "other", NULL, "x\ty", NULL, 0 } };
	struct p2p_program wrong = program;
	struct p2p_problem problem = { "" };

	CHECK(p2p_cli_check(&program, &problem) == 0);
	wrong.option_count = 1;
	wrong.options = letter;
	CHECK(p2p_cli_check(&wrong, &problem) == -EINVAL && !strcmp(problem.text, "-h twice"));
	wrong.options = word;
	CHECK(p2p_cli_check(&wrong, &problem) == -EINVAL && !strcmp(problem.text, "--version twice"));
	wrong.options = verb;
	CHECK(p2p_cli_check(&wrong, &problem) == -EINVAL && strstr(problem.text, "no such verb"));
	wrong.options = tab;
	CHECK(p2p_cli_check(&wrong, &problem) == -EINVAL && strstr(problem.text, "tab"));
	wrong.option_count = 0;
	wrong.fallback = "forest";
	CHECK(p2p_cli_check(&wrong, &problem) == -EINVAL && strstr(problem.text, "forest"));
}

static void test_closest(void)
{
	static const char *const words[] = { "tree", "list", "matrix", "pairs", "why", "top", "snapshot", "summary" };
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{ "mtarix", "matrix" }, { "snap", "snapshot" }, { "snapshto", "snapshot" }, { "wyh", "why" },
		{ "Tree", "tree" }, { "pair", "pairs" }, { "sumary", "summary" }, { "lst", "list" },
		{ "x", NULL }, { "", NULL }, { "nvme0", NULL }, { "apple", NULL }, { "0000:03:00.0", NULL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct p2p_closest closest = { .word = cases[i].typed };

		for (size_t k = 0; k < LENGTH(words); k++)
			p2p_closest_offer(&closest, words[k]);
		CHECK(cases[i].meant ? closest.best && !strcmp(closest.best, cases[i].meant) : !closest.best);
	}
}

static void test_style(void)
{
	struct p2p_surroundings here = { .codeset = "UTF-8", .terminal = true, .terminal_width = 132, .term = "xterm" };
	struct p2p_style style = p2p_style_decide(&here);

	CHECK(style.color && !style.ascii && style.width == 132 && style.headings);
	here.no_color = "";
	CHECK(p2p_style_decide(&here).color);
	here.no_color = "0"; /* any value but none at all */
	CHECK(!p2p_style_decide(&here).color);
	here.color = "auto";
	CHECK(!p2p_style_decide(&here).color);
	here.color = "always";
	CHECK(p2p_style_decide(&here).color);
	here.no_color = NULL;
	here.color = "never";
	CHECK(!p2p_style_decide(&here).color);
	here.color = NULL;
	here.term = "dumb";
	CHECK(!p2p_style_decide(&here).color);
	here.term = "xterm";
	here.terminal_width = 0;
	CHECK(p2p_style_decide(&here).width == 80);
	here.columns = "100";
	CHECK(p2p_style_decide(&here).width == 100);
	here.terminal = false;
	CHECK(p2p_style_decide(&here).width == 100 && !p2p_style_decide(&here).color);
	here.columns = "none";
	CHECK(p2p_style_decide(&here).width == 0);
	here.columns = "0";
	CHECK(p2p_style_decide(&here).width == 0);
	here.columns = NULL;
	here.codeset = "ANSI_X3.4-1968";
	CHECK(p2p_style_decide(&here).ascii);
	here.codeset = NULL;
	CHECK(p2p_style_decide(&here).ascii);
	here.codeset = "utf8";
	CHECK(!p2p_style_decide(&here).ascii);
	here.ascii = true;
	CHECK(p2p_style_decide(&here).ascii);
}

static void test_pager(void)
{
	struct p2p_pager_surroundings here = { .terminal = true, .term = "xterm" };

	CHECK(!strcmp(p2p_pager_decide(&here), "less"));
	here.pager = "more";
	CHECK(!strcmp(p2p_pager_decide(&here), "more"));
	here.p2p_pager = "most -s";
	CHECK(!strcmp(p2p_pager_decide(&here), "most -s"));
	here.p2p_pager = "";
	CHECK(!p2p_pager_decide(&here));
	here.p2p_pager = "cat";
	CHECK(!p2p_pager_decide(&here));
	here.p2p_pager = NULL;
	here.term = "dumb";
	CHECK(!p2p_pager_decide(&here));
	here.term = NULL;
	CHECK(!p2p_pager_decide(&here));
	here.term = "xterm";
	here.terminal = false;
	CHECK(!p2p_pager_decide(&here));
}

/* One offer a line: what stands for the last of these words. */
static void check_complete(const char *const words[], const char *wanted)
{
	char *text = NULL;
	size_t len = 0, count = 0;
	FILE *file = open_memstream(&text, &len);

	while (words[count])
		count++;
	p2p_cli_complete(file, &program, count, words);
	fclose(file);
	CHECK(!strcmp(text, wanted));
	if (strcmp(text, wanted))
		fprintf(stderr, "  it offers: %s\n", text);
	free(text);
}

static void test_complete(void)
{
	check_complete(WORDS("w"), "word\twhy\texplain the answer for one pair\n");
	check_complete(WORDS("x"), "");
	check_complete(WORDS("-a", "fl"), "word\tfleet\tcompare hosts\n");
	check_complete(WORDS("fleet", ""), "folders\t\n");
	check_complete(WORDS("fleet", "d", ""), "files\t\n");
	check_complete(WORDS("fleet", "d", "f", "g", ""), "files\t\n");
	/* PROVIDER is a word of the program's, and this one has no function for it. */
	check_complete(WORDS("pairs", ""), "files\t\n");
	check_complete(WORDS("pairs", "a", "b", ""), "");
	check_complete(WORDS("tree", ""), "");
	check_complete(WORDS("-F"), "files\t-F\n");
	check_complete(WORDS("-F", ""), "files\t\n");
	check_complete(WORDS("-aF", ""), "files\t\n");
	check_complete(WORDS("-aFx"), "files\t-aF\n");
	check_complete(WORDS("--from=x"), "files\t--from=\n");
	check_complete(WORDS("--channel", "b"), "word\tbootargs\t\n");
	check_complete(WORDS("--channel=r"), "word\t--channel=runtime\t\n");
	check_complete(WORDS("--color", "w"), "word\twhy\texplain the answer for one pair\n");
	check_complete(WORDS("--color=n"), "word\t--color=never\t\n");
	check_complete(WORDS("pairs", "--su"), "word\t--summary\tcount by answer\n");
	check_complete(WORDS("tree", "--su"), "");
	check_complete(WORDS("pairs", "--summary", "--su"), "");
	check_complete(WORDS("--ver"), "word\t--version\tprint the version\n");
	check_complete(WORDS("--dump"), "");
	check_complete(WORDS("--", "-"), "");
	check_complete(WORDS("--", "wh"), "word\twhy\texplain the answer for one pair\n");
	check_complete(WORDS("--assume", ""), "");
}

/* A file is no terminal, whatever runs the test. */
static void test_style_of(void)
{
	FILE *file = tmpfile();

	unsetenv("COLUMNS");
	CHECK(!p2p_style_of(file, NULL, true).color && p2p_style_of(file, NULL, true).width == 0);
	CHECK(p2p_style_of(file, "always", true).color && p2p_style_of(file, NULL, true).ascii);
	fclose(file);
}

int main(void)
{
	test_parse();
	test_values();
	test_refused();
	test_tasks();
	test_long();
	test_help();
	test_dump();
	test_check();
	test_closest();
	test_style();
	test_style_of();
	test_pager();
	test_complete();
	return check_done();
}
