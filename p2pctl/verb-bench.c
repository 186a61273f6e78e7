/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "bench-ends.h"
#include "bench-run.h"
#include "core/base/text.h"
#include "core/view/json-machine.h"
#include "ctl.h"
#include "print-bench.h"

#define NS 1000000000ull
/* Longer than the 30 s after which the kernel's nvme driver aborts a command, and longer again. */
#define STALL_SECONDS 90

struct bench {
	struct ctl *ctl;
	struct bench_run run;
	struct bench_names names;
	char address[P2P_BDF_TEXT];
	uint32_t sizes[16];
	unsigned depths[16];
	size_t size_count, depth_count;
};

static enum p2p_exit usage(const struct bench *bench, const char *text)
{
	ctl_say(bench->ctl, text);
	return P2P_EXIT_USAGE;
}

/* The host's provider whose memory is used. */
static enum p2p_exit open_provider(struct bench *bench, const char *word)
{
	const struct p2p_machine *machine = bench->ctl->topo.machine;
	int function = topo_device(&bench->ctl->topo, word);
	struct p2p_buf path = P2P_BUF_INIT;

	if (function == P2P_NOBODY)
		return P2P_EXIT_USAGE;
	p2p_bdf_format(machine->functions[function].bdf, true, bench->address);
	bench->names.provider = bench->address;
	p2p_buf_printf(&path, "/sys/bus/pci/devices/%s/p2pmem/allocate", bench->address);
	bench->run.job.allocate = p2p_arena_strdup(bench->ctl->topo.arena, p2p_buf_text(&path));
	p2p_buf_free(&path);
	return P2P_EXIT_OK;
}

static enum p2p_exit open_ends(struct bench *bench)
{
	const struct p2p_cli *cli = bench->ctl->cli;
	struct bench_job *job = &bench->run.job;
	enum p2p_exit code = P2P_EXIT_OK;

	job->src.fd = job->dst.fd = -1;
	if (!strcmp(job->backend->word, "null")) {
		job->dst.length = UINT64_C(1) << 30;
		return code;
	}
	if (cli->arg_count < 2)
		return usage(bench, "name a provider of memory and a disk that is read: p2pctl bench nvme0 nvme1n1");
	if (cli->arg_count > 2)
		return usage(bench, "only reading is possible");
	if (strcmp(cli->args[0], "-") != 0)
		code = open_provider(bench, cli->args[0]);
	else if (job->backend->peer)
		return usage(bench, "whose memory?  Name a provider, or take --backend=bounce");
	if (code == P2P_EXIT_OK)
		code = bench_open_end(bench->ctl, cli->args[1], &job->src);
	if (code == P2P_EXIT_OK)
		bench->names.src = job->src.path;
	return code;
}

static enum p2p_exit read_list(const struct bench *bench, const char *word, const char *usual, uint64_t most,
			       uint64_t *ret, size_t *ret_count)
{
	const char *text = p2p_cli_value(bench->ctl->cli, word);
	struct p2p_problem problem;

	if (!p2p_text_sizes(text ? text : usual, most, ret, 16, ret_count))
		return P2P_EXIT_OK;
	p2p_problem_set(&problem, 0, "--%s is a list of numbers such as %s, each from 1 to %llu, not '%s'", word, usual,
			(unsigned long long)most, text);
	p2p_cli_complain(bench->ctl->cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

static enum p2p_exit read_options(struct bench *bench)
{
	const struct p2p_cli *cli = bench->ctl->cli;
	const char *backend = p2p_cli_value(cli, "backend"), *ring = p2p_cli_value(cli, "ioengine");
	uint64_t sizes[16], depths[16], number[16];
	struct bench_job *job = &bench->run.job;
	size_t count;

	job->backend = bench_find_backend(backend ? backend : "p2pmem");
	job->ring = ring ? bench_find_ring(ring) : bench_rings[0];
	if (!job->backend)
		return usage(bench, "there is no such backend");
	if (!job->ring)
		return usage(bench, "there is no such I/O engine in this build");
	enum p2p_exit code = read_list(bench, "bs", "4k,64k,1M", 16 << 20, sizes, &bench->size_count);

	if (code == P2P_EXIT_OK)
		code = read_list(bench, "iodepth", "1,8,32", 4096, depths, &bench->depth_count);
	if (code == P2P_EXIT_OK)
		code = read_list(bench, "runtime", "2", 86400, number, &count);
	if (code != P2P_EXIT_OK)
		return code;
	bench->run.rounds = 10;
	bench->run.slice_ns = number[0] * NS / bench->run.rounds / BENCH_WAYS;
	code = read_list(bench, "numjobs", "1", 256, number, &count);
	job->jobs = (unsigned)number[0];
	for (size_t i = 0; i < bench->size_count; i++)
		bench->sizes[i] = (uint32_t)sizes[i];
	for (size_t i = 0; i < bench->depth_count; i++)
		bench->depths[i] = (unsigned)depths[i];
	return code;
}

static enum p2p_exit measure(struct bench *bench)
{
	struct bench_run *run = &bench->run;
	size_t cell = 0;
	int error = bench_run_init(run, bench->size_count * bench->depth_count);

	for (size_t i = 0; !error && i < bench->size_count; i++)
		for (size_t k = 0; k < bench->depth_count; k++) {
			run->shared->cells[cell].bs = bench->sizes[i];
			run->shared->cells[cell++].depth = bench->depths[k];
		}
	run->stall_seconds = STALL_SECONDS;
	run->control = run->job.backend->peer ? bench_find_backend("bounce") : NULL;
	if (!error)
		error = bench_run_all(run);
	if (error) {
		struct p2p_problem problem;

		p2p_problem_set(&problem, error, "cannot begin: %s", p2p_problem_errno(error));
		return ctl_complain(bench->ctl, -EIO, &problem);
	}
	return run->child.ended == BENCH_HUNG ? P2P_EXIT_HUNG : P2P_EXIT_OK;
}

static enum p2p_exit print(struct bench *bench)
{
	struct p2p_json *json;

	if (!p2p_cli_has(bench->ctl->cli, "json")) {
		bench_print(bench->ctl, &bench->run, &bench->names);
		return P2P_EXIT_OK;
	}
	json = p2p_json_new(stdout);
	p2p_json_object(json, NULL, false);
	p2p_json_envelope(json, "p2pctl/1", bench->ctl->topo.machine);
	p2p_json_array(json, "bench", false);
	bench_json(json, &bench->run, &bench->names);
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	struct bench bench = { .ctl = &ctl };
	enum p2p_exit code = ctl_begin(cli, &ctl);

	bench.run.job.src.fd = bench.run.job.dst.fd = -1;
	if (code == P2P_EXIT_OK)
		code = read_options(&bench);
	if (code == P2P_EXIT_OK)
		code = ctl_look(&ctl, CTL_WANT);
	if (code == P2P_EXIT_OK)
		code = open_ends(&bench);
	if (code == P2P_EXIT_OK)
		code = measure(&bench);
	if (bench.run.shared && code == P2P_EXIT_OK)
		code = print(&bench);
	bench_close_end(&bench.run.job.src);
	bench_close_end(&bench.run.job.dst);
	bench_run_free(&bench.run);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_bench = {
	.word = "bench",
	.args = "[PROVIDER [SRC [DST]]]",
	.summary = "copy between devices, measure it, and prove that the bytes arrived",
	.details =
		"SRC is read into the provider's peer memory, and DST is written from there; the same is copied through the "
		"host's memory in the same run, by turns. Exit status: 0 done; 3 something cannot be read; 8 it hung.",
	.run = run,
	.no_pager = true,
};
