# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every file here loads.  The program is $P2PTOPO, or the one of build-dev/ or build/.

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
MACHINES=$TOP/tests/machines
export TOP MACHINES LC_ALL=C.UTF-8 COLUMNS=80
unset NO_COLOR

if [ -z "${P2PTOPO-}" ]; then
	for P2PTOPO in "$TOP/build-dev/p2ptopo/p2ptopo" "$TOP/build/p2ptopo/p2ptopo"; do
		[ -x "$P2PTOPO" ] && break
	done
fi
[ -x "$P2PTOPO" ] || { echo "no program: build it, or say where it is: P2PTOPO=..." >&2; exit 1; }
export P2PTOPO
# The other program is in the folder beside it.
P2PCTL=${P2PCTL:-${P2PTOPO%/*/*}/p2pctl/p2pctl}
export P2PCTL

# The machines are text of a generator; they are written anew where one is older than its description.
snap() { echo "$MACHINES/$1.snap"; }

# `p2ptopo ARG...` into $output (standard output), $errors (standard error) and $status; `p2pctl ARG...` too.
p2ptopo() { program "$P2PTOPO" "$@"; }
p2pctl() { program "$P2PCTL" "$@"; }

program() {
	local errors_file=$BATS_TEST_TMPDIR/errors
	status=0
	output=$(timeout 20 "$@" 2>"$errors_file"; echo "status $?")
	status=${output##*status }
	output=${output%status *}
	output=${output%$'\n'}
	errors=$(<"$errors_file")
	case $errors in *Sanitizer* | *"runtime error"*) echo "$errors" >&2; return 99 ;; esac
	[ "$status" -lt 124 ] || { echo "$*: status $status" >&2; return 99; }
}

# The same on a machine of tests/machines.
on() {
	local machine=$1 verb=$2
	shift 2
	p2ptopo "$verb" -F "$(snap "$machine")" "$@"
}

fail() {
	echo "$*" >&2
	return 1
}

exits() {
	[ "$status" -eq "$1" ] || fail "exit status $status, not $1; standard error: $errors; standard output: $output"
}

says() {
	case $output in *"$1"*) ;; *) fail "'$1' is not in: $output" ;; esac
}

says_not() {
	case $output in *"$1"*) fail "'$1' is in: $output" ;; esac
}

complains() {
	case $errors in *"$1"*) ;; *) fail "'$1' is not in the complaint: $errors" ;; esac
}

silent() {
	[ -z "$errors" ] || fail "it complained: $errors"
}

is() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

# Kept for the last test of the file, which checks all of them against the schema in one go.
JSON_COUNT=0
json_ok() {
	JSON_COUNT=$((JSON_COUNT + 1))
	printf '%s\n' "${1-$output}" >"$BATS_FILE_TMPDIR/$BATS_TEST_NUMBER-$JSON_COUNT.json"
}

# The last test of a file that calls json_ok.
json_all_ok() {
	find "$BATS_FILE_TMPDIR" -name '*.json' -exec "$TOP/tests/schema/check" {} +
}

# jq over $output: `get .host.kernel`
get() {
	jq -r "$@" <<<"$output"
}
