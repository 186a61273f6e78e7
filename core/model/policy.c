/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <string.h>

void p2p_policy_free(struct p2p_policy *policy)
{
	if (policy)
		p2p_arena_free(policy->arena);
}

static bool is_address(const struct p2p_machine *machine, int index, const char *address)
{
	char text[P2P_BDF_TEXT];

	return !strcmp(p2p_bdf_format(machine->functions[index].bdf, true, text), address);
}

static bool is_slot(const struct p2p_machine *machine, int index, const char *slot)
{
	struct p2p_buf path = P2P_BUF_INIT;
	bool is = !p2p_function_path(machine, index, &path) && !strcmp(p2p_buf_text(&path), slot);

	p2p_buf_free(&path);
	return is;
}

static bool is_word(struct p2p_word word, const char *text)
{
	return p2p_known(word.fact) && !strcmp(word.text, text);
}

static bool is_number(struct p2p_number number, uint64_t mask, uint64_t value)
{
	return p2p_known(number.fact) && (number.value & mask) == value;
}

bool p2p_selector_match(const struct p2p_selector *selector, const struct p2p_machine *machine, int index)
{
	const struct p2p_function *function = &machine->functions[index];

	if (p2p_function_is_bridge(function))
		return false;
	if (selector->has_vendor && !is_number(function->vendor, 0xffff, selector->vendor))
		return false;
	if (selector->has_device && !is_number(function->device, 0xffff, selector->device))
		return false;
	if (selector->has_class && !is_number(function->class, selector->class_mask, selector->class))
		return false;
	if (selector->has_node && !(p2p_known(function->numa_node.fact) && function->numa_node.value == selector->node))
		return false;
	if (selector->driver && !is_word(function->driver, selector->driver))
		return false;
	if (selector->serial && !is_word(function->serial, selector->serial))
		return false;
	if (selector->address && !is_address(machine, index, selector->address))
		return false;
	return !selector->slot || is_slot(machine, index, selector->slot);
}

bool p2p_selectors_match(const struct p2p_selectors *selectors, const struct p2p_machine *machine, int index)
{
	for (size_t i = 0; i < selectors->count; i++)
		if (p2p_selector_match(&selectors->list[i], machine, index))
			return true;
	return !selectors->count && !p2p_function_is_bridge(&machine->functions[index]);
}

const char *p2p_permit_name(enum p2p_permit permit)
{
	static const char *const names[] = { "unmanaged", "allow", "deny" };

	return names[permit];
}

const char *p2p_within_name(enum p2p_within within)
{
	static const char *const names[] = { "system", "node", "host-bridge", "root-port", "switch" };

	return names[within];
}
