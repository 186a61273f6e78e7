/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "blkid.h"

#include <errno.h>

#include "config.h"

#if HAVE_LIBBLKID

#include <blkid/blkid.h>
#include <string.h>

static const char *value_of(blkid_probe probe, const char *name)
{
	const char *value = NULL;

	return blkid_probe_lookup_value(probe, name, &value, NULL) ? NULL : value;
}

static void add_found(blkid_probe probe, struct p2p_buf *ret)
{
	const char *type = value_of(probe, "TYPE"), *table = value_of(probe, "PTTYPE"),
		   *label = value_of(probe, "LABEL");

	if (ret->len)
		p2p_buf_puts(ret, ", ");
	if (table)
		p2p_buf_printf(ret, "a %s partition table", table);
	else
		p2p_buf_puts(ret, type ? type : "something");
	if (label && *label)
		p2p_buf_printf(ret, " '%s'", label);
}

/* What wipefs would find: superblocks, also those whose checksum is wrong, and partition tables. */
static int ask(blkid_probe probe, int fd, struct p2p_buf *ret)
{
	int found;

	if (blkid_probe_set_device(probe, fd, 0, 0) || blkid_probe_enable_superblocks(probe, 1) ||
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_USAGE |
							     BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_BADCSUM) ||
	    blkid_probe_enable_partitions(probe, 1) ||
	    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT))
		return -EIO;
	while (!(found = blkid_do_probe(probe)))
		add_found(probe, ret);
	return found == 1 ? 0 : -EIO;
}

int p2p_blkid_find(int fd, struct p2p_buf *ret)
{
	blkid_probe probe = blkid_new_probe();
	int error = probe ? ask(probe, fd, ret) : -ENOMEM;

	blkid_free_probe(probe);
	return error;
}

#else

int p2p_blkid_find(int fd, struct p2p_buf *ret)
{
	(void)fd;
	(void)ret;
	return -ENOTSUP;
}

#endif
