/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name of a row of the matrix. */
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "matrix-parts.h"

/* One member's name: text, and a number at its end (-1: none). */
struct name {
	const char *text;
	size_t prefix;
	long number;
};

#define NUMBER_MOST 6 /* digits; longer ones are no count of devices */

static struct name split(const char *text)
{
	size_t len = strlen(text), prefix = len;
	uint64_t number;

	while (prefix && text[prefix - 1] >= '0' && text[prefix - 1] <= '9' && len - prefix < NUMBER_MOST)
		prefix--;
	/* nvme08 is not the one after nvme7. */
	if (prefix == len || (text[prefix] == '0' && prefix + 1 < len) ||
	    p2p_text_number(text + prefix, 10, UINT64_MAX, &number))
		return (struct name){ text, len, -1 };
	return (struct name){ text, prefix, (long)number };
}

static int name_order(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return p2p_text_natural(x->text, y->text);
}

/* The device that stands for a function: nvme0, eth0, mlx5_0, card0; else, and with -n, its address. */
static const char *name_of(const struct topo *topo, int index)
{
	const struct p2p_child *child = topo->machine->functions[index].children;
	char address[P2P_BDF_TEXT];

	while (child && (child->kind == P2P_CHILD_OTHER || child->kind == P2P_CHILD_BLOCK))
		child = child->next;
	if (child && !p2p_cli_has(topo->cli, "numeric"))
		return child->name;
	return p2p_arena_strdup(topo->arena, topo_address(topo, index, address));
}

/* Longer labels are cut, with or without a terminal. */
#define LABEL_MOST 60

const char *matrix_label(const struct topo *topo, const struct p2p_group *group)
{
	struct name *names = p2p_realloc(NULL, group->count, sizeof(*names));
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < group->count; i++)
		names[i] = split(name_of(topo, group->members[i]));
	qsort(names, group->count, sizeof(*names), name_order);
	for (size_t i = 0, end; i < group->count; i = end) {
		const struct name *first = &names[i];

		for (end = i + 1; end < group->count && first->number >= 0; end++)
			if (names[end].prefix != first->prefix ||
			    memcmp(names[end].text, first->text, first->prefix) != 0 ||
			    names[end].number != names[end - 1].number + 1)
				break;
		if (text.len > LABEL_MOST) {
			p2p_buf_puts(&text, topo->style.ascii ? ",.." : ",…");
			break;
		}
		p2p_buf_printf(&text, "%s%s", text.len ? "," : "", first->text);
		if (end - i > 1)
			p2p_buf_printf(&text, "..%ld", names[end - 1].number);
	}
	const char *label = p2p_arena_strdup(topo->arena, p2p_buf_text(&text));

	p2p_buf_free(&text);
	free(names);
	return label;
}
