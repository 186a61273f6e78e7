/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACS changes: which words of ACS p2pctl changed in this boot, when, and whose
 * memory peers could use then.  Floor 2 (io).  What the kernel decided before
 * may still be in its cache (KERNEL: drivers/pci/p2pdma.c: map_types, 5.4-).
 *
 * A text for all to read, beside the journal, made from it:
 *
 *     p2p-acs-changes 1 BOOT
 *     made RUN ENTRY TIME DEVICE OFFSET BEFORE MASK AFTER MEMORY
 *     back RUN ENTRY TIME DEVICE OFFSET BEFORE MASK AFTER MEMORY
 *
 * in the order in which it was done; RUN and ENTRY are the journal's.  MEMORY:
 * addresses with commas between them, "-" none, "*" not known, "=" as in the
 * line before.
 */
#ifndef P2P_IO_ACS_CHANGES_H
#define P2P_IO_ACS_CHANGES_H

#include "../base/buf.h"
#include "../model/machine.h"

#define P2P_ACS_CHANGES_NAME "acs-changes"
#define P2P_ACS_CHANGES_MAX (16u << 20)

void p2p_acs_changes_format(struct p2p_buf *buf, const char *boot, const struct p2p_acs_event *events, size_t count);

/* 0; -ESTALE: of another boot; -EBADMSG: it does not read, to the byte; *ret_line is where. */
int p2p_acs_changes_parse(struct p2p_arena *arena, const char *text, size_t len, const char *boot,
			  struct p2p_acs_event **ret, size_t *ret_count, size_t *ret_line);

#endif
