/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy files, schema p2p-policy/1 (p2p-policy(5)).  Floor 2 (io).
 */
#ifndef P2P_IO_POLICY_H
#define P2P_IO_POLICY_H

#include "../model/policy.h"
#include "problems.h"

/*
 * Reads what the folders or files `places` hold.  In a folder the files
 * *.yaml count; a file of a later place hides one of the same name of an
 * earlier one.  All files together are in the order of their names.  A rule of
 * a later file replaces one of the same name, and is evaluated before those of
 * earlier files; in a file order is order.
 *
 * A place that is missing is empty; where they are `needed`, because a person
 * has named them, it is -ENOENT.  As root, what others could have written is
 * refused, folders above it included (-EPERM).  Every mistake of every file is in `problems`; with
 * one there is no policy (-EINVAL).
 */
int p2p_policy_load(const char *const *places, size_t count, bool needed, struct p2p_problems *problems,
		    struct p2p_policy **ret);

/* One file from memory, for `path` in messages. */
int p2p_policy_parse(const char *path, const char *text, size_t len, struct p2p_problems *problems,
		     struct p2p_policy **ret);

#endif
