/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's list order from /proc/bus/pci/devices, for a tree whose folders
 * do not tell it (a copy: its inodes are the copier's).
 *
 * The file lists all functions in the order of the global list, which is each
 * bus's own order; it has bus, devfn, vendor and device, but no domain
 * (drivers/pci/proc.c:show_device).  A host bridge is ordered by it only if
 * each of its functions is on exactly one line.
 */
#include <stdlib.h>
#include <string.h>

#include "scan-internal.h"

/* One line a function; no machine comes near. */
#define PROC_MAX (64u << 20)

struct line {
	uint64_t id; /* bus, devfn, vendor, device */
	size_t rank;
};

static int line_order(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* All lines, ordered by what they say; NULL when there is no such file or it is something else. */
static struct line *lines_read(struct p2p_scan *scan, size_t *ret_count)
{
	size_t count = 0, size = 0;
	struct line *lines = NULL;

	if (p2p_source_read_text(scan->source, "proc/bus/pci/devices", PROC_MAX, &scan->text))
		return NULL;
	for (const char *at = p2p_buf_text(&scan->text); *at;) {
		char *end;
		unsigned long place = strtoul(at, &end, 16), id = strtoul(end, &end, 16);

		if (end == at || place > 0xffff || id > 0xffffffff) {
			free(lines);
			return NULL;
		}
		if (count == size)
			lines = p2p_realloc(lines, size = size ? 2 * size : 256, sizeof(*lines));
		lines[count] = (struct line){ (uint64_t)place << 32 | id, count };
		count++;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	if (count)
		qsort(lines, count, sizeof(*lines), line_order);
	*ret_count = count;
	return lines;
}

/* The rank of a function; (size_t)-1 when no line, or more than one, could be it. */
static size_t rank_of(const struct line *lines, size_t count, const struct p2p_function *function)
{
	uint64_t id = (uint64_t)function->bdf.bus << 40 | (uint64_t)function->bdf.devfn << 32 |
		      function->vendor.value << 16 | function->device.value;
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lines[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || lines[low].id != id || (low + 1 < count && lines[low + 1].id == id) ||
	    !p2p_known(function->vendor.fact) || !p2p_known(function->device.fact))
		return (size_t)-1;
	return lines[low].rank;
}

struct ranked {
	size_t rank;
	int index;
};

static int ranked_order(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->rank > y->rank) - (x->rank < y->rank);
}

static void order_one(struct p2p_scan *scan, const struct line *lines, size_t count, struct p2p_hostbridge *hostbridge)
{
	const struct p2p_machine *machine = scan->machine;
	struct ranked *ranked = p2p_realloc(NULL, hostbridge->member_count, sizeof(*ranked));
	int *members = (int *)hostbridge->members;
	bool known = hostbridge->member_count > 0;

	for (size_t i = 0; i < hostbridge->member_count; i++) {
		ranked[i] = (struct ranked){ rank_of(lines, count, &machine->functions[members[i]]), members[i] };
		known = known && ranked[i].rank != (size_t)-1;
	}
	if (known) {
		qsort(ranked, hostbridge->member_count, sizeof(*ranked), ranked_order);
		for (size_t i = 0; i < hostbridge->member_count; i++)
			members[i] = ranked[i].index;
		hostbridge->order = p2p_fact_of(0, P2P_ORIGIN_READ);
	}
	free(ranked);
}

void p2p_scan_order(struct p2p_scan *scan)
{
	size_t count = 0;
	struct line *lines = lines_read(scan, &count);

	for (size_t i = 0; lines && i < scan->machine->hostbridge_count; i++)
		if (scan->machine->hostbridges[i].order.origin == P2P_ORIGIN_ASSUMED)
			order_one(scan, lines, count, &scan->machine->hostbridges[i]);
	free(lines);
}
