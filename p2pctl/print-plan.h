/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for people and as JSON.  Floor 6. */
#ifndef P2PCTL_PRINT_PLAN_H
#define P2PCTL_PRINT_PLAN_H

#include "core/model/plan.h"
#include "core/topo/topo.h"
#include "core/view/json.h"

/* `bootargs`: what makes it permanent; NULL: not asked, or none is right for this kernel. */
void print_plan(const struct topo *topo, const struct p2p_plan *plan, const char *bootargs);

/* The members "plan" and "bootargs" into an open object. */
void print_plan_json(struct p2p_json *json, const struct p2p_plan *plan, const char *bootargs);

#endif
