#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --assume: decide as if.

load helper

map() { # MACHINE A B ASSUMPTION...
	local machine=$1 a=$2 b=$3 words=()
	shift 3
	for word; do words+=(--assume "$word"); done
	on "$machine" why -J "$a" "$b" "${words[@]}"
	get '.pairs[0].map'
}

@test "what was assumed is listed, in text and in JSON" {
	on switch tree --assume kernel=6.12.107 --assume cpu=AuthenticAMD/25
	says "Assumed: kernel 6.12.107."
	says "Assumed: processor AuthenticAMD family 25."
	on switch tree -J --assume kernel=6.12.107
	json_ok
	is "$(get '.assumptions|join("|")')" "kernel 6.12.107|P2PDMA built in"
	is "$(get '.host.assumed|contains(["kernel","p2pdma"])')" true
	is "$(get '.host.kernel')" 6.12.107
}

@test "kernel= decides as that release, with P2PDMA" {
	is "$(map icelake nvme0 eth0)" THRU_HOST_BRIDGE
	is "$(map icelake nvme0 eth0 kernel=5.17.0)" NOT_SUPPORTED
	is "$(map without-p2pdma 05:00.0 05:00.0 kernel=5.17.0)" BUS_ADDR
	is "$(map linux-7.9 05:00.0 05:00.0 kernel=7.3)" BUS_ADDR
}

@test "kernel= before 4.20 has no P2PDMA, whatever the recorded kernel was built with" {
	for kernel in 2.6 3.10 4.18 4.18.20 4.19 4.19.304; do
		on switch why -J nvme0 nvme1 --assume kernel=$kernel
		exits 1
		json_ok
		is "$(get '[.pairs[0]|.map,.rule,.would_be]|join(" ")')" "NOT_SUPPORTED kernel-before-p2pdma BUS_ADDR"
		is "$(get '.host.p2pdma, (.assumptions|join("|"))' | paste -sd' ')" "false kernel $kernel"
	done
	on switch why nvme0 nvme1 --assume kernel=4.18
	says "older than P2PDMA"
	says_not "built in"
	on switch why nvme0 nvme1 --assume kernel=4.18 --assume p2pdma=yes
	exits 2
	complains "P2PDMA came with Linux 4.20"
	is "$(map switch nvme0 nvme1 kernel=4.18 p2pdma=no)" NOT_SUPPORTED
	is "$(map switch nvme0 nvme1 kernel=4.20)" BUS_ADDR
}

@test "kernel= drops what a vendor wrote of its own kernel" {
	on ubuntu why -J nvme0 eth0 --assume kernel=5.17.0
	is "$(get '.pairs[0]|[.map,.rule]|join(" ")')" "NOT_SUPPORTED not-allowlisted"
	on el9 why -J nvme0 eth0 --assume kernel=6.8.0
	is "$(get '.pairs[0].map')" THRU_HOST_BRIDGE
}

@test "p2pdma=no refuses, p2pdma=yes does not" {
	is "$(map switch nvme0 nvme1 p2pdma=no)" NOT_SUPPORTED
	is "$(map switch nvme0 nvme1 p2pdma=no kernel=7.2.1)" NOT_SUPPORTED
	is "$(map without-p2pdma 05:00.0 05:00.0 p2pdma=yes)" BUS_ADDR
	is "$(map p2pdma-unknown 05:00.0 05:00.0)" null
	is "$(map p2pdma-unknown 05:00.0 05:00.0 p2pdma=yes)" BUS_ADDR
}

@test "cpu= is the processor that the kernel asks" {
	is "$(map switch-acs nvme0 nvme1 cpu=AuthenticAMD/25)" THRU_HOST_BRIDGE
	is "$(map switch-acs nvme0 nvme1 cpu=AuthenticAMD/23)" THRU_HOST_BRIDGE
	is "$(map switch-acs nvme0 nvme1 cpu=AuthenticAMD/22)" NOT_SUPPORTED
	is "$(map switch-acs nvme0 nvme1 cpu=HygonGenuine/24)" NOT_SUPPORTED
	is "$(map switch-acs nvme0 nvme1 cpu=none/0)" NOT_SUPPORTED
	is "$(map switch-acs-zen nvme0 nvme1 cpu=GenuineIntel/6)" NOT_SUPPORTED
	is "$(map switch-acs nvme0 nvme1 cpu=AuthenticAMD/25 kernel=5.8.0)" NOT_SUPPORTED
}

@test "acs: sets and clears bits of one function, by lspci's names or two letters" {
	is "$(map switch-acs nvme0 nvme1 acs:02:08.0=ReqRedir-,CmpltRedir- acs:0000:02:09.0=RR-,CR-)" BUS_ADDR
	is "$(map switch-acs nvme0 nvme1 acs:02:08.0=ReqRedir-,CmpltRedir-)" NOT_SUPPORTED
	is "$(map root-port-acs nvme2 nvme3 acs:03:00.0=EC+)" NOT_SUPPORTED
	is "$(map root-port-acs nvme2 nvme3 acs:03:00.0=DT+,TB+,UF-)" BUS_ADDR
}

@test "acs: makes what nobody could read known, bit by bit" {
	is "$(map unprivileged nvme0 nvme1)" null
	is "$(map unprivileged nvme0 nvme1 acs:02:08.0=RR+)" NOT_SUPPORTED
	local off=RR-,CR-,EC-
	is "$(map unprivileged nvme0 nvme1 acs:03:00.0=$off acs:04:00.0=$off acs:01:00.0=$off acs:02:08.0=$off acs:02:09.0=$off)" BUS_ADDR
	is "$(map unprivileged nvme0 nvme1 acs:03:00.0=$off acs:04:00.0=$off acs:01:00.0=$off acs:02:08.0=RR-,CR- acs:02:09.0=$off)" null
}

@test "acs: of a function without ACS, or that is not there, is an error" {
	on switch tree --assume acs:03:00.0=RR+
	[ "$status" -ne 0 ]
	complains "no ACS capability"
	is "$output" ""
	on switch tree --assume acs:77:00.0=RR+
	[ "$status" -ne 0 ]
	complains "0000:77:00.0"
}

@test "cmdline= disable_acs_redir of an old release, config_acs of a new one" {
	local old="pci=disable_acs_redir=0000:00:01.0/00.0/08.0;0000:00:01.0/00.0/09.0"
	local new="pci=config_acs=x0100x1@0000:00:01.0/00.0/08.0;x0100x1@0000:00:01.0/00.0/09.0"
	is "$(map switch-acs nvme0 nvme1 kernel=6.8.0 "cmdline=quiet $old")" BUS_ADDR
	is "$(map switch-acs nvme0 nvme1 kernel=6.17.0 "cmdline=quiet $new")" BUS_ADDR
	is "$(map switch-acs nvme0 nvme1 kernel=6.17.0 "cmdline=quiet $old")" BUS_ADDR
	is "$(map switch-acs nvme0 nvme1 kernel=6.8.0 "cmdline=quiet $new")" NOT_SUPPORTED # it does not know the word
	is "$(map switch-acs nvme0 nvme1 kernel=6.8.0 "cmdline=quiet pci=disable_acs_redir=pci:10b5:8747")" BUS_ADDR
	is "$(map switch-acs nvme0 nvme1 kernel=6.8.0 "cmdline=quiet pci=disable_acs_redir=02:08.0;02:09.0")" BUS_ADDR
	is "$(map switch-acs nvme0 nvme1 kernel=6.8.0 "cmdline=quiet pci=disable_acs_redir=02:08.0")" NOT_SUPPORTED
	is "$(map switch-acs nvme0 nvme1 kernel=6.8.0 "cmdline=quiet pci=noats,disable_acs_redir=02:08.0;02:09.0")" BUS_ADDR
}

@test "wrong words: exit 2, what was expected, nothing printed" {
	for word in kernel kernel= kernel=banana kernel=6 kernel=6.12.x kernel=06.1 kernel=6.12-rc1 cpu=AMD cpu=/25 cpu=AMD/x \
		p2pdma=maybe p2pdma acs:=RR+ acs:zz=RR+ acs:02:08.0 acs:02:08.0= acs:02:08.0=RR acs:02:08.0=XX+ acs:02:08.0=RR+,RR- \
		nothing=1 =1 ""; do
		on switch tree --assume "$word"
		exits 2
		complains "--assume"
		is "$output" ""
	done
}

@test "a dump says nothing of its kernel: the newest rules, address order, and both are listed" {
	tar -C "$BATS_TEST_TMPDIR" -xf "$MACHINES/corpus.tar.xz" corpus/1051.lspci
	p2ptopo tree -F "$BATS_TEST_TMPDIR/corpus/1051.lspci"
	exits 0
	says "Assumed: kernel 7.3"
	says "Assumed: functions of a root bus"
	p2ptopo pairs -aJF "$BATS_TEST_TMPDIR/corpus/1051.lspci"
	json_ok
	is "$(get '.assumptions|length')" 3
	is "$(get '.hostbridges')" null
}

@test "a processor that is not known matters only where a Zen would decide otherwise" {
	on processor-unknown why -J nvme0 eth0
	exits 4
	json_ok
	is "$(get '.pairs[0]|[.rule,.remedy.kind]|join(" ")')" "processor-unknown look"
	on processor-unknown why -J nvme0 nvme0
	exits 0
	on processor-unknown why -J nvme0 eth0 --assume kernel=5.8.0
	exits 1
}

@test "options that may be given once may not be given twice" {
	on switch tree -s 03:00.0 -s 04:00.0
	exits 2
	complains twice
}

@test "snapshot takes no assumption" {
	on switch snapshot --assume kernel=7.2
	exits 2
}

@test "every JSON output above is as the schema says" {
	json_all_ok
}
