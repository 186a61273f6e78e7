/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef P2PCTL_OPTIONS_H
#define P2PCTL_OPTIONS_H

#include "core/cli/cli.h"

extern const struct p2p_option ctl_options[];
extern const size_t ctl_option_count;

#endif
