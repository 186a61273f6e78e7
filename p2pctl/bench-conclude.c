/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run's share of what was permitted, before and after it. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "bench-ends.h"
#include "bench-prove.h"
#include "bench-run.h"
#include "core/base/text.h"

static enum p2p_exit read_verify(struct ctl *ctl, struct bench_run *run)
{
	const char *text = p2p_cli_value(ctl->cli, "verify");

	run->verify = BENCH_VERIFY_USUAL;
	run->verify_loads = BENCH_VERIFY_LOADS;
	if (!text)
		return P2P_EXIT_OK;
	if (!strcmp(text, "all"))
		run->verify = BENCH_VERIFY_ALL;
	else if (!strcmp(text, "off"))
		run->verify = 0;
	else if (p2p_text_bytes(text, UINT64_C(1) << 60, &run->verify)) {
		ctl_say(ctl, "--verify takes all, off, or a number of bytes such as 64M");
		return P2P_EXIT_USAGE;
	}
	run->verify_loads = run->verify;
	return P2P_EXIT_OK;
}

enum p2p_exit bench_permit_run(struct ctl *ctl, struct bench_permit *permit, struct bench_run *run)
{
	struct p2p_problem problem = { "" };
	struct p2p_buf dir = P2P_BUF_INIT;
	enum p2p_exit code = read_verify(ctl, run);
	int error = 0;

	run->scratch[0] = permit->src.end ? &permit->src : NULL;
	run->scratch[1] = permit->dst.end ? &permit->dst : NULL;
	/* 0 is no number: what was never stamped must not be ours. */
	while (!run->id)
		if (getrandom(&run->id, sizeof(run->id), 0) != sizeof(run->id) && errno != EINTR)
			run->id = bench_now() | 1;
	if (code != P2P_EXIT_OK || (!run->scratch[0] && !run->scratch[1]))
		return code;
	bench_saved_place(ctl, &dir);
	error = bench_saved_dir(p2p_buf_text(&dir), true, &problem, &run->saved_fd);
	p2p_buf_free(&dir);
	return error ? ctl_complain(ctl, -EPERM, &problem) : P2P_EXIT_OK;
}

enum p2p_exit bench_conclude(struct ctl *ctl, struct bench_permit *permit, struct bench_run *run, bool ended)
{
	enum p2p_exit code = P2P_EXIT_OK;
	struct p2p_buf dir = P2P_BUF_INIT;
	bool waits = false;

	bench_saved_place(ctl, &dir);
	for (int i = 0; i < 2; i++) {
		const struct bench_restored *restored = &run->shared->restored[i];

		waits |= restored->fate == BENCH_FATE_SAVED;
		if (restored->fate == BENCH_FATE_LEFT || restored->fate == BENCH_FATE_FAILED) {
			bench_say_fate(ctl, p2p_buf_text(&dir), restored);
			code = P2P_EXIT_HUMAN;
		}
	}
	/* The child ended in the middle.  Where it hangs, so would who puts back. */
	if (waits && run->child.ended == BENCH_HUNG) {
		for (int i = 0; i < 2; i++)
			bench_say_fate(ctl, p2p_buf_text(&dir), &run->shared->restored[i]);
	} else if (waits && !ended) {
		bench_close_end(&run->job.src);
		bench_close_end(&run->job.dst);
		bench_permit_close(permit);
		code = bench_recover(ctl);
	}
	p2p_buf_free(&dir);
	return code;
}
