/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer: any bytes as configuration space.
 *
 * Byte 0: bit 0 a VF, bit 1 details are wanted, bits 2-3 the error behind the
 * end, bits 4-5 how much can be seen, bit 7 how the rest is read: clear, it is
 * the space itself from byte 0 on; set, it is patches of six bytes (offset,
 * value) to an empty space, which reach capabilities sooner.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/model/pciconf.h"

#define PATCH 6

struct space {
	uint8_t bytes[4096];
	unsigned size;
	int end;
	unsigned reads;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that must hold whatever the bytes were. */
static void must(bool so)
{
	if (!so)
		abort();
}

static int space_read(void *context, unsigned offset, void *buffer, size_t length)
{
	struct space *space = context;

	/* Both chains at their longest, each DVSEC, a few words; nothing reads far behind the end. */
	must(++space->reads < 1 + 48 + 2 * 480 + 64);
	must(length && length <= 64 && offset < 4096 + 64);
	if (offset + length > space->size)
		return space->end;
	memcpy(buffer, space->bytes + offset, length);
	return 0;
}

static void space_make(const uint8_t *data, size_t size, struct space *space)
{
	static const unsigned sizes[] = { 4096, 0x180, 256, 64 };
	static const int ends[] = { -ENOENT, -EACCES, -EIO, -ENODATA };

	space->size = sizes[data[0] >> 4 & 3];
	space->end = ends[data[0] >> 2 & 3];
	data++, size--;
	if (!(data[-1] & 0x80)) {
		memcpy(space->bytes, data, size < sizeof(space->bytes) ? size : sizeof(space->bytes));
		return;
	}
	space->bytes[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	for (; size >= PATCH; data += PATCH, size -= PATCH)
		memcpy(space->bytes + ((data[0] | data[1] << 8) & 0xffc), data + 2, 4);
}

/* Where the kernel finds ACS: drivers/pci/pci.c:pci_find_next_ext_capability, told again from memory. */
static unsigned kernel_acs(const struct space *space)
{
	unsigned at = 0x100;

	for (int ttl = (4096 - 256) / 8; ttl > 0 && at >= 0x100; ttl--) {
		const uint8_t *bytes = space->bytes + at;
		uint32_t header = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
				  (uint32_t)bytes[3] << 24;

		if ((header & 0xffff) == PCI_EXT_CAP_ID_ACS)
			return at;
		at = header >> 20 & 0xffc;
	}
	return 0;
}

/* What less privilege says is what more says, or nothing. */
static void weaker(struct p2p_fact few, uint64_t few_value, struct p2p_fact all, uint64_t all_value)
{
	must(few.know <= P2P_KNOWN);
	must(few.know == P2P_UNKNOWN || (few.know == all.know && (few.know != P2P_KNOWN || few_value == all_value)));
}

static void compare(const struct p2p_function *few, const struct p2p_function *all)
{
	weaker(few->vendor.fact, few->vendor.value, all->vendor.fact, all->vendor.value);
	weaker(few->class.fact, few->class.value, all->class.fact, all->class.value);
	weaker(few->header.fact, few->header.value, all->header.fact, all->header.value);
	weaker(few->port_type.fact, few->port_type.value, all->port_type.fact, all->port_type.value);
	weaker(few->mps.fact, few->mps.value, all->mps.fact, all->mps.value);
	weaker(few->link.fact, few->link.gen_max, all->link.fact, all->link.gen_max);
	weaker(few->acs.fact, few->acs.ctrl, all->acs.fact, all->acs.ctrl);
	weaker(few->ats.fact, few->ats.value, all->ats.fact, all->ats.value);
	weaker(few->pri.fact, few->pri.value, all->pri.fact, all->pri.value);
	weaker(few->pasid.fact, few->pasid.value, all->pasid.fact, all->pasid.value);
	weaker(few->vfs.fact, few->vfs.value, all->vfs.fact, all->vfs.value);
	weaker(few->vfs_max.fact, few->vfs_max.value, all->vfs_max.fact, all->vfs_max.value);
	weaker(few->resizable.fact, few->resizable.value, all->resizable.fact, all->resizable.value);
	weaker(few->cxl.fact, few->cxl.value, all->cxl.fact, all->cxl.value);
}

static struct p2p_function decode(struct space *space, uint8_t flags)
{
	struct p2p_pciconf conf = { space_read, space };
	struct p2p_function function = { 0 };

	space->reads = 0;
	p2p_pciconf_decode(&conf, flags & 2 ? P2P_PCICONF_DETAIL : 0, flags & 1, &function);
	return function;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct space space = { .size = 0 };

	if (!size)
		return 0;
	space_make(data, size, &space);
	struct p2p_function some = decode(&space, data[0]);
	bool conventional = space.size == 256 && space.end == -ENOENT;
	struct space whole = space;

	whole.size = 4096;
	struct p2p_function all = decode(&whole, data[0]);

	/* A space that ends at 256 bytes is another function's, not the same one seen in part. */
	if (space.end != -ENOENT)
		compare(&some, &all);
	if (conventional && !some.dead)
		must(p2p_absent(some.acs.fact) && p2p_absent(some.ats.fact));
	if (all.dead)
		return 0;
	unsigned acs = kernel_acs(&whole);

	must(!acs == p2p_absent(all.acs.fact) || acs > 4096 - 8);
	must(!p2p_known(all.acs.fact) || all.acs.offset == acs);
	must(!p2p_known(all.port_type.fact) || all.port_type.value < 16);
	return 0;
}
