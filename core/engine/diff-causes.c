/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why an answer is another one: the second machine is judged again with some
 * groups of facts as the first one has them.  Each combination that is asked
 * for is made once; a machine differs in few groups.
 */
#include <string.h>

#include "diff-internal.h"

#define BIT DIFF_BIT

struct hybrid {
	unsigned groups;
	struct p2p_machine machine;
	struct p2p_judge *judge;
	struct hybrid *next;
};

struct diff_hybrids {
	struct diff *diff;
	struct p2p_arena *arena;
	unsigned groups;
	struct hybrid *list;
};

/* Which facts a change is about; 0: it is about what is where. */
static unsigned groups_of(const struct p2p_change *change)
{
	if (change->kind == P2P_CHANGE_REPLACED)
		return BIT(P2P_GROUP_ROOT);
	if (change->kind != P2P_CHANGE_FACT || change->field->group == P2P_GROUP_NONE)
		return 0;
	return BIT(change->field->group);
}

struct diff_hybrids *diff_hybrids_new(struct diff *diff)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct diff_hybrids *hybrids = p2p_arena_alloc(arena, sizeof(*hybrids));

	hybrids->diff = diff;
	hybrids->arena = arena;
	for (size_t i = 0; i < diff->change_count; i++)
		hybrids->groups |= groups_of(&diff->changes[i]);
	return hybrids;
}

void diff_hybrids_free(struct diff_hybrids *hybrids)
{
	for (struct hybrid *hybrid = hybrids->list; hybrid; hybrid = hybrid->next)
		p2p_judge_free(hybrid->judge);
	p2p_arena_free(hybrids->arena);
}

unsigned diff_hybrids_groups(const struct diff_hybrids *hybrids)
{
	return hybrids->groups;
}

/* The fields of those groups, from the first machine's struct into the second's. */
static void put_back(const struct p2p_field *fields, size_t count, unsigned groups, const void *from, void *to)
{
	for (size_t i = 0; i < count; i++)
		if (groups & BIT(fields[i].group))
			p2p_field_copy(&fields[i], from, to);
}

static void put_back_functions(struct diff_hybrids *hybrids, struct hybrid *hybrid)
{
	const struct diff *diff = hybrids->diff;
	const struct p2p_machine *before = diff->machines[0], *after = diff->machines[1];
	struct p2p_function *functions =
		p2p_arena_array(hybrids->arena, after->function_count, sizeof(*functions));

	if (after->function_count)
		memcpy(functions, after->functions, after->function_count * sizeof(*functions));
	for (size_t i = 0; i < before->function_count; i++) {
		int other = diff->match.functions[0][i];

		if (other != P2P_NOBODY)
			put_back(p2p_function_fields, p2p_function_field_count, hybrid->groups, &before->functions[i],
				 &functions[other]);
	}
	hybrid->machine.functions = functions;
}

/* Members that both have in the order of the first machine; then those that only the second has. */
static void put_back_order(struct diff_hybrids *hybrids, const struct p2p_hostbridge *from,
			   struct p2p_hostbridge *to, int number)
{
	const struct diff *diff = hybrids->diff;
	int *members = p2p_arena_array(hybrids->arena, from->member_count + to->member_count, sizeof(*members));
	bool *used = p2p_arena_array(hybrids->arena, diff->machines[1]->function_count, sizeof(*used));
	size_t count = 0;

	for (size_t i = 0; i < from->member_count; i++) {
		int other = diff->match.functions[0][from->members[i]];

		if (other == P2P_NOBODY || used[other] || diff->machines[1]->functions[other].hostbridge != number)
			continue;
		members[count++] = other;
		used[other] = true;
	}
	for (size_t i = 0; i < to->member_count; i++)
		if (!used[to->members[i]])
			members[count++] = to->members[i];
	to->members = members;
	to->member_count = count;
	to->order = from->order;
}

static void put_back_hostbridges(struct diff_hybrids *hybrids, struct hybrid *hybrid)
{
	const struct diff *diff = hybrids->diff;
	const struct p2p_machine *after = diff->machines[1];
	struct p2p_hostbridge *hostbridges =
		p2p_arena_array(hybrids->arena, after->hostbridge_count, sizeof(*hostbridges));

	if (after->hostbridge_count)
		memcpy(hostbridges, after->hostbridges, after->hostbridge_count * sizeof(*hostbridges));
	for (size_t i = 0; i < diff->change_count; i++) {
		const struct p2p_change *change = &diff->changes[i];

		if (change->of == P2P_CHANGE_OF_HOSTBRIDGE && groups_of(change) & BIT(P2P_GROUP_ROOT))
			put_back_order(hybrids, &diff->machines[0]->hostbridges[change->before],
				       &hostbridges[change->after], change->after);
	}
	hybrid->machine.hostbridges = hostbridges;
}

#define OF_FUNCTIONS                                                                                                  \
	(BIT(P2P_GROUP_ROOT) | BIT(P2P_GROUP_ACS) | BIT(P2P_GROUP_DRIVER) | BIT(P2P_GROUP_MEMORY) |                    \
	 BIT(P2P_GROUP_CHILDREN))

const struct p2p_judge *diff_hybrid(struct diff_hybrids *hybrids, unsigned groups)
{
	const struct diff *diff = hybrids->diff;

	for (const struct hybrid *hybrid = hybrids->list; hybrid; hybrid = hybrid->next)
		if (hybrid->groups == groups)
			return hybrid->judge;
	struct hybrid *hybrid = p2p_arena_alloc(hybrids->arena, sizeof(*hybrid));

	hybrid->groups = groups;
	hybrid->machine = *diff->machines[1];
	put_back(p2p_host_fields, p2p_host_field_count, groups, &diff->machines[0]->host, &hybrid->machine.host);
	if (groups & OF_FUNCTIONS)
		put_back_functions(hybrids, hybrid);
	if (groups & BIT(P2P_GROUP_ROOT))
		put_back_hostbridges(hybrids, hybrid);
	hybrid->judge = p2p_judge_new(&hybrid->machine, diff->options->hardware);
	hybrid->next = hybrids->list;
	hybrids->list = hybrid;
	return hybrid->judge;
}

unsigned diff_explain(struct diff_hybrids *hybrids, unsigned groups,
		      bool (*same)(void *context, const struct p2p_judge *hybrid), void *context, bool *ret_structure)
{
	unsigned present = hybrids->groups & groups, found = 0;

	*ret_structure = false;
	/* Without which it would not have changed. */
	for (unsigned i = 0; i < P2P_GROUP_COUNT; i++)
		if (present & BIT(i) && same(context, diff_hybrid(hybrids, BIT(i))))
			found |= BIT(i);
	if (found)
		return found;
	if (!present || !same(context, diff_hybrid(hybrids, present))) {
		*ret_structure = true;
		return 0;
	}
	/* Any of several would have done it: those that must all be put back. */
	for (unsigned i = 0; i < P2P_GROUP_COUNT; i++) {
		unsigned fewer = present & ~BIT(i);

		if (present & BIT(i) && fewer && same(context, diff_hybrid(hybrids, fewer)))
			present = fewer;
	}
	return present;
}
