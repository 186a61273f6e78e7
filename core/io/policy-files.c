/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which policy files there are, whether they may be trusted, and what they say
 * together.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy-internal.h"
#include "policy.h"

#define MOST_FILES 1024

struct found {
	const char *name; /* in its folder */
	const char *path;
};

struct files {
	struct p2p_arena *arena;
	struct p2p_problems *problems;
	struct found list[MOST_FILES];
	size_t count;
};

static void fail(struct files *files, const char *path, const char *says)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, "%s: %s", path, says);
	p2p_problems_add(files->problems, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

/* Root's, and nobody else may write it; a folder with the sticky bit lets nobody replace what is root's. */
static bool is_trusted(const struct stat *st)
{
	if (st->st_uid != 0)
		return false;
	return !(st->st_mode & (S_IWGRP | S_IWOTH)) || (S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX);
}

/* The file and every folder above it, where the links lead.  Only root has something to lose. */
static bool check_trust(struct files *files, const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (geteuid() != 0)
		return true;
	if (!realpath(path, real)) {
		fail(files, path, p2p_problem_errno(-errno));
		return false;
	}
	for (;;) {
		if (stat(*real ? real : "/", &st) || !is_trusted(&st)) {
			struct p2p_buf says = P2P_BUF_INIT;

			p2p_buf_printf(&says, "not read: %s is not root's, or others may write it", *real ? real : "/");
			fail(files, path, p2p_buf_text(&says));
			p2p_buf_free(&says);
			return false;
		}
		if (!*real)
			return true;
		*strrchr(real, '/') = '\0';
	}
}

static bool is_policy_name(const char *name)
{
	size_t length = strlen(name);

	return *name != '.' && length > 5 && !strcmp(name + length - 5, ".yaml");
}

/* A file of the same name in an earlier folder is hidden, and its place with it. */
static void add_file(struct files *files, const char *name, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->list[i].name, name) != 0)
			files->list[kept++] = files->list[i];
	files->count = kept;
	if (files->count == MOST_FILES)
		fail(files, path, "more policy files than anybody has");
	else
		files->list[files->count++] = (struct found){ name, path };
}

static int by_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void add_folder(struct files *files, const char *folder, DIR *dir)
{
	const struct dirent *item;

	while ((item = readdir(dir)))
		if (is_policy_name(item->d_name))
			add_file(files, p2p_arena_strdup(files->arena, item->d_name),
				 p2p_arena_printf(files->arena, "%s/%s", folder, item->d_name));
}

static int add_place(struct files *files, const char *place)
{
	DIR *dir = opendir(place);

	if (dir) {
		add_folder(files, place, dir);
		closedir(dir);
		return 0;
	}
	if (errno == ENOTDIR) {
		const char *slash = strrchr(place, '/');

		add_file(files, p2p_arena_strdup(files->arena, slash ? slash + 1 : place),
			 p2p_arena_strdup(files->arena, place));
		return 0;
	}
	int error = -errno;

	/* A folder that is not there holds nothing; a file that was named must be. */
	if (error == -ENOENT && !is_policy_name(place))
		return 0;
	fail(files, place, p2p_problem_errno(error));
	return error;
}

static int read_file(struct files *files, const char *path, struct p2p_policy **ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };

	if (!check_trust(files, path))
		return -EPERM;
	int error = p2p_yaml_load(path, &problem, &text);

	if (error)
		p2p_problems_add(files->problems, problem.text);
	else
		error = p2p_policy_parse(path, p2p_buf_text(&text), text.len, files->problems, ret);
	p2p_buf_free(&text);
	return error;
}

/* ---------------------------------------------------------------- together */

struct joined {
	struct p2p_policy **parts; /* lowest first */
	size_t count;
};

static bool is_replaced(const struct joined *joined, size_t part, const char *name)
{
	for (size_t later = part + 1; later < joined->count; later++) {
		for (size_t i = 0; i < joined->parts[later]->rule_count; i++)
			if (!strcmp(joined->parts[later]->rules[i].name, name))
				return true;
		for (size_t i = 0; i < joined->parts[later]->nvmet_count; i++)
			if (!strcmp(joined->parts[later]->nvmet[i].name, name))
				return true;
	}
	return false;
}

static void join(const struct joined *joined, struct p2p_policy *policy)
{
	size_t rules = 0, nvmet = 0;

	for (size_t i = 0; i < joined->count; i++) {
		rules += joined->parts[i]->rule_count;
		nvmet += joined->parts[i]->nvmet_count;
	}
	policy->rules = p2p_arena_array(policy->arena, rules, sizeof(*policy->rules));
	policy->nvmet = p2p_arena_array(policy->arena, nvmet, sizeof(*policy->nvmet));
	/* Later files are evaluated first. */
	for (size_t part = joined->count; part-- > 0;) {
		const struct p2p_policy *from = joined->parts[part];

		for (size_t i = 0; i < from->rule_count; i++)
			if (!is_replaced(joined, part, from->rules[i].name))
				policy->rules[policy->rule_count++] = from->rules[i];
		for (size_t i = 0; i < from->nvmet_count; i++)
			if (!is_replaced(joined, part, from->nvmet[i].name))
				policy->nvmet[policy->nvmet_count++] = from->nvmet[i];
	}
}

static struct p2p_policy *join_all(struct files *files, const struct joined *joined)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_policy *policy = p2p_arena_alloc(arena, sizeof(*policy));
	const char **paths = p2p_arena_array(arena, files->count, sizeof(*paths));

	policy->arena = arena;
	for (size_t i = 0; i < files->count; i++)
		paths[i] = p2p_arena_strdup(arena, files->list[i].path);
	policy->paths = paths;
	policy->path_count = files->count;
	join(joined, policy);
	for (size_t i = 0; i < joined->count; i++)
		p2p_arena_adopt(arena, joined->parts[i]->arena);
	return policy;
}

int p2p_policy_load(const char *const *places, size_t count, struct p2p_problems *problems, struct p2p_policy **ret)
{
	struct files *files = p2p_malloc(sizeof(*files));
	struct joined joined = { 0 };
	int error = 0;

	*files = (struct files){ .arena = p2p_arena_new(), .problems = problems };
	for (size_t i = 0; i < count; i++) {
		int failed = add_place(files, places[i]);

		error = error ? error : failed;
	}
	/* By name, whichever folder each is from, as systemd and modprobe read their drop-ins. */
	qsort(files->list, files->count, sizeof(*files->list), by_name);
	joined.parts = p2p_arena_array(files->arena, files->count, sizeof(struct p2p_policy *));
	for (size_t i = 0; i < files->count; i++) {
		int failed = read_file(files, files->list[i].path, &joined.parts[joined.count]);

		joined.count += !failed;
		error = error ? error : failed;
	}
	if (!error)
		*ret = join_all(files, &joined);
	for (size_t i = 0; error && i < joined.count; i++)
		p2p_policy_free(joined.parts[i]);
	p2p_arena_free(files->arena);
	free(files);
	return error;
}
