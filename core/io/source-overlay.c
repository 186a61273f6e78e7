/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source with changes on top, and the sink that makes them.  What it was
 * asked to keep it keeps in memory, or in a file too; the machine behind it is
 * not touched.
 *
 *     p2p-overlay 1
 *     word KEY OFFSET VALUE     hex; KEY and TEXT are escaped as in the journal
 *     text KEY TEXT
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/arena.h"
#include "journal-format.h"
#include "sink.h"
#include "state.h"

#define HEAD "p2p-overlay 1\n"
#define MOST_BYTES (16u << 20)

struct patch {
	char *key;
	bool is_text;
	uint64_t offset; /* of a word */
	unsigned char word[2];
	const char *text; /* with its newline */
	struct patch *next;
};

struct overlay {
	struct p2p_source source;
	struct p2p_source *inner;
	struct p2p_arena *arena;
	struct patch *patches;
	const char *path; /* where they are kept; NULL: nowhere */
};

struct overlay_sink {
	struct p2p_sink sink;
	struct overlay *overlay;
};

static const struct patch *find_text(const struct overlay *overlay, const char *key)
{
	const struct patch *patch = overlay->patches;

	while (patch && !(patch->is_text && !strcmp(patch->key, key)))
		patch = patch->next;
	return patch;
}

static int read_text(const struct patch *patch, uint64_t offset, void *buffer, size_t length, size_t *ret)
{
	size_t size = strlen(patch->text);
	size_t left = offset < size ? size - (size_t)offset : 0;

	*ret = length < left ? length : left;
	memcpy(buffer, patch->text + (offset < size ? offset : size), *ret);
	return 0;
}

static int overlay_read(struct p2p_source *source, const char *key, uint64_t offset, void *buffer, size_t length,
			size_t *ret)
{
	const struct overlay *overlay = (const struct overlay *)source;
	const struct patch *text = find_text(overlay, key);
	size_t got = 0;

	if (text)
		return read_text(text, offset, buffer, length, ret);
	int error = p2p_source_read(overlay->inner, key, offset, buffer, length, &got);

	if (error)
		return error;
	for (const struct patch *patch = overlay->patches; patch; patch = patch->next)
		for (size_t i = 0; i < 2 && !strcmp(patch->key, key); i++)
			if (patch->offset + i >= offset && patch->offset + i - offset < got)
				((unsigned char *)buffer)[patch->offset + i - offset] = patch->word[i];
	*ret = got;
	return 0;
}

static int overlay_link(struct p2p_source *source, const char *key, struct p2p_buf *ret)
{
	return p2p_source_link(((struct overlay *)source)->inner, key, ret);
}

static int overlay_list(struct p2p_source *source, const char *key, struct p2p_names *ret)
{
	return p2p_source_list(((struct overlay *)source)->inner, key, ret);
}

static void overlay_free(struct p2p_source *source)
{
	struct overlay *overlay = (struct overlay *)source;

	p2p_source_free(overlay->inner);
	p2p_arena_free(overlay->arena);
	free(overlay);
}

static const struct p2p_source_ops overlay_ops = {
	.read = overlay_read,
	.link = overlay_link,
	.list = overlay_list,
	.free = overlay_free,
};

struct p2p_source *p2p_source_overlay(struct p2p_source *inner)
{
	struct overlay *overlay = p2p_malloc(sizeof(*overlay));

	*overlay = (struct overlay){ .source.ops = &overlay_ops, .inner = inner, .arena = p2p_arena_new() };
	return &overlay->source;
}

static struct patch *find_patch(const struct overlay *overlay, const struct p2p_edit *change)
{
	bool is_text = change->kind == P2P_EDIT_TEXT;

	for (struct patch *patch = overlay->patches; patch; patch = patch->next)
		if (patch->is_text == is_text && patch->offset == change->offset && !strcmp(patch->key, change->key))
			return patch;
	return NULL;
}

/* The patch of that word or text, a new one when there is none. */
static struct patch *patch_of(struct overlay *overlay, const struct p2p_edit *change)
{
	struct patch *patch = find_patch(overlay, change);

	if (patch)
		return patch;
	patch = p2p_arena_alloc(overlay->arena, sizeof(*patch));

	patch->key = p2p_arena_strdup(overlay->arena, change->key);
	patch->is_text = change->kind == P2P_EDIT_TEXT;
	patch->offset = change->offset;
	patch->next = overlay->patches;
	overlay->patches = patch;
	return patch;
}

static void put_patch(struct p2p_buf *buf, const struct patch *patch)
{
	p2p_buf_puts(buf, patch->is_text ? "text" : "word");
	p2p_journal_put_word(buf, patch->key);
	if (patch->is_text)
		p2p_journal_put_word(buf, patch->text);
	else
		p2p_buf_printf(buf, " %x %02x%02x", (unsigned)patch->offset, patch->word[1], patch->word[0]);
	p2p_buf_putc(buf, '\n');
}

static int split(const struct overlay *overlay, char **ret_name)
{
	char *path = p2p_arena_strdup(overlay->arena, overlay->path);
	const char *dir = dirname(p2p_arena_strdup(overlay->arena, overlay->path));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret_name = basename(path);
	return fd < 0 ? -errno : fd;
}

static int save(const struct overlay *overlay, const struct patch *needless)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char *name;
	int fd = split(overlay, &name);

	if (fd < 0)
		return fd;
	p2p_buf_puts(&text, HEAD);
	for (const struct patch *patch = overlay->patches; patch; patch = patch->next)
		if (patch != needless)
			put_patch(&text, patch);
	int error = p2p_state_replace(fd, name, text.text, text.len, 0600);

	close(fd);
	p2p_buf_free(&text);
	return error;
}

/* Does what is behind it answer the same? */
static bool is_needless(const struct overlay *overlay, const struct patch *patch)
{
	struct p2p_buf text = P2P_BUF_INIT;
	unsigned char word[2];
	size_t got = 0;
	bool same;

	if (patch->is_text)
		same = !p2p_source_read_text(overlay->inner, patch->key, MOST_BYTES, &text) &&
		       !strcmp(p2p_buf_text(&text), patch->text);
	else
		same = !p2p_source_read(overlay->inner, patch->key, patch->offset, word, 2, &got) && got == 2 &&
		       !memcmp(word, patch->word, 2);
	p2p_buf_free(&text);
	return same;
}

static void drop(struct overlay *overlay, const struct patch *patch)
{
	struct patch **at = &overlay->patches;

	while (*at && *at != patch)
		at = &(*at)->next;
	if (*at)
		*at = patch->next;
}

static int overlay_write(struct p2p_sink *sink, const struct p2p_edit *change, uint16_t word)
{
	struct overlay *overlay = ((struct overlay_sink *)sink)->overlay;
	unsigned char found[2];
	size_t got = 0;
	/* Nothing can be written where nothing can be read. */
	int error = p2p_source_read(&overlay->source, change->key, change->offset, found,
				    change->kind == P2P_EDIT_WORD ? 2 : 1, &got);

	if (error)
		return error;
	if (change->kind == P2P_EDIT_WORD && got != 2)
		return -EINVAL;
	struct p2p_problem problem;
	struct patch *patch = patch_of(overlay, change);

	if (change->kind == P2P_EDIT_TEXT) {
		patch->text = p2p_arena_printf(overlay->arena, "%s\n", change->text_after);
	} else {
		patch->word[0] = (unsigned char)word;
		patch->word[1] = (unsigned char)(word >> 8);
	}
	if (!overlay->path)
		return 0;
	bool needless = is_needless(overlay, patch);

	error = save(overlay, needless ? patch : NULL);
	if (!error && needless)
		drop(overlay, patch);
	/* It may have been written all the same: what is there now is what counts. */
	if (error)
		p2p_source_overlay_keep(&overlay->source, overlay->path, &problem);
	return error;
}

static void overlay_sink_free(struct p2p_sink *sink)
{
	free(sink);
}

static const struct p2p_sink_ops overlay_sink_ops = { .write = overlay_write, .free = overlay_sink_free };

struct p2p_sink *p2p_sink_overlay(struct p2p_source *overlay)
{
	struct overlay_sink *sink = p2p_malloc(sizeof(*sink));

	*sink = (struct overlay_sink){ .sink.ops = &overlay_sink_ops, .overlay = (struct overlay *)overlay };
	return &sink->sink;
}

/* One line of the file; -EINVAL. */
static int load_line(struct overlay *overlay, char *line)
{
	struct p2p_edit change = { 0 };
	const char *text = NULL;
	char *words[4] = { NULL }, *rest = NULL, *end = NULL;
	size_t count = 0;

	for (char *word = strtok_r(line, " ", &rest); word && count < 4; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	if (rest && *rest)
		return -EINVAL;
	if (count == 3 && !strcmp(words[0], "text"))
		change.kind = P2P_EDIT_TEXT;
	else if (count == 4 && !strcmp(words[0], "word"))
		change.kind = P2P_EDIT_WORD;
	else
		return -EINVAL;
	if (p2p_journal_take_word(overlay->arena, words[1], &change.key) || p2p_source_key_check(change.key))
		return -EINVAL;
	if (change.kind == P2P_EDIT_TEXT) {
		if (p2p_journal_take_word(overlay->arena, words[2], &text))
			return -EINVAL;
		patch_of(overlay, &change)->text = text;
		return 0;
	}
	unsigned long offset = strtoul(words[2], &end, 16), value = *end ? ULONG_MAX : strtoul(words[3], &end, 16);

	if (*end || offset > 0xffe || value > 0xffff)
		return -EINVAL;
	change.offset = (uint16_t)offset;
	struct patch *patch = patch_of(overlay, &change);

	patch->word[0] = (unsigned char)value;
	patch->word[1] = (unsigned char)(value >> 8);
	return 0;
}

static int load(struct overlay *overlay, char *text, size_t len, struct p2p_problem *problem)
{
	size_t head = strlen(HEAD), number = 1;
	char *at = text + head, *end;

	if (len < head || strncmp(text, HEAD, head) != 0)
		return p2p_problem_set(problem, -EINVAL, "%s:1: no overlay of p2pctl's: it begins with \"%.13s\"",
				       overlay->path, HEAD);
	for (; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		number++;
		if (load_line(overlay, at))
			return p2p_problem_set(problem, -EINVAL, "%s:%zu: neither \"word KEY OFFSET VALUE\" nor "
					       "\"text KEY TEXT\"", overlay->path, number);
	}
	return at == text + len ? 0 : p2p_problem_set(problem, -EINVAL, "%s:%zu: cut short", overlay->path, number + 1);
}

int p2p_source_overlay_keep(struct p2p_source *source, const char *path, struct p2p_problem *problem)
{
	struct overlay *overlay = (struct overlay *)source;
	struct p2p_buf text = P2P_BUF_INIT;
	char *name;

	overlay->path = p2p_arena_strdup(overlay->arena, path);
	int fd = split(overlay, &name), error = fd < 0 ? fd : p2p_state_load(fd, name, MOST_BYTES, &text);

	if (fd >= 0)
		close(fd);
	if (error && (fd < 0 || error != -ENOENT))
		return p2p_problem_set(problem, error, "%s: %s", path, p2p_problem_errno(error));
	overlay->patches = NULL;
	if (!error)
		error = load(overlay, text.text, text.len, problem);
	else
		error = 0; /* nothing was ever changed */
	p2p_buf_free(&text);
	return error;
}
