/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/view/json-machine.h"
#include "ctl.h"
#include "print-plan.h"

/* The arguments that do the same at boot; NULL: none is right for this kernel. */
static const char *bootargs_of(struct ctl *ctl, const struct p2p_plan *plan)
{
	struct p2p_remedy remedy = { 0 };

	/* For one pair the remedy has them; those of a policy are the verb bootargs's. */
	if (plan->outcome_count != 1 || plan->outcomes[0].says || plan->refused)
		return NULL;
	p2p_judge_remedy(ctl->topo.judge, &plan->outcomes[0].before, ctl->topo.arena, &remedy);
	return remedy.bootargs;
}

static enum p2p_exit plan_pair(struct ctl *ctl, const struct p2p_plan **ret)
{
	int provider = topo_device(&ctl->topo, ctl->cli->args[0]);
	int client = provider == P2P_NOBODY ? P2P_NOBODY : topo_device(&ctl->topo, ctl->cli->args[1]);

	if (client == P2P_NOBODY)
		return P2P_EXIT_USAGE;
	struct p2p_planner *planner = p2p_planner_new(ctl->topo.judge, ctl->topo.arena);

	p2p_planner_clear_acs(planner, provider, client, NULL);
	*ret = p2p_planner_finish(planner);
	return P2P_EXIT_OK;
}

static enum p2p_exit plan_policy(struct ctl *ctl, const struct p2p_plan **ret)
{
	enum p2p_exit code = ctl_open_policy(ctl);

	if (code == P2P_EXIT_OK)
		code = ctl_read_disabled(ctl);

	if (code == P2P_EXIT_OK)
		*ret = ctl_plan_policy(ctl, ctl->topo.judge);
	return code;
}

static enum p2p_exit print(struct ctl *ctl, const struct p2p_plan *plan)
{
	if (!p2p_cli_has(ctl->cli, "json")) {
		print_plan(&ctl->topo, plan, bootargs_of(ctl, plan));
	} else {
		struct p2p_json *json = p2p_json_new(stdout);

		p2p_json_envelope(json, "p2pctl/1", ctl->topo.machine);
		print_plan_json(json, plan, bootargs_of(ctl, plan));
		p2p_json_object_end(json);
		if (p2p_json_end(json))
			return P2P_EXIT_CANNOT_READ;
	}
	return plan->refused ? P2P_EXIT_REFUSED : P2P_EXIT_OK;
}

static int run(const struct p2p_cli *cli)
{
	const struct p2p_plan *plan = NULL;
	struct ctl ctl;
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK)
		code = ctl_look(&ctl, CTL_WANT);
	if (code == P2P_EXIT_OK)
		code = cli->arg_count ? plan_pair(&ctl, &plan) : plan_policy(&ctl, &plan);
	if (code == P2P_EXIT_OK)
		code = print(&ctl, plan);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_plan = {
	.word = "plan",
	.args = "[PROVIDER CLIENT]",
	.summary = "show what would be changed, which pairs get a way, and what it costs in isolation",
	.details = "Without devices: what the policy wishes. With two: what ACS change would give just them a way; no "
		   "policy is needed. Nothing is changed. Exit status: 0, or 5 when something wished for is refused.",
	.run = run,
};
