/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scratch range in the child's hands. */
#include "bench-scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench-host.h"
#include "core/base/stamp.h"

static uint64_t place_of(const struct bench_scratch *scratch, uint64_t offset)
{
	return scratch->disk.start + offset;
}

static void describe(struct bench_scratch *scratch, uint64_t run)
{
	struct bench_saved_header *header = &scratch->saved.header;
	const struct bench_end *end = scratch->end;

	memset(header, 0, sizeof(*header));
	header->run = run;
	header->when = time(NULL);
	header->base = scratch->disk.start;
	header->from = place_of(scratch, end->offset - scratch->before);
	header->length = scratch->before + end->length + scratch->after;
	header->write_from = place_of(scratch, end->offset);
	header->write_length = end->length;
	header->disk_length = scratch->disk_length;
	header->unit = end->unit;
	header->is_file = scratch->disk.file;
	snprintf(header->key, sizeof(header->key), "%s", scratch->key);
	snprintf(header->path, sizeof(header->path), "%s", scratch->path);
	snprintf(scratch->saved.name, sizeof(scratch->saved.name), "%s@%llx", scratch->key,
		 (unsigned long long)header->from);
}

static int read_around(const struct bench_scratch *scratch, unsigned char *memory, struct bench_pulse *pulse)
{
	const struct bench_end *end = scratch->end;
	int error = bench_host_read(end->host_fd, memory, scratch->before, end->offset - scratch->before, pulse);

	return error ? error
		     : bench_host_read(end->host_fd, memory + scratch->before, scratch->after,
				       end->offset + end->length, pulse);
}

int bench_scratch_save(struct bench_scratch *scratch, int dir_fd, uint64_t run, const struct bench_end *source,
		       struct bench_pulse *pulse, struct bench_restored *ret, struct p2p_problem *problem)
{
	describe(scratch, run);
	scratch->saved.dir_fd = dir_fd;
	snprintf(ret->name, sizeof(ret->name), "%s", scratch->saved.name);
	snprintf(ret->path, sizeof(ret->path), "%s", scratch->path);
	scratch->around = bench_host_memory(scratch->before + scratch->after);
	int error = scratch->around ? read_around(scratch, scratch->around, pulse) : -ENOMEM;

	if (error)
		return p2p_problem_set(problem, error, "%s: %s", scratch->path, p2p_problem_errno(error));
	error = bench_saved_make(&scratch->saved, scratch->end->host_fd, scratch->disk.start,
				 source ? source->host_fd : -1, source ? source->offset : 0, pulse, problem);
	if (error)
		return error;
	scratch->is_saved = true;
	ret->fate = BENCH_FATE_SAVED;
	return 0;
}

int bench_scratch_look_around(struct bench_scratch *scratch, struct bench_pulse *pulse, uint64_t *ret_changed,
			      uint64_t *ret_first)
{
	const struct bench_end *end = scratch->end;
	size_t all = scratch->before + scratch->after, first = 0;
	unsigned char *now = bench_host_memory(all);
	int error = now ? read_around(scratch, now, pulse) : -ENOMEM;

	if (!error)
		*ret_changed = p2p_bytes_changed(scratch->around, now, all, &first);
	if (!error && *ret_changed) {
		*ret_first = first < scratch->before ? end->offset - scratch->before + first
						     : end->offset + end->length + first - scratch->before;
		memcpy(scratch->around, now, all);
	}
	free(now);
	return error;
}

void bench_scratch_restore(struct bench_scratch *scratch, struct bench_pulse *pulse, struct bench_restored *ret)
{
	if (!scratch->is_saved)
		return;
	int error = bench_saved_restore(&scratch->saved, scratch->end->host_fd, scratch->disk.start,
					BENCH_SAVED_ALL_WRITTEN, pulse, &ret->count, &ret->problem);

	if (!error && !ret->count.left) {
		error = bench_saved_forget(&scratch->saved);
		if (error)
			p2p_problem_set(&ret->problem, error, "'%s' cannot be removed: %s", ret->name,
					p2p_problem_errno(error));
	}
	ret->fate = error ? BENCH_FATE_FAILED : ret->count.left ? BENCH_FATE_LEFT : BENCH_FATE_RESTORED;
	bench_saved_close(&scratch->saved);
	free(scratch->around);
	scratch->around = NULL;
	scratch->is_saved = false;
}
