# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the programs of tests/vm: where the cache is, and how a failure is told. Sourced, not run.
# shellcheck shell=bash

# Exit codes of our own (a SCRIPT's status is passed through unchanged); README.md has the table.
# shellcheck disable=SC2034
readonly EX_USAGE=64 EX_SKIP=77 EX_KERNEL=120 EX_NO_P2PDMA=121 EX_GUEST=122 EX_MODULE=123 EX_TIMEOUT=124

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
vm_cache=${P2P_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/p2p-vm}

note() { printf '%s: %s\n' "${0#"${vm_dir%/tests/vm}/"}" "$*" >&2; }
die() { local code=$1; shift; note "$*"; exit "$code"; }

# need TOOL... - every tool must be there, or this machine cannot do it (a skip, not a failure).
need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || die "$EX_SKIP" "skipped: no '$tool' here (packages: tests/vm/deps)"
	done
}
