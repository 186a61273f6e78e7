/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest change that turns a refusal into a way, right for the release.
 *
 * KERNEL: drivers/pci/pci.c:__pci_config_acs, pci_disable_acs_redir_param
 * (4.20-), pci_config_acs_param (6.11-); Documentation/admin-guide/
 * kernel-parameters.txt (disable_acs_redir=, config_acs=).
 */
#include <errno.h>
#include <string.h>

#include "../model/acs.h"
#include "judge-internal.h"

size_t p2p_judge_redirecting(const struct p2p_judge *judge, const struct p2p_verdict *verdict, int *ret)
{
	size_t count = 0;
	const int starts[] = { verdict->provider, verdict->client };

	for (int side = 0; side < 2; side++)
		for (int at = starts[side];; at = p2p_up(judge, at)) {
			if (at == verdict->common && side == 1)
				break;
			if (judge->functions[at].redirects == P2P_YES)
				ret[count++] = at;
			if (at == verdict->common)
				break;
		}
	return count;
}

static void make_setpci(const struct p2p_judge *judge, const int *hops, size_t count, struct p2p_arena *arena,
			struct p2p_remedy *remedy)
{
	const char **lines = p2p_arena_array(arena, count, sizeof(*lines));
	char address[P2P_BDF_TEXT];

	for (size_t i = 0; i < count; i++) {
		const struct p2p_function *function = &judge->machine->functions[hops[i]];

		p2p_bdf_format(function->bdf, true, address);
		/* setpci finds an extended capability by name only where there is a PCI Express one. */
		if (p2p_absent(function->port_type.fact) && function->acs.offset)
			lines[i] = p2p_arena_printf(arena, "setpci -s %s %x.w=0:%x", address,
						    function->acs.offset + 6u, P2P_ACS_REDIRECT);
		else
			lines[i] = p2p_arena_printf(arena, "setpci -s %s ECAP_ACS+6.w=0:%x", address,
						    P2P_ACS_REDIRECT);
	}
	remedy->setpci = lines;
	remedy->setpci_count = count;
}

/* What it costs is said with it. */
#define PRICE "which also lets the devices below reach each other behind the IOMMU's back: not where one of " \
	      "them belongs to a virtual machine or vfio"

static const char *says_acs(enum p2p_acs_args args, size_t count, struct p2p_arena *arena)
{
	const char *hops = count == 1 ? "the hop named" : "the hops named";

	switch (args) {
	case P2P_ACS_ARGS_BROKEN:
		return p2p_arena_printf(arena, "clear ACS redirect on %s, " PRICE "; on 6.11 to 6.14 the command line "
					       "cannot do it right (both arguments misapply their masks) before "
					       "6.12.23, 6.13.11 and 6.15, so only until the next reset or boot, or "
					       "with another kernel", hops);
	case P2P_ACS_ARGS_UNSURE:
		return p2p_arena_printf(
			arena,
			"clear ACS redirect on %s, " PRICE "; whether the command line of this "
			"release does it right is not known (6.11 to 6.14.1 do not, 6.12.23, 6.13.11 and 6.15 "
			"do)",
			hops);
	default:
		return p2p_arena_printf(arena, "clear ACS redirect on %s, " PRICE, hops);
	}
}

/* How this kernel treats the arguments; a vendor's may follow any of its candidates. */
static enum p2p_acs_args args_of(const struct p2p_judge *judge)
{
	const struct p2p_candidates *candidates = &judge->candidates;
	enum p2p_acs_args args = p2p_acs_args_of(candidates->list[0].table);

	for (size_t i = 1; i < candidates->count; i++)
		if (p2p_acs_args_of(candidates->list[i].table) != args)
			return P2P_ACS_ARGS_UNSURE;
	/* Candidates stand for ranges of releases: the last of a vendor's is not the newest that it may follow. */
	return candidates->kind == P2P_KERNEL_VENDOR && args != P2P_ACS_ARGS_CONFIG_ACS ? P2P_ACS_ARGS_UNSURE : args;
}

static void remedy_acs(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_arena *arena,
		       struct p2p_remedy *remedy)
{
	int *hops = p2p_arena_array(arena, p2p_judge_reasons_max(judge), sizeof(*hops));
	size_t count = p2p_judge_redirecting(judge, verdict, hops);
	enum p2p_acs_args args = args_of(judge);
	const char *more = NULL;

	remedy->kind = P2P_REMEDY_ACS;
	remedy->says = says_acs(args, count, arena);
	remedy->bootargs = p2p_judge_bootargs(judge, verdict, args, arena, &more);
	if (more)
		remedy->says = p2p_arena_printf(arena, "%s; %s", remedy->says, more);
	make_setpci(judge, hops, count, arena, remedy);
	remedy->becomes = P2P_MAP_BUS_ADDR;
}

/* No ACS change helps: the host-bridge stage is asked whatever ACS says. */
static void remedy_host(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_arena *arena,
			struct p2p_remedy *remedy)
{
	enum p2p_map map;
	const struct p2p_candidate *later = p2p_judge_later(judge, verdict, &map);

	if (later) {
		remedy->kind = P2P_REMEDY_KERNEL;
		remedy->says = p2p_arena_printf(arena, "no ACS change helps; Linux %u.%u allows it",
						later->table.major, later->table.minor);
		remedy->becomes = map;
		return;
	}
	remedy->kind = P2P_REMEDY_MOVE;
	remedy->says = verdict->rule == P2P_RULE_SAME_HOST_BRIDGE_ONLY ||
				       verdict->would_rule == P2P_RULE_SAME_HOST_BRIDGE_ONLY
			       ? "no setting and no released kernel helps; slots below the same host bridge would"
			       : "no setting and no released kernel helps; slots below the same switch would";
}

/* What helps a pair that the rules refuse. */
static enum p2p_remedy_kind refused_kind(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
					 enum p2p_map *ret_becomes)
{
	if (verdict->common != P2P_NOBODY) {
		*ret_becomes = verdict->unsure ? P2P_MAP_UNKNOWN : P2P_MAP_BUS_ADDR;
		return verdict->unsure ? P2P_REMEDY_LOOK : P2P_REMEDY_ACS;
	}
	return p2p_judge_later(judge, verdict, ret_becomes) ? P2P_REMEDY_KERNEL : P2P_REMEDY_MOVE;
}

enum p2p_remedy_kind p2p_judge_remedy_kind(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
					   enum p2p_map *ret_becomes)
{
	*ret_becomes = P2P_MAP_UNKNOWN;
	if (judge->candidates.kind == P2P_KERNEL_BEFORE)
		return P2P_REMEDY_KERNEL;
	if (judge->p2pdma == P2P_NO) {
		*ret_becomes = verdict->would_be;
		if (verdict->would_be == P2P_MAP_NOT_SUPPORTED) {
			*ret_becomes = P2P_MAP_UNKNOWN;
			refused_kind(judge, verdict, ret_becomes);
		}
		return P2P_REMEDY_KERNEL;
	}
	if (verdict->map == P2P_MAP_UNKNOWN && verdict->supported != P2P_YES)
		return p2p_rule_row(verdict->rule)->remedy ? P2P_REMEDY_LOOK : P2P_REMEDY_NONE;
	if (verdict->map != P2P_MAP_NOT_SUPPORTED)
		return P2P_REMEDY_NONE;
	enum p2p_remedy_kind kind = refused_kind(judge, verdict, ret_becomes);

	if (judge->p2pdma == P2P_MAYBE)
		*ret_becomes = P2P_MAP_UNKNOWN;
	return kind;
}

/* What to do about ACS that is not known, by why it is not: of the first such hop. */
static const char *look_at_acs(const struct p2p_judge *judge, const struct p2p_verdict *verdict)
{
	const int starts[] = { verdict->provider, verdict->client };

	for (int side = 0; side < 2; side++)
		for (int at = starts[side]; at != P2P_NOBODY; at = p2p_up(judge, at)) {
			const struct p2p_acs *acs = &judge->machine->functions[at].acs;

			if (judge->functions[at].redirects == P2P_MAYBE) {
				if (acs->unsure && args_of(judge) == P2P_ACS_ARGS_UNSURE)
					return "--assume kernel= with the point release (6.12.23 and 6.13.11 "
					       "mended what they do with the ACS arguments), or acs:BDF= with the "
					       "bits that the firmware sets";
				if (acs->unsure)
					return "--assume acs:BDF= with the bits that the firmware sets";
				if (acs->fact.error == -EAGAIN)
					return "--wake, or a snapshot taken with --wake: it sleeps";
				if (acs->fact.error == -EIO)
					return "reset or replug the device that does not answer, then look again";
				if (acs->fact.error == -ENODATA)
					return "a snapshot, or lspci -D -xxxx, taken as root";
				break;
			}
			if (at == verdict->common)
				break;
		}
	return p2p_rule_row(P2P_RULE_ACS_UNKNOWN)->remedy;
}

static void remedy_refused(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_arena *arena,
			   struct p2p_remedy *remedy)
{
	if (verdict->common == P2P_NOBODY) {
		remedy_host(judge, verdict, arena, remedy);
	} else if (verdict->unsure) {
		/* Some hops redirect, of others nobody knows: clearing the former alone promises nothing. */
		remedy->kind = P2P_REMEDY_LOOK;
		remedy->says = look_at_acs(judge, verdict);
	} else {
		remedy_acs(judge, verdict, arena, remedy);
	}
}

/* Where only the series of the kernel is known: what its point releases decide.  NULL: all the same. */
static const char *point_releases(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
				  struct p2p_arena *arena)
{
	struct p2p_buf says = P2P_BUF_INIT;
	const struct p2p_candidate *point;
	char text[P2P_RELEASE_TEXT];
	enum p2p_map map;
	size_t at = 0, runs = 0;

	p2p_buf_puts(&says, "--assume kernel= with the point release:");
	while ((point = p2p_judge_point(judge, verdict, &at, &map))) {
		p2p_buf_printf(&says, runs++ ? ", from %s on %s" : " %s %s", p2p_release_format(point->table, text),
			       map ? p2p_map_name(map) : "not known");
	}
	const char *ret = runs > 1 ? p2p_arena_strdup(arena, p2p_buf_text(&says)) : NULL;

	p2p_buf_free(&says);
	return ret;
}

/* What to do about a missing fact: the rule's own words. */
static void remedy_unknown(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
			   struct p2p_arena *arena, struct p2p_remedy *remedy)
{
	const struct p2p_rule_row *row = p2p_rule_row(verdict->rule);
	const char *points = verdict->rule == P2P_RULE_ROW_UNKNOWN || verdict->rule == P2P_RULE_RULES_DISAGREE
				     ? point_releases(judge, verdict, arena)
				     : NULL;

	remedy->kind = row->remedy ? P2P_REMEDY_LOOK : P2P_REMEDY_NONE;
	remedy->says = verdict->rule == P2P_RULE_ACS_UNKNOWN ? look_at_acs(judge, verdict) : row->remedy;
	if (points)
		remedy->says = points;
}

void p2p_judge_remedy(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_arena *arena,
		      struct p2p_remedy *ret)
{
	struct p2p_remedy remedy = { 0 };

	if (judge->candidates.kind == P2P_KERNEL_BEFORE) {
		/* Which newer kernel is not said, and what else it then takes depends on that. */
		remedy.kind = P2P_REMEDY_KERNEL;
		remedy.says = "a kernel from 4.20 on; --assume kernel= shows what it would decide and ask for";
	} else if (judge->p2pdma == P2P_NO) {
		/* First a kernel that can; what its rules then ask for is said too. */
		if (verdict->would_be == P2P_MAP_NOT_SUPPORTED)
			remedy_refused(judge, verdict, arena, &remedy);
		const char *kernel = p2p_rule_row(verdict->rule)->remedy;

		if (remedy.kind == P2P_REMEDY_MOVE)
			remedy.says = p2p_arena_printf(
				arena,
				"%s, and slots below the same %s: by its rules no "
				"setting helps this pair",
				kernel,
				verdict->would_rule == P2P_RULE_SAME_HOST_BRIDGE_ONLY ? "host bridge" : "switch");
		else
			remedy.says =
				remedy.says ? p2p_arena_printf(arena, "%s; then %s", kernel, remedy.says) : kernel;
		remedy.becomes = remedy.kind ? remedy.becomes : verdict->would_be;
		remedy.kind = P2P_REMEDY_KERNEL;
	} else if (verdict->map == P2P_MAP_NOT_SUPPORTED) {
		remedy_refused(judge, verdict, arena, &remedy);
		if (judge->p2pdma == P2P_MAYBE && remedy.becomes) {
			remedy.says =
				p2p_arena_printf(arena, "%s; it helps only if this kernel has P2PDMA", remedy.says);
			remedy.becomes = P2P_MAP_UNKNOWN;
		}
	} else if (verdict->map == P2P_MAP_UNKNOWN && verdict->supported != P2P_YES) {
		remedy_unknown(judge, verdict, arena, &remedy);
	}
	*ret = remedy;
}
