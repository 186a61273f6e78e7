/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal-format.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 12

static const char *const kinds[] = {
	[P2P_RECORD_RUN] = "run",   [P2P_RECORD_INTENT] = "intent", [P2P_RECORD_DONE] = "done",
	[P2P_RECORD_END] = "end",   [P2P_RECORD_UNDO] = "undo",	    [P2P_RECORD_UNDONE] = "undone",
	[P2P_RECORD_OVER] = "over", [P2P_RECORD_LEFT] = "left",
};

/* FNV-1a: it finds a torn or an edited line; it keeps nobody out. */
static uint32_t checksum(const char *text, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

static void end_line(struct p2p_buf *buf, size_t start)
{
	p2p_buf_printf(buf, " %08" PRIx32 "\n", checksum(buf->text + start, buf->len - start));
}

/* Takes the checksum off; -EBADMSG when it is not the line's. */
static int check_line(char *line)
{
	char *last = strrchr(line, ' ');
	char sum[9];

	if (!last)
		return -EBADMSG;
	snprintf(sum, sizeof(sum), "%08" PRIx32, checksum(line, (size_t)(last - line)));
	if (strcmp(sum, last + 1) != 0)
		return -EBADMSG;
	*last = '\0';
	return 0;
}

void p2p_journal_put_head(struct p2p_buf *buf, const char *boot)
{
	size_t start = buf->len;

	p2p_buf_printf(buf, "p2p-journal 1 %s", boot);
	end_line(buf, start);
}

int p2p_journal_check_head(const char *line, const char *boot)
{
	struct p2p_buf want = P2P_BUF_INIT;

	if (strncmp(line, "p2p-journal ", 12) != 0)
		return -EBADMSG;
	if (strncmp(line + 12, "1 ", 2) != 0)
		return -ENOTSUP;
	p2p_buf_puts(&want, line);
	/* A damaged head is not one of another boot, whose records would be dropped. */
	int error = check_line(want.text);

	p2p_buf_reset(&want);
	p2p_journal_put_head(&want, boot);
	want.text[want.len - 1] = '\0';
	if (!error && strcmp(line, want.text) != 0)
		error = -ESTALE;

	p2p_buf_free(&want);
	return error;
}

void p2p_journal_put_word(struct p2p_buf *buf, const char *word)
{
	p2p_buf_putc(buf, ' ');
	if (!*word)
		p2p_buf_puts(buf, "%");
	for (; *word; word++)
		if ((unsigned char)*word <= ' ' || *word == '%' || (unsigned char)*word >= 0x7f)
			p2p_buf_printf(buf, "%%%02x", (unsigned char)*word);
		else
			p2p_buf_putc(buf, *word);
}

static bool has_entry(enum p2p_record_kind kind)
{
	return kind == P2P_RECORD_INTENT || kind == P2P_RECORD_DONE || kind == P2P_RECORD_UNDONE ||
	       kind == P2P_RECORD_LEFT;
}

static void put_change(struct p2p_buf *buf, const struct p2p_edit *change)
{
	if (change->kind == P2P_EDIT_WORD) {
		p2p_buf_puts(buf, " word");
		p2p_journal_put_word(buf, change->key);
		p2p_buf_printf(buf, " %x %04x %04x %04x", change->offset, change->before, change->mask, change->after);
	} else {
		p2p_buf_puts(buf, " text");
		p2p_journal_put_word(buf, change->key);
		p2p_journal_put_word(buf, change->text_before);
		p2p_journal_put_word(buf, change->text_after);
	}
	p2p_journal_put_word(buf, change->rule ? change->rule : "");
}

void p2p_journal_record_format(struct p2p_buf *buf, const struct p2p_journal_record *record)
{
	size_t start = buf->len;

	p2p_buf_printf(buf, "%s %u", kinds[record->kind], record->run);
	if (record->kind == P2P_RECORD_RUN) {
		p2p_buf_printf(buf, " %" PRId64 " %ld %s", record->time, record->pid,
			       record->automatic ? "auto" : "asked");
		p2p_journal_put_word(buf, record->verb);
	}
	if (has_entry(record->kind))
		p2p_buf_printf(buf, " %zu", record->entry);
	if (record->kind == P2P_RECORD_INTENT)
		put_change(buf, &record->change);
	end_line(buf, start);
}

/* ---------------------------------------------------------------- and back */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A word without its %XX; "%" alone is an empty one. */
int p2p_journal_take_word(struct p2p_arena *arena, char *word, const char **ret)
{
	char *out = word;

	if (!strcmp(word, "%"))
		*word = '\0';
	for (const char *at = word; *at; at++, out++) {
		*out = *at;
		if (*at != '%')
			continue;
		int high = hex_digit(at[1]), low = high < 0 ? -1 : hex_digit(at[2]);

		if (low < 0 || !(high | low))
			return -EBADMSG;
		*out = (char)(high << 4 | low);
		at += 2;
	}
	*out = '\0';
	*ret = p2p_arena_strdup(arena, word);
	return 0;
}

static int read_number(const char *word, int base, uint64_t most, uint64_t *ret)
{
	char *end;

	errno = 0;
	if (!isxdigit((unsigned char)*word))
		return -EBADMSG;
	unsigned long long value = strtoull(word, &end, base);

	if (*end || errno || value > most)
		return -EBADMSG;
	*ret = value;
	return 0;
}

static int read_word_change(struct p2p_arena *arena, char *const *words, struct p2p_edit *ret)
{
	struct p2p_edit change = { .kind = P2P_EDIT_WORD };
	uint64_t offset, before, mask, after;

	if (p2p_journal_take_word(arena, words[0], &change.key) || read_number(words[1], 16, 0xffff, &offset) ||
	    read_number(words[2], 16, 0xffff, &before) || read_number(words[3], 16, 0xffff, &mask) ||
	    read_number(words[4], 16, 0xffff, &after) || p2p_journal_take_word(arena, words[5], &change.rule))
		return -EBADMSG;
	if (!mask || (before ^ after) & ~mask)
		return -EBADMSG;
	change.offset = (uint16_t)offset;
	change.before = (uint16_t)before;
	change.mask = (uint16_t)mask;
	change.after = (uint16_t)after;
	*ret = change;
	return 0;
}

static int read_change(struct p2p_arena *arena, char *const *words, size_t count, struct p2p_edit *ret)
{
	struct p2p_edit change = { .kind = P2P_EDIT_TEXT };
	int error = -EBADMSG;

	if (count == 7 && !strcmp(words[0], "word"))
		error = read_word_change(arena, words + 1, &change);
	else if (count == 5 && !strcmp(words[0], "text"))
		error = p2p_journal_take_word(arena, words[1], &change.key) ||
					p2p_journal_take_word(arena, words[2], &change.text_before) ||
					p2p_journal_take_word(arena, words[3], &change.text_after) ||
					p2p_journal_take_word(arena, words[4], &change.rule)
				? -EBADMSG
				: 0;
	if (error)
		return error;
	if (!*change.rule)
		change.rule = NULL;
	*ret = change;
	return 0;
}

static int read_run(struct p2p_arena *arena, char *const *words, size_t count, struct p2p_journal_record *record)
{
	uint64_t when, pid;

	if (count != 4 || read_number(words[0], 10, INT64_MAX, &when) || read_number(words[1], 10, INT32_MAX, &pid) ||
	    p2p_journal_take_word(arena, words[3], &record->verb))
		return -EBADMSG;
	if (strcmp(words[2], "auto") != 0 && strcmp(words[2], "asked") != 0)
		return -EBADMSG;
	record->time = (int64_t)when;
	record->pid = (long)pid;
	record->automatic = !strcmp(words[2], "auto");
	return 0;
}

static enum p2p_record_kind kind_of(const char *word)
{
	for (size_t i = 1; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i], word))
			return (enum p2p_record_kind)i;
	return P2P_RECORD_NONE;
}

/* The line's words, whatever blanks or zeros are too many. */
static int parse_words(struct p2p_arena *arena, char *line, struct p2p_journal_record *ret)
{
	struct p2p_journal_record record = { 0 };
	char *words[MOST_WORDS], *rest = NULL;
	uint64_t number = 0, entry = 0;
	size_t count = 0;

	if (check_line(line))
		return -EBADMSG;
	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (count == MOST_WORDS)
			return -EBADMSG;
		words[count++] = word;
	}
	if (count < 2 || !(record.kind = kind_of(words[0])) || read_number(words[1], 10, UINT32_MAX, &number))
		return -EBADMSG;
	record.run = (unsigned)number;
	size_t used = has_entry(record.kind) ? 3 : 2;

	if (used == 3 && (count < 3 || read_number(words[2], 10, SIZE_MAX, &entry)))
		return -EBADMSG;
	record.entry = (size_t)entry;
	int error = 0;

	if (record.kind == P2P_RECORD_RUN)
		error = read_run(arena, words + used, count - used, &record);
	else if (record.kind == P2P_RECORD_INTENT)
		error = read_change(arena, words + used, count - used, &record.change);
	else if (count != used)
		error = -EBADMSG;
	if (!error)
		*ret = record;
	return error;
}

int p2p_journal_record_parse(struct p2p_arena *arena, char *line, struct p2p_journal_record *ret)
{
	struct p2p_buf given = P2P_BUF_INIT, again = P2P_BUF_INIT;
	struct p2p_journal_record record;

	p2p_buf_puts(&given, line);
	p2p_buf_putc(&given, '\n');
	int error = parse_words(arena, line, &record);

	if (!error) {
		p2p_journal_record_format(&again, &record);
		if (strcmp(p2p_buf_text(&given), p2p_buf_text(&again)) != 0)
			error = -EBADMSG;
	}
	if (!error)
		*ret = record;
	p2p_buf_free(&given);
	p2p_buf_free(&again);
	return error;
}
