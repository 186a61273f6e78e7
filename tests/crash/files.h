/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lasts when a program is ended: the files of a folder and of its subfolder `state`, or places of this machine. */
#ifndef P2P_TESTS_CRASH_FILES_H
#define P2P_TESTS_CRASH_FILES_H

#include <stddef.h>
#include <stdint.h>

struct file {
	char *name; /* "overlay", "state/journal" */
	char *bytes;
	size_t len;
};

struct files {
	struct file *list;
	size_t count;
};

/* All of the folder, in the order of the names; files_free is due. */
void files_save(const char *folder, struct files *ret);

/* The folder has these files and no others. */
void files_restore(const char *folder, const struct files *files);

void files_free(struct files *files);

/*
 * Of all names and bytes but what differs from run to run: the journal's times
 * and processes, who held the lock; and of `more`.
 */
uint64_t files_hash(const struct files *files, const char *more);

/* The lines of a file but its first, sorted; "" when there is none.  The caller frees it. */
char *files_sorted(const char *folder, const char *name);

struct place {
	char *path;
	long offset;
	size_t len;
};

/* "PATH@OFFSET+LENGTH,..." */
struct place *places_parse(const char *text, size_t *ret_count);

/* Their bytes as hex; the caller frees it. */
char *places_read(const struct place *places, size_t count);

/*
 * What places_read said.  Attributes called "enable" are switched off first and
 * on last: others cannot be written while they are on.
 */
void places_write(const struct place *places, size_t count, const char *text);

/* The id of a run that began, and of which no later line of the history speaks; NULL: none.  The caller frees it. */
char *history_open(const char *folder);

#endif
