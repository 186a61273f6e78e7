// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measure [-c] [-t SECONDS] PROGRAM ARGS... - run a program once and print one line:
 *
 *     wall seconds, CPU seconds, peak RSS in KiB, bytes written to stdout (-1 without -c), exit status
 *
 * The program's output goes to /dev/null.  With -c it is counted on the way there, through a pipe and without copying;
 * the pipe costs time, so that is a run of its own.  The status is 128 + N for signal N, and 124 when it ran past the
 * limit.
 *
 * Small and in C for a reason: Linux hands a process's peak RSS on through exec, so a big parent would show as the peak
 * of every small program it starts.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t late;
static volatile pid_t child;

static void limit(int sig)
{
	(void)sig;
	late = 1;
	kill(child, SIGKILL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	int count = 0, seconds = 600, opt, pipes[2] = {-1, -1}, status;
	long long bytes = -1;
	struct rusage use;

	while ((opt = getopt(argc, argv, "+ct:")) != -1) {
		if (opt == 'c')
			count = 1;
		else if (opt != 't' || (seconds = atoi(optarg)) <= 0)
			errx(2, "usage: measure [-c] [-t SECONDS] PROGRAM ARGS...");
	}
	if (optind == argc)
		errx(2, "usage: measure [-c] [-t SECONDS] PROGRAM ARGS...");
	int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (sink < 0 || (count && pipe2(pipes, O_CLOEXEC)))
		err(2, "measure");
	if (count)
		fcntl(pipes[1], F_SETPIPE_SZ, 1 << 20); /* a wish: the default works too */

	double start = now();
	if ((child = fork()) < 0)
		err(2, "fork");
	if (child == 0) {
		dup2(count ? pipes[1] : sink, STDOUT_FILENO);
		execvp(argv[optind], argv + optind);
		warn("%s", argv[optind]);
		_exit(127);
	}
	signal(SIGALRM, limit);
	alarm((unsigned)seconds);
	if (count) {
		ssize_t n;
		close(pipes[1]);
		for (bytes = 0; (n = splice(pipes[0], NULL, sink, NULL, 1 << 20, 0)) > 0 || (n < 0 && errno == EINTR);)
			bytes += n > 0 ? n : 0;
	}
	while (wait4(child, &status, 0, &use) < 0)
		if (errno != EINTR)
			err(2, "wait");
	double wall = now() - start;
	double cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		     (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
	printf("%.6f %.6f %ld %lld %d\n", wall, cpu, use.ru_maxrss, bytes,
	       late		     ? 124
	       : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				     : WEXITSTATUS(status));
	return 0;
}
