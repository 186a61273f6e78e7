/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel: what the running kernel was built with.  Floor 2 (io).  The mount
 * `kernel/`: rows derived from files that are too big, or tell too much, to be
 * recorded themselves.
 */
#ifndef P2P_IO_KERNEL_H
#define P2P_IO_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

/* Where the files are: as p2p_source_read; `path` is below the machine's root. */
struct p2p_kernel_files {
	int (*read)(void *context, const char *path, uint64_t offset, void *buffer, size_t length, size_t *ret);
	void *context;
};

/*
 * Is P2PDMA built in: "y config\n", "n config\n", "y symbol\n" or "n symbol\n",
 * the second word being what says so.  -ENODATA: nothing here can tell.
 */
int p2p_kernel_p2pdma(const struct p2p_kernel_files *files, struct p2p_buf *ret);

#endif
