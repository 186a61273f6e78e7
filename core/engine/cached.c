/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cached.h"

#include <stdlib.h>
#include <string.h>

#include "../model/rule.h"

/* Times before now that are looked at, the newest; a boot with more changes than that is not told all of. */
#define MOMENTS_MAX 16

/* The machine as it was up to some change. */
struct moment {
	struct p2p_machine *machine;
	struct p2p_judge *judge;
	const struct p2p_acs_event *ended_by; /* the first change after it; NULL: by somebody else */
};

struct p2p_cached {
	const struct p2p_judge *now;
	const struct p2p_hardware *hardware;
	const bool *keeps; /* by function: has it memory now, whose verdicts are kept? */
	struct moment moments[MOMENTS_MAX]; /* newest first */
	size_t count;
	struct p2p_arena *arena;
};

/* The control words that were ever changed, at one time. */
struct words {
	struct p2p_cached *cached;
	const struct p2p_acs_event *events;
	size_t event_count;
	int *slots;	/* by event: its word below; P2P_NOBODY: it is not here, or not known */
	int *functions; /* by word */
	size_t count;
	uint16_t *now, *then, *left;
};

/* The function whose ACS control word it is. */
static int function_of(const struct p2p_machine *machine, const struct p2p_acs_event *event)
{
	int index = p2p_machine_find(machine, event->bdf);

	if (index == P2P_NOBODY || !p2p_known(machine->functions[index].acs.fact) ||
	    machine->functions[index].acs.offset + 6 != event->offset)
		return P2P_NOBODY;
	return index;
}

static void find_words(struct p2p_cached *cached, struct words *ret)
{
	const struct p2p_machine *machine = p2p_judge_machine(cached->now);
	struct p2p_arena *arena = cached->arena;
	int *slot_of = p2p_arena_array(arena, machine->function_count, sizeof(*slot_of));
	size_t most = machine->function_count, count = machine->acs_event_count;
	struct words words = {
		.cached = cached,
		.events = machine->acs_events,
		.event_count = count,
		.slots = p2p_arena_array(arena, count, sizeof(int)),
		.functions = p2p_arena_array(arena, most, sizeof(int)),
		.now = p2p_arena_array(arena, most, sizeof(uint16_t)),
		.then = p2p_arena_array(arena, most, sizeof(uint16_t)),
		.left = p2p_arena_array(arena, most, sizeof(uint16_t)),
	};

	for (size_t i = 0; i < count; i++) {
		int index = function_of(machine, &words.events[i]);

		words.slots[i] = P2P_NOBODY;
		if (index == P2P_NOBODY)
			continue;
		if (!slot_of[index]) {
			words.now[words.count] = words.then[words.count] = machine->functions[index].acs.ctrl;
			words.functions[words.count++] = index;
			slot_of[index] = (int)words.count;
		}
		words.slots[i] = slot_of[index] - 1;
	}
	*ret = words;
}

static void set(const struct words *words, uint16_t *list, size_t event, bool after)
{
	const struct p2p_acs_event *change = &words->events[event];
	int slot = words->slots[event];

	if (slot != P2P_NOBODY)
		list[slot] = (uint16_t)((list[slot] & ~change->mask) |
					((after ? change->after : change->before) & change->mask));
}

static bool is_same(const struct words *words, const uint16_t *a, const uint16_t *b)
{
	return !words->count || !memcmp(a, b, words->count * sizeof(*a));
}

/* A machine with these words is kept, where it is another one than now. */
static void add(const struct words *words, const uint16_t *list, const struct p2p_acs_event *ended_by)
{
	struct p2p_cached *cached = words->cached;

	if (cached->count == MOMENTS_MAX || is_same(words, list, words->now))
		return;
	struct p2p_machine *machine = p2p_machine_copy(p2p_judge_machine(cached->now), true);

	for (size_t i = 0; i < words->count; i++)
		machine->functions[words->functions[i]].acs.ctrl = list[i];
	cached->moments[cached->count++] =
		(struct moment){ machine, p2p_judge_new(machine, cached->hardware), ended_by };
}

/* Changes of one run in one go: what was between them lasted no time. */
static bool is_one_go(const struct p2p_acs_event *a, const struct p2p_acs_event *b)
{
	return a->run == b->run && a->back == b->back && a->time == b->time;
}

static void find_moments(struct p2p_cached *cached)
{
	struct words words;

	find_words(cached, &words);
	for (size_t end = words.event_count; words.count && end && cached->count < MOMENTS_MAX;) {
		size_t start = end - 1;

		while (start && is_one_go(&words.events[start - 1], &words.events[end - 1]))
			start--;
		/* As p2pctl left it; where it is not so the next time, or now, somebody else changed it. */
		memcpy(words.left, words.then, words.count * sizeof(*words.left));
		for (size_t i = start; i < end; i++)
			set(&words, words.left, i, true);
		if (!is_same(&words, words.left, words.then))
			add(&words, words.left, NULL);
		for (size_t i = end; i-- > start;)
			set(&words, words.then, i, false);
		add(&words, words.then, &words.events[start]);
		end = start;
	}
}

/* Does this kernel keep verdicts at all? */
static bool is_kept(const struct p2p_judge *judge)
{
	const struct p2p_candidates *candidates = p2p_judge_candidates(judge);
	const struct p2p_number *p2pdma = &p2p_judge_machine(judge)->host.p2pdma;

	return candidates->kind != P2P_KERNEL_BEFORE && candidates->count &&
	       candidates->list[0].set->set >= P2P_RULESET_R2 && !(p2p_known(p2pdma->fact) && !p2pdma->value);
}

struct p2p_cached *p2p_cached_new(const struct p2p_judge *judge, const struct p2p_hardware *hardware)
{
	const struct p2p_machine *machine = p2p_judge_machine(judge);

	/* What is assumed did not happen: nothing of it was ever kept. */
	if (!p2p_known(machine->acs_history) || !machine->acs_event_count || machine->assumption_count ||
	    !is_kept(judge))
		return NULL;
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_cached *cached = p2p_arena_alloc(arena, sizeof(*cached));
	bool *keeps = p2p_arena_array(arena, machine->function_count, sizeof(*keeps));

	for (size_t i = 0; i < machine->function_count; i++) {
		struct p2p_offer offer;

		p2p_judge_offer(judge, (int)i, &offer);
		keeps[i] = offer.kind == P2P_OFFER_P2PMEM;
	}
	cached->now = judge;
	cached->hardware = hardware;
	cached->keeps = keeps;
	cached->arena = arena;
	find_moments(cached);
	return cached;
}

void p2p_cached_free(struct p2p_cached *cached)
{
	if (!cached)
		return;
	for (size_t i = 0; i < cached->count; i++) {
		p2p_judge_free(cached->moments[i].judge);
		p2p_machine_free(cached->moments[i].machine);
	}
	p2p_arena_free(cached->arena);
}

/* Could the provider have had a verdict kept before that change: had it memory then? */
static bool had_memory(const struct p2p_acs_event *event, struct p2p_bdf bdf)
{
	if (!event || !event->memory_known)
		return true;
	for (size_t i = 0; i < event->memory_count; i++)
		if (!p2p_bdf_compare(event->memory[i], bdf))
			return true;
	return false;
}

bool p2p_cached_pair(const struct p2p_cached *cached, const struct p2p_verdict *verdict,
		     struct p2p_cached_answer *ret)
{
	struct p2p_cached_answer answer = { 0 };

	if (!cached || !cached->keeps[verdict->provider])
		return false;
	const struct p2p_bdf bdf = p2p_judge_machine(cached->now)->functions[verdict->provider].bdf;

	for (size_t i = 0; i < cached->count; i++) {
		const struct moment *moment = &cached->moments[i];
		struct p2p_verdict then;

		if (!had_memory(moment->ended_by, bdf))
			continue;
		p2p_judge_pair(moment->judge, verdict->provider, verdict->client, &then);
		if (then.map == P2P_MAP_UNKNOWN || then.map == verdict->map || answer.maps & 1u << then.map)
			continue;
		/* The newest such moment counts: from its end on the kernel's answer may be an old one. */
		if (!answer.maps && moment->ended_by) {
			answer.since = moment->ended_by->time;
			answer.since_known = true;
		}
		answer.maps |= (uint8_t)(1u << then.map);
	}
	if (answer.maps)
		*ret = answer;
	return answer.maps;
}

void p2p_cached_says(const struct p2p_judge *judge, const struct p2p_verdict *verdict,
		     const struct p2p_cached_answer *answer, const char *when, struct p2p_buf *ret)
{
	const struct p2p_machine *machine = p2p_judge_machine(judge);
	const char *between = "";
	char address[P2P_BDF_TEXT];

	p2p_buf_puts(ret, "may still be ");
	for (int map = P2P_MAP_NOT_SUPPORTED; map <= P2P_MAP_THRU_HOST_BRIDGE; map++)
		if (answer->maps & 1u << map) {
			p2p_buf_printf(ret, "%s%s", between, p2p_map_name((enum p2p_map)map));
			between = " or ";
		}
	p2p_buf_puts(ret, ": if this pair was used ");
	if (!answer->since_known)
		p2p_buf_puts(ret, "while changes of p2pctl held that somebody else has undone since");
	else if (when)
		p2p_buf_printf(ret, "before ACS changed at %s", when);
	else
		p2p_buf_puts(ret, "before ACS changed");
	p2p_buf_printf(ret,
		       ", the kernel still acts on its old answer; enabling an nvmet namespace of the client with "
		       "p2pmem set to %s asks again, and binding that one's driver anew forgets it",
		       p2p_bdf_format(machine->functions[verdict->provider].bdf, true, address));
}
