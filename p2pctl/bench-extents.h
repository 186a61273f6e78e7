/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is what a file is measured by the disk below it?  Floor 6. */
#ifndef P2PCTL_BENCH_EXTENTS_H
#define P2PCTL_BENCH_EXTENTS_H

#include <stdbool.h>

#include "bench.h"
#include "core/cli/cli.h"

/*
 * Looks at the regular file of an opened end: may peer pages reach its disk
 * (`peer`), and where it is `read`, does each byte of the range come from there?  A hole, or what
 * was only preallocated, is read as zeros that the CPU writes.  A disk is always
 * fine.  P2P_EXIT_OK; P2P_EXIT_NO with the problem set: it would measure something else.
 */
enum p2p_exit bench_extents_check(const struct bench_end *end, bool peer, bool read, struct p2p_problem *problem);

#endif
