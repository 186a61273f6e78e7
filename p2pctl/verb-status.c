/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <time.h>

#include "bench-scratch.h"
#include "core/view/json-machine.h"
#include "ctl.h"

static const char *place_says(enum p2p_place_now place)
{
	static const char *const words[] = {
		[P2P_PLACE_UNKNOWN] = "cannot be read",	 [P2P_PLACE_BEFORE] = "drifted: it is as before the change",
		[P2P_PLACE_AFTER] = "in force",		 [P2P_PLACE_OTHER] = "drifted: somebody else has changed it",
		[P2P_PLACE_GONE] = "the device is gone",
	};

	return words[place];
}

/* Is a later entry of the same place in force?  Then that one speaks for it. */
static bool is_superseded(const struct p2p_run *run, size_t entry)
{
	const struct p2p_edit *edit = &run->entries[entry].change;

	for (const struct p2p_run *later = run; later; later = later->next)
		for (size_t i = later == run ? entry + 1 : 0; i < later->count; i++)
			if (later->entries[i].state == P2P_ENTRY_DONE &&
			    later->entries[i].change.offset == edit->offset &&
			    !strcmp(later->entries[i].change.key, edit->key))
				return true;
	return false;
}

struct status {
	struct ctl *ctl;
	struct p2p_json *json; /* NULL: for people */
	size_t shown, drifted, open;
	bool anew; /* an ACS word is as it was before the change */
};

static void put_time(int64_t time, char ret[32])
{
	time_t at = (time_t)time;
	struct tm tm;

	strcpy(ret, "?");
	if (localtime_r(&at, &tm))
		strftime(ret, 32, "%F %T", &tm);
}

static void print_entry(struct status *status, const struct p2p_run *run, const struct p2p_edit *edit,
			enum p2p_place_now place)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char when[32];

	put_time(run->time, when);
	p2p_edit_format(&text, edit);
	p2p_buf_printf(&text, ": %s, by %s since %s", place_says(place), edit->rule ? edit->rule : run->verb, when);
	topo_print_text(&status->ctl->topo, "", "    ", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void json_entry(struct status *status, const struct p2p_run *run, const struct p2p_edit *edit,
		       enum p2p_place_now place)
{
	static const char *const words[] = { NULL, "before", "after", "other", "gone" };

	p2p_json_object(status->json, NULL, true);
	p2p_json_text(status->json, "key", edit->key);
	if (edit->kind == P2P_EDIT_WORD) {
		p2p_json_number(status->json, "offset", edit->offset);
		p2p_json_number(status->json, "before", edit->before);
		p2p_json_number(status->json, "mask", edit->mask);
		p2p_json_number(status->json, "after", edit->after);
	} else {
		p2p_json_text(status->json, "before", edit->text_before);
		p2p_json_text(status->json, "after", edit->text_after);
	}
	p2p_json_text(status->json, "rule", edit->rule);
	p2p_json_text(status->json, "now", words[place]);
	p2p_json_number(status->json, "run", run->number);
	p2p_json_bool(status->json, "automatic", run->automatic);
	p2p_json_signed(status->json, "since", run->time);
	p2p_json_object_end(status->json);
}

static void show_all(struct status *status)
{
	const struct ctl *ctl = status->ctl;

	for (const struct p2p_run *run = ctl->journal ? p2p_journal_runs(ctl->journal) : NULL; run; run = run->next)
		for (size_t i = 0; i < run->count; i++) {
			const struct p2p_edit *edit = &run->entries[i].change;

			/* What a run that died has left is not in force: it is taken back first. */
			if (run->entries[i].state != P2P_ENTRY_DONE || is_superseded(run, i) || p2p_run_is_open(run))
				continue;
			enum p2p_place_now place = p2p_apply_look(ctl->topo.source, edit);

			status->shown++;
			status->drifted += place != P2P_PLACE_AFTER;
			status->anew |= place == P2P_PLACE_BEFORE && edit->kind == P2P_EDIT_WORD;
			if (status->json)
				json_entry(status, run, edit, place);
			else
				print_entry(status, run, edit, place);
		}
}

/* Changes of a run that may still be there. */
static size_t count_left(const struct ctl *ctl, const struct p2p_run *run)
{
	size_t left = 0;

	for (size_t i = 0; i < run->count; i++) {
		const struct p2p_entry *entry = &run->entries[i];
		enum p2p_place_now place = p2p_entry_settled(entry->state)
						   ? P2P_PLACE_BEFORE
						   : p2p_apply_look(ctl->topo.source, &entry->change);

		left += place != P2P_PLACE_BEFORE && place != P2P_PLACE_GONE;
	}
	return left;
}

/* Runs that died, or that are at work at this moment: the lock is not ours to ask. */
static void show_open(struct status *status)
{
	const struct ctl *ctl = status->ctl;

	for (const struct p2p_run *run = ctl->journal ? p2p_journal_runs(ctl->journal) : NULL; run; run = run->next) {
		if (!p2p_run_is_open(run))
			continue;
		size_t left = count_left(ctl, run);
		struct p2p_buf text = P2P_BUF_INIT;
		char when[32];

		status->open++;
		put_time(run->time, when);
		if (status->json) {
			p2p_json_object(status->json, NULL, true);
			p2p_json_number(status->json, "run", run->number);
			p2p_json_text(status->json, "verb", run->verb);
			p2p_json_bool(status->json, "automatic", run->automatic);
			p2p_json_signed(status->json, "since", run->time);
			p2p_json_number(status->json, "left", left);
			p2p_json_object_end(status->json);
		} else {
			p2p_buf_printf(&text, "Run %u, %s of %s by process %ld, has not ended: %zu of its changes are "
				       "in place. If it is no longer at work, the next run takes them back first.",
				       run->number, run->verb, when, run->pid, left);
			topo_print_text(&ctl->topo, "", "    ", p2p_buf_text(&text));
		}
		p2p_buf_free(&text);
	}
}

/* What p2pctl bench wrote over and has not put back. */
static void show_left(void *context, const char *path, const char *file)
{
	struct status *status = context;
	struct p2p_buf text = P2P_BUF_INIT;

	if (status->json) {
		p2p_json_object(status->json, NULL, true);
		p2p_json_text(status->json, "path", *path ? path : NULL);
		p2p_json_text(status->json, "file", file);
		p2p_json_object_end(status->json);
		return;
	}
	p2p_buf_printf(&text, "%s: a bench run that wrote there did not end; what was there is kept in %s. "
			      "The next `p2pctl bench` puts it back.",
		       *path ? path : "?", file);
	topo_print_text(&status->ctl->topo, "", "    ", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static enum p2p_exit show(struct ctl *ctl)
{
	struct status status = { .ctl = ctl };

	if (!p2p_cli_has(ctl->cli, "json")) {
		show_all(&status);
		show_open(&status);
		if (!status.shown && !status.open)
			puts("Nothing of ours is in force.");
		/* KERNEL: drivers/pci/pci.c:pci_restore_state; pci-driver.c:pci_dma_configure from 6.19 on. */
		if (status.anew)
			puts("The kernel sets ACS anew when a function is reset or wakes up, and from Linux 6.19 on "
			     "when a\ndriver binds to it; nothing tells of a reset.");
		if (status.drifted)
			printf("%zu of %zu drifted; `p2pctl enable` puts them back.\n", status.drifted, status.shown);
		if (ctl_is_held(ctl))
			puts("Held by undo until the next `p2pctl enable` or boot.");
		bench_each_left(ctl, show_left, &status);
		return P2P_EXIT_OK;
	}
	status.json = p2p_json_new(stdout);
	p2p_json_object(status.json, NULL, false);
	p2p_json_text(status.json, "schema", "p2pctl/1");
	p2p_json_bool(status.json, "held", ctl_is_held(ctl));
	p2p_json_array(status.json, "in_force", false);
	show_all(&status);
	p2p_json_array_end(status.json);
	p2p_json_array(status.json, "open", false);
	show_open(&status);
	p2p_json_array_end(status.json);
	p2p_json_array(status.json, "saved", false);
	bench_each_left(ctl, show_left, &status);
	p2p_json_array_end(status.json);
	p2p_json_object_end(status.json);
	return p2p_json_end(status.json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK)
		code = ctl_read_state(&ctl);
	if (code == P2P_EXIT_OK)
		code = show(&ctl);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_status = {
	.word = "status",
	.summary = "show what is in force, by which rule, since when, and what has drifted",
	.run = run,
};
