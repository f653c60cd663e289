"""Arrays: NumPy arrays and scalars, elementwise. Imports NumPy and ops; SciPy, on first use, for special functions.

dtypes follow NumPy: float32 stays float32. What neither NumPy nor SciPy has is computed element by element in floats.
Importing this module lets the rules of the table run on plain arrays (`ops.PLAIN`).
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache, reduce
from typing import Any

import numpy as np

from gradcalc.arithmetic.evaluate import evaluate
from gradcalc.arithmetic.floats import Floats
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Constant, Op, Operand

Function = Callable[..., Any]


class Arrays:
    """The arithmetic of NumPy arrays of floats, which broadcast; conditions are arrays of bools."""

    def __init__(self) -> None:
        self.functions: Mapping[Op, Function] = ops.PLAIN
        self.constant = Floats().constant

    def evaluate(
        self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int], deadline: float | None = None
    ) -> list[Any]:
        """`arithmetic.evaluate` over arrays, without warnings: infinite and nan are answers."""
        with np.errstate(all="ignore"):
            return evaluate(graph, self, inputs, outputs, deadline=deadline)


class Masked(Operand):
    """What `where(c, part, 0)` of a rule comes to: an array (or tensor), and where it is used."""

    __slots__ = ("mask", "value")

    def __init__(self, value: Any, mask: Any) -> None:
        self.value = value
        self.mask = mask

    def apply(self, op: Op, operands: Any) -> Any:
        """Further ops forget the mask."""
        return op(*(x.value if isinstance(x, Masked) else x for x in operands))


@cache
def _floats() -> Floats:
    return Floats()


def _where(c: Any, a: Any, b: Any) -> Any:
    if b is ops.zero:
        return Masked(_or_zero(c, a), c)
    if a is ops.zero:
        c = np.logical_not(c)
        return Masked(_or_zero(c, b), c)
    return _chosen(c, a, b)


_BITS = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}


def _or_zero(c: Any, a: Any) -> Any:
    """The array where the condition holds, else 0; by bits, for a branch in each element takes ten times as long."""
    if type(a) is type(c) is np.ndarray and a.shape == c.shape and c.dtype == bool and a.dtype in _BITS:
        bits = c.astype(_BITS[a.dtype])
        np.negative(bits, out=bits)
        bits &= a.view(bits.dtype)
        return bits.view(a.dtype)
    return _chosen(c, a, 0)


def _chosen(c: Any, a: Any, b: Any) -> Any:
    a, b = (x.number() if type(x) is Constant else x for x in (a, b))
    return np.where(c, a, b)[()]


def _power(x: Any, n: int) -> Any:
    return x * x if n == 2 else x**n if n >= 0 else np.asarray(x, dtype=np.result_type(x, 0.0))[()] ** n


def _all(function: Function) -> Function:
    """A function of two operands, for any number."""
    return lambda *xs: function(*xs) if len(xs) == 2 else reduce(function, xs)


def _each(op: Op) -> Function:
    """An op element by element in floats; the result has the operands' dtype."""

    def function(*operands: Any) -> Any:
        result = np.frompyfunc(lambda *xs: _floats().functions[op](*map(float, xs)), len(operands), 1)(*operands)
        return np.asarray(result, dtype=np.result_type(*operands, 0.0))[()]

    return function


def _scipy(name: str) -> Function:
    """A function of `scipy.special`, imported when first called."""

    def function(*operands: Any) -> Any:
        from scipy import special

        return getattr(special, name)(*operands)

    return function


def _output(name: str, index: int) -> Function:
    """One output of a function of `scipy.special` that has several."""
    function = _scipy(name)
    return lambda x: function(x)[index]


def _lambertw(x: Any) -> Any:
    w = _scipy("lambertw")(x)
    return np.where(w.imag == 0, w.real, np.nan).astype(np.result_type(x, 0.0))[()]


def _elu(x: Any) -> Any:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))[()]


def _sinc(x: Any) -> Any:
    safe = np.where(x == 0, 1, x)
    return np.where(x == 0, 1, np.sin(safe) / safe)[()]


def _xlogy(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.where((a == 0) & (b >= 0), 0, a * np.log(b))[()]


_FUNCTIONS: dict[Op, Function] = {
    ops.lt: np.less,
    ops.le: np.less_equal,
    ops.gt: np.greater,
    ops.ge: np.greater_equal,
    ops.eq: np.equal,
    ops.same: np.equal,
    ops.ne: np.not_equal,
    ops.and_: np.logical_and,
    ops.or_: np.logical_or,
    ops.not_: np.logical_not,
    ops.where: _where,
    ops.add: _all(operator.add),
    ops.mul: _all(operator.mul),
    ops.sub: operator.sub,
    ops.neg: operator.neg,
    ops.div: operator.truediv,
    ops.powi: _power,
    ops.pow: operator.pow,
    ops.sqrt: np.sqrt,
    ops.cbrt: np.cbrt,
    ops.one_minus_square: lambda x: (1 - x) * (1 + x),
    ops.hypot: _all(np.hypot),
    ops.abs: np.abs,
    ops.sign: np.sign,
    ops.floor: np.floor,
    ops.ceil: np.ceil,
    ops.round: np.rint,
    ops.mod: operator.mod,
    ops.max: _all(np.maximum),
    ops.min: _all(np.minimum),
    ops.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
    ops.heaviside: lambda x: np.heaviside(x, 0.5),
    ops.exp: np.exp,
    ops.exp2: np.exp2,
    ops.expm1: np.expm1,
    ops.log: np.log,
    ops.log2: np.log2,
    ops.log10: np.log10,
    ops.log1p: np.log1p,
    ops.xlogy: _xlogy,
    ops.logsumexp: _all(np.logaddexp),
    ops.sin: np.sin,
    ops.cos: np.cos,
    ops.tan: np.tan,
    ops.sec: lambda x: 1 / np.cos(x),
    ops.csc: lambda x: 1 / np.sin(x),
    ops.cot: lambda x: 1 / np.tan(x),
    ops.asin: np.arcsin,
    ops.acos: np.arccos,
    ops.atan: np.arctan,
    ops.atan2: np.arctan2,
    ops.sinc: _sinc,
    ops.sincpi: np.sinc,
    ops.sinh: np.sinh,
    ops.cosh: np.cosh,
    ops.tanh: np.tanh,
    ops.sech: lambda x: 1 / np.cosh(x),
    ops.csch: lambda x: 1 / np.sinh(x),
    ops.coth: lambda x: 1 / np.tanh(x),
    ops.asinh: np.arcsinh,
    ops.acosh: np.arccosh,
    ops.atanh: np.arctanh,
    ops.relu: lambda x: np.maximum(x, 0),
    ops.leaky_relu: lambda x: np.where(x > 0, x, x / 5)[()],
    ops.elu: _elu,
    ops.sigmoid: _scipy("expit"),
    ops.softplus: lambda x: np.logaddexp(x, 0),
    ops.silu: lambda x: x * _scipy("expit")(x),
    ops.gelu: lambda x: x * _scipy("erfc")(-x * 0.5**0.5) / 2,
    ops.erf: _scipy("erf"),
    ops.erfc: _scipy("erfc"),
    ops.gamma: _scipy("gamma"),
    ops.lgamma: _scipy("gammaln"),
    ops.digamma: _scipy("psi"),
    ops.polygamma: lambda n, x: _scipy("polygamma")(n, x).astype(np.result_type(x, 0.0))[()],
    ops.factorial: lambda x: _scipy("gamma")(x + 1),
    ops.beta: _scipy("beta"),
    ops.binomial: _scipy("binom"),
    ops.besselj: _scipy("jv"),
    ops.bessely: _scipy("yv"),
    ops.besseli: _scipy("iv"),
    ops.besselk: _scipy("kv"),
    ops.airyai: _output("airy", 0),
    ops.airyaiprime: _output("airy", 1),
    ops.airybi: _output("airy", 2),
    ops.airybiprime: _output("airy", 3),
    ops.lambertw: _lambertw,
    ops.zeta: lambda x: _scipy("zeta")(x),
    ops.Ei: _scipy("expi"),
    ops.Si: _output("sici", 0),
    ops.Ci: _output("sici", 1),
}
ops.PLAIN.update(_FUNCTIONS)
ops.PLAIN.update({op: _each(op) for op in ops.TABLE.values() if op not in _FUNCTIONS})
