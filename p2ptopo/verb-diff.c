/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff A [B]: what is different between two machines, and what that did to the answers. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/engine/diff.h"
#include "core/view/json-diff.h"
#include "core/view/json-machine.h"
#include "core/topo/topo.h"

struct differ {
	const struct p2p_cli *cli;
	struct topo sides[2];
	const char *names[2];
	struct p2p_diff *diff;
	const char *arrow;
	size_t *below[2]; /* by function that came or went: how many below it did so too */
};

/* ------------------------------------------------------------------- text */

static const char *label_of(const struct differ *differ, int side, int index, char text[P2P_BDF_TEXT])
{
	return topo_address(&differ->sides[side], index, text);
}

/* What a cause or a line is about: "kernel", "02:08.0 ACS", "03:00.0 moved". */
static void put_change(const struct differ *differ, const struct p2p_change *change, struct p2p_buf *ret)
{
	static const char *const kinds[] = { "", "moved", "replaced", "vanished", "appeared", "offer", "client" };
	const char *what = change->field ? change->field->title : kinds[change->kind];
	int side = change->after == P2P_NOBODY ? 0 : 1;
	char address[P2P_BDF_TEXT];

	if (change->of == P2P_CHANGE_OF_FUNCTION)
		p2p_buf_printf(ret, "%s ", label_of(differ, side, side ? change->after : change->before, address));
	if (change->of == P2P_CHANGE_OF_HOSTBRIDGE)
		p2p_buf_printf(ret, "%s ", differ->diff->after->hostbridges[change->after].name);
	p2p_buf_puts(ret, what);
}

#define CAUSES_SHOWN 4

static void put_causes(const struct differ *differ, const int *causes, size_t count, size_t most, struct p2p_buf *ret)
{
	if (!count)
		p2p_buf_puts(ret, "several things together");
	for (size_t i = 0; i < count && i < most; i++) {
		p2p_buf_puts(ret, i ? ", " : "");
		put_change(differ, &differ->diff->changes[causes[i]], ret);
	}
	if (count > most)
		p2p_buf_printf(ret, " and %zu more", count - most);
}

/* Is that word of `len` bytes among the words of `text`? */
static bool has_word(const char *text, const char *word, size_t len)
{
	for (const char *at = text; *at; at += strspn(at, " ")) {
		size_t own = strcspn(at, " ");

		if (own == len && !memcmp(at, word, len))
			return true;
		at += own;
	}
	return false;
}

/* The words of `text` that `other` lacks. */
static void put_words(const char *text, const char *other, struct p2p_buf *ret)
{
	size_t had = ret->len;

	for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		if (!has_word(other, at, len)) {
			p2p_buf_puts(ret, ret->len > had ? " " : "");
			p2p_buf_add(ret, at, len);
		}
		at += len;
	}
	if (ret->len == had)
		p2p_buf_puts(ret, "nothing");
}

/* Do they differ in more than the order of their words? */
static bool words_differ(const char *a, const char *b)
{
	struct p2p_buf left = P2P_BUF_INIT, right = P2P_BUF_INIT;

	put_words(a, b, &left);
	put_words(b, a, &right);
	bool differ = strcmp(p2p_buf_text(&left), p2p_buf_text(&right)) != 0;

	p2p_buf_free(&left);
	p2p_buf_free(&right);
	return differ;
}

static void put_value(const struct p2p_change *change, bool after, struct p2p_buf *ret)
{
	struct p2p_fact fact = after ? change->after_fact : change->before_fact;
	const char *text = after ? change->after_text : change->before_text;
	const char *other = after ? change->before_text : change->after_text;

	if (p2p_absent(fact)) {
		p2p_buf_puts(ret, "none");
	} else if (!p2p_known(fact)) {
		p2p_buf_puts(ret, "not known");
		if (fact.error)
			p2p_buf_printf(ret, " (%s)", p2p_unknown_why(fact.error));
	} else if (text && other && change->field && change->field->flags & P2P_FIELD_WORDS &&
		   words_differ(text, other)) {
		put_words(text, other, ret);
	} else {
		p2p_buf_puts(ret, text && *text ? text : "nothing");
	}
	if (p2p_known(fact) && fact.origin == P2P_ORIGIN_ASSUMED)
		p2p_buf_puts(ret, " (assumed)");
}

/* "! ACS                  text", wrapped under itself. */
static void print_line(const struct differ *differ, char mark, const char *title, const char *text)
{
	const struct p2p_style *style = &differ->sides[1].style;
	enum p2p_role role = mark == '!' ? P2P_ROLE_WARN : mark == '?' ? P2P_ROLE_DIM : P2P_ROLE_PLAIN;
	char first[40];

	snprintf(first, sizeof(first), "%c %-19s ", mark, title);
	fputs(p2p_view_role_on(style, role), stdout);
	topo_print_text(&differ->sides[1], first, "                      ", text);
	fputs(p2p_view_role_off(style, role), stdout);
}

static char mark_of(const struct p2p_change *change)
{
	return !change->counts ? '?' : change->matters ? '!' : ' ';
}

static void print_fact(const struct differ *differ, const struct p2p_change *change)
{
	struct p2p_buf text = P2P_BUF_INIT;

	put_value(change, false, &text);
	p2p_buf_printf(&text, " %s ", differ->arrow);
	put_value(change, true, &text);
	if (change->link)
		p2p_buf_puts(&text, change->link == P2P_CHANGE_LINK_DEGRADED ? "  degraded" : "  no longer degraded");
	print_line(differ, mark_of(change), change->field->title, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void print_match(const struct differ *differ, const struct p2p_change *change)
{
	static const char *const titles[] = { "", "moved", "replaced", "vanished", "appeared" };
	struct p2p_buf text = P2P_BUF_INIT;
	size_t below = 0;

	switch (change->kind) {
	case P2P_CHANGE_VANISHED:
		p2p_buf_puts(&text, change->before_text);
		below = differ->below[0][change->before];
		break;
	case P2P_CHANGE_APPEARED:
		p2p_buf_puts(&text, change->after_text);
		below = differ->below[1][change->after];
		break;
	default:
		p2p_buf_printf(&text, "%s %s %s", change->before_text, differ->arrow, change->after_text);
		break;
	}
	if (below)
		p2p_buf_printf(&text, ", and %zu below it", below);
	print_line(differ, mark_of(change), titles[change->kind], p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* The function, the host bridge or the host that the following lines are about. */
static void print_subject(const struct differ *differ, const struct p2p_change *change)
{
	int side = change->after == P2P_NOBODY ? 0 : 1, index = side ? change->after : change->before;
	const struct topo *topo = &differ->sides[side];
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT], was[P2P_BDF_TEXT];

	if (change->of == P2P_CHANGE_OF_HOST) {
		p2p_buf_puts(&text, "Host");
	} else if (change->of == P2P_CHANGE_OF_HOSTBRIDGE) {
		p2p_buf_puts(&text, topo->machine->hostbridges[index].name);
	} else {
		p2p_buf_printf(&text, "%s ", label_of(differ, side, index, address));
		if (change->before != P2P_NOBODY && change->after != P2P_NOBODY &&
		    strcmp(address, label_of(differ, 0, change->before, was)) != 0)
			p2p_buf_printf(&text, "(was %s) ", was);
		topo_name(topo, index, &text);
	}
	fputs(p2p_view_role_on(&topo->style, P2P_ROLE_TITLE), stdout);
	topo_print_text(topo, "", "  ", p2p_buf_text(&text));
	fputs(p2p_view_role_off(&topo->style, P2P_ROLE_TITLE), stdout);
	p2p_buf_free(&text);
}

static bool is_printed(const struct differ *differ, const struct p2p_change *change)
{
	bool all = differ->sides[1].all;

	if (change->kind == P2P_CHANGE_OFFER || change->kind == P2P_CHANGE_CLIENT)
		return false; /* among the answers */
	return change->shown && (change->counts || all) && (!change->within || all);
}

static bool same_subject(const struct p2p_change *a, const struct p2p_change *b)
{
	return a->of == b->of && a->before == b->before && a->after == b->after;
}

static void print_changes(const struct differ *differ)
{
	const struct p2p_change *last = NULL;

	for (size_t i = 0; i < differ->diff->change_count; i++) {
		const struct p2p_change *change = &differ->diff->changes[i];

		if (!is_printed(differ, change))
			continue;
		if (!last || !same_subject(last, change))
			print_subject(differ, change);
		if (change->kind == P2P_CHANGE_FACT)
			print_fact(differ, change);
		else
			print_match(differ, change);
		last = change;
	}
}

/* ---------------------------------------------------------------- answers */

static void put_answered(const struct p2p_answered *answer, struct p2p_buf *ret)
{
	p2p_buf_puts(ret, answer->map		       ? p2p_map_name(answer->map)
			  : answer->supported == P2P_YES ? "allowed, either"
						       : "unknown");
	if (answer->would)
		p2p_buf_printf(ret, " (would be %s)",
			       answer->would_be ? p2p_map_name(answer->would_be) : "unknown");
}

static void print_because(const struct differ *differ, const int *causes, size_t count, bool many)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (many)
		p2p_buf_puts(&text, "each of some of ");
	put_causes(differ, causes, count, differ->sides[1].all ? count : CAUSES_SHOWN, &text);
	topo_print_text(&differ->sides[1], "    because ", "            ", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void print_answer(const struct differ *differ, const struct p2p_answer_change *change)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char first[P2P_BDF_TEXT], second[P2P_BDF_TEXT];

	p2p_buf_printf(&text, "%llu %s: ", (unsigned long long)change->pairs, change->pairs == 1 ? "pair" : "pairs");
	put_answered(&change->before, &text);
	p2p_buf_printf(&text, " %s ", differ->arrow);
	put_answered(&change->after, &text);
	topo_print_text(&differ->sides[1], change->counts ? "  " : "? ", "    ", p2p_buf_text(&text));
	print_because(differ, change->causes, change->cause_count, change->many);
	printf("    %s %s to %s\n", change->pairs == 1 ? "it is  " : "such as",
	       label_of(differ, 1, change->provider, first), label_of(differ, 1, change->client, second));
	p2p_buf_free(&text);
}

/* "03:00.0 offers: p2pmem -> none" */
static void print_ability(const struct differ *differ, const struct p2p_change *change)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	p2p_buf_printf(&text, "%s %s: %s %s %s", label_of(differ, 1, change->after, address),
		       change->kind == P2P_CHANGE_OFFER ? "offers" : "takes peer pages",
		       change->before_text ? change->before_text : "not known", differ->arrow,
		       change->after_text ? change->after_text : "not known");
	topo_print_text(&differ->sides[1], change->counts ? "  " : "? ", "    ", p2p_buf_text(&text));
	print_because(differ, change->causes, change->cause_count, false);
	p2p_buf_free(&text);
}

static bool is_ability(const struct differ *differ, const struct p2p_change *change)
{
	return (change->kind == P2P_CHANGE_OFFER || change->kind == P2P_CHANGE_CLIENT) && change->shown &&
	       (change->counts || differ->sides[1].all);
}

static void print_answers(const struct differ *differ)
{
	const struct p2p_diff *diff = differ->diff;
	const struct p2p_style *style = &differ->sides[1].style;
	bool any = diff->pairs || (differ->sides[1].all && diff->pairs_unknown);

	for (size_t i = 0; i < diff->change_count; i++)
		any = any || is_ability(differ, &diff->changes[i]);
	if (!any)
		return;
	printf("%sAnswers%s\n", p2p_view_role_on(style, P2P_ROLE_TITLE), p2p_view_role_off(style, P2P_ROLE_TITLE));
	for (size_t i = 0; i < diff->answer_count; i++)
		if (diff->answers[i].counts || differ->sides[1].all)
			print_answer(differ, &diff->answers[i]);
	for (size_t i = 0; i < diff->change_count; i++)
		if (is_ability(differ, &diff->changes[i]))
			print_ability(differ, &diff->changes[i]);
}

static void print_pair(void *context, size_t answer, int provider, int client)
{
	const struct differ *differ = context;
	const struct p2p_answer_change *change = &differ->diff->answers[answer];
	struct p2p_buf before = P2P_BUF_INIT, after = P2P_BUF_INIT, because = P2P_BUF_INIT;
	char first[P2P_BDF_TEXT], second[P2P_BDF_TEXT];

	put_answered(&change->before, &before);
	put_answered(&change->after, &after);
	put_causes(differ, change->causes, change->cause_count, CAUSES_SHOWN, &because);
	printf("%-12s %-12s %-18s %-18s %s\n", label_of(differ, 1, provider, first),
	       label_of(differ, 1, client, second), p2p_buf_text(&before), p2p_buf_text(&after),
	       p2p_buf_text(&because));
	p2p_buf_free(&before);
	p2p_buf_free(&after);
	p2p_buf_free(&because);
}

static void print_pairs(struct differ *differ)
{
	const struct p2p_style *style = &differ->sides[1].style;

	if (!differ->sides[1].all || !differ->diff->answer_count)
		return;
	printf("%s%-12s %-12s %-18s %-18s %s%s\n", p2p_view_role_on(style, P2P_ROLE_TITLE), "PROVIDER", "CLIENT",
	       "BEFORE", "AFTER", "BECAUSE", p2p_view_role_off(style, P2P_ROLE_TITLE));
	p2p_diff_each_pair(differ->diff, print_pair, differ);
}

static void print_gaps(const struct differ *differ)
{
	const struct p2p_diff *diff = differ->diff;
	struct p2p_buf text = P2P_BUF_INIT;

	if (diff->result != P2P_DIFF_DIFFERS)
		puts(diff->result == P2P_DIFF_SAME ? "No difference."
						   : "No difference in what is known on both sides.");
	if (!diff->gaps && !diff->pairs_unknown)
		return;
	if (diff->gaps)
		p2p_buf_printf(&text, "%llu %s", (unsigned long long)diff->gaps, diff->gaps == 1 ? "fact" : "facts");
	if (diff->pairs_unknown)
		p2p_buf_printf(&text, "%s%llu %s", diff->gaps ? " and the answers for " : "The answers for ",
			       (unsigned long long)diff->pairs_unknown, diff->pairs_unknown == 1 ? "pair" : "pairs");
	p2p_buf_printf(&text, " %s known on one side only%s.",
		       diff->gaps + diff->pairs_unknown == 1 && !diff->pairs_unknown ? "is" : "are",
		       differ->sides[1].all ? " (marked ?)" : "; --all shows them");
	topo_print_text(&differ->sides[1], "", "", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* How many functions came or went with one above them. */
static void count_below(struct differ *differ)
{
	const struct p2p_machine *machines[2] = { differ->diff->before, differ->diff->after };
	const int *partners[2] = { differ->diff->partner_before, differ->diff->partner_after };

	for (int side = 0; side < 2; side++) {
		const struct p2p_machine *machine = machines[side];

		differ->below[side] =
			p2p_arena_array(differ->diff->arena, machine->function_count, sizeof(**differ->below));
		for (size_t i = 0; i < machine->function_count; i++) {
			const struct p2p_function *function = &machine->functions[i];
			int top = P2P_NOBODY;

			if (partners[side][i] != P2P_NOBODY)
				continue;
			while (p2p_known(function->under.fact) && partners[side][function->under.to] == P2P_NOBODY) {
				top = function->under.to;
				function = &machine->functions[top];
			}
			if (top != P2P_NOBODY)
				differ->below[side][top]++;
		}
	}
}

static void print_text(struct differ *differ)
{
	count_below(differ);
	print_changes(differ);
	print_answers(differ);
	print_pairs(differ);
	print_gaps(differ);
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < differ->sides[side].machine->assumption_count; i++) {
			struct p2p_buf text = P2P_BUF_INIT;

			p2p_buf_printf(&text, "Assumed of %s: %s.", differ->names[side],
				       differ->sides[side].machine->assumptions[i]);
			topo_print_text(&differ->sides[1], "", "", p2p_buf_text(&text));
			p2p_buf_free(&text);
		}
}

/* ------------------------------------------------------------------- JSON */

struct listing {
	const struct differ *differ;
	struct p2p_json *json;
};

static void json_pair(void *context, size_t answer, int provider, int client)
{
	const struct listing *listing = context;

	p2p_json_diff_pair(listing->json, listing->differ->diff, answer, provider, client);
}

static enum p2p_exit print_json(const struct differ *differ)
{
	struct listing listing = { differ, p2p_json_new(stdout) };

	p2p_json_envelope(listing.json, differ->diff->after);
	p2p_json_diff(listing.json, differ->diff, differ->names[0], differ->names[1]);
	if (differ->sides[1].all) {
		p2p_json_array(listing.json, "pairs", false);
		p2p_diff_each_pair(differ->diff, json_pair, &listing);
		p2p_json_array_end(listing.json);
	}
	p2p_json_object_end(listing.json);
	p2p_json_object_end(listing.json);
	return p2p_json_end(listing.json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

/* -------------------------------------------------------------------- run */

/* Who is a provider and a client there, and what was chosen. */
static void choose(struct topo *topo, struct p2p_diff_side *ret)
{
	size_t count = topo->machine->function_count;
	bool *among = p2p_arena_array(topo->arena, count, sizeof(*among));
	bool *matches = p2p_arena_array(topo->arena, count, sizeof(*matches));

	for (size_t i = 0; i < count; i++) {
		const struct p2p_function *function = &topo->machine->functions[i];

		matches[i] = topo_matches(topo, (int)i);
		among[i] = !p2p_function_is_bridge(function) &&
			   (topo->all || p2p_function_is_peer(function) || (topo->filter && matches[i]));
	}
	*ret = (struct p2p_diff_side){ topo->judge, among, topo->filter ? matches : NULL };
}

static enum p2p_exit compare(struct differ *differ)
{
	static const enum p2p_exit codes[] = { P2P_EXIT_OK, P2P_EXIT_NO, P2P_EXIT_UNKNOWN };
	bool all = differ->sides[1].all;
	struct p2p_diff_options options = { .hardware = differ->sides[1].hardware, .self = all, .list = all,
					    .moments = all };
	struct p2p_diff_side sides[2];
	enum p2p_exit code = P2P_EXIT_OK;

	choose(&differ->sides[0], &sides[0]);
	choose(&differ->sides[1], &sides[1]);
	differ->diff = p2p_diff_new(&sides[0], &sides[1], &options);
	if (p2p_cli_has(differ->cli, "json"))
		code = print_json(differ);
	else
		print_text(differ);
	if (code == P2P_EXIT_OK)
		code = codes[differ->diff->result];
	p2p_diff_free(differ->diff);
	return code;
}

static enum p2p_exit usage(const struct p2p_cli *cli, const char *text)
{
	struct p2p_problem problem;

	p2p_problem_set(&problem, 0, "%s", text);
	p2p_cli_complain(cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

/* A pipe can be read once: whoever names it twice would wait for ever, or find nothing. */
static bool is_one_pipe(const char *a, const char *b)
{
	struct stat first, second;

	if (!strcmp(a, "-") || !strcmp(b, "-"))
		return !strcmp(a, b);
	return !stat(a, &first) && !stat(b, &second) && S_ISFIFO(first.st_mode) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

static enum p2p_exit check_inputs(const struct p2p_cli *cli)
{
	const char *first = cli->args[0], *second = cli->arg_count > 1 ? cli->args[1] : p2p_cli_value(cli, "from");

	if (cli->arg_count > 1 && (p2p_cli_has(cli, "from") || p2p_cli_has(cli, "root")))
		return usage(cli, "diff compares two machines, and three are named; give A and B, or A and --from or "
				  "--root");
	if (second && is_one_pipe(first, second))
		return usage(cli, "A and B are one pipe, which can be read only once; give a file for one of them");
	return P2P_EXIT_OK;
}

static const char *name_of(const struct p2p_cli *cli, const char *file)
{
	if (!file)
		file = p2p_cli_value(cli, "from") ? p2p_cli_value(cli, "from") : p2p_cli_value(cli, "root");
	return !file ? "this machine" : strcmp(file, "-") ? file : "standard input";
}

static int run(const struct p2p_cli *cli)
{
	unsigned want = P2P_WANT_ALL | P2P_WANT_RUNNING;
	enum p2p_exit code = check_inputs(cli);
	struct differ differ = { .cli = cli };
	int opened = 0;

	while (code == P2P_EXIT_OK && opened < 2) {
		const char *file = cli->arg_count > (size_t)opened ? cli->args[opened] : NULL;

		differ.names[opened] = name_of(cli, file);
		code = topo_open_one_of(cli, file, differ.names[opened], want, &differ.sides[opened]);
		opened++;
	}
	differ.arrow = differ.sides[0].style.ascii ? "->" : "\xe2\x86\x92";
	if (code == P2P_EXIT_OK)
		code = compare(&differ);
	while (opened--)
		topo_close(&differ.sides[opened]);
	return code;
}

const struct p2p_verb p2p_verb_diff = {
	.word = "diff",
	.args = "A [B]",
	.summary = "what is different between two snapshots or dumps, or one and this machine, and which answers "
		   "that changed",
	.details = "A is before, B after; without B it is this machine, or what --from or --root names; - is standard "
		   "input. Devices are told apart by their slots, the way from the host bridge down, and not by bus "
		   "numbers: a machine whose buses are numbered anew is the same. ! marks what changed an answer. What "
		   "is known on one side only is no difference; --all shows it (?), and every pair, every function's "
		   "answers, and what changes by itself: free peer memory and power states. Exit status: 0 the same, "
		   "1 different, 4 the same as far as both sides are known.",
	.run = run,
};
