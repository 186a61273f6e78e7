/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proof: is what was read back what should be there, and if not, what is it?
 * Floor 0 (base).
 *
 *     struct p2p_proof *proof = p2p_proof_new(&want);
 *     while (... a part of the range was read back ...)
 *             p2p_proof_add(proof, place, got, bytes, NULL, NULL);
 *     p2p_proof_finish(proof, &result);
 *     p2p_proof_free(proof);
 *
 * Offsets are places on the device (or in the memory) that was read back.
 * What should be there is either stamps (base/stamp.h) or the bytes of a
 * reference that the caller has.
 */
#ifndef P2P_BASE_PROOF_H
#define P2P_BASE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stamp.h"

/*
 * What a block turned out to hold.  The first that fits is the answer, in this
 * order but for FOREIGN:
 *
 * MISSING     bit for bit what was put at this very place before the copy: as if nothing had arrived
 * ZEROED      zeros, which were not there before
 * SWAPPED     the right content of another place, which holds this one's; or several in a ring
 * DUPLICATED  the right content of another place, and nothing came of it in return
 * STALE       stamps of ours that should be gone: an earlier generation, another run or pair, of this place or
 *             another; what was put at this very place right before the copy is MISSING, not STALE
 * FLIPPED     right but for a few bits of some logical blocks (P2P_PROOF_FEW_BITS of each)
 * TORN        in part right or of several origins, by logical blocks or within one
 * FOREIGN     none of these
 */
enum p2p_proof_kind {
	P2P_PROOF_UNKNOWN = 0, /* nobody looked */
	P2P_PROOF_RIGHT,
	P2P_PROOF_SWAPPED,
	P2P_PROOF_DUPLICATED,
	P2P_PROOF_STALE,
	P2P_PROOF_MISSING,
	P2P_PROOF_TORN,
	P2P_PROOF_ZEROED,
	P2P_PROOF_FLIPPED,
	P2P_PROOF_FOREIGN,
};

#define P2P_PROOF_KINDS (P2P_PROOF_FOREIGN + 1)
#define P2P_PROOF_FEW_BITS 16

/* What was there before the copy. */
enum p2p_before {
	P2P_BEFORE_UNKNOWN = 0, /* nobody put or read anything: no block can be MISSING */
	P2P_BEFORE_STAMPS,	/* stamps: before_stamp, with each place as its offset */
	P2P_BEFORE_POISON,	/* p2p_poison_fill with before_seed, each place as its offset */
	P2P_BEFORE_BYTES,	/* what is given with the range */
};

struct p2p_proof_want {
	size_t block;	/* bytes of a block: what one I/O moves */
	size_t logical; /* bytes of a stamped block, and the least that a device writes whole; divides `block` */
	bool reference; /* what should be there is given with the range; else it is stamps */
	/* The stamps that should be there: run, pair, generation; not their offset ... */
	struct p2p_stamp stamp;
	/* ... which is the place plus this, modulo 2^64: a copy carries the offsets of where it is from. */
	uint64_t shift;
	enum p2p_before before;
	struct p2p_stamp before_stamp; /* run, pair, generation */
	uint64_t before_seed;
};

struct p2p_proof_class {
	uint64_t blocks;
	/* All below is of the first of them, by place, and means nothing when there is none. */
	uint64_t first;		/* its place */
	uint64_t byte;		/* the place of its first byte that is wrong */
	uint64_t bits;		/* in how many bits it differs from what it should be */
	uint64_t from;		/* SWAPPED, DUPLICATED: the place whose content it holds */
	bool stamped;		/* its first logical block that is wrong is a whole stamp ... */
	struct p2p_stamp found; /* ... this one, of another block or another time */
};

struct p2p_proof_result {
	uint64_t blocks, bytes; /* looked at */
	uint64_t bad;		/* blocks that are not RIGHT */
	struct p2p_proof_class kinds[P2P_PROOF_KINDS]; /* by enum p2p_proof_kind; RIGHT counts only */
	uint64_t flipped_bits;	/* of all that are FLIPPED */
	/*
	 * What the proof is worth.  Of blocks with the same content nobody can tell
	 * whether they were swapped, and of one that should become what it was,
	 * whether it was written.
	 */
	uint64_t distinct; /* how many different contents should be there */
	uint64_t alone;	   /* blocks whose content no other one should have */
	uint64_t mute;	   /* blocks that should be what they were before */
	/*
	 * More than P2P_PROOF_KEPT blocks were bad: of the rest none is called SWAPPED, and with a reference none
	 * DUPLICATED either, but what else they look like.
	 */
	bool capped;
};

#define P2P_PROOF_KEPT (1u << 18)

struct p2p_proof;

/* `want` is copied.  The caller frees it. */
struct p2p_proof *p2p_proof_new(const struct p2p_proof_want *want);

/* NULL is fine. */
void p2p_proof_free(struct p2p_proof *proof);

/*
 * Judges `bytes` that were read back from `place` on.  They start with a block
 * and are a multiple of the logical block; the last block may be shorter.
 * `reference` and `before` are as many bytes, and NULL unless `want` speaks of
 * them.  Ranges come in any order, each once.  Costs about as much as reading
 * the memory, while all is right; with a reference 16 bytes are kept a block.
 */
void p2p_proof_add(struct p2p_proof *proof, uint64_t place, const void *got, size_t bytes, const void *reference,
		   const void *before);

/* What all ranges come to.  Once: after it nothing can be added. */
void p2p_proof_finish(struct p2p_proof *proof, struct p2p_proof_result *ret);

/* All at once, for one range. */
void p2p_proof_judge(const struct p2p_proof_want *want, uint64_t place, const void *got, size_t bytes,
		     const void *reference, const void *before, struct p2p_proof_result *ret);

/* Something was looked at, and all of it was right. */
static inline bool p2p_proof_intact(const struct p2p_proof_result *result)
{
	return result->blocks != 0 && result->bad == 0;
}

/* "swapped", ...; NULL for UNKNOWN. */
const char *p2p_proof_kind_name(enum p2p_proof_kind kind);

#endif
