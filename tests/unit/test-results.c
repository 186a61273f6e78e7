/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of bench results: written, read back, capped; what is damaged is left out and said. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/time.h"
#include "../../core/io/json-read.h"
#include "../../core/io/results.h"
#include "../../core/io/state.h"
#include "check-folder.h"
#include "check-result.h"
#include "check.h"

static void test_time(void)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} times[] = {
		{ 0, "1970-01-01T00:00:00Z" },		{ 951782400, "2000-02-29T00:00:00Z" },
		{ 951868799, "2000-02-29T23:59:59Z" },	{ 951868800, "2000-03-01T00:00:00Z" },
		{ 1795204140, "2026-11-20T19:49:00Z" }, { 4107542399, "2100-02-28T23:59:59Z" },
		{ 4107542400, "2100-03-01T00:00:00Z" }, { 253402300799, "9999-12-31T23:59:59Z" },
	};
	static const char *const bad[] = { "", "2026-11-20", "2026-11-20 19:49:00Z", "2026-11-20T19:49:00",
					   "2026-13-20T19:49:00Z", "2025-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
					   "1969-12-31T23:59:59Z", "2026-11-20T24:00:00Z", "2026-11-20T19:49:00Zx",
					   "2026-11-00T19:49:00Z", "-026-11-20T19:49:00Z" };
	char text[P2P_TIME_TEXT];
	int64_t seconds;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		CHECK(!strcmp(p2p_time_format(times[i].seconds, text), times[i].text));
		CHECK(!p2p_time_parse(times[i].text, &seconds) && seconds == times[i].seconds);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(p2p_time_parse(bad[i], &seconds) == -EINVAL);
	CHECK(!strcmp(p2p_time_format(-1, text), "1970-01-01T00:00:00Z"));
	CHECK(!strcmp(p2p_time_format(INT64_MAX, text), "9999-12-31T23:59:59Z"));
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_way(const struct p2p_bench_way *a, const struct p2p_bench_way *b)
{
	return a->ops == b->ops && a->bytes == b->bytes && a->ns == b->ns && a->cpu_ns == b->cpu_ns &&
	       a->p50 == b->p50 && a->p99 == b->p99 && a->p999 == b->p999 && a->max == b->max && a->error == b->error &&
	       a->rate_count == b->rate_count &&
	       (!a->rate_count || !memcmp(a->rates, b->rates, a->rate_count * sizeof(*a->rates)));
}

static void check_cell(const struct p2p_bench_cell *a, const struct p2p_bench_cell *b)
{
	CHECK(a->bs == b->bs && a->depth == b->depth && a->jobs == b->jobs && a->random == b->random);
	CHECK(same_way(&a->peer, &b->peer) && same_way(&a->bounce, &b->bounce));
	CHECK(p2p_known(a->ratio_fact) == p2p_known(b->ratio_fact) && a->ratio == b->ratio &&
	      a->ratio_low == b->ratio_low && a->ratio_high == b->ratio_high);
	CHECK(a->faster == b->faster && a->avoided == b->avoided && same_text(a->problem, b->problem));
	CHECK(a->proof.done == b->proof.done && a->proof.checked == b->proof.checked &&
	      a->proof.wrong == b->proof.wrong && a->proof.distinct == b->proof.distinct &&
	      a->proof.outside == b->proof.outside && a->proof.damage_count == b->proof.damage_count);
	for (size_t i = 0; i < a->proof.damage_count; i++)
		CHECK(same_text(a->proof.damage[i].kind, b->proof.damage[i].kind) &&
		      a->proof.damage[i].count == b->proof.damage[i].count &&
		      a->proof.damage[i].first == b->proof.damage[i].first);
}

static void check_same(const struct p2p_bench_result *a, const struct p2p_bench_result *b)
{
	CHECK(a->when == b->when && same_text(a->provider, b->provider) && same_text(a->src, b->src) &&
	      same_text(a->dst, b->dst) && same_text(a->src_path, b->src_path) && same_text(a->dst_path, b->dst_path) &&
	      same_text(a->backend, b->backend) && same_text(a->engine, b->engine));
	CHECK(a->level == b->level && same_text(a->why, b->why) && a->bytes_per_second == b->bytes_per_second);
	CHECK(p2p_known(a->limit.fact) == p2p_known(b->limit.fact) && a->limit.value == b->limit.value &&
	      same_text(a->limit_link, b->limit_link));
	CHECK(a->refused == b->refused && a->hung == b->hung && a->interrupted == b->interrupted);
	CHECK(a->cell_count == b->cell_count && a->fault_count == b->fault_count &&
	      a->identity_count == b->identity_count);
	for (size_t i = 0; i < a->cell_count; i++)
		check_cell(&a->cells[i], &b->cells[i]);
	for (size_t i = 0; i < a->identity_count; i++)
		CHECK(same_text(a->identity[i].name, b->identity[i].name) &&
		      same_text(a->identity[i].value, b->identity[i].value));
}

/* Every member comes back, and what is printed again is the same. */
static void test_round(void)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_buf text = P2P_BUF_INIT, again = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);
	struct p2p_results results;

	p2p_results_format(&result, &text);
	CHECK(!strchr(text.text, '\n'));
	CHECK(!p2p_results_parse("t", text.text, text.len, arena, &problem, &results));
	CHECK(results.count == 1 && !results.bad_count);
	if (results.bad_count)
		puts(p2p_names_next(&results.bad, NULL));
	if (results.count) {
		check_same(&result, &results.list[0]);
		CHECK(!strcmp(results.list[0].faults[0], result_faults[0]));
		p2p_results_format(&results.list[0], &again);
		CHECK(!strcmp(text.text, again.text));
		if (strcmp(text.text, again.text) != 0)
			printf("%s\n%s\n", text.text, again.text);
	}
	p2p_results_free(&results);
	p2p_buf_free(&again);
	p2p_buf_free(&text);
	p2p_arena_free(arena);
}

/* As often cut, as often left out: no end of a line is taken for the whole. */
static void test_torn(void)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);

	p2p_results_format(&result, &text);
	size_t len = text.len;

	p2p_buf_putc(&text, '\n');
	p2p_results_format(&result, &text);
	for (size_t cut = 1; cut < len; cut += cut < 64 ? 1 : 5) {
		struct p2p_arena *arena = p2p_arena_new();
		struct p2p_problem problem = { "" };
		struct p2p_results results;
		char *exact = malloc(text.len - cut);

		if (!exact)
			abort();
		/* The end of the second line is missing. */
		memcpy(exact, text.text, text.len - cut);
		CHECK(!p2p_results_parse("t", exact, text.len - cut, arena, &problem, &results));
		CHECK(results.count == 1 && results.bad_count == 1 &&
		      !strncmp(p2p_names_next(&results.bad, NULL), "t:2:", 4));
		p2p_results_free(&results);
		free(exact);
		p2p_arena_free(arena);
	}
	p2p_buf_free(&text);
}

/* One change to a good line each, and what is said of it. */
static void test_damaged(void)
{
	static const struct {
		const char *from, *to, *says;
	} cases[] = {
		{ "\"p2p-bench/1\"", "\"p2p-bench/2\"", "schema" },
		{ "2026-11-20T", "2026-11-31T", "not a time" },
		{ "\"level\": \"intact\"", "\"level\": \"great\"", "no such level" },
		{ "\"0000:03:00.0\"", "\"03:00.0\"", "not an address" },
		{ "\"0000:03:00.0\"", "7", "not text" },
		{ "\"backend\": \"p2pmem\", ", "", "\"backend\" is missing" },
		{ "\"backend\": \"p2pmem\"", "\"backend\": null", "\"backend\" is null" },
		{ "\"bs\": 4096", "\"bs\": -1", "whole one" },
		{ "\"bs\": 4096", "\"bs\": 4294967296", "whole one" },
		{ "\"depth\": 8", "\"depth\": 8, \"depth\": 9", "twice" },
		{ "\"rates\": [1000000000", "\"rates\": [\"1\"", "not a number" },
		{ "\"rates\": [1", "\"rates\": [-1", "below zero" },
		{ "\"rates\": [1", "\"rates\": [1e999", "" },
		{ "\"rates\": [1", "\"rates\": [null, 1", "null" },
		{ "\"ops\": 10", "\"ops\": 1.5", "whole one" },
		{ "\"errno\": null", "\"errno\": 0", "whole one" },
		{ "\"faster\": true", "\"faster\": 1", "neither true nor false" },
		{ "\"cells\": [", "\"cells\": [7, ", "" },
		{ "\"damage\": [{\"kind\": \"swapped\"", "\"damage\": [{\"kind\": 7", "not text" },
		{ "\"identity\": {", "\"identity\": {\"a\": 1, ", "not text" },
		{ "\"identity\": {", "\"identity\": {\"kernel\": \"a\", ", "twice" },
		{ "\"hung\": false", "\"hung\": null", "null" },
		{ "\"faults\": [", "\"faults\": {}, \"f\": [", "not a list" },
		{ "\"random\": false", "'random': false", "" },
	};
	struct p2p_buf good = P2P_BUF_INIT, text = P2P_BUF_INIT;
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);

	p2p_results_format(&result, &good);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct p2p_arena *arena = p2p_arena_new();
		struct p2p_problem problem = { "" };
		struct p2p_results results;
		const char *at = strstr(good.text, cases[i].from), *said;

		CHECK(at);
		if (!at)
			continue;
		p2p_buf_reset(&text);
		p2p_buf_add(&text, good.text, (size_t)(at - good.text));
		p2p_buf_printf(&text, "%s%s\n\n%s\n", cases[i].to, at + strlen(cases[i].from), good.text);
		CHECK(!p2p_results_parse("t", text.text, text.len, arena, &problem, &results));
		said = p2p_names_next(&results.bad, NULL);
		CHECK(results.count == 1 && results.bad_count == 1 && said && strstr(said, cases[i].says) &&
		      !strncmp(said, "t:1:", 4));
		if (results.bad_count != 1 || !strstr(said, cases[i].says))
			printf("%s -> %s: %s\n", cases[i].from, cases[i].to, said ? said : "nothing");
		p2p_results_free(&results);
		p2p_arena_free(arena);
	}
	p2p_buf_free(&good);
	p2p_buf_free(&text);
}

/* What bench --json prints is read too, as a whole or not at all. */
static void test_document(void)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_problem problem = { "" };
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);
	struct p2p_results results = { 0 };

	p2p_buf_puts(&text, "{\n  \"schema\": \"p2pctl/1\",\n  \"host\": {\"kernel\": \"7.2\"},\n  \"bench\": [\n");
	p2p_results_format(&result, &text);
	p2p_buf_puts(&text, ",\n");
	p2p_results_format(&result, &text);
	p2p_buf_puts(&text, "\n  ]\n}\n");
	CHECK(!p2p_results_parse("t", text.text, text.len, arena, &problem, &results) && results.count == 2);
	p2p_results_free(&results);
	*strstr(text.text, "\"bs\"") = 'x';
	CHECK(p2p_results_parse("t", text.text, text.len, arena, &problem, &results) == -EINVAL);
	CHECK(!strncmp(problem.text, "t:5:", 4));
	CHECK(p2p_results_parse("t", "{\n", 2, arena, &problem, &results) == -EINVAL);
	CHECK(p2p_results_parse("t", "{\n\"schema\": \"p2ptopo/1\"}", 24, arena, &problem, &results) == -EINVAL);
	CHECK(!p2p_results_parse("t", "", 0, arena, &problem, &results) && !results.count);
	CHECK(!p2p_results_parse("t", "\n \n", 3, arena, &problem, &results) && !results.count && !results.bad_count);
	p2p_results_free(&results);
	p2p_buf_free(&text);
	p2p_arena_free(arena);
}

/* ----------------------------------------------------------------- the file */

static size_t loaded(struct p2p_arena *arena, struct p2p_results *ret)
{
	struct p2p_problem problem = { "" };

	if (p2p_results_load(folder_path("results"), arena, &problem, ret)) {
		puts(problem.text);
		return (size_t)-1;
	}
	p2p_results_free(ret);
	return ret->count;
}

static void test_add(void)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_problem problem = { "" };
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);
	struct p2p_results results;

	CHECK(loaded(arena, &results) == 0);
	for (int i = 0; i < P2P_RESULTS_KEEP + 3; i++) {
		result.when++;
		result.src = i == 1 ? "0000:05:00.0" : "0000:04:00.0";
		CHECK(!p2p_results_add(folder_path("results"), &result, &problem));
	}
	/* The other pair's one, which is older than most, and the newest of this one. */
	CHECK(loaded(arena, &results) == P2P_RESULTS_KEEP + 1);
	CHECK(!strcmp(results.list[0].src, "0000:05:00.0") && results.list[P2P_RESULTS_KEEP].when == result.when &&
	      results.list[1].when == result.when - P2P_RESULTS_KEEP + 1);
	/* Another backend is another thing. */
	result.backend = "file";
	CHECK(!p2p_results_add(folder_path("results"), &result, &problem));
	CHECK(loaded(arena, &results) == P2P_RESULTS_KEEP + 2);
	struct stat st;

	CHECK(!stat(folder_path("results/bench.jsonl"), &st) && (st.st_mode & 07777) == 0644);
	p2p_arena_free(arena);
}

/* A damaged line goes with the next result; the others stay. */
static void test_add_damaged(void)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_problem problem = { "" };
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);
	struct p2p_results results;
	size_t before = loaded(arena, &results), len;
	char *text = file_get("results/bench.jsonl", &len);

	strstr(text, "identity")[0] = 'I';
	file_put("results/bench.jsonl", text, len - 5);
	free(text);
	CHECK(loaded(arena, &results) == before - 2 && results.bad_count == 2);
	result.src = "0000:06:00.0";
	CHECK(!p2p_results_add(folder_path("results"), &result, &problem));
	CHECK(loaded(arena, &results) == before - 1 && !results.bad_count);
	p2p_arena_free(arena);
}

/* The oldest go when there is no room; what is larger than any of ours is left alone. */
static void test_add_full(void)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_problem problem = { "" };
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);
	struct p2p_results results;
	struct p2p_buf file = P2P_BUF_INIT;
	size_t len;

	for (unsigned i = 0;; i++) {
		char src[32];
		size_t at = file.len;

		snprintf(src, sizeof(src), "%04x:%02x:00.0", i >> 8, i & 0xff);
		result.src = src;
		p2p_results_format(&result, &file);
		p2p_buf_putc(&file, '\n');
		if (file.len > P2P_RESULTS_MAX) {
			file.len = at;
			break;
		}
	}
	file_put("results/bench.jsonl", file.text, file.len);
	size_t before = loaded(arena, &results);

	result.src = "abcd:00:00.0";
	CHECK(!p2p_results_add(folder_path("results"), &result, &problem));
	size_t after = loaded(arena, &results);

	CHECK(before - after <= 1 && !strcmp(results.list[after - 1].src, "abcd:00:00.0"));
	free(file_get("results/bench.jsonl", &len));
	CHECK(len <= P2P_RESULTS_MAX);
	while (file.len <= P2P_RESULTS_MAX)
		p2p_buf_puts(&file, "{}\n");
	file_put("results/bench.jsonl", file.text, file.len);
	CHECK(p2p_results_add(folder_path("results"), &result, &problem) == -EFBIG &&
	      strstr(problem.text, "too large"));
	free(file_get("results/bench.jsonl", &len));
	CHECK(len == file.len);
	p2p_buf_free(&file);
	p2p_arena_free(arena);
}

static void test_not_ours(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);

	file_put("else", "", 0);
	unlink(folder_path("results/bench.jsonl"));
	CHECK(!symlink("../else", folder_path("results/bench.jsonl")));
	CHECK(p2p_results_add(folder_path("results"), &result, &problem) == -EPERM &&
	      strstr(problem.text, "left as it is"));
	unlink(folder_path("results/bench.jsonl"));
	file_put("results/bench.jsonl", "", 0);
	CHECK(!chmod(folder_path("results/bench.jsonl"), 0666));
	CHECK(p2p_results_add(folder_path("results"), &result, &problem) == -EPERM);
	CHECK(!chmod(folder_path("results/bench.jsonl"), 0644) && !chmod(folder_path("results"), 0777));
	CHECK(p2p_results_add(folder_path("results"), &result, &problem) == -EPERM);
	CHECK(!chmod(folder_path("results"), 0755));
	CHECK(!p2p_results_add(folder_path("results"), &result, &problem));
	CHECK(!rename(folder_path("results"), folder_path("kept")) && !symlink("kept", folder_path("results")));
	CHECK(p2p_results_add(folder_path("results"), &result, &problem) == -EPERM ||
	      strstr(problem.text, "symbolic link"));
	CHECK(!unlink(folder_path("results")) && !rename(folder_path("kept"), folder_path("results")));
}

/*
 * What all may read is believed of root alone; whoever runs this: as somebody
 * else even one's own is not.
 */
static void test_trusted(void)
{
	int error, fd = -1, dir = open(check_top, O_RDONLY | O_DIRECTORY | O_CLOEXEC), whose = geteuid() ? -EPERM : 0;
	char text[4];
	size_t got;

	CHECK(dir >= 0 && !fchmod(dir, 0755));
	mkdir(folder_path("in"), 0755);
	file_put("in/file", "text", 4);
	error = p2p_state_open_trusted(check_top, "in/file", &fd);
	CHECK(error == whose);
	if (!error) {
		CHECK(!p2p_state_read_at(fd, 1, text, sizeof(text), &got) && got == 3 && !memcmp(text, "ext", 3));
		CHECK(!p2p_state_read_at(fd, 9, text, sizeof(text), &got) && got == 0);
		close(fd);
		CHECK(p2p_state_open_trusted(check_top, "in/none", &fd) == -ENOENT);
		CHECK(p2p_state_open_trusted(check_top, "none/file", &fd) == -ENOENT);
	}
	CHECK(p2p_state_open_trusted(check_top, "in", &fd) == -EPERM);
	CHECK(p2p_state_open_trusted(folder_path("in/file"), "x", &fd) == -EPERM);
	static const char *const open_to_others[] = { "", "in", "in/file" };

	for (size_t i = 0; i < 3; i++) {
		CHECK(!chmod(folder_path(open_to_others[i]), 0777));
		CHECK(p2p_state_open_trusted(check_top, "in/file", &fd) == -EPERM);
		CHECK(!chmod(folder_path(open_to_others[i]), 0755));
		if (!whose && !chown(folder_path(open_to_others[i]), 12345, (gid_t)-1)) {
			CHECK(p2p_state_open_trusted(check_top, "in/file", &fd) == -EPERM);
			CHECK(!chown(folder_path(open_to_others[i]), 0, (gid_t)-1));
		}
	}
	CHECK(!symlink("file", folder_path("in/link")) && !symlink("in", folder_path("linked")));
	CHECK(p2p_state_open_trusted(check_top, "in/link", &fd) == -EPERM);
	CHECK(p2p_state_open_trusted(check_top, "linked/file", &fd) == -EPERM);
	CHECK(p2p_state_open_trusted(folder_path("linked"), "file", &fd) == -EPERM);
	unlink(folder_path("in/link"));
	unlink(folder_path("in/file"));
	rmdir(folder_path("in"));
	close(dir);
}

static void test_without(void)
{
	struct p2p_problem problem = { "" };
	struct p2p_bench_cell cells[2];
	struct p2p_bench_result result = result_make(cells);

	CHECK(p2p_results_add(folder_path("results"), &result, &problem) == -ENOTSUP &&
	      strstr(problem.text, "json-c"));
}

/* Without json-c nothing is read, and that is said. */
static bool has_json(void)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_problem problem = { "" };
	struct p2p_results results = { 0 };
	int error = p2p_results_parse("t", "", 0, arena, &problem, &results);

	CHECK(!error || (error == -ENOTSUP && strstr(problem.text, "json-c")));
	p2p_arena_free(arena);
	return !error;
}

int main(void)
{
	folder_make("results");
	test_time();
	test_trusted();
	if (has_json()) {
		test_round();
		test_torn();
		test_damaged();
		test_document();
		test_add();
		test_add_damaged();
		test_add_full();
		test_not_ours();
	} else {
		test_without();
	}
	unlink(folder_path("results/bench.jsonl"));
	unlink(folder_path("results/lock"));
	rmdir(folder_path("results"));
	folder_remove();
	return check_done();
}
