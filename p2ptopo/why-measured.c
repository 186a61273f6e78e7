/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why A B: what p2pctl bench found of the pair, beside the verdict. */
#include <stdio.h>

#include "measured.h"

/* "label      text", wrapped under itself. */
static void line(const struct topo *topo, const char *label, const char *text)
{
	char first[16];

	snprintf(first, sizeof(first), "%-10s ", label);
	topo_print_text(topo, first, "           ", text);
}

/* "2.0 GB/s at 64k x 8, 2.00 (1.90 to 2.10) of the way through host memory, 50 % of what LINK can carry" */
static void put_figure(const struct p2p_bench_result *result, struct p2p_buf *text)
{
	double rate = 0;
	const struct p2p_bench_cell *best = p2p_bench_best(result, &rate);

	if (!best)
		return;
	p2p_buf_puts(text, ", ");
	measured_rate(rate, text);
	p2p_buf_puts(text, " at ");
	p2p_bench_cell_name(best, text);
	if (p2p_known(best->ratio_fact))
		p2p_buf_printf(text, ", %.2f times (%.2f to %.2f) as fast as through host memory", best->ratio,
			       best->ratio_low, best->ratio_high);
	if (p2p_known(result->limit.fact) && result->limit.value)
		p2p_buf_printf(text, ", %.0f %% of what the narrowest link can carry (%s)",
			       100 * rate / (double)result->limit.value,
			       result->limit_link ? result->limit_link : "not named");
}

/* What was copied. */
static void put_copy(const struct p2p_bench_result *result, struct p2p_buf *text)
{
	const char *src = result->src_path ? result->src_path : result->src;
	const char *dst = result->dst_path ? result->dst_path : result->dst;

	if (src && dst)
		p2p_buf_printf(text, "%s copied to %s through the provider's memory", src, dst);
	else if (src)
		p2p_buf_printf(text, "%s read into the provider's memory", src);
	else
		p2p_buf_printf(text, "%s written from the provider's memory", dst);
}

static void put_void(const struct topo *topo, const struct p2p_bench_proved *proved, struct p2p_buf *text)
{
	const struct p2p_bench_result *result = proved->result;

	p2p_buf_printf(text, "%s (", proved->bad ? "it failed" : p2p_bench_level_name(result->level));
	put_copy(result, text);
	p2p_buf_puts(text, "; ");
	measured_when(topo, result->when, text);
	p2p_buf_printf(text, "), but since then %s", proved->why);
}

/* "intact: /dev/nvme1n1 read into the provider's memory, ..." */
static void print_proved(const struct topo *topo, const char *label, const struct p2p_bench_proved *proved)
{
	const struct p2p_bench_result *result = proved->result;
	struct p2p_buf text = P2P_BUF_INIT;
	char word[MEASURED_WORD];

	p2p_buf_printf(&text, "%s: ", measured_word(proved, word));
	if (proved->holds == P2P_NO) {
		put_void(topo, proved, &text);
	} else {
		put_copy(result, &text);
		put_figure(result, &text);
		p2p_buf_puts(&text, "; ");
		measured_when(topo, result->when, &text);
	}
	line(topo, label, p2p_buf_text(&text));
	p2p_buf_reset(&text);
	if (proved->holds == P2P_MAYBE) {
		p2p_buf_printf(&text, "whether that still holds cannot be told: %s", proved->why);
		line(topo, "", p2p_buf_text(&text));
	}
	if (result->why && proved->holds != P2P_NO)
		line(topo, "", result->why);
	p2p_buf_free(&text);
}

/* What a person would do about it. */
static void print_contradiction(const struct topo *topo, const struct p2p_verdict *verdict,
				const struct p2p_bench_proved *proved)
{
	const struct p2p_style *style = &topo->style;

	if (!p2p_bench_contradicts(proved, verdict))
		return;
	fputs(p2p_view_role_on(style, P2P_ROLE_BAD), stdout);
	line(topo, "CONTRARY",
	     proved->result->refused
		     ? "the kernel refused this pair, which is judged to be allowed. It may act on an answer from "
		       "before "
		       "ACS was changed; if it was not, this program is wrong: please report it, with the output of "
		       "`p2ptopo snapshot`"
		     : "it worked, and it is judged NOT_SUPPORTED. The kernel may act on an answer from before ACS was "
		       "changed; if it was not, this program is wrong: please report it, with the output of `p2ptopo "
		       "snapshot`");
	fputs(p2p_view_role_off(style, P2P_ROLE_BAD), stdout);
}

void measured_print(const struct topo *topo, const struct p2p_bench_index *index, const struct p2p_verdict *verdict,
		    const struct p2p_bench_proved *proved)
{
	struct p2p_bench_proved fill, drain;

	if (!proved->result)
		return;
	fill = p2p_bench_proved(index, verdict->provider, verdict->client, P2P_BENCH_FILL);
	drain = p2p_bench_proved(index, verdict->provider, verdict->client, P2P_BENCH_DRAIN);
	if (fill.result)
		print_proved(topo, "measured", &fill);
	/* One copy can have proved both. */
	if (drain.result && drain.result != fill.result)
		print_proved(topo, fill.result ? "" : "measured", &drain);
	if (proved->holds == P2P_YES)
		line(topo, "",
		     "(void as soon as kernel, command line, BIOS, IOMMU, a device, its firmware or driver, its slot, "
		     "or "
		     "ACS or a link on the way is another)");
	print_contradiction(topo, verdict, proved);
}
