/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef P2PTOPO_OPTIONS_H
#define P2PTOPO_OPTIONS_H

#include "core/cli/cli.h"

extern const struct p2p_option topo_options[];
extern const size_t topo_option_count;

#endif
