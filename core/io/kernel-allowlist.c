/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KERNEL: drivers/pci/p2pdma.c:pci_p2pdma_whitelist (5.4-), an array of
 * struct pci_p2pdma_whitelist_entry { vendor, device, flags } that ends with
 * an entry of zeros.  Where it is: /proc/kallsyms.  How it is laid out: BTF
 * (8 bytes an entry in 6.18, 12 in 7.2, which has wildcards).  What is in it:
 * /proc/kcore, the kernel's memory as a core file.
 *
 * A wrong row would be a wrong answer, so whatever is odd makes all of it
 * unknown.  Above all, /proc/kcore shows zeros where it cannot read.
 */
#include "kernel-allowlist.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../model/hardware.h"
#include "btf.h"

#define KCORE "proc/kcore"
#define BTF "sys/kernel/btf/vmlinux"
#define BTF_MAX ((size_t)64 << 20) /* a distribution's is 5 to 10 MiB */
#define ENTRY_MAX 64
#define SEGMENTS_A_READ 64
#define REQ_SAME_HOST_BRIDGE 1u

enum { VENDOR, DEVICE, FLAGS, MEMBERS };

/* All `length` bytes of the file. */
static int read_exactly(const struct p2p_kernel_files *files, const char *path, uint64_t offset, void *buffer,
			size_t length)
{
	size_t got;
	int error = files->read(files->context, path, offset, buffer, length, &got);

	return error ? error : got == length ? 0 : -EINVAL;
}

/* What sandboxes show in its place is no core file, or none of a machine of this kind. */
static int core_header(const struct p2p_kernel_files *files, Elf64_Ehdr *ret)
{
	const unsigned char data = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
	int error = read_exactly(files, KCORE, 0, ret, sizeof(*ret));

	if (error)
		return error == -EINVAL || error == -ENOENT ? -ENODATA : error;
	if (memcmp(ret->e_ident, ELFMAG, SELFMAG) != 0 || ret->e_ident[EI_CLASS] != ELFCLASS64 ||
	    ret->e_ident[EI_DATA] != data || ret->e_type != ET_CORE)
		return -ENODATA;
	if (ret->e_phentsize != sizeof(Elf64_Phdr) || ret->e_phoff > INT64_MAX - UINT16_MAX * sizeof(Elf64_Phdr))
		return -EINVAL;
	return 0;
}

static bool holds(const Elf64_Phdr *segment, uint64_t address)
{
	return segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
	       address - segment->p_vaddr < segment->p_filesz;
}

/* Where in the core file the byte at `address` is, and how many follow it, itself included. */
static int core_find(const struct p2p_kernel_files *files, uint64_t address, uint64_t *ret_offset, uint64_t *ret_left)
{
	Elf64_Phdr segments[SEGMENTS_A_READ];
	Elf64_Ehdr header;
	int error = core_header(files, &header);

	for (size_t i = 0; !error && i < header.e_phnum; i++) {
		const Elf64_Phdr *segment = &segments[i % SEGMENTS_A_READ];

		if (i % SEGMENTS_A_READ == 0) {
			size_t left = header.e_phnum - i, count = left < SEGMENTS_A_READ ? left : SEGMENTS_A_READ;

			error = read_exactly(files, KCORE, header.e_phoff + i * sizeof(*segments), segments,
					     count * sizeof(*segments));
			if (error)
				return error;
		}
		if (!holds(segment, address))
			continue;
		uint64_t into = address - segment->p_vaddr;

		if (segment->p_offset > INT64_MAX || segment->p_filesz > INT64_MAX - segment->p_offset)
			return -EINVAL;
		*ret_offset = segment->p_offset + into;
		*ret_left = segment->p_filesz - into;
		return 0;
	}
	return error ? error : -EINVAL;
}

static int layout_read(const struct p2p_kernel_files *files, struct p2p_btf_layout *ret)
{
	static const char *const members[MEMBERS] = { [VENDOR] = "vendor", [DEVICE] = "device", [FLAGS] = "flags" };
	struct p2p_btf_layout layout;
	struct p2p_buf btf = P2P_BUF_INIT;
	int error = p2p_kernel_read_all(files, BTF, BTF_MAX, &btf);

	if (error == -ENOENT)
		error = -ENODATA;
	if (!error)
		error = p2p_btf_struct(btf.text, btf.len, "pci_p2pdma_whitelist_entry", members, MEMBERS, &layout);
	p2p_buf_free(&btf);
	if (error)
		return error;
	if (layout.size > ENTRY_MAX)
		return -EINVAL;
	for (size_t i = 0; i < MEMBERS; i++)
		if (layout.members[i].size != 2 && layout.members[i].size != 4)
			return -EINVAL;
	*ret = layout;
	return 0;
}

static uint32_t member_of(const unsigned char *entry, const struct p2p_btf_layout *layout, int member)
{
	const unsigned char *at = entry + layout->members[member].offset;
	uint16_t half;
	uint32_t word;

	if (layout->members[member].size == sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		return half;
	}
	memcpy(&word, at, sizeof(word));
	return word;
}

/* A row that could be in the table: 0 and ffff are nobody's numbers, and nobody knows what another flag means. */
static bool is_row(uint32_t vendor, uint32_t device, uint32_t flags)
{
	return vendor && vendor < 0xffff && device && (device < 0xffff || device == P2P_DEVICE_ANY) &&
	       !(flags & ~REQ_SAME_HOST_BRIDGE);
}

static int entry_row(const unsigned char *entry, const struct p2p_btf_layout *layout, struct p2p_running_row *ret)
{
	uint32_t vendor = member_of(entry, layout, VENDOR), device = member_of(entry, layout, DEVICE);
	uint32_t flags = member_of(entry, layout, FLAGS);

	if (layout->members[DEVICE].size == 4 && device == UINT32_MAX) /* PCI_ANY_ID */
		device = P2P_DEVICE_ANY;
	else if (device > 0xffff)
		return -EINVAL;
	if (!is_row(vendor, device, flags))
		return -EINVAL;
	*ret = (struct p2p_running_row){ (uint16_t)vendor, device, flags & REQ_SAME_HOST_BRIDGE };
	return 0;
}

/* Entry by entry, so that nothing behind the table is read. */
static int rows_read(const struct p2p_kernel_files *files, uint64_t address, const struct p2p_btf_layout *layout,
		     struct p2p_running_row *rows, size_t *ret_count)
{
	static const unsigned char zeros[ENTRY_MAX];
	unsigned char entry[ENTRY_MAX];
	uint64_t offset, left;
	int error = core_find(files, address, &offset, &left);

	for (size_t i = 0; !error && i <= P2P_RUNNING_MAX && left >= layout->size; i++) {
		error = read_exactly(files, KCORE, offset, entry, layout->size);
		if (error)
			break;
		if (memcmp(entry, zeros, layout->size) == 0) {
			*ret_count = i;
			return i ? 0 : -EINVAL;
		}
		error = i < P2P_RUNNING_MAX ? entry_row(entry, layout, &rows[i]) : -EINVAL;
		offset += layout->size;
		left -= layout->size;
	}
	return error ? error : -EINVAL;
}

/*
 * The cheap question first, so that who may not look does not pay for the list
 * of names; but not when that list is half read, because another file would
 * lose the place in it.
 */
static int address_find(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols, uint64_t *ret)
{
	Elf64_Ehdr header;
	bool hidden = symbols->seen[P2P_SYMBOL_P2PDMA] && !symbols->address[P2P_SYMBOL_P2PDMA];
	int error = symbols->offset ? 0 : core_header(files, &header);

	if (!error && hidden)
		error = -EACCES;
	if (!error)
		error = p2p_kernel_symbol_find(files, symbols, P2P_SYMBOL_ALLOWLIST);
	if (error)
		return error;
	if (!symbols->address[P2P_SYMBOL_ALLOWLIST])
		return -EACCES;
	*ret = symbols->address[P2P_SYMBOL_ALLOWLIST];
	return 0;
}

static void rows_format(const struct p2p_running_row *rows, size_t count, struct p2p_buf *ret)
{
	p2p_buf_reset(ret);
	for (size_t i = 0; i < count; i++) {
		p2p_buf_printf(ret, "%04x:", rows[i].vendor);
		if (rows[i].device == P2P_DEVICE_ANY)
			p2p_buf_puts(ret, "any");
		else
			p2p_buf_printf(ret, "%04x", (unsigned)rows[i].device);
		p2p_buf_printf(ret, " %x\n", rows[i].same_host_bridge ? REQ_SAME_HOST_BRIDGE : 0);
	}
	p2p_buf_printf(ret, "end %zu\n", count);
}

int p2p_kernel_allowlist(const struct p2p_kernel_files *files, struct p2p_kernel_symbols *symbols,
			 struct p2p_buf *ret)
{
	struct p2p_running_row rows[P2P_RUNNING_MAX];
	struct p2p_btf_layout layout;
	uint64_t address;
	size_t count;

	if (!p2p_btf_supported())
		return -ENODATA;
	int error = address_find(files, symbols, &address);

	if (!error)
		error = layout_read(files, &layout);
	if (!error)
		error = rows_read(files, address, &layout, rows, &count);
	if (error)
		return error;
	rows_format(rows, count, ret);
	return 0;
}

/* The bytes of the row at the start of `text`; 0: it is none. */
static size_t row_parse(const char *text, struct p2p_running_row *ret)
{
	unsigned vendor, device = P2P_DEVICE_ANY, flags;
	int len = 0;

	if (sscanf(text, "%4x:any %1x\n%n", &vendor, &flags, &len) != 2 &&
	    sscanf(text, "%4x:%4x %1x\n%n", &vendor, &device, &flags, &len) != 3)
		return 0;
	if (!len || !is_row(vendor, device, flags))
		return 0;
	*ret = (struct p2p_running_row){ (uint16_t)vendor, device, flags & REQ_SAME_HOST_BRIDGE };
	return (size_t)len;
}

/* Read leniently, written again and compared: what is not written like that is not read. */
int p2p_kernel_allowlist_parse(const char *text, struct p2p_running_row *ret, size_t *ret_count)
{
	struct p2p_running_row rows[P2P_RUNNING_MAX];
	struct p2p_buf again = P2P_BUF_INIT;
	const char *at = text;
	size_t count = 0, len;

	while (count < P2P_RUNNING_MAX && (len = row_parse(at, &rows[count]))) {
		at += len;
		count++;
	}
	rows_format(rows, count, &again);
	bool same = strcmp(again.text, text) == 0;

	p2p_buf_free(&again);
	if (!same || !count)
		return -EINVAL;
	memcpy(ret, rows, count * sizeof(*rows));
	*ret_count = count;
	return 0;
}
