/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results: what p2pctl bench found, kept for all to read.  Floor 2 (io).
 *
 * A file of JSON lines, one result each, the newest last (schema p2p-bench/1,
 * schema/p2p-bench-1.json).  `bench --json` prints the same objects.
 */
#ifndef P2P_IO_RESULTS_H
#define P2P_IO_RESULTS_H

#include <stddef.h>
#include <stdint.h>

#include "../base/arena.h"
#include "../base/names.h"
#include "../base/problem.h"
#include "../model/bench.h"

#define P2P_RESULTS_TOP "/var/lib/p2pctl"
#define P2P_RESULTS_FOLDER "results"
#define P2P_RESULTS_DIR P2P_RESULTS_TOP "/" P2P_RESULTS_FOLDER
#define P2P_RESULTS_NAME "bench.jsonl"
#define P2P_RESULTS_SCHEMA "p2p-bench/1"

/* The file as a key of a source. */
#define P2P_RESULTS_KEY P2P_RESULTS_FOLDER "/" P2P_RESULTS_NAME

/* The file is never more bytes than this, and more are not believed; of a pair so many results are kept. */
#define P2P_RESULTS_MAX ((size_t)8 << 20)
#define P2P_RESULTS_KEEP 8

struct p2p_results {
	struct p2p_bench_result *list; /* in the order of the file: the newest last */
	size_t count;
	struct p2p_names bad; /* what could not be read, a sentence each; the first few */
	size_t bad_count;     /* of all */
};

/*
 * Adds a result to the file in `dir`, which is made where it is missing (its
 * parent too).  What is over the caps goes, oldest first; lines that cannot be
 * read go too.  All or nothing, whatever happens, and one process at a time.
 * On failure the problem is set: -EBUSY another one holds the lock; -EPERM the
 * folder or the file is not ours.
 */
int p2p_results_add(const char *dir, const struct p2p_bench_result *result, struct p2p_problem *problem);

/*
 * The results kept in `dir`; 0 and none when nothing was ever kept.  Memory from
 * `arena`, but for `bad`: p2p_results_free.
 */
int p2p_results_load(const char *dir, struct p2p_arena *arena, struct p2p_problem *problem, struct p2p_results *ret);

/*
 * Results out of text: lines, or what `bench --json` printed.  A line that is
 * damaged is left out and noted in `bad`; -EINVAL with the problem set: it is
 * neither, or such a document is damaged.
 */
int p2p_results_parse(const char *path, const char *text, size_t len, struct p2p_arena *arena,
		      struct p2p_problem *problem, struct p2p_results *ret);

/* The same of a file that a person names, whoever's it is; - is standard input.  The problem names it. */
int p2p_results_open(const char *path, struct p2p_arena *arena, struct p2p_problem *problem, struct p2p_results *ret);

/* One result as one JSON object on one line, without a newline. */
void p2p_results_format(const struct p2p_bench_result *result, struct p2p_buf *ret);

/* Frees `bad`; the results are the arena's. */
void p2p_results_free(struct p2p_results *results);

/*
 * Bytes of this machine's file, as a source's read.  -ENOENT: there is none;
 * -EPERM: it, or its folder, is not root's or can be written by others.
 */
int p2p_results_read(uint64_t offset, void *buffer, size_t length, size_t *ret);

#endif
