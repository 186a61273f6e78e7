/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink: the state of network interfaces as rtnetlink tells it; the one door
 * to libnl.  Floor 2 (io).  The mount `net/`.
 */
#ifndef P2P_IO_NETLINK_H
#define P2P_IO_NETLINK_H

#include "../base/buf.h"

struct p2p_netlink;

/* The caller owns it.  Nothing is asked yet. */
struct p2p_netlink *p2p_netlink_new(void);

/*
 * The interface `name`: "operstate=up\ncarrier=1\n".  The kernel is asked once,
 * at the first call, for all of them.  -ENOENT: no such interface; -ENODATA:
 * built without the library.
 */
int p2p_netlink_read(struct p2p_netlink *netlink, const char *name, struct p2p_buf *ret);

/* NULL is fine. */
void p2p_netlink_free(struct p2p_netlink *netlink);

#endif
