"""Which words of a command line are expressions: `-x**2` is one, `-lr` is a mistyped option."""

import re
from collections.abc import Iterable, Sequence
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
    return [*options, "--", *others] if found else list(words)


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
