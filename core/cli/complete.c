/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "complete.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/text.h"

static char *copy(const char *text)
{
	return strcpy(p2p_realloc(NULL, strlen(text) + 1, 1), text);
}

/* ---------------------------------------------------------------- offers */

/* Names come from machines and files: nothing that a shell would take for more than a letter leaves here. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_-.:,=+/@%", *text))
			return false;
	return true;
}

static void offer(const struct p2p_complete *ask, const char *record, const char *text, const char *help)
{
	struct p2p_buf line = P2P_BUF_INIT;

	if (!*text || strncmp(text, ask->typed, strlen(ask->typed)) != 0 || !is_plain(text) || !is_plain(ask->before))
		return;
	p2p_text_visible(&line, help ? help : "", true);
	fprintf(ask->out, "%s\t%s%s\t%s\n", record, ask->before, text, p2p_buf_text(&line));
	p2p_buf_free(&line);
}

void p2p_complete_word(const struct p2p_complete *ask, const char *text, const char *help)
{
	offer(ask, "word", text, help);
}

void p2p_complete_part(const struct p2p_complete *ask, const char *text, const char *help)
{
	offer(ask, "part", text, help);
}

void p2p_complete_files(const struct p2p_complete *ask)
{
	fprintf(ask->out, "files\t%s\n", ask->before);
}

void p2p_complete_folders(const struct p2p_complete *ask)
{
	fprintf(ask->out, "folders\t%s\n", ask->before);
}

void p2p_complete_last_item(const struct p2p_complete *ask, struct p2p_buf *before, struct p2p_complete *ret)
{
	const char *comma = strrchr(ask->typed, ',');
	size_t len = comma ? (size_t)(comma + 1 - ask->typed) : 0;

	p2p_buf_puts(before, ask->before);
	p2p_buf_add(before, ask->typed, len);
	*ret = *ask;
	ret->before = p2p_buf_text(before);
	ret->typed = ask->typed + len;
}

/* --------------------------------------------------------------- columns */

/* A machine without PCI: -H needs no other, and this one is read at once. */
static const char no_machine[] = "p2p-snapshot 1\n"
				 "read proc/sys/kernel/osrelease = 0.0\n"
				 "fail sys/bus/pci/devices ENOENT list\n"
				 "end 2\n";

/* In the child: what the verb prints for -H goes into the pipe. */
static void list_columns(const struct p2p_program *program, const struct p2p_verb *verb, int out)
{
	const char *const words[] = { program->name, verb->word, "--list-columns", "--from", "-" };
	char *argv[5];
	struct p2p_problem problem = { "" };
	struct p2p_cli cli;
	int in[2];

	for (size_t i = 0; i < 5; i++)
		argv[i] = copy(words[i]);
	if (pipe(in) || write(in[1], no_machine, strlen(no_machine)) < 0)
		_exit(P2P_EXIT_CANNOT_READ);
	close(in[1]);
	dup2(in[0], STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	if (p2p_cli_parse(program, 5, argv, &problem, &cli))
		_exit(P2P_EXIT_USAGE);
	cli.verb->run(&cli);
	fflush(stdout);
	_exit(P2P_EXIT_OK);
}

/* The columns of `verb` as it lists them itself, "NAME  help" a line; the caller closes it and waits for the child. */
static FILE *open_columns(const struct p2p_program *program, const struct p2p_verb *verb, pid_t *ret_child)
{
	int out[2];

	if (pipe(out))
		return NULL;
	fflush(NULL);
	*ret_child = fork();
	if (*ret_child == 0)
		list_columns(program, verb, out[1]);
	close(out[1]);
	FILE *in = *ret_child > 0 ? fdopen(out[0], "r") : NULL;

	if (!in)
		close(out[0]);
	return in;
}

/* Names may be typed in any case, and a word is only completed in the case in which it was begun. */
static void as_typed(char *name, const char *typed)
{
	bool lower = false;

	for (const char *at = typed; *at; at++) {
		if (isupper((unsigned char)*at))
			return;
		lower = lower || islower((unsigned char)*at);
	}
	for (char *at = name; lower && *at; at++)
		*at = (char)tolower((unsigned char)*at);
}

/* Is that name among the items before the last one? */
static bool is_chosen(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strcasestr(at, name)); at += len)
		if ((at == list || at[-1] == ',' || at[-1] == '+') && at[len] == ',')
			return true;
	return false;
}

/* A value called COLUMNS is a list, perhaps after a +; one called COLUMN is one of them. */
static void offer_columns(const struct p2p_complete *ask, const struct p2p_verb *verb, bool list)
{
	const struct p2p_program *program = ask->cli->program;
	struct p2p_buf before = P2P_BUF_INIT;
	struct p2p_complete item = *ask, whole = *ask;
	char line[512];
	pid_t child;

	if (list && *ask->typed == '+') {
		p2p_buf_printf(&before, "%s+", ask->before);
		whole.before = "";
		whole.typed = ask->typed + 1;
	}
	if (list)
		p2p_complete_last_item(&whole, &before, &item);
	FILE *in = open_columns(program, verb, &child);

	while (in && fgets(line, sizeof(line), in)) {
		size_t len = strcspn(line, " \n");
		char *help = line + len + strspn(line + len, " ");

		help[strcspn(help, "\n")] = '\0';
		line[len] = '\0';
		as_typed(line, item.typed);
		if (!list)
			p2p_complete_word(&item, line, help);
		else if (!is_chosen(item.before + strlen(ask->before), line))
			p2p_complete_part(&item, line, help);
	}
	if (in) {
		fclose(in);
		waitpid(child, NULL, 0);
	}
	p2p_buf_free(&before);
}

/* ---------------------------------------------------- values and arguments */

/* "auto|always|never", also in brackets. */
static void offer_choices(const struct p2p_complete *ask)
{
	char *choices = copy(ask->kind), *rest = choices;

	for (char *choice = strtok_r(choices, "[]|", &rest); choice; choice = strtok_r(NULL, "[]|", &rest))
		p2p_complete_word(ask, choice, "");
	free(choices);
}

static bool has_option(const struct p2p_program *program, const struct p2p_verb *verb, const char *word)
{
	const struct p2p_option *option = p2p_cli_find_word(program, word, strlen(word));

	return option && p2p_option_belongs(option, verb);
}

static void offer_value(const struct p2p_complete *ask, bool is_argument)
{
	const struct p2p_program *program = ask->cli->program;
	const struct p2p_verb *verb = ask->cli->verb;

	if (!verb && program->fallback)
		verb = p2p_cli_find_verb(program, program->fallback);
	/* What is in lower case stands for itself. */
	if (strchr(ask->kind, '|') || islower((unsigned char)*ask->kind))
		offer_choices(ask);
	else if (!strcmp(ask->kind, "FILE"))
		p2p_complete_files(ask);
	else if (!strcmp(ask->kind, "DIR"))
		p2p_complete_folders(ask);
	else if ((!strcmp(ask->kind, "COLUMNS") || !strcmp(ask->kind, "COLUMN")) && verb &&
		 has_option(program, verb, "list-columns") && has_option(program, verb, "from"))
		offer_columns(ask, verb, ask->kind[6] == 'S');
	else if ((!program->complete || !program->complete(ask)) && is_argument)
		p2p_complete_files(ask);
}

static void offer_verbs(const struct p2p_complete *ask)
{
	const struct p2p_program *program = ask->cli->program;

	for (size_t i = 0; i < program->verb_count; i++)
		p2p_complete_word(ask, program->verbs[i].word, program->verbs[i].summary);
}

static bool is_given(const struct p2p_cli *cli, const struct p2p_option *option)
{
	for (size_t i = 0; i < cli->given_count; i++)
		if (cli->given[i].option == option)
			return true;
	return false;
}

/* Those that the verb takes, or any where there is no verb yet; not what may be given once and was. */
static void offer_options(const struct p2p_complete *ask)
{
	const struct p2p_cli *cli = ask->cli;
	const struct p2p_option *option;

	for (size_t i = 0; (option = p2p_cli_option_at(cli->program, i)); i++) {
		char letter[] = { '-', option->letter, '\0' };
		struct p2p_buf word = P2P_BUF_INIT;

		if ((cli->verb && !p2p_option_belongs(option, cli->verb)) || !strcmp(option->word, "dump-cli") ||
		    (!(option->flags & (P2P_OPTION_MANY | P2P_OPTION_LAST)) && is_given(cli, option)))
			continue;
		p2p_buf_printf(&word, "--%s", option->word);
		p2p_complete_word(ask, p2p_buf_text(&word), option->help);
		if (option->letter && !strcmp(ask->typed, "-"))
			p2p_complete_word(ask, letter, option->help);
		p2p_buf_free(&word);
	}
}

/* How the table calls argument number `at`: "CLIENT" of "PROVIDER [CLIENT]", or NULL.  The caller frees it. */
static char *argument_kind(const struct p2p_verb *verb, size_t at)
{
	const char *args = verb->args ? verb->args : "", *last = NULL;
	size_t len = 0;

	for (size_t i = 0; *(args += strspn(args, "[] ")); i++) {
		size_t n = strcspn(args, "[] ");

		last = args;
		len = n;
		if (i == at)
			break;
		args += n;
		/* Without dots there is no argument beyond the last. */
		if (!args[strspn(args, "[] ")] && (n < 3 || strncmp(args - 3, "...", 3) != 0))
			return NULL;
	}
	if (!last)
		return NULL;
	if (len > 3 && !strncmp(last + len - 3, "...", 3))
		len -= 3;
	char *kind = copy(last);

	kind[len] = '\0';
	return kind;
}

/* ------------------------------------------------------ the line so far */

struct line {
	struct p2p_cli cli;
	const struct p2p_option *pending; /* its value is the next word */
	bool ended;                       /* by -- */
};

static void give(struct line *line, const struct p2p_option *option, const char *value)
{
	struct p2p_cli *cli = &line->cli;

	cli->given = p2p_realloc(cli->given, cli->given_count + 1, sizeof(*cli->given));
	cli->given[cli->given_count++] = (struct p2p_given){ option, value };
}

/* An option whose value, if it has one in this word, is `glued`. */
static void take_option(struct line *line, const struct p2p_option *option, const char *glued)
{
	if (option->value && option->value[0] != '[' && !glued)
		line->pending = option;
	else
		give(line, option, glued);
}

/* A word that is whole.  What is wrong in it is for the parser to say, when the line is run. */
static void take_word(struct line *line, const char *word)
{
	const struct p2p_program *program = line->cli.program;

	if (line->pending) {
		give(line, line->pending, word);
		line->pending = NULL;
	} else if (line->ended || word[0] != '-' || !word[1]) {
		if (line->cli.verb)
			line->cli.arg_count++;
		else
			line->cli.verb = p2p_cli_find_verb(program, word);
	} else if (!strcmp(word, "--")) {
		line->ended = true;
	} else if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");
		const struct p2p_option *option = p2p_cli_find_word(program, word + 2, len);

		if (option)
			take_option(line, option, word[2 + len] ? word + 2 + len + 1 : NULL);
	} else {
		for (const char *at = word + 1; *at; at++) {
			const struct p2p_option *option = p2p_cli_find_letter(program, *at);

			if (option)
				take_option(line, option, option->value && at[1] ? at + 1 : NULL);
			if (!option || option->value)
				break;
		}
	}
}

/* Is `word` an option and its value in one?  Then where the value begins, else 0. */
static size_t glued_value(const struct p2p_program *program, const char *word, const struct p2p_option **ret)
{
	if (!strncmp(word, "--", 2)) {
		size_t len = strcspn(word + 2, "=");

		*ret = p2p_cli_find_word(program, word + 2, len);
		return *ret && (*ret)->value && word[2 + len] ? 2 + len + 1 : 0;
	}
	for (size_t at = 1; word[at]; at++) {
		*ret = p2p_cli_find_letter(program, word[at]);
		if (!*ret)
			return 0;
		if ((*ret)->value)
			return at + 1;
	}
	return 0;
}

static void complete_argument(const struct line *line, struct p2p_complete *ask)
{
	if (!line->cli.verb) {
		offer_verbs(ask);
		return;
	}
	char *kind = argument_kind(line->cli.verb, line->cli.arg_count);

	ask->kind = kind;
	if (kind)
		offer_value(ask, true);
	free(kind);
}

static void complete_option(struct p2p_complete *ask)
{
	const struct p2p_option *option;
	const char *word = ask->typed;
	size_t value = glued_value(ask->cli->program, word, &option);

	if (!value) {
		offer_options(ask);
		return;
	}
	char *before = copy(word);

	before[value] = '\0';
	ask->before = before;
	ask->typed = word + value;
	ask->kind = option->value;
	offer_value(ask, false);
	free(before);
}

void p2p_cli_complete(FILE *out, const struct p2p_program *program, size_t count, const char *const words[])
{
	struct line line = { .cli = { .program = program } };

	for (size_t i = 0; i + 1 < count; i++)
		take_word(&line, words[i]);
	struct p2p_complete ask = {
		.cli = &line.cli, .before = "", .typed = count ? words[count - 1] : "", .out = out,
	};

	if (line.pending) {
		ask.kind = line.pending->value;
		offer_value(&ask, false);
	} else if (!line.ended && ask.typed[0] == '-') {
		complete_option(&ask);
	} else {
		complete_argument(&line, &ask);
	}
	free(line.cli.given);
}
