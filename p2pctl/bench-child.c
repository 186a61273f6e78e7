/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child that does the I/O, seen from outside.  A transfer that never ends
 * leaves its process in the kernel where no signal reaches it: then the child
 * is left behind, and that is what the answer says.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define TICK_NS 100000000
/* A killed process that is not stuck is gone long before. */
#define KILL_SECONDS 5

static void doze(void)
{
	const struct timespec tick = { 0, TICK_NS };

	nanosleep(&tick, NULL);
}

/* Ctrl-C reaches the whole group: the parent hears it and asks. */
static void run_child(const struct bench_child *child, pid_t parent)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (child->lock_fd)
		close(child->lock_fd);
	if (getppid() != parent)
		_exit(1);
	_exit(child->work(child->context));
}

/* Has it ended?  Then how. */
static bool has_ended(struct bench_child *child)
{
	int status;
	pid_t pid = waitpid(child->pid, &status, WNOHANG);

	if (!pid || (pid < 0 && errno == EINTR))
		return false;
	if (pid > 0 && WIFEXITED(status)) {
		child->ended = BENCH_ENDED;
		child->status = WEXITSTATUS(status);
	} else {
		child->ended = BENCH_DIED;
		child->status = pid > 0 ? WTERMSIG(status) : 0;
	}
	return true;
}

/* It makes no progress. */
static void end(struct bench_child *child)
{
	uint64_t until = bench_now() + KILL_SECONDS * 1000000000ull;

	kill(child->pid, SIGKILL);
	while (bench_now() < until) {
		if (has_ended(child)) {
			child->ended = BENCH_KILLED;
			return;
		}
		doze();
	}
	child->ended = BENCH_HUNG;
}

int bench_supervise(struct bench_child *child)
{
	uint64_t beats = 0, beat_at = bench_now();
	pid_t parent = getpid();

	child->pid = fork();
	if (child->pid < 0)
		return -errno;
	if (!child->pid)
		run_child(child, parent);
	while (!has_ended(child)) {
		uint64_t now = bench_now(), seen = atomic_load(&child->pulse->beats);

		if (child->asked && *child->asked)
			atomic_store(&child->pulse->stop, true);
		if (seen != beats) {
			beats = seen;
			beat_at = now;
		}
		if (now - beat_at > child->stall_seconds * 1000000000ull) {
			end(child);
			return 0;
		}
		if (child->tick)
			child->tick(child->context);
		doze();
	}
	return 0;
}
