/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which answers changed, and because of which changes: the causes of an
 * answer, by name, and what one function offers or takes.  Routes are in
 * diff-routes.c.
 */
#include <stdlib.h>
#include <string.h>

#include "diff-internal.h"

#define BIT DIFF_BIT
#define OFFER_GROUPS \
	(BIT(P2P_GROUP_KERNEL) | BIT(P2P_GROUP_DRIVER) | BIT(P2P_GROUP_MEMORY) | BIT(P2P_GROUP_CHILDREN))

/* ----------------------------------------------------------------- causes */

static int int_order(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void diff_cause_add(struct diff_answers *answers, size_t change)
{
	if (answers->cause_count == answers->cause_size)
		answers->causes = p2p_realloc(answers->causes, answers->cause_size = answers->cause_size * 2 + 16,
					      sizeof(*answers->causes));
	answers->causes[answers->cause_count++] = (int)change;
}

/* In order, each once. */
void diff_causes_settle(struct diff_answers *answers)
{
	size_t kept = 0;

	if (answers->cause_count)
		qsort(answers->causes, answers->cause_count, sizeof(*answers->causes), int_order);
	for (size_t i = 0; i < answers->cause_count; i++)
		if (!i || answers->causes[i] != answers->causes[i - 1])
			answers->causes[kept++] = answers->causes[i];
	answers->cause_count = kept;
}

static void add_host(struct diff_answers *answers, unsigned groups)
{
	const struct diff *diff = answers->diff;

	/* The host's are the first. */
	for (size_t i = 0; i < diff->change_count && diff->changes[i].of == P2P_CHANGE_OF_HOST; i++)
		if (groups & BIT(diff->changes[i].field->group))
			diff_cause_add(answers, i);
}

/* What changed of one function: its facts of those groups, or that it moved, was replaced, came or went. */
static bool add_function(struct diff_answers *answers, int side, int index, unsigned groups, unsigned kinds)
{
	const struct diff *diff = answers->diff;
	int first = index == P2P_NOBODY ? P2P_NOBODY : diff->first[side][index];
	size_t had = answers->cause_count;

	if (first == P2P_NOBODY)
		return false;
	const struct p2p_change *one = &diff->changes[first];

	for (size_t i = (size_t)first; i < diff->change_count; i++) {
		const struct p2p_change *change = &diff->changes[i];

		if (change->of != P2P_CHANGE_OF_FUNCTION || change->before != one->before ||
		    change->after != one->after)
			break;
		if (change->kind == P2P_CHANGE_FACT
			    ? groups & BIT(change->field->group) || !strcmp(change->field->id, "place")
			    : kinds & BIT(change->kind))
			diff_cause_add(answers, i);
	}
	return answers->cause_count > had;
}

/* Hops from `index` up to `last` whose word now redirects where it did not, or the other way round. */
static void add_hops(struct diff_answers *answers, int index, int last)
{
	const struct diff *diff = answers->diff;

	for (; index != P2P_NOBODY; index = diff_up_of(diff->machines[1], index)) {
		int before = diff->match.functions[1][index];

		if (before != P2P_NOBODY && p2p_function_redirects(&diff->machines[0]->functions[before]) !=
						    p2p_function_redirects(&diff->machines[1]->functions[index]))
			add_function(answers, 1, index, BIT(P2P_GROUP_ACS), 0);
		if (index == last)
			return;
	}
}

/* What the kernel looks up for the host bridge of a function. */
static void add_root(struct diff_answers *answers, int index, unsigned groups, unsigned kinds)
{
	const struct diff *diff = answers->diff;
	int after = diff->machines[1]->functions[index].hostbridge;
	int before = after == P2P_NOBODY ? P2P_NOBODY : diff->match.hostbridges[1][after];
	struct p2p_root roots[2] = { { .function = P2P_NOBODY }, { .function = P2P_NOBODY } };
	bool found = false;

	if (before == P2P_NOBODY)
		return;
	p2p_judge_root(diff->sides[0]->judge, before, &roots[0]);
	p2p_judge_root(diff->sides[1]->judge, after, &roots[1]);
	for (int side = 0; side < 2; side++)
		found |= add_function(answers, side, roots[side].function, groups, kinds);
	for (size_t i = 0; i < diff->change_count; i++) {
		const struct p2p_change *change = &diff->changes[i];

		if (change->of == P2P_CHANGE_OF_FUNCTION)
			break;
		if (change->of == P2P_CHANGE_OF_HOSTBRIDGE && change->after == after && groups &&
		    change->field->group == P2P_GROUP_ROOT) {
			diff_cause_add(answers, i);
			found = true;
		}
	}
	/* A vendor's kernel may look up another one. */
	const struct p2p_hostbridge *hostbridge = &diff->machines[1]->hostbridges[after];

	for (size_t i = 0; groups && !found && i < hostbridge->member_count; i++)
		add_function(answers, 1, hostbridge->members[i], groups, kinds);
}

#define PLACES (BIT(P2P_CHANGE_MOVED) | BIT(P2P_CHANGE_VANISHED) | BIT(P2P_CHANGE_APPEARED))

/* What is now elsewhere, no longer, or newly on the way of one side of a pair. */
static void add_places(struct diff_answers *answers, int index)
{
	const struct diff *diff = answers->diff;

	for (int at = index; at != P2P_NOBODY; at = diff_up_of(diff->machines[1], at)) {
		add_function(answers, 1, at, 0, PLACES);
		if (diff->match.functions[1][at] != P2P_NOBODY &&
		    diff->match.how[diff->match.functions[1][at]] == DIFF_MOVED)
			break; /* what is above is where it is now */
	}
	for (int at = diff->match.functions[1][index]; at != P2P_NOBODY; at = diff_up_of(diff->machines[0], at)) {
		add_function(answers, 0, at, 0, PLACES);
		if (diff->match.how[at] == DIFF_MOVED)
			break;
	}
	add_root(answers, index, 0, PLACES);
}

/* ----------------------------------------------------- offers and clients */

struct asked {
	int before, after;
	bool client;
};

static int kind_of(const struct asked *asked, const struct p2p_judge *judge, int index)
{
	struct p2p_offer offer;
	struct p2p_client client;

	if (asked->client) {
		p2p_judge_client(judge, index, &client);
		return client.kind;
	}
	p2p_judge_offer(judge, index, &offer);
	return offer.kind;
}

struct asking {
	const struct asked *asked;
	int kind; /* before */
};

static bool same_kind(void *context, const struct p2p_judge *hybrid)
{
	const struct asking *asking = context;

	return kind_of(asking->asked, hybrid, asking->asked->after) == asking->kind;
}

static const char *kind_name(const struct asked *asked, int kind)
{
	return asked->client ? p2p_client_name((enum p2p_client_kind)kind) : p2p_offer_name((enum p2p_offer_kind)kind);
}

const int *diff_causes_keep(struct diff_answers *answers)
{
	int *kept = p2p_arena_array(answers->diff->arena, answers->cause_count, sizeof(*kept));

	if (answers->cause_count)
		memcpy(kept, answers->causes, answers->cause_count * sizeof(*kept));
	return kept;
}

bool diff_causes_count(const struct diff_answers *answers)
{
	for (size_t i = 0; i < answers->cause_count; i++)
		if (answers->diff->changes[answers->causes[i]].counts)
			return true;
	return !answers->cause_count;
}

static void compare_kind(struct diff_answers *answers, const struct asked *asked)
{
	struct diff *diff = answers->diff;
	int before = kind_of(asked, diff->sides[0]->judge, asked->before);
	int after = kind_of(asked, diff->sides[1]->judge, asked->after);
	struct asking asking = { asked, before };
	bool structure;

	if (before == after)
		return;
	unsigned groups = diff_explain(answers->hybrids, OFFER_GROUPS, same_kind, &asking, &structure);

	answers->cause_count = 0;
	add_host(answers, groups);
	add_function(answers, 0, asked->before, groups, 0);
	diff_causes_settle(answers);
	struct p2p_change *change = diff_add(diff, asked->client ? P2P_CHANGE_CLIENT : P2P_CHANGE_OFFER,
					     P2P_CHANGE_OF_FUNCTION, asked->before, asked->after);

	change->before_text = kind_name(asked, before);
	change->after_text = kind_name(asked, after);
	change->before_fact.know = change->before_text ? P2P_KNOWN : P2P_UNKNOWN;
	change->after_fact.know = change->after_text ? P2P_KNOWN : P2P_UNKNOWN;
	change->counts = change->before_text && change->after_text && diff_causes_count(answers);
	change->causes = diff_causes_keep(answers);
	change->cause_count = answers->cause_count;
}

void diff_abilities(struct diff_answers *answers, int before, int after)
{
	struct asked asked = { before, after, false };

	compare_kind(answers, &asked);
	asked.client = true;
	compare_kind(answers, &asked);
}

/* ----------------------------------------------------------------- routes */

static bool same_route(void *context, const struct p2p_judge *hybrid)
{
	const struct diff_pair *pair = context;
	const struct p2p_verdict *before = &pair->verdicts[0];
	struct p2p_verdict verdict;

	p2p_judge_pair(hybrid, pair->verdicts[1].provider, pair->verdicts[1].client, &verdict);
	return verdict.possible == before->possible &&
	       (!pair->compare_would || verdict.would_possible == before->would_possible);
}

unsigned diff_causes_of_pair(struct diff_answers *answers, struct diff_pair *pair)
{
	const struct p2p_verdict *after = &pair->verdicts[1];
	bool structure;
	unsigned groups = diff_explain(answers->hybrids, DIFF_ROUTE_GROUPS, same_route, pair, &structure);

	answers->cause_count = 0;
	add_host(answers, groups);
	if (groups & BIT(P2P_GROUP_ACS)) {
		add_hops(answers, after->provider, after->common);
		add_hops(answers, after->client, after->common);
	}
	if (groups & BIT(P2P_GROUP_ROOT)) {
		add_root(answers, after->provider, BIT(P2P_GROUP_ROOT), BIT(P2P_CHANGE_REPLACED));
		add_root(answers, after->client, BIT(P2P_GROUP_ROOT), BIT(P2P_CHANGE_REPLACED));
	}
	if (structure) {
		add_places(answers, after->provider);
		add_places(answers, after->client);
	}
	diff_causes_settle(answers);
	return groups;
}

void diff_answers(struct diff *diff)
{
	struct diff_answers answers = { .diff = diff };
	size_t facts = diff->change_count;

	answers.hybrids = diff_hybrids_new(diff);
	answers.changed = p2p_malloc(facts + 1);
	memset(answers.changed, 0, facts + 1);
	diff_routes(&answers);
	for (size_t i = facts; i < diff->change_count; i++)
		for (size_t j = 0; diff->changes[i].counts && j < diff->changes[i].cause_count; j++)
			answers.changed[diff->changes[i].causes[j]] = true;
	for (size_t i = 0; i < facts; i++)
		diff->changes[i].matters = answers.changed[i];
	diff_hybrids_free(answers.hybrids);
	free(answers.causes);
	free(answers.changed);
}
