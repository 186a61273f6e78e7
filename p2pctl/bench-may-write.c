/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May a disk, or a file, be written?  What speaks against it is looked for before anything is, and all of it is said.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench-scratch.h"
#include "core/io/blkid.h"

#define PROBE_SECONDS 40

struct against {
	struct ctl *ctl;
	const struct bench_scratch *scratch;
	unsigned firm, soft; /* how much, that --force does not and does override */
	bool force;
	enum p2p_exit code;
};

static void speak(struct against *against, bool firm, const char *text)
{
	struct p2p_buf line = P2P_BUF_INIT;

	against->firm += firm;
	against->soft += !firm;
	if (!firm && against->force)
		return;
	p2p_buf_printf(&line, "%s is not written: %s", against->scratch->end->path, text);
	ctl_say(against->ctl, p2p_buf_text(&line));
	p2p_buf_free(&line);
}

/* ------------------------------------------------------------- signatures */

/* Looked for in a child: a disk that does not answer holds up nothing. */
struct probe {
	struct bench_pulse pulse;
	const char *path; /* of the parent's memory, which the child has a copy of */
	int error;
	char text[400];
};

static int work(void *context)
{
	struct probe *probe = context;
	struct p2p_buf text = P2P_BUF_INIT;
	int fd = open(probe->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	probe->error = fd < 0 ? -errno : p2p_blkid_find(fd, &text);
	strncpy(probe->text, p2p_buf_text(&text), sizeof(probe->text) - 1);
	p2p_buf_free(&text);
	if (fd >= 0)
		close(fd);
	return 0;
}

static void look_for_signatures(struct against *against)
{
	struct probe *probe = mmap(NULL, sizeof(*probe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char text[512];

	if (probe == MAP_FAILED) {
		speak(against, false, "what is on it cannot be told: no memory");
		return;
	}
	probe->path = against->scratch->end->path;
	struct bench_child child = {
		.work = work, .context = probe, .pulse = &probe->pulse, .stall_seconds = PROBE_SECONDS
	};
	int error = bench_supervise(&child);

	if (!error && child.ended != BENCH_ENDED) {
		against->code =
			child.ended == BENCH_HUNG || child.ended == BENCH_KILLED ? P2P_EXIT_HUNG : P2P_EXIT_REFUSED;
		speak(against, true, "reading it does not end");
	} else if (error || probe->error) {
		error = error ? error : probe->error;
		snprintf(text, sizeof(text), "what is on it cannot be told: %s",
			 error == -ENOTSUP ? "this p2pctl is built without libblkid" : p2p_problem_errno(error));
		speak(against, false, text);
	} else if (*probe->text) {
		snprintf(text, sizeof(text), "on it is %s", probe->text);
		speak(against, false, text);
	}
	munmap(probe, sizeof(*probe));
}

/* ------------------------------------------------------------------- users */

static void look_for_users(struct against *against)
{
	const struct p2p_disk_look look = { against->ctl->topo.source, stat };
	struct p2p_names users = P2P_NAMES_INIT, unknown = P2P_NAMES_INIT;
	const char *name = NULL, *unfit = p2p_disk_unfit(look.source, &against->scratch->disk);

	if (unfit)
		speak(against, true, unfit);
	p2p_disk_users(&look, &against->scratch->disk, &users, &unknown);
	while ((name = p2p_names_next(&users, name))) {
		struct p2p_buf text = P2P_BUF_INIT;

		p2p_buf_printf(&text, "it is %s", name);
		speak(against, true, p2p_buf_text(&text));
		p2p_buf_free(&text);
	}
	while ((name = p2p_names_next(&unknown, name)))
		speak(against, false, name);
	p2p_names_free(&users);
	p2p_names_free(&unknown);
}

/* A file has no exclusive open: a lease says whether somebody else could write it. */
static void look_for_writers(struct against *against)
{
	int fd = against->scratch->end->fd;

	if (!fcntl(fd, F_SETLEASE, F_RDLCK)) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		return;
	}
	if (errno == EAGAIN)
		speak(against, true, "another program has it open for writing");
	else if (errno == EACCES)
		speak(against, false, "it belongs to another user, and who else writes it cannot be told");
}

static int open_whole(const struct bench_scratch *scratch)
{
	char path[P2P_DISK_NAME + 8];
	struct stat st;

	snprintf(path, sizeof(path), "/dev/%s", scratch->disk.name);
	/* In sysfs a slash in a name is an exclamation mark. */
	for (char *at = path + 5; *at; at++)
		if (*at == '!')
			*at = '/';
	int fd = open(scratch->disk.dev == scratch->disk.whole ? scratch->end->path : path,
		      O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISBLK(st.st_mode) || st.st_rdev != scratch->disk.whole) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

/* Holds the whole disk, so that nothing is mounted, nor built on any part of it, from here on. */
static void claim(struct against *against, struct bench_scratch *scratch)
{
	char text[200];
	int fd = open_whole(scratch), read_only = 0;

	if (fd == -EBUSY) {
		if (!against->firm)
			speak(against, true, "something has it for itself: a mount in another container, an array, an "
					     "iSCSI target, or another p2pctl bench");
		return;
	}
	if (fd < 0) {
		snprintf(text, sizeof(text), "/dev/%s cannot be held: %s", scratch->disk.name, p2p_problem_errno(fd));
		speak(against, true, text);
		return;
	}
	scratch->claim = fd;
	if (ioctl(fd, BLKGETSIZE64, &scratch->disk_length))
		speak(against, true, p2p_problem_errno(-errno));
	if (!ioctl(scratch->end->fd, BLKROGET, &read_only) && read_only)
		speak(against, true, "it is read-only");
}

/* What an earlier run saved of this disk, and could not put back. */
static void look_for_saved(struct against *against)
{
	struct p2p_names saved = P2P_NAMES_INIT;
	struct p2p_buf dir = P2P_BUF_INIT, text = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };
	const char *name = NULL, *key = against->scratch->key;
	int fd = -1;

	bench_saved_place(against->ctl, &dir);
	int error = bench_saved_dir(p2p_buf_text(&dir), false, &problem, &fd);

	if (!error)
		error = bench_saved_list(fd, &saved);
	while (!error && (name = p2p_names_next(&saved, name))) {
		if (strncmp(name, key, strlen(key)) != 0 || name[strlen(key)] != '@')
			continue;
		p2p_buf_reset(&text);
		p2p_buf_printf(&text, "what an earlier run saved of it is still in %s/%s", p2p_buf_text(&dir), name);
		speak(against, true, p2p_buf_text(&text));
		against->code = P2P_EXIT_HUMAN;
	}
	if (fd >= 0)
		close(fd);
	p2p_names_free(&saved);
	p2p_buf_free(&dir);
	p2p_buf_free(&text);
}

enum p2p_exit bench_may_write(struct ctl *ctl, const struct bench_permit *permit, struct bench_scratch *scratch,
			      const struct bench_scratch *held)
{
	struct against against = { .ctl = ctl, .scratch = scratch, .force = permit->force, .code = P2P_EXIT_REFUSED };

	if (ctl->rehearsal) {
		ctl_say(ctl, "a disk of this machine is not written for a machine that --from names");
		return P2P_EXIT_USAGE;
	}
	/* Who uses any part of a disk, and what was saved of it, is said once. */
	if (!held)
		look_for_users(&against);
	if (held) {
		scratch->disk_length = held->disk_length;
	} else if (scratch->disk.file) {
		look_for_writers(&against);
		scratch->disk_length = scratch->end->size;
	} else {
		claim(&against, scratch);
	}
	if (!held)
		look_for_saved(&against);
	if (!held || held->disk.dev != scratch->disk.dev)
		look_for_signatures(&against);
	if (!against.firm && (!against.soft || against.force))
		return P2P_EXIT_OK;
	if (!against.firm)
		ctl_say(ctl, "--force writes all the same; what is in the range is saved first, and put back");
	return against.code;
}
