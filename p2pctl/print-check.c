/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <string.h>

#include "core/model/rule.h"
#include "core/view/json-machine.h"
#include "core/view/policy-yaml.h"

/* Findings of one rule and condition that people are shown. */
#define FINDINGS_MOST 10

static void put_function(const struct topo *topo, int index, struct p2p_buf *buf)
{
	const struct p2p_child *child = topo->machine->functions[index].children;
	char address[P2P_BDF_TEXT];

	p2p_buf_puts(buf, topo_address(topo, index, address));
	if (child)
		p2p_buf_printf(buf, " (%s)", child->name);
}

static void put_pair(const struct check *check, const struct p2p_finding *finding, struct p2p_buf *buf)
{
	const struct topo *topo = &check->ctl->topo;
	bool denied = check->ctl->policy->rules[finding->rule].permit == P2P_PERMIT_DENY;

	put_function(topo, finding->provider, buf);
	p2p_buf_puts(buf, topo->style.ascii ? " > " : " → ");
	put_function(topo, finding->client, buf);
	if (finding->condition == P2P_CONDITION_MATCH)
		p2p_buf_puts(buf, ": not known whether the rule means it");
	else if (finding->answer == P2P_MAYBE)
		p2p_buf_printf(buf, ": not known: %s", p2p_rule_row(finding->why)->says);
	else if (denied)
		p2p_buf_printf(buf, ": denied, and possible: %s", p2p_map_name(finding->map));
	else
		p2p_buf_printf(buf, ": allowed, and refused: %s", p2p_rule_row(finding->why)->says);
	if (finding->redirects && !denied)
		p2p_buf_printf(buf, "; %u port%s on the way redirect%s", finding->redirects,
			       finding->redirects == 1 ? "" : "s", finding->redirects == 1 ? "s" : "");
}

static void put_link(const struct check *check, const struct p2p_finding *finding, struct p2p_buf *buf)
{
	const struct p2p_link *link = &check->ctl->topo.machine->functions[finding->provider].link;

	p2p_buf_puts(buf, "link of ");
	put_function(&check->ctl->topo, finding->provider, buf);
	if (finding->answer == P2P_MAYBE)
		p2p_buf_puts(buf, ": not known");
	else
		p2p_buf_printf(buf, ": degraded, %s GT/s x%u, and it can %s GT/s x%u", p2p_link_speed(link->gen),
			       link->lanes, p2p_link_speed(link->gen_max), link->lanes_max);
}

static void put_memory(const struct check *check, const struct p2p_finding *finding, struct p2p_buf *buf)
{
	const struct p2p_memory *memory = &check->ctl->topo.machine->functions[finding->provider].memory;

	p2p_buf_puts(buf, "p2pmem of ");
	put_function(&check->ctl->topo, finding->provider, buf);
	p2p_buf_puts(buf, ": ");
	if (finding->answer == P2P_MAYBE)
		p2p_buf_puts(buf, "not known");
	else if (p2p_absent(memory->fact))
		p2p_buf_puts(buf, "none");
	else
		topo_size(memory->size, buf);
	p2p_buf_puts(buf, ", expected at least ");
	topo_size(check->ctl->policy->rules[finding->rule].p2pmem_least, buf);
}

static void put_finding(const struct check *check, const struct p2p_finding *finding, struct p2p_buf *buf)
{
	const struct p2p_policy_rule *rule = &check->ctl->policy->rules[finding->rule];

	switch (finding->condition) {
	case P2P_CONDITION_PAIR:
	case P2P_CONDITION_MATCH:
		put_pair(check, finding, buf);
		break;
	case P2P_CONDITION_LINK:
		put_link(check, finding, buf);
		break;
	case P2P_CONDITION_P2PMEM:
		put_memory(check, finding, buf);
		break;
	case P2P_CONDITION_PROVED:
		p2p_buf_printf(buf, "proved: %s: not known, nothing was measured", rule->proved);
		break;
	case P2P_CONDITION_SPEED:
		p2p_buf_printf(buf, "bytes-per-second: %llu: not known, nothing was measured",
			       (unsigned long long)rule->bytes_per_second);
		break;
	}
}

/* "disks (pol.yaml:3:5): allow, 12 pairs; 10 met, 2 not met". */
static void print_rule_head(const struct check *check, size_t index)
{
	const struct p2p_policy_rule *rule = &check->ctl->policy->rules[index];
	const struct p2p_rule_state *state = &check->machine.rules[index];
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "%s (", rule->name);
	p2p_where_format(rule->where, &text);
	p2p_buf_printf(&text, "): %s", p2p_permit_name(rule->permit));
	if (check->ctl->applies[index] == P2P_NO)
		p2p_buf_puts(&text, ", not for this host");
	else
		p2p_buf_printf(&text, ", %zu pair%s; %zu met, %zu not met, %zu not known", state->decides,
			       state->decides == 1 ? "" : "s", state->met, state->not_met, state->unknown);
	topo_print_text(&check->ctl->topo, "", "    ", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* The findings of one rule, from `at` on; where those of the next begin. */
static size_t print_findings(const struct check *check, size_t index, size_t at)
{
	const struct p2p_check *machine = &check->machine;
	struct p2p_buf text = P2P_BUF_INIT;

	while (at < machine->finding_count && machine->findings[at].rule == index) {
		enum p2p_condition condition = machine->findings[at].condition;
		size_t count = 0;

		for (; at < machine->finding_count && machine->findings[at].rule == index &&
		       machine->findings[at].condition == condition;
		     at++) {
			if (count++ >= FINDINGS_MOST)
				continue;
			p2p_buf_reset(&text);
			put_finding(check, &machine->findings[at], &text);
			topo_print_text(&check->ctl->topo, "  ", "      ", p2p_buf_text(&text));
		}
		if (count > FINDINGS_MOST)
			printf("  and %zu more (--json has all)\n", count - FINDINGS_MOST);
	}
	p2p_buf_free(&text);
	return at;
}

/* "nqn 1 (/dev/nvme0n1): p2pmem 0, wished 0000:03:00.0". */
static void put_nvmet(const struct check *check, const struct p2p_nvmet_finding *finding, struct p2p_buf *buf)
{
	if (finding->namespace == P2P_NOBODY) {
		p2p_buf_puts(buf, finding->says);
		return;
	}
	const struct p2p_namespace *namespace = &check->ctl->topo.machine->namespaces[finding->namespace];

	p2p_buf_printf(buf, "%s %s (%s): p2pmem %s", namespace->subsystem, namespace->number,
		       p2p_known(namespace->device_path.fact) ? namespace->device_path.text : "?",
		       p2p_known(namespace->p2pmem.fact) ? namespace->p2pmem.text : "?");
	if (finding->wished)
		p2p_buf_printf(buf, ", wished %s", finding->wished);
	if (finding->says)
		p2p_buf_printf(buf, ": %s", finding->says);
}

/* One wish and its findings, from `at` on; where those of the next begin. */
static size_t print_wish(const struct check *check, size_t index, size_t at)
{
	const struct p2p_nvmet_wish *wish = &check->ctl->policy->nvmet[index];
	const struct p2p_wish_state *state = &check->machine.wishes[index];
	struct p2p_buf text = P2P_BUF_INIT;
	size_t count = 0;

	p2p_buf_printf(&text, "%s (", wish->name);
	p2p_where_format(wish->where, &text);
	if (check->ctl->nvmet_applies[index] == P2P_NO)
		p2p_buf_puts(&text, "): nvmet, not for this host");
	else
		p2p_buf_printf(&text, "): nvmet, %zu namespace%s; %zu met, %zu not met, %zu not known", state->decides,
			       state->decides == 1 ? "" : "s", state->met, state->not_met, state->unknown);
	topo_print_text(&check->ctl->topo, "", "    ", p2p_buf_text(&text));
	for (; at < check->machine.nvmet_count && check->machine.nvmet[at].wish == index; at++) {
		if (count++ >= FINDINGS_MOST)
			continue;
		p2p_buf_reset(&text);
		put_nvmet(check, &check->machine.nvmet[at], &text);
		topo_print_text(&check->ctl->topo, "  ", "      ", p2p_buf_text(&text));
	}
	if (count > FINDINGS_MOST)
		printf("  and %zu more (--json has all)\n", count - FINDINGS_MOST);
	p2p_buf_free(&text);
	return at;
}

static void print_warnings(const struct check *check)
{
	const char *text = NULL;

	while ((text = p2p_names_next(&check->warnings.texts, text))) {
		struct p2p_buf line = P2P_BUF_INIT;

		p2p_buf_printf(&line, "Warning: %s", text);
		topo_print_text(&check->ctl->topo, "", "    ", p2p_buf_text(&line));
		p2p_buf_free(&line);
	}
	if (check->warnings.count > P2P_PROBLEMS_MAX)
		printf("and %zu more warnings\n", check->warnings.count - P2P_PROBLEMS_MAX);
}

void print_check(const struct check *check)
{
	const struct p2p_check *machine = &check->machine;
	const struct p2p_policy *policy = check->ctl->policy;
	size_t at = 0;

	print_warnings(check);
	for (size_t i = 0; i < policy->rule_count; i++) {
		print_rule_head(check, i);
		at = print_findings(check, i, at);
	}
	at = 0;
	for (size_t i = 0; i < policy->nvmet_count; i++)
		at = print_wish(check, i, at);
	if (!policy->rule_count && !policy->nvmet_count)
		puts("No rule manages a pair; `p2pctl policy suggest PROVIDER CLIENT` prints one to start with.");
	else
		printf("%s: %zu met, %zu not met, %zu not known.\n",
		       machine->not_met	  ? "Not as the policy says"
		       : machine->unknown ? "Not all of it is known"
					  : "As the policy says",
		       machine->met, machine->not_met, machine->unknown);
	if (machine->finding_count)
		puts("`p2ptopo why PROVIDER CLIENT` tells of two devices why, and what helps.");
	if (machine->nvmet_count)
		puts("`p2pctl plan` shows what `p2pctl enable` would change.");
	topo_print_assumptions(&check->ctl->topo);
}

/* ------------------------------------------------------------------ JSON */

static void json_texts(struct p2p_json *json, const char *key, const struct p2p_problems *problems)
{
	const char *text = NULL;

	p2p_json_array(json, key, false);
	while ((text = p2p_names_next(&problems->texts, text)))
		p2p_json_text(json, NULL, text);
	p2p_json_array_end(json);
}

static void json_function(struct p2p_json *json, const char *key, const struct p2p_machine *machine, int index)
{
	char address[P2P_BDF_TEXT];

	p2p_json_text(json, key, p2p_bdf_format(machine->functions[index].bdf, true, address));
}

static void json_finding(struct p2p_json *json, const struct check *check, const struct p2p_finding *finding)
{
	const struct p2p_machine *machine = check->ctl->topo.machine;
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_json_object(json, NULL, true);
	p2p_json_text(json, "rule", check->ctl->policy->rules[finding->rule].name);
	p2p_json_text(json, "condition", p2p_condition_name(finding->condition));
	if (finding->answer == P2P_NO)
		p2p_json_bool(json, "met", false);
	else
		p2p_json_null(json, "met");
	if (finding->client != P2P_NOBODY) {
		json_function(json, "provider", machine, finding->provider);
		json_function(json, "client", machine, finding->client);
	} else if (finding->provider != P2P_NOBODY) {
		json_function(json, "device", machine, finding->provider);
	}
	if (finding->condition == P2P_CONDITION_PAIR) {
		p2p_json_text(json, "map", p2p_map_name(finding->map));
		p2p_json_text(json, "why", p2p_rule_row(finding->why)->id);
	}
	put_finding(check, finding, &text);
	p2p_json_text(json, "says", p2p_buf_text(&text));
	p2p_json_object_end(json);
	p2p_buf_free(&text);
}

static void json_rules(struct p2p_json *json, const struct check *check)
{
	const struct p2p_policy *policy = check->ctl->policy;

	p2p_json_array(json, "rules", false);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct p2p_rule_state *state = &check->machine.rules[i];

		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "name", policy->rules[i].name);
		p2p_json_text(json, "file", policy->rules[i].where.path);
		p2p_json_number(json, "line", policy->rules[i].where.line);
		p2p_json_text(json, "do", p2p_permit_name(policy->rules[i].permit));
		p2p_json_answer(json, "applies", check->ctl->applies[i]);
		p2p_json_number(json, "providers", state->providers);
		p2p_json_number(json, "clients", state->clients);
		p2p_json_number(json, "pairs", state->decides);
		p2p_json_number(json, "met", state->met);
		p2p_json_number(json, "not_met", state->not_met);
		p2p_json_number(json, "unknown", state->unknown);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void json_wishes(struct p2p_json *json, const struct check *check)
{
	const struct p2p_policy *policy = check->ctl->policy;

	p2p_json_array(json, "nvmet", false);
	for (size_t i = 0; i < policy->nvmet_count; i++) {
		const struct p2p_wish_state *state = &check->machine.wishes[i];

		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "name", policy->nvmet[i].name);
		p2p_json_text(json, "file", policy->nvmet[i].where.path);
		p2p_json_number(json, "line", policy->nvmet[i].where.line);
		p2p_json_answer(json, "applies", check->ctl->nvmet_applies[i]);
		p2p_json_number(json, "namespaces", state->decides);
		p2p_json_number(json, "met", state->met);
		p2p_json_number(json, "not_met", state->not_met);
		p2p_json_number(json, "unknown", state->unknown);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void json_nvmet(struct p2p_json *json, const struct check *check, const struct p2p_nvmet_finding *finding)
{
	const struct p2p_namespace *namespace =
		finding->namespace == P2P_NOBODY ? NULL : &check->ctl->topo.machine->namespaces[finding->namespace];
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_json_object(json, NULL, true);
	p2p_json_text(json, "wish", check->ctl->policy->nvmet[finding->wish].name);
	p2p_json_text(json, "condition", "nvmet");
	p2p_json_answer(json, "met", finding->answer);
	p2p_json_text(json, "subsystem", namespace ? namespace->subsystem : NULL);
	p2p_json_text(json, "namespace", namespace ? namespace->number : NULL);
	p2p_json_text(json, "p2pmem", namespace && p2p_known(namespace->p2pmem.fact) ? namespace->p2pmem.text : NULL);
	p2p_json_text(json, "wished", finding->wished);
	put_nvmet(check, finding, &text);
	p2p_json_text(json, "says", p2p_buf_text(&text));
	p2p_json_object_end(json);
	p2p_buf_free(&text);
}

enum p2p_exit print_check_json(const struct check *check)
{
	static const char *const answers[] = { [P2P_EXIT_OK] = "met",
					       [P2P_EXIT_NO] = "not met",
					       [P2P_EXIT_USAGE] = "wrong policy",
					       [P2P_EXIT_CANNOT_READ] = "unreadable policy",
					       [P2P_EXIT_UNKNOWN] = "unknown" };
	struct p2p_json *json = p2p_json_new(stdout);

	if (check->mistakes.count) {
		p2p_json_object(json, NULL, false);
		p2p_json_text(json, "schema", "p2pctl/1");
	} else {
		p2p_json_envelope(json, "p2pctl/1", check->ctl->topo.machine);
	}
	p2p_json_object(json, "check", false);
	p2p_json_text(json, "answer", answers[check->answer]);
	json_texts(json, "mistakes", &check->mistakes);
	if (!check->mistakes.count) {
		json_texts(json, "warnings", &check->warnings);
		json_rules(json, check);
		json_wishes(json, check);
		p2p_json_array(json, "findings", false);
		for (size_t i = 0; i < check->machine.finding_count; i++)
			json_finding(json, check, &check->machine.findings[i]);
		for (size_t i = 0; i < check->machine.nvmet_count; i++)
			json_nvmet(json, check, &check->machine.nvmet[i]);
		p2p_json_array_end(json);
	}
	p2p_json_object_end(json);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}
