/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench: one pair, or all that can be; what is printed, kept and returned. */
#include <errno.h>
#include <string.h>

#include "bench-campaign.h"
#include "bench-compare.h"
#include "bench-pairs.h"
#include "bench-scratch.h"
#include "core/base/text.h"
#include "core/io/results.h"
#include "core/view/json-machine.h"
#include "print-bench.h"

struct bench {
	struct ctl *ctl;
	struct bench_request request;
	struct bench_pairs pairs;
	struct bench_progress progress;
	struct bench_campaign campaign;
	bool json;
	struct p2p_json *out; /* with --json */
	bool *left;	      /* by function: it hung, and is not asked again */
};

static enum p2p_exit usage(const struct bench *bench, const char *text)
{
	ctl_say(bench->ctl, text);
	return P2P_EXIT_USAGE;
}

/* -------------------------------------------------------------- the pair that is named */

/* The word of an end; NULL: "-", or not there. */
static const char *end_word(const struct p2p_cli *cli, size_t at)
{
	return at < cli->arg_count && strcmp(cli->args[at], "-") != 0 ? cli->args[at] : NULL;
}

static enum p2p_exit check_direction(const struct bench *bench, const struct bench_course *pair)
{
	static const char *const meant[] = { NULL, "read", "write", "copy" };
	enum bench_direction direction = pair->src && pair->dst ? BENCH_DIRECTION_COPY
					 : pair->dst		? BENCH_DIRECTION_WRITE
								: BENCH_DIRECTION_READ;
	struct p2p_problem problem;

	if (!bench->request.direction || bench->request.direction == direction)
		return P2P_EXIT_OK;
	p2p_problem_set(&problem, 0, "what is named says --rw=%s: SRC is read, DST is written, both are a copy",
			meant[direction]);
	p2p_cli_complain(bench->ctl->cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

static enum p2p_exit name_provider(const struct bench *bench, const char *word, int *ret)
{
	bool peer = bench->request.backend->peer;

	*ret = P2P_NOBODY;
	if (!word && peer)
		return usage(bench, "whose memory?  Name a provider (p2ptopo providers), or take --backend=bounce");
	if (word && !peer)
		return usage(bench, "--backend=bounce and null use no provider: give - in its place");
	if (!word)
		return P2P_EXIT_OK;
	*ret = topo_device(&bench->ctl->topo, word);
	return *ret == P2P_NOBODY ? P2P_EXIT_USAGE : P2P_EXIT_OK;
}

static enum p2p_exit name_pair(const struct bench *bench, struct bench_course *ret)
{
	const struct p2p_cli *cli = bench->ctl->cli;
	struct bench_course pair = { .client = P2P_NOBODY, .src = end_word(cli, 1), .dst = end_word(cli, 2) };
	enum p2p_exit code =
		name_provider(bench, bench->request.bar ? bench->request.bar : end_word(cli, 0), &pair.provider);
	bool null = !strcmp(bench->request.backend->word, "null");

	if (code != P2P_EXIT_OK)
		return code;
	if (bench->request.backend->cpu && (pair.src || pair.dst))
		return usage(bench, "--backend=mmio has the CPU at the other end: name the provider alone");
	if (bench->request.bar && cli->arg_count)
		return usage(bench, "--bar names the device: name no provider");
	if (null && (pair.src || pair.dst))
		return usage(bench, "--backend=null moves nothing: it takes no disk");
	if (!null && !bench->request.backend->cpu && !pair.src && !pair.dst)
		return usage(bench, "name a disk or a file that is read, or - and one that is written");
	if (!null && !bench->request.backend->cpu)
		code = check_direction(bench, &pair);
	*ret = pair;
	return code;
}

/* ------------------------------------------------------------------ what is printed */

static void begin_json(struct bench *bench)
{
	bench->out = p2p_json_new(stdout);
	p2p_json_envelope(bench->out, "p2pctl/1", bench->ctl->topo.machine);
	p2p_json_array(bench->out, "bench", false);
}

static enum p2p_exit end_json(struct bench *bench, enum p2p_exit code)
{
	p2p_json_array_end(bench->out);
	p2p_json_object_end(bench->out);
	return p2p_json_end(bench->out) ? bench_exit_worse(code, P2P_EXIT_CANNOT_READ) : code;
}

static void print_outcome(struct bench *bench, const struct bench_outcome *outcome)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (bench->json) {
		p2p_results_format(outcome->result, &text);
		p2p_json_raw(bench->out, NULL, p2p_buf_text(&text), text.len);
	} else {
		bench_print(bench->ctl, outcome->result, &outcome->damage);
	}
	p2p_buf_free(&text);
}

/* For p2ptopo and --compare: only what says something of a pair. */
static enum p2p_exit keep_result(const struct bench *bench, const struct p2p_bench_result *result)
{
	const char *state = p2p_cli_value(bench->ctl->cli, "state");
	const char *dir = state ? p2p_arena_printf(bench->ctl->topo.arena, "%s/results", state) : P2P_RESULTS_DIR;
	struct p2p_problem problem = { "" };

	if (!result->provider || (!result->src && !result->dst) || !p2p_results_add(dir, result, &problem))
		return P2P_EXIT_OK;
	p2p_cli_complain(bench->ctl->cli, stderr, &problem);
	ctl_say(bench->ctl, "the result is not kept");
	return P2P_EXIT_CANNOT_READ;
}

/* ------------------------------------------------------------------ one */

static enum p2p_exit run_one(struct bench *bench)
{
	struct bench_outcome outcome;
	struct bench_course pair;
	enum p2p_exit code = name_pair(bench, &pair);

	if (code != P2P_EXIT_OK)
		return code;
	if (p2p_cli_has(bench->ctl->cli, "resume") || p2p_cli_has(bench->ctl->cli, "dry-run"))
		return usage(bench, "--resume and --dry-run go with many pairs: name none, or a provider alone");
	bench->progress.seconds = bench_request_seconds(&bench->request);
	code = bench_pair_run(bench->ctl, &bench->request, &pair, &bench->progress, &outcome);
	if (outcome.result) {
		if (bench->json)
			begin_json(bench);
		else if (outcome.result->provider)
			bench_print_guest(bench->ctl);
		print_outcome(bench, &outcome);
		code = bench_exit_worse(code, keep_result(bench, outcome.result));
		if (bench->json)
			code = end_json(bench, code);
	}
	bench_outcome_free(&outcome);
	return code;
}

/* ----------------------------------------------------------------- many */

static void put_seconds(const struct bench *bench, uint64_t pairs, struct p2p_buf *ret)
{
	bench_progress_time(pairs * bench_request_seconds(&bench->request), ret);
}

/* What tells a pair from others, whatever numbers buses and disks have today: good enough within one campaign. */
static void put_key(const struct bench *bench, const struct bench_course *pair, struct p2p_buf *ret)
{
	struct p2p_buf name = P2P_BUF_INIT;

	bench_pair_name(bench->ctl, pair, &name);
	p2p_text_visible(ret, p2p_buf_text(&name), true);
	p2p_buf_free(&name);
}

static void print_list(struct bench *bench)
{
	struct p2p_buf text = P2P_BUF_INIT;

	printf("%zu pair%s, each ", bench->pairs.count, bench->pairs.count == 1 ? "" : "s");
	put_seconds(bench, 1, &text);
	printf("%s, together ", p2p_buf_text(&text));
	p2p_buf_reset(&text);
	put_seconds(bench, bench->pairs.count, &text);
	puts(p2p_buf_text(&text));
	for (size_t i = 0; i < bench->pairs.count; i++) {
		p2p_buf_reset(&text);
		put_key(bench, &bench->pairs.list[i], &text);
		printf("  %s%s\n", p2p_buf_text(&text),
		       bench_campaign_find(&bench->campaign, p2p_buf_text(&text)) ? "  done" : "");
	}
	p2p_buf_reset(&text);
	bench_pairs_left(&bench->pairs, &text);
	if (text.len)
		topo_print_text(&bench->ctl->topo, "", "", p2p_buf_text(&text));
	p2p_buf_free(&text);
	fflush(stdout);
}

static enum p2p_exit say_none(const struct bench *bench)
{
	const struct p2p_number *p2pdma = &bench->ctl->topo.machine->host.p2pdma;
	struct p2p_buf left = P2P_BUF_INIT;
	struct p2p_problem problem;

	bench_pairs_left(&bench->pairs, &left);
	p2p_problem_set(&problem, 0, "there is no pair to measure: %s%s%s",
			!bench->pairs.providers ? "nothing here offers peer memory"
						: "no disk is allowed to reach peer memory",
			p2p_known(p2pdma->fact) && !p2pdma->value ? "; this kernel is built without P2PDMA" : "", "");
	p2p_cli_complain(bench->ctl->cli, stderr, &problem);
	if (left.len)
		ctl_say(bench->ctl, p2p_buf_text(&left));
	p2p_buf_free(&left);
	return P2P_EXIT_NO;
}

/* Keeps it, and prints its line. */
static enum p2p_exit finish_pair(struct bench *bench, const struct bench_course *pair,
				 const struct bench_outcome *outcome, enum p2p_exit code)
{
	struct p2p_arena *arena = bench->ctl->topo.arena;
	struct p2p_buf key = P2P_BUF_INIT, headline = P2P_BUF_INIT, json = P2P_BUF_INIT;
	struct p2p_problem problem;

	put_key(bench, pair, &key);
	if (outcome->result) {
		code = bench_exit_worse(code, keep_result(bench, outcome->result));
		bench_headline(bench->ctl, outcome->result, &headline);
		p2p_results_format(outcome->result, &json);
		print_outcome(bench, outcome);
	} else {
		p2p_buf_printf(&headline, "%s: could not begin", p2p_buf_text(&key));
	}
	const struct bench_entry entry = { .key = p2p_arena_strdup(arena, p2p_buf_text(&key)), .code = code,
					   .headline = p2p_arena_strdup(arena, p2p_buf_text(&headline)),
					   .json = p2p_arena_strdup(arena, p2p_buf_text(&json)) };

	if (bench_campaign_add(&bench->campaign, &entry, &problem)) {
		p2p_cli_complain(bench->ctl->cli, stderr, &problem);
		code = bench_exit_worse(code, P2P_EXIT_CANNOT_READ);
	}
	p2p_buf_free(&key);
	p2p_buf_free(&headline);
	p2p_buf_free(&json);
	return code;
}

/* Its result of the run that is gone on with. */
static void print_before(struct bench *bench, const struct bench_entry *entry)
{
	if (!bench->json)
		topo_print_text(&bench->ctl->topo, "", "", entry->headline);
	else if (*entry->json)
		p2p_json_raw(bench->out, NULL, entry->json, strlen(entry->json));
}

/* A pair that has no result yet. */
static enum p2p_exit measure_pair(struct bench *bench, size_t at, const char *name)
{
	struct bench_course *pair = &bench->pairs.list[at];
	struct bench_outcome outcome;

	pair->lock_fd = bench->campaign.lock_fd;
	bench->progress.pair = at;
	bench->progress.name = name;
	enum p2p_exit code = bench_pair_run(bench->ctl, &bench->request, pair, &bench->progress, &outcome);

	bench->progress.name = NULL;
	if (code == P2P_EXIT_HUNG)
		bench->left[pair->client] = bench->left[pair->provider] = true;
	/* One that was interrupted is shown, and is still to be done. */
	if (!bench_asked())
		code = finish_pair(bench, pair, &outcome, code);
	else if (outcome.result)
		print_outcome(bench, &outcome);
	bench_outcome_free(&outcome);
	return code;
}

static enum p2p_exit run_pair(struct bench *bench, size_t at)
{
	const struct bench_course *pair = &bench->pairs.list[at];
	struct p2p_buf name = P2P_BUF_INIT;
	struct p2p_problem problem;
	enum p2p_exit code;

	put_key(bench, pair, &name);
	const struct bench_entry *entry = bench_campaign_find(&bench->campaign, p2p_buf_text(&name));

	if (entry) {
		print_before(bench, entry);
		code = entry->code;
	} else if (bench->left[pair->client] || bench->left[pair->provider]) {
		p2p_problem_set(&problem, 0, "%s: left out, for a device of it hung", p2p_buf_text(&name));
		p2p_cli_complain(bench->ctl->cli, stderr, &problem);
		code = P2P_EXIT_UNKNOWN;
	} else {
		code = measure_pair(bench, at, p2p_buf_text(&name));
	}
	p2p_buf_free(&name);
	return code;
}

static enum p2p_exit run_list(struct bench *bench)
{
	enum p2p_exit code = P2P_EXIT_OK;
	size_t at = 0;

	if (bench->json)
		begin_json(bench);
	else
		bench_print_guest(bench->ctl);
	for (; at < bench->pairs.count && !bench_asked(); at++) {
		if (!bench->json && at)
			putchar('\n');
		code = bench_exit_worse(code, run_pair(bench, at));
		fflush(stdout);
	}
	if (bench_asked()) {
		ctl_say(bench->ctl, "interrupted; go on with: p2pctl bench --resume, and the same options");
		code = bench_exit_worse(code, P2P_EXIT_UNKNOWN);
	} else {
		bench_campaign_finish(&bench->campaign);
	}
	return bench->json ? end_json(bench, code) : code;
}

static enum p2p_exit open_campaign(struct bench *bench)
{
	const char *state = p2p_cli_value(bench->ctl->cli, "state");
	bool resume = p2p_cli_has(bench->ctl->cli, "resume");
	struct p2p_arena *arena = bench->ctl->topo.arena;
	struct p2p_buf options = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };

	bench_request_format(&bench->request, &options);
	const char *words = p2p_arena_strdup(arena, p2p_buf_text(&options));

	p2p_buf_free(&options);
	int error = bench_campaign_open(&bench->campaign, state ? state : BENCH_CAMPAIGN_DIR, words, resume, arena,
					&problem);

	if (!error)
		return P2P_EXIT_OK;
	p2p_cli_complain(bench->ctl->cli, stderr, &problem);
	return error == -EINVAL || error == -ENOENT ? P2P_EXIT_USAGE : P2P_EXIT_CANNOT_READ;
}

static enum p2p_exit run_many(struct bench *bench)
{
	bool dry = p2p_cli_has(bench->ctl->cli, "dry-run");
	int provider = P2P_NOBODY;
	enum p2p_exit code = ctl_open_policy(bench->ctl);

	if (code == P2P_EXIT_OK && bench->ctl->cli->arg_count)
		code = name_provider(bench, end_word(bench->ctl->cli, 0), &provider);
	if (code != P2P_EXIT_OK)
		return code;
	if (bench->request.direction > BENCH_DIRECTION_READ || p2p_cli_has(bench->ctl->cli, "write"))
		return usage(bench,
			     "of many pairs disks are only read: to write one, name PROVIDER, SRC or -, and DST");
	bench_pairs_find(bench->ctl, provider, &bench->pairs);
	if (!bench->pairs.count)
		return say_none(bench);
	if (!dry || p2p_cli_has(bench->ctl->cli, "resume"))
		code = open_campaign(bench);
	if (code != P2P_EXIT_OK)
		return code;
	if (!bench->json)
		print_list(bench);
	if (dry)
		return P2P_EXIT_OK;
	bench->progress.pairs = bench->pairs.count;
	bench->progress.seconds = bench_request_seconds(&bench->request);
	bench->left = p2p_arena_array(bench->ctl->topo.arena, bench->ctl->topo.machine->function_count, sizeof(bool));
	return run_list(bench);
}

/* ----------------------------------------------------------------- verb */

static enum p2p_exit dispatch(struct bench *bench)
{
	const struct p2p_cli *cli = bench->ctl->cli;
	bool dry = p2p_cli_has(cli, "dry-run");

	if (bench->ctl->rehearsal && !dry)
		return usage(bench, "nothing can be copied between the devices of a file: --dry-run shows what would "
				    "be measured there");
	if (dry && bench->json)
		return usage(bench, "--dry-run is a list for people: p2ptopo pairs --json has what it is made from");
	/* What a run that did not end has left of a disk comes first. */
	enum p2p_exit left = dry ? P2P_EXIT_OK : bench_recover(bench->ctl), code;

	ctl_begin_changing(bench->ctl);
	if (cli->arg_count < 2 && bench->request.backend->peer && !bench->request.backend->cpu)
		code = run_many(bench);
	else
		code = run_one(bench);
	ctl_end_changing();
	return bench_exit_worse(code, left);
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;
	struct bench bench = { .ctl = &ctl,
			       .json = p2p_cli_has(cli, "json"),
			       .campaign = { .dir_fd = -1, .lock_fd = -1 } };

	if (p2p_cli_has(cli, "compare"))
		return bench_compare(cli);
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK)
		code = bench_request_read(cli, ctl.topo.arena, &bench.request);
	if (code == P2P_EXIT_OK)
		code = ctl_look(&ctl, CTL_WANT);
	bench_progress_begin(cli, &bench.progress);
	if (code == P2P_EXIT_OK)
		code = dispatch(&bench);
	bench_campaign_close(&bench.campaign);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_bench = {
	.word = "bench",
	.args = "[PROVIDER [SRC [DST]]]",
	.summary = "copy between devices, measure it, and prove that the bytes arrived",
	.details = "SRC is read into the provider's peer memory, and DST is written from there; the same is copied "
		   "through the "
		   "host's memory in the same run, by turns. - leaves out SRC, or the provider with --backend=bounce. "
		   "Without SRC "
		   "and DST every pair that can be is measured, by reading. Exit status: 0 done; 1 a pair does not "
		   "work; 3 "
		   "something cannot be read; 4 interrupted; 5 a disk may not be written; 6 what was there before "
		   "cannot be put "
		   "back; 7 data arrived wrong; 8 it hung.",
	.run = run,
	.no_pager = true,
};
