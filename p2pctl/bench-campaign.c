/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file: a first line with its version, a line with the options, then a
 * line a pair, its fields between tabs.  Every field was made visible or is
 * JSON, so that no tab or line break is in one.
 */
#include "bench-campaign.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/io/state.h"

#define FILE_NAME "bench-campaign"
#define FIRST_LINE "p2pctl-bench-campaign 1"
#define FILE_MOST (64u << 20)
#define LOCK_SECONDS 0

static void append(struct bench_campaign *campaign, const struct bench_entry *entry)
{
	struct bench_entry *copy = p2p_arena_alloc(campaign->arena, sizeof(*copy));

	*copy = *entry;
	copy->next = NULL;
	*campaign->end = copy;
	campaign->end = &copy->next;
	campaign->count++;
}

/* The field up to the next `stop`, terminated; NULL: it does not end. */
static char *take(char **at, char stop)
{
	char *field = *at, *end = strchr(field, stop);

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return field;
}

static bool read_entry(struct bench_campaign *campaign, char *line)
{
	struct bench_entry entry = { 0 };
	uint64_t code;
	char *word;

	entry.key = take(&line, '\t');
	word = entry.key ? take(&line, '\t') : NULL;
	entry.headline = word ? take(&line, '\t') : NULL;
	if (!entry.headline || p2p_text_number(word, 10, P2P_EXIT_HUNG, &code))
		return false;
	entry.json = line;
	entry.code = (enum p2p_exit)code;
	append(campaign, &entry);
	return true;
}

static int parse(struct bench_campaign *campaign, char *text, const char *dir, struct p2p_problem *problem)
{
	char *first = take(&text, '\n'), *options = first ? take(&text, '\n') : NULL, *line;

	if (!options || strcmp(first, FIRST_LINE) != 0)
		return p2p_problem_set(problem, -EINVAL,
				       "%s/" FILE_NAME " is damaged, or of another version: begin anew, without "
				       "--resume",
				       dir);
	if (strcmp(options, campaign->options) != 0)
		return p2p_problem_set(problem, -EINVAL,
				       "--resume goes on with what was begun, and that was with other options: %s",
				       options);
	while (*text)
		if (!(line = take(&text, '\n')) || !read_entry(campaign, line))
			return p2p_problem_set(problem, -EINVAL,
					       "%s/" FILE_NAME " is damaged: begin anew, without --resume", dir);
	return 0;
}

static int load(struct bench_campaign *campaign, struct p2p_problem *problem)
{
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_state_load(campaign->dir_fd, FILE_NAME, FILE_MOST, &text);

	if (error == -ENOENT)
		p2p_problem_set(problem, error, "nothing was begun that could be resumed (%s/" FILE_NAME ")",
				campaign->dir);
	else if (error)
		p2p_problem_set(problem, error, "%s/" FILE_NAME ": %s", campaign->dir, p2p_problem_errno(error));
	else
		error = parse(campaign, p2p_arena_strndup(campaign->arena, p2p_buf_text(&text), text.len),
			      campaign->dir, problem);
	p2p_buf_free(&text);
	return error;
}

static int save(struct bench_campaign *campaign, struct p2p_problem *problem)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_printf(&text, FIRST_LINE "\n%s\n", campaign->options);
	for (const struct bench_entry *entry = campaign->first; entry; entry = entry->next)
		p2p_buf_printf(&text, "%s\t%d\t%s\t%s\n", entry->key, entry->code, entry->headline, entry->json);
	int error = p2p_state_replace(campaign->dir_fd, FILE_NAME, p2p_buf_text(&text), text.len, 0600);

	p2p_buf_free(&text);
	if (error)
		p2p_problem_set(problem, error, "%s/" FILE_NAME ": %s", campaign->dir, p2p_problem_errno(error));
	return error;
}

int bench_campaign_open(struct bench_campaign *campaign, const char *dir, const char *options, bool resume,
			struct p2p_arena *arena, struct p2p_problem *problem)
{
	*campaign =
		(struct bench_campaign){ .arena = arena, .dir_fd = -1, .lock_fd = -1, .dir = dir, .options = options };
	campaign->end = &campaign->first;
	int error = p2p_state_open(dir, problem, &campaign->dir_fd);

	if (!error)
		error = p2p_state_lock(campaign->dir_fd, dir, "bench", LOCK_SECONDS, problem, &campaign->lock_fd);
	if (!error)
		error = resume ? load(campaign, problem) : save(campaign, problem);
	return error;
}

void bench_campaign_close(struct bench_campaign *campaign)
{
	if (campaign->lock_fd >= 0)
		close(campaign->lock_fd);
	if (campaign->dir_fd >= 0)
		close(campaign->dir_fd);
	campaign->lock_fd = campaign->dir_fd = -1;
}

const struct bench_entry *bench_campaign_find(const struct bench_campaign *campaign, const char *key)
{
	for (const struct bench_entry *entry = campaign->first; entry; entry = entry->next)
		if (!strcmp(entry->key, key))
			return entry;
	return NULL;
}

int bench_campaign_add(struct bench_campaign *campaign, const struct bench_entry *entry, struct p2p_problem *problem)
{
	append(campaign, entry);
	return save(campaign, problem);
}

void bench_campaign_finish(struct bench_campaign *campaign)
{
	p2p_state_remove(campaign->dir_fd, FILE_NAME);
}
