"""The languages that functions are exported to, by the words of `--to`; a new one is a file and a row."""

import re

from gradcalc.errors import UsageError, did_you_mean
from gradcalc.language.targets.c import CPP, CUDA, C
from gradcalc.language.targets.excel import EXCEL
from gradcalc.language.targets.fortran import FORTRAN
from gradcalc.language.targets.javascript import JS
from gradcalc.language.targets.julia import JULIA
from gradcalc.language.targets.octave import OCTAVE
from gradcalc.language.targets.python import NUMPY, PYTHON
from gradcalc.language.targets.r import R
from gradcalc.language.targets.rust import RUST
from gradcalc.language.targets.source import Language
from gradcalc.language.targets.tex import LATEX

LANGUAGES: dict[str, Language] = {
    each.word: each for each in (C, CPP, CUDA, FORTRAN, JULIA, JS, RUST, PYTHON, NUMPY, R, OCTAVE, EXCEL, LATEX)
}
"""By their own words."""

IN_TESTS = frozenset(
    str.split(
        "answer at bad compared devices each found goal got k most numbers off place point points quiet row said "
        "verdict wanted wanted_ width within within_ worst"
    )
)
"""What tests call their own variables."""

_ALIASES = {alias: each for each in LANGUAGES.values() for alias in each.aliases}
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


def language_of(word: str) -> Language:
    """The language that a word means.

    Raises:
        UsageError: none; with the nearest that there is.
    """
    plain = word.strip().lower()
    found = LANGUAGES.get(plain) or _ALIASES.get(plain)
    if found is None:
        near = did_you_mean(plain, [*LANGUAGES, *_ALIASES])
        hint = f"did you mean {near}?" if near else ", ".join(LANGUAGES)
        raise UsageError(f"no such language: {word or 'nothing'}", hint=hint)
    return found


def checked_name(language: Language, name: str) -> str:
    """The name of a function, if the language takes it for one.

    Raises:
        UsageError: it is no identifier, or means something else there.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise UsageError(f"--name {name}: no name of a function", hint="letters, digits and _, such as f or my_model")
    fold = str if language.target.case_sensitive else str.lower
    if fold(name) in {fold(word) for word in language.target.reserved | language.taken | IN_TESTS}:
        raise UsageError(f"--name {name}: {name} means something else in {language.target.name}", hint=f"my_{name}")
    return name
