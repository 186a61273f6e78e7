/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bench result with something in every member. */
#ifndef P2P_TESTS_UNIT_CHECK_RESULT_H
#define P2P_TESTS_UNIT_CHECK_RESULT_H

#include "../../core/model/bench.h"

static const double result_rates[] = { 1e9, 1.25e9, 0.1, 3 };
static const struct p2p_bench_damage result_damage[] = { { "swapped", 2, 4096 }, { "zeroed", 1, 0 } };
static const char *const result_faults[] = { "DMAR: [DMA Write NO_PASID] \"quoted\"", "\x01 \xc3\xa9nd" };
static const struct p2p_bench_word result_words[] = {
	{ "kernel", "7.2.12" }, { "bios", "" }, { "cmdline", "pci=noaer \"x\"" }, { "acs 0000:00:01.0", NULL },
};

static inline struct p2p_bench_way result_way(void)
{
	return (struct p2p_bench_way){ .ops = 10, .bytes = 40960, .ns = 1000, .cpu_ns = 5, .p50 = 1, .p99 = 2,
				       .p999 = 3, .max = 4, .rates = result_rates, .rate_count = 4 };
}

static inline struct p2p_bench_result result_make(struct p2p_bench_cell cells[2])
{
	cells[0] = (struct p2p_bench_cell){
		.bs = 4096, .depth = 8, .jobs = 1, .peer = result_way(), .bounce = result_way(),
		.ratio_fact = p2p_fact_of(0, P2P_ORIGIN_READ), .ratio = 1.5, .ratio_low = 1.25, .ratio_high = 1.1,
		.faster = P2P_YES, .avoided = 81920,
		.proof = { .done = true, .checked = 10, .distinct = 9 },
	};
	cells[1] = (struct p2p_bench_cell){
		.bs = 1 << 20, .depth = 32, .jobs = 2, .random = true, .problem = "needs 32M of peer memory",
		.peer = { .ops = 1, .error = -5 },
		.proof = { .done = true, .checked = 3, .wrong = 3, .outside = 7, .damage = result_damage,
			   .damage_count = 2 },
	};
	return (struct p2p_bench_result){
		.when = 1795204140, .provider = "0000:03:00.0", .src = "0000:04:00.0", .src_path = "/dev/nvme1n1",
		.backend = "p2pmem", .engine = "io_uring", .level = P2P_BENCH_INTACT, .why = "no \\ faster",
		.bytes_per_second = 3000000000u, .limit = p2p_number_read(UINT64_C(8) << 40), .limit_link = "03:00.0",
		.cells = cells, .cell_count = 2, .identity = result_words, .identity_count = 4,
		.faults = result_faults, .fault_count = 2,
	};
}

#endif
