/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-diff.h"

#include "../model/rule.h"

static void address(struct p2p_json *json, const char *key, const struct p2p_machine *machine, int index)
{
	char text[P2P_BDF_TEXT];

	if (index == P2P_NOBODY)
		p2p_json_null(json, key);
	else
		p2p_json_text(json, key, p2p_bdf_format(machine->functions[index].bdf, true, text));
}

static void path(struct p2p_json *json, const char *key, const struct p2p_machine *machine, int index)
{
	struct p2p_buf text = P2P_BUF_INIT;

	if (index == P2P_NOBODY || p2p_function_path(machine, index, &text))
		p2p_json_null(json, key);
	else
		p2p_json_text(json, key, p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void side_print(struct p2p_json *json, const char *key, const struct p2p_machine *machine, const char *from)
{
	p2p_json_object(json, key, false);
	p2p_json_text(json, "from", from);
	p2p_json_text(json, "kernel", p2p_known(machine->host.kernel.fact) ? machine->host.kernel.text : NULL);
	p2p_json_number(json, "devices", machine->function_count);
	p2p_json_array(json, "assumptions", false);
	for (size_t i = 0; i < machine->assumption_count; i++)
		p2p_json_text(json, NULL, machine->assumptions[i]);
	p2p_json_array_end(json);
	p2p_json_array(json, "messages", false);
	for (const struct p2p_message *message = machine->messages; message; message = message->next)
		p2p_json_text(json, NULL, message->text);
	p2p_json_array_end(json);
	p2p_json_object_end(json);
}

static void value(struct p2p_json *json, const char *key, const char *text, struct p2p_fact fact,
		  struct p2p_fact other)
{
	if (!p2p_fact_known_beside(fact, other))
		p2p_json_null(json, key);
	else if (p2p_absent(fact))
		p2p_json_bool(json, key, false);
	else
		p2p_json_text(json, key, text);
}

static void causes(struct p2p_json *json, const int *list, size_t count)
{
	p2p_json_array(json, "causes", true);
	for (size_t i = 0; i < count; i++)
		p2p_json_number(json, NULL, (uint64_t)list[i]);
	p2p_json_array_end(json);
}

static void subject(struct p2p_json *json, const struct p2p_diff *diff, const struct p2p_change *change)
{
	static const char *const subjects[] = { "host", "hostbridge", "device", "namespace" };

	p2p_json_text(json, "of", subjects[change->of]);
	if (change->of == P2P_CHANGE_OF_FUNCTION) {
		p2p_json_object(json, "device", true);
		address(json, "before", diff->before, change->before);
		address(json, "after", diff->after, change->after);
		path(json, "path_before", diff->before, change->before);
		path(json, "path_after", diff->after, change->after);
		p2p_json_object_end(json);
	} else {
		p2p_json_null(json, "device");
	}
	if (change->of == P2P_CHANGE_OF_HOSTBRIDGE) {
		p2p_json_object(json, "hostbridge", true);
		p2p_json_text(json, "before", diff->before->hostbridges[change->before].name);
		p2p_json_text(json, "after", diff->after->hostbridges[change->after].name);
		p2p_json_object_end(json);
	} else {
		p2p_json_null(json, "hostbridge");
	}
	if (change->of == P2P_CHANGE_OF_NAMESPACE) {
		const struct p2p_namespace *namespace = change->after == P2P_NOBODY
								? &diff->before->namespaces[change->before]
								: &diff->after->namespaces[change->after];

		p2p_json_object(json, "namespace", true);
		p2p_json_text(json, "subsystem", namespace->subsystem);
		p2p_json_text(json, "number", namespace->number);
		p2p_json_object_end(json);
	} else {
		p2p_json_null(json, "namespace");
	}
}

static void change_print(struct p2p_json *json, const struct p2p_diff *diff, size_t number)
{
	static const char *const kinds[] = { "fact", "moved", "replaced", "vanished", "appeared", "offer", "client" };
	static const char *const links[] = { NULL, "degraded", "mended" };
	const struct p2p_change *change = &diff->changes[number];

	p2p_json_object(json, NULL, false);
	p2p_json_number(json, "number", number);
	p2p_json_text(json, "kind", kinds[change->kind]);
	subject(json, diff, change);
	p2p_json_text(json, "fact", change->field ? change->field->id : NULL);
	value(json, "before", change->before_text, change->before_fact, change->after_fact);
	value(json, "after", change->after_text, change->after_fact, change->before_fact);
	p2p_json_text(json, "link", links[change->link]);
	p2p_json_bool(json, "known", change->counts);
	p2p_json_bool(json, "matters", change->matters);
	causes(json, change->causes, change->cause_count);
	p2p_json_object_end(json);
}

static void answered(struct p2p_json *json, const char *key, const struct p2p_answered *answer)
{
	p2p_json_object(json, key, true);
	p2p_json_text(json, "map", p2p_map_name(answer->map));
	p2p_json_answer(json, "supported", answer->supported);
	p2p_json_text(json, "would_be", answer->would ? p2p_map_name(answer->would_be) : NULL);
	p2p_json_text(json, "rule", p2p_rule_row(answer->rule)->id);
	p2p_json_object_end(json);
}

static void answer_print(struct p2p_json *json, const struct p2p_diff *diff, const struct p2p_answer_change *change)
{
	p2p_json_object(json, NULL, false);
	p2p_json_number(json, "pairs", change->pairs);
	answered(json, "before", &change->before);
	answered(json, "after", &change->after);
	p2p_json_bool(json, "known", change->counts);
	causes(json, change->causes, change->cause_count);
	p2p_json_bool(json, "causes_of_each", !change->many);
	p2p_json_object(json, "example", true);
	address(json, "provider", diff->after, change->provider);
	address(json, "client", diff->after, change->client);
	p2p_json_object_end(json);
	p2p_json_object_end(json);
}

void p2p_json_diff(struct p2p_json *json, const struct p2p_diff *diff, const char *before, const char *after)
{
	static const char *const results[] = { "same", "differs", "unknown" };

	p2p_json_object(json, "diff", false);
	p2p_json_text(json, "result", results[diff->result]);
	side_print(json, "before", diff->before, before);
	side_print(json, "after", diff->after, after);
	p2p_json_array(json, "changes", false);
	for (size_t i = 0; i < diff->change_count; i++)
		if (diff->changes[i].shown || diff->changes[i].matters)
			change_print(json, diff, i);
	p2p_json_array_end(json);
	p2p_json_array(json, "answers", false);
	for (size_t i = 0; i < diff->answer_count; i++)
		answer_print(json, diff, &diff->answers[i]);
	p2p_json_array_end(json);
}

void p2p_json_diff_pair(struct p2p_json *json, const struct p2p_diff *diff, size_t answer, int provider, int client)
{
	p2p_json_object(json, NULL, true);
	address(json, "provider", diff->after, provider);
	address(json, "client", diff->after, client);
	p2p_json_number(json, "answer", answer);
	p2p_json_object_end(json);
}
