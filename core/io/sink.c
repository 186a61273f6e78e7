/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink.h"

#include <errno.h>
#include <string.h>

/* Only what is a machine's own: never a file of somebody. */
static int check(const struct p2p_edit *change)
{
	static const char *const places[] = { "sys/bus/pci/devices/", "sys/kernel/config/nvmet/" };

	if (change->kind == P2P_EDIT_NONE || p2p_source_key_check(change->key))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (!strncmp(change->key, places[i], strlen(places[i])))
			return 0;
	return -EINVAL;
}

int p2p_sink_write(struct p2p_sink *sink, const struct p2p_edit *change, uint16_t word)
{
	int error = check(change);

	return error ? error : sink->ops->write(sink, change, word);
}

void p2p_sink_free(struct p2p_sink *sink)
{
	if (sink)
		sink->ops->free(sink);
}
