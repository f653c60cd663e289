"""How far estimates may be off: covariances, what the data do not identify, and how well the model fits.

Sources: Bates and Watts, Nonlinear Regression Analysis (1988); Seber and Wild, Nonlinear Regression (1989); White,
Maximum Likelihood Estimation of Misspecified Models (1982), for the sandwich. Imports estimate and problem.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx

from gradcalc.arithmetic.student import coverage
from gradcalc.optimize.descent.least_squares import Linear
from gradcalc.optimize.fit.estimate import Estimate
from gradcalc.optimize.fit.exact import BITS, Sums, inverse
from gradcalc.optimize.fit.problem import Problem
from gradcalc.optimize.fit.start import sample
from gradcalc.optimize.rows import Array

_DEPENDENT = 1e-13
"""A direction in which the scaled Jacobian is no larger than this part of its largest is not determined."""
_SURE = 1e5
"""Up to this condition of the Jacobian its square, J'J, has enough digits left."""
_PART = 1e-6
"""A parameter below this part of a direction has no part in it."""
_SOME = 5_000
"""Rows that tell whether a linear model has a constant, and which rule holds."""
_FITS = 1e-9
"""How well a rule has to hold at other parameters to be told."""


@dataclass(frozen=True)
class Shape:
    """What the Jacobian tells at the estimates.

    Attributes:
        condition: of the Jacobian whose columns are scaled to one length.
        unidentified: directions in which the sum does not change, by parameter, of length 1.
        rules: what is determined though its parts are not, in words, one for each direction; "" where none is known.
        inverse: of J'J, by pseudo-inverse where it has none; of a likelihood that of the Hessian.
    """

    condition: float
    unidentified: tuple[Mapping[str, float], ...]
    rules: tuple[str, ...]
    inverse: Array


def shape(problem: Problem, at: Sequence[float]) -> Shape:
    """What the data determine at a point, in floats."""
    names = problem.model.names
    if not names:
        return Shape(1.0, (), (), np.zeros((0, 0)))
    with np.errstate(all="ignore"):
        likelihood = problem.model.is_likelihood
        matrix = _root(problem.objective.hessian(at)) if likelihood else _linear(problem, at)
        norms = np.linalg.norm(matrix, axis=0)
        scale: Array = np.where(norms > 0, norms, 1.0)
        if not np.isfinite(matrix).all():
            return Shape(math.nan, (), (), np.full((len(names), len(names)), math.nan))
        _, sizes, axes = np.linalg.svd(matrix / scale, full_matrices=True)
        sizes = np.concatenate([sizes, np.zeros(len(names) - len(sizes))])
        known = sizes > _DEPENDENT * sizes[0]
        roots = axes[known] / scale / sizes[known, None]
        free = _reduced(axes[~known])
    lost = tuple(_by_name(names, vector, scale) for vector in free)
    condition = float(sizes[0] / sizes[-1]) if known.all() else math.inf
    return Shape(condition, lost, tuple(_rule(problem, at, each) for each in lost), roots.T @ roots)


def _linear(problem: Problem, at: Sequence[float]) -> Array:
    """A matrix whose square is J'J: of many rows by its sums, unless so near to singular that these lost digits."""
    if problem.squares is not None:
        root = _root(problem.squares.hessian(at)) / math.sqrt(2)
        norms = np.linalg.norm(root, axis=0)
        if np.isfinite(root).all() and np.linalg.cond(root / np.where(norms > 0, norms, 1.0)) < _SURE:
            return root
    return triangle(problem, at)


def triangle(problem: Problem, at: Sequence[float]) -> Array:
    """R of the Jacobian's QR decomposition, block of rows by block of rows."""
    found = reduce(Linear.plus, problem.residuals.linear(list(at))).triangle
    return found[: len(at), : len(at)]


def _root(hessian: Array) -> Array:
    """A matrix whose square is a Hessian that has no negative curvature; what is negative counts as none."""
    norms = np.sqrt(np.abs(np.diag(hessian)))
    scale = np.where(norms > 0, norms, 1.0)
    curvatures, axes = np.linalg.eigh(hessian / scale / scale[:, None])
    size = max(float(curvatures[-1]), 0.0)
    kept = np.where(curvatures > _DEPENDENT * size, np.maximum(curvatures, 0.0), 0.0)
    return np.asarray(np.sqrt(kept)[:, None] * axes.T * scale)


def _reduced(free: Array) -> Array:
    """Directions that span the same, each with as many parameters left out as can be."""
    rows = np.array(free, float)
    for k in range(len(rows)):
        rest = np.abs(rows[k:])
        i, j = divmod(int(np.argmax(rest)), rows.shape[1])
        rows[[k, k + i]] = rows[[k + i, k]]
        rows[k] /= rows[k, j]
        for other in range(len(rows)):
            if other != k:
                rows[other] -= rows[other, j] * rows[k]
    return rows


def _by_name(names: Sequence[str], vector: Array, scale: Array) -> dict[str, float]:
    """A direction of scaled parameters as one of length 1, without what has no part; its first part is positive."""
    parts = np.where(np.abs(vector) > _PART * np.abs(vector).max(), vector, 0.0) / scale
    parts = parts / np.linalg.norm(parts)
    parts = parts * np.sign(parts[np.flatnonzero(parts)[0]])
    return {name: float(part) for name, part in zip(names, parts, strict=True) if part}


_RULES: Mapping[str, tuple[float, float]] = {
    "{0}*{1}": (1, -1), "{0}/{1}": (1, 1), "{0}^2*{1}": (1, -2), "{0}*{1}^2": (2, -1), "{0}^2/{1}": (1, 2),
    "{0}/{1}^2": (2, 1),
}  # fmt: skip
"""Monomials of two parameters, and by which part of itself each changes where the monomial stays."""


def _rule(problem: Problem, at: Sequence[float], lost: Mapping[str, float]) -> str:
    """What is determined though its two parts are not: a monomial, a sum or a difference; tried at other parameters."""
    if len(lost) != 2 or not problem.model.is_square:
        return ""
    names = list(lost)
    places = [problem.model.names.index(name) for name in names]
    source = np.random.default_rng(0)
    others = [
        np.asarray(at) * source.uniform(0.7, 1.4, len(at)) + source.uniform(0.01, 0.02, len(at)) for _ in range(2)
    ]
    nodes = [problem.model.slopes[i] for i in places]
    some = sample(problem, _SOME)
    slopes = [(x[places], some.evaluated(x.tolist(), nodes)) for x in others]

    def holds(direction: Any) -> bool:
        for x, found in slopes:
            parts = found * direction(x)
            size = np.abs(parts).max(initial=0.0)
            if not np.all(np.abs(parts.sum(axis=1)) <= _FITS * size):
                return False
        return True

    for text, powers in _RULES.items():
        if holds(lambda x, powers=powers: x * powers):
            return text.format(*names)
    for text, sign in (("{0} + {1}", -1.0), ("{0} - {1}", 1.0)):
        if holds(lambda x, sign=sign: np.array([1.0, sign])):
            return text.format(*names)
    return ""


@dataclass(frozen=True)
class Uncertainty:
    """The covariance of the parameters that are free, and the same as balls where the sums are known in balls."""

    covariance: Array
    balls: arb_mat | None = None

    @cached_property
    def errors(self) -> Array:
        """The standard errors."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(np.diag(self.covariance)))


def uncertainty(
    problem: Problem, place: Sequence[float], found: Estimate, known: Shape, freedom: int, absolute: bool, robust: bool
) -> Uncertainty:
    """The covariance of the parameters: by the Jacobian of squares, the Hessian of a likelihood, or the sandwich."""
    model = problem.model
    if model.loss == "l1":
        return Uncertainty(np.full(known.inverse.shape, math.nan))
    scaled = model.is_square and not absolute
    sums = found.proof.sums if found.proof and model.is_square else found.exact[1] if found.exact else None
    if sums is not None and not known.unidentified:
        balls = _exact_covariance(sums, model.is_square, robust or model.loss != "linear", freedom if scaled else None)
        if balls is not None:
            size = balls.nrows()
            floats = np.array([[float(balls[i, j].mid()) for j in range(size)] for i in range(size)])
            return Uncertainty(floats, balls)
    if not model.is_square:
        return Uncertainty(_sandwich(problem, place, known) if robust or model.loss != "linear" else known.inverse)
    factor = 1.0 if absolute else found.value / freedom if freedom > 0 else math.nan
    return Uncertainty(known.inverse * factor)


def _exact_covariance(sums: Sums, square: bool, sandwich: bool, freedom: int | None) -> arb_mat | None:
    """The covariance in balls; `freedom` is given where the residuals tell how large errors are."""
    with ctx.workprec(BITS):
        found = inverse(sums.cross if square else sums.hessian)
        if found is None or freedom is not None and freedom <= 0:
            return None
        if sandwich and not square:
            return found * sums.cross * found
        return found if freedom is None else found * (sums.value / freedom)


def _sandwich(problem: Problem, place: Sequence[float], known: Shape) -> Array:
    """The sandwich in floats."""
    middle: Array = known.inverse
    meat = np.zeros_like(middle)
    if not problem.model.is_likelihood:
        whole = _root(problem.objective.hessian(place))
        middle = np.asarray(np.linalg.pinv(whole.T @ whole, rcond=_DEPENDENT, hermitian=True), dtype=np.float64)
    for part in problem.folded(_cross, place, problem.model.term.gradient):
        meat = meat + part
    return np.asarray(middle @ meat @ middle)


def _cross(numbers: Array, scores: Array) -> Array:
    """The cross products of the columns."""
    return np.asarray(scores.T @ scores)


def root(ball: arb) -> arb:
    """The square root of a variance."""
    with ctx.workprec(BITS):
        return ball.sqrt()


# -- how well it fits --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fitness:
    """How well a model of squares fits.

    Attributes:
        rss: the sum of the squares of weighted residuals.
        r_squared: of it, beside that around `about`: the mean, or 0 where the model has no constant in it.
        log_likelihood: under normal errors whose variance is the most likely one.
        runs: how many runs of one sign the residuals make, and how probable so odd a number is.
        largest: the rows of the largest residuals: number, residual, and in units of its standard error.
        unsorted: the column in whose order there are no runs, as the rows are not in it, and not held.
    """

    rss: float
    r_squared: float
    about: str
    log_likelihood: float
    runs: tuple[int, float, float] | None
    largest: tuple[tuple[int, float, float], ...]
    unsorted: str = ""


def fitness(problem: Problem, found: Estimate, inner: Problem, known: Shape, freedom: int) -> Fitness:
    """How well a model fits."""
    model = problem.model
    assert model.response is not None
    free = [model.slopes[i] for i, name in enumerate(model.names) if name not in found.held] if model.is_square else []
    root = model.graph.constant(1) if model.root is None else model.root
    signs, units = _Signs(problem), _Largest()
    inverse = known.inverse if free else np.zeros((0, 0))
    sums = []
    told = partial(_part, inverse, model.root is not None, signs.is_wanted)
    for part in problem.folded(told, found.at, [model.residual, model.response, root, signs.over, *free]):
        signs.add(part.signs)
        units.add(part.largest)
        sums.append(part.sums)
    square, weighted, weight, logs, count = (math.fsum(map(float, column)) for column in zip(*sums, strict=True))
    rss = found.value if model.loss == "linear" else square
    has_constant = _has_constant(problem, found, root, free) if free and model.is_linear else True
    mean = weighted / weight if has_constant else 0.0
    total = math.fsum(problem.folded(partial(_around, mean), found.at, [model.response, root]))
    r_squared = 1 - rss / total if total > 0 else math.nan
    return Fitness(
        rss, r_squared, "the mean" if has_constant else "0", _likelihood(rss, count, logs),
        signs.told(), units.told(rss, freedom), signs.unsorted,
    )  # fmt: skip


def _has_constant(problem: Problem, found: Estimate, root: int, free: Sequence[int]) -> bool:
    """Whether the columns of a linear model's Jacobian make up a constant: of many rows found by some, seen at all."""
    some = sample(problem, _SOME).evaluated(found.at, [root, *free])
    scale = np.linalg.norm(some[:, 1:], axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    parts = np.linalg.lstsq(some[:, 1:] / scale, some[:, 0], rcond=None)[0] / scale
    rest = whole = 0.0
    for left, all_ in problem.folded(partial(_rest, parts), found.at, [root, *free]):
        rest, whole = rest + left, whole + all_
    return rest <= 1e-16 * whole


def _rest(parts: Array, numbers: Array, block: Array) -> tuple[float, float]:
    """The sum of the squares of what parts of the other columns leave of the first, and of the whole first."""
    return float(np.sum((block[:, 0] - block[:, 1:] @ parts) ** 2)), float(block[:, 0] @ block[:, 0])


def _around(mean: float, numbers: Array, block: Array) -> float:
    """The sum of the weighted squares around the mean; the second column holds roots of weights."""
    return float(((block[:, 0] - mean) * block[:, 1] * (block[:, 0] - mean)) @ block[:, 1])


@dataclass(frozen=True)
class _Part:
    """What a block of rows tells of the fit: the signs of the residuals, the largest of them, and sums."""

    signs: "_Run"
    largest: Sequence[tuple[float, int, float]]
    sums: tuple[float, ...]


def _part(inverse: Array, weighted: bool, whole: bool, numbers: Array, block: Array) -> _Part:
    """The part of a block whose columns are residuals, responses, roots of weights, an order, and slopes."""
    residuals, response, over, slopes = block[:, 0], block[:, 1], block[:, 3], block[:, 4:]
    largest = _largest(numbers, residuals, np.einsum("ij,jk,ik->i", slopes, inverse, slopes))
    square = float(residuals @ residuals)
    if not weighted:
        sums = (square, float(response.sum()), float(len(block)), 0.0, float(len(block)))
    else:
        weights = block[:, 2] ** 2
        used = weights[weights > 0]
        sums = (
            square, float(weights @ response), float(weights.sum()), float(np.log(used).sum()), float(len(used)),
        )  # fmt: skip
    return _Part(_run(np.sign(residuals).astype(np.int8), over, whole), largest, sums)


def _likelihood(rss: float, count: float, logs: float) -> float:
    """The logarithm of the likelihood, as R's `logLik` has it; of so many weights above 0 the sum of logarithms."""
    if not rss > 0:
        return math.inf if rss == 0 else math.nan
    return -count / 2 * (math.log(2 * math.pi) + 1 - math.log(count) - logs / count + math.log(rss))


class _Signs:
    """The signs of the residuals, in the order of the one column that the prediction has, else as the rows are.

    Attributes:
        over: the node of that column, or of some that tells of no order.
        unsorted: its name, where the rows are not in its order, and not held so that they could be sorted.
    """

    def __init__(self, problem: Problem) -> None:
        model = problem.model
        needed = set(model.graph.needed([model.prediction]))
        names = [name for name in model.columns if model.graph.inputs.get(name) in needed]
        self._name = names[0] if len(names) == 1 else ""
        self.over = model.graph.inputs[self._name] if self._name else model.residual
        self._rises, self._end = True, -math.inf
        self._last, self._counts, self._runs = 0, [0, 0], 0
        self.is_wanted = problem.rows.may_hold and bool(self._name)
        self._held: list[tuple[Array, Any]] = []

    def add(self, run: "_Run") -> None:
        """More rows."""
        self._count(run)
        if run.held is not None:
            self._held.append(run.held)
        if self._name:
            self._rises = self._rises and run.rises and self._end <= run.over[0]
            self._end = run.over[1]

    def _count(self, run: "_Run") -> None:
        """How many are above and below, and runs of one sign."""
        if run.ends:
            self._counts = [a + b for a, b in zip(self._counts, run.counts, strict=True)]
            self._runs += run.changes + int(run.ends[0] != self._last)
            self._last = run.ends[1]

    @property
    def unsorted(self) -> str:
        """The column that the runs are wanted in the order of, and cannot be told."""
        return "" if self._rises or self.is_wanted else self._name

    def told(self) -> tuple[int, float, float] | None:
        """Runs of one sign, how many are expected, the probability of a number as far off."""
        if self.unsorted:
            return None
        if not self._rises and self.is_wanted:
            over, signs = (np.concatenate(parts) for parts in zip(*self._held, strict=True))
            self._last, self._counts, self._runs = 0, [0, 0], 0
            self._count(_run(signs[np.argsort(over, kind="stable")], over, False))
        return _odds(self._runs, *self._counts)


@dataclass(frozen=True)
class _Run:
    """The signs of some rows: how many are above and below 0, how often they change, the first and last that is not 0.

    Attributes:
        over: the first and the last number of the order, which `rises` or not.
        held: all of these and the signs, where they are wanted.
    """

    counts: tuple[int, int]
    changes: int
    ends: tuple[int, int] | None
    over: tuple[float, float]
    rises: bool
    held: tuple[Array, Any] | None


def _run(signs: Any, over: Array, whole: bool) -> _Run:
    """What the signs of some rows tell, beside numbers that tell their order."""
    odd = signs[signs != 0]
    return _Run(
        (int((odd > 0).sum()), int((odd < 0).sum())), int((odd[1:] != odd[:-1]).sum()),
        (int(odd[0]), int(odd[-1])) if len(odd) else None, (float(over[0]), float(over[-1])),
        bool(np.all(over[1:] >= over[:-1])), (over, signs) if whole else None,
    )  # fmt: skip


def _odds(runs: int, above: int, below: int) -> tuple[int, float, float] | None:
    """Runs of one sign, how many are expected, the probability of a number as far off: Wald and Wolfowitz (1940)."""
    n = above + below
    if not above or not below:
        return None
    mean = 1 + 2 * above * below / n
    if n > 1_000:
        variance = (mean - 1) * (mean - 2) / (n - 1)
        return runs, mean, math.erfc(max(0.0, abs(runs - mean) - 0.5) / math.sqrt(2 * variance))
    ways = {r: _ways(r, above, below) for r in range(2, 2 * min(above, below) + 2)}
    whole = sum(ways.values())
    low = sum(count for r, count in ways.items() if r <= runs)
    high = sum(count for r, count in ways.items() if r >= runs)
    return runs, mean, min(1.0, 2 * min(low, high) / whole)


def _ways(runs: int, above: int, below: int) -> int:
    """In how many orders the signs make so many runs."""
    half, odd = divmod(runs, 2)
    if not odd:
        return 2 * math.comb(above - 1, half - 1) * math.comb(below - 1, half - 1)
    return math.comb(above - 1, half) * math.comb(below - 1, half - 1) + math.comb(above - 1, half - 1) * math.comb(
        below - 1, half
    )


_SHOWN = 3


class _Largest:
    """The rows whose residuals are the largest beside what is expected of them."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, int, float]] = []

    def add(self, rows: Sequence[tuple[float, int, float]]) -> None:
        """More rows: the largest of them."""
        self.rows = sorted([*self.rows, *rows], key=lambda row: (-abs(row[0]), row[1]))[:_SHOWN]

    def told(self, rss: float, freedom: int) -> tuple[tuple[int, float, float], ...]:
        """Number, residual, and that in units of its standard error."""
        if not freedom > 0 or not rss > 0:
            return ()
        size = math.sqrt(rss / freedom)
        return tuple((number, residual, units / size) for units, number, residual in self.rows)


def _largest(numbers: Array, residuals: Array, leverage: Array) -> list[tuple[float, int, float]]:
    """The rows of a block whose residuals are the largest, by how much each draws the fit to itself."""
    units = residuals / np.sqrt(np.maximum(1 - leverage, 1e-12))
    sizes = np.abs(units)
    least = np.partition(sizes, -_SHOWN)[-_SHOWN] if len(sizes) > _SHOWN else 0.0
    found = [(float(units[i]), int(numbers[i]), float(residuals[i])) for i in np.flatnonzero(sizes >= least)]
    return sorted(found, key=lambda row: (-abs(row[0]), row[1]))[:_SHOWN]


def interval(estimate: float, error: float, freedom: float, level: float) -> tuple[float, float]:
    """The interval that holds the parameter with a probability, by Student's t."""
    if not freedom > 0 or not math.isfinite(error):
        return math.nan, math.nan
    half = coverage(level, freedom) * error
    return estimate - half, estimate + half
