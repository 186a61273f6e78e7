/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pcilib: what lspci's library knows: names from pci.ids and the meaning of
 * `-s` and `-d`; the one door to it.  Floor 2 (io).  The mount `names/`.
 */
#ifndef P2P_IO_PCILIB_H
#define P2P_IO_PCILIB_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/bdf.h"
#include "../base/buf.h"
#include "../base/problem.h"

/*
 * The name for a key of the mount, as a line:
 *
 *   names/vendor/8086
 *   names/device/8086:2030
 *   names/class/0108       class and subclass
 *   names/class/010802     their programming interface alone
 *
 * Hex digits in lower case.  -ENOENT: pci.ids has none; -ENODATA: there is no
 * pci.ids, or no library.  The network is never asked.
 */
int p2p_pcilib_read(const char *key, struct p2p_buf *ret);

struct p2p_filter;

/* `slot` and `id` as lspci's -s and -d, or NULL.  -EINVAL: not one; -ENOTSUP: built without the library. */
int p2p_filter_new(const char *slot, const char *id, struct p2p_problem *problem, struct p2p_filter **ret);

/* `class24` is class, subclass and programming interface, as in sysfs. */
bool p2p_filter_match(const struct p2p_filter *filter, struct p2p_bdf bdf, uint16_t vendor, uint16_t device,
		      uint32_t class24);

/* NULL is fine. */
void p2p_filter_free(struct p2p_filter *filter);

#endif
