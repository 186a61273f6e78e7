/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is all that a result rests on still the same?  Words are compared by their names, and said in sentences. */
#include <stdio.h>
#include <string.h>

#include "bench-identity.h"

/* How many differences are named. */
#define SAID_MOST 3

struct said {
	struct p2p_buf *text;
	unsigned count;
};

static bool starts_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* NULL: not there; where it is there and was not known, *ret_there. */
static const char *value_of(const struct p2p_bench_word *words, size_t count, const char *name, bool *ret_there)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(words[i].name, name)) {
			*ret_there = true;
			return words[i].value;
		}
	*ret_there = false;
	return NULL;
}

static const char *end_value(const struct p2p_bench_result *result, unsigned end, const char *what)
{
	char name[64];
	bool there;

	snprintf(name, sizeof(name), "%s.%s", p2p_bench_ends[end], what);
	return value_of(result->identity, result->identity_count, name, &there);
}

/* ------------------------------------------------------------------ who it is */

static bool has_path(const struct p2p_machine *machine, int index, const char *path)
{
	struct p2p_buf text = P2P_BUF_INIT;
	bool same = !p2p_function_path(machine, index, &text) && !strcmp(p2p_buf_text(&text), path);

	p2p_buf_free(&text);
	return same;
}

static int find_path(const struct p2p_machine *machine, const char *path)
{
	size_t length = strlen(path);
	char tail[8];

	for (size_t i = 0; i < machine->function_count; i++) {
		unsigned devfn = machine->functions[i].bdf.devfn;
		size_t size = (size_t)snprintf(tail, sizeof(tail), "%02x.%u", devfn >> 3, devfn & 7);

		/* Most are told apart without making their paths. */
		if (length >= size && !strcmp(path + length - size, tail) && has_path(machine, (int)i, path))
			return (int)i;
	}
	return P2P_NOBODY;
}

int p2p_bench_find(const struct p2p_machine *machine, const struct p2p_bench_result *result, unsigned end)
{
	const char *const addresses[] = { result->provider, result->src, result->dst };
	const char *path = end_value(result, end, "path"), *serial = end_value(result, end, "serial");
	struct p2p_bdf bdf;
	int index, found;

	if (!addresses[end] || p2p_bdf_parse(addresses[end], &bdf))
		return P2P_NOBODY;
	index = p2p_machine_find(machine, bdf);
	if (!path || (index != P2P_NOBODY && has_path(machine, index, path)))
		return index;
	found = find_path(machine, path);
	for (size_t i = 0; i < machine->function_count && found == P2P_NOBODY && serial && *serial; i++)
		if (p2p_known(machine->functions[i].serial.fact) &&
		    !strcmp(machine->functions[i].serial.text, serial))
			found = (int)i;
	return found == P2P_NOBODY ? index : found;
}

/* ------------------------------------------------------------------- sentences */

/* "03:00.0", of who is there now; where nobody is, its path. */
static void put_hop(const struct p2p_machine *machine, const char *path, struct p2p_buf *ret)
{
	int index = machine ? find_path(machine, path) : P2P_NOBODY;
	char address[P2P_BDF_TEXT];

	p2p_buf_puts(ret, index == P2P_NOBODY ? path
					      : p2p_bdf_format(machine->functions[index].bdf, !machine->one_domain,
							       address));
}

static void put_label(const struct p2p_machine *machine, const char *name, struct p2p_buf *ret)
{
	static const struct {
		const char *name, *says;
	} labels[] = {
		{ "kernel", "the kernel" },
		{ "version", "the build of the kernel" },
		{ "cmdline", "what the command line says of PCI, IOMMU and NVMe" },
		{ "bios", "the BIOS" },
		{ "iommu", "the IOMMU" },
		{ "path", "place" },
		{ "id", "device id" },
		{ "subsystem", "subsystem id" },
		{ "serial", "serial number" },
		{ "firmware", "firmware" },
		{ "driver", "driver" },
		{ "ats", "ATS" },
	};
	static const char *const owners[P2P_BENCH_ENDS] = { "the provider's ", "the source's ", "the destination's " };

	if (starts_with(name, "acs ") || starts_with(name, "link ")) {
		p2p_buf_puts(ret, *name == 'a' ? "ACS of " : "the link of ");
		put_hop(machine, strchr(name, ' ') + 1, ret);
		return;
	}
	for (size_t i = 0; i < P2P_BENCH_ENDS; i++) {
		size_t length = strlen(p2p_bench_ends[i]);

		if (!starts_with(name, p2p_bench_ends[i]) || name[length] != '.')
			continue;
		p2p_buf_puts(ret, owners[i]);
		name += length + 1;
		if (!strcmp(name, "iommu"))
			name = "IOMMU domain";
	}
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (!strcmp(labels[i].name, name))
			name = labels[i].says;
	p2p_buf_puts(ret, name);
}

static const char *shown(const char *value)
{
	return *value ? value : "none";
}

/* The next difference; false: enough were named. */
static bool say_next(struct said *said)
{
	if (said->count++ >= SAID_MOST)
		return false;
	if (said->count > 1)
		p2p_buf_puts(said->text, "; ");
	return true;
}

static bool is_hop(const char *name)
{
	return starts_with(name, "acs ");
}

/* ------------------------------------------------------------------ comparing */

struct now {
	const struct p2p_machine *machine;
	const struct p2p_bench_word *words;
	size_t count;
	bool paths; /* where its ends are is known, so what is not on the way is not on it */
};

static bool knows_paths(const struct p2p_bench_word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(words[i].name, ".path") && !words[i].value)
			return false;
	return true;
}

static void say_changed(const struct now *now, const char *name, const char *was, const char *is, struct said *said)
{
	if (!say_next(said))
		return;
	if (!strcmp(name, "version")) {
		p2p_buf_puts(said->text, "the kernel is another build of the same release");
		return;
	}
	put_label(now->machine, name, said->text);
	p2p_buf_printf(said->text, " was %s, is %s", shown(was), shown(is));
}

/* One word of the result against what is now. */
static enum p2p_answer compare(const struct now *now, const struct p2p_bench_word *word, struct said *changed,
			       struct said *unknown)
{
	bool there;
	const char *is = value_of(now->words, now->count, word->name, &there);

	if (word->value && is && !strcmp(word->value, is))
		return P2P_YES;
	if (word->value && is) {
		/* A release says all that its build would. */
		if (strcmp(word->name, "version") != 0 || !changed->count)
			say_changed(now, word->name, word->value, is, changed);
		return P2P_NO;
	}
	if (!there && now->paths && (is_hop(word->name) || starts_with(word->name, "link "))) {
		/* Once a function: its ACS and its link go together. */
		if ((is_hop(word->name) || !changed->count) && say_next(changed)) {
			put_hop(now->machine, strchr(word->name, ' ') + 1, changed->text);
			p2p_buf_puts(changed->text, " is no longer on the way");
		}
		return P2P_NO;
	}
	if (!unknown->count++) {
		put_label(now->machine, word->name, unknown->text);
		p2p_buf_puts(unknown->text, word->value ? " is not known now" : " was not known then");
	}
	return P2P_MAYBE;
}

/* What is on the way now and was not then. */
static bool has_new_hop(const struct now *now, const struct p2p_bench_result *result, struct said *said)
{
	bool any = false, there;

	if (!knows_paths(result->identity, result->identity_count))
		return false;
	for (size_t i = 0; i < now->count; i++) {
		if (!is_hop(now->words[i].name))
			continue;
		value_of(result->identity, result->identity_count, now->words[i].name, &there);
		if (there)
			continue;
		any = true;
		if (say_next(said)) {
			put_hop(now->machine, strchr(now->words[i].name, ' ') + 1, said->text);
			p2p_buf_puts(said->text, " is on the way now");
		}
	}
	return any;
}

static enum p2p_answer compare_all(const struct now *now, const struct p2p_bench_result *result, struct p2p_buf *ret)
{
	struct p2p_buf texts[2] = { P2P_BUF_INIT, P2P_BUF_INIT };
	struct said changed = { &texts[0], 0 }, unknown = { &texts[1], 0 };
	bool no = false, maybe = !result->identity_count;

	for (size_t i = 0; i < result->identity_count; i++) {
		enum p2p_answer same = compare(now, &result->identity[i], &changed, &unknown);

		no = no || same == P2P_NO;
		maybe = maybe || same == P2P_MAYBE;
	}
	no = has_new_hop(now, result, &changed) || no;
	if (no) {
		p2p_buf_puts(ret, p2p_buf_text(&texts[0]));
		if (changed.count > SAID_MOST)
			p2p_buf_printf(ret, "; and %u more", changed.count - SAID_MOST);
	} else if (maybe) {
		p2p_buf_puts(ret, unknown.count ? p2p_buf_text(&texts[1]) : "what it rests on was not recorded");
		if (unknown.count > 1)
			p2p_buf_printf(ret, ", and %u more facts", unknown.count - 1);
	}
	p2p_buf_free(&texts[0]);
	p2p_buf_free(&texts[1]);
	return no ? P2P_NO : maybe ? P2P_MAYBE : P2P_YES;
}

enum p2p_answer p2p_bench_holds(const struct p2p_machine *machine, const struct p2p_bench_result *result,
				struct p2p_buf *ret)
{
	static const char *const called[P2P_BENCH_ENDS] = { "provider", "source", "destination" };
	const char *const addresses[P2P_BENCH_ENDS] = { result->provider, result->src, result->dst };
	struct now now = { .machine = machine };
	int at[P2P_BENCH_ENDS];

	for (unsigned i = 0; i < P2P_BENCH_ENDS; i++) {
		at[i] = p2p_bench_find(machine, result, i);
		if (addresses[i] && at[i] == P2P_NOBODY) {
			p2p_buf_printf(ret, "the %s %s is not here", called[i], addresses[i]);
			return P2P_NO;
		}
	}
	struct p2p_arena *arena = p2p_arena_new();

	now.count = p2p_bench_identity(machine, at[0], at[1], at[2], arena, &now.words);
	now.paths = knows_paths(now.words, now.count);
	enum p2p_answer holds = compare_all(&now, result, ret);

	p2p_arena_free(arena);
	return holds;
}

bool p2p_bench_differs(const struct p2p_bench_result *a, const struct p2p_bench_result *b, struct p2p_buf *ret)
{
	struct said said = { ret, 0 };
	bool there;

	for (size_t i = 0; i < a->identity_count; i++) {
		const struct p2p_bench_word *word = &a->identity[i];
		const char *other = value_of(b->identity, b->identity_count, word->name, &there);

		if (!word->value || !other || !strcmp(word->value, other) || !say_next(&said))
			continue;
		put_label(NULL, word->name, ret);
		p2p_buf_printf(ret, ": %s, %s", shown(word->value), shown(other));
	}
	if (said.count > SAID_MOST)
		p2p_buf_printf(ret, "; and %u more", said.count - SAID_MOST);
	return said.count;
}
