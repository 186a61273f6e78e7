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
#include <stdio.h>
#include <string.h>

#include "plan.h"

/* "vfio-pci", "mlx5_vfio_pci", "nvgrace-gpu-vfio-pci": all of them say so. */
static bool is_vfio(const char *driver)
{
	return strstr(driver, "vfio");
}

/* Is the function one of "vfio-pci.ids=10de:2330,8086:1572:ffff:ffff"?  KERNEL: drivers/vfio/pci/vfio_pci.c. */
static bool is_named(const struct p2p_function *function, const char *ids)
{
	char id[16];

	if (!p2p_known(function->vendor.fact) || !p2p_known(function->device.fact))
		return false;
	int length = snprintf(id, sizeof(id), "%04x:%04x", (unsigned)function->vendor.value,
			      (unsigned)function->device.value);

	for (const char *at = ids; *at && *at != ' '; at += strcspn(at, ", "), at += *at == ',')
		if (!strncasecmp(at, id, (size_t)length))
			return true;
	return false;
}

/* The kernel takes - and _ in a parameter's name for the same (kernel/params.c:parameqn). */
static bool is_parameter(const char *word)
{
	static const char name[] = "vfio_pci.ids=";

	for (size_t i = 0; i < sizeof(name) - 1; i++)
		if (word[i] != name[i] && !(word[i] == '-' && name[i] == '_'))
			return false;
	return true;
}

static bool is_on_cmdline(const struct p2p_machine *machine, const struct p2p_function *function)
{
	if (!p2p_known(machine->host.cmdline.fact))
		return false;
	for (const char *at = machine->host.cmdline.text; *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (is_parameter(at) && is_named(function, at + strlen("vfio_pci.ids=")))
			return true;
	return false;
}

/* External-facing is a port; what hangs below it is removable.  KERNEL: drivers/pci/probe.c:pci_set_removable. */
static bool is_external(const struct p2p_function *function)
{
	return p2p_known(function->removable.fact) && !strcmp(function->removable.text, "removable");
}

enum p2p_sensitive p2p_function_sensitive(const struct p2p_machine *machine, int index)
{
	const struct p2p_function *function = &machine->functions[index];

	if (p2p_known(function->driver.fact) && is_vfio(function->driver.text))
		return P2P_SENSITIVE_VFIO;
	if (p2p_known(function->driver_override.fact) && is_vfio(function->driver_override.text))
		return P2P_SENSITIVE_OVERRIDE;
	if (is_on_cmdline(machine, function))
		return P2P_SENSITIVE_IDS;
	if (is_external(function))
		return P2P_SENSITIVE_EXTERNAL;
	if (!p2p_known(function->driver.fact) && !p2p_absent(function->driver.fact))
		return P2P_SENSITIVE_UNKNOWN;
	return P2P_SENSITIVE_NOT;
}

/* The function above on the kernel's walk, a VF's being its PF. */
static int up_of(const struct p2p_machine *machine, int index)
{
	const struct p2p_edge *up = &machine->functions[index].up;

	return p2p_known(up->fact) ? up->to : P2P_NOBODY;
}

static bool is_below(const struct p2p_machine *machine, int index, int port)
{
	for (size_t steps = 0; index != P2P_NOBODY && steps <= machine->function_count; steps++) {
		if (index == port)
			return true;
		index = up_of(machine, index);
	}
	return false;
}

/* Below the same bridge as the port, or on its root bus, but not below the port itself. */
static bool is_beside(const struct p2p_machine *machine, int index, int port)
{
	int parent = up_of(machine, port);

	if (is_below(machine, index, port))
		return false;
	if (parent != P2P_NOBODY)
		return index != parent && is_below(machine, index, parent);
	return machine->functions[index].hostbridge == machine->functions[port].hostbridge;
}

static void expose(const struct p2p_machine *machine, const bool *accepted, const int *list, size_t count,
		   struct p2p_exposed *ret, size_t *ret_count)
{
	for (size_t i = 0; i < count; i++) {
		enum p2p_sensitive why = p2p_function_sensitive(machine, list[i]);

		if (why)
			ret[(*ret_count)++] = (struct p2p_exposed){ list[i], why, accepted[list[i]] };
	}
}

void p2p_plan_price(const struct p2p_machine *machine, int port, const bool *accepted, struct p2p_arena *arena,
		    struct p2p_price *ret)
{
	size_t most = machine->function_count;
	int *from = p2p_arena_array(arena, most, sizeof(*from)), *to = p2p_arena_array(arena, most, sizeof(*to));
	struct p2p_price price = { .port = port, .from = from, .to = to };

	for (size_t i = 0; i < most; i++) {
		if (p2p_function_is_bridge(&machine->functions[i]))
			continue;
		if (is_below(machine, (int)i, port))
			from[price.from_count++] = (int)i;
		else if (is_beside(machine, (int)i, port))
			to[price.to_count++] = (int)i;
	}
	if (price.from_count && price.to_count) {
		struct p2p_exposed *exposed =
			p2p_arena_array(arena, price.from_count + price.to_count, sizeof(*exposed));

		expose(machine, accepted, from, price.from_count, exposed, &price.exposed_count);
		expose(machine, accepted, to, price.to_count, exposed, &price.exposed_count);
		price.exposed = exposed;
	}
	for (size_t i = 0; i < price.exposed_count; i++)
		price.refused |= !price.exposed[i].accepted;
	*ret = price;
}
