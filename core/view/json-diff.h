/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON of what is different between two machines.  Floor 3 (view).
 *
 * A value that is not known is null, one that there is none of is false.
 */
#ifndef P2P_VIEW_JSON_DIFF_H
#define P2P_VIEW_JSON_DIFF_H

#include "../model/change.h"
#include "json.h"

/* "diff", after the envelope of the second machine; the object stays open for "pairs". */
void p2p_json_diff(struct p2p_json *json, const struct p2p_diff *diff, const char *before, const char *after);

/* One pair of the answer change with that index. */
void p2p_json_diff_pair(struct p2p_json *json, const struct p2p_diff *diff, size_t answer, int provider, int client);

#endif
