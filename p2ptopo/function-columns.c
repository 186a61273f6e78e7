/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The columns about one function.  A new one is an entry of the table, and a
 * maker (function-makers.h) if none of those there fits.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "function-makers.h"
#include "measured.h"

#define AT(member) offsetof(struct p2p_function, member)
#define BY(name) function_make_##name
#define RIGHT P2P_COLUMN_RIGHT
#define TRIM P2P_COLUMN_TRIM
#define NAMES P2P_WANT_NAMES
#define CHILDREN P2P_WANT_CHILDREN
#define MEMORY P2P_WANT_MEMORY
#define CMB (P2P_WANT_CHILDREN | P2P_WANT_MEMORY)
#define DETAIL P2P_WANT_DETAIL
#define RESULTS (P2P_WANT_CHILDREN | P2P_WANT_MEMORY | P2P_WANT_RESULTS)

/* In the order in which they are printed where -o does not say another one. */
const struct function_column function_columns[] = {
	{ { "DEVICE", "the address", 0 }, FUNCTION_IN_TREE | FUNCTION_IN_LIST, 0, BY(device) },
	{ { "DRIVER", "bound driver", 0 }, FUNCTION_IN_LIST, 0, BY(word), AT(driver) },
	{ { "LINK", "GT/s x lanes now; ! both ends can do better; ~ limited by the partner", 0 },
	  FUNCTION_IN_TREE | FUNCTION_IN_LIST, 0, BY(link) },
	{ { "ACS", "bits that redirect: RR CR EC; - none is set; ? not known", 0 }, FUNCTION_IN_TREE, 0, BY(acs) },
	{ { "ATS", "address translation service: + on, - off, ? not known", 0 },
	  FUNCTION_IN_TREE, 0, BY(enabled), AT(ats), 1u << 15 },
	{ { "NUMA", "NUMA node", RIGHT }, FUNCTION_IN_LIST, P2P_WANT_NUMA | DETAIL, BY(signed), AT(numa_node) },
	{ { "GRP", "IOMMU group", RIGHT },
	  FUNCTION_IN_TREE | FUNCTION_IN_LIST, P2P_WANT_IOMMU, BY(number), AT(iommu_group) },
	{ { "BAR", "size of the largest BAR, without the ROM's", RIGHT }, FUNCTION_IN_LIST, DETAIL, BY(bar_largest) },
	{ { "P2PMEM", "memory for peers", RIGHT }, FUNCTION_IN_TREE, MEMORY, BY(memory) },
	{ { "OFFER", "what it has for peers: p2pmem, dma-buf, itself (its driver decides), none", 0 },
	  FUNCTION_IN_LIST, CMB, BY(offer) },
	{ { "TAKES", "does its driver take peer pages: yes, no, itself (it decides)", 0 },
	  FUNCTION_IN_LIST, CMB, BY(client) },
	{ { "ISLE", "functions with the same number can all reach each other", RIGHT },
	  FUNCTION_IN_TREE, P2P_WANT_RUNNING, BY(island) },
	{ { "PROVED", "the most that bench proved of a pair it is in: works, intact, faster; or how it failed", 0 },
	  0, RESULTS, BY(proved) },
	{ { "NAME", "devices of its driver, then its name", TRIM },
	  FUNCTION_IN_TREE | FUNCTION_IN_LIST, NAMES | CHILDREN, BY(name) },

	{ { "PATH", "slots from the root bus down, as pci=config_acs= takes it", 0 }, 0, 0, BY(path) },
	{ { "ID", "vendor:device", 0 }, 0, 0, BY(id) },
	{ { "SUBSYS", "vendor:device of the subsystem", 0 }, 0, 0, BY(subsystem) },
	{ { "REV", "revision", 0 }, 0, 0, BY(hex), AT(revision), 2 },
	{ { "CLASS", "class code", 0 }, 0, 0, BY(hex), AT(class), 6 },
	{ { "VENDOR-NAME", "name of the vendor", TRIM }, 0, NAMES, BY(vendor_name) },
	{ { "DEVICE-NAME", "name of the device", TRIM }, 0, NAMES, BY(device_name) },
	{ { "CLASS-NAME", "name of the class", TRIM }, 0, NAMES, BY(class_name) },
	{ { "HEADER", "header type: 0 device, 1 bridge, 2 CardBus bridge", RIGHT }, 0, 0, BY(number), AT(header) },
	{ { "TYPE", "PCIe port type", 0 }, 0, 0, BY(type) },
	{ { "POWER", "power state: D0, D3hot, D3cold", 0 }, 0, 0, BY(word), AT(power_state) },
	{ { "ASLEEP", "in D3cold, or below a bridge that is: yes, no", 0 }, 0, 0, BY(asleep) },
	{ { "DEAD", "configuration space reads all ones: yes, no", 0 }, 0, 0, BY(dead) },
	{ { "REMOVABLE", "fixed, removable, as the kernel says it", 0 }, 0, DETAIL, BY(word), AT(removable) },

	{ { "NVME", "NVMe controllers of its driver", 0 }, 0, CHILDREN, BY(children), 0, P2P_CHILD_NVME },
	{ { "BLOCK", "disks of its driver", 0 }, 0, CHILDREN, BY(children), 0, P2P_CHILD_BLOCK },
	{ { "NET", "network interfaces of its driver", 0 }, 0, CHILDREN, BY(children), 0, P2P_CHILD_NET },
	{ { "NET-STATE", "their states, in the same order", 0 }, 0, CHILDREN, BY(net_state) },
	{ { "RDMA", "RDMA devices of its driver", 0 }, 0, CHILDREN, BY(children), 0, P2P_CHILD_INFINIBAND },
	{ { "DRM", "DRM cards of its driver", 0 }, 0, CHILDREN, BY(children), 0, P2P_CHILD_DRM },
	{ { "ACCEL", "compute accelerators of its driver", 0 }, 0, CHILDREN, BY(children), 0, P2P_CHILD_ACCEL },

	{ { "UP", "the bridge above on the kernel's walk; of a VF: above its PF", 0 }, 0, 0, BY(edge), AT(up) },
	{ { "UNDER", "what tree draws it under", 0 }, 0, 0, BY(edge), AT(under) },
	{ { "PF", "the PF of a VF", 0 }, 0, 0, BY(edge), AT(physfn) },
	{ { "HOST", "host bridge", 0 }, 0, 0, BY(host) },

	{ { "ACS-CAP", "ACS capability word, hex as setpci prints it", 0 }, 0, 0, BY(acs_cap) },
	{ { "ACS-CTL", "ACS control word, hex as setpci prints it", 0 }, 0, 0, BY(acs_ctl) },
	{ { "ACS-CAP-BITS", "ACS capability in lspci's words", 0 }, 0, 0, BY(acs_cap_words) },
	{ { "ACS-CTL-BITS", "ACS control in lspci's words; ? after a bit that is not known", 0 },
	  0, 0, BY(acs_ctl_words) },
	{ { "ACS-OFFSET", "where the ACS capability is, hex", 0 }, 0, 0, BY(acs_offset) },
	{ { "PRI", "page requests: + on, - off", 0 }, 0, DETAIL, BY(enabled), AT(pri), 1 },
	{ { "PASID", "process address spaces: + on, - off", 0 }, 0, DETAIL, BY(enabled), AT(pasid), 1 },
	{ { "GRP-TYPE", "domain type of the IOMMU group: DMA, DMA-FQ, identity", 0 },
	  0, P2P_WANT_IOMMU | DETAIL, BY(word), AT(iommu_type) },

	{ { "SPEED", "GT/s of a lane now; empty where the link is down", RIGHT }, 0, 0, BY(speed) },
	{ { "WIDTH", "lanes now; 0 where the link is down", RIGHT }, 0, 0, BY(width) },
	{ { "SPEED-MAX", "GT/s of a lane that this end can do", RIGHT }, 0, 0, BY(speed_max) },
	{ { "WIDTH-MAX", "lanes that this end can do", RIGHT }, 0, 0, BY(width_max) },
	{ { "LINK-STATE", "full; partner, by which it is limited; degraded, both can do better; none", 0 },
	  0, 0, BY(link_state) },
	{ { "MPS", "maximum payload size in bytes, as set", RIGHT }, 0, 0, BY(number), AT(mps) },
	{ { "MPS-MAX", "maximum payload size in bytes that it can do", RIGHT }, 0, 0, BY(number), AT(mps_max) },
	{ { "MRRS", "maximum read request size in bytes, as set", RIGHT }, 0, 0, BY(number), AT(mrrs) },

	{ { "BARS", "how many BARs it has, without the ROM's", RIGHT }, 0, DETAIL, BY(bars) },
	{ { "BAR-SIZES", "size of each BAR by its number", 0 }, 0, DETAIL, BY(bar_sizes) },
	{ { "REBAR", "has resizable BARs: yes", 0 }, 0, DETAIL, BY(answer), AT(resizable) },
	{ { "REBAR-MAX", "the largest size that a resizable BAR of it can have", RIGHT },
	  0, DETAIL, BY(resizable_most) },
	{ { "P2PMEM-FREE", "what of the memory for peers is free", RIGHT }, 0, MEMORY, BY(memory_free) },
	{ { "PUBLISHED", "may other drivers use its memory for peers: yes, no", 0 },
	  0, MEMORY, BY(memory_published) },
	{ { "CMB", "size of the NVMe controller memory buffer", RIGHT }, 0, CMB, BY(cmb) },
	{ { "CMB-BAR", "the BAR that it is in", RIGHT }, 0, CMB, BY(cmb_bar) },
	{ { "CMB-OFFSET", "where in that BAR, in bytes", RIGHT }, 0, CMB, BY(cmb_offset) },
	{ { "CMBSZ", "its register CMBSZ, hex", 0 }, 0, CMB, BY(cmb_register), AT(cmb_size) },
	{ { "CMBLOC", "its register CMBLOC, hex", 0 }, 0, CMB, BY(cmb_register), AT(cmb_loc) },
	{ { "VFS", "VFs enabled", RIGHT }, 0, DETAIL, BY(number), AT(vfs) },
	{ { "VFS-MAX", "VFs possible", RIGHT }, 0, DETAIL, BY(number), AT(vfs_max) },
	{ { "FIRMWARE", "firmware of its NVMe controller", 0 }, 0, CHILDREN | DETAIL, BY(word), AT(firmware) },
	{ { "CXL", "ids of its CXL DVSECs", 0 }, 0, DETAIL, BY(cxl) },
};

const size_t function_column_count = sizeof(function_columns) / sizeof(*function_columns);

size_t function_column_named(const char *name)
{
	size_t column = 0;

	while (column < function_column_count && strcmp(function_columns[column].column.name, name) != 0)
		column++;
	assert(column < function_column_count);
	return column;
}

enum p2p_exit function_columns_choose(const struct p2p_cli *cli, struct p2p_arena *arena, enum function_usual usual,
				      struct p2p_choice *ret)
{
	struct p2p_column *columns = p2p_arena_array(arena, function_column_count, sizeof(*columns));
	const struct topo topo = { .cli = cli, .arena = arena };
	bool all = p2p_cli_has(cli, "output-all");

	for (size_t i = 0; i < function_column_count; i++) {
		columns[i] = function_columns[i].column;
		if (usual == FUNCTION_IN_TREE && function_columns[i].make == function_make_device)
			columns[i].flags |= P2P_COLUMN_TREE;
		/* All of them fit no terminal: cutting names would not help. */
		if (all)
			columns[i].flags &= ~(unsigned)P2P_COLUMN_TRIM;
		else if (!(function_columns[i].usual & usual))
			columns[i].flags |= P2P_COLUMN_EXTRA;
	}
	return topo_columns(&topo, columns, function_column_count, ret);
}

int function_column_find(struct p2p_arena *arena, const char *name, struct p2p_problem *problem, int *ret)
{
	struct p2p_column *columns = p2p_arena_array(arena, function_column_count, sizeof(*columns));
	struct p2p_choice choice;

	for (size_t i = 0; i < function_column_count; i++)
		columns[i] = function_columns[i].column;
	if (strpbrk(name, "+,"))
		return p2p_problem_set(problem, -EINVAL, "one column to sort by, not '%s'", name);
	int error = p2p_choice_make(arena, columns, function_column_count, name, problem, &choice);

	for (size_t i = 0; !error && i < function_column_count; i++)
		if (choice.at[i] == 0)
			*ret = (int)i;
	return error;
}

void function_columns_insert(const char *name, const char *before, struct p2p_arena *arena, struct p2p_choice *choice)
{
	struct p2p_column *columns = p2p_arena_array(arena, function_column_count, sizeof(*columns));
	int place = choice->at[function_column_named(before)];

	for (size_t i = 0; i < function_column_count; i++)
		columns[i] = function_columns[i].column;
	p2p_choice_insert(choice, columns, function_column_count, function_column_named(name),
			  place < 0 ? choice->count : (size_t)place);
}

unsigned function_columns_want(const struct p2p_choice *choice)
{
	unsigned want = 0;

	for (size_t i = 0; i < function_column_count; i++)
		if (choice->at[i] >= 0)
			want |= function_columns[i].want;
	return want;
}

void function_facts_make(const struct topo *topo, bool bytes, struct function_facts *ret)
{
	const struct p2p_machine *machine = topo->machine;
	struct function_facts facts = {
		.topo = topo,
		.measured = measured_open(topo),
		.among = p2p_arena_array(topo->arena, machine->function_count, sizeof(*facts.among)),
		.islands = p2p_arena_array(topo->arena, machine->function_count, sizeof(*facts.islands)),
		.bytes = bytes,
	};

	for (size_t i = 0; i < machine->function_count; i++)
		facts.among[i] = !p2p_function_is_bridge(&machine->functions[i]) &&
				 (topo->all || p2p_function_is_peer(&machine->functions[i]));
	p2p_judge_islands(topo->judge, facts.among, facts.islands);
	*ret = facts;
}

void function_cell_make(const struct function_facts *facts, size_t column, int index, struct function_cell *cell)
{
	const struct p2p_machine *machine = facts->topo->machine;
	const struct function_at at = { facts, &function_columns[column], machine, &machine->functions[index], index };

	p2p_buf_reset(&cell->text);
	*cell = (struct function_cell){ .text = cell->text };
	function_columns[column].make(&at, cell);
	if (cell->know == P2P_UNKNOWN)
		cell->role = P2P_ROLE_DIM;
}

void function_cell_free(struct function_cell *cell)
{
	p2p_buf_free(&cell->text);
}

const char *function_cell_text(const struct function_cell *cell)
{
	return cell->know == P2P_UNKNOWN ? "?" : p2p_buf_text(&cell->text);
}
