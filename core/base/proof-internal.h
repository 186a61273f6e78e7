/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What proof.c (block by block) and proof-finish.c (all of them together)
 * share.  Floor 0 (base).
 */
#ifndef P2P_BASE_PROOF_INTERNAL_H
#define P2P_BASE_PROOF_INTERNAL_H

#include "proof.h"

/* A block that is not right. */
struct p2p_bad {
	uint64_t place;
	uint64_t from;	 /* DUPLICATED: the place whose content it holds */
	uint64_t offset; /* of the stamp that was found last */
	uint64_t should, holds; /* with a reference: contents */
	uint64_t byte, bits;
	struct p2p_stamp found;
	uint8_t kind; /* enum p2p_proof_kind; before all is known never SWAPPED */
	bool stamped;
	bool in_ring;
};

/* Which content belongs where. */
struct p2p_wanted {
	uint64_t content, place;
};

struct p2p_proof {
	struct p2p_proof_want want;
	struct p2p_proof_result result; /* what is known so far */
	unsigned char *expected;	/* room for a logical block */
	struct p2p_bad *bad;
	size_t bad_count, bad_room;
	struct p2p_wanted *wanted; /* with a reference: of every block */
	size_t wanted_count, wanted_room;
};

/* Counts a block that is not right under its kind. */
void p2p_proof_count(struct p2p_proof_result *result, const struct p2p_bad *bad);

#endif
