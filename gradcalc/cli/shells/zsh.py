"""Completion for zsh: a file for a folder of `$fpath`."""

import re

from gradcalc.cli.shells.table import Command, Word, commands, functions, short

_SCRIPT = """\
#compdef gradcalc
# zsh completion of gradcalc, made by: gradcalc completion zsh

_gradcalc_formula() {{ # the name that ends a formula may become a function's
    compset -P '*[^A-Za-z_0-9]'
    [[ -n $PREFIX ]] && compadd -S '' -- {functions}
}}

_gradcalc() {{
    local -a commands=(
{commands}
    )
    local command=$words[2]
    if ((CURRENT == 2)); then
        if [[ $PREFIX == -* ]]; then
            compadd -- --help --version
        else
            _describe -t commands command commands || _gradcalc_formula
        fi
        return
    fi
    [[ -n ${{(M)commands:#$command:*}} ]] || command=grad
    shift words
    ((CURRENT--))
    case $command in
{options}
    esac
}}

if [[ $funcstack[1] == _gradcalc ]]; then _gradcalc "$@"; else compdef _gradcalc gradcalc; fi
"""


def zsh() -> str:
    """The script."""
    known = commands()
    return _SCRIPT.format(
        functions=" ".join(_quoted(each) for each in functions()),
        commands="\n".join(f"        {_quoted(f'{each.name}:{each.short}')}" for each in known),
        options="\n".join(_options(each) for each in known),
    )


def _options(command: Command) -> str:
    """The branch of a command."""
    lines = [f"        ({command.name})", "            _arguments -s -S \\"]
    lines += [f"                {_option(word)} \\" for word in command.words]
    return "\n".join([*lines, f"                '*:word:{_others(command)}'", "            ;;"])


def _option(word: Word) -> str:
    """The line of an option, as `_arguments` reads it."""
    said = re.sub(r"(?=[:\[\]])", r"\\", short(word.help))
    value = f":{word.takes.replace(':', ' ')}:{_value(word)}" if word.takes and not word.choices else ""
    value = f":value:{_value(word)}" if word.choices else value
    others = "*" if word.repeats else f"({' '.join(word.flags)})" if len(word.flags) > 1 else ""
    spelled = [f"{flag}{_joint(flag)}" if word.takes else flag for flag in word.flags]
    flags = f"{{{','.join(spelled)}}}" if len(spelled) > 1 else spelled[0]
    return f"{_quoted(others) if others else ''}{flags}{_quoted(f'[{said}]{value}')}"


def _joint(flag: str) -> str:
    """How `_arguments` is told that a value may follow an option in the same word."""
    return "=" if flag.startswith("--") else "+"


def _value(word: Word) -> str:
    among = " ".join(word.choices)
    if word.is_list and among:
        return f"_sequence compadd - {among}"
    return "_files" if word.is_file else f"({among})" if among else " "


def _others(command: Command) -> str:
    if command.choices:
        return f"({' '.join(command.choices)})"
    kinds = ["formula:formula:_gradcalc_formula"] * command.takes_formula + ["files:file:_files"] * command.takes_file
    if len(kinds) == 2:
        return f"_alternative {' '.join(kinds)}"
    return kinds[0].rpartition(":")[2] if kinds else " "


def _quoted(text: str) -> str:
    """A text as one word of the shell."""
    return "'" + text.replace("'", "'\\''") + "'"
