/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/io/state.h"
#include "history.h"
#include "core/view/policy-yaml.h"

#define STATE_DIR "/run/p2pctl"
#define LOCK_SECONDS 10
/* Nobody repeats an event: its run waits longer than a person would. */
#define LOCK_SECONDS_AUTO 120
#define LOCK_SECONDS_MOST 3600

enum p2p_exit ctl_complain(const struct ctl *ctl, int error, const struct p2p_problem *problem)
{
	p2p_cli_complain(ctl->cli, stderr, problem);
	switch (error) {
	case -EBADMSG:
		return P2P_EXIT_HUMAN;
	case -EINVAL:
		return P2P_EXIT_USAGE;
	default:
		return P2P_EXIT_REFUSED;
	}
}

void ctl_say(const struct ctl *ctl, const char *text)
{
	struct p2p_problem problem;

	p2p_problem_set(&problem, 0, "%s", text);
	p2p_cli_complain(ctl->cli, stderr, &problem);
}

static volatile sig_atomic_t stop;
static const int stopping[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
#define STOPPING (sizeof(stopping) / sizeof(*stopping))
static struct sigaction usual[STOPPING];

/* SIGPIPE only says that nobody reads any more what is printed. */
static void on_signal(int number)
{
	if (number != SIGPIPE)
		stop = 1;
}

struct p2p_apply ctl_begin_changing(struct ctl *ctl)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < STOPPING; i++) {
		sigaction(stopping[i], NULL, &usual[i]);
		/* Who ignores it, as nohup does, goes on ignoring it. */
		if (usual[i].sa_handler != SIG_IGN)
			sigaction(stopping[i], &action, NULL);
	}
	return (struct p2p_apply){ .source = ctl->topo.source, .sink = ctl->sink, .journal = ctl->journal,
				   .forget = p2p_cli_has(ctl->cli, "forget"), .stop = &stop };
}

const volatile int *ctl_asked(void)
{
	return &stop;
}

void ctl_end_changing(void)
{
	for (size_t i = 0; i < STOPPING; i++)
		sigaction(stopping[i], &usual[i], NULL);
}

bool ctl_stopped(const struct ctl *ctl)
{
	if (stop)
		ctl_say(ctl, "interrupted");
	return stop;
}

void ctl_say_left(const struct ctl *ctl, const struct p2p_problem *problem)
{
	if (!*problem->text)
		return;
	p2p_cli_complain(ctl->cli, stderr, problem);
	ctl_say(ctl, "--forget: what could not be taken back is left as it is, and is ours no longer");
}

enum p2p_exit ctl_say_stuck(const struct ctl *ctl, const struct p2p_edit *edit, const struct p2p_problem *problem,
			    struct p2p_problem *last)
{
	enum p2p_place_now place = p2p_apply_look(ctl->topo.source, edit);

	if (strcmp(problem->text, last->text) != 0)
		p2p_cli_complain(ctl->cli, stderr, problem);
	*last = *problem;
	return place == P2P_PLACE_BEFORE || place == P2P_PLACE_GONE ? P2P_EXIT_REFUSED : P2P_EXIT_HUMAN;
}

/* What a rehearsal before this one changed. */
static enum p2p_exit load_overlay(struct ctl *ctl)
{
	const char *path = p2p_cli_value(ctl->cli, "overlay");
	struct p2p_problem problem = { "" };

	if (!path || !p2p_source_overlay_keep(ctl->topo.source, path, &problem))
		return P2P_EXIT_OK;
	p2p_cli_complain(ctl->cli, stderr, &problem);
	return P2P_EXIT_CANNOT_READ;
}

enum p2p_exit ctl_begin(const struct p2p_cli *cli, struct ctl *ctl)
{
	*ctl = (struct ctl){ .cli = cli, .state_fd = -1, .lock_fd = -1, .history_fd = -1 };
	enum p2p_exit code = topo_begin(cli, &ctl->topo);

	if (code != P2P_EXIT_OK)
		return code;
	ctl->rehearsal = p2p_cli_value(cli, "from");
	if (p2p_cli_value(cli, "overlay") && !ctl->rehearsal) {
		ctl_say(ctl, "--overlay goes with --from: it keeps what is changed in a rehearsal");
		return P2P_EXIT_USAGE;
	}
	if (ctl->rehearsal)
		ctl->topo.source = p2p_source_overlay(ctl->topo.source);
	return load_overlay(ctl);
}

enum p2p_exit ctl_look(struct ctl *ctl, unsigned want)
{
	return topo_look(&ctl->topo, want);
}

/* The name of the host that the machine was read on; "" when it is not known. */
static void host_name(struct ctl *ctl, struct p2p_buf *ret)
{
	if (p2p_source_read_text(ctl->topo.source, "proc/sys/kernel/hostname", 256, ret))
		p2p_buf_reset(ret);
	if (ret->len && ret->text[ret->len - 1] == '\n')
		ret->text[--ret->len] = '\0';
}

/* Where the name is not known, only a pattern that fits every name is sure to mean this host. */
static enum p2p_answer means_host(const char *const *patterns, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (*name ? p2p_text_glob(patterns[i], name) : !patterns[i][strspn(patterns[i], "*")])
			return P2P_YES;
	return !count ? P2P_YES : *name ? P2P_NO : P2P_MAYBE;
}

static void find_applying(struct ctl *ctl)
{
	const struct p2p_policy *policy = ctl->policy;
	struct p2p_buf name = P2P_BUF_INIT;
	bool asked = false;

	ctl->applies = p2p_arena_array(ctl->topo.arena, policy->rule_count, sizeof(*ctl->applies));
	ctl->nvmet_applies = p2p_arena_array(ctl->topo.arena, policy->nvmet_count, sizeof(*ctl->nvmet_applies));
	host_name(ctl, &name);
	for (size_t i = 0; i < policy->nvmet_count; i++) {
		ctl->nvmet_applies[i] =
			means_host(policy->nvmet[i].hosts, policy->nvmet[i].host_count, p2p_buf_text(&name));
		asked |= ctl->nvmet_applies[i] == P2P_MAYBE;
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		ctl->applies[i] = means_host(policy->rules[i].hosts, policy->rules[i].host_count, p2p_buf_text(&name));
		asked |= ctl->applies[i] == P2P_MAYBE;
	}
	if (asked)
		ctl_say(ctl, "the name of this host is not known, so nor is what rules with 'hosts' mean: nothing is "
			     "done for what they may mean");
	p2p_buf_free(&name);
}

/* So small that it holds no more than a file may. */
#define SURELY_READABLE (128u << 10)

/* What `policy` prints, or a run keeps, must be a policy again: all files together are no more than one may be. */
static enum p2p_exit check_whole(const struct ctl *ctl, struct p2p_problems *problems)
{
	struct p2p_problems again = { 0 };
	struct p2p_policy *policy = NULL;
	struct p2p_buf text = P2P_BUF_INIT;
	int error = 0;

	p2p_policy_yaml(ctl->policy, ctl->applies, ctl->nvmet_applies, &text);
	if (text.len > SURELY_READABLE)
		error = p2p_policy_parse("policy", p2p_buf_text(&text), text.len, &again, &policy);
	if (error)
		p2p_problems_add(problems, "the policy, in all its files together and as `p2pctl policy` prints it, is "
					   "more than one file may hold: 1 MiB, 65536 values");
	p2p_problems_free(&again);
	p2p_policy_free(policy);
	p2p_buf_free(&text);
	return error ? P2P_EXIT_USAGE : P2P_EXIT_OK;
}

enum p2p_exit ctl_read_policy(struct ctl *ctl, struct p2p_problems *problems)
{
	const char *given = p2p_cli_value(ctl->cli, "policy");
	const char *const places[] = { given };
	size_t count = 0;
	int error;

	while (ctl_policy_places[count])
		count++;
	error = given ? p2p_policy_load(places, 1, true, problems, &ctl->policy)
		      : p2p_policy_load(ctl_policy_places, count, false, problems, &ctl->policy);
	if (error)
		return error == -EINVAL ? P2P_EXIT_USAGE : P2P_EXIT_CANNOT_READ;
	find_applying(ctl);
	return check_whole(ctl, problems);
}

void ctl_print_problems(const struct ctl *ctl, const struct p2p_problems *problems)
{
	const char *text = NULL;

	while ((text = p2p_names_next(&problems->texts, text)))
		ctl_say(ctl, text);
	if (problems->count > P2P_PROBLEMS_MAX)
		ctl_say(ctl, "and more mistakes than these");
}

enum p2p_exit ctl_open_policy(struct ctl *ctl)
{
	struct p2p_problems problems = { 0 };
	enum p2p_exit code = ctl_read_policy(ctl, &problems);

	ctl_print_problems(ctl, &problems);
	p2p_problems_free(&problems);
	return code;
}

const struct p2p_plan *ctl_plan_policy(struct ctl *ctl, const struct p2p_judge *judge)
{
	struct p2p_planner *planner = p2p_planner_new(judge, ctl->topo.arena);

	for (size_t i = 0; ctl->disabled && i < ctl->topo.machine->function_count; i++)
		if (ctl->disabled[i])
			p2p_planner_leave(planner, (int)i);
	/* Which rules mean whom does not depend on what is changed. */
	if (!ctl->matcher)
		ctl->matcher = p2p_matcher_new(ctl->policy, ctl->applies, ctl->topo.judge, ctl->topo.arena);
	p2p_matcher_wish(ctl->matcher, P2P_BY_RUNTIME, planner);
	p2p_planner_nvmet(planner, ctl->policy->nvmet, ctl->nvmet_applies, ctl->policy->nvmet_count);
	return p2p_planner_finish(planner);
}

bool ctl_is_held(const struct ctl *ctl)
{
	struct p2p_buf path = P2P_BUF_INIT;

	p2p_buf_printf(&path, "%s/hold", ctl->state);
	bool held = faccessat(AT_FDCWD, p2p_buf_text(&path), F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	p2p_buf_free(&path);
	return held;
}

static enum p2p_exit recover(struct ctl *ctl)
{
	struct history_dead *dead = history_find_dead(ctl);
	const struct p2p_apply apply = ctl_begin_changing(ctl);
	struct p2p_problem problem = { "" };
	size_t stuck = 0, recovered = 0;
	int error = p2p_apply_recover(&apply, &problem, &stuck, &recovered);

	ctl_tell_acs_changes(ctl);
	history_bury(ctl, dead, !error ? "done" : stuck ? "stuck" : "failed", problem.text);
	ctl_end_changing();
	history_new(ctl, false);
	if (recovered)
		ctl_say(ctl, stuck ? "a run that did not end cannot be taken back whole"
				   : "a run that did not end was taken back first");
	if (!error) {
		ctl_say_left(ctl, &problem);
		return ctl_stopped(ctl) ? P2P_EXIT_REFUSED : P2P_EXIT_OK;
	}
	p2p_cli_complain(ctl->cli, stderr, &problem);
	if (stuck)
		ctl_say(ctl, "nothing else is done before that: put it right, or leave it as it is with "
			     "`p2pctl undo --forget`");
	return stuck ? P2P_EXIT_HUMAN : P2P_EXIT_REFUSED;
}

/* How long to wait for the lock. */
static enum p2p_exit read_wait(const struct ctl *ctl, unsigned *ret)
{
	const char *text = p2p_cli_value(ctl->cli, "wait");
	char *end = NULL;

	*ret = p2p_cli_has(ctl->cli, "auto") ? LOCK_SECONDS_AUTO : LOCK_SECONDS;
	if (!text)
		return P2P_EXIT_OK;
	unsigned long seconds = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : ULONG_MAX;

	if (seconds > LOCK_SECONDS_MOST || *end) {
		ctl_say(ctl, "--wait takes a number of seconds, 0 to 3600");
		return P2P_EXIT_USAGE;
	}
	*ret = (unsigned)seconds;
	return P2P_EXIT_OK;
}

/* Which folder it is, and which boot its journal must be of. */
static enum p2p_exit find_state(struct ctl *ctl)
{
	const char *given = p2p_cli_value(ctl->cli, "state");

	ctl->state = given ? given : STATE_DIR;
	if (ctl->rehearsal && !given) {
		ctl_say(ctl, "a rehearsal leaves the state of this machine alone: give --state a folder of its own");
		return P2P_EXIT_USAGE;
	}
	if (!p2p_state_boot(&ctl->boot))
		return P2P_EXIT_OK;
	ctl_say(ctl, "this boot has no id that can be read (/proc/sys/kernel/random/boot_id)");
	return P2P_EXIT_CANNOT_READ;
}

enum p2p_exit ctl_read_state(struct ctl *ctl)
{
	enum p2p_exit code = find_state(ctl);
	struct p2p_problem problem = { "" };

	if (code != P2P_EXIT_OK)
		return code;
	int error = p2p_journal_read(ctl->state, p2p_buf_text(&ctl->boot), &problem, &ctl->journal);

	if (!error || error == -ENOENT)
		return P2P_EXIT_OK;
	p2p_cli_complain(ctl->cli, stderr, &problem);
	return error == -EBADMSG ? P2P_EXIT_HUMAN : P2P_EXIT_CANNOT_READ;
}

enum p2p_exit ctl_open_state(struct ctl *ctl)
{
	enum p2p_exit code = find_state(ctl);
	struct p2p_problem problem = { "" };
	unsigned seconds = 0;
	int error;

	if (code == P2P_EXIT_OK)
		code = read_wait(ctl, &seconds);
	if (code != P2P_EXIT_OK)
		return code;
	/* A file that may grow no further is an error of write(), and no end in the middle of a change. */
	signal(SIGXFSZ, SIG_IGN);
	ctl->sink = ctl->rehearsal ? p2p_sink_overlay(ctl->topo.source) : p2p_sink_live();
	error = p2p_state_open(ctl->state, &problem, &ctl->state_fd);
	if (!error)
		error = p2p_state_lock(ctl->state_fd, ctl->state, ctl->cli->verb->word, seconds, &problem,
				       &ctl->lock_fd);
	/* Again: who held the lock until now may have changed it. */
	if (!error && load_overlay(ctl) != P2P_EXIT_OK)
		return P2P_EXIT_CANNOT_READ;
	if (!error)
		error = p2p_journal_open(ctl->state, p2p_buf_text(&ctl->boot), &problem, &ctl->journal);
	return error ? ctl_complain(ctl, error, &problem) : recover(ctl);
}

void ctl_close(struct ctl *ctl)
{
	p2p_journal_free(ctl->journal);
	p2p_sink_free(ctl->sink);
	p2p_policy_free(ctl->policy);
	p2p_buf_free(&ctl->boot);
	p2p_names_free(&ctl->disabled_gone);
	topo_close(&ctl->topo);
	if (ctl->lock_fd >= 0)
		close(ctl->lock_fd);
	if (ctl->state_fd >= 0)
		close(ctl->state_fd);
	if (ctl->history_fd >= 0)
		close(ctl->history_fd);
}
