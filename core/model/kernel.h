/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel: a release number, and the rule sets by which releases decide.
 * Floor 1 (model).
 */
#ifndef P2P_MODEL_KERNEL_H
#define P2P_MODEL_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* 6.12.107 */
struct p2p_release {
	uint16_t major, minor, patch;
	bool patch_known; /* "6.12" alone, or a distribution's own numbering, does not say */
};

/* "6.12" or "6.12.107" and nothing else; 7.2 is KNOWN to be 7.2 of unknown patch.  -EINVAL. */
int p2p_release_parse(const char *text, struct p2p_release *ret);

/* "6.12.107", "6.12" when the patch is not known. */
#define P2P_RELEASE_TEXT 24
char *p2p_release_format(struct p2p_release release, char text[P2P_RELEASE_TEXT]);

/* <0, 0, >0 by major and minor alone. */
int p2p_release_compare_series(struct p2p_release a, struct p2p_release b);

#endif
