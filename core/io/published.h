/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Published: what a privileged run of p2pctl left for all to read,
 * /run/p2pctl/state.json.  Floor 2 (io).
 *
 * A list of objects.  The first speaks of the boot:
 *
 *     { "schema": "p2p-state/1", "boot": "...", "time": SECONDS,
 *       "uevent_seqnum": N, "allowlist": TEXT }
 *
 * each other of one function, by the names in p2p_published_facts, and
 * acs_offset, acs_cap, acs_ctrl.  null: it has none; a name that is missing: not
 * known then either.  Decoded words only; no bytes of configuration space.
 */
#ifndef P2P_IO_PUBLISHED_H
#define P2P_IO_PUBLISHED_H

#include <stddef.h>
#include <stdint.h>

#include "../model/machine.h"

#define P2P_PUBLISHED_DIR "/run/p2pctl"
#define P2P_PUBLISHED_NAME "state.json"

/* The most bytes that are believed: some 300 a function. */
#define P2P_PUBLISHED_MAX (64u << 20)

/* A fact that is published as it is. */
struct p2p_published_fact {
	const char *name;
	size_t at; /* of its struct p2p_number in struct p2p_function */
};

extern const struct p2p_published_fact p2p_published_facts[];
extern const size_t p2p_published_fact_count;

/*
 * Bytes of a file that was published (P2P_PUBLISHED_NAME, P2P_ACS_CHANGES_NAME),
 * as a source's read.  -ENOENT: there is none; -EPERM: it, or its folder, is not
 * root's or can be written by others.
 */
int p2p_published_read(const char *name, uint64_t offset, void *buffer, size_t length, size_t *ret);

/* How old the state is, in seconds by its modification; as above. */
int p2p_published_age(int64_t *ret);

#endif
