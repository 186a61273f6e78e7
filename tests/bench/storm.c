// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * storm [-n EVENTS] [-j WORKERS] [-s FLAG] PROGRAM - what udevd does for so many uevents at once: `PROGRAM note pci`
 * for each, at most WORKERS at a time.  Waits for all of them and for what they left in the background, and prints:
 *
 *     wall seconds, CPU seconds of all, peak RSS in KiB of the largest, notes, runs, the worst exit status
 *
 * With -s it is udevd and systemd: nothing is started where the file FLAG exists, as the rule says, and `PROGRAM run`
 * is whenever it does and none is at work, as the path unit says.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *program;
static int worst, notes, runs, working; /* notes at work */
static pid_t run;			/* the run at work; 0: none */

static pid_t start(char *word, char *name)
{
	char *words[] = {program, word, name, NULL};
	pid_t pid;

	errno = posix_spawn(&pid, program, NULL, NULL, words, environ);
	if (errno)
		err(2, "%s", program);
	return pid;
}

/* One of them; 0 when there is none left. */
static int reap(void)
{
	int status;
	pid_t pid;

	while ((pid = wait(&status)) < 0)
		if (errno != EINTR)
			return 0;
	if (pid == run)
		run = 0;
	else
		working--;
	int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);

	worst = code > worst ? code : worst;
	return 1;
}

int main(int argc, char **argv)
{
	int events = 128, workers = 8, opt;
	const char *flag = NULL;
	struct rusage use;

	while ((opt = getopt(argc, argv, "+n:j:s:")) != -1) {
		if (opt == 'n')
			events = atoi(optarg);
		else if (opt == 'j')
			workers = atoi(optarg);
		else if (opt == 's')
			flag = optarg;
		else
			return 2;
	}
	if (optind + 1 != argc)
		errx(2, "usage: storm [-n EVENTS] [-j WORKERS] [-s FLAG] PROGRAM");
	program = argv[optind];
	/* What a note leaves in the background becomes a child of this one when the note has ended. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		err(2, "prctl");
	double began = now();

	for (int i = 0; i < events; i++) {
		if (!flag || access(flag, F_OK)) {
			while (working >= workers)
				reap();
			start("note", "pci");
			notes++;
			working++;
		}
		if (flag && !run && !access(flag, F_OK)) {
			run = start("run", NULL);
			runs++;
		}
	}
	while (reap())
		if (flag && !run && !access(flag, F_OK)) {
			run = start("run", NULL);
			runs++;
		}
	getrusage(RUSAGE_CHILDREN, &use);
	printf("%.6f %.6f %ld %d %d %d\n", now() - began,
	       (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
	       use.ru_maxrss, notes, runs, worst);
	return 0;
}
