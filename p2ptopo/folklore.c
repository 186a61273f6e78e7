/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "folklore.h"

void folklore_json(const struct topo *topo, const struct p2p_verdict *verdict, struct p2p_json *json)
{
	struct p2p_folklore found[P2P_FOLKLORE_MAX];
	size_t count = p2p_folklore_find(topo->judge, verdict, topo->arena, found);

	p2p_json_array(json, "folklore", false);
	for (size_t i = 0; i < count; i++) {
		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "id", found[i].id);
		p2p_json_text(json, "says", found[i].says);
		p2p_json_text(json, "cite", found[i].cite);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

void folklore_print(const struct topo *topo, const struct p2p_verdict *verdict, const char *first, const char *rest)
{
	struct p2p_folklore found[P2P_FOLKLORE_MAX];
	size_t count = p2p_folklore_find(topo->judge, verdict, topo->arena, found);

	for (size_t i = 0; i < count; i++)
		topo_print_text(topo, first, rest, p2p_arena_printf(topo->arena, "%s.", found[i].says));
}
