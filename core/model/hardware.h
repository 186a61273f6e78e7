/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware knowledge: the rows of the kernel's root-complex allowlist
 * (drivers/pci/p2pdma.c:pci_p2pdma_whitelist) by release, as read from
 * policy/allowlist.yaml.  Floor 1 (model).
 */
#ifndef P2P_MODEL_HARDWARE_H
#define P2P_MODEL_HARDWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fact.h"
#include "kernel.h"

#define P2P_DEVICE_ANY 0x10000u

/*
 * A range of point releases of one series: 7.1.3 and later 7.1.y, or all of
 * 6.6.y.  `to` 0xffff is "and later".
 */
struct p2p_series {
	uint16_t major, minor;
	uint16_t from, to;
};

struct p2p_row {
	uint16_t vendor;
	uint32_t device;           /* P2P_DEVICE_ANY: every device of that vendor */
	bool same_host_bridge;     /* REQ_SAME_HOST_BRIDGE */
	struct p2p_release first;  /* first mainline release with the row */
	struct p2p_release last;   /* last mainline release with it; all zero: still there */
	const struct p2p_series *backports; /* stable releases that have it before `first` */
	size_t backport_count;
	const struct p2p_series *unknown;   /* releases nobody has looked at */
	size_t unknown_count;
	const char *name;          /* the product, as the kernel's comment calls it */
	const char *cite;          /* where that was seen */
	unsigned line;             /* in the file it came from */
};

struct p2p_arena;

struct p2p_hardware {
	struct p2p_arena *arena; /* owns everything below */
	const char *path;        /* the file it came from */
	const struct p2p_row *rows; /* in the kernel's order */
	size_t row_count;
};

/*
 * Is the row in mainline's or stable's table of that release?  MAYBE: not
 * looked at, or the patch level decides and is not known.
 */
enum p2p_answer p2p_row_in_release(const struct p2p_row *row, struct p2p_release release);

/* NULL is fine. */
void p2p_hardware_free(struct p2p_hardware *hardware);

#endif
