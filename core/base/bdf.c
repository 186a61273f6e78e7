/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bdf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Up to `max` hex digits at `text`; the number of digits is returned. */
static int hex_digits(const char *text, int max, uint32_t *ret)
{
	uint32_t value = 0;
	int n = 0;

	for (; n < max; n++) {
		char c = text[n];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value << 4 | (uint32_t)(c - 'A' + 10);
		else
			break;
	}
	*ret = value;
	return n;
}

/* `bus:device.function`, two digits, two digits, one digit. */
static int parse_slot(const char *text, struct p2p_bdf *ret)
{
	uint32_t bus, dev, fn;

	if (hex_digits(text, 2, &bus) != 2 || text[2] != ':' || hex_digits(text + 3, 2, &dev) != 2 ||
	    text[5] != '.' || hex_digits(text + 6, 1, &fn) != 1 || dev > 0x1f || fn > 7)
		return -EINVAL;
	ret->bus = (uint8_t)bus;
	ret->devfn = (uint8_t)(dev << 3 | fn);
	return 7;
}

int p2p_bdf_parse_prefix(const char *text, struct p2p_bdf *ret)
{
	struct p2p_bdf bdf;
	int n = hex_digits(text, 8, &bdf.domain);

	if (n < 4 || text[n] != ':' || parse_slot(text + n + 1, &bdf) < 0)
		return -EINVAL;
	*ret = bdf;
	return n + 8;
}

int p2p_bdf_parse(const char *text, struct p2p_bdf *ret)
{
	struct p2p_bdf bdf = { 0 };
	int n = p2p_bdf_parse_prefix(text, &bdf);

	if (n < 0)
		n = parse_slot(text, &bdf);
	if (n < 0 || text[n])
		return -EINVAL;
	*ret = bdf;
	return 0;
}

int p2p_bdf_parse_typed(const char *text, struct p2p_bdf *ret)
{
	const char *colon = strchr(text, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
	struct p2p_bdf bdf = { 0 };
	uint32_t bus, dev, fn;
	int n = 0;

	if (second) {
		n = hex_digits(text, 8, &bdf.domain);
		if (!n || text[n] != ':')
			return -EINVAL;
		text += n + 1;
	}
	n = hex_digits(text, 2, &bus);
	if (!n || text[n] != ':')
		return -EINVAL;
	text += n + 1;
	n = hex_digits(text, 2, &dev);
	if (!n || text[n] != '.' || hex_digits(text + n + 1, 1, &fn) != 1 || text[n + 2] || dev > 0x1f || fn > 7)
		return -EINVAL;
	bdf.bus = (uint8_t)bus;
	bdf.devfn = (uint8_t)(dev << 3 | fn);
	*ret = bdf;
	return 0;
}

static char *put_hex(char *at, uint32_t value, int digits)
{
	for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[value >> shift & 15];
	return at;
}

/* By hand: addresses are most of what is ever printed. */
char *p2p_bdf_format(struct p2p_bdf bdf, bool domain, char text[P2P_BDF_TEXT])
{
	char *at = text;

	if (domain || bdf.domain) {
		int digits = 4;

		while (digits < 8 && bdf.domain >> 4 * digits)
			digits++;
		at = put_hex(at, bdf.domain, digits);
		*at++ = ':';
	}
	at = put_hex(at, bdf.bus, 2);
	*at++ = ':';
	at = put_hex(at, bdf.devfn >> 3, 2);
	*at++ = '.';
	at = put_hex(at, bdf.devfn & 7, 1);
	*at = '\0';
	return text;
}

int p2p_bdf_compare(struct p2p_bdf a, struct p2p_bdf b)
{
	uint64_t x = p2p_bdf_number(a), y = p2p_bdf_number(b);

	return (x > y) - (x < y);
}

int p2p_hostbridge_name_parse(const char *name, size_t len, uint32_t *ret_domain, uint8_t *ret_bus)
{
	uint32_t domain, bus;

	if (len < 10 || strncmp(name, "pci", 3) != 0)
		return -EINVAL;
	int n = hex_digits(name + 3, 8, &domain);

	if (n < 4 || (size_t)n + 6 != len || name[3 + n] != ':' || hex_digits(name + n + 4, 2, &bus) != 2)
		return -EINVAL;
	*ret_domain = domain;
	*ret_bus = (uint8_t)bus;
	return 0;
}
