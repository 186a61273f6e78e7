/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy: what all files together say; policy suggest A B: a rule to start with. */
#include <string.h>

#include "core/base/text.h"
#include "core/view/json.h"
#include "core/view/policy-yaml.h"
#include "ctl.h"

/* ------------------------------------------------------------------ suggest */

struct suggestion {
	const struct ctl *ctl;
	int provider, client;
	struct p2p_buf text;
};

/* "0000:03:00.0 (nvme0, Samsung PM9A3)", made visible. */
static void put_device(struct suggestion *to, int index)
{
	char address[P2P_BDF_TEXT];
	struct p2p_buf name = P2P_BUF_INIT;

	topo_name(&to->ctl->topo, index, &name);
	p2p_buf_printf(&to->text, "%s",
		       p2p_bdf_format(to->ctl->topo.machine->functions[index].bdf, true, address));
	if (name.len) {
		p2p_buf_puts(&to->text, " (");
		p2p_text_visible(&to->text, p2p_buf_text(&name), false);
		p2p_buf_putc(&to->text, ')');
	}
	p2p_buf_free(&name);
}

static void put_yaml(struct suggestion *to, const char *key, const char *text)
{
	p2p_buf_puts(&to->text, key);
	p2p_text_yaml(&to->text, text);
	p2p_buf_putc(&to->text, '\n');
}

/* By slot, which is what `plan A B` means; by what it is, and by its serial number, in comments. */
static void put_side(struct suggestion *to, const char *key, int index)
{
	const struct p2p_function *function = &to->ctl->topo.machine->functions[index];
	struct p2p_buf path = P2P_BUF_INIT;
	char text[P2P_BDF_TEXT];

	p2p_buf_printf(&to->text, "    %s:\n", key);
	if (!p2p_function_path(to->ctl->topo.machine, index, &path)) {
		p2p_buf_puts(&to->text, "      # What is in this slot, however buses are numbered at the next boot.\n");
		put_yaml(to, "      - slot: ", p2p_buf_text(&path));
	} else {
		p2p_buf_puts(&to->text, "      # What has this address; its slot is not known.\n");
		put_yaml(to, "      - address: ", p2p_bdf_format(function->bdf, true, text));
	}
	if (p2p_known(function->vendor.fact) && p2p_known(function->device.fact)) {
		p2p_buf_printf(&to->text, "      # Or every device of this kind, wherever it is:\n"
					  "      # - id: \"%04x:%04x\"\n",
			       (unsigned)function->vendor.value & 0xffff, (unsigned)function->device.value & 0xffff);
	}
	if (p2p_known(function->serial.fact)) {
		p2p_buf_puts(&to->text, "      # Or this very drive, wherever it is plugged in:\n");
		put_yaml(to, "      # - serial: ", function->serial.text);
	}
	p2p_buf_free(&path);
}

static void put_head(struct suggestion *to)
{
	p2p_buf_puts(&to->text, "# What p2pctl may do for peer-to-peer DMA\n"
				"# from ");
	put_device(to, to->provider);
	p2p_buf_puts(&to->text, "\n# by   ");
	put_device(to, to->client);
	p2p_buf_puts(&to->text,
		     ".\n"
		     "# Its place is /etc/p2pctl/policy.d, in a file that ends in .yaml.  `p2pctl check`\n"
		     "# looks it over, `p2pctl plan` shows what it would change, `p2pctl enable` does it.\n"
		     "# All keys: p2p-policy(5).\n"
		     "schema: p2p-policy/1\n"
		     "rules:\n"
		     "  # Any name, each only once: messages and the journal call the rule by it.\n");
}

static void put_wishes(struct suggestion *to, const char *within)
{
	p2p_buf_printf(&to->text,
		       "    # And no farther apart than this; wider are root-port, host-bridge, system.\n"
		       "    within: %s\n"
		       "    # Switch ports between the two no longer send their requests up to the IOMMU.\n"
		       "    # leave: ports stay as they are.\n"
		       "    acs-redirect: off\n"
		       "    # runtime: written by `p2pctl enable`, taken back by `p2pctl undo`.\n"
		       "    # boot: by arguments of the kernel only, which `p2pctl bootargs` names.\n"
		       "    acs-by: runtime\n"
		       "    # Neither of the two goes to sleep while the rule holds:\n"
		       "    # pin-power: true\n"
		       "    # What `p2pctl check` is to look for:\n"
		       "    # expect: { link: not-degraded }\n",
		       within);
}

/* The narrowest that still means these two. */
static const char *narrowest(const struct ctl *ctl, int provider, int client)
{
	enum p2p_within within = P2P_WITHIN_SWITCH;

	while (within != P2P_WITHIN_SYSTEM && p2p_is_within(ctl->topo.judge, within, provider, client) != P2P_YES)
		within--;
	return p2p_within_name(within);
}

static enum p2p_exit suggest(const struct ctl *ctl)
{
	struct suggestion to = { .ctl = ctl, .provider = topo_device(&ctl->topo, ctl->cli->args[1]) };
	const struct p2p_function *functions = ctl->topo.machine->functions;
	struct p2p_buf name = P2P_BUF_INIT;

	to.client = to.provider == P2P_NOBODY ? P2P_NOBODY : topo_device(&ctl->topo, ctl->cli->args[2]);
	if (to.client == P2P_NOBODY)
		return P2P_EXIT_USAGE;
	if (to.provider == to.client || !p2p_policy_may_mean(&functions[to.provider]) ||
	    !p2p_policy_may_mean(&functions[to.client])) {
		ctl_say(ctl, to.provider == to.client ? "a rule is about two different devices"
						      : "a rule is about devices, and one of these is a bridge");
		return P2P_EXIT_USAGE;
	}
	p2p_buf_printf(&name, "%s to %s", ctl->cli->args[1], ctl->cli->args[2]);
	put_head(&to);
	put_yaml(&to, "  - name: ", p2p_buf_text(&name));
	p2p_buf_puts(&to.text, "    # allow: p2pctl may help.  deny: it never does, and `p2pctl check` reports it.\n"
			       "    do: allow\n"
			       "    # Whose memory it is:\n");
	put_side(&to, "providers", to.provider);
	p2p_buf_puts(&to.text, "    # Who reads and writes it:\n");
	put_side(&to, "clients", to.client);
	put_wishes(&to, narrowest(ctl, to.provider, to.client));
	fputs(p2p_buf_text(&to.text), stdout);
	p2p_buf_free(&to.text);
	p2p_buf_free(&name);
	return P2P_EXIT_OK;
}

/* ------------------------------------------------------------------- merged */

static enum p2p_exit show(const struct ctl *ctl)
{
	if (p2p_cli_has(ctl->cli, "json")) {
		struct p2p_json *json = p2p_json_new(stdout);

		p2p_json_object(json, NULL, false);
		p2p_json_text(json, "schema", "p2pctl/1");
		p2p_policy_json(ctl->policy, ctl->applies, ctl->nvmet_applies, json);
		p2p_json_object_end(json);
		return p2p_json_end(json) ? P2P_EXIT_CANNOT_READ : P2P_EXIT_OK;
	}
	struct p2p_buf text = P2P_BUF_INIT;

	p2p_policy_yaml(ctl->policy, ctl->applies, ctl->nvmet_applies, &text);
	fputs(p2p_buf_text(&text), stdout);
	p2p_buf_free(&text);
	return P2P_EXIT_OK;
}

static enum p2p_exit complain(const struct p2p_cli *cli, const char *text)
{
	struct p2p_problem problem;

	p2p_problem_set(&problem, 0, "%s", text);
	p2p_cli_complain(cli, stderr, &problem);
	return P2P_EXIT_USAGE;
}

static int run(const struct p2p_cli *cli)
{
	struct ctl ctl;

	if (cli->arg_count && strcmp(cli->args[0], "suggest") != 0)
		return complain(cli, "'policy' knows one word more: policy suggest PROVIDER CLIENT");
	if (cli->arg_count && cli->arg_count != 3)
		return complain(cli, "'policy suggest' needs PROVIDER CLIENT");
	if (cli->arg_count && p2p_cli_has(cli, "json"))
		return complain(cli, "'policy suggest' prints YAML; --json does not go with it");
	enum p2p_exit code = ctl_begin(cli, &ctl);

	if (code == P2P_EXIT_OK && cli->arg_count)
		code = ctl_look(&ctl, CTL_WANT | P2P_WANT_NAMES);
	if (code == P2P_EXIT_OK)
		code = cli->arg_count ? suggest(&ctl) : ctl_open_policy(&ctl);
	if (code == P2P_EXIT_OK && !cli->arg_count)
		code = show(&ctl);
	ctl_close(&ctl);
	return code;
}

const struct p2p_verb p2p_verb_policy = {
	.word = "policy",
	.args = "[suggest PROVIDER CLIENT]",
	.summary = "print what all policy files together say, and where each rule is from",
	.details =
		"The output is a policy file itself. With `suggest` it is one to start with, for two devices. Exit "
		"status: 0; 2 the policy is wrong; 3 it cannot be read, or somebody else could have written it.",
	.run = run,
};
