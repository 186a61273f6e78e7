/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision for a pair.
 *
 * KERNEL: drivers/pci/p2pdma.c:calc_map_type_and_dist (5.14-7.3),
 * __upstream_bridge_distance (5.4-5.13), upstream_bridge_distance (4.20-5.3);
 * cpu_supports_p2pdma (5.9-7.3); host_bridge_whitelist (5.4-7.3).
 *
 * The kernel walks node by node.  A function's chain never changes while a
 * machine is judged, so the number of redirecting functions on each chain is
 * counted once, and a pair costs two counts and the search for where the
 * chains meet.
 */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "../model/acs.h"
#include "judge-internal.h"

#define BIT(map) (1u << (map))
#define ALL_MAPS (BIT(P2P_MAP_NOT_SUPPORTED) | BIT(P2P_MAP_BUS_ADDR) | BIT(P2P_MAP_THRU_HOST_BRIDGE))

/* What the walk can have found. */
#define WALK_CLEAN 1u
#define WALK_REDIRECT 2u
#define WALK_NO_COMMON 4u

enum p2p_answer p2p_function_redirects(const struct p2p_function *function)
{
	const struct p2p_acs *acs = &function->acs;
	uint16_t known = p2p_known(acs->fact) ? (uint16_t)~acs->unsure : acs->assumed;

	if (p2p_absent(acs->fact))
		return P2P_NO;
	if (acs->ctrl & known & P2P_ACS_REDIRECT)
		return P2P_YES;
	return (known & P2P_ACS_REDIRECT) == P2P_ACS_REDIRECT ? P2P_NO : P2P_MAYBE;
}

enum p2p_answer p2p_host_is_zen(const struct p2p_host *host)
{
	if (p2p_absent(host->cpu_vendor.fact))
		return P2P_NO; /* not x86 */
	if (!p2p_known(host->cpu_vendor.fact))
		return P2P_MAYBE;
	if (strcmp(host->cpu_vendor.text, "AuthenticAMD") != 0)
		return P2P_NO;
	if (!p2p_known(host->cpu_family.fact))
		return P2P_MAYBE;
	return host->cpu_family.value >= 0x17 ? P2P_YES : P2P_NO;
}

static enum p2p_answer iommu_registered(const struct p2p_host *host)
{
	if (p2p_known(host->iommu_groups.fact) && host->iommu_groups.value)
		return P2P_YES;
	if (p2p_known(host->iommu) && host->iommu_kind != P2P_IOMMU_NONE)
		return P2P_YES;
	return p2p_known(host->iommu) && p2p_known(host->iommu_groups.fact) ? P2P_NO : P2P_MAYBE;
}

/* ------------------------------------------------------------ preparation */

/* Counts the chain of one function from what is above it; the scanner made sure that chains end. */
static void count_chain(struct p2p_judge *judge, int index)
{
	struct judge_function *function = &judge->functions[index];
	const struct p2p_edge *edge = &judge->machine->functions[index].up;
	int up = p2p_known(edge->fact) ? edge->to : P2P_NOBODY;

	if (function->depth)
		return;
	if (up != P2P_NOBODY)
		count_chain(judge, up);
	const struct judge_function *above = up == P2P_NOBODY ? NULL : &judge->functions[up];

	function->redirects = p2p_function_redirects(&judge->machine->functions[index]);
	function->placed = edge->fact.know != P2P_UNKNOWN && (!above || above->placed);
	function->up = up;
	function->top = above ? above->top : index;
	function->depth = (uint16_t)((above ? above->depth : 0) + 1);
	function->yes = (above ? above->yes : 0) + (function->redirects == P2P_YES);
	function->maybe = (above ? above->maybe : 0) + (function->redirects == P2P_MAYBE);
	if (function->depth > judge->depth_max)
		judge->depth_max = function->depth;
}

/* Sorts the functions by what is at the top of their chains. */
static void gather_tops(struct p2p_judge *judge)
{
	size_t count = judge->machine->function_count;
	uint32_t first = 0;

	judge->by_top = p2p_arena_array(judge->arena, count, sizeof(*judge->by_top));
	for (size_t i = 0; i < count; i++)
		judge->functions[judge->functions[i].top].below++;
	for (size_t i = 0; i < count; i++) {
		judge->functions[i].first = first;
		first += judge->functions[i].below;
		judge->functions[i].below = 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct judge_function *top = &judge->functions[judge->functions[i].top];

		judge->by_top[top->first + top->below++] = (int)i;
	}
}

static enum p2p_answer has_p2pdma(const struct p2p_judge *judge)
{
	const struct p2p_number *p2pdma = &judge->machine->host.p2pdma;

	if (judge->candidates.kind == P2P_KERNEL_BEFORE)
		return P2P_NO;
	if (p2p_known(p2pdma->fact))
		return p2pdma->value ? P2P_YES : P2P_NO;
	return P2P_MAYBE;
}

struct p2p_judge *p2p_judge_new(const struct p2p_machine *machine, const struct p2p_hardware *hardware)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_judge *judge = p2p_arena_alloc(arena, sizeof(*judge));

	judge->arena = arena;
	judge->machine = machine;
	judge->hardware = hardware;
	p2p_candidates_find(arena, &machine->host, hardware, &judge->candidates);
	judge->p2pdma = has_p2pdma(judge);
	judge->zen = p2p_host_is_zen(&machine->host);
	judge->iommu = iommu_registered(&machine->host);
	judge->functions = p2p_arena_array(arena, machine->function_count, sizeof(*judge->functions));
	for (size_t i = 0; i < machine->function_count; i++)
		count_chain(judge, (int)i);
	gather_tops(judge);
	p2p_judge_roots(judge);
	return judge;
}

void p2p_judge_free(struct p2p_judge *judge)
{
	if (judge)
		p2p_arena_free(judge->arena);
}

/* --------------------------------------------------------------- the walk */

int p2p_judge_common(const struct p2p_judge *judge, int a, int b)
{
	const struct judge_function *functions = judge->functions;

	if (functions[a].top != functions[b].top)
		return P2P_NOBODY;
	while (a != b && a != P2P_NOBODY && b != P2P_NOBODY) {
		unsigned da = functions[a].depth, db = functions[b].depth;

		if (da >= db)
			a = functions[a].up;
		if (db >= da)
			b = functions[b].up;
	}
	return a == b ? a : P2P_NOBODY;
}

/* Fills in what the walk finds: common, redirects, unsure, distance; the possible outcomes are returned. */
static unsigned walk(const struct p2p_judge *judge, struct p2p_verdict *verdict)
{
	const struct judge_function *p = &judge->functions[verdict->provider];
	const struct judge_function *c = &judge->functions[verdict->client];

	verdict->common = P2P_NOBODY;
	verdict->distance = -1;
	/* A function meets itself before any edge is walked. */
	if (verdict->provider != verdict->client && (!p->placed || !c->placed))
		return WALK_CLEAN | WALK_REDIRECT | WALK_NO_COMMON;
	verdict->common = p2p_judge_common(judge, verdict->provider, verdict->client);
	if (verdict->common == P2P_NOBODY) {
		verdict->distance = p->depth + c->depth;
		return WALK_NO_COMMON;
	}
	const struct judge_function *common = &judge->functions[verdict->common];
	bool common_yes = common->redirects == P2P_YES, common_maybe = common->redirects == P2P_MAYBE;

	/* Above the common function nothing is tested; itself is, once. */
	verdict->distance = p->depth + c->depth - 2 * common->depth;
	verdict->redirects = p->yes + c->yes - 2 * common->yes + common_yes;
	verdict->unsure = p->maybe + c->maybe - 2 * common->maybe + common_maybe;
	if (verdict->redirects)
		return WALK_REDIRECT;
	return verdict->unsure ? WALK_CLEAN | WALK_REDIRECT : WALK_CLEAN;
}

/* ------------------------------------------------------ host-bridge stage */

struct outcome {
	unsigned maps;      /* BIT() of each possible map */
	enum p2p_rule rule; /* what decided, or what is missing */
};

static enum p2p_answer both(enum p2p_answer a, enum p2p_answer b)
{
	if (a == P2P_NO || b == P2P_NO)
		return P2P_NO;
	return a == P2P_YES && b == P2P_YES ? P2P_YES : P2P_MAYBE;
}

/* KERNEL: host_bridge_whitelist (5.4-7.3) */
static struct outcome ask_allowlist(const struct p2p_judge *judge, size_t candidate,
				    const struct p2p_function *provider, const struct p2p_function *client)
{
	const struct judge_host *a = p2p_judge_host(judge, candidate, provider->hostbridge);
	const struct judge_host *b = p2p_judge_host(judge, candidate, client->hostbridge);
	bool same = provider->hostbridge == client->hostbridge && provider->hostbridge != P2P_NOBODY;
	enum p2p_answer allowed = same ? a->same : both(a->across, b->across);
	unsigned yes = BIT(P2P_MAP_THRU_HOST_BRIDGE), no = BIT(P2P_MAP_NOT_SUPPORTED);

	if (allowed == P2P_YES)
		return (struct outcome){ yes, P2P_RULE_ALLOWLISTED };
	enum p2p_answer first = same ? a->same : a->across;
	const struct judge_host *who = allowed == P2P_NO ? (first == P2P_NO ? a : b) : (first == P2P_MAYBE ? a : b);

	if (allowed == P2P_MAYBE)
		return (struct outcome){ yes | no, who->why };
	/* A row that allows inside one host bridge, asked across two. */
	if (!same && who->why == P2P_RULE_ALLOWLISTED)
		return (struct outcome){ no, P2P_RULE_SAME_HOST_BRIDGE_ONLY };
	return (struct outcome){ no, who->why };
}

/* KERNEL: 5.2-5.3 root_complex_whitelist and iommu_present; what it allowed was mapped with bus addresses. */
static struct outcome ask_zen_root_complex(const struct p2p_judge *judge, size_t candidate,
					   const struct p2p_function *provider, const struct p2p_function *client)
{
	const struct judge_host *a = p2p_judge_host(judge, candidate, provider->hostbridge);
	const struct judge_host *b = p2p_judge_host(judge, candidate, client->hostbridge);
	enum p2p_answer zen = both(a->is_1450, b->is_1450);
	unsigned yes = BIT(P2P_MAP_BUS_ADDR), no = BIT(P2P_MAP_NOT_SUPPORTED);

	if (zen == P2P_NO)
		return (struct outcome){ no, P2P_RULE_NOT_ZEN_ROOT_COMPLEX };
	if (judge->iommu == P2P_YES)
		return (struct outcome){ no, P2P_RULE_IOMMU_PRESENT };
	if (judge->iommu == P2P_MAYBE)
		return (struct outcome){ yes | no, P2P_RULE_IOMMU_UNKNOWN };
	if (zen == P2P_MAYBE)
		return (struct outcome){ yes | no, P2P_RULE_ROOT_DEVICE_UNKNOWN };
	return (struct outcome){ yes, P2P_RULE_ZEN_ROOT_COMPLEX };
}

/* What a candidate decides once the walk did not end in a clean common bridge. */
static struct outcome host_stage(const struct p2p_judge *judge, size_t candidate, bool redirect,
				 const struct p2p_verdict *verdict)
{
	const struct p2p_function *provider = &judge->machine->functions[verdict->provider];
	const struct p2p_function *client = &judge->machine->functions[verdict->client];
	enum p2p_ruleset set = judge->candidates.list[candidate].set->set;
	unsigned thru = BIT(P2P_MAP_THRU_HOST_BRIDGE), no = BIT(P2P_MAP_NOT_SUPPORTED);

	if (set <= P2P_RULESET_R1 && redirect)
		return (struct outcome){ no, P2P_RULE_REDIRECT_REFUSED };
	if (set == P2P_RULESET_R0)
		return (struct outcome){ no, P2P_RULE_NO_COMMON_BRIDGE };
	if (set == P2P_RULESET_R1)
		return ask_zen_root_complex(judge, candidate, provider, client);
	if (set >= P2P_RULESET_R3 && judge->zen == P2P_YES)
		return (struct outcome){ thru, P2P_RULE_CPU_ZEN };
	struct outcome outcome = ask_allowlist(judge, candidate, provider, client);

	if (set >= P2P_RULESET_R3 && judge->zen == P2P_MAYBE && outcome.maps != thru)
		return (struct outcome){ outcome.maps | thru, P2P_RULE_PROCESSOR_UNKNOWN };
	return outcome;
}

/* All that a candidate may decide for what the walk may have found. */
static struct outcome decide(const struct p2p_judge *judge, size_t candidate, unsigned walked,
			     const struct p2p_verdict *verdict)
{
	struct outcome outcome = { 0, P2P_RULE_NONE };

	if (walked & WALK_CLEAN)
		outcome = (struct outcome){ BIT(P2P_MAP_BUS_ADDR), P2P_RULE_COMMON_CLEAN };
	for (unsigned way = WALK_REDIRECT; way <= WALK_NO_COMMON; way <<= 1) {
		if (!(walked & way))
			continue;
		struct outcome stage = host_stage(judge, candidate, way == WALK_REDIRECT, verdict);

		outcome.maps |= stage.maps;
		outcome.rule = stage.rule;
	}
	if (walked & (walked - 1)) /* more than one: the walk itself is what is not known */
		outcome.rule = walked & WALK_NO_COMMON ? P2P_RULE_PLACE_UNKNOWN : P2P_RULE_ACS_UNKNOWN;
	return outcome;
}

static enum p2p_map only_map(unsigned maps)
{
	for (enum p2p_map map = P2P_MAP_NOT_SUPPORTED; map <= P2P_MAP_THRU_HOST_BRIDGE; map++)
		if (maps == BIT(map))
			return map;
	return P2P_MAP_UNKNOWN;
}

static enum p2p_answer supported(unsigned maps)
{
	if (!(maps & BIT(P2P_MAP_NOT_SUPPORTED)))
		return P2P_YES;
	return maps == BIT(P2P_MAP_NOT_SUPPORTED) ? P2P_NO : P2P_MAYBE;
}

/*
 * From what the rules say to what this kernel does: without P2PDMA it refuses
 * all, and of a newer one or an unknown one nobody here can speak.
 */
static void conclude(const struct p2p_judge *judge, struct outcome outcome, struct p2p_verdict *verdict)
{
	enum p2p_kernel_kind kind = judge->candidates.kind;
	unsigned maps = outcome.maps;
	bool open = kind == P2P_KERNEL_NEWER || kind == P2P_KERNEL_UNKNOWN;

	verdict->rule = outcome.rule;
	if (judge->p2pdma == P2P_NO) {
		maps = BIT(P2P_MAP_NOT_SUPPORTED);
		verdict->rule = kind == P2P_KERNEL_BEFORE ? P2P_RULE_KERNEL_BEFORE_P2PDMA
							  : P2P_RULE_KERNEL_WITHOUT_P2PDMA;
	} else if (open) {
		maps = ALL_MAPS;
		verdict->rule = kind == P2P_KERNEL_NEWER ? P2P_RULE_KERNEL_NEWER : P2P_RULE_KERNEL_UNKNOWN;
	} else if (judge->p2pdma == P2P_MAYBE) {
		maps |= BIT(P2P_MAP_NOT_SUPPORTED);
		if (maps != outcome.maps)
			verdict->rule = P2P_RULE_P2PDMA_UNKNOWN;
	}
	verdict->possible = (uint8_t)maps;
	verdict->map = only_map(maps);
	verdict->supported = supported(maps);
	verdict->would = judge->p2pdma != P2P_YES || open;
	verdict->would_possible = verdict->would ? (uint8_t)outcome.maps : 0;
	verdict->would_be = only_map(verdict->would_possible);
	verdict->would_rule = verdict->would ? outcome.rule : P2P_RULE_NONE;
}

/* --------------------------------------------------------------- locality */

/* One switch is an upstream port and two downstream ports: four steps between what is plugged into it. */
#define ONE_SWITCH 4

static enum p2p_locality locality(const struct p2p_judge *judge, const struct p2p_verdict *verdict)
{
	const struct p2p_function *p = &judge->machine->functions[verdict->provider];
	const struct p2p_function *c = &judge->machine->functions[verdict->client];
	const struct p2p_number *nodes = &judge->machine->host.numa_nodes;

	if (verdict->provider == verdict->client || verdict->distance < 0)
		return P2P_LOCALITY_UNKNOWN;
	if (verdict->common != P2P_NOBODY)
		return verdict->distance <= ONE_SWITCH ? P2P_LOCALITY_PIX : P2P_LOCALITY_PXB;
	if (p->hostbridge == P2P_NOBODY || c->hostbridge == P2P_NOBODY)
		return P2P_LOCALITY_UNKNOWN;
	if (p->hostbridge == c->hostbridge)
		return P2P_LOCALITY_PHB;
	if (p2p_known(nodes->fact) && nodes->value == 1)
		return P2P_LOCALITY_NODE;
	if (!p2p_known(p->numa_node.fact) || !p2p_known(c->numa_node.fact))
		return P2P_LOCALITY_UNKNOWN;
	return p->numa_node.value == c->numa_node.value ? P2P_LOCALITY_NODE : P2P_LOCALITY_SYS;
}

void p2p_judge_pair(const struct p2p_judge *judge, int provider, int client, struct p2p_verdict *ret)
{
	struct p2p_verdict verdict = { .provider = provider, .client = client };
	unsigned walked = walk(judge, &verdict);
	struct outcome outcome = decide(judge, 0, walked, &verdict);

	for (size_t i = 1; i < judge->candidates.count; i++) {
		struct outcome other = decide(judge, i, walked, &verdict);

		if (other.maps != outcome.maps) {
			outcome.maps |= other.maps;
			outcome.rule = P2P_RULE_RULES_DISAGREE;
		}
	}
	/* 5.2-5.3 marked the way through a host bridge in the distance itself. */
	if (walked == WALK_NO_COMMON && judge->candidates.list[0].set->set == P2P_RULESET_R1)
		verdict.distance += 0x1000;
	verdict.locality = locality(judge, &verdict);
	conclude(judge, outcome, &verdict);
	*ret = verdict;
}

const struct p2p_candidate *p2p_judge_later(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
					    enum p2p_map *ret_map)
{
	struct p2p_verdict scratch = { .provider = verdict->provider, .client = verdict->client };
	unsigned walked = walk(judge, &scratch);

	for (size_t i = 0; i < judge->candidates.later_count; i++) {
		size_t at = judge->candidates.count + i;
		struct outcome outcome = decide(judge, at, walked, &scratch);

		if (supported(outcome.maps) != P2P_YES)
			continue;
		*ret_map = only_map(outcome.maps);
		return &judge->candidates.list[at];
	}
	return NULL;
}

/* All that one point release may decide; *at goes to the next one. */
static unsigned point_maps(const struct p2p_judge *judge, unsigned walked, const struct p2p_verdict *scratch,
			   size_t *at)
{
	const struct p2p_candidates *all = &judge->candidates;
	size_t first = all->count + all->later_count;
	uint16_t patch = all->list[first + *at].table.patch;
	unsigned maps = 0;

	while (*at < all->point_count && all->list[first + *at].table.patch == patch)
		maps |= decide(judge, first + (*at)++, walked, scratch).maps;
	return maps;
}

const struct p2p_candidate *p2p_judge_point(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
					    size_t *at, enum p2p_map *ret_map)
{
	const struct p2p_candidates *all = &judge->candidates;
	struct p2p_verdict scratch = { .provider = verdict->provider, .client = verdict->client };
	unsigned walked = walk(judge, &scratch), maps;

	if (*at >= all->point_count)
		return NULL;
	const struct p2p_candidate *point = &all->list[all->count + all->later_count + *at];

	maps = point_maps(judge, walked, &scratch, at);
	for (size_t next = *at; next < all->point_count; *at = next)
		if (point_maps(judge, walked, &scratch, &next) != maps)
			break;
	*ret_map = only_map(maps);
	return point;
}

const struct p2p_candidates *p2p_judge_candidates(const struct p2p_judge *judge)
{
	return &judge->candidates;
}

const struct p2p_machine *p2p_judge_machine(const struct p2p_judge *judge)
{
	return judge->machine;
}
