# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the lints: which files there are, and how a fault is told. Sourced, not run.
# shellcheck shell=bash
#
# A lint takes the folder to look at (by default the project: tests/lint/selftest gives it others), prints one line a
# fault, FILE:LINE: what is wrong, and exits 0 (none) or 1.
set -euo pipefail
export LC_ALL=C

# shellcheck disable=SC2034
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
faults=0

# fault FILE LINE WORDS...
fault() {
	printf '%s:%s: %s\n' "$1" "$2" "${*:3}"
	faults=$((faults + 1))
}

# What is, or will be, in the repository below ROOT, one a line; in an unpacked archive all but what was built.
repository_files() {
	if [[ $(git -C "$1" rev-parse --show-toplevel 2>/dev/null) == "$(cd "$1" && pwd -P)" ]]; then
		git -C "$1" ls-files --cached --others --exclude-standard --deduplicate | while IFS= read -r file; do
			[[ ! -f $1/$file ]] || printf '%s\n' "$file"
		done
	else
		(cd "$1" && find . -path './build*' -prune -o -name .git -prune -o -name __pycache__ -prune -o -type f -print) |
			sed 's|^\./||' | sort
	fi
}

# Shell scripts among the names on standard input: by their first line, or files that say so by a directive.
only_shell() {
	local file line
	while IFS= read -r file; do
		line=''
		IFS= read -r line 2>/dev/null <"$file" || true
		case $line in
		'#!'*/bats | '#!'*' bats') ;;
		'#!'*sh | '#!'*'sh '*) printf '%s\n' "$file" ;;
		*) [[ $file != *.sh && $file != *.bash ]] || printf '%s\n' "$file" ;;
		esac
	done
}

finish() { exit "$((faults > 0))"; }
