/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer: any bytes as a file of hardware rows.  Refused with a sentence
 * that names the place, or rows that are whole; never a crash, a leak or a hang.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/io/policy-yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every row that was taken must hold. */
static void check_row(const struct p2p_row *row)
{
	static const struct p2p_release releases[] = {
		{ 5, 4, 0, true }, { 6, 6, 0, false }, { 7, 1, 3, true }, { 0xfffe, 0xfffe, 0xfffe, true },
	};

	if (!row->name[0] || !row->cite[0] || !row->line || row->device > P2P_DEVICE_ANY)
		abort();
	if (row->last.major && p2p_release_compare_series(row->last, row->first) < 0)
		abort();
	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++)
		if ((unsigned)p2p_row_in_release(row, releases[i]) > P2P_YES)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p2p_problem problem = { "" };
	struct p2p_hardware *hardware = NULL;
	int error = p2p_hardware_parse("fuzz", (const char *)data, size, &problem, &hardware);

	if (error) {
		if (hardware || strncmp(problem.text, "fuzz:", 5) != 0)
			abort();
		return 0;
	}
	if (!hardware || !hardware->row_count)
		abort();
	for (size_t i = 0; i < hardware->row_count; i++)
		check_row(&hardware->rows[i]);
	p2p_hardware_free(hardware);
	return 0;
}
