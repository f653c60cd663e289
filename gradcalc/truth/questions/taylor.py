"""`taylor`: Taylor polynomials at points, each coefficient certified, with a bound of what the polynomial leaves out.

Imports calculator, expansion, language, show; nothing here computes a coefficient.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Context
from typing import Any

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.digits import nearest_double, tiny_bounds
from gradcalc.arithmetic.marks import UNDEFINED, Ball, Unknown
from gradcalc.arithmetic.series import Series
from gradcalc.errors import ExitCode, UsageError, for_python
from gradcalc.language import points
from gradcalc.language.format import format_node
from gradcalc.language.formula import Formula, Point
from gradcalc.language.typeset import latex
from gradcalc.settings import CERTIFY_SECONDS, CERTIFY_WORK, DIGITS, Dialect, Limits, limits_for
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable, number
from gradcalc.truth.calculator import asked
from gradcalc.truth.certify import certified
from gradcalc.truth.judge import INACCURATE_BELOW
from gradcalc.truth.quantity import Certified, Note, Quantity, check_digits, noted, optional, told
from gradcalc.truth.questions.expansion import coefficients, degrees, remainder
from gradcalc.truth.questions.polynomial import polynomial, power_text
from gradcalc.work import counted

MAX_ORDER = 10_000
_MAX_TERMS = 2_000
"""How many coefficients there may be of several variables: each degree is solved for all its own together."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """The number before a product of powers of the variables' steps; `powers` without those to the power 0."""

    powers: Mapping[str, int]
    value: Quantity

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "powers": dict(self.powers),
            "value": number(self.value.value),
            "certified": optional(self.value.certified),
        }


@dataclass(frozen=True, slots=True)
class Remainder:
    """A proved bound of |formula - polynomial| for steps of at most `within` along each variable, if one is known."""

    within: float
    bound: float | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"within": number(self.within), "bound": number(self.bound)}


@dataclass(frozen=True, slots=True)
class Expansion:
    """The Taylor polynomial at a point; without coefficients where there is none, which a note says."""

    at: Mapping[str, Any]
    coefficients: tuple[Coefficient, ...]
    polynomial: str
    remainder: Remainder | None = None
    verdict: str = "agrees"
    notes: tuple[Note, ...] = ()
    exact: Mapping[str, Any] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, Any]:
        """The point as it was given."""
        return {**self.at, **self.exact}

    @property
    def is_complete(self) -> bool:
        """Whether there is a polynomial, and a bound where one was asked for."""
        return self.verdict == "agrees" and (self.remainder is None or self.remainder.bound is not None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "at": jsonable(dict(self.at)),
            **({"at_exact": jsonable(dict(self.exact))} if self.exact else {}),
            "coefficients": [each.to_dict() for each in self.coefficients],
            "polynomial": self.polynomial,
            "remainder": self.remainder.to_dict() if self.remainder else None,
            "verdict": self.verdict,
            "notes": [note.to_dict() for note in self.notes],
        }


@dataclass(frozen=True, slots=True, repr=False)
class Taylor(Answer):
    """The Taylor polynomials of a formula at one or more points."""

    expression: str
    text: str
    order: int
    variables: tuple[str, ...]
    points: tuple[Expansion, ...]
    let: Mapping[str, Any] = field(default_factory=dict)
    digits: int | None = None

    @property
    def exit_code(self) -> ExitCode:
        """3 where the formula has no value, 1 where it has no polynomial or a bound was not found, else 0."""
        if any(point.verdict == "undefined" for point in self.points):
            return ExitCode.UNDEFINED
        return ExitCode.DONE if all(point.is_complete for point in self.points) else ExitCode.NO

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {
            "schema": SCHEMA,
            "command": "taylor",
            "expression": self.expression,
            "variables": list(self.variables),
            "order": self.order,
            "let": jsonable(dict(self.let)),
            "points": [point.to_dict() for point in self.points],
        }

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each coefficient, the titles first; what is to know of a point stands in its first row.

        The columns of the variables are the powers; which of several points it is stands before them.
        """
        bounded = any(point.remainder for point in self.points)
        titles = ("point", "value", "certified", "digits", *(("remainder",) if bounded else ()))
        first, *rest = (f"{title}_" if title in self.variables else title for title in titles)
        where = ("at_" if "at" in self.variables else "at",) if len(self.points) > 1 else ()
        yield from noted((first, *where, *self.variables, *rest), self._cells_of_points(bounded))

    def _cells_of_points(self, bounded: bool) -> Iterator[tuple[Sequence[object], str]]:
        for index, point in enumerate(self.points):
            bound = ("" if point.remainder is None or point.remainder.bound is None else point.remainder.bound,)
            notes = told(point.notes)
            which = (index, pages.point_text(point.given))[: 1 + (len(self.points) > 1)]
            for each in point.coefficients:
                proof = each.value.certified
                proved = (proof.value, proof.digits) if proof else ("", "")
                powers = (each.powers.get(name, 0) for name in self.variables)
                yield (*which, *powers, each.value.value, *proved, *bound[: int(bounded)]), notes
                notes = ""
            if not point.coefficients:
                yield (*which, *[""] * (len(self.variables) + 3 + bounded)), notes

    def page(self) -> pages.Page:
        """The answer as people see it: for each point the polynomial, the bound, a table of coefficients, notes."""
        blocks = pages.question(self.expression, latex, self.let)
        equations = []
        for point in self.points:
            blocks += self._blocks(point)
            if point.coefficients:
                equations.append((pages.Equation((pages.Formula(f"{point.polynomial} + remainder", latex=latex),)),))
        return pages.Page("taylor", tuple(blocks), tuple(equations))

    def _blocks(self, point: Expansion) -> Iterator[pages.Block]:
        yield pages.Heading((pages.Text("at ", "label"), pages.Formula(pages.point_text(point.given))))
        if point.coefficients:
            yield pages.fact(f"order {self.order}:", pages.Formula(point.polynomial, "strong", latex))
        if point.remainder is not None:
            yield _bound_line(point.remainder, self.variables)
        if point.coefficients:
            proofs = (each.value.certified for each in point.coefficients)
            certified = self.digits is not None or any(proof and proof.digits < INACCURATE_BELOW for proof in proofs)
            titles = ("coefficient", *(("certified",) if certified else ()), "digits")
            powers = [power_text(each.powers, point.given) for each in point.coefficients]
            rows = [self._cells(each.value, certified) for each in point.coefficients]
            yield pages.Table(
                (pages.Column("power", "word"), *map(pages.Column, titles)),
                tuple((power, *row) for power, row in zip(powers, rows, strict=True)),
                details=tuple(
                    pages.Details(pages.line(pages.strong(power)), tuple(zip(titles, row, strict=True)))
                    for power, row in zip(powers, rows, strict=True)
                ),
            )
        yield pages.Remarks(tuple(note.remark(self.text) for note in point.notes))

    def _cells(self, value: Quantity, certified: bool) -> tuple[pages.Piece, ...]:
        proof = value.certified
        proved = "" if proof is None else proof.value if self.digits else pages.short_text(proof.value)
        return pages.number_text(value.value), *((proved,) if certified else ()), str(proof.digits) if proof else ""


@for_python
def taylor(
    expression: Any,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    order: int = 5,
    within: float | None = None,
    wrt: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    digits: int = DIGITS,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Taylor:
    """The Taylor polynomial of a formula at one or more points.

    >>> gradcalc.taylor("exp(x)", at={"x": 0}, order=3).points[0].polynomial
    '1 + x + 0.5*x**2 + 0.16666666666666666*x**3'

    Args:
        expression: text, a `sympy.Expr`, or a `Graph` (its last node is the formula).
        at: values by variable, or a list of such points; as of `differentiate`.
        order: the total degree of the polynomial.
        within: also bound what is left out, for steps of at most this size along each variable.
        wrt: the variables of the polynomial; the others keep their values. Default: those of the first point.
        let: values by name that are put into the formula.
        digits: significant digits of certified coefficients, 1 to 1,000.
        limits: how large the formula may be; default: `Limits()`.
        dialect: how the text is written, as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`; an order or a size that is none.
    """
    limits = limits_for(limits, dialect)
    names = None if wrt is None else points.read_names(wrt)
    given, bound = points.to_points(at, limits), points.to_bindings(let, limits)
    return expand(expression, given, order=order, within=within, wrt=names, let=bound, digits=digits, limits=limits)


def expand(
    expression: Any,
    at: Sequence[Point],
    *,
    order: int,
    within: float | None,
    wrt: Sequence[str] | None,
    let: Mapping[str, Any],
    digits: int,
    limits: Limits,
) -> Taylor:
    """The same at points that are already constants: what `taylor` and the command call."""
    _check(order, within, digits)
    at = points.named(at, expression, let, limits, wrt or ()) or [{}]
    formula = asked(expression, at, wrt, let, 0, limits)
    if not formula.inputs:
        raise UsageError("there is no variable to expand in", hint="--at x=0 gives the point")
    if len(formula.inputs) > 1 and math.comb(len(formula.inputs) + order, order) > _MAX_TERMS:
        raise UsageError(
            f"a polynomial of order {order} in {len(formula.inputs)} variables has more than {_MAX_TERMS:,} terms",
            hint="a smaller --order, or fewer variables by --wrt",
        )
    echoed, exactly = points.echoed(let)
    return Taylor(
        expression=formula.canonical,
        text=formula.text,
        order=order,
        variables=tuple(formula.names),
        points=tuple(_expansion(formula, point, order, within, digits) for point in counted(at, "points")),
        let={**echoed, **exactly},
    )


def _check(order: int, within: float | None, digits: int) -> None:
    if not isinstance(order, int) or not 0 <= order <= MAX_ORDER:
        raise UsageError(f"order is {order!r}", hint=f"a whole number from 0 to {MAX_ORDER:,}")
    if within is not None and not 0 < within < math.inf:
        raise UsageError(f"within is {within!r}", hint="a size above 0, such as 0.1")
    check_digits(digits)


def _expansion(formula: Formula, point: Point, order: int, within: float | None, digits: int) -> Expansion:
    """The polynomial at a point."""
    count = len(formula.inputs)
    wanted = [powers for degree in range(order + 1) for powers in degrees(count, degree)]
    found = coefficients(formula, point, wanted, digits, Budget(CERTIFY_WORK, CERTIFY_SECONDS))
    at, exact = points.echoed(point)
    if any(isinstance(ball, Unknown) for ball in found.values()):
        undefined = UNDEFINED in found.values()
        note = why_no_series(formula, point, undefined)
        return Expansion(at, (), "", None, "undefined" if undefined else "unverified", (note,), exact)
    terms, notes = [], []
    for powers, ball in found.items():
        named = {name: power for name, power in zip(formula.names, powers, strict=True) if power}
        terms.append(Coefficient(named, quantity(ball, digits)))
        if bounds := tiny_bounds(ball) if not ball.is_zero() else None:  # type: ignore[union-attr]
            text = power_text(named, {**at, **exact})
            notes.append(Note("tiny", f"the coefficient of {text} is between {bounds[0]} and {bounds[1]}"))
    rest = None
    if within is not None:
        bound = remainder(formula, point, order, [within] * count, Budget(CERTIFY_WORK, CERTIFY_SECONDS))
        rest = Remainder(within, bound)
        if bound is None:
            message = f"no bound was found within {within:g}: there may be a kink, a pole or no value there"
            notes.append(Note("remainder", message))
    text = polynomial([(each.powers, each.value) for each in terms], {**at, **exact})
    return Expansion(at, tuple(terms), text, rest, "agrees", tuple(notes), exact)


def quantity(ball: Ball, digits: int) -> Quantity:
    """A coefficient: the double nearest to its ball, and what is proved of it."""
    value = nearest_double(ball)
    if value is None:
        value = nearest_double(ball.mid()) or 0.0  # type: ignore[union-attr]
    proof: Certified | None = certified(ball, value, digits)
    return Quantity(value, proof, verdict="agrees" if proof else "unverified")


def why_no_series(formula: Formula, point: Point, undefined: bool) -> Note:
    """The part of the formula that has no value, or no Taylor series, though all it is made of has."""
    arithmetic, graph = Series(3, 256), formula.graph
    at = points.bind(graph, point, Balls(256))
    at |= {i: arithmetic.variable(at[i]) for i in formula.inputs}
    values = arithmetic.evaluate(graph, at, [formula.output])
    bad = formula.output
    while culprit := [i for i in graph.nodes[bad].operands if isinstance(values[i], Unknown)]:
        bad = culprit[0]
    text = format_node(graph, bad, limit=60)
    if undefined:
        return Note("undefined", f"{text} has no value here", span=graph.spans[bad])
    return Note(
        "no_series",
        f"{text} has no Taylor series that is known here: a kink, or the end of its domain",
        span=graph.spans[bad],
    )


def _bound_line(rest: Remainder, names: Sequence[str]) -> pages.Line:
    """What the polynomial leaves out, on a page."""
    if rest.bound is None:
        return pages.fact("remainder", pages.Text("no bound found", "doubt"))
    many = " along each variable" if len(names) > 1 else ""
    proved = pages.Text("   proved", "good")
    bound = Context(prec=4, rounding=ROUND_CEILING).create_decimal(rest.bound)
    return pages.fact("remainder", f"at most {float(bound):.4g} within {rest.within:g}{many}", proved)
