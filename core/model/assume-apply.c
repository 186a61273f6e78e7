/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assumptions put in place of what was read. */
#include <errno.h>
#include <string.h>

#include "../base/text.h"
#include "acs-args.h"
#include "acs-request.h"
#include "acs.h"
#include "assume.h"
#include "host.h"
#include "rule.h"

static struct p2p_fact assumed(void)
{
	return p2p_fact_of(0, P2P_ORIGIN_ASSUMED);
}

static struct p2p_fact assumed_absent(void)
{
	return p2p_fact_of(-ENOENT, P2P_ORIGIN_ASSUMED);
}

static void list(struct p2p_machine *machine, const char *text)
{
	p2p_machine_assume(machine, text);
}

/* ---------------------------------------------------------------- the host */

/* Such a kernel has no P2PDMA to assume. */
static bool is_before_p2pdma(const char *kernel)
{
	struct p2p_release release;

	return !p2p_release_parse(kernel, &release) && p2p_release_before_p2pdma(release);
}

static void apply_kernel(const struct p2p_assume *assume, struct p2p_machine *machine)
{
	struct p2p_host *host = &machine->host;

	if (assume->kernel) {
		host->kernel = (struct p2p_word){ assumed(), p2p_arena_strdup(machine->arena, assume->kernel) };
		/* A release by its number is mainline's or stable's: what a vendor wrote of its own does not apply. */
		host->running = (struct p2p_fact){ 0 };
		host->version.fact = host->signature.fact = assumed_absent();
		list(machine, p2p_arena_printf(machine->arena, "kernel %s", assume->kernel));
	}
	if (assume->kernel && is_before_p2pdma(assume->kernel)) {
		/* What the recorded kernel was built with says nothing of a release that has no P2PDMA at all. */
		host->p2pdma = (struct p2p_number){ assumed(), 0 };
		host->p2pdma_from = (struct p2p_word){ 0 };
	} else if (assume->p2pdma || assume->kernel) {
		host->p2pdma = (struct p2p_number){ assumed(), assume->p2pdma != P2P_NO };
		host->p2pdma_from = (struct p2p_word){ 0 };
		list(machine, host->p2pdma.value ? "P2PDMA built in" : "P2PDMA not built in");
	}
}

static void apply_cpu(const struct p2p_assume *assume, struct p2p_machine *machine)
{
	struct p2p_host *host = &machine->host;
	struct p2p_arena *arena = machine->arena;

	if (!assume->cpu_vendor)
		return;
	host->cpu_vendor = (struct p2p_word){ assumed(), p2p_arena_strdup(arena, assume->cpu_vendor) };
	if (!strcmp(assume->cpu_vendor, "none"))
		host->cpu_vendor.fact.know = P2P_ABSENT;
	host->cpu_family = (struct p2p_number){ assumed(), assume->cpu_family };
	host->cpu_model = (struct p2p_word){ 0 };
	list(machine,
	     p2p_arena_printf(arena, "processor %s family %u", assume->cpu_vendor, assume->cpu_family));
}

/* ---------------------------------------------------------------- the boot */

/* What follows from an IOMMU that is or is not there after that boot; groups are made anew. */
static void change_iommu(struct p2p_machine *machine, struct p2p_fact fact, enum p2p_iommu_kind kind)
{
	struct p2p_host *host = &machine->host;
	struct p2p_fact gone = kind == P2P_IOMMU_NONE && p2p_known(fact) ? assumed_absent() : (struct p2p_fact){ 0 };

	if (p2p_known(host->iommu) && p2p_known(fact) && host->iommu_kind == kind) {
		host->iommu = fact;
		return;
	}
	host->iommu = fact;
	host->iommu_kind = kind;
	host->iommu_groups = (struct p2p_number){ 0 };
	if (p2p_absent(gone))
		host->iommu_groups = (struct p2p_number){ assumed(), 0 };
	host->iommu_mode = (struct p2p_word){ gone, NULL };
	for (size_t i = 0; i < machine->function_count; i++) {
		machine->functions[i].iommu_group = (struct p2p_number){ gone, 0 };
		machine->functions[i].iommu_type = (struct p2p_word){ gone, NULL };
	}
}

static const char *kind_name(enum p2p_iommu_kind kind)
{
	return kind == P2P_IOMMU_NONE ? "no IOMMU" : kind == P2P_IOMMU_INTEL ? "IOMMU intel" : "IOMMU amd";
}

static void apply_cmdline(const struct p2p_assume *assume, struct p2p_machine *machine, const struct p2p_boot *before,
			  struct p2p_boot *after)
{
	struct p2p_host *host = &machine->host;

	host->cmdline = (struct p2p_word){ assumed(), p2p_arena_strdup(machine->arena, assume->cmdline) };
	list(machine, p2p_arena_printf(machine->arena, "command line \"%s\"", assume->cmdline));
	after->cmdline = host->cmdline.text;
	if (assume->iommu)
		return;
	p2p_acs_request_foretell(machine->arena, host, before, after);
	if (after->iommu == P2P_NO && before->iommu != P2P_NO)
		change_iommu(machine, assumed(), P2P_IOMMU_NONE);
	else if (after->iommu == P2P_MAYBE && before->iommu != P2P_MAYBE)
		change_iommu(machine, (struct p2p_fact){ 0 }, P2P_IOMMU_UNKNOWN);
}

/* Is it another answer than before? */
static bool apply_iommu(struct p2p_machine *machine, enum p2p_iommu_kind kind, struct p2p_boot *after)
{
	enum p2p_answer was = after->iommu;

	change_iommu(machine, assumed(), kind);
	list(machine, kind_name(kind));
	after->iommu = kind == P2P_IOMMU_NONE ? P2P_NO : P2P_YES;
	if (after->iommu == was)
		return false;
	after->requested = after->iommu;
	return true;
}

/*
 * ACS is what the last boot left, and it stays as it was read unless another
 * boot is asked for: with another command line, with another IOMMU, or of a
 * release that treats the ACS arguments of the recorded command line its way.
 */
static void apply_boot(const struct p2p_assume *assume, struct p2p_machine *machine, struct p2p_boot before)
{
	struct p2p_arena *arena = machine->arena;
	struct p2p_boot after = p2p_acs_args_boot(arena, &machine->host);
	bool given = before.cmdline && p2p_acs_args_given(arena, before.cmdline);
	bool boots = assume->cmdline || (assume->kernel && given);

	if (assume->iommu && apply_iommu(machine, assume->iommu, &after)) {
		boots = true;
		if (!before.cmdline && !assume->cmdline) {
			before.cmdline = after.cmdline = "";
			list(machine, "no ACS arguments on the command line (not recorded)");
		}
	}
	if (assume->cmdline)
		apply_cmdline(assume, machine, &before, &after);
	else if (boots && given)
		list(machine, "the recorded command line's ACS arguments as that boot takes them");
	if (boots)
		p2p_acs_args_apply(machine, &before, &after);
}

/* --------------------------------------------------------------- functions */

/* By the name of one of its devices. */
static int find_named(const struct p2p_machine *machine, const char *key, const char *name, struct p2p_problem *problem)
{
	int found = P2P_NOBODY;

	for (size_t i = 0; i < machine->function_count; i++)
		for (const struct p2p_child *child = machine->functions[i].children; child; child = child->next) {
			if (strcmp(child->name, name) != 0 || found == (int)i)
				continue;
			if (found != P2P_NOBODY)
				return p2p_problem_set(problem, -ENXIO,
						       "--assume %s:%s: several functions have a device "
						       "of that name; give an address",
						       key, name);
			found = (int)i;
		}
	if (found == P2P_NOBODY)
		p2p_problem_set(problem, -ENXIO, "--assume %s:%s: this machine has no such device; expected an address "
				"such as 0000:03:00.0, or the name of a device such as nvme0", key, name);
	return found;
}

static int find(const struct p2p_machine *machine, const char *key, const struct p2p_assume_who *who,
		struct p2p_problem *problem)
{
	int index = who->name ? P2P_NOBODY : p2p_machine_find(machine, who->bdf);
	char address[P2P_BDF_TEXT];

	if (who->name) {
		index = find_named(machine, key, who->name, problem);
		return index < 0 ? P2P_NOBODY : index;
	}
	if (index == P2P_NOBODY)
		p2p_problem_set(problem, -ENXIO, "--assume %s:%s: this machine has no such function", key,
				p2p_bdf_format(who->bdf, true, address));
	return index;
}

static char *address_of(const struct p2p_machine *machine, int index, char text[P2P_BDF_TEXT])
{
	return p2p_bdf_format(machine->functions[index].bdf, true, text);
}

/* A function that was given by its name and by its address: one of the two would be ignored. */
static int given_before(const struct p2p_machine *machine, const char *key, int index, struct p2p_problem *problem)
{
	char address[P2P_BDF_TEXT];

	return p2p_problem_set(problem, -ENXIO, "--assume %s: %s was given twice, by name and by address; give it once",
			       key, address_of(machine, index, address));
}

/* What another driver made, or registered, goes with it. */
static int apply_driver(const struct p2p_assume_driver *given, struct p2p_machine *machine, bool *done,
			struct p2p_problem *problem)
{
	int index = find(machine, "driver", &given->who, problem);
	char address[P2P_BDF_TEXT];

	if (index == P2P_NOBODY)
		return -ENXIO;
	if (done[index])
		return given_before(machine, "driver", index, problem);
	done[index] = true;
	struct p2p_function *function = &machine->functions[index];
	bool same = given->driver ? p2p_known(function->driver.fact) && !strcmp(function->driver.text, given->driver)
				  : p2p_absent(function->driver.fact);

	if (!same) {
		function->memory = (struct p2p_memory){ .fact = assumed_absent() };
		function->cmb_size = function->cmb_loc = (struct p2p_number){ 0 };
		function->driver = (struct p2p_word){ given->driver ? assumed() : assumed_absent(), NULL };
		if (given->driver)
			function->driver.text = p2p_arena_strdup(machine->arena, given->driver);
	}
	address_of(machine, index, address);
	list(machine, given->driver ? p2p_arena_printf(machine->arena, "driver of %s: %s", address, given->driver)
				    : p2p_arena_printf(machine->arena, "no driver bound to %s", address));
	return 0;
}

/* A kernel without P2PDMA has no pool, whatever was there under the recorded one. */
static void apply_no_pool(struct p2p_machine *machine)
{
	const struct p2p_number *p2pdma = &machine->host.p2pdma;

	if (!p2p_known(p2pdma->fact) || p2pdma->fact.origin != P2P_ORIGIN_ASSUMED || p2pdma->value)
		return;
	for (size_t i = 0; i < machine->function_count; i++)
		machine->functions[i].memory = (struct p2p_memory){ .fact = assumed_absent() };
}

static int apply_memory(const struct p2p_assume_memory *given, struct p2p_machine *machine, bool *done,
			struct p2p_problem *problem)
{
	int index = find(machine, "p2pmem", &given->who, problem);
	struct p2p_buf size = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	if (index == P2P_NOBODY)
		return -ENXIO;
	if (done[index])
		return given_before(machine, "p2pmem", index, problem);
	done[index] = true;
	struct p2p_function *function = &machine->functions[index];

	address_of(machine, index, address);
	if (given->bytes) {
		p2p_text_size(&size, given->bytes);
		function->memory = (struct p2p_memory){ assumed(), given->bytes, given->bytes, { assumed(), 1 } };
		list(machine, p2p_arena_printf(machine->arena, "p2pmem of %s: %s, published", address,
					       p2p_buf_text(&size)));
		p2p_buf_free(&size);
	} else {
		function->memory = (struct p2p_memory){ .fact = assumed_absent() };
		list(machine, p2p_arena_printf(machine->arena, "no p2pmem of %s", address));
	}
	return 0;
}

static void apply_bits(struct p2p_acs *acs, const struct p2p_assume_acs *given)
{
	acs->ctrl = (uint16_t)((acs->ctrl | given->set) & ~given->clear);
	acs->assumed |= given->set | given->clear;
	acs->unsure &= (uint16_t)~acs->assumed;
}

static int apply_acs(const struct p2p_assume_acs *given, struct p2p_machine *machine, struct p2p_problem *problem)
{
	int index = given->every ? P2P_NOBODY : find(machine, "acs", &given->who, problem);
	struct p2p_buf words = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT] = "every function";
	size_t count = 0;

	if (!given->every && index == P2P_NOBODY)
		return -ENXIO;
	if (!given->every)
		address_of(machine, index, address);
	for (size_t i = 0; i < machine->function_count; i++) {
		struct p2p_function *one = &machine->functions[i];

		if ((!given->every && (int)i != index) || p2p_absent(one->acs.fact))
			continue;
		apply_bits(&one->acs, given);
		count++;
	}
	if (!count && given->every)
		return p2p_problem_set(problem, -ENXIO, "--assume acs:*: no function of this machine has an ACS "
				       "capability to set bits in");
	if (!count)
		return p2p_problem_set(problem, -ENXIO,
				       "--assume acs:%s: that function has no ACS capability to set bits in", address);
	p2p_acs_format(&words, given->set, given->set | given->clear);
	list(machine, p2p_arena_printf(machine->arena, "ACS of %s: %s", address, p2p_buf_text(&words)));
	p2p_buf_free(&words);
	return 0;
}

/* By a name here and an address there; of two equal words the parser has seen it. */
static int check_bits(const struct p2p_assume *assume, size_t index, const struct p2p_machine *machine,
		      struct p2p_problem *problem)
{
	const struct p2p_assume_acs *acs = &assume->acs[index], *old = assume->acs;

	for (; assume->named && !acs->every && old < acs; old++)
		if (!old->every && ((old->set & acs->clear) | (old->clear & acs->set)) &&
		    find(machine, "acs", &old->who, problem) == find(machine, "acs", &acs->who, problem))
			return p2p_problem_set(problem, -ENXIO, "--assume acs: two of them, by name and address, say "
					       "the opposite of a bit; give each bit once");
	return 0;
}

/* What is said of one function counts over what is said of all. */
static int apply_all_acs(const struct p2p_assume *assume, struct p2p_machine *machine, struct p2p_problem *problem)
{
	for (int every = 1; every >= 0; every--)
		for (size_t i = 0; i < assume->acs_count; i++) {
			if (assume->acs[i].every != (every != 0))
				continue;
			int error = apply_acs(&assume->acs[i], machine, problem);

			if (!error)
				error = check_bits(assume, i, machine, problem);
			if (error)
				return error;
		}
	return 0;
}

int p2p_assume_apply(const struct p2p_assume *assume, struct p2p_machine *machine, struct p2p_problem *problem)
{
	struct p2p_boot before = p2p_acs_args_booted(machine->arena, &machine->host);
	bool *drivers = p2p_arena_array(machine->arena, machine->function_count, sizeof(*drivers));
	bool *memories = p2p_arena_array(machine->arena, machine->function_count, sizeof(*memories));
	int error = 0;

	apply_kernel(assume, machine);
	apply_cpu(assume, machine);
	for (size_t i = 0; i < assume->driver_count && !error; i++)
		error = apply_driver(&assume->drivers[i], machine, drivers, problem);
	apply_no_pool(machine);
	for (size_t i = 0; i < assume->memory_count && !error; i++)
		error = apply_memory(&assume->memories[i], machine, memories, problem);
	if (error)
		return error;
	apply_boot(assume, machine, before);
	return apply_all_acs(assume, machine, problem);
}
