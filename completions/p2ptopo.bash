# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion for p2ptopo and p2pctl. It knows nothing itself: the program says what may follow (--dump-cli=complete).

_p2ptopo() {
	local -a words=()
	local word rest=$COMP_LINE joined cursor=$COMP_POINT record text breaks skip

	# bash also splits at ':' and '=', of which addresses and options have plenty: words that touch are one word.
	# What lies behind the cursor is left out.
	for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
		joined=${rest%%"$word"*}
		if [[ ${#words[@]} -gt 0 && ! $joined && $word ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		rest=${rest:${#joined}+${#word}}
	done
	cursor=$((${#COMP_LINE} - ${#rest} - cursor))
	((cursor <= 0)) || words[-1]=${words[-1]:0:${#words[-1]}-cursor}

	# What the shell would make of it, as far as that is harmless.
	local -a typed=()
	for word in "${words[@]}"; do
		[[ $word != \~/* ]] || word=$HOME${word:1}
		word=${word//[\"\'\\]/}
		typed+=("$word")
	done
	type -P -- "${typed[0]}" >/dev/null || return 0

	# bash replaces only what follows the last ':' or '='.
	local current=${typed[-1]}
	breaks=${COMP_WORDBREAKS//[^:=]/}
	skip=''
	[[ ! $breaks || $current != *[$breaks]* ]] || skip=${current%"${current##*["$breaks"]}"}

	COMPREPLY=()
	while IFS=$'\t' read -r record text _; do
		case $record in
		word | part)
			COMPREPLY+=("${text#"$skip"}")
			[[ $record == word ]] || compopt -o nospace 2>/dev/null
			;;
		files | folders)
			local kind=-f file
			[[ $record == files ]] || kind=-d
			while IFS= read -r file; do
				[[ ! $text || $skip ]] || file=$text$file
				COMPREPLY+=("$file")
			done < <(compgen "$kind" -- "${current#"$text"}")
			compopt -o filenames 2>/dev/null
			;;
		esac
	done < <("${typed[0]}" --dump-cli=complete "${typed[@]:1}" 2>/dev/null)
}

complete -F _p2ptopo p2ptopo p2pctl
