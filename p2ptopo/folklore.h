/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folklore as tree and why print it.  Floor 5. */
#ifndef P2PTOPO_FOLKLORE_H
#define P2PTOPO_FOLKLORE_H

#include "core/engine/folklore.h"
#include "core/view/json.h"
#include "core/topo/topo.h"

/* "folklore": of the pair, or of the machine where `verdict` is NULL. */
void folklore_json(const struct topo *topo, const struct p2p_verdict *verdict, struct p2p_json *json);

/* One paragraph each, its lines beginning with `first`, then `rest`. */
void folklore_print(const struct topo *topo, const struct p2p_verdict *verdict, const char *first, const char *rest);

#endif
