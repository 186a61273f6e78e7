/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time: seconds since 1970 as text, and back, without asking the system for a
 * time zone.  Floor 0 (base).
 */
#ifndef P2P_BASE_TIME_H
#define P2P_BASE_TIME_H

#include <stdint.h>

#include "buf.h"

/* Room for "2026-11-20T19:49:00Z"; years are 1970 to 9999, what is outside becomes the nearer end. */
#define P2P_TIME_TEXT 24
char *p2p_time_format(int64_t seconds, char text[P2P_TIME_TEXT]);

/* The same back, nothing else.  -EINVAL. */
int p2p_time_parse(const char *text, int64_t *ret);

/* How long ago, in one unit: "40 s", "3 min", "5 h", "12 days"; "in the future". */
void p2p_time_age(int64_t seconds, struct p2p_buf *ret);

#endif
