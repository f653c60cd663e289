"""Is a Python function the gradient of another? By difference quotients with error bars, or by a formula's derivative.

    functions and points --> quotients of f with error bars, or the formula in balls --> Claims, by variable

Without a formula all is evidence: Taylor's remainders f(x + h) - f(x - h) - 2 h g(x), extrapolated to h = 0, are 0
within their error bars, or they are not. With a formula its certified derivative stands beside the function's floats:
what no rounding explains is refuted. A point at which a function raises or has no finite value says nothing. Imports
claims and differences.
"""

import inspect
import math
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import UsageError
from gradcalc.graph.shapes import labels
from gradcalc.language.formula import Formula, Variable
from gradcalc.language.parse import parse
from gradcalc.settings import Limits
from gradcalc.truth.claims.check import Claim, Claims, Witness
from gradcalc.truth.differences import central_difference, noise

Function = Callable[..., Any]
Box = Mapping[str, tuple[float, float]]

_POINTS, _BITS = 20, 160
_SCALES, _ROUGH = (1.0, 0.83, 0.61), 8.0
_SURE, _DOUBTFUL = 3.0, 10.0
"""Error bars within which a claim agrees, and beyond which it is refuted."""
_ROUNDINGS, _MANY_ROUNDINGS, _LOST = 64.0, 4096.0, 1e-11
"""The same of errors of rounding beside a formula; and which part of a number any evaluation may lose."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A point: the numbers by their names, and the arguments that a function is called with for some numbers."""

    names: tuple[str, ...]
    numbers: tuple[float, ...]
    arguments: Callable[[Sequence[float]], tuple[tuple[Any, ...], dict[str, Any]]]


def check_functions(
    function: Function,
    gradient: Function,
    at: Any = None,
    box: Box | None = None,
    formula: str | None = None,
    names: tuple[str, str] = ("f", "the claim"),
    limits: Limits | None = None,
) -> Claims:
    """Whether a function is the gradient of another, at points.

    Args:
        function: of numbers, or of one array; returns a number.
        gradient: of the same arguments; returns a number, or as many as there are.
        at: a point or a list of points. A mapping gives arguments by name, a tuple one after the other, a list or an
            array is one argument.
        box: between which numbers each argument lies, for points in it.
        formula: what `function` computes; its derivative is then what the gradient is compared with.
        names: how the two are called.
    """
    places = [*_given(function, at), *(_drawn(function, box) if box else ())]
    if not places:
        raise UsageError("no points are given", hint="--box x=-1:1,y=0:2, or --at x=1,y=2")
    truth = None if formula is None else _Formula(formula, places[0].names, limits or Limits())
    judges = [_Judge(name, i) for i, name in enumerate(places[0].names)]
    values = _Judge("", -1)
    failures: list[str] = []
    for place in places:
        try:
            claimed = _numbers(_called(gradient, place, place.numbers), place.names, names[1])
            value = _number(_called(function, place, place.numbers))
        except (ArithmeticError, ValueError) as error:
            failures.append(f"{type(error).__name__}: {error}")
            continue
        if truth is not None:
            known = truth.at(place)
            if known is not None:
                for judge, each in zip([values, *judges], [value, *claimed], strict=True):
                    judge.beside_formula(place, each, known[judge.index + 1], abs(value))
            continue
        for judge, each in zip(judges, claimed, strict=True):
            judge.beside_quotients(place, each, partial(_moved, function, place, judge.index))
    text = formula or names[0]
    found = [judge.claim(text, names, failures, truth is not None) for judge in judges]
    if truth is not None:
        found.insert(0, replace(values.claim(text, names, failures, True), claim=names[0]))
    return Claims(None, tuple(found))


def assert_gradient(function: Function, gradient: Function, at: Any, formula: str | None = None) -> None:
    """Raise an AssertionError unless `gradient` agrees with the derivative of `function` at points; for tests.

    >>> gradcalc.assert_gradient(lambda x: x**3, lambda x: 3 * x**2, at=[1.0, 2.0, -0.5])

    Args:
        function: of numbers, or of one array; returns a number.
        gradient: of the same arguments; returns a number, or as many as there are, in an array, a list or by name.
        at: points. A mapping gives arguments by name, a tuple one after the other, an array is one argument; a number
            is the one argument; a list is a list of points.
        formula: what `function` computes; then its certified derivative is what the gradient is compared with, else
            difference quotients with error bars.
    """
    found = check_functions(function, gradient, at, formula=formula, names=("f", "the gradient"))
    wrong = [claim for claim in found.claims if claim.verdict != "agrees"]
    if wrong:
        told = "\n".join(
            f"d/d{claim.wrt}: {claim.verdict}: {claim.told}" if claim.wrt else claim.told for claim in wrong
        )
        raise AssertionError(f"the gradient of {_name(function)} is not right:\n{told}")


def _name(function: Function) -> str:
    return str(getattr(function, "__name__", function))


# -- points ------------------------------------------------------------------------------------------------------------


def _given(function: Function, at: Any) -> Iterator[_Place]:
    """The points that are asked for."""
    if at is None:
        return
    for point in at if isinstance(at, list) else [at]:
        if isinstance(point, Mapping):
            yield _of_names(function, {name: _plain(value) for name, value in point.items()})
        elif isinstance(point, tuple):
            names = _parameters(function)
            named = names if len(names) == len(point) else [f"x{i + 1}" for i in range(len(point))]
            yield _Place(tuple(named), tuple(map(float, point)), lambda numbers: (tuple(numbers), {}))
        elif hasattr(point, "__float__") and not getattr(point, "ndim", 0):
            name = (_parameters(function) or ["x"])[0]
            yield _Place((name,), (float(point),), lambda numbers: ((numbers[0],), {}))
        else:
            shape, flat = point.shape, [float(x) for x in point.ravel()]
            name = (_parameters(function) or ["x"])[0]
            yield _Place(
                tuple(labels(name, tuple(map(int, shape)))), tuple(flat),
                partial(_as_array, point),
            )  # fmt: skip


def _plain(value: Any) -> float:
    if getattr(value, "ndim", 0) or isinstance(value, (list, tuple)):
        raise UsageError("a point by names holds numbers", hint="an array as the point itself: at=numpy.array([1, 2])")
    return float(value)


def _as_array(array: Any, numbers: Sequence[float]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """One argument, an array of the shape of another."""
    import numpy as np

    return (np.array(numbers, dtype=float).reshape(array.shape),), {}


def _of_names(function: Function, point: Mapping[str, float]) -> _Place:
    """A point by names: arguments by name where the function has such, one array where it takes one argument alone.

    Raises:
        UsageError: only some of the names are the function's, or their number is not its.
    """
    names, parameters = tuple(point), _parameters(function)
    if set(names) == set(parameters):
        return _Place(names, tuple(point.values()), lambda numbers: ((), dict(zip(names, numbers, strict=True))))
    if len(parameters) == 1 and len(names) > 1:
        return _Place(names, tuple(point.values()), lambda numbers: ((_array(numbers),), {}))
    if len(parameters) in (0, len(names)) and not {*names} & {*parameters}:
        return _Place(names, tuple(point.values()), lambda numbers: (tuple(numbers), {}))
    raise UsageError(
        f"{_name(function)} takes {', '.join(parameters)}, and the points have {', '.join(names)}",
        hint=",".join(f"{name}=..." for name in parameters),
    )


def _array(numbers: Sequence[float]) -> Any:
    """One argument for several numbers: NumPy's array where the function's module has brought NumPy, else a list."""
    numpy = sys.modules.get("numpy")
    return list(numbers) if numpy is None else numpy.array(numbers, dtype=float)


def _parameters(function: Function) -> list[str]:
    """The arguments that a function must be given; none where that is not known, or where it takes any number."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    if any(each.kind is each.VAR_POSITIONAL for each in found):
        return []
    return [each.name for each in found if each.default is each.empty and each.kind is not each.VAR_KEYWORD]


def _drawn(function: Function, box: Box) -> Iterator[_Place]:
    """Points in a box, the same each time."""
    draw = random.Random(0)
    for _ in range(_POINTS):
        point = {name: low + (high - low) * draw.randrange(1, 128) / 128 for name, (low, high) in box.items()}
        yield _of_names(function, point)


# -- numbers -----------------------------------------------------------------------------------------------------------


def _called(function: Function, place: _Place, numbers: Sequence[float]) -> Any:
    positional, named = place.arguments(numbers)
    return function(*positional, **named)


def _number(value: Any) -> float:
    """A value as a float; what is not finite is no value."""
    flat = value.ravel().tolist() if hasattr(value, "ravel") else [value]
    if len(flat) != 1:
        raise UsageError(
            f"the function gives {len(flat)} values; it must give one number", hint="a sum, or one element"
        )
    number = float(flat[0])
    if not math.isfinite(number):
        raise ValueError(f"the value is {number}")
    return number


def _moved(function: Function, place: _Place, index: int, x: float) -> float:
    """The function with one number changed; nan where it has no value."""
    numbers = list(place.numbers)
    numbers[index] = x
    try:
        return _number(_called(function, place, numbers))
    except (ArithmeticError, ValueError):
        return math.nan


def _scaled(function: Callable[[float], float], x: float, scale: float, u: float) -> float:
    """A function, its distances from a point made smaller."""
    return function(x + scale * (u - x))


def _numbers(claimed: Any, names: Sequence[str], what: str) -> list[float]:
    """What a gradient gives, a number for each name."""
    if isinstance(claimed, Mapping):
        claimed = [claimed[name] for name in names if name in claimed]
    flat = list(_flat(claimed))
    if len(flat) != len(names):
        raise UsageError(
            f"{what} gives {len(flat)} number{'' if len(flat) == 1 else 's'}, and there are {len(names)} variables: "
            f"{', '.join(names[:12])}", hint="as many numbers, in the order of the arguments",
        )  # fmt: skip
    return flat


def _flat(value: Any) -> Iterator[float]:
    if hasattr(value, "ravel"):
        yield from map(float, value.ravel().tolist())
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _flat(each)
    else:
        yield float(value)


class _Formula:
    """What a function computes, as a formula: its value and derivatives at points, in balls and in floats."""

    def __init__(self, text: str, names: Sequence[str], limits: Limits) -> None:
        made = parse(text, shapes=dict.fromkeys(names, ()), limits=limits)
        missing = [name for name in made.variables if name not in names]
        if missing:
            raise UsageError(
                f"no values for {', '.join(missing)}, which the formula has", text=text,
                span=made.spans.get(missing[0]), hint=",".join(f"{name}=..." for name in missing),
            )  # fmt: skip
        self.formula: Formula = made.differentiated([Variable(name) for name in names], 1)
        self._balls, self._floats = Balls(_BITS, "written"), Floats()

    def at(self, place: _Place) -> list[tuple[arb, float]] | None:
        """Value and derivatives, each with the float that the formula itself gives; None where one is not known."""
        graph, outputs = self.formula.graph, self.formula.outputs
        point = dict(zip(self.formula.inputs, place.numbers, strict=True))
        balls = self._balls.evaluate(graph, {index: arb(x) for index, x in point.items()}, outputs)
        floats = self._floats.evaluate(graph, point, outputs)
        found = [(balls[index], float(floats[index])) for index in outputs]
        return found if all(isinstance(ball, arb) and ball.is_finite() for ball, _ in found) else None


class _Judge:
    """One derivative, or the value, at all points."""

    def __init__(self, name: str, index: int) -> None:
        self.name, self.index = name, index
        self.agree = self.open = 0
        self.widest = 0.0
        self.witness: Witness | None = None

    def beside_quotients(self, place: _Place, claimed: float, function: Callable[[float], float]) -> None:
        """Judge a number beside difference quotients."""
        x = place.numbers[self.index]
        rough, ratios = _ROUGH * noise(function, x), list[float]()
        for scale in _SCALES:  # other steps each time: chance seldom deceives all
            found = central_difference(partial(_scaled, function, x, scale), x, rough)
            value, error = found.value / scale, found.error / scale + 2**-50 * abs(claimed)
            if not (math.isfinite(value) and math.isfinite(error)) or math.isnan(claimed):
                self.open += 1
                return
            ratios.append(abs(claimed - value) / error)
            if ratios[-1] <= _SURE:
                break
        if ratios[-1] <= _SURE:
            self.widest = max(self.widest, error / max(abs(value), 1.0))
        self._judge(place, min(ratios), claimed, value, f"{value:.9g} ± {error:.1g}")

    def beside_formula(self, place: _Place, claimed: float, known: tuple[arb, float], size: float) -> None:
        """Judge a number beside the formula's, of which floats lose so much."""
        ball, ours = known
        true = float(ball.mid())
        lost = float((abs(arb(ours) - ball)).upper()) if math.isfinite(ours) else math.inf
        scale = max(abs(true), size / max([1.0, *map(abs, place.numbers)]))
        least = _ROUNDINGS * (lost + 2**-52 * abs(true)) + 1e-300
        most = max(_LOST * scale, _MANY_ROUNDINGS * lost)
        error = float((abs(arb(claimed) - ball)).upper()) if math.isfinite(claimed) else math.inf
        ratio = 0.0 if error <= least else 2 * _DOUBTFUL if error > most else 2 * _SURE
        self._judge(place, ratio, claimed, true, f"{true:.17g}")

    def _judge(self, place: _Place, ratio: float, claimed: float, true: float, text: str) -> None:
        if ratio <= _SURE:
            self.agree += 1
        elif ratio <= _DOUBTFUL:
            self.open += 1
        elif self.witness is None:
            at = dict(zip(place.names, place.numbers, strict=True))
            self.witness = Witness(at, true, claimed, (text, f"{claimed:.17g}"))

    def claim(self, text: str, names: tuple[str, str], failures: Sequence[str], has_formula: bool) -> Claim:
        """The verdict."""
        claim = names[1]
        if self.witness is not None:
            return Claim(text, self.name, claim, "refuted", witness=self.witness, why=_EVIDENCE[has_formula])
        if self.agree and self.agree >= 4 * self.open:
            bars = "" if has_formula else f", error bars up to {self.widest:.0e}"
            return Claim(text, self.name, claim, "agrees", points=self.agree, why=_EVIDENCE[has_formula] + bars)
        why = f"at {self.open} points it is not settled, at {self.agree} it agrees" if self.open + self.agree else (
            f"no point has a value: {failures[0]}" if failures else "the formula has no value at any point"
        )  # fmt: skip
        return Claim(text, self.name, claim, "undecided", points=self.agree, why=why)


_EVIDENCE = {False: "evidence by difference quotients", True: "floats beside the formula's certified numbers"}
