/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <string.h>

struct p2p_edit p2p_edit_inverse(const struct p2p_edit *change)
{
	struct p2p_edit inverse = *change;

	inverse.before = change->after;
	inverse.after = change->before;
	inverse.text_before = change->text_after;
	inverse.text_after = change->text_before;
	return inverse;
}

/* "0000:02:01.0" of "sys/bus/pci/devices/0000:02:01.0/config". */
static int device_of(const char *key, const char **ret)
{
	static const char folder[] = "sys/bus/pci/devices/";
	size_t length = sizeof(folder) - 1;

	if (strncmp(key, folder, length))
		return 0;
	*ret = key + length;
	return (int)strcspn(key + length, "/");
}

void p2p_edit_format(struct p2p_buf *buf, const struct p2p_edit *change)
{
	const char *device = change->key;
	int length = device_of(change->key, &device);

	if (change->kind == P2P_EDIT_WORD)
		p2p_buf_printf(buf, "%.*s %02x.w %04x->(%04x)->%04x", length, device, change->offset, change->before,
			       change->mask, change->after);
	else
		p2p_buf_printf(buf, "%s: '%s' -> '%s'", change->key, change->text_before, change->text_after);
}

const char *p2p_sensitive_says(enum p2p_sensitive sensitive)
{
	static const char *const words[] = {
		[P2P_SENSITIVE_VFIO] = "its driver hands it to a guest or a process",
		[P2P_SENSITIVE_OVERRIDE] = "its driver_override is a driver that hands it to a guest or a process",
		[P2P_SENSITIVE_IDS] = "the command line names it for a guest or a process",
		[P2P_SENSITIVE_EXTERNAL] = "it is removable or faces outward",
		[P2P_SENSITIVE_UNKNOWN] = "its driver is not known",
	};

	return words[sensitive];
}
