/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../model/acs.h"

/* Which facts are unknown or not read, gathered while they are printed. */
struct origins {
	struct entry {
		const char *key;
		struct p2p_fact fact;
	} list[64];
	size_t count;
};

static void note(struct origins *origins, const char *key, struct p2p_fact fact)
{
	if (fact.know != P2P_UNKNOWN && fact.origin == P2P_ORIGIN_READ)
		return;
	if (fact.know == P2P_UNKNOWN && !fact.error)
		return; /* nobody asked: not wanted by this verb */
	if (origins->count < sizeof(origins->list) / sizeof(*origins->list))
		origins->list[origins->count++] = (struct entry){ key, fact };
}

/* False when the fact has a value to print; prints null or false otherwise. */
static bool no_value(struct p2p_json *json, const char *key, struct p2p_fact fact, struct origins *origins)
{
	note(origins, key, fact);
	if (p2p_known(fact))
		return false;
	if (p2p_absent(fact))
		p2p_json_bool(json, key, false);
	else
		p2p_json_null(json, key);
	return true;
}

static void number(struct p2p_json *json, const char *key, struct p2p_number value, struct origins *origins)
{
	if (!no_value(json, key, value.fact, origins))
		p2p_json_number(json, key, value.value);
}

static void word(struct p2p_json *json, const char *key, struct p2p_word value, struct origins *origins)
{
	if (!no_value(json, key, value.fact, origins))
		p2p_json_text(json, key, value.text);
}

static void boolean(struct p2p_json *json, const char *key, struct p2p_number value, struct origins *origins)
{
	note(origins, key, value.fact);
	if (p2p_known(value.fact))
		p2p_json_bool(json, key, value.value != 0);
	else
		p2p_json_null(json, key);
}

/* Identifiers in hex as everybody writes them: "8086", "010802". */
static void hex(struct p2p_json *json, const char *key, struct p2p_number value, int digits, struct origins *origins)
{
	char text[20];

	if (no_value(json, key, value.fact, origins))
		return;
	snprintf(text, sizeof(text), "%0*llx", digits, (unsigned long long)value.value);
	p2p_json_text(json, key, text);
}

static void address(struct p2p_json *json, const char *key, struct p2p_bdf bdf)
{
	char text[P2P_BDF_TEXT];

	p2p_json_text(json, key, p2p_bdf_format(bdf, true, text));
}

static void edge(struct p2p_json *json, const char *key, const struct p2p_machine *machine, struct p2p_edge to,
		 struct origins *origins)
{
	if (!no_value(json, key, to.fact, origins))
		address(json, key, machine->functions[to.to].bdf);
}

static const char *error_word(int error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return "EACCES";
	case -ENODATA:
		return "ENODATA";
	case -EAGAIN:
		return "asleep";
	case -EINVAL:
		return "malformed";
	case -EIO:
		return "EIO";
	case -ESTALE:
		return "ESTALE";
	default:
		return strerrorname_np(-error);
	}
}

/* "unknown": why, "assumed": what did not come from the machine. */
static void origins_print(struct p2p_json *json, const struct origins *origins)
{
	p2p_json_object(json, "unknown", true);
	for (size_t i = 0; i < origins->count; i++)
		if (origins->list[i].fact.know == P2P_UNKNOWN)
			p2p_json_text(json, origins->list[i].key, error_word(origins->list[i].fact.error));
	p2p_json_object_end(json);
	p2p_json_array(json, "assumed", true);
	for (size_t i = 0; i < origins->count; i++)
		if (origins->list[i].fact.know != P2P_UNKNOWN)
			p2p_json_text(json, NULL, origins->list[i].key);
	p2p_json_array_end(json);
}

static void host_print(struct p2p_json *json, const struct p2p_host *host)
{
	struct origins origins = { 0 };

	p2p_json_object(json, "host", false);
	word(json, "kernel", host->kernel, &origins);
	word(json, "version", host->version, &origins);
	boolean(json, "p2pdma", host->p2pdma, &origins);
	word(json, "p2pdma_from", host->p2pdma_from, &origins);
	p2p_json_object(json, "cpu", true);
	word(json, "vendor", host->cpu_vendor, &origins);
	number(json, "family", host->cpu_family, &origins);
	word(json, "model", host->cpu_model, &origins);
	p2p_json_object_end(json);
	p2p_json_object(json, "iommu", true);
	if (host->iommu.origin == P2P_ORIGIN_ASSUMED)
		note(&origins, "iommu", host->iommu);
	if (p2p_known(host->iommu))
		p2p_json_text(json, "kind", p2p_iommu_kind_name(host->iommu_kind));
	else
		p2p_json_null(json, "kind");
	number(json, "groups", host->iommu_groups, &origins);
	word(json, "mode", host->iommu_mode, &origins);
	p2p_json_object_end(json);
	boolean(json, "virtual", host->hypervisor, &origins);
	word(json, "cmdline", host->cmdline, &origins);
	number(json, "numa_nodes", host->numa_nodes, &origins);
	p2p_json_object(json, "dmi", true);
	word(json, "vendor", host->dmi_vendor, &origins);
	word(json, "product", host->dmi_product, &origins);
	word(json, "board", host->dmi_board, &origins);
	word(json, "bios", host->dmi_bios, &origins);
	p2p_json_object_end(json);
	origins_print(json, &origins);
	p2p_json_object_end(json);
}

void p2p_json_envelope(struct p2p_json *json, const char *schema, const struct p2p_machine *machine)
{
	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "schema", schema);
	host_print(json, &machine->host);
	p2p_json_array(json, "assumptions", false);
	for (size_t i = 0; i < machine->assumption_count; i++)
		p2p_json_text(json, NULL, machine->assumptions[i]);
	p2p_json_array_end(json);
	p2p_json_array(json, "messages", false);
	for (const struct p2p_message *message = machine->messages; message; message = message->next)
		p2p_json_text(json, NULL, message->text);
	p2p_json_array_end(json);
}

static void acs_print(struct p2p_json *json, const struct p2p_acs *acs, struct origins *origins)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (acs->assumed || acs->unsure)
		note(origins, "acs", p2p_fact_of(0, P2P_ORIGIN_ASSUMED));
	if (no_value(json, "acs", acs->fact, origins))
		return;
	p2p_json_object(json, "acs", true);
	p2p_json_number(json, "offset", acs->offset);
	p2p_json_number(json, "capability", acs->cap);
	p2p_json_number(json, "control", acs->ctrl);
	p2p_acs_format_open(&text, acs->ctrl, 0x7f, acs->unsure);
	p2p_json_text(json, "text", p2p_buf_text(&text));
	if (acs->unsure)
		p2p_json_number(json, "unsure", acs->unsure);
	p2p_json_object_end(json);
	p2p_buf_free(&text);
}

static void link_print(struct p2p_json *json, const struct p2p_machine *machine, int index, struct origins *origins)
{
	static const char *const states[] = { NULL, "none", "full", "partner", "degraded" };
	const struct p2p_link *link = &machine->functions[index].link;

	if (no_value(json, "link", link->fact, origins))
		return;
	p2p_json_object(json, "link", true);
	p2p_json_text(json, "speed", p2p_link_speed(link->gen));
	p2p_json_number(json, "width", link->lanes);
	p2p_json_text(json, "speed_max", p2p_link_speed(link->gen_max));
	p2p_json_number(json, "width_max", link->lanes_max);
	p2p_json_text(json, "state", states[p2p_link_state(machine, index)]);
	p2p_json_object_end(json);
}

/* A control word whose enable bit is `mask`: {"enabled": true}. */
static void enabled(struct p2p_json *json, const char *key, struct p2p_number control, uint64_t mask,
		    struct origins *origins)
{
	if (no_value(json, key, control.fact, origins))
		return;
	p2p_json_object(json, key, true);
	p2p_json_bool(json, "enabled", control.value & mask);
	p2p_json_object_end(json);
}

static void bars_print(struct p2p_json *json, const struct p2p_function *function, struct origins *origins)
{
	if (no_value(json, "bars", function->bars_fact, origins))
		return;
	p2p_json_array(json, "bars", false);
	for (size_t i = 0; i < function->bar_count; i++) {
		const struct p2p_bar *bar = &function->bars[i];

		p2p_json_object(json, NULL, true);
		p2p_json_number(json, "index", bar->index);
		p2p_json_text(json, "kind", bar->io ? "io" : "memory");
		p2p_json_bool(json, "prefetchable", bar->prefetchable);
		p2p_json_bool(json, "64bit", bar->is64);
		p2p_json_number(json, "size", bar->size);
		if (bar->sizes)
			p2p_json_number(json, "resizable_mib", bar->sizes);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void memory_print(struct p2p_json *json, const struct p2p_memory *memory, struct origins *origins)
{
	if (no_value(json, "p2pmem", memory->fact, origins))
		return;
	p2p_json_object(json, "p2pmem", true);
	p2p_json_number(json, "size", memory->size);
	p2p_json_number(json, "available", memory->available);
	boolean(json, "published", memory->published, origins);
	p2p_json_object_end(json);
}

static void children_print(struct p2p_json *json, const struct p2p_function *function, struct origins *origins)
{
	p2p_json_array(json, "children", false);
	for (const struct p2p_child *child = function->children; child; child = child->next) {
		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "kind", p2p_child_kind_name(child->kind));
		p2p_json_text(json, "name", child->name);
		if (child->kind == P2P_CHILD_NET)
			word(json, "state", child->state, origins);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void identity_print(struct p2p_json *json, const struct p2p_function *function, struct origins *origins)
{
	hex(json, "vendor", function->vendor, 4, origins);
	hex(json, "device", function->device, 4, origins);
	hex(json, "subsystem_vendor", function->subvendor, 4, origins);
	hex(json, "subsystem_device", function->subdevice, 4, origins);
	hex(json, "revision", function->revision, 2, origins);
	hex(json, "class", function->class, 6, origins);
	word(json, "vendor_name", function->vendor_name, origins);
	word(json, "device_name", function->device_name, origins);
	word(json, "class_name", function->class_name, origins);
	word(json, "driver", function->driver, origins);
	if (no_value(json, "type", function->port_type.fact, origins))
		return;
	p2p_json_text(json, "type", p2p_port_type_name(function->port_type.value));
}

static void path_print(struct p2p_json *json, const struct p2p_machine *machine, int index)
{
	struct p2p_buf path = P2P_BUF_INIT;

	p2p_json_text(json, "path", p2p_function_path(machine, index, &path) ? NULL : p2p_buf_text(&path));
	p2p_buf_free(&path);
}

static void place_print(struct p2p_json *json, const struct p2p_machine *machine, const struct p2p_function *function,
			struct origins *origins)
{
	edge(json, "up", machine, function->up, origins);
	edge(json, "under", machine, function->under, origins);
	edge(json, "physfn", machine, function->physfn, origins);
	if (function->hostbridge == P2P_NOBODY)
		p2p_json_null(json, "hostbridge");
	else
		p2p_json_text(json, "hostbridge", machine->hostbridges[function->hostbridge].name);
	if (!no_value(json, "numa_node", function->numa_node.fact, origins))
		p2p_json_signed(json, "numa_node", function->numa_node.value);
}

void p2p_json_device(struct p2p_json *json, const struct p2p_machine *machine, int index)
{
	const struct p2p_function *function = &machine->functions[index];
	struct origins origins = { 0 };

	p2p_json_object(json, NULL, false);
	address(json, "bdf", function->bdf);
	path_print(json, machine, index);
	identity_print(json, function, &origins);
	place_print(json, machine, function, &origins);
	number(json, "header", function->header, &origins);
	p2p_json_bool(json, "bridge", p2p_function_is_bridge(function));
	acs_print(json, &function->acs, &origins);
	enabled(json, "ats", function->ats, 1u << 15, &origins);
	enabled(json, "pri", function->pri, 1, &origins);
	enabled(json, "pasid", function->pasid, 1, &origins);
	link_print(json, machine, index, &origins);
	number(json, "mps", function->mps, &origins);
	number(json, "mps_max", function->mps_max, &origins);
	number(json, "mrrs", function->mrrs, &origins);
	bars_print(json, function, &origins);
	number(json, "iommu_group", function->iommu_group, &origins);
	word(json, "iommu_type", function->iommu_type, &origins);
	memory_print(json, &function->memory, &origins);
	number(json, "cmbsz", function->cmb_size, &origins);
	number(json, "cmbloc", function->cmb_loc, &origins);
	number(json, "vfs", function->vfs, &origins);
	number(json, "vfs_max", function->vfs_max, &origins);
	number(json, "cxl_dvsec", function->cxl, &origins);
	word(json, "power_state", function->power_state, &origins);
	p2p_json_answer(json, "asleep", p2p_function_asleep(function));
	p2p_json_answer(json, "dead", p2p_function_dead(function));
	word(json, "removable", function->removable, &origins);
	children_print(json, function, &origins);
	origins_print(json, &origins);
}

void p2p_json_hostbridges(struct p2p_json *json, const struct p2p_machine *machine)
{
	p2p_json_array(json, "hostbridges", false);
	for (size_t i = 0; i < machine->hostbridge_count; i++) {
		const struct p2p_hostbridge *hostbridge = &machine->hostbridges[i];
		struct origins origins = { 0 };

		p2p_json_object(json, NULL, false);
		p2p_json_text(json, "name", hostbridge->name);
		if (hostbridge->under == P2P_NOBODY)
			p2p_json_bool(json, "under", false);
		else
			address(json, "under", machine->functions[hostbridge->under].bdf);
		if (!no_value(json, "numa_node", hostbridge->numa_node.fact, &origins))
			p2p_json_signed(json, "numa_node", hostbridge->numa_node.value);
		if (p2p_known(hostbridge->order))
			p2p_json_text(json, "order",
				      hostbridge->order.origin == P2P_ORIGIN_READ ? "kernel" : "address");
		else
			p2p_json_null(json, "order");
		p2p_json_array(json, "members", true);
		for (size_t j = 0; j < hostbridge->member_count; j++)
			address(json, NULL, machine->functions[hostbridge->members[j]].bdf);
		p2p_json_array_end(json);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}
