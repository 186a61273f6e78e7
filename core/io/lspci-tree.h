/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hierarchy that a dump of configuration space implies.  Floor 2 (io);
 * only source-lspci.c includes it.
 *
 * The text has no paths.  They are told from the bridges' secondary bus
 * numbers, as the kernel set them when it walked the buses (drivers/pci/
 * probe.c:pci_scan_bridge_extend), and for VFs from their PF's SR-IOV
 * capability (drivers/pci/iov.c:pci_iov_virtfn_bus, pci_iov_virtfn_devfn).
 * What cannot be told is marked so for the functions that it concerns, and for
 * no others.
 */
#ifndef P2P_IO_LSPCI_TREE_H
#define P2P_IO_LSPCI_TREE_H

#include "lspci-parse.h"

#define P2P_LSPCI_NONE UINT32_MAX
#define P2P_LSPCI_SEVERAL (UINT32_MAX - 1)

enum p2p_lspci_edge {
	P2P_LSPCI_MALFORMED = 0, /* cannot be told: the registers contradict themselves */
	P2P_LSPCI_UNRECORDED,    /* what would tell it is not in the dump */
	P2P_LSPCI_ROOT,          /* the bus of a host bridge */
	P2P_LSPCI_BELOW,         /* below `bridge`, and so on up to a ROOT */
};

/* A bus that has functions. */
struct p2p_lspci_bus {
	uint32_t domain, first, count; /* its functions: the first one's index, and how many */
	uint32_t bridge;               /* when BELOW: the function above, which is on a lower bus */
	enum p2p_lspci_edge edge;
	uint8_t number;
};

/* Where a function is. */
struct p2p_lspci_place {
	uint32_t bus; /* on its path: its own, its PF's for a VF; NONE: cannot be told */
	uint32_t pf;  /* of a VF; NONE: it is none as far as is known; SEVERAL claim it */
};

struct p2p_lspci_tree {
	struct p2p_lspci_place *places; /* one a function */
	struct p2p_lspci_bus *buses;    /* ascending */
	uint32_t bus_count;
	uint32_t *order;     /* functions by the bus on their path, then by address */
	uint32_t *order_end; /* where those of each bus end in `order` */
};

/* Cannot fail.  O(n log n) in the number of functions; allocated from `arena`. */
void p2p_lspci_tree_make(const struct p2p_lspci *text, struct p2p_arena *arena, struct p2p_lspci_tree *ret);

/* A VF's vendor reads ffff, and so does everything of a device that is gone. */
bool p2p_lspci_reads_ffff(const struct p2p_lspci_function *function);

/* Does the function's configuration space end where the record ends? */
bool p2p_lspci_ends(const struct p2p_lspci *text, const struct p2p_lspci_function *function);

#endif
