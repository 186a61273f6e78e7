/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk that misbehaves: what `p2pctl bench --ioengine=psync` is run with, by
 * LD_PRELOAD.  The measured transfers there are pread and pwrite, and nothing
 * else of the program calls these.
 *
 *   DISTURB=WHAT:N        from the Nth pwrite on (pread where there is none), once
 *     swap       the Nth and the next one change places
 *     drop       it is not written, and said to be
 *     duplicate  the next one's content is written here too: the Nth's goes nowhere, the next is written twice
 *     flip       one bit of it is another one
 *     zero       zeros are written
 *     blank      zeros are written, and from there on always
 *     tear       only its first half is written
 *     beside     it is written before the range too, SHIFT bytes lower (DISTURB_SHIFT)
 *     fail       it ends with EIO
 *     stale      a read leaves memory as it was, and says that all is well
 *     delay      it never ends
 *   DISTURB=kill:N        the run is killed, parent and child, at the Nth call that changes or syncs a file, or moves
 *                         or removes one, and is none of the measured ones
 *   DISTURB=killio:N      the same at the Nth measured write
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char what[32];
static long wanted = -1, writes, reads, changes;
static long shift;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("DISTURB"), *by = getenv("DISTURB_SHIFT");

	if (text && sscanf(text, "%31[a-z]:%ld", what, &wanted) != 2)
		wanted = -1;
	shift = by ? atol(by) : 0;
}

static bool is(const char *word)
{
	return wanted >= 0 && !strcmp(what, word);
}

/* Parent and child at once. */
static void die(void)
{
	kill(getppid(), SIGKILL);
	kill(getpid(), SIGKILL);
}

static void may_kill(void)
{
	if (is("kill") && ++changes == wanted)
		die();
}

static ssize_t real_write(int fd, const void *bytes, size_t count, off_t offset)
{
	struct iovec piece = { (void *)bytes, count };
	static ssize_t (*move)(int, const struct iovec *, int, off_t);

	if (!move)
		move = (ssize_t (*)(int, const struct iovec *, int, off_t))dlsym(RTLD_NEXT, "pwritev");
	return move(fd, &piece, 1, offset);
}

/* O_DIRECT wants aligned memory. */
static void *copy_of(const void *bytes, size_t count)
{
	void *copy = NULL;

	if (posix_memalign(&copy, 4096, count))
		abort();
	memcpy(copy, bytes, count);
	return copy;
}

static ssize_t disturbed(int fd, const void *bytes, size_t count, off_t offset)
{
	static void *held;
	static off_t held_at;
	long number = ++writes;
	unsigned char *copy = copy_of(bytes, count);

	if (number == wanted + 1 && held) {
		if (is("swap")) {
			real_write(fd, held, count, offset);
			return real_write(fd, copy, count, held_at);
		}
		real_write(fd, copy, count, held_at); /* duplicate */
		return real_write(fd, copy, count, offset);
	}
	if (is("blank") && number >= wanted)
		memset(copy, 0, count);
	if (number != wanted)
		return real_write(fd, copy, count, offset);
	if (is("swap") || is("duplicate")) {
		held = copy;
		held_at = offset;
		return (ssize_t)count;
	}
	if (is("drop"))
		return (ssize_t)count;
	if (is("fail")) {
		errno = EIO;
		return -1;
	}
	if (is("flip"))
		copy[count / 2] ^= 4;
	if (is("zero"))
		memset(copy, 0, count);
	if (is("tear")) {
		real_write(fd, copy, count / 2, offset);
		return (ssize_t)count;
	}
	if (is("beside"))
		real_write(fd, copy, count, offset - shift);
	while (is("delay"))
		sleep(1000);
	return real_write(fd, copy, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset)
{
	if (is("killio") && writes + 1 == wanted)
		die();
	return disturbed(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	return pwrite64(fd, bytes, count, offset);
}

ssize_t pread64(int fd, void *bytes, size_t count, off_t offset)
{
	struct iovec piece = { bytes, count };
	static ssize_t (*move)(int, const struct iovec *, int, off_t);
	/* Others read files of sysfs with it. */
	long number = fcntl(fd, F_GETFL) & O_DIRECT ? ++reads : -1;

	if (!move)
		move = (ssize_t (*)(int, const struct iovec *, int, off_t))dlsym(RTLD_NEXT, "preadv");
	if (is("stale") && number == wanted)
		return (ssize_t)count;
	return move(fd, &piece, 1, offset);
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
	return pread64(fd, bytes, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off_t offset)
{
	static ssize_t (*move)(int, const struct iovec *, int, off_t);

	if (!move)
		move = (ssize_t (*)(int, const struct iovec *, int, off_t))dlsym(RTLD_NEXT, "pwritev");
	may_kill();
	return move(fd, pieces, count, offset);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
	return pwritev64(fd, pieces, count, offset);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
	static ssize_t (*move)(int, const void *, size_t);

	if (!move)
		move = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	if (fd > 2)
		may_kill();
	return move(fd, bytes, count);
}

int fsync(int fd)
{
	static int (*sync)(int);

	if (!sync)
		sync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	may_kill();
	return sync(fd);
}

int fdatasync(int fd)
{
	static int (*sync)(int);

	if (!sync)
		sync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	may_kill();
	return sync(fd);
}

int renameat(int from, const char *old, int to, const char *new)
{
	static int (*move)(int, const char *, int, const char *);

	if (!move)
		move = (int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat");
	may_kill();
	return move(from, old, to, new);
}

int unlinkat(int fd, const char *name, int flags)
{
	static int (*drop)(int, const char *, int);

	if (!drop)
		drop = (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");
	may_kill();
	return drop(fd, name, flags);
}
