/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source with changes on top, and the sink that makes them.  What it was
 * asked to keep it keeps in memory; the machine behind it is not touched.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "sink.h"

struct patch {
	char *key;
	bool is_text;
	uint64_t offset; /* of a word */
	unsigned char word[2];
	char *text; /* with its newline */
	struct patch *next;
};

struct overlay {
	struct p2p_source source;
	struct p2p_source *inner;
	struct p2p_arena *arena;
	struct patch *patches;
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

/* The patch of that word or text, a new one when there is none. */
static struct patch *patch_of(struct overlay *overlay, const struct p2p_edit *change)
{
	bool is_text = change->kind == P2P_EDIT_TEXT;

	for (struct patch *patch = overlay->patches; patch; patch = patch->next)
		if (patch->is_text == is_text && patch->offset == change->offset && !strcmp(patch->key, change->key))
			return patch;
	struct patch *patch = p2p_arena_alloc(overlay->arena, sizeof(*patch));

	patch->key = p2p_arena_strdup(overlay->arena, change->key);
	patch->is_text = is_text;
	patch->offset = change->offset;
	patch->next = overlay->patches;
	overlay->patches = patch;
	return patch;
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
	struct patch *patch = patch_of(overlay, change);

	if (change->kind == P2P_EDIT_TEXT) {
		patch->text = p2p_arena_printf(overlay->arena, "%s\n", change->text_after);
		return 0;
	}
	patch->word[0] = (unsigned char)word;
	patch->word[1] = (unsigned char)(word >> 8);
	return 0;
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
