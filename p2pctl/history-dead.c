/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs that died: the history has their begin and no end.  The next run that
 * holds the lock finds what the journal says of each of their changes, before
 * and after it has recovered, and tells that in their place.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "history.h"

struct dead {
	struct p2p_history_record begin;
	size_t stood; /* of its changes, before */
};

struct history_dead {
	struct ctl *ctl;
	struct dead *list;
	size_t count, room;
	bool open; /* the journal has runs that are to be recovered */
};

static void drop(struct history_dead *dead, const char *id)
{
	for (size_t i = 0; i < dead->count; i++)
		if (!strcmp(dead->list[i].begin.id, id)) {
			memmove(&dead->list[i], &dead->list[i + 1], (dead->count - i - 1) * sizeof(*dead->list));
			dead->count--;
			return;
		}
}

static void look_at(void *context, const struct p2p_history_record *record)
{
	struct history_dead *dead = context;

	if (strcmp(record->boot, p2p_buf_text(&dead->ctl->boot)) != 0)
		return;
	for (size_t i = 0; i < record->ended_count; i++)
		drop(dead, record->ended[i].id);
	if (strcmp(record->event, "begin") != 0) {
		drop(dead, record->id);
		return;
	}
	if (dead->count == dead->room) {
		struct dead *old = dead->list;

		dead->room = dead->room ? dead->room * 2 : 8;
		dead->list = p2p_arena_array(dead->ctl->topo.arena, dead->room, sizeof(*dead->list));
		if (dead->count)
			memcpy(dead->list, old, dead->count * sizeof(*old));
	}
	dead->list[dead->count++] = (struct dead){ .begin = *record };
}

/* bootargs has a lock of its own, so that one of them may be at work. */
static bool may_be_alive(const struct p2p_history_record *record)
{
	return !strcmp(record->verb, "bootargs") && (!kill((pid_t)record->pid, 0) || errno == EPERM);
}

/* -------------------------------------------------------- what stands of it */

/* Its run in the journal, which makes changes; NULL: it has none. */
static const struct p2p_run *run_of(const struct ctl *ctl, const struct p2p_history_record *begin)
{
	int64_t time = 0;

	if (p2p_history_time_parse(begin->time, &time))
		return NULL;
	for (const struct p2p_run *run = p2p_journal_runs(ctl->journal); run; run = run->next)
		if (run->pid == begin->pid && run->time >= time && !strcmp(run->verb, begin->verb))
			return run;
	return NULL;
}

static bool is_edit(const struct p2p_edit *edit, const char *wanted)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_edit_format(&text, edit);
	bool is = !strcmp(p2p_buf_text(&text), wanted);

	p2p_buf_free(&text);
	return is;
}

static bool made_stands(const struct p2p_run *run, const struct p2p_history_change *change)
{
	for (size_t i = 0; run && i < run->count; i++)
		if (run->entries[i].state != P2P_ENTRY_UNDONE && is_edit(&run->entries[i].change, change->edit))
			return true;
	return false;
}

static bool back_stands(const struct ctl *ctl, const struct p2p_history_change *change)
{
	for (const struct p2p_run *run = p2p_journal_runs(ctl->journal); run; run = run->next)
		for (size_t i = 0; run->number == change->run && i < run->count; i++) {
			struct p2p_edit inverse = p2p_edit_inverse(&run->entries[i].change);

			if (p2p_entry_settled(run->entries[i].state) && is_edit(&inverse, change->edit))
				return true;
		}
	return false;
}

static size_t stands(const struct ctl *ctl, const struct p2p_history_record *begin)
{
	const struct p2p_run *run = run_of(ctl, begin);
	size_t count = 0;

	for (size_t i = 0; i < begin->change_count; i++)
		count += begin->changes[i].run ? back_stands(ctl, &begin->changes[i])
					       : made_stands(run, &begin->changes[i]);
	return count;
}

static const char *how_of(const struct ctl *ctl, const struct dead *dead, size_t now)
{
	const struct p2p_run *run = run_of(ctl, &dead->begin);
	size_t all = dead->begin.change_count;

	if (!all)
		return "unknown";
	if (!now)
		return dead->stood || (run && run->count) ? "taken-back" : "none";
	if (now < all)
		return "partly";
	return dead->stood < all ? "finished" : "made";
}

/* ---------------------------------------------------------------- the verbs' */

struct history_dead *history_find_dead(struct ctl *ctl)
{
	struct history_dead *dead = p2p_arena_alloc(ctl->topo.arena, sizeof(*dead));
	size_t bad, first, count = 0;
	int fd = history_folder(ctl);

	dead->ctl = ctl;
	if (fd >= 0) {
		p2p_history_read(fd, P2P_HISTORY_NAME, ctl->topo.arena, look_at, dead, &bad, &first);
		close(fd);
	}
	for (size_t i = 0; i < dead->count; i++)
		if (!may_be_alive(&dead->list[i].begin))
			dead->list[count++] = dead->list[i];
	dead->count = count;
	for (size_t i = 0; i < dead->count; i++)
		dead->list[i].stood = stands(ctl, &dead->list[i].begin);
	history_new(ctl, true);
	for (struct p2p_run *run = p2p_journal_runs(ctl->journal); run; run = run->next)
		if (p2p_run_is_open(run)) {
			dead->open = true;
			history_take_back_run(ctl, run);
		}
	if (dead->open)
		history_begin(ctl);
	return dead;
}

void history_bury(struct ctl *ctl, struct history_dead *dead, const char *outcome, const char *says)
{
	struct p2p_history_record *record = &ctl->history->record;

	if (!dead->count && !dead->open)
		return;
	record->ended = p2p_arena_array(ctl->topo.arena, dead->count, sizeof(*record->ended));
	record->ended_count = dead->count;
	for (size_t i = 0; i < dead->count; i++) {
		size_t now = stands(ctl, &dead->list[i].begin);

		record->ended[i] = (struct p2p_history_ended){
			.id = dead->list[i].begin.id,
			.how = how_of(ctl, &dead->list[i], now),
			.stands = (int64_t)now,
		};
	}
	/* Where nothing had to be recovered there was no begin, and this line is all of it. */
	ctl->history->begun = true;
	history_end(ctl, outcome, says);
}
