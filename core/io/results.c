/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results-internal.h"
#include "state.h"

#define LOCK_SECONDS 10
/* Of a file that a person names. */
#define FILE_MOST ((size_t)256 << 20)

/* A line of the file that stays, and whose it is. */
struct line {
	const char *text;
	size_t len;
	bool same; /* of the pair that is added to */
};

struct adding {
	const struct p2p_bench_result *result;
	struct line *lines;
	size_t count, room;
};

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Two measurements of one thing, of which the newer ones are worth more. */
static bool is_same_pair(const struct p2p_bench_result *a, const struct p2p_bench_result *b)
{
	return is_same(a->provider, b->provider) && is_same(a->src, b->src) && is_same(a->dst, b->dst) &&
	       is_same(a->backend, b->backend);
}

static int take_line(void *context, const struct p2p_json_read_item *item)
{
	struct adding *adding = context;
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_bench_result result;
	int error = p2p_results_item(arena, item, &result);
	bool same = !error && is_same_pair(&result, adding->result);

	p2p_arena_free(arena);
	if (error)
		return error;
	if (adding->count == adding->room) {
		adding->room = 2 * adding->room + 64;
		adding->lines = p2p_realloc(adding->lines, adding->room, sizeof(*adding->lines));
	}
	struct line *line = &adding->lines[adding->count++];

	p2p_json_read_raw(item, &line->text, &line->len);
	line->same = same;
	return 0;
}

/* Nobody can read it, so nobody misses it. */
static void drop_line(void *context, const struct p2p_problem *problem)
{
	(void)context;
	(void)problem;
}

/* The file as it is to be: what stays of the old lines, and the new one.  -EFBIG: the new one alone is too much. */
static int make_file(const struct adding *adding, struct p2p_buf *ret)
{
	struct p2p_buf last = P2P_BUF_INIT;
	size_t same = 1, total, first = adding->count;

	p2p_results_format(adding->result, &last);
	p2p_buf_putc(&last, '\n');
	total = last.len;
	/* From the newest back: what does not fit any more, and all before it, goes. */
	while (first && total + adding->lines[first - 1].len + 1 <= P2P_RESULTS_MAX) {
		struct line *line = &adding->lines[--first];

		same += line->same;
		if (line->same && same > P2P_RESULTS_KEEP)
			line->len = 0;
		else
			total += line->len + 1;
	}
	for (size_t i = first; i < adding->count; i++) {
		p2p_buf_add(ret, adding->lines[i].text, adding->lines[i].len);
		if (adding->lines[i].len)
			p2p_buf_putc(ret, '\n');
	}
	p2p_buf_add(ret, p2p_buf_text(&last), last.len);
	p2p_buf_free(&last);
	return total > P2P_RESULTS_MAX ? -EFBIG : 0;
}

static int say(const char *dir, int error, struct p2p_problem *problem)
{
	const char *why = error == -EPERM     ? "not a file of ours, or others may write it; it is left as it is"
			  : error == -EFBIG   ? "too large to be one of ours; move it away"
			  : error == -ENOTSUP ? "this program was built without json-c, and keeps no results"
					      : p2p_problem_errno(error);

	return p2p_problem_set(problem, error, "%s/" P2P_RESULTS_NAME ": %s", dir, why);
}

static int add_locked(int fd, const char *dir, const struct p2p_bench_result *result, struct p2p_problem *problem)
{
	struct adding adding = { .result = result };
	struct p2p_buf old = P2P_BUF_INIT, new = P2P_BUF_INIT;
	int error = p2p_state_load(fd, P2P_RESULTS_NAME, P2P_RESULTS_MAX, &old);

	if (!error || error == -ENOENT)
		error = p2p_json_read_lines(P2P_RESULTS_NAME, p2p_buf_text(&old), old.len, take_line, drop_line,
					    &adding);
	if (!error)
		error = make_file(&adding, &new);
	if (!error)
		error = p2p_state_replace(fd, P2P_RESULTS_NAME, new.text, new.len, 0644);
	free(adding.lines);
	p2p_buf_free(&old);
	p2p_buf_free(&new);
	return error ? say(dir, error, problem) : 0;
}

/* The folder's parent, where it is missing; what is wrong with it is said when the folder itself cannot be made. */
static void make_parent(const char *dir)
{
	struct p2p_buf parent = P2P_BUF_INIT;
	const char *slash = strrchr(dir, '/');

	if (slash && slash != dir) {
		p2p_buf_add(&parent, dir, (size_t)(slash - dir));
		if (mkdir(p2p_buf_text(&parent), 0755))
			errno = 0;
	}
	p2p_buf_free(&parent);
}

int p2p_results_add(const char *dir, const struct p2p_bench_result *result, struct p2p_problem *problem)
{
	int fd = -1, lock = -1, error;

	make_parent(dir);
	error = p2p_state_open(dir, problem, &fd);
	if (!error)
		error = p2p_state_lock(fd, dir, "bench", LOCK_SECONDS, problem, &lock);
	if (!error)
		error = add_locked(fd, dir, result, problem);
	if (lock >= 0)
		close(lock);
	if (fd >= 0)
		close(fd);
	return error;
}

int p2p_results_load(const char *dir, struct p2p_arena *arena, struct p2p_problem *problem, struct p2p_results *ret)
{
	struct p2p_buf text = P2P_BUF_INIT, path = P2P_BUF_INIT;
	int fd = -1, error;

	*ret = (struct p2p_results){ .bad = P2P_NAMES_INIT };
	if (access(dir, F_OK) && errno == ENOENT)
		return 0;
	error = p2p_state_open(dir, problem, &fd);
	if (error)
		return error;
	error = p2p_state_load(fd, P2P_RESULTS_NAME, P2P_RESULTS_MAX, &text);
	close(fd);
	p2p_buf_printf(&path, "%s/" P2P_RESULTS_NAME, dir);
	if (error == -ENOENT)
		error = 0;
	else if (error)
		say(dir, error, problem);
	else
		error = p2p_results_parse(p2p_buf_text(&path), p2p_buf_text(&text), text.len, arena, problem, ret);
	p2p_buf_free(&path);
	p2p_buf_free(&text);
	return error;
}

static int read_all(int fd, struct p2p_buf *ret)
{
	char chunk[65536];
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk)))) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (ret->len + (size_t)got > FILE_MOST)
			return -EFBIG;
		p2p_buf_add(ret, chunk, (size_t)got);
	}
	return 0;
}

int p2p_results_open(const char *path, struct p2p_arena *arena, struct p2p_problem *problem, struct p2p_results *ret)
{
	bool is_stdin = !strcmp(path, "-");
	struct p2p_buf text = P2P_BUF_INIT;
	struct stat st;
	int error = 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	/* A device can act on being read. */
	if (fd < 0 || fstat(fd, &st))
		error = -errno;
	else if (!S_ISREG(st.st_mode) && !is_stdin)
		error = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else
		error = read_all(fd, &text);
	if (fd >= 0 && !is_stdin)
		close(fd);
	if (error)
		p2p_problem_set(problem, error, "%s: %s", path,
				error == -EFBIG	   ? "too large for results"
				: error == -EINVAL ? "no regular file"
						   : p2p_problem_errno(error));
	else
		error = p2p_results_parse(is_stdin ? "standard input" : path, p2p_buf_text(&text), text.len, arena,
					  problem, ret);
	p2p_buf_free(&text);
	return error;
}

int p2p_results_read(uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	int fd = -1, error = p2p_state_open_trusted(P2P_RESULTS_TOP, P2P_RESULTS_FOLDER "/" P2P_RESULTS_NAME, &fd);

	if (error)
		return error;
	error = p2p_state_read_at(fd, offset, buffer, length, ret);
	close(fd);
	return error;
}
