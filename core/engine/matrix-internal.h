/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the halves of the matrix share.  Floor 2 (engine); nobody else includes it. */
#ifndef P2P_ENGINE_MATRIX_INTERNAL_H
#define P2P_ENGINE_MATRIX_INTERNAL_H

#include "judge-internal.h"
#include "matrix.h"

/* What of a function is seen from a junction above it, but for what the function itself is. */
struct sight {
	enum p2p_answer redirects; /* does anything between, or the function */
	uint16_t depth;
	bool placed;
	int hostbridge;
	struct p2p_signed numa_node;
};

/*
 * A sort: functions that are alike by their place alone.  Each is by itself in
 * its branch below the same junction, the branches look alike from there, and
 * so do the functions themselves.  What is alike only by its answers is found
 * afterwards, from the answers between the sorts.
 */
struct sort {
	int *members; /* ascending */
	size_t count;
	int junction;
	struct sight sight; /* from the junction */
	struct p2p_offer offer;
	enum p2p_client_kind client;
	uint32_t class;        /* base and sub class */
	uint16_t within, self; /* cells; P2P_CELL_NONE */
	uint64_t hash;         /* of the answers to and from all other sorts */
	uint64_t seen;         /* bit (code % 64) for each code among these */
	int next;              /* in its bucket */
};

struct fold {
	const struct p2p_judge *judge;
	struct p2p_arena *arena;
	unsigned flags;
	struct sort *sorts;
	size_t count;
	struct p2p_cell *cells;
	size_t cell_count, cell_room;
	struct p2p_code *pairs;
	size_t pair_count, pair_room;
	uint16_t *codes;      /* count x count */
};

/*
 * Nodes: the functions, then the root bus of each host bridge (the first of
 * them of none), then what is above all.
 */
static inline size_t p2p_matrix_roof(const struct fold *fold)
{
	return fold->judge->machine->function_count + fold->judge->machine->hostbridge_count + 1;
}

/* The node above one. */
static inline size_t p2p_matrix_above(const struct fold *fold, size_t node)
{
	const struct p2p_judge *judge = fold->judge;
	size_t functions = judge->machine->function_count;

	if (node >= functions || !judge->functions[node].placed)
		return p2p_matrix_roof(fold);
	int up = p2p_up(judge, (int)node);

	return up != P2P_NOBODY ? (size_t)up : functions + (size_t)(judge->machine->functions[node].hostbridge + 1);
}

/* Functions, the deepest first. */
int *p2p_matrix_deepest(const struct fold *fold);

/* Where no bridge is common, neither what redirects nor how deep something is counts. */
static inline void p2p_matrix_reach(const struct fold *fold, size_t node, struct sight *sight)
{
	if (node < fold->judge->machine->function_count)
		return;
	sight->redirects = P2P_NO;
	sight->depth = 0;
}

/* The path now also passes through `node`. */
static inline void p2p_matrix_pass(const struct fold *fold, size_t node, struct sight *sight)
{
	enum p2p_answer redirects = node < fold->judge->machine->function_count ? fold->judge->functions[node].redirects
										: P2P_NO;

	if (redirects == P2P_YES || (redirects == P2P_MAYBE && sight->redirects == P2P_NO))
		sight->redirects = redirects;
}

static inline int p2p_matrix_sight_order(const struct sight *a, const struct sight *b)
{
	int64_t x = p2p_known(a->numa_node.fact) ? a->numa_node.value : -2;
	int64_t y = p2p_known(b->numa_node.fact) ? b->numa_node.value : -2;

	if (a->redirects != b->redirects)
		return a->redirects < b->redirects ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	if (a->placed != b->placed)
		return a->placed ? -1 : 1;
	if (a->hostbridge != b->hostbridge)
		return a->hostbridge < b->hostbridge ? -1 : 1;
	if (p2p_known(a->numa_node.fact) != p2p_known(b->numa_node.fact))
		return p2p_known(a->numa_node.fact) ? -1 : 1;
	return (x > y) - (x < y);
}

/* Two offers that a matrix does not tell apart. */
int p2p_matrix_offer_order(const struct p2p_offer *a, const struct p2p_offer *b);

/* matrix-sorts.c: finds the sorts. */
void p2p_matrix_sorts(struct fold *fold, const bool *among);

/* matrix-fill.c: fills in `codes`, and `within`, `self`, `hash` and `seen` of the sorts. */
void p2p_matrix_fill(struct fold *fold);

/* A number that stands for `value` in a hash. */
static inline uint64_t p2p_matrix_mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15u;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
	return value ^ (value >> 31);
}

#endif
