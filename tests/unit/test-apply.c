/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Apply: all of it or nothing, whatever fails on the way, and the journal says
 * what is so.  The machine is three registers and two attributes of this test.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "../../core/io/apply.h"
#include "check-folder.h"
#include "check.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define WORDS 3
#define TEXTS 2
#define EDITS 4
#define ALL (WORDS + TEXTS)

/* What is at a place, or does not let itself be written. */
enum fault {
	FAULT_NONE,
	FAULT_PERM,    /* lockdown */
	FAULT_BUSY,    /* a live namespace */
	FAULT_GONE,    /* from this write on it is not there */
	FAULT_ONES,    /* the same, as configuration space says it */
	FAULT_KEEP,    /* it keeps what it had */
	FAULT_HALF,    /* it keeps one of the bits, or half of the text */
	FAULT_WRITTEN, /* it is written, and an error is returned */
	FAULT_MOVED,   /* somebody else has written it just before it is looked at */
	FAULT_BLIND,   /* from this write on it cannot be read */
};

struct machine {
	struct p2p_source source;
	struct p2p_sink sink;
	uint16_t words[WORDS];
	char texts[TEXTS][32];
	enum fault gone[ALL];  /* GONE, ONES, BLIND */
	enum fault fault;      /* of the write number `at`, and with `lasting` of all that follow */
	unsigned writes, at;
	bool lasting;
	int *stop;	       /* counts down with each write; then it is to stop */
	volatile sig_atomic_t stopped;
};

/* Words, not elements of a table: clang takes only these in an initializer. */
#define PORT_0 "sys/bus/pci/devices/0000:02:00.0/config"
#define PORT_1 "sys/bus/pci/devices/0000:02:01.0/config"
#define POWER "sys/bus/pci/devices/0000:03:00.0/power/control"
#define P2PMEM "sys/kernel/config/nvmet/subsystems/s/namespaces/1/p2pmem"

static const char *const keys[ALL] = {
	PORT_0, PORT_1, "sys/bus/pci/devices/0000:02:02.0/config", POWER, P2PMEM,
};

static const struct p2p_edit edits[EDITS] = {
	{ .kind = P2P_EDIT_WORD, .key = PORT_0, .offset = 0x146, .before = 0x1d, .mask = 0xc, .after = 0x11 },
	{ .kind = P2P_EDIT_TEXT, .key = POWER, .text_before = "auto", .text_after = "on", .rule = "disks" },
	{ .kind = P2P_EDIT_WORD, .key = PORT_1, .offset = 0x146, .before = 0x5d, .mask = 0xc, .after = 0x51 },
	{ .kind = P2P_EDIT_TEXT, .key = P2PMEM, .text_before = "0", .text_after = "0000:03:00.0", .rule = "disks" },
};

static int find(const char *key)
{
	int index = 0;

	while (index < ALL && strcmp(keys[index], key) != 0)
		index++;
	return index;
}

static int machine_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
			size_t *ret)
{
	struct machine *machine = (struct machine *)source;
	int index = find(key);

	if (index == ALL || machine->gone[index] == FAULT_GONE)
		return -ENOENT;
	if (machine->gone[index] == FAULT_BLIND)
		return -EACCES;
	if (index < WORDS) {
		uint16_t word = machine->gone[index] == FAULT_ONES ? 0xffff : machine->words[index];
		const unsigned char bytes[] = { (unsigned char)word, (unsigned char)(word >> 8) };

		if (offset != 0x146 || length != 2)
			return -EINVAL;
		memcpy(buffer, bytes, 2);
		*ret = 2;
		return 0;
	}
	char text[40];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s\n", machine->texts[index - WORDS]);

	*ret = offset >= len ? 0 : len - offset < length ? len - offset : length;
	memcpy(buffer, text + (offset < len ? offset : len), *ret);
	return 0;
}

static const struct p2p_source_ops source_ops = { .read = machine_read };

static void set(struct machine *machine, int index, const struct p2p_edit *change, uint16_t word)
{
	if (index < WORDS)
		machine->words[index] = word;
	else
		snprintf(machine->texts[index - WORDS], sizeof(machine->texts[0]), "%s", change->text_after);
}

static int machine_write(struct p2p_sink *sink, const struct p2p_edit *change, uint16_t word)
{
	struct machine *machine = (struct machine *)((char *)sink - offsetof(struct machine, sink));
	int index = find(change->key);
	unsigned number = machine->writes++;
	enum fault fault = number == machine->at || (machine->lasting && number > machine->at) ? machine->fault
											        : FAULT_NONE;

	if (machine->stop && --*machine->stop == 0)
		machine->stopped = 1;
	switch (fault) {
	case FAULT_PERM:
		return -EPERM;
	case FAULT_BUSY:
		return -EBUSY;
	case FAULT_ONES:
	case FAULT_GONE:
		machine->gone[index] = index < WORDS ? fault : FAULT_GONE;
		return fault == FAULT_ONES ? 0 : -ENODEV;
	case FAULT_KEEP:
		return 0;
	case FAULT_HALF:
		if (index < WORDS)
			machine->words[index] = (uint16_t)((machine->words[index] & ~4) | (word & 4));
		else
			snprintf(machine->texts[index - WORDS], sizeof(machine->texts[0]), "0000");
		return 0;
	case FAULT_BLIND:
		machine->gone[index] = FAULT_BLIND;
		set(machine, index, change, word);
		return 0;
	default:
		set(machine, index, change, word);
		return fault == FAULT_WRITTEN ? -EIO : 0;
	}
}

static const struct p2p_sink_ops sink_ops = { .write = machine_write };

static void machine_begin(struct machine *machine)
{
	*machine = (struct machine){ .source.ops = &source_ops, .sink.ops = &sink_ops, .words = { 0x1d, 0x5d, 0 },
				     .texts = { "auto", "0" }, .at = 1000 };
}

static bool is_before(const struct machine *machine, size_t index)
{
	const struct p2p_edit *edit = &edits[index];
	int place = find(edit->key);

	if (machine->gone[place] == FAULT_GONE || machine->gone[place] == FAULT_ONES)
		return true;
	return place < WORDS ? machine->words[place] == edit->before
			     : !strcmp(machine->texts[place - WORDS], edit->text_before);
}

static bool is_old(const struct machine *machine)
{
	for (size_t i = 0; i < EDITS; i++)
		if (!is_before(machine, i))
			return false;
	return true;
}

static bool is_new(const struct machine *machine)
{
	return machine->words[0] == 0x11 && machine->words[1] == 0x51 && !strcmp(machine->texts[0], "on") &&
	       !strcmp(machine->texts[1], "0000:03:00.0");
}

/* -------------------------------------------------------------------- tools */

static struct p2p_apply begin(struct machine *machine)
{
	struct p2p_apply apply = { .source = &machine->source, .sink = &machine->sink };
	struct p2p_problem problem = { "" };

	CHECK(!p2p_journal_open(check_top, BOOT, &problem, &apply.journal));
	return apply;
}

static int enable(struct machine *machine, struct p2p_problem *problem, size_t *ret_stuck)
{
	struct p2p_apply apply = begin(machine);

	apply.stop = &machine->stopped;
	int error = p2p_apply_run(&apply, edits, EDITS, false, "enable", problem, ret_stuck);

	p2p_journal_free(apply.journal);
	return error;
}

static int undo(struct machine *machine, unsigned number, struct p2p_problem *problem, size_t *ret_stuck)
{
	struct p2p_apply apply = begin(machine);
	struct p2p_run *run = p2p_journal_runs(apply.journal);

	while (run && run->number != number)
		run = run->next;
	int error = run ? p2p_apply_undo(&apply, run, problem, ret_stuck) : -ENOENT;

	p2p_journal_free(apply.journal);
	return error;
}

static int recover(struct machine *machine, bool forget, size_t *ret_stuck, size_t *ret_recovered)
{
	struct p2p_apply apply = begin(machine);
	struct p2p_problem problem = { "" };

	apply.forget = forget;
	int error = p2p_apply_recover(&apply, &problem, ret_stuck, ret_recovered);

	p2p_journal_free(apply.journal);
	return error;
}

/* Entries that the journal says are ours, in runs that are over or not. */
static size_t in_force(struct machine *machine)
{
	struct p2p_apply apply = begin(machine);
	size_t count = 0;

	for (const struct p2p_run *run = p2p_journal_runs(apply.journal); run; run = run->next)
		for (size_t i = 0; i < run->count; i++)
			count += !p2p_entry_settled(run->entries[i].state);
	p2p_journal_free(apply.journal);
	return count;
}

/* -------------------------------------------------------------------- apply */

static void test_whole(void)
{
	struct p2p_problem problem = { "" };
	struct machine machine;
	size_t stuck = 9;

	folder_clear();
	machine_begin(&machine);
	machine.words[0] |= 0x40; /* a bit that is none of ours */
	CHECK(!enable(&machine, &problem, &stuck) && !stuck && in_force(&machine) == EDITS);
	CHECK(machine.words[0] == 0x51 && machine.writes == EDITS);
	machine.words[0] ^= 0x42; /* nor are these, that somebody changes meanwhile */
	CHECK(machine.words[0] == 0x13);
	CHECK(!undo(&machine, 1, &problem, &stuck) && !stuck && !in_force(&machine));
	CHECK(machine.words[0] == 0x1f && machine.words[1] == 0x5d && machine.writes == 2 * EDITS);
	CHECK(!*problem.text);
}

static const struct {
	enum fault fault;
	int error, stuck_after_text, stuck_after_word;
	const char *says;
} faults[] = {
	{ FAULT_PERM, -EPERM, 0, 0, "run it as root" },
	{ FAULT_BUSY, -EBUSY, 0, 0, "in use" },
	{ FAULT_GONE, -ENODEV, 0, 0, "gone" },
	{ FAULT_ONES, -ENODEV, 0, 0, "gone" },
	{ FAULT_KEEP, -EIO, 0, 0, "did not keep" },
	/* A text that is neither is not ours to overwrite. */
	{ FAULT_HALF, -EIO, 1, 0, "did not keep" },
	{ FAULT_WRITTEN, -EIO, 0, 0, "rror" },
	{ FAULT_BLIND, -EIO, 1, 1, "did not keep" },
};

/* One write fails: all is as before, but for what cannot be taken back, and that is counted. */
static void test_each_write(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		for (unsigned at = 0; at < EDITS; at++) {
			struct p2p_problem problem = { "" };
			struct machine machine;
			size_t stuck = 9, recovered = 9;
			bool is_text = edits[at].kind == P2P_EDIT_TEXT;
			int wanted = is_text ? faults[i].stuck_after_text : faults[i].stuck_after_word;
			int error = is_text && faults[i].fault == FAULT_ONES ? -ENODEV : faults[i].error;

			folder_clear();
			machine_begin(&machine);
			machine.fault = faults[i].fault;
			machine.at = at;
			CHECK(enable(&machine, &problem, &stuck) == error && strstr(problem.text, faults[i].says));
			CHECK(stuck == (size_t)wanted && in_force(&machine) == stuck);
			/* What was done before it is taken back, whatever became of it itself. */
			for (size_t j = 0; j < EDITS; j++)
				CHECK(is_before(&machine, j) || (j == at && wanted));
			CHECK((recover(&machine, false, &stuck, &recovered) != 0) == wanted && stuck == (size_t)wanted);
			CHECK(recovered == (size_t)wanted && in_force(&machine) == stuck);
			/* It can be read again, or has one of its two values: it goes back. */
			memset(machine.gone, 0, sizeof(machine.gone));
			if (faults[i].fault == FAULT_HALF && is_text)
				set(&machine, find(edits[at].key), &edits[at], 0);
			if (wanted)
				CHECK(!recover(&machine, false, &stuck, &recovered) && recovered == 1);
			CHECK(is_old(&machine) && !in_force(&machine));
		}
}

/* From one write on every write fails: what is stuck is counted, stays in the journal, and is mended by a later run. */
static void test_stuck(void)
{
	for (unsigned at = 0; at < EDITS; at++) {
		struct p2p_problem problem = { "" };
		struct machine machine;
		size_t stuck = 9, recovered = 9;

		folder_clear();
		machine_begin(&machine);
		machine.fault = FAULT_PERM;
		machine.at = at;
		machine.lasting = true;
		CHECK(enable(&machine, &problem, &stuck) == -EPERM && stuck == at && in_force(&machine) == at);
		CHECK(at == 0 || strstr(problem.text, "; and then "));
		CHECK((recover(&machine, false, &stuck, &recovered) == -EPERM) == (at > 0) && stuck == at);
		machine.lasting = false;
		machine.at = 1000;
		CHECK(!recover(&machine, false, &stuck, &recovered) && !stuck && recovered == (at > 0));
		CHECK(is_old(&machine) && !in_force(&machine));
	}
}

static void test_moved(void)
{
	static const int errors[] = { [FAULT_MOVED] = -ESTALE, [FAULT_GONE] = -ENODEV, [FAULT_ONES] = -ENODEV,
				      [FAULT_BLIND] = -EACCES };

	for (enum fault fault = FAULT_NONE; fault < sizeof(errors) / sizeof(*errors); fault++)
		for (size_t at = 0; errors[fault] && at < EDITS; at++) {
			int place = find(edits[at].key);
			struct p2p_problem problem = { "" };
			struct machine machine;
			size_t stuck = 9;

			if (fault == FAULT_ONES && place >= WORDS)
				continue;
			folder_clear();
			machine_begin(&machine);
			if (fault != FAULT_MOVED)
				machine.gone[place] = fault;
			else if (place < WORDS)
				machine.words[place] ^= 8;
			else
				snprintf(machine.texts[place - WORDS], 32, "third");
			struct machine moved = machine;

			CHECK(enable(&machine, &problem, &stuck) == errors[fault] && !stuck && *problem.text);
			CHECK(!memcmp(machine.words, moved.words, sizeof(moved.words)));
			CHECK(!memcmp(machine.texts[place >= WORDS ? place - WORDS : 0],
				      moved.texts[place >= WORDS ? place - WORDS : 0], 6));
			CHECK(!in_force(&machine));
		}
}

/* A journal that can grow no further at any one byte: nothing is changed, and what was written of it reads. */
static void test_full(void)
{
	struct rlimit usual, limit;
	struct machine machine;
	struct p2p_problem problem = { "" };
	size_t stuck, recovered, len = 0, begun = 0;

	signal(SIGXFSZ, SIG_IGN);
	folder_clear();
	machine_begin(&machine);
	p2p_journal_free(begin(&machine).journal);
	free(file_get("journal", &begun));
	CHECK(!enable(&machine, &problem, &stuck));
	free(file_get("journal", &len));
	CHECK(!getrlimit(RLIMIT_FSIZE, &usual));
	for (size_t most = begun; most < len; most++) {
		folder_clear();
		machine_begin(&machine);
		p2p_journal_free(begin(&machine).journal);
		problem = (struct p2p_problem){ "" };
		limit = (struct rlimit){ most, usual.rlim_max };
		CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
		int error = enable(&machine, &problem, &stuck);

		CHECK(error == -EFBIG && strstr(problem.text, "the journal cannot be written") && !stuck);
		CHECK(is_old(&machine));
		/* Nor can it be told now, which does not keep the machine from being right. */
		recover(&machine, false, &stuck, &recovered);
		CHECK(is_old(&machine) && !stuck);
		CHECK(!setrlimit(RLIMIT_FSIZE, &usual));
		CHECK(!recover(&machine, false, &stuck, &recovered) && is_old(&machine) && !in_force(&machine));
	}
}

static void test_stop(void)
{
	for (int after = 1; after <= EDITS; after++) {
		struct p2p_problem problem = { "" };
		struct machine machine;
		size_t stuck = 9;
		int left = after;

		folder_clear();
		machine_begin(&machine);
		machine.stop = &left;
		/* The last change is the end: there is nothing left to be stopped. */
		CHECK(enable(&machine, &problem, &stuck) == (after < EDITS ? -EINTR : 0) && !stuck);
		CHECK(after < EDITS ? is_old(&machine) && !in_force(&machine) : is_new(&machine));
	}
}

/* --------------------------------------------------------------------- undo */

static void test_third_value(void)
{
	struct p2p_problem problem = { "" };
	struct machine machine;
	size_t stuck = 9, recovered = 9;

	folder_clear();
	machine_begin(&machine);
	CHECK(!enable(&machine, &problem, &stuck));
	snprintf(machine.texts[0], sizeof(machine.texts[0]), "third");
	CHECK(undo(&machine, 1, &problem, &stuck) == -ESTALE && stuck == 1 && strstr(problem.text, "third value"));
	CHECK(in_force(&machine) == 1 && machine.words[0] == 0x1d && !strcmp(machine.texts[1], "0"));
	/* So it stays, and is said each time, until a person says that it is right so. */
	CHECK(recover(&machine, false, &stuck, &recovered) == -ESTALE && stuck == 1 && recovered == 1);
	CHECK(!recover(&machine, true, &stuck, &recovered) && !stuck && recovered == 1);
	CHECK(!in_force(&machine) && !strcmp(machine.texts[0], "third"));
	CHECK(!recover(&machine, false, &stuck, &recovered) && !recovered);

	/* A word is put back bit by bit, whatever it is. */
	folder_clear();
	machine_begin(&machine);
	problem = (struct p2p_problem){ "" };
	CHECK(!enable(&machine, &problem, &stuck));
	machine.words[0] ^= 4;
	CHECK(!undo(&machine, 1, &problem, &stuck) && is_old(&machine));
}

/* Two runs of the same places, for something drifted in between; and a third of one place, later. */
static void test_superseded(void)
{
	struct p2p_problem problem = { "" };
	struct machine machine;
	size_t stuck = 9, recovered = 9;

	folder_clear();
	machine_begin(&machine);
	CHECK(!enable(&machine, &problem, &stuck));
	machine.words[0] = 0x1d;
	struct p2p_apply apply = begin(&machine);

	CHECK(!p2p_apply_run(&apply, edits, 1, true, "enable", &problem, &stuck) && is_new(&machine));
	/* One of its changes alone, and then the rest; each once. */
	CHECK(!p2p_apply_undo_entry(&apply, p2p_journal_runs(apply.journal), 2, &problem) && machine.words[1] == 0x5d);
	p2p_journal_free(apply.journal);
	CHECK(in_force(&machine) == EDITS);
	unsigned writes = machine.writes;

	CHECK(!undo(&machine, 2, &problem, &stuck) && machine.words[0] == 0x1d && machine.writes == writes + 1);
	CHECK(!undo(&machine, 1, &problem, &stuck) && is_old(&machine) && machine.writes == writes + 3);
	CHECK(!in_force(&machine) && !*problem.text);
	CHECK(!recover(&machine, false, &stuck, &recovered) && !recovered);
}

/* A namespace that is switched off and on for a change: where it cannot be switched off again, all waits for that. */
static void test_restart(void)
{
	static const struct p2p_edit restart[] = {
		{ .kind = P2P_EDIT_TEXT, .key = POWER, .text_before = "1", .text_after = "0" },
		{ .kind = P2P_EDIT_TEXT, .key = P2PMEM, .text_before = "0", .text_after = "0000:03:00.0" },
		{ .kind = P2P_EDIT_TEXT, .key = POWER, .text_before = "0", .text_after = "1" },
	};

	for (unsigned at = 3; at < 6; at++) {
		struct p2p_problem problem = { "" };
		struct machine machine;
		size_t stuck = 9, recovered = 9;

		folder_clear();
		machine_begin(&machine);
		snprintf(machine.texts[0], sizeof(machine.texts[0]), "1");
		machine.fault = FAULT_PERM;
		machine.at = at;
		struct p2p_apply apply = begin(&machine);

		CHECK(!p2p_apply_run(&apply, restart, 3, false, "enable", &problem, &stuck));
		p2p_journal_free(apply.journal);
		CHECK(undo(&machine, 1, &problem, &stuck) == -EPERM && stuck == (at == 3 ? 2 : 1));
		CHECK(!recover(&machine, false, &stuck, &recovered) && recovered == 1 && !in_force(&machine));
		CHECK(!strcmp(machine.texts[0], "1") && !strcmp(machine.texts[1], "0"));
	}
}

/* More runs than a program would be killed in before somebody looks. */
static void test_many_open(void)
{
	struct p2p_problem problem = { "" };
	struct machine machine;
	struct p2p_run *run;
	size_t stuck = 9, recovered = 9;

	folder_clear();
	machine_begin(&machine);
	struct p2p_apply apply = begin(&machine);

	for (int i = 0; i < 100; i++)
		CHECK(!p2p_journal_begin(apply.journal, true, "enable", &run) &&
		      !p2p_journal_intent(apply.journal, run, &edits[i % EDITS]));
	p2p_journal_free(apply.journal);
	for (size_t i = 0; i < EDITS; i++)
		set(&machine, find(edits[i].key), &edits[i], edits[i].after);
	CHECK(is_new(&machine) && !recover(&machine, false, &stuck, &recovered));
	CHECK(recovered == 100 && !stuck && is_old(&machine) && !in_force(&machine) && !*problem.text);
}

/* ------------------------------------------------------------------ recover */

/* What the records say was done: changes made less those taken back; *ret_next: the one that may be under way. */
static void replay(const char *text, size_t lines, bool made[EDITS], int *ret_next)
{
	bool undoing = false;

	memset(made, 0, EDITS * sizeof(*made));
	*ret_next = -1;
	for (size_t i = 0; i < lines; i++, text = strchr(text, '\n') + 1) {
		unsigned entry = 0;

		if (sscanf(text, "intent 1 %u", &entry) == 1) {
			*ret_next = (int)entry;
		} else if (sscanf(text, "done 1 %u", &entry) == 1) {
			made[entry] = true;
			*ret_next = -1;
		} else if (sscanf(text, "undone 1 %u", &entry) == 1) {
			made[entry] = false;
		}
		undoing |= !strncmp(text, "undo 1", 6);
	}
	for (int i = 0; undoing && i < EDITS; i++)
		if (made[i])
			*ret_next = i; /* the newest that is not yet taken back */
}

static void check_prefix(const char *whole, size_t cut, bool under_way, struct machine *machine)
{
	size_t lines = 0, stuck = 9, recovered = 9;
	bool made[EDITS];
	int next;

	for (size_t i = 0; i < cut; i++)
		lines += whole[i] == '\n';
	replay(whole, lines, made, &next);
	machine_begin(machine);
	for (int i = 0; i < EDITS; i++)
		if (made[i] != (under_way && i == next))
			set(machine, find(edits[i].key), &edits[i], edits[i].after);
	folder_clear();
	file_put("journal", whole, cut);
	CHECK(!recover(machine, false, &stuck, &recovered) && !stuck && recovered <= 1);
}

/* Killed at any byte of the journal, before or after the write that is under way. */
static void test_prefixes(void)
{
	struct p2p_problem problem = { "" };
	struct machine machine;
	size_t stuck = 9, ended, len;

	folder_clear();
	machine_begin(&machine);
	CHECK(!enable(&machine, &problem, &stuck));
	free(file_get("journal", &ended));
	CHECK(!undo(&machine, 1, &problem, &stuck));
	char *whole = file_get("journal", &len), *undo_line = strstr(whole, "\nundo 1 ");

	CHECK(undo_line && (size_t)(undo_line + 1 - whole) == ended);
	size_t undo_end = (size_t)(strchr(undo_line + 1, '\n') + 1 - whole);

	for (size_t cut = 0; cut <= len; cut++)
		for (int under_way = 0; under_way < 2; under_way++) {
			check_prefix(whole, cut, under_way, &machine);
			if (cut >= ended && cut < undo_end)
				CHECK(is_new(&machine));
			else
				CHECK(is_old(&machine) && !in_force(&machine));
		}
	free(whole);
}

int main(void)
{
	folder_make("apply");
	test_whole();
	test_each_write();
	test_stuck();
	test_moved();
	test_full();
	test_stop();
	test_third_value();
	test_superseded();
	test_restart();
	test_many_open();
	test_prefixes();
	folder_remove();
	return check_done();
}
