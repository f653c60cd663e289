"""`critical`: from a formula and a box to all that is proved of its critical points, or of the roots of a system.

Flow: read, derive, search, prove, gather. Imports the modules beside it, language and show.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.intervals import MOST_PRODUCTS, RESTS_ON
from gradcalc.arithmetic.marks import Ball
from gradcalc.errors import UsageError, for_python
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.language import points
from gradcalc.language.format import format_node
from gradcalc.language.formula import Formula
from gradcalc.language.parse import as_formula
from gradcalc.language.relation import Constraint, read_constraint, read_equations
from gradcalc.settings import DIGITS, MAX_SECONDS, Dialect, Limits, limits_for
from gradcalc.truth.certify import shown
from gradcalc.truth.critical.answer import Critical, CriticalPoint, Extreme, Flat, Spot, Unsettled
from gradcalc.truth.critical.box import Side, fitted, read_box
from gradcalc.truth.critical.constraints import along
from gradcalc.truth.critical.extreme import Least, least
from gradcalc.truth.critical.find import Quest
from gradcalc.truth.critical.infinity import closed
from gradcalc.truth.critical.proof import write_proof
from gradcalc.truth.critical.regions import places
from gradcalc.truth.critical.search import Boxes, Clock
from gradcalc.truth.critical.separate import all_zeros
from gradcalc.truth.critical.solution import Outcome, Solution
from gradcalc.truth.critical.system import System, of_equations, of_gradient, without_exponentials
from gradcalc.truth.critical.workers import MOST_JOBS, processors
from gradcalc.truth.quantity import check_digits

SECONDS = 10.0
"""How long a search may take unless told otherwise."""
_MOMENT = 1.0
"""Seconds to look for poles and parts without a value, where the search has taken all others."""
_LONGEST = 12
"""Variables of a box, at most."""
_SHORT = 6
"""Digits of the ends of a box of which nothing is known."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for beside the points.

    Attributes:
        roots: zeros of the formulas, not of their gradient.
        least, greatest: the extreme values over the closed box.
        constraints: equations and inequalities that the points obey.
        seconds: after which the search stops.
        jobs: processes, at most; None: one for each processor.
    """

    roots: bool = False
    least: bool = False
    greatest: bool = False
    constraints: Sequence[str] = ()
    seconds: float = SECONDS
    digits: int = DIGITS
    clock: Clock = field(default_factory=Clock)
    jobs: int | None = None


@for_python
def critical(
    expression: Any,
    box: Any = None,
    *,
    roots: bool = False,
    least: bool = False,
    greatest: bool = False,
    subject_to: str | Sequence[str] = (),
    let: Mapping[str, Any] | None = None,
    digits: int = DIGITS,
    max_seconds: float = SECONDS,
    jobs: int | None = None,
    proof: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Critical:
    """All critical points of a formula in a box, each proved, and whether it is proved that there are no others.

    >>> gradcalc.critical("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", box="x=-5:5,y=-5:5").complete
    True

    Args:
        expression: text, a `sympy.Expr`, or a `Graph`; with `roots` also an array of formulas, or of equations.
        box: a side for each variable: `"x=-5:5,y=0:pi"`, or `{"x": (-5, 5), "y": ("0", "pi")}`.
        roots: look for the points where the formulas vanish, of which there are as many as variables.
        least, greatest: bound the least and the greatest value over the closed box too.
        subject_to: equations and inequalities, such as `"x^2 + y^2 = 1"`.
        let: values by name that are put into the formula.
        digits: significant digits of what is proved, 1 to 1,000.
        max_seconds: after which the search stops, and says what is left.
        jobs: processes that prove points, at most, where that takes more than a second; None: one for each processor.
        proof: the file that the proof is written to; `gradcalc.verify` reads it.
        progress: called now and then with the number of boxes that wait.

    Raises:
        ExpressionError, UsageError: as `differentiate`; a box that does not fit.
    """
    limits = limits_for(limits, dialect)
    check_digits(digits)
    if not 0 < max_seconds <= MAX_SECONDS:
        raise UsageError(f"max_seconds is {max_seconds!r}", hint="seconds above 0, such as 10")
    if jobs is not None and not (isinstance(jobs, int) and 1 <= jobs <= MOST_JOBS):
        raise UsageError(f"jobs is {jobs!r}", hint=f"a number of processes, 1 to {MOST_JOBS}")
    constraints = (subject_to,) if isinstance(subject_to, str) else tuple(subject_to)
    wanted = Wanted(roots, least, greatest, constraints, max_seconds, digits, Clock(told=progress), jobs=jobs)
    sides = [] if box is None else read_box(box, limits)
    made = answer(expression, sides, points.to_bindings(let, limits), wanted, limits)
    if proof is not None:
        write_proof(made, Path(proof), limits)
    return made


@np.errstate(over="ignore", invalid="ignore")  # sides of more than the largest double: what is nan decides nothing
def answer(expression: Any, sides: Sequence[Side], let: Mapping[str, Any], wanted: Wanted, limits: Limits) -> Critical:
    """The same of a box that is read already: what `critical` and the command call."""
    read = read_equations if wanted.roots else as_formula
    formula = read(expression, let=let, limits=limits)
    constraints = [read_constraint(text, let, limits) for text in wanted.constraints]
    _check(formula, wanted)
    sides = fitted(sides, [formula, *(each.formula for each in constraints)], let)
    _check_size(formula, sides, wanted)
    inputs = [formula.graph.input(side.name) for side in sides]
    clock = wanted.clock
    begin, shares = time.monotonic(), 1 + wanted.least + wanted.greatest
    clock.end, clock.seconds = begin + wanted.seconds / shares, wanted.seconds
    system = _system(formula, inputs, wanted)
    problem = _Problem(formula, constraints, sides, _finite(system, sides, wanted), wanted)
    sides = problem.sides
    quest = Quest(system, sides, wanted.digits, clock, classify=not wanted.roots, jobs=wanted.jobs or processors())
    outcome = (
        all_zeros(quest) if not constraints else along(formula, constraints, sides, wanted.digits, clock, quest.jobs)
    )
    clock.end = begin + wanted.seconds * (shares - wanted.greatest) / shares
    lowest = _extreme(system, sides, clock, wanted.digits, False) if wanted.least else None
    clock.end = begin + wanted.seconds
    highest = _extreme(system, sides, clock, wanted.digits, True) if wanted.greatest else None
    clock.end = max(clock.end, time.monotonic() + _MOMENT)
    found, nowhere = places(formula.graph, problem.outputs, inputs, problem.names, Boxes(*quest.box), clock)
    made = problem.told(outcome, [Spot(each.kind, each.part, each.box) for each in found], points.echoed(let))
    return replace(made, global_minimum=lowest, global_maximum=highest, nowhere=nowhere)


@dataclass(frozen=True)
class _Problem:
    """What is asked, and where: the sides as they were given, and finite ones that hold all points."""

    formula: Formula
    constraints: Sequence[Constraint]
    given: Sequence[Side]
    sides: Sequence[Side]
    wanted: Wanted

    @property
    def names(self) -> list[str]:
        """The variables in the order of the sides."""
        return [side.name for side in self.sides]

    @property
    def outputs(self) -> tuple[int, ...]:
        """The nodes of the formulas."""
        return self.formula.items if self.wanted.roots else (self.formula.output,)

    @property
    def rests_on(self) -> tuple[str, ...]:
        """What a proof assumes of the formulas and the constraints."""
        limiting = [rests_on(each.formula.graph, [each.formula.output]) for each in self.constraints]
        return max((rests_on(self.formula.graph, self.outputs), *limiting), key=len)  # the longest has what others have

    def _flat(self, outcome: Outcome) -> Iterator[Flat]:
        """The boxes of which all points are critical, or roots, with the value."""
        names, digits = self.names, self.wanted.digits
        for boxes in outcome.flat:
            for k in range(len(boxes)):
                sides = [(float(low), float(high)) for low, high in zip(boxes.low[:, k], boxes.high[:, k], strict=True)]
                value = None if self.wanted.roots else self._value([low / 2 + high / 2 for low, high in sides])
                text = None if value is None else text_of(value, digits)
                yield Flat(dict(zip(names, sides, strict=True)), text)

    def _value(self, at: Sequence[float]) -> Ball:
        """The value at a point."""
        inputs = [self.formula.graph.input(name) for name in self.names]
        balls = Balls(max(128, int(self.wanted.digits * 3.33) + 80))
        point = dict(zip(inputs, map(arb, at), strict=True))
        found: Ball = balls.evaluate(self.formula.graph, point, [self.formula.output])[self.formula.output]
        return found

    def told(self, outcome: Outcome, spots: Sequence[Spot], echoed: tuple[Any, Any]) -> Critical:
        """The answer, but for extreme values."""
        wanted, given, names, clock = self.wanted, self.given, self.names, self.wanted.clock
        unsettled = [_unsettled(box, reason, names) for box, reason in outcome.unsettled]
        known = not unsettled and outcome.is_whole and not clock.interrupted
        complete = known and not any(map(len, outcome.flat))
        asked = (("least", wanted.least), ("greatest", wanted.greatest))
        return Critical(
            expression=self.formula.canonical,
            text=self.formula.text,
            task="roots" if wanted.roots else "critical",
            variables=tuple(names),
            box={side.name: side.given for side in given},
            searched={} if given == self.sides else {side.name: side.ends for side in self.sides},
            sides={side.name: side.ends for side in given},
            equations=tuple(_equations(self.formula, wanted, self.constraints)),
            points=tuple(point_of(each, names, wanted.digits) for each in _sorted(outcome.solutions, wanted.roots)),
            constraints=tuple(each.text for each in self.constraints),
            complete=complete,
            unsettled=tuple(unsettled),
            flat=tuple(self._flat(outcome)),
            rests_on=self.rests_on,
            asked=tuple(name for name, is_asked in asked if is_asked),
            spots=tuple(spots),
            looked=outcome.looked,
            interrupted=clock.interrupted,
            reason=_reason(known, outcome, clock, wanted),
            let={**echoed[0], **echoed[1]},
        )


def _extreme(system: System, sides: Sequence[Side], clock: Clock, digits: int, greatest: bool) -> Extreme | None:
    """The least or the greatest value over the closed box; None where no narrow interval is proved."""
    graph, value = system.graph, system.value
    assert value is not None
    turned = graph.emit(ops.neg, (value,))
    made = without_exponentials(of_gradient(graph, turned, system.inputs)) if greatest else system
    found = least(made, sides, clock, digits)
    return None if found is None else extreme_of(found, [side.name for side in sides], digits, greatest)


def extreme_of(found: Least, names: Sequence[str], digits: int, greatest: bool = False) -> Extreme | None:
    """The least value as text, or that of -f as the greatest of f; None where its interval is not narrow."""
    if not found.is_narrow:
        return None
    with ctx.workprec(found.precision):
        low, high = (-found.high, -found.low) if greatest else (found.low, found.high)
        where = tuple({name: text_of(ball, digits) for name, ball in zip(names, at, strict=True)} for at in found.at)
        return Extreme(bound_text(low, digits, False), bound_text(high, digits, True), where)


def bound_text(end: arb, digits: int, above: bool) -> str:
    """An exact number in decimals, rounded away from the numbers that it bounds."""
    if end.is_zero():
        return "0"
    mantissa, exponent = (int(part) for part in end.man_exp())
    ratio = Fraction(mantissa) * Fraction(2) ** exponent if exponent >= 0 else Fraction(mantissa, 2**-exponent)
    context = Context(prec=digits + 2, rounding=ROUND_CEILING if above else ROUND_FLOOR, Emin=MIN_EMIN, Emax=MAX_EMAX)
    text = str(context.divide(Decimal(ratio.numerator), Decimal(ratio.denominator)))
    return text.lower()


def _check(formula: Formula, wanted: Wanted) -> None:
    if not formula.variables:
        raise UsageError("the formula has no variables: it is a constant", text=formula.text, hint="x^2 - 2*x")
    if wanted.roots and (wanted.constraints or wanted.least or wanted.greatest):
        raise UsageError("--roots goes with neither --subject-to nor --global", hint="one question at a time")
    if wanted.constraints and (wanted.least or wanted.greatest):
        raise UsageError(
            "--global over constraints is not proved", hint="the kinds and values of the points tell of it"
        )


def _check_size(formula: Formula, sides: Sequence[Side], wanted: Wanted) -> None:
    """Refuse systems that are not square, and boxes of very many sides."""
    if wanted.roots and len(formula.items) != len(sides):
        few = "formula" if len(formula.items) == 1 else "formulas"
        many = "variable" if len(sides) == 1 else "variables"
        message = f"{len(formula.items)} {few} and {len(sides)} {many}: roots are looked for where there are as many"
        raise UsageError(message, text=formula.text, hint='"[x^2 + y^2 - 1, x - y]", a formula for each variable')
    if not all(side.is_finite for side in sides) and (wanted.least or wanted.greatest):
        raise UsageError("extreme values are looked for in finite boxes", hint="the values of the points tell of them")
    if len(sides) > _LONGEST:
        raise UsageError(f"the box has {len(sides)} sides, more than {_LONGEST}", hint="--let binds some variables")


def _finite(system: System, sides: Sequence[Side], wanted: Wanted) -> list[Side]:
    """Sides that hold all points, for infinite ones.

    Raises:
        UsageError: that is not proved.
    """
    endless = [side.name for side in sides if not side.is_finite]
    if not endless:
        return list(sides)
    why = "roots" if wanted.roots else "constraints" if wanted.constraints else ""
    found = None if why else closed(system, sides, wanted.clock)
    if found is None:
        reason = f"that is tried of no {why}" if why else "slopes are not proved to keep away from 0 there"
        raise UsageError(
            f"the side of {', '.join(endless)} is infinite, and no proof reaches there: {reason}",
            hint=f"--box {endless[0]}=-1000:1000, or another finite side",
        )
    return found


def _system(formula: Formula, inputs: Sequence[int], wanted: Wanted) -> System:
    if wanted.roots:
        return of_equations(formula.graph, formula.items, inputs)
    return without_exponentials(of_gradient(formula.graph, formula.output, inputs))


def _equations(formula: Formula, wanted: Wanted, constraints: Sequence[Constraint]) -> Iterator[str]:
    """What is 0 at the roots or along the constraints, as text."""
    if wanted.roots:
        yield from (format_node(formula.graph, node) for node in formula.items)
    yield from (format_node(each.formula.graph, each.formula.output) for each in constraints)


def _reason(known: bool, outcome: Outcome, clock: Clock, wanted: Wanted) -> str:
    """Why the answer is not complete, where that is not said of a box."""
    if known:
        return ""
    if clock.interrupted:
        return "interrupted: this is what was proved by then"
    return "" if outcome.is_whole else f"the search stopped after {wanted.seconds:g} seconds: --max-seconds gives more"


def _sorted(solutions: Sequence[Solution], by_place: bool) -> list[Solution]:
    """By value; of equal values, and roots, by place."""

    def key(each: Solution) -> tuple[float, ...]:
        place = tuple(float(ball.mid()) for ball in each.at)
        if by_place or not isinstance(each.value, arb):
            return (np.inf, *place)
        value = float(each.value.mid())
        return (0.0 if each.value.contains(0) else value, *place)

    return sorted(solutions, key=key)


def point_of(found: Solution, names: Sequence[str], digits: int) -> CriticalPoint:
    """A solution as text."""
    with ctx.workprec(found.precision):
        texts = {name: text_of(ball, digits) for name, ball in zip(names, found.at, strict=False)}
        floats = {name: _double(ball) for name, ball in zip(names, found.at, strict=False)}
        value = None if found.value is None else text_of(found.value, digits)
        double = None if found.value is None else _double(found.value)
        multipliers = {name: text_of(ball, digits) for name, ball in found.multipliers.items()}
    kind, index = found.kind, found.index
    return CriticalPoint(texts, floats, value, double, kind, index, True, found.on_face, multipliers, found.optimal)


def _double(ball: Ball) -> float:
    if not isinstance(ball, arb):
        return float("nan")
    nearest = nearest_double(ball)
    return float(ball.mid()) if nearest is None else nearest


def text_of(ball: Ball, digits: int) -> str:
    """The significant digits of a number; of one that may be 0 the decimals that are sure."""
    if not isinstance(ball, arb) or not ball.is_finite():
        return "nan"
    text = shown(ball, digits)
    if text is not None:
        return text
    for fewer in range(digits - 1, 0, -1) if not ball.contains(0) else ():
        if (text := shown(ball, fewer)) is not None:
            return text
    for decimals in range(digits, 0, -1):
        if abs(ball).upper() < arb(10) ** -decimals / 2:
            return "0." + "0" * decimals
    return str(float(ball.mid()))


def _unsettled(box: Boxes, reason: str, names: Sequence[str]) -> Unsettled:
    ranges = {name: (float(box.low[k, 0]), float(box.high[k, 0])) for k, name in enumerate(names)}
    return Unsettled(ranges, reason)


_ALGEBRAIC = frozenset(
    {ops.add, ops.sub, ops.mul, ops.neg, ops.div, ops.powi, ops.sqrt, ops.abs, ops.max, ops.min, ops.where, ops.sign,
     ops.floor, ops.ceil, ops.round, ops.relu, ops.clip, ops.hypot, ops.one_minus_square, ops.input_, ops.const}
)  # fmt: skip


def rests_on(graph: Graph, outputs: Sequence[int]) -> tuple[str, ...]:
    """What a proof assumes."""
    found = ["IEEE 754 doubles as NumPy rounds them", "python-flint's balls (Arb)"]
    if not all(_is_algebraic(graph, node) for node in graph.needed(outputs)):
        found.append(RESTS_ON)
    return tuple(found)


def _is_algebraic(graph: Graph, node: int) -> bool:
    """Whether an op's interval is made of `+ - * /` and square roots alone: large powers are NumPy's."""
    op, operands, _ = graph.nodes[node]
    if op is ops.powi:
        power = graph.number(operands[1])
        return power is not None and abs(power) <= MOST_PRODUCTS
    return op in _ALGEBRAIC or op.is_condition
