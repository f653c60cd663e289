"""Excel and LibreOffice: a sheet as CSV, a cell for each temporary; column B is the function, its arguments on top.

    A: what it is    B: the formula    C: the place in the user's text    D, E, ...: with `--test` the same at points

Spreadsheets know no functions, so routines are written out in cells. What differs from other languages: a number has
15 digits as it is read, so that one of more is a sum of two; a sum that is nearly 0 becomes 0 and numbers that differ
in the sixteenth digit are equal, unless the difference stands in parentheses (LibreOffice does so even then); infinite
numbers are errors.
"""

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcalc.errors import UsageError
from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Written, filled
from gradcalc.language.targets.program import Target
from gradcalc.language.targets.source import Language, Probe, Source, commented

_SAME = (
    ops.sqrt, ops.abs, ops.sign, ops.exp, ops.log10, ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.sinh,
    ops.cosh, ops.tanh,
)  # fmt: skip
_LEAST = 2.3e-308
"""Smaller numbers are 0 in Excel."""

_INFINITY, _LARGEST = "(1/0)", "9.99999999999999E+307"
"""An error, as all that overflows; and the largest number that can be written, for it in comparisons."""


def _infix(sign: str) -> Callable[[Sequence[str]], str]:
    """In parentheses: without them a sum that is nearly 0 becomes 0."""
    return lambda places: f"({sign.join(places)})"


def _compared(sign: str) -> Callable[[Sequence[str]], str]:
    """By a difference in parentheses: as they stand, numbers are compared in 15 digits."""

    def written(places: Sequence[str]) -> str:
        a, b = (place.replace(_INFINITY, _LARGEST).replace("(-1/0)", f"(-{_LARGEST})") for place in places)
        return f"({a}-{b}){sign}0"

    return written


def _power(places: Sequence[str]) -> str:
    """0^0 is an error in Excel; LibreOffice has real roots of negative numbers, which are errors here."""
    a, b = places
    if not b.strip("()-").replace(".", "").isdigit():
        return f"IF({b}=0,1,IF(AND({a}<0,{b}<>INT({b})),SQRT(-1),{a}^{b}))"
    return f"{a}^{b}" if float(b.strip("()")).is_integer() else f"IF({a}<0,SQRT(-1),{a}^{b})"


_LONG = "MAX(ABS({0}),ABS({1}))"

_WRITTEN: dict[Op, Written] = {
    **{op: f"{op.name.upper()}({{0}})" for op in _SAME},
    ops.add: _infix("+"), ops.sub: _infix("-"), ops.mul: "{0}*{1}", ops.div: "{0}/{1}", ops.neg: "-{0}",
    ops.pow: _power, ops.powi: _power, ops.log: "LN({0})", ops.exp2: "2^{0}", ops.floor: "INT({0})",
    ops.ceil: "-INT(-{0})", ops.mod: "MOD({0},{1})", ops.max: "MAX({0},{1})", ops.min: "MIN({0},{1})",
    ops.atan2: "IF(AND({0}=0,{1}=0),0,ATAN2({1},{0}))", ops.erf: "ERF.PRECISE({0})", ops.erfc: "ERFC.PRECISE({0})",
    ops.hypot: f"IF(AND({{0}}=0,{{1}}=0),0,{_LONG}*SQRT(1+({_LONG.replace('MAX', 'MIN')}/{_LONG})^2))",
    ops.norm_cdf: "NORM.S.DIST({0},TRUE)",
    ops.lt: _compared("<"), ops.le: _compared("<="), ops.gt: _compared(">"), ops.ge: _compared(">="),
    ops.eq: _compared("="), ops.same: _compared("="), ops.ne: _compared("<>"),
    ops.and_: "AND({0},{1})", ops.or_: "OR({0},{1})", ops.not_: "NOT({0})", ops.where: "IF({0},{1},{2})",
}  # fmt: skip


def number(value: float) -> str:
    """A double: of more than 15 digits as a sum, which is right to the bit; in parentheses what is no plain number."""
    if math.isnan(value):
        return "NA()"
    if abs(value) > float(_LARGEST):
        return _INFINITY if value > 0 else "(-1/0)"
    if abs(value) < _LEAST:
        return "0"
    text = f"{value:.15g}"
    rest = value - float(text)
    if rest:
        text += f"{_rest(value, float(text)):+.15g}"
    text = text.upper().replace("E+0", "E+").replace("E-0", "E-")
    return f"({text})" if rest or value < 0 else text


def _rest(value: float, large: float) -> float:
    """What a number of 15 digits lacks, in as few digits as give the value."""
    choices = (float(f"{value - large:.{digits}g}") for digits in range(1, 16))
    return next(small for small in choices if large + small == value)


# -- the sheet ---------------------------------------------------------------------------------------------------------

_ROWS = 1_048_576


def _file(source: Source) -> str:
    rows = _rows(source)
    if len(rows) > _ROWS:
        raise UsageError(f"{len(rows):,} cells in a column: Excel has {_ROWS:,} rows", hint="--order 1, or --to c")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def column(number: int) -> str:
    """The letters of a column, counted from 1."""
    text = ""
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(65 + digit) + text
    return text


@dataclass(frozen=True)
class _Row:
    """A row of the sheet: a label, what a column's cell says by the places of names there, and a comment."""

    label: str
    cell: Callable[[Mapping[str, str], Probe | None], str]
    comment: str = ""


def _rows(source: Source) -> list[list[str]]:
    """All rows of the sheet, each a list of cells."""
    first, formula, *rest = source.head()
    head = [[f"{first} {formula.strip()}"], *([text] for text in rest), [""]]
    head.append(["", source.name, "in your formula", *(f"point {i + 1}" for i in range(len(source.probes)))])
    part = source.parts[0]
    arguments = [_argument(source, i) for i in range(len(source.variables))]
    results = [_Row(label, _reference(place)) for label, place in _results(source)]
    lines = [_Row(made.name, _formula(made), f"[{made.comment}]" if made.comment else "") for made in part.lines]
    top = len(head) + 1
    below = top + len(arguments) + len(results) + 1
    row = {name: top + i for i, name in enumerate(source.parameters)}
    row |= {made.name: below + i for i, made in enumerate(part.lines)}
    answers = [top + len(arguments) + i for i in range(len(results))]
    still = f"SUMXMY2(B{top}:B{answers[0] - 1},D{top}:D{answers[0] - 1})=0" if arguments else "TRUE"
    tests = [_compared_row(source, k, answers, still) for k in range(len(source.compared) if source.probes else 0)]
    columns: list[tuple[str, Probe | None]] = [("B", source.probes[0] if source.probes else None)]
    columns += [(column(4 + i), probe) for i, probe in enumerate(source.probes)]
    ends = below + len(lines), below + len(lines) + len(tests) - 1
    places = [
        (({name: f"{letter}{at}" for name, at in row.items()} | {"": letter}), probe) for letter, probe in columns
    ]

    def written(each: _Row) -> list[str]:
        own, *others = (each.cell(names, probe) for names, probe in places)
        return [each.label, own, each.comment, *others]

    between = ["test", _verdict(columns[-1][0], *ends)] if tests else [""]
    return [*head, *map(written, (*arguments, *results)), between, *map(written, (*lines, *tests))]


def _argument(source: Source, i: int) -> _Row:
    name = source.variables[i]
    label = name if name.isidentifier() else f"[{name}]"
    return _Row(label, lambda _, probe: "1" if probe is None else f"={number(probe.at[i])}", "an argument: your value")


def _reference(place: str) -> Callable[[Mapping[str, str], Probe | None], str]:
    return lambda names, _: f"={names.get(place, place)}"


def _formula(made: Line) -> Callable[[Mapping[str, str], Probe | None], str]:
    return lambda names, _: f"={filled(made.written, [names.get(each, each) for each in made.operands])}"


def _results(source: Source) -> Iterator[tuple[str, str]]:
    """What each number of the answer is, in words, and its place."""
    found, names = source.stores(), [commented(name) for name in source.variables[: source.wrt]]
    yield "value", found[0, 0]
    if source.order:
        yield from ((f"d/d{name}", found[1, i]) for i, name in enumerate(names))
    if source.order == 2:
        for i, first in enumerate(names):
            for j, second in enumerate(names):
                yield f"d2/d{first} d{second}", found.get((2, i * len(names) + j), "0")


def _compared_row(source: Source, k: int, answers: Sequence[int], still: str) -> _Row:
    """Whether a number is what is proved, as far as rounding allows; nothing where nothing is known.

    The function's own column stands at the first point as long as that is `still` so.
    """

    def cell(names: Mapping[str, str], probe: Probe | None) -> str:
        if probe is None or math.isnan(probe.wanted[k]):
            return ""
        within = float(f"{max(1.01 * probe.within[k], _LEAST):.3g}")
        place = f"{names['']}{answers[source.compared[k]]}"
        right = f"ABS({place}-{number(probe.wanted[k])})<={number(within)}"
        return f"=IF({still},{right},TRUE)" if names[""] == "B" else f"={right}"

    return _Row("right?", cell)


def _verdict(last: str, top: int, bottom: int) -> str:
    every = f"AND(B{top}:B{bottom},D{top}:{last}{bottom})"
    return f'=IF(ISERROR({every}),"WRONG",IF({every},"right","WRONG"))'


_TARGET = Target(
    name="Excel",
    written=_WRITTEN,
    helpers={},
    number=number,
    truth=("TRUE", "FALSE"),
    line=lambda made: made.value,
    function=lambda name, parameters, lines, results: "",
    case_sensitive=False,
    inlines=True,
)

EXCEL = Language("excel", ".csv", _TARGET, _file, ("csv", "calc"), whole=True)
"""Excel 2013 and LibreOffice 4.4, and later."""
