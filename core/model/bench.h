/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: what one run of the copy benchmark found of one pair.  Floor 1 (model).
 *
 * p2pctl fills it, core/io/results.c keeps it as a line of JSON and reads it
 * back, p2ptopo shows it as long as nothing it rests on has changed.
 */
#ifndef P2P_MODEL_BENCH_H
#define P2P_MODEL_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "fact.h"

/* The highest that was proved; each needs the ones before it. */
enum p2p_bench_level {
	P2P_BENCH_NOTHING = 0, /* not tried, refused, or it failed before it could be told */
	P2P_BENCH_ALLOWED,     /* the kernel allows it; the I/O failed or hung */
	P2P_BENCH_WORKS,       /* the I/O says success; bytes were not checked, or arrived wrong */
	P2P_BENCH_INTACT,      /* every checked byte arrived */
	P2P_BENCH_FASTER,      /* and it was faster than the bounce, beyond noise */
};

/* What happened to blocks that did not arrive as they should: core/base/proof.h has the meaning. */
struct p2p_bench_damage {
	const char *kind;    /* "swapped", "missing", ... */
	uint64_t count;	     /* blocks */
	uint64_t first;	     /* byte offset of the first on its device */
};

struct p2p_bench_proof {
	bool done;		/* false: nothing was checked, and nothing else here counts */
	uint64_t checked, wrong; /* blocks */
	uint64_t distinct;	/* how many of the checked blocks had content of their own: what the proof is worth */
	uint64_t outside;	/* bytes changed beside the range that was written */
	const struct p2p_bench_damage *damage;
	size_t damage_count;
};

/* One way of copying, all rounds together.  Times in ns; percentiles are of a whole copy. */
struct p2p_bench_way {
	uint64_t ops, bytes, ns, cpu_ns;
	uint64_t p50, p99, p999, max;
	const double *rates; /* bytes/s, one a round: the samples that --compare ranks */
	size_t rate_count;
	int error;	     /* negative errno of the first transfer that failed; 0 none */
};

struct p2p_bench_cell {
	uint32_t bs;
	unsigned depth, jobs;
	bool random;
	struct p2p_bench_way peer, bounce; /* `rate_count` 0: that way was not taken */
	/* peer : bounce, paired by rounds, with its 95 % interval; ABSENT: too few rounds. */
	struct p2p_fact ratio_fact;
	double ratio, ratio_low, ratio_high;
	enum p2p_answer faster;	/* MAYBE: too noisy to tell */
	uint64_t avoided;	/* bytes that did not cross the host's memory: each leg counts */
	struct p2p_bench_proof proof;
	const char *problem;	/* why there is nothing: "needs 32M of peer memory, 15.9M are free"; NULL */
};

/*
 * What a result rests on, as words in a fixed order: a result is void as soon
 * as one of them is another.  core/engine/bench-identity.h makes and compares
 * them; nobody else looks into them.
 */
struct p2p_bench_word {
	const char *name;  /* "kernel", "provider.serial", "acs 0000:00:01.0/00.0" */
	const char *value; /* "": there is none; NULL: could not be known, and then nothing is proved of it later */
};

struct p2p_bench_result {
	int64_t when;	   /* seconds since 1970 */
	const char *provider, *src, *dst; /* addresses with domain, of the functions; NULL: that leg is left out */
	const char *src_path, *dst_path;  /* "/dev/nvme1n1" */
	const char *backend, *engine;	  /* "p2pmem", "io_uring" */
	enum p2p_bench_level level;
	const char *why;   /* one sentence: what keeps it from the next level; NULL at FASTER */
	uint64_t bytes_per_second; /* of the best cell that reached the level; 0: none */
	struct p2p_number limit;   /* bytes/s that the narrowest link on the way can carry */
	const char *limit_link;	   /* which, and why: "03:00.0: 2.5 GT/s x1, 8b/10b, 128-byte payloads" */
	const struct p2p_bench_cell *cells;
	size_t cell_count;
	const struct p2p_bench_word *identity;
	size_t identity_count;
	const char *const *faults; /* lines of the kernel's log about this pair during the run */
	size_t fault_count;
	bool refused;	   /* the kernel took the host's memory and would not take the peer's */
	bool hung;	   /* a transfer never ended */
	bool interrupted;  /* by a person: cells are missing */
};

/* "allowed", "works", ...; "nothing". */
const char *p2p_bench_level_name(enum p2p_bench_level level);

/* The level of that name.  False, and *ret untouched: there is none. */
bool p2p_bench_level_find(const char *name, enum p2p_bench_level *ret);

/*
 * The cell that `bytes_per_second` is of: the fastest through peer memory that
 * reached the result's level; its speed in bytes/s.  NULL, and *ret untouched:
 * none did.
 */
const struct p2p_bench_cell *p2p_bench_best(const struct p2p_bench_result *result, double *ret);

/* Did it find that bytes do not arrive, that transfers fail or hang, or that bytes beside the range change? */
bool p2p_bench_is_bad(const struct p2p_bench_result *result);

/* The name of a cell, as `--compare` pairs them: "4k x 8", "4k x 8 x 2 jobs, random". */
void p2p_bench_cell_name(const struct p2p_bench_cell *cell, struct p2p_buf *ret);

#endif
