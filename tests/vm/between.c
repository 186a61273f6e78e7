/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets something happen between two steps of a program: a library for
 * LD_PRELOAD that runs BETWEEN_RUN in a shell before (BETWEEN_WHEN=before), or
 * after, the BETWEEN_AT-th time the program writes with an offset below /sys,
 * which is how p2pctl changes a machine.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_sys(int fd)
{
	char link[64], path[8] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, path, sizeof(path) - 1) > 0 && !strncmp(path, "/sys/", 5);
}

static void happen(int number, const char *when)
{
	const char *at = getenv("BETWEEN_AT"), *wanted = getenv("BETWEEN_WHEN"), *run = getenv("BETWEEN_RUN");

	if (!at || !wanted || !run || atoi(at) != number || strcmp(wanted, when) != 0)
		return;
	unsetenv("LD_PRELOAD");
	if (system(run) != 0)
		abort();
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
	static int count;
	ssize_t (*real)(int, const void *, size_t, off64_t) =
		(ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
	int number = is_sys(fd) ? ++count : 0;

	if (number)
		happen(number, "before");
	ssize_t put = real(fd, bytes, length, offset);

	if (number)
		happen(number, "after");
	return put;
}
