/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "acs-args.h"

#include <stdlib.h>
#include <string.h>

#include "acs.h"
#include "host.h"

static bool series(struct p2p_release release, unsigned major, unsigned minor)
{
	return release.major == major && release.minor == minor;
}

enum p2p_acs_args p2p_acs_args_of(struct p2p_release release)
{
	static const struct p2p_release broken = { 6, 11, 0, false }, mended = { 6, 17, 0, false };

	if (p2p_release_compare_series(release, broken) < 0)
		return P2P_ACS_ARGS_DISABLE_REDIR;
	if (p2p_release_compare_series(release, mended) >= 0)
		return P2P_ACS_ARGS_CONFIG_ACS;
	if (series(release, 6, 12)) {
		if (release.patch_known && release.patch >= 107)
			return P2P_ACS_ARGS_CONFIG_ACS;
		return release.patch_known && release.patch <= 8 ? P2P_ACS_ARGS_BROKEN : P2P_ACS_ARGS_UNSURE;
	}
	return series(release, 6, 15) || series(release, 6, 16) ? P2P_ACS_ARGS_UNSURE : P2P_ACS_ARGS_BROKEN;
}

/* ---------------------------------------------------------- the arguments */

/* The value of the last `pci=...,NAME=VALUE,...` on a command line; its length, or 0. */
static size_t find_arg(const char *cmdline, const char *name, const char **ret)
{
	size_t name_len = strlen(name), found = 0;

	for (const char *word = cmdline; *word; word += strspn(word, " ")) {
		size_t end = strcspn(word, " ");
		const char *at = word + 4;

		if (end > 4 && !strncmp(word, "pci=", 4))
			while (at < word + end) {
				size_t len = strcspn(at, ", ");

				if (len > name_len && !strncmp(at, name, name_len)) {
					*ret = at + name_len;
					found = len - name_len;
				}
				at += len + 1;
			}
		word += end;
	}
	return found;
}

/* ------------------------------------------------------- device matching */

/* "dev.fn" in hex; the rest of the text, or NULL. */
static const char *parse_slot(const char *text, uint8_t *ret)
{
	char *end;
	unsigned long dev = strtoul(text, &end, 16);

	if (end == text || *end != '.' || dev > 0x1f)
		return NULL;
	text = end + 1;
	unsigned long fn = strtoul(text, &end, 16);

	if (end == text || fn > 7)
		return NULL;
	*ret = (uint8_t)(dev << 3 | fn);
	return end;
}

#define PATH_MAX_SLOTS 64

/* What an entry says of a function.  The kernel stops at a malformed one: whatever comes after is not looked at. */
enum match {
	MATCH_NO,
	MATCH_YES,
	MATCH_MALFORMED,
	MATCH_MAYBE, /* it asks for ids that were not read */
};

/* "[domain:]bus:dev.fn[/dev.fn]*" */
static enum match match_path(const struct p2p_machine *machine, int index, const char *spec)
{
	uint8_t slots[PATH_MAX_SLOTS];
	size_t count = 0;
	char *end;
	unsigned long bus = strtoul(spec, &end, 16), domain = 0;

	if (end == spec || *end != ':')
		return MATCH_MALFORMED;
	spec = end + 1;
	strtoul(spec, &end, 16);
	if (*end == ':') {
		domain = bus;
		bus = strtoul(spec, &end, 16);
		spec = end + 1;
	}
	do {
		spec = count < PATH_MAX_SLOTS ? parse_slot(spec, &slots[count]) : NULL;
		if (!spec)
			return MATCH_MALFORMED;
		count++;
	} while (*spec++ == '/');
	if (spec[-1])
		return MATCH_MALFORMED;
	while (count--) {
		const struct p2p_function *function = &machine->functions[index];

		if (function->bdf.devfn != slots[count])
			return MATCH_NO;
		if (!count)
			return function->bdf.domain == domain && function->bdf.bus == bus ? MATCH_YES : MATCH_NO;
		if (!p2p_known(function->up.fact))
			return MATCH_NO;
		index = function->up.to;
	}
	return MATCH_NO;
}

/* "pci:vendor:device[:subvendor:subdevice]", 0 is any */
static enum match match_ids(const struct p2p_function *function, const char *spec)
{
	const struct p2p_number *have[] = { &function->vendor, &function->device, &function->subvendor,
					    &function->subdevice };
	bool same = true, known = true;

	for (size_t i = 0; i < 4; i++) {
		char *end;
		unsigned long want = strtoul(spec, &end, 16);

		if (end == spec)
			return MATCH_MALFORMED;
		if (want && have[i]->fact.know == P2P_UNKNOWN)
			known = false;
		else
			same = same && (!want || (p2p_known(have[i]->fact) && have[i]->value == want));
		if (!*end)
			return i != 1 && i != 3 ? MATCH_MALFORMED
			       : !same		? MATCH_NO
			       : known		? MATCH_YES
						: MATCH_MAYBE;
		if (*end != ':')
			return MATCH_MALFORMED;
		spec = end + 1;
	}
	return MATCH_MALFORMED;
}

static enum match match(const struct p2p_machine *machine, int index, const char *spec)
{
	if (!strncmp(spec, "pci:", 4))
		return match_ids(&machine->functions[index], spec + 4);
	return match_path(machine, index, spec);
}

/* An entry of config_acs=: "flags@device", at most seven flags, each 0, 1 or x. */
static enum match match_flags(const struct p2p_machine *machine, int index, const char *entry, char flags[8])
{
	size_t len = strspn(entry, "01x");

	if (!len || len > 7 || entry[len] != '@')
		return MATCH_MALFORMED;
	memcpy(flags, entry, len);
	flags[len] = '\0';
	return match(machine, index, entry + len + 1);
}

/*
 * What the list (entries separated by semicolons) says of a function: the first
 * entry that names it counts.  `flags` not NULL: it is config_acs='s.
 */
static enum match find_entry(const struct p2p_machine *machine, int index, const char *list, char flags[8])
{
	char entry[256];

	while (list && *list) {
		size_t part = strcspn(list, ";");
		enum match answer;

		if (part >= sizeof(entry))
			return MATCH_MAYBE; /* longer than any path of slots: not followed here */
		memcpy(entry, list, part);
		entry[part] = '\0';
		answer = flags ? match_flags(machine, index, entry, flags) : match(machine, index, entry);
		if (answer != MATCH_NO)
			return answer;
		list += part + (list[part] == ';');
	}
	return MATCH_NO;
}

/* ------------------------------------------------------------- the words */

/* Bits of the control word that are now known to be `value`, or not known at all. */
static void set_bits(struct p2p_acs *acs, uint16_t mask, uint16_t value)
{
	acs->ctrl = (uint16_t)((acs->ctrl & ~mask) | (value & mask));
	acs->assumed |= mask;
	acs->unsure &= (uint16_t)~mask;
}

static void lose_bits(struct p2p_acs *acs, uint16_t mask)
{
	acs->unsure |= mask;
	acs->assumed &= (uint16_t)~mask;
}

/* config_acs= flags: the rightmost is bit 0. */
static void apply_flags(struct p2p_acs *acs, const char *flags, bool firmware_known)
{
	size_t len = strlen(flags);
	uint16_t kept = 0x7f;

	for (size_t i = 0; i < len; i++) {
		uint16_t mask = (uint16_t)(1u << (len - 1 - i));

		if (flags[i] != '0' && flags[i] != '1')
			continue;
		/* A bit that the hardware does not have is not retained. */
		bool has = !p2p_known(acs->fact) || acs->cap & mask;

		set_bits(acs, mask, flags[i] == '1' && has ? mask : 0);
		kept &= (uint16_t)~mask;
	}
	if (!firmware_known)
		lose_bits(acs, kept);
}

struct change {
	enum p2p_acs_args args;
	const char *old_config, *old_redir, *config, *redir; /* lists of entries; NULL: not given */
	bool before_known, firmware_known;
	bool at_bind; /* 6.19 and later without an IOMMU: only what a driver binds to is configured */
};

/*
 * Intel Sunrise Point root ports have another layout; the kernel configures
 * them by a quirk, and the word that P2PDMA reads does not change
 * (KERNEL: drivers/pci/quirks.c:pci_quirk_enable_intel_spt_pch_acs).
 */
static bool has_other_layout(const struct p2p_function *function)
{
	static const struct { uint16_t first, last; } ranges[] = { { 0xa110, 0xa11f }, { 0xa167, 0xa16a },
								   { 0xa290, 0xa29f }, { 0xa2e7, 0xa2ee },
								   { 0x9d10, 0x9d1b } };

	if (function->vendor.value != 0x8086)
		return false;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (function->device.value >= ranges[i].first && function->device.value <= ranges[i].last)
			return true;
	return false;
}

static void apply_found(struct p2p_acs *acs, const struct change *change, enum match redir, enum match config,
			const char *flags)
{
	if (config == MATCH_YES && change->args == P2P_ACS_ARGS_CONFIG_ACS) {
		apply_flags(acs, flags, change->firmware_known);
	} else if (redir == MATCH_YES) {
		set_bits(acs, P2P_ACS_REDIRECT, 0);
		/* Mended releases start again from what was found, without the kernel's own SV and UF. */
		if (change->args == P2P_ACS_ARGS_CONFIG_ACS && !change->firmware_known)
			lose_bits(acs, 0x7f & ~P2P_ACS_REDIRECT);
	}
}

static void apply_one(struct p2p_machine *machine, int index, const struct change *change)
{
	struct p2p_function *function = &machine->functions[index];
	char flags[8] = "", old_flags[8] = "";

	if (p2p_absent(function->acs.fact) || has_other_layout(function) ||
	    (change->at_bind && p2p_absent(function->driver.fact)))
		return;
	enum match redir = find_entry(machine, index, change->redir, NULL);
	enum match config = find_entry(machine, index, change->config, flags);
	bool was = !change->before_known || find_entry(machine, index, change->old_redir, NULL) != MATCH_NO ||
		   find_entry(machine, index, change->old_config, old_flags) != MATCH_NO;

	if (redir == MATCH_MALFORMED)
		redir = MATCH_NO; /* the kernel warns and goes no further */
	bool named = redir == MATCH_YES || config == MATCH_YES;

	if (redir == MATCH_NO && config == MATCH_NO && !was)
		return;
	/* Named before and not now, or by something that cannot be followed: what is left is the firmware's. */
	if (!named || change->args == P2P_ACS_ARGS_BROKEN || change->args == P2P_ACS_ARGS_UNSURE ||
	    redir == MATCH_MAYBE || config == MATCH_MAYBE || config == MATCH_MALFORMED)
		lose_bits(&function->acs, 0x7f);
	else
		apply_found(&function->acs, change, redir, config, flags);
}

/* As the kernel takes a command line apart: quotes hold words together, and after -- all is init's. */
static char *clean(struct p2p_arena *arena, const char *cmdline)
{
	char *text = p2p_arena_strdup(arena, cmdline), *to = text;
	char *end = strstr(text, " -- ");

	if (end)
		*end = '\0';
	for (const char *from = text; *from; from++)
		if (*from != '"')
			*to++ = *from;
	*to = '\0';
	return text;
}

/* The list that an argument gives; NULL: it is not there. */
static const char *list_of(struct p2p_arena *arena, const char *cmdline, const char *name)
{
	const char *list;
	size_t len = find_arg(cmdline, name, &list);

	return len ? p2p_arena_strndup(arena, list, len) : NULL;
}

void p2p_acs_args_apply(struct p2p_machine *machine, struct p2p_release release, const char *before,
			const char *cmdline)
{
	static const struct p2p_release at_bind = { 6, 19, 0, true };
	struct p2p_arena *arena = machine->arena;
	const struct p2p_host *host = &machine->host;
	struct change change = { .args = p2p_acs_args_of(release), .before_known = before != NULL };
	bool no_iommu = p2p_known(host->iommu) && host->iommu_kind == P2P_IOMMU_NONE;

	/* A vendor's kernel may have the arguments of any release since. */
	if (p2p_host_vendor(host) && change.args != P2P_ACS_ARGS_CONFIG_ACS)
		change.args = P2P_ACS_ARGS_UNSURE;
	cmdline = clean(arena, cmdline);
	change.redir = list_of(arena, cmdline, "disable_acs_redir=");
	change.config = list_of(arena, cmdline, "config_acs=");
	if (before) {
		before = clean(arena, before);
		change.old_redir = list_of(arena, before, "disable_acs_redir=");
		change.old_config = list_of(arena, before, "config_acs=");
	}
	/* What the registers hold now is the firmware's only if nobody had a reason to change it. */
	change.firmware_known = before && !change.old_redir && !change.old_config && no_iommu;
	change.at_bind = no_iommu && p2p_release_compare_series(release, at_bind) >= 0;
	for (size_t i = 0; i < machine->function_count; i++)
		apply_one(machine, (int)i, &change);
}
