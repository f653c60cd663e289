"""What an answer holds: frozen dataclasses between the calculator and whatever shows them.

`to_dict` of a report is the JSON of the command line, schema 1; `page` is what people see, in any medium. Nothing here
computes a derivative, nothing prints. Imports errors, shapes, formula, answer and page.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcalc.errors import ExitCode, Span
from gradcalc.graph.shapes import nest
from gradcalc.language.formula import Variable
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.truth.kinds import said

DENSE_LIMIT = 1_000
"""Above this many variables a Hessian is given as coordinates and values."""

VERDICTS = ("disagrees", "undefined", "jump", "kink", "inaccurate", "unverified", "agrees")
"""What a report says of a number, worst first."""
_TONES = {"agrees": "good", "kink": "doubt", "jump": "doubt", "inaccurate": "doubt", "unverified": "label"}

_LABELS = {
    "near_kink": "near a kink", "nan_origin": "nan or infinity", "symbolic": "SymPy", "post_mortem": "post-mortem",
}  # fmt: skip
"""How a kind of note reads, where not as it is called."""


def worst(verdicts: Sequence[str]) -> str:
    """The worst of some verdicts; of none, `agrees`."""
    return min(verdicts, key=VERDICTS.index, default="agrees")


def derivative_name(variables: str) -> str:
    """How a derivative is called: `d/dx`, and for the pair `x,y` `d2/dxdy`."""
    names = _names(variables)
    order = "" if len(names) == 1 else str(len(names))
    return f"d{order}/" + "".join(f"d{name}" for name in names)


def no_derivative(variables: str) -> str:
    """What is missing where the derivative for `x`, or the second one for the pair `x,y`, does not exist."""
    return "no derivative" if len(_names(variables)) == 1 else "no second derivative"


def _names(variables: str) -> list[str]:
    """The variables of a derivative, with a comma between them and perhaps within their brackets."""
    return re.findall(r"[^,\[]+(?:\[[^\]]*\])?", variables)


@dataclass(frozen=True, slots=True)
class Certified:
    """A proved number beside its float.

    Attributes:
        value: the true value, correctly rounded to the digits shown.
        ulps: distance of the float from the double nearest to the true value, in units in the last place.
        digits: how many digits of the float are right, 0 to 17.
    """

    value: str
    ulps: float
    digits: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"value": self.value, "ulps": number(self.ulps), "digits": self.digits}


@dataclass(frozen=True, slots=True)
class Symbolic:
    """SymPy's derivative: its formula as text and as LaTeX, and its value at the point where it has one."""

    formula: str
    latex: str
    value: str | None = None

    @property
    def short_value(self) -> str:
        """The value to the digits of a double."""
        return "no value" if self.value is None else pages.short_text(self.value)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"formula": self.formula, "value": self.value}


@dataclass(frozen=True, slots=True)
class Numeric:
    """A central difference and an estimate of its error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.12g} ± {self.error:.1g}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"value": number(self.value), "error": number(self.error)}


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


ZERO = Quantity(0.0, Certified("0", 0.0, 17), Symbolic("0", "0", "0"), "agrees")
"""A derivative that is structurally zero."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about a number; for a kink or a jump with the slopes to the left and to the right."""

    kind: str
    message: str
    variable: str | None = None
    span: Span | None = None
    left: float | None = None
    right: float | None = None

    @property
    def label(self) -> str:
        """How the kind reads."""
        if self.kind == "near_kink" and self.left == self.right:
            return "unverified" if self.left is None else "measured"
        return _LABELS.get(self.kind, self.kind)

    def remark(self, text: str) -> pages.Remark:
        """The note on a page, about a derivative or a place in the text."""
        about = f" {derivative_name(self.variable)}" if self.variable else ""
        return pages.Remark(self.label + about, self.message, text, self.span)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        body: dict[str, Any] = {"kind": self.kind, "variable": self.variable, "message": self.message}
        body["span"] = list(self.span) if self.span else None
        if self.kind in ("kink", "near_kink", "jump"):
            body |= {"left": number(self.left), "right": number(self.right)}
        return body


@dataclass(frozen=True, slots=True)
class Curvature:
    """The second derivatives at a point.

    Attributes:
        entries: by row and column over the flattened variables; an absent one is structurally zero.
        size: number of rows.
        eigenvalues: in increasing order; None for more than 1,000 variables or where an entry is not finite.
        definiteness: in words; `numerically ` before it where the signs are not proved.
        critical_point: what kind the point is where the gradient vanishes, else None.
    """

    entries: Mapping[tuple[int, int], Quantity]
    size: int
    eigenvalues: tuple[float, ...] | None = None
    definiteness: str | None = None
    critical_point: str | None = None

    def matrix(self, show: Callable[[Quantity], Any]) -> list[list[Any]]:
        """All entries, each as `show` gives it."""
        return [[show(self.entries.get((i, j), ZERO)) for j in range(self.size)] for i in range(self.size)]

    def items(self) -> Iterator[tuple[tuple[int, int], Quantity]]:
        """All entries by row and column; for more than 1,000 variables only those that are not structurally zero."""
        if self.size > DENSE_LIMIT:
            yield from sorted(self.entries.items())
        else:
            for i in range(self.size):
                for j in range(self.size):
                    yield (i, j), self.entries.get((i, j), ZERO)

    @property
    def summary(self) -> str:
        """How large the Hessian is."""
        return f"Hessian {self.size} x {self.size}, {len(self.entries):,} entries not structurally zero"

    def facts(self) -> Iterator[pages.Line]:
        """What the second derivatives say, on a page."""
        right = [entry.certified.digits for entry in self.entries.values() if entry.certified]
        if right:
            count = "every entry" if len(right) == len(self.entries) else f"{len(right)} entries"
            yield pages.fact("digits right", f"{min(right)} or more in {count}")
        if self.eigenvalues is not None:
            yield pages.fact("eigenvalues", ", ".join(map(pages.number_text, self.eigenvalues)))
        if self.definiteness:
            yield pages.fact("the Hessian is", pages.strong(self.definiteness))
        if self.critical_point:
            yield pages.fact("critical point:", pages.strong(said(self.critical_point)))

    def to_dict(self, symbolic: bool = True) -> dict[str, Any]:
        """The JSON form: matrices, or coordinates and values for more than 1,000 variables.

        Args:
            symbolic: whether SymPy was heard; if not, it says nothing of structural zeros either.
        """
        if self.size > DENSE_LIMIT:
            return {"hessian": self._coordinates()}
        return {
            "hessian": self.matrix(lambda entry: number(entry.value)),
            "symbolic_hessian": self.matrix(lambda entry: _optional(entry.symbolic) if symbolic else None),
            "certified_hessian": self.matrix(lambda entry: _optional(entry.certified)),
            "eigenvalues": None if self.eigenvalues is None else [number(value) for value in self.eigenvalues],
            "definiteness": self.definiteness,
            "critical_point": self.critical_point,
        }

    def _coordinates(self) -> dict[str, Any]:
        places = sorted(self.entries)
        return {
            "format": "coo",
            "rows": [row for row, _ in places],
            "columns": [column for _, column in places],
            "values": [number(self.entries[place].value) for place in places],
        }


@dataclass(frozen=True, slots=True)
class PointReport:
    """The answer at one point; the gradient is flat, over the elements of the report's variables."""

    at: Mapping[str, Any]
    value: Quantity
    gradient: tuple[Quantity, ...]
    verdict: str
    notes: tuple[Note, ...] = ()
    curvature: Curvature | None = None


@dataclass(frozen=True, slots=True)
class Report(Answer):
    """Value, gradient and, for order 2, Hessian of a formula at one or more points, with what is known of every number.

    `value`, `gradient` and `hessian` are those of the only point; with several, read `points`. Where `digits` were
    asked for, a page shows the proved digits of every number.
    """

    command: str
    expression: str
    text: str
    variables: tuple[Variable, ...]
    let: Mapping[str, Any]
    symbolic_status: str
    points: tuple[PointReport, ...]
    symbolic_reason: str = ""
    latex: str = ""
    digits: int | None = None

    @property
    def value(self) -> float:
        """The value at the only point."""
        return self._only_point.value.value

    @property
    def gradient(self) -> dict[str, Any]:
        """The tape's derivative by variable at the only point; for an array variable nested lists of its shape."""
        return self.by_variable(self._only_point, lambda entry: entry.value)

    @property
    def hessian(self) -> list[list[float]] | None:
        """The Hessian at the only point as rows over the flattened variables; None for order 1."""
        curvature = self._only_point.curvature
        return curvature.matrix(lambda entry: entry.value) if curvature else None

    @property
    def verdict(self) -> str:
        """The worst verdict of all points."""
        return worst([point.verdict for point in self.points])

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes of all points."""
        return tuple(note for point in self.points for note in point.notes)

    @property
    def exit_code(self) -> ExitCode:
        """1 if any point disagrees, else 3 if any is undefined, else 0."""
        verdicts = {point.verdict for point in self.points}
        if "disagrees" in verdicts:
            return ExitCode.NO
        return ExitCode.UNDEFINED if "undefined" in verdicts else ExitCode.DONE

    @property
    def flat_variables(self) -> list[str]:
        """The names of all scalars the derivatives are for."""
        return [element for variable in self.variables for element in variable.elements]

    @property
    def _only_point(self) -> PointReport:
        if len(self.points) != 1:
            raise AttributeError(f"this report has {len(self.points)} points: read report.points[i]")
        return self.points[0]

    def by_variable(self, point: PointReport, show: Callable[[Quantity], Any]) -> dict[str, Any]:
        """The gradient of a point by variable, each number as `show` gives it, arrays as nested lists."""
        entries = iter(point.gradient)
        return {
            variable.name: nest([show(next(entries)) for _ in variable.elements], variable.shape)
            for variable in self.variables
        }

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready data: schema 1 of the command line."""
        body: dict[str, Any] = {
            "schema": SCHEMA,
            "command": self.command,
            "expression": self.expression,
            "variables": [variable.name for variable in self.variables],
            "let": jsonable(dict(self.let)),
            "symbolic_status": self.symbolic_status,
        }
        if self.symbolic_reason:
            body["symbolic_reason"] = self.symbolic_reason
        if self.command == "hessian":
            body["flat_variables"] = self.flat_variables
        return body | {"points": [self._point_dict(point) for point in self.points]}

    def _point_dict(self, point: PointReport) -> dict[str, Any]:
        body: dict[str, Any] = {
            "at": jsonable(dict(point.at)),
            "value": number(point.value.value),
            "gradient": self.by_variable(point, lambda entry: number(entry.value)),
            "symbolic": self.by_variable(point, lambda entry: _optional(entry.symbolic)),
            "certified_value": _optional(point.value.certified),
            "certified": self.by_variable(point, lambda entry: _optional(entry.certified)),
        }
        if any(entry.numeric for entry in point.gradient):
            body["numeric"] = self.by_variable(point, lambda entry: _optional(entry.numeric))
        body["verdicts"] = self.by_variable(point, lambda entry: entry.verdict)
        body["verdict"] = point.verdict
        if point.curvature:
            body |= point.curvature.to_dict(symbolic=self.symbolic_status in ("done", "timed out"))
        return body | {"notes": [note.to_dict() for note in point.notes]}

    def rows(self) -> Iterator[tuple[int, str, str, str]]:
        """The report in long form, as its CSV has it: point, variable, field, value."""
        for index, point in enumerate(self.points):
            yield index, "", "value", str(point.value.value)
            if point.value.certified:
                yield index, "", "certified", point.value.certified.value
            names = self.flat_variables
            for name, entry in zip(names, point.gradient, strict=True):
                for column, value in _fields(entry):
                    yield index, name, column, value
            if point.curvature:
                for (i, j), entry in point.curvature.items():
                    for column, value in _fields(entry):
                        yield index, f"{names[i]},{names[j]}", "hessian" if column == "gradient" else column, value
            yield index, "", "verdict", point.verdict

    def records(self) -> Iterator[tuple[object, ...]]:
        """The rows of CSV, the titles first."""
        yield "point", "variable", "field", "value"
        yield from self.rows()

    # -- the page -----------------------------------------------------------------------------------------------------

    def page(self) -> pages.Page:
        """The report as people see it: for each point the value, a table of derivatives, the Hessian, notes."""
        blocks = pages.question(self.expression, self.latex, self.let)
        equations = []
        for point in self.points:
            matrices = self._matrices(point.curvature)
            blocks += self._blocks(point, matrices)
            equations.append(tuple(self._equations(point, matrices)))
        return pages.Page(self.command, tuple(blocks), tuple(equations))

    def _blocks(self, point: PointReport, matrices: pages.Matrices | None) -> Iterator[pages.Block]:
        yield pages.Heading((pages.Text("at ", "label"), pages.Formula(pages.point_text(point.at))) if point.at else ())
        yield _value_line(point.value, self.digits)
        if point.value.verdict != "undefined":
            if point.gradient:
                yield _table(self.flat_variables, point.gradient, self.digits)
            if point.curvature:
                yield matrices or pages.line(f"{point.curvature.summary}: --json has all")
                yield from point.curvature.facts()
        yield pages.Remarks(tuple(note.remark(self.text) for note in point.notes))

    def _matrices(self, curvature: Curvature | None) -> pages.Matrices | None:
        """The Hessian beside SymPy's, where it is small enough to be given whole."""
        if curvature is None or curvature.size > DENSE_LIMIT:
            return None
        names = self.flat_variables
        columns = (pages.Column("", "word"), *map(pages.Column, names))

        def matrix(title: str, show: Callable[[Quantity], pages.Piece]) -> pages.Table:
            rows = zip(names, curvature.matrix(show), strict=True)
            return pages.Table(columns, tuple((pages.strong(name), *row) for name, row in rows), title)

        tables = [matrix("Hessian", lambda entry: pages.number_text(entry.value))]
        if any(entry.symbolic for entry in curvature.entries.values()):
            tables.append(matrix("SymPy's", _formula))
        few = sorted(curvature.entries.items()) if curvature.size <= pages.MATRIX_LIMIT else []
        upper = {f"{names[i]},{names[j]}": entry for (i, j), entry in few if i <= j}
        return pages.Matrices(curvature.summary, tuple(tables), _table(list(upper), list(upper.values()), None))

    def _equations(self, point: PointReport, matrices: pages.Matrices | None) -> Iterator[pages.Equation]:
        yield pages.Equation((pages.Formula(self.expression, latex=self.latex),))
        yield pages.Equation((pages.number_text(point.value.value),), at=point.at)
        for name, entry in zip(self.flat_variables, point.gradient, strict=True):
            typeset = (_formula(entry),) if entry.symbolic and entry.symbolic.latex else ()
            yield pages.Equation((*typeset, pages.number_text(entry.value)), (name,))
        if matrices:
            yield pages.Equation(matrices.tables[:1])


def _value_line(value: Quantity, digits: int | None) -> pages.Line:
    """The value with its digits; `digits` says whether those were asked for that are proved."""
    proof, number = value.certified, pages.strong(pages.number_text(value.value))
    if proof is None:
        return pages.fact("value", pages.Text("undefined", "strong bad") if value.verdict == "undefined" else number)
    right = pages.Text(f"   {proof.digits} digits right", "good" if proof.digits >= 12 else "doubt")
    return pages.fact("value", number, f"   {proof.value}" if digits else "", right)


def _table(names: Sequence[str], entries: Sequence[Quantity], digits: int | None) -> pages.Table:
    """A row for each derivative, named by its variables, with the columns that these numbers need."""
    symbolic = any(entry.symbolic for entry in entries)
    numeric = any(entry.numeric for entry in entries)
    certified = digits is not None or any(entry.verdict == "inaccurate" for entry in entries)
    columns: list[tuple[bool, pages.Column, Callable[[Quantity], pages.Piece]]] = [
        (True, pages.Column("tape"), lambda entry: pages.number_text(entry.value)),
        (certified, pages.Column("certified"), lambda entry: _certified(entry, digits)),
        (symbolic, pages.Column("SymPy's formula", "formula", "SymPy"), _formula),
        (symbolic, pages.Column("its value"), lambda entry: entry.symbolic.short_value if entry.symbolic else ""),
        (numeric, pages.Column("central difference"), lambda entry: str(entry.numeric or "")),
        (True, pages.Column("digits"), lambda entry: str(entry.certified.digits) if entry.certified else ""),
        (True, pages.Column("verdict", "word"), lambda entry: pages.Text(entry.verdict, entry.tone)),
    ]
    shown = [(column, cell) for wanted, column, cell in columns if wanted]
    rows = [tuple(cell(entry) for _, cell in shown) for entry in entries]
    titles = [column.title for column, _ in shown]
    return pages.Table(
        (pages.Column("variable", "word", "d/d"), *(column for column, _ in shown)),
        tuple((name, *row) for name, row in zip(names, rows, strict=True)),
        details=tuple(
            pages.Details(pages.line(pages.strong(derivative_name(name))), tuple(zip(titles, row, strict=True)))
            for name, row in zip(names, rows, strict=True)
        ),
    )


def _formula(entry: Quantity) -> pages.Piece:
    return pages.Formula(entry.symbolic.formula, latex=entry.symbolic.latex) if entry.symbolic else ""


def _certified(entry: Quantity, digits: int | None) -> str:
    if entry.certified is None:
        return ""
    return entry.certified.value if digits else pages.short_text(entry.certified.value)


# -- data --------------------------------------------------------------------------------------------------------------


def _fields(entry: Quantity) -> Iterator[tuple[str, str]]:
    yield "gradient", str(entry.value)
    if entry.symbolic:
        yield "formula", entry.symbolic.formula
        if entry.symbolic.value is not None:
            yield "symbolic", entry.symbolic.value
    if entry.certified:
        yield "certified", entry.certified.value
        yield "digits", str(entry.certified.digits)
    if entry.numeric:
        yield "numeric", str(entry.numeric.value)
        yield "numeric_error", str(entry.numeric.error)
    yield "verdict", entry.verdict


def _optional(part: Certified | Symbolic | Numeric | None) -> dict[str, Any] | None:
    return None if part is None else part.to_dict()
