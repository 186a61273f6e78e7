/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The argument for the kernel's command line after whose boot no hop of a pair redirects.
 *
 * It is not enough that it names what redirects now: a hop that was cleared
 * since, or by an argument that this one replaces, redirects again after a
 * boot.  So what a boot leaves is worked out, and hops are added until it holds.
 *
 * KERNEL: drivers/pci/pci.c:__pci_config_acs, pci_disable_acs_redir_param
 * (4.20-), pci_config_acs_param (6.11-): one pointer each, so of several
 * arguments the last counts alone, and of its entries the first that matches.
 */
#include <string.h>

#include "../model/acs-match.h"
#include "../model/acs.h"
#include "../model/cmdline.h"
#include "../model/host.h"
#include "judge-internal.h"

struct plan {
	const struct p2p_judge *judge;
	struct p2p_arena *arena;
	bool config;               /* config_acs=, not disable_acs_redir= */
	struct p2p_boot before, after;
	const char *recorded;      /* what the kernel takes of the command line; NULL: not known */
	const char *old;           /* what it gives to the same option; NULL: nothing */
	int *hops;                 /* the whole walk */
	size_t count;
	bool *named;               /* of those */
	struct p2p_acs *then;      /* what the boot leaves in them */
};

static const char *option_of(const struct plan *plan)
{
	return plan->config ? "config_acs=" : "disable_acs_redir=";
}

/* What the kernel takes of a command line: what follows -- is init's. */
static const char *kernels_part(struct p2p_arena *arena, const char *cmdline)
{
	const char *end = strstr(cmdline, " -- ");
	size_t len = strlen(cmdline);

	if (!end && len >= 3 && !strcmp(cmdline + len - 3, " --"))
		end = cmdline + len - 3;
	return p2p_arena_strndup(arena, cmdline, end ? (size_t)(end - cmdline) : len);
}

static size_t walk_hops(const struct p2p_judge *judge, const struct p2p_verdict *verdict, int *ret)
{
	const int starts[] = { verdict->provider, verdict->client };
	size_t count = 0;

	for (int side = 0; side < 2; side++)
		for (int at = starts[side]; at != P2P_NOBODY; at = p2p_up(judge, at)) {
			if (at == verdict->common && side == 1)
				break;
			ret[count++] = at;
			if (at == verdict->common)
				break;
		}
	return count;
}

/* ------------------------------------------------------------ the argument */

/* How an argument names a hop: by its path, which holds when buses are numbered anew, or else by its address. */
static void put_hop(const struct plan *plan, int index, struct p2p_buf *buf)
{
	const struct p2p_machine *machine = plan->judge->machine;
	char address[P2P_BDF_TEXT];

	if (p2p_function_path(machine, index, buf))
		p2p_buf_puts(buf, p2p_bdf_format(machine->functions[index].bdf, true, address));
}

/* Flags of config_acs=, bit 6 first: RR, CR, EC off; what is on now stays on; the rest as the old argument says. */
static void put_flags(const struct plan *plan, int index, struct p2p_buf *buf)
{
	uint16_t ctrl = plan->judge->machine->functions[index].acs.ctrl, mask = 0, flags = 0;

	if (p2p_acs_match_flags(plan->judge->machine, index, plan->old, false, &mask, &flags) != P2P_ACS_MATCH_YES)
		mask = flags = 0;
	for (int i = 6; i >= 0; i--) {
		uint16_t bit = (uint16_t)(1u << i);
		bool on = (ctrl | (mask & flags)) & bit;

		p2p_buf_putc(buf, bit & P2P_ACS_REDIRECT ? '0' : on ? '1' : mask & bit ? '0' : 'x');
	}
	p2p_buf_putc(buf, '@');
}

/* Does that entry of the old argument name nothing but hops that are named anew? */
static bool is_named_anew(const struct plan *plan, const char *entry)
{
	const struct p2p_machine *machine = plan->judge->machine;
	bool any = false;

	for (size_t i = 0; i < machine->function_count; i++) {
		uint16_t mask, flags;
		enum p2p_acs_match match =
			plan->config ? p2p_acs_match_flags(machine, (int)i, entry, false, &mask, &flags)
				     : p2p_acs_match_list(machine, (int)i, entry);
		bool anew = false;

		for (size_t j = 0; j < plan->count; j++)
			anew = anew || (plan->hops[j] == (int)i && plan->named[j]);
		if (match != P2P_ACS_MATCH_NO && !(match == P2P_ACS_MATCH_YES && anew))
			return false;
		any = any || match == P2P_ACS_MATCH_YES;
	}
	return any;
}

/* The old entries go behind: of those that match a function the first counts. */
static const char *put_argument(const struct plan *plan)
{
	struct p2p_buf buf = P2P_BUF_INIT;
	const char *between = "";

	p2p_buf_printf(&buf, "pci=%s", option_of(plan));
	for (size_t i = 0; i < plan->count; i++) {
		if (!plan->named[i])
			continue;
		p2p_buf_puts(&buf, between);
		between = ";";
		if (plan->config)
			put_flags(plan, plan->hops[i], &buf);
		put_hop(plan, plan->hops[i], &buf);
	}
	for (const char *at = plan->old; at && *at;) {
		size_t len = strcspn(at, ";");
		const char *entry = p2p_arena_strndup(plan->arena, at, len);

		if (!is_named_anew(plan, entry))
			p2p_buf_printf(&buf, ";%s", entry);
		at += len + (at[len] == ';');
	}
	const char *text = p2p_arena_strdup(plan->arena, p2p_buf_text(&buf));

	p2p_buf_free(&buf);
	return text;
}

/* ------------------------------------------------------------- the promise */

/* What a boot with it leaves on the walk. */
static void boot_with(struct plan *plan, const char *argument)
{
	plan->after.cmdline = !plan->recorded ? argument
					      : p2p_arena_printf(plan->arena, "%s %s", plan->recorded, argument);
	p2p_acs_args_after(plan->judge->machine, plan->hops, plan->count, &plan->before, &plan->after, plan->then);
}

static bool redirects(const struct plan *plan, size_t hop)
{
	const struct p2p_function function = { .acs = plan->then[hop] };

	return p2p_function_redirects(&function) != P2P_NO;
}

/* Why no argument is promised to reach a hop that it names. */
static const char *why_not(const struct plan *plan, size_t hop)
{
	const struct p2p_function *function = &plan->judge->machine->functions[plan->hops[hop]];
	char address[P2P_BDF_TEXT];

	p2p_bdf_format(function->bdf, true, address);
	if (p2p_known(function->driver.fact))
		return p2p_arena_printf(plan->arena, "no boot argument: this kernel does not change that register of "
						     "%s", address);
	if (p2p_absent(function->driver.fact) && plan->after.iommu == P2P_NO)
		return p2p_arena_printf(plan->arena, "no boot argument: without an IOMMU it reaches, from 6.19 on, "
						     "only functions with a driver, and %s has none", address);
	return p2p_arena_printf(plan->arena, "no boot argument: from 6.19 on it reaches only functions with a driver, "
					     "or all where there is an IOMMU, and of %s that is not known "
					     "(--assume driver:BDF= and iommu= say it)", address);
}

/* Names what would redirect, or may, until nothing does; NULL and why: that cannot be had. */
static const char *find_argument(struct plan *plan, const char **ret_why)
{
	for (;;) {
		const char *argument = put_argument(plan);
		bool more = false;

		boot_with(plan, argument);
		for (size_t i = 0; i < plan->count; i++) {
			if (!redirects(plan, i))
				continue;
			if (plan->named[i]) {
				*ret_why = why_not(plan, i);
				return NULL;
			}
			plan->named[i] = more = true;
		}
		if (!more)
			return argument;
	}
}

/* Words of a recorded command line go into a line that people type: only what such an argument is made of. */
static bool is_plain(const char *text)
{
	return text[strspn(text, "0123456789abcdefABCDEFxXpi:./@;")] == '\0';
}

static const char *say_more(const struct plan *plan, size_t before)
{
	struct p2p_buf buf = P2P_BUF_INIT;
	size_t more = 0;

	for (size_t i = 0; i < plan->count; i++)
		more += plan->named[i];
	more -= before;
	if (more)
		p2p_buf_printf(&buf, "the boot argument also names %s, clear now, where a boot would or may set "
				     "redirect again", more == 1 ? "a hop" : "hops");
	if (plan->old)
		p2p_buf_printf(&buf, "%sreplaces the %s of the command line, of which the kernel keeps only the "
				     "last, and repeats what that says of other functions",
			       more ? "; it " : "the boot argument ", option_of(plan));
	const char *text = buf.len ? p2p_arena_strdup(plan->arena, p2p_buf_text(&buf)) : NULL;

	p2p_buf_free(&buf);
	return text;
}

const char *p2p_judge_bootargs(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
			       enum p2p_acs_args args, struct p2p_arena *arena, const char **ret_says)
{
	const struct p2p_host *host = &judge->machine->host;
	size_t max = p2p_judge_reasons_max(judge), redirecting = 0;
	struct p2p_cmdline cmdline;
	struct plan plan = {
		.judge = judge, .arena = arena, .config = args == P2P_ACS_ARGS_CONFIG_ACS,
		.before = p2p_acs_args_booted(arena, host), .after = p2p_acs_args_boot(arena, host),
		.hops = p2p_arena_array(arena, max, sizeof(*plan.hops)),
		.named = p2p_arena_array(arena, max, sizeof(*plan.named)),
		.then = p2p_arena_array(arena, max, sizeof(*plan.then)),
	};

	if (args != P2P_ACS_ARGS_DISABLE_REDIR && args != P2P_ACS_ARGS_CONFIG_ACS)
		return NULL;
	/* A kernel of which nothing is known is spoken of by the newest rules. */
	if (!plan.after.release.major)
		plan.after.release = judge->candidates.list[0].table;
	if (p2p_known(host->cmdline.fact)) {
		plan.recorded = kernels_part(arena, host->cmdline.text);
		p2p_cmdline_split(arena, plan.recorded, &cmdline);
		plan.old = p2p_cmdline_pci(&cmdline, option_of(&plan));
		plan.old = plan.old && *plan.old ? plan.old : NULL;
	}
	if (plan.old && !is_plain(plan.old)) {
		*ret_says = p2p_arena_printf(arena, "no boot argument: it would replace the %s of the command line, "
						    "which has characters that none of its entries can have",
					     option_of(&plan));
		return NULL;
	}
	plan.count = walk_hops(judge, verdict, plan.hops);
	for (size_t i = 0; i < plan.count; i++)
		if (judge->functions[plan.hops[i]].redirects == P2P_YES)
			plan.named[i] = true, redirecting++;
	const char *argument = find_argument(&plan, ret_says);

	if (argument)
		*ret_says = say_more(&plan, redirecting);
	return argument;
}
