/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-result.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "core/engine/bench-identity.h"
#include "core/engine/bench-stat.h"
#include "core/engine/link-limit.h"
#include "core/model/fault.h"

/* Less of a difference is none. */
#define TOLERANCE 0.02
#define COPIES_OF_MEMORY(run) ((unsigned)((run)->job.src.fd >= 0) + (unsigned)((run)->job.dst.fd >= 0))

double bench_way_rate(const struct p2p_bench_way *way)
{
	return way->ns ? (double)way->bytes * 1e9 / (double)way->ns : 0;
}

static uint64_t percentile(const struct bench_side *side, double fraction)
{
	uint64_t ns = 0;

	p2p_histogram_percentile(&side->latency, fraction, &ns);
	return ns;
}

static struct p2p_bench_way way_of(const struct bench_found *found, const struct bench_cell *cell, enum bench_way way)
{
	const struct bench_side *side = &cell->sides[way];
	size_t count = atomic_load(&cell->rounds);
	struct p2p_bench_way ret = {
		.ops = side->ops, .bytes = side->bytes, .ns = side->ns, .cpu_ns = side->cpu_ns,
		.p50 = percentile(side, 0.5), .p99 = percentile(side, 0.99), .p999 = percentile(side, 0.999),
		.max = percentile(side, 1), .error = side->error,
	};

	if (!side->ns)
		return ret; /* not taken */
	double *rates = p2p_arena_array(found->topo->arena, count + 1, sizeof(*rates));

	memcpy(rates, cell->rates[way], count * sizeof(*rates));
	ret.rates = rates;
	ret.rate_count = count;
	return ret;
}

/*
 * By rounds.  Many cells have many chances to look faster by luck: FASTER needs
 * an interval that all of them together miss in one run of twenty.
 */
static void compare(const struct bench_found *found, struct p2p_bench_cell *cell)
{
	const double *peer = cell->peer.rates, *bounce = cell->bounce.rates;
	size_t count = cell->peer.rate_count;
	struct p2p_interval shown, strict;

	if (count != cell->bounce.rate_count || cell->peer.error || cell->bounce.error)
		return;
	enum p2p_stat_answer answer = p2p_stat_faster(peer, bounce, count, TOLERANCE, &shown);

	if (answer == P2P_STAT_TOO_FEW || !shown.known)
		return;
	strict = p2p_stat_paired(peer, bounce, count, 1 - 0.05 / (double)found->run->cell_count);
	cell->ratio_fact = p2p_fact_of(0, P2P_ORIGIN_READ);
	cell->ratio = shown.estimate;
	cell->ratio_low = shown.low;
	cell->ratio_high = shown.high;
	cell->faster = strict.known && strict.low > 1				? P2P_YES
		       : answer == P2P_STAT_SAME || answer == P2P_STAT_WORSE ? P2P_NO
									      : P2P_MAYBE;
}

/* The proof of the copy, and what was looked at after timed slices. */
static struct p2p_bench_proof proof_of(const struct bench_found *found, const struct bench_cell *cell)
{
	const struct bench_check *check = &cell->check;
	const struct p2p_proof_result *const parts[] = { &check->slices[BENCH_MEASURED], &check->slices[BENCH_CONTROL],
							 &check->proof };
	struct p2p_bench_damage *damage = p2p_arena_array(found->topo->arena, P2P_PROOF_KINDS, sizeof(*damage));
	struct p2p_bench_proof ret = { .done = bench_cell_is_intact(cell) || bench_cell_is_wrong(cell),
				       .damage = damage,
				       .outside = check->outside + check->canary,
				       .distinct = check->proof.distinct };

	for (size_t i = check->done ? 3 : 2; i-- > 0;) {
		/* What timed slices left is looked at too, and counts where it is wrong. */
		if (i == 2 || parts[i]->bad || !check->done)
			ret.checked += parts[i]->blocks;
		ret.wrong += parts[i]->bad;
	}
	for (int kind = P2P_PROOF_RIGHT + 1; kind < P2P_PROOF_KINDS; kind++) {
		struct p2p_bench_damage one = { .kind = p2p_proof_kind_name((enum p2p_proof_kind)kind) };

		for (size_t i = check->done ? 3 : 2; i-- > 0;)
			if (parts[i]->kinds[kind].blocks) {
				one.first = parts[i]->kinds[kind].first;
				one.count += parts[i]->kinds[kind].blocks;
			}
		if (one.count)
			damage[ret.damage_count++] = one;
	}
	return ret;
}

static struct p2p_bench_cell cell_of(const struct bench_found *found, const struct bench_cell *cell)
{
	const struct bench_run *run = found->run;
	struct p2p_bench_cell ret = {
		.bs = cell->bs, .depth = cell->depth, .jobs = run->job.jobs, .random = run->job.random
	};

	if (run->job.backend->peer)
		ret.peer = way_of(found, cell, BENCH_MEASURED);
	else
		ret.bounce = way_of(found, cell, BENCH_MEASURED);
	if (run->control)
		ret.bounce = way_of(found, cell, BENCH_CONTROL);
	if (!run->job.backend->cpu)
		ret.avoided = ret.peer.bytes * COPIES_OF_MEMORY(run);
	ret.proof = proof_of(found, cell);
	compare(found, &ret);
	if (cell->error)
		ret.problem = p2p_arena_strdup(found->topo->arena, cell->problem.text);
	return ret;
}

/* ------------------------------------------------------------------ why */

/* The first reason why the kernel would refuse a pair, in words; NULL: it would not. */
static const char *verdict_says(const struct bench_found *found, int client)
{
	const struct p2p_judge *judge = found->topo->judge;
	struct p2p_reason *reasons =
		p2p_arena_array(found->topo->arena, p2p_judge_reasons_max(judge), sizeof(*reasons));
	struct p2p_buf says = P2P_BUF_INIT;
	struct p2p_verdict verdict;
	struct p2p_client takes;

	if (client == P2P_NOBODY || found->provider == P2P_NOBODY)
		return NULL;
	p2p_judge_client(judge, client, &takes);
	if (takes.kind == P2P_CLIENT_NO)
		return takes.why;
	p2p_judge_pair(judge, found->provider, client, &verdict);
	if (verdict.supported == P2P_YES || !p2p_judge_reasons(judge, &verdict, reasons, p2p_judge_reasons_max(judge)))
		return NULL;
	p2p_judge_says(judge, &reasons[0], &says);
	const char *ret = p2p_arena_strdup(found->topo->arena, p2p_buf_text(&says));

	p2p_buf_free(&says);
	return ret;
}

static const struct bench_end *end_of(const struct bench_found *found, enum bench_leg leg)
{
	return leg == BENCH_LEG_WRITE ? &found->run->job.dst : &found->run->job.src;
}

static const char *leg_word(enum bench_leg leg)
{
	return leg == BENCH_LEG_WRITE ? "write to" : "read of";
}

/*
 * The bounce went through the same calls with the same sizes and offsets, so
 * that what only peer memory gets is no misalignment
 * (KERNEL: EREMOTEIO from mm/gup.c where the queue takes none, 6.2-; of a pair
 * that is not supported EREMOTEIO up to 6.16, EINVAL from 6.17 on).
 */
static bool is_refusal(const struct p2p_bench_cell *cell)
{
	if (cell->peer.error == -EREMOTEIO)
		return !cell->bounce.error;
	return cell->peer.error == -EINVAL && !cell->bounce.error && cell->bounce.ops;
}

static const char *refusal_says(const struct bench_found *found, const struct p2p_bench_cell *cell, enum bench_leg leg,
				const char *what)
{
	const char *says = verdict_says(found, end_of(found, leg)->function);

	return p2p_arena_printf(
		found->topo->arena, "the kernel refuses peer memory here (%s: %s), and the bounce went well: %s", what,
		p2p_problem_errno(cell->peer.error),
		says ? says
		     : "the disk's queue takes none, or the kernel's answer for the pair is another than "
		       "predicted (p2ptopo why)");
}

/*
 * KERNEL: drivers/pci/p2pdma.c:pci_p2pdma_unmap_mappings takes the mapping away
 * when the provider's driver is unbound (6.2-), and what pins its pages gets EFAULT.
 */
static const char *gone_says(int error)
{
	if (error == -EFAULT)
		return "; the memory is not there any more: the provider's driver was unbound, or the device is gone";
	return error == -ENODEV || error == -ENXIO ? "; the device is gone" : "";
}

/* Why the I/O of a cell failed. */
static const char *error_says(const struct bench_found *found, size_t at, const struct p2p_bench_cell *cell)
{
	bool bounced = !cell->peer.error;
	enum bench_way way = bounced && found->run->control ? BENCH_CONTROL : BENCH_MEASURED;
	const struct bench_side *side = &found->run->shared->cells[at].sides[way];
	const struct bench_end *end = end_of(found, side->leg);
	struct p2p_arena *arena = found->topo->arena;

	if (side->leg == BENCH_LEG_NONE)
		return p2p_arena_printf(arena, "the I/O engine failed: %s", p2p_problem_errno(side->error));
	const char *what = p2p_arena_printf(arena, "%s %s at byte %llu", leg_word(side->leg),
					    end->path ? end->path : "memory", (unsigned long long)side->offset);

	if (is_refusal(cell))
		return refusal_says(found, cell, side->leg, what);
	if (side->error == -EINVAL)
		return p2p_arena_printf(arena, "%s: %s; through the host's memory too: is bs=%u right for it?", what,
					p2p_problem_errno(side->error), cell->bs);
	return p2p_arena_printf(arena, "%s%s: %s%s",
				bounced && found->run->job.backend->peer ? "the bounce failed: " : "", what,
				p2p_problem_errno(side->error), gone_says(side->error));
}

/* Which legs had transfers on their way when it hung. */
static enum bench_leg hung_leg(const struct bench_found *found)
{
	const struct bench_pulse *pulse = &found->run->shared->pulse;
	unsigned flying[BENCH_LEG_WRITE + 1] = { 0 };

	for (unsigned i = 0; i < found->run->job.jobs; i++)
		for (int leg = BENCH_LEG_READ; leg <= BENCH_LEG_WRITE; leg++)
			flying[leg] += atomic_load(&pulse->units[i].flying[leg]);
	return flying[BENCH_LEG_READ] ? BENCH_LEG_READ : flying[BENCH_LEG_WRITE] ? BENCH_LEG_WRITE : BENCH_LEG_NONE;
}

static const char *hung_says(const struct bench_found *found)
{
	const struct bench_child *child = &found->run->child;
	enum bench_leg leg = hung_leg(found);
	const struct bench_cell *cell = &found->run->shared->cells[atomic_load(&found->run->shared->cell)];
	const char *path = end_of(found, leg)->path, *where = p2p_names_next(&found->stacks, NULL);
	struct p2p_arena *arena = found->topo->arena;
	const char *what = leg && path ? p2p_arena_printf(arena, "a %s %s (bs=%u iodepth=%u)", leg_word(leg), path,
							  cell->bs, cell->depth)
				       : "the copy";

	if (child->ended == BENCH_HUNG)
		return p2p_arena_printf(
			arena,
			"%s made no progress for %u s; process %d waits in the kernel where no signal reaches "
			"it, and is left behind%s%s",
			what, child->stall_seconds, child->pid, where ? ": " : "", where ? where : "");
	return p2p_arena_printf(arena, "%s made no progress for %u s; process %d was killed", what,
				child->stall_seconds, child->pid);
}

static const char *died_says(const struct bench_found *found)
{
	const struct bench_child *child = &found->run->child;
	struct p2p_arena *arena = found->topo->arena;

	if (child->ended == BENCH_ENDED)
		return p2p_arena_printf(arena, "the process that copies ended with status %d", child->status);
	if (child->status == SIGBUS)
		return "the peer memory went away in mid-run (SIGBUS): its driver was unbound, or the device is gone";
	return p2p_arena_printf(arena, "the process that copies was ended by signal %d (%s)", child->status,
				strsignal(child->status));
}

/* ---------------------------------------------------------------- level */

static enum p2p_answer allowed(const struct bench_found *found, int client)
{
	struct p2p_verdict verdict;

	if (client == P2P_NOBODY)
		return P2P_MAYBE;
	p2p_judge_pair(found->topo->judge, found->provider, client, &verdict);
	return verdict.supported;
}

/* Of all legs. */
static enum p2p_answer all_allowed(const struct bench_found *found)
{
	const struct bench_job *job = &found->run->job;
	enum p2p_answer answer = P2P_YES;

	for (int leg = BENCH_LEG_READ; leg <= BENCH_LEG_WRITE; leg++) {
		const struct bench_end *end = leg == BENCH_LEG_READ ? &job->src : &job->dst;

		if (end->fd < 0)
			continue;
		enum p2p_answer one = allowed(found, end->function);

		if (one == P2P_NO || (one == P2P_MAYBE && answer == P2P_YES))
			answer = one;
	}
	return answer;
}

static bool went_well(const struct p2p_bench_cell *cell)
{
	return cell->peer.ops && !cell->peer.error;
}

/* Why not all bytes were looked at; NULL: nobody tried, or they were. */
static const char *unchecked_says(const struct bench_found *found)
{
	for (size_t i = 0; i < found->run->cell_count; i++) {
		const struct bench_check *check = &found->run->shared->cells[i].check;

		if (check->error)
			return p2p_arena_printf(found->topo->arena, "not all bytes were checked: %s",
						check->problem.text);
		if (check->done && check->moved * 16 > check->proof.blocks)
			return p2p_arena_printf(found->topo->arena,
						"%llu of %llu blocks of the source changed meanwhile and could not be "
						"judged",
						(unsigned long long)check->moved,
						(unsigned long long)(check->moved + check->proof.blocks));
		if (check->done && check->weak)
			return p2p_arena_printf(
				found->topo->arena,
				"all that was checked is right, but the source holds only %llu different "
				"blocks, which proves little: --write it too, and it gets stamps",
				(unsigned long long)check->proof.distinct);
	}
	return NULL;
}

/* Works, intact or faster, of a run in which some cells went well and no I/O failed. */
static void judge_data(const struct bench_found *found, struct p2p_bench_result *result)
{
	uint64_t wrong = 0, outside = 0, checked = 0;
	bool all = true, faster = false, noisy = false, told = false;

	for (size_t i = 0; i < result->cell_count; i++) {
		const struct p2p_bench_cell *cell = &result->cells[i];

		if (!went_well(cell))
			continue;
		all &= cell->proof.done;
		wrong += cell->proof.wrong;
		checked += cell->proof.checked;
		outside += cell->proof.outside;
		faster |= p2p_known(cell->ratio_fact) && cell->faster == P2P_YES;
		noisy |= p2p_known(cell->ratio_fact) && cell->faster == P2P_MAYBE;
		told |= p2p_known(cell->ratio_fact) && cell->faster == P2P_NO;
	}
	result->level = P2P_BENCH_WORKS;
	if (wrong || outside) {
		result->why = p2p_arena_printf(found->topo->arena, "%llu of %llu blocks arrived wrong%s",
					       (unsigned long long)wrong, (unsigned long long)checked,
					       outside ? ", and bytes beside the range were changed" : "");
	} else if (!all || !checked) {
		result->why = unchecked_says(found);
		if (!result->why)
			result->why = "the bytes were not checked";
	} else {
		result->level = faster ? P2P_BENCH_FASTER : P2P_BENCH_INTACT;
		result->why = faster		? NULL
			      : noisy && told	? "it is not faster than the bounce where that can be told"
			      : noisy		? "too noisy to tell whether it is faster than the bounce"
			      : told		? "it is not faster than the bounce"
						: "too few rounds to tell whether it is faster than the bounce";
	}
}

/* The I/O that failed first. */
static const char *first_error(const struct bench_found *found, const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (result->cells[i].peer.error || result->cells[i].bounce.error)
			return error_says(found, i, &result->cells[i]);
	return NULL;
}

static const char *first_problem(const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (result->cells[i].problem)
			return result->cells[i].problem;
	return "nothing was copied";
}

static bool any_went_well(const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (went_well(&result->cells[i]))
			return true;
	return false;
}

static bool any_refused(const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (is_refusal(&result->cells[i]))
			return true;
	return false;
}

static void judge_level(const struct bench_found *found, struct p2p_bench_result *result)
{
	const struct bench_run *run = found->run;
	const char *error = first_error(found, result);
	bool ended = run->child.ended == BENCH_ENDED && !run->child.status;

	result->level = P2P_BENCH_NOTHING;
	result->refused = any_refused(result);
	if (run->job.backend->peer && !run->job.backend->cpu && !result->refused && all_allowed(found) == P2P_YES)
		result->level = P2P_BENCH_ALLOWED;
	result->hung = run->child.ended == BENCH_HUNG || run->child.ended == BENCH_KILLED;
	if (result->hung)
		result->why = hung_says(found);
	else if (!ended)
		result->why = died_says(found);
	else if (error)
		result->why = error;
	else if (run->job.backend->cpu)
		result->why = "the CPU copied: that proves nothing of any pair";
	else if (!run->job.backend->peer)
		result->why = unchecked_says(found) ? unchecked_says(found) : "no peer memory took part";
	else if (!any_went_well(result))
		result->why = first_problem(result);
	else
		judge_data(found, result);
}

/* ----------------------------------------------------------------- whole */

static const char *address_of(const struct bench_found *found, int function)
{
	char text[P2P_BDF_TEXT];

	if (function == P2P_NOBODY)
		return NULL;
	p2p_bdf_format(found->topo->machine->functions[function].bdf, true, text);
	return p2p_arena_strdup(found->topo->arena, text);
}

/* Does the kernel's log say that DMA of the pair was refused or lost? */
static bool any_lost(const struct p2p_bench_result *result)
{
	struct p2p_fault fault;

	for (size_t i = 0; i < result->fault_count; i++)
		if (p2p_fault_parse(result->faults[i], &fault) && p2p_fault_is_loss(fault.kind))
			return true;
	return false;
}

static bool any_checked(const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (result->cells[i].proof.done)
			return true;
	return false;
}

static const char *const *keep_all(struct p2p_arena *arena, const struct p2p_names *names)
{
	const char **ret = p2p_arena_array(arena, names->count + 1, sizeof(*ret));
	const char *name = NULL;

	for (size_t i = 0; (name = p2p_names_next(names, name)); i++)
		ret[i] = p2p_arena_strdup(arena, name);
	return ret;
}

static enum p2p_map map_of(const struct bench_found *found, int client)
{
	struct p2p_verdict verdict;

	if (client == P2P_NOBODY || found->provider == P2P_NOBODY)
		return P2P_MAP_UNKNOWN;
	p2p_judge_pair(found->topo->judge, found->provider, client, &verdict);
	return verdict.map;
}

/* What the links on the way let through at most. */
static void set_limit(const struct bench_found *found, struct p2p_bench_result *result)
{
	const struct p2p_machine *machine = found->topo->machine;
	const struct bench_job *job = &found->run->job;
	const struct p2p_copy copy = { .source = job->src.function, .provider = found->provider,
				       .destination = job->dst.function, .in = map_of(found, job->src.function),
				       .out = map_of(found, job->dst.function) };
	struct p2p_buf says = P2P_BUF_INIT;
	struct p2p_limit limit;
	struct p2p_flow flow;

	if (!result->provider || (!result->src && !result->dst))
		return;
	p2p_flow_copy(machine, &copy, found->topo->arena, &flow);
	p2p_flow_limit(machine, &flow, &limit);
	if (limit.state != P2P_LIMIT_KNOWN)
		return;
	result->limit = p2p_number_read(limit.high);
	p2p_limit_says(machine, &limit, &says);
	result->limit_link = p2p_arena_strdup(found->topo->arena, p2p_buf_text(&says));
	p2p_buf_free(&says);
}

struct p2p_bench_result *bench_result_new(const struct bench_found *found)
{
	struct p2p_arena *arena = found->topo->arena;
	const struct bench_run *run = found->run;
	struct p2p_bench_result *result = p2p_arena_alloc(arena, sizeof(*result));
	struct p2p_bench_cell *cells = p2p_arena_array(arena, run->cell_count, sizeof(*cells));

	for (size_t i = 0; i < run->cell_count; i++)
		cells[i] = cell_of(found, &run->shared->cells[i]);
	*result = (struct p2p_bench_result){
		.when = time(NULL),
		.provider = address_of(found, found->provider),
		.src = address_of(found, run->job.src.function),
		.dst = address_of(found, run->job.dst.function),
		.src_path = run->job.src.path,
		.dst_path = run->job.dst.path,
		.backend = run->job.backend->word,
		.engine = run->job.backend->ring ? NULL : run->job.ring->word,
		.cells = cells,
		.cell_count = run->cell_count,
		.faults = keep_all(arena, &found->faults),
		.fault_count = found->faults.count,
		.interrupted = found->interrupted || found->overtime,
	};
	judge_level(found, result);
	if (result->level == P2P_BENCH_WORKS && !any_checked(result) && any_lost(result))
		result->why = "the bytes were not checked, and the kernel's log says that DMA was refused or lost";
	set_limit(found, result);
	if (result->provider)
		result->identity_count =
			p2p_bench_identity(found->topo->machine, found->provider, run->job.src.function,
					   run->job.dst.function, arena, &result->identity);
	double rate;

	if (p2p_bench_best(result, &rate))
		result->bytes_per_second = (uint64_t)(rate + 0.5);
	return result;
}

enum p2p_exit bench_exit_worse(enum p2p_exit a, enum p2p_exit b)
{
	static const int order[] = {
		[P2P_EXIT_OK] = 0,	     [P2P_EXIT_UNKNOWN] = 1, [P2P_EXIT_NO] = 2,	   [P2P_EXIT_USAGE] = 3,
		[P2P_EXIT_CANNOT_READ] = 4, [P2P_EXIT_REFUSED] = 5, [P2P_EXIT_HUMAN] = 6, [P2P_EXIT_HUNG] = 7,
		[P2P_EXIT_WRONG_DATA] = 8,
	};

	return order[a] >= order[b] ? a : b;
}

static bool is_wrong(const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (result->cells[i].proof.wrong || result->cells[i].proof.outside)
			return true;
	return false;
}

static bool any_failed(const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (result->cells[i].peer.error || result->cells[i].bounce.error)
			return true;
	return false;
}

static bool any_moved(const struct p2p_bench_result *result)
{
	for (size_t i = 0; i < result->cell_count; i++)
		if (result->provider ? result->cells[i].peer.ops : result->cells[i].bounce.ops)
			return true;
	return false;
}

enum p2p_exit bench_result_exit(const struct p2p_bench_result *result)
{
	bool peer = result->provider && (result->src || result->dst);

	if (is_wrong(result))
		return P2P_EXIT_WRONG_DATA;
	if (result->hung)
		return P2P_EXIT_HUNG;
	if (any_failed(result) || any_lost(result) ||
	    (!result->interrupted && (!any_moved(result) || (peer && result->level < P2P_BENCH_WORKS))))
		return P2P_EXIT_NO;
	return result->interrupted ? P2P_EXIT_UNKNOWN : P2P_EXIT_OK;
}
