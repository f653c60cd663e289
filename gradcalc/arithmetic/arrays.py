"""Arrays: NumPy arrays and scalars, elementwise. Imports NumPy and the table; SciPy, on first use, if it is there.

dtypes follow NumPy: float32 stays float32. A function is one of those below, else NumPy's, else SciPy's, by the names
of the table; what they have not is put together from what they have, at last computed element by element in floats.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from gradcalc.arithmetic import floats
from gradcalc.arithmetic.evaluate import Functions, evaluate
from gradcalc.graph import ops
from gradcalc.graph.definitions import NEAR, Definition, accurate, definition
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Constant, Op, Operand

Array = Any
"""A NumPy array, or a NumPy scalar where there are no dimensions; of a real dtype."""

Function = Callable[..., Any]


class Arrays:
    """The arithmetic of NumPy arrays of floats, which broadcast; conditions are arrays of bools."""

    def __init__(self) -> None:
        self.functions: Mapping[Op, Function] = FUNCTIONS
        self.constant = floats.Floats().constant

    def evaluate(self, graph: Graph, inputs: Mapping[int, Any], outputs: Iterable[int]) -> list[Any]:
        """`arithmetic.evaluate` over arrays, without warnings: infinite and nan are answers."""
        with np.errstate(all="ignore"):
            return evaluate(graph, self, inputs, outputs)


class Masked(Operand):
    """What `where(c, part, 0)` of a rule comes to: an array (or tensor), and where it is used."""

    __slots__ = ("mask", "value")

    def __init__(self, value: Any, mask: Any) -> None:
        self.value = value
        self.mask = mask

    def apply(self, op: Op, operands: Any) -> Any:
        """Further ops forget the mask."""
        return op(*(x.value if isinstance(x, Masked) else x for x in operands))


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
    scalar = floats.FUNCTIONS[op]

    def function(*operands: Any) -> Any:
        result = np.frompyfunc(lambda *xs: scalar(*map(float, xs)), len(operands), 1)(*operands)
        return np.asarray(result, dtype=np.result_type(*operands, 0.0))[()]

    return function


_INLINE = {ops.neg: "-{0}", ops.div: "{0} / {1}"}


def _plainly(op: Op, define: Definition | None) -> Function:
    """An op by a definition in the operands' dtype."""
    assert define is not None
    return floats.defined(op, define, FUNCTIONS, _INLINE)


def _quietly(op: Op, define: Definition) -> Function:
    """An op by a definition, without warnings; but for a few in doubles, and then rounded to the operands' dtype."""
    plainly = _plainly(op, define)

    def function(*operands: Any) -> Any:
        with np.errstate(all="ignore"):
            if op in _IN_THEIR_DTYPE:
                return plainly(*operands)
            result = plainly(*(np.asarray(x, float)[()] for x in operands))
        return result.astype(np.result_type(*operands, 0.0), copy=False)[()]

    return function


def _near(op: Op, condition: Definition, value: Function) -> Function:
    """A function where the condition holds, elsewhere the floats', element by element."""
    within, far = _plainly(op, condition), _each(op)

    def function(*operands: Any) -> Any:
        with np.errstate(all="ignore"):
            inside, result = within(*operands), value(*operands)
        if np.all(inside):
            return result
        inside, result, *columns = np.broadcast_arrays(inside, result, *operands)
        result = np.array(result)
        result[~inside] = far(*(column[~inside] for column in columns))
        return result[()]

    return function


# -- the table ---------------------------------------------------------------------------------------------------------


def in_numpy(op: Op) -> Function | None:
    """NumPy's function for an op: what its entry says, else the ufunc of its name."""
    function: Function | None = getattr(np, op.name if op.numpy is None else op.numpy, None)
    return function if op.numpy or isinstance(function, np.ufunc) else None


def _in_scipy(op: Op) -> Function:
    """SciPy's function for an op, or what makes one of its results it; of a function that is no ufunc, real values."""
    from scipy import special

    name, which = op.in_scipy
    function = getattr(special, name)
    if isinstance(function, np.ufunc):
        return function if function.nout == 1 else lambda x: function(x)[which]

    def real(*operands: Any) -> Any:
        y = function(*operands)
        y = np.where(y.imag == 0, y.real, np.nan) if y.dtype.kind == "c" else y
        return np.asarray(y, np.result_type(*operands, 0.0))[()]

    return real


def _function(op: Op) -> Function:
    """What an op does to arrays."""
    function, define = in_numpy(op), definition(op)
    if function is not None:
        return _all(function) if op.variadic else function
    condition, known = NEAR[op] if op in _PARTLY else (None, None)
    if condition is not None and known is not None:
        return _near(op, condition, _quietly(op, known))
    if op.scipy:
        try:
            function = _in_scipy(op)
            return function if condition is None else _near(op, condition, function)
        except ImportError:
            if op.costly:
                return _each(op)
            if not op.operands and define is None:
                raise
    if define is None:
        return _each(op)
    return _plainly(op, accurate(op) if op is ops.elu else op.define) if op in _PLAINLY else _quietly(op, define)


_PLAINLY = (
    ops.sec, ops.csc, ops.cot, ops.sech, ops.csch, ops.coth, ops.one_minus_square, ops.clip, ops.leaky_relu,
    ops.factorial, ops.silu, ops.gelu, ops.elu,
)  # fmt: skip
"""Ops whose definition in the table loses nothing in the operands' dtype, or is much faster than the accurate one."""

_PARTLY = (ops.expint, ops.gammainc, ops.gammaincc, ops.lowergamma, ops.uppergamma, ops.hurwitz)
"""Ops that SciPy has in a part of their domain."""

_IN_THEIR_DTYPE = (ops.sinc, ops.xlogy)

FUNCTIONS = Functions(
    _function,
    {
        ops.where: _where,
        ops.add: _all(operator.add),
        ops.mul: _all(operator.mul),
        ops.sub: operator.sub,
        ops.neg: operator.neg,
        ops.div: operator.truediv,
        ops.powi: _power,
        ops.pow: operator.pow,
        ops.mod: operator.mod,
        ops.heaviside: lambda x: np.heaviside(x, 0.5),
        ops.relu: lambda x: np.maximum(x, 0),
        ops.softplus: lambda x: np.logaddexp(x, 0),
    },
)
"""What each op does to arrays."""

ops.PLAIN.serve(FUNCTIONS)
