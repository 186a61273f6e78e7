/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACS words that this boot's runs changed, for all to read: the journal,
 * which only root may read, has them, and has no time of putting back.  What
 * the file lacks of the journal is added, whoever did it, so that a run that
 * was killed before it came here is told by the next one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/io/acs-changes.h"
#include "core/io/state.h"
#include "ctl.h"

struct teller {
	struct ctl *ctl;
	struct p2p_acs_event *events;
	size_t count, old;
	size_t *base;		/* by number of a run: entries before it */
	bool *told;		/* by entry: it was made; and, two by two, it was put back */
	struct p2p_bdf *memory; /* whose memory peers could use when this run began */
	size_t memory_count;
};

/* A word of ACS, and of whom. */
static bool is_acs(const struct p2p_edit *edit, struct p2p_bdf *ret)
{
	static const char folder[] = "sys/bus/pci/devices/";
	int len;

	if (edit->kind != P2P_EDIT_WORD || strncmp(edit->key, folder, sizeof(folder) - 1) != 0)
		return false;
	len = p2p_bdf_parse_prefix(edit->key + sizeof(folder) - 1, ret);
	return len > 0 && !strcmp(edit->key + sizeof(folder) - 1 + len, "/config");
}

static size_t count_entries(const struct ctl *ctl)
{
	size_t count = 0;
	struct p2p_bdf bdf;

	for (const struct p2p_run *run = p2p_journal_runs(ctl->journal); run; run = run->next)
		for (size_t i = 0; i < run->count; i++)
			count += is_acs(&run->entries[i].change, &bdf);
	return count;
}

static bool *told(const struct teller *teller, unsigned run, size_t entry, bool back)
{
	return &teller->told[2 * (teller->base[run] + entry) + back];
}

/* What the file has already of what the journal has. */
static void find_told(struct teller *teller)
{
	struct p2p_run *runs = p2p_journal_runs(teller->ctl->journal);
	struct p2p_arena *arena = teller->ctl->topo.arena;
	size_t entries = 0, last = 0, *counts;

	for (const struct p2p_run *run = runs; run; run = run->next)
		last = run->number;
	teller->base = p2p_arena_array(arena, last + 1, sizeof(*teller->base));
	counts = p2p_arena_array(arena, last + 1, sizeof(*counts));
	for (const struct p2p_run *run = runs; run; run = run->next) {
		teller->base[run->number] = entries;
		counts[run->number] = run->count;
		entries += run->count;
	}
	teller->told = p2p_arena_array(arena, 2 * entries, sizeof(*teller->told));
	for (size_t i = 0; i < teller->old; i++) {
		const struct p2p_acs_event *event = &teller->events[i];

		if (event->run <= last && event->entry < counts[event->run])
			*told(teller, event->run, event->entry, event->back) = true;
	}
}

static void add(struct teller *teller, const struct p2p_run *run, size_t entry, bool back)
{
	const struct p2p_edit *edit = &run->entries[entry].change;
	struct p2p_bdf bdf;

	if (!is_acs(edit, &bdf) || *told(teller, run->number, entry, back))
		return;
	teller->events[teller->count++] = (struct p2p_acs_event){
		.time = back ? time(NULL) : run->time,
		.bdf = bdf,
		.offset = edit->offset,
		.before = back ? edit->after : edit->before,
		.mask = edit->mask,
		.after = back ? edit->before : edit->after,
		.back = back,
		.run = run->number,
		.entry = entry,
		.memory_known = teller->ctl->topo.machine,
		.memory = teller->memory,
		.memory_count = teller->memory_count,
	};
}

static void find_memory(struct teller *teller)
{
	const struct p2p_machine *machine = teller->ctl->topo.machine;

	teller->memory = p2p_arena_array(teller->ctl->topo.arena, machine ? machine->function_count : 0,
					 sizeof(*teller->memory));
	for (size_t i = 0; machine && i < machine->function_count; i++)
		if (machine->functions[i].memory.fact.know != P2P_ABSENT)
			teller->memory[teller->memory_count++] = machine->functions[i].bdf;
}

/* In the order in which it must have been: what was put back was made before, and what holds was made last. */
static void add_all(struct teller *teller)
{
	struct p2p_run *runs = p2p_journal_runs(teller->ctl->journal);

	for (int pass = 0; pass < 3; pass++)
		for (const struct p2p_run *run = runs; run; run = run->next)
			for (size_t i = 0; i < run->count; i++) {
				/* Intended is perhaps made, and left is not put back. */
				bool holds = run->entries[i].state != P2P_ENTRY_UNDONE;

				if (holds == (pass == 2))
					add(teller, run, i, pass == 1);
			}
}

static int load(struct teller *teller, size_t most)
{
	struct p2p_arena *arena = teller->ctl->topo.arena;
	struct p2p_acs_event *events = NULL;
	struct p2p_buf text = P2P_BUF_INIT;
	size_t line = 0;
	int error = p2p_state_load(teller->ctl->state_fd, P2P_ACS_CHANGES_NAME, P2P_ACS_CHANGES_MAX, &text);

	if (!error)
		error = p2p_acs_changes_parse(arena, p2p_buf_text(&text), text.len, p2p_buf_text(&teller->ctl->boot),
					      &events, &teller->old, &line);
	p2p_buf_free(&text);
	/* Of another boot, or damaged: it is made anew, the times being those of the journal. */
	if (error && error != -ENOENT && error != -ESTALE && error != -EBADMSG)
		return error;
	teller->old = error ? 0 : teller->old;
	teller->events = p2p_arena_array(arena, teller->old + 2 * most, sizeof(*teller->events));
	if (teller->old)
		memcpy(teller->events, events, teller->old * sizeof(*events));
	teller->count = teller->old;
	return 0;
}

void ctl_tell_acs_changes(struct ctl *ctl)
{
	struct teller teller = { .ctl = ctl };
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_problem problem;
	size_t most = ctl->journal && ctl->lock_fd >= 0 ? count_entries(ctl) : 0;
	int error = most ? load(&teller, most) : 0;

	if (most && !error) {
		find_told(&teller);
		find_memory(&teller);
		add_all(&teller);
	}
	if (!error && teller.count != teller.old) {
		p2p_acs_changes_format(&text, p2p_buf_text(&ctl->boot), teller.events, teller.count);
		error = p2p_state_replace(ctl->state_fd, P2P_ACS_CHANGES_NAME, text.text, text.len, 0644);
		p2p_buf_free(&text);
	}
	if (!error)
		return;
	p2p_problem_set(&problem, error,
			"%s/" P2P_ACS_CHANGES_NAME ": %s; p2ptopo will not know what the kernel may have cached",
			ctl->state, p2p_problem_errno(error));
	p2p_cli_complain(ctl->cli, stderr, &problem);
}
