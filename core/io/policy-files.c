/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which policy files there are, whether they may be trusted, and what they say
 * together.
 */
#include <dirent.h>
#include <errno.h>
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
	struct p2p_policy_hidden hidden[MOST_FILES];
	size_t hidden_count;
	bool too_many;
};

static bool is_policy_name(const char *name)
{
	size_t length = strlen(name);

	return *name != '.' && length > 5 && !strcmp(name + length - 5, ".yaml");
}

/* A file of the same name in an earlier folder is hidden, and its place with it. */
static void add_file(struct files *files, const char *name, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (strcmp(files->list[i].name, name) != 0)
			files->list[kept++] = files->list[i];
		else if (files->hidden_count < MOST_FILES)
			files->hidden[files->hidden_count++] = (struct p2p_policy_hidden){ files->list[i].path, path };
	}
	files->count = kept;
	if (files->count == MOST_FILES)
		files->too_many = true;
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

	while (!files->too_many && (item = readdir(dir)))
		if (is_policy_name(item->d_name))
			add_file(files, p2p_arena_strdup(files->arena, item->d_name),
				 p2p_arena_printf(files->arena, "%s/%s", folder, item->d_name));
}

static int add_place(struct files *files, const char *place, bool needed)
{
	struct p2p_problem problem = { "" };
	int fd = p2p_trust_open(place, &problem);
	struct stat st;

	if (fd == -ENOENT && !needed)
		return 0;
	if (fd < 0) {
		p2p_problems_add(files->problems, problem.text);
		return fd;
	}
	DIR *dir = !fstat(fd, &st) && S_ISDIR(st.st_mode) ? fdopendir(fd) : NULL;

	if (dir) {
		add_folder(files, place, dir);
		closedir(dir);
		return 0;
	}
	const char *slash = strrchr(place, '/');

	close(fd);
	add_file(files, p2p_arena_strdup(files->arena, slash ? slash + 1 : place),
		 p2p_arena_strdup(files->arena, place));
	return 0;
}

static int read_file(struct files *files, const char *path, struct p2p_policy **ret)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };
	int fd = p2p_trust_open(path, &problem), error = fd < 0 ? fd : 0;

	if (!error) {
		error = p2p_yaml_read(fd, path, &problem, &text);
		close(fd);
	}
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

/* What a later file has of that name; NULL: nothing. */
static const struct p2p_where *replaced_by(const struct joined *joined, size_t part, const char *name)
{
	for (size_t later = part + 1; later < joined->count; later++) {
		const struct p2p_policy *policy = joined->parts[later];

		for (size_t i = 0; i < policy->rule_count; i++)
			if (!strcmp(policy->rules[i].name, name))
				return &policy->rules[i].where;
		for (size_t i = 0; i < policy->nvmet_count; i++)
			if (!strcmp(policy->nvmet[i].name, name))
				return &policy->nvmet[i].where;
	}
	return NULL;
}

/* Notes it down when a later file replaces it. */
static bool is_replaced(const struct joined *joined, size_t part, const char *name, struct p2p_where where,
			struct p2p_policy *policy)
{
	const struct p2p_where *by = replaced_by(joined, part, name);

	if (by)
		policy->replaced[policy->replaced_count++] = (struct p2p_policy_replaced){ name, where, *by };
	return by;
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
	policy->replaced = p2p_arena_array(policy->arena, rules + nvmet, sizeof(*policy->replaced));
	/* Later files are evaluated first. */
	for (size_t part = joined->count; part-- > 0;) {
		const struct p2p_policy *from = joined->parts[part];

		for (size_t i = 0; i < from->rule_count; i++)
			if (!is_replaced(joined, part, from->rules[i].name, from->rules[i].where, policy))
				policy->rules[policy->rule_count++] = from->rules[i];
		for (size_t i = 0; i < from->nvmet_count; i++)
			if (!is_replaced(joined, part, from->nvmet[i].name, from->nvmet[i].where, policy))
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

	struct p2p_policy_hidden *hidden = p2p_arena_array(arena, files->hidden_count, sizeof(*hidden));

	for (size_t i = 0; i < files->hidden_count; i++)
		hidden[i] = (struct p2p_policy_hidden){ p2p_arena_strdup(arena, files->hidden[i].path),
							p2p_arena_strdup(arena, files->hidden[i].by) };
	policy->hidden = hidden;
	policy->hidden_count = files->hidden_count;
	join(joined, policy);
	for (size_t i = 0; i < joined->count; i++)
		p2p_arena_adopt(arena, joined->parts[i]->arena);
	return policy;
}

/* Reads them all, for the mistakes of each, until there are more rules than count. */
static int read_all(struct files *files, struct joined *joined)
{
	size_t rules = 0;
	int error = 0;

	joined->parts = p2p_arena_array(files->arena, files->count, sizeof(struct p2p_policy *));
	for (size_t i = 0; i < files->count && rules <= P2P_POLICY_RULES_MOST; i++) {
		struct p2p_policy **part = &joined->parts[joined->count];
		int failed = read_file(files, files->list[i].path, part);

		if (!failed) {
			rules += (*part)->rule_count + (*part)->nvmet_count;
			joined->count++;
		}
		error = error ? error : failed;
	}
	if (rules <= P2P_POLICY_RULES_MOST)
		return error;
	p2p_problems_add(files->problems, "the policy has more rules, in all its files together, than are read");
	return -EINVAL;
}

int p2p_policy_load(const char *const *places, size_t count, bool needed, struct p2p_problems *problems,
		    struct p2p_policy **ret)
{
	struct files *files = p2p_malloc(sizeof(*files));
	struct joined joined = { 0 };
	int error = 0;

	*files = (struct files){ .arena = p2p_arena_new(), .problems = problems };
	for (size_t i = 0; i < count; i++) {
		int failed = add_place(files, places[i], needed);

		error = error ? error : failed;
	}
	if (files->too_many) {
		p2p_problems_add(problems, "there are more policy files than are read");
		error = -EINVAL;
	}
	/* By name, whichever folder each is from, as systemd and modprobe read their drop-ins. */
	qsort(files->list, files->count, sizeof(*files->list), by_name);
	int failed = read_all(files, &joined);

	error = error ? error : failed;
	if (!error)
		*ret = join_all(files, &joined);
	for (size_t i = 0; error && i < joined.count; i++)
		p2p_policy_free(joined.parts[i]);
	p2p_arena_free(files->arena);
	free(files);
	return error;
}
