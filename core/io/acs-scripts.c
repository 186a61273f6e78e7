/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people paste: a loop of `setpci -s $BDF ECAP_ACS+0x6.w=0000` over what
 * lspci lists, or `f2a.w=0000`, which is where the ACS control word of some
 * switches is.  Programs that a unit or a rule names are looked at too.
 */
#include "acs-scripts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILE_MOST  (256u << 10)
#define FILES_MOST 2000
#define FOUND_MOST 64

struct search {
	const struct p2p_image *image;
	struct p2p_arena *arena;
	struct p2p_names seen;
	struct p2p_acs_script *found;
	size_t count;
};

static bool is_seen(struct search *search, const char *path)
{
	const char *name = NULL;

	while ((name = p2p_names_next(&search->seen, name)))
		if (!strcmp(name, path))
			return true;
	p2p_names_add(&search->seen, path);
	return false;
}

/* "ECAP_ACS+6.w=0", "f2a.w=0000": after the name there must be a value, for without one it is only read. */
static bool is_write(const char *line, bool *ret_raw)
{
	const char *setpci = strstr(line, "setpci"), *at = setpci ? strcasestr(setpci, "ECAP_ACS") : NULL;

	*ret_raw = setpci && !at;
	if (*ret_raw)
		at = strcasestr(setpci, "f2a.w");
	if (!at)
		return false;
	at += strcspn(at, " \t=;|&<>\"'");
	return *at == '=';
}

/* -s with an address, and no -d: one function. */
static bool is_one(const char *line)
{
	const char *at = strstr(strstr(line, "setpci"), "-s");

	if (!at || strstr(line, " -d"))
		return false;
	at += 2 + strspn(at + 2, " \t=\"'");
	size_t len = strspn(at, "0123456789abcdefABCDEF:.");

	return len && memchr(at, '.', len) && (!at[len] || strchr(" \t\"'", at[len]));
}

static void look_at_file(struct search *search, const char *path, unsigned depth);

/* Programs that a line of a unit or a rule runs, and scripts that they are given. */
static void look_at_programs(struct search *search, const char *line, unsigned depth)
{
	for (const char *at = line; (at = strchr(at, '/'));) {
		size_t len = strcspn(at, " \t\"';|&,)`");
		bool starts = at == line || strchr(" \t\"'=-+!@:(`", at[-1]);

		if (starts && len > 1 && at[1] != '/')
			look_at_file(search, p2p_arena_strndup(search->arena, at + 1, len - 1), depth + 1);
		at += len ? len : 1;
	}
}

static void look_at_line(struct search *search, const char *path, unsigned number, const char *line, unsigned depth)
{
	bool raw;

	if (line[strspn(line, " \t")] == '#')
		return;
	if (is_write(line, &raw) && search->count < FOUND_MOST)
		search->found[search->count++] = (struct p2p_acs_script){
			p2p_image_name(search->image, search->arena, path), number,
			p2p_arena_strdup(search->arena, line + strspn(line, " \t")), !is_one(line), raw };
	if (depth < 2 &&
	    (strstr(line, "Exec") || strstr(line, "RUN") || strstr(path, "rc.local") || strstr(path, "cron")))
		look_at_programs(search, line, depth);
}

static void look_at_file(struct search *search, const char *path, unsigned depth)
{
	struct p2p_buf text = P2P_BUF_INIT;
	unsigned number = 0;

	if (search->seen.count >= FILES_MOST || is_seen(search, path))
		return;
	/* A program is no script. */
	if (!p2p_image_read(search->image, path, FILE_MOST, false, &text) && text.len &&
	    !memchr(text.text, '\0', text.len)) {
		char *line, *rest = text.text;

		while ((line = strsep(&rest, "\n")))
			look_at_line(search, path, ++number, line, depth);
	}
	p2p_buf_free(&text);
}

static void look_at_folder(struct search *search, const char *folder, bool deeper)
{
	struct p2p_names names = { 0 }, more = { 0 };
	const char *name = NULL;

	if (p2p_image_list(search->image, folder, &names))
		return;
	while ((name = p2p_names_next(&names, name))) {
		const char *path = p2p_arena_printf(search->arena, "%s/%s", folder, name);

		/* Drop-ins of a unit. */
		if (deeper && !p2p_image_list(search->image, path, &more))
			look_at_folder(search, path, false);
		else
			look_at_file(search, path, 0);
	}
	p2p_names_free(&names);
	p2p_names_free(&more);
}

size_t p2p_acs_scripts_find(const struct p2p_image *image, struct p2p_arena *arena, struct p2p_acs_script **ret)
{
	static const char *const files[] = { "etc/rc.local", "etc/rc.d/rc.local", "etc/crontab" };
	static const char *const folders[] = { "etc/systemd/system", "etc/udev/rules.d",   "etc/cron.d",
					       "etc/init.d",	     "usr/local/sbin",	   "usr/local/bin" };
	struct search search = { .image = image, .arena = arena };

	search.found = p2p_arena_array(arena, FOUND_MOST, sizeof(*search.found));
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		look_at_folder(&search, folders[i], i == 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		look_at_file(&search, files[i], 0);
	p2p_names_free(&search.seen);
	*ret = search.found;
	return search.count;
}
