/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backends and rings by their words; the lists are in meson.build. */
#include <string.h>

#include "bench.h"

#define P2P_BACKEND(name) extern const struct bench_backend bench_backend_##name;
#define P2P_RING(name) extern const struct bench_ring bench_ring_##name;
#include "p2pctl/bench-words.h"
#undef P2P_BACKEND
#undef P2P_RING

const struct bench_backend *const bench_backends[] = {
#define P2P_BACKEND(name) &bench_backend_##name,
#define P2P_RING(name)
#include "p2pctl/bench-words.h"
#undef P2P_BACKEND
#undef P2P_RING
	NULL,
};

const struct bench_ring *const bench_rings[] = {
#define P2P_BACKEND(name)
#define P2P_RING(name) &bench_ring_##name,
#include "p2pctl/bench-words.h"
#undef P2P_BACKEND
#undef P2P_RING
	NULL,
};

const struct bench_backend *bench_find_backend(const char *word)
{
	for (size_t i = 0; bench_backends[i]; i++)
		if (!strcmp(bench_backends[i]->word, word))
			return bench_backends[i];
	return NULL;
}

const struct bench_ring *bench_find_ring(const char *word)
{
	for (size_t i = 0; bench_rings[i]; i++)
		if (!strcmp(bench_rings[i]->word, word))
			return bench_rings[i];
	return NULL;
}
