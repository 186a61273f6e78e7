/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/io/state.h"
#include "ctl.h"
#include "force.h"
#include "history.h"
#include "print-plan.h"

/* What this run is about; memory of the arena of ctl->topo. */
struct enable {
	struct ctl *ctl;
	bool dry;
	struct force *force; /* what is in force, and what of it nobody wishes any more */
	size_t force_count;
	bool *unwanted;
	struct p2p_judge *judge; /* of the machine without that */
	const struct p2p_plan *plan;
	struct p2p_problem problem; /* the first, for the history */
};

static void complain(struct enable *enable, const struct p2p_problem *problem)
{
	if (!*enable->problem.text)
		enable->problem = *problem;
	p2p_cli_complain(enable->ctl->cli, stderr, problem);
}

static enum p2p_exit make(struct enable *enable, const struct p2p_apply *apply)
{
	const struct p2p_plan *plan = enable->plan;
	struct p2p_problem problem = { "" };
	size_t stuck = 0;
	int error = p2p_apply_run(apply, plan->edits, plan->edit_count, p2p_cli_has(enable->ctl->cli, "auto"), "enable",
				  &problem, &stuck);

	if (!error)
		return P2P_EXIT_OK;
	complain(enable, &problem);
	if (!stuck) {
		ctl_say(enable->ctl, "no change was made: what had been done was taken back");
		return P2P_EXIT_REFUSED;
	}
	ctl_say(enable->ctl,
		"not all of what had been done could be taken back; `p2pctl status` shows what is left");
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

/* Devices that are named are no longer disabled; their slots are for the history. */
static enum p2p_exit choose(struct ctl *ctl)
{
	enum p2p_exit code = ctl_read_disabled(ctl);

	for (size_t i = 0; code == P2P_EXIT_OK && i < ctl->cli->arg_count; i++) {
		int index = topo_device(&ctl->topo, ctl->cli->args[i]);

		if (index == P2P_NOBODY)
			return P2P_EXIT_USAGE;
		if (ctl->disabled[index] && ctl->history)
			history_slot(ctl, index, true);
		ctl->disabled[index] = false;
	}
	return code;
}

/*
 * What is in force and nobody wishes any more, because the policy has changed,
 * or what would be refused by now, because a device has got another owner.
 */
static enum p2p_exit take_back(struct enable *enable, const struct p2p_apply *apply)
{
	enum p2p_exit code = P2P_EXIT_OK;
	struct ctl *ctl = enable->ctl;
	struct p2p_problem last = { "" };

	/* All of them, whatever becomes of one: a namespace that is off for its sake must come back. */
	for (size_t i = enable->force_count; i-- > 0;) {
		const struct force *force = &enable->force[i];
		struct p2p_edit back = p2p_edit_inverse(force->edit);
		struct p2p_problem problem = { "" };

		if (!enable->unwanted[i])
			continue;
		if (enable->dry) {
			force_print(ctl, "No longer wished or allowed, would be taken back: ", &back);
		} else if (p2p_apply_undo_entry(apply, force->run, force->entry, &problem)) {
			enum p2p_exit stuck = ctl_say_stuck(ctl, force->edit, &problem, &last);

			if (!*enable->problem.text)
				enable->problem = problem;
			code = stuck > code ? stuck : code;
		} else if (*problem.text) {
			ctl_say_left(ctl, &problem);
		} else {
			force_print(ctl, "No longer wished or allowed, taken back: ", &back);
		}
	}
	if (code == P2P_EXIT_REFUSED)
		ctl_say(ctl, "what is no longer wished is taken back; nothing else is changed before the journal can "
			     "be written");
	else if (code != P2P_EXIT_OK)
		ctl_say(ctl, "nothing else is changed before that: put it right, or leave it as it is with "
			     "`p2pctl enable --forget`");
	return code;
}

/*
 * What undo left in the way of automatic runs; one that a person asks for
 * removes it.  And the slots that are no longer disabled.
 */
static enum p2p_exit release(struct ctl *ctl)
{
	struct p2p_problem problem = { "" };
	int error = p2p_cli_has(ctl->cli, "auto") ? 0 : p2p_state_remove(ctl->state_fd, "hold");

	if (error) {
		p2p_problem_set(&problem, error, "%s/hold: %s", ctl->state, p2p_problem_errno(error));
		return ctl_complain(ctl, error, &problem);
	}
	return ctl->cli->arg_count ? ctl_write_disabled(ctl) : P2P_EXIT_OK;
}

/* A sentence for the history: what the price, or a live namespace, forbids. */
static void put_refusals(const struct enable *enable, struct p2p_buf *buf)
{
	const struct p2p_plan *plan = enable->plan;

	for (size_t i = 0; i < plan->price_count && buf->len < 400; i++)
		for (size_t j = 0; j < plan->prices[i].exposed_count && buf->len < 400; j++) {
			const struct p2p_exposed *exposed = &plan->prices[i].exposed[j];

			if (exposed->accepted)
				continue;
			p2p_buf_puts(buf, buf->len ? "; " : "refused: ");
			print_put_function(&enable->ctl->topo, exposed->function, buf);
			p2p_buf_printf(buf, ", %s", p2p_sensitive_says(exposed->why));
		}
	for (size_t i = 0; i < plan->target_count && buf->len < 400; i++)
		if (plan->targets[i].refused)
			p2p_buf_printf(buf, "%snamespace %s %s: %s", buf->len ? "; " : "refused: ",
				       plan->machine->namespaces[plan->targets[i].namespace].subsystem,
				       plan->machine->namespaces[plan->targets[i].namespace].number,
				       plan->targets[i].says);
}

static void note_end(const struct enable *enable, enum p2p_exit code)
{
	struct ctl *ctl = enable->ctl;
	struct p2p_buf says = P2P_BUF_INIT;
	const char *outcome = history_outcome(code);

	ctl->history->record.refused = (int64_t)enable->plan->refused;
	if (code == P2P_EXIT_OK && enable->plan->refused) {
		put_refusals(enable, &says);
		outcome = ctl->history->count ? "done" : "refused";
	}
	history_end(ctl, outcome, *enable->problem.text ? enable->problem.text : p2p_buf_text(&says));
	p2p_buf_free(&says);
}

static enum p2p_exit change(struct enable *enable)
{
	const struct p2p_apply apply = ctl_begin_changing(enable->ctl);
	struct ctl *ctl = enable->ctl;

	for (size_t i = enable->force_count; i-- > 0;)
		if (enable->unwanted[i])
			history_take_back(ctl, enable->force[i].run, enable->force[i].entry);
	history_make(ctl, enable->plan->edits, enable->plan->edit_count);
	if (!p2p_cli_has(ctl->cli, "auto") && ctl_is_held(ctl))
		ctl->history->record.hold = "ended";
	history_begin(ctl);
	enum p2p_exit code = release(ctl);

	if (code == P2P_EXIT_OK)
		code = take_back(enable, &apply);
	if (code == P2P_EXIT_OK && enable->plan->edit_count)
		code = make(enable, &apply);
	note_end(enable, code);
	ctl_end_changing();
	return code;
}

static enum p2p_exit save_if_asked(struct ctl *ctl, enum p2p_exit code)
{
	const char *path = p2p_cli_value(ctl->cli, "save");

	if (!path || (code != P2P_EXIT_OK && code != P2P_EXIT_REFUSED))
		return code;
	enum p2p_exit saved = save(ctl, path);

	return code == P2P_EXIT_OK ? saved : code;
}

/* A dry run says what the same run would do, and asks the journal as that one does. */
static enum p2p_exit enable(struct ctl *ctl, struct enable *enable)
{
	enum p2p_exit code = ctl_open_policy(ctl);

	if (code == P2P_EXIT_OK)
		code = choose(ctl);
	if (code != P2P_EXIT_OK)
		return code;
	const struct p2p_machine *machine = enable->dry ? force_recovered(ctl) : ctl->topo.machine;

	enable->force_count = force_list(ctl, &enable->force);
	enable->unwanted = p2p_arena_array(ctl->topo.arena, enable->force_count, sizeof(*enable->unwanted));
	force_unwanted(ctl, machine, enable->force, enable->force_count, enable->unwanted);
	/* What is taken back first is not there any more when the rest is made. */
	enable->judge = p2p_judge_new(
		force_without(ctl, machine, enable->force, enable->force_count, enable->unwanted), ctl->topo.hardware);
	enable->plan = ctl_plan_policy(ctl, enable->judge);
	if (enable->dry && !p2p_cli_has(ctl->cli, "auto") && ctl->state && ctl_is_held(ctl))
		puts("Held by undo: that would end.");
	code = enable->dry ? take_back(enable, NULL) : change(enable);
	if (code == P2P_EXIT_OK)
		code = report(ctl, enable->plan);
	return enable->dry ? code : save_if_asked(ctl, code);
}

static bool is_held(const struct ctl *ctl)
{
	bool held = p2p_cli_has(ctl->cli, "auto") && ctl->state && ctl_is_held(ctl);

	if (held)
		ctl_say(ctl, "held: undo took the last run back; `p2pctl enable` ends that");
	return held;
}

/* A rehearsal that has no state folder has no journal either. */
static enum p2p_exit open_state(struct ctl *ctl, bool dry)
{
	if (!dry)
		return ctl_open_state(ctl);
	return ctl->rehearsal && !p2p_cli_value(ctl->cli, "state") ? P2P_EXIT_OK : ctl_read_state(ctl);
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	struct enable all = { .ctl = &ctl, .dry = p2p_cli_has(cli, "dry-run") };
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK && p2p_cli_value(cli, "save") && !ctl.rehearsal) {
		ctl_say(&ctl, "--save goes with --from: it writes a rehearsed machine");
		code = P2P_EXIT_USAGE;
	}
	if (code == P2P_EXIT_OK)
		code = open_state(&ctl, all.dry);
	bool held = code == P2P_EXIT_OK && is_held(&ctl);

	if (code == P2P_EXIT_OK && !held)
		code = ctl_look(&ctl, CTL_WANT);
	if (code == P2P_EXIT_OK && !held)
		code = enable(&ctl, &all);
	p2p_judge_free(all.judge);
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
