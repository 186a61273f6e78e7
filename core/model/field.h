/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Field: every fact of a host, a host bridge, a function and a namespace of
 * the NVMe target, one row each: what it is called, how it is written, when two of them are alike, and which
 * part of the judge asks for it.  Floor 1 (model).
 *
 * A fact that is added to core/model/machine.h is one row in field.c.  Not
 * there: addresses (bus numbers, where a BAR is), which a machine may give
 * anew at every boot; the names of pci.ids, which are those of the computer
 * that read it; where an answer was found (p2pdma_from).
 */
#ifndef P2P_MODEL_FIELD_H
#define P2P_MODEL_FIELD_H

#include <stddef.h>

#include "../base/buf.h"
#include "machine.h"

/* Facts that the judge asks for together: what may change an answer.  NONE: no answer depends on it. */
enum p2p_group {
	P2P_GROUP_NONE = 0,
	P2P_GROUP_KERNEL,   /* the release, and whose it is */
	P2P_GROUP_P2PDMA,
	P2P_GROUP_CPU,
	P2P_GROUP_IOMMU,
	P2P_GROUP_RUNNING,  /* the running kernel's own allowlist */
	P2P_GROUP_ROOT,     /* what the kernel looks up for a host bridge */
	P2P_GROUP_ACS,
	P2P_GROUP_DRIVER,   /* this and the next two: of the offer and the client */
	P2P_GROUP_MEMORY,
	P2P_GROUP_CHILDREN,
	P2P_GROUP_COUNT,
};

enum p2p_field_flags {
	P2P_FIELD_WORDS = 1,    /* a list of words: only those that differ need be shown */
	P2P_FIELD_PART = 2,     /* compared only where known on both sides: another field says whether it is there */
	P2P_FIELD_MOMENT = 4,   /* changes by itself while a machine runs */
	P2P_FIELD_IDENTITY = 8, /* another value is another device */
	P2P_FIELD_APART = 16,   /* its values mean nothing by themselves: p2p_diff compares them */
};

enum p2p_compared {
	P2P_SAME = 0,
	P2P_DIFFERS,
	P2P_ONE_SIDED, /* known on one side and not on the other */
};

struct p2p_field_kind;

struct p2p_field {
	const char *id;    /* in JSON; never changes */
	const char *title; /* for people */
	const struct p2p_field_kind *kind;
	enum p2p_group group;
	unsigned flags;    /* enum p2p_field_flags */
	size_t offset, size; /* in its struct */
};

extern const struct p2p_field p2p_host_fields[];
extern const size_t p2p_host_field_count;
extern const struct p2p_field p2p_hostbridge_fields[];
extern const size_t p2p_hostbridge_field_count;
extern const struct p2p_field p2p_function_fields[];
extern const size_t p2p_function_field_count;
extern const struct p2p_field p2p_namespace_fields[];
extern const size_t p2p_namespace_field_count;

/* `object` is the struct that has the field: p2p_host, p2p_hostbridge, p2p_function, p2p_namespace. */
struct p2p_fact p2p_field_fact(const struct p2p_field *field, const void *object);

/* The value as text, without regard to whether it is known; foreign bytes. */
void p2p_field_format(const struct p2p_field *field, const void *object, struct p2p_buf *ret);

/* A value that was assumed on one side only is not known there. */
enum p2p_compared p2p_field_compare(const struct p2p_field *field, const void *a, const void *b);

/* Puts the value of `from` into `to`; texts stay where they are. */
void p2p_field_copy(const struct p2p_field *field, const void *from, void *to);

/* Is a fact known on this side, given how the other side knows it? */
bool p2p_fact_known_beside(struct p2p_fact fact, struct p2p_fact other);

/* Which of two lists of devices of drivers differ; kinds that could not be listed on one side are not compared. */
enum p2p_compared p2p_children_compare(const struct p2p_child *a, unsigned a_kinds, const struct p2p_child *b,
				       unsigned b_kinds);

#endif
