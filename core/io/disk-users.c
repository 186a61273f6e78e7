/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who uses a disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk.h"

#define MOST_TABLE (4u << 20)
#define MOST_PARTS 256
#define NVMET "sys/kernel/config/nvmet/subsystems"

struct part {
	dev_t dev;
	char name[P2P_DISK_NAME];
};

struct users {
	const struct p2p_disk_look *look;
	const struct p2p_disk *disk;
	struct part parts[MOST_PARTS]; /* the disk and its partitions */
	size_t part_count;
	struct p2p_names *found, *unknown;
};

static void tell(struct p2p_names *names, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Once each. */
static void tell(struct p2p_names *names, const char *format, ...)
{
	struct p2p_buf text = P2P_BUF_INIT;
	const char *name = NULL;
	va_list args;

	va_start(args, format);
	p2p_buf_vprintf(&text, format, args);
	va_end(args);
	while ((name = p2p_names_next(names, name)))
		if (!strcmp(name, p2p_buf_text(&text)))
			break;
	if (!name)
		p2p_names_add(names, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* An attribute's first line; "" when it cannot be read. */
static const char *line_of(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	if (p2p_source_read_text(source, key, MOST_TABLE, ret))
		p2p_buf_reset(ret);
	if (ret->len)
		ret->text[strcspn(ret->text, "\n")] = '\0';
	return p2p_buf_text(ret);
}

static void add_part(struct users *users, const char *key, const char *name)
{
	struct p2p_buf text = P2P_BUF_INIT;
	unsigned major, minor;

	if (users->part_count < MOST_PARTS && strlen(name) < P2P_DISK_NAME &&
	    sscanf(line_of(users->look->source, key, &text), "%u:%u", &major, &minor) == 2) {
		struct part *part = &users->parts[users->part_count++];

		part->dev = makedev(major, minor);
		strcpy(part->name, name);
	}
	p2p_buf_free(&text);
}

static void find_parts(struct users *users)
{
	const char *name = NULL, *disk = users->disk->name;
	struct p2p_names names = P2P_NAMES_INIT;
	char key[P2P_DISK_NAME * 2 + 32];

	snprintf(key, sizeof(key), "sys/block/%s/dev", disk);
	add_part(users, key, disk);
	snprintf(key, sizeof(key), "sys/block/%s", disk);
	if (p2p_source_list(users->look->source, key, &names))
		tell(users->unknown, "its partitions cannot be listed (/%s)", key);
	while ((name = p2p_names_next(&names, name))) {
		/* Partitions are named after their disk. */
		if (strncmp(name, disk, strlen(disk)) != 0 || strlen(name) >= P2P_DISK_NAME)
			continue;
		snprintf(key, sizeof(key), "sys/block/%s/%s/dev", disk, name);
		add_part(users, key, name);
	}
	p2p_names_free(&names);
}

static const struct part *part_of(const struct users *users, dev_t dev)
{
	for (size_t i = 0; i < users->part_count; i++)
		if (users->parts[i].dev == dev)
			return &users->parts[i];
	return NULL;
}

/* The name by which what `path` leads to is ours: the disk, a partition, the file; NULL: it is not. */
static const char *ours(const struct users *users, const char *path)
{
	const struct p2p_disk *disk = users->disk;
	const struct part *part;
	struct stat st;

	if (!*path || users->look->stat(path, &st))
		return NULL;
	if (disk->file)
		return S_ISREG(st.st_mode) && st.st_dev == disk->file_dev && st.st_ino == disk->inode ? "this file"
												      : NULL;
	part = S_ISBLK(st.st_mode) ? part_of(users, st.st_rdev) : NULL;
	return part ? part->name : NULL;
}

/* The kernel writes blanks in these tables as \040. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		unsigned code;

		if (*text == '\\' && sscanf(text + 1, "%3o", &code) == 1 && code < 256) {
			*to++ = (char)code;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static void look_at_mount(struct users *users, char *line)
{
	unsigned major, minor;
	char *point = NULL, *type = strstr(line, " - "), *from = NULL, *rest = NULL;
	int at = 0;
	const struct part *part;
	const char *name;

	if (!type || sscanf(line, "%*d %*d %u:%u %*s %n", &major, &minor, &at) != 2 || !at)
		return;
	*type = '\0';
	point = strtok_r(line + at, " ", &rest);
	strtok_r(type + 3, " ", &rest);
	from = strtok_r(NULL, " ", &rest);
	if (!point)
		return;
	unescape(point);
	if (from)
		unescape(from);
	part = users->disk->file ? NULL : part_of(users, makedev(major, minor));
	/* Of a file system with several disks only one is named there, by its path. */
	name = part ? part->name : !users->disk->file && from && *from == '/' ? ours(users, from) : NULL;
	if (name)
		tell(users->found, "mounted on %s (%s)", point, name);
}

static void look_at_mounts(struct users *users)
{
	static const char *const tables[] = { "proc/self/mountinfo", "proc/1/mountinfo" };
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		char *rest = NULL;
		int error = p2p_source_read_text(users->look->source, tables[i], MOST_TABLE, &text);

		/* The second one is of the machine's own name space, for who runs in another. */
		if (error && !i)
			tell(users->unknown, "what is mounted cannot be read (/%s)", tables[i]);
		for (char *line = error || !text.len ? NULL : strtok_r(text.text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			look_at_mount(users, line);
	}
	p2p_buf_free(&text);
}

static void look_at_swap(struct users *users)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char *rest = NULL;
	int error = p2p_source_read_text(users->look->source, "proc/swaps", MOST_TABLE, &text);

	/* A kernel without swap has no such file. */
	if (error && error != -ENOENT)
		tell(users->unknown, "what is swapped to cannot be read (/proc/swaps)");
	char *line = error || !text.len ? NULL : strtok_r(text.text, "\n", &rest);

	while (line && (line = strtok_r(NULL, "\n", &rest))) {
		line[strcspn(line, " \t")] = '\0';
		unescape(line);
		const char *name = ours(users, line);

		if (name)
			tell(users->found, "swap (%s)", name);
	}
	p2p_buf_free(&text);
}

static void look_at_holders(struct users *users, const char *folder, const char *part)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_buf text = P2P_BUF_INIT;
	const char *name = NULL;
	char key[P2P_SOURCE_KEY_MAX];

	snprintf(key, sizeof(key), "%s/holders", folder);
	if (p2p_source_list(users->look->source, key, &names))
		tell(users->unknown, "who holds it cannot be read (/%s)", key);
	while ((name = p2p_names_next(&names, name))) {
		snprintf(key, sizeof(key), "sys/block/%s/dm/name", name);
		const char *says = line_of(users->look->source, key, &text);

		tell(users->found, *says ? "held by %s, '%s' (%s)" : "held by %s%s (%s)", name, says, part);
	}
	p2p_buf_free(&text);
	p2p_names_free(&names);
}

static void look_at_all_holders(struct users *users)
{
	char folder[P2P_DISK_NAME * 2 + 32];

	for (size_t i = 0; i < users->part_count; i++) {
		snprintf(folder, sizeof(folder), i ? "sys/block/%s/%s" : "sys/block/%s", users->disk->name,
			 users->parts[i].name);
		look_at_holders(users, folder, users->parts[i].name);
	}
}

/* A loop device does not hold what is behind it. */
static void look_at_loops(struct users *users)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_buf text = P2P_BUF_INIT;
	const char *name = NULL;
	char key[P2P_SOURCE_KEY_MAX];

	if (p2p_source_list(users->look->source, "sys/block", &names))
		tell(users->unknown, "disks cannot be listed (/sys/block)");
	while ((name = p2p_names_next(&names, name))) {
		snprintf(key, sizeof(key), "sys/block/%s/loop/backing_file", name);
		if (!strncmp(name, "loop", 4) && ours(users, line_of(users->look->source, key, &text)))
			tell(users->found, "what is behind %s", name);
	}
	p2p_buf_free(&text);
	p2p_names_free(&names);
}

/* Is this namespace, or controller, of an nvmet subsystem ours? */
static void look_at_export(struct users *users, const char *folder, const char *subsystem, const char *what)
{
	struct p2p_buf path = P2P_BUF_INIT, on = P2P_BUF_INIT, number = P2P_BUF_INIT;
	char key[P2P_SOURCE_KEY_MAX];
	const char *name;

	snprintf(key, sizeof(key), "%s/device_path", folder);
	line_of(users->look->source, key, &path);
	snprintf(key, sizeof(key), "%s/enable", folder);
	line_of(users->look->source, key, &on);
	name = ours(users, p2p_buf_text(&path));
	if (!name && !users->disk->file) {
		/* A controller that is passed through, with all that is on it. */
		struct stat st;
		char dev[32];

		snprintf(key, sizeof(key), "sys/block/%s/device/dev", users->disk->name);
		line_of(users->look->source, key, &number);
		if (number.len && path.len && !users->look->stat(path.text, &st) && S_ISCHR(st.st_mode)) {
			snprintf(dev, sizeof(dev), "%u:%u", major(st.st_rdev), minor(st.st_rdev));
			name = strcmp(dev, number.text) ? NULL : users->disk->name;
		}
	}
	if (name && strcmp(p2p_buf_text(&on), "0") != 0)
		tell(users->found, "exported by nvmet: subsystem %s%s (%s)", subsystem, what, name);
	else if (name)
		tell(users->unknown, "nvmet's subsystem %s%s names it (%s), though it is not enabled now", subsystem,
		     what, name);
	p2p_buf_free(&path);
	p2p_buf_free(&on);
	p2p_buf_free(&number);
}

static void look_at_subsystem(struct users *users, const char *subsystem)
{
	struct p2p_names names = P2P_NAMES_INIT;
	char folder[P2P_SOURCE_KEY_MAX], what[80];
	const char *name = NULL;

	snprintf(folder, sizeof(folder), NVMET "/%s/namespaces", subsystem);
	if (p2p_source_list(users->look->source, folder, &names))
		tell(users->unknown, "the namespaces of nvmet's subsystem %s cannot be listed", subsystem);
	while ((name = p2p_names_next(&names, name))) {
		snprintf(folder, sizeof(folder), NVMET "/%s/namespaces/%s", subsystem, name);
		snprintf(what, sizeof(what), ", namespace %.40s", name);
		look_at_export(users, folder, subsystem, what);
	}
	snprintf(folder, sizeof(folder), NVMET "/%s/passthru", subsystem);
	look_at_export(users, folder, subsystem, ", passed through");
	p2p_names_free(&names);
}

/* Its opens do not exclude others (KERNEL: drivers/nvme/target/io-cmd-bdev.c:nvmet_bdev_ns_enable), so it is asked. */
static void look_at_nvmet(struct users *users)
{
	struct p2p_names names = P2P_NAMES_INIT, module = P2P_NAMES_INIT;
	const char *name = NULL;
	int error = p2p_source_list(users->look->source, NVMET, &names);

	if (error && (error != -ENOENT || !p2p_source_list(users->look->source, "sys/module/nvmet", &module)))
		tell(users->unknown, "nvmet is loaded and what it exports cannot be read (/" NVMET ")");
	while ((name = p2p_names_next(&names, name)))
		look_at_subsystem(users, name);
	p2p_names_free(&names);
	p2p_names_free(&module);
}

/* udev marks the paths of multipath before anything is built on them. */
static void look_at_multipath(struct users *users)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/run/udev/data/b%u:%u", major(users->disk->whole), minor(users->disk->whole));
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strcmp(line, "E:DM_MULTIPATH_DEVICE_PATH=1\n"))
			tell(users->found, "a path of a multipath disk (%s)", users->disk->name);
	if (file)
		fclose(file);
}

void p2p_disk_users(const struct p2p_disk_look *look, const struct p2p_disk *disk, struct p2p_names *ret,
		    struct p2p_names *unknown)
{
	struct users *users = calloc(1, sizeof(*users));

	if (!users) {
		tell(unknown, "there is no memory to look");
		return;
	}
	*users = (struct users){ .look = look, .disk = disk, .found = ret, .unknown = unknown };
	if (!disk->file) {
		find_parts(users);
		look_at_mounts(users);
		look_at_all_holders(users);
		look_at_multipath(users);
	}
	look_at_swap(users);
	look_at_loops(users);
	look_at_nvmet(users);
	free(users);
}
