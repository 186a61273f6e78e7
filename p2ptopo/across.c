/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "across.h"

#include <string.h>

#include "core/model/acs-args.h"

#define KERNELS_MAX 64

static enum p2p_exit usage(const struct topo *topo, const char *what, const char *word)
{
	struct p2p_problem problem;

	p2p_problem_set(&problem, 0, "--across %.200s: %s", word, what);
	p2p_cli_complain(topo->cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

/*
 * Do functions differ between kernels?  Only ACS does, where a boot is asked
 * for or its arguments are recorded, and peer memory before there was P2PDMA.
 */
static bool needs_functions(const struct topo *topo, const char *release)
{
	const struct p2p_word *cmdline = &topo->read->host.cmdline;
	struct p2p_release number;

	return topo->assume.cmdline ||
	       (!p2p_release_parse(release, &number) && p2p_release_before_p2pdma(number)) ||
	       (p2p_known(cmdline->fact) && p2p_acs_args_given(topo->arena, cmdline->text));
}

static enum p2p_exit add(struct across *across, const char *release)
{
	struct topo *topo = across->topo;
	struct across_kernel *kernel = &across->kernels[across->count++];
	bool functions = needs_functions(topo, release);
	struct p2p_assume assume = { .p2pdma = topo->assume.p2pdma };
	struct p2p_problem problem = { "" };

	if (functions)
		assume = topo->assume;
	assume.kernel = release;
	kernel->release = release;
	/* What does not depend on the kernel is in topo->machine already. */
	kernel->machine = p2p_machine_copy(functions ? topo->read : topo->machine, functions);
	if (p2p_assume_apply(&assume, kernel->machine, &problem)) {
		topo_complain(topo, &problem);
		return P2P_EXIT_USAGE;
	}
	kernel->judge = p2p_judge_new(kernel->machine, topo->hardware);
	return P2P_EXIT_OK;
}

static enum p2p_exit add_all(struct across *across)
{
	struct p2p_arena *arena = across->topo->arena;
	struct p2p_release *list;
	size_t count = p2p_candidates_milestones(arena, across->topo->hardware, &list);
	enum p2p_exit code = P2P_EXIT_OK;
	char text[P2P_RELEASE_TEXT];

	across->all = true;
	across->kernels = p2p_arena_array(arena, count, sizeof(*across->kernels));
	for (size_t i = 0; i < count && code == P2P_EXIT_OK; i++)
		code = add(across, p2p_arena_strdup(arena, p2p_release_format(list[i], text)));
	return code;
}

static enum p2p_exit add_list(struct across *across, const char *words)
{
	struct topo *topo = across->topo;
	enum p2p_exit code = P2P_EXIT_OK;
	struct p2p_release release;

	across->kernels = p2p_arena_array(topo->arena, KERNELS_MAX, sizeof(*across->kernels));
	for (const char *at = words;; at++) {
		const char *word = p2p_arena_strndup(topo->arena, at, strcspn(at, ","));

		if (p2p_release_parse(word, &release))
			return usage(topo,
				     "expected releases with commas between them, such as 6.1,6.12.107,7.2, or all",
				     words);
		for (size_t i = 0; i < across->count; i++)
			if (!strcmp(across->kernels[i].release, word))
				return usage(topo, "one release is there twice", words);
		if (across->count == KERNELS_MAX)
			return usage(topo, "these are more than 64 releases", words);
		code = add(across, word);
		at += strlen(word);
		if (code != P2P_EXIT_OK || !*at)
			break;
	}
	if (code == P2P_EXIT_OK && across->count < 2)
		return usage(topo, "one release alone is --assume kernel=", words);
	return code;
}

/* Where nothing was said of it: every kernel that can have P2PDMA has it. */
static void assume_p2pdma(const struct across *across)
{
	struct p2p_machine *machine = across->topo->machine;
	size_t before = 0;

	for (size_t i = 0; i < across->count; i++)
		before += p2p_judge_candidates(across->kernels[i].judge)->kind == P2P_KERNEL_BEFORE;
	if (!across->topo->assume.p2pdma && before < across->count)
		p2p_machine_assume(machine, before ? "P2PDMA built in, from 4.20 on" : "P2PDMA built in");
}

enum p2p_exit across_open(struct topo *topo, struct across *across)
{
	const char *words = p2p_cli_value(topo->cli, "across");
	struct p2p_buf names = P2P_BUF_INIT;

	*across = (struct across){ .topo = topo };
	enum p2p_exit code = !strcmp(words, "all") ? add_all(across) : add_list(across, words);

	if (code != P2P_EXIT_OK)
		return code;
	for (size_t i = 0; i < across->count; i++)
		p2p_buf_printf(&names, "%s%s", i ? ", " : "", across->kernels[i].release);
	char first[P2P_RELEASE_TEXT], newest[P2P_RELEASE_TEXT];

	p2p_release_format(p2p_release_first(), first);
	p2p_release_format(p2p_release_newest(), newest);
	p2p_machine_assume(topo->machine, across->all
						  ? p2p_arena_printf(topo->machine->arena,
								     "mainline kernels from %s to %s, each in turn",
								     first, newest)
						  : p2p_arena_printf(topo->machine->arena, "kernels %s, each in turn",
								     p2p_buf_text(&names)));
	assume_p2pdma(across);
	p2p_buf_free(&names);
	return P2P_EXIT_OK;
}

void across_close(struct across *across)
{
	for (size_t i = 0; i < across->count; i++) {
		p2p_judge_free(across->kernels[i].judge);
		p2p_machine_free(across->kernels[i].machine);
	}
	across->count = 0;
}

void across_drop(struct across *across, size_t index)
{
	p2p_judge_free(across->kernels[index].judge);
	p2p_machine_free(across->kernels[index].machine);
	across->count--;
	memmove(&across->kernels[index], &across->kernels[index + 1],
		(across->count - index) * sizeof(*across->kernels));
}

bool across_judge(const struct across *across, int provider, int client, struct p2p_verdict *ret)
{
	bool differs = false;

	for (size_t i = 0; i < across->count; i++) {
		p2p_judge_pair(across->kernels[i].judge, provider, client, &ret[i]);
		differs = differs || ret[i].map != ret[0].map || ret[i].supported != ret[0].supported;
	}
	return differs;
}
