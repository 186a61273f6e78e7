/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of a test's own, and the files in it. */
#ifndef P2P_TESTS_UNIT_CHECK_FOLDER_H
#define P2P_TESTS_UNIT_CHECK_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char check_top[64];

static inline void folder_make(const char *name)
{
	/* In memory where that can be had: some tests sync thousands of times. */
	snprintf(check_top, sizeof(check_top), "%s/test-%s-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm",
		 name);
	if (!mkdtemp(check_top))
		abort();
}

/* Valid until the third call after this one. */
static inline const char *folder_path(const char *name)
{
	static char paths[3][256];
	static unsigned next;
	char *path = paths[next++ % 3];

	snprintf(path, sizeof(paths[0]), "%s/%.180s", check_top, name);
	return path;
}

static inline void folder_clear(void)
{
	DIR *dir = opendir(check_top);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    remove(folder_path(entry->d_name)))
			abort();
	if (!dir || closedir(dir))
		abort();
}

static inline void folder_remove(void)
{
	folder_clear();
	if (rmdir(check_top))
		abort();
}

/* A file of mode 0600 with these bytes, whatever was there before. */
static inline void file_put(const char *name, const char *bytes, size_t len)
{
	unlink(folder_path(name));
	int fd = open(folder_path(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd))
		abort();
}

/* The caller frees it; terminated. */
static inline char *file_get(const char *name, size_t *ret_len)
{
	int fd = open(folder_path(name), O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		abort();
	char *bytes = calloc(1, (size_t)st.st_size + 1);

	if (!bytes || read(fd, bytes, (size_t)st.st_size) != st.st_size || close(fd))
		abort();
	*ret_len = (size_t)st.st_size;
	return bytes;
}

#endif
