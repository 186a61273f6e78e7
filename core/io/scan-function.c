/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything about one function once its place is known.
 *
 * Order matters: reading configuration space wakes a function that is in
 * D3cold (drivers/pci/pci-sysfs.c:pci_read_config), so its power state is
 * asked first, and a sleeper is left alone unless --wake.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "../model/pciconf.h"
#include "scan-internal.h"

/* Is it a VF, and whose?  Only an endpoint can be one. */
static void physfn_read(struct p2p_scan *scan, struct p2p_function *function, struct p2p_place *place)
{
	int error = p2p_function_is_bridge(function)
			    ? -ENOENT
			    : p2p_source_link(scan->source, p2p_scan_key(scan, function, "physfn"), &scan->text);

	if (!error)
		error = p2p_bdf_parse(p2p_scan_base_name(p2p_buf_text(&scan->text)), &place->physfn);
	place->is_vf = !error;
	function->physfn = (struct p2p_edge){ p2p_fact_of(error, P2P_ORIGIN_READ), P2P_NOBODY };
}

static void uevent_line(struct p2p_scan *scan, struct p2p_function *function, const char *line, size_t len)
{
	char value[128];
	const char *equals = memchr(line, '=', len);
	size_t name = equals ? (size_t)(equals - line) : 0;

	if (!equals || len - name - 1 >= sizeof(value))
		return;
	memcpy(value, equals + 1, len - name - 1);
	value[len - name - 1] = '\0';
	unsigned a, b;

	if (name == 6 && !strncmp(line, "DRIVER", name))
		function->driver = p2p_word_read(p2p_arena_strdup(scan->machine->arena, value));
	else if (name == 9 && !strncmp(line, "PCI_CLASS", name) && sscanf(value, "%x", &a) == 1)
		function->class = p2p_number_read(a & 0xffffff);
	else if (name == 6 && !strncmp(line, "PCI_ID", name) && sscanf(value, "%x:%x", &a, &b) == 2) {
		function->vendor = p2p_number_read(a & 0xffff);
		function->device = p2p_number_read(b & 0xffff);
	} else if (name == 13 && !strncmp(line, "PCI_SUBSYS_ID", name) && sscanf(value, "%x:%x", &a, &b) == 2) {
		function->subvendor = p2p_number_read(a & 0xffff);
		function->subdevice = p2p_number_read(b & 0xffff);
	}
}

/* The kernel's own words of a function in one read: DRIVER, PCI_CLASS, PCI_ID. */
static int uevent_read(struct p2p_scan *scan, struct p2p_function *function)
{
	int error = p2p_source_read_text(scan->source, p2p_scan_key(scan, function, "uevent"), 4096, &scan->text);

	if (error) {
		function->driver.fact = p2p_fact_of(error == -ENOENT ? -ENODATA : error, P2P_ORIGIN_READ);
		return error;
	}
	function->driver.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ);
	for (const char *line = p2p_buf_text(&scan->text); *line;) {
		size_t len = strcspn(line, "\n");

		uevent_line(scan, function, line, len);
		line += len + (line[len] != '\0');
	}
	return 0;
}

/* The kernel's own words of a function in another form; a dump of rdma_topo has them so.  Of a VF nothing else does. */
static void modalias_read(struct p2p_scan *scan, struct p2p_function *function)
{
	struct p2p_word word = p2p_scan_word(scan, p2p_scan_key(scan, function, "modalias"));
	unsigned vendor, device, subvendor, subdevice, base, sub, interface;

	if (!p2p_known(word.fact) || sscanf(word.text, "pci:v%8Xd%8Xsv%8Xsd%8Xbc%2Xsc%2Xi%2X", &vendor, &device,
					    &subvendor, &subdevice, &base, &sub, &interface) != 7)
		return;
	function->vendor = p2p_number_read(vendor & 0xffff);
	function->device = p2p_number_read(device & 0xffff);
	function->subvendor = p2p_number_read(subvendor & 0xffff);
	function->subdevice = p2p_number_read(subdevice & 0xffff);
	function->class = p2p_number_read(base << 16 | sub << 8 | interface);
}

/* A dump has no uevent, but `lspci -v` names the driver. */
static void driver_link_read(struct p2p_scan *scan, struct p2p_function *function)
{
	int error = p2p_source_link(scan->source, p2p_scan_key(scan, function, "driver"), &scan->text);

	function->driver.fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	if (!error)
		function->driver.text =
			p2p_arena_strdup(scan->machine->arena, p2p_scan_base_name(p2p_buf_text(&scan->text)));
}

/* One function's configuration space as p2p_pciconf_decode() asks for it. */
struct config {
	struct p2p_source *source;
	const char *key;
};

/*
 * A file that ends at 64 bytes is what the kernel shows to those who lack
 * CAP_SYS_ADMIN (drivers/pci/pci-sysfs.c:pci_read_config): it says nothing
 * about the function.  One that ends at 256 has no extended space.
 */
static int config_read(void *context, unsigned offset, void *buffer, size_t length)
{
	const struct config *config = context;
	uint8_t last;
	size_t got;
	int error = p2p_source_read(config->source, config->key, offset, buffer, length, &got);

	if (error)
		return error;
	if (got == length)
		return 0;
	if (offset >= PCI_CFG_SPACE_SIZE)
		error = p2p_source_read(config->source, config->key, PCI_CFG_SPACE_SIZE - 1, &last, 1, &got);
	return offset >= PCI_CFG_SPACE_SIZE && !error && got ? -ENOENT : -EACCES;
}

static bool starts(const struct p2p_word *word, const char *with)
{
	return p2p_known(word->fact) && !strncmp(word->text, with, strlen(with));
}

/* Is it in D3cold?  Kernels before 5.11 only tell that it is suspended. */
static bool is_asleep(struct p2p_scan *scan, struct p2p_function *function)
{
	function->power_state = p2p_scan_word(scan, p2p_scan_key(scan, function, "power_state"));
	if (starts(&function->power_state, "D3cold"))
		return true;
	if (p2p_absent(function->power_state.fact)) {
		struct p2p_word status =
			p2p_scan_word(scan, p2p_scan_key(scan, function, "power/runtime_status"));

		if (starts(&status, "suspended"))
			return true;
	}
	return false;
}

/* Is the bridge above it asleep?  Its own bridge was asked the same before. */
static bool sleeps_above(const struct p2p_machine *machine, const struct p2p_place *place)
{
	int parent = place->error	    ? P2P_NOBODY
		     : place->has_parent  ? p2p_machine_find(machine, place->parent)
		     : place->host_nested ? p2p_machine_find(machine, place->host_under)
					  : P2P_NOBODY;

	return parent != P2P_NOBODY && machine->functions[parent].asleep;
}

static void asleep_facts(struct p2p_function *function)
{
	struct p2p_fact fact = p2p_fact_of(-EAGAIN, P2P_ORIGIN_READ);

	function->header.fact = function->port_type.fact = function->acs.fact = function->link.fact = fact;
	function->ats.fact = function->pri.fact = function->pasid.fact = fact;
	function->mps.fact = function->mps_max.fact = function->mrrs.fact = fact;
	function->vfs.fact = function->vfs_max.fact = function->resizable.fact = function->cxl.fact = fact;
}

static void config_decode(struct p2p_scan *scan, struct p2p_function *function)
{
	struct config config = { scan->source, p2p_scan_key(scan, function, "config") };
	struct p2p_pciconf space = { config_read, &config };
	unsigned want = scan->options->want & (P2P_WANT_DETAIL | P2P_WANT_CONFIG) ? P2P_PCICONF_DETAIL : 0;

	p2p_pciconf_decode(&space, want, p2p_known(function->physfn.fact), function);
	if (function->dead) {
		char address[P2P_BDF_TEXT];

		p2p_scan_say(scan, "%s: configuration space reads all ones: the device is gone, or has lost its power",
			     p2p_bdf_format(function->bdf, true, address));
	}
}

/* "8.0 GT/s PCIe", "16.0 GT/s PCIe" to a generation. */
static uint8_t speed_generation(const char *text)
{
	static const struct { const char *text; uint8_t gen; } speeds[] = {
		{ "2.5 ", 1 }, { "5.0 ", 2 }, { "5 ", 2 }, { "8.0 ", 3 }, { "8 ", 3 },
		{ "16.0 ", 4 }, { "16 ", 4 }, { "32.0 ", 5 }, { "64.0 ", 6 }, { "128.0 ", 7 },
	};

	for (size_t i = 0; i < sizeof(speeds) / sizeof(*speeds); i++)
		if (!strncmp(text, speeds[i].text, strlen(speeds[i].text)))
			return speeds[i].gen;
	return 0;
}

/* Without privilege the link is not in the 64 bytes, but in attributes that all may read. */
static void link_attributes(struct p2p_scan *scan, struct p2p_function *function)
{
	struct p2p_word now = p2p_scan_word(scan, p2p_scan_key(scan, function, "current_link_speed"));

	if (!p2p_known(now.fact)) {
		if (p2p_absent(now.fact))
			function->link.fact = now.fact;
		return;
	}
	struct p2p_word most = p2p_scan_word(scan, p2p_scan_key(scan, function, "max_link_speed"));
	struct p2p_number lanes = p2p_scan_number(scan, p2p_scan_key(scan, function, "current_link_width"), 10);
	struct p2p_number lanes_max = p2p_scan_number(scan, p2p_scan_key(scan, function, "max_link_width"), 10);

	if (!p2p_known(most.fact) || !p2p_known(lanes.fact) || !p2p_known(lanes_max.fact))
		return;
	if (!speed_generation(most.text) || lanes_max.value > 32) {
		function->link.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ); /* an integrated endpoint says "Unknown" */
		return;
	}
	function->link = (struct p2p_link){
		.fact = p2p_fact_of(0, P2P_ORIGIN_READ),
		.gen = speed_generation(now.text),
		.gen_max = speed_generation(most.text),
		.lanes = lanes.value > 32 ? 0 : (uint8_t)lanes.value,
		.lanes_max = (uint8_t)lanes_max.value,
	};
}

/* The last part of a link's target as a number: .../kernel/iommu_groups/14 */
static struct p2p_number link_number(struct p2p_scan *scan, const char *key)
{
	struct p2p_number number = { 0 };
	int error = p2p_source_link(scan->source, key, &scan->text);

	if (!error) {
		const char *slash = strrchr(p2p_buf_text(&scan->text), '/');

		error = p2p_text_number(slash ? slash + 1 : p2p_buf_text(&scan->text), 10, UINT32_MAX, &number.value);
	}
	number.fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	return number;
}

/*
 * Only a function with a driver can have registered peer memory
 * (drivers/pci/p2pdma.c:pci_p2pdma_add_resource, called by drivers alone).
 */
static void memory_read(struct p2p_scan *scan, struct p2p_function *function)
{
	struct p2p_memory *memory = &function->memory;

	if (p2p_absent(function->driver.fact)) {
		memory->fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ);
		return;
	}
	struct p2p_number size = p2p_scan_number(scan, p2p_scan_key(scan, function, "p2pmem/size"), 10);

	memory->fact = size.fact;
	memory->size = size.value;
	if (!p2p_known(size.fact))
		return;
	struct p2p_number available = p2p_scan_number(scan, p2p_scan_key(scan, function, "p2pmem/available"), 10);

	memory->available = p2p_known(available.fact) ? available.value : 0;
	if (!p2p_known(available.fact))
		memory->fact = available.fact;
	memory->published = p2p_scan_number(scan, p2p_scan_key(scan, function, "p2pmem/published"), 10);
}

/* One line of sysfs `resource`: start, end, flags in hex. */
static const char *bar_line(const char *line, uint64_t values[3])
{
	for (int i = 0; i < 3; i++) {
		char *end;

		values[i] = strtoull(line, &end, 16);
		if (end == line)
			return NULL;
		line = end;
	}
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

/* BARs by the kernel's resource table (include/linux/ioport.h: IORESOURCE_*). */
static void bars_read(struct p2p_scan *scan, struct p2p_function *function)
{
	int error = p2p_source_read_text(scan->source, p2p_scan_key(scan, function, "resource"), 4096, &scan->text);
	struct p2p_bar bars[7] = { 0 };
	size_t count = 0;
	const char *line = p2p_buf_text(&scan->text);

	function->bars_fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	if (error)
		return;
	for (uint8_t i = 0; i < 7 && *line; i++) {
		uint64_t v[3];

		line = bar_line(line, v);
		if (!line) {
			function->bars_fact = p2p_fact_of(-EINVAL, P2P_ORIGIN_READ);
			return;
		}
		if (!v[2] || v[1] < v[0] || !v[1])
			continue;
		bars[count++] = (struct p2p_bar){ .index = i, .start = v[0], .size = v[1] - v[0] + 1,
						  .io = v[2] & 0x100, .prefetchable = v[2] & 0x2000,
						  .is64 = v[2] & 0x100000 };
	}
	function->bars = p2p_arena_array(scan->machine->arena, count, sizeof(*bars));
	memcpy((void *)function->bars, bars, count * sizeof(*bars));
	function->bar_count = count;
}

/* Resizable BARs: what each could be (sysfs resourceN_resize, 6.1-; bit n is 2^(n+20) bytes). */
static void bars_resizable(struct p2p_scan *scan, struct p2p_function *function)
{
	struct p2p_bar *bars = (struct p2p_bar *)function->bars;

	if (!p2p_known(function->resizable.fact) || !function->resizable.value)
		return;
	for (size_t i = 0; i < function->bar_count; i++) {
		char name[] = "resource0_resize";

		name[8] = (char)('0' + bars[i].index);
		struct p2p_number sizes = p2p_scan_number(scan, p2p_scan_key(scan, function, name), 16);

		bars[i].sizes = p2p_known(sizes.fact) ? sizes.value : 0;
	}
}

/* Whose it is. */
static void owner_read(struct p2p_scan *scan, struct p2p_function *function)
{
	function->removable = p2p_scan_word(scan, p2p_scan_key(scan, function, "removable"));
	function->driver_override = p2p_scan_word(scan, p2p_scan_key(scan, function, "driver_override"));
	/* What printf makes of NULL.  KERNEL: drivers/pci/pci-sysfs.c:driver_override_show (3.16-). */
	if (p2p_known(function->driver_override.fact) && !strcmp(function->driver_override.text, "(null)"))
		function->driver_override.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ);
}

static void detail_read(struct p2p_scan *scan, struct p2p_function *function)
{
	bars_read(scan, function);
	bars_resizable(scan, function);
	p2p_scan_group_type(scan, function);
}

void p2p_scan_group(struct p2p_scan *scan, struct p2p_function *function)
{
	function->iommu_group = link_number(scan, p2p_scan_key(scan, function, "iommu_group"));
}

void p2p_scan_group_type(struct p2p_scan *scan, struct p2p_function *function)
{
	if (!p2p_known(function->iommu_group.fact)) {
		function->iommu_type.fact = function->iommu_group.fact;
		return;
	}
	p2p_buf_reset(&scan->key);
	p2p_buf_printf(&scan->key, "sys/kernel/iommu_groups/%llu/type",
		       (unsigned long long)function->iommu_group.value);
	function->iommu_type = p2p_scan_word(scan, p2p_buf_text(&scan->key));
}

void p2p_scan_function(struct p2p_scan *scan, struct p2p_function *function, struct p2p_place *place)
{
	unsigned want = scan->options->want;
	int error = uevent_read(scan, function);

	if (error == -ENODATA) {
		modalias_read(scan, function);
		driver_link_read(scan, function);
	}
	physfn_read(scan, function, place);
	function->asleep = is_asleep(scan, function) || sleeps_above(scan->machine, place);
	if (function->asleep && !scan->options->wake)
		asleep_facts(function);
	else
		config_decode(scan, function);
	/* Neither its uevent nor its config: the folder is gone, between the list and now. */
	place->gone = error == -ENOENT && function->header.fact.error == -ENOENT;
	if (function->link.fact.know == P2P_UNKNOWN && !function->dead && !function->asleep)
		link_attributes(scan, function);
	if (want & P2P_WANT_IOMMU)
		p2p_scan_group(scan, function);
	if (p2p_function_is_bridge(function))
		function->memory.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_READ);
	else if (want & P2P_WANT_MEMORY)
		memory_read(scan, function);
	/* A bridge's decides nothing, so only a listing asks for it. */
	if (want & P2P_WANT_NUMA && (want & P2P_WANT_DETAIL || !p2p_function_is_bridge(function)))
		function->numa_node = p2p_scan_node(scan, p2p_scan_key(scan, function, "numa_node"));
	if (want & P2P_WANT_DETAIL)
		detail_read(scan, function);
	/* Of a bridge nobody asks it but a listing. */
	if (want & P2P_WANT_DETAIL || (want & P2P_WANT_POLICY && !p2p_function_is_bridge(function)))
		owner_read(scan, function);
	if (want & P2P_WANT_TARGETS && !p2p_function_is_bridge(function))
		function->power_control = p2p_scan_word(scan, p2p_scan_key(scan, function, "power/control"));
}
