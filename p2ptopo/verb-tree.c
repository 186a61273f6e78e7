/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree: the hierarchy on one screen, and who can reach whom. */
#include <stdio.h>
#include <stdlib.h>

#include "core/view/json-machine.h"
#include "folklore.h"
#include "function-columns.h"

struct tree {
	struct topo *topo;
	struct p2p_choice choice;      /* among function_columns */
	struct function_facts facts;
	struct function_cell cell;     /* scratch */
	struct p2p_report *report;
	struct p2p_report_row **rows;  /* of each function; NULL: not shown */
	struct p2p_report_row **hosts; /* of each host bridge */
	bool *busy;                    /* host bridges that are being added */
	bool *shown, *drawn;           /* asked for; that, and what is above it */
};

static void set(struct tree *tree, struct p2p_report_row *row, size_t column, enum p2p_role role, const char *text)
{
	if (tree->choice.at[column] >= 0)
		p2p_report_set(tree->report, row, (size_t)tree->choice.at[column], role, text);
}

static void add_host(struct tree *tree, int index);

/* The row of a function, and first those above it. */
static struct p2p_report_row *add_function(struct tree *tree, int index)
{
	const struct p2p_machine *machine = tree->topo->machine;
	const struct p2p_function *function = &machine->functions[index];
	struct p2p_report_row *parent = NULL;

	if (tree->rows[index])
		return tree->rows[index];
	if (p2p_known(function->under.fact)) {
		parent = add_function(tree, function->under.to);
	} else if (function->hostbridge != P2P_NOBODY && p2p_absent(function->under.fact)) {
		add_host(tree, function->hostbridge);
		parent = tree->hosts[function->hostbridge];
	}
	struct p2p_report_row *row = tree->rows[index] = p2p_report_add(tree->report, parent);

	for (size_t i = 0; i < function_column_count; i++) {
		if (tree->choice.at[i] < 0)
			continue;
		function_cell_make(&tree->facts, i, index, &tree->cell);
		set(tree, row, i, tree->cell.role, function_cell_text(&tree->cell));
	}
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
	set(tree, tree->hosts[index], function_column_named("DEVICE"), P2P_ROLE_TITLE, hostbridge->name);
	set(tree, tree->hosts[index], function_column_named("NAME"), P2P_ROLE_DIM, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* Without -a, -s, -d: peers and what is above them; when there are none, everything. */
static void choose(struct tree *tree)
{
	const struct p2p_machine *machine = tree->topo->machine;
	size_t count = 0;

	for (size_t i = 0; i < machine->function_count; i++) {
		tree->shown[i] = topo_shows(tree->topo, (int)i);
		count += tree->shown[i];
	}
	if (!count && !tree->topo->filter)
		for (size_t i = 0; i < machine->function_count; i++)
			tree->shown[i] = true;
}

/*
 * What is drawn because something below it is shown.  Marked first, so that rows
 * are made in the order of addresses, and a host bridge is not drawn late
 * because what hangs from it is in a high domain (VMD).
 */
static void draw(struct tree *tree, int index)
{
	const struct p2p_machine *machine = tree->topo->machine;

	while (index != P2P_NOBODY && !tree->drawn[index]) {
		const struct p2p_function *function = &machine->functions[index];

		tree->drawn[index] = true;
		if (p2p_known(function->under.fact))
			index = function->under.to;
		else if (function->hostbridge != P2P_NOBODY && p2p_absent(function->under.fact))
			index = machine->hostbridges[function->hostbridge].under;
		else
			index = P2P_NOBODY;
	}
}

/* Where anything was measured, its column is one of the usual ones. */
static bool wants_proved(const struct p2p_cli *cli)
{
	const char *spec = p2p_cli_value(cli, "output");

	return !spec || *spec == '+';
}

static void prepare(struct tree *tree)
{
	const struct p2p_machine *machine = tree->topo->machine;
	struct p2p_arena *arena = tree->topo->arena;

	tree->rows = p2p_arena_array(arena, machine->function_count, sizeof(struct p2p_report_row *));
	tree->hosts = p2p_arena_array(arena, machine->hostbridge_count, sizeof(struct p2p_report_row *));
	tree->busy = p2p_arena_array(arena, machine->hostbridge_count, sizeof(bool));
	tree->shown = p2p_arena_array(arena, machine->function_count, sizeof(bool));
	tree->drawn = p2p_arena_array(arena, machine->function_count, sizeof(bool));
	choose(tree);
	for (size_t i = 0; i < machine->function_count; i++)
		if (tree->shown[i])
			draw(tree, (int)i);
	function_facts_make(tree->topo, false, &tree->facts);
	if (tree->facts.measured && wants_proved(tree->topo->cli))
		function_columns_insert("PROVED", "NAME", arena, &tree->choice);
}

/* What ISLE and P2PMEM cannot say by themselves. */
static void put_caveats(struct tree *tree, struct p2p_buf *text)
{
	const struct p2p_machine *machine = tree->topo->machine;
	enum p2p_kernel_kind kind = p2p_judge_candidates(tree->topo->judge)->kind;
	size_t memory = 0, unread = 0, unknown = 0;

	for (size_t i = 0; i < machine->function_count; i++) {
		unknown += tree->facts.among[i] && !tree->facts.islands[i];
		memory += p2p_known(machine->functions[i].memory.fact) && machine->functions[i].memory.size;
		unread += tree->facts.among[i] && machine->functions[i].memory.fact.know == P2P_UNKNOWN;
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
		if (tree->drawn[i])
			add_function(tree, (int)i);
	error = p2p_view_table(stdout, tree->report, &tree->topo->style);
	p2p_report_free(tree->report);
	if (error)
		return P2P_EXIT_CANNOT_READ;
	putchar('\n');
	print_summary(tree);
	topo_print_privilege(tree->topo);
	folklore_print(tree->topo, NULL, "Folklore: ", "  ");
	topo_print_assumptions(tree->topo);
	return P2P_EXIT_OK;
}

static enum p2p_exit print_json(struct tree *tree)
{
	const struct p2p_machine *machine = tree->topo->machine;
	struct p2p_json *json = p2p_json_new(stdout);

	p2p_json_envelope(json, "p2ptopo/1", machine);
	p2p_json_hostbridges(json, machine);
	p2p_json_array(json, "devices", false);
	for (size_t i = 0; i < machine->function_count; i++) {
		if (tree->topo->filter && !tree->shown[i])
			continue;
		p2p_json_device(json, machine, (int)i);
		if (tree->facts.among[i] && tree->facts.islands[i])
			p2p_json_signed(json, "island", tree->facts.islands[i]);
		else
			p2p_json_null(json, "island");
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	folklore_json(tree->topo, NULL, json);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

static enum p2p_exit print(struct tree *tree)
{
	const struct topo *topo = tree->topo;

	prepare(tree);
	if (p2p_cli_has(topo->cli, "json"))
		return print_json(tree);
	if (!topo->machine->has_pci || !topo->machine->function_count) {
		puts("No PCI functions here.");
		return P2P_EXIT_OK;
	}
	return print_text(tree);
}

static enum p2p_exit look(const struct p2p_cli *cli, const struct p2p_choice *choice)
{
	unsigned results = P2P_WANT_RESULTS * wants_proved(cli);
	unsigned want = results | P2P_WANT_NAMES | P2P_WANT_CHILDREN | P2P_WANT_MEMORY | P2P_WANT_IOMMU |
			P2P_WANT_RUNNING | function_columns_want(choice);
	struct topo topo;
	struct tree tree = { .topo = &topo, .choice = *choice };
	enum p2p_exit code = topo_open(
		cli, p2p_cli_has(cli, "json") ? P2P_WANT_ALL | P2P_WANT_RUNNING | P2P_WANT_RESULTS : want, &topo);

	if (code == P2P_EXIT_OK)
		code = print(&tree);
	function_cell_free(&tree.cell);
	topo_close(&topo);
	return code;
}

static int run(const struct p2p_cli *cli)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_choice choice;
	enum p2p_exit code = function_columns_choose(cli, arena, FUNCTION_IN_TREE, &choice);

	if (code == P2P_EXIT_OK && choice.count)
		code = look(cli, &choice);
	p2p_arena_free(arena);
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
