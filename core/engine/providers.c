/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "providers.h"

#include <stdlib.h>

#include "judge-internal.h"

static enum p2p_answer has_memory(const struct p2p_function *function)
{
	if (p2p_known(function->memory.fact))
		return P2P_YES;
	/* A bridge's p2pmem is not read: no driver of one has ever had any. */
	return p2p_absent(function->memory.fact) || p2p_function_is_bridge(function) ? P2P_NO : P2P_MAYBE;
}

static enum p2p_answer is_published(const struct p2p_function *function)
{
	const struct p2p_number *published = &function->memory.published;

	if (!p2p_known(function->memory.fact) || !p2p_known(published->fact))
		return P2P_MAYBE;
	return published->value ? P2P_YES : P2P_NO;
}

static enum p2p_answer both(enum p2p_answer a, enum p2p_answer b)
{
	if (a == P2P_NO || b == P2P_NO)
		return P2P_NO;
	return a == P2P_YES && b == P2P_YES ? P2P_YES : P2P_MAYBE;
}

/* KERNEL: drivers/pci/p2pdma.c:pci_p2pdma_distance_many (4.20-7.3) */
static void reach(const struct p2p_judge *judge, const int *clients, size_t client_count,
		  struct p2p_provider *provider)
{
	enum p2p_answer reached = P2P_YES;
	int farthest = -1;

	for (size_t i = 0; i < client_count; i++) {
		struct p2p_verdict verdict;

		p2p_judge_pair(judge, provider->function, clients[i], &verdict);
		provider->distance =
			verdict.distance < 0 || provider->distance < 0 ? -1 : provider->distance + verdict.distance;
		enum p2p_answer now = both(reached, verdict.supported);

		if (now != reached || (now == P2P_YES && verdict.distance > farthest)) {
			provider->client = clients[i];
			provider->rule = verdict.rule;
			farthest = verdict.distance;
		}
		reached = now;
	}
	provider->usable = both(reached, both(provider->memory, provider->published));
}

static int usable_rank(enum p2p_answer usable)
{
	return usable == P2P_YES ? 0 : usable == P2P_MAYBE ? 1 : 2;
}

static int provider_order(const void *a, const void *b)
{
	const struct p2p_provider *x = a, *y = b;
	int64_t dx = x->distance < 0 ? INT64_MAX : x->distance, dy = y->distance < 0 ? INT64_MAX : y->distance;

	if (x->usable != y->usable)
		return usable_rank(x->usable) - usable_rank(y->usable);
	if (dx != dy)
		return dx < dy ? -1 : 1;
	return (x->function > y->function) - (x->function < y->function);
}

/* Who is drawn depends on the nearest that is usable for sure, and on all that may be nearer. */
static void draw(struct p2p_provider *providers, size_t count)
{
	int64_t nearest = INT64_MAX;
	bool nearer = false;

	for (size_t i = 0; i < count; i++)
		if (providers[i].usable == P2P_YES && providers[i].distance >= 0 && providers[i].distance < nearest)
			nearest = providers[i].distance;
	for (size_t i = 0; i < count; i++) {
		bool known = providers[i].usable == P2P_YES && providers[i].distance >= 0;

		nearer |= providers[i].usable != P2P_NO && !known && providers[i].distance < nearest;
	}
	for (size_t i = 0; i < count; i++) {
		struct p2p_provider *provider = &providers[i];

		if (provider->usable == P2P_NO || provider->distance > nearest)
			provider->drawn = P2P_NO;
		else if (provider->usable == P2P_YES && provider->distance == nearest)
			provider->drawn = nearer ? P2P_MAYBE : P2P_YES;
		else
			provider->drawn = P2P_MAYBE;
	}
}

size_t p2p_judge_providers(const struct p2p_judge *judge, const int *clients, size_t client_count,
			   struct p2p_arena *arena, struct p2p_provider **ret)
{
	const struct p2p_machine *machine = p2p_judge_machine(judge);
	size_t count = 0;

	for (size_t i = 0; i < machine->function_count; i++)
		count += has_memory(&machine->functions[i]) != P2P_NO;
	struct p2p_provider *providers = p2p_arena_array(arena, count, sizeof(*providers));

	count = 0;
	for (size_t i = 0; i < machine->function_count; i++) {
		const struct p2p_function *function = &machine->functions[i];
		enum p2p_answer memory = has_memory(function);

		if (memory == P2P_NO)
			continue;
		providers[count] = (struct p2p_provider){ .function = (int)i, .memory = memory,
							  .published = is_published(function),
							  .client = P2P_NOBODY };
		reach(judge, clients, client_count, &providers[count++]);
	}
	if (count)
		qsort(providers, count, sizeof(*providers), provider_order);
	draw(providers, count);
	*ret = providers;
	return count;
}
