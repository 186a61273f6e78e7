/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why A B: both sides hop by hop, the answer, the rule that decided, and what to type. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/engine/cached.h"
#include "core/model/acs.h"
#include "core/view/json-machine.h"
#include "core/view/json-verdict.h"
#include "folklore.h"
#include "measured.h"
#include "pairs.h"

struct why {
	struct topo *topo;
	struct p2p_verdict verdict;
	struct p2p_offer offer;
	struct p2p_client client;
	struct p2p_remedy remedy;
	struct p2p_cached_answer cached; /* no maps: nothing is known of it */
	struct p2p_reason *reasons;
	size_t reason_count;
	const struct p2p_bench_index *measured; /* NULL: nothing was */
	struct p2p_bench_proved proved;	  /* of this pair */
	int address_width; /* of the column in print_walk */
};

/* "label      text", wrapped under itself. */
static void line(const struct why *why, const char *label, const char *text)
{
	char first[16];

	snprintf(first, sizeof(first), "%-10s ", label);
	topo_print_text(why->topo, first, "           ", text);
}

/* ------------------------------------------------------------- hop by hop */

/* The widest line of a hop. */
#define HOP_WIDTH 72

/* "! 02:01.0       switch downstream port  ReqRedir+ CmpltRedir- EgressCtrl-"; ! redirects, ? not known */
static void print_hop(const struct why *why, int index, bool tested)
{
	const struct topo *topo = why->topo;
	const struct p2p_function *function = &topo->machine->functions[index];
	enum p2p_answer redirects = p2p_function_redirects(function);
	enum p2p_role role = !tested ? P2P_ROLE_DIM : redirects == P2P_YES ? P2P_ROLE_BAD : P2P_ROLE_PLAIN;
	/* Two lines where one would be broken by the terminal. */
	bool narrow = topo->style.width && topo->style.width < HOP_WIDTH && !p2p_absent(function->acs.fact);
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	p2p_buf_puts(&text, !tested ? " " : redirects == P2P_YES ? "!" : redirects == P2P_MAYBE ? "?" : " ");
	p2p_buf_printf(&text, " %-*s", why->address_width, topo_address(topo, index, address));
	p2p_buf_printf(&text, narrow ? " %s\n       " : " %-23s",
		       p2p_known(function->port_type.fact) ? p2p_port_type_name(function->port_type.value)
		       : p2p_absent(function->port_type.fact)
			       ? (p2p_function_is_bridge(function) ? "conventional bridge" : "PCI device")
			       : "type not known");
	if (p2p_absent(function->acs.fact))
		p2p_buf_puts(&text, " no ACS");
	else if (!p2p_known(function->acs.fact) && !function->acs.assumed)
		p2p_buf_puts(&text, " ACS not known");
	else
		p2p_buf_putc(&text, ' '), p2p_acs_format_open(&text, function->acs.ctrl, P2P_ACS_REDIRECT,
							   p2p_known(function->acs.fact)
								   ? function->acs.unsure
								   : (uint16_t)~function->acs.assumed);
	printf("%s%s%s\n", p2p_view_role_on(&topo->style, role), p2p_buf_text(&text),
	       p2p_view_role_off(&topo->style, role));
	p2p_buf_free(&text);
}

static int up_of(const struct why *why, int index)
{
	const struct p2p_edge *up = &why->topo->machine->functions[index].up;

	return p2p_known(up->fact) ? up->to : P2P_NOBODY;
}

/* The end of a side that does not meet the other: its host bridge, and what stands for it. */
static void print_host(const struct why *why, int index)
{
	const struct p2p_machine *machine = why->topo->machine;
	int host = machine->functions[index].hostbridge;
	struct p2p_root root;
	char address[P2P_BDF_TEXT];

	if (host == P2P_NOBODY) {
		puts("  host bridge  not known");
		return;
	}
	p2p_judge_root(why->topo->judge, host, &root);
	printf("  %-*s host bridge", why->address_width, machine->hostbridges[host].name);
	if (root.function != P2P_NOBODY && root.found != P2P_NO)
		printf(", looked up as %s %04x:%04x", topo_address(why->topo, root.function, address),
		       (unsigned)machine->functions[root.function].vendor.value,
		       (unsigned)machine->functions[root.function].device.value);
	putchar('\n');
}

static void print_side(const struct why *why, const char *title, int start)
{
	struct p2p_buf name = P2P_BUF_INIT;
	int common = why->verdict.common;

	topo_name(why->topo, start, &name);
	line(why, title, p2p_buf_text(&name));
	for (int at = start; at != P2P_NOBODY && at != common; at = up_of(why, at))
		print_hop(why, at, common != P2P_NOBODY);
	if (common == P2P_NOBODY)
		print_host(why, start);
	p2p_buf_free(&name);
}

/* Addresses on the way: 12 characters, or more where a domain is beyond ffff. */
static int address_width(const struct why *why)
{
	const int starts[] = { why->verdict.provider, why->verdict.client };
	char address[P2P_BDF_TEXT];
	int width = 12;

	for (int side = 0; side < 2; side++)
		for (int at = starts[side]; at != P2P_NOBODY; at = up_of(why, at)) {
			int length = (int)strlen(topo_address(why->topo, at, address));

			width = length > width ? length : width;
		}
	return width;
}

static void print_walk(struct why *why)
{
	why->address_width = address_width(why);
	print_side(why, "provider", why->verdict.provider);
	if (why->verdict.client != why->verdict.provider)
		print_side(why, "client", why->verdict.client);
	if (why->verdict.common == P2P_NOBODY)
		return;
	printf("both meet at%s%s\n", why->verdict.redirects ? " (! marks hops that redirect)" : "",
	       why->verdict.unsure ? " (? of which that is not known)" : "");
	print_hop(why, why->verdict.common, true);
}

/* -------------------------------------------------------------- the answer */

static void print_map(const struct why *why)
{
	const struct p2p_verdict *verdict = &why->verdict;
	const struct p2p_style *style = &why->topo->style;
	enum p2p_role role = verdict->supported == P2P_YES  ? P2P_ROLE_GOOD
			     : verdict->supported == P2P_NO ? P2P_ROLE_BAD
							    : P2P_ROLE_DIM;
	const char *map = verdict->map ? p2p_map_name(verdict->map)
			  : verdict->supported == P2P_YES ? "unknown (BUS_ADDR or THRU_HOST_BRIDGE), allowed either way"
							  : "unknown";

	printf("%-10s %s%s%s\n", "map", p2p_view_role_on(style, role), map, p2p_view_role_off(style, role));
	if (verdict->would)
		printf("%-10s %s\n", "would be", verdict->would_be ? p2p_map_name(verdict->would_be) : "unknown");
	if (verdict->distance >= 0)
		printf("%-10s %d\n", "distance", verdict->distance);
	else
		printf("%-10s unknown\n", "distance");
	if (verdict->locality)
		printf("%-10s %s\n", "locality", p2p_locality_name(verdict->locality));
}

static void print_reasons(const struct why *why)
{
	printf("%-10s %s\n", "rule", p2p_rule_row(why->verdict.rule)->id);
	line(why, "source", p2p_rule_row(why->verdict.rule)->cite);
	for (size_t i = 0; i < why->reason_count; i++) {
		const struct p2p_reason *reason = &why->reasons[i];
		struct p2p_buf text = P2P_BUF_INIT;
		char address[P2P_BDF_TEXT];

		if (reason->function != P2P_NOBODY && reason->rule != P2P_RULE_COMMON_CLEAN)
			p2p_buf_printf(&text, "%s: ", topo_address(why->topo, reason->function, address));
		p2p_judge_says(why->topo->judge, reason, &text);
		line(why, i ? "" : "because", p2p_buf_text(&text));
		p2p_buf_free(&text);
	}
}

static void print_ends(const struct why *why)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "%s: %s", why->offer.kind ? p2p_offer_name(why->offer.kind) : "unknown", why->offer.why);
	if (why->offer.kind == P2P_OFFER_P2PMEM) {
		p2p_buf_puts(&text, ", ");
		topo_size(why->offer.bytes, &text);
		p2p_buf_puts(&text, " of which ");
		topo_size(why->offer.available, &text);
		p2p_buf_puts(&text, " free");
	}
	line(why, "offer", p2p_buf_text(&text));
	p2p_buf_reset(&text);
	p2p_buf_printf(&text, "%s: %s", why->client.kind ? p2p_client_name(why->client.kind) : "unknown",
		       why->client.why);
	line(why, "client", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/*
 * A route is not enough: a copy needs memory at one end and a driver that
 * takes it at the other.  Said where the route alone would mislead.
 */
static void print_conclusion(const struct why *why)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char a[P2P_BDF_TEXT], b[P2P_BDF_TEXT];
	struct p2p_offer other;

	if (why->verdict.supported != P2P_YES)
		return;
	if (why->offer.kind == P2P_OFFER_NONE) {
		p2p_buf_puts(&text, "the route is open, but the provider has nothing to reach");
		p2p_judge_offer(why->topo->judge, why->verdict.client, &other);
		if (why->verdict.client != why->verdict.provider && other.kind != P2P_OFFER_NONE &&
		    other.kind != P2P_OFFER_UNKNOWN)
			p2p_buf_printf(&text, "; the other way round: why %s %s",
				       topo_address(why->topo, why->verdict.client, a),
				       topo_address(why->topo, why->verdict.provider, b));
	} else if (why->client.kind == P2P_CLIENT_NO) {
		p2p_buf_puts(&text, "the route is open, but the client's driver does not take it");
	} else if (why->offer.kind == P2P_OFFER_P2PMEM && why->client.kind == P2P_CLIENT_YES) {
		bool proved = why->proved.result && why->proved.holds == P2P_YES;

		if (!proved || why->proved.result->level == P2P_BENCH_NOTHING)
			p2p_buf_puts(&text,
				     "route, memory and driver agree: the kernel will do it; that the bytes arrive is "
				     "not proved by that");
		else if (why->proved.bad)
			p2p_buf_puts(&text,
				     "route, memory and driver agree, and all the same it failed when it was tried");
		else if (why->proved.result->level >= P2P_BENCH_INTACT)
			p2p_buf_puts(&text, "route, memory and driver agree, and the bytes were seen to arrive");
		else
			p2p_buf_puts(&text,
				     "route, memory and driver agree, and it was seen to work; that the bytes arrive "
				     "is not proved by that");
	}
	if (text.len)
		line(why, "so", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void print_remedy(const struct why *why)
{
	const struct p2p_remedy *remedy = &why->remedy;

	if (!remedy->says)
		return;
	line(why, "remedy", remedy->says);
	if (remedy->bootargs)
		printf("%-10s %s\n", "boot with", remedy->bootargs);
	if (remedy->bootargs && strchr(remedy->bootargs, ';'))
		line(why, "", "(quote it: a bare ; ends a command in a shell and in GRUB)");
	for (size_t i = 0; i < remedy->setpci_count; i++)
		printf("%-10s %s\n", i ? "" : "or now", remedy->setpci[i]);
	if (remedy->setpci_count)
		line(why, "",
		     "(until the next boot, reset or resume, and from 6.19 on the next bind of a driver there)");
	if (remedy->becomes)
		printf("%-10s %s\n", "becomes", p2p_map_name(remedy->becomes));
}

/* Is there any ACS on the walk that could have been changed? */
static bool has_acs(const struct why *why)
{
	const int starts[] = { why->verdict.provider, why->verdict.client };

	for (int side = 0; side < 2; side++)
		for (int at = starts[side]; at != P2P_NOBODY; at = up_of(why, at)) {
			if (!p2p_absent(why->topo->machine->functions[at].acs.fact))
				return true;
			if (at == why->verdict.common)
				break;
		}
	return false;
}

/* "2026-11-20 12:01:33", local time. */
static void put_time(struct p2p_buf *buf, int64_t when)
{
	time_t at = (time_t)when;
	char text[32] = "?";
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(text, sizeof(text), "%F %T", &tm);
	p2p_buf_puts(buf, text);
}

/* What p2pctl's changes of this boot imply. */
static void print_known_cached(const struct why *why)
{
	struct p2p_buf text = P2P_BUF_INIT, when = P2P_BUF_INIT;

	put_time(&when, why->cached.since);
	p2p_cached_says(why->topo->judge, &why->verdict, &why->cached,
			why->cached.since_known ? p2p_buf_text(&when) : NULL, &text);
	line(why, "cached", p2p_buf_text(&text));
	p2p_buf_free(&text);
	p2p_buf_free(&when);
}

/*
 * From 5.4 on the kernel keeps a verdict per provider and client and never
 * takes it back when ACS changes (drivers/pci/p2pdma.c: map_types).  Only a
 * provider with P2PDMA memory has such a store.  Nothing shows what is in it.
 */
static void print_cached(const struct why *why)
{
	const struct p2p_verdict *verdict = &why->verdict;
	enum p2p_ruleset set = p2p_judge_candidates(why->topo->judge)->list[0].set->set;
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	const struct p2p_number *p2pdma = &why->topo->machine->host.p2pdma;

	if (p2p_judge_candidates(why->topo->judge)->kind == P2P_KERNEL_BEFORE ||
	    (p2p_known(p2pdma->fact) && !p2pdma->value))
		return; /* no such kernel ever decided anything */
	if (why->cached.maps) {
		print_known_cached(why);
		return;
	}
	if (why->offer.kind != P2P_OFFER_P2PMEM || set < P2P_RULESET_R2 || verdict->common == P2P_NOBODY ||
	    !has_acs(why))
		return;
	p2p_buf_printf(&text,
		       "if this pair was used since boot and ACS changed after that, the kernel still acts on its old "
		       "answer; enabling an nvmet namespace of the client with p2pmem set to %s asks again",
		       p2p_bdf_format(why->topo->machine->functions[verdict->provider].bdf, true, address));
	line(why, "cached", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void print_text(struct why *why)
{
	struct p2p_buf host = P2P_BUF_INIT;

	print_walk(why);
	putchar('\n');
	print_map(why);
	print_reasons(why);
	print_ends(why);
	measured_print(why->topo, why->measured, &why->verdict, &why->proved);
	print_conclusion(why);
	print_remedy(why);
	print_cached(why);
	folklore_print(why->topo, &why->verdict, "folklore   ", "           ");
	topo_host_line(why->topo, &host);
	line(why, "host", p2p_buf_text(&host));
	if (why->topo->machine->host.hypervisor.value)
		line(why, "", "a virtual machine: what its host's routing does cannot be seen from here");
	topo_print_assumptions(why->topo);
	p2p_buf_free(&host);
}

static void json_reasons(const struct why *why, struct p2p_buf *ret)
{
	for (size_t i = 0; i < why->reason_count; i++) {
		const struct p2p_reason *reason = &why->reasons[i];
		struct p2p_buf says = P2P_BUF_INIT;
		char address[P2P_BDF_TEXT];

		if (reason->function != P2P_NOBODY)
			p2p_bdf_format(why->topo->machine->functions[reason->function].bdf, true, address);
		p2p_judge_says(why->topo->judge, reason, &says);
		p2p_buf_puts(ret, i ? ", " : "");
		p2p_json_reason_format(ret, p2p_rule_row(reason->rule)->id,
				       reason->function != P2P_NOBODY ? address : NULL, p2p_buf_text(&says));
		p2p_buf_free(&says);
	}
}

static void json_pair(const struct why *why, struct p2p_json *json)
{
	struct p2p_buf reasons = P2P_BUF_INIT, remedy = P2P_BUF_INIT, offer = P2P_BUF_INIT, client = P2P_BUF_INIT;
	struct p2p_buf text = P2P_BUF_INIT, measured = P2P_BUF_INIT;
	struct p2p_buf says = P2P_BUF_INIT, cached = P2P_BUF_INIT;
	char a[P2P_BDF_TEXT], b[P2P_BDF_TEXT];

	if (why->cached.maps) {
		p2p_cached_says(why->topo->judge, &why->verdict, &why->cached, NULL, &says);
		p2p_json_cached_format(&cached, &why->cached, p2p_buf_text(&says));
	}
	json_reasons(why, &reasons);
	p2p_json_remedy_format(&remedy, &why->remedy);
	p2p_json_offer_format(&offer, &why->offer);
	p2p_json_client_format(&client, &why->client);
	struct p2p_json_pair pair = {
		.provider = p2p_bdf_format(why->topo->machine->functions[why->verdict.provider].bdf, true, a),
		.client = p2p_bdf_format(why->topo->machine->functions[why->verdict.client].bdf, true, b),
		.verdict = &why->verdict, .reasons = p2p_buf_text(&reasons), .remedy = p2p_buf_text(&remedy),
		.offer = p2p_buf_text(&offer), .client_can = p2p_buf_text(&client),
		.cached = why->cached.maps ? p2p_buf_text(&cached) : NULL,
	};
	if (measured_json(&why->proved, &why->verdict, &measured))
		pair.measured = p2p_buf_text(&measured);
	p2p_json_pair_format(&text, &pair);
	p2p_json_raw(json, NULL, text.text, text.len);
	p2p_buf_free(&text);
	p2p_buf_free(&says);
	p2p_buf_free(&cached);
	p2p_buf_free(&measured);
	p2p_buf_free(&client);
	p2p_buf_free(&offer);
	p2p_buf_free(&remedy);
	p2p_buf_free(&reasons);
}

/* Every function on either walk, once, in the order of their addresses. */
static bool *on_walk(const struct why *why)
{
	bool *on = p2p_arena_array(why->topo->arena, why->topo->machine->function_count, sizeof(*on));

	for (int at = why->verdict.provider; at != P2P_NOBODY; at = up_of(why, at))
		on[at] = true;
	for (int at = why->verdict.client; at != P2P_NOBODY; at = up_of(why, at))
		on[at] = true;
	return on;
}

static bool print_json(const struct why *why)
{
	const struct p2p_machine *machine = why->topo->machine;
	struct p2p_json *json = p2p_json_new(stdout);
	const bool *on = on_walk(why);

	p2p_json_envelope(json, "p2ptopo/1", machine);
	p2p_json_array(json, "devices", false);
	for (size_t i = 0; i < machine->function_count; i++) {
		if (!on[i])
			continue;
		p2p_json_device(json, machine, (int)i);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_array(json, "pairs", false);
	json_pair(why, json);
	p2p_json_array_end(json);
	folklore_json(why->topo, &why->verdict, json);
	p2p_json_object_end(json);
	return p2p_json_end(json) == 0;
}

static enum p2p_exit explain(struct topo *topo, int provider, int client)
{
	struct why why = { .topo = topo };
	size_t max = p2p_judge_reasons_max(topo->judge);

	p2p_judge_pair(topo->judge, provider, client, &why.verdict);
	p2p_judge_offer(topo->judge, provider, &why.offer);
	p2p_judge_client(topo->judge, client, &why.client);
	p2p_judge_remedy(topo->judge, &why.verdict, topo->arena, &why.remedy);
	struct p2p_cached *past = p2p_cached_new(topo->judge, topo->hardware);

	if (!p2p_cached_pair(past, &why.verdict, &why.cached))
		why.cached = (struct p2p_cached_answer){ 0 };
	p2p_cached_free(past);
	why.reasons = p2p_arena_array(topo->arena, max, sizeof(*why.reasons));
	why.reason_count = p2p_judge_reasons(topo->judge, &why.verdict, why.reasons, max);
	why.measured = measured_open(topo);
	why.proved = measured_pair(why.measured, provider, client);
	if (!p2p_cli_has(topo->cli, "json"))
		print_text(&why);
	else if (!print_json(&why))
		return P2P_EXIT_CANNOT_READ;
	return why.verdict.supported == P2P_YES ? P2P_EXIT_OK
	       : why.verdict.supported == P2P_NO ? P2P_EXIT_NO
						  : P2P_EXIT_UNKNOWN;
}

static int run(const struct p2p_cli *cli)
{
	struct topo topo;
	unsigned want = P2P_WANT_ALL | P2P_WANT_RUNNING | P2P_WANT_CHANGES | P2P_WANT_RESULTS;
	enum p2p_exit code = topo_open(cli, want, &topo);

	if (code == P2P_EXIT_OK) {
		int provider = topo_device(&topo, cli->args[0]);
		int client = provider == P2P_NOBODY ? P2P_NOBODY : topo_device(&topo, cli->args[1]);

		if (client == P2P_NOBODY)
			code = P2P_EXIT_USAGE;
		else if (p2p_cli_has(cli, "across"))
			code = why_across(&topo, provider, client);
		else
			code = explain(&topo, provider, client);
	}
	topo_close(&topo);
	return code;
}

const struct p2p_verb p2p_verb_why = {
	.word = "why",
	.args = "PROVIDER CLIENT",
	.summary = "explain one pair: hop by hop, the rule that decided, and what to type",
	.details = "Exit status: 0 the kernel allows it, 1 it does not, 4 that cannot be known. With --across: 0 all "
		   "kernels allow it, 1 one of them does not, 4 none refuses and of one that cannot be known.",
	.run = run,
};
