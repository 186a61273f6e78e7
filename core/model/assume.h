/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assume: facts a user gives with --assume KEY=VALUE.  Floor 1 (model).
 *
 *   kernel=6.12.107            decide as that release, with P2PDMA built in
 *   p2pdma=yes|no              is P2PDMA built in
 *   cpu=AuthenticAMD/25        vendor_id/family of logical CPU 0 (cpu=none/0: not x86)
 *   iommu=intel|amd|none       is there one, and ACS as a boot with or without it leaves it
 *   cmdline=TEXT               ACS, and the IOMMU, as a boot with that command line leaves them
 *   acs:BDF=ReqRedir-,CR+      bits of one function's ACS control word; acs:*= of every one
 *   acs:BDF=1d  acs:BDF=0:2c   all of it, or VALUE:MASK as setpci takes them
 *   driver:BDF=vfio-pci        what is bound to it; none
 *   p2pmem:BDF=16M             published peer memory that it has; none
 *
 * One key, or one key and function, is given once; a bit in one way only.
 */
#ifndef P2P_MODEL_ASSUME_H
#define P2P_MODEL_ASSUME_H

#include <stddef.h>

#include "../base/problem.h"
#include "machine.h"

/* A function, by its address or by the name of a device of it. */
struct p2p_assume_who {
	struct p2p_bdf bdf;
	const char *name; /* NULL: the address counts */
};

/* What was given, parsed; texts are the caller's. */
struct p2p_assume {
	const char *kernel;  /* NULL: not given */
	enum p2p_answer p2pdma;
	const char *cpu_vendor;
	unsigned cpu_family;
	const char *cmdline;
	enum p2p_iommu_kind iommu; /* UNKNOWN: not given */
	struct p2p_assume_acs {
		bool every; /* acs:*, or: */
		struct p2p_assume_who who;
		uint16_t set, clear;
	} *acs;
	size_t acs_count;
	struct p2p_assume_driver {
		struct p2p_assume_who who;
		const char *driver; /* NULL: none */
	} *drivers;
	size_t driver_count;
	struct p2p_assume_memory {
		struct p2p_assume_who who;
		uint64_t bytes; /* 0: none */
	} *memories;
	size_t memory_count;
	bool named; /* one of them by a device's name: P2P_WANT_CHILDREN is needed */
};

/* The keys as they are typed, "kernel=", and what each is for: what is parsed and completed; the words for vendor_id.
 */
extern const struct p2p_assume_key {
	enum p2p_assume_kind {
		P2P_ASSUME_KERNEL, P2P_ASSUME_P2PDMA, P2P_ASSUME_CPU, P2P_ASSUME_IOMMU, P2P_ASSUME_CMDLINE,
		P2P_ASSUME_ACS, P2P_ASSUME_DRIVER, P2P_ASSUME_MEMORY,
	} kind;
	const char *word, *help;
} p2p_assume_keys[];
extern const size_t p2p_assume_key_count;
extern const char *const p2p_assume_vendors[];
extern const size_t p2p_assume_vendor_count;

/* Parses `count` words of the form KEY=VALUE into `ret`; memory from `arena`.  -EINVAL with the words in `problem`. */
int p2p_assume_parse(struct p2p_arena *arena, const char *const *words, size_t count, struct p2p_problem *problem,
		     struct p2p_assume *ret);

/*
 * Puts the assumptions in place of what was read, and lists them.  Only before
 * the machine is finished: by the scanner, or on a copy of what it read
 * (p2p_machine_copy).  -ENXIO: a function is named that this machine does not
 * have, or ACS of one without.
 */
int p2p_assume_apply(const struct p2p_assume *assume, struct p2p_machine *machine, struct p2p_problem *problem);

#endif
