/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix --json: groups, the answers that occur, and which of them each cell is. */
#include <stdio.h>

#include "core/view/json-machine.h"
#include "core/view/json-verdict.h"
#include "matrix-parts.h"
#include "measured.h"

static void json_group(struct p2p_json *json, const struct topo *topo, const struct p2p_group *group,
		       const int *numbers)
{
	char address[P2P_BDF_TEXT];

	p2p_json_object(json, NULL, false);
	p2p_json_array(json, "members", true);
	for (size_t i = 0; i < group->count; i++)
		p2p_json_text(json, NULL, p2p_bdf_format(topo->machine->functions[group->members[i]].bdf, true,
							 address));
	p2p_json_array_end(json);
	p2p_json_object(json, "offer", true);
	p2p_json_text(json, "kind", p2p_offer_name(group->offer.kind));
	if (group->offer.kind == P2P_OFFER_P2PMEM) {
		p2p_json_number(json, "bytes", group->offer.bytes);
		p2p_json_number(json, "available", group->offer.available);
		p2p_json_answer(json, "published", group->offer.published);
	}
	p2p_json_object_end(json);
	p2p_json_text(json, "client_can", p2p_client_name(group->client));
	if (group->self == P2P_CELL_NONE)
		p2p_json_null(json, "self");
	else
		p2p_json_signed(json, "self", numbers[group->self]);
	p2p_json_object_end(json);
}

/* The answers that occur, numbered in the order in which they are met; -1: not met. */
static int *number_cells(const struct p2p_matrix *matrix, struct p2p_arena *arena, int *order)
{
	int *numbers = p2p_arena_array(arena, matrix->cell_count, sizeof(*numbers)), count = 0;

	for (size_t i = 0; i < matrix->cell_count; i++)
		numbers[i] = order[i] = -1;
	for (size_t i = 0; i < matrix->count; i++)
		for (size_t j = 0; j <= matrix->count; j++) {
			uint16_t cell = j < matrix->count ? p2p_matrix_at(matrix, i, j) : matrix->groups[i].self;

			if (cell == P2P_CELL_NONE || numbers[cell] >= 0)
				continue;
			order[count] = cell;
			numbers[cell] = count++;
		}
	return numbers;
}

static void json_answer(struct p2p_json *json, const struct p2p_cell *cell)
{
	p2p_json_object(json, NULL, true);
	p2p_json_text(json, "map", p2p_map_name(cell->map));
	p2p_json_answer(json, "supported", cell->supported);
	p2p_json_text(json, "locality", p2p_locality_name(cell->locality));
	p2p_json_text(json, "would_be", cell->would ? p2p_map_name(cell->would_be) : NULL);
	p2p_json_text(json, "rule", p2p_rule_row(cell->rule)->id);
	p2p_json_object_end(json);
}

static void json_row(struct p2p_json *json, const struct p2p_matrix *matrix, size_t provider, const int *numbers)
{
	p2p_json_array(json, NULL, true);
	for (size_t i = 0; i < matrix->count; i++) {
		uint16_t cell = p2p_matrix_at(matrix, provider, i);

		/* Between members: a group of one has nobody, whatever it answers itself. */
		if (cell == P2P_CELL_NONE || (provider == i && matrix->groups[i].count == 1))
			p2p_json_null(json, NULL);
		else
			p2p_json_signed(json, NULL, numbers[cell]);
	}
	p2p_json_array_end(json);
}

/* Pairs of functions, and not cells: a result speaks of one pair. */
static void json_measured(struct p2p_json *json, const struct topo *topo, const struct p2p_bench_index *measured)
{
	p2p_json_array(json, "measured", false);
	for (size_t i = 0; measured && i < p2p_bench_index_pairs(measured); i++) {
		struct p2p_buf text = P2P_BUF_INIT;
		char address[P2P_BDF_TEXT];
		int provider, client;
		struct p2p_bench_proved proved = p2p_bench_index_pair(measured, i, &provider, &client);
		struct p2p_verdict verdict;

		p2p_judge_pair(topo->judge, provider, client, &verdict);
		if (!measured_json(&proved, &verdict, &text))
			continue;
		p2p_json_object(json, NULL, true);
		p2p_json_text(json, "provider",
			      p2p_bdf_format(topo->machine->functions[provider].bdf, true, address));
		p2p_json_text(json, "client", p2p_bdf_format(topo->machine->functions[client].bdf, true, address));
		p2p_json_raw(json, "measured", text.text, text.len);
		p2p_json_object_end(json);
		p2p_buf_free(&text);
	}
	p2p_json_array_end(json);
}

enum p2p_exit matrix_print_json(const struct topo *topo, const struct p2p_matrix *matrix,
				const struct p2p_bench_index *measured)
{
	struct p2p_json *json = p2p_json_new(stdout);
	int *order = p2p_arena_array(topo->arena, matrix->cell_count, sizeof(*order));
	const int *numbers = number_cells(matrix, topo->arena, order);

	p2p_json_envelope(json, "p2ptopo/1", topo->machine);
	p2p_json_array(json, "groups", false);
	for (size_t i = 0; i < matrix->count; i++)
		json_group(json, topo, &matrix->groups[i], numbers);
	p2p_json_array_end(json);
	p2p_json_array(json, "answers", false);
	for (size_t i = 0; i < matrix->cell_count && order[i] >= 0; i++)
		json_answer(json, &matrix->cells[order[i]]);
	p2p_json_array_end(json);
	p2p_json_array(json, "cells", false);
	for (size_t i = 0; i < matrix->count; i++)
		json_row(json, matrix, i, numbers);
	p2p_json_array_end(json);
	json_measured(json, topo, measured);
	p2p_json_object_end(json);
	return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
}
