/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-pair.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench-ends.h"
#include "bench-extents.h"
#include "bench-faults.h"
#include "bench-prove.h"
#include "bench-stacks.h"
#include "core/base/text.h"
#include "print-proof.h"

#define NS 1000000000ull
/* More than enough to prove what is proved of a cell unless more is asked for. */
#define PROOF_SECONDS 60
/* What the moving of nothing may move over. */
#define NULL_RANGE (UINT64_C(1) << 30)

/* `run` is first: the tick gets it, and looks around it. */
struct measuring {
	struct bench_run run;
	struct bench_progress *progress;
	uint64_t until; /* ns: it is asked to end then */
	bool overtime;
};

bool bench_asked(void)
{
	return *ctl_asked() != 0;
}

static void tick(struct bench_run *run)
{
	struct measuring *measuring = (struct measuring *)run;

	bench_progress_draw(measuring->progress, run);
	if (bench_now() > measuring->until && !measuring->overtime) {
		measuring->overtime = true;
		atomic_store(&run->shared->pulse.stop, true);
	}
}

/* ------------------------------------------------------------------ ends */

static enum p2p_exit complain(const struct ctl *ctl, enum p2p_exit code, const struct p2p_problem *problem)
{
	p2p_cli_complain(ctl->cli, stderr, problem);
	return code;
}

/* The provider's memory: is there any that can be had? */
static enum p2p_exit open_provider(struct ctl *ctl, int provider, struct bench_job *job)
{
	char address[P2P_BDF_TEXT];
	struct p2p_problem problem;
	struct p2p_offer offer;

	p2p_bdf_format(ctl->topo.machine->functions[provider].bdf, true, address);
	job->allocate = p2p_arena_printf(ctl->topo.arena, "/sys/bus/pci/devices/%s/p2pmem/allocate", address);
	if (!access(job->allocate, F_OK))
		return P2P_EXIT_OK;
	p2p_judge_offer(ctl->topo.judge, provider, &offer);
	if (offer.kind == P2P_OFFER_P2PMEM)
		p2p_problem_set(&problem, 0,
				"%s: its peer memory cannot be had by programs (no p2pmem/allocate): kernels before "
				"6.2 have no such way",
				address);
	else
		p2p_problem_set(&problem, 0, "%s offers no peer memory: %s", address,
				offer.why ? offer.why : "why is not known");
	return complain(ctl, P2P_EXIT_NO, &problem);
}

static enum p2p_exit open_end(struct ctl *ctl, const struct bench_request *request, const char *word, bool read,
			      struct bench_end *end)
{
	enum p2p_exit code = bench_open_end(ctl, word, end);
	struct p2p_problem problem = { "" };
	struct stat st;

	if (code != P2P_EXIT_OK)
		return code;
	if (request->backend->files && !fstat(end->fd, &st) && !S_ISREG(st.st_mode)) {
		p2p_problem_set(&problem, 0, "%s is no file: --backend=file is for files, p2pmem for disks", end->path);
		return complain(ctl, P2P_EXIT_USAGE, &problem);
	}
	code = bench_extents_check(end, request->backend->peer, read, &problem);
	return code == P2P_EXIT_OK ? code : complain(ctl, code, &problem);
}

/* A BAR by its number; its size is the file's. */
static enum p2p_exit open_bar(struct ctl *ctl, const struct bench_request *request, const struct bench_course *pair,
			      struct bench_job *job)
{
	char address[P2P_BDF_TEXT];
	struct p2p_problem problem;

	p2p_bdf_format(ctl->topo.machine->functions[pair->provider].bdf, true, address);
	job->allocate =
		p2p_arena_printf(ctl->topo.arena, "/sys/bus/pci/devices/%s/resource%u", address, request->bar_number);
	if (!access(job->allocate, F_OK))
		return P2P_EXIT_OK;
	p2p_problem_set(&problem, 0, "%s has no BAR %u", address, request->bar_number);
	return complain(ctl, P2P_EXIT_CANNOT_READ, &problem);
}

/* Nothing is read from there or written to it: which leg there is, is said by its being open. */
static int open_cpu_end(struct bench_end *end)
{
	end->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	end->host_fd = -1;
	end->path = "CPU";
	end->length = NULL_RANGE;
	return end->fd < 0 ? -errno : 0;
}

static enum p2p_exit open_cpu(struct ctl *ctl, const struct bench_request *request, struct bench_job *job)
{
	enum bench_direction direction = request->direction;
	struct p2p_problem problem;
	int error = 0;

	/* Of a BAR nobody knows what a store does. */
	if (!direction)
		direction = request->bar ? BENCH_DIRECTION_READ : BENCH_DIRECTION_COPY;
	if (direction != BENCH_DIRECTION_READ)
		error = open_cpu_end(&job->src);
	if (!error && direction != BENCH_DIRECTION_WRITE)
		error = open_cpu_end(&job->dst);
	if (!error)
		return P2P_EXIT_OK;
	p2p_problem_set(&problem, error, "/dev/null: %s", p2p_problem_errno(error));
	return complain(ctl, P2P_EXIT_CANNOT_READ, &problem);
}

/* Half of the host's memory, or of what this group of processes may have. */
static uint64_t memory_most(void)
{
	uint64_t most = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), limit;
	int fd = open("/sys/fs/cgroup/memory.max", O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && !p2p_text_number(text, 10, UINT64_MAX, &limit) &&
	    limit < most)
		most = limit;
	if (fd >= 0)
		close(fd);
	return most / 2;
}

/* All of it is touched before anything is timed: too much would end other programs. */
static enum p2p_exit check_memory(const struct ctl *ctl, const struct bench_request *request)
{
	struct bench_job job = { .jobs = request->jobs };
	struct p2p_problem problem;
	uint64_t needed = 0, most = memory_most();

	for (size_t i = 0; i < request->size_count; i++)
		job.bs = request->sizes[i] > job.bs ? request->sizes[i] : job.bs;
	for (size_t i = 0; i < request->depth_count; i++)
		job.depth = request->depths[i] > job.depth ? request->depths[i] : job.depth;
	if (request->backend->control || !request->backend->ring)
		needed = (uint64_t)bench_stride(&job) * job.depth * job.jobs * (request->backend->cpu ? 3 : 1);
	if (needed <= most)
		return P2P_EXIT_OK;
	p2p_problem_set(&problem, 0,
			"--bs, --iodepth, --numjobs: %u blocks of %u bytes in %u threads are %.1f GiB of the host's "
			"memory; half of it, %.1f GiB, is the most that is taken",
			job.depth, job.bs, job.jobs, (double)needed / 0x40000000, (double)most / 0x40000000);
	return complain(ctl, P2P_EXIT_USAGE, &problem);
}

static enum p2p_exit open_ends(struct ctl *ctl, const struct bench_request *request, const struct bench_course *pair,
			       struct bench_job *job)
{
	enum p2p_exit code = P2P_EXIT_OK;

	if (request->bar)
		code = open_bar(ctl, request, pair, job);
	else if (pair->provider != P2P_NOBODY)
		code = open_provider(ctl, pair->provider, job);
	if (code == P2P_EXIT_OK && request->backend->cpu)
		return open_cpu(ctl, request, job);
	if (code == P2P_EXIT_OK && pair->src)
		code = open_end(ctl, request, pair->src, true, &job->src);
	if (code == P2P_EXIT_OK && pair->dst)
		code = open_end(ctl, request, pair->dst, false, &job->dst);
	return code;
}

/* Transfers are whole logical blocks of both ends, and a CPU's whole words. */
static enum p2p_exit check_sizes(const struct ctl *ctl, const struct bench_request *request,
				 const struct bench_job *job)
{
	const struct bench_end *const ends[] = { &job->src, &job->dst };
	struct p2p_problem problem;

	for (size_t i = 0; i < request->size_count * 2; i++) {
		const struct bench_end *end = ends[i % 2];
		uint32_t bs = request->sizes[i / 2];

		if (end->fd < 0 || !end->block)
			continue;
		if (bs % end->block) {
			p2p_problem_set(&problem, 0, "--bs: %u is no multiple of %u, the logical block of %s", bs,
					end->block, end->path);
			return complain(ctl, P2P_EXIT_USAGE, &problem);
		}
		if (bs > end->length) {
			p2p_problem_set(&problem, 0, "--bs: %s has %llu bytes, and %u are asked for at a time",
					end->path, (unsigned long long)end->length, bs);
			return complain(ctl, P2P_EXIT_USAGE, &problem);
		}
	}
	return P2P_EXIT_OK;
}

/* ------------------------------------------------------------------- run */

static int prepare(const struct bench_request *request, struct measuring *measuring)
{
	struct bench_run *run = &measuring->run;
	uint64_t seconds = bench_request_seconds(request);
	size_t cell = 0;
	int error = bench_run_init(run, request->size_count * request->depth_count);

	for (size_t i = 0; !error && i < request->size_count; i++)
		for (size_t k = 0; k < request->depth_count; k++) {
			run->shared->cells[cell].bs = request->sizes[i];
			run->shared->cells[cell++].depth = request->depths[k];
		}
	run->job.jobs = request->jobs;
	run->job.random = request->random;
	run->job.seed = request->seed;
	run->control = request->alone ? NULL : request->backend->control;
	run->rounds = run->control ? BENCH_ROUNDS : BENCH_ROUNDS * BENCH_WAYS;
	run->slice_ns = request->runtime * NS / BENCH_ROUNDS / BENCH_WAYS;
	run->stall_seconds = request->timeout;
	run->asked = ctl_asked();
	run->tick = tick;
	/* Slices end by themselves; what each waits for at its end may take long, and so may proofs. */
	measuring->until = bench_now() + (2 * seconds + request->timeout + run->cell_count * PROOF_SECONDS) * NS;
	if (run->verify == BENCH_VERIFY_ALL)
		measuring->until = UINT64_MAX;
	return error;
}

/* Found before anything is closed: what the run says. */
static const struct p2p_bench_result *find(struct ctl *ctl, const struct bench_request *request,
					   const struct bench_course *pair, const struct measuring *measuring,
					   struct bench_faults *faults)
{
	const struct bench_run *run = &measuring->run;
	const int functions[] = { pair->provider, run->job.src.function, run->job.dst.function };
	struct bench_found found = { .topo = &ctl->topo, .request = request, .run = run, .provider = pair->provider,
				     .interrupted = bench_asked(), .overtime = measuring->overtime };

	if (run->child.ended == BENCH_HUNG)
		bench_stacks_read(run->child.pid, &found.stacks);
	bench_faults_end(faults, functions, 3, &found.faults);
	const struct p2p_bench_result *result = bench_result_new(&found);

	p2p_names_free(&found.stacks);
	p2p_names_free(&found.faults);
	return result;
}

static enum p2p_exit measure(struct ctl *ctl, const struct bench_request *request, const struct bench_course *pair,
			     struct bench_permit *permit, struct measuring *measuring, struct bench_outcome *ret)
{
	struct bench_run *run = &measuring->run;
	struct bench_faults *faults = bench_faults_begin(ctl);
	struct p2p_problem problem = { "" };
	enum p2p_exit code = P2P_EXIT_REFUSED;
	int error = prepare(request, measuring);

	run->lock_fd = pair->lock_fd;
	if (!error)
		error = bench_run_all(run);
	bench_progress_clear(measuring->progress);
	if (error) {
		bench_faults_end(faults, NULL, 0, NULL);
		p2p_problem_set(&problem, error, "cannot begin: %s", p2p_problem_errno(error));
		return complain(ctl, P2P_EXIT_CANNOT_READ, &problem);
	}
	if (run->shared->error) {
		bench_faults_end(faults, NULL, 0, NULL);
		p2p_cli_complain(ctl->cli, stderr, &run->shared->problem);
	} else {
		ret->result = find(ctl, request, pair, measuring, faults);
		bench_proof_says(run, &ret->damage);
		code = bench_result_exit(ret->result);
	}
	/* A copy whose process died has not worked, whatever it did before. */
	if (run->child.ended == BENCH_DIED || run->child.status)
		code = bench_exit_worse(code, P2P_EXIT_NO);
	return bench_exit_worse(code, bench_conclude(ctl, permit, run, run->child.ended == BENCH_ENDED));
}

void bench_outcome_free(struct bench_outcome *outcome)
{
	p2p_names_free(&outcome->damage);
}

enum p2p_exit bench_pair_run(struct ctl *ctl, const struct bench_request *request, const struct bench_course *pair,
			     struct bench_progress *progress, struct bench_outcome *ret)
{
	struct measuring measuring = { .progress = progress, .run.saved_fd = -1 };
	struct bench_job *job = &measuring.run.job;
	struct bench_permit permit;
	enum p2p_exit code;

	*ret = (struct bench_outcome){ 0 };
	job->backend = request->backend;
	job->ring = request->ring;
	job->src = job->dst = (struct bench_end){ .fd = -1, .host_fd = -1, .function = P2P_NOBODY };
	if (!pair->src && !pair->dst && !request->backend->cpu)
		job->dst.length = NULL_RANGE;
	code = bench_permit_read(ctl, &permit);
	if (code == P2P_EXIT_OK)
		code = check_memory(ctl, request);
	if (code == P2P_EXIT_OK)
		code = open_ends(ctl, request, pair, job);
	if (code == P2P_EXIT_OK && (pair->src || pair->dst))
		code = bench_permit(ctl, &permit, job);
	if (code == P2P_EXIT_OK)
		code = bench_permit_run(ctl, &permit, &measuring.run);
	/* Nothing is kept of what the CPU moves, or of nothing. */
	if (!pair->src && !pair->dst)
		measuring.run.verify = 0;
	if (code == P2P_EXIT_OK)
		code = check_sizes(ctl, request, job);
	if (code == P2P_EXIT_OK)
		code = measure(ctl, request, pair, &permit, &measuring, ret);
	bench_close_end(&job->src);
	bench_close_end(&job->dst);
	bench_permit_close(&permit);
	if (measuring.run.saved_fd >= 0)
		close(measuring.run.saved_fd);
	bench_run_free(&measuring.run);
	return code;
}
