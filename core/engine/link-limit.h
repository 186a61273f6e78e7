/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Link limit: which PCIe links the bytes of a copy cross, and what the
 * narrowest of them lets through.  Floor 2 (engine): pure.
 *
 * A copy is made of legs, each from one memory to another; a flow is all
 * crossings of directed links by its legs.  Flows are what shares links: who
 * wants to know how several copies share them adds up their crossings.
 *
 * A limit is what cannot be exceeded, not what is reached.  Left out, since
 * they only make less of it: ordered sets (under 0.5 %), DLLPs and read requests
 * in the opposite direction, headers of 4 dwords, completions cut at 64 bytes,
 * and what the devices and the root complex can.
 */
#ifndef P2P_ENGINE_LINK_LIMIT_H
#define P2P_ENGINE_LINK_LIMIT_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../model/machine.h"
#include "../model/verdict.h"

enum p2p_direction {
	P2P_DIRECTION_NONE = 0,
	P2P_UP,	  /* towards the root complex */
	P2P_DOWN, /* away from it */
};

/* A link that is crossed in one direction, by all the legs of a flow. */
struct p2p_crossing {
	int function; /* whose upstream link it is; of several functions of a device the first */
	enum p2p_direction direction;
	unsigned times; /* how often each byte that is copied crosses it */
	/*
	 * Bytes on the link for each byte that is copied, headers and all, before
	 * encoding.  They differ when the payload size in force is not known: it is
	 * 128 (most) to 4096 (least) then.
	 */
	double least, most;
};

struct p2p_flow {
	struct p2p_crossing *crossings; /* in the arena it was made in; each link and direction once */
	size_t count;
	bool whole;	 /* false: the way is not known, crossings are of what is */
	int unknown;	 /* ... because of this function, or P2P_NOBODY */
	const char *why; /* ... one sentence; static text */
};

/* Bytes that move from one memory to another. */
struct p2p_leg {
	int from, to;	  /* whose memory; P2P_NOBODY: the host's */
	enum p2p_map map; /* between two functions: how the kernel maps it; of no meaning to and from the host */
	/*
	 * `to` reads them (completions), or `from` writes them.  Both carry at most
	 * the payload size that is in force at `from`: MPS limits who sends.
	 */
	bool read;
};

/* Source to destination by the provider's memory, or by the host's. */
struct p2p_copy {
	int source, provider, destination; /* source or destination P2P_NOBODY: that leg is missing */
	enum p2p_map in, out;		   /* of source and provider; of provider and destination */
	bool bounce;			   /* through the host's memory: the provider is of no meaning */
};

/* An empty flow, to which legs are added. */
void p2p_flow_init(struct p2p_flow *flow);

/* Adds what a leg crosses; from a function to itself that is nothing. */
void p2p_flow_add(const struct p2p_machine *machine, const struct p2p_leg *leg, struct p2p_arena *arena,
		  struct p2p_flow *flow);

/*
 * All legs of a copy.  Source and destination write to and read from the memory
 * in between, as disks do.
 */
void p2p_flow_copy(const struct p2p_machine *machine, const struct p2p_copy *copy, struct p2p_arena *arena,
		   struct p2p_flow *ret);

/*
 * What the link above `function` carries in each direction, in bytes/s after
 * encoding: headers and payload.  0: not known, down, or no PCI Express.
 *
 * Per lane 2.5 and 5 GT/s with 8b/10b (PCIe base specification 1.0a, 2.0), 8, 16
 * and 32 GT/s with 128b/130b (3.0 to 5.0), 64 and 128 GT/s in flits, of whose
 * 256 bytes 236 are TLPs (6.0, 7.0).
 */
double p2p_link_bytes(const struct p2p_machine *machine, int function);

enum p2p_limit_state {
	P2P_LIMIT_UNKNOWN = 0, /* the way, or a link on it, is not known */
	P2P_LIMIT_NONE,	       /* no link is crossed */
	P2P_LIMIT_KNOWN,
};

struct p2p_limit {
	enum p2p_limit_state state;
	uint64_t low, high; /* bytes copied a second; they differ when a payload size is not known */
	struct p2p_crossing narrowest; /* KNOWN */
	int function;	 /* the narrowest link's; UNKNOWN: whose fact is missing, or P2P_NOBODY */
	const char *why; /* UNKNOWN: one sentence; static text */
};

void p2p_flow_limit(const struct p2p_machine *machine, const struct p2p_flow *flow, struct p2p_limit *ret);

/* What makes it narrow: "0000:03:00.0 up, 8 GT/s x4, 128b/130b, 128 bytes a packet"; or why it is not known. */
void p2p_limit_says(const struct p2p_machine *machine, const struct p2p_limit *limit, struct p2p_buf *ret);

#endif
