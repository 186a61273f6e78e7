/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pci-ids: a few names out of the text file pci.ids.  Floor 2 (io).
 *
 * libpci makes an entry of every line, subsystems too, before it answers the
 * first question: for a small machine that was most of what the program did.
 * This looks where the vendors, devices and classes are, and no further.
 * What it does not understand, it leaves to the library.
 */
#ifndef P2P_IO_PCI_IDS_H
#define P2P_IO_PCI_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

enum p2p_pci_ids_kind {
	P2P_PCI_IDS_VENDOR = 1, /* 4 hex digits */
	P2P_PCI_IDS_CLASS,      /* 2 hex digits */
	P2P_PCI_IDS_DEVICE,     /* vendor and device, 8 hex digits */
	P2P_PCI_IDS_SUBCLASS,   /* class and subclass, 4 hex digits */
};

struct p2p_pci_ids;

/* Negative errno: not there, not readable, or not as a pci.ids is (-EINVAL). */
int p2p_pci_ids_open(const char *path, struct p2p_pci_ids **ret);

/* The same from text, which is copied. */
int p2p_pci_ids_parse(const char *text, size_t len, struct p2p_pci_ids **ret);

/* -ENOENT: it has none. */
int p2p_pci_ids_find(const struct p2p_pci_ids *ids, enum p2p_pci_ids_kind kind, uint32_t id, struct p2p_buf *ret);

/* NULL is fine. */
void p2p_pci_ids_free(struct p2p_pci_ids *ids);

#endif
