/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot files: where an installed system keeps the kernel's command line, what
 * these files say of ACS, and our one argument in them.  Floor 2 (io).
 *
 *   etc/default/grub.d/p2pctl.cfg  where grub-mkconfig reads that folder
 *                                  (Debian's; a file of our own)
 *   etc/kernel/cmdline             kernel-install's, where it is there; made
 *                                  from usr/lib/kernel/cmdline where only that is
 *   var/lib/p2pctl/bootargs        what we wrote, and what was there before
 */
#ifndef P2P_IO_BOOT_FILES_H
#define P2P_IO_BOOT_FILES_H

#include "image.h"

/* One of the two arguments, as a file that is not ours gives it. */
struct p2p_boot_word {
	const char *path;
	unsigned line;
	bool config;	  /* config_acs=; else disable_acs_redir= */
	const char *list; /* NULL: what it is cannot be told without running the file */
};

struct p2p_boot_files {
	bool grub, kernel_install, ostree;
	struct p2p_boot_word *words;
	size_t word_count;
	const char *const *wrote; /* every argument of ours that a boot may still have; the last is the newest */
	size_t wrote_count;
	bool written;	    /* the newest is in the files, as far as we know */
	const char *later;  /* a drop-in that GRUB reads after ours, and that sets the same variable; NULL: none */
};

/* -EBADMSG: the record does not read. */
int p2p_boot_files_read(const struct p2p_image *image, struct p2p_arena *arena, struct p2p_problem *problem,
			struct p2p_boot_files *ret);

/*
 * Is it "pci=" with one or both arguments, and nothing that a shell, GRUB or
 * the kernel would take for anything else?  The file is run by root's shell.
 */
bool p2p_boot_argument_ok(const char *argument);

/* The text of the drop-in with that argument. */
void p2p_boot_grub_text(const char *argument, struct p2p_buf *ret);

/* One file that was changed, or would be. */
struct p2p_boot_change {
	const char *path;
	const char *says; /* "written", "removed", "as it was before", ... */
};

#define P2P_BOOT_CHANGES_MAX 2

/*
 * Puts the argument into the files of this system, in place of an older one of
 * ours; NULL takes it out again and leaves them as they were.  All of them or,
 * after a failure, none.  What was changed is in `ret`, and its number in
 * `ret_count`; 0: nothing had to be.
 */
int p2p_boot_files_write(const struct p2p_image *image, struct p2p_arena *arena, const char *argument,
			 struct p2p_problem *problem, struct p2p_boot_change ret[P2P_BOOT_CHANGES_MAX],
			 size_t *ret_count);

#endif
