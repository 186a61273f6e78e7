/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closest: which of several words a person may have meant.  Floor 0 (base).
 *
 *     struct p2p_closest closest = { .word = "mtarix" };
 *     for (...)
 *             p2p_closest_offer(&closest, verbs[i].word);
 *     if (closest.best)
 *             ... did you mean 'matrix'?
 */
#ifndef P2P_BASE_CLOSEST_H
#define P2P_BASE_CLOSEST_H

struct p2p_closest {
	const char *word; /* what was typed */
	const char *best; /* NULL while no candidate is near; borrowed from the caller */
	unsigned cost;    /* of `best` */
};

/* Keeps `candidate` when it is near the word, and nearer than what was kept. */
void p2p_closest_offer(struct p2p_closest *closest, const char *candidate);

#endif
