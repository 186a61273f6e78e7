/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a bench result rests on.  A word is here because the answer to "do the
 * bytes arrive, and how fast" may be another one when it is another:
 *
 * kernel, version   the rules, and the drivers; `version` tells rebuilds apart
 * cmdline           of it what changes PCI, the IOMMU or NVMe (relevant_words)
 * bios              what sets up host bridges and ACS before the kernel does
 * iommu             whose driver maps
 * END.path          the slots on the way: another slot is another way
 * END.id .subsystem .serial .firmware .driver   another device, or another one
 *                   inside.  Only NVMe drives say their serial number in sysfs;
 *                   two boards of one model are otherwise not told apart
 * END.iommu         domain type of its group: identity maps do not translate
 * END.ats           an address that the device translated itself is not redirected
 * acs PATH          the control word of every function on the way
 * link PATH         generation and lanes of every link on the way: one that
 *                   trained lower carries less, and may be failing
 */
#include "bench-identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "../model/cmdline.h"

#define WORDS_START 64
#define ENDS P2P_BENCH_ENDS

const char *const p2p_bench_ends[] = { "provider", "src", "dst" };

struct words {
	const struct p2p_machine *machine;
	struct p2p_arena *arena;
	struct p2p_bench_word *list;
	size_t count, room;
};

static void put(struct words *words, const char *name, const char *value)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (words->count == words->room) {
		size_t room = words->room ? 2 * words->room : WORDS_START;
		struct p2p_bench_word *more = p2p_arena_array(words->arena, room, sizeof(*more));

		if (words->count)
			memcpy(more, words->list, words->count * sizeof(*more));
		words->list = more;
		words->room = room;
	}
	/* Bytes that are not UTF-8 would be others when they are read back from JSON. */
	if (value)
		p2p_text_visible(&text, value, true);
	words->list[words->count++] = (struct p2p_bench_word){
		p2p_arena_strdup(words->arena, name),
		value ? p2p_arena_strdup(words->arena, p2p_buf_text(&text)) : NULL,
	};
	p2p_buf_free(&text);
}

static bool has(const struct words *words, const char *name)
{
	for (size_t i = 0; i < words->count; i++)
		if (!strcmp(words->list[i].name, name))
			return true;
	return false;
}

static void put_word(struct words *words, const char *name, struct p2p_word word)
{
	put(words, name, p2p_known(word.fact) ? word.text : p2p_absent(word.fact) ? "" : NULL);
}

/* --------------------------------------------------------------------- host */

/*
 * KERNEL: Documentation/admin-guide/kernel-parameters.txt (7.3): pci=,
 * pcie_aspm= and its like; iommu=, iommu.passthrough=, iommu.strict=,
 * intel_iommu=, amd_iommu=; swiotlb=force bounces; nvme.use_cmb_sqs=,
 * nvme_core.* , vfio_pci.ids= and its like change who drives a device and how.
 */
static bool is_relevant(const char *name)
{
	static const char *const starts[] = { "pci",	   "iommu", "intel_iommu", "amd_iommu",
					      "swiotlb",   "nvme",  "vfio" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static void put_cmdline(struct words *words)
{
	const struct p2p_word *word = &words->machine->host.cmdline;
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_cmdline cmdline;

	if (!p2p_known(word->fact)) {
		put_word(words, "cmdline", *word);
		return;
	}
	p2p_cmdline_split(words->arena, word->text, &cmdline);
	for (size_t i = 0; i < cmdline.count; i++) {
		const struct p2p_argument *argument = &cmdline.arguments[i];

		if (is_relevant(argument->name))
			p2p_buf_printf(&text, "%s%s%s%s", text.len ? " " : "", argument->name,
				       argument->value ? "=" : "", argument->value ? argument->value : "");
	}
	put(words, "cmdline", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void put_host(struct words *words)
{
	const struct p2p_host *host = &words->machine->host;

	put_word(words, "kernel", host->kernel);
	put_word(words, "version", host->version);
	put_cmdline(words);
	put_word(words, "bios", host->dmi_bios);
	put(words, "iommu",
	    !p2p_known(host->iommu)		      ? NULL
	    : host->iommu_kind == P2P_IOMMU_NONE ? ""
						      : p2p_iommu_kind_name(host->iommu_kind));
}

/* --------------------------------------------------------------------- ends */

static void put_ids(struct words *words, const char *name, struct p2p_number vendor, struct p2p_number device)
{
	char text[16];

	snprintf(text, sizeof(text), "%04x:%04x", (unsigned)vendor.value & 0xffff, (unsigned)device.value & 0xffff);
	put(words, name,
	    p2p_absent(vendor.fact)					? ""
	    : p2p_known(vendor.fact) && p2p_known(device.fact) ? text
									: NULL);
}

/* Of a function that is no NVMe controller: there is none, and not "not known". */
static struct p2p_word nvme_word(const struct p2p_function *function, struct p2p_word word)
{
	if (word.fact.know == P2P_UNKNOWN && p2p_known(function->class.fact) && function->class.value >> 8 != 0x0108)
		word.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ);
	return word;
}

static void put_end(struct words *words, const char *end, int index)
{
	const struct p2p_function *function = &words->machine->functions[index];
	const struct {
		const char *name;
		struct p2p_word word;
	} facts[] = {
		{ "serial", nvme_word(function, function->serial) },
		{ "firmware", nvme_word(function, function->firmware) },
		{ "driver", function->driver },
		{ "iommu", function->iommu_type },
	};
	struct p2p_buf path = P2P_BUF_INIT;
	char name[64];

	snprintf(name, sizeof(name), "%s.path", end);
	put(words, name, p2p_function_path(words->machine, index, &path) ? NULL : p2p_buf_text(&path));
	p2p_buf_free(&path);
	snprintf(name, sizeof(name), "%s.id", end);
	put_ids(words, name, function->vendor, function->device);
	snprintf(name, sizeof(name), "%s.subsystem", end);
	put_ids(words, name, function->subvendor, function->subdevice);
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		snprintf(name, sizeof(name), "%s.%s", end, facts[i].name);
		put_word(words, name, facts[i].word);
	}
	snprintf(name, sizeof(name), "%s.ats", end);
	put(words, name,
	    p2p_absent(function->ats.fact)  ? ""
	    : !p2p_known(function->ats.fact) ? NULL
	    : function->ats.value >> 15 & 1 ? "on"
					    : "off");
}

/* ---------------------------------------------------------------------- way */

/* A graphics processor or an accelerator lowers the speed of its link when it is idle, and raises it for work. */
static bool changes_speed(const struct p2p_function *function)
{
	unsigned class = p2p_known(function->class.fact) ? (unsigned)(function->class.value >> 16) : 0;

	return class == 0x03 || class == 0x12;
}

static void put_hop(struct words *words, int index, bool speed)
{
	const struct p2p_function *function = &words->machine->functions[index];
	const struct p2p_link *link = &function->link;
	const struct p2p_acs *acs = &function->acs;
	struct p2p_buf path = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT], text[24];

	if (p2p_function_path(words->machine, index, &path))
		p2p_buf_puts(&path, p2p_bdf_format(function->bdf, true, address));
	const char *name = p2p_arena_printf(words->arena, "acs %s", p2p_buf_text(&path));

	if (!has(words, name)) {
		snprintf(text, sizeof(text), "%04x", acs->ctrl);
		put(words, name, p2p_absent(acs->fact) ? "" : p2p_known(acs->fact) && !acs->unsure ? text : NULL);
		if (speed)
			snprintf(text, sizeof(text), "%s GT/s x%u", p2p_link_speed(link->gen), link->lanes);
		else
			snprintf(text, sizeof(text), "x%u", link->lanes);
		put(words, p2p_arena_printf(words->arena, "link %s", p2p_buf_text(&path)),
		    p2p_absent(link->fact) ? "" : p2p_known(link->fact) ? text : NULL);
	}
	p2p_buf_free(&path);
}

static int up_of(const struct p2p_machine *machine, int index)
{
	const struct p2p_edge *up = &machine->functions[index].up;

	return p2p_known(up->fact) ? up->to : P2P_NOBODY;
}

static bool is_above(const struct p2p_machine *machine, int above, int index)
{
	while (index != P2P_NOBODY && index != above)
		index = up_of(machine, index);
	return index == above;
}

/*
 * From `from` up to where the way to `to` turns down again, that function too:
 * its ACS decides, and its link carries the bounce.  Or to the top.
 */
static void put_way(struct words *words, int from, int to)
{
	const struct p2p_machine *machine = words->machine;
	bool speed = !changes_speed(&machine->functions[from]);

	for (int at = from; at != P2P_NOBODY; at = is_above(machine, at, to) ? P2P_NOBODY : up_of(machine, at))
		put_hop(words, at, speed);
}

size_t p2p_bench_identity(const struct p2p_machine *machine, int provider, int src, int dst, struct p2p_arena *arena,
			  const struct p2p_bench_word **ret)
{
	struct words words = { .machine = machine, .arena = arena };
	const int at[ENDS] = { provider, src, dst };

	put_host(&words);
	for (size_t i = 0; i < ENDS; i++)
		if (at[i] != P2P_NOBODY)
			put_end(&words, p2p_bench_ends[i], at[i]);
	for (size_t i = 1; i < ENDS && provider != P2P_NOBODY; i++) {
		if (at[i] == P2P_NOBODY)
			continue;
		put_way(&words, provider, at[i]);
		put_way(&words, at[i], provider);
	}
	*ret = words.list;
	return words.count;
}
