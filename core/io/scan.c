/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "../model/rule.h"
#include "scan-internal.h"

/* No text attribute that is read is longer. */
#define WORD_MAX 4096

void p2p_scan_say(struct p2p_scan *scan, const char *format, ...)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_message *message = p2p_arena_alloc(scan->machine->arena, sizeof(*message));
	struct p2p_message **last = &scan->machine->messages;
	va_list args;

	va_start(args, format);
	p2p_buf_vprintf(&text, format, args);
	va_end(args);
	message->text = p2p_arena_strdup(scan->machine->arena, p2p_buf_text(&text));
	p2p_buf_free(&text);
	while (*last)
		last = &(*last)->next;
	*last = message;
}

const char *p2p_scan_key(struct p2p_scan *scan, const struct p2p_function *function, const char *name)
{
	char address[P2P_BDF_TEXT];

	p2p_buf_reset(&scan->key);
	p2p_buf_puts(&scan->key, "sys/bus/pci/devices/");
	p2p_buf_puts(&scan->key, p2p_bdf_format(function->bdf, true, address));
	if (*name) {
		p2p_buf_putc(&scan->key, '/');
		p2p_buf_puts(&scan->key, name);
	}
	return p2p_buf_text(&scan->key);
}

/* Text of one attribute in scan->text, trailing newlines cut off. */
static int read_line(struct p2p_scan *scan, const char *key)
{
	int error = p2p_source_read_text(scan->source, key, WORD_MAX, &scan->text);

	if (error)
		return error;
	while (scan->text.len && (scan->text.text[scan->text.len - 1] == '\n'))
		scan->text.text[--scan->text.len] = '\0';
	return 0;
}

struct p2p_word p2p_scan_word(struct p2p_scan *scan, const char *key)
{
	struct p2p_word word = { 0 };
	int error = read_line(scan, key);

	word.fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	if (!error)
		word.text = p2p_arena_strdup(scan->machine->arena, p2p_buf_text(&scan->text));
	return word;
}

struct p2p_number p2p_scan_number(struct p2p_scan *scan, const char *key, int base)
{
	struct p2p_number number = { 0 };
	int error = read_line(scan, key);

	if (!error)
		error = p2p_text_number(p2p_buf_text(&scan->text), base, UINT64_MAX, &number.value);
	number.fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	return number;
}

struct p2p_signed p2p_scan_node(struct p2p_scan *scan, const char *key)
{
	struct p2p_signed node = { 0 };
	int error = read_line(scan, key);

	if (!error)
		error = p2p_text_signed(p2p_buf_text(&scan->text), &node.value);
	if (!error && node.value < 0)
		error = -ENOENT;
	node.fact = p2p_fact_of(error, P2P_ORIGIN_READ);
	return node;
}

/*
 * A dump of configuration space says nothing of the kernel.  The newest rules
 * are then the most useful question to answer, as long as that is said.
 */
static void assume_newest_kernel(struct p2p_machine *machine, const struct p2p_assume *assume)
{
	struct p2p_host *host = &machine->host;
	struct p2p_fact fact = p2p_fact_of(0, P2P_ORIGIN_ASSUMED);
	char release[P2P_RELEASE_TEXT];

	if (host->kernel.fact.know != P2P_UNKNOWN || host->kernel.fact.error != -ENODATA ||
	    (assume && assume->kernel))
		return;
	p2p_release_format(p2p_release_newest(), release);
	host->kernel = (struct p2p_word){ fact, p2p_arena_strdup(machine->arena, release) };
	p2p_machine_assume(machine, p2p_arena_printf(machine->arena,
						     "kernel %s (not recorded; the newest rules known)", release));
	if (host->p2pdma.fact.know == P2P_UNKNOWN && !(assume && assume->p2pdma)) {
		host->p2pdma = (struct p2p_number){ fact, 1 };
		p2p_machine_assume(machine, "P2PDMA built in (not recorded)");
	}
}

static void assume_order(struct p2p_machine *machine)
{
	for (size_t i = 0; i < machine->hostbridge_count; i++)
		if (machine->hostbridges[i].order.origin == P2P_ORIGIN_ASSUMED) {
			p2p_machine_assume(machine,
					   "functions of a root bus were found in the order of their addresses "
					   "(not recorded)");
			return;
		}
}

static void finish(struct p2p_machine *machine)
{
	machine->one_domain = true;
	for (size_t i = 0; i < machine->function_count; i++)
		if (machine->functions[i].bdf.domain)
			machine->one_domain = false;
	assume_order(machine);
}

int p2p_scan(struct p2p_source *source, const struct p2p_scan_options *options, struct p2p_problem *problem,
	     struct p2p_machine **ret)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_machine *machine = p2p_arena_alloc(arena, sizeof(*machine));
	struct p2p_scan scan = { .source = source, .options = options, .machine = machine };
	int error;

	machine->arena = arena;
	p2p_scan_host(&scan);
	error = p2p_scan_functions(&scan, problem);
	if (!error && !machine->has_pci && !p2p_known(machine->host.kernel.fact))
		error = p2p_problem_set(problem, -ENOENT, "there is neither sys/bus/pci nor proc/sys/kernel: "
							  "nothing of a machine could be read");
	if (!error) {
		p2p_scan_hierarchy(&scan);
		p2p_scan_published(&scan);
		if (options->want & P2P_WANT_CHANGES)
			p2p_scan_acs_changes(&scan);
		if (options->want & P2P_WANT_RESULTS)
			p2p_scan_results(&scan);
		if (options->want & P2P_WANT_CHILDREN)
			p2p_scan_children(&scan);
		p2p_scan_rests(&scan);
		if (options->want & P2P_WANT_NAMES)
			p2p_scan_names(&scan);
		if (options->want & P2P_WANT_TARGETS)
			p2p_scan_nvmet(&scan);
		/* Before what the user assumes: a command line means what it does in some release. */
		if (!options->apart)
			assume_newest_kernel(machine, options->assume);
		if (options->assume && !options->apart)
			error = p2p_assume_apply(options->assume, machine, problem);
	}
	p2p_buf_free(&scan.key);
	p2p_buf_free(&scan.text);
	free(scan.places);
	if (error) {
		p2p_machine_free(machine);
		return error;
	}
	finish(machine);
	*ret = machine;
	return 0;
}
