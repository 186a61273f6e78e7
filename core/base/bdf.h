/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BDF: the address of a PCI function, `domain:bus:device.function`.
 * Floor 0 (base).
 *
 * The domain has four hex digits or more: VMD and in-memory host bridges use
 * 10000 and up.  Addresses order as numbers do: domain, bus, device, function.
 */
#ifndef P2P_BASE_BDF_H
#define P2P_BASE_BDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct p2p_bdf {
	uint32_t domain;
	uint8_t bus;
	uint8_t devfn; /* device in bits 7:3, function in bits 2:0 */
};

/* Room for any address as text: "ffffffff:ff:1f.7". */
#define P2P_BDF_TEXT 20

/*
 * The address at the start of `text`, written with its domain; its length in
 * characters is the return value.  -EINVAL: no address there.
 */
int p2p_bdf_parse_prefix(const char *text, struct p2p_bdf *ret);

/* The whole of `text` is an address with domain, or without one (then 0000). */
int p2p_bdf_parse(const char *text, struct p2p_bdf *ret);

/* The same as people type it: "3:0.0", "0:3:0.0"; digits may be fewer, as lspci takes them, and never more. */
int p2p_bdf_parse_typed(const char *text, struct p2p_bdf *ret);

/* "0000:03:00.0"; without the domain when `domain` is false and it is 0. */
char *p2p_bdf_format(struct p2p_bdf bdf, bool domain, char text[P2P_BDF_TEXT]);

/* <0, 0, >0 as strcmp. */
int p2p_bdf_compare(struct p2p_bdf a, struct p2p_bdf b);

/* One number an address: equal addresses have equal numbers, order is kept. */
static inline uint64_t p2p_bdf_number(struct p2p_bdf bdf)
{
	return (uint64_t)bdf.domain << 16 | (uint64_t)bdf.bus << 8 | bdf.devfn;
}

/* `DDDD:BB` of a host bridge folder's name `pciDDDD:BB`; -EINVAL: it is not one. */
int p2p_hostbridge_name_parse(const char *name, size_t len, uint32_t *ret_domain, uint8_t *ret_bus);

#endif
