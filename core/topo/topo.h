/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every verb of both programs needs: the input opened, scanned and made
 * ready to be judged.  Floor 5 (topo).
 */
#ifndef P2P_TOPO_TOPO_H
#define P2P_TOPO_TOPO_H

#include "../cli/cli.h"
#include "../engine/judge.h"
#include "../io/pcilib.h"
#include "../io/scan.h"
#include "../model/choice.h"
#include "../view/view.h"

/* Where the hardware rows are; each program has its own (paths.c). */
extern const char topo_allowlist_path[];

struct topo {
	const struct p2p_cli *cli;
	struct p2p_source *source;
	struct p2p_arena *arena; /* assumptions, texts */
	struct p2p_machine *machine;
	struct p2p_machine *read; /* --across: as it was read, nothing assumed; else NULL */
	struct p2p_assume assume; /* what --assume gave */
	struct p2p_hardware *hardware;
	struct p2p_judge *judge;
	struct p2p_filter *filter; /* -s, -d; NULL: everything */
	struct p2p_style style;
	bool all, domain;
	const char *file;  /* read instead of what -F or --root names; NULL: those count */
	const char *label; /* before messages, where there are several machines; NULL: none */
};

/*
 * Opens what -F, --root or neither names, scans it for `want` and prepares the
 * judge.  Messages go to stderr.  An exit code other than P2P_EXIT_OK: the
 * complaint was printed, and topo_close() is still due.
 */
enum p2p_exit topo_open(const struct p2p_cli *cli, unsigned want, struct topo *topo);

/* The same of several machines: `file` is read, or when it is NULL what -F, --root or neither names. */
enum p2p_exit topo_open_one_of(const struct p2p_cli *cli, const char *file, const char *label, unsigned want,
			       struct topo *topo);

/* The source alone, recording: for `snapshot`. */
enum p2p_exit topo_open_source(const struct p2p_cli *cli, struct topo *topo);

/* The same in two steps, for who puts something before the source in between (p2pctl's overlay). */
enum p2p_exit topo_begin(const struct p2p_cli *cli, struct topo *topo);
enum p2p_exit topo_look(struct topo *topo, unsigned want);

void topo_close(struct topo *topo);

/* Prints the problem and returns the exit code for a negative errno of reading. */
enum p2p_exit topo_complain(const struct topo *topo, const struct p2p_problem *problem);

/*
 * -o and -H: the columns to print.  P2P_EXIT_OK with ret->count 0: they were listed, and that was all.  Of `topo` only
 * `cli` and `arena` are used: nothing need be open.
 */
enum p2p_exit topo_columns(const struct topo *topo, const struct p2p_column *columns, size_t count,
			   struct p2p_choice *ret);

/* -H alone: what topo_columns prints for it, with nothing open. */
enum p2p_exit topo_list_columns(const struct p2p_cli *cli, const struct p2p_column *columns, size_t count);

/* Should a listing show that function?  -a, -s, -d; the default is likely peers. */
bool topo_shows(const struct topo *topo, int index);

/* Does it match -s and -d?  Without them everything does. */
bool topo_matches(const struct topo *topo, int index);

/*
 * The function that a word names: an address, or a device such as nvme0,
 * nvme0n1, eth0, mlx5_0, card1.  P2P_NOBODY: the complaint was printed.
 */
int topo_device(const struct topo *topo, const char *word);

/* "03:00.0" or "0000:03:00.0", as the machine and -D ask for. */
const char *topo_address(const struct topo *topo, int index, char text[P2P_BDF_TEXT]);

/* "NVMe SSD Controller PM9A1" or "144d:a80a"; the names of its children first where it has any. */
void topo_name(const struct topo *topo, int index, struct p2p_buf *ret);

/* One line about the kernel, P2PDMA, processor and IOMMU. */
void topo_host_line(const struct topo *topo, struct p2p_buf *ret);

/* "p2ptopo -F box.snap": how this machine is asked again. */
void topo_command(const struct topo *topo, struct p2p_buf *ret);

/* Where ACS is not known because only root may read it: what to do, once below a listing for people. */
void topo_print_privilege(const struct topo *topo);

/* What was assumed, one sentence each, after a listing for people. */
void topo_print_assumptions(const struct topo *topo);

/* What a value or an argument of either program may be, for completions (complete.c). */
bool topo_complete(const struct p2p_complete *ask);

/* A sentence or more wrapped to the terminal, foreign bytes made visible; lines begin with `first`, then `rest`. */
void topo_print_text(const struct topo *topo, const char *first, const char *rest, const char *text);

/* 16 MiB -> "16M"; exact sizes only get a unit. */
void topo_size(uint64_t bytes, struct p2p_buf *ret);

#endif
