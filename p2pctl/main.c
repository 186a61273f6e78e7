/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "core/cli/cli.h"
#include "core/topo/topo.h"
#include "options.h"

#define P2P_VERB(word) extern const struct p2p_verb p2p_verb_##word;
#include "p2pctl/ctl-verbs.h"
#undef P2P_VERB

static const struct p2p_verb *const verbs[] = {
#define P2P_VERB(word) &p2p_verb_##word,
#include "p2pctl/ctl-verbs.h"
#undef P2P_VERB
};

int main(int argc, char *argv[])
{
	struct p2p_verb table[sizeof(verbs) / sizeof(*verbs)];
	struct p2p_program program = {
		.name = "p2pctl",
		.version = P2P_VERSION,
		.summary = "have PCIe devices do peer-to-peer DMA, and take it back",
		.details =
			"p2pctl changes this machine: ACS control words and peer-memory attributes, each written down "
			"before it is made, so that it can be taken back. Exit status: 0 done, or yes; 1 no, or not "
			"met; 2 the command line is wrong; 3 it cannot be read; 4 it cannot be known; 5 refused, or "
			"taken back again, or not permitted; 6 needs a human; 7 (bench) data arrived "
			"wrong; 8 (bench) it hung. p2ptopo looks and explains.",
		.verbs = table,
		.verb_count = sizeof(verbs) / sizeof(*verbs),
		.options = ctl_options,
		.option_count = ctl_option_count,
		.complete = topo_complete,
	};

	for (size_t i = 0; i < program.verb_count; i++)
		table[i] = *verbs[i];
	return p2p_cli_main(&program, argc, argv);
}
