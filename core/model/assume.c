/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assume.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "../base/closest.h"
#include "../base/text.h"
#include "acs-args.h"
#include "acs.h"
#include "host.h"
#include "rule.h"

static int bad(struct p2p_problem *problem, const char *word, const char *expected)
{
	return p2p_problem_set(problem, -EINVAL, "--assume %s: expected %s", word, expected);
}

const struct p2p_assume_key p2p_assume_keys[] = {
	{ "kernel=", "decide as that mainline or stable release" },
	{ "p2pdma=", "is P2PDMA built into the kernel" },
	{ "cpu=", "vendor_id and cpu family of the first processor" },
	{ "cmdline=", "ACS as this command line would leave it" },
	{ "acs:", "bits of the ACS control word of one function" },
};
const size_t p2p_assume_key_count = sizeof(p2p_assume_keys) / sizeof(*p2p_assume_keys);

/* vendor_id as Linux prints it (arch/x86/kernel/cpu/); `none` is a processor that is not x86. */
const char *const p2p_assume_vendors[] = { "AuthenticAMD", "GenuineIntel", "HygonGenuine", "CentaurHauls",
					   "  Shanghai  ", "Shanghai",     "GenuineTMx86", "CyrixInstead",
					   "Vortex86 SoC", "none" };
const size_t p2p_assume_vendor_count = sizeof(p2p_assume_vendors) / sizeof(*p2p_assume_vendors);

static bool is_vendor(const char *vendor, struct p2p_closest *closest)
{
	*closest = (struct p2p_closest){ .word = vendor };
	for (size_t i = 0; i < p2p_assume_vendor_count; i++) {
		if (!strcmp(vendor, p2p_assume_vendors[i]))
			return true;
		p2p_closest_offer(closest, p2p_assume_vendors[i]);
	}
	/* What people say for it. */
	if (!closest->best && (!strcasecmp(vendor, "AMD") || !strcasecmp(vendor, "Zen")))
		closest->best = "AuthenticAMD";
	if (!closest->best && !strcasecmp(vendor, "Intel"))
		closest->best = "GenuineIntel";
	return false;
}

static int parse_cpu(struct p2p_arena *arena, const char *word, const char *value, struct p2p_problem *problem,
		     struct p2p_assume *assume)
{
	struct p2p_closest closest = { 0 };
	const char *slash = strchr(value, '/');
	uint64_t family;

	if (!slash || slash == value || p2p_text_number(slash + 1, 10, 4096, &family))
		return bad(problem, word, "cpu=VENDOR/FAMILY, such as cpu=AuthenticAMD/25");
	assume->cpu_vendor = p2p_arena_strndup(arena, value, (size_t)(slash - value));
	if (!is_vendor(assume->cpu_vendor, &closest))
		return p2p_problem_set(problem, -EINVAL,
				       "--assume %s: no processor calls itself '%s' in /proc/cpuinfo%s%s", word,
				       assume->cpu_vendor,
				       closest.best ? "; did you mean "
						    : "; AuthenticAMD, "
						      "GenuineIntel, HygonGenuine, CentaurHauls, none (not x86)",
				       closest.best ? closest.best : "");
	assume->cpu_family = (unsigned)family;
	return 0;
}

static int parse_acs(const char *word, const char *value, struct p2p_problem *problem, struct p2p_assume *assume)
{
	char address[P2P_BDF_TEXT];
	size_t len = (size_t)(value - word) - strlen("acs:=");
	struct p2p_assume_acs *acs = &assume->acs[assume->acs_count];

	if (len >= sizeof(address))
		return bad(problem, word, "acs:BDF=ReqRedir-,CmpltRedir-");
	memcpy(address, word + strlen("acs:"), len);
	address[len] = '\0';
	if (p2p_bdf_parse_typed(address, &acs->bdf) || p2p_acs_parse(value, &acs->set, &acs->clear))
		return bad(problem, word, "acs:BDF=ReqRedir-,CmpltRedir- with lspci's names of the bits");
	assume->acs_count++;
	return 0;
}

static int parse_word(struct p2p_arena *arena, const char *word, struct p2p_problem *problem,
		      struct p2p_assume *assume)
{
	const char *value = strchr(word, '=');
	struct p2p_release release;

	if (!strncmp(word, "acs:", 4)) {
		/* An address has no '=' in it. */
		if (!value)
			return bad(problem, word, "acs:BDF=ReqRedir-");
		return parse_acs(word, value + 1, problem, assume);
	}
	size_t len = value ? (size_t)(value - word) : 0;

	value = value ? value + 1 : "";
	if (len == 6 && !strncmp(word, "kernel", len)) {
		if (p2p_release_parse(value, &release))
			return bad(problem, word, "a release such as kernel=6.12 or kernel=6.12.107");
		assume->kernel = value;
		return 0;
	}
	if (len == 6 && !strncmp(word, "p2pdma", len)) {
		assume->p2pdma = !strcmp(value, "yes") ? P2P_YES : !strcmp(value, "no") ? P2P_NO : P2P_MAYBE;
		return assume->p2pdma ? 0 : bad(problem, word, "p2pdma=yes or p2pdma=no");
	}
	if (len == 3 && !strncmp(word, "cpu", len))
		return parse_cpu(arena, word, value, problem, assume);
	if (len == 7 && !strncmp(word, "cmdline", len)) {
		assume->cmdline = value;
		return 0;
	}
	return bad(problem, word, "kernel=, p2pdma=, cpu=, cmdline= or acs:BDF=");
}

int p2p_assume_parse(struct p2p_arena *arena, const char *const *words, size_t count, struct p2p_problem *problem,
		     struct p2p_assume *ret)
{
	struct p2p_assume assume = { .acs = p2p_arena_array(arena, count, sizeof(*assume.acs)) };

	for (size_t i = 0; i < count; i++) {
		int error = parse_word(arena, words[i], problem, &assume);

		if (error)
			return error;
	}
	*ret = assume;
	return 0;
}

static struct p2p_fact assumed(void)
{
	return p2p_fact_of(0, P2P_ORIGIN_ASSUMED);
}

/* Such a kernel has no P2PDMA to assume. */
static bool is_before_p2pdma(const char *kernel)
{
	struct p2p_release release;

	return !p2p_release_parse(kernel, &release) &&
	       p2p_release_compare_series(release, p2p_release_first()) < 0;
}

static void apply_host(const struct p2p_assume *assume, struct p2p_machine *machine)
{
	struct p2p_host *host = &machine->host;
	struct p2p_arena *arena = machine->arena;

	if (assume->kernel) {
		host->kernel = (struct p2p_word){ assumed(), p2p_arena_strdup(arena, assume->kernel) };
		/* A release by its number is mainline's or stable's: what a vendor wrote of its own does not apply. */
		host->running = (struct p2p_fact){ 0 };
		host->version.fact = host->signature.fact = p2p_fact_of(-ENOENT, P2P_ORIGIN_ASSUMED);
		p2p_machine_assume(machine, p2p_arena_printf(arena, "kernel %s", assume->kernel));
	}
	if (assume->p2pdma || (assume->kernel && !is_before_p2pdma(assume->kernel))) {
		host->p2pdma = (struct p2p_number){ assumed(), assume->p2pdma != P2P_NO };
		host->p2pdma_from = (struct p2p_word){ 0 };
		p2p_machine_assume(machine, host->p2pdma.value ? "P2PDMA built in" : "P2PDMA not built in");
	}
	if (assume->cpu_vendor) {
		host->cpu_vendor = (struct p2p_word){ assumed(), p2p_arena_strdup(arena, assume->cpu_vendor) };
		if (!strcmp(assume->cpu_vendor, "none"))
			host->cpu_vendor.fact.know = P2P_ABSENT;
		host->cpu_family = (struct p2p_number){ assumed(), assume->cpu_family };
		host->cpu_model = (struct p2p_word){ 0 };
		p2p_machine_assume(machine, p2p_arena_printf(arena, "processor %s family %u", assume->cpu_vendor,
					       assume->cpu_family));
	}
	if (assume->cmdline) {
		const char *before = p2p_known(host->cmdline.fact) ? host->cmdline.text : NULL;
		struct p2p_release release;

		if ((!before || strcmp(before, assume->cmdline) != 0) && !p2p_host_release(host, &release))
			p2p_acs_args_apply(machine, release, before, assume->cmdline);
		host->cmdline = (struct p2p_word){ assumed(), p2p_arena_strdup(arena, assume->cmdline) };
		p2p_machine_assume(machine, p2p_arena_printf(arena, "command line \"%s\"", assume->cmdline));
	}
}

static int apply_acs(const struct p2p_assume_acs *given, struct p2p_machine *machine, struct p2p_problem *problem)
{
	int index = p2p_machine_find(machine, given->bdf);
	char address[P2P_BDF_TEXT];
	struct p2p_buf words = P2P_BUF_INIT;

	p2p_bdf_format(given->bdf, true, address);
	if (index == P2P_NOBODY)
		return p2p_problem_set(problem, -ENXIO, "--assume acs:%s: this machine has no such function", address);
	struct p2p_acs *acs = &machine->functions[index].acs;

	if (p2p_absent(acs->fact))
		return p2p_problem_set(problem, -ENXIO,
				       "--assume acs:%s: that function has no ACS capability to set bits in", address);
	acs->ctrl = (uint16_t)((acs->ctrl | given->set) & ~given->clear);
	acs->assumed |= given->set | given->clear;
	acs->unsure &= (uint16_t)~acs->assumed;
	p2p_acs_format(&words, given->set, given->set | given->clear);
	p2p_machine_assume(machine, p2p_arena_printf(machine->arena, "ACS of %s: %s", address, p2p_buf_text(&words)));
	p2p_buf_free(&words);
	return 0;
}

int p2p_assume_apply(const struct p2p_assume *assume, struct p2p_machine *machine, struct p2p_problem *problem)
{
	apply_host(assume, machine);
	for (size_t i = 0; i < assume->acs_count; i++) {
		int error = apply_acs(&assume->acs[i], machine, problem);

		if (error)
			return error;
	}
	return 0;
}
