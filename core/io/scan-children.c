/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What drivers made of functions (nvme0, eth0, mlx5_0, card1), and names.
 *
 * Children are found from their class: one list a class and one link a child,
 * instead of probing every function for every kind of child.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "scan-internal.h"

struct child_class {
	const char *folder;
	enum p2p_child_kind kind;
};

static const struct child_class classes[] = {
	{ "sys/class/nvme", P2P_CHILD_NVME },		{ "sys/class/block", P2P_CHILD_BLOCK },
	{ "sys/class/net", P2P_CHILD_NET },		{ "sys/class/infiniband", P2P_CHILD_INFINIBAND },
	{ "sys/class/drm", P2P_CHILD_DRM },		{ "sys/class/accel", P2P_CHILD_ACCEL },
};

/* The PCI function nearest above the end of a device's path: the last component that is an address. */
static int owner_of(const struct p2p_machine *machine, const char *path)
{
	int owner = P2P_NOBODY;

	for (const char *part = path; *part; part += part[strcspn(part, "/")] ? strcspn(part, "/") + 1
									       : strlen(part)) {
		struct p2p_bdf bdf;

		if (p2p_bdf_parse_prefix(part, &bdf) == (int)strcspn(part, "/"))
			owner = p2p_machine_find(machine, bdf);
	}
	return owner;
}

/*
 * Multipath shows a disk twice: nvme0c1n1 is the path below its controller,
 * nvme0n1 the head that belongs to no function; partitions are not devices of
 * their own here, nor are DRM's connectors and render nodes.
 */
static bool is_child_name(enum p2p_child_kind kind, const char *name, const char *path)
{
	if (kind == P2P_CHILD_DRM)
		return !strncmp(name, "card", 4) && !strchr(name, '-');
	if (kind != P2P_CHILD_BLOCK)
		return true;
	/* A partition's folder is inside its disk's: .../block/sda/sda1, .../nvme0n1/nvme0n1p1 */
	const char *end = strrchr(path, '/');

	if (!end)
		return false;
	const char *start = end;

	while (start > path && start[-1] != '/')
		start--;
	size_t len = (size_t)(end - start);

	return !(len && len < strlen(name) && !strncmp(name, start, len) &&
		 (start[len - 1] < '0' || start[len - 1] > '9' || name[len] == 'p'));
}

static void child_insert(struct p2p_function *function, struct p2p_child *child)
{
	struct p2p_child **at = &function->children;

	while (*at && ((*at)->kind < child->kind ||
		       ((*at)->kind == child->kind && p2p_text_natural((*at)->name, child->name) < 0)))
		at = &(*at)->next;
	child->next = *at;
	*at = child;
}

/* rtnetlink's state of a network interface; where there is no netlink (a copied tree) sysfs says the same. */
static struct p2p_word net_state(struct p2p_scan *scan, const char *name)
{
	p2p_buf_reset(&scan->key);
	p2p_buf_printf(&scan->key, "net/%s", name);
	struct p2p_word word = p2p_scan_word(scan, p2p_buf_text(&scan->key));

	if (p2p_known(word.fact) && !strncmp(word.text, "operstate=", 10)) {
		char *text = (char *)word.text + 10;

		text[strcspn(text, "\n")] = '\0';
		word.text = text;
		return word;
	}
	p2p_buf_reset(&scan->key);
	p2p_buf_printf(&scan->key, "sys/class/net/%s/operstate", name);
	return p2p_scan_word(scan, p2p_buf_text(&scan->key));
}

/* Two lines: "cmbloc : 0x%08x", "cmbsz  : 0x%08x" (drivers/nvme/host/pci.c:cmb_show). */
static void cmb_read(struct p2p_scan *scan, struct p2p_function *function, const char *name)
{
	p2p_buf_reset(&scan->key);
	p2p_buf_printf(&scan->key, "sys/class/nvme/%s/cmb", name);
	struct p2p_word word = p2p_scan_word(scan, p2p_buf_text(&scan->key));

	function->cmb_size.fact = function->cmb_loc.fact = word.fact;
	if (!p2p_known(word.fact))
		return;
	const char *loc = strstr(word.text, "cmbloc"), *size = strstr(word.text, "cmbsz");

	loc = loc ? strchr(loc, ':') : NULL;
	size = size ? strchr(size, ':') : NULL;
	if (!loc || !size) {
		function->cmb_size.fact = function->cmb_loc.fact = p2p_fact_of(-EINVAL, P2P_ORIGIN_READ);
		return;
	}
	char *loc_end, *size_end;

	function->cmb_loc.value = strtoull(loc + 1, &loc_end, 16);
	function->cmb_size.value = strtoull(size + 1, &size_end, 16);
	if (loc_end == loc + 1 || size_end == size + 1)
		function->cmb_size.fact = function->cmb_loc.fact = p2p_fact_of(-EINVAL, P2P_ORIGIN_READ);
}

/* Padded with blanks, as the controller has it (drivers/nvme/host/sysfs.c: nvme_show_str_function). */
static struct p2p_word padded_read(struct p2p_scan *scan, const char *name, const char *attribute)
{
	p2p_buf_reset(&scan->key);
	p2p_buf_printf(&scan->key, "sys/class/nvme/%s/%s", name, attribute);
	struct p2p_word word = p2p_scan_word(scan, p2p_buf_text(&scan->key));

	if (!p2p_known(word.fact))
		return word;
	char *text = (char *)word.text;
	size_t length = strlen(text);

	while (length && text[length - 1] == ' ')
		text[--length] = '\0';
	return word;
}

static void child_add(struct p2p_scan *scan, const struct child_class *class, const char *name)
{
	struct p2p_machine *machine = scan->machine;

	p2p_buf_reset(&scan->key);
	p2p_buf_printf(&scan->key, "%s/%s", class->folder, name);
	int error = p2p_source_link(scan->source, p2p_buf_text(&scan->key), &scan->text);

	/* A file such as drm/version, or gone; otherwise it may belong to any function. */
	if (error && error != -EINVAL && error != -ENOENT)
		machine->child_kinds &= ~(1u << class->kind);
	if (error)
		return;
	int owner = owner_of(machine, p2p_buf_text(&scan->text));

	if (owner == P2P_NOBODY || !is_child_name(class->kind, name, p2p_buf_text(&scan->text)))
		return;
	struct p2p_function *function = &machine->functions[owner];
	struct p2p_child *child = p2p_arena_alloc(machine->arena, sizeof(*child));

	child->kind = class->kind;
	child->name = p2p_arena_strdup(machine->arena, name);
	child_insert(function, child);
	if (class->kind == P2P_CHILD_NET)
		child->state = net_state(scan, child->name);
	if (class->kind == P2P_CHILD_NVME && scan->options->want & P2P_WANT_MEMORY)
		cmb_read(scan, function, child->name);
	if (class->kind == P2P_CHILD_NVME &&
	    (scan->options->want & (P2P_WANT_DETAIL | P2P_WANT_POLICY) || machine->result_count)) {
		function->serial = padded_read(scan, child->name, "serial");
		function->firmware = padded_read(scan, child->name, "firmware_rev");
	}
}

void p2p_scan_children(struct p2p_scan *scan)
{
	struct p2p_names names = P2P_NAMES_INIT;

	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		const char *name = NULL;

		p2p_names_reset(&names);
		int error = p2p_source_list(scan->source, classes[i].folder, &names);

		if (!error || error == -ENOENT)
			scan->machine->child_kinds |= 1u << classes[i].kind;
		if (error)
			continue;
		while ((name = p2p_names_next(&names, name)))
			child_add(scan, &classes[i], name);
	}
	p2p_names_free(&names);
	for (size_t i = 0; i < scan->machine->function_count; i++) {
		struct p2p_function *function = &scan->machine->functions[i];
		const struct p2p_child *first = function->children;

		/* They are in order of their kinds. */
		while (first && first->kind < P2P_CHILD_NVME)
			first = first->next;
		if (scan->machine->child_kinds & 1u << P2P_CHILD_NVME && !(first && first->kind == P2P_CHILD_NVME))
			function->firmware.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ);
	}
}

/* ------------------------------------------------------------------ names */

/* Every name is asked for once, however many functions have it: functions sorted by what is asked. */
struct wanted {
	char key[40];
	struct p2p_word *word;
};

static int wanted_order(const void *a, const void *b)
{
	return strcmp(((const struct wanted *)a)->key, ((const struct wanted *)b)->key);
}

static void want(struct wanted *wanted, size_t *count, struct p2p_word *word, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void want(struct wanted *wanted, size_t *count, struct p2p_word *word, const char *format, ...)
{
	struct wanted *one = &wanted[(*count)++];
	va_list args;

	va_start(args, format);
	vsnprintf(one->key, sizeof(one->key), format, args);
	va_end(args);
	one->word = word;
}

void p2p_scan_names(struct p2p_scan *scan)
{
	struct p2p_machine *machine = scan->machine;
	struct wanted *wanted = p2p_realloc(NULL, machine->function_count * 3, sizeof(*wanted));
	size_t count = 0;

	for (size_t i = 0; i < machine->function_count; i++) {
		struct p2p_function *function = &machine->functions[i];

		if (p2p_known(function->class.fact))
			want(wanted, &count, &function->class_name, "names/class/%04x",
			     (unsigned)(function->class.value >> 8) & 0xffff);
		if (!p2p_known(function->vendor.fact) || !p2p_known(function->device.fact))
			continue;
		want(wanted, &count, &function->vendor_name, "names/vendor/%04x", (unsigned)function->vendor.value);
		want(wanted, &count, &function->device_name, "names/device/%04x:%04x",
		     (unsigned)function->vendor.value, (unsigned)function->device.value);
	}
	qsort(wanted, count, sizeof(*wanted), wanted_order);
	for (size_t i = 0; i < count; i++)
		*wanted[i].word = i && !strcmp(wanted[i].key, wanted[i - 1].key)
					  ? *wanted[i - 1].word
					  : p2p_scan_word(scan, wanted[i].key);
	free(wanted);
}
