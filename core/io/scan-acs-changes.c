/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What p2pctl wrote down of the ACS words that it has changed in this boot. */
#include <errno.h>

#include "acs-changes.h"
#include "scan-internal.h"

static int parse(struct p2p_scan *scan, const struct p2p_buf *text, size_t *ret_line)
{
	struct p2p_machine *machine = scan->machine;
	/* Both are in a snapshot, so that on replay they still belong together. */
	struct p2p_word boot = p2p_scan_word(scan, "proc/sys/kernel/random/boot_id");
	struct p2p_acs_event *events = NULL;
	int error;

	if (!p2p_known(boot.fact))
		return -ESTALE;
	error = p2p_acs_changes_parse(machine->arena, p2p_buf_text(text), text->len, boot.text, &events,
				      &machine->acs_event_count, ret_line);
	machine->acs_events = events;
	return error;
}

void p2p_scan_acs_changes(struct p2p_scan *scan)
{
	struct p2p_buf text = P2P_BUF_INIT;
	size_t line = 0;
	int error = p2p_source_read_text(scan->source, "published/acs-changes", P2P_ACS_CHANGES_MAX, &text);

	if (!error)
		error = parse(scan, &text, &line);
	if (error == -EBADMSG)
		p2p_scan_say(scan, "published/acs-changes:%zu: what p2pctl wrote down of its changes does not read; it "
				   "is not used", line);
	else if (error == -EPERM)
		p2p_scan_say(scan, "what p2pctl wrote down of its changes is not used: it is not root's alone");
	scan->machine->acs_history = p2p_fact_of(error, P2P_ORIGIN_PUBLISHED);
	p2p_buf_free(&text);
}
