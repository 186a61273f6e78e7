/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-ends.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static enum p2p_exit complain(const struct ctl *ctl, enum p2p_exit code, const struct p2p_problem *problem)
{
	p2p_cli_complain(ctl->cli, stderr, problem);
	return code;
}

/* The disk of a function: there must be one and no more. */
static const char *disk_of(const struct ctl *ctl, int function, const char *word)
{
	const struct p2p_child *child = ctl->topo.machine->functions[function].children;
	const char *disk = NULL;
	struct p2p_problem problem;
	size_t count = 0;

	for (; child; child = child->next) {
		if (child->kind != P2P_CHILD_BLOCK)
			continue;
		count++;
		if (!disk || !strcmp(child->name, word))
			disk = child->name;
	}
	if (disk && (count == 1 || !strcmp(disk, word)))
		return disk;
	p2p_problem_set(&problem, 0, count ? "%s has %zu disks: name one of them" : "%s has no disk", word, count);
	p2p_cli_complain(ctl->cli, stderr, &problem);
	return NULL;
}

/* The function that a device number of a disk, or of the disk below a file, belongs to; P2P_NOBODY. */
static int function_behind(const struct ctl *ctl, dev_t dev)
{
	const struct p2p_machine *machine = ctl->topo.machine;
	char link[64], path[PATH_MAX];
	int found = P2P_NOBODY;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	if (!realpath(link, path))
		return P2P_NOBODY;
	/* The last part that is an address of a function: .../0000:00:02.0/0000:03:00.0/nvme/nvme0/nvme0n1 */
	for (char *save, *part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		struct p2p_bdf bdf;

		if (!p2p_bdf_parse(part, &bdf) && p2p_machine_find(machine, bdf) != P2P_NOBODY)
			found = p2p_machine_find(machine, bdf);
	}
	return found;
}

/* What direct transfers of a file are multiples of; a kernel before 6.1 does not say, and 4096 fits every disk. */
static uint32_t file_block(int fd)
{
	uint32_t block = 0;
#ifdef STATX_DIOALIGN
	struct statx st;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) && (st.stx_mask & STATX_DIOALIGN))
		block = st.stx_dio_offset_align;
#endif
	return block >= 512 && block <= 4096 && !(block & (block - 1)) ? block : 4096;
}

static int measure(struct bench_end *end, const struct stat *st)
{
	int block = 0;

	if (S_ISREG(st->st_mode)) {
		end->size = (uint64_t)st->st_size;
		end->block = file_block(end->fd);
	} else {
		if (ioctl(end->fd, BLKGETSIZE64, &end->size) || ioctl(end->fd, BLKSSZGET, &block))
			return -errno;
		end->block = (uint32_t)block;
	}
	end->unit = end->block;
	end->length = end->size - end->size % end->block;
	return end->length ? 0 : -ENODATA;
}

enum p2p_exit bench_find_end(struct ctl *ctl, const char *word, const char **ret)
{
	struct p2p_buf path = P2P_BUF_INIT;

	if (strchr(word, '/')) {
		p2p_buf_puts(&path, word);
	} else {
		int function = topo_device(&ctl->topo, word);
		const char *disk = function == P2P_NOBODY ? NULL : disk_of(ctl, function, word);

		if (!disk)
			return P2P_EXIT_USAGE;
		p2p_buf_printf(&path, "/dev/%s", disk);
	}
	*ret = p2p_arena_strdup(ctl->topo.arena, p2p_buf_text(&path));
	p2p_buf_free(&path);
	return P2P_EXIT_OK;
}

enum p2p_exit bench_open_end(struct ctl *ctl, const char *word, struct bench_end *ret)
{
	struct bench_end end = { .fd = -1, .host_fd = -1, .function = P2P_NOBODY };
	struct p2p_problem problem;
	struct stat st;

	if (bench_find_end(ctl, word, &end.path) != P2P_EXIT_OK)
		return P2P_EXIT_USAGE;
	end.fd = open(end.path, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
	if (end.fd >= 0)
		end.host_fd = open(end.path, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
	if (end.host_fd < 0 || fstat(end.fd, &st)) {
		p2p_problem_set(&problem, 0, "%s: %s%s", end.path, p2p_problem_errno(-errno),
				errno == EACCES ? "; run it as root" : "");
		bench_close_end(&end);
		return complain(ctl, P2P_EXIT_CANNOT_READ, &problem);
	}
	int error = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) ? measure(&end, &st) : -ENOTBLK;

	if (error) {
		p2p_problem_set(&problem, 0, "%s: %s", end.path,
				error == -ENOTBLK   ? "this is neither a disk nor a file"
				: error == -ENODATA ? "it has not one whole block"
						    : p2p_problem_errno(error));
		bench_close_end(&end);
		return complain(ctl, P2P_EXIT_CANNOT_READ, &problem);
	}
	end.function = function_behind(ctl, S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev);
	*ret = end;
	return P2P_EXIT_OK;
}

void bench_close_end(struct bench_end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	if (end->fd >= 0 && end->host_fd >= 0)
		close(end->host_fd);
	end->fd = end->host_fd = -1;
}
