/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What p2pctl bench found, and the facts by which it is known to hold still. */
#include <errno.h>

#include "results.h"
#include "scan-internal.h"

static void say_bad(struct p2p_scan *scan, const struct p2p_results *results)
{
	if (results->bad_count)
		p2p_scan_say(scan, "%zu of the lines that bench left %s damaged and left out: %s", results->bad_count,
			     results->bad_count == 1 ? "is" : "are", p2p_names_next(&results->bad, NULL));
}

void p2p_scan_results(struct p2p_scan *scan)
{
	struct p2p_results results = { 0 };
	struct p2p_problem problem = { "" };
	struct p2p_buf text = P2P_BUF_INIT;
	int error = p2p_source_read_text(scan->source, P2P_RESULTS_KEY, P2P_RESULTS_MAX, &text);

	if (!error)
		error = p2p_results_parse(P2P_RESULTS_KEY, p2p_buf_text(&text), text.len, scan->machine->arena,
					  &problem, &results);
	p2p_buf_free(&text);
	if (error == -EPERM)
		p2p_scan_say(scan, "what bench found is not used: the file, or its folder, is not root's alone");
	else if (error && error != -ENOENT && error != -ENODATA)
		p2p_scan_say(scan, "what bench found is not used: %s",
			     *problem.text	? problem.text
			     : error == -EFBIG	? "the file is larger than any that p2pctl writes"
			     : error == -EINVAL ? "the file holds bytes that are no text"
						: p2p_problem_errno(error));
	if (error)
		return;
	scan->machine->results = results.list;
	scan->machine->result_count = results.count;
	say_bad(scan, &results);
	p2p_results_free(&results);
}

/* Can it have been an end of a copy?  A disk, or who has memory for peers. */
static bool can_be_end(const struct p2p_function *function)
{
	if (p2p_known(function->memory.fact))
		return true;
	for (const struct p2p_child *child = function->children; child; child = child->next)
		if (child->kind == P2P_CHILD_NVME || child->kind == P2P_CHILD_BLOCK)
			return true;
	return false;
}

void p2p_scan_rests(struct p2p_scan *scan)
{
	struct p2p_machine *machine = scan->machine;
	unsigned want = scan->options->want;

	if (!machine->result_count || (want & P2P_WANT_DETAIL && want & P2P_WANT_IOMMU))
		return;
	if (!(want & P2P_WANT_DETAIL))
		machine->host.dmi_bios = p2p_scan_word(scan, "sys/class/dmi/id/bios_version");
	for (size_t i = 0; i < machine->function_count; i++) {
		struct p2p_function *function = &machine->functions[i];

		if (!can_be_end(function))
			continue;
		if (!(want & P2P_WANT_IOMMU))
			p2p_scan_group(scan, function);
		p2p_scan_group_type(scan, function);
	}
}
