/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one file that differs between the program in the build folder and the installed one. */
#include "core/topo/topo.h"

const char topo_allowlist_path[] = P2P_DATA_DIR "/allowlist.yaml";
