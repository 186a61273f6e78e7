/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <stddef.h>

const char *p2p_map_name(enum p2p_map map)
{
	switch (map) {
	case P2P_MAP_NOT_SUPPORTED:
		return "NOT_SUPPORTED";
	case P2P_MAP_BUS_ADDR:
		return "BUS_ADDR";
	case P2P_MAP_THRU_HOST_BRIDGE:
		return "THRU_HOST_BRIDGE";
	case P2P_MAP_UNKNOWN:
		break;
	}
	return NULL;
}

const char *p2p_locality_name(enum p2p_locality locality)
{
	static const char *const names[] = { NULL, "PIX", "PXB", "PHB", "NODE", "SYS" };

	return names[locality];
}

const char *p2p_offer_name(enum p2p_offer_kind kind)
{
	static const char *const names[] = { NULL, "none", "p2pmem", "dma-buf", "itself" };

	return names[kind];
}

const char *p2p_client_name(enum p2p_client_kind kind)
{
	static const char *const names[] = { NULL, "no", "yes", "itself" };

	return names[kind];
}

const char *p2p_remedy_name(enum p2p_remedy_kind kind)
{
	static const char *const names[] = { NULL, "acs", "kernel", "look", "move" };

	return names[kind];
}
