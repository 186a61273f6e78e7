/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096

static int read_word(struct p2p_source *source, const struct p2p_edit *change, uint16_t *ret)
{
	unsigned char bytes[2];
	size_t got = 0;
	int error = p2p_source_read(source, change->key, change->offset, bytes, sizeof(bytes), &got);

	if (error)
		return error;
	if (got != sizeof(bytes))
		return -EACCES;
	*ret = (uint16_t)(bytes[0] | bytes[1] << 8);
	return 0;
}

static int read_text(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	int error = p2p_source_read_text(source, key, TEXT_MAX, ret);

	if (!error && ret->len && ret->text[ret->len - 1] == '\n')
		ret->text[--ret->len] = '\0';
	return error;
}

static enum p2p_place_now place_of_error(int error)
{
	return error == -ENOENT || error == -ENODEV ? P2P_PLACE_GONE : P2P_PLACE_UNKNOWN;
}

static enum p2p_place_now look_at_word(struct p2p_source *source, const struct p2p_edit *change)
{
	uint16_t now = 0;
	int error = read_word(source, change, &now);

	if (error)
		return place_of_error(error);
	/* A function that is gone, or not yet back, answers all ones. */
	if (now == 0xffff)
		return P2P_PLACE_GONE;
	if ((now & change->mask) == (change->after & change->mask))
		return P2P_PLACE_AFTER;
	return (now & change->mask) == (change->before & change->mask) ? P2P_PLACE_BEFORE : P2P_PLACE_OTHER;
}

static enum p2p_place_now look_at_text(struct p2p_source *source, const struct p2p_edit *change)
{
	struct p2p_buf now = P2P_BUF_INIT;
	enum p2p_place_now place;
	int error = read_text(source, change->key, &now);

	if (error)
		place = place_of_error(error);
	else if (!strcmp(p2p_buf_text(&now), change->text_after))
		place = P2P_PLACE_AFTER;
	else
		place = strcmp(p2p_buf_text(&now), change->text_before) != 0 ? P2P_PLACE_OTHER : P2P_PLACE_BEFORE;
	p2p_buf_free(&now);
	return place;
}

enum p2p_place_now p2p_apply_look(struct p2p_source *source, const struct p2p_edit *change)
{
	return change->kind == P2P_EDIT_WORD ? look_at_word(source, change) : look_at_text(source, change);
}

/* Writes the change on top of what the word holds now, whatever its other bits are. */
static int write_change(const struct p2p_apply *apply, const struct p2p_edit *change)
{
	uint16_t now = 0;

	if (change->kind == P2P_EDIT_WORD) {
		int error = read_word(apply->source, change, &now);

		if (error)
			return error;
		now = (uint16_t)((now & ~change->mask) | (change->after & change->mask));
	}
	return p2p_sink_write(apply->sink, change, now);
}

static int complain(struct p2p_problem *problem, int error, const struct p2p_edit *change, const char *what)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (*problem->text)
		return error; /* the first is the one that explains the others */
	p2p_edit_format(&text, change);
	p2p_problem_set(problem, 0, "%s: %s", p2p_buf_text(&text), what);
	p2p_buf_free(&text);
	return error;
}

static int complain_journal(struct p2p_problem *problem, int error)
{
	return *problem->text ? error
			      : p2p_problem_set(problem, error, "the journal cannot be written: %s",
						p2p_problem_errno(error));
}

/*
 * Why the kernel does not permit it.  KERNEL: drivers/pci/pci-sysfs.c:
 * pci_write_config asks security_locked_down(LOCKDOWN_PCI_ACCESS) (5.4-), which
 * integrity and confidentiality forbid; what is on the command line is not asked.
 */
static const char *not_permitted(struct p2p_source *source, const struct p2p_edit *change)
{
	struct p2p_buf lockdown = P2P_BUF_INIT;
	bool known = !p2p_source_read_text(source, "sys/kernel/security/lockdown", 256, &lockdown);
	bool none = known && strstr(p2p_buf_text(&lockdown), "[none]");

	p2p_buf_free(&lockdown);
	if (none || change->kind != P2P_EDIT_WORD)
		return "the kernel does not permit it: run it as root";
	return known ? "the kernel is locked down (Secure Boot, or lockdown= on its command line), so nobody may write "
		       "configuration space; let the policy say acs-by: boot, and see `p2pctl bootargs`"
		     : "the kernel does not permit it: run it as root; if that is so, it is locked down (Secure Boot), "
		       "and only the command line is left: acs-by: boot, `p2pctl bootargs`";
}

static const char *words_of(const struct p2p_apply *apply, const struct p2p_edit *change, int error)
{
	switch (error) {
	case -EPERM:
		return not_permitted(apply->source, change);
	case -EBUSY:
		return "it is in use: disable the namespace first, or let the policy say live: restart";
	case -ENOENT:
	case -ENODEV:
		return "the device is gone";
	default:
		return p2p_problem_errno(error);
	}
}

/* One change, with its records.  What it returns is why it is not made; its intent may be in the journal. */
static int make(const struct p2p_apply *apply, struct p2p_run *run, const struct p2p_edit *change,
		struct p2p_problem *problem)
{
	enum p2p_place_now place = p2p_apply_look(apply->source, change);

	if (place == P2P_PLACE_GONE)
		return complain(problem, -ENODEV, change, words_of(apply, change, -ENODEV));
	if (place == P2P_PLACE_UNKNOWN)
		return complain(problem, -EACCES, change, "it cannot be read");
	if (place != P2P_PLACE_BEFORE)
		return complain(problem, -ESTALE, change, "it has changed since it was looked at; look again");
	int error = p2p_journal_intent(apply->journal, run, change);

	if (error)
		return complain_journal(problem, error);
	error = write_change(apply, change);
	if (error)
		return complain(problem, error, change, words_of(apply, change, error));
	place = p2p_apply_look(apply->source, change);
	if (place == P2P_PLACE_GONE)
		return complain(problem, -ENODEV, change, words_of(apply, change, -ENODEV));
	if (place != P2P_PLACE_AFTER)
		return complain(problem, -EIO, change, "the device did not keep what was written");
	error = p2p_journal_done(apply->journal, run, run->count - 1);
	return error ? complain_journal(problem, error) : 0;
}

static bool must_stop(const struct p2p_apply *apply)
{
	return apply->stop && *apply->stop;
}

int p2p_apply_run(const struct p2p_apply *apply, const struct p2p_edit *changes, size_t count, bool automatic,
		  const char *verb, struct p2p_problem *problem, size_t *ret_stuck)
{
	struct p2p_problem other = { "" };
	struct p2p_run *run;
	int error = p2p_journal_begin(apply->journal, automatic, verb, &run);

	*ret_stuck = 0;
	if (error)
		return complain_journal(problem, error);
	for (size_t i = 0; i < count && !error; i++)
		error = must_stop(apply) ? p2p_problem_set(problem, -EINTR, "interrupted")
					 : make(apply, run, &changes[i], problem);
	if (!error) {
		error = p2p_journal_end(apply->journal, run);
		if (error)
			complain_journal(problem, error);
	}
	if (error)
		p2p_apply_undo(apply, run, &other, ret_stuck);
	if (*ret_stuck) {
		const struct p2p_problem first = *problem;

		p2p_problem_set(problem, 0, "%s; and then %s", first.text, other.text);
	}
	return error;
}

/* Back to `before`; 0 when it is, or when there is nothing left to put back. */
static int take_back(const struct p2p_apply *apply, const struct p2p_edit *change, struct p2p_problem *problem)
{
	struct p2p_edit inverse = p2p_edit_inverse(change);
	enum p2p_place_now place = p2p_apply_look(apply->source, change);

	if (place == P2P_PLACE_BEFORE || place == P2P_PLACE_GONE)
		return 0;
	if (place == P2P_PLACE_UNKNOWN)
		return complain(problem, -EACCES, &inverse, "it cannot be read");
	/* Bits are put back one by one; an attribute with a third value is somebody else's by now. */
	if (place == P2P_PLACE_OTHER && change->kind == P2P_EDIT_TEXT)
		return complain(problem, -ESTALE, &inverse,
				"somebody has given it a third value since, which is left as it is");
	int error = write_change(apply, &inverse);

	place = p2p_apply_look(apply->source, &inverse);
	if (place == P2P_PLACE_GONE)
		return 0;
	if (error)
		return complain(problem, error, &inverse, words_of(apply, change, error));
	if (place != P2P_PLACE_AFTER)
		return complain(problem, -EIO, &inverse, "the device did not keep what was written");
	return 0;
}

/*
 * Is a later change of the same place, as a namespace switched on again, still
 * to be taken back?  It would then undo this one's undoing.
 */
static bool is_blocked(const struct p2p_run *run, size_t entry)
{
	const struct p2p_edit *change = &run->entries[entry].change;

	for (size_t i = entry + 1; i < run->count; i++)
		if (!p2p_entry_settled(run->entries[i].state) && run->entries[i].change.offset == change->offset &&
		    !strcmp(run->entries[i].change.key, change->key))
			return true;
	return false;
}

/* The same with its record; *unwritten is why the journal could not be written before, or now. */
static int settle(const struct p2p_apply *apply, struct p2p_run *run, size_t entry, struct p2p_problem *problem,
		  int *unwritten)
{
	int error;

	if (is_blocked(run, entry) && !*unwritten && !apply->forget)
		return complain(problem, -EBUSY, &run->entries[entry].change,
				"a later change of it has to be taken back first");
	error = take_back(apply, &run->entries[entry].change, problem);
	if (error && !apply->forget)
		return error;
	if (!*unwritten)
		*unwritten = error ? p2p_journal_left(apply->journal, run, entry)
				   : p2p_journal_undone(apply->journal, run, entry);
	return 0;
}

int p2p_apply_undo(const struct p2p_apply *apply, struct p2p_run *run, struct p2p_problem *problem, size_t *ret_stuck)
{
	/* A journal that cannot be written must not keep the machine from being put back. */
	int unwritten = p2p_journal_undo(apply->journal, run), error = 0;
	size_t stuck = 0;

	for (size_t i = run->count; i-- > 0;) {
		if (p2p_entry_settled(run->entries[i].state))
			continue;
		int failed = settle(apply, run, i, problem, &unwritten);

		error = error ? error : failed;
		stuck += failed != 0;
	}
	if (!error && !unwritten)
		unwritten = p2p_journal_over(apply->journal, run);
	if (!error && unwritten)
		error = complain_journal(problem, unwritten);
	*ret_stuck = stuck;
	return error;
}

int p2p_apply_undo_entry(const struct p2p_apply *apply, struct p2p_run *run, size_t entry, struct p2p_problem *problem)
{
	int unwritten = 0, error = settle(apply, run, entry, problem, &unwritten);

	return error || !unwritten ? error : complain_journal(problem, unwritten);
}

int p2p_apply_recover(const struct p2p_apply *apply, struct p2p_problem *problem, size_t *ret_stuck,
		      size_t *ret_recovered)
{
	struct p2p_run *runs = p2p_journal_runs(apply->journal), **open;
	size_t count = 0, stuck = 0;
	int error = 0;

	*ret_stuck = *ret_recovered = 0;
	for (const struct p2p_run *run = runs; run; run = run->next)
		count += p2p_run_is_open(run);
	if (!count)
		return 0;
	open = p2p_realloc(NULL, count, sizeof(struct p2p_run *));
	count = 0;
	for (struct p2p_run *run = runs; run; run = run->next)
		if (p2p_run_is_open(run))
			open[count++] = run;
	while (count-- > 0) {
		int failed = p2p_apply_undo(apply, open[count], problem, &stuck);

		error = error ? error : failed;
		*ret_stuck += stuck;
		(*ret_recovered)++;
	}
	free(open);
	return error;
}
