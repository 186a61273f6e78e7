/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of what is saved. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench-saved.h"
#include "core/io/state.h"

int bench_saved_dir(const char *path, bool make, struct p2p_problem *problem, int *ret)
{
	char parent[PATH_MAX];
	char *slash;
	int fd;

	if (access(path, F_OK) && errno == ENOENT) {
		if (!make)
			return -ENOENT;
		snprintf(parent, sizeof(parent), "%s", path);
		slash = strrchr(parent, '/');
		if (slash && slash > parent) {
			*slash = '\0';
			int error = p2p_state_open(parent, problem, &fd);

			if (error)
				return error;
			close(fd);
		}
		/* It holds bytes of disks: for its owner only. */
		if (mkdir(path, 0700) && errno != EEXIST)
			return p2p_problem_set(problem, -errno, "%s: %s", path, p2p_problem_errno(-errno));
	}
	return p2p_state_open(path, problem, ret);
}

static DIR *open_dir(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

void bench_saved_clean(int dir_fd)
{
	DIR *dir = open_dir(dir_fd);

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);
		int fd = entry->d_name[0] == '.' && len > 4 && !strcmp(entry->d_name + len - 4, ".new")
				 ? openat(dir_fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
				 : -1;

		if (fd < 0)
			continue;
		if (!flock(fd, LOCK_EX | LOCK_NB))
			unlinkat(dir_fd, entry->d_name, 0);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

int bench_saved_list(int dir_fd, struct p2p_names *ret)
{
	DIR *dir = open_dir(dir_fd);

	if (!dir)
		return -errno;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			p2p_names_add(ret, entry->d_name);
	closedir(dir);
	return 0;
}
