/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What p2pctl published in place of what this run may not look at.  It is
 * asked only where something is forbidden, and believed only of this boot and
 * while no device has come, gone, or been bound since.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "json-read.h"
#include "kernel-allowlist.h"
#include "published.h"
#include "scan-internal.h"

struct published {
	struct p2p_scan *scan;
	bool check; /* read all of it and take nothing: half a state would be used without a word */
	bool begun; /* the object about the boot was read */
	size_t used;
};

static bool is_forbidden(struct p2p_fact fact)
{
	return fact.know == P2P_UNKNOWN && (fact.error == -EACCES || fact.error == -EPERM);
}

static bool asks(const struct p2p_machine *machine)
{
	for (size_t i = 0; i < machine->function_count; i++)
		if (is_forbidden(machine->functions[i].acs.fact))
			return true;
	return false;
}

static bool is_now(struct p2p_scan *scan, const char *key, const char *text)
{
	struct p2p_word now = p2p_scan_word(scan, key);

	return p2p_known(now.fact) && !strcmp(now.text, text);
}

/* A member that is a number, or why it is not there. */
static struct p2p_number number_of(const struct p2p_json_read_item *item, const char *name, int64_t most)
{
	struct p2p_number number = { 0 };
	int64_t value = 0;
	int error = p2p_json_read_number(item, name, 0, most, &value);

	number.fact = p2p_fact_of(error, P2P_ORIGIN_PUBLISHED);
	number.value = (uint64_t)value;
	return number;
}

/* Only what this run may not read itself is taken. */
static void take_number(const struct p2p_json_read_item *item, const char *name, struct p2p_number *number)
{
	struct p2p_number published;

	if (!is_forbidden(number->fact))
		return;
	published = number_of(item, name, UINT32_MAX);
	if (published.fact.know != P2P_UNKNOWN)
		*number = published;
}

static void take_acs(const struct p2p_json_read_item *item, struct p2p_acs *acs)
{
	struct p2p_number offset = number_of(item, "acs_offset", 0xffff), cap = number_of(item, "acs_cap", 0xffff),
			  ctrl = number_of(item, "acs_ctrl", 0xffff);

	if (!is_forbidden(acs->fact))
		return;
	if (p2p_absent(ctrl.fact)) {
		acs->fact = ctrl.fact;
	} else if (p2p_known(offset.fact) && p2p_known(cap.fact) && p2p_known(ctrl.fact)) {
		acs->fact = ctrl.fact;
		acs->offset = (uint16_t)offset.value;
		acs->cap = (uint16_t)cap.value;
		acs->ctrl = (uint16_t)ctrl.value;
	}
}

static int take_function(struct published *published, const struct p2p_json_read_item *item)
{
	struct p2p_machine *machine = published->scan->machine;
	const char *address;
	struct p2p_bdf bdf;
	int error = p2p_json_read_text(item, "device", &address);

	if (error)
		return error == -EINVAL ? error : p2p_json_read_complain(item, NULL, "a function without \"device\"");
	int index = p2p_bdf_parse(address, &bdf) ? P2P_NOBODY : p2p_machine_find(machine, bdf);

	if (index == P2P_NOBODY || published->check)
		return 0;
	struct p2p_function *function = &machine->functions[index];

	take_acs(item, &function->acs);
	for (size_t i = 0; i < p2p_published_fact_count; i++)
		take_number(item, p2p_published_facts[i].name,
			    (struct p2p_number *)((char *)function + p2p_published_facts[i].at));
	published->used++;
	return 0;
}

static void take_allowlist(struct p2p_scan *scan, const char *text)
{
	struct p2p_host *host = &scan->machine->host;
	struct p2p_running_row *rows = p2p_arena_array(scan->machine->arena, P2P_RUNNING_MAX, sizeof(*rows));
	size_t count = 0;

	if (!(scan->options->want & P2P_WANT_RUNNING) || !is_forbidden(host->running) ||
	    p2p_kernel_allowlist_parse(text, rows, &count))
		return;
	host->running = p2p_fact_of(0, P2P_ORIGIN_PUBLISHED);
	host->running_rows = rows;
	host->running_count = count;
}

/* The object about the boot.  -ESTALE: of another one, or of before the last event. */
static int take_boot(struct published *published, const struct p2p_json_read_item *item)
{
	const char *schema = "", *boot = "", *allowlist = "";
	int64_t seqnum = 0;
	char text[24];

	if (p2p_json_read_text(item, "schema", &schema) || strcmp(schema, "p2p-state/1") != 0)
		return p2p_json_read_complain(item, "schema", "the schema is not \"p2p-state/1\"");
	if (p2p_json_read_text(item, "boot", &boot) ||
	    p2p_json_read_number(item, "uevent_seqnum", 0, INT64_MAX, &seqnum))
		return p2p_json_read_complain(item, NULL, "\"boot\" or \"uevent_seqnum\" is missing");
	snprintf(text, sizeof(text), "%lld", (long long)seqnum);
	if (!is_now(published->scan, "proc/sys/kernel/random/boot_id", boot) ||
	    !is_now(published->scan, "sys/kernel/uevent_seqnum", text))
		return -ESTALE;
	if (!published->check && !p2p_json_read_text(item, "allowlist", &allowlist))
		take_allowlist(published->scan, allowlist);
	return 0;
}

static int take(void *context, const struct p2p_json_read_item *item)
{
	struct published *published = context;
	bool first = !published->begun;

	published->begun = true;
	return first ? take_boot(published, item) : take_function(published, item);
}

static void say_age(struct p2p_scan *scan)
{
	struct p2p_number age = p2p_scan_number(scan, "published/age", 10);

	if (p2p_known(age.fact))
		p2p_scan_say(scan, "what only root may read is as p2pctl published it %llu seconds before",
			     (unsigned long long)age.value);
	else
		p2p_scan_say(scan, "what only root may read is as p2pctl published it");
}

void p2p_scan_published(struct p2p_scan *scan)
{
	struct published published = { .scan = scan };
	struct p2p_problem problem = { "" };
	struct p2p_buf text = P2P_BUF_INIT;

	if (!asks(scan->machine))
		return;
	int error = p2p_source_read_text(scan->source, "published/state.json", P2P_PUBLISHED_MAX, &text);

	for (int pass = 0; pass < 2 && !error; pass++) {
		published = (struct published){ .scan = scan, .check = !pass };
		error = p2p_json_read_items("published/state.json", p2p_buf_text(&text), text.len, &problem, take,
					    &published);
	}
	if (!error && published.used)
		say_age(scan);
	else if (error == -ESTALE)
		p2p_scan_say(scan, "what p2pctl published is not used: devices have come, gone or changed their driver "
				   "since; `p2pctl publish` as root renews it");
	else if (error == -EPERM)
		p2p_scan_say(scan, "what p2pctl published is not used: it is not root's alone");
	else if (error && error != -ENOENT && error != -ENODATA)
		p2p_scan_say(scan, "what p2pctl published is not used: %s", *problem.text ? problem.text
											  : p2p_problem_errno(error));
	p2p_buf_free(&text);
}
