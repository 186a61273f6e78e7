/* SPDX-License-Identifier: GPL-2.0-or-later */
/* providers CLIENT...: whose memory the kernel would choose for these clients. */
#include <stdio.h>
#include <string.h>

#include "core/engine/providers.h"
#include "core/view/json-machine.h"
#include "core/view/json-verdict.h"
#include "core/topo/topo.h"

enum { COL_PICK, COL_PROVIDER, COL_DIST, COL_PUBLISHED, COL_FREE, COL_SIZE, COL_WHY, COL_NAME };

static const struct p2p_column columns[] = {
	[COL_PICK] = { "PICK",
		       "yes: the kernel takes this one, or one of these at random; - another is nearer; no; ? not "
		       "known",
		       0 },
	[COL_PROVIDER] = { "PROVIDER", "the function with the memory", 0 },
	[COL_DIST] = { "DIST", "the sum of the kernel's distances to all clients", P2P_COLUMN_RIGHT },
	[COL_PUBLISHED] = { "PUB", "is the memory published for other drivers", 0 },
	[COL_FREE] = { "FREE", "how much of it is free", P2P_COLUMN_RIGHT },
	[COL_SIZE] = { "SIZE", "how much there is", P2P_COLUMN_RIGHT },
	[COL_WHY] = { "WHY", "what decided: unpublished, or the rule, for the farthest client or the one named", 0 },
	[COL_NAME] = { "NAME", "devices of its driver, then its name", P2P_COLUMN_TRIM },
};

struct providers {
	struct topo *topo;
	struct p2p_choice choice;
	int *clients;
	size_t client_count;
	struct p2p_provider *list;
	size_t count;
	size_t unread; /* of which it is not known whether they have memory: these are not listed */
};

static const char *answer_text(enum p2p_answer answer)
{
	return answer == P2P_YES ? "yes" : answer == P2P_NO ? "no" : "?";
}

/* Is there one that can be used? */
static enum p2p_answer is_there_one(const struct providers *providers)
{
	enum p2p_answer there = P2P_NO;

	for (size_t i = 0; i < providers->count; i++) {
		if (providers->list[i].usable == P2P_YES)
			return P2P_YES;
		if (providers->list[i].usable == P2P_MAYBE)
			there = P2P_MAYBE;
	}
	return there;
}

/* ------------------------------------------------------------ for people */

static void set(const struct providers *providers, struct p2p_report *report, struct p2p_report_row *row, size_t column,
		enum p2p_role role, const char *text)
{
	if (providers->choice.at[column] >= 0)
		p2p_report_set(report, row, (size_t)providers->choice.at[column], role, text);
}

static void put_why(const struct providers *providers, const struct p2p_provider *provider, struct p2p_buf *text)
{
	char address[P2P_BDF_TEXT];

	if (provider->published == P2P_NO) {
		p2p_buf_puts(text, "unpublished");
		return;
	}
	p2p_buf_puts(text, p2p_rule_row(provider->rule)->id);
	if (provider->usable != P2P_YES && providers->client_count > 1)
		p2p_buf_printf(text, " (%s)", topo_address(providers->topo, provider->client, address));
}

static void add_row(const struct providers *providers, struct p2p_report *report, const struct p2p_provider *provider)
{
	static const char *const picks[] = { [P2P_MAYBE] = "?", [P2P_NO] = "-", [P2P_YES] = "yes" };
	const char *pick = provider->usable == P2P_NO ? "no" : picks[provider->drawn];
	static const enum p2p_role roles[] = { [P2P_MAYBE] = P2P_ROLE_DIM, [P2P_NO] = P2P_ROLE_BAD,
					       [P2P_YES] = P2P_ROLE_GOOD };
	const struct p2p_memory *memory = &providers->topo->machine->functions[provider->function].memory;
	struct p2p_report_row *row = p2p_report_add(report, NULL);
	struct p2p_buf text = P2P_BUF_INIT;
	char small[32];

	set(providers, report, row, COL_PICK, provider->drawn == P2P_NO ? P2P_ROLE_PLAIN : roles[provider->drawn],
	    pick);
	set(providers, report, row, COL_PROVIDER, P2P_ROLE_PLAIN,
	    topo_address(providers->topo, provider->function, small));
	snprintf(small, sizeof(small), "%lld", (long long)provider->distance);
	set(providers, report, row, COL_DIST, P2P_ROLE_PLAIN, provider->distance < 0 ? "?" : small);
	set(providers, report, row, COL_PUBLISHED, P2P_ROLE_PLAIN, answer_text(provider->published));
	topo_size(memory->available, &text);
	set(providers, report, row, COL_FREE, memory->available ? P2P_ROLE_PLAIN : P2P_ROLE_WARN, p2p_buf_text(&text));
	p2p_buf_reset(&text);
	topo_size(memory->size, &text);
	set(providers, report, row, COL_SIZE, P2P_ROLE_PLAIN, p2p_buf_text(&text));
	p2p_buf_reset(&text);
	put_why(providers, provider, &text);
	set(providers, report, row, COL_WHY, roles[provider->usable], p2p_buf_text(&text));
	p2p_buf_reset(&text);
	topo_name(providers->topo, provider->function, &text);
	set(providers, report, row, COL_NAME, P2P_ROLE_PLAIN, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void put_next_step(const struct providers *providers, struct p2p_buf *text)
{
	const struct p2p_provider *best = &providers->list[0];
	char address[P2P_BDF_TEXT];

	p2p_buf_printf(text, "None of these can be used. `p2ptopo why %s",
		       topo_address(providers->topo, best->function, address));
	p2p_buf_printf(
		text, " %s` says why, and what to do. ",
		topo_address(providers->topo, best->client >= 0 ? best->client : providers->clients[0], address));
}

/* What the kernel would do, in a sentence. */
static void put_conclusion(const struct providers *providers, struct p2p_buf *text)
{
	size_t drawn = 0, maybe = 0, empty = 0, first = 0;
	char address[P2P_BDF_TEXT];

	for (size_t i = providers->count; i--;) {
		drawn += providers->list[i].drawn == P2P_YES;
		maybe += providers->list[i].drawn == P2P_MAYBE;
		if (providers->list[i].drawn != P2P_YES)
			continue;
		first = i;
		empty += !providers->topo->machine->functions[providers->list[i].function].memory.available;
	}
	if (drawn == 1 && !maybe)
		p2p_buf_printf(text, "The kernel takes %s. ",
			       topo_address(providers->topo, providers->list[first].function, address));
	else if (drawn && !maybe)
		p2p_buf_printf(text, "The kernel takes one of the %zu nearest at random. ", drawn);
	else if (drawn || maybe)
		p2p_buf_printf(text, "What the kernel takes is not known. ");
	else if (!providers->count)
		p2p_buf_puts(text, "Nothing here offers peer memory (p2pmem). ");
	else
		put_next_step(providers, text);
	if (empty)
		p2p_buf_puts(text, "How much is free plays no part in the choice; where nothing is, an allocation then "
				   "fails. ");
	if (providers->unread)
		p2p_buf_printf(text, "Whether %zu %sfunction%s peer memory is not known. ", providers->unread,
			       providers->count > providers->unread ? "more " : "",
			       providers->unread == 1 ? " has" : "s have");
}

/* The kernel asks for distances; whether the driver of a client takes the memory is another matter. */
static void print_clients(const struct providers *providers)
{
	for (size_t i = 0; i < providers->client_count; i++) {
		struct p2p_client client;
		struct p2p_buf text = P2P_BUF_INIT;
		char address[P2P_BDF_TEXT];

		p2p_judge_client(providers->topo->judge, providers->clients[i], &client);
		p2p_buf_printf(&text, "Client %s: %s.", topo_address(providers->topo, providers->clients[i], address),
			       client.why);
		if (client.kind == P2P_CLIENT_NO)
			topo_print_text(providers->topo, "", "", p2p_buf_text(&text));
		p2p_buf_free(&text);
	}
}

static enum p2p_exit print_text(const struct providers *providers)
{
	struct p2p_report *report = p2p_report_new(providers->choice.columns, providers->choice.count);
	struct p2p_buf text = P2P_BUF_INIT;
	size_t rows = 0;

	for (size_t i = 0; i < providers->count; i++) {
		if (providers->list[i].memory != P2P_YES)
			continue;
		add_row(providers, report, &providers->list[i]);
		rows++;
	}
	int error = p2p_view_table(stdout, report, &providers->topo->style);

	p2p_report_free(report);
	if (error)
		return P2P_EXIT_CANNOT_READ;
	if (rows)
		putchar('\n');
	put_conclusion(providers, &text);
	topo_print_text(providers->topo, "", "", p2p_buf_text(&text));
	print_clients(providers);
	topo_print_assumptions(providers->topo);
	p2p_buf_free(&text);
	return P2P_EXIT_OK;
}

/* ----------------------------------------------------------------- JSON */

static void json_client(const struct providers *providers, struct p2p_json *json, int provider, int client)
{
	struct p2p_verdict verdict;
	char address[P2P_BDF_TEXT];

	p2p_judge_pair(providers->topo->judge, provider, client, &verdict);
	p2p_json_object(json, NULL, true);
	p2p_json_text(json, "client", p2p_bdf_format(providers->topo->machine->functions[client].bdf, true, address));
	p2p_json_text(json, "map", p2p_map_name(verdict.map));
	p2p_json_answer(json, "supported", verdict.supported);
	if (verdict.distance < 0)
		p2p_json_null(json, "distance");
	else
		p2p_json_signed(json, "distance", verdict.distance);
	p2p_json_text(json, "locality", p2p_locality_name(verdict.locality));
	p2p_json_text(json, "would_be", verdict.would ? p2p_map_name(verdict.would_be) : NULL);
	p2p_json_text(json, "rule", p2p_rule_row(verdict.rule)->id);
	p2p_json_object_end(json);
}

static void json_provider(const struct providers *providers, struct p2p_json *json, const struct p2p_provider *provider)
{
	const struct p2p_function *function = &providers->topo->machine->functions[provider->function];
	struct p2p_buf offer = P2P_BUF_INIT;
	struct p2p_offer what;
	char address[P2P_BDF_TEXT];

	p2p_judge_offer(providers->topo->judge, provider->function, &what);
	p2p_json_offer_format(&offer, &what);
	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "provider", p2p_bdf_format(function->bdf, true, address));
	p2p_json_answer(json, "picked", provider->drawn);
	p2p_json_answer(json, "usable", provider->usable);
	p2p_json_answer(json, "memory", provider->memory);
	p2p_json_answer(json, "published", provider->published);
	if (provider->distance < 0)
		p2p_json_null(json, "distance");
	else
		p2p_json_signed(json, "distance", provider->distance);
	p2p_json_raw(json, "offer", offer.text, offer.len);
	p2p_json_array(json, "clients", false);
	for (size_t i = 0; i < providers->client_count; i++)
		json_client(providers, json, provider->function, providers->clients[i]);
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	p2p_buf_free(&offer);
}

static enum p2p_exit print_json(const struct providers *providers)
{
	struct p2p_json *json = p2p_json_new(stdout);

	p2p_json_envelope(json, "p2ptopo/1", providers->topo->machine);
	p2p_json_array(json, "clients", false);
	for (size_t i = 0; i < providers->client_count; i++) {
		const struct p2p_function *function = &providers->topo->machine->functions[providers->clients[i]];
		struct p2p_client client;
		char address[P2P_BDF_TEXT];

		p2p_judge_client(providers->topo->judge, providers->clients[i], &client);
		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "client", p2p_bdf_format(function->bdf, true, address));
		p2p_json_text(json, "client_can", p2p_client_name(client.kind));
		p2p_json_text(json, "why", client.why);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_array(json, "providers", false);
	for (size_t i = 0; i < providers->count; i++)
		json_provider(providers, json, &providers->list[i]);
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static enum p2p_exit print(struct topo *topo)
{
	const struct p2p_cli *cli = topo->cli;
	struct providers providers = { .topo = topo };
	enum p2p_exit code = topo_columns(topo, columns, sizeof(columns) / sizeof(*columns), &providers.choice);

	if (code != P2P_EXIT_OK || !providers.choice.count)
		return code;
	providers.clients = p2p_arena_array(topo->arena, cli->arg_count, sizeof(*providers.clients));
	for (size_t i = 0; i < cli->arg_count; i++) {
		int client = topo_device(topo, cli->args[i]);

		if (client == P2P_NOBODY)
			return P2P_EXIT_USAGE;
		providers.clients[providers.client_count++] = client;
	}
	providers.count = p2p_judge_providers(topo->judge, providers.clients, providers.client_count, topo->arena,
					      &providers.list);
	for (size_t i = 0; i < providers.count; i++)
		providers.unread += providers.list[i].memory == P2P_MAYBE;
	code = p2p_cli_has(cli, "json") ? print_json(&providers) : print_text(&providers);
	if (code != P2P_EXIT_OK)
		return code;
	switch (is_there_one(&providers)) {
	case P2P_YES:
		return P2P_EXIT_OK;
	case P2P_NO:
		return P2P_EXIT_NO;
	case P2P_MAYBE:
		break;
	}
	return P2P_EXIT_UNKNOWN;
}

static int run(const struct p2p_cli *cli)
{
	unsigned want = P2P_WANT_NAMES | P2P_WANT_CHILDREN | P2P_WANT_MEMORY | P2P_WANT_NUMA | P2P_WANT_RUNNING;
	struct topo topo;

	if (p2p_cli_has(cli, "list-columns"))
		return topo_list_columns(cli, columns, sizeof(columns) / sizeof(*columns));
	enum p2p_exit code = topo_open(cli, want, &topo);

	if (code == P2P_EXIT_OK)
		code = print(&topo);
	topo_close(&topo);
	return code;
}

const struct p2p_verb p2p_verb_providers = {
	.word = "providers",
	.args = "CLIENT...",
	.summary = "whose peer memory the kernel would take for these clients",
	.details = "Lists every function with peer memory (p2pmem), best first, as pci_p2pmem_find_many() ranks them: "
		   "published, reachable by every client, the least sum of distances; one of those equally near at "
		   "random.\n"
		   "\n"
		   "Exit status: 0 there is one, 1 there is none, 4 that cannot be known.",
	.run = run,
};
