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
#include <stdint.h>

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

/* The same of a file that is open; `path` is for messages. */
int p2p_yaml_read(int fd, const char *path, struct p2p_problem *problem, struct p2p_buf *ret);

/* The tree of the one document in `text`; -EINVAL with path:line:column. */
int p2p_yaml_parse(const struct p2p_yaml_file *file, const char *text, size_t len, const struct p2p_yaml **ret);

/* Sets, or adds, "path:line:column: ..." and returns -EINVAL. */
int p2p_yaml_fail(const struct p2p_yaml_file *file, const struct p2p_yaml *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* policy-trust.c: opens what may be believed, see there; a negative errno with the sentence in `problem`. */
int p2p_trust_open(const char *path, struct p2p_problem *problem);

/* A key that a mapping may have, and what takes its value into `into`. */
struct p2p_yaml_field {
	const char *word;
	bool needed;
	int (*take)(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into);
};

/* Takes every value of `map`; complains of unknown and missing keys.  `what` names the mapping: "a row". */
int p2p_yaml_take(const struct p2p_yaml_file *file, const struct p2p_yaml *map, const char *what,
		  const struct p2p_yaml_field *fields, size_t count, void *into);

/* Looked at before all else: the keys of another schema would only look like mistakes. */
int p2p_yaml_check_schema(const struct p2p_yaml_file *file, const struct p2p_yaml *top, const char *schema);

/* The field "schema", which that has looked at. */
int p2p_yaml_take_schema(const struct p2p_yaml_file *file, const struct p2p_yaml *value, void *into);

/* The value of a key; NULL when there is none, or `map` is no mapping. */
const struct p2p_yaml *p2p_yaml_find(const struct p2p_yaml *map, const char *word);

/*
 * Is it a text to every reader of YAML?  5, 1e6, true, ~ and nothing at all are
 * something else without quotes (YAML 1.2, the core schema).
 */
bool p2p_yaml_is_text(const struct p2p_yaml *value);

/*
 * Values, policy-values.c: each takes one into `ret`, kept in file->keep, or
 * complains.  A text has no control characters and is one to every reader.
 */
int p2p_yaml_take_text(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char **ret);
int p2p_yaml_take_texts(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char *const **ret,
			size_t *ret_count);
int p2p_yaml_take_truth(const struct p2p_yaml_file *file, const struct p2p_yaml *value, bool *ret);

/* 16M, 10G, 4096: bytes in powers of 1024, at least one. */
int p2p_yaml_take_bytes(const struct p2p_yaml_file *file, const struct p2p_yaml *value, uint64_t *ret);

/* One of `words`; its place among them. */
int p2p_yaml_take_choice(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char *const *words,
			 size_t count, size_t *ret);

/* Complains that it is none of them, and names the nearest; `rest` goes on after the words. */
int p2p_yaml_fail_choice(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char *const *words,
			 size_t count, const char *rest);

/* Digits and nothing else, without quotes: a number to every reader of YAML. */
bool p2p_yaml_is_digits(const struct p2p_yaml *value);

/* Is it the bare word `word`, without quotes? */
bool p2p_yaml_is(const struct p2p_yaml *value, const char *word);

#endif
