/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of `lspci -D -xxxx`, taken apart.  Floor 2 (io); only
 * source-lspci.c includes it.
 *
 * The grammar is that of lspci 2.2-3.14 (lspci.c:show_terse, show_verbose,
 * show_hex_dump), with what mail and web forms do to it: margins of blanks and
 * '>', CR, blank lines, and lines around and between that are not lspci's.
 * Those are passed over; a line that can only be a hex row must be a good one
 * and the next one, or the whole text is refused.
 */
#ifndef P2P_IO_LSPCI_PARSE_H
#define P2P_IO_LSPCI_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/arena.h"
#include "../base/bdf.h"
#include "../base/problem.h"

/* What the text says of one function. */
struct p2p_lspci_function {
	struct p2p_bdf bdf;
	uint16_t recorded;     /* bytes of `config`: 0, 64, 128 (CardBus), 256 or 4096 */
	const uint8_t *config; /* NULL when none are recorded */
	const char *driver, *numa_node, *iommu_group; /* NULL: not told */
	size_t line;           /* where its address is */
};

struct p2p_lspci {
	struct p2p_lspci_function *functions; /* by address, no two alike */
	size_t count;
	bool tells_drivers; /* made with -v or -k: who has a driver says so */
	bool extended;      /* made with -xxxx, as root: who has 4096 bytes shows them */
};

/*
 * Takes `text` apart into `arena`, which must outlive *ret.  -EINVAL with the
 * problem's `path:line:column` when it is not a whole dump.  Time is that of
 * sorting the functions; memory is the configuration space that was found.
 */
int p2p_lspci_parse(const char *path, const char *text, size_t len, struct p2p_arena *arena,
		    struct p2p_problem *problem, struct p2p_lspci *ret);

#endif
