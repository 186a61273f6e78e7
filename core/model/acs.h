/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACS words as people read and write them: lspci's `ReqRedir+ CmpltRedir-`.
 * Floor 1 (model).
 */
#ifndef P2P_MODEL_ACS_H
#define P2P_MODEL_ACS_H

#include <stddef.h>

#include "../base/buf.h"
#include "fact.h"

/* RR | CR | EC: the only bits that redirect (KERNEL: drivers/pci/p2pdma.c:pci_bridge_has_acs_redir, 4.20-7.3). */
#define P2P_ACS_REDIRECT 0x002c

/* One bit: its mask, lspci's name and the two letters of the specification. */
struct p2p_acs_bit {
	uint16_t mask;
	const char *name;    /* ReqRedir */
	const char *letters; /* RR */
};

/* The seven bits in the order of their masks. */
extern const struct p2p_acs_bit p2p_acs_bits[7];

/* "SrcValid+ TransBlk- ReqRedir+ ..." of all bits in `which`. */
void p2p_acs_format(struct p2p_buf *buf, uint16_t word, uint16_t which);

/* The same, and "ReqRedir?" for each bit in `open`, which is not known. */
void p2p_acs_format_open(struct p2p_buf *buf, uint16_t word, uint16_t which, uint16_t open);

/*
 * To masks of bits to set and to clear: "ReqRedir-,CR+" by names, or "1d" and
 * "0:2c" (VALUE:MASK) in hex, as setpci takes them.  -EINVAL: neither;
 * -EEXIST: one bit with + and with -.
 */
int p2p_acs_parse(const char *text, uint16_t *ret_set, uint16_t *ret_clear);

#endif
