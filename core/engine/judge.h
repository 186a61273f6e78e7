/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judge: what the kernel decides between two functions.  Floor 2 (engine):
 * pure; it cannot ask for one more file.
 *
 * A missing fact is tried with all its values; the answer is UNKNOWN only
 * where they differ.
 */
#ifndef P2P_ENGINE_JUDGE_H
#define P2P_ENGINE_JUDGE_H

#include "../base/buf.h"
#include "../model/hardware.h"
#include "../model/machine.h"
#include "../model/verdict.h"
#include "candidates.h"

struct p2p_judge;

/* Prepares for any number of pairs: linear in functions.  Machine and hardware must outlive it. */
struct p2p_judge *p2p_judge_new(const struct p2p_machine *machine, const struct p2p_hardware *hardware);

/* NULL is fine. */
void p2p_judge_free(struct p2p_judge *judge);

/* The route from `provider`'s memory to `client`; constant work but for the depth of the tree. */
void p2p_judge_pair(const struct p2p_judge *judge, int provider, int client, struct p2p_verdict *ret);

/* Does ACS of that function redirect, by the word the kernel reads? */
enum p2p_answer p2p_function_redirects(const struct p2p_function *function);

/* Is the processor a Zen, as the kernel asks it? */
enum p2p_answer p2p_host_is_zen(const struct p2p_host *host);

/* How the kernel looks up a host bridge, by the kernel's own release (the first candidate). */
struct p2p_root {
	enum p2p_answer found; /* is there a root device at all */
	int function;          /* its index; P2P_NOBODY */
	enum p2p_answer allowed, allowed_across; /* inside this host bridge; between it and another one */
	int row;               /* index in the hardware's rows; P2P_NOBODY */
};

void p2p_judge_root(const struct p2p_judge *judge, int hostbridge, struct p2p_root *ret);

/*
 * The island of each function that `among` marks: functions with the same
 * number (from 1) can all reach each other, and no other that is marked.
 * 0: not known; -1: it can reach nobody else.  By the rules alone: on a kernel
 * without P2PDMA these are the islands that one with it would have.
 * `among` and `ret` have one entry a function.  Linear in functions.
 */
void p2p_judge_islands(const struct p2p_judge *judge, const bool *among, int *ret);

/* What the provider has for peers, and whether the client's driver can take it. */
void p2p_judge_offer(const struct p2p_judge *judge, int provider, struct p2p_offer *ret);
void p2p_judge_client(const struct p2p_judge *judge, int client, struct p2p_client *ret);

/* The smallest change that would help; texts from `arena`. */
void p2p_judge_remedy(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_arena *arena,
		      struct p2p_remedy *ret);

/* One reason of a verdict: a rule, and the function or the host bridge it speaks of (P2P_NOBODY: neither). */
struct p2p_reason {
	enum p2p_rule rule;
	int function;
	int hostbridge;
};

/*
 * The reasons in the order in which the kernel finds them: what decided, then
 * each hop that redirects or is not known (provider's side bottom up with the
 * common bridge, then the client's).  At most `max`; the number there are is
 * returned.
 */
size_t p2p_judge_reasons(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_reason *ret,
			 size_t max);

/* One sentence for a reason: the rule's words with the facts of this machine. */
void p2p_judge_says(const struct p2p_judge *judge, const struct p2p_reason *reason, struct p2p_buf *ret);

/* Only its kind, and the answer that it leads to: cheap enough for every pair. */
enum p2p_remedy_kind p2p_judge_remedy_kind(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
					   enum p2p_map *ret_becomes);

/* Why a fact is UNKNOWN, in words: "only root may read it". */
const char *p2p_unknown_why(int error);

/*
 * The hops that redirect for sure on the walk of a verdict whose two sides
 * meet below a root port, in the kernel's order, each once; room as for reasons.
 */
size_t p2p_judge_redirecting(const struct p2p_judge *judge, const struct p2p_verdict *verdict, int *ret);

/* Room for every reason of any verdict. */
size_t p2p_judge_reasons_max(const struct p2p_judge *judge);

const struct p2p_candidates *p2p_judge_candidates(const struct p2p_judge *judge);
const struct p2p_machine *p2p_judge_machine(const struct p2p_judge *judge);

#endif
