/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reasons of a verdict, and each one in words.
 */
#include <errno.h>
#include <string.h>

#include "../model/acs.h"
#include "judge-internal.h"

struct reasons {
	struct p2p_reason *list;
	size_t count, max;
};

static void add(struct reasons *reasons, enum p2p_rule rule, int function, int hostbridge)
{
	if (reasons->count < reasons->max)
		reasons->list[reasons->count] = (struct p2p_reason){ rule, function, hostbridge };
	reasons->count++;
}

/* Rules that speak of one host bridge: which of the two is it? */
static void add_hosts(const struct p2p_judge *judge, const struct p2p_verdict *verdict, enum p2p_rule rule,
		      struct reasons *reasons)
{
	int a = judge->machine->functions[verdict->provider].hostbridge;
	int b = judge->machine->functions[verdict->client].hostbridge;

	if (p2p_judge_host(judge, 0, a)->why == rule)
		add(reasons, rule, P2P_NOBODY, a);
	if (b != a && p2p_judge_host(judge, 0, b)->why == rule)
		add(reasons, rule, P2P_NOBODY, b);
}

static void add_places(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct reasons *reasons)
{
	if (!judge->functions[verdict->provider].placed)
		add(reasons, P2P_RULE_PLACE_UNKNOWN, verdict->provider, P2P_NOBODY);
	if (verdict->client != verdict->provider && !judge->functions[verdict->client].placed)
		add(reasons, P2P_RULE_PLACE_UNKNOWN, verdict->client, P2P_NOBODY);
}

/* What decided. */
static void add_rule(const struct p2p_judge *judge, const struct p2p_verdict *verdict, enum p2p_rule rule,
		     struct reasons *reasons)
{
	size_t before = reasons->count;

	switch (rule) {
	case P2P_RULE_NONE:
		return;
	case P2P_RULE_ACS_UNKNOWN:
		return; /* the hops say it */
	case P2P_RULE_COMMON_CLEAN:
		add(reasons, rule, verdict->common, P2P_NOBODY);
		return;
	case P2P_RULE_PLACE_UNKNOWN:
		add_places(judge, verdict, reasons);
		break;
	case P2P_RULE_ALLOWLISTED:
	case P2P_RULE_NOT_ALLOWLISTED:
	case P2P_RULE_NO_ROOT_DEVICE:
	case P2P_RULE_ROOT_DEVICE_UNKNOWN:
	case P2P_RULE_ROW_UNKNOWN:
		add_hosts(judge, verdict, rule, reasons);
		break;
	default:
		break;
	}
	if (reasons->count == before)
		add(reasons, rule, P2P_NOBODY, P2P_NOBODY);
}

static void add_hop(const struct p2p_judge *judge, int index, struct reasons *reasons)
{
	enum p2p_answer redirects = judge->functions[index].redirects;

	if (redirects != P2P_NO)
		add(reasons, redirects == P2P_YES ? P2P_RULE_ACS_REDIRECT : P2P_RULE_ACS_UNKNOWN, index, P2P_NOBODY);
}

/* The hops the kernel tests, in its order: the provider's side up to the common bridge, then the client's. */
static void add_hops(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct reasons *reasons)
{
	if (verdict->common == P2P_NOBODY)
		return;
	for (int at = verdict->provider; at != verdict->common; at = p2p_up(judge, at))
		add_hop(judge, at, reasons);
	add_hop(judge, verdict->common, reasons);
	for (int at = verdict->client; at != verdict->common; at = p2p_up(judge, at))
		add_hop(judge, at, reasons);
}

size_t p2p_judge_reasons(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_reason *ret,
			 size_t max)
{
	struct reasons reasons = { ret, 0, max };

	add_rule(judge, verdict, verdict->rule, &reasons);
	if (verdict->would && verdict->would_rule != verdict->rule)
		add_rule(judge, verdict, verdict->would_rule, &reasons);
	if (verdict->redirects || verdict->unsure)
		add_hops(judge, verdict, &reasons);
	return reasons.count;
}

size_t p2p_judge_reasons_max(const struct p2p_judge *judge)
{
	return 2u * judge->depth_max + 4;
}

/* ------------------------------------------------------------------ words */

const char *p2p_unknown_why(int error)
{
	switch (error) {
	case 0:
		return "nobody asked";
	case -EACCES:
	case -EPERM:
		return "only root may read it";
	case -EAGAIN:
		return "the function sleeps (D3cold); --wake reads it all the same";
	case -ENODATA:
		return "it was not recorded";
	case -EIO:
		return "the read failed or gave all ones";
	case -EINVAL:
		return "it is malformed";
	case -ESTALE:
		return "it changed while it was being read";
	default:
		return strerror(-error);
	}
}

static void says_hop(const struct p2p_judge *judge, const struct p2p_reason *reason, struct p2p_buf *ret)
{
	const struct p2p_acs *acs = &judge->machine->functions[reason->function].acs;

	if (reason->rule == P2P_RULE_ACS_UNKNOWN) {
		p2p_buf_printf(ret, "whether its ACS redirects is not known: %s",
			       acs->unsure ? "that command line keeps the firmware's value, which was not recorded"
					   : p2p_unknown_why(acs->fact.error));
		return;
	}
	p2p_buf_puts(ret, "its ACS redirects peer requests upward: ");
	p2p_acs_format(ret, acs->ctrl, P2P_ACS_REDIRECT);
}

/* "pci0000:00: 0000:00:00.0, first on the root bus, is 8086:29c0" */
static void says_root(const struct p2p_judge *judge, const struct p2p_reason *reason, struct p2p_buf *ret)
{
	const struct p2p_machine *machine = judge->machine;
	const struct judge_host *host = p2p_judge_host(judge, 0, reason->hostbridge);
	char address[P2P_BDF_TEXT];

	p2p_buf_printf(ret, "%s: ", machine->hostbridges[reason->hostbridge].name);
	if (host->root == P2P_NOBODY)
		return;
	const struct p2p_function *root = &machine->functions[host->root];

	bool first = judge->candidates.list[0].lookup != P2P_ROOT_SLOT_0;

	p2p_buf_printf(ret, "%s%s is %04x:%04x", p2p_bdf_format(root->bdf, !judge->machine->one_domain, address),
		       first ? ", first on its root bus," : "", (unsigned)root->vendor.value,
		       (unsigned)root->device.value);
	if (host->row != P2P_NOBODY)
		p2p_buf_printf(ret, " (%s)", judge->hardware->rows[host->row].name);
	p2p_buf_puts(ret, "; ");
}

static void says_table(const struct p2p_judge *judge, struct p2p_buf *ret)
{
	char text[P2P_RELEASE_TEXT];

	if (p2p_known(judge->machine->host.running))
		p2p_buf_puts(ret, "the running kernel's allowlist");
	else
		p2p_buf_printf(ret, "the allowlist of %s",
			       p2p_release_format(judge->candidates.list[0].table, text));
}

static void says_host(const struct p2p_judge *judge, const struct p2p_reason *reason, struct p2p_buf *ret)
{
	const struct judge_host *host = p2p_judge_host(judge, 0, reason->hostbridge);

	says_root(judge, reason, ret);
	switch (reason->rule) {
	case P2P_RULE_ALLOWLISTED:
		says_table(judge, ret);
		p2p_buf_puts(ret, host->same_only ? " has it, for traffic inside one host bridge" : " has it");
		return;
	case P2P_RULE_NOT_ALLOWLISTED:
		says_table(judge, ret);
		p2p_buf_puts(ret, " does not have it");
		return;
	default:
		p2p_buf_puts(ret, p2p_rule_row(reason->rule)->says);
	}
}

void p2p_judge_says(const struct p2p_judge *judge, const struct p2p_reason *reason, struct p2p_buf *ret)
{
	char address[P2P_BDF_TEXT];

	if (reason->rule == P2P_RULE_ACS_REDIRECT || reason->rule == P2P_RULE_ACS_UNKNOWN)
		says_hop(judge, reason, ret);
	else if (reason->rule == P2P_RULE_COMMON_CLEAN && reason->function != P2P_NOBODY)
		p2p_buf_printf(ret, "both paths meet at %s, and no hop on the way redirects",
			       p2p_bdf_format(judge->machine->functions[reason->function].bdf,
					      !judge->machine->one_domain, address));
	else if (reason->hostbridge != P2P_NOBODY)
		says_host(judge, reason, ret);
	else
		p2p_buf_puts(ret, p2p_rule_row(reason->rule)->says);
}
