// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * make-tree - write a synthetic machine of N PCI functions as a directory of sysfs and procfs files.
 *
 * The machine is the same for the same N, and a bigger one is only more of it: every host bridge carries the same 64
 * functions (SHAPE below), a PCI domain holds eight host bridges, so run time over N shows growth and nothing else.
 * Everything is built in memory first (bridge windows and bus ranges need their children), then written in the order in
 * which a kernel would have found the functions.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL "7.2.12-amd64"

/*
 * What hangs below one host bridge, one letter a link: g GPU, x accelerator, m NVMe, e two-port NIC, n the same with
 * four VFs on its first port, S(...) a switch, s(...) one of an older make.  Items at the top level sit under a root
 * port each.
 */
#define SHAPE "S(ggnmmxem)S(mmmmmegs(mmmx))nm"
#define STACKS 8       /* host bridges in a domain */
#define STACK_BUSES 32 /* bus numbers for each; SHAPE uses 28 */

/* Newer than the pci_regs.h of the oldest supported distribution, or missing there. */
#define EXT_DLF 0x25
#define EXT_PL16 0x26
#define EXT_LANE_MARGIN 0x27

enum { RC_MEMBER = 4 }; /* functions on a root bus before the root ports */

struct cap {
	uint16_t id, at;
};

struct model {
	const char *driver;
	uint16_t vendor, device, sub_vendor, sub_device;
	uint32_t class;
	uint8_t revision, type; /* type: PCI_EXP_TYPE_... */
	uint8_t speed, width;	/* of the link, speed as in Link Capabilities */
	uint8_t bar[3];		/* log2 of the sizes of BAR 0, 2, 4 (all 64 bit); 0 none */
	uint8_t multi;		/* header says multi-function */
	const struct cap *caps, *ext;
};

/* Offsets as on real devices where known: chains that jump forth and back cost a reader more than a packed one. */
#define LIST(...) ((const struct cap[]){__VA_ARGS__, {0, 0}})
#define RC_CAPS LIST({PCI_CAP_ID_EXP, 0x40}, {PCI_CAP_ID_PM, 0xe0})
#define RC_EXT LIST({PCI_EXT_CAP_ID_VNDR, 0x100}, {PCI_EXT_CAP_ID_ERR, 0x148})
#define RP_CAPS LIST({PCI_CAP_ID_EXP, 0x40}, {PCI_CAP_ID_MSI, 0x80}, {PCI_CAP_ID_SSVID, 0x90}, {PCI_CAP_ID_PM, 0xe0})
#define RP_EXT                                                                                                         \
	LIST({PCI_EXT_CAP_ID_VNDR, 0x100}, {PCI_EXT_CAP_ID_ACS, 0x110}, {PCI_EXT_CAP_ID_ERR, 0x148},                   \
	     {PCI_EXT_CAP_ID_DPC, 0x1d0}, {PCI_EXT_CAP_ID_SECPCI, 0x250}, {EXT_DLF, 0x280}, {EXT_PL16, 0x2a0},         \
	     {EXT_LANE_MARGIN, 0x2d0})
#define SW_CAPS LIST({PCI_CAP_ID_PM, 0x40}, {PCI_CAP_ID_MSI, 0x48}, {PCI_CAP_ID_EXP, 0x68}, {PCI_CAP_ID_SSVID, 0xa4})
#define USP_EXT                                                                                                        \
	LIST({PCI_EXT_CAP_ID_DSN, 0x100}, {PCI_EXT_CAP_ID_PWR, 0x138}, {PCI_EXT_CAP_ID_VC, 0x148},                     \
	     {PCI_EXT_CAP_ID_SECPCI, 0x10c}, {EXT_DLF, 0x340}, {EXT_PL16, 0x350}, {EXT_LANE_MARGIN, 0x390},            \
	     {PCI_EXT_CAP_ID_ERR, 0xfb4})
#define DSP_EXT                                                                                                        \
	LIST({PCI_EXT_CAP_ID_DSN, 0x100}, {PCI_EXT_CAP_ID_PWR, 0x138}, {PCI_EXT_CAP_ID_VC, 0x148},                     \
	     {PCI_EXT_CAP_ID_SECPCI, 0x10c}, {PCI_EXT_CAP_ID_DPC, 0x200}, {EXT_DLF, 0x340}, {EXT_PL16, 0x350},         \
	     {EXT_LANE_MARGIN, 0x390}, {PCI_EXT_CAP_ID_ACS, 0xf24}, {PCI_EXT_CAP_ID_ERR, 0xfb4})
#define OLD_USP_EXT                                                                                                    \
	LIST({PCI_EXT_CAP_ID_DSN, 0x100}, {PCI_EXT_CAP_ID_ERR, 0xfb4}, {PCI_EXT_CAP_ID_PWR, 0x138},                    \
	     {PCI_EXT_CAP_ID_SECPCI, 0x10c}, {PCI_EXT_CAP_ID_VC, 0x148}, {PCI_EXT_CAP_ID_VNDR, 0x950})
#define OLD_DSP_EXT                                                                                                    \
	LIST({PCI_EXT_CAP_ID_DSN, 0x100}, {PCI_EXT_CAP_ID_ERR, 0xfb4}, {PCI_EXT_CAP_ID_PWR, 0x138},                    \
	     {PCI_EXT_CAP_ID_SECPCI, 0x10c}, {PCI_EXT_CAP_ID_VC, 0x148}, {PCI_EXT_CAP_ID_MCAST, 0xe00},                \
	     {PCI_EXT_CAP_ID_ACS, 0xf24}, {PCI_EXT_CAP_ID_VNDR, 0x950})
#define GPU_CAPS LIST({PCI_CAP_ID_PM, 0x60}, {PCI_CAP_ID_EXP, 0x78}, {PCI_CAP_ID_MSIX, 0xc8})
#define GPU_EXT                                                                                                        \
	LIST({PCI_EXT_CAP_ID_VC, 0x100}, {PCI_EXT_CAP_ID_PWR, 0x128}, {PCI_EXT_CAP_ID_ERR, 0x420},                     \
	     {PCI_EXT_CAP_ID_VNDR, 0x600}, {PCI_EXT_CAP_ID_SECPCI, 0x900}, {PCI_EXT_CAP_ID_ATS, 0xb00},                \
	     {PCI_EXT_CAP_ID_PASID, 0xb10}, {PCI_EXT_CAP_ID_REBAR, 0xbb0}, {EXT_PL16, 0xc1c},                          \
	     {EXT_LANE_MARGIN, 0xd00}, {EXT_DLF, 0xe00})
#define ACCEL_EXT                                                                                                      \
	LIST({PCI_EXT_CAP_ID_ERR, 0x100}, {PCI_EXT_CAP_ID_PWR, 0x148}, {PCI_EXT_CAP_ID_ARI, 0x158},                    \
	     {PCI_EXT_CAP_ID_SECPCI, 0x168}, {EXT_PL16, 0x198}, {EXT_LANE_MARGIN, 0x1c0},                              \
	     {PCI_EXT_CAP_ID_VNDR, 0x220}, {EXT_DLF, 0x2f0})
#define NVME_CAPS LIST({PCI_CAP_ID_PM, 0x40}, {PCI_CAP_ID_EXP, 0x70}, {PCI_CAP_ID_MSIX, 0xb0})
#define NVME_EXT                                                                                                       \
	LIST({PCI_EXT_CAP_ID_ERR, 0x100}, {PCI_EXT_CAP_ID_DSN, 0x148}, {PCI_EXT_CAP_ID_PWR, 0x158},                    \
	     {PCI_EXT_CAP_ID_ARI, 0x168}, {PCI_EXT_CAP_ID_SECPCI, 0x178}, {EXT_PL16, 0x198}, {EXT_LANE_MARGIN, 0x1c0}, \
	     {EXT_DLF, 0x3a4})
#define NIC_CAPS LIST({PCI_CAP_ID_EXP, 0x60}, {PCI_CAP_ID_MSIX, 0x9c}, {PCI_CAP_ID_VNDR, 0xc0}, {PCI_CAP_ID_PM, 0x40})
#define NIC_EXT                                                                                                        \
	LIST({PCI_EXT_CAP_ID_ERR, 0x100}, {PCI_EXT_CAP_ID_ARI, 0x150}, {PCI_EXT_CAP_ID_SRIOV, 0x180},                  \
	     {PCI_EXT_CAP_ID_SECPCI, 0x1c0}, {PCI_EXT_CAP_ID_ATS, 0x230}, {EXT_DLF, 0x320}, {EXT_PL16, 0x370},         \
	     {EXT_LANE_MARGIN, 0x420})
#define VF_CAPS LIST({PCI_CAP_ID_EXP, 0x60}, {PCI_CAP_ID_MSIX, 0x9c})
#define VF_EXT LIST({PCI_EXT_CAP_ID_VNDR, 0x100}, {PCI_EXT_CAP_ID_ARI, 0x150})

/* clang-format off */
static const struct model
    rc_member[RC_MEMBER] = {
        { NULL, 0x8086, 0x09a2, 0x8086, 0x0000, 0x088000, 4, PCI_EXP_TYPE_RC_END, 0, 0, {0}, 1, RC_CAPS, RC_EXT },
        { NULL, 0x8086, 0x09a4, 0x8086, 0x0000, 0x088000, 4, PCI_EXP_TYPE_RC_END, 0, 0, {0}, 1, RC_CAPS, RC_EXT },
        { NULL, 0x8086, 0x09a3, 0x8086, 0x0000, 0x088000, 4, PCI_EXP_TYPE_RC_END, 0, 0, {0}, 1, RC_CAPS, RC_EXT },
        { NULL, 0x8086, 0x0998, 0x8086, 0x0000, 0x088000, 4, PCI_EXP_TYPE_RC_EC, 0, 0, {0}, 1, RC_CAPS, RC_EXT } },
    root_port = { "pcieport", 0x8086, 0x347a, 0x8086, 0, 0x060400, 6,
        PCI_EXP_TYPE_ROOT_PORT, 4, 16, {0}, 0, RP_CAPS, RP_EXT },
    upstream[2] = {
        { "pcieport", 0x1000, 0xc030, 0x1000, 0x100b, 0x060400, 0xb0,
            PCI_EXP_TYPE_UPSTREAM, 5, 16, {0}, 0, SW_CAPS, USP_EXT },
        { "pcieport", 0x10b5, 0x8796, 0x10b5, 0x8796, 0x060400, 0xab,
            PCI_EXP_TYPE_UPSTREAM, 3, 16, {0}, 0, SW_CAPS, OLD_USP_EXT } },
    downstream[2] = {
        { "pcieport", 0x1000, 0xc030, 0x1000, 0x100b, 0x060400, 0xb0,
            PCI_EXP_TYPE_DOWNSTREAM, 5, 16, {0}, 0, SW_CAPS, DSP_EXT },
        { "pcieport", 0x10b5, 0x8796, 0x10b5, 0x8796, 0x060400, 0xab,
            PCI_EXP_TYPE_DOWNSTREAM, 3, 8, {0}, 0, SW_CAPS, OLD_DSP_EXT } },
    gpu = { "nvidia", 0x10de, 0x20b0, 0x10de, 0x134f, 0x030200, 0xa1,
        PCI_EXP_TYPE_ENDPOINT, 4, 16, {24, 36, 25}, 0, GPU_CAPS, GPU_EXT },
    accel = { "habanalabs", 0x1da3, 0x1020, 0x1da3, 0x1020, 0x120000, 1,
        PCI_EXP_TYPE_ENDPOINT, 4, 16, {26, 19, 37}, 0, NVME_CAPS, ACCEL_EXT },
    nvme = { "nvme", 0x144d, 0xa824, 0x144d, 0xa801, 0x010802, 0,
        PCI_EXP_TYPE_ENDPOINT, 4, 4, {15}, 0, NVME_CAPS, NVME_EXT },
    nvme_cmb = { "nvme", 0x11f8, 0xf117, 0x11f8, 0xf117, 0x010802, 6,
        PCI_EXP_TYPE_ENDPOINT, 4, 4, {14, 0, 26}, 0, NVME_CAPS, NVME_EXT },
    nic = { "mlx5_core", 0x15b3, 0x101b, 0x15b3, 0x0007, 0x020000, 0,
        PCI_EXP_TYPE_ENDPOINT, 4, 16, {25}, 1, NIC_CAPS, NIC_EXT },
    nic_vf = { "mlx5_core", 0x15b3, 0x101c, 0x15b3, 0x0007, 0x020000, 0,
        PCI_EXP_TYPE_ENDPOINT, 0, 0, {20}, 0, VF_CAPS, VF_EXT };
/* clang-format on */

struct fn {
	const struct model *m;
	char *path;	 /* below the machine's root: sys/devices/pci0000:00/0000:00:01.0 */
	long parent, pf; /* indices; -1: on a root bus / not a VF */
	unsigned domain, bus, dev, func;
	unsigned secondary, subordinate;
	unsigned speed, width; /* of the link as it runs */
	unsigned number;       /* how many of this kind came before */
	unsigned vfs;
	uint16_t acs;		 /* control word */
	uint64_t bar[3], lo, hi; /* lo..hi: addresses at and below this function */
};

static struct fn *fns;
static long n_fns, wanted;
static unsigned domain, next_bus, n_switch, n_nvme, n_net, n_gpu, n_accel;
static uint64_t next_addr;

/* ------------------------------------------------------------------------------------------------ the machine --- */

static int is_bridge(const struct fn *f)
{
	return f->m->class == 0x060400;
}

/* The next function, or -1 when the machine is full: a switch may end without devices, the rest stays as it would be.
 */
static long add(long parent, const char *dir, unsigned bus, unsigned dev, unsigned func, const struct model *m)
{
	struct fn *f = &fns[n_fns];

	if (n_fns == wanted)
		return -1;
	*f = (struct fn){.m = m,
			 .parent = parent,
			 .pf = -1,
			 .domain = domain,
			 .bus = bus,
			 .dev = dev,
			 .func = func,
			 .speed = m->speed,
			 .width = m->width,
			 .lo = UINT64_MAX};
	if (asprintf(&f->path, "%s/%04x:%02x:%02x.%x", dir, domain, bus, dev, func) < 0)
		err(1, "memory");
	next_addr = (next_addr + 0xfffff) & ~0xfffffull; /* a bridge window is a multiple of 1 MiB */
	for (int i = 0; i < 3; i++) {
		if (!m->bar[i])
			continue;
		uint64_t size = 1ull << m->bar[i];
		next_addr = (next_addr + size - 1) & -size;
		f->bar[i] = next_addr;
		next_addr += size;
		f->lo = f->bar[i] < f->lo ? f->bar[i] : f->lo;
		f->hi = next_addr;
	}
	if (m == &nvme || m == &nvme_cmb)
		f->number = n_nvme++;
	else if (m == &nic || m == &nic_vf)
		f->number = n_net++;
	else if (m == &gpu)
		f->number = n_gpu++;
	else if (m == &accel)
		f->number = n_accel++;
	return n_fns++;
}

/* Both ends of a link run at the same speed and width. */
static void train(long port, long below)
{
	struct fn *a = &fns[port], *b = &fns[below];

	a->speed = b->speed = a->m->speed < b->m->speed ? a->m->speed : b->m->speed;
	a->width = b->width = a->m->width < b->m->width ? a->m->width : b->m->width;
	if (b->m == &nvme && b->number % 19 == 7) /* some links came up slower or narrower than they could */
		a->speed = b->speed = 3;
	if (b->m == &nvme && b->number % 23 == 5)
		a->width = b->width = 2;
}

/* One item of a shape; its length. */
static size_t item(const char *s)
{
	size_t n = 1;

	if (s[1] == '(')
		for (int depth = 0; n == 1 || depth; n++)
			depth += (s[n] == '(') - (s[n] == ')');
	return n;
}

/* What `shape` says below the bridge `port`; a kernel numbers buses depth first and lists a whole bus before it
 * descends. */
static void fill(long port, const char *shape)
{
	const struct model *m;
	unsigned bus = ++next_bus;
	const char *dir = fns[port].path;
	long f = -1;

	fns[port].secondary = bus;
	switch (*shape) {
	case 'S':
	case 's': {
		int older = *shape == 's';
		unsigned inner, redirect = n_switch++ % 2;
		long up = add(port, dir, bus, 0, 0, &upstream[older]), down[32], n = 0;
		if (up < 0)
			break;
		train(port, up);
		fns[up].secondary = inner = ++next_bus;
		for (const char *s = shape + 2; *s != ')'; s += item(s)) {
			if ((down[n] = add(up, fns[up].path, inner, (unsigned)n, 0, &downstream[older])) < 0)
				break;
			/* every second switch as the kernel leaves it with an IOMMU, the others with the redirect bits
			 * taken away */
			fns[down[n++]].acs =
				redirect ? PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF : PCI_ACS_SV | PCI_ACS_UF;
		}
		const char *s = shape + 2;
		for (long i = 0; i < n; i++, s += item(s))
			fill(down[i], s);
		fns[up].subordinate = next_bus;
		break;
	}
	case 'e':
	case 'n':
		if ((f = add(port, dir, bus, 0, 0, &nic)) < 0)
			break;
		train(port, f);
		long second = add(port, dir, bus, 0, 1, &nic);
		if (second >= 0)
			fns[second].speed = fns[f].speed, fns[second].width = fns[f].width;
		for (unsigned i = 0; *shape == 'n' && i < 4; i++) {
			long vf = add(port, dir, bus, 0, 2 + i, &nic_vf);
			if (vf < 0)
				break;
			fns[vf].pf = f;
			fns[f].vfs++;
		}
		break;
	default:
		m = *shape == 'g' ? &gpu : *shape == 'x' ? &accel : n_nvme % 4 == 3 ? &nvme_cmb : &nvme;
		if ((f = add(port, dir, bus, 0, 0, m)) >= 0)
			train(port, f);
	}
	fns[port].subordinate = next_bus;
}

static void build(void)
{
	for (long stack = 0; n_fns < wanted; stack++) {
		char dir[64];
		unsigned root = (unsigned)(stack % STACKS) * STACK_BUSES, dev = 2;
		long port[16], n = 0;

		domain = (unsigned)(stack / STACKS);
		next_bus = root;
		next_addr = (uint64_t)(stack + 1) << 40;
		snprintf(dir, sizeof dir, "sys/devices/pci%04x:%02x", domain, root);
		for (unsigned i = 0; i < RC_MEMBER; i++)
			add(-1, dir, root, 0, i == 3 ? 4 : i, &rc_member[i]);
		for (const char *s = SHAPE; *s; s += item(s)) {
			if ((port[n] = add(-1, dir, root, dev++, 0, &root_port)) < 0)
				break;
			fns[port[n++]].acs = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;
		}
		const char *s = SHAPE;
		for (long i = 0; i < n; i++, s += item(s))
			fill(port[i], s);
	}
	for (long i = n_fns - 1; i >= 0; i--) { /* children come after their parent, so backwards sums up */
		struct fn *f = &fns[i], *p = f->parent < 0 ? NULL : &fns[f->parent];
		if (is_bridge(f) && f->hi) {
			f->lo &= ~0xfffffull;
			f->hi = (f->hi + 0xfffff) & ~0xfffffull;
		}
		if (p && f->hi) {
			p->lo = f->lo < p->lo ? f->lo : p->lo;
			p->hi = f->hi > p->hi ? f->hi : p->hi;
		}
	}
}

/* ------------------------------------------------------------------------------------------------ config space --- */

static uint8_t cfg[4096];

static void put16(unsigned at, unsigned v)
{
	cfg[at] = (uint8_t)v;
	cfg[at + 1] = (uint8_t)(v >> 8);
}

static void put32(unsigned at, uint64_t v)
{
	put16(at, (unsigned)v & 0xffff);
	put16(at + 2, (unsigned)(v >> 16) & 0xffff);
}

static void header(const struct fn *f)
{
	const struct model *m = f->m;

	/* a VF answers all ones here on real hardware; sysfs has the ids in files of their own */
	put16(PCI_VENDOR_ID, f->pf < 0 ? m->vendor : 0xffff);
	put16(PCI_DEVICE_ID, f->pf < 0 ? m->device : 0xffff);
	put16(PCI_COMMAND, f->pf < 0 ? PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE : 0);
	put16(PCI_STATUS, PCI_STATUS_CAP_LIST);
	put32(PCI_CLASS_REVISION, (uint64_t)m->class << 8 | m->revision);
	cfg[PCI_CACHE_LINE_SIZE] = 16;
	cfg[PCI_HEADER_TYPE] = (uint8_t)(is_bridge(f) | m->multi << 7);
	cfg[PCI_CAPABILITY_LIST] = (uint8_t)m->caps[0].at;
	cfg[PCI_INTERRUPT_PIN] = m->driver && f->pf < 0 ? 1 : 0;
	if (!is_bridge(f)) {
		for (unsigned i = 0; i < 3 && f->pf < 0; i++) {
			if (!f->bar[i])
				continue;
			put32(PCI_BASE_ADDRESS_0 + 8 * i,
			      f->bar[i] | PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
			put32(PCI_BASE_ADDRESS_1 + 8 * i, f->bar[i] >> 32);
		}
		put16(PCI_SUBSYSTEM_VENDOR_ID, m->sub_vendor);
		put16(PCI_SUBSYSTEM_ID, m->sub_device);
		return;
	}
	cfg[PCI_PRIMARY_BUS] = (uint8_t)f->bus;
	cfg[PCI_SECONDARY_BUS] = (uint8_t)f->secondary;
	cfg[PCI_SUBORDINATE_BUS] = (uint8_t)f->subordinate;
	cfg[PCI_IO_BASE] = 0xf0; /* base above limit: window closed */
	put16(PCI_MEMORY_BASE, 0xfff0);
	uint64_t lo = f->hi ? f->lo : 0xfff00000, hi = f->hi ? f->hi - 1 : 0;
	put16(PCI_PREF_MEMORY_BASE, ((unsigned)(lo >> 16) & 0xfff0) | PCI_PREF_RANGE_TYPE_64);
	put16(PCI_PREF_MEMORY_LIMIT, ((unsigned)(hi >> 16) & 0xfff0) | PCI_PREF_RANGE_TYPE_64);
	put32(PCI_PREF_BASE_UPPER32, lo >> 32);
	put32(PCI_PREF_LIMIT_UPPER32, hi >> 32);
	put16(PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR);
}

static void express(const struct fn *f, unsigned at)
{
	const struct model *m = f->m;
	int port = m->type == PCI_EXP_TYPE_ROOT_PORT || m->type == PCI_EXP_TYPE_DOWNSTREAM;

	put16(at + PCI_EXP_FLAGS, 2u | (unsigned)m->type << 4 | (port ? PCI_EXP_FLAGS_SLOT : 0));
	put32(at + PCI_EXP_DEVCAP,
	      0x2 | PCI_EXP_DEVCAP_EXT_TAG | PCI_EXP_DEVCAP_RBER | (is_bridge(f) ? 0 : PCI_EXP_DEVCAP_FLR));
	put16(at + PCI_EXP_DEVCTL, f->pf >= 0 ? 0
					      : 0x0f | PCI_EXP_DEVCTL_PAYLOAD_256B | PCI_EXP_DEVCTL_READRQ_512B |
							PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_RELAX_EN);
	put32(at + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_COMP_TMOUT_DIS | (port ? PCI_EXP_DEVCAP2_ARI : 0));
	put16(at + PCI_EXP_DEVCTL2, port ? PCI_EXP_DEVCTL2_ARI : 0);
	if (!m->speed)
		return;
	put32(at + PCI_EXP_LNKCAP,
	      m->speed | (unsigned)m->width << 4 | (port ? PCI_EXP_LNKCAP_DLLLARC : 0) | (uint64_t)f->dev << 24);
	put16(at + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_CCC);
	put16(at + PCI_EXP_LNKSTA, f->speed | f->width << 4 | PCI_EXP_LNKSTA_SLC | (port ? PCI_EXP_LNKSTA_DLLLA : 0));
	if (port) {
		put32(at + PCI_EXP_SLTCAP, (uint64_t)(f->bus * 8 + f->dev) << 19);
		put16(at + PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDS);
	}
	put32(at + PCI_EXP_LNKCAP2, ((1u << m->speed) - 1) << 1);
	put16(at + PCI_EXP_LNKCTL2, m->speed);
	put16(at + PCI_EXP_LNKSTA2, f->speed > 2 ? 0x1e : 0); /* equalization complete */
}

static void capability(const struct fn *f, struct cap c)
{
	switch (c.id) {
	case PCI_CAP_ID_PM:
		put16(c.at + PCI_PM_PMC, 3);
		put16(c.at + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
		break;
	case PCI_CAP_ID_MSI:
		put16(c.at + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_ENABLE);
		put32(c.at + PCI_MSI_ADDRESS_LO, 0xfee00018);
		break;
	case PCI_CAP_ID_MSIX:
		put16(c.at + PCI_MSIX_FLAGS, 31 | PCI_MSIX_FLAGS_ENABLE);
		put32(c.at + PCI_MSIX_TABLE, 0x2000);
		put32(c.at + PCI_MSIX_PBA, 0x3000);
		break;
	case PCI_CAP_ID_SSVID:
		put16(c.at + PCI_SSVID_VENDOR_ID, f->m->sub_vendor);
		put16(c.at + PCI_SSVID_DEVICE_ID, f->m->sub_device);
		break;
	case PCI_CAP_ID_VNDR:
		cfg[c.at + 2] = 0x18; /* length */
		break;
	case PCI_CAP_ID_EXP:
		express(f, c.at);
	}
}

static void extended(const struct fn *f, struct cap c)
{
	switch (c.id) {
	case PCI_EXT_CAP_ID_ERR:
		put32(c.at + PCI_ERR_UNCOR_SEVER, 0x62030);
		put32(c.at + PCI_ERR_COR_MASK, 0x6000);
		break;
	case PCI_EXT_CAP_ID_VC:
		put32(c.at + PCI_VC_RES_CTRL, 0x800000ffu); /* VC0 on, all traffic classes */
		break;
	case PCI_EXT_CAP_ID_DSN:
		put32(c.at + 4, (uint64_t)f->domain << 16 | f->bus << 8 | f->dev << 3 | f->func);
		put32(c.at + 8, f->m->vendor);
		break;
	case PCI_EXT_CAP_ID_ACS:
		put16(c.at + PCI_ACS_CAP, PCI_ACS_SV | PCI_ACS_TB | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF | PCI_ACS_DT);
		put16(c.at + PCI_ACS_CTRL, f->acs);
		break;
	case PCI_EXT_CAP_ID_ATS:
		put16(c.at + PCI_ATS_CAP, PCI_ATS_CAP_PAGE_ALIGNED);
		put16(c.at + PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE);
		break;
	case PCI_EXT_CAP_ID_PASID:
		put16(c.at + PCI_PASID_CAP, 20 << 8);
		break;
	case PCI_EXT_CAP_ID_SRIOV:
		put16(c.at + PCI_SRIOV_CTRL, f->vfs ? PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE : 0);
		put16(c.at + PCI_SRIOV_INITIAL_VF, 4);
		put16(c.at + PCI_SRIOV_TOTAL_VF, 4);
		put16(c.at + PCI_SRIOV_NUM_VF, f->vfs);
		put16(c.at + PCI_SRIOV_VF_OFFSET, 2 - f->func);
		put16(c.at + PCI_SRIOV_VF_STRIDE, 1);
		put16(c.at + PCI_SRIOV_VF_DID, nic_vf.device);
		put32(c.at + PCI_SRIOV_SUP_PGSIZE, 0x553);
		put32(c.at + PCI_SRIOV_SYS_PGSIZE, 1);
		break;
	case PCI_EXT_CAP_ID_REBAR:
		put32(c.at + PCI_REBAR_CAP, 0x7fffull << 6);
		put32(c.at + PCI_REBAR_CTRL, 1 << 5 | 2 | (uint64_t)(f->m->bar[1] - 20) << 8); /* one BAR, number 2 */
		break;
	case PCI_EXT_CAP_ID_VNDR:
		put32(c.at + PCI_VNDR_HEADER, 0x010 | 1 << 16 | 0x10 << 20);
	}
}

static void config(const struct fn *f)
{
	memset(cfg, 0, sizeof cfg);
	header(f);
	for (const struct cap *c = f->m->caps; c->id; c++) {
		put16(c->at, c->id | (unsigned)c[1].at << 8);
		capability(f, *c);
	}
	for (const struct cap *c = f->m->ext; c->id; c++) {
		put32(c->at, c->id | 1u << 16 | (uint64_t)c[1].at << 20);
		extended(f, *c);
	}
}

/* ------------------------------------------------------------------------------------------------------- files --- */

static int root_fd;

/* Write `name` in the folder `at`; a real sysfs file ends in a newline, so the formats do. */
__attribute__((format(printf, 3, 4))) static void put(int at, const char *name, const char *fmt, ...)
{
	char buf[4096];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || write(fd, buf, (size_t)n) != n || close(fd))
		err(1, "%s", name);
}

__attribute__((format(printf, 3, 4))) static void link_to(int at, const char *name, const char *fmt, ...)
{
	char buf[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	if (symlinkat(buf, at, name))
		err(1, "link %s", name);
}

/* Make a folder and those above it. */
static void folder(int at, const char *path)
{
	char buf[4096];

	snprintf(buf, sizeof buf, "%s", path);
	for (char *p = buf; (p = strchr(p, '/')); *p++ = '/') {
		*p = 0;
		if (mkdirat(at, buf, 0755) && errno != EEXIST)
			err(1, "%s", buf);
	}
	if (mkdirat(at, buf, 0755) && errno != EEXIST)
		err(1, "%s", buf);
}

static ino_t inode(const char *path)
{
	struct stat st;

	if (fstatat(root_fd, path, &st, 0))
		err(1, "%s", path);
	return st.st_ino;
}

/*
 * The folders of a root bus, in list order by inode: that is how a reader of sysfs sees which function the kernel lists
 * first, and it decides the allowlist.  A disk's file system promises no such order, so make them under any name first.
 */
static void root_bus(const struct fn *f)
{
	char tmp[32][80];
	int n = 0;

	for (; f + n < fns + n_fns && f[n].parent < 0 && f[n].domain == f->domain && f[n].bus == f->bus; n++) {
		snprintf(tmp[n], sizeof tmp[n], "%.*s/new%d", (int)(strrchr(f->path, '/') - f->path), f->path, n);
		folder(root_fd, tmp[n]);
	}
	for (int i = 0; i < n; i++) {
		int least = -1;
		for (int j = 0; j < n; j++)
			if (*tmp[j] && (least < 0 || inode(tmp[j]) < inode(tmp[least])))
				least = j;
		if (renameat(root_fd, tmp[least], root_fd, f[i].path))
			err(1, "%s", f[i].path);
		*tmp[least] = 0;
	}
}

/* What a driver hangs below a function; `class` also lists it. */
__attribute__((format(printf, 5, 6))) static int child(const struct fn *f, int at, const char *sub, const char *class,
						       const char *fmt, ...)
{
	char name[32], path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof name, fmt, ap);
	va_end(ap);
	snprintf(path, sizeof path, "%s/%s", sub, name);
	folder(at, path);
	int fd = openat(at, path, O_DIRECTORY | O_RDONLY);
	if (fd < 0)
		err(1, "%s", path);
	snprintf(path, sizeof path, "sys/class/%s/%s", class, name);
	link_to(root_fd, path, "../../%s/%s/%s", f->path + 4, sub, name);
	return fd;
}

static void children(const struct fn *f, int at)
{
	unsigned k = f->number;
	int fd;

	if (f->m == &nvme || f->m == &nvme_cmb) {
		char sub[32];
		fd = child(f, at, "nvme", "nvme", "nvme%u", k);
		put(fd, "model", "SYNTHETIC NVME DISK\n");
		put(fd, "serial", "SYN%09u        \n", k);
		if (f->m == &nvme_cmb)
			put(fd, "cmb", "cmbloc : 0x%08x\ncmbsz  : 0x%08x\n", 4, 64 << 12 | 2 << 8 | 0x18);
		close(fd);
		snprintf(sub, sizeof sub, "nvme/nvme%u", k);
		fd = child(f, at, sub, "block", "nvme%un1", k);
		put(fd, "size", "%u\n", 3750748848u);
		put(fd, "dev", "259:%u\n", k);
		close(fd);
		if (f->m != &nvme_cmb)
			return;
		folder(at, "p2pmem");
		put(at, "p2pmem/size", "%u\n", 1u << 26);
		put(at, "p2pmem/available", "%u\n", 1u << 26);
		put(at, "p2pmem/published", "1\n");
	} else if (f->m == &nic || f->m == &nic_vf) {
		fd = child(f, at, "net", "net", "eth%u", k);
		put(fd, "address", "02:00:00:%02x:%02x:%02x\n", k >> 16 & 0xff, k >> 8 & 0xff, k & 0xff);
		put(fd, "operstate", "up\n");
		put(fd, "speed", "200000\n");
		close(fd);
		fd = child(f, at, "infiniband", "infiniband", "mlx5_%u", k);
		put(fd, "node_guid", "0200:00ff:fe%02x:%04x\n", k >> 16 & 0xff, k & 0xffff);
		folder(fd, "ports/1");
		put(fd, "ports/1/state", "4: ACTIVE\n");
		close(fd);
	} else if (f->m == &gpu) {
		close(child(f, at, "drm", "drm", "card%u", k));
		close(child(f, at, "drm", "drm", "renderD%u", 128 + k));
	} else if (f->m == &accel) {
		close(child(f, at, "accel", "accel", "accel%u", k));
	}
}

static void resource(const struct fn *f, int at)
{
	char buf[17 * 64], *p = buf;
	static const char none[] = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";

	for (unsigned i = 0; i < (is_bridge(f) ? 17 : 7); i++) {
		if (i < 6 && i % 2 == 0 && f->bar[i / 2])
			p += sprintf(p, "0x%016llx 0x%016llx 0x000000000014220c\n", (unsigned long long)f->bar[i / 2],
				     (unsigned long long)f->bar[i / 2] + (1ull << f->m->bar[i / 2]) - 1);
		else if (i == 15 && f->hi) /* the prefetchable window of a bridge */
			p += sprintf(p, "0x%016llx 0x%016llx 0x0000000000102201\n", (unsigned long long)f->lo,
				     (unsigned long long)f->hi - 1);
		else
			p += sprintf(p, "%s", none);
	}
	put(at, "resource", "%s", buf);
}

static void link_files(const struct fn *f, int at)
{
	static const char *speed[] = {"Unknown",       "2.5 GT/s PCIe",	 "5.0 GT/s PCIe",
				      "8.0 GT/s PCIe", "16.0 GT/s PCIe", "32.0 GT/s PCIe"};

	put(at, "current_link_speed", "%s\n", speed[f->speed]);
	put(at, "max_link_speed", "%s\n", speed[f->m->speed]);
	put(at, "current_link_width", "%u\n", f->width);
	put(at, "max_link_width", "%u\n",
	    f->m->width ? f->m->width : 255u); /* 255: a function without a link says so */
}

static const char *base(const char *path)
{
	return strrchr(path, '/') + 1;
}

static void virtual_functions(const struct fn *f, int at)
{
	char name[32];

	if (f->pf >= 0)
		link_to(at, "physfn", "../%s", base(fns[f->pf].path));
	if (f->m != &nic)
		return;
	put(at, "sriov_totalvfs", "4\n");
	put(at, "sriov_numvfs", "%u\n", f->vfs);
	for (unsigned i = 0; i < f->vfs; i++) {
		snprintf(name, sizeof name, "virtfn%u", i);
		link_to(at, name, "../%04x:%02x:%02x.%x", f->domain, f->bus, f->dev, 2 + i);
	}
}

static void function(long index)
{
	const struct fn *f = &fns[index];
	const struct model *m = f->m;
	const char *bdf = base(f->path);
	char up[64] = "", path[256], driver[64] = "", alias[128];
	unsigned node = f->domain % 2;

	folder(root_fd, f->path);
	int at = openat(root_fd, f->path, O_DIRECTORY | O_RDONLY);
	if (at < 0)
		err(1, "%s", f->path);
	put(at, "class", "0x%06x\n", m->class);
	put(at, "vendor", "0x%04x\n", m->vendor);
	put(at, "device", "0x%04x\n", m->device);
	put(at, "subsystem_vendor", "0x%04x\n", m->sub_vendor);
	put(at, "subsystem_device", "0x%04x\n", m->sub_device);
	put(at, "revision", "0x%02x\n", m->revision);
	put(at, "driver_override", "(null)\n");
	folder(at, "power");
	put(at, "power/control", "on\n");
	put(at, "irq", "%u\n", m->driver ? 24 + (unsigned)index : 0);
	put(at, "numa_node", "%u\n", node);
	put(at, "local_cpus", "%x\n", 3u << 2 * node);
	put(at, "local_cpulist", "%u-%u\n", 2 * node, 2 * node + 1);
	put(at, "enable", "%d\n", m->driver != NULL);
	put(at, "power_state", "D0\n");
	snprintf(alias, sizeof alias, "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X", m->vendor, m->device,
		 m->sub_vendor, m->sub_device, m->class >> 16, m->class >> 8 & 0xff, m->class & 0xff);
	if (m->driver)
		snprintf(driver, sizeof driver, "DRIVER=%s\n", m->driver);
	put(at, "uevent", "%sPCI_CLASS=%X\nPCI_ID=%04X:%04X\nPCI_SUBSYS_ID=%04X:%04X\nPCI_SLOT_NAME=%s\nMODALIAS=%s\n",
	    driver, m->class, m->vendor, m->device, m->sub_vendor, m->sub_device, bdf, alias);
	put(at, "modalias", "%s\n", alias);
	if (is_bridge(f)) {
		put(at, "secondary_bus_number", "%u\n", f->secondary);
		put(at, "subordinate_bus_number", "%u\n", f->subordinate);
	}
	resource(f, at);
	link_files(f, at);
	config(f);
	int fd = openat(at, "config", O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || write(fd, cfg, sizeof cfg) != sizeof cfg || close(fd))
		err(1, "%s/config", f->path);
	virtual_functions(f, at);
	children(f, at);

	for (const char *s = strchr(f->path, '/'); s; s = strchr(s + 1, '/'))
		strcat(up, "../");
	if (m->driver)
		link_to(at, "driver", "%sbus/pci/drivers/%s", up, m->driver);
	link_to(at, "subsystem", "%sbus/pci", up);
	link_to(at, "iommu_group", "%skernel/iommu_groups/%ld", up, index);
	snprintf(path, sizeof path, "sys/bus/pci/devices/%s", bdf);
	link_to(root_fd, path, "../../../%s", f->path + 4);
	snprintf(path, sizeof path, "sys/kernel/iommu_groups/%ld/devices", index);
	folder(root_fd, path);
	snprintf(path, sizeof path, "sys/kernel/iommu_groups/%ld/type", index);
	put(root_fd, path, "identity\n");
	snprintf(path, sizeof path, "sys/kernel/iommu_groups/%ld/devices/%s", index, bdf);
	link_to(root_fd, path, "../../../../%s", f->path + 4);
	close(at);
}

/* One line a function, as the kernel prints it: no domain, seven addresses, seven sizes, the driver. */
static void proc_devices(void)
{
	int fd = openat(root_fd, "proc/bus/pci/devices", O_WRONLY | O_CREAT | O_EXCL, 0644);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out)
		err(1, "proc/bus/pci/devices");
	for (const struct fn *f = fns; f < fns + n_fns; f++) {
		fprintf(out, "%02x%02x\t%04x%04x\t%lx", f->bus, f->dev << 3 | f->func, f->m->vendor, f->m->device,
			f->m->driver ? 24 + (f - fns) : 0);
		for (int i = 0; i < 7; i++)
			fprintf(out, "\t%16llx",
				i < 6 && i % 2 == 0 && f->bar[i / 2] ? (unsigned long long)f->bar[i / 2] | 0xc : 0ull);
		for (int i = 0; i < 7; i++)
			fprintf(out, "\t%16llx",
				i < 6 && i % 2 == 0 && f->bar[i / 2] ? 1ull << f->m->bar[i / 2] : 0ull);
		fprintf(out, "\t%s\n", f->m->driver ? f->m->driver : "");
	}
	if (fclose(out))
		err(1, "proc/bus/pci/devices");
}

/* Two sockets, two NUMA nodes, four processors at every N: hwloc will not look at PCI without them, and must not pay
 * for more. */
static void host(void)
{
	static const char *const drivers[] = {"pcieport", "nvme", "mlx5_core", "nvidia", "habanalabs"};
	static const char *const folders[] = {"boot",
					      "proc/bus/pci",
					      "proc/sys/kernel",
					      "sys/bus/pci/devices",
					      "sys/class/iommu",
					      "sys/class/nvme",
					      "sys/class/block",
					      "sys/class/net",
					      "sys/class/infiniband",
					      "sys/class/drm",
					      "sys/class/accel",
					      "sys/class/dmi",
					      "sys/devices/virtual/dmi/id",
					      "sys/devices/virtual/iommu/dmar0",
					      "sys/kernel/iommu_groups",
					      "sys/devices/system/cpu",
					      "sys/devices/system/node"};
	char path[128], info[4096];
	int n = 0;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		folder(root_fd, folders[i]);
	for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
		snprintf(path, sizeof path, "sys/bus/pci/drivers/%s", drivers[i]);
		folder(root_fd, path);
	}
	put(root_fd, "boot/config-" KERNEL,
	    "CONFIG_X86_64=y\nCONFIG_PCI=y\nCONFIG_ZONE_DEVICE=y\nCONFIG_PCI_P2PDMA=y\n");
	put(root_fd, "proc/cmdline",
	    "BOOT_IMAGE=/boot/vmlinuz-" KERNEL " root=/dev/nvme0n1p2 ro quiet intel_iommu=on iommu=pt\n");
	put(root_fd, "proc/version", "Linux version " KERNEL " (synthetic@example) #1 SMP PREEMPT_DYNAMIC\n");
	put(root_fd, "proc/sys/kernel/osrelease", KERNEL "\n");
	put(root_fd, "sys/kernel/uevent_seqnum", "%ld\n", 3000 + wanted);
	put(root_fd, "proc/meminfo", "MemTotal:       33554432 kB\n");
	link_to(root_fd, "sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
	link_to(root_fd, "sys/class/dmi/id", "../../devices/virtual/dmi/id");
	put(root_fd, "sys/class/dmi/id/sys_vendor", "Synthetic\n");
	put(root_fd, "sys/class/dmi/id/product_name", "Bench %ld\n", wanted);
	put(root_fd, "sys/class/dmi/id/board_vendor", "Synthetic\n");
	put(root_fd, "sys/class/dmi/id/board_name", "Bench\n");
	put(root_fd, "sys/class/dmi/id/bios_vendor", "Synthetic\n");
	put(root_fd, "sys/class/dmi/id/bios_version", "1.0\n");
	put(root_fd, "sys/class/dmi/id/bios_date", "01/01/2026\n");

	for (const char *const *s = (const char *const[]){"online", "possible", "present", NULL}; *s; s++) {
		snprintf(path, sizeof path, "sys/devices/system/cpu/%s", *s);
		put(root_fd, path, "0-3\n");
		snprintf(path, sizeof path, "sys/devices/system/node/%s", *s);
		if (strcmp(*s, "present"))
			put(root_fd, path, "0-1\n");
	}
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		const unsigned socket = cpu / 2, own = 1u << cpu, all = 3u << 2 * socket;
		const struct {
			const char *name;
			unsigned value; /* the masks are hexadecimal; the others are below ten, where it makes no
					   difference */
		} file[] = {{"core_id", cpu % 2},  {"physical_package_id", socket}, {"core_cpus", own},
			    {"package_cpus", all}, {"thread_siblings", own},	    {"core_siblings", all}};
		snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%u/topology", cpu);
		folder(root_fd, path);
		for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
			snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%u/topology/%s", cpu, file[i].name);
			put(root_fd, path, "%x\n", file[i].value);
		}
		n += snprintf(info + n, sizeof info - (size_t)n,
			      "processor\t: %u\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 106\n"
			      "model name\t: Synthetic Xeon\nstepping\t: 6\nphysical id\t: %u\nsiblings\t: 2\ncore "
			      "id\t\t: %u\n"
			      "cpu cores\t: 2\nflags\t\t: fpu vme msr pae sse sse2 lm\n\n",
			      cpu, socket, cpu % 2);
	}
	put(root_fd, "proc/cpuinfo", "%s", info);
	for (unsigned node = 0; node < 2; node++) {
		snprintf(path, sizeof path, "sys/devices/system/node/node%u", node);
		folder(root_fd, path);
		int at = openat(root_fd, path, O_DIRECTORY | O_RDONLY);
		put(at, "cpumap", "%x\n", 3u << 2 * node);
		put(at, "cpulist", "%u-%u\n", 2 * node, 2 * node + 1);
		put(at, "distance", node ? "20 10\n" : "10 20\n");
		put(at, "meminfo", "Node %u MemTotal:       16777216 kB\n", node);
		close(at);
	}
}

int main(int argc, char **argv)
{
	char *end;

	program_invocation_short_name = "make-tree"; /* the script beside this file compiles it under another name */
	if (argc != 3 || (wanted = strtol(argv[1], &end, 10)) < 8 || *end || wanted > 262144)
		errx(2, "usage: make-tree N DIR    (N functions, 8 to 262144; DIR must be new or empty)");
	if (mkdir(argv[2], 0755) && errno != EEXIST)
		err(1, "%s", argv[2]);
	if ((root_fd = open(argv[2], O_DIRECTORY | O_RDONLY)) < 0)
		err(1, "%s", argv[2]);
	if (rmdir(argv[2]) ||
	    mkdir(argv[2], 0755)) /* only an empty folder can be removed: nothing of yours is written over */
		err(1, "%s", argv[2]);
	close(root_fd);
	if ((root_fd = open(argv[2], O_DIRECTORY | O_RDONLY)) < 0)
		err(1, "%s", argv[2]);
	if (!(fns = calloc((size_t)wanted, sizeof *fns)))
		err(1, "memory");
	build();
	host();
	for (long i = 0; i < n_fns; i++) {
		if (fns[i].parent < 0 && fns[i].dev == 0 && fns[i].func == 0)
			root_bus(&fns[i]);
		function(i);
	}
	proc_devices();
	return 0;
}
