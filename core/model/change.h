/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Change: what is different between two machines, or between one machine at
 * two times.  Floor 1 (model).  Made by core/engine/diff.c.
 *
 * "Before" is the first machine, "after" the second.  A function is the same
 * one where its slot is: the path of device and function numbers from the host
 * bridge down, and its identity (vendor, device, subsystem).  Numbers of buses
 * and domains, and of IOMMU groups, are not part of it.
 */
#ifndef P2P_MODEL_CHANGE_H
#define P2P_MODEL_CHANGE_H

#include "field.h"
#include "verdict.h"

enum p2p_change_kind {
	P2P_CHANGE_FACT = 0, /* of something that is on both sides */
	P2P_CHANGE_MOVED,    /* the same device in another slot; what is below it moved with it */
	P2P_CHANGE_REPLACED, /* another device in the same slot */
	P2P_CHANGE_VANISHED,
	P2P_CHANGE_APPEARED,
	P2P_CHANGE_OFFER,    /* what a provider has for peers */
	P2P_CHANGE_CLIENT,   /* whether a client's driver takes it */
};

enum p2p_change_of {
	P2P_CHANGE_OF_HOST = 0,
	P2P_CHANGE_OF_HOSTBRIDGE,
	P2P_CHANGE_OF_FUNCTION,
	P2P_CHANGE_OF_NAMESPACE, /* of the NVMe target: the same one by its subsystem and its number */
};

enum p2p_change_link {
	P2P_CHANGE_LINK_NONE = 0,
	P2P_CHANGE_LINK_DEGRADED, /* both ends can do better, which was not so before */
	P2P_CHANGE_LINK_MENDED,
};

struct p2p_change {
	enum p2p_change_kind kind;
	enum p2p_change_of of;
	int before, after;             /* index on each side; P2P_NOBODY: not there, or the host */
	const struct p2p_field *field; /* FACT */
	bool counts;                   /* known on both sides: a difference, and not only a gap */
	bool shown;                    /* of what -s and -d choose */
	bool matters;                  /* an answer changed because of it */
	bool within;                   /* VANISHED, APPEARED: so did the function above */
	enum p2p_change_link link;
	struct p2p_fact before_fact, after_fact;
	const char *before_text, *after_text; /* NULL: there is none, or it is not known: the facts tell */
	const int *causes;             /* OFFER, CLIENT: indices of changes */
	size_t cause_count;
};

/* What the rules say of a pair, as far as two of them are compared. */
struct p2p_answered {
	enum p2p_map map;
	enum p2p_answer supported;
	bool would;
	enum p2p_map would_be;
	enum p2p_rule rule;
};

/* Pairs whose answer changed in the same way because of the same changes. */
struct p2p_answer_change {
	struct p2p_answered before, after;
	uint64_t pairs;
	bool counts;       /* false: one side's answer is not known, or only because of what is known on one side */
	bool many;         /* `causes` are those of all its pairs together, not of each */
	const int *causes; /* indices of changes; none: several things together */
	size_t cause_count;
	int provider, client; /* an example; indices after */
};

enum p2p_diff_result {
	P2P_DIFF_SAME = 0,
	P2P_DIFF_DIFFERS,
	P2P_DIFF_UNKNOWN, /* nothing that is known on both sides is different, but not all is known */
};

struct p2p_diff {
	struct p2p_arena *arena; /* owns everything below but the machines */
	const struct p2p_machine *before, *after;
	const int *partner_before, *partner_after; /* by function: which it is on the other side; P2P_NOBODY */
	const struct p2p_change *changes; /* host, host bridges, functions by their addresses */
	size_t change_count;
	const struct p2p_answer_change *answers; /* those that count first, then by number of pairs */
	size_t answer_count;
	enum p2p_diff_result result;
	uint64_t counted, gaps;        /* of the changes shown: those that count, and the others */
	uint64_t pairs, pairs_unknown; /* whose answer changed; whose answer is known on one side only */
	const struct p2p_diff_pairs *list; /* for p2p_diff_each_pair() */
};

#endif
