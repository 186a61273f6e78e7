/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names: a list of names in an order that may matter.  Floor 0 (base).
 *
 *     struct p2p_names names = P2P_NAMES_INIT;
 *     const char *name = NULL;
 *     while ((name = p2p_names_next(&names, name))) ...
 *     p2p_names_free(&names);
 */
#ifndef P2P_BASE_NAMES_H
#define P2P_BASE_NAMES_H

#include "buf.h"

struct p2p_names {
	struct p2p_buf text; /* each name terminated */
	size_t count;
};

#define P2P_NAMES_INIT { P2P_BUF_INIT, 0 }

void p2p_names_add(struct p2p_names *names, const char *name);

/* The name after `name`, the first after NULL; NULL at the end. */
const char *p2p_names_next(const struct p2p_names *names, const char *name);

void p2p_names_reset(struct p2p_names *names);
void p2p_names_free(struct p2p_names *names);

#endif
