/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host-bridge stage, as far as it depends on one host bridge alone: which
 * function of the root bus stands for it, and which row of the allowlist that
 * function has.
 *
 * KERNEL: drivers/pci/p2pdma.c:pci_host_bridge_dev (5.14-7.3),
 * __host_bridge_whitelist (5.4-7.3), root_complex_whitelist (5.2-5.3).
 */
#include <linux/pci_regs.h>

#include "judge-internal.h"

/* The root device of a host bridge by one lookup: found YES with `index`, NO, or MAYBE. */
static enum p2p_answer find_slot_0(const struct p2p_machine *machine, const struct p2p_hostbridge *hostbridge,
				   int *ret_index)
{
	for (size_t i = 0; i < hostbridge->member_count; i++)
		if (machine->functions[hostbridge->members[i]].bdf.devfn == 0) {
			*ret_index = hostbridge->members[i];
			return P2P_YES;
		}
	return p2p_known(hostbridge->order) ? P2P_NO : P2P_MAYBE;
}

static enum p2p_answer find_first(const struct p2p_machine *machine, const struct p2p_hostbridge *hostbridge,
				  bool port, int *ret_index)
{
	if (!p2p_known(hostbridge->order))
		return P2P_MAYBE;
	if (!hostbridge->member_count)
		return P2P_NO;
	const struct p2p_function *first = &machine->functions[hostbridge->members[0]];

	*ret_index = hostbridge->members[0];
	if (first->bdf.devfn == 0)
		return P2P_YES;
	if (!port || p2p_absent(first->port_type.fact))
		return P2P_NO;
	if (!p2p_known(first->port_type.fact))
		return P2P_MAYBE;
	return first->port_type.value == PCI_EXP_TYPE_ROOT_PORT ? P2P_YES : P2P_NO;
}

static enum p2p_answer find_root(const struct p2p_machine *machine, const struct p2p_hostbridge *hostbridge,
				 enum p2p_root_lookup lookup, int *ret_index)
{
	switch (lookup) {
	case P2P_ROOT_SLOT_0:
		return find_slot_0(machine, hostbridge, ret_index);
	case P2P_ROOT_FIRST_AT_0:
		return find_first(machine, hostbridge, false, ret_index);
	case P2P_ROOT_FIRST_OR_PORT:
		return find_first(machine, hostbridge, true, ret_index);
	case P2P_ROOT_NONE:
		break;
	}
	return P2P_NO;
}

static enum p2p_answer either(enum p2p_answer a, enum p2p_answer b)
{
	return a == b ? a : P2P_MAYBE;
}

/* The first row that matches decides, and no later one is tried. */
static void match_rows(const struct p2p_judge *judge, const struct p2p_candidate *candidate,
		       const struct p2p_function *root, struct judge_host *host)
{
	const struct p2p_hardware *hardware = judge->hardware;
	bool first = true;

	for (size_t i = 0; i < hardware->row_count; i++) {
		const struct p2p_row *row = &hardware->rows[i];

		if (row->vendor != root->vendor.value ||
		    (row->device != P2P_DEVICE_ANY && row->device != root->device.value))
			continue;
		enum p2p_answer in = p2p_row_in_release(row, candidate->table);
		enum p2p_answer across = row->same_host_bridge ? P2P_NO : P2P_YES;

		if (in == P2P_NO)
			continue;
		/* A row that may or may not be there leaves open what the rows after it say. */
		host->same = first ? P2P_YES : either(host->same, P2P_YES);
		host->across = first ? across : either(host->across, across);
		host->row = first ? (int)i : host->row;
		host->same_only = first ? row->same_host_bridge : host->same_only;
		host->why = P2P_RULE_ALLOWLISTED;
		first = false;
		if (in == P2P_YES)
			return;
	}
	/* Off the end: none of the rows that may be there need be. */
	host->same = first ? P2P_NO : either(host->same, P2P_NO);
	host->across = first ? P2P_NO : either(host->across, P2P_NO);
	host->why = first ? P2P_RULE_NOT_ALLOWLISTED : P2P_RULE_ROW_UNKNOWN;
}

/* The hardware's row for that id, for its name. */
static int row_named(const struct p2p_hardware *hardware, uint16_t vendor, uint32_t device)
{
	for (size_t i = 0; i < hardware->row_count; i++)
		if (hardware->rows[i].vendor == vendor && hardware->rows[i].device == device)
			return (int)i;
	return P2P_NOBODY;
}

/* The table that the running kernel itself holds: nothing about releases has to be known. */
static void match_running(const struct p2p_judge *judge, const struct p2p_function *root, struct judge_host *host)
{
	const struct p2p_host *machine_host = &judge->machine->host;

	host->same = host->across = P2P_NO;
	host->why = P2P_RULE_NOT_ALLOWLISTED;
	for (size_t i = 0; i < machine_host->running_count; i++) {
		const struct p2p_running_row *row = &machine_host->running_rows[i];

		if (row->vendor != root->vendor.value ||
		    (row->device != P2P_DEVICE_ANY && row->device != root->device.value))
			continue;
		host->same = P2P_YES;
		host->across = row->same_host_bridge ? P2P_NO : P2P_YES;
		host->same_only = row->same_host_bridge;
		host->row = row_named(judge->hardware, row->vendor, row->device);
		host->why = P2P_RULE_ALLOWLISTED;
		return;
	}
}

static void judge_root(const struct p2p_judge *judge, const struct p2p_candidate *candidate, bool running,
		       const struct p2p_hostbridge *hostbridge, struct judge_host *host)
{
	const struct p2p_machine *machine = judge->machine;

	*host = (struct judge_host){ .root = P2P_NOBODY, .row = P2P_NOBODY };
	enum p2p_answer found = find_root(machine, hostbridge, candidate->lookup, &host->root);

	if (found == P2P_NO) {
		host->same = host->across = host->is_1450 = P2P_NO;
		host->why = P2P_RULE_NO_ROOT_DEVICE;
		return;
	}
	host->why = P2P_RULE_ROOT_DEVICE_UNKNOWN;
	if (host->root == P2P_NOBODY)
		return; /* the list could not be read: all MAYBE */
	const struct p2p_function *root = &machine->functions[host->root];

	if (!p2p_known(root->vendor.fact) || !p2p_known(root->device.fact))
		return;
	if (running)
		match_running(judge, root, host);
	else
		match_rows(judge, candidate, root, host);
	/* Kernels of Chinese vendors carry rows for Zhaoxin and Alibaba; which and since when was not looked at. */
	if (judge->candidates.kind == P2P_KERNEL_VENDOR && !running && host->same == P2P_NO &&
	    (root->vendor.value == 0x1d17 || root->vendor.value == 0x1ded)) {
		host->same = host->across = P2P_MAYBE;
		host->why = P2P_RULE_ROW_UNKNOWN;
	}
	host->is_1450 = root->vendor.value == 0x1022 && root->device.value == 0x1450 ? P2P_YES : P2P_NO;
	if (found == P2P_MAYBE) {
		/* It may not be accepted as the root device at all. */
		host->same = either(host->same, P2P_NO);
		host->across = either(host->across, P2P_NO);
		host->is_1450 = either(host->is_1450, P2P_NO);
		host->why = host->same == P2P_NO ? P2P_RULE_NOT_ALLOWLISTED : P2P_RULE_ROOT_DEVICE_UNKNOWN;
	}
}

void p2p_judge_roots(struct p2p_judge *judge)
{
	size_t hosts = judge->machine->hostbridge_count;

	bool running = p2p_known(judge->machine->host.running);
	size_t candidates = judge->candidates.count + judge->candidates.later_count +
			    judge->candidates.point_count;

	judge->hosts = p2p_arena_array(judge->arena, candidates * hosts, sizeof(*judge->hosts));
	judge->nowhere = (struct judge_host){ .root = P2P_NOBODY, .row = P2P_NOBODY,
					      .why = P2P_RULE_PLACE_UNKNOWN };
	for (size_t i = 0; i < candidates; i++) {
		for (size_t j = 0; j < hosts; j++) {
			/* Later releases have tables of their own. */
			judge_root(judge, &judge->candidates.list[i], running && i < judge->candidates.count,
				   &judge->machine->hostbridges[j], &judge->hosts[i * hosts + j]);
		}
	}
}

void p2p_judge_root(const struct p2p_judge *judge, int hostbridge, struct p2p_root *ret)
{
	const struct judge_host *host = p2p_judge_host(judge, 0, hostbridge);

	*ret = (struct p2p_root){
		.found = host->why == P2P_RULE_NO_ROOT_DEVICE ? P2P_NO : host->root == P2P_NOBODY ? P2P_MAYBE : P2P_YES,
		.function = host->root,
		.allowed = host->same,
		.allowed_across = host->across,
		.row = host->row,
	};
}
