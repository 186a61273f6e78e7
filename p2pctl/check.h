/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `check` found: gathered by verb-check.c, printed by print-check.c.  Floor 6. */
#ifndef P2PCTL_CHECK_H
#define P2PCTL_CHECK_H

#include "core/engine/policy-check.h"
#include "ctl.h"

struct check {
	struct ctl *ctl;
	struct p2p_problems mistakes; /* of the policy; with one of them the machine was not looked at */
	struct p2p_problems warnings; /* what is no mistake, and hardly meant */
	struct p2p_check machine;
	enum p2p_exit answer;
};

void print_check(const struct check *check);
enum p2p_exit print_check_json(const struct check *check);

#endif
