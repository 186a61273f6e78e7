/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source that keeps quiet about whose machine this is: `snapshot
 * --anonymize` reads through it, so what is not said here is in no snapshot.
 *
 * Only keys that answers depend on are let through.  Of those, three can name
 * people or sites: the command line (only words about PCI, IOMMU, vfio and
 * nvme stay), the builder in /proc/version, and network interfaces, which get
 * a random name each, the same one wherever it stands in this run.  Serial
 * numbers are left out; VPD is never read at all.
 */
#include "source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../base/arena.h"

struct alias {
	char *real;
	char name[16];
};

struct anonymize {
	struct p2p_source source;
	struct p2p_source *inner;
	struct p2p_arena *arena;
	struct alias *aliases;
	size_t alias_count;
};

#define NET "sys/class/net"

/* Words of the command line that stay. */
static const char *const kept_words[] = { "pci=",  "pcie_", "iommu", "intel_iommu", "amd_iommu",
					  "vfio",  "nvme",  "nopat", "noats" };

/* Keys whose answers stay as they are. */
static const char *const kept_keys[] = {
	"kernel/", "names/", "net/", "proc/cpuinfo", "proc/sys/kernel/osrelease", "proc/version_signature",
	"proc/bus/pci/devices", "sys/bus/pci/devices", "sys/class/accel", "sys/class/block", "sys/class/drm",
	"sys/class/dmi/id/", "sys/class/infiniband", "sys/class/iommu", NET, "sys/class/nvme", "sys/devices/",
	"sys/kernel/iommu_groups",
};

static bool starts_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_kept_key(const char *key)
{
	const char *last = strrchr(key, '/');

	if (last && !strcmp(last, "/serial"))
		return false;
	for (size_t i = 0; i < sizeof(kept_keys) / sizeof(*kept_keys); i++)
		if (starts_with(key, kept_keys[i]))
			return true;
	return false;
}

/* ---------------------------------------------------------------- aliases */

static const char *alias_of(struct anonymize *anonymize, const char *real)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[4] = { 0 };

	for (size_t i = 0; i < anonymize->alias_count; i++)
		if (!strcmp(anonymize->aliases[i].real, real))
			return anonymize->aliases[i].name;
	anonymize->aliases = p2p_realloc(anonymize->aliases, anonymize->alias_count + 1, sizeof(*anonymize->aliases));
	struct alias *alias = &anonymize->aliases[anonymize->alias_count++];

	alias->real = p2p_arena_strdup(anonymize->arena, real);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		abort(); /* a name that could be guessed is worse than none */
	memcpy(alias->name, "net-", 5);
	for (size_t i = 0; i < sizeof(random); i++) {
		alias->name[4 + 2 * i] = digits[random[i] >> 4];
		alias->name[5 + 2 * i] = digits[random[i] & 15];
	}
	alias->name[12] = '\0';
	return alias->name;
}

/* The interface's name in a key `net/NAME` or `sys/class/net/NAME...`; NULL: none. */
static const char *net_name(const char *key)
{
	if (starts_with(key, "net/"))
		return key + 4;
	return starts_with(key, NET "/") ? key + sizeof(NET) : NULL;
}

/* The key as the inner source knows it: an alias turned back into the name. */
static int real_key(const struct anonymize *anonymize, const char *key, struct p2p_buf *ret)
{
	const char *name = net_name(key);
	size_t len = name ? strcspn(name, "/") : 0;

	p2p_buf_reset(ret);
	if (!name) {
		p2p_buf_puts(ret, key);
		return 0;
	}
	for (size_t i = 0; i < anonymize->alias_count; i++) {
		const struct alias *alias = &anonymize->aliases[i];

		if (strlen(alias->name) != len || strncmp(alias->name, name, len) != 0)
			continue;
		p2p_buf_add(ret, key, (size_t)(name - key));
		p2p_buf_puts(ret, alias->real);
		p2p_buf_puts(ret, name + len);
		return 0;
	}
	return -ENOENT;
}

/* ------------------------------------------------------------------ texts */

static void keep_words(const char *text, struct p2p_buf *ret)
{
	for (const char *at = text; *at; at += strspn(at, " \n")) {
		size_t len = strcspn(at, " \n");

		for (size_t i = 0; i < sizeof(kept_words) / sizeof(*kept_words); i++)
			if (starts_with(at, kept_words[i])) {
				p2p_buf_puts(ret, ret->len ? " " : "");
				p2p_buf_add(ret, at, len);
				break;
			}
		at += len;
	}
	p2p_buf_putc(ret, '\n');
}

/* "(user@host)" becomes "(builder)". */
static void hide_builder(const char *text, struct p2p_buf *ret)
{
	for (; *text; text++) {
		size_t len = *text == '(' ? strcspn(text, ")") : 0;

		if (len && text[len] == ')' && memchr(text, '@', len) && !memchr(text, ' ', len)) {
			p2p_buf_puts(ret, "(builder");
			text += len;
		}
		p2p_buf_putc(ret, *text);
	}
}

/* A text that is told otherwise than it is, served in ranges. */
static int read_changed(struct anonymize *anonymize, const char *key, void (*change)(const char *, struct p2p_buf *),
			uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	struct p2p_buf text = P2P_BUF_INIT, changed = P2P_BUF_INIT;
	int error = p2p_source_read_text(anonymize->inner, key, 65536, &text);

	if (!error) {
		change(p2p_buf_text(&text), &changed);
		size_t left = offset < changed.len ? changed.len - (size_t)offset : 0;

		*ret = left < length ? left : length;
		if (*ret)
			memcpy(buffer, changed.text + offset, *ret);
	}
	p2p_buf_free(&text);
	p2p_buf_free(&changed);
	return error;
}

/* -------------------------------------------------------------- the verbs */

static int anonymize_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
			  size_t *ret)
{
	struct anonymize *anonymize = (struct anonymize *)source;
	struct p2p_buf real = P2P_BUF_INIT;

	if (!strcmp(key, "proc/cmdline"))
		return read_changed(anonymize, key, keep_words, offset, buffer, length, ret);
	if (!strcmp(key, "proc/version"))
		return read_changed(anonymize, key, hide_builder, offset, buffer, length, ret);
	if (!is_kept_key(key))
		return -ENODATA;
	int error = real_key(anonymize, key, &real);

	if (!error)
		error = p2p_source_read(anonymize->inner, p2p_buf_text(&real), offset, buffer, length, ret);
	p2p_buf_free(&real);
	return error;
}

static int anonymize_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	struct anonymize *anonymize = (struct anonymize *)source;
	struct p2p_buf real = P2P_BUF_INIT;
	int error = is_kept_key(key) ? real_key(anonymize, key, &real) : -ENODATA;

	if (!error)
		error = p2p_source_link(anonymize->inner, p2p_buf_text(&real), ret);
	/* .../net/eth0: the path of an interface ends in its name. */
	char *slash = !error && net_name(key) && ret->text ? strrchr(ret->text, '/') : NULL;

	if (slash) {
		const char *alias = alias_of(anonymize, slash + 1);

		ret->len = (size_t)(slash + 1 - ret->text);
		p2p_buf_puts(ret, alias);
	}
	p2p_buf_free(&real);
	return error;
}

static int anonymize_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	struct anonymize *anonymize = (struct anonymize *)source;
	struct p2p_names names = P2P_NAMES_INIT;

	if (!is_kept_key(key))
		return -ENODATA;
	if (strcmp(key, NET) != 0)
		return p2p_source_list(anonymize->inner, key, ret);
	int error = p2p_source_list(anonymize->inner, key, &names);

	if (!error) {
		p2p_names_reset(ret);
		for (const char *name = p2p_names_next(&names, NULL); name; name = p2p_names_next(&names, name))
			p2p_names_add(ret, alias_of(anonymize, name));
	}
	p2p_names_free(&names);
	return error;
}

static void anonymize_free(struct p2p_source *source)
{
	struct anonymize *anonymize = (struct anonymize *)source;

	p2p_source_free(anonymize->inner);
	free(anonymize->aliases);
	p2p_arena_free(anonymize->arena);
	free(anonymize);
}

struct p2p_source *p2p_source_anonymize(struct p2p_source *inner)
{
	static const struct p2p_source_ops ops = { anonymize_read, anonymize_link, anonymize_list, anonymize_free };
	struct anonymize *anonymize = p2p_malloc(sizeof(*anonymize));

	*anonymize = (struct anonymize){ .source = { .ops = &ops }, .inner = inner, .arena = p2p_arena_new() };
	return &anonymize->source;
}
