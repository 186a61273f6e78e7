/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CLI: the one option engine of both programs.  Floor 4 (cli).
 *
 * A program is const tables.  Parsing, --help, --version, --dump-cli (for
 * completions and tests) and every usage message come from them:
 *
 *     static const struct p2p_verb verbs[] = {
 *             { .word = "tree", .summary = "draw the hierarchy", .run = run_tree },
 *             { .word = "why", .args = "A B", .summary = "explain one pair", .run = run_why },
 *     };
 *     static const struct p2p_option options[] = {
 *             { 'F', "from", "FILE", "read a snapshot or an lspci dump", NULL, 0 },
 *             { 0, "summary", NULL, "count by answer", "pairs", 0 },
 *     };
 *     static const struct p2p_program program = { ... };
 *     int main(int argc, char *argv[]) { return p2p_cli_main(&program, argc, argv); }
 *
 * Options come before or after the verb, short ones may be bundled (-aJ), a
 * value is glued or the next word (-FFILE, -F FILE, --from=FILE, --from FILE),
 * and -- ends them.  Long options are not abbreviated: scripts would break
 * with the next option.
 */
#ifndef P2P_CLI_CLI_H
#define P2P_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../base/problem.h"

/* What the programs exit with. */
enum p2p_exit {
	P2P_EXIT_OK = 0,          /* done, or yes */
	P2P_EXIT_NO = 1,          /* no, not met, differs */
	P2P_EXIT_USAGE = 2,       /* the command line is wrong */
	P2P_EXIT_CANNOT_READ = 3, /* input missing, malformed or forbidden */
	P2P_EXIT_UNKNOWN = 4,     /* cannot be known */
	P2P_EXIT_REFUSED = 5,     /* refused, or rolled back */
	P2P_EXIT_HUMAN = 6,       /* needs a human */
	P2P_EXIT_WRONG_DATA = 7,  /* the data arrived wrong */
	P2P_EXIT_HUNG = 8,        /* it hung */
};

enum p2p_option_flags {
	P2P_OPTION_MANY = 1, /* may be given many times, each counts */
	P2P_OPTION_LAST = 2, /* may be given many times, the last counts (aliases and --color) */
	/* Neither: a second one with a value is a usage error, for one of them would be ignored. */
};

struct p2p_option {
	char letter;       /* 'F', or 0: only a long form */
	const char *word;  /* "from" */
	/*
	 * What the value is called in the help: "FILE".  NULL: takes none.
	 * "auto|always|never" is a choice, and checked.  "[...]" may be left
	 * out and is given with = (or glued to the letter).
	 */
	const char *value;
	const char *help;  /* one sentence, no capital, no full stop */
	const char *verbs; /* "tree pairs": only with these; NULL: with all.  A word may have a row for each meaning */
	unsigned flags;    /* enum p2p_option_flags */
};

struct p2p_cli;
struct p2p_complete;

struct p2p_verb {
	const char *word;
	/* "A B", "[DEVICE]", "FILE...": NULL none.  Brackets: may be left out; dots: any number. */
	const char *args;
	const char *summary; /* one sentence, no capital, no full stop */
	const char *details; /* for VERB --help: lines are wrapped, but for those that start with a blank; or NULL */
	int (*run)(const struct p2p_cli *cli); /* returns enum p2p_exit */
	bool takes_files; /* its arguments are files, and - is standard input */
	bool no_pager; /* draws on the terminal itself, or changes the machine: what it prints goes through no pager */
};

struct p2p_program {
	const char *name;    /* "p2ptopo" */
	const char *version; /* "0.1.0" */
	const char *summary;
	const char *details; /* as a verb's, for --help */
	const char *fallback; /* the verb when none is given; NULL: one must be given */
	const struct p2p_verb *verbs;
	size_t verb_count;
	const struct p2p_option *options;
	size_t option_count;
	/*
	 * Offers what a value or argument may be, for completions (complete.h).  False: it knows nothing of that
	 * kind, then the engine's own apply.  NULL: only these.
	 */
	bool (*complete)(const struct p2p_complete *ask);
};

/* -h, -V, --dump-cli: part of every program, as --no-pager is, and not in its table. */
enum p2p_cli_task {
	P2P_CLI_RUN = 0,
	P2P_CLI_HELP,    /* of the program, or of the verb when `verb` is set */
	P2P_CLI_VERSION,
	P2P_CLI_DUMP,
};

struct p2p_given {
	const struct p2p_option *option;
	const char *value; /* NULL: none was given */
};

/* A parsed command line.  Borrows the program's tables and argv. */
struct p2p_cli {
	const struct p2p_program *program;
	const struct p2p_verb *verb; /* NULL only where `task` is not RUN */
	enum p2p_cli_task task;
	const char **args; /* what is neither option nor verb; terminated by NULL */
	size_t arg_count;
	struct p2p_given *given; /* in the order of the command line */
	size_t given_count;
};

/*
 * Parses.  -EINVAL: wrong, and one sentence in `problem` says how, with the
 * closest word where one was misspelt and the --help to try.  On success
 * the caller frees with p2p_cli_free; `ret` is untouched on failure.
 */
int p2p_cli_parse(const struct p2p_program *program, int argc, char *const argv[], struct p2p_problem *problem,
		  struct p2p_cli *ret);
void p2p_cli_free(struct p2p_cli *cli);

/*
 * What was given.  `word` is an option's long form and must be in the table
 * (asserted), so that a typo in a verb cannot read as "not given".
 */
bool p2p_cli_has(const struct p2p_cli *cli, const char *word);

/* Is that option one of the program's at all?  For code that both programs share. */
bool p2p_cli_knows(const struct p2p_cli *cli, const char *word);

/* The value of the last one; NULL when it was not given, or given without a value. */
const char *p2p_cli_value(const struct p2p_cli *cli, const char *word);

/*
 * The values of a P2P_OPTION_MANY option, in order.  *at starts at 0; NULL at
 * the end:   size_t at = 0; while ((value = p2p_cli_next(cli, "assume", &at))) ...
 */
const char *p2p_cli_next(const struct p2p_cli *cli, const char *word, size_t *at);

/*
 * All of main: parses, helps, or runs the verb; usage errors go to stderr as
 * one line, "p2ptopo: ... (try p2ptopo --help)".  Returns the exit status.
 */
int p2p_cli_main(const struct p2p_program *program, int argc, char *argv[]);

/* "p2ptopo: " and the message with control characters made visible, on `err`. */
void p2p_cli_complain(const struct p2p_cli *cli, FILE *err, const struct p2p_problem *problem);

/* Closes stdout: output that could not be written must not look like success.  0 or a negative errno. */
int p2p_cli_close_output(void);

/* cli-help.c: printed from the tables, no line over 80 columns. */
void p2p_cli_print_help(FILE *out, const struct p2p_program *program, const struct p2p_verb *verb);

/*
 * The tables, one record a line, fields separated by tabs, "-" for none:
 *   program  NAME  VERSION  SUMMARY
 *   verb     WORD  ARGS  default|-  SUMMARY
 *   option   -X  --WORD  VALUE  VERBS|*  many|last|once  HELP
 */
void p2p_cli_print_dump(FILE *out, const struct p2p_program *program);

/*
 * `--dump-cli=complete WORD...` as the first argument, for completions/: what
 * may stand for the last of these words, of which the part before the cursor
 * is given; `words` is what was typed behind the program's name.  A record a line:
 *   word     TEXT  HELP  the whole word; a space may follow
 *   part     TEXT  HELP  the word up to here; more follows
 *   files    PREFIX      names of files, behind PREFIX in the same word
 *   folders  PREFIX      the same of folders
 * TEXT has none of the characters that are special to a shell.
 */
void p2p_cli_complete(FILE *out, const struct p2p_program *program, size_t count, const char *const words[]);

/*
 * Is the table itself right: no letter or word twice, every verb named by an
 * option there, the fallback too, no tab or line break?  For the unit tests.
 * -EINVAL with the first mistake in `problem`.
 */
int p2p_cli_check(const struct p2p_program *program, struct p2p_problem *problem);

/* -h, -V, --dump-cli, in the order of their tasks, and --no-pager, as options for help, dump and the parser. */
extern const struct p2p_option p2p_cli_builtin[];
extern const size_t p2p_cli_builtin_count;

/* The tables, for who reads a command line: NULL where there is none.  `i` counts the program's, then the builtin. */
const struct p2p_option *p2p_cli_option_at(const struct p2p_program *program, size_t i);
const struct p2p_option *p2p_cli_find_word(const struct p2p_program *program, const char *word, size_t len);
const struct p2p_option *p2p_cli_find_letter(const struct p2p_program *program, char letter);
const struct p2p_verb *p2p_cli_find_verb(const struct p2p_program *program, const char *word);

/* Is `verb` among the option's verbs? */
bool p2p_option_belongs(const struct p2p_option *option, const struct p2p_verb *verb);

#endif
