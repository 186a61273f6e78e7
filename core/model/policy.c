/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <string.h>

#include "../base/text.h"

#define PCI_BASE_CLASS_BRIDGE 0x06

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

static enum p2p_answer answer_of(bool yes)
{
	return yes ? P2P_YES : P2P_NO;
}

/* Of a fact: what `yes` says of a known one; one that is not there is no match. */
static enum p2p_answer answer_by(struct p2p_fact fact, bool yes)
{
	return p2p_known(fact) ? answer_of(yes) : p2p_absent(fact) ? P2P_NO : P2P_MAYBE;
}

static enum p2p_answer is_slot(const struct p2p_machine *machine, int index, const char *slot)
{
	struct p2p_buf path = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];
	const char *last;

	/* Most end otherwise, which is cheaper to see than the whole path. */
	p2p_bdf_format(machine->functions[index].bdf, true, address);
	last = strrchr(address, ':') + 1;
	if (strlen(slot) < strlen(last) || strcmp(slot + strlen(slot) - strlen(last), last) != 0)
		return P2P_NO;
	if (p2p_function_path(machine, index, &path))
		return P2P_MAYBE;
	bool is = !strcmp(p2p_buf_text(&path), slot);

	p2p_buf_free(&path);
	return answer_of(is);
}

static enum p2p_answer is_word(struct p2p_word word, const char *text)
{
	return answer_by(word.fact, p2p_known(word.fact) && !strcmp(word.text, text));
}

static enum p2p_answer is_number(struct p2p_number number, uint64_t mask, uint64_t value)
{
	return answer_by(number.fact, (number.value & mask) == value);
}

bool p2p_policy_may_mean(const struct p2p_function *function)
{
	return !p2p_function_is_bridge(function) &&
	       !(p2p_known(function->class.fact) && function->class.value >> 16 == PCI_BASE_CLASS_BRIDGE);
}

enum p2p_answer p2p_selector_answer(const struct p2p_selector *selector, const struct p2p_machine *machine, int index)
{
	const struct p2p_function *function = &machine->functions[index];
	enum p2p_answer answer = answer_of(p2p_policy_may_mean(function));

	if (selector->has_vendor)
		answer = p2p_answer_and(answer, is_number(function->vendor, 0xffff, selector->vendor));
	if (selector->has_device)
		answer = p2p_answer_and(answer, is_number(function->device, 0xffff, selector->device));
	if (selector->has_class)
		answer = p2p_answer_and(answer, is_number(function->class, selector->class_mask, selector->class));
	if (selector->has_node)
		answer = p2p_answer_and(answer, answer_by(function->numa_node.fact,
							  function->numa_node.value == selector->node));
	if (selector->driver)
		answer = p2p_answer_and(answer, is_word(function->driver, selector->driver));
	if (selector->serial)
		answer = p2p_answer_and(answer, is_word(function->serial, selector->serial));
	/* These take longer: only where they can change anything. */
	if (selector->address && answer != P2P_NO)
		answer = p2p_answer_and(answer, answer_of(is_address(machine, index, selector->address)));
	if (selector->slot && answer != P2P_NO)
		answer = p2p_answer_and(answer, is_slot(machine, index, selector->slot));
	return answer;
}

bool p2p_selector_match(const struct p2p_selector *selector, const struct p2p_machine *machine, int index)
{
	return p2p_selector_answer(selector, machine, index) == P2P_YES;
}

enum p2p_answer p2p_selectors_answer(const struct p2p_selectors *selectors, const struct p2p_machine *machine,
				     int index)
{
	enum p2p_answer answer = answer_of(!selectors->count && p2p_policy_may_mean(&machine->functions[index]));

	for (size_t i = 0; i < selectors->count && answer != P2P_YES; i++) {
		enum p2p_answer one = p2p_selector_answer(&selectors->list[i], machine, index);

		answer = one == P2P_NO ? answer : one;
	}
	return answer;
}

bool p2p_selectors_match(const struct p2p_selectors *selectors, const struct p2p_machine *machine, int index)
{
	return p2p_selectors_answer(selectors, machine, index) == P2P_YES;
}

/* ------------------------------------------------------- what covers what */

/* Given in `a`: then in `b` too, and the same. */
static bool text_covers(const char *a, const char *b)
{
	return !a || (b && !strcmp(a, b));
}

static bool selector_covers(const struct p2p_selector *a, const struct p2p_selector *b)
{
	if (a->has_vendor && !(b->has_vendor && b->vendor == a->vendor))
		return false;
	if (a->has_device && !(b->has_device && b->device == a->device))
		return false;
	if (a->has_class && !(b->has_class && (b->class_mask & a->class_mask) == a->class_mask &&
			      (b->class & a->class_mask) == a->class))
		return false;
	if (a->has_node && !(b->has_node && b->node == a->node))
		return false;
	return text_covers(a->driver, b->driver) && text_covers(a->serial, b->serial) &&
	       text_covers(a->address, b->address) && text_covers(a->slot, b->slot);
}

static bool selectors_cover(const struct p2p_selectors *a, const struct p2p_selectors *b)
{
	if (!a->count || !b->count)
		return !a->count;
	for (size_t i = 0; i < b->count; i++) {
		bool covered = false;

		for (size_t j = 0; j < a->count && !covered; j++)
			covered = selector_covers(&a->list[j], &b->list[i]);
		if (!covered)
			return false;
	}
	return true;
}

/*
 * A pattern without ? that fits the other as a text has a * wherever the other
 * has a * or a ?, so it fits whatever these stand for.
 */
static bool pattern_covers(const char *a, const char *b)
{
	return !strcmp(a, b) || ((!strchr(a, '?') || !strpbrk(b, "*?")) && p2p_text_glob(a, b));
}

bool p2p_patterns_cover(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
	if (!a_count || !b_count)
		return !a_count;
	for (size_t i = 0; i < b_count; i++) {
		bool covered = false;

		for (size_t j = 0; j < a_count && !covered; j++)
			covered = pattern_covers(a[j], b[i]);
		if (!covered)
			return false;
	}
	return true;
}

/* Two that meet at a switch have a root port in common, and a host bridge; of nodes that says nothing. */
static bool within_covers(enum p2p_within a, enum p2p_within b)
{
	return a == b || a == P2P_WITHIN_SYSTEM || (a != P2P_WITHIN_NODE && b != P2P_WITHIN_NODE && b > a);
}

bool p2p_rule_covers(const struct p2p_policy_rule *a, const struct p2p_policy_rule *b)
{
	return within_covers(a->within, b->within) &&
	       p2p_patterns_cover(a->hosts, a->host_count, b->hosts, b->host_count) &&
	       selectors_cover(&a->providers, &b->providers) && selectors_cover(&a->clients, &b->clients);
}

bool p2p_nvmet_covers(const struct p2p_nvmet_wish *a, const struct p2p_nvmet_wish *b)
{
	return text_covers(a->namespace, b->namespace) &&
	       p2p_patterns_cover(a->hosts, a->host_count, b->hosts, b->host_count) &&
	       p2p_patterns_cover(&a->subsystem, 1, &b->subsystem, 1);
}

const char *p2p_redirect_name(enum p2p_redirect_wish redirect)
{
	static const char *const names[] = { "leave", "off", "on" };

	return names[redirect];
}

const char *p2p_by_name(enum p2p_wish_by by)
{
	static const char *const names[] = { "boot", "runtime" };

	return names[by];
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
