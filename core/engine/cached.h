/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cached: what the kernel may still answer for a pair because it decided
 * before ACS changed.  Floor 2 (engine).
 *
 * From 5.4 on the kernel keeps the verdicts of a provider with P2PDMA memory
 * until its driver is unbound, and takes none back when ACS changes (KERNEL:
 * drivers/pci/p2pdma.c: map_types).  Nothing shows what it keeps.  What can be
 * known: the words that p2pctl changed in this boot, in their order, and whose
 * memory peers could use at each change.  So the words of each time before now
 * are put together again, and the pair is judged by them.  Where that gives
 * another map, the kernel may have kept it: whether the pair was used then, or
 * was asked about since, nobody knows.
 */
#ifndef P2P_ENGINE_CACHED_H
#define P2P_ENGINE_CACHED_H

#include "judge.h"

struct p2p_cached;

/* NULL: nothing is known of this boot, or nothing of it can matter.  The judge must outlive it. */
struct p2p_cached *p2p_cached_new(const struct p2p_judge *judge, const struct p2p_hardware *hardware);

/* NULL is fine. */
void p2p_cached_free(struct p2p_cached *cached);

/* May the kernel answer otherwise than the verdict says?  `cached` may be NULL. */
bool p2p_cached_pair(const struct p2p_cached *cached, const struct p2p_verdict *verdict,
		     struct p2p_cached_answer *ret);

/* The same as a sentence; `when`: the local time of ret->since, NULL where it is not known or not wanted. */
void p2p_cached_says(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
		     const struct p2p_cached_answer *answer, const char *when, struct p2p_buf *ret);

#endif
