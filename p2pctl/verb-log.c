/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log: what was changed, over boots, oldest first. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/base/text.h"
#include "core/io/state.h"
#include "core/view/json.h"
#include "ctl.h"
#include "history-read.h"

struct log {
	struct ctl *ctl;
	struct p2p_json *json; /* NULL: for people */
	struct history_runs runs;
	const char *boot;      /* this one; NULL: not known */
	bool this_boot;	       /* --since boot */
	int64_t since;
	struct p2p_names needles; /* what a run's changes must name one of; none: all are shown */
	bool filtered;
};

/* ------------------------------------------------------------------ choosing */

static int64_t midnight(int days_ago)
{
	time_t now = time(NULL);
	struct tm tm = { 0 };

	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= days_ago;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

/* "90m", "2h", "3d": that long ago. */
static bool parse_ago(const char *text, int64_t *ret)
{
	static const char units[] = "smhdw";
	static const int64_t seconds[] = { 1, 60, 3600, 86400, 7 * 86400 };
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
	char number[8] = "";
	uint64_t value = 0;

	if (!digits || digits >= sizeof(number) || !unit || text[digits + 1])
		return false;
	memcpy(number, text, digits);
	p2p_text_number(number, 10, UINT64_MAX, &value);
	*ret = time(NULL) - (int64_t)value * seconds[unit - units];
	return true;
}

static bool parse_date(const char *text, int64_t *ret)
{
	static const char *const formats[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
					       "%Y-%m-%dT%H:%M:%S" };

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, formats[i], &tm);
		int day = tm.tm_mday;

		if (!end || *end)
			continue;
		*ret = mktime(&tm);
		/* The 30th of February is no other day. */
		return tm.tm_mday == day;
	}
	return false;
}

static enum p2p_exit read_since(struct log *log)
{
	const char *text = p2p_cli_value(log->ctl->cli, "since");

	log->since = INT64_MIN;
	if (!text)
		return P2P_EXIT_OK;
	if (!strcmp(text, "boot")) {
		log->this_boot = true;
		return P2P_EXIT_OK;
	}
	if (!strcmp(text, "today") || !strcmp(text, "yesterday")) {
		log->since = midnight(*text == 'y');
		return P2P_EXIT_OK;
	}
	if (parse_ago(text, &log->since) || parse_date(text, &log->since))
		return P2P_EXIT_OK;
	ctl_say(log->ctl, "--since takes 2026-11-20, '2026-11-20 12:01', 90m, 2h, 3d, today, yesterday or boot");
	return P2P_EXIT_USAGE;
}

static void add_needle(struct log *log, struct p2p_bdf bdf)
{
	char address[P2P_BDF_TEXT];

	p2p_names_add(&log->needles, p2p_bdf_format(bdf, true, address));
}

/* A device, and the hops that lead to it, for it is there that ACS is changed.  One that is gone has its address. */
static enum p2p_exit read_devices(struct log *log)
{
	const struct p2p_machine *machine;
	struct ctl *ctl = log->ctl;

	log->filtered = ctl->cli->arg_count;
	if (!log->filtered)
		return P2P_EXIT_OK;
	enum p2p_exit code = ctl_look(ctl, P2P_WANT_CHILDREN);

	machine = ctl->topo.machine;
	for (size_t i = 0; i < ctl->cli->arg_count && code == P2P_EXIT_OK; i++) {
		struct p2p_buf path = P2P_BUF_INIT;
		struct p2p_bdf bdf;
		bool address = !p2p_bdf_parse_typed(ctl->cli->args[i], &bdf);
		int index = address ? p2p_machine_find(machine, bdf) : topo_device(&ctl->topo, ctl->cli->args[i]);

		if (index == P2P_NOBODY && !address)
			return P2P_EXIT_USAGE;
		if (address)
			add_needle(log, bdf);
		if (index != P2P_NOBODY && !p2p_function_path(machine, index, &path))
			p2p_names_add(&log->needles, p2p_buf_text(&path));
		p2p_buf_free(&path);
		for (size_t steps = 0; index != P2P_NOBODY && steps <= machine->function_count; steps++) {
			add_needle(log, machine->functions[index].bdf);
			index = p2p_known(machine->functions[index].up.fact) ? machine->functions[index].up.to
									     : P2P_NOBODY;
		}
	}
	return code;
}

static bool names_one(const struct log *log, const char *text)
{
	const char *needle = NULL;

	while ((needle = p2p_names_next(&log->needles, needle)))
		if (strstr(text, needle))
			return true;
	return false;
}

static bool is_slot(const struct log *log, const char *const *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *needle = NULL;

		while ((needle = p2p_names_next(&log->needles, needle)))
			if (!strcmp(slots[i], needle))
				return true;
	}
	return false;
}

static bool is_shown(const struct log *log, const struct history_run *run)
{
	const struct p2p_history_record *last = &run->last;

	if (run->began < log->since || (log->this_boot && (!log->boot || strcmp(last->boot, log->boot) != 0)))
		return false;
	/* One that only found others dead: theirs is the story. */
	if (last->recovery && !last->change_count && !strcmp(last->outcome ? last->outcome : "", "done"))
		return false;
	for (size_t i = 0; log->filtered && i < last->change_count; i++)
		if (names_one(log, last->changes[i].key) || names_one(log, last->changes[i].edit))
			return true;
	return !log->filtered || is_slot(log, last->enabled, last->enabled_count) ||
	       is_slot(log, last->disabled, last->disabled_count);
}

/* ---------------------------------------------------------------- for people */

static void put_time(struct p2p_buf *buf, int64_t when)
{
	time_t at = (time_t)when;
	char text[32] = "?";
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(text, sizeof(text), "%F %T", &tm);
	p2p_buf_puts(buf, text);
}

static void put_who(struct p2p_buf *buf, const struct p2p_history_record *record)
{
	if (record->automatic)
		p2p_buf_puts(buf, "an event or the boot");
	else if (record->sudo)
		p2p_buf_printf(buf, "%s (sudo)", record->sudo);
	else if (record->uid)
		p2p_buf_printf(buf, "user %lld", (long long)record->uid);
	else
		p2p_buf_puts(buf, "root");
	if (!record->automatic && !record->sudo && record->has_login && record->login != record->uid)
		p2p_buf_printf(buf, " (logged in as user %lld)", (long long)record->login);
}

static void put_death(struct p2p_buf *buf, const struct history_run *run)
{
	static const struct {
		const char *how, *says;
		bool by;
	} words[] = {
		{ "taken-back", "died; taken back by", true },
		{ "finished", "died; finished by", true },
		{ "made", "all was made, but it did not get to say so", false },
		{ "none", "died before it changed anything", false },
		{ "unknown", "died; how far it got is not known", false },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(run->how, words[i].how) != 0)
			continue;
		p2p_buf_puts(buf, words[i].says);
		if (words[i].by) {
			p2p_buf_printf(buf, " %s at ", run->by);
			put_time(buf, run->found);
		}
		return;
	}
	p2p_buf_printf(buf, "died; %lld of %zu changes stand", (long long)run->stands, run->last.change_count);
}

static void put_outcome(struct p2p_buf *buf, const struct log *log, const struct history_run *run)
{
	static const char *const words[][2] = {
		{ "rolled-back", "rolled back, nothing of it stands" },
		{ "stuck", "STUCK, not all could be taken back" },
		{ "not-ended", "did not end: it is at work, or it died and nothing was run since" },
		{ "boot-ended", "died with its boot" },
	};
	const char *outcome = history_run_outcome(run, log->boot), *says = outcome;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(outcome, words[i][0]))
			says = words[i][1];
	if (!strcmp(outcome, "died"))
		put_death(buf, run);
	else
		p2p_buf_puts(buf, says);
	if (run->last.refused && strcmp(outcome, "refused") != 0)
		p2p_buf_printf(buf, ", %lld refused", (long long)run->last.refused);
	if (run->last.hold)
		p2p_buf_puts(buf, !strcmp(run->last.hold, "set") ? "; held" : "; the hold ended");
}

static void print_list(const struct log *log, const char *title, const char *const *list, size_t count)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		p2p_buf_reset(&text);
		p2p_buf_printf(&text, "%s%s", title, list[i]);
		topo_print_text(&log->ctl->topo, "    ", "        ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

static void print_changes(const struct log *log, const struct p2p_history_record *record)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < record->change_count; i++) {
		const struct p2p_history_change *change = &record->changes[i];

		p2p_buf_reset(&text);
		p2p_buf_puts(&text, change->edit);
		if (change->rule)
			p2p_buf_printf(&text, "  (%s)", change->rule);
		if (change->state && strcmp(change->state, "made") != 0)
			p2p_buf_printf(&text, "  %s", change->state);
		topo_print_text(&log->ctl->topo, "    ", "        ", p2p_buf_text(&text));
	}
	if (record->more)
		printf("    and %lld more\n", (long long)record->more);
	p2p_buf_free(&text);
}

static void print_run(const struct log *log, const struct history_run *run)
{
	const struct p2p_history_record *record = &run->last;
	struct p2p_buf text = P2P_BUF_INIT;

	put_time(&text, run->began);
	p2p_buf_printf(&text, "  %s%s by ", record->verb, record->recovery ? ", before anything else," : "");
	put_who(&text, record);
	p2p_buf_puts(&text, ": ");
	put_outcome(&text, log, run);
	topo_print_text(&log->ctl->topo, "", "    ", p2p_buf_text(&text));
	if (record->says)
		topo_print_text(&log->ctl->topo, "    ", "    ", record->says);
	print_list(log, "", record->files, record->file_count);
	print_list(log, "disabled: ", record->disabled, record->disabled_count);
	print_list(log, "enabled: ", record->enabled, record->enabled_count);
	print_changes(log, record);
	p2p_buf_free(&text);
}

static void print_boot(const struct log *log, const char *boot)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "-- boot %.8s%s --", boot, log->boot && !strcmp(boot, log->boot) ? ", this one" : "");
	topo_print_text(&log->ctl->topo, "", "", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* ------------------------------------------------------------------ programs */

static void json_list(struct p2p_json *json, const char *key, const char *const *list, size_t count)
{
	p2p_json_array(json, key, true);
	for (size_t i = 0; i < count; i++)
		p2p_json_text(json, NULL, list[i]);
	p2p_json_array_end(json);
}

static void json_changes(struct p2p_json *json, const struct p2p_history_record *record)
{
	p2p_json_array(json, "changes", false);
	for (size_t i = 0; i < record->change_count; i++) {
		const struct p2p_history_change *change = &record->changes[i];

		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "edit", change->edit);
		p2p_json_text(json, "key", change->key);
		p2p_json_text(json, "rule", change->rule);
		p2p_json_text(json, "state", change->state);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_number(json, "more_changes", (uint64_t)record->more);
}

static void json_run(const struct log *log, const struct history_run *run)
{
	const struct p2p_history_record *record = &run->last;
	struct p2p_json *json = log->json;

	p2p_json_object(json, NULL, false);
	p2p_json_signed(json, "began", run->began);
	if (run->ended)
		p2p_json_signed(json, "ended", run->end);
	else
		p2p_json_null(json, "ended");
	p2p_json_text(json, "boot", record->boot);
	p2p_json_bool(json, "this_boot", log->boot && !strcmp(record->boot, log->boot));
	p2p_json_text(json, "verb", record->verb);
	p2p_json_bool(json, "automatic", record->automatic);
	p2p_json_bool(json, "recovery", record->recovery);
	p2p_json_signed(json, "pid", record->pid);
	p2p_json_signed(json, "uid", record->uid);
	if (record->has_login)
		p2p_json_signed(json, "login_uid", record->login);
	else
		p2p_json_null(json, "login_uid");
	p2p_json_text(json, "sudo_user", record->sudo);
	p2p_json_text(json, "outcome", history_run_outcome(run, log->boot));
	p2p_json_text(json, "says", record->says);
	p2p_json_signed(json, "refused", record->refused);
	p2p_json_text(json, "hold", record->hold);
	json_list(json, "enabled", record->enabled, record->enabled_count);
	json_list(json, "disabled", record->disabled, record->disabled_count);
	json_list(json, "files", record->files, record->file_count);
	json_changes(json, record);
	if (run->how && !run->ended) {
		p2p_json_object(json, "died", true);
		p2p_json_text(json, "how", run->how);
		p2p_json_signed(json, "stands", run->stands);
		p2p_json_text(json, "by", run->by);
		p2p_json_signed(json, "at", run->found);
		p2p_json_object_end(json);
	} else {
		p2p_json_null(json, "died");
	}
	p2p_json_object_end(json);
}

/* -------------------------------------------------------------------- showing */

static void say_damaged(const struct log *log)
{
	static const char *const names[] = { P2P_HISTORY_OLD, P2P_HISTORY_NAME };

	for (size_t i = 0; i < 2; i++) {
		struct p2p_problem problem;

		if (!log->runs.bad[i])
			continue;
		p2p_problem_set(&problem, 0, "%s/%s:%zu: cut short or damaged, or of a newer p2pctl; left out%s",
				ctl_kept_folder(log->ctl), names[i], log->runs.first[i],
				log->runs.bad[i] > 1 ? ", as are others after it" : "");
		p2p_cli_complain(log->ctl->cli, stderr, &problem);
	}
}

/* The first to show, so that at most `most` are. */
static size_t find_first(const struct log *log, uint64_t most)
{
	size_t first = log->runs.count;

	for (size_t i = log->runs.count; i-- > 0 && most;)
		if (is_shown(log, &log->runs.list[i])) {
			first = i;
			most--;
		}
	return first;
}

static enum p2p_exit show(struct log *log, uint64_t most)
{
	const char *boot = NULL;
	size_t shown = 0;

	say_damaged(log);
	if (log->json) {
		p2p_json_object(log->json, NULL, false);
		p2p_json_text(log->json, "schema", "p2pctl/1");
		p2p_json_number(log->json, "damaged_lines", log->runs.bad[0] + log->runs.bad[1]);
		p2p_json_array(log->json, "log", false);
	}
	for (size_t i = find_first(log, most); i < log->runs.count; i++) {
		const struct history_run *run = &log->runs.list[i];

		if (!is_shown(log, run))
			continue;
		if (log->json) {
			json_run(log, run);
			continue;
		}
		if (!boot || strcmp(boot, run->last.boot) != 0)
			print_boot(log, run->last.boot);
		boot = run->last.boot;
		print_run(log, run);
		shown++;
	}
	if (!log->json && !shown)
		puts(log->runs.count ? "Nothing in the history is of that time or device." : "The history is empty.");
	if (!log->json)
		return P2P_EXIT_OK;
	p2p_json_array_end(log->json);
	p2p_json_object_end(log->json);
	return p2p_json_end(log->json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static enum p2p_exit look(struct log *log)
{
	const char *number = p2p_cli_value(log->ctl->cli, "number");
	struct p2p_problem problem = { "" };
	uint64_t most = UINT64_MAX;

	if (number && p2p_text_number(number, 10, INT32_MAX, &most)) {
		ctl_say(log->ctl, "--number takes how many runs to show");
		return P2P_EXIT_USAGE;
	}
	enum p2p_exit code = read_since(log);

	if (code == P2P_EXIT_OK)
		code = read_devices(log);
	if (code != P2P_EXIT_OK)
		return code;
	if (history_read(ctl_kept_folder(log->ctl), log->ctl->topo.arena, &problem, &log->runs)) {
		p2p_cli_complain(log->ctl->cli, stderr, &problem);
		return P2P_EXIT_CANNOT_READ;
	}
	if (!p2p_state_boot(&log->ctl->boot))
		log->boot = p2p_buf_text(&log->ctl->boot);
	if (p2p_cli_has(log->ctl->cli, "json"))
		log->json = p2p_json_new(stdout);
	return show(log, most);
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	struct log log = { .ctl = &ctl };
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK && ctl.rehearsal && !p2p_cli_value(cli, "state")) {
		ctl_say(&ctl, "a rehearsal leaves the state of this machine alone: give --state a folder of its own");
		code = P2P_EXIT_USAGE;
	}
	if (code == P2P_EXIT_OK)
		code = look(&log);
	p2p_names_free(&log.needles);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_log = {
	.word = "log",
	.args = "[DEVICE...]",
	.summary = "show what was changed, when, by whom and by which rule, over boots; the newest is last",
	.details = "With devices: runs that changed something on their way. It takes nothing back: that is the "
		   "journal's, which `status` shows and which ends with the boot. Exit status: 0; 3 the history cannot "
		   "be read.",
	.run = run,
};
