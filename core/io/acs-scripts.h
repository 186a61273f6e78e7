/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACS scripts: units, rules and scripts of an installed system that write ACS
 * control words with setpci, found by what is in them.  Floor 2 (io).
 */
#ifndef P2P_IO_ACS_SCRIPTS_H
#define P2P_IO_ACS_SCRIPTS_H

#include "../model/machine.h"
#include "image.h"

struct p2p_acs_script {
	const char *path;
	unsigned line;
	const char *text; /* of the line; foreign bytes */
	bool many;	  /* not one function by its address: a loop, or a selection by id */
	bool raw;	  /* by an offset that only some devices have ACS at */
};

/*
 * In the order in which they were found; memory from `arena`.  Where a line has
 * an offset, it is compared with where the functions of `machine` have ACS.
 */
size_t p2p_acs_scripts_find(const struct p2p_image *image, const struct p2p_machine *machine, struct p2p_arena *arena,
			    struct p2p_acs_script **ret);

#endif
