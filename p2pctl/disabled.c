/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `disable` left: a file with the path of slots of each function, one a
 * line, in a folder that outlives the boot.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/io/state.h"
#include "ctl.h"

#define KEPT_DIR "/var/lib/p2pctl"
#define NAME "disabled"
#define MOST_BYTES (1u << 20)

const char *ctl_kept_folder(const struct ctl *ctl)
{
	const char *given = p2p_cli_value(ctl->cli, "state");

	return given ? given : KEPT_DIR;
}

/* `problem` is of the folder, or empty: then it is the file. */
static void fail(const struct ctl *ctl, int error, struct p2p_problem *problem)
{
	if (!*problem->text)
		p2p_problem_set(problem, error, "%s/" NAME ": %s", ctl_kept_folder(ctl),
				error == -EPERM ? "no regular file of ours, or others may write it"
						: p2p_problem_errno(error));
	p2p_cli_complain(ctl->cli, stderr, problem);
}

/* The file's text; empty when nothing was ever disabled. */
static int load(const struct ctl *ctl, struct p2p_problem *problem, struct p2p_buf *ret)
{
	int fd = -1, error;

	/* A link that leads nowhere is not taken for nothing. */
	if (faccessat(AT_FDCWD, ctl_kept_folder(ctl), F_OK, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	error = p2p_state_open(ctl_kept_folder(ctl), problem, &fd);
	if (error)
		return error;
	error = p2p_state_load(fd, NAME, MOST_BYTES, ret);
	close(fd);
	return error == -ENOENT ? 0 : error;
}

static int find_path(const struct p2p_machine *machine, const char *wanted)
{
	struct p2p_buf path = P2P_BUF_INIT;
	int found = P2P_NOBODY;

	for (size_t i = 0; i < machine->function_count && found == P2P_NOBODY; i++) {
		p2p_buf_reset(&path);
		if (!p2p_function_path(machine, (int)i, &path) && !strcmp(p2p_buf_text(&path), wanted))
			found = (int)i;
	}
	p2p_buf_free(&path);
	return found;
}

enum p2p_exit ctl_read_disabled(struct ctl *ctl)
{
	struct p2p_problem problem = { "" };
	struct p2p_buf text = P2P_BUF_INIT;
	char *rest = NULL;
	/* A snapshot tells nothing of what is disabled on the machine it is looked at on. */
	int error = ctl->rehearsal && !p2p_cli_value(ctl->cli, "state") ? 0 : load(ctl, &problem, &text);

	ctl->disabled = p2p_arena_array(ctl->topo.arena, ctl->topo.machine->function_count, sizeof(*ctl->disabled));
	for (char *line = text.len ? strtok_r(text.text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		int index = find_path(ctl->topo.machine, line);

		if (index != P2P_NOBODY)
			ctl->disabled[index] = true;
		else
			p2p_names_add(&ctl->disabled_gone, line);
	}
	p2p_buf_free(&text);
	if (error)
		fail(ctl, error, &problem);
	return error ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}

enum p2p_exit ctl_write_disabled(struct ctl *ctl)
{
	struct p2p_problem problem = { "" };
	struct p2p_buf text = P2P_BUF_INIT;
	const char *gone = NULL;
	int fd = -1, error;

	for (size_t i = 0; i < ctl->topo.machine->function_count; i++)
		if (ctl->disabled[i] && !p2p_function_path(ctl->topo.machine, (int)i, &text))
			p2p_buf_putc(&text, '\n');
	while ((gone = p2p_names_next(&ctl->disabled_gone, gone)))
		p2p_buf_printf(&text, "%s\n", gone);
	error = p2p_state_open(ctl_kept_folder(ctl), &problem, &fd);
	if (!error)
		error = text.len ? p2p_state_replace(fd, NAME, text.text, text.len, 0600) : p2p_state_remove(fd, NAME);
	if (fd >= 0)
		close(fd);
	p2p_buf_free(&text);
	if (error)
		fail(ctl, error, &problem);
	return error ? P2P_EXIT_REFUSED : P2P_EXIT_OK;
}
