/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link limit: which links a copy crosses, in which direction, and what the narrowest lets through. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <linux/pci_regs.h>

#include "check.h"
#include "core/engine/link-limit.h"

/*
 *   01.0 R0 -- 02 U --+ D0 -- E0     01.0 R0: 4 x16, switch U, three ports below it
 *                     + D1 -- E1
 *                     + D2 -- E2.0, E2.1, and its VF
 *   02.0 R1 -- E3                    a drive of its own root port
 *   03.0 I                           integrated
 *   04.0 G                           an endpoint whose port is not shown, as in a guest
 *   05.0 R2 -- B -- C                a bridge to conventional PCI, and what is there
 */
enum { R0, U, D0, D1, D2, E0, E1, E2, E2B, VF, R1, E3, I, G, R2, B, C, COUNT };

static struct p2p_function functions[COUNT];
static struct p2p_machine machine = { .functions = functions, .function_count = COUNT };
static struct p2p_arena *arena;
static struct p2p_flow flow;
static struct p2p_limit limit;

static struct p2p_fact known(void)
{
	return p2p_fact_of(0, P2P_ORIGIN_READ);
}

static void make(int index, int up, int type, unsigned gen, unsigned lanes, unsigned mps)
{
	struct p2p_function *function = &functions[index];

	*function = (struct p2p_function){ .bdf = { 0, (uint8_t)index, 0 }, .below = P2P_NOBODY };
	function->up = (struct p2p_edge){ p2p_fact_of(up == P2P_NOBODY ? -ENOENT : 0, P2P_ORIGIN_READ), up };
	function->physfn = (struct p2p_edge){ p2p_fact_of(-ENOENT, P2P_ORIGIN_READ), P2P_NOBODY };
	function->port_type.fact = p2p_fact_of(type < 0 ? -ENOENT : 0, P2P_ORIGIN_READ);
	function->port_type.value = type < 0 ? 0 : (uint64_t)type;
	function->link = (struct p2p_link){ p2p_fact_of(gen ? 0 : -ENOENT, P2P_ORIGIN_READ), (uint8_t)gen,
					    (uint8_t)lanes, (uint8_t)gen, (uint8_t)lanes };
	function->mps = p2p_number_read(mps);
	if (up != P2P_NOBODY && functions[up].below == P2P_NOBODY)
		functions[up].below = index;
}

static void make_all(void)
{
	make(R0, P2P_NOBODY, PCI_EXP_TYPE_ROOT_PORT, 4, 16, 512);
	make(U, R0, PCI_EXP_TYPE_UPSTREAM, 4, 16, 512);
	make(D0, U, PCI_EXP_TYPE_DOWNSTREAM, 4, 4, 512);
	make(D1, U, PCI_EXP_TYPE_DOWNSTREAM, 3, 4, 512);
	make(D2, U, PCI_EXP_TYPE_DOWNSTREAM, 5, 8, 512);
	make(E0, D0, PCI_EXP_TYPE_ENDPOINT, 4, 4, 256);
	make(E1, D1, PCI_EXP_TYPE_ENDPOINT, 3, 4, 128);
	make(E2, D2, PCI_EXP_TYPE_ENDPOINT, 5, 8, 512);
	make(E2B, D2, PCI_EXP_TYPE_ENDPOINT, 5, 8, 512);
	make(VF, D2, PCI_EXP_TYPE_ENDPOINT, 5, 8, 128);
	functions[VF].physfn = (struct p2p_edge){ known(), E2 };
	functions[VF].link = (struct p2p_link){ .fact = known() };
	make(R1, P2P_NOBODY, PCI_EXP_TYPE_ROOT_PORT, 1, 1, 128);
	make(E3, R1, PCI_EXP_TYPE_ENDPOINT, 1, 1, 128);
	make(I, P2P_NOBODY, PCI_EXP_TYPE_RC_END, 0, 0, 128);
	make(G, P2P_NOBODY, PCI_EXP_TYPE_ENDPOINT, 6, 4, 256);
	make(R2, P2P_NOBODY, PCI_EXP_TYPE_ROOT_PORT, 3, 1, 128);
	make(B, R2, PCI_EXP_TYPE_PCI_BRIDGE, 3, 1, 128);
	make(C, B, -1, 0, 0, 128);
	functions[C].mps.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ);
}

static void copy(int source, enum p2p_map in, int provider, enum p2p_map out, int destination)
{
	struct p2p_copy all = { source, provider, destination, in, out, false };

	p2p_flow_copy(&machine, &all, arena, &flow);
	p2p_flow_limit(&machine, &flow, &limit);
}

static void bounce(int source, int destination)
{
	struct p2p_copy all = { source, P2P_NOBODY, destination, P2P_MAP_UNKNOWN, P2P_MAP_UNKNOWN, true };

	p2p_flow_copy(&machine, &all, arena, &flow);
	p2p_flow_limit(&machine, &flow, &limit);
}

/* How often that link is crossed in that direction; its bytes on the link go to `ret`. */
static unsigned times(int function, enum p2p_direction direction, double *ret)
{
	unsigned found = 0;

	for (size_t i = 0; i < flow.count; i++)
		if (flow.crossings[i].function == function && flow.crossings[i].direction == direction) {
			found += flow.crossings[i].times;
			CHECK(flow.crossings[i].least <= flow.crossings[i].most);
			if (ret)
				*ret = flow.crossings[i].most;
		}
	return found;
}

static bool near(double a, double b)
{
	bool so = fabs(a - b) <= 1e-6 * fabs(b) + 1;

	if (!so)
		fprintf(stderr, "  %.1f, not %.1f\n", a, b);
	return so;
}

static bool is_limit(int function, enum p2p_direction direction, double bytes)
{
	return limit.state == P2P_LIMIT_KNOWN && limit.function == function && limit.narrowest.function == function &&
	       limit.narrowest.direction == direction && limit.low == limit.high && near((double)limit.low, bytes);
}

static bool says(const char *wanted)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	p2p_limit_says(&machine, &limit, &buf);
	bool same = !strcmp(p2p_buf_text(&buf), wanted);

	if (!same)
		fprintf(stderr, "  \"%s\", not \"%s\"\n", p2p_buf_text(&buf), wanted);
	p2p_buf_free(&buf);
	return same;
}

/* ------------------------------------------------------------------ tests */

static void check_rates(void)
{
	/* One lane: the usual tables say 250, 500, 985, 1969, 3938 MB/s; 7.375 and 14.75 GB/s are what flits carry. */
	static const double lane[] = { 0, 250e6, 500e6, 984615385, 1969230769, 3938461538, 7375e6, 14750e6, 0 };

	for (unsigned gen = 0; gen < sizeof(lane) / sizeof(*lane); gen++) {
		functions[E1].link.gen = functions[D1].link.gen = (uint8_t)gen;
		functions[E1].link.lanes = 1;
		CHECK(near(p2p_link_bytes(&machine, E1), lane[gen]));
		functions[E1].link.lanes = 16;
		CHECK(near(p2p_link_bytes(&machine, E1), 16 * lane[gen]));
	}
	make_all();
	/* The other end of it serves as well; two that are not known, or down, do not. */
	functions[E1].link.fact = p2p_fact_of(-EACCES, P2P_ORIGIN_READ);
	CHECK(near(p2p_link_bytes(&machine, E1), 4 * 984615385.0));
	functions[D1].link.lanes = 0;
	CHECK(p2p_link_bytes(&machine, E1) == 0);
	make_all();
	/* What is above a port that looks up is not what it has below. */
	functions[D1].link.fact = p2p_fact_of(-EACCES, P2P_ORIGIN_READ);
	CHECK(p2p_link_bytes(&machine, D1) == 0);
	make_all();
}

static void check_switch(void)
{
	double wire = 0;

	/* E0 writes into E2, E1 reads from there: nothing leaves the switch. */
	copy(E0, P2P_MAP_BUS_ADDR, E2, P2P_MAP_BUS_ADDR, E1);
	CHECK(flow.whole && flow.count == 4);
	CHECK(times(E0, P2P_UP, &wire) == 1 && fabs(wire - 276.0 / 256) < 1e-12);
	CHECK(times(E2, P2P_DOWN, &wire) == 1 && fabs(wire - 276.0 / 256) < 1e-12);
	/* Completions are as long as who completes may make them. */
	CHECK(times(E2, P2P_UP, &wire) == 1 && fabs(wire - 532.0 / 512) < 1e-12);
	CHECK(times(E1, P2P_DOWN, &wire) == 1 && fabs(wire - 532.0 / 512) < 1e-12);
	CHECK(is_limit(E1, P2P_DOWN, 4 * 984615384.6 * 512 / 532));
	CHECK(says("0000:06:00.0 down, 8 GT/s x4, 128b/130b, 512 bytes a packet"));

	/* Either leg alone. */
	copy(E1, P2P_MAP_BUS_ADDR, E0, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(flow.count == 2 && is_limit(E1, P2P_UP, 4 * 984615384.6 * 128 / 148));
	copy(P2P_NOBODY, P2P_MAP_UNKNOWN, E0, P2P_MAP_BUS_ADDR, E1);
	CHECK(flow.count == 2 && is_limit(E1, P2P_DOWN, 4 * 984615384.6 * 256 / 276));
	copy(P2P_NOBODY, P2P_MAP_UNKNOWN, E0, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(flow.whole && limit.state == P2P_LIMIT_NONE && says("no link is crossed"));

	/* A drive with memory of its own: one leg stays inside, whatever its map would be. */
	copy(E0, P2P_MAP_UNKNOWN, E0, P2P_MAP_BUS_ADDR, E1);
	CHECK(flow.whole && flow.count == 2 && times(E0, P2P_UP, NULL) == 1 && times(E1, P2P_DOWN, NULL) == 1);
	copy(E0, P2P_MAP_UNKNOWN, E0, P2P_MAP_UNKNOWN, E0);
	CHECK(limit.state == P2P_LIMIT_NONE);

	/* Functions of one device, a VF too. */
	copy(E2B, P2P_MAP_BUS_ADDR, E2, P2P_MAP_BUS_ADDR, VF);
	CHECK(flow.whole && limit.state == P2P_LIMIT_NONE);
	/* One link, by whichever function. */
	copy(E2B, P2P_MAP_BUS_ADDR, E0, P2P_MAP_BUS_ADDR, VF);
	CHECK(flow.count == 4 && times(E2, P2P_UP, NULL) == 1 && times(E2, P2P_DOWN, NULL) == 1);
	/* A VF sends what its PF may. */
	copy(VF, P2P_MAP_BUS_ADDR, E0, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(times(E2, P2P_UP, &wire) == 1 && fabs(wire - 532.0 / 512) < 1e-12);
}

static void check_host_bridge(void)
{
	double wire = 0;

	/* Redirected to the root and back: the switch's uplink carries both legs both ways. */
	copy(E0, P2P_MAP_THRU_HOST_BRIDGE, E2, P2P_MAP_THRU_HOST_BRIDGE, E1);
	CHECK(flow.whole && flow.count == 6);
	CHECK(times(U, P2P_UP, &wire) == 2 && fabs(wire - 276.0 / 256 - 532.0 / 512) < 1e-12);
	CHECK(times(U, P2P_DOWN, NULL) == 2 && times(E2, P2P_UP, NULL) == 1 && times(E2, P2P_DOWN, NULL) == 1);
	CHECK(is_limit(E1, P2P_DOWN, 4 * 984615384.6 * 512 / 532));
	functions[U].link.lanes = 4;
	functions[U].link.gen = 3;
	p2p_flow_limit(&machine, &flow, &limit);
	CHECK(is_limit(U, P2P_UP, 4 * 984615384.6 / (276.0 / 256 + 532.0 / 512)));
	functions[U].link.lanes = 16;
	functions[U].link.gen = 4;

	/* Another root port: its link, up to it; nothing between root ports. */
	copy(E3, P2P_MAP_THRU_HOST_BRIDGE, E0, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(flow.count == 3 && times(E3, P2P_UP, NULL) == 1 && times(U, P2P_DOWN, NULL) == 1);
	CHECK(times(E0, P2P_DOWN, NULL) == 1 && is_limit(E3, P2P_UP, 250e6 * 128 / 148));
	CHECK(says("0000:0b:00.0 up, 2.5 GT/s x1, 8b/10b, 128 bytes a packet"));
	/* Functions of one device, redirected: up its link and down again. */
	copy(E2B, P2P_MAP_THRU_HOST_BRIDGE, E2, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(flow.count == 4 && times(E2, P2P_UP, NULL) == 1 && times(E2, P2P_DOWN, NULL) == 1);
	/* They do not meet below a bridge: a map that says so is of another machine. */
	copy(E3, P2P_MAP_BUS_ADDR, E0, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(!flow.whole && limit.state == P2P_LIMIT_UNKNOWN);
	/* Integrated: no link of its own. */
	copy(I, P2P_MAP_THRU_HOST_BRIDGE, E3, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(flow.count == 1 && is_limit(E3, P2P_DOWN, 250e6 * 128 / 148));
}

static void check_bounce(void)
{
	double wire = 0;

	bounce(E0, E1);
	CHECK(flow.whole && flow.count == 4 && times(E0, P2P_UP, NULL) == 1 && times(E1, P2P_DOWN, NULL) == 1);
	CHECK(times(U, P2P_UP, &wire) == 1 && fabs(wire - 276.0 / 256) < 1e-12);
	/* What comes from memory is sent by the root port. */
	CHECK(times(U, P2P_DOWN, &wire) == 1 && fabs(wire - 532.0 / 512) < 1e-12);
	CHECK(is_limit(E1, P2P_DOWN, 4 * 984615384.6 * 512 / 532));
	/* A link has two directions: a copy within a disk is as fast as one. */
	bounce(E3, E3);
	CHECK(flow.count == 2 && is_limit(E3, P2P_UP, 250e6 * 128 / 148));
	bounce(I, I);
	CHECK(limit.state == P2P_LIMIT_NONE);
	bounce(E0, P2P_NOBODY);
	CHECK(flow.count == 2 && times(E0, P2P_UP, NULL) == 1 && times(U, P2P_UP, NULL) == 1);
	/* In a guest: its link is a real one, and how long the host's packets are is not known. */
	bounce(G, P2P_NOBODY);
	CHECK(flow.count == 1 && is_limit(G, P2P_UP, 4 * 7375e6 * 256 / 268));
	CHECK(says("0000:0d:00.0 up, 64 GT/s x4, flits, 256 bytes a packet"));
	bounce(P2P_NOBODY, G);
	CHECK(limit.state == P2P_LIMIT_KNOWN && near((double)limit.low, 4 * 7375e6 * 128 / 140));
	CHECK(near((double)limit.high, 4 * 7375e6 * 4096 / 4108));
	CHECK(says("0000:0d:00.0 down, 64 GT/s x4, flits, payload size not known"));
}

static void check_unknown(void)
{
	/* How the kernel maps a leg. */
	copy(E0, P2P_MAP_UNKNOWN, E1, P2P_MAP_BUS_ADDR, E2);
	CHECK(!flow.whole && limit.state == P2P_LIMIT_UNKNOWN && limit.function == P2P_NOBODY);
	CHECK(says("how the kernel maps this way is not known"));
	copy(E0, P2P_MAP_BUS_ADDR, E1, P2P_MAP_NOT_SUPPORTED, E2);
	CHECK(limit.state == P2P_LIMIT_UNKNOWN && says("the kernel refuses this way"));

	/* The payload: a range, which is right at both ends. */
	functions[E1].mps.fact = p2p_fact_of(-EACCES, P2P_ORIGIN_READ);
	copy(E1, P2P_MAP_BUS_ADDR, E0, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(limit.state == P2P_LIMIT_KNOWN && near((double)limit.low, 4 * 984615384.6 * 128 / 148));
	CHECK(near((double)limit.high, 4 * 984615384.6 * 4096 / 4116));
	make_all();

	/* A link on the way: whatever the others are. */
	functions[U].link.fact = functions[R0].link.fact = p2p_fact_of(-EACCES, P2P_ORIGIN_READ);
	bounce(E1, P2P_NOBODY);
	CHECK(limit.state == P2P_LIMIT_UNKNOWN && limit.function == U);
	CHECK(says("0000:01:00.0: speed and width of its link are not known"));
	/* Not on the way below the switch. */
	copy(E1, P2P_MAP_BUS_ADDR, E0, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(limit.state == P2P_LIMIT_KNOWN);
	make_all();

	/* An edge, and what kind a bridge is. */
	functions[D1].up.fact = p2p_fact_of(-EIO, P2P_ORIGIN_READ);
	bounce(E1, P2P_NOBODY);
	CHECK(limit.state == P2P_LIMIT_UNKNOWN && limit.function == D1);
	copy(E1, P2P_MAP_BUS_ADDR, E0, P2P_MAP_UNKNOWN, P2P_NOBODY);
	CHECK(limit.state == P2P_LIMIT_UNKNOWN && limit.function == D1);
	make_all();
	functions[D1].port_type.fact = p2p_fact_of(-EACCES, P2P_ORIGIN_READ);
	bounce(E1, P2P_NOBODY);
	CHECK(limit.state == P2P_LIMIT_UNKNOWN && limit.function == E1);
	CHECK(says("0000:06:00.0: what is above it is not known"));
	make_all();

	/* Conventional PCI. */
	bounce(C, P2P_NOBODY);
	CHECK(flow.whole && flow.count == 2 && limit.state == P2P_LIMIT_UNKNOWN && limit.function == C);
	/* A speed that nobody has named yet. */
	functions[E1].link.gen = functions[D1].link.gen = 8;
	bounce(E1, P2P_NOBODY);
	CHECK(limit.state == P2P_LIMIT_UNKNOWN && limit.function == E1);
	make_all();
}

int main(void)
{
	arena = p2p_arena_new();
	make_all();
	check_rates();
	check_switch();
	check_host_bridge();
	check_bounce();
	check_unknown();
	p2p_arena_free(arena);
	return check_done();
}
