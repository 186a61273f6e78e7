/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries are read as the kernel's sscanf reads them, from the right end of a
 * path to the left, because what it does with a malformed one depends on that.
 */
#include "acs-match.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NO, YES, MAYBE, MALFORMED };

/* %x of the kernel's sscanf: blanks, then a digit, no sign. */
static bool scan_hex(const char **at, unsigned long *ret)
{
	const char *text = *at;
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	if (!isxdigit((unsigned char)*text))
		return false;
	*ret = strtoul(text, &end, 16);
	*at = end;
	return true;
}

static bool scan_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static unsigned devfn_of(unsigned long slot, unsigned long function)
{
	return (unsigned)((slot & 0x1f) << 3 | (function & 7));
}

/* "slot.function" and nothing after it, up to `end`. */
static bool scan_slot(const char *at, const char *end, unsigned *ret)
{
	unsigned long slot, function;

	if (!scan_hex(&at, &slot) || !scan_char(&at, '.') || !scan_hex(&at, &function) || at != end)
		return false;
	*ret = devfn_of(slot, function);
	return true;
}

/* "[domain:]bus:slot.function" up to `end` */
static bool scan_address(const char *at, const char *end, unsigned long *domain, unsigned long *bus, unsigned *devfn)
{
	const char *rest;

	*domain = 0;
	if (!scan_hex(&at, bus) || !scan_char(&at, ':'))
		return false;
	rest = at;
	unsigned long more;

	if (scan_hex(&rest, &more) && scan_char(&rest, ':')) {
		*domain = *bus;
		*bus = more;
		at = rest;
	}
	return scan_slot(at, end, devfn);
}

/* KERNEL: pci_dev_str_match_path.  `end` is where the entry ends. */
static int match_path(const struct p2p_machine *machine, int index, const char *path, const char *end)
{
	unsigned long domain, bus;
	unsigned devfn;

	for (;;) {
		const struct p2p_function *function = &machine->functions[index];
		const char *slash = end;

		while (slash > path && slash[-1] != '/')
			slash--;
		if (slash == path) {
			if (!scan_address(path, end, &domain, &bus, &devfn))
				return MALFORMED;
			return function->bdf.domain == domain && function->bdf.bus == bus &&
					       function->bdf.devfn == devfn
				       ? YES
				       : NO;
		}
		if (!scan_slot(slash, end, &devfn))
			return MALFORMED;
		if (function->bdf.devfn != devfn || p2p_absent(function->up.fact))
			return NO;
		if (!p2p_known(function->up.fact))
			return MAYBE;
		index = function->up.to;
		end = slash - 1;
	}
}

/* Up to four ids with colons between them; how many there are, and where they end. */
static unsigned scan_ids(const char **at, uint16_t ids[4], unsigned most)
{
	unsigned count = 0;
	unsigned long id;

	while (count < most && (count == 0 || scan_char(at, ':')) && scan_hex(at, &id))
		ids[count++] = (uint16_t)id;
	return count;
}

/* "vendor:device[:subvendor:subdevice]", 0 is any; whatever follows a match is not looked at. */
static int match_ids(const struct p2p_function *function, const char **at)
{
	const struct p2p_number *have[] = { &function->vendor, &function->device, &function->subvendor,
					    &function->subdevice };
	uint16_t ids[4] = { 0 };
	const char *end = *at;
	int answer = YES;

	if (scan_ids(&end, ids, 4) != 4) {
		end = *at;
		ids[2] = ids[3] = 0;
		if (scan_ids(&end, ids, 2) != 2)
			return MALFORMED;
	}
	*at = end;
	for (size_t i = 0; i < 4; i++) {
		if (!ids[i])
			continue;
		if (have[i]->fact.know == P2P_UNKNOWN)
			answer = answer == NO ? NO : MAYBE;
		else if (!p2p_known(have[i]->fact) || have[i]->value != ids[i])
			answer = NO;
	}
	return answer;
}

/* KERNEL: pci_dev_str_match; *at ends where the kernel goes on. */
static int match_entry(const struct p2p_machine *machine, int index, const char **at)
{
	const char *entry = *at;

	if (!strncmp(entry, "pci:", 4)) {
		*at = entry + 4;
		return match_ids(&machine->functions[index], at);
	}
	*at = entry + strcspn(entry, ";");
	return match_path(machine, index, entry, *at);
}

/* The flags before an '@', the rightmost is bit 0; false: the kernel ignores all of the argument for this function. */
static bool parse_flags(const char **at, uint16_t *mask, uint16_t *flags)
{
	const char *start = *at, *end = strchr(start, '@');
	unsigned shift = 0;

	if (!end)
		return false;
	*at = end + 1;
	*mask = *flags = 0;
	for (; end > start; shift++) {
		char flag = *--end;

		if (flag != '0' && flag != '1' && flag != 'x' && flag != 'X')
			return false;
		if (flag != 'x' && flag != 'X' && shift < 16)
			*mask |= (uint16_t)(1u << shift);
		if (flag == '1' && shift < 16)
			*flags |= (uint16_t)(1u << shift);
	}
	return !(*mask & ~0x7f);
}

/* `mask` NULL: entries have no flags. */
static enum p2p_acs_match find(const struct p2p_machine *machine, int index, const char *at, bool first_only,
			       uint16_t *mask, uint16_t *flags)
{
	while (at && *at) {
		if (mask && (!first_only || !*mask) && !parse_flags(&at, mask, flags))
			return P2P_ACS_MATCH_NO;
		switch (match_entry(machine, index, &at)) {
		case YES:
			return P2P_ACS_MATCH_YES;
		case MAYBE:
			return P2P_ACS_MATCH_MAYBE;
		case MALFORMED:
			return P2P_ACS_MATCH_NO;
		default:
			break;
		}
		if (*at != ';')
			break;
		at++;
	}
	return P2P_ACS_MATCH_NO;
}

enum p2p_acs_match p2p_acs_match_list(const struct p2p_machine *machine, int index, const char *list)
{
	return find(machine, index, list, false, NULL, NULL);
}

enum p2p_acs_match p2p_acs_match_flags(const struct p2p_machine *machine, int index, const char *list,
				       bool first_only, uint16_t *ret_mask, uint16_t *ret_flags)
{
	*ret_mask = *ret_flags = 0;
	return find(machine, index, list, first_only, ret_mask, ret_flags);
}
