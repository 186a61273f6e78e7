/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print-bench.h"

#include <stdio.h>
#include <string.h>

#include "bench-result.h"
#include "core/base/text.h"

/* As wide as what stands before a way in a cell. */
#define INDENT "               "

/* "310ns", "8.5us", "12ms", "1.2s": three figures at most. */
static void put_time(uint64_t ns, struct p2p_buf *ret)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double value = (double)ns;
	size_t unit = 0;

	for (; value >= 999.5 && unit < 3; unit++)
		value /= 1000;
	p2p_buf_printf(ret, "%.*f%s", value < 9.95 && unit ? 1 : 0, value, units[unit]);
}

static void print_time(uint64_t ns)
{
	struct p2p_buf text = P2P_BUF_INIT;

	put_time(ns, &text);
	printf(" %6s", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static const char *sign(const struct ctl *ctl, const char *fine, const char *ascii)
{
	return ctl->topo.style.ascii ? ascii : fine;
}

/* "0000:03:00.0" as this machine's addresses are shown. */
static const char *shown(const struct ctl *ctl, const char *address, char text[P2P_BDF_TEXT])
{
	struct p2p_bdf bdf;

	if (p2p_bdf_parse(address, &bdf) || p2p_machine_find(ctl->topo.machine, bdf) == P2P_NOBODY)
		return address;
	return topo_address(&ctl->topo, p2p_machine_find(ctl->topo.machine, bdf), text);
}

static void put_name(const struct ctl *ctl, const struct p2p_bench_result *result, struct p2p_buf *ret)
{
	const char *arrow = sign(ctl, " \xe2\x86\x92 ", " -> ");
	char text[P2P_BDF_TEXT];

	if (result->src_path)
		p2p_buf_printf(ret, "%s%s", result->src_path, arrow);
	if (result->provider)
		p2p_buf_puts(ret, shown(ctl, result->provider, text));
	else
		p2p_buf_puts(ret, strcmp(result->backend, "null") != 0 ? "host memory" : "nothing");
	if (result->dst_path)
		p2p_buf_printf(ret, "%s%s", arrow, result->dst_path);
}

/* ----------------------------------------------------------------- cells */

static void print_way(const char *word, const struct p2p_bench_way *way)
{
	double rate = bench_way_rate(way), iops = way->ns ? (double)way->ops * 1e9 / (double)way->ns : 0;

	printf("%-7s %9.*f %8.0f", word, rate < 1e9 ? 2 : 0, rate / 1e6, iops);
	print_time(way->p50);
	print_time(way->p99);
	print_time(way->p999);
	print_time(way->max);
	if (way->bytes)
		printf("  %8.3f", (double)way->cpu_ns / (double)way->bytes);
	putchar('\n');
}

static void put_percent(double part, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%.*f %%", part < 0.0995 ? 1 : 0, part * 100);
}

/* "1.84 x the bounce (1.79-1.90)". */
static void put_ratio(const struct ctl *ctl, const struct p2p_bench_cell *cell, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%.2f %s the bounce (%.2f%s%.2f)", cell->ratio, sign(ctl, "\xc3\x97", "x"), cell->ratio_low,
		       sign(ctl, "\xe2\x80\x93", "-"), cell->ratio_high);
}

static const char *cell_level(const struct p2p_bench_cell *cell)
{
	bool wrong = cell->proof.wrong || cell->proof.outside;

	if (!cell->proof.done)
		return "works, not proved";
	if (wrong)
		return cell->peer.ops ? "works, WRONG DATA" : "WRONG DATA";
	return cell->faster == P2P_YES ? "faster" : "intact";
}

/* What a cell says of the pair, one line below its figures. */
static void print_says(const struct ctl *ctl, const struct p2p_bench_result *result, const struct p2p_bench_cell *cell)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (p2p_known(cell->ratio_fact)) {
		put_ratio(ctl, cell, &text);
		p2p_buf_puts(&text, cell->faster == P2P_MAYBE	? ": too noisy to tell"
				    : cell->ratio_high < 1	? ": slower"
				    : cell->faster == P2P_NO	? ": as fast"
								: "");
	}
	if (p2p_known(result->limit.fact) && result->limit.value && cell->peer.ops) {
		p2p_buf_puts(&text, text.len ? ", " : "");
		put_percent(bench_way_rate(&cell->peer) / (double)result->limit.value, &text);
		p2p_buf_puts(&text, " of the link");
	}
	if ((cell->peer.ops && !cell->peer.error) || cell->proof.done) {
		p2p_buf_printf(&text, "%s%s", text.len ? "; " : "", cell_level(cell));
		if (cell->proof.done)
			p2p_buf_printf(&text, ": %llu of %llu blocks are right, %llu different",
				       (unsigned long long)(cell->proof.checked - cell->proof.wrong),
				       (unsigned long long)cell->proof.checked,
				       (unsigned long long)cell->proof.distinct);
	}
	if (text.len)
		topo_print_text(&ctl->topo, INDENT, INDENT, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void print_error(const struct ctl *ctl, const char *word, const struct p2p_bench_way *way)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "%s failed: %s", word, p2p_problem_errno(way->error));
	topo_print_text(&ctl->topo, INDENT, INDENT, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void print_cell(const struct ctl *ctl, const struct p2p_bench_result *result, const struct p2p_bench_cell *cell)
{
	struct p2p_buf size = P2P_BUF_INIT;
	bool both = cell->peer.ops && cell->bounce.ops;

	p2p_text_size(&size, cell->bs);
	printf("%5s %7u  ", p2p_buf_text(&size), cell->depth);
	p2p_buf_free(&size);
	if (cell->peer.ops)
		print_way(result->backend, &cell->peer);
	if (both)
		printf("%15s", "");
	if (cell->bounce.ops)
		print_way(result->provider ? "bounce" : result->backend, &cell->bounce);
	if (!cell->peer.ops && !cell->bounce.ops)
		puts(cell->problem || cell->peer.error || cell->bounce.error ? "-" : "- not measured");
	if (cell->problem)
		topo_print_text(&ctl->topo, INDENT, INDENT, cell->problem);
	if (cell->peer.error)
		print_error(ctl, result->backend, &cell->peer);
	if (cell->bounce.error)
		print_error(ctl, result->provider ? "bounce" : result->backend, &cell->bounce);
	print_says(ctl, result, cell);
}

/* -------------------------------------------------------------- headline */

static void put_best(const struct ctl *ctl, const struct p2p_bench_result *result, struct p2p_buf *ret)
{
	double rate;
	const struct p2p_bench_cell *cell = p2p_bench_best(result, &rate);

	if (!cell)
		return;
	if (p2p_known(cell->ratio_fact)) {
		p2p_buf_puts(ret, ", ");
		put_ratio(ctl, cell, ret);
	} else {
		p2p_buf_printf(ret, ", %.1f MB/s", bench_way_rate(&cell->peer) / 1e6);
	}
	p2p_buf_puts(ret, " at bs=");
	p2p_text_size(ret, cell->bs);
	p2p_buf_printf(ret, " iodepth=%u", cell->depth);
	if (!p2p_known(result->limit.fact) || !result->limit.value)
		return;
	p2p_buf_puts(ret, ", ");
	put_percent(bench_way_rate(&cell->peer) / (double)result->limit.value, ret);
	p2p_buf_printf(ret, " of the narrowest link%s%s", result->limit_link ? " " : "",
		       result->limit_link ? result->limit_link : "");
}

static bool has_wrong(const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (result->cells[i].proof.wrong || result->cells[i].proof.outside)
			return true;
	return false;
}

void bench_headline(const struct ctl *ctl, const struct p2p_bench_result *result, struct p2p_buf *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;

	bool pair = result->src || result->dst;

	put_name(ctl, result, &text);
	if (result->provider && pair) {
		p2p_buf_printf(&text, ": %s", result->level ? p2p_bench_level_name(result->level) : "not proved");
		if (has_wrong(result))
			p2p_buf_puts(&text, ", WRONG DATA");
		else if (result->level == P2P_BENCH_ALLOWED)
			p2p_buf_puts(&text, " and does not work");
		put_best(ctl, result, &text);
	}
	if (result->why && result->provider)
		p2p_buf_printf(&text, "%s %s", pair ? ";" : ":", result->why);
	else if (result->why && strcmp(result->why, "no peer memory took part") != 0)
		p2p_buf_printf(&text, ": %s", result->why);
	p2p_text_visible(ret, p2p_buf_text(&text), ctl->topo.style.ascii);
	p2p_buf_free(&text);
}

/* ----------------------------------------------------------------- whole */

static void print_avoided(const struct p2p_bench_result *result)
{
	uint64_t avoided = 0;

	for (size_t i = 0; i < result->cell_count; i++)
		avoided += result->cells[i].avoided;
	if (avoided)
		printf("%.*f %s did not cross the host's memory.\n", avoided < 1000000000 ? 1 : 2,
		       (double)avoided / (avoided < 1000000000 ? 1e6 : 1e9), avoided < 1000000000 ? "MB" : "GB");
}

void bench_print_guest(const struct ctl *ctl)
{
	const struct p2p_number *hypervisor = &ctl->topo.machine->host.hypervisor;

	if (p2p_known(hypervisor->fact) && hypervisor->value)
		topo_print_text(&ctl->topo, "", "",
				"This is a virtual machine: figures of emulated hardware mean nothing, and what the "
				"host's routing "
				"does cannot be seen from here.");
}

void bench_print(const struct ctl *ctl, const struct p2p_bench_result *result, const struct p2p_names *damage)
{
	struct p2p_buf text = P2P_BUF_INIT;

	bench_headline(ctl, result, &text);
	topo_print_text(&ctl->topo, "", "", p2p_buf_text(&text));
	printf("   bs iodepth               MB/s     IOPS    p50    p99  p99.9    max  CPU s/GB\n");
	for (size_t i = 0; i < result->cell_count; i++)
		print_cell(ctl, result, &result->cells[i]);
	const char *says = NULL;

	while ((says = p2p_names_next(damage, says)))
		topo_print_text(&ctl->topo, "wrong: ", "       ", says);
	print_avoided(result);
	if (result->interrupted)
		puts("It was ended before it was done: cells are missing, or have few rounds.");
	for (size_t i = 0; i < result->fault_count; i++)
		topo_print_text(&ctl->topo, i ? "        " : "kernel: ", "        ", result->faults[i]);
	p2p_buf_free(&text);
}
