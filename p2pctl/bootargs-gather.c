/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bootargs.h"
#include "core/model/cmdline.h"
#include "core/model/host.h"

static void refuse(struct bootargs *bootargs, const char *text)
{
	if (bootargs->refused_count < BOOTARGS_REFUSED_MAX)
		bootargs->refused[bootargs->refused_count++] = text;
}

/* ----------------------------------------------------------------- kernels */

/* Would that kernel's IOMMU ask for ACS?  Where this boot's had it by default, another kernel's default counts. */
static void find_iommu(const struct bootargs *bootargs, enum p2p_answer by_default, struct p2p_bootargs_kernel *kernel)
{
	const struct p2p_host *host = &bootargs->ctl->topo.machine->host;
	struct p2p_cmdline cmdline = { 0 };
	bool intel = p2p_known(host->cpu_vendor.fact) && !strcmp(host->cpu_vendor.text, "GenuineIntel");

	enum p2p_answer now = p2p_acs_args_boot(bootargs->arena, host).iommu;

	if (bootargs->present)
		p2p_cmdline_split(bootargs->arena, bootargs->present, &cmdline);
	enum p2p_cmdline_said said = p2p_cmdline_intel_iommu(&cmdline);

	if (!intel || (bootargs->present && said != P2P_SAID_NOTHING) ||
	    (now == P2P_YES && by_default == P2P_YES) || (now == P2P_NO && by_default == P2P_NO))
		return;
	kernel->iommu_open = true;
}

/* One that is installed, or that is named by its release alone: then it is taken for one with P2PDMA. */
static struct p2p_bootargs_kernel other_kernel(const struct bootargs *bootargs, const char *name,
					       const struct p2p_image_kernel *image)
{
	struct p2p_bootargs_kernel kernel = { .name = name, .host = bootargs->ctl->topo.machine->host };
	struct p2p_fact assumed = p2p_fact_of(0, P2P_ORIGIN_ASSUMED);
	enum p2p_answer p2pdma = image ? image->p2pdma : P2P_YES;

	kernel.host.kernel = (struct p2p_word){ assumed, name };
	kernel.host.version = (struct p2p_word){ p2p_fact_of(-ENOENT, P2P_ORIGIN_ASSUMED), NULL };
	kernel.host.signature = kernel.host.version;
	kernel.host.running = (struct p2p_fact){ 0 };
	if (image && image->version)
		kernel.host.version = (struct p2p_word){ assumed, image->version };
	kernel.host.p2pdma = (struct p2p_number){ p2pdma == P2P_MAYBE ? (struct p2p_fact){ 0 } : assumed,
						  p2pdma == P2P_YES };
	kernel.host.p2pdma_from = (struct p2p_word){ 0 };
	find_iommu(bootargs, image ? image->iommu_on : P2P_MAYBE, &kernel);
	return kernel;
}

static bool is_running(const struct bootargs *bootargs, const char *name)
{
	const struct p2p_word *kernel = &bootargs->ctl->topo.machine->host.kernel;

	return p2p_known(kernel->fact) && !strcmp(kernel->text, name);
}

static void add(struct bootargs *bootargs, const char *name, const struct p2p_image_kernel *image)
{
	const struct p2p_host *host = &bootargs->ctl->topo.machine->host;
	struct p2p_bootargs_kernel *kernel = &bootargs->kernels[bootargs->kernel_count];

	for (size_t i = 0; i < bootargs->kernel_count; i++)
		if (!strcmp(bootargs->kernels[i].name, name))
			return;
	bootargs->kernel_count++;
	*kernel = is_running(bootargs, name)
			  ? (struct p2p_bootargs_kernel){ name, *host, false }
			  : other_kernel(bootargs, name, image);
}

static enum p2p_exit add_named(struct bootargs *bootargs, const struct p2p_image_kernel *images, size_t count)
{
	const char *name;
	size_t at = 0;

	while ((name = p2p_cli_next(bootargs->ctl->cli, "kernel", &at))) {
		const struct p2p_image_kernel *image = NULL;

		for (size_t i = 0; i < count; i++)
			if (!strcmp(images[i].name, name))
				image = &images[i];
		struct p2p_bootargs_kernel kernel = other_kernel(bootargs, name, image);
		struct p2p_release release;

		if (p2p_host_release(&kernel.host, &release)) {
			struct p2p_problem problem;

			p2p_problem_set(&problem, 0, "--kernel %.100s: no release such as 6.12.107, and none that is "
					"installed", name);
			p2p_cli_complain(bootargs->ctl->cli, stderr, &problem);
			return P2P_EXIT_USAGE;
		}
		add(bootargs, name, image);
	}
	return P2P_EXIT_OK;
}

enum p2p_exit bootargs_kernels(struct bootargs *bootargs)
{
	const struct p2p_word *running = &bootargs->ctl->topo.machine->host.kernel;
	struct p2p_image_kernel *images = NULL;
	size_t count = bootargs->image.path ? p2p_image_kernels(&bootargs->image, bootargs->arena, &images) : 0;
	size_t given = 0, at = 0;

	while (p2p_cli_next(bootargs->ctl->cli, "kernel", &at))
		given++;
	bootargs->kernels = p2p_arena_array(bootargs->arena, count + given + 1, sizeof(*bootargs->kernels));
	if (given)
		return add_named(bootargs, images, count);
	for (size_t i = 0; i < count; i++)
		add(bootargs, images[i].name, &images[i]);
	/* An image of another system is not booted by this kernel. */
	if (p2p_known(running->fact) && !(bootargs->image.path && bootargs->image.confined))
		add(bootargs, running->text, NULL);
	if (bootargs->kernel_count)
		return P2P_EXIT_OK;
	ctl_say(bootargs->ctl, "no kernel is known: name those that are to be booted with --kernel, such as "
			       "--kernel 6.12.107");
	return P2P_EXIT_CANNOT_READ;
}

/* ------------------------------------------------------------------ others */

const char *bootargs_without_ours(const struct bootargs *bootargs)
{
	char *copy = p2p_arena_strdup(bootargs->arena, bootargs->present ? bootargs->present : ""), *rest = copy, *word;
	struct p2p_buf buf = P2P_BUF_INIT;

	while ((word = strsep(&rest, " \t\n"))) {
		bool ours = !*word;

		for (size_t i = 0; i < bootargs->files.wrote_count && !ours; i++)
			ours = !strcmp(word, bootargs->files.wrote[i]);
		if (!ours)
			p2p_buf_printf(&buf, "%s%s", buf.len ? " " : "", word);
	}
	const char *ret = p2p_arena_strdup(bootargs->arena, p2p_buf_text(&buf));

	p2p_buf_free(&buf);
	return ret;
}

static const char *option_name(bool config)
{
	return config ? "config_acs" : "disable_acs_redir";
}

/* What files other than ours give for one of the two; NULL: nothing. */
static const char *in_files(struct bootargs *bootargs, bool config)
{
	const struct p2p_boot_word *first = NULL;

	for (size_t i = 0; i < bootargs->files.word_count; i++) {
		const struct p2p_boot_word *word = &bootargs->files.words[i];

		if (word->config != config)
			continue;
		if (!word->list)
			refuse(bootargs, p2p_arena_printf(bootargs->arena, "%s:%u gives a pci=%s= that cannot be told "
							  "without running the file, so it cannot be joined with ours",
							  word->path, word->line, option_name(config)));
		else if (first && strcmp(first->list, word->list) != 0)
			refuse(bootargs, p2p_arena_printf(bootargs->arena, "%s:%u and %s:%u give different lists for "
							  "pci=%s=, and only the last counts for the kernel: keep one",
							  first->path, first->line, word->path, word->line,
							  option_name(config)));
		else
			first = word;
	}
	return first ? first->list : NULL;
}

static const char *others_of(struct bootargs *bootargs, const struct p2p_cmdline *cmdline, bool config)
{
	char start[32];
	const char *list = in_files(bootargs, config);

	snprintf(start, sizeof(start), "%s=", option_name(config));
	const char *present = p2p_cmdline_pci(cmdline, start);

	if (list)
		return list;
	if (!present || !*present)
		return "";
	if (!p2p_boot_argument_ok(p2p_arena_printf(bootargs->arena, "pci=%s%s", start, present))) {
		refuse(bootargs, p2p_arena_printf(bootargs->arena, "the pci=%s on the present command line holds "
						  "something other than addresses and flags, so it cannot be joined "
						  "with ours", start));
		return "";
	}
	bootargs->only_present = true;
	return present;
}

void bootargs_others(struct bootargs *bootargs)
{
	struct p2p_cmdline cmdline;

	p2p_cmdline_split(bootargs->arena, bootargs_without_ours(bootargs), &cmdline);
	bootargs->asked.redir = others_of(bootargs, &cmdline, false);
	bootargs->asked.config = others_of(bootargs, &cmdline, true);
}

/* --------------------------------------------------------------- refusals */

/* KERNEL: COMMAND_LINE_SIZE is 2048 on x86, arm64 and powerpc, and what is over it is cut off without a word. */
#define CMDLINE_MOST 2047

static enum p2p_answer has_p2pdma(const struct p2p_host *host)
{
	if (!p2p_known(host->p2pdma.fact))
		return P2P_MAYBE;
	return host->p2pdma.value ? P2P_YES : P2P_NO;
}

void bootargs_refusals(struct bootargs *bootargs)
{
	const struct p2p_bootargs_made *made = bootargs->made;
	size_t right = 0, length;

	for (size_t i = 0; i < bootargs->plan->outcome_count; i++)
		bootargs->unknown += bootargs->plan->outcomes[i].says && bootargs->plan->outcomes[i].before.unsure;
	if (bootargs->plan->refused)
		refuse(bootargs, "the price of a hop is refused, see there");
	if (!made->hop_count)
		return;
	for (size_t i = 0; i < bootargs->kernel_count; i++) {
		const struct p2p_bootargs_judged *kernel = &made->kernels[i];

		right += kernel->fate == P2P_BOOTARGS_RIGHT && has_p2pdma(&bootargs->kernels[i].host) != P2P_NO;
		if (kernel->fate == P2P_BOOTARGS_MISBEHAVES || kernel->fate == P2P_BOOTARGS_UNSURE)
			refuse(bootargs, p2p_arena_printf(bootargs->arena, "Linux %s %s; remove it, or name the "
							  "kernels that are to be booted with --kernel",
							  bootargs->kernels[i].name,
							  kernel->fate == P2P_BOOTARGS_UNSURE ? "may misbehave"
											      : "would misbehave"));
	}
	if (made->refused)
		refuse(bootargs, made->refused);
	if (made->argument && !right)
		refuse(bootargs, "no kernel here gains anything by it");
	length = strlen(bootargs_without_ours(bootargs)) + 1 + (made->argument ? strlen(made->argument) : 0);
	if (made->argument && length > CMDLINE_MOST)
		refuse(bootargs, p2p_arena_printf(bootargs->arena, "the command line would have %zu characters, and "
						  "kernels cut it off after %d", length, CMDLINE_MOST));
}
