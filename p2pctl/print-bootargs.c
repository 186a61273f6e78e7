/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bootargs.h"
#include "core/engine/folklore.h"
#include "core/model/acs.h"
#include "core/model/host.h"
#include "core/view/json-machine.h"
#include "print-plan.h"

#define PAIRS_MOST 40

static const char *takes(enum p2p_acs_args args)
{
	switch (args) {
	case P2P_ACS_ARGS_DISABLE_REDIR:
		return "disable_acs_redir=";
	case P2P_ACS_ARGS_CONFIG_ACS:
		return "config_acs=";
	case P2P_ACS_ARGS_BROKEN:
		return "neither right";
	case P2P_ACS_ARGS_NONE:
		return "neither";
	default:
		return "not known";
	}
}

/* For programs; NULL: not known. */
static const char *takes_word(enum p2p_acs_args args)
{
	switch (args) {
	case P2P_ACS_ARGS_DISABLE_REDIR:
		return "disable_acs_redir";
	case P2P_ACS_ARGS_CONFIG_ACS:
		return "config_acs";
	case P2P_ACS_ARGS_BROKEN:
		return "broken";
	case P2P_ACS_ARGS_NONE:
		return "none";
	default:
		return NULL;
	}
}

static bool is_this(const struct bootargs *bootargs)
{
	return bootargs->image.path && !bootargs->image.confined;
}

const char *bootargs_next(const struct bootargs *bootargs, size_t number)
{
	const struct p2p_boot_files *files = &bootargs->files;
	const char *in = is_this(bootargs) ? "" : " (in the image)";
	const char *argument = bootargs->made ? bootargs->made->argument : NULL;

	if (bootargs->change_count) {
		if (number == 0 && files->grub)
			return p2p_arena_printf(bootargs->arena, "update-grub%s", in);
		if (number == (files->grub ? 1 : 0) && files->kernel_install)
			return p2p_arena_printf(bootargs->arena, "kernel-install add-all%s; before systemd 255: "
						"kernel-install add RELEASE IMAGE for each kernel", in);
		return NULL;
	}
	if (!argument || bootargs->wrote || bootargs->refused_count || number)
		return NULL;
	/* A shell's single quotes: the argument holds none. */
	if (files->ostree)
		return p2p_arena_printf(bootargs->arena, "rpm-ostree kargs --append='%s'", argument);
	if (files->grub || files->kernel_install)
		return "p2pctl bootargs --write puts it into the files of the boot loader";
	return "add it to the command line of your boot loader, in quotes where ; ends a command (GRUB, shells)";
}

/* ------------------------------------------------------------------ people */

static void print_kernels(const struct bootargs *bootargs)
{
	const struct topo *topo = &bootargs->ctl->topo;
	struct p2p_buf text = P2P_BUF_INIT;

	print_title(topo, "Kernels");
	for (size_t i = 0; i < bootargs->kernel_count; i++) {
		const struct p2p_bootargs_kernel *kernel = &bootargs->kernels[i];
		const struct p2p_bootargs_judged *judged = &bootargs->made->kernels[i];
		char number[P2P_RELEASE_TEXT];
		struct p2p_release release;
		const char *fate = p2p_bootargs_fate_name(judged->fate);

		p2p_buf_reset(&text);
		p2p_buf_puts(&text, kernel->name);
		if (!p2p_host_release(&kernel->host, &release) &&
		    strcmp(p2p_release_format(release, number), kernel->name) != 0)
			p2p_buf_printf(&text, " (%s)", number);
		p2p_buf_printf(&text, " takes %s", takes(judged->args));
		if (bootargs->made->hop_count)
			p2p_buf_printf(&text, ": %s", !fate ? "NOT KNOWN"
						      : judged->fate == P2P_BOOTARGS_MISBEHAVES ? "MISBEHAVES"
												: fate);
		if (judged->says)
			p2p_buf_printf(&text, "; %s", judged->says);
		topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

/* A kernel that is known to lack P2PDMA allows nothing, whatever its rules would say. */
static const char *map_on(const struct p2p_bootargs_kernel *kernel, const struct p2p_verdict *verdict)
{
	if (p2p_known(kernel->host.p2pdma.fact) && p2p_map_name(verdict->map))
		return p2p_map_name(verdict->map);
	return print_map(verdict);
}

static bool is_alike(const struct bootargs *bootargs, size_t pair)
{
	const struct p2p_bootargs_judged *kernels = bootargs->made->kernels;

	for (size_t i = 1; i < bootargs->kernel_count; i++) {
		const struct p2p_bootargs_kernel *first = bootargs->kernels, *other = &first[i];

		if (strcmp(map_on(first, &kernels[0].before[pair]), map_on(other, &kernels[i].before[pair])) != 0 ||
		    strcmp(map_on(first, &kernels[0].after[pair]), map_on(other, &kernels[i].after[pair])) != 0)
			return false;
	}
	return true;
}

static void put_change(const struct bootargs *bootargs, size_t kernel, size_t pair, struct p2p_buf *text)
{
	const struct p2p_bootargs_judged *judged = &bootargs->made->kernels[kernel];
	const char *before = map_on(&bootargs->kernels[kernel], &judged->before[pair]);
	const char *after = map_on(&bootargs->kernels[kernel], &judged->after[pair]);

	if (strcmp(before, after) != 0)
		p2p_buf_printf(text, "%s becomes %s", before, after);
	else
		p2p_buf_printf(text, "%s stays", before);
}

static void print_pair(const struct bootargs *bootargs, size_t pair)
{
	const struct topo *topo = &bootargs->ctl->topo;
	const struct p2p_outcome *outcome = &bootargs->plan->outcomes[pair];
	struct p2p_buf text = P2P_BUF_INIT;
	bool alike = is_alike(bootargs, pair);
	/* Another pair's change may give it a way all the same. */
	bool says = outcome->says && !strcmp(print_map(&outcome->before), print_map(&outcome->after));

	print_put_function(topo, outcome->provider, &text);
	p2p_buf_puts(&text, topo->style.ascii ? " > " : " → ");
	print_put_function(topo, outcome->client, &text);
	p2p_buf_puts(&text, ": ");
	if (says)
		p2p_buf_puts(&text, outcome->says);
	else if (outcome->refused)
		p2p_buf_puts(&text, "refused, see the price below");
	else if (alike)
		put_change(bootargs, 0, pair, &text);
	topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	for (size_t i = 0; !alike && !says && !outcome->refused && i < bootargs->kernel_count; i++) {
		p2p_buf_reset(&text);
		p2p_buf_printf(&text, "%s: ", bootargs->kernels[i].name);
		put_change(bootargs, i, pair, &text);
		topo_print_text(topo, "      ", "          ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

static void print_pairs(const struct bootargs *bootargs)
{
	const struct topo *topo = &bootargs->ctl->topo;
	size_t count = bootargs->plan->outcome_count;

	if (!count)
		return;
	print_title(topo, "Pairs");
	for (size_t i = 0; i < count && i < PAIRS_MOST; i++)
		print_pair(bootargs, i);
	if (count > PAIRS_MOST)
		printf("  and %zu more (--json has all)\n", count - PAIRS_MOST);
	print_beyond(topo, bootargs->plan);
}

static void print_words(const struct bootargs *bootargs)
{
	const struct topo *topo = &bootargs->ctl->topo;
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	if (!bootargs->made->hop_count)
		return;
	print_title(topo, "ACS after such a boot");
	for (size_t hop = 0; hop < bootargs->made->hop_count; hop++)
		for (size_t i = 0; i < bootargs->kernel_count; i++) {
			const struct p2p_acs *acs = &bootargs->made->kernels[i].words_after[hop];

			p2p_buf_reset(&text);
			p2p_buf_printf(&text, "%s, %s: ", topo_address(topo, bootargs->made->hops[hop], address),
				       bootargs->kernels[i].name);
			p2p_acs_format_open(&text, acs->ctrl, acs->cap & 0x7f, acs->unsure);
			topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
		}
	p2p_buf_free(&text);
}

static void print_argument(const struct bootargs *bootargs)
{
	const struct topo *topo = &bootargs->ctl->topo;
	const char *argument = bootargs->made->argument;

	if (argument) {
		print_title(topo, bootargs->refused_count ? "Argument, refused" : "Argument");
		printf("  %s\n", argument);
	} else if (!bootargs->made->hop_count && !bootargs->plan->refused) {
		puts(bootargs->plan->outcome_count
			     ? "No argument is needed, or none helps."
			     : "The policy wishes nothing of the command line (no rule with `acs-by: boot`).");
	} else if (!bootargs->plan->refused) {
		puts("No argument is right for any of these kernels.");
	}
	if (*bootargs->asked.redir || *bootargs->asked.config)
		topo_print_text(topo, "  ", "  ", "What others have given for these arguments is joined with it where "
			       "it has the same: the kernel counts only the last list of each.");
	if (bootargs->files.later && argument)
		topo_print_text(topo, "  ", "  ", p2p_arena_printf(bootargs->arena, "Look at %s: GRUB reads it after "
				"ours, and if it sets the variable anew, ours is lost.", bootargs->files.later));
	for (size_t i = 0; i < bootargs->refused_count; i++)
		topo_print_text(topo, "Refused: ", "    ",
				p2p_arena_printf(bootargs->arena, "%s.", bootargs->refused[i]));
	if (bootargs->unknown && !bootargs->refused_count)
		puts("Not known enough to write anything: look as root, with all devices awake.");
}

static const char *says_script(const struct bootargs *bootargs, const struct p2p_acs_script *script)
{
	return p2p_arena_printf(bootargs->arena,
				"%s:%u changes ACS with setpci%s%s. A reset, a resume or a driver that binds puts it "
				"back, and IOMMU groups were made before it. Write instead: a rule with `acs-redirect: "
				"off` for the pairs that need it, then `p2pctl bootargs --write`, or `acs-by: runtime` "
				"and `p2pctl enable`",
				script->path, script->line,
				script->many ? ", on more hops than any pair needs: isolation is given away for nothing"
					     : "",
				script->raw ? ", at an offset that is ACS only on some devices, and something else on "
					      "others"
					    : "");
}

static void print_lint(const struct bootargs *bootargs)
{
	const struct topo *topo = &bootargs->ctl->topo;
	struct p2p_folklore found[P2P_FOLKLORE_MAX];
	size_t count = p2p_folklore_find(topo->judge, NULL, bootargs->arena, found);

	if (!count && !bootargs->script_count)
		return;
	print_title(topo, "Folklore here");
	for (size_t i = 0; i < count; i++)
		topo_print_text(topo, "  ", "      ", p2p_arena_printf(bootargs->arena, "%s.", found[i].says));
	for (size_t i = 0; i < bootargs->script_count; i++)
		topo_print_text(topo, "  ", "      ",
				p2p_arena_printf(bootargs->arena, "%s.", says_script(bootargs, &bootargs->scripts[i])));
}

static void print_done(const struct bootargs *bootargs)
{
	const struct topo *topo = &bootargs->ctl->topo;
	const char *next;

	for (size_t i = 0; i < bootargs->change_count; i++)
		topo_print_text(topo, "", "    ",
				p2p_arena_printf(bootargs->arena, "%s: %s.", bootargs->changes[i].path,
						 bootargs->changes[i].says));
	if (bootargs->wrote && !bootargs->change_count)
		puts("The files are so already.");
	for (size_t i = 0; (next = bootargs_next(bootargs, i)); i++)
		topo_print_text(topo, "Next: ", "    ", next);
}

void bootargs_print(const struct bootargs *bootargs)
{
	if (!bootargs->made) {
		if (!bootargs->change_count)
			puts("Nothing of ours is in the files of the boot loader.");
		print_done(bootargs);
		return;
	}
	print_kernels(bootargs);
	print_pairs(bootargs);
	print_words(bootargs);
	print_prices(&bootargs->ctl->topo, bootargs->plan);
	print_lint(bootargs);
	print_argument(bootargs);
	print_done(bootargs);
}

/* -------------------------------------------------------------------- JSON */

static void json_kernel(const struct bootargs *bootargs, size_t index, struct p2p_json *json)
{
	const struct p2p_bootargs_judged *judged = &bootargs->made->kernels[index];
	const struct p2p_bootargs_kernel *kernel = &bootargs->kernels[index];
	const struct p2p_machine *machine = bootargs->ctl->topo.machine;
	char number[P2P_RELEASE_TEXT];
	struct p2p_release release;

	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "name", kernel->name);
	p2p_json_text(json, "release",
		      p2p_host_release(&kernel->host, &release) ? NULL : p2p_release_format(release, number));
	p2p_json_answer(json, "p2pdma", !p2p_known(kernel->host.p2pdma.fact) ? P2P_MAYBE
					: kernel->host.p2pdma.value	     ? P2P_YES
									     : P2P_NO);
	p2p_json_text(json, "takes", takes_word(judged->args));
	p2p_json_text(json, "fate", p2p_bootargs_fate_name(judged->fate));
	p2p_json_text(json, "says", judged->says);
	p2p_json_array(json, "pairs", false);
	for (size_t i = 0; i < bootargs->plan->outcome_count; i++) {
		p2p_json_object(json, NULL, true);
		print_json_function(json, "provider", machine, bootargs->plan->outcomes[i].provider);
		print_json_function(json, "client", machine, bootargs->plan->outcomes[i].client);
		p2p_json_text(json, "before", p2p_map_name(judged->before[i].map));
		p2p_json_text(json, "after", p2p_map_name(judged->after[i].map));
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_array(json, "acs", false);
	for (size_t i = 0; i < bootargs->made->hop_count; i++) {
		p2p_json_object(json, NULL, true);
		print_json_function(json, "device", machine, bootargs->made->hops[i]);
		p2p_json_number(json, "before", judged->words_before[i].ctrl);
		p2p_json_number(json, "before_unknown", judged->words_before[i].unsure);
		p2p_json_number(json, "after", judged->words_after[i].ctrl);
		p2p_json_number(json, "after_unknown", judged->words_after[i].unsure);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_object_end(json);
}

static void json_pairs(const struct bootargs *bootargs, struct p2p_json *json)
{
	p2p_json_array(json, "pairs", false);
	for (size_t i = 0; i < bootargs->plan->outcome_count; i++) {
		const struct p2p_outcome *outcome = &bootargs->plan->outcomes[i];

		p2p_json_object(json, NULL, true);
		print_json_function(json, "provider", bootargs->plan->machine, outcome->provider);
		print_json_function(json, "client", bootargs->plan->machine, outcome->client);
		p2p_json_text(json, "rule", outcome->rule);
		p2p_json_bool(json, "refused", outcome->refused);
		p2p_json_text(json, "says", outcome->says);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void json_lint(const struct bootargs *bootargs, struct p2p_json *json)
{
	struct p2p_folklore found[P2P_FOLKLORE_MAX];
	size_t count = p2p_folklore_find(bootargs->ctl->topo.judge, NULL, bootargs->arena, found);

	p2p_json_array(json, "folklore", false);
	for (size_t i = 0; i < count; i++) {
		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "id", found[i].id);
		p2p_json_text(json, "says", found[i].says);
		p2p_json_text(json, "cite", found[i].cite);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_array(json, "scripts", false);
	for (size_t i = 0; i < bootargs->script_count; i++) {
		const struct p2p_acs_script *script = &bootargs->scripts[i];

		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "path", script->path);
		p2p_json_number(json, "line", script->line);
		p2p_json_text(json, "text", script->text);
		p2p_json_bool(json, "many", script->many);
		p2p_json_bool(json, "raw", script->raw);
		p2p_json_text(json, "says", says_script(bootargs, script));
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void json_others(const struct bootargs *bootargs, struct p2p_json *json)
{
	p2p_json_array(json, "others", false);
	for (size_t i = 0; i < bootargs->files.word_count; i++) {
		const struct p2p_boot_word *word = &bootargs->files.words[i];

		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "path", word->path);
		p2p_json_number(json, "line", word->line);
		p2p_json_text(json, "name", word->config ? "config_acs" : "disable_acs_redir");
		p2p_json_text(json, "list", word->list);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void json_judged(const struct bootargs *bootargs, struct p2p_json *json)
{
	p2p_json_text(json, "argument", bootargs->made->argument);
	p2p_json_array(json, "refused", false);
	for (size_t i = 0; i < bootargs->refused_count; i++)
		p2p_json_text(json, NULL, bootargs->refused[i]);
	p2p_json_array_end(json);
	p2p_json_array(json, "kernels", false);
	for (size_t i = 0; i < bootargs->kernel_count; i++)
		json_kernel(bootargs, i, json);
	p2p_json_array_end(json);
	json_pairs(bootargs, json);
	print_json_beyond(json, bootargs->plan);
	print_json_prices(json, bootargs->plan);
	json_others(bootargs, json);
	json_lint(bootargs, json);
}

int bootargs_print_json(const struct bootargs *bootargs)
{
	struct p2p_json *json = p2p_json_new(stdout);
	const char *next;

	if (bootargs->made) {
		p2p_json_envelope(json, "p2pctl/1", bootargs->ctl->topo.machine);
	} else {
		p2p_json_object(json, NULL, false);
		p2p_json_text(json, "schema", "p2pctl/1");
	}
	p2p_json_object(json, "boot", false);
	if (bootargs->made)
		json_judged(bootargs, json);
	p2p_json_array(json, "changed", false);
	for (size_t i = 0; i < bootargs->change_count; i++) {
		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "path", bootargs->changes[i].path);
		p2p_json_text(json, "says", bootargs->changes[i].says);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_array(json, "next", false);
	for (size_t i = 0; (next = bootargs_next(bootargs, i)); i++)
		p2p_json_text(json, NULL, next);
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	p2p_json_object_end(json);
	return p2p_json_end(json);
}
