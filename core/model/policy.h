/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy: what is permitted between which functions and what is wanted, as
 * read from files of schema p2p-policy/1 (p2p-policy(5)).  Floor 1 (model).
 *
 * Rules are in the order of evaluation; the first that matches a pair decides
 * it.  A pair that no rule matches is unmanaged.
 */
#ifndef P2P_MODEL_POLICY_H
#define P2P_MODEL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/arena.h"
#include "machine.h"
#include "verdict.h"

/* Where something stands, for messages. */
struct p2p_where {
	const char *path;
	unsigned line, column;
};

/*
 * Functions by what they are; everything given must hold, nothing given is
 * every function that rules are about.  Texts NULL and numbers not `has_` are not
 * given.
 */
struct p2p_selector {
	struct p2p_where where;
	const char *address;	   /* "0000:03:00.0", with its domain */
	const char *slot;	   /* the path of slots, "0000:00:01.0/00.0/02.0": it holds when buses are renumbered */
	const char *driver;
	const char *serial;	   /* of an NVMe controller */
	bool has_vendor, has_device, has_class, has_node;
	uint16_t vendor, device;
	uint32_t class, class_mask; /* "0108" is 0x010800 under 0xffff00 */
	int64_t node;
};

struct p2p_selectors {
	struct p2p_selector *list;
	size_t count; /* 0: not given */
};

enum p2p_permit {
	P2P_PERMIT_UNMANAGED = 0,
	P2P_PERMIT_ALLOW,
	P2P_PERMIT_DENY, /* never help it, and report it */
};

/* The widest way that a rule still means. */
enum p2p_within {
	P2P_WITHIN_SYSTEM = 0,
	P2P_WITHIN_NODE,
	P2P_WITHIN_HOST_BRIDGE,
	P2P_WITHIN_ROOT_PORT,
	P2P_WITHIN_SWITCH,
};

enum p2p_redirect_wish {
	P2P_REDIRECT_LEAVE = 0,
	P2P_REDIRECT_OFF,
	P2P_REDIRECT_ON,
};

enum p2p_wish_by {
	P2P_BY_BOOT = 0, /* only the command line: `bootargs` */
	P2P_BY_RUNTIME,
};

struct p2p_policy_rule {
	const char *name; /* unique */
	struct p2p_where where;
	enum p2p_permit permit;
	const char *const *hosts; /* patterns of host names; none: every host */
	size_t host_count;
	struct p2p_selectors providers, clients;
	enum p2p_within within;
	enum p2p_redirect_wish redirect;
	enum p2p_wish_by by;
	struct p2p_selectors accept; /* may be exposed, whoever owns them */
	bool pin_power;		     /* neither end may sleep */
	/* Conditions: for check and audit, never for enable. */
	bool link_not_degraded;
	uint64_t p2pmem_least;	       /* bytes; 0: not asked */
	const char *proved;	       /* "works", "intact", "faster"; NULL: not asked */
	uint64_t bytes_per_second;     /* 0: not asked */
};

enum p2p_nvmet_memory {
	P2P_NVMET_OFF = 0,
	P2P_NVMET_AUTO,
	P2P_NVMET_DEVICE,
};

/* A wish for nvmet namespaces. */
struct p2p_nvmet_wish {
	const char *name; /* unique among rules too */
	struct p2p_where where;
	const char *const *hosts;
	size_t host_count;
	const char *subsystem; /* a pattern of names */
	const char *namespace; /* a number; NULL: every one */
	enum p2p_nvmet_memory memory;
	struct p2p_selector provider; /* DEVICE */
	bool restart;		      /* a live namespace is disabled and enabled again; else refused */
};

/* Rules, or nvmet wishes, of all files together: every one is tried for every function. */
#define P2P_POLICY_RULES_MOST 4096

/* A file that does not count, for another folder has one of the same name. */
struct p2p_policy_hidden {
	const char *path, *by;
};

/* A rule or an nvmet wish that does not count, for a later file has one of the same name. */
struct p2p_policy_replaced {
	const char *name;
	struct p2p_where where, by;
};

struct p2p_policy {
	struct p2p_arena *arena; /* owns everything below */
	const char *const *paths; /* files read, in the order of their names; the last is evaluated first */
	size_t path_count;
	const struct p2p_policy_hidden *hidden;
	size_t hidden_count;
	struct p2p_policy_replaced *replaced;
	size_t replaced_count;
	struct p2p_policy_rule *rules;
	size_t rule_count;
	struct p2p_nvmet_wish *nvmet;
	size_t nvmet_count;
};

/* NULL is fine. */
void p2p_policy_free(struct p2p_policy *policy);

/* Rules are about endpoints: no bridge, that of the host (class 06) neither. */
bool p2p_policy_may_mean(const struct p2p_function *function);

/* Does everything that the selector asks for hold?  MAYBE: a fact that it asks for is not known. */
enum p2p_answer p2p_selector_answer(const struct p2p_selector *selector, const struct p2p_machine *machine, int index);

/* Any of them; none given is every function that rules are about. */
enum p2p_answer p2p_selectors_answer(const struct p2p_selectors *selectors, const struct p2p_machine *machine,
				     int index);

/* The same, for sure. */
bool p2p_selector_match(const struct p2p_selector *selector, const struct p2p_machine *machine, int index);
bool p2p_selectors_match(const struct p2p_selectors *selectors, const struct p2p_machine *machine, int index);

/* NO with anything is NO, else MAYBE with anything is MAYBE. */
static inline enum p2p_answer p2p_answer_and(enum p2p_answer a, enum p2p_answer b)
{
	return a == P2P_NO || b == P2P_NO ? P2P_NO : a == P2P_MAYBE || b == P2P_MAYBE ? P2P_MAYBE : P2P_YES;
}

/*
 * Does `a` match everything on every host that `b` matches?  Then a rule `b`
 * after `a` can never decide.  Only what can be seen from the words of two
 * rules: false does not mean that there is something left for `b`.
 */
bool p2p_rule_covers(const struct p2p_policy_rule *a, const struct p2p_policy_rule *b);
bool p2p_nvmet_covers(const struct p2p_nvmet_wish *a, const struct p2p_nvmet_wish *b);

/* Does every text that fits one of the patterns `b` fit one of `a`?  None is all. */
bool p2p_patterns_cover(const char *const *a, size_t a_count, const char *const *b, size_t b_count);

/* "leave", "off", "on"; "boot", "runtime". */
const char *p2p_redirect_name(enum p2p_redirect_wish redirect);
const char *p2p_by_name(enum p2p_wish_by by);

/* "allow", "deny"; "switch", "root-port", ... as the file says them. */
const char *p2p_permit_name(enum p2p_permit permit);
const char *p2p_within_name(enum p2p_within within);

#endif
