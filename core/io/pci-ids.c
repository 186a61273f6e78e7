/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci-ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/arena.h"

/* No list is larger; a file that is one is something else. */
#define SIZE_MOST (64u << 20)
/* The library refuses longer lines. */
#define LINE_MOST 1000

struct entry {
	uint64_t key; /* kind, and the id */
	uint32_t at;  /* where its name is */
};

struct p2p_pci_ids {
	char *text;
	size_t len;
	struct entry *entries; /* by key */
	size_t count, room;
	bool ordered;
};

static uint64_t key_of(enum p2p_pci_ids_kind kind, uint32_t id)
{
	return (uint64_t)kind << 32 | id;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* `digits` hex digits and white space after them. */
static bool hex(const char *at, const char *end, int digits, uint32_t *ret)
{
	uint32_t value = 0;

	if (end - at <= digits)
		return false;
	for (int i = 0; i < digits; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*ret = value;
	return at[digits] == ' ' || at[digits] == '\t';
}

static bool add(struct p2p_pci_ids *ids, enum p2p_pci_ids_kind kind, uint32_t id, const char *name, const char *end)
{
	uint64_t key = key_of(kind, id);

	while (name < end && (*name == ' ' || *name == '\t'))
		name++;
	if (name == end)
		return false;
	if (ids->count == ids->room) {
		ids->room = ids->room ? 2 * ids->room : 32768;
		ids->entries = p2p_realloc(ids->entries, ids->room, sizeof(*ids->entries));
	}
	ids->ordered &= !ids->count || ids->entries[ids->count - 1].key < key;
	ids->entries[ids->count++] = (struct entry){ key, (uint32_t)(name - ids->text) };
	return true;
}

/* In what a line that is indented once belongs. */
struct block {
	enum { OTHER, VENDOR, CLASS } kind; /* OTHER: nothing that is looked up */
	uint32_t id;
};

/*
 * One line that is neither empty nor a comment; false: not understood.
 * What is below a vendor or class comes after all of these in the order of
 * keys: `heads` takes these, in a list of its own.
 */
static bool parse_line(struct p2p_pci_ids *ids, struct p2p_pci_ids *heads, struct block *block, const char *at,
		       const char *end)
{
	uint32_t id;

	if (end - at > 1 && at[0] == '\t' && at[1] == '\t')
		return true; /* subsystems, programming interfaces */
	if (*at == '\t') {
		int digits = block->kind == CLASS ? 2 : 4;

		if (block->kind == OTHER)
			return true;
		if (!hex(at + 1, end, digits, &id))
			return false;
		return block->kind == CLASS
			       ? add(ids, P2P_PCI_IDS_SUBCLASS, block->id << 8 | id, at + 1 + digits, end)
			       : add(ids, P2P_PCI_IDS_DEVICE, block->id << 16 | id, at + 1 + digits, end);
	}
	if (*at >= 'A' && *at <= 'Z' && end - at > 1 && at[1] == ' ') {
		block->kind = *at == 'C' ? CLASS : OTHER;
		return block->kind == OTHER ||
		       (hex(at + 2, end, 2, &block->id) && add(heads, P2P_PCI_IDS_CLASS, block->id, at + 4, end));
	}
	block->kind = VENDOR;
	return hex(at, end, 4, &block->id) && add(heads, P2P_PCI_IDS_VENDOR, block->id, at + 4, end);
}

static int entry_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* One table of both, in order; an id twice is an error, as it is for the library. */
static int finish(struct p2p_pci_ids *ids, const struct p2p_pci_ids *heads)
{
	size_t all = ids->count + heads->count;
	struct entry *entries = p2p_realloc(NULL, all + 1, sizeof(*entries));

	if (heads->count)
		memcpy(entries, heads->entries, heads->count * sizeof(*entries));
	if (ids->count)
		memcpy(entries + heads->count, ids->entries, ids->count * sizeof(*entries));
	free(ids->entries);
	ids->entries = entries;
	ids->count = all;
	if (!ids->ordered || !heads->ordered)
		qsort(entries, all, sizeof(*entries), entry_order);
	for (size_t i = 1; i < all; i++)
		if (entries[i].key == entries[i - 1].key)
			return -EINVAL;
	return all ? 0 : -EINVAL;
}

/* `ids->text` ends with a newline. */
static int parse(struct p2p_pci_ids *ids)
{
	struct p2p_pci_ids heads = { .text = ids->text, .ordered = true };
	const char *at = ids->text, *last = ids->text + ids->len, *end;
	struct block block = { OTHER, 0 };
	bool good = true;

	for (; good && at < last; at = end + 1) {
		end = memchr(at, '\n', (size_t)(last - at));
		if (end - at > LINE_MOST)
			good = false;
		else if (end > at && *at != '#')
			good = parse_line(ids, &heads, &block, at, end);
	}
	int error = good ? finish(ids, &heads) : -EINVAL;

	free(heads.entries);
	return error;
}

/* Takes `text`, which has room for one more byte. */
static int take(char *text, size_t len, struct p2p_pci_ids **ret)
{
	struct p2p_pci_ids *ids = p2p_malloc(sizeof(*ids));

	*ids = (struct p2p_pci_ids){ .text = text, .len = len, .ordered = true };
	if (!len || text[len - 1] != '\n')
		text[ids->len++] = '\n';
	int error = memchr(text, '\0', len) ? -EINVAL : parse(ids);

	if (error) {
		p2p_pci_ids_free(ids);
		return error;
	}
	*ret = ids;
	return 0;
}

int p2p_pci_ids_parse(const char *text, size_t len, struct p2p_pci_ids **ret)
{
	char *copy = p2p_malloc(len + 1);

	memcpy(copy, text, len);
	return take(copy, len, ret);
}

static int read_all(int fd, char **ret, size_t *ret_len)
{
	struct stat stat;
	size_t len = 0;

	if (fstat(fd, &stat))
		return -errno;
	if (!S_ISREG(stat.st_mode) || stat.st_size > SIZE_MOST)
		return -EINVAL;
	char *text = p2p_malloc((size_t)stat.st_size + 1);

	while (len < (size_t)stat.st_size) {
		ssize_t got = read(fd, text + len, (size_t)stat.st_size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

int p2p_pci_ids_open(const char *path, struct p2p_pci_ids **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	size_t len = 0;

	if (fd < 0)
		return -errno;
	int error = read_all(fd, &text, &len);

	close(fd);
	return error ? error : take(text, len, ret);
}

int p2p_pci_ids_find(const struct p2p_pci_ids *ids, enum p2p_pci_ids_kind kind, uint32_t id, struct p2p_buf *ret)
{
	const struct entry wanted = { key_of(kind, id), 0 };
	const struct entry *found = bsearch(&wanted, ids->entries, ids->count, sizeof(*ids->entries), entry_order);

	if (!found)
		return -ENOENT;
	const char *name = ids->text + found->at, *end = strchr(name, '\n');

	while (end > name && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	p2p_buf_reset(ret);
	p2p_buf_add(ret, name, (size_t)(end - name));
	p2p_buf_putc(ret, '\n');
	return 0;
}

void p2p_pci_ids_free(struct p2p_pci_ids *ids)
{
	if (!ids)
		return;
	free(ids->entries);
	free(ids->text);
	free(ids);
}
