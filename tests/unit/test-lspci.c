/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source that reads the text of `lspci -D -xxxx`.
 *
 *     test-lspci CORPUS
 *
 * CORPUS is the folder `corpus` of tests/machines/corpus.tar.xz, unpacked;
 * without it the corpus is left out.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../core/base/bdf.h"
#include "../../core/io/pcilib.h"
#include "../../core/io/source.h"
#include "check.h"

#define DEVICES "sys/bus/pci/devices/"

/* ------------------------------------------------------------ making dumps */

static uint8_t config[4096]; /* of the function that is being made */

static void put16(unsigned at, unsigned value)
{
	config[at] = (uint8_t)value;
	config[at + 1] = (uint8_t)(value >> 8);
}

static void put_endpoint(unsigned vendor)
{
	memset(config, 0, sizeof(config));
	put16(PCI_VENDOR_ID, vendor);
	put16(PCI_DEVICE_ID, 0x1234);
	put16(PCI_CLASS_DEVICE, 0x0108);
}

static void put_bridge(unsigned own, unsigned secondary, unsigned subordinate)
{
	put_endpoint(0x8086);
	put16(PCI_CLASS_DEVICE, 0x0604);
	config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
	config[PCI_PRIMARY_BUS] = (uint8_t)own;
	config[PCI_SECONDARY_BUS] = (uint8_t)secondary;
	config[PCI_SUBORDINATE_BUS] = (uint8_t)subordinate;
}

static void put_express(void)
{
	put16(PCI_STATUS, PCI_STATUS_CAP_LIST);
	config[PCI_CAPABILITY_LIST] = 0x40;
	put16(0x40, PCI_CAP_ID_EXP);
}

static void put_vf(void)
{
	put_endpoint(0xffff);
	put16(PCI_DEVICE_ID, 0xffff);
	put_express();
}

/* An SR-IOV capability behind another one. */
static void put_sriov(unsigned count, unsigned offset, unsigned stride, bool on)
{
	put_express();
	put16(0x100, 0x0001);
	put16(0x102, 0x2001); /* next 0x200 */
	put16(0x200, PCI_EXT_CAP_ID_SRIOV);
	put16(0x202, 0x0001);
	put16(0x200 + PCI_SRIOV_CTRL, on ? PCI_SRIOV_CTRL_VFE : 0);
	put16(0x200 + PCI_SRIOV_TOTAL_VF, count);
	put16(0x200 + PCI_SRIOV_NUM_VF, count);
	put16(0x200 + PCI_SRIOV_VF_OFFSET, offset);
	put16(0x200 + PCI_SRIOV_VF_STRIDE, stride);
}

/* Adds the function as lspci prints it; `before` and `newline` are what a mail makes of it. */
static void add_as(struct p2p_buf *text, const char *address, const char *details, unsigned size,
		   const char *before, const char *newline)
{
	p2p_buf_printf(text, "%s%s Class 0108: 8086:1234 (rev 01)%s", before, address, newline);
	for (const char *line = details; *line;) {
		size_t len = strcspn(line, "\n");

		p2p_buf_printf(text, "%s\t%.*s%s", before, (int)len, line, newline);
		line += len + (line[len] != '\0');
	}
	for (unsigned i = 0; i < size; i++) {
		if (!(i % 16))
			p2p_buf_printf(text, "%s%02x:", before, i);
		p2p_buf_printf(text, " %02x%s", config[i], i % 16 == 15 ? newline : "");
	}
	p2p_buf_printf(text, "%s%s", before, newline);
}

static void add(struct p2p_buf *text, const char *address, unsigned size)
{
	add_as(text, address, "", size, "", "\n");
}

static void add_endpoint(struct p2p_buf *text, const char *address)
{
	put_endpoint(0x144d);
	add(text, address, 64);
}

static void add_bridge(struct p2p_buf *text, const char *address, unsigned secondary, unsigned subordinate)
{
	struct p2p_bdf bdf = { 0 };

	p2p_bdf_parse(address, &bdf);
	put_bridge(bdf.bus, secondary, subordinate);
	add(text, address, 64);
}

/* ----------------------------------------------------------- asking sources */

/* The source of a text, which is emptied; NULL and a message when it is refused. */
static struct p2p_source *open_text(struct p2p_buf *text)
{
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;

	if (p2p_source_parse_lspci("box.lspci", p2p_buf_text(text), text->len, &problem, &source))
		fprintf(stderr, "%s\n", problem.text);
	p2p_buf_free(text);
	CHECK(source);
	return source;
}

/* Is the text refused at that place, in such words? */
static bool refused(struct p2p_buf *text, const char *place, const char *words)
{
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	int error = p2p_source_parse_lspci("box.lspci", p2p_buf_text(text), text->len, &problem, &source);
	bool good = error == -EINVAL && !source && !strncmp(problem.text, place, strlen(place)) &&
		    strstr(problem.text, words);

	if (!good)
		fprintf(stderr, "got %d: %s\n", error, problem.text);
	p2p_source_free(source);
	p2p_buf_free(text);
	return good;
}

static bool refused_text(const char *text, const char *place, const char *words)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	p2p_buf_puts(&buf, text);
	return refused(&buf, place, words);
}

/* The link of a function, or of NAME below it, as text; "-2" and so on when it fails. */
static const char *link_of(struct p2p_source *source, const char *name)
{
	static char answer[8192];
	struct p2p_buf key = P2P_BUF_INIT, target = P2P_BUF_INIT;

	p2p_buf_printf(&key, DEVICES "%s", name);
	p2p_buf_puts(&target, "untouched");
	int error = p2p_source_link(source, p2p_buf_text(&key), &target);

	if (error)
		CHECK(!strcmp(p2p_buf_text(&target), "untouched"));
	snprintf(answer, sizeof(answer), "%s", p2p_buf_text(&target));
	if (error)
		snprintf(answer, sizeof(answer), "%d", error);
	p2p_buf_free(&key);
	p2p_buf_free(&target);
	return answer;
}

static bool fails(struct p2p_source *source, const char *name, int error)
{
	const char *answer = link_of(source, name);
	bool good = atoi(answer) == error;

	if (!good)
		fprintf(stderr, "%s -> %s\n", name, answer);
	return good;
}

static bool links(struct p2p_source *source, const char *name, const char *target)
{
	const char *answer = link_of(source, name);
	bool good = !strcmp(answer, target);

	if (!good)
		fprintf(stderr, "%s -> %s\n", name, answer);
	return good;
}

/* The names of a folder with blanks between; "-61" and so on when it fails. */
static bool lists(struct p2p_source *source, const char *key, const char *expected)
{
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_buf text = P2P_BUF_INIT;
	const char *name = NULL;
	int error = p2p_source_list(source, key, &names);

	if (error)
		p2p_buf_printf(&text, "%d", error);
	while (!error && (name = p2p_names_next(&names, name)))
		p2p_buf_printf(&text, "%s%s", text.len ? " " : "", name);
	bool good = !strcmp(p2p_buf_text(&text), expected);

	if (!good)
		fprintf(stderr, "%s: %s\n", key, p2p_buf_text(&text));
	p2p_names_free(&names);
	p2p_buf_free(&text);
	return good;
}

/* How many bytes of a function's configuration space are there, or the error. */
static int config_bytes(struct p2p_source *source, const char *address, unsigned offset, unsigned length)
{
	static uint8_t bytes[8192];
	struct p2p_buf key = P2P_BUF_INIT;
	size_t got = 77777;

	p2p_buf_printf(&key, DEVICES "%s/config", address);
	int error = p2p_source_read(source, p2p_buf_text(&key), offset, bytes, length, &got);

	if (error)
		CHECK(got == 77777);
	p2p_buf_free(&key);
	return error ? error : (int)got;
}

static bool reads(struct p2p_source *source, const char *key, const char *expected)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_source_read_text(source, key, 4096, &text);
	bool good = !error && !strcmp(p2p_buf_text(&text), expected);

	p2p_buf_free(&text);
	return good;
}

static int read_fails(struct p2p_source *source, const char *key)
{
	char byte;
	size_t got;

	return p2p_source_read(source, key, 0, &byte, 1, &got);
}

/* ---------------------------------------------------------------- the tests */

/* A root port, a switch, two endpoints; one more root bus; another domain. */
static void test_hierarchy(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	add_endpoint(&text, "0000:00:00.0");
	add_bridge(&text, "0000:00:01.0", 1, 4);
	add_bridge(&text, "0000:01:00.0", 2, 4);
	add_bridge(&text, "0000:02:00.0", 3, 3);
	add_bridge(&text, "0000:02:01.0", 4, 4);
	add_endpoint(&text, "0000:04:00.0");
	add_endpoint(&text, "0000:03:00.1");
	add_endpoint(&text, "0000:03:00.0");
	add_endpoint(&text, "0000:80:05.0");
	add_endpoint(&text, "10000:e0:06.0");
	add_endpoint(&text, "0001:00:00.0");
	struct p2p_source *source = open_text(&text);

	CHECK(lists(source, "sys/bus/pci/devices",
		    "0000:00:00.0 0000:00:01.0 0000:01:00.0 0000:02:00.0 0000:02:01.0 0000:03:00.0 0000:03:00.1 "
		    "0000:04:00.0 0000:80:05.0 0001:00:00.0 10000:e0:06.0"));
	CHECK(links(source, "0000:00:00.0", "../../../devices/pci0000:00/0000:00:00.0"));
	CHECK(links(source, "0000:03:00.1", "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/"
					    "0000:03:00.1"));
	CHECK(links(source, "0000:04:00.0", "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/"
					    "0000:04:00.0"));
	CHECK(links(source, "0000:80:05.0", "../../../devices/pci0000:80/0000:80:05.0"));
	CHECK(links(source, "0001:00:00.0", "../../../devices/pci0001:00/0001:00:00.0"));
	CHECK(links(source, "10000:e0:06.0", "../../../devices/pci10000:e0/10000:e0:06.0"));
	CHECK(lists(source, "sys/devices/pci0000:00", "0000:00:00.0 0000:00:01.0"));
	CHECK(lists(source, "sys/devices/pci0000:80", "0000:80:05.0"));
	CHECK(lists(source, "sys/devices/pci10000:e0", "10000:e0:06.0"));
	CHECK(lists(source, "sys/devices/pci0000:03", "-61")); /* a bus, but not a root bus */
	CHECK(lists(source, "sys/devices/pci0000:99", "-61"));
	CHECK(lists(source, "sys/devices/pci00000:00", "-61"));
	CHECK(lists(source, "sys/class/net", "-61"));
	CHECK(reads(source, "kernel/list-order", "name\n"));
	p2p_source_free(source);
}

/* What is not in the text was never recorded. */
static void test_not_there(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	add_endpoint(&text, "0000:0a:00.0");
	struct p2p_source *source = open_text(&text);

	CHECK(fails(source, "0000:0b:00.0", -ENODATA));
	CHECK(fails(source, "0000:0A:00.0", -ENODATA));
	CHECK(fails(source, "0a:00.0", -ENODATA));
	CHECK(fails(source, "00000:0a:00.0", -ENODATA));
	CHECK(fails(source, "0000:0a:00.0x", -ENODATA));
	CHECK(fails(source, "0000:0a:00.0/driver", -ENODATA));
	CHECK(fails(source, "0000:0a:00.0/iommu_group", -ENODATA));
	CHECK(fails(source, "0000:0a:00.0/physfn", -ENOENT));
	CHECK(fails(source, "0000:0a:00.0/subsystem", -ENODATA));
	CHECK(read_fails(source, "sys/bus/pci/devices/0000:0a:00.0/vendor") == -ENODATA);
	CHECK(read_fails(source, "sys/bus/pci/devices/0000:0a:00.0/numa_node") == -ENODATA);
	CHECK(read_fails(source, "sys/bus/pci/devices/0000:0b:00.0/config") == -ENODATA);
	CHECK(read_fails(source, "sys/bus/pci/devices/0000:0a:00.0/config/x") == -ENODATA);
	CHECK(read_fails(source, "proc/cpuinfo") == -ENODATA);
	CHECK(read_fails(source, "kernel/p2pdma") == -ENODATA);
	CHECK(read_fails(source, "net/eth0") == -ENODATA);
	CHECK(lists(source, "sys/bus", "-61"));
	p2p_source_free(source);
}

/* Names come from pci.ids, not from the text: the same answer, whether there is a pci.ids here or not. */
static void test_names(void)
{
	static const char *const keys[] = { "names/8086", "names/8086:2030", "names/class/0108", "names/zz" };
	struct p2p_buf text = P2P_BUF_INIT;

	add_endpoint(&text, "00:00.0");
	struct p2p_source *source = open_text(&text);

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct p2p_buf name = P2P_BUF_INIT, got = P2P_BUF_INIT;
		int error = p2p_pcilib_read(keys[i], &name);

		CHECK(p2p_source_read_text(source, keys[i], 4096, &got) == error);
		CHECK(!strcmp(p2p_buf_text(&name), p2p_buf_text(&got)));
		p2p_buf_free(&name);
		p2p_buf_free(&got);
	}
	p2p_source_free(source);
}

/* How far each function's configuration space is known. */
static void test_config_end(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	add_endpoint(&text, "00:00.0"); /* 64 */
	put_endpoint(0x144d);
	add(&text, "00:01.0", 256); /* conventional */
	put_express();
	add(&text, "00:02.0", 256);
	put_endpoint(0x8086);
	put16(PCI_CLASS_DEVICE, 0x0600);
	add(&text, "00:03.0", 256); /* the kernel looks for more in host bridges too */
	put_endpoint(0x104c);
	config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_CARDBUS;
	add(&text, "00:04.0", 128);
	config[PCI_HEADER_TYPE] |= 0x80;
	add(&text, "00:05.0", 128);
	memset(config, 0xff, sizeof(config));
	add(&text, "00:06.0", 256);
	add(&text, "00:07.0", 0); /* edited out */
	put_endpoint(0x144d);
	put16(PCI_STATUS, PCI_STATUS_CAP_LIST);
	config[PCI_CAPABILITY_LIST] = 0x50;
	config[0x50] = 0x01, config[0x51] = 0x50; /* a chain in a circle */
	add(&text, "00:08.0", 256);
	struct p2p_source *source = open_text(&text);

	CHECK(config_bytes(source, "0000:00:00.0", 0, 64) == 64);
	CHECK(config_bytes(source, "0000:00:00.0", 60, 4) == 4);
	CHECK(config_bytes(source, "0000:00:00.0", 60, 5) == -ENODATA);
	CHECK(config_bytes(source, "0000:00:00.0", 0x100, 4) == -ENODATA);
	CHECK(config_bytes(source, "0000:00:01.0", 0, 4096) == 256);
	CHECK(config_bytes(source, "0000:00:01.0", 256, 4) == 0);
	CHECK(config_bytes(source, "0000:00:02.0", 0, 256) == 256);
	CHECK(config_bytes(source, "0000:00:02.0", 256, 4) == -ENODATA);
	CHECK(config_bytes(source, "0000:00:03.0", 256, 4) == -ENODATA);
	CHECK(config_bytes(source, "0000:00:04.0", 0, 128) == 128);
	CHECK(config_bytes(source, "0000:00:04.0", 128, 4) == -ENODATA);
	CHECK(config_bytes(source, "0000:00:05.0", 124, 4) == 4);
	CHECK(config_bytes(source, "0000:00:06.0", 256, 4) == -ENODATA);
	CHECK(config_bytes(source, "0000:00:07.0", 0, 4) == -ENODATA);
	CHECK(config_bytes(source, "0000:00:08.0", 256, 4) == 0);
	p2p_source_free(source);
}

/* One function with 4096 bytes proves -xxxx: then the others end at 256. */
static void test_config_extended(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	put_endpoint(0x144d);
	put_express();
	add(&text, "00:02.0", 256);
	config[4095] = 0xa5;
	add(&text, "00:03.0", 4096);
	add(&text, "00:04.0", 64);
	struct p2p_source *source = open_text(&text);
	uint8_t last = 0;
	size_t got = 0;

	CHECK(config_bytes(source, "0000:00:02.0", 256, 4) == 0);
	CHECK(config_bytes(source, "0000:00:02.0", 254, 4) == 2);
	CHECK(config_bytes(source, "0000:00:03.0", 0, 8192) == 4096);
	CHECK(config_bytes(source, "0000:00:03.0", 4096, 4) == 0);
	CHECK(config_bytes(source, "0000:00:04.0", 64, 4) == -ENODATA); /* refused, not ended */
	CHECK(!p2p_source_read(source, DEVICES "0000:00:03.0/config", 4095, &last, 1, &got) && last == 0xa5);
	p2p_source_free(source);
}

static void test_margins(void)
{
	static const char *const margins[] = { "", "    ", "> ", "> > ", "\t", ">" };
	static const char *const newlines[] = { "\n", "\r\n", " \n", "\n\n", "\r\n\r\n" };

	for (size_t i = 0; i < sizeof(margins) / sizeof(*margins); i++)
		for (size_t j = 0; j < sizeof(newlines) / sizeof(*newlines); j++) {
			struct p2p_buf text = P2P_BUF_INIT;

			p2p_buf_printf(&text, "\xef\xbb\xbfHello,\n\n03:00.0 is the card; 12:30 was the time.\n%s```%s"
					      "%sroot@box:~# lspci -xxxx -vvv%s", margins[i], newlines[j], margins[i],
				       newlines[j]);
			put_bridge(0, 3, 3);
			add_as(&text, "00:1c.0", "Kernel driver in use: pcieport", 256, margins[i], newlines[j]);
			put_endpoint(0x144d);
			add_as(&text, "03:00.0", "Subsystem: a: b\nNUMA node: 1\nIOMMU group: 17\nLnkSta: 8GT/s\n"
						 "Kernel driver in use: nvme\nKernel modules: nvme",
			       256, margins[i], newlines[j]);
			add_as(&text, "03:00.1", "", 256, margins[i], newlines[j]);
			p2p_buf_puts(&text, "```\nThanks,\n-- \nme\nKernel driver in use: not this one\n");
			struct p2p_source *source = open_text(&text);

			if (!source)
				continue;
			CHECK(lists(source, "sys/bus/pci/devices", "0000:00:1c.0 0000:03:00.0 0000:03:00.1"));
			CHECK(links(source, "0000:03:00.0", "../../../devices/pci0000:00/0000:00:1c.0/0000:03:00.0"));
			CHECK(links(source, "0000:03:00.0/driver", "../../../bus/pci/drivers/nvme"));
			CHECK(links(source, "0000:03:00.0/iommu_group", "../../../kernel/iommu_groups/17"));
			CHECK(reads(source, DEVICES "0000:03:00.0/numa_node", "1\n"));
			CHECK(links(source, "0000:00:1c.0/driver", "../../../bus/pci/drivers/pcieport"));
			CHECK(fails(source, "0000:03:00.1/driver", -ENOENT)); /* the dump tells drivers */
			CHECK(fails(source, "0000:03:00.1/iommu_group", -ENODATA));
			CHECK(read_fails(source, DEVICES "0000:03:00.1/numa_node") == -ENODATA);
			p2p_source_free(source);
		}
}

/* The first lines of lspci's forms. */
static void test_forms(void)
{
	static const char *const lines[] = {
		"03:00.0 Non-Volatile memory controller: Samsung Electronics Co Ltd Device a80a",
		"0000:03:00.0 Non-Volatile memory controller [0108]: Samsung [144d:a80a] (rev 01) (prog-if 02 [NVMe])",
		"03:00.0 0108: 144d:a80a", "0000:03:00.0 Class 0108: 144d:a80a", "0000:03:00.0",
		"03:00.0 Class 0108: 144d:a80a (rev 01)", "03:00.0 VGA compatible controller:",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct p2p_buf text = P2P_BUF_INIT, rows = P2P_BUF_INIT;

		put_endpoint(0x144d);
		add(&rows, "x", 64);
		p2p_buf_printf(&text, "%s\n%s", lines[i], strchr(p2p_buf_text(&rows), '\n') + 1);
		p2p_buf_free(&rows);
		struct p2p_source *source = open_text(&text);

		CHECK(source && lists(source, "sys/bus/pci/devices", "0000:03:00.0"));
		p2p_source_free(source);
	}
	/* Offsets of three digits from the start, capital digits, no newline at the end. */
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_puts(&text, "03:00.0\n000: 4D 14 0A A8 06 04 10 00 00 02 08 01 00 00 00 00\n"
			    "010: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
			    "020:  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
			    "030: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	struct p2p_source *source = open_text(&text);
	uint8_t id[4] = { 0 };
	size_t got = 0;

	CHECK(!p2p_source_read(source, DEVICES "0000:03:00.0/config", 0, id, 4, &got) && got == 4);
	CHECK(!memcmp(id, "\x4d\x14\x0a\xa8", 4));
	p2p_source_free(source);
}

#define ROW0 "00: 4d 14 0a a8 06 04 10 00 00 02 08 01 00 00 00 00\n"
#define ROW1 "10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
#define ROW2 "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
#define ROW3 "30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
#define ROW4 "40: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
#define DEV "03:00.0 Class 0108: 144d:a80a\n"
#define GOOD ROW0 ROW1 ROW2 ROW3

static void test_refused(void)
{
	CHECK(refused_text("", "box.lspci:1:1: ", "no PCI function"));
	CHECK(refused_text("Hello\nworld\n", "box.lspci:2:1: ", "no PCI function"));
	CHECK(refused_text(DEV, "box.lspci:1:1: ", "without their configuration space"));
	CHECK(refused_text(DEV ROW0 ROW2 ROW3, "box.lspci:3:1: ", "0000:03:00.0: row 20 where row 10 must come"));
	CHECK(refused_text("  " DEV ROW0 ROW1 ROW2 " " ROW2, "box.lspci:5:2: ", "row 20 where row 30 must come"));
	CHECK(refused_text(DEV ROW0 ROW1 ROW2, "box.lspci:4:1: ", "stops after 48 bytes"));
	CHECK(refused_text(DEV GOOD ROW4 "\n04:00.0 Class 0108: 144d:a80a\n" GOOD, "box.lspci:6:1: ",
			   "stops after 80 bytes"));
	CHECK(refused_text(DEV ROW1, "box.lspci:2:1: ", "row 10 where row 00 must come"));
	CHECK(refused_text(ROW0, "box.lspci:1:1: ", "address line is missing"));
	CHECK(refused_text(DEV GOOD ROW0, "box.lspci:6:1: ", "row 00 a second time"));
	CHECK(refused_text(DEV GOOD DEV GOOD, "box.lspci:6:1: ", "first in line 1"));
	CHECK(refused_text(DEV GOOD "0000:" DEV GOOD, "box.lspci:6:1: ", "0000:03:00.0 a second time"));
	CHECK(refused_text(DEV GOOD "04:00.0 Class 0108: 144d:a80a\n", "box.lspci:6:1: ", "the text ends before"));
	CHECK(refused_text(DEV "00: 4d 14 0a a8\n", "box.lspci:2:16: ", "row 00 ends after 4 of 16"));
	CHECK(refused_text(DEV "00: 4d 14 zz a8\n", "box.lspci:2:11: ", "not a byte"));
	CHECK(refused_text(DEV "00: 4d 14 0a8 06\n", "box.lspci:2:11: ", "not a byte"));
	CHECK(refused_text(DEV "00: hello\n", "box.lspci:2:5: ", "not a byte"));
	CHECK(refused_text(DEV "00:\n", "box.lspci:2:4: ", "ends after 0 of 16"));
	CHECK(refused_text(DEV ROW0 "10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 |....|\n" ROW2 ROW3,
			   "box.lspci:3:53: ", "goes on after"));
	CHECK(refused_text("00:1c.0/00.0 Class 0108: 144d:a80a\n" GOOD, "box.lspci:1:8: ", "lspci -P"));
	CHECK(refused_text("00:1c.0/03:00.0 Class 0108: 144d:a80a\n" GOOD, "box.lspci:1:8: ", "lspci -P"));
	CHECK(refused_text(DEV "\tNUMA node: many\n" GOOD, "box.lspci:2:13: ", "not followed by a number"));
	CHECK(refused_text(DEV "\tKernel driver in use:\n" GOOD, "box.lspci:2:23: ", "not followed by a name"));
	CHECK(refused_text(DEV "\tKernel driver in use: ../x\n" GOOD, "box.lspci:2:24: ", "name"));
	CHECK(refused_text(DEV "\tKernel driver in use: a/b\n" GOOD, "box.lspci:2:24: ", "name"));
	CHECK(refused_text(DEV "\tNUMA node: 1\n\tNUMA node: 1\n" GOOD, "box.lspci:3:1: ", "a second time"));
	CHECK(refused_text(DEV GOOD "\xff\xfe junk\n" ROW0, "box.lspci:7:1: ", "row 00 a second time"));
}

static void test_refused_big(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	/* CardBus's 128 bytes for something that is not CardBus. */
	put_endpoint(0x144d);
	add(&text, "00:01.0", 128);
	CHECK(refused(&text, "box.lspci:9:1: ", "stops after 128 bytes"));
	/* Rows after the last one that a configuration space can have. */
	put_endpoint(0x144d);
	add(&text, "00:01.0", 4096);
	p2p_buf_puts(&text, "1000: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n");
	CHECK(refused(&text, "box.lspci:259:1: ", "after the end"));
	/* Cut off in the middle of a row. */
	put_endpoint(0x144d);
	add(&text, "00:01.0", 4096);
	text.len -= 29;
	CHECK(refused(&text, "box.lspci:257:", "row ff0 ends after"));
	p2p_buf_add(&text, DEV "\0", sizeof(DEV));
	CHECK(refused(&text, "box.lspci:2:1: ", "NUL"));
	p2p_buf_add(&text, "0\0003\0:\0", 6);
	CHECK(refused(&text, "box.lspci:1:2: ", "NUL"));
	for (int i = 0; i < 70000; i++)
		p2p_buf_putc(&text, 'x');
	CHECK(refused(&text, "box.lspci:1:65537: ", "a line of more than"));
	/* A long path leaves room for the sentence. */
	char path[1000];
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK(p2p_source_parse_lspci(path, "x", 1, &problem, &source) == -EINVAL && !source);
	CHECK(strstr(problem.text, "ppp:1:1: ") && strstr(problem.text, "as root again"));
}

/* lspci says itself that it may not read one function. */
static void test_no_access(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	add_endpoint(&text, "00:00.0");
	add_endpoint(&text, "02:00.0");
	add_endpoint(&text, "01:00.0");
	p2p_buf_puts(&text, "01:01.0 Class 0604: 8086:1234\nWARNING: Cannot show hex-dump of the config space\n\n");
	struct p2p_source *source = open_text(&text);

	CHECK(config_bytes(source, "0000:01:01.0", 0, 4) == -ENODATA);
	CHECK(fails(source, "0000:01:01.0/physfn", -ENODATA));
	CHECK(links(source, "0000:00:00.0", "../../../devices/pci0000:00/0000:00:00.0"));
	CHECK(links(source, "0000:01:01.0", "../../../devices/pci0000:01/0000:01:01.0"));
	CHECK(fails(source, "0000:02:00.0", -ENODATA)); /* 01:01.0 may be the bridge above it */
	p2p_source_free(source);
}

/* Bridges whose numbers say nothing, one at a time, beside a good one. */
static void test_bad_bridges(void)
{
	static const struct {
		const char *address;
		unsigned secondary, subordinate;
		const char *below;   /* a function */
		int error;           /* of its link; 0: it is fine */
	} cases[] = {
		{ "0000:00:02.0", 0, 0, "0000:00:03.0", 0 },         /* switched off: bus 0 is still a root bus */
		{ "0000:00:02.0", 0, 0x20, "0000:10:00.0", -EINVAL }, /* covered, but whose? */
		{ "0000:00:02.0", 0, 0x20, "0000:21:00.0", 0 },
		{ "0000:00:02.0", 0x10, 0x0f, "0000:10:00.0", -EINVAL },
		{ "0000:00:02.0", 0x10, 0x0f, "0000:0f:00.0", 0 },
		{ "0000:00:02.0", 0x10, 0x20, "0000:11:00.0", -EINVAL },
		{ "0000:00:02.0", 0x10, 0x20, "0000:20:00.0", -EINVAL },
		{ "0000:00:02.0", 0x10, 0x20, "0000:21:00.0", 0 },
		{ "0000:00:02.0", 0x10, 0x10, "0000:10:00.0", 0 },
		{ "0000:10:02.0", 0x10, 0x20, "0000:10:00.0", -EINVAL }, /* its own ancestor */
		{ "0000:12:02.0", 0x10, 0x20, "0000:10:00.0", -EINVAL }, /* backwards */
		{ "0000:00:02.0", 0xff, 0xff, "0000:ff:1f.7", 0 },
		{ "0000:00:02.0", 0x10, 0xff, "0000:ff:1f.7", -EINVAL },
		{ "0000:00:02.0", 1, 1, "0000:01:00.0", -EINVAL }, /* 00:01.0 has it as well */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct p2p_buf text = P2P_BUF_INIT;
		bool twice = cases[i].secondary == 1;

		add_bridge(&text, "0000:00:01.0", 1, 2);
		add_bridge(&text, cases[i].address, cases[i].secondary, cases[i].subordinate);
		if (!twice)
			add_endpoint(&text, "0000:01:00.0");
		add_endpoint(&text, cases[i].below);
		add_endpoint(&text, "0001:10:00.0");
		struct p2p_source *source = open_text(&text);
		const char *answer = link_of(source, cases[i].below);

		CHECK(cases[i].error ? atoi(answer) == cases[i].error : !strncmp(answer, "../../../devices/pci", 20));
		CHECK(links(source, "0000:00:01.0", "../../../devices/pci0000:00/0000:00:01.0"));
		if (!twice)
			CHECK(links(source, "0000:01:00.0",
				    "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0"));
		CHECK(links(source, "0001:10:00.0", "../../../devices/pci0001:10/0001:10:00.0"));
		p2p_source_free(source);
	}
}

/* What is below a bad edge is as bad. */
static void test_bad_subtree(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	add_bridge(&text, "0000:00:01.0", 1, 9);
	add_bridge(&text, "0000:00:02.0", 1, 9);
	add_bridge(&text, "0000:01:00.0", 2, 3);
	add_bridge(&text, "0000:02:00.0", 3, 3);
	add_endpoint(&text, "0000:03:00.0");
	/* Two bridges, each below the other, and each other's bus. */
	add_bridge(&text, "0000:20:00.0", 0x21, 0x21);
	add_bridge(&text, "0000:21:00.0", 0x20, 0x21);
	add_endpoint(&text, "0000:20:01.0");
	add_bridge(&text, "0000:21:01.0", 0x22, 0x22);
	add_endpoint(&text, "0000:22:00.0");
	/* Gone: the header says type 7f, which is no bridge. */
	memset(config, 0xff, sizeof(config));
	add(&text, "0000:00:03.0", 256);
	add_endpoint(&text, "0000:ff:00.0");
	struct p2p_source *source = open_text(&text);

	CHECK(links(source, "0000:00:01.0", "../../../devices/pci0000:00/0000:00:01.0"));
	CHECK(links(source, "0000:00:03.0", "../../../devices/pci0000:00/0000:00:03.0"));
	CHECK(fails(source, "0000:01:00.0", -EINVAL));
	CHECK(fails(source, "0000:02:00.0", -EINVAL));
	CHECK(fails(source, "0000:03:00.0", -EINVAL));
	CHECK(fails(source, "0000:20:00.0", -EINVAL));
	CHECK(fails(source, "0000:20:01.0", -EINVAL));
	CHECK(fails(source, "0000:21:00.0", -EINVAL));
	CHECK(fails(source, "0000:22:00.0", -EINVAL));
	CHECK(links(source, "0000:ff:00.0", "../../../devices/pci0000:ff/0000:ff:00.0"));
	CHECK(lists(source, "sys/devices/pci0000:01", "-61"));
	CHECK(lists(source, "sys/devices/pci0000:00", "0000:00:01.0 0000:00:02.0 0000:00:03.0"));
	p2p_source_free(source);
}

/* The deepest chain there is: each bridge one bus further. */
static void test_deep(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (unsigned bus = 0; bus < 255; bus++) {
		char address[32];

		snprintf(address, sizeof(address), "0000:%02x:00.0", bus);
		add_bridge(&text, address, bus + 1, 255);
	}
	add_endpoint(&text, "0000:ff:00.0");
	struct p2p_source *source = open_text(&text);
	const char *answer = link_of(source, "0000:ff:00.0");

	CHECK(strlen(answer) == strlen("../../../devices/pci0000:00") + 256 * strlen("/0000:00:00.0"));
	CHECK(!strncmp(answer, "../../../devices/pci0000:00/0000:00:00.0/0000:01:00.0/", 54));
	p2p_source_free(source);
}

/* VFs on the PF's bus and on the next ones, which no bridge has as secondary. */
static void test_sriov(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	add_bridge(&text, "0000:00:01.0", 1, 4);
	put_endpoint(0x15b3);
	put_sriov(4, 2, 0x80, true); /* 01:00.2 01:10.2 02:00.2 02:10.2 */
	add(&text, "0000:01:00.0", 4096);
	put_endpoint(0x15b3);
	put_sriov(2, 0x200, 1, true); /* 03:00.1 03:00.2 */
	add(&text, "0000:01:00.1", 4096);
	put_vf();
	add(&text, "0000:01:00.2", 4096);
	add(&text, "0000:01:10.2", 4096);
	add(&text, "0000:02:00.2", 4096);
	add(&text, "0000:02:10.2", 64);
	add(&text, "0000:03:00.1", 4096);
	add(&text, "0000:03:00.3", 4096); /* nobody's */
	add(&text, "0000:04:00.0", 4096); /* nobody's, on a bus of its own */
	/* An integrated PF on a root bus; its VF is in the host bridge's folder, not on its bus. */
	put_endpoint(0x8086);
	put_sriov(1, 0x100, 0, true);
	add(&text, "0000:80:00.0", 4096);
	put_vf();
	add(&text, "0000:81:00.0", 4096);
	memset(config, 0xff, sizeof(config));
	add(&text, "0000:03:00.2", 256); /* a VF that is gone is still that PF's */
	struct p2p_source *source = open_text(&text);
	static const char above[] = "../../../devices/pci0000:00/0000:00:01.0/";
	char expected[128];

	snprintf(expected, sizeof(expected), "%s0000:02:10.2", above);
	CHECK(links(source, "0000:02:10.2", expected));
	snprintf(expected, sizeof(expected), "%s0000:01:00.2", above);
	CHECK(links(source, "0000:01:00.2", expected));
	snprintf(expected, sizeof(expected), "%s0000:03:00.2", above);
	CHECK(links(source, "0000:03:00.2", expected));
	CHECK(links(source, "0000:01:00.2/physfn", "../0000:01:00.0"));
	CHECK(links(source, "0000:01:10.2/physfn", "../0000:01:00.0"));
	CHECK(links(source, "0000:02:00.2/physfn", "../0000:01:00.0"));
	CHECK(links(source, "0000:02:10.2/physfn", "../0000:01:00.0"));
	CHECK(links(source, "0000:03:00.1/physfn", "../0000:01:00.1"));
	CHECK(links(source, "0000:03:00.2/physfn", "../0000:01:00.1"));
	CHECK(fails(source, "0000:03:00.3/physfn", -ENODATA));
	CHECK(fails(source, "0000:03:00.3", -EINVAL));
	CHECK(fails(source, "0000:04:00.0", -EINVAL));
	CHECK(fails(source, "0000:01:00.0/physfn", -ENOENT));
	CHECK(links(source, "0000:81:00.0", "../../../devices/pci0000:80/0000:81:00.0"));
	CHECK(links(source, "0000:81:00.0/physfn", "../0000:80:00.0"));
	CHECK(lists(source, "sys/devices/pci0000:80", "0000:80:00.0 0000:81:00.0"));
	CHECK(lists(source, "sys/devices/pci0000:81", "-61"));
	p2p_source_free(source);
}

/* SR-IOV that explains nothing: off, refused by the kernel, claimed twice, absurd. */
static void test_sriov_bad(void)
{
	static const struct {
		unsigned count, offset, stride;
		bool on;
		int error; /* of physfn */
	} cases[] = {
		{ 4, 1, 1, false, -ENODATA }, { 0, 1, 1, true, -ENODATA },	{ 4, 0, 1, true, -ENODATA },
		{ 4, 1, 0, true, -ENODATA },  { 4, 0xfffe, 1, true, -ENODATA }, { 65535, 1, 65535, true, 0 },
		{ 1, 1, 0, true, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct p2p_buf text = P2P_BUF_INIT;

		put_endpoint(0x15b3);
		put_sriov(cases[i].count, cases[i].offset, cases[i].stride, cases[i].on);
		add(&text, "0000:01:00.0", 4096);
		put_vf();
		add(&text, "0000:01:00.1", 4096);
		struct p2p_source *source = open_text(&text);

		if (cases[i].error)
			CHECK(fails(source, "0000:01:00.1/physfn", cases[i].error));
		else
			CHECK(links(source, "0000:01:00.1/physfn", "../0000:01:00.0"));
		CHECK(links(source, "0000:01:00.1", "../../../devices/pci0000:01/0000:01:00.1"));
		p2p_source_free(source);
	}
	/* Two PFs that both say so; a PF whose VF has a vendor of its own; more VFs than there are addresses. */
	struct p2p_buf text = P2P_BUF_INIT;

	put_endpoint(0x15b3);
	put_sriov(1, 8, 1, true);
	add(&text, "0000:01:00.0", 4096);
	put_sriov(1, 7, 1, true);
	add(&text, "0000:01:00.1", 4096);
	put_sriov(1, 14, 1, true);
	add(&text, "0000:01:00.2", 4096);
	put_vf();
	add(&text, "0000:01:01.0", 64);
	add_endpoint(&text, "0000:01:02.0");
	for (unsigned fn = 0; fn < 2; fn++) {
		char address[32];

		put_endpoint(0x15b3);
		put_sriov(65535, 1, 1, true);
		snprintf(address, sizeof(address), "0001:01:00.%u", fn);
		add(&text, address, 4096);
	}
	put_vf();
	add(&text, "0001:01:01.0", 64);
	struct p2p_source *source = open_text(&text);

	CHECK(fails(source, "0000:01:01.0/physfn", -EINVAL));
	CHECK(fails(source, "0000:01:01.0", -EINVAL));
	CHECK(fails(source, "0000:01:02.0/physfn", -ENOENT));
	CHECK(links(source, "0000:01:02.0", "../../../devices/pci0000:01/0000:01:02.0"));
	CHECK(fails(source, "0001:01:01.0/physfn", -EINVAL));
	CHECK(links(source, "0001:01:00.1", "../../../devices/pci0001:01/0001:01:00.1"));
	p2p_source_free(source);
}

/* A dump of 64 bytes each cannot say whose VFs they are; that is not the dump's fault. */
static void test_sriov_unseen(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	add_bridge(&text, "0000:00:01.0", 1, 2);
	put_endpoint(0x15b3);
	put_sriov(2, 0x100, 1, true);
	add(&text, "0000:01:00.0", 64);
	put_vf();
	add(&text, "0000:02:00.0", 64);
	add(&text, "0000:01:00.1", 64);
	struct p2p_source *source = open_text(&text);

	CHECK(fails(source, "0000:02:00.0", -ENODATA));
	CHECK(fails(source, "0000:02:00.0/physfn", -ENODATA));
	CHECK(links(source, "0000:01:00.1", "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.1"));
	CHECK(fails(source, "0000:01:00.1/physfn", -ENODATA));
	p2p_source_free(source);
}

/* -------------------------------------------------------- big and noisy input */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Noise of many kinds ends in a sentence; the time shown is for people, not tested. */
static void test_noise(void)
{
	static const char *const units[] = { "\n", "00:00.0: \n", "00:00.0 \n", "> ", "00: ", "\xff\n", "00:1f.7\n" };
	uint32_t random = 1;
	double began = seconds();

	for (size_t i = 0; i <= sizeof(units) / sizeof(*units); i++) {
		struct p2p_buf text = P2P_BUF_INIT;

		for (size_t n = 0; n < 200000; n++) {
			random = random * 1664525 + 1013904223;
			if (i == sizeof(units) / sizeof(*units))
				p2p_buf_putc(&text, (char)(random >> 24));
			else
				p2p_buf_puts(&text, units[i]);
		}
		CHECK(refused(&text, "box.lspci:", "; "));
	}
	if (getenv("P2P_TEST_TIMES"))
		fprintf(stderr, "noise: %.3f s\n", seconds() - began);
}

/* As many functions as addresses in eight domains, half of them VFs of absurd PFs. */
static void test_many(void)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char address[32];

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(address, sizeof(address), "%04x:%02x:%02x.%u", i / 4096, i % 4096 / 16, i % 16, 0u);
		put_vf();
		add(&text, address, 64);
	}
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(address, sizeof(address), "%04x:%02x:%02x.%u", i / 200, i % 200, 3u, 1u);
		put_endpoint(0x15b3);
		put_sriov(2, 1, 0x7000, true);
		add(&text, address, 4096);
	}
	double began = seconds();
	struct p2p_source *source = open_text(&text);
	struct p2p_names names = P2P_NAMES_INIT;

	CHECK(!p2p_source_list(source, "sys/bus/pci/devices", &names) && names.count == 21000);
	if (getenv("P2P_TEST_TIMES"))
		fprintf(stderr, "many: %.3f s\n", seconds() - began);
	p2p_names_free(&names);
	p2p_source_free(source);
}

/* --------------------------------------------------------------- the corpus */

static int hex_value(const char *digits, unsigned *ret)
{
	char *end;

	*ret = (unsigned)strtoul(digits, &end, 16);
	return end != digits;
}

/* The header's byte at `at`, read through the source. */
static unsigned config_byte(struct p2p_source *source, const char *address, unsigned at)
{
	char key[64];
	uint8_t byte = 0;
	size_t got = 0;

	snprintf(key, sizeof(key), DEVICES "%s/config", address);
	CHECK(!p2p_source_read(source, key, at, &byte, 1, &got) && got == 1);
	return byte;
}

/* Does the link end as the bus numbers say: below a bridge to that bus, or in a host bridge of that bus? */
static bool link_agrees(struct p2p_source *source, const char *address)
{
	char path[8192];
	struct p2p_bdf own, above;
	uint32_t domain;
	uint8_t bus;

	snprintf(path, sizeof(path), "%s", link_of(source, address));
	char *last = strrchr(path, '/');

	if (!last || strcmp(last + 1, address) != 0 || p2p_bdf_parse(address, &own))
		return false;
	*last = '\0';
	last = strrchr(path, '/') + 1;
	if (!p2p_hostbridge_name_parse(last, strlen(last), &domain, &bus))
		return domain == own.domain && bus == own.bus;
	if (p2p_bdf_parse(last, &above) || above.domain != own.domain)
		return false;
	return (config_byte(source, last, PCI_HEADER_TYPE) & 0x7f) == 1 &&
	       config_byte(source, last, PCI_SECONDARY_BUS) == own.bus;
}

/* The rows of the text, read line by line in another way than the source does. */
static unsigned corpus_rows(struct p2p_source *source, const char *text, unsigned *ret_bad)
{
	char address[32] = "", key[64];
	unsigned functions = 0;

	*ret_bad = 0;
	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t word = strcspn(line, " \n");
		unsigned offset, byte;
		uint8_t bytes[16];
		size_t got = 0;

		if (word == 12) {
			functions++;
			snprintf(address, sizeof(address), "%.12s", line);
			snprintf(key, sizeof(key), DEVICES "%s/config", address);
		}
		if ((word != 3 && word != 4) || !hex_value(line, &offset))
			continue;
		*ret_bad += p2p_source_read(source, key, offset, bytes, 16, &got) || got != 16;
		for (unsigned i = 0; i < 16 && got == 16; i++)
			*ret_bad += !hex_value(line + word + 1 + 3 * (size_t)i, &byte) || byte != bytes[i];
	}
	return functions;
}

static void test_corpus_file(const char *path)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_names names = P2P_NAMES_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	const char *name = NULL;
	FILE *file = fopen(path, "r");
	char chunk[4096];
	size_t got;
	unsigned bad = 0;

	CHECK(file);
	while (file && (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		p2p_buf_add(&text, chunk, got);
	if (file)
		fclose(file);
	CHECK(!p2p_source_parse_lspci(path, p2p_buf_text(&text), text.len, &problem, &source));
	if (source) {
		unsigned functions = corpus_rows(source, p2p_buf_text(&text), &bad);

		CHECK(functions > 0 && !bad);
		CHECK(!p2p_source_list(source, "sys/bus/pci/devices", &names) && names.count == functions);
		while ((name = p2p_names_next(&names, name)))
			CHECK(link_agrees(source, name));
	} else {
		fprintf(stderr, "%s\n", problem.text);
	}
	p2p_source_free(source);
	p2p_names_free(&names);
	p2p_buf_free(&text);
}

static void test_corpus(const char *folder)
{
	static const unsigned numbers[] = { 1001, 1006, 1009, 1012, 1019, 1022, 1023, 1027, 1035, 1038,
					    1040, 1042, 1051, 1052, 1055, 1063, 1064, 1065, 1066, 1067,
					    1074, 1075, 1076, 1077, 1078, 1083, 1084, 1087 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct p2p_buf path = P2P_BUF_INIT;

		p2p_buf_printf(&path, "%s/%u.lspci", folder, numbers[i]);
		test_corpus_file(p2p_buf_text(&path));
		p2p_buf_free(&path);
	}
}

int main(int argc, char **argv)
{
	test_hierarchy();
	test_not_there();
	test_names();
	test_config_end();
	test_config_extended();
	test_margins();
	test_forms();
	test_refused();
	test_refused_big();
	test_no_access();
	test_bad_bridges();
	test_bad_subtree();
	test_deep();
	test_sriov();
	test_sriov_bad();
	test_sriov_unseen();
	test_noise();
	test_many();
	if (argc > 1)
		test_corpus(argv[1]);
	return check_done();
}
