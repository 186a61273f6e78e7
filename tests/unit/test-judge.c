/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judge against a second opinion: the kernel's loops written down as they
 * are (KERNEL.md 1.1, 1.2), node by node, on random machines.  A missing fact
 * is tried with all its values by brute force.  Summary and islands are
 * compared with asking about every pair.
 *
 * Arguments: the hardware rows, [seeds].
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/engine/judge.h"
#include "core/engine/summary.h"
#include "core/io/policy-yaml.h"
#include "core/model/acs.h"
#include "core/model/rule.h"

#define MOST 24 /* functions of a machine */

static uint64_t random_state;

static unsigned pick(unsigned below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % below;
}

static const struct p2p_hardware *rows;

/* ------------------------------------------------------ a random machine */

static const struct { uint16_t vendor, device; } roots[] = {
	{ 0x8086, 0x09a2 }, { 0x8086, 0x2f00 }, { 0x8086, 0x2030 }, { 0x8086, 0x29c0 }, { 0x1022, 0x1450 },
	{ 0x1ae0, 0x1234 }, { 0x8086, 0x0b25 }, { 0x10de, 0x2f95 }, { 0x1022, 0x14a4 },
};

static struct p2p_fact known(void)
{
	return p2p_fact_of(0, P2P_ORIGIN_READ);
}

static struct p2p_fact absent(void)
{
	return p2p_fact_of(-2, P2P_ORIGIN_READ);
}

static void make_function(struct p2p_machine *machine, int index, bool unknowns)
{
	struct p2p_function *function = &machine->functions[index];
	unsigned root = pick(sizeof(roots) / sizeof(*roots));
	int up = pick(4) ? (int)pick((unsigned)index + 1) - 1 : P2P_NOBODY;

	/* A parent that is no bridge: hang it higher. */
	while (up != P2P_NOBODY && machine->functions[up].header.value != 1)
		up = p2p_known(machine->functions[up].up.fact) ? machine->functions[up].up.to : P2P_NOBODY;
	function->bdf = (struct p2p_bdf){ 0, (uint8_t)index, (uint8_t)(pick(2) ? 0 : 8 * (1 + pick(20))) };
	function->vendor = p2p_number_read(roots[root].vendor);
	function->device = p2p_number_read(roots[root].device);
	function->header = p2p_number_read(pick(2));
	function->port_type = p2p_number_read(pick(2) ? 4 : 0);
	function->physfn.fact = absent();
	function->below = P2P_NOBODY;
	function->up = (struct p2p_edge){ up == P2P_NOBODY ? absent() : known(), up };
	function->hostbridge = up == P2P_NOBODY ? (int)pick((unsigned)machine->hostbridge_count)
						: machine->functions[up].hostbridge;
	function->acs.fact = pick(2) ? known() : absent();
	if (p2p_known(function->acs.fact))
		function->acs.ctrl = pick(3) ? (uint16_t)(pick(128) & ~P2P_ACS_REDIRECT) : (uint16_t)pick(128);
	if (unknowns && !pick(6))
		function->acs = (struct p2p_acs){ .fact = p2p_fact_of(-13, P2P_ORIGIN_READ) };
}

static void make_hosts(struct p2p_machine *machine)
{
	for (size_t h = 0; h < machine->hostbridge_count; h++) {
		struct p2p_hostbridge *host = &machine->hostbridges[h];
		int *members = p2p_arena_array(machine->arena, machine->function_count, sizeof(int));

		host->name = host->key = "pci";
		host->under = P2P_NOBODY;
		host->order = known();
		host->members = members;
		for (size_t i = 0; i < machine->function_count; i++)
			if (machine->functions[i].hostbridge == (int)h && p2p_absent(machine->functions[i].up.fact))
				members[host->member_count++] = (int)i;
		/* List order is not address order. */
		for (size_t i = host->member_count; i > 1; i--) {
			unsigned j = pick((unsigned)i);
			int swap = members[i - 1];

			members[i - 1] = members[j];
			members[j] = swap;
		}
	}
}

static struct p2p_machine *make_machine(const char *release, bool unknowns)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_machine *machine = p2p_arena_alloc(arena, sizeof(*machine));

	machine->arena = arena;
	machine->function_count = 3 + pick(MOST - 3);
	machine->functions = p2p_arena_array(arena, machine->function_count, sizeof(*machine->functions));
	machine->hostbridge_count = 1 + pick(3);
	machine->hostbridges = p2p_arena_array(arena, machine->hostbridge_count, sizeof(*machine->hostbridges));
	for (size_t i = 0; i < machine->function_count; i++)
		make_function(machine, (int)i, unknowns);
	make_hosts(machine);
	machine->host.kernel = p2p_word_read(release);
	machine->host.version.fact = machine->host.signature.fact = absent();
	machine->host.p2pdma = p2p_number_read(1);
	machine->host.cpu_vendor = p2p_word_read(pick(3) ? "GenuineIntel" : "AuthenticAMD");
	machine->host.cpu_family = p2p_number_read(pick(2) ? 0x19 : 0x15);
	machine->host.iommu = known();
	machine->host.iommu_kind = pick(2) ? P2P_IOMMU_NONE : P2P_IOMMU_INTEL;
	machine->host.iommu_groups = p2p_number_read(machine->host.iommu_kind == P2P_IOMMU_INTEL ? 7 : 0);
	if (unknowns && !pick(4))
		machine->host.cpu_vendor = (struct p2p_word){ 0 };
	return machine;
}

/* ----------------------------------------------------- the second opinion */

/* One assignment of everything unknown. */
struct world {
	const struct p2p_machine *machine;
	const struct p2p_ruleset_row *set;
	struct p2p_release release;
	bool redirects[MOST];
	bool zen;
};

static int up_of(const struct p2p_machine *machine, int index)
{
	return p2p_known(machine->functions[index].up.fact) ? machine->functions[index].up.to : P2P_NOBODY;
}

static int root_device(const struct world *world, int h)
{
	const struct p2p_hostbridge *host = &world->machine->hostbridges[h];

	if (world->set->lookup == P2P_ROOT_SLOT_0) {
		for (size_t i = 0; i < host->member_count; i++)
			if (world->machine->functions[host->members[i]].bdf.devfn == 0)
				return host->members[i];
		return P2P_NOBODY;
	}
	if (!host->member_count)
		return P2P_NOBODY;
	const struct p2p_function *first = &world->machine->functions[host->members[0]];

	if (first->bdf.devfn == 0)
		return host->members[0];
	if (world->set->lookup == P2P_ROOT_FIRST_OR_PORT && first->port_type.value == 4)
		return host->members[0];
	return P2P_NOBODY;
}

static bool ok(const struct world *world, int h, bool same)
{
	int root = root_device(world, h);

	if (root == P2P_NOBODY)
		return false;
	const struct p2p_function *function = &world->machine->functions[root];

	for (size_t i = 0; i < rows->row_count; i++) {
		const struct p2p_row *row = &rows->rows[i];

		if (p2p_row_in_release(row, world->release) != P2P_YES || row->vendor != function->vendor.value ||
		    (row->device != P2P_DEVICE_ANY && row->device != function->device.value))
			continue;
		return same || !row->same_host_bridge;
	}
	return false;
}

static bool allowlisted(const struct world *world, int a, int b)
{
	int x = world->machine->functions[a].hostbridge, y = world->machine->functions[b].hostbridge;

	if (x == y)
		return ok(world, x, true);
	return ok(world, x, false) && ok(world, y, false);
}

static bool is_1450(const struct world *world, int index)
{
	int root = root_device(world, world->machine->functions[index].hostbridge);

	return root != P2P_NOBODY && world->machine->functions[root].vendor.value == 0x1022 &&
	       world->machine->functions[root].device.value == 0x1450;
}

/* KERNEL.md 1.1 and 1.2, as they stand there. */
static enum p2p_map reference(const struct world *world, int provider, int client, int *ret_distance)
{
	const struct p2p_machine *machine = world->machine;
	int n = 0, da = 0, db = 0;
	bool common = false;

	for (int a = provider; a != P2P_NOBODY && !common; a = up_of(machine, a), da++) {
		n += world->redirects[a];
		db = 0;
		for (int b = client; b != P2P_NOBODY; b = up_of(machine, b), db++)
			if (a == b) {
				common = true;
				break;
			}
		if (common) {
			for (int b = client; b != a; b = up_of(machine, b))
				n += world->redirects[b];
			break;
		}
	}
	*ret_distance = da + db;
	if (common && n == 0)
		return P2P_MAP_BUS_ADDR;
	if (world->set->set <= P2P_RULESET_R1 && common)
		return P2P_MAP_NOT_SUPPORTED;
	if (world->set->set == P2P_RULESET_R0)
		return P2P_MAP_NOT_SUPPORTED;
	if (world->set->set == P2P_RULESET_R1) {
		*ret_distance += 0x1000;
		return machine->host.iommu_kind == P2P_IOMMU_NONE && is_1450(world, provider) && is_1450(world, client)
			       ? P2P_MAP_BUS_ADDR
			       : P2P_MAP_NOT_SUPPORTED;
	}
	if ((world->set->set >= P2P_RULESET_R3 && world->zen) || allowlisted(world, provider, client))
		return P2P_MAP_THRU_HOST_BRIDGE;
	return P2P_MAP_NOT_SUPPORTED;
}

/* The maps over all values of what is unknown. */
static uint8_t all_worlds(struct world *world, int provider, int client, int *ret_distance)
{
	const struct p2p_machine *machine = world->machine;
	int unknown[MOST];
	size_t count = 0;
	uint8_t maps = 0;
	bool zen_known = p2p_known(machine->host.cpu_vendor.fact);

	for (size_t i = 0; i < machine->function_count; i++)
		if (machine->functions[i].acs.fact.know == P2P_UNKNOWN)
			unknown[count++] = (int)i;
	for (unsigned bits = 0; bits < 1u << count; bits++)
		for (int zen = 0; zen < 2; zen++) {
			for (size_t i = 0; i < machine->function_count; i++)
				world->redirects[i] = p2p_known(machine->functions[i].acs.fact) &&
						      machine->functions[i].acs.ctrl & P2P_ACS_REDIRECT;
			for (size_t i = 0; i < count; i++)
				world->redirects[unknown[i]] = bits >> i & 1;
			world->zen = zen_known ? !strcmp(machine->host.cpu_vendor.text, "AuthenticAMD") &&
							 machine->host.cpu_family.value >= 0x17
					       : zen;
			maps |= (uint8_t)(1u << reference(world, provider, client, ret_distance));
		}
	return maps;
}

/* ----------------------------------------------------------------- checks */

static void check_pairs(const struct p2p_judge *judge, struct world *world)
{
	int count = (int)world->machine->function_count;

	for (int a = 0; a < count; a++)
		for (int b = 0; b < count; b++) {
			struct p2p_verdict verdict;
			int distance;
			uint8_t maps = all_worlds(world, a, b, &distance);

			p2p_judge_pair(judge, a, b, &verdict);
			CHECK(verdict.possible == maps);
			CHECK(verdict.distance == distance);
			CHECK(verdict.rule != P2P_RULE_NONE);
		}
}

/* Islands: same number if and only if each can reach the other; unknown only where an answer is. */
static void check_islands(const struct p2p_judge *judge, const bool *among)
{
	int count = (int)p2p_judge_machine(judge)->function_count;
	int islands[MOST];

	p2p_judge_islands(judge, among, islands);
	for (int a = 0; a < count; a++) {
		bool open = false, anybody = false;

		for (int b = 0; among[a] && b < count; b++) {
			struct p2p_verdict verdict;

			if (!among[b] || a == b)
				continue;
			p2p_judge_pair(judge, a, b, &verdict);
			open = open || verdict.supported == P2P_MAYBE;
			anybody = anybody || verdict.supported == P2P_YES;
			if (islands[a] && islands[b])
				CHECK((verdict.supported == P2P_YES) == (islands[a] > 0 && islands[a] == islands[b]));
		}
		if (among[a] && islands[a] < 0)
			CHECK(!anybody);
		if (!open && among[a] && p2p_judge_candidates(judge)->list[0].set->set != P2P_RULESET_R1)
			CHECK(islands[a] != 0);
	}
}

static uint64_t count_of(const struct p2p_count *counts, size_t count, const struct p2p_verdict *like)
{
	for (size_t i = 0; i < count; i++)
		if (counts[i].map == like->map && counts[i].supported == like->supported &&
		    counts[i].rule == like->rule && counts[i].would_be == like->would_be)
			return counts[i].pairs;
	return 0;
}

static void check_summary(const struct p2p_judge *judge, const bool *among)
{
	int count = (int)p2p_judge_machine(judge)->function_count;
	struct p2p_count counts[P2P_COUNTS_MAX];
	size_t kinds = p2p_judge_summary(judge, among, true, counts);
	uint64_t total = 0, functions = 0;

	for (size_t i = 0; i < kinds; i++)
		total += counts[i].pairs;
	for (int i = 0; i < count; i++)
		functions += among[i];
	CHECK(total == functions * functions);
	for (int a = 0; a < count; a++)
		for (int b = 0; b < count; b++) {
			struct p2p_verdict verdict, other;
			uint64_t same = 0;

			if (!among[a] || !among[b])
				continue;
			p2p_judge_pair(judge, a, b, &verdict);
			for (int c = 0; c < count; c++)
				for (int d = 0; d < count; d++) {
					if (!among[c] || !among[d])
						continue;
					p2p_judge_pair(judge, c, d, &other);
					same += other.map == verdict.map && other.supported == verdict.supported &&
						other.rule == verdict.rule && other.would_be == verdict.would_be;
				}
			CHECK(count_of(counts, kinds, &verdict) == same);
		}
}

/* What a remedy promises must come true when it is done. */
static void check_remedies(const struct p2p_judge *judge, struct world *world)
{
	int count = (int)world->machine->function_count;
	struct p2p_arena *arena = p2p_arena_new();

	for (int a = 0; a < count; a++)
		for (int b = 0; b < count; b++) {
			struct p2p_verdict verdict;
			struct p2p_remedy remedy;
			enum p2p_map becomes;
			int distance;

			p2p_judge_pair(judge, a, b, &verdict);
			p2p_judge_remedy(judge, &verdict, arena, &remedy);
			CHECK(p2p_judge_remedy_kind(judge, &verdict, &becomes) == remedy.kind);
			CHECK(becomes == remedy.becomes);
			if (verdict.map != P2P_MAP_NOT_SUPPORTED)
				continue;
			/* All redirect on the machine cleared: the most that any ACS change could do. */
			all_worlds(world, a, b, &distance);
			memset(world->redirects, 0, sizeof(world->redirects));
			enum p2p_map best = reference(world, a, b, &distance);

			if (remedy.kind == P2P_REMEDY_ACS)
				CHECK(remedy.becomes == best && best == P2P_MAP_BUS_ADDR);
			else if (!verdict.unsure)
				CHECK(best == P2P_MAP_NOT_SUPPORTED);
		}
	p2p_arena_free(arena);
}

static void check_machine(const char *release, bool unknowns, unsigned seed)
{
	random_state = seed * 2654435761u + 1;
	struct p2p_machine *machine = make_machine(release, unknowns);
	struct p2p_judge *judge = p2p_judge_new(machine, rows);
	struct world world = { .machine = machine };
	bool among[MOST];

	p2p_release_parse(release, &world.release);
	world.set = p2p_ruleset_of(world.release);
	for (size_t i = 0; i < MOST; i++)
		among[i] = pick(3) != 0;
	check_pairs(judge, &world);
	check_islands(judge, among);
	if (seed % 8 == 0)
		check_summary(judge, among);
	if (!unknowns)
		check_remedies(judge, &world);
	p2p_judge_free(judge);
	p2p_machine_free(machine);
}

int main(int argc, char *argv[])
{
	static const char *const releases[] = { "4.20.0", "5.2.0", "5.4.0", "5.9.0", "5.10.13", "5.14.0", "5.18.0",
						"5.19.0", "6.1.100", "6.12.107", "7.0.0", "7.1.3", "7.2.0", "7.3.0" };
	unsigned seeds = argc > 2 ? (unsigned)atoi(argv[2]) : 40;
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;

	CHECK(argc > 1 && !p2p_hardware_load(argv[1], &problem, &hardware));
	rows = hardware;
	for (unsigned seed = 0; hardware && seed < seeds; seed++)
		for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++)
			for (int unknowns = 0; unknowns < 2; unknowns++)
				check_machine(releases[i], unknowns, seed * 31 + (unsigned)i);
	p2p_hardware_free(hardware);
	return check_done();
}
