/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print-plan.h"

#include <string.h>

#include "core/model/acs.h"
#include "core/view/json.h"

/* Lists of functions longer than this end in "and N more". */
#define NAMES_MOST 6

const char *print_map(const struct p2p_verdict *verdict)
{
	const char *name = p2p_map_name(verdict->would ? verdict->would_be : verdict->map);

	return name ? name : "unknown";
}

void print_put_function(const struct topo *topo, int index, struct p2p_buf *buf)
{
	const struct p2p_child *child = topo->machine->functions[index].children;
	char address[P2P_BDF_TEXT];

	p2p_buf_puts(buf, topo_address(topo, index, address));
	if (child)
		p2p_buf_printf(buf, " (%s)", child->name);
}

static void put_functions(const struct topo *topo, const int *list, size_t count, struct p2p_buf *buf)
{
	for (size_t i = 0; i < count && i < NAMES_MOST; i++) {
		p2p_buf_puts(buf, i ? ", " : "");
		print_put_function(topo, list[i], buf);
	}
	if (count > NAMES_MOST)
		p2p_buf_printf(buf, " and %zu more", count - NAMES_MOST);
}

void print_title(const struct topo *topo, const char *text)
{
	printf("%s%s%s\n", p2p_view_role_on(&topo->style, P2P_ROLE_TITLE), text,
	       p2p_view_role_off(&topo->style, P2P_ROLE_TITLE));
}

static void print_edits(const struct topo *topo, const struct p2p_plan *plan)
{
	struct p2p_buf text = P2P_BUF_INIT;

	print_title(topo, "Changes");
	for (size_t i = 0; i < plan->edit_count; i++) {
		const struct p2p_edit *edit = &plan->edits[i];

		p2p_buf_reset(&text);
		p2p_edit_format(&text, edit);
		if (edit->kind == P2P_EDIT_WORD) {
			p2p_buf_puts(&text, "  ");
			p2p_acs_format(&text, edit->after, edit->mask);
		}
		if (edit->rule)
			p2p_buf_printf(&text, "  (%s)", edit->rule);
		topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

#define BEYOND_SAYS "no ACS change helps: they meet at no switch"

void print_beyond(const struct topo *topo, const struct p2p_plan *plan)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < plan->beyond_count; i++) {
		const struct p2p_beyond *beyond = &plan->beyond[i];

		if (!beyond->pairs)
			continue;
		p2p_buf_reset(&text);
		p2p_buf_printf(&text, "%llu more pair%s of rule %s stay%s: " BEYOND_SAYS,
			       (unsigned long long)beyond->pairs, beyond->pairs == 1 ? "" : "s", beyond->rule,
			       beyond->pairs == 1 ? "s" : "");
		topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

/* What the rules say is not what this kernel does. */
static void print_would(const struct topo *topo, const struct p2p_plan *plan)
{
	bool would = false, unknown = false;

	for (size_t i = 0; i < plan->outcome_count; i++) {
		would |= plan->outcomes[i].after.would;
		unknown |= plan->outcomes[i].after.would && plan->outcomes[i].after.map != P2P_MAP_NOT_SUPPORTED;
	}
	if (would)
		topo_print_text(topo, "  ", "  ",
				unknown ? "That is what the rules say where the kernel can; whether this one can is "
					  "not known: `p2ptopo why` says what is missing."
					: "That is what the rules say where the kernel can. This one cannot: all stays "
					  "NOT_SUPPORTED, and only the price would be paid.");
}

static void print_outcomes(const struct topo *topo, const struct p2p_plan *plan)
{
	struct p2p_buf text = P2P_BUF_INIT;

	print_title(topo, "Pairs");
	for (size_t i = 0; i < plan->outcome_count; i++) {
		const struct p2p_outcome *outcome = &plan->outcomes[i];

		p2p_buf_reset(&text);
		print_put_function(topo, outcome->provider, &text);
		p2p_buf_puts(&text, topo->style.ascii ? " > " : " → ");
		print_put_function(topo, outcome->client, &text);
		p2p_buf_printf(&text, ": %s", print_map(&outcome->before));
		if (outcome->says && !strcmp(print_map(&outcome->before), print_map(&outcome->after)))
			p2p_buf_printf(&text, " stays: %s", outcome->says);
		else if (outcome->says)
			p2p_buf_printf(&text, " becomes %s: %s", print_map(&outcome->after), outcome->says);
		else if (outcome->refused)
			p2p_buf_puts(&text, " stays: refused, see the price below");
		else
			p2p_buf_printf(&text, " becomes %s", print_map(&outcome->after));
		topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
	print_would(topo, plan);
	print_beyond(topo, plan);
}

static void print_targets(const struct topo *topo, const struct p2p_plan *plan)
{
	struct p2p_buf text = P2P_BUF_INIT;

	print_title(topo, "nvmet namespaces");
	for (size_t i = 0; i < plan->target_count; i++) {
		const struct p2p_target *target = &plan->targets[i];
		const struct p2p_namespace *namespace = &plan->machine->namespaces[target->namespace];

		p2p_buf_reset(&text);
		p2p_buf_printf(&text, "%s %s (%s): p2pmem %s", namespace->subsystem, namespace->number,
			       p2p_known(namespace->device_path.fact) ? namespace->device_path.text : "?",
			       p2p_known(namespace->p2pmem.fact) ? namespace->p2pmem.text : "?");
		if (target->says)
			p2p_buf_printf(&text, " stays: %s%s", target->refused ? "REFUSED, " : "", target->says);
		else if (!strcmp(target->after, namespace->p2pmem.text))
			p2p_buf_puts(&text, " as wished");
		else
			p2p_buf_printf(&text, " becomes %s%s", target->after, target->restart ? ", restarted" : "");
		topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

static void print_gains(const struct topo *topo, const struct p2p_plan *plan)
{
	struct p2p_buf text = P2P_BUF_INIT;

	print_title(topo, "Other pairs whose answer changes");
	for (size_t i = 0; i < plan->gain_count && i < 20; i++) {
		const struct p2p_gain *gain = &plan->gains[i];

		p2p_buf_reset(&text);
		print_put_function(topo, gain->provider, &text);
		p2p_buf_puts(&text, topo->style.ascii ? " > " : " → ");
		print_put_function(topo, gain->client, &text);
		p2p_buf_printf(&text, ": %s becomes %s", gain->before ? p2p_map_name(gain->before) : "unknown",
			       gain->after ? p2p_map_name(gain->after) : "unknown");
		topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	}
	if (plan->gain_count > 20)
		printf("  and %zu more (--json has all)\n", plan->gain_count - 20);
	p2p_buf_free(&text);
}

static void print_price(const struct topo *topo, const struct p2p_price *price)
{
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	p2p_buf_printf(&text, "%s: ", topo_address(topo, price->port, address));
	if (!price->to_count || !price->from_count) {
		p2p_buf_puts(&text, "nothing is beside it: no price");
	} else {
		put_functions(topo, price->from, price->from_count, &text);
		p2p_buf_puts(&text, price->from_count == 1 ? " reaches " : " reach ");
		put_functions(topo, price->to, price->to_count, &text);
	}
	topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	for (size_t i = 0; i < price->exposed_count; i++) {
		const struct p2p_exposed *exposed = &price->exposed[i];

		p2p_buf_reset(&text);
		p2p_buf_puts(&text, exposed->accepted ? "accepted: " : "REFUSED: ");
		print_put_function(topo, exposed->function, &text);
		p2p_buf_printf(&text, ", %s", p2p_sensitive_says(exposed->why));
		topo_print_text(topo, "    ", "        ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

/* What a rule would have to say of what is refused, each function once. */
static void print_acceptance(const struct topo *topo, const struct p2p_plan *plan)
{
	bool *named = p2p_arena_array(topo->arena, plan->machine->function_count, sizeof(*named));
	struct p2p_buf text = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];

	for (size_t i = 0; i < plan->price_count; i++)
		for (size_t j = 0; j < plan->prices[i].exposed_count; j++) {
			const struct p2p_exposed *exposed = &plan->prices[i].exposed[j];

			if (exposed->accepted || named[exposed->function])
				continue;
			named[exposed->function] = true;
			p2p_bdf_format(plan->machine->functions[exposed->function].bdf, true, address);
			p2p_buf_printf(&text, "%s{ address: \"%s\" }", text.len ? ", " : "", address);
		}
	if (text.len) {
		fputs("  Refused unless the policy's rule for the pair says so:\n", stdout);
		printf("    accept-exposure: [%s]\n", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

/* Each once, whatever hop it is the price of. */
static void print_unrecorded(const struct topo *topo, const struct p2p_plan *plan)
{
	bool *is = p2p_arena_array(topo->arena, plan->machine->function_count, sizeof(*is));
	int *list = p2p_arena_array(topo->arena, plan->machine->function_count, sizeof(*list));
	struct p2p_buf text = P2P_BUF_INIT;
	size_t count = 0;

	for (size_t i = 0; i < plan->price_count; i++)
		for (size_t j = 0; j < plan->prices[i].unrecorded_count; j++)
			is[plan->prices[i].unrecorded[j]] = true;
	for (size_t i = 0; i < plan->machine->function_count; i++)
		if (is[i])
			list[count++] = (int)i;
	if (count) {
		p2p_buf_puts(&text,
			     "not recorded, and not counted: whether driver_override or the like gives to a guest ");
		put_functions(topo, list, count, &text);
		p2p_buf_puts(&text, "; on the machine itself that is asked");
		topo_print_text(topo, "  ", "      ", p2p_buf_text(&text));
	}
	p2p_buf_free(&text);
}

void print_prices(const struct topo *topo, const struct p2p_plan *plan)
{
	if (!plan->price_count)
		return;
	print_title(topo, "Price: who reaches whom without the IOMMU seeing it");
	for (size_t i = 0; i < plan->price_count; i++)
		print_price(topo, &plan->prices[i]);
	print_acceptance(topo, plan);
	print_unrecorded(topo, plan);
}

void print_plan(const struct topo *topo, const struct p2p_plan *plan, const char *bootargs)
{
	if (plan->edit_count)
		print_edits(topo, plan);
	if (plan->outcome_count)
		print_outcomes(topo, plan);
	if (plan->target_count)
		print_targets(topo, plan);
	if (plan->gain_count)
		print_gains(topo, plan);
	print_prices(topo, plan);
	if (bootargs) {
		print_title(topo, "At every boot, instead");
		printf("  %s\n", bootargs);
	}
	if (!plan->edit_count && !plan->refused)
		puts("Nothing is to be changed.");
}

void print_plan_short(const struct topo *topo, const struct p2p_plan *plan)
{
	bool titled = false;

	if (plan->edit_count)
		print_edits(topo, plan);
	if (plan->target_count)
		print_targets(topo, plan);
	for (size_t i = 0; i < plan->price_count; i++) {
		if (!plan->prices[i].refused)
			continue;
		if (!titled)
			print_title(topo, "Refused for its price");
		titled = true;
		print_price(topo, &plan->prices[i]);
	}
}

/* ------------------------------------------------------------------ JSON */

void print_json_function(struct p2p_json *json, const char *key, const struct p2p_machine *machine, int index)
{
	char address[P2P_BDF_TEXT];

	p2p_json_text(json, key, p2p_bdf_format(machine->functions[index].bdf, true, address));
}

static void json_edit(struct p2p_json *json, const struct p2p_edit *edit)
{
	p2p_json_object(json, NULL, true);
	p2p_json_text(json, "key", edit->key);
	p2p_json_text(json, "kind", edit->kind == P2P_EDIT_WORD ? "word" : "text");
	if (edit->kind == P2P_EDIT_WORD) {
		p2p_json_number(json, "offset", edit->offset);
		p2p_json_number(json, "before", edit->before);
		p2p_json_number(json, "mask", edit->mask);
		p2p_json_number(json, "after", edit->after);
	} else {
		p2p_json_text(json, "before", edit->text_before);
		p2p_json_text(json, "after", edit->text_after);
	}
	p2p_json_text(json, "rule", edit->rule);
	p2p_json_object_end(json);
}

void print_json_beyond(struct p2p_json *json, const struct p2p_plan *plan)
{
	p2p_json_array(json, "beyond", false);
	for (size_t i = 0; i < plan->beyond_count; i++) {
		if (!plan->beyond[i].pairs)
			continue;
		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "rule", plan->beyond[i].rule);
		p2p_json_number(json, "pairs", plan->beyond[i].pairs);
		p2p_json_text(json, "says", BEYOND_SAYS);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void json_outcomes(struct p2p_json *json, const struct p2p_plan *plan)
{
	p2p_json_array(json, "pairs", false);
	for (size_t i = 0; i < plan->outcome_count; i++) {
		const struct p2p_outcome *outcome = &plan->outcomes[i];

		p2p_json_object(json, NULL, true);
		print_json_function(json, "provider", plan->machine, outcome->provider);
		print_json_function(json, "client", plan->machine, outcome->client);
		p2p_json_text(json, "rule", outcome->rule);
		p2p_json_text(json, "before", p2p_map_name(outcome->before.map));
		p2p_json_text(json, "after", p2p_map_name(outcome->after.map));
		p2p_json_bool(json, "refused", outcome->refused);
		p2p_json_text(json, "says", outcome->says);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_array(json, "others", false);
	for (size_t i = 0; i < plan->gain_count; i++) {
		p2p_json_object(json, NULL, true);
		print_json_function(json, "provider", plan->machine, plan->gains[i].provider);
		print_json_function(json, "client", plan->machine, plan->gains[i].client);
		p2p_json_text(json, "before", p2p_map_name(plan->gains[i].before));
		p2p_json_text(json, "after", p2p_map_name(plan->gains[i].after));
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void json_targets(struct p2p_json *json, const struct p2p_plan *plan)
{
	p2p_json_array(json, "namespaces", false);
	for (size_t i = 0; i < plan->target_count; i++) {
		const struct p2p_target *target = &plan->targets[i];
		const struct p2p_namespace *namespace = &plan->machine->namespaces[target->namespace];

		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "subsystem", namespace->subsystem);
		p2p_json_text(json, "namespace", namespace->number);
		p2p_json_fact_word(json, "device_path", namespace->device_path);
		p2p_json_text(json, "rule", target->rule);
		p2p_json_fact_word(json, "before", namespace->p2pmem);
		p2p_json_text(json, "after", target->after);
		p2p_json_bool(json, "restart", target->restart);
		p2p_json_bool(json, "refused", target->refused);
		p2p_json_text(json, "says", target->says);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

static void json_functions(struct p2p_json *json, const char *key, const struct p2p_plan *plan, const int *list,
			   size_t count)
{
	p2p_json_array(json, key, true);
	for (size_t i = 0; i < count; i++)
		print_json_function(json, NULL, plan->machine, list[i]);
	p2p_json_array_end(json);
}

void print_json_prices(struct p2p_json *json, const struct p2p_plan *plan)
{
	p2p_json_array(json, "price", false);
	for (size_t i = 0; i < plan->price_count; i++) {
		const struct p2p_price *price = &plan->prices[i];

		p2p_json_object(json, NULL, false);
		print_json_function(json, "port", plan->machine, price->port);
		json_functions(json, "from", plan, price->from, price->from_count);
		json_functions(json, "to", plan, price->to, price->to_count);
		p2p_json_array(json, "exposed", false);
		for (size_t j = 0; j < price->exposed_count; j++) {
			p2p_json_object(json, NULL, true);
			print_json_function(json, "device", plan->machine, price->exposed[j].function);
			p2p_json_text(json, "says", p2p_sensitive_says(price->exposed[j].why));
			p2p_json_bool(json, "accepted", price->exposed[j].accepted);
			p2p_json_object_end(json);
		}
		p2p_json_array_end(json);
		json_functions(json, "not_recorded", plan, price->unrecorded, price->unrecorded_count);
		p2p_json_bool(json, "refused", price->refused);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
}

void print_plan_json(struct p2p_json *json, const struct p2p_plan *plan, const char *bootargs)
{
	p2p_json_object(json, "plan", false);
	p2p_json_array(json, "changes", false);
	for (size_t i = 0; i < plan->edit_count; i++)
		json_edit(json, &plan->edits[i]);
	p2p_json_array_end(json);
	json_outcomes(json, plan);
	print_json_beyond(json, plan);
	json_targets(json, plan);
	print_json_prices(json, plan);
	p2p_json_number(json, "refused", plan->refused);
	p2p_json_object_end(json);
	p2p_json_text(json, "bootargs", bootargs);
}
