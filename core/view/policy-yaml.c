/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy-yaml.h"

#include "../base/text.h"

void p2p_where_format(struct p2p_where where, struct p2p_buf *ret)
{
	p2p_text_visible(ret, where.path, false);
	p2p_buf_printf(ret, ":%u:%u", where.line, where.column);
}

/* "vendor:device", as the file says it. */
static void put_id(const struct p2p_selector *selector, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%04x:", selector->vendor);
	if (selector->has_device)
		p2p_buf_printf(ret, "%04x", selector->device);
}

static void put_class(const struct p2p_selector *selector, struct p2p_buf *ret)
{
	int digits = selector->class_mask & 0xff ? 6 : selector->class_mask & 0xff00 ? 4 : 2;

	p2p_buf_printf(ret, "%0*x", digits, selector->class >> (24 - 4 * digits));
}

static void put_key(struct p2p_buf *ret, bool *any, const char *key)
{
	p2p_buf_printf(ret, "%s%s: ", *any ? ", " : " ", key);
	*any = true;
}

static void put_text(struct p2p_buf *ret, bool *any, const char *key, const char *text)
{
	if (!text)
		return;
	put_key(ret, any, key);
	p2p_text_yaml(ret, text);
}

void p2p_selector_yaml(const struct p2p_selector *selector, struct p2p_buf *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	bool any = false;

	p2p_buf_putc(ret, '{');
	put_text(ret, &any, "address", selector->address);
	put_text(ret, &any, "slot", selector->slot);
	if (selector->has_vendor) {
		put_id(selector, &text);
		put_text(ret, &any, "id", p2p_buf_text(&text));
	}
	if (selector->has_class) {
		put_key(ret, &any, "class");
		p2p_buf_putc(ret, '"');
		put_class(selector, ret);
		p2p_buf_putc(ret, '"');
	}
	put_text(ret, &any, "driver", selector->driver);
	put_text(ret, &any, "serial", selector->serial);
	if (selector->has_node) {
		put_key(ret, &any, "node");
		p2p_buf_printf(ret, "%lld", (long long)selector->node);
	}
	p2p_buf_puts(ret, " }");
	p2p_buf_free(&text);
}

static void put_selectors(const char *key, const struct p2p_selectors *selectors, struct p2p_buf *ret)
{
	if (!selectors->count)
		return;
	p2p_buf_printf(ret, "    %s:\n", key);
	for (size_t i = 0; i < selectors->count; i++) {
		p2p_buf_puts(ret, "      - ");
		p2p_selector_yaml(&selectors->list[i], ret);
		p2p_buf_putc(ret, '\n');
	}
}

static void put_line(const char *key, const char *text, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "    %s: ", key);
	p2p_text_yaml(ret, text);
	p2p_buf_putc(ret, '\n');
}

static void put_hosts(const char *const *hosts, size_t count, struct p2p_buf *ret)
{
	for (size_t i = 0; i < count; i++) {
		p2p_buf_puts(ret, i ? ", " : "    hosts: [");
		p2p_text_yaml(ret, hosts[i]);
	}
	if (count)
		p2p_buf_puts(ret, "]\n");
}

/* The comment and the name, which both kinds begin with. */
static void put_head(const char *name, struct p2p_where where, enum p2p_answer applies, struct p2p_buf *ret)
{
	p2p_buf_puts(ret, "  # ");
	p2p_where_format(where, ret);
	p2p_buf_puts(ret, applies == P2P_YES  ? ""
			  : applies == P2P_NO ? ", not for this host"
					      : ", perhaps not for this host, whose name is not known");
	p2p_buf_puts(ret, "\n  - name: ");
	p2p_text_yaml(ret, name);
	p2p_buf_putc(ret, '\n');
}

static void put_expectations(const struct p2p_policy_rule *rule, struct p2p_buf *ret)
{
	if (!rule->link_not_degraded && !rule->p2pmem_least && !rule->proved && !rule->bytes_per_second)
		return;
	p2p_buf_puts(ret, "    expect:\n");
	if (rule->link_not_degraded)
		p2p_buf_puts(ret, "      link: not-degraded\n");
	if (rule->p2pmem_least)
		p2p_buf_printf(ret, "      p2pmem: %llu\n", (unsigned long long)rule->p2pmem_least);
	if (rule->proved)
		p2p_buf_printf(ret, "      proved: %s\n", rule->proved);
	if (rule->bytes_per_second)
		p2p_buf_printf(ret, "      bytes-per-second: %llu\n", (unsigned long long)rule->bytes_per_second);
}

static void put_rule(const struct p2p_policy_rule *rule, enum p2p_answer applies, struct p2p_buf *ret)
{
	put_head(rule->name, rule->where, applies, ret);
	p2p_buf_printf(ret, "    do: %s\n", p2p_permit_name(rule->permit));
	put_hosts(rule->hosts, rule->host_count, ret);
	put_selectors("providers", &rule->providers, ret);
	put_selectors("clients", &rule->clients, ret);
	if (rule->within != P2P_WITHIN_SYSTEM)
		p2p_buf_printf(ret, "    within: %s\n", p2p_within_name(rule->within));
	if (rule->redirect != P2P_REDIRECT_LEAVE)
		p2p_buf_printf(ret, "    acs-redirect: %s\n    acs-by: %s\n", p2p_redirect_name(rule->redirect),
			       p2p_by_name(rule->by));
	put_selectors("accept-exposure", &rule->accept, ret);
	if (rule->pin_power)
		p2p_buf_puts(ret, "    pin-power: true\n");
	put_expectations(rule, ret);
}

static void put_wish(const struct p2p_nvmet_wish *wish, enum p2p_answer applies, struct p2p_buf *ret)
{
	put_head(wish->name, wish->where, applies, ret);
	put_hosts(wish->hosts, wish->host_count, ret);
	put_line("subsystem", wish->subsystem, ret);
	if (wish->namespace)
		p2p_buf_printf(ret, "    namespace: %s\n", wish->namespace);
	p2p_buf_puts(ret, "    p2pmem: ");
	if (wish->memory == P2P_NVMET_DEVICE)
		p2p_selector_yaml(&wish->provider, ret);
	else
		p2p_buf_puts(ret, wish->memory == P2P_NVMET_AUTO ? "auto" : "off");
	p2p_buf_printf(ret, "\n    live: %s\n", wish->restart ? "restart" : "refuse");
}

static void put_sources(const struct p2p_policy *policy, struct p2p_buf *ret)
{
	p2p_buf_puts(ret, policy->path_count ? "# The first rule that matches a pair decides it.\n"
					     : "# There is no policy: no file was found, and nothing is managed.\n");
	for (size_t i = policy->path_count; i-- > 0;) {
		p2p_buf_puts(ret, "# read: ");
		p2p_text_visible(ret, policy->paths[i], false);
		p2p_buf_putc(ret, '\n');
	}
	for (size_t i = 0; i < policy->hidden_count; i++) {
		p2p_buf_puts(ret, "# hidden: ");
		p2p_text_visible(ret, policy->hidden[i].path, false);
		p2p_buf_puts(ret, ", by ");
		p2p_text_visible(ret, policy->hidden[i].by, false);
		p2p_buf_putc(ret, '\n');
	}
	for (size_t i = 0; i < policy->replaced_count; i++) {
		p2p_buf_puts(ret, "# replaced: ");
		p2p_text_yaml(ret, policy->replaced[i].name);
		p2p_buf_puts(ret, " of ");
		p2p_where_format(policy->replaced[i].where, ret);
		p2p_buf_puts(ret, ", by ");
		p2p_where_format(policy->replaced[i].by, ret);
		p2p_buf_putc(ret, '\n');
	}
}

void p2p_policy_yaml(const struct p2p_policy *policy, const enum p2p_answer *applies,
		     const enum p2p_answer *nvmet_applies, struct p2p_buf *ret)
{
	put_sources(policy, ret);
	p2p_buf_puts(ret, "schema: p2p-policy/1\n");
	p2p_buf_puts(ret, policy->rule_count ? "rules:\n" : "rules: []\n");
	for (size_t i = 0; i < policy->rule_count; i++)
		put_rule(&policy->rules[i], applies[i], ret);
	if (policy->nvmet_count)
		p2p_buf_puts(ret, "nvmet:\n");
	for (size_t i = 0; i < policy->nvmet_count; i++)
		put_wish(&policy->nvmet[i], nvmet_applies[i], ret);
}

/* ------------------------------------------------------------------ JSON */

static void json_where(struct p2p_json *json, const char *key, struct p2p_where where)
{
	p2p_json_object(json, key, true);
	p2p_json_text(json, "file", where.path);
	p2p_json_number(json, "line", where.line);
	p2p_json_number(json, "column", where.column);
	p2p_json_object_end(json);
}

/* Only what is given. */
static void json_selector(struct p2p_json *json, const char *key, const struct p2p_selector *selector)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_json_object(json, key, true);
	if (selector->address)
		p2p_json_text(json, "address", selector->address);
	if (selector->slot)
		p2p_json_text(json, "slot", selector->slot);
	if (selector->has_vendor) {
		put_id(selector, &text);
		p2p_json_text(json, "id", p2p_buf_text(&text));
	}
	if (selector->has_class) {
		p2p_buf_reset(&text);
		put_class(selector, &text);
		p2p_json_text(json, "class", p2p_buf_text(&text));
	}
	if (selector->driver)
		p2p_json_text(json, "driver", selector->driver);
	if (selector->serial)
		p2p_json_text(json, "serial", selector->serial);
	if (selector->has_node)
		p2p_json_signed(json, "node", selector->node);
	p2p_json_object_end(json);
	p2p_buf_free(&text);
}

static void json_selectors(struct p2p_json *json, const char *key, const struct p2p_selectors *selectors)
{
	p2p_json_array(json, key, false);
	for (size_t i = 0; i < selectors->count; i++)
		json_selector(json, NULL, &selectors->list[i]);
	p2p_json_array_end(json);
}

static void json_hosts(struct p2p_json *json, const char *const *hosts, size_t count)
{
	p2p_json_array(json, "hosts", true);
	for (size_t i = 0; i < count; i++)
		p2p_json_text(json, NULL, hosts[i]);
	p2p_json_array_end(json);
}

/* A number that was not asked for is null. */
static void json_least(struct p2p_json *json, const char *key, uint64_t value)
{
	if (value)
		p2p_json_number(json, key, value);
	else
		p2p_json_null(json, key);
}

static void json_rule(struct p2p_json *json, const struct p2p_policy_rule *rule, enum p2p_answer applies)
{
	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "name", rule->name);
	json_where(json, "where", rule->where);
	p2p_json_answer(json, "applies", applies);
	p2p_json_text(json, "do", p2p_permit_name(rule->permit));
	json_hosts(json, rule->hosts, rule->host_count);
	json_selectors(json, "providers", &rule->providers);
	json_selectors(json, "clients", &rule->clients);
	p2p_json_text(json, "within", p2p_within_name(rule->within));
	p2p_json_text(json, "acs_redirect", p2p_redirect_name(rule->redirect));
	p2p_json_text(json, "acs_by", rule->redirect == P2P_REDIRECT_LEAVE ? NULL : p2p_by_name(rule->by));
	json_selectors(json, "accept_exposure", &rule->accept);
	p2p_json_bool(json, "pin_power", rule->pin_power);
	p2p_json_object(json, "expect", true);
	p2p_json_text(json, "link", rule->link_not_degraded ? "not-degraded" : NULL);
	json_least(json, "p2pmem", rule->p2pmem_least);
	p2p_json_text(json, "proved", rule->proved);
	json_least(json, "bytes_per_second", rule->bytes_per_second);
	p2p_json_object_end(json);
	p2p_json_object_end(json);
}

static void json_wish(struct p2p_json *json, const struct p2p_nvmet_wish *wish, enum p2p_answer applies)
{
	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "name", wish->name);
	json_where(json, "where", wish->where);
	p2p_json_answer(json, "applies", applies);
	json_hosts(json, wish->hosts, wish->host_count);
	p2p_json_text(json, "subsystem", wish->subsystem);
	p2p_json_text(json, "namespace", wish->namespace);
	if (wish->memory == P2P_NVMET_DEVICE)
		json_selector(json, "p2pmem", &wish->provider);
	else
		p2p_json_text(json, "p2pmem", wish->memory == P2P_NVMET_AUTO ? "auto" : "off");
	p2p_json_text(json, "live", wish->restart ? "restart" : "refuse");
	p2p_json_object_end(json);
}

static void json_sources(const struct p2p_policy *policy, struct p2p_json *json)
{
	p2p_json_array(json, "files", false);
	for (size_t i = 0; i < policy->path_count; i++)
		p2p_json_text(json, NULL, policy->paths[i]);
	p2p_json_array_end(json);
	p2p_json_array(json, "hidden", false);
	for (size_t i = 0; i < policy->hidden_count; i++) {
		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "file", policy->hidden[i].path);
		p2p_json_text(json, "by", policy->hidden[i].by);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_array(json, "replaced", false);
	for (size_t i = 0; i < policy->replaced_count; i++) {
		p2p_json_object(json, NULL, false);
		p2p_json_text(json, "name", policy->replaced[i].name);
		json_where(json, "where", policy->replaced[i].where);
		json_where(json, "by", policy->replaced[i].by);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

void p2p_policy_json(const struct p2p_policy *policy, const enum p2p_answer *applies,
		     const enum p2p_answer *nvmet_applies, struct p2p_json *json)
{
	json_sources(policy, json);
	p2p_json_array(json, "rules", false);
	for (size_t i = 0; i < policy->rule_count; i++)
		json_rule(json, &policy->rules[i], applies[i]);
	p2p_json_array_end(json);
	p2p_json_array(json, "nvmet", false);
	for (size_t i = 0; i < policy->nvmet_count; i++)
		json_wish(json, &policy->nvmet[i], nvmet_applies[i]);
	p2p_json_array_end(json);
}
