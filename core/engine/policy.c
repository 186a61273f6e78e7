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
	int *of;     /* by function; P2P_NOBODY: a bridge */
	bool **mean; /* by class: does each rule mean its functions? */
	size_t count;
};

struct p2p_matcher {
	const struct p2p_policy *policy;
	const bool *applies;
	const struct p2p_judge *judge;
	struct p2p_arena *arena;
	struct classes providers, clients;
};

static int class_of(struct p2p_matcher *matcher, struct classes *classes, const bool *mean)
{
	size_t rules = matcher->policy->rule_count;

	for (size_t i = 0; i < classes->count; i++)
		if (!memcmp(classes->mean[i], mean, rules * sizeof(*mean)))
			return (int)i;
	bool *kept = p2p_arena_array(matcher->arena, rules, sizeof(*kept));

	memcpy(kept, mean, rules * sizeof(*mean));
	classes->mean[classes->count] = kept;
	return (int)classes->count++;
}

static void classify(struct p2p_matcher *matcher, struct classes *classes, bool as_client)
{
	const struct p2p_machine *machine = matcher->judge->machine;
	const struct p2p_policy *policy = matcher->policy;
	bool *mean = p2p_arena_array(matcher->arena, policy->rule_count, sizeof(*mean));

	classes->of = p2p_arena_array(matcher->arena, machine->function_count, sizeof(*classes->of));
	classes->mean = p2p_arena_array(matcher->arena, machine->function_count, sizeof(*classes->mean));
	for (size_t i = 0; i < machine->function_count; i++) {
		classes->of[i] = P2P_NOBODY;
		if (p2p_function_is_bridge(&machine->functions[i]))
			continue;
		for (size_t rule = 0; rule < policy->rule_count; rule++)
			mean[rule] = matcher->applies[rule] &&
				     p2p_selectors_match(as_client ? &policy->rules[rule].clients
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
	return matcher;
}

/* Is the way between the two no wider than the rule means?  Where that is not known it is not. */
static bool is_within(const struct p2p_matcher *matcher, enum p2p_within within, int provider, int client)
{
	const struct p2p_function *functions = matcher->judge->machine->functions;
	const struct p2p_function *a = &functions[provider], *b = &functions[client];

	if (within == P2P_WITHIN_SYSTEM)
		return true;
	if (within == P2P_WITHIN_NODE)
		return p2p_known(a->numa_node.fact) && p2p_known(b->numa_node.fact) &&
		       a->numa_node.value == b->numa_node.value;
	if (within == P2P_WITHIN_HOST_BRIDGE)
		return a->hostbridge != P2P_NOBODY && a->hostbridge == b->hostbridge;
	int common = p2p_judge_common(matcher->judge, provider, client);

	if (common == P2P_NOBODY || within == P2P_WITHIN_ROOT_PORT)
		return common != P2P_NOBODY;
	return p2p_known(functions[common].port_type.fact) &&
	       functions[common].port_type.value != PCI_EXP_TYPE_ROOT_PORT;
}

const struct p2p_policy_rule *p2p_matcher_rule(const struct p2p_matcher *matcher, int provider, int client)
{
	int a = matcher->providers.of[provider], b = matcher->clients.of[client];

	if (a == P2P_NOBODY || b == P2P_NOBODY)
		return NULL;
	for (size_t i = 0; i < matcher->policy->rule_count; i++)
		if (matcher->providers.mean[a][i] && matcher->clients.mean[b][i] &&
		    is_within(matcher, matcher->policy->rules[i].within, provider, client))
			return &matcher->policy->rules[i];
	return NULL;
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

		if (!matcher->providers.mean[a][i] || !matcher->clients.mean[b][i])
			continue;
		if (wishes(rule, by))
			return true;
		if (rule->within == P2P_WITHIN_SYSTEM)
			return false; /* it decides all of them, before any later rule */
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

		*ret_providers += a != P2P_NOBODY && matcher->providers.mean[a][rule];
		*ret_clients += b != P2P_NOBODY && matcher->clients.mean[b][rule];
	}
}
