/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fact.h"

#include <errno.h>

struct p2p_fact p2p_fact_of(int error, enum p2p_origin origin)
{
	if (error == 0)
		return (struct p2p_fact){ .know = P2P_KNOWN, .origin = (uint8_t)origin };
	if (error == -ENOENT)
		return (struct p2p_fact){ .know = P2P_ABSENT, .origin = (uint8_t)origin };
	return (struct p2p_fact){ .know = P2P_UNKNOWN, .error = (int16_t)error };
}

struct p2p_number p2p_number_read(uint64_t value)
{
	return (struct p2p_number){ .fact = p2p_fact_of(0, P2P_ORIGIN_READ), .value = value };
}

struct p2p_word p2p_word_read(const char *text)
{
	return (struct p2p_word){ .fact = p2p_fact_of(0, P2P_ORIGIN_READ), .text = text };
}
