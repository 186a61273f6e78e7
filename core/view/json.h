/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON out: a small streaming writer.  Floor 3 (view).  It keeps only the
 * nesting, so that output of any size costs a few KiB; what it writes is well
 * formed as long as begin and end calls match (asserted).
 *
 * Two-space indentation; `compact` objects and arrays stay on one line.
 */
#ifndef P2P_VIEW_JSON_H
#define P2P_VIEW_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../model/fact.h"

struct p2p_json;

struct p2p_json *p2p_json_new(FILE *out);

/* Ends the document with a newline, flushes, frees.  A negative errno when anything could not be written. */
int p2p_json_end(struct p2p_json *json);

/* `key` is NULL inside arrays and at the top. */
void p2p_json_object(struct p2p_json *json, const char *key, bool compact);
void p2p_json_object_end(struct p2p_json *json);
void p2p_json_array(struct p2p_json *json, const char *key, bool compact);
void p2p_json_array_end(struct p2p_json *json);

void p2p_json_text(struct p2p_json *json, const char *key, const char *text); /* NULL: null */
void p2p_json_number(struct p2p_json *json, const char *key, uint64_t value);
void p2p_json_signed(struct p2p_json *json, const char *key, int64_t value);
void p2p_json_bool(struct p2p_json *json, const char *key, bool value);
void p2p_json_null(struct p2p_json *json, const char *key);

/* Text that is already JSON, as it stands: for fragments made once and written many times. */
void p2p_json_raw(struct p2p_json *json, const char *key, const char *text, size_t len);

/* Facts: UNKNOWN is null, and here ABSENT too; json-machine.c tells them apart. */
void p2p_json_fact_number(struct p2p_json *json, const char *key, struct p2p_number number);
void p2p_json_fact_word(struct p2p_json *json, const char *key, struct p2p_word word);

/* MAYBE is null. */
void p2p_json_answer(struct p2p_json *json, const char *key, enum p2p_answer answer);

#endif
