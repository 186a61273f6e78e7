/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/io/state.h"
#include "ctl.h"

#define RUNS_MOST 4096

static bool in_force(const struct p2p_run *run)
{
	for (size_t i = 0; !run->over && i < run->count; i++)
		if (run->entries[i].state != P2P_ENTRY_UNDONE)
			return true;
	return false;
}

/*
 * What is taken back: the last run that a person asked for, and the automatic
 * ones after it, for those only put its changes back where something had
 * undone them.  Oldest first; the number there are.
 */
static size_t last_runs(struct p2p_journal *journal, struct p2p_run **ret)
{
	size_t count = 0;

	for (struct p2p_run *run = p2p_journal_runs(journal); run; run = run->next) {
		if (!in_force(run))
			continue;
		if (!run->automatic || count == RUNS_MOST)
			count = 0;
		ret[count++] = run;
	}
	return count;
}

static void print_run(const struct p2p_run *run)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = run->count; i-- > 0;) {
		struct p2p_edit back = p2p_edit_inverse(&run->entries[i].change);

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

static enum p2p_exit undo(struct ctl *ctl)
{
	const struct p2p_apply apply = { ctl->topo.source, ctl->sink, ctl->journal };
	struct p2p_run **runs = p2p_arena_array(ctl->topo.arena, RUNS_MOST, sizeof(struct p2p_run *));
	size_t count = last_runs(ctl->journal, runs), all_stuck = 0;
	bool dry = p2p_cli_has(ctl->cli, "dry-run");
	struct p2p_problem problem = { "" };
	enum p2p_exit code = dry ? P2P_EXIT_OK : hold(ctl);
	int error = 0;

	if (code != P2P_EXIT_OK)
		return code;
	if (!count)
		puts("Nothing of ours is in force.");
	else
		puts(dry ? "Would be taken back" : "Taken back");
	while (count-- > 0) {
		size_t stuck = 0;
		int failed = dry ? 0 : p2p_apply_undo(&apply, runs[count], &problem, &stuck);

		print_run(runs[count]);
		error = error ? error : failed;
		all_stuck += stuck;
	}
	if (!error)
		return P2P_EXIT_OK;
	p2p_cli_complain(ctl->cli, stderr, &problem);
	return all_stuck ? P2P_EXIT_HUMAN : P2P_EXIT_REFUSED;
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK)
		code = ctl_open_state(&ctl);
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
