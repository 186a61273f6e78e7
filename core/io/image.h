/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Image: an installed system below a folder, "/" being this one: files of its
 * own that no machine's facts come from, and the kernels that it can boot.
 * Floor 2 (io).  Paths are without a leading slash; no link leads out.
 */
#ifndef P2P_IO_IMAGE_H
#define P2P_IO_IMAGE_H

#include "../base/arena.h"
#include "../base/names.h"
#include "../base/problem.h"
#include "../model/fact.h"

struct p2p_image {
	int root;
	const char *path; /* the caller's */
	bool confined;	  /* not "/": links are followed as if the folder were */
};

int p2p_image_open(const char *path, struct p2p_problem *problem, struct p2p_image *ret);
void p2p_image_close(struct p2p_image *image);

/* "/etc/default/grub" or "/mnt/etc/default/grub", for people. */
const char *p2p_image_name(const struct p2p_image *image, struct p2p_arena *arena, const char *path);

/*
 * The bytes of a regular file, replacing what `ret` held; -EFBIG: more than
 * `most`, or, with `head`, just the first of them.
 */
int p2p_image_read(const struct p2p_image *image, const char *path, size_t most, bool head, struct p2p_buf *ret);

/* The names in a folder, without those that begin with a dot, sorted. */
int p2p_image_list(const struct p2p_image *image, const char *path, struct p2p_names *ret);

/* Is something there?  Links are followed. */
bool p2p_image_has(const struct p2p_image *image, const char *path);

/*
 * The folder, opened so that files in it can be replaced: no link on the way,
 * and none of the folders on it may be written by anybody but its owner, who
 * is the caller or root (-EPERM).  *ret is a descriptor.
 */
int p2p_image_folder(const struct p2p_image *image, const char *path, struct p2p_problem *problem, int *ret);

struct p2p_image_kernel {
	const char *name;    /* uname -r */
	const char *version; /* as /proc/version would say it; NULL: the image does not tell */
	const char *path;    /* of the image, "boot/vmlinuz-6.1.0-28-amd64" */
	enum p2p_answer p2pdma;	  /* by its configuration */
	enum p2p_answer iommu_on; /* Intel's IOMMU is used without being asked for */
};

/* boot/vmlinuz-* and those below usr/lib/modules, each release once, sorted by name as people sort. */
size_t p2p_image_kernels(const struct p2p_image *image, struct p2p_arena *arena, struct p2p_image_kernel **ret);

#endif
