/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snapshot: everything that any verb would read, as text (p2p-snapshot(5)). */
#include <stdio.h>

#include "core/topo/topo.h"

static enum p2p_exit print(struct topo *topo)
{
	struct p2p_scan_options options = { .want = P2P_WANT_ALL | P2P_WANT_ORDER | P2P_WANT_TARGETS |
						    P2P_WANT_RUNNING | P2P_WANT_CHANGES | P2P_WANT_RESULTS,
					    .wake = p2p_cli_has(topo->cli, "wake") };
	struct p2p_problem problem = { "" };
	struct p2p_buf text = P2P_BUF_INIT;

	if (p2p_scan(topo->source, &options, &problem, &topo->machine))
		return topo_complain(topo, &problem);
	p2p_source_transcript(topo->source, &text);
	fwrite(p2p_buf_text(&text), 1, text.len, stdout);
	p2p_buf_free(&text);
	return P2P_EXIT_OK;
}

static int run(const struct p2p_cli *cli)
{
	struct topo topo;
	enum p2p_exit code = topo_open_source(cli, &topo);

	if (code == P2P_EXIT_OK)
		code = print(&topo);
	topo_close(&topo);
	return code;
}

const struct p2p_verb p2p_verb_snapshot = {
	.word = "snapshot",
	.summary = "print all that was read, to look at it elsewhere with -F",
	.details = "The output is text (p2p-snapshot(5)): `p2ptopo snapshot > box.snap`, then `p2ptopo -F box.snap` "
		   "shows on any machine what this one would. Run it as root: without, ACS is not in it.",
	.run = run,
};
