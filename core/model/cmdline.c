/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmdline.h"

#include <string.h>

#define BLANKS " \t\n\v\f\r"

/* One argument from `text`, which is cut up; what follows it. */
static char *next_argument(char *text, struct p2p_argument *ret)
{
	bool quoted = *text == '"', inside = quoted;
	char *at, *equals = NULL;

	if (quoted)
		text++;
	for (at = text; *at && (inside || !strchr(BLANKS, *at)); at++) {
		if (*at == '=' && !equals && at > text)
			equals = at;
		if (*at == '"')
			inside = !inside;
	}
	char *end = at;

	if (*at)
		at++;
	*end = '\0';
	*ret = (struct p2p_argument){ text, NULL };
	if (equals) {
		*equals = '\0';
		ret->value = equals + 1;
		/* Only quotes around all of the value are taken off: others are part of it. */
		if (equals[1] == '"') {
			ret->value++;
			if (end > ret->value && end[-1] == '"')
				*--end = '\0';
		}
	}
	if (quoted && end > text && end[-1] == '"')
		end[-1] = '\0';
	return at + strspn(at, BLANKS);
}

static void split_pci(struct p2p_arena *arena, const char *value, struct p2p_cmdline *cmdline)
{
	char *option = p2p_arena_strdup(arena, value);

	while (option) {
		char *comma = strchr(option, ',');

		if (comma)
			*comma++ = '\0';
		if (*option)
			cmdline->pci[cmdline->pci_count++] = option;
		option = comma;
	}
}

void p2p_cmdline_split(struct p2p_arena *arena, const char *text, struct p2p_cmdline *ret)
{
	size_t len = strlen(text);
	char *at = p2p_arena_strdup(arena, text);
	struct p2p_cmdline cmdline = {
		/* An argument takes a letter and a blank, an option a letter and a comma. */
		.arguments = p2p_arena_array(arena, len / 2 + 1, sizeof(*cmdline.arguments)),
		.pci = p2p_arena_array(arena, len / 2 + 1, sizeof(*cmdline.pci)),
	};

	for (at += strspn(at, BLANKS); *at;) {
		struct p2p_argument *argument = &cmdline.arguments[cmdline.count];

		at = next_argument(at, argument);
		if (!argument->value && !strcmp(argument->name, "--"))
			break; /* the rest is init's */
		cmdline.count++;
		if (argument->value && !strcmp(argument->name, "pci"))
			split_pci(arena, argument->value, &cmdline);
	}
	*ret = cmdline;
}

static char underscore(char c)
{
	return c == '-' ? '_' : c;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && underscore(*a) == underscore(*b))
		a++, b++;
	return !*a && !*b;
}

const struct p2p_argument *p2p_cmdline_next(const struct p2p_cmdline *cmdline, const char *name, size_t *at)
{
	while (*at < cmdline->count) {
		const struct p2p_argument *argument = &cmdline->arguments[(*at)++];

		if (same_name(argument->name, name))
			return argument;
	}
	return NULL;
}

const char *p2p_cmdline_pci(const struct p2p_cmdline *cmdline, const char *start)
{
	size_t len = strlen(start);

	for (size_t i = cmdline->pci_count; i-- > 0;)
		if (!strncmp(cmdline->pci[i], start, len))
			return cmdline->pci[i] + len;
	return NULL;
}

bool p2p_cmdline_lists(const char *list, const char *start)
{
	size_t len = strlen(start);

	while (*list) {
		if (!strncmp(list, start, len))
			return true;
		list += strcspn(list, ",");
		list += strspn(list, ",");
	}
	return false;
}

static bool any_lists(const struct p2p_cmdline *cmdline, const char *name, const char *start)
{
	const struct p2p_argument *argument;
	size_t at = 0;

	while ((argument = p2p_cmdline_next(cmdline, name, &at)))
		if (argument->value && p2p_cmdline_lists(argument->value, start))
			return true;
	return false;
}

bool p2p_cmdline_iommu_off(const struct p2p_cmdline *cmdline)
{
	return any_lists(cmdline, "iommu", "off");
}

enum p2p_cmdline_said p2p_cmdline_intel_iommu(const struct p2p_cmdline *cmdline)
{
	enum p2p_cmdline_said said = P2P_SAID_NOTHING;
	const struct p2p_argument *argument;
	size_t at = 0;

	if (p2p_cmdline_iommu_off(cmdline))
		return P2P_SAID_OFF;
	while ((argument = p2p_cmdline_next(cmdline, "intel_iommu", &at)))
		for (const char *word = argument->value ? argument->value : ""; *word;) {
			if (!strncmp(word, "on", 2))
				said = P2P_SAID_ON;
			else if (!strncmp(word, "off", 3))
				said = P2P_SAID_OFF;
			word += strcspn(word, ",");
			word += strspn(word, ",");
		}
	return said;
}

enum p2p_cmdline_said p2p_cmdline_amd_iommu(const struct p2p_cmdline *cmdline)
{
	return p2p_cmdline_iommu_off(cmdline) || any_lists(cmdline, "amd_iommu", "off") ? P2P_SAID_OFF
											     : P2P_SAID_NOTHING;
}
