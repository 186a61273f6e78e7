/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench-compare.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/view/json.h"

enum { COL_CELL, COL_BEFORE, COL_AFTER, COL_CHANGE, COL_P, COL_BOUNCE, COL_ANSWER, COL_COUNT };

static const struct p2p_column columns[] = {
	[COL_CELL] = { "CELL", "block size and depth", 0 },
	[COL_BEFORE] = { "BEFORE", "the median rate of the first file", P2P_COLUMN_RIGHT },
	[COL_AFTER] = { "AFTER", "of the second", P2P_COLUMN_RIGHT },
	[COL_CHANGE] = { "CHANGE", "by how much it is more, and between what that is, with 95 % confidence", 0 },
	[COL_P] = { "P", "how likely chance alone makes such a difference, with regard to all cells",
		    P2P_COLUMN_RIGHT },
	[COL_BOUNCE] = { "BOUNCE", "the change through host memory in the same runs", P2P_COLUMN_RIGHT },
	[COL_ANSWER] = { "ANSWER", "what that comes to", 0 },
};

static const char *answer_words(enum p2p_stat_answer answer)
{
	static const char *const words[] = {
		[P2P_STAT_TOO_FEW] = "too few samples", [P2P_STAT_NOISY] = "too noisy to tell",
		[P2P_STAT_SAME] = "no difference",	[P2P_STAT_WORSE] = "regression",
		[P2P_STAT_BETTER] = "improvement",
	};

	return words[answer];
}

static enum p2p_role answer_role(enum p2p_stat_answer answer)
{
	return answer == P2P_STAT_WORSE	   ? P2P_ROLE_BAD
	       : answer == P2P_STAT_BETTER ? P2P_ROLE_GOOD
	       : answer == P2P_STAT_SAME   ? P2P_ROLE_PLAIN
					   : P2P_ROLE_DIM;
}

/* 2.1 GB/s */
static void put_rate(double rate, struct p2p_buf *ret)
{
	static const char *const units[] = { "B/s", "KB/s", "MB/s", "GB/s", "TB/s" };
	size_t unit = 0;

	if (rate <= 0) {
		p2p_buf_putc(ret, '-');
		return;
	}
	for (; rate >= 999.5 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
		rate /= 1000;
	p2p_buf_printf(ret, "%.*f %s", unit && rate < 9.995 ? 2 : unit && rate < 99.95 ? 1 : 0, rate, units[unit]);
}

static void put_percent(double ratio, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%+.1f %%", 100 * (ratio - 1));
}

static void set(struct p2p_report *report, struct p2p_report_row *row, size_t column, enum p2p_role role,
		struct p2p_buf *text)
{
	p2p_report_set(report, row, column, role, p2p_buf_text(text));
	p2p_buf_reset(text);
}

static void add_row(struct p2p_report *report, const struct compare_cell *cell, struct p2p_buf *text)
{
	struct p2p_report_row *row = p2p_report_add(report, NULL);
	const struct p2p_stat_cell *stat = cell->stat;

	p2p_bench_cell_name(cell->a, text);
	set(report, row, COL_CELL, P2P_ROLE_PLAIN, text);
	put_rate(cell->a_median, text);
	set(report, row, COL_BEFORE, P2P_ROLE_PLAIN, text);
	put_rate(cell->b_median, text);
	set(report, row, COL_AFTER, P2P_ROLE_PLAIN, text);
	if (stat->ratio.known) {
		put_percent(stat->ratio.estimate, text);
		p2p_buf_printf(text, " (%+.1f to %+.1f)", 100 * (stat->ratio.low - 1), 100 * (stat->ratio.high - 1));
	} else if (cell->a_median > 0 && cell->b_median > 0) {
		put_percent(cell->b_median / cell->a_median, text);
	}
	set(report, row, COL_CHANGE, P2P_ROLE_PLAIN, text);
	if (stat->sound)
		p2p_buf_printf(text, stat->adjusted < 0.0005 ? "<0.001" : "%.3f", stat->adjusted);
	set(report, row, COL_P, P2P_ROLE_PLAIN, text);
	if (cell->bounce > 0)
		put_percent(cell->bounce, text);
	set(report, row, COL_BOUNCE, P2P_ROLE_DIM, text);
	p2p_buf_puts(text, answer_words(stat->answer));
	if (stat->answer == P2P_STAT_TOO_FEW && stat->sound)
		p2p_buf_printf(text, ": %zu and %zu, %zu each needed", stat->a_count, stat->b_count, stat->needed);
	else if (!stat->sound)
		p2p_buf_puts(text, ": none in one of the files");
	set(report, row, COL_ANSWER, answer_role(stat->answer), text);
}

static void put_pair(const struct p2p_bench_result *result, struct p2p_buf *text)
{
	const char *src = result->src_path ? result->src_path : result->src;
	const char *dst = result->dst_path ? result->dst_path : result->dst;

	p2p_buf_printf(text, "%s -> %s -> %s", src ? src : "-", result->provider ? result->provider : "-",
		       dst ? dst : "-");
	if (strcmp(result->backend, "p2pmem") != 0)
		p2p_buf_printf(text, " (%s)", result->backend);
}

static void say(const struct compare *compare, const char *first, struct p2p_buf *text)
{
	topo_print_text(&compare->topo, first, "  ", p2p_buf_text(text));
	p2p_buf_reset(text);
}

static void print_level(const struct compare *compare, const struct compare_pair *pair, struct p2p_buf *text)
{
	const struct p2p_style *style = &compare->topo.style;

	if (pair->lost) {
		p2p_buf_printf(text, "regression: it was %s, and fails now%s%s",
			       p2p_bench_level_name(pair->a->level), pair->b->why ? ": " : "",
			       pair->b->why ? pair->b->why : "");
		fputs(p2p_view_role_on(style, P2P_ROLE_BAD), stdout);
		say(compare, "  ", text);
		fputs(p2p_view_role_off(style, P2P_ROLE_BAD), stdout);
	} else if (pair->a->level != pair->b->level) {
		p2p_buf_printf(text, "proved: %s, then %s", p2p_bench_level_name(pair->a->level),
			       p2p_bench_level_name(pair->b->level));
		say(compare, "  ", text);
	}
}

static void print_pair(const struct compare *compare, const struct compare_pair *pair)
{
	struct p2p_report *report = p2p_report_new(columns, COL_COUNT);
	struct p2p_buf text = P2P_BUF_INIT;

	put_pair(pair->a, &text);
	say(compare, "", &text);
	print_level(compare, pair, &text);
	if (pair->differs) {
		p2p_buf_printf(&text, "not the same before and after: %s", pair->differs);
		say(compare, "  ", &text);
	}
	for (size_t i = 0; i < pair->count; i++)
		add_row(report, &pair->cells[i], &text);
	if (pair->count)
		p2p_view_table(stdout, report, &compare->topo.style);
	if (pair->gone) {
		p2p_buf_printf(&text, "%zu cell%s of the first file %s not in the second", pair->gone,
			       pair->gone == 1 ? "" : "s", pair->gone == 1 ? "is" : "are");
		say(compare, "  ", &text);
	}
	p2p_report_free(report);
	p2p_buf_free(&text);
}

static void print_answer(const struct compare *compare, struct p2p_buf *text)
{
	static const char *const says[] = {
		[P2P_STAT_TOO_FEW] = "No regression is seen, and not all can be told.",
		[P2P_STAT_SAME] = "No difference.",
		[P2P_STAT_WORSE] = "There is a regression.",
		[P2P_STAT_BETTER] = "No regression, and an improvement.",
	};

	p2p_buf_printf(
		text,
		"%s By ranks (Mann-Whitney, Holm over all cells): at most 1 chance in 20 that any change is called "
		"one though nothing changed; less than 2 %% is no difference.",
		says[compare->answer]);
	say(compare, "", text);
}

void compare_print(const struct compare *compare)
{
	static const char *const which[] = { "first", "second" };
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < compare->count; i++) {
		print_pair(compare, &compare->pairs[i]);
		putchar('\n');
	}
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < compare->only_count[side]; i++) {
			p2p_buf_printf(&text, "Only in the %s file: ", which[side]);
			put_pair(compare->only[side][i], &text);
			say(compare, "", &text);
		}
	print_answer(compare, &text);
	p2p_buf_free(&text);
}

/* --------------------------------------------------------------------------- JSON */

static void json_real(struct p2p_json *json, const char *key, bool known, double value)
{
	char text[32];

	if (!known) {
		p2p_json_null(json, key);
		return;
	}
	p2p_json_raw(json, key, text, (size_t)snprintf(text, sizeof(text), "%.9g", value));
}

static void json_ends(struct p2p_json *json, const struct p2p_bench_result *result)
{
	p2p_json_text(json, "provider", result->provider);
	p2p_json_text(json, "src", result->src);
	p2p_json_text(json, "dst", result->dst);
	p2p_json_text(json, "backend", result->backend);
}

static void json_cell(struct p2p_json *json, const struct compare_cell *cell)
{
	const struct p2p_stat_cell *stat = cell->stat;

	p2p_json_object(json, NULL, true);
	p2p_json_number(json, "bs", cell->a->bs);
	p2p_json_number(json, "depth", cell->a->depth);
	p2p_json_number(json, "jobs", cell->a->jobs);
	p2p_json_bool(json, "random", cell->a->random);
	json_real(json, "before", cell->a_median > 0, cell->a_median);
	json_real(json, "after", cell->b_median > 0, cell->b_median);
	json_real(json, "ratio", stat->ratio.known, stat->ratio.estimate);
	json_real(json, "low", stat->ratio.known, stat->ratio.low);
	json_real(json, "high", stat->ratio.known, stat->ratio.high);
	json_real(json, "p", stat->sound, stat->p);
	json_real(json, "adjusted", stat->sound, stat->adjusted);
	json_real(json, "bounce_ratio", cell->bounce > 0, cell->bounce);
	p2p_json_text(json, "answer", p2p_stat_answer_name(stat->answer));
	if (stat->answer == P2P_STAT_TOO_FEW && stat->sound)
		p2p_json_number(json, "needed", stat->needed);
	else
		p2p_json_null(json, "needed");
	p2p_json_object_end(json);
}

static void json_side(struct p2p_json *json, const char *key, const struct p2p_bench_result *result)
{
	char when[P2P_TIME_TEXT];

	p2p_json_object(json, key, true);
	p2p_json_text(json, "when", p2p_time_format(result->when, when));
	p2p_json_text(json, "level", p2p_bench_level_name(result->level));
	p2p_json_text(json, "why", result->why);
	p2p_json_object_end(json);
}

static void json_pair(struct p2p_json *json, const struct compare_pair *pair)
{
	p2p_json_object(json, NULL, false);
	json_ends(json, pair->a);
	json_side(json, "before", pair->a);
	json_side(json, "after", pair->b);
	p2p_json_bool(json, "lost", pair->lost);
	p2p_json_text(json, "differs", pair->differs);
	p2p_json_number(json, "cells_gone", pair->gone);
	p2p_json_array(json, "cells", false);
	for (size_t i = 0; i < pair->count; i++)
		json_cell(json, &pair->cells[i]);
	p2p_json_array_end(json);
	p2p_json_object_end(json);
}

static void json_only(struct p2p_json *json, const char *key, const struct compare *compare, int side)
{
	p2p_json_array(json, key, false);
	for (size_t i = 0; i < compare->only_count[side]; i++) {
		p2p_json_object(json, NULL, true);
		json_ends(json, compare->only[side][i]);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

enum p2p_exit compare_print_json(const struct compare *compare)
{
	static const char *const answers[] = { [P2P_STAT_TOO_FEW] = "unknown", [P2P_STAT_SAME] = "same",
					       [P2P_STAT_WORSE] = "worse",     [P2P_STAT_BETTER] = "better" };
	struct p2p_json *json = p2p_json_new(stdout);

	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "schema", "p2pctl/1");
	p2p_json_object(json, "compare", false);
	p2p_json_text(json, "answer", answers[compare->answer]);
	p2p_json_array(json, "pairs", false);
	for (size_t i = 0; i < compare->count; i++)
		json_pair(json, &compare->pairs[i]);
	p2p_json_array_end(json);
	json_only(json, "only_before", compare, 0);
	json_only(json, "only_after", compare, 1);
	p2p_json_object_end(json);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}
