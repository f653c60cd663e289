"""`propagate`: from a formula and inputs with their uncertainty to the uncertainty of the result.

Flow: read, combine with correlations, examine as `grad` does, propagate by nodes that balls prove, sample, compare.
JCGM 100:2008 (GUM) and JCGM 101:2008. Imports the rest of the room.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.marks import Unknown
from gradcalc.arithmetic.student import coverage
from gradcalc.errors import UsageError, did_you_mean, for_python, installed
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import labels
from gradcalc.language import points
from gradcalc.language.formula import UNNAMED, Component, Formula, Point, Value, components
from gradcalc.language.measured import EXACT, EXAMPLE, Measured, Measurements, estimates, to_measurements
from gradcalc.settings import CERTIFY_WORK, DIGITS, MAX_SAMPLES, SAMPLES, Dialect, Limits, Options, limits_for
from gradcalc.settings import UncertaintySettings as Settings
from gradcalc.show.rounded import tolerance
from gradcalc.truth.calculator import asked
from gradcalc.truth.certify import certified, enclose
from gradcalc.truth.examine import examine, numbers_at
from gradcalc.truth.finding import Finding
from gradcalc.truth.judge import Judge
from gradcalc.truth.quantity import Note, Quantity, check_digits
from gradcalc.truth.uncertainty.answer import (
    Covariances,
    Input,
    Interaction,
    Linear,
    Matrix,
    Propagation,
    Result,
    Sampled,
    SecondOrder,
    Share,
    result_names,
)
from gradcalc.truth.uncertainty.covariance import Inputs, combined, to_correlations, to_matrix
from gradcalc.truth.uncertainty.orders import First, Second, correlation, covariance, first_order, second_order

if TYPE_CHECKING:
    from gradcalc.truth.uncertainty.reach import Crossing

_MOST_SECOND = 200
"""Inputs with an uncertainty up to which the second order is asked for."""
_NO_SLOPE = frozenset({"kink", "jump", "infinite", "undefined"})
"""Verdicts of a derivative that is none."""


@for_python
def propagate(
    expression: Any,
    at: Any = None,
    *,
    cov: Any = None,
    corr: Any = None,
    df: Mapping[str, float] | None = None,
    let: Mapping[str, Any] | None = None,
    level: float = 0.95,
    samples: int = SAMPLES,
    seed: int = 0,
    monte_carlo: bool = True,
    digits: int = DIGITS,
    limits: Limits | None = None,
    dialect: Dialect | None = None,
) -> Propagation:
    """The uncertainty of a result: linear, to second order, by samples; who causes it, and whether linear holds.

    >>> gradcalc.propagate("V/I", at="V=4.999±0.0032,I=0.019661(95e-7)").results[0].rounded
    '254.26(20)'

    Args:
        expression: text, a `sympy.Expr` or a `Graph`; an array of formulas gives several results that vary together.
        at: text as of `--at`, or by name text, a number (exact), a pair (value, standard uncertainty), a number of the
            package `uncertainties`, or nested lists of these.
        cov: covariances: the name of a CSV file, a data frame, rows in the order of the uncertain inputs, or a mapping
            from pairs of names. Its diagonal gives uncertainties too.
        corr: correlations: `{"V,I": -0.36}`, or text as of `--corr`.
        df: degrees of freedom of inputs: for the coverage factor (Welch-Satterthwaite); samples of these are Student's.
        let: values by name that are put into the formula.
        level: the probability of the intervals.
        samples: how many at first; `seed` fixes them. They grow until they are settled, up to 40 times as many.
        monte_carlo: whether there are samples at all; they need the extra `fast`.
        digits, limits, dialect: as of `differentiate`.

    Raises:
        ExpressionError, UsageError: as `differentiate`; what is no uncertainty, correlation or covariance matrix.
        FileError: the file of covariances.
    """
    limits = limits_for(limits, dialect)
    given = to_measurements(at if at is not None else {}, limits)
    return propagated(
        expression, given, cov=cov, corr=corr, freedom=df, let=points.to_bindings(let, limits),
        settings=Settings(level, samples, seed, monte_carlo), digits=digits, limits=limits,
    )  # fmt: skip


def propagated(
    expression: Any,
    given: Measurements,
    *,
    cov: Any,
    corr: Any,
    freedom: Mapping[str, float] | None,
    let: Mapping[str, Value],
    settings: Settings,
    digits: int,
    limits: Limits,
    told: Callable[[int], None] | None = None,
) -> Propagation:
    """The same of what is read already: what `propagate` and the command call; `told` hears of the samples."""
    _check(settings, digits)
    question, items, spare = _read(expression, given, cov, corr, freedom, let, settings, digits, limits)
    formula, inputs = question.formula, question.inputs
    names = result_names(formula.shape)
    parts = [question.examined(part, name) for part, name in zip(_parts(formula), names, strict=True)]
    found = question.propagated(parts)
    run, why = question.sampled(told)
    answers = zip(parts, found.results, run.results, strict=True)
    echoed, exactly = points.echoed(let)
    places = inputs.labels
    return Propagation(
        expression=formula.canonical,
        text=formula.text,
        shape=formula.shape,
        inputs=tuple(_input(name, item, inputs, question.degrees) for name, item in items.items()),
        results=tuple(question.result(part, each, sampled) for part, each, sampled in answers),
        correlations={(places[i], places[j]): r for (i, j), r in sorted(inputs.correlations.items())},
        covariances=Covariances(found.covariance, found.correlation, run.covariance),
        let={**echoed, **exactly},
        level=settings.level,
        seed=settings.seed,
        notes=tuple(_unused(spare, items, inputs, parts)),
        without_samples=why,
        digits=digits if digits != DIGITS else None,
    )


# -- reading what is asked ---------------------------------------------------------------------------------------------


def _read(
    expression: Any,
    given: Measurements,
    cov: Any,
    corr: Any,
    freedom: Mapping[str, float] | None,
    let: Mapping[str, Value],
    settings: Settings,
    digits: int,
    limits: Limits,
) -> "tuple[_Question, Mapping[str, Measured], Sequence[str]]":
    """The question; the inputs, element by element; and the names that the matrix has."""
    given = _named(given, expression, let, limits)
    names = [label for name, each in given.items() for label in _uncertain(name, each)]
    matrix, correlations = to_matrix(cov, names), to_correlations(corr, limits)
    in_matrix = matrix.names if matrix else ()
    wrt = [name for name, each in given.items() if _moves(name, each, in_matrix)]
    if not wrt:
        raise UsageError("no input has an uncertainty", hint=f"--at {EXAMPLE}")
    point = estimates(given)
    formula = asked(expression, [point], wrt, let, 2, limits, array=True)
    inputs, items = combined(formula.graph, given, matrix, correlations)
    if not inputs.labels:
        raise UsageError("no input has an uncertainty", hint=f"--at {EXAMPLE}")
    degrees = _degrees(freedom or {}, inputs, given)
    return _Question(formula, point, inputs, degrees, settings, digits), items, in_matrix


def _check(settings: Settings, digits: int) -> None:
    check_digits(digits)
    if not 0 < settings.level < 1:
        raise UsageError(f"level is {settings.level:g}", hint="a probability between 0 and 1, such as 0.95")
    for name, value, most in (("samples", settings.samples, MAX_SAMPLES), ("seed", settings.seed, 2**63)):
        if not isinstance(value, int) or not (name == "samples") <= value <= most:
            raise UsageError(f"{name} is {value!r}", hint=f"a whole number up to {most:,}")


def _named(given: Measurements, expression: Any, let: Point, limits: Limits) -> Measurements:
    """The inputs, with the one that has no name given to the one variable of the formula."""
    if UNNAMED not in given:
        return given
    (point,) = points.named([estimates(given)], expression, let, limits)
    return dict(zip(point, given.values(), strict=True))


def _uncertain(name: str, measurement: Any) -> list[str]:
    """The scalars of a name that have an uncertainty."""
    pairs = zip(labels(name, measurement.shape), measurement.items, strict=True)
    return [label for label, item in pairs if not item.is_exact]


def _moves(name: str, measurement: Any, others: Sequence[str]) -> bool:
    """Whether any scalar of a name has an uncertainty, by itself or by a matrix of those names."""
    return bool(_uncertain(name, measurement)) or not set(others).isdisjoint(labels(name, measurement.shape))


def _degrees(freedom: Mapping[str, float], inputs: Inputs, given: Measurements) -> dict[int, float]:
    """The degrees of freedom by the place of the input.

    Raises:
        UsageError: of correlated inputs, for which there is no formula; of what has no uncertainty.
    """
    found = {}
    for name, degrees in freedom.items():
        if name not in inputs.labels:
            near = did_you_mean(name, inputs.labels)
            hint = f"did you mean {near}?" if near else f"--at {name}=5±0.1"
            raise UsageError(f"df names {name}, which has no uncertainty", hint=hint)
        place = inputs.labels.index(name)
        if isinstance(degrees, bool) or not isinstance(degrees, int | float) or not degrees > 0:
            raise UsageError(f"the degrees of freedom of {name} are {degrees!r}", hint=f"--df {name}=9")
        if math.isfinite(degrees):
            found[place] = float(degrees)
    if found and inputs.correlations:
        message = "degrees of freedom are for inputs that are not correlated: Welch and Satterthwaite's formula"
        raise UsageError(message, hint="without --df, or without correlations")
    return found


def _input(name: str, item: Measured, inputs: Inputs, degrees: Mapping[int, float]) -> Input:
    """An input as the answer tells of it."""
    value, deviation, parameters = item.numbers()
    freedom = degrees.get(inputs.labels.index(name)) if name in inputs.labels else None
    return Input(name, value, deviation if item.law != EXACT else 0.0, item.law, parameters, freedom)


def _unused(names: Sequence[str], items: Mapping[str, Any], inputs: Inputs, parts: Sequence["_Part"]) -> list[Note]:
    """What to say of names of a matrix that have no value, and of inputs that no result depends on."""
    unused = [name for name in names if name not in items]
    message = f"covariances of {', '.join(unused[:12])} were not needed: no value is given for them"
    notes = [Note("covariance", message)] if unused else []
    known = {place for part in parts for place in part.slopes}
    lost = [name for place, name in enumerate(inputs.labels) if place not in known]
    return notes + [Note("independent", f"no result depends on {name}") for name in lost[:12]]


def _parts(formula: Formula) -> list[Component]:
    """The results, each with second derivatives too."""
    return [replace(part, order=2) for part in components(formula)]


# -- one question ------------------------------------------------------------------------------------------------------


@dataclass
class _Part:
    """One result, examined: nodes of its derivatives by the places of the inputs, and whether they are any."""

    name: str
    formula: Component
    value: Quantity
    gradient: dict[int, int] = field(default_factory=dict)
    slopes: dict[int, Quantity] = field(default_factory=dict)
    hessian: dict[tuple[int, int], int] = field(default_factory=dict)
    has_gradient: bool = True
    has_hessian: bool = True
    notes: list[Note] = field(default_factory=list)

    def settle(self, numbers: Mapping[int, Quantity]) -> None:
        """Take the doubles nearest to value and slopes, where they are proved: what floats lost does not count."""
        if self.value.certified and numbers[self.formula.output].certified:
            self.value = replace(numbers[self.formula.output], verdict=self.value.verdict)
        for place, node in self.gradient.items():
            if self.slopes[place].certified and numbers[node].certified:
                self.slopes[place] = replace(numbers[node], verdict=self.slopes[place].verdict)
        self.notes = [note for note in self.notes if note.kind != "inaccurate"]


@dataclass(frozen=True)
class _Found:
    """What the nodes say: for each result the linear answer, the second-order one and the budget; covariances."""

    results: Sequence[tuple[Linear | None, SecondOrder | None, tuple[Share, ...]]]
    covariance: Matrix
    correlation: Matrix


@dataclass(frozen=True)
class _Run:
    """What the samples say; nothing where there are none."""

    results: Sequence[tuple[Sampled | None, list[Note]]]
    covariance: Matrix = ()


@dataclass(frozen=True)
class _Question:
    """A formula at its estimates, the inputs that are uncertain, and how it is asked."""

    formula: Formula
    point: Point
    inputs: Inputs
    degrees: Mapping[int, float]
    settings: Settings
    digits: int

    @property
    def graph(self) -> Graph:
        """That of the formula."""
        return self.formula.graph

    # -- at the estimates

    def examined(self, formula: Component, name: str) -> _Part:
        """One result at the estimates: value and derivatives as `grad` and `hessian` have them."""
        if len(self.inputs.labels) > _MOST_SECOND:
            formula = replace(formula, order=1)
        options = Options(order=formula.order, symbolic=False, digits=self.digits)
        numbers = numbers_at([formula], self.point, options)
        found = examine(formula, self.point, options, numbers)
        undefined = found.value.verdict == "undefined"
        judge = Judge(
            formula, self.point, None, digits=self.digits, undefined=undefined, seconds=options.certify_seconds
        )
        value = judge.value(found.value)
        part = _Part(name, formula, value, has_hessian=formula.order == 2)
        for label, each in zip(formula.names, found.gradient, strict=True):
            quantity = judge.derivative((label,), each)
            if label in self.inputs.labels:
                self._take(part, (label,), each, quantity)
        for (i, j), each in found.hessian.items():
            pair = formula.names[i], formula.names[j]
            if set(pair) <= set(self.inputs.labels):
                self._take(part, pair, each, judge.derivative(pair, each))
        part.notes = found.notes + judge.finish({note.variable for note in found.notes})
        if self.formula.shape:
            part.notes = [replace(note, row=name) for note in part.notes]
        return part

    def _take(self, part: _Part, names: Sequence[str], found: Finding, quantity: Quantity) -> None:
        """A derivative of a result, as a node; one that slopes have found is a constant."""
        places = [self.inputs.labels.index(name) for name in names]
        exists = quantity.verdict not in _NO_SLOPE and not (found.from_slopes and math.isinf(found.value))
        node = self.graph.constant(quantity.value) if found.from_slopes and exists else found.node
        if len(places) == 1:
            part.has_gradient &= exists
            part.has_hessian &= exists
            part.slopes[places[0]] = replace(quantity, value=quantity.value + 0.0)
            if self.graph.number(node) != 0:
                part.gradient[places[0]] = node
        else:
            part.has_hessian &= exists
            if self.graph.number(node) != 0:
                part.hessian[places[0], places[1]] = part.hessian[places[1], places[0]] = node

    # -- by nodes

    def propagated(self, parts: Sequence[_Part]) -> _Found:
        """The linear and second-order answers, all their numbers enclosed together."""
        graph, inputs = self.graph, self.inputs
        firsts = [first_order(graph, part.gradient, inputs) if part.has_gradient else None for part in parts]
        seconds = [
            second_order(graph, part.formula.output, first, part.hessian, inputs)
            if first and part.has_hessian
            else None
            for part, first in zip(parts, firsts, strict=True)
        ]
        places = [(i, j) for i in range(len(parts)) for j in range(i + 1)] if len(parts) > 1 and all(firsts) else []
        pairs = {(i, j): covariance(graph, parts[i].gradient, parts[j].gradient, inputs) for i, j in places}
        ratios = {(i, j): correlation(graph, node, firsts[i], firsts[j]) for (i, j), node in pairs.items()}  # type: ignore[arg-type]
        wanted = [node for each in (*firsts, *seconds) if each for node in _nodes(each)]
        known = [node for part in parts for node in (part.formula.output, *part.gradient.values())]
        numbers = self._enclosed([*known, *wanted, *pairs.values(), *ratios.values()])
        for part in parts:
            part.settle(numbers)
        results = [
            self._answers(part, first, second, numbers)
            for part, first, second in zip(parts, firsts, seconds, strict=True)
        ]
        return _Found(results, *(_symmetric(nodes, numbers, len(parts)) for nodes in (pairs, ratios)))

    def _enclosed(self, nodes: Sequence[int]) -> dict[int, Quantity]:
        """Each node's number: the double nearest to its ball, and what is proved of it; else the float."""
        graph, wanted = self.graph, list(dict.fromkeys(nodes))

        def bound(arithmetic: Any) -> Mapping[int, Any]:
            return points.bind(graph, self.point, arithmetic)

        budget = Budget(CERTIFY_WORK, Options().certify_seconds)
        balls = enclose(graph, bound, wanted, digits=self.digits, budget=budget)
        arithmetic = Floats()
        floats = arithmetic.evaluate(graph, bound(arithmetic), wanted)
        found = {}
        for node, ball in zip(wanted, balls, strict=True):
            nearest = None if isinstance(ball, Unknown) else nearest_double(ball)
            if nearest is None and not isinstance(ball, Unknown):
                nearest = nearest_double(ball.mid())
            value = floats[node] if nearest is None else nearest
            proof = certified(ball, value, self.digits)
            found[node] = Quantity(value, proof, verdict="agrees" if proof else "unverified")
        return found

    def _answers(
        self, part: _Part, first: First | None, second: Second | None, numbers: Mapping[int, Quantity]
    ) -> tuple[Linear | None, SecondOrder | None, tuple[Share, ...]]:
        """The linear and second-order answers of one result, and its budget."""
        linear = None
        if first is not None and part.value.verdict != "undefined":
            u = numbers[first.deviation]
            freedom = self._freedom(part, u.value, numbers, first)
            factor = coverage(
                self.settings.level, max(1.0, math.floor(freedom)) if math.isfinite(freedom) else math.inf
            )
            ends = part.value.value - factor * u.value, part.value.value + factor * u.value
            linear = Linear(u, ends, factor, freedom)
        more = None
        if linear is not None and second is not None:
            names = self.inputs.labels
            interactions = tuple(
                Interaction((names[i], names[j]), numbers[node].value)
                for (i, j), node in sorted(second.shares.items())
                if math.isfinite(numbers[node].value) and numbers[node].value
            )
            more = SecondOrder(numbers[second.mean], numbers[second.deviation], interactions)
        return linear, more, self._budget(part, first, numbers)

    def _budget(self, part: _Part, first: First | None, numbers: Mapping[int, Quantity]) -> tuple[Share, ...]:
        """What each input causes; an input that the result does not depend on causes nothing."""
        shares = []
        for place, label in enumerate(self.inputs.labels):
            slope = part.slopes.get(place) or _NOTHING
            share = None
            if first is not None and numbers[first.deviation].value > 0:
                share = numbers[first.shares[place]].value if place in first.shares else 0.0
                share = share if math.isfinite(share) else None
            u = self.inputs.items[place].numbers()[1]
            shares.append(Share(label, share, slope, slope.value * u + 0.0))
        return tuple(shares)

    def _freedom(self, part: _Part, u: float, numbers: Mapping[int, Quantity], first: First) -> float:
        """The effective degrees of freedom: JCGM 100:2008, G.4.1; infinitely many where none are given."""
        if not u:
            return math.inf
        parts = {place: numbers[node].value for place, node in first.shares.items() if place in self.degrees}
        below = math.fsum(share * share / self.degrees[place] for place, share in parts.items())
        return 1 / below if below else math.inf

    # -- by samples

    def sampled(self, told: Callable[[int], None] | None) -> tuple[_Run, str]:
        """What the samples say of each result, and why there are none."""
        count = len(self.formula.items)
        nothing = _Run([(None, [])] * count)
        if not self.settings.monte_carlo:
            return nothing, ""
        if not installed("llvmlite") or not installed("scipy"):
            return nothing, "they need the extra fast: llvmlite and SciPy"
        odd = [place for place in self.inputs.correlated if self.inputs.items[place].law != "normal"]
        if odd:
            name, law = self.inputs.labels[odd[0]], self.inputs.items[odd[0]].law
            return nothing, f"{name} is {law} and correlated: only normal inputs are sampled together"
        from gradcalc.truth.uncertainty.simulate import simulate

        run, crossed = simulate(self.formula, self.point, self.inputs, self.degrees, self.settings, told)
        notes = [[self._crossed(each) for each in found] for found in crossed]
        return _Run(list(zip(run.results, notes, strict=True)), run.covariance), ""

    def _crossed(self, found: "Crossing") -> Note:
        """What to say of a kink or a pole that samples cross."""
        message = f"{found.text} has a {found.what} within reach: {100 * found.part:.2g} % of the samples are beyond it"
        return Note("reach", message, span=self.graph.spans[found.node])

    # -- together

    def result(
        self,
        part: _Part,
        found: tuple[Linear | None, SecondOrder | None, tuple[Share, ...]],
        sampled: tuple[Sampled | None, list[Note]],
    ) -> Result:
        """One result, with what there is to say of it."""
        linear, second, budget = found
        samples, crossed = sampled
        notes = [*part.notes, *crossed]
        if linear is None and part.value.verdict != "undefined":
            notes.append(Note("linear", "there is no linear answer: a derivative does not exist at the estimates"))
        if samples is not None and samples.undefined:
            share = f"{samples.undefined:,} of {samples.samples:,} samples have no finite value"
            notes.append(Note("undefined samples", f"{share}; what is said of the samples is of the others"))
        elif samples is not None and not samples.is_settled:
            why = "vary by rounding alone" if samples.is_rounding else "do not settle two digits of the uncertainty"
            notes.append(Note("samples", f"{samples.samples:,} samples {why}"))
        valid, differences = _validity(linear, samples)
        if self.formula.shape:
            notes = [note if note.row else replace(note, row=part.name) for note in notes]
        return Result(part.name, part.value, linear, second, samples, budget, valid, differences, tuple(notes))


_NOTHING = Quantity(0.0, None, verdict="agrees")


def _symmetric(nodes: Mapping[tuple[int, int], int], numbers: Mapping[int, Quantity], size: int) -> Matrix:
    """The matrix whose lower triangle is given; () where nothing is."""
    if not nodes:
        return ()
    return tuple(tuple(numbers[nodes[max(i, j), min(i, j)]].value for j in range(size)) for i in range(size))


def _nodes(found: First | Second) -> list[int]:
    """The nodes whose numbers are asked for."""
    head = [found.mean] if isinstance(found, Second) else [found.variance]
    return [*head, found.deviation, *found.shares.values()]


def _validity(linear: Linear | None, sampled: Sampled | None) -> tuple[bool | None, tuple[float, float] | None]:
    """Whether the ends of the linear interval are those of the samples, to two digits of u: JCGM 101:2008, 8.1.3."""
    if sampled is None or not sampled.is_settled:
        return None, None
    if linear is None:
        return False, None
    low, high = (abs(a - b) for a, b in zip(linear.interval, sampled.interval, strict=True))
    allowed = tolerance(sampled.u) if sampled.u else 0.0
    return max(low, high) <= allowed, (low, high)
