/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lspci-tree.h"

#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#define NONE P2P_LSPCI_NONE
#define SEVERAL P2P_LSPCI_SEVERAL

#define BUSES 256          /* in a domain */
#define ADDRESSES 0x10000u /* functions in a domain */
#define LEGACY_HOPS 48     /* after which the kernel gives a chain of capabilities up */
#define EXTENDED_HOPS 480
#define CLASS_HOST_BRIDGE 0x0600 /* linux/pci_ids.h, which is not for user space */

/* What is being made, from what. */
struct tree {
	const struct p2p_lspci *text;
	struct p2p_arena *arena;
	struct p2p_lspci_place *places;
	struct p2p_lspci_bus *buses;
	uint32_t bus_count;
};

/* The functions and buses of one domain. */
struct domain {
	uint32_t first, end;         /* functions */
	uint32_t bus_first, bus_end; /* buses */
};

/* ---------------------------------------------------- configuration space */

static unsigned le16(const uint8_t *bytes)
{
	return (unsigned)(bytes[0] | bytes[1] << 8);
}

static uint32_t le32(const uint8_t *bytes)
{
	return (uint32_t)le16(bytes) | (uint32_t)le16(bytes + 2) << 16;
}

static unsigned header_type(const struct p2p_lspci_function *function)
{
	return function->config[PCI_HEADER_TYPE] & 0x7f;
}

bool p2p_lspci_reads_ffff(const struct p2p_lspci_function *function)
{
	return function->recorded && le16(function->config + PCI_VENDOR_ID) == 0xffff;
}

static bool is_gone(const struct p2p_lspci_function *function)
{
	for (unsigned i = 0; i < function->recorded; i++)
		if (function->config[i] != 0xff)
			return false;
	return function->recorded > 0;
}

static bool is_bridge(const struct p2p_lspci_function *function)
{
	return function->recorded && !p2p_lspci_reads_ffff(function) &&
	       (header_type(function) == PCI_HEADER_TYPE_BRIDGE || header_type(function) == PCI_HEADER_TYPE_CARDBUS);
}

static bool has_express(const struct p2p_lspci_function *function)
{
	const uint8_t *config = function->config;
	unsigned at = header_type(function) == PCI_HEADER_TYPE_CARDBUS ? PCI_CB_CAPABILITY_LIST : PCI_CAPABILITY_LIST;

	if (!(le16(config + PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return false;
	at = config[at];
	for (int hop = 0; hop < LEGACY_HOPS; hop++) {
		at &= 0xfc;
		if (at < PCI_STD_HEADER_SIZEOF || config[at] == 0xff)
			return false;
		if (config[at] == PCI_CAP_ID_EXP)
			return true;
		at = config[at + 1];
	}
	return false;
}

/*
 * Does the space end where the record ends?  Up to 256 bytes are what was
 * asked for or allowed, unless nothing more can be there: the kernel looks for
 * more only in PCI Express functions and in host bridges (drivers/pci/probe.c:
 * pci_cfg_space_size), and -xxxx shows what it found.  A device that is gone
 * does not say which it was.
 */
bool p2p_lspci_ends(const struct p2p_lspci *text, const struct p2p_lspci_function *function)
{
	if (function->recorded != PCI_CFG_SPACE_SIZE)
		return function->recorded > PCI_CFG_SPACE_SIZE;
	return text->extended || (le16(function->config + PCI_CLASS_DEVICE) != CLASS_HOST_BRIDGE &&
				  !has_express(function) && !is_gone(function));
}

/* The offset of an extended capability as the kernel finds it; 0: none, or not recorded. */
static unsigned find_extended(const struct p2p_lspci_function *function, unsigned id)
{
	unsigned at = PCI_CFG_SPACE_SIZE;

	if (function->recorded != PCI_CFG_SPACE_EXP_SIZE)
		return 0;
	for (int hop = 0; hop < EXTENDED_HOPS && at >= PCI_CFG_SPACE_SIZE; hop++) {
		uint32_t header = le32(function->config + at);

		if (!header)
			return 0;
		if (PCI_EXT_CAP_ID(header) == id)
			return at;
		at = PCI_EXT_CAP_NEXT(header);
	}
	return 0;
}

/* ------------------------------------------------------------- PFs and VFs */

/* The VFs of a PF: the addresses first, first + stride, ... last. */
struct vfs {
	uint32_t first, last, stride;
};

static uint32_t address_of(const struct p2p_lspci_function *function)
{
	return (uint32_t)function->bdf.bus << 8 | function->bdf.devfn;
}

/* What the SR-IOV capability says when it is switched on; false: no VFs. */
static bool vfs_of(const struct p2p_lspci_function *pf, struct vfs *ret)
{
	unsigned at = p2p_lspci_reads_ffff(pf) ? 0 : find_extended(pf, PCI_EXT_CAP_ID_SRIOV);

	if (!at || at + PCI_SRIOV_VF_STRIDE + 2 > PCI_CFG_SPACE_EXP_SIZE)
		return false;
	const uint8_t *cap = pf->config + at;
	uint32_t count = le16(cap + PCI_SRIOV_NUM_VF), offset = le16(cap + PCI_SRIOV_VF_OFFSET);
	uint32_t stride = le16(cap + PCI_SRIOV_VF_STRIDE), first = address_of(pf) + offset;

	/* Without an offset, or without a stride between several, the kernel refuses to switch VFs on. */
	if (!(le16(cap + PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_VFE) || !count || !offset || first >= ADDRESSES)
		return false;
	if (count > 1 && !stride)
		return false;
	if (count > 1 && (ADDRESSES - 1 - first) / stride < count - 1)
		count = (ADDRESSES - 1 - first) / stride + 1;
	*ret = (struct vfs){ first, first + (count - 1) * stride, stride ? stride : 1 };
	return true;
}

/* The first function of the domain, from `low` on, whose address is not below `address`. */
static uint32_t lower_bound(const struct tree *tree, uint32_t low, uint32_t high, uint32_t address)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (address_of(&tree->text->functions[middle]) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Gives the PF its VFs.  Each step passes at least one function and one VF
 * address, so that neither 65535 VFs nor 65536 functions cost more than the
 * fewer of both.
 */
static void vfs_claim(struct tree *tree, const struct domain *domain, uint32_t pf, const struct vfs *vfs)
{
	uint32_t wanted = vfs->first, at = domain->first;

	while (wanted <= vfs->last && (at = lower_bound(tree, at, domain->end, wanted)) < domain->end) {
		const struct p2p_lspci_function *function = &tree->text->functions[at];
		uint32_t address = address_of(function);

		/* A function with a vendor of its own is no VF, whatever a capability says. */
		if (address == wanted && (!function->recorded || p2p_lspci_reads_ffff(function)))
			tree->places[at].pf = tree->places[at].pf == NONE ? pf : SEVERAL;
		wanted += ((address - wanted) / vfs->stride + (address == wanted || (address - wanted) % vfs->stride)) *
			  vfs->stride;
	}
}

/*
 * Finds the PFs of the domain's VFs.  Addresses are unique, so all PFs
 * together have at most 65536; if they say more, none of them is believed.
 */
static void domain_vfs(struct tree *tree, const struct domain *domain)
{
	uint32_t budget = ADDRESSES;
	struct vfs vfs;

	for (uint32_t i = domain->first; i < domain->end; i++) {
		if (!vfs_of(&tree->text->functions[i], &vfs))
			continue;
		uint32_t count = (vfs.last - vfs.first) / vfs.stride + 1;

		if (count > budget) {
			for (uint32_t j = domain->first; j < domain->end; j++)
				if (p2p_lspci_reads_ffff(&tree->text->functions[j]) || tree->places[j].pf != NONE)
					tree->places[j].pf = SEVERAL;
			return;
		}
		budget -= count;
		vfs_claim(tree, domain, i, &vfs);
	}
}

/* -------------------------------------------------------------- the buses */

/* What the bridges of a domain say of its buses. */
struct claims {
	uint32_t bridge[BUSES];    /* whose secondary bus it is; NONE, SEVERAL */
	bool malformed[BUSES];     /* a bridge that cannot be above it says that it is */
	int covered[BUSES + 1];    /* bridges whose range begins (ends) there; summed up: how many cover it */
};

/*
 * The kernel sets up no bridge whose secondary bus is not above its own, or
 * not within its range (pci_scan_bridge_extend: "bridge configuration
 * invalid"), so such numbers are no edge.  Secondary 0 is a bridge without a
 * bus below.
 */
static void bridge_claim(const struct p2p_lspci_function *function, uint32_t index, struct claims *claims)
{
	unsigned own = function->bdf.bus, secondary = function->config[PCI_SECONDARY_BUS];
	unsigned subordinate = function->config[PCI_SUBORDINATE_BUS], low = secondary > own ? secondary : own;

	if (secondary && (secondary <= own || secondary > subordinate))
		claims->malformed[secondary] = true;
	else if (secondary)
		claims->bridge[secondary] = claims->bridge[secondary] == NONE ? index : SEVERAL;
	if (subordinate > low) {
		claims->covered[low + 1]++;
		claims->covered[subordinate + 1]--;
	}
}

static void domain_claims(const struct tree *tree, const struct domain *domain, struct claims *claims)
{
	memset(claims, 0, sizeof(*claims));
	for (unsigned i = 0; i < BUSES; i++)
		claims->bridge[i] = NONE;
	for (uint32_t i = domain->first; i < domain->end; i++)
		if (is_bridge(&tree->text->functions[i]))
			bridge_claim(&tree->text->functions[i], i, claims);
	for (unsigned i = 1; i <= BUSES; i++)
		claims->covered[i] += claims->covered[i - 1];
}

/* Do all functions of the bus look like VFs?  *unexplained: of one at least the PF is not known. */
static bool only_vfs(const struct tree *tree, const struct p2p_lspci_bus *bus, bool *unexplained)
{
	*unexplained = false;
	for (uint32_t i = bus->first; i < bus->first + bus->count; i++) {
		const struct p2p_lspci_function *function = &tree->text->functions[i];

		if (tree->places[i].pf != NONE)
			continue;
		if (!p2p_lspci_reads_ffff(function) || is_gone(function))
			return false;
		*unexplained = true;
	}
	return true;
}

/* What the domain's functions leave open. */
struct unseen {
	bool bridge; /* one on a lower bus without configuration space may be a bridge to any bus */
	bool pf;     /* one may be a PF: its extended space was not looked at */
};

static void bus_decide(const struct tree *tree, const struct claims *claims, const struct unseen *unseen,
		       struct p2p_lspci_bus *bus)
{
	uint32_t bridge = claims->bridge[bus->number];
	bool unexplained;

	if (claims->malformed[bus->number] || bridge == SEVERAL)
		return;
	if (bridge != NONE) {
		const struct p2p_lspci_bus *above = &tree->buses[tree->places[bridge].bus];

		bus->bridge = bridge;
		bus->edge = above->edge == P2P_LSPCI_ROOT ? P2P_LSPCI_BELOW : above->edge;
	} else if (only_vfs(tree, bus, &unexplained)) {
		/* A VF's bus is no one's secondary bus; nothing is said of it if its PF cannot be seen. */
		bus->edge = unexplained && unseen->pf ? P2P_LSPCI_UNRECORDED : P2P_LSPCI_MALFORMED;
	} else if (unseen->bridge) {
		bus->edge = P2P_LSPCI_UNRECORDED;
	} else {
		bus->edge = claims->covered[bus->number] ? P2P_LSPCI_MALFORMED : P2P_LSPCI_ROOT;
	}
}

/* Buses in ascending order: a bus hangs below a lower one only, so what is above it has been decided. */
static void domain_buses(struct tree *tree, const struct domain *domain, struct claims *claims)
{
	struct unseen unseen = { false, false };

	for (uint32_t i = domain->first; i < domain->end; i++) {
		const struct p2p_lspci_function *function = &tree->text->functions[i];

		unseen.pf |= !function->recorded || (!p2p_lspci_reads_ffff(function) && !is_bridge(function) &&
						     !p2p_lspci_ends(tree->text, function));
	}
	domain_claims(tree, domain, claims);
	for (uint32_t b = domain->bus_first; b < domain->bus_end; b++) {
		struct p2p_lspci_bus *bus = &tree->buses[b];

		bus_decide(tree, claims, &unseen, bus);
		for (uint32_t i = bus->first; i < bus->first + bus->count; i++)
			unseen.bridge |= !tree->text->functions[i].recorded && tree->places[i].pf == NONE;
	}
}

/* A VF's path is its PF's with another last part. */
static void domain_places(struct tree *tree, const struct domain *domain)
{
	for (uint32_t i = domain->first; i < domain->end; i++) {
		struct p2p_lspci_place *place = &tree->places[i];

		if (place->pf == SEVERAL)
			place->bus = NONE;
		else if (place->pf != NONE)
			place->bus = tree->places[place->pf].bus;
	}
}

/* ------------------------------------------------------------------ set-up */

static void buses_collect(struct tree *tree)
{
	size_t count = tree->text->count;
	const struct p2p_lspci_function *functions = tree->text->functions;

	tree->buses = p2p_arena_array(tree->arena, count, sizeof(*tree->buses));
	for (size_t i = 0; i < count; i++) {
		struct p2p_lspci_bus *bus = &tree->buses[tree->bus_count];

		if (!i || functions[i].bdf.domain != functions[i - 1].bdf.domain ||
		    functions[i].bdf.bus != functions[i - 1].bdf.bus)
			*bus = (struct p2p_lspci_bus){ .domain = functions[i].bdf.domain,
						       .first = (uint32_t)i,
						       .number = functions[i].bdf.bus };
		else
			bus--;
		bus->count++;
		tree->bus_count = (uint32_t)(bus - tree->buses) + 1;
		tree->places[i] = (struct p2p_lspci_place){ tree->bus_count - 1, NONE };
	}
}

static void hierarchy_make(struct tree *tree)
{
	struct claims *claims = p2p_malloc(sizeof(*claims));

	buses_collect(tree);
	for (uint32_t b = 0; b < tree->bus_count;) {
		struct domain domain = { .first = tree->buses[b].first, .bus_first = b };
		uint32_t number = tree->buses[b].domain;

		while (b < tree->bus_count && tree->buses[b].domain == number)
			b++;
		domain.bus_end = b;
		domain.end = tree->buses[b - 1].first + tree->buses[b - 1].count;
		domain_vfs(tree, &domain);
		domain_buses(tree, &domain, claims);
		domain_places(tree, &domain);
	}
	free(claims);
}

/* A counting sort: within a bus the functions stay in order. */
static void order_make(const struct tree *tree, struct p2p_lspci_tree *ret)
{
	uint32_t *at = p2p_arena_array(tree->arena, tree->bus_count + 1u, sizeof(*at));
	uint32_t *order = p2p_arena_array(tree->arena, tree->text->count, sizeof(*order));

	for (size_t i = 0; i < tree->text->count; i++)
		if (tree->places[i].bus != NONE)
			at[tree->places[i].bus + 1]++;
	for (uint32_t b = 0; b < tree->bus_count; b++)
		at[b + 1] += at[b];
	for (size_t i = 0; i < tree->text->count; i++)
		if (tree->places[i].bus != NONE)
			order[at[tree->places[i].bus]++] = (uint32_t)i;
	ret->order = order;
	ret->order_end = at;
}

void p2p_lspci_tree_make(const struct p2p_lspci *text, struct p2p_arena *arena, struct p2p_lspci_tree *ret)
{
	struct tree tree = { .text = text, .arena = arena };

	tree.places = p2p_arena_array(arena, text->count, sizeof(*tree.places));
	hierarchy_make(&tree);
	ret->places = tree.places;
	ret->buses = tree.buses;
	ret->bus_count = tree.bus_count;
	order_make(&tree, ret);
}
