/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACS after a boot against a second opinion: pci_enable_acs() and what it
 * calls, written down release by release as the kernel has it, on random
 * firmware words and command lines.  A boot leaves a word, the argument is
 * changed, and p2p_acs_args_apply() must know the next boot's word, bit by
 * bit, wherever all firmware words that fit agree, and nowhere else.
 *
 * Arguments: [seeds].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/model/acs-args.h"
#include "core/model/acs-match.h"
#include "core/model/acs-request.h"
#include "core/model/cmdline.h"

static uint64_t random_state;

static unsigned pick(unsigned below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % below;
}

/* ------------------------------------------------------- the second opinion */

/* Of the device 0000:02:08.0, 10b5:8747, below 01:00.0, below 00:01.0: only these entries are ever made. */
static const struct {
	const char *text;
	int answer;
} entries[] = {
	{ "02:08.0", 1 },
	{ "0000:02:08.0", 1 },
	{ "00:01.0/00.0/08.0", 1 },
	{ "pci:10b5:8747", 1 },
	{ "pci:10b5:0", 1 },
	{ "02:09.0", 0 },
	{ "1:02:08.0", 0 },
	{ "00:01.0/00.0/09.0", 0 },
	{ "pci:10b5:8748", 0 },
	{ "00:02.0/00.0/08.0", 0 },
	{ "zz", -1 },
	{ "02:08", -1 },
	{ "pci:10b5", -1 },
	{ "02:08.0x", -1 },
	{ "", -1 },
	{ "q:01.0/00.0/09.0", 0 },
};

static int answer_of(const char *entry, size_t len)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		if (strlen(entries[i].text) == len && !strncmp(entries[i].text, entry, len))
			return entries[i].answer;
	/* Only the mended releases' entries meet the others' parser whole: "flags@device" is no address. */
	return strchr(entry, '/') && strchr(entry, '/') < entry + len && entry[len - 3] == '9' ? 0 : -1;
}

struct caps {
	unsigned cap, ctrl, fw;
};

static void config_acs(struct caps *caps, const char *p, unsigned acs_mask, unsigned acs_flags, bool mended)
{
	unsigned mask = acs_mask, flags = acs_flags;
	int ret = 0;

	while (p && *p) {
		if (mended ? !acs_mask : !mask) {
			const char *at = strchr(p, '@');
			unsigned shift = 0;

			if (!at)
				return;
			if (mended)
				mask = flags = 0;
			for (const char *c = at - 1; c >= p; c--, shift++) {
				if (!strchr("01xX", *c))
					return;
				mask |= strchr("01", *c) ? 1u << shift : 0;
				flags |= *c == '1' ? 1u << shift : 0;
			}
			p = at + 1;
		}
		if (acs_mask != 0x2c && mask & ~0x7fu)
			return;
		size_t len = strcspn(p, ";");

		ret = answer_of(p, len);
		p += len;
		if (ret || *p != ';')
			break;
		p++;
	}
	if (ret != 1)
		return;
	caps->ctrl = mended ? (caps->fw & ~mask) | (flags & mask) : (caps->ctrl & ~mask) | (caps->fw & mask) | flags;
}

static void disable_redir(struct caps *caps, const char *p)
{
	int ret = 0;

	while (p && *p) {
		size_t len = strcspn(p, ";");

		ret = answer_of(p, len);
		p += len;
		if (ret || *p != ';')
			break;
		p++;
	}
	if (ret == 1)
		caps->ctrl &= ~0x2cu;
}

struct args {
	const char *redir, *config;
};

/* How it was booted: an IOMMU that takes functions, and pci_request_acs() called, are two things. */
struct mode {
	bool iommu, requested;
};

static unsigned boot(unsigned fw, unsigned cap, struct p2p_release release, struct mode mode, struct args args)
{
	struct caps caps = { cap, fw, fw };
	enum p2p_acs_args kind = p2p_acs_args_of(release);

	if (release.major > 6 && !mode.iommu)
		return fw; /* nothing is bound to it */
	if (mode.requested)
		caps.ctrl |= cap & 0x1d;
	if (kind == P2P_ACS_ARGS_DISABLE_REDIR) {
		disable_redir(&caps, args.redir);
	} else {
		config_acs(&caps, args.redir, 0x2c, 0xffd3, kind == P2P_ACS_ARGS_CONFIG_ACS);
		config_acs(&caps, args.config, 0, 0, kind == P2P_ACS_ARGS_CONFIG_ACS);
	}
	return caps.ctrl & cap & 0x7f;
}

/* ------------------------------------------------------------- comparison */

static const struct p2p_release releases[] = {
	{ 5, 10, 251, true }, { 6, 8, 0, true },  { 6, 11, 3, true },  { 6, 12, 22, true }, { 6, 12, 23, true },
	{ 6, 14, 1, true },   { 6, 13, 11, true }, { 6, 15, 0, false }, { 7, 2, 6, true },
};

static const char *make_list(struct p2p_arena *arena, bool flags)
{
	char text[256] = "";
	unsigned count = pick(4);

	if (!count)
		return NULL;
	for (unsigned i = 0; i < count; i++) {
		strcat(text, i ? ";" : "");
		if (flags && pick(16))
			for (unsigned j = 1 + pick(8); j; j--)
				strcat(text, (const char *[]){ "0", "1", "x", "X", "x", "0", "1",
							       "y" }[pick(40) ? pick(7) : 7]);
		strcat(text, flags && pick(20) ? "@" : "");
		strcat(text, entries[pick(sizeof(entries) / sizeof(*entries))].text);
	}
	return p2p_arena_strdup(arena, text);
}

static struct p2p_machine *make_machine(unsigned cap, unsigned ctrl)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_machine *machine = p2p_arena_alloc(arena, sizeof(*machine));
	static const struct p2p_bdf at[3] = { { 0, 0, 0x08 }, { 0, 1, 0 }, { 0, 2, 0x40 } };
	struct p2p_fact known = p2p_fact_of(0, P2P_ORIGIN_READ), absent = p2p_fact_of(-2, P2P_ORIGIN_READ);

	machine->arena = arena;
	machine->functions = p2p_arena_array(arena, 3, sizeof(*machine->functions));
	machine->function_count = 3;
	for (int i = 0; i < 3; i++) {
		machine->functions[i].bdf = at[i];
		machine->functions[i].up = (struct p2p_edge){ i ? known : absent, i - 1 };
		machine->functions[i].vendor = p2p_number_read(0x10b5);
		machine->functions[i].device = p2p_number_read(0x8747);
		machine->functions[i].driver.fact = absent;
		machine->functions[i].acs.fact = absent;
	}
	machine->functions[2].acs = (struct p2p_acs){ .fact = known, .cap = (uint16_t)cap, .ctrl = (uint16_t)ctrl };
	return machine;
}

static const char *cmdline_of(struct p2p_arena *arena, struct args args)
{
	return p2p_arena_printf(arena, "quiet%s%s%s%s", args.redir ? " pci=nomsi,disable_acs_redir=" : "",
				args.redir ? args.redir : "", args.config ? " pci=config_acs=" : "",
				args.config ? args.config : "");
}

static enum p2p_answer answer(bool yes, bool known)
{
	return !known ? P2P_MAYBE : yes ? P2P_YES : P2P_NO;
}

/* What two boots are known to have in common. */
static bool allowed(const struct p2p_boot *a, const struct p2p_boot *b, bool was, bool is)
{
	if (a->requested != P2P_MAYBE && (a->requested == P2P_YES) != was)
		return false;
	if (b->requested != P2P_MAYBE && (b->requested == P2P_YES) != is)
		return false;
	return a->requested != P2P_MAYBE || b->requested != P2P_MAYBE || was == is || (is ? b->may_gain : b->may_lose);
}

static void compare(unsigned *known_bits, unsigned *open_bits)
{
	struct p2p_arena *arena = p2p_arena_new();
	unsigned cap = pick(3) ? 0x5f : pick(128), fw = pick(3) ? 0 : pick(128) & cap;
	struct mode old_mode = { pick(2), pick(2) }, new_mode = { pick(2), pick(2) };
	struct p2p_release old = releases[pick(9)], new = pick(2) ? old : releases[pick(9)];
	struct args was = { make_list(arena, false), make_list(arena, true) };
	struct args is = { pick(3) ? make_list(arena, false) : was.redir,
			   pick(3) ? make_list(arena, true) : was.config };
	unsigned now = boot(fw, cap, old, old_mode, was), ones = 0, zeros = 0;
	struct p2p_machine *machine = make_machine(cap, now);
	struct p2p_boot a = { .release = old, .cmdline = cmdline_of(arena, was),
			      .iommu = answer(old_mode.iommu, true),
			      .requested = answer(old_mode.requested, pick(4)) };
	struct p2p_boot b = { .release = new, .cmdline = cmdline_of(arena, is), .iommu = answer(new_mode.iommu, true),
			      .requested = answer(new_mode.requested, pick(4)),
			      .may_gain = new_mode.requested > old_mode.requested || !pick(3),
			      .may_lose = new_mode.requested < old_mode.requested || !pick(3) };

	/* Of TB a boot also has its own opinion, of ports that lead outside; it is left out here. */
	for (unsigned word = 0; word < 128; word++)
		for (unsigned i = 0; i < 4; i++) {
			struct mode before = { old_mode.iommu, i & 1 }, after = { new_mode.iommu, i & 2 };

			if (word & ~cap || !allowed(&a, &b, before.requested, after.requested) ||
			    (boot(word, cap, old, before, was) ^ now) & ~2u)
				continue;
			ones |= boot(word, cap, new, after, is);
			zeros |= ~boot(word, cap, new, after, is);
		}
	p2p_acs_args_apply(machine, &a, &b);
	const struct p2p_acs *acs = &machine->functions[2].acs;
	unsigned open = ones & zeros & 0x7d, want = ones & ~open & 0x7d;

	if ((acs->unsure & 0x7d) != open || (acs->ctrl & 0x7d & ~open) != want) {
		printf("# cap %02x firmware %02x now %02x iommu %d %d requested %d %d\n# %u.%u.%u %s\n# %u.%u.%u %s\n"
		       "# word %02x unsure %02x, not %02x unsure %02x\n",
		       cap, fw, now, a.iommu, b.iommu, a.requested, b.requested, old.major, old.minor, old.patch,
		       a.cmdline, new.major, new.minor, new.patch, b.cmdline, acs->ctrl, acs->unsure, want, open);
		CHECK(!"the same word");
	}
	/* And the truth is among what it says. */
	CHECK(!((acs->ctrl ^ boot(fw, cap, new, new_mode, is)) & 0x7f & ~acs->unsure));
	*known_bits += 7 - (unsigned)__builtin_popcount(acs->unsure);
	*open_bits += (unsigned)__builtin_popcount(acs->unsure);
	p2p_machine_free(machine);
	p2p_arena_free(arena);
}

/* ------------------------------------------------------------- the IOMMU */

/* A machine, and a kernel's configuration. */
struct world {
	struct p2p_release release;
	bool amd, table, broken; /* there is an IVRS or DMAR; the driver fails after it was found */
	bool remapping;		 /* CONFIG_IRQ_REMAP */
	bool default_on, optin, external, tboot;
};

static bool has(const char *cmdline, const char *word)
{
	return strstr(cmdline, word) != NULL;
}

/* What amd_iommu_detect() and irq_remapping_prepare(), or detect_intel_iommu() and intel_iommu_init(), make of it. */
static struct mode iommu_of(const struct world *world, const char *cmdline)
{
	bool no_iommu = has(cmdline, " iommu=off"), old = world->release.major < 6;
	struct mode ret = { false, false };

	if (!world->table)
		return ret;
	if (world->amd) {
		ret.requested = !no_iommu || (world->remapping && !has(cmdline, "nointremap"));
		ret.iommu = !no_iommu && !has(cmdline, "amd_iommu=off") && !world->broken;
		return ret;
	}
	bool off = has(cmdline, "intel_iommu=off"), on = has(cmdline, "intel_iommu=on");
	bool disabled = off || (!on && !world->default_on);
	bool tboot = world->tboot && !has(cmdline, "tboot_noforce");
	bool forced = world->optin && world->external && !off && (old || !no_iommu);

	ret.requested = (!old && tboot) || (!no_iommu && (!disabled || world->optin));
	ret.iommu = tboot || forced || (!no_iommu && !disabled);
	return ret;
}

static const char *iommu_words(struct p2p_arena *arena, bool amd)
{
	static const char *const amd_words[] = { "", "", " amd_iommu=off" };
	static const char *const intel_words[] = { "", " intel_iommu=on", " intel_iommu=off",
						   " intel_iommu=on,tboot_noforce", " intel_iommu=tboot_noforce" };
	const char *other = amd ? intel_words[pick(3)] : amd_words[pick(3)];

	return p2p_arena_printf(arena, "quiet%s%s%s%s", pick(3) ? "" : " iommu=off", pick(4) ? "" : " nointremap",
				pick(4) ? "" : other, amd ? amd_words[pick(3)] : intel_words[pick(5)]);
}

static void compare_iommu(unsigned counts[3])
{
	static const struct p2p_release kernels[] = { { 5, 10, 262, true }, { 6, 1, 192, true }, { 7, 2, 13, true } };
	struct p2p_arena *arena = p2p_arena_new();
	struct world world = { kernels[pick(3)], pick(2), pick(4), !pick(8), pick(2),
			       pick(2), pick(2), pick(2), !pick(4) };
	const char *old = iommu_words(arena, world.amd), *new = iommu_words(arena, world.amd);
	struct p2p_host host = { .cpu_vendor = { p2p_fact_of(0, P2P_ORIGIN_READ), NULL } };
	struct p2p_boot before = { .release = world.release, .cmdline = pick(8) ? old : NULL };
	struct p2p_boot after = { .release = world.release, .cmdline = new };

	/* Left out: 5.10 that is built with the IOMMU off by default, and started by tboot. */
	world.default_on |= world.release.major < 6 && world.tboot;
	host.cpu_vendor.text = world.amd ? "AuthenticAMD" : "GenuineIntel";
	host.cpu_vendor.fact = p2p_fact_of(pick(8) ? 0 : -13, P2P_ORIGIN_READ);
	struct mode was = iommu_of(&world, old), is = iommu_of(&world, new);

	host.iommu = p2p_fact_of(0, P2P_ORIGIN_READ);
	host.iommu_kind = !was.iommu ? P2P_IOMMU_NONE : world.amd ? P2P_IOMMU_AMD : P2P_IOMMU_INTEL;
	/* A line that is not known is taken to be none of those that tboot or the firmware overrules. */
	if (!before.cmdline && ((was.iommu && !was.requested) || has(old, "tboot_noforce")))
		before.cmdline = old;
	p2p_acs_request_read(arena, &host, &before);
	p2p_acs_request_foretell(arena, &host, &before, &after);
	bool right = allowed(&before, &after, was.requested, is.requested) &&
		     (before.iommu == P2P_MAYBE || (before.iommu == P2P_YES) == was.iommu) &&
		     (after.iommu == P2P_MAYBE || (after.iommu == P2P_YES) == is.iommu);

	if (!right)
		printf("# %s %u.%u: table %d broken %d remapping %d on %d optin %d external %d tboot %d\n"
		       "# '%s' to '%s' (known %d): iommu %d to %d, requested %d to %d\n"
		       "# said iommu %d to %d, requested %d to %d, may gain %d, lose %d\n",
		       world.amd ? "AMD" : "Intel", world.release.major, world.release.minor, world.table, world.broken,
		       world.remapping, world.default_on, world.optin, world.external, world.tboot, old, new,
		       before.cmdline != NULL, was.iommu, is.iommu, was.requested, is.requested, before.iommu,
		       after.iommu, before.requested, after.requested, after.may_gain, after.may_lose);
	CHECK(right);
	counts[after.requested == P2P_MAYBE ? 0 : after.requested == P2P_YES ? 1 : 2]++;
	p2p_arena_free(arena);
}

/* The answers in full, as a boot was measured or the source reads. */
static void check_requests(void)
{
	static const struct {
		const char *cpu;
		enum p2p_iommu_kind kind;
		unsigned minor; /* of 7 */
		const char *before, *after;
		enum p2p_answer iommu, requested;
	} rows[] = {
		{ "AuthenticAMD", P2P_IOMMU_AMD, 2, "quiet", "amd_iommu=off", P2P_NO, P2P_YES },
		{ "AuthenticAMD", P2P_IOMMU_AMD, 3, NULL, "amd_iommu=off", P2P_NO, P2P_YES },
		{ "AuthenticAMD", P2P_IOMMU_AMD, 4, "quiet", "amd_iommu=off", P2P_NO, P2P_MAYBE },
		{ "AuthenticAMD", P2P_IOMMU_AMD, 2, "quiet", "iommu=off", P2P_NO, P2P_MAYBE },
		{ "AuthenticAMD", P2P_IOMMU_AMD, 2, "quiet", "iommu=pt", P2P_YES, P2P_YES },
		{ "AuthenticAMD", P2P_IOMMU_AMD, 2, "quiet", "intel_iommu=off", P2P_YES, P2P_YES },
		{ "AuthenticAMD", P2P_IOMMU_NONE, 2, "amd_iommu=off", "quiet", P2P_MAYBE, P2P_MAYBE },
		{ "GenuineIntel", P2P_IOMMU_INTEL, 2, "quiet", "intel_iommu=off", P2P_MAYBE, P2P_MAYBE },
		{ "GenuineIntel", P2P_IOMMU_INTEL, 2, "quiet", "iommu=off", P2P_MAYBE, P2P_MAYBE },
		{ "GenuineIntel", P2P_IOMMU_INTEL, 2, "quiet", "amd_iommu=off", P2P_YES, P2P_YES },
		{ "GenuineIntel", P2P_IOMMU_INTEL, 2, "intel_iommu=on", "quiet", P2P_MAYBE, P2P_MAYBE },
		{ "GenuineIntel", P2P_IOMMU_INTEL, 2, "quiet", "intel_iommu=on", P2P_YES, P2P_YES },
		{ "GenuineIntel", P2P_IOMMU_NONE, 2, "iommu=off", "iommu=off quiet", P2P_NO, P2P_NO },
		{ "GenuineIntel", P2P_IOMMU_NONE, 2, "quiet", "intel_iommu=off", P2P_NO, P2P_MAYBE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct p2p_arena *arena = p2p_arena_new();
		struct p2p_fact known = p2p_fact_of(0, P2P_ORIGIN_READ);
		struct p2p_host host = { .cpu_vendor = { known, rows[i].cpu }, .iommu = known,
					 .iommu_kind = rows[i].kind };
		struct p2p_boot before = { .release = { 7, (uint16_t)rows[i].minor, 1, true },
					   .cmdline = rows[i].before };
		struct p2p_boot after = { .release = before.release, .cmdline = rows[i].after };

		p2p_acs_request_read(arena, &host, &before);
		p2p_acs_request_foretell(arena, &host, &before, &after);
		if (after.iommu != rows[i].iommu || after.requested != rows[i].requested)
			printf("# row %zu: iommu %d, requested %d\n", i, after.iommu, after.requested);
		CHECK(after.iommu == rows[i].iommu && after.requested == rows[i].requested);
		p2p_arena_free(arena);
	}
}

/* ------------------------------------------------------------- by release */

static void check_releases(void)
{
	static const struct {
		const char *release;
		enum p2p_acs_args args;
	} rows[] = {
		{ "4.20", P2P_ACS_ARGS_DISABLE_REDIR },	 { "6.10.14", P2P_ACS_ARGS_DISABLE_REDIR },
		{ "6.11", P2P_ACS_ARGS_BROKEN },	 { "6.11.11", P2P_ACS_ARGS_BROKEN },
		{ "6.12.0", P2P_ACS_ARGS_BROKEN },	 { "6.12.8", P2P_ACS_ARGS_BROKEN },
		{ "6.12.22", P2P_ACS_ARGS_BROKEN },	 { "6.12.23", P2P_ACS_ARGS_CONFIG_ACS },
		{ "6.12.107", P2P_ACS_ARGS_CONFIG_ACS }, { "6.12", P2P_ACS_ARGS_UNSURE },
		{ "6.13.10", P2P_ACS_ARGS_BROKEN },	 { "6.13.11", P2P_ACS_ARGS_CONFIG_ACS },
		{ "6.14.1", P2P_ACS_ARGS_BROKEN },	 { "6.14.2", P2P_ACS_ARGS_UNSURE },
		{ "6.14", P2P_ACS_ARGS_UNSURE },	 { "6.15", P2P_ACS_ARGS_CONFIG_ACS },
		{ "7.3.4", P2P_ACS_ARGS_CONFIG_ACS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct p2p_release release;

		CHECK(!p2p_release_parse(rows[i].release, &release));
		CHECK(p2p_acs_args_of(release) == rows[i].args);
	}
}

/* "PCI/ACS: Fix 'pci=config_acs=' parameter" says what its releases do with three devices, before and after. */
static void check_commit(void)
{
	static const struct {
		unsigned fw, ctrl;
		const char *args;
		unsigned before, after;
	} rows[] = {
		{ 0x7b, 0x7f, "disable_acs_redir=02:08.0", 0x7b, 0x53 },
		{ 0x5f, 0x5f, "disable_acs_redir=02:08.0", 0x5f, 0x53 },
		{ 0x00, 0x1d, "disable_acs_redir=02:08.0", 0x53, 0x00 },
		{ 0x53, 0x5f, "config_acs=1111011@02:08.0", 0x7b, 0x7b },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int mended = 0; mended < 2; mended++) {
			struct p2p_machine *machine = make_machine(0x7f, rows[i].fw);
			struct p2p_boot before = { .release = { 6, 12, 1, true }, .cmdline = "", .iommu = P2P_NO,
						   .requested = P2P_NO };
			struct p2p_boot after = { .release = { 6, 12, mended ? 107 : 8, true }, .iommu = P2P_YES,
						  .requested = P2P_YES };
			const struct p2p_acs *acs = &machine->functions[2].acs;
			unsigned want = mended ? rows[i].after : rows[i].before;

			after.cmdline = p2p_arena_printf(machine->arena, "pci=%s", rows[i].args);
			p2p_acs_args_apply(machine, &before, &after);
			CHECK(((acs->ctrl ^ want) & ~acs->unsure & 0x7f) == 0);
			CHECK((acs->unsure & ~2) == 0);
			p2p_machine_free(machine);
		}
}

/* --------------------------------------------------------- command lines */

static void check_cmdline(void)
{
	static const struct {
		const char *text, *option;
	} rows[] = {
		{ "pci=config_acs=a", "a" },
		{ "quiet  pci=noats,config_acs=a,nomsi", "a" },
		{ "pci=\"config_acs=a\"", "a" },
		{ "\"pci=config_acs=a b\"", "a b" },
		{ "pci=config_acs=\"a\"", "\"a\"" },
		{ "x=\" pci=config_acs=a", NULL },
		{ "pci=config_acs=a pci=config_acs=b", "b" },
		{ "pci=config_acs=a pci=config_acs=", "" },
		{ "-- pci=config_acs=a", NULL },
		{ "quiet -- pci=config_acs=a", NULL },
		{ "pci config_acs=a", NULL },
		{ "xpci=config_acs=a", NULL },
		{ "pci=xconfig_acs=a", NULL },
		{ "\tpci=config_acs=a\n", "a" },
		{ "", NULL },
		{ "\"", NULL },
		{ "=", NULL },
		{ "pci=", NULL },
		{ "pci=,,,config_acs=z,", "z" },
		{ "\"\"", NULL },
	};
	static const struct {
		const char *text;
		enum p2p_cmdline_said intel, amd;
	} said[] = {
		{ "", P2P_SAID_NOTHING, P2P_SAID_NOTHING },
		{ "iommu=off", P2P_SAID_OFF, P2P_SAID_OFF },
		{ "iommu=pt", P2P_SAID_NOTHING, P2P_SAID_NOTHING },
		{ "iommu=pt,off", P2P_SAID_OFF, P2P_SAID_OFF },
		{ "intel_iommu=on", P2P_SAID_ON, P2P_SAID_NOTHING },
		{ "intel-iommu=on,sm_on", P2P_SAID_ON, P2P_SAID_NOTHING },
		{ "intel_iommu=on intel_iommu=off", P2P_SAID_OFF, P2P_SAID_NOTHING },
		{ "intel_iommu", P2P_SAID_NOTHING, P2P_SAID_NOTHING },
		{ "amd_iommu=on", P2P_SAID_NOTHING, P2P_SAID_NOTHING },
		{ "amd_iommu=off", P2P_SAID_NOTHING, P2P_SAID_OFF },
		{ "iommu=off intel_iommu=on", P2P_SAID_OFF, P2P_SAID_OFF },
	};
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_cmdline cmdline;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		p2p_cmdline_split(arena, rows[i].text, &cmdline);
		const char *option = p2p_cmdline_pci(&cmdline, "config_acs=");

		if (!(option ? rows[i].option && !strcmp(option, rows[i].option) : !rows[i].option))
			printf("# '%s' gives '%s'\n", rows[i].text, option ? option : "nothing");
		CHECK(option ? rows[i].option && !strcmp(option, rows[i].option) : !rows[i].option);
	}
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		p2p_cmdline_split(arena, said[i].text, &cmdline);
		CHECK(p2p_cmdline_intel_iommu(&cmdline) == said[i].intel);
		CHECK(p2p_cmdline_amd_iommu(&cmdline) == said[i].amd);
	}
	p2p_arena_free(arena);
}

int main(int argc, char *argv[])
{
	unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 20000, known = 0, open = 0, counts[3] = { 0 };

	check_releases();
	check_commit();
	check_cmdline();
	check_requests();
	for (unsigned seed = 0; seed < seeds; seed++) {
		random_state = seed;
		compare(&known, &open);
		compare_iommu(counts);
	}
	printf("# %u boots, %u bits known, %u open\n", seeds, known, open);
	printf("# ACS requested: %u yes, %u no, %u not known\n", counts[1], counts[2], counts[0]);
	CHECK(counts[1] > seeds / 10 && counts[2] > 0);
	CHECK(open > seeds / 10 && known > 3 * seeds);
	return check_done();
}
