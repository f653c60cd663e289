"""The optimizers that choose their own steps: Newton's of `newton`, two of BFGS, and SciPy's with exact derivatives.

SciPy, of the extra `fast`, is imported where it is used.
"""

import math
import warnings
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradcalc.errors import UsageError, installed, library
from gradcalc.optimize.descent.least_squares import least_squares
from gradcalc.optimize.descent.newton import Trail, finite_hessian, limits, newton, unhindered
from gradcalc.optimize.descent.objective import Objective
from gradcalc.optimize.descent.watch import Watch

Method = Callable[[Objective, Sequence[float], Watch], None]
"""Steps from a start, first moved into the bounds of the watch, until that stops it or no step lowers the value."""

_FOREVER = 10**9
_PATIENCE = 60
"""Iterations of SciPy's in a row that lower neither value nor gradient, after which nothing more is expected."""

_LITTLE = 1e-12
"""The part of the value that a round of SciPy's has to gain for another one, from there and with a fresh model."""

_TINY = 1e-150
"""A gradient below this is none."""

_REMEMBERED = 16
"""Points whose value and gradient are kept: a line search ends at one of its last."""

_PAIRS = 20
"""Steps whose changes of the gradient `l_bfgs` remembers."""

_SECOND_ORDER = ("Newton-CG", "trust-exact")

_HAIR = 1e-7
"""How far `along_kinks` goes off a kink that it starts on, as a part of the point."""

_FEW, _MOST, _NODES, _WORK = 20, 150, 200_000, 20_000_000
"""For Newton's method: variables for which a Hessian always pays, the most variables, and nodes and numbers of one."""


def _scipy(method: str, options: Mapping[str, Any], objective: Objective, start: Sequence[float], watch: Watch) -> None:
    """Minimise by a method of SciPy's, the watch being its callback; start again while that helps."""
    minimize = library("scipy.optimize", f"the optimizer {method.lower()}").minimize
    x = np.asarray(start, dtype=float)
    arguments: dict[str, Any] = {"jac": True, "method": method, "options": options}
    within = limits(watch, len(x))
    if np.any(np.isfinite(within)):
        if method != "L-BFGS-B":
            raise UsageError(f"{method.lower()} takes no bounds", hint="--optimizer l-bfgs-b or --optimizer newton")
        x = np.clip(x, *within)
        arguments["bounds"] = within.T
    link = _Link(objective, watch)
    if method in _SECOND_ORDER:
        arguments["hess"] = link.hessian
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        link(x)
        progress = True
        while progress and link.start_again():
            before = link.value
            try:
                minimize(link.slope, link.x, callback=link, **arguments)
            except _BREAKDOWNS:
                if link.watching:
                    raise
            progress = link.value < before - _LITTLE * abs(before)


class _Stalled(Exception):
    """A method of SciPy's goes on without getting anywhere."""


_BREAKDOWNS = (_Stalled, ArithmeticError, ValueError, UnboundLocalError)
"""How SciPy's methods end where the numbers are not as they expect."""


class _Link:
    """Between SciPy and the watch: evaluates, and passes new iterates on.

    SciPy sees the objective divided by the norm of the gradient at its start, for some of its tolerances are absolute.
    """

    def __init__(self, objective: Objective, watch: Watch) -> None:
        self.objective, self.watch = objective, watch
        self.watching = False
        self.x: Any = None
        self.value = self.steepness = math.inf
        self._typical: Any = 0.0
        self._factor = 1.0
        self._stalled = 0
        self._known: dict[bytes, tuple[float, Any]] = {}

    def start_again(self) -> bool:
        """Take the scale from the gradient where it is now; False where that is 0 or nearly."""
        self._factor = 1 / self.steepness if self.steepness > _TINY else 0.0
        self._stalled = 0
        return self._factor > 0

    def slope(self, x: Any) -> tuple[float, Any]:
        """Value and gradient as SciPy sees them."""
        value, gradient = self._slope(x)
        return value * self._factor, gradient * self._factor

    def hessian(self, x: Any) -> Any:
        """The Hessian as SciPy sees it."""
        return finite_hessian(self.objective, x) * self._factor

    def _slope(self, x: Any) -> tuple[float, Any]:
        """Value and gradient, those of the last points remembered; a cone where there are none, for a way back."""
        key = x.tobytes()
        if key not in self._known:
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
            value, gradient = self.objective.slope(x.tolist())
            found = value, np.asarray(gradient, dtype=float)
            if self.x is not None and not (math.isfinite(value) and np.all(np.isfinite(found[1]))):
                away = x - self.x
                distance = math.hypot(*away)
                found = self.value + 10 * self.steepness * distance, 10 * self.steepness / distance * away
            self._known[key] = found
        return self._known[key]

    def __call__(self, x: Any) -> None:
        """An iteration of SciPy's ended at `x`."""
        value, gradient = self._slope(x)
        steepness = math.hypot(*gradient)
        self._stalled = 0 if value < self.value or steepness < self.steepness else self._stalled + 1
        moved = math.inf if self.x is None else np.abs(x - self.x)
        if np.any(moved > 0):
            self.x = np.array(x)
            self.watching = True
            self.watch(x.tolist(), value, gradient.tolist())
            self.watching = False
        self.value, self.steepness = min(value, self.value), steepness
        self._typical = np.maximum(self._typical, np.abs(x))
        if self._stalled > _PATIENCE or np.any(moved > 0) and np.all(moved <= 2.0**-52 * self._typical):
            raise _Stalled


def l_bfgs(objective: Objective, start: Sequence[float], watch: Watch) -> None:
    """BFGS of limited memory, a step stopped at the bounds: for many variables, without SciPy.

    Variables that rest at a bound which the descent would pass take no part in a step. Source: Nocedal and Wright,
    Numerical Optimization (2006), algorithm 7.4; the projection as in Schmidt, Kim and Sra, Projected Newton-type
    methods in machine learning (2011).
    """
    within = limits(watch, len(start))
    with np.errstate(all="ignore"):
        x = np.clip(np.asarray(start, dtype=float), *within)
        value, slope = objective.slope(x.tolist())
        g = np.asarray(slope, dtype=float)
        pairs: deque[tuple[Any, Any]] = deque(maxlen=_PAIRS)
        trail = Trail(watch)
        trail.add(x, value, g)
        while trail.still < 3 and math.isfinite(value) and np.all(np.isfinite(g)):
            free = unhindered(x, g, within)
            found = _weak_search(objective, x, value, g, _remembered(pairs, np.where(free, g, 0.0), free), *within)
            if found is None and pairs:
                pairs.clear()  # the memory may mislead: once more along the gradient
                continue
            if found is None:
                break
            moved, value, new = found
            step, change = moved - x, new - g
            if step @ change > 2.0**-52 * (change @ change):
                pairs.append((step, change))
            x, g = moved, new
            trail.add(x, value, g)


def _remembered(pairs: Sequence[tuple[Any, Any]], g: Any, free: Any) -> Any:
    """The step against the gradient that steps and changes of the gradient speak for, in the free variables."""
    direction, parts = -g, []
    for step, change in reversed(pairs):
        part = (step @ direction) / (step @ change)
        direction = direction - part * change
        parts.append(part)
    direction *= (pairs[-1][0] @ pairs[-1][1]) / (pairs[-1][1] @ pairs[-1][1]) if pairs else 1 / (math.hypot(*g) or 1.0)
    for (step, change), part in zip(pairs, reversed(parts), strict=True):
        direction = direction + (part - (change @ direction) / (step @ change)) * step
    direction = np.where(free, direction, 0.0)
    return direction if direction @ g < 0 else -g


METHODS: dict[str, Method] = {
    "newton": newton,
    "least-squares": least_squares,
    "l-bfgs": l_bfgs,
    "bfgs": partial(_scipy, "BFGS", {"gtol": 0.0, "maxiter": _FOREVER}),
    "l-bfgs-b": partial(
        _scipy, "L-BFGS-B",
        {"ftol": 0.0, "gtol": 0.0, "maxiter": _FOREVER, "maxfun": _FOREVER, "maxcor": 20, "maxls": 50},
    ),
    "newton-cg": partial(_scipy, "Newton-CG", {"xtol": 0.0, "maxiter": 100}),
    "trust-exact": partial(_scipy, "trust-exact", {"gtol": 0.0, "maxiter": _FOREVER, "max_trust_radius": 1e100}),
}  # fmt: skip
"""By name on the command line."""


def chosen(variables: int, nodes: int, rows: int = 1) -> str:
    """The method that `auto` begins with: Newton's where Hessians are cheap enough, else SciPy's L-BFGS-B, or `l_bfgs`.

    Args:
        nodes: of the graph of the gradient; that of the Hessian has up to `variables` times as many.
        rows: of the data.
    """
    size = variables * nodes
    cheap = variables <= _FEW or size * rows <= _WORK
    if variables <= _MOST and size <= _NODES and cheap:
        return "newton"
    return "l-bfgs-b" if installed("scipy") else "l-bfgs"


@np.errstate(all="ignore")
def along_kinks(objective: Objective, start: Sequence[float], watch: Watch) -> None:
    """BFGS with a line search that asks for little: it follows kinks to a minimum that lies on them.

    Where it starts on a kink it first leaves it by a hair. Source: Lewis and Overton, Nonsmooth optimization via
    quasi-Newton methods, Mathematical Programming 141 (2013).
    """
    x = np.asarray(start, dtype=float)
    for hair in (0.0, _HAIR):
        x = x + hair * np.maximum(np.abs(x), 1.0) * np.sin(np.arange(1.0, len(x) + 1))
        value, slope = objective.slope(x.tolist())
        g = np.asarray(slope, dtype=float)
        if not (math.isfinite(value) and np.all(np.isfinite(g))):
            return
        inverse = np.eye(len(x)) / (math.hypot(*g) or 1.0)
        trail = Trail(watch)
        trail.add(x, value, g)
        while trail.still < 3:
            found = _weak_search(objective, x, value, g, -inverse @ g)
            if found is None:
                break
            moved, value, new = found
            step, change = moved - x, new - g
            if step @ change > 0:
                turn = np.eye(len(x)) - np.outer(step, change) / (step @ change)
                inverse = turn @ inverse @ turn.T + np.outer(step, step) / (step @ change)
            x, g = moved, new
            trail.add(x, value, g)


def _weak_search(
    objective: Objective, x: Any, value: float, g: Any, direction: Any, least: Any = -math.inf, most: Any = math.inf
) -> tuple[Any, float, Any] | None:
    """A lower point along a direction, if possible where the slope is half as steep (weak Wolfe); value, gradient.

    The point is moved into the bounds `least` and `most`.
    """
    slope = float(g @ direction)
    low, high, length = 0.0, math.inf, 1.0
    best = None
    for _ in range(60):
        tried = np.clip(x + length * direction, least, most)
        found, gradient = objective.slope(tried.tolist())
        new = np.asarray(gradient, dtype=float)
        if not (found < value + 1e-4 * length * slope and np.all(np.isfinite(new))):
            high = length
        else:
            best, low = (tried, found, new), length
            if new @ np.where((tried > least) & (tried < most), direction, 0.0) >= 0.5 * slope:
                break
        length = 2 * low if high == math.inf else (low + high) / 2
    return best
