/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sources over the files below one root: this machine ("/") and a copied
 * tree.  In a copied tree no link leads out: openat2 resolves it as if the
 * root were "/".  This machine's own root needs no such care, and kernels
 * before 5.6 have no openat2.
 */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../base/arena.h"
#include "acs-changes.h"
#include "kernel-allowlist.h"
#include "kernel.h"
#include "netlink.h"
#include "pcilib.h"
#include "published.h"
#include "results.h"

#define DEVICES "sys/bus/pci/devices"
#define FUNCTION_MAX 31

/* sysfs gives an attribute at most a page at a time, and no page is smaller. */
#define SYSFS_PAGE 4096

/*
 * Open descriptors, not answers: a scan asks for one function's files in a row
 * and for its config space in many small ranges.
 */
struct files {
	struct p2p_source source;
	int root;
	bool confined; /* to the root */
	bool live;
	bool creation; /* sys/ is a real sysfs: its folders list in order of creation */
	dev_t sysfs;
	int devices;  /* DEVICES */
	int function; /* DEVICES/function_name */
	char function_name[FUNCTION_MAX + 1];
	int file; /* file_key */
	bool file_sysfs;
	char file_key[P2P_SOURCE_KEY_MAX + 1];
	struct p2p_netlink *netlink;
	struct p2p_kernel_symbols symbols; /* how far the pass over /proc/kallsyms got */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void forget(struct files *files)
{
	close_fd(&files->file);
	close_fd(&files->function);
	close_fd(&files->devices);
}

static int open_at(const struct files *files, int folder, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve | RESOLVE_NO_MAGICLINKS };
	int fd, tries = 0;

	do {
		fd = files->confined ? (int)syscall(SYS_openat2, folder, path, &how, sizeof(how)) :
				       openat(folder, path, flags | O_CLOEXEC);
		/* openat2 gives EAGAIN when it loses a race with a rename. */
	} while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries++ < 100)));
	return fd < 0 ? -errno : fd;
}

static int open_from_root(const struct files *files, const char *path, int flags)
{
	return open_at(files, files->root, path, flags, RESOLVE_IN_ROOT);
}

/* The open folder of all functions, or -Exxx. */
static int devices_folder(struct files *files)
{
	if (files->devices < 0) {
		int fd = open_from_root(files, DEVICES, O_PATH | O_DIRECTORY);

		if (fd < 0)
			return fd;
		files->devices = fd;
	}
	return files->devices;
}

/* `key` below DEVICES, NULL when it is not. */
static const char *below_devices(const char *key)
{
	const size_t len = sizeof(DEVICES) - 1;

	return strncmp(key, DEVICES, len) == 0 && key[len] == '/' ? key + len + 1 : NULL;
}

/*
 * The open folder of the function in which `key` is, and the rest of the key.
 * -EXDEV: it is in none.
 */
static int function_folder(struct files *files, const char *key, const char **ret)
{
	const char *name = below_devices(key), *rest = name ? strchr(name, '/') : NULL;
	char path[sizeof(DEVICES) + FUNCTION_MAX + 1] = DEVICES "/";

	if (!rest || rest - name > FUNCTION_MAX)
		return -EXDEV;
	size_t len = (size_t)(rest - name);

	*ret = rest + 1;
	if (files->function >= 0 && strncmp(files->function_name, name, len) == 0 && !files->function_name[len])
		return files->function;
	memcpy(path + sizeof(DEVICES), name, len);
	int fd = open_from_root(files, path, O_PATH | O_DIRECTORY);

	if (fd < 0)
		return fd;
	close_fd(&files->function);
	files->function = fd;
	strcpy(files->function_name, path + sizeof(DEVICES));
	return fd;
}

/* Opens what `key` is. */
static int open_key(struct files *files, const char *key, int flags)
{
	const char *rest;
	int folder = function_folder(files, key, &rest);

	if (folder == -EXDEV)
		return open_from_root(files, key, flags);
	if (folder < 0)
		return folder;
	/* Below a function nothing is a link, nearly always; where one is, it resolves from the root. */
	int fd = open_at(files, folder, rest, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	return files->confined && (fd == -ELOOP || fd == -EXDEV) ? open_from_root(files, key, flags) : fd;
}

static int file_open(struct files *files, const char *key)
{
	struct stat st;

	close_fd(&files->file);
	int fd = open_key(files, key, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	files->file = fd;
	files->file_sysfs = files->creation && st.st_dev == files->sysfs;
	strcpy(files->file_key, key);
	return 0;
}

static int file_read(struct files *files, const char *key, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	size_t done = 0;

	/* An attribute that is read from its start again is asked again: configfs answers once an open. */
	if (files->file < 0 || strcmp(files->file_key, key) != 0 || (!offset && !files->file_sysfs)) {
		int error = file_open(files, key);

		if (error)
			return error;
	}
	while (done < length) {
		size_t want = length - done;
		ssize_t got = pread(files->file, (char *)buffer + done, want, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			/* A driver may say ENODATA, but here that word means that nobody looked. */
			int error = errno == ENODATA ? -EIO : -errno;

			close_fd(&files->file); /* the next read may find a new device of this name */
			return error;
		}
		done += (size_t)got;
		/* In sysfs a short answer is the end; elsewhere (/proc) only an empty one is. */
		if (!got || (files->file_sysfs && (size_t)got < (want < SYSFS_PAGE ? want : SYSFS_PAGE)))
			break;
	}
	*ret = done;
	return 0;
}

static int file_link(struct files *files, const char *key, struct p2p_buf *ret)
{
	char target[PATH_MAX], parent[P2P_SOURCE_KEY_MAX + 1];
	const char *name = below_devices(key), *slash = strrchr(key, '/');
	int folder, fd = -1;

	if (name && !strchr(name, '/')) {
		folder = devices_folder(files);
	} else {
		folder = function_folder(files, key, &name);
		if (folder == -EXDEV || (folder >= 0 && strchr(name, '/'))) {
			size_t len = slash ? (size_t)(slash - key) : 0;

			memcpy(parent, key, len);
			parent[len] = '\0';
			fd = slash ? open_key(files, parent, O_PATH | O_DIRECTORY) : -1;
			folder = slash ? fd : files->root;
			name = slash ? slash + 1 : key;
		}
	}
	if (folder < 0)
		return folder;
	ssize_t len = readlinkat(folder, name, target, sizeof(target));
	int error = len < 0 ? -errno : len == sizeof(target) ? -ENAMETOOLONG : 0;

	close_fd(&fd);
	if (error)
		return error;
	p2p_buf_reset(ret);
	p2p_buf_add(ret, target, (size_t)len);
	return 0;
}

struct entry {
	uint64_t inode;
	size_t name; /* where in the text */
	const char *text;
};

static int by_inode(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return p2p_source_key_compare(x->text + x->name, y->text + y->name);
}

static int read_entries(DIR *dir, struct p2p_names *names, struct entry **entries)
{
	const struct dirent *item;

	while ((errno = 0, item = readdir(dir))) {
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		if ((names->count & (names->count + 1)) == 0) /* 0, 1, 3, 7, ...: grown by doubling */
			*entries = p2p_realloc(*entries, (names->count + 1) * 2, sizeof(**entries));
		(*entries)[names->count] = (struct entry){ .inode = item->d_ino, .name = names->text.len };
		p2p_names_add(names, item->d_name);
	}
	return -errno;
}

static int file_list(struct files *files, const char *key, struct p2p_names *ret)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct entry *entries = NULL;
	struct statfs fs;

	/* A list of anything but a function's own files begins a new look at the machine. */
	if (!below_devices(key))
		forget(files);
	int fd = open_key(files, key, O_RDONLY | O_DIRECTORY | O_NONBLOCK);

	/* A machine without these has no IOMMU; a copy without them may only have left them out. */
	if (fd == -ENOENT && !files->live &&
	    (!strcmp(key, "sys/class/iommu") || !strcmp(key, "sys/kernel/iommu_groups")))
		return -ENODATA;
	if (fd < 0)
		return fd;
	bool creation = fstatfs(fd, &fs) == 0 && fs.f_type == SYSFS_MAGIC;
	DIR *dir = fdopendir(fd);

	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	int error = read_entries(dir, &names, &entries);

	closedir(dir);
	if (!error) {
		for (size_t i = 0; i < names.count; i++)
			entries[i].text = names.text.text;
		if (names.count)
			qsort(entries, names.count, sizeof(*entries), creation ? by_inode : by_name);
		p2p_names_reset(ret);
		for (size_t i = 0; i < names.count; i++)
			p2p_names_add(ret, entries[i].text + entries[i].name);
	}
	free(entries);
	p2p_names_free(&names);
	return error;
}

/* For kernel.c, which needs files outside the mounts. */
static int kernel_file(void *context, const char *path, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	return file_read(context, path, offset, buffer, length, ret);
}

static int kernel_mount(struct files *files, const char *key, struct p2p_buf *ret)
{
	struct p2p_kernel_files in = { .read = kernel_file, .context = files };

	if (strcmp(key, "kernel/p2pdma") == 0)
		return p2p_kernel_p2pdma(&in, &files->symbols, ret);
	if (strcmp(key, "kernel/allowlist") == 0)
		return files->live ? p2p_kernel_allowlist(&in, &files->symbols, ret) : -ENODATA;
	if (strcmp(key, "kernel/list-order") != 0)
		return -ENODATA;
	p2p_buf_puts(ret, files->creation ? "creation\n" : "name\n");
	return 0;
}

static int names_mount(struct files *files, const char *key, struct p2p_buf *ret)
{
	(void)files;
	return p2p_pcilib_read(key, ret);
}

static int net_mount(struct files *files, const char *key, struct p2p_buf *ret)
{
	const char *name = key + strlen("net/");

	if (!files->live || strchr(name, '/'))
		return -ENODATA;
	if (!files->netlink)
		files->netlink = p2p_netlink_new();
	return p2p_netlink_read(files->netlink, name, ret);
}

/* What p2pctl left; only on this machine. */
static int published_mount(struct files *files, const char *key, struct p2p_buf *ret)
{
	int64_t age = 0;
	int error = files->live && !strcmp(key, "published/age") ? p2p_published_age(&age) : -ENODATA;

	if (!error)
		p2p_buf_printf(ret, "%lld\n", (long long)(age < 0 ? 0 : age));
	return error;
}

/* What is not a file: a text made for the question. */
static const struct mount {
	const char *prefix;
	int (*read)(struct files *files, const char *key, struct p2p_buf *ret);
} mounts[] = {
	{ "kernel/", kernel_mount },
	{ "names/", names_mount },
	{ "net/", net_mount },
	{ "published/", published_mount },
};

static bool is_file(const char *key)
{
	return strncmp(key, "sys/", 4) == 0 || strncmp(key, "proc/", 5) == 0;
}

static int mount_read(struct files *files, const char *key, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = -ENODATA;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++)
		if (strncmp(key, mounts[i].prefix, strlen(mounts[i].prefix)) == 0)
			error = mounts[i].read(files, key, &text);
	if (!error) {
		size_t left = offset < text.len ? text.len - (size_t)offset : 0;
		size_t got = left < length ? left : length;

		if (got)
			memcpy(buffer, text.text + offset, got);
		*ret = got;
	}
	p2p_buf_free(&text);
	return error;
}

static int files_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
		      size_t *ret)
{
	struct files *files = (struct files *)source;

	if (files->live && !strcmp(key, "published/state.json"))
		return p2p_published_read(P2P_PUBLISHED_NAME, offset, buffer, length, ret);
	if (files->live && !strcmp(key, "published/acs-changes"))
		return p2p_published_read(P2P_ACS_CHANGES_NAME, offset, buffer, length, ret);
	if (files->live && !strcmp(key, P2P_RESULTS_KEY))
		return p2p_results_read(offset, buffer, length, ret);
	return (is_file(key) ? file_read : mount_read)(files, key, offset, buffer, length, ret);
}

static int files_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	return is_file(key) ? file_link((struct files *)source, key, ret) : -ENODATA;
}

static int files_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	return is_file(key) ? file_list((struct files *)source, key, ret) : -ENODATA;
}

static void files_free(struct p2p_source *source)
{
	struct files *files = (struct files *)source;

	forget(files);
	close_fd(&files->root);
	p2p_netlink_free(files->netlink);
	free(files);
}

static const struct p2p_source_ops files_ops = {
	.read = files_read,
	.link = files_link,
	.list = files_list,
	.free = files_free,
};

/* Takes over `root`, an open folder. */
static struct files *files_new(int root, bool live)
{
	struct files *files = p2p_malloc(sizeof(*files));
	struct statfs fs;
	struct stat st;

	*files = (struct files){ .source.ops = &files_ops, .root = root, .live = live, .confined = !live,
				 .devices = -1, .function = -1, .file = -1 };
	int sys = open_from_root(files, "sys", O_PATH | O_DIRECTORY);

	if (sys >= 0 && fstatfs(sys, &fs) == 0 && fs.f_type == SYSFS_MAGIC && fstat(sys, &st) == 0) {
		files->creation = true;
		files->sysfs = st.st_dev;
	}
	close_fd(&sys);
	return files;
}

int p2p_source_open_live(struct p2p_problem *problem, struct p2p_source **ret)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return p2p_problem_set(problem, -errno, "/: cannot open it: %s", p2p_problem_errno(-errno));
	*ret = &files_new(root, true)->source;
	return 0;
}

int p2p_source_open_root(const char *dir, struct p2p_problem *problem, struct p2p_source **ret)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return p2p_problem_set(problem, -errno, "%s: cannot open it: %s", dir, p2p_problem_errno(-errno));
	int again = (int)syscall(SYS_openat2, root, ".", &how, sizeof(how));

	if (again < 0) {
		int error = -errno;

		close(root);
		return p2p_problem_set(problem, error, "%s: cannot keep reads inside it: openat2 (Linux 5.6): %s", dir,
				       p2p_problem_errno(error));
	}
	close(again);
	*ret = &files_new(root, false)->source;
	return 0;
}
