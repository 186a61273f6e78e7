/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "6.12.107..." at the start of a text. */
static int release_prefix(const char *text, struct p2p_release *ret)
{
	unsigned long part[3] = { 0 };
	int n = 0;

	for (; n < 3; n++) {
		char *end;

		if (*text < '0' || *text > '9')
			break;
		part[n] = strtoul(text, &end, 10);
		if (part[n] > 65535)
			return -EINVAL;
		text = end;
		if (*text != '.' || n == 2) {
			n++;
			break;
		}
		text++;
	}
	if (n < 2)
		return -EINVAL;
	*ret = (struct p2p_release){ (uint16_t)part[0], (uint16_t)part[1], (uint16_t)part[2], n == 3 };
	return 0;
}

/* The release after a mark in a longer text: "Debian 6.1.119-1". */
static int release_after(const struct p2p_word *word, const char *mark, struct p2p_release base,
			 struct p2p_release *ret)
{
	struct p2p_release release;

	if (!p2p_known(word->fact))
		return -ENOENT;
	for (const char *at = strstr(word->text, mark); at; at = strstr(at + 1, mark)) {
		if (release_prefix(at + strlen(mark), &release) || p2p_release_compare_series(release, base) != 0)
			continue;
		*ret = release;
		return 0;
	}
	return -ENOENT;
}

/* Ubuntu: "Ubuntu 6.8.0-45.45-generic 6.8.12": the last word is the stable release it contains. */
static int release_signature(const struct p2p_word *word, struct p2p_release base, struct p2p_release *ret)
{
	struct p2p_release release;

	if (!p2p_known(word->fact))
		return -ENOENT;
	const char *space = strrchr(word->text, ' ');

	if (!space || release_prefix(space + 1, &release) || p2p_release_compare_series(release, base) != 0)
		return -ENOENT;
	*ret = release;
	return 0;
}

int p2p_host_release(const struct p2p_host *host, struct p2p_release *ret)
{
	struct p2p_release release;

	if (!p2p_known(host->kernel.fact))
		return -ENODATA;
	int error = release_prefix(host->kernel.text, &release);

	if (error)
		return error;
	/* Debian and Ubuntu number their ABI in the place of the patch: 6.1.0-28, 6.8.0-45. */
	const char *dash = strchr(host->kernel.text, '-');

	if (release.patch == 0 && dash && dash[1] >= '0' && dash[1] <= '9' &&
	    release_after(&host->version, "Debian ", release, &release) &&
	    release_signature(&host->signature, release, &release))
		release.patch_known = false;
	*ret = release;
	return 0;
}

/* Marks of kernels that carry newer code under an older number. */
static const struct {
	const char *mark; /* in uname -r, or in /proc/version */
	const char *name;
	bool in_version;
} vendors[] = {
	{ ".el7", "RHEL 7", false },
	{ ".el8", "RHEL 8", false },
	{ ".el9", "RHEL 9", false },
	{ ".el10", "RHEL 10", false },
	{ "uek", "Oracle UEK", false },
	{ "-generic", "Ubuntu", false },
	{ "-lowlatency", "Ubuntu", false },
	{ "-Ubuntu ", "Ubuntu", true },
	{ "-pve", "Proxmox", false },
	{ "-default", "SUSE", false },
	{ "geeko@buildhost", "SUSE", true },
	{ ".oe", "openEuler", false },
	{ ".an", "Anolis", false },
	{ ".amzn", "Amazon Linux", false },
	{ "deepin", "deepin", false },
	{ ".al7", "Alibaba Cloud Linux", false },
	{ ".al8", "Alibaba Cloud Linux", false },
	{ ".alnx", "Alibaba Cloud Linux", false },
	{ ".tl3", "TencentOS", false },
	{ ".tl4", "TencentOS", false },
	{ ".ky10", "Kylin", false },
	{ ".uelc", "UnionTech", false },
	{ "azl", "Azure Linux", false },
	{ ".cm2", "CBL-Mariner", false },
	{ "-aws", "Ubuntu", false },
	{ "-azure", "Ubuntu", false },
	{ "-gcp", "Ubuntu", false },
	{ "-gke", "Ubuntu", false },
	{ "-oracle", "Ubuntu", false },
	{ "-kvm", "Ubuntu", false },
	{ "-oem", "Ubuntu", false },
	{ "-nvidia", "Ubuntu", false },
};

const char *p2p_host_vendor(const struct p2p_host *host)
{
	for (size_t i = 0; i < sizeof(vendors) / sizeof(*vendors); i++) {
		const struct p2p_word *word = vendors[i].in_version ? &host->version : &host->kernel;

		if (p2p_known(word->fact) && strstr(word->text, vendors[i].mark))
			return vendors[i].name;
	}
	return NULL;
}
