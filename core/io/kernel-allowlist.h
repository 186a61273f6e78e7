/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel allowlist: the table of root complexes that the running kernel itself
 * holds, read out of its memory.  Floor 2 (io).  The key `kernel/allowlist`,
 * one row a line in the kernel's order, and how many at the end:
 *
 *     8086:2f00 1
 *     1ae0:any 0
 *     end 2
 *
 * The last number is the row's flags: 1 is REQ_SAME_HOST_BRIDGE.
 */
#ifndef P2P_IO_KERNEL_ALLOWLIST_H
#define P2P_IO_KERNEL_ALLOWLIST_H

#include "../model/machine.h"
#include "kernel.h"

/* The most rows that are believed; kernels have some thirty. */
#define P2P_RUNNING_MAX 256

/* No text of so many rows is longer. */
#define P2P_RUNNING_TEXT_MAX (P2P_RUNNING_MAX * 16 + 16)

/*
 * Reads the table and replaces what `ret` held by its rows.  -EACCES, -EPERM:
 * may not look (root only; lockdown forbids it to root too); -ENODATA: this
 * kernel has no such table, or does not say where it is or how it is laid out,
 * or this program was built without libbpf; -EINVAL: what is there does not
 * look like the table.
 */
int p2p_kernel_allowlist(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols,
			 struct p2p_buf *ret);

/* Rows out of that text, at most P2P_RUNNING_MAX into `ret`.  -EINVAL: not exactly a text as above. */
int p2p_kernel_allowlist_parse(const char *text, struct p2p_running_row *ret, size_t *ret_count);

#endif
