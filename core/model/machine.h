/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine: the finished picture of one host, decoded from what a source said.
 * Floor 1 (model).  Built once by p2p_scan() and never changed afterwards.
 *
 * Functions are in one array, ordered by address, and speak of each other by
 * index.  Citations of kernel behaviour are in core/model/rule.c; those here
 * say where a fact is read.
 */
#ifndef P2P_MODEL_MACHINE_H
#define P2P_MODEL_MACHINE_H

#include <stddef.h>

#include "../base/arena.h"
#include "../base/bdf.h"
#include "../base/buf.h"
#include "bench.h"
#include "fact.h"
#include "kernel.h"

#define P2P_NOBODY (-1)

/*
 * An edge to another function.  KNOWN: `to` is its index.  ABSENT: there is
 * none, this is the top.  UNKNOWN: it could not be read; never "no bridge".
 */
struct p2p_edge {
	struct p2p_fact fact;
	int to;
};

/*
 * ACS as the kernel's P2PDMA reads it: the 16-bit words at cap+4 and cap+6, no
 * quirks (KERNEL: drivers/pci/p2pdma.c:pci_bridge_has_acs_redir, 4.20-).
 * ABSENT: the function has no ACS capability, so it never redirects.
 */
struct p2p_acs {
	struct p2p_fact fact;
	uint16_t offset;  /* of the capability; 0 when only the control word was assumed */
	uint16_t cap, ctrl;
	uint16_t assumed; /* bits of ctrl that --assume gave */
	uint16_t unsure;  /* bits of ctrl that an assumed command line leaves to the firmware's value */
};

/* A link as one end sees it: generation 1..7 (2.5, 5, 8, 16, 32, 64, 128 GT/s), lanes. */
struct p2p_link {
	struct p2p_fact fact; /* ABSENT: no PCIe link here (integrated, conventional) */
	uint8_t gen, lanes;         /* now; 0 lanes: down */
	uint8_t gen_max, lanes_max; /* this end's own limit */
};

/* How good a link is, given what both ends can. */
enum p2p_link_state {
	P2P_LINK_UNKNOWN = 0,
	P2P_LINK_NONE,     /* no link, or nothing plugged in */
	P2P_LINK_FULL,     /* as good as this end can */
	P2P_LINK_PARTNER,  /* as good as the partner can, which is less than this end can */
	P2P_LINK_DEGRADED, /* both ends can do better */
};

struct p2p_bar {
	uint8_t index;       /* 0..5; 6 is the ROM */
	bool prefetchable, is64, io;
	uint64_t start, size;
	uint64_t sizes;      /* resizable BAR: bit n = 2^(n+20) bytes possible; 0: not resizable or not known */
};

enum p2p_child_kind {
	P2P_CHILD_OTHER = 0,
	P2P_CHILD_NVME,  /* controller */
	P2P_CHILD_BLOCK, /* a disk of it */
	P2P_CHILD_NET,
	P2P_CHILD_INFINIBAND,
	P2P_CHILD_DRM,
	P2P_CHILD_ACCEL,
};

/* A device that a driver made of a function: nvme0, nvme0n1, eth0, mlx5_0, card1, accel0. */
struct p2p_child {
	enum p2p_child_kind kind;
	const char *name;
	struct p2p_word state; /* net: the link's operstate as rtnetlink says it */
	struct p2p_child *next;
};

/* Memory of a function that peers can use (sysfs p2pmem/, KERNEL.md 3.1), ABSENT: no such folder. */
struct p2p_memory {
	struct p2p_fact fact;
	uint64_t size, available;
	struct p2p_number published; /* 0 or 1 */
};

struct p2p_function {
	struct p2p_bdf bdf;

	/* Identity: the kernel's words (sysfs uevent), else from config space. */
	struct p2p_number vendor, device, subvendor, subdevice, revision;
	struct p2p_number class;       /* 24 bits: base, sub, programming interface */
	struct p2p_number header;      /* header type without the multifunction bit; 1 and 2 are bridges */
	struct p2p_number port_type;   /* PCIe type code, ABSENT: not PCI Express */
	struct p2p_word driver;        /* ABSENT: no driver is bound */
	struct p2p_word driver_override; /* the only driver that may bind; ABSENT: any */
	struct p2p_word serial;        /* of an NVMe controller; ABSENT: no such controller */
	struct p2p_word firmware;      /* of an NVMe controller: its revision */
	struct p2p_word vendor_name, device_name, class_name; /* pci.ids */

	/* Edges: `up` is the kernel's walk, `under` is what is drawn. */
	struct p2p_edge up, under;
	struct p2p_edge physfn;        /* ABSENT: not a VF */
	int below;                     /* the first function whose `up` is this one; P2P_NOBODY: nothing below */
	int hostbridge;                /* index; P2P_NOBODY: unknown */

	struct p2p_acs acs;
	struct p2p_number ats;         /* control word of ATS: bit 15 enabled; ABSENT: none */
	struct p2p_number pri, pasid;  /* control words; bit 0 enabled */
	struct p2p_link link;
	struct p2p_number mps, mps_max, mrrs; /* bytes */
	const struct p2p_bar *bars;
	size_t bar_count;
	struct p2p_fact bars_fact;
	struct p2p_number resizable;   /* 1: has the resizable BAR capability */
	struct p2p_signed numa_node;   /* ABSENT: the firmware did not say (-1) */
	struct p2p_number iommu_group; /* ABSENT: in none */
	struct p2p_word iommu_type;    /* DMA, DMA-FQ, identity, ... */
	struct p2p_memory memory;
	struct p2p_number cmb_size, cmb_loc; /* NVMe CMBSZ and CMBLOC registers (sysfs nvmeX/cmb); ABSENT: none */
	struct p2p_number vfs, vfs_max; /* SR-IOV: VFs enabled and possible; ABSENT: not a PF */
	struct p2p_number cxl;         /* CXL DVSEC ids seen, as a bit mask; ABSENT: none */
	struct p2p_word power_control; /* sysfs power/control: "on" never sleeps, "auto" may */
	struct p2p_word power_state;   /* D0, D3hot, D3cold, ... */
	struct p2p_word removable;     /* sysfs `removable`: fixed, removable; untrusted devices are removable */
	struct p2p_child *children;    /* by kind, then name */

	bool asleep;                   /* in D3cold, or below a bridge that is: config space was not read */
	bool dead;                     /* config space reads all ones */
};

/*
 * A host bridge: the folder `pciDDDD:BB`.  Two folders are two host bridges,
 * even in one domain.
 */
struct p2p_hostbridge {
	const char *key;        /* "sys/devices/pci0000:00" */
	const char *name;       /* "pci0000:00" */
	uint32_t domain;
	uint8_t bus;
	int under;              /* nested (VMD): the function it is drawn under; else P2P_NOBODY */
	const int *members;     /* functions of the root bus in the kernel's list order */
	size_t member_count;
	struct p2p_fact order;  /* KNOWN: creation order was read, or by devfn if ASSUMED; UNKNOWN: not listed */
	struct p2p_signed numa_node;
};

enum p2p_iommu_kind {
	P2P_IOMMU_UNKNOWN = 0,
	P2P_IOMMU_NONE,
	P2P_IOMMU_INTEL,
	P2P_IOMMU_AMD,
	P2P_IOMMU_ARM,
	P2P_IOMMU_OTHER,
};

/*
 * One row of the allowlist that the running kernel itself holds
 * (drivers/pci/p2pdma.c:pci_p2pdma_whitelist in its memory).
 */
struct p2p_running_row {
	uint16_t vendor;
	uint32_t device; /* P2P_DEVICE_ANY: every device of that vendor */
	bool same_host_bridge;
};

struct p2p_host {
	struct p2p_word kernel;      /* uname -r */
	struct p2p_word version;     /* /proc/version */
	struct p2p_word signature;   /* Ubuntu: /proc/version_signature */
	struct p2p_number p2pdma;    /* CONFIG_PCI_P2PDMA: 1 or 0 */
	struct p2p_word p2pdma_from; /* "symbol", "config" */
	struct p2p_fact running;     /* is the running kernel's own allowlist known */
	const struct p2p_running_row *running_rows; /* in its order */
	size_t running_count;
	struct p2p_word cpu_vendor;  /* x86: vendor_id of logical CPU 0; ABSENT: not x86 */
	struct p2p_number cpu_family;
	struct p2p_word cpu_model;
	struct p2p_number hypervisor; /* 1: the processor says that it is virtual */
	struct p2p_word cmdline;
	struct p2p_fact iommu;       /* is iommu_kind known */
	enum p2p_iommu_kind iommu_kind;
	struct p2p_number iommu_groups;  /* how many */
	struct p2p_word iommu_mode;  /* the domain type of all groups; "mixed" */
	struct p2p_number numa_nodes;
	struct p2p_word dmi_vendor, dmi_product, dmi_board, dmi_bios;
};

/*
 * A namespace that this host offers to others, in configfs
 * (KERNEL: drivers/nvme/target/configfs.c, 4.20- for p2pmem).
 */
struct p2p_namespace {
	const char *subsystem, *number; /* as their folders are called */
	const char *key;		/* of its folder */
	struct p2p_word device_path;	/* "/dev/nvme0n1" */
	struct p2p_word p2pmem;		/* "0" off, "1" automatic, else an address; ABSENT: a kernel without P2PDMA */
	struct p2p_number enabled;
	int function;			/* behind device_path; P2P_NOBODY: none, or not known */
};

/*
 * A word of ACS that p2pctl changed in this boot, or put back; what the kernel
 * decided before may still be in its cache (core/engine/cached.h).
 */
struct p2p_acs_event {
	int64_t time;		     /* seconds since 1970 */
	struct p2p_bdf bdf;	     /* the function that had this address then */
	uint16_t offset;	     /* of the control word */
	uint16_t before, mask, after; /* the whole word; only the bits in `mask` were written */
	bool back;		     /* it was put back */
	unsigned run;		     /* of the journal, with its entry */
	size_t entry;
	bool memory_known;	     /* is it known whose memory peers could use just before it */
	const struct p2p_bdf *memory;
	size_t memory_count;
};

/* Something a person should hear about the reading; it never changes an answer in silence. */
struct p2p_message {
	const char *text; /* may hold foreign bytes */
	struct p2p_message *next;
};

struct p2p_machine {
	struct p2p_arena *arena; /* owns everything below */
	struct p2p_host host;
	struct p2p_function *functions; /* by address */
	size_t function_count;
	struct p2p_hostbridge *hostbridges; /* by domain, bus, key */
	size_t hostbridge_count;
	struct p2p_fact nvmet;    /* ABSENT: no nvmet here, or configfs is not mounted */
	struct p2p_namespace *namespaces; /* by subsystem, number */
	size_t namespace_count;
	struct p2p_fact acs_history; /* is it known what p2pctl changed of ACS in this boot; ABSENT: nothing */
	const struct p2p_acs_event *acs_events; /* in the order in which it was done */
	size_t acs_event_count;
	const struct p2p_bench_result *results; /* what bench found here, or wherever the file is from: newest last */
	size_t result_count;
	struct p2p_message *messages;
	const char *const *assumptions; /* what was assumed, one sentence each */
	size_t assumption_count;
	bool has_pci; /* /sys/bus/pci was there */
	unsigned child_kinds; /* bit (1 << enum p2p_child_kind): its devices could be listed */
	bool one_domain; /* 0000 is the only one: it may be left out in text */
};

/* NULL is fine. */
void p2p_machine_free(struct p2p_machine *machine);

/*
 * A copy for other assumptions, with functions of its own when `functions`;
 * all else is borrowed from `machine`, which must outlive it.
 */
struct p2p_machine *p2p_machine_copy(const struct p2p_machine *machine, bool functions);

/* Lists an assumption, one sentence; `text` must live as long as the machine. */
void p2p_machine_assume(struct p2p_machine *machine, const char *text);

/* The index of the function with that address, or P2P_NOBODY. */
int p2p_machine_find(const struct p2p_machine *machine, struct p2p_bdf bdf);

/* Header type 1 or 2; without config space: class 0604, 0607, 0609. */
bool p2p_function_is_bridge(const struct p2p_function *function);

/* A device people want to see pairs of: classes 01 02 03 08 12, peer memory, or bound to vfio; VFs folded. */
bool p2p_function_is_peer(const struct p2p_function *function);

/* Is it in D3cold or below a bridge that is; does it read all ones.  MAYBE: nothing of it was read that would tell. */
enum p2p_answer p2p_function_asleep(const struct p2p_function *function);
enum p2p_answer p2p_function_dead(const struct p2p_function *function);

/*
 * The path of slots from the root bus down, "0000:00:01.0/00.0/02.0", added to
 * `ret`: it holds when buses are numbered anew, and is how pci=config_acs= and
 * disable_acs_redir= may name a function (KERNEL:
 * drivers/pci/pci.c:pci_dev_str_match_path, 4.20-).  A VF's slots are not its
 * own (its PF's bus may have the same), so it is named by its address.  A
 * negative errno when an edge on the way is UNKNOWN; `ret` is then untouched.
 */
int p2p_function_path(const struct p2p_machine *machine, int index, struct p2p_buf *ret);

/*
 * How the link of `index` to its upstream partner stands.  For a port that
 * looks down (root port, switch downstream port) the partner is what is below.
 */
enum p2p_link_state p2p_link_state(const struct p2p_machine *machine, int index);

/* The function at the other end of the link of `index`, or P2P_NOBODY. */
int p2p_link_partner(const struct p2p_machine *machine, int index);

/* "16.0" for generation 4. */
const char *p2p_link_speed(unsigned gen);

/* "root port", "endpoint", ... for a PCIe type code. */
const char *p2p_port_type_name(uint64_t type);

const char *p2p_child_kind_name(enum p2p_child_kind kind);
const char *p2p_iommu_kind_name(enum p2p_iommu_kind kind);

#endif
