/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "assume.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "../base/closest.h"
#include "../base/text.h"
#include "acs.h"
#include "kernel.h"
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

/* "KEY:BDF=VALUE": the address, and what follows the '='; NULL: it is not of that form. */
static const char *parse_function(const char *word, struct p2p_bdf *ret)
{
	const char *start = strchr(word, ':') + 1, *equals = strchr(start, '=');
	char address[P2P_BDF_TEXT];
	size_t len = equals ? (size_t)(equals - start) : sizeof(address);

	if (len >= sizeof(address))
		return NULL;
	memcpy(address, start, len);
	address[len] = '\0';
	return p2p_bdf_parse_typed(address, ret) ? NULL : equals + 1;
}

static int twice(struct p2p_problem *problem, const char *word)
{
	return p2p_problem_set(problem, -EINVAL, "--assume %s: that was given before, and one of the two would be "
			       "ignored; give it once", word);
}

#define ACS_EXPECTED "acs:BDF=ReqRedir-,CmpltRedir- with lspci's names of the bits, or acs:BDF=1d or 0:2c as for " \
		     "setpci; acs:*= is every function"

static int parse_acs(const char *word, struct p2p_problem *problem, struct p2p_assume *assume)
{
	struct p2p_assume_acs *acs = &assume->acs[assume->acs_count];
	const char *value;

	acs->every = !strncmp(word, "acs:*=", 6);
	value = acs->every ? word + 6 : parse_function(word, &acs->bdf);
	if (!value || p2p_acs_parse(value, &acs->set, &acs->clear))
		return bad(problem, word, ACS_EXPECTED);
	for (size_t i = 0; i < assume->acs_count; i++) {
		const struct p2p_assume_acs *old = &assume->acs[i];

		if (old->every == acs->every && (old->every || !p2p_bdf_compare(old->bdf, acs->bdf)) &&
		    ((old->set & acs->clear) | (old->clear & acs->set)))
			return p2p_problem_set(problem, -EINVAL, "--assume %s: an --assume before it says the "
					       "opposite of a bit; give each bit once", word);
	}
	assume->acs_count++;
	return 0;
}

static int parse_driver(const char *word, struct p2p_problem *problem, struct p2p_assume *assume)
{
	struct p2p_assume_driver *driver = &assume->drivers[assume->driver_count];
	const char *value = parse_function(word, &driver->bdf);

	if (!value || !*value)
		return bad(problem, word, "driver:BDF=NAME, such as driver:0000:03:00.0=vfio-pci, or none");
	for (size_t i = 0; i < assume->driver_count; i++)
		if (!p2p_bdf_compare(assume->drivers[i].bdf, driver->bdf))
			return twice(problem, word);
	driver->driver = strcmp(value, "none") ? value : NULL;
	assume->driver_count++;
	return 0;
}

/* "16M", "64K", "4096" */
static bool parse_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	size_t len = strspn(text, "0123456789");
	const char *unit = text[len] ? strchr(units, text[len]) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	char digits[21];

	if (len >= sizeof(digits) || (text[len] && (!unit || text[len + 1])))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (p2p_text_number(digits, 10, UINT64_MAX >> shift, ret))
		return false;
	*ret <<= shift;
	return *ret != 0;
}

static int parse_memory(const char *word, struct p2p_problem *problem, struct p2p_assume *assume)
{
	struct p2p_assume_memory *memory = &assume->memories[assume->memory_count];
	const char *value = parse_function(word, &memory->bdf);

	memory->bytes = 0;
	if (!value || (strcmp(value, "none") != 0 && !parse_size(value, &memory->bytes)))
		return bad(problem, word, "p2pmem:BDF=SIZE, such as p2pmem:0000:03:00.0=16M, or none");
	for (size_t i = 0; i < assume->memory_count; i++)
		if (!p2p_bdf_compare(assume->memories[i].bdf, memory->bdf))
			return twice(problem, word);
	assume->memory_count++;
	return 0;
}

static int parse_iommu(const char *word, const char *value, struct p2p_problem *problem, struct p2p_assume *assume)
{
	assume->iommu = !strcmp(value, "intel")	 ? P2P_IOMMU_INTEL
			: !strcmp(value, "amd")	 ? P2P_IOMMU_AMD
			: !strcmp(value, "none") ? P2P_IOMMU_NONE
						 : P2P_IOMMU_UNKNOWN;
	return assume->iommu ? 0 : bad(problem, word, "iommu=intel, iommu=amd or iommu=none");
}

static bool is_key(const char *word, const char *value, const char *key)
{
	size_t len = strlen(key);

	return (size_t)(value - word) == len + 1 && !strncmp(word, key, len);
}

/* A key that has one value for the whole machine. */
static int parse_host(struct p2p_arena *arena, const char *word, const char *value, struct p2p_problem *problem,
		      struct p2p_assume *assume)
{
	struct p2p_release release;

	if (is_key(word, value, "kernel")) {
		if (assume->kernel)
			return twice(problem, word);
		if (p2p_release_parse(value, &release))
			return bad(problem, word, "a release such as kernel=6.12 or kernel=6.12.107");
		assume->kernel = value;
		return 0;
	}
	if (is_key(word, value, "p2pdma")) {
		if (assume->p2pdma)
			return twice(problem, word);
		assume->p2pdma = !strcmp(value, "yes") ? P2P_YES : !strcmp(value, "no") ? P2P_NO : P2P_MAYBE;
		return assume->p2pdma ? 0 : bad(problem, word, "p2pdma=yes or p2pdma=no");
	}
	if (is_key(word, value, "cpu"))
		return assume->cpu_vendor ? twice(problem, word) : parse_cpu(arena, word, value, problem, assume);
	if (is_key(word, value, "iommu"))
		return assume->iommu ? twice(problem, word) : parse_iommu(word, value, problem, assume);
	if (is_key(word, value, "cmdline")) {
		if (assume->cmdline)
			return twice(problem, word);
		assume->cmdline = value;
		return 0;
	}
	return bad(problem, word, "kernel=, p2pdma=, cpu=, iommu=, cmdline=, acs:BDF=, driver:BDF= or p2pmem:BDF=");
}

static int parse_word(struct p2p_arena *arena, const char *word, struct p2p_problem *problem,
		      struct p2p_assume *assume)
{
	const char *value = strchr(word, '=');

	if (!strncmp(word, "acs:", 4))
		return parse_acs(word, problem, assume);
	if (!strncmp(word, "driver:", 7))
		return parse_driver(word, problem, assume);
	if (!strncmp(word, "p2pmem:", 7))
		return parse_memory(word, problem, assume);
	/* Without a value it is an empty one, but not of `cmdline`, which may be empty in earnest. */
	if (!value)
		return bad(problem, word, "KEY=VALUE: kernel=, p2pdma=, cpu=, iommu=, cmdline=, acs:BDF=, driver:BDF= "
					  "or p2pmem:BDF=");
	return parse_host(arena, word, value + 1, problem, assume);
}

int p2p_assume_parse(struct p2p_arena *arena, const char *const *words, size_t count, struct p2p_problem *problem,
		     struct p2p_assume *ret)
{
	struct p2p_assume assume = {
		.acs = p2p_arena_array(arena, count, sizeof(*assume.acs)),
		.drivers = p2p_arena_array(arena, count, sizeof(*assume.drivers)),
		.memories = p2p_arena_array(arena, count, sizeof(*assume.memories)),
	};
	struct p2p_release release;

	for (size_t i = 0; i < count; i++) {
		int error = parse_word(arena, words[i], problem, &assume);

		if (error)
			return error;
	}
	if (assume.kernel && assume.p2pdma == P2P_YES && !p2p_release_parse(assume.kernel, &release) &&
	    p2p_release_before_p2pdma(release))
		return p2p_problem_set(problem, -EINVAL, "--assume p2pdma=yes: P2PDMA came with Linux 4.20, and %.40s "
				       "is older; leave one of the two out", assume.kernel);
	*ret = assume;
	return 0;
}
