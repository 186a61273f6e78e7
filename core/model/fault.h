/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault: what a line of the kernel's log says about DMA that did not arrive, or
 * about a link or a disk in trouble.  Floor 1 (model).
 *
 * Lines are foreign text.  What the kernel prints before its message (level,
 * time, "6,123,456,-;") may stand there or not.
 */
#ifndef P2P_MODEL_FAULT_H
#define P2P_MODEL_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/bdf.h"

enum p2p_fault_kind {
	P2P_FAULT_NONE = 0,	 /* nothing of this is in that line */
	P2P_FAULT_DMAR,		 /* Intel's IOMMU refused */
	P2P_FAULT_AMD_VI,	 /* AMD's */
	P2P_FAULT_SMMU,		 /* Arm's */
	P2P_FAULT_AER_CORRECTED, /* the link repaired it */
	P2P_FAULT_AER_NONFATAL,	 /* a transaction is lost */
	P2P_FAULT_AER_FATAL,	 /* the link is no longer to be trusted */
	P2P_FAULT_NVME_TIMEOUT,	 /* an I/O did not come back */
	P2P_FAULT_NVME_RESET,	 /* its controller is, or has to be, reset, or is given up */
	P2P_FAULT_OTHER,	 /* port containment (DPC), recovery after an error, a summary of faults */
};

enum p2p_fault_access {
	P2P_FAULT_ACCESS_UNKNOWN = 0,
	P2P_FAULT_READ,
	P2P_FAULT_WRITE,
};

struct p2p_fault {
	enum p2p_fault_kind kind;
	enum p2p_fault_access access;
	bool has_function; /* the function that asked, or whose error it is */
	bool has_domain;   /* its domain was named, too; else it is 0 here, and may be any */
	struct p2p_bdf function;
	bool has_address;
	uint64_t address; /* on the bus: what the function asked for */
	char name[16];	  /* of the NVMe controller: "nvme0"; "" when none is named */
};

/*
 * What `line` says; false when it is nothing of this, and *ret is then
 * untouched.  An address of a function is taken only as the kernel writes it.
 *
 * KERNEL, the words of several releases each: drivers/iommu/intel/dmar.c:
 * dmar_fault_do_one · drivers/iommu/amd/iommu.c:
 * amd_iommu_report_page_fault, iommu_print_event · drivers/iommu/arm/arm-smmu-v3/
 * arm-smmu-v3.c:arm_smmu_evtq_thread, arm_smmu_dump_event · drivers/iommu/arm/
 * arm-smmu/arm-smmu.c:arm_smmu_context_fault · drivers/pci/pcie/aer.c:
 * aer_print_port_info, aer_print_source, aer_print_error, pci_print_aer ·
 * drivers/pci/pcie/dpc.c:dpc_process_error · drivers/nvme/host/pci.c:nvme_timeout,
 * nvme_warn_reset, nvme_reset_work.
 */
bool p2p_fault_parse(const char *line, struct p2p_fault *ret);

/* "DMAR", "AMD-Vi", "SMMU", "AER corrected", ...; NULL for NONE. */
const char *p2p_fault_kind_name(enum p2p_fault_kind kind);

/* Is it a sign that DMA was refused or lost: not one of a link that repaired itself? */
bool p2p_fault_is_loss(enum p2p_fault_kind kind);

/* Could it be about that function?  A domain that was not named may be any. */
bool p2p_fault_names(const struct p2p_fault *fault, struct p2p_bdf function);

#endif
