/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result as one line of JSON (schema p2p-bench/1). */
#include <math.h>

#include "../base/text.h"
#include "../base/time.h"
#include "results.h"

/* Inside of an object or a list: the comma, and the name unless NULL. */
static void put_key(struct p2p_buf *buf, const char *key)
{
	char last = buf->len ? buf->text[buf->len - 1] : '{';

	if (last != '{' && last != '[')
		p2p_buf_puts(buf, ", ");
	if (!key)
		return;
	p2p_buf_putc(buf, '"');
	p2p_text_json(buf, key);
	p2p_buf_puts(buf, "\": ");
}

static void put_text(struct p2p_buf *buf, const char *key, const char *text)
{
	put_key(buf, key);
	if (!text) {
		p2p_buf_puts(buf, "null");
		return;
	}
	p2p_buf_putc(buf, '"');
	p2p_text_json(buf, text);
	p2p_buf_putc(buf, '"');
}

/* What a reader with signed 64 bits can take. */
static void put_number(struct p2p_buf *buf, const char *key, uint64_t value)
{
	put_key(buf, key);
	p2p_buf_printf(buf, "%lld", value > INT64_MAX ? (long long)INT64_MAX : (long long)value);
}

/* Every bit of it comes back. */
static void put_real(struct p2p_buf *buf, const char *key, double value)
{
	put_key(buf, key);
	p2p_buf_printf(buf, "%.17g", isfinite(value) ? value : 0);
}

static void put_bool(struct p2p_buf *buf, const char *key, bool value)
{
	put_key(buf, key);
	p2p_buf_puts(buf, value ? "true" : "false");
}

static void put_null(struct p2p_buf *buf, const char *key)
{
	put_key(buf, key);
	p2p_buf_puts(buf, "null");
}

static void open_part(struct p2p_buf *buf, const char *key, char c)
{
	put_key(buf, key);
	p2p_buf_putc(buf, c);
}

static void put_way(struct p2p_buf *buf, const char *key, const struct p2p_bench_way *way)
{
	if (!way->rate_count && !way->ops && !way->error) {
		put_null(buf, key);
		return;
	}
	open_part(buf, key, '{');
	put_number(buf, "ops", way->ops);
	put_number(buf, "bytes", way->bytes);
	put_number(buf, "ns", way->ns);
	put_number(buf, "cpu_ns", way->cpu_ns);
	put_number(buf, "p50", way->p50);
	put_number(buf, "p99", way->p99);
	put_number(buf, "p999", way->p999);
	put_number(buf, "max", way->max);
	open_part(buf, "rates", '[');
	for (size_t i = 0; i < way->rate_count; i++)
		put_real(buf, NULL, way->rates[i]);
	p2p_buf_putc(buf, ']');
	if (way->error)
		put_number(buf, "errno", (uint64_t)-way->error);
	else
		put_null(buf, "errno");
	p2p_buf_putc(buf, '}');
}

static void put_proof(struct p2p_buf *buf, const struct p2p_bench_proof *proof)
{
	if (!proof->done) {
		put_null(buf, "proof");
		return;
	}
	open_part(buf, "proof", '{');
	put_number(buf, "checked", proof->checked);
	put_number(buf, "wrong", proof->wrong);
	put_number(buf, "distinct", proof->distinct);
	put_number(buf, "outside", proof->outside);
	open_part(buf, "damage", '[');
	for (size_t i = 0; i < proof->damage_count; i++) {
		open_part(buf, NULL, '{');
		put_text(buf, "kind", proof->damage[i].kind);
		put_number(buf, "count", proof->damage[i].count);
		put_number(buf, "first", proof->damage[i].first);
		p2p_buf_putc(buf, '}');
	}
	p2p_buf_puts(buf, "]}");
}

static void put_cell(struct p2p_buf *buf, const struct p2p_bench_cell *cell)
{
	open_part(buf, NULL, '{');
	put_number(buf, "bs", cell->bs);
	put_number(buf, "depth", cell->depth);
	put_number(buf, "jobs", cell->jobs);
	put_bool(buf, "random", cell->random);
	put_way(buf, "peer", &cell->peer);
	put_way(buf, "bounce", &cell->bounce);
	if (p2p_known(cell->ratio_fact)) {
		open_part(buf, "ratio", '{');
		put_real(buf, "value", cell->ratio);
		put_real(buf, "low", cell->ratio_low);
		put_real(buf, "high", cell->ratio_high);
		p2p_buf_putc(buf, '}');
	} else {
		put_null(buf, "ratio");
	}
	if (cell->faster == P2P_MAYBE)
		put_null(buf, "faster");
	else
		put_bool(buf, "faster", cell->faster == P2P_YES);
	put_number(buf, "avoided", cell->avoided);
	put_proof(buf, &cell->proof);
	put_text(buf, "problem", cell->problem);
	p2p_buf_putc(buf, '}');
}

static void put_about(struct p2p_buf *buf, const struct p2p_bench_result *result)
{
	char when[P2P_TIME_TEXT];

	put_text(buf, "schema", P2P_RESULTS_SCHEMA);
	put_text(buf, "when", p2p_time_format(result->when, when));
	put_text(buf, "provider", result->provider);
	put_text(buf, "src", result->src);
	put_text(buf, "dst", result->dst);
	put_text(buf, "src_path", result->src_path);
	put_text(buf, "dst_path", result->dst_path);
	put_text(buf, "backend", result->backend);
	put_text(buf, "engine", result->engine);
	put_text(buf, "level", p2p_bench_level_name(result->level));
	put_text(buf, "why", result->why);
	put_number(buf, "bytes_per_second", result->bytes_per_second);
	if (p2p_known(result->limit.fact))
		put_number(buf, "limit", result->limit.value);
	else
		put_null(buf, "limit");
	put_text(buf, "limit_link", result->limit_link);
	put_bool(buf, "refused", result->refused);
	put_bool(buf, "hung", result->hung);
	put_bool(buf, "interrupted", result->interrupted);
}

void p2p_results_format(const struct p2p_bench_result *result, struct p2p_buf *ret)
{
	p2p_buf_putc(ret, '{');
	put_about(ret, result);
	open_part(ret, "cells", '[');
	for (size_t i = 0; i < result->cell_count; i++)
		put_cell(ret, &result->cells[i]);
	p2p_buf_putc(ret, ']');
	open_part(ret, "faults", '[');
	for (size_t i = 0; i < result->fault_count; i++)
		put_text(ret, NULL, result->faults[i]);
	p2p_buf_putc(ret, ']');
	open_part(ret, "identity", '{');
	for (size_t i = 0; i < result->identity_count; i++)
		put_text(ret, result->identity[i].name, result->identity[i].value);
	p2p_buf_puts(ret, "}}");
}
