/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"

static int open_path(const struct p2p_image *image, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT };
	int fd, tries = 0;

	do
		fd = image->confined ? (int)syscall(SYS_openat2, image->root, path, &how, sizeof(how)) :
				       openat(image->root, path, flags | O_CLOEXEC);
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries++ < 100)));
	return fd < 0 ? -errno : fd;
}

int p2p_image_open(const char *path, struct p2p_problem *problem, struct p2p_image *ret)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return p2p_problem_set(problem, -errno, "%s: %s", path, p2p_problem_errno(-errno));
	*ret = (struct p2p_image){ fd, path, strcmp(path, "/") != 0 };
	int again = open_path(ret, ".", O_PATH);

	if (again >= 0) {
		close(again);
		return 0;
	}
	p2p_image_close(ret);
	return p2p_problem_set(problem, again, "%s: cannot keep reads inside it: openat2 (Linux 5.6): %s", path,
			       p2p_problem_errno(again));
}

void p2p_image_close(struct p2p_image *image)
{
	if (image->path)
		close(image->root);
	*image = (struct p2p_image){ 0 };
}

const char *p2p_image_name(const struct p2p_image *image, struct p2p_arena *arena, const char *path)
{
	size_t len = strlen(image->path);

	while (len && image->path[len - 1] == '/')
		len--;
	return p2p_arena_printf(arena, "%.*s/%s", (int)len, image->path, path);
}

static int read_all(int fd, size_t most, bool head, struct p2p_buf *ret)
{
	char chunk[16384];

	for (;;) {
		size_t want = sizeof(chunk);

		if (head && most - ret->len < want)
			want = most - ret->len;
		ssize_t got = want ? read(fd, chunk, want) : 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : 0;
		if (ret->len + (size_t)got > most)
			return -EFBIG;
		p2p_buf_add(ret, chunk, (size_t)got);
	}
}

int p2p_image_read(const struct p2p_image *image, const char *path, size_t most, bool head, struct p2p_buf *ret)
{
	/* A FIFO would block, a terminal would become ours. */
	int fd = open_path(image, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int error;

	p2p_buf_reset(ret);
	if (fd < 0)
		return fd;
	error = fstat(fd, &st) ? -errno : S_ISREG(st.st_mode) ? read_all(fd, most, head, ret) : -EINVAL;
	close(fd);
	return error;
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

int p2p_image_list(const struct p2p_image *image, const char *path, struct p2p_names *ret)
{
	int fd = open_path(image, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct p2p_arena *arena;
	const struct dirent *item;
	const char **list = NULL;
	size_t count = 0;

	p2p_names_reset(ret);
	if (fd < 0)
		return fd;
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	arena = p2p_arena_new();
	while ((item = readdir(dir))) {
		if (*item->d_name == '.')
			continue;
		list = p2p_realloc(list, count + 1, sizeof(*list));
		list[count++] = p2p_arena_strdup(arena, item->d_name);
	}
	closedir(dir);
	if (count)
		qsort(list, count, sizeof(*list), by_version);
	for (size_t i = 0; i < count; i++)
		p2p_names_add(ret, list[i]);
	free(list);
	p2p_arena_free(arena);
	return 0;
}

bool p2p_image_has(const struct p2p_image *image, const char *path)
{
	int fd = open_path(image, path, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int check_folder(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return -EPERM;
	return st.st_mode & (S_IWGRP | S_IWOTH) ? -EPERM : 0;
}

int p2p_image_folder(const struct p2p_image *image, const char *path, struct p2p_problem *problem, int *ret)
{
	int fd = openat(image->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? -errno : check_folder(fd);

	for (const char *at = path; !error && *at;) {
		size_t len = strcspn(at, "/");
		char name[NAME_MAX + 1];

		snprintf(name, sizeof(name), "%.*s", (int)len, at);
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		error = next < 0 ? -errno : check_folder(next);
		if (next >= 0) {
			close(fd);
			fd = next;
		}
		at += len;
		at += strspn(at, "/");
	}
	if (!error) {
		*ret = fd;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	if (error == -EPERM || error == -ELOOP || error == -ENOTDIR)
		return p2p_problem_set(problem, -EPERM, "%s/%s: a link on the way, or a folder that is not root's or "
				       "that others may write in: nothing is written there",
				       strcmp(image->path, "/") ? image->path : "", path);
	return p2p_problem_set(problem, error, "%s/%s: %s", strcmp(image->path, "/") ? image->path : "", path,
			       p2p_problem_errno(error));
}

/* --------------------------------------------------------------- kernels */

#define CONFIG_MAX ((size_t)4 << 20)
#define HEAD_MAX 65536 /* the real-mode part of a bzImage is at most 64 sectors and the first */
#define RELEASE_MAX 128

/* Nothing but what releases are made of: they become parts of paths. */
static size_t release_length(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || (len && text[len] && strchr("._+~-", text[len])))
		len++;
	return len < RELEASE_MAX ? len : 0;
}

/* Appends the text that a bzImage has about itself.  KERNEL: Documentation/arch/x86/boot.rst, kernel_version */
static int read_version(const struct p2p_image *image, const char *path, struct p2p_buf *ret)
{
	struct p2p_buf head = P2P_BUF_INIT;
	int error = p2p_image_read(image, path, HEAD_MAX, true, &head);
	const unsigned char *bytes = (const unsigned char *)head.text;

	if (!error && (head.len < 0x210 || memcmp(bytes + 0x202, "HdrS", 4) != 0))
		error = -ENODATA;
	if (!error) {
		size_t at = 0x200u + bytes[0x20e] + ((size_t)bytes[0x20f] << 8);
		size_t len = at == 0x200 || at >= head.len ? 0 : strnlen(head.text + at, head.len - at);

		if (len && len < 1024 && at + len < head.len)
			p2p_buf_add(ret, head.text + at, len);
		else
			error = -ENODATA;
	}
	p2p_buf_free(&head);
	return error;
}

static enum p2p_answer answer_of(int says)
{
	return says < 0 ? P2P_MAYBE : says ? P2P_YES : P2P_NO;
}

static void read_config(const struct p2p_image *image, const char *name, struct p2p_image_kernel *kernel)
{
	static const struct { const char *before, *after; } places[] = { { "boot/config-", "" },
									 { "usr/lib/modules/", "/config" },
									 { "lib/modules/", "/config" } };
	struct p2p_buf text = P2P_BUF_INIT;
	char path[RELEASE_MAX + 32];

	kernel->p2pdma = kernel->iommu_on = P2P_MAYBE;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places) && kernel->p2pdma == P2P_MAYBE; i++) {
		snprintf(path, sizeof(path), "%s%s%s", places[i].before, name, places[i].after);
		if (p2p_image_read(image, path, CONFIG_MAX, false, &text))
			continue;
		kernel->p2pdma = answer_of(p2p_kernel_config_says(&text, "CONFIG_PCI_P2PDMA"));
		kernel->iommu_on = answer_of(p2p_kernel_config_says(&text, "CONFIG_INTEL_IOMMU_DEFAULT_ON"));
	}
	p2p_buf_free(&text);
}

struct list {
	struct p2p_arena *arena;
	struct p2p_image_kernel *kernels;
	size_t count, size;
};

static void add(struct list *list, const struct p2p_image_kernel *kernel)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->kernels[i].name, kernel->name))
			return;
	if (list->count == list->size) {
		struct p2p_image_kernel *old = list->kernels;

		list->size = list->size ? list->size * 2 : 16;
		list->kernels = p2p_arena_array(list->arena, list->size, sizeof(*old));
		if (list->count)
			memcpy(list->kernels, old, list->count * sizeof(*old));
	}
	list->kernels[list->count++] = *kernel;
}

/* `name` is what the file is called after; what the image says of itself counts more ("0-rescue-..."). */
static void look(const struct p2p_image *image, struct list *list, const char *path, const char *name)
{
	struct p2p_image_kernel kernel = { .path = path };
	struct p2p_buf version = P2P_BUF_INIT;
	size_t len;

	if (!p2p_image_has(image, path) || release_length(name) != strlen(name) || !*name)
		return;
	read_config(image, name, &kernel);
	kernel.name = name;
	if (!read_version(image, path, &version) && (len = release_length(p2p_buf_text(&version)))) {
		kernel.name = p2p_arena_strndup(list->arena, version.text, len);
		kernel.version = p2p_arena_printf(list->arena, "Linux version %s", version.text);
	}
	add(list, &kernel);
	p2p_buf_free(&version);
}

static int by_name(const void *a, const void *b)
{
	const struct p2p_image_kernel *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

size_t p2p_image_kernels(const struct p2p_image *image, struct p2p_arena *arena, struct p2p_image_kernel **ret)
{
	static const char *const folders[] = { "boot", "usr/lib/modules", "lib/modules" };
	struct list list = { .arena = arena };
	struct p2p_names names = { 0 };

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const char *name = NULL;

		if (p2p_image_list(image, folders[i], &names))
			continue;
		while ((name = p2p_names_next(&names, name)))
			if (i)
				look(image, &list, p2p_arena_printf(arena, "%s/%s/vmlinuz", folders[i], name),
				     p2p_arena_strdup(arena, name));
			else if (!strncmp(name, "vmlinuz-", 8))
				look(image, &list, p2p_arena_printf(arena, "boot/%s", name),
				     p2p_arena_strdup(arena, name + 8));
	}
	p2p_names_free(&names);
	if (list.count)
		qsort(list.kernels, list.count, sizeof(*list.kernels), by_name);
	*ret = list.kernels;
	return list.count;
}
