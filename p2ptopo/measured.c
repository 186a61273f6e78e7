/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measured.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/time.h"
#include "core/view/json-verdict.h"

const struct measured_mark measured_marks[] = {
	{ '!', "it failed, or bytes did not arrive" },
	{ '>', "intact, and faster than through host memory" },
	{ '*', "every byte arrived" },
	{ '+', "it works, that bytes arrive is not proved" },
	{ '?', "proved once, and whether that holds cannot be told" },
};
const size_t measured_mark_count = sizeof(measured_marks) / sizeof(*measured_marks);

const struct p2p_bench_index *measured_open(const struct topo *topo)
{
	const struct p2p_bench_index *index;

	if (!topo->machine->result_count)
		return NULL;
	index = p2p_bench_index_new(topo->machine, topo->arena);
	return p2p_bench_index_pairs(index) ? index : NULL;
}

struct p2p_bench_proved measured_pair(const struct p2p_bench_index *index, int provider, int client)
{
	return index ? p2p_bench_proved(index, provider, client, P2P_BENCH_BOTH) : (struct p2p_bench_proved){ 0 };
}

/* How it failed. */
static const char *bad_word(const struct p2p_bench_result *result)
{
	if (result->hung)
		return "hung";
	if (result->refused)
		return "refused";
	return result->level >= P2P_BENCH_WORKS ? "damaged" : "failed";
}

const char *measured_word(const struct p2p_bench_proved *proved, char text[MEASURED_WORD])
{
	if (!proved->result)
		return "-";
	if (proved->holds == P2P_NO)
		return "void";
	snprintf(text, MEASURED_WORD, "%s%s",
		 proved->bad ? bad_word(proved->result) : p2p_bench_level_name(proved->result->level),
		 proved->holds == P2P_YES ? "" : "?");
	return text;
}

enum p2p_role measured_role(const struct p2p_bench_proved *proved)
{
	if (!proved->result || proved->holds != P2P_YES)
		return P2P_ROLE_DIM;
	if (proved->bad)
		return P2P_ROLE_BAD;
	return proved->result->level >= P2P_BENCH_INTACT ? P2P_ROLE_GOOD : P2P_ROLE_PLAIN;
}

size_t measured_mark_of(const struct p2p_bench_proved *proved)
{
	char mark = ' ';

	if (proved->result && proved->holds != P2P_NO) {
		if (proved->bad)
			mark = '!';
		else if (proved->holds == P2P_MAYBE)
			mark = '?';
		else if (proved->result->level >= P2P_BENCH_WORKS)
			mark = "+*>"[proved->result->level - P2P_BENCH_WORKS];
	}
	for (size_t i = 0; i < measured_mark_count; i++)
		if (measured_marks[i].mark == mark)
			return i;
	return measured_mark_count;
}

void measured_rate(double rate, struct p2p_buf *ret)
{
	static const char *const units[] = { "B/s", "KB/s", "MB/s", "GB/s", "TB/s" };
	size_t unit = 0;

	for (; rate >= 999.5 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
		rate /= 1000;
	p2p_buf_printf(ret, "%.*f %s", unit && rate < 99.95 ? 1 : 0, rate, units[unit]);
}

void measured_when(const struct topo *topo, int64_t when, struct p2p_buf *ret)
{
	char text[P2P_TIME_TEXT];

	p2p_time_format(when, text);
	text[10] = ' ';
	p2p_buf_printf(ret, "%.16s UTC", text);
	/* Of a snapshot nobody knows what time it was. */
	if (topo->file || p2p_cli_value(topo->cli, "from"))
		return;
	p2p_buf_puts(ret, ", ");
	p2p_time_age((int64_t)time(NULL) - when, ret);
	p2p_buf_puts(ret, when <= (int64_t)time(NULL) ? " ago" : "");
}

bool measured_json(const struct p2p_bench_proved *proved, const struct p2p_verdict *verdict, struct p2p_buf *ret)
{
	if (!proved->result)
		return false;
	p2p_json_measured_format(ret,
				 &(struct p2p_json_measured){ proved->result, proved->holds, proved->why, proved->bad,
							      p2p_bench_contradicts(proved, verdict) });
	return true;
}

void measured_print_contradictions(const struct topo *topo, size_t count)
{
	char text[256];

	if (!count)
		return;
	snprintf(text, sizeof(text),
		 "%zu pair%s measured otherwise than judged: one of the two is wrong. `p2ptopo why PROVIDER CLIENT` "
		 "says which; please report it, with the output of `p2ptopo snapshot`.", count,
		 count == 1 ? " was" : "s were");
	fputs(p2p_view_role_on(&topo->style, P2P_ROLE_BAD), stdout);
	topo_print_text(topo, "", "", text);
	fputs(p2p_view_role_off(&topo->style, P2P_ROLE_BAD), stdout);
}
