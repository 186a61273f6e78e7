/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folklore: advice in circulation that is wrong for this machine, with the
 * place in the kernel's source that says so.  Floor 2 (engine).  One row is
 * one piece of advice; a new one is one row in folklore.c and one item in the
 * manual page.
 */
#ifndef P2P_ENGINE_FOLKLORE_H
#define P2P_ENGINE_FOLKLORE_H

#include "judge.h"

struct p2p_folklore {
	const char *id;   /* in JSON; never changes */
	const char *says; /* a sentence or two, without foreign bytes */
	const char *cite; /* kernel file:function */
};

#define P2P_FOLKLORE_MAX 16

/*
 * What applies here: to the pair, or with `verdict` NULL to the whole machine.
 * Nothing is said where a fact that it rests on is not known.  The number in
 * `ret` is returned; texts are static or from `arena`.
 */
size_t p2p_folklore_find(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_arena *arena,
			 struct p2p_folklore ret[P2P_FOLKLORE_MAX]);

#endif
