/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space: chains that loop, run backwards or leave the space,
 * space that may not be seen, devices that are gone, and absurd contents.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "../../core/model/pciconf.h"
#include "check.h"

#define ID_REBAR 0x15
#define ID_DVSEC 0x23
#define CXL_VENDOR 0x1e98

/* A function's space, and what it answers behind its end. */
struct space {
	uint8_t bytes[4096];
	unsigned size;
	int end;
	unsigned reads, last; /* counted */
};

static int space_read(void *context, unsigned offset, void *buffer, size_t length)
{
	struct space *space = context;

	space->reads++;
	if (offset + length > space->size)
		return space->end;
	if (offset + length > space->last)
		space->last = (unsigned)(offset + length);
	memcpy(buffer, space->bytes + offset, length);
	return 0;
}

static void put16(struct space *space, unsigned at, unsigned value)
{
	space->bytes[at] = (uint8_t)value;
	space->bytes[at + 1] = (uint8_t)(value >> 8);
}

static void put32(struct space *space, unsigned at, uint32_t value)
{
	put16(space, at, value & 0xffff);
	put16(space, at + 2, value >> 16);
}

/* An endpoint with 4096 bytes and a list of capabilities that starts at `first`. */
static struct space endpoint(unsigned first)
{
	struct space space = { .size = 4096, .end = -ENOENT };

	put16(&space, PCI_VENDOR_ID, 0x144d);
	put16(&space, PCI_DEVICE_ID, 0xa824);
	put32(&space, PCI_CLASS_REVISION, 0x01080203);
	space.bytes[PCI_HEADER_TYPE] = 0x80;
	put16(&space, PCI_SUBSYSTEM_VENDOR_ID, 0x144d);
	put16(&space, PCI_SUBSYSTEM_ID, 0xa801);
	put16(&space, PCI_STATUS, first ? PCI_STATUS_CAP_LIST : 0);
	space.bytes[PCI_CAPABILITY_LIST] = (uint8_t)first;
	return space;
}

static void put_cap(struct space *space, unsigned at, unsigned id, unsigned next)
{
	space->bytes[at] = (uint8_t)id;
	space->bytes[at + 1] = (uint8_t)next;
}

static void put_ext(struct space *space, unsigned at, unsigned id, unsigned next)
{
	put32(space, at, id | 1u << 16 | (uint32_t)next << 20);
}

static void put_acs(struct space *space, unsigned at, unsigned next, unsigned cap, unsigned ctrl)
{
	put_ext(space, at, PCI_EXT_CAP_ID_ACS, next);
	put16(space, at + PCI_ACS_CAP, cap);
	put16(space, at + PCI_ACS_CTRL, ctrl);
}

static struct p2p_function decode_as(struct space *space, unsigned want, bool vf)
{
	struct p2p_pciconf conf = { space_read, space };
	struct p2p_function function = { 0 };

	space->reads = 0;
	p2p_pciconf_decode(&conf, want, vf, &function);
	/* Whatever the bytes: the header, both chains at their longest, each DVSEC, a few words. */
	CHECK(space->reads < 1 + 48 + 2 * 480 + 64);
	return function;
}

static struct p2p_function decode(struct space *space)
{
	return decode_as(space, P2P_PCICONF_DETAIL, false);
}

static bool is(struct p2p_number number, uint64_t value)
{
	return p2p_known(number.fact) && number.fact.origin == P2P_ORIGIN_READ && number.value == value;
}

static bool unknown(struct p2p_fact fact, int error)
{
	return fact.know == P2P_UNKNOWN && fact.error == error;
}

static void test_header(void)
{
	struct space space = endpoint(0);
	struct p2p_function function = decode(&space);

	CHECK(is(function.vendor, 0x144d) && is(function.device, 0xa824) && is(function.class, 0x010802));
	CHECK(is(function.revision, 3) && is(function.subvendor, 0x144d) && is(function.subdevice, 0xa801));
	CHECK(is(function.header, PCI_HEADER_TYPE_NORMAL) && !function.dead);
	CHECK(p2p_absent(function.port_type.fact) && p2p_absent(function.link.fact) && p2p_absent(function.mps.fact));
	CHECK(p2p_absent(function.acs.fact) && p2p_absent(function.ats.fact) && p2p_absent(function.pri.fact));
	CHECK(p2p_absent(function.vfs.fact) && p2p_absent(function.resizable.fact) && p2p_absent(function.cxl.fact));

	/* A bridge has other things where the subsystem of a device is. */
	space.bytes[PCI_HEADER_TYPE] = 0x81;
	function = decode(&space);
	CHECK(is(function.header, PCI_HEADER_TYPE_BRIDGE) && function.subvendor.fact.know == P2P_UNKNOWN);

	/* What the kernel said of the identity stays. */
	struct p2p_pciconf conf = { space_read, &space };
	struct p2p_function told = { .vendor = p2p_number_read(0x8086), .class = p2p_number_read(0x060400) };

	p2p_pciconf_decode(&conf, 0, false, &told);
	CHECK(is(told.vendor, 0x8086) && is(told.class, 0x060400) && is(told.device, 0xa824));
	/* What was not asked for stays unknown. */
	CHECK(unknown(told.pri.fact, 0) && unknown(told.cxl.fact, 0) && p2p_absent(told.acs.fact));
}

static void test_express(void)
{
	struct space space = endpoint(0x40);

	put_cap(&space, 0x40, PCI_CAP_ID_EXP, 0);
	put16(&space, 0x40 + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_DOWNSTREAM << 4);
	put32(&space, 0x40 + PCI_EXP_DEVCAP, 2);
	put16(&space, 0x40 + PCI_EXP_DEVCTL, 1 << 5 | 5 << 12);
	put32(&space, 0x40 + PCI_EXP_LNKCAP, 5 | 16 << 4);
	put16(&space, 0x40 + PCI_EXP_LNKSTA, 4 | 8 << 4);
	struct p2p_function function = decode(&space);

	CHECK(is(function.port_type, PCI_EXP_TYPE_DOWNSTREAM) && is(function.mps_max, 512));
	CHECK(is(function.mps, 256) && is(function.mrrs, 4096) && p2p_known(function.link.fact));
	CHECK(function.link.gen == 4 && function.link.lanes == 8);
	CHECK(function.link.gen_max == 5 && function.link.lanes_max == 16);

	/* Sizes that do not exist are read as the largest that does. */
	put32(&space, 0x40 + PCI_EXP_DEVCAP, 7);
	put16(&space, 0x40 + PCI_EXP_DEVCTL, 7 << 5 | 7 << 12);
	function = decode(&space);
	CHECK(is(function.mps_max, 4096) && is(function.mps, 4096) && is(function.mrrs, 4096));

	/* Inside the root complex there is no link. */
	put16(&space, 0x40 + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_RC_END << 4);
	function = decode(&space);
	CHECK(is(function.port_type, PCI_EXP_TYPE_RC_END) && p2p_absent(function.link.fact));

	/* CardBus keeps the list elsewhere. */
	space.bytes[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_CARDBUS;
	space.bytes[PCI_CB_CAPABILITY_LIST] = 0x40;
	space.bytes[PCI_CAPABILITY_LIST] = 0x80;
	CHECK(p2p_known(decode(&space).port_type.fact));
	/* No list is no list, whatever the pointer says. */
	put16(&space, PCI_STATUS, 0);
	CHECK(p2p_absent(decode(&space).port_type.fact));
}

static void test_legacy_chain(void)
{
	struct space space = endpoint(0xc3);

	/* Forwards and backwards, the two low bits of a pointer do not count. */
	put_cap(&space, 0xc0, PCI_CAP_ID_PM, 0x52);
	put_cap(&space, 0x50, PCI_CAP_ID_MSI, 0xf1);
	put_cap(&space, 0xf0, PCI_CAP_ID_MSIX, 0x60);
	put_cap(&space, 0x60, PCI_CAP_ID_EXP, 0);
	CHECK(p2p_known(decode(&space).port_type.fact));
	/* Back to itself; round and round; into the header; to what reads ff. */
	put_cap(&space, 0xf0, PCI_CAP_ID_MSIX, 0xf0);
	CHECK(p2p_absent(decode(&space).port_type.fact));
	put_cap(&space, 0xf0, PCI_CAP_ID_MSIX, 0xc0);
	CHECK(p2p_absent(decode(&space).port_type.fact));
	put_cap(&space, 0xf0, PCI_CAP_ID_MSIX, 0x3c);
	put_cap(&space, 0x3c, PCI_CAP_ID_EXP, 0);
	CHECK(p2p_absent(decode(&space).port_type.fact));
	put_cap(&space, 0xf0, PCI_CAP_ID_MSIX, 0x80);
	put_cap(&space, 0x80, 0xff, 0x60);
	CHECK(p2p_absent(decode(&space).port_type.fact));
	/* A capability of id 0 is one like any other: the chain goes on, as in the kernel. */
	put_cap(&space, 0x80, 0, 0x60);
	CHECK(p2p_known(decode(&space).port_type.fact));
	/* All 48 places, the last of which is the wanted one. */
	space = endpoint(0x40);
	for (unsigned at = 0x40; at < 0xfc; at += 4)
		put_cap(&space, at, PCI_CAP_ID_VNDR, at + 4);
	put_cap(&space, 0xfc, PCI_CAP_ID_EXP, 0);
	put_ext(&space, 0x100, 0xffff, 0);
	CHECK(p2p_known(decode(&space).port_type.fact));
}

static void test_extended_chain(void)
{
	struct space space = endpoint(0);
	struct p2p_function function;

	/* Backwards; the first of two counts. */
	put_ext(&space, 0x100, PCI_EXT_CAP_ID_ERR, 0x800);
	put_ext(&space, 0x800, PCI_EXT_CAP_ID_DSN, 0x400);
	put_acs(&space, 0x400, 0x200, 0x5f, 0x1d);
	put_acs(&space, 0x200, 0, 0x7f, 0);
	function = decode(&space);
	CHECK(p2p_known(function.acs.fact) && function.acs.offset == 0x400);
	CHECK(function.acs.cap == 0x5f && function.acs.ctrl == 0x1d);
	/* The very first. */
	put_acs(&space, 0x100, 0x800, 0x11, 0x10);
	function = decode(&space);
	CHECK(function.acs.offset == 0x100 && function.acs.ctrl == 0x10);
	/* Back to itself, round, into the first 256 bytes: no ACS behind that. */
	put_ext(&space, 0x100, PCI_EXT_CAP_ID_ERR, 0x100);
	CHECK(p2p_absent(decode(&space).acs.fact));
	put_ext(&space, 0x100, PCI_EXT_CAP_ID_ERR, 0x800);
	put_ext(&space, 0x800, PCI_EXT_CAP_ID_DSN, 0x100);
	CHECK(p2p_absent(decode(&space).acs.fact));
	put_ext(&space, 0x800, PCI_EXT_CAP_ID_DSN, 0xfc);
	put_acs(&space, 0xfc, 0, 0x5f, 0x1d);
	put_ext(&space, 0x100, PCI_EXT_CAP_ID_ERR, 0x800);
	CHECK(p2p_absent(decode(&space).acs.fact));
	/* An empty header ends it, at the start and later; one that reads ff leads nowhere. */
	put32(&space, 0x100, 0);
	CHECK(p2p_absent(decode(&space).acs.fact));
	put32(&space, 0x100, 0xffffffff);
	CHECK(p2p_absent(decode(&space).acs.fact));
	/* The longest chain: every eighth byte, ACS at its end. */
	space = endpoint(0);
	for (unsigned at = 0x100; at < 0xff8; at += 8)
		put_ext(&space, at, PCI_EXT_CAP_ID_VNDR, at + 8);
	put_acs(&space, 0xff8, 0, 0x5f, 0x1d);
	function = decode(&space);
	CHECK(p2p_known(function.acs.fact) && function.acs.offset == 0xff8 && function.acs.ctrl == 0x1d);
}

/* What is found, but lies behind the end, is there: it cannot be read, and is not ABSENT. */
static void test_past_the_end(void)
{
	struct space space = endpoint(0xfc);

	put_cap(&space, 0xfc, PCI_CAP_ID_EXP, 0);
	put_acs(&space, 0xf00, 0xffc, 0x5f, 0x1d);
	put_ext(&space, 0x100, PCI_EXT_CAP_ID_ERR, 0xffc);
	put_ext(&space, 0xffc, PCI_EXT_CAP_ID_ACS, 0);
	struct p2p_function function = decode(&space);

	CHECK(function.acs.fact.know == P2P_UNKNOWN && !function.acs.ctrl);
	put_ext(&space, 0xffc, PCI_EXT_CAP_ID_ATS, 0);
	CHECK(decode(&space).ats.fact.know == P2P_UNKNOWN);
	put_ext(&space, 0xffc, PCI_EXT_CAP_ID_SRIOV, 0);
	CHECK(decode(&space).vfs.fact.know == P2P_UNKNOWN);
	put_ext(&space, 0xffc, ID_DVSEC, 0);
	CHECK(decode(&space).cxl.fact.know == P2P_UNKNOWN);
	space.size = 256;
	function = decode(&space);
	CHECK(function.port_type.fact.know == P2P_UNKNOWN && function.link.fact.know == P2P_UNKNOWN);
	CHECK(p2p_absent(function.acs.fact));
}

/* As the kernel shows it to those without privilege: 64 bytes, then no. */
static void test_no_privilege(void)
{
	struct space space = endpoint(0x40);

	put_cap(&space, 0x40, PCI_CAP_ID_EXP, 0);
	put_acs(&space, 0x100, 0, 0x5f, 0x1d);
	space.size = 64;
	space.end = -EACCES;
	struct p2p_function function = decode(&space);

	CHECK(is(function.vendor, 0x144d) && is(function.header, 0));
	CHECK(unknown(function.acs.fact, -EACCES) && unknown(function.ats.fact, -EACCES));
	CHECK(unknown(function.port_type.fact, -EACCES) && unknown(function.link.fact, -EACCES));
	CHECK(unknown(function.mps.fact, -EACCES) && unknown(function.mrrs.fact, -EACCES));
	CHECK(unknown(function.pri.fact, -EACCES) && unknown(function.pasid.fact, -EACCES));
	CHECK(unknown(function.vfs.fact, -EACCES) && unknown(function.vfs_max.fact, -EACCES));
	CHECK(unknown(function.resizable.fact, -EACCES) && unknown(function.cxl.fact, -EACCES));
	/* The first 64 bytes do say that there is no list, and so no PCI Express. */
	put16(&space, PCI_STATUS, 0);
	CHECK(p2p_absent(decode(&space).port_type.fact));
}

/* Conventional space: no extended capabilities is an answer.  What was not recorded is none. */
static void test_256(void)
{
	struct space space = endpoint(0x40);

	put_cap(&space, 0x40, PCI_CAP_ID_EXP, 0);
	put_acs(&space, 0x100, 0, 0x5f, 0x1d);
	space.size = 256;
	struct p2p_function function = decode(&space);

	CHECK(p2p_known(function.port_type.fact));
	CHECK(p2p_absent(function.acs.fact) && p2p_absent(function.ats.fact) && p2p_absent(function.vfs.fact));
	CHECK(p2p_absent(function.pri.fact) && p2p_absent(function.resizable.fact) && p2p_absent(function.cxl.fact));
	for (int i = 0; i < 3; i++) {
		space.end = (int[]){ -EACCES, -ENODATA, -EIO }[i];
		function = decode(&space);
		CHECK(p2p_known(function.port_type.fact) && unknown(function.acs.fact, space.end));
		CHECK(unknown(function.ats.fact, space.end) && unknown(function.cxl.fact, space.end));
	}
	/* A chain that can be followed half: what was seen is known, the rest is not. */
	space = endpoint(0);
	put_acs(&space, 0x100, 0x400, 0x5f, 0x1d);
	space.size = 0x200;
	space.end = -ENODATA;
	function = decode(&space);
	CHECK(p2p_known(function.acs.fact) && unknown(function.ats.fact, -ENODATA));
	CHECK(unknown(function.cxl.fact, -ENODATA));
}

static void test_gone(void)
{
	struct space space = { .size = 4096, .end = -ENOENT };

	memset(space.bytes, 0xff, sizeof(space.bytes));
	struct p2p_function function = decode(&space);

	CHECK(function.dead && unknown(function.header.fact, -EIO) && unknown(function.acs.fact, -EIO));
	CHECK(unknown(function.port_type.fact, -EIO) && function.vendor.fact.know == P2P_UNKNOWN);
	CHECK(space.reads == 1);
	CHECK(decode_as(&space, 0, true).dead);
	/* Nothing to read at all: never recorded, or no file. */
	for (int i = 0; i < 3; i++) {
		static const int ends[] = { -ENODATA, -EACCES, -ENOENT };

		space = (struct space){ .end = ends[i] };
		function = decode(&space);
		CHECK(!function.dead && function.header.fact.know == P2P_UNKNOWN);
		CHECK(function.acs.fact.know == P2P_UNKNOWN && function.port_type.fact.know == P2P_UNKNOWN);
		CHECK(function.vendor.fact.know == P2P_UNKNOWN && function.cxl.fact.know == P2P_UNKNOWN);
	}
}

/* A VF reads ffff as vendor and device, and has real capabilities. */
static void test_vf(void)
{
	struct space space = endpoint(0x40);

	put32(&space, PCI_VENDOR_ID, 0xffffffff);
	put_cap(&space, 0x40, PCI_CAP_ID_EXP, 0);
	put_ext(&space, 0x100, PCI_EXT_CAP_ID_ATS, 0);
	put16(&space, 0x100 + PCI_ATS_CTRL, 0x8000);
	struct p2p_function function = decode_as(&space, P2P_PCICONF_DETAIL, true);

	CHECK(!function.dead && function.vendor.fact.know == P2P_UNKNOWN && function.device.fact.know == P2P_UNKNOWN);
	CHECK(is(function.header, 0) && p2p_known(function.port_type.fact) && is(function.ats, 0x8000));
	CHECK(p2p_absent(function.acs.fact));
	/* The same of what is no VF: it is gone. */
	CHECK(decode(&space).dead);
}

static void test_details(void)
{
	struct space space = endpoint(0);
	struct p2p_function function;

	put_ext(&space, 0x100, PCI_EXT_CAP_ID_SRIOV, 0x200);
	put16(&space, 0x100 + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE);
	put16(&space, 0x100 + PCI_SRIOV_TOTAL_VF, 0xffff);
	put16(&space, 0x100 + PCI_SRIOV_NUM_VF, 4);
	put_ext(&space, 0x200, PCI_EXT_CAP_ID_PRI, 0x240);
	put16(&space, 0x200 + PCI_PRI_CTRL, 1);
	put_ext(&space, 0x240, PCI_EXT_CAP_ID_PASID, 0x280);
	put_ext(&space, 0x280, ID_REBAR, 0);
	function = decode(&space);
	CHECK(is(function.vfs, 4) && is(function.vfs_max, 0xffff));
	CHECK(is(function.pri, 1) && is(function.pasid, 0) && is(function.resizable, 1));
	/* Off: the number left in the register counts nobody. */
	put16(&space, 0x100 + PCI_SRIOV_CTRL, 0);
	CHECK(is(decode(&space).vfs, 0));
}

/* A DVSEC of `vendor` and `id`. */
static void put_dvsec(struct space *space, unsigned at, unsigned next, unsigned vendor, unsigned id)
{
	put_ext(space, at, ID_DVSEC, next);
	put16(space, at + 4, vendor);
	put16(space, at + 8, id);
}

static void test_dvsec(void)
{
	struct space space = endpoint(0);

	put_dvsec(&space, 0x100, 0x200, CXL_VENDOR, 0);
	put_dvsec(&space, 0x200, 0x300, 0x8086, 5);
	put_dvsec(&space, 0x300, 0x310, CXL_VENDOR, 8);
	put_dvsec(&space, 0x310, 0x300, CXL_VENDOR, 8);
	CHECK(is(decode(&space).cxl, 1 << 0 | 1 << 8));
	/* Only others: there is no CXL. */
	put_dvsec(&space, 0x100, 0, 0x8086, 0);
	CHECK(p2p_absent(decode(&space).cxl.fact));
	put_dvsec(&space, 0x100, 0, 0xffff, 0xffff);
	CHECK(p2p_absent(decode(&space).cxl.fact));
	/* An id that does not exist is not one that does. */
	put_dvsec(&space, 0x100, 0, CXL_VENDOR, 64);
	CHECK(!(decode(&space).cxl.value & 1));
	/* One behind what can be seen may be CXL, whatever came before it. */
	put_dvsec(&space, 0x100, 0x200, 0x8086, 0);
	space.size = 0x180;
	space.end = -EACCES;
	CHECK(unknown(decode(&space).cxl.fact, -EACCES));
	/* Any number of them: none is lost in silence. */
	space = endpoint(0);
	for (unsigned at = 0x100; at < 0xf00; at += 0x20)
		put_dvsec(&space, at, at + 0x20, 0x8086, 1);
	put_dvsec(&space, 0xf00, 0, CXL_VENDOR, 3);
	CHECK(!p2p_absent(decode(&space).cxl.fact));
}

/* Space without meaning: every answer is one, and less privilege never says something else. */
static void test_noise(void)
{
	uint32_t state = 1;

	for (int round = 0; round < 2000; round++) {
		struct space space = endpoint(0x40 + round % 192);

		for (unsigned at = 0x40; at < sizeof(space.bytes); at++) {
			state = state * 1664525 + 1013904223;
			/* Mostly small ids, and pointers that lead somewhere. */
			space.bytes[at] = (uint8_t)(state >> 24 & (at % 4 ? 0xff : 0x1f));
		}
		struct p2p_function all = decode(&space);

		space.size = 64;
		space.end = -EACCES;
		struct p2p_function few = decode(&space);

		CHECK(few.acs.fact.know == P2P_UNKNOWN && few.port_type.fact.know == P2P_UNKNOWN);
		CHECK(all.port_type.fact.know != P2P_KNOWN || all.port_type.value < 16);
		CHECK(all.mps.fact.know != P2P_KNOWN || (all.mps.value >= 128 && all.mps.value <= 4096));
	}
}

int main(void)
{
	test_header();
	test_express();
	test_legacy_chain();
	test_extended_chain();
	test_past_the_end();
	test_no_privilege();
	test_256();
	test_gone();
	test_vf();
	test_details();
	test_dvsec();
	test_noise();
	return check_done();
}
