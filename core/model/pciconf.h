/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space, decoded.  Floor 1 (model): pure; bytes come through a
 * callback, in the ranges that are wanted, because on hardware every dword is
 * a bus transaction.
 *
 * Walks follow the kernel's own so that the same capability is found:
 * drivers/pci/pci.c:__pci_find_next_cap_ttl (48 hops) and
 * pci_find_next_ext_capability (480 hops), 4.20-7.3.
 */
#ifndef P2P_MODEL_PCICONF_H
#define P2P_MODEL_PCICONF_H

#include <stddef.h>
#include <stdint.h>

#include "machine.h"

/*
 * Reads `length` bytes at `offset`.  0: all of them; -ENOENT: the space ends
 * before; -EACCES: may not look that far; other errors as they came.
 */
typedef int p2p_pciconf_read_fn(void *context, unsigned offset, void *buffer, size_t length);

struct p2p_pciconf {
	p2p_pciconf_read_fn *read;
	void *context;
};

/* What to look for beyond the header; ACS, ATS and the PCIe capability always. */
enum p2p_pciconf_want {
	P2P_PCICONF_DETAIL = 1, /* PRI, PASID, resizable BAR, SR-IOV, CXL */
};

/*
 * Fills in what configuration space says of `function`: header, PCIe type,
 * link, MPS, MRRS, ACS, ATS and, when wanted, the rest.  What the kernel said
 * of its identity (vendor, device, class) stays.  `vf` skips the header, which
 * reads ffff there.
 */
void p2p_pciconf_decode(const struct p2p_pciconf *space, unsigned want, bool vf, struct p2p_function *function);

#endif
