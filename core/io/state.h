/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State: the folder in which p2pctl keeps what must outlive a run, its lock,
 * and the one way in which a file is replaced.  Floor 2 (io).
 */
#ifndef P2P_IO_STATE_H
#define P2P_IO_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/problem.h"

/*
 * An open folder of ours: made with mode 0755 where it is missing, refused
 * (-EPERM) when it is a symbolic link or belongs to, or can be written by,
 * somebody else.  *ret is a descriptor.
 */
int p2p_state_open(const char *dir, struct p2p_problem *problem, int *ret);

/*
 * Locks the folder `dir_fd` for this process, waiting at most `seconds`; the
 * lock ends with the process.  -EBUSY names the holder.  *ret is a descriptor.
 */
int p2p_state_lock(int dir_fd, const char *dir, const char *verb, unsigned seconds, struct p2p_problem *problem,
		   int *ret);

/* All of these bytes to `fd`, or why not all. */
int p2p_state_write(int fd, const void *bytes, size_t length);

/* DIR/NAME holds these bytes, all or none of them, whatever happens: written beside it, synced, renamed. */
int p2p_state_replace(int dir_fd, const char *name, const void *bytes, size_t length, unsigned mode);

/*
 * The bytes of DIR/NAME, at most `most`; only a regular file that is the
 * reader's or root's and that nobody else can write (-EPERM).
 */
int p2p_state_load(int dir_fd, const char *name, size_t most, struct p2p_buf *ret);

/*
 * What root left for all to read: a descriptor of the regular file TOP/NAME.
 * -EPERM: it, TOP, or a folder between them is a symbolic link, is not root's,
 * or can be written by others.
 */
int p2p_state_open_trusted(const char *top, const char *name, int *ret);

/* Up to `length` bytes of it from `offset`; fewer only at its end. */
int p2p_state_read_at(int fd, uint64_t offset, void *buffer, size_t length, size_t *ret);

/* Removes DIR/NAME; 0 when there is none. */
int p2p_state_remove(int dir_fd, const char *name);

/* This boot's id (/proc/sys/kernel/random/boot_id), without the newline. */
int p2p_state_boot(struct p2p_buf *ret);

#endif
