/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results by pair, and what they prove of it together. */
#include <stdlib.h>
#include <string.h>

#include "bench-identity.h"

/* A result as far as it speaks of a client and one leg. */
struct entry {
	int provider, client;
	enum p2p_bench_leg leg;
	size_t number; /* of the result */
	struct p2p_bench_proved proved;
};

struct p2p_bench_index {
	struct p2p_arena *arena;
	struct entry *entries; /* by provider, client, leg; the newest first */
	size_t count;
	size_t *pairs; /* the first entry of each pair */
	size_t pair_count;
	bool *any; /* by function: is it a provider in any */
};

/* What went through host memory, or nowhere, says nothing of a pair; nor does a run that ended before it could tell. */
static bool speaks(const struct p2p_bench_result *result)
{
	if (strcmp(result->backend, "p2pmem") != 0 && strcmp(result->backend, "file") != 0)
		return false;
	return result->provider && (result->level != P2P_BENCH_NOTHING || p2p_bench_is_bad(result));
}

static int entry_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->provider != y->provider)
		return x->provider < y->provider ? -1 : 1;
	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	if (x->leg != y->leg)
		return x->leg < y->leg ? -1 : 1;
	if (x->proved.result->when != y->proved.result->when)
		return x->proved.result->when > y->proved.result->when ? -1 : 1;
	return x->number > y->number ? -1 : x->number < y->number;
}

static void add(struct p2p_bench_index *index, const struct p2p_machine *machine, size_t number)
{
	const struct p2p_bench_result *result = &machine->results[number];
	const int provider = p2p_bench_find(machine, result, 0);
	const int clients[] = { p2p_bench_find(machine, result, 1), p2p_bench_find(machine, result, 2) };
	const enum p2p_bench_leg legs[] = { P2P_BENCH_FILL, P2P_BENCH_DRAIN };
	struct p2p_buf why = P2P_BUF_INIT;

	if (provider == P2P_NOBODY)
		return;
	struct p2p_bench_proved proved = { .result = result, .holds = p2p_bench_holds(machine, result, &why),
					   .bad = p2p_bench_is_bad(result) };

	if (proved.holds != P2P_YES)
		proved.why = p2p_arena_strdup(index->arena, p2p_buf_text(&why));
	p2p_buf_free(&why);
	for (int i = 0; i < 2; i++) {
		if (clients[i] == P2P_NOBODY)
			continue;
		index->entries[index->count++] = (struct entry){ provider, clients[i], legs[i], number, proved };
		index->any[provider] = true;
	}
}

struct p2p_bench_index *p2p_bench_index_new(const struct p2p_machine *machine, struct p2p_arena *arena)
{
	struct p2p_bench_index *index = p2p_arena_alloc(arena, sizeof(*index));

	index->arena = arena;
	index->entries = p2p_arena_array(arena, 2 * machine->result_count, sizeof(*index->entries));
	index->any = p2p_arena_array(arena, machine->function_count, sizeof(*index->any));
	for (size_t i = 0; i < machine->result_count; i++)
		if (speaks(&machine->results[i]))
			add(index, machine, i);
	if (index->count)
		qsort(index->entries, index->count, sizeof(*index->entries), entry_order);
	index->pairs = p2p_arena_array(arena, index->count, sizeof(*index->pairs));
	for (size_t i = 0; i < index->count; i++)
		if (!i || index->entries[i].provider != index->entries[i - 1].provider ||
		    index->entries[i].client != index->entries[i - 1].client)
			index->pairs[index->pair_count++] = i;
	return index;
}

size_t p2p_bench_index_pairs(const struct p2p_bench_index *index)
{
	return index->pair_count;
}

struct p2p_bench_proved p2p_bench_index_pair(const struct p2p_bench_index *index, size_t place, int *ret_provider,
					     int *ret_client)
{
	const struct entry *entry = &index->entries[index->pairs[place]];

	*ret_provider = entry->provider;
	*ret_client = entry->client;
	return p2p_bench_proved(index, entry->provider, entry->client, P2P_BENCH_BOTH);
}

/* The first entry that is not before that place. */
static size_t lower_bound(const struct p2p_bench_index *index, int provider, int client, enum p2p_bench_leg leg)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct entry *entry = &index->entries[middle];
		bool before = entry->provider != provider ? entry->provider < provider
			      : entry->client != client	  ? entry->client < client
							  : entry->leg < leg;

		if (before)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct p2p_bench_proved one_leg(const struct p2p_bench_index *index, int provider, int client,
				       enum p2p_bench_leg leg)
{
	const struct entry *end = index->entries + index->count;
	const struct p2p_bench_proved *best = NULL, *voided = NULL;

	for (const struct entry *at = index->entries + lower_bound(index, provider, client, leg);
	     at < end && at->provider == provider && at->client == client && at->leg == leg; at++) {
		const struct p2p_bench_proved *one = &at->proved;

		if (one->holds == P2P_NO) {
			voided = voided ? voided : one;
		} else if (one->bad) {
			/* Nothing older counts against it; something newer only if it looked at all bytes. */
			if (!best || best->result->level < P2P_BENCH_INTACT)
				best = one;
			break;
		} else if (!best || one->result->level > best->result->level) {
			best = one;
		}
	}
	return best ? *best : voided ? *voided : (struct p2p_bench_proved){ 0 };
}

/* Which of two says more: what failed, then what holds, then the higher level, then the newer. */
static bool is_more(const struct p2p_bench_proved *a, const struct p2p_bench_proved *b)
{
	if (!a->result || !b->result)
		return a->result;
	if ((a->holds == P2P_NO) != (b->holds == P2P_NO))
		return b->holds == P2P_NO;
	if (a->bad != b->bad)
		return a->bad;
	if (a->result->level != b->result->level)
		return a->result->level > b->result->level;
	return a->result->when > b->result->when;
}

struct p2p_bench_proved p2p_bench_proved(const struct p2p_bench_index *index, int provider, int client,
					 enum p2p_bench_leg leg)
{
	if (!index->any[provider])
		return (struct p2p_bench_proved){ 0 };
	if (leg != P2P_BENCH_BOTH)
		return one_leg(index, provider, client, leg);
	struct p2p_bench_proved fill = one_leg(index, provider, client, P2P_BENCH_FILL),
				drain = one_leg(index, provider, client, P2P_BENCH_DRAIN);

	return is_more(&fill, &drain) ? fill : drain;
}

struct p2p_bench_proved p2p_bench_proved_of(const struct p2p_bench_index *index, int function)
{
	struct p2p_bench_proved most = { 0 };

	for (size_t i = 0; i < index->pair_count; i++) {
		const struct entry *entry = &index->entries[index->pairs[i]];
		int provider, client;

		if (entry->provider != function && entry->client != function)
			continue;
		struct p2p_bench_proved one = p2p_bench_index_pair(index, i, &provider, &client);

		if (is_more(&one, &most))
			most = one;
	}
	return most;
}

bool p2p_bench_contradicts(const struct p2p_bench_proved *proved, const struct p2p_verdict *verdict)
{
	if (!proved->result || proved->holds != P2P_YES)
		return false;
	if (proved->result->refused)
		return verdict->supported == P2P_YES;
	return proved->result->level >= P2P_BENCH_WORKS && verdict->supported == P2P_NO;
}
