/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plan: the changes that would turn verdicts into what is wanted, what each
 * pair then gets, and what that costs in isolation.  Floor 1 (model).
 */
#ifndef P2P_MODEL_PLAN_H
#define P2P_MODEL_PLAN_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "machine.h"
#include "verdict.h"

enum p2p_edit_kind {
	P2P_EDIT_NONE = 0,
	P2P_EDIT_WORD, /* a 16-bit word of configuration space, little endian */
	P2P_EDIT_TEXT, /* an attribute of sysfs or configfs */
};

/*
 * One change, and all that is needed to take it back.  Texts are without the
 * newline at their end, and hold no control characters.
 */
struct p2p_edit {
	enum p2p_edit_kind kind;
	const char *key;         /* of the source, as it is read: "sys/bus/pci/devices/0000:02:01.0/config" */
	uint16_t offset;         /* WORD: of the word */
	uint16_t before, after;  /* WORD: the whole word; they differ only in `mask` */
	uint16_t mask;           /* WORD: the bits that are changed, and no others are ever written back */
	const char *text_before; /* TEXT */
	const char *text_after;
	const char *rule;        /* name of the policy's rule; NULL: asked for on the command line */
};

/* The same change in the other direction. */
struct p2p_edit p2p_edit_inverse(const struct p2p_edit *change);

/* "0000:02:01.0 14e.w 001d->(002c)->0011", or "KEY: 'auto' -> '0'"; for people and logs. */
void p2p_edit_format(struct p2p_buf *buf, const struct p2p_edit *change);

/* Why a function is not to be exposed without being asked. */
enum p2p_sensitive {
	P2P_SENSITIVE_NOT = 0,
	P2P_SENSITIVE_VFIO,	/* bound to a driver that hands it to a guest or a process: vfio, pci-stub, uio */
	P2P_SENSITIVE_OVERRIDE, /* driver_override names such a driver */
	P2P_SENSITIVE_IDS,	/* the command line names it for such a driver: vfio-pci.ids= and the like */
	P2P_SENSITIVE_EXTERNAL, /* external-facing or removable: whoever plugs it in owns it */
	P2P_SENSITIVE_UNKNOWN,	/* its driver is not known, or what tells its owner could not be read */
};

/* "bound to vfio-pci" and so on; NULL for NOT. */
const char *p2p_sensitive_says(enum p2p_sensitive sensitive);

/* One function that a plan exposes, or lets reach others, and that has an owner who did not agree. */
struct p2p_exposed {
	int function;
	enum p2p_sensitive why;
	bool accepted; /* a rule of the policy names it */
};

/*
 * The price of one hop that no longer redirects: the endpoints below it reach
 * those beside it, and the IOMMU does not see it.
 */
struct p2p_price {
	int port;
	const int *from, *to; /* endpoints, by index */
	size_t from_count, to_count;
	const struct p2p_exposed *exposed;
	size_t exposed_count;
	/* Of both: a snapshot does not tell who will own them, so nothing was counted; of a live machine, none. */
	const int *unrecorded;
	size_t unrecorded_count;
	bool refused; /* something exposed is not accepted: the hop's change is not made */
};

/* What was wished for a pair, and what comes of it. */
struct p2p_outcome {
	int provider, client;
	const char *rule;   /* NULL: asked for on the command line */
	struct p2p_verdict before, after;
	bool refused;       /* the price forbids a hop of it */
	const char *says;   /* why nothing is done about it; NULL: something is, or it can already */
};

/*
 * Pairs for which one rule wishes something of ACS, and which meet at no
 * bridge: no ACS decides anything for them.  The first few are among the
 * outcomes; the others, which may be millions, are only counted.
 */
struct p2p_beyond {
	const char *rule;
	uint64_t listed, pairs; /* among the outcomes; the others */
};

/* What was wished for an nvmet namespace, and what comes of it. */
struct p2p_target {
	int namespace;	    /* of the machine's */
	const char *rule;
	const char *after;  /* what p2pmem is to read: "0", "1" or an address */
	bool restart;	    /* it is live: disabled and enabled again around the change */
	bool refused;	    /* it is live, and the policy does not let it be restarted */
	const char *says;   /* why nothing is done about it; NULL: something is, or it is so already */
};

/* A pair that nobody asked for and that becomes possible too. */
struct p2p_gain {
	int provider, client;
	enum p2p_map before, after;
};

struct p2p_plan {
	const struct p2p_machine *machine;
	struct p2p_edit *edits; /* in the order in which they are made */
	size_t edit_count;
	const struct p2p_outcome *outcomes;
	size_t outcome_count;
	const struct p2p_beyond *beyond; /* by rule */
	size_t beyond_count;
	const struct p2p_price *prices; /* one for each hop, refused ones too */
	size_t price_count;
	const struct p2p_target *targets;
	size_t target_count;
	const struct p2p_gain *gains;
	size_t gain_count;
	size_t refused; /* changes that are wished for and not in `changes` */
};

#endif
