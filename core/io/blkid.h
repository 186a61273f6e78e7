/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blkid: is there anything on this disk; the one door to libblkid.  Floor 2 (io).
 */
#ifndef P2P_IO_BLKID_H
#define P2P_IO_BLKID_H

#include "../base/buf.h"

/*
 * Every signature that the library knows and finds on the disk or in the file
 * `fd` (opened without O_DIRECT), as words: "ext4 'home'", "a gpt partition table".
 * 0: nothing was found and *ret is untouched, or it was added to; -ENOTSUP: built without
 * the library; else why it cannot be told.
 */
int p2p_blkid_find(int fd, struct p2p_buf *ret);

#endif
