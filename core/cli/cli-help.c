/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is printed from the tables of a program, and whether these are right.
 */
#include "cli.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"

#define WIDTH 80
#define HELP_COLUMN 26 /* where the sentence about a verb or option starts */

/*
 * Words up to WIDTH columns; further lines start at `indent`.  `column` is
 * where the cursor is now.  Our own texts only: one byte is one column.
 */
static void print_words(FILE *out, const char *text, size_t len, size_t indent, size_t column)
{
	const char *end = text + len;
	bool first = true;

	while (text < end) {
		while (text < end && *text == ' ')
			text++;
		const char *word = text;

		while (text < end && *text != ' ')
			text++;
		size_t n = (size_t)(text - word);

		if (!n)
			break;
		if (!first && column + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		fprintf(out, "%s%.*s", first ? "" : " ", (int)n, word);
		column += n + !first;
		first = false;
	}
	putc('\n', out);
}

/* Lines are wrapped, but for those that start with a blank: these are examples. */
static void print_details(FILE *out, const char *text)
{
	putc('\n', out);
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (*text == ' ')
			fprintf(out, "%.*s\n", (int)len, text);
		else
			print_words(out, text, len, 0, 0);
		text += len + (text[len] == '\n');
	}
}

/* `left` in its column and `help` wrapped beside it, or below when `left` is too long. */
static void print_entry(FILE *out, const char *left, const char *help)
{
	size_t column = strlen(left) + 2;

	fprintf(out, "  %s", left);
	if (column + 2 > HELP_COLUMN) {
		putc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", (int)(HELP_COLUMN - column), "");
	print_words(out, help, strlen(help), HELP_COLUMN, HELP_COLUMN);
}

static void print_verbs(FILE *out, const struct p2p_program *program)
{
	struct p2p_buf left = P2P_BUF_INIT, help = P2P_BUF_INIT;

	fputs("\nVerbs:\n", out);
	for (size_t i = 0; i < program->verb_count; i++) {
		const struct p2p_verb *verb = &program->verbs[i];
		bool fallback = program->fallback && !strcmp(program->fallback, verb->word);

		p2p_buf_reset(&left);
		p2p_buf_printf(&left, "%s%s%s", verb->word, verb->args ? " " : "", verb->args ? verb->args : "");
		p2p_buf_reset(&help);
		p2p_buf_printf(&help, "%s%s", verb->summary, fallback ? " (default)" : "");
		print_entry(out, left.text, help.text);
	}
	p2p_buf_free(&left);
	p2p_buf_free(&help);
}

/* "-F, --from FILE"; "    --color[=WHEN]" where the value may be left out. */
static void format_option(struct p2p_buf *buf, const struct p2p_option *option)
{
	p2p_buf_reset(buf);
	if (option->letter)
		p2p_buf_printf(buf, "-%c, --%s", option->letter, option->word);
	else
		p2p_buf_printf(buf, "    --%s", option->word);
	if (option->value && option->value[0] == '[')
		p2p_buf_printf(buf, "[=%s", option->value + 1);
	else if (option->value)
		p2p_buf_printf(buf, " %s", option->value);
}

/* " (pairs)", or " (not snapshot)" where that is shorter; nothing for an option of all verbs. */
static void add_verbs(struct p2p_buf *buf, const struct p2p_program *program, const struct p2p_option *option)
{
	size_t with = 0, count = program->verb_count;

	for (size_t i = 0; i < count; i++)
		with += p2p_option_belongs(option, &program->verbs[i]);
	if (with == count)
		return;
	bool but = with > count - with;

	p2p_buf_puts(buf, but ? " (not " : " (");
	for (size_t i = 0, said = 0; i < count; i++)
		if (p2p_option_belongs(option, &program->verbs[i]) != but)
			p2p_buf_printf(buf, "%s%s", said++ ? ", " : "", program->verbs[i].word);
	p2p_buf_putc(buf, ')');
}

/* Of `verb`, or of all when it is NULL; then those of few verbs say which. */
static void print_options(FILE *out, const struct p2p_program *program, const struct p2p_option *options, size_t count,
			  const struct p2p_verb *verb)
{
	struct p2p_buf left = P2P_BUF_INIT, help = P2P_BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		const struct p2p_option *option = &options[i];

		if (verb && !p2p_option_belongs(option, verb))
			continue;
		format_option(&left, option);
		p2p_buf_reset(&help);
		p2p_buf_puts(&help, option->help);
		if (!verb)
			add_verbs(&help, program, option);
		if (option->flags & P2P_OPTION_MANY)
			p2p_buf_puts(&help, "; may be repeated");
		print_entry(out, left.text, help.text);
	}
	p2p_buf_free(&left);
	p2p_buf_free(&help);
}

void p2p_cli_print_help(FILE *out, const struct p2p_program *program, const struct p2p_verb *verb)
{
	const char *summary = verb ? verb->summary : program->summary;
	const char *details = verb ? verb->details : program->details;

	if (verb)
		fprintf(out, "Usage: %s [OPTION]... %s%s%s\n\n", program->name, verb->word, verb->args ? " " : "",
			verb->args ? verb->args : "");
	else
		fprintf(out, "Usage: %s [OPTION]... %s\n\n", program->name,
			program->fallback ? "[VERB [ARGUMENT]...]" : "VERB [ARGUMENT]...");
	print_words(out, summary, strlen(summary), 0, 0);
	if (!verb)
		print_verbs(out, program);
	fputs("\nOptions:\n", out);
	print_options(out, program, program->options, program->option_count, verb);
	print_options(out, program, p2p_cli_builtin, p2p_cli_builtin_count, verb);
	if (details)
		print_details(out, details);
}

static void dump_options(FILE *out, const struct p2p_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct p2p_option *option = &options[i];
		const char letter[] = { '-', option->letter, '\0' }; /* "-" for none */
		const char *times = option->flags & P2P_OPTION_MANY ? "many" :
				    option->flags & P2P_OPTION_LAST ? "last" : "once";

		fprintf(out, "option\t%s\t--%s\t%s\t%s\t%s\t%s\n", letter, option->word,
			option->value ? option->value : "-", option->verbs ? option->verbs : "*", times,
			option->help);
	}
}

void p2p_cli_print_dump(FILE *out, const struct p2p_program *program)
{
	fprintf(out, "program\t%s\t%s\t%s\n", program->name, program->version, program->summary);
	for (size_t i = 0; i < program->verb_count; i++) {
		const struct p2p_verb *verb = &program->verbs[i];
		bool fallback = program->fallback && !strcmp(program->fallback, verb->word);

		fprintf(out, "verb\t%s\t%s\t%s\t%s\n", verb->word, verb->args ? verb->args : "-",
			fallback ? "default" : "-", verb->summary);
	}
	dump_options(out, program->options, program->option_count);
	dump_options(out, p2p_cli_builtin, p2p_cli_builtin_count);
}

static bool is_clean(const char *text)
{
	return !text || !strpbrk(text, "\t\n");
}

/* Every word of `verbs` is a verb of the program. */
static bool verbs_exist(const struct p2p_program *program, const char *verbs)
{
	while (*verbs) {
		size_t n = strcspn(verbs, " "), i = 0;

		while (i < program->verb_count && (strlen(program->verbs[i].word) != n ||
						   memcmp(program->verbs[i].word, verbs, n) != 0))
			i++;
		if (i == program->verb_count)
			return false;
		verbs += n;
		verbs += strspn(verbs, " ");
	}
	return true;
}

static const struct p2p_option *all_options(const struct p2p_program *program, size_t i)
{
	return i < program->option_count ? &program->options[i] : &p2p_cli_builtin[i - program->option_count];
}

static int check_option(const struct p2p_program *program, size_t at, struct p2p_problem *problem)
{
	const struct p2p_option *option = all_options(program, at);

	if (!is_clean(option->value) || !is_clean(option->help) || !is_clean(option->verbs))
		return p2p_problem_set(problem, -EINVAL, "--%s: a tab or line break", option->word);
	if (option->verbs && !verbs_exist(program, option->verbs))
		return p2p_problem_set(problem, -EINVAL, "--%s: no such verb in '%s'", option->word, option->verbs);
	for (size_t i = 0; i < at; i++) {
		const struct p2p_option *other = all_options(program, i);

		if (!strcmp(other->word, option->word))
			return p2p_problem_set(problem, -EINVAL, "--%s twice", option->word);
		if (option->letter && other->letter == option->letter)
			return p2p_problem_set(problem, -EINVAL, "-%c twice", option->letter);
	}
	return 0;
}

int p2p_cli_check(const struct p2p_program *program, struct p2p_problem *problem)
{
	int error = 0;

	if (program->fallback && !verbs_exist(program, program->fallback))
		return p2p_problem_set(problem, -EINVAL, "no such verb: %s", program->fallback);
	for (size_t i = 0; i < program->verb_count; i++) {
		const struct p2p_verb *verb = &program->verbs[i];

		if (!is_clean(verb->args) || !is_clean(verb->summary))
			return p2p_problem_set(problem, -EINVAL, "%s: a tab or line break", verb->word);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(program->verbs[k].word, verb->word))
				return p2p_problem_set(problem, -EINVAL, "%s twice", verb->word);
	}
	for (size_t i = 0; !error && i < program->option_count + p2p_cli_builtin_count; i++)
		error = check_option(program, i, problem);
	return error;
}
