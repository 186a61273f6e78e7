/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ends --write names, which ranges are used, and opening them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bench-ends.h"
#include "bench-scratch.h"
#include "core/base/text.h"

#define MIB (UINT64_C(1) << 20)
#define USUAL_SIZE (64 * MIB)
/* Disks and files below this get guards and places in smaller steps. */
#define SMALL (16 * MIB)
#define SMALL_STEP (UINT64_C(64) << 10)

static enum p2p_exit say(const struct ctl *ctl, enum p2p_exit code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum p2p_exit say(const struct ctl *ctl, enum p2p_exit code, const char *format, ...)
{
	struct p2p_buf text = P2P_BUF_INIT;
	va_list args;

	va_start(args, format);
	p2p_buf_vprintf(&text, format, args);
	va_end(args);
	ctl_say(ctl, p2p_buf_text(&text));
	p2p_buf_free(&text);
	return code;
}

static enum p2p_exit read_bytes(struct ctl *ctl, const char *word, bool *ret_has, uint64_t *ret)
{
	const char *text = p2p_cli_value(ctl->cli, word);

	*ret_has = text;
	if (text && p2p_text_bytes(text, UINT64_C(1) << 60, ret))
		return say(ctl, P2P_EXIT_USAGE, "--%s is a number of bytes such as 1G or 64M, not '%.60s'", word, text);
	return P2P_EXIT_OK;
}

enum p2p_exit bench_permit_read(struct ctl *ctl, struct bench_permit *permit)
{
	*permit = (struct bench_permit){ .force = p2p_cli_has(ctl->cli, "force"),
					 .src.claim = -1, .dst.claim = -1, .src.saved.fd = -1, .dst.saved.fd = -1 };
	enum p2p_exit code = read_bytes(ctl, "offset", &permit->has_offset, &permit->offset);

	if (code == P2P_EXIT_OK)
		code = read_bytes(ctl, "size", &permit->has_size, &permit->size);
	if (code == P2P_EXIT_OK && permit->has_size && !permit->size)
		return say(ctl, P2P_EXIT_USAGE, "--size is at least one block");
	return code;
}

/* ------------------------------------------------------------- --write DEV */

/* Does a word name that end: the same path, or what it leads to? */
static bool names(struct ctl *ctl, const char *word, const struct bench_end *end)
{
	struct bench_end other;
	struct stat a, b;

	if (end->fd < 0)
		return false;
	if (!strcmp(word, end->path))
		return true;
	if (bench_find_end(ctl, word, &other.path) != P2P_EXIT_OK || stat(other.path, &a) || fstat(end->fd, &b))
		return false;
	if (S_ISBLK(a.st_mode) && S_ISBLK(b.st_mode))
		return a.st_rdev == b.st_rdev;
	return a.st_mode == b.st_mode && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static enum p2p_exit match_writes(struct ctl *ctl, struct bench_job *job)
{
	const struct p2p_cli *cli = ctl->cli;

	for (size_t i = 0; i < cli->given_count; i++) {
		const char *word = cli->given[i].value;

		if (strcmp(cli->given[i].option->word, "write") != 0)
			continue;
		bool src = names(ctl, word, &job->src), dst = names(ctl, word, &job->dst);

		if (!src && !dst)
			return say(ctl, P2P_EXIT_USAGE, "--write %s: that is neither the source nor the destination",
				   word);
		job->src.written |= src;
		job->dst.written |= dst;
	}
	if (job->dst.fd >= 0 && !job->dst.written)
		return say(ctl, P2P_EXIT_REFUSED, "nothing is written to %s without --write %s", job->dst.path,
			   job->dst.path);
	if (job->src.written && job->dst.fd < 0)
		return say(ctl, P2P_EXIT_USAGE, "--write %s: it is only read here", job->src.path);
	return P2P_EXIT_OK;
}

/* ------------------------------------------------------------------ ranges */

static uint64_t down(uint64_t bytes, uint64_t step)
{
	return bytes - bytes % step;
}

static enum p2p_exit choose(struct ctl *ctl, const struct bench_permit *permit, struct bench_end *end,
			    struct bench_scratch *scratch)
{
	uint64_t size = down(end->size, end->block), step = size < SMALL ? SMALL_STEP : MIB,
		 most = down(size / 4, step);
	uint64_t usual = most < USUAL_SIZE ? most : USUAL_SIZE;

	end->offset = permit->has_offset ? permit->offset : scratch ? down(size / 2, step) : 0;
	if (end->offset >= size || end->offset % end->block)
		return say(ctl, P2P_EXIT_USAGE, "--offset: %s has %llu bytes, in blocks of %u", end->path,
			   (unsigned long long)size, end->block);
	end->length = size - end->offset;
	if (scratch && usual && !permit->has_size)
		end->length = usual < end->length ? usual : end->length;
	if (permit->has_size && (permit->size > end->length || permit->size % end->block))
		return say(ctl, P2P_EXIT_USAGE, "--size: from byte %llu on %s has %llu bytes, in blocks of %u",
			   (unsigned long long)end->offset, end->path, (unsigned long long)end->length, end->block);
	if (permit->has_size)
		end->length = permit->size;
	if (scratch) {
		uint64_t after = size - end->offset - end->length;

		scratch->before = end->offset < step ? end->offset : step;
		scratch->after = after < step ? after : step;
	}
	return P2P_EXIT_OK;
}

static bool same_disk(const struct p2p_disk *a, const struct p2p_disk *b)
{
	if (a->file || b->file)
		return a->file && b->file && a->file_dev == b->file_dev && a->inode == b->inode;
	return a->whole == b->whole;
}

/* Where both ends are one disk: what is written may touch nothing of the other. */
static bool overlap(const struct bench_scratch *src, const struct bench_scratch *dst, const struct bench_end *from,
		    const struct bench_end *to)
{
	uint64_t a = src->disk.start + from->offset - src->before, b = dst->disk.start + to->offset - dst->before;

	return a < b + dst->before + to->length + dst->after && b < a + src->before + from->length + src->after;
}

/* Does the range with its guards begin and end at multiples of `block`? */
static bool is_whole(const struct bench_scratch *scratch, const struct bench_end *end, uint64_t block)
{
	return !(end->offset % block || scratch->before % block || scratch->after % block);
}

enum p2p_exit bench_choose_ranges(struct ctl *ctl, struct bench_permit *permit, struct bench_job *job)
{
	struct bench_end *src = &job->src, *dst = &job->dst;
	enum p2p_exit code = P2P_EXIT_OK;

	if (dst->fd >= 0)
		code = choose(ctl, permit, dst, &permit->dst);
	if (code == P2P_EXIT_OK && src->fd >= 0)
		code = choose(ctl, permit, src, src->written ? &permit->src : NULL);
	if (code != P2P_EXIT_OK || src->fd < 0 || dst->fd < 0)
		return code;
	uint64_t block = src->block > dst->block ? src->block : dst->block;
	uint64_t length = down(src->length < dst->length ? src->length : dst->length, block);

	/* What is put back is written in these: no less than a block of either. */
	src->unit = dst->unit = (uint32_t)block;
	if ((src->written && !is_whole(&permit->src, src, block)) || !is_whole(&permit->dst, dst, block))
		return say(ctl, P2P_EXIT_USAGE, "%s: its range is not in whole blocks of the other end, which are "
						"larger: give another --offset and --size",
			   dst->path);
	/* What is not copied is not used; the guard stays where it was. */
	src->length = dst->length = length;
	if (!length)
		return say(ctl, P2P_EXIT_USAGE, "%s: too small", src->path);
	if (!same_disk(&permit->src.disk, &permit->dst.disk) || !overlap(&permit->src, &permit->dst, src, dst))
		return P2P_EXIT_OK;
	/* One disk: the source's range is right before the destination's, if there is room. */
	uint64_t room = length + permit->src.after + permit->src.before + permit->dst.before;

	if (!permit->has_offset && src->offset >= room)
		src->offset = dst->offset >= room ? dst->offset - permit->dst.before - permit->src.after - length : 0;
	if (overlap(&permit->src, &permit->dst, src, dst))
		return say(ctl, P2P_EXIT_USAGE, "%s is source and destination, and has no room for both ranges: "
						"give a smaller --size",
			   src->path);
	return P2P_EXIT_OK;
}

/* ----------------------------------------------------------------- opening */

/* The same file or disk as was looked at, for writing. */
static int reopen(const char *path, int old, int *ret)
{
	struct stat a, b;
	int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &a) || fstat(old, &b) || a.st_dev != b.st_dev || a.st_ino != b.st_ino || a.st_rdev != b.st_rdev) {
		close(fd);
		return -ESTALE;
	}
	close(old);
	*ret = fd;
	return 0;
}

static enum p2p_exit open_for_writing(struct ctl *ctl, struct bench_end *end)
{
	int error = reopen(end->path, end->fd, &end->fd);

	if (!error)
		error = reopen(end->path, end->host_fd, &end->host_fd);
	return error ? say(ctl, P2P_EXIT_CANNOT_READ, "%s: %s", end->path, p2p_problem_errno(error)) : P2P_EXIT_OK;
}

static enum p2p_exit find_disk(struct ctl *ctl, struct bench_end *end, struct bench_scratch *scratch)
{
	char absolute[PATH_MAX];
	struct stat st;
	int error = fstat(end->fd, &st) || !realpath(end->path, absolute) ? -errno : 0;

	if (!error)
		error = p2p_disk_find(ctl->topo.source, &st, &scratch->disk);
	if (error)
		return say(ctl, P2P_EXIT_CANNOT_READ, "%s: %s", end->path,
			   error == -ENODEV ? "/sys knows no such disk" : p2p_problem_errno(error));
	scratch->path = p2p_arena_strdup(ctl->topo.arena, absolute);
	p2p_disk_key(ctl->topo.source, &scratch->disk, absolute, scratch->key);
	scratch->end = end;
	return P2P_EXIT_OK;
}

enum p2p_exit bench_permit(struct ctl *ctl, struct bench_permit *permit, struct bench_job *job)
{
	struct bench_scratch *scratches[] = { &permit->src, &permit->dst };
	struct bench_end *ends[] = { &job->src, &job->dst };
	enum p2p_exit code = match_writes(ctl, job), worst = P2P_EXIT_OK;

	for (size_t i = 0; i < 2 && code == P2P_EXIT_OK; i++)
		if (ends[i]->fd >= 0)
			code = find_disk(ctl, ends[i], scratches[i]);
	if (code == P2P_EXIT_OK)
		code = bench_choose_ranges(ctl, permit, job);
	for (size_t i = 0; i < 2; i++) {
		if (!ends[i]->written)
			scratches[i]->end = NULL;
		if (code != P2P_EXIT_OK || !ends[i]->written)
			continue;
		bool same = i && ends[0]->written && same_disk(&scratches[0]->disk, &scratches[1]->disk);
		enum p2p_exit may = bench_may_write(ctl, permit, scratches[i], same ? scratches[0] : NULL);

		worst = may > worst ? may : worst;
	}
	if (code == P2P_EXIT_OK)
		code = worst;
	for (size_t i = 0; i < 2 && code == P2P_EXIT_OK; i++)
		if (ends[i]->written)
			code = open_for_writing(ctl, ends[i]);
	return code;
}

void bench_permit_close(struct bench_permit *permit)
{
	struct bench_scratch *scratches[] = { &permit->src, &permit->dst };

	for (size_t i = 0; i < 2; i++) {
		if (scratches[i]->claim >= 0)
			close(scratches[i]->claim);
		scratches[i]->claim = -1;
	}
}
