/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source that answers from a dump of rdma_topo as sysfs would.
 *
 * rdma_topo is a program of rdma-core for NVIDIA's direct-NIC machines; what
 * `rdma_topo dump` writes was learned from kernel-boot/rdma_topo (2026-08):
 * SysfsDevice.to_dict, cmd_dump, dump_ignored.  It is a list with an object for
 * every PCI function, sorted by name:
 *
 *   realpath     where the function's folder in /sys/devices is
 *   config       the file of that name, by zlib and base64
 *   modalias     the file of that name
 *   iommu_group  the number in which that link ends; null: there is no link
 *   numa_node    the file of that name; null: there is none
 *   subsystems   names in the folders drm, infiniband, net, nvme
 *   vpd          serial numbers and the like: not looked at
 *
 * Functions of six classes are left out of it, host bridges among them.  So the
 * first function of a root bus is known only where the bus has a 00.0 in the
 * dump; elsewhere it may be one that was left out.
 *
 * All else is -ENODATA: of the kernel, the processor and drivers it says nothing.
 */
#include "source.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "gzip.h"
#include "json-read.h"
#include "lspci-tree.h"
#include "pcilib.h"
#include "transcript.h"

#define DEVICES "sys/bus/pci/devices"

/* No machine comes near; and their configuration space is held in memory. */
#define FUNCTIONS_MAX 65536

static const char *const kinds[] = { "drm", "infiniband", "net", "nvme" };
#define KINDS (sizeof(kinds) / sizeof(*kinds))

struct topo {
	struct p2p_source source;
	struct p2p_transcript *transcript;
};

struct function {
	struct p2p_lspci_function config; /* address and configuration space, as a dump of lspci has them */
	const char *folder;               /* what it is in: "devices/pci0000:00/0000:00:01.0" */
};

struct maker {
	const char *path;
	struct p2p_problem *problem;
	struct p2p_arena *arena; /* for as long as it is being made */
	struct p2p_transcript *transcript;
	struct function *functions;
	size_t count;
	struct p2p_names children[KINDS];
	/* of the item at hand */
	const struct p2p_json_read_item *item;
	const char *place, *key; /* "devices/.../BDF"; DEVICES "/BDF" */
	struct p2p_buf scratch;
};

/* ----------------------------------------------------------------- records */

static void put_link(struct maker *maker, const char *key, const char *target)
{
	p2p_record_bytes(p2p_transcript_add(maker->transcript, P2P_VERB_LINK, key), target, strlen(target), 0);
}

static void put_absent(struct maker *maker, enum p2p_verb verb, const char *key, int error)
{
	p2p_transcript_add(maker->transcript, verb, key)->error = error;
}

static void put_bytes(struct maker *maker, const char *key, const void *bytes, size_t len)
{
	p2p_record_data(p2p_transcript_add(maker->transcript, P2P_VERB_READ, key), 0, bytes, len, len + 1);
}

static void put_list(struct maker *maker, const char *key, const struct p2p_names *names)
{
	p2p_record_bytes(p2p_transcript_add(maker->transcript, P2P_VERB_LIST, key), p2p_buf_text(&names->text),
			 names->text.len, names->count);
}

/* A key below the function's own, in `scratch`. */
static const char *key_of(struct maker *maker, const char *name)
{
	p2p_buf_reset(&maker->scratch);
	p2p_buf_printf(&maker->scratch, "%s/%s", maker->key, name);
	return p2p_buf_text(&maker->scratch);
}

/* ------------------------------------------------------------------ base64 */

static int sextet(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* RFC 4648, 4: whole, padded, and no other character. */
static int base64_read(const char *text, struct p2p_buf *ret)
{
	size_t len = strlen(text);

	p2p_buf_reset(ret);
	if (len % 4)
		return -EINVAL;
	for (size_t i = 0; i < len; i += 4) {
		int pad = i + 4 < len ? 0 : (text[i + 3] == '=') + (text[i + 3] == '=' && text[i + 2] == '=');
		unsigned bits = 0;

		for (int j = 0; j < 4; j++) {
			int value = j < 4 - pad ? sextet(text[i + (size_t)j]) : 0;

			if (value < 0)
				return -EINVAL;
			bits = bits << 6 | (unsigned)value;
		}
		for (int j = 0; j < 3 - pad; j++)
			p2p_buf_putc(ret, (char)(bits >> (16 - 8 * j)));
	}
	return 0;
}

/* -------------------------------------------------------------- one function */

#define MISSING "\"%s\" is missing; make the dump anew with rdma_topo dump"

/* A member that no dump is without. */
static int needed_text(struct maker *maker, const char *name, const char **ret)
{
	int error = p2p_json_read_text(maker->item, name, ret);

	return error == -ENODATA || error == -ENOENT ? p2p_json_read_complain(maker->item, name, MISSING, name) : error;
}

/* Is there a host bridge in the path? */
static bool has_hostbridge(const char *place)
{
	for (const char *part = place;; part++) {
		size_t len = strcspn(part, "/");
		uint32_t domain;
		uint8_t bus;

		if (!p2p_hostbridge_name_parse(part, len, &domain, &bus))
			return true;
		part += len;
		if (!*part)
			return false;
	}
}

/* `realpath`: the function's name, its folder, and the link that sysfs has to it. */
static int place_take(struct maker *maker, struct function *function)
{
	const char *path, *place = NULL;
	char name[P2P_BDF_TEXT];
	int error = needed_text(maker, "realpath", &path);

	if (error)
		return error;
	/* Of a copied tree the path begins elsewhere. */
	for (const char *at = path; (at = strstr(at, "/devices/")); at++)
		place = at + 1;
	const char *base = place ? strrchr(place, '/') + 1 : NULL;

	if (!base || strlen(place) > P2P_SOURCE_KEY_MAX / 2 || p2p_source_key_check(place) || !has_hostbridge(place) ||
	    p2p_bdf_parse(base, &function->config.bdf) ||
	    strcmp(base, p2p_bdf_format(function->config.bdf, true, name)) != 0)
		return p2p_json_read_complain(maker->item, "realpath",
					 "\"realpath\" is not a PCI function's folder; it should be one such as "
					 "/sys/devices/pci0000:00/0000:00:01.0");
	maker->place = place;
	maker->key = p2p_arena_printf(maker->arena, DEVICES "/%s", name);
	if (p2p_transcript_find(maker->transcript, P2P_VERB_LINK, maker->key))
		return p2p_json_read_complain(maker->item, "realpath", "%s is there twice; is it two dumps in one?",
					      name);
	function->folder = p2p_arena_strndup(maker->arena, place, (size_t)(base - 1 - place));
	p2p_buf_reset(&maker->scratch);
	p2p_buf_printf(&maker->scratch, "../../../%s", place);
	put_link(maker, maker->key, p2p_buf_text(&maker->scratch));
	return 0;
}

/* What can be of a configuration space: all of it, and what those without privilege see. */
static bool is_config_size(size_t size)
{
	return size == PCI_STD_HEADER_SIZEOF || size == 128 || size == PCI_CFG_SPACE_SIZE ||
	       size == PCI_CFG_SPACE_EXP_SIZE;
}

static int config_take(struct maker *maker, struct function *function)
{
	struct p2p_buf bytes = P2P_BUF_INIT;
	const char *text;
	int error = needed_text(maker, "config", &text);

	if (error)
		return error;
	error = base64_read(text, &maker->scratch);
	if (!error)
		error = p2p_zlib_read(p2p_buf_text(&maker->scratch), maker->scratch.len, PCI_CFG_SPACE_EXP_SIZE,
				      &bytes);
	if (error == -ENOTSUP) {
		p2p_problem_set(maker->problem, error, "%s: this is a dump of rdma_topo, which a program built without "
			"zlib cannot read; install zlib and build anew", maker->path);
	} else if (error) {
		error = p2p_json_read_complain(
			maker->item, "config",
			"\"config\" cannot be unpacked; it should be at most 4096 bytes, by zlib and base64");
	} else if (!is_config_size(bytes.len)) {
		error = p2p_json_read_complain(maker->item, "config",
					  "\"config\" has %zu bytes; the kernel shows 64, 128, 256 or 4096", bytes.len);
	} else {
		uint8_t *own = p2p_arena_alloc(maker->arena, bytes.len);

		memcpy(own, bytes.text, bytes.len);
		function->config.config = own;
		function->config.recorded = (uint16_t)bytes.len;
		put_bytes(maker, key_of(maker, "config"), own, bytes.len);
	}
	p2p_buf_free(&bytes);
	return error;
}

static int modalias_take(struct maker *maker)
{
	const char *text;
	int error = needed_text(maker, "modalias", &text);

	if (error)
		return error;
	const char *line = p2p_arena_printf(maker->arena, "%s\n", text);

	put_bytes(maker, key_of(maker, "modalias"), line, strlen(line));
	return 0;
}

/* null: rdma_topo looked, and the machine has none. */
static int numbers_take(struct maker *maker)
{
	char text[32];
	int64_t number;
	int error = p2p_json_read_number(maker->item, "numa_node", -1, INT32_MAX, &number);

	if (!error) {
		snprintf(text, sizeof(text), "%lld\n", (long long)number);
		put_bytes(maker, key_of(maker, "numa_node"), text, strlen(text));
	} else if (error == -ENOENT) {
		put_absent(maker, P2P_VERB_READ, key_of(maker, "numa_node"), error);
	} else if (error != -ENODATA) {
		return error;
	}
	error = p2p_json_read_number(maker->item, "iommu_group", 0, INT32_MAX, &number);
	if (!error) {
		snprintf(text, sizeof(text), "%lld", (long long)number);
		put_link(maker, key_of(maker, "iommu_group"),
			 p2p_arena_printf(maker->arena, "../../../kernel/iommu_groups/%s", text));
	} else if (error == -ENOENT) {
		put_absent(maker, P2P_VERB_LINK, key_of(maker, "iommu_group"), error);
	}
	return error == -ENOENT || error == -ENODATA ? 0 : error;
}

/* One name in `subsystems`; of kinds that are not known there is nothing to say. */
static int child_take(void *context, const char *kind, const char *name)
{
	struct maker *maker = context;
	size_t k = 0;

	while (k < KINDS && strcmp(kinds[k], kind) != 0)
		k++;
	if (k == KINDS)
		return 0;
	p2p_buf_reset(&maker->scratch);
	p2p_buf_printf(&maker->scratch, "sys/class/%s/%s", kind, name);
	const char *key = p2p_buf_text(&maker->scratch);

	if (strchr(name, '/') || p2p_source_key_check(key))
		return p2p_json_read_complain(maker->item, "subsystems",
					      "\"subsystems\": a name in it is none; it should be "
					      "that of a folder");
	if (p2p_transcript_find(maker->transcript, P2P_VERB_LINK, key))
		return p2p_json_read_complain(maker->item, "subsystems",
					      "\"subsystems\": %s %s is there twice; a machine has one of that name",
					      kind, name);
	put_link(maker, key, p2p_arena_printf(maker->arena, "../../%s/%s/%s", maker->place, kind, name));
	p2p_names_add(&maker->children[k], name);
	return 0;
}

static int function_take(void *context, const struct p2p_json_read_item *item)
{
	struct maker *maker = context;

	if (maker->count == FUNCTIONS_MAX)
		return p2p_json_read_complain(item, NULL, "more than %d functions; this is not a dump of one machine",
					 FUNCTIONS_MAX);
	if ((maker->count & (maker->count - 1)) == 0) /* 0, 1, 2, 4, ...: grown by doubling */
		maker->functions = p2p_realloc(maker->functions, maker->count ? 2 * maker->count : 1,
					       sizeof(*maker->functions));
	struct function *function = &maker->functions[maker->count];

	*function = (struct function){ 0 };
	maker->item = item;
	int error = place_take(maker, function);

	if (!error)
		error = config_take(maker, function);
	if (!error)
		error = modalias_take(maker);
	if (!error)
		error = numbers_take(maker);
	if (!error)
		error = p2p_json_read_texts(item, "subsystems", child_take, maker);
	if (error == -ENODATA || error == -ENOENT)
		error = 0;
	maker->count++;
	return error;
}

/* ------------------------------------------------------------- all functions */

static int function_order(const void *a, const void *b)
{
	return p2p_bdf_compare(((const struct function *)a)->config.bdf, ((const struct function *)b)->config.bdf);
}

/* `physfn`: a function with a vendor of its own is no VF; of another it is known only when its PF is. */
static void physfn_put(struct maker *maker, const struct p2p_lspci *all, const struct p2p_lspci_place *place, size_t i)
{
	char address[P2P_BDF_TEXT];
	const char *key = p2p_arena_printf(maker->arena, DEVICES "/%s/physfn",
					   p2p_bdf_format(all->functions[i].bdf, true, address));

	if (place->pf == P2P_LSPCI_SEVERAL)
		put_absent(maker, P2P_VERB_LINK, key, -EINVAL);
	else if (place->pf != P2P_LSPCI_NONE)
		put_link(maker, key, p2p_arena_printf(maker->arena, "../%s",
						      p2p_bdf_format(all->functions[place->pf].bdf, true, address)));
	else if (!p2p_lspci_reads_ffff(&all->functions[i]))
		put_absent(maker, P2P_VERB_LINK, key, -ENOENT);
}

/* VFs and their PFs by the PFs' SR-IOV capability, as in a dump of lspci. */
static void physfns_put(struct maker *maker)
{
	struct p2p_lspci all = { .count = maker->count, .extended = true };
	struct p2p_lspci_tree tree;

	all.functions = p2p_arena_array(maker->arena, maker->count, sizeof(*all.functions));
	for (size_t i = 0; i < maker->count; i++)
		all.functions[i] = maker->functions[i].config;
	p2p_lspci_tree_make(&all, maker->arena, &tree);
	for (size_t i = 0; i < maker->count; i++)
		physfn_put(maker, &all, &tree.places[i], i);
}

/* The folder of a host bridge, from its 00.0 on; functions are sorted. */
static void hostbridge_put(struct maker *maker, size_t first)
{
	const struct function *functions = maker->functions;
	const char *folder = functions[first].folder, *slash = strrchr(folder, '/');
	struct p2p_names names = P2P_NAMES_INIT;
	char address[P2P_BDF_TEXT];
	uint32_t domain;
	uint8_t bus;

	if (functions[first].config.bdf.devfn || !slash ||
	    p2p_hostbridge_name_parse(slash + 1, strlen(slash + 1), &domain, &bus) ||
	    functions[first].config.bdf.domain != domain || functions[first].config.bdf.bus != bus)
		return;
	const char *key = p2p_arena_printf(maker->arena, "sys/%s", folder);

	for (size_t i = first; i < maker->count && functions[i].config.bdf.domain == domain; i++)
		if (!strcmp(functions[i].folder, folder))
			p2p_names_add(&names, p2p_bdf_format(functions[i].config.bdf, true, address));
	put_list(maker, key, &names);
	p2p_names_free(&names);
}

static void all_put(struct maker *maker)
{
	struct p2p_names names = P2P_NAMES_INIT;
	char address[P2P_BDF_TEXT];

	qsort(maker->functions, maker->count, sizeof(*maker->functions), function_order);
	for (size_t i = 0; i < maker->count; i++) {
		p2p_names_add(&names, p2p_bdf_format(maker->functions[i].config.bdf, true, address));
		hostbridge_put(maker, i);
	}
	put_list(maker, DEVICES, &names);
	p2p_names_free(&names);
	physfns_put(maker);
	put_bytes(maker, "kernel/list-order", "name\n", 5);
	for (size_t k = 0; k < KINDS; k++) {
		p2p_buf_reset(&maker->scratch);
		p2p_buf_printf(&maker->scratch, "sys/class/%s", kinds[k]);
		if (maker->children[k].count)
			put_list(maker, p2p_buf_text(&maker->scratch), &maker->children[k]);
	}
}

/* ------------------------------------------------------------------ answers */

static int read_name(const char *key, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_pcilib_read(key, &text);

	if (!error) {
		size_t left = offset < text.len ? text.len - (size_t)offset : 0;

		*ret = left < length ? left : length;
		if (*ret)
			memcpy(buffer, text.text + offset, *ret);
	}
	p2p_buf_free(&text);
	return error;
}

static int topo_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
		     size_t *ret)
{
	if (!strncmp(key, "names/", 6))
		return read_name(key, offset, buffer, length, ret);
	return p2p_transcript_read(((struct topo *)source)->transcript, key, offset, buffer, length, ret);
}

static int topo_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	return p2p_transcript_link(((struct topo *)source)->transcript, key, ret);
}

static int topo_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	return p2p_transcript_list(((struct topo *)source)->transcript, key, ret);
}

static void topo_free(struct p2p_source *source)
{
	p2p_transcript_free(((struct topo *)source)->transcript);
	free(source);
}

static const struct p2p_source_ops topo_ops = {
	.read = topo_read,
	.link = topo_link,
	.list = topo_list,
	.free = topo_free,
};

int p2p_source_parse_rdma_topo(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			       struct p2p_source **ret)
{
	struct maker maker = { .path = path, .problem = problem, .arena = p2p_arena_new(),
			       .transcript = p2p_transcript_new() };
	int error = p2p_json_read_items(path, text, len, problem, function_take, &maker);

	if (!error && !maker.count)
		error = p2p_problem_set(problem, -EINVAL,
					"%s:1:1: no function in it; a dump of rdma_topo has one at least", path);
	if (error) {
		p2p_transcript_free(maker.transcript);
	} else {
		struct topo *topo = p2p_malloc(sizeof(*topo));

		all_put(&maker);
		*topo = (struct topo){ .source = { .ops = &topo_ops }, .transcript = maker.transcript };
		*ret = &topo->source;
	}
	for (size_t k = 0; k < KINDS; k++)
		p2p_names_free(&maker.children[k]);
	p2p_buf_free(&maker.scratch);
	free(maker.functions);
	p2p_arena_free(maker.arena);
	return error;
}
