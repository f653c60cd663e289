"""Completion for bash: one function, without a process of its own."""

from collections import defaultdict

from gradcalc.cli.shells.table import Command, Word, commands, functions

_SCRIPT = """\
# bash completion of gradcalc, made by: gradcalc completion bash

_gradcalc_starting() {{ # the words of $2 that begin with $1
    local each
    for each in $2; do [[ $each == "$1"* ]] && COMPREPLY+=("$each"); done
}}

_gradcalc_listed() {{ # the same of the last word behind a comma
    local before= each
    [[ $1 == *,* ]] && before=${{1%,*}},
    for each in $2; do [[ $before$each == "$1"* ]] && COMPREPLY+=("$before$each"); done
}}

_gradcalc_files() {{
    compopt -o filenames 2>/dev/null
    local IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$1"))
}}

_gradcalc_formula() {{ # the name that ends a formula may become a function's
    local formula=${{1#[\\"\\']}} each
    [[ $formula =~ [A-Za-z_][A-Za-z_0-9]*$ ]] || return
    local name=${{BASH_REMATCH[0]}}
    local before=${{formula%"$name"}}
    compopt -o nospace 2>/dev/null
    for each in $_gradcalc_functions; do [[ $each == "$name"* ]] && COMPREPLY+=("$before$each"); done
}}

_gradcalc_functions='{functions}'

_gradcalc() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} last=${{COMP_WORDS[COMP_CWORD - 1]}} command=${{COMP_WORDS[1]}} options=
    local commands='{commands}'
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        if [[ $word == -* ]]; then _gradcalc_starting "$word" '--help --version'; return; fi
        _gradcalc_starting "$word" "$commands"
        ((${{#COMPREPLY[@]}})) || _gradcalc_formula "$word"
        return
    fi
    [[ " $commands " == *" $command "* ]] || command=grad
    if [[ $word == = ]]; then word=; elif [[ $last == = ]]; then last=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
    case "$command $last" in
{values}
    esac
    case $command in
{options}
    esac
    if [[ $word == -* ]]; then _gradcalc_starting "$word" "$options"; return; fi
    case $command in
{others}
    esac
}}

complete -F _gradcalc gradcalc
"""


def bash() -> str:
    """The script."""
    known = commands()
    return _SCRIPT.format(
        functions=" ".join(functions()),
        commands=" ".join(each.name for each in known),
        values="\n".join(_values(known)),
        options="\n".join(f"        {each.name}) options='{' '.join(each.flags)}' ;;" for each in known),
        others="\n".join(f"        {each.name}) {_others(each)} ;;" for each in known),
    )


def _values(known: tuple[Command, ...]) -> list[str]:
    """A line for each kind of value: after which options of which commands it stands, and what is done."""
    after: dict[str, list[str]] = defaultdict(list)
    for command in known:
        for word in command.words:
            if word.takes:
                after[_value(word)] += [f"'{command.name} {flag}'" for flag in word.flags]
    return [f"        {'|'.join(patterns)}) {action}; return ;;" for action, patterns in after.items()]


def _value(word: Word) -> str:
    if word.is_file:
        return '_gradcalc_files "$word"'
    how = "_gradcalc_listed" if word.is_list else "_gradcalc_starting"
    return f"{how} \"$word\" '{' '.join(word.choices)}'" if word.choices else ":"


def _others(command: Command) -> str:
    """What is done for words that are no options."""
    formula = ['_gradcalc_formula "$word"'] if command.takes_formula else []
    choices = [f"_gradcalc_starting \"$word\" '{' '.join(command.choices)}'"] if command.choices else []
    return "; ".join([*choices, *formula, *(['_gradcalc_files "$word"'] if command.takes_file else [])]) or ":"
