/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/text.h"
#include "core/io/kernel-allowlist.h"
#include "core/io/published.h"
#include "core/io/state.h"
#include "core/view/json.h"
#include "ctl.h"

/* KNOWN: the number; ABSENT: null; UNKNOWN: not there. */
static void put_number(struct p2p_json *json, const char *name, struct p2p_number number)
{
	if (p2p_known(number.fact))
		p2p_json_number(json, name, number.value);
	else if (p2p_absent(number.fact))
		p2p_json_null(json, name);
}

static void put_function(struct p2p_json *json, const struct p2p_function *function)
{
	char address[P2P_BDF_TEXT];

	p2p_json_object(json, NULL, true);
	p2p_json_text(json, "device", p2p_bdf_format(function->bdf, true, address));
	put_number(json, "acs_offset", (struct p2p_number){ function->acs.fact, function->acs.offset });
	put_number(json, "acs_cap", (struct p2p_number){ function->acs.fact, function->acs.cap });
	put_number(json, "acs_ctrl", (struct p2p_number){ function->acs.fact, function->acs.ctrl });
	for (size_t i = 0; i < p2p_published_fact_count; i++) {
		const char *at = (const char *)function + p2p_published_facts[i].at;

		put_number(json, p2p_published_facts[i].name, *(const struct p2p_number *)at);
	}
	p2p_json_object_end(json);
}

/* The key as text, without its newline; "" when it cannot be read. */
static void read_line(struct ctl *ctl, const char *key, struct p2p_buf *ret)
{
	if (p2p_source_read_text(ctl->topo.source, key, 65536, ret))
		p2p_buf_reset(ret);
	while (ret->len && ret->text[ret->len - 1] == '\n')
		ret->text[--ret->len] = '\0';
}

/*
 * What a later look is compared with.  It is read before the machine is, so
 * that an event in between makes the state stale and not wrong.
 */
struct before {
	uint64_t seqnum;
	struct p2p_buf boot;
};

static void put_boot(struct ctl *ctl, const struct before *before, struct p2p_json *json)
{
	char rows[P2P_RUNNING_TEXT_MAX + 1];
	size_t length = 0;

	p2p_json_object(json, NULL, true);
	p2p_json_text(json, "schema", "p2p-state/1");
	p2p_json_text(json, "boot", p2p_buf_text(&before->boot));
	p2p_json_signed(json, "time", time(NULL));
	p2p_json_number(json, "uevent_seqnum", before->seqnum);
	if (!p2p_source_read(ctl->topo.source, "kernel/allowlist", 0, rows, sizeof(rows) - 1, &length)) {
		rows[length] = '\0';
		p2p_json_text(json, "allowlist", rows);
	}
	p2p_json_object_end(json);
}

static enum p2p_exit write_state(struct ctl *ctl, const struct before *before)
{
	const struct p2p_machine *machine = ctl->topo.machine;
	struct p2p_problem problem = { "" };
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct p2p_json *json = out ? p2p_json_new(out) : NULL;

	if (!json)
		abort();
	p2p_json_array(json, NULL, false);
	put_boot(ctl, before, json);
	for (size_t i = 0; i < machine->function_count; i++)
		put_function(json, &machine->functions[i]);
	p2p_json_array_end(json);
	int error = p2p_json_end(json);

	fclose(out);
	if (!error)
		error = p2p_state_replace(ctl->state_fd, P2P_PUBLISHED_NAME, text, length, 0644);
	free(text);
	if (!error)
		return P2P_EXIT_OK;
	p2p_problem_set(&problem, error, "%s/" P2P_PUBLISHED_NAME ": %s", ctl->state, p2p_problem_errno(error));
	return ctl_complain(ctl, error, &problem);
}

/* A state that knows no more than anybody would only look like one. */
static bool knows(const struct p2p_machine *machine)
{
	for (size_t i = 0; i < machine->function_count; i++)
		if (machine->functions[i].acs.fact.know != P2P_UNKNOWN)
			return true;
	return !machine->function_count;
}

static enum p2p_exit publish(struct ctl *ctl)
{
	struct p2p_buf line = P2P_BUF_INIT;
	struct before before = { 0 };
	enum p2p_exit code;

	read_line(ctl, "sys/kernel/uevent_seqnum", &line);
	read_line(ctl, "proc/sys/kernel/random/boot_id", &before.boot);
	if (p2p_text_number(p2p_buf_text(&line), 10, INT64_MAX, &before.seqnum) || !before.boot.len) {
		ctl_say(ctl, "this boot and its events cannot be told (boot_id, uevent_seqnum): nothing is published");
		code = P2P_EXIT_CANNOT_READ;
	} else {
		code = ctl_look(ctl, P2P_WANT_CONFIG);
		if (code == P2P_EXIT_OK && !knows(ctl->topo.machine)) {
			ctl_say(ctl, "nothing is known here that others may not read: run it as root");
			code = P2P_EXIT_CANNOT_READ;
		}
		if (code == P2P_EXIT_OK)
			code = write_state(ctl, &before);
	}
	p2p_buf_free(&line);
	p2p_buf_free(&before.boot);
	return code;
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK)
		code = ctl_open_state(&ctl);
	if (code == P2P_EXIT_OK)
		code = publish(&ctl);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_publish = {
	.word = "publish",
	.summary = "leave what only root may read for p2ptopo run by others",
	.details = "ACS words, port types and the running kernel's allowlist, decoded, in /run/p2pctl/state.json. "
		   "p2ptopo believes it in this boot, until a device comes, goes or changes its driver.",
	.run = run,
};
