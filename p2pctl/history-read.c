/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history's lines put together: a run's begin, its end, and what a later one says of it. */
#include "history-read.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/io/state.h"

struct reader {
	struct history_runs *runs;
	struct p2p_arena *arena;
	size_t room;
};

/* The newest of that id: it is looked for right after it was written, nearly always. */
static struct history_run *find(const struct history_runs *runs, const char *id)
{
	for (size_t i = runs->count; i-- > 0;)
		if (!strcmp(runs->list[i].last.id, id))
			return &runs->list[i];
	return NULL;
}

static struct history_run *add(struct reader *reader)
{
	struct history_runs *runs = reader->runs;

	if (runs->count == reader->room) {
		struct history_run *old = runs->list;

		reader->room = reader->room ? reader->room * 2 : 64;
		runs->list = p2p_arena_array(reader->arena, reader->room, sizeof(*runs->list));
		if (runs->count)
			memcpy(runs->list, old, runs->count * sizeof(*old));
	}
	return &runs->list[runs->count++];
}

static void take(void *context, const struct p2p_history_record *record)
{
	struct reader *reader = context;
	bool end = !strcmp(record->event, "end");
	struct history_run *run = end ? find(reader->runs, record->id) : NULL;
	int64_t time = 0;

	p2p_history_time_parse(record->time, &time);
	if (!run) {
		run = add(reader);
		run->began = time;
	}
	run->last = *record;
	run->ended = end;
	run->end = time;
	for (size_t i = 0; i < record->ended_count; i++) {
		struct history_run *dead = find(reader->runs, record->ended[i].id);

		if (!dead)
			continue;
		dead->how = record->ended[i].how;
		dead->stands = record->ended[i].stands;
		dead->by = record->verb;
		dead->found = time;
	}
}

int history_read(const char *folder, struct p2p_arena *arena, struct p2p_problem *problem, struct history_runs *ret)
{
	static const char *const names[] = { P2P_HISTORY_OLD, P2P_HISTORY_NAME };
	struct history_runs runs = { 0 };
	struct reader reader = { .runs = &runs, .arena = arena };
	int fd = -1, error;

	/* Nothing was ever changed: that is no reason to make a folder. */
	if (access(folder, F_OK) && errno == ENOENT) {
		*ret = runs;
		return 0;
	}
	error = p2p_state_open(folder, problem, &fd);
	for (size_t i = 0; i < 2 && !error; i++) {
		error = p2p_history_read(fd, names[i], arena, take, &reader, &runs.bad[i], &runs.first[i]);
		if (error)
			p2p_problem_set(problem, error, "%s/%s: %s", folder, names[i],
					error == -EPERM ? "no regular file of ours, or others may write it"
							: p2p_problem_errno(error));
	}
	if (fd >= 0)
		close(fd);
	if (!error)
		*ret = runs;
	return error;
}

const char *history_run_outcome(const struct history_run *run, const char *boot)
{
	if (run->ended)
		return run->last.outcome;
	if (run->how)
		return "died";
	return boot && !strcmp(run->last.boot, boot) ? "not-ended" : "boot-ended";
}
