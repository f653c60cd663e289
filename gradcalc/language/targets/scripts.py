"""The files of Julia, R and Octave: one layout, and a table of words for each. Imports source.

    value, gradient, hessian = NAME(x)      counted from 1; what is not asked for is nothing, NULL, []

With `--test` lines at the end compare with what is proved, and exit with 1 where a number is off.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gradcalc.language.targets.lines import Line
from gradcalc.language.targets.source import Part, Source


@dataclass(frozen=True)
class Layout:
    """How a language writes the parts of a file; in texts stand `{name}`, `{size}` (the number of variables) and so on.

    Attributes:
        comment: what begins one.
        first: a line before all others of a file that tests itself.
        line: an assignment of a temporary; `assign` one of anything else.
        number: a double; `value` where the value goes, `element` of a vector, `entry` of a matrix.
        truth: what keeps a truth value as a number.
        none, vector, matrix: no answer, zeros.
        begin, result, end: of the function.
        cut, call, cut_result: in a function of several parts, how it begins, calls each, and what it gives.
        part, part_end: how a part begins and ends.
        row: a row of numbers in the test; `test` the lines behind the function.
    """

    comment: str
    first: str
    line: Callable[[Line], str]
    assign: str
    number: Callable[[float], str]
    argument: str
    value: str
    element: str
    entry: str
    truth: str
    none: str
    vector: str
    matrix: str
    begin: str
    result: str
    end: str
    cut: str
    call: str
    cut_result: str
    part: str
    part_end: str
    row: str
    test: str

    @property
    def words(self) -> frozenset[str]:
        """Every name that these texts use: no function of the user's may bear it."""
        texts = [text for text in vars(self).values() if isinstance(text, str)]
        return frozenset(word for text in texts for word in _NAME.findall(_QUOTED.sub("", text)))


_NAME, _QUOTED = re.compile(r"[A-Za-z]\w*"), re.compile(r'"[^"\n]*"|\{\w+\}')
_ARRAYS = ("value", "gradient", "hessian")


def text(layout: Layout, source: Source) -> str:
    """A file."""
    return "\n".join(_lines(layout, source)) + "\n"


def _lines(layout: Layout, source: Source) -> Iterator[str]:
    yield from (f"{layout.comment} {each}".rstrip() for each in source.head("x[{2}] = {1}"))
    yield ""
    if source.probes and layout.first:
        yield layout.first
    words = {"name": source.name, "size": source.wrt, "slots": max(source.slots, 1)}
    yield layout.begin.format(**words)
    yield from (f"  {each}" for each in _body(layout, source, words))
    yield layout.end
    for count, part in enumerate(source.parts if source.is_cut else (), start=1):
        yield ""
        yield layout.part.format(**words, count=count)
        yield from (f"  {each}" for each in _part(layout, part, source))
        yield layout.part_end
    yield from (f"\n{routine}" for routine in source.routines)
    if source.probes:
        rows = zip(*((probe.at, probe.wanted, probe.within) for probe in source.probes), strict=True)
        tables = dict(zip(("points", "wanted", "within"), (_table(layout, row) for row in rows), strict=True))
        compared = layout.row.format(", ".join(str(place + 1) for place in source.compared))
        yield "\n" + layout.test.format(**words, **tables, compared=compared, rows=len(source.probes))


def _table(layout: Layout, rows: Sequence[Sequence[float]]) -> str:
    return ",\n    ".join(layout.row.format(", ".join(map(layout.number, row))) for row in rows)


def _body(layout: Layout, source: Source, words: dict[str, object]) -> Iterator[str]:
    """The function: its arguments by their names, its lines, its results; or its parts, one after the other."""
    sizes = [layout.vector, layout.matrix]
    zeros = [sizes[i].format(source.wrt) if source.order > i else layout.none for i in (0, 1)]
    if source.is_cut:
        yield from layout.cut.format(**words, gradient=zeros[0], hessian=zeros[1]).split("\n")
        yield from (layout.call.format(**words, count=i) for i in range(1, len(source.parts) + 1))
        yield from filter(None, (layout.cut_result,))
        return
    for i, name in enumerate(source.parameters, start=1):
        yield layout.assign.format(name, layout.argument.format(i - 1, i))
    for name, made in zip(_ARRAYS[1:], zeros, strict=True):
        yield layout.assign.format(name, made)
    yield from _part(layout, source.parts[0], source)
    yield from filter(None, (layout.result,))


def _part(layout: Layout, part: Part, source: Source) -> Iterator[str]:
    yield from map(layout.line, part.lines)
    for keep in part.keeps:
        kept = layout.truth.format(keep.name) if keep.truth else keep.name
        yield layout.assign.format(layout.element.format("w", keep.slot + 1), kept)
    for store in part.stores:
        row, column = divmod(store.index, source.wrt or 1)
        places = (
            layout.value,
            layout.element.format("gradient", store.index + 1),
            layout.entry.format("hessian", row + 1, column + 1),
        )
        yield layout.assign.format(places[store.result], store.place)
