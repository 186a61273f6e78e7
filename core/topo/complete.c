/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both programs can offer a shell: the devices of the machine that the line
 * names (-F, --root, or this one), releases, and the words of --assume.  The
 * machine is read as for any verb, without its names' rarer facts, and needs
 * no privilege.  Floor 5 (topo).
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../cli/complete.h"
#include "../io/scan.h"
#include "../model/acs.h"
#include "../model/rule.h"
#include "topo.h"

/* A person waits for it. */
#define FILE_MOST (64 << 20)

/* The file can be read now: a pipe would wait for ever, and standard input is the terminal. */
static bool is_ready(const char *file)
{
	struct stat status;

	return !stat(file, &status) && S_ISREG(status.st_mode) && status.st_size <= FILE_MOST;
}

/* NULL where it cannot be read: then nothing is offered, and running the line says why. */
static struct p2p_machine *open_machine(const struct p2p_cli *cli, struct p2p_source **ret_source)
{
	const char *file = p2p_cli_knows(cli, "from") ? p2p_cli_value(cli, "from") : NULL;
	const char *root = p2p_cli_knows(cli, "root") ? p2p_cli_value(cli, "root") : NULL;
	const struct p2p_scan_options options = { .want = P2P_WANT_NAMES | P2P_WANT_CHILDREN };
	struct p2p_problem problem = { "" };
	struct p2p_machine *machine = NULL;
	int error;

	if (file)
		error = is_ready(file) ? p2p_source_open_file(file, &problem, ret_source) : -1;
	else if (root)
		error = p2p_source_open_root(root, &problem, ret_source);
	else
		error = p2p_source_open_live(&problem, ret_source);
	if (!error && p2p_scan(*ret_source, &options, &problem, &machine))
		machine = NULL;
	return machine;
}

/* The address as it was begun: with its domain, or without where that is 0000. */
static void format_address(const struct p2p_complete *ask, const struct p2p_machine *machine,
			   const struct p2p_function *function, char text[P2P_BDF_TEXT])
{
	bool domain = !machine->one_domain || (p2p_cli_knows(ask->cli, "domain") && p2p_cli_has(ask->cli, "domain"));

	p2p_bdf_format(function->bdf, domain, text);
	if (strncmp(text, ask->typed, strlen(ask->typed)) != 0)
		p2p_bdf_format(function->bdf, true, text);
}

static const char *name_of(const struct p2p_function *function)
{
	return p2p_known(function->device_name.fact)  ? function->device_name.text
	       : p2p_known(function->class_name.fact) ? function->class_name.text
						      : "";
}

/* Likely peers by their names and addresses; once the address of another is begun, that too. */
static void offer_device(const struct p2p_complete *ask, const struct p2p_machine *machine,
			 const struct p2p_function *function)
{
	char address[P2P_BDF_TEXT];

	if (p2p_function_is_bridge(function))
		return;
	for (const struct p2p_child *child = function->children; child; child = child->next)
		p2p_complete_word(ask, child->name, name_of(function));
	if (!p2p_function_is_peer(function) && !*ask->typed)
		return;
	format_address(ask, machine, function, address);
	p2p_complete_word(ask, address, name_of(function));
}

static void offer_address(const struct p2p_complete *ask, const struct p2p_machine *machine,
			  const struct p2p_function *function)
{
	char address[P2P_BDF_TEXT];

	format_address(ask, machine, function, address);
	p2p_complete_word(ask, address, name_of(function));
}

static void offer_id(const struct p2p_complete *ask, const struct p2p_machine *machine,
		     const struct p2p_function *function)
{
	char id[16];

	(void)machine;
	if (!p2p_known(function->vendor.fact) || !p2p_known(function->device.fact))
		return;
	snprintf(id, sizeof(id), "%04x:%04x", (unsigned)function->vendor.value & 0xffff,
		 (unsigned)function->device.value & 0xffff);
	p2p_complete_word(ask, id, name_of(function));
}

/* "nvme0=", "0000:03:00.0=": a function by what its driver called it, and by its address. */
static void offer_names(const struct p2p_complete *ask, const struct p2p_machine *machine,
			const struct p2p_function *function)
{
	char address[P2P_BDF_TEXT];
	struct p2p_buf text = P2P_BUF_INIT;

	for (const struct p2p_child *child = function->children; child; child = child->next) {
		p2p_buf_reset(&text);
		p2p_buf_printf(&text, "%s=", child->name);
		p2p_complete_part(ask, p2p_buf_text(&text), name_of(function));
	}
	format_address(ask, machine, function, address);
	p2p_buf_reset(&text);
	p2p_buf_printf(&text, "%s=", address);
	p2p_complete_part(ask, p2p_buf_text(&text), name_of(function));
	p2p_buf_free(&text);
}

/* Whose ACS may be assumed: of those without the capability there is nothing to assume. */
static void offer_acs(const struct p2p_complete *ask, const struct p2p_machine *machine,
		      const struct p2p_function *function)
{
	if (!p2p_absent(function->acs.fact))
		offer_names(ask, machine, function);
}

/* The same of a driver or of peer memory: any function can be given one. */
static void offer_function(const struct p2p_complete *ask, const struct p2p_machine *machine,
			   const struct p2p_function *function)
{
	if (!p2p_function_is_bridge(function) && (p2p_function_is_peer(function) || *ask->typed))
		offer_names(ask, machine, function);
}

static void for_each_function(const struct p2p_complete *ask,
			      void (*offer)(const struct p2p_complete *ask, const struct p2p_machine *machine,
					    const struct p2p_function *function))
{
	struct p2p_source *source = NULL;
	struct p2p_machine *machine = open_machine(ask->cli, &source);

	for (size_t i = 0; machine && i < machine->function_count; i++)
		offer(ask, machine, &machine->functions[i]);
	p2p_machine_free(machine);
	p2p_source_free(source);
}

/* Every mainline series whose rules are known. */
static void offer_releases(const struct p2p_complete *ask)
{
	char text[P2P_RELEASE_TEXT];

	for (struct p2p_release release = p2p_release_first();
	     p2p_release_compare_series(release, p2p_release_newest()) <= 0; release = p2p_release_next(release)) {
		release.patch_known = false;
		p2p_complete_word(ask, p2p_release_format(release, text), "");
	}
}

static void offer_processors(const struct p2p_complete *ask)
{
	char text[40];

	for (size_t i = 0; i < p2p_assume_vendor_count; i++) {
		bool none = !strcmp(p2p_assume_vendors[i], "none");

		snprintf(text, sizeof(text), "%.30s/%s", p2p_assume_vendors[i], none ? "0" : "");
		if (none)
			p2p_complete_word(ask, text, "not x86");
		else
			p2p_complete_part(ask, text, "and the cpu family");
	}
}

static void offer_bits(const struct p2p_complete *ask)
{
	struct p2p_buf before = P2P_BUF_INIT;
	struct p2p_complete item;
	char text[24];

	p2p_complete_last_item(ask, &before, &item);
	for (size_t i = 0; i < 2 * sizeof(p2p_acs_bits) / sizeof(*p2p_acs_bits); i++) {
		snprintf(text, sizeof(text), "%s%c", p2p_acs_bits[i / 2].name, i % 2 ? '+' : '-');
		p2p_complete_part(&item, text, i % 2 ? "set" : "clear");
	}
	p2p_buf_free(&before);
}

/* `typed` up to `len` becomes part of what stands before. */
static struct p2p_complete behind(const struct p2p_complete *ask, size_t len, struct p2p_buf *before)
{
	struct p2p_complete rest = *ask;

	p2p_buf_reset(before);
	p2p_buf_puts(before, ask->before);
	p2p_buf_add(before, ask->typed, len);
	rest.before = p2p_buf_text(before);
	rest.typed += len;
	return rest;
}

static void offer_words(const struct p2p_complete *ask, const char *const *words)
{
	for (; *words; words++)
		p2p_complete_word(ask, *words, "");
}

/* Behind "acs:BDF=", "driver:BDF=", "p2pmem:BDF=". */
static void offer_value_of_function(const struct p2p_complete *ask, enum p2p_assume_kind kind)
{
	static const char *const drivers[] = { "vfio-pci", "nvme", "none", NULL }, *const sizes[] = { "none", NULL };

	if (kind == P2P_ASSUME_ACS)
		offer_bits(ask);
	else
		offer_words(ask, kind == P2P_ASSUME_DRIVER ? drivers : sizes);
}

static void offer_value(const struct p2p_complete *ask, enum p2p_assume_kind kind)
{
	static const char *const answers[] = { "yes", "no", NULL }, *const iommus[] = { "intel", "amd", "none", NULL };
	const char *equals = strchr(ask->typed, '=');
	struct p2p_buf before = P2P_BUF_INIT;
	struct p2p_complete value = *ask;

	switch (kind) {
	case P2P_ASSUME_KERNEL:
		offer_releases(ask);
		break;
	case P2P_ASSUME_P2PDMA:
		offer_words(ask, answers);
		break;
	case P2P_ASSUME_CPU:
		offer_processors(ask);
		break;
	case P2P_ASSUME_IOMMU:
		offer_words(ask, iommus);
		break;
	case P2P_ASSUME_CMDLINE:
		break;
	case P2P_ASSUME_ACS:
	case P2P_ASSUME_DRIVER:
	case P2P_ASSUME_MEMORY:
		if (!equals) {
			for_each_function(ask, kind == P2P_ASSUME_ACS ? offer_acs : offer_function);
			break;
		}
		value = behind(ask, (size_t)(equals + 1 - ask->typed), &before);
		offer_value_of_function(&value, kind);
		break;
	}
	p2p_buf_free(&before);
}

static void offer_assumptions(const struct p2p_complete *ask)
{
	struct p2p_buf before = P2P_BUF_INIT;

	for (size_t i = 0; i < p2p_assume_key_count; i++) {
		const struct p2p_assume_key *key = &p2p_assume_keys[i];

		if (strncmp(ask->typed, key->word, strlen(key->word)) != 0) {
			p2p_complete_part(ask, key->word, key->help);
			continue;
		}
		struct p2p_complete value = behind(ask, strlen(key->word), &before);

		offer_value(&value, key->kind);
	}
	p2p_buf_free(&before);
}

bool topo_complete(const struct p2p_complete *ask)
{
	struct p2p_buf before = P2P_BUF_INIT;
	struct p2p_complete item;

	if (strstr(ask->kind, "PROVIDER") || strstr(ask->kind, "CLIENT") || strstr(ask->kind, "DEVICE")) {
		for_each_function(ask, offer_device);
	} else if (!strcmp(ask->kind, "SLOT")) {
		for_each_function(ask, offer_address);
	} else if (!strcmp(ask->kind, "ID")) {
		for_each_function(ask, offer_id);
	} else if (!strcmp(ask->kind, "KEY=VALUE")) {
		offer_assumptions(ask);
	} else if (strstr(ask->kind, "RELEASE") || strstr(ask->kind, "KERNEL")) {
		p2p_complete_last_item(ask, &before, &item);
		offer_releases(&item);
		p2p_buf_free(&before);
	} else {
		return false;
	}
	return true;
}
