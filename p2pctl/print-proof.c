/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print-proof.h"

#include "bench-prove.h"
#include "core/base/text.h"

static unsigned long long number(uint64_t value)
{
	return value;
}

/* "bs=4K iodepth=8, after a timed slice: " */
static void begin(const struct bench_cell *cell, const char *when, struct p2p_buf *ret)
{
	p2p_buf_reset(ret);
	p2p_buf_puts(ret, "bs=");
	p2p_text_size(ret, cell->bs);
	p2p_buf_printf(ret, " iodepth=%u%s%s: ", cell->depth, *when ? ", " : "", when);
}

/* One kind of damage: "2 swapped, the first at byte 4096 (it holds what belongs to 8192)". */
static void say_kind(const struct bench_cell *cell, const char *when, enum p2p_proof_kind kind,
		     const struct p2p_proof_class *class, struct p2p_names *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;

	begin(cell, when, &text);
	p2p_buf_printf(&text, "%llu %s, the first at byte %llu", number(class->blocks), p2p_proof_kind_name(kind),
		       number(class->first));
	if (kind == P2P_PROOF_SWAPPED || kind == P2P_PROOF_DUPLICATED)
		p2p_buf_printf(&text, " (it holds what belongs to byte %llu)", number(class->from));
	else if (kind == P2P_PROOF_STALE && class->stamped && class->found.pair == BENCH_PAIR_SLOT)
		p2p_buf_puts(&text, " (it is what stood in memory before: nothing was read into it)");
	else if (kind == P2P_PROOF_FLIPPED || kind == P2P_PROOF_TORN)
		p2p_buf_printf(&text, " (byte %llu, %llu bits)", number(class->byte), number(class->bits));
	p2p_names_add(ret, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void say_kinds(const struct bench_cell *cell, const char *when, const struct p2p_proof_result *result,
		      struct p2p_names *ret)
{
	for (int kind = P2P_PROOF_RIGHT + 1; kind < P2P_PROOF_KINDS; kind++)
		if (result->kinds[kind].blocks)
			say_kind(cell, when, (enum p2p_proof_kind)kind, &result->kinds[kind], ret);
}

static void say_bytes(const struct bench_cell *cell, const char *what, uint64_t bytes, uint64_t at,
		      struct p2p_names *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;

	begin(cell, "", &text);
	p2p_buf_printf(&text, "%llu bytes changed %s, the first at byte %llu", number(bytes), what, number(at));
	p2p_names_add(ret, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void say_cell(const struct bench_run *run, const struct bench_cell *cell, struct p2p_names *ret)
{
	const struct bench_check *check = &cell->check;

	if (check->done)
		say_kinds(cell, "", &check->proof, ret);
	say_kinds(cell, "after a timed slice", &check->slices[BENCH_MEASURED], ret);
	if (run->control)
		say_kinds(cell, "after a timed slice through the host's memory", &check->slices[BENCH_CONTROL], ret);
	if (check->outside)
		say_bytes(cell,
			  check->outside_of_source ? "beside the range on the source" : "beside the written range",
			  check->outside, check->outside_at, ret);
	if (check->canary)
		say_bytes(cell, "between the blocks in memory", check->canary, check->canary_at, ret);
}

void bench_proof_says(const struct bench_run *run, struct p2p_names *ret)
{
	for (size_t i = 0; i < run->cell_count; i++)
		say_cell(run, &run->shared->cells[i], ret);
}
