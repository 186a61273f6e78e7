/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running kernel's own allowlist: out of a made-up /proc/kallsyms, /proc/kcore and BTF, and out of a snapshot. */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/arena.h"
#include "../../core/io/btf.h"
#include "../../core/io/kernel-allowlist.h"
#include "../../core/io/scan.h"
#include "../../core/model/hardware.h"
#include "check.h"

#define TABLE 0xffffffffb0b0c740u /* where the table is */
#define TEXT_START 0xffffffffaf600000u
#define CORE_START ((uint64_t)0xffffffaf604000) /* of the segment with the table, in the core file */

/* ------------------------------------------------------------------ a machine's files */

struct machine {
	struct p2p_buf names; /* /proc/kallsyms */
	struct p2p_buf head;  /* /proc/kcore up to the end of its program headers */
	struct p2p_buf table; /* what is in memory at TABLE */
	struct p2p_buf btf;
	int core_error, btf_error, names_error;
	uint64_t names_read, core_end; /* bytes of kallsyms that were read; the end of the last read of the table */
	unsigned core_reads;
};

static int cut(const struct p2p_buf *from, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	size_t left = offset < from->len ? from->len - (size_t)offset : 0;

	*ret = left < length ? left : length;
	if (*ret)
		memcpy(buffer, from->text + offset, *ret);
	return 0;
}

static int machine_read(void *context, const char *path, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	struct machine *machine = context;

	if (strcmp(path, "proc/kallsyms") == 0) {
		if (machine->names_error)
			return machine->names_error;
		cut(&machine->names, offset, buffer, length, ret);
		machine->names_read += *ret;
		return 0;
	}
	if (strcmp(path, "sys/kernel/btf/vmlinux") == 0)
		return machine->btf_error ? machine->btf_error : cut(&machine->btf, offset, buffer, length, ret);
	if (strcmp(path, "proc/kcore") != 0)
		return -ENOENT;
	machine->core_reads++;
	if (machine->core_error)
		return machine->core_error;
	uint64_t table = CORE_START + (TABLE - TEXT_START);

	if (offset < table)
		return cut(&machine->head, offset, buffer, length, ret);
	cut(&machine->table, offset - table, buffer, length, ret);
	machine->core_end = offset - table + *ret;
	return 0;
}

static void put(struct p2p_buf *buf, uint64_t value, size_t size)
{
	uint16_t half = (uint16_t)value;
	uint32_t word = (uint32_t)value;

	p2p_buf_add(buf, size == 2 ? (void *)&half : (void *)&word, size);
}

static void put_segment(struct p2p_buf *buf, uint32_t type, uint64_t address, uint64_t offset, uint64_t size)
{
	Elf64_Phdr segment = { .p_type = type, .p_vaddr = address, .p_offset = offset, .p_filesz = size };

	p2p_buf_add(buf, &segment, sizeof(segment));
}

/* `before` segments of something else come first. */
static void put_core(struct p2p_buf *buf, unsigned before, uint64_t table_size)
{
	const uint16_t one = 1;
	const unsigned char data = *(const unsigned char *)&one ? ELFDATA2LSB : ELFDATA2MSB;
	Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, data, EV_CURRENT },
			      .e_type = ET_CORE, .e_phoff = sizeof(header), .e_phentsize = sizeof(Elf64_Phdr),
			      .e_phnum = (Elf64_Half)(before + 2) };

	p2p_buf_reset(buf);
	p2p_buf_add(buf, &header, sizeof(header));
	put_segment(buf, PT_NOTE, 0, 0, UINT64_MAX);
	for (unsigned i = 0; i < before; i++)
		put_segment(buf, PT_LOAD, 0xff70606900000000 + i * 0x1000, 0x1000 * (i + 1), 0x1000);
	put_segment(buf, PT_LOAD, TEXT_START, CORE_START, TABLE - TEXT_START + table_size);
}

/* ------------------------------------------------------------------ BTF, as in <linux/btf.h> */

enum { KIND_INT = 1, KIND_STRUCT = 4, KIND_ENUM = 6, KIND_TYPEDEF = 8 };

struct shape {
	const char *name, *vendor;
	uint32_t size, device_bit, device_type, flags_bit, flags_type;
	uint32_t bitfield; /* 1: members have sizes */
};

static const struct shape since_7_1 = { "pci_p2pdma_whitelist_entry", "vendor", 12, 32, 2, 64, 3, 0 };
static const struct shape before_7_1 = { "pci_p2pdma_whitelist_entry", "vendor", 8, 16, 4, 32, 3, 0 };

static uint32_t put_name(struct p2p_buf *names, const char *name)
{
	uint32_t at = (uint32_t)names->len;

	p2p_buf_add(names, name, strlen(name) + 1);
	return at;
}

static void put_type(struct p2p_buf *types, uint32_t name, uint32_t kind, uint32_t count, uint32_t size)
{
	put(types, name, 4);
	put(types, kind << 24 | count, 4);
	put(types, size, 4);
}

static void put_member(struct p2p_buf *types, uint32_t name, uint32_t type, uint32_t bit)
{
	put(types, name, 4);
	put(types, type, 4);
	put(types, bit, 4);
}

/* Types: 1 u16, 2 int, 3 an enum, 4 a typedef of u16, 5 u64, 6 and on: the structures. */
static void put_btf(struct p2p_buf *buf, const struct shape *shapes, size_t count)
{
	struct p2p_buf types = P2P_BUF_INIT, names = P2P_BUF_INIT;

	put_name(&names, "");
	put_type(&types, put_name(&names, "short unsigned int"), KIND_INT, 0, 2);
	put(&types, 16, 4);
	put_type(&types, put_name(&names, "int"), KIND_INT, 0, 4);
	put(&types, 1 << 24 | 32, 4);
	put_type(&types, 0, KIND_ENUM, 1, 4);
	put(&types, put_name(&names, "REQ_SAME_HOST_BRIDGE"), 4);
	put(&types, 1, 4);
	put_type(&types, put_name(&names, "u16"), KIND_TYPEDEF, 0, 1);
	put_type(&types, put_name(&names, "long long unsigned int"), KIND_INT, 0, 8);
	put(&types, 64, 4);
	for (size_t i = 0; i < count; i++) {
		const struct shape *shape = &shapes[i];
		uint32_t sized = shape->bitfield ? 9u << 24 : 0;

		put_type(&types, put_name(&names, shape->name), KIND_STRUCT | shape->bitfield << 7, 3, shape->size);
		put_member(&types, put_name(&names, shape->vendor), 1, 0);
		put_member(&types, put_name(&names, "device"), shape->device_type, sized | shape->device_bit);
		put_member(&types, put_name(&names, "flags"), shape->flags_type, shape->flags_bit);
	}
	p2p_buf_reset(buf);
	put(buf, 0xeb9f, 2);
	put(buf, 1, 2); /* version 1, no flags: as one number only right on little-endian machines */
	put(buf, 24, 4);
	put(buf, 0, 4);
	put(buf, types.len, 4);
	put(buf, types.len, 4);
	put(buf, names.len, 4);
	p2p_buf_add(buf, types.text, types.len);
	p2p_buf_add(buf, names.text, names.len);
	p2p_buf_free(&types);
	p2p_buf_free(&names);
}

/* ------------------------------------------------------------------ a table */

static void put_row(struct machine *machine, const struct shape *shape, uint32_t vendor, uint32_t device,
		    uint32_t flags)
{
	struct p2p_buf *table = &machine->table;

	put(table, vendor, 2);
	if (shape->device_bit == 32)
		put(table, 0, 2);
	put(table, device, shape->device_type == 4 ? 2 : 4);
	put(table, flags, 4);
}

#define SYMS_TEXT                                                                             \
	"ffffffffaf600000 T _text\nffffffffb0252c20 T __pfx_pci_enable_device\n"              \
	"ffffffffb0252c30 T pci_enable_device\nffffffffb028d500 T pci_p2pdma_distance_many\n"
#define SYMS_TABLE "ffffffffb0b0c740 d pci_p2pdma_whitelist\n"
#define SYMS_END "ffffffffb11cdc2c r __ksymtab_pci_enable_device\nffffffffc0000000 t pci_p2pdma_whitelist\t[mod]\n"

static void names_set(struct machine *machine, const char *first, size_t fill, const char *last)
{
	p2p_buf_reset(&machine->names);
	p2p_buf_puts(&machine->names, first);
	for (size_t start = machine->names.len; machine->names.len < start + fill;)
		p2p_buf_puts(&machine->names, "ffffffffb0300000 t some_function\n");
	p2p_buf_puts(&machine->names, last);
}

static void table_set(struct machine *machine, const struct shape *shape)
{
	p2p_buf_reset(&machine->table);
	put_row(machine, shape, 0x8086, 0x3c00, 1);
	put_row(machine, shape, 0x8086, 0x2030, 0);
	put_row(machine, shape, 0x1ae0, shape == &since_7_1 ? UINT32_MAX : 0x1234, 0);
	put_row(machine, shape, 0, 0, 0);
	put_row(machine, shape, 0x4141, 0x4242, 0x43434343); /* what happens to be behind it */
}

static void machine_set(struct machine *machine, const struct shape *shape)
{
	names_set(machine, SYMS_TEXT, 200000, SYMS_TABLE SYMS_END);
	put_core(&machine->head, 3, 0x1000);
	put_btf(&machine->btf, shape, 1);
	table_set(machine, shape);
	machine->core_error = machine->btf_error = machine->names_error = 0;
	machine->names_read = machine->core_end = machine->core_reads = 0;
}

static void machine_free(struct machine *machine)
{
	p2p_buf_free(&machine->names);
	p2p_buf_free(&machine->head);
	p2p_buf_free(&machine->table);
	p2p_buf_free(&machine->btf);
}

#define ROWS_7_1 "8086:3c00 1\n8086:2030 0\n1ae0:any 0\nend 3\n"
#define ROWS_5_4 "8086:3c00 1\n8086:2030 0\n1ae0:1234 0\nend 3\n"

/* The error; 1: another text than `want`, or a failure that touched it. */
static int ask(struct machine *machine, struct p2p_kernel_symbols *symbols, const char *want)
{
	struct p2p_kernel_files files = { .read = machine_read, .context = machine };
	struct p2p_kernel_symbols fresh = { 0 };
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_puts(&text, "before");
	int error = p2p_kernel_allowlist(&files, symbols ? symbols : &fresh, &text);

	if (strcmp(text.text, error ? "before" : want ? want : "") != 0) {
		fprintf(stderr, "%d: %s\n", error, text.text);
		error = 1;
	}
	p2p_buf_free(&text);
	return error;
}

/* ------------------------------------------------------------------ what it should read */

static void test_rows(struct machine *machine)
{
	machine_set(machine, &since_7_1);
	CHECK(ask(machine, NULL, ROWS_7_1) == 0);
	CHECK(machine->core_end == 4 * 12); /* nothing behind the table is read */
	machine_set(machine, &before_7_1);
	CHECK(ask(machine, NULL, ROWS_5_4) == 0);
	CHECK(machine->core_end == 4 * 8);
	/* A machine with much memory in pieces, and the same structure in two modules. */
	machine_set(machine, &since_7_1);
	for (unsigned before = 60; before < 70; before++) {
		put_core(&machine->head, before, 0x1000);
		CHECK(ask(machine, NULL, ROWS_7_1) == 0);
	}
	struct shape twice[] = { since_7_1, since_7_1 };

	put_btf(&machine->btf, twice, 2);
	CHECK(ask(machine, NULL, ROWS_7_1) == 0);
	/* The table ends where the segment does. */
	put_core(&machine->head, 0, 4 * 12);
	CHECK(ask(machine, NULL, ROWS_7_1) == 0);
}

/* As many as are believed, and one more. */
static void test_many(struct machine *machine)
{
	struct p2p_buf want = P2P_BUF_INIT;

	machine_set(machine, &since_7_1);
	for (unsigned count = P2P_RUNNING_MAX; count <= P2P_RUNNING_MAX + 1; count++) {
		p2p_buf_reset(&machine->table);
		p2p_buf_reset(&want);
		for (unsigned i = 1; i <= count; i++) {
			put_row(machine, &since_7_1, 0xfffe, i, i & 1);
			p2p_buf_printf(&want, "fffe:%04x %u\n", i, i & 1);
		}
		put_row(machine, &since_7_1, 0, 0, 0);
		p2p_buf_printf(&want, "end %u\n", count);
		CHECK(ask(machine, NULL, want.text) == (count > P2P_RUNNING_MAX ? -EINVAL : 0));
	}
	p2p_buf_free(&want);
}

/* One pass over the names, whoever asks first; and it goes no further than it must. */
static void test_one_pass(struct machine *machine)
{
	struct p2p_kernel_files files = { .read = machine_read, .context = machine };
	struct p2p_kernel_symbols symbols = { 0 };
	struct p2p_buf text = P2P_BUF_INIT;

	machine_set(machine, &since_7_1);
	p2p_buf_puts(&machine->names, SYMS_TEXT);
	while (machine->names.len < 400000)
		p2p_buf_puts(&machine->names, SYMS_END);
	CHECK(p2p_kernel_p2pdma(&files, &symbols, &text) == 0 && strcmp(text.text, "y symbol\n") == 0);
	CHECK(machine->names_read == 65536);
	CHECK(ask(machine, &symbols, ROWS_7_1) == 0);
	CHECK(machine->names_read > 200000 && machine->names_read < 300000);
	uint64_t so_far = machine->names_read;

	CHECK(ask(machine, &symbols, ROWS_7_1) == 0);
	CHECK(p2p_kernel_p2pdma(&files, &symbols, &text) == 0 && strcmp(text.text, "y symbol\n") == 0);
	CHECK(machine->names_read == so_far);
	symbols = (struct p2p_kernel_symbols){ 0 };
	CHECK(ask(machine, &symbols, ROWS_7_1) == 0);
	CHECK(p2p_kernel_p2pdma(&files, &symbols, &text) == 0 && strcmp(text.text, "y symbol\n") == 0);
	CHECK(machine->names_read == 2 * so_far);
	/* No P2PDMA: the list is read to its end once, for both. */
	names_set(machine, "ffffffffb0252c30 T pci_enable_device\n", 200000, SYMS_END);
	symbols = (struct p2p_kernel_symbols){ 0 };
	machine->names_read = 0;
	CHECK(ask(machine, &symbols, NULL) == -ENODATA);
	CHECK(p2p_kernel_p2pdma(&files, &symbols, &text) == 0 && strcmp(text.text, "n symbol\n") == 0);
	CHECK(ask(machine, &symbols, NULL) == -ENODATA);
	CHECK(machine->names_read == machine->names.len);
	p2p_buf_free(&text);
}

/* The line of the table anywhere in relation to the pieces in which the list is read. */
static void test_pieces(struct machine *machine)
{
	machine_set(machine, &since_7_1);
	for (size_t fill = 65536 - 120; fill < 65536 + 20; fill += 7) {
		p2p_buf_reset(&machine->names);
		p2p_buf_puts(&machine->names, SYMS_TEXT);
		while (machine->names.len < fill)
			p2p_buf_puts(&machine->names, "0 t x\n");
		p2p_buf_puts(&machine->names, SYMS_TABLE SYMS_END);
		CHECK(ask(machine, NULL, ROWS_7_1) == 0);
	}
}

/* ------------------------------------------------------------------ what cannot be read */

static void test_not_allowed(struct machine *machine)
{
	struct p2p_kernel_files files = { .read = machine_read, .context = machine };
	struct p2p_kernel_symbols symbols = { 0 };

	machine_set(machine, &since_7_1);
	names_set(machine, "0000000000000000 T pci_p2pdma_distance_many\n", 200000,
		  "0000000000000000 d pci_p2pdma_whitelist\n" SYMS_END);
	CHECK(ask(machine, NULL, NULL) == -EACCES);
	CHECK(p2p_kernel_symbol_find(&files, &symbols, P2P_SYMBOL_P2PDMA) == 0);
	machine->names_read = machine->core_reads = 0;
	CHECK(ask(machine, &symbols, NULL) == -EACCES);
	CHECK(machine->names_read == 0 && machine->core_reads == 0); /* known already */
	machine_set(machine, &since_7_1);
	machine->core_error = -EPERM;
	CHECK(ask(machine, NULL, NULL) == -EPERM);
	CHECK(machine->names_read == 0); /* the cheap question came first */
	machine->core_error = -EACCES;
	CHECK(ask(machine, NULL, NULL) == -EACCES);
	machine_set(machine, &since_7_1);
	machine->btf_error = -EACCES;
	CHECK(ask(machine, NULL, NULL) == -EACCES);
	machine->btf_error = -EIO;
	CHECK(ask(machine, NULL, NULL) == -EIO);
	machine_set(machine, &since_7_1);
	machine->names_error = -EACCES;
	CHECK(ask(machine, NULL, NULL) == -EACCES);
}

static void test_nothing_there(struct machine *machine)
{
	struct shape other = since_7_1;

	machine_set(machine, &since_7_1);
	machine->core_error = -ENOENT;
	CHECK(ask(machine, NULL, NULL) == -ENODATA);
	machine->core_error = -EINVAL; /* not a regular file */
	CHECK(ask(machine, NULL, NULL) == -ENODATA);
	machine->core_error = 0;
	p2p_buf_reset(&machine->head);
	CHECK(ask(machine, NULL, NULL) == -ENODATA);
	for (size_t i = 0; i < 6; i++) {
		put_core(&machine->head, 0, 0x1000);
		machine->head.text[i] ^= 3; /* the magic, the class, the byte order */
		CHECK(ask(machine, NULL, NULL) == -ENODATA);
	}
	machine_set(machine, &since_7_1);
	names_set(machine, SYMS_TEXT, 0, SYMS_END "ffffffffb0b0c740 d pci_p2pdma_whitelist.cold\n"
		  "ffffffffb0b0c740 d a_pci_p2pdma_whitelist\npci_p2pdma_whitelist\nzz d pci_p2pdma_whitelist\n"
		  "ffffffffb0b0c7zz d pci_p2pdma_whitelist\nffffffffb0b0c740xd pci_p2pdma_whitelist\n"
		  "ffffffffb0b0c740 d pci_p2pdma_whitelist\r\nffffffffb0b0c740 dd pci_p2pdma_whitelist\n"
		  "0ffffffffb0b0c740 d pci_p2pdma_whitelist\nffffffffb0b0c740 d pci_p2pdma_whitelist");
	CHECK(ask(machine, NULL, NULL) == -ENODATA);
	machine->names_error = -ENOENT;
	CHECK(ask(machine, NULL, NULL) == -ENODATA);
	machine_set(machine, &since_7_1);
	machine->btf_error = -ENOENT;
	CHECK(ask(machine, NULL, NULL) == -ENODATA);
	other.name = "pci_p2pdma_whitelist_entr";
	machine_set(machine, &other);
	CHECK(ask(machine, NULL, NULL) == -ENODATA);
}

/* ------------------------------------------------------------------ what is odd */

static void test_odd_tables(struct machine *machine)
{
	static const uint32_t odd[][3] = {
		{ 0, 0x2030, 0 }, { 0, 0, 1 }, { 0xffff, 0x2030, 0 }, { 0x8086, 0, 0 }, { 0x8086, 0xffff, 0 },
		{ 0x8086, 0x10000, 0 }, { 0x8086, 0xfffffffe, 0 }, { 0x8086, 0x2030, 2 }, { 0x8086, 0x2030, 3 },
		{ 0x8086, 0x2030, 0x80000000 }, { 0x4141, 0x42424242, 0x43434343 },
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		machine_set(machine, &since_7_1);
		p2p_buf_reset(&machine->table);
		put_row(machine, &since_7_1, 0x8086, 0x3c00, 1);
		put_row(machine, &since_7_1, odd[i][0], odd[i][1], odd[i][2]);
		put_row(machine, &since_7_1, 0, 0, 0);
		CHECK(ask(machine, NULL, NULL) == -EINVAL);
	}
	/* 16 bits hold no "any". */
	machine_set(machine, &before_7_1);
	p2p_buf_reset(&machine->table);
	put_row(machine, &before_7_1, 0x8086, 0xffff, 0);
	put_row(machine, &before_7_1, 0, 0, 0);
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
	/* An empty table is memory that could not be read. */
	machine_set(machine, &since_7_1);
	memset(machine->table.text, 0, machine->table.len);
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
	/* Padding is zero. */
	machine_set(machine, &since_7_1);
	machine->table.text[3 * 12 + 2] = 1;
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
	/* No end: of the file, of the segment. */
	machine_set(machine, &since_7_1);
	machine->table.len = 3 * 12 + 11;
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
	machine_set(machine, &since_7_1);
	put_core(&machine->head, 0, 4 * 12 - 1);
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
	put_core(&machine->head, 0, 0);
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
}

static void test_odd_cores(struct machine *machine)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	machine_set(machine, &since_7_1);
	memcpy(&header, machine->head.text, sizeof(header));
	memcpy(&segment, machine->head.text + machine->head.len - sizeof(segment), sizeof(segment));
#define WITH(what, value)                                                                     \
	do {                                                                                  \
		Elf64_Ehdr header_was = header;                                               \
		Elf64_Phdr segment_was = segment;                                             \
		what = value;                                                                 \
		memcpy(machine->head.text, &header, sizeof(header));                          \
		memcpy(machine->head.text + machine->head.len - sizeof(segment), &segment, sizeof(segment)); \
		CHECK(ask(machine, NULL, NULL) == -EINVAL);                                   \
		header = header_was;                                                          \
		segment = segment_was;                                                        \
	} while (0)
	WITH(header.e_phentsize, 32);
	WITH(header.e_phoff, UINT64_MAX);
	WITH(header.e_phoff, INT64_MAX - 100);
	WITH(header.e_phoff, 1 << 20);
	WITH(header.e_phnum, 0);
	WITH(header.e_phnum, 4);      /* without the one with the table */
	WITH(segment.p_type, PT_NOTE);
	WITH(segment.p_vaddr, TABLE + 1);
	WITH(segment.p_filesz, UINT64_MAX);
	WITH(segment.p_offset, UINT64_MAX);
	WITH(segment.p_offset, INT64_MAX);
	/* Headers that go on after the file. */
	WITH(header.e_phoff, machine->head.len - 10);
	WITH(header.e_phoff, sizeof(header) + 1);
}

static void test_odd_btf(struct machine *machine)
{
	static const struct shape odd[] = {
		{ "pci_p2pdma_whitelist_entry", "vendor", 12, 32, 1, 64, 5, 0 }, /* flags past the end, of 8 bytes */
		{ "pci_p2pdma_whitelist_entry", "vendor", 16, 32, 2, 64, 5, 0 },     /* flags of 8 bytes */
		{ "pci_p2pdma_whitelist_entry", "vendor", 12, 32, 2, 72, 3, 0 },     /* past the end */
		{ "pci_p2pdma_whitelist_entry", "vendor", 12, 32, 2, 0xfffffff8, 3, 0 },
		{ "pci_p2pdma_whitelist_entry", "vendor", 12, 33, 2, 64, 3, 0 },     /* in the middle of a byte */
		{ "pci_p2pdma_whitelist_entry", "vendor", 12, 32, 2, 64, 3, 1 },     /* a bit field */
		{ "pci_p2pdma_whitelist_entry", "vendor", 12, 32, 2, 64, 0, 0 },     /* of type void */
		{ "pci_p2pdma_whitelist_entry", "vendor", 12, 32, 2, 64, 999, 0 },   /* of no type */
		{ "pci_p2pdma_whitelist_entry", "vendor", 4096, 32, 2, 64, 3, 0 },
		{ "pci_p2pdma_whitelist_entry", "vendors", 12, 32, 2, 64, 3, 0 },
	};
	struct shape two[] = { before_7_1, since_7_1 };

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		machine_set(machine, &odd[i]);
		table_set(machine, &since_7_1);
		CHECK(ask(machine, NULL, NULL) == -EINVAL);
	}
	machine_set(machine, &since_7_1);
	put_btf(&machine->btf, two, 2);
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
	p2p_buf_reset(&machine->btf);
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
	p2p_buf_puts(&machine->btf, "no BTF\n");
	CHECK(ask(machine, NULL, NULL) == -EINVAL);
	for (size_t len = 0; put_btf(&machine->btf, &since_7_1, 1), len < machine->btf.len; len++) {
		machine->btf.len = len;
		CHECK(ask(machine, NULL, NULL) == -EINVAL);
	}
}

/* Files of a stranger do no harm: nothing here is right, it is only not wrong. */
static void test_noise(struct machine *machine)
{
	unsigned seed = 1;

	for (int round = 0; round < 3000; round++) {
		machine_set(machine, round & 1 ? &since_7_1 : &before_7_1);
		names_set(machine, SYMS_TEXT, 0, SYMS_TABLE SYMS_END);
		for (int hits = 1 + round % 4; hits > 0; hits--) {
			struct p2p_buf *all[] = { &machine->names, &machine->head, &machine->table, &machine->btf };
			struct p2p_buf *buf = all[(seed = seed * 1103515245 + 12345) >> 16 & 3];

			seed = seed * 1103515245 + 12345;
			buf->text[(seed >> 8) % buf->len] = (char)(seed >> 4);
		}
		struct p2p_kernel_files files = { .read = machine_read, .context = machine };
		struct p2p_kernel_symbols symbols = { 0 };
		struct p2p_running_row rows[P2P_RUNNING_MAX];
		struct p2p_buf text = P2P_BUF_INIT;
		size_t count;
		int error = p2p_kernel_allowlist(&files, &symbols, &text);

		CHECK(error ? !text.text : p2p_kernel_allowlist_parse(text.text, rows, &count) == 0);
		p2p_buf_free(&text);
	}
}

/* ------------------------------------------------------------------ the text */

static void test_parse(void)
{
	static const char *const bad[] = {
		"", "\n", "end 0\n", "end", "8086:3c00 1\n", "8086:3c00 1\nend 1", "8086:3c00 1\nend 2\n",
		"8086:3c00 1\nend 01\n", "8086:3c00 1\nend 1\n\n", "8086:3c00 1\nend 1\nend 1\n",
		"\n8086:3c00 1\nend 1\n", "8086:3c00 1\n\nend 1\n",
		" 8086:3c00 1\nend 1\n", "8086:3c00  1\nend 1\n", "8086: 3c00 1\nend 1\n", "8086:3c00 1 \nend 1\n",
		"8086:3C00 1\nend 1\n", "8086:3c0 1\nend 1\n", "08086:3c00 1\nend 1\n", "8086:03c00 1\nend 1\n",
		"0x86:3c00 1\nend 1\n", "-086:3c00 1\nend 1\n", "8086:+c00 1\nend 1\n", "8086:3c00 01\nend 1\n",
		"8086:3c00 2\nend 1\n", "8086:3c00 10\nend 1\n", "8086:3c00\nend 1\n", "8086:any\nend 1\n",
		"8086:Any 0\nend 1\n", "8086:anyone 0\nend 1\n", "any:3c00 0\nend 1\n", "0000:3c00 0\nend 1\n",
		"ffff:3c00 0\nend 1\n", "8086:0000 0\nend 1\n", "8086:ffff 0\nend 1\n", "8086:3c00 1\r\nend 1\r\n",
		"8086:3c00 1\nend 18446744073709551617\n", "end 1\n8086:3c00 1\n",
	};
	struct p2p_running_row rows[P2P_RUNNING_MAX] = { { 7, 7, true } };
	struct p2p_buf text = P2P_BUF_INIT;
	size_t count = 99;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int error = p2p_kernel_allowlist_parse(bad[i], rows, &count);

		if (error != -EINVAL)
			fprintf(stderr, "taken: %s\n", bad[i]);
		CHECK(error == -EINVAL && count == 99 && rows[0].vendor == 7);
	}
	CHECK(p2p_kernel_allowlist_parse(ROWS_7_1, rows, &count) == 0 && count == 3);
	CHECK(rows[0].vendor == 0x8086 && rows[0].device == 0x3c00 && rows[0].same_host_bridge);
	CHECK(rows[1].vendor == 0x8086 && rows[1].device == 0x2030 && !rows[1].same_host_bridge);
	CHECK(rows[2].vendor == 0x1ae0 && rows[2].device == P2P_DEVICE_ANY && !rows[2].same_host_bridge);
	CHECK(p2p_kernel_allowlist_parse("abcd:a0a0 0\nend 1\n", rows, &count) == 0 && count == 1);
	for (unsigned more = 0; more < 2; more++) {
		p2p_buf_reset(&text);
		for (unsigned i = 0; i < P2P_RUNNING_MAX + more; i++)
			p2p_buf_puts(&text, "8086:3c00 1\n");
		p2p_buf_printf(&text, "end %u\n", P2P_RUNNING_MAX + more);
		CHECK(p2p_kernel_allowlist_parse(text.text, rows, &count) == (more ? -EINVAL : 0));
		CHECK(count == (more ? 99 : P2P_RUNNING_MAX));
		count = 99;
	}
	CHECK(text.len <= P2P_RUNNING_TEXT_MAX);
	p2p_buf_free(&text);
}

/* ------------------------------------------------------------------ the machine */

static struct p2p_machine *scan(const char *records, unsigned want)
{
	struct p2p_scan_options options = { .want = want };
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	struct p2p_machine *machine = NULL;
	struct p2p_buf text = P2P_BUF_INIT;

	size_t count = 2;

	for (const char *at = records; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		count += *at && *at != '\t';
	p2p_buf_printf(&text, "p2p-snapshot 1\n%sread proc/sys/kernel/osrelease = 7.2.0\n"
		       "fail sys/bus/pci/devices ENOENT\nend %zu\n", records, count);
	CHECK(p2p_source_parse_snapshot("box.snap", text.text, text.len, &problem, &source) == 0);
	CHECK(source && p2p_scan(source, &options, &problem, &machine) == 0);
	if (!machine)
		fprintf(stderr, "%s\n%s", problem.text, text.text);
	p2p_source_free(source);
	p2p_buf_free(&text);
	if (!machine)
		exit(check_done());
	return machine;
}

#define YES "read kernel/p2pdma = y symbol\n"
#define LIST "text kernel/allowlist\n\t8086:3c00 1\n\t1ae0:any 0\n\tend 2\n"

/* What the machine knows of its kernel's table: the error, or the number of rows. */
static int running(const char *records, unsigned want)
{
	struct p2p_machine *machine = scan(records, want);
	const struct p2p_host *host = &machine->host;
	int answer = p2p_known(host->running) ? (int)host->running_count : host->running.error;

	CHECK(p2p_known(host->running) ? host->running_rows != NULL : !host->running_rows && !host->running_count);
	CHECK(!p2p_absent(host->running));
	p2p_machine_free(machine);
	return answer;
}

static void test_scan(void)
{
	struct p2p_buf big = P2P_BUF_INIT;
	struct p2p_machine *machine = scan(LIST YES, P2P_WANT_RUNNING);

	CHECK(machine->host.running_count == 2 && machine->host.running.origin == P2P_ORIGIN_READ);
	CHECK(machine->host.running_rows[1].vendor == 0x1ae0 && machine->host.running_rows[1].device == P2P_DEVICE_ANY);
	p2p_machine_free(machine);
	CHECK(running(LIST YES, P2P_WANT_ALL) == 0); /* nobody asked */
	CHECK(running(LIST, P2P_WANT_RUNNING) == 2);
	CHECK(running(YES, P2P_WANT_RUNNING) == -ENODATA);
	CHECK(running(LIST "read kernel/p2pdma = n config\n", P2P_WANT_RUNNING) == -ENODATA); /* there is no table */
	CHECK(running("fail kernel/allowlist EACCES\n" YES, P2P_WANT_RUNNING) == -EACCES);
	CHECK(running("fail kernel/allowlist EPERM\n" YES, P2P_WANT_RUNNING) == -EPERM);
	CHECK(running("fail kernel/allowlist EINVAL\n" YES, P2P_WANT_RUNNING) == -EINVAL);
	CHECK(running("fail kernel/allowlist ENOENT\n" YES, P2P_WANT_RUNNING) == -ENODATA);
	CHECK(running("text kernel/allowlist\n\t8086:3c00 1\n\tend 2\n" YES, P2P_WANT_RUNNING) == -EINVAL);
	CHECK(running("read kernel/allowlist = end 0\n" YES, P2P_WANT_RUNNING) == -EINVAL);
	p2p_buf_puts(&big, "text kernel/allowlist\n");
	while (big.len < 3 * P2P_RUNNING_TEXT_MAX)
		p2p_buf_puts(&big, "\t8086:3c00 1\n");
	CHECK(running(big.text, P2P_WANT_RUNNING) == -EINVAL);
	p2p_buf_free(&big);
}

int main(void)
{
	struct machine machine = { 0 };

	test_parse();
	test_scan();
	machine_set(&machine, &since_7_1);
	if (p2p_btf_supported()) {
		test_rows(&machine);
		test_many(&machine);
		test_one_pass(&machine);
		test_pieces(&machine);
		test_not_allowed(&machine);
		test_nothing_there(&machine);
		test_odd_tables(&machine);
		test_odd_cores(&machine);
		test_odd_btf(&machine);
		test_noise(&machine);
	} else {
		CHECK(ask(&machine, NULL, NULL) == -ENODATA);
		CHECK(!machine.names_read && !machine.core_reads);
	}
	machine_free(&machine);
	return check_done();
}
