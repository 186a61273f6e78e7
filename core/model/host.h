/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: what follows from a host's own words alone.  Floor 1 (model).
 */
#ifndef P2P_MODEL_HOST_H
#define P2P_MODEL_HOST_H

#include "machine.h"

/*
 * The mainline or stable release behind what uname says: Debian's
 * "6.1.0-28-amd64" is 6.1.119 by /proc/version, Ubuntu's "6.8.0-45-generic"
 * is 6.8.12 by /proc/version_signature.  -EINVAL: no release in it; -ENODATA:
 * not known.
 */
int p2p_host_release(const struct p2p_host *host, struct p2p_release *ret);

/* Whose kernel it is when it carries newer code under an older number: "RHEL 9"; NULL: mainline or stable. */
const char *p2p_host_vendor(const struct p2p_host *host);

#endif
