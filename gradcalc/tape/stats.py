"""Distributions with the names and arguments of `scipy.stats`: densities and probabilities that tapes record.

`norm`, `t`, `gamma`, `beta` have `logpdf`, `pdf`, `cdf`; `poisson` has `logpmf`, `pmf`, `cdf`. Outside the support and
for impossible parameters they give what SciPy gives: 0, 1, -inf, nan. Imports rules, NumPy and SciPy's ufuncs.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.errors import NoRuleError, library
from gradcalc.tape.rules.shapes import plain_of
from gradcalc.tape.tensor import Tensor, recorded

_SCIPY = library("scipy.special", "gradcalc.stats")


def _constant(what: str, x: Any) -> Any:
    """A parameter with respect to which there is no rule: its value, or an error where that loses a gradient."""
    if isinstance(x, Tensor) and x.dtype.kind == "f" and recorded(x):
        raise NoRuleError(
            f"{what} has no derivative rule", hint="x.numpy() there, or gradcalc.custom_gradient to give it one"
        )
    return plain_of(x)


def _chosen(condition: Any, x: Any, otherwise: Any) -> Any:
    """`np.where`, a scalar for scalars."""
    y: Any = np.where(condition, x, otherwise)
    return y if isinstance(y, Tensor) else y[()]


class _Distribution:
    """What the distributions share: their parameters by SciPy's names and order."""

    def __init__(self, name: str, first: str, parameters: str, **defaults: float) -> None:
        self._name = name
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        needed = [inspect.Parameter(one, kind) for one in (first, *parameters.split())]
        self._signature = inspect.Signature(
            needed + [inspect.Parameter(one, kind, default=value) for one, value in defaults.items()]
        )

    def _given(self, *args: Any, **kwargs: Any) -> list[Any]:
        """The arguments in order; what is no tensor as an array of floats."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return [x if isinstance(x, Tensor) else np.asarray(x, float)[()] for x in bound.arguments.values()]

    def __repr__(self) -> str:
        return f"<distribution {self._name}{self._signature}>"


class Continuous(_Distribution):
    """A distribution with a density. Its parameters come in SciPy's order: x, the shapes, `loc=0`, `scale=1`."""

    def __init__(
        self,
        name: str,
        shapes: str,
        support: tuple[float, float, float],
        logpdf: Callable[..., Any],
        cdf: Callable[..., Any],
    ) -> None:
        super().__init__(name, "x", shapes, loc=0.0, scale=1.0)
        self._low, self._inside, self._high = support
        self._logpdf = logpdf
        self._cdf = cdf

    def _standard(self, *args: Any, **kwargs: Any) -> tuple[Any, list[Any], Any, Any]:
        """The standardized x, the shapes (1 where they are impossible), the scale, and where all is possible."""
        x, *shapes, loc, scale = self._given(*args, **kwargs)
        possible = plain_of(scale) > 0
        for shape in shapes:
            possible = possible & (plain_of(shape) > 0)
        scale = _chosen(possible, scale, 1.0)
        z = (x - loc) / scale
        return z, [_chosen(possible, shape, 1.0) for shape in shapes], scale, possible & ~np.isnan(plain_of(z))

    def logpdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the density: derivatives with respect to x and all parameters."""
        z, shapes, scale, possible = self._standard(x, *args, **kwargs)
        there = possible & (self._low <= plain_of(z)) & (plain_of(z) <= self._high)
        y = self._logpdf(_chosen(there, z, self._inside), *shapes) - np.log(scale)
        return _chosen(possible, _chosen(there, y, -math.inf), math.nan)

    def pdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The density: derivatives with respect to x and all parameters."""
        return np.exp(self.logpdf(x, *args, **kwargs))

    def cdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of at most x: derivatives with respect to x, `loc` and `scale`."""
        z, shapes, _, possible = self._standard(x, *args, **kwargs)
        names = list(self._signature.parameters)[1:]
        shapes = [_constant(f"{self._name}.cdf's {name}", s) for name, s in zip(names, shapes, strict=False)]
        below, there = plain_of(z) <= self._low, (self._low < plain_of(z)) & (plain_of(z) < self._high)
        y = self._cdf(_chosen(possible & there, z, self._inside), *shapes)
        return _chosen(possible, _chosen(below, 0.0, _chosen(there, y, 1.0)), math.nan)


def _log_t(x: Any, df: Any) -> Any:
    """Student's density; the normal one where `df` is infinite."""
    finite = np.isfinite(plain_of(df))
    df = _chosen(finite, df, 1.0)
    y = np.log(_SCIPY.poch(df / 2, 0.5)) - np.log(df * math.pi) / 2 - (df + 1) / 2 * np.log1p(x * x / df)
    return _chosen(finite, y, _log_normal(x))


def _log_normal(x: Any) -> Any:
    return -x * x / 2 - math.log(2 * math.pi) / 2


def _cdf_of_t(x: Any, df: Any) -> Any:
    finite = np.isfinite(df)
    return _chosen(finite, _SCIPY.stdtr(_chosen(finite, df, 1.0), x), _SCIPY.ndtr(x))


_LINE, _HALF, _UNIT = (-math.inf, 0.0, math.inf), (0.0, 1.0, math.inf), (0.0, 0.5, 1.0)

norm = Continuous("norm", "", _LINE, _log_normal, _SCIPY.ndtr)
t = Continuous("t", "df", _LINE, _log_t, _cdf_of_t)
gamma = Continuous(
    "gamma", "a", _HALF, lambda x, a: _SCIPY.xlogy(a - 1, x) - x - _SCIPY.gammaln(a),
    lambda x, a: _SCIPY.gammainc(a, x),
)  # fmt: skip
beta = Continuous(
    "beta", "a b", _UNIT,
    lambda x, a, b: _SCIPY.xlog1py(b - 1, -x) + _SCIPY.xlogy(a - 1, x) - _SCIPY.betaln(a, b),
    lambda x, a, b: _SCIPY.betainc(a, b, x),
)  # fmt: skip


class Poisson(_Distribution):
    """The distribution of counts `k` with the mean `mu`; derivatives with respect to `mu`."""

    def _counts(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """The counts from 0 on, `mu` (1 where it is impossible), and where all is possible."""
        k, mu, loc = self._given(*args, **kwargs)
        k = _constant("poisson's k", k) - _constant("poisson's loc", loc)
        possible = (plain_of(mu) >= 0) & ~np.isnan(k)
        return k, _chosen(possible, mu, 1.0), possible

    def logpmf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """The logarithm of the probability of k."""
        k, mu, possible = self._counts(k, *args, **kwargs)
        there = possible & (k >= 0) & (k < math.inf) & (np.floor(k) == k)
        k = _chosen(there, k, 0.0)
        y = _SCIPY.xlogy(k, mu) - _SCIPY.gammaln(k + 1) - mu
        return _chosen(possible, _chosen(there, y, -math.inf), math.nan)

    def pmf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of k."""
        return np.exp(self.logpmf(k, *args, **kwargs))

    def cdf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of at most k."""
        k, mu, possible = self._counts(k, *args, **kwargs)
        there = possible & (k >= 0) & (k < math.inf)
        y = _SCIPY.gammaincc(np.floor(_chosen(there, k, 0.0)) + 1, mu)
        return _chosen(possible, _chosen(k < 0, 0.0, _chosen(there, y, 1.0)), math.nan)


poisson = Poisson("poisson", "k", "mu", loc=0.0)
