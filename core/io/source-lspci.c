/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source that answers from the text of `lspci -D -xxxx` as sysfs would.
 * What the text does not have is -ENODATA; what it says in a way that cannot
 * be is -EINVAL, for the functions that it concerns.
 */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lspci-parse.h"
#include "lspci-tree.h"
#include "pcilib.h"

#define DEVICES "sys/bus/pci/devices"

struct lspci {
	struct p2p_source source;
	struct p2p_arena *arena;
	struct p2p_lspci text;
	struct p2p_lspci_tree tree;
};

/* The function of a key `sys/bus/pci/devices/BDF[/NAME]`; *ret_name is "" or NAME.  -ENODATA: no such key. */
static int key_function(const struct lspci *lspci, const char *key, uint32_t *ret, const char **ret_name)
{
	static const char prefix[] = DEVICES "/";
	char address[P2P_BDF_TEXT] = "", canonical[P2P_BDF_TEXT];
	struct p2p_bdf bdf;

	if (strncmp(key, prefix, sizeof(prefix) - 1) != 0)
		return -ENODATA;
	key += sizeof(prefix) - 1;
	size_t len = strcspn(key, "/");

	if (len >= sizeof(address))
		return -ENODATA;
	memcpy(address, key, len);
	/* One function has one name, as in sysfs: "0000:0A:00.0" is not there. */
	if (p2p_bdf_parse(address, &bdf) || strcmp(address, p2p_bdf_format(bdf, true, canonical)) != 0)
		return -ENODATA;
	uint32_t low = 0, high = (uint32_t)lspci->text.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = p2p_bdf_compare(lspci->text.functions[middle].bdf, bdf);

		if (!order) {
			*ret = middle;
			*ret_name = key[len] ? key + len + 1 : "";
			return 0;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -ENODATA;
}

static int read_bytes(const void *bytes, size_t size, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	size_t n = offset < size ? size - (size_t)offset : 0;

	n = n < length ? n : length;
	if (n)
		memcpy(buffer, (const char *)bytes + offset, n);
	*ret = n;
	return 0;
}

static int read_config(const struct lspci *lspci, const struct p2p_lspci_function *function, uint64_t offset,
		       void *buffer, size_t length, size_t *ret)
{
	if (!function->recorded)
		return -ENODATA;
	/* A short answer would say that the space ends there. */
	if ((offset > function->recorded || length > function->recorded - offset) &&
	    !p2p_lspci_ends(&lspci->text, function))
		return -ENODATA;
	return read_bytes(function->config, function->recorded, offset, buffer, length, ret);
}

static int read_name(const char *key, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_pcilib_read(key, &text);

	if (!error)
		error = read_bytes(p2p_buf_text(&text), text.len, offset, buffer, length, ret);
	p2p_buf_free(&text);
	return error;
}

static int lspci_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
		      size_t *ret)
{
	const struct lspci *lspci = (const struct lspci *)source;
	const char *name;
	char line[80];
	uint32_t index;

	if (!strcmp(key, "kernel/list-order"))
		return read_bytes("name\n", 5, offset, buffer, length, ret);
	if (!strncmp(key, "names/", 6))
		return read_name(key, offset, buffer, length, ret);
	int error = key_function(lspci, key, &index, &name);

	if (error)
		return error;
	const struct p2p_lspci_function *function = &lspci->text.functions[index];

	if (!strcmp(name, "config"))
		return read_config(lspci, function, offset, buffer, length, ret);
	if (strcmp(name, "numa_node") != 0 || !function->numa_node)
		return -ENODATA;
	int len = snprintf(line, sizeof(line), "%s\n", function->numa_node);

	return read_bytes(line, (size_t)len, offset, buffer, length, ret);
}

static void add_address(struct p2p_buf *buf, struct p2p_bdf bdf)
{
	char address[P2P_BDF_TEXT];

	p2p_buf_puts(buf, p2p_bdf_format(bdf, true, address));
}

/* The link behind sys/bus/pci/devices/BDF. */
static int link_place(const struct lspci *lspci, uint32_t index, struct p2p_buf *ret)
{
	uint32_t above[256], depth = 0; /* a bridge is on a lower bus than what is below it */

	if (lspci->tree.places[index].bus == P2P_LSPCI_NONE)
		return -EINVAL;
	const struct p2p_lspci_bus *bus = &lspci->tree.buses[lspci->tree.places[index].bus];

	for (; bus->edge == P2P_LSPCI_BELOW; bus = &lspci->tree.buses[lspci->tree.places[bus->bridge].bus])
		above[depth++] = bus->bridge;
	if (bus->edge != P2P_LSPCI_ROOT)
		return bus->edge == P2P_LSPCI_UNRECORDED ? -ENODATA : -EINVAL;
	p2p_buf_printf(ret, "../../../devices/pci%04x:%02x/", bus->domain, bus->number);
	while (depth) {
		add_address(ret, lspci->text.functions[above[--depth]].bdf);
		p2p_buf_putc(ret, '/');
	}
	add_address(ret, lspci->text.functions[index].bdf);
	return 0;
}

/* `physfn`: a function with a vendor of its own is no VF; of another it is known only when its PF is. */
static int link_physfn(const struct lspci *lspci, uint32_t index, struct p2p_buf *ret)
{
	const struct p2p_lspci_function *function = &lspci->text.functions[index];
	uint32_t pf = lspci->tree.places[index].pf;

	if (pf == P2P_LSPCI_SEVERAL)
		return -EINVAL;
	if (pf == P2P_LSPCI_NONE)
		return function->recorded && !p2p_lspci_reads_ffff(function) ? -ENOENT : -ENODATA;
	p2p_buf_puts(ret, "../");
	add_address(ret, lspci->text.functions[pf].bdf);
	return 0;
}

static int lspci_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	const struct lspci *lspci = (const struct lspci *)source;
	struct p2p_buf target = P2P_BUF_INIT;
	const char *name;
	uint32_t index;
	int error = key_function(lspci, key, &index, &name);

	if (error)
		return error;
	const struct p2p_lspci_function *function = &lspci->text.functions[index];

	error = -ENODATA;
	if (!*name) {
		error = link_place(lspci, index, &target);
	} else if (!strcmp(name, "physfn")) {
		error = link_physfn(lspci, index, &target);
	} else if (!strcmp(name, "driver")) {
		error = function->driver ? 0 : lspci->text.tells_drivers ? -ENOENT : -ENODATA;
		if (!error)
			p2p_buf_printf(&target, "../../../bus/pci/drivers/%s", function->driver);
	} else if (!strcmp(name, "iommu_group") && function->iommu_group) {
		error = 0;
		p2p_buf_printf(&target, "../../../kernel/iommu_groups/%s", function->iommu_group);
	}
	if (!error) {
		p2p_buf_reset(ret);
		p2p_buf_add(ret, p2p_buf_text(&target), target.len);
	}
	p2p_buf_free(&target);
	return error;
}

/* The root bus whose folder is that key; NULL: there is none. */
static const struct p2p_lspci_bus *key_bus(const struct lspci *lspci, const char *key)
{
	static const char prefix[] = "sys/devices/";
	uint32_t domain, low = 0, high = lspci->tree.bus_count;
	uint8_t number;
	char canonical[32];

	if (strncmp(key, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	key += sizeof(prefix) - 1;
	if (p2p_hostbridge_name_parse(key, strlen(key), &domain, &number))
		return NULL;
	snprintf(canonical, sizeof(canonical), "pci%04x:%02x", domain, number);
	if (strcmp(key, canonical) != 0)
		return NULL;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct p2p_lspci_bus *bus = &lspci->tree.buses[middle];

		if (bus->domain == domain && bus->number == number)
			return bus->edge == P2P_LSPCI_ROOT ? bus : NULL;
		if (bus->domain < domain || (bus->domain == domain && bus->number < number))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int lspci_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	const struct lspci *lspci = (const struct lspci *)source;
	const struct p2p_lspci_bus *bus = NULL;
	char address[P2P_BDF_TEXT];
	uint32_t at = 0, end = (uint32_t)lspci->text.count;

	if (strcmp(key, DEVICES) != 0) {
		bus = key_bus(lspci, key);
		if (!bus)
			return -ENODATA;
		at = bus > lspci->tree.buses ? lspci->tree.order_end[bus - lspci->tree.buses - 1] : 0;
		end = lspci->tree.order_end[bus - lspci->tree.buses];
	}
	p2p_names_reset(ret);
	for (; at < end; at++) {
		uint32_t index = bus ? lspci->tree.order[at] : at;

		p2p_names_add(ret, p2p_bdf_format(lspci->text.functions[index].bdf, true, address));
	}
	return 0;
}

static void lspci_free(struct p2p_source *source)
{
	struct lspci *lspci = (struct lspci *)source;

	p2p_arena_free(lspci->arena);
	free(lspci);
}

static const struct p2p_source_ops lspci_ops = {
	.read = lspci_read,
	.link = lspci_link,
	.list = lspci_list,
	.free = lspci_free,
};

int p2p_source_parse_lspci(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			   struct p2p_source **ret)
{
	struct lspci *lspci = p2p_malloc(sizeof(*lspci));

	*lspci = (struct lspci){ .source = { .ops = &lspci_ops }, .arena = p2p_arena_new() };
	int error = p2p_lspci_parse(path, text, len, lspci->arena, problem, &lspci->text);

	if (error) {
		lspci_free(&lspci->source);
		return error;
	}
	p2p_lspci_tree_make(&lspci->text, lspci->arena, &lspci->tree);
	*ret = &lspci->source;
	return 0;
}
