/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

/* Longer than the 30 s after which the kernel's nvme driver aborts a command, and the 30 s of its reset after that. */
#define TIMEOUT "90"

static enum p2p_exit complain(const struct p2p_cli *cli, const struct p2p_problem *problem)
{
	p2p_cli_complain(cli, stderr, problem);
	return P2P_EXIT_USAGE;
}

static enum p2p_exit read_list(const struct p2p_cli *cli, const char *word, const char *usual, uint64_t most,
			       uint64_t *ret, size_t *ret_count)
{
	const char *text = p2p_cli_value(cli, word);
	struct p2p_problem problem;
	int error = p2p_text_sizes(text ? text : usual, most, ret, BENCH_LIST_MAX, ret_count);

	if (!error)
		return P2P_EXIT_OK;
	if (error == -E2BIG)
		p2p_problem_set(&problem, error, "--%s takes at most %d numbers", word, BENCH_LIST_MAX);
	else
		p2p_problem_set(&problem, error, "--%s takes a list such as %s, each number from 1 to %llu, not '%s'",
				word, usual, (unsigned long long)most, text);
	return complain(cli, &problem);
}

static enum p2p_exit read_number(const struct p2p_cli *cli, const char *word, const char *usual, uint64_t least,
				 uint64_t most, uint64_t *ret)
{
	const char *text = p2p_cli_value(cli, word);
	struct p2p_problem problem;
	uint64_t number = 0;

	if (!p2p_text_number(text ? text : usual, 10, most, &number) && number >= least) {
		*ret = number;
		return P2P_EXIT_OK;
	}
	p2p_problem_set(&problem, 0, "--%s takes a number from %llu to %llu, not '%s'", word, (unsigned long long)least,
			(unsigned long long)most, text);
	return complain(cli, &problem);
}

/* The words that this build has, "io_uring, libaio, psync". */
static void list_backends(struct p2p_buf *ret)
{
	for (size_t i = 0; bench_backends[i]; i++)
		p2p_buf_printf(ret, "%s%s", i ? ", " : "", bench_backends[i]->word);
}

static void list_rings(struct p2p_buf *ret)
{
	for (size_t i = 0; bench_rings[i]; i++)
		p2p_buf_printf(ret, "%s%s", i ? ", " : "", bench_rings[i]->word);
}

static enum p2p_exit read_backend(const struct p2p_cli *cli, struct bench_request *request)
{
	const char *backend = p2p_cli_value(cli, "backend"), *ring = p2p_cli_value(cli, "ioengine");
	struct p2p_buf words = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };

	request->backend = bench_find_backend(backend ? backend : "p2pmem");
	request->ring = ring ? bench_find_ring(ring) : bench_rings[0];
	request->alone = p2p_cli_value(cli, "control") && !strcmp(p2p_cli_value(cli, "control"), "off");
	if (!request->backend) {
		list_backends(&words);
		p2p_problem_set(&problem, 0, "--backend=%s: there is %s", backend, p2p_buf_text(&words));
	} else if (!request->ring) {
		list_rings(&words);
		p2p_problem_set(&problem, 0, "--ioengine=%s: this build has %s", ring, p2p_buf_text(&words));
	} else if (ring && request->backend->ring) {
		p2p_problem_set(&problem, 0, "--backend=%s asks the system nothing: --ioengine has no meaning with it",
				request->backend->word);
	}
	p2p_buf_free(&words);
	return *problem.text ? complain(cli, &problem) : P2P_EXIT_OK;
}

static enum p2p_exit read_lists(const struct p2p_cli *cli, struct bench_request *request)
{
	uint64_t sizes[BENCH_LIST_MAX], depths[BENCH_LIST_MAX];
	enum p2p_exit code = read_list(cli, "bs", "4k,64k,1M", 16 << 20, sizes, &request->size_count);

	if (code == P2P_EXIT_OK)
		code = read_list(cli, "iodepth", "1,8,32", 4096, depths, &request->depth_count);
	if (code != P2P_EXIT_OK)
		return code;
	for (size_t i = 0; i < request->size_count; i++)
		request->sizes[i] = (uint32_t)sizes[i];
	for (size_t i = 0; i < request->depth_count; i++)
		request->depths[i] = (unsigned)depths[i];
	return code;
}

/* fio's words; of fio's mixes there is none, for a copy is none. */
static enum p2p_exit read_rw(const struct p2p_cli *cli, struct bench_request *request)
{
	static const struct {
		const char *word;
		enum bench_direction direction;
	} words[] = { { "read", BENCH_DIRECTION_READ },
		      { "write", BENCH_DIRECTION_WRITE },
		      { "copy", BENCH_DIRECTION_COPY } };
	const char *text = p2p_cli_value(cli, "rw");
	struct p2p_problem problem;

	if (!text)
		return P2P_EXIT_OK;
	request->random = !strncmp(text, "rand", 4);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text + (request->random ? 4 : 0), words[i].word)) {
			request->direction = words[i].direction;
			return P2P_EXIT_OK;
		}
	p2p_problem_set(&problem, 0, "--rw=%s: there is read, write, copy, randread, randwrite, randcopy", text);
	return complain(cli, &problem);
}

/* DEVICE:N, the device by any of its names. */
static enum p2p_exit read_bar(const struct p2p_cli *cli, struct p2p_arena *arena, struct bench_request *request)
{
	const char *text = p2p_cli_value(cli, "bar"), *colon = text ? strrchr(text, ':') : NULL;
	struct p2p_problem problem = { "" };
	uint64_t number;

	if (!text)
		return P2P_EXIT_OK;
	if (!request->backend->cpu)
		p2p_problem_set(&problem, 0, "--bar goes with --backend=mmio");
	else if (!colon || colon == text || p2p_text_number(colon + 1, 10, 5, &number))
		p2p_problem_set(&problem, 0,
				"--bar takes a device and the number of its BAR, 0 to 5: nvme0:4, not '%s'", text);
	else if (!p2p_cli_has(cli, "force"))
		p2p_problem_set(&problem, 0,
				"--bar=%s: a read of a register may do something, and a write does; with --force it is "
				"done all the same",
				text);
	if (*problem.text)
		return complain(cli, &problem);
	request->bar = p2p_arena_strndup(arena, text, (size_t)(colon - text));
	request->bar_number = (unsigned)number;
	return P2P_EXIT_OK;
}

/* The CPU moves words of 8 bytes. */
static enum p2p_exit check_words(const struct p2p_cli *cli, const struct bench_request *request)
{
	struct p2p_problem problem;

	for (size_t i = 0; request->backend->cpu && i < request->size_count; i++)
		if (request->sizes[i] % 8) {
			p2p_problem_set(&problem, 0, "--bs: %u is no multiple of 8, and every access is of 8 bytes",
					request->sizes[i]);
			return complain(cli, &problem);
		}
	return P2P_EXIT_OK;
}

enum p2p_exit bench_request_read(const struct p2p_cli *cli, struct p2p_arena *arena, struct bench_request *ret)
{
	struct bench_request request = { 0 };
	uint64_t number = 0;
	enum p2p_exit code = read_backend(cli, &request);

	if (code == P2P_EXIT_OK)
		code = read_lists(cli, &request);
	if (code == P2P_EXIT_OK)
		code = read_rw(cli, &request);
	if (code == P2P_EXIT_OK)
		code = read_bar(cli, arena, &request);
	if (code == P2P_EXIT_OK)
		code = check_words(cli, &request);
	if (code == P2P_EXIT_OK)
		code = read_number(cli, "numjobs", "1", 1, BENCH_JOBS_MAX, &number);
	request.jobs = (unsigned)number;
	if (code == P2P_EXIT_OK)
		code = read_number(cli, "timeout", TIMEOUT, 1, 86400, &number);
	request.timeout = (unsigned)number;
	if (code == P2P_EXIT_OK)
		code = read_number(cli, "runtime", "2", 1, 86400, &request.runtime);
	if (code == P2P_EXIT_OK)
		code = read_number(cli, "randseed", "1", 0, UINT64_MAX, &request.seed);
	if (code == P2P_EXIT_OK)
		*ret = request;
	return code;
}

void bench_request_format(const struct bench_request *request, struct p2p_buf *ret)
{
	static const char *const directions[] = { "", "read", "write", "copy" };

	p2p_buf_printf(ret, "--backend=%s", request->backend->word);
	if (!request->backend->ring)
		p2p_buf_printf(ret, " --ioengine=%s", request->ring->word);
	if (request->alone)
		p2p_buf_puts(ret, " --control=off");
	p2p_buf_printf(ret, " --rw=%s%s --bs=", request->random ? "rand" : "",
		       directions[request->direction ? request->direction : BENCH_DIRECTION_READ]);
	for (size_t i = 0; i < request->size_count; i++) {
		p2p_buf_puts(ret, i ? "," : "");
		p2p_text_size(ret, request->sizes[i]);
	}
	p2p_buf_puts(ret, " --iodepth=");
	for (size_t i = 0; i < request->depth_count; i++)
		p2p_buf_printf(ret, "%s%u", i ? "," : "", request->depths[i]);
	p2p_buf_printf(ret, " --numjobs=%u --runtime=%llu --randseed=%llu", request->jobs,
		       (unsigned long long)request->runtime, (unsigned long long)request->seed);
}

uint64_t bench_request_seconds(const struct bench_request *request)
{
	return request->runtime * request->size_count * request->depth_count;
}
