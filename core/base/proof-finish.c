/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof: what can be said only when all blocks are known: swapped or duplicated, and what the proof is worth. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "proof-internal.h"

#define NOBODY SIZE_MAX

void p2p_proof_count(struct p2p_proof_result *result, const struct p2p_bad *bad)
{
	struct p2p_proof_class *class = &result->kinds[bad->kind];

	result->bad++;
	if (bad->kind == P2P_PROOF_FLIPPED)
		result->flipped_bits += bad->bits;
	if (class->blocks++ && bad->place >= class->first)
		return;
	class->first = bad->place;
	class->byte = bad->byte;
	class->bits = bad->bits;
	class->from = bad->from;
	class->stamped = bad->stamped;
	class->found = bad->found;
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
	return order(((const struct p2p_bad *)a)->place, ((const struct p2p_bad *)b)->place);
}

static int by_content(const void *a, const void *b)
{
	const struct p2p_wanted *x = a, *y = b;
	int differ = order(x->content, y->content);

	return differ ? differ : order(x->place, y->place);
}

/* Bad blocks by what they should be and what they are. */
static int by_exchange(const void *a, const void *b)
{
	const struct p2p_bad *x = *(struct p2p_bad *const *)a, *y = *(struct p2p_bad *const *)b;
	int differ = order(x->should, y->should);

	if (!differ)
		differ = order(x->holds, y->holds);
	return differ ? differ : order(x->place, y->place);
}

/* ------------------------------------------ whose content, by a reference */

/* The first place where that content belongs; NULL: nowhere. */
static const struct p2p_wanted *find_wanted(const struct p2p_proof *proof, uint64_t content)
{
	size_t low = 0, high = proof->wanted_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (proof->wanted[middle].content < content)
			low = middle + 1;
		else
			high = middle;
	}
	return low < proof->wanted_count && proof->wanted[low].content == content ? &proof->wanted[low] : NULL;
}

/* The first of `list` that should be `should` and holds at least `holds`, in the order of by_exchange. */
static size_t find_exchange(struct p2p_bad *const *list, size_t count, uint64_t should, uint64_t holds)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct p2p_bad *bad = list[middle];

		if (bad->should < should || (bad->should == should && bad->holds < holds))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Whose content list[i] holds, which belongs somewhere: best a block that holds
 * this one's in return, the first for the first where several hold the same;
 * then one that has lost its content; then any.
 */
static uint64_t whose(struct p2p_bad *const *list, size_t count, size_t i, const struct p2p_wanted *any)
{
	const struct p2p_bad *bad = list[i];
	size_t rank = i - find_exchange(list, count, bad->should, bad->holds);
	size_t partner = find_exchange(list, count, bad->holds, bad->should) + rank;

	if (partner < count && list[partner]->should == bad->holds && list[partner]->holds == bad->should)
		return list[partner]->place;
	size_t lost = find_exchange(list, count, bad->holds, 0);

	return lost < count && list[lost]->should == bad->holds ? list[lost]->place : any->place;
}

static void find_owners(struct p2p_proof *proof)
{
	struct p2p_bad **list = p2p_realloc(NULL, proof->bad_count, sizeof(*list));

	for (size_t i = 0; i < proof->bad_count; i++)
		list[i] = &proof->bad[i];
	qsort(list, proof->bad_count, sizeof(*list), by_exchange);
	for (size_t i = 0; i < proof->bad_count; i++) {
		const struct p2p_wanted *any = find_wanted(proof, list[i]->holds);

		/* Zeros, or what was there before, are no sign of another block, whatever else has them. */
		if (!any || list[i]->kind == P2P_PROOF_MISSING || list[i]->kind == P2P_PROOF_ZEROED)
			continue;
		list[i]->kind = P2P_PROOF_DUPLICATED;
		list[i]->from = whose(list, proof->bad_count, i, any);
	}
	free(list);
}

static void weigh(struct p2p_proof *proof)
{
	const struct p2p_wanted *wanted = proof->wanted;
	size_t count = proof->wanted_count;

	proof->result.distinct = proof->result.alone = 0;
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && wanted[next].content == wanted[i].content;)
			next++;
		proof->result.distinct++;
		proof->result.alone += next == i + 1;
	}
}

/* ------------------------------------------------------------------ rings */

/* The bad block whose content that one holds, if it holds another's in turn. */
static size_t next_of(const struct p2p_proof *proof, size_t i)
{
	struct p2p_bad key = { .place = proof->bad[i].from };
	const struct p2p_bad *next = bsearch(&key, proof->bad, proof->bad_count, sizeof(key), by_place);

	return next && next->kind == P2P_PROOF_DUPLICATED ? (size_t)(next - proof->bad) : NOBODY;
}

/* Blocks that hold each other's content, two or more in a ring.  Each is walked over once; bad ones are by place. */
static void find_rings(struct p2p_proof *proof)
{
	size_t *walk = p2p_realloc(NULL, proof->bad_count, sizeof(*walk)); /* 1 + who walked over it; 0: nobody */

	memset(walk, 0, proof->bad_count * sizeof(*walk));
	for (size_t i = 0; i < proof->bad_count; i++) {
		size_t at = proof->bad[i].kind == P2P_PROOF_DUPLICATED ? i : NOBODY;

		while (at != NOBODY && !walk[at]) {
			walk[at] = i + 1;
			at = next_of(proof, at);
		}
		if (at == NOBODY || walk[at] != i + 1)
			continue;
		/* Met its own trace: from here round is a ring. */
		for (; !proof->bad[at].in_ring; at = next_of(proof, at))
			proof->bad[at].in_ring = true;
	}
	for (size_t i = 0; i < proof->bad_count; i++)
		if (proof->bad[i].in_ring)
			proof->bad[i].kind = P2P_PROOF_SWAPPED;
	free(walk);
}

void p2p_proof_finish(struct p2p_proof *proof, struct p2p_proof_result *ret)
{
	proof->result.distinct = proof->result.alone = proof->result.blocks;
	if (proof->wanted_count) {
		qsort(proof->wanted, proof->wanted_count, sizeof(*proof->wanted), by_content);
		weigh(proof);
	}
	if (!proof->bad_count) {
		*ret = proof->result;
		return;
	}
	qsort(proof->bad, proof->bad_count, sizeof(*proof->bad), by_place);
	if (proof->wanted_count)
		find_owners(proof);
	find_rings(proof);
	*ret = proof->result;
	for (size_t i = 0; i < proof->bad_count; i++)
		p2p_proof_count(ret, &proof->bad[i]);
}
