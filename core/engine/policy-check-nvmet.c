/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The namespaces of nvmet against what a policy wishes for them. */
#include <string.h>

#include "judge-internal.h"
#include "policy-check.h"

static void note(struct p2p_check *check, const struct p2p_nvmet_finding *finding)
{
	struct p2p_wish_state *state = &check->wishes[finding->wish];
	bool yes = finding->answer == P2P_YES, no = finding->answer == P2P_NO;

	state->met += yes;
	state->not_met += no;
	state->unknown += !yes && !no;
	if (!yes)
		check->nvmet[check->nvmet_count++] = *finding;
}

static void check_namespace(const struct p2p_judge *judge, const struct p2p_nvmet_wish *wish,
			    const struct p2p_namespace *namespace, struct p2p_arena *arena,
			    struct p2p_nvmet_finding *finding)
{
	finding->answer = P2P_MAYBE;
	finding->wished = p2p_nvmet_wished(judge, wish, namespace, arena, &finding->says, &finding->answer);
	if (!finding->wished)
		return;
	if (p2p_known(namespace->p2pmem.fact)) {
		finding->answer = strcmp(finding->wished, namespace->p2pmem.text) ? P2P_NO : P2P_YES;
	} else if (p2p_absent(namespace->p2pmem.fact)) {
		finding->answer = wish->memory == P2P_NVMET_OFF ? P2P_YES : P2P_NO;
		finding->says = "this kernel's nvmet has no p2pmem";
	} else {
		finding->answer = P2P_MAYBE;
		finding->says = "what it is set to cannot be read";
	}
}

/* Of that wish, all that it decides. */
static void check_wish(const struct p2p_matcher *matcher, const enum p2p_answer *applies, size_t index,
		       struct p2p_arena *arena, struct p2p_check *ret)
{
	const struct p2p_judge *judge = p2p_matcher_judge(matcher);
	const struct p2p_policy *policy = p2p_matcher_policy(matcher);
	const struct p2p_nvmet_wish *wish = &policy->nvmet[index];
	struct p2p_wish_state *state = &ret->wishes[index];

	for (size_t i = 0; i < judge->machine->namespace_count; i++) {
		const struct p2p_namespace *namespace = &judge->machine->namespaces[i];
		struct p2p_nvmet_finding finding = { .wish = index, .namespace = (int)i, .answer = P2P_MAYBE };
		enum p2p_answer means = P2P_NO;

		if (!p2p_nvmet_wish_for(wish, &applies[index], 1, namespace, &means))
			continue;
		state->means++;
		if (p2p_nvmet_wish_for(policy->nvmet, applies, policy->nvmet_count, namespace, &means) != wish)
			continue;
		state->decides++;
		if (means == P2P_MAYBE)
			finding.says = "the name of this host is not known, so nor is whether it is wished here";
		else
			check_namespace(judge, wish, namespace, arena, &finding);
		note(ret, &finding);
	}
	if (applies[index] == P2P_NO || judge->machine->nvmet.know != P2P_UNKNOWN)
		return;
	note(ret, &(struct p2p_nvmet_finding){ .wish = index, .namespace = P2P_NOBODY, .answer = P2P_MAYBE,
					       .says = "which namespaces there are is not known" });
}

void p2p_policy_check_nvmet(const struct p2p_matcher *matcher, const enum p2p_answer *applies,
			    struct p2p_arena *arena, struct p2p_check *ret)
{
	size_t wishes = p2p_matcher_policy(matcher)->nvmet_count;

	ret->wishes = p2p_arena_array(arena, wishes, sizeof(*ret->wishes));
	ret->nvmet = p2p_arena_array(arena, wishes + p2p_matcher_judge(matcher)->machine->namespace_count,
				     sizeof(*ret->nvmet));
	for (size_t i = 0; i < wishes; i++) {
		const struct p2p_wish_state *state = &ret->wishes[i];

		check_wish(matcher, applies, i, arena, ret);
		ret->met += state->met;
		ret->not_met += state->not_met;
		ret->unknown += state->unknown;
	}
}
