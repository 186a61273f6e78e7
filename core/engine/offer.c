/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offer and client: what drivers can give to peers and take from them, by
 * release.  One row a driver; a new one is one row here.
 *
 * KERNEL: callers of pci_p2pdma_add_resource (nvme-pci 4.20-, habanalabs
 * 6.18-), of pcim_p2pdma_init (vfio-pci 6.19-, mlx5_ib 7.0-), of
 * pci_p2pdma_distance (amdgpu 5.10-, xe 6.8-, habanalabs 5.19-); the queue
 * flag PCI_P2PDMA (nvme-pci 4.20-; multipath heads 7.2-);
 * drivers/infiniband/core/rw.c (4.20-).
 */
#include <string.h>

#include "judge-internal.h"

struct driver_row {
	const char *driver; /* a name, or with '*' at its beginning the end of one */
	struct p2p_release unread;  /* first release of which nobody looked whether it exports already; 0: none */
	struct p2p_release exports; /* first release in which it lets peers at its BARs; major 0: never */
	enum p2p_client_kind client;
	struct p2p_release takes; /* YES: first release in which it can take peer pages */
	const char *offer_why, *client_why;
};

static const struct driver_row drivers[] = {
	{ "nvme", { 0 }, { 0 }, P2P_CLIENT_YES, { 4, 20, 0, true }, NULL,
	  "nvme maps peer pages (O_DIRECT, nvmet)" },
	{ "*vfio-pci", { 0 }, { 6, 19, 0, true }, P2P_CLIENT_ITSELF, { 0 },
	  "vfio-pci exports BARs as dma-buf (VFIO_DEVICE_FEATURE_DMA_BUF)",
	  "whoever holds it through vfio decides" },
	{ "*vfio_pci", { 0 }, { 6, 19, 0, true }, P2P_CLIENT_ITSELF, { 0 },
	  "vfio-pci exports BARs as dma-buf (VFIO_DEVICE_FEATURE_DMA_BUF)",
	  "whoever holds it through vfio decides" },
	{ "amdgpu", { 5, 5, 0, true }, { 5, 10, 0, true }, P2P_CLIENT_YES, { 5, 10, 0, true },
	  "amdgpu exports its memory as dma-buf and asks this kernel for the distance",
	  "amdgpu imports peer dma-bufs" },
	{ "xe", { 0 }, { 6, 8, 0, true }, P2P_CLIENT_YES, { 6, 8, 0, true },
	  "xe exports its memory as dma-buf and asks this kernel for the distance",
	  "xe imports peer dma-bufs" },
	{ "habanalabs", { 5, 16, 0, true }, { 5, 19, 0, true }, P2P_CLIENT_UNKNOWN, { 0 },
	  "habanalabs exports its memory as dma-buf", "what habanalabs imports was not looked at" },
	{ "mlx5_core", { 0 }, { 7, 0, 0, true }, P2P_CLIENT_YES, { 4, 20, 0, true },
	  "mlx5_ib exports its BAR as dma-buf", "RDMA takes peer pages through the read/write API (nvmet-rdma)" },
	{ "nvidia", { 0 }, { 0 }, P2P_CLIENT_ITSELF, { 0 }, NULL,
	  "a driver that decides by itself and never asks this kernel" },
	{ "ahci", { 0 }, { 0 }, P2P_CLIENT_NO, { 0 }, NULL, "its block queues do not take peer pages" },
	{ "virtio-pci", { 0 }, { 0 }, P2P_CLIENT_NO, { 0 }, NULL, "its queues do not take peer pages" },
	{ "megaraid_sas", { 0 }, { 0 }, P2P_CLIENT_NO, { 0 }, NULL, "its block queues do not take peer pages" },
	{ "mpt3sas", { 0 }, { 0 }, P2P_CLIENT_NO, { 0 }, NULL, "its block queues do not take peer pages" },
};

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

static const struct driver_row *driver_row(const char *driver)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++)
		if (*drivers[i].driver == '*' ? ends_in(driver, drivers[i].driver + 1)
					      : !strcmp(driver, drivers[i].driver))
			return &drivers[i];
	return NULL;
}

/* Does this kernel have what came with mainline's `first`?  A vendor's may have it from a backport. */
static enum p2p_answer since(const struct p2p_judge *judge, struct p2p_release first)
{
	const struct p2p_candidates *candidates = &judge->candidates;
	enum p2p_answer answer = P2P_MAYBE;

	if (!first.major || candidates->kind == P2P_KERNEL_BEFORE)
		return P2P_NO;
	if (candidates->kind == P2P_KERNEL_UNKNOWN)
		return P2P_MAYBE;
	for (size_t i = 0; i < candidates->count; i++) {
		bool has = p2p_release_compare_series(candidates->list[i].table, first) >= 0;
		enum p2p_answer one = has ? P2P_YES : P2P_NO;

		answer = i == 0 || one == answer ? one : P2P_MAYBE;
	}
	return answer;
}

#define UNSURE_RELEASE "whether this kernel's driver does that depends on backports that are not known"

static bool has_child(const struct p2p_function *function, enum p2p_child_kind kind)
{
	for (const struct p2p_child *child = function->children; child; child = child->next)
		if (child->kind == kind)
			return true;
	return false;
}

/* An assumed mlx5_core comes with mlx5_ib; what another driver had made is gone with it. */
static bool has_rdma(const struct p2p_function *function)
{
	if (p2p_known(function->driver.fact) && function->driver.fact.origin == P2P_ORIGIN_ASSUMED)
		return !strcmp(function->driver.text, "mlx5_core");
	return has_child(function, P2P_CHILD_INFINIBAND);
}

static struct p2p_offer offer_memory(const struct p2p_memory *memory)
{
	struct p2p_offer offer = { .kind = P2P_OFFER_P2PMEM, .bytes = memory->size, .available = memory->available };

	if (p2p_known(memory->published.fact))
		offer.published = memory->published.value ? P2P_YES : P2P_NO;
	offer.why = offer.published == P2P_NO ? "its memory is not published: only its own driver may use it"
					      : "memory in the kernel's p2pmem pool";
	if (!memory->size)
		offer = (struct p2p_offer){ .kind = P2P_OFFER_NONE, .why = "its p2pmem pool is empty" };
	return offer;
}

/* An NVMe drive without a p2pmem folder: has it no CMB, or was the CMB not taken? */
static struct p2p_offer offer_nvme(const struct p2p_judge *judge, const struct p2p_function *function)
{
	bool had = function->memory.fact.origin == P2P_ORIGIN_ASSUMED || p2p_known(function->cmb_size.fact);
	struct p2p_offer offer = { .kind = P2P_OFFER_NONE };

	if (judge->p2pdma == P2P_NO && had)
		offer.why = "a kernel without P2PDMA has no pool of peer memory";
	else if (p2p_absent(function->cmb_size.fact))
		offer.why = "no controller memory buffer (CMB)";
	else if (p2p_known(function->cmb_size.fact))
		offer.why = "it has a CMB, but the kernel did not register it (see the kernel log; from 6.14 on it "
			    "must be aligned to 2 MiB)";
	else
		offer.why = "nvme registered no controller memory buffer (CMB)";
	return offer;
}

void p2p_judge_offer(const struct p2p_judge *judge, int provider, struct p2p_offer *ret)
{
	const struct p2p_function *function = &judge->machine->functions[provider];
	struct p2p_offer offer = { 0 };

	if (p2p_known(function->memory.fact)) {
		*ret = offer_memory(&function->memory);
		return;
	}
	if (p2p_absent(function->driver.fact)) {
		*ret = (struct p2p_offer){ .kind = P2P_OFFER_NONE, .why = "no driver is bound to it" };
		return;
	}
	if (!p2p_known(function->driver.fact)) {
		*ret = (struct p2p_offer){ .why = "which driver it has is not known" };
		return;
	}
	const struct driver_row *row = driver_row(function->driver.text);
	enum p2p_answer exports = row ? since(judge, row->exports) : P2P_NO;

	if (exports == P2P_NO && row && since(judge, row->unread) != P2P_NO)
		exports = P2P_MAYBE;
	if (row && !strcmp(row->driver, "mlx5_core") && !has_rdma(function))
		row = NULL, exports = P2P_NO; /* it is mlx5_ib that does both */

	if (exports == P2P_MAYBE) {
		offer.why = UNSURE_RELEASE;
	} else if (exports == P2P_YES) {
		offer = (struct p2p_offer){ .kind = P2P_OFFER_DMABUF, .why = row->offer_why };
	} else if (row && row->client == P2P_CLIENT_ITSELF && !row->exports.major) {
		offer = (struct p2p_offer){ .kind = P2P_OFFER_ITSELF, .why = row->client_why };
	} else if (!p2p_absent(function->memory.fact)) {
		offer.why = "whether it has peer memory was not read";
	} else if (!strcmp(function->driver.text, "nvme")) {
		offer = offer_nvme(judge, function);
	} else {
		offer = (struct p2p_offer){ .kind = P2P_OFFER_NONE,
					    .why = "its driver gives no memory to peers in this release" };
	}
	*ret = offer;
}

/* "nvme0c1n1": the path of a disk whose head is a device of its own. */
static bool behind_multipath(const struct p2p_function *function)
{
	if (function->driver.fact.origin == P2P_ORIGIN_ASSUMED)
		return false;
	for (const struct p2p_child *child = function->children; child; child = child->next)
		if (child->kind == P2P_CHILD_BLOCK && !strncmp(child->name, "nvme", 4) &&
		    strchr(child->name + 4, 'c'))
			return true;
	return false;
}

static struct p2p_client client_unlisted(const struct p2p_function *function)
{
	if (has_rdma(function))
		return (struct p2p_client){ P2P_CLIENT_YES,
					    "RDMA takes peer pages through the read/write API (nvmet-rdma)" };
	return (struct p2p_client){ P2P_CLIENT_UNKNOWN, "whether its driver takes peer pages is not known here" };
}

void p2p_judge_client(const struct p2p_judge *judge, int index, struct p2p_client *ret)
{
	static const struct p2p_release heads = { 7, 2, 0, true };
	const struct p2p_function *function = &judge->machine->functions[index];

	if (p2p_absent(function->driver.fact)) {
		*ret = (struct p2p_client){ P2P_CLIENT_NO, "no driver is bound to it" };
		return;
	}
	if (!p2p_known(function->driver.fact)) {
		*ret = (struct p2p_client){ P2P_CLIENT_UNKNOWN, "which driver it has was not recorded" };
		return;
	}
	const struct driver_row *row = driver_row(function->driver.text);

	if (row && !strcmp(row->driver, "mlx5_core") && !has_rdma(function))
		row = NULL;
	if (!row) {
		*ret = client_unlisted(function);
		return;
	}
	*ret = (struct p2p_client){ row->client, row->client_why };
	if (row->client != P2P_CLIENT_YES)
		return;
	if (behind_multipath(function) && since(judge, heads) != P2P_YES)
		*ret = (struct p2p_client){
			since(judge, heads) == P2P_NO ? P2P_CLIENT_NO : P2P_CLIENT_UNKNOWN,
			"its disks are behind a multipath head, which takes no peer pages before 7.2"
		};
	else if (since(judge, row->takes) == P2P_MAYBE)
		*ret = (struct p2p_client){ P2P_CLIENT_UNKNOWN, UNSURE_RELEASE };
	else if (since(judge, row->takes) == P2P_NO)
		*ret = (struct p2p_client){ P2P_CLIENT_NO, "its driver takes no peer pages in this release" };
}
