/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writing half of boot-files.h.  The record is written before the files
 * and goes after them, so that a run that was killed leaves no argument of ours
 * that the next run does not know for one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot-internal.h"
#include "state.h"

#define MARK	     "# Written by p2pctl bootargs --write; p2pctl bootargs --remove takes it away.\n"
#define BEFORE	     "# The inner quotes are for GRUB, to which a semicolon ends a command.\n" \
		     "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT \\\""
#define AFTER	     "\\\"\"\n"
#define LOCK_SECONDS 10

void p2p_boot_grub_text(const char *argument, struct p2p_buf *ret)
{
	p2p_buf_reset(ret);
	p2p_buf_printf(ret, "%s%s%s%s", MARK, BEFORE, argument, AFTER);
}

const char *boot_grub_argument(struct p2p_arena *arena, const char *text)
{
	size_t start = strlen(MARK BEFORE), end = strlen(AFTER), len = strlen(text);

	if (len < start + end || strncmp(text, MARK BEFORE, start) != 0 || strcmp(text + len - end, AFTER) != 0)
		return NULL;
	const char *argument = p2p_arena_strndup(arena, text + start, len - start - end);

	return p2p_boot_argument_ok(argument) ? argument : NULL;
}

/* One file that is to be replaced. */
struct target {
	const char *folder, *name;
	const char *path; /* for people */
	int dir;
	const char *old, *new; /* NULL: not there, or to go */
	mode_t mode;
};

struct writer {
	const struct p2p_image *image;
	struct p2p_arena *arena;
	struct p2p_problem *problem;
	const char *argument;
	struct boot_record record;
	int state, lock;
	struct target targets[P2P_BOOT_CHANGES_MAX];
	size_t count;
	bool made_folder, made_cmdline_folder;
};

static int fail(struct writer *writer, int error, const char *path, const char *says)
{
	return p2p_problem_set(writer->problem, error, "%s: %s", path, says);
}

static int open_state(struct writer *writer)
{
	const char *dir = p2p_image_name(writer->image, writer->arena, "var/lib/p2pctl");
	int parent, error = p2p_image_folder(writer->image, "var/lib", writer->problem, &parent);

	if (error)
		return error;
	if (mkdirat(parent, "p2pctl", 0700) && errno != EEXIST)
		error = fail(writer, -errno, dir, p2p_problem_errno(-errno));
	close(parent);
	if (!error)
		error = p2p_image_folder(writer->image, "var/lib/p2pctl", writer->problem, &writer->state);
	if (!error)
		error = p2p_state_lock(writer->state, dir, "bootargs", LOCK_SECONDS, writer->problem, &writer->lock);
	return error;
}

/* The file as it is, NULL where there is none; only one that nobody else can have written. */
static int load(struct writer *writer, struct target *target)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct stat st;
	int error = p2p_state_load(target->dir, target->name, BOOT_MOST, &text);

	target->mode = 0644;
	if (!error && memchr(p2p_buf_text(&text), '\0', text.len))
		error = -EINVAL;
	if (!error)
		target->old = p2p_arena_strdup(writer->arena, p2p_buf_text(&text));
	if (!error && !fstatat(target->dir, target->name, &st, AT_SYMLINK_NOFOLLOW))
		target->mode = st.st_mode & 0777;
	p2p_buf_free(&text);
	if (!error || error == -ENOENT)
		return 0;
	return fail(writer, error, target->path,
		    error == -EPERM    ? "a link, or not root's, or others may write it: nothing is written there"
		    : error == -EINVAL ? "it holds bytes that are no text: nothing is written there"
				       : p2p_problem_errno(error));
}

static struct target *add_target(struct writer *writer, const char *folder, const char *name)
{
	struct target *target = &writer->targets[writer->count];
	const char *path = p2p_arena_printf(writer->arena, "%s/%s", folder, name);

	*target = (struct target){ .folder = folder, .name = name, .dir = -1,
				   .path = p2p_image_name(writer->image, writer->arena, path) };
	return target;
}

/* ------------------------------------------------------------------- GRUB */

/* Where it is not there yet, it is made for what goes into it. */
static int make_folder(struct writer *writer)
{
	int parent, error = p2p_image_folder(writer->image, "etc/default", writer->problem, &parent);

	if (error)
		return error;
	if (!mkdirat(parent, "grub.d", 0755))
		writer->made_folder = writer->record.grub_folder = true;
	else if (errno != EEXIST)
		error = fail(writer, -errno, BOOT_GRUB_DIR, p2p_problem_errno(-errno));
	close(parent);
	return error;
}

static int plan_grub(struct writer *writer, bool used)
{
	struct target *target = add_target(writer, BOOT_GRUB_DIR, BOOT_GRUB_NAME);
	bool there = p2p_image_has(writer->image, BOOT_GRUB_DIR);
	struct p2p_buf text = P2P_BUF_INIT;
	int error = 0;

	if (!there && (!used || !writer->argument))
		return 0;
	if (!there)
		error = make_folder(writer);
	if (!error)
		error = p2p_image_folder(writer->image, BOOT_GRUB_DIR, writer->problem, &target->dir);
	if (error)
		return error;
	writer->count++;
	error = load(writer, target);
	if (error)
		return error;
	if (target->old && !boot_grub_argument(writer->arena, target->old))
		return fail(writer, -EEXIST, target->path, "not as p2pctl wrote it: what somebody else wrote there "
							   "stays; move it away first");
	if (used && writer->argument) {
		p2p_boot_grub_text(writer->argument, &text);
		target->new = p2p_arena_strdup(writer->arena, p2p_buf_text(&text));
		p2p_buf_free(&text);
	}
	return 0;
}

/* --------------------------------------------------------- kernel-install */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Takes every whole word of that text out, with the blank before it, or else the one after it. */
static void take_out(char *text, const char *word)
{
	size_t len = strlen(word);
	char *at = text;

	while ((at = strstr(at, word))) {
		char *end = at + len;

		if ((at > text && !is_blank(at[-1])) || (*end && !is_blank(*end))) {
			at = end;
			continue;
		}
		at -= at > text;
		memmove(at, end, strlen(end) + 1);
	}
}

/* With the argument as its last word; what follows the last word now, still does. */
static const char *append(struct p2p_arena *arena, const char *base, const char *argument)
{
	size_t len = strlen(base), line;

	while (len && is_blank(base[len - 1]))
		len--;
	for (line = len; line && base[line - 1] != '\n';)
		line--;
	/* A comment would swallow it. */
	const char *between = !len ? "" : base[line] == '#' ? "\n" : " ";

	return p2p_arena_printf(arena, "%.*s%s%s%s", (int)len, base, between, argument,
				base[len] ? base + len : len ? "" : "\n");
}

/* The vendor's command line, which is read where the administrator has none; NULL: there is none either. */
static int load_vendor(struct writer *writer, const char **ret)
{
	const char *path = p2p_image_name(writer->image, writer->arena, BOOT_VENDOR);
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_image_read(writer->image, BOOT_VENDOR, BOOT_MOST, false, &text);

	if (!error && memchr(p2p_buf_text(&text), '\0', text.len))
		error = fail(writer, -EINVAL, path, "it holds bytes that are no text: nothing is made from it");
	else if (error && error != -ENOENT)
		fail(writer, error, path, p2p_problem_errno(error));
	*ret = error ? NULL : p2p_arena_strdup(writer->arena, p2p_buf_text(&text));
	p2p_buf_free(&text);
	return error == -ENOENT ? 0 : error;
}

static int make_cmdline_folder(struct writer *writer)
{
	int parent, error = 0;

	if (p2p_image_has(writer->image, "etc/kernel"))
		return 0;
	error = p2p_image_folder(writer->image, "etc", writer->problem, &parent);
	if (error)
		return error;
	if (mkdirat(parent, "kernel", 0755))
		error = fail(writer, -errno, p2p_image_name(writer->image, writer->arena, "etc/kernel"),
			     p2p_problem_errno(-errno));
	else
		writer->made_cmdline_folder = writer->record.cmdline_folder = true;
	close(parent);
	return error;
}

/* What the file would be without us; NULL: not there. */
static const char *without_us(struct writer *writer, const char *now, const char *vendor)
{
	const struct boot_record *record = &writer->record;
	bool as_written = record->after && !strcmp(now, record->after);
	char *base;

	/* The vendor may have changed his since. */
	if (as_written && record->cmdline_made)
		return vendor;
	if (as_written)
		return record->before;
	base = p2p_arena_strdup(writer->arena, now);
	for (size_t i = 0; i < record->count; i++)
		take_out(base, record->arguments[i]);
	return record->cmdline_made && record->before && !strcmp(base, record->before) ? vendor : base;
}

static int plan_cmdline(struct writer *writer)
{
	struct target *target = add_target(writer, "etc/kernel", "cmdline");
	struct boot_record *record = &writer->record;
	bool there = p2p_image_has(writer->image, BOOT_CMDLINE);
	const char *vendor = NULL, *base;
	int error = load_vendor(writer, &vendor);

	if (error)
		return error;
	if (!there && (!writer->argument || !vendor)) {
		record->before = record->after = NULL;
		return 0;
	}
	error = make_cmdline_folder(writer);
	if (!error)
		error = p2p_image_folder(writer->image, "etc/kernel", writer->problem, &target->dir);
	if (error)
		return error;
	writer->count++;
	error = load(writer, target);
	if (error)
		return error;
	if (!target->old)
		record->cmdline_made = true;
	base = target->old ? without_us(writer, target->old, vendor) : vendor;
	/* Made from what is no longer there: then it is the administrator's, as it is. */
	if (!base)
		base = record->before ? record->before : "";
	bool made = record->cmdline_made && vendor && !strcmp(base, vendor);

	if (writer->argument)
		target->new = append(writer->arena, base, writer->argument);
	else
		target->new = made ? NULL : base;
	record->cmdline_made = made && writer->argument;
	record->before = writer->argument ? base : NULL;
	record->after = writer->argument ? target->new : NULL;
	return 0;
}

/* ------------------------------------------------------------------- both */

/*
 * What was written before is kept: boots go on having it until the boot
 * loader's own program was run, and it must not be taken for somebody else's.
 */
static void plan_record(struct writer *writer)
{
	struct boot_record *record = &writer->record;
	size_t kept = 0;

	for (size_t i = 0; i < record->count; i++)
		if (!writer->argument || strcmp(record->arguments[i], writer->argument) != 0)
			record->arguments[kept++] = record->arguments[i];
	if (kept == BOOT_ARGUMENTS_MAX)
		memmove(record->arguments, record->arguments + 1, --kept * sizeof(*record->arguments));
	if (writer->argument)
		record->arguments[kept++] = writer->argument;
	record->count = kept;
	record->grub = false;
	for (size_t i = 0; i < writer->count; i++)
		record->grub |= !strcmp(writer->targets[i].name, BOOT_GRUB_NAME) && writer->targets[i].new;
}

static int save_record(struct writer *writer)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error;

	boot_record_format(&writer->record, &text);
	error = p2p_state_replace(writer->state, "bootargs", text.text, text.len, 0600);
	p2p_buf_free(&text);
	return error ? fail(writer, error, p2p_image_name(writer->image, writer->arena, BOOT_RECORD),
			    p2p_problem_errno(error))
		     : 0;
}

static int put(const struct target *target, const char *text)
{
	if (text)
		return p2p_state_replace(target->dir, target->name, text, strlen(text), target->mode);
	return p2p_state_remove(target->dir, target->name);
}

static bool is_same(const struct target *target)
{
	return target->old == target->new || (target->old && target->new && !strcmp(target->old, target->new));
}

static int put_all(struct writer *writer, struct p2p_boot_change *ret, size_t *ret_count)
{
	for (size_t i = 0; i < writer->count; i++) {
		const struct target *target = &writer->targets[i];
		int error = is_same(target) ? 0 : put(target, target->new);

		if (error) {
			fail(writer, error, target->path, p2p_problem_errno(error));
			while (i-- > 0)
				if (!is_same(&writer->targets[i]))
					put(&writer->targets[i], writer->targets[i].old);
			*ret_count = 0;
			return error;
		}
		if (!is_same(target))
			ret[(*ret_count)++] = (struct p2p_boot_change){
				target->path, writer->argument ? "written"
					      : target->new    ? "as it was without our argument"
							       : "removed" };
	}
	/* A folder that we made goes too, if nobody else has put anything there. */
	if (!writer->argument && writer->record.grub_folder) {
		unlinkat(writer->image->root, BOOT_GRUB_DIR, AT_REMOVEDIR);
		writer->record.grub_folder = false;
	}
	if (!writer->argument && writer->record.cmdline_folder) {
		unlinkat(writer->image->root, "etc/kernel", AT_REMOVEDIR);
		writer->record.cmdline_folder = false;
	}
	return 0;
}

static int write_all(struct writer *writer, struct p2p_boot_change *ret, size_t *ret_count)
{
	struct p2p_boot_files files;
	int error = p2p_boot_files_read(writer->image, writer->arena, writer->problem, &files);

	if (!error)
		error = boot_record_load(writer->image, writer->arena, writer->problem, &writer->record);
	if (!error)
		error = plan_grub(writer, files.grub);
	if (!error)
		error = plan_cmdline(writer);
	if (error)
		return error;
	plan_record(writer);
	/* Before what it is about is made, and after it is gone. */
	if (writer->argument)
		error = save_record(writer);
	if (!error)
		error = put_all(writer, ret, ret_count);
	if (!error && !writer->argument)
		error = save_record(writer);
	return error;
}

int p2p_boot_files_write(const struct p2p_image *image, struct p2p_arena *arena, const char *argument,
			 struct p2p_problem *problem, struct p2p_boot_change ret[P2P_BOOT_CHANGES_MAX],
			 size_t *ret_count)
{
	struct writer writer = {
		.image = image, .arena = arena, .problem = problem, .argument = argument, .state = -1, .lock = -1
	};
	int error;

	*ret_count = 0;
	if (argument && !p2p_boot_argument_ok(argument))
		return p2p_problem_set(problem, -EINVAL, "%.300s: this would not be written as it stands: it holds "
				       "something other than addresses and flags", argument);
	error = open_state(&writer);
	if (!error)
		error = write_all(&writer, ret, ret_count);
	if (error && writer.made_folder && writer.count && writer.targets[0].dir >= 0)
		unlinkat(image->root, BOOT_GRUB_DIR, AT_REMOVEDIR);
	if (error && writer.made_cmdline_folder)
		unlinkat(image->root, "etc/kernel", AT_REMOVEDIR);
	for (size_t i = 0; i < P2P_BOOT_CHANGES_MAX; i++)
		if (writer.targets[i].path && writer.targets[i].dir >= 0)
			close(writer.targets[i].dir);
	if (writer.lock >= 0)
		close(writer.lock);
	if (writer.state >= 0)
		close(writer.state);
	return error;
}
