/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bootargs: the arguments of the kernel's command line that make a plan's ACS
 * changes permanent, judged for each kernel that may be booted with them.
 * Floor 2 (engine): pure.
 *
 *     bootargs = p2p_bootargs_new(&asked, arena);
 *     planner = p2p_planner_new(p2p_bootargs_judge(bootargs), arena);
 *     ... wishes ...
 *     p2p_bootargs_make(bootargs, p2p_planner_finish(planner));
 *     p2p_bootargs_free(bootargs);
 *
 * The plan is made on the machine as boots without our arguments leave it: a
 * hop redirects there if it does, or may, on any of the kernels.
 */
#ifndef P2P_ENGINE_BOOTARGS_H
#define P2P_ENGINE_BOOTARGS_H

#include "../model/acs-args.h"
#include "judge.h"
#include "plan.h"

/* A kernel that is asked about. */
struct p2p_bootargs_kernel {
	const char *name; /* uname -r */
	struct p2p_host host; /* the facts by which it is judged */
	bool iommu_open; /* whether its IOMMU asks for ACS may differ from this boot */
};

struct p2p_bootargs_asked {
	const struct p2p_machine *machine; /* as it is now */
	const struct p2p_hardware *hardware;
	const char *cmdline; /* of this boot; NULL: not known */
	/* The lists that others give for the two arguments, at the next boot too; "" where they do not. */
	const char *redir, *config;
	const struct p2p_bootargs_kernel *kernels;
	size_t kernel_count;
};

/* What the arguments do on one kernel. */
enum p2p_bootargs_fate {
	P2P_BOOTARGS_UNSURE = 0,  /* not known */
	P2P_BOOTARGS_RIGHT,	  /* what is wished and nothing else */
	P2P_BOOTARGS_NOTHING,	  /* the hops stay as they are: nothing is wrong, and nothing is gained */
	P2P_BOOTARGS_MISBEHAVES, /* something that nobody wished */
};

/* "right", "nothing", "misbehaves"; NULL for UNSURE. */
const char *p2p_bootargs_fate_name(enum p2p_bootargs_fate fate);

struct p2p_bootargs_judged {
	enum p2p_acs_args args; /* how it takes them */
	enum p2p_bootargs_fate fate;
	const char *says; /* why the fate is not RIGHT, or what else there is to it; or NULL */
	const struct p2p_verdict *before, *after; /* one an outcome of the plan */
	const struct p2p_acs *words_before, *words_after; /* one a hop */
};

struct p2p_bootargs_made {
	const int *hops; /* functions that the arguments name */
	size_t hop_count;
	const char *argument; /* "pci=..."; NULL: nothing is to be written, or none is right */
	const char *refused;  /* why what others say cannot be joined with it; NULL: it can */
	const struct p2p_bootargs_judged *kernels; /* one a kernel */
};

struct p2p_bootargs;

/* Memory from `arena`; what `asked` points to must outlive it. */
struct p2p_bootargs *p2p_bootargs_new(const struct p2p_bootargs_asked *asked, struct p2p_arena *arena);

/* Of the machine as boots without our arguments may leave it: for the planner. */
const struct p2p_judge *p2p_bootargs_judge(const struct p2p_bootargs *bootargs);

/* The arguments for that plan. */
const struct p2p_bootargs_made *p2p_bootargs_make(struct p2p_bootargs *bootargs, const struct p2p_plan *plan);

/* NULL is fine. */
void p2p_bootargs_free(struct p2p_bootargs *bootargs);

#endif
