/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/arena.h"
#include "../base/bdf.h"
#include "../base/text.h"

/* More than any machine's snapshot or dump; keeps an endless pipe from taking all memory. */
#define FILE_MAX ((size_t)512 << 20)

/* One read of this many bytes takes all of nearly every attribute. */
#define TEXT_FIRST 4096
#define TEXT_MORE 65536

int p2p_source_key_check(const char *key)
{
	const char *start = key;

	for (const char *at = key;; at++) {
		if (*at && *at != '/')
			continue;
		size_t len = (size_t)(at - start);

		if (!len || (start[0] == '.' && (len == 1 || (len == 2 && start[1] == '.'))))
			return -EINVAL;
		if (!*at)
			return at - key <= P2P_SOURCE_KEY_MAX ? 0 : -EINVAL;
		start = at + 1;
	}
}

/* One component of each key, both not terminated by NUL but by '/' or NUL. */
static int component_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	char x[P2P_SOURCE_KEY_MAX + 1], y[P2P_SOURCE_KEY_MAX + 1];
	struct p2p_bdf p, q;

	a_len = a_len < sizeof(x) ? a_len : sizeof(x) - 1;
	b_len = b_len < sizeof(y) ? b_len : sizeof(y) - 1;
	memcpy(x, a, a_len);
	memcpy(y, b, b_len);
	x[a_len] = y[b_len] = '\0';
	int n = p2p_bdf_parse_prefix(x, &p), m = p2p_bdf_parse_prefix(y, &q);
	bool is_x = n > 0 && !x[n], is_y = m > 0 && !y[m];

	/* Addresses before everything else: to mix a hex order with a decimal one would be no order. */
	if (is_x != is_y)
		return is_x ? -1 : 1;
	int order = is_x ? p2p_bdf_compare(p, q) : p2p_text_natural(x, y);

	return order ? order : strcmp(x, y);
}

int p2p_source_key_compare(const char *a, const char *b)
{
	size_t same = 0, start = 0;

	for (; a[same] == b[same]; same++) {
		if (!a[same])
			return 0;
		if (a[same] == '/')
			start = same + 1;
	}
	int order = component_compare(a + start, strcspn(a + start, "/"), b + start, strcspn(b + start, "/"));

	return order ? order : strcmp(a, b);
}

int p2p_source_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
		    size_t *ret)
{
	static const char config[] = "/config";
	const size_t config_len = sizeof(config) - 1;
	size_t len = strlen(key), got = 0;
	bool is_config = len > config_len && memcmp(key + len - config_len, config, config_len) == 0;

	source->stats.reads++;
	source->stats.config_reads += is_config;
	if (p2p_source_key_check(key) || offset > INT64_MAX || length > INT64_MAX - offset)
		return -EINVAL;
	int error = length ? source->ops->read(source, key, offset, buffer, length, &got) : 0;

	if (error)
		return error;
	source->stats.bytes += got;
	if (is_config)
		source->stats.config_bytes += got;
	*ret = got;
	return 0;
}

int p2p_source_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	source->stats.links++;
	return p2p_source_key_check(key) ? -EINVAL : source->ops->link(source, key, ret);
}

int p2p_source_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	source->stats.lists++;
	return p2p_source_key_check(key) ? -EINVAL : source->ops->list(source, key, ret);
}

/* What follows the first bytes of a long text. */
static int read_text_rest(struct p2p_source *source, const char *key, size_t max, struct p2p_buf *text)
{
	char *chunk = p2p_malloc(TEXT_MORE);
	size_t want, got = 0;
	int error;

	do {
		want = max + 1 - text->len < TEXT_MORE ? max + 1 - text->len : TEXT_MORE;
		error = p2p_source_read(source, key, text->len, chunk, want, &got);
		if (!error)
			p2p_buf_add(text, chunk, got);
		if (!error && text->len > max)
			error = -EFBIG;
	} while (!error && got == want);
	free(chunk);
	return error;
}

int p2p_source_read_text(struct p2p_source *source, const char *key, size_t max, struct p2p_buf *ret)
{
	char first[TEXT_FIRST];
	size_t want = max < sizeof(first) ? max + 1 : sizeof(first), got;
	int error = p2p_source_read(source, key, 0, first, want, &got);

	if (error)
		return error;
	if (got > max)
		return -EFBIG;
	if (got < want) { /* nearly always: no second buffer */
		if (memchr(first, '\0', got))
			return -EINVAL;
		p2p_buf_reset(ret);
		p2p_buf_add(ret, first, got);
		return 0;
	}
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_add(&text, first, got);
	error = read_text_rest(source, key, max, &text);
	if (!error && memchr(text.text, '\0', text.len))
		error = -EINVAL;
	if (error) {
		p2p_buf_free(&text);
		return error;
	}
	p2p_buf_free(ret);
	*ret = text;
	return 0;
}

void p2p_source_free(struct p2p_source *source)
{
	if (source)
		source->ops->free(source);
}

static int read_all(int fd, const char *path, struct p2p_problem *problem, struct p2p_buf *text)
{
	char *chunk = p2p_malloc(TEXT_MORE);
	int error = 0;

	for (;;) {
		ssize_t got = read(fd, chunk, TEXT_MORE);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error = -errno;
			p2p_problem_set(problem, error, "%s: cannot read it: %s", path, p2p_problem_errno(error));
		}
		if (got <= 0)
			break;
		if (text->len + (size_t)got > FILE_MAX) {
			error = p2p_problem_set(problem, -EFBIG, "%s: more than %zu MiB: not a snapshot or dump of "
						"one machine", path, FILE_MAX >> 20);
			break;
		}
		p2p_buf_add(text, chunk, (size_t)got);
	}
	free(chunk);
	return error;
}

/* Devices are refused before they are opened: to open one can be an act (a watchdog, a tape). */
static int open_input(const char *path, struct p2p_problem *problem)
{
	struct stat st;
	int error;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		error = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
		return p2p_problem_set(problem, error, "%s: %s; give a snapshot or a dump", path,
				       error == -EISDIR ? "is a directory (--root reads a copied tree)" :
							  "neither a file nor a pipe");
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		return fd;
	error = -errno;
	return p2p_problem_set(problem, error, "%s: cannot open it: %s", path, p2p_problem_errno(error));
}

/* A line that starts as lspci starts a function's, "0000:03:00.0 " or "03:00.0 ", perhaps quoted in a mail. */
static bool has_function_line(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		struct p2p_bdf bdf;
		char slot[] = "0000:bb:dd.f";
		const char *next = memchr(line, '\n', (size_t)(end - line));

		line += strspn(line, " \t>");
		int n = p2p_bdf_parse_prefix(line, &bdf);

		if (n < 0 && end - line > 7) {
			memcpy(slot + 5, line, 7);
			n = p2p_bdf_parse(slot, &bdf) < 0 ? n : 7;
		}
		if (n > 0 && (line[n] == ' ' || line[n] == '\t'))
			return true;
		line = next ? next + 1 : end;
	}
	return false;
}

/* A list of objects, "[{".  Not every "[" at the start: a shell's prompt above a pasted dump has one too. */
static bool is_json_list(const char *text, size_t len)
{
	const char *end = text + len;

	for (bool list = false; text < end; text++) {
		if (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r')
			continue;
		if (list)
			return *text == '{' || *text == ']';
		list = *text == '[';
		if (!list)
			break;
	}
	return false;
}

static int parse_input(const char *path, const struct p2p_buf *text, struct p2p_problem *problem,
		       struct p2p_source **ret)
{
	static const char ours[] = "p2p-snapshot";

	if (text->len >= sizeof(ours) - 1 && memcmp(text->text, ours, sizeof(ours) - 1) == 0)
		return p2p_source_parse_snapshot(path, text->text, text->len, problem, ret);
	if (is_json_list(text->text, text->len))
		return p2p_source_parse_rdma_topo(path, text->text, text->len, problem, ret);
	if (text->len && has_function_line(text->text, text->len))
		return p2p_source_parse_lspci(path, text->text, text->len, problem, ret);
	return p2p_problem_set(problem, -EINVAL,
			       "%s:1:1: %s: neither a snapshot (first line \"p2p-snapshot 1\", made by "
			       "p2ptopo snapshot) nor a dump (made by lspci -D -xxxx or rdma_topo dump)", path,
			       text->len ? "unknown format" : "empty");
}

int p2p_source_open_file(const char *path, struct p2p_problem *problem, struct p2p_source **ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "standard input" : path;
	int fd = is_stdin ? STDIN_FILENO : open_input(path, problem);

	if (fd < 0)
		return fd;
	int error = read_all(fd, name, problem, &text);

	if (!is_stdin)
		close(fd);
	if (!error)
		error = parse_input(name, &text, problem, ret);
	p2p_buf_free(&text);
	return error;
}
