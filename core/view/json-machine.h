/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON of the host and its functions: the envelope that all verbs of both
 * programs share (schemas p2ptopo/1 and p2pctl/1).  Floor 3 (view).
 *
 * A fact that is UNKNOWN is null, one that is ABSENT is false, and why it is
 * unknown is in the device's "unknown".
 */
#ifndef P2P_VIEW_JSON_MACHINE_H
#define P2P_VIEW_JSON_MACHINE_H

#include "../model/machine.h"
#include "json.h"

/* "schema", "host", "assumptions", "messages"; the object stays open for what the verb adds.  `schema`: "p2ptopo/1". */
void p2p_json_envelope(struct p2p_json *json, const char *schema, const struct p2p_machine *machine);

/* One function with every fact that was read; the caller may add to it before p2p_json_object_end(). */
void p2p_json_device(struct p2p_json *json, const struct p2p_machine *machine, int index);

/* "hostbridges": all of them with their members in the kernel's order. */
void p2p_json_hostbridges(struct p2p_json *json, const struct p2p_machine *machine);

#endif
