/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/closest.h"
#include "../base/text.h"
#include "../view/view.h"
#include "pager.h"
#include "style.h"

const struct p2p_option p2p_cli_builtin[] = {
	{ 'h', "help", NULL, "print this help; after a verb, the verb's", NULL, P2P_OPTION_LAST },
	{ 'V', "version", NULL, "print the version", NULL, P2P_OPTION_LAST },
	{ 0, "dump-cli", NULL, "print verbs and options for programs", NULL, P2P_OPTION_LAST },
	{ 0, "no-pager", NULL, "do not show long output on a terminal with less (P2P_PAGER, PAGER)", NULL,
	  P2P_OPTION_LAST },
};
const size_t p2p_cli_builtin_count = sizeof(p2p_cli_builtin) / sizeof(p2p_cli_builtin[0]);

/* What parsing carries along. */
struct parse {
	const struct p2p_program *program;
	struct p2p_problem *problem;
	int argc, at;
	char *const *argv;
	struct p2p_cli cli;
};

/* Ends every sentence about a wrong command line. */
static int complain_usage(const struct parse *parse, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int complain_usage(const struct parse *parse, const char *format, ...)
{
	const struct p2p_verb *verb = parse->cli.verb;
	struct p2p_buf buf = P2P_BUF_INIT;
	va_list args;

	va_start(args, format);
	p2p_buf_vprintf(&buf, format, args);
	va_end(args);
	p2p_problem_set(parse->problem, 0, "%.400s (try %s %s%s--help)", p2p_buf_text(&buf), parse->program->name,
			verb ? verb->word : "", verb ? " " : "");
	p2p_buf_free(&buf);
	return -EINVAL;
}

/* The option at `i`, the program's own first, then the engine's; NULL behind the last. */
const struct p2p_option *p2p_cli_option_at(const struct p2p_program *program, size_t i)
{
	if (i < program->option_count)
		return &program->options[i];
	i -= program->option_count;
	return i < p2p_cli_builtin_count ? &p2p_cli_builtin[i] : NULL;
}

const struct p2p_option *p2p_cli_find_word(const struct p2p_program *program, const char *word, size_t len)
{
	const struct p2p_option *option;

	for (size_t i = 0; (option = p2p_cli_option_at(program, i)); i++)
		if (strlen(option->word) == len && !memcmp(option->word, word, len))
			return option;
	return NULL;
}

const struct p2p_option *p2p_cli_find_letter(const struct p2p_program *program, char letter)
{
	const struct p2p_option *option;

	for (size_t i = 0; (option = p2p_cli_option_at(program, i)); i++)
		if (option->letter == letter)
			return option;
	return NULL;
}

const struct p2p_verb *p2p_cli_find_verb(const struct p2p_program *program, const char *word)
{
	for (size_t i = 0; i < program->verb_count; i++)
		if (!strcmp(program->verbs[i].word, word))
			return &program->verbs[i];
	return NULL;
}

bool p2p_option_belongs(const struct p2p_option *option, const struct p2p_verb *verb)
{
	size_t len = strlen(verb->word);
	const char *at = option->verbs;

	if (!at)
		return true;
	for (; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		if (n == len && !memcmp(at, verb->word, n))
			return true;
		at += n;
	}
	return false;
}

static int unknown_verb(const struct parse *parse, const char *word)
{
	struct p2p_closest closest = { .word = word };

	for (size_t i = 0; i < parse->program->verb_count; i++)
		p2p_closest_offer(&closest, parse->program->verbs[i].word);
	if (closest.best)
		return complain_usage(parse, "unknown verb '%.60s', did you mean '%s'?", word, closest.best);
	return complain_usage(parse, "unknown verb '%.60s'", word);
}

/* `typed` as it stands on the command line; `word` the part of it that may be a misspelt long form. */
static int unknown_option(const struct parse *parse, const char *typed, const char *word)
{
	struct p2p_closest closest = { .word = word };
	const struct p2p_option *option;

	for (size_t i = 0; (option = p2p_cli_option_at(parse->program, i)); i++)
		p2p_closest_offer(&closest, option->word);
	if (closest.best)
		return complain_usage(parse, "unknown option %.60s, did you mean --%s?", typed, closest.best);
	return complain_usage(parse, "unknown option %.60s", typed);
}

/* A value named "auto|always|never" must be one of these words; they are few, so all are said. */
static int check_choice(const struct parse *parse, const struct p2p_option *option, const char *value)
{
	const char *choices = option->value + (option->value[0] == '[');
	size_t all = strcspn(choices, "]"), len = strlen(value);

	if (!strchr(choices, '|'))
		return 0;
	for (const char *at = choices; at < choices + all;) {
		size_t n = strcspn(at, "|]");

		if (n == len && !memcmp(at, value, n))
			return 0;
		at += n + 1;
	}
	return complain_usage(parse, "--%s is one of %.*s, not '%.60s'", option->word, (int)all, choices, value);
}

static int add_given(struct parse *parse, const struct p2p_option *option, const char *value)
{
	struct p2p_cli *cli = &parse->cli;

	if (value && !(option->flags & (P2P_OPTION_MANY | P2P_OPTION_LAST)))
		for (size_t i = 0; i < cli->given_count; i++)
			if (cli->given[i].option == option)
				return complain_usage(parse, "--%s is given twice: '%.60s' and '%.60s'",
						      option->word, cli->given[i].value ? cli->given[i].value : "",
						      value);
	int error = value && option->value ? check_choice(parse, option, value) : 0;

	if (error)
		return error;
	cli->given = p2p_realloc(cli->given, cli->given_count + 1, sizeof(*cli->given));
	cli->given[cli->given_count++] = (struct p2p_given){ option, value };
	return 0;
}

/* The help wins over the version, and that over the dump, in whatever order they were typed. */
static void note_task(struct parse *parse, const struct p2p_option *option)
{
	static const enum p2p_cli_task tasks[] = { P2P_CLI_HELP, P2P_CLI_VERSION, P2P_CLI_DUMP };

	for (size_t i = 0; i < sizeof(tasks) / sizeof(*tasks); i++)
		if (option == &p2p_cli_builtin[i] && (!parse->cli.task || tasks[i] < parse->cli.task))
			parse->cli.task = tasks[i];
}

/* The verb, also where it comes after its options: the first word that could be it. */
static const struct p2p_verb *coming_verb(const struct parse *parse)
{
	const struct p2p_verb *verb = parse->cli.verb;

	for (int i = parse->at + 1; !verb && i < parse->argc; i++)
		verb = p2p_cli_find_verb(parse->program, parse->argv[i]);
	return verb;
}

/* One word may be an option of several verbs, with a row for each meaning. */
static const struct p2p_option *meant(const struct parse *parse, const struct p2p_option *first)
{
	const struct p2p_verb *verb = coming_verb(parse);
	const struct p2p_option *option;

	for (size_t i = 0; first && verb && (option = p2p_cli_option_at(parse->program, i)); i++)
		if (!strcmp(option->word, first->word) && p2p_option_belongs(option, verb))
			return option;
	return first;
}

/* `glued` is the value that came in the same word, NULL when none did. */
static int take_option(struct parse *parse, const struct p2p_option *option, const char *glued)
{
	const char *value = glued;

	if (!option->value && glued)
		return complain_usage(parse, "--%s takes no value, but was given '%.60s'", option->word, glued);
	if (option->value && !glued && option->value[0] != '[') {
		if (parse->at + 1 >= parse->argc)
			return complain_usage(parse, "--%s needs a value: --%s %s", option->word, option->word,
					      option->value);
		value = parse->argv[++parse->at];
	}
	note_task(parse, option);
	return add_given(parse, option, value);
}

static int take_long(struct parse *parse, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct p2p_option *option = meant(parse, p2p_cli_find_word(parse->program, word, len));

	if (option)
		return take_option(parse, option, word[len] ? word + len + 1 : NULL);
	struct p2p_buf typed = P2P_BUF_INIT;

	p2p_buf_puts(&typed, "--");
	p2p_buf_add(&typed, word, len);
	int error = unknown_option(parse, typed.text, typed.text + 2);

	p2p_buf_free(&typed);
	return error;
}

static int take_letters(struct parse *parse, const char *letters)
{
	for (const char *at = letters; *at; at++) {
		const struct p2p_option *option = p2p_cli_find_letter(parse->program, *at);
		int error;

		if (!option) {
			char typed[] = { '-', *at, '\0' };

			/* -json: one dash too few is likelier than five letters. */
			return unknown_option(parse, at == letters && at[1] ? parse->argv[parse->at] : typed, letters);
		}
		if (option->value)
			return take_option(parse, option, at[1] ? at + 1 : NULL);
		error = take_option(parse, option, NULL);
		if (error)
			return error;
	}
	return 0;
}

static int take_word(struct parse *parse, const char *word)
{
	struct p2p_cli *cli = &parse->cli;

	if (cli->verb) {
		cli->args[cli->arg_count++] = word;
		return 0;
	}
	cli->verb = p2p_cli_find_verb(parse->program, word);
	return cli->verb ? 0 : unknown_verb(parse, word);
}

static int take_all(struct parse *parse)
{
	bool ended = false;
	int error = 0;

	for (parse->at = 1; !error && parse->at < parse->argc; parse->at++) {
		const char *word = parse->argv[parse->at];

		if (ended || word[0] != '-' || !word[1])
			error = take_word(parse, word);
		else if (word[1] != '-')
			error = take_letters(parse, word + 1);
		else if (word[2])
			error = take_long(parse, word + 2);
		else
			ended = true;
	}
	return error;
}

/* How many arguments "A B [C]" or "FILE..." allows. */
static void count_args(const char *args, size_t *ret_least, size_t *ret_most)
{
	size_t needed = 0, most = 0, depth = 0;

	for (const char *at = args ? args : ""; *at; at++) {
		if (*at == '[')
			depth++;
		else if (*at == ']' && depth)
			depth--;
		else if (!strncmp(at, "...", 3))
			most = SIZE_MAX;
		if (!strchr(" []", *at) && (at == args || strchr(" [", at[-1]))) {
			needed += !depth;
			most += most != SIZE_MAX;
		}
	}
	*ret_least = needed;
	*ret_most = most;
}

/* "[A B]" is both or none; "[A [B]]" may end behind A: may there be `count` arguments, fewer than the most? */
static bool may_end(const char *args, size_t count)
{
	size_t word = 0;

	for (const char *at = args; *at; at++)
		if (!strchr(" []", *at) && (at == args || strchr(" [", at[-1])) && word++ == count)
			return at > args && at[-1] == '[';
	return true;
}

static int check_args(const struct parse *parse)
{
	const struct p2p_cli *cli = &parse->cli;
	const struct p2p_verb *verb = cli->verb;
	size_t needed, most;

	count_args(verb->args, &needed, &most);
	if (cli->arg_count < needed)
		return complain_usage(parse, "'%s' needs %s", verb->word, verb->args);
	if (cli->arg_count && cli->arg_count < most && most != SIZE_MAX && !may_end(verb->args, cli->arg_count))
		return complain_usage(parse, "'%s' takes %s: one is missing", verb->word, verb->args);
	if (cli->arg_count <= most)
		return 0;
	if (!verb->args)
		return complain_usage(parse, "'%s' takes no argument, but was given '%.60s'", verb->word, cli->args[0]);
	return complain_usage(parse, "'%s' takes %s, and '%.60s' is too many", verb->word, verb->args, cli->args[most]);
}

/* After everything was taken: does it fit together? */
static int check_all(struct parse *parse)
{
	struct p2p_cli *cli = &parse->cli;

	if (cli->task)
		return 0;
	if (!cli->verb && parse->program->fallback)
		cli->verb = p2p_cli_find_verb(parse->program, parse->program->fallback);
	if (!cli->verb)
		return complain_usage(parse, "say what to do");
	for (size_t i = 0; i < cli->given_count; i++) {
		const struct p2p_option *option = cli->given[i].option;

		if (!p2p_option_belongs(option, cli->verb))
			return complain_usage(parse, "--%s does not go with '%s', only with: %s", option->word,
					      cli->verb->word, option->verbs);
	}
	return check_args(parse);
}

int p2p_cli_parse(const struct p2p_program *program, int argc, char *const argv[], struct p2p_problem *problem,
		  struct p2p_cli *ret)
{
	struct parse parse = { .program = program, .problem = problem, .argc = argc, .argv = argv };

	parse.cli.program = program;
	parse.cli.args = p2p_realloc(NULL, (size_t)argc + 1, sizeof(*parse.cli.args));
	int error = take_all(&parse);

	if (!error)
		error = check_all(&parse);
	if (error) {
		p2p_cli_free(&parse.cli);
		return error;
	}
	parse.cli.args[parse.cli.arg_count] = NULL;
	*ret = parse.cli;
	return 0;
}

void p2p_cli_free(struct p2p_cli *cli)
{
	free(cli->args);
	free(cli->given);
	*cli = (struct p2p_cli){ 0 };
}

const char *p2p_cli_next(const struct p2p_cli *cli, const char *word, size_t *at)
{
	assert(p2p_cli_find_word(cli->program, word, strlen(word)));
	while (*at < cli->given_count) {
		const struct p2p_given *given = &cli->given[(*at)++];

		if (given->value && !strcmp(given->option->word, word))
			return given->value;
	}
	return NULL;
}

bool p2p_cli_knows(const struct p2p_cli *cli, const char *word)
{
	return p2p_cli_find_word(cli->program, word, strlen(word));
}

bool p2p_cli_has(const struct p2p_cli *cli, const char *word)
{
	assert(p2p_cli_find_word(cli->program, word, strlen(word)));
	for (size_t i = 0; i < cli->given_count; i++)
		if (!strcmp(cli->given[i].option->word, word))
			return true;
	return false;
}

const char *p2p_cli_value(const struct p2p_cli *cli, const char *word)
{
	const char *value = NULL;

	assert(p2p_cli_find_word(cli->program, word, strlen(word)));
	for (size_t i = 0; i < cli->given_count; i++)
		if (!strcmp(cli->given[i].option->word, word))
			value = cli->given[i].value;
	return value;
}

/* On a terminal it is broken at its width; elsewhere a message is one line, for grep and for logs. */
static void complain(FILE *err, const char *name, const char *message)
{
	const struct p2p_style style = p2p_style_of(err, "never", false);
	struct p2p_buf first = P2P_BUF_INIT;

	p2p_buf_printf(&first, "%s: ", name);
	p2p_view_text(err, p2p_buf_text(&first), "    ", message, isatty(fileno(err)) ? (size_t)style.width : 0,
		      style.ascii);
	p2p_buf_free(&first);
}

void p2p_cli_complain(const struct p2p_cli *cli, FILE *err, const struct p2p_problem *problem)
{
	complain(err, cli->program->name, problem->text);
}

int p2p_cli_close_output(void)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout))
		return errno ? -errno : -EIO;
	return failed ? -EIO : 0;
}

static int run(const struct p2p_cli *cli)
{
	switch (cli->task) {
	case P2P_CLI_HELP:
		p2p_cli_print_help(stdout, cli->program, cli->verb);
		return P2P_EXIT_OK;
	case P2P_CLI_VERSION:
		printf("%s %s\n", cli->program->name, cli->program->version);
		return P2P_EXIT_OK;
	case P2P_CLI_DUMP:
		p2p_cli_print_dump(stdout, cli->program);
		return P2P_EXIT_OK;
	case P2P_CLI_RUN:
		break;
	}
	return cli->verb->run(cli);
}

static bool is_input(const char *file)
{
	return file && (!strcmp(file, "-") || !strcmp(file, "/dev/stdin"));
}

/* Is what a person types on the terminal to be read?  A pager would want the same keys before anything is printed. */
static bool reads_terminal(const struct p2p_cli *cli)
{
	bool input = p2p_cli_knows(cli, "from") && is_input(p2p_cli_value(cli, "from"));

	for (size_t i = 0; cli->verb && cli->verb->takes_files && i < cli->arg_count; i++)
		input = input || is_input(cli->args[i]);
	return input && cli->task == P2P_CLI_RUN && isatty(STDIN_FILENO);
}

int p2p_cli_main(const struct p2p_program *program, int argc, char *argv[])
{
	struct p2p_problem problem = { "" };
	struct p2p_cli cli;

	if (argc > 1 && !strcmp(argv[1], "--dump-cli=complete")) {
		p2p_cli_complete(stdout, program, (size_t)argc - 2, (const char *const *)argv + 2);
		return p2p_cli_close_output() ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
	}
	if (p2p_cli_parse(program, argc, argv, &problem, &cli)) {
		complain(stderr, program->name, problem.text);
		return P2P_EXIT_USAGE;
	}
	if (reads_terminal(&cli))
		complain(stderr, program->name, "reading from the terminal, end with Ctrl-D");
	else if (cli.task != P2P_CLI_VERSION && !p2p_cli_has(&cli, "no-pager") && !(cli.verb && cli.verb->no_pager))
		p2p_pager_start(program->name);
	int status = run(&cli);
	int error = p2p_cli_close_output();

	p2p_cli_free(&cli);
	p2p_pager_wait();
	if (!error)
		return status;
	/* -EIO: an earlier write failed, and nobody knows why any more. */
	p2p_problem_set(&problem, error, "cannot write the output%s%s", error == -EIO ? "" : ": ",
			error == -EIO ? "" : p2p_problem_errno(error));
	complain(stderr, program->name, problem.text);
	/* No status says "cannot write"; this one says that input or output failed. */
	return P2P_EXIT_CANNOT_READ;
}
