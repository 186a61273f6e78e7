/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench-prove.c (before a cell is timed) and bench-prove-slice.c (after each slice) share. */
#ifndef P2PCTL_BENCH_PROVE_INTERNAL_H
#define P2PCTL_BENCH_PROVE_INTERNAL_H

#include <pthread.h>

#include "bench-prove.h"

/* At least so many bytes are between two slots, and less than twice as many. */
#define BENCH_CANARY 4096

struct bench_prover {
	struct bench_run *run;
	struct bench_pulse *pulse;
	struct bench_cell *cell;
	uint32_t generation; /* of all stamps but the source's: one more each time */
	uint32_t unit;	     /* bytes of a stamped block */
	bool content;	     /* what should arrive is the source's content, not stamps */
	size_t chunk, chunk_at; /* the part of each block that is looked at */
	struct p2p_proof *proof;
	pthread_mutex_t mutex; /* of all that threads use: proof, slot, the cell's check */
	/* Rooms, and their sizes in bytes. */
	unsigned char *reference, *got, *slot, *sample;
	size_t reference_room, got_room, slot_room, sample_room;
	/* A slice's: how many blocks of each thread's part are looked at. */
	uint64_t sampled;
	struct bench_hooks hooks;
};

/* Makes room; what was in it is lost. */
bool bench_prover_room(unsigned char **memory, size_t *room, size_t bytes);

struct p2p_stamp bench_stamp(const struct bench_prover *prover, enum bench_pair pair);
void bench_stamp_fill(void *memory, size_t bytes, uint32_t unit, struct p2p_stamp stamp, uint64_t offset);
int bench_stamp_disk(struct bench_prover *prover, const struct bench_end *end, uint64_t offset, uint64_t bytes,
		     enum bench_pair pair);

int bench_canaries_put(struct bench_prover *prover, struct bench_unit *unit);
void bench_canaries_look(struct bench_prover *prover, struct bench_unit *unit);

#endif
