/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the scanner share.  Floor 2 (io); nobody else includes it.
 */
#ifndef P2P_IO_SCAN_INTERNAL_H
#define P2P_IO_SCAN_INTERNAL_H

#include "scan.h"

/* Where a function's own path says that it is. */
struct p2p_place {
	const char *hostbridge;  /* key of the innermost pciDDDD:BB folder; NULL: not known */
	struct p2p_bdf parent;   /* the PCI function above, when has_parent */
	bool has_parent;
	struct p2p_bdf host_under; /* the PCI function above the host bridge, when host_nested */
	bool host_nested;
	struct p2p_bdf physfn;   /* when is_vf */
	bool is_vf;
	unsigned depth;          /* PCI functions above it on its path */
	bool gone;               /* it vanished after it was listed */
	int error;               /* why the place is not known */
};

struct p2p_scan {
	struct p2p_source *source;
	const struct p2p_scan_options *options;
	struct p2p_machine *machine;
	struct p2p_place *places; /* one a function, while scanning */
	struct p2p_buf key, text; /* scratch */
};

/* Adds a message for people. */
void p2p_scan_say(struct p2p_scan *scan, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "sys/bus/pci/devices/BDF/NAME" in scan->key. */
const char *p2p_scan_key(struct p2p_scan *scan, const struct p2p_function *function, const char *name);

/* One line of text, the newline cut off, into the machine's arena. */
struct p2p_word p2p_scan_word(struct p2p_scan *scan, const char *key);
struct p2p_number p2p_scan_number(struct p2p_scan *scan, const char *key, int base);
struct p2p_signed p2p_scan_node(struct p2p_scan *scan, const char *key);

/* scan-host.c: kernel, processor, IOMMU, command line, DMI. */
void p2p_scan_host(struct p2p_scan *scan);

/* scan-hierarchy.c: the functions and all about each; then their edges and the host bridges. */
int p2p_scan_functions(struct p2p_scan *scan, struct p2p_problem *problem);
void p2p_scan_hierarchy(struct p2p_scan *scan);

/* scan-order.c: the order of root buses where folders do not tell it. */
void p2p_scan_order(struct p2p_scan *scan);

/* scan-function.c: everything about one function, in one go: its files are next to each other. */
void p2p_scan_function(struct p2p_scan *scan, struct p2p_function *function, struct p2p_place *place);

/* The text after the last '/' of a link. */
const char *p2p_scan_base_name(const char *path);

/* scan-published.c: what p2pctl left of what this run may not look at. */
void p2p_scan_published(struct p2p_scan *scan);

/* scan-acs-changes.c: what p2pctl changed of ACS in this boot. */
void p2p_scan_acs_changes(struct p2p_scan *scan);

/* scan-results.c: what was measured; then, where there is any, what it rests on beyond what was asked for. */
void p2p_scan_results(struct p2p_scan *scan);
void p2p_scan_rests(struct p2p_scan *scan);

/* scan-function.c: the number of the IOMMU group, and its domain type. */
void p2p_scan_group(struct p2p_scan *scan, struct p2p_function *function);
void p2p_scan_group_type(struct p2p_scan *scan, struct p2p_function *function);

/* scan-nvmet.c: the namespaces that this host offers to others. */
void p2p_scan_nvmet(struct p2p_scan *scan);

/* scan-children.c: what drivers made of functions, and names. */
void p2p_scan_children(struct p2p_scan *scan);
void p2p_scan_names(struct p2p_scan *scan);

#endif
