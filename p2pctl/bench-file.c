/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As p2pmem, between files: as applications do it, through a filesystem with O_DIRECT. */
#include "bench.h"

static int open_memory(struct bench_unit *unit, struct p2p_problem *problem)
{
	return bench_map(unit, unit->job->allocate, problem);
}

const struct bench_backend bench_backend_file = {
	.word = "file",
	.says = "files on a disk, through the provider's memory",
	.peer = true,
	.files = true,
	.control = &bench_backend_bounce,
	.open = open_memory,
	.close = bench_unmap,
};
