/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stamp: whole, damaged at any bit, other in any field; poison and what changed in it. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/base/stamp.h"

static const struct p2p_stamp one = { .run = 0x1122334455667788, .pair = 7, .generation = 3, .offset = 1 << 20 };
static const size_t sizes[] = { 512, 1024, 1536, 4096, 4608 };

#define SIZES (sizeof(sizes) / sizeof(*sizes))

static void flip(unsigned char *block, size_t bit)
{
	block[bit / 8] ^= (unsigned char)(1u << bit % 8);
}

static void check_whole(size_t bytes)
{
	/* At an odd address, with bytes around that must stay. */
	unsigned char *memory = malloc(bytes + 3), *block = memory + 1;
	struct p2p_stamp got = { 0 };

	if (!memory)
		abort();
	memset(memory, 0xa5, bytes + 3);
	p2p_stamp_fill(block, bytes, &one);
	CHECK(memory[0] == 0xa5 && memory[bytes + 1] == 0xa5 && memory[bytes + 2] == 0xa5);
	CHECK(p2p_stamp_is(block, bytes, &one));
	CHECK(p2p_stamp_read(block, bytes, &got) == P2P_STAMP_WHOLE);
	CHECK(p2p_stamp_same(&got, &one));

	/* Any single bit. */
	bool shown = true, named = true;

	for (size_t bit = 0; bit < bytes * 8; bit++) {
		flip(block, bit);
		got = (struct p2p_stamp){ .run = 99 };
		enum p2p_stamp_state state = p2p_stamp_read(block, bytes, &got);

		shown &= !p2p_stamp_is(block, bytes, &one);
		named &= bit < 512 ? state == P2P_STAMP_FOREIGN && got.run == 99
				   : state == P2P_STAMP_DAMAGED && p2p_stamp_same(&got, &one);
		flip(block, bit);
	}
	CHECK(shown);
	CHECK(named);
	CHECK(p2p_stamp_is(block, bytes, &one));
	free(memory);
}

/* A stamp that differs in one field: nothing generated is the same at the same place. */
static void check_other(const struct p2p_stamp *other)
{
	uint64_t a[512], b[512];
	bool same = false;

	p2p_stamp_fill(a, sizeof(a), &one);
	p2p_stamp_fill(b, sizeof(b), other);
	CHECK(!p2p_stamp_is(a, sizeof(a), other));
	CHECK(!p2p_stamp_same(&one, other));
	for (size_t i = 5; i < 512; i++)
		same |= a[i] == b[i];
	CHECK(!same);
	/* The head of one, the body of the other: no torn block passes. */
	memcpy(b, a, 64);
	struct p2p_stamp got;

	CHECK(!p2p_stamp_is(b, sizeof(b), &one) && !p2p_stamp_is(b, sizeof(b), other));
	CHECK(p2p_stamp_read(b, sizeof(b), &got) == P2P_STAMP_DAMAGED && p2p_stamp_same(&got, &one));
}

static void check_fields(void)
{
	struct p2p_stamp other;

	for (unsigned bit = 0; bit < 64; bit++) {
		other = one;
		other.run ^= UINT64_C(1) << bit;
		check_other(&other);
		other = one;
		other.offset ^= UINT64_C(1) << bit;
		check_other(&other);
	}
	for (unsigned bit = 0; bit < 32; bit++) {
		other = one;
		other.pair ^= 1u << bit;
		check_other(&other);
		other = one;
		other.generation ^= 1u << bit;
		check_other(&other);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Over 4096 neighbouring blocks no two generated words are the same, and bits are set as often as not. */
static void check_spread(void)
{
	enum { BLOCKS = 4096, WORDS = 512 / 8 };
	uint64_t(*blocks)[WORDS] = malloc(BLOCKS * sizeof(*blocks)), *all = malloc(BLOCKS * sizeof(*blocks));
	size_t count = 0, twice = 0, set = 0;

	if (!blocks || !all)
		abort();
	for (size_t i = 0; i < BLOCKS; i++) {
		struct p2p_stamp stamp = { .run = 1, .pair = 0, .generation = 1, .offset = i * 512 };

		p2p_stamp_fill(blocks[i], 512, &stamp);
		for (size_t w = 5; w < WORDS; w++) {
			/* The last word of the head is what the rest starts from. */
			all[count++] = blocks[i][w];
			set += (size_t)__builtin_popcountll(blocks[i][w]);
		}
	}
	qsort(all, count, sizeof(*all), compare);
	for (size_t i = 1; i < count; i++)
		twice += all[i] == all[i - 1];
	CHECK(twice == 0);
	double share = (double)set / (double)(count * 64);

	CHECK(share > 0.499 && share < 0.501);
	free(blocks);
	free(all);
}

/* Neither zeros nor ones nor another size is a stamp. */
static void check_foreign(void)
{
	unsigned char block[4096];
	struct p2p_stamp got = { .run = 5 };

	memset(block, 0, sizeof(block));
	CHECK(p2p_stamp_read(block, sizeof(block), &got) == P2P_STAMP_FOREIGN && got.run == 5);
	memset(block, 0xff, sizeof(block));
	CHECK(p2p_stamp_read(block, sizeof(block), &got) == P2P_STAMP_FOREIGN && got.run == 5);
	p2p_stamp_fill(block, sizeof(block), &one);
	CHECK(p2p_stamp_read(block, 512, &got) == P2P_STAMP_FOREIGN && got.run == 5);
	CHECK(!p2p_stamp_is(block, 512, &one));
	p2p_poison_fill(block, sizeof(block), 1, 0);
	CHECK(p2p_stamp_read(block, sizeof(block), &got) == P2P_STAMP_FOREIGN && got.run == 5);
}

static void check_poison(void)
{
	unsigned char memory[8192], copy[8192];
	size_t first = 4711;

	p2p_poison_fill(memory, sizeof(memory), 42, 1 << 16);
	CHECK(p2p_poison_is(memory, sizeof(memory), 42, 1 << 16));
	CHECK(p2p_poison_changed(memory, sizeof(memory), 42, 1 << 16, &first) == 0 && first == 4711);
	CHECK(!p2p_poison_is(memory, sizeof(memory), 43, 1 << 16));
	CHECK(!p2p_poison_is(memory, sizeof(memory), 42, (1 << 16) + 8));
	/* A part of it is the poison of that part, at every word. */
	bool parts = true;

	for (size_t from = 0; from < 256; from += 8)
		for (size_t bytes = 8; bytes < 256; bytes += 8)
			parts &= p2p_poison_is(memory + from, bytes, 42, (1 << 16) + from);
	CHECK(parts);

	/* Two bytes, the last ones that are looked at included. */
	memcpy(copy, memory, sizeof(copy));
	memory[8191] ^= 0x10;
	CHECK(p2p_poison_changed(memory, sizeof(memory), 42, 1 << 16, &first) == 1 && first == 8191);
	memory[4097] ^= 0xff;
	CHECK(p2p_poison_changed(memory, sizeof(memory), 42, 1 << 16, &first) == 2 && first == 4097);
	CHECK(p2p_bytes_changed(copy, memory, sizeof(memory), &first) == 2 && first == 4097);
	memory[0] ^= 1;
	CHECK(p2p_poison_changed(memory, sizeof(memory), 42, 1 << 16, &first) == 3 && first == 0);
	CHECK(p2p_bytes_changed(copy, memory, sizeof(memory), &first) == 3 && first == 0);
	CHECK(p2p_poison_changed(memory, 8184, 42, 1 << 16, &first) == 2 && first == 0);
	CHECK(p2p_poison_changed(memory + 8, 8184, 42, (1 << 16) + 8, &first) == 2 && first == 4089);
	first = 4711;
	CHECK(p2p_bytes_changed(copy, copy, sizeof(copy), &first) == 0 && first == 4711);
	CHECK(p2p_bytes_changed(copy, memory, 0, &first) == 0 && first == 4711);
	CHECK(p2p_bytes_changed(copy + 1, memory + 1, 4096, &first) == 0);
	CHECK(p2p_bytes_changed(copy + 1, memory + 1, 4097, &first) == 1 && first == 4096);
}

int main(void)
{
	for (size_t i = 0; i < SIZES; i++)
		check_whole(sizes[i]);
	check_fields();
	check_spread();
	check_foreign();
	check_poison();
	return check_done();
}
