/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of results share.  Floor 2 (io); nobody else includes it. */
#ifndef P2P_IO_RESULTS_INTERNAL_H
#define P2P_IO_RESULTS_INTERNAL_H

#include "json-read.h"
#include "results.h"

/* One result out of its object; -EINVAL with the problem of the reader set. */
int p2p_results_item(struct p2p_arena *arena, const struct p2p_json_read_item *item, struct p2p_bench_result *ret);

#endif
