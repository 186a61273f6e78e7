/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scan: a machine out of a source.  Floor 2 (io).
 */
#ifndef P2P_IO_SCAN_H
#define P2P_IO_SCAN_H

#include "../base/problem.h"
#include "../model/assume.h"
#include "../model/machine.h"
#include "source.h"

/*
 * What to read beyond the hierarchy, the route's facts (identity, ACS, kernel,
 * processor) and the link.  A snapshot wants everything, so that every verb
 * finds on replay what it would have read.
 */
enum p2p_want {
	P2P_WANT_NAMES = 1,    /* pci.ids */
	P2P_WANT_CHILDREN = 2, /* nvme, net, infiniband, drm, accel */
	P2P_WANT_MEMORY = 4,   /* p2pmem, NVMe CMB */
	P2P_WANT_IOMMU = 8,    /* groups of functions */
	P2P_WANT_NUMA = 16,    /* nodes of functions; with DETAIL of bridges too */
	P2P_WANT_DETAIL = 32,  /* BARs, PRI, PASID, SR-IOV, CXL, IOMMU domain types, removable, DMI */
	P2P_WANT_ALL = 63,
	/* /proc/bus/pci/devices even where folders tell the order: for a snapshot that is unpacked. */
	P2P_WANT_ORDER = 64,
	P2P_WANT_TARGETS = 256, /* what p2pctl sets: nvmet namespaces, runtime power management */
	/* What a policy selects by and a price asks, of DETAIL: serial, driver_override, removable; DMI. */
	P2P_WANT_POLICY = 512,
	P2P_WANT_CONFIG = 1024, /* what DETAIL reads of configuration space: for `publish` */
	P2P_WANT_RUNNING = 128, /* the running kernel's own allowlist: as root the costliest thing that is read */
	P2P_WANT_CHANGES = 2048, /* what p2pctl changed of ACS in this boot */
	/*
	 * What p2pctl bench found, and where there is any what it rests on; what is needed of functions is read of
	 * those that can have been measured.  With CHILDREN.
	 */
	P2P_WANT_RESULTS = 4096,
};

struct p2p_scan_options {
	unsigned want;
	bool wake; /* read functions in D3cold, which wakes them */
	const struct p2p_assume *assume; /* NULL: nothing */
	/* The caller applies assumptions to copies, each with a kernel of its own: nothing is assumed of that here. */
	bool apart;
};

/*
 * Reads the machine.  Malformed parts become UNKNOWN with a message in the
 * machine; an error is returned only when nothing could be read at all
 * (-EACCES ...), or an assumption does not fit.
 */
int p2p_scan(struct p2p_source *source, const struct p2p_scan_options *options, struct p2p_problem *problem,
	     struct p2p_machine **ret);

#endif
