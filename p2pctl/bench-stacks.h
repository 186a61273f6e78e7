/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the threads of a process wait in the kernel.  Floor 6. */
#ifndef P2PCTL_BENCH_STACKS_H
#define P2PCTL_BENCH_STACKS_H

#include "core/base/names.h"

/*
 * One line a kind of waiting, "thread 1234, state D, in io_schedule <-
 * bio_wait <- ...": innermost first.  What may not be read is left out: the stack
 * is root's, and names of functions are nobody's where the kernel hides them.
 */
void bench_stacks_read(int pid, struct p2p_names *ret);

#endif
