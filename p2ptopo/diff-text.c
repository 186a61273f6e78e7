/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff, for people: what changed of what, then what that did to the answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff-text.h"

static const char *label_of(const struct differ *differ, int side, int index, char text[P2P_BDF_TEXT])
{
	return topo_address(&differ->sides[side], index, text);
}

/* "nvmet SUBSYSTEM 1", as configfs calls it. */
static void put_namespace(const struct differ *differ, const struct p2p_change *change, struct p2p_buf *ret)
{
	const struct p2p_namespace *namespace = change->after != P2P_NOBODY
							? &differ->diff->after->namespaces[change->after]
							: &differ->diff->before->namespaces[change->before];

	p2p_buf_printf(ret, "nvmet %s %s", namespace->subsystem, namespace->number);
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
	if (change->of == P2P_CHANGE_OF_NAMESPACE)
		put_namespace(differ, change, ret);
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
	bool is_function = change->of == P2P_CHANGE_OF_FUNCTION;
	struct p2p_buf text = P2P_BUF_INIT;
	size_t below = 0;

	switch (change->kind) {
	case P2P_CHANGE_VANISHED:
		p2p_buf_puts(&text, change->before_text);
		below = is_function ? differ->below[0][change->before] : 0;
		break;
	case P2P_CHANGE_APPEARED:
		p2p_buf_puts(&text, change->after_text);
		below = is_function ? differ->below[1][change->after] : 0;
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
	} else if (change->of == P2P_CHANGE_OF_NAMESPACE) {
		put_namespace(differ, change, &text);
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

/* "03:00.0 offers: p2pmem -> none", or of several that are alike "12 functions offer: ..." */
static void print_ability(const struct differ *differ, const struct p2p_change *change, size_t alike)
{
	bool offer = change->kind == P2P_CHANGE_OFFER;
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	label_of(differ, 1, change->after, address);
	if (alike > 1)
		p2p_buf_printf(&text, "%zu functions %s", alike, offer ? "offer" : "take peer pages");
	else
		p2p_buf_printf(&text, "%s %s", address, offer ? "offers" : "takes peer pages");
	p2p_buf_printf(&text, ": %s %s %s", change->before_text ? change->before_text : "not known", differ->arrow,
		       change->after_text ? change->after_text : "not known");
	topo_print_text(&differ->sides[1], change->counts ? "  " : "? ", "    ", p2p_buf_text(&text));
	print_because(differ, change->causes, change->cause_count, false);
	if (alike > 1)
		printf("    such as %s\n", address);
	p2p_buf_free(&text);
}

/* By what changed and why, then by address; the texts are names, one for each. */
static int ability_order(const void *a, const void *b)
{
	const struct p2p_change *x = *(const struct p2p_change *const *)a, *y = *(const struct p2p_change *const *)b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->counts != y->counts)
		return x->counts ? -1 : 1;
	if (x->before_text != y->before_text)
		return strcmp(x->before_text ? x->before_text : "", y->before_text ? y->before_text : "");
	if (x->after_text != y->after_text)
		return strcmp(x->after_text ? x->after_text : "", y->after_text ? y->after_text : "");
	if (x->cause_count != y->cause_count)
		return x->cause_count < y->cause_count ? -1 : 1;
	for (size_t i = 0; i < x->cause_count; i++)
		if (x->causes[i] != y->causes[i])
			return x->causes[i] < y->causes[i] ? -1 : 1;
	return 0;
}

static int ability_order_whole(const void *a, const void *b)
{
	const struct p2p_change *x = *(const struct p2p_change *const *)a, *y = *(const struct p2p_change *const *)b;
	int order = ability_order(a, b);

	return order ? order : (x->after > y->after) - (x->after < y->after);
}

static bool is_ability(const struct differ *differ, const struct p2p_change *change)
{
	return (change->kind == P2P_CHANGE_OFFER || change->kind == P2P_CHANGE_CLIENT) && change->shown &&
	       (change->counts || differ->sides[1].all);
}

static void print_abilities(const struct differ *differ, const struct p2p_change **list, size_t count)
{
	if (count)
		qsort(list, count, sizeof(*list), ability_order_whole);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && !differ->sides[1].all && !ability_order(&list[end], &list[i]); end++)
			;
		print_ability(differ, list[i], end - i);
	}
}

static void print_answers(const struct differ *differ)
{
	const struct p2p_diff *diff = differ->diff;
	const struct p2p_style *style = &differ->sides[1].style;
	const struct p2p_change **abilities = p2p_arena_array(diff->arena, diff->change_count, sizeof(*abilities));
	size_t count = 0;

	for (size_t i = 0; i < diff->change_count; i++)
		if (is_ability(differ, &diff->changes[i]))
			abilities[count++] = &diff->changes[i];
	if (!count && !diff->pairs && !(differ->sides[1].all && diff->pairs_unknown))
		return;
	printf("%sAnswers%s\n", p2p_view_role_on(style, P2P_ROLE_TITLE), p2p_view_role_off(style, P2P_ROLE_TITLE));
	for (size_t i = 0; i < diff->answer_count; i++)
		if (diff->answers[i].counts || differ->sides[1].all)
			print_answer(differ, &diff->answers[i]);
	print_abilities(differ, abilities, count);
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

void diff_text_print(struct differ *differ)
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
