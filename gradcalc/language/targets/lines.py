"""A line of a program, and what makes a list of lines shorter, or faster.

    a/c + b/c, where nothing else reads a/c and b/c ──▶ (a + b)/c        lines that nobody reads ──▶ none
    a/d, b/d, c/d, where products are faster        ──▶ r = 1/d; a*r, b*r, c*r if r is neither tiny nor huge

A division takes as long as several sums and products. That sum has one rounding fewer, but where numerators are next to
the largest double it overflows before the quotients do: so it is asked for derivatives alone, not for the user's own
formula. Imports the standard library only.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

Written = str | Callable[[Sequence[str]], str]
"""How a target writes an op: `{0}` and `{1}` are its operands, `{all}` all of them with commas, and what begins and
ends with a blank stands between them; `§` is what the names of routines begin with. Or a function of the operands."""


def filled(written: Written, places: Sequence[str]) -> str:
    """An op with its operands."""
    if not isinstance(written, str):
        return written(places)
    if written.startswith(" "):
        return written.join(places) if len(places) > 1 else places[0]
    return written.format(*places, all=", ".join(places))


@dataclass(frozen=True, slots=True)
class Line:
    """The assignment of a temporary: its name, and an op on operands that are names or numbers.

    Attributes:
        truth: whether it is true or false, not a number.
        comment: where it stands in the user's text, safe in a comment of any language; "" for nothing.
    """

    name: str
    written: Written
    operands: tuple[str, ...]
    truth: bool = False
    comment: str = ""

    @property
    def value(self) -> str:
        """The op on its operands, as the target writes it."""
        return filled(self.written, self.operands)


def divided_last(
    lines: Sequence[Line], results: Sequence[str], sums: Collection[str], added: Collection[Written], div: Written
) -> Iterator[Line]:
    """The lines, with sums of quotients as quotients of sums; the quotients are still there.

    Args:
        results: the places that are read after the last line.
        sums: the names of the lines that may be changed.
        added, div: how sums and differences, and quotients, are written.
    """
    reads = Counter(results)
    for line in lines:
        reads.update(line.operands)
    once: dict[str, Sequence[str]] = {}
    for line in lines:
        made = list(_divided(line, once, div)) if line.name in sums and line.written in added else [line]
        yield from made
        if made[-1].written == div and reads[line.name] == 1:
            once[line.name] = made[-1].operands


def _divided(line: Line, once: Mapping[str, Sequence[str]], div: Written) -> Iterator[Line]:
    """A sum: those of its operands that have most often the same denominator are divided together."""
    over: dict[str, list[str]] = {}
    for place in line.operands:
        if place in once:
            over.setdefault(once[place][1], []).append(place)
    denominator, together = max(over.items(), key=lambda each: len(each[1]), default=("", []))
    rest = [place for place in line.operands if place not in together]
    if len(together) < 2:
        yield line
        return
    top = replace(line, name=f"{line.name} top", operands=tuple(once[place][0] for place in together))
    yield top
    if not rest:
        yield replace(line, written=div, operands=(top.name, denominator))
        return
    yield replace(line, name=f"{line.name} part", written=div, operands=(top.name, denominator))
    yield replace(line, operands=(f"{line.name} part", *rest))


@dataclass(frozen=True, slots=True)
class Reciprocals:
    """How a target writes quotients over one divisor as products.

    Attributes:
        one: the number 1; `div` a quotient, as lines have them.
        root, mul: a root and a product: no reciprocal of a root is tiny or huge.
        over: a quotient by the dividend, the divisor and its reciprocal; `helper` the text of what it calls.
        often: of how many quotients on.
    """

    one: str
    div: Written
    root: Written
    mul: Written
    over: str
    helper: str
    often: int = 5

    def used(self, lines: Sequence[Line], derived: Callable[[str], bool]) -> Iterator[Line]:
        """The lines, where divisors of `often` quotients of `derived` lines and their own reciprocal divide once."""
        ones = {line.operands[1]: line for line in lines if self._is_one(line)}
        free = [line for line in lines if line.written == self.div and (derived(line.name) or self._is_one(line))]
        counted = Counter(line.operands[1] for line in free)
        roots = {line.name for line in lines if line.written == self.root}
        often = {divisor for divisor, count in counted.items() if count >= (2 if divisor in roots else self.often)}
        changed = {line.name for line in free if line.operands[1] in often}
        begun: set[str] = set()
        for line in lines:
            if line.name not in changed:
                yield line
                continue
            dividend, divisor = line.operands
            reciprocal = ones.get(divisor) or replace(line, name=f"{divisor} over", operands=(self.one, divisor))
            if divisor not in begun:
                begun.add(divisor)
                yield reciprocal
            if not self._is_one(line) and divisor in roots:
                yield replace(line, written=self.mul, operands=(dividend, reciprocal.name))
            elif not self._is_one(line):
                yield replace(line, written=self.over, operands=(dividend, divisor, reciprocal.name))

    def _is_one(self, line: Line) -> bool:
        return line.written == self.div and line.operands[0] == self.one


def needed(lines: Sequence[Line], results: Sequence[str]) -> list[Line]:
    """The lines that results need."""
    wanted, kept = set(results), []
    for line in reversed(lines):
        if line.name in wanted:
            wanted.update(line.operands)
            kept.append(line)
    return kept[::-1]


def read_alone(lines: Sequence[Line], results: Sequence[str]) -> tuple[list[Line], list[str]]:
    """The lines that results need, numbered from 1 on; and the places of the results."""
    kept = needed(lines, results)
    names = {line.name: f"v{number}" for number, line in enumerate(kept, start=1)}
    numbered = [
        replace(line, name=names[line.name], operands=tuple(names.get(place, place) for place in line.operands))
        for line in kept
    ]
    return numbered, [names.get(place, place) for place in results]
