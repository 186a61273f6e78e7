/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

void p2p_machine_free(struct p2p_machine *machine)
{
	/* The machine lives in its own arena. */
	if (machine)
		p2p_arena_free(machine->arena);
}

struct p2p_machine *p2p_machine_copy(const struct p2p_machine *machine, bool functions)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_machine *copy = p2p_arena_alloc(arena, sizeof(*copy));

	*copy = *machine;
	copy->arena = arena;
	if (functions && machine->function_count) {
		copy->functions = p2p_arena_array(arena, machine->function_count, sizeof(*copy->functions));
		memcpy(copy->functions, machine->functions, machine->function_count * sizeof(*copy->functions));
	}
	return copy;
}

void p2p_machine_assume(struct p2p_machine *machine, const char *text)
{
	const char **list = p2p_arena_array(machine->arena, machine->assumption_count + 1, sizeof(*list));

	for (size_t i = 0; i < machine->assumption_count; i++)
		list[i] = machine->assumptions[i];
	list[machine->assumption_count++] = text;
	machine->assumptions = list;
}

int p2p_machine_find(const struct p2p_machine *machine, struct p2p_bdf bdf)
{
	size_t low = 0, high = machine->function_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = p2p_bdf_compare(bdf, machine->functions[middle].bdf);

		if (order == 0)
			return (int)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return P2P_NOBODY;
}

bool p2p_function_is_bridge(const struct p2p_function *function)
{
	if (p2p_known(function->header.fact))
		return function->header.value == PCI_HEADER_TYPE_BRIDGE ||
		       function->header.value == PCI_HEADER_TYPE_CARDBUS;
	if (!p2p_known(function->class.fact))
		return false;
	uint64_t class = function->class.value >> 8;

	/* PCI-to-PCI, CardBus, semi-transparent (PCI Code and ID Assignment, base class 06). */
	return class == 0x0604 || class == 0x0607 || class == 0x0609;
}

static bool bound_to_vfio(const struct p2p_function *function)
{
	static const char vfio[] = "vfio";

	if (!p2p_known(function->driver.fact))
		return false;
	for (size_t i = 0; i < sizeof(vfio) - 1; i++)
		if (function->driver.text[i] != vfio[i])
			return false;
	return true;
}

bool p2p_function_is_peer(const struct p2p_function *function)
{
	if (p2p_function_is_bridge(function))
		return false;
	if (p2p_known(function->memory.fact) || bound_to_vfio(function))
		return true;
	if (p2p_known(function->physfn.fact) || !p2p_known(function->class.fact))
		return false;
	unsigned base = (unsigned)(function->class.value >> 16), sub = (unsigned)(function->class.value >> 8) & 0xff;

	return (base == 0x01 && sub == 0x08) || base == 0x02 || base == 0x03 || base == 0x12;
}

enum p2p_answer p2p_function_asleep(const struct p2p_function *function)
{
	if (function->asleep)
		return P2P_YES;
	return p2p_known(function->power_state.fact) || p2p_known(function->header.fact) ? P2P_NO : P2P_MAYBE;
}

enum p2p_answer p2p_function_dead(const struct p2p_function *function)
{
	if (function->dead)
		return P2P_YES;
	return p2p_known(function->header.fact) ? P2P_NO : P2P_MAYBE;
}

/* All edges on the way up are known. */
static void put_path(const struct p2p_machine *machine, int index, struct p2p_buf *buf)
{
	const struct p2p_function *function = &machine->functions[index];
	char address[P2P_BDF_TEXT];

	if (p2p_absent(function->up.fact)) {
		p2p_buf_puts(buf, p2p_bdf_format(function->bdf, true, address));
		return;
	}
	put_path(machine, function->up.to, buf);
	p2p_buf_printf(buf, "/%02x.%u", function->bdf.devfn >> 3, function->bdf.devfn & 7);
}

int p2p_function_path(const struct p2p_machine *machine, int index, struct p2p_buf *ret)
{
	const struct p2p_function *function = &machine->functions[index];
	char address[P2P_BDF_TEXT];

	if (p2p_known(function->physfn.fact)) {
		p2p_buf_puts(ret, p2p_bdf_format(function->bdf, true, address));
		return 0;
	}
	while (p2p_known(function->up.fact))
		function = &machine->functions[function->up.to];
	if (!p2p_absent(function->up.fact))
		return function->up.fact.error ? function->up.fact.error : -ENODATA;
	put_path(machine, index, ret);
	return 0;
}

/* A port whose link is the one below it. */
static bool looks_down(const struct p2p_function *function)
{
	return p2p_known(function->port_type.fact) && (function->port_type.value == PCI_EXP_TYPE_ROOT_PORT ||
						       function->port_type.value == PCI_EXP_TYPE_DOWNSTREAM ||
						       function->port_type.value == PCI_EXP_TYPE_PCIE_BRIDGE);
}

int p2p_link_partner(const struct p2p_machine *machine, int index)
{
	const struct p2p_function *function = &machine->functions[index];

	if (!looks_down(function))
		return p2p_known(function->up.fact) ? function->up.to : P2P_NOBODY;
	return function->below;
}

enum p2p_link_state p2p_link_state(const struct p2p_machine *machine, int index)
{
	const struct p2p_link *link = &machine->functions[index].link;

	if (p2p_absent(link->fact))
		return P2P_LINK_NONE;
	if (!p2p_known(link->fact))
		return P2P_LINK_UNKNOWN;
	if (link->lanes == 0 || link->lanes_max == 0)
		return P2P_LINK_NONE;
	int partner = p2p_link_partner(machine, index);

	if (link->gen >= link->gen_max && link->lanes >= link->lanes_max)
		return P2P_LINK_FULL;
	if (partner == P2P_NOBODY)
		return looks_down(&machine->functions[index]) ? P2P_LINK_NONE : P2P_LINK_UNKNOWN;
	const struct p2p_link *other = &machine->functions[partner].link;

	if (!p2p_known(other->fact))
		return P2P_LINK_UNKNOWN;
	unsigned gen = link->gen_max < other->gen_max ? link->gen_max : other->gen_max;
	unsigned lanes = link->lanes_max < other->lanes_max ? link->lanes_max : other->lanes_max;

	return link->gen >= gen && link->lanes >= lanes ? P2P_LINK_PARTNER : P2P_LINK_DEGRADED;
}

const char *p2p_link_speed(unsigned gen)
{
	static const char *const speeds[] = { "?", "2.5", "5", "8", "16", "32", "64", "128" };

	return gen < sizeof(speeds) / sizeof(*speeds) ? speeds[gen] : "?";
}

const char *p2p_port_type_name(uint64_t type)
{
	static const char *const names[] = {
		[PCI_EXP_TYPE_ENDPOINT] = "endpoint",
		[PCI_EXP_TYPE_LEG_END] = "legacy endpoint",
		[PCI_EXP_TYPE_ROOT_PORT] = "root port",
		[PCI_EXP_TYPE_UPSTREAM] = "switch upstream port",
		[PCI_EXP_TYPE_DOWNSTREAM] = "switch downstream port",
		[PCI_EXP_TYPE_PCI_BRIDGE] = "PCIe-to-PCI bridge",
		[PCI_EXP_TYPE_PCIE_BRIDGE] = "PCI-to-PCIe bridge",
		[PCI_EXP_TYPE_RC_END] = "integrated endpoint",
		[PCI_EXP_TYPE_RC_EC] = "event collector",
	};

	return type < sizeof(names) / sizeof(*names) && names[type] ? names[type] : "unknown type";
}

const char *p2p_child_kind_name(enum p2p_child_kind kind)
{
	static const char *const names[] = {
		[P2P_CHILD_OTHER] = "other",	       [P2P_CHILD_NVME] = "nvme",
		[P2P_CHILD_BLOCK] = "block",	       [P2P_CHILD_NET] = "net",
		[P2P_CHILD_INFINIBAND] = "infiniband", [P2P_CHILD_DRM] = "drm",
		[P2P_CHILD_ACCEL] = "accel",
	};

	return names[kind];
}

const char *p2p_iommu_kind_name(enum p2p_iommu_kind kind)
{
	static const char *const names[] = {
		[P2P_IOMMU_UNKNOWN] = "unknown", [P2P_IOMMU_NONE] = "none", [P2P_IOMMU_INTEL] = "intel",
		[P2P_IOMMU_AMD] = "amd",	 [P2P_IOMMU_ARM] = "arm",   [P2P_IOMMU_OTHER] = "other",
	};

	return names[kind];
}
