/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source that reads dumps of rdma_topo: parse anything, ask everything.
 *
 * libFuzzer seldom invents bytes that zlib and base64 unpack, so input whose
 * first byte is 1 is a recipe instead: records of eight bytes, each a function
 * with a place, a configuration space out of a few, and members that are right
 * or wrong, printed as rdma_topo would before they are parsed.
 *
 *     fuzz-rdma-topo tests/fuzz/corpus/rdma-topo
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/bdf.h"
#include "../../core/io/source.h"

#define DEVICES "sys/bus/pci/devices"
#define RECORD 8
#define RECORDS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim about the source that must hold whatever the text was. */
static void must(bool so)
{
	if (!so)
		abort();
}

/*
 * Configuration spaces by zlib and base64: 256 bytes of zeros; 64 of an endpoint; 4096 of a VF; 4096 of a PF with two
 * VFs; none.
 */
static const char *const spaces[] = {
	"eNpjYBjZAAABAAAB",
	"eNrzFVFZwUABAABJLAEu",
	"eNrtwQENAAAMw6D7N937WICqAwAAAKY9zbcD/Q==",
	"eNrtxkENACAMA8CBgn144l8ABskmA+6atD1rZ3wsY/RWz079EQAAAPCSC+XpARA=",
	"AAAA",
};

static void record_print(const uint8_t *record, struct p2p_buf *text)
{
	static const char *const above[] = { "",   "/0000:00:01.0", "/0000:00:01.0/0000:01:00.0", "/pci10000:00", "/x",
					     "/.." };
	static const char *const groups[] = { "0", "null", "-1", "7.5", "\"1\"", "4294967296" };
	static const char *const names[] = { "{}",
					     "{\"net\": [\"eth0\"]}",
					     "{\"net\": [\"e/0\"]}",
					     "{\"x\": [1]}",
					     "null",
					     "{\"nvme\": [\"nvme0\", \"nvme0\"]}" };
	struct p2p_bdf bdf = { .domain = record[0] & 1 ? 0x10000 : 0, .bus = record[1], .devfn = record[2] };
	char address[P2P_BDF_TEXT];

	p2p_buf_printf(text, "%s{\"realpath\": \"/sys/devices/pci0000:00%s/%s\", ", text->len > 1 ? ",\n" : "",
		       above[record[3] % 6], p2p_bdf_format(bdf, true, address));
	p2p_buf_printf(text, "\"config\": \"%s\", ", spaces[record[4] % 5]);
	p2p_buf_printf(text, "\"modalias\": \"pci:v%08Xd%08Xsv00000000sd00000000bc02sc00i00\", ", record[5], record[6]);
	p2p_buf_printf(text, "\"iommu_group\": %s, \"numa_node\": %s, ", groups[record[5] % 6], groups[record[6] % 6]);
	p2p_buf_printf(text, "\"subsystems\": %s%s}", names[record[7] % 6], record[7] & 0x80 ? ", \"config\": 1" : "");
}

static void recipe_print(const uint8_t *data, size_t size, struct p2p_buf *text)
{
	p2p_buf_putc(text, '[');
	for (size_t n = 0; n < RECORDS_MAX && (n + 1) * RECORD <= size; n++)
		record_print(data + n * RECORD, text);
	p2p_buf_putc(text, ']');
}

static bool names_hold(const struct p2p_names *names, const char *name)
{
	for (const char *other = NULL; (other = p2p_names_next(names, other));)
		if (!strcmp(other, name))
			return true;
	return false;
}

/* The bytes are the same however they are asked for, and end where the kernel's file can end. */
static void ask_config(struct p2p_source *source, const char *key)
{
	uint8_t all[4096 + 64], part[16];
	size_t size, got;

	must(!p2p_source_read(source, key, 0, all, sizeof(all), &size));
	must(size == 64 || size == 128 || size == 256 || size == 4096);
	for (size_t at = 0; at < size; at += 16)
		must(!p2p_source_read(source, key, at, part, 16, &got) && got == 16 && !memcmp(all + at, part, 16));
	must(!p2p_source_read(source, key, size, part, 1, &got) && got == 0);
}

static void ask_function(struct p2p_source *source, const struct p2p_names *all, const char *name)
{
	struct p2p_buf key = P2P_BUF_INIT, text = P2P_BUF_INIT;

	p2p_buf_printf(&key, DEVICES "/%s", name);
	must(!p2p_source_link(source, p2p_buf_text(&key), &text));
	must(!strncmp(p2p_buf_text(&text), "../../../devices/", 17) && strrchr(text.text, '/') &&
	     !strcmp(strrchr(text.text, '/') + 1, name));
	p2p_buf_printf(&key, "/physfn");
	if (!p2p_source_link(source, p2p_buf_text(&key), &text))
		must(names_hold(all, p2p_buf_text(&text) + 3));
	p2p_buf_reset(&key);
	p2p_buf_printf(&key, DEVICES "/%s/iommu_group", name);
	if (!p2p_source_link(source, p2p_buf_text(&key), &text))
		must(!strncmp(p2p_buf_text(&text), "../../../kernel/iommu_groups/", 29));
	p2p_buf_reset(&key);
	p2p_buf_printf(&key, DEVICES "/%s/modalias", name);
	must(!p2p_source_read_text(source, p2p_buf_text(&key), (size_t)1 << 30, &text));
	p2p_buf_reset(&key);
	p2p_buf_printf(&key, DEVICES "/%s/config", name);
	ask_config(source, p2p_buf_text(&key));
	p2p_buf_free(&key);
	p2p_buf_free(&text);
}

/* Each child is a link below a function of the dump. */
static void ask_class(struct p2p_source *source, const char *folder)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_buf key = P2P_BUF_INIT, text = P2P_BUF_INIT;
	const char *name = NULL;

	if (!p2p_source_list(source, folder, &names))
		must(names.count > 0);
	while ((name = p2p_names_next(&names, name))) {
		p2p_buf_reset(&key);
		p2p_buf_printf(&key, "%s/%s", folder, name);
		must(!p2p_source_link(source, p2p_buf_text(&key), &text));
		must(!strncmp(p2p_buf_text(&text), "../../devices/", 14));
	}
	p2p_names_free(&names);
	p2p_buf_free(&key);
	p2p_buf_free(&text);
}

static void ask(struct p2p_source *source)
{
	struct p2p_names all = P2P_NAMES_INIT;
	const char *name = NULL;
	unsigned n = 0;

	must(!p2p_source_list(source, DEVICES, &all) && all.count);
	while ((name = p2p_names_next(&all, name)) && n++ < 200)
		ask_function(source, &all, name);
	ask_class(source, "sys/class/net");
	ask_class(source, "sys/class/nvme");
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
	if (!p2p_source_parse_rdma_topo("fuzz", exact, text.len, &problem, &source)) {
		must(source && !problem.text[0]);
		free(exact); /* the source has copied what it needs */
		ask(source);
		p2p_source_free(source);
	} else {
		must(!source && !strncmp(problem.text, "fuzz:", 5));
		free(exact);
	}
	p2p_buf_free(&text);
	return 0;
}
