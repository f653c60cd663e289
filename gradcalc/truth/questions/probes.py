"""Where an exported function tests itself: points with what is proved there, and how far rounding may lead from it.

    Formula ──▶ candidates, evaluated in floats ──▶ those that decide branches otherwise than the ones before
                                                          ├─ in balls: the doubles nearest to the true numbers
                                                          └─ in floats that err at random by an ulp: how errors grow

A point is taken where all numbers are finite, no op is on its kink, and no branch is decided by rounding. A number may
be off by `_TIMES` what random errors made of it: that follows its condition, with no factor for what an op may lose
that is not there. Vignes, "A stochastic arithmetic for reliable scientific computation" (1993). Imports certify.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.evaluate import Functions, evaluate
from gradcalc.arithmetic.floats import FUNCTIONS, Floats
from gradcalc.errors import UsageError
from gradcalc.graph import ops
from gradcalc.graph.definitions import POLYNOMIALS
from gradcalc.graph.domain import kinked
from gradcalc.graph.ops import Op
from gradcalc.graph.portable import PORTABLE
from gradcalc.language import points
from gradcalc.language.formula import Formula, Point
from gradcalc.language.targets.source import Probe
from gradcalc.settings import CERTIFY_SECONDS
from gradcalc.truth.certify import enclose

POINTS, MOST_POINTS = 5, 12
"""How many points a file has at least, beside those that are given; and at most, where it has many branches."""

_TRIES, _WORK = 400, 3_000_000
"""How many candidates are looked at, and about how many nodes are evaluated in floats for that."""

_ROUNDS, _TIMES, _ULPS = 6, 32.0, 4.0
"""How often a point is evaluated with errors; how much larger than theirs those of a library may be; its last ulps."""

_CONDITION = 1e-12
"""A point is good where no number may be further off than this, in parts of it or of the largest beside it."""

_COMPARED = 2_000
"""How many numbers are compared at a point, at most."""

_RANGES = ((0.3, 2.5), (-2.0, 2.0), (1.1, 4.0), (0.05, 0.95), (-0.9, 0.9), (3.0, 30.0), (-30.0, 30.0), (0.001, 0.1),
           (50.0, 500.0), (-500.0, -2.0))  # fmt: skip

_WORK_OF_PROOF = 20_000_000
"""Of all proofs together, in units of about a microsecond."""


@dataclass(frozen=True)
class Probes:
    """The points, and which numbers of value, gradient and Hessian are compared; `left` were given and are not in."""

    points: tuple[Probe, ...]
    compared: tuple[int, ...]
    left: int = 0


def probes(formula: Formula, arguments: Sequence[str], given: Sequence[Point]) -> Probes:
    """Points for a formula that is differentiated up to its order.

    Args:
        arguments: the names of all scalars, in the order of a point's numbers.
        given: points that are taken too, where anything is proved of them.

    Raises:
        UsageError: there is no point where the formula is seen to have a value.
    """
    made = _Maker(formula, arguments)
    rows = [made.row(point) for point in given]
    found = [probe for row in rows if (probe := made.probe(row, careful=False)) is not None]
    left = len(rows) - len(found)
    found += made.chosen(rows)
    if not found:
        hint = "--at with a point where it has one"
        raise UsageError("no point was found where the formula has a value and derivatives", hint=hint)
    return Probes(tuple(found), made.compared, left)


class _Maker:
    """The state of choosing points."""

    def __init__(self, formula: Formula, arguments: Sequence[str]) -> None:
        self.formula, self.graph = formula, formula.graph
        self.inputs = [self.graph.input(name) for name in arguments]
        self.arguments = arguments
        nodes = _flat(formula)
        step = max(1, -(-len(nodes) // _COMPARED))
        self.compared = tuple(range(0, len(nodes), step))
        self.nodes = [nodes[i] for i in self.compared]
        self.kink = kinked(self.graph, formula.output)
        wanted = [*self.nodes, *([] if self.kink is None else [self.kink])]
        self.wanted = list(dict.fromkeys(wanted))
        self.needed = self.graph.needed(self.wanted)
        self.seed = "".join(op.name for op, _, _ in (self.graph.nodes[i] for i in self.needed[:100]))
        self.budget = Budget(_WORK_OF_PROOF, CERTIFY_SECONDS)
        self.work = 0

    def row(self, point: Point) -> tuple[float, ...]:
        """The doubles of a point that was given."""
        bound = points.bind(self.graph, point, Floats())
        return tuple(float(bound[index]) for index in self.inputs)

    # -- candidates ----------------------------------------------------------------------------------------------------

    def candidates(self, rows: Sequence[tuple[float, ...]]) -> Iterator[tuple[float, ...]]:
        """Points near those that are given, then in ranges that are the same for all variables, then in others."""
        rng = random.Random(self.seed)
        if not self.arguments:
            yield ()
            return
        for count in range(_TRIES):
            if self.work > _WORK:
                return
            if rows and count % 3 == 0:
                near = rows[count // 3 % len(rows)]
                yield tuple(_short(x * rng.uniform(0.9, 1.1) if x else rng.uniform(-0.1, 0.1)) for x in near)
                continue
            ends = [_RANGES[0] if count < 16 else rng.choice(_RANGES)] * len(self.arguments)
            if count > _TRIES // 3:
                ends = [rng.choice(_RANGES) for _ in self.arguments]
            yield tuple(_short(rng.uniform(*pair)) for pair in ends)

    def chosen(self, rows: Sequence[tuple[float, ...]]) -> list[Probe]:
        """Points that together decide branches in all the ways that were seen; of the worse conditioned only few."""
        found: list[Probe] = []
        seen: set[tuple[int, Any]] = set()
        spare: list[tuple[float, ...]] = []
        for row in self.candidates(rows):
            values = self._values(row)
            if values is None:
                continue
            signs = self._signs(values)
            if len(found) >= POINTS and signs <= seen or not self.arguments and found:
                continue
            probe = self.probe(row)
            if probe is None:
                spare.append(row)
                continue
            seen |= signs
            found.append(probe)
            if len(found) == MOST_POINTS:
                break
        for row in spare[: 4 * POINTS]:
            if len(found) < POINTS and (probe := self.probe(row, careful=False)) is not None:
                found.append(probe)
        return found

    # -- one point -----------------------------------------------------------------------------------------------------

    def _values(self, row: Sequence[float]) -> list[Any] | None:
        """All numbers in floats; None where one is not finite, or where an op is on its kink."""
        self.work += len(self.needed)
        values = Floats().evaluate(self.graph, dict(zip(self.inputs, row, strict=True)), self.wanted)
        if self.kink is not None and values[self.kink] != 0:
            return None
        return values if all(math.isfinite(values[node]) and abs(values[node]) < 1e100 for node in self.nodes) else None

    def _signs(self, values: Sequence[Any]) -> set[tuple[int, Any]]:
        """How each branch is decided: what conditions say, which operand is the largest, the sign at a kink."""
        found: set[tuple[int, Any]] = set()
        for index in self.needed:
            op, operands, _ = self.graph.nodes[index]
            if op.is_condition:
                found.add((index, bool(values[index])))
            elif op in (ops.max, ops.min):
                found.add((index, next((i for i in operands if values[i] == values[index]), -1)))
            elif op is ops.clip:
                x, low, high = (values[i] for i in operands)
                found.add((index, (x > low) + (x > high)))
            elif op.kink is not None and operands and op is not ops.where:
                found.add((index, values[operands[0]] > 0))
            elif op in _BY_SIZE:
                found.add((index, (values[operands[-1]] > 0, abs(values[operands[-1]]) > 1)))
        return found

    def probe(self, row: Sequence[float], careful: bool = True) -> Probe | None:
        """A point with what is proved there; None where too little is, or where numbers are ill conditioned."""
        noisy = [self._noisy(row, seed) for seed in range(self._rounds)]
        plain = Floats().evaluate(self.graph, dict(zip(self.inputs, row, strict=True)), self.nodes)
        spreads = [max(abs(values[node] - plain[node]) for values in noisy) for node in self.nodes]
        largest = max((abs(plain[node]) for node in self.nodes if math.isfinite(plain[node])), default=0.0)
        if careful and not all(
            spread * _TIMES <= _CONDITION * max(abs(plain[node]), 1e-3 * largest, 1e-300)
            for node, spread in zip(self.nodes, spreads, strict=True)
        ):
            return None
        inputs = dict(zip(self.inputs, row, strict=True))
        proved = enclose(
            self.graph,
            lambda balls: {index: balls.constant(x.hex()) for index, x in inputs.items()},
            self.nodes,
            digits=17,
            budget=self.budget,
        )
        wanted = [nearest_double(ball) for ball in proved]
        known = [x if x is not None and math.isfinite(x) else math.nan for x in wanted]
        if math.isnan(known[0]) or careful and any(map(math.isnan, known)):
            return None
        within = [
            spread * _TIMES + (_ULPS * math.ulp(x) if x else 0.0) for spread, x in zip(spreads, known, strict=True)
        ]
        told = [near <= max(abs(x), _CONDITION * largest) for x, near in zip(known, within, strict=True)]
        return Probe(
            tuple(row),
            tuple(x if tells else math.nan for x, tells in zip(known, told, strict=True)),
            tuple(near if tells else 0.0 for near, tells in zip(within, told, strict=True)),
        )

    @property
    def _rounds(self) -> int:
        return _ROUNDS if len(self.needed) < _WORK // 100 else 2

    def _noisy(self, row: Sequence[float], seed: int) -> list[Any]:
        """The numbers where each op errs by up to an ulp or so, at random."""
        self.work += 2 * len(self.needed)
        inputs = dict(zip(self.inputs, row, strict=True))
        return evaluate(self.graph, _Noisy(seed), inputs, self.nodes)


_BY_SIZE = (ops.erf, ops.erfc, ops.gamma, ops.lgamma, ops.digamma, ops.norm_cdf, ops.norm_pdf, ops.sinc, ops.logit)
"""Ops that may be a routine with branches, which more than one point should see."""


def _flat(formula: Formula) -> list[int]:
    """The nodes of value, gradient and Hessian, one after the other."""
    found = [formula.output, *(formula.gradient if formula.order else ())]
    if formula.order == 2:
        size, zero = len(formula.names), formula.graph.constant(0)
        found += [formula.hessian.get((i, j), zero) for i in range(size) for j in range(size)]
    return found


def _short(x: float) -> float:
    """A double that is written with few digits."""
    return float(f"{x:.4g}")


_EXACT = frozenset(
    (ops.abs, ops.neg, ops.sign, ops.floor, ops.ceil, ops.round, ops.max, ops.min, ops.clip, ops.where, ops.heaviside,
     ops.relu)
)  # fmt: skip
"""Ops whose result is right to the bit, or to none."""

_ROUNDED = frozenset((ops.add, ops.sub, ops.mul, ops.div, ops.sqrt))
"""Ops of half an ulp."""

_LOOSE = frozenset((*PORTABLE, *POLYNOMIALS, ops.polygamma, ops.besselj, ops.bessely, ops.mod, ops.frac))
"""Ops of some ulps beside 1 or the value, whichever is larger."""


class _Noisy(Floats):
    """Floats where ops err at random: half an ulp where IEEE 754 says so, else by more, and beside 1 if 1 is larger."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        rng = random.Random(seed)
        self.functions: Mapping[Op, Callable[..., Any]] = Functions(lambda op: _erring(op, rng.random), {})


def _erring(op: Op, random_: Callable[[], float]) -> Callable[..., Any]:
    """An op with an error."""
    exactly = FUNCTIONS[op]
    if op.is_condition or op in _EXACT:
        return exactly
    half = op in _ROUNDED
    size, floor = (2.0**-53, 0.0) if half else (2.0**-50, 1.0) if op in _LOOSE else (2.0**-51, 0.0)

    def erring(*operands: Any) -> Any:
        value = exactly(*operands)
        if half and value.is_integer() and abs(value) < 2.0**53 and all(x.is_integer() for x in operands):
            return value  # exact
        return value + (1.0 if random_() < 0.5 else -1.0) * size * max(abs(value), floor)

    return erring
