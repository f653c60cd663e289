"""A number of a report and what is known of it, as data, as rows of CSV and as a row of a table; and notes.

Nothing here computes a derivative. Imports errors, and of show answer and page.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gradcalc.errors import Span, UsageError
from gradcalc.language.typeset import latex
from gradcalc.settings import DIGITS, MAX_DIGITS
from gradcalc.show import page as pages
from gradcalc.show.answer import jsonable, number

VERDICTS = ("disagrees", "undefined", "jump", "kink", "infinite", "inaccurate", "unverified", "agrees")
"""What a report says of a number, worst first."""
_TONES = {"agrees": "good", "kink": "doubt", "jump": "doubt", "infinite": "doubt", "inaccurate": "doubt"}
_TONES |= {"unverified": "label"}

_LABELS = {
    "near_kink": "near a kink", "unsettled": "not settled",
    "nan_origin": "nan or infinity", "symbolic": "SymPy", "post_mortem": "what happened",
    "went_on": "went on", "no_series": "no series",
}  # fmt: skip
"""How a kind of note reads, where not as it is called."""
_SIDED = ("kink", "near_kink", "jump", "infinite", "measured", "unsettled")
"""Kinds of notes that may know the slopes to both sides."""


def worst(verdicts: Sequence[str]) -> str:
    """The worst of some verdicts; of none, `agrees`."""
    return min(verdicts, key=VERDICTS.index, default="agrees")


def derivative_name(variables: str) -> str:
    """How a derivative is called: `df/dx`, for the pair `x,y` `d²f/dxdy`, and for `x,x` `d²f/dx²`."""
    names = _names(variables)
    if len(names) == 2:
        first, second = names
        return f"d²f/d{first}²" if first == second else f"d²f/d{first}d{second}"
    return "df/" + "".join(f"d{name}" for name in names)


def ascii_name(name: str) -> str:
    """The name of a derivative as a title of CSV: `d2f/dx2`."""
    return name.replace("²", "2")


def noted(titles: Sequence[object], rows: Iterable[tuple[Sequence[object], str]]) -> Iterator[tuple[object, ...]]:
    """The rows of CSV, the titles first, with what is to know of each in a last column, where there is anything."""
    found = list(rows)
    several = any(notes for _, notes in found)
    yield *titles, *(("notes",) if several else ())
    yield from ((*row, *((notes,) if several else ())) for row, notes in found)


def told(notes: Iterable["Note"]) -> str:
    """Notes in one cell of CSV, each once."""
    return "; ".join(dict.fromkeys(note.told for note in notes))


def no_derivative(variables: str) -> str:
    """What is missing where the derivative for `x`, or the second one for the pair `x,y`, does not exist."""
    return "no derivative" if len(_names(variables)) == 1 else "no second derivative"


def _names(variables: str) -> list[str]:
    """The variables of a derivative, with a comma between them and perhaps within their brackets."""
    return re.findall(r"[^,\[]+(?:\[[^\]]*\])?", variables)


class Known:
    """Something known of a number, of which JSON has some attributes."""

    __slots__ = ()
    json: ClassVar[tuple[str, ...]] = ("value",)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {name: jsonable(getattr(self, name)) for name in self.json}


def optional(known: Known | None) -> dict[str, Any] | None:
    """The JSON form of what may not be known."""
    return None if known is None else known.to_dict()


@dataclass(frozen=True, slots=True)
class Certified(Known):
    """A proved number beside its float.

    Attributes:
        value: the true value, correctly rounded to the digits shown.
        ulps: distance of the float from the double nearest to the true value, in units in the last place.
        digits: how many digits of the float are right, 0 to 17.
    """

    value: str
    ulps: float
    digits: int
    json = ("value", "ulps", "digits")


@dataclass(frozen=True, slots=True)
class Symbolic(Known):
    """SymPy's derivative: its formula as text and as LaTeX, and its value at the point where it has one."""

    formula: str
    latex: str
    value: str | None = None
    json = ("formula", "value")

    @property
    def short_value(self) -> str:
        """The value to the digits of a double."""
        return "no value" if self.value is None else pages.short_text(self.value)


@dataclass(frozen=True, slots=True)
class Numeric(Known):
    """A central difference and an estimate of its error."""

    value: float
    error: float
    json = ("value", "error")

    def __str__(self) -> str:
        return f"{self.value:.12g} ± {self.error:.1g}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of a report: the tape's float and what is known about it."""

    value: float
    certified: Certified | None = None
    symbolic: Symbolic | None = None
    verdict: str = "unverified"
    numeric: Numeric | None = None

    @property
    def tone(self) -> str:
        """How its verdict is meant on a page."""
        return _TONES.get(self.verdict, "strong bad")

    @property
    def formula(self) -> pages.Piece:
        """SymPy's formula on a page."""
        made = self.symbolic
        return pages.Formula(made.formula, latex=latex.known(made.latex)) if made else ""

    def line(self, digits: int | None) -> pages.Line:
        """The value of a function on a page; `digits` says whether those were asked for that are proved."""
        proof, shown = self.certified, pages.strong(pages.number_text(self.value))
        if proof is None:
            return pages.fact("value", pages.Text("undefined", "strong bad") if self.verdict == "undefined" else shown)
        right = pages.Text(f"   {proof.digits} digits right", "good" if proof.digits >= 12 else "doubt")
        return pages.fact("value", shown, f"   {proof.value}" if digits else "", right)

    def fields(self, name: str) -> Iterator[tuple[str, str]]:
        """What CSV has of the number, which it calls `name`."""
        yield name, str(self.value)
        if self.symbolic:
            yield "formula", self.symbolic.formula
            if self.symbolic.value is not None:
                yield "symbolic", self.symbolic.value
        if self.certified:
            yield "certified", self.certified.value
            yield "digits", str(self.certified.digits)
        if self.numeric:
            yield "numeric", str(self.numeric.value)
            yield "numeric_error", str(self.numeric.error)
        yield "verdict", self.verdict


ZERO = Quantity(0.0, Certified("0", 0.0, 17), Symbolic("0", "0", "0"), "agrees")
"""A derivative that is structurally zero."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about a number; for a kink or a jump with the slopes to the left and to the right.

    Of an array of formulas `row` is the name of the one that it is about.
    """

    kind: str
    message: str
    variable: str | None = None
    span: Span | None = None
    left: float | None = None
    right: float | None = None
    row: str | None = None

    @property
    def label(self) -> str:
        """How the kind reads."""
        return _LABELS.get(self.kind, self.kind)

    @property
    def about(self) -> str:
        """The name of the derivative, or of the formula of several, with a blank before it."""
        if self.row is not None:
            return f" d{self.row}/d{self.variable}" if self.variable else f" {self.row}"
        return f" {derivative_name(self.variable)}" if self.variable else ""

    def remark(self, text: str) -> pages.Remark:
        """The note on a page, about a derivative or a place in the text."""
        return pages.Remark(self.label + self.about, self.message, text, self.span)

    @property
    def told(self) -> str:
        """The note in a cell of CSV."""
        return f"{self.label}{ascii_name(self.about)}: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        body: dict[str, Any] = {"kind": self.kind, "variable": self.variable, "message": self.message}
        body["span"] = list(self.span) if self.span else None
        if self.row is not None:
            body["row"] = self.row
        if self.kind in _SIDED:
            body |= {"left": number(self.left), "right": number(self.right)}
        return body


def table(
    names: Sequence[str],
    entries: Sequence[Quantity],
    digits: int | None,
    called: Callable[[str], str] = derivative_name,
) -> pages.Table:
    """A row for each derivative, named by its variables, with the columns that these numbers need."""
    symbolic = any(entry.symbolic for entry in entries)
    numeric = any(entry.numeric for entry in entries)
    certified = digits is not None or any(entry.verdict == "inaccurate" for entry in entries)

    def certified_text(proof: Certified | None) -> str:
        return "" if proof is None else proof.value if digits else pages.short_text(proof.value)

    columns: list[tuple[bool, pages.Column, Callable[[Quantity], pages.Piece]]] = [
        (True, pages.Column("derivative"), lambda entry: pages.number_text(entry.value)),
        (certified, pages.Column("certified"), lambda entry: certified_text(entry.certified)),
        (symbolic, pages.Column("SymPy's formula", "formula", "SymPy"), lambda entry: entry.formula),
        (symbolic, pages.Column("SymPy's value"), lambda entry: entry.symbolic.short_value if entry.symbolic else ""),
        (numeric, pages.Column("central difference"), lambda entry: str(entry.numeric or "")),
        (True, pages.Column("digits"), lambda entry: str(entry.certified.digits) if entry.certified else ""),
        (True, pages.Column("verdict", "word"), lambda entry: pages.Text(entry.verdict, entry.tone)),
    ]
    shown = [(column, cell) for wanted, column, cell in columns if wanted]
    rows = [tuple(cell(entry) for _, cell in shown) for entry in entries]
    titles = [column.title for column, _ in shown]
    return pages.Table(
        (pages.Column("variable", "word", "df/d"), *(column for column, _ in shown)),
        tuple((name, *row) for name, row in zip(names, rows, strict=True)),
        details=tuple(
            pages.Details(pages.line(pages.strong(called(name))), tuple(zip(titles, row, strict=True)))
            for name, row in zip(names, rows, strict=True)
        ),
    )


def check_digits(digits: int) -> None:
    """Refuse a count of certified digits that is none."""
    if not 1 <= digits <= MAX_DIGITS:
        raise UsageError(f"digits is {digits!r}", hint=f"from 1 to {MAX_DIGITS:,}; {DIGITS} unless told otherwise")
