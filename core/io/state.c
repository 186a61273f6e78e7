/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Ours, and nobody else may write it. */
static int check_owner(const struct stat *st)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return -EPERM;
	return st->st_mode & (S_IWGRP | S_IWOTH) ? -EPERM : 0;
}

int p2p_state_open(const char *dir, struct p2p_problem *problem, int *ret)
{
	struct stat st;

	if (mkdir(dir, 0755) && errno != EEXIST)
		return p2p_problem_set(problem, -errno, "%s: %s%s", dir, p2p_problem_errno(-errno),
				       errno == EACCES ? "; run it as root" : "");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return p2p_problem_set(problem, -errno, "%s: %s", dir,
				       errno == ENOTDIR || errno == ELOOP ? "not a folder, or a symbolic link"
									  : p2p_problem_errno(-errno));
	if (fstat(fd, &st) || check_owner(&st)) {
		close(fd);
		return p2p_problem_set(problem, -EPERM,
				       "%s: belongs to somebody else, or others may write in it; "
				       "it is not used",
				       dir);
	}
	*ret = fd;
	return 0;
}

/* What the process is called now; "" when it is gone, or in another PID namespace. */
static void read_program(long pid, char *ret, size_t size)
{
	char path[64];

	*ret = '\0';
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (fd >= 0)
		close(fd);
	ret[got > 0 ? got : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

/* Who holds it, as the holder wrote it when it had it: "1234 enable". */
static void name_holder(int fd, const char *dir, unsigned seconds, struct p2p_problem *problem)
{
	char text[64] = "", program[32], since[32] = "?";
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	struct stat st;
	struct tm tm;

	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	size_t digits = strspn(text, "0123456789");
	long pid = digits && digits < 10 && text[digits] == ' ' ? atol(text) : 0;

	if (!pid || fstat(fd, &st)) {
		p2p_problem_set(problem, 0, "%s: another process is at work there, which has not said who it is; it "
				"was waited for %u s", dir, seconds);
		return;
	}
	if (localtime_r(&st.st_mtim.tv_sec, &tm))
		strftime(since, sizeof(since), "%F %T", &tm);
	read_program(pid, program, sizeof(program));
	p2p_problem_set(problem, 0, "%s: another run is at work there: process %ld (%s %s), since %s; it was waited "
			"for %u s", dir, pid, *program ? program : "p2pctl", text + digits + 1, since,
			seconds);
}

/* Ours: a file that others can open would let them keep it locked. */
static int open_lock(int dir_fd, const char *dir, struct p2p_problem *problem)
{
	int fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0)
		return p2p_problem_set(problem, -errno, "%s/lock: %s", dir,
				       errno == ELOOP    ? "a symbolic link, which is not followed; remove it"
				       : errno == EACCES ? "Permission denied; run it as root"
							 : p2p_problem_errno(-errno));
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !check_owner(&st))
		return fd;
	close(fd);
	return p2p_problem_set(problem, -EPERM, "%s/lock: no regular file of ours, or others may write it; remove it",
			       dir);
}

int p2p_state_lock(int dir_fd, const char *dir, const char *verb, unsigned seconds, struct p2p_problem *problem,
		   int *ret)
{
	static const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_lock(dir_fd, dir, problem);
	char text[64];

	if (fd < 0)
		return fd;
	for (unsigned tries = 0; fcntl(fd, F_OFD_SETLK, &lock); tries++) {
		int error = -errno;

		if (error == -EINTR)
			continue;
		if ((error != -EAGAIN && error != -EACCES) || tries >= seconds * 10) {
			if (error == -EAGAIN || error == -EACCES)
				name_holder(fd, dir, seconds, problem);
			else
				p2p_problem_set(problem, 0, "%s/lock: %s", dir, p2p_problem_errno(error));
			close(fd);
			return error == -EACCES || error == -EAGAIN ? -EBUSY : error;
		}
		nanosleep(&pause, NULL);
	}
	/* Only for the message of who waits: that it cannot be written is no reason to stop. */
	int length = snprintf(text, sizeof(text), "%ld %s\n", (long)getpid(), verb);

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)length, 0) < 0)
		errno = 0;
	*ret = fd;
	return 0;
}

int p2p_state_write(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		ssize_t put = write(fd, at, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		at += put;
		length -= (size_t)put;
	}
	return 0;
}

int p2p_state_replace(int dir_fd, const char *name, const void *bytes, size_t length, unsigned mode)
{
	char beside[128];

	if (snprintf(beside, sizeof(beside), ".%s.new", name) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	/* Left by a run that was killed; under the lock nobody else is writing it. */
	if (unlinkat(dir_fd, beside, 0) && errno != ENOENT)
		return -errno;
	int fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	int error = p2p_state_write(fd, bytes, length);

	if (!error && (fchmod(fd, mode) || fsync(fd)))
		error = -errno;
	if (close(fd) && !error)
		error = -errno;
	if (!error && renameat(dir_fd, beside, dir_fd, name))
		error = -errno;
	if (error)
		unlinkat(dir_fd, beside, 0);
	else if (fsync(dir_fd))
		error = -errno;
	return error;
}

int p2p_state_load(int dir_fd, const char *name, size_t most, struct p2p_buf *ret)
{
	struct p2p_buf buf = P2P_BUF_INIT;
	char chunk[16384];
	struct stat st;
	ssize_t got = 0;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error = 0;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st))
		error = -errno;
	else if (!S_ISREG(st.st_mode) || check_owner(&st))
		error = -EPERM;
	while (!error && (got = read(fd, chunk, sizeof(chunk)))) {
		if (got < 0)
			error = errno == EINTR ? 0 : -errno;
		else if (buf.len + (size_t)got > most)
			error = -EFBIG;
		else
			p2p_buf_add(&buf, chunk, (size_t)got);
	}
	close(fd);
	if (error) {
		p2p_buf_free(&buf);
		return error;
	}
	p2p_buf_free(ret);
	*ret = buf;
	return 0;
}

/* Root's, and nobody else can write it.  For whom this is read has no say: not even its own files are believed. */
static int check_root(int fd, mode_t kind)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if ((st.st_mode & S_IFMT) != kind || st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	return 0;
}

/* What is called `name` in the folder `at`, if it is of that kind and root's. */
static int open_root(int at, const char *name, mode_t kind, int *ret)
{
	int flags = kind == S_IFDIR ? O_DIRECTORY : O_NONBLOCK | O_NOCTTY;
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);

	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? -EPERM : -errno;
	int error = check_root(fd, kind);

	if (error)
		close(fd);
	else
		*ret = fd;
	return error;
}

int p2p_state_open_trusted(const char *top, const char *name, int *ret)
{
	char part[64];
	int at = -1, next = -1, error = open_root(AT_FDCWD, top, S_IFDIR, &at);

	while (!error) {
		const char *slash = strchr(name, '/');

		if (!slash) {
			error = open_root(at, name, S_IFREG, &next);
			break;
		}
		if (snprintf(part, sizeof(part), "%.*s", (int)(slash - name), name) >= (int)sizeof(part))
			error = -ENAMETOOLONG;
		else
			error = open_root(at, part, S_IFDIR, &next);
		if (error)
			break;
		close(at);
		at = next;
		name = slash + 1;
	}
	if (at >= 0)
		close(at);
	if (!error)
		*ret = next;
	return error;
}

int p2p_state_read_at(int fd, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = pread(fd, (char *)buffer + done, length - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*ret = done;
	return 0;
}

int p2p_state_remove(int dir_fd, const char *name)
{
	if (unlinkat(dir_fd, name, 0))
		return errno == ENOENT ? 0 : -errno;
	return fsync(dir_fd) ? -errno : 0;
}

int p2p_state_boot(struct p2p_buf *ret)
{
	char text[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (got <= 0)
		return -EIO;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	p2p_buf_reset(ret);
	p2p_buf_puts(ret, text);
	return 0;
}
