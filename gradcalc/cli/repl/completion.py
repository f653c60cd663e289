"""What a word may become: functions with their signature and derivative, names of the session, commands, options."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from gradcalc.cli.commands import COMMANDS, function_of
from gradcalc.cli.parameters import parameters
from gradcalc.cli.repl.session import WORDS, Session

_SHOWN = 60
"""Characters of what is said beside a word."""


class Completion(NamedTuple):
    """What may stand in the place of the last `length` characters, and what is said of it."""

    text: str
    length: int
    shown: str
    meta: str = ""


def completions(session: Session, line: str) -> list[Completion]:
    """All that the end of a line may become."""
    fragment = _fragment(line)
    found = [each for each in _candidates(session, line, fragment) if each.text.startswith(fragment)]
    unique = {each.text: each._replace(length=len(fragment), meta=_cut(each.meta)) for each in reversed(found)}
    return list(reversed(unique.values()))


def _fragment(line: str) -> str:
    """The word that ends a line."""
    if option := re.search(r"(?<!\S)--[\w-]*$", line):
        return option[0]
    if word := re.match(r"\s*(:\w*)$", line):
        return word[1]
    found = re.search(r"[^\W\d]\w*$", line)
    return found[0] if found else ""


def _candidates(session: Session, line: str, fragment: str) -> Iterator[Completion]:
    head = line.split(maxsplit=1)[0] if line.strip() else ""
    if fragment.startswith("--"):
        yield from _options(head)
        return
    if fragment.startswith(":"):
        yield from (Completion(f":{name}", 0, f":{name}", word.what) for name, word in WORDS.items())
        return
    if head == ":set":
        yield from (each._replace(text=each.text[2:], shown=each.shown[2:]) for each in _options(""))
        return
    if head in (":save", ":load"):
        return
    if line.strip() == fragment or head == ":help":
        yield from (Completion(name, 0, name, what) for name, what in COMMANDS.items() if name != "repl")
    for name, entry in session.names.entries.items():
        if head == ":forget" or head != ":set":
            shown = f"{name}({', '.join(entry.parameters)})" if entry.parameters else name
            yield Completion(name, 0, shown, f"= {entry.text}")
    if head != ":forget":
        yield from _functions()


def _options(head: str) -> Iterator[Completion]:
    """The options of a command, or of what answers a formula; without a command those of all."""
    names = [head] if head in COMMANDS else ["grad"] if head else [name for name in COMMANDS if name != "repl"]
    for name in names:
        for each in parameters(function_of(name)):
            for flag in filter(None, (*each.flags, each.opposite)):
                if flag.startswith("--"):
                    yield Completion(flag, 0, f"{flag} {each.metavar}".rstrip(), each.said.help)


@cache
def _functions() -> tuple[Completion, ...]:
    """The functions and constants of the language."""
    from gradcalc.language.functions import cards

    found = []
    for card in cards():
        derivative = card.derivatives_text.replace("\n", "; ")
        meta = f"{card.doc}; {derivative}" if derivative else card.doc
        call = "(" if "(" in card.syntax else ""
        found.append(Completion(card.name + call, 0, card.syntax, meta))
        found += [Completion(alias + call, 0, f"{alias}: {card.syntax}", meta) for alias in card.aliases]
    return tuple(found)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def warm() -> None:
    """Make the table of functions beforehand."""
    _functions()
