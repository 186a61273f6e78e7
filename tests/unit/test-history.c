/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history: what was written reads again; what was cut off, or is not ours, does no harm. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../core/io/history.h"
#include "check-folder.h"
#include "check.h"

static struct p2p_arena *arena;

static struct p2p_history_record sample(void)
{
	static struct p2p_history_change changes[] = {
		{ "0000:02:08.0 146.w 001d->(000c)->0011", "sys/bus/pci/devices/0000:02:08.0/config", "disks", "made",
		  0 },
		{ "k: 'on' -> 'auto'", "k", NULL, "taken back", 3 },
	};
	static const char *slots[] = { "0000:00:01.0/00.0" };
	static const char *files[] = { "/etc/default/grub.d/p2pctl.cfg: written", "b" };
	static struct p2p_history_ended ended[] = { { "0-0", "taken-back", 0 } };

	return (struct p2p_history_record){
		.event = "end", .id = "1-2-3", .time = "2026-11-20T12:01:00Z", .boot = "b", .verb = "enable",
		.pid = 77, .automatic = true, .recovery = true, .uid = 1000, .has_login = true, .login = 1001,
		.sudo = "alice", .outcome = "stuck", .says = "no", .refused = 4, .hold = "set", .enabled = slots,
		.enabled_count = 1, .disabled = slots, .disabled_count = 1, .files = files, .file_count = 2,
		.changes = changes, .change_count = 2, .more = 9, .ended = ended, .ended_count = 1,
	};
}

static int parse(const char *line, size_t len, struct p2p_history_record *ret)
{
	return p2p_history_parse(arena, line, len, ret);
}

static bool same(const struct p2p_history_record *a, const struct p2p_history_record *b)
{
	struct p2p_buf one = P2P_BUF_INIT, two = P2P_BUF_INIT;

	p2p_history_format(&one, a);
	p2p_history_format(&two, b);
	bool equal = one.len == two.len && !memcmp(one.text, two.text, one.len);

	p2p_buf_free(&one);
	p2p_buf_free(&two);
	return equal;
}

static void test_format(void)
{
	struct p2p_history_record record = sample(), again = { 0 };
	struct p2p_buf line = P2P_BUF_INIT;

	p2p_history_format(&line, &record);
	CHECK(line.text[line.len - 1] == '\n' && !memchr(line.text, '\n', line.len - 1));
	CHECK(!parse(line.text, line.len - 1, &again));
	CHECK(same(&record, &again));
	CHECK(again.login == 1001 && again.automatic && !strcmp(again.files[1], "b") && !again.changes[1].rule);
	/* Nothing that is cut off anywhere is taken for a line. */
	for (size_t len = 0; len < line.len - 1; len++)
		CHECK(parse(line.text, len, &again) != 0);
	p2p_buf_free(&line);
}

static void test_hostile(void)
{
	static const char *const texts[] = { "\"", "\\", "\n\r\t\b\f\033[2J", "\x7f", "\xc2\x9b\x32J", "\xe2\x80\xae",
					     "\xf3\xa0\x80\x81", "a/b", "{}[],:", "\xe2\x82\xac \xf0\x9f\x98\x80" };
	struct p2p_buf line = P2P_BUF_INIT;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct p2p_history_record record = sample(), again = { 0 };

		record.sudo = record.says = texts[i];
		p2p_buf_reset(&line);
		p2p_history_format(&line, &record);
		CHECK(!parse(line.text, line.len - 1, &again));
		CHECK(again.sudo && !strcmp(again.sudo, texts[i]));
	}
	p2p_buf_free(&line);
}

static int parse_text(const char *text)
{
	struct p2p_history_record record;

	return parse(text, strlen(text), &record);
}

#define HEAD "{\"schema\":\"p2p-history/1\",\"event\":\"begin\",\"id\":\"1\",\"time\":\"2026-11-20T12:01:00Z\"," \
	     "\"boot\":\"b\",\"verb\":\"undo\""

static void test_strange(void)
{
	struct p2p_buf deep = P2P_BUF_INIT;

	CHECK(!parse_text(HEAD "}"));
	CHECK(parse_text("") == -EBADMSG);
	CHECK(parse_text("{}") == -EBADMSG);
	CHECK(parse_text("{\"schema\":\"p2p-history/2\",\"event\":7}") == -ENOTSUP);
	/* What a later version adds is passed over. */
	CHECK(!parse_text(HEAD ",\"new\":[1,{\"a\":[],\"b\":{}},null,-4,true,\"x\"]}"));
	CHECK(parse_text(HEAD "} ") == -EBADMSG);
	CHECK(parse_text(HEAD ",}") == -EBADMSG);
	CHECK(parse_text(HEAD ",\"pid\":\"7\"}") == -EBADMSG);
	CHECK(parse_text(HEAD ",\"pid\":99999999999999999999}") == -EBADMSG);
	CHECK(parse_text(HEAD ",\"sudo\":\"\\u0000\"}") == -EBADMSG);
	CHECK(parse_text(HEAD ",\"sudo\":\"\\ud800\"}") == -EBADMSG);
	CHECK(parse_text(HEAD ",\"sudo\":\"\\udc00\"}") == -EBADMSG);
	CHECK(parse_text(HEAD ",\"changes\":[{\"edit\":\"e\"}]}") == -EBADMSG);
	CHECK(parse_text(HEAD ",\"event\":\"end\"}") == -EBADMSG); /* no outcome */
	CHECK(parse_text(HEAD ",\"time\":\"2026-02-30T00:00:00Z\"}") == -EBADMSG);
	p2p_buf_puts(&deep, HEAD ",\"new\":");
	for (int i = 0; i < 100000; i++)
		p2p_buf_putc(&deep, '[');
	CHECK(parse_text(p2p_buf_text(&deep)) == -EBADMSG);
	p2p_buf_free(&deep);
}

/* -------------------------------------------------------------------- file */

static int dir_fd;
static size_t seen;
static char last_id[32];

static void count(void *context, const struct p2p_history_record *record)
{
	(void)context;
	seen++;
	snprintf(last_id, sizeof(last_id), "%s", record->id);
}

static int read_all(const char *name, size_t *bad, size_t *first)
{
	seen = 0;
	return p2p_history_read(dir_fd, name, arena, count, NULL, bad, first);
}

static int add(const char *id, bool may_rotate)
{
	struct p2p_history_record record = sample();
	struct p2p_buf line = P2P_BUF_INIT;

	record.id = id;
	p2p_history_format(&line, &record);
	int error = p2p_history_append(dir_fd, line.text, line.len, may_rotate);

	p2p_buf_free(&line);
	return error;
}

static void test_append(void)
{
	size_t bad = 0, first = 0, len = 0;
	struct stat st;

	CHECK(!read_all(P2P_HISTORY_NAME, &bad, &first) && !seen && !bad);
	CHECK(!add("one", true) && !add("two", true));
	CHECK(!stat(folder_path(P2P_HISTORY_NAME), &st) && (st.st_mode & 07777) == 0600);
	CHECK(!read_all(P2P_HISTORY_NAME, &bad, &first) && seen == 2 && !bad && !strcmp(last_id, "two"));
	/* Cut off anywhere in its last line: that one is lost, said, and the next one is whole. */
	char *text = file_get(P2P_HISTORY_NAME, &len);
	size_t half = len / 2;

	for (size_t cut = half + 1; cut < len; cut += 7) {
		file_put(P2P_HISTORY_NAME, text, cut);
		CHECK(!read_all(P2P_HISTORY_NAME, &bad, &first) && seen == 1 && bad == 1 && first == 2);
		CHECK(!add("three", true));
		CHECK(!read_all(P2P_HISTORY_NAME, &bad, &first) && seen == 2 && bad == 1 && !strcmp(last_id, "three"));
	}
	free(text);
}

static void test_rotate(void)
{
	struct p2p_buf text = P2P_BUF_INIT;
	size_t bad = 0, first = 0;
	struct stat st;

	while (text.len <= P2P_HISTORY_ROTATE)
		p2p_buf_puts(&text, "something else\n");
	file_put(P2P_HISTORY_NAME, text.text, text.len);
	CHECK(!add("end", false)); /* an end stays with its begin */
	CHECK(stat(folder_path(P2P_HISTORY_OLD), &st) && errno == ENOENT);
	CHECK(!add("new", true));
	CHECK(!stat(folder_path(P2P_HISTORY_OLD), &st) && st.st_size > P2P_HISTORY_ROTATE);
	CHECK(!read_all(P2P_HISTORY_NAME, &bad, &first) && seen == 1 && !bad);
	CHECK(!read_all(P2P_HISTORY_OLD, &bad, &first) && seen == 1 && bad > 1000 && first == 1);
	p2p_buf_free(&text);
}

static void test_not_ours(void)
{
	size_t bad, first;

	folder_clear();
	CHECK(!symlink("elsewhere", folder_path(P2P_HISTORY_NAME)));
	CHECK(add("x", true) == -EPERM && read_all(P2P_HISTORY_NAME, &bad, &first) == -EPERM);
	CHECK(access(folder_path("elsewhere"), F_OK));
	folder_clear();
	CHECK(!mkfifo(folder_path(P2P_HISTORY_NAME), 0600));
	CHECK(add("x", true) == -EPERM && read_all(P2P_HISTORY_NAME, &bad, &first) == -EPERM);
	folder_clear();
	file_put(P2P_HISTORY_NAME, "", 0);
	CHECK(!chmod(folder_path(P2P_HISTORY_NAME), 0666));
	CHECK(add("x", true) == -EPERM && read_all(P2P_HISTORY_NAME, &bad, &first) == -EPERM);
	folder_clear();
	file_put("other", "precious\n", 9);
	CHECK(!link(folder_path("other"), folder_path(P2P_HISTORY_NAME)));
	CHECK(add("x", true) == -EPERM);
	folder_clear();
}

int main(void)
{
	folder_make("history");
	arena = p2p_arena_new();
	dir_fd = open(check_top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_format();
	test_hostile();
	test_strange();
	test_append();
	test_rotate();
	test_not_ours();
	close(dir_fd);
	p2p_arena_free(arena);
	folder_remove();
	return check_done();
}
