/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

const struct p2p_option topo_options[] = {
	{ 'a', "all", NULL, "every function, not only likely peers", "tree list matrix pairs diff", P2P_OPTION_LAST },
	{ 's', "slot", "SLOT", "only [[[domain]:]bus]:[dev][.fn], as lspci means it", "tree list matrix pairs diff",
	  0 },
	{ 'd', "id", "ID", "only [vendor]:[device][:class], as lspci means it", "tree list matrix pairs diff", 0 },
	{ 0, "summary", NULL, "count the pairs by answer", "pairs", P2P_OPTION_LAST },
	{ 0, "across", "RELEASES", "the answers of several kernels, 6.1,6.12,7.2 or all, and where they differ",
	  "pairs why", 0 },
	{ 0, "no-fold", NULL, "every function a row and a column of its own", "matrix", P2P_OPTION_LAST },
	{ 'F', "from", "FILE", "read a snapshot, or a dump by lspci -xxxx or rdma_topo, - is standard input", NULL, 0 },
	{ 0, "root", "DIR", "read the sys and proc below DIR", NULL, 0 },
	{ 0, "assume", "KEY=VALUE",
	  "decide as if: kernel=6.12.107, p2pdma=yes, cpu=AuthenticAMD/25, iommu=intel, cmdline=..., "
	  "acs:BDF=ReqRedir-, driver:BDF=vfio-pci, p2pmem:BDF=16M",
	  "tree list matrix pairs why providers diff allowlist", P2P_OPTION_MANY },
	{ 0, "wake", NULL, "also read functions that sleep in D3cold, which wakes them", NULL, P2P_OPTION_LAST },
	{ 0, "anonymize", NULL, "leave out what names people or sites", "snapshot", P2P_OPTION_LAST },
	{ 'J', "json", NULL, "print JSON (schema p2ptopo/1)", "tree list matrix pairs why providers diff allowlist",
	  P2P_OPTION_LAST },
	{ 'o', "output", "COLUMNS", "print these columns (COL,COL), or after the usual ones (+COL,COL)",
	  "tree list pairs providers allowlist", 0 },
	{ 'H', "list-columns", NULL, "list the columns that -o knows", "tree list pairs providers allowlist",
	  P2P_OPTION_LAST },
	{ 'O', "output-all", NULL, "print every column", "list", P2P_OPTION_LAST },
	{ 'P', "pairs", NULL, "print COLUMN=\"value\" pairs, quoted for a shell", "list", P2P_OPTION_LAST },
	{ 'b', "bytes", NULL, "print sizes in bytes: 16777216, not 16M", "list", P2P_OPTION_LAST },
	{ 'x', "sort", "COLUMN", "sort by this column; what is not known comes last", "list", 0 },
	{ 0, "noheadings", NULL, "print no headings", "list", P2P_OPTION_LAST },
	{ 'D', "domain", NULL, "always print the domain", "tree list matrix pairs why providers diff allowlist",
	  P2P_OPTION_LAST },
	{ 'n', "numeric", NULL, "print ids instead of names", "tree list matrix pairs why providers diff",
	  P2P_OPTION_LAST },
	{ 'i', "ascii", NULL, "draw with ASCII characters only", "tree list matrix pairs why providers diff allowlist",
	  P2P_OPTION_LAST },
	{ 0, "color", "auto|always|never", "colour the output; NO_COLOR is honoured",
	  "tree list matrix pairs why providers diff allowlist", P2P_OPTION_LAST },
	{ 0, "stats", NULL, "print what was read, to standard error", NULL, P2P_OPTION_LAST },
};

const size_t topo_option_count = sizeof(topo_options) / sizeof(*topo_options);
