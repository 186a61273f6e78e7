/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens what root may believe: a file or a folder that is root's and that
 * nobody else may write, below folders of which the same is so, links on the
 * way included.  Each step is looked at through the descriptor from which the
 * next one is opened, so nothing can be put in its place in between.
 *
 * A folder with the sticky bit (/tmp) that others may write is passed: what is
 * root's in it only root can rename or remove, and what is not is refused.
 *
 * Who is not root has nothing to lose: then the file is opened as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-internal.h"

/* O_NONBLOCK: a FIFO must not hang us before it is seen to be none of ours. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
#define MOST_LINKS 40 /* as the kernel's */

struct walk {
	const char *path; /* as it was named */
	struct p2p_problem *problem;
	struct p2p_buf done; /* what `folder` is, for messages */
	struct p2p_buf rest; /* what is still to be walked */
	int folder;
	unsigned links;
};

static int refuse(const struct walk *walk, const char *what)
{
	return p2p_problem_set(walk->problem, -EPERM,
			       "%s: not read: %s is not root's, or others may write it; root reads only what is (chown "
			       "root, chmod go-w)",
			       walk->path, *what ? what : "/");
}

static int fail(const struct walk *walk, int error)
{
	return p2p_problem_set(walk->problem, error, "%s: %s", walk->path, p2p_problem_errno(error));
}

static bool is_trusted(const struct stat *st)
{
	if (st->st_uid != 0)
		return false;
	if (S_ISLNK(st->st_mode)) /* its mode says nothing */
		return true;
	return !(st->st_mode & (S_IWGRP | S_IWOTH)) || (S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX);
}

/* Checks what is open, and closes it when it is refused. */
static int check(const struct walk *walk, int fd, const char *what, struct stat *ret)
{
	int error = 0;

	if (fstat(fd, ret))
		error = fail(walk, -errno);
	else if (!is_trusted(ret))
		error = refuse(walk, what);
	if (error)
		close(fd);
	return error;
}

static void move_to(struct walk *walk, int folder)
{
	if (walk->folder >= 0)
		close(walk->folder);
	walk->folder = folder;
}

static int start_at_root(struct walk *walk)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return fail(walk, -errno);
	p2p_buf_reset(&walk->done);
	int error = check(walk, fd, "/", &st);

	if (!error)
		move_to(walk, fd);
	return error;
}

/* The next name of what is left; `ret_last`: nothing but slashes follows.  False: there is none. */
static bool take_name(struct walk *walk, char name[NAME_MAX + 1], bool *ret_last, int *ret_error)
{
	const char *text = p2p_buf_text(&walk->rest);
	struct p2p_buf left = P2P_BUF_INIT;

	*ret_error = 0;
	text += strspn(text, "/");
	size_t length = strcspn(text, "/");

	if (length > NAME_MAX)
		*ret_error = fail(walk, -ENAMETOOLONG);
	if (!length || *ret_error)
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	text += length;
	*ret_last = !text[strspn(text, "/")];
	p2p_buf_puts(&left, text);
	p2p_buf_free(&walk->rest);
	walk->rest = left;
	return true;
}

/* Where a link leads stands before what is left. */
static int follow(struct walk *walk, int link)
{
	struct p2p_buf rest = P2P_BUF_INIT;
	char target[PATH_MAX];
	ssize_t length = readlinkat(link, "", target, sizeof(target) - 1);

	if (length < 0)
		return fail(walk, -errno);
	if (++walk->links > MOST_LINKS)
		return fail(walk, -ELOOP);
	target[length] = '\0';
	p2p_buf_printf(&rest, "%s/%s", target, p2p_buf_text(&walk->rest));
	p2p_buf_free(&walk->rest);
	walk->rest = rest;
	return *target == '/' ? start_at_root(walk) : 0;
}

/* The last name, for reading: what was opened is what is checked. */
static int open_last(const struct walk *walk, const char *name, const char *what)
{
	int fd = openat(walk->folder, name, OPEN_FLAGS | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return fail(walk, -errno);
	int error = check(walk, fd, what, &st);

	return error ? error : fd;
}

/* One name further; *ret is the descriptor once it is the last. */
static int step(struct walk *walk, const char *name, bool last, int *ret)
{
	struct p2p_buf what = P2P_BUF_INIT;
	int fd = openat(walk->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return fail(walk, -errno);
	p2p_buf_printf(&what, "%s/%s", p2p_buf_text(&walk->done), name);
	int error = check(walk, fd, p2p_buf_text(&what), &st);

	if (error) {
		p2p_buf_free(&what);
		return error;
	}
	if (S_ISLNK(st.st_mode)) {
		error = follow(walk, fd);
		close(fd);
	} else if (last && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		error = p2p_problem_set(walk->problem, -EINVAL, "%s: not a regular file", walk->path);
		close(fd);
	} else if (last) {
		close(fd);
		*ret = open_last(walk, name, p2p_buf_text(&what));
		error = *ret < 0 ? *ret : 0;
	} else {
		move_to(walk, fd);
		p2p_buf_reset(&walk->done);
		p2p_buf_puts(&walk->done, p2p_buf_text(&what));
	}
	p2p_buf_free(&what);
	return error;
}

static int walk_all(struct walk *walk, int *ret)
{
	char name[NAME_MAX + 1];
	bool last;
	int error = start_at_root(walk);

	while (!error && *ret < 0) {
		if (take_name(walk, name, &last, &error))
			error = step(walk, name, last, ret);
		else if (!error) /* nothing but slashes: the folder itself */
			error = (*ret = open_last(walk, ".", p2p_buf_text(&walk->done))) < 0 ? *ret : 0;
	}
	return error;
}

int p2p_trust_open(const char *path, struct p2p_problem *problem)
{
	struct walk walk = { .path = path, .problem = problem, .folder = -1 };
	char folder[PATH_MAX];
	int fd = -1, error;

	if (!*path)
		return fail(&walk, -ENOENT);
	if (geteuid() != 0) {
		fd = open(path, OPEN_FLAGS);
		return fd < 0 ? fail(&walk, -errno) : fd;
	}
	if (*path != '/' && !getcwd(folder, sizeof(folder)))
		return fail(&walk, -errno);
	p2p_buf_printf(&walk.rest, "%s/%s", *path == '/' ? "" : folder, path);
	error = walk_all(&walk, &fd);
	move_to(&walk, -1);
	p2p_buf_free(&walk.done);
	p2p_buf_free(&walk.rest);
	return error ? error : fd;
}
