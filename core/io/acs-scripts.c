/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people paste: a loop of `setpci -s $BDF ECAP_ACS+0x6.w=0000` over what
 * lspci lists, or `f2a.w=0000`, which is where the ACS control word of some
 * switches is.  Programs that a unit or a rule names are looked at too.
 */
#include "acs-scripts.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILE_MOST  (256u << 10)
#define FILES_MOST 4000
#define FOUND_MOST 64

struct search {
	const struct p2p_image *image;
	const struct p2p_machine *machine;
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

/* The extended capability by its name or its number: "ECAP_ACS", "ECAP000d". */
static bool is_capability(const char *word)
{
	char *end = NULL;

	return !strncasecmp(word, "ECAP_ACS", 8) ||
	       (!strncasecmp(word, "ECAP", 4) && isxdigit((unsigned char)word[4]) &&
		strtoul(word + 4, &end, 16) == 0xd && (*end == '+' || *end == '.' || *end == '='));
}

/* The function that a line names after -s; P2P_NOBODY: none that is here, or several. */
static int named_function(const struct p2p_machine *machine, const char *line)
{
	const char *at = strstr(line, "-s");
	char address[P2P_BDF_TEXT];
	struct p2p_bdf bdf;

	at = at ? at + 2 + strspn(at + 2, " \t=\"',") : "";
	size_t len = strspn(at, "0123456789abcdefABCDEF:.");

	if (!len || len >= sizeof(address))
		return P2P_NOBODY;
	memcpy(address, at, len);
	address[len] = '\0';
	return p2p_bdf_parse(address, &bdf) ? P2P_NOBODY : p2p_machine_find(machine, bdf);
}

/* Does the function have its ACS control word there, or part of it? */
static bool is_control(const struct p2p_acs *acs, unsigned long at, unsigned long width)
{
	unsigned long control = acs->offset + 6u;

	return p2p_known(acs->fact) && acs->offset && at <= control + 1 && at + width > control;
}

/* "146.w=0" where that function, or else any here, has its ACS control word; or where some switches have it. */
static bool is_offset(const struct p2p_machine *machine, int only, const char *word)
{
	char *end = NULL;
	unsigned long at = isxdigit((unsigned char)*word) ? strtoul(word, &end, 16) : 0, width;

	if (!at || at > 0xffe || (*end != '.' && *end != '='))
		return false;
	width = *end == '='				? 1
		: tolower((unsigned char)end[1]) == 'l' ? 4
		: tolower((unsigned char)end[1]) == 'w' ? 2
							: 1;
	if (only != P2P_NOBODY && machine->functions[only].acs.fact.know != P2P_UNKNOWN)
		return is_control(&machine->functions[only].acs, at, width);
	if (at <= 0xf2b && at + width > 0xf2a)
		return true;
	for (size_t i = 0; i < machine->function_count; i++)
		if (is_control(&machine->functions[i].acs, at, width))
			return true;
	return false;
}

/* "ECAP_ACS+6.w=0", "f2a.w=0000": with a value, for without one it is only read. */
static bool is_write(const struct p2p_machine *machine, const char *line, bool *ret_raw)
{
	static const char between[] = " \t\"',;()[]{}|&<>`";
	const char *at = strstr(line, "setpci");
	int only = at ? named_function(machine, at) : P2P_NOBODY;

	while (at && *(at += strspn(at, between))) {
		size_t len = strcspn(at, between);
		bool raw = is_offset(machine, only, at);

		if (memchr(at, '=', len) && (raw || is_capability(at))) {
			*ret_raw = raw;
			return true;
		}
		at += len;
	}
	return false;
}

/* -s with an address, and no -d: one function. */
static bool is_one(const char *line)
{
	const char *at = strstr(strstr(line, "setpci"), "-s");

	if (!at || strstr(line, " -d"))
		return false;
	at += 2 + strspn(at + 2, " \t=\"',");
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
	if (is_write(search->machine, line, &raw) && search->count < FOUND_MOST)
		search->found[search->count++] = (struct p2p_acs_script){
			p2p_image_name(search->image, search->arena, path), number,
			p2p_arena_strdup(search->arena, line + strspn(line, " \t")), !is_one(line), raw };
	if (depth < 2 &&
	    (strstr(line, "Exec") || strstr(line, "RUN") || strstr(path, "rc.local") || strstr(path, "cron") ||
	     strstr(path, "modprobe.d")))
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

		while ((line = strsep(&rest, "\n"))) {
			unsigned first = ++number;
			size_t len = strlen(line);

			/* A line that goes on in the next one is one line. */
			while (rest && len && line[len - 1] == '\\') {
				line[len - 1] = line[len] = ' ';
				strsep(&rest, "\n");
				len = strlen(line);
				number++;
			}
			look_at_line(search, path, first, line, depth);
		}
	}
	p2p_buf_free(&text);
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len >= tail && !strcmp(name + len - tail, end);
}

static void look_at_folder(struct search *search, const char *folder, bool deeper)
{
	struct p2p_names names = { 0 }, more = { 0 };
	const char *name = NULL;

	if (p2p_image_list(search->image, folder, &names))
		return;
	while ((name = p2p_names_next(&names, name))) {
		const char *path = p2p_arena_printf(search->arena, "%s/%s", folder, name);

		/* What is in these stands elsewhere, and would be found twice. */
		if (deeper && (ends_with(name, ".wants") || ends_with(name, ".requires")))
			continue;
		/* Drop-ins of a unit. */
		if (deeper && !p2p_image_list(search->image, path, &more))
			look_at_folder(search, path, false);
		else
			look_at_file(search, path, 0);
	}
	p2p_names_free(&names);
	p2p_names_free(&more);
}

/* Is /lib a link to /usr/lib? */
static bool is_same_folder(const struct search *search, const char *folder)
{
	struct stat link;

	return !strncmp(folder, "lib/", 4) && !fstatat(search->image->root, "lib", &link, AT_SYMLINK_NOFOLLOW) &&
	       S_ISLNK(link.st_mode);
}

size_t p2p_acs_scripts_find(const struct p2p_image *image, const struct p2p_machine *machine, struct p2p_arena *arena,
			    struct p2p_acs_script **ret)
{
	static const char *const files[] = { "etc/rc.local", "etc/rc.d/rc.local", "etc/crontab" };
	static const char *const folders[] = {
		/* Units: these first, with their drop-ins. */
		"etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system",
		"lib/systemd/system",
		/* What is run when something comes, wakes up or is loaded. */
		"etc/udev/rules.d", "run/udev/rules.d", "usr/local/lib/udev/rules.d", "usr/lib/udev/rules.d",
		"lib/udev/rules.d", "etc/systemd/system-sleep", "usr/lib/systemd/system-sleep", "etc/modprobe.d",
		"etc/NetworkManager/dispatcher.d", "etc/libvirt/hooks",
		/* By the clock, and at boot. */
		"etc/cron.d", "etc/cron.hourly", "etc/cron.daily", "etc/cron.weekly", "etc/cron.monthly",
		"var/spool/cron", "var/spool/cron/crontabs", "etc/init.d", "etc/rc.d/init.d", "etc/local.d",
		"usr/local/sbin", "usr/local/bin",
	};
	enum { UNITS = 5 };
	struct search search = { .image = image, .machine = machine, .arena = arena };

	search.found = p2p_arena_array(arena, FOUND_MOST, sizeof(*search.found));
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (!is_same_folder(&search, folders[i]))
			look_at_folder(&search, folders[i], i < UNITS);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		look_at_file(&search, files[i], 0);
	p2p_names_free(&search.seen);
	*ret = search.found;
	return search.count;
}
