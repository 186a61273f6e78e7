/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel: what the running kernel was built with.  Floor 2 (io).  The mount
 * `kernel/`: rows derived from files that are too big, or tell too much, to be
 * recorded themselves.
 */
#ifndef P2P_IO_KERNEL_H
#define P2P_IO_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

/* Where the files are: as p2p_source_read; `path` is below the machine's root. */
struct p2p_kernel_files {
	int (*read)(void *context, const char *path, uint64_t offset, void *buffer, size_t length, size_t *ret);
	void *context;
};

/* What is looked for in /proc/kallsyms, the running kernel's own names. */
enum p2p_kernel_symbol {
	P2P_SYMBOL_P2PDMA,    /* in every kernel with P2PDMA */
	P2P_SYMBOL_PCI,       /* in every kernel with PCI: the list is a real one */
	P2P_SYMBOL_ALLOWLIST, /* the table of root complexes, if data has names (CONFIG_KALLSYMS_ALL) */
	P2P_SYMBOL_COUNT,
};

/* A line with a longest name of 511 bytes and a module's is shorter. */
#define P2P_KERNEL_LINE_MAX 1024

/*
 * One pass over /proc/kallsyms, as far as it got: it stops where a name is
 * found, and the next question goes on from there.  All zero: not begun.
 * These names never change while a kernel runs.
 */
struct p2p_kernel_symbols {
	bool seen[P2P_SYMBOL_COUNT];
	uint64_t address[P2P_SYMBOL_COUNT]; /* 0: hidden from this reader */
	bool whole;                         /* the pass is over */
	uint64_t offset;                    /* of the next read */
	char rest[P2P_KERNEL_LINE_MAX];     /* what was read of the line in which that is */
	size_t rest_len;
};

/*
 * Goes on until that name is seen.  0: it is; -ENODATA: it is not in the list,
 * or there is no list; -EINVAL: no list of names.
 */
int p2p_kernel_symbol_find(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols,
			   enum p2p_kernel_symbol symbol);

/* Appends all of a file to `ret`; -EFBIG: it has more than `max` bytes. */
int p2p_kernel_read_all(const struct p2p_kernel_files *files, const char *path, size_t max, struct p2p_buf *ret);

/* Is the option built in by that text of a kernel's configuration: 1 yes, 0 no, -ENODATA: not the whole of one. */
int p2p_kernel_config_says(const struct p2p_buf *config, const char *option);

/*
 * Is P2PDMA built in: "y config\n", "n config\n", "y symbol\n" or "n symbol\n",
 * the second word being what says so.  -ENODATA: nothing here can tell.
 */
int p2p_kernel_p2pdma(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols, struct p2p_buf *ret);

#endif
