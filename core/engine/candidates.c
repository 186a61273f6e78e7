/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "candidates.h"

#include "../model/acs-args.h"
#include "../model/host.h"

#define P2P_CANDIDATES_MAX 512
#define P2P_POINTS_MAX 1024 /* no stable series had as many releases */

static void add(struct p2p_candidates *all, const struct p2p_ruleset_row *set, enum p2p_root_lookup lookup,
		struct p2p_release table)
{
	all->list[all->count++] = (struct p2p_candidate){ set, lookup, table };
}

/*
 * "PCI/P2PDMA: Avoid pci_get_slot(), which may sleep" (5.14) was backported:
 * absent in 5.10.13, present in 5.10.218; in the other series between 5.4 and
 * 5.13 it was not looked at.  Both lookups are tried where that is open.
 */
static void add_lookups(struct p2p_candidates *all, const struct p2p_ruleset_row *set, struct p2p_release release)
{
	bool is_510 = release.major == 5 && release.minor == 10;

	if (set->lookup == P2P_ROOT_SLOT_0 && set->set != P2P_RULESET_R1) {
		if (!release.patch_known || release.patch > (is_510 ? 13 : 0))
			add(all, set, P2P_ROOT_FIRST_AT_0, release);
		if (!is_510 || !release.patch_known || release.patch < 218)
			add(all, set, P2P_ROOT_SLOT_0, release);
		return;
	}
	add(all, set, set->lookup, release);
	/* "Whitelist Intel Skylake-E Root Ports regardless of which devfn they are" (5.19): no 5.14.y - 5.18.y was
	 * read. */
	if (set->lookup == P2P_ROOT_FIRST_AT_0 && (!release.patch_known || release.patch > 0))
		add(all, set, P2P_ROOT_FIRST_OR_PORT, release);
}

static bool same_table(const struct p2p_hardware *hardware, struct p2p_release a, struct p2p_release b)
{
	for (size_t i = 0; i < hardware->row_count; i++)
		if (p2p_row_in_release(&hardware->rows[i], a) != p2p_row_in_release(&hardware->rows[i], b))
			return false;
	return true;
}

/* Every mainline release from `at` to the newest, without those that decide as the one before. */
static size_t add_series(struct p2p_candidates *all, size_t have, struct p2p_release at,
			 const struct p2p_hardware *hardware)
{
	size_t added = 0;

	for (; p2p_release_compare_series(at, p2p_release_newest()) <= 0; at = p2p_release_next(at)) {
		const struct p2p_ruleset_row *set = p2p_ruleset_of(at);
		const struct p2p_candidate *last = have + added ? &all->list[have + added - 1] : NULL;

		at.patch = 0;
		at.patch_known = true;
		if (last && last->set == set && last->lookup == set->lookup && same_table(hardware, last->table, at))
			continue;
		all->list[have + added++] = (struct p2p_candidate){ set, set->lookup, at };
	}
	return added;
}

size_t p2p_candidates_milestones(struct p2p_arena *arena, const struct p2p_hardware *hardware,
				 struct p2p_release **ret)
{
	static const struct p2p_release at_bind = { 6, 19, 0, true };
	struct p2p_release *list = p2p_arena_array(arena, P2P_CANDIDATES_MAX, sizeof(*list));
	size_t count = 0;

	for (struct p2p_release at = p2p_release_first(); p2p_release_compare_series(at, p2p_release_newest()) <= 0;
	     at = p2p_release_next(at)) {
		const struct p2p_release *last = count ? &list[count - 1] : NULL;

		at.patch = 0;
		at.patch_known = true;
		if (!last || p2p_ruleset_of(at) != p2p_ruleset_of(*last) || !same_table(hardware, at, *last) ||
		    p2p_acs_args_of(at) != p2p_acs_args_of(*last) || !p2p_release_compare_series(at, at_bind))
			list[count++] = at;
	}
	*ret = list;
	return count;
}

static void add_vendor(struct p2p_candidates *all, const struct p2p_hardware *hardware)
{
	struct p2p_release base = all->release;

	if (p2p_release_before_p2pdma(base))
		base = p2p_release_first();
	all->count = add_series(all, 0, base, hardware);
	/* Old bases with the newer root lookup: Ubuntu's 5.4.0-216 has 5.4's table and asks for the first function. */
	for (size_t i = 0, count = all->count; i < count; i++)
		if (all->list[i].lookup == P2P_ROOT_SLOT_0 && all->list[i].set->set != P2P_RULESET_R1)
			add(all, all->list[i].set, P2P_ROOT_FIRST_AT_0, all->list[i].table);
}

/* Marks the point releases of a series at which the rows of `ranges` begin or end. */
static void mark_ranges(const struct p2p_series *ranges, size_t count, struct p2p_release release, bool *marks)
{
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].major != release.major || ranges[i].minor != release.minor)
			continue;
		if (ranges[i].from < P2P_POINTS_MAX)
			marks[ranges[i].from] = true;
		if (ranges[i].to < P2P_POINTS_MAX - 1)
			marks[ranges[i].to + 1] = true;
	}
}

static void add_points(struct p2p_arena *arena, struct p2p_candidates *all, const struct p2p_hardware *hardware)
{
	/* 0 and 1, and the two of 5.10 that were read (add_lookups). */
	bool *marks = p2p_arena_array(arena, P2P_POINTS_MAX, sizeof(*marks));
	struct p2p_release point = all->release;
	size_t before = all->count;

	marks[0] = marks[1] = marks[14] = marks[251] = true;
	for (size_t i = 0; i < hardware->row_count; i++) {
		const struct p2p_row *row = &hardware->rows[i];

		mark_ranges(row->backports, row->backport_count, point, marks);
		mark_ranges(row->unknown, row->unknown_count, point, marks);
	}
	all->count += all->later_count;
	point.patch_known = true;
	for (size_t i = 0; i < P2P_POINTS_MAX && all->count + 2 <= P2P_CANDIDATES_MAX; i++) {
		point.patch = (uint16_t)i;
		if (marks[i])
			add_lookups(all, p2p_ruleset_of(point), point);
	}
	all->point_count = all->count - before - all->later_count;
	all->count = before;
}

static void add_known(struct p2p_arena *arena, struct p2p_candidates *all, const struct p2p_hardware *hardware)
{
	all->kind = P2P_KERNEL_KNOWN;
	add_lookups(all, p2p_ruleset_of(all->release), all->release);
	all->later_count = add_series(all, all->count, p2p_release_next(all->release), hardware);
	if (!all->release.patch_known)
		add_points(arena, all, hardware);
}

void p2p_candidates_find(struct p2p_arena *arena, const struct p2p_host *host, const struct p2p_hardware *hardware,
			 struct p2p_candidates *ret)
{
	struct p2p_candidates all = { 0 };

	all.list = p2p_arena_array(arena, P2P_CANDIDATES_MAX, sizeof(*all.list));
	bool known = !p2p_host_release(host, &all.release);

	all.vendor = known ? p2p_host_vendor(host) : NULL;
	/* P2PDMA under a number that had none: somebody's backport, whatever it calls itself. */
	if (known && p2p_known(host->p2pdma.fact) && host->p2pdma.fact.origin == P2P_ORIGIN_READ &&
	    host->p2pdma.value && !all.vendor && p2p_release_before_p2pdma(all.release))
		all.vendor = "a vendor's";
	if (!known) {
		all.kind = P2P_KERNEL_UNKNOWN;
	} else if (all.vendor) {
		all.kind = P2P_KERNEL_VENDOR;
		if (p2p_release_compare_series(all.release, p2p_release_newest()) > 0)
			all.kind = P2P_KERNEL_NEWER;
		else
			add_vendor(&all, hardware);
	} else if (p2p_release_before_p2pdma(all.release)) {
		all.kind = P2P_KERNEL_BEFORE;
	} else if (p2p_release_compare_series(all.release, p2p_release_newest()) > 0) {
		all.kind = P2P_KERNEL_NEWER;
	} else if (!p2p_ruleset_of(all.release)) {
		all.kind = P2P_KERNEL_UNKNOWN; /* a number that was never released */
	} else {
		add_known(arena, &all, hardware);
	}
	if (!all.count) {
		/* What the newest rules known would decide is worth saying, and is said as no more than that. */
		struct p2p_release newest = p2p_release_newest();

		add(&all, p2p_ruleset_of(newest), p2p_ruleset_of(newest)->lookup, newest);
	}
	*ret = all;
}
