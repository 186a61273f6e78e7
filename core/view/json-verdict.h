/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON of verdicts.  Floor 3 (view).  A listing has millions of pairs, so one
 * is put together from fragments that the caller made once.
 */
#ifndef P2P_VIEW_JSON_VERDICT_H
#define P2P_VIEW_JSON_VERDICT_H

#include "../base/buf.h"
#include "../model/bench.h"
#include "../model/verdict.h"

struct p2p_json_pair {
	const char *provider, *client; /* addresses */
	const struct p2p_verdict *verdict;
	const char *reasons;           /* JSON objects with commas between them */
	const char *remedy;            /* a JSON value */
	const char *offer, *client_can; /* JSON values */
	const char *cached;            /* a JSON value; NULL: null */
	const char *measured;	       /* a JSON value; NULL: nothing was measured */
};

/* Appends one pair as one JSON object. */
void p2p_json_pair_format(struct p2p_buf *buf, const struct p2p_json_pair *pair);

/* A reason as a JSON object; `device` NULL: it speaks of no function. */
void p2p_json_reason_format(struct p2p_buf *buf, const char *rule, const char *device, const char *says);

/* The short form of a remedy, {"kind": ..., "becomes": ...}, or null. */
void p2p_json_remedy_short(struct p2p_buf *buf, enum p2p_remedy_kind kind, enum p2p_map becomes);

/* The whole of it, with what to type. */
void p2p_json_remedy_format(struct p2p_buf *buf, const struct p2p_remedy *remedy);

/* {"maps": [...], "since": SECONDS, "says": ...} */
void p2p_json_cached_format(struct p2p_buf *buf, const struct p2p_cached_answer *answer, const char *says);

void p2p_json_offer_format(struct p2p_buf *buf, const struct p2p_offer *offer);
void p2p_json_client_format(struct p2p_buf *buf, const struct p2p_client *client);

/* What bench found of the pair. */
struct p2p_json_measured {
	const struct p2p_bench_result *result;
	enum p2p_answer holds;
	const char *why_not; /* but where it holds */
	bool failed, contradicts;
};

void p2p_json_measured_format(struct p2p_buf *buf, const struct p2p_json_measured *measured);

#endif
