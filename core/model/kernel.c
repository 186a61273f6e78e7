/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>

/* A number without sign, blanks or leading zeros; NULL: there is none. 0xffff is not a release, ranges use it. */
static const char *parse_part(const char *text, uint16_t *ret)
{
	unsigned value = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (unsigned)(*at - '0');
		if (value >= 0xffff)
			return NULL;
	}
	if (at == text || (*text == '0' && at - text > 1))
		return NULL;
	*ret = (uint16_t)value;
	return at;
}

int p2p_release_parse(const char *text, struct p2p_release *ret)
{
	struct p2p_release release = { 0 };
	const char *at = parse_part(text, &release.major);

	if (!at || *at != '.')
		return -EINVAL;
	at = parse_part(at + 1, &release.minor);
	if (at && *at == '.') {
		release.patch_known = true;
		at = parse_part(at + 1, &release.patch);
	}
	if (!at || *at)
		return -EINVAL;
	*ret = release;
	return 0;
}

char *p2p_release_format(struct p2p_release release, char text[P2P_RELEASE_TEXT])
{
	int len = snprintf(text, P2P_RELEASE_TEXT, "%u.%u", release.major, release.minor);

	if (release.patch_known)
		snprintf(text + len, P2P_RELEASE_TEXT - (size_t)len, ".%u", release.patch);
	return text;
}

int p2p_release_compare_series(struct p2p_release a, struct p2p_release b)
{
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	return (a.minor > b.minor) - (a.minor < b.minor);
}
