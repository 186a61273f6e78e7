/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <string.h>

void p2p_names_add(struct p2p_names *names, const char *name)
{
	p2p_buf_add(&names->text, name, strlen(name) + 1);
	names->count++;
}

const char *p2p_names_next(const struct p2p_names *names, const char *name)
{
	if (!names->count)
		return NULL;
	name = name ? name + strlen(name) + 1 : names->text.text;
	return name < names->text.text + names->text.len ? name : NULL;
}

void p2p_names_reset(struct p2p_names *names)
{
	p2p_buf_reset(&names->text);
	names->count = 0;
}

void p2p_names_free(struct p2p_names *names)
{
	p2p_buf_free(&names->text);
	names->count = 0;
}
