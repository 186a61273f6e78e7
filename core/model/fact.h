/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fact: a value that knows whether it is known, and where it is from.
 * Floor 1 (model).
 *
 * UNKNOWN  nobody could say: no privilege, never recorded, asleep, malformed
 * ABSENT   the machine was asked and has none (no ACS capability, no driver)
 * KNOWN    the value is right
 *
 * All zero is UNKNOWN from nowhere: a fact that nobody filled is safe.
 */
#ifndef P2P_MODEL_FACT_H
#define P2P_MODEL_FACT_H

#include <stdbool.h>
#include <stdint.h>

enum p2p_know {
	P2P_UNKNOWN = 0,
	P2P_ABSENT,
	P2P_KNOWN,
};

enum p2p_origin {
	P2P_ORIGIN_NONE = 0,
	P2P_ORIGIN_READ,      /* from the machine's own files, live or recorded */
	P2P_ORIGIN_PUBLISHED, /* from what a privileged run left for all to read */
	P2P_ORIGIN_ASSUMED,   /* from --assume, or a default that is listed as assumed */
};

struct p2p_fact {
	uint8_t know;   /* enum p2p_know */
	uint8_t origin; /* enum p2p_origin */
	int16_t error;  /* why it is UNKNOWN: a negative errno, 0 when nobody asked */
};

struct p2p_number {
	struct p2p_fact fact;
	uint64_t value;
};

struct p2p_signed {
	struct p2p_fact fact;
	int64_t value;
};

struct p2p_word {
	struct p2p_fact fact;
	const char *text; /* owned by the machine; foreign bytes */
};

/* Yes, no, or it cannot be known. */
enum p2p_answer {
	P2P_MAYBE = 0,
	P2P_NO,
	P2P_YES,
};

static inline bool p2p_known(struct p2p_fact fact)
{
	return fact.know == P2P_KNOWN;
}

static inline bool p2p_absent(struct p2p_fact fact)
{
	return fact.know == P2P_ABSENT;
}

/* Facts out of an outcome: 0 is KNOWN, -ENOENT is ABSENT, any other error UNKNOWN. */
struct p2p_fact p2p_fact_of(int error, enum p2p_origin origin);

/* KNOWN facts that were read. */
struct p2p_number p2p_number_read(uint64_t value);
struct p2p_word p2p_word_read(const char *text);

#endif
