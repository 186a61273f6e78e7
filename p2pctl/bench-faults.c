/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench-faults.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io/kmsg.h"
#include "core/model/fault.h"

/* Of the log, and of those about the pair: a fault storm has one line a transfer. */
#define LINES_MAX 20000
#define KEPT_MAX 16

struct bench_faults {
	const struct ctl *ctl;
	int fd;
};

struct bench_faults *bench_faults_begin(const struct ctl *ctl)
{
	static bool said;
	struct bench_faults *faults = p2p_malloc(sizeof(*faults));
	int error = p2p_kmsg_open(&faults->fd);

	faults->ctl = ctl;
	if (!error)
		return faults;
	if (!said)
		ctl_say(ctl, "the kernel's log cannot be read here: what it says of faults is not seen");
	said = true;
	free(faults);
	return NULL;
}

/* The controller that the line names: an nvme of that function? */
static bool has_controller(const struct p2p_function *function, const char *name)
{
	for (const struct p2p_child *child = function->children; child; child = child->next)
		if (child->kind == P2P_CHILD_NVME && !strcmp(child->name, name))
			return true;
	return false;
}

/* About that function, or a port on its way up? */
static bool is_about(const struct p2p_machine *machine, int function, const struct p2p_fault *fault)
{
	if (function != P2P_NOBODY && *fault->name && has_controller(&machine->functions[function], fault->name))
		return true;
	/* Bounded: the scanner makes edges of cycles UNKNOWN. */
	for (int at = function; fault->has_function && at != P2P_NOBODY;) {
		const struct p2p_function *now = &machine->functions[at];

		if (p2p_fault_names(fault, now->bdf))
			return true;
		at = p2p_known(now->up.fact) ? now->up.to : P2P_NOBODY;
	}
	return false;
}

void bench_faults_end(struct bench_faults *faults, const int *functions, size_t count, struct p2p_names *ret)
{
	struct p2p_names lines = P2P_NAMES_INIT;
	const char *line = NULL;
	bool lost = false;
	size_t more = 0;

	if (!faults)
		return;
	p2p_kmsg_read(faults->fd, LINES_MAX, &lines, &lost);
	while (ret && (line = p2p_names_next(&lines, line))) {
		struct p2p_fault fault;
		bool ours = false;

		for (size_t i = 0; p2p_fault_parse(line, &fault) && i < count; i++)
			ours |= is_about(faults->ctl->topo.machine, functions[i], &fault);
		if (ours && ret->count < KEPT_MAX)
			p2p_names_add(ret, line);
		else
			more += ours;
	}
	if (more) {
		char text[64];

		snprintf(text, sizeof(text), "... and %zu more lines about this pair", more);
		p2p_names_add(ret, text);
	}
	if (lost && ret)
		p2p_names_add(ret, "... and the kernel overwrote some of its log before it was read");
	p2p_names_free(&lines);
	close(faults->fd);
	free(faults);
}
