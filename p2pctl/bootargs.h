/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verb bootargs has found, for its parts.  Floor 6. */
#ifndef P2PCTL_BOOTARGS_H
#define P2PCTL_BOOTARGS_H

#include "core/engine/bootargs.h"
#include "core/io/acs-scripts.h"
#include "core/io/boot-files.h"
#include "core/io/image.h"
#include "ctl.h"

#define BOOTARGS_REFUSED_MAX 64

struct bootargs {
	struct ctl *ctl;
	struct p2p_arena *arena;
	struct p2p_image image; /* path NULL: no installed system is looked at */
	struct p2p_boot_files files;
	const char *present;	/* the command line of this boot; NULL: not known */
	bool only_present;	/* what others say of ACS is on it, and in none of the files that make the next */
	struct p2p_bootargs_kernel *kernels;
	size_t kernel_count;
	struct p2p_bootargs_asked asked;
	struct p2p_bootargs *judged;
	const struct p2p_plan *plan;
	const struct p2p_bootargs_made *made;
	const char *refused[BOOTARGS_REFUSED_MAX]; /* why nothing is written, one sentence each */
	size_t refused_count;
	size_t unknown;	      /* pairs of which nothing can be said, for want of facts */
	struct p2p_acs_script *scripts;
	size_t script_count;
	struct p2p_boot_change changes[P2P_BOOT_CHANGES_MAX];
	size_t change_count;
	bool wrote;	      /* the files are as they are to be */
};

/* bootargs-gather.c: the kernels, what others say on the command line, and what is in the way. */
enum p2p_exit bootargs_kernels(struct bootargs *bootargs);
void bootargs_others(struct bootargs *bootargs);
void bootargs_refusals(struct bootargs *bootargs);

/* The command line of this boot without what p2pctl wrote; "" when it is not known. */
const char *bootargs_without_ours(const struct bootargs *bootargs);

/* print-bootargs.c */
void bootargs_print(const struct bootargs *bootargs);
int bootargs_print_json(const struct bootargs *bootargs);

/* What to run or to type for the change to count, one a call, from 0; NULL: no more. */
const char *bootargs_next(const struct bootargs *bootargs, size_t number);

#endif
