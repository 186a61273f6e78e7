/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What runs left that did not end: put back by the next one, where it is certain that it is ours. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench-scratch.h"

#define MOST 64
#define STALL_SECONDS 90

void bench_saved_place(const struct ctl *ctl, struct p2p_buf *ret)
{
	const char *state = p2p_cli_value(ctl->cli, "state");

	p2p_buf_reset(ret);
	if (state)
		p2p_buf_printf(ret, "%s/saved", state);
	else
		p2p_buf_puts(ret, BENCH_SAVED_DIR);
}

struct recovery {
	struct bench_pulse pulse;
	struct p2p_source *source; /* the parent's; the child has a copy */
	int dir_fd;
	unsigned count;
	struct bench_restored list[MOST];
};

/* ------------------------------------------------------------ in the child */

/* The disk that has this key and size now.  *ret_path: how it is opened. */
static bool find_disk(struct p2p_source *source, const struct bench_saved_header *header, struct p2p_disk *ret,
		      struct p2p_buf *ret_path)
{
	struct p2p_names names = P2P_NAMES_INIT;
	char key[P2P_DISK_KEY];
	const char *name = NULL;
	bool found = false;

	if (p2p_source_list(source, "sys/block", &names))
		return false;
	while (!found && (name = p2p_names_next(&names, name))) {
		struct stat st;

		p2p_buf_reset(ret_path);
		p2p_buf_printf(ret_path, "/dev/%s", name);
		for (char *at = ret_path->text + 5; *at; at++)
			if (*at == '!')
				*at = '/';
		if (stat(ret_path->text, &st) || !S_ISBLK(st.st_mode) || p2p_disk_find(source, &st, ret))
			continue;
		p2p_disk_key(source, ret, ret_path->text, key);
		found = !strcmp(key, header->key);
	}
	p2p_names_free(&names);
	return found;
}

static bool find_file(struct p2p_source *source, const struct bench_saved_header *header, struct p2p_disk *ret,
		      struct p2p_buf *ret_path)
{
	char key[P2P_DISK_KEY];
	struct stat st;

	p2p_buf_reset(ret_path);
	p2p_buf_puts(ret_path, header->path);
	if (stat(header->path, &st) || !S_ISREG(st.st_mode) || p2p_disk_find(source, &st, ret))
		return false;
	p2p_disk_key(source, ret, header->path, key);
	return !strcmp(key, header->key);
}

static bool is_used(struct p2p_source *source, const struct p2p_disk *disk, struct p2p_problem *problem)
{
	const struct p2p_disk_look look = { source, stat };
	struct p2p_names users = P2P_NAMES_INIT, unknown = P2P_NAMES_INIT;

	p2p_disk_users(&look, disk, &users, &unknown);
	/* What cannot be told is nobody's sign: only what is evidently ours is put back. */
	if (users.count)
		p2p_problem_set(problem, -EBUSY, "it is %s", p2p_names_next(&users, NULL));
	bool used = users.count;

	p2p_names_free(&users);
	p2p_names_free(&unknown);
	return used;
}

/* With O_EXCL for a disk: whoever uses it is told apart from us.  A run that was killed may hold it a moment longer. */
static int open_disk(const struct p2p_disk *disk, const char *path)
{
	static const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int flags = O_RDWR | O_DIRECT | O_CLOEXEC | O_NONBLOCK | (disk->file ? O_NOFOLLOW : O_EXCL);

	for (unsigned tries = 0;; tries++) {
		int fd = open(path, flags);

		if (fd >= 0 || errno != EBUSY || tries == 50)
			return fd < 0 ? -errno : fd;
		nanosleep(&pause, NULL);
	}
}

static int size_of(int fd, bool file, uint64_t *ret)
{
	struct stat st;

	if (!file)
		return ioctl(fd, BLKGETSIZE64, ret) ? -errno : 0;
	if (fstat(fd, &st))
		return -errno;
	*ret = (uint64_t)st.st_size;
	return 0;
}

static void put_back(struct recovery *recovery, struct bench_saved *saved, struct bench_restored *ret, int fd)
{
	uint64_t size = 0;
	int error = size_of(fd, saved->header.is_file, &size);

	ret->fate = BENCH_FATE_FAILED;
	if (error || size != saved->header.disk_length) {
		p2p_problem_set(&ret->problem, error, "it has not the size that it had");
		return;
	}
	if (bench_saved_restore(saved, fd, 0, BENCH_SAVED_ONLY_OURS, &recovery->pulse, &ret->count, &ret->problem))
		return;
	ret->fate = BENCH_FATE_LEFT;
	if (ret->count.left)
		return;
	error = bench_saved_forget(saved);
	ret->fate = error ? BENCH_FATE_FAILED : BENCH_FATE_RESTORED;
	if (error)
		p2p_problem_set(&ret->problem, error, "the file cannot be removed: %s", p2p_problem_errno(error));
}

static void recover_one(struct recovery *recovery, struct bench_restored *ret)
{
	struct p2p_buf path = P2P_BUF_INIT;
	struct bench_saved saved;
	struct p2p_disk disk;
	int error = bench_saved_open(recovery->dir_fd, ret->name, &saved, &ret->problem);

	if (error) {
		ret->fate = error == -EBUSY ? BENCH_FATE_ALIVE : BENCH_FATE_FAILED;
		return;
	}
	snprintf(ret->path, sizeof(ret->path), "%s", saved.header.path);
	bool found = saved.header.is_file ? find_file(recovery->source, &saved.header, &disk, &path)
					  : find_disk(recovery->source, &saved.header, &disk, &path);

	if (!found) {
		ret->fate = BENCH_FATE_GONE;
	} else if (is_used(recovery->source, &disk, &ret->problem)) {
		ret->fate = BENCH_FATE_USED;
	} else {
		int fd = open_disk(&disk, p2p_buf_text(&path));

		ret->fate = fd == -EBUSY ? BENCH_FATE_USED : BENCH_FATE_FAILED;
		if (fd < 0) {
			p2p_problem_set(&ret->problem, fd, "%s: %s", p2p_buf_text(&path), p2p_problem_errno(fd));
		} else {
			put_back(recovery, &saved, ret, fd);
			close(fd);
		}
	}
	bench_saved_close(&saved);
	p2p_buf_free(&path);
}

static int work(void *context)
{
	struct recovery *recovery = context;

	for (unsigned i = 0; i < recovery->count; i++) {
		recover_one(recovery, &recovery->list[i]);
		atomic_fetch_add(&recovery->pulse.beats, 1);
	}
	return 0;
}

/* ----------------------------------------------------------- in the parent */

static void say_left(const struct ctl *ctl, const char *dir, const struct bench_restored *restored)
{
	const struct bench_saved_count *count = &restored->count;
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text,
		       "%s: %llu blocks of the range that was saved hold neither what was saved nor what is ours, "
		       "and are left as they are; at byte",
		       restored->path, (unsigned long long)count->left);
	for (unsigned i = 0; i < count->left && i < BENCH_LEFT_MOST; i++)
		p2p_buf_printf(&text, "%s %llu", i ? "," : "", (unsigned long long)count->left_at[i]);
	p2p_buf_printf(&text, "%s. What was there before is kept in %s/%s: remove it when it is no longer needed",
		       count->left > BENCH_LEFT_MOST ? ", ..." : "", dir, restored->name);
	ctl_say(ctl, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

void bench_say_fate(const struct ctl *ctl, const char *dir, const struct bench_restored *restored)
{
	const char *path = *restored->path ? restored->path : restored->name, *why = restored->problem.text;
	struct p2p_buf text = P2P_BUF_INIT;

	switch (restored->fate) {
	case BENCH_FATE_NONE:
	case BENCH_FATE_ALIVE:
		return;
	case BENCH_FATE_LEFT:
		say_left(ctl, dir, restored);
		return;
	case BENCH_FATE_RESTORED:
		p2p_buf_printf(&text, "%s: a run did not end; what it had written is as it was before", path);
		break;
	case BENCH_FATE_SAVED:
		p2p_buf_printf(&text,
			       "%s: what was written is not put back yet; the next `p2pctl bench` does it from %s/%s",
			       path, dir, restored->name);
		break;
	case BENCH_FATE_FAILED:
		p2p_buf_printf(&text, "%s: what a run wrote cannot be put back: %s; it is kept in %s/%s", path, why,
			       dir, restored->name);
		break;
	case BENCH_FATE_GONE:
		p2p_buf_printf(&text,
			       "%s: a run did not end, and its disk is not here now; what was there is kept in %s/%s",
			       path, dir, restored->name);
		break;
	case BENCH_FATE_USED:
		p2p_buf_printf(&text,
			       "%s: a run did not end, and what it wrote is not put back: %s; it is kept in %s/%s",
			       path, why, dir, restored->name);
		break;
	}
	ctl_say(ctl, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static enum p2p_exit report(const struct ctl *ctl, const char *dir, const struct recovery *recovery,
			    const struct bench_child *child)
{
	enum p2p_exit code = P2P_EXIT_OK;

	for (unsigned i = 0; i < recovery->count; i++) {
		enum bench_fate fate = recovery->list[i].fate;

		bench_say_fate(ctl, dir, &recovery->list[i]);
		if (fate == BENCH_FATE_LEFT || fate == BENCH_FATE_FAILED || fate == BENCH_FATE_USED)
			code = P2P_EXIT_HUMAN;
	}
	if (child->ended == BENCH_ENDED)
		return code;
	ctl_say(ctl, "putting back what a run had written does not end: a disk does not answer");
	return child->ended == BENCH_DIED ? P2P_EXIT_HUMAN : P2P_EXIT_HUNG;
}

static enum p2p_exit recover_all(struct ctl *ctl, const char *dir, struct recovery *recovery,
				 const struct p2p_names *names)
{
	struct bench_child child = { .work = work, .context = recovery, .pulse = &recovery->pulse,
				     .stall_seconds = STALL_SECONDS };
	const char *name = NULL;

	recovery->source = ctl->topo.source;
	while ((name = p2p_names_next(names, name)) && recovery->count < MOST)
		strncpy(recovery->list[recovery->count++].name, name, BENCH_SAVED_NAME);
	int error = bench_supervise(&child);

	if (!error)
		return report(ctl, dir, recovery, &child);
	ctl_say(ctl, p2p_problem_errno(error));
	return P2P_EXIT_CANNOT_READ;
}

enum p2p_exit bench_recover(struct ctl *ctl)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_buf dir = P2P_BUF_INIT;
	enum p2p_exit code = P2P_EXIT_OK;
	struct recovery *recovery;
	int fd = -1;

	bench_saved_place(ctl, &dir);
	int error = ctl->rehearsal ? -ENOENT : bench_saved_dir(p2p_buf_text(&dir), false, &problem, &fd);

	if (!error) {
		bench_saved_clean(fd);
		error = bench_saved_list(fd, &names);
	}
	/* Who may not look there has written nothing either. */
	if (error && error != -ENOENT && error != -EACCES) {
		if (!*problem.text)
			p2p_problem_set(&problem, error, "%s: %s", p2p_buf_text(&dir), p2p_problem_errno(error));
		p2p_cli_complain(ctl->cli, stderr, &problem);
		code = P2P_EXIT_CANNOT_READ;
	}
	if (!error && names.count) {
		recovery = mmap(NULL, sizeof(*recovery), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (recovery == MAP_FAILED) {
			code = P2P_EXIT_CANNOT_READ;
		} else {
			recovery->dir_fd = fd;
			code = recover_all(ctl, p2p_buf_text(&dir), recovery, &names);
			munmap(recovery, sizeof(*recovery));
		}
	}
	if (fd >= 0)
		close(fd);
	p2p_names_free(&names);
	p2p_buf_free(&dir);
	return code;
}

void bench_each_left(const struct ctl *ctl, void (*tell)(void *context, const char *path, const char *file),
		     void *context)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_buf dir = P2P_BUF_INIT, file = P2P_BUF_INIT;
	const char *name = NULL;
	int fd = -1;

	bench_saved_place(ctl, &dir);
	if (!ctl->rehearsal && !bench_saved_dir(p2p_buf_text(&dir), false, &problem, &fd))
		bench_saved_list(fd, &names);
	while ((name = p2p_names_next(&names, name))) {
		struct bench_saved saved;
		int error = bench_saved_open(fd, name, &saved, &problem);

		/* One that is at work is no news. */
		if (error == -EBUSY)
			continue;
		p2p_buf_reset(&file);
		p2p_buf_printf(&file, "%s/%s", p2p_buf_text(&dir), name);
		tell(context, error ? "" : saved.header.path, p2p_buf_text(&file));
		if (!error)
			bench_saved_close(&saved);
	}
	if (fd >= 0)
		close(fd);
	p2p_names_free(&names);
	p2p_buf_free(&dir);
	p2p_buf_free(&file);
}
