"""How far estimates may be off: covariances, what the data do not identify, and how well the model fits.

Sources: Bates and Watts, Nonlinear Regression Analysis (1988); Seber and Wild, Nonlinear Regression (1989); White,
Maximum Likelihood Estimation of Misspecified Models (1982), for the sandwich. Imports estimate and problem.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx

from gradcalc.arithmetic.student import coverage
from gradcalc.optimize.fit.estimate import Estimate
from gradcalc.optimize.fit.exact import BITS, Sums, inverse
from gradcalc.optimize.fit.problem import Problem
from gradcalc.optimize.rows import Array

_DEPENDENT = 1e-13
"""A direction in which the scaled Jacobian is no larger than this part of its largest is not determined."""
_PART = 1e-6
"""A parameter below this part of a direction has no part in it."""
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
        matrix = _root(problem.objective.hessian(at)) if likelihood else triangle(problem, at)
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


def triangle(problem: Problem, at: Sequence[float]) -> Array:
    """R of the Jacobian's QR decomposition, block of rows by block of rows."""
    found = np.zeros((0, len(problem.model.names)))
    for _, jacobian in problem.residuals.blocks(list(at)):
        whole: Any = np.linalg.qr(np.vstack([found, jacobian]), mode="r")
        found = np.asarray(whole)
    return found


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
    slopes = [(x[places], problem.evaluated(x.tolist(), nodes)) for x in others]

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
    for scores in problem.blocks(place, problem.model.term.gradient):
        meat = meat + scores.T @ scores
    return np.asarray(middle @ meat @ middle)


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
    """

    rss: float
    r_squared: float
    about: str
    log_likelihood: float
    runs: tuple[int, float, float] | None
    largest: tuple[tuple[int, float, float], ...]


def fitness(problem: Problem, found: Estimate, inner: Problem, known: Shape, freedom: int) -> Fitness:
    """How well a model fits."""
    model = problem.model
    assert model.response is not None
    root_node = model.root if model.root is not None else model.graph.constant(1)
    values = problem.evaluated(found.at, [model.residual, model.response, root_node])
    residuals, response, roots = values.T
    rss = found.value if model.loss == "linear" else float(residuals @ residuals)
    weights = roots**2
    place = [x for name, x in zip(model.names, found.at, strict=True) if name not in found.held]
    leverage = np.concatenate([
        np.einsum("ij,jk,ik->i", block, known.inverse, block) for block in inner.blocks(place, inner.model.slopes)
    ]) if inner.model.names and model.is_square else np.zeros(problem.count)  # fmt: skip
    has_constant = _has_constant(inner, place, roots) if inner.model.names and model.is_linear else True
    mean = float(weights @ response / weights.sum()) if has_constant else 0.0
    total = math.fsum((weights * (response - mean) ** 2).tolist()) if problem.count < 1e6 else float(
        weights @ (response - mean) ** 2
    )  # fmt: skip
    r_squared = 1 - rss / total if total > 0 else math.nan
    return Fitness(
        rss, r_squared, "the mean" if has_constant else "0", _likelihood(rss, weights),
        _runs(residuals[_order(problem)]), _largest(problem, residuals, leverage, rss, freedom),
    )  # fmt: skip


def _has_constant(problem: Problem, at: Sequence[float], roots: Array) -> bool:
    """Whether the columns of a linear model's Jacobian make up a constant."""
    jacobian = problem.evaluated(at, problem.model.slopes)
    scale = np.linalg.norm(jacobian, axis=0)
    scaled = jacobian / np.where(scale > 0, scale, 1.0)
    rest = roots - scaled @ np.linalg.lstsq(scaled, roots, rcond=None)[0]
    return bool(np.linalg.norm(rest) <= 1e-8 * np.linalg.norm(roots))


def _likelihood(rss: float, weights: Array) -> float:
    """The logarithm of the likelihood, as R's `logLik` has it."""
    used = weights[weights > 0]
    n = len(used)
    if not rss > 0:
        return math.inf if rss == 0 else math.nan
    return -n / 2 * (math.log(2 * math.pi) + 1 - math.log(n) - float(np.log(used).sum()) / n + math.log(rss))


def _order(problem: Problem) -> Any:
    """The rows in the order of the one column that the prediction has, else as they are."""
    model = problem.model
    needed = set(model.graph.needed([model.prediction]))
    columns = [name for name in model.columns if model.graph.inputs.get(name) in needed]
    return np.argsort(problem.columns[columns[0]], kind="stable") if len(columns) == 1 else slice(None)


def _runs(residuals: Array) -> tuple[int, float, float] | None:
    """Runs of one sign, how many are expected, the probability of a number as far off: Wald and Wolfowitz (1940)."""
    signs = np.sign(residuals[residuals != 0])
    above, below = int((signs > 0).sum()), int((signs < 0).sum())
    n = above + below
    if not above or not below:
        return None
    runs = 1 + int((signs[1:] != signs[:-1]).sum())
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


def _largest(
    problem: Problem, residuals: Array, leverage: Array, rss: float, freedom: int
) -> tuple[tuple[int, float, float], ...]:
    """The rows whose residuals are the largest beside what is expected of them."""
    if not freedom > 0 or not rss > 0:
        return ()
    with np.errstate(all="ignore"):
        size = math.sqrt(rss / freedom)
        units = residuals / (size * np.sqrt(np.maximum(1 - leverage, 1e-12)))
    rows = np.argsort(-np.abs(units), kind="stable")[:_SHOWN]
    return tuple((int(problem.rows.numbers[i]), float(residuals[i]), float(units[i])) for i in rows)


def interval(estimate: float, error: float, freedom: float, level: float) -> tuple[float, float]:
    """The interval that holds the parameter with a probability, by Student's t."""
    if not freedom > 0 or not math.isfinite(error):
        return math.nan, math.nan
    half = coverage(level, freedom) * error
    return estimate - half, estimate + half
