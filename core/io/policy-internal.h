/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the readers of YAML files share: a document as a tree of nodes that
 * know where they stand.  Floor 2 (io); only for core/io/policy-*.c.
 *
 * Of YAML only this is taken: one document of mappings, sequences and scalars.
 * Anchors, aliases and tags are refused: they make files that are small to
 * read and huge to load, and nobody needs them here.
 */
#ifndef P2P_IO_POLICY_INTERNAL_H
#define P2P_IO_POLICY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/problem.h"
#include "problems.h"

enum p2p_yaml_kind {
	P2P_YAML_SCALAR = 0,
	P2P_YAML_LIST,
	P2P_YAML_MAP,
};

struct p2p_yaml {
	enum p2p_yaml_kind kind;
	bool plain;                           /* a scalar without quotes */
	unsigned line, column;                /* from 1 */
	const char *text;                     /* of a scalar */
	const struct p2p_yaml *key;           /* of a value in a mapping */
	struct p2p_yaml *first, *last, *next; /* what a list or mapping holds */
	size_t count;
};

/* One file while it is read. */
struct p2p_yaml_file {
	const char *path; /* for messages */
	struct p2p_problem *problem;
	struct p2p_arena *nodes; /* owns the tree */
	struct p2p_arena *keep;  /* owns what outlives it */
	/* Not NULL: every mistake is added here and the reading goes on; `problem` then has the last. */
	struct p2p_problems *all;
};

/* The file's bytes, at most 1 MiB, regular files only. */
int p2p_yaml_load(const char *path, struct p2p_problem *problem, struct p2p_buf *ret);

/* The tree of the one document in `text`; -EINVAL with path:line:column. */
int p2p_yaml_parse(const struct p2p_yaml_file *file, const char *text, size_t len, const struct p2p_yaml **ret);

/* Sets, or adds, "path:line:column: ..." and returns -EINVAL. */
int p2p_yaml_fail(const struct p2p_yaml_file *file, const struct p2p_yaml *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A key that a mapping may have, and what takes its value into `into`. */
struct p2p_yaml_field {
	const char *word;
	bool needed;
	int (*take)(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into);
};

/* Takes every value of `map`; complains of unknown and missing keys.  `what` names the mapping: "a row". */
int p2p_yaml_take(const struct p2p_yaml_file *file, const struct p2p_yaml *map, const char *what,
		  const struct p2p_yaml_field *fields, size_t count, void *into);

/* The value of a key; NULL when there is none, or `map` is no mapping. */
const struct p2p_yaml *p2p_yaml_find(const struct p2p_yaml *map, const char *word);

/* Is it the bare word `word`, without quotes? */
bool p2p_yaml_is(const struct p2p_yaml *value, const char *word);

#endif
