/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
	size_t shown, drifted;
};

static void print_entry(struct status *status, const struct p2p_run *run, const struct p2p_edit *edit,
			enum p2p_place_now place)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char when[32] = "?";
	time_t at = (time_t)run->time;
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(when, sizeof(when), "%F %T", &tm);
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

			if (run->entries[i].state != P2P_ENTRY_DONE || is_superseded(run, i))
				continue;
			enum p2p_place_now place = p2p_apply_look(ctl->topo.source, edit);

			status->shown++;
			status->drifted += place != P2P_PLACE_AFTER;
			if (status->json)
				json_entry(status, run, edit, place);
			else
				print_entry(status, run, edit, place);
		}
}

static bool is_held(const struct ctl *ctl)
{
	struct p2p_buf path = P2P_BUF_INIT;

	p2p_buf_printf(&path, "%s/hold", ctl->state);
	bool held = faccessat(AT_FDCWD, p2p_buf_text(&path), F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	p2p_buf_free(&path);
	return held;
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
		if (!status.shown)
			puts("Nothing of ours is in force.");
		else if (status.drifted)
			printf("%zu of %zu drifted; `p2pctl enable` puts them back.\n", status.drifted, status.shown);
		if (is_held(ctl))
			puts("Held by undo until the next `p2pctl enable` or boot.");
		bench_each_left(ctl, show_left, &status);
		return P2P_EXIT_OK;
	}
	status.json = p2p_json_new(stdout);
	p2p_json_object(status.json, NULL, false);
	p2p_json_text(status.json, "schema", "p2pctl/1");
	p2p_json_bool(status.json, "held", is_held(ctl));
	p2p_json_array(status.json, "in_force", false);
	show_all(&status);
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
