/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assumptions put in place of what was read. */
#include <errno.h>
#include <string.h>

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

static struct p2p_function *find(struct p2p_machine *machine, const char *key, struct p2p_bdf bdf,
				 struct p2p_problem *problem)
{
	int index = p2p_machine_find(machine, bdf);
	char address[P2P_BDF_TEXT];

	if (index != P2P_NOBODY)
		return &machine->functions[index];
	p2p_problem_set(problem, -ENXIO, "--assume %s:%s: this machine has no such function", key,
			p2p_bdf_format(bdf, true, address));
	return NULL;
}

/* What another driver made, or registered, goes with it. */
static int apply_driver(const struct p2p_assume_driver *given, struct p2p_machine *machine,
			struct p2p_problem *problem)
{
	struct p2p_function *function = find(machine, "driver", given->bdf, problem);
	char address[P2P_BDF_TEXT];

	if (!function)
		return -ENXIO;
	bool same = given->driver ? p2p_known(function->driver.fact) && !strcmp(function->driver.text, given->driver)
				  : p2p_absent(function->driver.fact);

	if (!same) {
		function->memory = (struct p2p_memory){ .fact = assumed_absent() };
		function->cmb_size = function->cmb_loc = (struct p2p_number){ 0 };
		function->driver = (struct p2p_word){ given->driver ? assumed() : assumed_absent(), NULL };
		if (given->driver)
			function->driver.text = p2p_arena_strdup(machine->arena, given->driver);
	}
	p2p_bdf_format(given->bdf, true, address);
	list(machine, given->driver ? p2p_arena_printf(machine->arena, "driver of %s: %s", address, given->driver)
				    : p2p_arena_printf(machine->arena, "no driver bound to %s", address));
	return 0;
}

static int apply_memory(const struct p2p_assume_memory *given, struct p2p_machine *machine,
			struct p2p_problem *problem)
{
	struct p2p_function *function = find(machine, "p2pmem", given->bdf, problem);
	char address[P2P_BDF_TEXT];

	if (!function)
		return -ENXIO;
	p2p_bdf_format(given->bdf, true, address);
	if (given->bytes) {
		function->memory = (struct p2p_memory){ assumed(), given->bytes, given->bytes, { assumed(), 1 } };
		list(machine, p2p_arena_printf(machine->arena, "p2pmem of %s: %llu bytes, published", address,
					       (unsigned long long)given->bytes));
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
	struct p2p_function *function = given->every ? NULL : find(machine, "acs", given->bdf, problem);
	struct p2p_buf words = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT] = "every function";
	size_t count = 0;

	if (!given->every && !function)
		return -ENXIO;
	if (!given->every)
		p2p_bdf_format(given->bdf, true, address);
	for (size_t i = 0; i < machine->function_count; i++) {
		struct p2p_function *one = &machine->functions[i];

		if ((function && one != function) || p2p_absent(one->acs.fact))
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

/* What is said of one function counts over what is said of all. */
static int apply_all_acs(const struct p2p_assume *assume, struct p2p_machine *machine, struct p2p_problem *problem)
{
	for (int every = 1; every >= 0; every--)
		for (size_t i = 0; i < assume->acs_count; i++) {
			int error = assume->acs[i].every == (every != 0) ? apply_acs(&assume->acs[i], machine, problem)
									  : 0;

			if (error)
				return error;
		}
	return 0;
}

int p2p_assume_apply(const struct p2p_assume *assume, struct p2p_machine *machine, struct p2p_problem *problem)
{
	struct p2p_boot before = p2p_acs_args_booted(machine->arena, &machine->host);
	int error = 0;

	apply_kernel(assume, machine);
	apply_cpu(assume, machine);
	for (size_t i = 0; i < assume->driver_count && !error; i++)
		error = apply_driver(&assume->drivers[i], machine, problem);
	for (size_t i = 0; i < assume->memory_count && !error; i++)
		error = apply_memory(&assume->memories[i], machine, problem);
	if (error)
		return error;
	apply_boot(assume, machine, before);
	return apply_all_acs(assume, machine, problem);
}
