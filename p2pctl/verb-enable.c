/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/io/state.h"
#include "ctl.h"
#include "force.h"
#include "print-plan.h"

static enum p2p_exit apply(struct ctl *ctl, const struct p2p_plan *plan, bool automatic)
{
	const struct p2p_apply apply = ctl_begin_changing(ctl);
	struct p2p_problem problem = { "" };
	size_t stuck = 0;
	int error = p2p_apply_run(&apply, plan->edits, plan->edit_count, automatic, "enable", &problem, &stuck);

	ctl_end_changing();
	if (!error)
		return P2P_EXIT_OK;
	p2p_cli_complain(ctl->cli, stderr, &problem);
	if (!stuck) {
		ctl_say(ctl, "no change was made: what had been done was taken back");
		return P2P_EXIT_REFUSED;
	}
	ctl_say(ctl, "not all of what had been done could be taken back; `p2pctl status` shows what is left");
	return P2P_EXIT_HUMAN;
}

/* The rehearsed machine, as a snapshot: p2ptopo -F shows what would then be. */
static enum p2p_exit save(struct ctl *ctl, const char *path)
{
	struct p2p_scan_options options = { .want = P2P_WANT_ALL | P2P_WANT_ORDER | P2P_WANT_TARGETS |
						    P2P_WANT_RUNNING };
	struct p2p_source *record = p2p_source_record(ctl->topo.source);
	struct p2p_problem problem = { "" };
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_machine *machine = NULL;
	int error;

	ctl->topo.source = record;
	error = p2p_scan(record, &options, &problem, &machine);
	p2p_machine_free(machine);
	if (error)
		return ctl_complain(ctl, error, &problem);
	p2p_source_transcript(record, &text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || write(fd, text.text, text.len) != (ssize_t)text.len)
		error = p2p_problem_set(&problem, -EIO, "%s: %s", path, p2p_problem_errno(-errno));
	if (fd >= 0)
		close(fd);
	p2p_buf_free(&text);
	return error ? ctl_complain(ctl, error, &problem) : P2P_EXIT_OK;
}

static enum p2p_exit report(struct ctl *ctl, const struct p2p_plan *plan)
{
	if (!plan->edit_count && !plan->refused) {
		/* Events come by the hundred, also where nobody has a policy. */
		if (p2p_cli_has(ctl->cli, "auto"))
			return P2P_EXIT_OK;
		puts(plan->outcome_count || plan->target_count
			     ? "Nothing is to be changed: it is as the policy wishes."
			     : "The policy wishes no change at runtime; `p2pctl plan A B` plans for two "
			       "devices, `p2pctl policy suggest A B` prints rules to start from.");
		return P2P_EXIT_OK;
	}
	if (p2p_cli_has(ctl->cli, "auto"))
		print_plan_short(&ctl->topo, plan);
	else
		print_plan(&ctl->topo, plan, NULL);
	return plan->refused ? P2P_EXIT_REFUSED : P2P_EXIT_OK;
}

/* Devices that are named are no longer disabled. */
static enum p2p_exit mind_disabled(struct ctl *ctl, bool dry)
{
	enum p2p_exit code = ctl_read_disabled(ctl);

	for (size_t i = 0; code == P2P_EXIT_OK && i < ctl->cli->arg_count; i++) {
		int index = topo_device(&ctl->topo, ctl->cli->args[i]);

		if (index == P2P_NOBODY)
			return P2P_EXIT_USAGE;
		ctl->disabled[index] = false;
	}
	return code == P2P_EXIT_OK && ctl->cli->arg_count && !dry ? ctl_write_disabled(ctl) : code;
}

/*
 * What is in force and nobody wishes any more, because the policy has changed,
 * or what would be refused by now, because a device has got another owner.
 * *ret is the machine as it is then, when something was taken back.
 */
static enum p2p_exit take_back(struct ctl *ctl, const struct p2p_machine **ret)
{
	struct force *list;
	size_t count = force_list(ctl, &list);
	bool *unwanted = p2p_arena_array(ctl->topo.arena, count, sizeof(*unwanted));

	force_unwanted(ctl, list, count, unwanted);
	const struct p2p_apply apply = ctl_begin_changing(ctl);
	enum p2p_exit code = P2P_EXIT_OK;
	struct p2p_problem last = { "" };
	size_t all = count, taken = 0;

	/* All of them, whatever becomes of one: a namespace that is off for its sake must come back. */
	while (count-- > 0) {
		struct p2p_problem problem = { "" };

		if (!unwanted[count])
			continue;
		if (p2p_apply_undo_entry(&apply, list[count].run, list[count].entry, &problem)) {
			enum p2p_exit stuck = ctl_say_stuck(ctl, list[count].edit, &problem, &last);

			code = stuck > code ? stuck : code;
			continue;
		}
		ctl_say_left(ctl, &problem);
		unwanted[count] = !*problem.text;
		if (*problem.text)
			continue;
		struct p2p_edit back = p2p_edit_inverse(list[count].edit);
		struct p2p_buf text = P2P_BUF_INIT;

		p2p_buf_puts(&text, "No longer wished or allowed, taken back: ");
		p2p_edit_format(&text, &back);
		topo_print_text(&ctl->topo, "", "    ", p2p_buf_text(&text));
		p2p_buf_free(&text);
	}
	ctl_end_changing();
	for (size_t i = 0; i < all; i++)
		if (unwanted[i])
			list[taken++] = list[i];
	if (taken)
		*ret = force_original(ctl, list, taken);
	if (code == P2P_EXIT_REFUSED)
		ctl_say(ctl, "what is no longer wished is taken back; nothing else is changed before the journal can "
			     "be written");
	else if (code != P2P_EXIT_OK)
		ctl_say(ctl, "nothing else is changed before that: put it right, or leave it as it is with "
			     "`p2pctl enable --forget`");
	return code;
}

static enum p2p_exit enable(struct ctl *ctl)
{
	bool automatic = p2p_cli_has(ctl->cli, "auto"), dry = p2p_cli_has(ctl->cli, "dry-run");
	enum p2p_exit code = ctl_open_policy(ctl);
	const struct p2p_machine *now = NULL;

	if (code == P2P_EXIT_OK)
		code = mind_disabled(ctl, dry);
	if (code == P2P_EXIT_OK && !dry)
		code = take_back(ctl, &now);
	if (code != P2P_EXIT_OK)
		return code;
	if (now) {
		p2p_judge_free(ctl->topo.judge);
		ctl->topo.judge = p2p_judge_new(now, ctl->topo.hardware);
		ctl->matcher = NULL; /* it asked the one before */
	}
	const struct p2p_plan *plan = ctl_plan_policy(ctl, ctl->topo.judge);

	if (plan->edit_count && !dry)
		code = apply(ctl, plan, automatic);
	if (code == P2P_EXIT_OK)
		code = report(ctl, plan);
	if (!dry && p2p_cli_value(ctl->cli, "save") && (code == P2P_EXIT_OK || code == P2P_EXIT_REFUSED)) {
		enum p2p_exit saved = save(ctl, p2p_cli_value(ctl->cli, "save"));

		code = code == P2P_EXIT_OK ? saved : code;
	}
	return code;
}

/* What undo left in the way of automatic runs; one that a person asks for removes it. */
static enum p2p_exit mind_hold(struct ctl *ctl, bool *ret_held)
{
	struct p2p_problem problem = { "" };

	*ret_held = false;
	if (p2p_cli_has(ctl->cli, "auto")) {
		*ret_held = faccessat(ctl->state_fd, "hold", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
		if (*ret_held)
			ctl_say(ctl, "held: undo took the last run back; `p2pctl enable` ends that");
		return P2P_EXIT_OK;
	}
	int error = p2p_state_remove(ctl->state_fd, "hold");

	if (!error)
		return P2P_EXIT_OK;
	p2p_problem_set(&problem, error, "%s/hold: %s", ctl->state, p2p_problem_errno(error));
	return ctl_complain(ctl, error, &problem);
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	enum p2p_exit code = ctl_begin(cli, &ctl);
	bool held = false;

	if (code == P2P_EXIT_OK && p2p_cli_value(cli, "save") && !ctl.rehearsal) {
		ctl_say(&ctl, "--save goes with --from: it writes a rehearsed machine");
		code = P2P_EXIT_USAGE;
	}
	if (code == P2P_EXIT_OK && !p2p_cli_has(cli, "dry-run")) {
		code = ctl_open_state(&ctl);
		if (code == P2P_EXIT_OK)
			code = mind_hold(&ctl, &held);
	}
	if (code == P2P_EXIT_OK && !held)
		code = ctl_look(&ctl, CTL_WANT);
	if (code == P2P_EXIT_OK && !held)
		code = enable(&ctl);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_enable = {
	.word = "enable",
	.args = "[DEVICE...]",
	.summary = "change what the policy wishes, all of it or nothing, and write down how to take it back",
	.details = "A device that is named is no longer disabled. Only runtime wishes are carried out; those for the "
		   "command line are the verb bootargs's. Running it "
		   "again changes nothing. Exit status: 0 it is so; 5 something was refused, or a failure made it take "
		   "back what it had done; 6 not all could be taken back.",
	.run = run,
	.no_pager = true,
};
