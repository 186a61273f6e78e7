/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal and the folder it is in: what was written reads again, and nothing else is taken for it. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>

#include "../../core/io/journal-format.h"
#include "../../core/io/state.h"
#include "check-folder.h"
#include "check.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define CONFIG "sys/bus/pci/devices/0000:02:08.0/config"

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_edit(const struct p2p_edit *a, const struct p2p_edit *b)
{
	return a->kind == b->kind && same_text(a->key, b->key) && a->offset == b->offset && a->before == b->before &&
	       a->mask == b->mask && a->after == b->after && same_text(a->text_before, b->text_before) &&
	       same_text(a->text_after, b->text_after) && same_text(a->rule, b->rule);
}

static struct p2p_edit word_edit(void)
{
	return (struct p2p_edit){ .kind = P2P_EDIT_WORD, .key = CONFIG, .offset = 0x146, .before = 0x1d, .mask = 0xc,
				  .after = 0x11, .rule = "disks" };
}

static struct p2p_edit text_edit(const char *before, const char *after, const char *rule)
{
	return (struct p2p_edit){ .kind = P2P_EDIT_TEXT, .key = "sys/kernel/config/nvmet/subsystems/a b%/p2pmem",
				  .text_before = before, .text_after = after, .rule = rule };
}

static int open_journal(const char *boot, struct p2p_journal **ret)
{
	struct p2p_problem problem = { "" };
	int error = p2p_journal_open(check_top, boot, &problem, ret);

	/* One sentence, that names the file; and none where nothing is wrong. */
	CHECK(error ? strstr(problem.text, "/journal") != NULL : !*problem.text);
	return error;
}

static int read_journal(struct p2p_journal **ret)
{
	struct p2p_problem problem = { "" };

	return p2p_journal_read(check_top, BOOT, &problem, ret);
}

/* ------------------------------------------------------------------ records */

/* Every byte but NUL is somewhere in these. */
static void hostile(char text[3][128])
{
	for (int i = 1; i < 256; i++)
		text[i / 100][i % 100 - (i < 100 ? 1 : 0)] = (char)i;
	text[0][99] = text[1][100] = text[2][56] = '\0';
}

static void test_hostile_texts(void)
{
	static const char *const few[] = { "", "%", " ", "\n", "%00", "a  b ", "\033[2J", "\xff\xfe", "disks" };
	struct p2p_journal *journal = NULL;
	struct p2p_edit edits[32];
	struct p2p_run *run = NULL;
	char all[3][128];
	size_t count = 0;

	hostile(all);
	edits[count++] = word_edit();
	edits[count++] = text_edit(all[0], all[1], all[2]);
	for (size_t i = 0; i < sizeof(few) / sizeof(*few); i++) {
		edits[count++] = text_edit(few[i], few[(i + 1) % 9], *few[i] ? few[i] : NULL);
		edits[count] = word_edit();
		edits[count].key = *few[i] ? few[i] : "x";
		edits[count++].rule = NULL;
	}
	CHECK(!open_journal(BOOT, &journal));
	CHECK(!p2p_journal_begin(journal, true, "en able\n%", &run));
	for (size_t i = 0; i < count; i++)
		CHECK(!p2p_journal_intent(journal, run, &edits[i]) && (i % 3 || !p2p_journal_done(journal, run, i)));
	p2p_journal_free(journal);

	CHECK(!open_journal(BOOT, &journal));
	run = p2p_journal_runs(journal);
	CHECK(run && !run->next && run->number == 1 && run->automatic && !strcmp(run->verb, "en able\n%"));
	CHECK(run->pid == getpid() && !run->ended && !run->undoing && !run->over && run->count == count);
	for (size_t i = 0; i < count; i++) {
		CHECK(same_edit(&run->entries[i].change, &edits[i]));
		CHECK(run->entries[i].state == (i % 3 ? P2P_ENTRY_INTENDED : P2P_ENTRY_DONE));
	}
	p2p_journal_free(journal);
}

static int parse(const char *text)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_journal_record record;
	char line[256];

	snprintf(line, sizeof(line), "%s", text);
	int error = p2p_journal_record_parse(arena, line, &record);

	p2p_arena_free(arena);
	return error;
}

/* With the checksum that belongs to it, what is wrong with it is found all the same. */
static int parse_summed(const char *text)
{
	uint32_t hash = 2166136261u;
	char line[256];

	for (const char *at = text; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	snprintf(line, sizeof(line), "%s %08x", text, hash);
	return parse(line);
}

static void test_records(void)
{
	static const char *const bad[] = {
		"done 1",
		"done 1 0 0",
		"done 01 0",
		"done 1 -1",
		"done x 0",
		"done  1 0",
		"done 1 0x0",
		"ended 1",
		"run 1 2 3 asked",
		"run 1 2 3 ask enable",
		"run 4294967296 1 1 auto x",
		"intent 1 0",
		"intent 1 0 word k 146 1d 0c 11 r",
		"intent 1 0 word k 146 001d 000c 0012 r",
		"intent 1 0 word k 146 001d 0000 001d r",
		"intent 1 0 word k 10000 001d 000c 0011 r",
		"intent 1 0 text k a b",
		"intent 1 0 text k a b c d",
		"intent 1 0 text k% a b c",
		"intent 1 0 text k%00 a b c",
		"intent 1 0 text k%4 a b c",
		"intent 1 0 text k%41 a b c",
		"intent 1 0 byte k a b c",
		"over 1 0",
		"",
		"1",
		"run",
		"end 1 2 3 4 5 6 7 8 9 10 11 12 13 14",
	};

	CHECK(!parse_summed("done 1 0") && !parse_summed("over 12") && !parse_summed("left 1 7"));
	CHECK(!parse_summed("intent 1 0 word k 146 001d 000c 0011 %"));
	CHECK(!parse_summed("intent 1 0 text k%20 % b %"));
	CHECK(parse("done 1 0 00000000") == -EBADMSG && parse("done 1 0") == -EBADMSG && parse("") == -EBADMSG);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (parse_summed(bad[i]) != -EBADMSG) {
			fprintf(stderr, "it reads: %s\n", bad[i]);
			CHECK(false);
		}
}

/* ---------------------------------------------------------------- the file */

/* Two runs: one ended and taken back in part, one under way. */
static void write_example(void)
{
	const struct p2p_edit word = word_edit(), text = text_edit("auto", "on", NULL);
	struct p2p_journal *journal = NULL;
	struct p2p_run *run = NULL;

	folder_clear();
	CHECK(!open_journal(BOOT, &journal) && !p2p_journal_begin(journal, false, "enable", &run));
	CHECK(!p2p_journal_intent(journal, run, &word) && !p2p_journal_done(journal, run, 0));
	CHECK(!p2p_journal_intent(journal, run, &text) && !p2p_journal_done(journal, run, 1));
	CHECK(!p2p_journal_end(journal, run) && !p2p_journal_undo(journal, run));
	CHECK(!p2p_journal_undone(journal, run, 1) && !p2p_journal_left(journal, run, 0));
	CHECK(!p2p_journal_over(journal, run) && !p2p_journal_begin(journal, true, "enable", &run));
	CHECK(!p2p_journal_intent(journal, run, &text));
	p2p_journal_free(journal);
}

static size_t lines_of(const char *bytes, size_t len)
{
	size_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += bytes[i] == '\n';
	return lines;
}

/* A number for what stands in the journal: how many records it takes to say it. */
static size_t said(const struct p2p_journal *journal)
{
	size_t records = 1;

	for (const struct p2p_run *run = p2p_journal_runs(journal); run; run = run->next) {
		records += 1u + run->ended + run->undoing + run->over;
		for (size_t i = 0; i < run->count; i++)
			records += run->entries[i].state == P2P_ENTRY_INTENDED ? 1
				   : run->entries[i].state == P2P_ENTRY_DONE	 ? 2
										 : 3;
	}
	return records;
}

static void test_torn(void)
{
	size_t len = 0;

	write_example();
	char *whole = file_get("journal", &len);

	for (size_t cut = 0; cut <= len; cut++) {
		struct p2p_journal *journal = NULL;
		struct p2p_run *run = NULL;
		size_t lines = lines_of(whole, cut), now = 0;

		file_put("journal", whole, cut);
		CHECK(!read_journal(&journal) && said(journal) == (lines ? lines : 1));
		p2p_journal_free(journal);
		CHECK(!open_journal(BOOT, &journal) && said(journal) == (lines ? lines : 1));
		/* What comes next is not glued to the rest of it. */
		CHECK(!p2p_journal_begin(journal, false, "undo", &run));
		p2p_journal_free(journal);
		CHECK(!open_journal(BOOT, &journal) && said(journal) == (lines ? lines : 1) + 1);
		p2p_journal_free(journal);
		char *bytes = file_get("journal", &now);

		CHECK(lines_of(bytes, now) == (lines ? lines : 1) + 1);
		free(bytes);
	}
	free(whole);
}

static void test_damaged(void)
{
	struct p2p_journal *journal = NULL;
	size_t len = 0;

	write_example();
	char *whole = file_get("journal", &len);

	/* Any one byte, the last newline apart: without that, it is a torn line. */
	for (size_t at = 0; at + 1 < len; at++)
		for (int flip = 0; flip < 3; flip++) {
			char old = whole[at];

			whole[at] = flip == 0 ? (char)(old ^ 1) : flip == 1 ? '\0' : '\n';
			file_put("journal", whole, len);
			if (whole[at] != old)
				CHECK(open_journal(BOOT, &journal) == -EBADMSG);
			whole[at] = old;
		}
	/* Any line but the last gone, or twice; not told are only ends: it may have been so. */
	for (char *line = whole, *next; (next = strchr(line, '\n') + 1) < whole + len; line = next) {
		struct p2p_buf text = P2P_BUF_INIT;

		p2p_buf_add(&text, whole, (size_t)(line - whole));
		p2p_buf_puts(&text, next);
		file_put("journal", text.text, text.len);
		bool may_lack = !strncmp(line, "end ", 4) || !strncmp(line, "over ", 5);
		int error = open_journal(BOOT, &journal);

		CHECK(error == (may_lack ? 0 : -EBADMSG));
		if (!error)
			p2p_journal_free(journal);
		p2p_buf_reset(&text);
		p2p_buf_add(&text, whole, (size_t)(next - whole));
		p2p_buf_puts(&text, line);
		file_put("journal", text.text, text.len);
		/* That it was begun to be taken back may be said again. */
		error = open_journal(BOOT, &journal);
		CHECK(error == (strncmp(line, "undo ", 5) ? -EBADMSG : 0));
		if (!error)
			p2p_journal_free(journal);
		p2p_buf_free(&text);
	}
	free(whole);
}

static void test_heads(void)
{
	static const char newer[] = "p2p-journal 2 " BOOT " what-ever\nrun\n";
	struct p2p_journal *journal = NULL;
	size_t len = 0;

	file_put("journal", newer, sizeof(newer) - 1);
	CHECK(open_journal(BOOT, &journal) == -EBADMSG && read_journal(&journal) == -EBADMSG);
	file_put("journal", "something else", 14);
	CHECK(open_journal(BOOT, &journal) == -EBADMSG);
	file_put("journal", "something else\n", 15);
	CHECK(open_journal(BOOT, &journal) == -EBADMSG);

	/* Of another boot: its registers are gone, and so is it. */
	write_example();
	CHECK(!open_journal("another-boot", &journal) && !p2p_journal_runs(journal));
	p2p_journal_free(journal);
	char *bytes = file_get("journal", &len);

	CHECK(!strncmp(bytes, "p2p-journal 1 another-boot ", 27) && lines_of(bytes, len) == 1);
	free(bytes);
	/* The same to a reader, who changes nothing. */
	CHECK(!read_journal(&journal) && !p2p_journal_runs(journal));
	p2p_journal_free(journal);
	folder_clear();
	CHECK(read_journal(&journal) == -ENOENT && access(folder_path("journal"), F_OK));
}

static void test_whose(void)
{
	struct p2p_journal *journal = NULL;
	static const mode_t modes[] = { 0620, 0602, 0666 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		write_example();
		CHECK(!chmod(folder_path("journal"), modes[i]) && open_journal(BOOT, &journal) == -EPERM);
		CHECK(read_journal(&journal) == -EPERM);
	}
	write_example();
	CHECK(!rename(folder_path("journal"), folder_path("other")));
	CHECK(!symlink("other", folder_path("journal")) && open_journal(BOOT, &journal) == -EPERM);
	folder_clear();
	CHECK(!symlink("nowhere", folder_path("journal")) && open_journal(BOOT, &journal) == -EPERM);
	folder_clear();
	CHECK(!mkfifo(folder_path("journal"), 0600) && open_journal(BOOT, &journal) == -EPERM);
	folder_clear();
	CHECK(!mkdir(folder_path("journal"), 0700) && open_journal(BOOT, &journal) == -EPERM);
	folder_clear();
	if (geteuid() == 0) {
		write_example();
		CHECK(!chown(folder_path("journal"), 1, 1) && open_journal(BOOT, &journal) == -EPERM);
	}
}

/* --------------------------------------------------------------- the folder */

static int open_state(const char *name)
{
	struct p2p_problem problem = { "" };
	int fd = -1, error = p2p_state_open(folder_path(name), &problem, &fd);

	CHECK(error ? *problem.text && fd == -1 : fd >= 0);
	if (fd >= 0)
		close(fd);
	return error;
}

static void test_folder(void)
{
	struct stat st;

	CHECK(!open_state("state") && !stat(folder_path("state"), &st) && !(st.st_mode & 022));
	CHECK(!open_state("state"));
	CHECK(!chmod(folder_path("state"), 0770) && open_state("state") == -EPERM);
	CHECK(!chmod(folder_path("state"), 0707) && open_state("state") == -EPERM);
	CHECK(!chmod(folder_path("state"), 0755) && !open_state("state"));
	CHECK(!symlink("state", folder_path("link")) && open_state("link") == -ENOTDIR);
	file_put("file", "", 0);
	CHECK(open_state("file") == -ENOTDIR && open_state("a/b") == -ENOENT);
	if (geteuid() == 0)
		CHECK(!chown(folder_path("state"), 1, 1) && open_state("state") == -EPERM);
	folder_clear();
}

static void test_replace(void)
{
	int fd = open(check_top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct p2p_buf text = P2P_BUF_INIT;

	/* What a run that was killed left beside it is in nobody's way, whatever it is. */
	CHECK(!symlink("/nowhere/at/all", folder_path(".name.new")));
	CHECK(!p2p_state_replace(fd, "name", "one", 3, 0600) && !p2p_state_load(fd, "name", 3, &text));
	CHECK(!strcmp(p2p_buf_text(&text), "one") && access(folder_path(".name.new"), F_OK));
	CHECK(!p2p_state_replace(fd, "name", "", 0, 0600) && !p2p_state_load(fd, "name", 3, &text) && !text.len);
	CHECK(!p2p_state_replace(fd, "name", "four", 4, 0600) && p2p_state_load(fd, "name", 3, &text) == -EFBIG);
	CHECK(!p2p_state_remove(fd, "name") && !p2p_state_remove(fd, "name"));
	CHECK(p2p_state_load(fd, "name", 3, &text) == -ENOENT);
	p2p_buf_free(&text);
	close(fd);
	folder_clear();
}

/* A process that takes the lock, says so, and waits. */
static pid_t holder(int dir)
{
	struct p2p_problem problem = { "" };
	int ready[2], lock;
	char byte;

	if (pipe(ready))
		abort();
	pid_t pid = fork();

	if (!pid) {
		if (p2p_state_lock(dir, check_top, "hold-it", 0, &problem, &lock) || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	CHECK(pid > 0 && read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void test_lock(void)
{
	int dir = open(check_top, O_RDONLY | O_DIRECTORY | O_CLOEXEC), lock = -1, other = -1;
	struct p2p_problem problem = { "" };
	pid_t pid = holder(dir);
	char want[64];

	snprintf(want, sizeof(want), "process %ld (test-journal hold-it), since 2", (long)pid);
	CHECK(p2p_state_lock(dir, check_top, "enable", 0, &problem, &lock) == -EBUSY && lock == -1);
	CHECK(strstr(problem.text, want) && strstr(problem.text, check_top));
	/* Killed, it holds it no longer, whatever the file says. */
	CHECK(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	CHECK(!p2p_state_lock(dir, check_top, "enable", 0, &problem, &lock));
	/* Nor does this process get it twice. */
	CHECK(p2p_state_lock(dir, check_top, "enable", 0, &problem, &other) == -EBUSY);
	close(lock);
	CHECK(!p2p_state_lock(dir, check_top, "undo", 0, &problem, &lock));
	close(lock);
	folder_clear();
	CHECK(!symlink("elsewhere", folder_path("lock")));
	CHECK(p2p_state_lock(dir, check_top, "enable", 0, &problem, &lock) == -ELOOP);
	close(dir);
	folder_clear();
}

int main(void)
{
	folder_make("journal");
	test_hostile_texts();
	test_records();
	test_torn();
	test_damaged();
	test_heads();
	test_whose();
	folder_clear();
	test_folder();
	test_replace();
	test_lock();
	folder_remove();
	return check_done();
}
