/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy as text: YAML that reads back to the same policy, and JSON.
 * Floor 3 (view).
 */
#ifndef P2P_VIEW_POLICY_YAML_H
#define P2P_VIEW_POLICY_YAML_H

#include "../base/buf.h"
#include "../model/policy.h"
#include "json.h"

/*
 * The whole policy as one file; comments say where each rule is from, which
 * file hides which, and which rule replaced which.  `applies` and
 * `nvmet_applies` have one entry a rule: does it mean this host?
 */
void p2p_policy_yaml(const struct p2p_policy *policy, const enum p2p_answer *applies,
		     const enum p2p_answer *nvmet_applies, struct p2p_buf *ret);

/* The same as members of an open object: "files", "hidden", "replaced", "rules", "nvmet". */
void p2p_policy_json(const struct p2p_policy *policy, const enum p2p_answer *applies,
		     const enum p2p_answer *nvmet_applies, struct p2p_json *json);

/* "{ driver: nvme, class: "0108" }". */
void p2p_selector_yaml(const struct p2p_selector *selector, struct p2p_buf *ret);

/* "path:line:column", made visible. */
void p2p_where_format(struct p2p_where where, struct p2p_buf *ret);

#endif
