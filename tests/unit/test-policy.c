/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policies: the page's example, texts that go out and come back, several
 * files; and the matcher against a second opinion, the rules read one by one
 * as p2p-policy(5) says them, on random policies and machines.
 *
 * Arguments: the hardware rows, the manual page, [seeds].
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "core/base/text.h"
#include "core/engine/policy-check.h"
#include "core/engine/policy.h"
#include "core/io/policy-yaml.h"
#include "core/io/policy.h"
#include "core/model/acs.h"
#include "core/view/policy-yaml.h"

#define MOST 12	      /* functions of a machine */
#define MOST_RULES 8 /* of a policy */

static uint64_t random_state;

static unsigned pick(unsigned below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % below;
}

/* NULL: refused; every mistake is printed when it was to be taken. */
static struct p2p_policy *parse(const char *text, bool taken)
{
	struct p2p_problems problems = { 0 };
	struct p2p_policy *policy = NULL;
	const char *says = NULL;
	int error = p2p_policy_parse("test", text, strlen(text), &problems, &policy);

	CHECK(!error == taken && !policy == !taken && !problems.count == taken);
	while (taken && (says = p2p_names_next(&problems.texts, says)))
		fprintf(stderr, "  it says: %s\n", says);
	p2p_problems_free(&problems);
	return policy;
}

/* As YAML, without the comments: those say where it is from. */
static char *without_comments(const struct p2p_policy *policy)
{
	static const enum p2p_answer all[MOST_RULES * 4] = { P2P_MAYBE };
	struct p2p_buf text = P2P_BUF_INIT, ret = P2P_BUF_INIT;

	p2p_policy_yaml(policy, all, all, &text);
	for (const char *line = p2p_buf_text(&text); *line;) {
		size_t length = strcspn(line, "\n") + 1;

		if (line[strspn(line, " ")] != '#')
			p2p_buf_add(&ret, line, length);
		line += length;
	}
	char *copy = strdup(p2p_buf_text(&ret));

	p2p_buf_free(&text);
	p2p_buf_free(&ret);
	return copy;
}

/* What is printed is the same policy when it is read. */
static void check_again(const struct p2p_policy *policy)
{
	char *first = without_comments(policy);
	struct p2p_policy *again = parse(first, true);

	if (again) {
		char *second = without_comments(again);

		CHECK(!strcmp(first, second));
		CHECK(again->rule_count == policy->rule_count && again->nvmet_count == policy->nvmet_count);
		free(second);
	}
	p2p_policy_free(again);
	free(first);
}

/* ------------------------------------------------------------------- texts */

static void test_glob(void)
{
	static const struct { const char *pattern, *text; bool fits;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "?", "", false },
		{ "?", "a", true },
		{ "?", "ab", false },
		{ "a*b", "ab", true },
		{ "a*b", "axxb", true },
		{ "a*b", "axxbc", false },
		{ "*.example", "a.example", true },
		{ "a*b*c", "abbcbc", true },
		{ "a**c", "abc", true },
		{ "storage-?", "storage-1", true },
		{ "storage-?", "storage-12", false },
		{ "*aab", "aaaab", true },
		{ "A", "a", false },
		{ "[ab]", "a", false },
		{ "[ab]", "[ab]", true },
		{ "\\*", "*", false },
		{ "**", "", true },
	};
	/* As hard as it gets for one that tries all: this must not take for ever. */
	char many[2000];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK(p2p_text_glob(cases[i].pattern, cases[i].text) == cases[i].fits);
		if (p2p_text_glob(cases[i].pattern, cases[i].text) != cases[i].fits)
			fprintf(stderr, "  %s and %s\n", cases[i].pattern, cases[i].text);
	}
	memset(many, 'a', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	CHECK(!p2p_text_glob("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", many));
}

static void check_cover(const char *a, const char *b, bool covers)
{
	CHECK(p2p_patterns_cover(&a, 1, &b, 1) == covers);
	if (p2p_patterns_cover(&a, 1, &b, 1) != covers)
		fprintf(stderr, "  %s and %s\n", a, b);
}

static void test_patterns_cover(void)
{
	check_cover("*", "a*", true);
	check_cover("a*", "a?c", true);
	check_cover("a?c", "a*c", false);
	check_cover("a?", "ab", true);
	check_cover("a*", "b*", false);
	check_cover("a*b", "a*b", true);
	check_cover("?", "?", true);
	check_cover("*a", "a*", false);
	check_cover("web*", "web", true);
	/* Against asking for every short text. */
	for (unsigned i = 0; i < 4000; i++) {
		char a[5] = "", b[5] = "";
		bool all = true;

		for (unsigned at = 0; at < 4; at++) {
			a[at] = "ab*?\0"[pick(5)];
			b[at] = "ab*?\0"[pick(5)];
		}
		for (unsigned text = 0; text < 81 * 3; text++) {
			char word[6] = "";

			for (unsigned at = 0, rest = text; at < 5; at++, rest /= 3)
				word[at] = "ab\0"[rest % 3];
			all &= !p2p_text_glob(b, word) || p2p_text_glob(a, word);
		}
		const char *x = a, *y = b;

		CHECK(!p2p_patterns_cover(&x, 1, &y, 1) || all);
	}
}

static void test_yaml_text(void)
{
	static const char *const texts[] = {
		"nvme", "no", "Yes", "~", "12", "1e6", "a b", "a: b", "\"quoted\" \\ back", "# no comment", "- item",
		"\xc3\xa9t\xc3\xa9", "\xc2\x85 next line", "\xe2\x80\xa8 separator", "\xe2\x80\xae over",
		"\xf3\xa0\x81\x81 tag", "\xef\xbf\xbe none", "{", "[", "&a", "*a", "!t", "%", "@", "`", "'", " blank ",
		"0000:03:00.0", "null", "true", "n", "",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) - 1; i++) {
		struct p2p_buf text = P2P_BUF_INIT;

		p2p_buf_puts(&text, "schema: p2p-policy/1\nrules:\n  - do: deny\n    name: ");
		p2p_text_yaml(&text, texts[i]);
		p2p_buf_puts(&text, "\n");
		struct p2p_policy *policy = parse(p2p_buf_text(&text), true);

		CHECK(policy && !strcmp(policy->rules[0].name, texts[i]));
		p2p_policy_free(policy);
		p2p_buf_free(&text);
	}
}

/* ----------------------------------------------------- refused, and taken */

static void check_rule_refused(const char *lines, const char *says)
{
	struct p2p_buf text = P2P_BUF_INIT;
	struct p2p_problems problems = { 0 };
	struct p2p_policy *policy = NULL;

	p2p_buf_printf(&text, "schema: p2p-policy/1\nrules:\n  - name: x\n%s", lines);
	CHECK(p2p_policy_parse("f", p2p_buf_text(&text), text.len, &problems, &policy) == -EINVAL && !policy);
	const char *first = p2p_names_next(&problems.texts, NULL);

	CHECK(problems.count == 1 && first && !strcmp(first, says));
	if (!first || strcmp(first, says) != 0)
		fprintf(stderr, "  it says: %s\n", first ? first : "nothing");
	p2p_problems_free(&problems);
	p2p_buf_free(&text);
}

static void test_refused(void)
{
	check_rule_refused("    do: alow\n", "f:4:9: 'do' must be allow or deny, did you mean 'allow'?");
	check_rule_refused("    do: allow\n    within: swich\n",
			   "f:5:13: 'within' must be system, node, host-bridge, root-port or switch, did you mean "
			   "'switch'?");
	check_rule_refused("    do: allow\n    pin-power: \"true\"\n",
			   "f:5:16: 'pin-power' must be true or false, did you mean 'true'?");
	check_rule_refused("    do: deny\n    pin-power: true\n",
			   "f:5:16: a rule that denies keeps nothing awake for its pairs");
	check_rule_refused("    do: deny\n    expect: { link: not-degraded }\n",
			   "f:5:13: nothing is expected of pairs that a rule denies");
	check_rule_refused("    do: deny\n    acs-redirect: off\n",
			   "f:5:19: a rule that denies cannot turn redirect off; leave it, or turn it on");
	check_rule_refused("    do: allow\n    acs-redirect: on\n",
			   "f:5:19: a rule that allows cannot turn redirect on; that is for one that denies");
	check_rule_refused("    do: allow\n    hosts: [a, 5]\n",
			   "f:5:16: put quotes around '5': without them it is no text");
	check_rule_refused("    do: allow\n    hosts: \"a\\u0007\"\n", "f:5:12: 'hosts' holds a control character");
	check_rule_refused("    do: allow\n    providers: { serial: 1e5 }\n",
			   "f:5:26: put quotes around '1e5': without them it is no text");
	check_rule_refused("    do: allow\n    expect: { p2pmem: 0 }\n",
			   "f:5:23: 'p2pmem' must be a number of bytes from 1, as 4096, 16M or 10G");
	check_rule_refused("    do: allow\n    expect: { p2pmem: 16777216T }\n",
			   "f:5:23: 'p2pmem' must be a number of bytes from 1, as 4096, 16M or 10G");
	check_rule_refused("    do: allow\n  - name: x\n    do: deny\n",
			   "f:5:11: the name 'x' a second time, the first is in line 3");
	check_rule_refused("    do: allow\nnvmet:\n  - { name: x, subsystem: a, p2pmem: aut }\n",
			   "f:6:38: 'p2pmem' must be off, auto or a selector of one device, as { slot: "
			   "\"0000:00:01.0/00.0\" }, did you mean 'auto'?");
}

static void test_example(const char *page)
{
	char text[32768];
	FILE *file = fopen(page, "r");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[len] = '\0';
	char *start = strstr(text, "\n.Bd -literal\n"), *end = start ? strstr(start, "\n.Ed\n") : NULL;

	CHECK(end);
	if (!end)
		return;
	end[1] = '\0';
	struct p2p_policy *policy = parse(start + strlen("\n.Bd -literal\n"), true);

	if (!policy)
		return;
	const struct p2p_policy_rule *rule = policy->rules;

	CHECK(policy->rule_count == 2 && policy->nvmet_count == 2);
	CHECK(rule[0].permit == P2P_PERMIT_DENY && rule[0].redirect == P2P_REDIRECT_ON && !rule[0].clients.count);
	CHECK(rule[1].host_count == 2 && rule[1].providers.count == 3 && rule[1].within == P2P_WITHIN_SWITCH);
	CHECK(rule[1].p2pmem_least == 16777216 && rule[1].bytes_per_second == 5ull << 30 && rule[1].pin_power);
	CHECK(policy->nvmet[0].memory == P2P_NVMET_DEVICE && policy->nvmet[0].restart);
	check_again(policy);
	p2p_policy_free(policy);
}

/* ----------------------------------------------------------- several files */

static char folder[] = "/tmp/test-policy-XXXXXX";

static void put_file(const char *name, const char *text)
{
	struct p2p_buf path = P2P_BUF_INIT;

	p2p_buf_printf(&path, "%s/%s", folder, name);
	FILE *file = fopen(p2p_buf_text(&path), "w");

	CHECK(file);
	if (file) {
		fprintf(file, "schema: p2p-policy/1\n%s", text);
		fclose(file);
	}
	chmod(p2p_buf_text(&path), 0644);
	p2p_buf_free(&path);
}

static void make_folder(const char *name)
{
	struct p2p_buf path = P2P_BUF_INIT;

	p2p_buf_printf(&path, "%s/%s", folder, name);
	CHECK(!mkdir(p2p_buf_text(&path), 0755));
	chmod(p2p_buf_text(&path), 0755);
	p2p_buf_free(&path);
}

/* The rules in the order in which they are tried, "name@file:line ...". */
static void check_order(const struct p2p_policy *policy, const char *wanted)
{
	struct p2p_buf text = P2P_BUF_INIT;

	for (size_t i = 0; i < policy->rule_count; i++)
		p2p_buf_printf(&text, "%s%s@%s:%u", i ? " " : "", policy->rules[i].name,
			       policy->rules[i].where.path + strlen(folder) + 1, policy->rules[i].where.line);
	CHECK(!strcmp(p2p_buf_text(&text), wanted));
	if (strcmp(p2p_buf_text(&text), wanted) != 0)
		fprintf(stderr, "  %s\n", p2p_buf_text(&text));
	p2p_buf_free(&text);
}

static void test_several(void)
{
	struct p2p_policy *policy = NULL;
	struct p2p_problems problems = { 0 };
	char usr[64], run[64], etc[64], none[64];
	const char *places[] = { usr, none, run, etc };

	CHECK(mkdtemp(folder));
	chmod(folder, 0755);
	snprintf(usr, sizeof(usr), "%s/usr", folder);
	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(etc, sizeof(etc), "%s/etc", folder);
	snprintf(none, sizeof(none), "%s/none", folder);
	make_folder("usr"), make_folder("run"), make_folder("etc");
	put_file("usr/10-a.yaml", "rules:\n  - { name: hidden, do: deny }\n");
	put_file("run/10-a.yaml", "rules:\n  - { name: hidden-too, do: deny }\n");
	put_file("etc/10-a.yaml", "rules:\n  - { name: one, do: deny }\n  - { name: two, do: deny }\n");
	put_file("usr/50-b.yaml", "rules:\n  - { name: three, do: deny }\n  - { name: one, do: allow }\n");
	put_file("run/30-c.yaml", "rules:\n  - { name: four, do: deny }\n"
				  "nvmet:\n  - { name: two, subsystem: s, p2pmem: auto }\n");
	put_file("etc/.30.yaml", "rules: 5\n");
	put_file("etc/readme", "rules: 5\n");
	CHECK(p2p_policy_load(places, 4, false, &problems, &policy) == 0 && policy);
	if (!policy)
		return;
	check_order(policy, "three@usr/50-b.yaml:3 one@usr/50-b.yaml:4 four@run/30-c.yaml:3");
	CHECK(policy->hidden_count == 2 && strstr(policy->hidden[0].path, "usr/10-a") &&
	      strstr(policy->hidden[1].by, "etc/10-a"));
	CHECK(policy->replaced_count == 2 && !strcmp(policy->replaced[0].name, "one") &&
	      strstr(policy->replaced[0].by.path, "50-b") && strstr(policy->replaced[1].by.path, "30-c"));
	CHECK(policy->path_count == 3);
	check_again(policy);
	p2p_policy_free(policy);
	/* A person who names what is not there is told; a usual place that is not there is empty. */
	policy = NULL;
	CHECK(p2p_policy_load(&places[1], 1, true, &problems, &policy) == -ENOENT && problems.count == 1);
	CHECK(p2p_policy_load(&places[1], 1, false, &problems, &policy) == 0 && !policy->rule_count);
	p2p_policy_free(policy);
	p2p_problems_free(&problems);
}

static void remove_folder(void)
{
	struct p2p_buf command = P2P_BUF_INIT;

	p2p_buf_printf(&command, "rm -rf -- '%s'", folder);
	CHECK(system(p2p_buf_text(&command)) == 0);
	p2p_buf_free(&command);
}

/* ------------------------------------------------------ a random machine */

static struct p2p_fact known(void)
{
	return p2p_fact_of(0, P2P_ORIGIN_READ);
}

/* Read, or absent, or not known. */
static struct p2p_fact some(void)
{
	return pick(6) ? known() : p2p_fact_of(pick(2) ? -2 : -13, P2P_ORIGIN_READ);
}

static void make_function(struct p2p_machine *machine, int index)
{
	static const char *const words[] = { "nvme", "vfio-pci", "mlx5_core" };
	struct p2p_function *function = &machine->functions[index];
	int up = pick(4) ? (int)pick((unsigned)index + 1) - 1 : P2P_NOBODY;

	while (up != P2P_NOBODY && machine->functions[up].header.value != 1)
		up = p2p_known(machine->functions[up].up.fact) ? machine->functions[up].up.to : P2P_NOBODY;
	function->bdf = (struct p2p_bdf){ 0, (uint8_t)index, (uint8_t)(8 * pick(3)) };
	function->vendor = p2p_number_read(0x1000 + pick(2));
	function->device = p2p_number_read(pick(2));
	function->class = p2p_number_read(pick(2) ? 0x010802 : pick(2) ? 0x010400 : pick(3) ? 0x020000 : 0x060000);
	function->header = p2p_number_read(pick(2));
	function->port_type = p2p_number_read(up == P2P_NOBODY ? 4 : 6);
	function->driver = p2p_word_read(words[pick(3)]);
	function->serial = p2p_word_read(pick(2) ? "S1" : "S2");
	function->numa_node = (struct p2p_signed){ known(), pick(2) };
	function->vendor.fact = some(), function->class.fact = some(), function->driver.fact = some();
	function->serial.fact = some(), function->numa_node.fact = some(), function->port_type.fact = some();
	function->physfn.fact = p2p_fact_of(-2, P2P_ORIGIN_READ);
	function->below = P2P_NOBODY;
	function->up = (struct p2p_edge){ up == P2P_NOBODY ? p2p_fact_of(-2, P2P_ORIGIN_READ) : known(), up };
	function->hostbridge = up == P2P_NOBODY ? (int)pick((unsigned)machine->hostbridge_count)
						: machine->functions[up].hostbridge;
	function->acs.fact = known();
	function->acs.ctrl = pick(2) ? P2P_ACS_REDIRECT : 0;
	if (up == P2P_NOBODY && !pick(3)) {
		function->up.fact = p2p_fact_of(-13, P2P_ORIGIN_READ);
		function->hostbridge = P2P_NOBODY;
	}
}

static struct p2p_machine *make_machine(void)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_machine *machine = p2p_arena_alloc(arena, sizeof(*machine));

	machine->arena = arena;
	machine->function_count = 2 + pick(MOST - 2);
	machine->functions = p2p_arena_array(arena, machine->function_count, sizeof(*machine->functions));
	machine->hostbridge_count = 1 + pick(2);
	machine->hostbridges = p2p_arena_array(arena, machine->hostbridge_count, sizeof(*machine->hostbridges));
	for (size_t i = 0; i < machine->function_count; i++)
		make_function(machine, (int)i);
	for (size_t h = 0; h < machine->hostbridge_count; h++)
		machine->hostbridges[h] =
			(struct p2p_hostbridge){ .name = "pci", .key = "pci", .under = P2P_NOBODY, .order = known() };
	machine->host.kernel = p2p_word_read("6.12.1");
	machine->host.p2pdma = p2p_number_read(1);
	return machine;
}

/* -------------------------------------------------------- a random policy */

static void put_selector(struct p2p_buf *text, const struct p2p_machine *machine)
{
	const struct p2p_function *function = &machine->functions[pick((unsigned)machine->function_count)];
	struct p2p_buf path = P2P_BUF_INIT;
	char address[P2P_BDF_TEXT];
	const char *comma = "";

	p2p_buf_puts(text, "{ ");
	while (!*comma) {
		if (!pick(4))
			p2p_buf_printf(text, "%sdriver: %s", comma, pick(2) ? "nvme" : "vfio-pci"), comma = ", ";
		if (!pick(4))
			p2p_buf_printf(text, "%sid: \"%04x:%s\"", comma, 0x1000 + pick(2), pick(2) ? "" : "0001"),
				comma = ", ";
		if (!pick(4))
			p2p_buf_printf(text, "%sclass: \"%s\"", comma, pick(2) ? "01" : pick(2) ? "0108" : "010802"),
				comma = ", ";
		if (!pick(5))
			p2p_buf_printf(text, "%sserial: S%u", comma, 1 + pick(2)), comma = ", ";
		if (!pick(5))
			p2p_buf_printf(text, "%snode: %u", comma, pick(2)), comma = ", ";
		if (!pick(8))
			p2p_buf_printf(text, "%saddress: \"%s\"", comma, p2p_bdf_format(function->bdf, true, address)),
				comma = ", ";
		if (!pick(8) && !p2p_function_path(machine, (int)(function - machine->functions), &path))
			p2p_buf_printf(text, "%sslot: \"%s\"", comma, p2p_buf_text(&path)), comma = ", ";
	}
	p2p_buf_puts(text, " }");
	p2p_buf_free(&path);
}

static void put_selectors(struct p2p_buf *text, const char *key, const struct p2p_machine *machine)
{
	if (!pick(3))
		return;
	p2p_buf_printf(text, "    %s: [", key);
	put_selector(text, machine);
	if (!pick(3)) {
		p2p_buf_puts(text, ", ");
		put_selector(text, machine);
	}
	p2p_buf_puts(text, "]\n");
}

static struct p2p_policy *make_policy(const struct p2p_machine *machine)
{
	static const char *const withins[] = { "system", "node", "host-bridge", "root-port", "switch" };
	struct p2p_buf text = P2P_BUF_INIT;
	unsigned count = 1 + pick(MOST_RULES - 1);
	bool bare = !pick(4); /* only how far apart: then many rules cover others */

	p2p_buf_puts(&text, "schema: p2p-policy/1\nrules:\n");
	for (unsigned i = 0; i < count; i++) {
		bool deny = !pick(3);

		p2p_buf_printf(&text, "  - name: r%u\n    do: %s\n", i, deny ? "deny" : "allow");
		if (!bare) {
			put_selectors(&text, "providers", machine);
			put_selectors(&text, "clients", machine);
		}
		if (pick(2))
			p2p_buf_printf(&text, "    within: %s\n", withins[pick(5)]);
		if (pick(2))
			p2p_buf_printf(&text, "    acs-redirect: %s\n    acs-by: %s\n", deny ? "on" : "off",
				       pick(2) ? "boot" : "runtime");
	}
	struct p2p_policy *policy = parse(p2p_buf_text(&text), true);

	p2p_buf_free(&text);
	return policy;
}

/* ----------------------------------------------------- the second opinion */

/* A fact that is asked for: not known is '?', and so is all that hangs on it. */
static char fact_is(struct p2p_fact fact, bool holds)
{
	return p2p_known(fact) ? (holds ? 'y' : 'n') : p2p_absent(fact) ? 'n' : '?';
}

static char selector_says(const struct p2p_selector *s, const struct p2p_machine *machine, int index)
{
	const struct p2p_function *f = &machine->functions[index];
	struct p2p_buf path = P2P_BUF_INIT;
	char text[P2P_BDF_TEXT], asked[16];
	size_t count = 0;

	if (s->has_vendor)
		asked[count++] = fact_is(f->vendor.fact, f->vendor.value == s->vendor);
	if (s->has_device)
		asked[count++] = fact_is(f->device.fact, f->device.value == s->device);
	if (s->has_class)
		asked[count++] = fact_is(f->class.fact, (f->class.value & s->class_mask) == s->class);
	if (s->has_node)
		asked[count++] = fact_is(f->numa_node.fact, f->numa_node.value == s->node);
	if (s->driver)
		asked[count++] =
			fact_is(f->driver.fact, p2p_known(f->driver.fact) && !strcmp(f->driver.text, s->driver));
	if (s->serial)
		asked[count++] =
			fact_is(f->serial.fact, p2p_known(f->serial.fact) && !strcmp(f->serial.text, s->serial));
	if (s->address)
		asked[count++] = !strcmp(p2p_bdf_format(f->bdf, true, text), s->address) ? 'y' : 'n';
	/* Of one whose way up is not known only the last step is: that alone can tell that it is another. */
	if (s->slot) {
		int error = p2p_function_path(machine, index, &path);

		snprintf(text, sizeof(text), "%02x.%u", f->bdf.devfn >> 3, f->bdf.devfn & 7);
		asked[count++] = !error ? (!strcmp(p2p_buf_text(&path), s->slot) ? 'y' : 'n')
				 : !strcmp(s->slot + strlen(s->slot) - 4, text) ? '?'
										  : 'n';
	}
	p2p_buf_free(&path);
	return memchr(asked, 'n', count) ? 'n' : memchr(asked, '?', count) ? '?' : 'y';
}

static char selectors_say(const struct p2p_selectors *list, const struct p2p_machine *machine, int index)
{
	char best = list->count ? 'n' : 'y';

	const struct p2p_function *f = &machine->functions[index];

	if (f->header.value == 1 || (p2p_known(f->class.fact) && (f->class.value & 0xff0000) == 0x060000))
		return 'n';
	for (size_t i = 0; i < list->count; i++) {
		char one = selector_says(&list->list[i], machine, index);

		best = one == 'y' || best == 'y' ? 'y' : one == '?' ? '?' : best;
	}
	return best;
}

/* Where the two walks meet, step by step; -2: one of them ends where it is not known how it goes on. */
static int meets(const struct p2p_machine *machine, int a, int b)
{
	const struct p2p_edge *edge = NULL;
	bool unknown = false;

	for (int x = a; x != P2P_NOBODY; x = p2p_known(edge->fact) ? edge->to : P2P_NOBODY) {
		edge = &machine->functions[x].up;
		unknown |= !p2p_known(edge->fact) && !p2p_absent(edge->fact);
		const struct p2p_edge *other = NULL;

		for (int y = b; y != P2P_NOBODY; y = p2p_known(other->fact) ? other->to : P2P_NOBODY) {
			other = &machine->functions[y].up;
			unknown |= !p2p_known(other->fact) && !p2p_absent(other->fact);
			if (x == y)
				return x;
		}
	}
	return unknown ? -2 : P2P_NOBODY;
}

static char within_says(enum p2p_within within, const struct p2p_machine *machine, int a, int b)
{
	const struct p2p_function *x = &machine->functions[a], *y = &machine->functions[b];
	int common = meets(machine, a, b);

	switch (within) {
	case P2P_WITHIN_SYSTEM:
		return 'y';
	case P2P_WITHIN_NODE:
		if (p2p_absent(x->numa_node.fact) || p2p_absent(y->numa_node.fact))
			return 'n';
		return !p2p_known(x->numa_node.fact) || !p2p_known(y->numa_node.fact) ? '?'
		       : x->numa_node.value == y->numa_node.value			? 'y'
											: 'n';
	case P2P_WITHIN_HOST_BRIDGE:
		if (common >= 0)
			return 'y';
		return x->hostbridge < 0 || y->hostbridge < 0 ? '?' : x->hostbridge == y->hostbridge ? 'y' : 'n';
	case P2P_WITHIN_ROOT_PORT:
		return common >= 0 ? 'y' : common == -2 ? '?' : 'n';
	default:
		if (common < 0)
			return common == -2 ? '?' : 'n';
		return fact_is(machine->functions[common].port_type.fact,
			       machine->functions[common].port_type.value != 4);
	}
}

static char rule_says(const struct p2p_policy_rule *rule, const struct p2p_machine *machine, int a, int b)
{
	const char parts[] = { selectors_say(&rule->providers, machine, a), selectors_say(&rule->clients, machine, b),
			       within_says(rule->within, machine, a, b) };

	return memchr(parts, 'n', 3) ? 'n' : memchr(parts, '?', 3) ? '?' : 'y';
}

/* The first rule that means it; '?' before that: nobody decides. */
static const struct p2p_policy_rule *decides(const struct p2p_policy *policy, const enum p2p_answer *applies,
					     const struct p2p_machine *machine, int a, int b)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		char says = applies[i] == P2P_NO ? 'n' : rule_says(&policy->rules[i], machine, a, b);

		if (says == 'y' && applies[i] == P2P_MAYBE)
			says = '?';

		if (says != 'n')
			return says == 'y' ? &policy->rules[i] : NULL;
	}
	return NULL;
}

/* ------------------------------------------------------------- the two compared */

/* A rule that is said to be covered never means more than the one that covers it. */
static void check_covers(const struct p2p_policy *policy, const struct p2p_machine *machine)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		for (size_t j = 0; j < policy->rule_count; j++) {
			if (i == j || !p2p_rule_covers(&policy->rules[i], &policy->rules[j]))
				continue;
			for (int a = 0; a < (int)machine->function_count; a++)
				for (int b = 0; b < (int)machine->function_count; b++)
					if (a != b && rule_says(&policy->rules[j], machine, a, b) == 'y')
						CHECK(rule_says(&policy->rules[i], machine, a, b) == 'y');
		}
}

/* So many pairs of a rule that meet nowhere are listed, the others counted. */
#define APART_LISTED 16

static void check_beyond(const struct p2p_plan *plan, const struct p2p_policy *policy, const uint64_t *apart)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		uint64_t counted = 0;

		for (size_t j = 0; j < plan->beyond_count; j++)
			if (!strcmp(plan->beyond[j].rule, policy->rules[i].name))
				counted += plan->beyond[j].pairs;
		CHECK(counted == (apart[i] > APART_LISTED ? apart[i] - APART_LISTED : 0));
	}
}

/* What is handed to the planner is what each pair's rule wishes, and nothing else. */
static void check_wishes(const struct p2p_matcher *matcher, const struct p2p_policy *policy,
			 const enum p2p_answer *applies, const struct p2p_judge *judge,
			 const struct p2p_machine *machine, enum p2p_wish_by by)
{
	struct p2p_arena *arena = p2p_arena_new();
	struct p2p_planner *planner = p2p_planner_new(judge, arena);

	p2p_matcher_wish(matcher, by, planner);
	const struct p2p_plan *plan = p2p_planner_finish(planner);
	uint64_t apart[MOST_RULES] = { 0 };
	size_t wished = 0;

	for (int a = 0; a < (int)machine->function_count; a++)
		for (int b = 0; b < (int)machine->function_count; b++) {
			const struct p2p_policy_rule *rule =
				a == b ? NULL : decides(policy, applies, machine, a, b);

			if (!rule || rule->redirect == P2P_REDIRECT_LEAVE || rule->by != by)
				continue;
			if (meets(machine, a, b) == P2P_NOBODY && ++apart[rule - policy->rules] > APART_LISTED)
				continue;
			CHECK(wished < plan->outcome_count && plan->outcomes[wished].provider == a &&
			      plan->outcomes[wished].client == b && !strcmp(plan->outcomes[wished].rule, rule->name));
			wished++;
		}
	CHECK(wished == plan->outcome_count);
	check_beyond(plan, policy, apart);
	p2p_arena_free(arena);
}

static void check_counts(const struct p2p_matcher *matcher, const struct p2p_policy *policy,
			 const enum p2p_answer *applies, const struct p2p_judge *judge,
			 const struct p2p_machine *machine)
{
	struct p2p_arena *arena = p2p_arena_new();
	size_t decided[MOST_RULES] = { 0 }, all = 0, counted = 0;
	struct p2p_verdict verdict;
	struct p2p_check check;

	p2p_policy_check(matcher, arena, &check);
	for (int a = 0; a < (int)machine->function_count; a++)
		for (int b = 0; b < (int)machine->function_count; b++) {
			const struct p2p_policy_rule *rule =
				a == b ? NULL : decides(policy, applies, machine, a, b);

			if (!rule)
				continue;
			decided[rule - policy->rules]++;
			p2p_judge_pair(judge, a, b, &verdict);
			all += verdict.supported == (rule->permit == P2P_PERMIT_ALLOW ? P2P_NO : P2P_YES);
		}
	for (size_t i = 0; i < policy->rule_count; i++)
		CHECK(check.rules[i].decides == decided[i]);
	for (size_t i = 0; i < check.finding_count; i++)
		counted += check.findings[i].condition == P2P_CONDITION_PAIR && check.findings[i].answer == P2P_NO;
	CHECK(counted == all && check.not_met == all);
	p2p_arena_free(arena);
}

static void compare(const struct p2p_hardware *rows)
{
	struct p2p_machine *machine = make_machine();
	struct p2p_policy *policy = make_policy(machine);
	struct p2p_judge *judge = p2p_judge_new(machine, rows);
	struct p2p_arena *arena = p2p_arena_new();
	enum p2p_answer applies[MOST_RULES];

	for (size_t i = 0; i < MOST_RULES; i++)
		applies[i] = pick(5) ? P2P_YES : pick(2) ? P2P_NO : P2P_MAYBE;
	const struct p2p_matcher *matcher = p2p_matcher_new(policy, applies, judge, arena);

	for (int a = 0; a < (int)machine->function_count; a++)
		for (int b = 0; b < (int)machine->function_count; b++)
			if (a != b)
				CHECK(p2p_matcher_rule(matcher, a, b) == decides(policy, applies, machine, a, b));
	check_covers(policy, machine);
	check_wishes(matcher, policy, applies, judge, machine, P2P_BY_BOOT);
	check_wishes(matcher, policy, applies, judge, machine, P2P_BY_RUNTIME);
	check_counts(matcher, policy, applies, judge, machine);
	check_again(policy);
	p2p_arena_free(arena);
	p2p_judge_free(judge);
	p2p_policy_free(policy);
	p2p_machine_free(machine);
}

int main(int argc, char *argv[])
{
	struct p2p_problem problem = { "" };
	struct p2p_hardware *rows = NULL;
	unsigned long seeds = argc > 3 ? strtoul(argv[3], NULL, 10) : 400;

	alarm(120); /* none of this may hang */
	CHECK(p2p_hardware_load(argc > 1 ? argv[1] : "policy/allowlist.yaml", &problem, &rows) == 0);
	if (!rows)
		return check_done();
	test_glob();
	test_patterns_cover();
	test_yaml_text();
	test_refused();
	test_example(argc > 2 ? argv[2] : "man/p2p-policy.5");
	test_several();
	remove_folder();
	for (unsigned long seed = 1; seed <= seeds; seed++) {
		unsigned long failed = check_failed;

		random_state = seed * 0x9e3779b97f4a7c15u;
		compare(rows);
		if (check_failed != failed)
			fprintf(stderr, "  seed %lu\n", seed);
	}
	p2p_hardware_free(rows);
	return check_done();
}
