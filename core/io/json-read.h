/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place that includes json-c: JSON in.  Floor 2 (io).
 *
 * A file is an array of objects, or lines of one object each, and they are
 * handed out one at a time, so that memory is that of the largest and not of
 * all; or it is one object.  Every complaint names
 * path:line:column: of the byte where the text stops being JSON, or of the
 * member that is not what it should be.  A member may be there once.
 */
#ifndef P2P_IO_JSON_READ_H
#define P2P_IO_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/problem.h"

/* One object, or what is inside of one; valid only while the function that got it runs. */
struct p2p_json_read_item;

/* 0 to go on; an error, its problem set, stops. */
typedef int (*p2p_json_read_item_fn)(void *context, const struct p2p_json_read_item *item);

/*
 * Calls `each` for every object of the array that `text` is.  -EINVAL with the
 * problem set when it is not an array of objects; -ENOTSUP when the program was
 * built without json-c.
 */
int p2p_json_read_items(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			p2p_json_read_item_fn each, void *context);

/* The same of a text that is one object. */
int p2p_json_read_whole(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			p2p_json_read_item_fn each, void *context);

/*
 * Lines: `each` for every object, and `bad`, with the problem, for every line
 * that is none or of which `each` failed; empty lines are passed over.
 * -ENOTSUP when the program was built without json-c.
 */
typedef void (*p2p_json_read_bad_fn)(void *context, const struct p2p_problem *problem);
int p2p_json_read_lines(const char *path, const char *text, size_t len, p2p_json_read_item_fn each,
			p2p_json_read_bad_fn bad, void *context);

/*
 * A member of the object; with NULL for its name the item itself, an element of
 * a list.  -ENODATA: it has none of that name; -ENOENT: it is null; -EINVAL: it
 * is something else, and the problem is set.  Text is terminated, holds no NUL,
 * and lives as long as the item.  A number is finite.
 */
int p2p_json_read_text(const struct p2p_json_read_item *item, const char *name, const char **ret);
int p2p_json_read_number(const struct p2p_json_read_item *item, const char *name, int64_t min, int64_t max,
			 int64_t *ret);

int p2p_json_read_real(const struct p2p_json_read_item *item, const char *name, double *ret);
int p2p_json_read_bool(const struct p2p_json_read_item *item, const char *name, bool *ret);

/* A member that is an object: `each` gets it. */
int p2p_json_read_object(const struct p2p_json_read_item *item, const char *name, p2p_json_read_item_fn each,
			 void *context);

/* A member that is a list: `each` gets every element; how many there are, 0 where it is none. */
int p2p_json_read_list(const struct p2p_json_read_item *item, const char *name, p2p_json_read_item_fn each,
		       void *context);
size_t p2p_json_read_length(const struct p2p_json_read_item *item, const char *name);

/* A member that is an object of arrays of text: `each` gets the name of every array and, in turn, its texts. */
typedef int (*p2p_json_read_text_fn)(void *context, const char *name, const char *text);
int p2p_json_read_texts(const struct p2p_json_read_item *item, const char *name, p2p_json_read_text_fn each,
			void *context);

/* A member that is an object of texts: `each` gets every name and its text, NULL for null. */
int p2p_json_read_words(const struct p2p_json_read_item *item, const char *name, p2p_json_read_text_fn each,
			void *context);

/* The item's bytes as they stand in the file. */
void p2p_json_read_raw(const struct p2p_json_read_item *item, const char **ret, size_t *ret_len);

/* Sets the problem to `path:line:column: ` of the member, of the item where NULL or not there, and the words; -EINVAL.
 */
int p2p_json_read_complain(const struct p2p_json_read_item *item, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
