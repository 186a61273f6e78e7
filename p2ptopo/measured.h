/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench found, as the verbs show it: beside the verdict, never mixed with it.  Floor 6. */
#ifndef P2PTOPO_MEASURED_H
#define P2PTOPO_MEASURED_H

#include "core/engine/bench-identity.h"
#include "core/topo/topo.h"

/* NULL: nothing of what is here was ever measured.  Lives as long as `topo`. */
const struct p2p_bench_index *measured_open(const struct topo *topo);

/* NULL for `index`: nothing was measured. */
struct p2p_bench_proved measured_pair(const struct p2p_bench_index *index, int provider, int client);

/* "intact", "intact?" where it cannot be told whether that holds, "void", "damaged"; "-": never measured. */
#define MEASURED_WORD 16
const char *measured_word(const struct p2p_bench_proved *proved, char text[MEASURED_WORD]);
enum p2p_role measured_role(const struct p2p_bench_proved *proved);

/* The same in one character, and a blank where nothing is proved; by `place` the worst news first. */
struct measured_mark {
	char mark;
	const char *says;
};
extern const struct measured_mark measured_marks[];
extern const size_t measured_mark_count;
size_t measured_mark_of(const struct p2p_bench_proved *proved); /* an index; measured_mark_count: a blank */

/* 2.1 GB/s */
void measured_rate(double rate, struct p2p_buf *ret);

/* "2026-11-20 19:49 UTC", and of this machine how long ago that is. */
void measured_when(const struct topo *topo, int64_t when, struct p2p_buf *ret);

/* The JSON value of a pair's member `measured`; nothing is added and false is returned where nothing was measured. */
bool measured_json(const struct p2p_bench_proved *proved, const struct p2p_verdict *verdict, struct p2p_buf *ret);

/* The lines of `why` about a pair (why-measured.c); none where nothing was measured. */
void measured_print(const struct topo *topo, const struct p2p_bench_index *index, const struct p2p_verdict *verdict,
		    const struct p2p_bench_proved *proved);

/* Below a listing: that so many pairs were answered otherwise by the hardware; nothing for 0. */
void measured_print_contradictions(const struct topo *topo, size_t count);

#endif
