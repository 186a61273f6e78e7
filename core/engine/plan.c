/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "../model/acs.h"
#include "judge-internal.h"
#include "plan-internal.h"

struct p2p_planner *p2p_planner_new(const struct p2p_judge *judge, struct p2p_arena *arena)
{
	struct p2p_planner *planner = p2p_arena_alloc(arena, sizeof(*planner));
	size_t functions = judge->machine->function_count;

	planner->judge = judge;
	planner->arena = arena;
	planner->accepted = p2p_arena_array(arena, functions, sizeof(*planner->accepted));
	planner->price_of = p2p_arena_array(arena, functions, sizeof(*planner->price_of));
	planner->cleared = p2p_arena_array(arena, functions, sizeof(*planner->cleared));
	planner->left = p2p_arena_array(arena, functions, sizeof(*planner->left));
	planner->pinned = p2p_arena_array(arena, functions, sizeof(*planner->pinned));
	planner->set = p2p_arena_array(arena, functions, sizeof(*planner->set));
	planner->prices = p2p_arena_array(arena, functions, sizeof(*planner->prices));
	planner->hops = p2p_arena_array(arena, p2p_judge_reasons_max(judge), sizeof(*planner->hops));
	planner->sensitive = p2p_arena_array(arena, functions, sizeof(*planner->sensitive));
	planner->sensitive_known = p2p_arena_array(arena, functions, sizeof(*planner->sensitive_known));
	planner->from = p2p_arena_array(arena, functions, sizeof(*planner->from));
	planner->to = p2p_arena_array(arena, functions, sizeof(*planner->to));
	planner->exposed = p2p_arena_array(arena, functions, sizeof(*planner->exposed));
	if (p2p_known(judge->machine->host.cmdline.fact))
		p2p_cmdline_split(arena, judge->machine->host.cmdline.text, &planner->cmdline);
	for (size_t i = 0; i < functions; i++) {
		planner->price_of[i] = P2P_NOBODY;
		planner->any_unplaced |= !judge->functions[i].placed;
	}
	return planner;
}

/* Room for one more; what an arena has handed out it keeps. */
static void *grow(struct p2p_arena *arena, void *old, size_t count, size_t *size, size_t each)
{
	if (count < *size)
		return old;
	*size = *size ? *size * 2 : 16;
	void *grown = p2p_arena_array(arena, *size, each);

	if (count)
		memcpy(grown, old, count * each);
	return grown;
}

static void add_wish(struct p2p_planner *planner, int provider, int client, const char *rule, bool set)
{
	if (planner->left[provider] || planner->left[client])
		return;
	planner->wishes = grow(planner->arena, planner->wishes, planner->wish_count, &planner->wish_size,
			       sizeof(*planner->wishes));
	planner->wishes[planner->wish_count++] = (struct plan_wish){ provider, client, rule, set };
}

void p2p_planner_clear_acs(struct p2p_planner *planner, int provider, int client, const char *rule)
{
	add_wish(planner, provider, client, rule, false);
}

void p2p_planner_set_acs(struct p2p_planner *planner, int provider, int client, const char *rule)
{
	add_wish(planner, provider, client, rule, true);
}

/* So many of each rule are listed. */
#define BEYOND_MOST 16

void p2p_planner_beyond(struct p2p_planner *planner, int provider, int client, const char *rule, bool set)
{
	size_t i = planner->beyond_count;

	if (planner->left[provider] || planner->left[client])
		return;
	while (i > 0 && planner->beyond[i - 1].rule != rule)
		i--;
	if (!i) {
		planner->beyond = grow(planner->arena, planner->beyond, planner->beyond_count, &planner->beyond_size,
				       sizeof(*planner->beyond));
		planner->beyond[planner->beyond_count++] = (struct p2p_beyond){ .rule = rule };
		i = planner->beyond_count;
	}
	struct p2p_beyond *beyond = &planner->beyond[i - 1];

	if (beyond->listed == BEYOND_MOST) {
		beyond->pairs++;
		return;
	}
	beyond->listed++;
	add_wish(planner, provider, client, rule, set);
}

void p2p_planner_leave(struct p2p_planner *planner, int function)
{
	planner->left[function] = true;
}

void p2p_planner_accept(struct p2p_planner *planner, int function)
{
	planner->accepted[function] = true;
}

void p2p_planner_text(struct p2p_planner *planner, const char *key, const char *before, const char *after,
		      const char *rule)
{
	if (!strcmp(before, after))
		return;
	planner->texts =
		grow(planner->arena, planner->texts, planner->text_count, &planner->text_size, sizeof(*planner->texts));
	planner->texts[planner->text_count++] = (struct plan_text){ key, before, after, rule };
}

static struct p2p_price *price_of(struct p2p_planner *planner, int hop)
{
	if (planner->price_of[hop] == P2P_NOBODY) {
		planner->price_of[hop] = (int)planner->price_count;
		p2p_plan_price(planner, hop, &planner->prices[planner->price_count++]);
	}
	return &planner->prices[planner->price_of[hop]];
}

/* The function on the way up from `index` that is next below `common`; P2P_NOBODY when it is `common` itself. */
static int below_common(const struct p2p_judge *judge, int index, int common)
{
	int last = P2P_NOBODY;

	for (; index != P2P_NOBODY && index != common; index = p2p_up(judge, index))
		last = index;
	return last;
}

/* RR and CR, as far as a function has them. */
static uint16_t settable(const struct p2p_acs *acs)
{
	return p2p_known(acs->fact) ? acs->cap & (PCI_ACS_RR | PCI_ACS_CR) : 0;
}

/* Where the two ways part, requests are sent up instead of across. */
static void set_redirect(struct p2p_planner *planner, const struct plan_wish *wish, struct p2p_outcome *outcome)
{
	const int ends[] = { wish->provider, wish->client };
	bool any = false;

	if (outcome->before.common == P2P_NOBODY) {
		outcome->says = "they meet at no switch: only the root complex routes between them";
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		int port = below_common(planner->judge, ends[i], outcome->before.common);

		if (port == P2P_NOBODY || !settable(&planner->judge->machine->functions[port].acs))
			continue;
		any = true;
		if (!planner->set[port])
			planner->set[port] = wish->rule ? wish->rule : "";
	}
	if (!any)
		outcome->says = "no port where their ways part has ACS redirect, or it is not known";
}

/* Is a hop between the two to redirect, for another rule wishes it? */
static bool is_set_between(const struct p2p_planner *planner, const struct p2p_verdict *verdict)
{
	const int ends[] = { verdict->provider, verdict->client };

	if (planner->set[verdict->common])
		return true;
	for (size_t i = 0; i < 2; i++)
		for (int at = ends[i]; at != P2P_NOBODY && at != verdict->common; at = p2p_up(planner->judge, at))
			if (planner->set[at])
				return true;
	return false;
}

/* Clears what stands in the way of one pair, all hops or none. */
static void clear_redirect(struct p2p_planner *planner, const struct plan_wish *wish, struct p2p_outcome *outcome)
{
	struct p2p_verdict *verdict = &outcome->before;

	if (verdict->common == P2P_NOBODY) {
		outcome->says = "no ACS change helps: they meet at no switch";
		return;
	}
	if (verdict->unsure) {
		outcome->says = "not known whether hops between them redirect: nothing is changed on a guess";
		return;
	}
	size_t count = p2p_judge_redirecting(planner->judge, verdict, planner->hops);

	if (is_set_between(planner, verdict)) {
		outcome->says = "another rule wants a hop between them to redirect";
		return;
	}
	if (!count) {
		outcome->says = "no hop between them redirects";
		return;
	}
	for (size_t i = 0; i < count; i++)
		outcome->refused |= price_of(planner, planner->hops[i])->refused;
	for (size_t i = 0; i < count && !outcome->refused; i++)
		if (!planner->cleared[planner->hops[i]])
			planner->cleared[planner->hops[i]] = wish->rule ? wish->rule : "";
}

static void begin_outcome(struct p2p_planner *planner, const struct plan_wish *wish, struct p2p_outcome *outcome)
{
	outcome->provider = wish->provider;
	outcome->client = wish->client;
	outcome->rule = wish->rule;
	p2p_judge_pair(planner->judge, wish->provider, wish->client, &outcome->before);
}

/* The control word that a function has after the plan. */
static uint16_t word_after(const struct p2p_planner *planner, int index)
{
	const struct p2p_acs *acs = &planner->judge->machine->functions[index].acs;
	uint16_t word = acs->ctrl;

	if (planner->cleared[index])
		word &= (uint16_t)~P2P_ACS_REDIRECT;
	return planner->set[index] ? word | settable(acs) : word;
}

static struct p2p_edit acs_change(struct p2p_planner *planner, int index)
{
	const struct p2p_function *function = &planner->judge->machine->functions[index];
	const char *rule = planner->cleared[index] ? planner->cleared[index] : planner->set[index];
	uint16_t after = word_after(planner, index);
	char address[P2P_BDF_TEXT];

	p2p_bdf_format(function->bdf, true, address);
	return (struct p2p_edit){
		.kind = P2P_EDIT_WORD,
		.key = p2p_arena_printf(planner->arena, "sys/bus/pci/devices/%s/config", address),
		.offset = (uint16_t)(function->acs.offset + PCI_ACS_CTRL),
		.before = function->acs.ctrl,
		.after = after,
		.mask = function->acs.ctrl ^ after,
		.rule = *rule ? rule : NULL,
	};
}

static void make_changes(struct p2p_planner *planner, struct p2p_plan *plan)
{
	size_t functions = planner->judge->machine->function_count;

	plan->edits = p2p_arena_array(planner->arena, functions + planner->text_count, sizeof(*plan->edits));
	/* Attributes last: nvmet asks for the route when a namespace is enabled. */
	for (size_t i = 0; i < functions; i++)
		if (word_after(planner, (int)i) != planner->judge->machine->functions[i].acs.ctrl)
			plan->edits[plan->edit_count++] = acs_change(planner, (int)i);
	for (size_t i = 0; i < planner->text_count; i++)
		plan->edits[plan->edit_count++] = (struct p2p_edit){
			.kind = P2P_EDIT_TEXT,
			.key = planner->texts[i].key,
			.text_before = planner->texts[i].before,
			.text_after = planner->texts[i].after,
			.rule = planner->texts[i].rule,
		};
	for (size_t i = 0; i < plan->target_count; i++)
		plan->refused += plan->targets[i].refused;
	for (size_t i = 0; i < planner->price_count; i++)
		plan->refused += !planner->cleared[planner->prices[i].port] && planner->prices[i].refused;
}

/* The machine as it is after the changes, sharing all else with the one before. */
static struct p2p_machine *machine_after(struct p2p_planner *planner)
{
	const struct p2p_machine *before = planner->judge->machine;
	struct p2p_machine *after = p2p_arena_alloc(planner->arena, sizeof(*after));

	*after = *before;
	after->functions = p2p_arena_array(planner->arena, before->function_count, sizeof(*after->functions));
	if (before->function_count)
		memcpy(after->functions, before->functions, before->function_count * sizeof(*after->functions));
	for (size_t i = 0; i < before->function_count; i++)
		after->functions[i].acs.ctrl = word_after(planner, (int)i);
	return after;
}

/* Does a walk from there pass a hop that is cleared? */
static bool *touched(struct p2p_planner *planner)
{
	const struct p2p_judge *judge = planner->judge;
	size_t functions = judge->machine->function_count;
	bool *ret = p2p_arena_array(planner->arena, functions, sizeof(*ret));

	for (size_t i = 0; i < functions; i++)
		for (int at = (int)i; at != P2P_NOBODY && !ret[i]; at = p2p_up(judge, at))
			ret[i] = planner->cleared[at] || planner->set[at];
	return ret;
}

static int compare_pairs(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Were changes wished for that pair? */
static bool is_wished(const struct p2p_planner *planner, const uint64_t *wished, int provider, int client)
{
	uint64_t pair = (uint64_t)provider << 32 | (uint32_t)client;

	return planner->wish_count && bsearch(&pair, wished, planner->wish_count, sizeof(*wished), compare_pairs);
}

static uint64_t *sort_wishes(struct p2p_planner *planner)
{
	uint64_t *wished = p2p_arena_array(planner->arena, planner->wish_count, sizeof(*wished));

	for (size_t i = 0; i < planner->wish_count; i++)
		wished[i] = (uint64_t)planner->wishes[i].provider << 32 | (uint32_t)planner->wishes[i].client;
	if (planner->wish_count)
		qsort(wished, planner->wish_count, sizeof(*wished), compare_pairs);
	return wished;
}

/* What the rules say, where this kernel refuses all of them. */
static enum p2p_map shown_map(const struct p2p_verdict *verdict)
{
	return verdict->would ? verdict->would_be : verdict->map;
}

/*
 * Likely peers that get a way, or a shorter one, though nobody asked for it:
 * of those that meet at a bridge, for ACS decides nothing for others.
 */
static void find_gains(struct p2p_planner *planner, const struct p2p_judge *after, struct p2p_plan *plan)
{
	const struct p2p_function *functions = planner->judge->machine->functions;
	size_t all = planner->judge->machine->function_count, size = 0;
	const uint64_t *wished = sort_wishes(planner);
	const bool *near = touched(planner);
	struct p2p_gain *gains = NULL;
	struct p2p_verdict old, new;

	for (size_t i = 0; i < all; i++) {
		size_t count = 0;
		const int *peers = p2p_judge_near(planner->judge, (int)i, &count);

		if (!near[i] || !p2p_function_is_peer(&functions[i]))
			continue;
		for (size_t j = 0; j < count; j++) {
			int peer = peers[j];

			if ((int)i == peer || !near[peer] || !p2p_function_is_peer(&functions[peer]) ||
			    is_wished(planner, wished, (int)i, peer))
				continue;
			p2p_judge_pair(planner->judge, (int)i, peer, &old);
			p2p_judge_pair(after, (int)i, peer, &new);
			if (old.map == new.map && old.would_be == new.would_be)
				continue;
			gains = grow(planner->arena, gains, plan->gain_count, &size, sizeof(*gains));
			gains[plan->gain_count++] = (struct p2p_gain){ (int)i, peer, shown_map(&old), shown_map(&new) };
		}
	}
	plan->gains = gains;
}

const struct p2p_plan *p2p_planner_finish(struct p2p_planner *planner)
{
	struct p2p_plan *plan = p2p_arena_alloc(planner->arena, sizeof(*plan));
	struct p2p_outcome *outcomes = p2p_arena_array(planner->arena, planner->wish_count + 1, sizeof(*outcomes));

	for (size_t i = 0; i < planner->wish_count; i++) {
		begin_outcome(planner, &planner->wishes[i], &outcomes[i]);
		if (planner->wishes[i].set)
			set_redirect(planner, &planner->wishes[i], &outcomes[i]);
	}
	for (size_t i = 0; i < planner->wish_count; i++)
		if (!planner->wishes[i].set)
			clear_redirect(planner, &planner->wishes[i], &outcomes[i]);
	plan->machine = planner->judge->machine;
	plan->outcomes = outcomes;
	plan->outcome_count = planner->wish_count;
	plan->beyond = planner->beyond;
	plan->beyond_count = planner->beyond_count;
	plan->prices = planner->prices;
	plan->price_count = planner->price_count;

	struct p2p_judge *after = p2p_judge_new(machine_after(planner), planner->judge->hardware);

	for (size_t i = 0; i < plan->outcome_count; i++)
		p2p_judge_pair(after, outcomes[i].provider, outcomes[i].client, &outcomes[i].after);
	p2p_plan_targets(planner, after, plan);
	make_changes(planner, plan);
	if (plan->edit_count)
		find_gains(planner, after, plan);
	p2p_judge_free(after);
	return plan;
}
