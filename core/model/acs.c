/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "acs.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct p2p_acs_bit p2p_acs_bits[7] = {
	{ 0x01, "SrcValid", "SV" },    { 0x02, "TransBlk", "TB" },    { 0x04, "ReqRedir", "RR" },
	{ 0x08, "CmpltRedir", "CR" },  { 0x10, "UpstreamFwd", "UF" }, { 0x20, "EgressCtrl", "EC" },
	{ 0x40, "DirectTrans", "DT" },
};

void p2p_acs_format_open(struct p2p_buf *buf, uint16_t word, uint16_t which, uint16_t open)
{
	const char *space = "";

	for (size_t i = 0; i < 7; i++) {
		uint16_t mask = p2p_acs_bits[i].mask;

		if (!(which & mask))
			continue;
		p2p_buf_printf(buf, "%s%s%c", space, p2p_acs_bits[i].name, open & mask ? '?' : word & mask ? '+' : '-');
		space = " ";
	}
}

void p2p_acs_format(struct p2p_buf *buf, uint16_t word, uint16_t which)
{
	p2p_acs_format_open(buf, word, which, 0);
}

static uint16_t bit_named(const char *name, size_t len)
{
	for (size_t i = 0; i < 7; i++)
		if ((strlen(p2p_acs_bits[i].name) == len && !strncmp(name, p2p_acs_bits[i].name, len)) ||
		    (len == 2 && !strncmp(name, p2p_acs_bits[i].letters, 2)))
			return p2p_acs_bits[i].mask;
	return 0;
}

/* "1d" or "0:2c", as for setpci, 0x or not: all of the word, or the bits of a mask. */
static int parse_word(const char *text, uint16_t *ret_set, uint16_t *ret_clear)
{
	unsigned long part[2] = { 0, 0x7f };

	for (size_t i = 0; i < 2; i++) {
		char *end;

		/* No sign, no blank. */
		if (!isxdigit((unsigned char)*text))
			return -EINVAL;
		part[i] = strtoul(text, &end, 16);
		if (part[i] > 0x7f)
			return -EINVAL;
		text = end;
		if (i || *text != ':')
			break;
		text++;
	}
	if (*text || !part[1])
		return -EINVAL;
	*ret_set = (uint16_t)(part[0] & part[1]);
	*ret_clear = (uint16_t)(~part[0] & part[1]);
	return 0;
}

int p2p_acs_parse(const char *text, uint16_t *ret_set, uint16_t *ret_clear)
{
	if (!parse_word(text, ret_set, ret_clear))
		return 0;
	uint16_t set = 0, clear = 0;

	for (;;) {
		size_t len = strcspn(text, "+-");
		uint16_t mask = bit_named(text, len);

		if (!mask || !text[len])
			return -EINVAL;
		if (text[len] == '+')
			set |= mask;
		else
			clear |= mask;
		text += len + 1;
		if (!*text)
			break;
		if (*text != ',' && *text != ' ')
			return -EINVAL;
		text++;
	}
	if (set & clear)
		return -EEXIST;
	*ret_set = set;
	*ret_clear = clear;
	return 0;
}
