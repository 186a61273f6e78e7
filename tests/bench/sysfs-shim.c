// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into p2pctl by `enable`: a folder bound over /sys passes for sysfs, which p2pctl asks for before it writes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/magic.h>
#include <sys/vfs.h>

int fstatfs64(int fd, struct statfs64 *ret)
{
	static int (*next)(int, struct statfs64 *);

	if (!next)
		next = (int (*)(int, struct statfs64 *))dlsym(RTLD_NEXT, "fstatfs64");
	int error = next(fd, ret);

	if (!error)
		ret->f_type = SYSFS_MAGIC;
	return error;
}
