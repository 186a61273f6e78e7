/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the same rules mean are one class, as providers and as
 * clients; what a rule decides is found once for two classes, and only where
 * a rule is about near ones is each pair looked at.
 */
#include "policy.h"

#include <linux/pci_regs.h>
#include <string.h>

#include "judge-internal.h"

struct classes {
	int *of;     /* by function; P2P_NOBODY: rules are not about it */
	uint8_t **mean; /* by class: enum p2p_answer, does each rule mean its functions? */
	size_t count;
};

/* The rules that mean both of two classes, in their order: each pair of these is decided among them. */
struct shared {
	bool known;
	uint32_t *rules;
	size_t count;
};

struct p2p_matcher {
	const struct p2p_policy *policy;
	const bool *applies;
	const struct p2p_judge *judge;
	struct p2p_arena *arena;
	struct classes providers, clients;
	struct shared *shared; /* by two classes, found when asked for the first time */
};

static int class_of(struct p2p_matcher *matcher, struct classes *classes, const uint8_t *mean)
{
	size_t rules = matcher->policy->rule_count;

	for (size_t i = 0; i < classes->count; i++)
		if (!memcmp(classes->mean[i], mean, rules * sizeof(*mean)))
			return (int)i;
	uint8_t *kept = p2p_arena_array(matcher->arena, rules, sizeof(*kept));

	memcpy(kept, mean, rules * sizeof(*mean));
	classes->mean[classes->count] = kept;
	return (int)classes->count++;
}

static void classify(struct p2p_matcher *matcher, struct classes *classes, bool as_client)
{
	const struct p2p_machine *machine = matcher->judge->machine;
	const struct p2p_policy *policy = matcher->policy;
	uint8_t *mean = p2p_arena_array(matcher->arena, policy->rule_count, sizeof(*mean));

	classes->of = p2p_arena_array(matcher->arena, machine->function_count, sizeof(*classes->of));
	classes->mean = p2p_arena_array(matcher->arena, machine->function_count, sizeof(*classes->mean));
	for (size_t i = 0; i < machine->function_count; i++) {
		classes->of[i] = P2P_NOBODY;
		if (!p2p_policy_may_mean(&machine->functions[i]))
			continue;
		for (size_t rule = 0; rule < policy->rule_count; rule++)
			mean[rule] = !matcher->applies[rule]
					     ? P2P_NO
					     : (uint8_t)p2p_selectors_answer(as_client ? &policy->rules[rule].clients
										       : &policy->rules[rule].providers,
									     machine, (int)i);
		classes->of[i] = class_of(matcher, classes, mean);
	}
}

struct p2p_matcher *p2p_matcher_new(const struct p2p_policy *policy, const bool *applies, const struct p2p_judge *judge,
				    struct p2p_arena *arena)
{
	struct p2p_matcher *matcher = p2p_arena_alloc(arena, sizeof(*matcher));

	*matcher = (struct p2p_matcher){ .policy = policy, .applies = applies, .judge = judge, .arena = arena };
	classify(matcher, &matcher->providers, false);
	classify(matcher, &matcher->clients, true);
	matcher->shared = p2p_arena_array(arena, matcher->providers.count * matcher->clients.count,
					  sizeof(*matcher->shared));
	return matcher;
}

static enum p2p_answer answer_of(bool yes)
{
	return yes ? P2P_YES : P2P_NO;
}

static enum p2p_answer same_node(const struct p2p_function *a, const struct p2p_function *b)
{
	if (p2p_known(a->numa_node.fact) && p2p_known(b->numa_node.fact))
		return answer_of(a->numa_node.value == b->numa_node.value);
	/* Where the firmware did not say, there is none to be the same. */
	return p2p_absent(a->numa_node.fact) || p2p_absent(b->numa_node.fact) ? P2P_NO : P2P_MAYBE;
}

/* Of two that meet at no bridge that is known. */
static enum p2p_answer same_hostbridge(const struct p2p_function *a, const struct p2p_function *b)
{
	if (a->hostbridge == P2P_NOBODY || b->hostbridge == P2P_NOBODY)
		return P2P_MAYBE;
	return answer_of(a->hostbridge == b->hostbridge);
}

enum p2p_answer p2p_is_within(const struct p2p_judge *judge, enum p2p_within within, int provider, int client)
{
	const struct p2p_function *functions = judge->machine->functions;
	const struct p2p_function *a = &functions[provider], *b = &functions[client];

	if (within == P2P_WITHIN_SYSTEM)
		return P2P_YES;
	if (within == P2P_WITHIN_NODE)
		return same_node(a, b);
	int common = p2p_judge_common(judge, provider, client);

	if (common == P2P_NOBODY && within == P2P_WITHIN_HOST_BRIDGE)
		return same_hostbridge(a, b);
	if (common == P2P_NOBODY)
		return judge->functions[provider].placed && judge->functions[client].placed ? P2P_NO : P2P_MAYBE;
	if (within != P2P_WITHIN_SWITCH)
		return P2P_YES;
	if (p2p_known(functions[common].port_type.fact))
		return answer_of(functions[common].port_type.value != PCI_EXP_TYPE_ROOT_PORT);
	return p2p_absent(functions[common].port_type.fact) ? P2P_NO : P2P_MAYBE;
}

/* Would both ends do? */
static enum p2p_answer mean_both(const struct p2p_matcher *matcher, int a, int b, size_t rule)
{
	return p2p_answer_and((enum p2p_answer)matcher->providers.mean[a][rule],
			      (enum p2p_answer)matcher->clients.mean[b][rule]);
}

/* NULL: one of the two is nothing that rules are about. */
static const struct shared *shared_of(const struct p2p_matcher *matcher, int provider, int client)
{
	int a = matcher->providers.of[provider], b = matcher->clients.of[client];

	if (a == P2P_NOBODY || b == P2P_NOBODY)
		return NULL;
	struct shared *shared = &matcher->shared[(size_t)a * matcher->clients.count + (size_t)b];

	if (shared->known)
		return shared;
	for (size_t i = 0; i < matcher->policy->rule_count; i++)
		shared->count += mean_both(matcher, a, b, i) != P2P_NO;
	shared->rules = p2p_arena_array(matcher->arena, shared->count, sizeof(*shared->rules));
	shared->count = 0;
	for (size_t i = 0; i < matcher->policy->rule_count; i++)
		if (mean_both(matcher, a, b, i) != P2P_NO)
			shared->rules[shared->count++] = (uint32_t)i;
	shared->known = true;
	return shared;
}

bool p2p_matcher_next(const struct p2p_matcher *matcher, int provider, int client, size_t *at,
		      struct p2p_match *ret)
{
	const struct shared *shared = shared_of(matcher, provider, client);

	while (shared && *at < shared->count) {
		size_t rule = shared->rules[(*at)++];
		enum p2p_answer ends =
			mean_both(matcher, matcher->providers.of[provider], matcher->clients.of[client], rule);

		ret->rule = rule;
		ret->means = p2p_answer_and(ends, p2p_is_within(matcher->judge, matcher->policy->rules[rule].within,
								provider, client));
		if (ret->means != P2P_NO)
			return true;
	}
	return false;
}

const struct p2p_policy_rule *p2p_matcher_rule(const struct p2p_matcher *matcher, int provider, int client)
{
	struct p2p_match match;
	size_t at = 0;

	if (!p2p_matcher_next(matcher, provider, client, &at, &match) || match.means != P2P_YES)
		return NULL;
	return &matcher->policy->rules[match.rule];
}

const struct p2p_policy *p2p_matcher_policy(const struct p2p_matcher *matcher)
{
	return matcher->policy;
}

const struct p2p_judge *p2p_matcher_judge(const struct p2p_matcher *matcher)
{
	return matcher->judge;
}

/* Does the rule wish anything that is done in that way?  Power is always pinned at runtime. */
static bool wishes(const struct p2p_policy_rule *rule, enum p2p_wish_by by)
{
	return (rule->redirect != P2P_REDIRECT_LEAVE && rule->by == by) || (rule->pin_power && by == P2P_BY_RUNTIME);
}

/* Could any pair of the two classes have such a wish? */
static bool may_wish(const struct p2p_matcher *matcher, int a, int b, enum p2p_wish_by by)
{
	for (size_t i = 0; i < matcher->policy->rule_count; i++) {
		const struct p2p_policy_rule *rule = &matcher->policy->rules[i];

		enum p2p_answer both = mean_both(matcher, a, b, i);

		if (both == P2P_NO)
			continue;
		if (wishes(rule, by))
			return true;
		/* It decides all of them, before any later rule; or it may, and then nobody does. */
		if (rule->within == P2P_WITHIN_SYSTEM)
			return false;
	}
	return false;
}

static void accept(const struct p2p_matcher *matcher, enum p2p_wish_by by, struct p2p_planner *planner)
{
	const struct p2p_machine *machine = matcher->judge->machine;

	for (size_t rule = 0; rule < matcher->policy->rule_count; rule++) {
		const struct p2p_policy_rule *at = &matcher->policy->rules[rule];

		if (!matcher->applies[rule] || !wishes(at, by) || !at->accept.count)
			continue;
		for (size_t i = 0; i < machine->function_count; i++)
			if (p2p_selectors_match(&at->accept, machine, (int)i))
				p2p_planner_accept(planner, (int)i);
	}
}

/* Functions of pairs that a rule which pins decides. */
static void pin_pair(const struct p2p_policy_rule *rule, int provider, int client, struct p2p_planner *planner)
{
	if (!rule->pin_power || rule->permit != P2P_PERMIT_ALLOW)
		return;
	p2p_planner_pin(planner, provider, rule->name);
	p2p_planner_pin(planner, client, rule->name);
}

static void wish_pair(const struct p2p_matcher *matcher, enum p2p_wish_by by, int provider, int client,
		      struct p2p_planner *planner)
{
	const struct p2p_policy_rule *rule = p2p_matcher_rule(matcher, provider, client);

	if (!rule || !wishes(rule, by))
		return;
	if (by == P2P_BY_RUNTIME)
		pin_pair(rule, provider, client, planner);
	if (rule->redirect == P2P_REDIRECT_LEAVE || rule->by != by)
		return;
	if (rule->redirect == P2P_REDIRECT_OFF)
		p2p_planner_clear_acs(planner, provider, client, rule->name);
	else
		p2p_planner_set_acs(planner, provider, client, rule->name);
}

void p2p_matcher_wish(const struct p2p_matcher *matcher, enum p2p_wish_by by, struct p2p_planner *planner)
{
	size_t functions = matcher->judge->machine->function_count, classes = matcher->clients.count;
	/* By two classes: 0 not asked yet, else whether their pairs must be looked at. */
	enum p2p_answer *may = p2p_arena_array(matcher->arena, matcher->providers.count * classes, sizeof(*may));

	accept(matcher, by, planner);
	for (size_t i = 0; i < functions; i++) {
		int a = matcher->providers.of[i];

		for (size_t j = 0; a != P2P_NOBODY && j < functions; j++) {
			int b = matcher->clients.of[j];

			if (i == j || b == P2P_NOBODY)
				continue;
			enum p2p_answer *known = &may[(size_t)a * classes + (size_t)b];

			if (!*known)
				*known = may_wish(matcher, a, b, by) ? P2P_YES : P2P_NO;
			if (*known == P2P_YES)
				wish_pair(matcher, by, (int)i, (int)j, planner);
		}
	}
}

void p2p_matcher_count(const struct p2p_matcher *matcher, size_t rule, size_t *ret_providers, size_t *ret_clients)
{
	*ret_providers = *ret_clients = 0;
	for (size_t i = 0; i < matcher->judge->machine->function_count; i++) {
		int a = matcher->providers.of[i], b = matcher->clients.of[i];

		*ret_providers += a != P2P_NOBODY && matcher->providers.mean[a][rule] != P2P_NO;
		*ret_clients += b != P2P_NOBODY && matcher->clients.mean[b][rule] != P2P_NO;
	}
}
