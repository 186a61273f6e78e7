/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/io/state.h"

void history_say_unwritten(struct ctl *ctl, const char *why)
{
	struct p2p_problem problem;

	if (ctl->history_failed)
		return;
	ctl->history_failed = true;
	p2p_problem_set(&problem, 0, "%s; that is no reason to stop, but `p2pctl log` will not tell of this run", why);
	p2p_cli_complain(ctl->cli, stderr, &problem);
}

int history_folder(struct ctl *ctl)
{
	struct p2p_problem problem = { "" };
	int fd = -1, error;

	if (ctl->history_fd >= 0) {
		fd = fcntl(ctl->history_fd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? -errno : fd;
	}
	error = p2p_state_open(ctl_kept_folder(ctl), &problem, &fd);
	if (error)
		history_say_unwritten(ctl, problem.text);
	return error ? error : fd;
}

static void write_line(struct ctl *ctl, bool may_rotate)
{
	struct p2p_buf line = P2P_BUF_INIT;
	int fd = history_folder(ctl);

	if (fd < 0)
		return;
	p2p_history_format(&line, &ctl->history->record);
	int error = p2p_history_append(fd, line.text, line.len, may_rotate);

	if (error) {
		struct p2p_problem problem;

		p2p_problem_set(&problem, 0, "%s/" P2P_HISTORY_NAME ": %s", ctl_kept_folder(ctl),
				error == -EPERM ? "no regular file of ours, or others may write it"
						: p2p_problem_errno(error));
		history_say_unwritten(ctl, problem.text);
	}
	p2p_buf_free(&line);
	close(fd);
}

static unsigned last_run(const struct ctl *ctl)
{
	unsigned number = 0;

	for (const struct p2p_run *run = ctl->journal ? p2p_journal_runs(ctl->journal) : NULL; run; run = run->next)
		number = run->number;
	return number;
}

static void set_time(struct ctl *ctl)
{
	char text[P2P_HISTORY_TIME];

	p2p_history_time_format(time(NULL), text);
	ctl->history->record.time = p2p_arena_strdup(ctl->topo.arena, text);
}

void history_new(struct ctl *ctl, bool recovery)
{
	static unsigned serial;
	struct history *history = p2p_arena_alloc(ctl->topo.arena, sizeof(*history));
	const char *boot = p2p_buf_text(&ctl->boot);

	history->record = (struct p2p_history_record){
		.id = p2p_arena_printf(ctl->topo.arena, "%.8s.%lld.%ld.%u", boot, (long long)time(NULL), (long)getpid(),
				       ++serial),
		.boot = boot,
		.verb = ctl->cli->verb->word,
		.pid = getpid(),
		.automatic = p2p_cli_has(ctl->cli, "auto"),
		.recovery = recovery,
	};
	p2p_history_who(ctl->topo.arena, &history->record);
	history->before = last_run(ctl);
	ctl->history = history;
}

static void add(struct ctl *ctl, const struct history_change *change)
{
	struct history *history = ctl->history;

	if (history->count == history->room) {
		struct history_change *old = history->changes;

		history->room = history->room ? history->room * 2 : 16;
		history->changes = p2p_arena_array(ctl->topo.arena, history->room, sizeof(*history->changes));
		if (history->count)
			memcpy(history->changes, old, history->count * sizeof(*old));
	}
	history->changes[history->count++] = *change;
}

void history_make(struct ctl *ctl, const struct p2p_edit *edits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(ctl, &(struct history_change){ .edit = &edits[i] });
}

void history_take_back(struct ctl *ctl, struct p2p_run *run, size_t entry)
{
	struct p2p_edit *inverse = p2p_arena_alloc(ctl->topo.arena, sizeof(*inverse));

	*inverse = p2p_edit_inverse(&run->entries[entry].change);
	add(ctl, &(struct history_change){ .edit = inverse, .run = run, .entry = entry });
}

void history_take_back_run(struct ctl *ctl, struct p2p_run *run)
{
	for (size_t i = run->count; i-- > 0;)
		if (!p2p_entry_settled(run->entries[i].state))
			history_take_back(ctl, run, i);
}

void history_slot(struct ctl *ctl, int function, bool enabled)
{
	struct p2p_history_record *record = &ctl->history->record;
	const char ***list = enabled ? &record->enabled : &record->disabled;
	size_t *count = enabled ? &record->enabled_count : &record->disabled_count;
	struct p2p_buf path = P2P_BUF_INIT;

	if (*count == P2P_HISTORY_CHANGES || p2p_function_path(ctl->topo.machine, function, &path))
		return;
	if (!*count)
		*list = p2p_arena_array(ctl->topo.arena, P2P_HISTORY_CHANGES, sizeof(**list));
	(*list)[(*count)++] = p2p_arena_strdup(ctl->topo.arena, p2p_buf_text(&path));
	p2p_buf_free(&path);
}

/*
 * What became of it, by the journal.  Where that says that it still holds, and
 * it should not, it is stuck, or the journal could not be written.
 */
static const char *state_of(const struct ctl *ctl, const struct history_change *change, size_t made)
{
	const char *outcome = ctl->history->record.outcome;
	const char *holds = !strcmp(outcome, "stuck") ? "stuck" : "not recorded";
	const struct p2p_run *run = ctl->journal ? p2p_journal_runs(ctl->journal) : NULL;
	enum p2p_entry_state state;

	while (!change->run && run && run->number <= ctl->history->before)
		run = run->next;
	if (!change->run && (!run || made >= run->count))
		return "not made";
	state = change->run ? change->run->entries[change->entry].state : run->entries[made].state;
	if (state == P2P_ENTRY_LEFT)
		return "left";
	if (state == P2P_ENTRY_UNDONE)
		return change->run ? "made" : "taken back";
	return !change->run && run->ended && !run->undoing ? "made" : holds;
}

static void put_changes(struct ctl *ctl, bool end)
{
	struct history *history = ctl->history;
	size_t most = history->count < P2P_HISTORY_CHANGES ? history->count : P2P_HISTORY_CHANGES, made = 0;
	struct p2p_history_change *list = p2p_arena_array(ctl->topo.arena, most, sizeof(*list));

	for (size_t i = 0; i < most; i++) {
		const struct history_change *change = &history->changes[i];
		struct p2p_buf text = P2P_BUF_INIT;

		p2p_edit_format(&text, change->edit);
		list[i] = (struct p2p_history_change){
			.edit = p2p_arena_strdup(ctl->topo.arena, p2p_buf_text(&text)),
			.key = change->edit->key,
			.rule = change->edit->rule,
			.state = end ? state_of(ctl, change, made) : NULL,
			.run = change->run ? change->run->number : 0,
		};
		made += !change->run;
		p2p_buf_free(&text);
	}
	history->record.changes = list;
	history->record.change_count = most;
	history->record.more = (int64_t)(history->count - most);
}

static bool changes_anything(const struct history *history)
{
	const struct p2p_history_record *record = &history->record;

	return history->count || record->hold || record->enabled_count || record->disabled_count || record->file_count;
}

void history_begin(struct ctl *ctl)
{
	struct history *history = ctl->history;

	if (!changes_anything(history) && !history->record.recovery)
		return;
	history->record.event = "begin";
	set_time(ctl);
	put_changes(ctl, false);
	write_line(ctl, true);
	history->begun = true;
}

static void keep_last(void *context, const struct p2p_history_record *record)
{
	*(struct p2p_history_record *)context = *record;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Events come by the hundred: what each of them is refused again is told once. */
static bool is_told_already(struct ctl *ctl)
{
	const struct p2p_history_record *record = &ctl->history->record;
	struct p2p_history_record last = { 0 };
	size_t bad, first;
	int fd = history_folder(ctl);

	if (fd < 0)
		return false;
	p2p_history_read(fd, P2P_HISTORY_NAME, ctl->topo.arena, keep_last, &last, &bad, &first);
	close(fd);
	return last.automatic && is_same_text(last.boot, record->boot) &&
	       is_same_text(last.outcome, record->outcome) && is_same_text(last.says, record->says);
}

void history_end(struct ctl *ctl, const char *outcome, const char *says)
{
	struct history *history = ctl->history;
	bool done = !strcmp(outcome, "done");

	ctl_tell_acs_changes(ctl);
	if (!history->begun && done)
		return;
	history->record.event = "end";
	history->record.outcome = outcome;
	history->record.says = says && *says ? p2p_arena_strdup(ctl->topo.arena, says) : NULL;
	set_time(ctl);
	put_changes(ctl, true);
	if (!history->begun && history->record.automatic && is_told_already(ctl))
		return;
	write_line(ctl, !history->begun);
}

const char *history_outcome(enum p2p_exit code)
{
	switch (code) {
	case P2P_EXIT_OK:
		return "done";
	case P2P_EXIT_HUMAN:
		return "stuck";
	case P2P_EXIT_REFUSED:
		return "rolled-back";
	default:
		return "failed";
	}
}
