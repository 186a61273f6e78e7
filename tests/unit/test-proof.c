/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proof: every kind of damage, made on purpose, is called by its name, at its place. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/base/proof.h"

enum { BLOCKS = 24, MOST = 16384, BASE = 1 << 20, FROM = 5 << 20 };

static unsigned char got[BLOCKS * MOST], reference[BLOCKS * MOST], before[BLOCKS * MOST], spare[MOST];
static struct p2p_proof_want want;
static struct p2p_proof_result result;
static bool by_reference;

/* What should be there at `place`, made by the book. */
static void put_stamps(unsigned char *at, size_t bytes, struct p2p_stamp stamp)
{
	for (size_t i = 0; i < bytes; i += want.logical) {
		p2p_stamp_fill(at + i, want.logical, &stamp);
		stamp.offset += want.logical;
	}
}

static struct p2p_stamp stamp_of(uint64_t offset, uint32_t generation)
{
	return (struct p2p_stamp){ .run = 0xabcdef, .pair = 4, .generation = generation, .offset = offset };
}

static size_t total(void)
{
	return BLOCKS * want.block;
}

static unsigned char *block(size_t i)
{
	return got + i * want.block;
}

static uint64_t place(size_t i)
{
	return BASE + i * want.block;
}

/* A copy of stamps from FROM to BASE, where generation 1 was before; or the same bytes, given as a reference. */
static void start(void)
{
	struct p2p_stamp stamp = stamp_of(FROM, 2);

	put_stamps(reference, total(), stamp);
	memcpy(got, reference, total());
	put_stamps(before, total(), stamp_of(BASE, 1));
	want.reference = by_reference;
	want.stamp = stamp;
	want.shift = FROM - BASE;
	want.before = by_reference ? P2P_BEFORE_BYTES : P2P_BEFORE_STAMPS;
	want.before_stamp = stamp_of(0, 1);
	if (!by_reference)
		return;
	/* Other people's bytes: no stamps are in them. */
	for (size_t i = 0; i < total(); i++)
		reference[i] ^= 0x5a;
	memcpy(got, reference, total());
}

/* All in three ranges, not in order. */
static void judge(void)
{
	static const struct { size_t from, to; } parts[] = { { 7, 20 }, { 20, BLOCKS }, { 0, 7 } };
	struct p2p_proof *proof = p2p_proof_new(&want);
	struct p2p_proof_result whole;

	for (size_t i = 0; i < 3; i++) {
		size_t at = parts[i].from * want.block;
		bool bytes = want.before == P2P_BEFORE_BYTES;

		p2p_proof_add(proof, BASE + at, got + at, (parts[i].to - parts[i].from) * want.block,
			      by_reference ? reference + at : NULL, bytes ? before + at : NULL);
	}
	p2p_proof_finish(proof, &result);
	p2p_proof_free(proof);
	p2p_proof_judge(&want, BASE, got, total(), by_reference ? reference : NULL,
			want.before == P2P_BEFORE_BYTES ? before : NULL, &whole);
	CHECK(!memcmp(&whole.kinds, &result.kinds, sizeof(whole.kinds)));
	CHECK(whole.bad == result.bad && whole.blocks == result.blocks && whole.bytes == result.bytes);
	CHECK(whole.distinct == result.distinct && whole.alone == result.alone && whole.mute == result.mute);
	CHECK(result.blocks == BLOCKS && result.bytes == total());
	uint64_t sum = 0;

	for (size_t i = 0; i < P2P_PROOF_KINDS; i++)
		sum += result.kinds[i].blocks;
	CHECK(sum == BLOCKS && result.kinds[P2P_PROOF_RIGHT].blocks + result.bad == BLOCKS);
}

/* There are `blocks` of that kind and no other bad one. */
static bool only(enum p2p_proof_kind kind, uint64_t blocks, size_t first)
{
	judge();
	const struct p2p_proof_class *class = &result.kinds[kind];
	bool so = result.bad == blocks && class->blocks == blocks && class->first == place(first) &&
		  !p2p_proof_intact(&result);

	if (!so)
		for (size_t i = 1; i < P2P_PROOF_KINDS; i++)
			if (result.kinds[i].blocks)
				fprintf(stderr, "  %s: %u from %#x\n", p2p_proof_kind_name((enum p2p_proof_kind)i),
					(unsigned)result.kinds[i].blocks, (unsigned)result.kinds[i].first);
	return so;
}

static const struct p2p_proof_class *of(enum p2p_proof_kind kind)
{
	return &result.kinds[kind];
}

static void exchange(size_t a, size_t b)
{
	memcpy(spare, block(a), want.block);
	memcpy(block(a), block(b), want.block);
	memcpy(block(b), spare, want.block);
}

static void check_moved(void)
{
	start();
	judge();
	CHECK(p2p_proof_intact(&result));
	CHECK(result.kinds[P2P_PROOF_RIGHT].blocks == BLOCKS);
	CHECK(result.distinct == BLOCKS && result.alone == BLOCKS && result.mute == 0 && !result.capped);

	/* Two, across ranges; and two more. */
	exchange(3, 21);
	CHECK(only(P2P_PROOF_SWAPPED, 2, 3));
	CHECK(of(P2P_PROOF_SWAPPED)->from == place(21) && of(P2P_PROOF_SWAPPED)->byte >= place(3));
	CHECK(of(P2P_PROOF_SWAPPED)->byte < place(3) + 64 && of(P2P_PROOF_SWAPPED)->bits > 64);
	exchange(1, 2);
	CHECK(only(P2P_PROOF_SWAPPED, 4, 1));

	/* Three in a ring. */
	start();
	exchange(5, 6);
	exchange(6, 7);
	CHECK(only(P2P_PROOF_SWAPPED, 3, 5));

	/* All by one: each but one is the next one's. */
	start();
	memmove(got, got + want.block, total() - want.block);
	CHECK(only(P2P_PROOF_DUPLICATED, BLOCKS - 1, 0));
	CHECK(of(P2P_PROOF_DUPLICATED)->from == place(1));
	/* And that one closes the ring. */
	memcpy(block(BLOCKS - 1), reference, want.block);
	CHECK(only(P2P_PROOF_SWAPPED, BLOCKS, 0));

	/* One twice; and one that hangs on a ring is no part of it. */
	start();
	memcpy(block(9), block(2), want.block);
	CHECK(only(P2P_PROOF_DUPLICATED, 1, 9));
	CHECK(of(P2P_PROOF_DUPLICATED)->from == place(2));
	exchange(9, 10);
	CHECK(only(P2P_PROOF_DUPLICATED, 2, 9));
	start();
	exchange(11, 12);
	memcpy(block(0), block(11), want.block);
	judge();
	CHECK(of(P2P_PROOF_SWAPPED)->blocks == 2 && of(P2P_PROOF_SWAPPED)->first == place(11));
	CHECK(of(P2P_PROOF_DUPLICATED)->blocks == 1 && of(P2P_PROOF_DUPLICATED)->first == place(0));
	CHECK(of(P2P_PROOF_DUPLICATED)->from == place(12));
}

static void check_old(void)
{
	start();
	memcpy(block(4), before + 4 * want.block, want.block);
	CHECK(only(P2P_PROOF_MISSING, 1, 4));
	/* What was before, of another place, is no longer "nothing arrived". */
	memcpy(block(4), before + 5 * want.block, want.block);
	CHECK(only(P2P_PROOF_STALE, 1, 4));
	CHECK(of(P2P_PROOF_STALE)->stamped && of(P2P_PROOF_STALE)->found.generation == 1);
	CHECK(of(P2P_PROOF_STALE)->found.offset == place(5));
	/* A generation before that, here. */
	put_stamps(block(4), want.block, stamp_of(place(4), 0));
	CHECK(only(P2P_PROOF_STALE, 1, 4));
	CHECK(of(P2P_PROOF_STALE)->found.generation == 0);
	/* Another run; another pair. */
	struct p2p_stamp stamp = stamp_of(FROM + 4 * want.block, 2);

	stamp.run++;
	put_stamps(block(4), want.block, stamp);
	CHECK(only(P2P_PROOF_STALE, 1, 4));
	CHECK(p2p_stamp_same(&of(P2P_PROOF_STALE)->found, &stamp));
	stamp.run--;
	stamp.pair++;
	put_stamps(block(4), want.block, stamp);
	CHECK(only(P2P_PROOF_STALE, 1, 4));
	/* A generation that is still to come is not old. */
	if (!by_reference) {
		put_stamps(block(4), want.block, stamp_of(FROM + 4 * want.block, 3));
		CHECK(only(P2P_PROOF_FOREIGN, 1, 4));
		CHECK(of(P2P_PROOF_FOREIGN)->stamped && of(P2P_PROOF_FOREIGN)->found.generation == 3);
	}

	/* Nobody knows what was before: the same bytes are then stale. */
	start();
	want.before = P2P_BEFORE_UNKNOWN;
	memcpy(block(4), before + 4 * want.block, want.block);
	CHECK(only(P2P_PROOF_STALE, 1, 4));

	/* Poison, here and of another place. */
	start();
	want.before = P2P_BEFORE_POISON;
	want.before_seed = 99;
	p2p_poison_fill(block(0), want.block, 99, place(0));
	CHECK(only(P2P_PROOF_MISSING, 1, 0));
	p2p_poison_fill(block(0), want.block, 99, place(1));
	CHECK(only(P2P_PROOF_FOREIGN, 1, 0));
	p2p_poison_fill(block(0), want.block, 98, place(0));
	CHECK(only(P2P_PROOF_FOREIGN, 1, 0));
}

static void check_damaged(void)
{
	start();
	memset(block(8), 0, want.block);
	CHECK(only(P2P_PROOF_ZEROED, 1, 8));
	block(8)[want.block - 1] = 1;
	judge();
	CHECK(result.bad == 1 && !of(P2P_PROOF_ZEROED)->blocks);

	/* Zeros that were there before: nothing arrived. */
	start();
	want.before = P2P_BEFORE_BYTES;
	memset(before, 0, total());
	memset(block(8), 0, want.block);
	CHECK(only(P2P_PROOF_MISSING, 1, 8));

	/* A bit, at each place that is special; sixteen; one more. */
	size_t bytes[] = { 0, 63, 64, want.logical - 1, want.block - 1 };

	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		start();
		block(6)[bytes[i]] ^= 0x20;
		CHECK(only(P2P_PROOF_FLIPPED, 1, 6));
		CHECK(of(P2P_PROOF_FLIPPED)->bits == 1 && of(P2P_PROOF_FLIPPED)->byte == place(6) + bytes[i]);
		CHECK(result.flipped_bits == 1);
	}
	start();
	block(6)[100] ^= 0xff;
	block(6)[300] ^= 0xff;
	block(7)[100] ^= 3;
	CHECK(only(P2P_PROOF_FLIPPED, 2, 6));
	CHECK(of(P2P_PROOF_FLIPPED)->bits == 16 && of(P2P_PROOF_FLIPPED)->byte == place(6) + 100);
	CHECK(result.flipped_bits == 18);
	block(6)[301] ^= 1;
	judge();
	CHECK(of(P2P_PROOF_TORN)->blocks == 1 && of(P2P_PROOF_FLIPPED)->blocks == 1);

	/* Nothing of ours. */
	start();
	for (size_t i = 0; i < want.block; i++)
		block(13)[i] = (unsigned char)(i * i >> 3 ^ i);
	CHECK(only(P2P_PROOF_FOREIGN, 1, 13));
	CHECK(!of(P2P_PROOF_FOREIGN)->stamped);
	memset(block(13), 0xff, want.block);
	CHECK(only(P2P_PROOF_FOREIGN, 1, 13));
}

static void check_torn(void)
{
	/* Within a logical block: its second half is what was before, zeros, or another block's. */
	static const unsigned char zeros[2 * MOST];
	const unsigned char *others[] = { before, zeros, reference };

	for (size_t i = 0; i < 3; i++) {
		size_t half = want.logical / 2;

		start();
		memcpy(block(17) + half, others[i] + want.block + half, want.logical - half);
		CHECK(only(P2P_PROOF_TORN, 1, 17));
		CHECK(of(P2P_PROOF_TORN)->byte >= place(17) + half && of(P2P_PROOF_TORN)->byte < place(17) + half + 8);
	}
	if (want.block == want.logical)
		return;
	/* By logical blocks: the last one did not arrive, is zeros, is another block's, is another's of this block. */
	size_t last = want.block - want.logical;

	start();
	memcpy(block(17) + last, before + 17 * want.block + last, want.logical);
	CHECK(only(P2P_PROOF_TORN, 1, 17));
	CHECK(of(P2P_PROOF_TORN)->byte >= place(17) + last);
	start();
	memset(block(17) + last, 0, want.logical);
	CHECK(only(P2P_PROOF_TORN, 1, 17));
	start();
	memcpy(block(17) + last, block(16) + last, want.logical);
	CHECK(only(P2P_PROOF_TORN, 1, 17));
	start();
	memcpy(spare, block(17), want.logical);
	memcpy(block(17), block(17) + last, want.logical);
	memcpy(block(17) + last, spare, want.logical);
	CHECK(only(P2P_PROOF_TORN, 1, 17));
	/* All of it is this block's, and no logical block is at its place. */
	start();
	memmove(block(17), block(17) + want.logical, last);
	memcpy(block(17) + last, reference + 17 * want.block, want.logical);
	CHECK(only(by_reference ? P2P_PROOF_FOREIGN : P2P_PROOF_TORN, 1, 17));
	/* What was before, and what was before that: nothing new, and not untouched. */
	start();
	memcpy(block(17), before + 17 * want.block, want.block);
	put_stamps(block(17) + last, want.logical, stamp_of(place(17) + last, 0));
	CHECK(only(P2P_PROOF_STALE, 1, 17));
	/* Zeros and what was before: nothing new is in it, and still it is of two origins. */
	start();
	memcpy(block(17), before + 17 * want.block, want.block);
	memset(block(17), 0, want.logical);
	CHECK(only(P2P_PROOF_TORN, 1, 17));
	/* One bit in two logical blocks each. */
	start();
	block(17)[70] ^= 1;
	block(17)[last + 70] ^= 1;
	CHECK(only(P2P_PROOF_FLIPPED, 1, 17));
	CHECK(of(P2P_PROOF_FLIPPED)->bits == 2);
}

/* Contents that are not all different: what can be told, and what the proof is worth. */
static void check_worth(void)
{
	start();
	/* 0 2 4 are one content, 1 3 another; 6 and 7 are zeros; 8 is what it was before. */
	for (size_t i = 2; i < 5; i++)
		memcpy(reference + i * want.block, reference + i % 2 * want.block, want.block);
	memset(reference + 6 * want.block, 0, 2 * want.block);
	memcpy(reference + 8 * want.block, before + 8 * want.block, want.block);
	memcpy(got, reference, total());
	judge();
	CHECK(p2p_proof_intact(&result));
	CHECK(result.distinct == BLOCKS - 4 && result.alone == BLOCKS - 7 && result.mute == 1);
	/* Nobody can see this. */
	exchange(0, 4);
	judge();
	CHECK(p2p_proof_intact(&result));
	/* Two swaps between the same contents are two swaps. */
	exchange(0, 1);
	exchange(2, 3);
	CHECK(only(P2P_PROOF_SWAPPED, 4, 0));
	CHECK(of(P2P_PROOF_SWAPPED)->from == place(1));
	/* Zeros are zeroed, though they belong elsewhere; and what was before is missing. */
	memcpy(got, reference, total());
	memset(block(10), 0, want.block);
	CHECK(only(P2P_PROOF_ZEROED, 1, 10));
	memcpy(reference + 12 * want.block, before + 11 * want.block, want.block);
	memcpy(got, reference, total());
	memcpy(block(11), before + 11 * want.block, want.block);
	CHECK(only(P2P_PROOF_MISSING, 1, 11));
	/* A block that is nearly another one, and holds that one, holds that one. */
	memcpy(reference + 14 * want.block, reference + 15 * want.block, want.block);
	reference[14 * want.block] ^= 1;
	memcpy(got, reference, total());
	exchange(14, 15);
	CHECK(only(P2P_PROOF_SWAPPED, 2, 14));
	/* A ring of three, of which one's content is at home elsewhere, too. */
	memcpy(reference + 20 * want.block, reference + 16 * want.block, want.block);
	memcpy(got, reference, total());
	exchange(20, 21);
	exchange(21, 22);
	CHECK(only(P2P_PROOF_SWAPPED, 3, 20));
	/* Stamps of an earlier run are somebody's content here, and can be swapped like any. */
	put_stamps(reference, total(), stamp_of(0, 1));
	memcpy(got, reference, total());
	want.before = P2P_BEFORE_UNKNOWN;
	exchange(1, 5);
	CHECK(only(P2P_PROOF_SWAPPED, 2, 1));
	/* Dull bytes that happen to be the same are no sign that something arrived. */
	memset(reference, 0x11, total());
	memset(got, 0x11, total());
	for (size_t i = 64; i < want.block; i++)
		block(3)[i] = (unsigned char)(i * 7 >> 2 ^ i);
	CHECK(only(P2P_PROOF_FOREIGN, 1, 3));
}

/* More than is kept: all is counted, no more is called swapped, and it says so. */
static void check_cap(void)
{
	struct p2p_proof *proof;
	size_t count = (size_t)P2P_PROOF_KEPT + 10;

	by_reference = false;
	want = (struct p2p_proof_want){ .block = 512, .logical = 512, .stamp = stamp_of(0, 2) };
	proof = p2p_proof_new(&want);
	for (size_t i = count; i-- > 0;) {
		put_stamps(spare, 512, stamp_of((i ^ 1) * 512, 2));
		p2p_proof_add(proof, i * 512, spare, 512, NULL, NULL);
	}
	p2p_proof_finish(proof, &result);
	p2p_proof_free(proof);
	CHECK(result.capped && result.bad == count);
	CHECK(of(P2P_PROOF_SWAPPED)->blocks == P2P_PROOF_KEPT && of(P2P_PROOF_SWAPPED)->first == 5120);
	CHECK(of(P2P_PROOF_DUPLICATED)->blocks == 10 && of(P2P_PROOF_DUPLICATED)->first == 0);
}

/* Nothing looked at is not intact; a shorter last block is one. */
static void check_ends(void)
{
	struct p2p_proof *proof;

	by_reference = false;
	want = (struct p2p_proof_want){ .block = 4096, .logical = 512 };
	start();
	proof = p2p_proof_new(&want);
	p2p_proof_finish(proof, &result);
	p2p_proof_free(proof);
	CHECK(!p2p_proof_intact(&result) && result.bad == 0 && result.blocks == 0);
	p2p_proof_free(NULL);
	p2p_proof_judge(&want, BASE, got, 4096 + 1536, NULL, NULL, &result);
	CHECK(p2p_proof_intact(&result) && result.blocks == 2 && result.bytes == 4096 + 1536);
	got[4096 + 1535] ^= 1;
	p2p_proof_judge(&want, BASE, got, 4096 + 1536, NULL, NULL, &result);
	CHECK(result.bad == 1 && of(P2P_PROOF_FLIPPED)->byte == BASE + 4096 + 1535);
	CHECK(p2p_proof_kind_name(P2P_PROOF_UNKNOWN) == NULL);
	for (size_t i = 1; i < P2P_PROOF_KINDS; i++)
		CHECK(p2p_proof_kind_name((enum p2p_proof_kind)i) != NULL);
}

int main(void)
{
	static const struct { size_t block, logical; } sizes[] = {
		{ 512, 512 }, { 4096, 512 }, { 1536, 512 }, { 4096, 4096 }, { 16384, 4096 },
	};

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
		by_reference = i % 2;
		want = (struct p2p_proof_want){ .block = sizes[i / 2].block, .logical = sizes[i / 2].logical };
		check_moved();
		check_old();
		check_damaged();
		check_torn();
		if (by_reference)
			check_worth();
	}
	check_cap();
	check_ends();
	return check_done();
}
