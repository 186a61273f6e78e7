/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Candidates: the rule sets that this kernel may follow.  Floor 2 (engine).
 *
 * A mainline or stable release follows one, or two where a stable backport's
 * point release is not known.  A vendor's kernel carries an old number and
 * newer code: every set from its base to the newest is a candidate.  Agreement
 * of all candidates is an answer, disagreement is UNKNOWN.
 */
#ifndef P2P_ENGINE_CANDIDATES_H
#define P2P_ENGINE_CANDIDATES_H

#include "../model/hardware.h"
#include "../model/machine.h"
#include "../model/rule.h"

struct p2p_candidate {
	const struct p2p_ruleset_row *set;
	enum p2p_root_lookup lookup;
	struct p2p_release table; /* the allowlist's release */
};

enum p2p_kernel_kind {
	P2P_KERNEL_UNKNOWN = 0,
	P2P_KERNEL_KNOWN,  /* mainline or stable */
	P2P_KERNEL_VENDOR, /* carries backports under an old number */
	P2P_KERNEL_BEFORE, /* before 4.20 */
	P2P_KERNEL_NEWER,  /* after the newest known */
};

struct p2p_candidates {
	enum p2p_kernel_kind kind;
	struct p2p_release release; /* mainline base; zero when not known */
	const char *vendor;         /* "RHEL 9", "Ubuntu"; NULL */
	struct p2p_candidate *list; /* the first is the kernel's own number */
	size_t count;
	/* After those: mainline releases that come after this kernel and decide otherwise, oldest first. */
	size_t later_count;
	/*
	 * After those, where only the series is known ("6.12"): what each point
	 * release may follow, for every one from which something changes, or may;
	 * in their order, those of one release together.
	 */
	size_t point_count;
};

/*
 * Every mainline release that may decide otherwise than the one before it, by
 * its rules, its allowlist, or what it does with ACS arguments; oldest first.
 * Their number is returned; memory from `arena`.
 */
size_t p2p_candidates_milestones(struct p2p_arena *arena, const struct p2p_hardware *hardware,
				 struct p2p_release **ret);

/* Memory from `arena`. */
void p2p_candidates_find(struct p2p_arena *arena, const struct p2p_host *host, const struct p2p_hardware *hardware,
			 struct p2p_candidates *ret);

#endif
