/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "published.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FACT(name) { #name, offsetof(struct p2p_function, name) }

const struct p2p_published_fact p2p_published_facts[] = {
	FACT(port_type), FACT(ats),  FACT(pri),	      FACT(pasid), FACT(mps), FACT(mps_max),
	FACT(mrrs),	 FACT(resizable), FACT(vfs), FACT(vfs_max), FACT(cxl),
};
const size_t p2p_published_fact_count = sizeof(p2p_published_facts) / sizeof(*p2p_published_facts);

/* Root's, and nobody else can write it.  For whom this is read has no say: not even its own files are believed. */
static int check(int fd, mode_t kind)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if ((st.st_mode & S_IFMT) != kind || st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	return 0;
}

/* *ret is a descriptor of the file, which is what it should be. */
static int open_checked(const char *name, int *ret)
{
	int dir = open(P2P_PUBLISHED_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOTDIR || errno == ELOOP ? -EPERM : -errno;
	int error = check(dir, S_IFDIR), fd = -1;

	if (!error) {
		fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			error = errno == ELOOP ? -EPERM : -errno;
		else
			error = check(fd, S_IFREG);
	}
	close(dir);
	if (error) {
		if (fd >= 0)
			close(fd);
		return error;
	}
	*ret = fd;
	return 0;
}

int p2p_published_read(const char *name, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	int fd = -1, error = open_checked(name, &fd);
	size_t done = 0;

	while (!error && done < length) {
		ssize_t got = pread(fd, (char *)buffer + done, length - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			error = -errno;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	if (!error)
		*ret = done;
	return error;
}

int p2p_published_age(int64_t *ret)
{
	struct stat st;
	int fd = -1, error = open_checked(P2P_PUBLISHED_NAME, &fd);

	if (error)
		return error;
	if (fstat(fd, &st))
		error = -errno;
	close(fd);
	if (!error)
		*ret = (int64_t)time(NULL) - (int64_t)st.st_mtime;
	return error;
}
