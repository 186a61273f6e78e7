/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arena: memory that is freed all at once, with its owner.
 * Floor 0 (base): libc only, no I/O.
 *
 * Every owner (machine, source, policy, report) has one arena; what it hands
 * out lives as long as the owner.  Allocation cannot fail: out of memory ends
 * the program with a message through the C library's abort(), because no
 * caller could do anything better.
 */
#ifndef P2P_BASE_ARENA_H
#define P2P_BASE_ARENA_H

#include <stddef.h>

struct p2p_arena;

/* A new, empty arena.  The caller owns it. */
struct p2p_arena *p2p_arena_new(void);

/* Frees the arena and all that was allocated from it.  NULL is fine. */
void p2p_arena_free(struct p2p_arena *arena);

/* What `other` has handed out lives as long as `arena` from now on; `other` is gone. */
void p2p_arena_adopt(struct p2p_arena *arena, struct p2p_arena *other);

/* `size` zeroed bytes, aligned for any type; valid until the arena is freed. */
void *p2p_arena_alloc(struct p2p_arena *arena, size_t size);

/* `count` zeroed elements of `size` bytes; aborts when the product overflows. */
void *p2p_arena_array(struct p2p_arena *arena, size_t count, size_t size);

/* A terminated copy of the first `len` bytes of `text`. */
char *p2p_arena_strndup(struct p2p_arena *arena, const char *text, size_t len);
char *p2p_arena_strdup(struct p2p_arena *arena, const char *text);

/* A terminated text made as by printf. */
char *p2p_arena_printf(struct p2p_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* malloc, realloc and calloc that abort instead of returning NULL. */
void *p2p_malloc(size_t size);
void *p2p_realloc(void *old, size_t count, size_t size);

#endif
