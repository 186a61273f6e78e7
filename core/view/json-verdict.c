/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-verdict.h"

#include <string.h>

#include "../base/text.h"
#include "../base/time.h"

/* A JSON string; NULL is null. */
static void put_text(struct p2p_buf *buf, const char *text)
{
	if (!text) {
		p2p_buf_puts(buf, "null");
		return;
	}
	p2p_buf_putc(buf, '"');
	p2p_text_json(buf, text);
	p2p_buf_putc(buf, '"');
}

static void put_key(struct p2p_buf *buf, const char *key)
{
	p2p_buf_puts(buf, ", \"");
	p2p_buf_puts(buf, key);
	p2p_buf_puts(buf, "\": ");
}

/* Names of this program's own: nothing to escape. */
static void put_name(struct p2p_buf *buf, const char *key, const char *name)
{
	put_key(buf, key);
	if (!name) {
		p2p_buf_puts(buf, "null");
		return;
	}
	p2p_buf_putc(buf, '"');
	p2p_buf_puts(buf, name);
	p2p_buf_putc(buf, '"');
}

static const char *answer_name(enum p2p_answer answer)
{
	return answer == P2P_YES ? "true" : answer == P2P_NO ? "false" : "null";
}

/* Decimal digits without printf: this runs for every pair. */
static void put_number(struct p2p_buf *buf, unsigned value)
{
	char digits[12];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	p2p_buf_add(buf, digits + at, sizeof(digits) - at);
}

void p2p_json_pair_format(struct p2p_buf *buf, const struct p2p_json_pair *pair)
{
	const struct p2p_verdict *verdict = pair->verdict;

	p2p_buf_puts(buf, "{\"provider\": \"");
	p2p_buf_puts(buf, pair->provider);
	p2p_buf_puts(buf, "\", \"client\": \"");
	p2p_buf_puts(buf, pair->client);
	p2p_buf_putc(buf, '"');
	put_name(buf, "map", p2p_map_name(verdict->map));
	put_key(buf, "supported");
	p2p_buf_puts(buf, answer_name(verdict->supported));
	put_key(buf, "distance");
	if (verdict->distance < 0)
		p2p_buf_puts(buf, "null");
	else
		put_number(buf, (unsigned)verdict->distance);
	put_name(buf, "locality", p2p_locality_name(verdict->locality));
	put_name(buf, "would_be", verdict->would ? p2p_map_name(verdict->would_be) : NULL);
	put_name(buf, "rule", p2p_rule_row(verdict->rule)->id);
	p2p_buf_puts(buf, ", \"reasons\": [");
	p2p_buf_puts(buf, pair->reasons);
	p2p_buf_puts(buf, "], \"remedy\": ");
	p2p_buf_puts(buf, pair->remedy);
	p2p_buf_puts(buf, ", \"offer\": ");
	p2p_buf_puts(buf, pair->offer);
	p2p_buf_puts(buf, ", \"client_can\": ");
	p2p_buf_puts(buf, pair->client_can);
	p2p_buf_puts(buf, ", \"cached\": ");
	p2p_buf_puts(buf, pair->cached ? pair->cached : "null");
	p2p_buf_puts(buf, ", \"measured\": ");
	p2p_buf_puts(buf, pair->measured ? pair->measured : "null");
	p2p_buf_putc(buf, '}');
}

void p2p_json_reason_format(struct p2p_buf *buf, const char *rule, const char *device, const char *says)
{
	p2p_buf_puts(buf, "{\"rule\": ");
	put_text(buf, rule);
	p2p_buf_puts(buf, ", \"device\": ");
	put_text(buf, device);
	p2p_buf_puts(buf, ", \"says\": ");
	put_text(buf, says);
	p2p_buf_putc(buf, '}');
}

void p2p_json_remedy_short(struct p2p_buf *buf, enum p2p_remedy_kind kind, enum p2p_map becomes)
{
	if (kind == P2P_REMEDY_NONE) {
		p2p_buf_puts(buf, "null");
		return;
	}
	p2p_buf_puts(buf, "{\"kind\": ");
	put_text(buf, p2p_remedy_name(kind));
	put_name(buf, "becomes", p2p_map_name(becomes));
	p2p_buf_putc(buf, '}');
}

void p2p_json_remedy_format(struct p2p_buf *buf, const struct p2p_remedy *remedy)
{
	if (remedy->kind == P2P_REMEDY_NONE) {
		p2p_buf_puts(buf, "null");
		return;
	}
	p2p_buf_puts(buf, "{\"kind\": ");
	put_text(buf, p2p_remedy_name(remedy->kind));
	put_name(buf, "becomes", p2p_map_name(remedy->becomes));
	put_key(buf, "says");
	put_text(buf, remedy->says);
	put_key(buf, "bootargs");
	put_text(buf, remedy->bootargs);
	p2p_buf_puts(buf, ", \"setpci\": [");
	for (size_t i = 0; i < remedy->setpci_count; i++) {
		p2p_buf_puts(buf, i ? ", " : "");
		put_text(buf, remedy->setpci[i]);
	}
	p2p_buf_puts(buf, "]}");
}

void p2p_json_cached_format(struct p2p_buf *buf, const struct p2p_cached_answer *answer, const char *says)
{
	const char *between = "";

	p2p_buf_puts(buf, "{\"maps\": [");
	for (int map = P2P_MAP_NOT_SUPPORTED; map <= P2P_MAP_THRU_HOST_BRIDGE; map++)
		if (answer->maps & 1u << map) {
			p2p_buf_puts(buf, between);
			put_text(buf, p2p_map_name((enum p2p_map)map));
			between = ", ";
		}
	p2p_buf_puts(buf, "], \"since\": ");
	if (answer->since_known)
		p2p_buf_printf(buf, "%lld", (long long)answer->since);
	else
		p2p_buf_puts(buf, "null");
	put_key(buf, "says");
	put_text(buf, says);
	p2p_buf_putc(buf, '}');
}

void p2p_json_offer_format(struct p2p_buf *buf, const struct p2p_offer *offer)
{
	p2p_buf_puts(buf, "{\"kind\": ");
	put_text(buf, p2p_offer_name(offer->kind));
	if (offer->kind == P2P_OFFER_P2PMEM) {
		p2p_buf_printf(buf, ", \"bytes\": %llu, \"available\": %llu", (unsigned long long)offer->bytes,
			       (unsigned long long)offer->available);
		put_key(buf, "published");
		p2p_buf_puts(buf, answer_name(offer->published));
	}
	put_key(buf, "why");
	put_text(buf, offer->why);
	p2p_buf_putc(buf, '}');
}

void p2p_json_client_format(struct p2p_buf *buf, const struct p2p_client *client)
{
	put_text(buf, p2p_client_name(client->kind));
}

void p2p_json_measured_format(struct p2p_buf *buf, const struct p2p_json_measured *measured)
{
	const struct p2p_bench_result *result = measured->result;
	const struct p2p_bench_cell *best;
	char when[P2P_TIME_TEXT];
	double rate;

	p2p_buf_puts(buf, "{\"level\": ");
	put_text(buf, p2p_bench_level_name(result->level));
	p2p_buf_printf(buf, ", \"bytes_per_second\": %llu", (unsigned long long)result->bytes_per_second);
	put_name(buf, "when", p2p_time_format(result->when, when));
	put_key(buf, "void");
	put_text(buf, measured->holds == P2P_YES ? NULL : measured->why_not);
	put_key(buf, "holds");
	p2p_buf_puts(buf, answer_name(measured->holds));
	put_key(buf, "failed");
	p2p_buf_puts(buf, measured->failed ? "true" : "false");
	put_key(buf, "contradicts");
	p2p_buf_puts(buf, measured->contradicts ? "true" : "false");
	put_key(buf, "ratio");
	best = p2p_bench_best(result, &rate);
	if (best && p2p_known(best->ratio_fact))
		p2p_buf_printf(buf, "%.6g", best->ratio);
	else
		p2p_buf_puts(buf, "null");
	put_name(buf, "src", result->src);
	put_name(buf, "dst", result->dst);
	put_key(buf, "backend");
	put_text(buf, result->backend);
	put_key(buf, "says");
	put_text(buf, result->why);
	p2p_buf_putc(buf, '}');
}
