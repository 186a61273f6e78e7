/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of boot-files.h share.  Floor 2 (io); nobody else includes it. */
#ifndef P2P_IO_BOOT_INTERNAL_H
#define P2P_IO_BOOT_INTERNAL_H

#include "boot-files.h"

#define BOOT_GRUB_DIR  "etc/default/grub.d"
#define BOOT_GRUB_NAME "p2pctl.cfg"
#define BOOT_CMDLINE   "etc/kernel/cmdline"
#define BOOT_VENDOR    "usr/lib/kernel/cmdline" /* kernel-install(8): read where the other is not there */
#define BOOT_RECORD    "var/lib/p2pctl/bootargs"
#define BOOT_MOST      ((size_t)1 << 20)

#define BOOT_ARGUMENTS_MAX 16

/* What we have written, so that it can be told from what others have, and taken back. */
struct boot_record {
	const char *arguments[BOOT_ARGUMENTS_MAX]; /* the last is the newest */
	size_t count;
	bool grub;		    /* the drop-in was written */
	bool grub_folder;	    /* its folder was made for it */
	const char *before, *after; /* all of etc/kernel/cmdline; NULL: not written */
	bool cmdline_made;	    /* it was not there: `before` is the vendor's */
	bool cmdline_folder;	    /* nor was its folder */
};

void boot_record_format(const struct boot_record *record, struct p2p_buf *ret);

/* -EBADMSG: it is not one of ours. */
int boot_record_parse(struct p2p_arena *arena, const struct p2p_buf *text, struct boot_record *ret);

/* Empty where there is none. */
int boot_record_load(const struct p2p_image *image, struct p2p_arena *arena, struct p2p_problem *problem,
		     struct boot_record *ret);

/* The argument in a drop-in exactly as we write it; NULL: it is not. */
const char *boot_grub_argument(struct p2p_arena *arena, const char *text);

#endif
