/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "closest.h"

#include <stdbool.h>
#include <string.h>

#define LONGEST 40 /* no word of ours is longer */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * Edits that turn `a` into `b`: insert, delete, replace, or swap neighbours
 * (the optimal string alignment distance), in three rows of its table.
 */
static unsigned edits(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][LONGEST + 1];
	unsigned *two = rows[0], *one = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= nb; j++)
		one[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = least(least(one[j], row[j - 1]) + 1, one[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
				row[j] = least(row[j], two[j - 2] + 1);
		}
		unsigned *spare = two;

		two = one;
		one = row;
		row = spare;
	}
	return one[nb];
}

void p2p_closest_offer(struct p2p_closest *closest, const char *candidate)
{
	size_t na = strlen(closest->word), nb = strlen(candidate);

	if (!na || na > LONGEST || !nb || nb > LONGEST)
		return;
	/* The start of a word is the likeliest mistake for it. */
	bool prefix = na >= 2 && na < nb && !strncmp(closest->word, candidate, na);
	unsigned cost = prefix ? 1 : edits(closest->word, na, candidate, nb);

	/* One edit for a short word, a third of a long one: further away it is another word. */
	if (cost > (nb < 6 ? 1 : nb / 3) || cost >= nb || (closest->best && cost >= closest->cost))
		return;
	closest->best = candidate;
	closest->cost = cost;
}
