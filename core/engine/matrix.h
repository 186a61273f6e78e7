/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matrix: the answers between all functions, with those folded that have the
 * same answers to everybody.  Floor 2 (engine).
 *
 * Two functions are alike if a third one cannot tell them apart: it gets the
 * same answer from both and gives the same to both, what they answer each
 * other is the same both ways, and so are their class, what they offer and
 * what their drivers take.  This is an equivalence, and within a group of it
 * every two members have the same answer.  It is exact: a group's answer is
 * that of each of its members.
 */
#ifndef P2P_ENGINE_MATRIX_H
#define P2P_ENGINE_MATRIX_H

#include "judge.h"

/* What is told of a pair here; `rule` and the rest as in the verdict. */
struct p2p_cell {
	enum p2p_map map;
	enum p2p_answer supported;
	bool would;
	enum p2p_map would_be;
	enum p2p_answer would_supported; /* of `would_be`: allowed whichever it is? */
	enum p2p_rule rule;
	enum p2p_locality locality;
};

/* No pair: a function and itself, where that was not asked for. */
#define P2P_CELL_NONE UINT16_MAX

struct p2p_group {
	const int *members; /* functions, ascending */
	size_t count;
	struct p2p_offer offer;   /* the kind and `published` of all; bytes and available are sums */
	enum p2p_client_kind client;
	uint16_t self;            /* cell of a member to itself; P2P_CELL_NONE */
	int of;                   /* for p2p_matrix_at */
};

/* The cells between two functions, one way and the other. */
struct p2p_code {
	uint16_t there, back;
};

struct p2p_matrix {
	const struct p2p_group *groups; /* by their first member */
	size_t count;
	size_t functions;               /* members of all groups */
	const struct p2p_cell *cells;   /* the answers that occur, each once */
	size_t cell_count;
	const uint16_t *codes;          /* for p2p_matrix_at: between the sorts of functions, `sorts` x `sorts` */
	const struct p2p_code *pairs;
	const uint16_t *within;         /* of each sort */
	size_t sorts;
	struct p2p_arena *arena;
};

enum p2p_matrix_flags {
	P2P_MATRIX_SELF = 1,    /* a function and itself are a pair too */
	P2P_MATRIX_NO_FOLD = 2, /* every function is a group */
	P2P_MATRIX_BY_ANSWER = 4, /* class, offer and client of a group's members may differ; its own are not told */
};

/*
 * The matrix of the functions that `among` marks; the caller frees it.  NULL:
 * more sorts of functions than P2P_MATRIX_MOST.  The time is linear in
 * functions and in the cells before equal ones are folded; pairs are judged
 * by example.
 */
#define P2P_MATRIX_MOST 8192
struct p2p_matrix *p2p_judge_matrix(const struct p2p_judge *judge, const bool *among, unsigned flags);

/* NULL is fine. */
void p2p_matrix_free(struct p2p_matrix *matrix);

/* The cell from the provider's group to the client's: an index into `cells`, or P2P_CELL_NONE. */
static inline uint16_t p2p_matrix_at(const struct p2p_matrix *matrix, size_t provider, size_t client)
{
	const struct p2p_group *p = &matrix->groups[provider], *c = &matrix->groups[client];

	if (provider == client && p->count == 1)
		return p->self;
	if (p->of == c->of)
		return matrix->within[p->of];
	return matrix->pairs[matrix->codes[(size_t)p->of * matrix->sorts + (size_t)c->of]].there;
}

#endif
