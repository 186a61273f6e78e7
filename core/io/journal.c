/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "journal-format.h"
#include "state.h"

#define MOST_BYTES (64u << 20)

struct p2p_journal {
	struct p2p_arena *arena;
	struct p2p_buf line;
	int fd;      /* -1: only read */
	bool broken; /* half a record is at its end, and nothing may be glued to it */
	struct p2p_run *first, *last;
};

static struct p2p_run *find_run(const struct p2p_journal *journal, unsigned number)
{
	struct p2p_run *run = journal->last && journal->last->number == number ? journal->last : journal->first;

	while (run && run->number != number)
		run = run->next;
	return run;
}

static struct p2p_run *add_run(struct p2p_journal *journal)
{
	struct p2p_run *run = p2p_arena_alloc(journal->arena, sizeof(*run));

	run->number = journal->last ? journal->last->number + 1 : 1;
	if (journal->last)
		journal->last->next = run;
	else
		journal->first = run;
	journal->last = run;
	return run;
}

static const char *copy(struct p2p_journal *journal, const char *text)
{
	return text ? p2p_arena_strdup(journal->arena, text) : NULL;
}

static void add_entry(struct p2p_journal *journal, struct p2p_run *run, const struct p2p_edit *change)
{
	if (run->count == run->size) {
		struct p2p_entry *old = run->entries;

		run->size = run->size ? run->size * 2 : 8;
		run->entries = p2p_arena_array(journal->arena, run->size, sizeof(*run->entries));
		if (run->count)
			memcpy(run->entries, old, run->count * sizeof(*old));
	}
	struct p2p_edit *own = &run->entries[run->count].change;

	run->entries[run->count++] = (struct p2p_entry){ .change = *change };
	own->key = copy(journal, change->key);
	own->text_before = copy(journal, change->text_before);
	own->text_after = copy(journal, change->text_after);
	own->rule = copy(journal, change->rule);
}

static bool all_are(const struct p2p_run *run, bool settled)
{
	for (size_t i = 0; i < run->count; i++)
		if (settled ? !p2p_entry_settled(run->entries[i].state) : run->entries[i].state != P2P_ENTRY_DONE)
			return false;
	return true;
}

/* What a record of one entry makes of it; -EBADMSG when that cannot come after what it was. */
static int take_entry(struct p2p_run *run, const struct p2p_journal_record *record)
{
	static const enum p2p_entry_state states[] = {
		[P2P_RECORD_DONE] = P2P_ENTRY_DONE,
		[P2P_RECORD_UNDONE] = P2P_ENTRY_UNDONE,
		[P2P_RECORD_LEFT] = P2P_ENTRY_LEFT,
	};

	if (record->entry >= run->count)
		return -EBADMSG;
	enum p2p_entry_state *state = &run->entries[record->entry].state;

	if (record->kind == P2P_RECORD_DONE ? *state != P2P_ENTRY_INTENDED || run->ended || run->undoing
					    : p2p_entry_settled(*state))
		return -EBADMSG;
	*state = states[record->kind];
	return 0;
}

static int take_run(struct p2p_run *run, enum p2p_record_kind kind)
{
	if (run->over)
		return -EBADMSG;
	if (kind == P2P_RECORD_END && (run->ended || run->undoing || !all_are(run, false)))
		return -EBADMSG;
	if (kind == P2P_RECORD_OVER && (!run->undoing || !all_are(run, true)))
		return -EBADMSG;
	run->ended |= kind == P2P_RECORD_END;
	run->undoing |= kind == P2P_RECORD_UNDO;
	run->over |= kind == P2P_RECORD_OVER;
	return 0;
}

/* What one record says, put in its place; -EBADMSG when it does not fit what came before. */
static int take(struct p2p_journal *journal, const struct p2p_journal_record *record)
{
	struct p2p_run *run = find_run(journal, record->run);

	if (record->kind == P2P_RECORD_RUN) {
		if (record->run != (journal->last ? journal->last->number + 1 : 1))
			return -EBADMSG;
		run = add_run(journal);
		run->time = record->time;
		run->pid = record->pid;
		run->automatic = record->automatic;
		run->verb = p2p_arena_strdup(journal->arena, record->verb);
		return 0;
	}
	if (!run)
		return -EBADMSG;
	if (record->kind == P2P_RECORD_INTENT) {
		if (record->entry != run->count || run->ended || run->undoing)
			return -EBADMSG;
		add_entry(journal, run, &record->change);
		return 0;
	}
	if (record->kind == P2P_RECORD_DONE || record->kind == P2P_RECORD_UNDONE || record->kind == P2P_RECORD_LEFT)
		return take_entry(run, record);
	return take_run(run, record->kind);
}

/* One line, whose end is at `end`. */
static int parse_line(struct p2p_journal *journal, const char *boot, char *text, const char *end, bool first)
{
	struct p2p_journal_record record;

	/* What stands after a zero byte would not be seen. */
	if (strlen(text) != (size_t)(end - text))
		return -EBADMSG;
	if (first)
		return p2p_journal_check_head(text, boot);
	int error = p2p_journal_record_parse(journal->arena, text, &record);

	return error ? error : take(journal, &record);
}

/* The first line is whole from the start, or the beginning of what would be written now. */
static bool is_torn_head(const char *boot, const char *text, size_t len)
{
	struct p2p_buf head = P2P_BUF_INIT;

	p2p_journal_put_head(&head, boot);
	bool torn = len < head.len && !memcmp(text, head.text, len);

	p2p_buf_free(&head);
	return torn;
}

static int does_not_read(struct p2p_problem *problem, const char *dir, size_t line)
{
	return p2p_problem_set(problem, -EBADMSG,
			       "%s/journal:%zu: does not read; nothing is changed or taken back. "
			       "Look at it, then remove it or reboot",
			       dir, line);
}

/*
 * All whole lines of `text`.  *ret_whole is where the last of them ends, and
 * 0 when the journal is of another boot.
 */
static int parse(struct p2p_journal *journal, const char *boot, char *text, size_t len, const char *dir,
		 struct p2p_problem *problem, size_t *ret_whole)
{
	size_t line = 0, at = 0;
	char *end;

	for (; (end = memchr(text + at, '\n', len - at)); at = (size_t)(end + 1 - text)) {
		*end = '\0';
		line++;
		int error = parse_line(journal, boot, text + at, end, line == 1);

		if (error == -ESTALE) {
			*ret_whole = 0;
			return 0;
		}
		if (error == -ENOTSUP)
			return p2p_problem_set(problem, -EBADMSG,
					       "%s/journal: written by a newer p2pctl; use that "
					       "one, or reboot",
					       dir);
		if (error)
			return does_not_read(problem, dir, line);
	}
	if (!line && !is_torn_head(boot, text, len))
		return does_not_read(problem, dir, 1);
	*ret_whole = at;
	return 0;
}

static int load(int dir_fd, const char *dir, const char *boot, struct p2p_journal *journal, struct p2p_problem *problem,
		size_t *ret_whole)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_state_load(dir_fd, "journal", MOST_BYTES, &text);

	if (error)
		return p2p_problem_set(problem, error, "%s/journal: %s", dir,
				       error == -EPERM ? "no regular file of ours, or others may write it"
						       : p2p_problem_errno(error));
	error = text.len ? parse(journal, boot, text.text, text.len, dir, problem, ret_whole) : 0;
	if (!text.len)
		*ret_whole = 0;
	p2p_buf_free(&text);
	return error;
}

static struct p2p_journal *new_journal(void)
{
	struct p2p_journal *journal = p2p_malloc(sizeof(*journal));

	*journal = (struct p2p_journal){ .arena = p2p_arena_new(), .fd = -1 };
	return journal;
}

static int begin_file(int dir_fd, const char *boot)
{
	struct p2p_buf head = P2P_BUF_INIT;

	p2p_journal_put_head(&head, boot);
	int error = p2p_state_replace(dir_fd, "journal", head.text, head.len, 0600);

	p2p_buf_free(&head);
	return error;
}

/* Ready to append: what a crash cut off is gone. */
static int open_to_append(int dir_fd, const char *boot, size_t whole, struct p2p_journal *journal)
{
	int error = whole ? 0 : begin_file(dir_fd, boot);

	if (error)
		return error;
	journal->fd = openat(dir_fd, "journal", O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (journal->fd < 0)
		return -errno;
	return whole && ftruncate(journal->fd, (off_t)whole) ? -errno : 0;
}

static int open_journal(const char *dir, const char *boot, bool append, struct p2p_problem *problem,
			struct p2p_journal **ret)
{
	struct p2p_journal *journal = new_journal();
	size_t whole = 0;
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), error;

	if (dir_fd < 0)
		error = p2p_problem_set(problem, -errno, "%s: %s", dir, p2p_problem_errno(-errno));
	else
		error = load(dir_fd, dir, boot, journal, problem, &whole);
	if (append && dir_fd >= 0 && (!error || error == -ENOENT)) {
		error = open_to_append(dir_fd, boot, whole, journal);
		*problem = (struct p2p_problem){ "" };
		if (error)
			p2p_problem_set(problem, error, "%s/journal: %s", dir, p2p_problem_errno(error));
	}
	if (dir_fd >= 0)
		close(dir_fd);
	if (error) {
		p2p_journal_free(journal);
		return error;
	}
	*ret = journal;
	return 0;
}

int p2p_journal_open(const char *dir, const char *boot, struct p2p_problem *problem, struct p2p_journal **ret)
{
	return open_journal(dir, boot, true, problem, ret);
}

int p2p_journal_read(const char *dir, const char *boot, struct p2p_problem *problem, struct p2p_journal **ret)
{
	return open_journal(dir, boot, false, problem, ret);
}

void p2p_journal_free(struct p2p_journal *journal)
{
	if (!journal)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
	p2p_buf_free(&journal->line);
	p2p_arena_free(journal->arena);
	free(journal);
}

struct p2p_run *p2p_journal_runs(const struct p2p_journal *journal)
{
	return journal->first;
}

/*
 * One record, on disk when this returns 0.  A record that was cut off by a full
 * disk is taken away again, or the next one would be glued to it.
 */
static int append(struct p2p_journal *journal, const struct p2p_journal_record *record)
{
	off_t before = journal->broken ? -1 : lseek(journal->fd, 0, SEEK_END);

	if (before < 0)
		return -EIO;
	p2p_buf_reset(&journal->line);
	p2p_journal_record_format(&journal->line, record);
	int error = p2p_state_write(journal->fd, journal->line.text, journal->line.len);

	if (!error && fdatasync(journal->fd))
		error = -errno;
	/* The next open drops what is left of it: it has no checksum that fits. */
	if (error && ftruncate(journal->fd, before))
		journal->broken = true;
	return error;
}

int p2p_journal_begin(struct p2p_journal *journal, bool automatic, const char *verb, struct p2p_run **ret)
{
	struct p2p_journal_record record = {
		.kind = P2P_RECORD_RUN,
		.run = journal->last ? journal->last->number + 1 : 1,
		.time = time(NULL) < 0 ? 0 : time(NULL),
		.pid = getpid(),
		.automatic = automatic,
		.verb = verb,
	};
	int error = append(journal, &record);

	if (error)
		return error;
	struct p2p_run *run = add_run(journal);

	run->time = record.time;
	run->pid = record.pid;
	run->automatic = automatic;
	run->verb = copy(journal, verb);
	*ret = run;
	return 0;
}

int p2p_journal_intent(struct p2p_journal *journal, struct p2p_run *run, const struct p2p_edit *change)
{
	struct p2p_journal_record record = {
		.kind = P2P_RECORD_INTENT,
		.run = run->number,
		.entry = run->count,
		.change = *change,
	};
	int error = append(journal, &record);

	if (!error)
		add_entry(journal, run, change);
	return error;
}

static int mark(struct p2p_journal *journal, struct p2p_run *run, enum p2p_record_kind kind, size_t entry)
{
	struct p2p_journal_record record = { .kind = kind, .run = run->number, .entry = entry };
	int error = append(journal, &record);

	return error ? error : take(journal, &record);
}

int p2p_journal_done(struct p2p_journal *journal, struct p2p_run *run, size_t entry)
{
	return mark(journal, run, P2P_RECORD_DONE, entry);
}

int p2p_journal_end(struct p2p_journal *journal, struct p2p_run *run)
{
	return mark(journal, run, P2P_RECORD_END, 0);
}

int p2p_journal_undo(struct p2p_journal *journal, struct p2p_run *run)
{
	return mark(journal, run, P2P_RECORD_UNDO, 0);
}

int p2p_journal_undone(struct p2p_journal *journal, struct p2p_run *run, size_t entry)
{
	return mark(journal, run, P2P_RECORD_UNDONE, entry);
}

int p2p_journal_left(struct p2p_journal *journal, struct p2p_run *run, size_t entry)
{
	return mark(journal, run, P2P_RECORD_LEFT, entry);
}

int p2p_journal_over(struct p2p_journal *journal, struct p2p_run *run)
{
	return mark(journal, run, P2P_RECORD_OVER, 0);
}
