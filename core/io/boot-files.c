/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is there: the reading half.  boot-write.c has the other. */
#include <errno.h>
#include <string.h>

#include "boot-internal.h"

#define HEADER "p2pctl-bootargs 1"

/* ----------------------------------------------------------------- record */

/* The inside of a line: newlines, backslashes and what is no text escaped. */
static void put_escaped(const char *text, size_t len, struct p2p_buf *ret)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == '\\' || c == 0x7f)
			p2p_buf_printf(ret, "\\%02x", c);
		else
			p2p_buf_putc(ret, (char)c);
	}
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *unescape(struct p2p_arena *arena, const char *text)
{
	char *ret = p2p_arena_strdup(arena, text), *to = ret;

	for (const char *from = text; *from; to++) {
		if (*from != '\\') {
			*to = *from++;
			continue;
		}
		int high = digit(from[1]), low = high < 0 ? -1 : digit(from[2]);

		if (low < 0 || !(high | low))
			return NULL;
		*to = (char)(high << 4 | low);
		from += 3;
	}
	*to = '\0';
	return ret;
}

void boot_record_format(const struct boot_record *record, struct p2p_buf *ret)
{
	p2p_buf_puts(ret, HEADER "\n");
	for (size_t i = 0; i < record->count; i++)
		p2p_buf_printf(ret, "argument %s\n", record->arguments[i]);
	if (record->grub)
		p2p_buf_puts(ret, "grub\n");
	if (record->grub_folder)
		p2p_buf_puts(ret, "grub-folder\n");
	if (record->cmdline_made)
		p2p_buf_puts(ret, "cmdline-made\n");
	if (record->cmdline_folder)
		p2p_buf_puts(ret, "cmdline-folder\n");
	if (!record->before)
		return;
	p2p_buf_puts(ret, "before ");
	put_escaped(record->before, strlen(record->before), ret);
	p2p_buf_puts(ret, "\nafter ");
	put_escaped(record->after, strlen(record->after), ret);
	p2p_buf_puts(ret, "\n");
}

/* "WORD REST" to the rest; NULL: it does not begin so. */
static const char *after_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && line[len] == ' ' ? line + len + 1 : NULL;
}

static bool parse_line(struct p2p_arena *arena, const char *line, struct boot_record *record)
{
	const char *rest;

	if ((rest = after_word(line, "argument"))) {
		if (!p2p_boot_argument_ok(rest) || record->count == BOOT_ARGUMENTS_MAX)
			return false;
		record->arguments[record->count++] = rest;
	} else if ((rest = after_word(line, "before"))) {
		record->before = unescape(arena, rest);
		return record->before;
	} else if ((rest = after_word(line, "after"))) {
		record->after = unescape(arena, rest);
		return record->after;
	} else if (!strcmp(line, "grub")) {
		record->grub = true;
	} else if (!strcmp(line, "grub-folder")) {
		record->grub_folder = true;
	} else if (!strcmp(line, "cmdline-made")) {
		record->cmdline_made = true;
	} else if (!strcmp(line, "cmdline-folder")) {
		record->cmdline_folder = true;
	} else {
		return false;
	}
	return true;
}

int boot_record_parse(struct p2p_arena *arena, const struct p2p_buf *text, struct boot_record *ret)
{
	char *copy = p2p_arena_strndup(arena, p2p_buf_text(text), text->len), *rest = NULL;
	char *line = strtok_r(copy, "\n", &rest);
	struct boot_record record = { 0 };

	if (strlen(copy) > text->len || memchr(p2p_buf_text(text), '\0', text->len) || !line ||
	    strcmp(line, HEADER) != 0)
		return -EBADMSG;
	while ((line = strtok_r(NULL, "\n", &rest)))
		if (!parse_line(arena, line, &record))
			return -EBADMSG;
	if (!record.before != !record.after || ((record.before || record.grub) && !record.count))
		return -EBADMSG;
	*ret = record;
	return 0;
}

int boot_record_load(const struct p2p_image *image, struct p2p_arena *arena, struct p2p_problem *problem,
		     struct boot_record *ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	const char *path = p2p_image_name(image, arena, BOOT_RECORD);
	int error = p2p_image_read(image, BOOT_RECORD, BOOT_MOST, false, &text);

	*ret = (struct boot_record){ 0 };
	if (!error)
		error = boot_record_parse(arena, &text, ret);
	p2p_buf_free(&text);
	if (error == -EBADMSG)
		return p2p_problem_set(problem, error, "%s: this is not what p2pctl wrote; look at it and the files "
				       "of the boot loader, and move it away", path);
	if (error && error != -ENOENT)
		return p2p_problem_set(problem, error, "%s: %s%s", path, p2p_problem_errno(error),
				       error == -EACCES ? "; look as root" : "");
	return 0;
}

/* ------------------------------------------------------------------- words */

#define LIST_CHARS "0123456789abcdefABCDEFxX:./@;"

/* Entries may begin with "pci:". */
static size_t list_length(const char *text)
{
	size_t len = 0;

	for (;;) {
		size_t part = strspn(text + len, LIST_CHARS);

		len += part;
		if (strncmp(text + len, "pci:", 4) != 0 || (len && !strchr(";@", text[len - 1])))
			return len;
		len += 4;
	}
}

/* "disable_acs_redir=" or "config_acs=" at the start, and its list; what follows it, or NULL. */
static const char *skip_option(const char *text)
{
	static const char *const names[] = { "disable_acs_redir=", "config_acs=" };

	for (size_t i = 0; i < 2; i++)
		if (!strncmp(text, names[i], strlen(names[i]))) {
			size_t len = list_length(text + strlen(names[i]));

			return len ? text + strlen(names[i]) + len : NULL;
		}
	return NULL;
}

bool p2p_boot_argument_ok(const char *argument)
{
	const char *at = strncmp(argument, "pci=", 4) ? NULL : skip_option(argument + 4);

	if (at && *at == ',')
		at = skip_option(at + 1);
	return at && !*at;
}

struct words {
	struct p2p_arena *arena;
	struct p2p_boot_files *files;
	const struct boot_record *record;
};

static void add_word(struct words *words, const struct p2p_boot_word *word)
{
	struct p2p_boot_files *files = words->files;
	struct p2p_boot_word *list = p2p_arena_array(words->arena, files->word_count + 1, sizeof(*list));

	if (files->word_count)
		memcpy(list, files->words, files->word_count * sizeof(*list));
	list[files->word_count++] = *word;
	files->words = list;
}

/* What a value is in shell: up to a quote, a blank or a comma all of it must be of a list. */
static void find_words(struct words *words, const char *path, unsigned number, const char *line)
{
	static const char *const names[] = { "disable_acs_redir=", "config_acs=" };

	for (size_t i = 0; i < 2; i++)
		for (const char *at = line; (at = strstr(at, names[i])); at++) {
			const char *value = at + strlen(names[i]);
			size_t len = list_length(value);
			bool ends = !value[len] || strchr("\"' \t,\\", value[len]);

			add_word(words, &(struct p2p_boot_word){
					path, number, i == 1,
					ends ? p2p_arena_strndup(words->arena, value, len) : NULL });
		}
}

static bool is_ours(const struct words *words, const char *word, size_t len)
{
	for (size_t i = 0; i < words->record->count; i++)
		if (strlen(words->record->arguments[i]) == len && !memcmp(words->record->arguments[i], word, len))
			return true;
	return false;
}

/* Lines of shell; a comment is none of it. */
static void look_at_shell(struct words *words, const struct p2p_image *image, const char *path)
{
	struct p2p_buf text = P2P_BUF_INIT;
	unsigned number = 0;

	if (!p2p_image_read(image, path, BOOT_MOST, false, &text)) {
		const char *name = p2p_image_name(image, words->arena, path);
		char *line, *rest = text.text;

		while (rest && (line = strsep(&rest, "\n"))) {
			number++;
			if (line[strspn(line, " \t")] != '#')
				find_words(words, name, number, line);
		}
	}
	p2p_buf_free(&text);
}

/* Words with blanks between them, of which ours are not another's. */
static void look_at_cmdline(struct words *words, const struct p2p_image *image)
{
	struct p2p_buf text = P2P_BUF_INIT;
	unsigned number = 0;

	const char *path = p2p_image_has(image, BOOT_CMDLINE) ? BOOT_CMDLINE : BOOT_VENDOR;

	if (!p2p_image_read(image, path, BOOT_MOST, false, &text)) {
		const char *name = p2p_image_name(image, words->arena, path);
		char *line, *rest = text.text;

		while (rest && (line = strsep(&rest, "\n"))) {
			char *word, *more = line;

			number++;
			if (*line == '#')
				continue;
			while ((word = strsep(&more, " \t")))
				if (!is_ours(words, word, strlen(word)))
					find_words(words, name, number, word);
		}
	}
	p2p_buf_free(&text);
}

static bool has_text(const struct p2p_image *image, const char *path, const char *needle)
{
	struct p2p_buf text = P2P_BUF_INIT;
	bool ret = !p2p_image_read(image, path, BOOT_MOST, false, &text) && strstr(p2p_buf_text(&text), needle);

	p2p_buf_free(&text);
	return ret;
}

static void look_at_grub(struct words *words, const struct p2p_image *image)
{
	struct p2p_names names = { 0 };
	const char *name = NULL;

	look_at_shell(words, image, "etc/default/grub");
	if (p2p_image_list(image, BOOT_GRUB_DIR, &names))
		return;
	while ((name = p2p_names_next(&names, name))) {
		size_t len = strlen(name);
		const char *path;

		if (len < 4 || strcmp(name + len - 4, ".cfg") != 0 || !strcmp(name, BOOT_GRUB_NAME))
			continue;
		path = p2p_arena_printf(words->arena, "%s/%s", BOOT_GRUB_DIR, name);
		look_at_shell(words, image, path);
		/* A shell's * is sorted by the locale; by bytes it is in the C one. */
		if (strcmp(name, BOOT_GRUB_NAME) > 0 && has_text(image, path, "GRUB_CMDLINE_LINUX_DEFAULT="))
			words->files->later = p2p_image_name(image, words->arena, path);
	}
	p2p_names_free(&names);
}

static bool reads_grub_d(const struct p2p_image *image)
{
	static const char *const programs[] = { "usr/sbin/grub-mkconfig", "usr/bin/grub-mkconfig",
						"usr/sbin/grub2-mkconfig", "usr/bin/grub2-mkconfig" };

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (has_text(image, programs[i], "default/grub.d"))
			return p2p_image_has(image, BOOT_GRUB_DIR) || p2p_image_has(image, "etc/default");
	return false;
}

/* The drop-in tells what it has even when the record is gone. */
static void look_at_ours(const struct p2p_image *image, struct p2p_arena *arena, struct boot_record *record)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (!p2p_image_read(image, BOOT_GRUB_DIR "/" BOOT_GRUB_NAME, BOOT_MOST, false, &text)) {
		const char *argument = boot_grub_argument(arena, p2p_buf_text(&text));

		record->grub = argument;
		if (argument && record->count < BOOT_ARGUMENTS_MAX &&
		    (!record->count || strcmp(record->arguments[record->count - 1], argument) != 0))
			record->arguments[record->count++] = argument;
	}
	p2p_buf_free(&text);
}

int p2p_boot_files_read(const struct p2p_image *image, struct p2p_arena *arena, struct p2p_problem *problem,
			struct p2p_boot_files *ret)
{
	struct boot_record *record = p2p_arena_alloc(arena, sizeof(*record)); /* files.wrote points into it */
	struct p2p_boot_files files = { 0 };
	struct words words = { arena, &files, record };
	int error = boot_record_load(image, arena, problem, record);

	if (error)
		return error;
	files.grub = reads_grub_d(image);
	files.kernel_install = p2p_image_has(image, BOOT_CMDLINE) || p2p_image_has(image, BOOT_VENDOR);
	files.ostree = p2p_image_has(image, "run/ostree-booted") || p2p_image_has(image, "ostree/repo");
	look_at_ours(image, arena, record);
	files.wrote = record->arguments;
	files.wrote_count = record->count;
	files.written = record->grub || record->before;
	look_at_grub(&words, image);
	look_at_cmdline(&words, image);
	*ret = files;
	return 0;
}
