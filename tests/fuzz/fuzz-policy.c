/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer: any bytes as a policy file.  Refused with sentences that name the
 * file, or a policy that is printed and reads back to the same; never a crash,
 * a leak or a hang.
 */
#include <stdlib.h>
#include <string.h>

#include "../../core/io/policy.h"
#include "../../core/view/policy-yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct p2p_policy *parse(const char *text, size_t size)
{
	struct p2p_problems problems = { 0 };
	struct p2p_policy *policy = NULL;
	const char *says = NULL;
	int error = p2p_policy_parse("fuzz", text, size, &problems, &policy);

	if (!error != !!policy || !error != !problems.count)
		abort();
	while ((says = p2p_names_next(&problems.texts, says)))
		if (strncmp(says, "fuzz:", 5) != 0)
			abort();
	p2p_problems_free(&problems);
	return policy;
}

/* What every rule that was taken must hold. */
static void check_rule(const struct p2p_policy_rule *rule)
{
	if (!rule->name || !rule->name[0] || !rule->where.line || rule->permit == P2P_PERMIT_UNMANAGED)
		abort();
	if (rule->permit == P2P_PERMIT_DENY && (rule->redirect == P2P_REDIRECT_OFF || rule->pin_power))
		abort();
	if (rule->permit == P2P_PERMIT_ALLOW && rule->redirect == P2P_REDIRECT_ON)
		abort();
	if (!p2p_rule_covers(rule, rule))
		abort();
}

/* The policy as it is printed; comments and all that they name left out by reading it. */
static void print(const struct p2p_policy *policy, struct p2p_buf *ret)
{
	size_t count = policy->rule_count + policy->nvmet_count;
	enum p2p_answer *all = calloc(count + 1, sizeof(*all));

	for (size_t i = 0; i < count; i++)
		all[i] = P2P_YES;
	p2p_policy_yaml(policy, all, all, ret);
	free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p2p_policy *policy = parse((const char *)data, size);
	struct p2p_buf first = P2P_BUF_INIT, second = P2P_BUF_INIT;

	if (!policy)
		return 0;
	for (size_t i = 0; i < policy->rule_count; i++)
		check_rule(&policy->rules[i]);
	for (size_t i = 0; i < policy->nvmet_count; i++)
		if (!p2p_nvmet_covers(&policy->nvmet[i], &policy->nvmet[i]))
			abort();
	print(policy, &first);
	struct p2p_policy *again = parse(p2p_buf_text(&first), first.len);

	/* Printed twice, it stands at the same lines both times. */
	if (!again && first.len < 1 << 20)
		abort();
	if (again) {
		print(again, &second);
		struct p2p_policy *third = parse(p2p_buf_text(&second), second.len);

		p2p_buf_reset(&first);
		if (third)
			print(third, &first);
		if (!third || strcmp(p2p_buf_text(&first), p2p_buf_text(&second)) != 0)
			abort();
		p2p_policy_free(third);
	}
	p2p_policy_free(again);
	p2p_policy_free(policy);
	p2p_buf_free(&first);
	p2p_buf_free(&second);
	return 0;
}
