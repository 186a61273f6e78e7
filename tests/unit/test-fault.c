/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fault: lines as kernels print them, lines that only look like it, and lines cut and spoilt at every byte. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/model/fault.h"

#define NOBODY "-" /* no function is named */
#define NOWHERE UINT64_C(0xdeadbeefdeadbeef) /* no address is */

static const struct {
	const char *line;
	enum p2p_fault_kind kind;
	const char *function; /* "03:00.0": without a domain */
	uint64_t address;
	enum p2p_fault_access access;
	const char *name;
} known[] = {
	/* Intel, newest to oldest. */
	{ "DMAR: [DMA Write NO_PASID] Request device [03:00.0] fault addr 0xfe800000 [fault reason 0x05] PTE Write "
	  "access is not set",
	  P2P_FAULT_DMAR, "03:00.0", 0xfe800000, P2P_FAULT_WRITE, "" },
	{ "[   31.5] DMAR: [DMA Read NO_PASID] Request device [82:1f.7] fault addr 0x38000000000 [fault reason 0x06] "
	  "PTE",
	  P2P_FAULT_DMAR, "82:1f.7", 0x38000000000, P2P_FAULT_READ, "" },
	{ "DMAR: [DMA Write PASID 0x1] Request device [00:02.0] fault addr 0x1000 [fault reason 0x71] SM: Present bit",
	  P2P_FAULT_DMAR, "00:02.0", 0x1000, P2P_FAULT_WRITE, "" },
	{ "<3>DMAR: [DMA Write NO_PASID] Request device [0x03:0x00.0] fault addr 0x0 [fault reason 0x05] PTE Write",
	  P2P_FAULT_DMAR, "03:00.0", 0, P2P_FAULT_WRITE, "" },
	{ "3,1234,5678,-;DMAR: [DMA Write] Request device [03:00.0] PASID ffffffff fault addr fe800000 [fault reason "
	  "05] P",
	  P2P_FAULT_DMAR, "03:00.0", 0xfe800000, P2P_FAULT_WRITE, "" },
	{ "DMAR: [DMA Read] Request device [03:00.0] fault addr ffffffffffffffff [fault reason 06] PTE Read access",
	  P2P_FAULT_DMAR, "03:00.0", UINT64_MAX, P2P_FAULT_READ, "" },
	{ "DMAR:[DMA Write] Request device [00:02.0] fault addr 6df084000", P2P_FAULT_DMAR, "00:02.0", 0x6df084000,
	  P2P_FAULT_WRITE, "" },
	{ "DMAR: [INTR-REMAP] Request device [f0:1f.7] fault index 0x0 [fault reason 0x22] Present field in the IRTE",
	  P2P_FAULT_DMAR, "f0:1f.7", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "DMAR: DRHD: handling fault status reg 2", P2P_FAULT_OTHER, NOBODY, NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },

	/* AMD. */
	{ "nvme 0000:03:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0010 address=0x64a7f000 flags=0x0000]",
	  P2P_FAULT_AMD_VI, "0000:03:00.0", 0x64a7f000, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "AMD-Vi: Event logged [IO_PAGE_FAULT device=03:00.0 domain=0x001d address=0x000000000637c000 flags=0x0000]",
	  P2P_FAULT_AMD_VI, "03:00.0", 0x637c000, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "AMD-Vi: Event logged [IO_PAGE_FAULT device=10000:03:00.0 domain=0x001d address=0xfffffffdf8000000 "
	  "flags=0x8]",
	  P2P_FAULT_AMD_VI, "10000:03:00.0", 0xfffffffdf8000000, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "[ 1.0] nvme 0000:c1:00.0: AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=0000:c1:00.0 pasid=0x00000 "
	  "address=0xfffffffdf8000000 flags=0x0a00]",
	  P2P_FAULT_AMD_VI, "0000:c1:00.0", 0xfffffffdf8000000, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0007 address=0xffffc02000 flags=0x0000]", P2P_FAULT_AMD_VI,
	  NOBODY, 0xffffc02000, P2P_FAULT_ACCESS_UNKNOWN, "" },

	/* Arm. */
	{ "arm-smmu-v3 arm-smmu-v3.0.auto: event 0x10 received:", P2P_FAULT_SMMU, NOBODY, NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "arm-smmu-v3 arm-smmu-v3.0.auto: event: F_TRANSLATION client: 0000:01:00.0 sid: 0x100 ssid: 0x0 iova: "
	  "0xdeadb000 ipa: 0x0",
	  P2P_FAULT_SMMU, "0000:01:00.0", 0xdeadb000, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "arm-smmu-v3 arm-smmu-v3.0.auto: event: C_BAD_STREAMID client: (unassigned sid) sid: 0x100 ssid: 0x0",
	  P2P_FAULT_SMMU, NOBODY, NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "arm-smmu 5000000.iommu: Unhandled context fault: fsr=0x402, iova=0x8012345000, fsynr=0x11, cbfrsynra=0x1, "
	  "cb=2",
	  P2P_FAULT_SMMU, NOBODY, 0x8012345000, P2P_FAULT_ACCESS_UNKNOWN, "" },

	/* AER: the port tells who sent the message; who has the error tells what. */
	{ "pcieport 0000:00:01.0: AER: Corrected error message received from 0000:03:00.0", P2P_FAULT_AER_CORRECTED,
	  "0000:03:00.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "pcieport 0000:00:01.0: AER: Multiple Correctable error message received from 0000:03:00.0 (no details found",
	  P2P_FAULT_AER_CORRECTED, "0000:03:00.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "pcieport 0000:00:01.0: AER: Uncorrected (Non-Fatal) error received: 0000:03:00.0", P2P_FAULT_AER_NONFATAL,
	  "0000:03:00.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "pcieport 10000:00:01.0: AER: Multiple Uncorrectable (Fatal) error message received from 10000:01:00.0",
	  P2P_FAULT_AER_FATAL, "10000:01:00.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "nvme 0000:03:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)",
	  P2P_FAULT_AER_CORRECTED, "0000:03:00.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "nvme 0000:03:00.0: AER: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer, "
	  "(Requester)",
	  P2P_FAULT_AER_NONFATAL, "0000:03:00.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "[ 9.1] nvme 0000:03:00.0: PCIe Bus Error: severity=Uncorrectable (Fatal), type=Inaccessible, (Unregistered)",
	  P2P_FAULT_AER_FATAL, "0000:03:00.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "pcieport 0000:00:1c.0: DPC: containment event, status:0x1f01: unmasked uncorrectable error detected",
	  P2P_FAULT_OTHER, "0000:00:1c.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "pcieport 0000:00:1c.0: AER: device recovery failed", P2P_FAULT_OTHER, "0000:00:1c.0", NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "nvme 0000:03:00.0: AER: aer_status: 0x00000001, aer_mask: 0x0000e000", P2P_FAULT_OTHER, "0000:03:00.0",
	  NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },

	/* NVMe. */
	{ "nvme nvme0: I/O 12 QID 1 timeout, aborting", P2P_FAULT_NVME_TIMEOUT, NOBODY, NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "nvme0" },
	{ "nvme nvme17: I/O tag 489 (d1e9) opcode 0x1 (I/O Cmd) QID 3 timeout, aborting req_op:WRITE(1) size:524288",
	  P2P_FAULT_NVME_TIMEOUT, NOBODY, NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "nvme17" },
	{ "nvme nvme0: I/O 12 QID 1 timeout, completion polled", P2P_FAULT_NVME_TIMEOUT, NOBODY, NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "nvme0" },
	{ "nvme nvme1: I/O tag 192 (80c0) opcode 0x1 (I/O Cmd) QID 1 timeout, reset controller", P2P_FAULT_NVME_RESET,
	  NOBODY, NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "nvme1" },
	{ "nvme nvme1: I/O tag 28 (301c) QID 0 timeout, disable controller", P2P_FAULT_NVME_RESET, NOBODY, NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "nvme1" },
	{ "nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10", P2P_FAULT_NVME_RESET, NOBODY,
	  NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "nvme0" },
	{ "nvme nvme5: Disabling device after reset failure: -19", P2P_FAULT_NVME_RESET, NOBODY, NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "nvme5" },
	{ "nvme 0000:03:00.0: controller is down; will reset: CSTS=0x3, PCI_STATUS=0x10", P2P_FAULT_NVME_RESET,
	  "0000:03:00.0", NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },

	/* Said so, and spoilt: no half of an address is taken for one. */
	{ "DMAR: [DMA Write NO_PASID] Request device [03:00.9] fault addr 0xg", P2P_FAULT_DMAR, NOBODY, NOWHERE,
	  P2P_FAULT_WRITE, "" },
	{ "DMAR: [DMA Write NO_PASID] Request device [3:0.0x] fault addr 0x11112222333344445", P2P_FAULT_DMAR, NOBODY,
	  NOWHERE, P2P_FAULT_WRITE, "" },
	{ "DMAR: [DMA Write] Request device [000000000000000000000000000000000000000000003:00.0]", P2P_FAULT_DMAR,
	  NOBODY, NOWHERE, P2P_FAULT_WRITE, "" },
	{ "nvme nvme0123456789012345: I/O 12 QID 1 timeout, aborting", P2P_FAULT_NVME_TIMEOUT, NOBODY, NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "nvme nvme012345678901: I/O 12 QID 1 timeout, aborting", P2P_FAULT_NVME_TIMEOUT, NOBODY, NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "nvme 0000:03:00.0; AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0010]", P2P_FAULT_AMD_VI, NOBODY, NOWHERE,
	  P2P_FAULT_ACCESS_UNKNOWN, "" },
	{ "pcieport 0000:00:01.0: AER: Corrected error message received from 0000:03:00.0junk", P2P_FAULT_AER_CORRECTED,
	  NOBODY, NOWHERE, P2P_FAULT_ACCESS_UNKNOWN, "" },
};

/* Nothing of this. */
static const char *const others[] = {
	"",
	"nvme nvme0: 4/0/0 default/read/poll queues",
	"nvme nvme0: pci function 0000:03:00.0",
	"nvme 0000:03:00.0: platform quirk: setting simple suspend",
	"DMAR: Host address width 46",
	"DMAR: DRHD base: 0x000000fed90000 flags: 0x0",
	"DMAR: [Firmware Bug]: RMRR entry for device 03:00.0 is broken",
	"AMD-Vi: Interrupt remapping enabled",
	"arm-smmu-v3 arm-smmu-v3.0.auto: ias 48-bit, oas 48-bit",
	"pcieport 0000:00:01.0: AER: enabled with IRQ 24",
	"pcieport 0000:00:01.0: DPC: enabled with IRQ 24",
	"pcieport 0000:00:01.0: AER: Corrected something else",
	"nvme 0000:03:00.0: PCIe Bus Error: severity=Unheard of",
	"Request device [03:00.0] fault addr 0x0",
	"I/O 12 QID 1 timeout, aborting",
};

static bool is(size_t i)
{
	struct p2p_fault fault = { 0 };
	char text[P2P_BDF_TEXT];

	if (!p2p_fault_parse(known[i].line, &fault))
		return false;
	bool named = strcmp(known[i].function, NOBODY) != 0;
	const char *function = fault.has_function ? p2p_bdf_format(fault.function, fault.has_domain, text) : NOBODY;

	return fault.kind == known[i].kind && fault.has_function == named && !strcmp(function, known[i].function) &&
	       fault.has_address == (known[i].address != NOWHERE) &&
	       (!fault.has_address || fault.address == known[i].address) && fault.access == known[i].access &&
	       !strcmp(fault.name, known[i].name);
}

/* Cut anywhere, and with any one byte another: it ends, and reads nothing behind the end (the sanitizer looks). */
static void check_spoilt(const char *line)
{
	static const char bytes[] = { 0, 1, ' ', ':', '0', 'x', ']', (char)0x80, (char)0xff };
	size_t len = strlen(line);
	struct p2p_fault fault;
	bool sound = true;

	for (size_t cut = 0; cut <= len; cut++) {
		char *part = malloc(cut + 1);

		if (!part)
			abort();
		memcpy(part, line, cut);
		part[cut] = '\0';
		if (p2p_fault_parse(part, &fault))
			sound &= fault.kind != P2P_FAULT_NONE && strlen(fault.name) < sizeof(fault.name);
		for (size_t i = 0; i < sizeof(bytes) && cut; i++) {
			part[cut / 2] = bytes[i];
			if (p2p_fault_parse(part, &fault))
				sound &= fault.kind != P2P_FAULT_NONE && strlen(fault.name) < sizeof(fault.name);
		}
		free(part);
	}
	CHECK(sound);
}

static void check_names(void)
{
	struct p2p_fault fault;
	struct p2p_bdf here = { 0, 3, 0 }, there = { 1, 3, 0 }, other = { 0, 3, 1 };

	CHECK(p2p_fault_parse("DMAR: [DMA Write NO_PASID] Request device [03:00.0] fault addr 0x0", &fault));
	CHECK(p2p_fault_names(&fault, here) && p2p_fault_names(&fault, there) && !p2p_fault_names(&fault, other));
	CHECK(p2p_fault_parse("pcieport 0000:00:01.0: AER: Corrected error message received from 0000:03:00.0",
			      &fault));
	CHECK(p2p_fault_names(&fault, here) && !p2p_fault_names(&fault, there) && !p2p_fault_names(&fault, other));
	CHECK(p2p_fault_parse("nvme nvme0: I/O 12 QID 1 timeout, aborting", &fault) && !p2p_fault_names(&fault, here));

	for (enum p2p_fault_kind kind = P2P_FAULT_NONE; kind <= P2P_FAULT_OTHER; kind++)
		CHECK((p2p_fault_kind_name(kind) == NULL) == (kind == P2P_FAULT_NONE));
	CHECK(!p2p_fault_is_loss(P2P_FAULT_NONE) && !p2p_fault_is_loss(P2P_FAULT_AER_CORRECTED));
	CHECK(p2p_fault_is_loss(P2P_FAULT_DMAR) && p2p_fault_is_loss(P2P_FAULT_AER_FATAL));
}

int main(void)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		CHECK(is(i));
		if (!is(i))
			fprintf(stderr, "  %s\n", known[i].line);
		check_spoilt(known[i].line);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct p2p_fault fault = { .kind = P2P_FAULT_OTHER, .address = 7 };

		CHECK(!p2p_fault_parse(others[i], &fault));
		CHECK(fault.kind == P2P_FAULT_OTHER && fault.address == 7);
	}
	check_names();
	return check_done();
}
