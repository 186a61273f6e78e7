/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for people and as JSON.  Floor 6. */
#ifndef P2PCTL_PRINT_PLAN_H
#define P2PCTL_PRINT_PLAN_H

#include "core/model/plan.h"
#include "core/topo/topo.h"
#include "core/view/json.h"

/* `bootargs`: what makes it permanent; NULL: not asked, or none is right for this kernel. */
void print_plan(const struct topo *topo, const struct p2p_plan *plan, const char *bootargs);

/* What a log should have: changes, namespaces, and what was refused; the pairs are the policy's. */
void print_plan_short(const struct topo *topo, const struct p2p_plan *plan);

/* The members "plan" and "bootargs" into an open object. */
void print_plan_json(struct p2p_json *json, const struct p2p_plan *plan, const char *bootargs);

/* What rules wish of pairs that no ACS decides, below the other pairs, and in an array of its own. */
void print_beyond(const struct topo *topo, const struct p2p_plan *plan);
void print_json_beyond(struct p2p_json *json, const struct p2p_plan *plan);

/* Parts of it, for who prints something like a plan. */
void print_title(const struct topo *topo, const char *text);
void print_put_function(const struct topo *topo, int index, struct p2p_buf *buf);
void print_prices(const struct topo *topo, const struct p2p_plan *plan);
void print_json_function(struct p2p_json *json, const char *key, const struct p2p_machine *machine, int index);
void print_json_prices(struct p2p_json *json, const struct p2p_plan *plan);

/* The route as its rules say it, whether the kernel is built with P2PDMA or not; "unknown". */
const char *print_map(const struct p2p_verdict *verdict);

#endif
