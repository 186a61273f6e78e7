/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sink: carries out one change.  The one seam through which anything of the
 * machine is written.  Floor 2 (io).
 *
 * Forms: live (sink-live.c) and overlay (source-overlay.c), which edits what a
 * loaded snapshot answers, so that a plan, its undoing and their failures can
 * be rehearsed without hardware.
 */
#ifndef P2P_IO_SINK_H
#define P2P_IO_SINK_H

#include "../model/plan.h"
#include "source.h"

struct p2p_sink;

struct p2p_sink_ops {
	int (*write)(struct p2p_sink *sink, const struct p2p_edit *change, uint16_t word);
	void (*free)(struct p2p_sink *sink);
};

struct p2p_sink {
	const struct p2p_sink_ops *ops;
};

/*
 * Writes `word` (WORD) or the change's text_after (TEXT).  0 says only that it
 * was taken: read it back.  -EACCES, -EPERM (lockdown), -ENODEV (gone),
 * -EBUSY (a live namespace), -EINVAL: no key to write to.
 */
int p2p_sink_write(struct p2p_sink *sink, const struct p2p_edit *change, uint16_t word);

/* NULL is fine. */
void p2p_sink_free(struct p2p_sink *sink);

/* This machine. */
struct p2p_sink *p2p_sink_live(void);

/* What `inner` answers, with changes on top; owns `inner` from now on. */
struct p2p_source *p2p_source_overlay(struct p2p_source *inner);

/*
 * Keeps the changes in the file `path`: those that are in it now are made, and
 * each that is made from now on is in it when its write returns, as it would be
 * in a register.  A change that puts back what `inner` answers leaves nothing
 * there.  -EINVAL names the line that does not read.
 */
int p2p_source_overlay_keep(struct p2p_source *overlay, const char *path, struct p2p_problem *problem);

/* Writes into that overlay, which must outlive it. */
struct p2p_sink *p2p_sink_overlay(struct p2p_source *overlay);

#endif
