"""`jacobian`: an array of formulas, the matrix of its derivatives, its rank as far as proved, and its condition.

Each element is a formula of one graph, examined and judged as by `grad`, beside a derivative of SymPy of its own; the
numbers of all are found together. Imports calculator, examine, judge, rank and report.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.marks import Unknown
from gradcalc.errors import ExitCode, for_python
from gradcalc.graph.shapes import Shape, labels
from gradcalc.language import points
from gradcalc.language.format import format_node
from gradcalc.language.formula import Component, Point, Value, components
from gradcalc.language.typeset import latex
from gradcalc.settings import (
    CERTIFY_SECONDS,
    CERTIFY_WORK,
    DIGITS,
    SYMBOLIC_SECONDS,
    Dialect,
    Limits,
    Options,
    limits_for,
)
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.truth.calculator import asked, submitted, with_differences
from gradcalc.truth.claims.rank import condition, rank
from gradcalc.truth.examine import examine, numbers_at
from gradcalc.truth.finding import Examined
from gradcalc.truth.judge import Judge
from gradcalc.truth.quantity import ZERO, Note, Quantity, ascii_name, check_digits, noted, optional, table, told, worst
from gradcalc.truth.questions.formulas import in_words
from gradcalc.truth.questions.written import NOWHERE, Formulas, Written
from gradcalc.truth.report import flat_point, located
from gradcalc.truth.second_opinion import Entry, Job, Opinion
from gradcalc.work import counted

Place = tuple[int, int]

_SYMBOLIC_ENTRIES = 1_000
"""Above so many derivatives SymPy is not asked."""
_FORMULA, _FORMULAS, _ROWS_IN_WORDS = 300, 10_000, 30
"""Characters of a formula that is made here, formulas of a matrix, and rows whose formulas are shortened, at most."""
_IN_A_ROW = 9
"""Up to so many entries the matrix of one point of several stands in a row."""
_BROKEN = frozenset({"undefined", "jump", "kink", "infinite"})
"""Verdicts of entries that are no numbers of a matrix."""
_MISSING = Quantity(math.nan, verdict="undefined")
_FIELDS = ("", "_certified", "_digits", "_verdict")


@dataclass(frozen=True, slots=True)
class JacobianPoint:
    """The Jacobian at a point.

    Attributes:
        value: of each formula.
        entries: by row and column; an absent one is structurally zero, or undefined where its formula is.
        rank: where it is proved, else None; `rank_at_least` is proved in any case.
        condition: in the 2-norm, infinite below full rank; None where it is not known.
    """

    at: Mapping[str, Any]
    value: tuple[Quantity, ...]
    entries: Mapping[Place, Quantity]
    verdict: str
    rank: int | None = None
    rank_at_least: int = 0
    condition: float | None = None
    notes: tuple[Note, ...] = ()
    exact: Mapping[str, Any] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, Any]:
        """The point as it was given."""
        return {**self.at, **self.exact}

    def entry(self, i: int, j: int) -> Quantity:
        """One derivative."""
        absent = _MISSING if self.value[i].verdict == "undefined" else ZERO
        return self.entries.get((i, j), absent)


@dataclass(frozen=True, slots=True, repr=False)
class Jacobian(Answer):
    """An array of formulas and its first derivatives.

    `value` and `jacobian` are those of the only point; with several, read `points`.

    Attributes:
        shape: of the array; `rows` are the names of its elements, `columns` of the variables.
        written: the derivatives that are not structurally zero as formulas, by row and column.
        domains, kinks: without a point, where each formula has a value and where it may have a kink, as of `Formulas`.
    """

    expression: str
    text: str
    shape: Shape
    columns: tuple[str, ...]
    written: Mapping[Place, Written]
    points: tuple[JacobianPoint, ...]
    let: Mapping[str, Any] = field(default_factory=dict)
    symbolic_status: str = "skipped"
    symbolic_reason: str = ""
    domains: tuple[str | None, ...] = ()
    kinks: tuple[tuple[str, ...] | None, ...] = ()
    latex: str = ""
    digits: int | None = None

    @property
    def rows(self) -> list[str]:
        """The names of the formulas."""
        return labels("f", self.shape)

    @property
    def formulas(self) -> list[list[str | None]]:
        """The derivatives as formulas, a row for each formula; None where one is too long to be read."""
        rows, columns = self.size
        return [[self._formula(i, j).text for j in range(columns)] for i in range(rows)]

    def _formula(self, i: int, j: int) -> Written:
        return self.written.get((i, j)) or Written("0", "0")

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the matrix."""
        return math.prod(self.shape), len(self.columns)

    @property
    def value(self) -> list[float]:
        """The value of each formula at the only point."""
        return [entry.value for entry in self._only_point.value]

    @property
    def jacobian(self) -> list[list[float]]:
        """The derivatives at the only point, a row for each formula."""
        return self._matrix(self._only_point, lambda entry: entry.value)

    @property
    def _only_point(self) -> JacobianPoint:
        if len(self.points) != 1:
            raise AttributeError(f"this answer has {len(self.points)} points: read answer.points[i]")
        return self.points[0]

    @property
    def verdict(self) -> str:
        """The worst verdict of all points."""
        return worst([point.verdict for point in self.points])

    @property
    def aside(self) -> str:
        """Why SymPy has not said all."""
        return f"SymPy: {self.symbolic_status}: {self.symbolic_reason}" if self.symbolic_reason else ""

    @property
    def exit_code(self) -> ExitCode:
        """1 if any point disagrees, else 3 if any is undefined, else 0."""
        verdicts = {point.verdict for point in self.points}
        if "disagrees" in verdicts:
            return ExitCode.NO
        nowhere = NOWHERE in self.domains
        return ExitCode.UNDEFINED if nowhere or "undefined" in verdicts else ExitCode.DONE

    @property
    def is_dense(self) -> bool:
        """Whether matrices are given whole, else as coordinates."""
        return max(self.size) <= pages.DENSE_LIMIT and math.prod(self.size) <= 100 * pages.DENSE_LIMIT

    @property
    def is_small(self) -> bool:
        """Whether a matrix is looked at whole."""
        return max(self.size) <= pages.MATRIX_LIMIT

    def _matrix(self, point: JacobianPoint, show: Callable[[Quantity], Any]) -> list[list[Any]]:
        rows, columns = self.size
        return [[show(point.entry(i, j)) for j in range(columns)] for i in range(rows)]

    # -- data

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        rows, columns = self.size
        body = {
            "schema": SCHEMA,
            "command": "jacobian",
            "expression": self.expression,
            "shape": list(self.shape),
            "rows": self.rows,
            "variables": list(self.columns),
            "let": jsonable(dict(self.let)),
            "symbolic_status": self.symbolic_status,
            **({"symbolic_reason": self.symbolic_reason} if self.symbolic_reason else {}),
            "structural_zeros": rows * columns - len(self.written),
        }
        if rows * columns <= _FORMULAS:
            body["formulas"] = self.formulas
        if not self.points:
            body["domain"] = list(self.domains)
            body["domains"] = [[self._formula(i, j).where for j in range(columns)] for i in range(rows)]
            body["kinks"] = [None if kinks is None else list(kinks) for kinks in self.kinks]
        return body | {"points": [self._point_dict(point) for point in self.points]}

    def _point_dict(self, point: JacobianPoint) -> dict[str, Any]:
        heard = self.symbolic_status in ("done", "timed out")
        body: dict[str, Any] = {
            "at": jsonable(dict(point.at)),
            **({"at_exact": jsonable(dict(point.exact))} if point.exact else {}),
            "value": [number(entry.value) for entry in point.value],
            "certified_value": [optional(entry.certified) for entry in point.value],
        }
        if self.is_dense:
            body |= {
                "jacobian": self._matrix(point, lambda entry: number(entry.value)),
                "symbolic_jacobian": self._matrix(point, lambda entry: optional(entry.symbolic) if heard else None),
                "certified_jacobian": self._matrix(point, lambda entry: optional(entry.certified)),
                "verdicts": self._matrix(point, lambda entry: entry.verdict),
            }
            if any(entry.numeric for entry in point.entries.values()):
                body["numeric_jacobian"] = self._matrix(point, lambda entry: optional(entry.numeric))
        else:
            places = sorted(point.entries)
            body["jacobian"] = {
                "format": "coo",
                "rows": [row for row, _ in places],
                "columns": [column for _, column in places],
                "values": [number(point.entries[place].value) for place in places],
            }
        return body | {
            "rank": point.rank,
            "rank_at_least": point.rank_at_least,
            "condition": number(point.condition),
            "verdict": point.verdict,
            "notes": [note.to_dict() for note in point.notes],
        }

    def _names(self) -> Callable[[Place], str]:
        """What says how a derivative is called."""
        rows, columns = self.rows, self.columns
        return lambda place: f"d{rows[place[0]]}/d{columns[place[1]]}"

    def _shown(self) -> list[Place]:
        """The places of a table: all of a small matrix, else those that are not structurally zero."""
        rows, columns = self.size
        return [(i, j) for i in range(rows) for j in range(columns)] if self.is_small else sorted(self.written)

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each point, the titles first; without points a row for each formula."""
        places = self._shown()
        if not self.points:
            yield "derivative", "formula", "where", "source"
            name = self._names()
            for place in places:
                entry = self._formula(*place)
                yield ascii_name(name(place)), entry.text or "", entry.where or "", entry.source
            return
        where = [name for name, _ in flat_point(self.points[0].at)]
        names = [*self.rows, *map(ascii_name, map(self._names(), places))]
        titles = [name + each for each in _FIELDS for name in names]
        head = *where, *(f"{title}_" if title in where else title for title in titles), "rank", "condition", "verdict"

        def row(point: JacobianPoint) -> tuple[object, ...]:
            cells = zip(*map(_wide, (*point.value, *(point.entry(*place) for place in places))), strict=True)
            numbers = (cell for column in cells for cell in column)
            least = point.rank if point.rank is not None else ""
            condition = "" if point.condition is None else point.condition
            return *(value for _, value in flat_point(point.given)), *numbers, least, condition, point.verdict

        yield from noted(head, ((row(point), told(point.notes)) for point in self.points))

    def long_records(self) -> Iterator[Sequence[object]]:
        """A row for each fact, the titles first."""
        yield "point", "variable", "field", "value"
        called = self._names()
        for index, point in enumerate(self.points):
            for name, entry in zip(self.rows, point.value, strict=True):
                yield from ((index, name, *each) for each in entry.fields("value"))
            for place, entry in sorted(point.entries.items()):
                yield from ((index, called(place), *each) for each in entry.fields("derivative"))
            yield from ((index, "", "note", note.told) for note in point.notes)
            yield index, "", "rank", "" if point.rank is None else point.rank
            yield index, "", "condition", "" if point.condition is None else point.condition
            yield index, "", "verdict", point.verdict

    # -- the page

    def page(self) -> pages.Page:
        """The answer as people see it: the formulas of the derivatives, or the matrix at each point.

        Several points of a small matrix make one table, a row for each.
        """
        blocks = pages.question(self.expression, latex.known(self.latex), self.let)
        equations: list[tuple[pages.Equation, ...]] = []
        formula = pages.Equation((pages.Formula(self.expression, latex=latex.known(self.latex)),))
        if not self.points:
            called = self._names()
            shown = [(called(place), self._formula(*place).shown) for place in self._shown()]
            titles = pages.Column("derivative", "word"), pages.Column("formula", "formula")
            blocks += [pages.Table(titles, tuple(shown)), pages.line(self._summary), *self._where()]
            if self.is_small:
                matrix = self._table("", lambda i, j: self._formula(i, j).shown)
                equations.append((formula, pages.Equation((matrix,), symbol="J")))
        in_rows = len(self.points) > 1 and math.prod(self.size) <= _IN_A_ROW
        blocks += self._several() if in_rows else ()
        for point in self.points:
            blocks += () if in_rows else self._blocks(point)
            if self.is_small:
                column = tuple(("", pages.number_text(entry.value)) for entry in point.value)
                value = pages.Equation((pages.Table((), column),), at=point.given, symbol="f")
                matrix = self._numbers(point, "")
                equations.append((formula, value, pages.Equation((matrix,), at=point.given, symbol="J")))
        return pages.Page("jacobian", tuple(blocks), tuple(equations))

    def _several(self) -> Iterator[pages.Block]:
        """Several points: a row for each, and what is to know of one or more of them."""
        places = self._shown()
        called = self._names()
        names = [*self.rows, *map(called, places)]
        for place in places:
            if (entry := self.written.get(place)) and entry.source == "SymPy":
                yield pages.fact(f"{called(place)} =", entry.shown)
        where = [name for name, _ in flat_point(self.points[0].given)]
        numbers = [title for name in names for title in (name, f"{name} certified")[: 2 if self.digits else 1]]
        titles = (*where, *numbers, "digits", "rank", "condition", "verdict")

        def row(point: JacobianPoint) -> tuple[pages.Piece, ...]:
            found = [*point.value, *(point.entry(*place) for place in places)]
            cells: list[pages.Piece] = [pages.value_text(value) for _, value in flat_point(point.given)]
            for entry in found:
                cells.append("undefined" if entry.verdict == "undefined" else pages.number_text(entry.value))
                cells += [entry.certified.value if entry.certified else ""] if self.digits else []
            right = [entry.certified.digits for entry in found if entry.certified]
            digits = str(min(right)) if len(right) == len(found) else ""
            rank_ = "" if point.rank is None else str(point.rank)
            size = "" if point.condition is None else f"{point.condition:.6g}"
            return *cells, digits, rank_, size, pages.Text(point.verdict, Quantity(0.0, verdict=point.verdict).tone)

        columns = (*map(pages.Column, titles[:-1]), pages.Column(titles[-1], "word"))
        yield pages.Table(columns, tuple(map(row, self.points)))
        yield pages.Remarks(tuple(located(self.text, [(point.given, point.notes) for point in self.points])))

    @property
    def _summary(self) -> str:
        rows, columns = self.size
        return f"Jacobian {rows} x {columns}, {len(self.written):,} entries not structurally zero"

    def _table(self, title: str, show: Callable[[int, int], pages.Piece]) -> pages.Table:
        """A matrix with the names of its rows and columns."""
        rows = [(pages.strong(name), *(show(i, j) for j in range(self.size[1]))) for i, name in enumerate(self.rows)]
        return pages.Table((pages.Column("", "word"), *map(pages.Column, self.columns)), tuple(rows), title)

    def _numbers(self, point: JacobianPoint, title: str) -> pages.Table:
        return self._table(title, lambda i, j: pages.number_text(point.entry(i, j).value))

    def _where(self) -> Iterator[pages.Line]:
        """Where the formulas have values, where their derivatives hold, and where there may be kinks."""
        for name, domain in list(zip(self.rows, self.domains, strict=True))[: pages.MATRIX_LIMIT]:
            if domain:
                yield pages.fact(f"{name} {'is defined' if domain != NOWHERE else 'has a value'}", _placed_in(domain))
        for (i, j), entry in sorted(self.written.items())[: pages.MATRIX_LIMIT]:
            if entry.where and entry.where != self.domains[i]:
                yield pages.fact(f"{self._names()((i, j))} holds", _placed_in(entry.where))
        for name, kinks in list(zip(self.rows, self.kinks, strict=True))[: pages.MATRIX_LIMIT]:
            if kinks:
                yield pages.fact(f"{name} has perhaps a kink or a jump where", pages.Text("; ".join(kinks), "doubt"))
        unsaid = [*self.domains, *self.kinks, *(entry.where for entry in self.written.values())]
        if None in unsaid or max(len(self.written), len(self.rows)) > pages.MATRIX_LIMIT:
            yield pages.line("where all of this holds is too long to be told here")

    def _blocks(self, point: JacobianPoint) -> Iterator[pages.Block]:
        """One point: values, the matrix, what is known of it, notes."""
        yield pages.Heading(
            (pages.Text("at ", "label"), pages.Formula(pages.point_text(point.given))) if point.at else ()
        )
        values = ["undefined" if entry.verdict == "undefined" else entry.value for entry in point.value]
        yield pages.fact("value", pages.Formula(pages.value_text(values if self.shape else values[0]), "strong"))
        called = self._names()
        names = {place: called(place) for place in self._shown()}
        entries = table(list(names.values()), [point.entry(*place) for place in names], self.digits, str)
        columns = (entries.columns[0]._replace(title="derivative", short=""), *entries.columns[1:])
        entries = entries._replace(columns=(columns[0], columns[1]._replace(title="value"), *columns[2:]))
        more = self.digits or any(entry.numeric for entry in point.entries.values())
        if all(self.size) and self.is_small and point.verdict in ("agrees", "unverified") and not more:
            yield pages.Matrices(self._summary, tuple(self._matrices(point)), entries)
        else:
            yield pages.line(self._summary)
            if entries.rows:
                yield entries
        yield from self._facts(point)
        yield pages.Remarks(tuple(located(self.text, [(point.given, point.notes)])))

    def _matrices(self, point: JacobianPoint) -> Iterator[pages.Table]:
        yield self._numbers(point, "Jacobian")
        if any(entry.symbolic for entry in point.entries.values()):
            yield self._table("SymPy's", lambda i, j: point.entry(i, j).formula)

    def _facts(self, point: JacobianPoint) -> Iterator[pages.Line]:
        """What is known of the matrix."""
        right = [entry.certified.digits for entry in point.entries.values() if entry.certified]
        if right:
            some = f"{len(right)} {'entry' if len(right) == 1 else 'entries'}"
            count = "every entry" if len(right) == len(point.entries) else some
            yield pages.fact("digits right", f"{min(right)} or more in {count}")
        if point.rank is not None and all(self.size):
            full = ", full" if point.rank == min(self.size) else ""
            yield pages.fact("rank", pages.strong(str(point.rank)), f"{full}   ", pages.Text("proved", "good"))
        elif point.rank is None and not _BROKEN & {point.verdict}:
            open_ = pages.Text("undecided", "doubt")
            yield pages.fact("rank", open_, f"   at least {point.rank_at_least} of {min(self.size)}")
        if point.condition is not None:
            yield pages.fact("condition", f"{point.condition:.6g}")
        yield pages.fact("verdict", pages.Text(point.verdict, Quantity(0.0, verdict=point.verdict).tone))


def _placed_in(where: str) -> str:
    """Where something holds."""
    return where if where == NOWHERE else f"where {where}"


def _wide(entry: Quantity) -> tuple[object, ...]:
    """The number, what is proved of it, its verdict."""
    proof = entry.certified
    return entry.value, *((proof.value, proof.digits) if proof else ("", "")), entry.verdict


# -- the use case ------------------------------------------------------------------------------------------------------


@for_python
def jacobian(
    expression: Any,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    wrt: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    symbolic: bool = True,
    certify: bool = True,
    numeric: bool = False,
    symbolic_timeout: float = SYMBOLIC_SECONDS,
    certify_timeout: float = CERTIFY_SECONDS,
    digits: int = DIGITS,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Jacobian:
    """The Jacobian of an array of formulas: as formulas, and at points with the rank that is proved.

    >>> gradcalc.jacobian("[x*y, x^2]", at={"x": 1, "y": 2}).jacobian
    [[2.0, 1.0], [2.0, 0.0]]

    Args:
        expression: text, a SymPy expression or matrix, or a `Graph`; one number is an array of one row.
        at: values by variable, or a list of such points; none for the formulas alone. The columns are in their order.
        wrt: variables to differentiate for, in that order.
        let: values by name that are put into the formula.
        symbolic, certify, numeric, symbolic_timeout, certify_timeout, digits, limits, dialect: as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`.
    """
    made = Options(
        1, symbolic, certify, numeric, symbolic_timeout, certify_timeout, digits, True, limits_for(limits, dialect)
    )
    check_digits(digits)
    given = points.to_points(at, made.limits)
    names = None if wrt is None else points.read_names(wrt)
    return jacobians(expression, given, wrt=names, let=points.to_bindings(let, made.limits), options=made)


def jacobians(
    expression: Any,
    at: Sequence[Point],
    *,
    wrt: Sequence[str] | None,
    let: Mapping[str, Value],
    options: Options,
    waiting: Callable[[], None] | None = None,
) -> Jacobian:
    """The same at points that are already constants: what `jacobian` and the command call."""
    at = points.named(at, expression, let, options.limits, wrt or ())
    formula = asked(expression, at, wrt, let, 1, options.limits, array=True)
    at = at if at or formula.names else [{}]
    parts = components(formula)
    jobs = _submitted(parts, options, forms=not at)
    examined = [_examined(parts, point, options) for point in counted(at, "points")]
    opinions = _heard(jobs, waiting)
    place = {name: j for j, name in enumerate(formula.names)}
    rows = labels("f", formula.shape)
    told_ = _in_words(parts, opinions, bool(at))
    bound, exactly = points.echoed(let)
    found = [
        _judged(parts, rows, place, point, numbers, opinions, options)
        for point, numbers in zip(at, examined, strict=True)
    ]
    status, reason = _status(opinions, options, any(part.wrt for part in parts))
    columns = [opinion.latex for opinion in opinions if opinion]
    inner = r" \\ ".join(columns)
    return Jacobian(
        expression=formula.canonical,
        text=formula.text,
        shape=formula.shape,
        columns=tuple(formula.names),
        written=_placed(parts, place, told_),
        points=tuple(found),
        let={**bound, **exactly},
        symbolic_status=status,
        symbolic_reason=reason,
        domains=tuple(each.domain for each in told_) if not at else (),
        kinks=tuple(each.kinks for each in told_) if not at else (),
        latex=rf"\begin{{bmatrix}} {inner} \end{{bmatrix}}" if columns and all(columns) else "",
    )


def _submitted(parts: Sequence[Component], options: Options, forms: bool) -> list[Job | None]:
    """Hand each formula to SymPy, one after the other, all within the time of one."""
    if sum(len(part.wrt) for part in parts) > _SYMBOLIC_ENTRIES:
        return [None] * len(parts)
    return [submitted(part, part.names, options, forms) if part.wrt or options.latex else None for part in parts]


def _heard(jobs: Sequence[Job | None], waiting: Callable[[], None] | None) -> list[Opinion | None]:
    """What SymPy said of each formula; who waits is told once."""
    opinions = []
    for job in jobs:
        opinions.append(None if job is None else job.result(waiting))
        waiting = None if job is not None else waiting
    return opinions


def _status(opinions: Sequence[Opinion | None], options: Options, depends: bool) -> tuple[str, str]:
    """What came of SymPy in all: the first that is not done, else done; and why."""
    known = [opinion for opinion in opinions if opinion is not None]
    if not known:
        return "skipped", "the formula is too large for SymPy" if options.symbolic and depends else ""
    worst_ = next((opinion for opinion in known if opinion.status != "done"), known[0])
    return worst_.status, worst_.reason


def _in_words(parts: Sequence[Component], opinions: Sequence[Opinion | None], numbers: bool) -> list[Formulas]:
    """The derivatives of each formula as text: where no numbers are asked for, in their shortest form that holds.

    Where numbers are, SymPy's as it stands beside them, else our own; of many formulas none.
    """
    pairs = list(zip(parts, opinions, strict=True))
    if not numbers and len(parts) <= _ROWS_IN_WORDS:
        return [in_words(part, opinion) for part, opinion in pairs]
    left_out = numbers and sum(len(part.wrt) for part in parts) > _SYMBOLIC_ENTRIES

    def one(part: Component, name: str, node: int, opinion: Opinion | None) -> Written:
        entry = opinion.entries.get((name,)) if opinion else None
        if isinstance(entry, Entry):
            return Written(entry.formula, entry.latex, "SymPy", None)
        text = "…" if left_out else format_node(part.graph, node, limit=_FORMULA)
        return Written(None if text.endswith("…") else text, where=None)

    def all_of(part: Component, opinion: Opinion | None) -> Formulas:
        nodes = zip(part.names, part.gradient, strict=True)
        entries: dict[tuple[str, ...], Written] = {(name,): one(part, name, node, opinion) for name, node in nodes}
        return Formulas(tuple(part.names), 1, entries, None, None)

    return [all_of(*pair) for pair in pairs]


def _placed(parts: Sequence[Component], place: Mapping[str, int], told_: Sequence[Formulas]) -> dict[Place, Written]:
    """The formulas of the derivatives that are not structurally zero, by row and column."""
    return {
        (i, place[name]): formulas.entry(name)
        for i, (part, formulas) in enumerate(zip(parts, told_, strict=True))
        for name, node in zip(part.names, part.gradient, strict=True)
        if part.graph.number(node) != 0 or formulas.entry(name).text != "0"
    }


# -- one point ---------------------------------------------------------------------------------------------------------


def _examined(parts: Sequence[Component], point: Point, options: Options) -> list[Examined]:
    """All formulas at a point, their numbers found together."""
    numbers = numbers_at(parts, point, options)
    return [examine(part, point, options, numbers) for part in parts]


def _judged(
    parts: Sequence[Component],
    rows: Sequence[str],
    place: Mapping[str, int],
    point: Point,
    examined: Sequence[Examined],
    opinions: Sequence[Opinion | None],
    options: Options,
) -> JacobianPoint:
    """Give every number its verdict, and put the point together."""
    values: list[Quantity] = []
    entries: dict[Place, Quantity] = {}
    notes: list[Note] = []
    for i, (part, found, opinion) in enumerate(zip(parts, examined, opinions, strict=True)):
        undefined = found.value.verdict == "undefined"
        judge = Judge(part, point, opinion, digits=options.digits, undefined=undefined, seconds=options.certify_seconds)
        values.append(judge.value(found.value))
        row = [judge.derivative((name,), each) for name, each in zip(part.names, found.gradient, strict=True)]
        row = with_differences(part, point, row) if options.numeric and not undefined else row
        entries |= {(i, place[name]): entry for name, entry in zip(part.names, row, strict=True)}
        told_ = found.notes + judge.finish({note.variable for note in found.notes})
        notes += [replace(note, row=rows[i]) for note in told_]
    reached = {column for _, column in entries}
    lost = [name for name, column in place.items() if column not in reached]
    notes += [Note("independent", f"no formula depends on {name}", name) for name in lost]
    at, exact = points.echoed(point)
    verdict = worst(
        [*(each.verdict for each in entries.values()), *(v.verdict for v in values if v.verdict in _BROKEN)]
    )
    found_ = JacobianPoint(at, tuple(values), entries, verdict, notes=tuple(dict.fromkeys(notes)), exact=exact)
    return _with_rank(found_, parts, place, point, examined, options)


def _with_rank(
    found: JacobianPoint,
    parts: Sequence[Component],
    place: Mapping[str, int],
    point: Point,
    examined: Sequence[Examined],
    options: Options,
) -> JacobianPoint:
    """The point with rank and condition, where all entries are numbers of which something is proved."""
    findings = {
        (i, place[name]): each
        for i, (part, row) in enumerate(zip(parts, examined, strict=True))
        for name, each in zip(part.names, row.gradient, strict=True)
    }
    if _BROKEN & {entry.verdict for entry in (*found.value, *found.entries.values())}:
        return found
    graph, shape = parts[0].graph, (len(parts), len(place))
    inputs = partial(points.bind, graph, point)
    nodes = {key: each.node for key, each in findings.items() if graph.number(each.node) != 0}
    floats = {key: _best(found.entries[key]) for key in nodes}
    proved = not any(
        each.from_slopes or each.ball is None or isinstance(each.ball, Unknown) for each in findings.values()
    )
    if not options.certify or not proved:
        return replace(found, condition=condition(graph, {}, floats, shape, inputs, min(shape)))
    known = rank(graph, nodes, shape, inputs, Budget(CERTIFY_WORK, options.certify_seconds))
    size = condition(graph, nodes, floats, shape, inputs, known.most) if known.proved is not None else None
    return replace(found, rank=known.proved, rank_at_least=known.least, condition=size)


def _best(entry: Quantity) -> float:
    """The float nearest to what is proved of a number."""
    return float(entry.certified.value) if entry.certified else entry.value
