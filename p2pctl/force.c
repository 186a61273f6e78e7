/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "force.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

static bool same_place(const struct p2p_edit *a, const struct p2p_edit *b)
{
	return a->offset == b->offset && !strcmp(a->key, b->key);
}

static int compare_places(const void *a, const void *b)
{
	const struct force *x = *(const struct force *const *)a, *y = *(const struct force *const *)b;
	int order = strcmp(x->edit->key, y->edit->key);

	if (order || x->edit->offset != y->edit->offset)
		return order ? order : x->edit->offset < y->edit->offset ? -1 : 1;
	return x < y ? -1 : x > y; /* of one list: the older one first */
}

static void mark_superseded(const struct ctl *ctl, struct force *list, size_t count)
{
	struct force **sorted = p2p_arena_array(ctl->topo.arena, count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &list[i];
	if (count)
		qsort(sorted, count, sizeof(struct force *), compare_places);
	for (size_t i = 0; i + 1 < count; i++)
		sorted[i]->superseded = same_place(sorted[i]->edit, sorted[i + 1]->edit);
}

static size_t list_entries(const struct ctl *ctl, bool dead, struct force **ret)
{
	struct p2p_run *runs = ctl->journal ? p2p_journal_runs(ctl->journal) : NULL;
	size_t most = 0, count = 0;

	for (const struct p2p_run *run = runs; run; run = run->next)
		most += run->count;
	struct force *list = p2p_arena_array(ctl->topo.arena, most, sizeof(*list));

	for (struct p2p_run *run = runs; run; run = run->next)
		for (size_t i = 0; i < run->count && p2p_run_is_open(run) == dead; i++)
			if (run->entries[i].state == P2P_ENTRY_DONE ||
			    (dead && run->entries[i].state == P2P_ENTRY_INTENDED))
				list[count++] = (struct force){ run, i, &run->entries[i].change, false };
	mark_superseded(ctl, list, count);
	*ret = list;
	return count;
}

size_t force_list(const struct ctl *ctl, struct force **ret)
{
	return list_entries(ctl, false, ret);
}

size_t force_dead(const struct ctl *ctl, struct force **ret)
{
	return list_entries(ctl, true, ret);
}

/* The function that is meant by "sys/bus/pci/devices/ADDRESS/NAME"; NULL: not that, or not here. */
static struct p2p_function *find_function(struct p2p_machine *machine, const char *key, const char *name)
{
	static const char folder[] = "sys/bus/pci/devices/";
	const char *address = key + sizeof(folder) - 1;
	struct p2p_bdf bdf;
	int length = strncmp(key, folder, sizeof(folder) - 1) != 0 ? -EINVAL : p2p_bdf_parse_prefix(address, &bdf);

	if (length < 0 || address[length] != '/' || strcmp(address + length + 1, name) != 0)
		return NULL;
	int index = p2p_machine_find(machine, bdf);

	return index == P2P_NOBODY ? NULL : &machine->functions[index];
}

/* Undone in a copy: what each place held before the first change that is in force. */
static void put_back(struct p2p_machine *machine, const struct p2p_edit *edit)
{
	struct p2p_function *function =
		find_function(machine, edit->key, edit->kind == P2P_EDIT_WORD ? "config" : "power/control");

	if (function && edit->kind == P2P_EDIT_TEXT)
		function->power_control.text = edit->text_before;
	else if (function && edit->offset == function->acs.offset + PCI_ACS_CTRL)
		function->acs.ctrl = (uint16_t)((function->acs.ctrl & ~edit->mask) | (edit->before & edit->mask));
	for (size_t i = 0; edit->kind == P2P_EDIT_TEXT && i < machine->namespace_count; i++) {
		struct p2p_namespace *namespace = &machine->namespaces[i];
		size_t length = strlen(namespace->key);

		if (!strncmp(edit->key, namespace->key, length) && !strcmp(edit->key + length, "/p2pmem"))
			namespace->p2pmem.text = edit->text_before;
		if (!strncmp(edit->key, namespace->key, length) && !strcmp(edit->key + length, "/enable"))
			namespace->enabled.value = !strcmp(edit->text_before, "1");
	}
}

const struct p2p_machine *force_without(struct ctl *ctl, const struct p2p_machine *machine, const struct force *list,
					size_t count, const bool *which)
{
	struct p2p_machine *before = p2p_arena_alloc(ctl->topo.arena, sizeof(*before));

	*before = *machine;
	before->functions = p2p_arena_array(ctl->topo.arena, machine->function_count, sizeof(*before->functions));
	before->namespaces = p2p_arena_array(ctl->topo.arena, machine->namespace_count, sizeof(*before->namespaces));
	if (machine->function_count)
		memcpy(before->functions, machine->functions, machine->function_count * sizeof(*before->functions));
	if (machine->namespace_count)
		memcpy(before->namespaces, machine->namespaces, machine->namespace_count * sizeof(*before->namespaces));
	for (size_t i = count; i-- > 0;)
		if (!which || which[i])
			put_back(before, list[i].edit);
	return before;
}

void force_print(const struct ctl *ctl, const char *says, const struct p2p_edit *edit)
{
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_buf_puts(&text, says);
	p2p_edit_format(&text, edit);
	topo_print_text(&ctl->topo, "", "    ", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

const struct p2p_machine *force_recovered(struct ctl *ctl)
{
	struct force *list;
	size_t count = force_dead(ctl, &list);

	if (!count)
		return ctl->topo.machine;
	puts("A run that did not end would be taken back first");
	for (size_t i = count; i-- > 0;) {
		struct p2p_edit back = p2p_edit_inverse(list[i].edit);

		force_print(ctl, "  ", &back);
	}
	return force_without(ctl, ctl->topo.machine, list, count, NULL);
}

/* Does the plan make this change too?  Of a word, any of its bits. */
static bool is_planned(const struct p2p_plan *plan, const struct p2p_edit *edit)
{
	for (size_t i = 0; i < plan->edit_count; i++) {
		const struct p2p_edit *other = &plan->edits[i];

		if (same_place(edit, other) &&
		    (edit->kind == P2P_EDIT_TEXT ? !strcmp(edit->text_after, other->text_after)
						 : (edit->mask & other->mask) == edit->mask))
			return true;
	}
	return false;
}

/* "enable" of a namespace that was restarted goes with its p2pmem. */
static bool is_restart(const struct p2p_edit *edit)
{
	size_t length = strlen(edit->key);

	return edit->kind == P2P_EDIT_TEXT && length > 7 && !strcmp(edit->key + length - 7, "/enable");
}

/* Was the namespace restarted for the sake of that other change of the run? */
static bool goes_with(const struct p2p_edit *restart, const struct p2p_edit *other)
{
	size_t folder = strlen(restart->key) - strlen("enable");

	return !strncmp(restart->key, other->key, folder) && !strcmp(other->key + folder, "p2pmem");
}

/* A restart stays as long as what it was for does; any longer, and a killed run would leave the namespace off. */
static bool is_needed(const struct force *list, size_t count, const struct force *restart, const bool *unwanted)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].run == restart->run && goes_with(restart->edit, list[i].edit) && !unwanted[i])
			return true;
	return false;
}

/* Was its namespace switched off already, to take it back?  Then that is finished, whatever is wished by now. */
static bool is_half_taken_back(const struct force *force)
{
	for (size_t i = 0; i < force->run->count; i++) {
		const struct p2p_entry *entry = &force->run->entries[i];

		if (is_restart(&entry->change) && p2p_entry_settled(entry->state) &&
		    goes_with(&entry->change, force->edit))
			return true;
	}
	return false;
}

void force_unwanted(struct ctl *ctl, const struct p2p_machine *machine, const struct force *list, size_t count,
		    bool *ret)
{
	if (!count)
		return;
	const struct p2p_machine *original = force_without(ctl, machine, list, count, NULL);
	struct p2p_judge *judge = p2p_judge_new(original, ctl->topo.hardware);
	const struct p2p_plan *plan = ctl_plan_policy(ctl, judge);

	for (size_t i = 0; i < count; i++)
		ret[i] = !is_restart(list[i].edit) &&
			 (!is_planned(plan, list[i].edit) || is_half_taken_back(&list[i]));
	for (size_t i = 0; i < count; i++)
		if (is_restart(list[i].edit))
			ret[i] = !is_needed(list, count, &list[i], ret);
	p2p_judge_free(judge);
}
