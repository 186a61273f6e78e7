/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the same rules mean are one class, as providers and as
 * clients; whether a rule wishes anything is found once for two classes, and
 * where only rules about near ones do, only these pairs are looked at.
 */
#include "policy.h"

#include <linux/pci_regs.h>
#include <string.h>

#include "judge-internal.h"

/* Functions that the same rules mean. */
struct class {
	uint32_t hash;
	uint8_t *mean;	 /* by rule: enum p2p_answer, does it mean them? */
	uint32_t *rules; /* those that do, or may, in their order */
	size_t rule_count;
};

struct classes {
	int *of; /* by function; P2P_NOBODY: rules are not about it */
	struct class *list;
	size_t count;
};

struct p2p_matcher {
	const struct p2p_policy *policy;
	const enum p2p_answer *applies;
	const struct p2p_judge *judge;
	struct p2p_arena *arena;
	struct classes providers, clients;
};

static uint32_t hash_of(const uint8_t *mean, size_t count)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ mean[i]) * 16777619u;
	return hash;
}

static void add_class(struct p2p_matcher *matcher, struct classes *classes, const uint8_t *mean, uint32_t hash)
{
	struct class *class = &classes->list[classes->count++];
	size_t rules = matcher->policy->rule_count, count = 0;

	for (size_t i = 0; i < rules; i++)
		count += mean[i] != P2P_NO;
	class->hash = hash;
	class->mean = p2p_arena_array(matcher->arena, rules, sizeof(*class->mean));
	class->rules = p2p_arena_array(matcher->arena, count, sizeof(*class->rules));
	memcpy(class->mean, mean, rules * sizeof(*mean));
	for (size_t i = 0; i < rules; i++)
		if (mean[i] != P2P_NO)
			class->rules[class->rule_count++] = (uint32_t)i;
}

static int class_of(struct p2p_matcher *matcher, struct classes *classes, const uint8_t *mean)
{
	size_t rules = matcher->policy->rule_count;
	uint32_t hash = hash_of(mean, rules);

	for (size_t i = 0; i < classes->count; i++)
		if (classes->list[i].hash == hash && !memcmp(classes->list[i].mean, mean, rules * sizeof(*mean)))
			return (int)i;
	add_class(matcher, classes, mean, hash);
	return (int)classes->count - 1;
}

/* Does the rule mean that function, at that end of a pair? */
static enum p2p_answer mean_one(const struct p2p_matcher *matcher, size_t rule, int function, bool as_client)
{
	const struct p2p_policy_rule *at = &matcher->policy->rules[rule];

	if (matcher->applies[rule] == P2P_NO)
		return P2P_NO;
	return p2p_answer_and(matcher->applies[rule],
			      p2p_selectors_answer(as_client ? &at->clients : &at->providers,
						   matcher->judge->machine, function));
}

static void classify(struct p2p_matcher *matcher, struct classes *classes, bool as_client)
{
	const struct p2p_machine *machine = matcher->judge->machine;
	const struct p2p_policy *policy = matcher->policy;
	uint8_t *mean = p2p_arena_array(matcher->arena, policy->rule_count, sizeof(*mean));

	classes->of = p2p_arena_array(matcher->arena, machine->function_count, sizeof(*classes->of));
	classes->list = p2p_arena_array(matcher->arena, machine->function_count, sizeof(*classes->list));
	for (size_t i = 0; i < machine->function_count; i++) {
		classes->of[i] = P2P_NOBODY;
		if (!p2p_policy_may_mean(&machine->functions[i]))
			continue;
		for (size_t rule = 0; rule < policy->rule_count; rule++)
			mean[rule] = (uint8_t)mean_one(matcher, rule, (int)i, as_client);
		classes->of[i] = class_of(matcher, classes, mean);
	}
}

struct p2p_matcher *p2p_matcher_new(const struct p2p_policy *policy, const enum p2p_answer *applies,
				    const struct p2p_judge *judge, struct p2p_arena *arena)
{
	struct p2p_matcher *matcher = p2p_arena_alloc(arena, sizeof(*matcher));

	*matcher = (struct p2p_matcher){ .policy = policy, .applies = applies, .judge = judge, .arena = arena };
	classify(matcher, &matcher->providers, false);
	classify(matcher, &matcher->clients, true);
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

bool p2p_matcher_next(const struct p2p_matcher *matcher, int provider, int client, size_t *at,
		      struct p2p_match *ret)
{
	int a = matcher->providers.of[provider], b = matcher->clients.of[client];

	/* One of the two is nothing that rules are about. */
	if (a == P2P_NOBODY || b == P2P_NOBODY)
		return false;
	const struct class *from = &matcher->providers.list[a], *to = &matcher->clients.list[b];

	while (*at < from->rule_count) {
		size_t rule = from->rules[(*at)++];
		enum p2p_answer ends =
			p2p_answer_and((enum p2p_answer)from->mean[rule], (enum p2p_answer)to->mean[rule]);

		if (ends == P2P_NO)
			continue;
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

/* Pairs that meet at no bridge are never that near. */
static bool asks_for_bridge(const struct p2p_policy_rule *rule)
{
	return rule->within == P2P_WITHIN_SWITCH || rule->within == P2P_WITHIN_ROOT_PORT;
}

/* Could any pair of the two classes have such a wish?  `meet`: those that meet at a bridge; else those that do not. */
static enum p2p_answer may_wish(const struct p2p_matcher *matcher, int a, int b, enum p2p_wish_by by, bool meet)
{
	const struct class *from = &matcher->providers.list[a], *to = &matcher->clients.list[b];

	for (size_t i = 0; i < from->rule_count; i++) {
		const struct p2p_policy_rule *rule = &matcher->policy->rules[from->rules[i]];

		if (to->mean[from->rules[i]] == P2P_NO || (!meet && asks_for_bridge(rule)))
			continue;
		if (wishes(rule, by))
			return P2P_YES;
		/* It decides all of them, before any later rule; or it may, and then nobody does. */
		if (rule->within == P2P_WITHIN_SYSTEM)
			return P2P_NO;
	}
	return P2P_NO;
}

/* Could any of the class, as provider, have such a wish for one that it meets at no bridge? */
static bool wishes_far(const struct p2p_matcher *matcher, int a, enum p2p_wish_by by)
{
	const struct class *class = &matcher->providers.list[a];

	for (size_t i = 0; i < class->rule_count; i++) {
		const struct p2p_policy_rule *rule = &matcher->policy->rules[class->rules[i]];

		if (wishes(rule, by) && !asks_for_bridge(rule))
			return true;
	}
	return false;
}

static void accept(const struct p2p_matcher *matcher, enum p2p_wish_by by, struct p2p_planner *planner)
{
	const struct p2p_machine *machine = matcher->judge->machine;

	for (size_t rule = 0; rule < matcher->policy->rule_count; rule++) {
		const struct p2p_policy_rule *at = &matcher->policy->rules[rule];

		if (matcher->applies[rule] != P2P_YES || !wishes(at, by) || !at->accept.count)
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

/* At a bridge: not where both are known to be below different ports of root buses, or on one. */
static bool may_meet(const struct p2p_judge *judge, int a, int b)
{
	const struct judge_function *x = &judge->functions[a], *y = &judge->functions[b];

	return x->top == y->top || !x->placed || !y->placed;
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
	if (!may_meet(matcher->judge, provider, client))
		p2p_planner_beyond(planner, provider, client, rule->name, rule->redirect == P2P_REDIRECT_ON);
	else if (rule->redirect == P2P_REDIRECT_OFF)
		p2p_planner_clear_acs(planner, provider, client, rule->name);
	else
		p2p_planner_set_acs(planner, provider, client, rule->name);
}

/* All pairs with that provider; `may`: by class of the client and whether they meet; 0 where it was not asked yet. */
static void wish_provider(const struct p2p_matcher *matcher, enum p2p_wish_by by, int provider, uint8_t (*may)[2],
			  struct p2p_planner *planner)
{
	const struct p2p_judge *judge = matcher->judge;
	size_t count = judge->machine->function_count;
	int a = matcher->providers.of[provider];
	const int *near = wishes_far(matcher, a, by) ? NULL : p2p_judge_near(judge, provider, &count);

	for (size_t i = 0; i < count; i++) {
		int client = near ? near[i] : (int)i, b = matcher->clients.of[client];
		bool meet = judge->functions[provider].top == judge->functions[client].top;

		if (client == provider || b == P2P_NOBODY)
			continue;
		if (!may[b][meet])
			may[b][meet] = (uint8_t)may_wish(matcher, a, b, by, meet);
		if (may[b][meet] == P2P_YES)
			wish_pair(matcher, by, provider, client, planner);
	}
}

void p2p_matcher_wish(const struct p2p_matcher *matcher, enum p2p_wish_by by, struct p2p_planner *planner)
{
	size_t functions = matcher->judge->machine->function_count, clients = matcher->clients.count;
	uint8_t(**may)[2] = p2p_arena_array(matcher->arena, matcher->providers.count, sizeof(*may));

	accept(matcher, by, planner);
	for (size_t i = 0; i < functions; i++) {
		int a = matcher->providers.of[i];

		if (a == P2P_NOBODY)
			continue;
		if (!may[a])
			may[a] = p2p_arena_array(matcher->arena, clients, sizeof(**may));
		wish_provider(matcher, by, (int)i, may[a], planner);
	}
}

void p2p_matcher_count(const struct p2p_matcher *matcher, size_t rule, size_t *ret_providers, size_t *ret_clients)
{
	*ret_providers = *ret_clients = 0;
	for (size_t i = 0; i < matcher->judge->machine->function_count; i++) {
		int a = matcher->providers.of[i], b = matcher->clients.of[i];

		*ret_providers += a != P2P_NOBODY && matcher->providers.list[a].mean[rule] != P2P_NO;
		*ret_clients += b != P2P_NOBODY && matcher->clients.list[b].mean[rule] != P2P_NO;
	}
}
