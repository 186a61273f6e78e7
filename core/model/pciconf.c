/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pciconf.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

/* Hops after which the kernel gives up a chain (drivers/pci/pci.c). */
#define LEGACY_HOPS 48
#define EXTENDED_HOPS ((4096 - 256) / 8)

/* CXL DVSECs carry this vendor (CXL 3.1, 8.1.1); linux/pci_regs.h has it only in newer releases. */
#define CXL_VENDOR 0x1e98
#define EXT_CAP_ID_REBAR 0x15
#define EXT_CAP_ID_DVSEC 0x23

static uint16_t le16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t le32(const uint8_t *bytes)
{
	return (uint32_t)le16(bytes) | (uint32_t)le16(bytes + 2) << 16;
}

static int read_bytes(const struct p2p_pciconf *space, unsigned offset, uint8_t *bytes, size_t length)
{
	return space->read(space->context, offset, bytes, length);
}

/* Bytes of something that was found: that the space ends before is a fault of it, not an absence. */
static int read_found(const struct p2p_pciconf *space, unsigned offset, uint8_t *bytes, size_t length)
{
	int error = read_bytes(space, offset, bytes, length);

	return error == -ENOENT ? -EINVAL : error;
}

static void set_if_unknown(struct p2p_number *number, uint64_t value)
{
	if (number->fact.know == P2P_UNKNOWN)
		*number = p2p_number_read(value);
}

static void decode_header(const uint8_t *header, struct p2p_function *function)
{
	set_if_unknown(&function->vendor, le16(header + PCI_VENDOR_ID));
	set_if_unknown(&function->device, le16(header + PCI_DEVICE_ID));
	set_if_unknown(&function->class, le32(header + PCI_CLASS_REVISION) >> 8);
	set_if_unknown(&function->revision, header[PCI_REVISION_ID]);
	function->header = p2p_number_read(header[PCI_HEADER_TYPE] & 0x7f);
	if (function->header.value == PCI_HEADER_TYPE_NORMAL) {
		set_if_unknown(&function->subvendor, le16(header + PCI_SUBSYSTEM_VENDOR_ID));
		set_if_unknown(&function->subdevice, le16(header + PCI_SUBSYSTEM_ID));
	}
}

/* The offset of a legacy capability.  -ENOENT: none. */
static int find_legacy(const struct p2p_pciconf *space, uint8_t pointer, uint8_t id, unsigned *ret)
{
	for (int hop = 0; hop < LEGACY_HOPS; hop++) {
		uint8_t entry[2];

		pointer &= 0xfc;
		if (pointer < PCI_STD_HEADER_SIZEOF)
			return -ENOENT;
		int error = read_bytes(space, pointer, entry, sizeof(entry));

		if (error)
			return error;
		if (entry[0] == 0xff)
			return -ENOENT;
		if (entry[0] == id) {
			*ret = pointer;
			return 0;
		}
		pointer = entry[1];
	}
	return -ENOENT;
}

static struct p2p_number power_of_two(unsigned exponent)
{
	return p2p_number_read(128u << (exponent > 5 ? 5 : exponent));
}

/* Does a function of that PCIe type have a link of its own? */
static bool has_link(unsigned type)
{
	return type != PCI_EXP_TYPE_RC_END && type != PCI_EXP_TYPE_RC_EC;
}

/* PCIe capability: flags +2, DevCap +4, DevCtl +8, LnkCap +0xc, LnkSta +0x12. */
static void decode_express(const uint8_t *cap, struct p2p_function *function)
{
	unsigned type = (le16(cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
	uint16_t devctl = le16(cap + PCI_EXP_DEVCTL);
	uint32_t lnkcap = le32(cap + PCI_EXP_LNKCAP);
	uint16_t lnksta = le16(cap + PCI_EXP_LNKSTA);

	function->port_type = p2p_number_read(type);
	function->mps_max = power_of_two(le32(cap + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_PAYLOAD);
	function->mps = power_of_two((devctl & PCI_EXP_DEVCTL_PAYLOAD) >> 5);
	function->mrrs = power_of_two((devctl & PCI_EXP_DEVCTL_READRQ) >> 12);
	if (!has_link(type)) {
		function->link.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ);
		return;
	}
	function->link = (struct p2p_link){
		.fact = p2p_fact_of(0, P2P_ORIGIN_READ),
		.gen = lnksta & PCI_EXP_LNKSTA_CLS,
		.lanes = (lnksta & PCI_EXP_LNKSTA_NLW) >> 4,
		.gen_max = lnkcap & PCI_EXP_LNKCAP_SLS,
		.lanes_max = (lnkcap & PCI_EXP_LNKCAP_MLW) >> 4,
	};
}

static void express_failed(int error, struct p2p_function *function)
{
	struct p2p_fact fact = p2p_fact_of(error, P2P_ORIGIN_READ);

	function->port_type.fact = fact;
	function->mps.fact = function->mps_max.fact = function->mrrs.fact = fact;
	function->link.fact = fact;
}

static void decode_legacy(const struct p2p_pciconf *space, const uint8_t *header, struct p2p_function *function)
{
	unsigned at = function->header.value == PCI_HEADER_TYPE_CARDBUS ? PCI_CB_CAPABILITY_LIST : PCI_CAPABILITY_LIST;
	uint8_t cap[PCI_EXP_LNKSTA + 2];
	unsigned offset = 0;
	int error = -ENOENT;

	/*
	 * A VF's header has no status of its own worth trusting, but its
	 * capability pointer is real; VFs are PCI Express by definition.
	 */
	if (le16(header + PCI_STATUS) & PCI_STATUS_CAP_LIST)
		error = find_legacy(space, header[at], PCI_CAP_ID_EXP, &offset);
	if (!error)
		error = read_found(space, offset, cap, sizeof(cap));
	if (error)
		express_failed(error, function);
	else
		decode_express(cap, function);
}

#define DVSEC_MOST 16

/* Where the first of each wanted extended capability is; 0: none. */
struct extended {
	unsigned acs, ats, pri, pasid, sriov, rebar;
	unsigned dvsec[DVSEC_MOST]; /* CXL has up to ten on one function */
	size_t dvsec_count;  /* how many there are, even if more than fit */
	int error; /* 0: the whole chain was seen; -ENOENT: there is no extended space */
};

static void extended_note(struct extended *found, unsigned id, unsigned at)
{
	unsigned *slot = id == PCI_EXT_CAP_ID_ACS     ? &found->acs
			 : id == PCI_EXT_CAP_ID_ATS   ? &found->ats
			 : id == PCI_EXT_CAP_ID_PRI   ? &found->pri
			 : id == PCI_EXT_CAP_ID_PASID ? &found->pasid
			 : id == PCI_EXT_CAP_ID_SRIOV ? &found->sriov
			 : id == EXT_CAP_ID_REBAR     ? &found->rebar
						      : NULL;

	if (slot && !*slot)
		*slot = at;
	if (id != EXT_CAP_ID_DVSEC)
		return;
	if (found->dvsec_count < DVSEC_MOST)
		found->dvsec[found->dvsec_count] = at;
	found->dvsec_count++;
}

/*
 * Chains may run backwards; only a place seen before or the end stops the
 * walk.  The kernel counts hops instead; the first match is the same.
 */
static void walk_extended(const struct p2p_pciconf *space, struct extended *found)
{
	uint8_t seen[4096 / 4 / 8] = { 0 };
	unsigned at = PCI_CFG_SPACE_SIZE;

	for (int hop = 0; hop < EXTENDED_HOPS && at >= PCI_CFG_SPACE_SIZE; hop++) {
		uint8_t entry[4];

		if (seen[at / 32] & 1u << (at / 4 % 8))
			return;
		seen[at / 32] |= (uint8_t)(1u << (at / 4 % 8));
		found->error = read_bytes(space, at, entry, sizeof(entry));
		if (found->error)
			return;
		uint32_t header = le32(entry);

		if (header == 0)
			return;
		extended_note(found, PCI_EXT_CAP_ID(header), at);
		at = PCI_EXT_CAP_NEXT(header);
	}
}

/* The control word of a capability that was or was not found. */
static struct p2p_number control_word(const struct p2p_pciconf *space, const struct extended *found, unsigned at,
				      unsigned offset)
{
	struct p2p_number number = { 0 };
	uint8_t word[2];
	int error = at ? 0 : found->error ? found->error : -ENOENT;

	if (at)
		error = read_found(space, at + offset, word, sizeof(word));
	number.fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	if (!error)
		number.value = le16(word);
	return number;
}

static void decode_acs(const struct p2p_pciconf *space, const struct extended *found, struct p2p_acs *acs)
{
	uint8_t words[4];
	int error = found->acs ? 0 : found->error ? found->error : -ENOENT;

	if (found->acs)
		error = read_found(space, found->acs + PCI_ACS_CAP, words, sizeof(words));
	acs->fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	if (error)
		return;
	acs->offset = (uint16_t)found->acs;
	acs->cap = le16(words);
	acs->ctrl = le16(words + 2);
}

static void decode_sriov(const struct p2p_pciconf *space, const struct extended *found, struct p2p_function *function)
{
	uint8_t words[PCI_SRIOV_NUM_VF + 2 - PCI_SRIOV_CTRL];
	int error = found->sriov ? 0 : found->error ? found->error : -ENOENT;

	if (found->sriov)
		error = read_found(space, found->sriov + PCI_SRIOV_CTRL, words, sizeof(words));
	function->vfs.fact = function->vfs_max.fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	if (error)
		return;
	bool on = le16(words) & PCI_SRIOV_CTRL_VFE;

	function->vfs.value = on ? le16(words + (PCI_SRIOV_NUM_VF - PCI_SRIOV_CTRL)) : 0;
	function->vfs_max.value = le16(words + (PCI_SRIOV_TOTAL_VF - PCI_SRIOV_CTRL));
}

/* The ids of the CXL DVSECs as a mask; any that could not be seen leaves all of it open. */
static int cxl_ids(const struct p2p_pciconf *space, const struct extended *found, uint64_t *ret)
{
	if (found->error && found->error != -ENOENT)
		return found->error;
	if (found->dvsec_count > DVSEC_MOST)
		return -EINVAL;
	for (size_t i = 0; i < found->dvsec_count; i++) {
		uint8_t words[6];
		int error = read_found(space, found->dvsec[i] + 4, words, sizeof(words));

		if (error)
			return error;
		if (le16(words) == CXL_VENDOR && le16(words + 4) < 64)
			*ret |= 1ull << le16(words + 4);
	}
	return *ret ? 0 : -ENOENT;
}

static void decode_cxl(const struct p2p_pciconf *space, const struct extended *found, struct p2p_function *function)
{
	uint64_t ids = 0;
	int error = cxl_ids(space, found, &ids);

	function->cxl = (struct p2p_number){ p2p_fact_of(error, P2P_ORIGIN_READ), error ? 0 : ids };
}

static void decode_extended(const struct p2p_pciconf *space, unsigned want, struct p2p_function *function)
{
	struct extended found = { 0 };

	walk_extended(space, &found);
	/* Space that ends at 256 bytes has no extended capabilities: an answer, not a failure. */
	decode_acs(space, &found, &function->acs);
	function->ats = control_word(space, &found, found.ats, PCI_ATS_CTRL);
	if (!(want & P2P_PCICONF_DETAIL))
		return;
	function->pri = control_word(space, &found, found.pri, PCI_PRI_CTRL);
	function->pasid = control_word(space, &found, found.pasid, PCI_PASID_CTRL);
	function->resizable = (struct p2p_number){
		.fact = p2p_fact_of(found.rebar ? 0 : found.error ? found.error : -ENOENT, P2P_ORIGIN_READ),
		.value = found.rebar != 0,
	};
	decode_sriov(space, &found, function);
	decode_cxl(space, &found, function);
}

static void all_failed(int error, struct p2p_function *function)
{
	/* Not even a header is no answer to anything, whatever the error says. */
	struct p2p_fact fact = { .know = P2P_UNKNOWN, .error = (int16_t)error };

	function->header.fact = fact;
	function->port_type.fact = function->link.fact = fact;
	function->mps.fact = function->mps_max.fact = function->mrrs.fact = fact;
	function->acs.fact = fact;
	function->ats.fact = function->pri.fact = function->pasid.fact = fact;
	function->vfs.fact = function->vfs_max.fact = function->resizable.fact = function->cxl.fact = fact;
}

void p2p_pciconf_decode(const struct p2p_pciconf *space, unsigned want, bool vf, struct p2p_function *function)
{
	uint8_t header[PCI_STD_HEADER_SIZEOF];
	int error = read_bytes(space, 0, header, sizeof(header));

	if (error) {
		all_failed(error, function);
		return;
	}
	if (le32(header) == 0xffffffff && (!vf || header[PCI_CAPABILITY_LIST] == 0xff)) {
		/* All ones: it is gone or asleep.  A VF's vendor always reads so, the rest of it does not. */
		function->dead = true;
		all_failed(-EIO, function);
		return;
	}
	if (vf)
		function->header = p2p_number_read(header[PCI_HEADER_TYPE] & 0x7f);
	else
		decode_header(header, function);
	decode_legacy(space, header, function);
	decode_extended(space, want, function);
}
