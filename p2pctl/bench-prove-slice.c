/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Around a timed slice that writes: the first blocks of each thread's part hold
 * other stamps before it, and what they should afterwards.  Nothing of it is
 * in the time that is measured.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench-host.h"
#include "bench-prove-internal.h"

/* Of all threads together, if each has one block at least. */
#define SAMPLE (UINT64_C(1) << 20)
/* Slots of a device's memory that are stamped whole, not only their heads. */
#define WHOLE (UINT64_C(256) << 10)

static bool is_whole(const struct bench_job *job)
{
	return !job->backend->peer || (uint64_t)job->bs * job->depth <= WHOLE;
}

/* Where a thread's part begins, in blocks, as bench-copy.c shares them out. */
static uint64_t part_of(const struct bench_job *job, unsigned thread)
{
	uint64_t length = job->dst.length;

	if (job->src.fd >= 0 && job->src.length < length)
		length = job->src.length;
	return length / job->bs * thread / job->jobs;
}

/*
 * Only writing: memory holds stamps of ours, so that what is on the disk after
 * a crash is known for ours.  Of a device's memory, only the heads where it is much.
 */
static int stamp_slots(void *context, struct bench_unit *unit)
{
	struct bench_prover *prover = context;
	const struct bench_job *job = unit->job;
	uint32_t step = job->dst.unit;
	unsigned char *block = bench_host_memory(job->bs);

	if (!block)
		return -ENOMEM;
	for (unsigned slot = 0; unit->memory && slot < job->depth; slot++) {
		size_t piece = is_whole(job) ? step : 64;

		bench_stamp_fill(block, job->bs, step, bench_stamp(prover, BENCH_PAIR_OWN),
				 job->dst.offset + (uint64_t)slot * job->bs);
		for (size_t at = 0; at < job->bs; at += step)
			bench_device_store(bench_slot(unit, slot) + at, block + at, piece);
	}
	free(block);
	return 0;
}

/* Memory for the samples of all threads, one after the other. */
static size_t sample_size(const struct bench_prover *prover, const struct bench_job *job)
{
	return prover->sampled * job->bs * job->jobs;
}

/* Reads the sample of each thread. */
static int read_samples(struct bench_prover *prover, const struct bench_job *job, const struct bench_end *end,
		       unsigned char *memory)
{
	int error = 0;

	for (unsigned i = 0; i < job->jobs && !error; i++) {
		size_t bytes = prover->sampled * job->bs;

		error = bench_host_read(end->host_fd, memory + i * bytes, bytes,
					end->offset + part_of(job, i) * job->bs, prover->pulse);
	}
	return error;
}

static int put_before(struct bench_prover *prover, const struct bench_job *job)
{
	int error = 0;

	for (unsigned i = 0; i < job->jobs && !error; i++)
		error = bench_stamp_disk(prover, &job->dst, job->dst.offset + part_of(job, i) * job->bs,
					 prover->sampled * job->bs, BENCH_PAIR_BEFORE);
	return error;
}

static void note(struct bench_cell *cell, const struct bench_job *job, int error)
{
	if (!cell->check.error)
		cell->check.error = p2p_problem_set(&cell->check.problem, error, "%s: %s", job->dst.path,
						    p2p_problem_errno(error));
}

const struct bench_hooks *bench_prove_before(struct bench_prover *prover, struct bench_cell *cell,
					     const struct bench_job *job)
{
	uint64_t each = SAMPLE / ((uint64_t)job->bs * job->jobs), least = UINT64_MAX;
	int error = 0;

	prover->sampled = 0;
	if (job->dst.fd < 0)
		return NULL;
	prover->cell = cell;
	prover->unit = job->dst.unit;
	prover->content = job->src.fd >= 0 && !prover->run->scratch[0];
	prover->hooks = (struct bench_hooks){ .context = prover, .open = job->src.fd < 0 ? stamp_slots : NULL };
	prover->generation++;
	for (unsigned i = 0; i < job->jobs; i++) {
		uint64_t blocks = part_of(job, i + 1) - part_of(job, i);

		least = blocks < least ? blocks : least;
	}
	if (prover->run->verify)
		prover->sampled = each > least ? least : each ? each : least != 0;
	if (prover->sampled)
		error = put_before(prover, job);
	if (!error && prover->sampled && prover->content) {
		bool room = bench_prover_room(&prover->reference, &prover->reference_room, sample_size(prover, job));

		error = room ? read_samples(prover, job, &job->src, prover->reference) : -ENOMEM;
	}
	if (error) {
		note(cell, job, error);
		prover->sampled = 0;
	}
	return &prover->hooks;
}

/* ------------------------------------------------------------- afterwards */

/* A block that was written from memory that the processor stamped: whose it is, is all that can be said. */
static enum p2p_proof_kind kind_of(const struct bench_prover *prover, const struct bench_job *job,
				   const unsigned char *block)
{
	const struct p2p_stamp own = bench_stamp(prover, BENCH_PAIR_OWN),
			       before = bench_stamp(prover, BENCH_PAIR_BEFORE);
	enum p2p_proof_kind kind = P2P_PROOF_RIGHT;

	for (size_t at = 0; at < job->bs; at += prover->unit) {
		struct p2p_stamp found;
		enum p2p_stamp_state state = p2p_stamp_read(block + at, prover->unit, &found);
		enum p2p_proof_kind here = P2P_PROOF_FOREIGN;

		if (state != P2P_STAMP_FOREIGN && found.run == own.run && found.pair == before.pair)
			here = P2P_PROOF_MISSING;
		else if (state != P2P_STAMP_FOREIGN && found.run == own.run && found.pair == own.pair)
			here = found.generation != own.generation		      ? P2P_PROOF_STALE
			       : state == P2P_STAMP_DAMAGED && is_whole(job) ? P2P_PROOF_TORN
									      : P2P_PROOF_RIGHT;
		else if (!block[at] && !memcmp(block + at, block + at + 1, prover->unit - 1))
			here = P2P_PROOF_ZEROED;
		kind = !at || here == kind ? here : P2P_PROOF_TORN;
	}
	return kind;
}

static void judge_own(const struct bench_prover *prover, const struct bench_job *job, uint64_t place,
		      struct p2p_proof_result *ret)
{
	enum p2p_proof_kind kind = kind_of(prover, job, prover->got);

	*ret = (struct p2p_proof_result){ .blocks = 1, .bytes = job->bs, .bad = kind != P2P_PROOF_RIGHT };
	ret->kinds[kind].blocks = 1;
	ret->kinds[kind].first = ret->kinds[kind].byte = place;
}

/* Adds what was found; blocks that the slice may not have come to are no fault as they were. */
static void merge(struct p2p_proof_result *into, const struct p2p_proof_result *found, bool reached)
{
	for (int kind = P2P_PROOF_RIGHT; kind < P2P_PROOF_KINDS; kind++) {
		uint64_t blocks = found->kinds[kind].blocks, before = into->kinds[kind].blocks;

		if (!blocks || (kind == P2P_PROOF_MISSING && !reached))
			continue;
		if (!before)
			into->kinds[kind] = found->kinds[kind];
		into->kinds[kind].blocks = before + blocks;
		into->blocks += blocks;
		into->bad += kind == P2P_PROOF_RIGHT ? 0 : blocks;
	}
	into->bytes += found->bytes;
	into->flipped_bits += found->flipped_bits;
}

/* The sample of one thread, in `got`. */
static void judge_sample(struct bench_prover *prover, const struct bench_job *job, unsigned thread, bool reached,
			 struct p2p_proof_result *into)
{
	size_t bytes = prover->sampled * job->bs;
	const unsigned char *was = prover->reference + thread * bytes, *is = prover->sample + thread * bytes;
	uint64_t start = part_of(job, thread) * job->bs;
	struct p2p_proof_want want = { .block = job->bs, .logical = prover->unit, .reference = prover->content,
				       .stamp = bench_stamp(prover, BENCH_PAIR_SOURCE),
				       .shift = job->src.offset - job->dst.offset, .before = P2P_BEFORE_STAMPS,
				       .before_stamp = bench_stamp(prover, BENCH_PAIR_BEFORE) };
	struct p2p_proof_result found;
	struct p2p_proof *proof = p2p_proof_new(&want);

	for (size_t at = 0; at < bytes; at += job->bs) {
		uint64_t place = job->dst.offset + start + at;

		/* What somebody else changed on the source meanwhile may have been copied before or after. */
		if (prover->content && memcmp(was + at, is + at, job->bs) != 0)
			prover->cell->check.moved++;
		else
			p2p_proof_add(proof, place, prover->got + at, job->bs, prover->content ? was + at : NULL, NULL);
	}
	p2p_proof_finish(proof, &found);
	p2p_proof_free(proof);
	merge(into, &found, reached);
}

static int judge_thread(struct bench_prover *prover, const struct bench_job *job, unsigned thread, bool reached,
			struct p2p_proof_result *into)
{
	uint64_t start = job->dst.offset + part_of(job, thread) * job->bs;
	size_t bytes = prover->sampled * job->bs;
	int error = 0;

	if (job->src.fd >= 0) {
		error = bench_host_read(job->dst.host_fd, prover->got, bytes, start, prover->pulse);
		if (!error)
			judge_sample(prover, job, thread, reached, into);
		return error;
	}
	for (size_t at = 0; at < bytes && !error; at += job->bs) {
		struct p2p_proof_result found;

		error = bench_host_read(job->dst.host_fd, prover->got, job->bs, start + at, prover->pulse);
		if (error)
			break;
		judge_own(prover, job, start + at, &found);
		merge(into, &found, reached);
	}
	return error;
}

void bench_prove_after(struct bench_prover *prover, struct bench_cell *cell, const struct bench_job *job,
		       enum bench_way way, const struct bench_side *side)
{
	/* Whose turn it was is only known of one thread that goes in order. */
	bool reached = job->jobs == 1 && !job->random && side->ops >= prover->sampled;
	int error = 0;

	/* After a failed transfer blocks are as the failure left them: it is the answer. */
	if (!prover->sampled || side->error)
		return;
	if (!bench_prover_room(&prover->got, &prover->got_room, prover->sampled * job->bs))
		error = -ENOMEM;
	if (!error && prover->content) {
		bool room = bench_prover_room(&prover->sample, &prover->sample_room, sample_size(prover, job));

		error = room ? read_samples(prover, job, &job->src, prover->sample) : -ENOMEM;
	}
	for (unsigned i = 0; i < job->jobs && !error; i++)
		error = judge_thread(prover, job, i, reached, &cell->check.slices[way]);
	if (error)
		note(cell, job, error);
}
