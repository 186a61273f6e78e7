/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces of the NVMe target: the same one has the same subsystem and number. */
#include <string.h>

#include "../base/text.h"
#include "diff-internal.h"

static int order_of(const struct p2p_namespace *a, const struct p2p_namespace *b)
{
	int order = p2p_text_natural(a->subsystem, b->subsystem);

	return order ? order : p2p_text_natural(a->number, b->number);
}

/* The function that p2pmem names by its address; P2P_NOBODY: it names none, or none that is here. */
static int named(const struct p2p_machine *machine, const struct p2p_word *p2pmem)
{
	struct p2p_bdf bdf;

	return p2p_known(p2pmem->fact) && strchr(p2pmem->text, ':') && !p2p_bdf_parse(p2pmem->text, &bdf)
		       ? p2p_machine_find(machine, bdf)
		       : P2P_NOBODY;
}

/* One device, whose address is another one since buses were numbered anew. */
static bool is_same_provider(const struct diff *diff, const struct p2p_namespace *a, const struct p2p_namespace *b)
{
	int before = named(diff->machines[0], &a->p2pmem), after = named(diff->machines[1], &b->p2pmem);

	return before != P2P_NOBODY && after != P2P_NOBODY && diff->match.functions[0][before] == after;
}

static void compare(struct diff *diff, int before, int after)
{
	const struct p2p_namespace *a = &diff->machines[0]->namespaces[before];
	const struct p2p_namespace *b = &diff->machines[1]->namespaces[after];

	for (size_t i = 0; i < p2p_namespace_field_count; i++) {
		const struct p2p_field *field = &p2p_namespace_fields[i];

		if (strcmp(field->id, "nvmet_p2pmem") != 0 || !is_same_provider(diff, a, b))
			diff_field(diff, P2P_CHANGE_OF_NAMESPACE, before, after, field, a, b);
	}
}

/* One that the other side lacks, or of which that is not known. */
static void add_one_sided(struct diff *diff, int side, int index)
{
	const struct p2p_namespace *namespace = &diff->machines[side]->namespaces[index];
	struct p2p_change *change = diff_add(diff, side ? P2P_CHANGE_APPEARED : P2P_CHANGE_VANISHED,
					     P2P_CHANGE_OF_NAMESPACE, side ? P2P_NOBODY : index,
					     side ? index : P2P_NOBODY);
	struct p2p_fact here = { .know = P2P_KNOWN, .origin = P2P_ORIGIN_READ };
	struct p2p_fact there = diff->machines[!side]->nvmet;

	/* The target is there, and this namespace is not. */
	if (p2p_known(there))
		there = (struct p2p_fact){ .know = P2P_ABSENT, .origin = P2P_ORIGIN_READ };
	change->counts = p2p_absent(there);
	*(side ? &change->after_fact : &change->before_fact) = here;
	*(side ? &change->before_fact : &change->after_fact) = there;
	*(side ? &change->after_text : &change->before_text) =
		p2p_known(namespace->device_path.fact) ? namespace->device_path.text : "";
}

void diff_namespaces(struct diff *diff)
{
	const struct p2p_machine *a = diff->machines[0], *b = diff->machines[1];

	/* Both are sorted. */
	for (size_t i = 0, j = 0; i < a->namespace_count || j < b->namespace_count;) {
		int order = i == a->namespace_count   ? 1
			    : j == b->namespace_count ? -1
						      : order_of(&a->namespaces[i], &b->namespaces[j]);

		if (!order)
			compare(diff, (int)i, (int)j);
		else
			add_one_sided(diff, order > 0, (int)(order > 0 ? j : i));
		i += order <= 0;
		j += order >= 0;
	}
}
