/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source that reads the text of lspci: parse anything, ask everything.
 *
 * Text that libFuzzer invents seldom holds whole functions, so input whose
 * first byte is 1 is a recipe instead: records of ten bytes, each a function
 * with a kind and numbers, printed as lspci would before they are parsed.
 *
 *     fuzz-lspci tests/fuzz/corpus/lspci
 */
#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/bdf.h"
#include "../../core/io/source.h"

#define DEVICES "sys/bus/pci/devices"
#define RECORD 10
#define RECORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim about the source that must hold whatever the text was. */
static void must(bool so)
{
	if (!so)
		abort();
}

static void row_print(const uint8_t *bytes, unsigned offset, struct p2p_buf *text)
{
	static const char digits[] = "0123456789abcdef";
	char row[3 * 16 + 1];

	for (unsigned i = 0; i < 16; i++) {
		row[3 * i] = ' ';
		row[3 * i + 1] = digits[bytes[i] >> 4];
		row[3 * i + 2] = digits[bytes[i] & 15];
	}
	row[sizeof(row) - 1] = '\n';
	p2p_buf_printf(text, "%02x:", offset);
	p2p_buf_add(text, row, sizeof(row));
}

/* Prints one function: domain, bus, devfn, kind, and six bytes for its registers. */
static void record_print(const uint8_t *record, struct p2p_buf *text)
{
	static const unsigned sizes[] = { 64, 256, 4096, 0 };
	uint8_t config[4096] = { 0x86, 0x80 };
	unsigned size = sizes[record[3] & 3];
	char address[P2P_BDF_TEXT];
	struct p2p_bdf bdf = { .domain = record[0] & 1, .bus = record[1], .devfn = record[2] };

	config[PCI_HEADER_TYPE] = record[3] >> 2 & 3;
	if (record[3] & 0x10)
		config[0] = config[1] = 0xff;
	memcpy(config + PCI_PRIMARY_BUS, record + 4, 3);
	if (record[3] & 0x20) {
		config[0x100] = PCI_EXT_CAP_ID_SRIOV;
		config[0x100 + PCI_SRIOV_CTRL] = PCI_SRIOV_CTRL_VFE;
		memcpy(config + 0x100 + PCI_SRIOV_NUM_VF, record + 4, 2);
		memcpy(config + 0x100 + PCI_SRIOV_VF_OFFSET, record + 6, 2);
		memcpy(config + 0x100 + PCI_SRIOV_VF_STRIDE, record + 8, 2);
	}
	if (record[3] & 0x40) {
		config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
		config[PCI_CAPABILITY_LIST] = record[7];
		memcpy(config + (record[7] & 0xfc), record + 8, 2);
	}
	if (record[3] & 0x80)
		memset(config, 0xff, record[9] & 1 ? sizeof(config) : 64);
	p2p_buf_printf(text, "%s Class 0108: 8086:0000\n", p2p_bdf_format(bdf, true, address));
	for (unsigned i = 0; i < size; i += 16)
		row_print(config + i, i, text);
	p2p_buf_putc(text, '\n');
}

/* A recipe as text; an address is printed once, or all would be refused for that. */
static void recipe_print(const uint8_t *data, size_t size, struct p2p_buf *text)
{
	for (size_t n = 0; n < RECORDS_MAX && (n + 1) * RECORD <= size; n++) {
		const uint8_t *record = data + n * RECORD;
		bool before = false;

		for (size_t i = 0; i < n && !before; i++) {
			const uint8_t *other = data + i * RECORD;

			before = (other[0] & 1) == (record[0] & 1) && other[1] == record[1] && other[2] == record[2];
		}
		if (!before)
			record_print(record, text);
	}
}

static bool names_hold(const struct p2p_names *names, const char *name)
{
	for (const char *other = NULL; (other = p2p_names_next(names, other));)
		if (!strcmp(other, name))
			return true;
	return false;
}

/* The bytes of a function are the same however they are asked for, and a short answer means the end. */
static void ask_config(struct p2p_source *source, const char *key)
{
	uint8_t all[4096 + 64], part[16];
	static const unsigned ends[] = { 0, 64, 128, 256, 4096 };
	size_t known = 0, got;

	for (size_t i = 1; i < sizeof(ends) / sizeof(*ends); i++)
		if (!p2p_source_read(source, key, 0, all, ends[i], &got) && got == ends[i])
			known = got;
	for (size_t at = 0; at < known; at += 16)
		must(!p2p_source_read(source, key, at, part, 16, &got) && got == 16 && !memcmp(all + at, part, 16));
	int error = p2p_source_read(source, key, 0, all, sizeof(all), &got);

	must(error || got == known);
	must((p2p_source_read(source, key, known, part, 1, &got) || got == 0));
	must((p2p_source_read(source, key, UINT64_MAX / 2, part, 1, &got) || got == 0));
}

/* A path goes through functions of the dump, and its host bridge lists who is directly in it. */
static void check_path(struct p2p_source *source, const struct p2p_names *all, const char *path, const char *name)
{
	static const char prefix[] = "../../../devices/";
	struct p2p_names members = P2P_NAMES_INIT;
	struct p2p_buf key = P2P_BUF_INIT;
	unsigned depth = 0;

	must(!strncmp(path, prefix, sizeof(prefix) - 1));
	path += sizeof(prefix) - 1;
	p2p_buf_printf(&key, "sys/devices/%.*s", (int)strcspn(path, "/"), path);
	must(!p2p_source_list(source, p2p_buf_text(&key), &members) && members.count);
	for (path += strcspn(path, "/"); *path; path += strcspn(path, "/")) {
		path++;
		p2p_buf_reset(&key);
		p2p_buf_add(&key, path, strcspn(path, "/"));
		must(names_hold(depth ? all : &members, p2p_buf_text(&key)));
		depth++;
	}
	must(depth && depth <= 256 && !strcmp(p2p_buf_text(&key), name));
	must(names_hold(&members, name) == (depth == 1));
	p2p_names_free(&members);
	p2p_buf_free(&key);
}

static void ask_function(struct p2p_source *source, const struct p2p_names *all, const char *name)
{
	static const char *const below[] = { "/physfn", "/driver", "/iommu_group", "/", "/subsystem" };
	struct p2p_buf key = P2P_BUF_INIT, text = P2P_BUF_INIT;

	p2p_buf_printf(&key, DEVICES "/%s", name);
	if (!p2p_source_link(source, p2p_buf_text(&key), &text))
		check_path(source, all, p2p_buf_text(&text), name);
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
		p2p_buf_reset(&key);
		p2p_buf_printf(&key, DEVICES "/%s%s", name, below[i]);
		if (!p2p_source_link(source, p2p_buf_text(&key), &text) && !i)
			must(names_hold(all, p2p_buf_text(&text) + 3));
	}
	p2p_buf_reset(&key);
	p2p_buf_printf(&key, DEVICES "/%s/config", name);
	ask_config(source, p2p_buf_text(&key));
	p2p_buf_reset(&key);
	p2p_buf_printf(&key, DEVICES "/%s/numa_node", name);
	if (!p2p_source_read_text(source, p2p_buf_text(&key), 64, &text))
		must(text.len > 1);
	p2p_buf_free(&key);
	p2p_buf_free(&text);
}

static void ask(struct p2p_source *source)
{
	struct p2p_names all = P2P_NAMES_INIT;
	const char *name = NULL;
	unsigned n = 0;

	must(!p2p_source_list(source, DEVICES, &all) && all.count);
	/* Each is looked up among all of them; the first ones do. */
	while ((name = p2p_names_next(&all, name)) && n++ < 200)
		ask_function(source, &all, name);
	p2p_names_free(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;

	if (size && data[0] == 1)
		recipe_print(data + 1, size - 1, &text);
	else
		p2p_buf_add(&text, data, size);
	/* A copy of its exact size: a byte read past the end is caught. */
	char *exact = malloc(text.len ? text.len : 1);

	must(exact);
	if (text.len)
		memcpy(exact, text.text, text.len);
	if (!p2p_source_parse_lspci("fuzz", exact, text.len, &problem, &source)) {
		must(source && !problem.text[0]);
		free(exact); /* the source has copied what it needs */
		ask(source);
		p2p_source_free(source);
	} else {
		must(!source && !strncmp(problem.text, "fuzz:", 5) && strstr(problem.text, "; "));
		free(exact);
	}
	p2p_buf_free(&text);
	return 0;
}
