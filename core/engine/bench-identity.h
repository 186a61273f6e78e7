/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identity: what a bench result rests on, and whether all of it is still the
 * same.  Floor 2 (engine): pure.
 *
 * The machine must have been scanned with P2P_WANT_ALL (P2P_WANT_RESULTS has
 * what is needed of it): what was not read is not known.
 */
#ifndef P2P_ENGINE_BENCH_IDENTITY_H
#define P2P_ENGINE_BENCH_IDENTITY_H

#include "../base/buf.h"
#include "../model/bench.h"
#include "../model/machine.h"
#include "../model/verdict.h"

/*
 * The words of a copy src -> provider's memory -> dst on this machine; a leg
 * that is left out is P2P_NOBODY.  Memory from `arena`; returns how many.
 */
size_t p2p_bench_identity(const struct p2p_machine *machine, int provider, int src, int dst, struct p2p_arena *arena,
			  const struct p2p_bench_word **ret);

/* The ends of a copy, as their words begin: provider, src, dst. */
#define P2P_BENCH_ENDS 3
extern const char *const p2p_bench_ends[P2P_BENCH_ENDS];

/*
 * Which function an end of a result is on this machine: who has its place, else
 * who has its serial number, else its address.  P2P_NOBODY: that leg was left
 * out, or it is not here.
 */
int p2p_bench_find(const struct p2p_machine *machine, const struct p2p_bench_result *result, unsigned end);

/*
 * Does the result still hold?  YES: all it rests on is the same.  NO: something
 * is another now.  MAYBE: nothing is seen to be, and something is not known,
 * now or then.  But for YES `ret` gets one sentence without a full stop that
 * names the first of them: "ACS of 00:01.0 was 0000, is 001d; the kernel was ...".
 */
enum p2p_answer p2p_bench_holds(const struct p2p_machine *machine, const struct p2p_bench_result *result,
				struct p2p_buf *ret);

/* The first differences between what two results rest on, "kernel: A, B; ..."; false: none. */
bool p2p_bench_differs(const struct p2p_bench_result *a, const struct p2p_bench_result *b, struct p2p_buf *ret);

/* The two ways in which a client can use the provider's memory: its bytes are written there, or read from there. */
enum p2p_bench_leg {
	P2P_BENCH_BOTH = 0,
	P2P_BENCH_FILL,  /* the client is the source: it writes into the provider's memory */
	P2P_BENCH_DRAIN, /* the client is the destination: it reads from the provider's memory */
};

/* What is proved of a pair. */
struct p2p_bench_proved {
	const struct p2p_bench_result *result; /* NULL: nothing was ever measured */
	enum p2p_answer holds;
	const char *why; /* but for YES: why not; from the arena */
	bool bad;	 /* the newest word is that it failed */
};

/* All results of a machine, found by pair.  Memory from `arena`; the machine must outlive it. */
struct p2p_bench_index;
struct p2p_bench_index *p2p_bench_index_new(const struct p2p_machine *machine, struct p2p_arena *arena);

/*
 * The highest level proved of a pair (one leg of it, or BOTH: whichever is
 * higher), by results that hold; where there is none, of those of which that
 * cannot be told; else the newest that is void.  A newer result that found
 * damage, a failure or a hang is not outweighed by an older one that did not:
 * only by a newer one that found all intact.
 */
struct p2p_bench_proved p2p_bench_proved(const struct p2p_bench_index *index, int provider, int client,
					 enum p2p_bench_leg leg);

/* The pairs of which there is any result, by their places from 0 on. */
size_t p2p_bench_index_pairs(const struct p2p_bench_index *index);
struct p2p_bench_proved p2p_bench_index_pair(const struct p2p_bench_index *index, size_t place, int *ret_provider,
					     int *ret_client);

/* The same of all pairs in which a function is: one that failed, else the highest. */
struct p2p_bench_proved p2p_bench_proved_of(const struct p2p_bench_index *index, int function);

/*
 * Is what was measured, and holds, the contrary of the verdict?  Bytes went
 * where the kernel should refuse, or it refused where it should not.
 */
bool p2p_bench_contradicts(const struct p2p_bench_proved *proved, const struct p2p_verdict *verdict);

#endif
