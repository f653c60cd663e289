"""Completion for fish: a line for each option."""

from collections.abc import Iterator

from gradcalc.cli.shells.table import Command, Word, commands, functions, short

_HEAD = """\
# fish completion of gradcalc, made by: gradcalc completion fish

function __gradcalc_formula # the name that ends a formula may become a function's
    set -l formula (commandline -ct | string trim -l -c "\\"'")
    string match -q -- '--*' $formula; and return
    set -l name (string match -r '[A-Za-z_][A-Za-z_0-9]*$' -- $formula)
    or return
    test $formula = $name; and __gradcalc_first; and return # a command's name
    set -l before (string sub -l (math (string length -- $formula) - (string length -- $name)) -- $formula)
    for each in $__gradcalc_functions
        string match -q -- "$name*" $each; and echo -- $before$each
    end
end

function __gradcalc_listed # the last word behind a comma
    set -l before (string match -r '^(?:--[^=]*=)?(.*,)' -- (commandline -ct))
    printf '%s\n' "$before[2]"$argv
end

function __gradcalc_is # whether the command is one of these; a formula stands for grad
    set -l words (commandline -opc)
    set -q words[2]; or return 1
    contains -- $words[2] $argv; and return
    contains -- grad $argv; and not contains -- $words[2] $__gradcalc_commands
end

function __gradcalc_first
    test (count (commandline -opc)) -eq 1
end
"""


def fish() -> str:
    """The script."""
    known = commands()
    lines = [
        _HEAD,
        f"set -g __gradcalc_functions {' '.join(_quoted(each) for each in functions())}",
        f"set -g __gradcalc_commands {' '.join(each.name for each in known)}",
        "",
        "complete -c gradcalc -f",
        "complete -c gradcalc -n __gradcalc_first -l help -d 'Show the help text and exit'",
        "complete -c gradcalc -n __gradcalc_first -l version -d 'Show the version and exit'",
        *(f"complete -c gradcalc -n __gradcalc_first -a {each.name} -d {_quoted(each.short)}" for each in known),
        f"complete -c gradcalc -n '__gradcalc_first; or __gradcalc_is {_names(known, 'takes_formula')}' "
        "-a '(__gradcalc_formula)'",
        f"complete -c gradcalc -n '__gradcalc_is {_names(known, 'takes_file')}' -F",
        *(line for command in known for line in _lines(command)),
    ]
    return "\n".join(lines) + "\n"


def _names(known: tuple[Command, ...], what: str) -> str:
    return " ".join(each.name for each in known if getattr(each, what))


def _lines(command: Command) -> Iterator[str]:
    head = f"complete -c gradcalc -n '__gradcalc_is {command.name}'"
    for word in command.words:
        yield f"{head} {_option(word)}"
    if command.choices:
        yield f"{head} -a {_quoted(' '.join(command.choices))}"


def _option(word: Word) -> str:
    spelled = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in word.flags)
    among = " ".join(word.choices)
    if among and word.is_list:
        among = f"(__gradcalc_listed {among})"
    elif among:
        among = " ".join(rf"{choice}\t" for choice in word.choices)  # a tab: without the option's description
    takes = " -r -F" if word.is_file else f" -x -a '{among}'" if among else ""
    return f"{spelled}{takes or (' -x' if word.takes else '')} -d {_quoted(short(word.help))}"


def _quoted(text: str) -> str:
    """A text as one word of the shell."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
