/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench-host.h"
#include "core/base/stamp.h"
#include "core/io/state.h"

#define CHUNK BENCH_HOST_MOST

/* A sum of one block of what would be copied. */
struct pair {
	uint64_t a, b;
};

static uint64_t sum(const void *bytes, size_t length, uint64_t seed)
{
	const unsigned char *at = bytes;
	uint64_t value = seed ^ length;

	for (size_t i = 0; i < length; i += 8) {
		uint64_t word = 0;

		memcpy(&word, at + i, length - i < 8 ? length - i : 8);
		value = (value ^ word) * 0x9e3779b97f4a7c15u;
		value ^= value >> 29;
	}
	return value;
}

static struct pair pair_of(const void *unit, size_t length)
{
	return (struct pair){ sum(unit, length, 1), sum(unit, length, 0x517cc1b727220a95u) };
}

static uint64_t header_sum(const struct bench_saved_header *header)
{
	return sum(header, offsetof(struct bench_saved_header, header_sum), 2);
}

/* What a step through the file and the disk needs. */
struct walk {
	struct bench_saved *saved;
	int disk_fd;
	uint64_t shift;
	struct bench_pulse *pulse;
	struct p2p_problem *problem;
	unsigned char *now, *was;
	struct pair *source; /* of the chunk */
};

static int begin(struct walk *walk, struct bench_saved *saved, int disk_fd, uint64_t shift, struct bench_pulse *pulse,
		 struct p2p_problem *problem)
{
	*walk = (struct walk){ saved,
			       disk_fd,
			       shift,
			       pulse,
			       problem,
			       bench_host_memory(CHUNK),
			       bench_host_memory(CHUNK),
			       bench_host_memory(CHUNK / P2P_STAMP_UNIT * sizeof(struct pair)) };
	return walk->now && walk->was && walk->source ? 0 : p2p_problem_set(problem, -ENOMEM, "no memory for 1 MiB");
}

static void end(struct walk *walk)
{
	free(walk->now);
	free(walk->was);
	free(walk->source);
}

static int file_error(const struct walk *walk, int error)
{
	return p2p_problem_set(walk->problem, error, "what is saved, '%s': %s", walk->saved->name,
			       p2p_problem_errno(error));
}

static int read_saved(const struct walk *walk, void *memory, size_t bytes, uint64_t offset)
{
	int error = bench_host_read(walk->saved->fd, memory, bytes, offset, walk->pulse);

	return error ? file_error(walk, error) : 0;
}

static int read_disk(const struct walk *walk, uint64_t at, size_t bytes)
{
	int error = bench_host_read(walk->disk_fd, walk->now, bytes, at - walk->shift, walk->pulse);

	return error ? p2p_problem_set(walk->problem, error, "%s: read at byte %llu: %s", walk->saved->header.path,
				       (unsigned long long)at, p2p_problem_errno(error))
		     : 0;
}

/* ------------------------------------------------------------------ making */

static int copy_range(struct walk *walk)
{
	struct bench_saved_header *header = &walk->saved->header;

	for (uint64_t at = 0, part; at < header->length; at += part) {
		part = header->length - at < CHUNK ? header->length - at : CHUNK;
		int error = read_disk(walk, header->from + at, part);

		if (error)
			return error;
		header->bytes_sum = header->bytes_sum * 31 + sum(walk->now, part, 3);
		error = p2p_state_write(walk->saved->fd, walk->now, part);
		if (error)
			return file_error(walk, error);
	}
	return 0;
}

static int copy_sums(struct walk *walk, int source_fd, uint64_t source_offset)
{
	struct bench_saved_header *header = &walk->saved->header;

	for (uint64_t at = 0, part; at < header->write_length; at += part) {
		part = header->write_length - at < CHUNK ? header->write_length - at : CHUNK;
		size_t count = part / header->unit;
		int error = bench_host_read(source_fd, walk->now, part, source_offset + at, walk->pulse);

		if (error)
			return p2p_problem_set(walk->problem, error, "the source cannot be read: %s",
					       p2p_problem_errno(error));
		for (size_t i = 0; i < count; i++)
			walk->source[i] = pair_of(walk->now + i * header->unit, header->unit);
		header->source_count += count;
		header->source_sum = header->source_sum * 31 + sum(walk->source, count * sizeof(*walk->source), 4);
		error = p2p_state_write(walk->saved->fd, walk->source, count * sizeof(*walk->source));
		if (error)
			return file_error(walk, error);
	}
	return 0;
}

static int fill(struct walk *walk, int source_fd, uint64_t source_offset)
{
	struct bench_saved *saved = walk->saved;
	struct bench_saved_header *header = &saved->header;

	if (ftruncate(saved->fd, 0) || lseek(saved->fd, sizeof(*header), SEEK_SET) < 0)
		return file_error(walk, -errno);
	int error = copy_range(walk);

	if (!error && source_fd >= 0)
		error = copy_sums(walk, source_fd, source_offset);
	if (error)
		return error;
	header->header_sum = header_sum(header);
	error = bench_host_write(saved->fd, header, sizeof(*header), 0, walk->pulse);
	if (!error && fsync(saved->fd))
		error = -errno;
	return error ? file_error(walk, error) : 0;
}

/* From here on the file is there, whole, whatever happens. */
static int publish(const struct walk *walk, const char *beside)
{
	const struct bench_saved *saved = walk->saved;

	if (renameat(saved->dir_fd, beside, saved->dir_fd, saved->name) || fsync(saved->dir_fd))
		return file_error(walk, -errno);
	return 0;
}

int bench_saved_make(struct bench_saved *saved, int disk_fd, uint64_t shift, int source_fd, uint64_t source_offset,
		     struct bench_pulse *pulse, struct p2p_problem *problem)
{
	char beside[sizeof(saved->name) + 8];
	struct walk walk;
	int error = begin(&walk, saved, disk_fd, shift, pulse, problem);

	memcpy(saved->header.magic, BENCH_SAVED_MAGIC, sizeof(saved->header.magic));
	saved->header.version = BENCH_SAVED_VERSION;
	saved->header.size = sizeof(saved->header);
	saved->header.bytes_sum = saved->header.source_sum = saved->header.source_count = 0;
	snprintf(beside, sizeof(beside), ".%s.new", saved->name);
	saved->fd = -1;
	if (!error && !faccessat(saved->dir_fd, saved->name, F_OK, AT_SYMLINK_NOFOLLOW))
		error = p2p_problem_set(problem, -EEXIST, "what an earlier run saved of this disk is still in '%s'",
					saved->name);
	if (!error) {
		saved->fd = openat(saved->dir_fd, beside, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (saved->fd < 0 || flock(saved->fd, LOCK_EX | LOCK_NB))
			error = file_error(&walk, -errno);
		else
			error = fill(&walk, source_fd, source_offset);
		if (error && error != -EWOULDBLOCK)
			unlinkat(saved->dir_fd, beside, 0);
	}
	if (!error)
		error = publish(&walk, beside);
	end(&walk);
	if (error)
		bench_saved_close(saved);
	return error;
}

/* --------------------------------------------------------------- restoring */

static bool inside(const struct bench_saved_header *header, uint64_t at)
{
	return at >= header->write_from && at - header->write_from < header->write_length;
}

/* Our stamp, whatever has become of what follows it, or what we would have copied to this place. */
static bool is_ours(const struct walk *walk, uint64_t chunk, size_t i)
{
	const struct bench_saved_header *header = &walk->saved->header;
	const unsigned char *unit = walk->now + i * header->unit;
	uint64_t at = chunk + i * header->unit;
	struct p2p_stamp stamp;

	if (p2p_stamp_read(unit, header->unit, &stamp) != P2P_STAMP_FOREIGN && stamp.run == header->run)
		return true;
	if (!header->source_count || !inside(header, at))
		return false;
	struct pair here = pair_of(unit, header->unit), wanted = walk->source[i];

	return here.a == wanted.a && here.b == wanted.b;
}

/* The sums of what would be copied into a chunk; those beside the written range are not looked at. */
static int read_sums(const struct walk *walk, uint64_t chunk, size_t bytes)
{
	const struct bench_saved_header *header = &walk->saved->header;
	uint64_t from = chunk > header->write_from ? chunk : header->write_from;
	uint64_t most = header->write_from + header->write_length, to = chunk + bytes < most ? chunk + bytes : most;

	if (!header->source_count || from >= to)
		return 0;
	return read_saved(
		walk, walk->source + (from - chunk) / header->unit, (to - from) / header->unit * sizeof(struct pair),
		header->size + header->length + (from - header->write_from) / header->unit * sizeof(struct pair));
}

static int read_both(const struct walk *walk, uint64_t chunk, size_t bytes)
{
	const struct bench_saved_header *header = &walk->saved->header;
	int error = read_disk(walk, chunk, bytes);

	return error ? error : read_saved(walk, walk->was, bytes, header->size + chunk - header->from);
}

static int put_back(const struct walk *walk, uint64_t chunk, size_t first, size_t count)
{
	size_t unit = walk->saved->header.unit;
	uint64_t at = chunk + first * unit;
	int error = count ? bench_host_write(walk->disk_fd, walk->was + first * unit, count * unit, at - walk->shift,
					     walk->pulse)
			  : 0;

	return error ? p2p_problem_set(walk->problem, error, "%s: write at byte %llu: %s", walk->saved->header.path,
				       (unsigned long long)at, p2p_problem_errno(error))
		     : 0;
}

static int restore_chunk(const struct walk *walk, uint64_t chunk, size_t bytes, enum bench_saved_care care,
			 struct bench_saved_count *ret)
{
	const struct bench_saved_header *header = &walk->saved->header;
	size_t count = bytes / header->unit, first = 0, pending = 0;
	int error = read_both(walk, chunk, bytes);

	if (!error)
		error = read_sums(walk, chunk, bytes);
	for (size_t i = 0; i < count && !error; i++) {
		uint64_t at = chunk + i * header->unit;
		size_t offset = i * header->unit;

		if (memcmp(walk->now + offset, walk->was + offset, header->unit) != 0) {
			if ((care == BENCH_SAVED_ALL_WRITTEN && inside(header, at)) || is_ours(walk, chunk, i)) {
				first = pending ? first : i;
				pending++;
				ret->restored++;
				ret->around += !inside(header, at);
				continue;
			}
			if (ret->left < BENCH_LEFT_MOST)
				ret->left_at[ret->left] = at;
			ret->left++;
		}
		error = put_back(walk, chunk, first, pending);
		pending = 0;
	}
	return error ? error : put_back(walk, chunk, first, pending);
}

/* Is all there again, but for what was left? */
static int look_again(const struct walk *walk, uint64_t left)
{
	const struct bench_saved_header *header = &walk->saved->header;
	uint64_t differ = 0;

	for (uint64_t at = 0, part; at < header->length; at += part) {
		part = header->length - at < CHUNK ? header->length - at : CHUNK;
		int error = read_both(walk, header->from + at, part);

		if (error)
			return error;
		for (size_t i = 0; i < part; i += header->unit)
			differ += memcmp(walk->now + i, walk->was + i, header->unit) != 0;
	}
	if (differ == left)
		return 0;
	return p2p_problem_set(walk->problem, -EIO, "%s: what was put back does not read back: %llu blocks differ",
			       header->path, (unsigned long long)(differ - left));
}

int bench_saved_restore(struct bench_saved *saved, int disk_fd, uint64_t shift, enum bench_saved_care care,
			struct bench_pulse *pulse, struct bench_saved_count *ret, struct p2p_problem *problem)
{
	const struct bench_saved_header *header = &saved->header;
	struct walk walk;
	int error = begin(&walk, saved, disk_fd, shift, pulse, problem);

	*ret = (struct bench_saved_count){ 0 };
	for (uint64_t at = 0, part; at < header->length && !error; at += part) {
		part = header->length - at < CHUNK ? header->length - at : CHUNK;
		error = restore_chunk(&walk, header->from + at, part, care, ret);
	}
	if (!error && fdatasync(disk_fd))
		error = p2p_problem_set(problem, -errno, "%s: %s", header->path, p2p_problem_errno(-errno));
	if (!error)
		error = look_again(&walk, ret->left);
	end(&walk);
	return error;
}

int bench_saved_forget(struct bench_saved *saved)
{
	int error = p2p_state_remove(saved->dir_fd, saved->name);

	bench_saved_close(saved);
	return error;
}

void bench_saved_close(struct bench_saved *saved)
{
	if (saved->fd >= 0)
		close(saved->fd);
	saved->fd = -1;
}

/* ----------------------------------------------------------------- opening */

static bool is_sound(const struct bench_saved_header *header, uint64_t file_size)
{
	uint64_t end, unit = header->unit, write_end;

	if (memcmp(header->magic, BENCH_SAVED_MAGIC, sizeof(header->magic)) != 0 ||
	    header->header_sum != header_sum(header) || header->size != sizeof(*header) ||
	    header->version != BENCH_SAVED_VERSION || !memchr(header->path, '\0', sizeof(header->path)) ||
	    !memchr(header->key, '\0', sizeof(header->key)))
		return false;
	if (unit < P2P_STAMP_UNIT || unit > CHUNK || unit & (unit - 1) || !header->length || !header->write_length ||
	    (header->from | header->length | header->write_from | header->write_length) & (unit - 1))
		return false;
	if (__builtin_add_overflow(header->from, header->length, &end) || end > header->disk_length ||
	    __builtin_add_overflow(header->write_from, header->write_length, &write_end) ||
	    header->write_from < header->from || write_end > end)
		return false;
	if (header->source_count && header->source_count != header->write_length / unit)
		return false;
	return header->length <= file_size &&
	       file_size == header->size + header->length + header->source_count * sizeof(struct pair);
}

/* Are the bytes those that were saved? */
static int check_bytes(struct walk *walk)
{
	const struct bench_saved_header *header = &walk->saved->header;
	uint64_t bytes = 0, source = 0, sums = header->write_length / header->unit;

	for (uint64_t at = 0, part; at < header->length; at += part) {
		part = header->length - at < CHUNK ? header->length - at : CHUNK;
		int error = read_saved(walk, walk->was, part, header->size + at);

		if (error)
			return error;
		bytes = bytes * 31 + sum(walk->was, part, 3);
	}
	for (uint64_t at = 0, count, most = CHUNK / header->unit; header->source_count && at < sums; at += count) {
		count = sums - at < most ? sums - at : most;
		int error = read_saved(walk, walk->source, count * sizeof(struct pair),
				       header->size + header->length + at * sizeof(struct pair));

		if (error)
			return error;
		source = source * 31 + sum(walk->source, count * sizeof(struct pair), 4);
	}
	return bytes == header->bytes_sum && source == header->source_sum ? 0 : -EBADMSG;
}

/* Its lock, its head, its bytes; only a regular file that nobody else can write. */
static int open_and_check(struct bench_saved *saved, struct p2p_problem *problem)
{
	struct walk walk;
	struct stat st;

	saved->fd = openat(saved->dir_fd, saved->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (saved->fd < 0 || fstat(saved->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	if (flock(saved->fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if ((uint64_t)st.st_size < sizeof(saved->header) ||
	    bench_host_read(saved->fd, &saved->header, sizeof(saved->header), 0, NULL) ||
	    !is_sound(&saved->header, (uint64_t)st.st_size))
		return -EBADMSG;
	int error = begin(&walk, saved, -1, 0, NULL, problem);

	if (!error)
		error = check_bytes(&walk);
	end(&walk);
	return error;
}

int bench_saved_open(int dir_fd, const char *name, struct bench_saved *ret, struct p2p_problem *problem)
{
	struct bench_saved saved = { .dir_fd = dir_fd, .fd = -1 };
	int error;

	if (snprintf(saved.name, sizeof(saved.name), "%s", name) >= (int)sizeof(saved.name))
		return p2p_problem_set(problem, -EBADMSG, "'%s': no file of ours", name);
	error = open_and_check(&saved, problem);
	if (error) {
		bench_saved_close(&saved);
		return p2p_problem_set(problem, error, "'%s': %s", name,
				       error == -EBADMSG ? "damaged, or no file of ours"
				       : error == -EPERM ? "no regular file, or others may write it"
				       : error == -EBUSY ? "another p2pctl bench is at work on that disk"
							 : p2p_problem_errno(error));
	}
	*ret = saved;
	return 0;
}
