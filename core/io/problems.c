/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "problems.h"

void p2p_problems_add(struct p2p_problems *problems, const char *text)
{
	if (problems->count++ < P2P_PROBLEMS_MAX)
		p2p_names_add(&problems->texts, text);
}

void p2p_problems_free(struct p2p_problems *problems)
{
	p2p_names_free(&problems->texts);
	problems->count = 0;
}
