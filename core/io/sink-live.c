/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of this machine: config words by sysfs, attributes of sysfs and
 * configfs.  Each is opened, written in one call and closed.
 */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../base/arena.h"

/* <linux/magic.h> does not have it.  KERNEL: fs/configfs/mount.c. */
#define CONFIGFS_MAGIC 0x62656570

/* Is it the kernel's own, and no file that somebody put in its place? */
static int check_place(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return -errno;
	return fs.f_type == SYSFS_MAGIC || fs.f_type == CONFIGFS_MAGIC ? 0 : -EINVAL;
}

static int write_bytes(const char *key, off_t offset, const void *bytes, size_t length)
{
	char path[P2P_SOURCE_KEY_MAX + 2] = "/";

	memcpy(path + 1, key, strlen(key) + 1);
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	int error = check_place(fd);
	ssize_t put = error ? 0 : pwrite(fd, bytes, length, offset);

	if (!error && put != (ssize_t)length)
		error = put < 0 ? -errno : -EIO;
	close(fd);
	return error;
}

static int live_write(struct p2p_sink *sink, const struct p2p_edit *change, uint16_t word)
{
	(void)sink;
	if (change->kind == P2P_EDIT_WORD) {
		const unsigned char bytes[] = { (unsigned char)word, (unsigned char)(word >> 8) };

		return write_bytes(change->key, change->offset, bytes, sizeof(bytes));
	}
	return write_bytes(change->key, 0, change->text_after, strlen(change->text_after));
}

static void live_free(struct p2p_sink *sink)
{
	free(sink);
}

static const struct p2p_sink_ops live_ops = { .write = live_write, .free = live_free };

struct p2p_sink *p2p_sink_live(void)
{
	struct p2p_sink *sink = p2p_malloc(sizeof(*sink));

	sink->ops = &live_ops;
	return sink;
}
