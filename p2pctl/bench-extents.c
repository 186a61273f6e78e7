/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-extents.h"

#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/model/machine.h"

#define EXTENTS 256
/* Of these, reading does not ask the disk for the bytes as they are. */
#define NOT_THE_DISK                                                                                                   \
	(FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_DATA_ENCRYPTED |       \
	 FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL | FIEMAP_EXTENT_UNWRITTEN)

static const char *extent_word(uint32_t flags)
{
	if (flags & FIEMAP_EXTENT_UNWRITTEN)
		return "preallocated and never written";
	if (flags & (FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL))
		return "kept among the filesystem's own data";
	if (flags & (FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_DATA_ENCRYPTED))
		return "compressed or encrypted";
	return "not on the disk yet";
}

static enum p2p_exit say_bytes(const struct bench_end *end, uint64_t at, const char *what, struct p2p_problem *problem)
{
	p2p_problem_set(problem, 0,
			"%s: bytes from %llu on are %s: the disk would not be read for them; write the file whole, for "
			"example with dd conv=fsync",
			end->path, (unsigned long long)at, what);
	return P2P_EXIT_NO;
}

/* Walks the extents of the range. */
static enum p2p_exit check_range(const struct bench_end *end, struct fiemap *map, struct p2p_problem *problem)
{
	uint64_t at = end->offset, until = end->offset + end->length;

	while (at < until) {
		memset(map, 0, sizeof(*map));
		map->fm_start = at;
		map->fm_length = until - at;
		map->fm_flags = FIEMAP_FLAG_SYNC;
		map->fm_extent_count = EXTENTS;
		/* A filesystem that cannot tell is believed. */
		if (ioctl(end->fd, FS_IOC_FIEMAP, map))
			return P2P_EXIT_OK;
		for (uint32_t i = 0; i < map->fm_mapped_extents; i++) {
			const struct fiemap_extent *extent = &map->fm_extents[i];

			if (extent->fe_logical > at)
				return say_bytes(end, at, "a hole", problem);
			if (extent->fe_flags & NOT_THE_DISK)
				return say_bytes(end, at, extent_word(extent->fe_flags), problem);
			at = extent->fe_logical + extent->fe_length;
		}
		if (!map->fm_mapped_extents)
			return say_bytes(end, at, "a hole", problem);
	}
	return P2P_EXIT_OK;
}

/* "dm-0", "md127", "nvme0n1p2"; "" where the filesystem is on no one disk. */
static void disk_below(dev_t dev, char ret[NAME_MAX + 1])
{
	char link[64], path[PATH_MAX];

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	*ret = '\0';
	if (!realpath(link, path))
		return;
	snprintf(ret, NAME_MAX + 1, "%s", strrchr(path, '/') + 1);
}

/*
 * KERNEL: BLK_FEAT_PCI_P2PDMA (QUEUE_FLAG_PCI_P2PDMA up to 6.10) is not set by
 * drivers/md/dm.c, drivers/block/loop.c; by md raid0, raid1, raid10 from 7.2 on.
 */
static enum p2p_exit check_disk(const struct bench_end *end, dev_t dev, struct p2p_problem *problem)
{
	char disk[NAME_MAX + 1];

	if (end->function != P2P_NOBODY)
		return P2P_EXIT_OK;
	disk_below(dev, disk);
	if (!*disk)
		p2p_problem_set(problem, 0,
				"%s: its filesystem is on no single disk, so that peer memory cannot reach one",
				end->path);
	else if (!strncmp(disk, "dm-", 3))
		p2p_problem_set(problem, 0,
				"%s: its filesystem is on %s, and device mapper (LVM, dm-crypt) takes no peer memory",
				end->path, disk);
	else if (!strncmp(disk, "loop", 4))
		p2p_problem_set(problem, 0, "%s: its filesystem is on %s, and loop devices take no peer memory",
				end->path, disk);
	else if (!strncmp(disk, "md", 2))
		return P2P_EXIT_OK; /* the kernel will say: its own answer depends on the release and on each member */
	else
		p2p_problem_set(problem, 0, "%s: its filesystem is on %s, which is no disk of a PCI function",
				end->path, disk);
	return P2P_EXIT_NO;
}

enum p2p_exit bench_extents_check(const struct bench_end *end, bool peer, bool read, struct p2p_problem *problem)
{
	enum p2p_exit code = P2P_EXIT_OK;
	struct stat st;

	if (fstat(end->fd, &st) || !S_ISREG(st.st_mode))
		return code;
	if (peer)
		code = check_disk(end, st.st_dev, problem);
	if (code != P2P_EXIT_OK || !read)
		return code;
	struct fiemap *map = p2p_malloc(sizeof(*map) + EXTENTS * sizeof(*map->fm_extents));

	code = check_range(end, map, problem);
	free(map);
	return code;
}
