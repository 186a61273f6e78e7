/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions cited were read in 6.12.117, several of them in 6.1.192 and
 * 5.10.262 too.  What ACS arguments do by release is in core/model/acs-args.c.  pcie_acs_override= is in no tree of
 * kernel.org; its patches give functions without an ACS capability another
 * answer in pci_dev_specific_acs_enabled(), and write no register.
 */
#include "folklore.h"

#include <string.h>

#include "../model/acs-args.h"
#include "../model/acs-request.h"
#include "../model/acs.h"
#include "../model/cmdline.h"
#include "judge-internal.h"

/* What the rows look at. */
struct seen {
	const struct p2p_judge *judge;
	const struct p2p_machine *machine;
	const struct p2p_verdict *verdict; /* NULL: the whole machine */
	struct p2p_arena *arena;
	bool has_cmdline, x86;
	struct p2p_cmdline cmdline;
	enum p2p_acs_args args; /* NONE: not known which, as of a vendor's kernel */
};

/* The words, or NULL where it does not apply. */
typedef const char *folklore_row(const struct seen *seen);

/* ------------------------------------------------------------- functions */

/* Is that function on the way that the kernel tests? */
static bool is_tested(const struct seen *seen, int index)
{
	const struct p2p_verdict *verdict = seen->verdict;
	const int starts[] = { verdict->provider, verdict->client };

	if (verdict->common == P2P_NOBODY)
		return false;
	for (int side = 0; side < 2; side++)
		for (int at = starts[side]; at != P2P_NOBODY; at = p2p_up(seen->judge, at)) {
			if (at == index)
				return true;
			if (at == verdict->common)
				break;
		}
	return false;
}

/* Bits of a word that is known in full, on a function that does not redirect. */
static uint16_t harmless_bits(const struct p2p_function *function)
{
	if (!p2p_known(function->acs.fact) || function->acs.unsure || p2p_function_redirects(function) != P2P_NO)
		return 0;
	return function->acs.ctrl & 0x7f & (uint16_t)~P2P_ACS_REDIRECT;
}

static const char *harmless(const struct seen *seen)
{
	const struct p2p_machine *machine = seen->machine;
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];
	uint16_t bits = 0;
	size_t count = 0;
	int first = P2P_NOBODY;

	for (size_t i = 0; i < machine->function_count; i++) {
		uint16_t here = harmless_bits(&machine->functions[i]);

		if (!here || (seen->verdict && !is_tested(seen, (int)i)))
			continue;
		first = first == P2P_NOBODY ? (int)i : first;
		bits |= here;
		count++;
	}
	if (!count)
		return NULL;
	p2p_acs_format(&text, bits, bits);
	p2p_bdf_format(machine->functions[first].bdf, !machine->one_domain, address);
	const char *ret = p2p_arena_printf(
		seen->arena,
		"%s of %s%s%s no harm: only ReqRedir, CmpltRedir and EgressCtrl redirect, and these are off there",
		p2p_buf_text(&text), address,
		count > 2    ? " and others"
		: count == 2 ? " and another"
			     : "",
		count > 1 || (bits & (bits - 1)) ? " do" : " does");

	p2p_buf_free(&text);
	return ret;
}

static const char *all_cleared(const struct seen *seen)
{
	const struct p2p_host *host = &seen->machine->host;
	size_t count = 0;

	if (!p2p_known(host->iommu) || (host->iommu_kind != P2P_IOMMU_INTEL && host->iommu_kind != P2P_IOMMU_AMD) ||
	    !seen->has_cmdline || p2p_acs_args_given(seen->arena, host->cmdline.text))
		return NULL;
	for (size_t i = 0; i < seen->machine->function_count; i++) {
		const struct p2p_acs *acs = &seen->machine->functions[i].acs;

		if (p2p_absent(acs->fact) || (p2p_known(acs->fact) && !(acs->cap & 0x1d)))
			continue;
		if (!p2p_known(acs->fact) || acs->unsure || acs->ctrl & 0x7f)
			return NULL;
		count++;
	}
	if (count < 2)
		return NULL;
	return "every ACS word is zero, though with this IOMMU the kernel sets SrcValid, ReqRedir, CmpltRedir and "
	       "UpstreamFwd: something cleared them all. Only hops on the way of a pair matter, `why` names them; "
	       "everywhere else isolation was given away for nothing, and the IOMMU groups, made before, still claim "
	       "it";
}

static bool something_redirects(const struct seen *seen)
{
	if (seen->verdict)
		return seen->verdict->redirects;
	for (size_t i = 0; i < seen->machine->function_count; i++)
		if (p2p_function_redirects(&seen->machine->functions[i]) == P2P_YES)
			return true;
	return false;
}

/* ---------------------------------------------------------- command line */

static bool says_word(const struct seen *seen, const char *name, const char *word)
{
	const struct p2p_argument *argument;
	size_t at = 0, len = strlen(word);

	while ((argument = p2p_cmdline_next(&seen->cmdline, name, &at)))
		for (const char *value = argument->value ? argument->value : ""; *value;) {
			size_t end = strcspn(value, ",");

			if (end == len && !strncmp(value, word, len))
				return true;
			value += end + (value[end] == ',');
		}
	return false;
}

static const char *noacs(const struct seen *seen)
{
	return p2p_cmdline_pci(&seen->cmdline, "noacs")
		       ? "pci=noacs does not exist: the kernel says \"Unknown option\" and goes on. What there is: "
			 "pci=config_acs= (from 6.11) and pci=disable_acs_redir="
		       : NULL;
}

static const char * override(const struct seen *seen)
{
	size_t at = 0;

	return p2p_cmdline_next(&seen->cmdline, "pcie_acs_override", &at)
		       ? "pcie_acs_override= is a patch that kernel.org never had. Where a kernel carries it, it makes "
			 "IOMMU groups smaller by pretending that functions without ACS had it; no register changes, "
			 "and no answer here does"
		       : NULL;
}

static bool is_cpu(const struct seen *seen, const char *vendor)
{
	return seen->x86 && !strcmp(seen->machine->host.cpu_vendor.text, vendor);
}

static const char *amd_iommu_off(const struct seen *seen)
{
	if (p2p_acs_request_amd_off(seen->judge->candidates.release) != P2P_YES)
		return NULL;
	if (p2p_cmdline_iommu_off(&seen->cmdline))
		return "iommu=off need not help: on AMD the kernel requests ACS all the same where it remaps "
		       "interrupts, "
		       "and P2PDMA does not ask whether there is an IOMMU. The isolation of all devices is gone for "
		       "it. "
		       "Clearing redirect on the hops that `why` names helps";
	return p2p_cmdline_amd_iommu(&seen->cmdline) == P2P_SAID_OFF
		       ? "amd_iommu=off does not help: where there is an AMD IOMMU the kernel requests ACS before it "
			 "looks at the option, and P2PDMA does not ask whether there is an IOMMU. The isolation of all "
			 "devices is gone for nothing. Clearing redirect on the hops that `why` names helps"
		       : NULL;
}

static const char *iommu_off(const struct seen *seen)
{
	/* 5.2 and 5.3 do ask. */
	if (!seen->x86 || seen->judge->candidates.list[0].set->set < P2P_RULESET_R2)
		return NULL;
	if (is_cpu(seen, "AuthenticAMD") || is_cpu(seen, "HygonGenuine"))
		return amd_iommu_off(seen);
	return p2p_cmdline_intel_iommu(&seen->cmdline) == P2P_SAID_OFF
		       ? "P2PDMA does not ask whether there is an IOMMU: off at most keeps the kernel from setting ACS "
			 "redirect, which tboot, or firmware that asks for DMA protection, may have it set all the "
			 "same. The isolation of all devices goes with it. Clearing redirect on the hops that `why` "
			 "names does the same for these alone"
		       : NULL;
}

static const char *iommu_pt(const struct seen *seen)
{
	if (!seen->x86 || !something_redirects(seen) || !says_word(seen, "iommu", "pt"))
		return NULL;
	return "iommu=pt does not help here: the kernel sets ACS redirect with it just the same, and the answer is the "
	       "same";
}

static const char *amd_iommu_on(const struct seen *seen)
{
	return seen->x86 && says_word(seen, "amd_iommu", "on")
		       ? "amd_iommu=on does not exist: the kernel goes on without it; 6.1 says \"Unknown option\", "
			 "5.10 nothing. An AMD IOMMU is on unless it is switched off"
		       : NULL;
}

static const char *iommu_on(const struct seen *seen)
{
	return seen->x86 && says_word(seen, "iommu", "on")
		       ? "iommu=on means nothing on x86: the word is passed over in silence. intel_iommu=on exists"
		       : NULL;
}

static const char *disable_redir(const struct seen *seen)
{
	if (!p2p_cmdline_pci(&seen->cmdline, "disable_acs_redir="))
		return NULL;
	if (seen->args == P2P_ACS_ARGS_BROKEN)
		return "pci=disable_acs_redir= does not clear redirect in this release: it puts back the firmware's "
		       "bits "
		       "and sets all others, TransBlk and DirectTrans too. 6.12.23, 6.13.11 and 6.15 mended it";
	/* With config_acs= beside it, it is there for older kernels. */
	if (seen->args == P2P_ACS_ARGS_CONFIG_ACS && !p2p_cmdline_pci(&seen->cmdline, "config_acs="))
		return "pci=disable_acs_redir= clears more than redirect in this release: SrcValid and UpstreamFwd, "
		       "which the kernel sets with an IOMMU, fall back to what the firmware left. pci=config_acs= "
		       "keeps the bits that it spells out";
	return NULL;
}

static const char *config_acs(const struct seen *seen)
{
	if (!p2p_cmdline_pci(&seen->cmdline, "config_acs="))
		return NULL;
	if (seen->args == P2P_ACS_ARGS_DISABLE_REDIR && !p2p_cmdline_pci(&seen->cmdline, "disable_acs_redir="))
		return "pci=config_acs= came with 6.11: this kernel says \"Unknown option\" and goes on. It has "
		       "pci=disable_acs_redir=";
	if (seen->args == P2P_ACS_ARGS_BROKEN)
		return "pci=config_acs= does not do what it says in this release: a 0 leaves the firmware's bit, and "
		       "only "
		       "the first entry counts. 6.12.23, 6.13.11 and 6.15 mended it";
	return NULL;
}

static const char *cmb_queues(const struct seen *seen)
{
	size_t at = 0;

	if (p2p_cmdline_next(&seen->cmdline, "nvme.use_cmb_sqs", &at))
		return "nvme.use_cmb_sqs does not exist; nvme.use_cmb_sqes does, and only says whether queues are put "
		       "into the controller memory buffer. Peers can use the buffer either way";
	at = 0;
	return p2p_cmdline_next(&seen->cmdline, "nvme.use_cmb_sqes", &at)
		       ? "nvme.use_cmb_sqes only says whether queues are put into the controller memory buffer. "
			 "Peers can use the buffer either way"
		       : NULL;
}

static const char *bus_peer2peer(const struct seen *seen)
{
	return p2p_cmdline_pci(&seen->cmdline, "pcie_bus_peer2peer")
		       ? "pci=pcie_bus_peer2peer allows nothing: it makes every payload 128 bytes, which costs "
			 "bandwidth, and P2PDMA never looks at it"
		       : NULL;
}

static const struct {
	const char *id;
	bool cmdline; /* looks at the command line */
	folklore_row *find;
	const char *cite;
} rows[] = {
	{ "harmless-bits", false, harmless, "drivers/pci/p2pdma.c:pci_bridge_has_acs_redir" },
	{ "all-cleared", true, all_cleared,
	  "drivers/pci/pci.c:pci_std_enable_acs, drivers/iommu/iommu.c:pci_device_group" },
	{ "pci-noacs", true, noacs, "drivers/pci/pci.c:pci_setup, arch/x86/pci/common.c:pcibios_setup" },
	{ "pcie-acs-override", true, override, "drivers/pci/quirks.c:pci_dev_specific_acs_enabled" },
	{ "iommu-off", true, iommu_off,
	  "drivers/iommu/intel/dmar.c:detect_intel_iommu, drivers/iommu/amd/init.c:state_next, "
	  "drivers/iommu/irq_remapping.c:irq_remapping_prepare" },
	{ "iommu-pt", true, iommu_pt,
	  "arch/x86/kernel/pci-dma.c:iommu_setup, drivers/iommu/intel/dmar.c:detect_intel_iommu" },
	{ "amd-iommu-on", true, amd_iommu_on, "drivers/iommu/amd/init.c:parse_amd_iommu_options" },
	{ "iommu-on", true, iommu_on, "arch/x86/kernel/pci-dma.c:iommu_setup" },
	{ "disable-acs-redir", true, disable_redir, "drivers/pci/pci.c:__pci_config_acs" },
	{ "config-acs", true, config_acs, "drivers/pci/pci.c:pci_setup, __pci_config_acs" },
	{ "use-cmb-sqes", true, cmb_queues, "drivers/nvme/host/pci.c:nvme_map_cmb" },
	{ "pcie-bus-peer2peer", true, bus_peer2peer, "drivers/pci/probe.c:pcie_bus_configure_settings" },
};

_Static_assert(sizeof(rows) / sizeof(*rows) <= P2P_FOLKLORE_MAX, "P2P_FOLKLORE_MAX");

static enum p2p_acs_args args_of(const struct p2p_judge *judge)
{
	const struct p2p_candidates *candidates = &judge->candidates;
	enum p2p_acs_args args = p2p_acs_args_of(candidates->release);

	if (candidates->kind != P2P_KERNEL_KNOWN || args == P2P_ACS_ARGS_UNSURE)
		return P2P_ACS_ARGS_NONE;
	return args;
}

size_t p2p_folklore_find(const struct p2p_judge *judge, const struct p2p_verdict *verdict, struct p2p_arena *arena,
			 struct p2p_folklore ret[P2P_FOLKLORE_MAX])
{
	const struct p2p_host *host = &judge->machine->host;
	struct seen seen = { judge, judge->machine, verdict, arena, .has_cmdline = p2p_known(host->cmdline.fact),
			     .x86 = p2p_known(host->cpu_vendor.fact), .args = args_of(judge) };
	size_t count = 0;

	if (seen.has_cmdline)
		p2p_cmdline_split(arena, host->cmdline.text, &seen.cmdline);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *says = rows[i].cmdline && !seen.has_cmdline ? NULL : rows[i].find(&seen);

		if (says)
			ret[count++] = (struct p2p_folklore){ rows[i].id, says, rows[i].cite };
	}
	return count;
}
