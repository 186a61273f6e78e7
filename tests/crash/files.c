/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool so, const char *what)
{
	if (so)
		return;
	perror(what);
	exit(2);
}

static void *take(void *memory)
{
	must(memory, "memory");
	return memory;
}

static char *join(const char *folder, const char *name)
{
	char *path;

	must(asprintf(&path, "%s/%s", folder, name) >= 0, "memory");
	return path;
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static char *read_whole(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return NULL;
	must(fd >= 0 && !fstat(fd, &st), path);
	char *bytes = take(calloc(1, (size_t)st.st_size + 1));

	must(read(fd, bytes, (size_t)st.st_size) == st.st_size, path);
	close(fd);
	*ret_len = (size_t)st.st_size;
	return bytes;
}

/* `below` is "" or "state/"; a folder is kept as a file without bytes. */
static void save_below(const char *folder, const char *below, struct files *files)
{
	char *path = join(folder, below);
	struct dirent **entries;
	int count = scandir(path, &entries, no_dots, alphasort);

	must(count >= 0, path);
	for (int i = 0; i < count; i++) {
		char *name, *whole;
		struct stat st;

		must(asprintf(&name, "%s%s", below, entries[i]->d_name) >= 0, "memory");
		whole = join(folder, name);
		must(!lstat(whole, &st), whole);
		files->list = take(realloc(files->list, (files->count + 1) * sizeof(*files->list)));
		struct file *file = &files->list[files->count++];

		*file = (struct file){ .name = name };
		if (S_ISREG(st.st_mode))
			file->bytes = read_whole(whole, &file->len);
		else if (S_ISDIR(st.st_mode) && !*below)
			save_below(folder, "state/", files);
		free(whole);
		free(entries[i]);
	}
	free(entries);
	free(path);
}

void files_save(const char *folder, struct files *ret)
{
	files_free(ret);
	save_below(folder, "", ret);
}

static void clear(const char *folder)
{
	struct files now = { 0 };

	files_save(folder, &now);
	for (size_t i = now.count; i-- > 0;) {
		char *path = join(folder, now.list[i].name);

		must(!remove(path), path);
		free(path);
	}
	files_free(&now);
}

void files_restore(const char *folder, const struct files *files)
{
	clear(folder);
	for (size_t i = 0; i < files->count; i++) {
		const struct file *file = &files->list[i];
		char *path = join(folder, file->name);

		if (file->bytes) {
			int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

			must(fd >= 0 && write(fd, file->bytes, file->len) == (ssize_t)file->len, path);
			close(fd);
		} else {
			must(!mkdir(path, 0700), path);
		}
		free(path);
	}
}

void files_free(struct files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->list[i].name);
		free(files->list[i].bytes);
	}
	free(files->list);
	*files = (struct files){ 0 };
}

static uint64_t add(uint64_t hash, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
	return (hash ^ 0xff) * 1099511628211u;
}

/* Times, processes and what is made of them are in each line of what is told: the rest tells it from others. */
static uint64_t add_history(uint64_t hash, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] < '0' || line[i] > '9')
			hash = (hash ^ (unsigned char)line[i]) * 1099511628211u;
	return hash;
}

/* A line of the journal without what differs: "run 1 TIME PID asked enable SUM". */
static uint64_t add_line(uint64_t hash, const char *line, size_t len)
{
	static const char run[] = "run ";
	int time = 0, rest = 0, sum = 0;

	if (*line == '{' || (len > 5 && (!memcmp(line, "made ", 5) || !memcmp(line, "back ", 5))))
		return add_history(hash, line, len);
	if (len < sizeof(run) || strncmp(line, run, sizeof(run) - 1) != 0)
		return add(hash, line, len);
	if (sscanf(line, "run %*u %n%*s %*s %n%*s %*s%n", &time, &rest, &sum) == EOF || !sum || (size_t)sum > len)
		return add(hash, line, len);
	return add(add(hash, line, (size_t)time), line + rest, (size_t)(sum - rest));
}

uint64_t files_hash(const struct files *files, const char *more)
{
	uint64_t hash = 14695981039346656037u;

	if (more)
		hash = add(hash, more, strlen(more));
	for (size_t i = 0; i < files->count; i++) {
		const struct file *file = &files->list[i];

		hash = add(hash, file->name, strlen(file->name));
		if (!file->bytes || !strcmp(file->name, "state/lock"))
			continue;
		for (const char *at = file->bytes, *end = at + file->len; at < end;) {
			const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline + 1 : end;

			hash = add_line(hash, at, (size_t)(stop - at));
			at = stop;
		}
	}
	return hash;
}

/* `text` is one line, and `id` is in it between quotes. */
static bool has_id(const char *text, size_t len, const char *id, size_t id_len)
{
	for (const char *at = text; (at = memmem(at, len - (size_t)(at - text), id, id_len)); at++)
		if (at > text && at[-1] == '"' && at[id_len] == '"')
			return true;
	return false;
}

char *history_open(const char *folder)
{
	static const char mark[] = "\"event\":\"begin\",\"id\":\"";
	char *path = join(folder, "state/history"), *found = NULL;
	size_t len = 0;
	char *bytes = read_whole(path, &len);

	for (char *line = bytes; line && *line && !found;) {
		char *end = strchr(line, '\n'), *begin = strstr(line, mark);

		if (!end)
			break;
		if (begin && begin < end) {
			char *id = begin + sizeof(mark) - 1;
			size_t id_len = strcspn(id, "\"");

			if (!has_id(end, strlen(end), id, id_len))
				found = take(strndup(id, id_len));
		}
		line = end + 1;
	}
	free(bytes);
	free(path);
	return found;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *files_sorted(const char *folder, const char *name)
{
	char *path = join(folder, name), *lines[256], *rest = NULL;
	size_t len = 0, count = 0;
	char *bytes = read_whole(path, &len), *text = take(calloc(1, len + 1));

	for (char *line = bytes ? strtok_r(bytes, "\n", &rest) : NULL; line && count < 256;
	     line = strtok_r(NULL, "\n", &rest))
		lines[count++] = line;
	if (count > 1)
		qsort(lines + 1, count - 1, sizeof(*lines), compare);
	for (size_t i = 1; i < count; i++) {
		strcat(text, lines[i]);
		strcat(text, "\n");
	}
	free(bytes);
	free(path);
	return text;
}

struct place *places_parse(const char *text, size_t *ret_count)
{
	char *copy = take(strdup(text)), *rest = NULL;
	struct place *places = NULL;
	size_t count = 0;

	for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		char *offset = strrchr(word, '@'), *len = offset ? strchr(offset, '+') : NULL;

		errno = EINVAL;
		must(len, word);
		*offset = '\0';
		places = take(realloc(places, (count + 1) * sizeof(*places)));
		places[count++] = (struct place){ take(strdup(word)), strtol(offset + 1, NULL, 0),
						  strtoul(len + 1, NULL, 0) };
	}
	free(copy);
	*ret_count = count;
	return places;
}

char *places_read(const struct place *places, size_t count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = take(open_memstream(&text, &size));

	for (size_t i = 0; i < count; i++) {
		unsigned char bytes[256];
		int fd = open(places[i].path, O_RDONLY | O_CLOEXEC);

		must(fd >= 0 && places[i].len <= sizeof(bytes), places[i].path);
		ssize_t got = pread(fd, bytes, places[i].len, places[i].offset);

		must(got >= 0, places[i].path);
		for (ssize_t j = 0; j < got; j++)
			fprintf(out, "%02x", bytes[j]);
		fputc('\n', out);
		close(fd);
	}
	fclose(out);
	return text;
}

static bool is_switch(const struct place *place)
{
	size_t length = strlen(place->path);

	return length > 7 && !strcmp(place->path + length - 7, "/enable");
}

static void write_place(const struct place *place, const unsigned char *bytes, size_t len)
{
	int fd = open(place->path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && pwrite(fd, bytes, len, place->offset) == (ssize_t)len, place->path);
	close(fd);
}

void places_write(const struct place *places, size_t count, const char *text)
{
	char *now = places_read(places, count);
	bool same = !strcmp(now, text);

	free(now);
	if (same)
		return;
	for (size_t i = 0; i < count; i++)
		if (is_switch(&places[i]))
			write_place(&places[i], (const unsigned char *)"0", 1);
	for (int switches = 0; switches < 2; switches++) {
		const char *line = text;

		for (size_t i = 0; i < count; i++, line = strchr(line, '\n') + 1) {
			unsigned char bytes[256];
			size_t len = 0;
			unsigned value;

			while (len < sizeof(bytes) && line[2 * len] != '\n' &&
			       sscanf(line + 2 * len, "%2x", &value) == 1)
				bytes[len++] = (unsigned char)value;
			if (is_switch(&places[i]) == switches)
				write_place(&places[i], bytes, len);
		}
	}
	now = places_read(places, count);
	errno = EIO;
	must(!strcmp(now, text), "the places do not keep what is written");
	free(now);
}
