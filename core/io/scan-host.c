/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host: kernel, processor, IOMMU, command line, firmware.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "kernel-allowlist.h"
#include "scan-internal.h"

/* The first block of /proc/cpuinfo is logical CPU 0; the rest can be megabytes. */
#define CPU_BLOCK_MAX 16384
#define CPU_CHUNK 1024

static int cpu_block_read(struct p2p_scan *scan, struct p2p_buf *block)
{
	char chunk[CPU_CHUNK];
	size_t got = 0;

	p2p_buf_reset(block);
	do {
		int error = p2p_source_read(scan->source, "proc/cpuinfo", block->len, chunk, sizeof(chunk), &got);

		if (error)
			return error;
		p2p_buf_add(block, chunk, got);
	} while (got && block->len < CPU_BLOCK_MAX && !strstr(p2p_buf_text(block), "\n\n"));
	char *end = block->len ? strstr(block->text, "\n\n") : NULL;

	if (end)
		end[1] = '\0';
	return 0;
}

/* The value of `name<tabs>: value` in a block of lines; NULL: no such line. */
static const char *cpu_value(struct p2p_arena *arena, const char *block, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = block; *line;) {
		size_t end = strcspn(line, "\n");

		if (!strncmp(line, name, len)) {
			const char *at = line + len + strspn(line + len, " \t");

			if (*at == ':' && at < line + end) {
				at++;
				at += strspn(at, " \t");
				return p2p_arena_strndup(arena, at, (size_t)(line + end - at));
			}
		}
		line += end + (line[end] != '\0');
	}
	return NULL;
}

static bool has_flag(const char *flags, const char *flag)
{
	size_t len = strlen(flag);

	for (const char *at = strstr(flags, flag); at; at = strstr(at + len, flag))
		if ((at == flags || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static struct p2p_word word_or_absent(const char *text)
{
	struct p2p_word word = { p2p_fact_of(text ? 0 : -ENOENT, P2P_ORIGIN_READ), text };

	return word;
}

/* KERNEL: drivers/pci/p2pdma.c:cpu_supports_p2pdma looks at cpu_data(0): vendor and family. */
static void processor_read(struct p2p_scan *scan)
{
	struct p2p_host *host = &scan->machine->host;
	struct p2p_arena *arena = scan->machine->arena;
	struct p2p_buf block = P2P_BUF_INIT;
	int error = cpu_block_read(scan, &block);

	/* A copy made by a tool that trusts file sizes has an empty one: it says nothing of the processor. */
	if (!error && !strstr(p2p_buf_text(&block), "processor"))
		error = -ENODATA;
	if (error) {
		struct p2p_fact fact = p2p_fact_of(error == -ENOENT ? -ENODATA : error, P2P_ORIGIN_READ);

		host->cpu_vendor.fact = host->cpu_family.fact = host->cpu_model.fact = fact;
		host->hypervisor.fact = fact;
		p2p_buf_free(&block);
		return;
	}
	const char *family = cpu_value(arena, p2p_buf_text(&block), "cpu family");
	const char *flags = cpu_value(arena, p2p_buf_text(&block), "flags");

	host->cpu_vendor = word_or_absent(cpu_value(arena, p2p_buf_text(&block), "vendor_id"));
	host->cpu_model = word_or_absent(cpu_value(arena, p2p_buf_text(&block), "model name"));
	error = family ? p2p_text_number(family, 10, UINT32_MAX, &host->cpu_family.value) : -ENOENT;
	host->cpu_family.fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	host->hypervisor.fact = p2p_fact_of(flags ? 0 : -ENODATA, P2P_ORIGIN_READ);
	host->hypervisor.value = flags && has_flag(flags, "hypervisor");
	p2p_buf_free(&block);
}

/* "y symbol": the answer and where it came from (kernel.c). */
static void p2pdma_read(struct p2p_scan *scan)
{
	struct p2p_host *host = &scan->machine->host;
	struct p2p_word word = p2p_scan_word(scan, "kernel/p2pdma");

	host->p2pdma.fact = word.fact;
	host->p2pdma_from.fact = word.fact;
	if (!p2p_known(word.fact))
		return;
	if ((word.text[0] != 'y' && word.text[0] != 'n') || word.text[1] != ' ') {
		host->p2pdma.fact = host->p2pdma_from.fact = p2p_fact_of(-EINVAL, P2P_ORIGIN_READ);
		return;
	}
	host->p2pdma.value = word.text[0] == 'y';
	host->p2pdma_from.text = word.text + 2;
}

/* In one read: a live source makes the text anew for each. */
static int running_rows(struct p2p_scan *scan, struct p2p_running_row *rows, size_t *ret_count)
{
	char text[P2P_RUNNING_TEXT_MAX + 1];
	size_t len;
	int error = p2p_source_read(scan->source, "kernel/allowlist", 0, text, sizeof(text), &len);

	if (error)
		return error;
	if (len == sizeof(text) || memchr(text, '\0', len))
		return -EINVAL;
	text[len] = '\0';
	return p2p_kernel_allowlist_parse(text, rows, ret_count);
}

/* Right after p2pdma_read: both need the list of the kernel's names, and the second goes on where the first stopped. */
static void running_read(struct p2p_scan *scan)
{
	struct p2p_host *host = &scan->machine->host;
	struct p2p_running_row rows[P2P_RUNNING_MAX];
	int error = -ENODATA;

	if (!(scan->options->want & P2P_WANT_RUNNING))
		return;
	/* Without P2PDMA there is no table. */
	if (!p2p_known(host->p2pdma.fact) || host->p2pdma.value)
		error = running_rows(scan, rows, &host->running_count);
	host->running = p2p_fact_of(error == -ENOENT ? -ENODATA : error, P2P_ORIGIN_READ);
	if (error)
		return;
	struct p2p_running_row *own = p2p_arena_array(scan->machine->arena, host->running_count, sizeof(*own));

	memcpy(own, rows, host->running_count * sizeof(*own));
	host->running_rows = own;
}

static enum p2p_iommu_kind iommu_kind_of(const struct p2p_names *names)
{
	static const struct { const char *prefix; enum p2p_iommu_kind kind; } kinds[] = {
		{ "dmar", P2P_IOMMU_INTEL }, { "ivhd", P2P_IOMMU_AMD }, { "smmu", P2P_IOMMU_ARM },
	};
	const char *name = p2p_names_next(names, NULL);

	if (!name)
		return P2P_IOMMU_NONE;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)))
			return kinds[i].kind;
	return P2P_IOMMU_OTHER;
}

/* More groups than that are not looked through for one word of the host's. */
#define MODE_GROUPS_MOST 512

/* How domains translate: the type that all groups have, or "mixed"; one that cannot be read leaves it open. */
static struct p2p_word mode_of(struct p2p_scan *scan, const struct p2p_names *groups)
{
	struct p2p_word mode = { 0 };

	for (const char *name = groups->count <= MODE_GROUPS_MOST ? p2p_names_next(groups, NULL) : NULL; name;
	     name = p2p_names_next(groups, name)) {
		p2p_buf_reset(&scan->key);
		p2p_buf_printf(&scan->key, "sys/kernel/iommu_groups/%s/type", name);
		struct p2p_word type = p2p_scan_word(scan, p2p_buf_text(&scan->key));

		if (!p2p_known(type.fact))
			return type;
		if (p2p_known(mode.fact) && strcmp(mode.text, type.text) != 0)
			type.text = "mixed";
		mode = type;
		if (!strcmp(mode.text, "mixed"))
			break;
	}
	return mode;
}

static void iommu_read(struct p2p_scan *scan)
{
	struct p2p_host *host = &scan->machine->host;
	struct p2p_names names = P2P_NAMES_INIT;
	int error = p2p_source_list(scan->source, "sys/class/iommu", &names);

	host->iommu = p2p_fact_of(error == -ENOENT ? 0 : error, P2P_ORIGIN_READ);
	if (!error || error == -ENOENT)
		host->iommu_kind = iommu_kind_of(&names);
	p2p_names_reset(&names);
	error = p2p_source_list(scan->source, "sys/kernel/iommu_groups", &names);
	host->iommu_groups.fact = p2p_fact_of(error == -ENOENT ? 0 : error, P2P_ORIGIN_READ);
	host->iommu_groups.value = error ? 0 : names.count;
	if (p2p_known(host->iommu_groups.fact) && host->iommu_groups.value && host->iommu_kind == P2P_IOMMU_NONE)
		host->iommu_kind = P2P_IOMMU_OTHER;
	if (!error && names.count)
		host->iommu_mode = mode_of(scan, &names);
	else
		host->iommu_mode.fact = p2p_fact_of(error ? error : -ENOENT, P2P_ORIGIN_READ);
	p2p_names_free(&names);
}

/* "0", "0-3", "0,2-3": how many nodes are online. */
static void nodes_read(struct p2p_scan *scan)
{
	struct p2p_host *host = &scan->machine->host;
	struct p2p_word online = p2p_scan_word(scan, "sys/devices/system/node/online");
	uint64_t count = 0;

	host->numa_nodes.fact = online.fact;
	for (const char *at = online.text; at && *at;) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (end == at)
			break;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last >= first)
			count += last - first + 1;
		at = *end == ',' ? end + 1 : end;
	}
	host->numa_nodes.value = count;
}

void p2p_scan_host(struct p2p_scan *scan)
{
	struct p2p_host *host = &scan->machine->host;

	host->kernel = p2p_scan_word(scan, "proc/sys/kernel/osrelease");
	host->version = p2p_scan_word(scan, "proc/version");
	host->signature = p2p_scan_word(scan, "proc/version_signature");
	p2pdma_read(scan);
	running_read(scan);
	processor_read(scan);
	iommu_read(scan);
	nodes_read(scan);
	host->cmdline = p2p_scan_word(scan, "proc/cmdline");
	if (!(scan->options->want & (P2P_WANT_DETAIL | P2P_WANT_POLICY)))
		return;
	host->dmi_vendor = p2p_scan_word(scan, "sys/class/dmi/id/sys_vendor");
	host->dmi_product = p2p_scan_word(scan, "sys/class/dmi/id/product_name");
	host->dmi_board = p2p_scan_word(scan, "sys/class/dmi/id/board_name");
	host->dmi_bios = p2p_scan_word(scan, "sys/class/dmi/id/bios_version");
}
