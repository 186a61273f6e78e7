/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source that keeps quiet about whose machine this is: `snapshot
 * --anonymize` reads through it, so what is not said here is in no snapshot.
 *
 * Only keys that answers depend on are let through.  Of those, three can name
 * people or sites: the command line (only words about PCI, IOMMU, vfio and
 * nvme stay), the builder in /proc/version, and network interfaces, which get
 * a random name each, the same one wherever it stands in this run.  Serial
 * numbers of NVMe drives get one too, so that what bench found of a drive is
 * still known to be of this one; VPD is never read at all.  Of bench's results
 * the names of files and the kernel's log are left out.
 */
#include "source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../base/arena.h"
#include "results.h"

struct alias {
	char *real;
	char *name; /* the arena's, as is `real`: it stays where it is */
};

struct anonymize {
	struct p2p_source source;
	struct p2p_source *inner;
	struct p2p_arena *arena;
	struct alias *aliases;
	size_t alias_count;
	int results_error;	/* 0: `results` is what bench found, told otherwise; 1: it was not read yet */
	struct p2p_buf results; /* made once: it is asked for in many parts */
};

#define NET "sys/class/net"

/* Words of the command line that stay. */
static const char *const kept_words[] = { "pci",  "iommu", "intel_iommu", "amd_iommu", "swiotlb",
					  "vfio", "nvme",  "nopat",	  "noats" };

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
	for (size_t i = 0; i < sizeof(kept_keys) / sizeof(*kept_keys); i++)
		if (starts_with(key, kept_keys[i]))
			return true;
	return false;
}

/* ---------------------------------------------------------------- aliases */

/* One kind's names are not another's: `prefix` is a part of what is looked up. */
static const char *alias_of(struct anonymize *anonymize, const char *prefix, const char *real)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[4] = { 0 };

	for (size_t i = 0; i < anonymize->alias_count; i++)
		if (starts_with(anonymize->aliases[i].name, prefix) && !strcmp(anonymize->aliases[i].real, real))
			return anonymize->aliases[i].name;
	anonymize->aliases = p2p_realloc(anonymize->aliases, anonymize->alias_count + 1, sizeof(*anonymize->aliases));
	struct alias *alias = &anonymize->aliases[anonymize->alias_count++];

	alias->real = p2p_arena_strdup(anonymize->arena, real);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		abort(); /* a name that could be guessed is worse than none */
	size_t start = strlen(prefix);

	alias->name = p2p_arena_alloc(anonymize->arena, start + 2 * sizeof(random) + 1);
	memcpy(alias->name, prefix, start);
	for (size_t i = 0; i < sizeof(random); i++) {
		alias->name[start + 2 * i] = digits[random[i] >> 4];
		alias->name[start + 2 * i + 1] = digits[random[i] & 15];
	}
	alias->name[start + 2 * sizeof(random)] = '\0';
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

static void serve(const struct p2p_buf *text, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	size_t left = offset < text->len ? text->len - (size_t)offset : 0;

	*ret = left < length ? left : length;
	if (*ret)
		memcpy(buffer, text->text + offset, *ret);
}

/* A text that is told otherwise than it is, served in ranges. */
static int read_changed(struct anonymize *anonymize, const char *key, void (*change)(const char *, struct p2p_buf *),
			uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	struct p2p_buf text = P2P_BUF_INIT, changed = P2P_BUF_INIT;
	int error = p2p_source_read_text(anonymize->inner, key, 65536, &text);

	if (!error) {
		change(p2p_buf_text(&text), &changed);
		serve(&changed, offset, buffer, length, ret);
	}
	p2p_buf_free(&text);
	p2p_buf_free(&changed);
	return error;
}

/* ---------------------------------------------------------------- serial numbers */

static bool is_serial(const char *key)
{
	const char *last = strrchr(key, '/');

	return last && !strcmp(last, "/serial");
}

/* Without the blanks at its end, as it is read (scan-children.c). */
static const char *serial_alias(struct anonymize *anonymize, const char *real)
{
	size_t length = strlen(real);

	while (length && strchr(" \n", real[length - 1]))
		length--;
	return length ? alias_of(anonymize, "serial-", p2p_arena_strndup(anonymize->arena, real, length)) : "";
}

static int read_serial(struct anonymize *anonymize, const char *key, uint64_t offset, void *buffer, size_t length,
		       size_t *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_source_read_text(anonymize->inner, key, 4096, &text);

	if (!error) {
		const char *alias = serial_alias(anonymize, p2p_buf_text(&text));

		p2p_buf_reset(&text);
		p2p_buf_printf(&text, "%s\n", alias);
		serve(&text, offset, buffer, length, ret);
	}
	p2p_buf_free(&text);
	return error;
}

/* ------------------------------------------------------------------------ results */

/* A word of what a result rests on, as it is told; false: it is of a kind that is not known here. */
static bool change_word(struct anonymize *anonymize, struct p2p_bench_word *word)
{
	static const char *const kept[] = { "kernel", "cmdline", "bios", "iommu" };
	static const char *const kept_of_ends[] = { ".path",   ".id",	 ".subsystem", ".firmware",
						    ".driver", ".iommu", ".ats" };
	const char *dot = strchr(word->name, '.');
	struct p2p_buf text = P2P_BUF_INIT;

	if (starts_with(word->name, "acs ") || starts_with(word->name, "link "))
		return true;
	if (!strcmp(word->name, "version") && word->value) {
		hide_builder(word->value, &text);
		word->value = p2p_arena_strdup(anonymize->arena, p2p_buf_text(&text));
		p2p_buf_free(&text);
		return true;
	}
	if (dot && !strcmp(dot, ".serial")) {
		word->value = word->value ? serial_alias(anonymize, word->value) : NULL;
		return true;
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (!strcmp(word->name, kept[i]))
			return true;
	for (size_t i = 0; dot && i < sizeof(kept_of_ends) / sizeof(*kept_of_ends); i++)
		if (!strcmp(dot, kept_of_ends[i]))
			return true;
	return false;
}

/* What is in a result but figures and addresses can name people or what they work on. */
static void change_result(struct anonymize *anonymize, struct p2p_bench_result *result)
{
	struct p2p_bench_word *words =
		p2p_arena_array(anonymize->arena, result->identity_count, sizeof(*words));
	struct p2p_bench_cell *cells = p2p_arena_array(anonymize->arena, result->cell_count, sizeof(*cells));
	size_t count = 0;

	for (size_t i = 0; i < result->identity_count; i++) {
		words[count] = result->identity[i];
		count += change_word(anonymize, &words[count]);
	}
	for (size_t i = 0; i < result->cell_count; i++) {
		cells[i] = result->cells[i];
		cells[i].problem = NULL;
	}
	result->identity = words;
	result->identity_count = count;
	result->cells = cells;
	result->src_path = result->dst_path = result->why = NULL;
	result->fault_count = 0;
}

static void make_results(struct anonymize *anonymize)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_results results;
	struct p2p_problem problem;
	int error = p2p_source_read_text(anonymize->inner, P2P_RESULTS_KEY, P2P_RESULTS_MAX, &text);

	if (!error)
		error = p2p_results_parse(P2P_RESULTS_KEY, p2p_buf_text(&text), text.len, anonymize->arena, &problem,
					  &results);
	for (size_t i = 0; !error && i < results.count; i++) {
		change_result(anonymize, &results.list[i]);
		p2p_results_format(&results.list[i], &anonymize->results);
		p2p_buf_putc(&anonymize->results, '\n');
	}
	if (!error)
		p2p_results_free(&results);
	/* Built without json-c it cannot be told otherwise, so it is not told. */
	anonymize->results_error = error == -ENOTSUP ? -ENODATA : error;
	p2p_buf_free(&text);
}

static int read_results(struct anonymize *anonymize, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	if (anonymize->results_error == 1)
		make_results(anonymize);
	if (!anonymize->results_error)
		serve(&anonymize->results, offset, buffer, length, ret);
	return anonymize->results_error;
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
	if (!strcmp(key, P2P_RESULTS_KEY))
		return read_results(anonymize, offset, buffer, length, ret);
	if (!is_kept_key(key))
		return -ENODATA;
	if (is_serial(key))
		return read_serial(anonymize, key, offset, buffer, length, ret);
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
		const char *alias = alias_of(anonymize, "net-", slash + 1);

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
			p2p_names_add(ret, alias_of(anonymize, "net-", name));
	}
	p2p_names_free(&names);
	return error;
}

static void anonymize_free(struct p2p_source *source)
{
	struct anonymize *anonymize = (struct anonymize *)source;

	p2p_source_free(anonymize->inner);
	free(anonymize->aliases);
	p2p_buf_free(&anonymize->results);
	p2p_arena_free(anonymize->arena);
	free(anonymize);
}

struct p2p_source *p2p_source_anonymize(struct p2p_source *inner)
{
	static const struct p2p_source_ops ops = { anonymize_read, anonymize_link, anonymize_list, anonymize_free };
	struct anonymize *anonymize = p2p_malloc(sizeof(*anonymize));

	*anonymize = (struct anonymize){ .source = { .ops = &ops }, .inner = inner, .arena = p2p_arena_new(),
					  .results_error = 1 };
	return &anonymize->source;
}
