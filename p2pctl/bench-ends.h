/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which disk or file a word names, opened.  Floor 6. */
#ifndef P2PCTL_BENCH_ENDS_H
#define P2PCTL_BENCH_ENDS_H

#include "bench.h"
#include "ctl.h"

/*
 * A disk (nvme0n1, nvme0, 03:00.0, /dev/nvme0n1) or a file by its path, opened
 * for reading with O_DIRECT; all of it is its range.  P2P_EXIT_OK, or the
 * complaint was printed.  bench_close_end is due after P2P_EXIT_OK.
 */
enum p2p_exit bench_open_end(struct ctl *ctl, const char *word, struct bench_end *ret);
/* Only the path that a word means.  P2P_EXIT_OK, or the complaint was printed. */
enum p2p_exit bench_find_end(struct ctl *ctl, const char *word, const char **ret);
void bench_close_end(struct bench_end *end);

#endif
