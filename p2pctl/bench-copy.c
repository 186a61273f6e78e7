/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One slice of a copy: every unit keeps `depth` blocks on their way until time or amount are over. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench.h"

#define PAGE 4096u

uint64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t thread_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

size_t bench_stride(const struct bench_job *job)
{
	return (job->bs + PAGE - 1) / PAGE * PAGE + PAGE;
}

/* A block on its way. */
struct flight {
	uint64_t block, begun;
	enum bench_leg leg;
};

/* Nobody begins before all can. */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned ready;
	bool open, closed; /* closed: go home */
};

struct runner {
	const struct bench_job *job;
	const struct bench_ring *ring;
	const struct bench_hooks *hooks;
	struct bench_pulse *pulse;
	struct gate *gate;
	struct bench_unit unit;
	struct flight *flights;
	struct bench_done *done;
	uint64_t first, count, next; /* its part: blocks from `first` on */
	uint64_t random, deadline, now;
	unsigned flying, flying_of[BENCH_LEG_WRITE + 1];
	bool ending;
	struct bench_side side;
	struct p2p_problem problem;
	int error; /* of beginning */
	pthread_t thread;
};

/* xorshift64*: where to go next. */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

static uint64_t choose(struct runner *runner)
{
	if (runner->job->random)
		return runner->first + draw(&runner->random) % runner->count;
	if (runner->next == runner->count)
		runner->next = 0;
	return runner->first + runner->next++;
}

static void fail(struct runner *runner, int error, enum bench_leg leg, uint64_t offset)
{
	runner->ending = true;
	if (runner->side.error)
		return;
	runner->side.error = error;
	runner->side.leg = leg;
	runner->side.offset = offset;
}

static uint64_t offset_of(const struct runner *runner, enum bench_leg leg, uint64_t block)
{
	const struct bench_end *end = leg == BENCH_LEG_READ ? &runner->job->src : &runner->job->dst;

	return end->offset + block * runner->job->bs;
}

static void start(struct runner *runner, unsigned slot, enum bench_leg leg)
{
	struct flight *flight = &runner->flights[slot];
	uint64_t offset = offset_of(runner, leg, flight->block);
	int error = runner->ring->start(&runner->unit, slot, leg, offset);

	flight->leg = leg;
	if (error)
		fail(runner, error, leg, offset);
	else
		runner->flying_of[leg]++, runner->flying++;
}

static bool is_over(const struct runner *runner)
{
	const struct bench_job *job = runner->job;

	return runner->ending || (runner->deadline && runner->now >= runner->deadline) ||
	       (job->bytes && runner->side.bytes + (uint64_t)runner->flying * job->bs >= job->bytes / job->jobs) ||
	       atomic_load_explicit(&runner->pulse->stop, memory_order_relaxed);
}

static void begin(struct runner *runner, unsigned slot)
{
	struct flight *flight = &runner->flights[slot];
	int error = 0;

	if (is_over(runner))
		return;
	flight->block = choose(runner);
	if (runner->hooks && runner->hooks->before)
		error = runner->hooks->before(runner->hooks->context, &runner->unit, slot, flight->block);
	if (error) {
		fail(runner, error, BENCH_LEG_NONE, 0);
		return;
	}
	flight->begun = runner->now;
	start(runner, slot, runner->job->src.fd >= 0 ? BENCH_LEG_READ : BENCH_LEG_WRITE);
}

/* A block has arrived where it goes. */
static void finish(struct runner *runner, unsigned slot)
{
	struct flight *flight = &runner->flights[slot];
	int error = 0;

	p2p_histogram_add(&runner->side.latency, runner->now - flight->begun);
	runner->side.ops++;
	runner->side.bytes += runner->job->bs;
	if (runner->hooks && runner->hooks->after)
		error = runner->hooks->after(runner->hooks->context, &runner->unit, slot, flight->block);
	if (error)
		fail(runner, error, BENCH_LEG_NONE, 0);
}

static void land(struct runner *runner, const struct bench_done *done)
{
	struct flight *flight = &runner->flights[done->slot];

	runner->flying_of[flight->leg]--;
	runner->flying--;
	if (done->result != (int)runner->job->bs) {
		fail(runner, done->result < 0 ? done->result : -EIO, flight->leg,
		     offset_of(runner, flight->leg, flight->block));
		return;
	}
	if (flight->leg == BENCH_LEG_READ && runner->job->dst.fd >= 0) {
		start(runner, done->slot, BENCH_LEG_WRITE);
		return;
	}
	finish(runner, done->slot);
	begin(runner, done->slot);
}

static void show(const struct runner *runner)
{
	for (int leg = BENCH_LEG_READ; leg <= BENCH_LEG_WRITE; leg++)
		atomic_store_explicit(&runner->pulse->units[runner->unit.number].flying[leg], runner->flying_of[leg],
				      memory_order_relaxed);
}

static void copy(struct runner *runner)
{
	uint64_t cpu = thread_cpu(), begun = bench_now();

	runner->now = begun;
	runner->deadline = runner->job->ns ? begun + runner->job->ns : 0;
	for (unsigned slot = 0; slot < runner->job->depth; slot++)
		begin(runner, slot);
	while (runner->flying) {
		show(runner);
		int count = runner->ring->reap(&runner->unit, runner->done, runner->job->depth);

		if (count < 0) {
			fail(runner, count, BENCH_LEG_NONE, 0);
			break;
		}
		runner->now = bench_now();
		for (int i = 0; i < count; i++)
			land(runner, &runner->done[i]);
		if (count)
			atomic_fetch_add_explicit(&runner->pulse->beats, 1, memory_order_relaxed);
	}
	show(runner);
	runner->side.ns = bench_now() - begun;
	runner->side.cpu_ns = thread_cpu() - cpu;
}

static bool pass(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->ready++;
	pthread_cond_broadcast(&gate->changed);
	while (!gate->open && !gate->closed)
		pthread_cond_wait(&gate->changed, &gate->mutex);
	bool go = gate->open;

	pthread_mutex_unlock(&gate->mutex);
	return go;
}

/* Waits until `count` are ready; lets them go when nothing is wrong with any. */
static int release(struct gate *gate, const struct runner *runners, unsigned count, int error)
{
	pthread_mutex_lock(&gate->mutex);
	while (gate->ready < count)
		pthread_cond_wait(&gate->changed, &gate->mutex);
	for (unsigned i = 0; i < count && !error; i++)
		error = runners[i].error;
	if (error)
		gate->closed = true;
	else
		gate->open = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->mutex);
	return error;
}

static void *run(void *context)
{
	struct runner *runner = context;
	const struct bench_job *job = runner->job;

	runner->error = job->backend->open(&runner->unit, &runner->problem);
	if (!runner->error) {
		runner->error = runner->ring->open(&runner->unit, &runner->problem);
		if (!runner->error && runner->hooks && runner->hooks->open) {
			runner->error = runner->hooks->open(runner->hooks->context, &runner->unit);
			if (runner->error)
				runner->ring->close(&runner->unit);
		}
		if (runner->error)
			job->backend->close(&runner->unit);
	}
	bool go = pass(runner->gate);

	if (runner->error)
		return NULL;
	if (go)
		copy(runner);
	if (go && runner->hooks && runner->hooks->close)
		runner->hooks->close(runner->hooks->context, &runner->unit);
	runner->ring->close(&runner->unit);
	job->backend->close(&runner->unit);
	return NULL;
}

/* Parts of the range, as even as whole blocks allow. */
static void share(const struct bench_job *job, struct runner *runners)
{
	uint64_t length = job->src.fd >= 0 ? job->src.length : job->dst.length;

	if (job->src.fd >= 0 && job->dst.fd >= 0 && job->dst.length < length)
		length = job->dst.length;
	for (unsigned i = 0; i < job->jobs; i++) {
		uint64_t blocks = length / job->bs;

		runners[i].first = blocks * i / job->jobs;
		runners[i].count = blocks * (i + 1) / job->jobs - runners[i].first;
	}
}

void bench_side_add(struct bench_side *into, const struct bench_side *side)
{
	into->ops += side->ops;
	into->bytes += side->bytes;
	into->ns += side->ns;
	into->cpu_ns += side->cpu_ns;
	p2p_histogram_merge(&into->latency, &side->latency);
	if (side->error && !into->error) {
		into->error = side->error;
		into->leg = side->leg;
		into->offset = side->offset;
	}
}

/* Threads run side by side: their times do not add up. */
static void add(struct bench_side *into, struct runner *runners, unsigned count)
{
	uint64_t longest = 0;

	for (unsigned i = 0; i < count; i++) {
		longest = runners[i].side.ns > longest ? runners[i].side.ns : longest;
		runners[i].side.ns = 0;
		bench_side_add(into, &runners[i].side);
	}
	into->ns += longest;
}

static int prepare(const struct bench_job *job, const struct bench_hooks *hooks, struct bench_pulse *pulse,
		   struct runner *runners, struct gate *gate)
{
	share(job, runners);
	for (unsigned i = 0; i < job->jobs; i++) {
		runners[i].job = job;
		runners[i].ring = job->backend->ring ? job->backend->ring : job->ring;
		runners[i].hooks = hooks;
		runners[i].pulse = pulse;
		runners[i].gate = gate;
		runners[i].unit = (struct bench_unit){ .job = job, .number = i };
		runners[i].random = (job->seed + i) * 0x9e3779b97f4a7c15u | 1;
		runners[i].flights = calloc(job->depth, sizeof(*runners[i].flights));
		runners[i].done = calloc(job->depth, sizeof(*runners[i].done));
		if (!runners[i].flights || !runners[i].done)
			return -ENOMEM;
		if (!runners[i].count)
			return -ERANGE;
	}
	return 0;
}

static int run_all(struct runner *runners, unsigned count, struct gate *gate)
{
	unsigned begun = 0;
	int error = 0;

	while (begun < count && !error) {
		error = -pthread_create(&runners[begun].thread, NULL, run, &runners[begun]);
		begun += !error;
	}
	error = release(gate, runners, begun, error);
	for (unsigned i = 0; i < begun; i++)
		pthread_join(runners[i].thread, NULL);
	return error;
}

static int complain(const struct bench_job *job, const struct runner *runners, int error, struct p2p_problem *problem)
{
	for (unsigned i = 0; i < job->jobs; i++)
		if (runners[i].error && *runners[i].problem.text) {
			*problem = runners[i].problem;
			return error;
		}
	if (error == -ERANGE)
		return p2p_problem_set(problem, error,
				       "the range holds fewer blocks of %u bytes than there are threads", job->bs);
	return p2p_problem_set(problem, error, "%u threads cannot begin: %s", job->jobs, p2p_problem_errno(error));
}

int bench_copy(const struct bench_job *job, const struct bench_hooks *hooks, struct bench_pulse *pulse,
	       struct bench_side *ret, struct p2p_problem *problem)
{
	struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false, false };
	struct runner *runners = calloc(job->jobs, sizeof(*runners));

	if (!runners)
		return p2p_problem_set(problem, -ENOMEM, "no memory for %u threads", job->jobs);
	int error = prepare(job, hooks, pulse, runners, &gate);

	if (!error)
		error = run_all(runners, job->jobs, &gate);
	if (error)
		complain(job, runners, error, problem);
	else
		add(ret, runners, job->jobs);
	for (unsigned i = 0; i < job->jobs; i++) {
		free(runners[i].flights);
		free(runners[i].done);
	}
	free(runners);
	return error;
}
