/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-stacks.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define THREADS_SHOWN 4
#define FRAMES_SHOWN 6

/* The start of a small file; "" when it cannot be read. */
static void read_start(const char *path, char *ret, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : read(fd, ret, size - 1);

	ret[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* "[<0>] io_schedule+0x46/0x80" a line. */
static void put_frames(char *text, struct p2p_buf *ret)
{
	unsigned count = 0;

	for (char *save, *line = strtok_r(text, "\n", &save); line && count < FRAMES_SHOWN;
	     line = strtok_r(NULL, "\n", &save)) {
		char *name = strstr(line, "] ");

		if (!name)
			continue;
		name += 2;
		name[strcspn(name, "+ ")] = '\0';
		p2p_buf_printf(ret, "%s%s", count++ ? " <- " : ", in ", name);
	}
}

static void put_thread(int pid, const char *thread, struct p2p_buf *ret)
{
	char path[64], text[4096];
	size_t before;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", pid, thread);
	read_start(path, text, sizeof(text));
	const char *state = strrchr(text, ')'); /* the name before it may hold anything */

	p2p_buf_printf(ret, "thread %s, state %c", thread, state && state[1] == ' ' && state[2] ? state[2] : '?');
	before = ret->len;
	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stack", pid, thread);
	read_start(path, text, sizeof(text));
	put_frames(text, ret);
	if (ret->len != before)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/wchan", pid, thread);
	read_start(path, text, sizeof(text));
	if (*text && strcmp(text, "0") != 0)
		p2p_buf_printf(ret, ", in %.64s", text);
}

void bench_stacks_read(int pid, struct p2p_names *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	const struct dirent *entry;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *threads = opendir(path);

	while (threads && ret->count < THREADS_SHOWN && (entry = readdir(threads))) {
		if (*entry->d_name == '.')
			continue;
		p2p_buf_reset(&text);
		put_thread(pid, entry->d_name, &text);
		p2p_names_add(ret, p2p_buf_text(&text));
	}
	if (threads)
		closedir(threads);
	p2p_buf_free(&text);
}
