/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long the program may compute on after its pager was left, to come to its own exit status; of its own time. */
static const struct itimerval grace = { .it_value.tv_sec = 1 }, no_limit;

static struct {
	volatile pid_t child; /* 0: none, or it ended */
	bool started;
	int columns;
	int errors, nowhere; /* standard error as it was, -1: it was not changed; /dev/null */
} pager = { .errors = -1 };

const char *p2p_pager_decide(const struct p2p_pager_surroundings *surroundings)
{
	const char *term = surroundings->term, *command = surroundings->p2p_pager;

	/* What cannot move its cursor would only be asked to press a key. */
	if (!surroundings->terminal || !term || !*term || !strcmp(term, "dumb"))
		return NULL;
	if (!command)
		command = surroundings->pager;
	if (!command)
		command = "less";
	return *command && strcmp(command, "cat") != 0 ? command : NULL;
}

/* Is the command one that can be run?  Of more than a plain word only the shell knows. */
static bool is_there(const char *command)
{
	const char *path = getenv("PATH");
	char file[4096];

	if (strpbrk(command, " \t\n|&;<>()$`\\\"'*?[]#~=%!{}"))
		return true;
	if (strchr(command, '/'))
		return !access(command, X_OK);
	for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
		int len = (int)strcspn(at, ":");

		snprintf(file, sizeof(file), "%.*s/%s", len, at, command);
		if (len && !access(file, X_OK))
			return true;
		at += len;
		at += *at == ':';
	}
	return false;
}

/* In the child. */
static void become(const char *command, const int pipe_ends[2])
{
	dup2(pipe_ends[0], STDIN_FILENO);
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	if (!geteuid())
		setenv("LESSSECURE", "1", 1);
	execl("/bin/sh", "sh", "-c", "--", command, (char *)NULL);
	fprintf(stderr, "cannot run /bin/sh: %s\n", strerror(errno));
	_exit(127);
}

/* The pager sees the end of its input, and the user what there is, before this program is gone. */
static void wait_for_it(void)
{
	pid_t child = pager.child;

	pager.child = 0;
	setitimer(ITIMER_PROF, &no_limit, NULL);
	dup2(pager.nowhere, STDOUT_FILENO);
	if (pager.errors >= 0)
		dup2(pager.errors, STDERR_FILENO);
	while (child && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Interrupted: without this the shell and the pager would both read the terminal. */
static void on_end(int number)
{
	wait_for_it();
	signal(number, SIG_DFL);
	raise(number);
}

/*
 * The pager was left, which is no failure: what is still to be printed goes
 * nowhere, without an error, and the exit status is the verb's own.  The pipe
 * has another reader, this process, so that a write that waits for room is not
 * broken off: it begins anew (SA_RESTART), and then finds /dev/null.
 */
static void on_child(int number)
{
	int error = errno;

	(void)number;
	if (pager.child > 0 && waitpid(pager.child, NULL, WNOHANG) == pager.child) {
		pager.child = 0;
		dup2(pager.nowhere, STDOUT_FILENO);
		if (pager.errors >= 0)
			dup2(pager.nowhere, STDERR_FILENO);
		setitimer(ITIMER_PROF, &grace, NULL);
	}
	errno = error;
}

/* But not for ever: then it ends as it would without a reader. */
static void on_timer(int number)
{
	(void)number;
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, before;

	/* What was ignored when we came (nohup) stays so. */
	if (!sigaction(number, NULL, &before) && (before.sa_handler != SIG_IGN || number == SIGCHLD))
		sigaction(number, &action, NULL);
}

static void handle_all(void)
{
	static const int ends[] = { SIGINT, SIGHUP, SIGTERM, SIGQUIT };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		handle(ends[i], on_end);
	handle(SIGCHLD, on_child);
	handle(SIGPROF, on_timer);
}

/* The ends of the pipe in this process; the reading one stays open, see on_child. */
static void redirect(const int pipe_ends[2])
{
	dup2(pipe_ends[1], STDOUT_FILENO);
	if (isatty(STDERR_FILENO)) {
		pager.errors = dup(STDERR_FILENO);
		dup2(pipe_ends[1], STDERR_FILENO);
	}
	close(pipe_ends[1]);
	/* As on a terminal: messages and output in the order in which they came. */
	setvbuf(stdout, NULL, _IOLBF, 0);
}

void p2p_pager_start(const char *name)
{
	const struct p2p_pager_surroundings surroundings = {
		.terminal = isatty(STDOUT_FILENO), .term = getenv("TERM"),
		.p2p_pager = getenv("P2P_PAGER"), .pager = getenv("PAGER"),
	};
	const char *command = p2p_pager_decide(&surroundings);
	struct winsize size = { 0 };
	int pipe_ends[2];
	sigset_t child, before;

	if (!command)
		return;
	if (!is_there(command)) {
		if (surroundings.p2p_pager || surroundings.pager)
			fprintf(stderr, "%s: the pager that P2P_PAGER or PAGER names is not there; going on without\n",
				name);
		return;
	}
	pager.nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (pager.nowhere < 0 || pipe2(pipe_ends, O_CLOEXEC))
		return;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		pager.columns = size.ws_col;
	fflush(NULL);
	/* A pager that ends at once must find everything prepared for that. */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	pager.child = fork();
	if (pager.child == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		become(command, pipe_ends);
	}
	pager.started = pager.child > 0;
	if (pager.started) {
		redirect(pipe_ends);
		handle_all();
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

bool p2p_pager_is_terminal(int *ret_columns)
{
	if (pager.started)
		*ret_columns = pager.columns;
	return pager.started;
}

void p2p_pager_wait(void)
{
	if (pager.started)
		wait_for_it();
}
