/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "core/cli/cli.h"
#include "core/topo/topo.h"
#include "options.h"

#define P2P_VERB(word) extern const struct p2p_verb p2p_verb_##word;
#include "p2ptopo/topo-verbs.h"
#undef P2P_VERB

static const struct p2p_verb *const verbs[] = {
#define P2P_VERB(word) &p2p_verb_##word,
#include "p2ptopo/topo-verbs.h"
#undef P2P_VERB
};

int main(int argc, char *argv[])
{
	struct p2p_verb table[sizeof(verbs) / sizeof(*verbs)];
	struct p2p_program program = {
		.name = "p2ptopo",
		.version = P2P_VERSION,
		.summary = "show which PCIe devices can do peer-to-peer DMA, and why not",
		.details = "A device is an address (03:00.0, 0000:03:00.0) or a name (nvme0, nvme0n1, eth0, mlx5_0, "
			   "card1). Exit status: 0 done, or yes; 1 no; 2 the command line is wrong; 3 it cannot be "
			   "read; 4 it cannot be known. p2ptopo never changes anything.",
		.fallback = "tree",
		.verbs = table,
		.verb_count = sizeof(verbs) / sizeof(*verbs),
		.options = topo_options,
		.option_count = topo_option_count,
		.complete = topo_complete,
	};

	for (size_t i = 0; i < program.verb_count; i++)
		table[i] = *verbs[i];
	return p2p_cli_main(&program, argc, argv);
}
