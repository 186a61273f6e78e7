/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

const struct p2p_option ctl_options[] = {
	{ 'F', "from", "FILE", "rehearse on a snapshot or an lspci -xxxx dump; this machine is not touched", NULL, 0 },
	{ 0, "root", "DIR", "look at the sys and proc below DIR; nothing is changed there", "plan policy check", 0 },
	{ 0, "assume", "KEY=VALUE", "plan as if, as p2ptopo --assume", "plan check", P2P_OPTION_MANY },
	{ 0, "policy", "FILE", "the policy, a file or a folder, instead of the usual places", NULL, 0 },
	{ 0, "state", "DIR", "keep the journal here instead of in /run/p2pctl", NULL, 0 },
	{ 0, "dry-run", NULL, "show what would be changed and change nothing", "enable disable undo", P2P_OPTION_LAST },
	{ 0, "save", "FILE", "with --from: write the rehearsed machine as a snapshot", "enable", 0 },
	{ 0, "overlay", "FILE", "with --from: keep there what is changed, for the next rehearsal", NULL, 0 },
	{ 0, "wait", "SECONDS", "how long to wait for another p2pctl (10)", "enable disable undo", P2P_OPTION_LAST },
	{ 0, "forget", NULL, "leave as it is what cannot be taken back", "enable disable undo", P2P_OPTION_LAST },
	{ 0, "auto", NULL, "run as udev and boot do: obey what undo and disable left", "enable", P2P_OPTION_LAST },
	{ 0, "kernel", "RELEASE", "judge this kernel, and others so named, in place of those installed", "bootargs",
	  P2P_OPTION_MANY },
	{ 0, "image", "DIR", "the installed system below DIR: its kernels, its boot files", "bootargs", 0 },
	{ 0, "write", NULL, "put the arguments into the files of the boot loader", "bootargs", P2P_OPTION_LAST },
	{ 0, "remove", NULL, "leave those files as they were without us", "bootargs", P2P_OPTION_LAST },
	{ 0, "bs", "SIZE,...", "bytes of a transfer, or several to go through (4k,64k,1M)", "bench", 0 },
	{ 0, "iodepth", "N,...", "transfers on their way at a time, or several (1,8,32)", "bench", 0 },
	{ 0, "numjobs", "N", "threads that copy side by side (1)", "bench", 0 },
	{ 0, "runtime", "SECONDS", "how long each size and depth is measured (2)", "bench", 0 },
	{ 0, "ioengine", "io_uring|libaio|psync", "how the system is asked", "bench", 0 },
	{ 0, "backend", "p2pmem|bounce|null", "what the bytes go through", "bench", 0 },
	{ 'J', "json", NULL, "print JSON (schema p2pctl/1)", "plan status policy check bootargs bench", P2P_OPTION_LAST },
	{ 'D', "domain", NULL, "always print the domain", NULL, P2P_OPTION_LAST },
	{ 'i', "ascii", NULL, "draw with ASCII characters only", NULL, P2P_OPTION_LAST },
	{ 0, "color", "auto|always|never", "colour the output; NO_COLOR is honoured", NULL, P2P_OPTION_LAST },
	{ 0, "stats", NULL, "print what was read, to standard error", NULL, P2P_OPTION_LAST },
};

const size_t ctl_option_count = sizeof(ctl_options) / sizeof(*ctl_options);
