/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is different: facts of the host, of host bridges and functions that are
 * on both sides, and functions that are not.
 */
#include <stdlib.h>
#include <string.h>

#include "diff-internal.h"

static struct p2p_fact fact_of(bool there)
{
	return (struct p2p_fact){ .know = there ? P2P_KNOWN : P2P_ABSENT, .origin = P2P_ORIGIN_READ };
}

/* The field's value on one side; NULL when it is not KNOWN. */
static const char *text_of(struct diff *diff, const struct p2p_field *field, const void *object)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (!p2p_known(p2p_field_fact(field, object)))
		return NULL;
	p2p_field_format(field, object, &text);
	const char *kept = p2p_arena_strdup(diff->arena, p2p_buf_text(&text));

	p2p_buf_free(&text);
	return kept;
}

/* A fact of an object that both sides have; indices of a host are P2P_NOBODY. */
static struct p2p_change *add_fact(struct diff *diff, enum p2p_change_of of, int before, int after,
				   const struct p2p_field *field, enum p2p_compared compared)
{
	struct p2p_change *change = diff_add(diff, P2P_CHANGE_FACT, of, before, after);

	change->field = field;
	change->counts = compared == P2P_DIFFERS;
	return change;
}

struct p2p_change *diff_field(struct diff *diff, enum p2p_change_of of, int before, int after,
			      const struct p2p_field *field, const void *a, const void *b)
{
	enum p2p_compared compared = p2p_field_compare(field, a, b);

	if (compared == P2P_SAME)
		return NULL;
	struct p2p_change *change = add_fact(diff, of, before, after, field, compared);

	change->before_fact = p2p_field_fact(field, a);
	change->after_fact = p2p_field_fact(field, b);
	change->before_text = text_of(diff, field, a);
	change->after_text = text_of(diff, field, b);
	return change;
}

static bool is_left_out(const struct diff *diff, const struct p2p_field *field)
{
	return field->flags & P2P_FIELD_APART || (field->flags & P2P_FIELD_MOMENT && !diff->options->moments);
}

/* Where the modes of functions differ, theirs are what changed. */
static bool is_mixed(const struct p2p_word *mode)
{
	return p2p_known(mode->fact) && !strcmp(mode->text, "mixed");
}

static void compare_hosts(struct diff *diff)
{
	bool mixed = is_mixed(&diff->machines[0]->host.iommu_mode) || is_mixed(&diff->machines[1]->host.iommu_mode);

	for (size_t i = 0; i < p2p_host_field_count; i++)
		if (!is_left_out(diff, &p2p_host_fields[i]) &&
		    !(mixed && !strcmp(p2p_host_fields[i].id, "iommu_mode")))
			diff_field(diff, P2P_CHANGE_OF_HOST, P2P_NOBODY, P2P_NOBODY, &p2p_host_fields[i],
				      &diff->machines[0]->host, &diff->machines[1]->host);
}

/* ----------------------------------------------------------- host bridges */

/* The next member from `at` on that the other side's host bridge has too. */
static size_t next_common(const struct diff *diff, int side, const struct p2p_hostbridge *hostbridge, size_t at)
{
	const struct p2p_machine *here = diff->machines[side], *there = diff->machines[!side];
	int number = (int)(hostbridge - here->hostbridges);

	for (; at < hostbridge->member_count; at++) {
		int own = hostbridge->members[at], other = diff->match.functions[side][own];
		int home = other == P2P_NOBODY ? P2P_NOBODY : there->functions[other].hostbridge;

		/* One whose own path does not say so counts for nothing. */
		if (here->functions[own].hostbridge == number && home != P2P_NOBODY &&
		    diff->match.hostbridges[!side][home] == number)
			break;
	}
	return at;
}

bool diff_order_same(const struct diff *diff, int before, int after)
{
	const struct p2p_hostbridge *a = &diff->machines[0]->hostbridges[before];
	const struct p2p_hostbridge *b = &diff->machines[1]->hostbridges[after];
	size_t i = 0, j = 0;

	for (;;) {
		i = next_common(diff, 0, a, i);
		j = next_common(diff, 1, b, j);
		if (i == a->member_count || j == b->member_count)
			return true;
		if (diff->match.functions[0][a->members[i]] != b->members[j])
			return false;
		i++;
		j++;
	}
}

/* Enough to see who is first. */
#define ORDER_SHOWN 8

static const char *order_text(struct diff *diff, int side, const struct p2p_hostbridge *hostbridge)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < hostbridge->member_count && i < ORDER_SHOWN; i++) {
		unsigned devfn = diff->machines[side]->functions[hostbridge->members[i]].bdf.devfn;

		p2p_buf_printf(&text, "%s%02x.%u", i ? " " : "", devfn >> 3, devfn & 7);
	}
	if (hostbridge->member_count > ORDER_SHOWN)
		p2p_buf_puts(&text, " ...");
	const char *kept = p2p_arena_strdup(diff->arena, p2p_buf_text(&text));

	p2p_buf_free(&text);
	return kept;
}

/* An order of addresses, because the kernel's was not recorded, is no more than a guess. */
static bool order_known(const struct p2p_hostbridge *hostbridge)
{
	return p2p_known(hostbridge->order) && hostbridge->order.origin == P2P_ORIGIN_READ;
}

static void compare_order(struct diff *diff, int before, int after, const struct p2p_field *field)
{
	const struct p2p_hostbridge *a = &diff->machines[0]->hostbridges[before];
	const struct p2p_hostbridge *b = &diff->machines[1]->hostbridges[after];
	bool both = order_known(a) && order_known(b);

	if (both ? diff_order_same(diff, before, after) : order_known(a) == order_known(b))
		return;
	struct p2p_change *change =
		add_fact(diff, P2P_CHANGE_OF_HOSTBRIDGE, before, after, field, both ? P2P_DIFFERS : P2P_ONE_SIDED);

	change->before_fact = a->order;
	change->after_fact = b->order;
	change->before_text = p2p_known(a->order) ? order_text(diff, 0, a) : NULL;
	change->after_text = p2p_known(b->order) ? order_text(diff, 1, b) : NULL;
}

static void compare_hostbridges(struct diff *diff)
{
	for (size_t i = 0; i < diff->machines[0]->hostbridge_count; i++) {
		int other = diff->match.hostbridges[0][i];

		for (size_t j = 0; other != P2P_NOBODY && j < p2p_hostbridge_field_count; j++) {
			const struct p2p_field *field = &p2p_hostbridge_fields[j];

			if (!strcmp(field->id, "order"))
				compare_order(diff, (int)i, other, field);
			else
				diff_field(diff, P2P_CHANGE_OF_HOSTBRIDGE, (int)i, other, field,
					      &diff->machines[0]->hostbridges[i],
					      &diff->machines[1]->hostbridges[other]);
		}
	}
}

/* ----------------------------------------------------------- IOMMU groups */

/*
 * The kernel numbers groups as it finds devices, so a number says nothing:
 * group 7 is what group 5 was when those of its functions say so that are the
 * first to speak, and those whose number has stayed speak first.
 */
struct groups {
	struct group {
		uint32_t before, after;
	} *list; /* by `before`: what it is called now */
	size_t count;
	uint32_t *taken; /* names after, sorted */
	size_t taken_count;
};

static int number_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static struct group *group_find(const struct groups *groups, uint32_t before)
{
	return bsearch(&before, groups->list, groups->count, sizeof(*groups->list), number_order);
}

static bool *group_taken(const struct groups *groups, bool *taken, uint32_t after)
{
	uint32_t *at = bsearch(&after, groups->taken, groups->taken_count, sizeof(*groups->taken), number_order);

	return &taken[at - groups->taken];
}

#define GROUP_NONE UINT32_MAX

static bool both_grouped(const struct diff *diff, size_t before)
{
	int other = diff->match.functions[0][before];

	return other != P2P_NOBODY && p2p_known(diff->machines[0]->functions[before].iommu_group.fact) &&
	       p2p_known(diff->machines[1]->functions[other].iommu_group.fact);
}

static uint32_t group_after(const struct diff *diff, size_t before)
{
	return (uint32_t)diff->machines[1]->functions[diff->match.functions[0][before]].iommu_group.value;
}

static void groups_claim(const struct diff *diff, struct groups *groups, bool *taken, bool stayed)
{
	for (size_t i = 0; i < diff->machines[0]->function_count; i++) {
		if (!both_grouped(diff, i))
			continue;
		uint32_t before = (uint32_t)diff->machines[0]->functions[i].iommu_group.value;
		uint32_t after = group_after(diff, i);
		struct group *group = group_find(groups, before);
		bool *is_taken = group_taken(groups, taken, after);

		if (group->after != GROUP_NONE || *is_taken || (stayed && before != after))
			continue;
		group->after = after;
		*is_taken = true;
	}
}

/* The list of what groups are called now, in the diff's arena. */
static void groups_make(struct diff *diff, struct groups *groups)
{
	size_t functions = diff->machines[0]->function_count, kept = 0;

	groups->list = p2p_arena_array(diff->arena, functions, sizeof(*groups->list));
	groups->taken = p2p_arena_array(diff->arena, functions, sizeof(*groups->taken));
	bool *taken = p2p_arena_array(diff->arena, functions, sizeof(*taken));

	for (size_t i = 0; i < functions; i++) {
		if (!both_grouped(diff, i))
			continue;
		groups->list[groups->count++] = (struct group){
			(uint32_t)diff->machines[0]->functions[i].iommu_group.value, GROUP_NONE
		};
		groups->taken[groups->taken_count++] = group_after(diff, i);
	}
	if (!groups->count)
		return;
	qsort(groups->list, groups->count, sizeof(*groups->list), number_order);
	qsort(groups->taken, groups->taken_count, sizeof(*groups->taken), number_order);
	for (size_t i = 0; i < groups->count; i++)
		if (!i || groups->list[i].before != groups->list[i - 1].before)
			groups->list[kept++] = groups->list[i];
	groups->count = kept;
	kept = 0;
	for (size_t i = 0; i < groups->taken_count; i++)
		if (!i || groups->taken[i] != groups->taken[i - 1])
			groups->taken[kept++] = groups->taken[i];
	groups->taken_count = kept;
	groups_claim(diff, groups, taken, true);
	groups_claim(diff, groups, taken, false);
}

static bool is_iommu_toggled(const struct diff *diff)
{
	const struct p2p_number *a = &diff->machines[0]->host.iommu_groups, *b = &diff->machines[1]->host.iommu_groups;

	return p2p_known(a->fact) && p2p_known(b->fact) && !a->value != !b->value;
}

/* -------------------------------------------------------------- functions */

/* Both machines' groups, and whether the host's own lines already tell it. */
struct context {
	struct groups groups;
	bool toggled;
};

static void compare_group(struct diff *diff, const struct context *context, const struct p2p_field *field, int before,
			  int after)
{
	const struct p2p_function *a = &diff->machines[0]->functions[before];
	const struct p2p_function *b = &diff->machines[1]->functions[after];

	if (both_grouped(diff, (size_t)before)) {
		const struct group *group = group_find(&context->groups, (uint32_t)a->iommu_group.value);

		if (group->after == (uint32_t)b->iommu_group.value)
			return;
		struct p2p_change *change =
			add_fact(diff, P2P_CHANGE_OF_FUNCTION, before, after, field, P2P_DIFFERS);

		change->before_fact = a->iommu_group.fact;
		change->after_fact = b->iommu_group.fact;
		change->before_text = text_of(diff, field, a);
		change->after_text = text_of(diff, field, b);
		return;
	}
	if (!context->toggled)
		diff_field(diff, P2P_CHANGE_OF_FUNCTION, before, after, field, a, b);
}

static void compare_children(struct diff *diff, const struct p2p_field *field, int before, int after)
{
	const struct p2p_function *a = &diff->machines[0]->functions[before];
	const struct p2p_function *b = &diff->machines[1]->functions[after];
	enum p2p_compared compared = p2p_children_compare(a->children, diff->machines[0]->child_kinds, b->children,
							  diff->machines[1]->child_kinds);

	if (compared == P2P_SAME)
		return;
	struct p2p_change *change = add_fact(diff, P2P_CHANGE_OF_FUNCTION, before, after, field, compared);

	change->before_fact = fact_of(a->children);
	change->after_fact = fact_of(b->children);
	if (compared == P2P_ONE_SIDED)
		*(a->children ? &change->after_fact : &change->before_fact) = (struct p2p_fact){ 0 };
	change->before_text = a->children ? text_of(diff, field, a) : NULL;
	change->after_text = b->children ? text_of(diff, field, b) : NULL;
}

/* A function's domain type where all changed alike is the host's. */
static bool is_hosts_mode(const struct diff *diff, const struct p2p_function *a, const struct p2p_function *b)
{
	const struct p2p_word *before = &diff->machines[0]->host.iommu_mode;
	const struct p2p_word *after = &diff->machines[1]->host.iommu_mode;

	return p2p_known(before->fact) && p2p_known(after->fact) && p2p_known(a->iommu_type.fact) &&
	       p2p_known(b->iommu_type.fact) && !strcmp(before->text, a->iommu_type.text) &&
	       !strcmp(after->text, b->iommu_type.text);
}

static void note_link(struct diff *diff, struct p2p_change *change)
{
	enum p2p_link_state before = p2p_link_state(diff->machines[0], change->before);
	enum p2p_link_state after = p2p_link_state(diff->machines[1], change->after);

	if (after == P2P_LINK_DEGRADED && before != P2P_LINK_DEGRADED && before != P2P_LINK_UNKNOWN)
		change->link = P2P_CHANGE_LINK_DEGRADED;
	if (before == P2P_LINK_DEGRADED && after != P2P_LINK_DEGRADED && after != P2P_LINK_UNKNOWN)
		change->link = P2P_CHANGE_LINK_MENDED;
}

/* Another device has other facts: only those that answers depend on are worth a line, and its link. */
static bool is_of_replaced(const struct p2p_field *field)
{
	return !(field->flags & P2P_FIELD_IDENTITY) && (field->group != P2P_GROUP_NONE || !strcmp(field->id, "link"));
}

static void compare_function(struct diff *diff, const struct context *context, int before, int after)
{
	const struct p2p_function *a = &diff->machines[0]->functions[before];
	const struct p2p_function *b = &diff->machines[1]->functions[after];
	bool replaced = diff->match.how[before] == DIFF_REPLACED;

	for (size_t i = 0; i < p2p_function_field_count; i++) {
		const struct p2p_field *field = &p2p_function_fields[i];

		if (replaced && !is_of_replaced(field))
			continue;
		if (!strcmp(field->id, "iommu_group"))
			compare_group(diff, context, field, before, after);
		else if (!strcmp(field->id, "children"))
			compare_children(diff, field, before, after);
		if (is_left_out(diff, field) || (!strcmp(field->id, "iommu_type") && is_hosts_mode(diff, a, b)))
			continue;
		struct p2p_change *change =
			diff_field(diff, P2P_CHANGE_OF_FUNCTION, before, after, field, a, b);

		if (change && !strcmp(field->id, "link"))
			note_link(diff, change);
	}
}

static const char *path_of(struct diff *diff, int side, int index)
{
	struct p2p_buf path = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	if (p2p_function_path(diff->machines[side], index, &path))
		p2p_buf_puts(&path, p2p_bdf_format(diff->machines[side]->functions[index].bdf, true, address));
	const char *kept = p2p_arena_strdup(diff->arena, p2p_buf_text(&path));

	p2p_buf_free(&path);
	return kept;
}

static const char *identity_text(struct diff *diff, const struct p2p_function *function)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "%04x:%04x", (unsigned)function->vendor.value, (unsigned)function->device.value);
	if (p2p_known(function->subvendor.fact) && p2p_known(function->subdevice.fact))
		p2p_buf_printf(&text, " (%04x:%04x)", (unsigned)function->subvendor.value,
			       (unsigned)function->subdevice.value);
	if (p2p_known(function->serial.fact))
		p2p_buf_printf(&text, " %s", function->serial.text);
	const char *kept = p2p_arena_strdup(diff->arena, p2p_buf_text(&text));

	p2p_buf_free(&text);
	return kept;
}

/* It is no longer there, or was not there before. */
static void add_one_sided(struct diff *diff, int side, int index)
{
	const struct p2p_edge *under = &diff->machines[side]->functions[index].under;
	struct p2p_change *change = diff_add(diff, side ? P2P_CHANGE_APPEARED : P2P_CHANGE_VANISHED,
					     P2P_CHANGE_OF_FUNCTION, side ? P2P_NOBODY : index,
					     side ? index : P2P_NOBODY);

	*(side ? &change->after_text : &change->before_text) = path_of(diff, side, index);
	change->before_fact = fact_of(!side);
	change->after_fact = fact_of(side);
	change->within = p2p_known(under->fact) && diff->match.functions[side][under->to] == P2P_NOBODY;
}

static void add_match(struct diff *diff, const struct p2p_field *place, int before, int after)
{
	const struct p2p_function *a = &diff->machines[0]->functions[before];
	const struct p2p_function *b = &diff->machines[1]->functions[after];
	struct p2p_change *change = NULL;

	switch (diff->match.how[before]) {
	case DIFF_MOVED:
		change = diff_add(diff, P2P_CHANGE_MOVED, P2P_CHANGE_OF_FUNCTION, before, after);
		change->before_fact = change->after_fact = fact_of(true);
		change->before_text = path_of(diff, 0, before);
		change->after_text = path_of(diff, 1, after);
		break;
	case DIFF_REPLACED:
		change = diff_add(diff, P2P_CHANGE_REPLACED, P2P_CHANGE_OF_FUNCTION, before, after);
		change->before_fact = change->after_fact = fact_of(true);
		change->before_text = identity_text(diff, a);
		change->after_text = identity_text(diff, b);
		break;
	case DIFF_ADDRESS:
		if ((a->under.fact.know == P2P_UNKNOWN) == (b->under.fact.know == P2P_UNKNOWN))
			break;
		change = add_fact(diff, P2P_CHANGE_OF_FUNCTION, before, after, place, P2P_ONE_SIDED);
		change->before_fact = a->under.fact;
		change->after_fact = b->under.fact;
		change->before_text = a->under.fact.know ? path_of(diff, 0, before) : NULL;
		change->after_text = b->under.fact.know ? path_of(diff, 1, after) : NULL;
		break;
	default:
		break;
	}
}

void diff_facts(struct diff *diff)
{
	struct context context = { .toggled = is_iommu_toggled(diff) };
	const struct p2p_field *place = p2p_function_fields;

	while (strcmp(place->id, "place") != 0)
		place++;
	groups_make(diff, &context.groups);
	compare_hosts(diff);
	compare_hostbridges(diff);
	for (size_t i = 0; i < diff->machines[0]->function_count; i++) {
		int other = diff->match.functions[0][i];

		if (other == P2P_NOBODY) {
			add_one_sided(diff, 0, (int)i);
			continue;
		}
		add_match(diff, place, (int)i, other);
		compare_function(diff, &context, (int)i, other);
	}
	for (size_t i = 0; i < diff->machines[1]->function_count; i++)
		if (diff->match.functions[1][i] == P2P_NOBODY)
			add_one_sided(diff, 1, (int)i);
}
