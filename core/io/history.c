/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/text.h"
#include "state.h"

/* Two files of this and a line more are never read past. */
#define MOST_BYTES (8u << 20)
/* Who writes a line holds the file for as long as one sync takes; nobody waits longer for it than this. */
#define LOCK_TRIES 200

/* Is it the file that the name means still, after it was waited for? */
static bool is_current(int dir_fd, const struct stat *st)
{
	struct stat now;

	return !fstatat(dir_fd, P2P_HISTORY_NAME, &now, AT_SYMLINK_NOFOLLOW) && now.st_ino == st->st_ino &&
	       now.st_dev == st->st_dev;
}

static int lock(int fd)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	for (unsigned tries = 0; fcntl(fd, F_OFD_SETLK, &lock); tries++) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -errno;
		if (tries >= LOCK_TRIES)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Open, ours, and locked.  -EAGAIN: another run has just put it aside. */
static int open_locked(int dir_fd, struct stat *st)
{
	int fd = openat(dir_fd, P2P_HISTORY_NAME,
			O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0)
		return errno == ELOOP || errno == EISDIR || errno == ENXIO ? -EPERM : -errno;
	int error = fstat(fd, st) ? -errno : 0;

	if (!error && (!S_ISREG(st->st_mode) || (st->st_uid != geteuid() && st->st_uid != 0) ||
		       st->st_mode & (S_IWGRP | S_IWOTH) || st->st_nlink > 1))
		error = -EPERM;
	if (!error)
		error = lock(fd);
	if (!error && fstat(fd, st))
		error = -errno;
	if (!error && !is_current(dir_fd, st))
		error = -EAGAIN;
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int sync_file(int fd, int dir_fd, bool is_new)
{
	if (fdatasync(fd))
		return -errno;
	return is_new && fsync(dir_fd) ? -errno : 0;
}

static int append(int fd, int dir_fd, const struct stat *st, const char *line, size_t len)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char last = '\n';
	int error = 0;

	/* What a crash cut off is closed, and stays a line of its own that does not read. */
	if (st->st_size && pread(fd, &last, 1, st->st_size - 1) != 1)
		return -EIO;
	if (last != '\n')
		p2p_buf_putc(&text, '\n');
	p2p_buf_add(&text, line, len);
	ssize_t put = write(fd, text.text, text.len);

	if (put < 0)
		error = -errno;
	else if ((size_t)put != text.len)
		error = -ENOSPC;
	else
		error = sync_file(fd, dir_fd, !st->st_size);
	p2p_buf_free(&text);
	/* A part of a line on a full disk would only be one more that does not read. */
	if (error && put > 0 && ftruncate(fd, st->st_size))
		return error;
	return error;
}

int p2p_history_append(int dir_fd, const char *line, size_t len, bool may_rotate)
{
	for (int tries = 0; tries < 10; tries++) {
		struct stat st;
		int fd = open_locked(dir_fd, &st), error;

		if (fd == -EAGAIN)
			continue;
		if (fd < 0)
			return fd;
		if (may_rotate && st.st_size > P2P_HISTORY_ROTATE &&
		    !renameat(dir_fd, P2P_HISTORY_NAME, dir_fd, P2P_HISTORY_OLD)) {
			close(fd);
			continue;
		}
		/* It could not be put aside, again and again: then it is full. */
		error = st.st_size > 2 * (off_t)P2P_HISTORY_ROTATE ? -EFBIG : append(fd, dir_fd, &st, line, len);
		close(fd);
		return error;
	}
	return -EBUSY;
}

int p2p_history_read(int dir_fd, const char *name, struct p2p_arena *arena, p2p_history_each each, void *context,
		     size_t *ret_bad, size_t *ret_first)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_state_load(dir_fd, name, MOST_BYTES, &text);
	size_t line = 0;

	*ret_bad = *ret_first = 0;
	for (const char *at = text.text, *end = at + text.len; !error && at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct p2p_history_record record;

		line++;
		/* Without its newline it is one that was cut off, whatever it looks like. */
		if (newline && !p2p_history_parse(arena, at, (size_t)(newline - at), &record))
			each(context, &record);
		else if (!(*ret_bad)++)
			*ret_first = line;
		at = newline ? newline + 1 : end;
	}
	p2p_buf_free(&text);
	return error == -ENOENT ? 0 : error;
}

static bool read_login(int64_t *ret)
{
	char text[32];
	int fd = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return false;
	text[got] = '\0';
	/* All ones: nobody logged in, as for a service. */
	return !p2p_text_signed(text, ret) && *ret != UINT32_MAX;
}

void p2p_history_who(struct p2p_arena *arena, struct p2p_history_record *ret)
{
	const char *sudo = getenv("SUDO_USER");

	ret->uid = getuid();
	ret->has_login = read_login(&ret->login);
	if (!ret->has_login)
		ret->login = 0;
	if (sudo && *sudo)
		ret->sudo = p2p_arena_strndup(arena, sudo, strnlen(sudo, 64));
}
