/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One policy file, schema p2p-policy/1.  The format is p2p-policy(5)'s.
 */
#include <errno.h>
#include <string.h>

#include "../base/bdf.h"
#include "../base/text.h"
#include "policy-internal.h"
#include "policy.h"

#define SCHEMA "p2p-policy/1"
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct p2p_where where(const struct p2p_yaml_file *file, const struct p2p_yaml *at)
{
	return (struct p2p_where){ p2p_arena_strdup(file->keep, file->path), at->line, at->column };
}

/* ------------------------------------------------------------- selectors */

static int take_address(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_selector *selector = into;
	char text[P2P_BDF_TEXT];
	struct p2p_bdf bdf;

	if (value->kind != P2P_YAML_SCALAR || p2p_bdf_parse(value->text, &bdf))
		return p2p_yaml_fail(file, value, "'address' must be like \"0000:03:00.0\"");
	selector->address = p2p_arena_strdup(file->keep, p2p_bdf_format(bdf, true, text));
	return 0;
}

static int take_slot(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_selector *selector = into;
	struct p2p_bdf bdf;
	char head[P2P_BDF_TEXT];
	const char *text = value->kind == P2P_YAML_SCALAR ? value->text : "";
	size_t length = strcspn(text, "/");

	if (!length || length >= sizeof(head))
		return p2p_yaml_fail(file, value, "'slot' must be a path like \"0000:00:01.0/00.0/02.0\"");
	memcpy(head, text, length);
	head[length] = '\0';
	bool right = !p2p_bdf_parse(head, &bdf);

	for (const char *at = text + length; right && *at; at += 5)
		right = strspn(at + 1, "0123456789abcdef") == 2 && at[3] == '.' && at[4] >= '0' && at[4] <= '7' &&
			(!at[5] || at[5] == '/');
	if (!right)
		return p2p_yaml_fail(file, value,
				     "'slot' must be a path like \"0000:00:01.0/00.0/02.0\", in lower "
				     "case; `p2ptopo list -o +PATH` shows them");
	struct p2p_buf path = P2P_BUF_INIT;

	p2p_buf_printf(&path, "%s%s", p2p_bdf_format(bdf, true, head), text + length);
	selector->slot = p2p_arena_strdup(file->keep, p2p_buf_text(&path));
	p2p_buf_free(&path);
	return 0;
}

/* "144d:a80a", "144d:": as lspci -d. */
static int take_id(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_selector *selector = into;
	const char *text = value->kind == P2P_YAML_SCALAR ? value->text : "";
	uint64_t vendor = 0, device = 0;
	bool right = strspn(text, "0123456789abcdefABCDEF") == 4 && text[4] == ':' &&
		     (!text[5] || (strspn(text + 5, "0123456789abcdefABCDEF") == 4 && !text[9]));

	if (right) {
		char digits[5] = { text[0], text[1], text[2], text[3] };

		right = !p2p_text_number(digits, 16, 0xffff, &vendor) &&
			(!text[5] || !p2p_text_number(text + 5, 16, 0xffff, &device));
	}
	if (!right)
		return p2p_yaml_fail(file, value, "'id' must be like \"144d:a80a\" or \"144d:\"");
	selector->has_vendor = true;
	selector->vendor = (uint16_t)vendor;
	selector->has_device = text[5];
	selector->device = (uint16_t)device;
	return 0;
}

/* "01", "0108", "010802": base, sub, programming interface. */
static int take_class(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_selector *selector = into;
	size_t length = value->kind == P2P_YAML_SCALAR ? strlen(value->text) : 0;
	uint64_t class = 0;

	if (value->kind == P2P_YAML_SCALAR && value->plain)
		return p2p_yaml_fail(file, value, "put quotes around the class: without them 0108 is a number");
	if ((length != 2 && length != 4 && length != 6) || value->text[strspn(value->text, "0123456789abcdefABCDEF")] ||
	    p2p_text_number(value->text, 16, 0xffffff, &class))
		return p2p_yaml_fail(file, value, "'class' must be two, four or six hex digits, as \"0108\"");
	unsigned shift = 24 - 4 * (unsigned)length;

	selector->has_class = true;
	selector->class = (uint32_t) class << shift;
	selector->class_mask = 0xffffffu >> shift << shift;
	return 0;
}

static int take_driver(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	return p2p_yaml_take_text(file, value, &((struct p2p_selector *)into)->driver);
}

static int take_serial(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	return p2p_yaml_take_text(file, value, &((struct p2p_selector *)into)->serial);
}

static int take_node(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_selector *selector = into;
	uint64_t node = 0;

	if (!p2p_yaml_is_digits(value) || p2p_text_number(value->text, 10, 65535, &node))
		return p2p_yaml_fail(file, value, "'node' must be the number of a NUMA node");
	selector->has_node = true;
	selector->node = (int64_t)node;
	return 0;
}

static const struct p2p_yaml_field selector_fields[] = {
	{ "address", false, take_address }, { "slot", false, take_slot },     { "id", false, take_id },
	{ "class", false, take_class },	    { "driver", false, take_driver }, { "serial", false, take_serial },
	{ "node", false, take_node },
};

static int take_selector(const struct p2p_yaml_file *file, const struct p2p_yaml *value, struct p2p_selector *ret)
{
	if (value->kind != P2P_YAML_MAP || !value->count)
		return p2p_yaml_fail(file, value, "a selector must be 'key: value' pairs, as { driver: nvme }");
	ret->where = where(file, value);
	return p2p_yaml_take(file, value, "a selector", selector_fields, LENGTH(selector_fields), ret);
}

/* A list of selectors, or one. */
static int take_selectors(const struct p2p_yaml_file *file, const struct p2p_yaml *value, struct p2p_selectors *ret)
{
	const struct p2p_yaml *item = value->kind == P2P_YAML_LIST ? value->first : value;
	int failed = 0;

	if (value->kind == P2P_YAML_SCALAR || !value->count)
		return p2p_yaml_fail(file, value, "'%s' must be a list of selectors, as [{ driver: nvme }]",
				     value->key->text);
	ret->list = p2p_arena_array(file->keep, value->kind == P2P_YAML_LIST ? value->count : 1, sizeof(*ret->list));
	for (; item; item = value->kind == P2P_YAML_LIST ? item->next : NULL) {
		int error = take_selector(file, item, &ret->list[ret->count++]);

		failed = failed ? failed : error;
	}
	return failed;
}

/* ----------------------------------------------------------------- rules */

#define TAKE_RULE(name, call)                                                                                          \
	static int name(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)                    \
	{                                                                                                              \
		struct p2p_policy_rule *rule = into;                                                                   \
		return call;                                                                                           \
	}

TAKE_RULE(rule_name, p2p_yaml_take_text(file, value, &rule->name))
TAKE_RULE(rule_hosts, p2p_yaml_take_texts(file, value, &rule->hosts, &rule->host_count))
TAKE_RULE(rule_providers, take_selectors(file, value, &rule->providers))
TAKE_RULE(rule_clients, take_selectors(file, value, &rule->clients))
TAKE_RULE(rule_accept, take_selectors(file, value, &rule->accept))
TAKE_RULE(rule_pin, p2p_yaml_take_truth(file, value, &rule->pin_power))

static int rule_permit(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	static const char *const words[] = { "allow", "deny" };
	struct p2p_policy_rule *rule = into;
	size_t choice = 0;
	int error = p2p_yaml_take_choice(file, value, words, LENGTH(words), &choice);

	rule->permit = choice ? P2P_PERMIT_DENY : P2P_PERMIT_ALLOW;
	return error;
}

static int rule_within(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	static const char *const words[] = { "system", "node", "host-bridge", "root-port", "switch" };
	struct p2p_policy_rule *rule = into;
	size_t choice = 0;
	int error = p2p_yaml_take_choice(file, value, words, LENGTH(words), &choice);

	rule->within = (enum p2p_within)choice;
	return error;
}

static int rule_redirect(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	static const char *const words[] = { "leave", "off", "on" };
	struct p2p_policy_rule *rule = into;
	size_t choice = 0;
	int error = p2p_yaml_take_choice(file, value, words, LENGTH(words), &choice);

	rule->redirect = (enum p2p_redirect_wish)choice;
	return error;
}

static int rule_by(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	static const char *const words[] = { "boot", "runtime" };
	struct p2p_policy_rule *rule = into;
	size_t choice = 0;
	int error = p2p_yaml_take_choice(file, value, words, LENGTH(words), &choice);

	rule->by = (enum p2p_wish_by)choice;
	return error;
}

static int expect_link(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	static const char *const words[] = { "not-degraded" };
	struct p2p_policy_rule *rule = into;
	size_t choice = 0;
	int error = p2p_yaml_take_choice(file, value, words, LENGTH(words), &choice);

	rule->link_not_degraded = !error;
	return error;
}

TAKE_RULE(expect_memory, p2p_yaml_take_bytes(file, value, &rule->p2pmem_least))
TAKE_RULE(expect_speed, p2p_yaml_take_bytes(file, value, &rule->bytes_per_second))

static int expect_proved(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	static const char *const words[] = { "works", "intact", "faster" };
	struct p2p_policy_rule *rule = into;
	size_t choice = 0;
	int error = p2p_yaml_take_choice(file, value, words, LENGTH(words), &choice);

	rule->proved = words[choice];
	return error;
}

static const struct p2p_yaml_field expect_fields[] = {
	{ "link", false, expect_link },
	{ "p2pmem", false, expect_memory },
	{ "proved", false, expect_proved },
	{ "bytes-per-second", false, expect_speed },
};

static int rule_expect(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	return p2p_yaml_take(file, value, "'expect'", expect_fields, LENGTH(expect_fields), into);
}

static const struct p2p_yaml_field rule_fields[] = {
	{ "name", true, rule_name },
	{ "do", true, rule_permit },
	{ "hosts", false, rule_hosts },
	{ "providers", false, rule_providers },
	{ "clients", false, rule_clients },
	{ "within", false, rule_within },
	{ "acs-redirect", false, rule_redirect },
	{ "acs-by", false, rule_by },
	{ "accept-exposure", false, rule_accept },
	{ "pin-power", false, rule_pin },
	{ "expect", false, rule_expect },
};

/* What is right in each value and wrong together. */
static int check_rule(const struct p2p_yaml_file *file, const struct p2p_yaml *map, const struct p2p_policy_rule *rule)
{
	if (rule->permit == P2P_PERMIT_DENY && rule->redirect == P2P_REDIRECT_OFF)
		return p2p_yaml_fail(file, p2p_yaml_find(map, "acs-redirect"),
				     "a rule that denies cannot turn redirect off; leave it, or turn it on");
	if (rule->permit == P2P_PERMIT_ALLOW && rule->redirect == P2P_REDIRECT_ON)
		return p2p_yaml_fail(file, p2p_yaml_find(map, "acs-redirect"),
				     "a rule that allows cannot turn redirect on; that is for one that denies");
	if (p2p_yaml_find(map, "acs-by") && rule->redirect == P2P_REDIRECT_LEAVE)
		return p2p_yaml_fail(file, p2p_yaml_find(map, "acs-by"),
				     "'acs-by' says how, but there is no "
				     "'acs-redirect' that says what");
	if (rule->accept.count && rule->redirect != P2P_REDIRECT_OFF)
		return p2p_yaml_fail(file, p2p_yaml_find(map, "accept-exposure"),
				     "nothing is exposed without 'acs-redirect: off'");
	if (rule->permit == P2P_PERMIT_DENY && rule->pin_power)
		return p2p_yaml_fail(file, p2p_yaml_find(map, "pin-power"),
				     "a rule that denies keeps nothing awake for its pairs");
	if (rule->permit == P2P_PERMIT_DENY && p2p_yaml_find(map, "expect"))
		return p2p_yaml_fail(file, p2p_yaml_find(map, "expect"),
				     "nothing is expected of pairs that a rule denies");
	return 0;
}

/* ----------------------------------------------------------------- nvmet */

#define TAKE_NVMET(name, call)                                                                                         \
	static int name(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)                    \
	{                                                                                                              \
		struct p2p_nvmet_wish *wish = into;                                                                    \
		return call;                                                                                           \
	}

TAKE_NVMET(nvmet_name, p2p_yaml_take_text(file, value, &wish->name))
TAKE_NVMET(nvmet_hosts, p2p_yaml_take_texts(file, value, &wish->hosts, &wish->host_count))
TAKE_NVMET(nvmet_subsystem, p2p_yaml_take_text(file, value, &wish->subsystem))

static int nvmet_namespace(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_nvmet_wish *wish = into;
	uint64_t number = 0;

	if (!p2p_yaml_is_digits(value) || p2p_text_number(value->text, 10, UINT32_MAX, &number) || !number)
		return p2p_yaml_fail(file, value, "'namespace' must be a number from 1");
	/* As its folder is called: 1, however it was written. */
	wish->namespace = p2p_arena_printf(file->keep, "%llu", (unsigned long long)number);
	return 0;
}

static int nvmet_memory(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	static const char *const words[] = { "off", "auto" };
	struct p2p_nvmet_wish *wish = into;

	if (value->kind == P2P_YAML_MAP) {
		wish->memory = P2P_NVMET_DEVICE;
		return take_selector(file, value, &wish->provider);
	}
	if (value->kind != P2P_YAML_SCALAR || (strcmp(value->text, "off") != 0 && strcmp(value->text, "auto") != 0))
		return p2p_yaml_fail_choice(file, value, words, LENGTH(words),
				   " or a selector of one device, as { slot: \"0000:00:01.0/00.0\" }");
	wish->memory = strcmp(value->text, "auto") == 0 ? P2P_NVMET_AUTO : P2P_NVMET_OFF;
	return 0;
}

static int nvmet_live(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	static const char *const words[] = { "refuse", "restart" };
	struct p2p_nvmet_wish *wish = into;
	size_t choice = 0;
	int error = p2p_yaml_take_choice(file, value, words, LENGTH(words), &choice);

	wish->restart = choice;
	return error;
}

static const struct p2p_yaml_field nvmet_fields[] = {
	{ "name", true, nvmet_name },		{ "hosts", false, nvmet_hosts },
	{ "subsystem", true, nvmet_subsystem }, { "namespace", false, nvmet_namespace },
	{ "p2pmem", true, nvmet_memory },	{ "live", false, nvmet_live },
};

/* ------------------------------------------------------------------ file */

/* Names are unique in a file, among rules and nvmet wishes alike. */
static int check_name(const struct p2p_yaml_file *file, const struct p2p_yaml *map, const struct p2p_policy *policy,
		      const char *name)
{
	const struct p2p_where *first = NULL;

	for (size_t i = 0; name && i < policy->rule_count && !first; i++)
		if (policy->rules[i].name && !strcmp(policy->rules[i].name, name))
			first = &policy->rules[i].where;
	for (size_t i = 0; name && i < policy->nvmet_count && !first; i++)
		if (policy->nvmet[i].name && !strcmp(policy->nvmet[i].name, name))
			first = &policy->nvmet[i].where;
	if (!first)
		return 0;
	return p2p_yaml_fail(file, p2p_yaml_find(map, "name"),
			     "the name '%.60s' a second time, the first is in "
			     "line %u",
			     name, first->line);
}

static int take_rules(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_policy *policy = into;
	int failed = 0;

	if (value->kind != P2P_YAML_LIST)
		return p2p_yaml_fail(file, value, "'rules' must be a list");
	if (value->count > P2P_POLICY_RULES_MOST)
		return p2p_yaml_fail(file, value, "more than %d rules", P2P_POLICY_RULES_MOST);
	policy->rules = p2p_arena_array(file->keep, value->count, sizeof(*policy->rules));
	for (const struct p2p_yaml *map = value->first; map; map = map->next) {
		struct p2p_policy_rule *rule = &policy->rules[policy->rule_count];
		int error = p2p_yaml_take(file, map, "a rule", rule_fields, LENGTH(rule_fields), rule);

		rule->where = where(file, map);
		if (!error)
			error = check_rule(file, map, rule);
		if (!error)
			error = check_name(file, map, policy, rule->name);
		policy->rule_count++;
		failed = failed ? failed : error;
	}
	return failed;
}

static int take_nvmet(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into)
{
	struct p2p_policy *policy = into;
	int failed = 0;

	if (value->kind != P2P_YAML_LIST)
		return p2p_yaml_fail(file, value, "'nvmet' must be a list");
	if (value->count > P2P_POLICY_RULES_MOST)
		return p2p_yaml_fail(file, value, "more than %d nvmet wishes", P2P_POLICY_RULES_MOST);
	policy->nvmet = p2p_arena_array(file->keep, value->count, sizeof(*policy->nvmet));
	for (const struct p2p_yaml *map = value->first; map; map = map->next) {
		struct p2p_nvmet_wish *wish = &policy->nvmet[policy->nvmet_count];
		int error = p2p_yaml_take(file, map, "an nvmet wish", nvmet_fields, LENGTH(nvmet_fields), wish);

		wish->where = where(file, map);
		if (!error)
			error = check_name(file, map, policy, wish->name);
		policy->nvmet_count++;
		failed = failed ? failed : error;
	}
	return failed;
}

static const struct p2p_yaml_field top_fields[] = {
	{ "schema", true, p2p_yaml_take_schema },
	{ "rules", false, take_rules },
	{ "nvmet", false, take_nvmet },
};

int p2p_policy_parse(const char *path, const char *text, size_t len, struct p2p_problems *problems,
		     struct p2p_policy **ret)
{
	struct p2p_arena *keep = p2p_arena_new();
	struct p2p_problem problem = { "" };
	struct p2p_yaml_file file = {
		.path = path, .problem = &problem, .nodes = p2p_arena_new(), .keep = keep, .all = problems
	};
	struct p2p_policy *policy = p2p_arena_alloc(keep, sizeof(*policy));
	const struct p2p_yaml *top = NULL;
	size_t before = problems->count;
	int error = p2p_yaml_parse(&file, text, len, &top);

	policy->arena = keep;
	if (!error)
		error = p2p_yaml_check_schema(&file, top, SCHEMA);
	if (!error)
		error = p2p_yaml_take(&file, top, "the file", top_fields, LENGTH(top_fields), policy);
	/* Some refusals only set the problem. */
	if (error && problems->count == before)
		p2p_problems_add(problems, problem.text);
	p2p_arena_free(file.nodes);
	if (error)
		p2p_policy_free(policy);
	else
		*ret = policy;
	return error;
}
