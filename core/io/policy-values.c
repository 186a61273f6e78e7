/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that the keys of a policy file take.
 */
#include <errno.h>
#include <string.h>

#include "../base/closest.h"
#include "../base/text.h"
#include "policy-internal.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A text that other readers of YAML take for one too, and that a terminal and a journal can hold. */
static int check_text(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char *key)
{
	if (value->kind != P2P_YAML_SCALAR || !*value->text)
		return p2p_yaml_fail(file, value, "'%s' must be a text", key);
	if (!p2p_yaml_is_text(value))
		return p2p_yaml_fail(file, value, "put quotes around '%.40s': without them it is no text", value->text);
	for (const char *at = value->text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return p2p_yaml_fail(file, value, "'%s' holds a control character", key);
	return 0;
}

int p2p_yaml_take_text(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char **ret)
{
	int error = check_text(file, value, value->key->text);

	if (!error)
		*ret = p2p_arena_strdup(file->keep, value->text);
	return error;
}

/* "'do' must be allow or deny, did you mean 'allow'?"; `rest` goes on after the words. */
int p2p_yaml_fail_choice(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char *const *words,
		       size_t count, const char *rest)
{
	struct p2p_closest closest = { .word = value->kind == P2P_YAML_SCALAR ? value->text : "" };
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "'%s' must be ", value->key->text);
	for (size_t i = 0; i < count; i++) {
		p2p_buf_printf(&text, "%s%s", !i ? "" : i + 1 == count && !*rest ? " or " : ", ", words[i]);
		p2p_closest_offer(&closest, words[i]);
	}
	p2p_buf_puts(&text, rest);
	if (closest.best)
		p2p_buf_printf(&text, ", did you mean '%s'?", closest.best);
	p2p_yaml_fail(file, value, "%s", p2p_buf_text(&text));
	p2p_buf_free(&text);
	return -EINVAL;
}

/* One of `words`; its place among them. */
int p2p_yaml_take_choice(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char *const *words,
		       size_t count, size_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (value->kind != P2P_YAML_SCALAR || strcmp(value->text, words[i]) != 0)
			continue;
		*ret = i;
		return 0;
	}
	return p2p_yaml_fail_choice(file, value, words, count, "");
}

/* Digits and nothing else, without quotes: a number to every reader of YAML. */
bool p2p_yaml_is_digits(const struct p2p_yaml *value)
{
	return value->kind == P2P_YAML_SCALAR && value->plain && *value->text &&
	       !value->text[strspn(value->text, "0123456789")];
}

int p2p_yaml_take_truth(const struct p2p_yaml_file *file, const struct p2p_yaml *value, bool *ret)
{
	static const char *const words[] = { "true", "false" };

	*ret = p2p_yaml_is(value, "true");
	if (*ret || p2p_yaml_is(value, "false"))
		return 0;
	return p2p_yaml_fail_choice(file, value, words, LENGTH(words), "");
}

/* 16M, 10G, 4096: bytes in powers of 1024. */
int p2p_yaml_take_bytes(const struct p2p_yaml_file *file, const struct p2p_yaml *value, uint64_t *ret)
{
	static const char units[] = "KMGT";
	char digits[24];
	uint64_t bytes = 0;

	if (value->kind == P2P_YAML_SCALAR && strlen(value->text) < sizeof(digits)) {
		size_t length = strspn(value->text, "0123456789");
		const char *unit = value->text[length] ? strchr(units, value->text[length]) : NULL;
		unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

		memcpy(digits, value->text, length);
		digits[length] = '\0';
		if (length && (!value->text[length] || (unit && !value->text[length + 1])) &&
		    !p2p_text_number(digits, 10, UINT64_MAX >> shift, &bytes) && bytes) {
			*ret = bytes << shift;
			return 0;
		}
	}
	return p2p_yaml_fail(file, value, "'%s' must be a number of bytes from 1, as 4096, 16M or 10G",
			     value->key->text);
}

/* A list of texts, or one. */
int p2p_yaml_take_texts(const struct p2p_yaml_file *file, const struct p2p_yaml *value, const char *const **ret,
		      size_t *ret_count)
{
	const bool is_list = value->kind == P2P_YAML_LIST;
	const struct p2p_yaml *item = is_list ? value->first : value;
	const char **texts = p2p_arena_array(file->keep, value->count + 1, sizeof(*texts));
	size_t count = 0;
	int failed = 0;

	if (value->kind == P2P_YAML_MAP || (is_list && !value->count))
		return p2p_yaml_fail(file, value, "'%s' must be a text or a list of texts", value->key->text);
	for (; item; item = is_list ? item->next : NULL) {
		int error = check_text(file, item, value->key->text);

		failed = failed ? failed : error;
		texts[count++] = error ? "" : p2p_arena_strdup(file->keep, item->text);
	}
	*ret = texts;
	*ret_count = count;
	return failed;
}
