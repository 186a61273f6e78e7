/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of p2pctl when it is ended at each of its system calls.
 *
 *     kill-at-every-syscall MODE WORK PROGRAM COMMON...
 *
 * It runs `PROGRAM VERB COMMON...` under ptrace, once for every entry and every
 * exit of a system call, and there
 *
 *     kill         kills it (SIGKILL);
 *     term         sends it SIGTERM, and lets it end by itself;
 *     ENOSPC, EIO  lets that system call fail, and those that follow not;
 *     real=all,PATH@OFFSET+LENGTH,...
 *                  as kill, on this machine, whose state is in these places;
 *     real=path,...
 *                  the same only before and after calls that create, write, sync,
 *                  rename or remove, and of the next runs one for each end.  A run
 *                  before, which is not ended, shows at every call that no other
 *                  one has changed anything that lasts.
 *
 * Then the next run, one of several verbs, must end in the old state or in the
 * new one, whichever that verb is for, and `status` must be able to read what
 * there is, and the history must tell how each run ended, or that it died.
 *
 * The folder WORK has `state` (--state) and, where it is not real, `overlay`
 * (--overlay), which COMMON names: all that lasts, with the places.  Two ends that
 * left the same bytes there, but for time and process in the journal, are followed
 * up once.
 *
 * Exit: 0 always so; 1 not; 77 nothing can be traced here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"

#define MOST_STOPS 20000
#define MOST_SEEN 4096

enum { OLD = 1, NEW = 2 };

struct follow {
	const char *verb, *option;
	int wanted;
};

struct scenario {
	const char *setup; /* a verb before, NULL: none */
	const char *verb;  /* the one that is ended */
	struct follow follows[4];
};

static const struct scenario scenarios[] = {
	{ NULL, "enable", { { "enable", NULL, NEW }, { "undo", NULL, OLD }, { "enable", "--auto", NEW } } },
	/* An automatic run after an undo that was ended may come before its hold. */
	{ "enable", "undo", { { "undo", NULL, OLD }, { "enable", NULL, NEW }, { "enable", "--auto", OLD | NEW } } },
	/* What is disabled stays so, once that was written.  Not of `path`, for its time. */
	{ "enable", "disable", { { "disable", NULL, OLD }, { "undo", NULL, OLD }, { "enable", NULL, OLD | NEW } } },
};

static const char *mode, *work, *program;
static char **common;
static int errors = -1; /* what the last run said */
static int failure;	/* the errno of a failing call; 0: it is killed, or told to end */
static struct place *places;
static size_t place_count;
static bool only_path; /* real: only at calls that write; one next run for each end */
static unsigned long points, ends, followed, faults;

static void die(const char *what)
{
	fprintf(stderr, "kill-at-every-syscall: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---------------------------------------------------------- one run of the program */

static void exec_program(const char *verb, const char *option)
{
	char *args[64];
	size_t count = 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	args[count++] = (char *)program;
	args[count++] = (char *)verb;
	for (char **word = common; *word && count < 61; word++)
		args[count++] = *word;
	if (option)
		args[count++] = (char *)option;
	args[count] = NULL;
	if (null < 0 || ftruncate(errors, 0) || lseek(errors, 0, SEEK_SET) < 0 || dup2(null, 0) < 0 ||
	    dup2(null, 1) < 0 || dup2(errors, 2) < 0)
		_exit(99);
	alarm(60);
	execv(program, args);
	_exit(99);
}

static void print_errors(void)
{
	char text[2048];
	ssize_t got = pread(errors, text, sizeof(text) - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	fputs(text, stderr);
}

/* Its exit status; 128 and the signal when one ended it. */
static int code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const char *verb, const char *option)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		exec_program(verb, option);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	return code_of(status);
}

static pid_t start_traced(const char *verb)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(98);
		exec_program(verb, NULL);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "no process can be traced here\n");
		exit(77);
	}
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(intptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)))
		die("PTRACE_SETOPTIONS");
	return pid;
}

/* Is this the entry of one of these calls? */
static bool is_entry_of(pid_t pid, const long *calls, size_t count, struct __ptrace_syscall_info *ret)
{
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(*ret), ret) <= 0 ||
	    ret->op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	for (size_t i = 0; i < count; i++)
		if ((long)ret->entry.nr == calls[i])
			return true;
	return false;
}

/* What it prints does not last. */
static bool may_change(pid_t pid)
{
	static const long calls[] = {
		SYS_write,     SYS_pwrite64, SYS_fsync,	  SYS_fdatasync, SYS_ftruncate,
		SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_openat,	 SYS_fchmod,
#ifdef SYS_rename
		SYS_rename,    SYS_renameat, SYS_mkdir,
#endif
	};
	struct __ptrace_syscall_info info;

	if (!is_entry_of(pid, calls, sizeof(calls) / sizeof(*calls), &info))
		return false;
	if (info.entry.nr == SYS_openat)
		return info.entry.args[2] & (O_CREAT | O_TRUNC);
	return info.entry.nr != SYS_write || info.entry.args[0] > 2;
}

/* The call that would fail, at its entry: those that ask the kernel for something a disk or a device may refuse. */
static bool may_fail(pid_t pid)
{
	static const long calls[] = {
		SYS_openat,    SYS_write,    SYS_pwrite64, SYS_read,	SYS_pread64,   SYS_fsync,
		SYS_fdatasync, SYS_ftruncate, SYS_lseek,   SYS_unlinkat, SYS_renameat2, SYS_fchmod,
#ifdef SYS_rename
		SYS_rename,    SYS_mkdir,    SYS_open,	   SYS_renameat,
#endif
		SYS_mkdirat,   SYS_newfstatat, SYS_fstat,  SYS_close,	SYS_fcntl,
	};

	struct __ptrace_syscall_info info;

	return is_entry_of(pid, calls, sizeof(calls) / sizeof(*calls), &info);
}

#ifdef __x86_64__
#define CAN_FAIL true
/* At its entry the call becomes none, at its exit that none has an answer. */
static void let_fail(pid_t pid)
{
	struct user_regs_struct regs;
	int status;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		die("PTRACE_GETREGS");
	regs.orig_rax = (unsigned long long)-1;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) || ptrace(PTRACE_SYSCALL, pid, NULL, NULL) ||
	    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		die("the failing call");
	regs.rax = (unsigned long long)-failure;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs))
		die("PTRACE_SETREGS");
}
#else
#define CAN_FAIL false
static void let_fail(pid_t pid)
{
	(void)pid;
}
#endif

enum end { ENDED_ITSELF, ENDED_HERE, NOTHING_DONE };

/* What is to happen at this stop; NOTHING_DONE: nothing can, here. */
static enum end strike(pid_t pid, int *ret_code)
{
	int status;

	if (failure && !may_fail(pid)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return NOTHING_DONE;
	}
	if (failure)
		let_fail(pid);
	else
		kill(pid, !strcmp(mode, "term") ? SIGTERM : SIGKILL);
	if (!failure && strcmp(mode, "term") != 0) {
		waitpid(pid, &status, 0);
	} else if (ptrace(PTRACE_DETACH, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid) {
		die("PTRACE_DETACH");
	}
	*ret_code = code_of(status);
	return ENDED_HERE;
}

/* Runs it up to its `wanted`th stop at a system call. */
static enum end run_until(const char *verb, unsigned long wanted, int *ret_code)
{
	pid_t pid = start_traced(verb);
	unsigned long stops = 0;
	int status, signal = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)signal) || waitpid(pid, &status, 0) != pid)
			die("PTRACE_SYSCALL");
		if (!WIFSTOPPED(status)) {
			*ret_code = code_of(status);
			return ENDED_ITSELF;
		}
		signal = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
		if (signal)
			continue;
		if (++stops == wanted)
			return strike(pid, ret_code);
	}
}

/* ------------------------------------------------------------------ what lasts */

static struct files empty, enabled; /* of the folder, before and after */
static char *old_state, *new_state;

static char *state_now(void)
{
	return places ? places_read(places, place_count) : files_sorted(work, "overlay");
}

static uint64_t hash_now(struct files *files)
{
	uint64_t hash;
	char *now = places ? state_now() : NULL;

	files_save(work, files);
	hash = files_hash(files, now);
	free(now);
	return hash;
}

/* All that lasts, the machine first: it must be there for what the journal says of it. */
static void put(const struct files *files, const char *state)
{
	if (places)
		places_write(places, place_count, state);
	files_restore(work, files);
}

static int which(void)
{
	char *now = state_now();
	int found = (!strcmp(now, old_state) ? OLD : 0) | (!strcmp(now, new_state) ? NEW : 0);

	free(now);
	return found;
}

static void expect(const char *what, int code)
{
	if (!code)
		return;
	fprintf(stderr, "%s: exit status %d\n", what, code);
	print_errors();
	exit(2);
}

static void take_back(void)
{
	if (which() != OLD)
		expect("undo", run("undo", NULL));
	if (which() == OLD)
		return;
	fprintf(stderr, "undo does not lead to the old state\n");
	exit(1);
}

static void begin(const struct scenario *scenario)
{
	put(scenario->setup ? &enabled : &empty, scenario->setup ? new_state : old_state);
}

static void learn(void)
{
	old_state = state_now();
	files_save(work, &empty);
	expect("enable", run("enable", NULL));
	new_state = state_now();
	files_save(work, &enabled);
	if (!strcmp(old_state, new_state)) {
		fprintf(stderr, "enable changes nothing: there is nothing to see\n");
		exit(2);
	}
	take_back();
}

/* ------------------------------------------------------------------- the claims */

static void fault(const struct scenario *scenario, unsigned long stop, const char *next, const char *what, int code)
{
	faults++;
	fprintf(stderr, "%s ended (%s) at stop %lu, then %s: %s (exit status %d)\n", scenario->verb, mode, stop, next,
		what, code);
	print_errors();
}

/* Whatever began has an end by now, or another run has said what became of it. */
static void check_history(const struct scenario *scenario, unsigned long stop, const char *next)
{
	char *id = places ? NULL : history_open(work);

	if (id)
		fault(scenario, stop, next, "the history does not tell how a run ended", 0);
	free(id);
}

static void check_follow(const struct scenario *scenario, unsigned long stop, const struct follow *follow)
{
	int code = run(follow->verb, follow->option), state = which();

	followed++;
	if (code)
		fault(scenario, stop, follow->verb, "it does not succeed", code);
	else if (!(state & follow->wanted))
		fault(scenario, stop, follow->verb,
		      state ? "the other state" : "neither the old state nor the new one", code);
	code = run("status", NULL);
	if (code)
		fault(scenario, stop, "status", "it does not succeed", code);
	code = run("log", NULL);
	if (code)
		fault(scenario, stop, "log", "it does not succeed", code);
	check_history(scenario, stop, follow->verb);
}

/* What must hold at once, without another run. */
static void check_end(const struct scenario *scenario, unsigned long stop, int code)
{
	bool told = !strcmp(mode, "term");

	if (!told && !failure)
		return;
	/* The loader of libraries has its own. */
	if (failure && code == 127 && which() == (scenario->setup ? NEW : OLD))
		return;
	if (told ? code != 0 && code != 5 && code != 128 + SIGTERM : code > 6)
		fault(scenario, stop, "nothing", "an exit status that is not documented", code);
	/* 6 says that a human is needed; 0 that it is so. */
	if (code != 6 && !which())
		fault(scenario, stop, "nothing", "neither the old state nor the new one", code);
	if (failure && !code && !(which() & (strcmp(scenario->verb, "enable") ? OLD : NEW)))
		fault(scenario, stop, "nothing", "exit status 0, and it is not so", code);
}

static bool seen_before(const struct scenario *scenario, uint64_t hash)
{
	static uint64_t seen[MOST_SEEN];
	static size_t count;
	static const struct scenario *last;

	if (last != scenario)
		count = 0;
	last = scenario;
	for (size_t i = 0; i < count; i++)
		if (seen[i] == hash)
			return true;
	if (count < MOST_SEEN)
		seen[count++] = hash;
	return false;
}

static void check_follows(const struct scenario *scenario, unsigned long stop)
{
	struct files after = { 0 };
	char *state = places ? state_now() : NULL;
	size_t count = 0;

	if (!seen_before(scenario, hash_now(&after))) {
		ends++;
		while (count < 4 && scenario->follows[count].verb)
			count++;
		for (size_t i = 0; i < count; i++) {
			if (only_path && i != ends % count)
				continue;
			put(&after, state);
			int code = run("status", NULL);

			if (code)
				fault(scenario, stop, "status", "it does not succeed", code);
			check_follow(scenario, stop, &scenario->follows[i]);
		}
	}
	files_free(&after);
	free(state);
}

static bool check_stop(const struct scenario *scenario, unsigned long stop)
{
	int code = 0;

	begin(scenario);
	enum end end = run_until(scenario->verb, stop, &code);

	if (end == ENDED_ITSELF)
		return false;
	if (end == NOTHING_DONE)
		return true;
	points++;
	check_end(scenario, stop, code);
	check_follows(scenario, stop);
	return true;
}

/* Runs it to its end, looking at each entry of a call what has changed by then.  *ret: the stops of calls that may. */
static void survey(const struct scenario *scenario, bool *ret)
{
	uint64_t before = 0, hash;
	struct files now = { 0 };
	unsigned long stops = 0;
	int status, signal = 0;
	bool any = false, changes = true;

	begin(scenario);
	pid_t pid = start_traced(scenario->verb);

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)signal) || waitpid(pid, &status, 0) != pid)
			die("PTRACE_SYSCALL");
		if (!WIFSTOPPED(status))
			break;
		signal = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
		if (signal || ++stops % 2 == 0 || stops + 1 >= MOST_STOPS)
			continue;
		hash = hash_now(&now);
		if (hash != before && !changes)
			fault(scenario, stops, "nothing",
			      "the call before has changed something, and is not in the list", 0);
		before = hash;
		changes = may_change(pid);
		any |= changes;
		ret[stops] = ret[stops + 1] = changes;
	}
	files_free(&now);
	expect(scenario->verb, code_of(status));
	if (!any) {
		fprintf(stderr, "%s writes nothing\n", scenario->verb);
		exit(2);
	}
}

static void check_scenario(const struct scenario *scenario)
{
	bool wanted[MOST_STOPS] = { false };
	unsigned long before = points;

	if (only_path)
		survey(scenario, wanted);
	for (unsigned long stop = 1; stop < MOST_STOPS; stop++)
		if ((!only_path || wanted[stop]) && !check_stop(scenario, stop))
			break;
	printf("%s: %lu points\n", scenario->verb, points - before);
	fflush(stdout);
}

int main(int argc, char *argv[])
{
	if (argc < 4) {
		fprintf(stderr, "usage: kill-at-every-syscall MODE WORK PROGRAM COMMON...\n");
		return 2;
	}
	mode = argv[1];
	failure = !strcmp(mode, "ENOSPC") ? ENOSPC : !strcmp(mode, "EIO") ? EIO : 0;
	if (failure && !CAN_FAIL) {
		printf("system calls cannot be made to fail on this processor\n");
		return 77;
	}
	errors = memfd_create("errors", MFD_CLOEXEC);
	if (!strncmp(mode, "real=", 5) && strchr(mode, ',')) {
		places = places_parse(strchr(mode, ',') + 1, &place_count);
		only_path = !strncmp(mode + 5, "path,", 5);
		mode = "real";
	}
	work = argv[2];
	program = argv[3];
	common = argv + 4;
	learn();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios) - only_path; i++)
		check_scenario(&scenarios[i]);
	if (places)
		put(&empty, old_state);
	printf("%s: ended at %lu points, in %lu ways, %lu next runs\n", mode, points, ends, followed);
	printf("%lu passed, %lu failed\n", points - (faults < points ? faults : points), faults);
	return faults ? 1 : 0;
}
