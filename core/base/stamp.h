/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stamp: what a logical block holds that proves where its bytes are from.
 * Floor 0 (base).
 *
 * A stamped block is 512 bytes or a multiple: 64 bytes that say which run,
 * pair, generation and offset it is of, then bytes generated from all of that
 * and from the block's size.  None of the generated words is the same as the
 * one at its place in a block with another offset; any bit that is not as
 * written shows.
 *
 * Numbers are in this machine's byte order: who reads it back is who wrote it.
 */
#ifndef P2P_BASE_STAMP_H
#define P2P_BASE_STAMP_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#define P2P_STAMP_UNIT 512 /* the size of a stamped block is a multiple of this */

struct p2p_stamp {
	uint64_t run;	     /* one number a run of the benchmark; two runs have two */
	uint32_t pair;	     /* of that run */
	uint32_t generation; /* how often this place was written in that run */
	uint64_t offset;     /* bytes from the start of the device */
};

enum p2p_stamp_state {
	P2P_STAMP_FOREIGN = 0, /* the first 64 bytes are none of ours, or no longer */
	P2P_STAMP_DAMAGED,     /* they are, and say so; what follows is not what belongs to them */
	P2P_STAMP_WHOLE,       /* every bit is as it was written */
};

/*
 * Writes `bytes` at `block`, each once and in ascending order, and reads none:
 * `block` may be device memory.  `bytes` is a multiple of P2P_STAMP_UNIT.
 */
void p2p_stamp_fill(void *block, size_t bytes, const struct p2p_stamp *stamp);

/* Is every bit as p2p_stamp_fill would write it?  As fast as memory can be read, more or less. */
bool p2p_stamp_is(const void *block, size_t bytes, const struct p2p_stamp *stamp);

/*
 * Whose block this is.  *ret is what its first bytes say when they are ours
 * (WHOLE or DAMAGED), else untouched.  A block that was stamped at another size
 * is FOREIGN.
 */
enum p2p_stamp_state p2p_stamp_read(const void *block, size_t bytes, struct p2p_stamp *ret);

/* Are two stamps the same in all they say? */
static inline bool p2p_stamp_same(const struct p2p_stamp *a, const struct p2p_stamp *b)
{
	return a->run == b->run && a->pair == b->pair && a->generation == b->generation && a->offset == b->offset;
}

/*
 * Poison: bytes that stand in memory, or in the room around a buffer, before
 * something is to arrive.  They depend on `seed` and on the place (`offset`,
 * a multiple of 8), and are no stamp.  `bytes` is a multiple of 8.
 */
void p2p_poison_fill(void *memory, size_t bytes, uint64_t seed, uint64_t offset);
bool p2p_poison_is(const void *memory, size_t bytes, uint64_t seed, uint64_t offset);

/*
 * How many of the bytes are no longer the poison that was put there.  *ret is
 * how far from `memory` the first one is; untouched when there is none.
 */
size_t p2p_poison_changed(const void *memory, size_t bytes, uint64_t seed, uint64_t offset, size_t *ret);

/* The same against a copy: how many bytes of `now` differ from `before`, and the first. */
size_t p2p_bytes_changed(const void *before, const void *now, size_t bytes, size_t *ret);

#endif
