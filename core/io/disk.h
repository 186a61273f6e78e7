/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disk: which one a device number or a file is, by what it is known again after
 * a reboot, and who uses it.  Floor 2 (io).
 *
 * sys/ and proc/ are read through a source; paths that the kernel names there
 * (of swap, of exports, of loop devices) are looked up with `stat`.
 */
#ifndef P2P_IO_DISK_H
#define P2P_IO_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "../base/names.h"
#include "source.h"

#define P2P_DISK_NAME 64
#define P2P_DISK_KEY 160

struct p2p_disk {
	bool file; /* a regular file: then only these */
	dev_t file_dev;
	ino_t inode;
	dev_t dev;    /* what was named, maybe a partition */
	dev_t whole;  /* the disk that it is of, or itself */
	char name[P2P_DISK_NAME]; /* of the whole disk in sysfs: "nvme0n1" */
	uint64_t start;		  /* bytes; where a partition begins on its disk, else 0 */
};

/* What was opened: a block device (looked up below sys/dev/block) or a regular file.  -ENODEV: sysfs does not know it.
 */
int p2p_disk_find(struct p2p_source *source, const struct stat *st, struct p2p_disk *ret);

/*
 * By what it is known again: NGUID, EUI-64 or UUID of the namespace, else serial
 * number and namespace; for others WWID or serial number; of a loop device its
 * file; of a file `path` (absolute) and inode; of what has nothing of all that
 * the name in this boot.  A word that is a file's name everywhere.
 */
void p2p_disk_key(struct p2p_source *source, const struct p2p_disk *disk, const char *path, char ret[P2P_DISK_KEY]);

struct p2p_disk_look {
	struct p2p_source *source;
	int (*stat)(const char *path, struct stat *ret); /* stat(2) */
};

/*
 * Everybody who uses the disk, or any part of it: "mounted on /home (nvme0n1p2)",
 * "swap", "held by dm-0 (vg-root)", "exported by nvmet: ...", "behind loop0".
 * Into *unknown what cannot be told, as a sentence's end.
 */
void p2p_disk_users(const struct p2p_disk_look *look, const struct p2p_disk *disk, struct p2p_names *ret,
		    struct p2p_names *unknown);

/* What keeps a disk from being written like memory: "read-only", "zoned".  NULL: nothing. */
const char *p2p_disk_unfit(struct p2p_source *source, const struct p2p_disk *disk);

#endif
