/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hop that no longer redirects costs in isolation.
 *
 * A request that enters a switch through a downstream port with ReqRedir goes
 * up, whatever its address; without it the switch routes it to the sibling
 * that has the address (PCI Express Base Specification, ACS P2P Request
 * Redirect).  The same holds between the functions of one device, and, as far
 * as a root complex routes between its ports, between those.  So whoever is
 * below the port then reaches whoever is below its siblings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge-internal.h"
#include "plan-internal.h"

/* "vfio-pci", "mlx5_vfio_pci", "nvgrace-gpu-vfio-pci": all of them say so.  The others do the same in their way. */
static bool hands_on(const char *driver)
{
	static const char *const names[] = { "pci-stub", "pciback", "xen-pciback", "uio_pci_generic", "igb_uio" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(driver, names[i]))
			return true;
	return strstr(driver, "vfio");
}

/* One number of a list of ids, as sscanf's %x reads it, and the ':' after it. */
static bool next_number(const char **at, uint32_t *ret)
{
	char *end;
	unsigned long value = strtoul(*at, &end, 16);

	if (end == *at)
		return false;
	*ret = (uint32_t)value;
	*at = end;
	return true;
}

/* PCI_ANY_ID is all ones in the words that the ids are kept in. */
static bool is_id(uint32_t id, struct p2p_number number)
{
	return id == UINT32_MAX || !p2p_known(number.fact) || id == number.value;
}

/*
 * Does an entry "VENDOR:DEVICE[:SUBVENDOR[:SUBDEVICE[:CLASS[:MASK]]]]" mean the
 * function?  What is not known of it counts as fitting.  KERNEL:
 * drivers/vfio/pci/vfio_pci.c:vfio_pci_fill_ids, drivers/pci/pci-stub.c:
 * pci_stub_init (sscanf with %x), drivers/pci/pci-driver.c:pci_match_one_device.
 */
static bool entry_means(const char *entry, const struct p2p_function *function)
{
	uint32_t ids[6] = { 0, 0, UINT32_MAX, UINT32_MAX, 0, 0 };
	size_t count = 0;

	for (const char *at = entry; count < 6 && next_number(&at, &ids[count]); at++) {
		count++;
		if (*at != ':')
			break;
	}
	return count >= 2 && is_id(ids[0], function->vendor) && is_id(ids[1], function->device) &&
	       is_id(ids[2], function->subvendor) && is_id(ids[3], function->subdevice) &&
	       (!p2p_known(function->class.fact) || !((ids[4] ^ (uint32_t)function->class.value) & ids[5]));
}

static bool is_in_ids(const char *ids, const struct p2p_function *function)
{
	for (const char *at = ids; *at; at += strcspn(at, ","), at += *at == ',')
		if (entry_means(at, function))
			return true;
	return false;
}

/* The numbers of "0000:03:00.0", "03:00.*" or "03:*.*", -1 for a star; how many there are. */
static size_t hidden_numbers(const char *at, long ret[4])
{
	size_t count = 0;

	while (count < 4) {
		char *end = (char *)at + 1;

		ret[count++] = *at == '*' ? -1 : strtol(at, &end, 16);
		if (end == at || (*end != ':' && *end != '.'))
			break;
		at = end + 1;
	}
	return count;
}

/* "(0000:03:00.0)(04:00.*)"; without a domain it is 0.  KERNEL: drivers/xen/xen-pciback/pci_stub.c:pcistub_init. */
static bool is_hidden(const char *list, struct p2p_bdf bdf)
{
	const long own[4] = { (long)bdf.domain, bdf.bus, bdf.devfn >> 3, bdf.devfn & 7 };

	for (const char *at = strchr(list, '('); at; at = strchr(at + 1, '(')) {
		long numbers[4] = { 0 };
		size_t count = hidden_numbers(at + 1, numbers), skipped = 4 - count;
		bool is = count >= 3 && (count == 4 || !bdf.domain);

		for (size_t i = 0; is && i < count; i++)
			is = numbers[i] < 0 || numbers[i] == own[skipped + i];
		if (is)
			return true;
	}
	return false;
}

static bool is_on_cmdline(const struct p2p_cmdline *cmdline, const struct p2p_function *function)
{
	static const char *const ids[] = { "vfio-pci.ids", "pci-stub.ids" };
	static const char *const hides[] = { "xen-pciback.hide", "pciback.hide" };
	const struct p2p_argument *argument;
	bool found = false;

	for (size_t i = 0; i < 2; i++) {
		size_t at = 0;

		while ((argument = p2p_cmdline_next(cmdline, ids[i], &at)))
			found |= argument->value && is_in_ids(argument->value, function);
		at = 0;
		while ((argument = p2p_cmdline_next(cmdline, hides[i], &at)))
			found |= argument->value && is_hidden(argument->value, function->bdf);
	}
	return found;
}

/* External-facing is a port; what hangs below it is removable.  KERNEL: drivers/pci/probe.c:pci_set_removable. */
static bool is_external(const struct p2p_function *function)
{
	return p2p_known(function->removable.fact) && !strcmp(function->removable.text, "removable");
}

/*
 * It was asked for and failed.  What a snapshot never recorded is another
 * thing: older ones have no driver_override at all, and nothing is changed
 * there.  It refuses nothing, and is told (is_unrecorded).
 */
static bool could_not_be_read(struct p2p_fact fact)
{
	return fact.know == P2P_UNKNOWN && fact.error && fact.error != -ENODATA;
}

/* Who owns it, so that it must not be exposed without being asked? */
static enum p2p_sensitive find_sensitive(struct p2p_planner *planner, int index)
{
	const struct p2p_machine *machine = planner->judge->machine;
	const struct p2p_function *function = &machine->functions[index];

	if (p2p_known(function->driver.fact) && hands_on(function->driver.text))
		return P2P_SENSITIVE_VFIO;
	if (p2p_known(function->driver_override.fact) && hands_on(function->driver_override.text))
		return P2P_SENSITIVE_OVERRIDE;
	if (is_on_cmdline(&planner->cmdline, function))
		return P2P_SENSITIVE_IDS;
	if (is_external(function))
		return P2P_SENSITIVE_EXTERNAL;
	if (function->driver.fact.know == P2P_UNKNOWN || could_not_be_read(function->driver_override.fact) ||
	    could_not_be_read(function->removable.fact) || could_not_be_read(machine->host.cmdline.fact))
		return P2P_SENSITIVE_UNKNOWN;
	return P2P_SENSITIVE_NOT;
}

static bool is_below(const struct p2p_judge *judge, int index, int port)
{
	while (index != P2P_NOBODY && index != port)
		index = p2p_up(judge, index);
	return index != P2P_NOBODY;
}

/*
 * Below the same bridge as the port, or on its root bus, but not below the port
 * itself.  What may be anywhere may be there.
 */
static bool is_beside(const struct p2p_judge *judge, int index, int port)
{
	const struct p2p_function *functions = judge->machine->functions;
	int parent = p2p_up(judge, port);

	if (!judge->functions[index].placed)
		return true;
	if (parent != P2P_NOBODY)
		return index != parent && is_below(judge, index, parent);
	return functions[index].hostbridge == functions[port].hostbridge;
}

static void expose(struct p2p_planner *planner, const int *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int index = list[i];

		if (!planner->sensitive_known[index]) {
			planner->sensitive[index] = find_sensitive(planner, index);
			planner->sensitive_known[index] = true;
		}
		if (planner->sensitive[index])
			planner->exposed[planner->exposed_count++] = (struct p2p_exposed){
				index, planner->sensitive[index], planner->accepted[index] };
	}
}

/* Nobody asked whether it has an owner, or will have: a live source always does. */
static bool is_unrecorded(struct p2p_planner *planner, int index)
{
	const struct p2p_machine *machine = planner->judge->machine;
	const struct p2p_function *function = &machine->functions[index];
	const struct p2p_fact facts[] = { function->driver_override.fact, function->removable.fact,
					  machine->host.cmdline.fact };

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (facts[i].know == P2P_UNKNOWN && facts[i].error == -ENODATA)
			return !find_sensitive(planner, index);
	return false;
}

static void find_unrecorded(struct p2p_planner *planner, const int *list, size_t count, int *ret, size_t *ret_count)
{
	for (size_t i = 0; i < count; i++)
		if (is_unrecorded(planner, list[i]))
			ret[(*ret_count)++] = list[i];
}

static void *copy(struct p2p_arena *arena, const void *list, size_t count, size_t each)
{
	void *ret = p2p_arena_array(arena, count, each);

	if (count)
		memcpy(ret, list, count * each);
	return ret;
}

/* Whether all that could be beside the port is near it: else everything is looked at. */
static const int *candidates(const struct p2p_planner *planner, int port, size_t *ret_count)
{
	*ret_count = planner->judge->machine->function_count;
	if (p2p_up(planner->judge, port) == P2P_NOBODY || planner->any_unplaced)
		return NULL;
	return p2p_judge_near(planner->judge, port, ret_count);
}

void p2p_plan_price(struct p2p_planner *planner, int port, struct p2p_price *ret)
{
	const struct p2p_judge *judge = planner->judge;
	struct p2p_price price = { .port = port };
	int *from = planner->from, *to = planner->to;
	size_t count;
	const int *near = candidates(planner, port, &count);

	for (size_t i = 0; i < count; i++) {
		int index = near ? near[i] : (int)i;

		if (p2p_function_is_bridge(&judge->machine->functions[index]))
			continue;
		if (is_below(judge, index, port))
			from[price.from_count++] = index;
		else if (is_beside(judge, index, port))
			to[price.to_count++] = index;
	}
	planner->exposed_count = 0;
	if (price.from_count && price.to_count) {
		expose(planner, from, price.from_count);
		expose(planner, to, price.to_count);
		int *unrecorded =
			p2p_arena_array(planner->arena, price.from_count + price.to_count, sizeof(*unrecorded));

		find_unrecorded(planner, from, price.from_count, unrecorded, &price.unrecorded_count);
		find_unrecorded(planner, to, price.to_count, unrecorded, &price.unrecorded_count);
		price.unrecorded = unrecorded;
	}
	price.from = copy(planner->arena, from, price.from_count, sizeof(*from));
	price.to = copy(planner->arena, to, price.to_count, sizeof(*to));
	price.exposed_count = planner->exposed_count;
	price.exposed = copy(planner->arena, planner->exposed, price.exposed_count, sizeof(*price.exposed));
	for (size_t i = 0; i < price.exposed_count; i++)
		price.refused |= !price.exposed[i].accepted;
	*ret = price;
}
