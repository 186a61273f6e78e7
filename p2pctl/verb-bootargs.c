/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootargs.h"
#include "core/io/state.h"
#include "history.h"

static enum p2p_exit usage(const struct bootargs *bootargs, const char *text)
{
	ctl_say(bootargs->ctl, text);
	return P2P_EXIT_USAGE;
}

static bool has(const struct bootargs *bootargs, const char *word)
{
	return p2p_cli_has(bootargs->ctl->cli, word);
}

static enum p2p_exit check_options(const struct bootargs *bootargs)
{
	bool write = has(bootargs, "write"), take = has(bootargs, "remove");

	if (write && take)
		return usage(bootargs, "--write and --remove are opposites; give one of them");
	if (bootargs->ctl->cli->arg_count && (write || take))
		return usage(bootargs, "--write and --remove go with the policy, not with two devices: what is "
				       "written must be all that is wished");
	if (bootargs->ctl->rehearsal && (write || take) && !p2p_cli_has(bootargs->ctl->cli, "image"))
		return usage(bootargs, "a snapshot tells of no files to write: give --image the installed system that "
				       "they are in");
	return P2P_EXIT_OK;
}

/* The installed system: this one's, or the one that --image names.  A snapshot has none. */
static enum p2p_exit open_image(struct bootargs *bootargs)
{
	const char *given = p2p_cli_value(bootargs->ctl->cli, "image");
	struct p2p_problem problem = { "" };

	if (bootargs->ctl->rehearsal && !given)
		return P2P_EXIT_OK;
	int error = p2p_image_open(given ? given : "/", &problem, &bootargs->image);

	if (!error)
		error = p2p_boot_files_read(&bootargs->image, bootargs->arena, &problem, &bootargs->files);
	if (!error)
		return P2P_EXIT_OK;
	p2p_cli_complain(bootargs->ctl->cli, stderr, &problem);
	return error == -EBADMSG ? P2P_EXIT_HUMAN : P2P_EXIT_CANNOT_READ;
}

static void read_present(struct bootargs *bootargs)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (!p2p_source_read_text(bootargs->ctl->topo.source, "proc/cmdline", 65536, &text)) {
		char *line = p2p_arena_strdup(bootargs->arena, p2p_buf_text(&text));

		line[strcspn(line, "\n")] = '\0';
		bootargs->present = line;
	}
	p2p_buf_free(&text);
}

/* ------------------------------------------------------------------- judge */

static enum p2p_exit wish_pair(struct bootargs *bootargs, struct p2p_planner *planner)
{
	const struct topo *topo = &bootargs->ctl->topo;
	int provider = topo_device(topo, bootargs->ctl->cli->args[0]);
	int client = provider == P2P_NOBODY ? P2P_NOBODY : topo_device(topo, bootargs->ctl->cli->args[1]);

	if (client == P2P_NOBODY)
		return P2P_EXIT_USAGE;
	p2p_planner_clear_acs(planner, provider, client, NULL);
	return P2P_EXIT_OK;
}

static enum p2p_exit wish_policy(struct bootargs *bootargs, struct p2p_planner *planner)
{
	struct ctl *ctl = bootargs->ctl;
	enum p2p_exit code = ctl_open_policy(ctl);

	if (code == P2P_EXIT_OK)
		code = ctl_read_disabled(ctl);
	if (code != P2P_EXIT_OK)
		return code;
	for (size_t i = 0; i < ctl->topo.machine->function_count; i++)
		if (ctl->disabled[i])
			p2p_planner_leave(planner, (int)i);
	p2p_matcher_wish(p2p_matcher_new(ctl->policy, ctl->applies, p2p_bootargs_judge(bootargs->judged),
					 bootargs->arena), P2P_BY_BOOT, planner);
	return P2P_EXIT_OK;
}

static enum p2p_exit judge(struct bootargs *bootargs)
{
	enum p2p_exit code = bootargs_kernels(bootargs);
	struct p2p_planner *planner;

	if (code != P2P_EXIT_OK)
		return code;
	bootargs_others(bootargs);
	bootargs->asked.machine = bootargs->ctl->topo.machine;
	bootargs->asked.hardware = bootargs->ctl->topo.hardware;
	bootargs->asked.cmdline = bootargs->present;
	bootargs->asked.kernels = bootargs->kernels;
	bootargs->asked.kernel_count = bootargs->kernel_count;
	bootargs->judged = p2p_bootargs_new(&bootargs->asked, bootargs->arena);
	planner = p2p_planner_new(p2p_bootargs_judge(bootargs->judged), bootargs->arena);
	code = bootargs->ctl->cli->arg_count ? wish_pair(bootargs, planner) : wish_policy(bootargs, planner);
	if (code != P2P_EXIT_OK)
		return code;
	bootargs->plan = p2p_planner_finish(planner);
	bootargs->made = p2p_bootargs_make(bootargs->judged, bootargs->plan);
	if (bootargs->image.path)
		bootargs->script_count = p2p_acs_scripts_find(&bootargs->image, bootargs->ctl->topo.machine,
							      bootargs->arena, &bootargs->scripts);
	bootargs_refusals(bootargs);
	return P2P_EXIT_OK;
}

/* ------------------------------------------------------------------- write */

/* The history is that of the system whose files they are. */
static void open_history(struct bootargs *bootargs)
{
	struct ctl *ctl = bootargs->ctl;
	struct p2p_problem problem = { "" };
	int parent = -1, error = p2p_image_folder(&bootargs->image, "var/lib", &problem, &parent);

	if (!error && mkdirat(parent, "p2pctl", 0700) && errno != EEXIST)
		error = p2p_problem_set(&problem, -errno, "/var/lib/p2pctl: %s", p2p_problem_errno(-errno));
	if (!error)
		error = p2p_image_folder(&bootargs->image, "var/lib/p2pctl", &problem, &ctl->history_fd);
	if (parent >= 0)
		close(parent);
	if (error)
		history_say_unwritten(ctl, problem.text);
	if (p2p_state_boot(&ctl->boot))
		p2p_buf_puts(&ctl->boot, "unknown");
	/* A file that may grow no further is an error of write(), and no end in the middle of a change. */
	signal(SIGXFSZ, SIG_IGN);
	history_new(ctl, false);
}

static void note_files(struct bootargs *bootargs)
{
	const char **files = p2p_arena_array(bootargs->arena, bootargs->change_count + 1, sizeof(*files));
	size_t count = 0;

	for (size_t i = 0; i < bootargs->change_count; i++)
		files[count++] = p2p_arena_printf(bootargs->arena, "%s: %s", bootargs->changes[i].path,
						  bootargs->changes[i].says);
	bootargs->ctl->history->record.files = files;
	bootargs->ctl->history->record.file_count = count;
}

/* What is written again and again would fill the history with nothing. */
static void note_begin(struct bootargs *bootargs, const char *argument)
{
	const struct p2p_boot_files *files = &bootargs->files;
	const char **word = p2p_arena_array(bootargs->arena, 1, sizeof(*word));

	open_history(bootargs);
	if (argument && files->written && !strcmp(argument, files->wrote[files->wrote_count - 1]))
		return;
	*word = argument ? p2p_arena_printf(bootargs->arena, "to be written: %s", argument) : "to be removed";
	bootargs->ctl->history->record.files = word;
	bootargs->ctl->history->record.file_count = 1;
	history_begin(bootargs->ctl);
}

static void note_end(struct bootargs *bootargs, const char *argument, int error, const struct p2p_problem *problem)
{
	struct p2p_history_record *record = &bootargs->ctl->history->record;
	const char *outcome = !error ? "done" : error == -EBADMSG ? "stuck" : "rolled-back";

	note_files(bootargs);
	/* Nothing was begun, and yet something had to be written. */
	bootargs->ctl->history->begun |= record->file_count > 0;
	history_end(bootargs->ctl, outcome,
		    error ? problem->text : argument ? argument : "no argument of ours is left");
}

static void note_refusal(struct bootargs *bootargs)
{
	open_history(bootargs);
	bootargs->ctl->history->record.refused = (int64_t)bootargs->refused_count;
	history_end(bootargs->ctl, "refused", bootargs->refused[0]);
}

static enum p2p_exit put(struct bootargs *bootargs, const char *argument)
{
	struct p2p_problem problem = { "" };

	note_begin(bootargs, argument);
	int error = p2p_boot_files_write(&bootargs->image, bootargs->arena, argument, &problem,
					 bootargs->changes, &bootargs->change_count);

	note_end(bootargs, argument, error, &problem);
	if (error)
		return ctl_complain(bootargs->ctl, error == -EINVAL ? -EPERM : error, &problem);
	bootargs->wrote = true;
	return P2P_EXIT_OK;
}

/* Wishes may be missing because a function sleeps or is not to be read: what was written for it then stays. */
static bool is_blind(const struct bootargs *bootargs)
{
	const struct p2p_machine *machine = bootargs->ctl->topo.machine;
	const struct p2p_boot_files *files = &bootargs->files;
	const char *argument = bootargs->made->argument;

	if (!files->written || (argument && !strcmp(argument, files->wrote[files->wrote_count - 1])))
		return false;
	for (size_t i = 0; i < machine->function_count; i++)
		if (machine->functions[i].acs.fact.know == P2P_UNKNOWN)
			return true;
	return false;
}

static enum p2p_exit write_argument(struct bootargs *bootargs)
{
	const char *argument = bootargs->made->argument;
	bool place = bootargs->files.grub || bootargs->files.kernel_install;

	if (argument && bootargs->only_present && place && bootargs->refused_count < BOOTARGS_REFUSED_MAX)
		bootargs->refused[bootargs->refused_count++] =
			"the present command line has ACS arguments that no file here gives: whatever gives them would "
			"be overridden, or would override ours; put all of the argument above there by hand";
	if (bootargs->refused_count) {
		note_refusal(bootargs);
		return P2P_EXIT_REFUSED;
	}
	if (bootargs->unknown)
		return P2P_EXIT_UNKNOWN;
	if (is_blind(bootargs)) {
		ctl_say(bootargs->ctl,
			"what was written before stays: it would change, and ACS of some functions could "
			"not be read, which may be why; look as root, with all devices awake");
		return P2P_EXIT_UNKNOWN;
	}
	if (!argument && !bootargs->files.written)
		return P2P_EXIT_OK;
	/* Nothing to write to: what is printed tells what to type. */
	if (argument && (!place || bootargs->files.ostree))
		return P2P_EXIT_NO;
	return put(bootargs, argument);
}

static enum p2p_exit print(const struct bootargs *bootargs)
{
	if (p2p_cli_has(bootargs->ctl->cli, "json"))
		return bootargs_print_json(bootargs) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
	bootargs_print(bootargs);
	return P2P_EXIT_OK;
}

static enum p2p_exit show(struct bootargs *bootargs)
{
	enum p2p_exit code = ctl_look(bootargs->ctl, CTL_WANT), printed;

	if (code == P2P_EXIT_OK)
		code = judge(bootargs);
	if (code != P2P_EXIT_OK)
		return code;
	if (has(bootargs, "write"))
		code = write_argument(bootargs);
	else if (bootargs->refused_count)
		code = P2P_EXIT_REFUSED;
	else if (bootargs->unknown)
		code = P2P_EXIT_UNKNOWN;
	printed = print(bootargs);
	return printed == P2P_EXIT_OK ? code : printed;
}

static enum p2p_exit take_away(struct bootargs *bootargs)
{
	enum p2p_exit code = bootargs->files.written ? put(bootargs, NULL) : P2P_EXIT_OK, printed;

	printed = code == P2P_EXIT_OK ? print(bootargs) : code;
	return code == P2P_EXIT_OK ? printed : code;
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	struct bootargs bootargs = { .ctl = &ctl };
	enum p2p_exit code = ctl_begin(cli, &ctl);

	bootargs.arena = ctl.topo.arena;
	if (code == P2P_EXIT_OK)
		code = check_options(&bootargs);
	if (code == P2P_EXIT_OK) {
		read_present(&bootargs);
		code = open_image(&bootargs);
	}
	if (code == P2P_EXIT_OK)
		code = has(&bootargs, "remove") ? take_away(&bootargs) : show(&bootargs);
	p2p_bootargs_free(bootargs.judged);
	p2p_image_close(&bootargs.image);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_bootargs = {
	.word = "bootargs",
	.args = "[PROVIDER CLIENT]",
	.summary = "show or write the kernel arguments that make ACS wishes permanent, judged for every kernel",
	.details =
		"What the policy wishes with `acs-by: boot`, or what two devices need. Every installed kernel is "
		"judged: which argument it takes, what the pairs become on it, and whether it would do anything "
		"else. What others say of ACS on the command line is joined with it. Units and scripts that clear "
		"ACS with setpci are named. Exit status: 0; 1 there is no file to write to, and what to type is "
		"printed; 4 something that it rests on is not known; 5 refused, as where one kernel would misbehave.",
	.run = run,
	.no_pager = true,
};
