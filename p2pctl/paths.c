/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one file that differs between the program in the build folder and the installed one. */
#include "ctl.h"

const char topo_allowlist_path[] = P2P_DATA_DIR "/allowlist.yaml";

const char *const ctl_policy_places[] = { "/usr/lib/p2pctl/policy.d", "/run/p2pctl/policy.d", "/etc/p2pctl/policy.d",
					  NULL };
