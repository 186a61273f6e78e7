/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order is "cheapest first among those that cannot be wrong":
 *
 *   /proc/config.gz     part of the running kernel; about 1 ms
 *   /proc/kallsyms      the running kernel's own names; 30 to 60 ms when the
 *                       name is absent, because the kernel formats every line
 *   /boot/config-*, /lib/modules/.../config
 *                       a file of the same release name, which may belong to a
 *                       build that was installed after this one was booted
 */
#include "kernel.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "gzip.h"

#define CONFIG_MAX ((size_t)4 << 20) /* plain; a distribution's is 0.3 MiB */
#define RELEASE_MAX 128
#define CHUNK 65536

/* Appends all of `path`; -EFBIG over `max`. */
static int read_all(const struct p2p_kernel_files *files, const char *path, size_t max, struct p2p_buf *ret)
{
	char *chunk = p2p_malloc(CHUNK);
	size_t got = 0;
	int error;

	do {
		error = files->read(files->context, path, ret->len, chunk, CHUNK, &got);
		if (!error)
			p2p_buf_add(ret, chunk, got);
		if (!error && ret->len > max)
			error = -EFBIG;
	} while (!error && got == CHUNK);
	free(chunk);
	return error;
}

/* `text` has `line` as a whole line. */
static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at += len)
		if ((at == text || at[-1] == '\n') && (!at[len] || at[len] == '\n'))
			return true;
	return false;
}

/* 1 yes, 0 no, -ENODATA: not the whole of a kernel's configuration. */
static int config_says(const struct p2p_buf *config)
{
	const char *text = p2p_buf_text(config);

	if (has_line(text, "CONFIG_PCI_P2PDMA=y"))
		return 1;
	if (has_line(text, "# CONFIG_PCI_P2PDMA is not set"))
		return 0;
	/* Not even mentioned: its conditions are not met, or the kernel is older; if this is all of it. */
	if (config->len && text[config->len - 1] == '\n' &&
	    (has_line(text, "CONFIG_PCI=y") || has_line(text, "# CONFIG_PCI is not set")))
		return 0;
	return -ENODATA;
}

static int ask_config(const struct p2p_kernel_files *files, const char *path)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = read_all(files, path, CONFIG_MAX, &text);
	int says = error ? -ENODATA : config_says(&text);

	p2p_buf_free(&text);
	return says;
}

static int ask_config_gz(const struct p2p_kernel_files *files)
{
	struct p2p_buf packed = P2P_BUF_INIT, text = P2P_BUF_INIT;
	int error = read_all(files, "proc/config.gz", CONFIG_MAX, &packed);

	if (!error)
		error = p2p_gzip_read(packed.text, packed.len, CONFIG_MAX, &text);
	int says = error ? -ENODATA : config_says(&text);

	p2p_buf_free(&packed);
	p2p_buf_free(&text);
	return says;
}

/*
 * `name` is a symbol of the kernel itself in these whole lines of kallsyms,
 * "ffffffff81000000 T name\n".  Longer names that hold it do not count, nor
 * does a name that a module brings ("name\t[module]"): P2PDMA is never one.
 */
static bool has_symbol(const char *lines, size_t len, const char *name)
{
	const char *end = lines + len, *at = lines;
	size_t name_len = strlen(name);

	while ((at = memmem(at, (size_t)(end - at), name, name_len))) {
		const char *after = at + name_len;

		if (at > lines && at[-1] == ' ' && after < end && *after == '\n')
			return true;
		at = after;
	}
	return false;
}

/*
 * A list without the function is a "no" only if it is a real list: some
 * sandboxes show an empty one.  The witness is in every kernel with PCI.
 */
static int ask_symbols(const struct p2p_kernel_files *files)
{
	char *chunk = p2p_malloc(CHUNK);
	bool found = false, witness = false;
	uint64_t offset = 0;
	size_t kept = 0, got = 0;
	int error;

	do {
		error = files->read(files->context, "proc/kallsyms", offset, chunk + kept, CHUNK - kept, &got);
		if (error || !got)
			break;
		offset += got;
		size_t have = kept + got;
		const char *last = memrchr(chunk, '\n', have);
		size_t whole = last ? (size_t)(last - chunk) + 1 : 0;

		found = has_symbol(chunk, whole, "pci_p2pdma_distance_many");
		witness = witness || has_symbol(chunk, whole, "pci_enable_device");
		kept = have - whole;
		if (kept == CHUNK) /* a line of 64 KiB: no list of symbols */
			error = -EINVAL;
		memmove(chunk, chunk + whole, kept);
	} while (!error && !found);
	free(chunk);
	if (found)
		return 1;
	return !error && witness ? 0 : -ENODATA;
}

/* The release becomes a part of a path: nothing but what releases are made of. */
static int read_release(const struct p2p_kernel_files *files, char release[RELEASE_MAX])
{
	char text[RELEASE_MAX];
	size_t got, len = 0;

	if (files->read(files->context, "proc/sys/kernel/osrelease", 0, text, sizeof(text), &got))
		return -ENODATA;
	while (len < got && (isalnum((unsigned char)text[len]) || (len && strchr("._+~-", text[len]) && text[len])))
		len++;
	if (!len || len + 1 != got || text[len] != '\n')
		return -ENODATA;
	memcpy(release, text, len);
	release[len] = '\0';
	return 0;
}

static int ask_config_files(const struct p2p_kernel_files *files)
{
	char release[RELEASE_MAX], path[RELEASE_MAX + 32];

	if (read_release(files, release))
		return -ENODATA;
	snprintf(path, sizeof(path), "boot/config-%s", release);
	int says = ask_config(files, path);

	if (says >= 0)
		return says;
	snprintf(path, sizeof(path), "lib/modules/%s/config", release);
	return ask_config(files, path);
}

int p2p_kernel_p2pdma(const struct p2p_kernel_files *files, struct p2p_buf *ret)
{
	const char *by = "config";
	int says = ask_config_gz(files);

	if (says < 0) {
		says = ask_symbols(files);
		by = says < 0 ? "config" : "symbol";
	}
	if (says < 0)
		says = ask_config_files(files);
	if (says < 0)
		return says;
	p2p_buf_reset(ret);
	p2p_buf_printf(ret, "%c %s\n", says ? 'y' : 'n', by);
	return 0;
}
