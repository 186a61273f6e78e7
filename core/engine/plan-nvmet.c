/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wishes for nvmet namespaces, and for power management.
 *
 * KERNEL: drivers/nvme/target/configfs.c:nvmet_ns_p2pmem_store (EBUSY while the
 * namespace is enabled), drivers/pci/p2pdma.c:pci_p2pdma_enable_store: "0" and
 * "1" and a full address are what it never takes for something else (4.20-).
 */
#include <string.h>

#include "../base/text.h"
#include "judge-internal.h"
#include "plan-internal.h"

void p2p_planner_nvmet(struct p2p_planner *planner, const struct p2p_nvmet_wish *wishes,
		       const enum p2p_answer *applies, size_t count)
{
	planner->nvmet = wishes;
	planner->nvmet_applies = applies;
	planner->nvmet_count = count;
}

void p2p_planner_pin(struct p2p_planner *planner, int function, const char *rule)
{
	const struct p2p_function *at = &planner->judge->machine->functions[function];
	char address[P2P_BDF_TEXT];

	if (planner->left[function] || planner->pinned[function] || !p2p_known(at->power_control.fact) ||
	    !strcmp(at->power_control.text, "on"))
		return;
	planner->pinned[function] = true;
	p2p_bdf_format(at->bdf, true, address);
	p2p_planner_text(planner, p2p_arena_printf(planner->arena, "sys/bus/pci/devices/%s/power/control", address),
			 at->power_control.text, "on", rule);
}

const struct p2p_nvmet_wish *p2p_nvmet_wish_for(const struct p2p_nvmet_wish *wishes, const enum p2p_answer *applies,
						size_t count, const struct p2p_namespace *namespace,
						enum p2p_answer *ret_means)
{
	for (size_t i = 0; i < count; i++) {
		const struct p2p_nvmet_wish *wish = &wishes[i];

		if (applies[i] == P2P_NO || !p2p_text_glob(wish->subsystem, namespace->subsystem) ||
		    (wish->namespace && strcmp(wish->namespace, namespace->number) != 0))
			continue;
		*ret_means = applies[i];
		return wish;
	}
	return NULL;
}

/* The one function that a selector names; otherwise why not. */
static int find_provider(const struct p2p_machine *machine, const struct p2p_selector *selector, const char **ret_says,
			 enum p2p_answer *ret_answer)
{
	size_t sure = 0, perhaps = 0;
	int found = P2P_NOBODY;

	for (size_t i = 0; i < machine->function_count; i++) {
		enum p2p_answer answer = p2p_selector_answer(selector, machine, (int)i);

		sure += answer == P2P_YES;
		perhaps += answer == P2P_MAYBE;
		found = answer == P2P_YES ? (int)i : found;
	}
	if (sure == 1 && !perhaps)
		return found;
	*ret_answer = sure <= 1 ? P2P_MAYBE : P2P_NO;
	*ret_says = "it is not known which device the selector of its p2pmem names";
	if (!sure && !perhaps) {
		*ret_answer = P2P_NO;
		*ret_says = "the selector of its p2pmem names no device here";
	} else if (sure > 1) {
		*ret_says = "the selector of its p2pmem names several devices";
	}
	return P2P_NOBODY;
}

/* Would the kernel refuse to enable the namespace with that provider?  NULL: no, or it is not known. */
static const char *refusal(const struct p2p_judge *judge, int provider, int client)
{
	struct p2p_verdict verdict;
	struct p2p_offer offer;

	p2p_judge_offer(judge, provider, &offer);
	if (offer.kind != P2P_OFFER_P2PMEM && offer.kind != P2P_OFFER_UNKNOWN)
		return "the provider has no p2pmem";
	if (offer.kind == P2P_OFFER_P2PMEM && offer.published == P2P_NO)
		return "the provider has not published its p2pmem";
	if (client == P2P_NOBODY)
		return NULL;
	p2p_judge_pair(judge, provider, client, &verdict);
	return verdict.supported == P2P_NO ? "the kernel refuses that provider for this disk" : NULL;
}

const char *p2p_nvmet_wished(const struct p2p_judge *judge, const struct p2p_nvmet_wish *wish,
			     const struct p2p_namespace *namespace, struct p2p_arena *arena, const char **ret_says,
			     enum p2p_answer *ret_answer)
{
	const struct p2p_machine *machine = judge->machine;
	char address[P2P_BDF_TEXT];

	if (wish->memory != P2P_NVMET_DEVICE)
		return wish->memory == P2P_NVMET_AUTO ? "1" : "0";
	int provider = find_provider(machine, &wish->provider, ret_says, ret_answer);

	if (provider == P2P_NOBODY)
		return NULL;
	*ret_says = refusal(judge, provider, namespace->function);
	*ret_answer = P2P_NO;
	if (*ret_says)
		return NULL;
	return p2p_arena_strdup(arena, p2p_bdf_format(machine->functions[provider].bdf, true, address));
}

static void decide(struct p2p_planner *planner, const struct p2p_judge *after, struct p2p_target *target,
		   const struct p2p_nvmet_wish *wish, enum p2p_answer means)
{
	const struct p2p_namespace *namespace = &planner->judge->machine->namespaces[target->namespace];
	enum p2p_answer answer;

	target->rule = wish->name;
	if (means == P2P_MAYBE) {
		target->says = "the name of this host is not known, so nor is whether it is wished here";
		return;
	}
	if (!p2p_known(namespace->p2pmem.fact) || !p2p_known(namespace->enabled.fact)) {
		target->says = p2p_absent(namespace->p2pmem.fact) ? "this kernel's nvmet has no p2pmem"
								  : "what it is set to cannot be read";
		return;
	}
	target->after = p2p_nvmet_wished(after, wish, namespace, planner->arena, &target->says, &answer);
	if (!target->after || !strcmp(target->after, namespace->p2pmem.text))
		return;
	target->refused = namespace->enabled.value && !wish->restart;
	target->restart = namespace->enabled.value && wish->restart;
	if (target->refused)
		target->says = "it is live, and the policy says live: refuse; live: restart disables it for a moment";
}

static void make_texts(struct p2p_planner *planner, const struct p2p_target *target)
{
	const struct p2p_namespace *namespace = &planner->judge->machine->namespaces[target->namespace];
	const char *enable = p2p_arena_printf(planner->arena, "%s/enable", namespace->key);
	const char *p2pmem = p2p_arena_printf(planner->arena, "%s/p2pmem", namespace->key);

	if (!target->after || target->says || !strcmp(target->after, namespace->p2pmem.text))
		return;
	if (target->restart)
		p2p_planner_text(planner, enable, "1", "0", target->rule);
	p2p_planner_text(planner, p2pmem, namespace->p2pmem.text, target->after, target->rule);
	if (target->restart)
		p2p_planner_text(planner, enable, "0", "1", target->rule);
}

void p2p_plan_targets(struct p2p_planner *planner, const struct p2p_judge *after, struct p2p_plan *plan)
{
	const struct p2p_machine *machine = planner->judge->machine;
	struct p2p_target *targets = p2p_arena_array(planner->arena, machine->namespace_count, sizeof(*targets));

	for (size_t i = 0; i < machine->namespace_count; i++) {
		const struct p2p_namespace *namespace = &machine->namespaces[i];
		enum p2p_answer means = P2P_YES;
		const struct p2p_nvmet_wish *wish = p2p_nvmet_wish_for(planner->nvmet, planner->nvmet_applies,
								       planner->nvmet_count, namespace, &means);

		if (!wish || (namespace->function != P2P_NOBODY && planner->left[namespace->function]))
			continue;
		struct p2p_target *target = &targets[plan->target_count++];

		target->namespace = (int)i;
		decide(planner, after, target, wish, means);
		make_texts(planner, target);
	}
	plan->targets = targets;
}
