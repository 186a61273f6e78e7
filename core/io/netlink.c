/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../base/arena.h"
#include "config.h"

#if HAVE_LIBNL

#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <sys/socket.h>

struct p2p_netlink {
	struct nl_cache *links;
	bool asked;
	int error;
};

static int ask(struct nl_cache **ret)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (!sock)
		return -ENOMEM;
	int error = nl_connect(sock, NETLINK_ROUTE);

	if (!error)
		error = rtnl_link_alloc_cache(sock, AF_UNSPEC, ret);
	nl_socket_free(sock);
	if (!error)
		return 0;
	return error == -NLE_PERM ? -EPERM : error == -NLE_NOMEM ? -ENOMEM : -EIO;
}

struct p2p_netlink *p2p_netlink_new(void)
{
	struct p2p_netlink *netlink = p2p_malloc(sizeof(*netlink));

	*netlink = (struct p2p_netlink){ 0 };
	return netlink;
}

int p2p_netlink_read(struct p2p_netlink *netlink, const char *name, struct p2p_buf *ret)
{
	char state[32];

	if (!netlink->asked) {
		netlink->asked = true;
		netlink->error = ask(&netlink->links);
	}
	if (netlink->error)
		return netlink->error;
	struct rtnl_link *link = rtnl_link_get_by_name(netlink->links, name);

	if (!link)
		return -ENOENT;
	rtnl_link_operstate2str(rtnl_link_get_operstate(link), state, sizeof(state));
	p2p_buf_reset(ret);
	p2p_buf_printf(ret, "operstate=%s\ncarrier=%u\n", state, rtnl_link_get_carrier(link));
	rtnl_link_put(link);
	return 0;
}

void p2p_netlink_free(struct p2p_netlink *netlink)
{
	if (!netlink)
		return;
	if (netlink->links)
		nl_cache_free(netlink->links);
	free(netlink);
}

#else

struct p2p_netlink {
	int none;
};

struct p2p_netlink *p2p_netlink_new(void)
{
	return p2p_malloc(sizeof(struct p2p_netlink));
}

int p2p_netlink_read(struct p2p_netlink *netlink, const char *name, struct p2p_buf *ret)
{
	(void)netlink;
	(void)name;
	(void)ret;
	return -ENODATA;
}

void p2p_netlink_free(struct p2p_netlink *netlink)
{
	free(netlink);
}

#endif
