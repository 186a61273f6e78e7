/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pci.ids: what is found in it, what is left to the library, and text that is cut or damaged anywhere. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../core/io/pci-ids.h"
#include "check.h"

static const char good[] = "#\n"
			   "# a comment\n"
			   "\n"
			   "8086  Intel Corporation\n"
			   "\t2030  Sky Lake-E  Root Port A \t\n"
			   "\t\t1028 0001  not a device\n"
			   "\t2031\tTab before it\n"
			   "# before what is smaller\n"
			   "0010  Allied Telesis\n"
			   "\tabCD  Upper case\n"
			   "ffff  Illegal Vendor ID\n"
			   "S 1028  a block that is not looked up\n"
			   "\t9999  neither is this\n"
			   "C 01  Mass storage controller\n"
			   "\t08  Non-Volatile memory controller\n"
			   "\t\t02  NVM Express\n"
			   "C 00  Unclassified device\n";

static int parses(const char *text)
{
	struct p2p_pci_ids *ids = NULL;
	int error = p2p_pci_ids_parse(text, strlen(text), &ids);

	p2p_pci_ids_free(ids);
	return error;
}

static bool is(const struct p2p_pci_ids *ids, enum p2p_pci_ids_kind kind, uint32_t id, const char *wanted)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_pci_ids_find(ids, kind, id, &text);
	bool same = wanted ? !error && !strcmp(p2p_buf_text(&text), wanted) : error == -ENOENT;

	p2p_buf_free(&text);
	return same;
}

static void test_found(void)
{
	struct p2p_pci_ids *ids = NULL;

	CHECK(p2p_pci_ids_parse(good, strlen(good), &ids) == 0);
	if (!ids)
		return;
	CHECK(is(ids, P2P_PCI_IDS_VENDOR, 0x8086, "Intel Corporation\n"));
	CHECK(is(ids, P2P_PCI_IDS_VENDOR, 0x0010, "Allied Telesis\n"));
	CHECK(is(ids, P2P_PCI_IDS_VENDOR, 0xffff, "Illegal Vendor ID\n"));
	CHECK(is(ids, P2P_PCI_IDS_VENDOR, 0x1028, NULL));
	CHECK(is(ids, P2P_PCI_IDS_DEVICE, 0x80862030, "Sky Lake-E  Root Port A\n"));
	CHECK(is(ids, P2P_PCI_IDS_DEVICE, 0x80862031, "Tab before it\n"));
	CHECK(is(ids, P2P_PCI_IDS_DEVICE, 0x0010abcd, "Upper case\n"));
	CHECK(is(ids, P2P_PCI_IDS_DEVICE, 0x80861028, NULL));
	CHECK(is(ids, P2P_PCI_IDS_DEVICE, 0x10289999, NULL));
	CHECK(is(ids, P2P_PCI_IDS_CLASS, 0x01, "Mass storage controller\n"));
	CHECK(is(ids, P2P_PCI_IDS_CLASS, 0x00, "Unclassified device\n"));
	CHECK(is(ids, P2P_PCI_IDS_SUBCLASS, 0x0108, "Non-Volatile memory controller\n"));
	CHECK(is(ids, P2P_PCI_IDS_SUBCLASS, 0x0102, NULL));
	p2p_pci_ids_free(ids);
}

static void test_left_to_the_library(void)
{
	CHECK(parses("") == -EINVAL);
	CHECK(parses("# nothing\n") == -EINVAL);
	CHECK(parses("8086  Intel\n") == 0);
	CHECK(parses("8086  Intel") == 0);
	CHECK(parses("8086  Intel\n8086  Intel again\n") == -EINVAL);
	CHECK(parses("8086  Intel\n\t2030  a\n1028  b\n\t2030  c\n8086  Intel\n") == -EINVAL);
	CHECK(parses("8086\n") == -EINVAL);
	CHECK(parses("8086 \n") == -EINVAL);
	CHECK(parses("808  Intel\n") == -EINVAL);
	CHECK(parses("80866  Intel\n") == -EINVAL);
	CHECK(parses("8086  Intel\n\t203  a\n") == -EINVAL);
	CHECK(parses("8086  Intel\n\t2030\n") == -EINVAL);
	CHECK(parses("C 0x  a\n") == -EINVAL);
	CHECK(parses("C 01  a\n\t0801  b\n") == -EINVAL);
	CHECK(parses(" 8086  Intel\n") == -EINVAL);
	CHECK(parses("\x1f\x8b\x08\n") == -EINVAL); /* compressed */
	struct p2p_pci_ids *ids = NULL;

	CHECK(p2p_pci_ids_parse("8086  In\0tel\n", 13, &ids) == -EINVAL && !ids);
	char line[2048] = "8086  ";

	memset(line + 6, 'x', 1500);
	strcpy(line + 1506, "\n");
	CHECK(parses(line) == -EINVAL);
}

static void test_cut_and_damaged(void)
{
	for (size_t len = 0; len < strlen(good); len++) {
		struct p2p_pci_ids *ids = NULL;
		int error = p2p_pci_ids_parse(good, len, &ids);

		CHECK(error == -EINVAL || (!error && ids));
		p2p_pci_ids_free(ids);
	}
	for (size_t at = 0; at < strlen(good); at++) {
		struct p2p_pci_ids *ids = NULL;
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		text[at] = (char)(text[at] ^ 0x15);
		int error = p2p_pci_ids_parse(text, strlen(good), &ids);

		CHECK(error == -EINVAL || (!error && ids));
		if (!error)
			is(ids, P2P_PCI_IDS_DEVICE, 0x80862030, NULL);
		p2p_pci_ids_free(ids);
	}
}

static void test_files(void)
{
	char path[] = "/tmp/test-pci-ids-XXXXXX";
	struct p2p_pci_ids *ids = NULL;
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, good, strlen(good)) == (ssize_t)strlen(good));
	close(fd);
	CHECK(p2p_pci_ids_open(path, &ids) == 0 && is(ids, P2P_PCI_IDS_VENDOR, 0x8086, "Intel Corporation\n"));
	p2p_pci_ids_free(ids);
	ids = NULL;
	CHECK(truncate(path, 0) == 0 && p2p_pci_ids_open(path, &ids) == -EINVAL);
	unlink(path);
	CHECK(p2p_pci_ids_open(path, &ids) == -ENOENT);
	CHECK(p2p_pci_ids_open("/dev", &ids) == -EINVAL);
	CHECK(p2p_pci_ids_open("/dev/null", &ids) == -EINVAL);
	CHECK(!ids);
}

int main(void)
{
	test_found();
	test_left_to_the_library();
	test_cut_and_damaged();
	test_files();
	return check_done();
}
