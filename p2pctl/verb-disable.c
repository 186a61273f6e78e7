/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl.h"
#include "force.h"
#include "history.h"

static void leave_alone(struct ctl *ctl, int index)
{
	if (!ctl->disabled[index] && ctl->history)
		history_slot(ctl, index, false);
	ctl->disabled[index] = true;
}

/* The functions named, or all that is no bridge. */
static enum p2p_exit choose(struct ctl *ctl)
{
	const struct p2p_machine *machine = ctl->topo.machine;

	for (size_t i = 0; !ctl->cli->arg_count && i < machine->function_count; i++)
		if (!p2p_function_is_bridge(&machine->functions[i]))
			leave_alone(ctl, (int)i);
	for (size_t i = 0; i < ctl->cli->arg_count; i++) {
		int index = topo_device(&ctl->topo, ctl->cli->args[i]);

		if (index == P2P_NOBODY)
			return P2P_EXIT_USAGE;
		leave_alone(ctl, index);
	}
	return P2P_EXIT_OK;
}

struct disable {
	struct ctl *ctl;
	bool dry;
	struct force *list;
	size_t count;
	bool *unwanted;
	struct p2p_problem problem; /* the first, for the history */
};

static enum p2p_exit take_back(struct disable *disable, const struct p2p_apply *apply)
{
	struct ctl *ctl = disable->ctl;
	struct p2p_problem last = { "" };
	enum p2p_exit code = P2P_EXIT_OK;
	size_t taken = 0;

	for (size_t i = disable->count; i-- > 0;) {
		const struct force *force = &disable->list[i];
		struct p2p_edit back = p2p_edit_inverse(force->edit);
		struct p2p_problem problem = { "" };

		if (!disable->unwanted[i])
			continue;
		if (!taken++)
			puts(disable->dry ? "Would be taken back" : "Taken back");
		force_print(ctl, "  ", &back);
		if (disable->dry)
			continue;
		if (!p2p_apply_undo_entry(apply, force->run, force->entry, &problem)) {
			ctl_say_left(ctl, &problem);
			continue;
		}
		enum p2p_exit stuck = ctl_say_stuck(ctl, force->edit, &problem, &last);

		if (!*disable->problem.text)
			disable->problem = problem;
		code = stuck > code ? stuck : code;
	}
	if (code == P2P_EXIT_REFUSED)
		ctl_say(ctl, "all is taken back; the next run that can write the journal notes it there");
	else if (code != P2P_EXIT_OK)
		ctl_say(ctl, "put it right, or leave it as it is with `p2pctl disable --forget`");
	if (!taken)
		puts("Nothing of ours is in force for it.");
	return code;
}

static enum p2p_exit change(struct disable *disable)
{
	struct ctl *ctl = disable->ctl;
	const struct p2p_apply apply = ctl_begin_changing(ctl);

	for (size_t i = disable->count; i-- > 0;)
		if (disable->unwanted[i])
			history_take_back(ctl, disable->list[i].run, disable->list[i].entry);
	history_begin(ctl);
	/* First, or an event in between would put it there again. */
	enum p2p_exit code = ctl_write_disabled(ctl);

	if (code == P2P_EXIT_OK)
		code = take_back(disable, &apply);
	history_end(ctl, history_outcome(code), disable->problem.text);
	ctl_end_changing();
	return code;
}

static enum p2p_exit disable(struct ctl *ctl)
{
	struct disable disable = { .ctl = ctl, .dry = p2p_cli_has(ctl->cli, "dry-run") };
	enum p2p_exit code = ctl_open_policy(ctl);

	if (code == P2P_EXIT_OK)
		code = ctl_read_disabled(ctl);
	if (code == P2P_EXIT_OK)
		code = choose(ctl);
	if (code != P2P_EXIT_OK)
		return code;
	const struct p2p_machine *machine = disable.dry ? force_recovered(ctl) : ctl->topo.machine;

	disable.count = force_list(ctl, &disable.list);
	disable.unwanted = p2p_arena_array(ctl->topo.arena, disable.count, sizeof(*disable.unwanted));
	force_unwanted(ctl, machine, disable.list, disable.count, disable.unwanted);
	return disable.dry ? take_back(&disable, NULL) : change(&disable);
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	enum p2p_exit code = ctl_begin(cli, &ctl);

	/* Without the lock: a dry run takes nothing back, not even what a killed run has left. */
	if (code == P2P_EXIT_OK)
		code = p2p_cli_has(cli, "dry-run") ? ctl_read_state(&ctl) : ctl_open_state(&ctl);
	if (code == P2P_EXIT_OK)
		code = ctl_look(&ctl, CTL_WANT);
	if (code == P2P_EXIT_OK)
		code = disable(&ctl);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_disable = {
	.word = "disable",
	.args = "[DEVICE...]",
	.summary = "take back what was changed for these devices, and leave them alone from now on",
	.details =
		"Without a device: for all. It holds over boots, for whatever is in the slots of these devices, until "
		"`p2pctl enable DEVICE`. Exit status: 0 done; 6 something could not be put back.",
	.run = run,
	.no_pager = true,
};
