/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "acs-args.h"

#include <stdlib.h>
#include <string.h>

#include "acs.h"

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
enum match { MATCH_NO, MATCH_YES, MATCH_MALFORMED };

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
	bool same = true;

	for (size_t i = 0; i < 4; i++) {
		char *end;
		unsigned long want = strtoul(spec, &end, 16);

		if (end == spec)
			return MATCH_MALFORMED;
		same = same && (!want || (p2p_known(have[i]->fact) && have[i]->value == want));
		if (!*end)
			return i != 1 && i != 3 ? MATCH_MALFORMED : same ? MATCH_YES : MATCH_NO;
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

/*
 * The first of the entries in `list` (separated by semicolons) that names the
 * function.  config_acs= has "flags@" before each.
 */
static bool find_entry(const struct p2p_machine *machine, int index, const char *list, size_t len, char flags[8])
{
	char entry[256];

	while (len) {
		size_t part = 0;

		while (part < len && list[part] != ';')
			part++;
		if (part < sizeof(entry)) {
			memcpy(entry, list, part);
			entry[part] = '\0';
			char *at = strchr(entry, '@');
			size_t flag_len = at ? (size_t)(at - entry) : 0;

			enum match answer = match(machine, index, at ? at + 1 : entry);

			if (answer == MATCH_MALFORMED)
				return false;
			if (flag_len < 8 && answer == MATCH_YES) {
				memcpy(flags, entry, flag_len);
				flags[flag_len] = '\0';
				return true;
			}
		}
		list += part + (part < len);
		len -= part + (part < len);
	}
	return false;
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
	const char *old_config, *old_redir, *config, *redir;
	size_t old_config_len, old_redir_len, config_len, redir_len;
	bool firmware_known;
};

static void apply_one(struct p2p_machine *machine, int index, const struct change *change)
{
	struct p2p_acs *acs = &machine->functions[index].acs;
	char flags[8] = "";
	bool config, redir, was;

	if (p2p_absent(acs->fact))
		return;
	redir = find_entry(machine, index, change->redir, change->redir_len, flags);
	was = find_entry(machine, index, change->old_redir, change->old_redir_len, flags) ||
	      find_entry(machine, index, change->old_config, change->old_config_len, flags);
	config = find_entry(machine, index, change->config, change->config_len, flags);
	if (!config && !redir && !was)
		return;
	if (change->args == P2P_ACS_ARGS_BROKEN || change->args == P2P_ACS_ARGS_UNSURE || (!config && !redir))
		lose_bits(acs, 0x7f);
	else if (config && change->args == P2P_ACS_ARGS_CONFIG_ACS)
		apply_flags(acs, flags, change->firmware_known);
	else if (redir) {
		set_bits(acs, P2P_ACS_REDIRECT, 0);
		/* Mended releases start again from what was found, without the kernel's own SV and UF. */
		if (change->args == P2P_ACS_ARGS_CONFIG_ACS && !change->firmware_known)
			lose_bits(acs, 0x7f & ~P2P_ACS_REDIRECT);
	}
}

void p2p_acs_args_apply(struct p2p_machine *machine, struct p2p_release release, const char *before,
			const char *cmdline)
{
	struct change change = { .args = p2p_acs_args_of(release) };
	const struct p2p_host *host = &machine->host;

	change.redir_len = find_arg(cmdline, "disable_acs_redir=", &change.redir);
	change.config_len = find_arg(cmdline, "config_acs=", &change.config);
	if (before) {
		change.old_redir_len = find_arg(before, "disable_acs_redir=", &change.old_redir);
		change.old_config_len = find_arg(before, "config_acs=", &change.old_config);
	}
	/* What the registers hold now is the firmware's only if nobody had a reason to change it. */
	change.firmware_known = before && !change.old_redir_len && !change.old_config_len && p2p_known(host->iommu) &&
				host->iommu_kind == P2P_IOMMU_NONE;
	for (size_t i = 0; i < machine->function_count; i++)
		apply_one(machine, (int)i, &change);
}
