/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stamp.h"

#include <string.h>

#define MAGIC 0x504d415453503250u /* "P2PSTAMP" */
#define STEP 0x9e3779b97f4a7c15u  /* 2^64 / golden ratio: odd, so that its multiples meet every word */
#define HEAD 8			  /* words of the head */

/* Four words at once; the compiler makes of it what the processor has. */
typedef uint64_t words __attribute__((vector_size(32)));

/* Stafford's mix 13 of splitmix64: one to one, every bit depends on every bit. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* The head of a block; the last word is where the generated words start from. */
static void make_head(const struct p2p_stamp *stamp, size_t bytes, uint64_t head[HEAD])
{
	uint64_t who = mix(mix(stamp->run ^ STEP) ^ ((uint64_t)stamp->pair << 32 | stamp->generation));

	head[0] = MAGIC;
	head[1] = stamp->run;
	head[2] = (uint64_t)stamp->pair << 32 | stamp->generation;
	head[3] = stamp->offset;
	head[4] = bytes;
	/* One to one in each field while the others stay: two offsets never have one seed. */
	head[7] = mix(mix(who ^ bytes) + stamp->offset);
	head[5] = mix(head[7] ^ MAGIC);
	head[6] = mix(head[5] + STEP);
}

/* The next four of the words that start from a seed: each seed has another one at every place. */
static inline __attribute__((always_inline)) void generate(words *state, words *ret)
{
	words x = *state;

	x ^= x >> 29;
	x ^= x << 17;
	*ret = x;
	*state += STEP * 4;
}

static inline __attribute__((always_inline)) void start(uint64_t seed, words *ret)
{
	*ret = (words){ seed, seed + STEP, seed + STEP * 2, seed + STEP * 3 };
}

/* Memory may be aligned to bytes only, and p2pmem likes to be written in order. */
static void generate_to(unsigned char *at, size_t bytes, uint64_t seed)
{
	words state, value;
	size_t i = 0;

	start(seed, &state);
	for (; i + sizeof(value) <= bytes; i += sizeof(value)) {
		generate(&state, &value);
		memcpy(at + i, &value, sizeof(value));
	}
	generate(&state, &value);
	if (i < bytes)
		memcpy(at + i, &value, bytes - i);
}

static bool generated_is(const unsigned char *at, size_t bytes, uint64_t seed)
{
	words state, value, there, differ = { 0 };
	size_t i = 0;

	start(seed, &state);
	for (; i + sizeof(value) <= bytes; i += sizeof(value)) {
		generate(&state, &value);
		memcpy(&there, at + i, sizeof(there));
		differ |= there ^ value;
	}
	generate(&state, &value);
	return !(differ[0] | differ[1] | differ[2] | differ[3]) && (i == bytes || !memcmp(at + i, &value, bytes - i));
}

void p2p_stamp_fill(void *block, size_t bytes, const struct p2p_stamp *stamp)
{
	uint64_t head[HEAD];

	make_head(stamp, bytes, head);
	memcpy(block, head, sizeof(head));
	generate_to((unsigned char *)block + sizeof(head), bytes - sizeof(head), head[7]);
}

bool p2p_stamp_is(const void *block, size_t bytes, const struct p2p_stamp *stamp)
{
	uint64_t head[HEAD];

	make_head(stamp, bytes, head);
	return !memcmp(block, head, sizeof(head)) &&
	       generated_is((const unsigned char *)block + sizeof(head), bytes - sizeof(head), head[7]);
}

enum p2p_stamp_state p2p_stamp_read(const void *block, size_t bytes, struct p2p_stamp *ret)
{
	uint64_t head[HEAD], there[HEAD];

	memcpy(there, block, sizeof(there));
	if (there[0] != MAGIC)
		return P2P_STAMP_FOREIGN;
	struct p2p_stamp stamp = { .run = there[1],
				   .pair = (uint32_t)(there[2] >> 32),
				   .generation = (uint32_t)there[2],
				   .offset = there[3] };

	make_head(&stamp, bytes, head);
	if (memcmp(head, there, sizeof(head)) != 0)
		return P2P_STAMP_FOREIGN;
	*ret = stamp;
	return generated_is((const unsigned char *)block + sizeof(head), bytes - sizeof(head), head[7])
		       ? P2P_STAMP_WHOLE
		       : P2P_STAMP_DAMAGED;
}

/* --------------------------------------------------------------- poison */

/* Where the poison of a place starts: the word at 8 n is the same from wherever it is asked. */
static uint64_t poison_seed(uint64_t seed, uint64_t offset)
{
	return mix(seed ^ 0x706f69736f6e2121u) + offset / 8 * STEP;
}

void p2p_poison_fill(void *memory, size_t bytes, uint64_t seed, uint64_t offset)
{
	generate_to(memory, bytes, poison_seed(seed, offset));
}

bool p2p_poison_is(const void *memory, size_t bytes, uint64_t seed, uint64_t offset)
{
	return generated_is(memory, bytes, poison_seed(seed, offset));
}

size_t p2p_bytes_changed(const void *before, const void *now, size_t bytes, size_t *ret)
{
	const unsigned char *a = before, *b = now;
	size_t changed = 0, first = 0;

	for (size_t i = 0; i < bytes; i++) {
		/* Nearly always nothing changed: look at much at once. */
		while (bytes - i >= 4096 && !memcmp(a + i, b + i, 4096))
			i += 4096;
		if (i == bytes)
			break;
		if (a[i] == b[i])
			continue;
		if (!changed++)
			first = i;
	}
	if (changed)
		*ret = first;
	return changed;
}

size_t p2p_poison_changed(const void *memory, size_t bytes, uint64_t seed, uint64_t offset, size_t *ret)
{
	const unsigned char *at = memory;
	unsigned char fresh[512];
	size_t changed = 0;

	if (p2p_poison_is(memory, bytes, seed, offset))
		return 0;
	for (size_t i = 0, part; i < bytes; i += part) {
		size_t first = 0, more;

		part = bytes - i < sizeof(fresh) ? bytes - i : sizeof(fresh);
		p2p_poison_fill(fresh, part, seed, offset + i);
		more = p2p_bytes_changed(fresh, at + i, part, &first);
		if (more && !changed)
			*ret = i + first;
		changed += more;
	}
	return changed;
}
