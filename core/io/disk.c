/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "../base/text.h"

#define MOST_TEXT 4096

/* An attribute without the blanks around it; false: it is not there, or empty. */
static bool attribute(struct p2p_source *source, struct p2p_buf *ret, const char *format, const char *name)
{
	char key[P2P_SOURCE_KEY_MAX + 1];
	size_t lead;

	if (snprintf(key, sizeof(key), format, name) >= (int)sizeof(key) ||
	    p2p_source_read_text(source, key, MOST_TEXT, ret) || !ret->len)
		return false;
	while (ret->len && strchr(" \t\n", ret->text[ret->len - 1]))
		ret->text[--ret->len] = '\0';
	lead = strspn(ret->text, " \t");
	memmove(ret->text, ret->text + lead, ret->len - lead + 1);
	ret->len -= lead;
	return ret->len;
}

static bool number(struct p2p_source *source, const char *key, uint64_t *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	bool read = attribute(source, &text, "%s", key) && !p2p_text_number(text.text, 10, UINT64_MAX >> 9, ret);

	p2p_buf_free(&text);
	return read;
}

/* "8:1" */
static bool numbers(struct p2p_source *source, const char *name, dev_t *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	unsigned major, minor;
	bool read =
		attribute(source, &text, "sys/block/%s/dev", name) && sscanf(text.text, "%u:%u", &major, &minor) == 2;

	p2p_buf_free(&text);
	if (read)
		*ret = makedev(major, minor);
	return read;
}

/* The last part of a path, and the one before it. */
static const char *last_part(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	return slash ? slash + 1 : path;
}

static int find_block(struct p2p_source *source, dev_t dev, struct p2p_disk *ret)
{
	struct p2p_disk disk = { .dev = dev };
	struct p2p_buf link = P2P_BUF_INIT;
	char key[96];
	uint64_t sectors = 0;

	snprintf(key, sizeof(key), "sys/dev/block/%u:%u", major(dev), minor(dev));
	int error = p2p_source_link(source, key, &link);

	if (error)
		return error == -ENOENT ? -ENODEV : error;
	const char *name = last_part(link.text);

	snprintf(key, sizeof(key), "sys/dev/block/%u:%u/start", major(dev), minor(dev));
	if (number(source, key, &sectors))
		name = last_part(link.text);
	disk.start = sectors * 512;
	bool fits = strlen(name) < sizeof(disk.name);

	if (fits)
		strcpy(disk.name, name);
	p2p_buf_free(&link);
	if (!fits || !numbers(source, disk.name, &disk.whole))
		return -ENODEV;
	*ret = disk;
	return 0;
}

int p2p_disk_find(struct p2p_source *source, const struct stat *st, struct p2p_disk *ret)
{
	if (S_ISBLK(st->st_mode))
		return find_block(source, st->st_rdev, ret);
	if (!S_ISREG(st->st_mode))
		return -ENOTBLK;
	*ret = (struct p2p_disk){ .file = true, .file_dev = st->st_dev, .inode = st->st_ino };
	return 0;
}

static uint64_t hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325u;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 0x100000001b3u;
	return value;
}

/* Any text as a file's name: what is cut or not a letter shows in the number behind it. */
static void name_key(const char *word, const char *text, char ret[P2P_DISK_KEY])
{
	char safe[P2P_DISK_KEY / 2];
	size_t len = strlen(text), from = len < sizeof(safe) ? 0 : len - sizeof(safe) + 1;
	bool plain = !from;

	for (size_t i = from; i <= len; i++) {
		char c = text[i];
		bool fine = !c || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    c == '-' || (c == '.' && i > from);

		safe[i - from] = fine ? c : '_';
		plain &= fine;
	}
	if (plain)
		snprintf(ret, P2P_DISK_KEY, "%s-%s", word, safe);
	else
		snprintf(ret, P2P_DISK_KEY, "%s-%s-%016llx", word, safe, (unsigned long long)hash(text));
}

static bool key_of_nvme(struct p2p_source *source, const char *name, char ret[P2P_DISK_KEY])
{
	static const char *const ids[] = { "nguid", "eui", "uuid" };
	struct p2p_buf text = P2P_BUF_INIT, both = P2P_BUF_INIT;
	char format[40];
	bool found = false;

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids) && !found; i++) {
		snprintf(format, sizeof(format), "sys/block/%%s/%s", ids[i]);
		found = attribute(source, &text, format, name) && strspn(text.text, "0- ") != text.len;
		if (found)
			name_key(ids[i], text.text, ret);
	}
	if (!found && attribute(source, &text, "sys/block/%s/device/serial", name)) {
		p2p_buf_printf(&both, "%s-", text.text);
		found = attribute(source, &text, "sys/block/%s/nsid", name);
		if (found) {
			p2p_buf_puts(&both, text.text);
			name_key("serial", both.text, ret);
		}
	}
	p2p_buf_free(&text);
	p2p_buf_free(&both);
	return found;
}

static bool key_of_other(struct p2p_source *source, const char *name, char ret[P2P_DISK_KEY])
{
	static const struct {
		const char *word, *format;
	} ids[] = {
		{ "loop", "sys/block/%s/loop/backing_file" }, { "wwid", "sys/block/%s/wwid" },
		{ "wwid", "sys/block/%s/device/wwid" },	      { "serial", "sys/block/%s/serial" },
		{ "serial", "sys/block/%s/device/serial" },
	};
	struct p2p_buf text = P2P_BUF_INIT;
	bool found = false;

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids) && !found; i++) {
		found = attribute(source, &text, ids[i].format, name);
		if (found)
			name_key(ids[i].word, text.text, ret);
	}
	p2p_buf_free(&text);
	return found;
}

void p2p_disk_key(struct p2p_source *source, const struct p2p_disk *disk, const char *path, char ret[P2P_DISK_KEY])
{
	struct p2p_buf text = P2P_BUF_INIT, boot = P2P_BUF_INIT;

	if (disk->file) {
		p2p_buf_printf(&text, "%s#%llu", path, (unsigned long long)disk->inode);
		name_key("file", text.text, ret);
	} else if (!key_of_nvme(source, disk->name, ret) && !key_of_other(source, disk->name, ret)) {
		attribute(source, &boot, "%s", "proc/sys/kernel/random/boot_id");
		p2p_buf_printf(&text, "%s-%s", disk->name, p2p_buf_text(&boot));
		name_key("name", text.text, ret);
	}
	p2p_buf_free(&boot);
	p2p_buf_free(&text);
}

const char *p2p_disk_unfit(struct p2p_source *source, const struct p2p_disk *disk)
{
	struct p2p_buf text = P2P_BUF_INIT;
	const char *unfit = NULL;

	if (disk->file)
		return NULL;
	if (attribute(source, &text, "sys/block/%s/ro", disk->name) && strcmp(text.text, "0") != 0)
		unfit = "it is read-only";
	else if (attribute(source, &text, "sys/block/%s/queue/zoned", disk->name) && strcmp(text.text, "none") != 0)
		unfit = "it has zones, which can only be written from their start";
	p2p_buf_free(&text);
	return unfit;
}
