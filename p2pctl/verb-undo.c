/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/io/state.h"
#include "ctl.h"
#include "history.h"

static bool in_force(const struct p2p_run *run)
{
	for (size_t i = 0; !run->over && i < run->count; i++)
		if (!p2p_entry_settled(run->entries[i].state))
			return true;
	return false;
}

/*
 * What is taken back: the last run that a person asked for, and the automatic
 * ones after it, for those only put its changes back where something had
 * undone them.  Oldest first; the number there are.
 */
static size_t last_runs(const struct ctl *ctl, struct p2p_run ***ret)
{
	struct p2p_run *runs = ctl->journal ? p2p_journal_runs(ctl->journal) : NULL;
	size_t count = 0;

	for (const struct p2p_run *run = runs; run; run = run->next)
		count++;
	*ret = p2p_arena_array(ctl->topo.arena, count, sizeof(struct p2p_run *));
	count = 0;
	for (struct p2p_run *run = runs; run; run = run->next) {
		if (!in_force(run))
			continue;
		if (!run->automatic)
			count = 0;
		(*ret)[count++] = run;
	}
	return count;
}

static enum p2p_entry_state *states_of(const struct ctl *ctl, const struct p2p_run *run)
{
	enum p2p_entry_state *states = p2p_arena_array(ctl->topo.arena, run->count, sizeof(*states));

	for (size_t i = 0; i < run->count; i++)
		states[i] = run->entries[i].state;
	return states;
}

/* What is no longer as it was in `before`; NULL: all that would be taken back. */
static void print_run(const struct p2p_run *run, const enum p2p_entry_state *before)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = run->count; i-- > 0;) {
		struct p2p_edit back = p2p_edit_inverse(&run->entries[i].change);
		enum p2p_entry_state now = run->entries[i].state;

		if (before ? now == before[i] || now == P2P_ENTRY_LEFT : p2p_entry_settled(now))
			continue;

		p2p_buf_reset(&text);
		p2p_edit_format(&text, &back);
		printf("  %s\n", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

/* Before anything is taken back, or the next event would put it there again. */
static enum p2p_exit hold(struct ctl *ctl)
{
	struct p2p_problem problem = { "" };
	int error = p2p_state_replace(ctl->state_fd, "hold", "undo\n", 5, 0600);

	if (!error)
		return P2P_EXIT_OK;
	p2p_problem_set(&problem, error, "%s/hold: %s; nothing was taken back", ctl->state, p2p_problem_errno(error));
	return ctl_complain(ctl, error, &problem);
}

static void note(struct ctl *ctl, struct p2p_run *const *runs, size_t count)
{
	ctl->history->record.hold = ctl_is_held(ctl) ? NULL : "set";
	while (count-- > 0)
		history_take_back_run(ctl, runs[count]);
	history_begin(ctl);
}

static enum p2p_exit undo(struct ctl *ctl)
{
	struct p2p_run **runs;
	size_t count = last_runs(ctl, &runs), all_stuck = 0;
	bool dry = p2p_cli_has(ctl->cli, "dry-run");
	struct p2p_problem problem = { "" };
	int error = 0;

	if (!dry)
		note(ctl, runs, count);
	enum p2p_exit code = dry ? P2P_EXIT_OK : hold(ctl);

	if (code != P2P_EXIT_OK) {
		ctl->history->count = 0;
		ctl->history->record.hold = NULL;
		history_end(ctl, "failed", "it could not be held, and nothing was taken back");
		return code;
	}
	if (!count)
		puts("Nothing of ours is in force.");
	else
		puts(dry ? "Would be taken back" : "Taken back");
	const struct p2p_apply apply = ctl_begin_changing(ctl);

	while (count-- > 0) {
		const enum p2p_entry_state *before = dry ? NULL : states_of(ctl, runs[count]);
		size_t stuck = 0;
		int failed = dry ? 0 : p2p_apply_undo(&apply, runs[count], &problem, &stuck);

		print_run(runs[count], before);
		error = error ? error : failed;
		all_stuck += stuck;
	}
	if (!dry)
		history_end(ctl, !error ? "done" : all_stuck ? "stuck" : "failed", problem.text);
	ctl_end_changing();
	if (!error) {
		ctl_say_left(ctl, &problem);
		if (!dry)
			puts("Held: runs of udev and boot change nothing until the next `p2pctl enable` or boot.");
		return P2P_EXIT_OK;
	}
	p2p_cli_complain(ctl->cli, stderr, &problem);
	if (all_stuck)
		ctl_say(ctl, "put it right and say undo again, or leave it as it is with `p2pctl undo --forget`");
	return all_stuck ? P2P_EXIT_HUMAN : P2P_EXIT_REFUSED;
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	enum p2p_exit code = ctl_begin(cli, &ctl);

	/* Without the lock: a dry run takes nothing back, not even what a killed run has left. */
	if (code == P2P_EXIT_OK)
		code = p2p_cli_has(cli, "dry-run") ? ctl_read_state(&ctl) : ctl_open_state(&ctl);
	if (code == P2P_EXIT_OK)
		code = undo(&ctl);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_undo = {
	.word = "undo",
	.summary = "take the last run back, bit for bit, and hold it so until the next enable or boot",
	.details =
		"Only the bits that were changed are put back. Exit status: 0 done; 6 something could not be put back, "
		"or somebody else has changed it since.",
	.run = run,
	.no_pager = true,
};
