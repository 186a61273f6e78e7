/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdict: what the kernel will do between two functions.  Floor 1 (model).
 *
 * Three parts that are never mixed: the route (this struct), the offer of the
 * provider and the ability of the client.
 */
#ifndef P2P_MODEL_VERDICT_H
#define P2P_MODEL_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fact.h"
#include "rule.h"

/* The kernel's enum pci_p2pdma_map_type, by name; its numbers differ between releases. */
enum p2p_map {
	P2P_MAP_UNKNOWN = 0,
	P2P_MAP_NOT_SUPPORTED,
	P2P_MAP_BUS_ADDR,
	P2P_MAP_THRU_HOST_BRIDGE,
};

/* As `nvidia-smi topo -m` means them. */
enum p2p_locality {
	P2P_LOCALITY_UNKNOWN = 0, /* or of a function to itself */
	P2P_LOCALITY_PIX,  /* at most one switch between them */
	P2P_LOCALITY_PXB,  /* several switches, no host bridge */
	P2P_LOCALITY_PHB,  /* through one host bridge */
	P2P_LOCALITY_NODE, /* between host bridges of one NUMA node */
	P2P_LOCALITY_SYS,  /* between NUMA nodes */
};

struct p2p_verdict {
	int provider, client;      /* indices of functions */
	enum p2p_map map;          /* UNKNOWN: `possible` holds more than one */
	uint8_t possible;          /* bit (1 << map) for each map that the missing facts allow */
	enum p2p_answer supported; /* MAYBE: some of the possible maps are, some are not */
	bool would;                /* this kernel cannot, or may not: `would_be` is what its rules say otherwise */
	enum p2p_map would_be;
	uint8_t would_possible;
	enum p2p_rule would_rule;
	enum p2p_rule rule;        /* what decided; for UNKNOWN what is missing */
	int distance;              /* of the kernel's walk; -1: an edge is not known */
	enum p2p_locality locality;
	int common;                /* the bridge where both walks meet; P2P_NOBODY */
	unsigned redirects;        /* hops on the walk that redirect */
	unsigned unsure;           /* hops of which that is not known */
};

/* What the kernel may still answer because it decided before ACS changed (core/engine/cached.h). */
struct p2p_cached_answer {
	uint8_t maps;	  /* bit (1 << map) for each; never the verdict's own */
	bool since_known; /* else somebody else changed ACS, nobody knows when */
	int64_t since;	  /* when ACS changed, seconds since 1970 */
};

/* What a provider has for peers. */
enum p2p_offer_kind {
	P2P_OFFER_UNKNOWN = 0,
	P2P_OFFER_NONE,
	P2P_OFFER_P2PMEM, /* memory in the kernel's p2pmem pool */
	P2P_OFFER_DMABUF, /* its driver exports BARs to peers */
	P2P_OFFER_ITSELF, /* a driver that never asks this kernel decides */
};

struct p2p_offer {
	enum p2p_offer_kind kind;
	uint64_t bytes, available;  /* P2PMEM */
	enum p2p_answer published;  /* P2PMEM: may other drivers use it */
	const char *why;            /* one sentence; static text */
};

enum p2p_client_kind {
	P2P_CLIENT_UNKNOWN = 0,
	P2P_CLIENT_NO,
	P2P_CLIENT_YES,
	P2P_CLIENT_ITSELF,
};

struct p2p_client {
	enum p2p_client_kind kind;
	const char *why;
};

/* The smallest change that turns a refusal into a way. */
enum p2p_remedy_kind {
	P2P_REMEDY_NONE = 0, /* nothing to mend, or nothing is known to help: `says` tells which */
	P2P_REMEDY_ACS,      /* clear redirect on some hops */
	P2P_REMEDY_KERNEL,   /* another kernel */
	P2P_REMEDY_LOOK,     /* look again with more privilege, or say what is missing */
	P2P_REMEDY_MOVE,     /* no setting helps: another slot would */
};

struct p2p_remedy {
	enum p2p_remedy_kind kind;
	const char *says;       /* a sentence, or several */
	const char *bootargs;   /* for the kernel's command line; NULL: none is right for this release */
	const char *const *setpci; /* commands, volatile */
	size_t setpci_count;
	enum p2p_map becomes;   /* the answer afterwards; UNKNOWN: not promised */
};

/* "p2pmem", "dma-buf", "none", "itself"; NULL for UNKNOWN. */
const char *p2p_offer_name(enum p2p_offer_kind kind);
/* "yes", "no", "itself"; NULL for UNKNOWN. */
const char *p2p_client_name(enum p2p_client_kind kind);
/* "acs", "kernel", "look", "move"; NULL for NONE. */
const char *p2p_remedy_name(enum p2p_remedy_kind kind);

/* "BUS_ADDR" ...; NULL for UNKNOWN, which is null in JSON. */
const char *p2p_map_name(enum p2p_map map);
const char *p2p_locality_name(enum p2p_locality locality); /* NULL for UNKNOWN */

#endif
