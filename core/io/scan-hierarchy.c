/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of the machine and how they hang together.
 *
 * A function's place is the path behind /sys/bus/pci/devices/BDF:
 *
 *   ../../../devices/pci0000:80/0000:80:05.5/pci10000:00/10000:00:02.0/10000:01:00.0
 *                                            ^ host bridge (the innermost)
 *                                                        ^ parent     ^ itself
 *
 * Nothing here believes that paths make sense: a dump, a copied tree or a
 * snapshot may be malformed or hostile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "scan-internal.h"

/* More than any machine has; a dump beyond it is noise. */
#define FUNCTIONS_MAX (1u << 20)

/* A domain has 256 buses, and every step down needs a bus of its own. */
#define DEPTH_MAX 257

static int function_order(const void *a, const void *b)
{
	return p2p_bdf_compare(((const struct p2p_function *)a)->bdf, ((const struct p2p_function *)b)->bdf);
}

/* The text after the last '/' of a link. */
const char *p2p_scan_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* One component of a path that is being taken apart. */
static void place_component(struct p2p_scan *scan, const char *path, const char *part, size_t len,
			    struct p2p_place *place)
{
	uint32_t domain;
	uint8_t bus;
	struct p2p_bdf bdf;

	if (!p2p_hostbridge_name_parse(part, len, &domain, &bus)) {
		place->host_nested = place->has_parent;
		place->host_under = place->parent;
		place->has_parent = false;
		place->hostbridge = p2p_arena_printf(scan->machine->arena, "sys/%.*s", (int)(part + len - path), path);
	} else if (p2p_bdf_parse_prefix(part, &bdf) == (int)len) {
		place->parent = bdf;
		place->has_parent = true;
		place->depth++;
	} else if (place->hostbridge) {
		place->error = -EINVAL; /* only functions live below a host bridge */
	}
}

/* Takes the target of a function's link apart. */
static void place_parse(struct p2p_scan *scan, struct p2p_bdf self, const char *path, struct p2p_place *place)
{
	struct p2p_bdf last;

	while (!strncmp(path, "../", 3))
		path += 3;
	const char *own = p2p_scan_base_name(path);

	if (strncmp(path, "devices/", 8) != 0 || p2p_bdf_parse(own, &last) || p2p_bdf_compare(last, self) != 0) {
		place->error = -EINVAL;
		return;
	}
	for (const char *part = path; part < own; part += strcspn(part, "/") + 1)
		place_component(scan, path, part, strcspn(part, "/"), place);
	if (!place->hostbridge)
		place->error = -EINVAL;
}

static void place_read(struct p2p_scan *scan, struct p2p_function *function, struct p2p_place *place)
{
	const char *key = p2p_scan_key(scan, function, "");

	place->error = p2p_source_link(scan->source, key, &scan->text);
	if (!place->error)
		place_parse(scan, function->bdf, p2p_buf_text(&scan->text), place);
}

static int functions_list(struct p2p_scan *scan, struct p2p_problem *problem)
{
	struct p2p_machine *machine = scan->machine;
	struct p2p_names names = P2P_NAMES_INIT;
	const char *name = NULL;
	int error = p2p_source_list(scan->source, "sys/bus/pci/devices", &names);

	if (error == -ENOENT || error == -ENODATA) {
		p2p_names_free(&names);
		return 0; /* no PCI at all: an s390 or a container; not an error */
	}
	if (error)
		return p2p_problem_set(problem, error, "/sys/bus/pci/devices cannot be listed: %s",
				       p2p_problem_errno(error));
	machine->has_pci = true;
	if (names.count > FUNCTIONS_MAX) {
		p2p_names_free(&names);
		return p2p_problem_set(problem, -EFBIG,
				       "more than %u functions are listed: this is not a PCI hierarchy", FUNCTIONS_MAX);
	}
	machine->functions = p2p_arena_array(machine->arena, names.count, sizeof(*machine->functions));
	while ((name = p2p_names_next(&names, name))) {
		struct p2p_function *function = &machine->functions[machine->function_count];

		if (p2p_bdf_parse(name, &function->bdf))
			p2p_scan_say(scan, "%s: not the address of a PCI function; left out", name);
		else
			machine->function_count++;
	}
	p2p_names_free(&names);
	return 0;
}

/* Keeps the functions that `keep` says, and their places. */
static void functions_keep(struct p2p_scan *scan, bool (*keep)(struct p2p_scan *, size_t))
{
	struct p2p_machine *machine = scan->machine;
	size_t kept = 0;

	for (size_t i = 0; i < machine->function_count; i++) {
		if (!keep(scan, i))
			continue;
		machine->functions[kept] = machine->functions[i];
		scan->places[kept++] = scan->places[i];
	}
	machine->function_count = kept;
}

static void vanished(struct p2p_scan *scan, size_t index)
{
	char address[P2P_BDF_TEXT];

	p2p_scan_say(scan, "%s: vanished while it was being read; it is left out",
		     p2p_bdf_format(scan->machine->functions[index].bdf, true, address));
}

static bool is_there(struct p2p_scan *scan, size_t index)
{
	const struct p2p_machine *machine = scan->machine;
	char address[P2P_BDF_TEXT];

	if (index && !p2p_bdf_compare(machine->functions[index].bdf, machine->functions[index - 1].bdf)) {
		p2p_scan_say(scan, "%s: listed twice",
			     p2p_bdf_format(machine->functions[index].bdf, true, address));
		return false;
	}
	if (scan->places[index].error == -ENOENT) {
		vanished(scan, index);
		return false;
	}
	return true;
}

static bool is_still_there(struct p2p_scan *scan, size_t index)
{
	if (scan->places[index].gone)
		vanished(scan, index);
	return !scan->places[index].gone;
}

struct by_depth {
	unsigned depth;
	size_t index;
};

static int depth_order(const void *a, const void *b)
{
	const struct by_depth *x = a, *y = b;

	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Facts of each function, bridges before what is below them: what is below a sleeping bridge is not read. */
static void functions_read(struct p2p_scan *scan)
{
	size_t count = scan->machine->function_count;
	struct by_depth *order = p2p_realloc(NULL, count, sizeof(*order));

	for (size_t i = 0; i < count; i++)
		order[i] = (struct by_depth){ scan->places[i].depth, i };
	qsort(order, count, sizeof(*order), depth_order);
	for (size_t i = 0; i < count; i++)
		p2p_scan_function(scan, &scan->machine->functions[order[i].index], &scan->places[order[i].index]);
	free(order);
}

int p2p_scan_functions(struct p2p_scan *scan, struct p2p_problem *problem)
{
	struct p2p_machine *machine = scan->machine;
	int error = functions_list(scan, problem);

	if (error || !machine->function_count)
		return error;
	qsort(machine->functions, machine->function_count, sizeof(*machine->functions), function_order);
	scan->places = p2p_realloc(NULL, machine->function_count, sizeof(*scan->places));
	memset(scan->places, 0, machine->function_count * sizeof(*scan->places));
	for (size_t i = 0; i < machine->function_count; i++)
		place_read(scan, &machine->functions[i], &scan->places[i]);
	functions_keep(scan, is_there);
	functions_read(scan);
	functions_keep(scan, is_still_there);
	return 0;
}

/* ------------------------------------------------------------------ edges */

static void edge_unknown(struct p2p_edge *edge, int error)
{
	*edge = (struct p2p_edge){ p2p_fact_of(error == -ENOENT ? -EINVAL : error, P2P_ORIGIN_READ), P2P_NOBODY };
}

/* The edge to the function with that address. */
static void edge_to(const struct p2p_machine *machine, struct p2p_bdf bdf, struct p2p_edge *edge)
{
	int index = p2p_machine_find(machine, bdf);

	if (index == P2P_NOBODY)
		edge_unknown(edge, -EINVAL);
	else
		*edge = (struct p2p_edge){ p2p_fact_of(0, P2P_ORIGIN_READ), index };
}

static void edges_set(struct p2p_scan *scan, struct p2p_function *function, const struct p2p_place *place)
{
	const struct p2p_machine *machine = scan->machine;

	function->below = P2P_NOBODY;
	function->hostbridge = P2P_NOBODY;
	function->up = (struct p2p_edge){ p2p_fact_of(-ENOENT, P2P_ORIGIN_READ), P2P_NOBODY };
	if (place->error)
		edge_unknown(&function->up, place->error);
	else if (place->has_parent)
		edge_to(machine, place->parent, &function->up);
	function->under = function->up;
	if (place->is_vf)
		edge_to(machine, place->physfn, &function->physfn);
}

/* The kernel's walk starts a VF at its PF (include/linux/pci.h:pci_physfn). */
static void edges_of_vf(struct p2p_machine *machine, struct p2p_function *function)
{
	if (p2p_absent(function->physfn.fact))
		return;
	if (!p2p_known(function->physfn.fact)) {
		/* It may be a VF, whose walk starts at a function that nobody named. */
		edge_unknown(&function->up, function->physfn.fact.error);
		return;
	}
	const struct p2p_function *pf = &machine->functions[function->physfn.to];

	if (p2p_known(pf->physfn.fact)) {
		edge_unknown(&function->up, -EINVAL); /* a VF of a VF does not exist */
		return;
	}
	function->up = pf->up;
	function->under = (struct p2p_edge){ p2p_fact_of(0, P2P_ORIGIN_READ), function->physfn.to };
}

/*
 * Walks up from every function and marks those whose walk does not end at a
 * root bus: an unreadable edge above, a cycle, or no end in sight.  Each function is visited
 * once; `state`: 0 not yet, 1 on the present walk, 2 good, 3 bad.
 */
static void edges_check(struct p2p_scan *scan)
{
	struct p2p_machine *machine = scan->machine;
	uint8_t *state = p2p_arena_array(machine->arena, machine->function_count, 1);
	unsigned *depths = p2p_arena_array(machine->arena, machine->function_count, sizeof(*depths));
	int *walk = p2p_realloc(NULL, machine->function_count, sizeof(*walk));

	for (size_t i = 0; i < machine->function_count; i++) {
		size_t depth = 0;
		int at = (int)i;

		while (at != P2P_NOBODY && state[at] == 0) {
			const struct p2p_edge *up = &machine->functions[at].up;

			state[at] = 1;
			walk[depth++] = at;
			if (up->fact.know == P2P_UNKNOWN)
				state[at] = 3;
			at = p2p_known(up->fact) ? up->to : P2P_NOBODY;
		}
		/* Where the walk ended: at a root bus, at a function judged before, or in itself. */
		bool bad = at != P2P_NOBODY ? state[at] != 2 : depth && state[walk[depth - 1]] == 3;
		unsigned above = at != P2P_NOBODY ? depths[at] : 0;

		while (depth) {
			int index = walk[--depth];

			depths[index] = ++above;
			bad = bad || above > DEPTH_MAX;
			state[index] = bad ? 3 : 2;
			if (!bad)
				continue;
			if (machine->functions[index].up.fact.know != P2P_UNKNOWN)
				edge_unknown(&machine->functions[index].up, -EINVAL);
			/* Drawn where it was found, at the top: what it says of its place cannot be believed. */
			machine->functions[index].under = machine->functions[index].up;
		}
	}
	free(walk);
}

/* ----------------------------------------------------------- host bridges */

struct host_key {
	const char *key;
	int under;
};

static int host_key_order(const void *a, const void *b)
{
	return strcmp(((const struct host_key *)a)->key, ((const struct host_key *)b)->key);
}

static void hostbridges_collect(struct p2p_scan *scan)
{
	struct p2p_machine *machine = scan->machine;
	size_t count = machine->function_count, used = 0;
	struct host_key *keys = p2p_realloc(NULL, count, sizeof(*keys));

	for (size_t i = 0; i < count; i++) {
		const struct p2p_place *place = &scan->places[i];

		if (place->error)
			continue;
		int under = place->host_nested ? p2p_machine_find(machine, place->host_under) : P2P_NOBODY;

		keys[used++] = (struct host_key){ place->hostbridge, under };
	}
	qsort(keys, used, sizeof(*keys), host_key_order);
	machine->hostbridges = p2p_arena_array(machine->arena, used, sizeof(*machine->hostbridges));
	for (size_t i = 0; i < used; i++) {
		struct p2p_hostbridge *hostbridge = &machine->hostbridges[machine->hostbridge_count];

		if (i && !strcmp(keys[i].key, keys[i - 1].key))
			continue;
		hostbridge->key = keys[i].key;
		hostbridge->name = p2p_scan_base_name(keys[i].key);
		hostbridge->under = keys[i].under;
		p2p_hostbridge_name_parse(hostbridge->name, strlen(hostbridge->name), &hostbridge->domain,
					  &hostbridge->bus);
		machine->hostbridge_count++;
	}
	free(keys);
}

static int hostbridge_order(const void *a, const void *b)
{
	const struct p2p_hostbridge *x = a, *y = b;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->bus != y->bus)
		return x->bus < y->bus ? -1 : 1;
	return strcmp(x->key, y->key);
}

static int hostbridge_find(const struct p2p_machine *machine, const char *key)
{
	uint32_t domain = 0;
	uint8_t bus = 0;
	const char *name = p2p_scan_base_name(key);
	struct p2p_hostbridge want = { .key = key };

	p2p_hostbridge_name_parse(name, strlen(name), &domain, &bus);
	want.domain = domain;
	want.bus = bus;
	struct p2p_hostbridge *found = bsearch(&want, machine->hostbridges, machine->hostbridge_count,
					       sizeof(want), hostbridge_order);

	return found ? (int)(found - machine->hostbridges) : P2P_NOBODY;
}

/*
 * A function belongs to the host bridge in which its own walk ends, and its
 * path must say the same.
 */
static void hostbridges_assign(struct p2p_scan *scan)
{
	struct p2p_machine *machine = scan->machine;

	for (size_t i = 0; i < machine->function_count; i++)
		if (!scan->places[i].error)
			machine->functions[i].hostbridge = hostbridge_find(machine, scan->places[i].hostbridge);
	for (size_t i = 0; i < machine->function_count; i++) {
		struct p2p_function *function = &machine->functions[i];

		/* A VF whose own path is not known is where its PF is: its walk goes there. */
		if (p2p_known(function->physfn.fact) && function->hostbridge == P2P_NOBODY)
			function->hostbridge = machine->functions[function->physfn.to].hostbridge;
		if (!p2p_known(function->up.fact) ||
		    machine->functions[function->up.to].hostbridge == function->hostbridge)
			continue;
		edge_unknown(&function->up, -EINVAL);
	}
}

/* Is that name in the host bridge's folder a function on its root bus? */
static int member_index(const struct p2p_machine *machine, const struct p2p_hostbridge *hostbridge, const char *name)
{
	struct p2p_bdf bdf;

	if (p2p_bdf_parse_prefix(name, &bdf) != (int)strlen(name) || bdf.domain != hostbridge->domain ||
	    bdf.bus != hostbridge->bus)
		return -ENOENT; /* a VF on a virtual bus is in the folder, but not on the bus's list */
	int index = p2p_machine_find(machine, bdf);

	return index == P2P_NOBODY ? -ESTALE : index;
}

/*
 * The root bus's functions in the kernel's list order, which is the order of
 * their creation (drivers/pci/probe.c:pci_device_add, list_add_tail).
 */
static void members_list(struct p2p_scan *scan, struct p2p_hostbridge *hostbridge, bool creation)
{
	struct p2p_machine *machine = scan->machine;
	struct p2p_names names = P2P_NAMES_INIT;
	const char *name = NULL;
	int error = p2p_source_list(scan->source, hostbridge->key, &names);
	int *members = p2p_arena_array(machine->arena, names.count, sizeof(*members));

	hostbridge->order = p2p_fact_of(error, creation ? P2P_ORIGIN_READ : P2P_ORIGIN_ASSUMED);
	while (!error && (name = p2p_names_next(&names, name))) {
		int index = member_index(machine, hostbridge, name);

		if (index == -ESTALE) {
			p2p_scan_say(scan, "%s: appeared while the machine was being read; its host bridge is unknown "
					   "until the next run", name);
			hostbridge->order = p2p_fact_of(-ESTALE, P2P_ORIGIN_READ);
		}
		if (index >= 0)
			members[hostbridge->member_count++] = index;
	}
	hostbridge->members = members;
	if (error)
		p2p_scan_say(scan, "%s: cannot be listed: %s", hostbridge->key,
			     error == -ENODATA ? "which function is first on its bus is not recorded" :
						 p2p_problem_errno(error));
	p2p_names_free(&names);
}

/* Functions whose walk ends on a root bus, but which its list does not have: the list is not all of it. */
static void members_check(struct p2p_scan *scan)
{
	struct p2p_machine *machine = scan->machine;
	size_t *counts = p2p_arena_array(machine->arena, machine->hostbridge_count, sizeof(*counts));

	for (size_t i = 0; i < machine->function_count; i++) {
		const struct p2p_function *function = &machine->functions[i];

		if (function->hostbridge != P2P_NOBODY && p2p_absent(function->up.fact) &&
		    function->bdf.bus == machine->hostbridges[function->hostbridge].bus)
			counts[function->hostbridge]++;
	}
	for (size_t i = 0; i < machine->hostbridge_count; i++)
		if (p2p_known(machine->hostbridges[i].order) && counts[i] > machine->hostbridges[i].member_count) {
			p2p_scan_say(scan, "%s: its list lacks functions of its own; which is first is not known",
				     machine->hostbridges[i].name);
			machine->hostbridges[i].order = p2p_fact_of(-EINVAL, P2P_ORIGIN_READ);
		}
}

static void hostbridges_list(struct p2p_scan *scan)
{
	struct p2p_machine *machine = scan->machine;
	struct p2p_word order = p2p_scan_word(scan, "kernel/list-order");
	bool creation = p2p_known(order.fact) && !strcmp(order.text, "creation");

	for (size_t i = 0; i < machine->hostbridge_count; i++) {
		struct p2p_hostbridge *hostbridge = &machine->hostbridges[i];

		members_list(scan, hostbridge, creation);
		if (hostbridge->member_count)
			hostbridge->numa_node = p2p_scan_node(
				scan, p2p_scan_key(scan, &machine->functions[hostbridge->members[0]], "numa_node"));
	}
	members_check(scan);
	if (!creation || scan->options->want & P2P_WANT_ORDER)
		p2p_scan_order(scan);
}

static void malformed_say(struct p2p_scan *scan)
{
	const struct p2p_machine *machine = scan->machine;
	size_t count = 0, first = 0;
	char address[P2P_BDF_TEXT];

	for (size_t i = 0; i < machine->function_count; i++)
		if (machine->functions[i].up.fact.know == P2P_UNKNOWN && !count++)
			first = i;
	if (count)
		p2p_scan_say(scan, "%s%s: the place in the hierarchy cannot be told (bus numbers overlap, are zero or "
				   "inverted, or the path is malformed); answers about %s are unknown",
			     p2p_bdf_format(machine->functions[first].bdf, true, address),
			     count > 1 ? " and others" : "", count > 1 ? "them" : "it");
}

void p2p_scan_hierarchy(struct p2p_scan *scan)
{
	struct p2p_machine *machine = scan->machine;

	for (size_t i = 0; i < machine->function_count; i++)
		edges_set(scan, &machine->functions[i], &scan->places[i]);
	for (size_t i = 0; i < machine->function_count; i++)
		edges_of_vf(machine, &machine->functions[i]);
	hostbridges_collect(scan);
	qsort(machine->hostbridges, machine->hostbridge_count, sizeof(*machine->hostbridges), hostbridge_order);
	hostbridges_assign(scan);
	edges_check(scan);
	malformed_say(scan);
	for (size_t i = machine->function_count; i-- > 0;)
		if (p2p_known(machine->functions[i].up.fact))
			machine->functions[machine->functions[i].up.to].below = (int)i;
	hostbridges_list(scan);
}
