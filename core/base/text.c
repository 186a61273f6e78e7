/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool only_space(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

int p2p_text_number(const char *text, int base, uint64_t max, uint64_t *ret)
{
	char *end;

	text += strspn(text, " \t");
	if (!isxdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, base);

	if (end == text || !only_space(end))
		return -EINVAL;
	if (errno == ERANGE || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int p2p_text_signed(const char *text, int64_t *ret)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);

	if (end == text || !only_space(end))
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*ret = value;
	return 0;
}

int p2p_text_utf8(const char *text, uint32_t *ret)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = s[0];
	int len;

	if (c < 0x80) {
		*ret = c;
		return c ? 1 : 0;
	}
	if (c >= 0xc2 && c <= 0xdf)
		len = 2, c &= 0x1f;
	else if ((c & 0xf0) == 0xe0)
		len = 3, c &= 0x0f;
	else if (c >= 0xf0 && c <= 0xf4)
		len = 4, c &= 0x07;
	else
		return 0;
	for (int i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/* Characters that move the cursor, change the terminal or reorder the text. */
static bool is_hostile(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/* Hostile characters, and the ASCII ones among `special`, byte by byte as \xNN. */
static void put_escaped(struct p2p_buf *buf, const char *text, bool ascii, const char *special)
{
	while (*text) {
		uint32_t c;
		int len = p2p_text_utf8(text, &c);

		if (len && !is_hostile(c) && !(ascii && c > 0x7e) && !strchr(special, *text)) {
			p2p_buf_add(buf, text, (size_t)len);
			text += len;
			continue;
		}
		for (len = len ? len : 1; len > 0; len--, text++)
			p2p_buf_printf(buf, "\\x%02x", (unsigned char)*text);
	}
}

void p2p_text_visible(struct p2p_buf *buf, const char *text, bool ascii)
{
	put_escaped(buf, text, ascii, "");
}

void p2p_text_shell(struct p2p_buf *buf, const char *text, bool ascii)
{
	put_escaped(buf, text, ascii, "\"\\$`");
}

void p2p_text_json(struct p2p_buf *buf, const char *text)
{
	while (*text) {
		uint32_t c;
		int len = p2p_text_utf8(text, &c);

		if (!len) {
			p2p_buf_puts(buf, "\\ufffd");
			text++;
			continue;
		}
		if (c == '"' || c == '\\')
			p2p_buf_printf(buf, "\\%c", (char)c);
		else if (is_hostile(c) && c < 0x10000)
			p2p_buf_printf(buf, "\\u%04x", c);
		else if (is_hostile(c)) /* beyond the basic plane: a surrogate pair */
			p2p_buf_printf(buf, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
				       0xdc00 + ((c - 0x10000) & 0x3ff));
		else
			p2p_buf_add(buf, text, (size_t)len);
		text += len;
	}
}

/* A word, and none that YAML 1.1 or 1.2 takes for a truth or for nothing. */
static bool is_bare_yaml(const char *text)
{
	static const char *const taken[] = { "true", "false", "yes", "no", "on", "off", "null", "y", "n" };

	if (!isalpha((unsigned char)*text))
		return false;
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
			return false;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!strcasecmp(text, taken[i]))
			return false;
	return true;
}

void p2p_text_yaml(struct p2p_buf *buf, const char *text)
{
	if (is_bare_yaml(text)) {
		p2p_buf_puts(buf, text);
		return;
	}
	p2p_buf_putc(buf, '"');
	while (*text) {
		uint32_t c;
		int len = p2p_text_utf8(text, &c);

		if (!len)
			p2p_buf_puts(buf, "\\uFFFD");
		else if (c == '"' || c == '\\')
			p2p_buf_printf(buf, "\\%c", (char)c);
		else if (is_hostile(c) || c == 0xfffe || c == 0xffff)
			p2p_buf_printf(buf, c < 0x10000 ? "\\u%04X" : "\\U%08X", c);
		else
			p2p_buf_add(buf, text, (size_t)len);
		text += len ? len : 1;
	}
	p2p_buf_putc(buf, '"');
}

bool p2p_text_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL; /* where to go on when what follows the last * does not fit */

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern && (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

int p2p_text_natural(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			size_t za = strspn(a, "0"), zb = strspn(b, "0");
			size_t na = strspn(a + za, "0123456789"), nb = strspn(b + zb, "0123456789");

			if (na != nb)
				return na < nb ? -1 : 1;
			int order = strncmp(a + za, b + zb, na);

			if (order)
				return order;
			a += za + na, b += zb + nb;
			continue;
		}
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		a++, b++;
	}
	return (*a != 0) - (*b != 0);
}

void p2p_text_size(struct p2p_buf *buf, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	size_t unit = 0;

	while (bytes >= 1024 && bytes % 1024 == 0 && unit < 6) {
		bytes /= 1024;
		unit++;
	}
	p2p_buf_printf(buf, "%llu%c", (unsigned long long)bytes, units[unit]);
}

int p2p_text_bytes(const char *text, uint64_t max, uint64_t *ret)
{
	static const char units[] = "kmgt";
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits;
	unsigned shift = 0;
	char number[24];
	uint64_t value;

	if (!digits || digits >= sizeof(number))
		return digits ? -ERANGE : -EINVAL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (*rest) {
		const char *unit = strchr(units, *rest | 0x20);

		if (!unit || (rest[1] && strcasecmp(rest + 1, "b") && strcasecmp(rest + 1, "ib")))
			return -EINVAL;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	int error = p2p_text_number(number, 10, max >> shift, &value);

	if (!error)
		*ret = value << shift;
	return error;
}

int p2p_text_sizes(const char *text, uint64_t max, uint64_t *ret, size_t room, size_t *ret_count)
{
	size_t count = 0;
	char word[32];

	for (;;) {
		size_t len = strcspn(text, ",");
		int error;

		if (count == room)
			return -E2BIG;
		if (!len || len >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		error = p2p_text_bytes(word, max, &ret[count]);
		if (error)
			return error;
		if (!ret[count++])
			return -ERANGE;
		if (!text[len])
			break;
		text += len + 1;
	}
	*ret_count = count;
	return 0;
}
