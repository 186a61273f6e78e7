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
	{ P2P_ASSUME_KERNEL, "kernel=", "decide as that mainline or stable release" },
	{ P2P_ASSUME_P2PDMA, "p2pdma=", "is P2PDMA built into the kernel" },
	{ P2P_ASSUME_CPU, "cpu=", "vendor_id and cpu family of the first processor" },
	{ P2P_ASSUME_IOMMU, "iommu=", "is there an IOMMU, and ACS as a boot with or without it leaves it" },
	{ P2P_ASSUME_CMDLINE, "cmdline=", "ACS as this command line would leave it" },
	{ P2P_ASSUME_ACS, "acs:", "bits of the ACS control word of one function" },
	{ P2P_ASSUME_DRIVER, "driver:", "the driver that is bound to one function" },
	{ P2P_ASSUME_MEMORY, "p2pmem:", "published peer memory of one function" },
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

/* What the kernel calls a device: nvme0, eth0, mlx5_0, card1. */
static bool is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *text && strchr(letters, *text) && !strpbrk(text, ":/ ");
}

/* "KEY:WHO=VALUE": the function, and what follows the '='; NULL: it is not of that form. */
static const char *parse_function(struct p2p_arena *arena, const char *word, struct p2p_assume *assume,
				  struct p2p_assume_who *ret)
{
	const char *start = strchr(word, ':') + 1, *equals = strchr(start, '=');
	const char *text = equals ? p2p_arena_strndup(arena, start, (size_t)(equals - start)) : "";

	*ret = (struct p2p_assume_who){ 0 };
	if (!p2p_bdf_parse_typed(text, &ret->bdf))
		return equals + 1;
	if (!strncmp(text, "/dev/", 5))
		text += 5;
	if (!is_name(text))
		return NULL;
	ret->name = text;
	assume->named = true;
	return equals + 1;
}

/* As they were typed: whether two words are one function is seen once the machine is there. */
static bool same_who(const struct p2p_assume_who *a, const struct p2p_assume_who *b)
{
	if (a->name || b->name)
		return a->name && b->name && !strcmp(a->name, b->name);
	return !p2p_bdf_compare(a->bdf, b->bdf);
}

static int twice(struct p2p_problem *problem, const char *word)
{
	return p2p_problem_set(problem, -EINVAL, "--assume %s: that was given before, and one of the two would be "
			       "ignored; give it once", word);
}

#define ACS_EXPECTED "acs:BDF=ReqRedir-,CmpltRedir- with lspci's names of the bits, or acs:BDF=1d or 0:2c as for " \
		     "setpci; acs:*= is every function"

static int parse_acs(struct p2p_arena *arena, const char *word, struct p2p_problem *problem, struct p2p_assume *assume)
{
	struct p2p_assume_acs *acs = &assume->acs[assume->acs_count];
	const char *value;

	acs->every = !strncmp(word, "acs:*=", 6);
	acs->who = (struct p2p_assume_who){ 0 };
	value = acs->every ? word + 6 : parse_function(arena, word, assume, &acs->who);
	int error = value ? p2p_acs_parse(value, &acs->set, &acs->clear) : -EINVAL;

	if (error == -EEXIST)
		return p2p_problem_set(problem, -EINVAL, "--assume %s: one bit is named twice, with + and with -; give "
				       "each bit once", word);
	if (error)
		return bad(problem, word, ACS_EXPECTED);
	for (size_t i = 0; i < assume->acs_count; i++) {
		const struct p2p_assume_acs *old = &assume->acs[i];

		if (old->every == acs->every && same_who(&old->who, &acs->who) &&
		    ((old->set & acs->clear) | (old->clear & acs->set)))
			return p2p_problem_set(problem, -EINVAL, "--assume %s: an --assume before it says the "
					       "opposite of a bit; give each bit once", word);
	}
	assume->acs_count++;
	return 0;
}

static int parse_driver(struct p2p_arena *arena, const char *word, struct p2p_problem *problem,
			struct p2p_assume *assume)
{
	struct p2p_assume_driver *driver = &assume->drivers[assume->driver_count];
	const char *value = parse_function(arena, word, assume, &driver->who);

	if (!value || !*value)
		return bad(problem, word, "driver:BDF=NAME, such as driver:0000:03:00.0=vfio-pci, or none");
	for (size_t i = 0; i < assume->driver_count; i++)
		if (same_who(&assume->drivers[i].who, &driver->who))
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

static int parse_memory(struct p2p_arena *arena, const char *word, struct p2p_problem *problem,
			struct p2p_assume *assume)
{
	struct p2p_assume_memory *memory = &assume->memories[assume->memory_count];
	const char *value = parse_function(arena, word, assume, &memory->who);

	memory->bytes = 0;
	if (!value || (strcmp(value, "none") != 0 && !parse_size(value, &memory->bytes)))
		return bad(problem, word, "p2pmem:BDF=SIZE, such as p2pmem:0000:03:00.0=16M, or none");
	for (size_t i = 0; i < assume->memory_count; i++)
		if (same_who(&assume->memories[i].who, &memory->who))
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

static int parse_kernel(const char *word, const char *value, struct p2p_problem *problem,
			struct p2p_assume *assume)
{
	struct p2p_release release;

	if (p2p_release_parse(value, &release))
		return bad(problem, word, "a release such as kernel=6.12 or kernel=6.12.107");
	assume->kernel = value;
	return 0;
}

static int parse_p2pdma(const char *word, const char *value, struct p2p_problem *problem,
			struct p2p_assume *assume)
{
	assume->p2pdma = !strcmp(value, "yes") ? P2P_YES : !strcmp(value, "no") ? P2P_NO : P2P_MAYBE;
	return assume->p2pdma ? 0 : bad(problem, word, "p2pdma=yes or p2pdma=no");
}

/* "kernel=, p2pdma=, ... or p2pmem:BDF=" */
static int no_key(const char *word, struct p2p_problem *problem)
{
	struct p2p_buf keys = P2P_BUF_INIT;

	for (size_t i = 0; i < p2p_assume_key_count; i++) {
		const char *key = p2p_assume_keys[i].word;

		p2p_buf_printf(&keys, "%s%s%s", i + 1 == p2p_assume_key_count ? " or " : i ? ", " : "", key,
			       strchr(key, ':') ? "BDF=" : "");
	}
	int error = p2p_problem_set(problem, -EINVAL, "--assume %s: expected %s%s", word,
				    strchr(word, '=') ? "" : "KEY=VALUE: ", p2p_buf_text(&keys));

	p2p_buf_free(&keys);
	return error;
}

static int parse_word(struct p2p_arena *arena, const char *word, struct p2p_problem *problem,
		      struct p2p_assume *assume)
{
	const struct p2p_assume_key *key = p2p_assume_keys, *end = key + p2p_assume_key_count;

	while (key < end && strncmp(word, key->word, strlen(key->word)) != 0)
		key++;
	if (key == end)
		return no_key(word, problem);
	const char *value = word + strlen(key->word);

	switch (key->kind) {
	case P2P_ASSUME_KERNEL:
		return assume->kernel ? twice(problem, word) : parse_kernel(word, value, problem, assume);
	case P2P_ASSUME_P2PDMA:
		return assume->p2pdma ? twice(problem, word) : parse_p2pdma(word, value, problem, assume);
	case P2P_ASSUME_CPU:
		return assume->cpu_vendor ? twice(problem, word) : parse_cpu(arena, word, value, problem, assume);
	case P2P_ASSUME_IOMMU:
		return assume->iommu ? twice(problem, word) : parse_iommu(word, value, problem, assume);
	case P2P_ASSUME_CMDLINE:
		if (assume->cmdline)
			return twice(problem, word);
		assume->cmdline = value;
		return 0;
	case P2P_ASSUME_ACS:
		return parse_acs(arena, word, problem, assume);
	case P2P_ASSUME_DRIVER:
		return parse_driver(arena, word, problem, assume);
	case P2P_ASSUME_MEMORY:
		return parse_memory(arena, word, problem, assume);
	}
	return no_key(word, problem);
}

/* What cannot be so together. */
static int check_together(const struct p2p_assume *assume, struct p2p_problem *problem)
{
	struct p2p_release release;
	bool before = assume->kernel && !p2p_release_parse(assume->kernel, &release) &&
		      p2p_release_before_p2pdma(release);

	if (before && assume->p2pdma == P2P_YES)
		return p2p_problem_set(problem, -EINVAL, "--assume p2pdma=yes: P2PDMA came with Linux 4.20, and %.40s "
				       "is older; leave one of the two out", assume->kernel);
	for (size_t i = 0; i < assume->memory_count; i++)
		if (assume->memories[i].bytes && (before || assume->p2pdma == P2P_NO))
			return p2p_problem_set(problem, -EINVAL, "--assume p2pmem: a kernel without P2PDMA has no peer "
					       "memory; leave it out, or %s", before ? "kernel=" : "p2pdma=no");
	return 0;
}

int p2p_assume_parse(struct p2p_arena *arena, const char *const *words, size_t count, struct p2p_problem *problem,
		     struct p2p_assume *ret)
{
	struct p2p_assume assume = {
		.acs = p2p_arena_array(arena, count, sizeof(*assume.acs)),
		.drivers = p2p_arena_array(arena, count, sizeof(*assume.drivers)),
		.memories = p2p_arena_array(arena, count, sizeof(*assume.memories)),
	};
	for (size_t i = 0; i < count; i++) {
		int error = parse_word(arena, words[i], problem, &assume);

		if (error)
			return error;
	}
	int error = check_together(&assume, problem);

	if (error)
		return error;
	*ret = assume;
	return 0;
}
