/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-pairs.h"

#include "core/engine/policy.h"

/* The first disk of a function; NULL: it has none. */
static const char *disk_of(const struct p2p_function *function)
{
	for (const struct p2p_child *child = function->children; child; child = child->next)
		if (child->kind == P2P_CHILD_BLOCK)
			return child->name;
	return NULL;
}

static bool has_memory(const struct ctl *ctl, int function)
{
	struct p2p_offer offer;

	p2p_judge_offer(ctl->topo.judge, function, &offer);
	return offer.kind == P2P_OFFER_P2PMEM;
}

static bool takes(const struct ctl *ctl, int function)
{
	struct p2p_client client;

	p2p_judge_client(ctl->topo.judge, function, &client);
	return client.kind == P2P_CLIENT_YES;
}

static bool is_denied(const struct p2p_matcher *matcher, int provider, int client)
{
	const struct p2p_policy_rule *rule = matcher ? p2p_matcher_rule(matcher, provider, client) : NULL;

	return rule && rule->permit == P2P_PERMIT_DENY;
}

static void consider(struct ctl *ctl, const struct p2p_matcher *matcher, int provider, int client,
		     struct bench_pairs *pairs)
{
	const char *disk = disk_of(&ctl->topo.machine->functions[client]);
	struct p2p_verdict verdict;

	p2p_judge_pair(ctl->topo.judge, provider, client, &verdict);
	if (verdict.supported == P2P_NO)
		pairs->refused++;
	else if (verdict.supported == P2P_MAYBE)
		pairs->unsure++;
	else if (is_denied(matcher, provider, client))
		pairs->denied++;
	else
		pairs->list[pairs->count++] = (struct bench_course){ .provider = provider, .client = client,
			.src = p2p_arena_printf(ctl->topo.arena, "/dev/%s", disk) };
}

void bench_pairs_find(struct ctl *ctl, int provider, struct bench_pairs *ret)
{
	const struct p2p_machine *machine = ctl->topo.machine;
	size_t functions = machine->function_count, count = 0;
	struct p2p_arena *arena = ctl->topo.arena;
	int *clients = p2p_arena_array(arena, functions + 1, sizeof(*clients));
	const struct p2p_matcher *matcher =
		ctl->policy ? p2p_matcher_new(ctl->policy, ctl->applies, ctl->topo.judge, arena) : NULL;
	struct bench_pairs pairs = { 0 };

	for (size_t i = 0; i < functions; i++) {
		if ((provider == P2P_NOBODY || provider == (int)i) && has_memory(ctl, (int)i))
			pairs.providers++;
		if (!takes(ctl, (int)i))
			continue;
		if (disk_of(&machine->functions[i]))
			clients[count++] = (int)i;
		else
			pairs.no_disk++;
	}
	pairs.list = p2p_arena_array(arena, pairs.providers * count + 1, sizeof(*pairs.list));
	for (size_t i = 0; i < functions; i++)
		for (size_t k = 0; k < count; k++)
			if ((provider == P2P_NOBODY || provider == (int)i) && has_memory(ctl, (int)i))
				consider(ctl, matcher, (int)i, clients[k], &pairs);
	*ret = pairs;
}

static void put(struct p2p_buf *ret, size_t count, const char *one, const char *many)
{
	if (count)
		p2p_buf_printf(ret, "%s%zu %s", ret->len ? "; " : "left out: ", count, count == 1 ? one : many);
}

void bench_pairs_left(const struct bench_pairs *pairs, struct p2p_buf *ret)
{
	put(ret, pairs->refused, "pair that the kernel refuses (p2ptopo pairs, p2ptopo why)",
	    "pairs that the kernel refuses (p2ptopo pairs, p2ptopo why)");
	put(ret, pairs->unsure, "pair of which that is not known", "pairs of which that is not known");
	put(ret, pairs->denied, "pair that the policy denies", "pairs that the policy denies");
	if (pairs->providers)
		put(ret, pairs->no_disk, "device that takes peer memory and has no disk to read",
		    "devices that take peer memory and have no disk to read");
}

void bench_pair_name(const struct ctl *ctl, const struct bench_course *pair, struct p2p_buf *ret)
{
	char provider[P2P_BDF_TEXT], client[P2P_BDF_TEXT];

	p2p_buf_printf(ret, "%s <- %s",
		       pair->provider == P2P_NOBODY ? "-" : topo_address(&ctl->topo, pair->provider, provider),
		       pair->src ? pair->src : "-");
	if (pair->client != P2P_NOBODY)
		p2p_buf_printf(ret, " (%s)", topo_address(&ctl->topo, pair->client, client));
	if (pair->dst)
		p2p_buf_printf(ret, " -> %s", pair->dst);
}
