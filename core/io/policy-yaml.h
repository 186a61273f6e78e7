/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML in: the door of libyaml.  Floor 2 (io).
 */
#ifndef P2P_IO_POLICY_YAML_H
#define P2P_IO_POLICY_YAML_H

#include "../base/problem.h"
#include "../model/hardware.h"

/*
 * Reads hardware rows (schema p2p-hardware/1) from `path`.  -EINVAL with
 * file:line:column in `problem` for anything that is not exactly right: an
 * unknown key, a row twice, a wrong type, an anchor, too deep, too big.
 * A missing file is an error (-ENOENT), never an empty table.
 */
int p2p_hardware_load(const char *path, struct p2p_problem *problem, struct p2p_hardware **ret);

/* The same from memory, for `path` in messages. */
int p2p_hardware_parse(const char *path, const char *text, size_t len, struct p2p_problem *problem,
		       struct p2p_hardware **ret);

#endif
