/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a grid.  Floor 3 (view). */
#ifndef P2P_VIEW_VIEW_GRID_H
#define P2P_VIEW_VIEW_GRID_H

#include "../model/grid.h"
#include "view.h"

/*
 * As wide as the style says, or in blocks of columns: with names over the
 * columns where they fit, else with numbers, else with short cells too, which
 * *ret_short tells for the legend.  -EIO: could not be written.
 */
int p2p_view_grid(FILE *out, const struct p2p_grid *grid, const struct p2p_style *style, bool *ret_short);

/* In how many blocks of columns it would be printed. */
size_t p2p_view_grid_blocks(const struct p2p_grid *grid, const struct p2p_style *style);

#endif
