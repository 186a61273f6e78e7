/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Providers: whose memory the kernel would choose for a set of clients.
 * Floor 2 (engine).
 *
 * KERNEL: drivers/pci/p2pdma.c:pci_p2pmem_find_many, pci_p2pdma_distance_many
 * (4.20-7.3): of all functions with published memory that every client can
 * reach, those with the least sum of distances; one of these at random (where
 * they are more than a page of pointers, of the first that fill it).  How
 * much of the memory is free plays no part.
 */
#ifndef P2P_ENGINE_PROVIDERS_H
#define P2P_ENGINE_PROVIDERS_H

#include "judge.h"

struct p2p_provider {
	int function;
	enum p2p_answer memory;    /* has it p2pmem at all */
	enum p2p_answer published; /* may others use it */
	enum p2p_answer usable;    /* published, and every client can reach it */
	enum p2p_answer drawn;     /* is it among those of which the kernel picks one */
	int64_t distance;          /* the sum over the clients; -1: not known */
	int client;                /* the client that refuses or is not known, else the farthest one */
	enum p2p_rule rule;        /* what decided between the two */
};

/*
 * Every function that has p2pmem, or may have, for these clients: usable ones
 * first, then those of which that is not known, each by distance, then
 * address.  `ret` is from the arena; the number of entries is returned.
 */
size_t p2p_judge_providers(const struct p2p_judge *judge, const int *clients, size_t client_count,
			   struct p2p_arena *arena, struct p2p_provider **ret);

#endif
