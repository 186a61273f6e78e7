/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link-limit.h"

#include <string.h>

#include <linux/pci_regs.h>

#define LEAST_PAYLOAD 128 /* what MPS can be, PCIe base specification 7.5.3.4 */
#define MOST_PAYLOAD 4096
#define FIRST_FLIT_GEN 6

/* ---------------------------------------------------------------- a link */

struct rate {
	double bytes; /* a second and lane, after encoding */
	const char *encoding;
};

static const struct rate *rate_of(unsigned gen)
{
	static const struct rate rates[] = {
		[1] = { 2.5e9 / 8 * 8 / 10, "8b/10b" },	     [2] = { 5e9 / 8 * 8 / 10, "8b/10b" },
		[3] = { 8e9 / 8 * 128 / 130, "128b/130b" },  [4] = { 16e9 / 8 * 128 / 130, "128b/130b" },
		[5] = { 32e9 / 8 * 128 / 130, "128b/130b" }, [6] = { 64e9 / 8 * 236 / 256, "flits" },
		[7] = { 128e9 / 8 * 236 / 256, "flits" },
	};

	return gen > 0 && gen < sizeof(rates) / sizeof(*rates) ? &rates[gen] : NULL;
}

/* A port whose link is the one below it. */
static bool looks_down(const struct p2p_function *function)
{
	return p2p_known(function->port_type.fact) && (function->port_type.value == PCI_EXP_TYPE_ROOT_PORT ||
						       function->port_type.value == PCI_EXP_TYPE_DOWNSTREAM ||
						       function->port_type.value == PCI_EXP_TYPE_PCIE_BRIDGE);
}

/* Is it up, and of a speed with a name? */
static bool runs(const struct p2p_link *link)
{
	return p2p_known(link->fact) && rate_of(link->gen) && link->lanes;
}

/* The link above a function, as this end sees it, else the other: speed and width are the same.  NULL: not known. */
static const struct p2p_link *link_of(const struct p2p_machine *machine, int index)
{
	const struct p2p_function *function = &machine->functions[index];

	if (runs(&function->link))
		return &function->link;
	if (!p2p_known(function->up.fact))
		return NULL;
	function = &machine->functions[function->up.to];
	return looks_down(function) && runs(&function->link) ? &function->link : NULL;
}

double p2p_link_bytes(const struct p2p_machine *machine, int function)
{
	const struct p2p_link *link = link_of(machine, function);

	return link ? link->lanes * rate_of(link->gen)->bytes : 0;
}

/*
 * What surrounds a payload: a header of three dwords (completions and addresses
 * below 4 GiB; else it is four), and what frames and checks it.  Up to 5 GT/s
 * STP, sequence number, LCRC, END: 1 + 2 + 4 + 1 bytes; 8 to 32 GT/s the STP
 * token with the sequence number, LCRC: 4 + 4; a flit has these once for all
 * (PCIe base specification 3.0, 4.2.2.3; 6.0, 2.2.1.2).  A link of at most 32 GT/s
 * that runs in flit mode carries less than this says.
 */
static double wire_bytes(unsigned gen, unsigned payload)
{
	double around = gen >= FIRST_FLIT_GEN ? 12 : 20;

	return (payload + around) / payload;
}

/* ------------------------------------------------------------- the way up */

enum step { STEP_UNKNOWN = 0, STEP_INSIDE, STEP_LINK };

/* What is between a function and what is above it. */
static enum step step_of(const struct p2p_machine *machine, int index)
{
	const struct p2p_function *above = &machine->functions[machine->functions[index].up.to];

	if (above->port_type.fact.know == P2P_UNKNOWN)
		return STEP_UNKNOWN;
	if (p2p_known(above->port_type.fact) && above->port_type.value == PCI_EXP_TYPE_UPSTREAM)
		return STEP_INSIDE; /* of a switch */
	/* A bus behind a bridge to conventional PCI is one, too: of a speed that nobody knows. */
	return STEP_LINK;
}

/* One name for a link that several functions of a device have above them. */
static int link_name(const struct p2p_machine *machine, int index)
{
	const struct p2p_function *function = &machine->functions[index];
	int first = p2p_known(function->up.fact) ? machine->functions[function->up.to].below : P2P_NOBODY;

	return first == P2P_NOBODY ? index : first;
}

/* A way from a function to the root complex: the links, from below. */
struct way {
	int *links;
	size_t count;
	int *functions; /* as many as steps + 1, the first is where it starts */
	size_t depth;
	size_t *before; /* how many of the links are below functions[i] */
	int unknown;	/* P2P_NOBODY: all of it is known */
};

static void find_way(const struct p2p_machine *machine, int index, struct p2p_arena *arena, struct way *ret)
{
	size_t room = 1;

	for (int at = index; p2p_known(machine->functions[at].up.fact); at = machine->functions[at].up.to)
		room++;
	*ret = (struct way){ .unknown = P2P_NOBODY };
	ret->links = p2p_arena_array(arena, room, sizeof(*ret->links));
	ret->functions = p2p_arena_array(arena, room, sizeof(*ret->functions));
	ret->before = p2p_arena_array(arena, room, sizeof(*ret->before));
	for (int at = index;; at = machine->functions[at].up.to) {
		const struct p2p_function *function = &machine->functions[at];
		enum step step = STEP_INSIDE;

		ret->functions[ret->depth] = at;
		ret->before[ret->depth++] = ret->count;
		if (p2p_known(function->up.fact))
			step = step_of(machine, at);
		else if (!p2p_absent(function->up.fact))
			step = STEP_UNKNOWN;
		else if (p2p_known(function->link.fact) && !looks_down(function))
			step = STEP_LINK; /* its port is not shown: in a guest, or below firmware's own */
		if (step == STEP_UNKNOWN && ret->unknown == P2P_NOBODY)
			ret->unknown = at;
		if (step == STEP_LINK)
			ret->links[ret->count++] = link_name(machine, at);
		if (!p2p_known(function->up.fact))
			return;
	}
}

/* Cuts both ways where they meet. */
static bool meet(struct way *a, struct way *b)
{
	for (size_t i = 0; i < a->depth; i++)
		for (size_t k = 0; k < b->depth; k++) {
			if (a->functions[i] != b->functions[k])
				continue;
			a->count = a->before[i];
			b->count = b->before[k];
			/* Two functions of one device: what they say to each other stays in it. */
			if (a->count && b->count && a->links[a->count - 1] == b->links[b->count - 1]) {
				a->count--;
				b->count--;
			}
			return true;
		}
	return false;
}

/* --------------------------------------------------------------- the flow */

void p2p_flow_init(struct p2p_flow *flow)
{
	*flow = (struct p2p_flow){ .whole = true, .unknown = P2P_NOBODY };
}

static void not_known(struct p2p_flow *flow, int function, const char *why)
{
	if (!flow->whole)
		return;
	flow->whole = false;
	flow->unknown = function;
	flow->why = why;
}

/*
 * The payload of a packet that a function sends: a VF's is its PF's (PCIe base
 * specification 9.3.5.4).  P2P_NOBODY: a root port that is not shown.
 */
static void payload_of(const struct p2p_machine *machine, int sender, unsigned *ret_least, unsigned *ret_most)
{
	*ret_least = LEAST_PAYLOAD;
	*ret_most = MOST_PAYLOAD;
	if (sender == P2P_NOBODY)
		return;
	const struct p2p_function *function = &machine->functions[sender];

	if (p2p_known(function->physfn.fact))
		function = &machine->functions[function->physfn.to];
	if (p2p_known(function->mps.fact) && function->mps.value >= LEAST_PAYLOAD &&
	    function->mps.value <= MOST_PAYLOAD)
		*ret_least = *ret_most = (unsigned)function->mps.value;
}

static void cross(const struct p2p_machine *machine, const struct way *way, enum p2p_direction direction, int sender,
		  struct p2p_flow *flow)
{
	unsigned least, most;

	payload_of(machine, sender, &least, &most);
	for (size_t i = 0; i < way->count; i++) {
		const struct p2p_link *link = link_of(machine, way->links[i]);
		unsigned gen = link ? link->gen : 0;
		size_t at = 0;

		while (at < flow->count && (flow->crossings[at].function != way->links[i] ||
					    flow->crossings[at].direction != direction))
			at++;
		struct p2p_crossing *crossing = &flow->crossings[at];

		if (at == flow->count)
			flow->crossings[flow->count++] =
				(struct p2p_crossing){ .function = way->links[i], .direction = direction };
		crossing->times++;
		crossing->least += wire_bytes(gen, most);
		crossing->most += wire_bytes(gen, least);
	}
}

/* The root port at the end of a way, which sends what comes from the host's memory; P2P_NOBODY: it is not shown. */
static int top_of(const struct p2p_machine *machine, const struct way *way)
{
	int top = way->functions[way->depth - 1];

	return looks_down(&machine->functions[top]) ? top : P2P_NOBODY;
}

static void make_room(struct p2p_flow *flow, size_t more, struct p2p_arena *arena)
{
	struct p2p_crossing *room = p2p_arena_array(arena, flow->count + more + 1, sizeof(*room));

	if (flow->count)
		memcpy(room, flow->crossings, flow->count * sizeof(*room));
	flow->crossings = room;
}

void p2p_flow_add(const struct p2p_machine *machine, const struct p2p_leg *leg, struct p2p_arena *arena,
		  struct p2p_flow *flow)
{
	struct way up = { .unknown = P2P_NOBODY }, down = { .unknown = P2P_NOBODY };

	if (leg->from == leg->to)
		return;
	if (leg->from != P2P_NOBODY)
		find_way(machine, leg->from, arena, &up);
	if (leg->to != P2P_NOBODY)
		find_way(machine, leg->to, arena, &down);
	if (leg->from != P2P_NOBODY && leg->to != P2P_NOBODY) {
		if (leg->map != P2P_MAP_BUS_ADDR && leg->map != P2P_MAP_THRU_HOST_BRIDGE) {
			not_known(flow, P2P_NOBODY,
				  leg->map == P2P_MAP_NOT_SUPPORTED ? "the kernel refuses this way"
								    : "how the kernel maps this way is not known");
			return;
		}
		if (leg->map == P2P_MAP_BUS_ADDR && !meet(&up, &down)) {
			not_known(flow, up.unknown == P2P_NOBODY ? down.unknown : up.unknown,
				  "where the two ways meet is not known");
			return;
		}
	}
	if (up.unknown != P2P_NOBODY || down.unknown != P2P_NOBODY)
		not_known(flow, up.unknown != P2P_NOBODY ? up.unknown : down.unknown, "what is above it is not known");
	make_room(flow, up.count + down.count, arena);
	int sender = leg->from != P2P_NOBODY ? leg->from : top_of(machine, &down);

	cross(machine, &up, P2P_UP, sender, flow);
	cross(machine, &down, P2P_DOWN, sender, flow);
}

void p2p_flow_copy(const struct p2p_machine *machine, const struct p2p_copy *copy, struct p2p_arena *arena,
		   struct p2p_flow *ret)
{
	int between = copy->bounce ? P2P_NOBODY : copy->provider;
	struct p2p_leg in = { .from = copy->source, .to = between, .map = copy->in };
	struct p2p_leg out = { .from = between, .to = copy->destination, .map = copy->out, .read = true };

	p2p_flow_init(ret);
	if (copy->source != P2P_NOBODY)
		p2p_flow_add(machine, &in, arena, ret);
	if (copy->destination != P2P_NOBODY)
		p2p_flow_add(machine, &out, arena, ret);
}

/* -------------------------------------------------------------- the limit */

void p2p_flow_limit(const struct p2p_machine *machine, const struct p2p_flow *flow, struct p2p_limit *ret)
{
	*ret = (struct p2p_limit){ .function = flow->unknown, .why = flow->why };
	if (!flow->whole)
		return;
	for (size_t i = 0; i < flow->count; i++) {
		const struct p2p_crossing *crossing = &flow->crossings[i];
		double bytes = p2p_link_bytes(machine, crossing->function);
		uint64_t low = (uint64_t)(bytes / crossing->most), high = (uint64_t)(bytes / crossing->least);

		if (!(bytes > 0)) {
			*ret = (struct p2p_limit){ .function = crossing->function,
						   .why = "speed and width of its link are not known" };
			return;
		}
		if (i == 0 || low < ret->low) {
			ret->low = low;
			ret->narrowest = *crossing;
			ret->function = crossing->function;
		}
		if (i == 0 || high < ret->high)
			ret->high = high;
	}
	ret->state = flow->count ? P2P_LIMIT_KNOWN : P2P_LIMIT_NONE;
}

void p2p_limit_says(const struct p2p_machine *machine, const struct p2p_limit *limit, struct p2p_buf *ret)
{
	char address[P2P_BDF_TEXT];

	if (limit->state == P2P_LIMIT_NONE) {
		p2p_buf_puts(ret, "no link is crossed");
		return;
	}
	if (limit->function != P2P_NOBODY) {
		p2p_bdf_format(machine->functions[limit->function].bdf, true, address);
		p2p_buf_printf(ret, "%s%s", address, limit->state == P2P_LIMIT_UNKNOWN ? ": " : "");
	}
	if (limit->state == P2P_LIMIT_UNKNOWN) {
		p2p_buf_puts(ret, limit->why);
		return;
	}
	const struct p2p_link *link = link_of(machine, limit->function);
	const struct p2p_crossing *crossing = &limit->narrowest;
	double around = wire_bytes(link->gen, 1) - 1;
	double payload = around / (crossing->most / crossing->times - 1);

	p2p_buf_printf(ret, " %s, %s GT/s x%u, %s, ", crossing->direction == P2P_UP ? "up" : "down",
		       p2p_link_speed(link->gen), link->lanes, rate_of(link->gen)->encoding);
	if (crossing->least < crossing->most)
		p2p_buf_puts(ret, "payload size not known");
	else
		p2p_buf_printf(ret, "%.0f bytes a packet", payload);
	if (crossing->times > 1)
		p2p_buf_printf(ret, ", crossed %s", crossing->times == 2 ? "twice" : "more than twice");
}
