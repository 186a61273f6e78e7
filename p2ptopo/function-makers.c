/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makers of cells: of plain facts, of what a function is, its link, and its peers.
 */
#include "function-makers.h"
#include "measured.h"

#include <stdlib.h>

bool function_no_value(struct function_cell *cell, struct p2p_fact fact)
{
	cell->know = fact.know;
	return !p2p_known(fact);
}

void function_put(struct function_cell *cell, enum p2p_role role, const char *text)
{
	cell->know = P2P_KNOWN;
	cell->role = role;
	p2p_buf_puts(&cell->text, text);
}

void function_sort_by(struct function_cell *cell, uint64_t number)
{
	cell->order = FUNCTION_BY_NUMBER;
	cell->number = number;
}

void function_put_number(struct function_cell *cell, uint64_t number)
{
	cell->know = P2P_KNOWN;
	function_sort_by(cell, number);
	p2p_buf_printf(&cell->text, "%llu", (unsigned long long)number);
}

void function_put_bytes(const struct function_at *at, struct function_cell *cell, uint64_t bytes)
{
	cell->know = P2P_KNOWN;
	function_sort_by(cell, bytes);
	if (at->facts->bytes)
		p2p_buf_printf(&cell->text, "%llu", (unsigned long long)bytes);
	else
		topo_size(bytes, &cell->text);
}

void function_put_answer(struct function_cell *cell, bool yes)
{
	function_put(cell, P2P_ROLE_PLAIN, yes ? "yes" : "no");
}

void function_put_address(const struct function_at *at, struct function_cell *cell, int index)
{
	char address[P2P_BDF_TEXT];

	function_put(cell, P2P_ROLE_PLAIN, topo_address(at->facts->topo, index, address));
	function_sort_by(cell, (uint64_t)index);
}

void function_add(struct function_cell *cell, const char *text)
{
	cell->know = P2P_KNOWN;
	p2p_buf_printf(&cell->text, "%s%s", cell->text.len ? " " : "", text);
}

/* ------------------------------------------- makers that take a plain fact */

void function_make_number(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, FUNCTION_FACT(p2p_number).fact))
		function_put_number(cell, FUNCTION_FACT(p2p_number).value);
}

void function_make_signed(const struct function_at *at, struct function_cell *cell)
{
	/* A negative node is ABSENT, so this is one from 0 on. */
	if (!function_no_value(cell, FUNCTION_FACT(p2p_signed).fact))
		function_put_number(cell, (uint64_t)FUNCTION_FACT(p2p_signed).value);
}

/* `detail` digits. */
void function_make_hex(const struct function_at *at, struct function_cell *cell)
{
	if (function_no_value(cell, FUNCTION_FACT(p2p_number).fact))
		return;
	function_sort_by(cell, FUNCTION_FACT(p2p_number).value);
	p2p_buf_printf(&cell->text, "%0*llx", (int)at->column->detail, (unsigned long long)cell->number);
}

void function_make_word(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, FUNCTION_FACT(p2p_word).fact))
		function_put(cell, P2P_ROLE_PLAIN, FUNCTION_FACT(p2p_word).text);
}

void function_make_answer(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, FUNCTION_FACT(p2p_number).fact))
		function_put_answer(cell, FUNCTION_FACT(p2p_number).value);
}

/* A control word, of which the bits `detail` mean on. */
void function_make_enabled(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, FUNCTION_FACT(p2p_number).fact))
		function_put(cell, P2P_ROLE_PLAIN, FUNCTION_FACT(p2p_number).value & at->column->detail ? "+" : "-");
}

void function_make_edge(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, FUNCTION_FACT(p2p_edge).fact))
		function_put_address(at, cell, FUNCTION_FACT(p2p_edge).to);
}

/* --------------------------------------------------------------- identity */

void function_make_device(const struct function_at *at, struct function_cell *cell)
{
	function_put_address(at, cell, at->index);
}

void function_make_path(const struct function_at *at, struct function_cell *cell)
{
	cell->order = FUNCTION_BY_BYTES;
	if (!p2p_function_path(at->machine, at->index, &cell->text))
		cell->know = P2P_KNOWN;
}

static void put_ids(struct function_cell *cell, struct p2p_number vendor, struct p2p_number device)
{
	if (function_no_value(cell, vendor.fact) || function_no_value(cell, device.fact))
		return;
	function_sort_by(cell, vendor.value << 16 | device.value);
	p2p_buf_printf(&cell->text, "%04x:%04x", (unsigned)vendor.value & 0xffff, (unsigned)device.value & 0xffff);
}

void function_make_id(const struct function_at *at, struct function_cell *cell)
{
	put_ids(cell, at->function->vendor, at->function->device);
}

void function_make_subsystem(const struct function_at *at, struct function_cell *cell)
{
	put_ids(cell, at->function->subvendor, at->function->subdevice);
}

/* A name of pci.ids; with -n the id that it stands for. */
static void put_pci_name(const struct function_at *at, struct function_cell *cell, struct p2p_word name,
			 struct p2p_number id, unsigned shift)
{
	if (!p2p_cli_has(at->facts->topo->cli, "numeric")) {
		if (!function_no_value(cell, name.fact))
			function_put(cell, P2P_ROLE_PLAIN, name.text);
		return;
	}
	if (function_no_value(cell, id.fact))
		return;
	function_sort_by(cell, id.value >> shift);
	p2p_buf_printf(&cell->text, "%04llx", (unsigned long long)cell->number);
}

void function_make_vendor_name(const struct function_at *at, struct function_cell *cell)
{
	put_pci_name(at, cell, at->function->vendor_name, at->function->vendor, 0);
}

void function_make_device_name(const struct function_at *at, struct function_cell *cell)
{
	put_pci_name(at, cell, at->function->device_name, at->function->device, 0);
}

void function_make_class_name(const struct function_at *at, struct function_cell *cell)
{
	put_pci_name(at, cell, at->function->class_name, at->function->class, 8);
}

void function_make_type(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, at->function->port_type.fact))
		function_put(cell, P2P_ROLE_PLAIN, p2p_port_type_name(at->function->port_type.value));
}

void function_make_name(const struct function_at *at, struct function_cell *cell)
{
	cell->know = P2P_KNOWN;
	/* First, so that a narrow terminal does not cut it off. */
	if (at->function->asleep)
		p2p_buf_puts(&cell->text, "(asleep) ");
	if (at->function->dead)
		p2p_buf_puts(&cell->text, "(does not answer) ");
	topo_name(at->facts->topo, at->index, &cell->text);
}

/*
 * Devices of the kind `detail`.  Whether one was not seen or is not there
 * follows from the driver: without one there are none.
 */
void function_make_children(const struct function_at *at, struct function_cell *cell)
{
	cell->know = at->function->driver.fact.know == P2P_UNKNOWN ? P2P_UNKNOWN : P2P_ABSENT;
	for (const struct p2p_child *child = at->function->children; child; child = child->next)
		if (child->kind == at->column->detail)
			function_add(cell, child->name);
}

void function_make_net_state(const struct function_at *at, struct function_cell *cell)
{
	cell->know = at->function->driver.fact.know == P2P_UNKNOWN ? P2P_UNKNOWN : P2P_ABSENT;
	for (const struct p2p_child *child = at->function->children; child; child = child->next)
		if (child->kind == P2P_CHILD_NET)
			function_add(cell, p2p_known(child->state.fact) ? child->state.text : "?");
}

void function_make_host(const struct function_at *at, struct function_cell *cell)
{
	if (at->function->hostbridge == P2P_NOBODY)
		return;
	function_put(cell, P2P_ROLE_PLAIN, at->machine->hostbridges[at->function->hostbridge].name);
	function_sort_by(cell, (uint64_t)at->function->hostbridge);
}

static void put_maybe(struct function_cell *cell, enum p2p_answer answer)
{
	if (answer != P2P_MAYBE)
		function_put_answer(cell, answer == P2P_YES);
}

void function_make_asleep(const struct function_at *at, struct function_cell *cell)
{
	put_maybe(cell, p2p_function_asleep(at->function));
}

void function_make_dead(const struct function_at *at, struct function_cell *cell)
{
	put_maybe(cell, p2p_function_dead(at->function));
}

/* ------------------------------------------------------------------- link */

/* Tenths of GT/s of all lanes together, for sorting. */
static uint64_t link_rate(unsigned gen, unsigned lanes)
{
	return (uint64_t)(strtod(p2p_link_speed(gen), NULL) * 10) * lanes;
}

void function_make_link(const struct function_at *at, struct function_cell *cell)
{
	static const struct { const char *mark; enum p2p_role role; } states[] = {
		[P2P_LINK_UNKNOWN] = { "", P2P_ROLE_PLAIN },	[P2P_LINK_NONE] = { "", P2P_ROLE_DIM },
		[P2P_LINK_FULL] = { "", P2P_ROLE_PLAIN },	[P2P_LINK_PARTNER] = { "~", P2P_ROLE_PLAIN },
		[P2P_LINK_DEGRADED] = { "!", P2P_ROLE_WARN },
	};
	const struct p2p_link *link = &at->function->link;
	enum p2p_link_state state = p2p_link_state(at->machine, at->index);

	if (function_no_value(cell, link->fact))
		return;
	if (!link->lanes || state == P2P_LINK_NONE) {
		function_put(cell, P2P_ROLE_DIM, "-");
		function_sort_by(cell, 0);
		return;
	}
	p2p_buf_printf(&cell->text, "%sx%u%s", p2p_link_speed(link->gen), link->lanes, states[state].mark);
	cell->role = states[state].role;
	function_sort_by(cell, link_rate(link->gen, link->lanes));
}

static void put_speed(struct function_cell *cell, unsigned gen)
{
	const char *speed = p2p_link_speed(gen);

	if (*speed == '?') {
		cell->know = P2P_UNKNOWN;
		return;
	}
	function_put(cell, P2P_ROLE_PLAIN, speed);
	function_sort_by(cell, gen);
}

/* A link that is down has no speed; its width is 0. */
void function_make_speed(const struct function_at *at, struct function_cell *cell)
{
	if (function_no_value(cell, at->function->link.fact))
		return;
	if (at->function->link.lanes)
		put_speed(cell, at->function->link.gen);
	else
		cell->know = P2P_ABSENT;
}

void function_make_speed_max(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, at->function->link.fact))
		put_speed(cell, at->function->link.gen_max);
}

void function_make_width(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, at->function->link.fact))
		function_put_number(cell, at->function->link.lanes);
}

void function_make_width_max(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, at->function->link.fact))
		function_put_number(cell, at->function->link.lanes_max);
}

void function_make_link_state(const struct function_at *at, struct function_cell *cell)
{
	static const char *const words[] = { NULL, "none", "full", "partner", "degraded" };
	enum p2p_link_state state = p2p_link_state(at->machine, at->index);

	if (function_no_value(cell, at->function->link.fact))
		return;
	if (state)
		function_put(cell, state == P2P_LINK_DEGRADED ? P2P_ROLE_WARN : P2P_ROLE_PLAIN, words[state]);
	else
		cell->know = P2P_UNKNOWN;
}

/* ------------------------------------------------------------------- peers */

void function_make_island(const struct function_at *at, struct function_cell *cell)
{
	int island = at->facts->islands[at->index];

	cell->know = P2P_ABSENT;
	if (!at->facts->among[at->index])
		return;
	cell->know = P2P_UNKNOWN;
	if (island > 0) {
		function_put_number(cell, (uint64_t)island);
		cell->role = P2P_ROLE_GOOD;
	} else if (island < 0) {
		function_put(cell, P2P_ROLE_DIM, "-");
		function_sort_by(cell, UINT64_MAX);
	}
}

void function_make_offer(const struct function_at *at, struct function_cell *cell)
{
	struct p2p_offer offer;

	p2p_judge_offer(at->facts->topo->judge, at->index, &offer);
	if (offer.kind)
		function_put(cell, P2P_ROLE_PLAIN, p2p_offer_name(offer.kind));
}

void function_make_client(const struct function_at *at, struct function_cell *cell)
{
	struct p2p_client client;

	p2p_judge_client(at->facts->topo->judge, at->index, &client);
	if (client.kind)
		function_put(cell, P2P_ROLE_PLAIN, p2p_client_name(client.kind));
}

void function_make_proved(const struct function_at *at, struct function_cell *cell)
{
	struct p2p_bench_proved proved = { 0 };
	char text[MEASURED_WORD];

	cell->know = P2P_ABSENT;
	if (at->facts->measured)
		proved = p2p_bench_proved_of(at->facts->measured, at->index);
	if (proved.result)
		function_put(cell, measured_role(&proved), measured_word(&proved, text));
}
