/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assume: facts a user gives with --assume KEY=VALUE.  Floor 1 (model).
 *
 *   kernel=6.12.107            decide as that release, with P2PDMA built in
 *   p2pdma=yes|no              is P2PDMA built in
 *   cpu=AuthenticAMD/25        vendor_id/family of logical CPU 0 (cpu=none/0: not x86)
 *   cmdline=TEXT               the kernel's command line
 *   acs:BDF=ReqRedir-,CmpltRedir+   bits of one function's ACS control word
 */
#ifndef P2P_MODEL_ASSUME_H
#define P2P_MODEL_ASSUME_H

#include <stddef.h>

#include "../base/problem.h"
#include "machine.h"

/* What was given, parsed; texts are the caller's. */
struct p2p_assume {
	const char *kernel;  /* NULL: not given */
	enum p2p_answer p2pdma;
	const char *cpu_vendor;
	unsigned cpu_family;
	const char *cmdline;
	struct p2p_assume_acs {
		struct p2p_bdf bdf;
		uint16_t set, clear;
	} *acs;
	size_t acs_count;
};

/* For completions: the keys as they are typed, "kernel=", and what each is for; and the words for vendor_id. */
extern const struct p2p_assume_key {
	const char *word, *help;
} p2p_assume_keys[];
extern const size_t p2p_assume_key_count;
extern const char *const p2p_assume_vendors[];
extern const size_t p2p_assume_vendor_count;

/* Parses `count` words of the form KEY=VALUE into `ret`; memory from `arena`.  -EINVAL with the words in `problem`. */
int p2p_assume_parse(struct p2p_arena *arena, const char *const *words, size_t count, struct p2p_problem *problem,
		     struct p2p_assume *ret);

/*
 * Puts the assumptions in place of what was read, and lists them.  Only the
 * scanner may call it, before the machine is finished.  -ENXIO: an `acs:`
 * names a function that this machine does not have, or one without ACS.
 */
int p2p_assume_apply(const struct p2p_assume *assume, struct p2p_machine *machine, struct p2p_problem *problem);

#endif
