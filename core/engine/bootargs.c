/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KERNEL: drivers/pci/pci.c:pci_setup.  Each of the two arguments is one
 * pointer, so a later list takes the place of an earlier one: what others gave
 * is joined behind ours.  A kernel before 6.11 passes over config_acs= with a
 * message; one from 6.11 on evaluates it after disable_acs_redir= and from the
 * found value again (__pci_config_acs called twice in pci_enable_acs), so that
 * both in one pci= do right for each (read in 6.1.192 and 6.12.117).
 */
#include "bootargs.h"

#include <string.h>

#include "../model/acs-match.h"
#include "../model/acs.h"
#include "../model/host.h"
#include "judge-internal.h"

#define ALL_BITS 0x7f

/* One hop and what it is to become. */
struct hop {
	int function;
	bool set;      /* to redirect, in place of not to */
	uint16_t ones; /* other bits that are spelled out as 1 */
};

struct p2p_bootargs {
	const struct p2p_bootargs_asked *asked;
	struct p2p_arena *arena;
	struct p2p_machine **baselines; /* one a kernel: after a boot without our arguments */
	struct p2p_machine *worst;	/* what redirects on any of them redirects */
	struct p2p_judge *judge;
	const struct p2p_plan *plan;
	struct hop *hops;
	size_t hop_count;
	const char *redir, *config; /* our lists; NULL: none */
};

const char *p2p_bootargs_fate_name(enum p2p_bootargs_fate fate)
{
	static const char *const names[] = { NULL, "right", "nothing", "misbehaves" };

	return names[fate];
}

static enum p2p_acs_args args_of(const struct p2p_bootargs_kernel *kernel)
{
	struct p2p_release release;

	if (p2p_host_release(&kernel->host, &release))
		return P2P_ACS_ARGS_UNSURE;
	if (p2p_release_compare_series(release, p2p_release_first()) < 0)
		return P2P_ACS_ARGS_NONE;
	enum p2p_acs_args args = p2p_acs_args_of(release);

	/* A vendor's kernel may have the code of any release since. */
	return p2p_host_vendor(&kernel->host) && args != P2P_ACS_ARGS_CONFIG_ACS ? P2P_ACS_ARGS_UNSURE : args;
}

/* --------------------------------------------------------------- the boots */

/* The machine after a boot of that kernel, with these lists in place of all that the command line gives. */
static struct p2p_machine *boot(struct p2p_bootargs *bootargs, const struct p2p_bootargs_kernel *kernel,
				const char *redir, const char *config)
{
	const struct p2p_bootargs_asked *asked = bootargs->asked;
	struct p2p_machine *machine = p2p_machine_copy(asked->machine, true);
	struct p2p_boot before = p2p_acs_args_boot(machine->arena, &asked->machine->host);
	struct p2p_boot after = p2p_acs_args_boot(machine->arena, &kernel->host);
	const char *present = asked->cmdline ? asked->cmdline : "";

	before.cmdline = asked->cmdline;
	after.cmdline = p2p_arena_printf(machine->arena, "pci=disable_acs_redir=%s,config_acs=%s", redir, config);
	/* What follows the words of this boot takes their place, unless they hold init's. */
	after.cmdline = strstr(present, " -- ") ? p2p_arena_printf(machine->arena, "%.*s %s",
								    (int)(strstr(present, " -- ") - present), present,
								    after.cmdline)
						 : p2p_arena_printf(machine->arena, "%s %s", present, after.cmdline);
	if (kernel->iommu_open) {
		after.iommu = after.requested = P2P_MAYBE;
		after.may_gain = after.may_lose = true;
	}
	if (args_of(kernel) == P2P_ACS_ARGS_NONE)
		after.cmdline = ""; /* it knows neither */
	machine->host = kernel->host;
	p2p_acs_args_apply(machine, &before, &after);
	return machine;
}

static bool bit_may(const struct p2p_acs *acs, uint16_t mask)
{
	return (acs->ctrl | acs->unsure) & acs->cap & mask;
}

/* What may redirect on one of the kernels redirects; what cannot be known stays so. */
static void make_worst(struct p2p_bootargs *bootargs)
{
	const struct p2p_bootargs_asked *asked = bootargs->asked;

	bootargs->worst = p2p_machine_copy(asked->machine, true);
	for (size_t i = 0; i < asked->machine->function_count; i++) {
		struct p2p_acs *acs = &bootargs->worst->functions[i].acs;

		if (!p2p_known(acs->fact))
			continue;
		acs->ctrl &= (uint16_t)~P2P_ACS_REDIRECT;
		/* A kernel before 4.20 cannot be helped. */
		for (size_t k = 0; k < asked->kernel_count; k++)
			for (int bit = 0; bit < 7; bit++)
				if (P2P_ACS_REDIRECT >> bit & 1 && args_of(&asked->kernels[k]) &&
				    bit_may(&bootargs->baselines[k]->functions[i].acs, (uint16_t)(1u << bit)))
					acs->ctrl |= (uint16_t)(1u << bit);
		acs->unsure = 0;
	}
}

struct p2p_bootargs *p2p_bootargs_new(const struct p2p_bootargs_asked *asked, struct p2p_arena *arena)
{
	struct p2p_bootargs *bootargs = p2p_arena_alloc(arena, sizeof(*bootargs));

	*bootargs = (struct p2p_bootargs){ .asked = asked, .arena = arena };
	bootargs->baselines = p2p_arena_array(arena, asked->kernel_count, sizeof(*bootargs->baselines));
	for (size_t i = 0; i < asked->kernel_count; i++)
		bootargs->baselines[i] = boot(bootargs, &asked->kernels[i], asked->redir, asked->config);
	make_worst(bootargs);
	bootargs->judge = p2p_judge_new(bootargs->worst, asked->hardware);
	return bootargs;
}

const struct p2p_judge *p2p_bootargs_judge(const struct p2p_bootargs *bootargs)
{
	return bootargs->judge;
}

void p2p_bootargs_free(struct p2p_bootargs *bootargs)
{
	if (!bootargs)
		return;
	for (size_t i = 0; i < bootargs->asked->kernel_count; i++)
		p2p_machine_free(bootargs->baselines[i]);
	p2p_judge_free(bootargs->judge);
	p2p_machine_free(bootargs->worst);
}

/* ----------------------------------------------------------- the arguments */

/* Bits beside redirect that are 1 without us on a kernel that starts again from the found value. */
static uint16_t ones_of(const struct p2p_bootargs *bootargs, int index)
{
	uint16_t now = bootargs->asked->machine->functions[index].acs.ctrl, ones = 0;

	for (size_t k = 0; k < bootargs->asked->kernel_count; k++) {
		const struct p2p_acs *acs = &bootargs->baselines[k]->functions[index].acs;

		if (args_of(&bootargs->asked->kernels[k]) == P2P_ACS_ARGS_CONFIG_ACS)
			ones |= acs->ctrl | (acs->unsure & now);
	}
	return ones & ALL_BITS & (uint16_t)~P2P_ACS_REDIRECT;
}

/* The function whose word that is: "sys/bus/pci/devices/0000:02:01.0/config". */
static int function_of(const struct p2p_machine *machine, const struct p2p_edit *edit)
{
	const char *end = edit->kind == P2P_EDIT_WORD ? strrchr(edit->key, '/') : NULL, *start = end;
	char address[P2P_BDF_TEXT];
	struct p2p_bdf bdf;

	while (start && start > edit->key && start[-1] != '/')
		start--;
	if (!end || (size_t)(end - start) >= sizeof(address))
		return P2P_NOBODY;
	memcpy(address, start, (size_t)(end - start));
	address[end - start] = '\0';
	return p2p_bdf_parse(address, &bdf) ? P2P_NOBODY : p2p_machine_find(machine, bdf);
}

static void find_hops(struct p2p_bootargs *bootargs, const struct p2p_plan *plan)
{
	bootargs->hops = p2p_arena_array(bootargs->arena, plan->edit_count, sizeof(*bootargs->hops));
	for (size_t i = 0; i < plan->edit_count; i++) {
		const struct p2p_edit *edit = &plan->edits[i];
		int function = function_of(plan->machine, edit);

		if (function != P2P_NOBODY)
			bootargs->hops[bootargs->hop_count++] =
				(struct hop){ function, edit->after & edit->mask & P2P_ACS_REDIRECT,
					      ones_of(bootargs, function) };
	}
}

/* How an argument names a hop: by its path, which holds when buses are numbered anew, or else by its address. */
static void put_hop(const struct p2p_bootargs *bootargs, int index, struct p2p_buf *buf)
{
	const struct p2p_machine *machine = bootargs->asked->machine;
	char address[P2P_BDF_TEXT];

	if (p2p_function_path(machine, index, buf))
		p2p_buf_puts(buf, p2p_bdf_format(machine->functions[index].bdf, true, address));
}

/* Flags of config_acs=, bit 6 first. */
static void put_flags(const struct p2p_bootargs *bootargs, const struct hop *hop, struct p2p_buf *buf)
{
	uint16_t cap = bootargs->asked->machine->functions[hop->function].acs.cap;

	for (int i = 6; i >= 0; i--) {
		uint16_t mask = (uint16_t)(1u << i);

		/* RR and CR redirect; EC does what its vector says, so it is only ever taken away. */
		if (mask & P2P_ACS_REDIRECT)
			p2p_buf_putc(buf, !hop->set ? '0' : mask != 0x20 && cap & mask ? '1' : 'x');
		else
			p2p_buf_putc(buf, hop->ones & mask ? '1' : 'x');
	}
	p2p_buf_putc(buf, '@');
}

static bool any_takes(const struct p2p_bootargs *bootargs, enum p2p_acs_args args)
{
	for (size_t i = 0; i < bootargs->asked->kernel_count; i++)
		if (args_of(&bootargs->asked->kernels[i]) == args)
			return true;
	return false;
}

/* Our list, NULL when it would be empty. */
static const char *make_list(const struct p2p_bootargs *bootargs, bool config)
{
	struct p2p_buf buf = P2P_BUF_INIT;

	for (size_t i = 0; i < bootargs->hop_count; i++) {
		const struct hop *hop = &bootargs->hops[i];

		if (!config && hop->set)
			continue; /* nothing on that command line makes a hop redirect */
		if (buf.len)
			p2p_buf_putc(&buf, ';');
		if (config)
			put_flags(bootargs, hop, &buf);
		put_hop(bootargs, hop->function, &buf);
	}
	const char *ret = buf.len ? p2p_arena_strdup(bootargs->arena, p2p_buf_text(&buf)) : NULL;

	p2p_buf_free(&buf);
	return ret;
}

/* Ours first: the first entry that names a function counts. */
static const char *joined(const struct p2p_bootargs *bootargs, const char *ours, const char *theirs)
{
	if (!ours)
		return theirs;
	return *theirs ? p2p_arena_printf(bootargs->arena, "%s;%s", ours, theirs) : ours;
}

static const char *make_argument(const struct p2p_bootargs *bootargs)
{
	const struct p2p_bootargs_asked *asked = bootargs->asked;

	if (!bootargs->redir && !bootargs->config)
		return NULL;
	return p2p_arena_printf(bootargs->arena, "pci=%s%s%s%s%s", bootargs->redir ? "disable_acs_redir=" : "",
				bootargs->redir ? joined(bootargs, bootargs->redir, asked->redir) : "",
				bootargs->redir && bootargs->config ? "," : "",
				bootargs->config ? "config_acs=" : "",
				bootargs->config ? joined(bootargs, bootargs->config, asked->config) : "");
}

/* Does somebody else's list name a hop of ours?  It would lose, and whoever wrote it would not hear of it. */
static const char *find_conflict(const struct p2p_bootargs *bootargs)
{
	const struct p2p_bootargs_asked *asked = bootargs->asked;
	char address[P2P_BDF_TEXT];

	for (size_t i = 0; i < bootargs->hop_count; i++) {
		int function = bootargs->hops[i].function;
		uint16_t mask, flags;
		bool redir = bootargs->hops[i].set && *asked->redir &&
			     p2p_acs_match_list(asked->machine, function, asked->redir) != P2P_ACS_MATCH_NO;
		bool config = *asked->config && p2p_acs_match_flags(asked->machine, function, asked->config, false,
								    &mask, &flags) != P2P_ACS_MATCH_NO;

		if (!redir && !config)
			continue;
		p2p_bdf_format(asked->machine->functions[function].bdf, true, address);
		return p2p_arena_printf(bootargs->arena, "the %s= that is there already names %s, or may, and wishes "
				       "something else of it than the policy; take it away, or the rule",
					config ? "config_acs" : "disable_acs_redir", address);
	}
	return NULL;
}

/* ---------------------------------------------------------------- the fate */

static const struct hop *hop_of(const struct p2p_bootargs *bootargs, size_t function)
{
	for (size_t i = 0; i < bootargs->hop_count; i++)
		if (bootargs->hops[i].function == (int)function)
			return &bootargs->hops[i];
	return NULL;
}

/* What a boot with the arguments makes of one function, against one without them. */
static enum p2p_bootargs_fate fate_of_word(const struct hop *hop, const struct p2p_acs *before,
					   const struct p2p_acs *after)
{
	uint16_t cap = before->cap & ALL_BITS;
	uint16_t unsure = after->unsure & cap, lost = unsure & (uint16_t)~before->unsure;
	uint16_t changed = (before->ctrl ^ after->ctrl) & cap & (uint16_t)~(unsure | before->unsure);

	if (!hop)
		return changed ? P2P_BOOTARGS_MISBEHAVES : lost ? P2P_BOOTARGS_UNSURE : P2P_BOOTARGS_RIGHT;
	uint16_t wanted = (uint16_t)(P2P_ACS_REDIRECT & cap & (hop->set ? 0x0c : P2P_ACS_REDIRECT));
	uint16_t is = after->ctrl & wanted;

	if (changed & (uint16_t)~P2P_ACS_REDIRECT & (uint16_t)~(hop->ones & after->ctrl))
		return P2P_BOOTARGS_MISBEHAVES;
	if (unsure & wanted || lost & (uint16_t)~P2P_ACS_REDIRECT)
		return P2P_BOOTARGS_UNSURE;
	if (is == (hop->set ? wanted : 0))
		return P2P_BOOTARGS_RIGHT;
	return changed ? P2P_BOOTARGS_MISBEHAVES : P2P_BOOTARGS_NOTHING;
}

static const char *says_word(const struct p2p_bootargs *bootargs, size_t function, const struct p2p_acs *before,
			     const struct p2p_acs *after)
{
	uint16_t other = ((before->ctrl ^ after->ctrl) | (before->unsure ^ after->unsure)) & before->cap & ALL_BITS;
	uint16_t show = other ? other : after->cap & P2P_ACS_REDIRECT;
	struct p2p_buf buf = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	p2p_buf_printf(&buf, "%s would have ",
		       p2p_bdf_format(bootargs->asked->machine->functions[function].bdf, true, address));
	p2p_acs_format_open(&buf, after->ctrl, show, after->unsure);
	const char *ret = p2p_arena_strdup(bootargs->arena, p2p_buf_text(&buf));

	p2p_buf_free(&buf);
	return ret;
}

static const char *says_fate(const struct p2p_bootargs *bootargs, const struct p2p_bootargs_judged *judged,
			     const char *word)
{
	struct p2p_arena *arena = bootargs->arena;

	switch (judged->args) {
	case P2P_ACS_ARGS_NONE:
		return "older than 4.20: it has neither argument, and no P2PDMA";
	case P2P_ACS_ARGS_BROKEN:
		return p2p_arena_printf(arena, "6.11 to 6.14 misapply the masks of both arguments before 6.12.23 and "
					       "6.13.11: %s", word);
	case P2P_ACS_ARGS_UNSURE:
		return p2p_arena_printf(arena, "it is not known how this kernel takes the arguments, by its name it "
					       "may have any release's code: %s", word);
	case P2P_ACS_ARGS_DISABLE_REDIR:
		if (judged->fate == P2P_BOOTARGS_NOTHING)
			return "before 6.11 no argument makes a hop redirect";
		break;
	case P2P_ACS_ARGS_CONFIG_ACS:
		if (judged->fate == P2P_BOOTARGS_NOTHING)
			return p2p_arena_printf(arena, "from 6.19 on, without an IOMMU, the arguments reach only "
						       "functions that a driver binds to: %s", word);
		break;
	}
	return word;
}

/* The worst that happens to any function decides. */
static void judge_fate(const struct p2p_bootargs *bootargs, const struct p2p_machine *before,
		       const struct p2p_machine *after, struct p2p_bootargs_judged *ret)
{
	/* From bad to good. */
	static const enum p2p_bootargs_fate order[] = { P2P_BOOTARGS_MISBEHAVES, P2P_BOOTARGS_UNSURE,
							P2P_BOOTARGS_NOTHING };

	ret->fate = P2P_BOOTARGS_RIGHT;
	for (size_t i = 0; i < sizeof(order) / sizeof(*order) && ret->fate == P2P_BOOTARGS_RIGHT; i++)
		for (size_t f = 0; f < before->function_count; f++) {
			const struct p2p_acs *was = &before->functions[f].acs, *is = &after->functions[f].acs;

			if (!p2p_known(was->fact) || fate_of_word(hop_of(bootargs, f), was, is) != order[i])
				continue;
			ret->fate = order[i];
			ret->says = says_fate(bootargs, ret, says_word(bootargs, f, was, is));
			break;
		}
}

static const struct p2p_acs *words_of(const struct p2p_bootargs *bootargs, const struct p2p_machine *machine)
{
	struct p2p_acs *words = p2p_arena_array(bootargs->arena, bootargs->hop_count, sizeof(*words));

	for (size_t i = 0; i < bootargs->hop_count; i++)
		words[i] = machine->functions[bootargs->hops[i].function].acs;
	return words;
}

static const struct p2p_verdict *verdicts_of(const struct p2p_bootargs *bootargs, const struct p2p_machine *machine)
{
	const struct p2p_plan *plan = bootargs->plan;
	struct p2p_verdict *verdicts = p2p_arena_array(bootargs->arena, plan->outcome_count, sizeof(*verdicts));
	struct p2p_judge *judge = p2p_judge_new(machine, bootargs->asked->hardware);

	for (size_t i = 0; i < plan->outcome_count; i++)
		p2p_judge_pair(judge, plan->outcomes[i].provider, plan->outcomes[i].client, &verdicts[i]);
	p2p_judge_free(judge);
	return verdicts;
}

static void judge_kernel(struct p2p_bootargs *bootargs, size_t k, struct p2p_bootargs_judged *ret)
{
	const struct p2p_bootargs_asked *asked = bootargs->asked;
	const struct p2p_bootargs_kernel *kernel = &asked->kernels[k];
	/* A kernel with neither of our lists to choose from gets both: what would it do? */
	struct p2p_machine *after = boot(bootargs, kernel, joined(bootargs, bootargs->redir, asked->redir),
					 joined(bootargs, bootargs->config, asked->config));

	ret->args = args_of(kernel);
	if (bootargs->hop_count)
		judge_fate(bootargs, bootargs->baselines[k], after, ret);
	else
		ret->fate = P2P_BOOTARGS_RIGHT;
	if (bootargs->hop_count && ret->fate == P2P_BOOTARGS_RIGHT && p2p_known(kernel->host.p2pdma.fact) &&
	    !kernel->host.p2pdma.value)
		ret->says = "built without P2PDMA: it pays the price and gains nothing";
	ret->before = verdicts_of(bootargs, bootargs->baselines[k]);
	ret->after = verdicts_of(bootargs, after);
	ret->words_before = words_of(bootargs, bootargs->baselines[k]);
	ret->words_after = words_of(bootargs, after);
	p2p_machine_free(after);
}

const struct p2p_bootargs_made *p2p_bootargs_make(struct p2p_bootargs *bootargs, const struct p2p_plan *plan)
{
	struct p2p_bootargs_made *made = p2p_arena_alloc(bootargs->arena, sizeof(*made));
	size_t count = bootargs->asked->kernel_count;
	struct p2p_bootargs_judged *judged = p2p_arena_array(bootargs->arena, count, sizeof(*judged));
	int *hops = p2p_arena_array(bootargs->arena, plan->edit_count, sizeof(*hops));

	bootargs->plan = plan;
	find_hops(bootargs, plan);
	for (size_t i = 0; i < bootargs->hop_count; i++)
		hops[i] = bootargs->hops[i].function;
	bool old = any_takes(bootargs, P2P_ACS_ARGS_DISABLE_REDIR), new = any_takes(bootargs, P2P_ACS_ARGS_CONFIG_ACS);

	bootargs->redir = old ? make_list(bootargs, false) : NULL;
	bootargs->config = new ? make_list(bootargs, true) : NULL;
	made->argument = make_argument(bootargs);
	if (!old && !new) {
		/* Nobody takes either right: both are tried, so that it is said what they would do. */
		bootargs->redir = make_list(bootargs, false);
		bootargs->config = make_list(bootargs, true);
	}
	made->hops = hops;
	made->hop_count = bootargs->hop_count;
	made->refused = find_conflict(bootargs);
	for (size_t i = 0; i < count; i++)
		judge_kernel(bootargs, i, &judged[i]);
	made->kernels = judged;
	return made;
}
