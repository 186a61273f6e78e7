/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "acs.h"

#include <errno.h>
#include <string.h>

const struct p2p_acs_bit p2p_acs_bits[7] = {
	{ 0x01, "SrcValid", "SV" },    { 0x02, "TransBlk", "TB" },    { 0x04, "ReqRedir", "RR" },
	{ 0x08, "CmpltRedir", "CR" },  { 0x10, "UpstreamFwd", "UF" }, { 0x20, "EgressCtrl", "EC" },
	{ 0x40, "DirectTrans", "DT" },
};

void p2p_acs_format(struct p2p_buf *buf, uint16_t word, uint16_t which)
{
	const char *space = "";

	for (size_t i = 0; i < 7; i++) {
		if (!(which & p2p_acs_bits[i].mask))
			continue;
		p2p_buf_printf(buf, "%s%s%c", space, p2p_acs_bits[i].name, word & p2p_acs_bits[i].mask ? '+' : '-');
		space = " ";
	}
}

static uint16_t bit_named(const char *name, size_t len)
{
	for (size_t i = 0; i < 7; i++)
		if ((strlen(p2p_acs_bits[i].name) == len && !strncmp(name, p2p_acs_bits[i].name, len)) ||
		    (len == 2 && !strncmp(name, p2p_acs_bits[i].letters, 2)))
			return p2p_acs_bits[i].mask;
	return 0;
}

int p2p_acs_parse(const char *text, uint16_t *ret_set, uint16_t *ret_clear)
{
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
		return -EINVAL;
	*ret_set = set;
	*ret_clear = clear;
	return 0;
}
