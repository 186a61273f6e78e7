/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source: answers a key with bytes, a link or a list.  The one seam through
 * which anything is read; it never grows past these three verbs.  Floor 2 (io).
 *
 * A key is a path without a leading slash.  Its first word chooses the mount:
 *
 *   sys/ proc/        files of the machine            (source-files.c)
 *   kernel/p2pdma     is P2PDMA built in: "y symbol", "n config", ... (kernel.c)
 *   kernel/allowlist  the running kernel's own table of root complexes, live
 *                     only                            (kernel-allowlist.c)
 *   kernel/list-order "creation": `list` is in the kernel's order;
 *                     "name": it is sorted by name and says nothing
 *   names/vendor/VVVV names/device/VVVV:DDDD names/class/CCCC[PP]
 *                     names from pci.ids, hex in lower case     (pcilib.c)
 *   published/state.json  what p2pctl published, where it can be believed;
 *   published/age     and for how many seconds it has been (published.c)
 *   published/acs-changes  what p2pctl changed of ACS in this boot (acs-changes.c)
 *   results/bench.jsonl  what p2pctl bench found, where it can be believed (results.c)
 *   net/NAME          rtnetlink's words of a network interface  (netlink.c)
 *
 * Errors are facts: -ENOENT the machine has none; -EACCES, -EPERM may not
 * look; -ENODATA never recorded; -EIO and the rest: it failed.
 *
 * Forms: live (source-files.c), snapshot, lspci, rdma-topo, record (a tee around any).
 * A source does not cache.
 */
#ifndef P2P_IO_SOURCE_H
#define P2P_IO_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "../base/names.h"
#include "../base/problem.h"

/* What a source was asked for; the one place where reads are counted. */
struct p2p_source_stats {
	uint64_t reads, links, lists, bytes;
	uint64_t config_reads, config_bytes; /* keys that end in /config */
};

struct p2p_source;

/*
 * The longest key.  No component of a key is empty, "." or ".."; no byte of it is NUL.
 */
#define P2P_SOURCE_KEY_MAX 1023

/* 0, or -EINVAL: not a key.  p2p_source_read, _link and _list answer so by themselves. */
int p2p_source_key_check(const char *key);

/*
 * The one order of keys and of names in a folder without an order of its own:
 * by component, PCI addresses first and as numbers, the rest as people sort.
 * <0, 0 only for equal keys, >0.
 */
int p2p_source_key_compare(const char *a, const char *b);

struct p2p_source_ops {
	int (*read)(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
		    size_t *ret);
	int (*link)(struct p2p_source *source, const char *key, struct p2p_buf *ret);
	int (*list)(struct p2p_source *source, const char *key, struct p2p_names *ret);
	void (*free)(struct p2p_source *source);
};

/* The head of every form's own struct. */
struct p2p_source {
	const struct p2p_source_ops *ops;
	struct p2p_source_stats stats;
};

/*
 * Up to `length` bytes of `key` from `offset`; fewer only at its end.
 * *ret is the number of bytes; untouched on failure.
 */
int p2p_source_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
		    size_t *ret);

/* Where the link `key` points, as the link says it; replaces what `ret` held. */
int p2p_source_link(struct p2p_source *source, const char *key, struct p2p_buf *ret);

/*
 * The names in the folder `key`, without "." and "..", in the order in which
 * the kernel made them where `kernel/list-order` is "creation".
 */
int p2p_source_list(struct p2p_source *source, const char *key, struct p2p_names *ret);

/* All of `key` as terminated text, at most `max` bytes (-EFBIG over that; -EINVAL: a NUL in it). */
int p2p_source_read_text(struct p2p_source *source, const char *key, size_t max, struct p2p_buf *ret);

/* NULL is fine. */
void p2p_source_free(struct p2p_source *source);

/* This machine: files under "/", and every library mount. */
int p2p_source_open_live(struct p2p_problem *problem, struct p2p_source **ret);

/* A copied tree: files under `dir`, nothing outside it, no library that speaks of this machine. */
int p2p_source_open_root(const char *dir, struct p2p_problem *problem, struct p2p_source **ret);

/* A snapshot, an `lspci -xxxx` dump or one of rdma_topo, told apart by content; "-" is standard input. */
int p2p_source_open_file(const char *path, struct p2p_problem *problem, struct p2p_source **ret);

/* The same from memory, for `path` in messages. */
int p2p_source_parse_snapshot(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			      struct p2p_source **ret);
int p2p_source_parse_lspci(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			   struct p2p_source **ret);
int p2p_source_parse_rdma_topo(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			       struct p2p_source **ret);

/*
 * A tee: passes everything on to `inner`, which it owns from now on, and keeps
 * the transcript.
 */
struct p2p_source *p2p_source_record(struct p2p_source *inner);

/*
 * Passes on only what answers depend on, without naming people, sites or
 * network interfaces; owns `inner` from now on.
 */
struct p2p_source *p2p_source_anonymize(struct p2p_source *inner);

/* The transcript of a recording source so far, as a snapshot's text (p2p-snapshot(5)). */
void p2p_source_transcript(const struct p2p_source *record, struct p2p_buf *ret);

#endif
