/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proof.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "proof-internal.h"

/* What a logical block turned out to hold; a block is the set of its logical blocks'. */
enum piece {
	RIGHT = 1 << 0,
	BEFORE = 1 << 1,
	ZERO = 1 << 2,
	OTHER = 1 << 3, /* stamps that should be, elsewhere */
	OLD = 1 << 4,	/* stamps that should be gone */
	FLIPPED = 1 << 5,
	PART = 1 << 6,	/* some of it is right, at least a CHUNK */
	FOREIGN = 1 << 7,
};

/* The least that is a sign of a write that came in part: no TLP's payload is cut finer than a cache line. */
#define CHUNK 64

/* One range: what it is, and what belongs there. */
struct range {
	uint64_t place;
	const unsigned char *got, *reference, *before;
};

struct p2p_proof *p2p_proof_new(const struct p2p_proof_want *want)
{
	struct p2p_proof *proof = p2p_malloc(sizeof(*proof));

	memset(proof, 0, sizeof(*proof));
	proof->want = *want;
	proof->expected = p2p_malloc(want->logical);
	return proof;
}

void p2p_proof_free(struct p2p_proof *proof)
{
	if (!proof)
		return;
	free(proof->expected);
	free(proof->bad);
	free(proof->wanted);
	free(proof);
}

/* ------------------------------------------------------- a logical block */

static struct p2p_stamp stamp_at(const struct p2p_proof_want *want, uint64_t place)
{
	struct p2p_stamp stamp = want->stamp;

	stamp.offset = place + want->shift;
	return stamp;
}

/* Is `content` what was at that place before? */
static bool is_before(const struct p2p_proof_want *want, const unsigned char *content, size_t bytes, uint64_t place,
		      const unsigned char *before)
{
	struct p2p_stamp stamp = want->before_stamp;

	switch (want->before) {
	case P2P_BEFORE_STAMPS:
		for (size_t at = 0; at < bytes; at += want->logical) {
			stamp.offset = place + at;
			if (!p2p_stamp_is(content + at, want->logical, &stamp))
				return false;
		}
		return true;
	case P2P_BEFORE_POISON:
		/* Nearly always a look at the start is enough. */
		return p2p_poison_is(content, CHUNK, want->before_seed, place) &&
		       p2p_poison_is(content, bytes, want->before_seed, place);
	case P2P_BEFORE_BYTES:
		return memcmp(content, before, bytes) == 0;
	case P2P_BEFORE_UNKNOWN:
		break;
	}
	return false;
}

static bool is_zero(const unsigned char *content, size_t bytes)
{
	return content[0] == 0 && memcmp(content, content + 1, bytes - 1) == 0;
}

/* Could a piece of anything else look like this one?  Its words are all the same. */
static bool is_dull(const unsigned char *chunk)
{
	return memcmp(chunk, chunk + 8, CHUNK - 8) == 0;
}

struct difference {
	uint64_t bits;
	size_t first;  /* byte */
	size_t chunks; /* that are right, and tell something */
};

static void compare(const unsigned char *expected, const unsigned char *got, size_t bytes, struct difference *ret)
{
	*ret = (struct difference){ .first = bytes };
	for (size_t at = 0; at < bytes; at += CHUNK) {
		uint64_t a[CHUNK / 8], b[CHUNK / 8];

		if (memcmp(expected + at, got + at, CHUNK) == 0) {
			ret->chunks += !is_dull(expected + at);
			continue;
		}
		memcpy(a, expected + at, sizeof(a));
		memcpy(b, got + at, sizeof(b));
		for (size_t i = 0; i < CHUNK / 8; i++)
			for (uint64_t x = a[i] ^ b[i]; x; x &= x - 1)
				ret->bits++;
		for (size_t i = at; ret->first == bytes; i++)
			if (expected[i] != got[i])
				ret->first = i;
	}
}

/* A whole stamp that does not belong here. */
static enum piece stamped_piece(const struct p2p_proof_want *want, const struct p2p_stamp *found)
{
	bool same_pair = found->run == want->stamp.run && found->pair == want->stamp.pair;

	if (want->reference || !same_pair || found->generation < want->stamp.generation)
		return OLD;
	/* One that is still to be written cannot have come by this copy. */
	return found->generation == want->stamp.generation ? OTHER : FOREIGN;
}

/* A logical block that is not right; `bad` takes what is found, and where it differs. */
static enum piece look_closer(struct p2p_proof *proof, const struct range *range, size_t at, struct p2p_bad *bad)
{
	const struct p2p_proof_want *want = &proof->want;
	const unsigned char *got = range->got + at, *expected = proof->expected;
	struct p2p_stamp stamp = stamp_at(want, range->place + at), found;
	struct difference differ;

	if (want->reference)
		expected = range->reference + at;
	else
		p2p_stamp_fill(proof->expected, want->logical, &stamp);
	compare(expected, got, want->logical, &differ);
	if (!bad->bits)
		bad->byte = range->place + at + differ.first;
	bool first = !bad->bits;

	bad->bits += differ.bits;
	if (is_before(want, got, want->logical, range->place + at, range->before ? range->before + at : NULL))
		return BEFORE;
	if (is_zero(got, want->logical))
		return ZERO;
	if (p2p_stamp_read(got, want->logical, &found) == P2P_STAMP_WHOLE) {
		if (first) {
			bad->stamped = true;
			bad->found = found;
		}
		bad->offset = found.offset;
		return stamped_piece(want, &found);
	}
	if (differ.bits <= P2P_PROOF_FEW_BITS)
		return FLIPPED;
	return differ.chunks ? PART : FOREIGN;
}

/* --------------------------------------------------------------- a block */

static enum p2p_proof_kind kind_of(unsigned pieces, bool together)
{
	if (pieces == RIGHT)
		return P2P_PROOF_RIGHT;
	if (pieces == BEFORE)
		return P2P_PROOF_MISSING;
	if (pieces == ZERO)
		return P2P_PROOF_ZEROED;
	if (pieces == OTHER && together)
		return P2P_PROOF_DUPLICATED; /* or swapped: that is seen when all is known */
	if (!(pieces & ~(unsigned)(OLD | BEFORE)))
		return P2P_PROOF_STALE;
	if (!(pieces & ~(unsigned)(RIGHT | FLIPPED)))
		return P2P_PROOF_FLIPPED;
	if ((pieces & FOREIGN) && !(pieces & (RIGHT | PART | FLIPPED)))
		return P2P_PROOF_FOREIGN;
	return P2P_PROOF_TORN;
}

/* Judges a block by itself. */
static void look_at(struct p2p_proof *proof, const struct range *range, size_t bytes, struct p2p_bad *ret)
{
	const struct p2p_proof_want *want = &proof->want;
	unsigned pieces = 0;
	bool together = true;

	*ret = (struct p2p_bad){ .place = range->place };
	for (size_t at = 0; at < bytes; at += want->logical) {
		struct p2p_stamp stamp = stamp_at(want, range->place + at);
		bool right = want->reference ? memcmp(range->got + at, range->reference + at, want->logical) == 0
					     : p2p_stamp_is(range->got + at, want->logical, &stamp);
		enum piece piece = right ? RIGHT : look_closer(proof, range, at, ret);

		pieces |= piece;
		if (piece != OTHER)
			continue;
		/* All of it from one other place, in order? */
		uint64_t from = ret->offset - want->shift - at;

		if (at == 0)
			ret->from = from;
		together &= from == ret->from;
	}
	ret->kind = kind_of(pieces, together);
}

/* 64 bits of a block's content: a word that is another one is another number, whatever follows. */
static uint64_t hash(const unsigned char *content, size_t bytes)
{
	uint64_t lanes[4] = { bytes, 1, 2, 3 };

	for (size_t at = 0; at < bytes; at += sizeof(lanes)) {
		uint64_t words[4];

		memcpy(words, content + at, sizeof(words));
		for (size_t i = 0; i < 4; i++) {
			uint64_t x = (lanes[i] ^ words[i]) * 0x9e3779b97f4a7c15u;

			lanes[i] = x << 29 | x >> 35;
		}
	}
	uint64_t all = 0;

	for (size_t i = 0; i < 4; i++) {
		all = (all ^ lanes[i]) * 0xbf58476d1ce4e5b9u;
		all ^= all >> 32;
	}
	return all;
}

static void keep_wanted(struct p2p_proof *proof, const struct range *range, size_t bytes)
{
	if (proof->wanted_count == proof->wanted_room) {
		proof->wanted_room = proof->wanted_room ? proof->wanted_room * 2 : 1024;
		proof->wanted = p2p_realloc(proof->wanted, proof->wanted_room, sizeof(*proof->wanted));
	}
	proof->wanted[proof->wanted_count++] =
		(struct p2p_wanted){ .content = hash(range->reference, bytes), .place = range->place };
}

static void keep_bad(struct p2p_proof *proof, const struct p2p_bad *bad)
{
	if (proof->bad_count == P2P_PROOF_KEPT) {
		proof->result.capped = true;
		p2p_proof_count(&proof->result, bad);
		return;
	}
	if (proof->bad_count == proof->bad_room) {
		proof->bad_room = proof->bad_room ? proof->bad_room * 2 : 64;
		proof->bad = p2p_realloc(proof->bad, proof->bad_room, sizeof(*proof->bad));
	}
	proof->bad[proof->bad_count++] = *bad;
}

void p2p_proof_add(struct p2p_proof *proof, uint64_t place, const void *got, size_t bytes, const void *reference,
		   const void *before)
{
	const struct p2p_proof_want *want = &proof->want;
	struct range range = { .place = place, .got = got, .reference = reference, .before = before };

	for (size_t at = 0, part; at < bytes; at += part) {
		struct p2p_bad bad;

		part = bytes - at < want->block ? bytes - at : want->block;
		range.place = place + at;
		range.got = (const unsigned char *)got + at;
		if (before)
			range.before = (const unsigned char *)before + at;
		proof->result.blocks++;
		proof->result.bytes += part;
		if (reference) {
			range.reference = (const unsigned char *)reference + at;
			keep_wanted(proof, &range, part);
			proof->result.mute += is_before(want, range.reference, part, range.place, range.before);
		}
		look_at(proof, &range, part, &bad);
		if (bad.kind == P2P_PROOF_RIGHT) {
			proof->result.kinds[P2P_PROOF_RIGHT].blocks++;
			continue;
		}
		if (reference) {
			bad.should = proof->wanted[proof->wanted_count - 1].content;
			bad.holds = hash(range.got, part);
		}
		keep_bad(proof, &bad);
	}
}

void p2p_proof_judge(const struct p2p_proof_want *want, uint64_t place, const void *got, size_t bytes,
		     const void *reference, const void *before, struct p2p_proof_result *ret)
{
	struct p2p_proof *proof = p2p_proof_new(want);

	p2p_proof_add(proof, place, got, bytes, reference, before);
	p2p_proof_finish(proof, ret);
	p2p_proof_free(proof);
}

const char *p2p_proof_kind_name(enum p2p_proof_kind kind)
{
	static const char *const names[P2P_PROOF_KINDS] = {
		[P2P_PROOF_RIGHT] = "right",   [P2P_PROOF_SWAPPED] = "swapped", [P2P_PROOF_DUPLICATED] = "duplicated",
		[P2P_PROOF_STALE] = "stale",   [P2P_PROOF_MISSING] = "missing", [P2P_PROOF_TORN] = "torn",
		[P2P_PROOF_ZEROED] = "zeroed", [P2P_PROOF_FLIPPED] = "flipped", [P2P_PROOF_FOREIGN] = "foreign",
	};

	return kind < P2P_PROOF_KINDS ? names[kind] : NULL;
}
