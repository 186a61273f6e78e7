/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"

#define REDRAW_NS 200000000u
#define BAR 16

void bench_progress_begin(const struct p2p_cli *cli, struct bench_progress *ret)
{
	const char *term = getenv("TERM");

	*ret = (struct bench_progress){ .pairs = 1, .on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 };
	ret->style = p2p_style_of(stderr, p2p_cli_value(cli, "color"), p2p_cli_has(cli, "ascii"));
}

void bench_progress_time(uint64_t seconds, struct p2p_buf *ret)
{
	uint64_t minutes = (seconds + 30) / 60;

	if (seconds < 120)
		p2p_buf_printf(ret, "%llu s", (unsigned long long)seconds);
	else if (minutes < 60)
		p2p_buf_printf(ret, "%llu min", (unsigned long long)minutes);
	else if (minutes % 60)
		p2p_buf_printf(ret, "%llu h %llu min", (unsigned long long)(minutes / 60),
			       (unsigned long long)(minutes % 60));
	else
		p2p_buf_printf(ret, "%llu h", (unsigned long long)(minutes / 60));
}

void bench_progress_format(const struct bench_progress *progress, double done, uint32_t bs, unsigned depth,
			   struct p2p_buf *ret)
{
	double pairs = (double)progress->pairs, whole = ((double)progress->pair + done) / pairs;
	double left = (double)progress->seconds * pairs * (1 - whole);
	unsigned full = (unsigned)(whole * BAR + 0.5);

	p2p_buf_putc(ret, '[');
	for (unsigned i = 0; i < BAR; i++)
		p2p_buf_putc(ret, i < full ? '#' : '.');
	p2p_buf_puts(ret, "] ");
	if (progress->pairs > 1)
		p2p_buf_printf(ret, "pair %zu of %zu, ", progress->pair + 1, progress->pairs);
	p2p_buf_puts(ret, "bs=");
	p2p_text_size(ret, bs);
	p2p_buf_printf(ret, " iodepth=%u, ", depth);
	bench_progress_time(left > 1 ? (uint64_t)(left + 0.5) : 1, ret);
	p2p_buf_puts(ret, " left");
	if (progress->name)
		p2p_buf_printf(ret, "; %s", progress->name);
}

/* Of the pair: whole rounds of all cells; within one round it is not known. */
static double done(const struct bench_run *run)
{
	size_t rounds = 0;

	for (size_t i = 0; i < run->cell_count; i++)
		rounds += atomic_load(&run->shared->cells[i].rounds);
	/* What ended early ended, too. */
	size_t passed = (size_t)atomic_load(&run->shared->cell) * run->rounds;
	size_t now = passed + atomic_load(&run->shared->cells[atomic_load(&run->shared->cell)].rounds);

	return (double)(now > rounds ? now : rounds) / (double)(run->rounds * run->cell_count);
}

void bench_progress_draw(struct bench_progress *progress, const struct bench_run *run)
{
	const struct bench_cell *cell = &run->shared->cells[atomic_load(&run->shared->cell)];
	struct p2p_buf line = P2P_BUF_INIT, shown = P2P_BUF_INIT;
	uint64_t now = bench_now();
	int width = progress->style.width ? progress->style.width : 80;

	if (!progress->on || (progress->drawn && now - progress->last < REDRAW_NS))
		return;
	bench_progress_format(progress, done(run), cell->bs, cell->depth, &line);
	p2p_text_visible(&shown, p2p_buf_text(&line), true); /* ASCII: a byte is a column */
	fprintf(stderr, "\r\033[K%.*s", width - 1, p2p_buf_text(&shown));
	fflush(stderr);
	progress->drawn = true;
	progress->last = now;
	p2p_buf_free(&shown);
	p2p_buf_free(&line);
}

void bench_progress_clear(struct bench_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}
