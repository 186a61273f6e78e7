/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "acs-changes.h"

#include <errno.h>
#include <string.h>

#include "../base/text.h"

#define HEAD "p2p-acs-changes 1 "

static bool same_memory(const struct p2p_acs_event *a, const struct p2p_acs_event *b)
{
	bool same = a->memory_known == b->memory_known && a->memory_count == b->memory_count;

	for (size_t i = 0; same && i < a->memory_count; i++)
		same = !p2p_bdf_compare(a->memory[i], b->memory[i]);
	return same;
}

static void put_memory(struct p2p_buf *buf, const struct p2p_acs_event *event, const struct p2p_acs_event *last)
{
	char address[P2P_BDF_TEXT];

	/* A change of a thousand words names a thousand providers once. */
	if (last && event->memory_count && same_memory(event, last)) {
		p2p_buf_puts(buf, "=\n");
		return;
	}
	if (!event->memory_known || !event->memory_count)
		p2p_buf_puts(buf, event->memory_known ? "-" : "*");
	for (size_t i = 0; event->memory_known && i < event->memory_count; i++)
		p2p_buf_printf(buf, "%s%s", i ? "," : "", p2p_bdf_format(event->memory[i], true, address));
	p2p_buf_putc(buf, '\n');
}

static void put_event(struct p2p_buf *buf, const struct p2p_acs_event *event, const struct p2p_acs_event *last)
{
	char address[P2P_BDF_TEXT];

	p2p_buf_printf(buf, "%s %u %zu %lld %s %x %04x %04x %04x ", event->back ? "back" : "made", event->run,
		       event->entry, (long long)event->time, p2p_bdf_format(event->bdf, true, address), event->offset,
		       event->before, event->mask, event->after);
	put_memory(buf, event, last);
}

void p2p_acs_changes_format(struct p2p_buf *buf, const char *boot, const struct p2p_acs_event *events, size_t count)
{
	p2p_buf_printf(buf, HEAD "%s\n", boot);
	for (size_t i = 0; i < count; i++)
		put_event(buf, &events[i], i ? &events[i - 1] : NULL);
}

static bool take_number(char **rest, int base, uint64_t most, uint64_t *ret)
{
	const char *word = strtok_r(NULL, " ", rest);

	return word && !p2p_text_number(word, base, most, ret);
}

static bool take_memory(struct p2p_arena *arena, char *word, const struct p2p_acs_event *last,
			struct p2p_acs_event *event)
{
	size_t most = 1, count = 0;
	char *rest = NULL;

	if (!strcmp(word, "=")) {
		event->memory_known = last && last->memory_known;
		event->memory = last ? last->memory : NULL;
		event->memory_count = last ? last->memory_count : 0;
		return last;
	}
	event->memory_known = strcmp(word, "*") != 0;
	if (!event->memory_known || !strcmp(word, "-"))
		return true;
	for (const char *at = word; (at = strchr(at, ',')); at++)
		most++;
	struct p2p_bdf *list = p2p_arena_array(arena, most, sizeof(*list));

	for (char *one = strtok_r(word, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
		if (count == most || p2p_bdf_parse(one, &list[count++]))
			return false;
	event->memory = list;
	event->memory_count = count;
	return true;
}

static bool parse_event(struct p2p_arena *arena, char *line, const struct p2p_acs_event *last,
			struct p2p_acs_event *ret)
{
	uint64_t run = 0, entry = 0, time = 0, offset = 0, before = 0, mask = 0, after = 0;
	char *rest = NULL, *word = strtok_r(line, " ", &rest), *memory;
	const char *device;

	if (!word || (strcmp(word, "made") != 0 && strcmp(word, "back") != 0))
		return false;
	ret->back = *word == 'b';
	if (!take_number(&rest, 10, UINT32_MAX, &run) || !take_number(&rest, 10, UINT32_MAX, &entry) ||
	    !take_number(&rest, 10, INT64_MAX, &time))
		return false;
	device = strtok_r(NULL, " ", &rest);
	if (!device || p2p_bdf_parse(device, &ret->bdf) || !take_number(&rest, 16, 0xffe, &offset) ||
	    !take_number(&rest, 16, 0xffff, &before) || !take_number(&rest, 16, 0xffff, &mask) ||
	    !take_number(&rest, 16, 0xffff, &after))
		return false;
	ret->run = (unsigned)run;
	ret->entry = (size_t)entry;
	ret->time = (int64_t)time;
	ret->offset = (uint16_t)offset;
	ret->before = (uint16_t)before;
	ret->mask = (uint16_t)mask;
	ret->after = (uint16_t)after;
	memory = strtok_r(NULL, " ", &rest);
	return memory && !strtok_r(NULL, " ", &rest) && take_memory(arena, memory, last, ret);
}

/* Only what would be written so again: nothing is guessed of a line that somebody has touched. */
static bool is_event(struct p2p_arena *arena, const char *line, size_t len, const struct p2p_acs_event *last,
		     struct p2p_acs_event *ret)
{
	struct p2p_buf again = P2P_BUF_INIT;
	struct p2p_acs_event event = { 0 };
	bool good = parse_event(arena, p2p_arena_strndup(arena, line, len), last, &event);

	if (good)
		put_event(&again, &event, last);
	good = good && again.len == len + 1 && !memcmp(again.text, line, len);
	p2p_buf_free(&again);
	if (good)
		*ret = event;
	return good;
}

int p2p_acs_changes_parse(struct p2p_arena *arena, const char *text, size_t len, const char *boot,
			  struct p2p_acs_event **ret, size_t *ret_count, size_t *ret_line)
{
	const char *end = text + len, *newline = memchr(text, '\n', len);
	size_t head = sizeof(HEAD) - 1, count = 0, most = 0;

	*ret_line = 1;
	if (!newline || (size_t)(newline - text) <= head || memcmp(text, HEAD, head) != 0)
		return -EBADMSG;
	if ((size_t)(newline - text) - head != strlen(boot) || memcmp(text + head, boot, strlen(boot)) != 0)
		return -ESTALE;
	for (const char *at = text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		most++;
	struct p2p_acs_event *events = p2p_arena_array(arena, most, sizeof(*events));

	for (const char *at = newline + 1; at < end; at = newline + 1) {
		(*ret_line)++;
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline ||
		    !is_event(arena, at, (size_t)(newline - at), count ? &events[count - 1] : NULL, &events[count]))
			return -EBADMSG;
		count++;
	}
	*ret = events;
	*ret_count = count;
	return 0;
}
