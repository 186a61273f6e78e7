/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check: the policy itself, then this machine against it. */
#include <string.h>

#include "check.h"
#include "core/base/closest.h"
#include "core/view/policy-yaml.h"

/* "FILE:LINE:COLUMN: rule 'NAME' TEXT". */
static void add(struct p2p_problems *to, struct p2p_where where, const char *kind, const char *name, const char *text)
{
	struct p2p_buf says = P2P_BUF_INIT;

	p2p_where_format(where, &says);
	p2p_buf_printf(&says, ": %s '%s' %s", kind, name, text);
	p2p_problems_add(to, p2p_buf_text(&says));
	p2p_buf_free(&says);
}

/* ------------------------------------------------- what can be said without a machine */

static void add_covered(struct check *check, const char *kind, const char *name, struct p2p_where where,
			const char *by, struct p2p_where by_where)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "can never match: '%s' before it (", by);
	p2p_where_format(by_where, &text);
	p2p_buf_puts(&text, ") means all that it means");
	add(&check->mistakes, where, kind, name, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* Rules, and nvmet wishes, for which one before them leaves nothing. */
static void find_covered(struct check *check)
{
	const struct p2p_policy *policy = check->ctl->policy;

	for (size_t i = 0; i < policy->rule_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct p2p_policy_rule *rule = &policy->rules[i], *by = &policy->rules[j];

			if (!p2p_rule_covers(by, rule))
				continue;
			add_covered(check, "rule", rule->name, rule->where, by->name, by->where);
			break;
		}
	for (size_t i = 0; i < policy->nvmet_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct p2p_nvmet_wish *wish = &policy->nvmet[i], *by = &policy->nvmet[j];

			if (!p2p_nvmet_covers(by, wish))
				continue;
			add_covered(check, "nvmet wish", wish->name, wish->where, by->name, by->where);
			break;
		}
}

/* ------------------------------------------------------------------- warnings */

/* A host name has letters, digits, dots and hyphens; in a pattern only * and ? stand for others. */
static void check_hosts(struct check *check, const char *kind, const char *name, struct p2p_where where,
			const char *const *hosts, size_t count)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*?";
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		if (!hosts[i][strspn(hosts[i], known)])
			continue;
		p2p_buf_reset(&text);
		p2p_buf_printf(&text,
			       "is for hosts '%s', which no host is called: only * and ? stand for other letters",
			       hosts[i]);
		add(&check->warnings, where, kind, name, p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

/* The driver that is bound here and nearest to the one that is not. */
static const char *nearest_driver(const struct p2p_machine *machine, const char *driver)
{
	struct p2p_closest closest = { .word = driver };

	for (size_t i = 0; i < machine->function_count; i++)
		if (p2p_known(machine->functions[i].driver.fact))
			p2p_closest_offer(&closest, machine->functions[i].driver.text);
	return closest.best && strcmp(closest.best, driver) != 0 ? closest.best : NULL;
}

/* Those that may match too: what is not known is no reason for a warning. */
static size_t count_matches(const struct p2p_machine *machine, const struct p2p_selector *selector)
{
	size_t count = 0;

	for (size_t i = 0; i < machine->function_count; i++)
		count += p2p_selector_answer(selector, machine, (int)i) != P2P_NO;
	return count;
}

static void check_selector(struct check *check, const char *kind, const char *name, const char *key,
			   const struct p2p_selector *selector, bool one)
{
	const struct p2p_machine *machine = check->ctl->topo.machine;
	size_t count = count_matches(machine, selector);
	const char *driver = !count && selector->driver ? nearest_driver(machine, selector->driver) : NULL;
	struct p2p_buf text = P2P_BUF_INIT;

	if (count && !(one && count > 1))
		return;
	p2p_buf_printf(&text, "names %s under '%s': ", count ? "several devices" : "no device of this machine", key);
	p2p_selector_yaml(selector, &text);
	if (driver)
		p2p_buf_printf(&text, "; did you mean driver: %s?", driver);
	add(&check->warnings, selector->where, kind, name, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void check_selectors(struct check *check, const struct p2p_policy_rule *rule, const char *key,
			    const struct p2p_selectors *selectors)
{
	for (size_t i = 0; i < selectors->count; i++)
		check_selector(check, "rule", rule->name, key, &selectors->list[i], false);
}

/* Selectors that name something, and yet nothing is left for the rule. */
static void check_use(struct check *check, size_t index)
{
	const struct p2p_policy_rule *rule = &check->ctl->policy->rules[index];
	const struct p2p_rule_state *state = &check->machine.rules[index];
	struct p2p_buf text = P2P_BUF_INIT;

	if (state->decides || state->unknown || !state->providers || !state->clients)
		return;
	if (state->means)
		p2p_buf_puts(&text, "decides nothing on this machine: rules before it decide all its pairs, or may");
	else
		p2p_buf_printf(&text, "decides nothing on this machine: no two of its devices are within: %s",
			       p2p_within_name(rule->within));
	add(&check->warnings, rule->where, "rule", rule->name, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* The same of a wish and the namespaces here. */
static void check_wish_use(struct check *check, size_t index)
{
	const struct p2p_nvmet_wish *wish = &check->ctl->policy->nvmet[index];
	const struct p2p_wish_state *state = &check->machine.wishes[index];
	struct p2p_fact nvmet = check->ctl->topo.machine->nvmet;

	if (state->decides || nvmet.know == P2P_UNKNOWN)
		return;
	add(&check->warnings, wish->where, "nvmet wish", wish->name,
	    state->means	? "decides nothing on this machine: wishes before it decide all its namespaces, or may"
	    : p2p_absent(nvmet) ? "decides nothing on this machine: nvmet is not loaded, or configfs is not mounted on "
				  "/sys/kernel/config"
				: "names no namespace of this machine");
}

static void warn_rules(struct check *check)
{
	const struct p2p_policy *policy = check->ctl->policy;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct p2p_policy_rule *rule = &policy->rules[i];

		check_hosts(check, "rule", rule->name, rule->where, rule->hosts, rule->host_count);
		if (check->ctl->applies[i] == P2P_NO)
			continue;
		check_selectors(check, rule, "providers", &rule->providers);
		check_selectors(check, rule, "clients", &rule->clients);
		check_selectors(check, rule, "accept-exposure", &rule->accept);
		check_use(check, i);
	}
	for (size_t i = 0; i < policy->nvmet_count; i++) {
		const struct p2p_nvmet_wish *wish = &policy->nvmet[i];

		check_hosts(check, "nvmet wish", wish->name, wish->where, wish->hosts, wish->host_count);
		if (check->ctl->nvmet_applies[i] == P2P_NO)
			continue;
		if (wish->memory == P2P_NVMET_DEVICE)
			check_selector(check, "nvmet wish", wish->name, "p2pmem", &wish->provider, true);
		check_wish_use(check, i);
	}
}

/* --------------------------------------------------------------------- the verb */

static enum p2p_exit answer_of(const struct p2p_check *machine)
{
	return machine->not_met ? P2P_EXIT_NO : machine->unknown ? P2P_EXIT_UNKNOWN : P2P_EXIT_OK;
}

static enum p2p_exit look(struct check *check)
{
	struct ctl *ctl = check->ctl;
	enum p2p_exit code = ctl_look(ctl, CTL_WANT);

	if (code != P2P_EXIT_OK)
		return code;
	const struct p2p_matcher *matcher =
		p2p_matcher_new(ctl->policy, ctl->applies, ctl->topo.judge, ctl->topo.arena);

	p2p_policy_check(matcher, ctl->topo.arena, &check->machine);
	p2p_policy_check_nvmet(matcher, ctl->nvmet_applies, ctl->topo.arena, &check->machine);
	warn_rules(check);
	return P2P_EXIT_OK;
}

static enum p2p_exit check_all(struct check *check)
{
	bool json = p2p_cli_has(check->ctl->cli, "json");
	enum p2p_exit code = ctl_read_policy(check->ctl, &check->mistakes);

	if (code == P2P_EXIT_OK)
		find_covered(check);
	if (code == P2P_EXIT_OK && check->mistakes.count)
		code = P2P_EXIT_USAGE;
	ctl_print_problems(check->ctl, &check->mistakes);
	if (code == P2P_EXIT_OK) {
		code = look(check);
		if (code != P2P_EXIT_OK)
			return code;
		check->answer = answer_of(&check->machine);
		if (!json)
			print_check(check);
	} else {
		check->answer = code;
	}
	if (json && print_check_json(check) != P2P_EXIT_OK)
		return P2P_EXIT_CANNOT_READ;
	return check->answer;
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	struct check check = { .ctl = &ctl };
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK)
		code = check_all(&check);
	p2p_problems_free(&check.mistakes);
	p2p_problems_free(&check.warnings);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_check = {
	.word = "check",
	.summary = "look the policy over, then this machine against it",
	.details =
		"Pairs that are allowed and not possible, pairs that are denied and possible, what rules expect, and "
		"namespaces of the NVMe target that are not set as wished. "
		"Exit status: 0 all of it is so; 1 something is not; 2 the policy is wrong; 3 it cannot be read; 4 "
		"something cannot be known, and all else is so.",
	.run = run,
};
