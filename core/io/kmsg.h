/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kmsg: what the kernel logs from now on.  Floor 2 (io); the only place that
 * opens /dev/kmsg.
 */
#ifndef P2P_IO_KMSG_H
#define P2P_IO_KMSG_H

#include <stdbool.h>

#include "../base/names.h"

/* At the end of the log.  -EACCES, -EPERM, -ENOENT: it cannot be read here.  *ret is a descriptor. */
int p2p_kmsg_open(int *ret);

/*
 * All that was logged since the open or the last read, a line an entry, at
 * most `most` (the first of them; all are taken from the log).  Colons and
 * numbers of the record are left out, a text of several lines is one.  *ret_lost:
 * the kernel overwrote some that were not read.  Never waits.
 */
int p2p_kmsg_read(int fd, size_t most, struct p2p_names *ret, bool *ret_lost);

/* The text of one record, "6,339,5140900,-;NET: Registered\n SUBSYSTEM=...\n", as a line; false: it is none.  For
 * tests. */
bool p2p_kmsg_parse(const char *record, struct p2p_buf *ret);

#endif
