/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which host bridge of one machine is which of the other.
 *
 * Firmware numbers the root buses anew when a card is added, and one may then
 * have the number that another one had.  So the numbers alone say nothing, and
 * neither do the cards alone: those are what people move.  In this order:
 *
 * 1. by the host bridge device, where it is the only one of its kind.
 * 2. by number, where both sides have the same ones.
 * 3. numbers that are new keep their order: of all ways to go through both
 *    sides in order, the one in which most of the functions on the root buses
 *    are in the same slots; of those, most of what is below; of those, most of
 *    the numbers; of those, the first.
 * 4. what is left, by what is on the root bus, and then by number.
 *
 * Only vendor and device count, so that a machine of which less is known is
 * the same one, and not VFs, which come and go.
 */
#include <stdlib.h>
#include <string.h>

#include "diff-internal.h"

/* The third step is a table of bridges by bridges; instead of one larger than this: by what is on the bus. */
#define WORK_MAX ((size_t)1 << 24)
#define FUNCTIONS_MAX ((size_t)1 << 19)

#define CLASS_HOST 0x0600

/* A function: its slot, as the way from the root bus, and its device. */
struct element {
	int hostbridge;
	bool below; /* not on the root bus itself */
	uint64_t what;
};

struct bus {
	int index;			      /* of the host bridge */
	uint64_t name, host, content, branch; /* what it is known by; 0: not by that */
	const struct element *elements;
	size_t count, on_root;
};

struct buses {
	const struct p2p_machine *machine;
	struct element *elements;
	size_t element_count;
	struct bus *list; /* in the order of their numbers */
	size_t count;
};

struct key {
	uint64_t what;
	size_t bus;
};

struct bridger {
	struct buses sides[2];
	bool *taken[2]; /* by bus */
	int *partner;
};

/* What is left of both lists, or a part of that. */
struct span {
	const struct bus **buses[2];
	size_t count[2];
};

uint64_t diff_mix(uint64_t hash, uint64_t value)
{
	hash ^= value + 0x9e3779b97f4a7c15ull + (hash << 6) + (hash >> 2);
	return hash * 0xff51afd7ed558ccdull;
}

/* ---------------------------------------------------------------- content */

static int element_order(const void *a, const void *b)
{
	const struct element *x = a, *y = b;

	if (x->hostbridge != y->hostbridge)
		return x->hostbridge < y->hostbridge ? -1 : 1;
	if (x->below != y->below)
		return x->below ? 1 : -1;
	return (x->what > y->what) - (x->what < y->what);
}

/* The scanner made sure that the way up ends. */
static bool element_make(const struct p2p_machine *machine, const struct p2p_function *function, struct element *ret)
{
	const struct p2p_function *at = function;

	if (p2p_known(function->physfn.fact) || !p2p_known(function->vendor.fact) || !p2p_known(function->device.fact))
		return false;
	*ret = (struct element){ .what = diff_mix(function->vendor.value, function->device.value) };
	for (;; at = &machine->functions[at->under.to], ret->below = true) {
		ret->what = diff_mix(ret->what, at->bdf.devfn);
		if (!p2p_known(at->under.fact))
			break;
	}
	ret->hostbridge = at->hostbridge;
	return p2p_absent(at->under.fact) && at->hostbridge != P2P_NOBODY;
}

static uint64_t host_of(const struct p2p_machine *machine, const struct p2p_hostbridge *hostbridge)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < hostbridge->member_count; i++) {
		const struct p2p_function *function = &machine->functions[hostbridge->members[i]];

		/* In the order of the slots, not in the kernel's, which is a fact that may change. */
		if (p2p_known(function->class.fact) && function->class.value >> 8 == CLASS_HOST &&
		    p2p_known(function->vendor.fact) && p2p_known(function->device.fact))
			hash += diff_mix(diff_mix(function->vendor.value, function->device.value), function->bdf.devfn);
	}
	return hash;
}

static void buses_make(struct p2p_arena *arena, const struct p2p_machine *machine, struct buses *side)
{
	size_t at = 0;

	side->machine = machine;
	side->elements = p2p_arena_array(arena, machine->function_count, sizeof(*side->elements));
	side->list = p2p_arena_array(arena, machine->hostbridge_count, sizeof(*side->list));
	for (size_t i = 0; i < machine->function_count; i++)
		side->element_count +=
			element_make(machine, &machine->functions[i], &side->elements[side->element_count]);
	qsort(side->elements, side->element_count, sizeof(*side->elements), element_order);
	for (size_t i = 0; i < machine->hostbridge_count; i++) {
		const struct p2p_hostbridge *hostbridge = &machine->hostbridges[i];
		struct bus bus = { .index = (int)i, .content = 1, .branch = 1, .elements = side->elements + at };

		for (; at < side->element_count && side->elements[at].hostbridge == (int)i; at++, bus.count++) {
			bus.branch = diff_mix(bus.branch, side->elements[at].what);
			if (side->elements[at].below)
				continue;
			bus.on_root++;
			bus.content = diff_mix(bus.content, side->elements[at].what);
		}
		bus.name = (uint64_t)hostbridge->domain << 8 | hostbridge->bus;
		bus.host = host_of(machine, hostbridge);
		/* One below a function goes where that goes. */
		if (hostbridge->under == P2P_NOBODY)
			side->list[side->count++] = bus;
	}
}

/* ------------------------------------------------------------ by one thing */

static uint64_t by_host(const struct bus *bus)
{
	return bus->host;
}

static uint64_t by_name(const struct bus *bus)
{
	return bus->name;
}

static uint64_t by_content(const struct bus *bus)
{
	return bus->content;
}

static uint64_t by_branch(const struct bus *bus)
{
	return bus->branch;
}

static uint64_t by_both(const struct bus *bus)
{
	return diff_mix(bus->content, bus->name);
}

static int key_order(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	return (x->bus > y->bus) - (x->bus < y->bus);
}

static size_t keys_make(const struct bridger *bridger, int at, uint64_t (*what)(const struct bus *), struct key *ret)
{
	const struct buses *side = &bridger->sides[at];
	size_t count = 0;

	for (size_t i = 0; i < side->count; i++)
		if (!bridger->taken[at][i])
			ret[count++] = (struct key){ what(&side->list[i]), i };
	qsort(ret, count, sizeof(*ret), key_order);
	return count;
}

static void take(struct bridger *bridger, size_t a, size_t b)
{
	bridger->taken[0][a] = bridger->taken[1][b] = true;
	bridger->partner[bridger->sides[0].list[a].index] = bridger->sides[1].list[b].index;
}

static size_t run_end(const struct key *keys, size_t count, size_t from)
{
	size_t end = from + 1;

	while (end < count && keys[end].what == keys[from].what)
		end++;
	return end;
}

/* What is alike, in order; with `most` only of kinds of which both sides have as many, and no more than that. */
static void match_by(struct bridger *bridger, uint64_t (*what)(const struct bus *), size_t most)
{
	struct key *a = p2p_realloc(NULL, bridger->sides[0].count, sizeof(*a));
	struct key *b = p2p_realloc(NULL, bridger->sides[1].count, sizeof(*b));
	size_t a_count = keys_make(bridger, 0, what, a), b_count = keys_make(bridger, 1, what, b);

	for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
		uint64_t first = a[i].what, second = b[j].what;
		size_t i_end = run_end(a, a_count, i), j_end = run_end(b, b_count, j);
		bool wanted = !most || (first && i_end - i == j_end - j && i_end - i <= most);

		for (size_t k = 0; first == second && wanted && i + k < i_end && j + k < j_end; k++)
			take(bridger, a[i + k].bus, b[j + k].bus);
		i = first <= second ? i_end : i;
		j = second <= first ? j_end : j;
	}
	free(a);
	free(b);
}

/* --------------------------------------------------------------- in order */

static size_t shared(const struct element *a, size_t a_count, const struct element *b, size_t b_count)
{
	size_t count = 0;

	for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
		uint64_t first = a[i].what, second = b[j].what;

		count += first == second;
		i += first <= second;
		j += second <= first;
	}
	return count;
}

/* How much two are alike: the functions on the root bus, those below, the number, and that there is a pair. */
static uint64_t alike(const struct bus *a, const struct bus *b)
{
	size_t on_root = shared(a->elements, a->on_root, b->elements, b->on_root);
	size_t below = shared(a->elements + a->on_root, a->count - a->on_root, b->elements + b->on_root,
			      b->count - b->on_root);
	size_t smaller = a->on_root < b->on_root ? a->on_root : b->on_root;

	/* Another number, and less than half of it is there: another bus. */
	if (a->name != b->name && (2 * on_root < smaller || (!smaller && a->on_root != b->on_root)))
		return 0;
	return (uint64_t)on_root << 45 | (uint64_t)below << 26 | (uint64_t)(a->name == b->name) << 13 | 1;
}

static bool same_bus(const struct bus *a, const struct bus *b)
{
	if (a->name != b->name || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->elements[i].below != b->elements[i].below || a->elements[i].what != b->elements[i].what)
			return false;
	return true;
}

static size_t left_of(const struct bridger *bridger, int at, const struct bus **ret)
{
	size_t count = 0;

	for (size_t i = 0; i < bridger->sides[at].count; i++)
		if (!bridger->taken[at][i])
			ret[count++] = &bridger->sides[at].list[i];
	return count;
}

static void take_pair(struct bridger *bridger, const struct bus *a, const struct bus *b)
{
	take(bridger, (size_t)(a - bridger->sides[0].list), (size_t)(b - bridger->sides[1].list));
}

static bool same_names(const struct span *span)
{
	if (span->count[0] != span->count[1])
		return false;
	for (size_t i = 0; i < span->count[0]; i++)
		if (span->buses[0][i]->name != span->buses[1][i]->name)
			return false;
	return true;
}

/* What is the same at both ends of both sides needs no table. */
static void trim(struct bridger *bridger, struct span *span)
{
	while (span->count[0] && span->count[1] && same_bus(*span->buses[0], *span->buses[1])) {
		take_pair(bridger, *span->buses[0]++, *span->buses[1]++);
		span->count[0]--;
		span->count[1]--;
	}
	while (span->count[0] && span->count[1] &&
	       same_bus(span->buses[0][span->count[0] - 1], span->buses[1][span->count[1] - 1]))
		take_pair(bridger, span->buses[0][--span->count[0]], span->buses[1][--span->count[1]]);
}

static bool affordable(const struct bridger *bridger, const struct span *span)
{
	size_t work[3] = { span->count[0] * (span->count[1] + 1), 0, 0 };

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < span->count[i]; j++)
			work[i + 1] += span->buses[i][j]->count * span->count[!i];
		if (bridger->sides[i].machine->function_count > FUNCTIONS_MAX ||
		    bridger->sides[i].machine->hostbridge_count > FUNCTIONS_MAX)
			return false;
	}
	return work[0] + work[1] + work[2] <= WORK_MAX;
}

enum step {
	STEP_BOTH = 0, /* they are a pair */
	STEP_FIRST,    /* this one has gone */
	STEP_SECOND,   /* that one came */
};

/* The way through both sides in order on which most is alike; `best` and `steps` are filled from its end. */
static void match_in_order(struct bridger *bridger, const struct span *span)
{
	size_t rows = span->count[0], columns = span->count[1];
	uint64_t *best = p2p_realloc(NULL, columns + 1, sizeof(*best)); /* of the row below, until it is overwritten */
	uint8_t *steps = p2p_realloc(NULL, rows * columns, sizeof(*steps));

	memset(best, 0, (columns + 1) * sizeof(*best));
	for (size_t i = rows; i-- > 0;) {
		uint64_t diagonal = best[columns];

		for (size_t j = columns; j-- > 0;) {
			uint64_t score = alike(span->buses[0][i], span->buses[1][j]);
			uint64_t both = score ? score + diagonal : 0, first = best[j], second = best[j + 1];

			diagonal = first;
			best[j] = both >= first && both >= second ? both : first >= second ? first : second;
			steps[i * columns + j] = score && both == best[j] ? STEP_BOTH
						 : first == best[j]	  ? STEP_FIRST
									  : STEP_SECOND;
		}
	}
	for (size_t i = 0, j = 0; i < rows && j < columns;) {
		uint8_t step = steps[i * columns + j];

		if (step == STEP_BOTH)
			take_pair(bridger, span->buses[0][i], span->buses[1][j]);
		i += step != STEP_SECOND;
		j += step != STEP_FIRST;
	}
	free(best);
	free(steps);
}

void diff_match_hostbridges(const struct p2p_machine *before, const struct p2p_machine *after, int *ret)
{
	const struct p2p_machine *machines[2] = { before, after };
	struct p2p_arena *scratch = p2p_arena_new();
	struct bridger bridger = { .partner = ret };
	struct span span = { 0 };
	const struct bus **left[2];

	for (int i = 0; i < 2; i++) {
		buses_make(scratch, machines[i], &bridger.sides[i]);
		bridger.taken[i] = p2p_arena_array(scratch, bridger.sides[i].count, sizeof(*bridger.taken[i]));
		left[i] = p2p_arena_array(scratch, bridger.sides[i].count, sizeof(*left[i]));
	}
	for (size_t i = 0; i < before->hostbridge_count; i++)
		ret[i] = P2P_NOBODY;
	match_by(&bridger, by_host, 1);
	for (int i = 0; i < 2; i++) {
		span.count[i] = left_of(&bridger, i, left[i]);
		span.buses[i] = left[i];
	}
	if (!same_names(&span)) {
		trim(&bridger, &span);
		if (affordable(&bridger, &span))
			match_in_order(&bridger, &span);
		else
			match_by(&bridger, by_branch, SIZE_MAX);
		match_by(&bridger, by_both, 0);
		match_by(&bridger, by_content, 0);
	}
	match_by(&bridger, by_name, 0);
	p2p_arena_free(scratch);
}
