/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree: the hierarchy on one screen, and who can reach whom. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/model/acs.h"
#include "core/view/json-machine.h"
#include "core/topo/topo.h"

enum {
	COL_DEVICE, COL_LINK, COL_ACS, COL_ATS, COL_GROUP, COL_MEMORY, COL_ISLAND, COL_NAME,
	COL_ID, COL_CLASS, COL_TYPE, COL_DRIVER, COL_POWER,
};

static const struct p2p_column columns[] = {
	[COL_DEVICE] = { "DEVICE", "the address, in the tree", P2P_COLUMN_TREE },
	[COL_LINK] = { "LINK", "GT/s x lanes now; ! both ends can do better; ~ limited by the partner", 0 },
	[COL_ACS] = { "ACS", "bits that redirect: RR CR EC; - none is set; ? not known", 0 },
	[COL_ATS] = { "ATS", "address translation service: + on, - off, ? not known", 0 },
	[COL_GROUP] = { "GRP", "IOMMU group", P2P_COLUMN_RIGHT },
	[COL_MEMORY] = { "P2PMEM", "memory for peers", P2P_COLUMN_RIGHT },
	[COL_ISLAND] = { "ISLE", "functions with the same number can all reach each other", P2P_COLUMN_RIGHT },
	[COL_NAME] = { "NAME", "devices of its driver, then its name", P2P_COLUMN_TRIM },
	[COL_ID] = { "ID", "vendor:device", P2P_COLUMN_EXTRA },
	[COL_CLASS] = { "CLASS", "class code", P2P_COLUMN_EXTRA },
	[COL_TYPE] = { "TYPE", "PCIe port type", P2P_COLUMN_EXTRA },
	[COL_DRIVER] = { "DRIVER", "bound driver", P2P_COLUMN_EXTRA },
	[COL_POWER] = { "POWER", "power state: D0, D3hot, D3cold", P2P_COLUMN_EXTRA },
};

struct tree {
	struct topo *topo;
	struct p2p_choice choice;
	struct p2p_report *report;
	struct p2p_report_row **rows;  /* of each function; NULL: not shown */
	struct p2p_report_row **hosts; /* of each host bridge */
	bool *busy;                    /* host bridges that are being added */
	bool *shown, *among;
	int *islands;
};

static void set(struct tree *tree, struct p2p_report_row *row, size_t column, enum p2p_role role, const char *text)
{
	if (tree->choice.at[column] >= 0)
		p2p_report_set(tree->report, row, (size_t)tree->choice.at[column], role, text);
}

static void set_link(struct tree *tree, struct p2p_report_row *row, int index)
{
	static const struct { const char *mark; enum p2p_role role; } states[] = {
		[P2P_LINK_UNKNOWN] = { "", P2P_ROLE_PLAIN },	[P2P_LINK_NONE] = { "", P2P_ROLE_DIM },
		[P2P_LINK_FULL] = { "", P2P_ROLE_PLAIN },	[P2P_LINK_PARTNER] = { "~", P2P_ROLE_PLAIN },
		[P2P_LINK_DEGRADED] = { "!", P2P_ROLE_WARN },
	};
	const struct p2p_link *link = &tree->topo->machine->functions[index].link;
	enum p2p_link_state state = p2p_link_state(tree->topo->machine, index);
	char text[32];

	if (p2p_absent(link->fact))
		return;
	if (!p2p_known(link->fact)) {
		set(tree, row, COL_LINK, P2P_ROLE_DIM, "?");
		return;
	}
	if (!link->lanes || state == P2P_LINK_NONE) {
		set(tree, row, COL_LINK, P2P_ROLE_DIM, "-");
		return;
	}
	snprintf(text, sizeof(text), "%sx%u%s", p2p_link_speed(link->gen), link->lanes, states[state].mark);
	set(tree, row, COL_LINK, states[state].role, text);
}

static void set_acs(struct tree *tree, struct p2p_report_row *row, const struct p2p_function *function)
{
	struct p2p_buf text = P2P_BUF_INIT;

	switch (p2p_function_redirects(function)) {
	case P2P_MAYBE:
		set(tree, row, COL_ACS, P2P_ROLE_DIM, "?");
		return;
	case P2P_NO:
		set(tree, row, COL_ACS, P2P_ROLE_PLAIN, p2p_absent(function->acs.fact) ? "" : "-");
		return;
	case P2P_YES:
		break;
	}
	for (size_t i = 0; i < 7; i++)
		if (function->acs.ctrl & P2P_ACS_REDIRECT & p2p_acs_bits[i].mask)
			p2p_buf_printf(&text, "%s%s", text.len ? " " : "", p2p_acs_bits[i].letters);
	set(tree, row, COL_ACS, P2P_ROLE_WARN, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void set_number(struct tree *tree, struct p2p_report_row *row, size_t column, struct p2p_number number)
{
	char text[24];

	if (p2p_absent(number.fact))
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number.value);
	set(tree, row, column, p2p_known(number.fact) ? P2P_ROLE_PLAIN : P2P_ROLE_DIM,
	    p2p_known(number.fact) ? text : "?");
}

static void set_memory(struct tree *tree, struct p2p_report_row *row, const struct p2p_function *function)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (p2p_absent(function->memory.fact) || p2p_function_is_bridge(function))
		return;
	if (p2p_known(function->memory.fact))
		topo_size(function->memory.size, &text);
	else
		p2p_buf_putc(&text, '?');
	set(tree, row, COL_MEMORY, p2p_known(function->memory.fact) ? P2P_ROLE_GOOD : P2P_ROLE_DIM,
	    p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void set_island(struct tree *tree, struct p2p_report_row *row, int index)
{
	char text[16] = "?";
	int island = tree->islands[index];

	if (!tree->among[index])
		return;
	if (island > 0)
		snprintf(text, sizeof(text), "%d", island);
	else if (island < 0)
		snprintf(text, sizeof(text), "-");
	set(tree, row, COL_ISLAND, island > 0 ? P2P_ROLE_GOOD : P2P_ROLE_DIM, text);
}

static void set_name(struct tree *tree, struct p2p_report_row *row, int index)
{
	const struct p2p_function *function = &tree->topo->machine->functions[index];
	struct p2p_buf text = P2P_BUF_INIT;

	/* First, so that a narrow terminal does not cut it off. */
	if (function->asleep)
		p2p_buf_puts(&text, "(asleep) ");
	if (function->dead)
		p2p_buf_puts(&text, "(does not answer) ");
	topo_name(tree->topo, index, &text);
	set(tree, row, COL_NAME, P2P_ROLE_PLAIN, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void set_word(struct tree *tree, struct p2p_report_row *row, size_t column, struct p2p_word word)
{
	if (!p2p_absent(word.fact))
		set(tree, row, column, p2p_known(word.fact) ? P2P_ROLE_PLAIN : P2P_ROLE_DIM,
		    p2p_known(word.fact) ? word.text : "?");
}

/* The columns of -o that are not shown by default. */
static void set_extra(struct tree *tree, struct p2p_report_row *row, const struct p2p_function *function)
{
	char text[16];

	snprintf(text, sizeof(text), "%04x:%04x", (unsigned)function->vendor.value & 0xffff,
		 (unsigned)function->device.value & 0xffff);
	set(tree, row, COL_ID, P2P_ROLE_PLAIN, p2p_known(function->device.fact) ? text : "?");
	snprintf(text, sizeof(text), "%06x", (unsigned)function->class.value & 0xffffff);
	set(tree, row, COL_CLASS, P2P_ROLE_PLAIN, p2p_known(function->class.fact) ? text : "?");
	if (!p2p_absent(function->port_type.fact))
		set(tree, row, COL_TYPE, P2P_ROLE_PLAIN,
		    p2p_known(function->port_type.fact) ? p2p_port_type_name(function->port_type.value) : "?");
	set_word(tree, row, COL_DRIVER, function->driver);
	set_word(tree, row, COL_POWER, function->power_state);
}

static void add_host(struct tree *tree, int index);

/* The row of a function, and first those above it. */
static struct p2p_report_row *add_function(struct tree *tree, int index)
{
	const struct p2p_machine *machine = tree->topo->machine;
	const struct p2p_function *function = &machine->functions[index];
	struct p2p_report_row *parent = NULL;
	char address[P2P_BDF_TEXT];

	if (tree->rows[index])
		return tree->rows[index];
	if (p2p_known(function->under.fact)) {
		parent = add_function(tree, function->under.to);
	} else if (function->hostbridge != P2P_NOBODY && p2p_absent(function->under.fact)) {
		add_host(tree, function->hostbridge);
		parent = tree->hosts[function->hostbridge];
	}
	struct p2p_report_row *row = tree->rows[index] = p2p_report_add(tree->report, parent);

	set(tree, row, COL_DEVICE, P2P_ROLE_PLAIN, topo_address(tree->topo, index, address));
	set_link(tree, row, index);
	set_acs(tree, row, function);
	if (!p2p_absent(function->ats.fact))
		set(tree, row, COL_ATS, P2P_ROLE_PLAIN,
		    p2p_known(function->ats.fact) ? (function->ats.value & 0x8000 ? "+" : "-") : "?");
	set_number(tree, row, COL_GROUP, function->iommu_group);
	set_memory(tree, row, function);
	set_island(tree, row, index);
	set_name(tree, row, index);
	set_extra(tree, row, function);
	return row;
}

static void name_host(struct tree *tree, int index, struct p2p_buf *text)
{
	const struct p2p_hostbridge *hostbridge = &tree->topo->machine->hostbridges[index];
	struct p2p_root root;

	p2p_judge_root(tree->topo->judge, index, &root);
	p2p_buf_puts(text, "host bridge");
	if (root.allowed == P2P_YES)
		p2p_buf_puts(text, root.allowed_across == P2P_NO ? ", allowed inside" : ", allowed");
	if (p2p_known(hostbridge->numa_node.fact))
		p2p_buf_printf(text, ", node %lld", (long long)hostbridge->numa_node.value);
}

static void add_host(struct tree *tree, int index)
{
	const struct p2p_hostbridge *hostbridge = &tree->topo->machine->hostbridges[index];
	struct p2p_report_row *parent = NULL;
	struct p2p_buf text = P2P_BUF_INIT;

	if (tree->hosts[index] || tree->busy[index])
		return;
	tree->busy[index] = true; /* a path that claims to be below itself is drawn at the top */
	if (hostbridge->under != P2P_NOBODY)
		parent = add_function(tree, hostbridge->under);
	tree->hosts[index] = p2p_report_add(tree->report, parent);
	name_host(tree, index, &text);
	set(tree, tree->hosts[index], COL_DEVICE, P2P_ROLE_TITLE, hostbridge->name);
	set(tree, tree->hosts[index], COL_NAME, P2P_ROLE_DIM, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* Without -a, -s, -d: peers and what is above them; when there are none, everything. */
static void choose(struct tree *tree)
{
	const struct p2p_machine *machine = tree->topo->machine;
	size_t count = 0;

	for (size_t i = 0; i < machine->function_count; i++) {
		tree->shown[i] = topo_shows(tree->topo, (int)i);
		tree->among[i] = !p2p_function_is_bridge(&machine->functions[i]) &&
				 (tree->topo->all || p2p_function_is_peer(&machine->functions[i]));
		count += tree->shown[i];
	}
	if (!count && !tree->topo->filter)
		for (size_t i = 0; i < machine->function_count; i++)
			tree->shown[i] = true;
}

static void prepare(struct tree *tree)
{
	const struct p2p_machine *machine = tree->topo->machine;
	struct p2p_arena *arena = tree->topo->arena;

	tree->rows = p2p_arena_array(arena, machine->function_count, sizeof(struct p2p_report_row *));
	tree->hosts = p2p_arena_array(arena, machine->hostbridge_count, sizeof(struct p2p_report_row *));
	tree->busy = p2p_arena_array(arena, machine->hostbridge_count, sizeof(bool));
	tree->shown = p2p_arena_array(arena, machine->function_count, sizeof(bool));
	tree->among = p2p_arena_array(arena, machine->function_count, sizeof(bool));
	tree->islands = p2p_arena_array(arena, machine->function_count, sizeof(int));
	choose(tree);
	p2p_judge_islands(tree->topo->judge, tree->among, tree->islands);
}

/* What ISLE and P2PMEM cannot say by themselves. */
static void put_caveats(struct tree *tree, struct p2p_buf *text)
{
	const struct p2p_machine *machine = tree->topo->machine;
	enum p2p_kernel_kind kind = p2p_judge_candidates(tree->topo->judge)->kind;
	size_t memory = 0, unread = 0, unknown = 0;

	for (size_t i = 0; i < machine->function_count; i++) {
		unknown += tree->among[i] && !tree->islands[i];
		memory += p2p_known(machine->functions[i].memory.fact) && machine->functions[i].memory.size;
		unread += tree->among[i] && machine->functions[i].memory.fact.know == P2P_UNKNOWN;
	}
	if (!memory)
		p2p_buf_puts(text, unread ? "Whether anything here offers peer memory (p2pmem) is not known. "
					  : "Nothing here offers peer memory (p2pmem). ");
	if (kind == P2P_KERNEL_BEFORE)
		p2p_buf_puts(text,
			     "This kernel is older than P2PDMA (4.20): it refuses every pair; ISLE shows what the "
			     "newest rules known would allow. ");
	else if (p2p_known(machine->host.p2pdma.fact) && !machine->host.p2pdma.value)
		p2p_buf_puts(text, "This kernel is built without P2PDMA: it refuses every pair; ISLE shows what one "
				   "with it would allow. ");
	else if (kind == P2P_KERNEL_NEWER || kind == P2P_KERNEL_UNKNOWN)
		p2p_buf_puts(text,
			     "The rules of this kernel are not known; ISLE shows what the newest rules known would "
			     "allow. ");
	else if (!p2p_known(machine->host.p2pdma.fact))
		p2p_buf_puts(text, "Whether this kernel has P2PDMA is not known; ISLE shows what it allows if so. ");
	if (machine->host.hypervisor.value)
		p2p_buf_puts(text, "In a virtual machine the host's routing cannot be seen from here. ");
	if (unknown)
		p2p_buf_puts(text, "ISLE ? is not known; `p2ptopo why A B` says what is missing. ");
}

static void print_summary(struct tree *tree)
{
	struct p2p_buf text = P2P_BUF_INIT;

	topo_host_line(tree->topo, &text);
	p2p_buf_puts(&text, ".");
	topo_print_text(tree->topo, "", "", p2p_buf_text(&text));
	p2p_buf_reset(&text);
	put_caveats(tree, &text);
	if (text.len)
		topo_print_text(tree->topo, "", "", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static enum p2p_exit print_text(struct tree *tree)
{
	const struct p2p_machine *machine = tree->topo->machine;
	size_t count = 0;
	int error;

	for (size_t i = 0; i < machine->function_count; i++)
		count += tree->shown[i];
	if (!count) {
		puts("No function matches.");
		return P2P_EXIT_OK;
	}
	tree->report = p2p_report_new(tree->choice.columns, tree->choice.count);
	for (size_t i = 0; i < machine->function_count; i++)
		if (tree->shown[i])
			add_function(tree, (int)i);
	error = p2p_view_table(stdout, tree->report, &tree->topo->style);
	p2p_report_free(tree->report);
	if (error)
		return P2P_EXIT_CANNOT_READ;
	putchar('\n');
	print_summary(tree);
	topo_print_assumptions(tree->topo);
	return P2P_EXIT_OK;
}

static enum p2p_exit print_json(struct tree *tree)
{
	const struct p2p_machine *machine = tree->topo->machine;
	struct p2p_json *json = p2p_json_new(stdout);

	p2p_json_envelope(json, machine);
	p2p_json_hostbridges(json, machine);
	p2p_json_array(json, "devices", false);
	for (size_t i = 0; i < machine->function_count; i++) {
		if (tree->topo->filter && !tree->shown[i])
			continue;
		p2p_json_device(json, machine, (int)i);
		if (tree->among[i] && tree->islands[i])
			p2p_json_signed(json, "island", tree->islands[i]);
		else
			p2p_json_null(json, "island");
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static enum p2p_exit print(struct topo *topo)
{
	struct tree tree = { .topo = topo };
	enum p2p_exit code = topo_columns(topo, columns, sizeof(columns) / sizeof(*columns), &tree.choice);

	if (code != P2P_EXIT_OK || !tree.choice.count)
		return code;
	prepare(&tree);
	if (p2p_cli_has(topo->cli, "json"))
		return print_json(&tree);
	if (!topo->machine->has_pci || !topo->machine->function_count) {
		puts("No PCI functions here.");
		return P2P_EXIT_OK;
	}
	return print_text(&tree);
}

static int run(const struct p2p_cli *cli)
{
	unsigned want = P2P_WANT_NAMES | P2P_WANT_CHILDREN | P2P_WANT_MEMORY | P2P_WANT_IOMMU | P2P_WANT_RUNNING;
	struct topo topo;
	enum p2p_exit code = topo_open(cli, p2p_cli_has(cli, "json") ? P2P_WANT_ALL | P2P_WANT_RUNNING : want, &topo);

	if (code == P2P_EXIT_OK)
		code = print(&topo);
	topo_close(&topo);
	return code;
}

const struct p2p_verb p2p_verb_tree = {
	.word = "tree",
	.summary = "draw the hierarchy: links, ACS, groups, peer memory, and who can reach whom",
	.details = "Shows likely peers (NVMe, network, display, accelerators, whatever has peer memory or is bound to "
		   "vfio) and what is above them; --all shows every function.\n"
		   "\n"
		   "  LINK    GT/s x lanes now; ! both ends can do better; ~ limited by the partner\n"
		   "  ACS     bits that redirect peer traffic upward: RR CR EC; - none; ? not known\n"
		   "  ATS     + on, - off\n"
		   "  GRP     IOMMU group\n"
		   "  P2PMEM  memory for peers\n"
		   "  ISLE    same number: can all reach each other; - nobody; ? not known",
	.run = run,
};
