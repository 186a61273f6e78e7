/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of json-read.c where json-c is not there: nothing is read, and that is said. */
#include <errno.h>

#include "json-read.h"

int p2p_json_read_items(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			p2p_json_read_item_fn each, void *context)
{
	(void)text;
	(void)len;
	(void)each;
	(void)context;
	return p2p_problem_set(problem, -ENOTSUP,
			       "%s: this is JSON, which a program built without json-c cannot read; install libjson-c "
			       "and build anew", path);
}

int p2p_json_read_whole(const char *path, const char *text, size_t len, struct p2p_problem *problem,
			p2p_json_read_item_fn each, void *context)
{
	return p2p_json_read_items(path, text, len, problem, each, context);
}

int p2p_json_read_lines(const char *path, const char *text, size_t len, p2p_json_read_item_fn each,
			p2p_json_read_bad_fn bad, void *context)
{
	(void)path;
	(void)text;
	(void)len;
	(void)each;
	(void)bad;
	(void)context;
	return -ENOTSUP;
}

int p2p_json_read_real(const struct p2p_json_read_item *item, const char *name, double *ret)
{
	(void)item;
	(void)name;
	(void)ret;
	return -ENOTSUP;
}

int p2p_json_read_bool(const struct p2p_json_read_item *item, const char *name, bool *ret)
{
	(void)item;
	(void)name;
	(void)ret;
	return -ENOTSUP;
}

int p2p_json_read_object(const struct p2p_json_read_item *item, const char *name, p2p_json_read_item_fn each,
			 void *context)
{
	(void)item;
	(void)name;
	(void)each;
	(void)context;
	return -ENOTSUP;
}

int p2p_json_read_list(const struct p2p_json_read_item *item, const char *name, p2p_json_read_item_fn each,
		       void *context)
{
	return p2p_json_read_object(item, name, each, context);
}

int p2p_json_read_words(const struct p2p_json_read_item *item, const char *name, p2p_json_read_text_fn each,
			void *context)
{
	return p2p_json_read_texts(item, name, each, context);
}

void p2p_json_read_raw(const struct p2p_json_read_item *item, const char **ret, size_t *ret_len)
{
	(void)item;
	*ret = "";
	*ret_len = 0;
}

size_t p2p_json_read_length(const struct p2p_json_read_item *item, const char *name)
{
	(void)item;
	(void)name;
	return 0;
}

int p2p_json_read_text(const struct p2p_json_read_item *item, const char *name, const char **ret)
{
	(void)item;
	(void)name;
	(void)ret;
	return -ENOTSUP;
}

int p2p_json_read_number(const struct p2p_json_read_item *item, const char *name, int64_t min, int64_t max,
			 int64_t *ret)
{
	(void)item;
	(void)name;
	(void)min;
	(void)max;
	(void)ret;
	return -ENOTSUP;
}

int p2p_json_read_texts(const struct p2p_json_read_item *item, const char *name, p2p_json_read_text_fn each,
			void *context)
{
	(void)item;
	(void)name;
	(void)each;
	(void)context;
	return -ENOTSUP;
}

int p2p_json_read_complain(const struct p2p_json_read_item *item, const char *name, const char *format, ...)
{
	(void)item;
	(void)name;
	(void)format;
	return -ENOTSUP;
}
