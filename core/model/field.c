/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "field.h"

#include <string.h>

#include "acs.h"
#include "hardware.h"

struct p2p_field_kind {
	/* NULL: the fact is the first member of what is at the field's offset. */
	struct p2p_fact (*fact)(const void *object);
	/* `value` is what is at the field's offset. */
	void (*put)(const void *value, struct p2p_buf *ret);
	/* NULL: alike when their texts are.  Both are known. */
	enum p2p_compared (*compare)(const void *a, const void *b);
};

static const struct p2p_fact known = { .know = P2P_KNOWN, .origin = P2P_ORIGIN_READ };

/* ---------------------------------------------------------------- numbers */

static enum p2p_compared number_compare(const void *a, const void *b)
{
	return ((const struct p2p_number *)a)->value == ((const struct p2p_number *)b)->value ? P2P_SAME : P2P_DIFFERS;
}

static unsigned long long number_of(const void *value)
{
	return (unsigned long long)((const struct p2p_number *)value)->value;
}

static void number_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%llu", number_of(value));
}

static void hex2_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%02llx", number_of(value));
}

static void hex4_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%04llx", number_of(value));
}

static void hex6_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%06llx", number_of(value));
}

static void hex_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "0x%llx", number_of(value));
}

static void yes_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_puts(ret, number_of(value) ? "yes" : "no");
}

static void bytes_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%llu bytes", number_of(value));
}

static void port_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_puts(ret, p2p_port_type_name(number_of(value)));
}

static void header_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "type %llu", number_of(value));
}

/* Control words: what is enabled, and the rest as it is. */
static void ats_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%s (0x%04llx)", number_of(value) & 0x8000 ? "on" : "off", number_of(value));
}

static void enable_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%s (0x%04llx)", number_of(value) & 1 ? "on" : "off", number_of(value));
}

/* How many groups follows from the devices; whether there are any does not. */
static void some_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_puts(ret, number_of(value) ? "some" : "none");
}

static enum p2p_compared some_compare(const void *a, const void *b)
{
	return !number_of(a) == !number_of(b) ? P2P_SAME : P2P_DIFFERS;
}

static void signed_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%lld", (long long)((const struct p2p_signed *)value)->value);
}

static const struct p2p_field_kind number_kind = { NULL, number_put, number_compare };
static const struct p2p_field_kind hex2_kind = { NULL, hex2_put, number_compare };
static const struct p2p_field_kind hex4_kind = { NULL, hex4_put, number_compare };
static const struct p2p_field_kind hex6_kind = { NULL, hex6_put, number_compare };
static const struct p2p_field_kind hex_kind = { NULL, hex_put, number_compare };
static const struct p2p_field_kind yes_kind = { NULL, yes_put, number_compare };
static const struct p2p_field_kind bytes_kind = { NULL, bytes_put, number_compare };
static const struct p2p_field_kind port_kind = { NULL, port_put, number_compare };
static const struct p2p_field_kind header_kind = { NULL, header_put, number_compare };
static const struct p2p_field_kind ats_kind = { NULL, ats_put, number_compare };
static const struct p2p_field_kind enable_kind = { NULL, enable_put, number_compare };
static const struct p2p_field_kind some_kind = { NULL, some_put, some_compare };
static const struct p2p_field_kind signed_kind = { NULL, signed_put, NULL };

/* ------------------------------------------------------------------ words */

static void word_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_word *word = value;

	p2p_buf_puts(ret, word->text ? word->text : "");
}

static enum p2p_compared word_compare(const void *a, const void *b)
{
	return strcmp(((const struct p2p_word *)a)->text, ((const struct p2p_word *)b)->text) != 0 ? P2P_DIFFERS
												   : P2P_SAME;
}

static const struct p2p_field_kind word_kind = { NULL, word_put, word_compare };

/* -------------------------------------------------------------------- ACS */

static uint16_t acs_bits_known(const struct p2p_acs *acs)
{
	return (uint16_t)(p2p_known(acs->fact) ? ~acs->unsure & 0x7f : acs->assumed);
}

static struct p2p_fact acs_fact(const void *object)
{
	const struct p2p_acs *acs = &((const struct p2p_function *)object)->acs;

	return acs->fact.know == P2P_UNKNOWN && acs->assumed ? p2p_fact_of(0, P2P_ORIGIN_READ) : acs->fact;
}

static void acs_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_acs *acs = value;

	p2p_acs_format(ret, acs->ctrl, acs_bits_known(acs));
}

static enum p2p_compared acs_compare(const void *a, const void *b)
{
	const struct p2p_acs *x = a, *y = b;
	uint16_t both = acs_bits_known(x) & acs_bits_known(y);

	if ((x->ctrl ^ y->ctrl) & both)
		return P2P_DIFFERS;
	return acs_bits_known(x) == acs_bits_known(y) ? P2P_SAME : P2P_ONE_SIDED;
}

static void acs_cap_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_acs *acs = value;

	p2p_buf_printf(ret, "0x%04x at 0x%03x", acs->cap, acs->offset);
}

static const struct p2p_field_kind acs_kind = { acs_fact, acs_put, acs_compare };
static const struct p2p_field_kind acs_cap_kind = { NULL, acs_cap_put, NULL };

/* ------------------------------------------------------- link, BARs, memory */

static void link_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_link *link = value;

	if (link->lanes)
		p2p_buf_printf(ret, "%s GT/s x%u", p2p_link_speed(link->gen), link->lanes);
	else
		p2p_buf_puts(ret, "down");
}

static void link_max_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_link *link = value;

	p2p_buf_printf(ret, "%s GT/s x%u", p2p_link_speed(link->gen_max), link->lanes_max);
}

static struct p2p_fact bars_fact(const void *object)
{
	return ((const struct p2p_function *)object)->bars_fact;
}

/* "0:16384,64bit,prefetchable": what it is, not where. */
static void bars_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_function *function =
		(const void *)((const char *)value - offsetof(struct p2p_function, bars));

	for (size_t i = 0; i < function->bar_count; i++) {
		const struct p2p_bar *bar = &function->bars[i];

		p2p_buf_printf(ret, "%s%u:%llu%s%s%s", i ? " " : "", bar->index, (unsigned long long)bar->size,
			       bar->io ? ",io" : "", bar->is64 ? ",64bit" : "",
			       bar->prefetchable ? ",prefetchable" : "");
		if (bar->sizes)
			p2p_buf_printf(ret, ",resizable=%llx", (unsigned long long)bar->sizes);
	}
}

static void memory_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%llu bytes", (unsigned long long)((const struct p2p_memory *)value)->size);
}

static void memory_free_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_printf(ret, "%llu bytes", (unsigned long long)((const struct p2p_memory *)value)->available);
}

static const struct p2p_field_kind link_kind = { NULL, link_put, NULL };
static const struct p2p_field_kind link_max_kind = { NULL, link_max_put, NULL };
static const struct p2p_field_kind bars_kind = { bars_fact, bars_put, NULL };
static const struct p2p_field_kind memory_kind = { NULL, memory_put, NULL };
static const struct p2p_field_kind memory_free_kind = { NULL, memory_free_put, NULL };

/* -------------------------------------------------- power, life, devices */

/* Kernels before 5.11 have no power_state, and only tell that it is suspended. */
static struct p2p_fact power_fact(const void *object)
{
	const struct p2p_function *function = object;

	return function->asleep ? known : function->power_state.fact;
}

static void power_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_function *function =
		(const void *)((const char *)value - offsetof(struct p2p_function, power_state));

	p2p_buf_puts(ret, p2p_known(function->power_state.fact) ? function->power_state.text : "asleep");
}

static struct p2p_fact always_known(const void *object)
{
	(void)object;
	return known;
}

static void dead_put(const void *value, struct p2p_buf *ret)
{
	p2p_buf_puts(ret, *(const bool *)value ? "reads all ones" : "answers");
}

static void children_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_child *first = *(struct p2p_child *const *)value;

	for (const struct p2p_child *child = first; child; child = child->next)
		p2p_buf_printf(ret, "%s%s%s", child == first ? "" : " ", child->name,
			       child->kind == P2P_CHILD_NET && p2p_known(child->state.fact) &&
					       strcmp(child->state.text, "up") != 0
				       ? "(down)"
				       : "");
}

static bool state_differs(const struct p2p_child *a, const struct p2p_child *b)
{
	return p2p_known(a->state.fact) && p2p_known(b->state.fact) && strcmp(a->state.text, b->state.text) != 0;
}

/* The first of the kinds that are compared. */
static const struct p2p_child *skip(const struct p2p_child *child, unsigned kinds, bool *ret_left)
{
	while (child && !(kinds & 1u << child->kind)) {
		*ret_left = true;
		child = child->next;
	}
	return child;
}

enum p2p_compared p2p_children_compare(const struct p2p_child *a, unsigned a_kinds, const struct p2p_child *b,
				       unsigned b_kinds)
{
	unsigned both = a_kinds & b_kinds;
	bool left = false;

	for (;;) {
		a = skip(a, both, &left);
		b = skip(b, both, &left);
		if (!a || !b)
			break;
		if (a->kind != b->kind || strcmp(a->name, b->name) != 0 || state_differs(a, b))
			return P2P_DIFFERS;
		a = a->next;
		b = b->next;
	}
	if (a || b)
		return P2P_DIFFERS;
	return left ? P2P_ONE_SIDED : P2P_SAME;
}

static const struct p2p_field_kind power_kind = { power_fact, power_put, NULL };
static const struct p2p_field_kind dead_kind = { always_known, dead_put, NULL };
static const struct p2p_field_kind children_kind = { always_known, children_put, NULL };

/* ------------------------------------------------------------------- host */

static void iommu_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_host *host = (const void *)((const char *)value - offsetof(struct p2p_host, iommu));

	p2p_buf_puts(ret, p2p_iommu_kind_name(host->iommu_kind));
}

static void running_put(const void *value, struct p2p_buf *ret)
{
	const struct p2p_host *host = (const void *)((const char *)value - offsetof(struct p2p_host, running));

	for (size_t i = 0; i < host->running_count; i++) {
		const struct p2p_running_row *row = &host->running_rows[i];

		p2p_buf_printf(ret, "%s%04x:", i ? " " : "", row->vendor);
		if (row->device == P2P_DEVICE_ANY)
			p2p_buf_puts(ret, "any");
		else
			p2p_buf_printf(ret, "%04x", (unsigned)row->device);
		if (row->same_host_bridge)
			p2p_buf_puts(ret, "/same-host-bridge");
	}
}

static const struct p2p_field_kind iommu_kind = { NULL, iommu_put, NULL };
static const struct p2p_field_kind running_kind = { NULL, running_put, NULL };

/* ------------------------------------------------------------- the tables */

#define SIZE(of, member) sizeof(((struct of *)NULL)->member)
#define SPAN(of, first, last) offsetof(struct of, last) + SIZE(of, last) - offsetof(struct of, first)

#define HOST(id, title, kind, group, flags, member) \
	{ id, title, &kind##_kind, P2P_GROUP_##group, flags, offsetof(struct p2p_host, member), SIZE(p2p_host, member) }

const struct p2p_field p2p_host_fields[] = {
	HOST("kernel", "kernel", word, KERNEL, 0, kernel),
	HOST("version", "kernel's version", word, KERNEL, P2P_FIELD_WORDS, version),
	HOST("signature", "kernel's signature", word, KERNEL, 0, signature),
	HOST("p2pdma", "P2PDMA built in", yes, P2PDMA, 0, p2pdma),
	{ "running_allowlist", "running allowlist", &running_kind, P2P_GROUP_RUNNING, P2P_FIELD_WORDS,
	  offsetof(struct p2p_host, running), SPAN(p2p_host, running, running_count) },
	HOST("cpu_vendor", "processor's vendor", word, CPU, 0, cpu_vendor),
	HOST("cpu_family", "processor's family", number, CPU, 0, cpu_family),
	HOST("cpu_model", "processor's model", word, NONE, 0, cpu_model),
	HOST("virtual", "virtual machine", yes, NONE, 0, hypervisor),
	HOST("cmdline", "command line", word, NONE, P2P_FIELD_WORDS, cmdline),
	{ "iommu", "IOMMU", &iommu_kind, P2P_GROUP_IOMMU, 0, offsetof(struct p2p_host, iommu),
	  SPAN(p2p_host, iommu, iommu_kind) },
	HOST("iommu_groups", "IOMMU groups", some, IOMMU, 0, iommu_groups),
	HOST("iommu_mode", "IOMMU mode", word, NONE, 0, iommu_mode),
	HOST("numa_nodes", "NUMA nodes", number, NONE, 0, numa_nodes),
	HOST("dmi_vendor", "vendor", word, NONE, 0, dmi_vendor),
	HOST("dmi_product", "product", word, NONE, 0, dmi_product),
	HOST("dmi_board", "board", word, NONE, 0, dmi_board),
	HOST("dmi_bios", "BIOS", word, NONE, 0, dmi_bios),
};

const size_t p2p_host_field_count = sizeof(p2p_host_fields) / sizeof(*p2p_host_fields);

#define HOSTBRIDGE(id, title, kind, group, flags, member)                                                     \
	{ id, title, &kind##_kind, P2P_GROUP_##group, flags, offsetof(struct p2p_hostbridge, member),          \
	  SIZE(p2p_hostbridge, member) }

const struct p2p_field p2p_hostbridge_fields[] = {
	{ "order", "order on root bus", NULL, P2P_GROUP_ROOT, P2P_FIELD_APART,
	  offsetof(struct p2p_hostbridge, order), 0 },
	HOSTBRIDGE("numa_node", "NUMA node", signed, NONE, 0, numa_node),
};

const size_t p2p_hostbridge_field_count = sizeof(p2p_hostbridge_fields) / sizeof(*p2p_hostbridge_fields);

#define FUNCTION(id, title, kind, group, flags, member)                                                     \
	{ id, title, &kind##_kind, P2P_GROUP_##group, flags, offsetof(struct p2p_function, member),          \
	  SIZE(p2p_function, member) }

const struct p2p_field p2p_function_fields[] = {
	FUNCTION("vendor", "vendor", hex4, ROOT, P2P_FIELD_IDENTITY, vendor),
	FUNCTION("device", "device", hex4, ROOT, P2P_FIELD_IDENTITY, device),
	FUNCTION("subsystem_vendor", "subsystem's vendor", hex4, NONE, P2P_FIELD_IDENTITY, subvendor),
	FUNCTION("subsystem_device", "subsystem", hex4, NONE, P2P_FIELD_IDENTITY, subdevice),
	FUNCTION("serial", "serial number", word, NONE, P2P_FIELD_IDENTITY | P2P_FIELD_PART, serial),
	FUNCTION("revision", "revision", hex2, NONE, 0, revision),
	FUNCTION("class", "class", hex6, NONE, 0, class),
	FUNCTION("header", "header", header, NONE, 0, header),
	FUNCTION("type", "PCIe type", port, ROOT, 0, port_type),
	{ "place", "place", NULL, P2P_GROUP_NONE, P2P_FIELD_APART, offsetof(struct p2p_function, up), 0 },
	FUNCTION("alive", "configuration space", dead, NONE, 0, dead),
	FUNCTION("driver", "driver", word, DRIVER, 0, driver),
	FUNCTION("driver_override", "only driver", word, NONE, 0, driver_override),
	FUNCTION("children", "devices", children, CHILDREN, P2P_FIELD_WORDS | P2P_FIELD_APART, children),
	FUNCTION("acs", "ACS", acs, ACS, P2P_FIELD_WORDS, acs),
	FUNCTION("acs_capability", "ACS capability", acs_cap, NONE, P2P_FIELD_PART, acs),
	FUNCTION("ats", "ATS", ats, NONE, 0, ats),
	FUNCTION("pri", "PRI", enable, NONE, 0, pri),
	FUNCTION("pasid", "PASID", enable, NONE, 0, pasid),
	FUNCTION("link", "link", link, NONE, 0, link),
	FUNCTION("link_max", "link's limit", link_max, NONE, P2P_FIELD_PART, link),
	FUNCTION("mps", "payload size", bytes, NONE, P2P_FIELD_PART, mps),
	FUNCTION("mps_max", "largest payload", bytes, NONE, P2P_FIELD_PART, mps_max),
	FUNCTION("mrrs", "read request size", bytes, NONE, P2P_FIELD_PART, mrrs),
	FUNCTION("bars", "BARs", bars, NONE, P2P_FIELD_WORDS, bars),
	FUNCTION("resizable", "resizable BARs", yes, NONE, 0, resizable),
	FUNCTION("numa_node", "NUMA node", signed, NONE, 0, numa_node),
	FUNCTION("iommu_group", "IOMMU group", number, NONE, P2P_FIELD_APART, iommu_group),
	FUNCTION("iommu_type", "IOMMU mode", word, NONE, P2P_FIELD_PART, iommu_type),
	FUNCTION("p2pmem", "p2pmem", memory, MEMORY, 0, memory),
	FUNCTION("p2pmem_available", "p2pmem free", memory_free, NONE, P2P_FIELD_PART | P2P_FIELD_MOMENT, memory),
	FUNCTION("p2pmem_published", "p2pmem published", yes, NONE, P2P_FIELD_PART, memory.published),
	FUNCTION("cmbsz", "CMBSZ", hex, MEMORY, 0, cmb_size),
	FUNCTION("cmbloc", "CMBLOC", hex, NONE, P2P_FIELD_PART, cmb_loc),
	FUNCTION("vfs", "VFs", number, NONE, 0, vfs),
	FUNCTION("vfs_max", "VFs possible", number, NONE, P2P_FIELD_PART, vfs_max),
	FUNCTION("cxl_dvsec", "CXL DVSECs", hex, NONE, 0, cxl),
	FUNCTION("power_state", "power", power, NONE, P2P_FIELD_MOMENT, power_state),
	FUNCTION("power_control", "power control", word, NONE, 0, power_control),
	FUNCTION("removable", "removable", word, NONE, 0, removable),
};

const size_t p2p_function_field_count = sizeof(p2p_function_fields) / sizeof(*p2p_function_fields);

#define NAMESPACE(id, title, kind, member)                                                                   \
	{ id, title, &kind##_kind, P2P_GROUP_NONE, 0, offsetof(struct p2p_namespace, member),                \
	  SIZE(p2p_namespace, member) }

const struct p2p_field p2p_namespace_fields[] = {
	NAMESPACE("nvmet_device_path", "disk", word, device_path),
	NAMESPACE("nvmet_p2pmem", "p2pmem", word, p2pmem),
	NAMESPACE("nvmet_enabled", "enabled", yes, enabled),
};

const size_t p2p_namespace_field_count = sizeof(p2p_namespace_fields) / sizeof(*p2p_namespace_fields);

/* ------------------------------------------------------- what is done with */

static const void *value_at(const struct p2p_field *field, const void *object)
{
	return (const char *)object + field->offset;
}

struct p2p_fact p2p_field_fact(const struct p2p_field *field, const void *object)
{
	if (field->kind && field->kind->fact)
		return field->kind->fact(object);
	return *(const struct p2p_fact *)value_at(field, object);
}

void p2p_field_format(const struct p2p_field *field, const void *object, struct p2p_buf *ret)
{
	field->kind->put(value_at(field, object), ret);
}

bool p2p_fact_known_beside(struct p2p_fact fact, struct p2p_fact other)
{
	if (fact.origin == P2P_ORIGIN_ASSUMED && other.origin != P2P_ORIGIN_ASSUMED)
		return false;
	return fact.know != P2P_UNKNOWN;
}

static enum p2p_compared texts_compare(const struct p2p_field *field, const void *a, const void *b)
{
	struct p2p_buf x = P2P_BUF_INIT, y = P2P_BUF_INIT;

	p2p_field_format(field, a, &x);
	p2p_field_format(field, b, &y);
	enum p2p_compared compared = strcmp(p2p_buf_text(&x), p2p_buf_text(&y)) != 0 ? P2P_DIFFERS : P2P_SAME;

	p2p_buf_free(&x);
	p2p_buf_free(&y);
	return compared;
}

enum p2p_compared p2p_field_compare(const struct p2p_field *field, const void *a, const void *b)
{
	struct p2p_fact x = p2p_field_fact(field, a), y = p2p_field_fact(field, b);
	bool known_x = p2p_fact_known_beside(x, y), known_y = p2p_fact_known_beside(y, x);

	if (field->flags & P2P_FIELD_PART && !(p2p_known(x) && p2p_known(y)))
		return P2P_SAME;
	if (!known_x || !known_y)
		return known_x == known_y ? P2P_SAME : P2P_ONE_SIDED;
	if (x.know != y.know)
		return P2P_DIFFERS;
	if (!p2p_known(x))
		return P2P_SAME;
	if (!field->kind->compare)
		return texts_compare(field, a, b);
	return field->kind->compare(value_at(field, a), value_at(field, b));
}

void p2p_field_copy(const struct p2p_field *field, const void *from, void *to)
{
	memcpy((char *)to + field->offset, value_at(field, from), field->size);
}
