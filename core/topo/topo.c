/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "topo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/text.h"
#include "../cli/pager.h"
#include "../cli/style.h"
#include "../io/policy-yaml.h"

/* Not every program has every option. */
static bool has(const struct p2p_cli *cli, const char *word)
{
	return p2p_cli_knows(cli, word) && p2p_cli_has(cli, word);
}

static const char *value(const struct p2p_cli *cli, const char *word)
{
	return p2p_cli_knows(cli, word) ? p2p_cli_value(cli, word) : NULL;
}

static void say(const struct topo *topo, const char *text)
{
	struct p2p_problem problem;

	p2p_problem_set(&problem, 0, "%s%s%s", topo->label ? topo->label : "", topo->label ? ": " : "", text);
	p2p_cli_complain(topo->cli, stderr, &problem);
}

enum p2p_exit topo_complain(const struct topo *topo, const struct p2p_problem *problem)
{
	p2p_cli_complain(topo->cli, stderr, problem);
	return P2P_EXIT_CANNOT_READ;
}

static enum p2p_exit usage(const struct topo *topo, const char *text)
{
	say(topo, text);
	return P2P_EXIT_USAGE;
}

static enum p2p_exit open_source(struct topo *topo)
{
	const char *file = topo->file ? topo->file : p2p_cli_value(topo->cli, "from");
	const char *root = topo->file ? NULL : p2p_cli_value(topo->cli, "root");
	struct p2p_problem problem = { "" };
	int error;

	if ((file && !*file) || (root && !*root))
		return usage(topo, file && !*file ? "--from needs the name of a file, and was given an empty one"
						  : "--root needs the name of a folder, and was given an empty one");
	if (file && root)
		return usage(topo, "--from and --root are two different machines; give one of them");
	if (file)
		error = p2p_source_open_file(file, &problem, &topo->source);
	else if (root)
		error = p2p_source_open_root(root, &problem, &topo->source);
	else
		error = p2p_source_open_live(&problem, &topo->source);
	return error ? topo_complain(topo, &problem) : P2P_EXIT_OK;
}

static enum p2p_exit read_assumptions(struct topo *topo)
{
	const char **words = p2p_arena_array(topo->arena, topo->cli->given_count, sizeof(*words));
	struct p2p_problem problem = { "" };
	const char *word;
	size_t count = 0, at = 0;

	while ((word = p2p_cli_next(topo->cli, "assume", &at)))
		words[count++] = word;
	if (!p2p_assume_parse(topo->arena, words, count, &problem, &topo->assume))
		return P2P_EXIT_OK;
	p2p_cli_complain(topo->cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

static enum p2p_exit open_filter(struct topo *topo)
{
	const char *slot = value(topo->cli, "slot"), *id = value(topo->cli, "id");
	struct p2p_problem problem = { "" };

	if (!slot && !id)
		return P2P_EXIT_OK;
	if (!p2p_filter_new(slot, id, &problem, &topo->filter))
		return P2P_EXIT_OK;
	p2p_cli_complain(topo->cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

static enum p2p_exit scan(struct topo *topo, unsigned want)
{
	struct p2p_scan_options options = { .want = want, .wake = has(topo->cli, "wake"), .assume = &topo->assume,
					    .apart = has(topo->cli, "across") };
	struct p2p_problem problem = { "" };

	if (topo->assume.named)
		options.want |= P2P_WANT_CHILDREN;
	if (has(topo->cli, "numeric"))
		options.want &= ~(unsigned)P2P_WANT_NAMES;
	int error = p2p_scan(topo->source, &options, &problem, &topo->machine);

	if (error) {
		say(topo, problem.text);
		return error == -ENXIO ? P2P_EXIT_USAGE : P2P_EXIT_CANNOT_READ;
	}
	if (options.apart) {
		topo->read = topo->machine;
		topo->machine = p2p_machine_copy(topo->read, true);
		if (p2p_assume_apply(&topo->assume, topo->machine, &problem)) {
			topo_complain(topo, &problem);
			return P2P_EXIT_USAGE;
		}
	}
	for (const struct p2p_message *message = topo->machine->messages; message; message = message->next)
		say(topo, message->text);
	return P2P_EXIT_OK;
}

static void start(const struct p2p_cli *cli, struct topo *topo)
{
	*topo = (struct topo){ .cli = cli, .arena = p2p_arena_new() };
	topo->style = p2p_style_of(stdout, p2p_cli_value(cli, "color"), p2p_cli_has(cli, "ascii"));
	topo->all = has(cli, "all");
	topo->domain = p2p_cli_has(cli, "domain");
}

enum p2p_exit topo_open_source(const struct p2p_cli *cli, struct topo *topo)
{
	start(cli, topo);
	enum p2p_exit code = open_source(topo);

	if (code == P2P_EXIT_OK && p2p_cli_has(cli, "anonymize"))
		topo->source = p2p_source_anonymize(topo->source);
	if (code == P2P_EXIT_OK)
		topo->source = p2p_source_record(topo->source);
	return code;
}

/* Options of which one would be ignored in silence. */
static enum p2p_exit check_options(const struct p2p_cli *cli)
{
	static const struct { const char *one, *other, *says; } pairs[] = {
		{ "list-columns", "json", "--list-columns lists names of columns, --json prints no columns" },
		{ "list-columns", "pairs", "--list-columns lists names of columns, --pairs prints rows" },
		{ "list-columns", "summary", "--summary has columns of its own, which --list-columns does not list" },
		{ "output", "summary", "--summary has columns of its own, and --output would be ignored" },
	};
	struct p2p_problem problem;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		if (!has(cli, pairs[i].one) || !has(cli, pairs[i].other))
			continue;
		p2p_problem_set(&problem, 0, "%s: %s; give one of the two", cli->verb->word, pairs[i].says);
		p2p_cli_complain(cli, stderr, &problem);
		return P2P_EXIT_USAGE;
	}
	return P2P_EXIT_OK;
}

static enum p2p_exit begin(struct topo *topo)
{
	enum p2p_exit code = check_options(topo->cli);

	if (code == P2P_EXIT_OK)
		code = read_assumptions(topo);

	if (code == P2P_EXIT_OK && has(topo->cli, "across") && topo->assume.kernel)
		code = usage(topo, "--across names the kernels; leave --assume kernel= out");
	if (code == P2P_EXIT_OK)
		code = open_filter(topo);
	return code == P2P_EXIT_OK ? open_source(topo) : code;
}

enum p2p_exit topo_begin(const struct p2p_cli *cli, struct topo *topo)
{
	start(cli, topo);
	return begin(topo);
}

enum p2p_exit topo_open(const struct p2p_cli *cli, unsigned want, struct topo *topo)
{
	enum p2p_exit code = topo_begin(cli, topo);

	return code == P2P_EXIT_OK ? topo_look(topo, want) : code;
}

enum p2p_exit topo_open_one_of(const struct p2p_cli *cli, const char *file, const char *label, unsigned want,
			       struct topo *topo)
{
	start(cli, topo);
	topo->file = file;
	topo->label = label;
	enum p2p_exit code = begin(topo);

	return code == P2P_EXIT_OK ? topo_look(topo, want) : code;
}

enum p2p_exit topo_look(struct topo *topo, unsigned want)
{
	struct p2p_problem problem = { "" };
	enum p2p_exit code = scan(topo, want);

	if (code != P2P_EXIT_OK)
		return code;
	if (p2p_hardware_load(topo_allowlist_path, &problem, &topo->hardware))
		return topo_complain(topo, &problem);
	topo->judge = p2p_judge_new(topo->machine, topo->hardware);
	return P2P_EXIT_OK;
}

static void print_stats(const struct topo *topo)
{
	const struct p2p_source_stats *stats = &topo->source->stats;

	fprintf(stderr, "functions=%zu\nreads=%llu\nlinks=%llu\nlists=%llu\nbytes=%llu\nconfig_reads=%llu\n"
			"config_bytes=%llu\n",
		topo->machine ? topo->machine->function_count : 0, (unsigned long long)stats->reads,
		(unsigned long long)stats->links, (unsigned long long)stats->lists, (unsigned long long)stats->bytes,
		(unsigned long long)stats->config_reads, (unsigned long long)stats->config_bytes);
}

void topo_close(struct topo *topo)
{
	if (topo->source && p2p_cli_has(topo->cli, "stats"))
		print_stats(topo);
	p2p_judge_free(topo->judge);
	p2p_hardware_free(topo->hardware);
	p2p_machine_free(topo->machine);
	p2p_machine_free(topo->read);
	p2p_source_free(topo->source);
	p2p_filter_free(topo->filter);
	p2p_arena_free(topo->arena);
}

enum p2p_exit topo_list_columns(const struct p2p_cli *cli, const struct p2p_column *columns, size_t count)
{
	const struct topo topo = { .cli = cli, .style = p2p_style_of(stdout, "never", p2p_cli_has(cli, "ascii")) };
	enum p2p_exit code = check_options(cli);
	int width = 10, columns_there;

	for (size_t i = 0; i < count; i++)
		if ((int)strlen(columns[i].name) > width)
			width = (int)strlen(columns[i].name);
	for (size_t i = 0; i < count && code == P2P_EXIT_OK; i++) {
		struct p2p_buf first = P2P_BUF_INIT, rest = P2P_BUF_INIT;

		p2p_buf_printf(&first, "%-*s ", width, columns[i].name);
		p2p_buf_printf(&rest, "%*s", width + 1, "");
		/* Programs want a line for each. */
		if (p2p_pager_is_terminal(&columns_there) || isatty(STDOUT_FILENO))
			topo_print_text(&topo, p2p_buf_text(&first), p2p_buf_text(&rest), columns[i].help);
		else
			printf("%s%s\n", p2p_buf_text(&first), columns[i].help);
		p2p_buf_free(&first);
		p2p_buf_free(&rest);
	}
	return code;
}

enum p2p_exit topo_columns(const struct topo *topo, const struct p2p_column *columns, size_t count,
			   struct p2p_choice *ret)
{
	struct p2p_problem problem = { "" };

	*ret = (struct p2p_choice){ 0 };
	if (p2p_cli_has(topo->cli, "list-columns"))
		return topo_list_columns(topo->cli, columns, count);
	if (!p2p_choice_make(topo->arena, columns, count, p2p_cli_value(topo->cli, "output"), &problem, ret))
		return P2P_EXIT_OK;
	struct p2p_problem said;

	p2p_problem_set(&said, 0, "%s: %.200s (%s %s -H lists its columns)", topo->cli->verb->word, problem.text,
			topo->cli->program->name, topo->cli->verb->word);
	p2p_cli_complain(topo->cli, stderr, &said);
	return P2P_EXIT_USAGE;
}

bool topo_matches(const struct topo *topo, int index)
{
	const struct p2p_function *function = &topo->machine->functions[index];

	return !topo->filter || p2p_filter_match(topo->filter, function->bdf, (uint16_t)function->vendor.value,
						 (uint16_t)function->device.value, (uint32_t)function->class.value);
}

bool topo_shows(const struct topo *topo, int index)
{
	if (topo->filter)
		return topo_matches(topo, index);
	return topo->all || p2p_function_is_peer(&topo->machine->functions[index]);
}

static const char *replayed(const struct topo *topo)
{
	return topo->file ? topo->file : value(topo->cli, "from");
}

void topo_command(const struct topo *topo, struct p2p_buf *ret)
{
	const char *file = replayed(topo), *root = file ? NULL : value(topo->cli, "root");
	const char *name = file ? file : root;

	p2p_buf_puts(ret, "p2ptopo");
	if (!name)
		return;
	/* What a shell would take apart is left to the reader. */
	bool plain = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@,") ==
		     strlen(name);

	p2p_buf_printf(ret, " %s %s", file ? "-F" : "--root", plain ? name : file ? "FILE" : "DIR");
}

static int no_device(const struct topo *topo, const char *word)
{
	const char *file = replayed(topo);
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "%s: ", word);
	if (file)
		p2p_buf_printf(&text, "%s has no such device; `", strcmp(file, "-") ? file : "standard input");
	else
		p2p_buf_puts(&text, "this machine has no such device; `");
	topo_command(topo, &text);
	p2p_buf_puts(&text, " tree --all` lists what it has");
	say(topo, p2p_buf_text(&text));
	p2p_buf_free(&text);
	return P2P_NOBODY;
}

static int ambiguous(const struct topo *topo, const char *word, const int *found, size_t count)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	p2p_buf_printf(&text, "%s is the name of several functions, name one of them:", word);
	for (size_t i = 0; i < count; i++)
		p2p_buf_printf(&text, " %s", p2p_bdf_format(topo->machine->functions[found[i]].bdf, true, address));
	say(topo, p2p_buf_text(&text));
	p2p_buf_free(&text);
	return P2P_NOBODY;
}

int topo_device(const struct topo *topo, const char *word)
{
	if (!strncmp(word, "/dev/", 5))
		word += 5;
	const struct p2p_machine *machine = topo->machine;
	struct p2p_bdf bdf;
	int found[16];
	size_t count = 0;

	if (!p2p_bdf_parse_typed(word, &bdf)) {
		int index = p2p_machine_find(machine, bdf);

		return index == P2P_NOBODY ? no_device(topo, word) : index;
	}
	for (size_t i = 0; i < machine->function_count; i++)
		for (const struct p2p_child *child = machine->functions[i].children; child; child = child->next)
			if (!strcmp(child->name, word) && count < sizeof(found) / sizeof(*found))
				found[count++] = (int)i;
	if (count > 1)
		return ambiguous(topo, word, found, count);
	return count ? found[0] : no_device(topo, word);
}

const char *topo_address(const struct topo *topo, int index, char text[P2P_BDF_TEXT])
{
	return p2p_bdf_format(topo->machine->functions[index].bdf, topo->domain || !topo->machine->one_domain, text);
}

static void put_children(const struct p2p_function *function, struct p2p_buf *ret)
{
	for (const struct p2p_child *child = function->children; child; child = child->next) {
		p2p_buf_printf(ret, "%s%s", child->name,
			       child->kind != P2P_CHILD_NET	    ? ""
			       : !p2p_known(child->state.fact)	    ? "?"
			       : !strcmp(child->state.text, "up") ? ""
								    : "(down)");
		p2p_buf_putc(ret, ' ');
	}
}

void topo_name(const struct topo *topo, int index, struct p2p_buf *ret)
{
	const struct p2p_function *function = &topo->machine->functions[index];

	put_children(function, ret);
	if (p2p_known(function->device_name.fact))
		p2p_buf_puts(ret, function->device_name.text);
	else if (p2p_known(function->vendor.fact) && p2p_known(function->device.fact))
		p2p_buf_printf(ret, "%04x:%04x", (unsigned)function->vendor.value, (unsigned)function->device.value);
	else
		p2p_buf_putc(ret, '?');
	if (!p2p_known(function->device_name.fact) && p2p_known(function->class_name.fact))
		p2p_buf_printf(ret, " %s", function->class_name.text);
}

static void put_p2pdma(const struct topo *topo, struct p2p_buf *ret)
{
	const struct p2p_host *host = &topo->machine->host;

	if (p2p_judge_candidates(topo->judge)->kind == P2P_KERNEL_BEFORE)
		p2p_buf_puts(ret, "older than P2PDMA");
	else if (!p2p_known(host->p2pdma.fact))
		p2p_buf_puts(ret, "P2PDMA: not known whether built in");
	else
		p2p_buf_puts(ret, host->p2pdma.value ? "P2PDMA built in" : "built without P2PDMA");
}

void topo_host_line(const struct topo *topo, struct p2p_buf *ret)
{
	const struct p2p_host *host = &topo->machine->host;

	p2p_buf_printf(ret, "Linux %s", p2p_known(host->kernel.fact) ? host->kernel.text : "?");
	p2p_buf_puts(ret, ", ");
	put_p2pdma(topo, ret);
	if (p2p_known(host->cpu_vendor.fact) && p2p_known(host->cpu_family.fact))
		p2p_buf_printf(ret, "; %s family %llu", host->cpu_vendor.text,
			       (unsigned long long)host->cpu_family.value);
	else
		p2p_buf_puts(ret, p2p_absent(host->cpu_vendor.fact) ? "; not x86" : "; processor not known");
	if (p2p_known(host->iommu))
		p2p_buf_printf(ret, "; IOMMU %s", p2p_iommu_kind_name(host->iommu_kind));
	else
		p2p_buf_puts(ret, "; IOMMU not known");
	if (p2p_known(host->iommu_mode.fact))
		p2p_buf_printf(ret, " (%s)", host->iommu_mode.text);
	if (p2p_known(host->hypervisor.fact) && host->hypervisor.value)
		p2p_buf_puts(ret, "; virtual machine");
}

void topo_print_text(const struct topo *topo, const char *first, const char *rest, const char *text)
{
	p2p_view_text(stdout, first, rest, text, topo->style.width ? (size_t)topo->style.width : 80,
		      topo->style.ascii);
}

void topo_print_privilege(const struct topo *topo)
{
	const struct p2p_machine *machine = topo->machine;
	bool forbidden = false;

	for (size_t i = 0; i < machine->function_count && !forbidden; i++) {
		const struct p2p_acs *acs = &machine->functions[i].acs;

		forbidden = acs->fact.know == P2P_UNKNOWN &&
			    (acs->fact.error == -EACCES || acs->fact.error == -EPERM) &&
			    p2p_function_redirects(&machine->functions[i]) == P2P_MAYBE;
	}
	if (forbidden)
		topo_print_text(topo, "", "",
				replayed(topo)
					? "ACS is not known where only root may read it: take the snapshot as root."
					: "ACS is not known where only root may read it: run as root (or `p2pctl "
					  "publish` as root, once, for everybody).");
}

void topo_print_assumptions(const struct topo *topo)
{
	for (size_t i = 0; i < topo->machine->assumption_count; i++) {
		struct p2p_buf text = P2P_BUF_INIT;

		p2p_buf_printf(&text, "Assumed: %s.", topo->machine->assumptions[i]);
		topo_print_text(topo, "", "", p2p_buf_text(&text));
		p2p_buf_free(&text);
	}
}

void topo_size(uint64_t bytes, struct p2p_buf *ret)
{
	p2p_text_size(ret, bytes);
}
