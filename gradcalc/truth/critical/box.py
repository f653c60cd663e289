"""Boxes from text and Python values: `x=-5:5,y=0:pi/2`, the ends exact. Imports language and arithmetic."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.intervals import Intervals
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.language import points
from gradcalc.language.formula import Formula, Value
from gradcalc.language.parse import bound_name, constant_value, reading
from gradcalc.language.tokens import Tokens, refuse, tokenize
from gradcalc.settings import Limits

_INFINITE = {"inf": math.inf, "oo": math.inf, "infinity": math.inf, "∞": math.inf}
_SUGGESTED = 10
_PLACES = 12


@dataclass(frozen=True, eq=False)
class Side:
    """The range of one variable; an end is None where it is infinite."""

    name: str
    low: Value | None
    high: Value | None

    @property
    def ends(self) -> tuple[float, float]:
        """Two doubles around the side."""
        intervals = Intervals()
        low = -math.inf if self.low is None else _bounds(self.low, intervals)[0]
        return low, math.inf if self.high is None else _bounds(self.high, intervals)[1]

    @property
    def inner(self) -> tuple[float, float]:
        """Two doubles inside the side, or its ends."""
        intervals = Intervals()
        low = -math.inf if self.low is None else _bounds(self.low, intervals)[1]
        return low, math.inf if self.high is None else _bounds(self.high, intervals)[0]

    def balls(self, balls: Balls) -> tuple[arb, arb]:
        """The ends as balls."""
        low = arb.neg_inf() if self.low is None else points.numbers(self.low, balls)[0]
        return low, arb.pos_inf() if self.high is None else points.numbers(self.high, balls)[0]

    @property
    def given(self) -> tuple[float | str, float | str]:
        """The ends as they were given."""
        low = -math.inf if self.low is None else points.as_given(self.low)
        return low, math.inf if self.high is None else points.as_given(self.high)

    @property
    def is_finite(self) -> bool:
        """Whether both ends are."""
        return self.low is not None and self.high is not None


def _bounds(value: Value, intervals: Intervals) -> tuple[float, float]:
    found = intervals.evaluate(value.graph, {}, value.items)[value.items[0]]
    return float(found.low), float(found.high)


def read_box(given: Any, limits: Limits) -> list[Side]:
    """The sides that an argument gives: text as of `--box`, or a mapping of names to pairs or to text."""
    if isinstance(given, str):
        return _from_text(given, limits)
    if not isinstance(given, Mapping):
        raise UsageError("box is no mapping of names to pairs", hint='box={"x": (-5, 5)}, or box="x=-5:5"')
    sides = []
    for name, ends in given.items():
        if isinstance(ends, str):
            sides += _from_text(f"{name}={ends}", limits)
            continue
        if not isinstance(ends, Sequence) and not hasattr(ends, "tolist") or len(ends) != 2:
            raise UsageError(f"the side of {name} is {ends!r}", hint=f'box={{"{name}": (-5, 5)}}')
        sides.append(_checked(Side(str(name), *(_end(str(name), each, limits) for each in ends))))
    return sides


def _end(name: str, given: Any, limits: Limits) -> Value | None:
    text = given.strip().lstrip("+-") if isinstance(given, str) else None
    if text in _INFINITE or isinstance(given, float) and math.isinf(given):
        return None
    return points.to_value(name, given, limits)


def _from_text(text: str, limits: Limits) -> list[Side]:
    """The sides of a text."""
    sides: dict[str, Side] = {}
    with reading(text):
        tokens = tokenize(text, limits.text)
        for first, last in tokens.pieces():
            name = bound_name(tokens, first, last)
            if name in sides:
                refuse(f"{name} has a side already", tokens[first].span, "give each name one side")
            colons = [k for k in range(first + 2, last) if tokens.words[k] == ":"]
            if len(colons) != 1 or colons[0] in (first + 2, last - 1):
                span = (tokens[first].span[0], tokens[last - 1].span[1])
                refuse(f"the side of {name} is no pair low:high", span, f"{name}=-5:5")
            parts = (first + 2, colons[0]), (colons[0] + 1, last)
            ends = [_end_of(text, tokens, part, limits, k) for k, part in enumerate(parts)]
            span = (tokens[first].span[0], tokens[last - 1].span[1])
            sides[name] = _checked(Side(name, *ends), text, span)
    return list(sides.values())


def _end_of(text: str, tokens: Tokens, piece: tuple[int, int], limits: Limits, which: int) -> Value | None:
    words = [tokens.words[k] for k in range(*piece)]
    sign = -1 if words[0] in ("-", "−") else 1
    bare = words[1:] if words[0] in ("-", "+", "−") else words
    if len(bare) == 1 and bare[0].lower() in _INFINITE:
        if (sign < 0) != (which == 0):
            span = (tokens[piece[0]].span[0], tokens[piece[1] - 1].span[1])
            refuse("this end is on the wrong side", span, "-inf:inf")
        return None
    return constant_value(text, tokens.part(*piece), limits, {})


def _checked(side: Side, text: str | None = None, span: tuple[int, int] | None = None) -> Side:
    """The side; refused where it has no inside."""
    for end in (side.low, side.high):
        if end is not None:
            if end.shape:
                raise UsageError(f"the ends of {side.name} are arrays", text=text, span=span, hint="x=-5:5")
            points.finite(side.name, end, text or "")
    if side.low is None or side.high is None:
        return side
    low, high = (points.numbers(end, Floats())[0] for end in (side.low, side.high))
    a, b = side.balls(Balls(256))
    if a < b:
        return side
    if low > high:
        hint = f"{side.name}={_text(side.high)}:{_text(side.low)}"
        raise UsageError(f"the side of {side.name} ends before it begins", text=text, span=span, hint=hint)
    hint = f"--let {side.name}={_text(side.low)} fixes it"
    raise UsageError(f"the box has no inside: {side.name} has one value", text=text, span=span, hint=hint)


def _text(value: Value) -> str:
    return str(points.as_given(value)).removesuffix(".0")


def fitted(sides: Iterable[Side], formulas: Sequence[Formula], let: Mapping[str, Any]) -> list[Side]:
    """The sides, where they fit the variables of some formulas; refused otherwise, with all that is missing."""
    sides = list(sides)
    names = list(dict.fromkeys(name for formula in formulas for name in formula.variables))
    given = [side.name for side in sides]
    text = formulas[0].text
    missing = [name for name in names if name not in given]
    if missing:
        known = [f"{side.name}={':'.join(_given_text(end) for end in side.given)}" for side in sides]
        places = [f"{name}=-{_SUGGESTED}:{_SUGGESTED}" for name in missing[:_PLACES]]
        message = f"no side for {', '.join(missing[:_PLACES])}" if sides else "no box is given: where is looked for"
        span = formulas[0].spans.get(missing[0])
        raise UsageError(message, text=text, span=span, hint=f'--box "{",".join([*known, *places])}"')
    for name in given:
        if name in let:
            hint = "--box for variables, --let for constants"
            raise UsageError(f"{name} is given by both --box and --let", hint=hint)
        if name not in names:
            near = did_you_mean(name, names)
            raise UsageError(
                f"the formula does not contain {name}",
                text=text,
                hint=f"did you mean {near}?" if near else f"leave {name} out of the box",
            )
    return sides


def in_order(sides: Sequence[Side], names: Sequence[str]) -> list[Side]:
    """The sides in the order of some names."""
    by_name = {side.name: side for side in sides}
    return [by_name[name] for name in names]


def _given_text(end: float | str) -> str:
    return str(end).removesuffix(".0")


def corners(sides: Sequence[Side]) -> tuple[Any, Any]:
    """Arrays of doubles around the box: lower and upper ends, one column."""
    ends = [side.ends for side in sides]
    return np.array([[low] for low, _ in ends]), np.array([[high] for _, high in ends])
