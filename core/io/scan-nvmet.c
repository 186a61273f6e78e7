/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NVMe target's namespaces, from configfs.  KERNEL:
 * drivers/nvme/target/configfs.c (subsystems, namespaces, 4.8-; p2pmem, 4.20-).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "scan-internal.h"

#define SUBSYSTEMS "sys/kernel/config/nvmet/subsystems"

/* The function whose disk a path names: "/dev/nvme0n1". */
static int function_behind(const struct p2p_machine *machine, struct p2p_word path)
{
	const char *name = p2p_known(path.fact) ? strrchr(path.text, '/') : NULL;

	for (size_t i = 0; name && i < machine->function_count; i++)
		for (const struct p2p_child *child = machine->functions[i].children; child; child = child->next)
			if (child->kind == P2P_CHILD_BLOCK && !strcmp(child->name, name + 1))
				return (int)i;
	return P2P_NOBODY;
}

static struct p2p_word read_attribute(struct p2p_scan *scan, const char *folder, const char *name)
{
	p2p_buf_reset(&scan->key);
	p2p_buf_printf(&scan->key, "%s/%s", folder, name);
	return p2p_scan_word(scan, p2p_buf_text(&scan->key));
}

static void add_namespace(struct p2p_scan *scan, const char *subsystem, const char *number)
{
	struct p2p_machine *machine = scan->machine;
	const char *key = p2p_arena_printf(machine->arena, SUBSYSTEMS "/%s/namespaces/%s", subsystem, number);
	struct p2p_namespace *namespace = &machine->namespaces[machine->namespace_count++];

	namespace->subsystem = p2p_arena_strdup(machine->arena, subsystem);
	namespace->number = p2p_arena_strdup(machine->arena, number);
	namespace->key = key;
	namespace->device_path = read_attribute(scan, key, "device_path");
	namespace->p2pmem = read_attribute(scan, key, "p2pmem");
	p2p_buf_reset(&scan->key);
	p2p_buf_printf(&scan->key, "%s/enable", key);
	namespace->enabled = p2p_scan_number(scan, p2p_buf_text(&scan->key), 10);
	namespace->function = function_behind(machine, namespace->device_path);
}

static int by_name(const void *a, const void *b)
{
	const struct p2p_namespace *x = a, *y = b;
	int order = p2p_text_natural(x->subsystem, y->subsystem);

	return order ? order : p2p_text_natural(x->number, y->number);
}

static void scan_subsystem(struct p2p_scan *scan, const char *subsystem)
{
	struct p2p_machine *machine = scan->machine;
	struct p2p_names numbers = P2P_NAMES_INIT;
	struct p2p_buf key = P2P_BUF_INIT;
	const char *number = NULL;

	p2p_buf_printf(&key, SUBSYSTEMS "/%s/namespaces", subsystem);
	int error = p2p_source_list(scan->source, p2p_buf_text(&key), &numbers);

	/* One that is gone has none; of any other it is not known. */
	if (error && error != -ENOENT)
		machine->nvmet = p2p_fact_of(error, P2P_ORIGIN_READ);
	if (!error && numbers.count) {
		struct p2p_namespace *old = machine->namespaces;

		machine->namespaces = p2p_arena_array(machine->arena, machine->namespace_count + numbers.count,
						      sizeof(*machine->namespaces));
		if (machine->namespace_count)
			memcpy(machine->namespaces, old, machine->namespace_count * sizeof(*old));
		while ((number = p2p_names_next(&numbers, number)))
			add_namespace(scan, subsystem, number);
	}
	p2p_buf_free(&key);
	p2p_names_free(&numbers);
}

void p2p_scan_nvmet(struct p2p_scan *scan)
{
	struct p2p_names subsystems = P2P_NAMES_INIT;
	const char *subsystem = NULL;
	int error = p2p_source_list(scan->source, SUBSYSTEMS, &subsystems);

	scan->machine->nvmet = p2p_fact_of(error, P2P_ORIGIN_READ);
	while (!error && (subsystem = p2p_names_next(&subsystems, subsystem)))
		scan_subsystem(scan, subsystem);
	if (scan->machine->namespace_count)
		qsort(scan->machine->namespaces, scan->machine->namespace_count, sizeof(*scan->machine->namespaces),
		      by_name);
	p2p_names_free(&subsystems);
}
