/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/view/json.h"
#include "check.h"

/* A writer into memory; `text` is there after out_end. */
struct out {
	char *text;
	size_t len;
	FILE *file;
	struct p2p_json *json;
};


static struct p2p_json *out_open(struct out *out)
{
	out->file = open_memstream(&out->text, &out->len);
	out->json = p2p_json_new(out->file);
	return out->json;
}

static int out_end(struct out *out)
{
	int error = p2p_json_end(out->json);

	fclose(out->file);
	return error;
}

static void test_layout(void)
{
	struct out out = { 0 };
	struct p2p_json *json = out_open(&out);

	p2p_json_object(json, NULL, false);
	p2p_json_text(json, "schema", "p2ptopo/1");
	p2p_json_object(json, "host", true);
	p2p_json_text(json, "kernel", "7.2.12");
	p2p_json_bool(json, "p2pdma", true);
	p2p_json_null(json, "virtual");
	p2p_json_object_end(json);
	p2p_json_array(json, "assumptions", false);
	p2p_json_array_end(json);
	p2p_json_object(json, "none", true);
	p2p_json_object_end(json);
	p2p_json_array(json, "pairs", false);
	for (unsigned i = 0; i < 2; i++) {
		p2p_json_object(json, NULL, true);
		p2p_json_number(json, "distance", i);
		p2p_json_array(json, "reasons", false); /* stays on the line of what it is in */
		p2p_json_number(json, NULL, 1);
		p2p_json_number(json, NULL, 2);
		p2p_json_array_end(json);
		p2p_json_object_end(json);
	}
	p2p_json_array_end(json);
	p2p_json_object_end(json);
	CHECK(out_end(&out) == 0);
	CHECK(!strcmp(out.text, "{\n"
				"  \"schema\": \"p2ptopo/1\",\n"
				"  \"host\": { \"kernel\": \"7.2.12\", \"p2pdma\": true, \"virtual\": null },\n"
				"  \"assumptions\": [],\n"
				"  \"none\": {},\n"
				"  \"pairs\": [\n"
				"    { \"distance\": 0, \"reasons\": [ 1, 2 ] },\n"
				"    { \"distance\": 1, \"reasons\": [ 1, 2 ] }\n"
				"  ]\n"
				"}\n"));
	free(out.text);
}

/* `text` as a JSON string. */
static void check_text(const char *text, const char *expected)
{
	struct out out = { 0 };

	p2p_json_text(out_open(&out), NULL, text);
	CHECK(out_end(&out) == 0);
	CHECK(out.len == strlen(expected) + 1 && !strncmp(out.text, expected, strlen(expected)));
	if (strncmp(out.text, expected, strlen(expected)))
		fprintf(stderr, "  it is %s", out.text);
	free(out.text);
}

static void test_text(void)
{
	check_text("", "\"\"");
	check_text(NULL, "null");
	check_text("plain", "\"plain\"");
	check_text("a\"b\\c", "\"a\\\"b\\\\c\"");
	check_text("tab\there\nand \x1b[31m", "\"tab\\u0009here\\u000aand \\u001b[31m\"");
	check_text("\x7f", "\"\\u007f\"");
	check_text("Gr\xc3\xb6\xc3\x9f" "e", "\"Gr\xc3\xb6\xc3\x9f" "e\"");
	check_text("bad \xff utf-8 \xc3", "\"bad \\ufffd utf-8 \\ufffd\"");
	check_text("c1 \xc2\x9b", "\"c1 \\u009b\"");
	check_text("bidi \xe2\x80\xae", "\"bidi \\u202e\"");
	/* After the first byte that is not plain, and behind a stretch of 256. */
	char text[600], expected[610];

	memset(text, 'x', sizeof(text));
	text[598] = '\n', text[599] = '\0';
	snprintf(expected, sizeof(expected), "\"%.598s\\u000a\"", text);
	check_text(text, expected);
}

static void test_numbers(void)
{
	struct out out = { 0 };
	struct p2p_json *json = out_open(&out);

	p2p_json_array(json, NULL, true);
	p2p_json_number(json, NULL, 0);
	p2p_json_number(json, NULL, UINT64_MAX);
	p2p_json_signed(json, NULL, -1);
	p2p_json_signed(json, NULL, INT64_MIN);
	p2p_json_signed(json, NULL, INT64_MAX);
	p2p_json_array_end(json);
	CHECK(out_end(&out) == 0);
	CHECK(!strcmp(out.text, "[ 0, 18446744073709551615, -1, -9223372036854775808, 9223372036854775807 ]\n"));
	free(out.text);
}

static void test_facts(void)
{
	struct p2p_number unknown = { 0 }, absent = { .fact = { .know = P2P_ABSENT }, .value = 7 };
	struct p2p_word nobody = { .text = "must not be seen" };
	struct out out = { 0 };
	struct p2p_json *json = out_open(&out);

	p2p_json_array(json, NULL, true);
	p2p_json_fact_number(json, NULL, unknown);
	p2p_json_fact_number(json, NULL, absent);
	p2p_json_fact_number(json, NULL, (struct p2p_number){ .fact = { .know = P2P_KNOWN }, .value = 7 });
	p2p_json_fact_word(json, NULL, nobody);
	p2p_json_fact_word(json, NULL, (struct p2p_word){ .fact = { .know = P2P_KNOWN }, .text = "nvme" });
	p2p_json_answer(json, NULL, P2P_MAYBE);
	p2p_json_answer(json, NULL, P2P_NO);
	p2p_json_answer(json, NULL, P2P_YES);
	p2p_json_raw(json, NULL, "{ \"made\": 1 }", 13);
	p2p_json_array_end(json);
	CHECK(out_end(&out) == 0);
	CHECK(!strcmp(out.text, "[ null, null, 7, null, \"nvme\", null, false, true, { \"made\": 1 } ]\n"));
	free(out.text);
}

/* Around the size of the writer's buffer nothing is lost or doubled. */
static void test_buffer(void)
{
	static const size_t sizes[] = { 65533, 65534, 65535, 65536, 65537, 65538, 200000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct out out = { 0 };
		char *text = malloc(sizes[i] + 1);

		memset(text, 'a' + (int)i, sizes[i]);
		text[sizes[i]] = '\0';
		struct p2p_json *json = out_open(&out);

		p2p_json_array(json, NULL, true);
		p2p_json_text(json, NULL, text);
		p2p_json_raw(json, NULL, text, sizes[i]);
		p2p_json_number(json, NULL, 5);
		p2p_json_array_end(json);
		CHECK(out_end(&out) == 0);
		CHECK(out.len == 2 + 1 + sizes[i] + 1 + 2 + sizes[i] + 2 + 1 + 2 + 1);
		CHECK(!memcmp(out.text + 3, text, sizes[i]) && !memcmp(out.text + 6 + sizes[i], text, sizes[i]));
		CHECK(!strcmp(out.text + out.len - 6, ", 5 ]\n"));
		free(text);
		free(out.text);
	}
}

static void test_depth(void)
{
	struct out out = { 0 };
	struct p2p_json *json = out_open(&out);

	for (int i = 0; i < 1000; i++)
		p2p_json_array(json, NULL, true);
	for (int i = 0; i < 1000; i++)
		p2p_json_array_end(json);
	CHECK(out_end(&out) == 0);
	CHECK(out.len == 2000 + 2 * 999 + 1);
	free(out.text);
}

static void test_error(void)
{
	FILE *full = fopen("/dev/full", "w");

	if (!full)
		return;
	struct p2p_json *json = p2p_json_new(full);

	p2p_json_array(json, NULL, false);
	for (int i = 0; i < 100000; i++)
		p2p_json_text(json, NULL, "some text");
	p2p_json_array_end(json);
	CHECK(p2p_json_end(json) == -ENOSPC);
	fclose(full);
}

int main(void)
{
	test_layout();
	test_text();
	test_numbers();
	test_facts();
	test_buffer();
	test_depth();
	test_error();
	return check_done();
}
