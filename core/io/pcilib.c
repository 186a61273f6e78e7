/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pcilib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "config.h"
#include "pci-ids.h"

#if HAVE_LIBPCI

#include <pci/pci.h>
#include <setjmp.h>
#include <unistd.h>

/*
 * One for the program: the names are the same whatever is looked at, and to
 * read them again costs more than everything else a small machine needs.
 */
static struct {
	struct pci_access *access;
	struct p2p_pci_ids *ids; /* the file, where it is text as we know it; else NULL */
	bool loaded;             /* the library's own list */
	int error;               /* why there are no names */
	jmp_buf failed;
} names;

struct p2p_filter {
	struct pci_filter slot, id;
};

/* The library's error function must not return, and its own ends the program. */
static void on_error(char *message, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void on_error(char *message, ...)
{
	(void)message;
	longjmp(names.failed, 1);
}

static void on_message(char *message, ...) __attribute__((format(printf, 1, 2)));
static void on_message(char *message, ...)
{
	(void)message;
}

/* The file that the library would read: it tries it compressed first, then without that ending. */
static void ids_open(void)
{
	char path[1024];
	const char *name = names.access->id_file_name;
	size_t len = name ? strlen(name) : 0;

	if (!len || len >= sizeof(path))
		return;
	memcpy(path, name, len + 1);
	if (len > 3 && !strcmp(path + len - 3, ".gz")) {
		if (!access(path, R_OK))
			return;
		path[len - 3] = '\0';
	}
	if (p2p_pci_ids_open(path, &names.ids))
		names.ids = NULL;
}

static void names_open(void)
{
	if (names.access)
		return;
	names.access = pci_alloc();
	names.access->error = on_error;
	names.access->warning = on_message;
	names.access->debug = on_message;
	names.access->id_lookup_mode = 0; /* not the cache of earlier network answers in the user's home */
	ids_open();
}

/* The library's own list: of everything. */
static int names_load(void)
{
	if (names.loaded)
		return names.error;
	names.loaded = true;
	names.error = -EIO;
	if (setjmp(names.failed)) /* pci.ids is damaged */
		return -EIO;
	names.error = pci_load_name_list(names.access) ? 0 : -ENODATA;
	return names.error;
}

/* `key` is `prefix`, `digits` hex digits in lower case, then `end`; its length up to there, 0 when not. */
static size_t hex_field(const char *key, const char *prefix, size_t digits, char end, unsigned *ret)
{
	size_t len = strlen(prefix);

	if (strncmp(key, prefix, len) != 0 || strspn(key + len, "0123456789abcdef") != digits ||
	    key[len + digits] != end)
		return 0;
	*ret = (unsigned)strtoul(key + len, NULL, 16);
	return len + digits;
}

static char *look_up(const char *key, char *name, int size)
{
	const int flags = PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB;
	struct pci_access *access = names.access;
	unsigned a, b;
	size_t len;

	if (hex_field(key, "names/vendor/", 4, '\0', &a))
		return pci_lookup_name(access, name, size, flags | PCI_LOOKUP_VENDOR, a);
	if (hex_field(key, "names/class/", 4, '\0', &a))
		return pci_lookup_name(access, name, size, flags | PCI_LOOKUP_CLASS, a);
	if (hex_field(key, "names/class/", 6, '\0', &a))
		return pci_lookup_name(access, name, size, flags | PCI_LOOKUP_PROGIF, a >> 8, a & 0xff);
	len = hex_field(key, "names/device/", 4, ':', &a);
	if (len && hex_field(key + len, ":", 4, '\0', &b))
		return pci_lookup_name(access, name, size, flags | PCI_LOOKUP_DEVICE, a, b);
	return NULL;
}

/*
 * The class where the subclass has no name, as the library words it:
 * "Unclassified device [00ff]".
 */
static int find_class(unsigned id, struct p2p_buf *ret)
{
	struct p2p_buf class = P2P_BUF_INIT;
	int error = p2p_pci_ids_find(names.ids, P2P_PCI_IDS_SUBCLASS, id, ret);

	if (!error)
		return 0;
	error = p2p_pci_ids_find(names.ids, P2P_PCI_IDS_CLASS, id >> 8, &class);
	if (!error) {
		p2p_buf_reset(ret);
		p2p_buf_printf(ret, "%.*s [%04x]\n", (int)strcspn(class.text, "\n"), class.text, id);
	}
	p2p_buf_free(&class);
	return error;
}

/* -EAGAIN: ask the library. */
static int find(const char *key, struct p2p_buf *ret)
{
	unsigned a, b;
	size_t len;

	if (!names.ids)
		return -EAGAIN;
	if (hex_field(key, "names/vendor/", 4, '\0', &a))
		return p2p_pci_ids_find(names.ids, P2P_PCI_IDS_VENDOR, a, ret);
	if (hex_field(key, "names/class/", 4, '\0', &a))
		return find_class(a, ret);
	len = hex_field(key, "names/device/", 4, ':', &a);
	if (len && hex_field(key + len, ":", 4, '\0', &b))
		return p2p_pci_ids_find(names.ids, P2P_PCI_IDS_DEVICE, a << 16 | b, ret);
	return -EAGAIN;
}

int p2p_pcilib_read(const char *key, struct p2p_buf *ret)
{
	char name[1024];

	names_open();
	int error = find(key, ret);

	if (error != -EAGAIN)
		return error;
	error = names_load();
	if (error)
		return error;
	if (setjmp(names.failed))
		return -EIO;
	const char *found = look_up(key, name, sizeof(name));

	if (!found)
		return -ENOENT;
	p2p_buf_reset(ret);
	p2p_buf_puts(ret, found);
	p2p_buf_putc(ret, '\n');
	return 0;
}

int p2p_filter_new(const char *slot, const char *id, struct p2p_problem *problem, struct p2p_filter **ret)
{
	struct p2p_filter filter;
	const char *wrong;

	pci_filter_init(NULL, &filter.slot);
	pci_filter_init(NULL, &filter.id);
	/* The parsers take a `char *` and work on a copy. */
	wrong = slot ? pci_filter_parse_slot(&filter.slot, (char *)slot) : NULL;
	if (wrong)
		return p2p_problem_set(problem, -EINVAL,
				       "-s %s: %s; as in lspci: [[[domain]:]bus]:][device][.[function]]", slot, wrong);
	wrong = id ? pci_filter_parse_id(&filter.id, (char *)id) : NULL;
	if (wrong)
		return p2p_problem_set(problem, -EINVAL, "-d %s: %s; as in lspci: [vendor]:[device][:class[:progif]]",
				       id, wrong);
	*ret = p2p_malloc(sizeof(filter));
	**ret = filter;
	return 0;
}

bool p2p_filter_match(const struct p2p_filter *filter, struct p2p_bdf bdf, uint16_t vendor, uint16_t device,
		      uint32_t class24)
{
	struct p2p_filter both = *filter;
	struct pci_dev dev = {
		.domain = (int)bdf.domain,
		.bus = bdf.bus,
		.dev = bdf.devfn >> 3,
		.func = bdf.devfn & 7,
		.vendor_id = vendor,
		.device_id = device,
		.device_class = (u16)(class24 >> 8),
		.prog_if = (u8)class24,
		.known_fields = ~0u, /* so that the library asks no machine */
	};

	return pci_filter_match(&both.slot, &dev) && pci_filter_match(&both.id, &dev);
}

#else

struct p2p_filter {
	int none;
};

int p2p_pcilib_read(const char *key, struct p2p_buf *ret)
{
	(void)key;
	(void)ret;
	return -ENODATA;
}

int p2p_filter_new(const char *slot, const char *id, struct p2p_problem *problem, struct p2p_filter **ret)
{
	if (slot || id)
		return p2p_problem_set(problem, -ENOTSUP, "%s: this build has no libpci, which gives it its meaning",
				       slot ? "-s" : "-d");
	*ret = p2p_malloc(sizeof(**ret));
	return 0;
}

bool p2p_filter_match(const struct p2p_filter *filter, struct p2p_bdf bdf, uint16_t vendor, uint16_t device,
		      uint32_t class24)
{
	(void)filter;
	(void)bdf;
	(void)vendor;
	(void)device;
	(void)class24;
	return true;
}

#endif

void p2p_filter_free(struct p2p_filter *filter)
{
	free(filter);
}
