# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for p2ptopo and p2pctl. It knows nothing itself: the program says what may follow (--dump-cli=complete).

function __p2ptopo_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    # What the shell would make of it, as far as that is harmless.
    set typed (string replace -r '^~/' "$HOME/" -- "$typed" | string replace -a -r '[\\\\"\']' '')
    set before (string replace -r '^~/' "$HOME/" -- $before)

    for record in ($before[1] --dump-cli=complete $before[2..-1] "$typed" 2>/dev/null)
        set -l fields (string split \t -- $record)
        switch $fields[1]
            case word part
                printf '%s\t%s\n' $fields[2] "$fields[3]"
            case files folders
                set -l rest (string sub -s (math (string length -- "$fields[2]") + 1) -- "$typed")
                if test $fields[1] = files
                    __fish_complete_path "$rest" | string replace -r '^' -- "$fields[2]"
                else
                    __fish_complete_directories "$rest" '' | string replace -r '^' -- "$fields[2]"
                end
        end
    end
end

complete -c p2ptopo -f -a '(__p2ptopo_complete)'
complete -c p2pctl -f -a '(__p2ptopo_complete)'
