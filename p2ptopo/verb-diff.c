/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff A [B]: what is different between two machines, and what that did to the answers. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/view/json-diff.h"
#include "core/view/json-machine.h"
#include "diff-text.h"

/* ------------------------------------------------------------------- JSON */

struct listing {
	const struct differ *differ;
	struct p2p_json *json;
};

static void json_pair(void *context, size_t answer, int provider, int client)
{
	const struct listing *listing = context;

	p2p_json_diff_pair(listing->json, listing->differ->diff, answer, provider, client);
}

static enum p2p_exit print_json(const struct differ *differ)
{
	struct listing listing = { differ, p2p_json_new(stdout) };

	p2p_json_envelope(listing.json, "p2ptopo/1", differ->diff->after);
	p2p_json_diff(listing.json, differ->diff, differ->names[0], differ->names[1]);
	if (differ->sides[1].all) {
		p2p_json_array(listing.json, "pairs", false);
		p2p_diff_each_pair(differ->diff, json_pair, &listing);
		p2p_json_array_end(listing.json);
	}
	p2p_json_object_end(listing.json);
	p2p_json_object_end(listing.json);
	return p2p_json_end(listing.json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

/* -------------------------------------------------------------------- run */

/* Who is a provider and a client there, and what was chosen. */
static void choose(struct topo *topo, struct p2p_diff_side *ret)
{
	size_t count = topo->machine->function_count;
	bool *among = p2p_arena_array(topo->arena, count, sizeof(*among));
	bool *matches = p2p_arena_array(topo->arena, count, sizeof(*matches));

	for (size_t i = 0; i < count; i++) {
		const struct p2p_function *function = &topo->machine->functions[i];

		matches[i] = topo_matches(topo, (int)i);
		among[i] = !p2p_function_is_bridge(function) &&
			   (topo->all || p2p_function_is_peer(function) || (topo->filter && matches[i]));
	}
	*ret = (struct p2p_diff_side){ topo->judge, among, topo->filter ? matches : NULL };
}

static enum p2p_exit compare(struct differ *differ)
{
	static const enum p2p_exit codes[] = { P2P_EXIT_OK, P2P_EXIT_NO, P2P_EXIT_UNKNOWN };
	bool all = differ->sides[1].all;
	struct p2p_diff_options options = { .hardware = differ->sides[1].hardware, .self = all, .list = all,
					    .moments = all };
	struct p2p_diff_side sides[2];
	enum p2p_exit code = P2P_EXIT_OK;

	choose(&differ->sides[0], &sides[0]);
	choose(&differ->sides[1], &sides[1]);
	differ->diff = p2p_diff_new(&sides[0], &sides[1], &options);
	if (p2p_cli_has(differ->cli, "json"))
		code = print_json(differ);
	else
		diff_text_print(differ);
	if (code == P2P_EXIT_OK)
		code = codes[differ->diff->result];
	p2p_diff_free(differ->diff);
	return code;
}

static enum p2p_exit usage(const struct p2p_cli *cli, const char *text)
{
	struct p2p_problem problem;

	p2p_problem_set(&problem, 0, "%s", text);
	p2p_cli_complain(cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

/* A pipe can be read once: whoever names it twice would wait for ever, or find nothing. */
static bool is_one_pipe(const char *a, const char *b)
{
	struct stat first, second;

	if (!strcmp(a, "-") || !strcmp(b, "-"))
		return !strcmp(a, b);
	return !stat(a, &first) && !stat(b, &second) && S_ISFIFO(first.st_mode) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

static enum p2p_exit check_inputs(const struct p2p_cli *cli)
{
	const char *first = cli->args[0], *second = cli->arg_count > 1 ? cli->args[1] : p2p_cli_value(cli, "from");

	if (cli->arg_count > 1 && (p2p_cli_has(cli, "from") || p2p_cli_has(cli, "root")))
		return usage(cli, "diff compares two machines, and three are named; give A and B, or A and --from or "
				  "--root");
	if (second && is_one_pipe(first, second))
		return usage(cli, "A and B are one pipe, which can be read only once; give a file for one of them");
	return P2P_EXIT_OK;
}

static const char *name_of(const struct p2p_cli *cli, const char *file)
{
	if (!file)
		file = p2p_cli_value(cli, "from") ? p2p_cli_value(cli, "from") : p2p_cli_value(cli, "root");
	return !file ? "this machine" : strcmp(file, "-") ? file : "standard input";
}

static int run(const struct p2p_cli *cli)
{
	unsigned want = P2P_WANT_ALL | P2P_WANT_RUNNING | P2P_WANT_TARGETS;
	enum p2p_exit code = check_inputs(cli);
	struct differ differ = { .cli = cli };
	int opened = 0;

	while (code == P2P_EXIT_OK && opened < 2) {
		const char *file = cli->arg_count > (size_t)opened ? cli->args[opened] : NULL;

		differ.names[opened] = name_of(cli, file);
		code = topo_open_one_of(cli, file, differ.names[opened], want, &differ.sides[opened]);
		opened++;
	}
	differ.arrow = differ.sides[0].style.ascii ? "->" : "\xe2\x86\x92";
	if (code == P2P_EXIT_OK)
		code = compare(&differ);
	while (opened--)
		topo_close(&differ.sides[opened]);
	return code;
}

const struct p2p_verb p2p_verb_diff = {
	.word = "diff",
	.args = "A [B]",
	.summary = "what is different between two snapshots or dumps, or one and this machine, and which answers "
		   "that changed",
	.details = "A is before, B after; without B it is this machine, or what --from or --root names; - is standard "
		   "input. Devices are told apart by their slots, the way from the host bridge down, and not by bus "
		   "numbers: a machine whose buses are numbered anew is the same. ! marks what changed an answer. What "
		   "is known on one side only is no difference; --all shows it (?), and every pair, every function's "
		   "answers, and what changes by itself: free peer memory and power states. Exit status: 0 the same, "
		   "1 different, 4 the same as far as both sides are known.",
	.takes_files = true,
	.run = run,
};
