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

int p2p_kernel_read_all(const struct p2p_kernel_files *files, const char *path, size_t max, struct p2p_buf *ret)
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

int p2p_kernel_config_says(const struct p2p_buf *config, const char *option)
{
	const char *text = p2p_buf_text(config);
	char line[96];

	snprintf(line, sizeof(line), "%s=y", option);
	if (has_line(text, line))
		return 1;
	snprintf(line, sizeof(line), "# %s is not set", option);
	if (has_line(text, line))
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
	int error = p2p_kernel_read_all(files, path, CONFIG_MAX, &text);
	int says = error ? -ENODATA : p2p_kernel_config_says(&text, "CONFIG_PCI_P2PDMA");

	p2p_buf_free(&text);
	return says;
}

static int ask_config_gz(const struct p2p_kernel_files *files)
{
	struct p2p_buf packed = P2P_BUF_INIT, text = P2P_BUF_INIT;
	int error = p2p_kernel_read_all(files, "proc/config.gz", CONFIG_MAX, &packed);

	if (!error)
		error = p2p_gzip_read(packed.text, packed.len, CONFIG_MAX, &text);
	int says = error ? -ENODATA : p2p_kernel_config_says(&text, "CONFIG_PCI_P2PDMA");

	p2p_buf_free(&packed);
	p2p_buf_free(&text);
	return says;
}

/* The address in a line of kallsyms, "ffffffff81000000 T name", of which `len` bytes are before the name. */
static bool line_address(const char *line, size_t len, uint64_t *ret)
{
	char *end;

	if (len < 4 || len > 16 + 3 || line[len - 1] != ' ' || line[len - 3] != ' ' || !isxdigit((unsigned char)*line))
		return false;
	uint64_t address = strtoull(line, &end, 16);

	if (end != line + len - 3)
		return false;
	*ret = address;
	return true;
}

/*
 * `name` is a symbol of the kernel itself in these whole lines of kallsyms.
 * Longer names that hold it do not count, nor does a name that a module brings
 * ("name\t[module]"): P2PDMA is never one.
 */
static bool has_symbol(const char *lines, size_t len, const char *name, uint64_t *ret)
{
	const char *end = lines + len, *at = lines;
	size_t name_len = strlen(name);

	while ((at = memmem(at, (size_t)(end - at), name, name_len))) {
		const char *after = at + name_len, *newline = memrchr(lines, '\n', (size_t)(at - lines));
		const char *line = newline ? newline + 1 : lines;

		if (after < end && *after == '\n' && line_address(line, (size_t)(at - line), ret))
			return true;
		at = after;
	}
	return false;
}

/* Reads and searches the next piece; `chunk` has room for CHUNK bytes. */
static int symbols_more(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols, char *chunk)
{
	static const char *const names[P2P_SYMBOL_COUNT] = {
		[P2P_SYMBOL_P2PDMA] = "pci_p2pdma_distance_many",
		[P2P_SYMBOL_PCI] = "pci_enable_device",
		[P2P_SYMBOL_ALLOWLIST] = "pci_p2pdma_whitelist",
	};
	size_t have = symbols->rest_len, got;

	memcpy(chunk, symbols->rest, have);
	int error = files->read(files->context, "proc/kallsyms", symbols->offset, chunk + have, CHUNK - have, &got);

	if (error)
		return error == -ENOENT ? -ENODATA : error;
	symbols->whole = !got;
	symbols->offset += got;
	have += got;
	const char *last = memrchr(chunk, '\n', have);
	size_t lines = last ? (size_t)(last - chunk) + 1 : 0;

	for (size_t i = 0; i < P2P_SYMBOL_COUNT; i++)
		if (!symbols->seen[i])
			symbols->seen[i] = has_symbol(chunk, lines, names[i], &symbols->address[i]);
	if (have - lines > sizeof(symbols->rest))
		return -EINVAL;
	symbols->rest_len = have - lines;
	memcpy(symbols->rest, chunk + lines, have - lines);
	return 0;
}

int p2p_kernel_symbol_find(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols,
			   enum p2p_kernel_symbol symbol)
{
	char *chunk = p2p_malloc(CHUNK);
	int error = 0;

	while (!error && !symbols->seen[symbol] && !symbols->whole)
		error = symbols_more(files, symbols, chunk);
	free(chunk);
	if (error) {
		*symbols = (struct p2p_kernel_symbols){ 0 };
		return error;
	}
	return symbols->seen[symbol] ? 0 : -ENODATA;
}

/*
 * A list without the function is a "no" only if it is a real list: some
 * sandboxes show an empty one.
 */
static int ask_symbols(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols)
{
	if (!p2p_kernel_symbol_find(files, symbols, P2P_SYMBOL_P2PDMA))
		return 1;
	return symbols->whole && symbols->seen[P2P_SYMBOL_PCI] ? 0 : -ENODATA;
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

int p2p_kernel_p2pdma(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols, struct p2p_buf *ret)
{
	const char *by = "config";
	int says = ask_config_gz(files);

	if (says < 0) {
		says = ask_symbols(files, symbols);
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
