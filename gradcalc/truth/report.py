"""What an answer holds: frozen dataclasses between the calculator and whatever shows them.

`to_dict` of a report is the JSON of the command line, schema 1; `page` is what people see, in any medium. Nothing here
computes a derivative, nothing prints. Imports errors, graph, language, show, and of truth kinds and quantity.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcalc.errors import ExitCode
from gradcalc.graph.shapes import nest
from gradcalc.language.formula import Variable
from gradcalc.language.typeset import latex
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.show.page import DENSE_LIMIT
from gradcalc.truth.kinds import said
from gradcalc.truth.quantity import (
    VERDICTS,
    ZERO,
    Note,
    Quantity,
    ascii_name,
    derivative_name,
    noted,
    optional,
    table,
    told,
    worst,
)
from gradcalc.truth.questions.directional import Geometry
from gradcalc.truth.questions.written import NOWHERE, Formulas

_IN_ROWS = ("slope", "left", "right", "curvature", "tangent")
"""What the row of a point of several tells of the formula's shape there."""
_IN_A_ROW = 3
"""Up to this many variables the Hessian of one point of several stands in a row."""
_NAMED, _NAMED_CHARACTERS = 3, 60
"""How many points a note names, and in how many characters."""


@dataclass(frozen=True, slots=True)
class Curvature:
    """The second derivatives at a point.

    Attributes:
        entries: by row and column over the flattened variables; an absent one is structurally zero.
        size: number of rows.
        eigenvalues: in increasing order; None for more than 1,000 variables, where an entry is not finite, and where
            floats show 0 for entries that are not.
        definiteness: in words; `numerically ` before it where the signs are not proved, `undecided` where the errors
            leave a sign open.
        critical_point: what kind the point is where the gradient vanishes, `undecided` too, else None.
        newton_step: how long the Newton step is, where the gradient is proved not to be 0 and yet it is below 4 ulps.
    """

    entries: Mapping[tuple[int, int], Quantity]
    size: int
    eigenvalues: tuple[float, ...] | None = None
    definiteness: str | None = None
    critical_point: str | None = None
    newton_step: float | None = None

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
            yield pages.fact("eigenvalues", self._eigenvalues_text(self.eigenvalues))
        if self.definiteness:
            yield pages.fact("the Hessian is", pages.strong(self.definiteness))
        if self.critical_point:
            yield pages.fact("critical point:", pages.strong(said(self.critical_point)))
        if self.newton_step is not None:
            yield pages.fact("no critical point:", _near_miss(self.newton_step))

    @property
    def words(self) -> dict[str, str]:
        """What the second derivatives say, in a word each."""
        words = {"Hessian": self.definiteness, "critical point": self.critical_point and said(self.critical_point)}
        return {title: word for title, word in words.items() if word}

    def _eigenvalues_text(self, values: Sequence[float]) -> str:
        """A few eigenvalues, or of many the ends and how many there are."""
        if len(values) <= pages.MATRIX_LIMIT:
            return ", ".join(map(pages.number_text, values))
        ends = f"smallest {pages.number_text(values[0])}, largest {pages.number_text(values[-1])}"
        return f"{len(values):,}: {ends}"

    def to_dict(self, symbolic: bool = True) -> dict[str, Any]:
        """The JSON form: matrices, or coordinates and values for more than 1,000 variables.

        Args:
            symbolic: whether SymPy was heard; if not, it says nothing of structural zeros either.
        """
        if self.size > DENSE_LIMIT:
            return {"hessian": self._coordinates()}
        return {
            "hessian": self.matrix(lambda entry: number(entry.value)),
            "symbolic_hessian": self.matrix(lambda entry: optional(entry.symbolic) if symbolic else None),
            "certified_hessian": self.matrix(lambda entry: optional(entry.certified)),
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


def _near_miss(newton_step: float) -> str:
    """Why a point is not critical that floats cannot tell from one that is."""
    return f"the gradient is not 0; the Newton step is {newton_step:.3g}"


@dataclass(frozen=True, slots=True)
class PointReport:
    """The answer at one point; the gradient is flat, over the elements of the report's variables.

    Attributes:
        at: the point in floats; an integer that no float is equal to as an integer.
        exact: the point as it was given, of the variables for which floats are not that number: `{"x": "pi/2"}`.
        geometry: along a direction, tangent and normal, where that is asked.
    """

    at: Mapping[str, Any]
    value: Quantity
    gradient: tuple[Quantity, ...]
    verdict: str
    notes: tuple[Note, ...] = ()
    curvature: Curvature | None = None
    exact: Mapping[str, Any] = field(default_factory=dict)
    geometry: Geometry | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The point as it was given."""
        return {**self.at, **self.exact}


@dataclass(frozen=True, slots=True, repr=False)
class Report(Answer):
    """Value, gradient and, for order 2, Hessian of a formula at one or more points, with what is known of every number.

    `value`, `gradient` and `hessian` are those of the only point; with several, read `points`. Where `digits` were
    asked for, a page shows the proved digits of every number. `let_exact` is as `exact` of a point. Without a point
    there are no numbers: the derivatives are `written` as formulas.
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
    let_exact: Mapping[str, Any] = field(default_factory=dict)
    written: Formulas | None = None

    @property
    def formulas(self) -> dict[str, str | None]:
        """The first derivatives as formulas, where no point was given; None for one that is too long to be read."""
        written = self.written
        return {} if written is None else {name: written.entry(name).text for name in written.names}

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
        """1 if any point disagrees, else 3 if any is undefined, or all of the formula is; else 0."""
        verdicts = {point.verdict for point in self.points}
        if "disagrees" in verdicts:
            return ExitCode.NO
        nowhere = self.written is not None and self.written.domain == NOWHERE
        return ExitCode.UNDEFINED if nowhere or "undefined" in verdicts else ExitCode.DONE

    @property
    def aside(self) -> str:
        """Why SymPy says nothing."""
        return f"SymPy: {self.symbolic_status}: {self.symbolic_reason}" if self.symbolic_reason else ""

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
            **({"let_exact": jsonable(dict(self.let_exact))} if self.let_exact else {}),
            "symbolic_status": self.symbolic_status,
        }
        if self.symbolic_reason:
            body["symbolic_reason"] = self.symbolic_reason
        if self.command == "hessian":
            body["flat_variables"] = self.flat_variables
        if self.written:
            body |= self.written.to_dict()
        return body | {"points": [self._point_dict(point) for point in self.points]}

    def _point_dict(self, point: PointReport) -> dict[str, Any]:
        body: dict[str, Any] = {
            "at": jsonable(dict(point.at)),
            **({"at_exact": jsonable(dict(point.exact))} if point.exact else {}),
            "value": number(point.value.value),
            "gradient": self.by_variable(point, lambda entry: number(entry.value)),
            "symbolic": self.by_variable(point, lambda entry: optional(entry.symbolic)),
            "certified_value": optional(point.value.certified),
            "certified": self.by_variable(point, lambda entry: optional(entry.certified)),
        }
        if any(entry.numeric for entry in point.gradient):
            body["numeric"] = self.by_variable(point, lambda entry: optional(entry.numeric))
        body["verdicts"] = self.by_variable(point, lambda entry: entry.verdict)
        body["verdict"] = point.verdict
        if point.curvature:
            body |= point.curvature.to_dict(symbolic=self.symbolic_status in ("done", "timed out"))
        if point.geometry:
            body |= point.geometry.to_dict()
        return body | {"notes": [note.to_dict() for note in point.notes]}

    def rows(self) -> Iterator[tuple[int, str, str, str]]:
        """The report in long form, as its CSV has it: point, variable, field, value."""
        for index, point in enumerate(self.points):
            yield index, "", "value", str(point.value.value)
            if point.value.certified:
                yield index, "", "certified", point.value.certified.value
            names = self.flat_variables
            for name, entry in zip(names, point.gradient, strict=True):
                yield from ((index, name, *field) for field in entry.fields("gradient"))
            for (i, j), entry in point.curvature.items() if point.curvature else ():
                yield from ((index, f"{names[i]},{names[j]}", *field) for field in entry.fields("hessian"))
            for title, cell in _seen(point):
                yield index, "", title, str(cell)
            for note in point.notes:
                yield index, note.variable or "", "note", f"{note.label}: {note.message}"
            yield index, "", "verdict", point.verdict

    def long_records(self) -> Iterator[tuple[object, ...]]:
        """The rows of CSV with a fact a row, the titles first."""
        if self.written:
            yield from self.written.records()
            return
        yield "point", "variable", "field", "value"
        yield from self.rows()

    def records(self) -> Iterator[tuple[object, ...]]:
        """The rows of CSV, one for each point, the titles first: where, each number and what is known of it."""
        if self.written:
            yield from self.written.records()
        if not self.points:
            return
        entries, flat = self._upper_entries, self.flat_variables
        where = [name for name, _ in flat_point(self.points[0].at)]
        pairs = (f"{flat[i]},{flat[j]}" for i, j in entries)
        names = ["value", *map(derivative_name, flat), *map(derivative_name, pairs)]
        fields = ("", "_certified", "_digits", "_verdict", *(("_numeric", "_numeric_error") if self._numeric else ()))
        titles = [ascii_name(name) + field for field in fields for name in names]
        seen = list(dict.fromkeys(title for point in self.points for title, _ in _seen(point)))
        head = *where, *(f"{title}_" if title in where else title for title in (*titles, *seen)), "verdict"

        def row(point: PointReport) -> tuple[object, ...]:
            cells = zip(*(_wide(number)[: len(fields)] for number in self._numbers(point, entries)), strict=True)
            return (
                *(value for _, value in flat_point(point.given)),
                *(cell for row in cells for cell in row),
                *(dict(_seen(point)).get(title, "") for title in seen),
                point.verdict,
            )

        yield from noted(head, ((row(point), told(point.notes)) for point in self.points))

    @property
    def _upper_entries(self) -> list[tuple[int, int]]:
        """The places of the Hessian on and above its diagonal: all of a small one, else those not structurally zero."""
        shapes = [point.curvature for point in self.points if point.curvature]
        size = max((curvature.size for curvature in shapes), default=0)
        if size <= pages.MATRIX_LIMIT:
            return [(i, j) for i in range(size) for j in range(i, size)]
        return sorted({(i, j) for curvature in shapes for i, j in curvature.entries if i <= j})

    # -- the page -----------------------------------------------------------------------------------------------------

    def page(self) -> pages.Page:
        """The report as people see it: for each point the value, a table of derivatives, the Hessian, notes.

        Several points without Hessians, or with small ones, make one table, a row for each.
        """
        blocks = pages.question(self.expression, latex.known(self.latex), {**self.let, **self.let_exact})
        if len(self.points) > 1 and all(p.curvature is None or p.curvature.size <= _IN_A_ROW for p in self.points):
            return pages.Page(self.command, (*blocks, *self._several()))
        equations = []
        if self.written:
            blocks += self.written.blocks()
            function = pages.Equation((pages.Formula(self.expression, latex=latex.known(self.latex)),))
            equations.append((function, *self.written.equations()))
        for point in self.points:
            matrices = self._matrices(point.curvature)
            blocks += self._blocks(point, matrices)
            seen = point.geometry.equations() if point.geometry else ()
            equations.append((*self._equations(point, matrices), *seen))
        return pages.Page(self.command, tuple(blocks), tuple(equations))

    def _blocks(self, point: PointReport, matrices: pages.Matrices | None) -> Iterator[pages.Block]:
        yield pages.Heading(
            (pages.Text("at ", "label"), pages.Formula(pages.point_text(point.given))) if point.at else ()
        )
        yield point.value.line(self.digits)
        if point.value.verdict != "undefined":
            if point.gradient:
                yield table(self.flat_variables, point.gradient, self.digits)
            if point.curvature:
                yield matrices or pages.line(point.curvature.summary)
                if matrices is None:
                    yield self._coordinates(point.curvature)
                yield from point.curvature.facts()
        yield pages.Remarks(tuple(note.remark(self.text) for note in point.notes))
        if point.geometry:
            yield from point.geometry.blocks(self.digits)

    def _several(self) -> Iterator[pages.Block]:
        """Several points: what SymPy found for all, a row for each, and what is to know of one or more of them."""
        flat = self.flat_variables
        names = [
            *map(derivative_name, flat),
            *(derivative_name(f"{flat[i]},{flat[j]}") for i, j in self._upper_entries),
        ]
        numbers = [self._numbers(point, self._upper_entries) for point in self.points]
        for name, (_, *entries) in zip(("", *names), zip(*numbers, strict=True), strict=True):
            if known := next((entry for entry in entries if entry.symbolic), None):
                yield pages.fact(f"{name} =", known.formula)
        counts = Counter(point.verdict for point in self.points)
        said = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in reversed(VERDICTS) if counts[verdict])
        yield pages.Heading((f"{len(self.points):,} points: {said}",))
        where = [name for name, _ in flat_point(self.points[0].at)]
        shown = [column for name in ("value", *names) for column in self._columns_of(name)]
        words = list(dict.fromkeys(word for point in self.points if point.curvature for word in point.curvature.words))
        around = [dict(_seen(point)) for point in self.points]
        sided = any(each.get("left") != each.get("right") for each in around)
        seen = [title for title in _IN_ROWS if around[0] and (sided or title not in ("left", "right"))]
        seen = [title for title in seen if any(title in each for each in around)]
        columns = (
            *map(pages.Column, (*where, *shown, *seen, "digits")),
            *(pages.Column(title, "word") for title in (*words, "verdict")),
        )
        rows = tuple(self._row(point, found, words, seen) for point, found in zip(self.points, numbers, strict=True))
        yield pages.Table(columns, rows, details=tuple(self._paragraphs(columns[len(where) :], rows)))
        yield pages.Remarks((*located(self.text, [(p.given, p.notes) for p in self.points]), *self._near_misses()))

    def _numbers(self, point: PointReport, places: Sequence[tuple[int, int]]) -> list[Quantity]:
        """All numbers of a point: its value, the gradient, and some of the Hessian, which no undefined value has."""
        if point.curvature is None:
            return [point.value, *point.gradient, *[Quantity(math.nan, verdict="undefined")] * len(places)]
        return [point.value, *point.gradient, *(point.curvature.entries.get(place, ZERO) for place in places)]

    def _paragraphs(
        self, columns: Sequence[pages.Column], rows: Sequence[Sequence[pages.Piece]]
    ) -> Iterator[pages.Details]:
        """A point of several for where its row is too long, with the eigenvalues."""
        for point, row in zip(self.points, rows, strict=True):
            values = point.curvature.eigenvalues if point.curvature else None
            eigenvalues = (("eigenvalues", ", ".join(map(pages.number_text, values))),) if values else ()
            heading = pages.line(pages.Text("at ", "label"), pages.Formula(pages.point_text(point.given)))
            cells = tuple((column.title, cell) for column, cell in zip(columns, row[-len(columns) :], strict=True))
            yield pages.Details(heading, (*cells[:-1], *eigenvalues, cells[-1]))

    def _near_misses(self) -> Iterator[pages.Remark]:
        """Points of several that are nearly critical."""
        for point in self.points:
            if point.curvature and point.curvature.newton_step is not None:
                yield pages.Remark(
                    f"no critical point at {pages.point_text(point.given)}", _near_miss(point.curvature.newton_step)
                )

    @property
    def _numeric(self) -> bool:
        """Whether there are central differences."""
        return any(entry.numeric for point in self.points for entry in point.gradient)

    def _columns_of(self, name: str) -> Iterator[str]:
        """The titles of what a row says of one number."""
        yield name
        if self.digits:
            yield f"{name} certified"
        if self._numeric and name != "value":
            yield f"{name} by central difference"

    def _row(
        self, point: PointReport, numbers: Sequence[Quantity], words: Sequence[str], seen: Sequence[str]
    ) -> tuple[pages.Piece, ...]:
        """A point: where, its numbers, how many digits are right in each of them, words on its Hessian, the verdict."""
        defined = point.value.verdict != "undefined"
        cells: list[pages.Piece] = [pages.value_text(value) for _, value in flat_point(point.given)]
        for place, entry in enumerate(numbers):
            undefined = "" if place else pages.Text("undefined", "strong bad")
            cells.append(pages.number_text(entry.value) if defined else undefined)
            if self.digits:
                cells.append(entry.certified.value if entry.certified and defined else "")
            if self._numeric and place:
                cells.append(str(entry.numeric or ""))
        right = [entry.certified.digits for entry in numbers if entry.certified]
        tone = next((entry.tone for entry in numbers if entry.verdict == point.verdict), "strong bad")
        digits = str(min(right)) if len(right) == len(numbers) else ""
        told = point.curvature.words if point.curvature else {}
        around = dict(_seen(point))
        cells += [pages.value_text(around.get(title, "")) for title in seen]
        return *cells, digits, *(told.get(word, "") for word in words), pages.Text(point.verdict, tone)

    def _matrices(self, curvature: Curvature | None) -> pages.Matrices | None:
        """The Hessian beside SymPy's, where it is small enough to be looked at whole."""
        if curvature is None or curvature.size > pages.MATRIX_LIMIT:
            return None
        names = self.flat_variables
        columns = (pages.Column("", "word"), *map(pages.Column, names))

        def matrix(title: str, show: Callable[[Quantity], pages.Piece]) -> pages.Table:
            rows = zip(names, curvature.matrix(show), strict=True)
            return pages.Table(columns, tuple((pages.strong(name), *row) for name, row in rows), title)

        tables = [matrix("Hessian", lambda entry: pages.number_text(entry.value))]
        if any(entry.symbolic for entry in curvature.entries.values()):
            tables.append(matrix("SymPy's", lambda entry: entry.formula))
        upper = {f"{names[i]},{names[j]}": entry for (i, j), entry in sorted(curvature.entries.items()) if i <= j}
        return pages.Matrices(curvature.summary, tuple(tables), table(list(upper), list(upper.values()), None))

    def _coordinates(self, curvature: Curvature) -> pages.Table:
        """A Hessian beyond a screenful: a row for each entry of its upper triangle that is not structurally zero."""
        names = self.flat_variables
        words = {"row", "column", "verdict"}
        titles = ("row", "column", "value", "digits", "verdict")
        columns = tuple(pages.Column(title, "word" if title in words else "number") for title in titles)
        rows = (
            (names[i], names[j], pages.number_text(entry.value), str(entry.certified.digits) if entry.certified else "",
             pages.Text(entry.verdict, entry.tone))
            for (i, j), entry in sorted(curvature.entries.items()) if i <= j
        )  # fmt: skip
        return pages.Table(columns, tuple(rows), "Hessian, upper triangle")

    def _equations(self, point: PointReport, matrices: pages.Matrices | None) -> Iterator[pages.Equation]:
        yield pages.Equation((pages.Formula(self.expression, latex=latex.known(self.latex)),))
        yield pages.Equation((pages.number_text(point.value.value),), at=point.given)
        for name, entry in zip(self.flat_variables, point.gradient, strict=True):
            typeset = (entry.formula,) if entry.symbolic and entry.symbolic.latex else ()
            yield pages.Equation((*typeset, pages.number_text(entry.value)), (name,))
        if matrices:
            yield pages.Equation(matrices.tables[:1])
        elif point.curvature:
            names = self.flat_variables
            for (i, j), entry in sorted(point.curvature.entries.items()):
                if i <= j:
                    yield pages.Equation((pages.number_text(entry.value),), (names[i], names[j]))


def _seen(point: PointReport) -> list[tuple[str, object]]:
    """What a row says of the formula along a direction, its tangent and its normal."""
    return point.geometry.cells() if point.geometry else []


def located(text: str, points: Sequence[tuple[Mapping[str, Any], Sequence[Note]]]) -> Iterator[pages.Remark]:
    """The notes of points, each told once; of several, with those that it is true of."""
    places: dict[pages.Remark, list[int]] = {}
    for index, (_, notes) in enumerate(points):
        for remark in dict.fromkeys(note.remark(text) for note in notes):
            places.setdefault(remark, []).append(index)
    for remark, indices in places.items():
        where = f" at {_named([at for at, _ in points], indices)}" if len(points) > 1 else ""
        yield remark._replace(label=remark.label + where)


def _named(points: Sequence[Mapping[str, Any]], indices: Sequence[int]) -> str:
    """Some of the points, in a few words."""
    if len(indices) == len(points):
        return "every point"
    shown = [pages.point_text(points[index]) for index in indices[:_NAMED]]
    if sum(map(len, shown)) > _NAMED_CHARACTERS:
        shown = [f"point {index + 1}" for index in indices[:_NAMED]]
    rest = len(indices) - len(shown)
    return "; ".join([*shown, *([f"{rest:,} more"] if rest else [])])


def flat_point(at: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The numbers of a point by name, those of an array as `x[0]`."""
    stack: list[tuple[str, str, Any]] = [(name, "", value) for name, value in reversed(list(at.items()))]
    while stack:
        name, index, value = stack.pop()
        if isinstance(value, list):
            before = f"{index}," if index else ""
            stack += [(name, f"{before}{i}", item) for i, item in reversed(list(enumerate(value)))]
        else:
            yield f"{name}[{index}]" if index else name, value


def _wide(entry: Quantity) -> tuple[object, ...]:
    """The number, what is proved of it, its verdict, and its central difference."""
    proof, numeric = entry.certified, entry.numeric
    proved = (proof.value, proof.digits) if proof else ("", "")
    return entry.value, *proved, entry.verdict, *((numeric.value, numeric.error) if numeric else ("", ""))
