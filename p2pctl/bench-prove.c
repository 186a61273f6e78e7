/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-prove.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bench-host.h"
#include "bench-prove-internal.h"

#define MIB (UINT64_C(1) << 20)
/* So much of the source's own content is kept while it is copied. */
#define WINDOW_MOST (64 * MIB)

struct bench_prover *bench_prover_new(struct bench_run *run)
{
	struct bench_prover *prover = calloc(1, sizeof(*prover));

	if (!prover)
		return NULL;
	prover->run = run;
	prover->pulse = &run->shared->pulse;
	pthread_mutex_init(&prover->mutex, NULL);
	return prover;
}

void bench_prover_free(struct bench_prover *prover)
{
	if (!prover)
		return;
	pthread_mutex_destroy(&prover->mutex);
	free(prover->reference);
	free(prover->got);
	free(prover->slot);
	free(prover->sample);
	free(prover);
}

bool bench_prover_room(unsigned char **memory, size_t *room, size_t bytes)
{
	if (*room >= bytes)
		return true;
	free(*memory);
	*memory = bench_host_memory(bytes);
	*room = *memory ? bytes : 0;
	return *memory;
}

struct p2p_stamp bench_stamp(const struct bench_prover *prover, enum bench_pair pair)
{
	return (struct p2p_stamp){ .run = prover->run->id,
				   .pair = pair,
				   .generation = pair == BENCH_PAIR_SOURCE ? 1 : prover->generation };
}

void bench_stamp_fill(void *memory, size_t bytes, uint32_t unit, struct p2p_stamp stamp, uint64_t offset)
{
	for (size_t at = 0; at < bytes; at += unit) {
		stamp.offset = offset + at;
		p2p_stamp_fill((unsigned char *)memory + at, unit, &stamp);
	}
}

/* Stamps on a disk, through host memory. */
int bench_stamp_disk(struct bench_prover *prover, const struct bench_end *end, uint64_t offset, uint64_t bytes,
		     enum bench_pair pair)
{
	int error = bench_prover_room(&prover->got, &prover->got_room, BENCH_HOST_MOST) ? 0 : -ENOMEM;

	for (uint64_t at = 0, part; at < bytes && !error; at += part) {
		part = bytes - at < BENCH_HOST_MOST ? bytes - at : BENCH_HOST_MOST;
		bench_stamp_fill(prover->got, part, end->unit, bench_stamp(prover, pair), offset + at);
		error = bench_host_write(end->host_fd, prover->got, part, offset + at, prover->pulse);
	}
	return error;
}

int bench_prove_source(struct bench_prover *prover, struct p2p_problem *problem)
{
	const struct bench_end *src = &prover->run->job.src;
	int error = prover->run->scratch[0] ? bench_stamp_disk(prover, src, src->offset, src->length, BENCH_PAIR_SOURCE)
					    : 0;

	return error ? p2p_problem_set(problem, error, "%s: %s", src->path, p2p_problem_errno(error)) : 0;
}

/* ------------------------------------------------------------ canaries */

/* The bytes between a slot and the next, on both sides of which blocks move. */
static size_t gap(const struct bench_job *job, unsigned slot, unsigned char *memory, unsigned char **ret)
{
	size_t from = (job->bs + 7) / 8 * 8;

	*ret = memory + slot * bench_stride(job) + from;
	return bench_stride(job) - from;
}

int bench_canaries_put(struct bench_prover *prover, struct bench_unit *unit)
{
	_Alignas(8) unsigned char bytes[2 * BENCH_CANARY];
	unsigned char *at;

	for (unsigned slot = 0; unit->memory && slot < unit->job->depth; slot++) {
		size_t size = gap(unit->job, slot, unit->memory, &at);

		p2p_poison_fill(bytes, size, prover->run->id, (uint64_t)(at - unit->memory));
		bench_device_store(at, bytes, size);
	}
	return 0;
}

void bench_canaries_look(struct bench_prover *prover, struct bench_unit *unit)
{
	struct bench_check *check = &prover->cell->check;
	_Alignas(8) unsigned char bytes[2 * BENCH_CANARY];
	unsigned char *at;

	for (unsigned slot = 0; unit->memory && slot < unit->job->depth; slot++) {
		size_t size = gap(unit->job, slot, unit->memory, &at), first = 0, changed;
		uint64_t place = (uint64_t)(at - unit->memory);

		bench_device_load(bytes, at, size);
		changed = p2p_poison_changed(bytes, size, prover->run->id, place, &first);
		pthread_mutex_lock(&prover->mutex);
		if (changed && !check->canary)
			check->canary_at = place + first;
		check->canary += changed;
		pthread_mutex_unlock(&prover->mutex);
	}
}

static int on_open(void *context, struct bench_unit *unit)
{
	return bench_canaries_put(context, unit);
}

static void on_close(void *context, struct bench_unit *unit)
{
	bench_canaries_look(context, unit);
}

/* ---------------------------------------------------- slots of memory */

/* From a buffer of the prover's into a slot: under the mutex. */
static void store(struct bench_prover *prover, struct bench_unit *unit, unsigned slot, size_t from, size_t bytes)
{
	bench_device_store(bench_slot(unit, slot) + from, prover->slot, bytes);
}

/* Memory says that nothing has arrived: it holds stamps of its own, or poison. */
static int before_copy(void *context, struct bench_unit *unit, unsigned slot, uint64_t block)
{
	struct bench_prover *prover = context;
	const struct bench_job *job = unit->job;
	uint32_t step = prover->unit;

	pthread_mutex_lock(&prover->mutex);
	bench_stamp_fill(prover->slot, job->bs, step, bench_stamp(prover, BENCH_PAIR_SLOT),
			 job->dst.offset + block * job->bs);
	/* Of a device's memory only the heads: each 8 bytes are a transaction, and one head a logical block tells. */
	for (size_t at = 0; job->backend->peer && at < job->bs; at += step)
		bench_device_store(bench_slot(unit, slot) + at, prover->slot + at, 64);
	if (!job->backend->peer)
		store(prover, unit, slot, 0, job->bs);
	pthread_mutex_unlock(&prover->mutex);
	return 0;
}

static int before_write(void *context, struct bench_unit *unit, unsigned slot, uint64_t block)
{
	struct bench_prover *prover = context;
	const struct bench_job *job = unit->job;

	pthread_mutex_lock(&prover->mutex);
	bench_stamp_fill(prover->slot, job->bs, prover->unit, bench_stamp(prover, BENCH_PAIR_OWN),
			 job->dst.offset + block * job->bs);
	store(prover, unit, slot, 0, job->bs);
	pthread_mutex_unlock(&prover->mutex);
	return 0;
}

static int before_read(void *context, struct bench_unit *unit, unsigned slot, uint64_t block)
{
	struct bench_prover *prover = context;
	uint64_t place = unit->job->src.offset + block * unit->job->bs + prover->chunk_at;

	pthread_mutex_lock(&prover->mutex);
	p2p_poison_fill(prover->slot, prover->chunk, prover->run->id, place);
	store(prover, unit, slot, prover->chunk_at, prover->chunk);
	pthread_mutex_unlock(&prover->mutex);
	return 0;
}

/* What arrived in memory against what the disk said through host memory; it may have changed since then. */
static int after_read(void *context, struct bench_unit *unit, unsigned slot, uint64_t block)
{
	struct bench_prover *prover = context;
	const struct bench_end *src = &unit->job->src;
	uint64_t at = block * unit->job->bs + prover->chunk_at;
	const unsigned char *reference = prover->reference + at;
	int error = 0;

	pthread_mutex_lock(&prover->mutex);
	bench_device_load(prover->slot, bench_slot(unit, slot) + prover->chunk_at, prover->chunk);
	bool right = !memcmp(prover->slot, reference, prover->chunk), moved = false;

	if (!right) {
		/* O_DIRECT wants its own alignment of memory: the second half of the room. */
		unsigned char *again = prover->slot + prover->slot_room / 2;

		error = bench_host_read(src->host_fd, again, prover->chunk, src->offset + at, prover->pulse);
		moved = !error && memcmp(again, reference, prover->chunk) != 0;
	}
	if (moved)
		prover->cell->check.moved++;
	else if (!error)
		p2p_proof_add(prover->proof, src->offset + at, prover->slot, prover->chunk, reference, NULL);
	pthread_mutex_unlock(&prover->mutex);
	return error;
}

/* ------------------------------------------------------------- windows */

/* Blocks of one window, and where they begin in the range. */
struct window {
	uint64_t first, count;
};

static uint64_t total_of(const struct bench_job *job)
{
	const struct bench_end *end = job->src.fd >= 0 ? &job->src : &job->dst;
	uint64_t length = end->length;

	if (job->src.fd >= 0 && job->dst.fd >= 0 && job->dst.length < length)
		length = job->dst.length;
	return length / job->bs;
}

static void narrow(struct bench_end *end, const struct window *window, uint32_t bs)
{
	end->offset += window->first * bs;
	end->length = window->count * bs;
}

/* At least what is on its way at once; each thread the same number. */
static struct window choose(const struct bench_prover *prover, const struct bench_job *job, unsigned number)
{
	const struct bench_run *run = prover->run;
	uint64_t total = total_of(job), most = WINDOW_MOST / job->bs, least = (uint64_t)job->depth * job->jobs;
	uint64_t bound = job->backend->peer && job->dst.fd < 0 ? run->verify_loads : run->verify;
	uint64_t count = bound / job->bs;

	count = count < least ? least : count;
	count = count > most && most >= least ? most : count;
	count = count > total ? total : count;
	count -= count % job->jobs;
	uint64_t rest = total - count;

	return (struct window){ rest && run->verify != BENCH_VERIFY_ALL ? number * count % (rest + 1) : 0, count };
}

static int read_reference(struct bench_prover *prover, const struct bench_job *job)
{
	if (!bench_prover_room(&prover->reference, &prover->reference_room, job->src.length))
		return -ENOMEM;
	return bench_host_read(job->src.host_fd, prover->reference, job->src.length, job->src.offset, prover->pulse);
}

/* A part of the destination against the source's own content: what of that changed meanwhile is not judged. */
static int judge_content(struct bench_prover *prover, const struct bench_job *job, uint64_t at, size_t bytes)
{
	const unsigned char *reference = prover->reference + at;
	bool right = !memcmp(prover->got, reference, bytes);
	int error = 0;

	if (!right && !bench_prover_room(&prover->sample, &prover->sample_room, bytes))
		return -ENOMEM;
	if (!right)
		error = bench_host_read(job->src.host_fd, prover->sample, bytes, job->src.offset + at, prover->pulse);
	for (size_t i = 0; i < bytes && !error; i += job->bs) {
		if (!right && memcmp(prover->sample + i, reference + i, job->bs) != 0)
			prover->cell->check.moved++;
		else
			p2p_proof_add(prover->proof, job->dst.offset + at + i, prover->got + i, job->bs, reference + i,
				      NULL);
	}
	return error;
}

/* Reads the destination back. */
static int judge_window(struct bench_prover *prover, const struct bench_job *job)
{
	size_t part = job->bs < 4 * MIB ? 4 * MIB / job->bs * job->bs : job->bs;
	int error = bench_prover_room(&prover->got, &prover->got_room, part) ? 0 : -ENOMEM;

	for (uint64_t at = 0, bytes; at < job->dst.length && !error; at += bytes) {
		bytes = job->dst.length - at < part ? job->dst.length - at : part;
		error = bench_host_read(job->dst.host_fd, prover->got, bytes, job->dst.offset + at, prover->pulse);
		if (error)
			break;
		if (prover->content)
			error = judge_content(prover, job, at, bytes);
		else
			p2p_proof_add(prover->proof, job->dst.offset + at, prover->got, bytes, NULL, NULL);
	}
	return error;
}

static int prove_window(struct bench_prover *prover, const struct bench_job *job, struct bench_side *side,
			struct p2p_problem *problem)
{
	const bool src = job->src.fd >= 0, dst = job->dst.fd >= 0;
	const struct bench_hooks hooks = { .context = prover, .open = on_open, .close = on_close,
					   .before = !dst ? before_read : src ? before_copy : before_write,
					   .after = dst ? NULL : after_read };
	int error = prover->content ? read_reference(prover, job) : 0;

	if (error)
		return p2p_problem_set(problem, error, "%s: %s", job->src.path, p2p_problem_errno(error));
	if (dst)
		error = bench_stamp_disk(prover, &job->dst, job->dst.offset, job->dst.length, BENCH_PAIR_BEFORE);
	if (error)
		return p2p_problem_set(problem, error, "%s: %s", job->dst.path, p2p_problem_errno(error));
	memset(side, 0, sizeof(*side));
	error = bench_copy(job, &hooks, prover->pulse, side, problem);
	if (error || side->error || atomic_load(&prover->pulse->stop))
		return error;
	error = dst ? judge_window(prover, job) : 0;
	return error ? p2p_problem_set(problem, error, "%s: %s", job->dst.path, p2p_problem_errno(error)) : 0;
}

/* --------------------------------------------------------------- a cell */

static void want(const struct bench_prover *prover, const struct bench_job *job, struct p2p_proof_want *ret)
{
	const bool src = job->src.fd >= 0, dst = job->dst.fd >= 0;

	*ret = (struct p2p_proof_want){ .block = prover->chunk, .logical = prover->unit, .reference = prover->content };
	ret->stamp = bench_stamp(prover, src ? BENCH_PAIR_SOURCE : BENCH_PAIR_OWN);
	ret->shift = src && dst ? job->src.offset - job->dst.offset : 0;
	ret->before = dst ? P2P_BEFORE_STAMPS : P2P_BEFORE_POISON;
	ret->before_stamp = bench_stamp(prover, BENCH_PAIR_BEFORE);
	ret->before_seed = prover->run->id;
}

/* How much of each block is looked at: all of it, unless that takes too many loads. */
static void choose_chunk(struct bench_prover *prover, const struct bench_job *job, uint64_t count, unsigned number)
{
	uint64_t loads = prover->run->verify_loads / (count ? count : 1);

	prover->chunk = job->bs;
	prover->chunk_at = 0;
	if (job->dst.fd >= 0 || !job->backend->peer || loads >= job->bs)
		return;
	loads -= loads % prover->unit;
	prover->chunk = loads ? loads : prover->unit;
	prover->chunk_at = number * prover->chunk % (job->bs - prover->chunk + prover->unit);
	prover->chunk_at -= prover->chunk_at % prover->unit;
}

static void begin_cell(struct bench_prover *prover, struct bench_cell *cell, const struct bench_job *job,
		       struct window window, unsigned number)
{
	struct bench_check *check = &cell->check;

	prover->cell = cell;
	prover->generation++;
	prover->unit = job->dst.fd >= 0 ? job->dst.unit : job->src.unit;
	prover->content = job->src.fd >= 0 && (job->dst.fd < 0 || !prover->run->scratch[0]);
	choose_chunk(prover, job, window.count, number);
	check->by_owner = job->dst.fd >= 0;
	check->stamped = !prover->content;
	check->block = (uint32_t)prover->chunk;
}

static struct bench_job job_of(const struct bench_prover *prover, const struct bench_cell *cell)
{
	struct bench_job job = prover->run->job;

	job.bs = cell->bs;
	job.depth = cell->depth;
	job.random = false; /* each block once */
	job.ns = 0;
	return job;
}

static int prove(struct bench_prover *prover, struct bench_job *job, struct window window, struct bench_side *side)
{
	struct bench_check *check = &prover->cell->check;
	uint64_t total = total_of(job);
	struct bench_job all = *job;
	struct p2p_proof_want wanted;
	int error = bench_prover_room(&prover->slot, &prover->slot_room, 2 * ((size_t)job->bs + BENCH_HOST_ALIGN))
			    ? 0
			    : -ENOMEM;

	/* The second half is as aligned as the first. */
	prover->slot_room -= prover->slot_room % (2 * BENCH_HOST_ALIGN);
	want(prover, job, &wanted);
	prover->proof = p2p_proof_new(&wanted);
	do {
		*job = all;
		narrow(&job->src, &window, job->bs);
		narrow(&job->dst, &window, job->bs);
		job->bytes = window.count * job->bs;
		error = error ? error : prove_window(prover, job, side, &check->problem);
		window.first += window.count;
		if (total - window.first < window.count)
			window.count = (total - window.first) / job->jobs * job->jobs;
	} while (!error && !side->error && window.count && prover->run->verify == BENCH_VERIFY_ALL &&
		 !atomic_load(&prover->pulse->stop));
	check->done = !error && !side->error && !atomic_load(&prover->pulse->stop);
	if (check->done)
		p2p_proof_finish(prover->proof, &check->proof);
	/* A disk of zeros looks the same wherever its blocks are from, and what moves nothing may well leave zeros. */
	check->weak = check->done && prover->content && check->proof.alone * 2 < check->proof.blocks;
	p2p_proof_free(prover->proof);
	prover->proof = NULL;
	return error;
}

bool bench_prove_cell(struct bench_prover *prover, struct bench_cell *cell, unsigned number, struct bench_side *side)
{
	struct bench_job job = job_of(prover, cell);
	struct window window;

	prover->cell = cell;
	if (!prover->run->verify || (job.src.fd < 0 && job.dst.fd < 0))
		return true;
	window = choose(prover, &job, number);
	if (!window.count)
		return true; /* too few blocks for the threads: the copy says so */
	begin_cell(prover, cell, &job, window, number);
	cell->check.error = prove(prover, &job, window, side);
	if (cell->check.error) {
		cell->error = cell->check.error;
		cell->problem = cell->check.problem;
	} else if (side->error) {
		cell->sides[BENCH_MEASURED].error = side->error;
		cell->sides[BENCH_MEASURED].leg = side->leg;
		cell->sides[BENCH_MEASURED].offset = side->offset;
	}
	return !cell->error && !side->error;
}
