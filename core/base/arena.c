/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
	struct block *next;
	size_t used, size;
	max_align_t data[];
};

struct p2p_arena {
	struct block *blocks; /* the newest first */
};

void *p2p_malloc(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

void *p2p_realloc(void *old, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		abort();
	void *memory = realloc(old, count && size ? count * size : 1);

	if (!memory)
		abort();
	return memory;
}

struct p2p_arena *p2p_arena_new(void)
{
	struct p2p_arena *arena = p2p_malloc(sizeof(*arena));

	arena->blocks = NULL;
	return arena;
}

void p2p_arena_free(struct p2p_arena *arena)
{
	if (!arena)
		return;
	while (arena->blocks) {
		struct block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	free(arena);
}

void p2p_arena_adopt(struct p2p_arena *arena, struct p2p_arena *other)
{
	struct block **last = &arena->blocks;

	/* Behind its own, so that what is left of its newest block is still used. */
	while (*last)
		last = &(*last)->next;
	*last = other->blocks;
	free(other);
}

static struct block *block_add(struct p2p_arena *arena, size_t size)
{
	size_t want = size > 65536 ? size : 65536;
	struct block *block = p2p_malloc(sizeof(*block) + want);

	block->used = 0;
	block->size = want;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *p2p_arena_alloc(struct p2p_arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t) - 1;

	if (size > SIZE_MAX / 2)
		abort();
	size = (size + align) & ~align;
	struct block *block = arena->blocks;

	if (!block || block->size - block->used < size)
		block = block_add(arena, size);
	void *memory = (char *)block->data + block->used;

	block->used += size;
	return memset(memory, 0, size);
}

void *p2p_arena_array(struct p2p_arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		abort();
	return p2p_arena_alloc(arena, count * size);
}

char *p2p_arena_strndup(struct p2p_arena *arena, const char *text, size_t len)
{
	char *copy = p2p_arena_alloc(arena, len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *p2p_arena_strdup(struct p2p_arena *arena, const char *text)
{
	return p2p_arena_strndup(arena, text, strlen(text));
}

char *p2p_arena_printf(struct p2p_arena *arena, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);

	va_end(args);
	if (len < 0)
		abort();
	char *text = p2p_arena_alloc(arena, (size_t)len + 1);

	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}
