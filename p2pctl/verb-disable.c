/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl.h"
#include "force.h"

/* The functions named, or all that is no bridge. */
static enum p2p_exit choose(struct ctl *ctl)
{
	const struct p2p_machine *machine = ctl->topo.machine;

	for (size_t i = 0; !ctl->cli->arg_count && i < machine->function_count; i++)
		ctl->disabled[i] = !p2p_function_is_bridge(&machine->functions[i]);
	for (size_t i = 0; i < ctl->cli->arg_count; i++) {
		int index = topo_device(&ctl->topo, ctl->cli->args[i]);

		if (index == P2P_NOBODY)
			return P2P_EXIT_USAGE;
		ctl->disabled[index] = true;
	}
	return P2P_EXIT_OK;
}

static enum p2p_exit take_back(struct ctl *ctl)
{
	bool dry = p2p_cli_has(ctl->cli, "dry-run");
	struct p2p_problem last = { "" };
	struct p2p_buf text = P2P_BUF_INIT;
	enum p2p_exit code = P2P_EXIT_OK;
	struct force *list;
	size_t count = force_list(ctl, &list), taken = 0;
	bool *unwanted = p2p_arena_array(ctl->topo.arena, count, sizeof(*unwanted));

	force_unwanted(ctl, list, count, unwanted);
	const struct p2p_apply apply = ctl_begin_changing(ctl);

	while (count-- > 0) {
		struct p2p_edit back = p2p_edit_inverse(list[count].edit);
		struct p2p_problem problem = { "" };

		if (!unwanted[count])
			continue;
		p2p_buf_reset(&text);
		p2p_edit_format(&text, &back);
		if (!taken++)
			puts(dry ? "Would be taken back" : "Taken back");
		printf("  %s\n", p2p_buf_text(&text));
		if (dry)
			continue;
		if (!p2p_apply_undo_entry(&apply, list[count].run, list[count].entry, &problem)) {
			ctl_say_left(ctl, &problem);
			continue;
		}
		enum p2p_exit stuck = ctl_say_stuck(ctl, list[count].edit, &problem, &last);

		code = stuck > code ? stuck : code;
	}
	ctl_end_changing();
	if (code == P2P_EXIT_REFUSED)
		ctl_say(ctl, "all is taken back; the next run that can write the journal notes it there");
	else if (code != P2P_EXIT_OK)
		ctl_say(ctl, "put it right, or leave it as it is with `p2pctl disable --forget`");
	if (!taken)
		puts("Nothing of ours is in force for it.");
	p2p_buf_free(&text);
	return code;
}

static enum p2p_exit disable(struct ctl *ctl)
{
	enum p2p_exit code = ctl_open_policy(ctl);

	if (code == P2P_EXIT_OK)
		code = ctl_read_disabled(ctl);
	if (code == P2P_EXIT_OK)
		code = choose(ctl);
	/* First, or an event in between would put it there again. */
	if (code == P2P_EXIT_OK && !p2p_cli_has(ctl->cli, "dry-run"))
		code = ctl_write_disabled(ctl);
	return code == P2P_EXIT_OK ? take_back(ctl) : code;
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
