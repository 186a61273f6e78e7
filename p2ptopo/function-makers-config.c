/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makers of cells: ACS, BARs and memory. */
#include "function-makers.h"

#include "core/model/acs.h"

/* -------------------------------------------------------------------- ACS */

void function_make_acs(const struct function_at *at, struct function_cell *cell)
{
	const struct p2p_function *function = at->function;

	switch (p2p_function_redirects(function)) {
	case P2P_MAYBE:
		return;
	case P2P_NO:
		if (p2p_absent(function->acs.fact))
			cell->know = P2P_ABSENT;
		else
			function_put(cell, P2P_ROLE_PLAIN, "-");
		return;
	case P2P_YES:
		break;
	}
	for (size_t i = 0; i < 7; i++)
		if (function->acs.ctrl & P2P_ACS_REDIRECT & p2p_acs_bits[i].mask)
			function_add(cell, p2p_acs_bits[i].letters);
	cell->role = P2P_ROLE_WARN;
}

/* The bits of the control word that are known. */
static uint16_t acs_known(const struct p2p_acs *acs)
{
	return p2p_known(acs->fact) ? (uint16_t)~acs->unsure : acs->assumed;
}

static void put_hex(struct function_cell *cell, unsigned word)
{
	cell->know = P2P_KNOWN;
	function_sort_by(cell, word);
	p2p_buf_printf(&cell->text, "%04x", word);
}

void function_make_acs_cap(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, at->function->acs.fact))
		put_hex(cell, at->function->acs.cap);
}

void function_make_acs_ctl(const struct function_at *at, struct function_cell *cell)
{
	if (function_no_value(cell, at->function->acs.fact))
		return;
	if (acs_known(&at->function->acs) == 0xffff)
		put_hex(cell, at->function->acs.ctrl);
	else
		cell->know = P2P_UNKNOWN;
}

void function_make_acs_offset(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, at->function->acs.fact))
		put_hex(cell, at->function->acs.offset);
}

void function_make_acs_cap_words(const struct function_at *at, struct function_cell *cell)
{
	if (function_no_value(cell, at->function->acs.fact))
		return;
	function_sort_by(cell, at->function->acs.cap);
	p2p_acs_format(&cell->text, at->function->acs.cap, 0x7f);
}

/* A bit that nobody knows has a question mark in place of its sign. */
void function_make_acs_ctl_words(const struct function_at *at, struct function_cell *cell)
{
	const struct p2p_acs *acs = &at->function->acs;
	uint16_t known = acs_known(acs);

	if (function_no_value(cell, acs->fact) && !acs->assumed)
		return;
	cell->know = P2P_KNOWN;
	function_sort_by(cell, acs->ctrl);
	for (size_t i = 0; i < 7; i++) {
		function_add(cell, p2p_acs_bits[i].name);
		p2p_buf_putc(&cell->text, !(known & p2p_acs_bits[i].mask)    ? '?'
					  : acs->ctrl & p2p_acs_bits[i].mask ? '+'
									     : '-');
	}
}

/* ----------------------------------------------------------------- memory */

#define ROM 6

void function_make_bars(const struct function_at *at, struct function_cell *cell)
{
	uint64_t count = 0;

	if (function_no_value(cell, at->function->bars_fact))
		return;
	for (size_t i = 0; i < at->function->bar_count; i++)
		count += at->function->bars[i].index != ROM;
	function_put_number(cell, count);
}

/* "0:16K 2:256M rom:64K" */
void function_make_bar_sizes(const struct function_at *at, struct function_cell *cell)
{
	if (function_no_value(cell, at->function->bars_fact))
		return;
	for (size_t i = 0; i < at->function->bar_count; i++) {
		const struct p2p_bar *bar = &at->function->bars[i];

		p2p_buf_puts(&cell->text, i ? " " : "");
		if (bar->index == ROM)
			p2p_buf_puts(&cell->text, "rom:");
		else
			p2p_buf_printf(&cell->text, "%u:", bar->index);
		if (at->facts->bytes)
			p2p_buf_printf(&cell->text, "%llu", (unsigned long long)bar->size);
		else
			topo_size(bar->size, &cell->text);
	}
}

void function_make_bar_largest(const struct function_at *at, struct function_cell *cell)
{
	uint64_t largest = 0;

	if (function_no_value(cell, at->function->bars_fact))
		return;
	for (size_t i = 0; i < at->function->bar_count; i++) {
		const struct p2p_bar *bar = &at->function->bars[i];

		if (!bar->io && bar->index != ROM && bar->size > largest)
			largest = bar->size;
	}
	if (largest)
		function_put_bytes(at, cell, largest);
	else
		cell->know = P2P_ABSENT;
}

/* The largest size that any BAR could be given. */
void function_make_resizable_most(const struct function_at *at, struct function_cell *cell)
{
	uint64_t sizes = 0;

	if (function_no_value(cell, at->function->resizable.fact))
		return;
	for (size_t i = 0; i < at->function->bar_count; i++)
		sizes |= at->function->bars[i].sizes;
	/* Bit n is 2^(n+20) bytes; what does not fit into 64 bits is no size.  The sizes are not read before 6.1. */
	cell->know = P2P_UNKNOWN;
	if (sizes && sizes >> 44 == 0)
		function_put_bytes(at, cell, 1ull << (63 - __builtin_clzll(sizes) + 20));
}

void function_make_memory(const struct function_at *at, struct function_cell *cell)
{
	if (function_no_value(cell, at->function->memory.fact))
		return;
	function_put_bytes(at, cell, at->function->memory.size);
	cell->role = P2P_ROLE_GOOD;
}

void function_make_memory_free(const struct function_at *at, struct function_cell *cell)
{
	if (!function_no_value(cell, at->function->memory.fact))
		function_put_bytes(at, cell, at->function->memory.available);
}

void function_make_memory_published(const struct function_at *at, struct function_cell *cell)
{
	const struct p2p_memory *memory = &at->function->memory;

	if (!function_no_value(cell, memory->fact) && !function_no_value(cell, memory->published.fact))
		function_put_answer(cell, memory->published.value);
}

/* A register of the CMB; only an NVMe controller has any.  True: there is no value. */
static bool no_cmb(const struct function_at *at, struct function_cell *cell, struct p2p_fact fact)
{
	if (!function_no_value(cell, fact))
		return false;
	if (!p2p_absent(fact) && p2p_known(at->function->class.fact) && at->function->class.value >> 8 != 0x0108)
		cell->know = P2P_ABSENT;
	return true;
}

void function_make_cmb_register(const struct function_at *at, struct function_cell *cell)
{
	if (no_cmb(at, cell, FUNCTION_FACT(p2p_number).fact))
		return;
	function_sort_by(cell, FUNCTION_FACT(p2p_number).value);
	p2p_buf_printf(&cell->text, "%08llx", (unsigned long long)cell->number);
}

/* Fields as the kernel takes them (KERNEL: include/linux/nvme.h:NVME_CMBSZ_*, NVME_CMB_BIR, NVME_CMB_OFST, 4.20-). */
static uint64_t cmb_field(uint64_t value, unsigned shift, unsigned bits)
{
	return value >> shift & ((1ull << bits) - 1);
}

/* In units of 4 KiB times 16 to the power of CMBSZ.SZU, of which 0 to 6 have a meaning. */
static void put_units(const struct function_at *at, struct function_cell *cell, uint64_t count)
{
	uint64_t power = cmb_field(at->function->cmb_size.value, 8, 4);

	cell->know = P2P_UNKNOWN;
	if (power <= 6)
		function_put_bytes(at, cell, count << (12 + 4 * power));
}

void function_make_cmb(const struct function_at *at, struct function_cell *cell)
{
	if (!no_cmb(at, cell, at->function->cmb_size.fact))
		put_units(at, cell, cmb_field(at->function->cmb_size.value, 12, 20));
}

void function_make_cmb_bar(const struct function_at *at, struct function_cell *cell)
{
	if (!no_cmb(at, cell, at->function->cmb_loc.fact))
		function_put_number(cell, cmb_field(at->function->cmb_loc.value, 0, 3));
}

void function_make_cmb_offset(const struct function_at *at, struct function_cell *cell)
{
	if (!no_cmb(at, cell, at->function->cmb_loc.fact) && !no_cmb(at, cell, at->function->cmb_size.fact))
		put_units(at, cell, cmb_field(at->function->cmb_loc.value, 12, 20));
}

/* CXL: the ids of the DVSECs. */
void function_make_cxl(const struct function_at *at, struct function_cell *cell)
{
	if (function_no_value(cell, at->function->cxl.fact))
		return;
	for (unsigned id = 0; id < 64; id++)
		if (at->function->cxl.value >> id & 1)
			p2p_buf_printf(&cell->text, "%s%u", cell->text.len ? " " : "", id);
}
