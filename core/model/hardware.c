/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hardware.h"

#include "../base/arena.h"

/* Is the release in one of the ranges?  MAYBE: its patch level decides, and is not known. */
static enum p2p_answer in_ranges(const struct p2p_series *ranges, size_t count, struct p2p_release release)
{
	enum p2p_answer answer = P2P_NO;

	for (size_t i = 0; i < count; i++) {
		const struct p2p_series *range = &ranges[i];

		if (range->major != release.major || range->minor != release.minor)
			continue;
		if (range->from == 0 && range->to == 0xffff)
			return P2P_YES;
		if (!release.patch_known)
			answer = P2P_MAYBE;
		else if (release.patch >= range->from && release.patch <= range->to)
			return P2P_YES;
	}
	return answer;
}

/*
 * A backport that somebody saw beats what nobody looked at, and that beats
 * mainline's numbers: a stable release may differ from the mainline release
 * that it started from.
 */
enum p2p_answer p2p_row_in_release(const struct p2p_row *row, struct p2p_release release)
{
	enum p2p_answer backported = in_ranges(row->backports, row->backport_count, release);

	if (backported != P2P_NO)
		return backported;
	if (in_ranges(row->unknown, row->unknown_count, release) != P2P_NO)
		return P2P_MAYBE;
	if (p2p_release_compare_series(release, row->first) < 0)
		return P2P_NO;
	if (row->last.major && p2p_release_compare_series(release, row->last) > 0)
		return P2P_NO;
	return P2P_YES;
}

void p2p_hardware_free(struct p2p_hardware *hardware)
{
	if (hardware)
		p2p_arena_free(hardware->arena);
}
