/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"

const char *p2p_bench_level_name(enum p2p_bench_level level)
{
	static const char *const names[] = {
		[P2P_BENCH_NOTHING] = "nothing", [P2P_BENCH_ALLOWED] = "allowed", [P2P_BENCH_WORKS] = "works",
		[P2P_BENCH_INTACT] = "intact",	 [P2P_BENCH_FASTER] = "faster",
	};

	return names[level];
}
