/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy-check.h"

#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "judge-internal.h"

struct checker {
	const struct p2p_matcher *matcher;
	const struct p2p_judge *judge;
	const struct p2p_policy *policy;
	struct p2p_arena *arena;
	struct p2p_check *check;
	struct p2p_finding *found; /* in the order in which they were found; there may be one for each pair */
	size_t found_count, found_size;
	bool **links;	 /* by rule that asks for links: the functions whose link it is about; NULL: none yet */
	bool **memories; /* the same for p2pmem */
};

static void find(struct checker *checker, const struct p2p_finding *finding)
{
	if (checker->found_count == checker->found_size) {
		checker->found_size = checker->found_size ? checker->found_size * 2 : 64;
		checker->found = p2p_realloc(checker->found, checker->found_size, sizeof(*checker->found));
	}
	checker->found[checker->found_count++] = *finding;
}

/* One condition more; YES is only counted. */
static void note(struct checker *checker, const struct p2p_finding *finding)
{
	struct p2p_rule_state *state = &checker->check->rules[finding->rule];
	bool yes = finding->answer == P2P_YES, no = finding->answer == P2P_NO;

	state->met += yes;
	state->not_met += no;
	state->unknown += !yes && !no;
	if (!yes)
		find(checker, finding);
}

static bool *marks_of(struct checker *checker, bool ***lists, size_t rule)
{
	if (!*lists)
		*lists = p2p_arena_array(checker->arena, checker->policy->rule_count, sizeof(bool *));
	if (!(*lists)[rule])
		(*lists)[rule] = p2p_arena_array(checker->arena, checker->judge->machine->function_count, sizeof(bool));
	return (*lists)[rule];
}

/* A downstream port's link is that of what is below it. */
static bool looks_down(const struct p2p_function *function)
{
	return p2p_known(function->port_type.fact) && (function->port_type.value == PCI_EXP_TYPE_ROOT_PORT ||
						       function->port_type.value == PCI_EXP_TYPE_DOWNSTREAM ||
						       function->port_type.value == PCI_EXP_TYPE_PCIE_BRIDGE);
}

/* The links from there up to where the two meet, or to the top. */
static void mark_links(const struct checker *checker, int from, int common, bool *marks)
{
	const struct p2p_function *functions = checker->judge->machine->functions;

	if (p2p_known(functions[from].physfn.fact))
		marks[functions[from].physfn.to] = true;
	for (int at = from; at != P2P_NOBODY && at != common; at = p2p_up(checker->judge, at))
		if (!looks_down(&functions[at]))
			marks[at] = true;
}

static void check_pair(struct checker *checker, size_t rule, int provider, int client)
{
	const struct p2p_policy_rule *at = &checker->policy->rules[rule];
	struct p2p_verdict verdict;

	p2p_judge_pair(checker->judge, provider, client, &verdict);
	enum p2p_answer answer = verdict.supported;

	if (at->permit == P2P_PERMIT_DENY)
		answer = answer == P2P_YES ? P2P_NO : answer == P2P_NO ? P2P_YES : P2P_MAYBE;
	note(checker, &(struct p2p_finding){ rule, P2P_CONDITION_PAIR, answer, provider, client, verdict.map,
					     verdict.rule, verdict.redirects });
	if (at->link_not_degraded) {
		bool *marks = marks_of(checker, &checker->links, rule);

		mark_links(checker, provider, verdict.common, marks);
		mark_links(checker, client, verdict.common, marks);
	}
	if (at->p2pmem_least)
		marks_of(checker, &checker->memories, rule)[provider] = true;
}

/* Where it is not known whether a rule means the pair, neither is which one decides it. */
static void check_matches(struct checker *checker, int provider, int client)
{
	struct p2p_match match;
	size_t at = 0;

	for (bool first = true; p2p_matcher_next(checker->matcher, provider, client, &at, &match); first = false) {
		checker->check->rules[match.rule].means++;
		if (!first)
			continue;
		if (match.means == P2P_YES) {
			checker->check->rules[match.rule].decides++;
			check_pair(checker, match.rule, provider, client);
		} else {
			note(checker, &(struct p2p_finding){ match.rule, P2P_CONDITION_MATCH, P2P_MAYBE, provider,
							     client, P2P_MAP_UNKNOWN, P2P_RULE_NONE, 0 });
		}
	}
}

static void check_pairs(struct checker *checker)
{
	size_t functions = checker->judge->machine->function_count;

	for (size_t i = 0; i < functions; i++)
		for (size_t j = 0; j < functions; j++)
			if (i != j)
				check_matches(checker, (int)i, (int)j);
}

static enum p2p_answer link_answer(const struct p2p_machine *machine, int index)
{
	enum p2p_link_state state = p2p_link_state(machine, index);

	return state == P2P_LINK_UNKNOWN ? P2P_MAYBE : state == P2P_LINK_DEGRADED ? P2P_NO : P2P_YES;
}

static enum p2p_answer memory_answer(const struct p2p_memory *memory, uint64_t least)
{
	if (p2p_absent(memory->fact))
		return P2P_NO;
	return !p2p_known(memory->fact) ? P2P_MAYBE : memory->size >= least ? P2P_YES : P2P_NO;
}

/* What a rule expects of the functions of the pairs that it decides. */
static void check_expectations(struct checker *checker, size_t rule)
{
	const struct p2p_machine *machine = checker->judge->machine;
	const struct p2p_policy_rule *at = &checker->policy->rules[rule];
	const bool *links = checker->links ? checker->links[rule] : NULL;
	const bool *memories = checker->memories ? checker->memories[rule] : NULL;
	struct p2p_finding finding = { .rule = rule, .client = P2P_NOBODY };

	for (size_t i = 0; i < machine->function_count; i++) {
		finding.provider = (int)i;
		if (links && links[i]) {
			finding.condition = P2P_CONDITION_LINK;
			finding.answer = link_answer(machine, (int)i);
			note(checker, &finding);
		}
		if (memories && memories[i]) {
			finding.condition = P2P_CONDITION_P2PMEM;
			finding.answer = memory_answer(&machine->functions[i].memory, at->p2pmem_least);
			note(checker, &finding);
		}
	}
	finding.provider = P2P_NOBODY;
	finding.answer = P2P_MAYBE;
	if (!checker->check->rules[rule].decides)
		return;
	finding.condition = P2P_CONDITION_PROVED;
	if (at->proved)
		note(checker, &finding);
	finding.condition = P2P_CONDITION_SPEED;
	if (at->bytes_per_second)
		note(checker, &finding);
}

#define CONDITIONS (P2P_CONDITION_SPEED + 1)

/*
 * By rule, then by condition; those of one condition were found in the order of
 * their devices, and stay in it.
 */
static void sort_findings(struct checker *checker)
{
	struct p2p_check *check = checker->check;
	size_t kinds = checker->policy->rule_count * CONDITIONS, at = 0;
	size_t *starts = p2p_arena_array(checker->arena, kinds, sizeof(*starts));

	for (size_t i = 0; i < checker->found_count; i++)
		starts[checker->found[i].rule * CONDITIONS + checker->found[i].condition]++;
	for (size_t i = 0; i < kinds; i++) {
		size_t count = starts[i];

		starts[i] = at;
		at += count;
	}
	check->finding_count = checker->found_count;
	check->findings = p2p_arena_array(checker->arena, checker->found_count, sizeof(*check->findings));
	for (size_t i = 0; i < checker->found_count; i++) {
		const struct p2p_finding *finding = &checker->found[i];

		check->findings[starts[finding->rule * CONDITIONS + finding->condition]++] = *finding;
	}
	free(checker->found);
}

void p2p_policy_check(const struct p2p_matcher *matcher, struct p2p_arena *arena, struct p2p_check *ret)
{
	struct checker checker = { .matcher = matcher,
				   .judge = p2p_matcher_judge(matcher),
				   .policy = p2p_matcher_policy(matcher),
				   .arena = arena,
				   .check = ret };

	*ret = (struct p2p_check){ 0 };
	ret->rules = p2p_arena_array(arena, checker.policy->rule_count, sizeof(*ret->rules));
	check_pairs(&checker);
	for (size_t i = 0; i < checker.policy->rule_count; i++) {
		struct p2p_rule_state *state = &ret->rules[i];

		check_expectations(&checker, i);
		p2p_matcher_count(matcher, i, &state->providers, &state->clients);
		ret->met += state->met;
		ret->not_met += state->not_met;
		ret->unknown += state->unknown;
	}
	sort_findings(&checker);
}

const char *p2p_condition_name(enum p2p_condition condition)
{
	static const char *const names[] = { "pair", "match", "link", "p2pmem", "proved", "bytes-per-second" };

	return names[condition];
}
