/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the verb matrix that are not about drawing it.  Floor 5. */
#ifndef P2PTOPO_MATRIX_PARTS_H
#define P2PTOPO_MATRIX_PARTS_H

#include "core/engine/bench-identity.h"
#include "core/engine/matrix.h"
#include "core/topo/topo.h"

/* "nvme0..7", "eth0,eth2", "03:00.0..3": the members of a group, in the order of their numbers.  In topo's arena. */
const char *matrix_label(const struct topo *topo, const struct p2p_group *group);

/* `measured` NULL: nothing was. */
enum p2p_exit matrix_print_json(const struct topo *topo, const struct p2p_matrix *matrix,
				const struct p2p_bench_index *measured);

#endif
