/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources over files: confinement, order, derived rows, names, filters, and files given by name. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/base/arena.h"
#include "../../core/io/gzip.h"
#include "../../core/io/pcilib.h"
#include "../../core/io/source.h"
#include "check-source.h"

static char top[] = "/tmp/test-source-XXXXXX";

/* ------------------------------------------------------------------ tools */

/* "top/PATH", its folders made. */
static const char *place(const char *path)
{
	static char full[4096];

	snprintf(full, sizeof(full), "%s/%s", top, path);
	for (char *slash = full + strlen(top) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	return full;
}

static void put_bytes(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(place(path), "w");

	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file))
		abort();
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static void put_link(const char *path, const char *target)
{
	if (symlink(target, place(path)))
		abort();
}

static void remove_all(const char *path)
{
	char command[4200];

	snprintf(command, sizeof(command), "rm -rf -- '%s/%s'", top, path);
	if (system(command))
		abort();
}

static struct p2p_source *open_tree(const char *path)
{
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;
	int error = p2p_source_open_root(place(path), &problem, &source);

	CHECK(error == 0);
	if (error) {
		fprintf(stderr, "%s\n", problem.text);
		exit(check_done());
	}
	return source;
}

/* ------------------------------------------------------------------ keys */

static void test_keys(void)
{
	static const char *const bad[] = { "", "/", "/sys", "sys/", "sys//x", "sys/.", "sys/..", "../x", "sys/../x",
					   "./sys", "." };
	static const char *const order[] = { "kernel/p2pdma", "sys/bus/pci/devices", "sys/bus/pci/devices/0000:02:00.0",
					     "sys/bus/pci/devices/0000:02:00.0/config",
					     "sys/bus/pci/devices/0000:0a:00.0", "sys/bus/pci/devices/0000:1a:00.0",
					     "sys/bus/pci/devices/10000:00:00.0", "sys/bus/pci/devices/0000:1a:00",
					     "sys/bus/pci/devices-x", "sys/class/nvme/nvme2", "sys/class/nvme/nvme02",
					     "sys/class/nvme/nvme10" };
	const size_t n = sizeof(order) / sizeof(*order);
	char *longest = p2p_malloc(P2P_SOURCE_KEY_MAX + 2);

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(p2p_source_key_check(bad[i]) == -EINVAL);
	CHECK(p2p_source_key_check("sys") == 0);
	CHECK(p2p_source_key_check("sys/..x/.y/...") == 0);
	memset(longest, 'a', P2P_SOURCE_KEY_MAX + 1);
	longest[P2P_SOURCE_KEY_MAX + 1] = '\0';
	CHECK(p2p_source_key_check(longest) == -EINVAL);
	longest[P2P_SOURCE_KEY_MAX] = '\0';
	CHECK(p2p_source_key_check(longest) == 0);
	free(longest);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int way = p2p_source_key_compare(order[i], order[j]);

			/* Leading zeros: 02 before 2, as the bytes are. */
			size_t x = i == 9 ? 10 : i == 10 ? 9 : i, y = j == 9 ? 10 : j == 10 ? 9 : j;

			CHECK((way > 0) - (way < 0) == (x > y) - (x < y));
		}
	}
}

/* ------------------------------------------------------------------ files */

static void make_tree(void)
{
	put("tree/sys/devices/pci0000:00/0000:00:1a.0/config", "0123456789");
	put("tree/sys/devices/pci0000:00/0000:00:1a.0/uevent", "DRIVER=nvme\nPCI_ID=144D:A824\n");
	put("tree/sys/devices/pci0000:00/0000:00:1a.0/empty", "");
	put("tree/sys/devices/pci0000:00/0000:00:1a.0/power/state", "D0\n");
	put("tree/sys/devices/pci0000:00/0000:00:02.0/config", "abcdef");
	put("tree/sys/bus/pci/drivers/nvme/x", "x");
	put_link("tree/sys/bus/pci/devices/0000:00:1a.0", "../../../devices/pci0000:00/0000:00:1a.0");
	put_link("tree/sys/bus/pci/devices/0000:00:02.0", "../../../devices/pci0000:00/0000:00:02.0");
	put_link("tree/sys/bus/pci/devices/0000:00:1a.0/driver", "../../../bus/pci/drivers/nvme");
	put_link("tree/sys/bus/pci/devices/0000:00:1a.0/out", "../../../../../../../../../../../../etc/passwd");
	put_link("tree/sys/bus/pci/devices/0000:00:1a.0/absolute", "/etc/passwd");
	put_link("tree/sys/bus/pci/devices/0000:00:1a.0/inside", "/sys/bus/pci/drivers/nvme/x");
	put_link("tree/sys/bus/pci/devices/0000:00:1a.0/loop", "loop");
	put_link("tree/sys/etc", "/etc");
	put_link("tree/sys/dangling", "nowhere");
	put("tree/etc/inside", "only this tree's\n");
	put("tree/sys/class/nvme/nvme10", "");
	put("tree/sys/class/nvme/nvme2", "");
	put("tree/sys/class/nvme/card", "");
	put("tree/proc/nul", "a");
	put_bytes("tree/proc/nul", "a\0b", 3);
	if (mkfifo(place("tree/sys/fifo"), 0600))
		abort();
}

#define D "sys/bus/pci/devices/0000:00:1a.0"
#define E2 "sys/bus/pci/devices/0000:00:02.0"

static void test_reads(struct p2p_source *source)
{
	char buffer[64];

	CHECK(range(source, D "/config", 0, 4, buffer) == 4 && memcmp(buffer, "0123", 4) == 0);
	CHECK(range(source, D "/config", 8, 4, buffer) == 2 && memcmp(buffer, "89", 2) == 0);
	CHECK(range(source, E2 "/config", 1, 2, buffer) == 2 && memcmp(buffer, "bc", 2) == 0);
	CHECK(range(source, D "/config", 10, 4, buffer) == 0);
	CHECK(range(source, D "/config", 4000, 4, buffer) == 0);
	CHECK(range(source, D "/config", 3, 0, buffer) == 0);
	CHECK(range(source, D "/config", UINT64_MAX, 4, buffer) == -EINVAL);
	CHECK(range(source, D "/config", INT64_MAX, 4, buffer) == -EINVAL);
	CHECK(source->stats.config_reads == 8 && source->stats.config_bytes == 8);
	CHECK(text_is(source, D "/uevent", "DRIVER=nvme\nPCI_ID=144D:A824\n"));
	CHECK(text_is(source, D "/empty", ""));
	CHECK(text_is(source, D "/power/state", "D0\n"));
	CHECK(text_is(source, "sys/devices/pci0000:00/0000:00:1a.0/power/state", "D0\n"));
	CHECK(text_is(source, D "/driver/x", "x"));
	CHECK(text_is(source, D "/inside", "x"));
	CHECK(text_error(source, D "/p2pmem/size") == -ENOENT);
	CHECK(text_error(source, D "/nothing") == -ENOENT);
	CHECK(text_error(source, "sys/bus/pci/devices/0000:99:00.0/config") == -ENOENT);
	CHECK(text_error(source, D) == -EINVAL);
	CHECK(text_error(source, D "/power") == -EINVAL);
	CHECK(text_error(source, "sys/fifo") == -EINVAL);
	CHECK(text_error(source, D "/uevent/x") == -ENOTDIR);
	CHECK(text_error(source, D "/../x") == -EINVAL);
	CHECK(text_error(source, "proc/nul") == -EINVAL);
	CHECK(text_error(source, "etc/inside") == -ENODATA);
	CHECK(text_error(source, "boot/config") == -ENODATA);
	CHECK(text_error(source, "net/lo") == -ENODATA);
	CHECK(text_error(source, "kernel/other") == -ENODATA);
	CHECK(text_is(source, "kernel/list-order", "name\n"));
}

static void test_confined(struct p2p_source *source)
{
	/* Every way out ends inside: there is no etc/passwd in the tree. */
	CHECK(text_error(source, D "/out") == -ENOENT);
	CHECK(text_error(source, D "/absolute") == -ENOENT);
	CHECK(text_error(source, "sys/etc/passwd") == -ENOENT);
	CHECK(text_is(source, "sys/etc/inside", "only this tree's\n"));
	CHECK(text_error(source, D "/loop") == -ELOOP);
	CHECK(text_error(source, "sys/dangling") == -ENOENT);
	CHECK(list_error(source, "sys/etc/../..") == -EINVAL);
}

static void test_links_and_lists(struct p2p_source *source)
{
	CHECK(link_is(source, D, "../../../devices/pci0000:00/0000:00:1a.0"));
	CHECK(link_is(source, D "/driver", "../../../bus/pci/drivers/nvme"));
	CHECK(link_is(source, "sys/dangling", "nowhere"));
	CHECK(link_is(source, "sys/etc", "/etc"));
	CHECK(link_error(source, D "/driver/x") == -EINVAL);
	CHECK(link_error(source, D "/power/state") == -EINVAL);
	CHECK(link_error(source, D "/power/nothing") == -ENOENT);
	CHECK(link_error(source, D "/physfn") == -ENOENT);
	CHECK(link_error(source, D "/uevent") == -EINVAL);
	CHECK(link_error(source, "sys/nothing/x") == -ENOENT);
	CHECK(list_is(source, "sys/bus/pci/devices", "0000:00:02.0 0000:00:1a.0 "));
	CHECK(list_is(source, "sys/class/nvme", "card nvme2 nvme10 "));
	CHECK(list_is(source, D "/power", "state "));
	CHECK(list_is(source, D "/driver", "x "));
	CHECK(list_error(source, "sys/nothing") == -ENOENT);
	CHECK(list_error(source, D "/uevent") == -ENOTDIR);
	CHECK(list_error(source, "names") == -ENODATA);
}

static void test_changes(struct p2p_source *source)
{
	char buffer[64];

	/* The function goes away and another one comes: no descriptor outlives a new list. */
	CHECK(range(source, D "/config", 0, 2, buffer) == 2);
	remove_all("tree/sys/devices/pci0000:00/0000:00:1a.0");
	CHECK(text_error(source, D "/uevent") == -ENOENT);
	CHECK(link_error(source, D "/driver") == -ENOENT);
	put("tree/sys/devices/pci0000:00/0000:00:1a.0/config", "new");
	CHECK(list_is(source, "sys/bus/pci/devices", "0000:00:02.0 0000:00:1a.0 "));
	CHECK(text_is(source, D "/config", "new"));
}

static void test_big(struct p2p_source *source)
{
	const size_t len = 300000;
	char *big = p2p_malloc(len + 1);
	struct p2p_buf text = P2P_BUF_INIT;

	memset(big, 'x', len);
	big[len] = '\0';
	put("tree/proc/big", big);
	CHECK(p2p_source_read_text(source, "proc/big", len, &text) == 0 && text.len == len);
	CHECK(p2p_source_read_text(source, "proc/big", len - 1, &text) == -EFBIG && text.len == len);
	CHECK(p2p_source_read_text(source, "proc/big", 4096, &text) == -EFBIG);
	CHECK(p2p_source_read_text(source, "proc/big", 4095, &text) == -EFBIG);
	CHECK(p2p_source_read_text(source, "proc/big", 10, &text) == -EFBIG);
	big[4096] = '\0';
	put("tree/proc/page", big);
	CHECK(p2p_source_read_text(source, "proc/page", 4096, &text) == 0 && text.len == 4096);
	CHECK(p2p_source_read_text(source, "proc/page", 4095, &text) == -EFBIG);
	p2p_buf_free(&text);
	free(big);
}

static void test_files(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;

	make_tree();
	source = open_tree("tree");
	test_reads(source);
	test_confined(source);
	test_links_and_lists(source);
	test_big(source);
	test_changes(source);
	p2p_source_free(source);
	source = NULL;
	CHECK(p2p_source_open_root(place("nowhere"), &problem, &source) == -ENOENT && !source);
	CHECK(strstr(problem.text, "nowhere"));
	CHECK(p2p_source_open_root(place("tree/proc/nul"), &problem, &source) == -ENOTDIR && !source);
}

/* The live root: whatever machine this is, what it says has to agree with itself. */
static void test_live(void)
{
	struct p2p_problem problem;
	struct p2p_source *source = NULL;
	struct p2p_names names = P2P_NAMES_INIT;
	const char *name = NULL;
	uint64_t last = 0;
	char path[512];

	CHECK(p2p_source_open_live(&problem, &source) == 0);
	CHECK(text_error(source, "proc/sys/kernel/osrelease") == 0);
	CHECK(text_error(source, "proc/self/root/etc/passwd") <= 0);
	CHECK(text_error(source, "sys/nothing") == -ENOENT);
	CHECK(text_error(source, "sys/../etc/passwd") == -EINVAL);
	int error = text_error(source, "net/lo");

	CHECK(error == 0 || error == -ENODATA || error == -ENOENT || error == -EPERM || error == -EIO);
	CHECK(text_error(source, "net/no such interface") == (error && error != -ENOENT ? error : -ENOENT));
	CHECK(text_error(source, "net/lo/x") == -ENODATA);
	error = p2p_source_list(source, "sys/bus/pci/devices", &names);
	CHECK(error == 0 || error == -ENOENT);
	bool creation = text_is(source, "kernel/list-order", "creation\n");

	while (creation && (name = p2p_names_next(&names, name))) {
		struct stat st;

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", name);
		CHECK(lstat(path, &st) == 0 && (uint64_t)st.st_ino > last);
		last = (uint64_t)st.st_ino;
		CHECK(link_error(source, path + 1) == 0);
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vendor", name);
		CHECK(text_error(source, path) == 0);
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/driver/module", name);
		error = link_error(source, path);
		CHECK(error == 0 || error == -ENOENT);
	}
	p2p_names_free(&names);
	p2p_source_free(source);
	p2p_source_free(NULL);
}

/* ------------------------------------------------------------------ kernel */

/* `text` as a gzip file whose only block is stored. */
static size_t pack(const char *text, unsigned char *file)
{
	static const unsigned char head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1 };
	size_t len = strlen(text), at = sizeof(head);
	uint32_t crc = ~0u;

	memcpy(file, head, at);
	file[at++] = (unsigned char)len;
	file[at++] = (unsigned char)(len >> 8);
	file[at++] = (unsigned char)~len;
	file[at++] = (unsigned char)(~len >> 8);
	memcpy(file + at, text, len);
	at += len;
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	for (int i = 0; i < 4; i++)
		file[at++] = (unsigned char)(~crc >> 8 * i);
	for (int i = 0; i < 4; i++)
		file[at++] = (unsigned char)(len >> 8 * i);
	return at;
}

#define SYMS "ffffffff81000000 T _text\nffffffff81000010 T pci_enable_device\n"
#define NOT_IT                                                                                    \
	"ffffffff8140c930 T __pfx_pci_p2pdma_distance_many\nffffffff8140c930 T pci_p2pdma_distance_many2\n" \
	"ffffffff8140c940 T dma_pci_p2pdma_supported\nffffffffc0000000 t pci_p2pdma_distance_many\t[mod]\n"
#define IT "0000000000000000 T pci_p2pdma_distance_many\n"

static void kernel_is(const char *want)
{
	struct p2p_source *source = open_tree("k");

	if (want)
		CHECK(text_is(source, "kernel/p2pdma", want));
	else
		CHECK(text_error(source, "kernel/p2pdma") == -ENODATA);
	p2p_source_free(source);
}

static void test_symbols(void)
{
	struct p2p_buf text = P2P_BUF_INIT;

	put("k/empty", "");
	kernel_is(NULL);
	put("k/proc/kallsyms", "");
	kernel_is(NULL);
	put("k/proc/kallsyms", "ffffffff81000000 T _text\n");
	kernel_is(NULL); /* no witness: not a whole list */
	put("k/proc/kallsyms", SYMS NOT_IT);
	kernel_is("n symbol\n");
	put("k/proc/kallsyms", SYMS NOT_IT IT);
	kernel_is("y symbol\n");
	/* The line anywhere in relation to the blocks in which the file is read. */
	for (size_t fill = 65536 - 120; fill < 65536 + 20; fill += 7) {
		p2p_buf_reset(&text);
		p2p_buf_puts(&text, SYMS);
		while (text.len < fill)
			p2p_buf_puts(&text, "0 t x\n");
		p2p_buf_puts(&text, IT SYMS);
		put("k/proc/kallsyms", text.text);
		kernel_is("y symbol\n");
	}
	p2p_buf_reset(&text);
	while (text.len < 200000)
		p2p_buf_puts(&text, "one line without end ");
	put("k/proc/kallsyms", text.text);
	kernel_is(NULL);
	p2p_buf_free(&text);
}

static void test_configs(void)
{
	unsigned char packed[512];

	remove_all("k/proc");
	put("k/proc/sys/kernel/osrelease", "6.1.0-21-amd64\n");
	put("k/boot/config-6.1.0-21-amd64", "CONFIG_PCI=y\n# CONFIG_PCI_P2PDMA is not set\n");
	kernel_is("n config\n");
	put("k/boot/config-6.1.0-21-amd64", "CONFIG_PCI=y\nCONFIG_PCI_P2PDMA=y\n");
	kernel_is("y config\n");
	put("k/boot/config-6.1.0-21-amd64", "CONFIG_PCI=y\nXCONFIG_PCI_P2PDMA=y\nCONFIG_PCI_P2PDMA=yes\n");
	kernel_is("n config\n"); /* not mentioned: its conditions are not met */
	put("k/boot/config-6.1.0-21-amd64", "CONFIG_PCI=y\nCONFIG_NET");
	kernel_is(NULL); /* cut short */
	put("k/lib/modules/6.1.0-21-amd64/config", "CONFIG_PCI_P2PDMA=y\n");
	kernel_is("y config\n");
	put("k/proc/sys/kernel/osrelease", "../../6.1.0-21-amd64\n");
	kernel_is(NULL);
	put("k/proc/sys/kernel/osrelease", "6.1.0-21-amd64");
	kernel_is(NULL);
	put("k/proc/sys/kernel/osrelease", "\n");
	kernel_is(NULL);
	put("k/proc/sys/kernel/osrelease", "6.1.0-21-amd64\n");
	put("k/proc/kallsyms", SYMS);
	kernel_is("n symbol\n"); /* the running kernel itself before a file beside it */
	size_t len = pack("CONFIG_PCI_P2PDMA=y\n", packed);

	put_bytes("k/proc/config.gz", packed, len);
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_gzip_read(packed, len, 100, &text);

	if (error == -ENOTSUP)
		return;
	CHECK(error == 0 && strcmp(text.text, "CONFIG_PCI_P2PDMA=y\n") == 0);
	CHECK(p2p_gzip_read(packed, len, 19, &text) == -EFBIG);
	CHECK(p2p_gzip_read(packed, len - 1, 100, &text) == -EINVAL);
	CHECK(p2p_gzip_read(packed, 0, 100, &text) == -EINVAL);
	kernel_is("y config\n");
	packed[20] ^= 1; /* now the checksum is wrong */
	CHECK(p2p_gzip_read(packed, len, 100, &text) == -EINVAL);
	put_bytes("k/proc/config.gz", packed, len);
	kernel_is("n symbol\n");
	p2p_buf_free(&text);
}

/* ------------------------------------------------------------------ names and filters */

static void test_names(void)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_source *source = open_tree("tree");
	int error = p2p_pcilib_read("names/vendor/8086", &text);

	CHECK(error == 0 || error == -ENODATA);
	if (!error) {
		CHECK(strcmp(text.text, "Intel Corporation\n") == 0);
		CHECK(p2p_pcilib_read("names/device/8086:2030", &text) == 0 && strncmp(text.text, "Sky Lake", 8) == 0);
		CHECK(p2p_pcilib_read("names/class/0108", &text) == 0 &&
		      strcmp(text.text, "Non-Volatile memory controller\n") == 0);
		CHECK(p2p_pcilib_read("names/class/010802", &text) == 0 && strcmp(text.text, "NVM Express\n") == 0);
		CHECK(p2p_pcilib_read("names/vendor/fff0", &text) == -ENOENT);
		CHECK(p2p_pcilib_read("names/device/8086:fffe", &text) == -ENOENT);
		CHECK(strcmp(text.text, "NVM Express\n") == 0);
		CHECK(p2p_pcilib_read("names/vendor/8086 ", &text) == -ENOENT);
		CHECK(p2p_pcilib_read("names/vendor/ABCD", &text) == -ENOENT);
		CHECK(p2p_pcilib_read("names/vendor/808", &text) == -ENOENT);
		CHECK(p2p_pcilib_read("names/device/8086", &text) == -ENOENT);
		CHECK(p2p_pcilib_read("names/", &text) == -ENOENT);
		CHECK(text_is(source, "names/vendor/8086", "Intel Corporation\n"));
	}
	p2p_source_free(source);
	p2p_buf_free(&text);
}

static const struct filter_row {
	const char *slot, *id;
	int matches; /* of the three below, a bit each; -1: refused */
} filter_rows[] = {
	{ NULL, NULL, 7 },	{ "", NULL, 7 },	   { "03:", NULL, 3 },	      { "3:", NULL, 3 },
	{ "03:00.1", NULL, 2 }, { ".1", NULL, 2 },	   { "0", NULL, 3 },	      { "1f.", NULL, 4 },
	{ "0000:", NULL, 0 },	{ "0000::", NULL, 3 },	   { "10000::", NULL, 4 },    { "*:*:*.*", NULL, 7 },
	{ "0:3:0.0", NULL, 1 }, { "20", NULL, -1 },	   { "100:0.0", NULL, -1 },   { "0.8", NULL, -1 },
	{ "zz", NULL, -1 },	{ "1:2:3:4", NULL, -1 },   { NULL, "8086:", 4 },      { NULL, ":a824", 1 },
	{ NULL, "144d:a824", 1 }, { NULL, "144d:", 3 },	   { NULL, "8086", -1 },      { NULL, "x:y", -1 },
	{ NULL, "10000:", -1 }, { NULL, "::0108", 1 },	   { NULL, "::01xx", 3 },     { NULL, "::0108:02", 1 },
	{ NULL, ":::01", 2 },	{ NULL, "::0108:03", 0 },  { NULL, "1:2:3:4:5", -1 }, { "03:", ":a825", 2 },
	{ "03:", "8086:", 0 },
};

static void test_filters(void)
{
	static const struct {
		struct p2p_bdf bdf;
		uint16_t vendor, device;
		uint32_t class24;
	} functions[] = {
		{ { 0, 3, 0 }, 0x144d, 0xa824, 0x010802 },
		{ { 0, 3, 1 }, 0x144d, 0xa825, 0x010601 },
		{ { 0x10000, 0xff, 0x1f << 3 | 7 }, 0x8086, 0x2030, 0x060400 },
	};

	for (size_t i = 0; i < sizeof(filter_rows) / sizeof(*filter_rows); i++) {
		const struct filter_row *row = &filter_rows[i];
		struct p2p_problem problem = { "" };
		struct p2p_filter *filter = NULL;
		int error = p2p_filter_new(row->slot, row->id, &problem, &filter), matches = 0;

		if (error == -ENOTSUP) {
			CHECK(strstr(problem.text, "libpci"));
			continue;
		}
		CHECK(error == (row->matches < 0 ? -EINVAL : 0));
		CHECK(!error || (!filter && strstr(problem.text, "lspci")));
		for (int f = 0; !error && f < 3; f++)
			matches |= p2p_filter_match(filter, functions[f].bdf, functions[f].vendor, functions[f].device,
						    functions[f].class24) << f;
		if (!error && matches != row->matches)
			fprintf(stderr, "-s %s -d %s: %d\n", row->slot, row->id, matches);
		CHECK(error || matches == row->matches);
		p2p_filter_free(filter);
	}
	p2p_filter_free(NULL);
}

/* ------------------------------------------------------------------ files given by name */

#define FIRST "p2p-snapshot 1\n"

static void opens(const char *path, const char *text, int want, const char *says)
{
	struct p2p_problem problem = { "" };
	struct p2p_source *source = NULL;

	if (text)
		put(path, text);
	int error = p2p_source_open_file(place(path), &problem, &source);

	CHECK(error == want && !error == !!source);
	if (error != want || (says && !strstr(problem.text, says)))
		fprintf(stderr, "%s: %d %s\n", path, error, problem.text);
	CHECK(!says || strstr(problem.text, says));
	CHECK(!error || strstr(problem.text, path));
	p2p_source_free(source);
}

static void test_open(void)
{
	static const char both[] = "neither a snapshot (first line \"p2p-snapshot 1\", made by p2ptopo snapshot) nor a "
				   "dump (made by lspci -D -xxxx or rdma_topo dump)";
	static const char dump[] = "0000:00:00.0 Host bridge: x\n00: 86 80 30 20 00 00 00 00 00 00 00 06 00 00 00 00\n"
				   "10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
				   "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
				   "30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n";
	struct p2p_problem problem;
	struct p2p_source *source = NULL;

	opens("f/good", FIRST "read a = 1\nend 1\n", 0, NULL);
	opens("f/crlf", "p2p-snapshot 1\r\nend 0\r\n", 0, NULL);
	opens("f/lspci", dump, 0, NULL);
	opens("f/empty", "", -EINVAL, both);
	opens("f/noise", "\x7f" "ELF\x02\x01\x01\n\n\xff\xfe", -EINVAL, both);
	opens("f/words", "hello 00:00 world\n1:2:3\n", -EINVAL, both);
	opens("f/version", "p2p-snapshot 7\n", -EINVAL, ":1:14: version 7");
	opens("f/cut", FIRST "read a = 1\n", -EINVAL, ":3:1: cut short");
	opens("f/nothing", NULL, -ENOENT, NULL);
	opens("f", NULL, -EISDIR, "is a directory");
	CHECK(p2p_source_open_file("/dev/null", &problem, &source) == -EINVAL && !source);
	/* A pipe, as in <(p2ptopo snapshot). */
	int ends[2];

	if (pipe(ends))
		abort();
	CHECK(write(ends[1], FIRST "end 0\n", strlen(FIRST "end 0\n")) > 0);
	close(ends[1]);
	int saved = dup(STDIN_FILENO);

	dup2(ends[0], STDIN_FILENO);
	CHECK(p2p_source_open_file("-", &problem, &source) == 0);
	p2p_source_free(source);
	source = NULL;
	CHECK(p2p_source_open_file("-", &problem, &source) == -EINVAL && !source);
	CHECK(strstr(problem.text, "standard input"));
	if (saved >= 0)
		dup2(saved, STDIN_FILENO);
	close(saved);
	close(ends[0]);
}

int main(void)
{
	if (!mkdtemp(top))
		abort();
	test_keys();
	test_files();
	test_live();
	test_symbols();
	test_configs();
	test_names();
	test_filters();
	test_open();
	remove_all("");
	return check_done();
}
