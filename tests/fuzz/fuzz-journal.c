/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Journals: open any file; one that is taken says the same when it is opened
 * again, and takes another record.
 *
 *     fuzz-journal tests/fuzz/corpus/journal
 *
 * Input that begins with 1 gets its first line, and each line its checksum.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../core/io/journal-format.h"

#define BOOT "fuzz"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that must hold whatever the text was. */
static void must(bool so)
{
	if (!so)
		abort();
}

static char folder[64];

static void remove_folder(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/journal", folder);
	unlink(path);
	rmdir(folder);
}

static void put_file(const char *bytes, size_t len)
{
	char path[80];

	if (!*folder) {
		snprintf(folder, sizeof(folder), "%s/fuzz-journal-XXXXXX",
			 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
		must(mkdtemp(folder));
		atexit(remove_folder);
	}
	snprintf(path, sizeof(path), "%s/journal", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

static void put_summed(struct p2p_buf *text, const char *line, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)line[i]) * 16777619u;
	p2p_buf_add(text, line, len);
	p2p_buf_printf(text, " %08x\n", hash);
}

static void make_text(const char *data, size_t size, struct p2p_buf *text)
{
	if (!size || *data != '1') {
		p2p_buf_add(text, data, size);
		return;
	}
	p2p_journal_put_head(text, BOOT);
	for (const char *at = data + 1, *end = data + size; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;

		put_summed(text, at, (size_t)(stop - at));
		at = newline ? newline + 1 : end;
	}
}

/* All that it says. */
static void tell(const struct p2p_journal *journal, struct p2p_buf *ret)
{
	p2p_buf_reset(ret);
	for (const struct p2p_run *run = p2p_journal_runs(journal); run; run = run->next) {
		p2p_buf_printf(ret, "%u %lld %ld %d %s %d%d%d\n", run->number, (long long)run->time, run->pid,
			       run->automatic, run->verb, run->ended, run->undoing, run->over);
		must(run->size >= run->count);
		for (size_t i = 0; i < run->count; i++) {
			const struct p2p_edit *edit = &run->entries[i].change;
			bool settled = p2p_entry_settled(run->entries[i].state);

			must(edit->key && (edit->kind == P2P_EDIT_WORD || (edit->text_before && edit->text_after)));
			must(edit->kind == P2P_EDIT_TEXT || !((edit->before ^ edit->after) & ~edit->mask));
			/* Nothing is forgotten that was done. */
			must(settled || !run->over);
			must(!run->ended || run->entries[i].state != P2P_ENTRY_INTENDED);
			p2p_buf_printf(ret, "%d ", (int)run->entries[i].state);
			p2p_edit_format(ret, edit);
			p2p_buf_printf(ret, " %s\n", edit->rule ? edit->rule : "-");
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p2p_buf text = P2P_BUF_INIT, first = P2P_BUF_INIT, second = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_journal *journal = NULL;
	struct p2p_run *run = NULL;

	make_text((const char *)data, size, &text);
	put_file(p2p_buf_text(&text), text.len);
	int error = p2p_journal_read(folder[0] ? folder : "/", BOOT, &problem, &journal);

	if (!error) {
		tell(journal, &first);
		p2p_journal_free(journal);
		must(!p2p_journal_open(folder, BOOT, &problem, &journal));
		tell(journal, &second);
		must(!strcmp(p2p_buf_text(&first), p2p_buf_text(&second)));
		must(!p2p_journal_begin(journal, false, "fuzz", &run));
		tell(journal, &first);
		p2p_journal_free(journal);
		must(!p2p_journal_open(folder, BOOT, &problem, &journal));
		tell(journal, &second);
		must(!strcmp(p2p_buf_text(&first), p2p_buf_text(&second)));
		p2p_journal_free(journal);
	} else {
		must(*problem.text && !journal);
	}
	p2p_buf_free(&text);
	p2p_buf_free(&first);
	p2p_buf_free(&second);
	return 0;
}
