/* SPDX-License-Identifier: GPL-2.0-or-later */
/* allowlist: the rows of root complexes, and which of them matter here. */
#include <stdio.h>
#include <stdlib.h>

#include "core/view/json-machine.h"
#include "core/topo/topo.h"

enum { COL_ID, COL_FLAG, COL_SINCE, COL_UNTIL, COL_APPLIES, COL_HOSTS, COL_NAME, COL_CITE };

static const struct p2p_column columns[] = {
	[COL_ID] = { "ID", "vendor:device of the first function of a root bus", 0 },
	[COL_FLAG] = { "FLAG", "REQ_SAME (the kernel's REQ_SAME_HOST_BRIDGE): only inside one host bridge", 0 },
	[COL_SINCE] = { "SINCE", "first mainline release with the row", 0 },
	[COL_UNTIL] = { "UNTIL", "last mainline release with it", 0 },
	[COL_APPLIES] = { "HERE", "does this kernel have it", 0 },
	[COL_HOSTS] = { "MATCHES", "host bridges of this machine that it decides for", 0 },
	[COL_NAME] = { "NAME", "the product", P2P_COLUMN_TRIM },
	[COL_CITE] = { "CITE", "where the row was seen", P2P_COLUMN_EXTRA },
};

static void id_text(const struct p2p_row *row, char *text, size_t size)
{
	if (row->device == P2P_DEVICE_ANY)
		snprintf(text, size, "%04x:any", row->vendor);
	else
		snprintf(text, size, "%04x:%04x", row->vendor, (unsigned)row->device);
}

/* By the shipped rows: does this kernel have it?  A vendor's has it for sure when all its candidates do. */
static enum p2p_answer shipped(const struct topo *topo, const struct p2p_row *row)
{
	const struct p2p_candidates *candidates = p2p_judge_candidates(topo->judge);
	enum p2p_answer answer = P2P_MAYBE;

	if (candidates->kind == P2P_KERNEL_BEFORE)
		return P2P_NO;
	if (candidates->kind == P2P_KERNEL_NEWER || candidates->kind == P2P_KERNEL_UNKNOWN)
		return P2P_MAYBE;
	for (size_t i = 0; i < candidates->count; i++) {
		enum p2p_answer one = p2p_row_in_release(row, candidates->list[i].table);

		answer = i == 0 || one == answer ? one : P2P_MAYBE;
	}
	return answer;
}

static bool is_shipped(const struct topo *topo, const struct p2p_running_row *running)
{
	for (size_t i = 0; i < topo->hardware->row_count; i++)
		if (topo->hardware->rows[i].vendor == running->vendor &&
		    topo->hardware->rows[i].device == running->device)
			return true;
	return false;
}

static const struct p2p_running_row *running_row(const struct topo *topo, const struct p2p_row *row)
{
	const struct p2p_host *host = &topo->machine->host;

	for (size_t i = 0; i < host->running_count; i++)
		if (host->running_rows[i].vendor == row->vendor && host->running_rows[i].device == row->device)
			return &host->running_rows[i];
	return NULL;
}

/* What counts here: the running kernel's own table where it could be read. */
static enum p2p_answer applies(const struct topo *topo, const struct p2p_row *row)
{
	if (p2p_known(topo->machine->host.running))
		return running_row(topo, row) ? P2P_YES : P2P_NO;
	return shipped(topo, row);
}

/* Does the running table say other than the shipped rows of its release? */
static bool differs(const struct topo *topo, const struct p2p_row *row)
{
	const struct p2p_running_row *running = running_row(topo, row);
	enum p2p_answer want = shipped(topo, row);

	if (!p2p_known(topo->machine->host.running) || want == P2P_MAYBE)
		return false;
	return (running != NULL) != (want == P2P_YES) ||
	       (running && running->same_host_bridge != row->same_host_bridge);
}

/* The names of host bridges whose root device has that row's id. */
static void matches(const struct topo *topo, const struct p2p_row *want, struct p2p_names *ret)
{
	const struct p2p_machine *machine = topo->machine;

	for (size_t i = 0; i < machine->hostbridge_count; i++) {
		struct p2p_root root;

		p2p_judge_root(topo->judge, (int)i, &root);
		if (root.function == P2P_NOBODY || root.found == P2P_NO)
			continue;
		const struct p2p_function *function = &machine->functions[root.function];

		if (p2p_known(function->vendor.fact) && function->vendor.value == want->vendor &&
		    (want->device == P2P_DEVICE_ANY || function->device.value == want->device))
			p2p_names_add(ret, machine->hostbridges[i].name);
	}
}

static void join(const struct p2p_names *names, struct p2p_buf *ret)
{
	for (const char *name = p2p_names_next(names, NULL); name; name = p2p_names_next(names, name))
		p2p_buf_printf(ret, "%s%s", ret->len ? " " : "", name);
}

struct listing {
	struct topo *topo;
	struct p2p_choice choice;
	struct p2p_report *report;
	struct p2p_report_row *line;
};

static void set(struct listing *listing, size_t column, enum p2p_role role, const char *text)
{
	if (listing->choice.at[column] >= 0)
		p2p_report_set(listing->report, listing->line, (size_t)listing->choice.at[column], role, text);
}

static void add_row(struct listing *listing, size_t index)
{
	static const char *const here[] = { "?", "no", "yes" };
	static const enum p2p_role roles[] = { P2P_ROLE_DIM, P2P_ROLE_DIM, P2P_ROLE_GOOD };
	const struct p2p_row *row = &listing->topo->hardware->rows[index];
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_buf hosts = P2P_BUF_INIT;
	enum p2p_answer answer = applies(listing->topo, row);
	char text[P2P_RELEASE_TEXT];

	listing->line = p2p_report_add(listing->report, NULL);
	id_text(row, text, sizeof(text));
	set(listing, COL_ID, P2P_ROLE_PLAIN, text);
	set(listing, COL_FLAG, P2P_ROLE_PLAIN, row->same_host_bridge ? "REQ_SAME" : "");
	set(listing, COL_SINCE, P2P_ROLE_PLAIN, p2p_release_format(row->first, text));
	set(listing, COL_UNTIL, P2P_ROLE_PLAIN, row->last.major ? p2p_release_format(row->last, text) : "");
	bool other = differs(listing->topo, row);
	char mark[8];

	snprintf(mark, sizeof(mark), "%s%s", here[answer], other ? " !" : "");
	set(listing, COL_APPLIES, other ? P2P_ROLE_WARN : roles[answer], mark);
	matches(listing->topo, row, &names);
	join(&names, &hosts);
	set(listing, COL_HOSTS, P2P_ROLE_GOOD, p2p_buf_text(&hosts));
	set(listing, COL_NAME, P2P_ROLE_PLAIN, row->name);
	set(listing, COL_CITE, P2P_ROLE_PLAIN, row->cite);
	p2p_names_free(&names);
	p2p_buf_free(&hosts);
}

/* Rows that only the running kernel has: a distribution's own. */
static void add_foreign(struct listing *listing)
{
	const struct p2p_host *host = &listing->topo->machine->host;

	for (size_t i = 0; p2p_known(host->running) && i < host->running_count; i++) {
		const struct p2p_running_row *row = &host->running_rows[i];
		struct p2p_row as_row = { .vendor = row->vendor, .device = row->device };
		struct p2p_names names = P2P_NAMES_INIT;
		struct p2p_buf hosts = P2P_BUF_INIT;
		char text[16];

		if (is_shipped(listing->topo, row))
			continue;
		listing->line = p2p_report_add(listing->report, NULL);
		id_text(&as_row, text, sizeof(text));
		set(listing, COL_ID, P2P_ROLE_WARN, text);
		set(listing, COL_FLAG, P2P_ROLE_PLAIN, row->same_host_bridge ? "REQ_SAME" : "");
		set(listing, COL_APPLIES, P2P_ROLE_WARN, "yes !");
		matches(listing->topo, &as_row, &names);
		join(&names, &hosts);
		set(listing, COL_HOSTS, P2P_ROLE_GOOD, p2p_buf_text(&hosts));
		p2p_names_free(&names);
		p2p_buf_free(&hosts);
		set(listing, COL_NAME, P2P_ROLE_PLAIN, "in the running kernel, not known here");
	}
}

/* Which table was used, in a sentence. */
static const char *which_table(const struct topo *topo)
{
	if (p2p_known(topo->machine->host.running))
		return "HERE was read from the running kernel; ! marks what its release should not have, or should.";
	return "HERE is by the rows shipped with this program; the running kernel's own table could not be read.";
}

/* The host bridges of this machine, whether a row matches or not: what the kernel looks up for each. */
static void print_host(const struct topo *topo, int index)
{
	const struct p2p_machine *machine = topo->machine;
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_root root;
	char address[P2P_BDF_TEXT];

	p2p_judge_root(topo->judge, index, &root);
	p2p_buf_printf(&text, "%s: ", machine->hostbridges[index].name);
	if (root.function == P2P_NOBODY) {
		p2p_buf_puts(&text, root.found == P2P_NO ? "no function that would be looked up"
							 : "not known which function is looked up");
	} else {
		const struct p2p_function *function = &machine->functions[root.function];

		p2p_buf_printf(&text, "%s %04x:%04x", topo_address(topo, root.function, address),
			       (unsigned)function->vendor.value, (unsigned)function->device.value);
		p2p_buf_puts(&text, root.found == P2P_NO      ? " is first, but neither 00.0 nor a root port: none is "
								"looked up"
				    : root.allowed == P2P_YES ? " is allowed"
				    : root.allowed == P2P_NO  ? " is not in the list"
							      : " may be in the list");
		if (root.allowed == P2P_YES && root.allowed_across == P2P_NO)
			p2p_buf_puts(&text, " inside this host bridge");
	}
	topo_print_text(topo, "", "", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static enum p2p_exit print_text(struct topo *topo)
{
	struct listing listing = { .topo = topo };
	struct p2p_buf text = P2P_BUF_INIT;
	enum p2p_exit code = topo_columns(topo, columns, sizeof(columns) / sizeof(*columns), &listing.choice);

	if (code != P2P_EXIT_OK || !listing.choice.count)
		return code;
	listing.report = p2p_report_new(listing.choice.columns, listing.choice.count);
	for (size_t i = 0; i < topo->hardware->row_count; i++)
		add_row(&listing, i);
	add_foreign(&listing);
	int error = p2p_view_table(stdout, listing.report, &topo->style);

	p2p_report_free(listing.report);
	if (error)
		return P2P_EXIT_CANNOT_READ;
	putchar('\n');
	for (size_t i = 0; i < topo->machine->hostbridge_count; i++)
		print_host(topo, (int)i);
	topo_print_text(topo, "", "", which_table(topo));
	topo_host_line(topo, &text);
	p2p_buf_putc(&text, '.');
	if (p2p_host_is_zen(&topo->machine->host) == P2P_YES)
		p2p_buf_puts(&text, " On this processor the kernel allows every host bridge from 5.9 on and does not "
				    "look at the list.");
	topo_print_text(topo, "", "", p2p_buf_text(&text));
	p2p_buf_free(&text);
	topo_print_assumptions(topo);
	return P2P_EXIT_OK;
}

static void json_ids(struct p2p_json *json, uint16_t vendor, uint32_t device, bool same_host_bridge)
{
	char text[8];

	snprintf(text, sizeof(text), "%04x", vendor);
	p2p_json_text(json, "vendor", text);
	snprintf(text, sizeof(text), "%04x", (unsigned)device & 0xffff);
	p2p_json_text(json, "device", device == P2P_DEVICE_ANY ? "any" : text);
	p2p_json_bool(json, "same_host_bridge", same_host_bridge);
}

static void json_matches(struct topo *topo, struct p2p_json *json, const struct p2p_row *row)
{
	struct p2p_names names = P2P_NAMES_INIT;

	matches(topo, row, &names);
	p2p_json_array(json, "matches", true);
	for (const char *name = p2p_names_next(&names, NULL); name; name = p2p_names_next(&names, name))
		p2p_json_text(json, NULL, name);
	p2p_json_array_end(json);
	p2p_names_free(&names);
}

static void json_row(struct topo *topo, struct p2p_json *json, size_t index)
{
	const struct p2p_row *row = &topo->hardware->rows[index];
	char text[P2P_RELEASE_TEXT];

	p2p_json_object(json, NULL, false);
	json_ids(json, row->vendor, row->device, row->same_host_bridge);
	p2p_json_text(json, "first", p2p_release_format(row->first, text));
	p2p_json_text(json, "last", row->last.major ? p2p_release_format(row->last, text) : NULL);
	p2p_json_answer(json, "applies", applies(topo, row));
	p2p_json_answer(json, "shipped", shipped(topo, row));
	p2p_json_answer(json, "running", !p2p_known(topo->machine->host.running) ? P2P_MAYBE
					 : running_row(topo, row)		   ? P2P_YES
										   : P2P_NO);
	json_matches(topo, json, row);
	p2p_json_text(json, "name", row->name);
	p2p_json_text(json, "cite", row->cite);
	p2p_json_object_end(json);
}

/* A row that only the running kernel has. */
static void json_foreign(struct topo *topo, struct p2p_json *json, const struct p2p_running_row *row)
{
	struct p2p_row as_row = { .vendor = row->vendor, .device = row->device };

	p2p_json_object(json, NULL, false);
	json_ids(json, row->vendor, row->device, row->same_host_bridge);
	p2p_json_null(json, "first");
	p2p_json_null(json, "last");
	p2p_json_bool(json, "applies", true);
	p2p_json_bool(json, "shipped", false);
	p2p_json_bool(json, "running", true);
	json_matches(topo, json, &as_row);
	p2p_json_null(json, "name");
	p2p_json_null(json, "cite");
	p2p_json_object_end(json);
}

static enum p2p_exit print_json(struct topo *topo)
{
	struct p2p_json *json = p2p_json_new(stdout);

	p2p_json_envelope(json, "p2ptopo/1", topo->machine);
	p2p_json_array(json, "allowlist", false);
	for (size_t i = 0; i < topo->hardware->row_count; i++)
		json_row(topo, json, i);
	for (size_t i = 0; i < topo->machine->host.running_count; i++)
		if (!is_shipped(topo, &topo->machine->host.running_rows[i]))
			json_foreign(topo, json, &topo->machine->host.running_rows[i]);
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static int run(const struct p2p_cli *cli)
{
	struct topo topo;

	if (p2p_cli_has(cli, "list-columns"))
		return topo_list_columns(cli, columns, sizeof(columns) / sizeof(*columns));
	enum p2p_exit code = topo_open(cli, P2P_WANT_RUNNING, &topo);

	if (code == P2P_EXIT_OK)
		code = p2p_cli_has(cli, "json") ? print_json(&topo) : print_text(&topo);
	topo_close(&topo);
	return code;
}

const struct p2p_verb p2p_verb_allowlist = {
	.word = "allowlist",
	.summary = "list the root complexes that the kernel allows, and which are here",
	.details = "The rows are this program's own knowledge (allowlist.yaml) of the table in "
		   "drivers/pci/p2pdma.c, by release.",
	.run = run,
};
