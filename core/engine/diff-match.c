/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which function of one machine is which of the other.
 *
 * From the host bridges down, what is in the same slot and is the same device
 * is the same function.  What is left over is looked for elsewhere: first
 * whole branches (a card with a switch on it), then single functions.  What is
 * then left in one slot on both sides is one device in the place of another.
 * A bridge is taken for replaced before single functions are looked for, so
 * that another model of switch does not move everything below it.
 */
#include <linux/pci_regs.h>
#include <stdlib.h>

#include "diff-internal.h"

/* One function below a function or a host bridge. */
struct child {
	int container;
	bool vf;
	unsigned slot; /* devfn; of a VF its number among those of its PF */
	uint8_t bus;
	int index;
};

struct nested {
	int under, hostbridge;
};

struct side {
	const struct p2p_machine *machine;
	struct child *children; /* by container, slot */
	size_t child_count;
	size_t *start;      /* by container: its first child; one more at the end */
	int *container;     /* by function; P2P_NOBODY: its place is not known */
	uint64_t *branch;   /* by function: what it and all below it are; 0: not asked yet */
	struct nested *nested; /* host bridges below functions, by function */
	size_t nested_count;
};

/* What is looked for in other slots. */
enum sort {
	SORT_BRANCH = 0, /* a function and all that is below it */
	SORT_SERIAL,     /* the one device that has a serial number */
	SORT_DEVICE,     /* one of those that are alike */
};

enum mode {
	MODE_SAME = 0, /* the same device in the same slot */
	MODE_BRIDGES,  /* or another bridge in the place of a bridge */
	MODE_ANY,      /* or another device in the slot */
};

struct matcher {
	struct side sides[2];
	struct diff_match *ret;
	int (*queue)[2]; /* containers that are the same one */
	size_t count;
};

/* ------------------------------------------------------------ preparation */

static int container_of(const struct p2p_machine *machine, const struct p2p_function *function)
{
	if (p2p_known(function->under.fact))
		return function->under.to;
	if (!p2p_absent(function->under.fact) || function->hostbridge == P2P_NOBODY)
		return P2P_NOBODY;
	return (int)machine->function_count + function->hostbridge;
}

static int child_order(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	if (x->container != y->container)
		return x->container < y->container ? -1 : 1;
	if (x->vf != y->vf)
		return x->vf ? 1 : -1;
	if (!x->vf && x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	/* VFs in the order of their addresses, which is that of their numbers. */
	return (x->index > y->index) - (x->index < y->index);
}

static int nested_order(const void *a, const void *b)
{
	const struct nested *x = a, *y = b;

	if (x->under != y->under)
		return x->under < y->under ? -1 : 1;
	return (x->hostbridge > y->hostbridge) - (x->hostbridge < y->hostbridge);
}

static void children_sort(struct side *side, size_t containers)
{
	qsort(side->children, side->child_count, sizeof(*side->children), child_order);
	for (size_t i = 0; i < side->child_count; i++) {
		struct child *child = &side->children[i];
		bool first = !i || side->children[i - 1].container != child->container ||
			     !side->children[i - 1].vf;

		side->start[child->container + 1]++;
		if (child->vf)
			child->slot = first ? 0 : side->children[i - 1].slot + 1;
	}
	for (size_t i = 0; i < containers; i++)
		side->start[i + 1] += side->start[i];
}

static void side_make(struct p2p_arena *arena, const struct p2p_machine *machine, struct side *side)
{
	size_t functions = machine->function_count, containers = functions + machine->hostbridge_count;

	side->machine = machine;
	side->children = p2p_arena_array(arena, functions, sizeof(*side->children));
	side->start = p2p_arena_array(arena, containers + 1, sizeof(*side->start));
	side->container = p2p_arena_array(arena, functions, sizeof(*side->container));
	side->branch = p2p_arena_array(arena, functions, sizeof(*side->branch));
	side->nested = p2p_arena_array(arena, machine->hostbridge_count, sizeof(*side->nested));
	for (size_t i = 0; i < functions; i++) {
		const struct p2p_function *function = &machine->functions[i];

		side->container[i] = container_of(machine, function);
		if (side->container[i] == P2P_NOBODY)
			continue;
		side->children[side->child_count++] = (struct child){
			side->container[i], p2p_known(function->physfn.fact), function->bdf.devfn,
			function->bdf.bus, (int)i
		};
	}
	children_sort(side, containers);
	for (size_t i = 0; i < machine->hostbridge_count; i++)
		if (machine->hostbridges[i].under != P2P_NOBODY)
			side->nested[side->nested_count++] = (struct nested){ machine->hostbridges[i].under, (int)i };
	qsort(side->nested, side->nested_count, sizeof(*side->nested), nested_order);
}

/* ---------------------------------------------------------------- linking */

static bool same_device(const struct p2p_function *a, const struct p2p_function *b)
{
	for (size_t i = 0; i < p2p_function_field_count; i++)
		if (p2p_function_fields[i].flags & P2P_FIELD_IDENTITY &&
		    p2p_field_compare(&p2p_function_fields[i], a, b) == P2P_DIFFERS)
			return false;
	return true;
}

static void link_hostbridges(struct matcher *matcher, int a, int b)
{
	struct diff_match *match = matcher->ret;

	if (match->hostbridges[0][a] != P2P_NOBODY || match->hostbridges[1][b] != P2P_NOBODY)
		return;
	match->hostbridges[0][a] = b;
	match->hostbridges[1][b] = a;
	matcher->queue[matcher->count][0] = (int)matcher->sides[0].machine->function_count + a;
	matcher->queue[matcher->count++][1] = (int)matcher->sides[1].machine->function_count + b;
}

/* The first host bridge below that function or a later one. */
static size_t nested_find(const struct side *side, int under)
{
	size_t low = 0, high = side->nested_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (side->nested[middle].under < under)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void link_functions(struct matcher *matcher, int a, int b, enum diff_how how)
{
	struct side *x = &matcher->sides[0], *y = &matcher->sides[1];

	matcher->ret->functions[0][a] = b;
	matcher->ret->functions[1][b] = a;
	matcher->ret->how[a] = how;
	matcher->queue[matcher->count][0] = a;
	matcher->queue[matcher->count++][1] = b;
	for (size_t i = nested_find(x, a), j = nested_find(y, b);
	     i < x->nested_count && j < y->nested_count && x->nested[i].under == a && y->nested[j].under == b; i++, j++)
		link_hostbridges(matcher, x->nested[i].hostbridge, y->nested[j].hostbridge);
}

static bool is_free(const struct matcher *matcher, int side, int index)
{
	return matcher->ret->functions[side][index] == P2P_NOBODY;
}

/* What is below one container and its partner, slot by slot. */
static void match_children(struct matcher *matcher, const int containers[2], enum mode mode)
{
	const struct side *x = &matcher->sides[0], *y = &matcher->sides[1];
	size_t i = x->start[containers[0]], j = y->start[containers[1]];
	size_t i_end = x->start[containers[0] + 1], j_end = y->start[containers[1] + 1];

	while (i < i_end && j < j_end) {
		const struct child *a = &x->children[i], *b = &y->children[j];
		const struct p2p_function *from = &x->machine->functions[a->index];
		const struct p2p_function *to = &y->machine->functions[b->index];

		if (a->vf != b->vf || a->slot != b->slot) {
			if (a->vf != b->vf ? b->vf : a->slot < b->slot)
				i++;
			else
				j++;
			continue;
		}
		i++;
		j++;
		if (!is_free(matcher, 0, a->index) || !is_free(matcher, 1, b->index))
			continue;
		bool bridges = p2p_function_is_bridge(from) && p2p_function_is_bridge(to);

		if (same_device(from, to))
			link_functions(matcher, a->index, b->index, DIFF_PLACE);
		else if (mode == MODE_ANY || (mode == MODE_BRIDGES && bridges))
			link_functions(matcher, a->index, b->index, DIFF_REPLACED);
	}
}

/* From `from` on; what is linked on the way is gone through too. */
static void drain(struct matcher *matcher, size_t from, enum mode mode)
{
	for (size_t i = from; i < matcher->count; i++)
		match_children(matcher, matcher->queue[i], mode);
}

/* -------------------------------------------------------------- elsewhere */

static uint64_t identity(const struct p2p_function *function)
{
	const struct p2p_number *numbers[] = { &function->vendor, &function->device, &function->subvendor,
					       &function->subdevice };
	uint64_t hash = 1;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		hash = diff_mix(hash, p2p_known(numbers[i]->fact) ? numbers[i]->value : 0x10000);
	return hash;
}

/* The same, and which one of those that are alike. */
static uint64_t identity_serial(const struct p2p_function *function)
{
	uint64_t hash = identity(function);

	for (const char *at = p2p_known(function->serial.fact) ? function->serial.text : ""; *at; at++)
		hash = diff_mix(hash, (unsigned char)*at);
	return hash;
}

/* Something to be looked for on the other side. */
struct sought {
	uint64_t what;
	int index;
};

static int sought_order(const void *a, const void *b)
{
	const struct sought *x = a, *y = b;

	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* A function whose place cannot be told on one side is looked for at its address. */
static void match_addresses(struct matcher *matcher)
{
	const struct p2p_machine *x = matcher->sides[0].machine, *y = matcher->sides[1].machine;

	for (size_t i = 0; i < x->function_count; i++) {
		int other = is_free(matcher, 0, (int)i) ? p2p_machine_find(y, x->functions[i].bdf) : P2P_NOBODY;

		if (other == P2P_NOBODY || !is_free(matcher, 1, other) ||
		    (matcher->sides[0].container[i] != P2P_NOBODY && matcher->sides[1].container[other] != P2P_NOBODY))
			continue;
		if (same_device(&x->functions[i], &y->functions[other]))
			link_functions(matcher, (int)i, other, DIFF_ADDRESS);
	}
}

/* What a function and all that is below it are.  The scanner made sure that branches end. */
static uint64_t branch_of(struct side *side, int index)
{
	if (side->branch[index])
		return side->branch[index];
	uint64_t what = identity_serial(&side->machine->functions[index]);

	for (size_t i = side->start[index]; i < side->start[index + 1]; i++)
		what = diff_mix(diff_mix(what, (side->children[i].vf ? 0x10000u : 0) + side->children[i].slot),
				branch_of(side, side->children[i].index));
	return side->branch[index] = what ? what : 1;
}

/* Is what is above it still where it was, so that it is itself the top of what has gone? */
static bool is_top(const struct matcher *matcher, int at, int index)
{
	int container = matcher->sides[at].container[index];

	return container >= (int)matcher->sides[at].machine->function_count || !is_free(matcher, at, container);
}

/* Ports are part of the board or the card that they are on. */
static bool is_port(const struct p2p_function *function)
{
	return p2p_known(function->port_type.fact) && (function->port_type.value == PCI_EXP_TYPE_ROOT_PORT ||
						       function->port_type.value == PCI_EXP_TYPE_DOWNSTREAM);
}

static bool is_sought(const struct matcher *matcher, int at, int index, enum sort sort)
{
	const struct p2p_function *function = &matcher->sides[at].machine->functions[index];

	if (!is_free(matcher, at, index) || matcher->sides[at].container[index] == P2P_NOBODY ||
	    !p2p_known(function->vendor.fact) || !p2p_known(function->device.fact))
		return false;
	if (sort == SORT_SERIAL)
		return p2p_known(function->serial.fact) && *function->serial.text;
	return sort == SORT_BRANCH ? is_top(matcher, at, index) : !is_port(function);
}

static size_t functions_left(struct matcher *matcher, int at, enum sort sort, struct sought *ret)
{
	struct side *side = &matcher->sides[at];
	size_t count = 0;

	for (size_t i = 0; i < side->machine->function_count; i++) {
		const struct p2p_function *function = &side->machine->functions[i];

		if (!is_sought(matcher, at, (int)i, sort))
			continue;
		uint64_t what = sort == SORT_BRANCH   ? branch_of(side, (int)i)
				: sort == SORT_SERIAL ? identity_serial(function)
						      : identity(function);

		ret[count++] = (struct sought){ what, (int)i };
	}
	qsort(ret, count, sizeof(*ret), sought_order);
	return count;
}

/* Whole branches, or single functions, that are in another slot now. */
static void match_moved(struct matcher *matcher, enum sort sort)
{
	const struct p2p_machine *x = matcher->sides[0].machine, *y = matcher->sides[1].machine;
	struct sought *a = p2p_realloc(NULL, x->function_count, sizeof(*a));
	struct sought *b = p2p_realloc(NULL, y->function_count, sizeof(*b));
	size_t a_count = functions_left(matcher, 0, sort, a), b_count = functions_left(matcher, 1, sort, b);

	for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
		uint64_t first = a[i].what, second = b[j].what;

		/* What was below one that was found has been found with it. */
		if (!is_free(matcher, 0, a[i].index)) {
			i++;
			continue;
		}
		if (!is_free(matcher, 1, b[j].index)) {
			j++;
			continue;
		}
		if (first == second && same_device(&x->functions[a[i].index], &y->functions[b[j].index])) {
			size_t from = matcher->count;

			link_functions(matcher, a[i].index, b[j].index, DIFF_MOVED);
			drain(matcher, from, MODE_SAME);
		}
		i += first <= second;
		j += second <= first;
	}
	free(a);
	free(b);
}

static int *nobody(struct p2p_arena *arena, size_t count)
{
	int *list = p2p_arena_array(arena, count, sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = P2P_NOBODY;
	return list;
}

void diff_match_make(struct p2p_arena *arena, const struct p2p_machine *before, const struct p2p_machine *after,
		     struct diff_match *ret)
{
	const struct p2p_machine *machines[2] = { before, after };
	struct p2p_arena *scratch = p2p_arena_new();
	struct matcher matcher = { .ret = ret };
	int *hostbridges;

	for (int i = 0; i < 2; i++) {
		side_make(scratch, machines[i], &matcher.sides[i]);
		ret->functions[i] = nobody(arena, machines[i]->function_count);
		ret->hostbridges[i] = nobody(arena, machines[i]->hostbridge_count);
	}
	ret->how = p2p_arena_array(arena, before->function_count, sizeof(*ret->how));
	matcher.queue = p2p_arena_array(scratch, before->function_count + before->hostbridge_count,
					sizeof(*matcher.queue));
	hostbridges = p2p_arena_array(scratch, before->hostbridge_count, sizeof(*hostbridges));
	diff_match_hostbridges(before, after, hostbridges);
	for (size_t i = 0; i < before->hostbridge_count; i++)
		if (hostbridges[i] != P2P_NOBODY)
			link_hostbridges(&matcher, (int)i, hostbridges[i]);
	drain(&matcher, 0, MODE_SAME);
	match_addresses(&matcher);
	drain(&matcher, 0, MODE_SAME);
	match_moved(&matcher, SORT_BRANCH);
	drain(&matcher, 0, MODE_BRIDGES);
	match_moved(&matcher, SORT_SERIAL);
	match_moved(&matcher, SORT_DEVICE);
	drain(&matcher, 0, MODE_ANY);
	p2p_arena_free(scratch);
}
