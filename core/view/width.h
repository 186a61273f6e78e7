/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Width: how many screen columns a text takes.  Floor 3 (view), for views. */
#ifndef P2P_VIEW_WIDTH_H
#define P2P_VIEW_WIDTH_H

#include <stdbool.h>
#include <stddef.h>

/* Text that p2p_text_visible would copy as it is: nearly all, so it need not be copied. */
bool p2p_view_plain(const char *text);

/*
 * The bytes at the start of `text` that fit into `width` screen columns, and
 * in *ret_width how many columns these take.  Terminals disagree on characters
 * that the locale does not know; one column is the usual guess.
 */
size_t p2p_view_fitting(const char *text, size_t width, size_t *ret_width);

size_t p2p_view_width(const char *text);

#endif
