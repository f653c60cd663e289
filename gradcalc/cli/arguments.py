"""Which words of a command line are expressions: `-x**2` is one, `-lr` is a mistyped option."""

import re
from collections.abc import Container, Iterable, Sequence
from itertools import islice

from gradcalc.cli.parameters import Parameter
from gradcalc.errors import did_you_mean

_OPTION = re.compile(r"[a-zA-Z][\w.-]*")
"""What an option looks like behind its dashes, with a number that was run into it: `lr0.1`."""
_WITH_FILE = re.compile(r"(-[a-zA-Z])[\w./~-]*\w\.[a-z][a-z0-9]+")
"""A short option with a file's name run into it: `-oout.csv`. No formula ends so: `.T` is all that follows a dot."""


def all_flags(parameters: Sequence[Parameter]) -> list[str]:
    """Every spelling of every option of a command."""
    return [flag for each in parameters for flag in (*each.flags, each.opposite) if flag]


def protect_expressions(words: Sequence[str], parameters: Sequence[Parameter]) -> list[str]:
    """The words with what is no option behind `--`, in its order, where an expression there begins with a minus."""
    if "--" in words:
        return list(words)
    options, others, with_minus = _sorted(words, parameters)
    return [*options, "--", *others] if with_minus else list(words)


def with_command(words: Sequence[str], commands: Container[str], parameters: Sequence[Parameter]) -> list[str]:
    """The words, the command first: one that stands behind options; where there is none, `grad` before a formula.

    Args:
        parameters: of `grad`, which tell its options from a formula.
    """
    end = list(words).index("--") if "--" in words else len(words)
    others = [*_sorted(words[:end], parameters)[1], *words[end + 1 :]]
    if not others:
        alone = words[0].partition("=")[0] in all_flags(parameters)
        return ["grad", *words] if alone else list(words)
    if looks_like_formula(others[0]) and others[0] not in commands:
        return ["grad", *words]
    place = list(words).index(others[0])
    return [others[0], *words[:place], *words[place + 1 :]]


def looks_like_formula(word: str) -> bool:
    """Whether a word is more than letters: has an operator, a digit, a blank or a parenthesis."""
    return not word.replace("_", "").isalpha() and word not in HELP


HELP = ("-h", "--help", "--version", "")
"""What may stand where a command does, and is no formula."""


def _sorted(words: Sequence[str], parameters: Sequence[Parameter]) -> tuple[list[str], list[str], bool]:
    """The options with their values, what else there is, and whether anything of that begins with a minus."""
    takes_value = {flag for each in parameters if each.kind is not bool for flag in each.flags}
    known = all_flags(parameters)
    options: list[str] = []
    others: list[str] = []
    found, rest = False, iter(words)
    for word in rest:
        if word in takes_value:
            options += [word, *_next(rest)]
        elif word == "-" or not word.startswith("-"):
            others.append(word)
        elif _is_expression(word, known):
            others.append(word)
            found = True
        else:
            options.append(word)
    return options, others, found


def _next(words: Iterable[str]) -> list[str]:
    """The next word, if there is one."""
    return list(islice(words, 1))


def _is_expression(word: str, known: Sequence[str]) -> bool:
    """Whether a word that begins with a minus is meant as an expression."""
    name = word.split("=")[0]
    if name in known or "=" in word and "==" not in word and name.startswith("--"):
        return False
    if word.startswith("---"):
        return True
    if (with_file := _WITH_FILE.fullmatch(word)) and with_file[1] in known:
        return False
    bare = word.lstrip("-")
    if bare.replace("-", "").isalpha():
        single = len(bare) > 1 and bool(did_you_mean(bare, [option.lstrip("-") for option in known]))
        return not (single or word.startswith("--"))
    if word.startswith("--") and _OPTION.fullmatch(bare):
        return not did_you_mean(f"--{bare}", known)
    return True  # the error of a broken expression tells more than that of a broken option
